#include "log/oidc.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/test_key.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr int64_t kNow = 1767225600;  // 2026-01-01
constexpr char kIssuer[] = "https://id.example";
constexpr char kAudience[] = "vidimus.example/test";

std::string Jwk(TestKey::Kind kind, const TestKey& key, const std::string& kid,
                const std::string& more = "") {
  const std::string first = Base64UrlEncode(key.first());
  const std::string second = Base64UrlEncode(key.second());
  const std::string tail =
      absl::StrCat("\", \"kid\": \"", kid, "\"", more, "}");
  switch (kind) {
    case TestKey::Kind::kP256:
    case TestKey::Kind::kP384:
      return absl::StrCat(R"({"kty": "EC", "crv": ")",
                          kind == TestKey::Kind::kP256 ? "P-256" : "P-384",
                          R"(", "x": ")", first, R"(", "y": ")", second, tail);
    case TestKey::Kind::kRsa2048:
    case TestKey::Kind::kRsa1024:
      return absl::StrCat(R"({"kty": "RSA", "n": ")", first, R"(", "e": ")",
                          second, tail);
    case TestKey::Kind::kEd25519:
      break;
  }
  return absl::StrCat(R"({"kty": "OKP", "crv": "Ed25519", "x": ")", first,
                      tail);
}

std::string Set(const std::vector<std::string>& keys) {
  std::string set = "{\"keys\": [";
  for (const std::string& key : keys) {
    absl::StrAppend(&set, set.back() == '[' ? "" : ", ", key);
  }
  return set + "]}";
}

// An issuer with a key of each kind, and the judge who knows it. Made once:
// RSA keys take their time.
class Issuer {
 public:
  static Issuer& Get() {
    static Issuer* const issuer = new Issuer;
    return *issuer;
  }

  std::string Jwks() const {
    return Set({Jwk(TestKey::Kind::kP256, p256, "ec"),
                Jwk(TestKey::Kind::kRsa2048, rsa, "rsa"),
                Jwk(TestKey::Kind::kEd25519, ed25519, "ed")});
  }

  const TestKey p256{TestKey::Kind::kP256};
  const TestKey rsa{TestKey::Kind::kRsa2048};
  const TestKey ed25519{TestKey::Kind::kEd25519};
};

std::string Claims(const std::string& more = "") {
  return absl::StrCat(R"({"iss": ")", kIssuer, R"(", "aud": ")", kAudience,
                      R"(", "exp": )", kNow + 300, R"(, "sub": "anna")", more,
                      "}");
}

using Signing = std::function<std::string(const std::string&)>;

std::string Token(const std::string& header, const std::string& claims,
                  const Signing& sign) {
  const std::string part =
      absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(claims));
  return absl::StrCat("Bearer ", part, ".", Base64UrlEncode(sign(part)));
}

Signing By(const TestKey& key) {
  return [&key](const std::string& text) { return key.Sign(text); };
}

std::string EdToken(const std::string& claims) {
  return Token(R"({"alg": "EdDSA", "kid": "ed"})", claims,
               By(Issuer::Get().ed25519));
}

class OidcTest : public testing::Test {
 protected:
  OidcTest() {
    auto judge = TokenJudge::Make({{kIssuer, kAudience, "sub", 7, 60}});
    EXPECT_TRUE(judge.ok()) << judge.status();
    judge_ = *std::move(judge);
    auto keys = ParseJwks(Issuer::Get().Jwks());
    EXPECT_TRUE(keys.ok()) << keys.status();
    judge_->SetKeys(0, *std::move(keys));
  }

  void ExpectTaken(const std::string& authorization, int64_t now_s = kNow,
                   const std::string& id = "anna") {
    const auto subject = judge_->Judge(authorization, now_s);
    ASSERT_TRUE(subject.ok()) << subject.status();
    EXPECT_EQ(subject->id_scheme, 7);
    EXPECT_EQ(subject->id, id);
  }

  void ExpectRefused(const std::string& authorization, const std::string& says,
                     int64_t now_s = kNow) {
    const absl::Status status = judge_->Judge(authorization, now_s).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), says)) << status;
    for (const char* secret : {"anna", "eyJ", "Mallory"}) {
      EXPECT_FALSE(absl::StrContains(status.message(), secret)) << status;
    }
  }

  std::unique_ptr<TokenJudge> judge_;
};

