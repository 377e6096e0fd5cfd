#include "log/chain_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/chain_entries.h"
#include "proto/status.h"
#include "verifier/hash.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/subject.h"

namespace vidimus {
namespace {

constexpr uint64_t kNoEntry = UINT64_MAX;

constexpr std::chrono::milliseconds kEnteringRetry(500);

// A size that was signed is one that ended a batch.
absl::Status JudgeSize(Log* log, uint64_t size, uint64_t newest) {
  if (size > newest) {
    return absl::OutOfRangeError(absl::StrCat(
        "a chain at size ", size, ": the newest checkpoint has size ", newest));
  }
  if (size == newest) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string entry, log->tiles().Entry(size - 1));
  Leaf leaf;
  if (ParseLeaf(entry, &leaf) != Finding::kOk || leaf.kind != LeafKind::kSeal) {
    return absl::OutOfRangeError(
        absl::StrCat("a chain at size ", size, ": no batch ended there"));
  }
  return absl::OkStatus();
}

}  // namespace

ChainService::ChainService(const ChainLimits& limits, const Parts& parts)
    : limits_(limits),
      parts_(parts),
      first_looks_(limits.remembered_max,
                   {parts.log, parts.side_work, parts.clock, parts.random}),
      administration_quota_(limits.administration_quota, parts.clock),
      resident_quota_(limits.resident_quota, parts.clock) {}

bool ChainService::KnowsScheme(uint32_t scheme) const {
  if (parts_.log->opaque()) return false;
  const std::vector<IdScheme>& schemes = parts_.log->documents()->id_schemes();
  return std::any_of(
      schemes.begin(), schemes.end(),
      [scheme](const IdScheme& one) { return one.scheme == scheme; });
}

void ChainService::Get(const v1::GetChainRequest& request, ChainCaller caller,
                       Done done) {
  const JobPtr job = std::make_shared<Job>();
  job->request = request;
  job->caller = std::move(caller);
  job->done = std::move(done);
  const absl::Status taken = parts_.side_work->Run([this, job] { Serve(job); });
  if (!taken.ok()) Finish(job, taken);
}

void ChainService::Finish(const JobPtr& job,
                          absl::StatusOr<v1::GetChainResponse> answer) {
  if (!answer.ok()) {
    parts_.log->metrics().CountRefusal(
        absl::StatusCodeToString(answer.status().code()));
  }
  job->done(std::move(answer));
}

void ChainService::Serve(const JobPtr& job) {
  const absl::Status identified = Identify(job.get());
  if (!identified.ok()) return Finish(job, identified);
  absl::StatusOr<ProvenChainKey> key =
      parts_.log->chain_keys()->Prove(job->subject, job->administration);
  if (!key.ok()) return Finish(job, key.status());
  job->key = *std::move(key);
  if (!job->caller.administration.has_value()) {
    return Finish(job, Answer(*job));
  }
  first_looks_.Enter(job->subject, job->administration, job->key.key,
                     [this, job](const absl::Status& entered) {
                       if (!entered.ok()) return Finish(job, entered);
                       Finish(job, Answer(*job));
                     });
}

absl::Status ChainService::Identify(Job* job) {
  if (parts_.log->opaque()) {
    return absl::FailedPreconditionError("an opaque log has no chains");
  }
  const std::vector<std::string>& authorizations = job->caller.authorizations;
  if (authorizations.size() > 1) {
    return absl::InvalidArgumentError(
        "the request has several authorizations: one is wanted");
  }
  if (job->caller.administration.has_value()) {
    if (!authorizations.empty()) {
      return absl::InvalidArgumentError(
          "the caller shows a certificate and a token: show the one that is "
          "meant");
    }
    return IdentifyAdministration(job);
  }
  if (authorizations.empty()) {
    return absl::UnauthenticatedError(
        "a chain is shown to its resident, by a bearer token, and to its "
        "administration, by a client certificate");
  }
  return IdentifyResident(job);
}

absl::Status ChainService::JudgeRegistered(uint32_t administration) const {
  if (parts_.log->documents()->EntryKeys(administration) != nullptr) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat("administration ", administration,
                                          " is not in the register of this "
                                          "log"));
}

