// `vidimus log serve`: a process that opens logs, serves them through its
// doors, and stops in order.
#ifndef VIDIMUS_LOG_SERVE_H_
#define VIDIMUS_LOG_SERVE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace vidimus {

// Flags; what is empty comes from the first log's settings.
struct ServeOptions {
  std::vector<std::string> dirs;  // at least one
  std::string http;
  std::string https;
  std::string grpc;
  std::string grpc_plaintext;
  // A folder for browsers, served on https.
  std::string page;
  // The one address outside of loopback on which plaintext may be served.
  std::string insecure_listen;
  // The signing lock of the only log, instead of the one in its folder.
  std::string lock;
  // Seconds; empty: from settings.
  std::string scrub_period;
};

// Opens the logs and their doors, prints a line "listening URL" for each door
// and then "ready" on standard output, and serves until SIGTERM or SIGINT, or
// until a log can't go on. In the first case what was taken is answered and OK
// returned. A log that was found damaged is frozen: its reads go on.
absl::Status Serve(const ServeOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SERVE_H_
