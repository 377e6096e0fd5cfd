#include "log/chain_keys.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/finding.h"
#include "verifier/label.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

// How much less often than others a thread that makes keys runs where all want
// to: an acknowledgement must not wait for them.
constexpr int kNiceness = 10;

// When to come back where it is not known how fast keys are made, and within
// what bounds where it is.
constexpr std::chrono::milliseconds kRetryAfter{500};
constexpr std::chrono::milliseconds kRetryAfterMin{100};
constexpr std::chrono::milliseconds kRetryAfterMax{5000};

// Over which it is measured how fast keys are made.
constexpr int64_t kRatePeriodMs = 1000;

// What the cache's key is made of, under the label key's seed.
constexpr std::string_view kCacheKeyText = "vidimus/v1 chain cache\n";

class KeyMaker : public ChainKeys {
 public:
  KeyMaker(const ChainKeysOptions& options, const Parts& parts,
           std::string_view label_seed, std::string_view origin)
      : options_(options),
        parts_(parts),
        prover_(label_seed),
        origin_(origin),
        cache_(options.cache_bytes,
               Bytes(HmacSha256(label_seed, {kCacheKeyText, origin}))) {}

  ~KeyMaker() override {
    {
      MutexLock lock(&mu_);
      closed_ = true;
      given_.SignalAll();
    }
    for (std::thread& thread : threads_) thread.join();
    std::map<uint32_t, Queue> queues;
    {
      MutexLock lock(&mu_);
      queues.swap(queues_);
    }
    for (auto& [administration, queue] : queues) {
      for (Job& job : queue.jobs) {
        (*job.made)(job.place, absl::UnavailableError("the log is stopping"));
      }
    }
  }

  void Start() {
    for (int i = 0; i < options_.threads; ++i) {
      threads_.emplace_back([this] { Loop(); });
    }
  }

  std::string_view public_key() const { return prover_.public_key(); }

  void Get(std::string_view subject, uint32_t administration,
           absl::AnyInvocable<void(absl::StatusOr<Hash>)> done) const override {
    absl::StatusOr<std::string> name = NameOf(subject, administration);
    if (!name.ok()) return done(name.status());
    const std::optional<ChainCache::Known> known =
        cache_.Find(cache_.TagOf(*name), *name);
    Count(known.has_value());
    if (known.has_value()) return done(known->key);
    const absl::Status reserved = Reserve(administration, 1);
    if (!reserved.ok()) return done(reserved);
    std::vector<std::string> names;
    names.push_back(*std::move(name));
    // std::function wants what can be copied.
    const auto shared =
        std::make_shared<absl::AnyInvocable<void(absl::StatusOr<Hash>)>>(
            std::move(done));
    Make(administration, std::move(names),
         [shared](size_t, absl::StatusOr<KnownChain> chain) {
           if (chain.ok()) {
             (*shared)(chain->key);
           } else {
             (*shared)(chain.status());
           }
         });
  }

  absl::StatusOr<ProvenChainKey> Prove(std::string_view subject,
                                       uint32_t administration) const override {
    ASSIGN_OR_RETURN(const std::string name, NameOf(subject, administration));
    VrfOutput beta;
    ProvenChainKey proven;
    proven.proof = prover_.Prove(name, &beta);
    std::memcpy(proven.key.data(), beta.data(), proven.key.size());
    return proven;
  }

  ChainCache::Known KeyOf(std::string_view name) const override {
    const ChainTag tag = cache_.TagOf(name);
    const std::optional<ChainCache::Known> known = cache_.Find(tag, name);
    Count(known.has_value());
    if (known.has_value()) return *known;
    ChainCache::Known made;
    VrfOutput beta;
    prover_.Evaluate(name, &beta);
    made_.fetch_add(1, std::memory_order_relaxed);
    std::memcpy(made.key.data(), beta.data(), made.key.size());
    cache_.Put(tag, name, made.key);
    return made;
  }

  absl::StatusOr<std::string> NameOf(std::string_view subject,
                                     uint32_t administration) const override {
    std::string name;
    const Finding finding =
        ChainAlpha({origin_, administration, subject}, &name);
    if (finding == Finding::kOk) return name;
    return absl::InvalidArgumentError(FindingSentence(finding));
  }

  std::optional<KnownChain> Find(std::string_view name) const override {
    const ChainTag tag = cache_.TagOf(name);
    const std::optional<ChainCache::Known> known = cache_.Find(tag, name);
    const bool whole = known.has_value() && known->entries.has_value();
    Count(whole);
    if (!whole) return std::nullopt;
    return KnownChain{tag, known->key, {}, *known->entries};
  }

  bool Knows(std::string_view name) const override {
    return cache_.FindCount(cache_.TagOf(name)).has_value();
  }

