// proto/grpc_status.h
//
// absl::Status over gRPC and back. The codes are the same 17; what differs is
// where the time to come back travels: in the trailing metadata
// `grpc-retry-pushback-ms`, which other people's gRPC clients obey too.

#ifndef VIDIMUS_PROTO_GRPC_STATUS_H_
#define VIDIMUS_PROTO_GRPC_STATUS_H_

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace vidimus {

// For a server: the answer to a call that ended in `status`. If the status says
// when to come back, that goes into the trailing metadata of `context`, which
// may be null (then it is dropped). Call before the call is finished.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::ServerContextBase* context);

// For a client: what the server said. `context` is that of the finished call
// and may be null (then a time to come back is not seen). A code that gRPC does
// not define becomes kUnknown.
absl::Status FromGrpcStatus(const grpc::Status& status,
                            const grpc::ClientContext* context);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_GRPC_STATUS_H_
