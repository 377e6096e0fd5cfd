#include "log/chain_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "log/log_testing.h"
#include "proto/status.h"

namespace vidimus {
namespace {

// Keys that are made when the test says so.
class FakeKeys : public ChainKeys {
 public:
  FakeKeys() : cache_(1 << 20, std::string(32, 'k')) {}

  void Get(std::string_view, uint32_t,
           absl::AnyInvocable<void(absl::StatusOr<Hash>)>) const override {}
  absl::StatusOr<ProvenChainKey> Prove(std::string_view,
                                       uint32_t) const override {
    return absl::UnimplementedError("");
  }
  ChainCache::Known KeyOf(std::string_view name) const override {
    return {ChainOf(std::string(name)).key, std::nullopt, 0};
  }
  absl::StatusOr<std::string> NameOf(std::string_view subject,
                                     uint32_t administration) const override {
    if (subject.empty()) return absl::InvalidArgumentError("no subject");
    return std::to_string(administration) + " " + std::string(subject);
  }
  std::optional<KnownChain> Find(std::string_view name) const override {
    const auto it = known_.find(std::string(name));
    if (it == known_.end()) return std::nullopt;
    return it->second;
  }
  bool Knows(std::string_view name) const override {
    return known_.count(std::string(name)) > 0;
  }
  absl::Status Reserve(uint32_t, size_t) const override { return refusal_; }
  absl::Status Room(uint32_t, size_t count) const override {
    return count <= room_ ? absl::OkStatus() : absl::UnavailableError("");
  }
  std::chrono::milliseconds HalfMade() const override {
    return std::chrono::milliseconds(1234);
  }
  void Make(uint32_t, std::vector<std::string> names,
            Made made) const override {
    for (size_t i = 0; i < names.size(); ++i) {
      jobs_[names[i]].push_back([made, i](absl::StatusOr<KnownChain> chain) {
        made(i, std::move(chain));
      });
    }
  }
  ChainCache* cache() const override { return &cache_; }
  ChainKeysCounts counts() const override { return {}; }

  KnownChain ChainOf(const std::string& name) const {
    KnownChain chain;
    chain.tag = cache_.TagOf(name);
    chain.key.fill(static_cast<uint8_t>(name.back()));
    return chain;
  }
  void Know(const std::string& name) { known_[name] = ChainOf(name); }
  // Makes the oldest key of this name that was asked for.
  void MakeOne(const std::string& name, absl::Status status = {}) {
    auto& jobs = jobs_[name];
    ASSERT_FALSE(jobs.empty()) << name;
    auto job = std::move(jobs.front());
    jobs.erase(jobs.begin());
    if (status.ok()) {
      job(ChainOf(name));
    } else {
      job(status);
    }
  }
  size_t jobs(const std::string& name) { return jobs_[name].size(); }
  absl::Status refusal_;
  size_t room_ = SIZE_MAX;

 private:
  std::map<std::string, KnownChain> known_;
  mutable std::map<std::string,
                   std::vector<std::function<void(absl::StatusOr<KnownChain>)>>>
      jobs_;
  mutable ChainCache cache_;
};

// One entry about `subject`.
Submission About(uint32_t administration, const std::string& subject,
                 absl::AnyInvocable<void(absl::StatusOr<Placement>)> done) {
  Submission submission;
  submission.administration = administration;
  submission.entries.resize(1);
  submission.entries[0].opening = std::make_unique<PendingOpening>();
  submission.entries[0].opening->subject = subject;
  submission.done = std::move(done);
  return submission;
}

class ChainGateTest : public ::testing::Test {
 protected:
  ChainGateTest() : pool_(options_, &clock_), gate_(options_, &pool_) {
    gate_.SetKeys(&keys_);
  }

  // A submission named `name` about each of `subjects`.
  void Add(const std::string& name, const std::vector<std::string>& subjects) {
    Submission submission;
    for (const std::string& subject : subjects) {
      PendingEntry entry;
      entry.data = name;
      entry.opening = std::make_unique<PendingOpening>();
      entry.opening->subject = subject;
      submission.entries.push_back(std::move(entry));
    }
    submission.done = [this, name](absl::StatusOr<Placement> placement) {
      answers_[name] = placement.status();
    };
    gate_.Add(std::move(submission));
  }

