// Making proofs of the verifiable random function (vrf.h). Native code only:
// the verifier that runs on a resident's device has no use for a secret key.
#ifndef VERIFIER_VRF_PROVING_H_
#define VERIFIER_VRF_PROVING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/vrf.h"

namespace vidimus {

inline constexpr size_t kVrfSeedBytes = 32;

// A secret key of the function: an Ed25519 seed, as RFC 9381 has it for this
// suite. Wipes what it holds when it goes. Proving is const and safe from
// several threads; about 140 us, in a time that tells nothing about the key
// but, by the number of tries of encode-to-curve, a little about the input,
// which whoever proves knows anyway.
class VrfProver {
 public:
  // From the 32-byte seed of RFC 8032 (CHECK).
  explicit VrfProver(std::string_view seed);
  ~VrfProver();
  VrfProver(const VrfProver&) = delete;
  VrfProver& operator=(const VrfProver&) = delete;

  // 32 bytes; valid as long as the prover.
  std::string_view public_key() const;

  // The 80-byte proof for `alpha`, and its output. The same input gives the
  // same bytes. The caller guards both: whoever has the output has the chain.
  std::string Prove(std::string_view alpha, VrfOutput* beta) const;

  // The same in two steps, of which the first, the output alone, is about half
  // of the work.
  struct Evaluation {
    CurvePoint h, gamma;
  };
  Evaluation Evaluate(std::string_view alpha, VrfOutput* beta) const;
  std::string ProofOf(const Evaluation& evaluation) const;

 private:
  Scalar secret_;                      // x
  std::array<uint8_t, 32> nonce_key_;  // the seed's other half
  EncodedPoint public_key_;            // Y = x*B
};

}  // namespace vidimus

#endif  // VERIFIER_VRF_PROVING_H_
