// Sign-in against a provider that does what a test wants, over real TLS.

#include "log/sign_in.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "log/log_testing.h"
#include "log/sign_in_text.h"
#include "proto/certificates.h"
#include "proto/mutex.h"
#include "proto/raw_socket.h"
#include "proto/text.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr int64_t kNow = 1767225600;  // FakeClock's
constexpr char kIssuer[] = "https://id.example";
constexpr char kClient[] = "page.example";
constexpr char kResident[] = "00000000-0000-0000-0000-000000000001";
const std::string kSeed(32, 's');

// A browser's view of an answer.
struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // the last of each name
  std::map<std::string, std::string> cookies;  // "" if it was cleared
  std::string all;
  std::string body;
  std::string location() const {
    const auto found = headers.find("Location");
    return found == headers.end() ? "" : found->second;
  }
};

Reply ParseReply(const std::string& bytes) {
  Reply reply;
  reply.all = bytes;
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return reply;
  reply.body = bytes.substr(end + 4);
  for (absl::string_view line : absl::StrSplit(bytes.substr(0, end), "\r\n")) {
    if (absl::StartsWith(line, "HTTP/1.1 ")) {
      reply.status = atoi(std::string(line.substr(9, 3)).c_str());
      continue;
    }
    const std::pair<std::string, std::string> header =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    reply.headers[header.first] = header.second;
    if (header.first != "Set-Cookie") continue;
    const std::string pair = header.second.substr(0, header.second.find(';'));
    reply.cookies[pair.substr(0, pair.find('='))] =
        pair.substr(pair.find('=') + 1);
  }
  return reply;
}

class SignInTest : public testing::Test {
 protected:
  SignInTest() {
    auto judge = TokenJudge::Make({{kIssuer, kClient, "sub", 1, 60},
                                   {"https://other.example", "x", "sub", 1, 60},
                                   {kIssuer, "another", "sub", 1, 60}});
    judge_ = *std::move(judge);
    for (size_t i = 0; i < 3; ++i) {
      judge_->SetKeys(i, *ParseJwks(MakeTryOutJwks(kSeed)));
    }
    const int64_t real_now_s = time(nullptr);
    authority_ = *MakeAuthority("test", real_now_s - 60, real_now_s + 3600);
    CertificateOptions server;
    server.common_name = "provider";
    server.not_before_s = real_now_s - 60;
    server.not_after_s = real_now_s + 3600;
    server.is_server = true;
    server.ip_addresses = {"127.0.0.1"};
    const Certificate certificate = *MakeCertificate(authority_, server);
    TlsOptions tls;
    tls.certificate_chain_pem = certificate.certificate_pem;
    tls.private_key_pem = certificate.private_key_pem;
    HttpServerOptions http;
    http.tls = *TlsContext::NewServer(tls);
    http.threads = 1;
    provider_ = *HttpServer::Start(
        http, [this](HttpRequest request, HttpResponder respond) {
          HttpResponse answer;
          {
            MutexLock lock(&mu_);
            asked_.push_back(request);
            answer = answer_(request);
          }
          respond(std::move(answer));
        });
    TlsOptions client;
    client.ca_pem = authority_.certificate_pem;
    options_.issuer = kIssuer;
    options_.client_id = kClient;
    options_.authorization_endpoint = "https://id.example/authorize?";
    options_.token_endpoint = ProviderUrl("/token");
    options_.redirect_url = "https://page.example/sign-in/callback";
    options_.identity_service = ProviderUrl("/enrol");
    options_.tls = *TlsContext::NewClient(client);
    options_.threads = 1;
    Start();
  }

  ~SignInTest() override {
    door_->Shutdown(std::chrono::seconds(1));
    provider_->Shutdown(std::chrono::seconds(1));
  }

  Url ProviderUrl(const std::string& path) const {
    return *ParseUrl(
        absl::StrCat("https://127.0.0.1:", provider_->port(), path));
  }

