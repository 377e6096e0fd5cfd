// One run of the index: the keys of a range of leaves, sorted, for ever. Young
// ones are tries in memory, larger ones are encoded in segments, in memory or
// in a file. Layout: docs/index_format.md, "Files".
//
// Threads: an IndexRun may be read from any thread; writers and judges are used
// by one at a time.
#ifndef VIDIMUS_LOG_INDEX_RUN_H_
#define VIDIMUS_LOG_INDEX_RUN_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/disk.h"
#include "log/entry_sum.h"
#include "proto/mutex.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/index_trie.h"
#include "verifier/runs.h"

namespace vidimus {

// Buckets of a segment, and the least leaves of a run that has segments.
inline constexpr int kBucketBits = 8;
inline constexpr uint64_t kSegmentedLeavesMin = uint64_t{1} << 14;

// How many bits of a key say in which segment of a run of so many leaves, at
// least kSegmentedLeavesMin (CHECK), it is: a segment is of 16,384 leaves or
// up to twice as many, whatever keys they carry. At most 50.
int SegmentBits(uint64_t leaves);

// What every kind of run gives, wherever it lies.
class IndexRun {
 public:
  virtual ~IndexRun() = default;

  const RunRange& range() const { return range_; }
  const Hash& root() const { return root_; }
  const EntrySum& sum() const { return sum_; }
  uint64_t entries() const { return entries_; }
  // What it takes in memory, but for what is cached of it.
  virtual uint64_t memory_bytes() const = 0;
  virtual bool on_disk() const { return false; }

  // The leaf that carries `key`, if it is one of this run's.
  virtual absl::StatusOr<std::optional<uint64_t>> Find(const Hash& key) = 0;
  // The way of `key`.
  virtual absl::StatusOr<TriePath> PathOf(const Hash& key) = 0;
  // What VerifySeveral reads of this run for the ascending keys [from, to).
  virtual absl::Status AppendPlaces(const Hash* from, const Hash* to,
                                    std::string* out) = 0;
  // Appends the entries whose first `bits` bits are `prefix`, by ascending key.
  virtual absl::Status Read(uint64_t prefix, int bits,
                            std::vector<IndexEntry>* out) = 0;

 protected:
  explicit IndexRun(const RunRange& range) : range_(range) {}

  const RunRange range_;
  Hash root_ = {};
  EntrySum sum_;
  uint64_t entries_ = 0;
};

// A run that is a trie in memory.
class TrieRun : public IndexRun {
 public:
  // `trie` holds the entries of `range`. Hashes what is not hashed.
  TrieRun(const RunRange& range, KeyTrie trie);

  uint64_t memory_bytes() const override { return entries_ * 130; }
  absl::StatusOr<std::optional<uint64_t>> Find(const Hash& key) override;
  absl::StatusOr<TriePath> PathOf(const Hash& key) override;
  absl::Status AppendPlaces(const Hash* from, const Hash* to,
                            std::string* out) override;
  absl::Status Read(uint64_t prefix, int bits,
                    std::vector<IndexEntry>* out) override;

 private:
  const std::vector<IndexEntry>& Sorted() ABSL_LOCKS_EXCLUDED(mu_);

  const KeyTrie trie_;
  std::string filter_;  // as a segment's; constant after construction
  Mutex mu_;
  // Once it was asked for; never changed after.
  std::optional<std::vector<IndexEntry>> sorted_ ABSL_GUARDED_BY(mu_);
};

// The beginning of a segment: all but its entries.
struct SegmentHead {
  std::vector<uint32_t> offsets;  // of each bucket, in entries, and the end
  // The trie above the buckets: node n has the children 2n and 2n + 1, the
  // buckets are from 256 on. 32 zeros for nothing, a leaf's hash for one key.
  std::vector<Hash> tree;
  std::vector<uint32_t> checksums;  // of each bucket
  std::string filter;

  // Whether `key`, which belongs into this segment, may be in it: false is
  // certain, true is wrong for 1 key in 40 or so.
  bool MayHold(const Hash& key) const;
  uint64_t memory_bytes() const;
};

// Heads that were read, up to a bound in bytes. Any thread.
class SegmentHeadCache {
 public:
  explicit SegmentHeadCache(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // A number for a run, never given twice.
  uint64_t NewRun() ABSL_LOCKS_EXCLUDED(mu_);
  std::shared_ptr<const SegmentHead> Find(uint64_t run, uint64_t segment)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Keep(uint64_t run, uint64_t segment,
            std::shared_ptr<const SegmentHead> head) ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t bytes() ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t bytes_max() const { return bytes_max_; }

 private:
  using Key = std::pair<uint64_t, uint64_t>;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return (key.first << 40 ^ key.second) * 0x9e3779b97f4a7c15u;
    }
  };
  struct Cached {
    std::shared_ptr<const SegmentHead> head;
    std::list<Key>::iterator age;
  };

  const uint64_t bytes_max_;
  Mutex mu_;
  uint64_t runs_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::unordered_map<Key, Cached, KeyHash> cache_ ABSL_GUARDED_BY(mu_);
  std::list<Key> ages_ ABSL_GUARDED_BY(mu_);  // newest first
};

// A run in segments. Each read is checked: what was changed on the disk gives
// kDataLoss with the file's name, never another answer.
class EncodedRun : public IndexRun {
 public:
  // Reads what stands at the end of the file: a few bytes for each segment.
  // kNotFound: the file is not whole (yet). `cache` is not owned.
  static absl::StatusOr<std::unique_ptr<EncodedRun>> OpenFile(
      Disk* disk, const std::string& path, const RunRange& range,
      SegmentHeadCache* cache);
  static absl::StatusOr<std::unique_ptr<EncodedRun>> OpenBytes(
      std::string bytes, const RunRange& range, SegmentHeadCache* cache);

