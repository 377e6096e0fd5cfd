#include "verifier/opening.h"

#include <iterator>
#include <optional>
#include <utility>

#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr FieldRule kRequestProofFields[] = {
    {1, FieldKind::kBytes, false, "signature", nullptr},
    {2, FieldKind::kUint32, false, "count", nullptr},
    {3, FieldKind::kUint32, false, "index", nullptr},
    {4, FieldKind::kBytes, false, "path", nullptr},
};
constexpr MessageRule kRequestProof = {"RequestProof", kRequestProofFields,
                                       std::size(kRequestProofFields)};

constexpr FieldRule kOpeningFields[] = {
    {1, FieldKind::kBytes, false, "entry_id", nullptr},
    {2, FieldKind::kBytes, false, "record_salt", nullptr},
    {3, FieldKind::kBytes, false, "record", nullptr},
    {4, FieldKind::kBytes, false, "actor_salt", nullptr},
    {5, FieldKind::kBytes, false, "actor", nullptr},
    {6, FieldKind::kMessage, false, "request", &kRequestProof},
};

Finding ParseRequestProof(std::string_view message,
                          SubmissionEvidence* evidence) {
  WireReader reader(kRequestProof, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        evidence->signature = field.bytes;
        break;
      case 2:
        evidence->count = static_cast<uint32_t>(field.number);
        break;
      case 3:
        evidence->index = static_cast<uint32_t>(field.number);
        break;
      default: {
        std::optional<std::vector<Hash>> path = HashesFromBytes(field.bytes);
        if (!path.has_value()) return Finding::kProofMalformed;
        evidence->path = *std::move(path);
      }
    }
  }
  return reader.finding();
}

// Whether some key of the administration signed the request that the entry was
// in: kOk, or what the last key shows.
Finding JudgeRequest(const ChainName& chain, const Hash& commitment,
                     const std::vector<std::string_view>& entry_keys,
                     const ShownOpening& shown) {
  if (!shown.has_request) return Finding::kRequestMissing;
  const Hash leaf_hash = SubmissionLeafHash(shown.entry_id, commitment);
  Finding finding = Finding::kSubmissionSignature;
  for (const std::string_view key : entry_keys) {
    finding = VerifySubmittedEntry(key, chain.origin, chain.administration,
                                   leaf_hash, shown.request);
    if (finding == Finding::kOk) break;
  }
  return finding;
}

// Whether what a record repeats is where it stands.
Finding JudgePlace(const ChainName& chain, std::string_view shown_id,
                   std::string_view subject, uint32_t administration,
                   std::string_view entry_id) {
  return (chain.subject.empty() || subject == chain.subject) &&
                 administration == chain.administration && entry_id == shown_id
             ? Finding::kOk
             : Finding::kRecordElsewhere;
}

// Sets what the record says. Sets `*forged` to whether a finding is the log's
// doing and not the administration's.
Finding JudgeContent(const ChainName& chain, const Hash& commitment,
                     const std::vector<std::string_view>& entry_keys,
                     const ShownOpening& shown, OpenedEntry* opened,
                     bool* forged) {
  *forged = true;
  if (shown.entry_id.size() != kEntryIdBytes) return Finding::kRecordElsewhere;
  RETURN_IF_FOUND(VerifyOpening(commitment, shown.opening));
  const std::string_view record = shown.opening.record;
  if (ContentOf(record) == RecordContent::kNotice) {
    if (shown.has_request) return Finding::kRequestSpare;
    RETURN_IF_FOUND(ParseNotice(record, &opened->notice, nullptr));
    RETURN_IF_FOUND(JudgePlace(chain, shown.entry_id, opened->notice.subject,
                               opened->notice.administration,
                               opened->notice.entry_id));
    if (!shown.opening.actor.empty()) return Finding::kRecordFieldInvalid;
    opened->kind = RecordContent::kNotice;
    return Finding::kOk;
  }
  if (ContentOf(record) == RecordContent::kStatement) {
    if (shown.has_request) return Finding::kRequestSpare;
    const Finding finding = ParseStatement(record, &opened->statement, nullptr);
    RETURN_IF_FOUND(JudgePlace(chain, shown.entry_id, opened->statement.subject,
                               opened->statement.administration,
                               opened->statement.entry_id));
    if (!shown.opening.actor.empty()) return Finding::kRecordFieldInvalid;
    if (finding == Finding::kOk) opened->kind = RecordContent::kStatement;
    // Who signed it, and whether it counts, is judged from the whole chain.
    *forged = false;
    return finding;
  }

  RETURN_IF_FOUND(JudgeRequest(chain, commitment, entry_keys, shown));
  // From here on these are the administration's own bytes.
  Finding finding = ParseAccess(record, &opened->access, nullptr);
  if (finding == Finding::kOk) {
    RETURN_IF_FOUND(JudgePlace(chain, shown.entry_id, opened->access.subject,
                               opened->access.administration,
                               opened->access.entry_id));
    opened->kind = RecordContent::kAccess;
    finding = ParseActor(shown.opening.actor, &opened->actor);
  }
  *forged = false;
  return finding;
}

}  // namespace

constexpr MessageRule kRequestProofRule = kRequestProof;
constexpr MessageRule kOpeningRule = {"Opening", kOpeningFields,
                                      std::size(kOpeningFields)};

Finding ParseOpening(std::string_view message, ShownOpening* shown) {
  *shown = ShownOpening();
  WireReader reader(kOpeningRule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        shown->entry_id = field.bytes;
        break;
      case 2:
        shown->opening.salt_r = field.bytes;
        break;
      case 3:
        shown->opening.record = field.bytes;
        break;
      case 4:
        shown->opening.salt_a = field.bytes;
        break;
      case 5:
        shown->opening.actor = field.bytes;
        break;
      default:
        shown->has_request = true;
        RETURN_IF_FOUND(ParseRequestProof(field.bytes, &shown->request));
    }
  }
  return reader.finding();
}

const char* ContentName(Content content) {
  constexpr const char* kNames[] = {"open",   "withheld", "restricted",
                                    "erased", "missing",  "forged"};
  static_assert(std::size(kNames) == kContentCount);
  const auto value = static_cast<unsigned>(content);
  return value < kContentCount ? kNames[value] : "unknown";
}

OpenedEntry JudgeOpening(const ChainName& chain, const Hash& commitment,
                         const std::vector<std::string_view>& entry_keys,
                         const ShownOpening& shown) {
  OpenedEntry opened;
  bool forged = true;
  opened.finding =
      JudgeContent(chain, commitment, entry_keys, shown, &opened, &forged);
  opened.content = opened.finding == Finding::kOk || !forged ? Content::kOpen
                                                             : Content::kForged;
  if (opened.content == Content::kForged) opened.kind = RecordContent::kUnknown;
  return opened;
}

}  // namespace vidimus
