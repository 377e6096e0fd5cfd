#include "log/chain_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "log/log_testing.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/label.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

const std::string kSeed(32, 's');

class ChainKeysTest : public ::testing::Test {
 protected:
  ChainKeysTest() : label_key_(Ed25519Signer(kSeed).public_key()) {}

  std::unique_ptr<ChainKeys> Open(const ChainKeysOptions& options,
                                  IndexFinder find = nullptr) {
    auto keys = ChainKeys::Open(options, {&clock_, std::move(find)}, kSeed,
                                label_key_, kTestOrigin);
    EXPECT_TRUE(keys.ok()) << keys.status();
    return *std::move(keys);
  }

  FakeClock clock_;
  const std::string label_key_;
};

TEST_F(ChainKeysTest, RefusesALabelKeyThatIsNotConfigs) {
  for (const std::string& seed :
       {std::string(32, 'x'), std::string(), std::string(31, 's')}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(
        ChainKeys::Open({}, {&clock_, nullptr}, seed, label_key_, kTestOrigin)
            .status()));
  }
}

TEST_F(ChainKeysTest, ProvesWhatAStrangerAccepts) {
  const auto keys = Open({});
  const auto proven = keys->Prove(TestSubject(1), 3);
  ASSERT_TRUE(proven.ok());
  Hash key;
  EXPECT_EQ(VerifyChainKey(label_key_, {kTestOrigin, 3, TestSubject(1)},
                           proven->proof, &key),
            Finding::kOk);
  EXPECT_EQ(key, proven->key);
  EXPECT_NE(VerifyChainKey(label_key_, {kTestOrigin, 4, TestSubject(1)},
                           proven->proof, &key),
            Finding::kOk);
  EXPECT_TRUE(absl::IsInvalidArgument(keys->Prove("", 3).status()));
}

// The cache's key follows from the label key and the log's name.
TEST_F(ChainKeysTest, WhatIsTakenAlongIsTheNextProcesss) {
  const auto keys = Open({});
  const auto name = keys->NameOf(TestSubject(1), 3);
  ASSERT_TRUE(name.ok());
  const Hash key = keys->KeyOf(*name).key;
  keys->cache()->SetCount(keys->cache()->TagOf(*name), {1, 1});
  const std::string saved = keys->cache()->Save(10);
  const auto next = Open({});
  ASSERT_TRUE(next->cache()->Load(saved));
  EXPECT_EQ(next->KeyOf(*name).key, key);
  EXPECT_FALSE(next->KeyOf(*name).entries.has_value());
  EXPECT_EQ(next->counts().made, 0u);
  const auto other = ChainKeys::Open({}, {&clock_, nullptr}, kSeed, label_key_,
                                     "log.example/other");
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE((*other)->cache()->Load(saved));
  const std::string seed(32, 'o');
  const auto thief =
      ChainKeys::Open({}, {&clock_, nullptr}, seed,
                      Ed25519Signer(seed).public_key(), kTestOrigin);
  ASSERT_TRUE(thief.ok());
  EXPECT_FALSE((*thief)->cache()->Load(saved));
}

// With and without threads, with and without a cache: always the same keys.
TEST_F(ChainKeysTest, GivesEachChainItsOneKey) {
  for (const int threads : {0, 1, 3}) {
    for (const uint64_t bytes : {0, 1 << 10, 1 << 20}) {
      ChainKeysOptions options;
      options.threads = threads;
      options.cache_bytes = bytes;
      Mutex mu;
      std::vector<std::pair<uint64_t, Hash>> got;
      {
        const auto keys = Open(options);
        std::atomic<int> left{100};
        for (uint64_t i = 0; i < 100; ++i) {
          keys->Get(TestSubject(i % 40), i % 3,
                    [&, i](absl::StatusOr<Hash> key) {
                      ASSERT_TRUE(key.ok()) << key.status();
                      {
                        MutexLock lock(&mu);
                        got.emplace_back(i, *key);
                      }
                      --left;
                    });
        }
        while (left > 0) std::this_thread::yield();
        EXPECT_EQ(keys->counts().waiting, 0u);
        if (bytes == 1 << 20 && threads == 0) {
          EXPECT_EQ(keys->counts().made, 100u);  // 40 by 3, 100 pairs of them
        }
      }
      ASSERT_EQ(got.size(), 100u);
      const auto keys = Open({});
      for (const auto& [i, key] : got) {
        EXPECT_EQ(key, keys->Prove(TestSubject(i % 40), i % 3)->key);
      }
    }
  }
}

