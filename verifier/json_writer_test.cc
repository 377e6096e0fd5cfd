#include "verifier/json_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/json.h"

namespace vidimus {
namespace {

std::string TextOf(std::string_view text) {
  JsonWriter json;
  json.Text(text);
  return json.text();
}

TEST(JsonWriterTest, PartsValuesWithCommas) {
  JsonWriter json;
  json.BeginObject();
  json.Number("a", 1);
  json.Name("list");
  json.BeginList();
  json.Number(1);
  json.BeginObject();
  json.EndObject();
  json.Null();
  json.EndList();
  json.Hex("b", "\x01\xff");
  json.Bool("c", false);
  json.EndObject();
  EXPECT_EQ(json.text(), R"({"a":1,"list":[1,{},null],"b":"01ff","c":false})");
}

TEST(JsonWriterTest, WritesNumbersSoThatEveryReaderKeepsThem) {
  JsonWriter json;
  json.BeginList();
  json.Number(0);
  json.Number(9007199254740991);
  json.Number(9007199254740992);
  json.Number(18446744073709551615u);
  json.EndList();
  EXPECT_EQ(
      json.text(),
      R"([0,9007199254740991,"9007199254740992","18446744073709551615"])");
}

TEST(JsonWriterTest, EscapesWhatWouldEndTheText) {
  EXPECT_EQ(TextOf("a\"b\\c\n"), R"("a\"b\\c\u000a")");
  EXPECT_EQ(TextOf(std::string_view("\0\x1f\x7f", 3)),
            R"("\u0000\u001f\u007f")");
  EXPECT_EQ(TextOf("</script>åäö"), "\"</script>åäö\"");
}

TEST(JsonWriterTest, IsUtf8WhateverItIsGiven) {
  EXPECT_EQ(TextOf("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWriterTest, EveryByteIsReadBack) {
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    JsonWriter json;
    json.BeginObject();
    json.Text("x", text);
    json.EndObject();
    JsonObject object;
    ASSERT_TRUE(object.Read(json.text())) << byte;
    EXPECT_EQ(*object.Text("x"), text) << byte;
  }
}

}  // namespace
}  // namespace vidimus
