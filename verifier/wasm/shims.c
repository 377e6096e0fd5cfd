/* What BoringSSL's curve25519.c, sha256.c and sha512.c want of the rest of
 * BoringSSL. The verifier draws no randomness: asking for some traps. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/mem.h>
#include <openssl/rand.h>

int RAND_bytes(uint8_t *buf, size_t len) {
  (void)buf;
  (void)len;
  __builtin_trap();
}

void OPENSSL_cleanse(void *ptr, size_t len) {
  memset(ptr, 0, len);
  /* So that the compiler does not leave it out. */
  __asm__ __volatile__("" : : "r"(ptr) : "memory");
}

int CRYPTO_memcmp(const void *in_a, const void *in_b, size_t len) {
  const uint8_t *a = in_a;
  const uint8_t *b = in_b;
  uint8_t difference = 0;
  for (size_t i = 0; i < len; i++) {
    difference |= a[i] ^ b[i];
  }
  return difference;
}

/* Which algorithms were approved is a question of FIPS builds only. */
void FIPS_service_indicator_lock_state(void) {}
void FIPS_service_indicator_unlock_state(void) {}
void FIPS_service_indicator_update_state(void) {}

/* libc++ would print why it aborts, for which it would need a host. */
void abort_message(const char *format, ...) {
  (void)format;
  __builtin_trap();
}
