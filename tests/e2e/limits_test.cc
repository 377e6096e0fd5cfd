// Too much, too slow, no space left, and the end: what the server does at its
// limits.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/mutex.h"
#include "proto/raw_socket.h"
#include "proto/status.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr char kOrigin[] = "log.example/limits";

std::unique_ptr<ServerProcess> StartOpaque(const std::string& dir,
                                           const ProcessOptions& options = {}) {
  auto server = ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0",
                                      "--grpc_plaintext", "127.0.0.1:0"},
                                     options);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

v1::SubmitRequest OneWithId(const std::string& data) {
  return MakeOpaqueRequest({data}, SystemRandom());
}

TEST(SlownessTest, GivesUpAHeaderOrBodyThatDoesNotArrive) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true, "listeners { request_timeout_ms: 1000 }\n");
  const auto server = StartOpaque(dir);
  ASSERT_NE(server, nullptr);
  Neighbour neighbour(GrpcTo(server->port("grpc")), ReadVkey(dir),
                      [] { return OneWithId("the neighbour's"); });
  // A byte each tenth of a second, for as long as the server bears it.
  const auto trickle = [&server](const std::string& begin) {
    RawSocket socket = RawSocket::Connect(server->port("http"));
    EXPECT_TRUE(socket.Send(begin));
    const auto start = Clock::now();
    std::string answer;
    while (!socket.closed() && Clock::now() - start < std::chrono::seconds(8)) {
      socket.Send("x");
      answer += socket.ReadAll(milliseconds(100));
    }
    const auto took = Clock::now() - start;
    EXPECT_GE(took, milliseconds(800));
    EXPECT_LT(took, milliseconds(4000)) << begin;
    return answer;
  };
  // One that never says that it speaks gRPC.
  auto grpc = std::async(std::launch::async, [&server] {
    RawSocket socket = RawSocket::Connect(server->port("grpc"));
    EXPECT_TRUE(socket.Send("PRI * HTTP/2.0\r\n"));
    const auto start = Clock::now();
    while (!socket.closed() && Clock::now() - start < std::chrono::seconds(8)) {
      socket.ReadAll(milliseconds(100));
    }
    return Clock::now() - start;
  });
  auto header = std::async(std::launch::async, trickle,
                           "GET /checkpoint HTTP/1.1\r\nHost: log\r\nX: ");
  auto body = std::async(
      std::launch::async, trickle,
      "POST /add HTTP/1.1\r\nHost: log\r\nContent-Length: 60000\r\n\r\n");
  auto line = std::async(std::launch::async, trickle, "GE");
  EXPECT_TRUE(absl::StartsWith(header.get(), "HTTP/1.1 408"));
  EXPECT_TRUE(absl::StartsWith(body.get(), "HTTP/1.1 408"));
  EXPECT_TRUE(absl::StartsWith(line.get(), "HTTP/1.1 408"));
  const auto silent = grpc.get();
  EXPECT_GE(silent, milliseconds(800));
  EXPECT_LT(silent, milliseconds(4000));
  const auto undisturbed = neighbour.Finish();
  ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
  EXPECT_GT(*undisturbed, 5);
  const auto log =
      ReadWholeLog(HttpTo(server->port("http")).get(), ReadVkey(dir), false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->head.size, static_cast<uint64_t>(*undisturbed));
}

// Only leaf 0 says what a log is, so whoever could put it into an opaque log
// could have it convicted of what no access log has.
TEST(OpaqueEntryTest, TheLeafThatAnAccessLogBeginsWithIsRefused) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true, "");
  const auto server = StartOpaque(dir);
  ASSERT_NE(server, nullptr);
  const auto http = HttpTo(server->port("http"));
  const auto add = [&http](const std::string& entry) {
    const auto reply = http->Post("add", "application/octet-stream", entry);
    return reply.ok() ? reply->status : 0;
  };
  const std::string leaf = FormatRegisterLeaf(
      RegisterKey({RegisterType::kConfig, 0, 0}), LeafHash("any document"));
  EXPECT_EQ(add(leaf), 400);
  EXPECT_FALSE(
      SubmitOver(GrpcTo(server->port("grpc")), MakeOpaqueRequest({leaf})).ok());
  EXPECT_EQ(add(leaf + "x"), 200);
  EXPECT_EQ(add(FormatRegisterLeaf(RegisterKey({RegisterType::kConfig, 0, 1}),
                                   LeafHash("any document"))),
            200);
}

