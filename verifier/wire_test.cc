#include "verifier/wire.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace vidimus {
namespace {

extern const MessageRule kOuter;

constexpr FieldRule kInnerFields[] = {
    {1, FieldKind::kText, false, "text", nullptr},
    {2, FieldKind::kMessage, false, "outer", &kOuter},
};
constexpr MessageRule kInner = {"Inner", kInnerFields, 2};

constexpr FieldRule kOuterFields[] = {
    {1, FieldKind::kUint32, false, "small", nullptr},
    {2, FieldKind::kUint64, true, "numbers", nullptr},
    {5, FieldKind::kBool, false, "flag", nullptr},
    {6, FieldKind::kEnum, false, "kind", nullptr},
    {16, FieldKind::kBytes, false, "bytes", nullptr},
    {20, FieldKind::kMessage, true, "inner", &kInner},
};
constexpr MessageRule kOuter = {"Outer", kOuterFields, 6};

std::string Number(uint32_t field, uint64_t value) {
  std::string bytes;
  AppendWireNumber(field, value, &bytes);
  return bytes;
}

std::string Field(uint32_t field, std::string_view value) {
  std::string bytes;
  AppendWireBytes(field, value, &bytes);
  return bytes;
}

Finding Judge(std::string_view message) { return JudgeWire(kOuter, message); }

// Writes again what a reader gives.
std::string Rewrite(const MessageRule& rule, std::string_view message) {
  std::string out;
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->kind) {
      case FieldKind::kText:
      case FieldKind::kBytes:
      case FieldKind::kMessage:
        AppendWireBytes(field.rule->number, field.bytes, &out);
        break;
      default:
        AppendWireNumber(field.rule->number, field.number, &out);
    }
  }
  return out;
}

TEST(WireTest, ReadsFieldsInOrder) {
  const std::string message = Number(1, 0xffffffff) + Number(2, 0) +
                              Number(2, ~uint64_t{0}) + Number(5, 1) +
                              Number(6, 0x7fffffff) + Field(16, "\xff") +
                              Field(20, Field(1, "\xc3\xa5")) + Field(20, "");
  EXPECT_EQ(Judge(message), Finding::kOk);
  EXPECT_EQ(Rewrite(kOuter, message), message);
  EXPECT_EQ(Judge(""), Finding::kOk);
}

TEST(WireTest, ReadsWhatProtobufsPageSaysAs150) {
  WireReader reader(kOuter, "\x08\x96\x01");
  WireField field;
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.number, 150u);
  EXPECT_FALSE(reader.Next(&field));
  EXPECT_EQ(reader.finding(), Finding::kOk);
}

TEST(WireTest, RejectsOverlongVarints) {
  const std::string kTag = "\x08";
  EXPECT_EQ(Judge(kTag + std::string("\x80\x00", 2)), Finding::kWireVarint);
  EXPECT_EQ(Judge(kTag + std::string("\x96\x81\x00", 3)), Finding::kWireVarint);
  // The tag itself in two bytes.
  EXPECT_EQ(Judge(std::string("\x88\x00\x01", 3)), Finding::kWireVarint);
  // 2^64, and more than ten bytes.
  const std::string nine(9, '\x80');
  EXPECT_EQ(Judge("\x10" + nine + "\x02"), Finding::kWireVarint);
  EXPECT_EQ(Judge("\x10" + nine + "\x80\x01"), Finding::kWireVarint);
  EXPECT_EQ(Judge("\x10" + nine + "\x01"), Finding::kOk);
}

TEST(WireTest, RejectsFieldsOutOfOrder) {
  EXPECT_EQ(Judge(Number(2, 1) + Number(1, 1)), Finding::kWireOrder);
  EXPECT_EQ(Judge(Number(2, 1) + Number(5, 1) + Number(2, 1)),
            Finding::kWireOrder);
}

TEST(WireTest, RejectsASingularFieldTwice) {
  EXPECT_EQ(Judge(Number(1, 1) + Number(1, 1)), Finding::kWireRepeatedField);
  EXPECT_EQ(Judge(Number(2, 1) + Number(2, 1)), Finding::kOk);
}

