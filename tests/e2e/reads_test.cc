// An opaque log over plaintext HTTP and gRPC: paths, methods and bodies that
// no decent client would send, each with its answer, beside a client who must
// not notice.
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/raw_socket.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr int kEntries = 600;  // two full bundles and a partial one

std::string EntryAt(int i) { return absl::StrCat("entry ", i); }

class ReadsTest : public testing::Test {
 protected:
  void SetUp() override {
    InitFolder(dir_, "log.example/reads", true);
    Start();
    std::vector<std::string> entries;
    for (int i = 0; i < kEntries; ++i) entries.push_back(EntryAt(i));
    const v1::SubmitRequest request = MakeOpaqueRequest(entries);
    const auto receipt = SubmitOver(channel_, request);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    ASSERT_TRUE(JudgeReceipt(key_, request, *receipt).ok());
  }

  // Afterwards, always: the server lives, the log is sound, nothing is lost.
  void TearDown() override {
    ASSERT_TRUE(server_->Alive()) << server_->Errors();
    const auto log = ReadWholeLog(http_.get(), key_, false);
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_GE(log->entries.size(), static_cast<size_t>(kEntries));
    for (int i = 0; i < kEntries; ++i) EXPECT_EQ(log->entries[i], EntryAt(i));
    EXPECT_EQ(server_->Errors(), "");
    EXPECT_EQ(server_->Terminate().exit_code, 0);
  }

