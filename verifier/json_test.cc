#include "verifier/json.h"

#include <gtest/gtest.h>

#include <string>

namespace vidimus {
namespace {

bool Reads(const std::string& text) { return JsonObject().Read(text); }

// Whether `value` may stand in an object.
bool ReadsValue(const std::string& value) {
  return Reads("{\"x\":" + value + "}");
}

TEST(JsonTest, GivesMembersInTheirOrder) {
  const std::string text =
      " {\"b\" : 7,\t\"a\":\"x\\u0041\\n\",\r\n\"c\":[true, {}] } ";
  JsonObject object;
  ASSERT_TRUE(object.Read(text));
  ASSERT_EQ(object.members().size(), 3u);
  EXPECT_EQ(object.members()[0].name, "b");
  EXPECT_EQ(object.Find("b")->raw, "7");
  EXPECT_EQ(object.Find("c")->raw, "[true, {}]");
  EXPECT_EQ(*object.Text("a"), "xA\n");
  EXPECT_EQ(object.Text("b"), nullptr);
  EXPECT_EQ(object.Find("d"), nullptr);
}

TEST(JsonTest, AcceptsEveryKindOfValue) {
  for (const char* value :
       {"null", "true", "false", "0", "-0", "-1.5e+9", "1E9", "1e-9", "\"\"",
        "[]", "[1,[2]]", "{}", "{\"a\":{\"a\":1}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\ud83c\\udfdb\"", "\"\\u0000\"",
        "\"\xf0\x9f\x8f\x9b\""}) {
    EXPECT_TRUE(ReadsValue(value)) << value;
  }
}

TEST(JsonTest, RejectsWhatTheGrammarDoesNotHave) {
  for (const char* value :
       {"",          "nul",         "True",        "01",
        "1.",        ".5",          "+1",          "1e",
        "0x1",       "NaN",         "'a'",         "\"a",
        "\"\\x41\"", "\"\\u12\"",   "\"\\u12g4\"", "\"\n\"",
        "\"\t\"",    "[1,]",        "[,1]",        "[1 2]",
        "{\"a\"",    "{a:1}",       "{\"a\":1,}",  "{\"a\" 1}",
        "[1}",       "1 2",         "1e+-2",       "-",
        "\"\\u\"",   "\"\\ud83c\"", "\"\\udfdb\"", "\"\\ud83c\\u0041\"",
        "\"\\"}) {
    EXPECT_FALSE(ReadsValue(value)) << value;
  }
  for (const char* text : {"", "[]", "\"a\"", "{", "}", "{}{}", "{} x",
                           "\xef\xbb\xbf{}", "{\"x\":\"\xff\"}"}) {
    EXPECT_FALSE(Reads(text)) << text;
  }
}

TEST(JsonTest, EscapesStandForTheirUtf8) {
  JsonObject object;
  ASSERT_TRUE(object.Read(
      "{\"1\":\"\\u007f\",\"2\":\"\\u0080\\u07FF\",\"3\":\"\\u0800\\uffff\","
      "\"4\":\"\\ud800\\udc00\\uDBFF\\uDFFF\"}"));
  EXPECT_EQ(*object.Text("1"), "\x7f");
  EXPECT_EQ(*object.Text("2"), "\xc2\x80\xdf\xbf");
  EXPECT_EQ(*object.Text("3"), "\xe0\xa0\x80\xef\xbf\xbf");
  EXPECT_EQ(*object.Text("4"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(JsonTest, RejectsANameTwiceAtAnyDepth) {
  EXPECT_FALSE(Reads("{\"a\":1,\"a\":1}"));
  EXPECT_FALSE(Reads("{\"a\":1,\"\\u0061\":1}"));
  EXPECT_FALSE(Reads("{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}"));
  EXPECT_TRUE(Reads("{\"a\":1,\"A\":1}"));
}

TEST(JsonTest, HasBounds) {
  const auto nested = [](int depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ReadsValue(nested(kJsonDepthMax - 1)));
  EXPECT_FALSE(ReadsValue(nested(kJsonDepthMax)));

  const auto members = [](size_t count) {
    std::string text = "{";
    for (size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  EXPECT_TRUE(Reads(members(kJsonMembersMax)));
  EXPECT_FALSE(Reads(members(kJsonMembersMax + 1)));

  const auto elements = [](size_t count) {
    std::string text = "[0";
    for (size_t i = 1; i < count; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_TRUE(ReadsValue(elements(kJsonElementsMax)));
  EXPECT_FALSE(ReadsValue(elements(kJsonElementsMax + 1)));

  EXPECT_TRUE(Reads("{}" + std::string(kJsonBytesMax - 2, ' ')));
  EXPECT_FALSE(Reads("{}" + std::string(kJsonBytesMax - 1, ' ')));
}

TEST(JsonTest, NoBeginningOfAnObjectIsOne) {
  const std::string text =
      "{\"a\":[1,\"\\u00e5\\ud83c\\udfdb\",null],\"b\":{\"c\":-1.5e3}}";
  ASSERT_TRUE(Reads(text));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(Reads(text.substr(0, size))) << size;
  }
}

TEST(JsonTest, GivesIntegersAndLists) {
  JsonObject object;
  ASSERT_TRUE(
      object.Read("{\"max\":18446744073709551615,\"more\":18446744073709551616,"
                  "\"minus\":-1,\"float\":1.0,\"text\":\"1\",\"none\":[],"
                  "\"texts\":[\"a\",\"\\u0062\"],\"mixed\":[\"a\",1]}"));
  EXPECT_EQ(JsonInteger(*object.Find("max")), 18446744073709551615u);
  for (const char* name : {"more", "minus", "float", "text", "none"}) {
    EXPECT_FALSE(JsonInteger(*object.Find(name)).has_value()) << name;
  }
  EXPECT_EQ(JsonTexts(*object.Find("texts")),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(JsonTexts(*object.Find("none"))->empty());
  for (const char* name : {"mixed", "text", "max"}) {
    EXPECT_FALSE(JsonTexts(*object.Find(name)).has_value()) << name;
  }
}

}  // namespace
}  // namespace vidimus