TEST(ConnectionsTest, RefusesThoseBeyondTheLimitAndKeepsTheOthers) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true, "listeners { connections_max: 8 }\n");
  const auto server = StartOpaque(dir);
  ASSERT_NE(server, nullptr);
  const auto first = HttpTo(server->port("http"));
  ASSERT_TRUE(first->Get("checkpoint").ok());
  std::vector<RawSocket> crowd;
  for (int i = 0; i < 7; ++i) {
    crowd.push_back(RawSocket::Connect(server->port("http")));
  }
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_TRUE(absl::StartsWith(
      RawSocket::Connect(server->port("http")).ReadAll(), "HTTP/1.1 503"));
  EXPECT_EQ(first->Get("checkpoint")->status, 200);
  crowd.clear();
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_TRUE(HttpTo(server->port("http"))->Get("checkpoint").ok());
}

// Writes `requests` to one stream at once; the answers by request id.
std::map<uint64_t, v1::SubmitResponse> SubmitAll(
    const std::shared_ptr<grpc::Channel>& channel,
    std::vector<v1::SubmitRequest>* requests) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  const auto stub = v1::Log::NewStub(channel);
  const auto stream = stub->SubmitStream(&context);
  std::thread writer([&] {
    for (size_t i = 0; i < requests->size(); ++i) {
      (*requests)[i].set_request_id(i);
      stream->Write((*requests)[i]);
    }
    stream->WritesDone();
  });
  std::map<uint64_t, v1::SubmitResponse> answers;
  v1::SubmitResponse response;
  while (stream->Read(&response)) answers[response.request_id()] = response;
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  return answers;
}

