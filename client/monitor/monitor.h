// A monitor at work: eyes on each log (follower.h), two cosigners' voices
// (witness_server.h), gossip with peers (gossip_service.h), and what it says
// about all of them (status_page.h). Without sockets of its own for readers:
// those are serve.h.
//
//   GET  /                     status page; status.json, feed.atom, style.css
//   GET  /healthz              whether the program runs
//   POST /witness/add-checkpoint, /monitor/add-checkpoint
//   GET  /witness/ID/checkpoint, /monitor/ID/checkpoint
//   GET  /convictions/ID/NAME  a file that convicts a log
//   GET  /unanswered/ID/NAME   what was asked and not answered, signed
//
// What one log or peer does (hangs, lies, floods) costs threads of its own and
// a bounded queue; the others are followed and cosigned as before.
#ifndef VIDIMUS_CLIENT_MONITOR_MONITOR_H_
#define VIDIMUS_CLIENT_MONITOR_MONITOR_H_

#include <prometheus/registry.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/monitor/monitor_folder.h"
#include "client/monitor/status.pb.h"
#include "proto/http_server.h"

namespace vidimus {

struct MonitorOptions {
  MonitorFolder folder;
  // Goes on though it is not known what these keys have cosigned: where a lock
  // is missing, one is made. Never against a lock that is there, or a head that
  // anybody shows.
  bool accept_fresh_state = false;
  // Told each sentence worth an operator's log line. Any thread.
  std::function<void(const std::string& sentence)> say;
  // POSIX seconds.
  std::function<uint64_t()> now_s;
  // Not owned; outlives the monitor.
  prometheus::Registry* registry = nullptr;
};

class Monitor {
 public:
  // Opens what the folder holds and asks logs and peers which heads they know
  // under our keys, for a few seconds at most.
  //   kFailedPrecondition: an older state was brought back, or a lock is
  //     missing; the message says which, and the ways out. Or another `serve`
  //     has the folder.
  //   kDataLoss: what is kept does not verify.
  static absl::StatusOr<std::unique_ptr<Monitor>> Open(MonitorOptions options,
                                                       MonitorContent content);
  // Stop().
  virtual ~Monitor() = default;

  // Begins to follow. Once.
  virtual void Start() = 0;
  // Ends it; waits for what is under way.
  virtual void Stop() = 0;

  // Answers a request for one of the paths above, at once or from a thread of
  // the log that it is about.
  virtual void Handle(HttpRequest request, HttpResponder respond) = 0;

  // Where peers call; 0: nowhere.
  virtual int gossip_port() const = 0;

  // Any thread.
  virtual v1::MonitorStatus Status() const = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_MONITOR_H_
