// Making Ed25519 signatures. Native code only: the verifier that runs on a
// resident's device has no use for private keys. Not for untrusted machines'
// timing either way: BoringSSL's signing runs in constant time.
#ifndef VERIFIER_SIGNING_H_
#define VERIFIER_SIGNING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/crypto.h"
#include "verifier/note.h"

namespace vidimus {

inline constexpr size_t kEd25519SeedBytes = 32;

// An Ed25519 private key. Holds the seed and wipes it when it goes. Signing is
// const and safe from several threads; about 15 us.
class Ed25519Signer {
 public:
  // From the 32-byte seed of RFC 8032 (CHECK).
  explicit Ed25519Signer(std::string_view seed);
  ~Ed25519Signer();
  Ed25519Signer(const Ed25519Signer&) = delete;
  Ed25519Signer& operator=(const Ed25519Signer&) = delete;

  // 32 bytes; valid as long as the signer.
  std::string_view public_key() const;

  // The 64-byte signature over `message`.
  std::string Sign(std::string_view message) const;

 private:
  std::array<uint8_t, 64> private_key_;  // seed, public key
};

// Draws a seed from the operating system's randomness. The caller wipes what it
// keeps (WipeBytes).
std::string RandomEd25519Seed();

// Overwrites a secret where it lies.
void WipeBytes(std::string* secret);

// Makes a note's signature lines: the seam behind which a log's key lies, in a
// file or in a device. Implementations are safe from several threads.
class NoteSigner {
 public:
  virtual ~NoteSigner() = default;

  // The key by which others judge the lines.
  virtual const VerifierKey& key() const = 0;

  // Sets `*line` to a signature line over `text`, a note's text with its final
  // line feed. False if the key cannot be used now (a device that does not
  // answer); the caller then has no signature and stops. `time_s` is the time
  // of a cosignature; a plain signature has none and ignores it.
  virtual bool Sign(std::string_view text, uint64_t time_s,
                    std::string* line) const = 0;
};

// Signs with a key in memory: plain (kKeyTypeEd25519) or with a time
// (kKeyTypeCosignatureEd25519).
class Ed25519NoteSigner : public NoteSigner {
 public:
  // `name` must be a valid key name (CHECK); `seed` as above.
  Ed25519NoteSigner(std::string_view name, uint8_t type, std::string_view seed);

  const VerifierKey& key() const override { return key_; }
  bool Sign(std::string_view text, uint64_t time_s,
            std::string* line) const override;

 private:
  const Ed25519Signer signer_;
  const VerifierKey key_;
};

}  // namespace vidimus

#endif  // VERIFIER_SIGNING_H_
