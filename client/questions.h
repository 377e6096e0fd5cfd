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

// The calls of proto/vidimus.proto.
class Questions {
 public:
  virtual ~Questions() = default;
  virtual absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) = 0;
  virtual absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) = 0;
  virtual absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) = 0;
};

// Over gRPC, as whoever the channel's certificate says. Any thread. Each call
// has five seconds.
std::unique_ptr<Questions> NewGrpcQuestions(
    std::shared_ptr<grpc::Channel> channel);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_QUESTIONS_H_
