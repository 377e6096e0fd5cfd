// proto/status.h
//
// What an absl::Status means to a caller on the other side of a wire, and the
// two macros that hand one up. The code tells the caller what to do next:
//
//   kInvalidArgument      400, 413      fix the request
//   kUnauthenticated      401           show a certificate or a token
//   kPermissionDenied     403           stop: not yours
//   kNotFound             404           there is no such thing
//   kOutOfRange           404           wait for a larger checkpoint
//   kAborted              409           reload, then start over
//   kAlreadyExists        409           take a new id
//   kResourceExhausted    429 + Retry-After   ask for more quota
//   kCancelled            499           the caller went away
//   kInternal, kUnknown   500           report a bug
//   kDataLoss             500           page someone; signing stops
//   kUnimplemented        501           ask another server
//   kUnavailable          503 + Retry-After   retry this call
//   kFailedPrecondition   503           wait for a human
//   kDeadlineExceeded     504           retry this call, with more time
//
// Pure functions, safe from any thread. The same table for gRPC, which has the
// same codes, is in grpc_status.h.

#ifndef VIDIMUS_PROTO_STATUS_H_
#define VIDIMUS_PROTO_STATUS_H_

#include <chrono>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// The HTTP status of the table above; 200 for OK. 413 instead of 400 for what
// TooLargeError made.
int HttpStatusOf(const absl::Status& status);

// The other way, for clients: what an answer with this HTTP status tells its
// caller. OK for 200 to 299. 404 becomes kNotFound, 409 kAborted, 500
// kInternal, 503 kUnavailable (the other halves of the table need the body);
// what the table lacks becomes kInvalidArgument (other 4xx) or kUnknown.
absl::StatusCode CodeOfHttpStatus(int http_status);

// kInvalidArgument whose HTTP status is 413: the limit, and what was found,
// belong in the message.
absl::Status TooLargeError(absl::string_view message);

// Notes in `status` when to come back, rounded up to whole milliseconds; no
// effect on OK. Travels as Retry-After (whole seconds, rounded up) over HTTP
// and as grpc-retry-pushback-ms over gRPC.
absl::Status WithRetryAfter(absl::Status status,
                            std::chrono::milliseconds delay);

// When to come back, if the status says so.
std::optional<std::chrono::milliseconds> RetryAfterOf(
    const absl::Status& status);

// The same status with "context: " before its message; payloads are kept, OK
// stays OK. For adding what we tried, on which thing, on the way up.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

namespace status_internal {
inline const absl::Status& GetStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}
}  // namespace status_internal

}  // namespace vidimus

// Evaluates an expression of type absl::Status or absl::StatusOr<T> and returns
// its status from the function unless it is OK.
#define RETURN_IF_ERROR(expression)                                  \
  do {                                                               \
    const auto& vidimus_status_ = (expression);                      \
    if (!vidimus_status_.ok()) {                                     \
      return ::vidimus::status_internal::GetStatus(vidimus_status_); \
    }                                                                \
  } while (false)

// ASSIGN_OR_RETURN(auto tile, storage.GetTile(id)): the value, or out with the
// status. Two statements, so not the body of an if without braces; a type with
// a comma needs parentheses or a using.
#define ASSIGN_OR_RETURN(lhs, expression)                                  \
  VIDIMUS_ASSIGN_OR_RETURN_(VIDIMUS_CONCAT_(vidimus_status_or_, __LINE__), \
                            lhs, expression)
#define VIDIMUS_ASSIGN_OR_RETURN_(status_or, lhs, expression) \
  auto status_or = (expression);                              \
  if (!status_or.ok()) return std::move(status_or).status();  \
  lhs = *std::move(status_or)
#define VIDIMUS_CONCAT_(a, b) VIDIMUS_CONCAT_2_(a, b)
#define VIDIMUS_CONCAT_2_(a, b) a##b

#endif  // VIDIMUS_PROTO_STATUS_H_
