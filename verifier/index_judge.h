// Judges the index roots in the seals of a log that is read from leaf 0: builds
// the index (index.h) again from the leaves alone, and finds keys that two
// leaves share. A hook of audit.h. Format: docs/index_format.md.
//
// Keeps every key so far, sorted by runs: 40 bytes a leaf (0.4 GB at 10^7), and
// as much again while the largest run is merged, in memory that the caller
// gives; besides, at most the trie of 4,096 keys. Each key is hashed about six
// times for each factor of four that the log grows by.
#ifndef VERIFIER_INDEX_JUDGE_H_
#define VERIFIER_INDEX_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "verifier/audit.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/leaf.h"
#include "verifier/runs.h"

namespace vidimus {

// Where sorted runs lie: the heap, or files that the system writes out when it
// needs the memory. Each piece is filled once and then read in order.
class RunMemory {
 public:
  virtual ~RunMemory() = default;
  // Room for `count` entries, at least 1; never null.
  virtual IndexEntry* Allocate(size_t count) = 0;
  virtual void Free(IndexEntry* entries, size_t count) = 0;
};

// Not synchronised.
class SealJudge : public IndexJudge {
 public:
  // `memory` must outlive the judge; null: the heap.
  explicit SealJudge(RunMemory* memory = nullptr);
  ~SealJudge() override;
  SealJudge(const SealJudge&) = delete;
  SealJudge& operator=(const SealJudge&) = delete;

  // Leaves are shown in order, from 0. kOk, or kIndexKeyTwice as soon as two
  // leaves with one key meet in a run.
  Finding Add(uint64_t index, const Leaf& leaf) override;

  // kOk; kIndexRoot if the seal's root is not that of the leaves before it; or
  // kIndexKeyTwice. A seal whose covered size is not its leaf index is judged
  // as if it were.
  Finding AddSeal(uint64_t index, const Seal& seal) override;

  // Compares all runs with each other: kOk or kIndexKeyTwice. Once, at the end:
  // reads every key.
  Finding Finish() override;

  // After kIndexKeyTwice: the leaves with one key, the earlier first.
  struct Twice {
    uint64_t first = 0;
    uint64_t second = 0;
  };
  const std::optional<Twice>& twice() const { return twice_; }

  // The roots of the runs in force at the last seal, as the leaves give them.
  const std::vector<Hash>& run_roots() const { return run_roots_; }

  // The leaf before the last seal that carries `key`, if any. A binary search
  // in each run.
  IndexAnswer Find(const Hash& key) const;

  // The entries of a run in force at the last seal, by ascending key. Copies
  // them.
  std::vector<IndexEntry> Entries(const RunRange& run) const;

 private:
  class Partial;
  struct Piece {
    RunRange range;
    IndexEntry* entries = nullptr;
    size_t count = 0;
    std::optional<Hash> root;
  };

  void ClosePartial();
  Finding Merge(const RunRange& range, size_t first, size_t last);
  Finding RootOf(Piece* piece);
  Finding FoundTwice(const IndexEntry& a, const IndexEntry& b);
  void Release(Piece* piece);

  RunMemory* const memory_;
  // By ascending start, without gaps; then the partial run.
  std::vector<Piece> pieces_;
  std::unique_ptr<Partial> partial_;
  std::vector<Hash> run_roots_;
  std::optional<Twice> twice_;
};

}  // namespace vidimus

#endif  // VERIFIER_INDEX_JUDGE_H_
