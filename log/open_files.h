// Room for open files. A storage engine that can't open one has failed, and the
// log stops: so connections must never be able to use up what the log needs.
#ifndef VIDIMUS_LOG_OPEN_FILES_H_
#define VIDIMUS_LOG_OPEN_FILES_H_

#include <cstdint>

#include "absl/status/status.h"

namespace vidimus {

// Raises this process's limit of open files as far as it may without
// privileges. kFailedPrecondition, with the ways out, if fewer than `needed`
// fit. Call once, before connections are accepted.
absl::Status ReserveOpenFiles(uint64_t needed);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPEN_FILES_H_
