#include "log/tile_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "proto/status.h"

namespace vidimus {
namespace {

// Leaves under one hash of a tile of `level`.
uint64_t LeavesUnder(int level) { return uint64_t{1} << (kTileHeight * level); }

absl::Status Misshapen(RowKind kind, uint64_t first) {
  return absl::DataLossError(absl::StrCat("stored ", RowKindName(kind),
                                          " row of the batch at leaf ", first,
                                          " has not the form it should"));
}

// The hashes [begin, end) of tile level `level`, which all lie in one tile,
// from the row of the batch that added the last of them.
absl::StatusOr<std::string> HashesFromRow(Storage* storage, int level,
                                          uint64_t begin, uint64_t end) {
  ASSIGN_OR_RETURN(const StoredRow row,
                   storage->Get(RowKind::kTile, static_cast<uint8_t>(level),
                                end * LeavesUnder(level) - 1));
  const uint64_t row_begin =
      row.first / LeavesUnder(level) / kTileWidth * kTileWidth;
  if (begin < row_begin ||
      row.value.size() < (end - row_begin) * sizeof(Hash)) {
    return Misshapen(RowKind::kTile, row.first);
  }
  return row.value.substr((begin - row_begin) * sizeof(Hash),
                          (end - begin) * sizeof(Hash));
}

absl::StatusOr<std::string> LeafHashes(Storage* storage, uint64_t begin,
                                       uint64_t end) {
  std::string joined;
  RETURN_IF_ERROR(storage->Scan(
      RowKind::kHashes, 0, begin, end,
      [&](uint64_t first, absl::string_view hashes) {
        const uint64_t next = begin + joined.size() / sizeof(Hash);
        if (first > next) return false;  // a row is missing
        hashes.remove_prefix(
            std::min<uint64_t>((next - first) * sizeof(Hash), hashes.size()));
        hashes = hashes.substr(0, (end - next) * sizeof(Hash));
        joined.append(hashes.data(), hashes.size());
        return true;
      }));
  if (joined.size() != (end - begin) * sizeof(Hash)) {
    return Misshapen(RowKind::kHashes, begin);
  }
  return joined;
}

}  // namespace

absl::StatusOr<TreeEdge> ReadTreeEdge(Storage* storage, const TreeHead& head) {
  TreeEdge edge;
  edge.size = head.size;
  RowKind lowest_kind = RowKind::kHashes;
  for (int level = 0; TileHashCount(head.size, level) > 0; ++level) {
    const uint64_t end = TileHashCount(head.size, level);
    const uint64_t begin = end / kTileWidth * kTileWidth;
    edge.tiles.emplace_back();
    if (begin == end) continue;
    ASSIGN_OR_RETURN(const std::string bytes,
                     level == 0 ? LeafHashes(storage, begin, end)
                                : HashesFromRow(storage, level, begin, end));
    edge.tiles.back() = HashesFromBytes(bytes).value();
    if (level > 0) lowest_kind = RowKind::kTile;
  }
  if (edge.Head() != head) {
    return absl::DataLossError(absl::StrCat(
        "the right edge of the stored tree of size ", head.size,
        " does not hash to the stored root: a ", RowKindName(RowKind::kHead),
        ", ", RowKindName(RowKind::kHashes),
        lowest_kind == RowKind::kTile
            ? absl::StrCat(" or ", RowKindName(RowKind::kTile))
            : "",
        " row was changed"));
  }
  return edge;
}

absl::StatusOr<std::shared_ptr<const std::string>> TileReader::Read(
    const TileAddress& address) {
  const Key key(address.level - TileAddress::kEntries, address.n);
  if (Bytes cached = Find(key)) {
    if (address.width == kTileWidth) return cached;
    if (address.level != TileAddress::kEntries) {
      return std::make_shared<const std::string>(
          cached->substr(0, address.width * sizeof(Hash)));
    }
  }
  absl::StatusOr<std::string> joined =
      address.level == TileAddress::kEntries ? JoinBundle(address)
      : address.level == 0                   ? JoinHashes(address)
                                             : UpperTile(address);
  RETURN_IF_ERROR(joined);
  Bytes bytes = std::make_shared<const std::string>(*std::move(joined));
  if (address.width == kTileWidth) Keep(key, bytes);
  return bytes;
}

absl::StatusOr<std::string> TileReader::JoinHashes(const TileAddress& address) {
  const uint64_t begin = address.n * kTileWidth;
  return LeafHashes(storage_, begin, begin + address.width);
}

absl::StatusOr<std::string> TileReader::UpperTile(const TileAddress& address) {
  const uint64_t begin = address.n * kTileWidth;
  return HashesFromRow(storage_, address.level, begin, begin + address.width);
}

absl::StatusOr<std::string> TileReader::JoinBundle(const TileAddress& address) {
  const uint64_t begin = address.n * kTileWidth;
  return ReadBundle(storage_, begin, begin + address.width);
}

TileReader::Bytes TileReader::Find(const Key& key) {
  MutexLock lock(&mu_);
  const auto it = cache_.find(key);
  if (it == cache_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, it->second.age);
  return it->second.bytes;
}

void TileReader::Keep(const Key& key, Bytes bytes) {
  MutexLock lock(&mu_);
  const uint64_t size = bytes->size();
  const auto [it, added] = cache_.try_emplace(key);
  if (!added) return;
  ages_.push_front(key);
  it->second = {std::move(bytes), ages_.begin()};
  cache_bytes_ += size;
  while (cache_bytes_ > cache_bytes_max_) {
    const auto oldest = cache_.find(ages_.back());
    cache_bytes_ -= oldest->second.bytes->size();
    cache_.erase(oldest);
    ages_.pop_back();
  }
}

absl::StatusOr<Hash> TileReader::Node(int level, uint64_t index) {
  // The tree of just the leaves asked for: whatever the log's size, their tile
  // has at least this width.
  const TileAddress address = TileOfNode(level, index, (index + 1) << level);
  ASSIGN_OR_RETURN(const Bytes tile, Read(address));
  const std::optional<Hash> hash = NodeInTile(level, index, *tile);
  if (!hash.has_value()) return Misshapen(RowKind::kTile, index << level);
  return *hash;
}

NodeReader TileReader::Nodes(absl::Status* failed) {
  return [this, failed](int level, uint64_t index, Hash* hash) {
    absl::StatusOr<Hash> node = Node(level, index);
    if (!node.ok()) {
      *failed = node.status();
      return false;
    }
    *hash = *node;
    return true;
  };
}

absl::StatusOr<std::string> TileReader::Entry(uint64_t index) {
  ASSIGN_OR_RETURN(std::vector<std::string> entries, Entries(index, index + 1));
  return std::move(entries[0]);
}

absl::StatusOr<std::vector<std::string>> TileReader::Entries(uint64_t begin,
                                                             uint64_t end) {
  std::vector<std::string> entries;
  entries.reserve(end - begin);
  while (begin < end) {
    const uint64_t n = begin / kTileWidth;
    const int width =
        static_cast<int>(std::min<uint64_t>(kTileWidth, end - n * kTileWidth));
    ASSIGN_OR_RETURN(const Bytes bundle,
                     Read({TileAddress::kEntries, n, width}));
    std::vector<std::string_view> parsed;
    if (ParseBundle(*bundle, width, &parsed) != Finding::kOk) {
      return Misshapen(RowKind::kEntries, begin);
    }
    entries.insert(entries.end(),
                   parsed.begin() + static_cast<int>(begin % kTileWidth),
                   parsed.end());
    begin = n * kTileWidth + static_cast<uint64_t>(width);
  }
  return entries;
}

}  // namespace vidimus