TEST_F(OidcTest, TakesTheThreeAlgorithmsByTheirKeys) {
  Issuer& issuer = Issuer::Get();
  ExpectTaken(EdToken(Claims()));
  ExpectTaken(Token(R"({"alg": "ES256", "kid": "ec", "typ": "JWT"})", Claims(),
                    By(issuer.p256)));
  ExpectTaken(Token(R"({"alg": "RS256", "kid": "rsa", "typ": "at+JWT"})",
                    Claims(), By(issuer.rsa)));
  // A proxy may spell the scheme in its own way.
  ExpectTaken(absl::StrReplaceAll(EdToken(Claims()), {{"Bearer", "bearer"}}));
}

TEST_F(OidcTest, RefusesWhatIsNoBearerToken) {
  for (const char* text :
       {"", "Bearer", "Basic YTpi", "Bearereyj", "Bear er "}) {
    ExpectRefused(text, "not a bearer token");
  }
  for (const char* text :
       {"Bearer ", "Bearer  a.b.c", "Bearer a", "Bearer a.b", "Bearer a.b.c.d",
        "Bearer ..", "Bearer ....", "Bearer e30.e30", "Bearer e30.e30.AA.AA"}) {
    ExpectRefused(text, "bearer token: ");
  }
  const std::string good = EdToken(Claims());
  ExpectRefused(good + ".", "three parts");
  ExpectRefused(good + "." + good, "bearer token: ");
  ExpectRefused(good + " ", "base64url");
  ExpectRefused("Bearer  " + good.substr(7), "base64url");
  ExpectRefused("Bearer " + good, "base64url");
  // Cut short anywhere.
  for (size_t size = 7; size < good.size(); ++size) {
    ExpectRefused(good.substr(0, size), "bearer token: ");
  }
}

TEST_F(OidcTest, RefusesBase64InAnyOtherSpelling) {
  const std::string good = EdToken(Claims());
  ExpectRefused(good + "=", "base64url");
  ExpectRefused(good + "==", "base64url");
  ExpectRefused(good + "\n", "base64url");
  ExpectRefused(good + "+", "base64url");
  // The spare bits of the last character: an Ed25519 signature is 64 bytes, so
  // its last character holds four of them.
  ASSERT_EQ(good.size() - good.rfind('.') - 1, 86u);
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string other = good;
  other.back() = alphabet[alphabet.find(good.back()) ^ 1];
  ExpectRefused(other, "base64url");
}

TEST_F(OidcTest, RefusesATokenThatIsTooLarge) {
  const auto token_of = [](size_t filler) {
    return EdToken(Claims(
        absl::StrCat(R"(, "filler": ")", std::string(filler, 'x'), "\"")));
  };
  size_t filler = 0;
  while (token_of(filler).size() - 7 <= kTokenBytesMax) ++filler;
  ExpectTaken(token_of(filler - 1));
  ExpectRefused(token_of(filler), "8192 bytes");
}

TEST_F(OidcTest, RefusesEveryOtherAlgorithm) {
  Issuer& issuer = Issuer::Get();
  const Signing nothing = [](const std::string&) { return std::string(); };
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    for (const char* kid : {"ed", "ec", "rsa"}) {
      ExpectRefused(Token(absl::StrCat(R"({"alg": ")", none, R"(", "kid": ")",
                                       kid, "\"}"),
                          Claims(), nothing),
                    "algorithm");
    }
  }
  // HMAC under bytes that everybody knows: the public key.
  for (const std::string& secret :
       {issuer.rsa.first(), issuer.p256.first(), issuer.ed25519.first(),
        issuer.Jwks(), std::string()}) {
    const Signing hmac = [&secret](const std::string& text) {
      return TestHmac(secret, text);
    };
    for (const char* kid : {"ed", "ec", "rsa"}) {
      ExpectRefused(
          Token(absl::StrCat(R"({"alg": "HS256", "kid": ")", kid, "\"}"),
                Claims(), hmac),
          "algorithm");
      // And called by an accepted name.
      for (const char* alg : {"ES256", "RS256", "EdDSA"}) {
        ExpectRefused(Token(absl::StrCat(R"({"alg": ")", alg, R"(", "kid": ")",
                                         kid, "\"}"),
                            Claims(), hmac),
                      "bearer token: ");
      }
    }
  }
  for (const char* alg : {"ES384", "RS512", "PS256", "HS512", "ES256K",
                          "Ed25519", "eddsa", "es256", "RS256 ", "dir"}) {
    ExpectRefused(Token(absl::StrCat(R"({"alg": ")", alg, R"(", "kid": "ed"})"),
                        Claims(), By(issuer.ed25519)),
                  "algorithm");
  }
  for (const char* header :
       {R"({"kid": "ed"})", R"({"alg": null, "kid": "ed"})",
        R"({"alg": 1, "kid": "ed"})", R"({"alg": ["EdDSA"], "kid": "ed"})"}) {
    ExpectRefused(Token(header, Claims(), By(issuer.ed25519)), "algorithm");
  }
}

