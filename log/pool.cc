#include "log/pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {

size_t Submission::Bytes() const {
  size_t bytes = 256;
  for (const PendingEntry& entry : entries) {
    bytes += sizeof(entry) + entry.data.size();
    if (entry.opening != nullptr) {
      bytes += sizeof(PendingOpening) + entry.opening->record.size() +
               entry.opening->actor.size() + entry.opening->vrf_proof.size();
    }
  }
  return bytes;
}

Pool::Pool(const PoolOptions& options, Clock* clock)
    : options_(options), clock_(clock) {}

void Pool::Add(Submission submission) {
  absl::Status refused;
  {
    MutexLock lock(&mu_);
    refused = Admit(submission);
    if (refused.ok()) {
      const size_t entries = submission.entries.size();
      Queue& queue = queues_[submission.administration];
      queue.entries += entries;
      entries_ += entries;
      bytes_ += submission.Bytes();
      if (submission.statements) statements_ += entries;
      queue.submissions.push_back(std::move(submission));
      if (entries_ == entries || Full()) changed_.Signal();
      return;
    }
  }
  submission.done(std::move(refused));
}

absl::Status Pool::Admit(const Submission& submission) {
  const size_t entries = submission.entries.size();
  if (closed_) {
    return WithRetryAfter(
        absl::UnavailableError("the log is stopping; try again"),
        std::chrono::milliseconds(1000));
  }
  if (submission.statements) {
    if (statements_ > 0 && statements_ + entries > options_.statements_max) {
      return WithRetryAfter(
          absl::UnavailableError(absl::StrCat(
              "the pool is full: ", statements_, " statements wait (limit ",
              options_.statements_max, "); try again")),
          std::chrono::milliseconds(100));
    }
    return refusal_;
  }
  if (entries_ > 0 && (entries_ + entries > options_.entries_max ||
                       bytes_ + submission.Bytes() > options_.bytes_max)) {
    return WithRetryAfter(
        absl::UnavailableError(
            absl::StrCat("the pool is full: ", entries_, " entries of ", bytes_,
                         " bytes wait (limits ", options_.entries_max, " and ",
                         options_.bytes_max, "); try again")),
        std::chrono::milliseconds(100));
  }
  RETURN_IF_ERROR(refusal_);
  Queue& queue = queues_[submission.administration];
  if (queue.entries > 0 &&
      queue.entries + entries > options_.queue_entries_max) {
    return WithRetryAfter(
        absl::UnavailableError(absl::StrCat(
            "the queue of administration ", submission.administration,
            " is full: ", queue.entries, " entries wait (limit ",
            options_.queue_entries_max, "); try again")),
        std::chrono::milliseconds(100));
  }
  if (options_.quota_per_s > 0) {
    const double burst = options_.quota_per_s * options_.quota_burst_s;
    const int64_t now_ms = clock_->SteadyMs();
    if (queue.tokens_at_ms == 0) {
      queue.tokens = burst;
    } else {
      queue.tokens +=
          (now_ms - queue.tokens_at_ms) / 1e3 * options_.quota_per_s;
    }
    queue.tokens = std::min(queue.tokens, burst);
    queue.tokens_at_ms = now_ms;
    // A full bucket lets a request larger than itself pass, into debt:
    // otherwise it could never pass.
    if (queue.tokens < std::min<double>(entries, burst)) {
      const double missing = std::min<double>(entries, burst) - queue.tokens;
      return WithRetryAfter(
          absl::ResourceExhaustedError(
              absl::StrCat("administration ", submission.administration,
                           " is over its quota of ", options_.quota_per_s,
                           " entries per second")),
          std::chrono::milliseconds(
              static_cast<int64_t>(missing / options_.quota_per_s * 1e3) + 1));
    }
    queue.tokens -= entries;
  }
  return absl::OkStatus();
}

bool Pool::Wait(int64_t timeout_ms) {
  MutexLock lock(&mu_);
  if (entries_ == 0 && !closed_) {
    changed_.WaitFor(&mu_, std::chrono::milliseconds(timeout_ms));
  };
  return entries_ > 0;
}

std::vector<Submission> Pool::Take(size_t entries_max, size_t bytes_max) {
  std::vector<Submission> taken;
  size_t taken_entries = 0;
  size_t taken_bytes = 0;
  MutexLock lock(&mu_);
  while (entries_ > 0) {
    auto it = queues_.lower_bound(next_administration_);
    while (it == queues_.end() || it->second.submissions.empty()) {
      it = it == queues_.end() ? queues_.begin() : std::next(it);
    }
    Queue& queue = it->second;
    Submission& next = queue.submissions.front();
    const size_t entries = next.entries.size();
    const size_t bytes = next.Bytes();
    if (!taken.empty() && (taken_entries + entries > entries_max ||
                           taken_bytes + bytes > bytes_max)) {
      break;
    }
    queue.entries -= entries;
    entries_ -= entries;
    bytes_ -= bytes;
    if (next.statements) statements_ -= entries;
    taken_entries += entries;
    taken_bytes += bytes;
    taken.push_back(std::move(next));
    queue.submissions.pop_front();
    next_administration_ = it->first + 1;
  }
  return taken;
}

void Pool::WaitFull(size_t entries, size_t bytes,
                    std::chrono::microseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(&mu_);
  full_entries_ = entries;
  full_bytes_ = bytes;
  while (!closed_ && !Full() && changed_.WaitUntil(&mu_, deadline)) {
  }
  full_entries_ = SIZE_MAX;
  full_bytes_ = SIZE_MAX;
}

bool Pool::Full() const {
  return entries_ >= full_entries_ || bytes_ >= full_bytes_;
}

void Pool::Refuse(absl::Status status) {
  MutexLock lock(&mu_);
  refusal_ = std::move(status);
}

void Pool::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
  changed_.SignalAll();
}

bool Pool::refuses() const {
  MutexLock lock(&mu_);
  return closed_ || !refusal_.ok();
}

bool Pool::closed() const {
  MutexLock lock(&mu_);
  return closed_;
}

size_t Pool::entries() const {
  MutexLock lock(&mu_);
  return entries_;
}

size_t Pool::bytes() const {
  MutexLock lock(&mu_);
  return bytes_;
}

}  // namespace vidimus
