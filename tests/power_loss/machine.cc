#include "tests/power_loss/machine.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "log/disk_testing.h"
#include "log/leveldb_storage.h"
#include "log/submit_service.h"
#include "log/worker_pool.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/compact_range.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr char kIdsFolder[] = "/disk/ids";
constexpr char kVaultFolder[] = "/disk/vault";
constexpr char kIndexFolder[] = "/disk/index";
constexpr char kLockFolder[] = "/disk/lock";

// Of step `number`; a script of its own for each, so that a retry is the same.
SeededRandom ScriptOf(int number) {
  return SeededRandom(0x5eed0000u + static_cast<uint64_t>(number));
}

// Every so many steps of an access log, the first too, a document is entered.
constexpr int kDocumentEach = 8;

// From one entry to several tiles' worth of bytes.
size_t EntriesOf(int number) {
  static constexpr size_t kCounts[] = {1, 3, 20, 2, 33, 8, 1, 25, 40, 5};
  return kCounts[number % 10];
}

}  // namespace

const char* MutantName(Mutant mutant) {
  switch (mutant) {
    case Mutant::kNone:
      return "None";
    case Mutant::kNoSync:
      return "NoSync";
    case Mutant::kNoNameSync:
      return "NoNameSync";
    case Mutant::kNoFileSync:
      return "NoFileSync";
    case Mutant::kLockAfterSignature:
      return "LockAfterSignature";
    case Mutant::kPublishBeforeCommit:
      return "PublishBeforeCommit";
  }
  return "unknown";
}

// --- The mutants, each behind a seam that every log has ---

class Machine::NoSyncEnv : public leveldb::EnvWrapper {
 public:
  using EnvWrapper::EnvWrapper;

  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** file) override {
    leveldb::WritableFile* bare;
    const leveldb::Status status = target()->NewWritableFile(path, &bare);
    *file = status.ok() ? new File(bare) : nullptr;
    return status;
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    explicit File(leveldb::WritableFile* file) : file_(file) {}
    leveldb::Status Append(const leveldb::Slice& bytes) override {
      return file_->Append(bytes);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override { return file_->Flush(); }

   private:
    const std::unique_ptr<leveldb::WritableFile> file_;
  };
};

// Syncs either no folder when asked to, or no file.
class Machine::NoSyncDisk : public OtherDisk {
 public:
  NoSyncDisk(Disk* disk, bool files) : OtherDisk(disk), files_(files) {}
  absl::Status SyncFolder(const std::string& folder) override {
    return files_ ? OtherDisk::SyncFolder(folder) : absl::OkStatus();
  }

 private:
  class NoSyncFile : public File {
   public:
    using File::File;
    absl::Status Sync() override { return absl::OkStatus(); }
  };
  std::unique_ptr<DiskFile> Wrap(std::unique_ptr<DiskFile> file) override {
    if (!files_) return file;
    return std::make_unique<NoSyncFile>(std::move(file));
  }

  const bool files_;
};

class Machine::LateLock : public SigningLock {
 public:
  explicit LateLock(SigningLock* lock) : lock_(lock), head_(lock->Head()) {}
  TreeHead Head() const override { return head_; }
  absl::Status Advance(const TreeHead& expected,
                       const TreeHead& next) override {
    CHECK(expected == head_);
    head_ = next;
    return absl::OkStatus();
  }
  absl::Status CatchUp() { return lock_->Advance(lock_->Head(), head_); }

 private:
  SigningLock* const lock_;
  TreeHead head_;
};

class Machine::LateStorage : public Storage {
 public:
  explicit LateStorage(Storage* storage) : storage_(storage) {}
  absl::StatusOr<TreeHead> LastHead() override {
    if (late_) return batch_.head;
    return storage_->LastHead();
  }
  absl::Status Commit(const StorageBatch& batch,
                      const TreeHead& expected) override {
    CHECK(!late_);
    batch_ = batch;
    expected_ = expected;
    late_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                uint64_t index) override {
    return storage_->Get(kind, sub, index);
  }
  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t, absl::string_view)> visit) override {
    return storage_->Scan(kind, sub, begin, end, visit);
  }
  absl::Status CatchUp() {
    if (!late_) return absl::OkStatus();
    late_ = false;
    return storage_->Commit(batch_, expected_);
  }

 private:
  Storage* const storage_;
  bool late_ = false;
  StorageBatch batch_;
  TreeHead expected_;
};

