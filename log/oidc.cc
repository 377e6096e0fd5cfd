#include "log/oidc.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kTryOutKid[] = "try-out";

absl::Status Refused(absl::string_view why) {
  return absl::UnauthenticatedError(absl::StrCat("bearer token: ", why));
}

absl::string_view Absl(std::string_view text) {
  return {text.data(), text.size()};
}

// The text of a member that must be a string if it is there; nothing if it is
// something else.
std::optional<std::string_view> TextOf(const Json* value) {
  if (value == nullptr || value->kind != Json::Kind::kString) {
    return std::nullopt;
  }
  return std::string_view(value->text);
}

bool IsText(const Json* value, absl::string_view text) {
  return value != nullptr && value->kind == Json::Kind::kString &&
         value->text == text;
}

// The one algorithm of a key by the name that tokens call it by.
std::string_view NameOf(PublicKey::Algorithm algorithm) {
  switch (algorithm) {
    case PublicKey::Algorithm::kEs256:
      return "ES256";
    case PublicKey::Algorithm::kRs256:
      return "RS256";
    case PublicKey::Algorithm::kEdDsa:
      return "EdDSA";
  }
  return "";
}

// An integer of seconds since 1970: nothing if it is another kind of number.
std::optional<int64_t> SecondsOf(const Json* value) {
  uint64_t seconds = 0;
  if (value == nullptr || value->kind != Json::Kind::kNumber ||
      !DecimalDecode(value->text, &seconds) || seconds > INT64_MAX / 2) {
    return std::nullopt;
  }
  return static_cast<int64_t>(seconds);
}

// Decodes one part of a token, which must be a JSON object.
absl::StatusOr<Json> ObjectOf(std::string_view part, absl::string_view name) {
  std::string text;
  if (!Base64UrlDecode(part, &text)) {
    return Refused(absl::StrCat(
        "its ", name, " is not base64url in its one spelling, unpadded"));
  }
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok() || json->kind != Json::Kind::kObject) {
    return Refused(absl::StrCat("its ", name,
                                " is not a JSON object whose names all "
                                "differ"));
  }
  return json;
}

// What a header says about how to judge it, if that may be believed at all.
struct Claim {
  std::string_view algorithm;
  std::string kid;
};

absl::StatusOr<Claim> JudgeHeader(const Json& header) {
  // Whoever made the token must not name the key that it is judged by, nor
  // extensions that we would have to know.
  for (const char* name :
       {"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"}) {
    if (header.Find(name) != nullptr) {
      return Refused(absl::StrCat("its header has a member \"", name,
                                  "\", which is never accepted"));
    }
  }
  const Json* const type = header.Find("typ");
  if (type != nullptr) {
    const std::optional<std::string_view> text = TextOf(type);
    if (!text.has_value() ||
        !(absl::EqualsIgnoreCase(Absl(*text), "JWT") ||
          absl::EqualsIgnoreCase(Absl(*text), "at+jwt") ||
          absl::EqualsIgnoreCase(Absl(*text), "application/at+jwt"))) {
      return Refused("its type is neither JWT nor at+jwt");
    }
  }
  const std::optional<std::string_view> algorithm = TextOf(header.Find("alg"));
  if (!algorithm.has_value() ||
      (*algorithm != "ES256" && *algorithm != "RS256" &&
       *algorithm != "EdDSA")) {
    return Refused("its algorithm is not ES256, RS256 or EdDSA");
  }
  const std::optional<std::string_view> kid = TextOf(header.Find("kid"));
  if (!kid.has_value() || kid->empty() || kid->size() > kTokenKidBytesMax) {
    return Refused("its header names no key by a kid");
  }
  return Claim{*algorithm, std::string(*kid)};
}

bool HasAudience(const Json* audience, const std::string& ours) {
  if (audience == nullptr) return false;
  if (audience->kind == Json::Kind::kString) return audience->text == ours;
  if (audience->kind != Json::Kind::kArray) return false;
  const std::vector<Json>& items = audience->items;
  return std::all_of(items.begin(), items.end(),
                     [](const Json& item) {
                       return item.kind == Json::Kind::kString;
                     }) &&
         std::any_of(items.begin(), items.end(),
                     [&ours](const Json& item) { return item.text == ours; });
}

absl::Status JudgeTimes(const Json& claims, int64_t skew_s, int64_t now_s) {
  const std::optional<int64_t> expires_s = SecondsOf(claims.Find("exp"));
  if (!expires_s.has_value()) {
    return Refused("it does not say when it expires, in whole seconds");
  }
  if (now_s - skew_s >= *expires_s) return Refused("it has expired");
  for (const char* name : {"nbf", "iat"}) {
    const Json* const claim = claims.Find(name);
    if (claim == nullptr) continue;
    const std::optional<int64_t> begins_s = SecondsOf(claim);
    if (!begins_s.has_value()) {
      return Refused(
          absl::StrCat("its \"", name, "\" is not a whole number of seconds"));
    }
    if (*begins_s > now_s + skew_s) return Refused("it is not valid yet");
  }
  return absl::OkStatus();
}

