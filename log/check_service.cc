#include "log/check_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/chain_entries.h"
#include "log/openings.h"
#include "log/receipt.h"
#include "proto/status.h"
#include "verifier/label.h"
#include "verifier/record.h"
#include "verifier/subject.h"

namespace vidimus {
namespace {

constexpr std::chrono::milliseconds kRetry(500);

}  // namespace

CheckService::CheckService(const CheckLimits& limits, const Parts& parts)
    : limits_(limits),
      parts_(parts),
      key_quota_(limits.key_quota, parts.clock) {}

void CheckService::Check(v1::CheckRequest request,
                         std::optional<uint32_t> administration, Done done) {
  const JobPtr job = std::make_shared<Job>();
  job->request = std::move(request);
  job->done = std::move(done);
  absl::Status status = Identify(job.get(), administration);
  if (status.ok()) status = Admit(job->administration);
  if (!status.ok()) {
    parts_.log->metrics().CountRefusal(absl::StatusCodeToString(status.code()));
    return job->done(status);
  }
  status = parts_.side_work->Run([this, job] { Serve(job); });
  if (!status.ok()) Finish(job, status);
}

absl::Status CheckService::Identify(Job* job,
                                    std::optional<uint32_t> administration) {
  Log* const log = parts_.log;
  if (log->opaque()) {
    return absl::FailedPreconditionError("an opaque log has no chains");
  }
  if (!administration.has_value()) {
    return absl::UnauthenticatedError(
        "asking first needs a client certificate of an administration (SAN URI "
        "urn:vidimus:administration:<number>)");
  }
  job->administration = *administration;
  if (log->documents()->EntryKeys(job->administration) == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat("administration ", job->administration,
                     " is not in the register of this log"));
  }
  const Finding finding =
      JudgeSubject(log->documents()->id_schemes(), job->request.subject());
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("subject: ", FindingSentence(finding)));
  }
  return absl::OkStatus();
}

absl::Status CheckService::Admit(uint32_t administration) {
  MutexLock lock(&mu_);
  int& waiting = waiting_[administration];
  if (waiting >= limits_.waiting_of_one_max) {
    return WithRetryAfter(absl::UnavailableError(absl::StrCat(
                              "administration ", administration,
                              " asks too much at once: ", waiting,
                              " of its questions wait (limit ",
                              limits_.waiting_of_one_max, "); come back")),
                          std::chrono::milliseconds(100));
  }
  ++waiting;
  return absl::OkStatus();
}

void CheckService::Finish(const JobPtr& job,
                          absl::StatusOr<v1::CheckResponse> answer) {
  {
    MutexLock lock(&mu_);
    --waiting_[job->administration];
  }
  if (!answer.ok()) {
    parts_.log->metrics().CountRefusal(
        absl::StatusCodeToString(answer.status().code()));
  }
  job->done(std::move(answer));
}

void CheckService::Serve(const JobPtr& job) {
  const absl::Status found = FindKey(job.get());
  if (!found.ok()) return Finish(job, found);
  if (job->request.wants_key()) {
    parts_.first_looks->Enter(job->request.subject(), job->administration,
                              job->key,
                              [this, job](const absl::Status& entered) {
                                if (!entered.ok()) return Finish(job, entered);
                                Finish(job, Answer(*job));
                              });
    return;
  }
  absl::StatusOr<v1::CheckResponse> answer = Answer(*job);
  const absl::StatusOr<bool> shown =
      answer.ok() ? ShowsToAStranger(*job, *answer) : false;
  if (!shown.ok()) return Finish(job, shown.status());
  if (!*shown) return Finish(job, std::move(answer));
  parts_.first_looks->Enter(
      job->request.subject(), job->administration, job->key,
      [this, job,
       answer = *std::move(answer)](const absl::Status& entered) mutable {
        if (!entered.ok()) return Finish(job, entered);
        Finish(job, std::move(answer));
      });
}

