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

Hash CompactRange::Root() const {
  if (nodes_.empty()) return EmptyRoot();
  Hash hash = nodes_.back();
  for (size_t i = nodes_.size() - 1; i > 0; --i) {
    hash = NodeHash(nodes_[i - 1], hash);
  }
  return hash;
}

}  // namespace vidimus
