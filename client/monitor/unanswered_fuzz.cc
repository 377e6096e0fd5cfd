// Any bytes as the text of an "asked, not answered" statement. What parses
// formats back to the same bytes, and is no checkpoint.

#include <cstddef>
#include <cstdint>

#include "client/monitor/unanswered.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Unanswered> statement = ParseUnanswered(text);
  if (!statement.ok()) return 0;
  const std::string again = FormatUnanswered(*statement);
  CHECK(absl::string_view(again) == text);
  CHECK(ValidateUnanswered(*statement).ok());
  Checkpoint checkpoint;
  CHECK(ParseCheckpoint(again, &checkpoint) != Finding::kOk);
  return 0;
}
