// Invariants:
// - the size never falls, and no index is given twice;
// - a head is signed only after all it covers is durable and verified;
// - each head is consistent with the one before;
// - no entry stands in a batch with a statement of its chain, or after one,
// that
//   it says it was not decided by;
// - each submission taken is answered once, and with OK only after a head that
//   covers all its entries is public.
#include "log/sequencer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

// Entries from which on a batch is large enough as it comes.
constexpr size_t kCrowdMax = 512;

absl::Status OtherContent(size_t entry) {
  return absl::AlreadyExistsError(absl::StrCat(
      "entry ", entry,
      " of the request: its id was submitted before with other content; take "
      "a new id for a new entry"));
}

}  // namespace

Sequencer::Sequencer(const SequencerOptions& options, const Parts& parts,
                     TreeEdge edge, BatchVerifier verifier)
    : options_(options),
      parts_(parts),
      edge_(std::move(edge)),
      verifier_(std::move(verifier)),
      last_batch_ms_(parts.clock->SteadyMs()) {}

absl::Status Sequencer::Run() {
  // Callers who were just answered mostly come again at once. Where a batch is
  // small, a short wait for all of them makes one batch, and one sync, of what
  // would be two taking turns; one who was or comes alone waits for nobody.
  size_t crowd = 0;
  std::chrono::steady_clock::time_point crowd_until;
  while (stopped_.ok()) {
    if (!parts_.pool->Wait(1000)) {
      if (parts_.pool->closed()) break;
      RETURN_IF_ERROR(SealRest());
      continue;
    }
    if (options_.batch_period_ms > 0) {
      const int64_t now_ms = parts_.clock->SteadyMs();
      parts_.pool->WaitFull(
          options_.batch_entries_max, options_.batch_bytes_max,
          std::chrono::milliseconds(options_.batch_period_ms -
                                    now_ms % options_.batch_period_ms));
    } else if (crowd > 1 && crowd <= kCrowdMax) {
      parts_.pool->WaitFull(
          crowd, options_.batch_bytes_max,
          std::chrono::duration_cast<std::chrono::microseconds>(
              crowd_until - std::chrono::steady_clock::now()));
    }
    const auto begin = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(RunOnce());
    const auto end = std::chrono::steady_clock::now();
    crowd_until = end + (end - begin) / 4;
    crowd = taken_ + parts_.pool->entries();
  }
  return stopped_;
}

absl::Status Sequencer::SealRest() {
  RETURN_IF_ERROR(stopped_);
  if (options_.rest_ms == 0 || parts_.pool->refuses() ||
      parts_.clock->SteadyMs() - last_batch_ms_ < options_.rest_ms) {
    return absl::OkStatus();
  }
  stopped_ = Sequence({}).status();
  return stopped_;
}

absl::Status Sequencer::RunOnce() {
  RETURN_IF_ERROR(stopped_);
  std::vector<Submission> submissions =
      parts_.pool->Take(options_.batch_entries_max, options_.batch_bytes_max);
  taken_ = 0;
  bool statements = false;
  for (const Submission& one : submissions) {
    taken_ += one.entries.size();
    statements |= one.statements;
  }
  if (submissions.empty()) return absl::OkStatus();
  // What a resident says wins against what was decided without it, in whichever
  // order they came.
  if (statements) {
    std::stable_partition(submissions.begin(), submissions.end(),
                          [](const Submission& one) { return one.statements; });
  }
  parts_.idempotency->Expire(parts_.clock->NowMs() / 1000);

  struct Accepted {
    Submission* submission;
    std::vector<Decision> decisions;
  };
  std::vector<Accepted> accepted;
  std::vector<FreshEntry> fresh;
  FreshIds ids;
  ChainTags stated;
  for (Submission& submission : submissions) {
    absl::StatusOr<std::vector<Decision>> decisions =
        Decide(submission, fresh.size(), stated, &ids);
    if (!decisions.ok()) {
      submission.done(decisions.status());
      continue;
    }
    for (size_t i = 0; i < decisions->size(); ++i) {
      const Decision& decision = (*decisions)[i];
      if (decision.fresh && decision.value == fresh.size()) {
        fresh.push_back({&submission, &submission.entries[i]});
        if (submission.statements) {
          stated.insert(submission.entries[i].opening->chain_tag);
        }
      }
    }
    accepted.push_back({&submission, *std::move(decisions)});
  }
  if (accepted.empty()) return absl::OkStatus();

  Sequenced sequenced;
  if (!fresh.empty()) {
    absl::StatusOr<Sequenced> done = Sequence(fresh);
    if (done.ok()) {
      sequenced = *std::move(done);
    } else {
      stopped_ = done.status();
    }
  }
  const std::shared_ptr<const Published> published = parts_.publisher->Latest();
  for (Accepted& one : accepted) {
    if (!stopped_.ok()) {
      one.submission->done(absl::UnavailableError(
          "the log stopped while this request was under way, which may have "
          "been recorded or not; submit it again with the same ids"));
      continue;
    }
    Placement placement;
    placement.published = published;
    placement.leaf_indices.reserve(one.decisions.size());
    placement.chain_indices.reserve(one.decisions.size());
    for (const auto& [fresh_entry, value] : one.decisions) {
      placement.leaf_indices.push_back(
          fresh_entry ? sequenced.leaf_indices[value] : value);
      placement.chain_indices.push_back(
          fresh_entry ? sequenced.chain_indices[value] : kNoChainIndex);
    }
    placement.administration = one.submission->administration;
    placement.entries = std::move(one.submission->entries);
    one.submission->done(std::move(placement));
  }
  return stopped_;
}

size_t Sequencer::IdHash::operator()(const std::array<uint8_t, 16>& id) const {
  size_t hash;
  static_assert(sizeof(hash) <= sizeof(id));
  std::memcpy(&hash, id.data(), sizeof(hash));
  return hash;
}

