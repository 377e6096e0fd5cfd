#include "log/integrate.h"

#include <utility>

#include "verifier/check.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// Calls `visit(level, index, hash)` for each of the maximal perfect subtrees of
// the edge's tree, from the right (the smallest) to the left.
template <typename Visit>
void ForEachPeak(const TreeEdge& edge, Visit visit) {
  for (size_t tile_level = 0; tile_level < edge.tiles.size(); ++tile_level) {
    const std::vector<Hash>& tile = edge.tiles[tile_level];
    size_t end = tile.size();
    for (int height = 0; height < kTileHeight; ++height) {
      if ((tile.size() >> height & 1) == 0) continue;
      const size_t start = end - (size_t{1} << height);
      const int level = kTileHeight * static_cast<int>(tile_level) + height;
      visit(level, (edge.size >> level) - 1,
            TileRoot({tile.data() + start, size_t{1} << height}));
      end = start;
    }
  }
}

}  // namespace

CompactRange TreeEdge::Range() const {
  std::vector<Hash> peaks;
  ForEachPeak(*this, [&](int, uint64_t, const Hash& peak) {
    peaks.insert(peaks.begin(), peak);
  });
  const std::optional<CompactRange> range =
      CompactRange::FromNodes(size, peaks);
  CHECK(range.has_value());
  return *range;
}

GrownTree::GrownTree(const TreeEdge& before, absl::Span<const Hash> leaf_hashes)
    : size_before_(before.size) {
  const uint64_t size = before.size + leaf_hashes.size();
  int height = 0;
  while (height < 63 && (size >> height) > 1) ++height;
  levels_.resize(height + 1);
  for (int level = 0; level <= height; ++level) {
    levels_[level].first_index = before.size >> level;
  }
  // The older tree's peaks are the only old nodes that a path from a new leaf
  // or a consistency proof meets.
  ForEachPeak(before, [&](int level, uint64_t index, const Hash& peak) {
    levels_[level].first_index = index;
    levels_[level].hashes.push_back(peak);
  });
  levels_[0].hashes.insert(levels_[0].hashes.end(), leaf_hashes.begin(),
                           leaf_hashes.end());
  for (int level = 0; level < height; ++level) {
    const Level& below = levels_[level];
    Level& above = levels_[level + 1];
    for (uint64_t index = before.size >> (level + 1);
         index < size >> (level + 1); ++index) {
      const size_t left = 2 * index - below.first_index;
      above.hashes.push_back(
          NodeHash(below.hashes[left], below.hashes[left + 1]));
    }
  }
  const std::optional<Hash> root =
      RootFrom(size, [this](int level, uint64_t index, Hash* hash) {
        return Node(level, index, hash);
      });
  CHECK(root.has_value());
  head_ = {size, *root};
}

bool GrownTree::Node(int level, uint64_t index, Hash* hash) const {
  if (level >= static_cast<int>(levels_.size())) return false;
  const Level& nodes = levels_[level];
  if (index < nodes.first_index) return false;
  if (index - nodes.first_index >= nodes.hashes.size()) return false;
  *hash = nodes.hashes[index - nodes.first_index];
  return true;
}

absl::Span<const Hash> GrownTree::Added(int level) const {
  if (level >= static_cast<int>(levels_.size())) return {};
  const Level& nodes = levels_[level];
  return absl::MakeConstSpan(nodes.hashes)
      .subspan((size_before_ >> level) - nodes.first_index);
}

Integrated Integrate(const TreeEdge& edge, absl::Span<const Hash> leaf_hashes) {
  CHECK(!leaf_hashes.empty());
  Integrated out;
  out.tree = std::make_shared<const GrownTree>(edge, leaf_hashes);
  out.edge = edge;
  out.edge.size += leaf_hashes.size();
  out.rows.push_back({RowKind::kHashes, 0,
                      BytesOfHashes({leaf_hashes.data(), leaf_hashes.size()})});
  for (size_t level = 0;; ++level) {
    const absl::Span<const Hash> added =
        out.tree->Added(static_cast<int>(level) * kTileHeight);
    if (added.empty()) break;
    if (level == out.edge.tiles.size()) out.edge.tiles.emplace_back();
    std::vector<Hash>& tile = out.edge.tiles[level];
    tile.insert(tile.end(), added.begin(), added.end());
    if (level > 0) {
      out.rows.push_back(
          {RowKind::kTile, static_cast<uint8_t>(level), BytesOfHashes(tile)});
    }
    tile.erase(tile.begin(),
               tile.begin() + tile.size() / kTileWidth * kTileWidth);
  }
  return out;
}

}  // namespace vidimus
