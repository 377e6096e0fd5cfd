// Invariants:
// - only this changes committed pages, one commit at a time: what was read is
//   what will be replaced;
// - the ledger knows a key before the page that it seals is replaced;
// - a change is acknowledged after the old keys are destroyed, durably.
#include "log/vault_keeper.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/chain_counters.h"
#include "log/erasure_ledger.h"
#include "log/stored_batch.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/statement.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

const char* StateName(OpeningState state) {
  switch (state) {
    case OpeningState::kErased:
      return "erased";
    case OpeningState::kWithheld:
      return "withheld";
    case OpeningState::kRestricted:
      return "restricted";
    case OpeningState::kOpen:
      break;
  }
  return "open";
}

// Whether the verb enters a notice.
bool IsChange(OperatorRequest::Verb verb) {
  return verb == OperatorRequest::ERASE || verb == OperatorRequest::WITHHOLD ||
         verb == OperatorRequest::RESTRICT || verb == OperatorRequest::LIFT;
}

absl::Status Refuse(uint64_t leaf_index, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("entry at leaf ", leaf_index, ": ", why));
}

v1::Ground GroundOf(const OperatorRequest& request) {
  v1::Ground ground;
  ground.set_ground(request.ground());
  ground.set_authority(request.authority());
  if (request.has_provision()) ground.set_provision(request.provision());
  return ground;
}

v1::Notice NoticeOn(const OperatorRequest& request, const std::string& subject,
                    uint64_t number) {
  v1::Notice notice;
  notice.set_subject(subject);
  switch (request.verb()) {
    case OperatorRequest::ERASE:
      notice.mutable_erasure()->set_entry(number);
      *notice.mutable_erasure()->mutable_ground() = GroundOf(request);
      if (!request.statement_id().empty()) {
        notice.mutable_erasure()->set_statement_id(request.statement_id());
      }
      break;
    case OperatorRequest::WITHHOLD:
      notice.mutable_withholding()->set_entry(number);
      notice.mutable_withholding()->set_until_s(request.until_s());
      *notice.mutable_withholding()->mutable_ground() = GroundOf(request);
      break;
    default:
      notice.mutable_restriction()->set_entry(number);
      if (request.verb() == OperatorRequest::LIFT) {
        notice.mutable_restriction()->set_lifted(true);
      }
      *notice.mutable_restriction()->mutable_ground() = GroundOf(request);
  }
  return notice;
}

// What the verb does to an opening; the notice's number comes with the commit.
// Nothing if no number is to be kept.
std::optional<PageChange::Befalls> Befall(const OperatorRequest& request,
                                          vault::Opening* opening) {
  switch (request.verb()) {
    case OperatorRequest::ERASE: {
      const uint32_t place = opening->place();
      opening->Clear();
      opening->set_place(place);
      opening->set_erased_by(0);
      return PageChange::Befalls::kErasure;
    }
    case OperatorRequest::WITHHOLD:
      opening->set_withheld_until_s(request.until_s());
      return PageChange::Befalls::kWithholding;
    case OperatorRequest::RESTRICT:
      return PageChange::Befalls::kRestriction;
    default:
      opening->clear_restricted_by();
      return std::nullopt;
  }
}

// The date from which the record itself wants to be erased; 0: none.
uint64_t RetentionOf(const vault::Opening& opening) {
  v1::Record record;
  return record.ParseFromString(opening.record())
             ? record.access().retention_until_s()
             : 0;
}

}  // namespace

VaultKeeper::VaultKeeper(const VaultKeeperOptions& options, Log* log,
                         Clock* clock, Random* random,
                         std::function<void()> drive)
    : options_(options),
      log_(log),
      clock_(clock),
      drive_(std::move(drive)),
      notices_({log->chain_keys(), clock, random, [log](Submission submission) {
                  log->Submit(std::move(submission));
                }}) {
  CHECK(!log->opaque());
}

