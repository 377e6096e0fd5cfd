#include "tests/provider/provider.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/statement_maker.h"
#include "client/wallet.pb.h"
#include "log/sign_in_text.h"
#include "proto/json.h"
#include "proto/json_value.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kIssuer[] = "https://127.0.0.1:9443";
constexpr char kClient[] = "page.example";
constexpr char kRedirect[] = "https://localhost:8443/sign-in/callback";
constexpr char kResident[] = "00000000-0000-0000-0000-000000000001";
constexpr char kVerifier[] = "a-verifier-of-enough-characters-for-its-purpose";

class ProviderTest : public testing::Test {
 protected:
  static ProviderOptions Options() {
    ProviderOptions options;
    options.issuer = kIssuer;
    options.client_id = kClient;
    options.redirect_url = kRedirect;
    options.residents = {{kResident, "pass phrase"}};
    options.token_seed = std::string(32, 't');
    options.service_seed = std::string(32, 'i');
    options.family = "log.example/city";
    return options;
  }

  static std::string Challenge() {
    const Hash hash = Sha256(kVerifier);
    return Base64UrlEncode(Bytes(hash));
  }
  // The query of a sound request, with some values changed ("" takes one out).
  static std::string Query(const std::map<std::string, std::string>& changed) {
    std::map<std::string, std::string> query = {
        {"response_type", "code"},
        {"client_id", kClient},
        {"redirect_uri", kRedirect},
        {"scope", "openid"},
        {"state", "<st&te>"},
        {"nonce", "n0nce"},
        {"code_challenge", Challenge()},
        {"code_challenge_method", "S256"}};
    for (const auto& [name, value] : changed) query[name] = value;
    for (const auto& [name, value] : changed) {
      if (value.empty()) query.erase(name);
    }
    return FormatQuery({query.begin(), query.end()});
  }

  HttpResponse Get(const std::string& target) {
    HttpRequest request;
    request.method = HttpMethod::kGet;
    request.target = target;
    return provider_.Answer(request);
  }
  HttpResponse Post(const std::string& target, const std::string& body,
                    const std::string& authorization = "") {
    HttpRequest request;
    request.method = HttpMethod::kPost;
    request.target = target;
    request.body = body;
    if (!authorization.empty()) {
      request.AddHeader("Authorization", authorization);
    }
    return provider_.Answer(request);
  }
  static std::map<std::string, std::string> Back(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
      if (name != "Location") continue;
      const std::string begin = absl::StrCat(kRedirect, "?");
      if (!absl::StartsWith(value, begin)) return {};
      return *ParseQuery(absl::string_view(value).substr(begin.size()));
    }
    return {};
  }
  std::string Code() {
    const auto back = Back(Post(
        "/authorize?" + Query({}),
        FormatQuery({{"resident", kResident}, {"passphrase", "pass phrase"}})));
    EXPECT_EQ(back.at("state"), "<st&te>");
    EXPECT_EQ(back.at("iss"), kIssuer);
    return back.at("code");
  }
  HttpResponse Exchange(const std::string& code,
                        const std::string& verifier = kVerifier,
                        const std::string& redirect = kRedirect,
                        const std::string& client = kClient) {
    return Post("/token", FormatQuery({{"grant_type", "authorization_code"},
                                       {"code", code},
                                       {"code_verifier", verifier},
                                       {"redirect_uri", redirect},
                                       {"client_id", client}}));
  }
  std::string IdToken() {
    const auto token = IdTokenOf(200, Exchange(Code()).body());
    EXPECT_TRUE(token.ok()) << token.status();
    return *token;
  }

  int64_t now_s_ = 1767225600;
  int drawn_ = 0;
  Provider provider_{Options(), [this] { return now_s_; },
                     [this](size_t bytes) {
                       return std::string(bytes, static_cast<char>(++drawn_));
                     }};
};

TEST_F(ProviderTest, SaysWhereWhatIs) {
  const auto found = ParseJson(Get("/.well-known/openid-configuration").body());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(Json::TextOf(found->Find("issuer")), kIssuer);
  EXPECT_EQ(Json::TextOf(found->Find("token_endpoint")),
            absl::StrCat(kIssuer, "/token"));
  EXPECT_TRUE(ParseJwks(std::string(Get("/jwks").body())).ok());
}

TEST_F(ProviderTest, TheFormHoldsWhatItWasAskedAsText) {
  const HttpResponse form = Get("/authorize?" + Query({{"state", "\"><b>"}}));
  EXPECT_EQ(form.status, 200);
  EXPECT_FALSE(absl::StrContains(form.body(), "<b>"));
  EXPECT_TRUE(absl::StrContains(form.body(), "<label for=\"passphrase\">"));
  std::string policy;
  for (const auto& [name, value] : form.headers) {
    if (name == "Content-Security-Policy") policy = value;
  }
  EXPECT_TRUE(
      absl::EndsWith(policy, "form-action 'self' https://localhost:8443"));
}

