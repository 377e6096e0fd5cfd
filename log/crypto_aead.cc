#include "log/aead.h"
#include "openssl/aead.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// The expanded key of one call.
class Context {
 public:
  explicit Context(std::string_view key) {
    CHECK_EQ(key.size(), kAeadKeyBytes);
    CHECK(EVP_AEAD_CTX_init(&context_, EVP_aead_aes_256_gcm(), Data(key),
                            key.size(), kAeadTagBytes, nullptr) == 1);
  }
  ~Context() { EVP_AEAD_CTX_cleanup(&context_); }
  const EVP_AEAD_CTX* get() const { return &context_; }

 private:
  EVP_AEAD_CTX context_;
};

}  // namespace

std::string AeadSeal(std::string_view key, std::string_view nonce,
                     std::string_view context, std::string_view plain) {
  std::string sealed;
  AppendAeadSeal(key, nonce, context, plain, &sealed);
  return sealed;
}

void AppendAeadSeal(std::string_view key, std::string_view nonce,
                    std::string_view context, std::string_view plain,
                    std::string* out) {
  CHECK_EQ(nonce.size(), kAeadNonceBytes);
  const Context aead(key);
  const size_t begin = out->size();
  out->resize(begin + plain.size() + kAeadTagBytes);
  size_t size = 0;
  CHECK(EVP_AEAD_CTX_seal(
            aead.get(), reinterpret_cast<uint8_t*>(&(*out)[begin]), &size,
            out->size() - begin, Data(nonce), nonce.size(), Data(plain),
            plain.size(), Data(context), context.size()) == 1);
  CHECK_EQ(begin + size, out->size());
}

std::optional<std::string> AeadOpen(std::string_view key,
                                    std::string_view nonce,
                                    std::string_view context,
                                    std::string_view sealed) {
  if (nonce.size() != kAeadNonceBytes || sealed.size() < kAeadTagBytes) {
    return std::nullopt;
  }
  const Context aead(key);
  std::string plain(sealed.size(), '\0');
  size_t size = 0;
  if (EVP_AEAD_CTX_open(aead.get(), reinterpret_cast<uint8_t*>(&plain[0]),
                        &size, plain.size(), Data(nonce), nonce.size(),
                        Data(sealed), sealed.size(), Data(context),
                        context.size()) != 1) {
    return std::nullopt;
  }
  plain.resize(size);
  return plain;
}

}  // namespace vidimus