// The bytes of a member of a JSON Web Key.
bool KeyPart(const Json& jwk, absl::string_view name, std::string* bytes) {
  const std::optional<std::string_view> text = TextOf(jwk.Find(name));
  return text.has_value() && Base64UrlDecode(*text, bytes);
}

// Whether members that say what the key is for allow it to judge tokens by
// `algorithm`.
bool IsFor(const Json& jwk, absl::string_view algorithm) {
  const Json* const use = jwk.Find("use");
  if (use != nullptr && !IsText(use, "sig")) return false;
  const Json* const alg = jwk.Find("alg");
  if (alg != nullptr && !IsText(alg, algorithm)) return false;
  const Json* const operations = jwk.Find("key_ops");
  return operations == nullptr ||
         std::any_of(operations->items.begin(), operations->items.end(),
                     [](const Json& operation) {
                       return IsText(&operation, "verify");
                     });
}

// The key, or nothing if it is not for us.
absl::StatusOr<std::optional<PublicKey>> KeyOf(const Json& jwk) {
  if (jwk.Find("d") != nullptr || jwk.Find("k") != nullptr ||
      IsText(jwk.Find("kty"), "oct")) {
    return absl::InvalidArgumentError(
        "is secret: a log needs public halves only, and who reads this file "
        "can make tokens");
  }
  std::string first, second;
  absl::StatusOr<PublicKey> key = absl::UnknownError("");
  const Json* const type = jwk.Find("kty");
  const Json* const curve = jwk.Find("crv");
  if (IsText(type, "EC") && IsText(curve, "P-256") && IsFor(jwk, "ES256")) {
    if (!KeyPart(jwk, "x", &first) || !KeyPart(jwk, "y", &second)) {
      return absl::InvalidArgumentError("has no x and y in base64url");
    }
    key = PublicKey::FromP256(first, second);
  } else if (IsText(type, "RSA") && IsFor(jwk, "RS256")) {
    if (!KeyPart(jwk, "n", &first) || !KeyPart(jwk, "e", &second)) {
      return absl::InvalidArgumentError("has no n and e in base64url");
    }
    key = PublicKey::FromRsa(first, second);
  } else if (IsText(type, "OKP") && IsText(curve, "Ed25519") &&
             IsFor(jwk, "EdDSA")) {
    if (!KeyPart(jwk, "x", &first)) {
      return absl::InvalidArgumentError("has no x in base64url");
    }
    key = PublicKey::FromEd25519(first);
  } else {
    return std::nullopt;
  }
  RETURN_IF_ERROR(key);
  return std::optional<PublicKey>(*std::move(key));
}

}  // namespace

absl::StatusOr<ParsedToken> ParseToken(std::string_view token) {
  if (token.size() > kTokenBytesMax) {
    return Refused(absl::StrCat("it has more than ", kTokenBytesMax, " bytes"));
  }
  const size_t first = token.find('.');
  const size_t second =
      first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos ||
      token.find('.', second + 1) != std::string_view::npos) {
    return Refused("it has not the three parts of a signed token");
  }
  ParsedToken parsed;
  ASSIGN_OR_RETURN(parsed.header, ObjectOf(token.substr(0, first), "header"));
  ASSIGN_OR_RETURN(
      parsed.claims,
      ObjectOf(token.substr(first + 1, second - first - 1), "payload"));
  parsed.signed_part = token.substr(0, second);
  if (!Base64UrlDecode(token.substr(second + 1), &parsed.signature)) {
    return Refused(
        "its signature is not base64url in its one spelling, unpadded");
  }
  return parsed;
}

absl::StatusOr<TokenKeys> ParseJwks(std::string_view text) {
  if (text.size() > kJwksBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a key set of ", text.size(), " bytes (limit ", kJwksBytesMax, ")"));
  }
  ASSIGN_OR_RETURN(const Json set, ParseJson(Absl(text)));
  const Json* const list = set.Find("keys");
  if (list == nullptr || list->kind != Json::Kind::kArray) {
    return absl::InvalidArgumentError(
        "not a JSON Web Key Set: an object with an array `keys`");
  }
  if (list->items.size() > kJwksKeysMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a key set of ", list->items.size(), " keys (limit ",
                     kJwksKeysMax, ")"));
  }
  TokenKeys keys;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Json& jwk = list->items[i];
    const std::string place = absl::StrCat("key ", i + 1, " of the set");
    absl::StatusOr<std::optional<PublicKey>> key = KeyOf(jwk);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, " ", std::string(key.status().message())));
    }
    if (!key->has_value()) continue;
    const std::optional<std::string_view> kid = TextOf(jwk.Find("kid"));
    if (!kid.has_value() || kid->empty() || kid->size() > kTokenKidBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          place, " has no kid of 1 to ", kTokenKidBytesMax, " bytes"));
    }
    if (!keys.emplace(std::string(*kid), **std::move(key)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, " has the kid of another one"));
    }
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError(
        "the key set has no key for ES256 (P-256), RS256 or EdDSA (Ed25519)");
  }
  return keys;
}

