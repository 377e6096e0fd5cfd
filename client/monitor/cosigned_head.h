// The newest head of one log that one key of ours has cosigned, on disk. A
// cosigner that forgets it can be made to cosign a second history, so it is
// kept twice, in the state folder and in a lock beside that, durably, before
// the cosignature leaves; and it is never started from what is older.
#ifndef VIDIMUS_CLIENT_MONITOR_COSIGNED_HEAD_H_
#define VIDIMUS_CLIENT_MONITOR_COSIGNED_HEAD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "verifier/checkpoint.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

// One thread at a time.
class CosignedHead {
 public:
  // Makes the lock of a head of which nothing is cosigned yet. kAlreadyExists
  // if there is a lock.
  static absl::Status Init(const std::string& lock);

  // Reads what is kept: `file` in the state folder, `lock` outside of it. Each
  // is a note by a key of `log_keys` (the keys of one log) and by `own_key`.
  //   kFailedPrecondition: the lock knows of a larger head than the file, or of
  //     another root of the same size: an old state was brought back. Or there
  //     is no lock: what was cosigned before is not known.
  //   kDataLoss: what is kept does not verify.
  static absl::StatusOr<std::unique_ptr<CosignedHead>> Open(
      const std::string& file, const std::string& lock,
      const std::vector<VerifierKey>& log_keys, const VerifierKey& own_key);

  // {0, EmptyRoot()} if nothing was cosigned.
  const TreeHead& head() const { return head_; }
  // The checkpoint with the log's signature and ours; empty if there is none.
  const std::string& note() const { return note_; }

  // Keeps `note`, which holds `head` and is as Open wants it, in the place of
  // what was kept; on return it survives a loss of power. After an error nobody
  // knows what is kept: every later call fails, and the caller signs nothing.
  absl::Status Keep(const TreeHead& head, const std::string& note);

 private:
  CosignedHead(std::string file, std::string lock)
      : file_(std::move(file)), lock_(std::move(lock)) {}

  const std::string file_;
  const std::string lock_;
  TreeHead head_;
  std::string note_;
  absl::Status failed_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_COSIGNED_HEAD_H_
