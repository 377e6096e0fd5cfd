#include "verifier/proof_parts.h"

#include <cstdint>
#include <iterator>
#include <optional>

#include "verifier/crypto.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

constexpr FieldRule kLeavesProofFields[] = {
    {1, FieldKind::kUint64, true, "leaf_index", nullptr},
    {2, FieldKind::kBytes, true, "leaf", nullptr},
    {3, FieldKind::kBytes, false, "proof", nullptr},
};

constexpr FieldRule kKeysProofFields[] = {
    {1, FieldKind::kBytes, true, "key", nullptr},
    {2, FieldKind::kBytes, false, "proof", nullptr},
};

Finding TakeLeavesProof(std::string_view message, Extract* extract) {
  std::vector<uint64_t> indices;
  std::vector<std::string_view> entries;
  std::string_view proof;
  WireReader reader(kLeavesProofRule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        indices.push_back(field.number);
        break;
      case 2:
        entries.push_back(field.bytes);
        break;
      default:
        proof = field.bytes;
    }
  }
  return extract->AddLeaves(indices, entries, proof);
}

Finding TakeKeysProof(std::string_view message, Extract* extract) {
  std::vector<Hash> keys;
  std::string_view proof;
  WireReader reader(kKeysProofRule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 2) {
      proof = field.bytes;
      continue;
    }
    const std::optional<Hash> key = HashFromBytes(field.bytes);
    if (!key.has_value()) return Finding::kIndexProofMalformed;
    keys.push_back(*key);
  }
  return extract->AddKeys(keys, proof);
}

}  // namespace

constexpr MessageRule kLeavesProofRule = {"LeavesProof", kLeavesProofFields,
                                          std::size(kLeavesProofFields)};
constexpr MessageRule kKeysProofRule = {"KeysProof", kKeysProofFields,
                                        std::size(kKeysProofFields)};

bool TakeProofPart(const WireField& field, ProofParts* parts) {
  switch (field.rule->number) {
    case kCheckpointField.number:
      parts->checkpoint = field.bytes;
      return true;
    case kLeavesField.number:
      parts->leaves.push_back(field.bytes);
      return true;
    case kKeysField.number:
      parts->keys.push_back(field.bytes);
      return true;
    case kDocumentField.number:
      parts->documents.emplace(Sha256(field.bytes), field.bytes);
      return true;
    default:
      return false;
  }
}

Finding TakeProofs(const ProofParts& parts, Extract* extract,
                   const char** part) {
  *part = "leaves";
  for (const std::string_view message : parts.leaves) {
    RETURN_IF_FOUND(TakeLeavesProof(message, extract));
  }
  if (!extract->has_seal()) return Finding::kLeafUnproven;
  *part = "keys";
  for (const std::string_view message : parts.keys) {
    RETURN_IF_FOUND(TakeKeysProof(message, extract));
  }
  return Finding::kOk;
}

}  // namespace vidimus
