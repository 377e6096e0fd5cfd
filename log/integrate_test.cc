#include "log/integrate.h"

#include <random>

#include "gtest/gtest.h"
#include "verifier/compact_range.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

Hash Leaf(uint64_t index) { return LeafHash(std::to_string(index)); }

// The tree of RFC 6962 2.1, as it is written there.
Hash SlowRoot(uint64_t begin, uint64_t end) {
  if (begin == end) return EmptyRoot();
  if (end - begin == 1) return Leaf(begin);
  uint64_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  return NodeHash(SlowRoot(begin, begin + split), SlowRoot(begin + split, end));
}

std::vector<Hash> Leaves(uint64_t begin, uint64_t end) {
  std::vector<Hash> leaves;
  for (uint64_t i = begin; i < end; ++i) leaves.push_back(Leaf(i));
  return leaves;
}

// Goal: any way of cutting a log into batches gives the same tree as no cut.
TEST(IntegrateTest, RootsEqualTheSlowTwinsAtEveryBatch) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    TreeEdge edge;
    while (edge.size < 1500) {
      const uint64_t first = edge.size;
      const uint64_t count = 1 + random() % (round % 2 == 0 ? 700 : 9);
      const std::vector<Hash> leaves = Leaves(first, first + count);
      const GrownTree tree(edge, leaves);
      edge = Integrate(edge, leaves).edge;
      ASSERT_EQ(edge.size, first + count);
      ASSERT_EQ(edge.Head().root, SlowRoot(0, edge.size)) << edge.size;
      ASSERT_EQ(tree.head().root, edge.Head().root) << edge.size;
    }
  }
}

TEST(IntegrateTest, ProvesEachLeafOfABatchAndTheOlderTree) {
  std::mt19937_64 random(8);
  for (const uint64_t before : {0, 1, 2, 255, 256, 257, 511, 1000}) {
    for (const uint64_t count : {1, 2, 3, 255, 256, 257}) {
      TreeEdge edge;
      if (before > 0) edge = Integrate(edge, Leaves(0, before)).edge;
      const std::vector<Hash> leaves = Leaves(before, before + count);
      const GrownTree tree(edge, leaves);
      const NodeReader reader = [&](int level, uint64_t index, Hash* hash) {
        return tree.Node(level, index, hash);
      };
      for (uint64_t i = before; i < before + count; ++i) {
        const auto path = InclusionPath(i, before + count, reader);
        ASSERT_TRUE(path.has_value()) << before << " " << count;
        EXPECT_EQ(VerifyInclusion(Leaf(i), i, *path, tree.head()),
                  Finding::kOk);
      }
      const auto path = ConsistencyPath(before, before + count, reader);
      ASSERT_TRUE(path.has_value()) << before << " " << count;
      EXPECT_EQ(VerifyConsistency(edge.Head(), tree.head(), *path),
                Finding::kOk)
          << before << " " << count;
    }
  }
}

TEST(IntegrateTest, TileRowsHoldEachLevelFromTheStartOfItsFirstTile) {
  TreeEdge edge = Integrate({}, Leaves(0, 65536 - 300)).edge;
  const std::vector<Row> rows =
      Integrate(edge, Leaves(65536 - 300, 65536 + 300)).rows;
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].kind, RowKind::kHashes);
  EXPECT_EQ(rows[0].value.size(), 600 * sizeof(Hash));
  // Level 1 had 254 hashes; two finish its first tile, one begins the next.
  EXPECT_EQ(rows[1].kind, RowKind::kTile);
  EXPECT_EQ(rows[1].sub, 1);
  EXPECT_EQ(rows[1].value.size(), 257 * sizeof(Hash));
  EXPECT_EQ(rows[1].value.substr(0, 32), Bytes(SlowRoot(0, 256)));
  EXPECT_EQ(rows[1].value.substr(256 * 32), Bytes(SlowRoot(65536, 65792)));
  EXPECT_EQ(rows[2].sub, 2);
  EXPECT_EQ(rows[2].value, Bytes(SlowRoot(0, 65536)));
}

TEST(IntegrateTest, AnEmptyTreeHasTheEmptyRoot) {
  EXPECT_EQ(TreeEdge{}.Head().size, 0u);
  EXPECT_EQ(TreeEdge{}.Head().root, EmptyRoot());
}

}  // namespace
}  // namespace vidimus