class AccessLimitsTest : public testing::Test {
 protected:
  void Start(const std::string& settings) {
    InitFolder(dir_, kTestOrigin, false, settings);
    auto server = ServerProcess::Start(
        {"--dir", dir_, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    for (const uint32_t a : {0, 1}) {
      channels_.push_back(GrpcTo(server_->port("grpcs"), ClientTls(dir_, a)));
    }
  }

  std::vector<v1::SubmitRequest> Requests(uint32_t a, int count, int entries) {
    std::vector<v1::SubmitRequest> requests;
    for (int i = 0; i < count; ++i) {
      requests.push_back(MakeRequest(dir_, a, entries, SystemRandom()));
    }
    return requests;
  }

  // How many of `answers` are receipts; all others have `code`, words and a
  // time to come back.
  int Receipts(const std::vector<v1::SubmitRequest>& requests,
               const std::map<uint64_t, v1::SubmitResponse>& answers,
               absl::StatusCode code, const std::string& says) {
    EXPECT_EQ(answers.size(), requests.size());
    int receipts = 0;
    for (const auto& [id, answer] : answers) {
      if (answer.code() == 0) {
        ++receipts;
        EXPECT_TRUE(JudgeReceipt(ReadVkey(dir_), requests[id], answer).ok());
        continue;
      }
      EXPECT_EQ(answer.code(), static_cast<int>(code)) << answer.message();
      EXPECT_TRUE(absl::StrContains(answer.message(), says))
          << answer.message();
      EXPECT_GT(answer.retry_after_ms(), 0u);
    }
    return receipts;
  }

  void ExpectSound() {
    const auto log =
        ReadWholeLog(HttpTo(server_->port("http")).get(), ReadVkey(dir_), true);
    EXPECT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(server_->Terminate().exit_code, 0);
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

TEST_F(AccessLimitsTest, PushesBackWhenThePoolIsFull) {
  Start(
      "batches { batch_period_ms: 500 }\n"
      "limits { pool_entries_max: 20 }\nquota { pool_percent: 100 }\n");
  std::vector<v1::SubmitRequest> requests = Requests(0, 40, 5);
  const auto answers = SubmitAll(channels_[0], &requests);
  const int receipts = Receipts(requests, answers,
                                absl::StatusCode::kUnavailable, "pool is full");
  EXPECT_GT(receipts, 0);
  EXPECT_LT(receipts, 40);
  // Later there is room again, also for a request larger than the pool.
  const v1::SubmitRequest large = MakeRequest(dir_, 0, 50, SystemRandom());
  EXPECT_TRUE(SubmitOver(channels_[0], large).ok());
  const std::string metrics =
      HttpTo(server_->port("http"))->Get("metrics")->body;
  EXPECT_TRUE(absl::StrContains(metrics, "code=\"UNAVAILABLE\"")) << metrics;
  ExpectSound();
}

TEST_F(AccessLimitsTest, PushesBackOneAdministrationAndNotTheOther) {
  Start(
      "batches { batch_period_ms: 500 }\n"
      "limits { pool_entries_max: 40 }\nquota { pool_percent: 50 }\n");
  std::vector<v1::SubmitRequest> flood = Requests(0, 40, 5);
  auto flooding = std::async(std::launch::async,
                             [&] { return SubmitAll(channels_[0], &flood); });
  std::vector<v1::SubmitRequest> modest = Requests(1, 2, 5);
  const auto theirs = SubmitAll(channels_[1], &modest);
  EXPECT_EQ(
      Receipts(modest, theirs, absl::StatusCode::kUnavailable, "no refusal"),
      2);
  EXPECT_LT(Receipts(flood, flooding.get(), absl::StatusCode::kUnavailable,
                     "administration 0"),
            40);
  ExpectSound();
}

TEST_F(AccessLimitsTest, HoldsEachAdministrationToItsQuota) {
  Start("batches { batch_period_ms: 20 }\nquota { entries_per_second: 1 }\n");
  // Ten seconds' worth at once, and not one more.
  std::vector<v1::SubmitRequest> requests = Requests(0, 10, 5);
  EXPECT_EQ(Receipts(requests, SubmitAll(channels_[0], &requests),
                     absl::StatusCode::kResourceExhausted, "quota"),
            2);
  const absl::Status status =
      SubmitOver(channels_[0], MakeRequest(dir_, 0, 5, SystemRandom()))
          .status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  ASSERT_TRUE(RetryAfterOf(status).has_value());
  EXPECT_LE(*RetryAfterOf(status), milliseconds(5001));
  const v1::SubmitRequest other = MakeRequest(dir_, 1, 5, SystemRandom());
  EXPECT_TRUE(SubmitOver(channels_[1], other).ok());
  ExpectSound();
}

TEST_F(AccessLimitsTest, SealsItselfAnewAtRest) {
  Start("batches { rest_s: 1 }\n");
  const auto http = HttpTo(server_->port("http"));
  const auto checkpoint = [&] { return http->Get("checkpoint")->body; };
  const std::string first = checkpoint();
  std::string later = first;
  for (int i = 0; i < 600 && later == first; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    later = checkpoint();
  }
  EXPECT_NE(later, first);
  EXPECT_TRUE(
      SubmitOver(channels_[0], MakeRequest(dir_, 0, 1, SystemRandom())).ok());
  ExpectSound();
}

TEST(WatermarkTest, RefusesSubmissionsAndGoesOnWithReads) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true);
  {
    const auto server = StartOpaque(dir);
    ASSERT_NE(server, nullptr);
    ASSERT_TRUE(
        SubmitOver(GrpcTo(server->port("grpc")), OneWithId("before")).ok());
    EXPECT_EQ(server->Terminate().exit_code, 0);
  }
  WriteTextFile(dir + "/settings.textproto",
                absl::StrCat("origin: \"", kOrigin,
                             "\"\nface: OPAQUE\n"
                             "disk { free_bytes_min: 1152921504606846976 }\n"));
  const auto server = StartOpaque(dir);
  ASSERT_NE(server, nullptr);
  const auto channel = GrpcTo(server->port("grpc"));
  const auto http = HttpTo(server->port("http"));
  absl::Status status;
  const auto begin = Clock::now();
  while (status.ok() && Clock::now() - begin < std::chrono::seconds(5)) {
    status = SubmitOver(channel, OneWithId("too much")).status();
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "disk")) << status;
  EXPECT_TRUE(RetryAfterOf(status).has_value());
  const auto added = http->Post("add", "application/octet-stream", "x");
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->status, 503);
  EXPECT_NE(added->Header("retry-after"), "");
  const auto log = ReadWholeLog(http.get(), ReadVkey(dir), false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->entries[0], "before");
  EXPECT_EQ(http->Get("readyz")->status, 200);
  EXPECT_TRUE(absl::StrContains(server->Errors(), "submissions are refused"))
      << server->Errors();
  EXPECT_TRUE(
      absl::StrContains(http->Get("metrics")->body, "vidimus_disk_free_bytes"));
}