  void Start() {
    auto server = ServerProcess::Start({"--dir", dir_, "--http", "127.0.0.1:0",
                                        "--grpc_plaintext", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    http_ = HttpTo(server_->port("http"));
    channel_ = GrpcTo(server_->port("grpc"));
    key_ = ReadVkey(dir_);
  }

  HttpReply Get(const std::string& path) {
    const auto reply = http_->Get(path);
    EXPECT_TRUE(reply.ok()) << path << ": " << reply.status();
    return reply.ok() ? *reply : HttpReply{};
  }

  HttpReply Post(const std::string& path, const std::string& body) {
    const auto reply = http_->Post(path, "application/octet-stream", body);
    EXPECT_TRUE(reply.ok()) << path << ": " << reply.status();
    return reply.ok() ? *reply : HttpReply{};
  }

  // The answer to these very bytes.
  std::string Raw(const std::string& bytes) {
    RawSocket socket = RawSocket::Connect(server_->port("http"));
    EXPECT_TRUE(socket.ok());
    socket.Send(bytes);
    return socket.ReadAll();
  }

  std::string RawRequest(const std::string& method, const std::string& path) {
    return Raw(absl::StrCat(method, " ", path,
                            " HTTP/1.1\r\nHost: log\r\n"
                            "Connection: close\r\n\r\n"));
  }

  // Sends `bytes` as the request of a gRPC call.
  absl::Status RawCall(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    const auto call = stub.PrepareUnaryCall(
        &context, "/vidimus.v1.Log/" + method, request, &queue);
    grpc::ByteBuffer response;
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<HttpClient> http_;
  std::shared_ptr<grpc::Channel> channel_;
  VerifierKey key_;
};

TEST_F(ReadsTest, AnswersEveryWidthUpToTheCurrentOne) {
  for (const char* kind : {"0", "entries"}) {
    for (const int n : {0, 1, 2}) {
      const std::string name = absl::StrCat("tile/", kind, "/00", n);
      const int widest = n < 2 ? 256 : kEntries - 512;
      const HttpReply full =
          Get(n < 2 ? name : absl::StrCat(name, ".p/", widest));
      ASSERT_EQ(full.status, 200) << full.body;
      for (int width = 1; width < 256; ++width) {
        const HttpReply reply = Get(absl::StrCat(name, ".p/", width));
        if (width > widest) {
          ASSERT_EQ(reply.status, 404) << name << " " << width;
          continue;
        }
        ASSERT_EQ(reply.status, 200) << name << " " << width;
        ASSERT_TRUE(absl::StartsWith(full.body, reply.body));
        if (std::string(kind) == "entries") {
          std::vector<std::string_view> entries;
          ASSERT_EQ(ParseBundle(reply.body, width, &entries), Finding::kOk);
        } else {
          ASSERT_EQ(reply.body.size(), width * kHashBytes);
        }
      }
    }
  }
  EXPECT_EQ(Get("tile/1/000.p/2").body.size(), 2 * kHashBytes);
  EXPECT_EQ(Get("tile/1/000.p/1").body.size(), kHashBytes);
}

TEST_F(ReadsTest, RefusesPathsThatAreSpelledOtherwise) {
  for (const char* path : {"/tile/0/x000/001",
                           "/tile/0/x000/000",
                           "/tile/0/0",
                           "/tile/0/00",
                           "/tile/0/0000",
                           "/tile/0/000.p/0",
                           "/tile/0/000.p/256",
                           "/tile/0/000.p/257",
                           "/tile/0/000.p/01",
                           "/tile/0/000.p/-1",
                           "/tile/0/000.p/+1",
                           "/tile/0/000.p/1x",
                           "/tile/0/000.p/",
                           "/tile/0/000.p",
                           "/tile/0/000.P/1",
                           "/tile/0/000/",
                           "/tile/0/x001",
                           "/tile/0/X001/000",
                           "/tile/00/000",
                           "/tile/-1/000",
                           "/tile/64/000",
                           "/tile/256/000",
                           "/tile/0x0/000",
                           "/tile//000",
                           "/tile/0//000",
                           "/tile",
                           "/tile/",
                           "/tile/0",
                           "/tile/0/",
                           "/tile/entries",
                           "/tile/Entries/000",
                           "/tile/data/000",
                           "/tile/8/0/000",
                           "/Tile/0/000",
                           "/TILE/0/000",
                           "/Checkpoint",
                           "/CHECKPOINT",
                           "/checkpoint/",
                           "//checkpoint",
                           "/checkpoint/.",
                           "/%63heckpoint",
                           "/checkpoint%00",
                           "/tile/0/%30%30%30",
                           "/..",
                           "/../checkpoint",
                           "/./checkpoint",
                           "/tile/../checkpoint",
                           "/tile/0/../0/000",
                           "/tile/0/000/..",
                           "/tile/0/..%2f..%2fkeys/signing.key",
                           "/tile/../../keys/signing.key",
                           "/keys/signing.key",
                           "/../keys/signing.key",
                           "/settings.textproto",
                           "/signing.lock",
                           "/data/CURRENT",
                           "/tile/0/000;a=b",
                           "/tile/0/000 ",
                           "/nothing",
                           "/v2/submit",
                           "/robots.txt",
                           "/tile/0/\\000",
                           "/tile/0/999999999999999999999999",
                           "/tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(RawRequest("GET", path).substr(0, 12),
              absl::StrContains(path, ' ') ? "HTTP/1.1 400" : "HTTP/1.1 404")
        << path;
  }
}

TEST_F(ReadsTest, SaysTheSizeForATileBeyondTheTree) {
  for (const char* path :
       {"tile/0/003", "tile/0/002", "tile/0/002.p/89", "tile/entries/002.p/255",
        "tile/entries/x001/000", "tile/1/000", "tile/1/000.p/3",
        "tile/2/000.p/1", "tile/63/000"}) {
    const HttpReply reply = Get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_TRUE(absl::StrContains(reply.body, "600")) << path << reply.body;
    EXPECT_NE(reply.Header("cache-control"),
              "public, max-age=31536000, "
              "immutable");
  }
}

TEST_F(ReadsTest, HasNoRegister) {
  const std::string hash(64, 'a');
  for (const std::string& path :
       {std::string("register/"), "register/" + hash, "register/" + hash + "/",
        "register/" + std::string(64, 'A'), std::string("register/0")}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(ReadsTest, SaysWhatItServesAndHowLongItLasts) {
  const HttpReply checkpoint = Get("checkpoint");
  EXPECT_EQ(checkpoint.Header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(checkpoint.Header("cache-control"), "no-cache");
  EXPECT_EQ(checkpoint.Header("access-control-allow-origin"), "*");
  for (const char* path :
       {"tile/0/000", "tile/0/002.p/7", "tile/entries/001"}) {
    const HttpReply tile = Get(path);
    EXPECT_EQ(tile.Header("content-type"), "application/octet-stream");
    EXPECT_TRUE(absl::StrContains(tile.Header("cache-control"), "immutable"));
    EXPECT_EQ(tile.Header("access-control-allow-origin"), "*");
  }
  // Under the path of its origin too.
  EXPECT_EQ(Get("reads/checkpoint").body, checkpoint.body);
  EXPECT_EQ(Get("checkpoint?x=1").body, checkpoint.body);
}

TEST_F(ReadsTest, AnswersHeadWithoutABody) {
  for (const char* path :
       {"/checkpoint", "/tile/0/000", "/nothing", "/metrics", "/healthz"}) {
    const std::string answer = RawRequest("HEAD", path);
    const size_t end = answer.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos) << path;
    EXPECT_EQ(answer.size(), end + 4) << path;
    EXPECT_TRUE(absl::StrContains(answer, "Content-Length: ")) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "Content-Length: 0\r\n")) << answer;
  }
}

TEST_F(ReadsTest, RefusesMethodsAndNamesTheRightOne) {
  for (const char* path :
       {"/checkpoint", "/tile/0/000", "/metrics", "/healthz"}) {
    const HttpReply reply = Post(path + 1, "x");
    EXPECT_EQ(reply.status, 405) << path;
    EXPECT_EQ(reply.Header("allow"), "GET");
    for (const char* method : {"PUT", "DELETE", "PATCH"}) {
      EXPECT_TRUE(absl::StartsWith(RawRequest(method, path), "HTTP/1.1 405"))
          << method << " " << path;
    }
  }
  const HttpReply reply = Get("add");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.Header("allow"), "POST");
  EXPECT_EQ(Get("v1/submit").status, 405);
}

TEST_F(ReadsTest, RefusesEntriesThatAreEmptyOrTooLarge) {
  EXPECT_EQ(Post("add", "").status, 400);
  const HttpReply large = Post("add", std::string(65536, 'x'));
  EXPECT_EQ(large.status, 413);
  EXPECT_TRUE(absl::StrContains(large.body, "65535")) << large.body;
  EXPECT_EQ(Post("add", std::string(5 << 20, 'x')).status, 413);
  EXPECT_EQ(Get("checkpoint").status, 200);

  const std::string largest(65535, 'y');
  const HttpReply added = Post("add", largest);
  ASSERT_EQ(added.status, 200);
  EXPECT_EQ(added.body, absl::StrCat(kEntries));
  // Any bytes are an entry, NUL too.
  EXPECT_EQ(Post("add", std::string(1, '\0')).body, absl::StrCat(kEntries + 1));

  for (const std::string& data : {std::string(), std::string(65536, 'x')}) {
    const auto refused =
        SubmitOver(channel_, MakeOpaqueRequest({"good", data}));
    EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
    EXPECT_TRUE(absl::StrContains(refused.status().message(), "entry 1"));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      SubmitOver(channel_, MakeOpaqueRequest({})).status()));
  v1::SubmitRequest short_id = MakeOpaqueRequest({"x"});
  short_id.mutable_opaque(0)->set_id("short");
  EXPECT_TRUE(absl::IsInvalidArgument(SubmitOver(channel_, short_id).status()));
  v1::SubmitRequest elsewhere = MakeOpaqueRequest({"x"});
  elsewhere.set_origin("log.example/other");
  EXPECT_TRUE(absl::IsNotFound(SubmitOver(channel_, elsewhere).status()));
  // A request refused is refused whole: "good" was not taken.
  const auto log = ReadWholeLog(http_.get(), key_, false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->head.size, static_cast<uint64_t>(kEntries + 2));
  EXPECT_EQ(log->entries[kEntries], largest);
}

TEST_F(ReadsTest, RefusesJsonOfTheWrongTypesNamingTheField) {
  const struct {
    const char* path;
    const char* json;
    const char* says;
  } cases[] = {
      {"v1/submit", R"({"opaque": 5})", "opaque"},
      {"v1/submit", R"({"opaque": [{"data": 5.5}]})", "data"},
      {"v1/submit", R"({"opaque": [{"data": "not base64!"}]})", "base64"},
      {"v1/submit", R"({"opaque": [{"id": {}, "data": "eA=="}]})", "JSON"},
      {"v1/submit", R"({"requestId": "-1"})", "equest"},
      {"v1/submit", R"({"administration": "4294967296"})", "administration"},
      {"v1/submit", R"({"entries": "none"})", "JSON"},
      {"v1/submit", R"({"nonsense": 1})", "does not exist"},
      {"v1/submit", R"([])", "JSON"},
      {"v1/submit", R"("text")", "JSON"},
      {"v1/submit", R"({"opaque": [{"data": "eA==")", "cut short"},
      {"v1/submit", "\xff\xfe", "JSON"},
      {"v1/submit", "", ""},
      {"v1/submit", "{}", "no entries"},
      {"v1/proof", R"({"leafIndex": "x"})", "eaf"},
      {"v1/proof", R"({"leafIndex": -1})", "eaf"},
      {"v1/checkpoint", R"({"origin": 7})", ""},
  };
  for (const auto& one : cases) {
    const HttpReply reply = Post(one.path, one.json);
    EXPECT_TRUE(
        reply.status == 400 ||
        (reply.status == 404 && one.path == std::string("v1/checkpoint")))
        << one.json << " " << reply.status;
    EXPECT_TRUE(absl::StrContains(reply.body, one.says))
        << one.json << ": " << reply.body;
  }
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "{\"opaque\":[";
  EXPECT_EQ(Post("v1/submit", deep).status, 400);
  EXPECT_EQ(Post("v1/nothing", "{}").status, 404);
  EXPECT_EQ(Post("v1/proof", R"({"leafIndex": "600"})").status, 404);
  EXPECT_EQ(Post("v1/proof", R"({"leafIndex": "5", "size": "601"})").status,
            404);
  const HttpReply proof =
      Post("v1/proof", R"({"leafIndex": "5", "size": "600"})");
  EXPECT_EQ(proof.status, 200) << proof.body;
}

TEST_F(ReadsTest, RefusesBytesThatAreNoMessage) {
  const std::string good = MakeOpaqueRequest({"a", "b"}).SerializeAsString();
  const std::string cases[] = {
      std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11),
      std::string(1000, '\xff'),
      std::string(1, '\0'),
      good.substr(0, good.size() - 1),
      good.substr(0, 3),
      good + "\x0a",
      std::string("\x32\xff\xff\xff\xff\x0f", 6),  // a length of 4 GiB
  };
  for (const std::string& bytes : cases) {
    for (const char* method :
         {"Submit", "GetProof", "GetCheckpoint", "SubmitStream"}) {
      const absl::Status status = RawCall(method, bytes);
      EXPECT_TRUE(absl::IsInvalidArgument(status))
          << method << " " << bytes.size() << " " << status;
    }
  }
  EXPECT_TRUE(absl::IsUnimplemented(RawCall("Nothing", "")));
  EXPECT_TRUE(
      absl::IsResourceExhausted(RawCall("Submit", std::string(5 << 20, 'x'))));
  const auto log = ReadWholeLog(http_.get(), key_, false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->head.size, static_cast<uint64_t>(kEntries));
}

