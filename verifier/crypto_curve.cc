#include "verifier/crypto_curve.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "openssl/curve25519.h"
#include "openssl/mem.h"
#include "openssl/sha.h"
#include "verifier/check.h"

// Written for C and for fewer warnings than ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-qualifiers"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "src/crypto/curve25519/internal.h"
// The field's arithmetic, which BoringSSL keeps to itself: the same source.
#if defined(OPENSSL_NO_ASM)
#define FIAT_25519_NO_ASM
#endif
#if defined(BORINGSSL_CURVE25519_64BIT)
#include "src/third_party/fiat/curve25519_64.h"
#else
#include "src/third_party/fiat/curve25519_32.h"
#endif
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

// --- The field ---------------------------------------------------------------
// An fe is what BoringSSL calls tight, an fe_loose may be the sum or difference
// of two.

std::array<uint8_t, 32> Canonical(const fe& value) {
  std::array<uint8_t, 32> bytes;
  fiat_25519_to_bytes(bytes.data(), value.v);
  return bytes;
}

void Multiply(const fe& a, const fe& b, fe* product) {
  fiat_25519_carry_mul(product->v, a.v, b.v);
}

// BoringSSL inverts only in order to encode: of the point (0 : 1 : value) it
// writes down 1 / value. Zero for zero.
fe Inverse(const fe& value) {
  ge_p2 point = {};
  point.Y.v[0] = 1;
  point.Z = value;
  uint8_t bytes[32];
  x25519_ge_tobytes(bytes, &point);
  fe inverse;
  fiat_25519_from_bytes(inverse.v, bytes);
  return inverse;
}

// --- Products in variable time -----------------------------------------------

// 2 * point, as BoringSSL's ge_p2_dbl: X^2, Y^2, 2 Z^2 and (X + Y)^2.
void Double(const ge_p2& point, ge_p1p1* twice) {
  fe xx, yy, zz, both;
  fe_loose loose;
  fiat_25519_carry_square(xx.v, point.X.v);
  fiat_25519_carry_square(yy.v, point.Y.v);
  fiat_25519_carry_square(zz.v, point.Z.v);
  fiat_25519_add(loose.v, zz.v, zz.v);
  fiat_25519_carry(zz.v, loose.v);
  fiat_25519_add(loose.v, point.X.v, point.Y.v);
  fiat_25519_carry_square(both.v, loose.v);

  fe sum, difference;
  fiat_25519_add(twice->Y.v, yy.v, xx.v);
  fiat_25519_sub(twice->Z.v, yy.v, xx.v);
  fiat_25519_carry(sum.v, twice->Y.v);
  fiat_25519_carry(difference.v, twice->Z.v);
  fiat_25519_sub(twice->X.v, both.v, sum.v);
  fiat_25519_sub(twice->T.v, zz.v, difference.v);
}

// A scalar in digits that are zero or odd, from -15 to 15, at least five zeros
// after each that is not; and the odd multiples of its point.
struct Digits {
  static constexpr int kCount = 256;
  static constexpr int kWindow = 5;
  static constexpr int kMultiples = 1 << (kWindow - 2);

  int8_t digits[kCount] = {};
  int top = -1;                     // the highest that is not zero
  ge_cached multiples[kMultiples];  // 1, 3, 5, ... times the point
};

void SetDigits(const PublicProduct& product, const ge_p3& point, Digits* out) {
  // `rest` is the scalar with what the digits below took away: a window of
  // bits, and what the digits before still owe.
  int carry = 0;
  const auto bit = [&product](int i) {
    return i < Digits::kCount
               ? (*product.scalar)[static_cast<size_t>(i) / 8] >> (i % 8) & 1
               : 0;
  };
  for (int i = 0; i < Digits::kCount; ++i) {
    if (bit(i) == carry) continue;
    int window = carry;
    for (int k = 0; k < Digits::kWindow; ++k) window += bit(i + k) << k;
    carry = window >> (Digits::kWindow - 1);
    const int digit = window - (carry << Digits::kWindow);
    out->digits[i] = static_cast<int8_t>(product.opposite ? -digit : digit);
    out->top = i;
    i += Digits::kWindow - 1;
  }

  ge_p1p1 sum;
  ge_p3 twice, multiple = point;
  Double({point.X, point.Y, point.Z}, &sum);
  x25519_ge_p1p1_to_p3(&twice, &sum);
  x25519_ge_p3_to_cached(&out->multiples[0], &point);
  for (int k = 1; k < Digits::kMultiples; ++k) {
    x25519_ge_add(&sum, &twice, &out->multiples[k - 1]);
    x25519_ge_p1p1_to_p3(&multiple, &sum);
    x25519_ge_p3_to_cached(&out->multiples[k], &multiple);
  }
}

