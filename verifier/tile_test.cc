#include "verifier/tile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

TEST(TileTest, NamesAreThoseOfTlogTiles) {
  const struct {
    TileAddress address;
    const char* path;
  } kNames[] = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 0, 1}, "tile/0/000.p/1"},
      {{63, 999, 255}, "tile/63/999.p/255"},
      {{2, 1234067, 256}, "tile/2/x001/x234/067"},
      {{5, 1000000, 9}, "tile/5/x001/x000/000.p/9"},
      {{TileAddress::kEntries, 1000, 256}, "tile/entries/x001/000"},
      {{0, kTileIndexMax, 256}, "tile/0/x072/x057/x594/x037/x927/935"},
  };
  for (const auto& name : kNames) {
    EXPECT_EQ(TilePath(name.address), name.path);
    EXPECT_EQ(ParseTilePath(name.path), name.address) << name.path;
  }
}

TEST(TileTest, RejectsOtherSpellings) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/000/",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/1/",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/+1/000",
                           "tile/0/x000/001",
                           "tile/0/X001/000",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/001/000",
                           "tile/0/x001/x000",
                           "tile/0/x001.p/1",
                           "/tile/0/000",
                           "tile/0/000 ",
                           "tile/0/..",
                           "tile/entries/",
                           "tile/Entries/000",
                           "tile/data/000",
                           "tile/0/x072/x057/x594/x037/x927/936",
                           "tile/8/0/000",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                           "tile/0/0x0"}) {
    EXPECT_FALSE(ParseTilePath(path).has_value()) << path;
  }
}

TEST(TileTest, WhatParsesHasThatName) {
  std::mt19937_64 random(5);
  int parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    TileAddress address{static_cast<int>(random() % 65) - 1,
                        random() >> (8 + random() % 56),
                        1 + static_cast<int>(random() % 256)};
    std::string path = TilePath(address);
    EXPECT_EQ(ParseTilePath(path), address);
    path[random() % path.size()] = "x0129./p"[random() % 8];
    const auto changed = ParseTilePath(path);
    if (!changed.has_value()) continue;
    ++parsed;
    EXPECT_EQ(TilePath(*changed), path);
  }
  EXPECT_GT(parsed, 100);
}

TEST(TileTest, WidthsAtNamedSizes) {
  EXPECT_EQ(TileWidthAt(0, 0, 0), 0);
  EXPECT_EQ(TileWidthAt(1, 0, 0), 1);
  EXPECT_EQ(TileWidthAt(255, 0, 0), 255);
  EXPECT_EQ(TileWidthAt(256, 0, 0), 256);
  EXPECT_EQ(TileWidthAt(256, 0, 1), 0);
  EXPECT_EQ(TileWidthAt(256, 1, 0), 1);
  EXPECT_EQ(TileWidthAt(257, 0, 1), 1);
  EXPECT_EQ(TileWidthAt(70000, 0, 272), 256);
  EXPECT_EQ(TileWidthAt(70000, 0, 273), 112);
  EXPECT_EQ(TileWidthAt(70000, TileAddress::kEntries, 273), 112);
  EXPECT_EQ(TileWidthAt(70000, 1, 1), 17);
  EXPECT_EQ(TileWidthAt(70000, 2, 0), 1);
  EXPECT_EQ(TileWidthAt(70000, 3, 0), 0);
  EXPECT_EQ(TileWidthAt(uint64_t{1} << 40, 5, 0), 1);
  EXPECT_EQ(TileWidthAt(~uint64_t{0}, 7, 0), 255);
  EXPECT_EQ(TileWidthAt(~uint64_t{0}, 8, 0), 0);
  EXPECT_EQ(TileWidthAt(~uint64_t{0}, 0, kTileIndexMax), 255);
  EXPECT_EQ(TileWidthAt(~uint64_t{0}, 0, ~uint64_t{0}), 0);
}

