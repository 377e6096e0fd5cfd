#include "verifier/c_api_es256.h"

#include <string_view>

#include "verifier/es256.h"

int vidimus_es256_verify(const char* public_key, size_t public_key_bytes,
                         const char* message, size_t message_bytes,
                         const char* signature, size_t signature_bytes) {
  const auto view = [](const char* at, size_t bytes) {
    return bytes == 0 ? std::string_view() : std::string_view(at, bytes);
  };
  return vidimus::Es256VerifyNative(view(public_key, public_key_bytes),
                                    view(message, message_bytes),
                                    view(signature, signature_bytes))
             ? 1
             : 0;
}