  void Start() {
    if (door_ != nullptr) door_->Shutdown(std::chrono::seconds(1));
    door_.reset();
    registry_ = std::make_unique<prometheus::Registry>();
    sign_in_ = std::make_unique<SignIn>(
        options_,
        SignIn::Parts{judge_.get(), &clock_, &random_, registry_.get(),
                      [this](const std::string& why) {
                        MutexLock lock(&mu_);
                        said_.push_back(why);
                      }});
    HttpServerOptions http;
    http.threads = 1;
    door_ = *HttpServer::Start(
        http, [this](HttpRequest request, HttpResponder respond) {
          sign_in_->Handle(std::move(request), std::move(respond));
        });
  }

  Reply Send(const std::string& method, const std::string& target,
             const std::vector<std::string>& headers = {},
             const std::string& body = "") {
    RawSocket socket = RawSocket::Connect(door_->port());
    std::string request = absl::StrCat(method, " ", target,
                                       " HTTP/1.1\r\nHost: x\r\nConnection: "
                                       "close\r\nContent-Length: ",
                                       body.size(), "\r\n");
    for (const std::string& header : headers) {
      absl::StrAppend(&request, header, "\r\n");
    }
    EXPECT_TRUE(socket.Send(absl::StrCat(request, "\r\n", body)));
    return ParseReply(socket.ReadAll());
  }

  // The browser's part of an attempt: what it remembers and brings back.
  struct Attempt {
    std::string cookie, state, nonce, challenge;
  };
  Attempt Begin() {
    const Reply reply = Send("GET", "/sign-in");
    EXPECT_EQ(reply.status, 302);
    const std::string location = reply.location();
    const auto query =
        ParseQuery(absl::string_view(location).substr(location.find('?') + 1));
    EXPECT_TRUE(query.ok());
    return {reply.cookies.at(kAttemptCookie), query->at("state"),
            query->at("nonce"), query->at("code_challenge")};
  }
  Reply Return(const Attempt& attempt, const std::string& query) {
    return Send("GET", absl::StrCat("/sign-in/callback?", query),
                {absl::StrCat("Cookie: other=1; ", kAttemptCookie, "=",
                              attempt.cookie)});
  }
  Reply ReturnWithCode(const Attempt& attempt) {
    return Return(attempt, absl::StrCat("code=c0de&state=", attempt.state));
  }

  static std::string Token(const std::string& claims,
                           const std::string& seed = kSeed) {
    const std::string part =
        absl::StrCat(Base64UrlEncode(R"({"alg":"EdDSA","kid":"try-out"})"), ".",
                     Base64UrlEncode(claims));
    return absl::StrCat(part, ".",
                        Base64UrlEncode(Ed25519Signer(seed).Sign(part)));
  }
  static std::string Claims(const std::string& nonce,
                            const std::string& more = "",
                            const std::string& issuer = kIssuer,
                            const std::string& audience = "\"page.example\"",
                            int64_t expires_s = kNow + 600) {
    return absl::StrCat(R"({"iss":")", issuer, R"(","aud":)", audience,
                        R"(,"sub":")", kResident, R"(","nonce":")", nonce,
                        R"(","iat":)", kNow, R"(,"exp":)", expires_s, more,
                        "}");
  }
  // The provider answers with this from now on.
  void Answer(int status, const std::string& body,
              const std::string& type = "application/json") {
    MutexLock lock(&mu_);
    answer_ = [=](const HttpRequest&) {
      return HttpResponse(status, type, body);
    };
  }
  void AnswerToken(const std::string& token) {
    Answer(200, absl::StrCat(R"({"token_type":"Bearer","access_token":"a",)",
                             R"("id_token":")", token, "\"}"));
  }
  size_t TimesAsked() {
    MutexLock lock(&mu_);
    return asked_.size();
  }

  void ExpectFailed(const Reply& reply, const std::string& reason) {
    EXPECT_EQ(reply.status, 303);
    EXPECT_EQ(reply.location(), "/?sign-in=failed&reason=" + reason);
    EXPECT_EQ(reply.cookies.count(kSessionCookie), 0u) << reply.all;
  }
  // A whole sign-in; the session's cookie.
  std::string SignedIn() {
    const Attempt attempt = Begin();
    AnswerToken(Token(Claims(attempt.nonce)));
    const Reply reply = ReturnWithCode(attempt);
    EXPECT_EQ(reply.location(), "/") << reply.all;
    return reply.cookies.at(kSessionCookie);
  }
  static std::string SessionHeader(const std::string& token) {
    return absl::StrCat("Cookie: ", kSessionCookie, "=", token);
  }

  FakeClock clock_;
  SeededRandom random_{7};
  std::unique_ptr<TokenJudge> judge_;
  Certificate authority_;
  std::unique_ptr<HttpServer> provider_;
  SignInOptions options_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<HttpServer> door_;

  Mutex mu_;
  std::vector<std::string> said_ ABSL_GUARDED_BY(mu_);
  std::vector<HttpRequest> asked_ ABSL_GUARDED_BY(mu_);
  std::function<HttpResponse(const HttpRequest&)> answer_ ABSL_GUARDED_BY(mu_) =
      [](const HttpRequest&) { return HttpResponse(500, "", ""); };
};

