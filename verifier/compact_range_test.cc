#include "verifier/compact_range.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

Hash Leaf(uint64_t index) { return LeafHash(std::to_string(index)); }

TEST(CompactRangeTest, StartsAsTheEmptyTree) {
  const CompactRange range;
  EXPECT_EQ(range.size(), 0u);
  EXPECT_EQ(range.Root(), EmptyRoot());
}

TEST(CompactRangeTest, GivesEachPerfectSubtreeOnce) {
  std::map<std::pair<int, uint64_t>, Hash> nodes;
  CompactRange range;
  for (uint64_t i = 0; i < 257; ++i) {
    range.Append(Leaf(i), [&](int level, uint64_t index, const Hash& hash) {
      EXPECT_TRUE(nodes.emplace(std::make_pair(level, index), hash).second);
    });
    // The nodes are what a proof reader would be given.
    const auto root =
        RootFrom(range.size(), [&nodes](int level, uint64_t index, Hash* hash) {
          *hash = nodes.at({level, index});
          return true;
        });
    EXPECT_EQ(root, range.Root());
  }
  EXPECT_EQ(nodes.size(), 257u + 128 + 64 + 32 + 16 + 8 + 4 + 2 + 1);
}

TEST(CompactRangeTest, GoesOnFromItsNodes) {
  CompactRange whole;
  for (uint64_t i = 0; i < 100; ++i) {
    auto again = CompactRange::FromNodes(whole.size(), whole.nodes());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->Head(), whole.Head());
    again->Append(Leaf(i));
    whole.Append(Leaf(i));
    EXPECT_EQ(again->Head(), whole.Head());
  }
}

TEST(CompactRangeTest, RejectsAnotherNumberOfNodes) {
  CompactRange range;
  for (uint64_t i = 0; i < 7; ++i) range.Append(Leaf(i));
  EXPECT_FALSE(CompactRange::FromNodes(8, range.nodes()).has_value());
  EXPECT_FALSE(CompactRange::FromNodes(0, range.nodes()).has_value());
  EXPECT_TRUE(CompactRange::FromNodes(0, {}).has_value());
}

TEST(CompactRangeTest, ASubtreeCountsAsItsLeaves) {
  CompactRange tree, subtree, by_subtree;
  for (uint64_t i = 0; i < 12; ++i) tree.Append(Leaf(i));
  for (uint64_t i = 0; i < 8; ++i) by_subtree.Append(Leaf(i));
  for (uint64_t i = 8; i < 12; ++i) subtree.Append(Leaf(i));
  by_subtree.AppendSubtree(2, subtree.Root());
  EXPECT_EQ(by_subtree.Head(), tree.Head());
}

TEST(CompactRangeTest, ASubtreeTellsOfThoseThatItCompletes) {
  using Nodes = std::vector<std::tuple<int, uint64_t, Hash>>;
  CompactRange tree, subtree, by_subtree;
  Nodes expected, told;
  for (uint64_t i = 0; i < 12; ++i) by_subtree.Append(Leaf(i));
  for (uint64_t i = 0; i < 16; ++i) {
    tree.Append(Leaf(i), [&](int level, uint64_t index, const Hash& hash) {
      if (i == 15 && level >= 2) expected.emplace_back(level, index, hash);
    });
    if (i >= 12) subtree.Append(Leaf(i));
  }
  by_subtree.AppendSubtree(2, subtree.Root(),
                           [&](int level, uint64_t index, const Hash& hash) {
                             told.emplace_back(level, index, hash);
                           });
  EXPECT_EQ(told, expected);
  EXPECT_EQ(told.size(), 3u);
}

TEST(CompactRangeDeathTest, ASubtreeStandsWhereItFits) {
  CompactRange range;
  range.Append(Leaf(0));
  EXPECT_DEATH(range.AppendSubtree(1, Leaf(1)), "CHECK failed");
}

}  // namespace
}  // namespace vidimus