TEST_F(OidcTest, RefusesAKeyOfAnotherTypeThanTheAlgorithms) {
  Issuer& issuer = Issuer::Get();
  const struct {
    const char* kid;
    const TestKey& key;
  } keys[] = {{"ec", issuer.p256}, {"rsa", issuer.rsa}, {"ed", issuer.ed25519}};
  const char* const algorithms[] = {"ES256", "RS256", "EdDSA"};
  for (int named = 0; named < 3; ++named) {
    for (int alg = 0; alg < 3; ++alg) {
      for (const auto& signing : keys) {
        const std::string token =
            Token(absl::StrCat(R"({"alg": ")", algorithms[alg],
                               R"(", "kid": ")", keys[named].kid, "\"}"),
                  Claims(), By(signing.key));
        if (alg != named) {
          ExpectRefused(token, "not that of the key");
        } else if (&signing.key != &keys[named].key) {
          ExpectRefused(token, "signature does not verify");
        } else {
          ExpectTaken(token);
        }
      }
    }
  }
}

TEST_F(OidcTest, RefusesAKeyThatIsUnknownOrNotNamed) {
  Issuer& issuer = Issuer::Get();
  for (const char* kid : {"other", "ED", "ed ", "ed\\u0000"}) {
    ExpectRefused(
        Token(absl::StrCat(R"({"alg": "EdDSA", "kid": ")", kid, "\"}"),
              Claims(), By(issuer.ed25519)),
        "does not have");
  }
  for (const char* header :
       {R"({"alg": "EdDSA"})", R"({"alg": "EdDSA", "kid": ""})",
        R"({"alg": "EdDSA", "kid": 1})", R"({"alg": "EdDSA", "kid": null})"}) {
    ExpectRefused(Token(header, Claims(), By(issuer.ed25519)), "by a kid");
  }
  ExpectRefused(Token(absl::StrCat(R"({"alg": "EdDSA", "kid": ")",
                                   std::string(257, 'k'), "\"}"),
                      Claims(), By(issuer.ed25519)),
                "by a kid");
}

