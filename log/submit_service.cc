#include "log/submit_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/receipt.h"
#include "proto/status.h"
#include "verifier/commitment.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/subject.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

absl::Status EntryRefused(int entry, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("entry ", entry, " of the request: ", why));
}

absl::Status EntryRefused(int entry, const char* part, Finding finding,
                          const char* field) {
  return EntryRefused(
      entry,
      absl::StrCat(part, ": ", FindingSentence(finding),
                   field != nullptr ? absl::StrCat(" (", field, ")") : ""));
}

// Judges one entry of administration `a` and opens its way into a batch.
absl::StatusOr<PendingEntry> JudgeEntry(int number, const v1::Entry& entry,
                                        uint32_t a,
                                        const std::vector<IdScheme>& schemes,
                                        size_t record_bytes_max) {
  if (entry.entry_id().size() != kEntryIdBytes) {
    return EntryRefused(number,
                        absl::StrCat("its id has ", entry.entry_id().size(),
                                     " bytes, not ", kEntryIdBytes));
  }
  if (entry.record_salt().size() != kSaltBytes ||
      entry.actor_salt().size() != kSaltBytes) {
    return EntryRefused(number,
                        absl::StrCat("a salt has not ", kSaltBytes, " bytes"));
  }
  const size_t bytes = entry.record().size() + entry.actor().size();
  if (bytes > record_bytes_max) {
    return TooLargeError(absl::StrCat(
        "entry ", number, " of the request: record and actor have ", bytes,
        " bytes (limit ", record_bytes_max, ")"));
  }
  AccessRecord access;
  const char* field = nullptr;
  Finding finding = ParseAccess(entry.record(), &access, &field);
  if (finding != Finding::kOk) {
    return EntryRefused(number, "record", finding, field);
  }
  if (access.entry_id != entry.entry_id()) {
    return EntryRefused(number, "its record repeats another entry id");
  }
  if (access.administration != a) {
    return EntryRefused(number,
                        absl::StrCat("its record is of administration ",
                                     access.administration, ", not ", a));
  }
  finding = JudgeSubject(schemes, access.subject);
  if (finding != Finding::kOk) {
    return EntryRefused(number, "record", finding, nullptr);
  }
  Actor actor;
  finding = ParseActor(entry.actor(), &actor);
  if (finding != Finding::kOk) {
    return EntryRefused(number, "actor", finding, nullptr);
  }
  PendingEntry pending;
  pending.hash = Commitment(
      {entry.record_salt(), entry.record(), entry.actor_salt(), entry.actor()});
  pending.opening = std::make_unique<PendingOpening>();
  pending.opening->entry_id = entry.entry_id();
  pending.opening->subject = std::string(access.subject);
  pending.opening->record_salt = entry.record_salt();
  pending.opening->record = entry.record();
  pending.opening->actor_salt = entry.actor_salt();
  pending.opening->actor = entry.actor();
  return pending;
}

}  // namespace

void SubmitService::Submit(const v1::SubmitRequest& request,
                           std::optional<uint32_t> administration, Done done) {
  absl::StatusOr<Submission> submission = Judge(request, administration);
  if (!submission.ok()) {
    log_->metrics().CountRefusal(
        absl::StatusCodeToString(submission.status().code()));
    done(submission.status());
    return;
  }
  // Without `this`, which may go before the answer comes.
  submission->done =
      [log = log_, workers = workers_, request_id = request.request_id(),
       done = std::move(done)](absl::StatusOr<Placement> placement) mutable {
        if (!placement.ok()) {
          log->metrics().CountRefusal(
              absl::StatusCodeToString(placement.status().code()));
          done(placement.status());
          return;
        }
        workers->Run([log, request_id, done = std::move(done),
                      placement = *std::move(placement)]() mutable {
          absl::StatusOr<v1::SubmitResponse> receipt =
              MakeReceipt(log, placement);
          if (receipt.ok()) receipt->set_request_id(request_id);
          done(std::move(receipt));
        });
      };
  log_->Submit(*std::move(submission));
}

void SubmitService::AddOpaque(
    std::string entry,
    absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  const absl::Status judged =
      log_->opaque() ? JudgeOpaqueEntry(entry)
                     : absl::PermissionDeniedError(
                           "this log takes accesses only, over /v1/ or gRPC");
  if (!judged.ok()) {
    log_->metrics().CountRefusal(absl::StatusCodeToString(judged.code()));
    done(judged);
    return;
  }
  Submission submission;
  submission.entries.resize(1);
  submission.entries[0].hash = LeafHash(entry);
  submission.entries[0].data = std::move(entry);
  submission.done =
      [done = std::move(done)](absl::StatusOr<Placement> placement) mutable {
        if (placement.ok()) {
          done(placement->leaf_indices[0]);
        } else {
          done(placement.status());
        }
      };
  log_->Submit(std::move(submission));
}

absl::StatusOr<Submission> SubmitService::Judge(
    const v1::SubmitRequest& request, std::optional<uint32_t> administration) {
  const size_t entries = request.entries_size() + request.opaque_size();
  if (entries > limits_.request_entries_max) {
    return TooLargeError(absl::StrCat("request of ", entries,
                                      " entries (limit ",
                                      limits_.request_entries_max, ")"));
  }
  if (!request.origin().empty() && request.origin() != log_->origin()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request is for another log than ", log_->origin()));
  }
  return log_->opaque() ? JudgeOpaque(request)
                        : JudgeAccess(request, administration);
}

