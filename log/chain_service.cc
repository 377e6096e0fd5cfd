#include "log/chain_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/hash.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/record.h"
#include "verifier/subject.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

// No chain has so many entries: a name for the chain that nobody else can tell.
constexpr uint64_t kNoEntry = UINT64_MAX;

// So many entries of the chain `self` are searched for a first look. One with
// more is searched from its newest; what is older is entered again.
constexpr uint64_t kSearchedEntriesMax = 4096;

constexpr std::chrono::milliseconds kEnteringRetry(500);

v1::ContentState StateIn(OpeningState state) {
  switch (state) {
    case OpeningState::kOpen:
      return v1::OPEN;
    case OpeningState::kWithheld:
      return v1::WITHHELD;
    case OpeningState::kRestricted:
      return v1::RESTRICTED;
    case OpeningState::kErased:
      break;
  }
  return v1::ERASED;
}

absl::Status SetOpening(const FoundOpening& found, v1::Opening* opening) {
  opening->set_entry_id(found.opening.entry_id());
  opening->set_record_salt(found.opening.record_salt());
  opening->set_record(found.opening.record());
  opening->set_actor_salt(found.opening.actor_salt());
  opening->set_actor(found.opening.actor());
  if (found.request.signature().empty()) return absl::OkStatus();
  std::vector<Hash> leaf_hashes;
  const std::string_view bytes = found.request.leaf_hashes();
  for (size_t at = 0; at + kHashBytes <= bytes.size(); at += kHashBytes) {
    leaf_hashes.push_back(*HashFromBytes(bytes.substr(at, kHashBytes)));
  }
  if (found.opening.request_index() >= leaf_hashes.size()) {
    return absl::DataLossError(
        "the vault names an entry that its request does not have");
  }
  v1::RequestProof* const proof = opening->mutable_request();
  proof->set_signature(found.request.signature());
  proof->set_count(static_cast<uint32_t>(leaf_hashes.size()));
  proof->set_index(found.opening.request_index());
  proof->set_path(BytesOfHashes(
      SubmissionPath(leaf_hashes, found.opening.request_index())));
  return absl::OkStatus();
}

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
      notices_({parts.log->chain_keys(), parts.clock, parts.random,
                [log = parts.log](Submission submission) {
                  log->Submit(std::move(submission));
                }}),
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
  const Hash name = ChainLabel(job->key.key, kNoEntry);
  const absl::StatusOr<bool> entered = LookIsEntered(*job, name);
  if (!entered.ok()) return Finish(job, entered.status());
  if (!*entered) return EnterLook(job, name);
  Finish(job, Answer(*job));
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

absl::StatusOr<bool> ChainService::LookIsEntered(const Job& job,
                                                 const Hash& name) {
  {
    MutexLock lock(&mu_);
    if (entered_.contains(name)) return true;
  }
  Log* const log = parts_.log;
  const uint64_t published = log->Latest()->head.size;
  ASSIGN_OR_RETURN(const ProvenChainKey self,
                   log->chain_keys()->Prove(job.subject, kSelf));
  ASSIGN_OR_RETURN(const uint64_t entries,
                   FirstAbsentEntry(log->index_finder(), self.key, 0));
  const int64_t now_s = parts_.clock->NowMs() / 1000;
  for (uint64_t i = entries; i > 0 && entries - i < kSearchedEntriesMax; --i) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     log->index()->Find(ChainLabel(self.key, i - 1)));
    if (!leaf_index.has_value() || *leaf_index >= published) continue;
    const absl::StatusOr<FoundOpening> found =
        FindOpening(log->storage(), log->vault(), *leaf_index, now_s);
    Notice notice;
    if (!found.ok() ||
        ParseNotice(found->opening.record(), &notice, nullptr) !=
            Finding::kOk ||
        notice.event != NoticeEvent::kKeyFetch ||
        notice.chain_administration != job.administration ||
        notice.fetched_by != job.administration) {
      continue;
    }
    MutexLock lock(&mu_);
    if (entered_.size() >= limits_.remembered_max) entered_.clear();
    entered_.insert(name);
    return true;
  }
  return false;
}

void ChainService::EnterLook(const JobPtr& job, const Hash& name) {
  bool is_entered = false;
  bool is_being_entered = false;
  {
    MutexLock lock(&mu_);
    is_entered = entered_.contains(name);
    if (!is_entered) is_being_entered = !entering_.insert(name).second;
  }
  if (is_entered) return Finish(job, Answer(*job));
  if (is_being_entered) {
    // Of two at once one is written down, and the other comes back.
    return Finish(job, WithRetryAfter(absl::UnavailableError(
                                          "such a request is just being "
                                          "entered; come back"),
                                      kEnteringRetry));
  }
  notices_.EnterKeyFetch(
      job->subject, job->administration, job->administration,
      // The sequencer's thread: the answer is made on another.
      [this, job, name](absl::StatusOr<Placement> placement) {
        {
          MutexLock lock(&mu_);
          entering_.erase(name);
          if (placement.ok()) {
            if (entered_.size() >= limits_.remembered_max) entered_.clear();
            entered_.insert(name);
          }
        }
        absl::Status going_on = placement.status();
        if (going_on.ok()) {
          going_on =
              parts_.side_work->Run([this, job] { Finish(job, Answer(*job)); });
        }
        if (!going_on.ok()) Finish(job, going_on);
      });
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
  const int64_t now_s = parts_.clock->NowMs() / 1000;
  std::optional<VaultPage> page;
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
    RETURN_IF_ERROR(AddEntry(*leaf_index, now_s, &page, entry));
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

absl::Status ChainService::AddEntry(uint64_t leaf_index, int64_t now_s,
                                    std::optional<VaultPage>* page,
                                    v1::ChainEntry* entry) {
  Log* const log = parts_.log;
  entry->set_leaf_index(leaf_index);
  ASSIGN_OR_RETURN(*entry->mutable_leaf(), log->tiles().Entry(leaf_index));
  const absl::StatusOr<FoundOpening> found =
      [&]() -> absl::StatusOr<FoundOpening> {
    if (!page->has_value() || (*page)->Find(leaf_index) == nullptr) {
      ASSIGN_OR_RETURN(*page,
                       ReadPage(log->storage(), log->vault(), leaf_index));
    }
    return FindOpening(**page, leaf_index, now_s);
  }();
  if (!found.ok()) {
    // The others are shown all the same; this one is missing, and the resident
    // can prove that it should not be.
    log->metrics().CountRefusal(
        absl::StatusCodeToString(found.status().code()));
    return absl::OkStatus();
  }
  entry->set_state(StateIn(found->state));
  if (found->state != OpeningState::kOpen) {
    entry->set_notice(found->notice);
    return absl::OkStatus();
  }
  return SetOpening(*found, entry->mutable_opening());
}

}  // namespace vidimus
