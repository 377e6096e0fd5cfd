// Who changes what the vault holds: erases, withholds, restricts, by the
// operator's word or by the date in a record, and takes a new vault key. Rules
// and order of steps: docs/erasure.md.
//
// What it promises:
// - Each change has its notice in the entry's chain, and both come into force
// in
//   one commit: nobody ever sees one without the other.
// - When a change was acknowledged, no key opens what the vault held before it,
//   not after a crash, nor after a start on a restored backup.
// - Nothing is erased before `keep_min` of config has passed since its seal
//   unless the resident signed that wish, nor while it is held, nor while the
//   resident disputes it and has signed no such wish.
//
// Messages hold leaf indices and numbers, nothing about a person.
//
// Threads: any; requests take their turn, and wait for a commit each. A
// rotation does not keep them waiting.
#ifndef VIDIMUS_LOG_VAULT_KEEPER_H_
#define VIDIMUS_LOG_VAULT_KEEPER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_statements.h"
#include "log/clock.h"
#include "log/log.h"
#include "log/notices.h"
#include "log/openings.h"
#include "log/operator.pb.h"
#include "proto/mutex.h"
#include "verifier/hash.h"

namespace vidimus {

struct VaultKeeperOptions {
  // Entries of one commit, and bytes of the pages they change.
  size_t commit_entries_max = 256;
  size_t commit_bytes_max = 16 << 20;
  // Entries of one request.
  size_t request_entries_max = 65536;
  // Pages that the dates are looked up in, each second, at most.
  uint64_t sweep_pages_per_s = 2000;
  // Of ground and authority.
  size_t text_bytes_max = 200;
};

class VaultKeeper {
 public:
  // `log` is an access log. None is owned; all outlive it. `drive`, if given,
  // is called again and again while a commit is waited for: by those who
  // sequence on the calling thread.
  VaultKeeper(const VaultKeeperOptions& options, Log* log, Clock* clock,
              Random* random, std::function<void()> drive = nullptr);

  // Does what an operator asks. Its entries either all pass the rules or
  // nothing is done; of a chain, those that pass are changed, the answer says
  // why not the others.
  //   kInvalidArgument: the request; kNotFound: a leaf that opens to nothing;
  //   kFailedPrecondition: a rule, with the leaf and the rule;
  //   kUnavailable: not now. What was changed before stays changed; the same
  //     request may be made again.
  // SWEEP and ROTATE stop with kCancelled when Stop was called.
  absl::StatusOr<vault::OperatorAnswer> Do(
      const vault::OperatorRequest& request);

  // One pass over all entries that are old enough: erases those whose record
  // names a date that is past. The number erased. kCancelled if Stop was
  // called.
  absl::StatusOr<uint64_t> Sweep();

  // Goes on with a rotation of the vault key that a crash interrupted, if one
  // was.
  absl::Status FinishRotation();

  // Makes long work end.
  void Stop() { stopping_ = true; }

 private:
  // An entry that a request is about.
  struct Target {
    uint64_t leaf_index = 0;
    uint64_t first = 0;   // its batch
    uint64_t number = 0;  // in its chain
    uint32_t administration = 0;
    std::string subject;
  };
  struct Judged {
    vault::OperatorAnswer::Entry entry;
    Target target;
    absl::Status refused;
  };

  // A batch as it stands now, opened.
  struct Batch {
    uint64_t first = 0;
    uint64_t end = 0;
    uint64_t seal_time_s = 0;
    vault::Page page;
    uint64_t slot = 0;
    const vault::Opening* Find(uint64_t leaf_index) const;
  };

  absl::Status JudgeRequest(const vault::OperatorRequest& request);
  absl::StatusOr<std::vector<uint64_t>> LeavesOf(
      const vault::OperatorRequest& request);
  // An error is none of the rules': the entry can't be read.
  absl::StatusOr<Judged> Judge(const vault::OperatorRequest& request,
                               uint64_t leaf_index)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status JudgeRules(const vault::OperatorRequest& request,
                          const vault::Opening& opening,
                          const vault::OperatorAnswer::Entry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The batch of leaf `leaf_index`: the one read last, if it is that.
  absl::StatusOr<const Batch*> ReadBatch(uint64_t leaf_index)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The key of a chain: the one made last, if it is that.
  absl::StatusOr<Hash> ChainKey(std::string_view subject,
                                uint32_t administration)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sets `*refused` if the resident's statements forbid that `target` be
  // erased, or do not wish it where the request says so. Its chain is the one
  // of ChainKey. An error: they can't be read.
  absl::Status JudgeWishes(const vault::OperatorRequest& request,
                           const Target& target, const Hash& key,
                           absl::Status* refused)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Forgets what was read.
  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Erases what is past its date in the batch of leaf `at`.
  absl::StatusOr<uint64_t> SweepBatch(uint64_t at, int64_t now_s, uint64_t* end)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Changes all targets, in as few commits as the bounds allow.
  absl::Status Change(const vault::OperatorRequest& request,
                      std::vector<Target> targets)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Takes from the front of `targets`, all of one administration, what fits
  // one commit.
  absl::Status ChangeSome(const vault::OperatorRequest& request,
                          std::vector<Target>* targets)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Rotate();

  const VaultKeeperOptions options_;
  Log* const log_;
  Clock* const clock_;
  const std::function<void()> drive_;
  Notices notices_;
  std::atomic<bool> stopping_{false};

  Mutex rotation_mu_;
  // Held by one change at a time, and by all that touches the ledger.
  Mutex mu_;
  std::optional<Batch> batch_ ABSL_GUARDED_BY(mu_);
  std::string chain_subject_ ABSL_GUARDED_BY(mu_);
  uint32_t chain_administration_ ABSL_GUARDED_BY(mu_) = 0;
  Hash chain_key_ ABSL_GUARDED_BY(mu_) = {};
  // Of that chain, and the entries that they dispute.
  std::optional<ChainStatements> statements_ ABSL_GUARDED_BY(mu_);
  std::vector<uint64_t> disputed_ ABSL_GUARDED_BY(mu_);
  // Before it all is erased.
  uint64_t all_erased_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_VAULT_KEEPER_H_
