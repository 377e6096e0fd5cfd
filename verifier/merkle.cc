#include "verifier/merkle.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

constexpr std::string_view kLeafPrefix("\x00", 1);
constexpr uint8_t kNodePrefix = 0x01;

int BitLength(uint64_t value) {
  return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

// From a leaf to the root of a tree, the path first climbs `inner` levels, in
// each of which the leaf's side is a bit of its index, up to the subtree at the
// tree's right edge that holds it; then come only perfect subtrees on the left,
// one for each one-bit of the index above.
struct Climb {
  int inner;
  int border;
};

Climb ClimbOf(uint64_t index, uint64_t size) {
  const int inner = BitLength(index ^ (size - 1));
  const uint64_t above = inner == 64 ? 0 : index >> inner;
  return {inner, __builtin_popcountll(above)};
}

bool IsPowerOfTwo(uint64_t value) { return (value & (value - 1)) == 0; }

// The largest power of two below `size`, which is at least 2.
uint64_t Split(uint64_t size) {
  return uint64_t{1} << (BitLength(size - 1) - 1);
}

// Walks the tree as a multi-inclusion proof does, rebuilding its root.
class MultiProof {
 public:
  MultiProof(const std::vector<uint64_t>& indices, Path leaf_hashes,
             Path hashes, std::vector<std::vector<Hash>>* paths)
      : indices_(indices),
        leaf_hashes_(leaf_hashes),
        hashes_(hashes),
        paths_(paths) {}

  // The hash of the `count` leaves from `begin`, of which those with the places
  // [first, last) of the list are asked. False if the proof runs out.
  bool Root(uint64_t begin, uint64_t count, size_t first, size_t last,
            Hash* hash) {
    if (first == last) {
      if (used_ == hashes_.size()) return false;
      *hash = hashes_[used_++];
      return true;
    }
    if (count == 1) {
      *hash = leaf_hashes_[first];
      return true;
    }
    const uint64_t left_count = Split(count);
    const size_t middle =
        std::lower_bound(indices_.begin() + first, indices_.begin() + last,
                         begin + left_count) -
        indices_.begin();
    Hash left, right;
    if (!Root(begin, left_count, first, middle, &left) ||
        !Root(begin + left_count, count - left_count, middle, last, &right)) {
      return false;
    }
    if (paths_ != nullptr) {
      for (size_t i = first; i < middle; ++i) (*paths_)[i].push_back(right);
      for (size_t i = middle; i < last; ++i) (*paths_)[i].push_back(left);
    }
    *hash = NodeHash(left, right);
    return true;
  }

  bool all_used() const { return used_ == hashes_.size(); }

 private:
  const std::vector<uint64_t>& indices_;
  const Path leaf_hashes_;
  const Path hashes_;
  std::vector<std::vector<Hash>>* const paths_;
  size_t used_ = 0;
};

Finding JudgeMulti(const std::vector<uint64_t>& indices, Path leaf_hashes,
                   const TreeHead& head, Path hashes,
                   std::vector<std::vector<Hash>>* paths) {
  if (indices.empty() || leaf_hashes.size() != indices.size()) {
    return Finding::kLeafCountMismatch;
  }
  for (size_t i = 1; i < indices.size(); ++i) {
    if (indices[i - 1] >= indices[i]) return Finding::kIndicesNotAscending;
  }
  if (indices.back() >= head.size) return Finding::kIndexBeyondTree;

  MultiProof proof(indices, leaf_hashes, hashes, paths);
  Hash root;
  if (!proof.Root(0, head.size, 0, indices.size(), &root)) {
    return Finding::kPathTooShort;
  }
  if (!proof.all_used()) return Finding::kPathTooLong;
  return root == head.root ? Finding::kOk : Finding::kRootMismatch;
}

// The hash of `count` leaves from `begin`, a subtree of the tree's own
// splitting: begin is a multiple of the least power of two not below count. It
// is folded from the perfect subtrees that count is the sum of.
bool SubtreeHash(uint64_t begin, uint64_t count, const NodeReader& reader,
                 Hash* hash) {
  bool first = true;
  uint64_t end = begin + count;
  for (uint64_t rest = count; rest != 0; rest &= rest - 1) {
    const int level = __builtin_ctzll(rest);
    end -= uint64_t{1} << level;
    Hash node;
    if (!reader(level, end >> level, &node)) return false;
    *hash = first ? node : NodeHash(node, *hash);
    first = false;
  }
  return true;
}

// Appends the siblings on the way from the subtree (level, index >> level) to
// the root.
bool AppendSiblings(uint64_t index, int level, uint64_t size,
                    const NodeReader& reader, std::vector<Hash>* path) {
  const Climb climb = ClimbOf(index, size);
  Hash hash;
  for (; level < climb.inner; ++level) {
    const uint64_t begin = (index >> level ^ 1) << level;
    const uint64_t count = std::min(uint64_t{1} << level, size - begin);
    if (!SubtreeHash(begin, count, reader, &hash)) return false;
    path->push_back(hash);
  }
  for (; level < 64 && index >> level != 0; ++level) {
    if ((index >> level & 1) == 0) continue;
    if (!reader(level, (index >> level) - 1, &hash)) return false;
    path->push_back(hash);
  }
  return true;
}

bool AppendMulti(uint64_t begin, uint64_t count,
                 std::vector<uint64_t>::const_iterator first,
                 std::vector<uint64_t>::const_iterator last,
                 const NodeReader& reader, std::vector<Hash>* hashes) {
  if (first == last) {
    Hash hash;
    if (!SubtreeHash(begin, count, reader, &hash)) return false;
    hashes->push_back(hash);
    return true;
  }
  if (count == 1) return true;
  const uint64_t left_count = Split(count);
  const auto middle = std::lower_bound(first, last, begin + left_count);
  return AppendMulti(begin, left_count, first, middle, reader, hashes) &&
         AppendMulti(begin + left_count, count - left_count, middle, last,
                     reader, hashes);
}

}  // namespace

