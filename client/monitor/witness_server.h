// The monitor as a witness: answers tlog-witness (docs/witness.md) for the logs
// that it follows, and shows what it cosigned last for each.
//
//   POST <prefix>/add-checkpoint
//   GET  <prefix>/<hex of H(origin)>/checkpoint
//
// What it cosigned is durable before it is said, and what it looks at stands
// still until then, whoever calls at once.
#ifndef VIDIMUS_CLIENT_MONITOR_WITNESS_SERVER_H_
#define VIDIMUS_CLIENT_MONITOR_WITNESS_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/monitor/cosigned_head.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "verifier/note.h"
#include "verifier/signing.h"
#include "verifier/witness.h"

namespace vidimus {

// A request that a log signed and that does not follow from what it showed
// before: what a conviction may be made of.
struct RefusedCheckpoint {
  std::string origin;
  WitnessRequest request;  // views into `body`
  std::string_view body;
  Finding finding = Finding::kOk;
};

class WitnessServer {
 public:
  // A log that is followed: its keys, all of one name, and what was cosigned.
  struct Followed {
    std::vector<VerifierKey> keys;
    std::unique_ptr<CosignedHead> head;
  };
  struct Options {
    // Without a slash at its end; empty: the root.
    std::string prefix;
    // Beyond what the specification asks for, before a head is cosigned: kOk,
    // or why it is not. A monitor says here whether it has read every leaf. May
    // be null, and may take its time: calls about other logs go on.
    std::function<absl::Status(const Checkpoint& checkpoint)> approve;
    // Told of each request that a log signed and that does not follow; quick.
    // May be null.
    std::function<void(const RefusedCheckpoint& refused)> refused;
    // POSIX seconds.
    std::function<uint64_t()> now_s;
  };

  // `signer`, of a cosignature key, is not owned.
  WitnessServer(Options options, const NoteSigner* signer,
                std::vector<Followed> logs);

  // An answer to any request. Any thread; blocks for as long as it takes to
  // make a head durable.
  HttpResponse Handle(const HttpRequest& request);

  // The checkpoint that was cosigned last; empty if none was. Any thread; waits
  // for nobody.
  std::string LastNote(const std::string& origin) const;

 private:
  struct Log {
    std::vector<VerifierKey> keys;
    Mutex mu;
    std::unique_ptr<CosignedHead> head ABSL_GUARDED_BY(mu);
    // What readers see, while `mu` is held for as long as a judgement takes.
    mutable Mutex note_mu;
    std::string note ABSL_GUARDED_BY(note_mu);
  };

  HttpResponse AddCheckpoint(const std::string& body);
  HttpResponse Cosign(Log* log, const WitnessJudgement& judgement,
                      const WitnessRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(log->mu);

  const Options options_;
  const NoteSigner* const signer_;
  // By origin, and by the hex of its hash; constant after construction.
  std::map<std::string, std::unique_ptr<Log>> logs_;
  std::map<std::string, std::string> origins_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_WITNESS_SERVER_H_
