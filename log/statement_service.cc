// Invariant: no entry is handed to the sequencer that was not judged over all
// statements below its `based_on`.
#include "log/statement_service.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/chain_statements.h"
#include "log/receipt.h"
#include "proto/status.h"
#include "verifier/commitment.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/subject.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

constexpr char kEverybody[] = "everybody";

absl::Status EntryRefused(size_t entry, absl::StatusCode code,
                          const std::string& why) {
  return absl::Status(code,
                      absl::StrCat("entry ", entry, " of the request: ", why));
}

absl::Status MalformedEntry(int entry, const std::string& why) {
  return EntryRefused(entry, absl::StatusCode::kInvalidArgument, why);
}

bool OnlyRestrains(StatementEvent event) {
  return event == StatementEvent::kWithdrawal ||
         event == StatementEvent::kProhibition ||
         event == StatementEvent::kObjection ||
         event == StatementEvent::kDispute;
}

// Why a statement that neither counts nor restrains is not entered.
absl::Status NotEntered(size_t entry, const StandingStatement& judged,
                        bool id_stands) {
  switch (judged.finding) {
    // As though there were no chain.
    case Finding::kStatementSignature:
    case Finding::kStatementSignatureForm:
    case Finding::kStatementKeyUnknown:
    case Finding::kSignatureKindUnknown:
      return EntryRefused(
          entry, absl::StatusCode::kPermissionDenied,
          judged.statement.identity_service.has_value()
              ? "no key of the identity service that it names made the "
                "signature, in a way that this log can judge"
              : "no key of this chain made the signature");
    case Finding::kStatementReplay:
      if (id_stands) {
        return EntryRefused(entry, absl::StatusCode::kAlreadyExists,
                            "a statement with its id stands in the chain");
      }
      [[fallthrough]];
    case Finding::kStatementOrder:
      return EntryRefused(
          entry, absl::StatusCode::kAborted,
          "the chain has statements that it does not follow; fetch the chain "
          "again, and sign with the next sequence and the hash of the last");
    default:
      return EntryRefused(entry, absl::StatusCode::kPermissionDenied,
                          FindingSentence(judged.finding));
  }
}

}  // namespace

StatementService::StatementService(const StatementLimits& limits,
                                   const Parts& parts)
    : limits_(limits),
      parts_(parts),
      quota_(limits.quota, parts.clock),
      chain_quota_(limits.chain_quota, parts.clock) {}

void StatementService::File(v1::FileStatementsRequest request, Done done) {
  const JobPtr job = std::make_shared<Job>();
  job->request = std::move(request);
  job->done = std::move(done);
  absl::Status status = JudgeForm(job.get());
  if (status.ok()) {
    status = parts_.side_work->Run([this, job] { Serve(job); });
  }
  if (!status.ok()) Finish(job, status);
}

void StatementService::Finish(
    const JobPtr& job, absl::StatusOr<v1::FileStatementsResponse> answer) {
  if (!answer.ok()) {
    parts_.log->metrics().CountRefusal(
        absl::StatusCodeToString(answer.status().code()));
  }
  job->done(std::move(answer));
}

absl::Status StatementService::JudgeForm(Job* job) const {
  const v1::FileStatementsRequest& request = job->request;
  if (parts_.log->opaque()) {
    return absl::FailedPreconditionError("an opaque log takes no statements");
  }
  if (!request.origin().empty() && request.origin() != parts_.log->origin()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the request is for another log than ", parts_.log->origin()));
  }
  const size_t entries = request.entries_size();
  if (entries == 0) {
    return absl::InvalidArgumentError("the request has no entries");
  }
  if (entries > limits_.request_entries_max) {
    return TooLargeError(absl::StrCat("request of ", entries,
                                      " entries (limit ",
                                      limits_.request_entries_max, ")"));
  }
  job->filings.resize(entries);
  std::set<std::string_view> ids;
  for (int i = 0; i < request.entries_size(); ++i) {
    RETURN_IF_ERROR(JudgeEntry(i, request.entries(i), &job->filings[i]));
    if (!ids.insert(request.entries(i).entry_id()).second) {
      return MalformedEntry(i, "another entry of the request has its id");
    }
  }
  return absl::OkStatus();
}

