/* For those who have no WebCrypto: settles one ES256 check of c_api.h natively.
 * In libvidimus.so, not in vidimus.wasm. */
#ifndef VERIFIER_C_API_ES256_H_
#define VERIFIER_C_API_ES256_H_

#include <stddef.h>

#include "verifier/c_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 if `signature` (r then s, 64 bytes) is ECDSA by `public_key` (04 x y, 65
 * bytes) on P-256 over SHA-256 of `message`, else 0. Any bytes may be given.
 * Any thread; about 100 us. */
VIDIMUS_API(vidimus_es256_verify)
int vidimus_es256_verify(const char* public_key, size_t public_key_bytes,
                         const char* message, size_t message_bytes,
                         const char* signature, size_t signature_bytes);

#ifdef __cplusplus
}
#endif

#endif /* VERIFIER_C_API_ES256_H_ */