absl::StatusOr<OperatorAnswer> VaultKeeper::Do(const OperatorRequest& request) {
  RETURN_IF_ERROR(JudgeRequest(request));
  OperatorAnswer answer;
  if (request.verb() == OperatorRequest::ROTATE) {
    if (!request.dry_run()) RETURN_IF_ERROR(Rotate());
  } else if (request.verb() == OperatorRequest::SWEEP) {
    RETURN_IF_ERROR(Sweep().status());
  } else {
    const bool chain = !request.subject().empty();
    ASSIGN_OR_RETURN(const std::vector<uint64_t> leaves, LeavesOf(request));
    MutexLock lock(&mu_);
    // What a request that was refused had read: statements may have come since.
    Forget();
    std::vector<Target> targets;
    std::vector<size_t> changed;
    for (const uint64_t leaf_index : leaves) {
      ASSIGN_OR_RETURN(Judged judged, Judge(request, leaf_index));
      if (!judged.refused.ok() && !chain) return judged.refused;
      judged.entry.set_why_not(std::string(judged.refused.message()));
      const bool change =
          judged.refused.ok() && request.verb() != OperatorRequest::STATUS;
      judged.entry.set_changed(change);
      if (change) {
        changed.push_back(static_cast<size_t>(answer.entries_size()));
        targets.push_back(std::move(judged.target));
      }
      *answer.add_entries() = std::move(judged.entry);
    }
    if (!request.dry_run() && !targets.empty()) {
      if (IsChange(request.verb())) {
        RETURN_IF_ERROR(Change(request, std::move(targets)));
      } else {
        for (const Target& target : targets) {
          RETURN_IF_ERROR(log_->erasures()->SetHold(
              target.leaf_index, request.verb() == OperatorRequest::HOLD));
        }
      }
      OperatorRequest status;
      status.set_verb(OperatorRequest::STATUS);
      for (const size_t i : changed) {
        OperatorAnswer::Entry* const entry =
            answer.mutable_entries(static_cast<int>(i));
        ASSIGN_OR_RETURN(Judged now, Judge(status, entry->leaf_index()));
        *entry = std::move(now.entry);
        entry->set_changed(true);
      }
    }
  }
  MutexLock lock(&mu_);
  Forget();
  const auto latest = log_->Latest();
  answer.set_size(latest == nullptr ? 0 : latest->head.size);
  answer.set_keys_destroyed(log_->erasures()->destroyed());
  answer.set_keys_pending(log_->erasures()->Pending().size());
  answer.set_entries_held(log_->erasures()->held());
  answer.set_rotating(log_->vault()->rotating());
  return answer;
}