TEST_F(SignInTest, SendsABrowserToTheProvider) {
  const Reply reply = Send("GET", "/sign-in");
  EXPECT_EQ(reply.status, 302);
  EXPECT_TRUE(absl::StartsWith(
      reply.location(),
      "https://id.example/authorize?response_type=code&client_id=page.example&"
      "redirect_uri=https%3A%2F%2Fpage.example%2Fsign-in%2Fcallback&"
      "scope=openid&state="))
      << reply.location();
  EXPECT_TRUE(absl::EndsWith(reply.location(), "&code_challenge_method=S256"));
  EXPECT_EQ(reply.headers.at("Cache-Control"), "no-store");
  EXPECT_TRUE(
      absl::EndsWith(reply.headers.at("Set-Cookie"),
                     "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"));
  EXPECT_FALSE(
      absl::StrContains(reply.location(), reply.cookies.at(kAttemptCookie)));
}

TEST_F(SignInTest, EachAttemptHasSecretsOfItsOwn) {
  const Attempt one = Begin(), two = Begin();
  EXPECT_NE(one.cookie, two.cookie);
  EXPECT_NE(one.state, two.state);
  EXPECT_NE(one.nonce, two.nonce);
  EXPECT_NE(one.challenge, two.challenge);
}

TEST_F(SignInTest, ExchangesTheCodeAndSetsACookieThatNoScriptReads) {
  const Attempt attempt = Begin();
  const std::string token = Token(Claims(attempt.nonce));
  AnswerToken(token);
  const Reply reply = ReturnWithCode(attempt);
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(reply.location(), "/");
  EXPECT_EQ(reply.headers.at("Cache-Control"), "no-store");
  EXPECT_TRUE(absl::StrContains(
      reply.all, absl::StrCat("Set-Cookie: __Host-vidimus=", token,
                              "; Path=/; Secure; HttpOnly; SameSite=Strict; "
                              "Max-Age=600\r\n")))
      << reply.all;
  EXPECT_EQ(reply.cookies.at(kAttemptCookie), "");

  MutexLock lock(&mu_);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].target, "/token");
  const auto form = ParseQuery(asked_[0].body);
  ASSERT_TRUE(form.ok());
  EXPECT_EQ(form->at("grant_type"), "authorization_code");
  EXPECT_EQ(form->at("code"), "c0de");
  EXPECT_EQ(form->at("client_id"), kClient);
  EXPECT_EQ(form->at("redirect_uri"), options_.redirect_url);
  const Hash hash = Sha256(form->at("code_verifier"));
  EXPECT_EQ(Base64UrlEncode(Bytes(hash)), attempt.challenge);
  EXPECT_TRUE(said_.empty());
}

TEST_F(SignInTest, AConfidentialClientShowsItsSecretInTheHeader) {
  options_.client_secret = "p:ss w";
  Start();
  SignedIn();
  MutexLock lock(&mu_);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].Header("Authorization"),
            "Basic " + Base64Encode("page.example:p%3Ass%20w"));
  EXPECT_FALSE(absl::StrContains(asked_[0].body, "client_id"));
}

// --- Login CSRF, mixed-up and replayed answers
// --------------------------------

