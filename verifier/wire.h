// Protobuf bytes read so strictly that a message has few spellings: fields in
// ascending order, none unknown, a singular one at most once, no overlong
// varint, no number beyond its type, text in UTF-8. Records, actors and
// register documents are kept and hashed as the bytes that came, so a reader
// that forgave would let two readers see two things. Format: docs/wire.md.
//
// A message is described by a constant table; a test compares each table with
// what protoc makes of the .proto file. Pure, allocates nothing, safe from any
// thread.
#ifndef VERIFIER_WIRE_H_
#define VERIFIER_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/finding.h"

namespace vidimus {

// What a field holds. There are no others: no floats, no signed numbers, no
// fixed width, no groups, no packed lists.
enum class FieldKind : uint8_t {
  kUint32,
  kUint64,
  kBool,  // 0 or 1
  kEnum,  // 0 to 2^31 - 1; values the table does not list are kept
  kText,  // UTF-8
  kBytes,
  kMessage,
};

struct MessageRule;

struct FieldRule {
  uint32_t number;
  FieldKind kind;
  bool repeated;
  const char* name;            // as in the .proto file
  const MessageRule* message;  // of a kMessage, else null
};

// `fields` ascend by number.
struct MessageRule {
  const char* name;  // as in the .proto file, without package
  const FieldRule* fields;
  size_t field_count;
};

// How many elements a repeated field may hold, and how deep messages nest.
inline constexpr size_t kWireRepeatedMax = 65536;
inline constexpr int kWireDepthMax = 8;

// One field that obeys its rule. `number` of an integer kind, `bytes` of the
// others; `bytes` points into the message.
struct WireField {
  const FieldRule* rule = nullptr;
  uint64_t number = 0;
  std::string_view bytes;
};

// Steps through the fields of one message. A nested message is given as bytes;
// a reader with its rule judges it.
//
//   WireReader reader(kActorRule, bytes);
//   WireField field;
//   while (reader.Next(&field)) switch (field.rule->number) ...
//   RETURN_IF_FOUND(reader.finding());
class WireReader {
 public:
  // `rule` and `message` must outlive the reader.
  WireReader(const MessageRule& rule, std::string_view message)
      : rule_(rule), rest_(message) {}

  // The next field, or false at the end or at the first thing that is wrong.
  bool Next(WireField* field);

  // kOk; kWireTruncated, kWireVarint, kWireTag, kWireUnknownField,
  // kWireRepeatedField, kWireOrder, kWireType, kWireRange, kWireUtf8,
  // kWireTooMany.
  Finding finding() const { return finding_; }

 private:
  bool Varint(uint64_t* value);
  bool Refuse(Finding finding);

  const MessageRule& rule_;
  std::string_view rest_;
  Finding finding_ = Finding::kOk;
  uint32_t last_number_ = 0;
  size_t repeats_ = 0;
  size_t next_rule_ = 0;
};

// Judges a whole message with all that nests in it: a finding of WireReader, or
// kOk. kWireTooMany also for nesting deeper than kWireDepthMax.
Finding JudgeWire(const MessageRule& rule, std::string_view message);

// Whether a file begins with `format` as its field 1, by which it is known.
bool BeginsWithFormat(std::string_view file, std::string_view format);

// Appends one field; fields must be appended in ascending order.
void AppendWireNumber(uint32_t field, uint64_t value, std::string* message);
void AppendWireBytes(uint32_t field, std::string_view bytes,
                     std::string* message);

}  // namespace vidimus

#endif  // VERIFIER_WIRE_H_
