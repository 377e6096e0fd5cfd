// The gate before the pool: gives each entry the key of its chain, and lets a
// submission pass when it has all of them. One whose chains are remembered
// passes at once; one with new chains waits for their keys, and delays nobody
// but those that must come after it.
//
// Order: of two submissions that share a chain, the one that was added first
// goes into the pool first. So a caller's entries stand in each chain in the
// order in which it sent them. Submissions that share none may overtake.
#ifndef VIDIMUS_LOG_CHAIN_GATE_H_
#define VIDIMUS_LOG_CHAIN_GATE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "log/chain_keys.h"
#include "log/pool.h"
#include "proto/mutex.h"

namespace vidimus {

// Any thread.
class ChainGate {
 public:
  // `pool` is not owned. What waits here is bounded as what waits there is, in
  // all and for each administration.
  ChainGate(const PoolOptions& options, Pool* pool)
      : options_(options), pool_(pool) {}

  // Whose keys they are; before the first Add. Not owned; it is closed (with
  // all that wait answered) before this goes.
  void SetKeys(const ChainKeys* keys) { keys_ = keys; }

  // Takes `submission` on its way to the pool, or calls its `done` at once, as
  // Pool::Add; also with kUnavailable and kResourceExhausted as
  // ChainKeys::Reserve, kUnavailable if too much waits here, and
  // kInvalidArgument for a subject that no chain can have. If a key can't be
  // had, `done` gets the reason from a thread that makes keys.
  void Add(Submission submission) ABSL_LOCKS_EXCLUDED(mu_);

  // kUnavailable if Add would say it now of a submission of `administration`
  // with `entries` entries, `new_chains` of them in chains that are not
  // remembered (at least 1): for one who wants to know before the submission is
  // made. Takes nothing, and says nothing of bytes and quotas.
  absl::Status Room(uint32_t administration, size_t entries,
                    size_t new_chains) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiting {
    Submission submission;
    std::vector<ChainTag> chains;  // each once
    size_t bytes = 0;
    size_t keys_missing = 0;
    size_t blocked_by = 0;  // chains in which an earlier one waits
    absl::Status failed;
  };

  absl::Status Admit(uint32_t administration, size_t entries,
                     size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Puts a chain that was found or made into the entry that it is of.
  static void Fill(KnownChain chain, PendingOpening* opening);
  // Lets `waiting` pass, which is blocked by nothing, and those after it that
  // are not any more.
  void Pass(std::shared_ptr<Waiting> waiting) ABSL_LOCKS_EXCLUDED(mu_);

  const PoolOptions options_;
  Pool* const pool_;
  const ChainKeys* keys_ = nullptr;

  mutable Mutex mu_;
  // Those that wait, of each chain, the next first.
  absl::flat_hash_map<ChainTag, std::deque<std::shared_ptr<Waiting>>> chains_
      ABSL_GUARDED_BY(mu_);
  size_t entries_ ABSL_GUARDED_BY(mu_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // Entries that wait, of each administration that has any.
  absl::flat_hash_map<uint32_t, size_t> queues_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_GATE_H_
