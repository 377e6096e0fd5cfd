#include "client/questions.h"

#include <chrono>
#include <utility>

#include "proto/grpc_status.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr std::chrono::seconds kTimeout{5};

class GrpcQuestions : public Questions {
 public:
  explicit GrpcQuestions(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), stub_(v1::Log::NewStub(channel_)) {}

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    return Ask<v1::GetChainResponse>(&v1::Log::Stub::GetChain, request);
  }
  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    return Ask<v1::ProveKeysResponse>(&v1::Log::Stub::ProveKeys, request);
  }
  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    return Ask<v1::ProveLeavesResponse>(&v1::Log::Stub::ProveLeaves, request);
  }
  absl::StatusOr<v1::CheckResponse> Check(
      const v1::CheckRequest& request) override {
    return Ask<v1::CheckResponse>(&v1::Log::Stub::Check, request);
  }
  absl::StatusOr<v1::FileStatementsResponse> FileStatements(
      const v1::FileStatementsRequest& request) override {
    return Ask<v1::FileStatementsResponse>(&v1::Log::Stub::FileStatements,
                                           request);
  }

 private:
  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(
      grpc::Status (v1::Log::Stub::*call)(grpc::ClientContext*, const Request&,
                                          Response*),
      const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    Response response;
    const grpc::Status status = ((*stub_).*call)(&context, request, &response);
    RETURN_IF_ERROR(FromGrpcStatus(status, &context));
    return response;
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Log::Stub> stub_;
};

}  // namespace

absl::StatusOr<v1::CheckResponse> Questions::Check(const v1::CheckRequest&) {
  return absl::UnimplementedError("Check is asked over gRPC");
}

absl::StatusOr<v1::FileStatementsResponse> Questions::FileStatements(
    const v1::FileStatementsRequest&) {
  return absl::UnimplementedError("no statements can be filed by this door");
}

std::unique_ptr<Questions> NewGrpcQuestions(
    std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<GrpcQuestions>(std::move(channel));
}

}  // namespace vidimus
