// Any bytes as a tile's path, as a tile, and as an entry bundle. What parses
// formats back to the same bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "verifier/check.h"
#include "verifier/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  const auto address = ParseTilePath(bytes);
  if (address.has_value()) CHECK(TilePath(*address) == bytes);

  std::vector<Hash> hashes;
  if (ParseTile(bytes, static_cast<int>(size / kHashBytes), &hashes) ==
      Finding::kOk) {
    CHECK(BytesOfHashes(hashes) == bytes);
    TileRoot(hashes);
  }

  std::string again;
  BundleReader reader(bytes);
  std::string_view entry;
  int count = 0;
  for (; reader.Next(&entry); ++count) AppendBundleEntry(entry, &again);
  std::vector<std::string_view> entries;
  if (reader.finding() == Finding::kOk) {
    CHECK(again == bytes);
    CHECK(ParseBundle(bytes, count, &entries) == Finding::kOk);
    CHECK(ParseBundle(bytes, count + 1, &entries) == Finding::kBundleCount);
  } else {
    CHECK(ParseBundle(bytes, count + 1, &entries) != Finding::kOk);
  }
  return 0;
}