Hash LeafHash(std::string_view entry) { return Sha256({kLeafPrefix, entry}); }

Hash NodeHash(const Hash& left, const Hash& right) {
  return Sha256Node(kNodePrefix, left, right);
}

const Hash& EmptyRoot() {
  static constexpr Hash kEmpty = {
      0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
      0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
      0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
  return kEmpty;
}

Finding RootFromPath(const Hash& leaf_hash, uint64_t index, uint64_t size,
                     Path path, Hash* root) {
  if (index >= size) return Finding::kIndexBeyondTree;
  const Climb climb = ClimbOf(index, size);
  const auto length = static_cast<size_t>(climb.inner + climb.border);
  if (path.size() < length) return Finding::kPathTooShort;
  if (path.size() > length) return Finding::kPathTooLong;

  Hash hash = leaf_hash;
  for (int i = 0; i < climb.inner; ++i) {
    hash = (index >> i & 1) == 0 ? NodeHash(hash, path[i])
                                 : NodeHash(path[i], hash);
  }
  for (size_t i = climb.inner; i < length; ++i) hash = NodeHash(path[i], hash);
  *root = hash;
  return Finding::kOk;
}

Finding VerifyInclusion(const Hash& leaf_hash, uint64_t index, Path path,
                        const TreeHead& head) {
  Hash root;
  RETURN_IF_FOUND(RootFromPath(leaf_hash, index, head.size, path, &root));
  return root == head.root ? Finding::kOk : Finding::kRootMismatch;
}

Finding VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                          Path path) {
  if (older.size > newer.size) return Finding::kTreeShrank;
  for (const TreeHead* head : {&older, &newer}) {
    if (head->size == 0 && head->root != EmptyRoot()) {
      return Finding::kEmptyRootMismatch;
    }
  }
  if (older.size == newer.size && older.root != newer.root) {
    return Finding::kTwoHistories;
  }
  if (older.size == newer.size || older.size == 0) {
    return path.empty() ? Finding::kOk : Finding::kPathTooLong;
  }

  // If the subtree where the path begins is the whole older tree, its root is
  // known already, and the path does without.
  std::vector<Hash> hashes;
  if (IsPowerOfTwo(older.size)) hashes.push_back(older.root);
  hashes.insert(hashes.end(), path.begin(), path.end());
  Hash older_root, newer_root;
  RETURN_IF_FOUND(RootsFromSubtrees(older.size, newer.size, hashes, &older_root,
                                    &newer_root));
  if (older_root != older.root) return Finding::kOldRootMismatch;
  return newer_root == newer.root ? Finding::kOk : Finding::kRootMismatch;
}