// --- The machine ---

Machine::Machine(const MachineOptions& options)
    : options_(options),
      random_(7),
      signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(32)),
      id_key_(random_.Draw(32)),
      vault_key_(random_.Draw(32)) {
  if (options_.access_log) register_ = MakeTestRegister(2, &random_);
  if (options_.mutant == Mutant::kNoSync) {
    mutant_env_ = std::make_unique<NoSyncEnv>(disk_.env());
  }
  if (options_.mutant == Mutant::kNoNameSync ||
      options_.mutant == Mutant::kNoFileSync) {
    mutant_disk_ = std::make_unique<NoSyncDisk>(
        &disk_, options_.mutant == Mutant::kNoFileSync);
  }
}

Machine::~Machine() { Halt(); }

void Machine::Halt() {
  log_.reset();
  registry_.reset();
  late_lock_.reset();
  lock_.reset();
  late_storage_.reset();
  storage_.reset();
}

absl::Status Machine::Boot() {
  CHECK(log_ == nullptr);
  Disk* const disk = mutant_disk_ != nullptr ? mutant_disk_.get() : &disk_;

  LevelDbOptions storage_options;
  storage_options.env =
      mutant_env_ != nullptr ? mutant_env_.get() : disk_.env();
  storage_options.disk = disk;
  // As small as LevelDB lets it be, so that a short run makes many tables.
  storage_options.write_buffer_bytes = 64 << 10;
  ASSIGN_OR_RETURN(storage_, OpenLevelDbStorage(storage_options, kDataFolder));
  Storage* storage = storage_.get();
  if (options_.mutant == Mutant::kPublishBeforeCommit) {
    late_storage_ = std::make_unique<LateStorage>(storage);
    storage = late_storage_.get();
  }

  RETURN_IF_ERROR(disk->MakeFolder(kLockFolder));
  ASSIGN_OR_RETURN(lock_, OpenSigningLock(disk, kLockFile));
  RETURN_IF_ERROR(JudgeLock());
  SigningLock* lock = lock_.get();
  if (options_.mutant == Mutant::kLockAfterSignature) {
    late_lock_ = std::make_unique<LateLock>(lock);
    lock = late_lock_.get();
  }

  registry_ = std::make_unique<prometheus::Registry>();
  LogOptions options;
  options.idempotency.segment_entries = 256;
  options.idempotency.save_entries = 64;
  if (options_.access_log) options.opening_register = register_.opening;
  ASSIGN_OR_RETURN(
      log_,
      Log::Open(options, {storage, lock, disk, &clock_, &random_, &signer_,
                          registry_.get(), kIdsFolder, kVaultFolder, id_key_,
                          vault_key_, register_.label_seed, kIndexFolder}));
  NoteHead();
  if (late_lock_ != nullptr) RETURN_IF_ERROR(late_lock_->CatchUp());
  if (late_storage_ != nullptr) RETURN_IF_ERROR(late_storage_->CatchUp());
  return absl::OkStatus();
}

void Machine::NoteHead() {
  const std::shared_ptr<const Published> latest = log_->Latest();
  if (latest == nullptr || disk_.dark()) return;
  shown_[latest->head.size] = latest->checkpoint;
  shown_roots_[latest->head.size] = latest->head.root;
}

absl::Status Machine::Step(int number) {
  clock_.Advance(1000);
  RETURN_IF_ERROR(options_.access_log ? StepAccess(number)
                                      : StepOpaque(number));
  return Settle();
}

absl::Status Machine::Settle() {
  NoteHead();
  if (late_lock_ != nullptr) RETURN_IF_ERROR(late_lock_->CatchUp());
  if (late_storage_ != nullptr) RETURN_IF_ERROR(late_storage_->CatchUp());
  return absl::OkStatus();
}

