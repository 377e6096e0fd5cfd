#include "log/memory_storage.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "log/storage_errors.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {

TreeHead MemoryRows::Head() const {
  if (batches_.empty()) return {0, EmptyRoot()};
  const std::string& row = batches_.rbegin()->second.at({RowKind::kHead, 0});
  return {Be64(row), *HashFromBytes(row.substr(8))};
}

bool MemoryRows::FlipBit(uint64_t first, RowKind kind, uint8_t sub,
                         size_t offset, int bit) {
  MutexLock lock(&mu_);
  const auto batch = batches_.find(first);
  if (batch == batches_.end()) return false;
  const auto row = batch->second.find({kind, sub});
  if (row == batch->second.end() || offset >= row->second.size()) return false;
  row->second[offset] = static_cast<char>(row->second[offset] ^ 1 << bit);
  return true;
}

MemoryStorage::MemoryStorage(MemoryRows* rows,
                             std::function<Fate(const StorageBatch&)> fate)
    : rows_(rows), fate_(std::move(fate)) {}

absl::StatusOr<TreeHead> MemoryStorage::LastHead() {
  MutexLock lock(&rows_->mu_);
  const TreeHead head = rows_->Head();
  if (!rows_->batches_.empty() &&
      head.size <= rows_->batches_.rbegin()->first) {
    return absl::DataLossError(
        absl::StrCat("the last head row says the tree ends at ", head.size));
  }
  return head;
}

absl::Status MemoryStorage::Commit(const StorageBatch& batch,
                                   const TreeHead& expected) {
  CheckBatch(batch, expected);
  if (!failed_.ok()) return Annotate(failed_, "an earlier commit failed");
  MutexLock lock(&rows_->mu_);
  const TreeHead head = rows_->Head();
  if (head != expected) return HeadMovedError(batch, expected, head);
  const Fate fate = fate_ ? fate_(batch) : Fate::kCommit;
  if (fate != Fate::kFail) {
    MemoryRows::Rows& rows = rows_->batches_[batch.first];
    for (const Row& row : batch.rows) rows[{row.kind, row.sub}] = row.value;
    std::string head_row;
    AppendBe64(batch.head.size, &head_row);
    head_row += Bytes(batch.head.root);
    rows[{RowKind::kHead, 0}] = head_row;
    for (const ReplacedPage& page : batch.replaced_pages) {
      rows_->batches_.at(page.first)[{RowKind::kVaultPage, 0}] = page.value;
    }
  }
  if (fate != Fate::kCommit) {
    failed_ = absl::UnavailableError(absl::StrCat(
        CommitName(batch), ": the memory engine was told to fail"));
  }
  return failed_;
}

absl::StatusOr<StoredRow> MemoryStorage::Get(RowKind kind, uint8_t sub,
                                             uint64_t index) {
  MutexLock lock(&rows_->mu_);
  const uint64_t size = rows_->Head().size;
  if (index >= size) return BeyondTreeError(kind, index, size);
  const auto batch = std::prev(rows_->batches_.upper_bound(index));
  const auto row = batch->second.find({kind, sub});
  if (row == batch->second.end()) {
    return NoSuchRowError(kind, sub, batch->first);
  }
  return StoredRow{batch->first, row->second};
}

absl::Status MemoryStorage::Scan(
    RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
    absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit) {
  {
    MutexLock lock(&rows_->mu_);
    const uint64_t size = rows_->Head().size;
    if (end > size) return BeyondTreeError(kind, end - 1, size);
  }
  uint64_t next = begin;
  while (next < end) {
    // One row at a time, so that `visit` may use the storage itself.
    uint64_t first;
    std::string value;
    bool found = false;
    {
      MutexLock lock(&rows_->mu_);
      const auto batch = std::prev(rows_->batches_.upper_bound(next));
      const auto after = std::next(batch);
      first = batch->first;
      next = after == rows_->batches_.end() ? rows_->Head().size : after->first;
      const auto row = batch->second.find({kind, sub});
      if (row != batch->second.end()) {
        found = true;
        value = row->second;
      }
    }
    if (found && !visit(first, value)) break;
  }
  return absl::OkStatus();
}

}  // namespace vidimus
