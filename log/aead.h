// Authenticated encryption for what the log keeps secret: AES-256-GCM
// (NIST SP 800-38D), by BoringSSL. Pure but for Open's and Seal's buffers; any
// thread.
#ifndef VIDIMUS_LOG_AEAD_H_
#define VIDIMUS_LOG_AEAD_H_

#include <optional>
#include <string>
#include <string_view>

namespace vidimus {

inline constexpr size_t kAeadKeyBytes = 32;
inline constexpr size_t kAeadNonceBytes = 12;
inline constexpr size_t kAeadTagBytes = 16;

// Encrypts `plain`; the answer is kAeadTagBytes longer. `key` has
// kAeadKeyBytes, `nonce` kAeadNonceBytes and is never used twice under one key.
// `context` is bound to the ciphertext but not part of it.
std::string AeadSeal(std::string_view key, std::string_view nonce,
                     std::string_view context, std::string_view plain);

// The same at the end of `*out`.
void AppendAeadSeal(std::string_view key, std::string_view nonce,
                    std::string_view context, std::string_view plain,
                    std::string* out);

// Decrypts, or nothing if any of the four differs from what was sealed.
std::optional<std::string> AeadOpen(std::string_view key,
                                    std::string_view nonce,
                                    std::string_view context,
                                    std::string_view sealed);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_AEAD_H_