Finding RootsFromSubtrees(uint64_t older, uint64_t newer, Path hashes,
                          Hash* older_root, Hash* newer_root) {
  if (older == 0 || older >= newer) return Finding::kTreeShrank;
  // They climb from the largest perfect subtree that ends where the older tree
  // ends.
  const uint64_t last = older - 1;
  const int level = __builtin_ctzll(older);
  const Climb climb = ClimbOf(last, newer);
  const size_t inner = climb.inner - level;
  const size_t length = 1 + inner + climb.border;
  if (hashes.size() < length) return Finding::kPathTooShort;
  if (hashes.size() > length) return Finding::kPathTooLong;

  const Hash* next = hashes.begin();
  *older_root = *newer_root = *next++;
  for (size_t i = 0; i < inner; ++i, ++next) {
    if ((last >> (level + i) & 1) == 0) {
      *newer_root = NodeHash(*newer_root, *next);
    } else {
      *newer_root = NodeHash(*next, *newer_root);
      *older_root = NodeHash(*next, *older_root);
    }
  }
  for (; next != hashes.end(); ++next) {
    *newer_root = NodeHash(*next, *newer_root);
    *older_root = NodeHash(*next, *older_root);
  }
  return Finding::kOk;
}

Finding VerifyMultiInclusion(const std::vector<uint64_t>& indices,
                             Path leaf_hashes, const TreeHead& head,
                             Path hashes) {
  return JudgeMulti(indices, leaf_hashes, head, hashes, nullptr);
}

Finding PathsFromMulti(const std::vector<uint64_t>& indices, Path leaf_hashes,
                       const TreeHead& head, Path hashes,
                       std::vector<std::vector<Hash>>* paths) {
  paths->assign(indices.size(), {});
  return JudgeMulti(indices, leaf_hashes, head, hashes, paths);
}

std::optional<Hash> RootFrom(uint64_t size, const NodeReader& reader) {
  if (size == 0) return EmptyRoot();
  Hash hash;
  if (!SubtreeHash(0, size, reader, &hash)) return std::nullopt;
  return hash;
}

std::optional<std::vector<Hash>> InclusionPath(uint64_t index, uint64_t size,
                                               const NodeReader& reader) {
  CHECK_LT(index, size);
  std::vector<Hash> path;
  if (!AppendSiblings(index, 0, size, reader, &path)) return std::nullopt;
  return path;
}

std::optional<std::vector<Hash>> ConsistencyPath(uint64_t older, uint64_t newer,
                                                 const NodeReader& reader) {
  CHECK_LE(older, newer);
  if (older == 0 || older == newer) return std::vector<Hash>();
  std::optional<std::vector<Hash>> path = CommonSubtrees(older, newer, reader);
  if (path && IsPowerOfTwo(older)) path->erase(path->begin());
  return path;
}

std::optional<std::vector<Hash>> CommonSubtrees(uint64_t older, uint64_t newer,
                                                const NodeReader& reader) {
  CHECK_LT(0u, older);
  CHECK_LT(older, newer);
  const int level = __builtin_ctzll(older);
  std::vector<Hash> hashes(1);
  if (!reader(level, (older - 1) >> level, &hashes[0]) ||
      !AppendSiblings(older - 1, level, newer, reader, &hashes)) {
    return std::nullopt;
  }
  return hashes;
}

std::optional<std::vector<Hash>> MultiInclusionProof(
    const std::vector<uint64_t>& indices, uint64_t size,
    const NodeReader& reader) {
  CHECK(!indices.empty());
  CHECK_LT(indices.back(), size);
  for (size_t i = 1; i < indices.size(); ++i) {
    CHECK_LT(indices[i - 1], indices[i]);
  }
  std::vector<Hash> hashes;
  if (!AppendMulti(0, size, indices.begin(), indices.end(), reader, &hashes)) {
    return std::nullopt;
  }
  return hashes;
}

}  // namespace vidimus
