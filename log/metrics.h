// What a log tells Prometheus about itself. No label or value says anything
// about a person; administrations appear nowhere but in the register.
#ifndef VIDIMUS_LOG_METRICS_H_
#define VIDIMUS_LOG_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <string>

namespace vidimus {

// The metrics of one log, labelled with its origin. Any thread.
class LogMetrics {
 public:
  // Registers them; `registry` is not owned and outlives this.
  LogMetrics(prometheus::Registry* registry, const std::string& origin);

  // One batch: its leaves but for cover leaves and the seal, the size after
  // it, and how long commit, verification and publication took together.
  void ObserveBatch(uint64_t entries, uint64_t size, int64_t duration_ms);
  // A request that was refused, by its status code's name.
  void CountRefusal(const std::string& code);
  void SetFrozen(bool frozen) { frozen_->Set(frozen ? 1 : 0); }
  void SetPool(uint64_t entries, uint64_t bytes);
  void SetIds(uint64_t entries, uint64_t bytes);
  // Of keys of chains, since the start of the process but for `waiting`. From
  // one thread.
  void SetChainKeys(uint64_t hits, uint64_t misses, uint64_t made,
                    uint64_t waiting);
  void SetDiskFree(uint64_t bytes) {
    disk_free_bytes_->Set(static_cast<double>(bytes));
  }
  // Entries that were erased, withheld, restricted, or whose restriction was
  // lifted.
  void CountVaultChanges(const std::string& change, uint64_t entries);
  // Leaves that the last pass over retention dates has come through.
  void SetSwept(uint64_t leaves) {
    swept_leaves_->Set(static_cast<double>(leaves));
  }
  // Of the index: merges under way or waiting, the keys they have still to
  // write, leaves until the first must be there (2^32 if there is none),
  // seconds that seals waited for merges since the start, files, memory.
  void SetIndex(uint64_t merges, uint64_t keys_left, uint64_t leaves_until_due,
                double waited_s, uint64_t files, uint64_t memory_bytes);
  // Of the newest head with a quorum: its size, how old its quorum is; and how
  // many of the policy's cosigners have cosigned the newest head they were all
  // asked for.
  void SetCosigned(uint64_t size, double age_s, uint64_t answered);
  void SetScrubbed(uint64_t leaves) {
    scrubbed_leaves_->Set(static_cast<double>(leaves));
  }

 private:
  prometheus::Family<prometheus::Counter>* refusals_;
  prometheus::Family<prometheus::Counter>* vault_changes_;
  const std::string origin_;
  prometheus::Counter* entries_;
  prometheus::Counter* batches_;
  prometheus::Gauge* size_;
  prometheus::Gauge* cosigned_size_;
  prometheus::Gauge* cosigned_age_seconds_;
  prometheus::Gauge* cosigners_answered_;
  prometheus::Gauge* frozen_;
  prometheus::Gauge* pool_entries_;
  prometheus::Gauge* pool_bytes_;
  prometheus::Gauge* ids_entries_;
  prometheus::Gauge* ids_bytes_;
  prometheus::Counter* chain_cache_hits_;
  prometheus::Counter* chain_cache_misses_;
  prometheus::Counter* chain_keys_made_;
  prometheus::Gauge* chain_keys_waiting_;
  prometheus::Gauge* disk_free_bytes_;
  prometheus::Gauge* scrubbed_leaves_;
  prometheus::Gauge* index_merges_;
  prometheus::Gauge* index_keys_left_;
  prometheus::Gauge* index_leaves_until_due_;
  prometheus::Gauge* index_waited_seconds_;
  prometheus::Gauge* index_files_;
  prometheus::Gauge* index_memory_bytes_;
  prometheus::Gauge* swept_leaves_;
  prometheus::Histogram* batch_seconds_;
  prometheus::Histogram* batch_entries_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_METRICS_H_
