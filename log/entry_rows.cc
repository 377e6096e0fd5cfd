#include "log/entry_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/check.h"

namespace vidimus {

void EntryRows::Append(std::string_view entry) {
  if (rows_.empty() || next_ % kTileWidth == 0) {
    // The rows of a batch are mostly alike: make room at once.
    const size_t like_last = rows_.empty() ? 0 : rows_.back().value.size();
    CHECK_LT(rows_.size(), kBatchBundlesMax);
    rows_.push_back({RowKind::kEntries, EntriesSub(next_), {}});
    rows_.back().value.reserve(like_last);
  }
  AppendBundleEntry(entry, &rows_.back().value);
  ++next_;
}

absl::StatusOr<std::string> ReadBundle(Storage* storage, uint64_t begin,
                                       uint64_t end) {
  const uint64_t bundle_first = begin / kTileWidth * kTileWidth;
  uint64_t next = begin;  // the first entry not yet found
  // What of `row`, of the batch at `first`, comes next; nothing if it has not
  // the form it should.
  const auto part = [&](uint64_t first, absl::string_view row) {
    BundleReader reader({row.data(), row.size()});
    std::string_view entry;
    size_t row_end = 0, wanted = row.size(), wanted_end = 0;
    uint64_t index = std::max(first, bundle_first);
    if (index > next) return absl::string_view();  // a row is missing
    for (; reader.Next(&entry); ++index) {
      const size_t row_begin = row_end;
      row_end = entry.data() + entry.size() - row.data();
      if (index == next) wanted = row_begin;
      if (index < end) wanted_end = row_end;
    }
    if (reader.finding() != Finding::kOk || index <= next ||
        index > bundle_first + kTileWidth) {
      return absl::string_view();
    }
    next = std::min(index, end);
    return row.substr(wanted, wanted_end - wanted);
  };

  // Mostly one batch has all of it.
  absl::StatusOr<StoredRow> whole =
      storage->Get(RowKind::kEntries, EntriesSub(begin), end - 1);
  if (whole.ok() && whole->first <= begin) {
    const absl::string_view bytes = part(whole->first, whole->value);
    if (next == end) {
      if (bytes.size() == whole->value.size()) return std::move(whole->value);
      return std::string(bytes);
    }
  }
  next = begin;
  std::string joined;
  RETURN_IF_ERROR(
      storage->Scan(RowKind::kEntries, EntriesSub(begin), begin, end,
                    [&](uint64_t first, absl::string_view row) {
                      const absl::string_view bytes = part(first, row);
                      joined.append(bytes.data(), bytes.size());
                      return !bytes.empty();
                    }));
  if (next == end) return joined;
  return absl::DataLossError(
      absl::StrCat("stored ", RowKindName(RowKind::kEntries), " row of leaf ",
                   next, " is missing or has not the form it should"));
}

absl::Status ReadEntries(
    Storage* storage, uint64_t begin, uint64_t end,
    absl::FunctionRef<bool(uint64_t index, std::string_view entry)> visit) {
  while (begin < end) {
    const uint64_t bundle_end =
        std::min(end, (begin / kTileWidth + 1) * kTileWidth);
    ASSIGN_OR_RETURN(const std::string bundle,
                     ReadBundle(storage, begin, bundle_end));
    BundleReader reader(bundle);
    std::string_view entry;
    for (; reader.Next(&entry); ++begin) {
      if (!visit(begin, entry)) return absl::OkStatus();
    }
    CHECK_EQ(begin, bundle_end);
  }
  return absl::OkStatus();
}

}  // namespace vidimus
