#include "client/verify.h"

#include "absl/strings/str_cat.h"
#include "client/secret.pb.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

std::string_view Std(absl::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// Whether the evidence itself cannot be read, as against being read and false.
bool IsUnreadable(Finding finding) {
  switch (finding) {
    case Finding::kProofMalformed:
    case Finding::kNoteMalformed:
    case Finding::kNoteTooLarge:
    case Finding::kCheckpointMalformed:
      return true;
    default:
      return false;
  }
}

Judgement Judge(absl::string_view vkey, absl::string_view proof,
                const Hash& leaf_hash, absl::string_view what) {
  VerifierKey log_key;
  Finding finding = ParseVkey(Std(vkey), &log_key);
  if (finding != Finding::kOk) {
    return {kExitUnusable, absl::StrCat("unusable: the verifier key: ",
                                        FindingSentence(finding))};
  }
  Checkpoint checkpoint;
  uint64_t index = 0;
  finding =
      VerifyTlogProof(Std(proof), leaf_hash, log_key, &checkpoint, &index);
  if (finding == Finding::kOk) {
    return {kExitTrue,
            absl::StrCat("true: ", what, " is leaf ", index, " of the log ",
                         log_key.name, ", under its signed checkpoint of ",
                         checkpoint.head.size, " leaves")};
  }
  if (IsUnreadable(finding)) {
    return {kExitUnusable,
            absl::StrCat("unusable: the proof: ", FindingSentence(finding))};
  }
  return {kExitFalse, absl::StrCat("false: this does not show that ", what,
                                   " is in the log ", log_key.name, ": ",
                                   FindingSentence(finding))};
}

}  // namespace

Judgement VerifyWithSecret(absl::string_view vkey, absl::string_view proof,
                           absl::string_view secret) {
  v1::Secret parsed;
  Leaf leaf;
  if (!parsed.ParseFromArray(secret.data(), static_cast<int>(secret.size())) ||
      parsed.leaf().empty()) {
    return {kExitUnusable,
            "unusable: the secret is not a file of a receipt (NAME.secret)"};
  }
  const Finding finding = ParseLeaf(parsed.leaf(), &leaf);
  if (finding != Finding::kOk) {
    return {kExitUnusable, absl::StrCat("unusable: the leaf in the secret: ",
                                        FindingSentence(finding))};
  }
  return Judge(vkey, proof, LeafHash(parsed.leaf()), "the entry");
}

Judgement VerifyWithEntry(absl::string_view vkey, absl::string_view proof,
                          absl::string_view entry) {
  return Judge(vkey, proof, LeafHash(Std(entry)), "the entry");
}

}  // namespace vidimus
