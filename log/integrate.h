// Growing the tree by one batch. Pure: no storage, no clock, no threads; what
// must be read before is read by ReadTreeEdge (log/tile_reader.h).
//
// The tree is RFC 6962's; its nodes are kept as C2SP tlog-tiles: level L of the
// tiles holds the hashes of the perfect subtrees of 256^L leaves.
#ifndef VIDIMUS_LOG_INTEGRATE_H_
#define VIDIMUS_LOG_INTEGRATE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "log/storage.h"
#include "verifier/compact_range.h"
#include "verifier/hash.h"

namespace vidimus {

// The right edge of a tree: all that the next batch needs to know of it. At
// most 255 hashes a level, so under 64 KiB for any tree.
struct TreeEdge {
  uint64_t size = 0;
  // tiles[L]: the hashes of the last, unfinished tile of level L, the first
  // (size / 256^L) % 256 of it. No trailing empty levels.
  std::vector<std::vector<Hash>> tiles;

  // The same edge as the verifier keeps it. At most 255 hashes a level.
  CompactRange Range() const;
  TreeHead Head() const { return Range().Head(); }
};

// The nodes that a batch added to a tree, with those of the older tree that
// their proofs need. Enough to prove the inclusion of each of the batch's
// leaves, and the consistency of the tree before the batch with the one after.
// Immutable; any thread. About 70 bytes for each leaf.
class GrownTree {
 public:
  GrownTree(const TreeEdge& before, absl::Span<const Hash> leaf_hashes);

  uint64_t size_before() const { return size_before_; }
  const TreeHead& head() const { return head_; }

  // Sets `*hash` to that of the perfect subtree (level, index) of
  // verifier/merkle.h; false if this batch neither made it nor stands beside
  // it.
  bool Node(int level, uint64_t index, Hash* hash) const;

  // The hashes that this batch added to `level`, in order.
  absl::Span<const Hash> Added(int level) const;

 private:
  struct Level {
    uint64_t first_index = 0;
    std::vector<Hash> hashes;
  };

  uint64_t size_before_;
  std::vector<Level> levels_;
  TreeHead head_;
};

struct Integrated {
  std::shared_ptr<const GrownTree> tree;
  TreeEdge edge;
  // kHashes and, for each level of tiles that gained a hash, kTile.
  std::vector<Row> rows;
};

// Grows the tree of `edge` by `leaf_hashes` (at least one). One hash for each
// leaf.
Integrated Integrate(const TreeEdge& edge, absl::Span<const Hash> leaf_hashes);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INTEGRATE_H_
