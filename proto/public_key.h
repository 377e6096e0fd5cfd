// proto/public_key.h
//
// Public keys by which others sign tokens, and their signatures: ECDSA on P-256
// with SHA-256, RSA (PKCS #1 v1.5) with SHA-256, Ed25519. The names ES256,
// RS256 and EdDSA of JSON Web Signatures, each for one kind of key: there is no
// way to ask one kind for another's algorithm. Implemented over OpenSSL in
// tls_public_key.cc. What a log signs is not this file's: verifier/crypto.h.

#ifndef VIDIMUS_PROTO_PUBLIC_KEY_H_
#define VIDIMUS_PROTO_PUBLIC_KEY_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

inline constexpr size_t kRsaBitsMin = 2048;
inline constexpr size_t kRsaBitsMax = 8192;

// Immutable; any thread.
class PublicKey {
 public:
  enum class Algorithm { kEs256, kRs256, kEdDsa };

  // A point of P-256 by its coordinates, 32 bytes each. kInvalidArgument if it
  // is not on the curve.
  static absl::StatusOr<PublicKey> FromP256(absl::string_view x,
                                            absl::string_view y);
  // Modulus and exponent, big-endian, without leading zeros. kInvalidArgument
  // for a modulus of fewer bits than kRsaBitsMin or more than kRsaBitsMax, or
  // an exponent that is even, 1 or longer than 4 bytes.
  static absl::StatusOr<PublicKey> FromRsa(absl::string_view modulus,
                                           absl::string_view exponent);
  // 32 bytes.
  static absl::StatusOr<PublicKey> FromEd25519(absl::string_view bytes);

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  Algorithm algorithm() const { return algorithm_; }

  // Whether `signature` is this key's over `message`. ES256: r and s, 32 bytes
  // each; RS256: as long as the modulus; EdDSA: 64 bytes. 30 to 200 us.
  bool Verify(absl::string_view message, absl::string_view signature) const;

 private:
  struct Impl;
  PublicKey(Algorithm algorithm, std::unique_ptr<Impl> impl);

  Algorithm algorithm_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_PUBLIC_KEY_H_
