// What happened to the logs that a monitor follows, for its feed: a file of the
// newest sentences, as the monitor wrote them. Nothing is judged by it.
#ifndef VIDIMUS_CLIENT_MONITOR_EVENT_LOG_H_
#define VIDIMUS_CLIENT_MONITOR_EVENT_LOG_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "client/monitor/status.pb.h"
#include "proto/mutex.h"

namespace vidimus {

// Any thread.
class EventLog {
 public:
  static constexpr size_t kEventsMax = 200;

  // Goes on from `file`; a line that can't be read is left out, for it is not
  // worth a stop.
  explicit EventLog(std::string file);

  // Keeps the event, and writes the file again. Not synced: a loss of power may
  // lose the newest.
  absl::Status Add(v1::MonitorEvent event) ABSL_LOCKS_EXCLUDED(mu_);

  // Newest first.
  std::vector<v1::MonitorEvent> Newest() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const std::string file_;
  mutable Mutex mu_;
  std::deque<v1::MonitorEvent> events_ ABSL_GUARDED_BY(mu_);  // oldest first
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_EVENT_LOG_H_
