// A log as a process serves it: the log and its submit service, found by
// origin.
#ifndef VIDIMUS_LOG_HOSTED_LOG_H_
#define VIDIMUS_LOG_HOSTED_LOG_H_

#include <string_view>
#include <vector>

#include "log/log.h"
#include "log/submit_service.h"

namespace vidimus {

struct HostedLog {
  HostedLog(Log* served, const SubmitLimits& limits, WorkerPool* workers)
      : log(served), submit(limits, served, workers) {}

  Log* const log;  // not owned
  SubmitService submit;
};

// The log that `origin` names; an empty one names the only log. kNotFound if
// there is none, kInvalidArgument if there are several to choose from.
absl::StatusOr<HostedLog*> FindLog(const std::vector<HostedLog*>& logs,
                                   std::string_view origin);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_HOSTED_LOG_H_
