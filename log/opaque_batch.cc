#include "log/opaque_batch.h"

#include "verifier/tile.h"

namespace vidimus {

absl::StatusOr<MadeBatch> OpaqueBatchMaker::Make(
    uint64_t, const std::vector<FreshEntry>& fresh) {
  MadeBatch made;
  size_t bytes = 0;
  for (const FreshEntry& one : fresh) bytes += 2 + one.entry->data.size();
  made.entries.reserve(bytes);
  for (const FreshEntry& one : fresh) {
    AppendBundleEntry(one.entry->data, &made.entries);
    made.places.push_back(static_cast<uint32_t>(made.leaf_hashes.size()));
    made.leaf_hashes.push_back(one.entry->hash);
  }
  return made;
}

}  // namespace vidimus
