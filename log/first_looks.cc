#include "log/first_looks.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "log/chain_counters.h"
#include "log/openings.h"
#include "proto/status.h"
#include "verifier/label.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// No chain has so many entries: a name for the chain that nobody else can tell.
constexpr uint64_t kNoEntry = UINT64_MAX;

// So many entries of the chain `self` are searched for a first look. One with
// more is searched from its newest; what is older is entered again.
constexpr uint64_t kSearchedEntriesMax = 4096;

constexpr std::chrono::milliseconds kEnteringRetry(500);

}  // namespace

FirstLooks::FirstLooks(size_t remembered_max, const Parts& parts)
    : remembered_max_(remembered_max),
      parts_(parts),
      notices_({parts.log->chain_keys(), parts.clock, parts.random,
                [log = parts.log](Submission submission) {
                  log->Submit(std::move(submission));
                }}) {}

void FirstLooks::Remember(const Hash& name) {
  if (entered_.size() >= remembered_max_) entered_.clear();
  entered_.insert(name);
}

absl::StatusOr<bool> FirstLooks::IsEntered(std::string_view subject,
                                           uint32_t administration,
                                           const Hash& name) {
  {
    MutexLock lock(&mu_);
    if (entered_.contains(name)) return true;
  }
  Log* const log = parts_.log;
  const uint64_t published = log->Latest()->head.size;
  ASSIGN_OR_RETURN(const ProvenChainKey self,
                   log->chain_keys()->Prove(subject, kSelf));
  ASSIGN_OR_RETURN(const uint64_t entries,
                   FirstAbsentEntry(log->index_finder(), self.key, 0));
  const int64_t now_s = parts_.clock->NowMs() / 1000;
  for (uint64_t i = entries; i > 0 && entries - i < kSearchedEntriesMax; --i) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     log->index()->Find(ChainLabel(self.key, i - 1)));
    if (!leaf_index.has_value() || *leaf_index >= published) continue;
    const absl::StatusOr<FoundOpening> found =
        FindOpening(log->storage(), log->vault(), *leaf_index, now_s);
    Notice notice;
    if (!found.ok() ||
        ParseNotice(found->opening.record(), &notice, nullptr) !=
            Finding::kOk ||
        notice.event != NoticeEvent::kKeyFetch ||
        notice.chain_administration != administration ||
        notice.fetched_by != administration) {
      continue;
    }
    MutexLock lock(&mu_);
    Remember(name);
    return true;
  }
  return false;
}

void FirstLooks::Enter(std::string_view subject, uint32_t administration,
                       const Hash& chain_key,
                       absl::AnyInvocable<void(absl::Status)> done) {
  const Hash name = ChainLabel(chain_key, kNoEntry);
  const absl::StatusOr<bool> entered = IsEntered(subject, administration, name);
  if (!entered.ok()) return done(entered.status());
  if (*entered) return done(absl::OkStatus());
  bool is_entered = false;
  bool is_being_entered = false;
  {
    MutexLock lock(&mu_);
    is_entered = entered_.contains(name);
    if (!is_entered) is_being_entered = !entering_.insert(name).second;
  }
  if (is_entered) return done(absl::OkStatus());
  if (is_being_entered) {
    // Of two at once one is written down, and the other comes back.
    return done(
        WithRetryAfter(absl::UnavailableError(
                           "such a request is just being entered; come back"),
                       kEnteringRetry));
  }
  const auto shared =
      std::make_shared<absl::AnyInvocable<void(absl::Status)>>(std::move(done));
  notices_.EnterKeyFetch(
      subject, administration, administration,
      // The sequencer's thread: the answer is made on another.
      [this, shared, name](absl::StatusOr<Placement> placement) {
        {
          MutexLock lock(&mu_);
          entering_.erase(name);
          if (placement.ok()) Remember(name);
        }
        absl::Status going_on = placement.status();
        if (going_on.ok()) {
          going_on =
              parts_.side_work->Run([shared] { (*shared)(absl::OkStatus()); });
        }
        if (!going_on.ok()) (*shared)(going_on);
      });
}

}  // namespace vidimus