// Writes until the disk refuses: the process stops in order and says why;
// after a restart with room every acknowledged entry stands, and it goes on.
void FillDiskAndRecover(const std::string& dir, const ProcessOptions& options,
                        const std::string& says,
                        const std::function<void()>& make_room) {
  const VerifierKey key = ReadVkey(dir);
  std::map<uint64_t, std::string> acknowledged;
  std::optional<v1::SubmitRequest> unanswered;
  {
    const auto server = StartOpaque(dir, options);
    ASSERT_NE(server, nullptr);
    const auto channel = GrpcTo(server->port("grpc"));
    absl::Status status;
    for (int i = 0; status.ok() && i < 2000; ++i) {
      const v1::SubmitRequest request = MakeOpaqueRequest(
          {absl::StrCat(i, std::string(60000, 'f')), absl::StrCat("small ", i)},
          SystemRandom());
      const auto receipt = SubmitOver(channel, request);
      status = receipt.status();
      if (!receipt.ok()) {
        unanswered = request;
        break;
      }
      ASSERT_TRUE(JudgeReceipt(key, request, *receipt).ok());
      for (int k : {0, 1}) {
        acknowledged[receipt->leaf_index(k)] = request.opaque(k).data();
      }
    }
    ASSERT_TRUE(unanswered.has_value()) << "the disk never filled";
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    const Ended ended = server->Wait();
    EXPECT_EQ(ended.exit_code, 1) << ended.signal;
    EXPECT_TRUE(absl::StrContains(ended.errors, says)) << ended.errors;
  }
  ASSERT_GT(acknowledged.size(), 2u);
  make_room();
  const auto server = StartOpaque(dir);
  ASSERT_NE(server, nullptr);
  // The one that was under way may be in the log or not; with its id it can be
  // sent again without fear.
  const auto again = SubmitOver(GrpcTo(server->port("grpc")), *unanswered);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(JudgeReceipt(key, *unanswered, *again).ok());
  for (int k : {0, 1}) {
    acknowledged[again->leaf_index(k)] = unanswered->opaque(k).data();
  }
  const auto log = ReadWholeLog(HttpTo(server->port("http")).get(), key, false);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->entries.size(), acknowledged.size());
  for (const auto& [index, data] : acknowledged) {
    EXPECT_EQ(log->entries[index], data);
  }
  EXPECT_EQ(server->Terminate().exit_code, 0);
}

TEST(FullDiskTest, StopsCleanlyWhenAFileCannotGrow) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true);
  ProcessOptions options;
  options.file_bytes_max = 3 << 20;
  FillDiskAndRecover(dir, options, "File too large", [] {});
}

