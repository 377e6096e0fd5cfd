#include "proto/grpc_status.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr char kPushback[] = "grpc-retry-pushback-ms";

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::ServerContextBase* context) {
  if (status.ok()) return grpc::Status::OK;
  const std::optional<std::chrono::milliseconds> delay = RetryAfterOf(status);
  if (delay.has_value() && context != nullptr) {
    context->AddTrailingMetadata(kPushback, absl::StrCat(delay->count()));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

absl::Status FromGrpcStatus(const grpc::Status& status,
                            const grpc::ClientContext* context) {
  if (status.ok()) return absl::OkStatus();
  const int code = static_cast<int>(status.error_code());
  absl::Status result(code >= 1 && code <= 16
                          ? static_cast<absl::StatusCode>(code)
                          : absl::StatusCode::kUnknown,
                      status.error_message());
  if (context != nullptr) {
    const auto& trailers = context->GetServerTrailingMetadata();
    const auto found = trailers.find(kPushback);
    int64_t delay_ms = 0;
    if (found != trailers.end() &&
        absl::SimpleAtoi(
            absl::string_view(found->second.data(), found->second.size()),
            &delay_ms) &&
        delay_ms >= 0) {
      result = WithRetryAfter(result, std::chrono::milliseconds(delay_ms));
    }
  }
  return result;
}

}  // namespace vidimus
