#include "log/sign_in.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "log/sign_in_text.h"
#include "proto/json_value.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

constexpr char kSignIn[] = "/sign-in";
constexpr char kCallback[] = "/sign-in/callback";
constexpr char kSession[] = "/session";
constexpr char kSignOut[] = "/sign-out";
constexpr char kEnrol[] = "/enrol";

constexpr char kJson[] = "application/json";
constexpr char kForm[] = "application/x-www-form-urlencoded";

constexpr size_t kSecretBytes = 32;
constexpr size_t kCodeBytesMax = 2048;
constexpr double kBurstS = 10;
// Of one resident.
constexpr ChainQuotaOptions kEnrolments{0.1, 10};
constexpr uint32_t kTimeoutMsMax = 60000;

// What is made of an attempt's secret tells nothing of it.
std::string Derive(absl::string_view purpose, const std::string& secret) {
  const Hash hash = HmacSha256(
      secret, {"vidimus sign-in ", {purpose.data(), purpose.size()}});
  return Base64UrlEncode(Bytes(hash));
}
std::string State(const std::string& secret) { return Derive("state", secret); }
std::string Nonce(const std::string& secret) { return Derive("nonce", secret); }
std::string PkceVerifier(const std::string& secret) {
  return Derive("verifier", secret);
}
std::string PkceChallenge(const std::string& secret) {
  const Hash hash = Sha256(PkceVerifier(secret));
  return Base64UrlEncode(Bytes(hash));
}

void SetCookie(absl::string_view name, absl::string_view value,
               const char* same_site, int64_t age_s, HttpResponse* response) {
  response->headers.emplace_back(
      "Set-Cookie",
      absl::StrCat(name, "=", value, "; Path=/; Secure; HttpOnly; SameSite=",
                   same_site, "; Max-Age=", age_s));
}

void ForgetAttempt(HttpResponse* response) {
  SetCookie(kAttemptCookie, "", "Lax", 0, response);
}

// For one browser, now.
HttpResponse Private(HttpResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

HttpResponse GoTo(int status, const std::string& location) {
  HttpResponse response(status, "", "");
  response.headers.emplace_back("Location", location);
  return Private(std::move(response));
}

// A browser says which page asks; ours alone may.
absl::Status JudgeOrigin(const HttpRequest& request) {
  const std::vector<absl::string_view> site = request.Headers("Sec-Fetch-Site");
  if (site.size() == 1 && site[0] == "same-origin") return absl::OkStatus();
  return absl::PermissionDeniedError(
      "a cookie speaks for its resident only when a page of this very origin "
      "asks (Sec-Fetch-Site: same-origin)");
}

// The member of a token's claims if it is text.
absl::string_view Claim(const ParsedToken& token, absl::string_view name) {
  const Json* const claim = token.claims.Find(name);
  return claim != nullptr && claim->kind == Json::Kind::kString
             ? absl::string_view(claim->text)
             : absl::string_view();
}

bool IsFor(const ParsedToken& token, const std::string& client) {
  const Json* const audience = token.claims.Find("aud");
  if (audience == nullptr) return false;
  if (audience->kind == Json::Kind::kString) return audience->text == client;
  const bool named =
      std::any_of(audience->items.begin(), audience->items.end(),
                  [&client](const Json& one) { return one.text == client; });
  // Of several, it must be we who asked for it (Core 3.1.3.7).
  return named &&
         (audience->items.size() == 1 || Claim(token, "azp") == client);
}

int64_t ExpiryOf(const ParsedToken& token) {
  uint64_t expires_s = 0;
  const Json* const claim = token.claims.Find("exp");
  // Its judge has read it.
  return claim != nullptr && DecimalDecode(claim->text, &expires_s)
             ? static_cast<int64_t>(expires_s)
             : 0;
}

// One POST to an address that the settings name.
absl::StatusOr<HttpReply> PostTo(
    const SignInOptions& options, const Url& url, size_t answer_bytes_max,
    const char* content_type, const std::string& body,
    const std::vector<std::pair<std::string, std::string>>& headers) {
  HttpClientOptions http;
  http.tls = options.tls;
  http.timeout = options.timeout;
  http.body_bytes_max = answer_bytes_max;
  http.asks_for_gzip = false;
  Url server = url;
  server.path.clear();
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpClient> client,
                   HttpClient::New(std::move(server), http));
  return client->Post(url.path, content_type, body, headers);
}