TEST(FullDiskTest, StopsCleanlyWhenNoSpaceIsLeft) {
  const TempFolder temp;
  if (mount("tmpfs", temp.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
    GTEST_SKIP() << "needs to mount a small disk";
  }
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true, "disk { free_bytes_min: 0 }\n");
  FillDiskAndRecover(dir, {}, "No space left on device", [&temp] {
    ASSERT_EQ(
        mount("tmpfs", temp.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"),
        0);
  });
  EXPECT_EQ(umount2(temp.path().c_str(), MNT_DETACH), 0);
}

TEST(StopTest, AnswersWhatItTookAndExitsWithZero) {
  for (const bool access : {false, true}) {
    const TempFolder temp;
    const std::string dir = temp / "log";
    InitFolder(dir, access ? kTestOrigin : kOrigin, !access,
               "batches { batch_period_ms: 300 }\n");
    auto started = ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0",
                                         access ? "--grpc" : "--grpc_plaintext",
                                         "127.0.0.1:0"});
    ASSERT_TRUE(started.ok()) << started.status();
    ServerProcess& server = **started;
    const auto channel = access
                             ? GrpcTo(server.port("grpcs"), ClientTls(dir, 0))
                             : GrpcTo(server.port("grpc"));
    const auto make = [&] {
      return access ? MakeRequest(dir, 0, 3, SystemRandom())
                    : MakeOpaqueRequest({"a", "b"}, SystemRandom());
    };
    // Several clients that go on until they are refused.
    std::atomic<bool> stopping{false};
    std::vector<std::thread> clients;
    Mutex mu;
    std::vector<std::pair<v1::SubmitRequest, v1::SubmitResponse>> receipts;
    std::vector<absl::Status> refusals;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        while (true) {
          const v1::SubmitRequest request = make();
          const auto receipt = SubmitOver(channel, request);
          MutexLock lock(&mu);
          if (!receipt.ok()) {
            refusals.push_back(receipt.status());
            return;
          }
          receipts.emplace_back(request, *receipt);
        }
      });
    }
    std::this_thread::sleep_for(milliseconds(1000));
    const Ended ended = server.Terminate();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(ended.exit_code, 0) << ended.signal;
    EXPECT_EQ(ended.errors, "");
    MutexLock lock(&mu);
    EXPECT_GT(receipts.size(), 4u);
    EXPECT_EQ(refusals.size(), 4u);
    for (const absl::Status& status : refusals) {
      // gRPC itself cancels a call that comes while its server goes down.
      EXPECT_TRUE(absl::IsUnavailable(status) || absl::IsCancelled(status))
          << status;
    }
    auto restarted =
        ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0"});
    ASSERT_TRUE(restarted.ok()) << restarted.status();
    const auto log = ReadWholeLog(HttpTo((*restarted)->port("http")).get(),
                                  ReadVkey(dir), access);
    ASSERT_TRUE(log.ok()) << log.status();
    size_t acknowledged = 0;
    for (const auto& [request, receipt] : receipts) {
      EXPECT_TRUE(JudgeReceipt(ReadVkey(dir), request, receipt).ok());
      for (int i = 0; i < receipt.leaf_index_size(); ++i) {
        ++acknowledged;
        EXPECT_EQ(log->entries[receipt.leaf_index(i)],
                  access ? receipt.placed(i).leaf() : request.opaque(i).data());
      }
    }
    // Nothing was taken that was not answered: what is more is no client's.
    if (!access) {
      EXPECT_EQ(log->entries.size(), acknowledged);
    }
  }
}

// Flips the bit in the middle of the largest file with this ending.
void FlipBit(const std::string& folder, const std::string& ending) {
  std::string largest;
  std::string bytes;
  for (const std::string& path : FilesUnder(folder)) {
    if (!absl::EndsWith(path, ending)) continue;
    std::string text = ReadTextFile(path);
    if (text.size() <= bytes.size()) continue;
    largest = path;
    bytes = std::move(text);
  }
  ASSERT_GT(bytes.size(), 1000u);
  bytes[bytes.size() / 2] ^= 1;
  WriteTextFile(largest, bytes);
}

