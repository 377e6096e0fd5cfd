// A statement signed with the key of a wallet for credentials: the key-binding
// JWT of SD-JWT (RFC 9901, section 4.3), as a wallet makes it when it presents
// a credential by OpenID for Verifiable Presentations 1.0 with transaction data
// (sections 8.4 and B.3.3.1). What it signs and what we demand of it:
// docs/statements.md. Pure functions.
#ifndef VERIFIER_KEY_BINDING_H_
#define VERIFIER_KEY_BINDING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/es256_verify.h"
#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

inline constexpr size_t kKeyBindingBytesMax = 16384;

// The string that the wallet is handed as its one element of
// `transaction_data`: base64url of a JSON object that holds the challenge.
// What is hashed into `transaction_data_hashes` is this string itself.
std::string StatementTransactionData(const Hash& challenge);

// What a token says beyond its signature. Recorded with the statement, and
// judged by nobody here: why is in docs/statements.md.
struct KeyBinding {
  std::string audience;
  uint64_t issued_at_s = 0;
};

// Judges a compact JWT by `public_key` (65 bytes) for the statement with this
// challenge (StatementChallenge of statement.h). kOk; kStatementSignatureForm:
// no such token, and then `*part`, if not null, names what is missing or wrong
// (static storage); kStatementSignature: a good token for something else or
// by another key. `binding` may be null. `es256` may not.
Finding VerifyKeyBinding(std::string_view public_key, const Hash& challenge,
                         std::string_view jwt, Es256Verify es256,
                         KeyBinding* binding, const char** part);

}  // namespace vidimus

#endif  // VERIFIER_KEY_BINDING_H_
