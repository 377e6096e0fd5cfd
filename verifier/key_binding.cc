#include "verifier/key_binding.h"

#include <optional>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/json.h"

namespace vidimus {
namespace {

constexpr std::string_view kType = "kb+jwt";
constexpr std::string_view kAlgorithm = "ES256";
constexpr std::string_view kHashName = "sha-256";

Finding Malformed(const char* what, const char** part) {
  if (part != nullptr) *part = what;
  return Finding::kStatementSignatureForm;
}

// Base64url of an object.
bool ReadPart(std::string_view encoded, std::string* json, JsonObject* object) {
  return Base64UrlDecode(encoded, json) && object->Read(*json);
}

bool IsText(const JsonObject& object, std::string_view name,
            std::string_view expected) {
  const std::string* const text = object.Text(name);
  return text != nullptr && *text == expected;
}

}  // namespace

std::string StatementTransactionData(const Hash& challenge) {
  std::string json =
      "{\"type\":\"urn:vidimus:statement:1\",\"credential_ids\":[\"resident\"],"
      "\"transaction_data_hashes_alg\":[\"sha-256\"],\"challenge\":\"";
  json += Base64UrlEncode(Bytes(challenge));
  json += "\"}";
  return Base64UrlEncode(json);
}

Finding VerifyKeyBinding(std::string_view public_key, const Hash& challenge,
                         std::string_view jwt, Es256Verify es256,
                         KeyBinding* binding, const char** part) {
  if (jwt.size() > kKeyBindingBytesMax) return Malformed("size", part);
  const size_t first = jwt.find('.');
  const size_t second = jwt.rfind('.');
  if (first == std::string_view::npos || first == second ||
      jwt.substr(first + 1, second - first - 1).find('.') !=
          std::string_view::npos) {
    return Malformed("compact form", part);
  }

  std::string header_json, claims_json, signature;
  JsonObject header, claims;
  if (!ReadPart(jwt.substr(0, first), &header_json, &header)) {
    return Malformed("header", part);
  }
  if (!IsText(header, "typ", kType)) return Malformed("typ", part);
  if (!IsText(header, "alg", kAlgorithm)) return Malformed("alg", part);
  // Extensions that a reader must understand; this one knows none.
  if (header.Find("crit") != nullptr) return Malformed("crit", part);

  if (!ReadPart(jwt.substr(first + 1, second - first - 1), &claims_json,
                &claims)) {
    return Malformed("claims", part);
  }
  const JsonValue* const iat = claims.Find("iat");
  const std::optional<uint64_t> issued_at_s =
      iat == nullptr ? std::nullopt : JsonInteger(*iat);
  if (!issued_at_s.has_value()) return Malformed("iat", part);
  const std::string* const audience = claims.Text("aud");
  if (audience == nullptr || audience->empty()) return Malformed("aud", part);
  std::string sd_hash;
  const std::string* const sd_hash_text = claims.Text("sd_hash");
  if (sd_hash_text == nullptr || !Base64UrlDecode(*sd_hash_text, &sd_hash) ||
      sd_hash.size() < kHashBytes) {
    return Malformed("sd_hash", part);
  }
  const std::string* const nonce = claims.Text("nonce");
  if (nonce == nullptr) return Malformed("nonce", part);
  if (claims.Find("transaction_data_hashes_alg") != nullptr &&
      !IsText(claims, "transaction_data_hashes_alg", kHashName)) {
    return Malformed("transaction_data_hashes_alg", part);
  }
  const JsonValue* const hashes = claims.Find("transaction_data_hashes");
  const std::optional<std::vector<std::string>> texts =
      hashes == nullptr ? std::nullopt : JsonTexts(*hashes);
  // One: who agrees to this agrees to nothing else by the same act.
  if (!texts.has_value() || texts->size() != 1) {
    return Malformed("transaction_data_hashes", part);
  }

  if (!Base64UrlDecode(jwt.substr(second + 1), &signature) ||
      signature.size() != kEs256SignatureBytes) {
    return Malformed("signature", part);
  }
  if (*nonce != Base64UrlEncode(Bytes(challenge)) ||
      texts->front() != Base64UrlEncode(Bytes(
                            Sha256({StatementTransactionData(challenge)}))) ||
      public_key.size() != kEs256KeyBytes ||
      !es256(public_key, jwt.substr(0, second), signature)) {
    return Finding::kStatementSignature;
  }
  if (binding != nullptr) {
    binding->audience = *audience;
    binding->issued_at_s = *issued_at_s;
  }
  return Finding::kOk;
}

}  // namespace vidimus