absl::StatusOr<std::vector<Sequencer::Decision>> Sequencer::Decide(
    const Submission& submission, uint64_t fresh, const ChainTags& stated,
    FreshIds* ids) {
  std::vector<Decision> decisions;
  decisions.reserve(submission.entries.size());
  std::vector<const IdTag*> added;
  const auto decide = [&]() -> absl::Status {
    if (parts_.documents != nullptr && submission.request != nullptr) {
      const auto keys = parts_.documents->EntryKeys(submission.administration);
      // It would stand after a document by which its signature may not count.
      if (keys == nullptr ||
          keys->version != submission.request->document_version) {
        return absl::UnavailableError(
            "the register has a newer document of this administration than the "
            "one by which the request was judged; submit it again");
      }
    }
    for (size_t i = 0; i < submission.entries.size(); ++i) {
      const std::optional<IdTag>& tag = submission.entries[i].tag;
      if (!tag.has_value()) {
        decisions.push_back({true, fresh++});
        continue;
      }
      if (const auto it = ids->find(tag->id); it != ids->end()) {
        if (it->second.digest != tag->digest) return OtherContent(i);
        decisions.push_back({true, it->second.place});
        continue;
      }
      ASSIGN_OR_RETURN(const std::optional<Idempotency::Known> known,
                       parts_.idempotency->Find(*tag));
      if (known.has_value()) {
        if (!known->same_content) return OtherContent(i);
        decisions.push_back({false, known->leaf_index});
        continue;
      }
      // One that stands already is answered as it was.
      if (!submission.based_on.empty()) {
        RETURN_IF_ERROR(JudgeBasedOn(submission, i, stated));
      }
      ids->emplace(tag->id, FreshId{tag->digest, fresh});
      added.push_back(&*tag);
      decisions.push_back({true, fresh++});
    }
    return parts_.idempotency->Reserve(ids->size());
  };
  const absl::Status refused = decide();
  if (refused.ok()) return decisions;
  for (const IdTag* tag : added) ids->erase(tag->id);
  return refused;
}

absl::Status Sequencer::JudgeBasedOn(const Submission& submission, size_t i,
                                     const ChainTags& stated) {
  const PendingOpening& opening = *submission.entries[i].opening;
  const absl::Status judged =
      stated.contains(opening.chain_tag)
          ? absl::AbortedError(
                "a newer statement comes into its chain at this moment; ask "
                "again by Check before you use the data")
          : parts_.maker->JudgeBasedOn(opening, submission.based_on[i]);
  return Annotate(judged, absl::StrCat("entry ", i, " of the request"));
}

absl::StatusOr<Sequencer::Sequenced> Sequencer::Sequence(
    const std::vector<FreshEntry>& fresh) {
  const uint64_t first = edge_.size;
  const int64_t now_s = parts_.clock->NowMs() / 1000;
  ASSIGN_OR_RETURN(MadeBatch made, parts_.maker->Make(first, fresh));
  CHECK_EQ(made.places.size(), fresh.size());
  if (made.chain_indices.empty()) {
    made.chain_indices.resize(fresh.size(), kNoChainIndex);
  }
  CHECK_EQ(made.chain_indices.size(), fresh.size());

  Sequenced sequenced{{}, std::move(made.chain_indices)};
  std::vector<Idempotency::Placed> placed;
  for (size_t i = 0; i < fresh.size(); ++i) {
    CHECK_LT(made.places[i], made.leaf_hashes.size());
    sequenced.leaf_indices.push_back(first + made.places[i]);
    if (fresh[i].entry->tag.has_value()) {
      placed.push_back({sequenced.leaf_indices.back(), *fresh[i].entry->tag});
    }
  }
  std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) {
    return a.leaf_index < b.leaf_index;
  });

  Integrated integrated = Integrate(edge_, made.leaf_hashes);
  auto next = std::make_shared<Published>();
  next->tree = std::move(integrated.tree);
  next->head = next->tree->head();

  StorageBatch batch{first, next->head, std::move(integrated.rows)};
  for (Row& row : made.entries) batch.rows.push_back(std::move(row));
  if (!placed.empty()) {
    batch.rows.push_back({RowKind::kIds, 0,
                          parts_.idempotency->EncodeRow(placed, first, now_s)});
  }
  for (Row& row : made.rows) batch.rows.push_back(std::move(row));
  batch.replaced_pages = std::move(made.replaced_pages);

  const int64_t begin_ms = parts_.clock->SteadyMs();
  RETURN_IF_ERROR(parts_.storage->Commit(batch, verifier_.head()));
  RETURN_IF_ERROR(
      Annotate(verifier_.Verify(batch), "verifying before signing"));
  for (size_t i = 0; i < fresh.size(); ++i) {
    const PendingEntry& entry = *fresh[i].entry;
    if (!entry.document.has_value()) continue;
    parts_.documents->Add(*entry.document, entry.data,
                          sequenced.leaf_indices[i]);
  }
  for (Row& row : batch.rows) {
    if (row.kind != RowKind::kEntries) continue;
    next->entries.push_back(std::move(row.value));
  }
  RETURN_IF_ERROR(parts_.publisher->Publish(std::move(next)));
  edge_ = std::move(integrated.edge);
  parts_.idempotency->Remember(placed, now_s);
  parts_.metrics->SetIds(parts_.idempotency->entries(),
                         parts_.idempotency->bytes());
  last_batch_ms_ = parts_.clock->SteadyMs();
  parts_.metrics->ObserveBatch(sequenced.leaf_indices.size(), edge_.size,
                               last_batch_ms_ - begin_ms);
  return sequenced;
}

}  // namespace vidimus