absl::StatusOr<std::unique_ptr<TokenJudge>> TokenJudge::Make(
    std::vector<TokenIssuer> issuers) {
  for (size_t i = 0; i < issuers.size(); ++i) {
    const TokenIssuer& one = issuers[i];
    if (one.issuer.empty() || one.audience.empty() ||
        one.subject_claim.empty() || one.clock_skew_s < 0) {
      return absl::InvalidArgumentError(
          "an issuer of tokens needs a name, an audience, the claim that names "
          "the subject, and a clock skew of 0 s or more");
    }
    for (size_t j = 0; j < i; ++j) {
      if (issuers[j].issuer == one.issuer &&
          issuers[j].audience == one.audience) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the issuer ", one.issuer, " stands twice with one audience"));
      }
    }
  }
  return std::unique_ptr<TokenJudge>(new TokenJudge(std::move(issuers)));
}

void TokenJudge::SetKeys(size_t issuer, TokenKeys keys) {
  CHECK_LT(issuer, issuers_.size());
  auto shared = std::make_shared<const TokenKeys>(std::move(keys));
  MutexLock lock(&mu_);
  keys_[issuer] = std::move(shared);
}

absl::StatusOr<TokenSubject> TokenJudge::Judge(std::string_view authorization,
                                               int64_t now_s) const {
  constexpr std::string_view kScheme = "Bearer ";
  if (!absl::EqualsIgnoreCase(Absl(authorization.substr(0, kScheme.size())),
                              Absl(kScheme))) {
    return absl::UnauthenticatedError(
        "the authorization is not a bearer token");
  }
  ASSIGN_OR_RETURN(const ParsedToken token,
                   ParseToken(authorization.substr(kScheme.size())));
  ASSIGN_OR_RETURN(const Claim claim, JudgeHeader(token.header));

  // The issuer that it claims chooses the keys; the signature then says
  // whether the claim is true.
  const Json* const name = token.claims.Find("iss");
  const TokenIssuer* issuer = nullptr;
  std::shared_ptr<const TokenKeys> keys;
  bool issuer_known = false;
  for (size_t i = 0; i < issuers_.size(); ++i) {
    if (!IsText(name, issuers_[i].issuer)) continue;
    issuer_known = true;
    if (!HasAudience(token.claims.Find("aud"), issuers_[i].audience)) continue;
    issuer = &issuers_[i];
    MutexLock lock(&mu_);
    keys = keys_[i];
    break;
  }
  if (!issuer_known) return Refused("it is of another issuer");
  if (issuer == nullptr) return Refused("it is meant for another audience");
  if (keys == nullptr) return Refused("the keys of its issuer are not loaded");
  const auto key = keys->find(claim.kid);
  if (key == keys->end()) {
    return Refused("it names a key that its issuer's key set does not have");
  }
  if (claim.algorithm != NameOf(key->second.algorithm())) {
    return Refused("its algorithm is not that of the key it names");
  }
  if (!key->second.Verify(Absl(token.signed_part), token.signature)) {
    return Refused("its signature does not verify");
  }

  RETURN_IF_ERROR(JudgeTimes(token.claims, issuer->clock_skew_s, now_s));
  const std::optional<std::string_view> subject =
      TextOf(token.claims.Find(issuer->subject_claim));
  if (!subject.has_value() || subject->empty() ||
      subject->size() > kTokenSubjectBytesMax) {
    return Refused("the claim that names the subject is missing or no text");
  }
  return TokenSubject{issuer->id_scheme, std::string(*subject)};
}

std::string MakeTryOutJwks(std::string_view seed) {
  const Ed25519Signer signer(seed);
  return absl::StrCat(
      R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", )",
      R"("use": "sig", "kid": ")", kTryOutKid, R"(", "x": ")",
      Base64UrlEncode(signer.public_key()), "\"}]}\n");
}

std::string MakeTryOutToken(std::string_view seed, const TokenIssuer& issuer,
                            std::string_view subject, int64_t now_s,
                            int64_t lifetime_s) {
  const std::string header =
      absl::StrCat(R"({"alg":"EdDSA","kid":")", kTryOutKid, R"("})");
  const std::string claims = absl::StrCat(
      R"({"iss":)", JsonQuote(issuer.issuer), R"(,"aud":)",
      JsonQuote(issuer.audience), ",", JsonQuote(issuer.subject_claim), ":",
      JsonQuote(Absl(subject)), R"(,"iat":)", now_s, R"(,"exp":)",
      now_s + lifetime_s, "}");
  const std::string signed_part =
      absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(claims));
  return absl::StrCat(signed_part, ".",
                      Base64UrlEncode(Ed25519Signer(seed).Sign(signed_part)));
}

}  // namespace vidimus
