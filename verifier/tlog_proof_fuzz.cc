// Any bytes as a tlog-proof. What parses formats back to the same bytes.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TlogProof proof;
  if (ParseTlogProof(bytes, &proof) == Finding::kOk) {
    CHECK(FormatTlogProof(proof) == bytes);
  }
  return 0;
}
