// Kills the real server with SIGKILL at random moments, under load and while it
// starts, and looks at what it kept: every acknowledged entry is there, by
// index and bytes; every head that anybody was shown is a prefix of the tree;
// an id that was sent again got one leaf; the whole log verifies.
//
//   kills_test [--rounds=N] [--seed=N]
//
// The seed draws the moments and the requests; how the threads run is the
// machine's. Each round is begun from the folder that the last one left. What
// SIGKILL does not show is a loss of power: tests/power_loss.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/mutex.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/compact_range.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;

uint64_t rounds = 10;
uint64_t seed = 1;

constexpr int kStreams = 2;
constexpr int kAdders = 3;
constexpr int kWindow = 16;  // requests of a stream under way
constexpr milliseconds kStartMax(2000);

// What clients were told, of one log and over all rounds. Any thread.
class Memory {
 public:
  explicit Memory(VerifierKey key) : key_(std::move(key)) {}

  // Judges and keeps a receipt.
  void Keep(const v1::SubmitRequest& request,
            const v1::SubmitResponse& receipt) {
    TreeHead head;
    const absl::Status judged = JudgeReceipt(key_, request, receipt, &head);
    MutexLock lock(&mu_);
    if (!judged.ok()) {
      wrong_.Update(judged);
      return;
    }
    KeepHead(head);
    for (int i = 0; i < receipt.leaf_index_size(); ++i) {
      KeepLeaf(receipt.leaf_index(i), request.opaque_size() > 0
                                          ? request.opaque(i).data()
                                          : receipt.placed(i).leaf());
    }
  }

  void KeepAdded(uint64_t index, const std::string& data) {
    MutexLock lock(&mu_);
    KeepLeaf(index, data);
  }

  // Requests without an answer: to be sent again.
  void Owe(const v1::SubmitRequest& request) {
    MutexLock lock(&mu_);
    owed_.push_back(request);
  }
  std::vector<v1::SubmitRequest> TakeOwed() {
    MutexLock lock(&mu_);
    return std::exchange(owed_, {});
  }

  // Compares it with the log as it now stands.
  void ExpectKept(const WholeLog& log) {
    MutexLock lock(&mu_);
    EXPECT_TRUE(wrong_.ok()) << wrong_;
    KeepHead(log.head);
    for (const auto& [index, data] : leaves_) {
      ASSERT_LT(index, log.entries.size()) << "an acknowledged entry is lost";
      ASSERT_EQ(log.entries[index], data) << "leaf " << index << " changed";
    }
    CompactRange tree;
    auto head = heads_.begin();
    for (uint64_t size = 0; head != heads_.end(); ++size) {
      if (head->first == size) {
        ASSERT_EQ(tree.Root(), head->second) << "two histories at " << size;
        ++head;
      }
      if (size < log.entries.size()) {
        tree.Append(LeafHash(log.entries[size]));
      } else {
        ASSERT_EQ(head, heads_.end()) << "a head that was shown is gone";
      }
    }
  }

  size_t leaves() {
    MutexLock lock(&mu_);
    return leaves_.size();
  }

 private:
  void KeepHead(const TreeHead& head) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto [it, fresh] = heads_.emplace(head.size, head.root);
    if (!fresh && it->second != head.root) {
      wrong_.Update(absl::DataLossError(
          absl::StrCat("two heads of size ", head.size, " were signed")));
    }
  }
  void KeepLeaf(uint64_t index, const std::string& data)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto [it, fresh] = leaves_.emplace(index, data);
    if (!fresh && it->second != data) {
      wrong_.Update(absl::DataLossError(
          absl::StrCat("index ", index, " was given to two entries")));
    }
  }

  const VerifierKey key_;
  Mutex mu_;
  absl::Status wrong_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, std::string> leaves_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, Hash> heads_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::SubmitRequest> owed_ ABSL_GUARDED_BY(mu_);
};

// Writes requests to one stream until it breaks; what was not answered is owed.
void RunStream(const std::shared_ptr<grpc::Channel>& channel, Memory* memory,
               const std::function<v1::SubmitRequest()>& make) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  const auto stub = v1::Log::NewStub(channel);
  const auto stream = stub->SubmitStream(&context);
  Mutex mu;
  CondVar changed;
  bool broken = false;
  std::map<uint64_t, v1::SubmitRequest> waiting;
  std::thread reader([&] {
    v1::SubmitResponse answer;
    while (stream->Read(&answer)) {
      v1::SubmitRequest request;
      {
        MutexLock lock(&mu);
        const auto it = waiting.find(answer.request_id());
        if (it == waiting.end()) continue;
        request = std::move(it->second);
        waiting.erase(it);
        changed.Signal();
      }
      if (answer.code() == 0) {
        memory->Keep(request, answer);
      } else {
        // Taken and not answered with a receipt: it may stand or not.
        memory->Owe(request);
      }
    }
    MutexLock lock(&mu);
    broken = true;
    changed.Signal();
  });
  for (uint64_t id = 1;; ++id) {
    v1::SubmitRequest request = make();
    request.set_request_id(id);
    {
      MutexLock lock(&mu);
      while (!broken && waiting.size() >= kWindow) changed.Wait(&mu);
      if (broken) break;
      waiting[id] = request;
    }
    if (!stream->Write(request)) break;
  }
  reader.join();
  stream->Finish();
  for (const auto& [id, request] : waiting) memory->Owe(request);
}

