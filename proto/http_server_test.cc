#include "proto/http_server.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/mutex.h"
#include "proto/raw_socket.h"
#include "proto/status.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Answers "METHOD target [body]".
void Echo(HttpRequest request, HttpResponder respond) {
  const char* const kNames[] = {"GET", "HEAD", "POST", "OPTIONS", "OTHER"};
  respond(
      HttpResponse(200, "text/plain",
                   absl::StrCat(kNames[static_cast<int>(request.method)], " ",
                                request.target, " [", request.body, "]\n")));
}

HttpServerOptions At(absl::string_view address) {
  HttpServerOptions options;
  options.address = std::string(address);
  return options;
}

std::unique_ptr<HttpServer> StartOrDie(const HttpServerOptions& options,
                                       HttpHandler handler) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

TEST(HttpServerTest, AnswersOneRequestAfterTheOther) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  for (int i = 0; i < 3; ++i) {
    socket.Send(absl::StrCat("GET /", i, "?q HTTP/1.1\r\nHost: x\r\n\r\n"));
    const std::string answer = socket.ReadUntil("]\n");
    EXPECT_EQ(answer, absl::StrCat("HTTP/1.1 200 OK\r\n"
                                   "Content-Type: text/plain\r\n"
                                   "Content-Length: 12\r\n\r\nGET /",
                                   i, "?q []\n"));
  }
  EXPECT_EQ(server->counts().requests, 3u);
  EXPECT_EQ(server->counts().connections, 1u);
}

TEST(HttpServerTest, AnswersRequestsThatCameInOnePacketInTheirOrder) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answers = socket.ReadAll();
  EXPECT_TRUE(socket.closed());
  const size_t a = answers.find("POST /a [abc]");
  const size_t b = answers.find("GET /b []");
  const size_t c = answers.find("GET /c []");
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_NE(c, std::string::npos);
  EXPECT_THAT(answers, HasSubstr("Connection: close\r\n"));
}

TEST(HttpServerTest, TakesARequestByteByByte) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  for (const char c : std::string(
           "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")) {
    ASSERT_TRUE(socket.Send(absl::string_view(&c, 1)));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_THAT(socket.ReadUntil("]\n"), EndsWith("POST /x [hi]\n"));
}

TEST(HttpServerTest, JoinsChunksAndIgnoresTrailers) {
  const auto server =
      StartOrDie({}, [](HttpRequest request, HttpResponder respond) {
        EXPECT_EQ(request.Header("X-Late"), "");
        Echo(std::move(request), std::move(respond));
      });
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Late: 1\r\n\r\n");
  EXPECT_THAT(socket.ReadUntil("]\n"), EndsWith("POST /x [abcde]\n"));
}

TEST(HttpServerTest, HeadHasTheLengthButNotTheBody) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = socket.ReadAll();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, AnOldClientKeepsItsConnectionOnlyIfItAsks) {
  const auto server = StartOrDie({}, Echo);
  RawSocket once = RawSocket::Connect(server->port());
  once.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(once.ReadAll(), HasSubstr("Connection: close"));
  EXPECT_TRUE(once.closed());
  RawSocket kept = RawSocket::Connect(server->port());
  kept.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(kept.ReadUntil("]\n"), HasSubstr("Connection: keep-alive"));
}

TEST(HttpServerTest, SaysContinueToThoseWhoWaitForIt) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.Send("hi");
  EXPECT_THAT(socket.ReadUntil("]\n"), EndsWith("POST / [hi]\n"));
}

TEST(HttpServerTest, FindsHeadersInAnyCase) {
  std::string seen;
  const auto server =
      StartOrDie({}, [&](HttpRequest request, HttpResponder respond) {
        seen = absl::StrCat(request.Header("content-TYPE"), "|",
                            request.Header("X-None"), "|", request.path(), "|",
                            request.query());
        respond(TextResponse(200, "ok"));
      });
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(
      "GET /p?a=b?c HTTP/1.1\r\nHost: x\r\nContent-Type:  a/b \r\n"
      "CONTENT-TYPE: second\r\n\r\n");
  socket.ReadUntil("ok\n");
  EXPECT_EQ(seen, "a/b||/p|a=b?c");
}