absl::Status CheckService::FindKey(Job* job) {
  const ChainKeys* const keys = parts_.log->chain_keys();
  const std::string& subject = job->request.subject();
  if (job->request.wants_key()) {
    RETURN_IF_ERROR(key_quota_.Take(absl::StrCat(job->administration)));
    ASSIGN_OR_RETURN(ProvenChainKey proven,
                     keys->Prove(subject, job->administration));
    job->key = proven.key;
    job->vrf_proof = std::move(proven.proof);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string name,
                   keys->NameOf(subject, job->administration));
  const ChainCache::Known known = keys->KeyOf(name);
  job->key = known.key;
  job->entries = known.entries.value_or(0);
  job->accesses = known.accesses;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const CheckService::HeadSeal>>
CheckService::SealOf(const Published& published) {
  const uint64_t size = published.head.size;
  {
    MutexLock lock(&mu_);
    if (seal_ != nullptr && seal_->size == size) return seal_;
  }
  auto seal = std::make_shared<HeadSeal>();
  seal->size = size;
  ASSIGN_OR_RETURN(seal->seal,
                   ReadPublishedLeaf(parts_.log, published, size - 1));
  ASSIGN_OR_RETURN(seal->proof,
                   ProvePublished(parts_.log, published, {size - 1}));
  MutexLock lock(&mu_);
  if (seal_ == nullptr || seal_->size < size) seal_ = seal;
  return std::shared_ptr<const HeadSeal>(std::move(seal));
}

absl::StatusOr<bool> CheckService::ShowsToAStranger(
    const Job& job, const v1::CheckResponse& answer) {
  if (std::none_of(
          answer.chain().entries().begin(), answer.chain().entries().end(),
          [](const v1::ChainEntry& entry) { return entry.has_opening(); })) {
    return false;
  }
  Log* const log = parts_.log;
  ASSIGN_OR_RETURN(const std::optional<uint64_t> first,
                   log->index()->Find(ChainLabel(job.key, 0)));
  if (!first.has_value()) return true;
  const absl::StatusOr<FoundOpening> found = FindOpening(
      log->storage(), log->vault(), *first, parts_.clock->NowMs() / 1000);
  // Only accesses are ever closed.
  return found.ok() && found->state == OpeningState::kOpen &&
         ContentOf(found->opening.record()) != RecordContent::kAccess;
}

absl::StatusOr<v1::CheckResponse> CheckService::Answer(const Job& job) {
  Log* const log = parts_.log;
  const std::shared_ptr<const Published> published = log->Latest();
  const uint64_t size = published->head.size;
  const uint64_t since = job.request.since();
  v1::CheckResponse response;
  response.set_checkpoint(published->checkpoint);
  response.set_size(size);
  v1::Chain* const chain = response.mutable_chain();
  chain->set_administration(job.administration);
  chain->set_subject(job.request.subject());
  if (job.request.wants_key()) {
    chain->set_chain_key(std::string(Bytes(job.key)));
    chain->set_vrf_proof(job.vrf_proof);
  }

  ChainEntryReader reader(log, parts_.clock->NowMs() / 1000);
  std::vector<Hash> labels;
  std::vector<uint64_t> leaves;
  size_t bytes = 0;
  for (uint64_t i = since;; ++i) {
    labels.push_back(ChainLabel(job.key, i));
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     log->index()->Find(labels.back()));
    if (!leaf_index.has_value() || *leaf_index >= size) break;
    if (leaves.size() >= limits_.entries_max ||
        bytes >= limits_.answer_bytes_max) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the chain has more entries from ", since,
          " on than one answer holds: get them by GetChain, and ask from "
          "there on"));
    }
    leaves.push_back(*leaf_index);
    v1::ChainEntry* const entry = chain->add_entries();
    if (i + job.accesses >= job.entries && i < job.entries) {
      entry->set_leaf_index(*leaf_index);
      ASSIGN_OR_RETURN(*entry->mutable_leaf(),
                       ReadPublishedLeaf(log, *published, *leaf_index));
    } else {
      RETURN_IF_ERROR(reader.Read(*leaf_index, /*accesses_too=*/false, entry));
    }
    bytes += entry->ByteSizeLong();
  }
  if (leaves.empty() && since > job.entries) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> before,
                     log->index()->Find(ChainLabel(job.key, since - 1)));
    if (!before.has_value() || *before >= size) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the chain does not have ", since, " entries: ask from the first"));
    }
  }
  // What closed an entry is committed with its notice, and published in a
  // moment: the newest answer shows both.
  const uint64_t end = since + leaves.size();
  for (const v1::ChainEntry& entry : chain->entries()) {
    if (entry.notice() < end) continue;
    return WithRetryAfter(
        absl::UnavailableError("an entry is just being closed; come back"),
        kRetry);
  }

  std::sort(labels.begin(), labels.end());
  ASSIGN_OR_RETURN(*response.mutable_index_proof(),
                   log->index()->ProveSeveral(labels, size - 1));
  ASSIGN_OR_RETURN(const std::shared_ptr<const HeadSeal> seal,
                   SealOf(*published));
  response.set_seal(seal->seal);
  if (leaves.empty()) {
    response.set_inclusion_proof(seal->proof);
    return response;
  }
  leaves.push_back(size - 1);
  ASSIGN_OR_RETURN(*response.mutable_inclusion_proof(),
                   ProvePublished(log, *published, std::move(leaves)));
  return response;
}

}  // namespace vidimus
