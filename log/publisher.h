// The publisher: moves the lock, signs the head, shows it. Third stop of a
// write: what comes here is durable and verified.
#ifndef VIDIMUS_LOG_PUBLISHER_H_
#define VIDIMUS_LOG_PUBLISHER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "log/integrate.h"
#include "log/signing_lock.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/signing.h"

namespace vidimus {

// A published head and what its last batch added. Immutable; any thread.
struct Published {
  TreeHead head;
  std::string checkpoint;  // the signed note
  // Of the batch that made this head; null and empty after a start, until the
  // next batch.
  std::shared_ptr<const GrownTree> tree;
  std::vector<std::string> entries;  // its kEntries rows
};

class CheckpointPublisher {
 public:
  // Neither is owned; both outlive this. The signer's key is a plain one: the
  // same head gives the same bytes, so a head that was signed but not yet shown
  // when the power went can be signed again. Its name is the log's origin.
  CheckpointPublisher(SigningLock* lock, const NoteSigner* signer)
      : lock_(lock), signer_(signer) {}

  // Moves the lock from the last published head (at the first call: from where
  // it stands) to `next->head`, signs, and shows. `next->checkpoint` is filled
  // in here. One thread at a time. After an error nothing was shown and every
  // later call fails: the caller stops the log.
  absl::Status Publish(std::shared_ptr<Published> next)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Every later Publish fails with `why` before it moves the lock. Any thread.
  void Stop(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mu_);

  // The newest published head; null before the first. Any thread.
  std::shared_ptr<const Published> Latest() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Moves the lock, then signs: never the other way round.
  absl::Status SignBehindLock(Published* next);

  SigningLock* const lock_;
  const NoteSigner* const signer_;

  mutable Mutex mu_;
  absl::Status stopped_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const Published> latest_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_PUBLISHER_H_