// --- Settings ----------------------------------------------------------------

absl::Status Wrong(const char* field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("sign_in: ", field, " ", why));
}

absl::StatusOr<Url> ReadUrl(const char* field, const std::string& text) {
  absl::StatusOr<Url> url = ParseUrl(text);
  if (!url.ok()) {
    return Wrong(field, absl::StrCat("\"", text, "\" is no address: ",
                                     std::string(url.status().message())));
  }
  if (!url->is_https) {
    return Wrong(field, absl::StrCat("\"", text, "\" is not https"));
  }
  return url;
}

// A secret that is text: one line in a file that its owner alone may read.
absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadSecretFile("client secret", path));
  const std::string secret(absl::StripSuffix(text, "\n"));
  if (secret.empty() || absl::StrContains(secret, '\n')) {
    return absl::InvalidArgumentError(
        absl::StrCat("client secret ", path, " is not one line"));
  }
  return secret;
}

}  // namespace

const char* SignInOutcomeWord(SignInOutcome outcome) {
  switch (outcome) {
    case SignInOutcome::kDone:
      return "done";
    case SignInOutcome::kExpired:
      return "expired";
    case SignInOutcome::kMixedUp:
      return "mixed-up";
    case SignInOutcome::kDenied:
      return "denied";
    case SignInOutcome::kProvider:
      return "provider";
    case SignInOutcome::kToken:
      return "token";
    case SignInOutcome::kBusy:
      return "busy";
  }
  return "";
}

absl::StatusOr<SignInOptions> ReadSignIn(const v1::Settings& settings,
                                         const LogFolder& folder) {
  const v1::SignIn& block = settings.sign_in();
  SignInOptions options;
  options.issuer = block.issuer();
  options.client_id = block.client_id();
  if (options.issuer.empty() || options.client_id.empty()) {
    return Wrong("issuer and client_id", "must be given");
  }
  const auto& issuers = settings.token_issuer();
  if (std::none_of(issuers.begin(), issuers.end(),
                   [&options](const v1::TokenIssuer& one) {
                     return one.issuer() == options.issuer &&
                            one.audience() == options.client_id;
                   })) {
    return Wrong("client_id",
                 "is the audience of no token_issuer of this issuer, so no id "
                 "token would be believed");
  }
  const std::string& authorization = block.authorization_endpoint();
  const size_t query = authorization.find('?');
  RETURN_IF_ERROR(
      ReadUrl("authorization_endpoint", authorization.substr(0, query)));
  if (query != std::string::npos &&
      !ParseQuery(absl::string_view(authorization).substr(query + 1)).ok()) {
    return Wrong("authorization_endpoint", "has a query that can't be read");
  }
  for (const char c : authorization) {
    if (c <= ' ' || c > '~' || c == '#') {
      return Wrong("authorization_endpoint", "can't stand in a header");
    }
  }
  options.authorization_endpoint =
      absl::StrCat(authorization, query == std::string::npos ? "?" : "&");
  ASSIGN_OR_RETURN(options.token_endpoint,
                   ReadUrl("token_endpoint", block.token_endpoint()));
  ASSIGN_OR_RETURN(const Url redirect,
                   ReadUrl("redirect_url", block.redirect_url()));
  if (redirect.path != kCallback) {
    return Wrong("redirect_url", absl::StrCat("must end in ", kCallback,
                                              ", at the root of the door"));
  }
  options.redirect_url = block.redirect_url();
  options.scope = block.scope();
  const std::vector<absl::string_view> scopes =
      absl::StrSplit(options.scope, ' ');
  if (std::find(scopes.begin(), scopes.end(), "openid") == scopes.end()) {
    return Wrong("scope",
                 "has no `openid`, without which there is no id token");
  }
  if (!block.client_secret_file().empty()) {
    ASSIGN_OR_RETURN(options.client_secret,
                     ReadSecret(folder.Resolve(block.client_secret_file())));
  }
  if (!block.identity_service_url().empty()) {
    ASSIGN_OR_RETURN(
        options.identity_service,
        ReadUrl("identity_service_url", block.identity_service_url()));
  }
  if (!block.ca().empty()) {
    TlsOptions tls;
    ASSIGN_OR_RETURN(tls.ca_pem, ReadFile(folder.Resolve(block.ca())));
    ASSIGN_OR_RETURN(options.tls, TlsContext::NewClient(tls));
  }
  if (block.timeout_ms() == 0 || block.timeout_ms() > kTimeoutMsMax) {
    return Wrong("timeout_ms", "must be 1 to 60,000");
  }
  options.timeout = std::chrono::milliseconds(block.timeout_ms());
  options.per_s = block.per_second();
  return options;
}

