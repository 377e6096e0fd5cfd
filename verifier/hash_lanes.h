// The hashes of tries (index.h) and of trees (merkle.h), many at once: as many
// lanes as the processor has, each a SHA-256 (FIPS 180-4) of its own. A merge
// of runs is little else.
//
// For who hashes millions: a log's index, and those who read a whole log. A log
// has its roots judged one hash at a time before it signs them
// (log/root_judge.h, RunJudge in log/index_run.h), and so does whoever is shown
// a proof: an error here can't be everybody's. Pure functions, any thread.
// Cost: with AVX-512 a third to a half of what one by one takes.
#ifndef VERIFIER_HASH_LANES_H_
#define VERIFIER_HASH_LANES_H_

#include <cstddef>
#include <vector>

#include "verifier/hash.h"
#include "verifier/index.h"

namespace vidimus {

// Sets *out to TrieLeafHash(*entry). None is owned.
struct TrieLeafJob {
  const IndexEntry* entry;
  Hash* out;
};

// Sets *out to the node over *left and *right; no job of a call reads what
// another one writes.
struct NodeJob {
  const Hash* left;
  const Hash* right;
  Hash* out;
};

// Sets *out to LeafHash of the kLeafBytes (leaf.h) at `leaf`. None is owned.
struct TreeLeafJob {
  const char* leaf;
  Hash* out;
};

// With the lanes that are fastest on this processor: TrieLeafHash,
// TrieNodeHash, LeafHash, NodeHash.
void HashTrieLeaves(const TrieLeafJob* jobs, size_t count);
void HashTrieNodes(const NodeJob* jobs, size_t count);
void HashTreeLeaves(const TreeLeafJob* jobs, size_t count);
void HashTreeNodes(const NodeJob* jobs, size_t count);

// TileRoot (tile.h) of a full tile: 256 hashes.
Hash FullTileRoot(const Hash* hashes);

// Ways to hash so many lanes side by side; 1 is the verifier's way.
enum class HashLanes { k1 = 1, k8 = 8, k16 = 16 };
// Those that this processor can do, narrowest first. For tests and benches, as
// are the calls that choose one.
std::vector<HashLanes> AvailableHashLanes();
void HashTrieLeaves(HashLanes lanes, const TrieLeafJob* jobs, size_t count);
void HashTrieNodes(HashLanes lanes, const NodeJob* jobs, size_t count);
void HashTreeLeaves(HashLanes lanes, const TreeLeafJob* jobs, size_t count);
void HashTreeNodes(HashLanes lanes, const NodeJob* jobs, size_t count);

}  // namespace vidimus

#endif  // VERIFIER_HASH_LANES_H_
