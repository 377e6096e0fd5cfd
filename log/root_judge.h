// Judges the index root in each seal before it is signed, with the verifier's
// code and the batch's own encoded leaves: what the index computed for it need
// not be believed. The roots of runs shorter than 2^14 leaves, and of each run
// of 2^14 once when it is full, are built here from the leaves; those of longer
// runs were built by the verifier's code from what was read back of them, when
// they were merged.
//
// Threads: one at a time. Cost: the partial run is hashed anew for each seal,
// at most 4,096 keys, about 0.3 us each.
#ifndef VIDIMUS_LOG_ROOT_JUDGE_H_
#define VIDIMUS_LOG_ROOT_JUDGE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/storage.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/runs.h"

namespace vidimus {

class RootJudge {
 public:
  // Answers with the judged root of a run of at least 2^14 leaves.
  using RunRoots = std::function<absl::StatusOr<Hash>(const RunRange&)>;

  explicit RootJudge(RunRoots run_roots) : run_roots_(std::move(run_roots)) {}

  // Begins behind the stored tree of `size` leaves, which is 0 or ends in a
  // seal: reads the leaves since the last multiple of 2^14.
  absl::Status Start(Storage* storage, uint64_t size);

  // The key of leaf `index`; leaves come in order, those without a key are left
  // out.
  void Add(uint64_t index, const Hash& key);

  // Judges the index root of a seal that covers `size` leaves, all of which
  // were added. kDataLoss.
  absl::Status Judge(uint64_t size, const Hash& index_root);

 private:
  using Entries = std::vector<IndexEntry>;

  // Moves what is below `size` from fresh_ to where it belongs.
  absl::Status Settle(uint64_t size);
  absl::StatusOr<Hash> RootOfRun(const RunRange& run);

  const RunRoots run_roots_;
  Entries fresh_;  // since the last seal, in leaf order
  // By ascending key: the leaves [partial_start_, ..) and before them
  // [block_start_, partial_start_).
  uint64_t partial_start_ = 0;
  Entries partial_;
  uint64_t block_start_ = 0;
  Entries block_;
  // Roots built here: of the block, and of the newest full ones.
  std::deque<std::pair<RunRange, Hash>> roots_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_ROOT_JUDGE_H_