absl::Status StatementService::JudgeEntry(int number, const v1::Entry& entry,
                                          Filing* filing) const {
  if (entry.entry_id().size() != kEntryIdBytes) {
    return MalformedEntry(number,
                          absl::StrCat("its id has ", entry.entry_id().size(),
                                       " bytes, not ", kEntryIdBytes));
  }
  if (entry.record_salt().size() != kSaltBytes ||
      entry.actor_salt().size() != kSaltBytes) {
    return MalformedEntry(
        number, absl::StrCat("a salt has not ", kSaltBytes, " bytes"));
  }
  if (!entry.actor().empty()) {
    return MalformedEntry(number, "a statement's actor is empty");
  }
  if (entry.record().size() > limits_.record_bytes_max) {
    return TooLargeError(absl::StrCat("entry ", number,
                                      " of the request: its record has ",
                                      entry.record().size(), " bytes (limit ",
                                      limits_.record_bytes_max, ")"));
  }
  Statement& statement = filing->statement;
  const char* field = nullptr;
  Finding finding = ParseStatement(entry.record(), &statement, &field);
  if (finding != Finding::kOk) {
    return MalformedEntry(
        number,
        absl::StrCat("record: ", FindingSentence(finding),
                     field != nullptr ? absl::StrCat(" (", field, ")") : ""));
  }
  if (statement.entry_id != entry.entry_id()) {
    return MalformedEntry(number, "its record repeats another entry id");
  }
  finding =
      JudgeSubject(parts_.log->documents()->id_schemes(), statement.subject);
  if (finding != Finding::kOk) {
    return MalformedEntry(number,
                          absl::StrCat("record: ", FindingSentence(finding)));
  }
  if (statement.administration != kSelf &&
      parts_.log->documents()->EntryKeys(statement.administration) == nullptr) {
    return EntryRefused(
        number, absl::StatusCode::kNotFound,
        absl::StrCat("administration ", statement.administration,
                     " is not in the register of this log"));
  }
  return absl::OkStatus();
}

void StatementService::Serve(const JobPtr& job) {
  const bool more = std::any_of(
      job->filings.begin(), job->filings.end(),
      [](const Filing& one) { return !OnlyRestrains(one.statement.event); });
  absl::Status status;
  if (more && job->tries == 0) status = quota_.Take(kEverybody);
  ++job->tries;
  Submission submission;
  // In the queue of what the log itself has to say.
  submission.administration = kSelf;
  submission.statements = true;
  std::set<std::pair<std::string_view, uint32_t>> chains;
  for (size_t i = 0; status.ok() && i < job->filings.size(); ++i) {
    const Statement& statement = job->filings[i].statement;
    if (!chains.emplace(statement.subject, statement.administration).second) {
      continue;
    }
    status = JudgeChain(job.get(), i, &submission);
  }
  if (!status.ok()) return Finish(job, status);
  if (submission.entries.empty()) {
    Placement placement;
    placement.published = parts_.log->Latest();
    return Finish(job, Answer(*job, std::move(placement)));
  }
  Submit(job, std::move(submission));
}

absl::Status StatementService::JudgeChain(Job* job, size_t first,
                                          Submission* submission) {
  Log* const log = parts_.log;
  const std::string_view subject = job->filings[first].statement.subject;
  const uint32_t administration = job->filings[first].statement.administration;
  ASSIGN_OR_RETURN(const std::string name,
                   log->chain_keys()->NameOf(subject, administration));
  // A stranger's guess is not worth remembering.
  Hash key;
  const std::optional<KnownChain> known = log->chain_keys()->Find(name);
  if (known.has_value()) {
    key = known->key;
  } else {
    ASSIGN_OR_RETURN(const ProvenChainKey proven,
                     log->chain_keys()->Prove(subject, administration));
    key = proven.key;
  }
  ASSIGN_OR_RETURN(const ChainStatements chain,
                   ChainStatements::Read(log, subject, administration, key));
  std::vector<size_t> places;
  std::vector<std::string_view> records;
  for (size_t i = first; i < job->filings.size(); ++i) {
    Filing& filing = job->filings[i];
    if (filing.statement.subject != subject ||
        filing.statement.administration != administration) {
      continue;
    }
    const v1::Entry& entry = job->request.entries(static_cast<int>(i));
    for (const FiledStatement& filed : chain.filed()) {
      if (filed.record != entry.record() ||
          filed.record_salt != entry.record_salt() ||
          filed.actor_salt != entry.actor_salt()) {
        continue;
      }
      filing.stands = true;
      filing.leaf_index = filed.leaf_index;
      filing.number = filed.number;
    }
    if (filing.stands) continue;
    places.push_back(i);
    records.push_back(entry.record());
  }
  if (places.empty()) return absl::OkStatus();
  const uint64_t now_s =
      static_cast<uint64_t>(std::max<int64_t>(parts_.clock->NowMs(), 0)) / 1000;
  ASSIGN_OR_RETURN(const std::vector<StandingStatement> judged,
                   chain.Judge(records, now_s));
  std::vector<const StandingStatement*> of_record(records.size());
  for (const StandingStatement& one : judged) {
    if (one.entry < chain.filed().size()) continue;
    of_record[one.entry - chain.filed().size()] = &one;
  }
  bool more = false;
  for (size_t j = 0; j < places.size(); ++j) {
    const StandingStatement* const one = of_record[j];
    // It was parsed before, and names this chain.
    if (one == nullptr) {
      return absl::InternalError("a statement was not judged");
    }
    more |= !OnlyRestrains(one->statement.event);
    if (one->finding == Finding::kOk || one->restrains) continue;
    const bool id_stands = std::any_of(
        chain.filed().begin(), chain.filed().end(),
        [one](const FiledStatement& filed) {
          Statement statement;
          return ParseStatement(filed.record, &statement, nullptr) ==
                     Finding::kOk &&
                 statement.statement_id == one->statement.statement_id;
        });
    return NotEntered(places[j], *one, id_stands);
  }
  if (more && job->tries == 1) RETURN_IF_ERROR(chain_quota_.Take(name));

  const ChainTag tag = log->chain_keys()->cache()->TagOf(name);
  log->chain_keys()->cache()->Put(tag, name, key);
  for (const size_t i : places) {
    const v1::Entry& entry = job->request.entries(static_cast<int>(i));
    PendingEntry pending;
    pending.hash = Commitment(
        {entry.record_salt(), entry.record(), entry.actor_salt(), ""});
    // Ids are a chain's own: nobody can take another's.
    pending.tag = log->id_tagger().Tag(
        administration, absl::StrCat(entry.entry_id(), std::string(subject)),
        std::string(Bytes(pending.hash)));
    pending.opening = std::make_unique<PendingOpening>();
    PendingOpening& opening = *pending.opening;
    opening.entry_id = entry.entry_id();
    opening.subject = std::string(subject);
    opening.record_salt = entry.record_salt();
    opening.record = entry.record();
    opening.actor_salt = entry.actor_salt();
    opening.administration = administration;
    opening.content = RecordContent::kStatement;
    opening.chain_tag = tag;
    opening.chain_key = key;
    opening.chain_entries_min = chain.entries();
    submission->entries.push_back(std::move(pending));
    submission->based_on.push_back(chain.entries());
  }
  return absl::OkStatus();
}

