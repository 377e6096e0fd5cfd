// Goal: whenever the power goes, a tombstone and what it does are seen together
// or not at all, and what was erased comes back by no crash, no start and no
// rotation of the vault key, while everything else stays readable. Method: a
// scripted run of writes, erasures and rotations is repeated with the power cut
// at every call that changes the disk; what was not synced is kept, dropped or
// torn; then the server starts again, is judged, goes on, and is judged again.
//
// The judge knows every page row that ever was, and looks for its key where one
// can stand, in every file outside of the database, under every vault key that
// the disk holds.
#include <stdio.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/aead.h"
#include "log/leveldb_storage.h"
#include "log/log.h"
#include "log/log_testing.h"
#include "log/openings.h"
#include "log/signing_lock.h"
#include "log/submit_service.h"
#include "log/vault_keeper.h"
#include "log/worker_pool.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "tests/power_loss/sim_disk.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/label.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

using vault::OperatorRequest;

constexpr int kSteps = 9;
constexpr int kStripes = 4;
constexpr uint64_t kResidents = 3;
constexpr char kVaultFolder[] = "/disk/vault";
constexpr char kKeyFile[] = "/disk/keys/vault.key";

class Machine {
 public:
  Machine()
      : random_(11),
        signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(32)),
        register_(MakeTestRegister(1, &random_)),
        id_key_(random_.Draw(32)) {
    CHECK(disk_.MakeFolder("/disk/keys").ok());
    auto file = *disk_.Open(kKeyFile, false);
    CHECK(file->WriteAt(0, HexEncode(random_.Draw(32)) + "\n").ok());
    CHECK(file->Sync().ok());
  }
  ~Machine() { Halt(); }

  SimDisk& disk() { return disk_; }
  size_t erased() const { return erased_.size(); }

  void Halt() {
    keeper_.reset();
    log_.reset();
    registry_.reset();
    lock_.reset();
    storage_.reset();
  }

  absl::Status Boot() {
    LevelDbOptions options;
    options.env = disk_.env();
    options.disk = &disk_;
    options.write_buffer_bytes = 64 << 10;
    ASSIGN_OR_RETURN(storage_, OpenLevelDbStorage(options, "/disk/data"));
    RETURN_IF_ERROR(disk_.MakeFolder("/disk/lock"));
    ASSIGN_OR_RETURN(lock_, OpenSigningLock(&disk_, "/disk/lock/lock"));
    std::string vault_key;
    {
      ASSIGN_OR_RETURN(auto file, disk_.Open(kKeyFile, false));
      ASSIGN_OR_RETURN(const std::string digits, file->ReadAt(0, 64));
      if (!HexDecode(digits, &vault_key)) {
        return absl::InternalError("the vault key's file is no key");
      }
    }
    registry_ = std::make_unique<prometheus::Registry>();
    LogOptions log_options;
    log_options.opening_register = register_.opening;
    ASSIGN_OR_RETURN(
        log_, Log::Open(log_options,
                        {storage_.get(), lock_.get(), &disk_, &clock_, &random_,
                         &signer_, registry_.get(), "/disk/ids", kVaultFolder,
                         id_key_, vault_key, register_.label_seed,
                         "/disk/index", "/disk/lock/erasures", kKeyFile}));
    keeper_ = std::make_unique<VaultKeeper>(
        VaultKeeperOptions(), log_.get(), &clock_, &random_,
        [this] { log_->RunOnce().IgnoreError(); });
    RETURN_IF_ERROR(keeper_->FinishRotation());
    return NoteRows();
  }

  // Submits, and from the third step on changes something of what is there.
  absl::Status Step(int number) {
    clock_.Advance(int64_t{63072000} * 1000 / 2 + 1000);
    RETURN_IF_ERROR(Submit(number));
    switch (number) {
      case 3:
        return Do(OperatorRequest::ERASE, 0, 2);
      case 4:
        return Do(OperatorRequest::RESTRICT, 2, 1);
      case 5:
        return Do(OperatorRequest::ROTATE, 0, 0);
      case 6:
        // Of pages that were replaced before, too.
        return Do(OperatorRequest::ERASE, 1, 3);
      case 8:
        return Do(OperatorRequest::ERASE, 4, 2);
      default:
        return absl::OkStatus();
    }
  }

  // What is not as it must be.
  absl::Status Judge() {
    RETURN_IF_ERROR(JudgeStoredLog(storage_.get(), true, signer_.key(),
                                   log_->Latest()->checkpoint));
    for (const auto& [leaf, entry] : acknowledged_) {
      ASSIGN_OR_RETURN(const FoundOpening found,
                       FindOpening(storage_.get(), log_->vault(), leaf,
                                   clock_.NowMs() / 1000));
      const bool gone = found.state == OpeningState::kErased;
      if (!gone && (found.opening.record() != entry.record() ||
                    found.opening.actor() != entry.actor() ||
                    found.opening.record_salt() != entry.record_salt() ||
                    found.opening.actor_salt() != entry.actor_salt())) {
        return absl::InternalError(
            absl::StrCat("leaf ", leaf, " is read back as something else"));
      }
      if (!gone && erased_.count(leaf) > 0) {
        return absl::InternalError(
            absl::StrCat("leaf ", leaf, " was erased and is back"));
      }
      if (gone && asked_.count(leaf) == 0) {
        return absl::InternalError(
            absl::StrCat("leaf ", leaf, " is gone and nobody asked"));
      }
      ASSIGN_OR_RETURN(const bool told, HasTombstone(leaf, entry));
      if (gone != told) {
        return absl::InternalError(absl::StrCat(
            "leaf ", leaf, gone ? " is erased without" : " is open with",
            " a tombstone"));
      }
    }
    return JudgeKeys();
  }

 private:
  absl::Status Submit(int number) {
    SeededRandom script(0xe5a0 + static_cast<uint64_t>(number));
    std::vector<v1::Entry> entries;
    for (uint64_t i = 0; i < kResidents; ++i) {
      entries.push_back(MakeTestEntry(0, i, &script));
    }
    absl::StatusOr<v1::SubmitResponse> answer =
        absl::InternalError("not answered");
    absl::Status ran;
    {
      WorkerPool workers(1);
      SubmitService service({}, log_.get(), &workers);
      service.Submit(SignTestRequest(0, entries, register_.entry_seeds[0]), 0,
                     [&](absl::StatusOr<v1::SubmitResponse> response) {
                       answer = std::move(response);
                     });
      ran = log_->RunOnce();
    }
    RETURN_IF_ERROR(ran);
    RETURN_IF_ERROR(answer.status());
    RETURN_IF_ERROR(NoteRows());
    if (disk_.dark()) return absl::OkStatus();
    for (int i = 0; i < answer->leaf_index_size(); ++i) {
      if (acknowledged_.count(answer->leaf_index(i)) == 0) {
        leaves_.push_back(answer->leaf_index(i));
      }
      acknowledged_[answer->leaf_index(i)] = entries[static_cast<size_t>(i)];
    }
    return absl::OkStatus();
  }

  // On acknowledged leaves number `begin` to `begin + count - 1`.
  absl::Status Do(OperatorRequest::Verb verb, size_t begin, size_t count) {
    OperatorRequest request;
    request.set_verb(verb);
    request.set_ground("ground");
    request.set_authority("authority");
    std::vector<uint64_t> leaves;
    for (size_t i = begin; i < begin + count; ++i) {
      ASSIGN_OR_RETURN(const FoundOpening found,
                       FindOpening(storage_.get(), log_->vault(), leaves_[i],
                                   clock_.NowMs() / 1000));
      // A crash between the change and its acknowledgement.
      if (found.state == OpeningState::kErased ||
          (verb == OperatorRequest::RESTRICT &&
           found.state == OpeningState::kRestricted)) {
        continue;
      }
      leaves.push_back(leaves_[i]);
      request.add_leaf_index(leaves_[i]);
      if (verb == OperatorRequest::ERASE) asked_.insert(leaves_[i]);
    }
    if (leaves.empty() && verb != OperatorRequest::ROTATE) {
      return absl::OkStatus();
    }
    const absl::Status done = keeper_->Do(request).status();
    RETURN_IF_ERROR(NoteRows());
    RETURN_IF_ERROR(done);
    if (disk_.dark()) return absl::OkStatus();
    if (verb == OperatorRequest::ERASE) {
      erased_.insert(leaves.begin(), leaves.end());
    }
    return absl::OkStatus();
  }

  // Every page row as it is now, for later.
  absl::Status NoteRows() {
    const auto head = storage_->LastHead();
    RETURN_IF_ERROR(head.status());
    return storage_->Scan(RowKind::kVaultPage, 0, 0, head->size,
                          [&](uint64_t first, absl::string_view value) {
                            rows_.emplace(first, std::string(value));
                            return true;
                          });
  }

  absl::StatusOr<bool> HasTombstone(uint64_t leaf, const v1::Entry& entry) {
    v1::Record record;
    record.ParseFromString(entry.record());
    ASSIGN_OR_RETURN(const ProvenChainKey key,
                     log_->chain_keys()->Prove(record.access().subject(), 0));
    std::optional<uint64_t> number;
    std::set<uint64_t> erased_numbers;
    for (uint64_t i = 0;; ++i) {
      ASSIGN_OR_RETURN(const std::optional<uint64_t> at,
                       log_->index_finder()(ChainLabel(key.key, i)));
      if (!at.has_value()) break;
      if (*at == leaf) number = i;
      ASSIGN_OR_RETURN(const FoundOpening found,
                       FindOpening(storage_.get(), log_->vault(), *at,
                                   clock_.NowMs() / 1000));
      Notice notice;
      if (ParseNotice(found.opening.record(), &notice, nullptr) ==
              Finding::kOk &&
          notice.event == NoticeEvent::kErasure) {
        erased_numbers.insert(notice.entry);
        if (found.state != OpeningState::kOpen) {
          return absl::InternalError("a tombstone is not open");
        }
      }
    }
    if (!number.has_value()) {
      return absl::InternalError(
          absl::StrCat("leaf ", leaf, " is not in its chain"));
    }
    return erased_numbers.count(*number) > 0;
  }

  // No key on the disk opens a row that holds something erased.
  absl::Status JudgeKeys() {
    std::map<std::string, std::string> files;
    for (const char* folder : {"/disk/keys", kVaultFolder, "/disk/lock"}) {
      for (const auto& [name, bytes] : disk_.Copy(folder)) {
        files[absl::StrCat(folder, "/", name)] = bytes;
      }
    }
    std::vector<std::string> vault_keys;
    for (const auto& [name, bytes] : files) {
      std::string key;
      if (absl::StrContains(name, "vault.key") && bytes.size() >= 64 &&
          HexDecode(bytes.substr(0, 64), &key)) {
        vault_keys.push_back(key);
      }
    }
    if (vault_keys.empty()) return absl::InternalError("no vault key");
    const auto leads_to = [&](uint64_t first, const std::string& row) {
      const uint64_t slot = *Vault::SlotOf(row);
      std::string key_context = "vidimus vault key ";
      AppendBe64(slot, &key_context);
      std::string page_context = "vidimus vault page ";
      AppendBe64(first, &page_context);
      AppendBe64(slot, &page_context);
      for (const auto& [name, bytes] : files) {
        const std::string_view view = bytes;
        // The slot's place in a key file, and in the spare file's block.
        for (const size_t at : {slot % 4096 * 64, 8 + slot % 4096 * 64}) {
          if (view.size() < at + 60) continue;
          for (const std::string& vault_key : vault_keys) {
            const auto key = AeadOpen(vault_key, view.substr(at, 12),
                                      key_context, view.substr(at + 12, 48));
            if (!key.has_value()) continue;
            const auto plain =
                AeadOpen(*key, std::string_view(row).substr(9, 12),
                         page_context, std::string_view(row).substr(21));
            vault::Page page;
            if (plain.has_value() && page.ParseFromString(*plain)) return page;
          }
        }
      }
      return vault::Page();
    };
    size_t opened = 0;
    for (const auto& [first, row] : rows_) {
      const vault::Page page = leads_to(first, row);
      opened += page.openings_size() > 0 ? 1 : 0;
      for (const vault::Opening& opening : page.openings()) {
        if (opening.has_erased_by()) continue;
        const uint64_t leaf = first + opening.place();
        if (erased_.count(leaf) > 0) {
          return absl::InternalError(
              absl::StrCat("leaf ", leaf,
                           " was erased, and a key of a page with it is on "
                           "the disk"));
        }
      }
    }
    if (opened == 0 && !acknowledged_.empty()) {
      return absl::InternalError("the judge opens nothing: it proves nothing");
    }
    return absl::OkStatus();
  }

  SimDisk disk_;
  FakeClock clock_;
  SeededRandom random_;
  Ed25519NoteSigner signer_;
  TestRegister register_;
  std::string id_key_;

  std::unique_ptr<Storage> storage_;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<VaultKeeper> keeper_;

  // What the world knows.
  std::map<uint64_t, v1::Entry> acknowledged_;
  std::vector<uint64_t> leaves_;
  std::set<uint64_t> asked_;
  std::set<uint64_t> erased_;
  std::set<std::pair<uint64_t, std::string>> rows_;
};

