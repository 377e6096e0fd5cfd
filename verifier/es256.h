// ES256 for native code: ECDSA on P-256 with SHA-256, by BoringSSL. Apart from
// crypto.h because a browser has its own, and P-256 would double the module.
#ifndef VERIFIER_ES256_H_
#define VERIFIER_ES256_H_

#include <string_view>

namespace vidimus {

// Whether `signature` (r then s, 32 bytes each, big-endian) is ECDSA by
// `public_key` (04 x y, 65 bytes, on the curve) over SHA-256 of `message`.
// False also for other lengths. Safe from any thread. About 100 us.
bool Es256VerifyNative(std::string_view public_key, std::string_view message,
                       std::string_view signature);

}  // namespace vidimus

#endif  // VERIFIER_ES256_H_
