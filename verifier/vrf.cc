#include "verifier/vrf.h"

#include <cstring>

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
                      const EncodedPoint& gamma, const EncodedPoint& u,
                      const EncodedPoint& v) {
  const Hash512 hash =
      Sha512({kChallengeFront, public_key, View(h.data(), h.size()),
              View(gamma.data(), gamma.size()), View(u.data(), u.size()),
              View(v.data(), v.size()), kBack});
  Challenge challenge;
  std::memcpy(challenge.data(), hash.data(), challenge.size());
  return challenge;
}

VrfOutput OutputOf(const EncodedPoint& multiple) {
  return Sha512({kOutputFront, View(multiple.data(), multiple.size()), kBack});
}

}  // namespace vrf_internal

Finding VerifyVrf(std::string_view public_key, std::string_view alpha,
                  std::string_view proof, VrfOutput* beta) {
  using namespace vrf_internal;  // NOLINT: our own steps

  CurvePoint key;
  if (!CurvePoint::Decode(public_key, &key) ||
      key.TimesCofactor().IsIdentity()) {
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
  const CurvePoint u = CurvePoint::TimesBase(s).Minus(
      CurvePoint::SumOfPublic({{&wide_c, &key, false}}));
  const CurvePoint v =
      CurvePoint::SumOfPublic({{&s, &h, false}, {&wide_c, &gamma, true}});
  const CurvePoint multiple = gamma.TimesCofactor();
  EncodedPoint encoded[4];
  CurvePoint::EncodeAll({&h, &u, &v, &multiple}, encoded);
  EncodedPoint encoded_gamma;  // as it came: that was canonical
  std::memcpy(encoded_gamma.data(), gamma_bytes.data(), kPointBytes);
  if (ChallengeOf(public_key, encoded[0], encoded_gamma, encoded[1],
                  encoded[2]) != c) {
    return Finding::kVrfMismatch;
  }
  *beta = OutputOf(encoded[3]);
  return Finding::kOk;
}

}  // namespace vidimus
