#include "proto/status.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

TEST(StatusTest, EachCodeHasItsHttpStatus) {
  const std::pair<absl::StatusCode, int> kTable[] = {
      {absl::StatusCode::kOk, 200},
      {absl::StatusCode::kInvalidArgument, 400},
      {absl::StatusCode::kUnauthenticated, 401},
      {absl::StatusCode::kPermissionDenied, 403},
      {absl::StatusCode::kNotFound, 404},
      {absl::StatusCode::kOutOfRange, 404},
      {absl::StatusCode::kAborted, 409},
      {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kResourceExhausted, 429},
      {absl::StatusCode::kCancelled, 499},
      {absl::StatusCode::kInternal, 500},
      {absl::StatusCode::kUnknown, 500},
      {absl::StatusCode::kDataLoss, 500},
      {absl::StatusCode::kUnimplemented, 501},
      {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kFailedPrecondition, 503},
      {absl::StatusCode::kDeadlineExceeded, 504},
  };
  for (const auto& [code, http_status] : kTable) {
    EXPECT_EQ(HttpStatusOf(absl::Status(code, "")), http_status)
        << absl::StatusCodeToString(code);
  }
}

TEST(StatusTest, HttpStatusesTellAClientWhatToDo) {
  EXPECT_EQ(CodeOfHttpStatus(200), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOfHttpStatus(204), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOfHttpStatus(301), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOfHttpStatus(400), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfHttpStatus(404), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOfHttpStatus(413), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfHttpStatus(418), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfHttpStatus(429), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOfHttpStatus(503), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOfHttpStatus(599), absl::StatusCode::kUnknown);
}

TEST(StatusTest, TooLargeIsAnInvalidArgumentWithAnHttpStatusOfItsOwn) {
  const absl::Status status = TooLargeError("limit is 65535");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "limit is 65535");
  EXPECT_EQ(HttpStatusOf(status), 413);
}

TEST(StatusTest, KeepsWhenToComeBack) {
  const absl::Status status = WithRetryAfter(
      absl::UnavailableError("pool is full"), std::chrono::milliseconds(250));
  EXPECT_EQ(RetryAfterOf(status), std::chrono::milliseconds(250));
  EXPECT_EQ(RetryAfterOf(absl::UnavailableError("pool is full")), std::nullopt);
  EXPECT_TRUE(
      WithRetryAfter(absl::OkStatus(), std::chrono::milliseconds(1)).ok());
}

TEST(StatusTest, AnnotateKeepsCodeAndPayloads) {
  const absl::Status status =
      Annotate(WithRetryAfter(absl::UnavailableError("pool is full"),
                              std::chrono::milliseconds(250)),
               "submit 3 entries");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "submit 3 entries: pool is full");
  EXPECT_EQ(RetryAfterOf(status), std::chrono::milliseconds(250));
  EXPECT_TRUE(Annotate(absl::OkStatus(), "submit").ok());
}

absl::StatusOr<std::unique_ptr<int>> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return std::make_unique<int>(value / 2);
}

absl::Status QuarterInto(int value, int* result) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> half, Half(value));
  ASSIGN_OR_RETURN(std::unique_ptr<int> quarter, Half(*half));
  *result = *quarter;
  return absl::OkStatus();
}

absl::Status FirstError(const absl::Status& first, int value) {
  RETURN_IF_ERROR(first);
  RETURN_IF_ERROR(Half(value));
  return absl::OkStatus();
}

TEST(StatusMacrosTest, HandUpTheFirstErrorAndTheValueOtherwise) {
  int quarter = 0;
  EXPECT_TRUE(QuarterInto(12, &quarter).ok());
  EXPECT_EQ(quarter, 3);
  EXPECT_EQ(QuarterInto(6, &quarter), absl::InvalidArgumentError("odd"));
  EXPECT_TRUE(FirstError(absl::OkStatus(), 2).ok());
  EXPECT_EQ(FirstError(absl::AbortedError("a"), 1), absl::AbortedError("a"));
  EXPECT_EQ(FirstError(absl::OkStatus(), 1), absl::InvalidArgumentError("odd"));
}

}  // namespace
}  // namespace vidimus
