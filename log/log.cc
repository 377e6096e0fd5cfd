#include "log/log.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/entry_rows.h"
#include "log/opaque_batch.h"
#include "log/stored_batch.h"
#include "proto/status.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr char kWayOut[] =
    "Do not delete the lock: a log that signs two histories is over. If the "
    "data were restored from a backup, restore the newest; if another server "
    "runs on the same data, stop one of them; if nothing newer exists, this "
    "log has ended: keep its public files and open a new one";

// The time of the seal that ends the stored tree of `size` leaves; 0 for none.
absl::StatusOr<uint64_t> LastSealTime(TileReader* tiles, uint64_t size) {
  if (size == 0) return 0;
  ASSIGN_OR_RETURN(const std::string entry, tiles->Entry(size - 1));
  Leaf leaf;
  if (ParseLeaf(entry, &leaf) != Finding::kOk || leaf.kind != LeafKind::kSeal) {
    return absl::DataLossError(absl::StrCat(
        "the stored entries row of leaf ", size - 1,
        ": a batch does not end in a seal; is this an opaque log?"));
  }
  return SealOf(leaf).time_s;
}

// The last stored batch, which may be one that was committed and never
// verified, and the tree that it stands on.
struct StoredEnd {
  TreeHead head;
  TreeHead before{0, EmptyRoot()};
  TreeEdge edge_before;
  std::optional<StorageBatch> last;  // of a tree that is not empty
};

absl::StatusOr<StoredEnd> ReadStoredEnd(Storage* storage) {
  StoredEnd end;
  ASSIGN_OR_RETURN(end.head, storage->LastHead());
  if (end.head.size == 0) return end;
  ASSIGN_OR_RETURN(const StoredRow last,
                   storage->Get(RowKind::kHead, 0, end.head.size - 1));
  if (last.first > 0) {
    ASSIGN_OR_RETURN(end.before, StoredHead(storage, last.first - 1));
    if (end.before.size != last.first) {
      return absl::DataLossError(
          absl::StrCat("the ", RowKindName(RowKind::kHead),
                       " row of the batch that ends at "
                       "leaf ",
                       last.first - 1, " is wrong: it says that the tree has ",
                       end.before.size, " leaves"));
    }
  }
  ASSIGN_OR_RETURN(end.edge_before, ReadTreeEdge(storage, end.before));
  ASSIGN_OR_RETURN(end.last, ReadStoredBatch(storage, last.first));
  return end;
}

// The right edge of the stored tree, if the last batch grows the tree before it
// to the stored head: then head, size and edge are what the entries say.
absl::StatusOr<TreeEdge> JudgeTree(Storage* storage, const StoredEnd& end) {
  BatchVerifier verifier(end.edge_before, std::nullopt);
  if (end.last.has_value()) RETURN_IF_ERROR(verifier.Verify(*end.last));
  if (verifier.head() != end.head) {
    return absl::DataLossError(absl::StrCat(
        "the ", RowKindName(RowKind::kHead), " row of the last batch says ",
        end.head.size, " leaves, but the stored batches end with ",
        verifier.head().size));
  }
  return ReadTreeEdge(storage, end.head);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const LogOptions& options,
                                               const LogParts& parts) {
  std::unique_ptr<Log> log(new Log(options, parts));
  RETURN_IF_ERROR(Annotate(log->Start(options),
                           absl::StrCat("opening log ", log->origin())));
  return log;
}

Log::Log(const LogOptions& options, const LogParts& parts)
    : parts_(parts),
      id_tagger_(parts.id_key),
      metrics_(parts.registry, parts.signer->key().name),
      pool_(options.pool, parts.clock),
      gate_(options.pool, &pool_),
      tiles_(parts.storage, options.tile_cache_bytes),
      publisher_(parts.lock, parts.signer) {}

Log::~Log() = default;