  absl::Status Room(uint32_t administration, size_t count) const override {
    MutexLock lock(&mu_);
    return RoomIn(queues_[administration], administration, count);
  }

  std::chrono::milliseconds HalfMade() const override {
    MutexLock lock(&mu_);
    return RetryAfter(waiting_ / 2);
  }

  absl::Status Reserve(uint32_t administration, size_t count) const override {
    MutexLock lock(&mu_);
    Queue& queue = queues_[administration];
    RETURN_IF_ERROR(RoomIn(queue, administration, count));
    if (options_.per_s > 0) {
      const double burst = options_.per_s * options_.burst_s;
      const int64_t now_ms = parts_.clock->SteadyMs();
      queue.tokens =
          queue.tokens_at_ms == 0
              ? burst
              : std::min(burst, queue.tokens + (now_ms - queue.tokens_at_ms) /
                                                   1e3 * options_.per_s);
      queue.tokens_at_ms = now_ms;
      // As in the pool: a full bucket lets more than itself pass, into debt.
      const double wanted = std::min<double>(count, burst);
      if (queue.tokens < wanted) {
        return WithRetryAfter(
            absl::ResourceExhaustedError(absl::StrCat(
                "administration ", administration, " is over its quota of ",
                options_.per_s, " new chains per second")),
            std::chrono::milliseconds(
                static_cast<int64_t>((wanted - queue.tokens) / options_.per_s *
                                     1e3) +
                1));
      }
      queue.tokens -= count;
    }
    if (waiting_ == 0 && options_.threads > 0) {
      rate_.since_ms = parts_.clock->SteadyMs();
      rate_.made = 0;
    }
    if (queue.reserved == 0) ++administrations_waiting_;
    queue.reserved += count;
    waiting_ += count;
    return absl::OkStatus();
  }

  void Make(uint32_t administration, std::vector<std::string> names,
            Made made) const override {
    const auto shared = std::make_shared<const Made>(std::move(made));
    if (threads_.empty()) {
      for (size_t i = 0; i < names.size(); ++i) {
        Do(administration, {std::move(names[i]), i, shared});
      }
      return;
    }
    MutexLock lock(&mu_);
    Queue& queue = queues_[administration];
    for (size_t i = 0; i < names.size(); ++i) {
      queue.jobs.push_back({std::move(names[i]), i, shared});
    }
    given_.SignalAll();
  }

  ChainCache* cache() const override { return &cache_; }

  ChainKeysCounts counts() const override {
    MutexLock lock(&mu_);
    return {hits_, misses_, made_, waiting_};
  }

 private:
  struct Job {
    std::string name;
    size_t place;
    std::shared_ptr<const Made> made;
  };
  struct Queue {
    std::deque<Job> jobs;
    size_t reserved = 0;  // jobs waiting, under way and to come
    double tokens = 0;
    int64_t tokens_at_ms = 0;
  };

  // How fast keys are made while any wait.
  struct Rate {
    double per_s = 0;  // 0: not known
    int64_t since_ms = 0;
    size_t made = 0;  // since then
  };

