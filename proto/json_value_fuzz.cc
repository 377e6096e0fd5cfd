// What parses as JSON has one canonical spelling, which parses to itself; and
// no complaint repeats what was read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/json_value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<vidimus::Json> value = vidimus::ParseJson(text);
  if (!value.ok()) {
    for (const char c : value.status().message()) {
      if (c < ' ' || c > '~') abort();
    }
    return 0;
  }
  const std::string canonical = vidimus::CanonicalJson(*value);
  const absl::StatusOr<vidimus::Json> again = vidimus::ParseJson(canonical);
  if (!again.ok()) abort();
  if (vidimus::CanonicalJson(*again) != canonical) abort();
  return 0;
}
