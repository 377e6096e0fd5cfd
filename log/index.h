// The index of an access log: key -> leaf index, with proofs. A short list of
// sorted runs: the newest leaves in tries in memory, the large runs in files
// that never change, merged in the background before they must be there. What
// is proven and which runs are in force: verifier/index.h, verifier/runs.h;
// the files: docs/index_format.md.
//
// Everything here follows from the stored entries: what is lost is rebuilt from
// them, on every machine to the same bytes.
#ifndef VIDIMUS_LOG_INDEX_H_
#define VIDIMUS_LOG_INDEX_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/index_run.h"
#include "log/storage.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/index_trie.h"
#include "verifier/runs.h"

namespace vidimus {

struct IndexOptions {
  // For the heads of segments, 2.2 bytes for each key of a run in a file.
  uint64_t cache_bytes = 256 << 20;
  // How long a file that no seal needs any more is kept, so that proofs at
  // older heads can be made.
  int64_t keep_superseded_s = 600;
  // Runs of at most so many leaves stay in memory: 2^14 or 2^16.
  uint64_t memory_leaves_max = 1 << 16;
  // 0: merges are done by the sequencer's thread within Root, so that a test
  // repeats exactly. Else they have one thread.
  int merge_threads = 1;
};

// What an index stands on. Not owned; all outlive it.
struct IndexParts {
  Storage* storage;
  Disk* disk;
  Clock* clock;
  std::string folder;  // on `disk`, of its own
};

// For gauges.
struct IndexGauges {
  uint64_t merges = 0;  // under way or waiting
  // Until the first of them must be there, if there is one.
  std::optional<uint64_t> leaves_until_due;
  uint64_t merge_keys_left = 0;  // still to be written, about
  uint64_t merged_keys = 0;      // written since the start
  int64_t waited_ms = 0;         // seals, for merges that were late
  int64_t slowed_ms = 0;         // seals, so that merges will not be late
  uint64_t keys_in_runs = 0;     // in force, of 2^14 leaves or more
  uint64_t files = 0;
  uint64_t superseded_files = 0;
  uint64_t memory_bytes = 0;
};

class Index {
 public:
  // Opens the index of the stored tree of `size` leaves, which is 0 or ends in
  // a seal and was judged: files of runs beyond it are removed. Reads little
  // where the files are there; what is missing or was cut short by a crash is
  // rebuilt from the stored entries first. kDataLoss, or what storage and disk
  // say.
  static absl::StatusOr<std::unique_ptr<Index>> Open(
      const IndexOptions& options, const IndexParts& parts, uint64_t size);
  // Ends the merges where they are; they go on at the next Open.
  ~Index();

  // The index root over leaves 0..covered-1, of which those from `first` on are
  // now added, with these keys, one a leaf. Waits for a merge that is due and
  // not ready. The sequencer's thread. kDataLoss: a key is there already, or a
  // merge found something wrong; after any error every later call fails.
  absl::StatusOr<Hash> Root(uint64_t first, const std::vector<Hash>& keys,
                            uint64_t covered);

  // The leaf that carries `key` among all that were added, published or not, or
  // nothing. Any thread. Mostly no read of the disk for a key that is absent,
  // one for a key in a file.
  absl::StatusOr<std::optional<uint64_t>> Find(const Hash& key);

  // Proofs at `size`, the covered size of a seal. Any thread. kOutOfRange: a
  // size that is not reached yet, or so old that its runs are gone (the message
  // says from where on they are kept). kNotFound: presence of a key that is
  // absent; kAlreadyExists: absence of one that is present.
  absl::StatusOr<PresenceProof> ProvePresence(const Hash& key, uint64_t size);
  absl::StatusOr<AbsenceProof> ProveAbsence(const Hash& key, uint64_t size);
  // For VerifySeveral, which also refuses keys that do not ascend:
  // kInvalidArgument.
  absl::StatusOr<std::string> ProveSeveral(const std::vector<Hash>& keys,
                                           uint64_t size);

  // A public immutable object, by its path: index/<start>-<end>/<part>, as
  // docs/index_format.md names them. kNotFound. Any thread.
  absl::StatusOr<std::string> ReadFile(absl::string_view path);

  // The root of a run of at least 2^14 leaves that there is. A longer one was
  // read back and judged (RunJudge), in this process or in one that then signed
  // a seal that names it. kNotFound. Any thread.
  absl::StatusOr<Hash> RunRootOf(const RunRange& run);

