// Judges the index roots in the seals of a log that is read from leaf 0: builds
// the index (index.h) again from the leaves alone, and finds keys that two
// leaves share. A hook of audit.h. Format: docs/index_format.md.
//
// Keeps every key so far, sorted by runs: 40 bytes a leaf (0.4 GB at 10^7), and
// as much again while the largest run is merged, in memory that the caller
// gives; besides, the trie of 4,096 keys, and for each thread that merges the
// hashes of as many. Each key is hashed about six times for each factor of four
// that the log grows by, many keys at once (hash_lanes.h). Most of that may be
// done on other threads: short runs by ShortRunMaker, merges by a TaskRunner.
// What is found, and where, is the same.
#ifndef VERIFIER_INDEX_JUDGE_H_
#define VERIFIER_INDEX_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "verifier/audit.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/index_trie.h"
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
  // Whoever reads or fills a piece in order is through with these entries of it
  // for now: they need not stay in memory. From any thread.
  virtual void Passed(const IndexEntry* /*entries*/, size_t /*count*/) {}
};

// A run in force but the partial one, as a judge holds it.
struct HeldRun {
  RunRange range;
  IndexEntry* entries = nullptr;  // by ascending key; null for none
  size_t count = 0;
  Hash root = {};
};

// Calls task(0), ..., task(count - 1), each once, on whatever threads it has,
// and returns when all have returned.
using TaskRunner = std::function<void(
    size_t count, const std::function<void(size_t part)>& task)>;

// Two leaves with one key.
struct TwiceCarried {
  uint64_t first = 0;
  uint64_t second = 0;
};

// What the leaves of one short run, [start, start + 4096) or as many of them as
// there are, say of the index.
struct ShortRun {
  uint64_t start = 0;
  std::vector<IndexEntry> entries;  // by ascending key
  Hash root = {};
  // For each seal among them, the root of those before it.
  std::vector<Hash> seal_roots;
  // The first leaf that carries an earlier one's key; what comes after it was
  // not looked at.
  std::optional<TwiceCarried> twice;
};

// Makes a short run from its leaves, with no need of those before them: a
// thread may do so ahead of the one who judges. Not synchronised.
class ShortRunMaker {
 public:
  // `start` is a multiple of 4,096.
  explicit ShortRunMaker(uint64_t start) : start_(start) {}

  uint64_t start() const { return start_; }

  // The next leaf that is no seal, one of 4,096 at most (CHECK). Seals are told
  // apart from the rest alone.
  Finding Add(const IndexEntry& entry);
  void AddSeal();

  // The root of what was added.
  Hash Root() { return trie_.Root(); }
  // By leaf.
  const std::vector<IndexEntry>& entries() const { return trie_.entries(); }
  const std::optional<TwiceCarried>& twice() const { return twice_; }

  // What was made; the maker is of no further use.
  ShortRun Finish();

 private:
  uint64_t start_;
  KeyTrie trie_;
  std::vector<Hash> seal_roots_;
  std::optional<TwiceCarried> twice_;
};

// Not synchronised.
class SealJudge : public IndexJudge {
 public:
  // `memory` must outlive the judge; null: the heap. `run_tasks` is called
  // within the calls below; null: all is done by who calls.
  explicit SealJudge(RunMemory* memory = nullptr,
                     TaskRunner run_tasks = nullptr);
  ~SealJudge() override;
  SealJudge(const SealJudge&) = delete;
  SealJudge& operator=(const SealJudge&) = delete;

  // Saves the making of one short run: the leaves to be shown next, from
  // run.start on, are those that it was made of. All before run.start have been
  // shown (CHECK).
  void Expect(ShortRun run);

  // Leaves are shown in order, from 0. kOk, or kIndexKeyTwice as soon as two
  // leaves with one key meet in a run.
  Finding Add(uint64_t index, const Leaf& leaf) override;