absl::Status VaultKeeper::JudgeRequest(const OperatorRequest& request) {
  const bool whole = request.verb() == OperatorRequest::ROTATE ||
                     request.verb() == OperatorRequest::SWEEP;
  const bool entries = request.leaf_index_size() > 0;
  const bool chain = !request.subject().empty();
  if (!OperatorRequest::Verb_IsValid(request.verb())) {
    return absl::InvalidArgumentError("a verb that this server does not know");
  }
  if (entries && chain) {
    return absl::InvalidArgumentError("name entries or a chain, not both");
  }
  if (whole ? entries || chain
            : !entries && !chain && request.verb() != OperatorRequest::STATUS) {
    return absl::InvalidArgumentError(
        whole ? "this is for the whole vault: name no entries"
              : "name the entries by their leaf indices, or a chain");
  }
  if (static_cast<size_t>(request.leaf_index_size()) >
      options_.request_entries_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("a request of ", request.leaf_index_size(),
                     " entries (limit ", options_.request_entries_max, ")"));
  }
  if (chain && (request.subject().size() < 2 ||
                request.subject().size() > kSubjectBytesMax)) {
    return absl::InvalidArgumentError(
        "the subject is not scheme(1) and id, together 2 to 255 bytes");
  }
  if (!IsChange(request.verb())) return absl::OkStatus();
  for (const auto& [name, text] :
       {std::pair<const char*, const std::string&>("ground", request.ground()),
        {"authority", request.authority()}}) {
    if (text.empty() || text.size() > options_.text_bytes_max ||
        text.find_first_of(std::string_view("\0\n\r", 3)) != text.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("the ", name, " must be said, in one line of at most ",
                       options_.text_bytes_max,
                       " bytes: it stands in the resident's chain for ever"));
    }
  }
  if (request.has_provision()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the register of this log has no provision ", request.provision()));
  }
  if (request.verb() == OperatorRequest::WITHHOLD &&
      request.until_s() <=
          static_cast<uint64_t>(std::max<int64_t>(clock_->NowMs(), 0)) / 1000) {
    return absl::InvalidArgumentError(
        "withheld until a date that is past: nothing would be withheld");
  }
  if (!request.statement_id().empty() &&
      (request.verb() != OperatorRequest::ERASE ||
       request.statement_id().size() != kStatementIdBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a statement is a resident's wish that something be "
                     "erased, and its id has ",
                     kStatementIdBytes, " bytes"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint64_t>> VaultKeeper::LeavesOf(
    const OperatorRequest& request) {
  std::vector<uint64_t> leaves(request.leaf_index().begin(),
                               request.leaf_index().end());
  if (request.subject().empty()) {
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    return leaves;
  }
  ASSIGN_OR_RETURN(
      const ProvenChainKey key,
      log_->chain_keys()->Prove(request.subject(), request.administration()));
  ASSIGN_OR_RETURN(const uint64_t count,
                   FirstAbsentEntry(log_->index_finder(), key.key, 0));
  if (count > options_.request_entries_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("the chain has ", count, " entries (limit ",
                     options_.request_entries_max,
                     "): name some of them by their leaf indices"));
  }
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf,
                     log_->index_finder()(ChainLabel(key.key, i)));
    // Entries of the batch under way are not there yet.
    const auto latest = log_->Latest();
    if (leaf.has_value() && *leaf < latest->head.size) leaves.push_back(*leaf);
  }
  if (leaves.empty()) {
    return absl::NotFoundError("the chain has no entries");
  }
  return leaves;
}

const vault::Opening* VaultKeeper::Batch::Find(uint64_t leaf_index) const {
  const auto found = std::lower_bound(
      page.openings().begin(), page.openings().end(), leaf_index - first,
      [](const vault::Opening& one, uint64_t place) {
        return one.place() < place;
      });
  return found != page.openings().end() && found->place() == leaf_index - first
             ? &*found
             : nullptr;
}

absl::StatusOr<const VaultKeeper::Batch*> VaultKeeper::ReadBatch(
    uint64_t leaf_index) {
  if (batch_.has_value() && batch_->first <= leaf_index &&
      leaf_index < batch_->end) {
    return &*batch_;
  }
  batch_.reset();
  Batch batch;
  ASSIGN_OR_RETURN(const StoredRow head,
                   log_->storage()->Get(RowKind::kHead, 0, leaf_index));
  batch.first = head.first;
  ASSIGN_OR_RETURN(const TreeHead after,
                   StoredHead(log_->storage(), leaf_index));
  batch.end = after.size;
  ASSIGN_OR_RETURN(const std::string entry, log_->tiles().Entry(batch.end - 1));
  Leaf seal;
  if (ParseLeaf(entry, &seal) != Finding::kOk || seal.kind != LeafKind::kSeal) {
    return absl::DataLossError(absl::StrCat("the batch of leaf ", leaf_index,
                                            " does not end in a seal"));
  }
  batch.seal_time_s = SealOf(seal).time_s;
  absl::StatusOr<VaultPage> page =
      ReadPage(log_->storage(), log_->vault(), leaf_index);
  if (page.ok()) {
    batch.page = std::move(page->page);
    batch.slot = page->slot;
  } else if (!absl::IsNotFound(page.status())) {
    return page.status();
  }
  batch_ = std::move(batch);
  return &*batch_;
}

