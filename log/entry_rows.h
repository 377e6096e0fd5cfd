// The entries of a batch as the rows that hold them: one for each entry bundle
// that the batch touches, so that reading a bundle reads little else. Those who
// want stored entries call ReadEntries and need not know of rows.
#ifndef VIDIMUS_LOG_ENTRY_ROWS_H_
#define VIDIMUS_LOG_ENTRY_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/storage.h"
#include "verifier/tile.h"

namespace vidimus {

// A batch never touches two bundles whose rows have one sub.
inline constexpr size_t kBatchBundlesMax = 256;
// As many leaves touch no more bundles than that, wherever they begin.
inline constexpr uint64_t kBatchLeavesMax =
    (kBatchBundlesMax - 1) * kTileWidth + 1;

// The sub of the row that holds entry `index`: the low byte of its bundle's
// number.
inline uint8_t EntriesSub(uint64_t index) {
  return static_cast<uint8_t>(index / kTileWidth % kBatchBundlesMax);
}

// Puts the entries of the batch at leaf `first` into rows. At most
// kBatchLeavesMax of them (CHECK).
class EntryRows {
 public:
  explicit EntryRows(uint64_t first) : next_(first) {}

  // Of at most kEntryBytesMax bytes (CHECK).
  void Append(std::string_view entry);

  // The kEntries rows, in leaf order; leaves this empty.
  std::vector<Row> Take() { return std::move(rows_); }

 private:
  uint64_t next_;
  std::vector<Row> rows_;
};

// The entries [begin, end), which lie in one bundle, encoded as in a bundle.
// kOutOfRange if `end` is beyond the committed tree; kDataLoss if what is
// stored does not have the right form.
absl::StatusOr<std::string> ReadBundle(Storage* storage, uint64_t begin,
                                       uint64_t end);

// Calls `visit` with each stored entry of [begin, end), in order, until it
// returns false. The view passed lives for the call only. Errors as ReadBundle;
// entries before the damaged bundle were visited then. Memory: one bundle.
absl::Status ReadEntries(
    Storage* storage, uint64_t begin, uint64_t end,
    absl::FunctionRef<bool(uint64_t index, std::string_view entry)> visit);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_ENTRY_ROWS_H_
