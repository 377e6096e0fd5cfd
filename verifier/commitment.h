// What a subject leaf says about its content: nothing, to who lacks the salts.
// Pure functions. Format and vectors: docs/commitment.md.
//
//   envelope(salt, bytes) = H(02 salt(16) bytes)
//   commitment            = H(03 envelope(salt_r, record) envelope(salt_a,
//   actor))
#ifndef VERIFIER_COMMITMENT_H_
#define VERIFIER_COMMITMENT_H_

#include <cstddef>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

inline constexpr size_t kSaltBytes = 16;

// `salt` has 16 bytes (CHECK).
Hash Envelope(std::string_view salt, std::string_view bytes);

Hash CommitmentOfEnvelopes(const Hash& envelope_r, const Hash& envelope_a);

// What opens a commitment; views that someone else owns. Both salts are drawn
// at random by the submitter, also where the actor is empty.
struct Opening {
  std::string_view salt_r;
  std::string_view record;
  std::string_view salt_a;
  std::string_view actor;
};

// Salts have 16 bytes (CHECK). Two hashes over the content and one more.
Hash Commitment(const Opening& opening);

// Judges whether `opening` is what `commitment` stands for: kOk, kSaltSize or
// kCommitmentMismatch.
Finding VerifyOpening(const Hash& commitment, const Opening& opening);

}  // namespace vidimus

#endif  // VERIFIER_COMMITMENT_H_
