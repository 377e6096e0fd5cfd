#include "log/opaque_batch.h"

#include "log/entry_rows.h"

namespace vidimus {

absl::StatusOr<MadeBatch> OpaqueBatchMaker::Make(
    uint64_t first, const std::vector<FreshEntry>& fresh) {
  MadeBatch made;
  EntryRows entries(first);
  for (const FreshEntry& one : fresh) {
    entries.Append(one.entry->data);
    made.places.push_back(static_cast<uint32_t>(made.leaf_hashes.size()));
    made.leaf_hashes.push_back(one.entry->hash);
  }
  made.entries = entries.Take();
  return made;
}

}  // namespace vidimus
