// What every file of proofs holds as its fields 2 to 5: a signed head of the
// log, leaves that stand in it, keys that stand in its index or do not, and
// documents of the register. Read here once, for chain bundles, entry bundles
// and register proofs. Pure functions. Format: docs/bundles.md; messages:
// proto/bundle.proto.
#ifndef VERIFIER_PROOF_PARTS_H_
#define VERIFIER_PROOF_PARTS_H_

#include <string_view>
#include <vector>

#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/proven_register.h"
#include "verifier/wire.h"

namespace vidimus {

// The tables of a LeavesProof and a KeysProof.
extern const MessageRule kLeavesProofRule;
extern const MessageRule kKeysProofRule;

// The four fields, for the table of a file.
inline constexpr FieldRule kCheckpointField = {2, FieldKind::kBytes, false,
                                               "checkpoint", nullptr};
inline constexpr FieldRule kLeavesField = {3, FieldKind::kMessage, true,
                                           "leaves", &kLeavesProofRule};
inline constexpr FieldRule kKeysField = {4, FieldKind::kMessage, true, "keys",
                                         &kKeysProofRule};
inline constexpr FieldRule kDocumentField = {5, FieldKind::kBytes, true,
                                             "document", nullptr};

// Views into the file.
struct ProofParts {
  std::string_view checkpoint;
  std::vector<std::string_view> leaves;  // messages
  std::vector<std::string_view> keys;    // messages
  DocumentBytes documents;
};

// Takes one of the four fields; false if `field` is none of them.
bool TakeProofPart(const WireField& field, ProofParts* parts);

// Takes what leaves and keys show into `*extract`, which is open at the
// checkpoint of `parts`. kOk, and the seal that ends the head is then among the
// leaves. Else what is wrong with the part that `*part` names (static storage):
// a finding of wire.h, of Extract::AddLeaves or Extract::AddKeys, or
// kLeafUnproven for the seal. Fields 3 and 4 were judged by JudgeWire.
Finding TakeProofs(const ProofParts& parts, Extract* extract,
                   const char** part);

}  // namespace vidimus

#endif  // VERIFIER_PROOF_PARTS_H_
