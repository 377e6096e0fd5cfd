#include "log/tile_reader.h"

#include <random>

#include "gtest/gtest.h"
#include "log/entry_rows.h"
#include "log/memory_storage.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// A stored log of the entries "0", "1", ... and the slow twin of its tiles.
class TileReaderTest : public ::testing::Test {
 protected:
  TileReaderTest() : storage_(&rows_) {}

  void Append(uint64_t count) {
    std::vector<Hash> leaf_hashes;
    EntryRows entries(edge_.size);
    for (uint64_t i = 0; i < count; ++i) {
      const std::string entry = std::to_string(edge_.size + i);
      entries.Append(entry);
      leaf_hashes.push_back(LeafHash(entry));
    }
    const TreeHead before = edge_.Head();
    Integrated integrated = Integrate(edge_, leaf_hashes);
    edge_ = std::move(integrated.edge);
    StorageBatch batch{before.size, edge_.Head(), std::move(integrated.rows)};
    for (Row& row : entries.Take()) batch.rows.push_back(std::move(row));
    ASSERT_TRUE(storage_.Commit(batch, before).ok());
    leaf_hashes_.insert(leaf_hashes_.end(), leaf_hashes.begin(),
                        leaf_hashes.end());
  }

  std::string SlowTile(const TileAddress& address) {
    std::string bytes;
    for (int i = 0; i < address.width; ++i) {
      const uint64_t at = address.n * kTileWidth + i;
      if (address.level == TileAddress::kEntries) {
        AppendBundleEntry(std::to_string(at), &bytes);
      } else {
        bytes += Bytes(SlowNode(address.level, at));
      }
    }
    return bytes;
  }

  Hash SlowNode(int tile_level, uint64_t index) {
    if (tile_level == 0) return leaf_hashes_[index];
    std::vector<Hash> below;
    for (int i = 0; i < kTileWidth; ++i) {
      below.push_back(SlowNode(tile_level - 1, index * kTileWidth + i));
    }
    return TileRoot(below);
  }

  // Every tile and bundle of every width up to the present size, each third
  // width of partial ones.
  void ExpectTilesEqualTheSlowTwins(TileReader* tiles) {
    for (int level = TileAddress::kEntries;
         TileHashCount(edge_.size, level) > 0; ++level) {
      for (uint64_t n = 0; TileWidthAt(edge_.size, level, n) > 0; ++n) {
        for (int width = TileWidthAt(edge_.size, level, n); width > 0;
             width -= 83) {
          const TileAddress address{level, n, width};
          const auto tile = tiles->Read(address);
          ASSERT_TRUE(tile.ok()) << TilePath(address) << tile.status();
          ASSERT_EQ(**tile, SlowTile(address)) << TilePath(address);
        }
      }
    }
  }

  MemoryRows rows_;
  MemoryStorage storage_;
  TreeEdge edge_;
  std::vector<Hash> leaf_hashes_;
};

TEST_F(TileReaderTest, JoinsTilesOutOfAnyBatches) {
  std::mt19937_64 random(11);
  for (const uint64_t count :
       {1, 1, 253, 1, 256, 1000, 3, 255, 257, 4096, 700, 1}) {
    Append(count);
    TileReader cached(&storage_, 1 << 20);
    ExpectTilesEqualTheSlowTwins(&cached);
    ExpectTilesEqualTheSlowTwins(&cached);  // now from the cache
    TileReader uncached(&storage_, 0);
    ExpectTilesEqualTheSlowTwins(&uncached);
  }
}

TEST_F(TileReaderTest, ReadsBeyondTheFirstTileOfLevelOne) {
  Append(65536 - 300);
  Append(600);
  TileReader tiles(&storage_, 1 << 20);
  for (const TileAddress& address :
       {TileAddress{1, 0, 256}, TileAddress{1, 1, 1}, TileAddress{2, 0, 1},
        TileAddress{1, 0, 7}, TileAddress{0, 256, 44}}) {
    const auto tile = tiles.Read(address);
    ASSERT_TRUE(tile.ok()) << TilePath(address) << tile.status();
    EXPECT_EQ(**tile, SlowTile(address)) << TilePath(address);
  }
}

TEST_F(TileReaderTest, AnEdgeReadBackGoesOnAsTheOneInMemory) {
  for (const uint64_t count : {1, 255, 256, 257, 700}) {
    Append(count);
    const auto edge = ReadTreeEdge(&storage_, edge_.Head());
    ASSERT_TRUE(edge.ok()) << edge.status();
    EXPECT_EQ(edge->size, edge_.size);
    EXPECT_EQ(edge->tiles, edge_.tiles);
  }
}

TEST_F(TileReaderTest, RefusesAnEdgeThatDoesNotHashToTheHead) {
  Append(300);
  TreeHead head = edge_.Head();
  head.root[0] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(ReadTreeEdge(&storage_, head).status()));
}

TEST_F(TileReaderTest, RefusesATileThatIsNotThere) {
  Append(300);
  TileReader tiles(&storage_, 1 << 20);
  EXPECT_TRUE(absl::IsOutOfRange(tiles.Read({0, 1, 45}).status()));
  EXPECT_TRUE(
      absl::IsOutOfRange(tiles.Read({TileAddress::kEntries, 1, 45}).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tiles.Read({1, 0, 2}).status()));
}

TEST_F(TileReaderTest, ANodeThatCouldNotBeHadLeavesWhy) {
  Append(300);
  TileReader tiles(&storage_, 1 << 20);
  absl::Status failed;
  const NodeReader nodes = tiles.Nodes(&failed);
  Hash hash;
  EXPECT_TRUE(nodes(3, 1, &hash));
  EXPECT_EQ(hash, *tiles.Node(3, 1));
  EXPECT_TRUE(failed.ok());
  EXPECT_FALSE(nodes(0, 300, &hash));
  EXPECT_TRUE(absl::IsOutOfRange(failed));
}

TEST_F(TileReaderTest, GivesSingleEntries) {
  Append(255);
  Append(3);
  TileReader tiles(&storage_, 1 << 20);
  for (const uint64_t index : {0, 254, 255, 256, 257}) {
    const auto entry = tiles.Entry(index);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_EQ(*entry, std::to_string(index));
  }
}

TEST_F(TileReaderTest, GivesEntriesAcrossBundles) {
  Append(300);
  Append(400);
  TileReader tiles(&storage_, 1 << 20);
  const std::pair<uint64_t, uint64_t> ranges[] = {
      {0, 1}, {0, 256}, {0, 257}, {255, 257}, {256, 512}, {3, 700}, {699, 700}};
  for (const auto& [begin, end] : ranges) {
    const auto entries = tiles.Entries(begin, end);
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), end - begin);
    for (uint64_t i = begin; i < end; ++i) {
      EXPECT_EQ((*entries)[i - begin], std::to_string(i));
    }
  }
  EXPECT_TRUE(absl::IsOutOfRange(tiles.Entries(690, 701).status()));
}

}  // namespace
}  // namespace vidimus