absl::StatusOr<Hash> VaultKeeper::ChainKey(std::string_view subject,
                                           uint32_t administration) {
  if (chain_subject_ != subject || chain_administration_ != administration ||
      chain_subject_.empty()) {
    ASSIGN_OR_RETURN(const ProvenChainKey made,
                     log_->chain_keys()->Prove(subject, administration));
    chain_key_ = made.key;
    statements_.reset();
    chain_subject_ = std::string(subject);
    chain_administration_ = administration;
  }
  return chain_key_;
}

void VaultKeeper::Forget() {
  batch_.reset();
  chain_subject_.clear();
  chain_key_ = {};
  statements_.reset();
}

absl::StatusOr<VaultKeeper::Judged> VaultKeeper::Judge(
    const OperatorRequest& request, uint64_t leaf_index) {
  const auto latest = log_->Latest();
  if (leaf_index >= latest->head.size) {
    return absl::NotFoundError(absl::StrCat(
        "there is no leaf ", leaf_index, ": the log has ", latest->head.size));
  }
  const int64_t now_s = clock_->NowMs() / 1000;
  ASSIGN_OR_RETURN(const Batch* batch, ReadBatch(leaf_index));
  const vault::Opening* const opening = batch->Find(leaf_index);
  if (opening == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("leaf ", leaf_index,
                     " opens to nothing: it is a cover leaf, a seal or a "
                     "register leaf"));
  }
  Judged judged;
  OperatorAnswer::Entry& entry = judged.entry;
  entry.set_leaf_index(leaf_index);
  const OpeningState state = StateOf(*opening, now_s);
  entry.set_state(StateName(state));
  if (state != OpeningState::kOpen) {
    entry.set_notice(NoticeOf(*opening, now_s));
  }
  if (state == OpeningState::kWithheld) {
    entry.set_until_s(opening->withheld_until_s());
  }
  entry.set_held(log_->erasures()->Held(leaf_index));
  entry.set_keep_until_s(batch->seal_time_s + log_->documents()->keep_min_s());
  judged.target.leaf_index = leaf_index;
  judged.target.first = batch->first;
  AccessRecord access;
  if (IsChange(request.verb()) && state != OpeningState::kErased &&
      ParseAccess(opening->record(), &access, nullptr) != Finding::kOk) {
    judged.refused = Refuse(leaf_index,
                            "it is a statement or a notice of the log's own, "
                            "which always stay open");
    return judged;
  }
  judged.refused = JudgeRules(request, *opening, entry);
  if (!judged.refused.ok() || !IsChange(request.verb())) return judged;

  judged.target.subject = std::string(access.subject);
  judged.target.administration = access.administration;
  ASSIGN_OR_RETURN(const Hash key,
                   ChainKey(access.subject, access.administration));
  ASSIGN_OR_RETURN(
      judged.target.number,
      FindChainIndex(log_->index_finder(), key, batch->first, leaf_index));
  if (request.verb() == OperatorRequest::ERASE) {
    RETURN_IF_ERROR(JudgeWishes(request, judged.target, key, &judged.refused));
  }
  return judged;
}

absl::Status VaultKeeper::JudgeWishes(const OperatorRequest& request,
                                      const Target& target, const Hash& key,
                                      absl::Status* refused) {
  if (!statements_.has_value()) {
    ASSIGN_OR_RETURN(ChainStatements read,
                     ChainStatements::Read(log_, target.subject,
                                           target.administration, key));
    ASSIGN_OR_RETURN(disputed_, read.Disputed());
    statements_ = std::move(read);
  }
  if (!request.statement_id().empty()) {
    const absl::Status wish =
        statements_->JudgeWish(request.statement_id(), target.number);
    if (!wish.ok() && !absl::IsFailedPrecondition(wish)) return wish;
    if (!wish.ok()) *refused = Refuse(target.leaf_index, wish.message());
  } else if (std::binary_search(disputed_.begin(), disputed_.end(),
                                target.number)) {
    *refused = Refuse(target.leaf_index,
                      "the resident disputes it, and has not taken that back");
  }
  return absl::OkStatus();
}

