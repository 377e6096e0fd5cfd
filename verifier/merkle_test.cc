#include "verifier/merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

// --- A slow twin: the definitions of RFC 6962, section 2.1, word for word. ---

using Leaves = std::vector<Hash>;

size_t SlowSplit(size_t n) {
  size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

Leaves Part(const Leaves& leaves, size_t begin, size_t end) {
  return Leaves(leaves.begin() + begin, leaves.begin() + end);
}

Hash SlowRoot(const Leaves& leaves) {
  if (leaves.empty()) return Sha256("");
  if (leaves.size() == 1) return leaves[0];
  const size_t k = SlowSplit(leaves.size());
  return Sha256({std::string_view("\x01", 1),
                 Bytes(SlowRoot(Part(leaves, 0, k))),
                 Bytes(SlowRoot(Part(leaves, k, leaves.size())))});
}

std::vector<Hash> SlowPath(size_t m, const Leaves& leaves) {
  if (leaves.size() == 1) return {};
  const size_t k = SlowSplit(leaves.size());
  const Leaves left = Part(leaves, 0, k);
  const Leaves right = Part(leaves, k, leaves.size());
  std::vector<Hash> path = m < k ? SlowPath(m, left) : SlowPath(m - k, right);
  path.push_back(SlowRoot(m < k ? right : left));
  return path;
}

std::vector<Hash> SlowSubproof(size_t m, const Leaves& leaves, bool complete) {
  const size_t n = leaves.size();
  if (m == n) return complete ? Leaves{} : Leaves{SlowRoot(leaves)};
  const size_t k = SlowSplit(n);
  const Leaves left = Part(leaves, 0, k);
  const Leaves right = Part(leaves, k, n);
  std::vector<Hash> proof = m <= k ? SlowSubproof(m, left, complete)
                                   : SlowSubproof(m - k, right, false);
  proof.push_back(SlowRoot(m <= k ? right : left));
  return proof;
}

// ------------------------------------------------------------------------------

Leaves MakeLeaves(size_t count) {
  Leaves leaves;
  for (size_t i = 0; i < count; ++i)
    leaves.push_back(LeafHash(DecimalEncode(i)));
  return leaves;
}

TreeHead HeadOf(const Leaves& leaves) {
  return {leaves.size(), SlowRoot(leaves)};
}

NodeReader ReaderOf(const Leaves& leaves) {
  return [&leaves](int level, uint64_t index, Hash* hash) {
    const size_t begin = index << level;
    const size_t end = (index + 1) << level;
    EXPECT_LE(end, leaves.size());
    *hash = SlowRoot(Part(leaves, begin, end));
    return true;
  };
}

TEST(MerkleTest, RootsAreThoseOfCertificateTransparency) {
  const char* const kEntries[] = {"",
                                  "00",
                                  "10",
                                  "2021",
                                  "3031",
                                  "40414243",
                                  "5051525354555657",
                                  "606162636465666768696a6b6c6d6e6f"};
  const char* const kRoots[] = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  CompactRange tree;
  EXPECT_EQ(HexEncode(Bytes(tree.Root())), kRoots[0]);
  for (size_t i = 0; i < std::size(kEntries); ++i) {
    std::string entry;
    ASSERT_TRUE(HexDecode(kEntries[i], &entry));
    tree.Append(LeafHash(entry));
    EXPECT_EQ(HexEncode(Bytes(tree.Root())), kRoots[i + 1]) << i;
  }
}

TEST(MerkleTest, EmptyRootIsTheHashOfNothing) {
  EXPECT_EQ(EmptyRoot(), Sha256(""));
}

TEST(MerkleTest, RootFromEqualsTheSlowTwin) {
  const Leaves leaves = MakeLeaves(300);
  for (const size_t size : {0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 300}) {
    const Leaves part = Part(leaves, 0, size);
    EXPECT_EQ(RootFrom(size, ReaderOf(part)), SlowRoot(part)) << size;
  }
}

TEST(MerkleTest, InclusionEqualsTheSlowTwinForEveryLeafOfSmallTrees) {
  const Leaves all = MakeLeaves(33);
  for (size_t size = 1; size <= all.size(); ++size) {
    const Leaves leaves = Part(all, 0, size);
    const TreeHead head = HeadOf(leaves);
    for (size_t index = 0; index < size; ++index) {
      const std::vector<Hash> path = SlowPath(index, leaves);
      EXPECT_EQ(InclusionPath(index, size, ReaderOf(leaves)), path);
      EXPECT_EQ(VerifyInclusion(leaves[index], index, path, head),
                Finding::kOk);
    }
  }
}

TEST(MerkleTest, ConsistencyEqualsTheSlowTwinForEveryPairOfSmallTrees) {
  const Leaves all = MakeLeaves(33);
  for (size_t size = 1; size <= all.size(); ++size) {
    const Leaves leaves = Part(all, 0, size);
    for (size_t older = 1; older <= size; ++older) {
      const std::vector<Hash> path = SlowSubproof(older, leaves, true);
      EXPECT_EQ(ConsistencyPath(older, size, ReaderOf(leaves)), path);
      EXPECT_EQ(
          VerifyConsistency(HeadOf(Part(all, 0, older)), HeadOf(leaves), path),
          Finding::kOk);
    }
  }
}

TEST(MerkleTest, ProofsHoldAtNamedSizesAndRandomOnes) {
  std::mt19937 random(3);
  const Leaves all = MakeLeaves(700);
  std::vector<size_t> sizes = {255, 256, 257, 511, 512, 513};
  for (int i = 0; i < 10; ++i) sizes.push_back(1 + random() % all.size());
  for (const size_t size : sizes) {
    const Leaves leaves = Part(all, 0, size);
    const TreeHead head = HeadOf(leaves);
    for (int i = 0; i < 5; ++i) {
      const size_t index = random() % size;
      const auto path = InclusionPath(index, size, ReaderOf(leaves));
      EXPECT_EQ(VerifyInclusion(leaves[index], index, *path, head),
                Finding::kOk);
      const size_t older = 1 + random() % size;
      const auto proof = ConsistencyPath(older, size, ReaderOf(leaves));
      EXPECT_EQ(VerifyConsistency(HeadOf(Part(all, 0, older)), head, *proof),
                Finding::kOk);
    }
  }
}

// A far-away tree in which all leaves are equal, so that a perfect subtree's
// hash depends on its level alone.
TEST(MerkleTest, ProofsHoldInAFarAwayTree) {
  std::vector<Hash> perfect = {LeafHash("x")};
  for (int level = 1; level < 64; ++level) {
    perfect.push_back(NodeHash(perfect.back(), perfect.back()));
  }
  const NodeReader reader = [&perfect](int level, uint64_t, Hash* hash) {
    *hash = perfect[level];
    return true;
  };
  const uint64_t kFar = uint64_t{1} << 40;
  for (const uint64_t size :
       {kFar - 1, kFar, kFar + 1, (uint64_t{1} << 63) + 12345, ~uint64_t{0}}) {
    const TreeHead head = {size, *RootFrom(size, reader)};
    for (const uint64_t index : {uint64_t{0}, kFar / 2, kFar - 2, size - 1}) {
      const auto path = InclusionPath(index, size, reader);
      EXPECT_EQ(VerifyInclusion(perfect[0], index, *path, head), Finding::kOk);
      EXPECT_LE(path->size(), 64u);
      const TreeHead older = {index + 1, *RootFrom(index + 1, reader)};
      const auto proof = ConsistencyPath(index + 1, size, reader);
      EXPECT_EQ(VerifyConsistency(older, head, *proof), Finding::kOk);
      const auto multi = MultiInclusionProof({index}, size, reader);
      EXPECT_EQ(VerifyMultiInclusion({index}, {&perfect[0], 1}, head, *multi),
                Finding::kOk);
    }
  }
}

TEST(MerkleTest, InclusionSaysWhatIsWrong) {
  const Leaves leaves = MakeLeaves(7);
  const TreeHead head = HeadOf(leaves);
  const std::vector<Hash> path = SlowPath(3, leaves);
  const auto judge = [&](size_t index, const std::vector<Hash>& changed,
                         const TreeHead& in) {
    return VerifyInclusion(leaves[3], index, changed, in);
  };
  std::vector<Hash> shorter = path, longer = path;
  shorter.pop_back();
  longer.push_back(path[0]);
  EXPECT_EQ(judge(7, path, head), Finding::kIndexBeyondTree);
  EXPECT_EQ(judge(0, path, {0, EmptyRoot()}), Finding::kIndexBeyondTree);
  EXPECT_EQ(judge(3, shorter, head), Finding::kPathTooShort);
  EXPECT_EQ(judge(3, longer, head), Finding::kPathTooLong);
  EXPECT_EQ(judge(2, path, head), Finding::kRootMismatch);
  EXPECT_EQ(judge(3, path, {7, leaves[0]}), Finding::kRootMismatch);
  EXPECT_EQ(judge(3, path, {8, head.root}), Finding::kOk)
      << "A path for 7 leaves has the shape of one for 8; only the head that "
         "was signed says how many there are.";
  for (size_t i = 0; i < path.size(); ++i) {
    std::vector<Hash> flipped = path;
    flipped[i][31] ^= 1;
    EXPECT_EQ(judge(3, flipped, head), Finding::kRootMismatch);
  }
}

TEST(MerkleTest, ConsistencySaysWhatIsWrong) {
  const Leaves all = MakeLeaves(7);
  const TreeHead older = HeadOf(Part(all, 0, 3));
  const TreeHead newer = HeadOf(all);
  const TreeHead empty = {0, EmptyRoot()};
  const std::vector<Hash> path = SlowSubproof(3, all, true);
  std::vector<Hash> shorter = path, longer = path;
  shorter.pop_back();
  longer.push_back(path[0]);
  const Hash other = LeafHash("other");

  EXPECT_EQ(VerifyConsistency(newer, older, path), Finding::kTreeShrank);
  EXPECT_EQ(VerifyConsistency({0, other}, newer, {}),
            Finding::kEmptyRootMismatch);
  EXPECT_EQ(VerifyConsistency(empty, {0, other}, {}),
            Finding::kEmptyRootMismatch);
  EXPECT_EQ(VerifyConsistency(empty, newer, {}), Finding::kOk);
  EXPECT_EQ(VerifyConsistency(empty, empty, {}), Finding::kOk);
  EXPECT_EQ(VerifyConsistency(empty, newer, path), Finding::kPathTooLong);
  EXPECT_EQ(VerifyConsistency(newer, {7, other}, {}), Finding::kTwoHistories);
  EXPECT_EQ(VerifyConsistency(newer, newer, {}), Finding::kOk);
  EXPECT_EQ(VerifyConsistency(newer, newer, path), Finding::kPathTooLong);
  EXPECT_EQ(VerifyConsistency(older, newer, shorter), Finding::kPathTooShort);
  EXPECT_EQ(VerifyConsistency(older, newer, longer), Finding::kPathTooLong);
  EXPECT_EQ(VerifyConsistency({3, other}, newer, path),
            Finding::kOldRootMismatch);
  EXPECT_EQ(VerifyConsistency(older, {7, other}, path), Finding::kRootMismatch);
}

TEST(MerkleTest, CommonSubtreesGiveBothRoots) {
  const Leaves all = MakeLeaves(70);
  for (size_t newer = 2; newer <= all.size(); ++newer) {
    const Leaves leaves = Part(all, 0, newer);
    for (size_t older = 1; older < newer; ++older) {
      // The definition: as if `older` were no whole subtree.
      const std::vector<Hash> expected = SlowSubproof(older, leaves, false);
      const auto hashes = CommonSubtrees(older, newer, ReaderOf(leaves));
      ASSERT_TRUE(hashes.has_value());
      EXPECT_EQ(*hashes, expected) << older << " of " << newer;
      Hash older_root, newer_root;
      ASSERT_EQ(
          RootsFromSubtrees(older, newer, *hashes, &older_root, &newer_root),
          Finding::kOk);
      EXPECT_EQ(older_root, SlowRoot(Part(leaves, 0, older)));
      EXPECT_EQ(newer_root, SlowRoot(leaves));
      // Another subtree gives another root of the newer tree.
      for (size_t i = 0; i < hashes->size(); ++i) {
        std::vector<Hash> flipped = *hashes;
        flipped[i][9] ^= 4;
        ASSERT_EQ(
            RootsFromSubtrees(older, newer, flipped, &older_root, &newer_root),
            Finding::kOk);
        EXPECT_NE(newer_root, SlowRoot(leaves));
      }
    }
  }
}

TEST(MerkleTest, CommonSubtreesMustBeAsManyAsTheSizesDemand) {
  const Leaves leaves = MakeLeaves(11);
  Hash a, b;
  for (const uint64_t older : {1u, 4u, 7u, 8u}) {
    std::vector<Hash> hashes = *CommonSubtrees(older, 11, ReaderOf(leaves));
    hashes.push_back(hashes[0]);
    EXPECT_EQ(RootsFromSubtrees(older, 11, hashes, &a, &b),
              Finding::kPathTooLong);
    hashes.resize(hashes.size() - 2);
    EXPECT_EQ(RootsFromSubtrees(older, 11, hashes, &a, &b),
              Finding::kPathTooShort);
    EXPECT_EQ(RootsFromSubtrees(older, 11, {}, &a, &b), Finding::kPathTooShort);
  }
  EXPECT_EQ(RootsFromSubtrees(0, 11, {}, &a, &b), Finding::kTreeShrank);
  EXPECT_EQ(RootsFromSubtrees(11, 11, {}, &a, &b), Finding::kTreeShrank);
  EXPECT_EQ(RootsFromSubtrees(12, 11, {}, &a, &b), Finding::kTreeShrank);
  const uint64_t far = uint64_t{1} << 63;
  EXPECT_EQ(RootsFromSubtrees(far, far + 1, {leaves}, &a, &b),
            Finding::kPathTooLong);
}

// --- Several leaves at once. ---

std::vector<uint64_t> RandomIndices(std::mt19937* random, size_t size) {
  std::vector<uint64_t> indices;
  const unsigned every = 1 + (*random)() % 8;
  for (size_t i = 0; i < size; ++i) {
    if ((*random)() % every == 0) indices.push_back(i);
  }
  if (indices.empty()) indices.push_back((*random)() % size);
  return indices;
}

std::vector<Hash> AskedOf(const std::vector<uint64_t>& indices,
                          const Leaves& leaves) {
  std::vector<Hash> asked;
  for (const uint64_t index : indices) asked.push_back(leaves[index]);
  return asked;
}

TEST(MerkleTest, OneProofForSeveralLeavesGivesThePathOfEach) {
  std::mt19937 random(4);
  const Leaves all = MakeLeaves(80);
  for (size_t size = 1; size <= all.size(); ++size) {
    const Leaves leaves = Part(all, 0, size);
    const TreeHead head = HeadOf(leaves);
    const std::vector<uint64_t> indices = RandomIndices(&random, size);
    const std::vector<Hash> asked = AskedOf(indices, leaves);
    const auto hashes = MultiInclusionProof(indices, size, ReaderOf(leaves));
    EXPECT_EQ(VerifyMultiInclusion(indices, asked, head, *hashes),
              Finding::kOk);
    std::vector<std::vector<Hash>> paths;
    ASSERT_EQ(PathsFromMulti(indices, asked, head, *hashes, &paths),
              Finding::kOk);
    for (size_t i = 0; i < indices.size(); ++i) {
      EXPECT_EQ(paths[i], SlowPath(indices[i], leaves));
    }
  }
}

TEST(MerkleTest, AllLeavesNeedNoHash) {
  const Leaves leaves = MakeLeaves(5);
  EXPECT_EQ(VerifyMultiInclusion({0, 1, 2, 3, 4}, leaves, HeadOf(leaves), {}),
            Finding::kOk);
}

TEST(MerkleTest, OneProofForSeveralLeavesSaysWhatIsWrong) {
  const Leaves leaves = MakeLeaves(11);
  const TreeHead head = HeadOf(leaves);
  const std::vector<uint64_t> indices = {1, 2, 9};
  const std::vector<Hash> asked = AskedOf(indices, leaves);
  const std::vector<Hash> hashes =
      *MultiInclusionProof(indices, 11, ReaderOf(leaves));
  std::vector<Hash> shorter = hashes, longer = hashes;
  shorter.pop_back();
  longer.push_back(hashes[0]);

  EXPECT_EQ(VerifyMultiInclusion({}, {}, head, hashes),
            Finding::kLeafCountMismatch);
  EXPECT_EQ(VerifyMultiInclusion({1, 2}, asked, head, hashes),
            Finding::kLeafCountMismatch);
  EXPECT_EQ(VerifyMultiInclusion({2, 1, 9}, asked, head, hashes),
            Finding::kIndicesNotAscending);
  EXPECT_EQ(VerifyMultiInclusion({1, 1, 9}, asked, head, hashes),
            Finding::kIndicesNotAscending);
  EXPECT_EQ(VerifyMultiInclusion({1, 2, 11}, asked, head, hashes),
            Finding::kIndexBeyondTree);
  EXPECT_EQ(VerifyMultiInclusion(indices, asked, head, shorter),
            Finding::kPathTooShort);
  EXPECT_EQ(VerifyMultiInclusion(indices, asked, head, longer),
            Finding::kPathTooLong);
  EXPECT_EQ(VerifyMultiInclusion({1, 2, 8}, asked, head, hashes),
            Finding::kRootMismatch);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::vector<Hash> flipped = hashes;
    flipped[i][0] ^= 0x80;
    EXPECT_EQ(VerifyMultiInclusion(indices, asked, head, flipped),
              Finding::kRootMismatch);
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    std::vector<Hash> flipped = asked;
    flipped[i][0] ^= 0x80;
    EXPECT_EQ(VerifyMultiInclusion(indices, flipped, head, hashes),
              Finding::kRootMismatch);
  }
}

TEST(MerkleTest, ABuilderStopsWhereItsReaderDoes) {
  int reads = 0;
  const NodeReader reader = [&reads](int, uint64_t, Hash*) {
    return ++reads < 2;
  };
  EXPECT_FALSE(RootFrom(7, reader).has_value());
  EXPECT_EQ(reads, 2);
  EXPECT_FALSE(InclusionPath(3, 7, reader).has_value());
  EXPECT_FALSE(ConsistencyPath(3, 7, reader).has_value());
  EXPECT_FALSE(MultiInclusionProof({3}, 7, reader).has_value());
}

TEST(MerkleDeathTest, ABuilderWantsLeavesWithinTheTree) {
  const Leaves leaves = MakeLeaves(3);
  EXPECT_DEATH(InclusionPath(3, 3, ReaderOf(leaves)), "index < size");
  EXPECT_DEATH(ConsistencyPath(4, 3, ReaderOf(leaves)), "older <= newer");
  EXPECT_DEATH(CommonSubtrees(3, 3, ReaderOf(leaves)), "older < newer");
  EXPECT_DEATH(MultiInclusionProof({1, 1}, 3, ReaderOf(leaves)), "indices");
}

}  // namespace
}  // namespace vidimus
