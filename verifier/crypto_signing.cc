#include <cstring>

#include "openssl/curve25519.h"
#include "openssl/mem.h"
#include "openssl/rand.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/signing.h"

namespace vidimus {

Ed25519Signer::Ed25519Signer(std::string_view seed) {
  CHECK_EQ(seed.size(), kEd25519SeedBytes);
  uint8_t public_key[kEd25519KeyBytes];
  ED25519_keypair_from_seed(public_key, private_key_.data(),
                            reinterpret_cast<const uint8_t*>(seed.data()));
}

Ed25519Signer::~Ed25519Signer() {
  OPENSSL_cleanse(private_key_.data(), private_key_.size());
}

std::string_view Ed25519Signer::public_key() const {
  return {
      reinterpret_cast<const char*>(private_key_.data()) + kEd25519SeedBytes,
      kEd25519KeyBytes};
}

std::string Ed25519Signer::Sign(std::string_view message) const {
  std::string signature(kEd25519SignatureBytes, '\0');
  CHECK_EQ(ED25519_sign(reinterpret_cast<uint8_t*>(signature.data()),
                        reinterpret_cast<const uint8_t*>(message.data()),
                        message.size(), private_key_.data()),
           1);
  return signature;
}

std::string RandomEd25519Seed() {
  std::string seed(kEd25519SeedBytes, '\0');
  CHECK_EQ(RAND_bytes(reinterpret_cast<uint8_t*>(seed.data()), seed.size()), 1);
  return seed;
}

void WipeBytes(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

Ed25519NoteSigner::Ed25519NoteSigner(std::string_view name, uint8_t type,
                                     std::string_view seed)
    : signer_(seed), key_(MakeVerifierKey(name, type, signer_.public_key())) {}

bool Ed25519NoteSigner::Sign(std::string_view text, uint64_t time_s,
                             std::string* line) const {
  std::string signature;
  if (key_.type == kKeyTypeCosignatureEd25519) {
    AppendBe64(time_s, &signature);
    signature += signer_.Sign(CosignedBytes(time_s, text));
  } else {
    signature = signer_.Sign(text);
  }
  *line = NoteSignatureLine(key_.name, key_.key_id, signature);
  return true;
}

}  // namespace vidimus
