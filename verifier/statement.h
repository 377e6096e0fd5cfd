// What a resident says: a grant, a withdrawal, a prohibition, a key. A
// statement is signed by the resident's wallet (or, for first keys and
// recoveries, by an identity service of the register) over bytes that name the
// log's family and the chain, so it counts nowhere else. Pure functions.
// Format and vectors: docs/statements.md; messages: proto/record.proto.
//
// This header says what a statement is and who signed it. Whether it counts in
// its chain is standing.h, what it means for an access verdict.h.
#ifndef VERIFIER_STATEMENT_H_
#define VERIFIER_STATEMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/es256_verify.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/wire.h"

namespace vidimus {

inline constexpr size_t kStatementIdBytes = 16;

// The table of proto/record.proto; that of SignedStatement is in record.h.
extern const MessageRule kStatementRule;

// --- What is signed ----------------------------------------------------------

// The family of a log: its origin without the last element; an origin of one
// element is its own family.
std::string_view FamilyOf(std::string_view origin);

// H(0a u8len(family) u16len(s) a(4) u32len(bytes)); the statement after this
// one in the chain holds it as `previous`. `family` of at most 255 bytes and
// `subject` of at most 65535 (CHECK).
Hash StatementHash(std::string_view family, std::string_view subject,
                   uint32_t administration, std::string_view bytes);

// "vidimus/v1 statement\n" and that hash: 53 bytes.
std::string StatementSignedBytes(const Hash& statement_hash);

// SHA-256 of these bytes: what wallets and passkeys are handed that sign
// something of their own around 32 bytes.
Hash StatementChallenge(const Hash& statement_hash);

// Known kinds of signatures; any other number is one that is not known.
inline constexpr uint32_t kSignatureEd25519 = 1;
inline constexpr uint32_t kSignatureEs256 = 2;
inline constexpr uint32_t kSignatureKeyBinding = 3;  // key_binding.h
inline constexpr uint32_t kSignatureWebAuthn = 4;    // webauthn.h

// Judges a signature of `kind` by `public_key`: Ed25519 and ES256 over the
// signed bytes, the others with the challenge inside. kOk, kStatementSignature,
// kStatementSignatureForm, or kSignatureKindUnknown: nothing can be said, and
// nobody may take it for consent. A null `es256` knows Ed25519 alone.
Finding VerifyStatement(uint32_t kind, std::string_view public_key,
                        const Hash& statement_hash, std::string_view signature,
                        Es256Verify es256);

// --- What is said ------------------------------------------------------------

enum class StatementEvent : uint8_t {
  kGrant,
  kWithdrawal,
  kProhibition,
  kObjection,
  kPreference,
  kDispute,
  kKeyAdd,
  kKeyRevocation,
  kRecovery,
  kDelegation,
  kAlias,
};
inline constexpr int kStatementEventCount = 11;

// "grant", "withdrawal", ... Static storage.
const char* StatementEventName(StatementEvent event);

// What a statement is about; an empty list says nothing of its dimension.
struct Scope {
  std::vector<std::string_view> recipients;
  std::vector<std::string_view> purposes;
  std::vector<std::string_view> data_categories;
  // From the first POSIX second up to and excluding the second.
  uint64_t valid_from_s = 0;
  std::optional<uint64_t> valid_until_s;
};

// How sure it is that the resident meant a grant.
enum class Assurance : uint8_t {
  kNone = 0,
  kWalletKey = 1,
  kStrongSignature = 2,
  kClerk = 3,
};

// Views point into the record.
struct Statement {
  // Where it is filed, and how it is signed.
  std::string_view entry_id;    // 16 bytes
  std::string_view subject;     // s: scheme(1) id, 2 to 255 bytes
  uint32_t administration = 0;  // a; may be kSelf
  std::string_view bytes;       // what was signed, a message of its own
  uint32_t signature_kind = 0;  // not 0; unknown values are kept
  std::string_view signature;   // not empty

  // What the bytes say.
  std::string_view statement_id;  // 16 bytes
  uint64_t sequence = 0;
  std::string_view previous;                 // 32 bytes; empty if sequence is 0
  std::string_view key_id;                   // 16 bytes, or empty and then
  std::optional<uint32_t> identity_service;  // its number in the register
  uint64_t made_at_ms = 0;
  std::string_view language;
  std::string_view words_sha256;  // 32 bytes
  StatementEvent event = StatementEvent::kGrant;

  // Of a grant (purposes and categories at least one each), a prohibition, an
  // objection, a preference, a delegation.
  Scope scope;
  // Of a grant.
  std::vector<uint32_t> administrations;  // at least one, none kSelf
  Assurance assurance = Assurance::kNone;
  std::string_view lawful_basis;
  // Of a withdrawal; at least one of the three says something.
  std::vector<std::string_view> withdrawn;  // statement ids
  bool everything = false;
  std::vector<uint64_t> erase;  // numbers of entries of the chain
  // Of a dispute: the number of the entry in the chain.
  uint64_t entry = 0;
  // Of a key that is added or recovered, and of a delegation.
  uint32_t key_kind = 0;  // not 0; unknown values are kept
  std::string_view public_key;
  // Of a revocation: the id of the key.
  std::string_view revoked;
  // Of a delegation, POSIX seconds.
  uint64_t until_s = 0;
  // Of an alias.
  std::string_view alias;
};

// Parses a record and judges whether it is a statement in full. The signature
// is not judged. kOk, a finding of wire.h, kRecordFieldMissing,
// kRecordFieldInvalid or, for a key, kKeyUnsound; on the last three `*field`,
// if not null, is the field's name (static storage).
Finding ParseStatement(std::string_view record, Statement* statement,
                       const char** field);

}  // namespace vidimus

#endif  // VERIFIER_STATEMENT_H_
