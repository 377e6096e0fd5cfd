#include "verifier/register_proof.h"

#include <iterator>

#include "verifier/extract.h"
#include "verifier/proof_parts.h"

namespace vidimus {
namespace {

constexpr FieldRule kRegisterProofFields[] = {
    {1, FieldKind::kText, false, "format", nullptr},
    kCheckpointField,
    kLeavesField,
    kKeysField,
    kDocumentField,
    {6, FieldKind::kUint32, false, "type", nullptr},
    {7, FieldKind::kUint32, false, "number", nullptr},
};

struct Parts {
  std::string_view format;
  ProofParts proofs;
  uint64_t type = 0;
  uint64_t number = 0;
};

Finding ReadParts(std::string_view bytes, Parts* parts) {
  if (bytes.size() > kRegisterProofBytesMax) return Finding::kWireTooMany;
  RETURN_IF_FOUND(JudgeWire(kRegisterProofRule, bytes));
  WireReader reader(kRegisterProofRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (TakeProofPart(field, &parts->proofs)) continue;
    switch (field.rule->number) {
      case 1:
        parts->format = field.bytes;
        break;
      case 6:
        parts->type = field.number;
        break;
      default:
        parts->number = field.number;
    }
  }
  RETURN_IF_FOUND(reader.finding());
  const bool can_be =
      parts->type < kRegisterTypeCount && parts->number <= kRegisterNumberMax &&
      (parts->type != static_cast<uint64_t>(RegisterType::kConfig) ||
       parts->number == 0);
  return parts->format == kRegisterProofFormat && can_be
             ? Finding::kOk
             : Finding::kEvidenceMalformed;
}

}  // namespace

constexpr MessageRule kRegisterProofRule = {
    "RegisterProof", kRegisterProofFields, std::size(kRegisterProofFields)};

bool LooksLikeRegisterProof(std::string_view file) {
  return BeginsWithFormat(file, kRegisterProofFormat);
}

Finding JudgeRegisterProof(std::string_view file, const VerifierKey& log_key,
                           RegisterProofReport* report) {
  *report = RegisterProofReport();
  report->part = "file";
  Parts parts;
  RETURN_IF_FOUND(ReadParts(file, &parts));
  report->type = static_cast<RegisterType>(parts.type);
  report->number = static_cast<uint32_t>(parts.number);

  report->part = "checkpoint";
  Extract extract;
  RETURN_IF_FOUND(extract.Open(parts.proofs.checkpoint, log_key));
  report->checkpoint = extract.checkpoint();
  RETURN_IF_FOUND(TakeProofs(parts.proofs, &extract, &report->part));
  report->seal_time_s = extract.seal().time_s;
  report->part = "register";
  RETURN_IF_FOUND(ProveNumber(extract, parts.proofs.documents, report->type,
                              report->number, &report->versions,
                              &report->document));
  report->part = "";
  return Finding::kOk;
}

}  // namespace vidimus
