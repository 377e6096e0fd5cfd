// proto/grpc_tls.h
//
// gRPC with TLS on both sides, and who is calling. gRPC brings its own TLS
// (OpenSSL, 1.2 or later); this only turns the options of tls.h into its
// credentials. Any thread.

#ifndef VIDIMUS_PROTO_GRPC_TLS_H_
#define VIDIMUS_PROTO_GRPC_TLS_H_

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "proto/tls.h"

namespace vidimus {

// Whether a server lets in callers without a certificate. One that is shown
// must verify in either case, unless nobody asked for it.
enum class ClientCertificate { kRequired, kIfShown, kNotAsked };

// For a server whose callers show certificates that options.ca_pem vouches for;
// of kNotAsked the CA does not count.
// kInvalidArgument if certificate, key or CA can't be used (gRPC itself would
// only say so by refusing every call).
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options,
    ClientCertificate client_certificate = ClientCertificate::kRequired);

// For a client; with a certificate if options has one.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
MakeChannelCredentials(const TlsOptions& options);

// The administration that the caller's certificate names; see
// administration.h. kUnauthenticated if the connection has no verified
// certificate. `context` is ServerContext::auth_context(), which may be null.
absl::StatusOr<uint32_t> AdministrationOf(const grpc::AuthContext* context);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_GRPC_TLS_H_