// --- Requests ----------------------------------------------------------------

SignIn::SignIn(SignInOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      exchanges_({options_.per_s, options_.per_s * kBurstS}, parts_.clock),
      enrolments_(kEnrolments, parts_.clock),
      work_(options_.threads, options_.waiting_max) {
  auto& family = prometheus::BuildCounter()
                     .Name("vidimus_sign_ins_total")
                     .Help("Residents' sign-ins, by what became of them.")
                     .Register(*parts_.registry);
  for (int i = 0; i < kSignInOutcomes; ++i) {
    counters_[i] = &family.Add(
        {{"outcome", SignInOutcomeWord(static_cast<SignInOutcome>(i))}});
  }
}

SignIn::~SignIn() { stopping_ = true; }

bool SignIn::Takes(absl::string_view path) {
  return path == kSignIn || path == kCallback || path == kSession ||
         path == kSignOut || path == kEnrol;
}

void SignIn::Handle(HttpRequest request, HttpResponder respond) {
  const absl::string_view path = request.path();
  const bool posts = path == kSignOut || path == kEnrol;
  const HttpMethod wanted = posts ? HttpMethod::kPost : HttpMethod::kGet;
  if (request.method != wanted) {
    return respond(WrongMethod(posts ? "POST" : "GET"));
  }
  if (path == kSignIn) return Begin(std::move(respond));
  if (path == kCallback) return Return(request, std::move(respond));
  if (path == kSession) return respond(Session(request));
  if (path == kSignOut) return respond(SignOut(request));
  Enrol(std::move(request), std::move(respond));
}

absl::StatusOr<std::optional<std::string>> SignIn::TokenOf(
    const HttpRequest& request) {
  ASSIGN_OR_RETURN(std::optional<std::string> token,
                   FindCookie(request.Headers("Cookie"), kSessionCookie));
  if (!token.has_value() || token->empty()) return std::nullopt;
  if (!request.Headers("Authorization").empty()) {
    return absl::InvalidArgumentError(
        "the request shows a cookie and an authorization: show the one that is "
        "meant");
  }
  RETURN_IF_ERROR(JudgeOrigin(request));
  return token;
}

void SignIn::Begin(HttpResponder respond) {
  const std::string secret = parts_.random->Draw(kSecretBytes);
  HttpResponse response = GoTo(
      302, absl::StrCat(options_.authorization_endpoint,
                        FormatQuery({{"response_type", "code"},
                                     {"client_id", options_.client_id},
                                     {"redirect_uri", options_.redirect_url},
                                     {"scope", options_.scope},
                                     {"state", State(secret)},
                                     {"nonce", Nonce(secret)},
                                     {"code_challenge", PkceChallenge(secret)},
                                     {"code_challenge_method", "S256"}})));
  // Lax: the way back begins at the provider.
  SetCookie(kAttemptCookie, Base64UrlEncode(secret), "Lax", kAttemptS,
            &response);
  respond(std::move(response));
}

SignIn::Callback SignIn::Judge(const HttpRequest& request) const {
  const auto cookie = FindCookie(request.Headers("Cookie"), kAttemptCookie);
  Callback callback;
  if (!cookie.ok() || !cookie->has_value() ||
      !Base64UrlDecode(**cookie, &callback.secret) ||
      callback.secret.size() != kSecretBytes) {
    callback.outcome = SignInOutcome::kExpired;
    return callback;
  }
  const auto query = ParseQuery(request.query());
  const auto value = [&query](const char* name) {
    const auto found = query->find(name);
    return found == query->end() ? std::string() : found->second;
  };
  // The issuer stands there by RFC 9207, against answers of another provider.
  if (!query.ok() ||
      !ConstantTimeEqual(value("state"), State(callback.secret)) ||
      (query->count("iss") > 0 && value("iss") != options_.issuer)) {
    callback.outcome = SignInOutcome::kMixedUp;
  } else if (query->count("error") > 0) {
    callback.outcome = value("error") == "access_denied"
                           ? SignInOutcome::kDenied
                           : SignInOutcome::kProvider;
  } else {
    callback.code = value("code");
    if (callback.code.empty() || callback.code.size() > kCodeBytesMax) {
      callback.outcome = SignInOutcome::kProvider;
    }
  }
  return callback;
}

void SignIn::Return(const HttpRequest& request, HttpResponder respond) {
  Callback callback = Judge(request);
  if (callback.outcome != SignInOutcome::kDone) {
    return respond(Failed(callback.outcome, ""));
  }
  if (!exchanges_.Take("all").ok()) {
    return respond(Failed(SignInOutcome::kBusy,
                          "more sign-ins than sign_in.per_second allows"));
  }
  auto responder = std::make_shared<HttpResponder>(std::move(respond));
  const absl::Status taken =
      work_.Run([this, responder, callback = std::move(callback)] {
        (*responder)(Exchange(callback));
      });
  if (!taken.ok()) {
    (*responder)(Failed(SignInOutcome::kBusy,
                        "as many sign-ins as can be wait for the provider"));
  }
}

HttpResponse SignIn::Exchange(const Callback& callback) {
  const absl::StatusOr<std::string> token = FetchToken(callback);
  if (!token.ok()) {
    return Failed(SignInOutcome::kProvider, token.status().message());
  }
  const absl::StatusOr<int64_t> valid_s = JudgeToken(*token, callback.secret);
  if (!valid_s.ok()) {
    return Failed(SignInOutcome::kToken, valid_s.status().message());
  }
  counters_[static_cast<int>(SignInOutcome::kDone)]->Increment();
  {
    MutexLock lock(&mu_);
    said_.clear();
  }
  HttpResponse response = GoTo(303, "/");
  SetCookie(kSessionCookie, *token, "Strict", *valid_s, &response);
  ForgetAttempt(&response);
  return response;
}

absl::StatusOr<std::string> SignIn::FetchToken(const Callback& callback) const {
  if (stopping_) return absl::UnavailableError("the server is stopping");
  std::vector<std::pair<std::string, std::string>> form = {
      {"grant_type", "authorization_code"},
      {"code", callback.code},
      {"redirect_uri", options_.redirect_url},
      {"code_verifier", PkceVerifier(callback.secret)}};
  std::vector<std::pair<std::string, std::string>> headers = {
      {"Accept", kJson}};
  if (options_.client_secret.empty()) {
    form.emplace_back("client_id", options_.client_id);
  } else {
    headers.emplace_back(
        "Authorization",
        absl::StrCat("Basic ", Base64Encode(absl::StrCat(
                                   PercentEncode(options_.client_id), ":",
                                   PercentEncode(options_.client_secret)))));
  }
  const absl::StatusOr<HttpReply> reply =
      PostTo(options_, options_.token_endpoint, kProviderAnswerBytesMax, kForm,
             FormatQuery(form), headers);
  RETURN_IF_ERROR(Annotate(reply.status(), "token endpoint"));
  return IdTokenOf(reply->status, reply->body);
}

absl::StatusOr<int64_t> SignIn::JudgeToken(const std::string& token,
                                           const std::string& secret) const {
  if (token.size() > kSessionTokenBytesMax) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the id token has ", token.size(), " bytes, and a cookie holds ",
        kSessionTokenBytesMax, ": let the provider put fewer claims into it"));
  }
  RETURN_IF_ERROR(parts_.tokens->Judge(absl::StrCat("Bearer ", token), NowS()));
  ASSIGN_OR_RETURN(const ParsedToken parsed, ParseToken(token));
  if (Claim(parsed, "iss") != options_.issuer) {
    return absl::UnauthenticatedError("the id token is of another provider");
  }
  if (!IsFor(parsed, options_.client_id)) {
    return absl::UnauthenticatedError("the id token is for another client");
  }
  const absl::string_view nonce = Claim(parsed, "nonce");
  if (!ConstantTimeEqual({nonce.data(), nonce.size()}, Nonce(secret))) {
    return absl::UnauthenticatedError(
        "the id token does not hold the nonce of this sign-in");
  }
  const int64_t valid_s = ExpiryOf(parsed) - NowS();
  if (valid_s <= 0) return absl::UnauthenticatedError("the id token expired");
  return valid_s;
}