// --- Encodings ---------------------------------------------------------------

// Whether 32 bytes spell y below p = 2^255 - 19, and the sign of an x that has
// one: x is 0 if y is 1 or -1. BoringSSL forgives both.
bool IsCanonical(std::string_view bytes) {
  const auto byte = [&bytes](size_t i) {
    return static_cast<uint8_t>(bytes[i]);
  };
  const bool negative = (byte(31) & 0x80) != 0;
  const uint8_t high = byte(31) & 0x7f;
  const uint8_t middle = byte(1);
  if (middle != 0 && middle != 0xff) return true;
  for (size_t i = 2; i < 31; ++i) {
    if (byte(i) != middle) return true;
  }
  if (middle == 0) return high != 0 || byte(0) != 1 || !negative;
  if (high != 0x7f || byte(0) < 0xec) return true;
  return byte(0) == 0xec && !negative;
}

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
  // Spelled out, (0 : 1 : 1) and 0 * 1: decoding it would take a square root,
  // and nearly every step of a proof begins with one of these.
  ge_p3 identity = {};
  identity.Y.v[0] = 1;
  identity.Z.v[0] = 1;
  Put(identity, state_);
}

bool CurvePoint::Decode(std::string_view bytes, CurvePoint* point) {
  if (bytes.size() != kPointBytes || !IsCanonical(bytes)) return false;
  ge_p3 decoded;
  if (!x25519_ge_frombytes_vartime(
          &decoded, reinterpret_cast<const uint8_t*>(bytes.data()))) {
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

CurvePoint CurvePoint::SumOfPublic(
    std::initializer_list<PublicProduct> products) {
  // One row of doublings for all products (Straus).
  constexpr size_t kProductsMax = 2;
  CHECK_LE(products.size(), kProductsMax);
  Digits digits[kProductsMax];
  int top = -1;
  size_t count = 0;
  for (const PublicProduct& product : products) {
    SetDigits(product, In(product.point->state_), &digits[count]);
    top = std::max(top, digits[count++].top);
  }
  CurvePoint result;
  ge_p3 sum = In(result.state_);
  ge_p2 projective = {sum.X, sum.Y, sum.Z};
  for (int i = top; i >= 0; --i) {
    ge_p1p1 next;
    Double(projective, &next);
    for (size_t k = 0; k < count; ++k) {
      const int digit = digits[k].digits[i];
      if (digit == 0) continue;
      x25519_ge_p1p1_to_p3(&sum, &next);
      const ge_cached& multiple = digits[k].multiples[std::abs(digit) / 2];
      if (digit > 0) {
        x25519_ge_add(&next, &sum, &multiple);
      } else {
        x25519_ge_sub(&next, &sum, &multiple);
      }
    }
    if (i > 0) {
      x25519_ge_p1p1_to_p2(&projective, &next);
    } else {
      x25519_ge_p1p1_to_p3(&sum, &next);
    }
  }
  Put(sum, result.state_);
  return result;
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

bool CurvePoint::IsIdentity() const {
  const ge_p3& point = In(state_);
  return Canonical(point.X) == std::array<uint8_t, 32>{} &&
         Canonical(point.Y) == Canonical(point.Z);
}

EncodedPoint CurvePoint::Encode() const { return Encoded(In(state_)); }

void CurvePoint::EncodeAll(std::initializer_list<const CurvePoint*> points,
                           EncodedPoint* encoded) {
  // One inversion, of the product of all Z; each 1 / Z is that times the Z of
  // the others (Montgomery).
  constexpr size_t kPointsMax = 4;
  CHECK_LE(points.size(), kPointsMax);
  CHECK_GT(points.size(), 0u);
  const CurvePoint* const* const all = points.begin();
  fe before[kPointsMax];  // the product of the Z up to and including this
  before[0] = In(all[0]->state_).Z;
  for (size_t i = 1; i < points.size(); ++i) {
    Multiply(before[i - 1], In(all[i]->state_).Z, &before[i]);
  }
  fe rest = Inverse(before[points.size() - 1]);
  for (size_t i = points.size(); i-- > 0;) {
    const ge_p3& point = In(all[i]->state_);
    fe inverse = rest, x, y;
    if (i > 0) {
      Multiply(rest, before[i - 1], &inverse);
      Multiply(rest, point.Z, &rest);
    }
    Multiply(point.X, inverse, &x);
    Multiply(point.Y, inverse, &y);
    encoded[i] = Canonical(y);
    encoded[i][31] ^= static_cast<uint8_t>((Canonical(x)[0] & 1) << 7);
  }
}

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
