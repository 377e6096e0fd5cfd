#include "verifier/wire.h"

#include <limits>

#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr uint32_t kFieldNumberMax = (1u << 29) - 1;
// The two wire types we use.
constexpr uint64_t kVarintType = 0;
constexpr uint64_t kBytesType = 2;

bool IsNumber(FieldKind kind) {
  return kind == FieldKind::kUint32 || kind == FieldKind::kUint64 ||
         kind == FieldKind::kBool || kind == FieldKind::kEnum;
}

uint64_t NumberMax(FieldKind kind) {
  switch (kind) {
    case FieldKind::kBool:
      return 1;
    case FieldKind::kEnum:
      return std::numeric_limits<int32_t>::max();
    case FieldKind::kUint32:
      return std::numeric_limits<uint32_t>::max();
    default:
      return std::numeric_limits<uint64_t>::max();
  }
}

Finding JudgeNested(const MessageRule& rule, std::string_view message,
                    int depth) {
  if (depth > kWireDepthMax) return Finding::kWireTooMany;
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->kind == FieldKind::kMessage) {
      RETURN_IF_FOUND(
          JudgeNested(*field.rule->message, field.bytes, depth + 1));
    }
  }
  return reader.finding();
}

void AppendVarint(uint64_t value, std::string* message) {
  for (; value >= 0x80; value >>= 7) {
    message->push_back(static_cast<char>(value | 0x80));
  }
  message->push_back(static_cast<char>(value));
}

}  // namespace

bool WireReader::Refuse(Finding finding) {
  finding_ = finding;
  return false;
}

// Seven bits a byte, least first, the top bit set on all but the last.
bool WireReader::Varint(uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Refuse(Finding::kWireTruncated);
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    const uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) return Refuse(Finding::kWireVarint);
    *value |= bits << shift;
    if (byte < 0x80) {
      // A last byte of zero says nothing: the same number has a shorter form.
      return byte != 0 || shift == 0 || Refuse(Finding::kWireVarint);
    }
  }
  return Refuse(Finding::kWireVarint);
}

bool WireReader::Next(WireField* field) {
  if (rest_.empty() || finding_ != Finding::kOk) return false;
  uint64_t tag;
  if (!Varint(&tag)) return false;
  const uint64_t number = tag >> 3;
  const uint64_t type = tag & 7;
  if (number == 0 || number > kFieldNumberMax ||
      (type != kVarintType && type != kBytesType)) {
    return Refuse(Finding::kWireTag);
  }

  if (number < last_number_) return Refuse(Finding::kWireOrder);
  while (next_rule_ < rule_.field_count &&
         rule_.fields[next_rule_].number < number) {
    ++next_rule_;
  }
  if (next_rule_ == rule_.field_count ||
      rule_.fields[next_rule_].number != number) {
    return Refuse(Finding::kWireUnknownField);
  }
  const FieldRule& rule = rule_.fields[next_rule_];
  if (number == last_number_) {
    if (!rule.repeated) return Refuse(Finding::kWireRepeatedField);
    if (++repeats_ > kWireRepeatedMax) return Refuse(Finding::kWireTooMany);
  } else {
    last_number_ = rule.number;
    repeats_ = 1;
  }

  if (IsNumber(rule.kind) != (type == kVarintType)) {
    return Refuse(Finding::kWireType);
  }
  field->rule = &rule;
  if (!Varint(&field->number)) return false;
  if (IsNumber(rule.kind)) {
    field->bytes = {};
    return field->number <= NumberMax(rule.kind) || Refuse(Finding::kWireRange);
  }
  if (field->number > rest_.size()) return Refuse(Finding::kWireTruncated);
  field->bytes = rest_.substr(0, field->number);
  rest_.remove_prefix(field->bytes.size());
  return rule.kind != FieldKind::kText || IsUtf8(field->bytes) ||
         Refuse(Finding::kWireUtf8);
}

Finding JudgeWire(const MessageRule& rule, std::string_view message) {
  return JudgeNested(rule, message, 1);
}

bool BeginsWithFormat(std::string_view file, std::string_view format) {
  std::string start;
  AppendWireBytes(1, format, &start);
  return file.substr(0, start.size()) == start;
}

void AppendWireNumber(uint32_t field, uint64_t value, std::string* message) {
  AppendVarint(uint64_t{field} << 3 | kVarintType, message);
  AppendVarint(value, message);
}

void AppendWireBytes(uint32_t field, std::string_view bytes,
                     std::string* message) {
  AppendVarint(uint64_t{field} << 3 | kBytesType, message);
  AppendVarint(bytes.size(), message);
  *message += bytes;
}

}  // namespace vidimus