// Tiles as tlog-tiles defines them give every node that a proof can ask for.
TEST(TileTest, EveryNodeStandsInItsTile) {
  constexpr uint64_t kSize = 70000;
  std::map<std::pair<int, uint64_t>, std::string> tiles;
  CompactRange range;
  for (uint64_t i = 0; i < kSize; ++i) {
    range.Append(
        LeafHash(std::to_string(i)),
        [&tiles](int level, uint64_t index, const Hash& hash) {
          if (level % kTileHeight != 0) return;
          tiles[{level / kTileHeight, index / kTileWidth}] += Bytes(hash);
        });
  }
  for (const auto& [place, bytes] : tiles) {
    EXPECT_EQ(bytes.size(),
              TileWidthAt(kSize, place.first, place.second) * kHashBytes);
  }
  const NodeReader reader = [&](int level, uint64_t index, Hash* hash) {
    const TileAddress address = TileOfNode(level, index, kSize);
    const std::string& tile = tiles.at({address.level, address.n});
    EXPECT_EQ(tile.size(), address.width * kHashBytes);
    const auto node = NodeInTile(level, index, tile);
    if (!node.has_value()) return false;
    *hash = *node;
    return true;
  };
  EXPECT_EQ(RootFrom(kSize, reader), range.Root());
  std::mt19937 random(6);
  for (int round = 0; round < 50; ++round) {
    const uint64_t index = random() % kSize;
    const auto path = InclusionPath(index, kSize, reader);
    EXPECT_EQ(VerifyInclusion(LeafHash(std::to_string(index)), index, *path,
                              range.Head()),
              Finding::kOk);
  }
  // A full tile's root is its hash one level up.
  std::vector<Hash> hashes;
  ASSERT_EQ(ParseTile(tiles[{0, 3}], 256, &hashes), Finding::kOk);
  EXPECT_EQ(Bytes(TileRoot(hashes)),
            std::string_view(tiles[{1, 0}]).substr(3 * kHashBytes, kHashBytes));
}

TEST(TileTest, ATooShortTileHasNotTheNode) {
  EXPECT_FALSE(NodeInTile(3, 1, std::string(15 * kHashBytes, 'x')).has_value());
  EXPECT_TRUE(NodeInTile(3, 1, std::string(16 * kHashBytes, 'x')).has_value());
}

TEST(TileTest, TileRootIsTheTreesOwn) {
  std::vector<Hash> hashes;
  CompactRange range;
  for (int i = 0; i < 256; ++i) {
    hashes.push_back(LeafHash(std::to_string(i)));
    range.Append(hashes.back());
    EXPECT_EQ(TileRoot(hashes), range.Root()) << i;
  }
}

TEST(TileTest, ATileHasTheSizeOfItsWidth) {
  std::vector<Hash> hashes;
  EXPECT_EQ(ParseTile(std::string(64, 'x'), 2, &hashes), Finding::kOk);
  EXPECT_EQ(hashes.size(), 2u);
  EXPECT_EQ(ParseTile(std::string(64, 'x'), 3, &hashes), Finding::kTileSize);
  EXPECT_EQ(ParseTile(std::string(63, 'x'), 2, &hashes), Finding::kTileSize);
  EXPECT_EQ(ParseTile("", 0, &hashes), Finding::kTileSize);
}

TEST(TileTest, ABundleGivesItsEntries) {
  const std::vector<std::string> kEntries = {"", "a", std::string(65535, 'b')};
  std::string bundle;
  for (const std::string& entry : kEntries) AppendBundleEntry(entry, &bundle);
  std::vector<std::string_view> entries;
  ASSERT_EQ(ParseBundle(bundle, 3, &entries), Finding::kOk);
  EXPECT_TRUE(std::equal(entries.begin(), entries.end(), kEntries.begin()));
  EXPECT_EQ(ParseBundle(bundle, 2, &entries), Finding::kBundleCount);
  EXPECT_EQ(ParseBundle(bundle, 4, &entries), Finding::kBundleCount);
  EXPECT_EQ(ParseBundle("", 0, &entries), Finding::kOk);
}

TEST(TileTest, ABundleThatBreaksOffIsRefused) {
  std::string bundle;
  AppendBundleEntry("abc", &bundle);
  AppendBundleEntry("de", &bundle);
  std::vector<std::string_view> entries;
  for (size_t size = 0; size < bundle.size(); ++size) {
    const Finding finding =
        ParseBundle(std::string_view(bundle).substr(0, size), 2, &entries);
    EXPECT_EQ(finding, size == 0 || size == 5 ? Finding::kBundleCount
                                              : Finding::kBundleTruncated)
        << size;
  }
}

TEST(TileDeathTest, AnEntryFitsItsLength) {
  std::string bundle;
  EXPECT_DEATH(AppendBundleEntry(std::string(65536, 'x'), &bundle),
               "kEntryBytesMax");
}

}  // namespace
}  // namespace vidimus