TEST_F(OidcTest, RefusesAHeaderThatSaysHowToJudgeIt) {
  Issuer& issuer = Issuer::Get();
  const TestKey mallory(TestKey::Kind::kEd25519);
  for (const std::string& member :
       {std::string(R"("jku": "https://mallory.example/jwks.json")"),
        absl::StrCat(R"("jwk": )", Jwk(TestKey::Kind::kEd25519, mallory, "ed")),
        std::string(R"("x5u": "https://mallory.example/")"),
        std::string(R"("x5c": [])"), std::string(R"("crit": ["exp"])"),
        std::string(R"("b64": false)"), std::string(R"("zip": "DEF")"),
        std::string(R"("enc": "A128GCM")")}) {
    const std::string header =
        absl::StrCat(R"({"alg": "EdDSA", "kid": "ed", )", member, "}");
    ExpectRefused(Token(header, Claims(), By(mallory)), "never accepted");
    ExpectRefused(Token(header, Claims(), By(issuer.ed25519)),
                  "never accepted");
  }
  for (const char* type : {"dpop+jwt", "logout+jwt", "kb+jwt", "JOSE", ""}) {
    ExpectRefused(
        Token(absl::StrCat(R"({"alg": "EdDSA", "kid": "ed", "typ": ")", type,
                           "\"}"),
              Claims(), By(issuer.ed25519)),
        "type");
  }
}

TEST_F(OidcTest, RefusesNamesThatStandTwice) {
  Issuer& issuer = Issuer::Get();
  ExpectRefused(Token(R"({"alg": "EdDSA", "kid": "ed", "alg": "EdDSA"})",
                      Claims(), By(issuer.ed25519)),
                "all differ");
  ExpectRefused(Token(R"({"alg": "EdDSA", "kid": "ed", "\u0061lg": "none"})",
                      Claims(), By(issuer.ed25519)),
                "all differ");
  ExpectRefused(EdToken(Claims(R"(, "sub": "Mallory")")), "all differ");
  ExpectRefused(EdToken(Claims(R"(, "exp": 9999999999)")), "all differ");
  for (const char* text :
       {"", "null", "[]", "\"a\"", "{", "{}{}", "{\"a\":}"}) {
    ExpectRefused(EdToken(text), "payload");
    ExpectRefused(Token(text, Claims(), By(issuer.ed25519)), "header");
  }
}

TEST_F(OidcTest, RefusesAnotherIssuerAndAnotherAudience) {
  const auto with = [](const std::string& from, const std::string& to) {
    return EdToken(absl::StrReplaceAll(Claims(), {{from, to}}));
  };
  ExpectRefused(with(kIssuer, "https://mallory.example"), "another issuer");
  ExpectRefused(with(kIssuer, absl::StrCat(kIssuer, "/")), "another issuer");
  ExpectRefused(with(absl::StrCat("\"", kIssuer, "\""), "null"),
                "another issuer");
  ExpectRefused(with("\"iss\"", "\"ISS\""), "another issuer");
  ExpectRefused(with(kAudience, "shop.example"), "another audience");
  ExpectRefused(with(kAudience, absl::StrCat(kAudience, "2")),
                "another audience");
  ExpectRefused(with("\"aud\"", "\"azp\""), "another audience");
  const std::string ours = absl::StrCat("\"", kAudience, "\"");
  for (const char* other : {"null", "[]", "{}", "[\"shop.example\"]"}) {
    ExpectRefused(with(ours, other), "another audience");
  }
  ExpectRefused(with(ours, absl::StrCat("[", ours, ", 1]")),
                "another audience");
  ExpectTaken(with(ours, absl::StrCat("[", ours, "]")));
  ExpectTaken(with(ours, absl::StrCat("[\"shop.example\", ", ours, "]")));
}

TEST_F(OidcTest, RefusesATokenBeforeAndAfterItsTime) {
  const auto at = [](int64_t begins_s, int64_t expires_s) {
    return EdToken(absl::StrReplaceAll(
        Claims(absl::StrCat(", \"nbf\": ", begins_s)),
        {{absl::StrCat(kNow + 300), absl::StrCat(expires_s)}}));
  };
  // A minute of grace on both sides.
  ExpectTaken(at(kNow, kNow + 1));
  ExpectTaken(at(kNow, kNow - 59));
  ExpectRefused(at(kNow, kNow - 60), "expired");
  ExpectRefused(at(kNow, kNow - 86400), "expired");
  ExpectRefused(at(kNow, 0), "expired");
  ExpectTaken(at(kNow + 60, kNow + 300));
  ExpectRefused(at(kNow + 61, kNow + 300), "not valid yet");
  ExpectTaken(EdToken(Claims(absl::StrCat(", \"iat\": ", kNow + 60))));
  ExpectRefused(EdToken(Claims(absl::StrCat(", \"iat\": ", kNow + 61))),
                "not valid yet");
  for (const char* wrong : {"\"soon\"", "null", "1.5", "-1", "1e10", "true",
                            "99999999999999999999"}) {
    ExpectRefused(EdToken(absl::StrReplaceAll(
                      Claims(), {{absl::StrCat(kNow + 300), wrong}})),
                  "when it expires");
    ExpectRefused(EdToken(Claims(absl::StrCat(", \"nbf\": ", wrong))),
                  "whole number");
  }
  ExpectRefused(
      EdToken(absl::StrReplaceAll(Claims(), {{"\"exp\"", "\"until\""}})),
      "when it expires");
}

TEST_F(OidcTest, RefusesASubjectThatIsNoText) {
  for (const char* wrong : {"null", "1", "[\"anna\"]", "{}", "\"\"", "true"}) {
    ExpectRefused(EdToken(absl::StrReplaceAll(Claims(), {{"\"anna\"", wrong}})),
                  "names the subject");
  }
  ExpectRefused(EdToken(absl::StrReplaceAll(Claims(), {{"\"sub\"", "\"s\""}})),
                "names the subject");
  ExpectRefused(
      EdToken(absl::StrReplaceAll(Claims(), {{"anna", std::string(256, 'a')}})),
      "names the subject");
  ExpectTaken(
      EdToken(absl::StrReplaceAll(Claims(), {{"anna", std::string(255, 'a')}})),
      kNow, std::string(255, 'a'));
}

TEST_F(OidcTest, RefusesATokenOfWhichAnyBitWasChanged) {
  const std::string good = EdToken(Claims());
  for (size_t i = 7; i < good.size(); ++i) {
    std::string other = good;
    other[i] = good[i] == 'A' ? 'B' : 'A';
    ExpectRefused(other, "bearer token: ");
  }
}

TEST_F(OidcTest, TakesTheClaimAndTheKeysOfTheIssuerThatSigned) {
  const TestKey other(TestKey::Kind::kEd25519);
  auto judge = TokenJudge::Make(
      {{kIssuer, kAudience, "sub", 7, 60},
       {"https://eid.example", kAudience, "urn:oid:1.2.246.21", 2, 60}});
  ASSERT_TRUE(judge.ok());
  const std::string claims =
      absl::StrReplaceAll(Claims(R"(, "urn:oid:1.2.246.21": "010190-123A")"),
                          {{kIssuer, "https://eid.example"}});
  const std::string header = R"({"alg": "EdDSA", "kid": "ed"})";
  const std::string token = Token(header, claims, By(other));
  EXPECT_TRUE(absl::StrContains((*judge)->Judge(token, kNow).status().message(),
                                "not loaded"));
  (*judge)->SetKeys(0, *ParseJwks(Issuer::Get().Jwks()));
  (*judge)->SetKeys(
      1, *ParseJwks(Set({Jwk(TestKey::Kind::kEd25519, other, "ed")})));
  const auto subject = (*judge)->Judge(token, kNow);
  ASSERT_TRUE(subject.ok()) << subject.status();
  EXPECT_EQ(subject->id, "010190-123A");
  EXPECT_EQ(subject->id_scheme, 2);
  // Neither speaks for the other.
  EXPECT_FALSE(
      (*judge)
          ->Judge(Token(header, claims, By(Issuer::Get().ed25519)), kNow)
          .ok());
  EXPECT_FALSE((*judge)->Judge(Token(header, Claims(), By(other)), kNow).ok());
}

TEST_F(OidcTest, TakesNewKeysAndForgetsTheOld) {
  const TestKey next(TestKey::Kind::kEd25519);
  judge_->SetKeys(0,
                  *ParseJwks(Set({Jwk(TestKey::Kind::kEd25519, next, "n")})));
  ExpectRefused(EdToken(Claims()), "does not have");
  ExpectTaken(Token(R"({"alg": "EdDSA", "kid": "n"})", Claims(), By(next)));
}

TEST_F(OidcTest, TakesATokenThatWasMadeForTryingOut) {
  const std::string seed(32, 's');
  judge_->SetKeys(0, *ParseJwks(MakeTryOutJwks(seed)));
  const TokenIssuer issuer{kIssuer, kAudience, "sub", 7, 60};
  ExpectTaken(absl::StrCat("Bearer ",
                           MakeTryOutToken(seed, issuer, "anna", kNow, 600)));
  ExpectRefused(
      absl::StrCat("Bearer ", MakeTryOutToken(std::string(32, 't'), issuer,
                                              "anna", kNow, 600)),
      "signature");
}

TEST(JwksTest, LeavesOutWhatIsForOtherUses) {
  Issuer& issuer = Issuer::Get();
  const TestKey p384(TestKey::Kind::kP384);
  const auto keys = ParseJwks(Set(
      {Jwk(TestKey::Kind::kP384, p384, "p384"),
       Jwk(TestKey::Kind::kP256, issuer.p256, "enc", R"(, "use": "enc")"),
       Jwk(TestKey::Kind::kRsa2048, issuer.rsa, "ps", R"(, "alg": "PS256")"),
       Jwk(TestKey::Kind::kRsa2048, issuer.rsa, "oaep",
           R"(, "alg": "RSA-OAEP", "use": "enc")"),
       Jwk(TestKey::Kind::kEd25519, issuer.ed25519, "sign",
           R"(, "key_ops": ["sign"])"),
       R"({"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "x"})",
       R"({"kty": "new"})", "{}", "null",
       Jwk(TestKey::Kind::kEd25519, issuer.ed25519, "ed",
           R"(, "key_ops": ["verify"], "use": "sig", "alg": "EdDSA")")}));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 1u);
  EXPECT_EQ(keys->count("ed"), 1u);
}