TEST_F(SignInTest, RefusesAnAnswerWithoutAnAttemptOfThisBrowser) {
  const Attempt attempt = Begin();
  AnswerToken(Token(Claims(attempt.nonce)));
  ExpectFailed(Send("GET", absl::StrCat("/sign-in/callback?code=c&state=",
                                        attempt.state)),
               "expired");
  ExpectFailed(Return({"c2hvcnQ", "", "", ""}, "code=c&state=x"), "expired");
  EXPECT_EQ(TimesAsked(), 0u);
}

TEST_F(SignInTest, RefusesAnAnswerToAnotherAttempt) {
  const Attempt mine = Begin(), another = Begin();
  AnswerToken(Token(Claims(another.nonce)));
  const Reply reply =
      Return(mine, absl::StrCat("code=c&state=", another.state));
  ExpectFailed(reply, "mixed-up");
  // It does not end the attempt under way.
  EXPECT_EQ(reply.cookies.count(kAttemptCookie), 0u);
  for (const std::string& query :
       {std::string("code=c"), std::string("code=c&state="),
        absl::StrCat("code=c&state=", mine.state, "x"),
        absl::StrCat("code=c&state=", mine.state, "&state=", mine.state),
        absl::StrCat("code=c&code=d&state=", mine.state),
        absl::StrCat("code=%zz&state=", mine.state),
        absl::StrCat("code=c&iss=https%3A%2F%2Fevil.example&state=",
                     mine.state)}) {
    ExpectFailed(Return(mine, query), "mixed-up");
  }
  EXPECT_EQ(TimesAsked(), 0u);
}

TEST_F(SignInTest, TakesTheProvidersNameIfItStandsThere) {
  const Attempt attempt = Begin();
  AnswerToken(Token(Claims(attempt.nonce)));
  EXPECT_EQ(Return(attempt, absl::StrCat("code=c&iss=https%3A%2F%2Fid.example"
                                         "&state=",
                                         attempt.state))
                .location(),
            "/");
}

TEST_F(SignInTest, RefusesACodeThatTheProviderRefuses) {
  const Attempt attempt = Begin();
  AnswerToken(Token(Claims(attempt.nonce)));
  EXPECT_EQ(ReturnWithCode(attempt).location(), "/");
  // Again: a provider takes a code once.
  Answer(400, R"({"error": "invalid_grant"})");
  ExpectFailed(ReturnWithCode(attempt), "provider");
  MutexLock lock(&mu_);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0],
            "a sign-in failed: token endpoint: status 400, invalid_grant");
}

TEST_F(SignInTest, TellsWhyAProviderSentNoCode) {
  const Attempt attempt = Begin();
  const Reply reply = Return(
      attempt, absl::StrCat("error=access_denied&state=", attempt.state));
  ExpectFailed(reply, "denied");
  EXPECT_EQ(reply.cookies.at(kAttemptCookie), "");
  ExpectFailed(
      Return(attempt, absl::StrCat("error=server_error&state=", attempt.state)),
      "provider");
  ExpectFailed(Return(attempt, absl::StrCat("state=", attempt.state)),
               "provider");
  ExpectFailed(Return(attempt, absl::StrCat("code=", std::string(2049, 'a'),
                                            "&state=", attempt.state)),
               "provider");
  EXPECT_EQ(TimesAsked(), 0u);
}

// --- Tokens
// ---------------------------------------------------------------------

