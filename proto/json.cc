#include "proto/json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vidimus {
namespace {

// What a field of this type wants in JSON, by protobuf's name of the type.
absl::string_view WantOf(absl::string_view message) {
  struct {
    absl::string_view type, want;
  } constexpr kWants[] = {
      {"TYPE_BYTES", "base64 in a string"},
      {"TYPE_STRING", "a string"},
      {"TYPE_BOOL", "true or false"},
      {"TYPE_UINT32", "a whole number from 0 to 4294967295"},
      {"TYPE_FIXED32", "a whole number from 0 to 4294967295"},
      {"TYPE_UINT64", "a whole number from 0 to 18446744073709551615"},
      {"TYPE_FIXED64", "a whole number from 0 to 18446744073709551615"},
      {"TYPE_INT32", "a whole number of 32 bits"},
      {"TYPE_INT64", "a whole number of 64 bits"},
      {"TYPE_ENUM", "the name or number of a value"},
      {"type.googleapis.com/", "an object"},
  };
  const size_t at = message.rfind(" for type ");
  if (at == absl::string_view::npos) return "something else";
  const absl::string_view type = message.substr(at + 10);
  for (const auto& want : kWants) {
    if (absl::StartsWith(type, want.type)) return want.want;
  }
  return "something else";
}

// "entries[0].record" of "(entries[0].record): invalid value ...": names of the
// schema, not of the caller. Empty if there is none.
absl::string_view FieldOf(absl::string_view message) {
  if (!absl::StartsWith(message, "(")) return {};
  const absl::string_view field = message.substr(1, message.find(')') - 1);
  for (char c : field) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("_.[]", c)) return {};
  }
  return field;
}

// Protobuf's messages quote what the caller sent; ours must not.
std::string Explain(absl::string_view message) {
  const absl::string_view field = FieldOf(message);
  const std::string where =
      field.empty() ? "JSON: " : absl::StrCat("JSON: ", field, ": ");
  if (absl::StrContains(message, "Cannot find field")) {
    return absl::StrCat(where, "a field that does not exist");
  }
  if (absl::StrContains(message, "invalid value")) {
    return absl::StrCat(where, "want ", WantOf(message));
  }
  if (absl::StrContains(message, "must be a message")) {
    return "JSON: want an object";
  }
  if (absl::StrContains(message, "too deep")) return "JSON: nested too deep";
  if (absl::StrContains(message, "UTF-8")) return "JSON: not UTF-8";
  return "JSON: damaged or cut short";
}

}  // namespace

absl::Status FromJson(absl::string_view json,
                      google::protobuf::Message* message) {
  message->Clear();
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message);
  if (status.ok()) return absl::OkStatus();
  const auto text = status.message();
  return absl::InvalidArgumentError(
      Explain(absl::string_view(text.data(), text.size())));
}

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("write ", message.GetTypeName(), " as JSON"));
  }
  return json;
}

}  // namespace vidimus
