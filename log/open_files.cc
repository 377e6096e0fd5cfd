#include "log/open_files.h"

#include <errno.h>
#include <sys/resource.h>

#include "absl/strings/str_cat.h"

namespace vidimus {

absl::Status ReserveOpenFiles(uint64_t needed) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
    return absl::UnavailableError(
        absl::StrCat("asking for the limit of open files: error ", errno));
  }
  limit.rlim_cur = limit.rlim_max;
  // If it can't be raised what counts is what it was.
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "this process may have ", limit.rlim_cur, " files open and needs ",
      needed,
      " for its connections and its storage; raise the limit (LimitNOFILE= of "
      "the service, or ulimit -n) or lower listeners.connections_max in the "
      "settings"));
}

}  // namespace vidimus