TEST_F(SignInTest, RefusesTokensThatAreNotOfThisSignIn) {
  const Attempt attempt = Begin();
  const std::string nonce = attempt.nonce;
  const std::string past = Claims(nonce, "", kIssuer, "\"page.example\"", kNow);
  const std::vector<std::pair<const char*, std::string>> tokens = {
      {"another nonce", Token(Claims(Begin().nonce))},
      {"no nonce", Token(Claims(""))},
      {"another key", Token(Claims(nonce), std::string(32, 't'))},
      {"another audience", Token(Claims(nonce, "", kIssuer, "\"stranger\""))},
      {"a known audience, not this client",
       Token(Claims(nonce, "", kIssuer, "\"another\""))},
      {"a known issuer, not this one",
       Token(Claims(nonce, "", "https://other.example", "\"x\""))},
      {"an unknown issuer", Token(Claims(nonce, "", "https://evil.example"))},
      {"for several, asked for by another",
       Token(Claims(nonce, R"(,"azp":"another")", kIssuer,
                    R"(["page.example","another"])"))},
      {"for several, asked for by nobody",
       Token(Claims(nonce, "", kIssuer, R"(["page.example","another"])"))},
      {"expired, within the grace of clocks", Token(past)},
      {"not yet valid",
       Token(Claims(nonce, absl::StrCat(R"(,"nbf":)", kNow + 3600)))},
      {"too large for a cookie",
       Token(Claims(nonce,
                    absl::StrCat(R"(,"x":")", std::string(3000, 'x'), "\"")))},
      {"no token", "a.b.c"},
  };
  for (const auto& [name, token] : tokens) {
    AnswerToken(token);
    const Reply reply = ReturnWithCode(attempt);
    EXPECT_EQ(reply.location(), "/?sign-in=failed&reason=token") << name;
    EXPECT_EQ(reply.cookies.count(kSessionCookie), 0u) << name;
  }
  AnswerToken(Token(Claims(nonce, R"(,"azp":"page.example")", kIssuer,
                           R"(["page.example","another"])")));
  EXPECT_EQ(ReturnWithCode(attempt).location(), "/");
}

TEST_F(SignInTest, MessagesHoldNothingOfAToken) {
  const Attempt attempt = Begin();
  for (const std::string& token :
       {Token(Claims(attempt.nonce, "", "https://secret.example")),
        Token(Claims("secretnonce")), std::string("secret.secret.secret")}) {
    AnswerToken(token);
    ReturnWithCode(attempt);
  }
  Answer(400, R"({"error": "secret", "error_description": "secret"})");
  ReturnWithCode(attempt);
  MutexLock lock(&mu_);
  EXPECT_GE(said_.size(), 3u);
  for (const std::string& line : said_) {
    EXPECT_FALSE(absl::StrContains(line, "secret")) << line;
    EXPECT_FALSE(absl::StrContains(line, kResident)) << line;
    EXPECT_FALSE(absl::StrContains(line, attempt.nonce)) << line;
  }
}

TEST_F(SignInTest, AReasonIsToldOnceUntilItGoesWellAgain) {
  const Attempt attempt = Begin();
  Answer(500, "{}");
  for (int i = 0; i < 3; ++i) ReturnWithCode(attempt);
  {
    MutexLock lock(&mu_);
    EXPECT_EQ(said_.size(), 1u);
  }
  SignedIn();
  Answer(500, "{}");
  ReturnWithCode(attempt);
  MutexLock lock(&mu_);
  EXPECT_EQ(said_.size(), 2u);
}

// --- Providers that misbehave
// -----------------------------------------------------

TEST_F(SignInTest, SurvivesAProviderThatAnswersNonsense) {
  const Attempt attempt = Begin();
  Answer(200, "<html>", "text/html");
  ExpectFailed(ReturnWithCode(attempt), "provider");
  Answer(200, "");
  ExpectFailed(ReturnWithCode(attempt), "provider");
  Answer(302, "{}");
  ExpectFailed(ReturnWithCode(attempt), "provider");
  Answer(200, std::string(kProviderAnswerBytesMax + 1, ' '));
  ExpectFailed(ReturnWithCode(attempt), "provider");
  AnswerToken(std::string(kProviderAnswerBytesMax - 100, 'a'));
  ExpectFailed(ReturnWithCode(attempt), "token");
}

TEST_F(SignInTest, BelievesNoProviderOfAnotherAuthority) {
  const int64_t now_s = time(nullptr);
  TlsOptions client;
  client.ca_pem =
      MakeAuthority("another", now_s - 60, now_s + 60)->certificate_pem;
  options_.tls = *TlsContext::NewClient(client);
  Start();
  const Attempt attempt = Begin();
  AnswerToken(Token(Claims(attempt.nonce)));
  ExpectFailed(ReturnWithCode(attempt), "provider");
  EXPECT_EQ(TimesAsked(), 0u);
}

