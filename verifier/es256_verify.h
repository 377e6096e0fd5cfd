// ES256 as a seam: ECDSA on P-256 with SHA-256, judged by whoever the caller
// hands in. Native code takes es256.h, a browser its own WebCrypto, so that the
// verifier's module needs no second curve.
#ifndef VERIFIER_ES256_VERIFY_H_
#define VERIFIER_ES256_VERIFY_H_

#include <cstddef>
#include <string_view>

namespace vidimus {

inline constexpr size_t kEs256KeyBytes = 65;  // 04 x y
inline constexpr size_t kEs256SignatureBytes = 64;

// Whether `signature` (r then s, big-endian) is by `public_key` over SHA-256 of
// `message`. Both have the sizes above when our code calls it.
using Es256Verify = bool (*)(std::string_view public_key,
                             std::string_view message,
                             std::string_view signature);

}  // namespace vidimus

#endif  // VERIFIER_ES256_VERIFY_H_
