#include "verifier/hash_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr size_t kMost = 100;

std::vector<Hash> SomeHashes(size_t count) {
  std::vector<Hash> hashes;
  for (size_t i = 0; i < count; ++i) {
    hashes.push_back(Sha256("hash " + std::to_string(i)));
  }
  return hashes;
}

// What every number of lanes makes of the first `count` of kMost jobs, all
// others' places untouched.
template <typename Job, typename Hasher, typename Expected>
void ExpectTheVerifiersHashes(const std::vector<Job>& jobs,
                              std::vector<Hash>* out, Hasher hash,
                              Expected expected) {
  for (const HashLanes lanes : AvailableHashLanes()) {
    for (size_t count = 0; count <= kMost; ++count) {
      std::fill(out->begin(), out->end(), Hash{});
      hash(lanes, jobs.data(), count);
      for (size_t i = 0; i < kMost; ++i) {
        ASSERT_EQ((*out)[i], i < count ? expected(i) : Hash{})
            << static_cast<int>(lanes) << " lanes, " << i << " of " << count;
      }
    }
  }
}

TEST(HashLanesTest, OneByOneIsAlwaysThere) {
  ASSERT_FALSE(AvailableHashLanes().empty());
  EXPECT_EQ(AvailableHashLanes()[0], HashLanes::k1);
}

TEST(HashLanesTest, TrieLeaves) {
  const std::vector<Hash> keys = SomeHashes(kMost);
  std::vector<IndexEntry> entries;
  std::vector<Hash> out(kMost);
  std::vector<TrieLeafJob> jobs;
  for (size_t i = 0; i < kMost; ++i) {
    entries.push_back({keys[i], (uint64_t{i} << 32) + 7 * i});
  }
  for (size_t i = 0; i < kMost; ++i) jobs.push_back({&entries[i], &out[i]});
  ExpectTheVerifiersHashes(
      jobs, &out,
      [](HashLanes lanes, const TrieLeafJob* some, size_t count) {
        HashTrieLeaves(lanes, some, count);
      },
      [&](size_t i) { return TrieLeafHash(entries[i]); });
}

TEST(HashLanesTest, NodesOfTriesAndTrees) {
  const std::vector<Hash> hashes = SomeHashes(kMost + 1);
  std::vector<Hash> out(kMost);
  std::vector<NodeJob> jobs;
  for (size_t i = 0; i < kMost; ++i) {
    jobs.push_back({&hashes[i], &hashes[i + 1], &out[i]});
  }
  ExpectTheVerifiersHashes(
      jobs, &out,
      [](HashLanes lanes, const NodeJob* some, size_t count) {
        HashTrieNodes(lanes, some, count);
      },
      [&](size_t i) { return TrieNodeHash(hashes[i], hashes[i + 1]); });
  ExpectTheVerifiersHashes(
      jobs, &out,
      [](HashLanes lanes, const NodeJob* some, size_t count) {
        HashTreeNodes(lanes, some, count);
      },
      [&](size_t i) { return NodeHash(hashes[i], hashes[i + 1]); });
}

TEST(HashLanesTest, TreeLeaves) {
  std::string leaves;
  for (size_t i = 0; leaves.size() < kMost * kLeafBytes; ++i) {
    leaves += Bytes(Sha256("leaf " + std::to_string(i)));
  }
  std::vector<Hash> out(kMost);
  std::vector<TreeLeafJob> jobs;
  for (size_t i = 0; i < kMost; ++i) {
    jobs.push_back({&leaves[i * kLeafBytes], &out[i]});
  }
  ExpectTheVerifiersHashes(
      jobs, &out,
      [](HashLanes lanes, const TreeLeafJob* some, size_t count) {
        HashTreeLeaves(lanes, some, count);
      },
      [&](size_t i) {
        return LeafHash(
            std::string_view(leaves).substr(i * kLeafBytes, kLeafBytes));
      });
}

TEST(HashLanesTest, TheRootOfAFullTile) {
  const std::vector<Hash> hashes = SomeHashes(kTileWidth);
  EXPECT_EQ(FullTileRoot(hashes.data()), TileRoot(hashes));
}

}  // namespace
}  // namespace vidimus
