#include "tests/provider/provider.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/statement_maker.h"
#include "client/wallet.pb.h"
#include "log/sign_in_text.h"
#include "proto/html.h"
#include "proto/json.h"
#include "proto/json_value.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kJson[] = "application/json";
constexpr size_t kSecretBytes = 32;
constexpr size_t kChallengeBytes = 43;  // base64url of a hash
constexpr size_t kGrantsMax = 10000;

using Query = std::map<std::string, std::string>;

std::string ValueOf(const Query& query, const char* name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

HttpResponse NoStore(HttpResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

HttpResponse GoTo(const std::string& location) {
  HttpResponse response(303, "", "");
  response.headers.emplace_back("Location", location);
  return NoStore(std::move(response));
}

HttpResponse TokenError(const char* error) {
  return NoStore(
      HttpResponse(400, kJson, absl::StrCat("{\"error\": \"", error, "\"}\n")));
}

// scheme, host and port of an address.
std::string OriginOf(const std::string& url) {
  const size_t host = url.find("://") + 3;
  return url.substr(0, url.find('/', host));
}

}  // namespace

Provider::Provider(ProviderOptions options, NowS now_s, Draw draw)
    : options_(std::move(options)),
      now_s_(std::move(now_s)),
      draw_(std::move(draw)) {
  auto judge = TokenJudge::Make(
      {{options_.issuer, options_.client_id, "sub", options_.id_scheme, 0}});
  CHECK(judge.ok());
  judge_ = *std::move(judge);
  auto keys = ParseJwks(MakeTryOutJwks(options_.token_seed));
  CHECK(keys.ok());
  judge_->SetKeys(0, *std::move(keys));
}

void Provider::Handle(HttpRequest request, HttpResponder respond) {
  respond(Answer(request));
}

HttpResponse Provider::Answer(const HttpRequest& request) {
  const absl::string_view path = request.path();
  const bool gets = request.method == HttpMethod::kGet;
  const bool posts = request.method == HttpMethod::kPost;
  if (path == "/.well-known/openid-configuration" && gets) {
    return Configuration();
  }
  if (path == "/jwks" && gets) {
    return HttpResponse(200, kJson, MakeTryOutJwks(options_.token_seed));
  }
  if (path == "/style.css" && gets) return QuietStyle();
  if (path == "/authorize" && (gets || posts)) return Authorize(request);
  if (path == "/token" && posts) return Token(request);
  if (path == "/enrol" && posts && !options_.service_seed.empty()) {
    const absl::StatusOr<std::string> statements = Enrol(request);
    return NoStore(statements.ok() ? HttpResponse(200, kJson, *statements)
                                   : ErrorResponse(statements.status()));
  }
  return TextResponse(404, "no such path, or not by this method");
}

HttpResponse Provider::Configuration() const {
  const auto at = [this](const char* path) {
    return JsonQuote(options_.issuer + path);
  };
  return HttpResponse(
      200, kJson,
      absl::StrCat(
          "{\"issuer\": ", at(""), ", \"authorization_endpoint\": ",
          at("/authorize"), ", \"token_endpoint\": ", at("/token"),
          ", \"jwks_uri\": ", at("/jwks"),
          ", \"response_types_supported\": [\"code\"], "
          "\"subject_types_supported\": [\"public\"], "
          "\"id_token_signing_alg_values_supported\": [\"EdDSA\"], "
          "\"scopes_supported\": [\"openid\"], "
          "\"token_endpoint_auth_methods_supported\": [\"none\"], "
          "\"code_challenge_methods_supported\": [\"S256\"], "
          "\"authorization_response_iss_parameter_supported\": true}\n"));
}

HttpResponse Provider::Authorize(const HttpRequest& request) {
  const std::string text(request.query());
  const absl::StatusOr<Query> query = ParseQuery(text);
  // Whoever is not known is sent nowhere.
  if (!query.ok() || ValueOf(*query, "client_id") != options_.client_id ||
      ValueOf(*query, "redirect_uri") != options_.redirect_url) {
    return TextResponse(400, "not a client of this provider");
  }
  const auto back = [&](std::vector<std::pair<std::string, std::string>> what) {
    what.emplace_back("state", ValueOf(*query, "state"));
    what.emplace_back("iss", options_.issuer);
    return GoTo(absl::StrCat(options_.redirect_url, "?", FormatQuery(what)));
  };
  const std::string scope = ValueOf(*query, "scope");
  const std::vector<std::string> scopes = absl::StrSplit(scope, ' ');
  bool asks_for_id = false;
  for (const std::string& one : scopes) asks_for_id |= one == "openid";
  const std::string challenge = ValueOf(*query, "code_challenge");
  if (ValueOf(*query, "response_type") != "code" || !asks_for_id ||
      ValueOf(*query, "code_challenge_method") != "S256" ||
      challenge.size() != kChallengeBytes || ValueOf(*query, "state").empty() ||
      ValueOf(*query, "nonce").empty()) {
    return back({{"error", "invalid_request"}});
  }
  if (request.method == HttpMethod::kGet) return Form(text, false);

  const absl::StatusOr<Query> form = ParseQuery(request.body);
  if (!form.ok()) return Form(text, true);
  if (form->count("deny") > 0) return back({{"error", "access_denied"}});
  const auto resident = options_.residents.find(ValueOf(*form, "resident"));
  if (resident == options_.residents.end() ||
      !ConstantTimeEqual(ValueOf(*form, "passphrase"), resident->second)) {
    return Form(text, true);
  }
  const std::string code = Base64UrlEncode(draw_(kSecretBytes));
  {
    MutexLock lock(&mu_);
    const int64_t now_s = now_s_();
    for (auto grant = grants_.begin(); grant != grants_.end();) {
      grant = grant->second.until_s <= now_s ? grants_.erase(grant)
                                             : std::next(grant);
    }
    if (grants_.size() >= kGrantsMax) {
      return back({{"error", "temporarily_unavailable"}});
    }
    grants_[code] = {resident->first, ValueOf(*query, "nonce"), challenge,
                     now_s + kProviderCodeS};
  }
  return back({{"code", code}});
}

HttpResponse Provider::Form(const std::string& query, bool refused) const {
  HttpResponse response(
      refused ? 403 : 200, "text/html; charset=utf-8",
      absl::StrCat(
          QuietPageBegin("Sign in", "style.css"),
          "<h1>Sign in</h1>\n<p>A provider for trying out: it knows residents "
          "who exist nowhere else.</p>\n",
          refused ? "<p role=\"alert\"><strong>That resident and passphrase do "
                    "not fit together.</strong></p>\n"
                  : "",
          "<form method=\"post\" action=\"authorize?", Escaped(query),
          "\">\n<p><label for=\"resident\">Resident</label><br>\n"
          "<input id=\"resident\" name=\"resident\" size=\"40\" required "
          "autocomplete=\"username\" autocapitalize=\"none\" "
          "spellcheck=\"false\"></p>\n"
          "<p><label for=\"passphrase\">Passphrase</label><br>\n"
          "<input id=\"passphrase\" name=\"passphrase\" type=\"password\" "
          "size=\"40\" autocomplete=\"current-password\"></p>\n"
          "<p><button type=\"submit\">Sign in</button>\n"
          "<button type=\"submit\" name=\"deny\" value=\"1\" formnovalidate>"
          "No, go back</button></p>\n</form>\n",
          QuietPageEnd()));
  // A form's answer may lead to the client: browsers hold that against it.
  response.headers.emplace_back(
      "Content-Security-Policy",
      absl::StrCat("default-src 'none'; style-src 'self'; base-uri 'none'; "
                   "frame-ancestors 'none'; form-action 'self' ",
                   OriginOf(options_.redirect_url)));
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return NoStore(std::move(response));
}

HttpResponse Provider::Token(const HttpRequest& request) {
  const absl::StatusOr<Query> form = ParseQuery(request.body);
  if (!form.ok()) return TokenError("invalid_request");
  if (ValueOf(*form, "grant_type") != "authorization_code") {
    return TokenError("unsupported_grant_type");
  }
  if (ValueOf(*form, "client_id") != options_.client_id) {
    return TokenError("invalid_client");
  }
  Grant grant;
  {
    MutexLock lock(&mu_);
    const auto found = grants_.find(ValueOf(*form, "code"));
    if (found == grants_.end()) return TokenError("invalid_grant");
    // Once, whatever comes of it.
    grant = found->second;
    grants_.erase(found);
  }
  const Hash hash = Sha256(ValueOf(*form, "code_verifier"));
  if (grant.until_s <= now_s_() ||
      ValueOf(*form, "redirect_uri") != options_.redirect_url ||
      !ConstantTimeEqual(Base64UrlEncode(Bytes(hash)), grant.challenge)) {
    return TokenError("invalid_grant");
  }
  return NoStore(HttpResponse(
      200, kJson,
      absl::StrCat("{\"access_token\": ",
                   JsonQuote(Base64UrlEncode(draw_(kSecretBytes))),
                   ", \"token_type\": \"Bearer\", \"expires_in\": ",
                   options_.token_lifetime_s,
                   ", \"id_token\": ", JsonQuote(IdToken(grant)), "}\n")));
}

std::string Provider::IdToken(const Grant& grant) const {
  const int64_t now_s = now_s_();
  const std::string claims =
      absl::StrCat("{\"iss\":", JsonQuote(options_.issuer),
                   ",\"aud\":", JsonQuote(options_.client_id),
                   ",\"sub\":", JsonQuote(grant.resident),
                   ",\"nonce\":", JsonQuote(grant.nonce), ",\"iat\":", now_s,
                   ",\"exp\":", now_s + options_.token_lifetime_s, "}");
  const std::string part =
      absl::StrCat(Base64UrlEncode(R"({"alg":"EdDSA","kid":"try-out"})"), ".",
                   Base64UrlEncode(claims));
  return absl::StrCat(
      part, ".",
      Base64UrlEncode(Ed25519Signer(options_.token_seed).Sign(part)));
}

absl::StatusOr<std::string> Provider::Enrol(const HttpRequest& request) const {
  const std::vector<absl::string_view> shown = request.Headers("Authorization");
  if (shown.size() != 1) {
    return absl::UnauthenticatedError("one bearer token is wanted");
  }
  ASSIGN_OR_RETURN(const TokenSubject subject,
                   judge_->Judge({shown[0].data(), shown[0].size()}, now_s_()));
  v1::KeyRequest wanted;
  RETURN_IF_ERROR(FromJson(request.body, &wanted));
  std::string resident(1, static_cast<char>(subject.id_scheme));
  resident += subject.id;
  const absl::StatusOr<v1::KeyStatements> signed_ones =
      SignRequested(wanted, options_.family, resident, options_.service_number,
                    Ed25519Signer(options_.service_seed));
  // For another family or person than the token's.
  if (absl::IsFailedPrecondition(signed_ones.status())) {
    return absl::PermissionDeniedError(signed_ones.status().message());
  }
  RETURN_IF_ERROR(signed_ones);
  return ToJson(*signed_ones);
}

}  // namespace vidimus
