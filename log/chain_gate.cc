#include "log/chain_gate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {

void ChainGate::Fill(KnownChain chain, PendingOpening* opening) {
  opening->chain_tag = chain.tag;
  opening->chain_key = chain.key;
  opening->vrf_proof = std::move(chain.vrf_proof);
  opening->chain_entries_min = chain.entries_min;
}

void ChainGate::Add(Submission submission) {
  auto waiting = std::make_shared<Waiting>();
  std::vector<size_t> missing;
  std::vector<std::string> names;
  for (size_t i = 0; i < submission.entries.size(); ++i) {
    PendingOpening* const opening = submission.entries[i].opening.get();
    if (opening == nullptr) continue;
    if (!(opening->chain_tag == ChainTag{})) {
      waiting->chains.push_back(opening->chain_tag);
      continue;
    }
    absl::StatusOr<std::string> name =
        keys_->NameOf(opening->subject, submission.administration);
    if (!name.ok()) return submission.done(name.status());
    std::optional<KnownChain> chain = keys_->Find(*name);
    if (chain.has_value()) {
      Fill(*std::move(chain), opening);
    } else {
      opening->chain_tag = keys_->cache()->TagOf(*name);
      missing.push_back(i);
      names.push_back(*std::move(name));
    }
    waiting->chains.push_back(opening->chain_tag);
  }
  std::sort(waiting->chains.begin(), waiting->chains.end(),
            [](const ChainTag& a, const ChainTag& b) { return a.id < b.id; });
  waiting->chains.erase(
      std::unique(waiting->chains.begin(), waiting->chains.end()),
      waiting->chains.end());

  const uint32_t administration = submission.administration;
  absl::Status refused;
  bool passes = false;
  {
    MutexLock lock(&mu_);
    passes = missing.empty() &&
             (chains_.empty() ||
              std::none_of(waiting->chains.begin(), waiting->chains.end(),
                           [this](const ChainTag& tag) {
                             mu_.AssertHeld();
                             return chains_.contains(tag);
                           }));
    if (!passes) {
      waiting->bytes = submission.Bytes();
      refused =
          Admit(administration, submission.entries.size(), waiting->bytes);
      if (refused.ok() && !missing.empty()) {
        refused = keys_->Reserve(administration, missing.size());
      }
    }
    if (!passes && refused.ok()) {
      entries_ += submission.entries.size();
      queues_[administration] += submission.entries.size();
      bytes_ += waiting->bytes;
      waiting->submission = std::move(submission);
      waiting->keys_missing = missing.size();
      for (const ChainTag& tag : waiting->chains) {
        auto& queue = chains_[tag];
        if (!queue.empty()) ++waiting->blocked_by;
        queue.push_back(waiting);
      }
    }
  }
  if (passes) return pool_->Add(std::move(submission));
  if (!refused.ok()) return submission.done(std::move(refused));
  if (missing.empty()) return;
  keys_->Make(
      administration, std::move(names),
      [this, waiting, missing](size_t place, absl::StatusOr<KnownChain> chain) {
        bool passes = false;
        {
          MutexLock lock(&mu_);
          if (chain.ok()) {
            Fill(*std::move(chain),
                 waiting->submission.entries[missing[place]].opening.get());
          } else {
            waiting->failed.Update(chain.status());
          }
          passes = --waiting->keys_missing == 0 && waiting->blocked_by == 0;
        }
        if (passes) Pass(waiting);
      });
}

absl::Status ChainGate::Room(uint32_t administration, size_t entries,
                             size_t new_chains) const {
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(Admit(administration, entries, 0));
  }
  return keys_->Room(administration, new_chains);
}

absl::Status ChainGate::Admit(uint32_t administration, size_t entries,
                              size_t bytes) const {
  if (entries_ > 0 && (entries_ + entries > options_.entries_max ||
                       bytes_ + bytes > options_.bytes_max)) {
    return WithRetryAfter(
        absl::UnavailableError(absl::StrCat(
            "the pool is full: ", entries_, " entries of ", bytes_,
            " bytes wait for the keys of new chains (limits ",
            options_.entries_max, " and ", options_.bytes_max, "); try again")),
        keys_->HalfMade());
  }
  const auto queue = queues_.find(administration);
  if (queue != queues_.end() &&
      queue->second + entries > options_.queue_entries_max) {
    return WithRetryAfter(
        absl::UnavailableError(absl::StrCat(
            "the queue of administration ", administration, " is full: ",
            queue->second, " entries wait for the keys of new chains (limit ",
            options_.queue_entries_max, "); try again")),
        keys_->HalfMade());
  }
  return absl::OkStatus();
}

void ChainGate::Pass(std::shared_ptr<Waiting> first) {
  std::deque<std::shared_ptr<Waiting>> ready;
  ready.push_back(std::move(first));
  while (!ready.empty()) {
    const std::shared_ptr<Waiting> waiting = std::move(ready.front());
    ready.pop_front();
    const size_t entries = waiting->submission.entries.size();
    const uint32_t administration = waiting->submission.administration;
    if (waiting->failed.ok()) {
      pool_->Add(std::move(waiting->submission));
    } else {
      waiting->submission.done(waiting->failed);
    }
    // Only now: until here those that come meanwhile have to queue.
    MutexLock lock(&mu_);
    entries_ -= entries;
    bytes_ -= waiting->bytes;
    const auto queue = queues_.find(administration);
    queue->second -= entries;
    if (queue->second == 0) queues_.erase(queue);
    for (const ChainTag& tag : waiting->chains) {
      const auto it = chains_.find(tag);
      it->second.pop_front();
      if (it->second.empty()) {
        chains_.erase(it);
        continue;
      }
      const std::shared_ptr<Waiting>& next = it->second.front();
      if (--next->blocked_by == 0 && next->keys_missing == 0) {
        ready.push_back(next);
      }
    }
  }
}

}  // namespace vidimus
