#include "tests/erasure/attacker.h"

#include <openssl/evp.h>

#include <string_view>
#include <utility>

#include "verifier/check.h"

namespace vidimus {
namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kKeyBytes = 32;
constexpr size_t kRowHeadBytes = 1 + 8 + kNonceBytes;
// A test's pages are smaller.
constexpr size_t kPageBytesMax = 16 << 10;
// No log of a test has drawn so many.
constexpr uint64_t kSlotsMax = 1 << 20;

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// AES-256, and what GCM makes of it when nobody asks for the tag.
class Cipher {
 public:
  Cipher(const EVP_CIPHER* kind, std::string_view key)
      : context_(EVP_CIPHER_CTX_new()) {
    CHECK(EVP_EncryptInit_ex(context_, kind, nullptr, Data(key), nullptr) == 1);
    EVP_CIPHER_CTX_set_padding(context_, 0);
  }
  ~Cipher() { EVP_CIPHER_CTX_free(context_); }

  void SetKey(std::string_view key) {
    CHECK(EVP_EncryptInit_ex(context_, nullptr, nullptr, Data(key), nullptr) ==
          1);
  }
  void Encrypt(const uint8_t* from, size_t size, uint8_t* to) {
    int done = 0;
    CHECK(EVP_EncryptUpdate(context_, to, &done, from,
                            static_cast<int>(size)) == 1);
  }
  // Of a counter mode: from the counter block of GCM's first ciphertext block.
  void Decrypt(std::string_view nonce, std::string_view ciphertext,
               uint8_t* to) {
    uint8_t counter[16] = {};
    std::copy(nonce.begin(), nonce.end(), counter);
    counter[15] = 2;
    CHECK(EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, counter) ==
          1);
    Encrypt(Data(ciphertext), ciphertext.size(), to);
  }

 private:
  EVP_CIPHER_CTX* const context_;
};

}  // namespace

Attacker::Attacker(Loot files, std::vector<std::string> keys)
    : files_(std::move(files)), keys_(std::move(keys)) {
  std::set<std::string> nonces;
  for (const auto& [name, bytes] : files_) {
    for (size_t at = 0; at + kRowHeadBytes < bytes.size(); ++at) {
      if (bytes[at] != 1) continue;
      uint64_t slot = 0;
      for (size_t i = 1; i <= 8; ++i) {
        slot = slot << 8 | static_cast<uint8_t>(bytes[at + i]);
      }
      if (slot >= kSlotsMax) continue;
      Row row{bytes.substr(at + 9, kNonceBytes),
              bytes.substr(at + kRowHeadBytes, kPageBytesMax)};
      if (row.nonce.find_first_not_of('\0') == row.nonce.npos) continue;
      if (nonces.insert(row.nonce).second) rows_.push_back(std::move(row));
    }
  }
}

std::set<std::string> Attacker::Find(
    const std::vector<std::string>& secrets) const {
  std::set<std::string> found;
  const auto look = [&](std::string_view text) {
    for (const std::string& secret : secrets) {
      if (text.find(secret) != text.npos) found.insert(secret);
    }
  };
  // The first counter block of each row, one after the other.
  std::string counters;
  for (const Row& row : rows_) {
    counters += row.nonce;
    counters += std::string("\0\0\0\2", 4);
  }
  std::string stream(counters.size(), '\0');
  std::string plain(kPageBytesMax, '\0');
  std::string candidate(kKeyBytes, '\0');
  for (const auto& [name, bytes] : files_) look(bytes);
  for (const std::string& key : keys_) {
    CHECK_EQ(key.size(), kKeyBytes);
    Cipher unwrap(EVP_aes_256_ctr(), key);
    Cipher first(EVP_aes_256_ecb(), key);
    for (const auto& [name, bytes] : files_) {
      const std::string_view view = bytes;
      for (size_t at = 0; at + kNonceBytes + kKeyBytes <= view.size(); ++at) {
        unwrap.Decrypt(view.substr(at, kNonceBytes),
                       view.substr(at + kNonceBytes, kKeyBytes),
                       reinterpret_cast<uint8_t*>(&candidate[0]));
        first.SetKey(candidate);
        first.Encrypt(Data(counters), counters.size(),
                      reinterpret_cast<uint8_t*>(&stream[0]));
        for (size_t i = 0; i < rows_.size(); ++i) {
          // Every page begins with its first request: field 1, of a length.
          if (static_cast<char>(rows_[i].ciphertext[0] ^ stream[16 * i]) !=
              '\x0a') {
            continue;
          }
          Cipher page(EVP_aes_256_ctr(), candidate);
          page.Decrypt(rows_[i].nonce, rows_[i].ciphertext,
                       reinterpret_cast<uint8_t*>(&plain[0]));
          look(std::string_view(plain).substr(0, rows_[i].ciphertext.size()));
        }
      }
    }
  }
  return found;
}

}  // namespace vidimus