HttpResponse SignIn::Failed(SignInOutcome outcome, absl::string_view why) {
  counters_[static_cast<int>(outcome)]->Increment();
  if (!why.empty()) {
    bool is_new = false;
    {
      MutexLock lock(&mu_);
      is_new = said_ != why;
      said_ = std::string(why);
    }
    if (is_new) parts_.say(absl::StrCat("a sign-in failed: ", why));
  }
  HttpResponse response = GoTo(303, absl::StrCat("/?sign-in=failed&reason=",
                                                 SignInOutcomeWord(outcome)));
  // Whoever sends a browser here with an invented answer does not end the
  // attempt that is under way in it.
  if (outcome != SignInOutcome::kMixedUp) ForgetAttempt(&response);
  return response;
}

HttpResponse SignIn::Session(const HttpRequest& request) {
  const auto cookie = FindCookie(request.Headers("Cookie"), kSessionCookie);
  std::string json = "{\"signed_in\": false}\n";
  if (cookie.ok() && cookie->has_value() &&
      parts_.tokens->Judge(absl::StrCat("Bearer ", **cookie), NowS()).ok()) {
    const absl::StatusOr<ParsedToken> token = ParseToken(**cookie);
    if (token.ok()) {
      json = absl::StrCat(
          "{\"signed_in\": true, \"expires_s\": ", ExpiryOf(*token), "}\n");
    }
  }
  return Private(HttpResponse(200, kJson, std::move(json)));
}

