// Any bytes as base64, hex, decimal and UTF-8. What decodes encodes back to the
// same characters.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/check.h"
#include "verifier/encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string bytes;
  if (Base64Decode(text, &bytes)) CHECK(Base64Encode(bytes) == text);
  if (HexDecode(text, &bytes)) CHECK(HexEncode(bytes) == text);
  uint64_t value;
  if (DecimalDecode(text, &value)) CHECK(DecimalEncode(value) == text);
  CHECK(Base64Decode(Base64Encode(text), &bytes));
  CHECK(bytes == text);
  CHECK(HexDecode(HexEncode(text), &bytes));
  CHECK(bytes == text);
  IsUtf8(text);
  return 0;
}
