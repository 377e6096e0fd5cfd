// Any bytes as a leaf. What parses formats back to the same bytes.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/leaf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Leaf leaf;
  if (ParseLeaf(bytes, &leaf) == Finding::kOk) {
    CHECK(FormatLeaf(leaf) == bytes);
    if (leaf.kind == LeafKind::kSeal) {
      CHECK(FormatSealLeaf(SealOf(leaf)) == bytes);
    }
  }
  return 0;
}