  // Reads every run in force back and judges it; `pace` is called with the keys
  // read so far and stops the scrub (kCancelled) by false. kDataLoss names what
  // is wrong. Any thread.
  absl::Status Scrub(const std::function<bool(uint64_t keys)>& pace);

  IndexGauges gauges();

 private:
  using RunPtr = std::shared_ptr<IndexRun>;
  using Name = std::pair<uint64_t, uint64_t>;  // start and end of a run
  struct Kept {
    RunPtr run;
    // When no seal needed it any more, by the steady clock; -1 before that.
    int64_t superseded_ms = -1;
  };
  class Merge;
  struct Small {
    Name name;
    RunPtr run;
  };

  Index(const IndexOptions& options, const IndexParts& parts);

  std::string PathOf(const RunRange& run) const;
  absl::Status Start(uint64_t size);
  absl::Status LookAtFiles(uint64_t size, std::vector<RunRange>* found);
  // The run, from its file if there is one, else rebuilt. Before any thread.
  absl::StatusOr<RunPtr> Ensure(const RunRange& run);
  absl::StatusOr<RunPtr> Rebuild(const RunRange& run);
  absl::Status ReadKeys(uint64_t begin, uint64_t end,
                        absl::FunctionRef<absl::Status(const IndexEntry&)> add);
  absl::StatusOr<KeyTrie> ReadTrie(const RunRange& run);

  // Leaves that join the growing trie together, by whoever works.
  struct Chunk {
    uint64_t start = 0, end = 0;
    std::vector<IndexEntry> entries;
  };

  absl::Status Add(const IndexEntry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ClosePartial() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Schedule(const RunRange& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The run that a chunk completes, if it is one that is kept in memory.
  std::optional<RunRange> CompletedBy(const Chunk& chunk) const;
  absl::StatusOr<RunPtr> GrowBy(const Chunk& chunk);
  bool HasAll(const std::vector<RunRange>& runs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SlowDown(uint64_t leaves) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Retire(const std::vector<RunRange>& in_force)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  RunPtr Lookup(const RunRange& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // One piece of the most urgent work; false if there is none. Gives the lock
  // back while it works.
  bool WorkOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Work() ABSL_LOCKS_EXCLUDED(mu_);
  Merge* NextMerge() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::StatusOr<std::vector<RunPtr>> RunsAt(uint64_t size);
  RunPtr FindSmall(const RunRange& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void KeepSmall(RunPtr run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const IndexOptions options_;
  const IndexParts parts_;
  SegmentHeadCache heads_;

  Mutex mu_;
  CondVar given_;  // work for the merge thread
  CondVar done_;   // a merge is ready, or failed
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  uint64_t covered_ ABSL_GUARDED_BY(mu_) = 0;
  // The leaves [partial_start_, covered_), fewer than 4,096.
  uint64_t partial_start_ ABSL_GUARDED_BY(mu_) = 0;
  KeyTrie partial_ ABSL_GUARDED_BY(mu_);
  // The leaves [block_start_, partial_start_), at most three times 4,096.
  uint64_t block_start_ ABSL_GUARDED_BY(mu_) = 0;
  KeyTrie block_ ABSL_GUARDED_BY(mu_);
  // All runs of at least 2^14 leaves that there are.
  std::map<Name, Kept> runs_ ABSL_GUARDED_BY(mu_);
  // Those that hold the leaves below block_start_, by ascending start.
  std::vector<RunPtr> in_force_ ABSL_GUARDED_BY(mu_);

  // By the size at which they are due.
  std::map<std::pair<uint64_t, uint64_t>, std::unique_ptr<Merge>> merges_
      ABSL_GUARDED_BY(mu_);
  std::vector<std::string> garbage_ ABSL_GUARDED_BY(mu_);  // files to remove
  std::list<Chunk> chunks_ ABSL_GUARDED_BY(mu_);           // in order of leaves
  std::list<Small> small_ ABSL_GUARDED_BY(mu_);            // newest first
  uint64_t kept_from_ ABSL_GUARDED_BY(mu_) = 0;

  // Of the merges, and of the seals.
  double merge_ns_per_key_ ABSL_GUARDED_BY(mu_) = 0;
  double leaf_ns_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t last_root_ns_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t waited_ns_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t slowed_ns_ ABSL_GUARDED_BY(mu_) = 0;
  IndexGauges gauges_ ABSL_GUARDED_BY(mu_);

  // The leaves since the last multiple of memory_leaves_max, by whose growth
  // the runs in memory longer than 2^14 come to be. Of whoever works.
  KeyTrie growing_;

  std::thread thread_;  // begun by the sequencer's thread with the first work
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_H_
