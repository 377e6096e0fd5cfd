#include "verifier/tile.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr std::string_view kPathStart = "tile/";
constexpr std::string_view kEntriesName = "entries";

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Removes everything up to the next slash, and the slash, from `*rest`. False
// if there is none.
bool TakeElement(std::string_view* rest, std::string_view* element) {
  const size_t slash = rest->find('/');
  if (slash == std::string_view::npos) return false;
  *element = rest->substr(0, slash);
  rest->remove_prefix(slash + 1);
  return true;
}

// How many hashes of a tile a tree level takes together: level 8 * l + i has
// its hashes over 2^i hashes of tile level l.
int LevelInTile(int level) { return level % kTileHeight; }

}  // namespace

std::string TilePath(const TileAddress& address) {
  CHECK_GE(address.level, TileAddress::kEntries);
  CHECK_LE(address.level, kTileLevelMax);
  CHECK_LE(address.n, kTileIndexMax);
  CHECK_GE(address.width, 1);
  CHECK_LE(address.width, kTileWidth);

  std::string path(kPathStart);
  if (address.level == TileAddress::kEntries) {
    path += kEntriesName;
  } else {
    path += DecimalEncode(address.level);
  }

  // Groups of three digits, all but the last behind an x.
  std::string digits = DecimalEncode(address.n);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  for (size_t i = 0; i < digits.size(); i += 3) {
    path += i + 3 < digits.size() ? "/x" : "/";
    path.append(digits, i, 3);
  }
  if (address.width < kTileWidth) {
    path += ".p/";
    path += DecimalEncode(address.width);
  }
  return path;
}

std::optional<TileAddress> ParseTilePath(std::string_view path) {
  if (path.substr(0, kPathStart.size()) != kPathStart) return std::nullopt;
  path.remove_prefix(kPathStart.size());

  TileAddress address;
  std::string_view element;
  if (!TakeElement(&path, &element)) return std::nullopt;
  if (element == kEntriesName) {
    address.level = TileAddress::kEntries;
  } else {
    uint64_t level;
    if (!DecimalDecode(element, &level) || level > kTileLevelMax) {
      return std::nullopt;
    }
    address.level = static_cast<int>(level);
  }

  bool first = true;
  bool last = false;
  do {
    // "x123/" goes on, "123" or "123.p/" ends the number.
    last = path.empty() || path[0] != 'x';
    if (!last) path.remove_prefix(1);
    const std::string_view group = path.substr(0, 3);
    if (group.size() != 3 || !IsDigits(group)) return std::nullopt;
    path.remove_prefix(3);
    if (!last) {
      if (first && group == "000") return std::nullopt;
      if (path.empty() || path[0] != '/') return std::nullopt;
      path.remove_prefix(1);
    }
    first = false;
    if (address.n > kTileIndexMax / 1000) return std::nullopt;
    for (char c : group) address.n = 10 * address.n + (c - '0');
    if (address.n > kTileIndexMax) return std::nullopt;
  } while (!last);

  if (!path.empty()) {
    constexpr std::string_view kPartial = ".p/";
    if (path.substr(0, kPartial.size()) != kPartial) return std::nullopt;
    path.remove_prefix(kPartial.size());
    uint64_t width;
    if (!DecimalDecode(path, &width) || width < 1 || width >= kTileWidth) {
      return std::nullopt;
    }
    address.width = static_cast<int>(width);
  }
  return address;
}

uint64_t TileHashCount(uint64_t size, int level) {
  if (level == TileAddress::kEntries) level = 0;
  CHECK_GE(level, 0);
  return level < 64 / kTileHeight ? size >> (kTileHeight * level) : 0;
}

int TileWidthAt(uint64_t size, int level, uint64_t n) {
  const uint64_t count = TileHashCount(size, level);
  if (n > kTileIndexMax || count <= n * kTileWidth) return 0;
  return static_cast<int>(
      std::min<uint64_t>(kTileWidth, count - n * kTileWidth));
}

TileAddress TileOfNode(int level, uint64_t index, uint64_t size) {
  CHECK_GE(level, 0);
  CHECK_LT(level, 64);
  CHECK_LT(index, size >> level);
  TileAddress address;
  address.level = level / kTileHeight;
  address.n = index >> (kTileHeight - LevelInTile(level));
  address.width = TileWidthAt(size, address.level, address.n);
  return address;
}

std::optional<Hash> NodeInTile(int level, uint64_t index,
                               std::string_view tile) {
  CHECK_GE(level, 0);
  const int height = LevelInTile(level);
  const size_t first = (index << height) % kTileWidth;
  const size_t count = size_t{1} << height;
  if (tile.size() < (first + count) * kHashBytes) return std::nullopt;
  std::vector<Hash> hashes =
      *HashesFromBytes(tile.substr(first * kHashBytes, count * kHashBytes));
  return TileRoot(hashes);
}

Finding ParseTile(std::string_view tile, int width, std::vector<Hash>* hashes) {
  if (width < 1 || width > kTileWidth || tile.size() != width * kHashBytes) {
    return Finding::kTileSize;
  }
  *hashes = *HashesFromBytes(tile);
  return Finding::kOk;
}

Hash TileRoot(Path hashes) {
  CHECK_GE(hashes.size(), size_t{1});
  CHECK_LE(hashes.size(), size_t{kTileWidth});
  std::optional<Hash> root =
      RootFrom(hashes.size(), [&hashes](int level, uint64_t index, Hash* hash) {
        // Pairwise, in place, over at most 256 hashes.
        std::vector<Hash> row(hashes.begin() + (index << level),
                              hashes.begin() + ((index + 1) << level));
        for (size_t count = row.size() / 2; count > 0; count /= 2) {
          for (size_t i = 0; i < count; ++i) {
            row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
          }
        }
        *hash = row[0];
        return true;
      });
  return *root;
}

void AppendBundleEntry(std::string_view entry, std::string* bundle) {
  CHECK_LE(entry.size(), kEntryBytesMax);
  AppendBe16(static_cast<uint16_t>(entry.size()), bundle);
  *bundle += entry;
}

bool BundleReader::Next(std::string_view* entry) {
  if (rest_.empty() || finding_ != Finding::kOk) return false;
  if (rest_.size() < 2 || rest_.size() - 2 < Be16(rest_)) {
    finding_ = Finding::kBundleTruncated;
    return false;
  }
  *entry = rest_.substr(2, Be16(rest_));
  rest_.remove_prefix(2 + entry->size());
  return true;
}

Finding ParseBundle(std::string_view bundle, int width,
                    std::vector<std::string_view>* entries) {
  entries->clear();
  BundleReader reader(bundle);
  std::string_view entry;
  while (reader.Next(&entry)) {
    if (entries->size() == static_cast<size_t>(std::max(width, 0))) {
      return Finding::kBundleCount;
    }
    entries->push_back(entry);
  }
  RETURN_IF_FOUND(reader.finding());
  return entries->size() == static_cast<size_t>(width) ? Finding::kOk
                                                       : Finding::kBundleCount;
}

}  // namespace vidimus
