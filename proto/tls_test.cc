// Sessions talk to each other in memory here; over sockets they do in
// http_client_test.cc.

#include "proto/tls.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/administration.h"
#include "proto/certificates.h"

namespace vidimus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kYear = 365 * 86400;
constexpr int64_t kLongAgo = 1577836800;   // 2020-01-01
constexpr int64_t kFarAhead = 4102444800;  // 2100-01-01

Certificate Authority(const std::string& name) {
  return *MakeAuthority(name, kLongAgo, kFarAhead);
}

CertificateOptions ServerOptions() {
  CertificateOptions options;
  options.common_name = "log";
  options.not_before_s = kLongAgo;
  options.not_after_s = kFarAhead;
  options.is_server = true;
  options.dns_names = {"localhost", "log.example"};
  options.ip_addresses = {"127.0.0.1", "::1"};
  return options;
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

// One authority, a server and a client under it.
class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : authority_(Authority("Test CA")) {
    const Certificate server = *MakeCertificate(authority_, ServerOptions());
    server_options_.certificate_chain_pem = server.certificate_pem;
    server_options_.private_key_pem = server.private_key_pem;
    server_options_.ca_pem = authority_.certificate_pem;
    client_options_.ca_pem = authority_.certificate_pem;
    Show(*MakeCertificate(authority_, ClientOptions()));
  }

  void Show(const Certificate& client) {
    client_options_.certificate_chain_pem = client.certificate_pem;
    client_options_.private_key_pem = client.private_key_pem;
  }

  // Lets both sides speak until neither has more to say.
  void Handshake(const std::string& host = "log.example") {
    auto server_context = TlsContext::NewServer(server_options_);
    ASSERT_TRUE(server_context.ok()) << server_context.status();
    auto client_context = TlsContext::NewClient(client_options_);
    ASSERT_TRUE(client_context.ok()) << client_context.status();
    server_ = TlsSession::Accept(*server_context);
    auto client = TlsSession::Connect(*client_context, host);
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
    client_status_ = client_->Receive("", &client_plain_, &to_server_);
    Exchange();
  }

  void Exchange() {
    while (!to_server_.empty() || !to_client_.empty()) {
      std::string bytes = std::move(to_server_);
      to_server_.clear();
      if (server_status_.ok() && !bytes.empty()) {
        server_status_ = server_->Receive(bytes, &server_plain_, &to_client_);
      }
      bytes = std::move(to_client_);
      to_client_.clear();
      if (client_status_.ok() && !bytes.empty()) {
        client_status_ = client_->Receive(bytes, &client_plain_, &to_server_);
      }
    }
  }

  void ExpectRefused() {
    EXPECT_FALSE(server_status_.ok() && client_status_.ok());
    EXPECT_EQ(server_plain_, "");
    EXPECT_EQ(client_plain_, "");
  }

  Certificate authority_;
  TlsOptions server_options_;
  TlsOptions client_options_;
  std::unique_ptr<TlsSession> server_, client_;
  absl::Status server_status_, client_status_;
  std::string to_server_, to_client_;
  std::string server_plain_, client_plain_;
};

TEST_F(TlsTest, CarriesBytesBothWaysAndSaysWhoTheClientIs) {
  server_options_.require_client_certificate = true;
  Handshake();
  ASSERT_TRUE(server_status_.ok()) << server_status_;
  ASSERT_TRUE(client_status_.ok()) << client_status_;
  ASSERT_TRUE(server_->handshake_done() && client_->handshake_done());
  ASSERT_NE(server_->peer_uris(), nullptr);
  EXPECT_THAT(*server_->peer_uris(), ElementsAre(AdministrationUri(7)));

  const std::string question(100000, 'q');
  ASSERT_TRUE(client_->Encrypt(question, &to_server_).ok());
  EXPECT_FALSE(absl::StrContains(to_server_, "qqqqqqqq"));
  Exchange();
  EXPECT_EQ(server_plain_, question);
  ASSERT_TRUE(server_->Encrypt("answer", &to_client_).ok());
  server_->Close(&to_client_);
  Exchange();
  EXPECT_EQ(client_plain_, "answer");
  EXPECT_TRUE(client_->peer_closed());
  EXPECT_FALSE(server_->peer_closed());
}

TEST_F(TlsTest, FindsTheServerByEachOfItsNamesAndNoOther) {
  for (const char* host : {"localhost", "log.example", "127.0.0.1", "::1"}) {
    server_status_ = client_status_ = absl::OkStatus();
    Handshake(host);
    EXPECT_TRUE(client_status_.ok()) << host << ": " << client_status_;
  }
  for (const char* host : {"example", "x.log.example", "127.0.0.2"}) {
    server_status_ = client_status_ = absl::OkStatus();
    Handshake(host);
    EXPECT_FALSE(client_status_.ok()) << host;
    EXPECT_EQ(client_status_.code(), absl::StatusCode::kUnauthenticated);
  }
}

TEST_F(TlsTest, LetsAClientWithoutACertificateInOnlyIfNoneIsRequired) {
  Show({});
  Handshake();
  EXPECT_TRUE(server_status_.ok()) << server_status_;
  EXPECT_EQ(server_->peer_uris(), nullptr);
  server_options_.require_client_certificate = true;
  Handshake();
  ExpectRefused();
  EXPECT_FALSE(server_status_.ok());
}

