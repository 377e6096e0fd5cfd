// The pool: what has been submitted and waits for its batch. The doors add,
// the sequencer takes. Bounded in entries and bytes, with a queue, a bound and
// a rate for each administration, so that one that floods the log is pushed
// back alone.
//
// Threads: Add, Close and the gauges from any; Wait and Take from one.
#ifndef VIDIMUS_LOG_POOL_H_
#define VIDIMUS_LOG_POOL_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_cache.h"
#include "log/clock.h"
#include "log/idempotency.h"
#include "log/page_change.h"
#include "log/publisher.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {

// The private side of an access log's entry: goes into the vault.
struct PendingOpening {
  std::string entry_id;  // 16 bytes
  std::string subject;   // canonical id: never leaves memory but encrypted
  std::string record_salt, record;
  std::string actor_salt, actor;
  // Whose chain with the subject, if not the submission's administration's.
  std::optional<uint32_t> administration;
  RecordContent content = RecordContent::kAccess;

  // Filled in by ChainGate, unless its tag says that it is. Of the chain
  // between the subject and the administration: its key, the proof of that if
  // it was made for this entry, and a number of entries that the chain is known
  // to have.
  ChainTag chain_tag;
  Hash chain_key = {};
  std::string vrf_proof;
  uint64_t chain_entries_min = 0;
};

// An entry on its way into a batch.
struct PendingEntry {
  // Opaque log: the entry. Access log: a register document, or empty.
  std::string data;
  // Opaque log: the entry's leaf hash. Access log: the register key if `data`
  // is a document, else the entry's commitment.
  Hash hash;
  std::optional<IdTag> tag;
  // Access log: which one, if `data` is a document.
  std::optional<RegisterId> document = std::nullopt;
  // Access log: null if `data` is a document.
  std::unique_ptr<PendingOpening> opening;
};

// What the administration signed over a request: kept in the vault.
struct RequestSignature {
  std::string signature;          // 64 bytes
  std::vector<Hash> leaf_hashes;  // of the whole request, in its order
  // The version of the administration's document whose keys it was judged by.
  uint64_t document_version = 0;
};

// The chain index of an entry that was submitted before, or that is in no
// chain.
inline constexpr uint64_t kNoChainIndex = UINT64_MAX;

// Where a submission came to stand: one leaf for each of its entries, in the
// submission's order, all of them covered by `published`.
struct Placement {
  std::shared_ptr<const Published> published;
  std::vector<uint64_t> leaf_indices;
  // The entry's number in its chain, or kNoChainIndex.
  std::vector<uint64_t> chain_indices;
  // The submission's own, given back.
  uint32_t administration = 0;
  std::vector<PendingEntry> entries;
};

// One request, or what the log itself enters. It stands in one batch, or is
// refused, as a whole.
struct Submission {
  // Whose chains its entries are in.
  uint32_t administration = 0;
  std::vector<PendingEntry> entries;  // at least one
  // Access log only; null for the log's own notices, which nobody signs, and
  // for statements, which have their own signatures.
  std::unique_ptr<RequestSignature> request;
  // Access log only. Empty, or for each entry how many entries of its chain it
  // was decided by: if a statement stands in that chain beyond those, or one
  // that came in another submission stands in the same batch, the submission is
  // refused with kAborted.
  std::vector<uint64_t> based_on;
  // They are statements: what residents say has a bound of its own, so that
  // nobody's flood of accesses keeps a withdrawal out.
  bool statements = false;
  // What the log's own notices do to pages of the vault, in the same commit.
  std::vector<PageChange> page_changes;
  // Called exactly once, from the sequencer's thread or, if it is refused on
  // its way there, from another: must be quick.
  absl::AnyInvocable<void(absl::StatusOr<Placement>)> done;

  // What it occupies in the pool.
  size_t Bytes() const;
};

struct PoolOptions {
  size_t entries_max = 65536;
  size_t bytes_max = 256 << 20;
  // Of one administration.
  size_t queue_entries_max = 32768;
  // Entries per second an administration may submit on average, 0: no limit;
  // up to `quota_burst_s` seconds' worth at once.
  double quota_per_s = 0;
  double quota_burst_s = 10;
  // Of statements, beside all other bounds.
  size_t statements_max = 4096;
};

class Pool {
 public:
  // `clock` is not owned.
  Pool(const PoolOptions& options, Clock* clock);

  // Takes `submission`, or calls its `done` at once with
  //   kUnavailable: the pool is full or closed; retry this call.
  //   kResourceExhausted: over the administration's quota.
  void Add(Submission submission) ABSL_LOCKS_EXCLUDED(mu_);

  // From now on refuses every submission with `status`, or takes them again if
  // it is OK. What is in the pool can still be taken.
  void Refuse(absl::Status status) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether submissions are refused: by Refuse or Close.
  bool refuses() const ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until something is in the pool, or it is closed, or `timeout_ms` has
  // passed. True if there is something to take.
  bool Wait(int64_t timeout_ms) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until `entries` entries or `bytes` bytes are in the pool, or it is
  // closed, or `timeout` has passed.
  void WaitFull(size_t entries, size_t bytes, std::chrono::microseconds timeout)
      ABSL_LOCKS_EXCLUDED(mu_);

  // The next submissions, the administrations in turn and each one's own in
  // their order, of at most `entries_max` entries and `bytes_max` bytes
  // together (one submission at least, if there is any).
  std::vector<Submission> Take(size_t entries_max, size_t bytes_max)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Refuses all further submissions; what is in the pool can still be taken.
  void Close() ABSL_LOCKS_EXCLUDED(mu_);
  bool closed() const ABSL_LOCKS_EXCLUDED(mu_);

  size_t entries() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t bytes() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Queue {
    std::deque<Submission> submissions;
    size_t entries = 0;
    double tokens = 0;
    int64_t tokens_at_ms = 0;
  };

  absl::Status Admit(const Submission& submission)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Full() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const PoolOptions options_;
  Clock* const clock_;

  mutable Mutex mu_;
  CondVar changed_;
  std::map<uint32_t, Queue> queues_ ABSL_GUARDED_BY(mu_);
  uint32_t next_administration_ ABSL_GUARDED_BY(mu_) = 0;
  size_t entries_ ABSL_GUARDED_BY(mu_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t statements_ ABSL_GUARDED_BY(mu_) = 0;
  // What WaitFull waits for.
  size_t full_entries_ ABSL_GUARDED_BY(mu_) = SIZE_MAX;
  size_t full_bytes_ ABSL_GUARDED_BY(mu_) = SIZE_MAX;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status refusal_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_POOL_H_
