#include "verifier/register_proof.h"

#include <iterator>
#include <optional>
#include <string>

#include "verifier/chain.h"
#include "verifier/crypto.h"
#include "verifier/extract.h"

namespace vidimus {
namespace {

constexpr FieldRule kRegisterProofFields[] = {
    {1, FieldKind::kText, false, "format", nullptr},
    {2, FieldKind::kBytes, false, "checkpoint", nullptr},
    {3, FieldKind::kMessage, true, "leaves", &kLeavesProofRule},
    {4, FieldKind::kMessage, true, "keys", &kKeysProofRule},
    {5, FieldKind::kBytes, true, "document", nullptr},
    {6, FieldKind::kUint32, false, "type", nullptr},
    {7, FieldKind::kUint32, false, "number", nullptr},
};

struct Parts {
  std::string_view format;
  std::string_view checkpoint;
  std::vector<std::string_view> leaves;  // messages
  std::vector<std::string_view> keys;    // messages
  DocumentBytes documents;
  uint64_t type = 0;
  uint64_t number = 0;
};

Finding ReadParts(std::string_view bytes, Parts* parts) {
  if (bytes.size() > kRegisterProofBytesMax) return Finding::kWireTooMany;
  RETURN_IF_FOUND(JudgeWire(kRegisterProofRule, bytes));
  WireReader reader(kRegisterProofRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        parts->format = field.bytes;
        break;
      case 2:
        parts->checkpoint = field.bytes;
        break;
      case 3:
        parts->leaves.push_back(field.bytes);
        break;
      case 4:
        parts->keys.push_back(field.bytes);
        break;
      case 5:
        parts->documents.emplace(Sha256(field.bytes), field.bytes);
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
  std::string start;
  AppendWireBytes(1, kRegisterProofFormat, &start);
  return file.substr(0, start.size()) == start;
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
  RETURN_IF_FOUND(extract.Open(parts.checkpoint, log_key));
  report->checkpoint = extract.checkpoint();
  report->part = "leaves";
  for (const std::string_view message : parts.leaves) {
    RETURN_IF_FOUND(TakeLeavesProof(message, &extract));
  }
  if (!extract.has_seal()) return Finding::kLeafUnproven;
  report->seal_time_s = extract.seal().time_s;
  report->part = "keys";
  for (const std::string_view message : parts.keys) {
    RETURN_IF_FOUND(TakeKeysProof(message, &extract));
  }
  report->part = "register";
  RETURN_IF_FOUND(ProveNumber(extract, parts.documents, report->type,
                              report->number, &report->versions,
                              &report->document));
  report->part = "";
  return Finding::kOk;
}

}  // namespace vidimus