TEST_F(ReadsTest, GoesOnWithAStreamAfterARefusal) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(10));
  const auto stub = v1::Log::NewStub(channel_);
  const auto stream = stub->SubmitStream(&context);
  std::vector<v1::SubmitRequest> requests = {
      MakeOpaqueRequest({"first"}), MakeOpaqueRequest({""}),
      MakeOpaqueRequest({"third"}), MakeOpaqueRequest({})};
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].set_request_id(100 + i);
    ASSERT_TRUE(stream->Write(requests[i]));
  }
  stream->WritesDone();
  int answers = 0;
  v1::SubmitResponse response;
  while (stream->Read(&response)) {
    ++answers;
    ASSERT_GE(response.request_id(), 100u);
    ASSERT_LT(response.request_id(), 104u);
    const size_t i = response.request_id() - 100;
    if (i % 2 == 0) {
      EXPECT_EQ(response.code(), 0) << response.message();
      EXPECT_TRUE(JudgeReceipt(key_, requests[i], response).ok());
    } else {
      EXPECT_EQ(response.code(),
                static_cast<int>(absl::StatusCode::kInvalidArgument));
      EXPECT_NE(response.message(), "");
    }
  }
  EXPECT_EQ(answers, 4);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ReadsTest, RefusesHeadersBeyondTheLimitAndWhatIsNotHttp) {
  Neighbour neighbour(channel_, key_, [] {
    return MakeOpaqueRequest({"the neighbour's"}, SystemRandom());
  });
  EXPECT_TRUE(absl::StartsWith(
      Raw(absl::StrCat("GET /checkpoint HTTP/1.1\r\nHost: log\r\nX: ",
                       std::string(200000, 'x'), "\r\n\r\n")),
      "HTTP/1.1 431"));
  EXPECT_TRUE(
      absl::StartsWith(Raw(absl::StrCat("GET /", std::string(200000, 'x'),
                                        " HTTP/1.1\r\nHost: log\r\n\r\n")),
                       "HTTP/1.1 4"));
  const std::string broken[] = {
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
          std::string(600, '\0'),  // TLS
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\nHost: x\n\n",
      "POST /add HTTP/1.1\r\nHost: log\r\nContent-Length: -1\r\n\r\n",
      "POST /add HTTP/1.1\r\nHost: log\r\nContent-Length: 1\r\n"
      "Content-Length: 2\r\n\r\nxx",
      "POST /add HTTP/1.1\r\nHost: log\r\nTransfer-Encoding: chunked\r\n\r\n"
      "zz\r\nxx\r\n",
      "POST /add HTTP/1.1\r\nHost: log\r\nContent-Length: 5\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /add HTTP/1.1\r\nHost: log\r\n"
      "Content-Length: 99999999999999999999\r\n\r\n",
  };
  for (const std::string& bytes : broken) {
    EXPECT_TRUE(absl::StartsWith(Raw(bytes), "HTTP/1.1 4")) << bytes;
  }
  // Cut off in the middle of a body: nothing is recorded.
  RawSocket cut = RawSocket::Connect(server_->port("http"));
  cut.Send("POST /add HTTP/1.1\r\nHost: log\r\nContent-Length: 50\r\n\r\nhalf");
  cut.Close();
  const auto undisturbed = neighbour.Finish();
  ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
  const auto log = ReadWholeLog(http_.get(), key_, false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->head.size, static_cast<uint64_t>(kEntries + *undisturbed));
}

TEST_F(ReadsTest, KnowsAnIdAgainAfterAKillAndRefusesItForOtherContent) {
  const v1::SubmitRequest request = MakeOpaqueRequest({"once"}, SystemRandom());
  const auto first = SubmitOver(channel_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  v1::SubmitRequest other = request;
  other.mutable_opaque(0)->set_data("another");
  for (const bool restart : {false, true}) {
    if (restart) {
      server_->Kill();
      Start();
    }
    const auto again = SubmitOver(channel_, request);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->leaf_index(0), first->leaf_index(0));
    EXPECT_TRUE(JudgeReceipt(key_, request, *again).ok());
    const absl::Status refused = SubmitOver(channel_, other).status();
    EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
    EXPECT_FALSE(absl::StrContains(refused.message(), "another"));
  }
  ASSERT_TRUE(
      SubmitOver(channel_, MakeOpaqueRequest({"two"}, SystemRandom())).ok());
  EXPECT_TRUE(
      absl::StrContains(Get("metrics").body,
                        "vidimus_ids_entries{log=\"log.example/reads\"} 2\n"));
}

}  // namespace
}  // namespace vidimus
