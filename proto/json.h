// proto/json.h
//
// Protobuf messages as JSON (proto3's mapping: lowerCamelCase names, bytes as
// base64, 64-bit integers as strings) and back. Pure functions, any thread.

#ifndef VIDIMUS_PROTO_JSON_H_
#define VIDIMUS_PROTO_JSON_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// Reads `json` into `message`, which is cleared first and undefined after a
// failure. kInvalidArgument, naming the field and what it wants but never the
// value, for what is not JSON, a field the message does not have, a value of
// the wrong type, base64 that is damaged, or nesting deeper than 100. Lenient
// as protobuf's own reader is: names in either spelling, the last of two equal
// names counts, names without quotes.
absl::Status FromJson(absl::string_view json,
                      google::protobuf::Message* message);

// `message` on one line, fields without a value left out. Never fails for the
// messages of this folder.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_JSON_H_
