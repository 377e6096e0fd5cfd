// Any bytes as a checkpoint. What parses formats back to the same bytes.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Checkpoint checkpoint;
  if (ParseCheckpoint(text, &checkpoint) == Finding::kOk) {
    CHECK(FormatCheckpoint(checkpoint) == text);
  }
  return 0;
}