TEST(HttpServerTest, TakesAnAnswerFromAnyThreadLater) {
  std::vector<std::thread> threads;
  const auto server = StartOrDie({}, [&](HttpRequest, HttpResponder respond) {
    threads.emplace_back([respond = std::move(respond)]() mutable {
      std::this_thread::sleep_for(milliseconds(10));
      respond(TextResponse(200, "later"));
      respond(TextResponse(200, "again"));  // Has no effect.
    });
  });
  {
    RawSocket socket = RawSocket::Connect(server->port());
    for (int i = 0; i < 3; ++i) {
      socket.Send(kGet);
      EXPECT_THAT(socket.ReadUntil("later\n"), EndsWith("\r\n\r\nlater\n"));
    }
  }
  server->Shutdown(milliseconds(1000));
  for (std::thread& thread : threads) thread.join();
}

TEST(HttpServerTest, AnswersManyConnectionsFromOneThread) {
  Mutex mu;
  CondVar arrived;
  std::vector<HttpResponder> waiting;
  HttpServerOptions options;
  options.threads = 2;
  const auto server =
      StartOrDie(options, [&](HttpRequest, HttpResponder respond) {
        MutexLock lock(&mu);
        waiting.push_back(std::move(respond));
        arrived.Signal();
      });
  constexpr size_t kConnections = 300;
  std::vector<RawSocket> sockets;
  for (size_t i = 0; i < kConnections; ++i) {
    sockets.push_back(RawSocket::Connect(server->port()));
    ASSERT_TRUE(sockets.back().Send(kGet));
  }
  {
    MutexLock lock(&mu);
    while (waiting.size() < kConnections) arrived.Wait(&mu);
    for (HttpResponder& respond : waiting) respond(TextResponse(200, "all"));
  }
  for (RawSocket& socket : sockets) {
    EXPECT_THAT(socket.ReadUntil("all\n"), EndsWith("all\n"));
  }
  EXPECT_EQ(server->counts().connections, kConnections);
}

TEST(HttpServerTest, AForgottenRequestIsAnswered500) {
  const auto server = StartOrDie({}, [](HttpRequest, HttpResponder) {});
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(kGet);
  EXPECT_THAT(socket.ReadUntil("no answer\n"),
              StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST(HttpServerTest, AnAnswerMayOutliveTheServer) {
  HttpResponder kept;
  std::atomic<bool> has_it{false};
  auto server = StartOrDie({}, [&](HttpRequest, HttpResponder respond) {
    kept = std::move(respond);
    has_it = true;
  });
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(kGet);
  while (!has_it) std::this_thread::sleep_for(milliseconds(1));
  server.reset();
  kept(TextResponse(200, "too late"));
  EXPECT_EQ(socket.ReadAll(), "");
}

TEST(HttpServerTest, SendsPartOfASharedBodyWithoutCopyingIt) {
  std::string bytes(3 * 1024 * 1024, 'a');
  bytes[1000] = 'b';
  const auto shared = std::make_shared<const std::string>(std::move(bytes));
  const auto server = StartOrDie({}, [&](HttpRequest, HttpResponder respond) {
    HttpResponse response;
    response.SetSharedBody(shared, 1000);
    respond(std::move(response));
  });
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(50));  // Fills the socket's buffer.
  const std::string answer = socket.ReadAll();
  const size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_TRUE(answer.substr(body) == shared->substr(1000));
}

TEST(HttpResponseTest, ASharedBodyIsClampedToWhatThereIs) {
  HttpResponse response;
  const auto shared = std::make_shared<const std::string>("abcdef");
  response.SetSharedBody(shared, 2, 3);
  EXPECT_EQ(response.body(), "cde");
  response.SetSharedBody(shared, 4, 100);
  EXPECT_EQ(response.body(), "ef");
  response.SetSharedBody(shared, 100, 100);
  EXPECT_EQ(response.body(), "");
  response.SetSharedBody(nullptr);
  EXPECT_EQ(response.body(), "");
}

TEST(HttpResponseTest, AnErrorSaysWhatToDoAndWhenToComeBack) {
  const HttpResponse response = ErrorResponse(WithRetryAfter(
      absl::UnavailableError("pool is full"), milliseconds(1200)));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body(), "pool is full\n");
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0].first, "Retry-After");
  EXPECT_EQ(response.headers[0].second, "2");
  EXPECT_EQ(ErrorResponse(TooLargeError("limit")).status, 413);
}