TEST_F(TlsTest, RejectsAnExpiredClientAndOneFromTheFuture) {
  CertificateOptions options = ClientOptions();
  options.not_after_s = kLongAgo + kYear;
  Show(*MakeCertificate(authority_, options));
  Handshake();
  ExpectRefused();
  EXPECT_THAT(std::string(server_status_.message()), HasSubstr("expired"));

  options = ClientOptions();
  options.not_before_s = kFarAhead - kYear;
  Show(*MakeCertificate(authority_, options));
  server_status_ = client_status_ = absl::OkStatus();
  Handshake();
  ExpectRefused();
  EXPECT_THAT(std::string(server_status_.message()),
              HasSubstr("not yet valid"));
}

TEST_F(TlsTest, RejectsAClientOfAForeignAuthorityOfTheSameName) {
  Show(*MakeCertificate(Authority("Test CA"), ClientOptions()));
  Handshake();
  ExpectRefused();
  EXPECT_FALSE(server_status_.ok());
}

TEST_F(TlsTest, RejectsAServersCertificateShownByAClient) {
  Show(*MakeCertificate(authority_, ServerOptions()));
  Handshake();
  ExpectRefused();
  EXPECT_FALSE(server_status_.ok());
}

TEST_F(TlsTest, RejectsAClientThatSignedItsOwnCertificate) {
  // A certificate that may not sign is no authority, though its chain ends
  // well.
  const Certificate middle = *MakeCertificate(authority_, ClientOptions());
  Certificate forged = *MakeCertificate(middle, ClientOptions());
  forged.certificate_pem += middle.certificate_pem;
  Show(forged);
  Handshake();
  ExpectRefused();
  EXPECT_FALSE(server_status_.ok());
}

TEST_F(TlsTest, RejectsAServerOfAForeignAuthority) {
  client_options_.ca_pem = Authority("Another CA").certificate_pem;
  Handshake();
  ExpectRefused();
  EXPECT_FALSE(client_status_.ok());
}

TEST_F(TlsTest, RejectsADamagedRecord) {
  Handshake();
  ASSERT_TRUE(client_->Encrypt("question", &to_server_).ok());
  to_server_[to_server_.size() - 1] ^= 1;
  Exchange();
  EXPECT_FALSE(server_status_.ok());
  EXPECT_EQ(server_plain_, "");
  std::string more;
  EXPECT_FALSE(server_->Receive("x", &server_plain_, &more).ok());
  EXPECT_FALSE(server_->Encrypt("x", &more).ok());
}

TEST_F(TlsTest, RejectsWhatIsNotTls) {
  Handshake();
  auto context = TlsContext::NewServer(server_options_);
  auto session = TlsSession::Accept(*context);
  std::string plain, send;
  EXPECT_FALSE(
      session->Receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n", &plain, &send)
          .ok());
  EXPECT_FALSE(session->Encrypt("x", &send).ok());
}

TEST_F(TlsTest, RejectsPemThatCannotBeUsed) {
  TlsOptions options = server_options_;
  options.certificate_chain_pem = "nonsense";
  EXPECT_FALSE(TlsContext::NewServer(options).ok());
  options = server_options_;
  options.private_key_pem = client_options_.private_key_pem;
  EXPECT_THAT(std::string(TlsContext::NewServer(options).status().message()),
              HasSubstr("key"));
  options = server_options_;
  options.ca_pem = "nonsense";
  EXPECT_FALSE(TlsContext::NewServer(options).ok());
  options.ca_pem = "";
  EXPECT_TRUE(TlsContext::NewServer(options).ok());
  options.require_client_certificate = true;
  EXPECT_FALSE(TlsContext::NewServer(options).ok());
}

TEST(CertificateTest, RejectsWhatCannotBeInACertificate) {
  EXPECT_FALSE(MakeAuthority("", kLongAgo, kFarAhead).ok());
  EXPECT_FALSE(MakeAuthority(std::string(65, 'x'), kLongAgo, kFarAhead).ok());
  EXPECT_FALSE(MakeAuthority("CA", kFarAhead, kLongAgo).ok());
  const Certificate authority = Authority("CA");
  EXPECT_FALSE(MakeCertificate({}, ClientOptions()).ok());
  EXPECT_FALSE(MakeCertificate(
                   {authority.certificate_pem, Authority("CA").private_key_pem},
                   ClientOptions())
                   .ok());
  CertificateOptions options = ClientOptions();
  options.is_client = false;
  EXPECT_FALSE(MakeCertificate(authority, options).ok());
  options = ServerOptions();
  options.ip_addresses = {"not.an.address"};
  EXPECT_FALSE(MakeCertificate(authority, options).ok());
}

TEST(ReadTlsFilesTest, RejectsAKeyThatOthersMayRead) {
  std::string folder = ::testing::TempDir() + "/tlsXXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string key = folder + "/key.pem";
  std::ofstream(key) << "secret";
  ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  EXPECT_EQ(ReadTlsFiles("", key, "").status().code(),
            absl::StatusCode::kPermissionDenied);
  ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
  auto read = ReadTlsFiles("", key, "");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->private_key_pem, "secret");
  EXPECT_EQ(ReadTlsFiles(folder + "/none", key, "").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vidimus
