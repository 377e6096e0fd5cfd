// How often chains may be asked for: a bucket of requests for each caller that
// fills again with time. Bounded, in memory, and holding nothing that names
// anybody: callers are known by a hash that is worth nothing outside of this
// process.
#ifndef VIDIMUS_LOG_CHAIN_QUOTA_H_
#define VIDIMUS_LOG_CHAIN_QUOTA_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "log/clock.h"
#include "proto/mutex.h"

namespace vidimus {

struct ChainQuotaOptions {
  // Requests a second on average; 0: no limit.
  double per_s = 0;
  // As many at once.
  double burst = 0;
  // Callers remembered: those who asked lately.
  size_t callers_max = 65536;
};

// Any thread.
class ChainQuota {
 public:
  // `clock` is not owned.
  ChainQuota(const ChainQuotaOptions& options, Clock* clock)
      : options_(options), clock_(clock) {}

  // Takes one request out of the bucket of `caller`. kResourceExhausted, with
  // the time until there is one again, if it is empty.
  absl::Status Take(std::string_view caller) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Bucket {
    double requests;
    int64_t at_ms;
  };

  double LevelAt(const Bucket& bucket, int64_t now_ms) const;
  // Whether there is room for one more, after forgetting those whose buckets
  // are full again.
  bool MakeRoom(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ChainQuotaOptions options_;
  Clock* const clock_;

  Mutex mu_;
  absl::flat_hash_map<uint64_t, Bucket> buckets_ ABSL_GUARDED_BY(mu_);
  int64_t swept_ms_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_QUOTA_H_