absl::Status VaultKeeper::JudgeRules(const OperatorRequest& request,
                                     const vault::Opening& opening,
                                     const OperatorAnswer::Entry& entry) {
  const uint64_t leaf = entry.leaf_index();
  if (request.verb() == OperatorRequest::STATUS) return absl::OkStatus();
  if (opening.has_erased_by()) {
    return Refuse(
        leaf, absl::StrCat("it is erased already; notice ", opening.erased_by(),
                           " of its chain says so"));
  }
  switch (request.verb()) {
    case OperatorRequest::ERASE:
      if (entry.held()) {
        return Refuse(leaf,
                      "it is held: a dispute about it is under way; release "
                      "it when that has ended");
      }
      if (request.statement_id().empty() &&
          clock_->NowMs() / 1000 < static_cast<int64_t>(entry.keep_until_s())) {
        return Refuse(leaf,
                      absl::StrCat("keep_min of the log's config keeps it "
                                   "until POSIX second ",
                                   entry.keep_until_s()));
      }
      return absl::OkStatus();
    case OperatorRequest::RESTRICT:
      return opening.has_restricted_by()
                 ? Refuse(leaf,
                          absl::StrCat("it is restricted already; notice ",
                                       opening.restricted_by(),
                                       " of its chain says so"))
                 : absl::OkStatus();
    case OperatorRequest::LIFT:
      return opening.has_restricted_by() ? absl::OkStatus()
                                         : Refuse(leaf, "it is not restricted");
    case OperatorRequest::HOLD:
      return entry.held() ? Refuse(leaf, "it is held already")
                          : absl::OkStatus();
    case OperatorRequest::RELEASE:
      return entry.held() ? absl::OkStatus() : Refuse(leaf, "it is not held");
    default:
      return absl::OkStatus();
  }
}

absl::Status VaultKeeper::Change(const OperatorRequest& request,
                                 std::vector<Target> targets) {
  std::map<uint32_t, std::vector<Target>> by_administration;
  for (Target& target : targets) {
    by_administration[target.administration].push_back(std::move(target));
  }
  for (auto& [administration, mine] : by_administration) {
    while (!mine.empty()) RETURN_IF_ERROR(ChangeSome(request, &mine));
  }
  return absl::OkStatus();
}

