#include "proto/status.h"

#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vidimus {
namespace {

constexpr char kTooLargeUrl[] = "vidimus/too-large";
constexpr char kRetryAfterUrl[] = "vidimus/retry-after-ms";

}  // namespace

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
      return status.GetPayload(kTooLargeUrl).has_value() ? 413 : 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kOutOfRange:
      return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kFailedPrecondition:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:  // kInternal, kUnknown, kDataLoss and codes not yet invented.
      return 500;
  }
}

absl::StatusCode CodeOfHttpStatus(int http_status) {
  if (http_status >= 200 && http_status < 300) return absl::StatusCode::kOk;
  switch (http_status) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 408:
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    case 409:
      return absl::StatusCode::kAborted;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 499:
      return absl::StatusCode::kCancelled;
    case 500:
      return absl::StatusCode::kInternal;
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 502:
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return http_status >= 400 && http_status < 500
                 ? absl::StatusCode::kInvalidArgument
                 : absl::StatusCode::kUnknown;
  }
}

absl::Status TooLargeError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kTooLargeUrl, absl::Cord());
  return status;
}

absl::Status WithRetryAfter(absl::Status status,
                            std::chrono::milliseconds delay) {
  if (status.ok()) return status;
  const int64_t delay_ms = delay.count() < 0 ? 0 : delay.count();
  status.SetPayload(kRetryAfterUrl, absl::Cord(absl::StrCat(delay_ms)));
  return status;
}

std::optional<std::chrono::milliseconds> RetryAfterOf(
    const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRetryAfterUrl);
  if (!payload.has_value()) return std::nullopt;
  int64_t delay_ms = 0;
  if (!absl::SimpleAtoi(std::string(*payload), &delay_ms) || delay_ms < 0) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(delay_ms);
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&annotated](absl::string_view url, const absl::Cord& payload) {
        annotated.SetPayload(url, payload);
      });
  return annotated;
}

}  // namespace vidimus