TEST_F(SignInTest, WaitsForNoProviderForEver) {
  RawListener silent;
  options_.token_endpoint =
      *ParseUrl(absl::StrCat("https://127.0.0.1:", silent.port(), "/token"));
  options_.timeout = std::chrono::milliseconds(200);
  Start();
  const Attempt attempt = Begin();
  ExpectFailed(ReturnWithCode(attempt), "provider");
}

TEST_F(SignInTest, OutsidersMakeUsCallTheProviderOnlySoOften) {
  options_.per_s = 0.1;  // and one at once
  Start();
  const Attempt attempt = Begin();
  Answer(500, "{}");
  ExpectFailed(ReturnWithCode(attempt), "provider");
  ExpectFailed(ReturnWithCode(attempt), "busy");
  EXPECT_EQ(TimesAsked(), 1u);
  clock_.Advance(10000);
  ExpectFailed(ReturnWithCode(attempt), "provider");
}

// --- The session
// ------------------------------------------------------------------

TEST_F(SignInTest, TellsWhetherABrowserIsSignedIn) {
  const std::string token = SignedIn();
  Reply reply = Send("GET", "/session", {SessionHeader(token)});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      reply.body,
      absl::StrCat("{\"signed_in\": true, \"expires_s\": ", kNow + 600, "}\n"));
  EXPECT_EQ(reply.headers.at("Cache-Control"), "no-store");
  EXPECT_EQ(reply.headers.count("Access-Control-Allow-Origin"), 0u);
  const std::string out = "{\"signed_in\": false}\n";
  EXPECT_EQ(Send("GET", "/session").body, out);
  EXPECT_EQ(Send("GET", "/session", {SessionHeader("a.b.c")}).body, out);
  EXPECT_EQ(
      Send("GET", "/session", {SessionHeader(token), SessionHeader(token)})
          .body,
      out);
  clock_.Advance(700 * 1000);
  EXPECT_EQ(Send("GET", "/session", {SessionHeader(token)}).body, out);
}

TEST_F(SignInTest, SignsOutForOurOwnOriginAlone) {
  for (const char* site : {"cross-site", "same-site", "none"}) {
    const Reply reply =
        Send("POST", "/sign-out", {absl::StrCat("Sec-Fetch-Site: ", site)});
    EXPECT_EQ(reply.status, 403) << site;
    EXPECT_TRUE(reply.cookies.empty());
  }
  EXPECT_EQ(Send("POST", "/sign-out").status, 403);
  const Reply reply =
      Send("POST", "/sign-out", {"Sec-Fetch-Site: same-origin"});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.cookies.at(kSessionCookie), "");
  EXPECT_TRUE(absl::StrContains(reply.all, "Max-Age=0"));
}

