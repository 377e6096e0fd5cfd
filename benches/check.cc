// How long does an administration wait that asks first?
//
//   bazel run -c opt //benches:check -- [--subjects=1000000] [--rate=5000]
//       [--seconds=10] [--channels=4]
//
// Makes an access log with a chain of one access for each of so many residents,
// then asks `Check` about residents drawn at random, each from entry 1 on, over
// mutual TLS at that rate whatever the answers do (open loop): a time is from
// when a question was due. Filled: right after a million new chains, while runs
// are still merged. Warm: the server remembers every chain. Cold: it was just
// stopped and started. Bare: so too, and what it took along of the chains' keys
// was removed, so that for nearly each question one is made.
// Server and asker share the processors. The folder is in TMPDIR and goes at
// the end.

#include "verifier/check.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/mutex.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"

namespace vidimus {
namespace {

using SteadyClock = std::chrono::steady_clock;

uint64_t subjects = 1000000;
uint64_t rate = 5000;
uint64_t seconds = 10;
uint64_t channels = 4;

constexpr int kPerRequest = 256;
constexpr uint64_t kRequests = 16;  // under way while the log is filled

std::unique_ptr<ServerProcess> Start(const std::string& dir) {
  auto server = ServerProcess::Start({"--dir", dir, "--grpc", "127.0.0.1:0"});
  if (!server.ok()) {
    fprintf(stderr, "%s\n", std::string(server.status().message()).c_str());
    exit(1);
  }
  return *std::move(server);
}

// User and system time of a process so far.
double CpuSeconds(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  std::getline(file, text);
  const std::vector<std::string> fields =
      absl::StrSplit(text.substr(text.rfind(')') + 2), ' ');
  int64_t user = 0, system = 0;
  CHECK(absl::SimpleAtoi(fields[11], &user));
  CHECK(absl::SimpleAtoi(fields[12], &system));
  return static_cast<double>(user + system) / sysconf(_SC_CLK_TCK);
}

// One access of administration 0 to each resident.
void Fill(const std::string& dir, const ServerProcess& server) {
  const auto channel = GrpcTo(server.port("grpcs"), ClientTls(dir, 0));
  const std::string seed = ReadEntrySeed(dir, 0);
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kRequests; ++t) {
    threads.emplace_back([&, t] {
      SeededRandom random(t + 1);
      while (true) {
        const uint64_t first = next.fetch_add(kPerRequest);
        if (first >= subjects) return;
        std::vector<v1::Entry> entries;
        for (uint64_t n = first;
             n < std::min<uint64_t>(first + kPerRequest, subjects); ++n) {
          entries.push_back(MakeTestEntry(0, n, &random));
        }
        const v1::SubmitRequest request =
            SignTestRequest(0, std::move(entries), seed);
        absl::Status status;
        for (int tries = 0; tries < 100; ++tries) {
          status = SubmitOver(channel, request).status();
          if (!absl::IsUnavailable(status) &&
              !absl::IsResourceExhausted(status)) {
            break;
          }
          std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
        if (!status.ok()) {
          fprintf(stderr, "%s\n", std::string(status.message()).c_str());
          exit(1);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct Question {
  grpc::ClientContext context;
  v1::CheckRequest request;
  v1::CheckResponse response;
  SteadyClock::time_point due;
};

// Asks at the rate for so many seconds and prints what came of it.
void Ask(const char* name, const std::string& dir,
         const ServerProcess& server) {
  std::vector<std::shared_ptr<grpc::Channel>> open;
  std::vector<std::unique_ptr<v1::Log::Stub>> stubs;
  for (uint64_t i = 0; i < channels; ++i) {
    open.push_back(GrpcTo(server.port("grpcs"), ClientTls(dir, 0)));
    CHECK(open.back()->WaitForConnected(std::chrono::system_clock::now() +
                                        std::chrono::seconds(10)));
    stubs.push_back(v1::Log::NewStub(open.back()));
  }
  const uint64_t count = rate * seconds;
  Mutex mu;
  CondVar all;
  std::vector<double> times_ms;
  uint64_t answered = 0;
  uint64_t refused = 0;
  std::string why;
  std::mt19937_64 random(7);
  const double cpu = CpuSeconds(server.pid());
  const auto begin = SteadyClock::now();
  for (uint64_t i = 0; i < count; ++i) {
    auto* const question = new Question;
    question->request.set_subject(TestSubject(random() % subjects));
    question->request.set_since(1);
    question->due = begin + std::chrono::nanoseconds(i * 1000000000 / rate);
    std::this_thread::sleep_until(question->due);
    stubs[i % channels]->async()->Check(
        &question->context, &question->request, &question->response,
        [&, question](const grpc::Status& status) {
          const double ms = std::chrono::duration<double, std::milli>(
                                SteadyClock::now() - question->due)
                                .count();
          const bool good = status.ok() &&
                            question->response.chain().entries().empty() &&
                            !question->response.index_proof().empty() &&
                            !question->response.inclusion_proof().empty();
          const std::string message = status.error_message();
          delete question;
          MutexLock lock(&mu);
          times_ms.push_back(ms);
          refused += !good;
          if (!good) why = message;
          if (++answered == count) all.Signal();
        });
  }
  MutexLock lock(&mu);
  while (answered < count) all.Wait(&mu);
  const double took =
      std::chrono::duration<double>(SteadyClock::now() - begin).count();
  std::sort(times_ms.begin(), times_ms.end());
  const auto at = [&times_ms](double share) {
    return times_ms[static_cast<size_t>(share * (times_ms.size() - 1))];
  };
  printf(
      "%-6s %6.0f a second: p50 %6.2f ms, p99 %6.2f ms, p99.9 %6.2f ms, "
      "most %6.2f ms; server %5.1f us each; %llu refused%s%s\n",
      name, count / took, at(0.5), at(0.99), at(0.999), at(1),
      (CpuSeconds(server.pid()) - cpu) * 1e6 / count,
      static_cast<unsigned long long>(refused), why.empty() ? "" : ": ",
      why.c_str());
  fflush(stdout);
}

void Run() {
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, kTestOrigin, false,
             absl::StrCat("chains { cache_bytes: ",
                          std::max<uint64_t>(subjects * 100, 1 << 20),
                          " }\nlimits { side_work_max: 1024 }\n"));
  auto server = Start(dir);
  const auto begin = SteadyClock::now();
  Fill(dir, *server);
  printf("%llu chains in %.0f s\n", static_cast<unsigned long long>(subjects),
         std::chrono::duration<double>(SteadyClock::now() - begin).count());
  fflush(stdout);
  Ask("filled", dir, *server);
  Ask("warm", dir, *server);
  CHECK_EQ(server->Terminate().exit_code, 0);
  server = Start(dir);
  Ask("cold", dir, *server);
  CHECK_EQ(server->Terminate().exit_code, 0);
  CHECK_EQ(unlink(absl::StrCat(dir, "/chains").c_str()), 0);
  server = Start(dir);
  Ask("bare", dir, *server);
  CHECK_EQ(server->Terminate().exit_code, 0);
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> parts = absl::StrSplit(argv[i], '=');
    bool good = false;
    for (const auto& [flag, value] :
         {std::pair<const char*, uint64_t*>("--subjects", &subjects),
          {"--rate", &rate},
          {"--seconds", &seconds},
          {"--channels", &channels}}) {
      good |= parts.size() == 2 && parts[0] == flag &&
              absl::SimpleAtoi(parts[1], value) && *value > 0;
    }
    if (!good) {
      fprintf(stderr, "not understood: %s\n", argv[i]);
      return 2;
    }
  }
  Run();
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
