// What parses as JSON survives the way back, and no complaint repeats what was
// sent.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/json.h"
#include "proto/vidimus.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  vidimus::v1::SubmitRequest request;
  const absl::Status status = vidimus::FromJson(json, &request);
  if (!status.ok()) {
    for (const char c : status.message()) {
      if (c < ' ' || c > '~') abort();
    }
    return 0;
  }
  const absl::StatusOr<std::string> written = vidimus::ToJson(request);
  vidimus::v1::SubmitRequest again;
  if (!written.ok() || !vidimus::FromJson(*written, &again).ok() ||
      again.SerializeAsString() != request.SerializeAsString()) {
    abort();
  }
  return 0;
}
