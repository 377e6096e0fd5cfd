// Gossip on the wire: answers peers over gRPC with TLS, and calls each of them
// every period and when there is news. Around gossip.h, which knows what to
// say; here are threads, clocks, sockets and the folder.
//
// A peer that is slow, silent, hostile or gone costs its own thread and nothing
// else. What was heard is durable before it is answered.
#ifndef VIDIMUS_CLIENT_MONITOR_GOSSIP_SERVICE_H_
#define VIDIMUS_CLIENT_MONITOR_GOSSIP_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/monitor/gossip.h"
#include "proto/tls.h"

namespace vidimus {

struct GossipPeer {
  std::string name;     // ours for it: in the status, in metrics
  std::string address;  // host:port
  TlsOptions tls;  // whom we believe; a certificate of ours if it wants one
};

struct GossipOptions {
  std::vector<GossipLog> logs;
  std::vector<GossipPeer> peers;

  // Exists; one file a log, and the convictions. Only ours.
  std::string folder;

  // Where peers call, host:port, port 0: any. Empty: nobody can, and we only
  // call.
  std::string address;
  // Our certificate and key. Callers are asked for none, unless there is a
  // ca_pem: then only who shows one that it vouches for may call.
  TlsOptions tls;

  // Between two calls to a peer; news is told earlier, four times a period at
  // most.
  std::chrono::milliseconds period{10000};
  // For one call. What docs/gossip.md promises within so many periods, it
  // promises of peers who answer in this time.
  std::chrono::milliseconds timeout{2500};

  // POSIX seconds.
  std::function<uint64_t()> now_s;

  // Compares a note of this log with our own tree (Follower::Compare); without
  // the network. Null, or kUnknown for a log whose tree we don't hold. From any
  // of our threads, several at once.
  std::function<TreeComparison(const std::string& origin,
                               const std::string& note)>
      compare;

  // Told each conviction that is new to us, once it is durable. From any of our
  // threads, without a lock of ours; may be null.
  std::function<void(const GossipConviction& conviction)> convicted;

  // Told each sentence worth an operator's log line. May be null.
  std::function<void(const std::string& sentence)> say;
};

// What became of a peer.
struct GossipPeerStatus {
  std::string name;
  uint64_t answered_s = 0;  // last answer; 0: never
  std::string error;        // of the last call; empty if it was answered
  uint64_t calls = 0;
  uint64_t failures = 0;
};

struct GossipStatus {
  std::vector<GossipPeerStatus> peers;
  uint64_t served = 0;   // calls that we answered
  uint64_t refused = 0;  // calls that we refused: too many, or no message
  // Not empty: what our disk said when something could not be kept. It is tried
  // again; until then nothing that we hear is durable, and no call is answered.
  std::string disk_error;
};

class GossipService {
 public:
  // Reads the folder, opens the door, begins to call. kUnavailable if the
  // address can't be bound, kInvalidArgument for a configuration beyond the
  // limits of gossip.h.
  static absl::StatusOr<std::unique_ptr<GossipService>> Open(
      GossipOptions options);
  // Ends calls that are under way.
  virtual ~GossipService() = default;

  virtual int port() const = 0;  // 0 without a door

  // Any thread; each waits for the disk at most.
  //
  // A head of our own tree; once more with our cosignature when there is one:
  // what peers hear of us.
  virtual void SetTree(const std::string& origin, const std::string& note) = 0;
  // What our witness cosigned or refused (RefusedCheckpoint::request.note), or
  // what the log shows as cosigned.
  virtual void AddNote(const std::string& origin, const std::string& note) = 0;
  // A conviction that was made elsewhere in this monitor; it travels if it
  // may.
  virtual void AddConviction(const std::string& origin,
                             const std::string& file) = 0;

  virtual std::vector<UnsettledNote> Unsettled(
      const std::string& origin) const = 0;
  virtual std::vector<GossipConviction> Convictions(
      const std::string& origin) const = 0;
  virtual GossipStatus status() const = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_GOSSIP_SERVICE_H_
