// C2SP tlog-proof files: one leaf's inclusion, with the checkpoint that it
// leads to. The public part of our receipts is such a file without `extra`.
// Pure functions. Format and vectors: docs/tlog_proof.md.
#ifndef VERIFIER_TLOG_PROOF_H_
#define VERIFIER_TLOG_PROOF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

struct TlogProof {
  std::optional<std::string> extra;  // bytes nobody vouches for
  uint64_t index = 0;
  std::vector<Hash> path;  // leaf side first, at most 64
  std::string checkpoint;  // the note, with all its signatures
};

// kOk, kProofMalformed, or what SplitNote says of the checkpoint.
Finding ParseTlogProof(std::string_view bytes, TlogProof* proof);
std::string FormatTlogProof(const TlogProof& proof);

// Judges whether the leaf with `leaf_hash` stands in the log of `log_key`: the
// checkpoint's signature and origin, then inclusion. All findings of
// ParseTlogProof, OpenCheckpoint and VerifyInclusion. On kOk `*checkpoint` and
// `*index` are set.
Finding VerifyTlogProof(std::string_view bytes, const Hash& leaf_hash,
                        const VerifierKey& log_key, Checkpoint* checkpoint,
                        uint64_t* index);

}  // namespace vidimus

#endif  // VERIFIER_TLOG_PROOF_H_