absl::Status Log::Start(const LogOptions& options) {
  if (options.sequencer.batch_entries_max >= kBatchLeavesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch_entries_max is ", options.sequencer.batch_entries_max,
        "; it must be below ", kBatchLeavesMax));
  }
  ASSIGN_OR_RETURN(const StoredEnd end, ReadStoredEnd(parts_.storage));
  const TreeHead& stored = end.head;
  // As a tree first, and its place in history: what comes next removes files
  // and makes new ones by its size. The lock after the tree: a damaged row
  // should be named as such, not as another history.
  ASSIGN_OR_RETURN(TreeEdge edge, JudgeTree(parts_.storage, end));
  RETURN_IF_ERROR(JudgeLock(stored, end.before));
  if (options.opening_register.has_value()) {
    RETURN_IF_ERROR(PrepareAccess(options, stored));
  }
  std::optional<BatchVerifier::AccessRules> rules;
  if (!opaque()) {
    ASSIGN_OR_RETURN(const uint64_t time_s,
                     LastSealTime(&tiles_, end.before.size));
    ASSIGN_OR_RETURN(index_, Index::Open(options.index,
                                         {parts_.storage, parts_.disk,
                                          parts_.clock, parts_.index_folder},
                                         stored.size));
    auto roots = std::make_shared<RootJudge>(
        [this](const RunRange& run) { return index_->RunRootOf(run); });
    RETURN_IF_ERROR(roots->Start(parts_.storage, end.before.size));
    rules = BatchVerifier::AccessRules{documents_->min_batch(), time_s,
                                       std::move(roots)};
  }
  BatchVerifier verifier(end.edge_before, rules);
  if (end.last.has_value()) RETURN_IF_ERROR(verifier.Verify(*end.last));
  if (!opaque()) {
    RETURN_IF_ERROR(documents_->Load(parts_.storage, index_finder_));
  }

  if (opaque()) {
    maker_ = std::make_unique<OpaqueBatchMaker>();
  } else {
    ASSIGN_OR_RETURN(const uint64_t time_s, LastSealTime(&tiles_, stored.size));
    // Only once the data are known to be the lock's: of older ones, keys
    // would be taken for unused that others need.
    RETURN_IF_ERROR(FinishErasures(erasures_.get(), parts_.storage,
                                   vault_.get(), stored.size));
    maker_ = std::make_unique<AccessBatchMaker>(
        AccessBatchMaker::Parts{index_.get(), chain_keys_->cache(),
                                vault_.get(), parts_.clock, parts_.random,
                                parts_.storage},
        documents_->min_batch(), time_s);
  }
  ASSIGN_OR_RETURN(
      idempotency_,
      Idempotency::Open(options.idempotency, parts_.id_key, parts_.storage,
                        stored.size, parts_.disk, parts_.ids_folder,
                        parts_.clock->NowMs() / 1000));
  // An access log has no head of size 0: its first is that of its config.
  if (opaque() || stored.size > 0) {
    auto head = std::make_shared<Published>();
    head->head = stored;
    RETURN_IF_ERROR(publisher_.Publish(std::move(head)));
  }
  sequencer_ = std::make_unique<Sequencer>(
      options.sequencer,
      Sequencer::Parts{&pool_, parts_.storage, maker_.get(), idempotency_.get(),
                       &publisher_, parts_.clock, &metrics_, documents_.get()},
      std::move(edge), std::move(verifier));
  return opaque() ? absl::OkStatus()
                  : SequenceOpening(*options.opening_register);
}

absl::Status Log::JudgeLock(const TreeHead& stored, const TreeHead& before) {
  const TreeHead locked = parts_.lock->Head();
  if (locked == stored) return absl::OkStatus();
  if (locked.size > stored.size) {
    return absl::FailedPreconditionError(
        absl::StrCat("the signing lock stands at size ", locked.size,
                     " but the stored log has only ", stored.size,
                     " leaves: the data went back in time. ", kWayOut));
  }
  if (locked.size == stored.size) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the signing lock and the stored log both have size ", stored.size,
        " but different roots: these are two histories. ", kWayOut));
  }
  if (locked != before) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the signing lock stands at size ", locked.size,
        " but the stored log at ", stored.size,
        ", more than one batch ahead or on another history: this is not the "
        "lock of these data. ",
        kWayOut));
  }
  return absl::OkStatus();
}

