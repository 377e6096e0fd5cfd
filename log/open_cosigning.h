// Makes a log's cosigning (cosigning.h) from what stands in its folder.
#ifndef VIDIMUS_LOG_OPEN_COSIGNING_H_
#define VIDIMUS_LOG_OPEN_COSIGNING_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "log/cosigning.h"
#include "log/folder.h"
#include "log/log.h"
#include "proto/settings.pb.h"

namespace vidimus {

// Null if the settings name no policy. kInvalidArgument for a policy that can't
// be read, that has no quorum, or that is for other logs (file and line are in
// the message); errors of Cosigning::Open. `log` outlives what is returned.
absl::StatusOr<std::unique_ptr<Cosigning>> OpenCosigning(
    const v1::Settings& settings, const LogFolder& folder, Log* log,
    const VerifierKey& log_key,
    std::function<void(const std::string& what)> say);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPEN_COSIGNING_H_