void StatementService::Submit(const JobPtr& job, Submission submission) {
  // The sequencer's thread: what takes longer is done on another.
  submission.done = [this, job](absl::StatusOr<Placement> placement) {
    if (placement.ok()) {
      parts_.workers->Run(
          [this, job, placement = *std::move(placement)]() mutable {
            Finish(job, Answer(*job, std::move(placement)));
          });
      return;
    }
    absl::Status status = placement.status();
    if (absl::IsAborted(status)) {
      status = WithRetryAfter(
          absl::UnavailableError("others file in this chain; come back"),
          std::chrono::milliseconds(100));
      if (job->tries < limits_.tries_max) {
        status = parts_.side_work->Run([this, job] { Serve(job); });
      }
    }
    if (!status.ok()) Finish(job, status);
  };
  parts_.log->Submit(std::move(submission));
}

absl::StatusOr<v1::FileStatementsResponse> StatementService::Answer(
    const Job& job, Placement placement) {
  // Those that are new, in their order, with those that stood before.
  Placement whole;
  whole.published = std::move(placement.published);
  whole.administration = kSelf;
  std::set<std::string_view> ids;
  for (const Filing& filing : job.filings) {
    if (filing.stands) {
      whole.leaf_indices.push_back(filing.leaf_index);
      whole.chain_indices.push_back(filing.number);
      PendingEntry& entry = whole.entries.emplace_back();
      entry.opening = std::make_unique<PendingOpening>();
      entry.opening->content = RecordContent::kStatement;
      continue;
    }
    const auto found = std::find_if(
        placement.entries.begin(), placement.entries.end(),
        [&filing](const PendingEntry& one) {
          return one.opening != nullptr &&
                 one.opening->entry_id == filing.statement.entry_id;
        });
    if (found == placement.entries.end()) {
      return absl::InternalError("a statement was not placed");
    }
    const size_t at = found - placement.entries.begin();
    whole.leaf_indices.push_back(placement.leaf_indices[at]);
    whole.chain_indices.push_back(placement.chain_indices[at]);
    whole.entries.push_back(std::move(*found));
  }
  ASSIGN_OR_RETURN(v1::SubmitResponse receipt, MakeReceipt(parts_.log, whole));
  v1::FileStatementsResponse response;
  response.set_checkpoint(std::move(*receipt.mutable_checkpoint()));
  *response.mutable_leaf_index() = std::move(*receipt.mutable_leaf_index());
  response.set_proof(std::move(*receipt.mutable_proof()));
  *response.mutable_placed() = std::move(*receipt.mutable_placed());
  return response;
}

}  // namespace vidimus
