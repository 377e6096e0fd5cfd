// An administration's signature on a request: one Ed25519 signature for all its
// entries, and a path that shows one of them to have been among them. Pure
// functions. Format and vectors: docs/submission.md.
//
// Signed are "vidimus/v1 submission\n" u8len(origin) a(4) count(4) root, where
// root is the RFC 6962 root over entry_id(16) commitment(32) of each entry.
#ifndef VERIFIER_SUBMISSION_H_
#define VERIFIER_SUBMISSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

inline constexpr size_t kEntryIdBytes = 16;

// The leaf hash of one entry of a request: H(00 entry_id commitment).
// `entry_id` has 16 bytes (CHECK).
Hash SubmissionLeafHash(std::string_view entry_id, const Hash& commitment);

// The root over the leaf hashes of a request, in its order. At least one
// (CHECK).
Hash SubmissionRoot(Path leaf_hashes);

// The inclusion path (merkle.h) of entry `index` < size (CHECK).
std::vector<Hash> SubmissionPath(Path leaf_hashes, uint64_t index);

// What is signed. `origin` has at most 255 bytes, `count` is at least 1
// (CHECK).
std::string SubmissionSignedBytes(std::string_view origin,
                                  uint32_t administration, uint32_t count,
                                  const Hash& root);

// Judges the signature of a request by one entry key: kOk, kSubmissionEmpty or
// kSubmissionSignature. One signature check and one hash an entry.
Finding VerifySubmission(std::string_view entry_key, std::string_view origin,
                         uint32_t administration, Path leaf_hashes,
                         std::string_view signature);

// What an opening keeps of the request that its entry came in.
struct SubmissionEvidence {
  uint32_t index = 0;
  uint32_t count = 0;
  std::vector<Hash> path;
  std::string signature;
};

// Judges by one entry key whether the entry with this leaf hash was in a signed
// request: kOk, kSubmissionEmpty, kSubmissionSignature, or a finding of
// VerifyInclusion on the shape of the path. A path that leads to another root
// shows as kSubmissionSignature, the root being known by its signature alone.
Finding VerifySubmittedEntry(std::string_view entry_key,
                             std::string_view origin, uint32_t administration,
                             const Hash& leaf_hash,
                             const SubmissionEvidence& evidence);

}  // namespace vidimus

#endif  // VERIFIER_SUBMISSION_H_
