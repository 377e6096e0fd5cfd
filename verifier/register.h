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
extern const MessageRule kProvisionRule;
extern const MessageRule kPurposeRule;
extern const MessageRule kCategoryRule;
extern const MessageRule kAiSystemRule;
extern const MessageRule kAnalysisRule;
extern const MessageRule kCountRule;
extern const MessageRule kIdentityServiceRule;

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

// What a W3C DPV name of a legal basis (without eu-gdpr:) says an access rests
// on.
enum class BasisKind : uint8_t {
  kUnknown,  // a name that is not known here
  kConsent,  // the resident's word: A6-1-a, A9-2-a
  kLaw,      // A6-1-b to f, A9-2-b to j
};
BasisKind KindOfBasis(std::string_view basis);

// The documents of types 2 to 8. Each parser judges as ParseConfig: what its
// struct says must be there, each list of texts with no language twice.

struct Provision {
  std::vector<std::string_view> bases;    // at least one, each of law
  std::string_view citation;              // not empty
  std::vector<LocalizedText> names;       // at least one
  std::vector<uint32_t> administrations;  // at least one, none kSelf
  // Terms of purposes and categories; at least one each, none empty.
  std::vector<std::string_view> purposes;
  std::vector<std::string_view> data_categories;
  bool overrides_prohibition = false;
  uint64_t withholding_max_s = 0;  // 0: nothing may be withheld under it
  // In force from the first POSIX second up to and excluding the second.
  uint64_t valid_from_s = 0;
  std::optional<uint64_t> valid_until_s;
  bool unverified = false;  // nobody compared it with the law
};
Finding ParseProvision(std::string_view message, Provision* provision,
                       const char** field);

struct Purpose {
  std::string_view term;             // not empty
  std::vector<LocalizedText> names;  // at least one
  std::vector<LocalizedText> words;
  std::vector<LocalizedText> benefits;
  bool proactive = false;
};
Finding ParsePurpose(std::string_view message, Purpose* purpose,
                     const char** field);

struct Category {
  std::string_view term;             // not empty
  std::vector<LocalizedText> names;  // at least one
  bool special = false;              // GDPR, Article 9
};
Finding ParseCategory(std::string_view message, Category* category,
                      const char** field);

struct AiSystem {
  std::string_view id;                    // not empty
  std::vector<LocalizedText> names;       // at least one
  std::vector<uint32_t> administrations;  // at least one, none kSelf
  std::string_view address;
  std::string_view oversight;
};
Finding ParseAiSystem(std::string_view message, AiSystem* system,
                      const char** field);

// `k` is at least 2 and at most the cohort if it is k-anonymous, `epsilon`
// stands if it is differentially private.
struct Analysis {
  std::string_view run_id;                        // not empty
  uint32_t administration = 0;                    // not kSelf
  std::string_view purpose;                       // not empty
  std::vector<std::string_view> data_categories;  // at least one, none empty
  uint64_t cohort = 0;                            // not 0
  std::string_view deidentification;
  uint64_t k = 0;
  uint64_t epsilon_millionths = 0;
  std::string_view ai_system_id;
};
Finding ParseAnalysis(std::string_view message, Analysis* analysis,
                      const char** field);

struct Count {
  uint32_t administration = 0;     // not kSelf
  std::string_view source_system;  // not empty
  uint64_t from_s = 0;             // before until_s
  uint64_t until_s = 0;
  uint64_t accesses = 0;
  std::string_view set_hash;  // 32 bytes, or empty
};
Finding ParseCount(std::string_view message, Count* count, const char** field);

struct IdentityService {
  std::vector<LocalizedText> names;    // at least one
  std::vector<std::string_view> keys;  // at least one, 32 bytes each, sound
  std::string_view organisation_id;    // not empty
  std::string_view assurance;          // "low", "substantial", "high"
};
Finding ParseIdentityService(std::string_view message, IdentityService* service,
                             const char** field);

// Judges the message of a document of any type by its parser.
Finding JudgeDocumentMessage(const RegisterId& id, std::string_view message,
                             const char** field);

}  // namespace vidimus

#endif  // VERIFIER_REGISTER_H_
