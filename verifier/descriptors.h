// For tests: compares a table of wire.h with what protoc makes of a message.
#ifndef VERIFIER_DESCRIPTORS_H_
#define VERIFIER_DESCRIPTORS_H_

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>

#include "verifier/wire.h"

namespace vidimus {

inline FieldKind KindOf(const google::protobuf::FieldDescriptor& field) {
  using google::protobuf::FieldDescriptor;
  switch (field.type()) {
    case FieldDescriptor::TYPE_UINT32:
      return FieldKind::kUint32;
    case FieldDescriptor::TYPE_UINT64:
      return FieldKind::kUint64;
    case FieldDescriptor::TYPE_BOOL:
      return FieldKind::kBool;
    case FieldDescriptor::TYPE_ENUM:
      return FieldKind::kEnum;
    case FieldDescriptor::TYPE_STRING:
      return FieldKind::kText;
    case FieldDescriptor::TYPE_BYTES:
      return FieldKind::kBytes;
    case FieldDescriptor::TYPE_MESSAGE:
      return FieldKind::kMessage;
    default:
      ADD_FAILURE() << field.full_name() << " has a type we do not read";
      return FieldKind::kBytes;
  }
}

// Fails unless `rule`, with all it refers to, has exactly the fields of
// `message`: numbers, names, types, repeated or not; and, if `presence`, a zero
// that was said can be told from one that was not.
inline void ExpectSameFields(const MessageRule& rule,
                             const google::protobuf::Descriptor& message,
                             bool presence = true) {
  EXPECT_EQ(rule.name, message.name());
  ASSERT_EQ(rule.field_count, static_cast<size_t>(message.field_count()))
      << rule.name;
  for (size_t i = 0; i < rule.field_count; ++i) {
    const FieldRule& ours = rule.fields[i];
    if (i > 0) {
      EXPECT_LT(rule.fields[i - 1].number, ours.number);
    }
    const auto* theirs =
        message.FindFieldByNumber(static_cast<int>(ours.number));
    ASSERT_NE(theirs, nullptr) << ours.name;
    EXPECT_EQ(ours.name, theirs->name());
    EXPECT_EQ(ours.kind, KindOf(*theirs)) << ours.name;
    EXPECT_EQ(ours.repeated, theirs->is_repeated()) << ours.name;
    if (!ours.repeated && presence) {
      EXPECT_TRUE(theirs->has_presence()) << ours.name;
    }
    EXPECT_FALSE(theirs->is_packed()) << ours.name;
    ASSERT_EQ(ours.message != nullptr, ours.kind == FieldKind::kMessage);
    if (ours.message != nullptr) {
      ExpectSameFields(*ours.message, *theirs->message_type(), presence);
    }
  }
}

}  // namespace vidimus

#endif  // VERIFIER_DESCRIPTORS_H_
