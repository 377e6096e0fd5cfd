#include "verifier/commitment.h"

#include "verifier/check.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

constexpr std::string_view kEnvelopePrefix("\x02", 1);
constexpr uint8_t kCommitmentPrefix = 0x03;

}  // namespace

Hash Envelope(std::string_view salt, std::string_view bytes) {
  CHECK_EQ(salt.size(), kSaltBytes);
  return Sha256({kEnvelopePrefix, salt, bytes});
}

Hash CommitmentOfEnvelopes(const Hash& envelope_r, const Hash& envelope_a) {
  return Sha256Node(kCommitmentPrefix, envelope_r, envelope_a);
}

Hash Commitment(const Opening& opening) {
  return CommitmentOfEnvelopes(Envelope(opening.salt_r, opening.record),
                               Envelope(opening.salt_a, opening.actor));
}

Finding VerifyOpening(const Hash& commitment, const Opening& opening) {
  if (opening.salt_r.size() != kSaltBytes ||
      opening.salt_a.size() != kSaltBytes) {
    return Finding::kSaltSize;
  }
  return Commitment(opening) == commitment ? Finding::kOk
                                           : Finding::kCommitmentMismatch;
}

}  // namespace vidimus
