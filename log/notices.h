// What the log itself has to say in a chain: who fetched its key, and what
// befell an entry (Notice in proto/record.proto, docs/record.md). A notice goes
// the way of every entry: into the pool, into a batch, under a label of its
// chain, its opening into the vault. Nobody signs it.
#ifndef VIDIMUS_LOG_NOTICES_H_
#define VIDIMUS_LOG_NOTICES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "log/chain_keys.h"
#include "log/clock.h"
#include "log/page_change.h"
#include "log/pool.h"
#include "proto/record.pb.h"

namespace vidimus {

// Any thread.
class Notices {
 public:
  // None is owned; all outlive it and every answer. `submit` is Pool::Add.
  struct Parts {
    const ChainKeys* chain_keys;
    Clock* clock;
    Random* random;
    std::function<void(Submission)> submit;
  };

  // The leaf and the number in its chain of each notice, durable and public; or
  // why it was not entered, or (kUnavailable) may have been: as Log::Submit.
  // Called once, from any thread, also within the call: must be quick.
  using Done = absl::AnyInvocable<void(absl::StatusOr<Placement>)>;

  explicit Notices(const Parts& parts) : parts_(parts) {}

  // Enters in the chain `self` of `subject` that administration `fetched_by`
  // was given the key of their chain with `chain_administration`. The key may
  // leave the log once `done` was called with OK, not before.
  void EnterKeyFetch(std::string_view subject, uint32_t chain_administration,
                     uint32_t fetched_by, Done done);

  // Enters `notices`, at least one, all in chains of `administration`, as one
  // submission: all or none. Each says subject and event; the rest is filled in
  // here. `changes` is what they do to pages of the vault, in the same commit;
  // an entry there is a number in `notices`. Makes the chains' keys on the
  // calling thread unless they are remembered.
  void Enter(uint32_t administration, std::vector<v1::Notice> notices,
             std::vector<PageChange> changes, Done done);

 private:
  // Entry id, time, salts; serialised and committed to. Without chain key.
  PendingEntry Make(v1::Notice notice) const;

  const Parts parts_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_NOTICES_H_