HttpResponse SignIn::SignOut(const HttpRequest& request) {
  const absl::Status asked = JudgeOrigin(request);
  if (!asked.ok()) return Private(ErrorResponse(asked));
  HttpResponse response = Private(HttpResponse(204, "", ""));
  SetCookie(kSessionCookie, "", "Strict", 0, &response);
  ForgetAttempt(&response);
  return response;
}

void SignIn::Enrol(HttpRequest request, HttpResponder respond) {
  const auto token = [&]() -> absl::StatusOr<std::string> {
    if (!options_.identity_service.has_value()) {
      return absl::NotFoundError(
          "this server knows no identity service: ask the city where keys are "
          "enrolled");
    }
    RETURN_IF_ERROR(JudgeJsonBody(request));
    ASSIGN_OR_RETURN(const std::optional<std::string> shown, TokenOf(request));
    if (!shown.has_value()) {
      return absl::UnauthenticatedError("nobody is signed in");
    }
    ASSIGN_OR_RETURN(
        const TokenSubject subject,
        parts_.tokens->Judge(absl::StrCat("Bearer ", *shown), NowS()));
    if (request.body.size() > kEnrolBytesMax) {
      return TooLargeError(absl::StrCat("a request of ", request.body.size(),
                                        " bytes (limit ", kEnrolBytesMax, ")"));
    }
    const absl::StatusOr<Json> json = ParseJson(request.body);
    if (!json.ok() || json->kind != Json::Kind::kObject) {
      return absl::InvalidArgumentError(
          "the body is not a JSON object whose names all differ");
    }
    RETURN_IF_ERROR(enrolments_.Take(absl::StrCat(
        std::string(1, static_cast<char>(subject.id_scheme)), subject.id)));
    return *shown;
  }();
  if (!token.ok()) return respond(Private(ErrorResponse(token.status())));
  auto responder = std::make_shared<HttpResponder>(std::move(respond));
  const absl::Status taken = work_.Run(
      [this, responder, token = *token, body = std::move(request.body)] {
        (*responder)(Relay(token, body));
      });
  if (!taken.ok()) (*responder)(Private(ErrorResponse(taken)));
}

HttpResponse SignIn::Relay(const std::string& token,
                           const std::string& body) const {
  const auto answer = [&]() -> absl::StatusOr<std::string> {
    if (stopping_) return absl::UnavailableError("the server is stopping");
    absl::StatusOr<HttpReply> reply = PostTo(
        options_, *options_.identity_service, kEnrolAnswerBytesMax, kJson, body,
        {{"Authorization", absl::StrCat("Bearer ", token)}});
    // What the resident can do nothing about: come back later.
    if (!reply.ok() || reply->status >= 500) {
      return absl::UnavailableError(
          "the identity service does not answer; nothing was signed, or it "
          "will be signed anew");
    }
    RETURN_IF_ERROR(
        Annotate(StatusOfReply(*reply), "the identity service refuses"));
    const absl::StatusOr<Json> json = ParseJson(reply->body);
    if (!json.ok() || json->kind != Json::Kind::kObject) {
      return absl::UnavailableError(
          "the identity service answered what is no JSON object");
    }
    return std::move(reply->body);
  }();
  return Private(answer.ok() ? HttpResponse(200, kJson, *answer)
                             : ErrorResponse(answer.status()));
}

}  // namespace vidimus
