// `vidimus monitor serve`: a monitor with its doors, until SIGTERM or SIGINT.
#ifndef VIDIMUS_CLIENT_MONITOR_SERVE_H_
#define VIDIMUS_CLIENT_MONITOR_SERVE_H_

#include <string>

#include "absl/status/status.h"
#include "client/monitor/monitor_folder.h"

namespace vidimus {

struct MonitorServeOptions {
  std::string dir;
  bool accept_fresh_state = false;
};

// Prints `listening URL` for each door, then `ready`. Returns OK once it was
// told to stop and has; else why it could not begin. Once in a process.
absl::Status ServeMonitor(const MonitorServeOptions& options);

// Where the operator's door of the monitor in this folder listens, as the
// `serve` that runs now, or ran last, wrote it down: a URL. kNotFound if none
// did.
absl::StatusOr<std::string> OperatorUrl(const MonitorFolder& folder);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_SERVE_H_
