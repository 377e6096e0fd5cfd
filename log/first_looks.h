// An administration's first look into a chain that it has no receipt of stands
// in the resident's chain `self`, durable and public, before the key of that
// chain is given away. It is remembered by that entry alone.
//
// Threads: any.
#ifndef VIDIMUS_LOG_FIRST_LOOKS_H_
#define VIDIMUS_LOG_FIRST_LOOKS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/clock.h"
#include "log/log.h"
#include "log/notices.h"
#include "log/side_work.h"
#include "proto/mutex.h"
#include "verifier/hash.h"

namespace vidimus {

class FirstLooks {
 public:
  // None is owned; all outlive this and every answer.
  struct Parts {
    Log* log;
    SideWork* side_work;
    Clock* clock;
    Random* random;
  };

  // Of `remembered_max` looks we know without searching.
  FirstLooks(size_t remembered_max, const Parts& parts);

  // Sees to it that the look of `administration` into its chain with `subject`,
  // whose key is `chain_key`, is entered; then calls `done` once, within the
  // call or from a thread of side work. kUnavailable also while another is
  // entering the same look.
  void Enter(std::string_view subject, uint32_t administration,
             const Hash& chain_key, absl::AnyInvocable<void(absl::Status)> done)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Whether it is entered and public; false also if it is only under way.
  absl::StatusOr<bool> IsEntered(std::string_view subject,
                                 uint32_t administration, const Hash& name)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Remember(const Hash& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t remembered_max_;
  const Parts parts_;
  Notices notices_;

  Mutex mu_;
  // Those that are entered, and those that are being entered; each by a label
  // that its chain will never have.
  absl::flat_hash_set<Hash> entered_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<Hash> entering_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_FIRST_LOOKS_H_
