#include "verifier/message_json.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "verifier/encoding.h"
#include "verifier/json.h"

namespace vidimus {
namespace {

void WriteJudged(const MessageRule& rule, std::string_view message,
                 JsonWriter* json);

void WriteValue(const WireField& field, JsonWriter* json) {
  switch (field.rule->kind) {
    case FieldKind::kUint32:
    case FieldKind::kUint64:
    case FieldKind::kEnum:
      json->Number(field.number);
      return;
    case FieldKind::kBool:
      json->Bool(field.number != 0);
      return;
    case FieldKind::kText:
      json->Text(field.bytes);
      return;
    case FieldKind::kBytes:
      json->Hex(field.bytes);
      return;
    case FieldKind::kMessage:
      WriteJudged(*field.rule->message, field.bytes, json);
  }
}

void WriteJudged(const MessageRule& rule, std::string_view message,
                 JsonWriter* json) {
  json->BeginObject();
  WireReader reader(rule, message);
  WireField field;
  const FieldRule* list = nullptr;
  while (reader.Next(&field)) {
    if (field.rule != list) {
      if (list != nullptr) json->EndList();
      list = field.rule->repeated ? field.rule : nullptr;
      json->Name(field.rule->name);
      if (list != nullptr) json->BeginList();
    }
    WriteValue(field, json);
  }
  if (list != nullptr) json->EndList();
  json->EndObject();
}

bool ReadNumber(const JsonValue& value, uint64_t* number) {
  if (value.kind == JsonKind::kText) {
    return DecimalDecode(value.text, number) && *number > kJsonExactMax;
  }
  const std::optional<uint64_t> read = JsonInteger(value);
  if (!read.has_value() || *read > kJsonExactMax) return false;
  *number = *read;
  return true;
}

bool EncodeObject(const MessageRule& rule, std::string_view json, int depth,
                  std::string* message);

bool EncodeValue(const FieldRule& rule, const JsonValue& value, int depth,
                 std::string* message) {
  uint64_t number = 0;
  std::string bytes;
  switch (rule.kind) {
    case FieldKind::kUint32:
    case FieldKind::kUint64:
    case FieldKind::kEnum:
      if (!ReadNumber(value, &number)) return false;
      AppendWireNumber(rule.number, number, message);
      return true;
    case FieldKind::kBool:
      if (value.kind != JsonKind::kBool) return false;
      AppendWireNumber(rule.number, value.raw == "true" ? 1 : 0, message);
      return true;
    case FieldKind::kText:
      if (value.kind != JsonKind::kText) return false;
      AppendWireBytes(rule.number, value.text, message);
      return true;
    case FieldKind::kBytes:
      if (value.kind != JsonKind::kText || !HexDecode(value.text, &bytes)) {
        return false;
      }
      break;
    case FieldKind::kMessage:
      if (value.kind != JsonKind::kObject ||
          !EncodeObject(*rule.message, value.raw, depth + 1, &bytes)) {
        return false;
      }
  }
  AppendWireBytes(rule.number, bytes, message);
  return true;
}

bool EncodeObject(const MessageRule& rule, std::string_view json, int depth,
                  std::string* message) {
  JsonObject object;
  if (depth > kWireDepthMax || !object.Read(json)) return false;
  size_t taken = 0;
  for (size_t i = 0; i < rule.field_count; ++i) {
    const FieldRule& field = rule.fields[i];
    const JsonValue* const value = object.Find(field.name);
    if (value == nullptr) continue;
    ++taken;
    if (!field.repeated) {
      if (!EncodeValue(field, *value, depth, message)) return false;
      continue;
    }
    const std::optional<std::vector<JsonValue>> elements = JsonElements(*value);
    // A list of nothing would not come back.
    if (!elements.has_value() || elements->empty()) return false;
    for (const JsonValue& element : *elements) {
      if (!EncodeValue(field, element, depth, message)) return false;
    }
  }
  return taken == object.members().size();
}

}  // namespace

void WriteMessage(const MessageRule& rule, std::string_view message,
                  JsonWriter* json) {
  if (JudgeWire(rule, message) != Finding::kOk) {
    json->Null();
    return;
  }
  WriteJudged(rule, message, json);
}

Finding EncodeMessage(const MessageRule& rule, std::string_view json,
                      std::string* message) {
  message->clear();
  JsonObject object;
  if (!object.Read(json)) return Finding::kJsonMalformed;
  if (!EncodeObject(rule, json, 1, message)) return Finding::kJsonField;
  return JudgeWire(rule, *message);
}

}  // namespace vidimus
