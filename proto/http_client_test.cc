// Our client against our server, and against servers without manners.

#include "proto/http_client.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/administration.h"
#include "proto/certificates.h"
#include "proto/gzip.h"
#include "proto/http_server.h"
#include "proto/raw_socket.h"
#include "proto/status.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kLongAgo = 1577836800;   // 2020-01-01
constexpr int64_t kFarAhead = 4102444800;  // 2100-01-01

std::unique_ptr<HttpServer> Serve(HttpHandler handler,
                                  const HttpServerOptions& options = {}) {
  auto server = HttpServer::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

std::unique_ptr<HttpClient> ClientOf(uint16_t port,
                                     const HttpClientOptions& options = {},
                                     absl::string_view scheme = "http") {
  auto client = HttpClient::New(
      *ParseUrl(absl::StrCat(scheme, "://127.0.0.1:", port, "/base")), options);
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

TEST(HttpClientTest, GetsAndPostsOverOneConnection) {
  const auto server = Serve([](HttpRequest request, HttpResponder respond) {
    HttpResponse response = TextResponse(
        request.method == HttpMethod::kPost ? 201 : 200,
        absl::StrCat(request.target, " ", request.Header("Content-Type"), " ",
                     request.Header("X-A"), " [", request.body, "]"));
    response.headers.emplace_back("X-Reply", "yes");
    respond(std::move(response));
  });
  const auto client = ClientOf(server->port());
  for (int i = 0; i < 3; ++i) {
    const auto got = client->Get("a/b?c=d");
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "/base/a/b?c=d   []\n");
    EXPECT_EQ(got->Header("x-reply"), "yes");
    const auto posted = client->Post("p", "text/x", "body", {{"X-A", "1"}});
    ASSERT_TRUE(posted.ok()) << posted.status();
    EXPECT_EQ(posted->status, 201);
    EXPECT_EQ(posted->body, "/base/p text/x 1 [body]\n");
  }
  EXPECT_EQ(server->counts().accepted, 1u);
}

TEST(HttpClientTest, ConnectsAgainWhenTheServerHasClosed) {
  HttpServerOptions options;
  options.idle_timeout = milliseconds(50);
  const auto server =
      Serve([](HttpRequest,
               HttpResponder respond) { respond(TextResponse(200, "ok")); },
            options);
  const auto client = ClientOf(server->port());
  EXPECT_TRUE(client->Get("a").ok());
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_TRUE(client->Get("a").ok());
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_TRUE(client->Post("a", "text/plain", "x").ok());
  EXPECT_EQ(server->counts().accepted, 3u);
}

TEST(HttpClientTest, SendsAndTakesLargeBodies) {
  const auto server = Serve([](HttpRequest request, HttpResponder respond) {
    respond(HttpResponse(200, "x/y", std::move(request.body)));
  });
  const std::string body(4 * 1024 * 1024, 'b');
  const auto reply = ClientOf(server->port())->Post("p", "x/y", body);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->body == body);
}

TEST(HttpClientTest, SeesTheRefusalOfABodyTheServerDoesNotRead) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  const auto server = Serve([](HttpRequest, HttpResponder) {}, options);
  const auto client = ClientOf(server->port());
  const auto reply =
      client->Post("p", "x/y", std::string(16 * 1024 * 1024, 'b'));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 413);
  EXPECT_EQ(StatusOfReply(*reply).code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpClientTest, UnzipsWhatComesZippedWithinTheBound) {
  const auto server = Serve([](HttpRequest request, HttpResponder respond) {
    const size_t size = request.path() == "/base/bomb" ? 50 << 20 : 1000;
    HttpResponse response(200, "x/y", Gzip(std::string(size, 'z')));
    response.headers.emplace_back("Content-Encoding", "gzip");
    respond(std::move(response));
  });
  HttpClientOptions options;
  options.body_bytes_max = 1 << 20;
  options.asks_for_gzip = false;
  const auto client = ClientOf(server->port(), options);
  const auto reply = client->Get("a");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, std::string(1000, 'z'));
  EXPECT_EQ(client->Get("bomb").status().code(), absl::StatusCode::kInternal);
}

