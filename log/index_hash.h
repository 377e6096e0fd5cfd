// The hashes of tries (verifier/index.h), many at once: as many lanes as the
// processor has, each a SHA-256 of its own. A merge of runs is little else.
//
// What is made here is judged before it is signed, by verifier/'s own way of
// hashing where it says so: log/root_judge.h, RunJudge in log/index_run.h. Pure
// functions, any thread. Cost: with AVX-512 a third to a half of what one by
// one takes.
#ifndef VIDIMUS_LOG_INDEX_HASH_H_
#define VIDIMUS_LOG_INDEX_HASH_H_

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

// Sets *out to TrieNodeHash(*left, *right); no job of a call reads what another
// one writes.
struct TrieNodeJob {
  const Hash* left;
  const Hash* right;
  Hash* out;
};

// With the lanes that are fastest on this processor.
void HashTrieLeaves(const TrieLeafJob* jobs, size_t count);
void HashTrieNodes(const TrieNodeJob* jobs, size_t count);

// Ways to hash so many lanes side by side; 1 is the verifier's way.
enum class HashLanes { k1 = 1, k8 = 8, k16 = 16 };
// Those that this processor can do, narrowest first. For tests and benches, as
// are the calls that choose one.
std::vector<HashLanes> AvailableHashLanes();
void HashTrieLeaves(HashLanes lanes, const TrieLeafJob* jobs, size_t count);
void HashTrieNodes(HashLanes lanes, const TrieNodeJob* jobs, size_t count);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_HASH_H_