absl::Status RunScript(Machine* machine, int* step) {
  absl::Status status = machine->Boot();
  while (status.ok() && *step < kSteps) {
    status = machine->Step(*step);
    if (machine->disk().dark()) break;
    if (status.ok()) ++*step;
  }
  return status;
}

std::optional<std::string> Crash(uint64_t call, Aftermath aftermath) {
  std::mt19937_64 random(call * 3 + static_cast<uint64_t>(aftermath));
  Machine machine;
  SimDisk& disk = machine.disk();
  std::string story =
      absl::StrCat("power cut at call ", call, ", ", AftermathName(aftermath));
  const auto wrong = [&](absl::string_view when, const absl::Status& status) {
    return absl::StrCat(story, ": ", when, ": ", status.ToString());
  };
  int step = 0;
  disk.CutPowerAt(call);
  absl::Status status = RunScript(&machine, &step);
  if (!status.ok() && !disk.dark()) return wrong("before", status);
  absl::StrAppend(&story, " (", disk.CallName(call), ", step ", step, ")");
  machine.Halt();
  disk.PowerOn(aftermath, random());
  if (aftermath == Aftermath::kTear) {
    disk.CutPowerAt(disk.calls() + 1 + random() % 60);
    status = RunScript(&machine, &step);
    if (!status.ok() && !disk.dark()) return wrong("recovering", status);
    machine.Halt();
    disk.PowerOn(static_cast<Aftermath>(random() % 3), random());
  }
  status = machine.Boot();
  if (!status.ok()) return wrong("starting again", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging", status);
  for (; step < kSteps; ++step) {
    status = machine.Step(step);
    if (!status.ok()) return wrong("going on", status);
  }
  machine.Halt();
  disk.PowerOn(Aftermath::kDrop, random());
  status = machine.Boot();
  if (!status.ok()) return wrong("starting a third time", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging at the end", status);
  if (machine.erased() == 0) return wrong("at the end", absl::OkStatus());
  return std::nullopt;
}

struct Param {
  Aftermath aftermath;
  int stripe;
};

class ErasurePowerLossTest : public ::testing::TestWithParam<Param> {};

TEST_P(ErasurePowerLossTest, NothingErasedComesBack) {
  uint64_t calls;
  {
    Machine machine;
    int step = 0;
    const absl::Status status = RunScript(&machine, &step);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(step, kSteps);
    ASSERT_EQ(machine.erased(), 6u);
    const absl::Status judged = machine.Judge();
    ASSERT_TRUE(judged.ok()) << judged;
    calls = machine.disk().calls() + 3;
  }
  if (GetParam().stripe == 0) {
    printf("power cut at each of %d calls\n", static_cast<int>(calls));
  }
  for (uint64_t call = 1 + GetParam().stripe; call <= calls; call += kStripes) {
    const auto wrong = Crash(call, GetParam().aftermath);
    ASSERT_FALSE(wrong.has_value()) << *wrong;
  }
}

std::vector<Param> AllParams() {
  std::vector<Param> all;
  for (const Aftermath aftermath :
       {Aftermath::kKeep, Aftermath::kDrop, Aftermath::kTear}) {
    for (int stripe = 0; stripe < kStripes; ++stripe) {
      all.push_back({aftermath, stripe});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryCall, ErasurePowerLossTest,
                         ::testing::ValuesIn(AllParams()),
                         [](const auto& info) {
                           return absl::StrCat(
                               AftermathName(info.param.aftermath), "_",
                               info.param.stripe);
                         });

}  // namespace
}  // namespace vidimus
