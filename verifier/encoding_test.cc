#include "verifier/encoding.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace vidimus {
namespace {

TEST(EncodingTest, Base64IsThatOfRfc4648) {
  const struct {
    const char* bytes;
    const char* text;
  } kVectors[] = {{"", ""},
                  {"f", "Zg=="},
                  {"fo", "Zm8="},
                  {"foo", "Zm9v"},
                  {"foob", "Zm9vYg=="},
                  {"fooba", "Zm9vYmE="},
                  {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : kVectors) {
    std::string bytes;
    EXPECT_EQ(Base64Encode(vector.bytes), vector.text);
    ASSERT_TRUE(Base64Decode(vector.text, &bytes)) << vector.text;
    EXPECT_EQ(bytes, vector.bytes);
  }
}

TEST(EncodingTest, RejectsOtherSpellingsOfBase64) {
  std::string bytes;
  for (const char* text :
       {"Zg", "Zg=", "Zg==\n", " Zg==", "Zh==", "Zm9=", "Z===", "====", "=m9v",
        "Zm=v", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9v=", "Zm9vZ"}) {
    EXPECT_FALSE(Base64Decode(text, &bytes)) << text;
  }
}

TEST(EncodingTest, WhatDecodesEncodesToTheSameText) {
  std::mt19937 random(1);
  int decoded = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 4; ++i) text.push_back("AQZaz09+/=w8-"[random() % 13]);
    std::string bytes;
    if (!Base64Decode(text, &bytes)) continue;
    ++decoded;
    EXPECT_EQ(Base64Encode(bytes), text);
  }
  EXPECT_GT(decoded, 1000);
}

TEST(EncodingTest, Base64UrlIsThatOfRfc4648WithoutPadding) {
  const struct {
    const char* bytes;
    const char* text;
  } kVectors[] = {{"", ""},
                  {"f", "Zg"},
                  {"fo", "Zm8"},
                  {"foo", "Zm9v"},
                  {"foob", "Zm9vYg"},
                  {"fooba", "Zm9vYmE"},
                  {"\xfb\xff", "-_8"},
                  {"\xff\xff\xff", "____"}};
  for (const auto& vector : kVectors) {
    std::string bytes;
    EXPECT_EQ(Base64UrlEncode(vector.bytes), vector.text);
    ASSERT_TRUE(Base64UrlDecode(vector.text, &bytes)) << vector.text;
    EXPECT_EQ(bytes, vector.bytes);
  }
  std::string bytes;
  for (const char* text :
       {"Zg==", "Zg=", "Zh", "Zm9", "A", "AAAAA", "+_8", "-/8", "/w", "Zg\n",
        " Zg", "Z.g", "Zm9v=", "=", "====", "Zm8/", "Zm9+"}) {
    EXPECT_FALSE(Base64UrlDecode(text, &bytes)) << text;
  }
}

TEST(EncodingTest, HexIsLowerCase) {
  std::string bytes;
  EXPECT_EQ(HexEncode(std::string("\x00\xaf\xff", 3)), "00afff");
  ASSERT_TRUE(HexDecode("00afff", &bytes));
  EXPECT_EQ(bytes, std::string("\x00\xaf\xff", 3));
  for (const char* text : {"0", "0G", "AF", "0x", " 0", "00 "}) {
    EXPECT_FALSE(HexDecode(text, &bytes)) << text;
  }
}

TEST(EncodingTest, IntegersAreBigEndian) {
  std::string bytes;
  AppendBe16(0x0102, &bytes);
  AppendBe32(0x03040506, &bytes);
  AppendBe64(0x0708090a0b0c0d0eULL, &bytes);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e");
  EXPECT_EQ(Be16(bytes), 0x0102);
  EXPECT_EQ(Be32(bytes), 0x01020304u);
  EXPECT_EQ(Be64(bytes), 0x0102030405060708ULL);
}

TEST(EncodingTest, DecimalHasOneSpelling) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{7}, uint64_t{10},
                               uint64_t{1} << 63, ~uint64_t{0}}) {
    uint64_t decoded = 1;
    ASSERT_TRUE(DecimalDecode(DecimalEncode(value), &decoded));
    EXPECT_EQ(decoded, value);
  }
  uint64_t value;
  for (const char* text : {"", "00", "01", "+1", "-1", " 1", "1 ", "1a", "0x1",
                           "18446744073709551616", "99999999999999999999"}) {
    EXPECT_FALSE(DecimalDecode(text, &value)) << text;
  }
}

TEST(EncodingTest, AcceptsUtf8) {
  for (const char* text : {"", "abc", "\xc3\xa5", "\xe2\x80\x94",
                           "\xf0\x9f\x91\x81", "\xf4\x8f\xbf\xbf", "\x7f"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(EncodingTest, RejectsWhatIsNotUtf8) {
  for (const char* text :
       {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe2\x80",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xff", "\xc3(", "a\xe2\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
    // Wherever it stands among what is read eight bytes at a time.
    for (size_t before = 0; before < 20; ++before) {
      for (const size_t after : {0, 1, 7, 8, 9, 17}) {
        EXPECT_FALSE(
            IsUtf8(std::string(before, 'a') + text + std::string(after, 'z')));
        EXPECT_TRUE(IsUtf8(std::string(before, 'a') + "\xc3\xa5" +
                           std::string(after, 'z')));
      }
    }
  }
}

}  // namespace
}  // namespace vidimus
