// proto/json_value.h
//
// JSON as RFC 8259 has it, read strictly: UTF-8, no duplicate names, no lone
// surrogates, nothing after the value. Errors say where and what was expected,
// never what stood there. Pure functions. For JSON that others define (tokens,
// keys, what a city's services log); our own messages as JSON are json.h.

#ifndef VIDIMUS_PROTO_JSON_VALUE_H_
#define VIDIMUS_PROTO_JSON_VALUE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// A value; plain data.
struct Json {
  enum class Kind { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  // Of a string: its content. Of a number: its spelling.
  std::string text;
  std::vector<Json> items;
  // In the order of the input; names are unique.
  std::vector<std::pair<std::string, Json>> members;

  // The member of this name; null if there is none or this is no object.
  const Json* Find(absl::string_view name) const;

  // Steps down by names joined with dots: "audit_event.target.id".
  const Json* At(absl::string_view path) const;

  // What a string or a number says; empty for all else and for null pointers.
  static absl::string_view TextOf(const Json* value);
};

inline constexpr int kJsonDepthMax = 64;

// kInvalidArgument with the byte's place.
absl::StatusOr<Json> ParseJson(absl::string_view bytes);

// The one spelling that Python's json.dumps(value, sort_keys=True) gives:
// members sorted, ", " and ": " between, everything but printable ASCII
// escaped. Numbers keep their spelling.
std::string CanonicalJson(const Json& value);

// `text` as a JSON string, in quotes.
std::string JsonQuote(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_JSON_VALUE_H_
