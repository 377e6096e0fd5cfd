#include "verifier/crypto_curve.h"

#include <cstring>
#include <new>

#include "openssl/curve25519.h"
#include "openssl/mem.h"
#include "openssl/sha.h"

// Written for C and for fewer warnings than ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-qualifiers"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "src/crypto/curve25519/internal.h"
#pragma GCC diagnostic pop

namespace vidimus {
namespace {

const ge_p3& In(const unsigned char* state) {
  return *std::launder(reinterpret_cast<const ge_p3*>(state));
}

void Put(const ge_p3& point, unsigned char* state) { new (state) ge_p3(point); }

// BoringSSL multiplies into three coordinates and computes on with four. A
// completed point stands for X/Z and Y/T, so one with T = Z is the same point,
// and from that the fourth coordinate can be had.
ge_p3 WithFourth(const ge_p2& point) {
  ge_p1p1 completed;
  static_assert(sizeof(fe) == sizeof(fe_loose));
  std::memcpy(&completed.X, &point.X, sizeof(fe));
  std::memcpy(&completed.Y, &point.Y, sizeof(fe));
  std::memcpy(&completed.Z, &point.Z, sizeof(fe));
  std::memcpy(&completed.T, &point.Z, sizeof(fe));
  ge_p3 whole;
  x25519_ge_p1p1_to_p3(&whole, &completed);
  return whole;
}

EncodedPoint Encoded(const ge_p3& point) {
  const ge_p2 projective = {point.X, point.Y, point.Z};
  EncodedPoint bytes;
  x25519_ge_tobytes(bytes.data(), &projective);
  return bytes;
}

constexpr EncodedPoint kIdentity = {1};

// q, little-endian.
constexpr uint8_t kOrder[kScalarBytes] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
    0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

}  // namespace

Hash512 Sha512(std::initializer_list<std::string_view> parts) {
  SHA512_CTX context;
  SHA512_Init(&context);
  for (std::string_view part : parts) {
    SHA512_Update(&context, part.data(), part.size());
  }
  Hash512 hash;
  SHA512_Final(hash.data(), &context);
  OPENSSL_cleanse(&context, sizeof(context));
  return hash;
}

CurvePoint::CurvePoint() {
  static_assert(sizeof(state_) == sizeof(ge_p3));
  static_assert(alignof(ge_p3) <= 8);
  ge_p3 identity;
  x25519_ge_frombytes_vartime(&identity, kIdentity.data());
  Put(identity, state_);
}

bool CurvePoint::Decode(std::string_view bytes, CurvePoint* point) {
  if (bytes.size() != kPointBytes) return false;
  ge_p3 decoded;
  if (!x25519_ge_frombytes_vartime(
          &decoded, reinterpret_cast<const uint8_t*>(bytes.data()))) {
    return false;
  }
  // BoringSSL reads y modulo p and ignores the sign of x = 0; only the one
  // canonical spelling comes back.
  if (std::memcmp(Encoded(decoded).data(), bytes.data(), kPointBytes) != 0) {
    return false;
  }
  Put(decoded, point->state_);
  return true;
}

CurvePoint CurvePoint::TimesBase(const Scalar& scalar) {
  ge_p3 product;
  x25519_ge_scalarmult_base(&product, scalar.data());
  CurvePoint point;
  Put(product, point.state_);
  return point;
}

CurvePoint CurvePoint::Times(const Scalar& scalar) const {
  ge_p2 product;
  x25519_ge_scalarmult(&product, scalar.data(), &In(state_));
  CurvePoint point;
  Put(WithFourth(product), point.state_);
  return point;
}

CurvePoint CurvePoint::Minus(const CurvePoint& other) const {
  ge_cached cached;
  ge_p1p1 completed;
  ge_p3 difference;
  x25519_ge_p3_to_cached(&cached, &In(other.state_));
  x25519_ge_sub(&completed, &In(state_), &cached);
  x25519_ge_p1p1_to_p3(&difference, &completed);
  CurvePoint point;
  Put(difference, point.state_);
  return point;
}

CurvePoint CurvePoint::TimesCofactor() const {
  ge_p3 multiple = In(state_);
  for (int doublings = 0; doublings < 3; ++doublings) {
    ge_cached cached;
    ge_p1p1 sum;
    x25519_ge_p3_to_cached(&cached, &multiple);
    x25519_ge_add(&sum, &multiple, &cached);
    x25519_ge_p1p1_to_p3(&multiple, &sum);
  }
  CurvePoint point;
  Put(multiple, point.state_);
  return point;
}

bool CurvePoint::IsIdentity() const { return Encode() == kIdentity; }

EncodedPoint CurvePoint::Encode() const { return Encoded(In(state_)); }

bool ScalarIsReduced(std::string_view scalar) {
  if (scalar.size() != kScalarBytes) return false;
  for (size_t i = kScalarBytes; i-- > 0;) {
    const auto byte = static_cast<uint8_t>(scalar[i]);
    if (byte != kOrder[i]) return byte < kOrder[i];
  }
  return false;
}

Scalar ReduceScalar(const Hash512& wide) {
  Hash512 reduced = wide;
  x25519_sc_reduce(reduced.data());
  Scalar scalar;
  std::memcpy(scalar.data(), reduced.data(), kScalarBytes);
  OPENSSL_cleanse(reduced.data(), reduced.size());
  return scalar;
}

Scalar MulAdd(const std::array<uint8_t, 16>& a, const Scalar& b,
              const Scalar& c) {
  // Byte by byte: 48 columns of at most 16 products fit 64 bits with ease, and
  // the whole, below 2^385, fits the 64 bytes that are then reduced.
  uint64_t columns[64] = {};
  for (size_t i = 0; i < kScalarBytes; ++i) columns[i] = c[i];
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < kScalarBytes; ++j) {
      columns[i + j] += uint64_t{a[i]} * b[j];
    }
  }
  Hash512 wide;
  uint64_t carry = 0;
  for (size_t i = 0; i < wide.size(); ++i) {
    carry += columns[i];
    wide[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  const Scalar result = ReduceScalar(wide);
  OPENSSL_cleanse(columns, sizeof(columns));
  OPENSSL_cleanse(wide.data(), wide.size());
  return result;
}

}  // namespace vidimus