TEST(WireTest, RejectsUnknownFields) {
  for (const uint32_t field : {3u, 4u, 15u, 17u, 21u, 536870911u}) {
    EXPECT_EQ(Judge(Number(field, 1)), Finding::kWireUnknownField) << field;
  }
  EXPECT_EQ(Judge(Field(20, Field(3, ""))), Finding::kWireUnknownField);
}

TEST(WireTest, RejectsOtherTags) {
  // Field 0; fixed 64, groups, fixed 32, the two types that are none.
  for (const char tag :
       {'\x00', '\x02', '\x09', '\x0b', '\x0c', '\x0d', '\x0e', '\x0f'}) {
    EXPECT_EQ(Judge(std::string(1, tag) + "12345678"), Finding::kWireTag);
  }
  // Field 2^29.
  EXPECT_EQ(Judge("\x80\x80\x80\x80\x10\x01"), Finding::kWireTag);
}

TEST(WireTest, RejectsAnotherWireType) {
  EXPECT_EQ(Judge(Field(1, "x")), Finding::kWireType);
  EXPECT_EQ(Judge(Number(16, 1)), Finding::kWireType);
  // A packed list of numbers.
  EXPECT_EQ(Judge(Field(2, "\x01\x02")), Finding::kWireType);
}

TEST(WireTest, RejectsNumbersBeyondTheirType) {
  EXPECT_EQ(Judge(Number(1, uint64_t{1} << 32)), Finding::kWireRange);
  EXPECT_EQ(Judge(Number(5, 2)), Finding::kWireRange);
  EXPECT_EQ(Judge(Number(6, uint64_t{1} << 31)), Finding::kWireRange);
  EXPECT_EQ(Judge(Number(6, ~uint64_t{0})), Finding::kWireRange);
}

TEST(WireTest, RejectsTextThatIsNotUtf8) {
  EXPECT_EQ(Judge(Field(20, Field(1, "\xff"))), Finding::kWireUtf8);
  EXPECT_EQ(Judge(Field(20, Field(1, "\xed\xa0\x80"))), Finding::kWireUtf8);
}

TEST(WireTest, RejectsAMessageThatBreaksOff) {
  const std::string message =
      Number(1, 300) + Field(16, "bytes") + Field(20, Field(1, "text"));
  for (size_t size = 0; size < message.size(); ++size) {
    const bool whole = size == 0 || size == 3 || size == 11;
    EXPECT_EQ(Judge(std::string_view(message).substr(0, size)),
              whole ? Finding::kOk : Finding::kWireTruncated)
        << size;
  }
  // A length that would wrap around.
  EXPECT_EQ(Judge("\x82\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            Finding::kWireTruncated);
}

TEST(WireTest, HasBoundsOnElementsAndDepth) {
  std::string message;
  for (size_t i = 0; i < kWireRepeatedMax; ++i) message += Number(2, 1);
  EXPECT_EQ(Judge(message), Finding::kOk);
  EXPECT_EQ(Judge(message + Number(2, 1)), Finding::kWireTooMany);

  std::string nested;
  int depth = 1;
  for (; depth < kWireDepthMax; ++depth) {
    nested = Field(depth % 2 == 1 ? 2 : 20, nested);
  }
  EXPECT_EQ(JudgeWire(depth % 2 == 1 ? kOuter : kInner, nested), Finding::kOk);
  nested = Field(depth % 2 == 1 ? 2 : 20, nested);
  nested = Field(depth % 2 == 1 ? 20 : 2, nested);
  EXPECT_EQ(JudgeWire(depth % 2 == 1 ? kOuter : kInner, nested),
            Finding::kWireTooMany);
}

TEST(WireTest, WhatParsesHasNoOtherSpelling) {
  std::mt19937 random(7);
  const std::string seed = Number(1, 300) + Number(2, 7) + Number(5, 1) +
                           Field(16, "ab") + Field(20, Field(1, "c"));
  int parsed = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string message = seed;
    for (int change = random() % 3; change >= 0; --change) {
      message[random() % message.size()] = static_cast<char>(random());
    }
    if (Judge(message) != Finding::kOk) continue;
    ++parsed;
    EXPECT_EQ(Rewrite(kOuter, message), message);
  }
  EXPECT_GT(parsed, 1000);
}

}  // namespace
}  // namespace vidimus