  // kOk; kIndexRoot if the seal's root is not that of the leaves before it; or
  // kIndexKeyTwice. A seal whose covered size is not its leaf index is judged
  // as if it were.
  Finding AddSeal(uint64_t index, const Seal& seal) override;

  // Says that the leaves to be shown next are not those that Expect was given,
  // if there are any of these left: what was not shown is forgotten.
  void ExpectNoMore();

  // Compares all runs with each other: kOk or kIndexKeyTwice. Reads every key;
  // but once it has said kOk, and if few leaves were shown since
  // (kSearchedMax), it searches each of these in the runs instead. Where more
  // than one key stands twice, it finds the same first one either way.
  Finding Finish() override;
  static constexpr size_t kSearchedMax = size_t{1} << 16;

  // For one who goes on later: right after a seal that was kOk. The runs are
  // those of RunsInForce at the seal but the partial one; they stay the
  // judge's. What comes after their ends is to be had from the leaves.
  // `checked`: the size at the last Finish that was kOk.
  std::vector<HeldRun> Runs() const;
  uint64_t checked() const { return checked_; }

  // Goes on, first of all calls, after the seal at leaf `size` - 1. `runs` as
  // Runs gave them, with entries out of this judge's memory; `partial`: by
  // leaf, those after the last run that are no seals. False, and nothing is
  // taken, if they can't be that.
  bool Restore(uint64_t size, uint64_t checked, std::vector<HeldRun> runs,
               const std::vector<IndexEntry>& partial);

  // After kIndexKeyTwice: the leaves with one key, the earlier first.
  const std::optional<TwiceCarried>& twice() const { return twice_; }

  // The roots of the runs in force at the last seal, as the leaves give them.
  const std::vector<Hash>& run_roots() const { return run_roots_; }

  // The leaf before the last seal that carries `key`, if any. A binary search
  // in each run.
  IndexAnswer Find(const Hash& key) const;

  // The entries of a run in force at the last seal, by ascending key. Copies
  // them.
  std::vector<IndexEntry> Entries(const RunRange& run) const;

 private:
  using Piece = HeldRun;
  // One of the parts that a merge falls into, by the first bits of keys.
  struct MergedPart {
    size_t count = 0;
    Hash root = {};  // of the subtree
    std::optional<TwiceCarried> twice;
  };
  struct Span {
    const IndexEntry* entries;
    size_t count;
    bool of_piece;  // in memory_
  };

  void ClosePartial();
  Finding Merge(const RunRange& range, size_t first, size_t last);
  // Merges into `*out`, which has room for all of it; null: only compares. A
  // key that stands twice is the first such.
  std::vector<MergedPart> MergeParts(const std::vector<Span>& runs,
                                     IndexEntry* out) const;
  void Pass(const IndexEntry* entries, size_t begin, size_t end) const;
  Finding FoundTwice(const TwiceCarried& twice);
  // Looks for each of fresh_ among the others.
  Finding SearchFresh();
  void Release(Piece* piece);
  // The leaves of the partial run that were shown.
  std::vector<IndexEntry> PartialEntries() const;

  RunMemory* const memory_;
  const TaskRunner run_tasks_;
  // By ascending start, without gaps; then the partial run.
  std::vector<Piece> pieces_;
  uint64_t shown_ = 0;  // leaves
  ShortRunMaker partial_{0};
  // Instead, if it was made ahead, and how many of its seals were shown.
  std::optional<ShortRun> made_;
  size_t made_seals_ = 0;
  std::vector<Hash> run_roots_;
  std::optional<TwiceCarried> twice_;
  // No key stands twice before this leaf; 0: not known of any.
  uint64_t checked_ = 0;
  // The keys from there on, unless they are too many.
  std::vector<IndexEntry> fresh_;
  bool fresh_is_whole_ = false;
};

}  // namespace vidimus

#endif  // VERIFIER_INDEX_JUDGE_H_
