#include "proto/json_value.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace vidimus {
namespace {

std::string Canonical(absl::string_view text) {
  const auto value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? CanonicalJson(*value) : "";
}

TEST(JsonTest, SpellsAsPythonDoesWithSortedKeys) {
  // Each right side is what json.dumps(json.loads(left), sort_keys=True) gives.
  EXPECT_EQ(Canonical(R"({"b":1,"a":[true,false,null]})"),
            R"({"a": [true, false, null], "b": 1})");
  EXPECT_EQ(Canonical(R"( [ ] )"), "[]");
  EXPECT_EQ(Canonical(R"({})"), "{}");
  EXPECT_EQ(Canonical(R"("é\u00e9\u20ac\ud83d\ude00/\/\"\\\b\f\n\r\t\u0001")"),
            R"("\u00e9\u00e9\u20ac\ud83d\ude00//\"\\\b\f\n\r\t\u0001")");
  EXPECT_EQ(Canonical("\"\x7f\""), "\"\\u007f\"");
  EXPECT_EQ(Canonical(R"({"é":1,"z":2,"Z":3,"😀":4})"),
            R"({"Z": 3, "z": 2, "\u00e9": 1, "\ud83d\ude00": 4})");
  EXPECT_EQ(Canonical("[0, -1, 1.5, 97.375, 1e5, 12345678901234567890]"),
            "[0, -1, 1.5, 97.375, 1e5, 12345678901234567890]");
}

TEST(JsonTest, TakesEachCodePointInItsOneSpellingOnly) {
  for (const char* good : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(ParseJson(absl::StrCat("\"", good, "\"")).ok());
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0",
        "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(ParseJson(absl::StrCat("\"", bad, "\"")).ok());
    EXPECT_FALSE(ParseJson(absl::StrCat("\"", bad)).ok());
  }
}

TEST(JsonTest, FindsByPath) {
  const auto value = ParseJson(R"({"a":{"b":"x","n":5,"o":{}},"l":[1]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(Json::TextOf(value->At("a.b")), "x");
  EXPECT_EQ(Json::TextOf(value->At("a.n")), "5");
  EXPECT_EQ(Json::TextOf(value->At("a.o")), "");
  EXPECT_EQ(value->At("a.c"), nullptr);
  EXPECT_EQ(value->At("a.b.c"), nullptr);
  EXPECT_EQ(value->At("l.0"), nullptr);
  EXPECT_EQ(value->At(""), nullptr);
}

TEST(JsonTest, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "{\"a\":1,\"a\":2}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "-",
                           "nul",
                           "tru",
                           "NaN",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ud800x\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"a\nb\"",
                           "1 2",
                           "{}x",
                           "\"\xff\"",
                           "\"\xc0\x80\""}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseJson(text).status())) << text;
  }
}

TEST(JsonTest, BoundsNesting) {
  const std::string good =
      std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']');
  EXPECT_TRUE(ParseJson(good).ok());
  EXPECT_FALSE(ParseJson(std::string(100000, '[')).ok());
}

TEST(JsonTest, NeverQuotesTheInputInItsErrors) {
  for (const char* text : {"{\"secretname\":", "{\"secretname\" 1}",
                           "{\"secretname\":1,\"secretname\":2}",
                           "\"secretname", "[\"secretname\" 2]"}) {
    EXPECT_EQ(ParseJson(text).status().message().find("secret"),
              std::string::npos);
  }
}

TEST(JsonTest, QuotesForOutput) { EXPECT_EQ(JsonQuote("a\"b"), "\"a\\\"b\""); }

}  // namespace
}  // namespace vidimus