TEST_F(ChainKeysTest, LooksHowManyEntriesAChainHas) {
  const auto reference = Open({});
  std::map<Hash, uint64_t> leaves;
  for (uint64_t n = 0; n < 20; ++n) {
    const Hash key = reference->Prove(TestSubject(n), 0)->key;
    for (uint64_t i = 0; i < n; ++i) leaves[ChainLabel(key, i)] = 1000 * i;
  }
  const auto keys =
      Open({}, [&](const Hash& key) -> absl::StatusOr<std::optional<uint64_t>> {
        const auto it = leaves.find(key);
        if (it == leaves.end()) return std::nullopt;
        return it->second;
      });
  for (uint64_t n = 0; n < 20; ++n) {
    const std::string name = *keys->NameOf(TestSubject(n), 0);
    EXPECT_FALSE(keys->Find(name).has_value());
    ASSERT_TRUE(keys->Reserve(0, 1).ok());
    keys->Make(0, {name}, [&](size_t place, absl::StatusOr<KnownChain> chain) {
      ASSERT_TRUE(chain.ok());
      EXPECT_EQ(place, 0u);
      EXPECT_EQ(chain->entries_min, n);
      // The first entry's receipt will tell the key.
      EXPECT_EQ(chain->vrf_proof.size(), n == 0 ? 80u : 0u);
    });
    // The key is remembered; the number is the sequencer's to say.
    EXPECT_FALSE(keys->Find(name).has_value());
    keys->cache()->SetCount(keys->cache()->TagOf(name), {n + 1, 0});
    ASSERT_TRUE(keys->Find(name).has_value());
    EXPECT_EQ(keys->Find(name)->entries_min, n + 1);
  }
}

TEST_F(ChainKeysTest, AnIndexThatCantBeReadIsSaid) {
  ChainKeysOptions options;
  options.threads = 1;
  const auto keys = Open(options, [](const Hash&) {
    return absl::DataLossError("a run is damaged");
  });
  std::atomic<bool> done{false};
  ASSERT_TRUE(keys->Reserve(0, 1).ok());
  keys->Make(0, {*keys->NameOf(TestSubject(1), 0)},
             [&](size_t, absl::StatusOr<KnownChain> chain) {
               EXPECT_TRUE(absl::IsDataLoss(chain.status()));
               done = true;
             });
  while (!done) std::this_thread::yield();
}

TEST_F(ChainKeysTest, PushesBackWhenTheQueueIsFull) {
  ChainKeysOptions options;
  options.queue_max = 100;
  options.queue_of_one_max = 60;
  const auto keys = Open(options);
  EXPECT_TRUE(keys->Reserve(0, 60).ok());
  const absl::Status own = keys->Reserve(0, 1);
  EXPECT_TRUE(absl::IsUnavailable(own));
  EXPECT_TRUE(RetryAfterOf(own).has_value());
  EXPECT_TRUE(keys->Reserve(1, 40).ok());
  EXPECT_TRUE(absl::IsUnavailable(keys->Reserve(2, 1)));
  EXPECT_EQ(keys->counts().waiting, 100u);
  // One that is larger than the whole queue passes when nothing waits.
  const auto empty = Open(options);
  EXPECT_TRUE(empty->Reserve(0, 1000).ok());
}

TEST_F(ChainKeysTest, SaysBeforehandWhetherThereIsRoom) {
  ChainKeysOptions options;
  options.queue_max = 100;
  options.queue_of_one_max = 60;
  options.per_s = 1;
  options.burst_s = 100;
  const auto keys = Open(options);
  EXPECT_TRUE(keys->Room(0, 1000).ok()) << "nothing waits";
  ASSERT_TRUE(keys->Reserve(0, 50).ok());
  EXPECT_TRUE(keys->Room(0, 10).ok());
  EXPECT_TRUE(absl::IsUnavailable(keys->Room(0, 11)));
  EXPECT_TRUE(keys->Room(1, 50).ok());
  EXPECT_TRUE(absl::IsUnavailable(keys->Room(1, 51)));
  EXPECT_EQ(keys->counts().waiting, 50u) << "asking takes nothing";
  EXPECT_TRUE(keys->Reserve(1, 50).ok());
  EXPECT_TRUE(absl::IsUnavailable(keys->Room(1, 1)));
}

TEST_F(ChainKeysTest, KnowingIsHavingBothKeyAndNumberAndIsNotCounted) {
  const auto keys = Open({});
  const std::string name = *keys->NameOf(TestSubject(1), 0);
  EXPECT_FALSE(keys->Knows(name));
  keys->KeyOf(name);
  EXPECT_FALSE(keys->Knows(name)) << "without a number";
  const ChainKeysCounts before = keys->counts();
  keys->cache()->SetCount(keys->cache()->TagOf(name), {1, 1});
  EXPECT_TRUE(keys->Knows(name));
  EXPECT_FALSE(keys->Knows(*keys->NameOf(TestSubject(1), 1)));
  EXPECT_EQ(keys->counts().hits, before.hits);
  EXPECT_EQ(keys->counts().misses, before.misses);
  EXPECT_TRUE(keys->Find(name).has_value());
}