TEST(HttpClientTest, RejectsATargetThatWouldBreakOutOfItsLine) {
  const auto client = ClientOf(1);
  for (const char* path : {"a b", "a\r\nX: y", "a\tb", "\x7f", "h\xc3\xa4r"}) {
    EXPECT_EQ(client->Get(path).status().code(),
              absl::StatusCode::kInvalidArgument)
        << path;
  }
  EXPECT_EQ(client->Post("a", "x/y\r\nX: y", "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client->Post("a", "x/y", "", {{"X", "1\n"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(HttpClientTest, SaysWhenNobodyListens) {
  uint16_t port;
  {
    RawListener listener;
    port = listener.port();
  }
  const absl::Status status = ClientOf(port)->Get("a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
  auto client = HttpClient::New(*ParseUrl("http://no-such-host.invalid"), {});
  EXPECT_FALSE((*client)->Get("a").ok());
}

// Lets `play` answer one connection whose request header it has read, and
// returns what the client made of it.
absl::StatusOr<HttpReply> GetFrom(const std::function<void(RawSocket*)>& play,
                                  HttpClientOptions options = {}) {
  RawListener listener;
  std::thread server([&] {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    play(&socket);
  });
  auto reply = ClientOf(listener.port(), options)->Get("a");
  server.join();
  return reply;
}

absl::StatusOr<HttpReply> GetBytes(const std::string& bytes,
                                   HttpClientOptions options = {}) {
  return GetFrom([&](RawSocket* socket) { socket->Send(bytes); }, options);
}

HttpClientOptions Small() {
  HttpClientOptions options;
  options.timeout = milliseconds(300);
  options.header_bytes_max = 4096;
  options.body_bytes_max = 10000;
  return options;
}

TEST(HttpClientTest, TakesABodyThatEndsWithTheConnection) {
  const auto reply = GetBytes("HTTP/1.1 200 OK\r\n\r\nbody");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "body");
}

TEST(HttpClientTest, TakesChunksAndInterimAnswers) {
  const auto reply = GetBytes(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "body");
}

TEST(HttpClientTest, RejectsABodyOfTheWrongLength) {
  EXPECT_EQ(GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
                .status()
                .code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5\r\nabc")
                .status()
                .code(),
            absl::StatusCode::kInternal);
  EXPECT_FALSE(GetBytes("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").ok());
  EXPECT_FALSE(GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                        "Content-Length: 2\r\n\r\nab")
                   .ok());
  // Too long: the answer is what was announced, and the connection is dropped.
  const auto reply =
      GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "ab");
}

TEST(HttpClientTest, RejectsAnEndlessBody) {
  for (const char* header : {"\r\n", "Transfer-Encoding: chunked\r\n\r\n",
                             "Content-Length: 99999999999999\r\n\r\n"}) {
    const auto reply = GetFrom(
        [&](RawSocket* socket) {
          socket->Send(absl::StrCat("HTTP/1.1 200 OK\r\n", header));
          const std::string chunk(1000, 'x');
          for (int i = 0; i < 100000; ++i) {
            if (!socket->Send(absl::StrCat("3e8\r\n", chunk, "\r\n"))) break;
          }
        },
        Small());
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kInternal) << header;
    EXPECT_THAT(std::string(reply.status().message()), HasSubstr("too large"));
  }
}

TEST(HttpClientTest, RejectsAHugeHeaderAndEndlessInterimAnswers) {
  EXPECT_EQ(GetBytes(absl::StrCat("HTTP/1.1 200 OK\r\nX: ",
                                  std::string(200000, 'x'), "\r\n\r\n"),
                     Small())
                .status()
                .code(),
            absl::StatusCode::kInternal);
  const auto endless = GetFrom(
      [](RawSocket* socket) {
        while (socket->Send("HTTP/1.1 100 Continue\r\n\r\n")) {
        }
      },
      Small());
  EXPECT_EQ(endless.status().code(), absl::StatusCode::kInternal);
}

