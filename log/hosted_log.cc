#include "log/hosted_log.h"

namespace vidimus {

absl::StatusOr<HostedLog*> FindLog(const std::vector<HostedLog*>& logs,
                                   std::string_view origin) {
  if (origin.empty()) {
    if (logs.size() == 1) return logs[0];
    return absl::InvalidArgumentError(
        "this server holds several logs: name one by its origin");
  }
  for (HostedLog* hosted : logs) {
    if (hosted->log->origin() == origin) return hosted;
  }
  return absl::NotFoundError("this server holds no log of that origin");
}

}  // namespace vidimus
