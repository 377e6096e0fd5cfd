// The verifiable random function ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, suite
// 3): for a public key, each input has one output, which only the holder of the
// secret key can compute and everybody can check. Chains take their key from it
// (label.h). Pure functions, safe from any thread. Format and vectors:
// docs/label.md. Making proofs is vrf_proving.h.
//
// The public key is validated, which the RFC leaves open (5.4.5): under a key
// of small order an input could have several outputs. Every point must be in
// its canonical encoding, and s below the group order.
#ifndef VERIFIER_VRF_H_
#define VERIFIER_VRF_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/crypto_curve.h"
#include "verifier/finding.h"

namespace vidimus {

inline constexpr size_t kVrfKeyBytes = 32;
inline constexpr size_t kVrfProofBytes = 80;  // Gamma(32) c(16) s(32)
using VrfOutput = Hash512;                    // RFC 9381's beta

// Judges whether `proof` is one for `alpha` under `public_key` and, if so, sets
// `*beta`. kOk, kKeyUnsound, kVrfProofSize, kVrfProofMalformed (Gamma is no
// canonical point, or s is not below the group order) or kVrfMismatch. About
// 140 us, in a time that depends on the proof, which whoever judges it has.
// `alpha` may have any length; it is hashed once or more, twice on average.
Finding VerifyVrf(std::string_view public_key, std::string_view alpha,
                  std::string_view proof, VrfOutput* beta);

// The steps that proving shares with verifying.
namespace vrf_internal {

using Challenge = std::array<uint8_t, 16>;

// encode_to_curve_try_and_increment (5.4.1.1). False if none of the 256 tries
// gives a point, which no input known does. Takes a time that depends on the
// number of tries, and so tells a little about `alpha`.
bool EncodeToCurve(std::string_view public_key, std::string_view alpha,
                   CurvePoint* point);

// challenge_generation (5.4.3) over Y, H, Gamma, U, V.
Challenge ChallengeOf(std::string_view public_key, const EncodedPoint& h,
                      const EncodedPoint& gamma, const EncodedPoint& u,
                      const EncodedPoint& v);

// proof_to_hash (5.2) from 8 * Gamma.
VrfOutput OutputOf(const EncodedPoint& multiple);

inline std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace vrf_internal
}  // namespace vidimus

#endif  // VERIFIER_VRF_H_
