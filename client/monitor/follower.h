// The monitor's eyes: follows one access log for ever. Fetches its newest
// checkpoint, judges that it extends the last one, reads every new leaf and
// register document, rebuilds the index under every seal, and keeps all of it.
// What it has verified, a monitor key may cosign; what is wrong with a log ends
// its being followed, with the file that convicts it (docs/convictions.md).
// What is checked and kept: docs/following.md.
//
// Three sorts of trouble, and they are never mixed up:
//   *wrong*     stands under the log's own signature. Following ends there for
//               good, across restarts; nothing beyond is ever vouched for.
//   *withheld*  could not be had, or bytes that nobody has signed were not what
//               the signed head says. An alarm, and tried again.
//   *ours*      this machine's disk. An alarm; nothing is vouched for
//   meanwhile.
#ifndef VIDIMUS_CLIENT_MONITOR_FOLLOWER_H_
#define VIDIMUS_CLIENT_MONITOR_FOLLOWER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/conviction_maker.h"
#include "client/fetcher.h"
#include "verifier/checkpoint.h"
#include "verifier/hash.h"
#include "verifier/note.h"
#include "verifier/policy.h"

namespace vidimus {

struct FollowerOptions {
  VerifierKey log_key;

  // State of this log alone; made if absent (its parent must exist).
  std::string folder;

  // Who cosigns: `cosigned/checkpoint` is then read too, and a quorum that is
  // lost is an alarm. Nothing: it is not read.
  std::optional<Policy> policy;

  // Between two looks at the checkpoint; after failures longer, up to
  // pause_ms_max.
  int period_ms = 1000;
  int pause_ms_max = 60000;
  // Between two looks at the cosigned checkpoint.
  int cosigned_period_ms = 10000;

  // Alarms: no answer for so long; no new seal for so long; no quorum that is
  // younger. Seconds.
  uint64_t silent_s = 60;
  uint64_t stale_s = 3600;
  uint64_t quorum_s = 600;

  // That fetch and hash while a lot is to be read; at least 1.
  int threads = 4;

  // POSIX seconds.
  std::function<uint64_t()> now_s;

  // Told each sentence worth an operator's log line, once: alarms as they come
  // and go, what stops the log. From the follower's thread; quick; may be null.
  std::function<void(const std::string& sentence)> say;

  // Told each new verified head, and once when the log is stopped, from the
  // follower's thread; quick; may be null.
  std::function<void()> changed;
};

enum class AlarmKind {
  kSilent,      // no checkpoint for silent_s
  kStale,       // the newest seal is older than stale_s
  kQuorumLost,  // no cosigned checkpoint younger than quorum_s
  kWithheld,    // a leaf, tile or document under a signed head can't be had
  kShrank,      // a signed head smaller than the last one; a prefix of it
  kUnsound,     // an answer that nobody signed and that can't be right
  kOwnState,    // our disk
};
inline constexpr int kAlarmKindCount = 7;
// "silent", "stale", "quorum_lost", "withheld", ...: for metrics and JSON.
const char* AlarmKindName(AlarmKind kind);

struct Alarm {
  AlarmKind kind = AlarmKind::kSilent;
  std::string sentence;
  // What was asked for: a public path such as "tile/entries/003"; empty where
  // the alarm is about none.
  std::string path;
  uint64_t since_s = 0;
};

struct FollowerStatus {
  // Every leaf before its end was judged, and no key stands twice. {0, empty}
  // if there is none yet. `verified_note` as the log signed it.
  TreeHead verified;
  std::string verified_note;
  uint64_t verified_s = 0;  // when that was found: the last full check

  // The largest signed head that the log has shown us, and how far its leaves
  // are read.
  uint64_t seen_size = 0;
  uint64_t read_size = 0;

  // When it last answered with a signed checkpoint; 0: never.
  uint64_t answered_s = 0;
  // Time of the newest seal under the verified head.
  uint64_t seal_s = 0;

  // The newest cosigned checkpoint, and since when its quorum holds; size 0 if
  // there is none.
  TreeHead cosigned;
  std::string cosigned_note;
  uint64_t cosigned_s = 0;

  uint64_t batches = 0;
  uint64_t documents = 0;
  uint64_t held_bytes = 0;     // of our state
  uint64_t fetched_bytes = 0;  // since the start of the process

  std::vector<Alarm> alarms;  // that stand now, by kind

  // Not empty: what is wrong, in one sentence; following has ended.
  std::string stopped;
  // Of a stopped log: the file that convicts it; empty if there is none (yet).
  std::string conviction_path;
};

class Follower {
 public:
  // What a signed note of this log is to what we verified.
  enum class Relation {
    kPrefix,   // our tree begins with it
    kAhead,    // larger than what is verified so far
    kFork,     // another history
    kNoBatch,  // our tree begins with it, but it ends within a batch
  };
  struct Comparison {
    Relation relation = Relation::kAhead;
    // Of kFork and kNoBatch.
    std::optional<ConvictionFile> conviction;
  };

  // Goes on from what the folder holds. `fetcher` of the log's public paths.
  //   kDataLoss: the folder holds what cannot be gone on from. The message says
  //     what, and the way out: to remove the folder, and have all read again.
  //   kFailedPrecondition: another process follows there.
  static absl::StatusOr<std::unique_ptr<Follower>> Open(
      FollowerOptions options, std::unique_ptr<Fetcher> fetcher);

  // Stops; waits for the call that is under way, as long as the fetcher's
  // time-outs let it.
  virtual ~Follower() = default;

  // Follows on a thread of its own, until Stop. Each once.
  virtual void Start() = 0;
  virtual void Stop() = 0;

  // Instead of Start: looks once, reads all there is, and returns.
  virtual void Look() = 0;

  virtual const VerifierKey& log_key() const = 0;

  // Any thread; never waits for the network.
  virtual FollowerStatus status() const = 0;

  // What WitnessServer::Options::approve wants of a monitor: OK once every leaf
  // up to `checkpoint` is verified, with that root; it hurries the reading and
  // waits up to `wait_ms`. kUnavailable: not yet. kFailedPrecondition: never,
  // the log is stopped, or this is another history. Any thread.
  virtual absl::Status Approve(const Checkpoint& checkpoint, int wait_ms) = 0;

  // Compares a note with what is verified, by our own copy of the tree, without
  // the network. kInvalidArgument: it is no checkpoint signed by this log. A
  // fork is ours to act on too: the log is stopped and the file kept. Any
  // thread.
  virtual absl::StatusOr<Comparison> Compare(absl::string_view note) = 0;

  // The verified head as a log would ask for its cosignature (witness.h), to a
  // cosigner that signed `old_size` leaves last. kFailedPrecondition: nothing
  // larger is verified, or the log is stopped. kDataLoss: our copy of the tree
  // can't be read. Any thread; without the network.
  virtual absl::StatusOr<std::string> CosignatureRequest(uint64_t old_size) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_FOLLOWER_H_
