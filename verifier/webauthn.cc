#include "verifier/webauthn.h"

#include <iterator>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/json.h"

namespace vidimus {
namespace {

// Authenticator data: rpIdHash(32) flags(1) signCount(4), then what the flags
// announce (WebAuthn Level 2, section 6.1).
constexpr size_t kFlagsAt = kHashBytes;
constexpr size_t kSignCountAt = kFlagsAt + 1;
constexpr size_t kAuthenticatorDataBytes = kSignCountAt + 4;

constexpr uint8_t kUserPresent = 0x01;
constexpr uint8_t kUserVerified = 0x04;
constexpr uint8_t kAttestedCredential = 0x40;
constexpr uint8_t kExtensions = 0x80;

constexpr FieldRule kFields[] = {
    {1, FieldKind::kBytes, false, "authenticator_data", nullptr},
    {2, FieldKind::kBytes, false, "client_data_json", nullptr},
    {3, FieldKind::kBytes, false, "signature", nullptr},
};

Finding Malformed(const char* what, const char** part) {
  if (part != nullptr) *part = what;
  return Finding::kStatementSignatureForm;
}

}  // namespace

constexpr MessageRule kWebAuthnAssertionRule = {"WebAuthnAssertion", kFields,
                                                std::size(kFields)};

Finding VerifyWebAuthn(std::string_view public_key, const Hash& challenge,
                       std::string_view assertion, Es256Verify es256,
                       WebAuthnAssertion* said, const char** part) {
  if (assertion.size() > kWebAuthnBytesMax) return Malformed("size", part);
  std::string_view parts[std::size(kFields)];
  WireReader reader(kWebAuthnAssertionRule, assertion);
  WireField field;
  while (reader.Next(&field)) parts[field.rule->number - 1] = field.bytes;
  if (reader.finding() != Finding::kOk) return Malformed("message", part);
  const std::string_view authenticator = parts[0], client_data = parts[1],
                         signature = parts[2];

  if (authenticator.size() < kAuthenticatorDataBytes) {
    return Malformed("authenticator_data", part);
  }
  const auto flags = static_cast<uint8_t>(authenticator[kFlagsAt]);
  const bool longer = authenticator.size() > kAuthenticatorDataBytes;
  // A new credential is announced when it is made, never when it signs.
  if ((flags & kAttestedCredential) != 0 ||
      longer != ((flags & kExtensions) != 0)) {
    return Malformed("authenticator_data", part);
  }
  if ((flags & kUserPresent) == 0) return Malformed("user present", part);

  JsonObject client;
  if (!client.Read(client_data)) return Malformed("client_data_json", part);
  const std::string* const type = client.Text("type");
  if (type == nullptr || *type != "webauthn.get") {
    return Malformed("type", part);
  }
  const std::string* const challenge_text = client.Text("challenge");
  if (challenge_text == nullptr) return Malformed("challenge", part);
  const std::string* const origin = client.Text("origin");
  if (origin == nullptr || origin->empty()) return Malformed("origin", part);
  // Inside of another site's page nobody knows what was on the screen.
  const JsonValue* const cross_origin = client.Find("crossOrigin");
  if (cross_origin != nullptr && cross_origin->raw != "false") {
    return Malformed("crossOrigin", part);
  }
  if (signature.size() != kEs256SignatureBytes) {
    return Malformed("signature", part);
  }

  std::string message(authenticator);
  message += Bytes(Sha256({client_data}));
  if (*challenge_text != Base64UrlEncode(Bytes(challenge)) ||
      public_key.size() != kEs256KeyBytes ||
      !es256(public_key, message, signature)) {
    return Finding::kStatementSignature;
  }
  if (said != nullptr) {
    said->rp_id_hash = authenticator.substr(0, kHashBytes);
    said->user_verified = (flags & kUserVerified) != 0;
    said->sign_count = Be32(authenticator.substr(kSignCountAt));
    said->origin = *origin;
  }
  return Finding::kOk;
}

}  // namespace vidimus
