// How long does a log take to start after a kill -9, when it is large?
//
//   bazel run -c opt //benches:startup -- [--entries=10000000] [--bytes=100]
//       [--requests=4096] [--kills=5]
//
// Makes an opaque log of so many random entries of so many bytes, each with an
// id (so that the table of ids is as large as it gets), by two plaintext gRPC
// streams with so many entries in each request. Then, several times: load,
// kill -9 in the middle, start, and the time from exec to "ready". Prints that,
// and the memory after the start. The folder is in TMPDIR and goes at the end.

#include <stdio.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t entries = 10000000;
uint64_t bytes = 100;
uint64_t per_request = 4096;
uint64_t kills = 5;

constexpr int kStreams = 2;
constexpr int kWindow = 4;  // requests of a stream under way

std::unique_ptr<ServerProcess> Start(const std::string& dir) {
  auto server = ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0",
                                      "--grpc_plaintext", "127.0.0.1:0"});
  if (!server.ok()) {
    fprintf(stderr, "%s\n", std::string(server.status().message()).c_str());
    exit(1);
  }
  return *std::move(server);
}

// Writes to one stream until `left` is used up or the server is gone.
void Load(const std::shared_ptr<grpc::Channel>& channel, uint64_t seed,
          std::atomic<int64_t>* left) {
  SeededRandom random(seed);
  grpc::ClientContext context;
  const auto stub = v1::Log::NewStub(channel);
  const auto stream = stub->SubmitStream(&context);
  int under_way = 0;
  const auto read = [&] {
    v1::SubmitResponse answer;
    if (!stream->Read(&answer)) return false;
    CHECK_EQ(answer.code(), 0);
    --under_way;
    return true;
  };
  v1::SubmitRequest request;
  for (uint64_t i = 0; i < per_request; ++i) request.add_opaque();
  while (left->fetch_sub(static_cast<int64_t>(per_request)) > 0) {
    for (v1::OpaqueEntry& entry : *request.mutable_opaque()) {
      entry.set_id(random.Draw(16));
      entry.set_data(random.Draw(bytes));
    }
    if (!stream->Write(request)) return;
    if (++under_way >= kWindow && !read()) return;
  }
  stream->WritesDone();
  while (read()) {
  }
}

std::vector<std::thread> StartLoad(ServerProcess* server,
                                   std::atomic<int64_t>* left) {
  static std::random_device seeds;
  std::vector<std::thread> threads;
  for (int i = 0; i < kStreams; ++i) {
    threads.emplace_back(Load, GrpcTo(server->port("grpc")),
                         uint64_t{seeds()} << 32 | seeds(), left);
  }
  return threads;
}

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The second line of the checkpoint.
std::string SizeOf(ServerProcess* server) {
  const auto reply = HttpTo(server->port("http"))->Get("checkpoint");
  CHECK(reply.ok());
  const std::vector<std::string> lines = absl::StrSplit(reply->body, '\n');
  return lines[1];
}

std::string ResidentMiB(const ServerProcess& server) {
  const std::string status =
      ReadTextFile(absl::StrCat("/proc/", server.pid(), "/status"));
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    uint64_t kib;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() >= 2 && words[0] == "VmRSS:" &&
        absl::SimpleAtoi(words[1], &kib)) {
      return absl::StrCat(kib / 1024);
    }
  }
  return "?";
}

void Main() {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, "log.example/startup", true);
  auto server = Start(dir);
  auto begin = Clock::now();
  std::atomic<int64_t> left(static_cast<int64_t>(entries));
  for (std::thread& thread : StartLoad(server.get(), &left)) thread.join();
  const double seconds = SecondsSince(begin);
  printf(
      "%s entries of %lu bytes with ids, %lu in a request, over %d streams: "
      "%.1f s, %.0f entries/s; resident %s MiB\n",
      SizeOf(server.get()).c_str(), bytes, per_request, kStreams, seconds,
      static_cast<double>(entries) / seconds, ResidentMiB(*server).c_str());
  std::mt19937_64 random(std::random_device{}());
  std::vector<int64_t> times;
  for (uint64_t kill = 0; kill < kills; ++kill) {
    left = INT64_MAX;
    std::vector<std::thread> threads = StartLoad(server.get(), &left);
    std::this_thread::sleep_for(
        std::chrono::milliseconds(300 + random() % 1700));
    server->Kill();
    for (std::thread& thread : threads) thread.join();
    server = Start(dir);
    times.push_back(server->start_time().count());
    printf(
        "killed under load; at size %s ready after %ld ms; resident %s MiB\n",
        SizeOf(server.get()).c_str(), times.back(),
        ResidentMiB(*server).c_str());
    fflush(stdout);
  }
  std::sort(times.begin(), times.end());
  if (!times.empty()) {
    printf("start after a kill: median %ld ms, %ld to %ld\n",
           times[times.size() / 2], times.front(), times.back());
  }
}

}  // namespace

bool SetFlag(const std::string& word) {
  const auto value = [&word](const std::string& flag, uint64_t* number) {
    return absl::StartsWith(word, flag) &&
           absl::SimpleAtoi(word.substr(flag.size()), number);
  };
  return value("--entries=", &entries) || value("--bytes=", &bytes) ||
         value("--requests=", &per_request) || value("--kills=", &kills);
}

}  // namespace vidimus

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (vidimus::SetFlag(argv[i])) continue;
    fprintf(stderr,
            "usage: startup [--entries=N] [--bytes=N] [--requests=N] "
            "[--kills=N]\n");
    return 2;
  }
  vidimus::Main();
  return 0;
}