TEST(HttpResponseTest, AWrongMethodIsToldTheRightOne) {
  const HttpResponse response = WrongMethod("POST");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.body(), "this path takes POST\n");
  EXPECT_THAT(response.headers, Contains(Pair("Allow", "POST")));
}

TEST(HttpServerTest, AHeaderValueCannotBreakOutOfItsLine) {
  const auto server = StartOrDie({}, [](HttpRequest, HttpResponder respond) {
    HttpResponse response = TextResponse(200, "ok");
    response.headers.emplace_back("X-A", "1\r\nX-B: 2");
    respond(std::move(response));
  });
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(kGet);
  EXPECT_THAT(socket.ReadUntil("ok\n"), HasSubstr("X-A: 1  X-B: 2\r\n"));
}

TEST(HttpServerTest, RejectsWhatIsNotHttp) {
  const auto server = StartOrDie({}, Echo);
  for (const std::string request :
       {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    RawSocket socket = RawSocket::Connect(server->port());
    socket.Send(request);
    const std::string answer = socket.ReadAll();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << request;
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nbad request: ")) << request;
    EXPECT_TRUE(socket.closed());
  }
  EXPECT_EQ(server->counts().bad_requests, 10u);
  EXPECT_EQ(server->counts().requests, 0u);
}

TEST(HttpServerTest, RejectsAHeaderOf200Kilobytes) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(absl::StrCat("GET / HTTP/1.1\r\nHost: x\r\nX-Long: ",
                           std::string(200000, 'a'), "\r\n\r\n"));
  const std::string answer = socket.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer, EndsWith("limit is 16384 bytes\n"));
}