absl::Status Machine::StepOpaque(int number) {
  SeededRandom script = ScriptOf(number);
  std::vector<std::string> entries, ids;
  for (size_t i = 0; i < EntriesOf(number); ++i) {
    entries.push_back(script.Draw(100 + script.Below(1400)));
    ids.push_back(script.Draw(16));
  }
  absl::StatusOr<Placement> answer;
  log_->Submit(MakeTestSubmission(entries, ids, log_->id_tagger(), &answer));
  RETURN_IF_ERROR(log_->RunOnce());
  RETURN_IF_ERROR(answer);
  if (disk_.dark()) return absl::OkStatus();
  for (size_t i = 0; i < entries.size(); ++i) {
    acknowledged_[answer->leaf_indices[i]] = {entries[i], number};
  }
  return absl::OkStatus();
}

absl::Status Machine::PutDocument(int number) {
  const RegisterId id{RegisterType::kProvision,
                      static_cast<uint32_t>(number / kDocumentEach), 0};
  v1::Provision law;
  law.add_basis("A6-1-e");
  law.set_citation(absl::StrCat("Act ", number));
  law.add_name()->set_language("en");
  law.mutable_name(0)->set_text("Act");
  law.add_administration(0);
  law.add_purpose("ServiceProvision");
  law.add_data_category("pd:Address");
  std::vector<RegisterDocument> fresh;
  RETURN_IF_ERROR(log_->documents()->JudgeNext(
      {{id, SignTestDocument(law, id, register_.publisher_seed)}}, &fresh));
  if (fresh.empty()) return absl::OkStatus();
  PendingEntry entry;
  entry.hash = RegisterKey(id);
  entry.document = id;
  entry.data = fresh[0].bytes;
  absl::StatusOr<Placement> answer = absl::InternalError("not answered");
  Submission submission;
  submission.administration = kSelf;
  submission.entries.push_back(std::move(entry));
  submission.done = [&](absl::StatusOr<Placement> placement) {
    answer = std::move(placement);
  };
  log_->pool().Add(std::move(submission));
  RETURN_IF_ERROR(log_->RunOnce());
  RETURN_IF_ERROR(answer.status());
  if (!disk_.dark()) documents_[answer->leaf_indices[0]] = fresh[0];
  return Settle();
}

absl::Status Machine::StepAccess(int number) {
  if (number % kDocumentEach == 0) RETURN_IF_ERROR(PutDocument(number));
  SeededRandom script = ScriptOf(number);
  const uint32_t administration = number % 2;
  std::vector<v1::Entry> entries;
  for (size_t i = 0; i < EntriesOf(number); ++i) {
    entries.push_back(MakeTestEntry(administration, i, &script));
  }
  absl::StatusOr<v1::SubmitResponse> answer =
      absl::InternalError("not answered");
  absl::Status ran;
  {
    WorkerPool workers(1);
    SubmitService service({}, log_.get(), &workers);
    service.Submit(SignTestRequest(administration, entries,
                                   register_.entry_seeds[administration]),
                   administration,
                   [&](absl::StatusOr<v1::SubmitResponse> response) {
                     answer = std::move(response);
                   });
    ran = log_->RunOnce();
  }
  RETURN_IF_ERROR(ran);
  RETURN_IF_ERROR(answer);
  if (disk_.dark()) return absl::OkStatus();
  for (size_t i = 0; i < entries.size(); ++i) {
    acknowledged_[answer->leaf_index(static_cast<int>(i))] = {
        entries[i].record(), number};
  }
  return absl::OkStatus();
}

absl::Status Machine::JudgeLock() {
  if (shown_.empty()) return absl::OkStatus();
  const auto& [size, root] = *shown_roots_.rbegin();
  const TreeHead locked = lock_->Head();
  if (locked.size < size || (locked.size == size && locked.root != root)) {
    return absl::InternalError(absl::StrCat(
        "the signing lock stands at ", locked.size,
        " and does not know the head of ", size, " that was shown"));
  }
  return absl::OkStatus();
}

absl::Status Machine::Judge() {
  RETURN_IF_ERROR(JudgeReading());
  return JudgeRetry();
}

absl::Status Machine::JudgeReading() {
  RETURN_IF_ERROR(JudgeStoredLog(storage_.get(), options_.access_log,
                                 signer_.key(), log_->Latest()->checkpoint));
  RETURN_IF_ERROR(JudgeHeads());
  return JudgeEntries();
}