absl::Status SubmitService::JudgeOpaqueEntry(std::string_view entry) const {
  if (entry.empty()) return absl::InvalidArgumentError("the entry is empty");
  if (entry.size() > limits_.entry_bytes_max) {
    return TooLargeError(absl::StrCat("entry of ", entry.size(),
                                      " bytes: limit is ",
                                      limits_.entry_bytes_max));
  }
  // Leaf 0 alone says what a log is. With this one an opaque log would be
  // judged, and convicted, as the access log that it is not.
  Leaf leaf;
  if (ParseLeaf(entry, &leaf) == Finding::kOk &&
      leaf.kind == LeafKind::kRegister &&
      leaf.a == RegisterKey({RegisterType::kConfig, 0, 0})) {
    return absl::InvalidArgumentError(
        "the entry is the leaf that an access log begins with");
  }
  return absl::OkStatus();
}

absl::StatusOr<Submission> SubmitService::JudgeOpaque(
    const v1::SubmitRequest& request) {
  if (request.entries_size() > 0) {
    return absl::InvalidArgumentError(
        "this log is opaque: put what is to be logged into `opaque`");
  }
  if (request.opaque_size() == 0) {
    return absl::InvalidArgumentError("the request has no entries");
  }
  Submission submission;
  submission.entries.reserve(request.opaque_size());
  for (int i = 0; i < request.opaque_size(); ++i) {
    const v1::OpaqueEntry& entry = request.opaque(i);
    RETURN_IF_ERROR(Annotate(JudgeOpaqueEntry(entry.data()),
                             absl::StrCat("entry ", i, " of the request")));
    PendingEntry pending;
    if (!entry.id().empty()) {
      if (entry.id().size() != kEntryIdBytes) {
        return EntryRefused(i, absl::StrCat("its id has ", entry.id().size(),
                                            " bytes, not ", kEntryIdBytes));
      }
      pending.tag = log_->id_tagger().Tag(0, entry.id(), entry.data());
    }
    pending.hash = LeafHash(entry.data());
    pending.data = entry.data();
    submission.entries.push_back(std::move(pending));
  }
  return submission;
}

// Requests with new chains come again and again while there is no room for
// them: hashing them and checking their signature each time would take the time
// in which room is made. Where there is room for all their entries, as nearly
// always, nothing is looked at. What is wrong with an entry is for JudgeEntry
// to say. That a chain is known is told to one with a certificate of its
// administration, who may ask so by Check.
absl::Status SubmitService::JudgeRoom(const v1::SubmitRequest& request,
                                      uint32_t a) const {
  const size_t entries = request.entries_size();
  if (log_->Room(a, entries, entries).ok()) return absl::OkStatus();
  size_t new_chains = 0;
  for (const v1::Entry& entry : request.entries()) {
    AccessRecord access;
    if (entry.record().size() > limits_.record_bytes_max ||
        ParseAccess(entry.record(), &access, nullptr) != Finding::kOk) {
      return absl::OkStatus();
    }
    const absl::StatusOr<std::string> name =
        log_->chain_keys()->NameOf(access.subject, a);
    if (!name.ok()) return absl::OkStatus();
    if (log_->chain_keys()->Knows(*name)) continue;
    RETURN_IF_ERROR(log_->Room(a, entries, ++new_chains));
  }
  return absl::OkStatus();
}

absl::StatusOr<Submission> SubmitService::JudgeAccess(
    const v1::SubmitRequest& request, std::optional<uint32_t> administration) {
  if (!administration.has_value()) {
    return absl::UnauthenticatedError(
        "submitting to this log needs a client certificate of an "
        "administration (SAN URI urn:vidimus:administration:<number>)");
  }
  const uint32_t a = *administration;
  if (request.administration() != a) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the request is of administration ", request.administration(),
        " but the certificate of administration ", a));
  }
  const std::shared_ptr<const EntryKeySet> keys =
      log_->documents()->EntryKeys(a);
  if (keys == nullptr) {
    return absl::PermissionDeniedError(absl::StrCat(
        "administration ", a, " is not in the register of this log"));
  }
  if (request.opaque_size() > 0) {
    return absl::InvalidArgumentError(
        "this log takes accesses only: `opaque` must be empty");
  }
  if (request.entries_size() == 0) {
    return absl::InvalidArgumentError("the request has no entries");
  }
  if (!request.based_on().empty() &&
      request.based_on_size() != request.entries_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`based_on` has ", request.based_on_size(), " numbers for ",
        request.entries_size(), " entries: say none or one for each"));
  }
  RETURN_IF_ERROR(JudgeRoom(request, a));
  Submission submission;
  submission.administration = a;
  submission.based_on.assign(request.based_on().begin(),
                             request.based_on().end());
  submission.entries.reserve(request.entries_size());
  submission.request = std::make_unique<RequestSignature>();
  for (int i = 0; i < request.entries_size(); ++i) {
    const v1::Entry& entry = request.entries(i);
    ASSIGN_OR_RETURN(PendingEntry pending,
                     JudgeEntry(i, entry, a, log_->documents()->id_schemes(),
                                limits_.record_bytes_max));
    pending.tag = log_->id_tagger().Tag(a, entry.entry_id(),
                                        std::string(Bytes(pending.hash)));
    submission.request->leaf_hashes.push_back(
        SubmissionLeafHash(entry.entry_id(), pending.hash));
    submission.entries.push_back(std::move(pending));
  }
  Finding finding = Finding::kSubmissionSignature;
  for (const std::string& key : keys->keys) {
    finding =
        VerifySubmission(key, log_->origin(), a,
                         submission.request->leaf_hashes, request.signature());
    if (finding == Finding::kOk) break;
  }
  if (finding != Finding::kOk) {
    return absl::PermissionDeniedError(absl::StrCat(
        "request of ", request.entries_size(),
        " entries: ", FindingSentence(finding),
        "; it must be signed with an entry key that the register names for "
        "administration ",
        a));
  }
  submission.request->signature = request.signature();
  submission.request->document_version = keys->version;
  return submission;
}

}  // namespace vidimus
