// Tiles and entry bundles of C2SP tlog-tiles: their names, their widths, their
// bytes. Pure functions. Format and vectors: docs/tiles.md.
//
// Hash i of tile n at level l is the root of leaves
// [(n * 256 + i) * 256^l, (n * 256 + i + 1) * 256^l). A tile is full (256
// hashes) or partial, the prefix of the full one to come; level l + 1 is made
// of full tiles of level l only. Entry bundle n holds the entries under tile n
// of level 0, each after its length in two bytes.
#ifndef VERIFIER_TILE_H_
#define VERIFIER_TILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

inline constexpr int kTileHeight = 8;
inline constexpr int kTileWidth = 256;
static_assert(kTileWidth == 1 << kTileHeight);
// Tile levels that a tree of 64-bit size can have are 0 to 7; a name may say up
// to 63.
inline constexpr int kTileLevelMax = 63;
inline constexpr size_t kEntryBytesMax = 65535;
// A full bundle of the largest entries.
inline constexpr size_t kBundleBytesMax = kTileWidth * (2 + kEntryBytesMax);
// So that n * 256 + 255 fits 64 bits.
inline constexpr uint64_t kTileIndexMax = (uint64_t{1} << 56) - 1;

struct TileAddress {
  // Where `level` would stand in the name of an entry bundle.
  static constexpr int kEntries = -1;

  int level = 0;           // 0 to 63, or kEntries
  uint64_t n = 0;          // at most kTileIndexMax
  int width = kTileWidth;  // 1 to 256; below 256 the tile is partial

  friend bool operator==(const TileAddress& a, const TileAddress& b) {
    return a.level == b.level && a.n == b.n && a.width == b.width;
  }
};

// The path under a log's prefix, such as "tile/0/x001/x234/067.p/112" or
// "tile/entries/000". `address` must be within the ranges above (CHECK).
std::string TilePath(const TileAddress& address);

// The address that `path` names, or nothing unless it is spelled exactly as
// TilePath would.
std::optional<TileAddress> ParseTilePath(std::string_view path);

// The number of hashes that tile level `level` has in a tree of `size` leaves:
// floor(size / 256^level). An entry bundle counts as level 0 here and below.
uint64_t TileHashCount(uint64_t size, int level);

// The width of tile `n` at `level` in a tree of `size` leaves: 256, less for
// the last one, 0 where there is none.
int TileWidthAt(uint64_t size, int level, uint64_t n);

// The tile that gives the hash of the perfect subtree (level, index) of
// merkle.h in a tree of `size` leaves, in its width at that size. `index` lies
// within the tree (CHECK).
TileAddress TileOfNode(int level, uint64_t index, uint64_t size);

// The hash of the perfect subtree (level, index) out of the bytes of the tile
// that TileOfNode names: one of its hashes, or up to 255 node hashes over them.
// Nothing if `tile` is too short for it.
std::optional<Hash> NodeInTile(int level, uint64_t index,
                               std::string_view tile);

// The hashes of a tile of `width`: kOk or kTileSize.
Finding ParseTile(std::string_view tile, int width, std::vector<Hash>* hashes);

// The root over 1 to 256 hashes of a tile (CHECK): of a full tile, this is its
// hash one tile level up.
Hash TileRoot(Path hashes);

// Appends `entry` with its length to a bundle. `entry` has at most
// kEntryBytesMax bytes (CHECK).
void AppendBundleEntry(std::string_view entry, std::string* bundle);

// Steps through a bundle without copying.
//
//   BundleReader reader(bundle);
//   std::string_view entry;
//   while (reader.Next(&entry)) ...
//   if (reader.finding() != Finding::kOk) ...  // kBundleTruncated
class BundleReader {
 public:
  // `bundle` must outlive the reader and the entries it gives.
  explicit BundleReader(std::string_view bundle) : rest_(bundle) {}

  // The next entry, or false at the end or where the bundle breaks off.
  bool Next(std::string_view* entry);
  Finding finding() const { return finding_; }

 private:
  std::string_view rest_;
  Finding finding_ = Finding::kOk;
};

// All entries of a bundle of `width`, as views into it: kOk, kBundleTruncated
// or kBundleCount.
Finding ParseBundle(std::string_view bundle, int width,
                    std::vector<std::string_view>* entries);

}  // namespace vidimus

#endif  // VERIFIER_TILE_H_
