#include "client/monitor/authentic_tiles.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/tree_reader.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr int kLevels = 64 / kTileHeight;

}  // namespace

bool AuthenticTiles::Fetch(const TileAddress& address,
                           std::vector<Hash>* hashes) {
  path_ = TilePath(address);
  const auto bytes = GetTile(fetcher_, address);
  if (!bytes.ok()) {
    status_ = bytes.status();
    return false;
  }
  const Finding finding = ParseTile(*bytes, address.width, hashes);
  if (finding != Finding::kOk) {
    status_ = absl::DataLossError(FindingSentence(finding));
    return false;
  }
  return true;
}

absl::Status AuthenticTiles::Start() {
  for (int level = 0; level < kLevels; ++level) {
    const uint64_t n = TileHashCount(head_.size, level) / kTileWidth;
    const int width = TileWidthAt(head_.size, level, n);
    if (width == 0) continue;
    if (!Fetch({level, n, width}, &edge_[level])) return status_;
  }
  // Each one-bit of the size is a subtree that such a tile gives.
  const auto root =
      RootFrom(head_.size, [this](int level, uint64_t index, Hash* hash) {
        return Node(level, index, hash);
      });
  if (!root.has_value()) return status_;
  if (*root != head_.root) {
    path_ = "checkpoint";
    status_ = absl::DataLossError(
        "the tiles at its right edge have another root than it says");
    return status_;
  }
  return absl::OkStatus();
}

const std::vector<Hash>* AuthenticTiles::Tile(int level, uint64_t n) {
  const uint64_t count = TileHashCount(head_.size, level);
  if (n >= count / kTileWidth) {
    const auto edge = edge_.find(level);
    if (edge != edge_.end() && n == count / kTileWidth) return &edge->second;
    status_ = absl::OutOfRangeError("no such tile");
    return nullptr;
  }
  const auto found = tiles_.find({level, n});
  if (found != tiles_.end()) return &found->second;
  // At most one step for each level.
  const std::vector<Hash>* const parent = Tile(level + 1, n / kTileWidth);
  if (parent == nullptr) return nullptr;
  const Hash expected = (*parent)[n % kTileWidth];
  std::vector<Hash> hashes;
  if (!Fetch({level, n, kTileWidth}, &hashes)) return nullptr;
  if (TileRoot(hashes) != expected) {
    status_ = absl::DataLossError("not the tile that the signed head says");
    return nullptr;
  }
  if (tiles_.size() >= kTilesMax) tiles_.erase(tiles_.begin());
  return &tiles_.emplace(Place{level, n}, std::move(hashes)).first->second;
}

bool AuthenticTiles::Node(int level, uint64_t index, Hash* hash) {
  const int tile_level = level / kTileHeight;
  const size_t count = size_t{1} << (level % kTileHeight);
  const uint64_t first = index * count;
  const std::vector<Hash>* const tile = Tile(tile_level, first / kTileWidth);
  if (tile == nullptr) return false;
  const size_t begin = first % kTileWidth;
  if (begin + count > tile->size()) {
    status_ = absl::OutOfRangeError("no such subtree");
    return false;
  }
  *hash = TileRoot(Path(tile->data() + begin, count));
  return true;
}

}  // namespace vidimus