TEST_F(SignInTest, ACookieSpeaksForOurOwnOriginAlone) {
  const auto token_of =
      [](const std::vector<std::pair<std::string, std::string>>& headers) {
        HttpRequest request;
        for (const auto& [name, value] : headers)
          request.AddHeader(name, value);
        return SignIn::TokenOf(request);
      };
  const std::pair<std::string, std::string> cookie = {"Cookie",
                                                      "__Host-vidimus=t"};
  const std::pair<std::string, std::string> ours = {"Sec-Fetch-Site",
                                                    "same-origin"};
  EXPECT_EQ(*token_of({cookie, ours}), "t");
  EXPECT_EQ(*token_of({ours}), std::nullopt);
  EXPECT_EQ(*token_of({{"Cookie", "__Host-vidimus="}}), std::nullopt);
  EXPECT_TRUE(absl::IsPermissionDenied(token_of({cookie}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(
      token_of({cookie, {"Sec-Fetch-Site", "same-site"}}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(
      token_of({cookie, ours, {"Sec-Fetch-Site", "cross-site"}}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(token_of({cookie, cookie, ours}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      token_of({cookie, ours, {"Authorization", "Bearer t"}}).status()));
}

TEST_F(SignInTest, TakesTheMethodsItSaysAlone) {
  EXPECT_EQ(Send("POST", "/sign-in").status, 405);
  EXPECT_EQ(Send("HEAD", "/sign-in/callback").status, 405);
  EXPECT_EQ(Send("POST", "/session").status, 405);
  EXPECT_EQ(Send("GET", "/sign-out").status, 405);
  EXPECT_EQ(Send("GET", "/enrol").status, 405);
}

// --- Enrolment
// --------------------------------------------------------------------

TEST_F(SignInTest, RelaysAWalletsRequestWithItsResidentsToken) {
  const std::string token = SignedIn();
  Answer(200, R"({"format": "vidimus/v1 key statements"})");
  const std::vector<std::string> headers = {SessionHeader(token),
                                            "Sec-Fetch-Site: same-origin",
                                            "Content-Type: application/json"};
  const Reply reply = Send("POST", "/enrol", headers, R"({"format": "x"})");
  EXPECT_EQ(reply.status, 200) << reply.all;
  EXPECT_EQ(reply.body, R"({"format": "vidimus/v1 key statements"})");
  EXPECT_EQ(reply.headers.at("Cache-Control"), "no-store");
  MutexLock lock(&mu_);
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(asked_[1].target, "/enrol");
  EXPECT_EQ(asked_[1].Header("Authorization"), "Bearer " + token);
  EXPECT_EQ(asked_[1].Header("Content-Type"), "application/json");
  EXPECT_EQ(asked_[1].body, R"({"format": "x"})");
}

TEST_F(SignInTest, RelaysForNobodyElse) {
  const std::string token = SignedIn();
  const std::string json = "Content-Type: application/json";
  const std::string ours = "Sec-Fetch-Site: same-origin";
  const std::string cookie = SessionHeader(token);
  const struct {
    int status;
    std::vector<std::string> headers;
    std::string body;
  } requests[] = {
      {401, {json, ours}, "{}"},
      {401, {json, ours, SessionHeader("a.b.c")}, "{}"},
      {403, {json, cookie}, "{}"},
      {403, {json, cookie, "Sec-Fetch-Site: cross-site"}, "{}"},
      {400, {ours, cookie}, "{}"},
      {400, {ours, cookie, "Content-Type: text/plain"}, "{}"},
      {400, {json, ours, cookie, "Authorization: Bearer x"}, "{}"},
      {400, {json, ours, cookie}, "[]"},
      {400, {json, ours, cookie}, "{\"a\": 1, \"a\": 2}"},
      {413, {json, ours, cookie}, std::string(kEnrolBytesMax + 1, ' ')},
  };
  const size_t asked = TimesAsked();
  for (const auto& request : requests) {
    const Reply reply = Send("POST", "/enrol", request.headers, request.body);
    EXPECT_EQ(reply.status, request.status) << reply.all;
  }
  clock_.Advance(700 * 1000);
  EXPECT_EQ(Send("POST", "/enrol", {json, ours, cookie}, "{}").status, 401);
  EXPECT_EQ(TimesAsked(), asked);
}

TEST_F(SignInTest, HandsOnWhatTheIdentityServiceRefuses) {
  const std::string token = SignedIn();
  const std::vector<std::string> headers = {SessionHeader(token),
                                            "Sec-Fetch-Site: same-origin",
                                            "Content-Type: application/json"};
  Answer(403, "for somebody else\n", "text/plain");
  const Reply refused = Send("POST", "/enrol", headers, "{}");
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(absl::StrContains(refused.body, "for somebody else"));
  Answer(500, "a stack trace", "text/plain");
  const Reply broken = Send("POST", "/enrol", headers, "{}");
  EXPECT_EQ(broken.status, 503);
  EXPECT_FALSE(absl::StrContains(broken.body, "stack"));
  Answer(200, "not JSON");
  EXPECT_EQ(Send("POST", "/enrol", headers, "{}").status, 503);
  Answer(200, "{}" + std::string(kEnrolAnswerBytesMax, ' '));
  EXPECT_EQ(Send("POST", "/enrol", headers, "{}").status, 503);
}

TEST_F(SignInTest, AResidentEnrolsOnlySoOften) {
  const std::string token = SignedIn();
  Answer(200, "{}");
  const std::vector<std::string> headers = {SessionHeader(token),
                                            "Sec-Fetch-Site: same-origin",
                                            "Content-Type: application/json"};
  int taken = 0;
  Reply reply;
  while (taken < 50) {
    reply = Send("POST", "/enrol", headers, "{}");
    if (reply.status != 200) break;
    ++taken;
  }
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.count("Retry-After"), 1u);
}

TEST_F(SignInTest, WithoutAnIdentityServiceThereIsNoEnrolment) {
  options_.identity_service.reset();
  Start();
  EXPECT_EQ(Send("POST", "/enrol", {}, "{}").status, 404);
}

// --- Settings
// ---------------------------------------------------------------------

class SignInSettingsTest : public testing::Test {
 protected:
  SignInSettingsTest() {
    path_ = absl::StrCat(getenv("TEST_TMPDIR"), "/settings.XXXXXX");
    if (mkdtemp(path_.data()) == nullptr) abort();
  }

  absl::StatusOr<SignInOptions> Read(const std::string& change_field = "",
                                     const std::string& to = "") {
    v1::Settings settings;
    const absl::Status parsed = ParseText(R"(
        token_issuer { issuer: "https://id.example" audience: "page.example" }
        sign_in {
          issuer: "https://id.example"
          client_id: "page.example"
          authorization_endpoint: "https://id.example/authorize?tenant=1"
          token_endpoint: "https://id.example/token"
          redirect_url: "https://page.example:8443/sign-in/callback"
          identity_service_url: "https://id.example/enrol"
        })",
                                          &settings);
    EXPECT_TRUE(parsed.ok()) << parsed;
    if (!change_field.empty()) {
      v1::SignIn* const block = settings.mutable_sign_in();
      const auto* const field =
          block->GetDescriptor()->FindFieldByName(change_field);
      block->GetReflection()->SetString(block, field, to);
    }
    return ReadSignIn(settings, LogFolder{path_});
  }
  void Write(const std::string& name, const std::string& bytes, int mode) {
    std::ofstream(path_ + "/" + name) << bytes;
    chmod((path_ + "/" + name).c_str(), mode);
  }

  std::string path_;
};

TEST_F(SignInSettingsTest, ReadsTheBlock) {
  const auto options = Read();
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->authorization_endpoint,
            "https://id.example/authorize?tenant=1&");
  EXPECT_EQ(options->token_endpoint.ToString(), "https://id.example/token");
  EXPECT_EQ(options->identity_service->path, "/enrol");
  EXPECT_EQ(options->scope, "openid");
  EXPECT_EQ(options->client_secret, "");
  EXPECT_EQ(options->tls, nullptr);
}

TEST_F(SignInSettingsTest, RefusesWhatWouldNotWorkOrNotBeSafe) {
  const struct {
    const char* field;
    const char* value;
  } wrong[] = {
      {"issuer", ""},
      {"issuer", "https://another.example"},
      {"client_id", "another"},
      {"authorization_endpoint", "http://id.example/authorize"},
      {"authorization_endpoint", "https://id.example/authorize?a=%zz"},
      {"authorization_endpoint", "https://id.example/authorize?a=1#x"},
      {"authorization_endpoint", "https://id.example/authorize?a=1\r\nX: y"},
      {"token_endpoint", "http://id.example/token"},
      {"token_endpoint", ""},
      {"redirect_url", "http://page.example/sign-in/callback"},
      {"redirect_url", "https://page.example/callback"},
      {"identity_service_url", "http://id.example/enrol"},
      {"scope", "profile"},
      {"scope", "openidx"},
      {"client_secret_file", "missing"},
      {"ca", "missing"},
  };
  for (const auto& one : wrong) {
    EXPECT_FALSE(Read(one.field, one.value).ok())
        << one.field << " " << one.value;
  }
  EXPECT_TRUE(Read("scope", "profile openid").ok());
}

TEST_F(SignInSettingsTest, ASecretIsItsOwnersAlone) {
  Write("secret", "s3cret\n", 0600);
  EXPECT_EQ(Read("client_secret_file", "secret")->client_secret, "s3cret");
  Write("secret", "s3cret\n", 0640);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Read("client_secret_file", "secret").status()));
  Write("lines", "one\ntwo\n", 0600);
  EXPECT_FALSE(Read("client_secret_file", "lines").ok());
}

}  // namespace
}  // namespace vidimus