absl::Status Log::PrepareAccess(const LogOptions& options,
                                const TreeHead& stored) {
  ASSIGN_OR_RETURN(documents_,
                   Documents::FromOpening(*options.opening_register, origin()));
  // Between the two batches that the log opens with only config is stored.
  if (stored.size > 2) {
    ASSIGN_OR_RETURN(documents_,
                     Documents::FromStorage(parts_.storage, origin()));
  }
  if (documents_->min_batch() >= kBatchLeavesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the config's min_batch is ", documents_->min_batch(),
        "; this program makes batches of fewer than ", kBatchLeavesMax));
  }
  index_finder_ = [this](const Hash& key) { return index_->Find(key); };
  ASSIGN_OR_RETURN(
      chain_keys_,
      ChainKeys::Open(options.chain_keys, {parts_.clock, index_finder_},
                      parts_.label_key, documents_->label_key(), origin()));
  gate_.SetKeys(chain_keys_.get());
  ASSIGN_OR_RETURN(
      vault_, Vault::Open(parts_.disk, parts_.vault_folder, parts_.vault_key,
                          parts_.random, parts_.vault_key_file));
  ASSIGN_OR_RETURN(
      erasures_,
      ErasureLedger::Open(parts_.disk, parts_.erasure_ledger.empty()
                                           ? parts_.vault_folder + ".erasures"
                                           : parts_.erasure_ledger));
  return absl::OkStatus();
}

absl::Status Log::SequenceOpening(const OpeningRegister& opening) {
  const auto sequence = [&](std::vector<PendingEntry> entries) {
    absl::Status answer = absl::InternalError("not answered");
    Submission submission;
    submission.entries = std::move(entries);
    submission.administration = kSelf;
    submission.done = [&](absl::StatusOr<Placement> placement) {
      answer = placement.status();
    };
    pool_.Add(std::move(submission));
    const absl::Status ran = sequencer_->RunOnce();
    return ran.ok() ? answer : ran;
  };
  const auto document = [](const RegisterId& id, const std::string& bytes) {
    PendingEntry entry;
    entry.data = bytes;
    entry.hash = RegisterKey(id);
    entry.document = id;
    return entry;
  };
  const auto size = [this] {
    const std::shared_ptr<const Published> latest = Latest();
    return latest == nullptr ? 0 : latest->head.size;
  };
  if (size() == 0) {
    std::vector<PendingEntry> entries;
    entries.push_back(document({RegisterType::kConfig, 0, 0}, opening.config));
    RETURN_IF_ERROR(sequence(std::move(entries)));
  }
  if (size() == 2) {
    std::vector<PendingEntry> entries;
    for (uint32_t number = 0; number < opening.administrations.size();
         ++number) {
      entries.push_back(document({RegisterType::kAdministration, number, 0},
                                 opening.administrations[number]));
    }
    for (const RegisterDocument& other : opening.others) {
      entries.push_back(document(other.id, other.bytes));
    }
    RETURN_IF_ERROR(sequence(std::move(entries)));
  }
  return absl::OkStatus();
}

void Log::Freeze(const absl::Status& why) {
  {
    MutexLock lock(&mu_);
    frozen_ = true;
  }
  metrics_.SetFrozen(true);
  publisher_.Stop(why);
  pool_.Refuse(absl::FailedPreconditionError(absl::StrCat(
      "the log is frozen and waits for a person: ", why.message())));
}

bool Log::frozen() const {
  MutexLock lock(&mu_);
  return frozen_;
}

}  // namespace vidimus