  // The names of those that have passed, in their order.
  std::string Passed() {
    std::string names;
    for (const Submission& one : pool_.Take(SIZE_MAX, SIZE_MAX)) {
      names += one.entries[0].data;
      for (const PendingEntry& entry : one.entries) {
        const KnownChain chain = keys_.ChainOf("0 " + entry.opening->subject);
        EXPECT_EQ(entry.opening->chain_key, chain.key);
        EXPECT_TRUE(entry.opening->chain_tag == chain.tag);
      }
    }
    return names;
  }

  FakeClock clock_;
  PoolOptions options_;
  Pool pool_;
  FakeKeys keys_;
  ChainGate gate_;
  std::map<std::string, absl::Status> answers_;
};

TEST_F(ChainGateTest, WhatIsRememberedPassesAtOnce) {
  keys_.Know("0 x");
  Add("a", {"x", "x"});
  EXPECT_EQ(Passed(), "a");
}

TEST_F(ChainGateTest, ANewChainWaitsAndDelaysNobodyElse) {
  keys_.Know("0 x");
  Add("a", {"new"});
  Add("b", {"x"});
  EXPECT_EQ(Passed(), "b");
  keys_.MakeOne("0 new");
  EXPECT_EQ(Passed(), "a");
}

TEST_F(ChainGateTest, WhatSharesAChainKeepsItsOrder) {
  keys_.Know("0 x");
  keys_.Know("0 y");
  Add("a", {"new", "x"});
  Add("b", {"x", "y"});
  Add("c", {"y"});
  Add("d", {"z"});
  EXPECT_EQ(Passed(), "");
  keys_.MakeOne("0 z");
  EXPECT_EQ(Passed(), "d");
  keys_.MakeOne("0 new");
  EXPECT_EQ(Passed(), "abc");
  Add("e", {"y"});
  EXPECT_EQ(Passed(), "e") << "nothing waits any more";
}

TEST_F(ChainGateTest, OneChainAskedForTwiceKeepsItsOrderToo) {
  Add("a", {"new", "other"});
  Add("b", {"new"});
  EXPECT_EQ(keys_.jobs("0 new"), 2u);
  keys_.MakeOne("0 new");
  keys_.MakeOne("0 new");
  EXPECT_EQ(Passed(), "") << "b has its key and must wait for a";
  keys_.MakeOne("0 other");
  EXPECT_EQ(Passed(), "ab");
}

TEST_F(ChainGateTest, AKeyThatCantBeMadeIsAnsweredAndLetsTheNextPass) {
  Add("a", {"new", "other"});
  Add("b", {"other"});
  keys_.MakeOne("0 new", absl::DataLossError("a run is damaged"));
  keys_.MakeOne("0 other");
  EXPECT_TRUE(absl::IsDataLoss(answers_["a"])) << answers_["a"];
  keys_.MakeOne("0 other");
  EXPECT_EQ(Passed(), "b");
}

TEST_F(ChainGateTest, ARefusedSubmissionHoldsNothingUp) {
  keys_.refusal_ = absl::ResourceExhaustedError("quota");
  Add("a", {"new"});
  EXPECT_TRUE(absl::IsResourceExhausted(answers_["a"]));
  Add("n", {""});
  EXPECT_TRUE(absl::IsInvalidArgument(answers_["n"]));
  keys_.refusal_ = absl::OkStatus();
  keys_.Know("0 new");
  Add("b", {"new"});
  EXPECT_EQ(Passed(), "b");
}

TEST_F(ChainGateTest, WhatWaitsIsBounded) {
  options_.entries_max = 3;
  Pool pool(options_, &clock_);
  ChainGate gate(options_, &pool);
  gate.SetKeys(&keys_);
  int refused = 0;
  const auto add = [&](const std::string& subject) {
    gate.Add(About(0, subject, [&](absl::StatusOr<Placement> placement) {
      EXPECT_TRUE(absl::IsUnavailable(placement.status()));
      ++refused;
    }));
  };
  for (const char* subject : {"a", "b", "c", "d"}) add(subject);
  EXPECT_EQ(refused, 1);
  keys_.MakeOne("0 a");
  add("d");
  EXPECT_EQ(refused, 1);
}

TEST_F(ChainGateTest, OneThatFloodsIsPushedBackAlone) {
  options_.queue_entries_max = 2;
  Pool pool(options_, &clock_);
  ChainGate gate(options_, &pool);
  gate.SetKeys(&keys_);
  std::vector<uint32_t> refused;
  const auto add = [&](uint32_t administration, const std::string& subject) {
    gate.Add(About(administration, subject,
                   [&, administration](absl::StatusOr<Placement> placement) {
                     EXPECT_TRUE(absl::IsUnavailable(placement.status()));
                     refused.push_back(administration);
                   }));
  };
  for (const char* subject : {"a", "b", "c"}) add(0, subject);
  EXPECT_EQ(refused, std::vector<uint32_t>{0});
  add(1, "a");
  EXPECT_EQ(refused, std::vector<uint32_t>{0});
  keys_.MakeOne("0 a");
  add(0, "c");
  EXPECT_EQ(refused, std::vector<uint32_t>{0}) << "there is room again";
}

// Exactly what Add would say of them, at each edge.
TEST_F(ChainGateTest, SaysBeforehandWhetherThereIsRoom) {
  options_.entries_max = 5;
  options_.queue_entries_max = 3;
  Pool pool(options_, &clock_);
  ChainGate gate(options_, &pool);
  gate.SetKeys(&keys_);
  const auto add = [&](uint32_t administration, const std::string& subject) {
    gate.Add(About(administration, subject, [](absl::StatusOr<Placement>) {}));
  };
  EXPECT_TRUE(gate.Room(0, 100, 100).ok()) << "nothing waits";
  add(0, "a");
  add(0, "b");
  EXPECT_TRUE(gate.Room(0, 1, 1).ok());
  const absl::Status own = gate.Room(0, 2, 1);
  EXPECT_TRUE(absl::IsUnavailable(own)) << own;
  EXPECT_EQ(RetryAfterOf(own)->count(), 1234);
  EXPECT_TRUE(gate.Room(1, 3, 1).ok());
  const absl::Status all = gate.Room(1, 4, 1);
  EXPECT_TRUE(absl::IsUnavailable(all)) << all;
  EXPECT_EQ(RetryAfterOf(all)->count(), 1234);
  keys_.room_ = 2;
  EXPECT_TRUE(gate.Room(1, 3, 2).ok());
  EXPECT_TRUE(absl::IsUnavailable(gate.Room(1, 3, 3)));
  keys_.room_ = SIZE_MAX;
  keys_.MakeOne("0 a");
  EXPECT_TRUE(gate.Room(0, 2, 2).ok());
  EXPECT_TRUE(gate.Room(1, 4, 4).ok());
  EXPECT_TRUE(absl::IsUnavailable(gate.Room(1, 5, 1)));
}

// Many callers, each with its own order over shared chains, and keys made by
// threads: what each sent about one subject comes out in its order.
TEST(ChainGateThreadsTest, EachCallersOrderHoldsInEachChain) {
  FakeClock clock;
  ChainKeysOptions key_options;
  key_options.threads = 3;
  key_options.cache_bytes = 1 << 11;  // forgets all the time
  key_options.queue_max = key_options.queue_of_one_max = 1 << 20;
  PoolOptions options;
  options.queue_entries_max = options.entries_max = 1 << 20;
  Pool pool(options, &clock);
  ChainGate gate(options, &pool);
  const std::string seed(32, 's');
  auto keys = ChainKeys::Open(key_options, {&clock, nullptr}, seed,
                              Ed25519Signer(seed).public_key(), kTestOrigin);
  ASSERT_TRUE(keys.ok());
  gate.SetKeys(keys->get());
  constexpr int kCallers = 4;
  constexpr int kRequests = 150;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      SeededRandom choice(caller);
      for (int number = 0; number < kRequests; ++number) {
        Submission submission;
        for (int i = 0; i < 3; ++i) {
          PendingEntry entry;
          entry.data = std::string(1, static_cast<char>(caller)) +
                       std::to_string(number);
          entry.opening = std::make_unique<PendingOpening>();
          entry.opening->subject = TestSubject(choice.Below(60));
          submission.entries.push_back(std::move(entry));
        }
        submission.done = [](absl::StatusOr<Placement>) {};
        gate.Add(std::move(submission));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::map<std::pair<int, std::string>, int> last;
  int taken = 0;
  while (taken < kCallers * kRequests) {
    for (const Submission& one : pool.Take(SIZE_MAX, SIZE_MAX)) {
      ++taken;
      for (const PendingEntry& entry : one.entries) {
        const int caller = entry.data[0];
        const int number = std::stoi(entry.data.substr(1));
        int& before = last[{caller, entry.opening->subject}];
        EXPECT_LE(before, number);
        before = number;
      }
    }
    std::this_thread::yield();
  }
}

}  // namespace
}  // namespace vidimus