  absl::Status RoomIn(const Queue& queue, uint32_t administration,
                      size_t count) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (waiting_ > 0 && waiting_ + count > options_.queue_max) {
      return WithRetryAfter(
          absl::UnavailableError(absl::StrCat(
              "too many new chains at once: the keys of ", waiting_,
              " wait to be made (limit ", options_.queue_max, "); try again")),
          RetryAfter(KeysBefore(waiting_, count, options_.queue_max)));
    }
    if (queue.reserved > 0 &&
        queue.reserved + count > options_.queue_of_one_max) {
      const size_t own =
          KeysBefore(queue.reserved, count, options_.queue_of_one_max);
      return WithRetryAfter(
          absl::UnavailableError(absl::StrCat(
              "too many new chains at once: of administration ", administration,
              " the keys of ", queue.reserved, " wait to be made (limit ",
              options_.queue_of_one_max, "); try again")),
          // The administrations take turns.
          RetryAfter(std::min(own * administrations_waiting_, waiting_)));
    }
    return absl::OkStatus();
  }

  // How many keys of the `waiting` should be made before one comes back who
  // wants `count` places of `limit`: until half of the places are free, so that
  // most who come back get theirs and no key maker runs out of work meanwhile.
  static size_t KeysBefore(size_t waiting, size_t count, size_t limit) {
    const size_t left = std::min(limit / 2, limit - std::min(count, limit));
    return waiting - std::min(left, waiting);
  }

  // How long `keys` keys take.
  std::chrono::milliseconds RetryAfter(size_t keys) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (rate_.per_s == 0) return kRetryAfter;
    const double ms = static_cast<double>(keys) / rate_.per_s * 1e3;
    if (ms >= static_cast<double>(kRetryAfterMax.count())) {
      return kRetryAfterMax;
    }
    return std::max(kRetryAfterMin,
                    std::chrono::milliseconds(static_cast<int64_t>(ms)));
  }

  void CountMade() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    // Whoever asks makes them then: no queue is ever worked off.
    if (options_.threads == 0) return;
    ++rate_.made;
    const int64_t ms = parts_.clock->SteadyMs() - rate_.since_ms;
    if (ms < kRatePeriodMs) return;
    rate_.per_s =
        static_cast<double>(rate_.made) * 1e3 / static_cast<double>(ms);
    rate_.since_ms += ms;
    rate_.made = 0;
  }

  void Count(bool hit) const {
    (hit ? hits_ : misses_).fetch_add(1, std::memory_order_relaxed);
  }

  absl::StatusOr<KnownChain> Resolve(std::string_view name) const {
    KnownChain chain;
    chain.tag = cache_.TagOf(name);
    VrfProver::Evaluation evaluation;
    // Another may have asked for it just before.
    const std::optional<ChainCache::Known> known = cache_.Find(chain.tag, name);
    if (known.has_value()) {
      chain.key = known->key;
      if (known->entries.has_value()) {
        chain.entries_min = *known->entries;
        return chain;
      }
    } else {
      VrfOutput beta;
      evaluation = prover_.Evaluate(name, &beta);
      made_.fetch_add(1, std::memory_order_relaxed);
      std::memcpy(chain.key.data(), beta.data(), chain.key.size());
      cache_.Put(chain.tag, name, chain.key);
    }
    if (parts_.find) {
      ASSIGN_OR_RETURN(chain.entries_min,
                       FirstAbsentEntry(parts_.find, chain.key, 0));
    }
    // Only a chain's first entry will want the proof.
    if (!known.has_value() && chain.entries_min == 0) {
      chain.vrf_proof = prover_.ProofOf(evaluation);
    }
    return chain;
  }

  void Do(uint32_t administration, Job job) const {
    absl::StatusOr<KnownChain> chain = Resolve(job.name);
    {
      MutexLock lock(&mu_);
      --waiting_;
      if (--queues_[administration].reserved == 0) --administrations_waiting_;
      CountMade();
    }
    (*job.made)(job.place, std::move(chain));
  }

  void Loop() const {
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)),
                kNiceness);
    while (true) {
      uint32_t administration;
      Job job;
      {
        MutexLock lock(&mu_);
        auto it = queues_.end();
        while (!closed_) {
          // The administrations in turn, as in the pool.
          it = std::find_if(
              queues_.lower_bound(next_administration_), queues_.end(),
              [](const auto& one) { return !one.second.jobs.empty(); });
          if (it == queues_.end()) {
            it = std::find_if(
                queues_.begin(), queues_.end(),
                [](const auto& one) { return !one.second.jobs.empty(); });
          }
          if (it != queues_.end()) break;
          given_.Wait(&mu_);
        }
        if (closed_) return;
        administration = it->first;
        next_administration_ = administration + 1;
        job = std::move(it->second.jobs.front());
        it->second.jobs.pop_front();
      }
      Do(administration, std::move(job));
    }
  }

  const ChainKeysOptions options_;
  const Parts parts_;
  const VrfProver prover_;
  const std::string origin_;
  std::vector<std::thread> threads_;
  mutable ChainCache cache_;
  mutable std::atomic<uint64_t> hits_{0}, misses_{0}, made_{0};

  mutable Mutex mu_;
  mutable CondVar given_;
  mutable std::map<uint32_t, Queue> queues_ ABSL_GUARDED_BY(mu_);
  mutable uint32_t next_administration_ ABSL_GUARDED_BY(mu_) = 0;
  mutable size_t waiting_ ABSL_GUARDED_BY(mu_) = 0;
  mutable size_t administrations_waiting_ ABSL_GUARDED_BY(mu_) = 0;
  mutable Rate rate_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChainKeys>> ChainKeys::Open(
    const ChainKeysOptions& options, const Parts& parts,
    std::string_view label_seed, std::string_view label_key,
    std::string_view origin) {
  if (label_seed.size() != kVrfSeedBytes) {
    return absl::FailedPreconditionError("the label key is missing");
  }
  auto keys = std::make_unique<KeyMaker>(options, parts, label_seed, origin);
  if (keys->public_key() != label_key) {
    return absl::FailedPreconditionError(
        "the label key is not the private half of the one in config, by which "
        "everybody judges the chains of this log: put the right key back");
  }
  keys->Start();
  return std::unique_ptr<ChainKeys>(std::move(keys));
}

}  // namespace vidimus