// POST /add until it breaks.
void RunAdder(uint16_t port, Memory* memory,
              const std::function<std::string()>& make) {
  const auto client = HttpTo(port);
  while (true) {
    const std::string data = make();
    const auto reply = client->Post("add", "application/octet-stream", data);
    if (!reply.ok()) return;
    uint64_t index;
    if (reply->status == 200 && DecimalDecode(reply->body, &index)) {
      memory->KeepAdded(index, data);
    }
  }
}

class KillsTest : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(BothFaces, KillsTest, testing::Values(false, true),
                         [](const auto& info) {
                           return info.param ? "Access" : "Opaque";
                         });

TEST_P(KillsTest, LoseNothingThatWasAcknowledged) {
  const bool access = GetParam();
  const TempFolder temp;
  const std::string dir = temp / "log";
  InitFolder(dir, access ? kTestOrigin : "log.example/kills", !access,
             "batches { batch_period_ms: 5 }\n");
  const std::vector<std::string> arguments = {
      "--dir",
      dir,
      "--http",
      "127.0.0.1:0",
      access ? "--grpc" : "--grpc_plaintext",
      "127.0.0.1:0"};
  Memory memory(ReadVkey(dir));
  std::mt19937_64 random(seed * 2 + access);
  milliseconds slowest(0);
  size_t sent_again = 0;
  int killed_at_start = 0;
  // Both faces share the rounds; the opaque one has the odd one.
  const uint64_t mine = access ? rounds / 2 : rounds - rounds / 2;
  for (uint64_t round = 0; round <= mine; ++round) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, " round ", round));
    // Sometimes it is killed while it starts, when it may be writing too.
    while (random() % 3 == 0) {
      ProcessOptions options;
      options.killed_after = milliseconds(1 + random() % 40);
      const auto killed = ServerProcess::Start(arguments, options);
      ASSERT_TRUE(killed.ok() || absl::IsCancelled(killed.status()))
          << killed.status();
      ++killed_at_start;
    }
    auto started = ServerProcess::Start(arguments);
    ASSERT_TRUE(started.ok()) << started.status();
    ServerProcess& server = **started;
    slowest = std::max(slowest, server.start_time());
    const auto http = HttpTo(server.port("http"));
    auto log = ReadWholeLog(http.get(), ReadVkey(dir), access);
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_NO_FATAL_FAILURE(memory.ExpectKept(*log));

    const auto channel = access
                             ? GrpcTo(server.port("grpcs"), ClientTls(dir, 0))
                             : GrpcTo(server.port("grpc"));
    for (const v1::SubmitRequest& request : memory.TakeOwed()) {
      const auto receipt = SubmitOver(channel, request);
      ASSERT_TRUE(receipt.ok()) << receipt.status();
      memory.Keep(request, *receipt);
      ++sent_again;
    }
    if (round == mine) {
      log = ReadWholeLog(http.get(), ReadVkey(dir), access);
      ASSERT_TRUE(log.ok()) << log.status();
      ASSERT_NO_FATAL_FAILURE(memory.ExpectKept(*log));
      // However often it was sent, an entry with an id is one leaf: what an
      // opaque log holds is all different, and so are an access log's
      // commitments.
      std::map<std::string, uint64_t> places;
      for (uint64_t i = 0; i < log->entries.size(); ++i) {
        const std::string& entry = log->entries[i];
        if (access && entry[0] != '\x01') continue;
        const auto [it, fresh] =
            places.emplace(access ? entry.substr(33) : entry, i);
        EXPECT_TRUE(fresh) << "leaves " << it->second << " and " << i;
      }
      EXPECT_EQ(server.Terminate().exit_code, 0);
      break;
    }

    std::vector<std::thread> clients;
    for (int i = 0; i < kStreams; ++i) {
      clients.emplace_back([&, i, own_seed = random()] {
        SeededRandom own(own_seed);
        RunStream(channel, &memory, [&, i] {
          const int entries = 1 + static_cast<int>(own.Below(20));
          if (access) {
            return MakeRequest(dir, 0, entries, &own);
          }
          std::vector<std::string> made;
          for (int k = 0; k < entries; ++k) {
            made.push_back(absl::StrCat("stream ", i, " ") + own.Draw(24) +
                           std::string(own.Below(300), 'x'));
          }
          return MakeOpaqueRequest(made, &own);
        });
      });
    }
    for (int i = 0; !access && i < kAdders; ++i) {
      clients.emplace_back([&, own_seed = random()] {
        SeededRandom own(own_seed);
        RunAdder(server.port("http"), &memory,
                 [&] { return "added " + own.Draw(24); });
      });
    }
    std::this_thread::sleep_for(milliseconds(5 + random() % 300));
    server.Kill();
    for (std::thread& client : clients) client.join();
  }
  EXPECT_LT(slowest, kStartMax);
  std::cout << (access ? "access" : "opaque") << " log, seed " << seed << ": "
            << mine << " kills under load, " << killed_at_start << " at start, "
            << memory.leaves() << " acknowledged entries all there, "
            << sent_again << " requests sent again, slowest start "
            << slowest.count() << " ms\n";
}

}  // namespace

void SetRounds(uint64_t rounds_wanted, uint64_t seed_wanted) {
  rounds = rounds_wanted;
  seed = seed_wanted;
}

}  // namespace vidimus

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  uint64_t rounds = 10;
  uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&word](const char* flag, uint64_t* number) {
      return absl::StartsWith(word, flag) &&
             absl::SimpleAtoi(word.substr(std::string(flag).size()), number);
    };
    if (!value("--rounds=", &rounds) && !value("--seed=", &seed)) {
      std::cerr << "usage: kills_test [--rounds=N] [--seed=N]\n";
      return 2;
    }
  }
  vidimus::SetRounds(rounds, seed);
  return RUN_ALL_TESTS();
}