TEST_F(ProviderTest, GivesATokenForACodeOnce) {
  const std::string code = Code();
  const HttpResponse first = Exchange(code);
  EXPECT_EQ(first.status, 200);
  const auto token = IdTokenOf(200, first.body());
  ASSERT_TRUE(token.ok()) << token.status();
  const auto parsed = ParseToken(*token);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(Json::TextOf(parsed->claims.Find("sub")), kResident);
  EXPECT_EQ(Json::TextOf(parsed->claims.Find("nonce")), "n0nce");
  EXPECT_EQ(Json::TextOf(parsed->claims.Find("aud")), kClient);
  const HttpResponse again = Exchange(code);
  EXPECT_EQ(again.status, 400);
  EXPECT_TRUE(absl::StrContains(again.body(), "invalid_grant"));
}

TEST_F(ProviderTest, ACodeIsOfItsAskerAlone) {
  EXPECT_EQ(
      Exchange(Code(), "another-verifier-of-enough-characters-here").status,
      400);
  EXPECT_EQ(Exchange(Code(), kVerifier, "https://evil.example/").status, 400);
  EXPECT_EQ(Exchange(Code(), kVerifier, kRedirect, "another").status, 400);
  EXPECT_EQ(Exchange("guessed").status, 400);
  // Who failed once with it has spent it.
  const std::string code = Code();
  EXPECT_EQ(Exchange(code, "wrong").status, 400);
  EXPECT_EQ(Exchange(code).status, 400);
  const std::string late = Code();
  now_s_ += kProviderCodeS;
  EXPECT_EQ(Exchange(late).status, 400);
}

TEST_F(ProviderTest, SendsBackNobodyItDoesNotKnow) {
  EXPECT_EQ(Get("/authorize?" + Query({{"client_id", "x"}})).status, 400);
  EXPECT_EQ(
      Get("/authorize?" + Query({{"redirect_uri", "https://evil.example/"}}))
          .status,
      400);
  EXPECT_EQ(Get("/authorize?a=%zz").status, 400);
}

TEST_F(ProviderTest, RefusesRequestsWithoutPkceStateOrNonce) {
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"response_type", "token"},
                                          {"scope", "profile"},
                                          {"state", ""},
                                          {"nonce", ""},
                                          {"code_challenge", "short"},
                                          {"code_challenge_method", "plain"}}) {
    const auto back = Back(Get("/authorize?" + Query({{name, value}})));
    EXPECT_EQ(back.count("error"), 1u) << name;
    EXPECT_EQ(back.count("code"), 0u) << name;
  }
}

TEST_F(ProviderTest, LetsNobodyInWithoutTheirPassphrase) {
  for (const char* form :
       {"", "resident=x&passphrase=pass+phrase",
        "resident=00000000-0000-0000-0000-000000000001",
        "resident=00000000-0000-0000-0000-000000000001&passphrase=wrong"}) {
    const HttpResponse response = Post("/authorize?" + Query({}), form);
    EXPECT_EQ(response.status, 403);
    EXPECT_TRUE(absl::StrContains(response.body(), "role=\"alert\""));
  }
  const auto back = Back(Post("/authorize?" + Query({}), "deny=1"));
  EXPECT_EQ(back.at("error"), "access_denied");
}

TEST_F(ProviderTest, EnrolsKeysOfWhoShowsTheirTokenAlone) {
  EXPECT_EQ(Post("/enrol", "{}").status, 401);
  EXPECT_EQ(Post("/enrol", "{}", "Bearer a.b.c").status, 401);
  const std::string bearer = "Bearer " + IdToken();
  EXPECT_EQ(Post("/enrol", "{}", bearer).status, 400);
  EXPECT_EQ(Post("/enrol", "no JSON", bearer).status, 400);
  v1::KeyRequest request;
  const Ed25519Signer key(std::string(32, 'k'));
  request.set_family("log.example/city");
  request.set_subject(std::string("\1") + "another");
  request.set_name("phone");
  request.set_language("en");
  request.set_statement_id(std::string(16, 's'));
  request.add_chain()->set_administration(0);
  SignRequest(key, &request);
  EXPECT_EQ(Post("/enrol", *ToJson(request), bearer).status, 403);
  now_s_ += 3600;
  EXPECT_EQ(Post("/enrol", *ToJson(request), bearer).status, 401);
}

TEST_F(ProviderTest, ServesNothingElse) {
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get("/token").status, 404);
  EXPECT_EQ(Get("/enrol").status, 404);
  EXPECT_EQ(Post("/jwks", "").status, 404);
}

}  // namespace
}  // namespace vidimus
