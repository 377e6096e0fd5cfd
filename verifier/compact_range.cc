#include "verifier/compact_range.h"

namespace vidimus {

std::optional<CompactRange> CompactRange::FromNodes(uint64_t size, Path nodes) {
  if (nodes.size() != static_cast<size_t>(__builtin_popcountll(size))) {
    return std::nullopt;
  }
  CompactRange range;
  range.size_ = size;
  range.nodes_.assign(nodes.begin(), nodes.end());
  return range;
}

void CompactRange::AppendSubtree(int level, const Hash& hash) {
  CHECK_GE(level, 0);
  CHECK_LT(level, 64);
  const uint64_t count = uint64_t{1} << level;
  CHECK_EQ(size_ & (count - 1), uint64_t{0});
  Hash node = hash;
  for (uint64_t rest = size_ >> level; rest & 1; rest >>= 1) {
    node = NodeHash(nodes_.back(), node);
    nodes_.pop_back();
  }
  nodes_.push_back(node);
  size_ += count;
}

Hash CompactRange::Root() const {
  if (nodes_.empty()) return EmptyRoot();
  Hash hash = nodes_.back();
  for (size_t i = nodes_.size() - 1; i > 0; --i) {
    hash = NodeHash(nodes_[i - 1], hash);
  }
  return hash;
}

}  // namespace vidimus
