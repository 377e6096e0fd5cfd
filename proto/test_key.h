// proto/test_key.h
//
// For tests: the private halves of public_key.h, and what an attacker might
// sign with. Randomness is the system's; a failure ends the test program.
// Implemented over OpenSSL in tls_test_key.cc.

#ifndef VIDIMUS_PROTO_TEST_KEY_H_
#define VIDIMUS_PROTO_TEST_KEY_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace vidimus {

class TestKey {
 public:
  enum class Kind { kP256, kP384, kRsa2048, kRsa1024, kEd25519 };

  explicit TestKey(Kind kind);
  ~TestKey();

  // The public half as a JSON Web Key writes it, big-endian: x and y, or n and
  // e, or x and nothing.
  std::string first() const;
  std::string second() const;

  // A signature as a JSON Web Signature writes it, by the algorithm that the
  // kind of key has: ES256, ES384, RS256 or EdDSA.
  std::string Sign(absl::string_view message) const;

 private:
  struct Impl;
  const Kind kind_;
  const std::unique_ptr<Impl> impl_;
};

// HS256: HMAC-SHA256 under any bytes.
std::string TestHmac(absl::string_view key, absl::string_view message);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_TEST_KEY_H_
