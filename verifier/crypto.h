// The seam to the cryptographic library: everything the verifier needs of it,
// but for the curve's group, which is crypto_curve.h. crypto_boringssl.cc is
// the one implementation, for native code and wasm32 alike, so that both run
// the same curve code. Pure functions, safe from any thread; none allocates.
// benches/merkle.cc measures the costs named here.
#ifndef VERIFIER_CRYPTO_H_
#define VERIFIER_CRYPTO_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "verifier/hash.h"

namespace vidimus {

inline constexpr size_t kEd25519KeyBytes = 32;
inline constexpr size_t kEd25519SignatureBytes = 64;

// SHA-256 (FIPS 180-4) of the parts one after another. About 60 ns a 64-byte
// block with the processor's SHA instructions, 250 ns without.
Hash Sha256(std::initializer_list<std::string_view> parts);
inline Hash Sha256(std::string_view bytes) { return Sha256({bytes}); }

// SHA-256 of the 65 bytes `prefix` left right: a node of a Merkle tree. Two
// blocks, no buffering.
Hash Sha256Node(uint8_t prefix, const Hash& left, const Hash& right);

// SHA-256 fed in pieces.
class Sha256Stream {
 public:
  Sha256Stream();

  void Update(std::string_view bytes);

  // The hash of all that was fed. Afterwards the stream is as new.
  Hash Finish();

 private:
  alignas(8) unsigned char state_[112];
};

// HMAC-SHA256 (RFC 2104) of the parts one after another. `key` may have any
// length; ours have 32 bytes.
Hash HmacSha256(std::string_view key,
                std::initializer_list<std::string_view> parts);

// The same under one key for many messages: what depends on the key alone, two
// blocks of the four of a short message, is hashed once. Wipes what it holds.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(std::string_view key);
  ~HmacSha256Key();
  HmacSha256Key(const HmacSha256Key&) = delete;
  HmacSha256Key& operator=(const HmacSha256Key&) = delete;

  Hash Of(std::initializer_list<std::string_view> parts) const;

 private:
  uint32_t inner_[8];
  uint32_t outer_[8];
};

// Whether `signature` is Ed25519 (RFC 8032) by `public_key` over `message`, as
// BoringSSL and OpenSSL judge it: no cofactor, S below the group order, R
// compared as bytes. False also where key or signature has another length. 40
// to 60 us.
bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature);

// Whether `public_key` may be admitted: 32 bytes, the canonical encoding of a
// point of the curve, and not of small order. Keys are judged where they enter
// (config, register, policy, key entry), not at each signature.
bool Ed25519KeyIsSound(std::string_view public_key);

// Whether `a` and `b` are equal, in a time that depends on their lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace vidimus

#endif  // VERIFIER_CRYPTO_H_
