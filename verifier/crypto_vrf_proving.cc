#include <cstring>

#include "openssl/mem.h"
#include "verifier/check.h"
#include "verifier/vrf_proving.h"

namespace vidimus {

using vrf_internal::View;

VrfProver::VrfProver(std::string_view seed) {
  CHECK_EQ(seed.size(), kVrfSeedBytes);
  // RFC 8032, 5.1.5.
  Hash512 hash = Sha512({seed});
  std::memcpy(secret_.data(), hash.data(), secret_.size());
  std::memcpy(nonce_key_.data(), hash.data() + secret_.size(),
              nonce_key_.size());
  OPENSSL_cleanse(hash.data(), hash.size());
  secret_[0] &= 0xf8;
  secret_[31] &= 0x7f;
  secret_[31] |= 0x40;
  public_key_ = CurvePoint::TimesBase(secret_).Encode();
}

VrfProver::~VrfProver() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(nonce_key_.data(), nonce_key_.size());
}

std::string_view VrfProver::public_key() const {
  return View(public_key_.data(), public_key_.size());
}

std::string VrfProver::Prove(std::string_view alpha, VrfOutput* beta) const {
  return ProofOf(Evaluate(alpha, beta));
}

VrfProver::Evaluation VrfProver::Evaluate(std::string_view alpha,
                                          VrfOutput* beta) const {
  Evaluation evaluation;
  CHECK(vrf_internal::EncodeToCurve(public_key(), alpha, &evaluation.h));
  evaluation.gamma = evaluation.h.Times(secret_);
  *beta = vrf_internal::OutputOf(evaluation.gamma.TimesCofactor().Encode());
  return evaluation;
}

std::string VrfProver::ProofOf(const Evaluation& evaluation) const {
  EncodedPoint encoded[2];
  CurvePoint::EncodeAll({&evaluation.h, &evaluation.gamma}, encoded);
  const EncodedPoint& encoded_h = encoded[0];
  const EncodedPoint& encoded_gamma = encoded[1];

  // The nonce of RFC 8032 (RFC 9381, 5.4.2.2).
  Hash512 hash = Sha512({View(nonce_key_.data(), nonce_key_.size()),
                         View(encoded_h.data(), encoded_h.size())});
  Scalar k = ReduceScalar(hash);
  const CurvePoint u = CurvePoint::TimesBase(k);
  const CurvePoint v = evaluation.h.Times(k);
  EncodedPoint products[2];
  CurvePoint::EncodeAll({&u, &v}, products);
  const vrf_internal::Challenge c = vrf_internal::ChallengeOf(
      public_key(), encoded_h, encoded_gamma, products[0], products[1]);
  const Scalar s = MulAdd(c, secret_, k);
  OPENSSL_cleanse(hash.data(), hash.size());
  OPENSSL_cleanse(k.data(), k.size());

  std::string proof;
  proof.reserve(kVrfProofBytes);
  proof += View(encoded_gamma.data(), encoded_gamma.size());
  proof += View(c.data(), c.size());
  proof += View(s.data(), s.size());
  return proof;
}

}  // namespace vidimus