TEST(HttpClientTest, RejectsWhatIsNotHttpAndSilence) {
  EXPECT_EQ(GetBytes("hello\r\n\r\n").status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(GetBytes("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(GetBytes("HTTP/1.1 20").status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(GetBytes("").status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpClientTest, RejectsRedirectsAndCodingsNobodyAskedFor) {
  const absl::Status redirect =
      GetBytes(
          "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
          "Content-Length: 0\r\n\r\n")
          .status();
  EXPECT_EQ(redirect.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(redirect.message()), HasSubstr("redirect"));
  EXPECT_FALSE(GetBytes("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n"
                        "Content-Length: 1\r\n\r\nx")
                   .ok());
  EXPECT_FALSE(GetBytes("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                        "Content-Length: 1\r\n\r\nx")
                   .ok());
}

TEST(HttpClientTest, TheDeadlineCoversASlowHeaderASlowBodyAndSilence) {
  for (const char* begin :
       {"", "HTTP/1.1 200 OK\r\nX: ",
        "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"}) {
    const auto start = std::chrono::steady_clock::now();
    const auto reply = GetFrom(
        [&](RawSocket* socket) {
          socket->Send(begin);
          while (*begin != '\0' && socket->Send("x")) {
            std::this_thread::sleep_for(milliseconds(20));
          }
          if (*begin == '\0') socket->ReadAll();
        },
        Small());
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded)
        << begin;
    EXPECT_GE(took, milliseconds(290));
    EXPECT_LT(took, milliseconds(3000));
  }
}

TEST(StatusOfReplyTest, TellsWhatTheServerSaidOnOneLine) {
  HttpReply reply;
  reply.status = 503;
  reply.body = "pool is \x1b[31mfull\nsecond line";
  reply.headers.emplace_back("retry-after", "2");
  const absl::Status status = StatusOfReply(reply);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "HTTP 503: pool is ?[31mfull");
  EXPECT_EQ(RetryAfterOf(status), milliseconds(2000));
  reply.status = 204;
  EXPECT_TRUE(StatusOfReply(reply).ok());
  reply.status = 404;
  reply.body = std::string(100000, 'a');
  EXPECT_EQ(StatusOfReply(reply).message().size(), 210u);
}

class HttpsTest : public ::testing::Test {
 protected:
  HttpsTest() : authority_(*MakeAuthority("Test CA", kLongAgo, kFarAhead)) {
    CertificateOptions options;
    options.common_name = "log";
    options.not_before_s = kLongAgo;
    options.not_after_s = kFarAhead;
    options.is_server = true;
    options.ip_addresses = {"127.0.0.1"};
    const Certificate certificate = *MakeCertificate(authority_, options);
    TlsOptions tls;
    tls.certificate_chain_pem = certificate.certificate_pem;
    tls.private_key_pem = certificate.private_key_pem;
    tls.ca_pem = authority_.certificate_pem;
    HttpServerOptions server_options;
    server_options.tls = *TlsContext::NewServer(tls);
    server_options.request_timeout = milliseconds(500);
    server_ = Serve(
        [](HttpRequest request, HttpResponder respond) {
          if (request.path() == "/base/large") {
            HttpResponse response;
            response.SetSharedBody(
                std::make_shared<const std::string>(5 << 20, 'l'));
            return respond(std::move(response));
          }
          respond(
              TextResponse(200, request.peer_uris == nullptr
                                    ? "nobody"
                                    : absl::StrCat(request.peer_uris->at(0),
                                                   " ", request.body.size())));
        },
        server_options);
  }

  HttpClientOptions Believing(const Certificate& authority) {
    TlsOptions tls;
    tls.ca_pem = authority.certificate_pem;
    HttpClientOptions options;
    options.tls = *TlsContext::NewClient(tls);
    return options;
  }

  HttpClientOptions Showing(int64_t not_after_s) {
    CertificateOptions client;
    client.common_name = "malmo";
    client.not_before_s = kLongAgo;
    client.not_after_s = not_after_s;
    client.is_client = true;
    client.uris = {AdministrationUri(7)};
    const Certificate certificate = *MakeCertificate(authority_, client);
    TlsOptions tls;
    tls.ca_pem = authority_.certificate_pem;
    tls.certificate_chain_pem = certificate.certificate_pem;
    tls.private_key_pem = certificate.private_key_pem;
    HttpClientOptions options;
    options.tls = *TlsContext::NewClient(tls);
    return options;
  }

  Certificate authority_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpsTest, TheHandlerSeesTheCertificate) {
  const auto client = ClientOf(server_->port(), Showing(kFarAhead), "https");
  for (int i = 0; i < 3; ++i) {
    const auto reply = client->Post("a", "x/y", std::string(1000000, 'b'));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->body, "urn:vidimus:administration:7 1000000\n");
  }
  const auto large = client->Get("large");
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_TRUE(large->body == std::string(5 << 20, 'l'));
  EXPECT_EQ(server_->counts().accepted, 1u);
}

TEST_F(HttpsTest, AReaderNeedsNoCertificate) {
  const auto reply =
      ClientOf(server_->port(), Believing(authority_), "https")->Get("a");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "nobody\n");
}

TEST_F(HttpsTest, RejectsAnExpiredClientAndAForeignServer) {
  EXPECT_FALSE(ClientOf(server_->port(), Showing(kLongAgo + 86400), "https")
                   ->Get("a")
                   .ok());
  const Certificate foreign = *MakeAuthority("Test CA", kLongAgo, kFarAhead);
  EXPECT_EQ(ClientOf(server_->port(), Believing(foreign), "https")
                ->Get("a")
                .status()
                .code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_GE(server_->counts().tls_failures, 1u);
  // The server is none the worse for it.
  EXPECT_TRUE(
      ClientOf(server_->port(), Believing(authority_), "https")->Get("a").ok());
}

TEST_F(HttpsTest, PlaintextAndTlsDoNotUnderstandEachOther) {
  EXPECT_FALSE(ClientOf(server_->port())->Get("a").ok());
  const auto plain = Serve([](HttpRequest, HttpResponder respond) {
    respond(TextResponse(200, "ok"));
  });
  EXPECT_EQ(ClientOf(plain->port(), Believing(authority_), "https")
                ->Get("a")
                .status()
                .code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(HttpsTest, ClosesOneWhoNeverFinishesTheHandshake) {
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send(absl::string_view("\x16\x03\x01\x02\x00\x01", 6));
  socket.ReadAll(milliseconds(5000));
  EXPECT_TRUE(socket.closed());
}

TEST_F(HttpsTest, ShutdownSaysGoodbye) {
  const auto client = ClientOf(server_->port(), Believing(authority_), "https");
  EXPECT_TRUE(client->Get("a").ok());
  server_->Shutdown(milliseconds(1000));
  EXPECT_EQ(client->Get("a").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace vidimus