absl::Status Machine::JudgeHeads() {
  for (const auto& [size, checkpoint] : shown_) {
    Checkpoint opened;
    if (OpenCheckpoint(checkpoint, signer_.key(), &opened) != Finding::kOk ||
        opened.head.size != size || opened.head.root != shown_roots_[size]) {
      return absl::InternalError(
          absl::StrCat("the shown checkpoint of size ", size, " is not sound"));
    }
  }
  CompactRange range;
  size_t met = 0;
  const auto meet = [&]() -> absl::Status {
    const auto shown = shown_roots_.find(range.size());
    if (shown == shown_roots_.end()) return absl::OkStatus();
    ++met;
    if (shown->second == range.Root()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("two histories: the head of size ", range.size(),
                     " that was shown has another root than the log has now"));
  };
  RETURN_IF_ERROR(meet());
  ASSIGN_OR_RETURN(const TreeHead head, storage_->LastHead());
  for (uint64_t index = 0; index < head.size; ++index) {
    ASSIGN_OR_RETURN(const std::string entry, log_->tiles().Entry(index));
    range.Append(LeafHash(entry));
    RETURN_IF_ERROR(meet());
  }
  if (met != shown_.size()) {
    return absl::InternalError(
        absl::StrCat("a head of size ", shown_.rbegin()->first,
                     " was shown, the log has ", head.size, " leaves"));
  }
  return absl::OkStatus();
}

absl::Status Machine::JudgeEntries() {
  ASSIGN_OR_RETURN(const TreeHead head, storage_->LastHead());
  std::set<std::string> entries;
  for (uint64_t index = 0; index < head.size; ++index) {
    ASSIGN_OR_RETURN(const std::string entry, log_->tiles().Entry(index));
    if (!entries.insert(entry).second) {
      return absl::InternalError(
          absl::StrCat("the entry at leaf ", index, " stands there twice"));
    }
    const auto expected = acknowledged_.find(index);
    if (expected == acknowledged_.end()) continue;
    if (!options_.access_log) {
      if (entry == expected->second.content) continue;
      return absl::InternalError(absl::StrCat(
          "leaf ", index, " is another entry than was acknowledged"));
    }
    // The opening must be readable: leaf, vault page and its key.
    ASSIGN_OR_RETURN(const StoredRow row,
                     storage_->Get(RowKind::kVaultPage, 0, index));
    ASSIGN_OR_RETURN(const vault::Page page,
                     log_->vault()->Open(row.first, row.value));
    bool found = false;
    for (const vault::Opening& opening : page.openings()) {
      found |= row.first + opening.place() == index &&
               opening.record() == expected->second.content;
    }
    if (!found) {
      return absl::InternalError(absl::StrCat(
          "the vault lacks what was acknowledged at leaf ", index));
    }
  }
  for (const auto& [index, document] : documents_) {
    const auto known = log_->documents()->Lookup(document.id);
    if (!known.has_value() || known->leaf_index != index ||
        *log_->documents()->Find(known->hash) != document.bytes) {
      return absl::InternalError(absl::StrCat(
          "the register lacks what was acknowledged at leaf ", index));
    }
  }
  if (!acknowledged_.empty() && acknowledged_.rbegin()->first >= head.size) {
    return absl::InternalError(
        absl::StrCat("leaf ", acknowledged_.rbegin()->first,
                     " was acknowledged, the log has ", head.size, " leaves"));
  }
  return absl::OkStatus();
}

// Submits the first, a middle and the last acknowledged step again: nothing
// may be added.
absl::Status Machine::JudgeRetry() {
  if (acknowledged_.empty()) return absl::OkStatus();
  const std::map<uint64_t, Acknowledged> before = acknowledged_;
  ASSIGN_OR_RETURN(const TreeHead head, storage_->LastHead());
  const auto middle = std::next(before.begin(), before.size() / 2);
  for (const int number : {before.begin()->second.step, middle->second.step,
                           before.rbegin()->second.step}) {
    RETURN_IF_ERROR(Annotate(Step(number), "submitting again"));
  }
  ASSIGN_OR_RETURN(const TreeHead after, storage_->LastHead());
  if (after != head) {
    return absl::InternalError(
        absl::StrCat("a retry added leaves: the log grew from ", head.size,
                     " to ", after.size));
  }
  if (acknowledged_.size() != before.size()) {
    return absl::InternalError("a retry was given other leaves than at first");
  }
  return absl::OkStatus();
}

}  // namespace vidimus
