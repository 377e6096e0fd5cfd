// A statement signed by a passkey: an assertion of W3C WebAuthn with ES256. The
// private key never is in the page; what the authenticator signs is its own
// data and the hash of the browser's, which holds our challenge. What we demand
// of it, and why no list of origins: docs/statements.md. Pure functions.
#ifndef VERIFIER_WEBAUTHN_H_
#define VERIFIER_WEBAUTHN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/es256_verify.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/wire.h"

namespace vidimus {

// The table of WebAuthnAssertion in proto/record.proto.
extern const MessageRule kWebAuthnAssertionRule;

inline constexpr size_t kWebAuthnBytesMax = 16384;

// What an assertion says beyond its signature. Recorded with the statement,
// judged by nobody here.
struct WebAuthnAssertion {
  std::string_view rp_id_hash;  // 32 bytes; points into the assertion
  bool user_verified = false;   // by PIN or biometrics, not by touch alone
  uint32_t sign_count = 0;
  std::string origin;
};

// Judges an assertion, the bytes of a WebAuthnAssertion message, by
// `public_key` (65 bytes) for the statement with this challenge
// (StatementChallenge of statement.h). Outcomes and `part` as VerifyKeyBinding
// has them, and the findings of wire.h are kStatementSignatureForm too.
Finding VerifyWebAuthn(std::string_view public_key, const Hash& challenge,
                       std::string_view assertion, Es256Verify es256,
                       WebAuthnAssertion* said, const char** part);

}  // namespace vidimus

#endif  // VERIFIER_WEBAUTHN_H_
