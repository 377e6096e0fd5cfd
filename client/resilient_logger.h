// The JSON that the City of Helsinki's audit logger (django-resilient-logger)
// writes today, turned into access records. What it lacks, a mapping file says
// (mapping.proto). The document:
//
//   {"@timestamp": ..., "audit_event": {"actor": {...}, "date_time": ...,
//    "operation": ..., "origin": ..., "target": {...}, "environment": ...,
//    "message": ..., "level": ..., "extra": {...}}}
#ifndef VIDIMUS_CLIENT_RESILIENT_LOGGER_H_
#define VIDIMUS_CLIENT_RESILIENT_LOGGER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/line_format.h"
#include "client/mapping.pb.h"

namespace vidimus {

// Parses a mapping and judges it: every rule but a skipping one says purpose,
// basis and category. kInvalidArgument says line and what is wrong.
absl::StatusOr<v1::Mapping> ParseMapping(absl::string_view textproto);

std::unique_ptr<LineFormat> NewResilientLoggerFormat(
    const v1::Mapping& mapping, const AccessContext& context);

// "2026-11-22T12:34:56.000Z", with or without a fraction, Z or +hh:mm: POSIX
// milliseconds. kInvalidArgument otherwise, and before 1970.
absl::StatusOr<uint64_t> ParseIsoTimeMs(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RESILIENT_LOGGER_H_