TEST(JwksTest, RefusesASetThatCantBeWhatWasMeant) {
  Issuer& issuer = Issuer::Get();
  const TestKey weak(TestKey::Kind::kRsa1024);
  const std::string good = Jwk(TestKey::Kind::kEd25519, issuer.ed25519, "ed");
  ASSERT_TRUE(ParseJwks(Set({good})).ok());
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "not JSON"},
      {"[]", "not a JSON Web Key Set"},
      {"{\"keys\": {}}", "not a JSON Web Key Set"},
      {Set({}), "no key for"},
      {Set({R"({"kty": "new"})"}), "no key for"},
      {Set({good, good}), "key 2 of the set has the kid of another"},
      {Set({Jwk(TestKey::Kind::kEd25519, issuer.ed25519, "")}), "no kid"},
      {Set({absl::StrReplaceAll(good, {{"\"kid\"", "\"id\""}})}), "no kid"},
      {Set({good, Jwk(TestKey::Kind::kEd25519, issuer.ed25519, "p",
                      R"(, "d": "AAAA")")}),
       "is secret"},
      {Set({good, R"({"kty": "oct", "k": "AAAA", "kid": "o"})"}), "is secret"},
      {Set({good, R"({"kty": "oct", "kid": "o"})"}), "is secret"},
      {Set({Jwk(TestKey::Kind::kRsa1024, weak, "w")}), "too short"},
      {Set({R"({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})"}),
       "32 bytes"},
      {Set({R"({"kty": "OKP", "crv": "Ed25519", "x": "AA=="})"}), "base64url"},
      {Set({R"({"kty": "OKP", "crv": "Ed25519", "x": 1})"}), "base64url"},
      {Set({R"({"kty": "RSA", "n": "AQAB"})"}), "base64url"},
      {Set({R"({"kty": "RSA", "n": "AQAB", "e": "AQAB"})"}), "too short"},
      {Set(std::vector<std::string>(65, good)), "65 keys"},
      {std::string(kJwksBytesMax + 1, ' '), "bytes"},
  };
  for (const auto& one : cases) {
    const absl::Status status = ParseJwks(one.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), one.says)) << status;
  }
}

TEST(TokenJudgeTest, RefusesIssuersThatLackSomething) {
  const TokenIssuer good{kIssuer, kAudience, "sub", 7, 60};
  EXPECT_TRUE(TokenJudge::Make({})->get()->empty());
  EXPECT_TRUE(TokenJudge::Make({good}).ok());
  EXPECT_FALSE(TokenJudge::Make({good, good}).ok());
  for (const auto& change : std::vector<std::function<void(TokenIssuer*)>>{
           [](TokenIssuer* one) { one->issuer.clear(); },
           [](TokenIssuer* one) { one->audience.clear(); },
           [](TokenIssuer* one) { one->subject_claim.clear(); },
           [](TokenIssuer* one) { one->clock_skew_s = -1; }}) {
    TokenIssuer wrong = good;
    change(&wrong);
    EXPECT_FALSE(TokenJudge::Make({wrong}).ok());
  }
}

}  // namespace
}  // namespace vidimus
