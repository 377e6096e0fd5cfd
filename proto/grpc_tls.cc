#include "proto/grpc_tls.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/administration.h"
#include "proto/status.h"

namespace vidimus {

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options, ClientCertificate client_certificate) {
  TlsOptions checked = options;
  const bool asked = client_certificate != ClientCertificate::kNotAsked;
  checked.require_client_certificate = asked;
  if (!asked) checked.ca_pem.clear();
  RETURN_IF_ERROR(TlsContext::NewServer(checked));
  grpc::SslServerCredentialsOptions ssl(
      client_certificate == ClientCertificate::kRequired
          ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
      : asked ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
              : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  ssl.pem_root_certs = checked.ca_pem;
  ssl.pem_key_cert_pairs.push_back(
      {options.private_key_pem, options.certificate_chain_pem});
  return grpc::SslServerCredentials(ssl);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
MakeChannelCredentials(const TlsOptions& options) {
  RETURN_IF_ERROR(TlsContext::NewClient(options));
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.ca_pem;
  ssl.pem_private_key = options.private_key_pem;
  ssl.pem_cert_chain = options.certificate_chain_pem;
  return grpc::SslCredentials(ssl);
}

absl::StatusOr<uint32_t> AdministrationOf(const grpc::AuthContext* context) {
  if (context == nullptr || !context->IsPeerAuthenticated()) {
    return absl::UnauthenticatedError(
        "the caller showed no certificate; submitters need one");
  }
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri :
       context->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  return AdministrationOfUris(uris);
}

}  // namespace vidimus
