// The public register: documents by which a log and what it records are
// judged. Pure functions. Format and vectors: docs/register.md; messages:
// proto/register.proto.
//
// A document is a 64-byte Ed25519 signature, then a protobuf message read by
// the rules of wire.h. Its key is H(05 type(1) number(4) version(8)), numbers
// and versions dense from 0. Signed are
// "vidimus/v1 register\n" u8len(origin) type(1) number(4) version(8)
// H(message), by the publisher that config names for the type.
#ifndef VERIFIER_REGISTER_H_
#define VERIFIER_REGISTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/wire.h"

namespace vidimus {

enum class RegisterType : uint8_t {
  kConfig = 0,
  kAdministration = 1,
  kProvision = 2,
  kPurpose = 3,
  kCategory = 4,
  kAiSystem = 5,
  kAnalysis = 6,
  kCount = 7,
  kIdentityService = 8,
};
inline constexpr int kRegisterTypeCount = 9;
inline constexpr uint32_t kRegisterNumberMax = 0xfffffffe;
// The administration number of the chain `self`; no document has it.
inline constexpr uint32_t kSelf = 0xffffffff;

struct RegisterId {
  RegisterType type = RegisterType::kConfig;
  uint32_t number = 0;  // at most kRegisterNumberMax; of config 0 only
  uint64_t version = 0;

  friend bool operator==(const RegisterId& a, const RegisterId& b) {
    return a.type == b.type && a.number == b.number && a.version == b.version;
  }
};

// The type that a byte stands for, or nothing beyond identity_service.
std::optional<RegisterType> RegisterTypeFromByte(uint8_t byte);

Hash RegisterKey(const RegisterId& id);

// "register/" and the hash in lower-case hex.
std::string RegisterPath(const Hash& document_hash);
// The hash that such a path names, or nothing.
std::optional<Hash> ParseRegisterPath(std::string_view path);

// A document in its parts; views into its bytes.
struct Document {
  std::string_view signature;  // 64 bytes
  std::string_view message;
};

// kOk or kDocumentTooShort. The message is not judged.
Finding SplitDocument(std::string_view bytes, Document* document);

std::string RegisterSignedBytes(std::string_view origin, const RegisterId& id,
                                std::string_view message);

// Judges a document's signature by `publisher_key`: kOk, kDocumentTooShort or
// kDocumentSignature.
Finding VerifyDocument(std::string_view bytes, std::string_view origin,
                       const RegisterId& id, std::string_view publisher_key);

// The tables of proto/register.proto.
extern const MessageRule kLocalizedTextRule;
extern const MessageRule kConfigRule;
extern const MessageRule kAdministrationRule;

struct LocalizedText {
  std::string_view language;  // "sv", "fi", "en"
  std::string_view text;
};

struct Publisher {
  uint32_t type = 0;            // the RegisterType it signs
  std::string_view public_key;  // 32 bytes, sound
  std::string_view name;
};

struct IdScheme {
  uint32_t scheme = 0;    // 0 to 255, the first byte of s
  std::string_view form;  // the canonical form, by name
};

// Version 0 rules the log for its life and has everything but
// previous_checkpoint and wasm_sha256, with a publisher of config among the
// publishers and at least one id scheme; later versions only add publishers and
// hashes of the WASM. All views point into the message.
struct Config {
  std::string_view origin;
  std::string_view label_key;         // 32 bytes, the VRF public key
  std::vector<Publisher> publishers;  // strictly ascending by type

  uint32_t min_batch = 0;
  uint32_t batch_period_ms = 0;

  uint64_t notice_s = 0;
  uint64_t fresh_s = 0;
  uint64_t late_s = 0;
  uint64_t skew_s = 0;
  uint64_t recovery_s = 0;
  uint64_t keep_min_s = 0;
  uint64_t label_key_until_s = 0;  // POSIX seconds

  std::vector<IdScheme> id_schemes;  // strictly ascending by scheme

  std::string_view previous_checkpoint;  // final cosigned note, or empty
  std::vector<std::string_view> wasm_sha256;

  // The key of the publisher for `type`, or empty.
  std::string_view PublisherKey(RegisterType type) const;
};

// Parses and judges config version `version`. kOk, a finding of wire.h,
// kDocumentFieldMissing, kDocumentFieldInvalid or kKeyUnsound. On the last
// three `*field`, if not null, is the field's name (static storage).
Finding ParseConfig(std::string_view message, uint64_t version, Config* config,
                    const char** field);

struct SourceSystem {
  std::string_view id;
  std::vector<LocalizedText> names;
  bool connected = false;
};

struct Administration {
  std::vector<LocalizedText> names;                      // at least one
  std::vector<std::string_view> certificate_identities;  // SAN URIs
  std::vector<std::string_view> entry_keys;              // 32 bytes each, sound
  std::vector<SourceSystem> source_systems;  // connected and not connected
  std::string_view organisation_id;          // business id, may be empty
};

// Parses and judges an administration's document, as ParseConfig. An
// administration without entry keys can submit nothing, and is well formed.
Finding ParseAdministration(std::string_view message,
                            Administration* administration, const char** field);

}  // namespace vidimus

#endif  // VERIFIER_REGISTER_H_