// What a refusal says in milliseconds.
int64_t RetryAfterMs(const absl::Status& refused) {
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  return RetryAfterOf(refused).value_or(std::chrono::milliseconds(-1)).count();
}

TEST_F(ChainKeysTest, SaysToComeBackWhenHalfIsMade) {
  ChainKeysOptions options;
  options.threads = 1;
  options.queue_max = 100;
  options.queue_of_one_max = 60;
  const auto keys = Open(
      options, [&](const Hash&) -> absl::StatusOr<std::optional<uint64_t>> {
        clock_.Advance(10);
        return std::nullopt;
      });
  uint64_t subject = 0;
  const auto make = [&](size_t count) {
    std::vector<std::string> names;
    while (names.size() < count) {
      names.push_back(*keys->NameOf(TestSubject(subject++), 0));
    }
    std::atomic<size_t> left{count};
    ASSERT_TRUE(keys->Reserve(0, count).ok());
    keys->Make(0, std::move(names),
               [&](size_t, absl::StatusOr<KnownChain>) { --left; });
    while (left > 0) std::this_thread::yield();
  };
  ASSERT_TRUE(keys->Reserve(7, 1).ok());
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 100)), 500) << "nothing is known yet";
  keys->Make(7, {*keys->NameOf(TestSubject(0), 7)},
             [](size_t, absl::StatusOr<KnownChain>) {});
  while (keys->counts().waiting > 0) std::this_thread::yield();

  make(50);
  clock_.Advance(60000);  // at rest, which is not measured
  make(100);
  EXPECT_EQ(keys->HalfMade().count(), 100) << "no less, though nothing waits";
  ASSERT_TRUE(keys->Reserve(0, 60).ok());
  // 100 a second: those of 60 beyond half of 100, or beyond what is left by the
  // request if that is larger.
  EXPECT_EQ(RetryAfterMs(keys->Room(1, 45)), 100);
  EXPECT_EQ(RetryAfterMs(keys->Room(1, 75)), 350);
  EXPECT_EQ(RetryAfterMs(keys->Room(1, 100)), 600);
  EXPECT_EQ(RetryAfterMs(keys->Room(1, 1000)), 600);
  EXPECT_EQ(RetryAfterMs(keys->Reserve(1, 1000)), 600);
  EXPECT_EQ(keys->HalfMade().count(), 300);
  // Of one alone, and of two that take turns, but never more than all.
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 1)), 300);
  ASSERT_TRUE(keys->Reserve(1, 5).ok());
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 1)), 600);
  ASSERT_TRUE(keys->Reserve(2, 5).ok());
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 1)), 700);
}

TEST_F(ChainKeysTest, NeverSaysToComeBackInMoreThanFiveSeconds) {
  ChainKeysOptions options;
  options.threads = 1;
  options.queue_max = options.queue_of_one_max = 100;
  const auto keys = Open(
      options, [&](const Hash&) -> absl::StatusOr<std::optional<uint64_t>> {
        clock_.Advance(1000);
        return std::nullopt;
      });
  ASSERT_TRUE(keys->Reserve(0, 1).ok());
  keys->Make(0, {*keys->NameOf(TestSubject(0), 0)},
             [](size_t, absl::StatusOr<KnownChain>) {});
  while (keys->counts().waiting > 0) std::this_thread::yield();
  ASSERT_TRUE(keys->Reserve(0, 54).ok());
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 50)), 4000);
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 51)), 5000);
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 100)), 5000);
}

// So that a simulation replays exactly.
TEST_F(ChainKeysTest, MeasuresNothingWithoutThreads) {
  ChainKeysOptions options;
  options.queue_max = 100;
  const auto keys = Open(options);
  for (uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(keys->Reserve(0, 1).ok());
    clock_.Advance(1000);
    keys->Make(0, {*keys->NameOf(TestSubject(i), 0)},
               [](size_t, absl::StatusOr<KnownChain>) {});
  }
  ASSERT_TRUE(keys->Reserve(0, 100).ok());
  EXPECT_EQ(RetryAfterMs(keys->Room(0, 1)), 500);
}

TEST_F(ChainKeysTest, HoldsAnAdministrationToItsQuotaOfNewChains) {
  ChainKeysOptions options;
  options.per_s = 10;
  options.burst_s = 2;
  options.queue_max = options.queue_of_one_max = 1 << 20;
  const auto keys = Open(options);
  EXPECT_TRUE(keys->Reserve(0, 20).ok());
  const absl::Status over = keys->Reserve(0, 5);
  EXPECT_TRUE(absl::IsResourceExhausted(over)) << over;
  EXPECT_EQ(RetryAfterOf(over)->count(), 501);
  EXPECT_TRUE(keys->Reserve(1, 20).ok());
  clock_.Advance(501);
  EXPECT_TRUE(keys->Reserve(0, 5).ok());
}

}  // namespace
}  // namespace vidimus
