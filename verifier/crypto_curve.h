// The seam to the group of Ed25519 and to SHA-512: what the verifiable random
// function (vrf.h) needs beyond crypto.h. crypto_curve.cc is the one
// implementation, for native code and wasm32 alike. Pure functions, safe from
// any thread; none allocates.
//
// Scalars are 32 bytes, little-endian; q = 2^252 +
// 27742317777372353535851937790883648493 is the order of the base point B.
#ifndef VERIFIER_CRYPTO_CURVE_H_
#define VERIFIER_CRYPTO_CURVE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace vidimus {

inline constexpr size_t kPointBytes = 32;
inline constexpr size_t kScalarBytes = 32;
using EncodedPoint = std::array<uint8_t, kPointBytes>;
using Scalar = std::array<uint8_t, kScalarBytes>;
using Hash512 = std::array<uint8_t, 64>;

// SHA-512 (FIPS 180-4) of the parts one after another.
Hash512 Sha512(std::initializer_list<std::string_view> parts);

class CurvePoint;

// A summand of CurvePoint::SumOfPublic: scalar * point, or its opposite.
// `scalar` is below 2^255. Not owned.
struct PublicProduct {
  const Scalar* scalar;
  const CurvePoint* point;
  bool opposite;
};

// A point of the curve. A plain value; whoever computes with a secret wipes
// nothing here, since all that is made of one is published.
class CurvePoint {
 public:
  // The identity.
  CurvePoint();

  // The point that `bytes` encode (RFC 8032, 5.1.3). False unless they are 32
  // bytes and the one canonical encoding of a point; `*point` is then
  // unspecified. In a time that depends on the bytes; about 12 us.
  static bool Decode(std::string_view bytes, CurvePoint* point);

  // scalar * B, for scalars below 2^255, in a time that tells nothing of the
  // scalar.
  static CurvePoint TimesBase(const Scalar& scalar);

  // scalar * this, for any scalar, in a time that tells nothing of the scalar.
  // About 60 us.
  CurvePoint Times(const Scalar& scalar) const;

  // The sum of at most two products, in a time that tells everything of the
  // scalars: for those that are in a proof, never for a secret. About 20 us for
  // one below 2^128, 50 us for two of any size.
  static CurvePoint SumOfPublic(std::initializer_list<PublicProduct> products);

  // this - other.
  CurvePoint Minus(const CurvePoint& other) const;

  // 8 * this: in the group that B generates.
  CurvePoint TimesCofactor() const;

  bool IsIdentity() const;
  EncodedPoint Encode() const;

  // Encodes several at the price of one and a little: `encoded[i]` is that of
  // the i-th. In a time that does not depend on the points.
  static void EncodeAll(std::initializer_list<const CurvePoint*> points,
                        EncodedPoint* encoded);

 private:
  // BoringSSL's coordinates X, Y, Z, T.
  alignas(8) unsigned char state_[160];
};

// Whether `scalar`, 32 bytes, is below q. Not in constant time: for scalars
// that are published.
bool ScalarIsReduced(std::string_view scalar);

// `wide`, 64 bytes little-endian, modulo q, in constant time.
Scalar ReduceScalar(const Hash512& wide);

// (a * b + c) modulo q, in constant time, for a of 16 bytes: a challenge.
Scalar MulAdd(const std::array<uint8_t, 16>& a, const Scalar& b,
              const Scalar& c);

}  // namespace vidimus

#endif  // VERIFIER_CRYPTO_CURVE_H_
