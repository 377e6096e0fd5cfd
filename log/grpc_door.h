// The gRPC door: proto/vidimus.proto by gRPC's callback API. It knows who is
// calling from the certificate alone, finds the log by its origin, and hands
// over to submit_service.h.
#ifndef VIDIMUS_LOG_GRPC_DOOR_H_
#define VIDIMUS_LOG_GRPC_DOOR_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/hosted_log.h"

namespace vidimus {

struct GrpcDoorOptions {
  std::string address;  // host:port, port 0: any
  std::shared_ptr<grpc::ServerCredentials> credentials;
  // Whether callers are known by their certificate, or residents by a token.
  // Without, nothing that needs an identity is served.
  bool identities = false;
  int request_bytes_max = 4 << 20;
  // A connection that has not said by then who it is and that it speaks gRPC is
  // closed; one without a call is, after five minutes.
  std::chrono::milliseconds handshake_timeout{10000};
  // Requests of one stream that wait for their batch.
  int stream_window = 64;
};

class GrpcDoor {
 public:
  // Serves `logs`, which outlive this. kUnavailable if the address can't be
  // bound.
  static absl::StatusOr<std::unique_ptr<GrpcDoor>> Open(
      const GrpcDoorOptions& options, const std::vector<HostedLog*>& logs);
  virtual ~GrpcDoor() = default;

  virtual int port() const = 0;
  // Takes no new calls, lets those under way finish until `timeout`, then ends
  // them.
  virtual void Shutdown(std::chrono::milliseconds timeout) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_GRPC_DOOR_H_
