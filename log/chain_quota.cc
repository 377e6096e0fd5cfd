#include "log/chain_quota.h"

#include <algorithm>
#include <cmath>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "proto/status.h"

namespace vidimus {
namespace {

// Looking through all callers takes a millisecond: not for every stranger.
constexpr int64_t kSweepPeriodMs = 1000;

absl::Status TooOften(int64_t wait_ms) {
  return WithRetryAfter(
      absl::ResourceExhaustedError("chains are asked for too often"),
      std::chrono::milliseconds(std::max<int64_t>(wait_ms, 1)));
}

}  // namespace

absl::Status ChainQuota::Take(std::string_view caller) {
  if (options_.per_s <= 0) return absl::OkStatus();
  const uint64_t name = absl::Hash<absl::string_view>()(
      absl::string_view(caller.data(), caller.size()));
  const int64_t now_ms = clock_->SteadyMs();
  MutexLock lock(&mu_);
  auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    if (!MakeRoom(now_ms)) return TooOften(kSweepPeriodMs);
    found = buckets_.emplace(name, Bucket{options_.burst, now_ms}).first;
  }
  Bucket& bucket = found->second;
  bucket = {LevelAt(bucket, now_ms), now_ms};
  if (bucket.requests < 1) {
    return TooOften(static_cast<int64_t>(
        std::ceil((1 - bucket.requests) / options_.per_s * 1000)));
  }
  bucket.requests -= 1;
  return absl::OkStatus();
}

double ChainQuota::LevelAt(const Bucket& bucket, int64_t now_ms) const {
  const double since_s = static_cast<double>(now_ms - bucket.at_ms) / 1000;
  return std::min(options_.burst, bucket.requests + since_s * options_.per_s);
}

bool ChainQuota::MakeRoom(int64_t now_ms) {
  if (buckets_.size() < options_.callers_max) return true;
  if (now_ms - swept_ms_ < kSweepPeriodMs) return false;
  swept_ms_ = now_ms;
  absl::erase_if(buckets_, [&](const auto& one) {
    return LevelAt(one.second, now_ms) >= options_.burst;
  });
  return buckets_.size() < options_.callers_max;
}

}  // namespace vidimus
