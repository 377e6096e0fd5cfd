#include "log/index_testing.h"

#include <algorithm>
#include <cstring>

#include "verifier/check.h"
#include "verifier/leaf.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// SplitMix64.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

Hash RandomKey(uint64_t n) {
  uint64_t words[4];
  for (uint64_t i = 0; i < 4; ++i) words[i] = Mix(4 * n + i);
  Hash key;
  std::memcpy(key.data(), words, sizeof(words));
  return key;
}

}  // namespace

KeyMaker UniformKeys(uint64_t batch) {
  return [batch](uint64_t index) -> std::optional<Hash> {
    if (index % batch == batch - 1) return std::nullopt;
    return RandomKey(index);
  };
}

KeyMaker SkewedKeys(uint64_t batch) {
  return [batch](uint64_t index) -> std::optional<Hash> {
    if (index % batch == batch - 1) return std::nullopt;
    Hash key = RandomKey(index);
    if (index % 4 == 0) {
      // A few prefixes hold a quarter of all keys.
      const Hash prefix = RandomKey(~(index % 3));
      std::copy(prefix.begin(), prefix.begin() + 4, key.begin());
    } else if (index % 32 == 1) {
      // Two hundred keys differ in their last bytes only.
      key = RandomKey(~(index / 6400 + 10));
      key[31] = static_cast<uint8_t>(index >> 5);
      key[30] = static_cast<uint8_t>(index >> 13);
      key[29] = static_cast<uint8_t>(index >> 21);
    }
    return key;
  };
}

KeyMaker SparseKeys() {
  return [](uint64_t index) -> std::optional<Hash> {
    if (index % 20000 != 77 && index % 50000 != 99) return std::nullopt;
    return RandomKey(index);
  };
}

void MadeUpLeaves::AddSeal(uint64_t index) {
  MutexLock lock(&mu_);
  seals_.insert(index);
  has_seals_ = true;
}

std::optional<Hash> MadeUpLeaves::KeyOf(uint64_t index) const {
  if (has_seals_) {
    MutexLock lock(&mu_);
    if (seals_.count(index) > 0) return std::nullopt;
  }
  return key_of_(index);
}

std::vector<IndexEntry> MadeUpLeaves::Entries(uint64_t begin,
                                              uint64_t end) const {
  std::vector<IndexEntry> entries;
  for (uint64_t index = begin; index < end; ++index) {
    if (const auto key = KeyOf(index)) entries.push_back({*key, index});
  }
  return entries;
}

std::vector<IndexEntry> MadeUpLeaves::Sorted(uint64_t begin,
                                             uint64_t end) const {
  std::vector<IndexEntry> entries = Entries(begin, end);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return entries;
}

absl::StatusOr<TreeHead> MadeUpLeaves::LastHead() {
  return TreeHead{size_, Hash{}};
}

absl::Status MadeUpLeaves::Commit(const StorageBatch&, const TreeHead&) {
  return absl::UnimplementedError("leaves that are made up");
}

absl::StatusOr<StoredRow> MadeUpLeaves::Get(RowKind, uint8_t, uint64_t) {
  return absl::UnimplementedError("leaves that are made up");
}

absl::Status MadeUpLeaves::Scan(
    RowKind kind, uint8_t, uint64_t begin, uint64_t end,
    absl::FunctionRef<bool(uint64_t, absl::string_view)> visit) {
  CHECK(kind == RowKind::kEntries);
  const uint64_t first = begin / kTileWidth * kTileWidth;
  CHECK_LE(end, first + kTileWidth);
  if (end > size_) return absl::OutOfRangeError("not committed");
  std::string row;
  for (uint64_t index = first; index < end; ++index) {
    const std::optional<Hash> key = KeyOf(index);
    AppendBundleEntry(key.has_value() ? FormatSubjectLeaf(*key, Hash{1})
                                      : FormatSealLeaf({Hash{2}, index, 1}),
                      &row);
  }
  visit(first, row);
  return absl::OkStatus();
}

}  // namespace vidimus
