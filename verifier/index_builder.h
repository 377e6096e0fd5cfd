// Building the index (index.h) and its proofs from entries in memory or in a
// stream: the plain way, which a server's files and merges must agree with, and
// which a monitor or a test rebuilds seals by. Format: docs/index_format.md.
#ifndef VERIFIER_INDEX_BUILDER_H_
#define VERIFIER_INDEX_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index.h"

namespace vidimus {

// The root of a run, from its entries by ascending key. Memory is one hash for
// each bit of a key, however many entries there are; about 2.4 hashes an entry.
// Not synchronised.
class RunRootBuilder {
 public:
  // Takes the next entry. kOk; kIndexKeysNotAscending; or kIndexKeyTwice, with
  // which the log is convicted: keep last() and `entry`. After a finding the
  // builder is as before.
  Finding Add(const IndexEntry& entry);

  // The entry that was added last, if any.
  const std::optional<IndexEntry>& last() const { return last_; }

  // The root of what was added; 32 zeros for nothing. More may be added after.
  Hash Root() const { return RootAt(0); }

  // The same of the subtree at `depth` which is all that was added to, for one
  // who builds a large run in several parts: what was added must share its
  // first `depth` bits (not checked).
  Hash RootAt(size_t depth) const;

 private:
  // The hash at `depth` of the subtree that last_ is in, if no later entry
  // falls into it.
  Hash FoldedTo(size_t depth) const;

  std::optional<IndexEntry> last_;
  // The depth at which last_'s key is unique among those so far.
  size_t unique_depth_ = 0;
  // left_[d]: the finished left child at depth d beside last_'s way, if
  // has_left_[d].
  std::array<Hash, kTrieDepthMax + 1> left_ = {};
  std::array<bool, kTrieDepthMax + 1> has_left_ = {};
};

// Entries by ascending key, each key once: what a run is. Not owned.
using SortedEntries = const std::vector<IndexEntry>&;

// The root of one run, which must be sorted (CHECK).
Hash RunRoot(SortedEntries run);

// The way of `key` in one run, which must be sorted (CHECK). Hashes the whole
// run: for a partial run, and for tests.
TriePath MakeTriePath(SortedEntries run, const Hash& key);

// An index in memory, at one size. Immutable after construction; any thread may
// read. Each proof hashes every run on its way anew.
class MemoryIndex {
 public:
  // The index at `size` over `entries` in any order; those from `size` on are
  // left out. No key twice (CHECK).
  MemoryIndex(uint64_t size, std::vector<IndexEntry> entries);

  uint64_t size() const { return size_; }
  const std::vector<Hash>& run_roots() const { return run_roots_; }
  Hash Root() const;

  // The proof that `key` is here, or nothing if it is not.
  std::optional<PresenceProof> ProvePresence(const Hash& key) const;

  // The proof that `key` is not here, or nothing if it is.
  std::optional<AbsenceProof> ProveAbsence(const Hash& key) const;

  // The proof for several keys that VerifySeveral takes; `keys` ascend strictly
  // (CHECK).
  std::string ProveSeveral(const std::vector<Hash>& keys) const;

 private:
  uint64_t size_;
  std::vector<std::vector<IndexEntry>> runs_;  // of each run in force, sorted
  std::vector<Hash> run_roots_;
};

}  // namespace vidimus

#endif  // VERIFIER_INDEX_BUILDER_H_