  uint64_t segments() const { return uint64_t{1} << bits_; }
  int segment_bits() const { return bits_; }

  // The public objects: the hash of each segment; one segment. kNotFound for a
  // segment that there is not.
  std::string Top() const;
  absl::StatusOr<std::string> Segment(uint64_t segment);

  // Reads the head of one segment into the cache.
  absl::Status Warm(uint64_t segment) { return Head(segment).status(); }

  uint64_t memory_bytes() const override;
  bool on_disk() const override { return file_ != nullptr; }
  absl::StatusOr<std::optional<uint64_t>> Find(const Hash& key) override;
  absl::StatusOr<TriePath> PathOf(const Hash& key) override;
  absl::Status AppendPlaces(const Hash* from, const Hash* to,
                            std::string* out) override;
  absl::Status Read(uint64_t prefix, int bits,
                    std::vector<IndexEntry>* out) override;

 private:
  using HeadPtr = std::shared_ptr<const SegmentHead>;
  // A place of the trie, no deeper than the buckets.
  struct Place {
    int depth = 0;
    uint64_t prefix = 0;  // its first `depth` bits
  };

  EncodedRun(const RunRange& range, SegmentHeadCache* cache)
      : IndexRun(range), cache_(cache), cache_number_(cache->NewRun()) {}
  absl::Status Open();
  absl::Status Damaged(absl::string_view what) const;
  absl::StatusOr<std::string> Bytes(uint64_t offset, uint64_t size);
  absl::StatusOr<HeadPtr> Head(uint64_t segment);
  // Entries of the buckets [first, end) of a segment.
  absl::Status ReadBuckets(uint64_t segment, const SegmentHead& head, int first,
                           int end, std::vector<IndexEntry>* out);
  // How many keys are below a place, 2 for more, and their hash. `head` is that
  // of the place's segment, or null above the segments.
  int CountAt(const Place& place, const SegmentHead* head) const;
  const Hash& HashAt(const Place& place, const SegmentHead* head) const;
  // The one key below a place.
  absl::StatusOr<IndexEntry> OnlyEntry(Place place, HeadPtr head);
  absl::Status AppendPlacesAt(const Place& place, HeadPtr head,
                              const Hash* from, const Hash* to,
                              std::string* out);

  SegmentHeadCache* const cache_;
  const uint64_t cache_number_;
  std::string name_;  // for messages
  std::unique_ptr<DiskFile> file_;
  std::string bytes_;  // if there is no file
  int bits_ = 0;
  std::vector<uint64_t> offsets_;  // of each segment, and the end
  std::vector<uint32_t> counts_;   // of its entries
  // The trie above the segments, as in SegmentHead, and how many keys are below
  // each node, 2 for more.
  std::vector<Hash> tree_;
  std::vector<uint8_t> tree_counts_;
};

// Writes a run, segment after segment, into memory or a file. A file is whole
// when Finish has returned OK; what a crash left of one is gone on with.
class RunWriter {
 public:
  explicit RunWriter(const RunRange& range);
  // On a file that may hold some first segments already: they are read, checked
  // and kept up to the first that is not as it was written.
  static absl::StatusOr<std::unique_ptr<RunWriter>> OnFile(
      Disk* disk, const std::string& path, const RunRange& range);

  uint64_t segments() const { return uint64_t{1} << bits_; }
  int segment_bits() const { return bits_; }
  // The segment that Add takes next; segments() when all are there.
  uint64_t next() const { return counts_.size(); }
  const EntrySum& sum() const { return sum_; }

  // The entries of the next segment, strictly ascending (CHECK), their leaves
  // in the run (CHECK).
  absl::Status Add(const std::vector<IndexEntry>& entries);
  // When all segments are there: the end of the file, durably.
  absl::Status Finish();
  // The bytes, if there is no file.
  std::string TakeBytes() { return std::move(bytes_); }

 private:
  absl::Status Resume();
  absl::Status Append(const std::string& bytes);

  const RunRange range_;
  const int bits_;
  std::unique_ptr<DiskFile> file_;
  std::string bytes_;
  uint64_t written_ = 0;
  uint64_t unsynced_ = 0;
  EntrySum sum_;
  std::vector<uint32_t> counts_;
  std::vector<Hash> tops_;
  SubtrieHasher hasher_;
};

// Reads a run back, prefix after prefix, and builds its root again. Short runs
// are hashed by the verifier's code alone. Of longer ones each prefix is hashed
// in lanes, every 16th by the verifier's code too, and what is above by that
// alone: so a fault in hashing is noticed wherever it was, and an error in the
// lanes' code, which every short run would show as well, soon.
class RunJudge {
 public:
  // Runs of at most so many leaves are short.
  static constexpr uint64_t kShortLeavesMax = kSegmentedLeavesMin;

  // `run` is not owned. At least kSegmentedLeavesMin leaves.
  explicit RunJudge(IndexRun* run);

  bool done() const { return next_ == groups(); }
  // Pieces of work, one a call of Step.
  uint64_t groups() const { return uint64_t{1} << bits_; }
  // Judges the next piece; at the last one, root and sum too. kDataLoss names
  // what is wrong.
  absl::Status Step();

 private:
  absl::Status JudgeGroup();
  absl::Status JudgeAll() const;

  IndexRun* const run_;
  const int bits_;
  const bool short_;
  uint64_t next_ = 0;
  EntrySum sum_;
  RunRootBuilder builder_;  // of a short run
  std::vector<IndexEntry> entries_;
  // Of each group: its hash, and how many keys it has.
  std::vector<Hash> hashes_;
  std::vector<uint64_t> counts_;
  SubtrieHasher hasher_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_RUN_H_
