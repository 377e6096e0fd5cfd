// Gunzip keeps its bound, and what it reads zips and unzips to the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proto/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kBytesMax = 100000;
  const absl::string_view zipped(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<std::string> bytes = vidimus::Gunzip(zipped, kBytesMax);
  if (!bytes.ok()) return 0;
  if (bytes->size() > kBytesMax) abort();
  const absl::StatusOr<std::string> again =
      vidimus::Gunzip(vidimus::Gzip(*bytes), bytes->size());
  if (!again.ok() || *again != *bytes) abort();
  return 0;
}