TEST(HttpServerTest, RejectsATargetOf200Kilobytes) {
  const auto server = StartOrDie({}, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(absl::StrCat("GET /", std::string(200000, 'a'),
                           " HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(socket.ReadAll(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServerTest, TakesABodyAtItsLimitAndNotAByteMore) {
  HttpServerOptions options;
  options.body_bytes_max = 100000;
  const auto server = StartOrDie(options, Echo);
  for (const bool chunked : {false, true}) {
    for (const size_t size : {100000, 100001}) {
      RawSocket socket = RawSocket::Connect(server->port());
      const std::string body(size, 'b');
      socket.Send(
          chunked ? absl::StrCat("POST / HTTP/1.1\r\nHost: x\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n",
                                 absl::Hex(size), "\r\n", body, "\r\n0\r\n\r\n")
                  : absl::StrCat(
                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ", size,
                        "\r\n\r\n", body));
      socket.CloseWrite();
      const std::string answer = socket.ReadAll();
      if (size <= options.body_bytes_max) {
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(answer, EndsWith("bbb]\n"));
      } else {
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
        EXPECT_THAT(answer, EndsWith("limit is 100000 bytes\n"));
      }
    }
  }
}

TEST(HttpServerTest, RejectsAnEndlessChunkHeader) {
  HttpServerOptions options;
  options.header_bytes_max = 1024;
  const auto server = StartOrDie(options, Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  socket.Send("1;");
  for (int i = 0; i < 40; ++i) {
    if (!socket.Send(std::string(10000, 'e'))) break;
  }
  EXPECT_THAT(socket.ReadAll(), StartsWith("HTTP/1.1 400 "));
}

HttpServerOptions Hurried() {
  HttpServerOptions options;
  options.request_timeout = milliseconds(300);
  options.idle_timeout = milliseconds(600);
  return options;
}

// Sends a byte every 20 ms; returns what came back until the server closed.
std::string Drip(uint16_t port, absl::string_view begin, char drop,
                 milliseconds* took) {
  RawSocket socket = RawSocket::Connect(port);
  const auto start = std::chrono::steady_clock::now();
  socket.Send(begin);
  std::string answer;
  while (!socket.closed()) {
    socket.Send(absl::string_view(&drop, 1));
    answer += socket.ReadAll(milliseconds(20));
    *took = std::chrono::duration_cast<milliseconds>(
        std::chrono::steady_clock::now() - start);
    if (*took > milliseconds(5000)) break;
  }
  return answer;
}

TEST(HttpServerTest, ClosesASlowHeader) {
  const auto server = StartOrDie(Hurried(), Echo);
  milliseconds took;
  EXPECT_THAT(Drip(server->port(), "GET / HTTP/1.1\r\nX-A: ", 'a', &took),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(took, milliseconds(3000));
  EXPECT_GT(took, milliseconds(200));
  EXPECT_EQ(server->counts().timeouts, 1u);
}

TEST(HttpServerTest, ClosesASlowBody) {
  const auto server = StartOrDie(Hurried(), Echo);
  milliseconds took;
  EXPECT_THAT(Drip(server->port(),
                   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
                   'a', &took),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(took, milliseconds(3000));
}

TEST(HttpServerTest, ClosesOneWhoSaysNothing) {
  const auto server = StartOrDie(Hurried(), Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  EXPECT_EQ(socket.ReadAll(milliseconds(3000)), "");
  EXPECT_TRUE(socket.closed());
}

TEST(HttpServerTest, GivesUpAReaderWhoIsTooSlowForTheBodyAndNoOther) {
  // More than the buffers of a client that shuts its ears.
  const auto shared =
      std::make_shared<const std::string>(std::string(32 << 20, 'a'));
  for (const bool is_patient : {true, false}) {
    HttpServerOptions options = Hurried();
    options.write_bytes_per_second_min = is_patient ? 1 << 20 : 1 << 30;
    const auto server =
        StartOrDie(options, [&](HttpRequest, HttpResponder respond) {
          HttpResponse response;
          response.SetSharedBody(shared);
          respond(std::move(response));
        });
    RawSocket socket = RawSocket::Connect(server->port());
    socket.Send(kGet);
    const auto start = std::chrono::steady_clock::now();
    const auto took = [&start] {
      return std::chrono::steady_clock::now() - start;
    };
    while (server->counts().connections == 0 && took() < milliseconds(5000)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    while (server->counts().connections > 0 &&
           took() < milliseconds(is_patient ? 900 : 10000)) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_EQ(server->counts().timeouts, is_patient ? 0u : 1u);
    EXPECT_EQ(server->counts().connections, is_patient ? 1u : 0u);
  }
}

TEST(HttpServerTest, TheClockOfARequestStartsWithItsFirstByte) {
  const auto server = StartOrDie(Hurried(), Echo);
  RawSocket socket = RawSocket::Connect(server->port());
  socket.Send(kGet);
  EXPECT_THAT(socket.ReadUntil("]\n"), HasSubstr("200 OK"));
  // Longer than a request may take, shorter than a connection may idle.
  std::this_thread::sleep_for(milliseconds(450));
  socket.Send(kGet);
  EXPECT_THAT(socket.ReadUntil("]\n"), HasSubstr("200 OK"));
}

TEST(HttpServerTest, RefusesAConnectionTooMany) {
  HttpServerOptions options;
  options.connections_max = 2;
  const auto server = StartOrDie(options, Echo);
  RawSocket first = RawSocket::Connect(server->port());
  RawSocket second = RawSocket::Connect(server->port());
  first.Send(kGet);
  first.ReadUntil("]\n");
  second.Send(kGet);
  second.ReadUntil("]\n");
  RawSocket third = RawSocket::Connect(server->port());
  EXPECT_THAT(third.ReadAll(), StartsWith("HTTP/1.1 503 "));
  first.Close();
  std::string answer;
  for (int i = 0; i < 100 && answer.find("200 OK") == std::string::npos; ++i) {
    RawSocket next = RawSocket::Connect(server->port());
    next.Send(kGet);
    answer = next.ReadUntil("\n");
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_GE(server->counts().refused_connections, 1u);
}

TEST(HttpServerTest, IdleConnectionsDoNotLockOutOthersForLong) {
  HttpServerOptions options;
  options.connections_max = 4;
  options.request_timeout = milliseconds(200);  // Ticks often.
  const auto server = StartOrDie(options, Echo);
  std::vector<RawSocket> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(RawSocket::Connect(server->port()));
    idle.back().Send(kGet);
    EXPECT_THAT(idle.back().ReadUntil("]\n"), HasSubstr("200 OK"));
  }
  const auto start = std::chrono::steady_clock::now();
  while (server->counts().connections == 4 &&
         std::chrono::steady_clock::now() - start < milliseconds(10000)) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  RawSocket next = RawSocket::Connect(server->port());
  next.Send(kGet);
  EXPECT_THAT(next.ReadUntil("]\n"), HasSubstr("200 OK"));
  EXPECT_EQ(server->counts().refused_connections, 0u);
}

TEST(HttpServerTest, PassesATargetOnAsItCame) {
  const auto server = StartOrDie({}, Echo);
  for (const std::string target :
       {"/../../etc/passwd", "/tile/x000/001", "/tile/0/000.p/0", "//a//b",
        "/%2e%2e/%00", "*", "http://other.example/a", "/a?b#c"}) {
    RawSocket socket = RawSocket::Connect(server->port());
    socket.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(socket.ReadUntil("]\n"),
                EndsWith(absl::StrCat("\r\nGET ", target, " []\n")));
  }
  for (const std::string target : {"/a b", "/a\x01", "/a\x7f", ""}) {
    RawSocket socket = RawSocket::Connect(server->port());
    socket.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(socket.ReadAll(), StartsWith("HTTP/1.1 400 ")) << target;
  }
}

TEST(HttpServerTest, ShutdownLetsWhatIsUnderWayFinish) {
  std::atomic<bool> has_it{false};
  HttpResponder kept;
  const auto server = StartOrDie({}, [&](HttpRequest, HttpResponder respond) {
    kept = std::move(respond);
    has_it = true;
  });
  RawSocket busy = RawSocket::Connect(server->port());
  busy.Send(kGet);
  RawSocket idle = RawSocket::Connect(server->port());
  while (!has_it) std::this_thread::sleep_for(milliseconds(1));
  std::thread answerer([&] {
    // The idle one is closed while the busy one still waits.
    EXPECT_EQ(idle.ReadAll(), "");
    EXPECT_TRUE(idle.closed());
    kept(TextResponse(200, "finished"));
  });
  const auto start = std::chrono::steady_clock::now();
  server->Shutdown(milliseconds(5000));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(4000));
  answerer.join();
  const std::string answer = busy.ReadAll();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("finished\n"));
  EXPECT_FALSE(RawSocket::Connect(server->port()).ok());
}

TEST(HttpServerTest, ShutdownDoesNotWaitForever) {
  HttpResponder kept;
  std::atomic<bool> has_it{false};
  const auto server = StartOrDie({}, [&](HttpRequest, HttpResponder respond) {
    kept = std::move(respond);
    has_it = true;
  });
  RawSocket busy = RawSocket::Connect(server->port());
  busy.Send(kGet);
  while (!has_it) std::this_thread::sleep_for(milliseconds(1));
  const auto start = std::chrono::steady_clock::now();
  server->Shutdown(milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(3000));
}

TEST(HttpServerTest, SaysWhyItCannotListen) {
  EXPECT_EQ(HttpServer::Start(At("nonsense"), Echo).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(HttpServer::Start(At("log.example:80"), Echo).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto server = StartOrDie({}, Echo);
  const absl::Status taken =
      HttpServer::Start(At(absl::StrCat("127.0.0.1:", server->port())), Echo)
          .status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(taken.message()),
              HasSubstr("Address already in use"));
}

TEST(HttpRequestTest, KnowsWhoTakesGzip) {
  const std::pair<const char*, bool> kCases[] = {
      {"gzip", true},
      {"deflate, GZIP", true},
      {"gzip;q=0.5", true},
      {"gzip; q=0", false},
      {"*", true},
      {"*;q=0", false},
      {"gzip;q=0, *", false},
      {"br, identity", false},
      {"", false},
      {"gzip;q=nonsense", false},
      {"*;q=0, gzip", true},
  };
  for (const auto& [value, accepts] : kCases) {
    HttpRequest request;
    request.AddHeader("accept-encoding", value);
    EXPECT_EQ(request.AcceptsGzip(), accepts) << value;
  }
  EXPECT_FALSE(HttpRequest().AcceptsGzip());
}

TEST(HttpRequestTest, OnlyABodyThatIsSentAsJsonIsJson) {
  const std::pair<const char*, bool> kCases[] = {
      {"application/json", true},
      {"Application/JSON", true},
      {"application/json; charset=utf-8", true},
      {"application/json ;x", true},
      {"", false},
      {"application/jsonx", false},
      {"application/json, text/plain", false},
      {"text/plain; application/json", false},
      {"application/x-www-form-urlencoded", false},
  };
  for (const auto& [value, is_json] : kCases) {
    HttpRequest request;
    request.AddHeader("content-type", value);
    EXPECT_EQ(JudgeJsonBody(request).ok(), is_json) << value;
  }
  EXPECT_EQ(JudgeJsonBody(HttpRequest()).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vidimus