absl::Status ChainService::IdentifyResident(Job* job) {
  if (parts_.tokens->empty()) {
    return absl::UnauthenticatedError(
        "this log knows no issuer of tokens: residents are not served here");
  }
  ASSIGN_OR_RETURN(const TokenSubject shown,
                   parts_.tokens->Judge(job->caller.authorizations[0],
                                        parts_.clock->NowMs() / 1000));
  job->subject = static_cast<char>(shown.id_scheme) + shown.id;
  if (JudgeSubject(parts_.log->documents()->id_schemes(), job->subject) !=
      Finding::kOk) {
    return absl::UnauthenticatedError(
        "bearer token: the subject it names is not spelled as the log's "
        "config wants ids of its scheme");
  }
  if (!job->request.subject().empty() &&
      job->request.subject() != job->subject) {
    return absl::PermissionDeniedError(
        "the request names another subject than the token");
  }
  RETURN_IF_ERROR(resident_quota_.Take(job->subject));
  job->administration = job->request.administration();
  if (job->administration == kSelf) return absl::OkStatus();
  return JudgeRegistered(job->administration);
}

absl::Status ChainService::IdentifyAdministration(Job* job) {
  const uint32_t a = *job->caller.administration;
  if (job->request.administration() != a) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the request is for the chain of administration ",
        job->request.administration(), " but the certificate of ", a));
  }
  if (!JudgeRegistered(a).ok()) {
    return absl::PermissionDeniedError(absl::StrCat(
        "administration ", a, " is not in the register of this log"));
  }
  // Before the subject is looked at, so that guessing costs.
  RETURN_IF_ERROR(administration_quota_.Take(absl::StrCat(a)));
  job->administration = a;
  job->subject = job->request.subject();
  const Finding finding =
      JudgeSubject(parts_.log->documents()->id_schemes(), job->subject);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("subject: ", FindingSentence(finding)));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::GetChainResponse> ChainService::Answer(const Job& job) {
  Log* const log = parts_.log;
  const std::shared_ptr<const Published> published = log->Latest();
  const uint64_t newest = published->head.size;
  const uint64_t size = job.request.size() == 0 ? newest : job.request.size();
  RETURN_IF_ERROR(JudgeSize(log, size, newest));
  v1::GetChainResponse response;
  response.set_size(size);
  response.set_checkpoint(published->checkpoint);
  v1::Chain* const chain = response.mutable_chain();
  chain->set_administration(job.administration);
  chain->set_subject(job.subject);
  chain->set_chain_key(std::string(Bytes(job.key.key)));
  chain->set_vrf_proof(job.key.proof);

  const int64_t begin_ms = parts_.clock->SteadyMs();
  ChainEntryReader reader(log, parts_.clock->NowMs() / 1000);
  size_t bytes = 0;
  for (uint64_t i = job.request.first_entry(); i < kNoEntry; ++i) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     log->index()->Find(ChainLabel(job.key.key, i)));
    if (!leaf_index.has_value() || *leaf_index >= size) break;
    if (static_cast<size_t>(chain->entries_size()) >= limits_.entries_max ||
        bytes >= limits_.answer_bytes_max ||
        (chain->entries_size() > 0 &&
         parts_.clock->SteadyMs() - begin_ms >= limits_.answer_ms_max)) {
      response.set_more(true);
      break;
    }
    v1::ChainEntry* const entry = chain->add_entries();
    RETURN_IF_ERROR(reader.Read(*leaf_index, /*accesses_too=*/true, entry));
    bytes += entry->ByteSizeLong();
    if (entry->state() == v1::OPEN || size < newest) continue;
    // What closed it is committed with its notice, and published in a moment:
    // the newest answer shows both.
    ASSIGN_OR_RETURN(
        const std::optional<uint64_t> notice,
        log->index()->Find(ChainLabel(job.key.key, entry->notice())));
    if (notice.has_value() && *notice >= size) {
      return WithRetryAfter(
          absl::UnavailableError("an entry is just being closed; come back"),
          kEnteringRetry);
    }
  }
  return response;
}

}  // namespace vidimus
