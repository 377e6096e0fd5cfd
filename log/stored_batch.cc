#include "log/stored_batch.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// Adds the row of `batch` to it, if there is one.
absl::Status AddRow(Storage* storage, RowKind kind, uint8_t sub,
                    StorageBatch* batch) {
  absl::StatusOr<StoredRow> row = storage->Get(kind, sub, batch->first);
  if (absl::IsNotFound(row.status())) return absl::OkStatus();
  RETURN_IF_ERROR(row);
  batch->rows.push_back({kind, sub, std::move(row->value)});
  return absl::OkStatus();
}

// The head that the head row of leaf `index` holds.
absl::StatusOr<TreeHead> ParseHead(std::string_view row, uint64_t index) {
  if (row.size() != 8 + sizeof(Hash) || Be64(row) <= index) {
    return absl::DataLossError(absl::StrCat("the ", RowKindName(RowKind::kHead),
                                            " row of leaf ", index,
                                            " has not the form it should"));
  }
  return TreeHead{Be64(row), *HashFromBytes(row.substr(8))};
}

}  // namespace

absl::StatusOr<TreeHead> StoredHead(Storage* storage, uint64_t index) {
  ASSIGN_OR_RETURN(const StoredRow row, storage->Get(RowKind::kHead, 0, index));
  return ParseHead(row.value, index);
}

absl::StatusOr<StorageBatch> ReadStoredBatch(Storage* storage, uint64_t first) {
  StorageBatch batch;
  batch.first = first;
  ASSIGN_OR_RETURN(const StoredRow head,
                   storage->Get(RowKind::kHead, 0, first));
  ASSIGN_OR_RETURN(batch.head, ParseHead(head.value, first));
  if (head.first != first) {
    return absl::DataLossError(
        absl::StrCat("no stored batch begins at leaf ", first));
  }
  // As many as there are, whatever the head row says: a wrong one is to be
  // found out by what it heads.
  for (size_t bundle = 0; bundle < kBatchBundlesMax; ++bundle) {
    const size_t rows = batch.rows.size();
    RETURN_IF_ERROR(AddRow(storage, RowKind::kEntries,
                           EntriesSub(first + bundle * kTileWidth), &batch));
    if (batch.rows.size() == rows) break;
  }
  for (const RowKind kind : {RowKind::kHashes, RowKind::kIds,
                             RowKind::kVaultPage, RowKind::kDocuments}) {
    RETURN_IF_ERROR(AddRow(storage, kind, 0, &batch));
  }
  for (int level = 1; TileHashCount(batch.head.size, level) > 0; ++level) {
    RETURN_IF_ERROR(
        AddRow(storage, RowKind::kTile, static_cast<uint8_t>(level), &batch));
  }
  return batch;
}

}  // namespace vidimus
