#include "log/sign_in_text.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vidimus {
namespace {

TEST(SignInTextTest, FindsACookieAmongOthers) {
  const auto cookie =
      FindCookie({"a=1; __Host-vidimus=x.y=; b", " c=2"}, "__Host-vidimus");
  ASSERT_TRUE(cookie.ok());
  EXPECT_EQ(*cookie, "x.y=");
  EXPECT_EQ(*FindCookie({"a=1", "b=2;  c=3 "}, "c"), "3");
  EXPECT_EQ(*FindCookie({"a=1"}, "b"), std::nullopt);
  EXPECT_EQ(*FindCookie({}, "b"), std::nullopt);
  // Names are compared as they stand.
  EXPECT_EQ(*FindCookie({"__host-vidimus=1"}, "__Host-vidimus"), std::nullopt);
  EXPECT_EQ(*FindCookie({"x__Host-vidimus=1"}, "__Host-vidimus"), std::nullopt);
  EXPECT_EQ(*FindCookie({"__Host-vidimus"}, "__Host-vidimus"), std::nullopt);
}

TEST(SignInTextTest, RefusesACookieThatStandsTwice) {
  EXPECT_FALSE(FindCookie({"a=1; a=1"}, "a").ok());
  EXPECT_FALSE(FindCookie({"a=1", "a=2"}, "a").ok());
}

TEST(SignInTextTest, RefusesTooManyCookies) {
  const std::string many(kCookieHeaderBytesMax, 'x');
  EXPECT_TRUE(FindCookie({many}, "a").ok());
  EXPECT_FALSE(FindCookie({many, "y"}, "a").ok());
}

TEST(SignInTextTest, ReadsAQuery) {
  const auto query = ParseQuery("code=a%2Bb&state=c+d&empty=&alone&&x=%C3%A5");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->at("code"), "a+b");
  EXPECT_EQ(query->at("state"), "c d");
  EXPECT_EQ(query->at("empty"), "");
  EXPECT_EQ(query->at("alone"), "");
  EXPECT_EQ(query->at("x"), "\xc3\xa5");
  EXPECT_EQ(query->size(), 5u);
  EXPECT_TRUE(ParseQuery("")->empty());
}

TEST(SignInTextTest, RefusesQueriesThatMeanTwoThings) {
  EXPECT_FALSE(ParseQuery("state=1&state=1").ok());
  EXPECT_FALSE(ParseQuery("state=1&st%61te=2").ok());
  for (const char* broken : {"a=%", "a=%4", "a=%4g", "a=%g4", "%=1"}) {
    EXPECT_FALSE(ParseQuery(broken).ok()) << broken;
  }
}

TEST(SignInTextTest, RefusesQueriesBeyondTheLimits) {
  EXPECT_TRUE(ParseQuery(std::string(kQueryBytesMax, 'a')).ok());
  EXPECT_FALSE(ParseQuery(std::string(kQueryBytesMax + 1, 'a')).ok());
  std::string pairs;
  for (size_t i = 0; i < kQueryPairsMax; ++i) absl::StrAppend(&pairs, i, "&");
  EXPECT_TRUE(ParseQuery(pairs).ok());
  EXPECT_FALSE(ParseQuery(pairs + "x").ok());
}

TEST(SignInTextTest, WritesAQueryThatReadsTheSame) {
  const std::string odd("\0 &=+%/:?#\xc3\xa5", 12);
  const std::string query = FormatQuery({{"a", odd}, {"b", "-._~aZ9"}});
  EXPECT_EQ(query, "a=%00%20%26%3D%2B%25%2F%3A%3F%23%C3%A5&b=-._~aZ9");
  EXPECT_EQ(ParseQuery(query)->at("a"), odd);
}

TEST(SignInTextTest, TakesTheIdTokenOfAnAnswer) {
  EXPECT_EQ(*IdTokenOf(200, R"({"token_type": "bearer", "id_token": "a.b.c",
                               "access_token": "x", "expires_in": 60})"),
            "a.b.c");
}

TEST(SignInTextTest, RefusesAnswersWithoutOne) {
  for (const char* body :
       {"", "null", "[]", "{}", R"({"token_type": "Bearer"})",
        R"({"id_token": "a.b.c"})",
        R"({"token_type": "mac", "id_token": "a.b.c"})",
        R"({"token_type": "Bearer", "id_token": ""})",
        R"({"token_type": "Bearer", "id_token": 7})",
        R"({"token_type": "Bearer", "id_token": "a", "id_token": "b"})",
        R"({"token_type": "Bearer", "id_token": "a"} x)"}) {
    EXPECT_TRUE(absl::IsUnavailable(IdTokenOf(200, body).status())) << body;
  }
  EXPECT_FALSE(
      IdTokenOf(201, R"({"token_type": "Bearer", "id_token": "a.b.c"})").ok());
  const std::string large =
      absl::StrCat(R"({"token_type": "Bearer", "id_token": ")",
                   std::string(kProviderAnswerBytesMax, 'a'), "\"}");
  EXPECT_FALSE(IdTokenOf(200, large).ok());
}

TEST(SignInTextTest, RepeatsOnlyErrorsOfTheClosedList) {
  EXPECT_TRUE(absl::StrContains(
      IdTokenOf(400, R"({"error": "invalid_grant"})").status().message(),
      "invalid_grant"));
  EXPECT_FALSE(absl::StrContains(
      IdTokenOf(400, R"({"error": "no such person"})").status().message(),
      "person"));
}

}  // namespace
}  // namespace vidimus
