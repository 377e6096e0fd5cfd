#include "log/storage.h"

#include <set>
#include <utility>

#include "verifier/check.h"

namespace vidimus {

const char* RowKindName(RowKind kind) {
  switch (kind) {
    case RowKind::kHead:
      return "head";
    case RowKind::kEntries:
      return "entries";
    case RowKind::kHashes:
      return "hashes";
    case RowKind::kTile:
      return "tile";
    case RowKind::kIds:
      return "ids";
    case RowKind::kVaultPage:
      return "vault page";
    case RowKind::kDocuments:
      return "documents";
  }
  return "unknown";
}

void CheckBatch(const StorageBatch& batch, const TreeHead& expected) {
  CHECK_EQ(batch.first, expected.size);
  CHECK_LT(batch.first, batch.head.size);
  std::set<std::pair<RowKind, uint8_t>> seen;
  for (const Row& row : batch.rows) {
    CHECK(row.kind != RowKind::kHead);
    const bool is_new = seen.insert({row.kind, row.sub}).second;
    CHECK(is_new);
  }
  std::set<uint64_t> replaced;
  for (const ReplacedPage& page : batch.replaced_pages) {
    CHECK_LT(page.first, batch.first);
    const bool is_new = replaced.insert(page.first).second;
    CHECK(is_new);
  }
}

}  // namespace vidimus
