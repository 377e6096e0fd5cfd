// Protobuf's text format, as people write settings, mappings and documents.
#ifndef VIDIMUS_PROTO_TEXT_H_
#define VIDIMUS_PROTO_TEXT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace vidimus {

// Fills `message` from `text`. kInvalidArgument says the first thing that is
// wrong and where: "line 3, column 7: ...". Any thread.
absl::Status ParseText(const std::string& text,
                       google::protobuf::Message* message);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_TEXT_H_
