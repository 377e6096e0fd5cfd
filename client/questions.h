// What a client may ask a log besides submitting. What comes back is not
// trusted: whoever asks judges it with verifier/.
#ifndef VIDIMUS_CLIENT_QUESTIONS_H_
#define VIDIMUS_CLIENT_QUESTIONS_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "proto/vidimus.grpc.pb.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

// The calls of proto/vidimus.proto. The last two are not for everyone: a door
// that does not have them answers kUnimplemented.
class Questions {
 public:
  virtual ~Questions() = default;
  virtual absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) = 0;
  virtual absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) = 0;
  virtual absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) = 0;
  // An administration asks first. kAborted: the chain changed while it was
  // read; ask again.
  virtual absl::StatusOr<v1::CheckResponse> Check(
      const v1::CheckRequest& request);
  // Files what a resident signed. kAborted: the chain has statements that the
  // new ones do not follow; fetch it, sign again with the next sequence.
  virtual absl::StatusOr<v1::FileStatementsResponse> FileStatements(
      const v1::FileStatementsRequest& request);
};

// Over gRPC, as whoever the channel's certificate says. Any thread. Each call
// has five seconds.
std::unique_ptr<Questions> NewGrpcQuestions(
    std::shared_ptr<grpc::Channel> channel);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_QUESTIONS_H_
