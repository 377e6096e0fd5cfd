#include "verifier/vrf.h"

#include <cstring>

#include "verifier/crypto.h"

namespace vidimus {
namespace vrf_internal {
namespace {

// suite_string, and the domain separators that frame each hash.
constexpr char kSuite = 3;
constexpr std::string_view kEncodeFront("\x03\x01", 2);
constexpr std::string_view kChallengeFront("\x03\x02", 2);
constexpr std::string_view kOutputFront("\x03\x03", 2);
constexpr std::string_view kBack("\0", 1);
static_assert(kEncodeFront[0] == kSuite && kChallengeFront[0] == kSuite &&
              kOutputFront[0] == kSuite);

}  // namespace

bool EncodeToCurve(std::string_view public_key, std::string_view alpha,
                   CurvePoint* point) {
  for (int counter = 0; counter < 256; ++counter) {
    const char byte = static_cast<char>(counter);
    const Hash512 hash =
        Sha512({kEncodeFront, public_key, alpha, {&byte, 1}, kBack});
    CurvePoint candidate;
    if (!CurvePoint::Decode(View(hash.data(), kPointBytes), &candidate)) {
      continue;
    }
    *point = candidate.TimesCofactor();
    if (!point->IsIdentity()) return true;
  }
  return false;
}

Challenge ChallengeOf(std::string_view public_key, const EncodedPoint& h,
                      const EncodedPoint& gamma, const CurvePoint& u,
                      const CurvePoint& v) {
  const EncodedPoint encoded_u = u.Encode();
  const EncodedPoint encoded_v = v.Encode();
  const Hash512 hash =
      Sha512({kChallengeFront, public_key, View(h.data(), h.size()),
              View(gamma.data(), gamma.size()),
              View(encoded_u.data(), encoded_u.size()),
              View(encoded_v.data(), encoded_v.size()), kBack});
  Challenge challenge;
  std::memcpy(challenge.data(), hash.data(), challenge.size());
  return challenge;
}

VrfOutput OutputOf(const CurvePoint& gamma) {
  const EncodedPoint multiple = gamma.TimesCofactor().Encode();
  return Sha512({kOutputFront, View(multiple.data(), multiple.size()), kBack});
}

}  // namespace vrf_internal

Finding VerifyVrf(std::string_view public_key, std::string_view alpha,
                  std::string_view proof, VrfOutput* beta) {
  using namespace vrf_internal;  // NOLINT: our own steps

  CurvePoint key;
  if (!Ed25519KeyIsSound(public_key) || !CurvePoint::Decode(public_key, &key)) {
    return Finding::kKeyUnsound;
  }

  if (proof.size() != kVrfProofBytes) return Finding::kVrfProofSize;
  Challenge c;
  Scalar s;
  CurvePoint gamma;
  const std::string_view gamma_bytes = proof.substr(0, kPointBytes);
  std::memcpy(c.data(), proof.data() + kPointBytes, c.size());
  std::memcpy(s.data(), proof.data() + kPointBytes + c.size(), s.size());
  if (!CurvePoint::Decode(gamma_bytes, &gamma) ||
      !ScalarIsReduced(View(s.data(), s.size()))) {
    return Finding::kVrfProofMalformed;
  }

  CurvePoint h;
  if (!EncodeToCurve(public_key, alpha, &h)) return Finding::kVrfMismatch;

  // U = s*B - c*Y and V = s*H - c*Gamma.
  Scalar wide_c = {};
  std::memcpy(wide_c.data(), c.data(), c.size());
  const CurvePoint u = CurvePoint::TimesBase(s).Minus(key.Times(wide_c));
  const CurvePoint v = h.Times(s).Minus(gamma.Times(wide_c));
  if (ChallengeOf(public_key, h.Encode(), gamma.Encode(), u, v) != c) {
    return Finding::kVrfMismatch;
  }
  *beta = OutputOf(gamma);
  return Finding::kOk;
}

}  // namespace vidimus
