#include "proto/grpc_tls.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "proto/administration.h"
#include "proto/certificates.h"
#include "proto/grpc_status.h"
#include "proto/status.h"
#include "proto/vidimus.grpc.pb.h"

namespace vidimus {
namespace {

constexpr int64_t kLongAgo = 1577836800;   // 2020-01-01
constexpr int64_t kFarAhead = 4102444800;  // 2100-01-01

// Answers GetCheckpoint with the administration that calls, and GetProof with
// pushback.
class WhoAmI : public v1::Log::CallbackService {
  grpc::ServerUnaryReactor* GetCheckpoint(
      grpc::CallbackServerContext* context, const v1::GetCheckpointRequest*,
      v1::GetCheckpointResponse* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const absl::StatusOr<uint32_t> administration =
        AdministrationOf(context->auth_context().get());
    if (administration.ok()) {
      response->set_checkpoint(absl::StrCat(*administration));
    }
    reactor->Finish(ToGrpcStatus(administration.status(), context));
    return reactor;
  }
  grpc::ServerUnaryReactor* GetProof(grpc::CallbackServerContext* context,
                                     const v1::GetProofRequest*,
                                     v1::GetProofResponse*) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(
        ToGrpcStatus(WithRetryAfter(absl::UnavailableError("pool is full"),
                                    std::chrono::milliseconds(250)),
                     context));
    return reactor;
  }
};

class GrpcTlsTest : public ::testing::Test {
 protected:
  GrpcTlsTest() : authority_(*MakeAuthority("Test CA", kLongAgo, kFarAhead)) {
    CertificateOptions options;
    options.common_name = "log";
    options.not_before_s = kLongAgo;
    options.not_after_s = kFarAhead;
    options.is_server = true;
    options.ip_addresses = {"127.0.0.1"};
    const Certificate certificate = *MakeCertificate(authority_, options);
    server_options_.certificate_chain_pem = certificate.certificate_pem;
    server_options_.private_key_pem = certificate.private_key_pem;
    server_options_.ca_pem = authority_.certificate_pem;
    const auto credentials = MakeServerCredentials(server_options_);
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~GrpcTlsTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
  }

  CertificateOptions ClientOptions() {
    CertificateOptions options;
    options.common_name = "malmo";
    options.not_before_s = kLongAgo;
    options.not_after_s = kFarAhead;
    options.is_client = true;
    options.uris = {AdministrationUri(7)};
    return options;
  }

  std::unique_ptr<v1::Log::Stub> Connect(const Certificate& client) {
    TlsOptions options;
    options.ca_pem = authority_.certificate_pem;
    options.certificate_chain_pem = client.certificate_pem;
    options.private_key_pem = client.private_key_pem;
    const auto credentials = MakeChannelCredentials(options);
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    return v1::Log::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_), *credentials));
  }

  // Who the server says we are, or why it does not.
  absl::StatusOr<std::string> Ask(const Certificate& client) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(5));
    v1::GetCheckpointResponse response;
    const grpc::Status status =
        Connect(client)->GetCheckpoint(&context, {}, &response);
    if (!status.ok()) return FromGrpcStatus(status, &context);
    return response.checkpoint();
  }

  Certificate authority_;
  TlsOptions server_options_;
  WhoAmI service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(GrpcTlsTest, TheCertificateSaysWhoIsCalling) {
  const auto answer = Ask(*MakeCertificate(authority_, ClientOptions()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "7");
}

TEST_F(GrpcTlsTest, ACertificateWithoutANumberOrWithTwoIsRefused) {
  CertificateOptions options = ClientOptions();
  options.uris.clear();
  EXPECT_EQ(Ask(*MakeCertificate(authority_, options)).status().code(),
            absl::StatusCode::kUnauthenticated);
  options.uris = {AdministrationUri(1), AdministrationUri(2)};
  EXPECT_EQ(Ask(*MakeCertificate(authority_, options)).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(GrpcTlsTest, NobodyGetsThroughWithoutAGoodCertificate) {
  EXPECT_EQ(Ask({}).status().code(), absl::StatusCode::kUnavailable);
  CertificateOptions expired = ClientOptions();
  expired.not_after_s = kLongAgo + 86400;
  EXPECT_EQ(Ask(*MakeCertificate(authority_, expired)).status().code(),
            absl::StatusCode::kUnavailable);
  const Certificate foreign = *MakeAuthority("Test CA", kLongAgo, kFarAhead);
  EXPECT_EQ(Ask(*MakeCertificate(foreign, ClientOptions())).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(GrpcTlsTest, CredentialsThatCannotWorkAreRefusedAtOnce) {
  TlsOptions options = server_options_;
  options.ca_pem.clear();
  EXPECT_FALSE(MakeServerCredentials(options).ok());
  options = server_options_;
  options.private_key_pem = "nonsense";
  EXPECT_FALSE(MakeServerCredentials(options).ok());
  options = TlsOptions();
  options.ca_pem = "nonsense";
  EXPECT_FALSE(MakeChannelCredentials(options).ok());
}

TEST_F(GrpcTlsTest, ARefusalSaysWhenToComeBack) {
  grpc::ClientContext context;
  v1::GetProofResponse response;
  const auto stub = Connect(*MakeCertificate(authority_, ClientOptions()));
  const absl::Status status =
      FromGrpcStatus(stub->GetProof(&context, {}, &response), &context);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "pool is full");
  EXPECT_EQ(RetryAfterOf(status), std::chrono::milliseconds(250));
}

TEST(GrpcStatusTest, CodesSurviveTheWay) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), nullptr).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK, nullptr).ok());
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status, nullptr), nullptr), status);
  }
  EXPECT_EQ(FromGrpcStatus(grpc::Status(static_cast<grpc::StatusCode>(17), "?"),
                           nullptr)
                .code(),
            absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace vidimus
