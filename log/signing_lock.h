// The signing lock: the largest tree head this log may ever have signed, kept
// apart from the data, so that a log whose data went back in time (a restored
// backup, a lost write) stops instead of signing a second history.
//
// Order of every signature (docs/architecture.md): the batch is durable -> it
// is verified -> the lock moves, durably -> the head is signed -> it is shown.
// So at start the data are equal to the lock, or ahead of it by one batch;
// anything else must not be signed over.
//
// File format (docs/signing_lock.md): two slots of 512 bytes at offsets 0 and
// 4096, each magic(8) "vidlock1", counter(8), size(8), root(32), SHA-256 of
// those 56 bytes(32), zeros. The slot with the higher counter counts; a move
// overwrites the other one, so a torn write leaves the last state readable.
#ifndef VIDIMUS_LOG_SIGNING_LOCK_H_
#define VIDIMUS_LOG_SIGNING_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/disk.h"
#include "verifier/hash.h"

namespace vidimus {

// One owner, one thread at a time.
class SigningLock {
 public:
  virtual ~SigningLock() = default;

  // The head the lock stands at; size 0 and the empty root when new.
  virtual TreeHead Head() const = 0;

  // Moves the lock from `expected` to `next`, durable on return. `next` is
  // larger than `expected`, or equal in both fields (then nothing is written).
  // One write of 512 bytes and one sync.
  //   kAborted: the lock does not stand at `expected`; it did not move.
  //   kFailedPrecondition: `next` would be a second history; it did not move.
  // After any other failure the lock may stand at either, and every later call
  // fails.
  virtual absl::Status Advance(const TreeHead& expected,
                               const TreeHead& next) = 0;
};

// Opens the lock file at `path`; if it is new it stands at size 0 durably on
// return. What was read is written again and synced before it is believed: it
// may stand in memory only, left by a process whose sync failed.
//   kFailedPrecondition: another process holds it (is a second server running?)
//   kDataLoss: neither slot can be read, or the two contradict each other.
// `disk` is not owned and outlives the lock.
absl::StatusOr<std::unique_ptr<SigningLock>> OpenSigningLock(
    Disk* disk, const std::string& path);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SIGNING_LOCK_H_