TEST(DamageTest, FreezesTheLogThatIsFoundDamagedAndGoesOnWithReads) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kOrigin, true);
  const std::vector<std::string> arguments = {"--dir",
                                              dir,
                                              "--http",
                                              "127.0.0.1:0",
                                              "--grpc_plaintext",
                                              "127.0.0.1:0",
                                              "--scrub_period",
                                              "1"};
  {
    const auto server = StartOpaque(dir);
    ASSERT_NE(server, nullptr);
    const auto channel = GrpcTo(server->port("grpc"));
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(
          SubmitOver(channel, OneWithId(absl::StrCat(i, std::string(500, 'd'))))
              .ok());
    }
    EXPECT_EQ(server->Terminate().exit_code, 0);
  }
  // Its start writes what was in the database's log into a table.
  auto server = ServerProcess::Start(arguments);
  ASSERT_TRUE(server.ok()) << server.status();
  const auto http = HttpTo((*server)->port("http"));
  EXPECT_EQ(http->Get("readyz")->status, 200);
  FlipBit(dir + "/data", ".ldb");
  const auto begin = Clock::now();
  while (http->Get("readyz")->status == 200 &&
         Clock::now() - begin < std::chrono::seconds(10)) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_EQ(http->Get("readyz")->status, 503);
  EXPECT_EQ(http->Get("healthz")->status, 200);
  EXPECT_EQ(http->Get("checkpoint")->status, 200);
  EXPECT_EQ(http->Get("tile/0/000.p/1")->status, 200);
  EXPECT_TRUE(absl::StrContains(
      http->Get("metrics")->body,
      absl::StrCat("vidimus_frozen{log=\"", kOrigin, "\"} 1")));
  EXPECT_TRUE(absl::StrContains((*server)->Errors(), "is frozen"))
      << (*server)->Errors();
  const absl::Status status =
      SubmitOver(GrpcTo((*server)->port("grpc")), OneWithId("refused"))
          .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(http->Post("add", "application/octet-stream", "x")->status, 503);
  EXPECT_EQ((*server)->Terminate().exit_code, 0);
}

TEST(SeveralLogsTest, ServesEachUnderThePathOfItsOrigin) {
  const TempFolder temp;
  std::vector<std::string> arguments = {"--http", "127.0.0.1:0",
                                        "--grpc_plaintext", "127.0.0.1:0"};
  const std::string origins[] = {"log.example/one", "log.example/two/2026h2"};
  for (const std::string& origin : origins) {
    const std::string dir = temp / origin.substr(12, 3);
    InitFolder(dir, origin, true);
    arguments.insert(arguments.end(), {"--dir", dir});
  }
  auto server = ServerProcess::Start(arguments);
  ASSERT_TRUE(server.ok()) << server.status();
  const auto channel = GrpcTo((*server)->port("grpc"));
  const auto http = HttpTo((*server)->port("http"));
  absl::Status status = SubmitOver(channel, OneWithId("to whom?")).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  for (const std::string& origin : origins) {
    v1::SubmitRequest request = OneWithId("for " + origin);
    request.set_origin(origin);
    const auto receipt = SubmitOver(channel, request);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->leaf_index(0), 0u);
    const std::string prefix = origin.substr(12);
    const VerifierKey key = ReadVkey(temp / origin.substr(12, 3));
    EXPECT_TRUE(JudgeReceipt(key, request, *receipt).ok());
    EXPECT_EQ(http->Get(prefix + "/checkpoint")->body, receipt->checkpoint());
    EXPECT_EQ(
        http->Post(prefix + "/add", "application/octet-stream", "x")->body,
        "1");
    EXPECT_TRUE(absl::StrContains(http->Get("metrics")->body,
                                  absl::StrCat("{log=\"", origin, "\"} 2")));
  }
  for (const char* path : {"checkpoint", "add", "on/checkpoint",
                           "onecheckpoint", "three/checkpoint"}) {
    EXPECT_EQ(http->Get(path)->status, 404) << path;
  }
  v1::SubmitRequest elsewhere = OneWithId("x");
  elsewhere.set_origin("log.example/three");
  status = SubmitOver(channel, elsewhere).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ((*server)->Terminate().exit_code, 0);
}

}  // namespace
}  // namespace vidimus