absl::Status VaultKeeper::ChangeSome(const OperatorRequest& request,
                                     std::vector<Target>* targets) {
  std::vector<v1::Notice> notices;
  std::vector<PageChange> changes;
  std::vector<ErasureLedger::Intent> intents;
  size_t bytes = 0;
  size_t taken = 0;
  // They ascend, so those of one page follow each other.
  for (; taken < targets->size() && taken < options_.commit_entries_max;
       ++taken) {
    const Target& target = (*targets)[taken];
    if (changes.empty() || changes.back().first != target.first) {
      if (bytes >= options_.commit_bytes_max) break;
      ASSIGN_OR_RETURN(const Batch* batch, ReadBatch(target.leaf_index));
      bytes += batch->page.ByteSizeLong();
      intents.push_back({batch->first, batch->slot});
      changes.push_back({batch->first, batch->page, {}});
    }
    vault::Page& page = changes.back().page;
    const auto opening = std::lower_bound(
        page.mutable_openings()->begin(), page.mutable_openings()->end(),
        target.leaf_index - target.first,
        [](const vault::Opening& one, uint64_t place) {
          return one.place() < place;
        });
    const auto befalls = Befall(request, &*opening);
    if (befalls.has_value()) {
      changes.back().notified.push_back(
          {static_cast<int>(opening - page.mutable_openings()->begin()),
           notices.size(), *befalls});
    }
    notices.push_back(NoticeOn(request, target.subject, target.number));
  }
  std::vector<SlotRange> slots;
  for (const ErasureLedger::Intent& intent : intents) {
    slots.push_back({intent.slot, intent.slot + 1});
  }

  Forget();
  RETURN_IF_ERROR(log_->erasures()->Intend(intents));
  struct Answer {
    Mutex mu;
    CondVar came;
    std::optional<absl::Status> status ABSL_GUARDED_BY(mu);
  };
  const auto answer = std::make_shared<Answer>();
  notices_.Enter((*targets)[0].administration, std::move(notices),
                 std::move(changes),
                 [answer](const absl::StatusOr<Placement>& placement) {
                   MutexLock lock(&answer->mu);
                   answer->status = placement.status();
                   answer->came.SignalAll();
                 });
  absl::Status status;
  if (drive_ != nullptr) {
    while (true) {
      {
        MutexLock lock(&answer->mu);
        if (answer->status.has_value()) break;
      }
      drive_();
    }
  }
  {
    MutexLock lock(&answer->mu);
    while (!answer->status.has_value()) answer->came.Wait(&answer->mu);
    status = *answer->status;
  }
  // If it may have been committed all the same, the next start will know.
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(log_->vault()->Destroy(slots, true));
  RETURN_IF_ERROR(log_->erasures()->Settle(intents, false));
  log_->metrics().CountVaultChanges(OperatorRequest::Verb_Name(request.verb()),
                                    taken);
  targets->erase(targets->begin(), targets->begin() + taken);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> VaultKeeper::Sweep() {
  uint64_t erased = 0;
  uint64_t batches = 0;
  const int64_t begin_ms = clock_->SteadyMs();
  uint64_t at;
  {
    MutexLock lock(&mu_);
    at = all_erased_;
  }
  for (uint64_t end = at; at < log_->Latest()->head.size; at = end) {
    if (stopping_) return absl::CancelledError("stopped");
    const int64_t now_s = clock_->NowMs() / 1000;
    ASSIGN_OR_RETURN(const uint64_t count, SweepBatch(at, now_s, &end));
    if (end == at) break;
    erased += count;
    log_->metrics().SetSwept(end);
    ++batches;
    const int64_t due_ms =
        begin_ms +
        static_cast<int64_t>(batches * 1000 / options_.sweep_pages_per_s);
    // The clock of those who drive themselves may stand still.
    if (drive_ == nullptr && due_ms > clock_->SteadyMs()) {
      std::this_thread::sleep_for(
          std::chrono::milliseconds(due_ms - clock_->SteadyMs()));
    }
  }
  return erased;
}

absl::StatusOr<uint64_t> VaultKeeper::SweepBatch(uint64_t at, int64_t now_s,
                                                 uint64_t* end) {
  OperatorRequest request;
  request.set_verb(OperatorRequest::ERASE);
  request.set_ground("retention date");
  request.set_authority("the administration that recorded it");
  MutexLock lock(&mu_);
  Forget();
  ASSIGN_OR_RETURN(const Batch* batch, ReadBatch(at));
  // Seals' times never decrease: all that follow are too young as well.
  if (now_s < static_cast<int64_t>(batch->seal_time_s +
                                   log_->documents()->keep_min_s())) {
    Forget();
    return 0;
  }
  *end = batch->end;
  std::vector<Target> targets;
  bool all_erased = true;
  for (const vault::Opening& opening : batch->page.openings()) {
    if (opening.has_erased_by()) continue;
    const uint64_t date_s = RetentionOf(opening);
    if (date_s == 0 || static_cast<int64_t>(date_s) > now_s) {
      all_erased = false;
      continue;
    }
    ASSIGN_OR_RETURN(Judged judged,
                     Judge(request, batch->first + opening.place()));
    all_erased &= judged.refused.ok();
    if (judged.refused.ok()) targets.push_back(std::move(judged.target));
  }
  const uint64_t count = targets.size();
  if (all_erased && at == all_erased_) all_erased_ = batch->end;
  Forget();
  RETURN_IF_ERROR(Change(request, std::move(targets)));
  return count;
}

absl::Status VaultKeeper::FinishRotation() {
  return log_->vault()->rotating() ? Rotate() : absl::OkStatus();
}

absl::Status VaultKeeper::Rotate() {
  MutexLock lock(&rotation_mu_);
  return log_->vault()->Rotate(
      [this](uint64_t, uint64_t) { return !stopping_.load(); });
}

}  // namespace vidimus
