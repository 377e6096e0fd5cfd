// The right edge of a growing tree: the roots of the perfect subtrees that its
// size is the sum of, largest first. It is all one needs to append, and to know
// the root: at most 64 hashes whatever the size. docs/merkle.md.
#ifndef VERIFIER_COMPACT_RANGE_H_
#define VERIFIER_COMPACT_RANGE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "verifier/check.h"
#include "verifier/hash.h"
#include "verifier/merkle.h"

namespace vidimus {

// A value; not synchronised.
class CompactRange {
 public:
  // The empty tree.
  CompactRange() = default;

  // The tree of `size` leaves whose perfect subtrees have these roots, largest
  // (leftmost) first. Nothing unless there are exactly as many nodes as `size`
  // has one-bits. Whether they are the right ones shows in Root() alone.
  static std::optional<CompactRange> FromNodes(uint64_t size, Path nodes);

  // Appends one leaf. One hash on average, at most 63.
  void Append(const Hash& leaf_hash) {
    Append(leaf_hash, [](int, uint64_t, const Hash&) {});
  }

  // Appends one leaf and calls on_node(level, index, hash) for it (level 0) and
  // for each perfect subtree it completes, from the leaf upwards.
  template <typename OnNode>
  void Append(const Hash& leaf_hash, OnNode&& on_node) {
    AppendSubtree(0, leaf_hash, on_node);
  }

  // Appends a perfect subtree of 2^level leaves, level < 64; the size must be a
  // multiple of that (CHECK). Calls on_node for it and for each larger one that
  // it completes, upwards.
  void AppendSubtree(int level, const Hash& subtree) {
    AppendSubtree(level, subtree, [](int, uint64_t, const Hash&) {});
  }
  template <typename OnNode>
  void AppendSubtree(int level, const Hash& subtree, OnNode&& on_node) {
    const uint64_t leaves = uint64_t{1} << level;
    CHECK_EQ(size_ & (leaves - 1), uint64_t{0});
    Hash hash = subtree;
    uint64_t rest = size_ >> level;
    on_node(level, rest, hash);
    for (; rest & 1; rest >>= 1) {
      hash = NodeHash(nodes_.back(), hash);
      nodes_.pop_back();
      on_node(++level, rest >> 1, hash);
    }
    nodes_.push_back(hash);
    size_ += leaves;
  }

  // The root of the tree; EmptyRoot() if there are no leaves. One hash less
  // than there are nodes.
  Hash Root() const;

  TreeHead Head() const { return {size_, Root()}; }
  uint64_t size() const { return size_; }
  const std::vector<Hash>& nodes() const { return nodes_; }

 private:
  uint64_t size_ = 0;
  std::vector<Hash> nodes_;
};

}  // namespace vidimus

#endif  // VERIFIER_COMPACT_RANGE_H_
