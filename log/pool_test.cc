#include "log/pool.h"

#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "log/log_testing.h"
#include "proto/status.h"

namespace vidimus {
namespace {

class PoolTest : public ::testing::Test {
 protected:
  // Adds a submission of `entries` entries; its answer, or OK while it waits.
  absl::Status Add(Pool* pool, uint32_t administration, size_t entries,
                   size_t entry_bytes = 1) {
    auto answer = std::make_shared<absl::Status>();
    Submission submission;
    submission.administration = administration;
    submission.entries.resize(entries);
    for (PendingEntry& entry : submission.entries) {
      entry.data.assign(entry_bytes, 'x');
    }
    submission.done = [answer](absl::StatusOr<Placement> placement) {
      *answer = placement.status();
    };
    pool->Add(std::move(submission));
    return *answer;
  }

  std::vector<uint32_t> TakenFrom(Pool* pool, size_t entries_max) {
    std::vector<uint32_t> from;
    for (const Submission& one : pool->Take(entries_max, SIZE_MAX)) {
      from.push_back(one.administration);
    }
    return from;
  }

  FakeClock clock_;
};

TEST_F(PoolTest, TakesFromTheAdministrationsInTurn) {
  Pool pool({}, &clock_);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Add(&pool, 1, 1).ok());
  ASSERT_TRUE(Add(&pool, 2, 1).ok());
  ASSERT_TRUE(Add(&pool, 9, 1).ok());
  EXPECT_EQ(TakenFrom(&pool, 100), (std::vector<uint32_t>{1, 2, 9, 1, 1}));
  EXPECT_EQ(pool.entries(), 0u);
  EXPECT_EQ(pool.bytes(), 0u);
}

TEST_F(PoolTest, NeverSplitsASubmissionAndTakesAtLeastOne) {
  Pool pool({}, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 10).ok());
  ASSERT_TRUE(Add(&pool, 1, 10).ok());
  EXPECT_EQ(TakenFrom(&pool, 5).size(), 1u);
  EXPECT_EQ(TakenFrom(&pool, 19).size(), 1u);
}

TEST_F(PoolTest, AFullPoolPushesBackWithATimeToComeBack) {
  PoolOptions options;
  options.entries_max = 10;
  Pool pool(options, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 8).ok());
  const absl::Status refused = Add(&pool, 2, 3);
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_TRUE(RetryAfterOf(refused).has_value());
  EXPECT_TRUE(Add(&pool, 2, 2).ok());
}

TEST_F(PoolTest, ABoundInBytesHolds) {
  PoolOptions options;
  options.bytes_max = 10000;
  Pool pool(options, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 1, 6000).ok());
  EXPECT_TRUE(absl::IsUnavailable(Add(&pool, 1, 1, 6000)));
}

TEST_F(PoolTest, OneThatFloodsIsPushedBackAlone) {
  PoolOptions options;
  options.queue_entries_max = 10;
  Pool pool(options, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 10).ok());
  EXPECT_TRUE(absl::IsUnavailable(Add(&pool, 1, 1)));
  EXPECT_TRUE(Add(&pool, 2, 1).ok());
}

TEST_F(PoolTest, AQuotaRefusesUntilItsTimeHasCome) {
  PoolOptions options;
  options.quota_per_s = 10;
  options.quota_burst_s = 2;
  Pool pool(options, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 20).ok());
  const absl::Status refused = Add(&pool, 1, 5);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  ASSERT_TRUE(RetryAfterOf(refused).has_value());
  EXPECT_TRUE(Add(&pool, 2, 5).ok()) << "another administration's own quota";
  clock_.Advance(RetryAfterOf(refused)->count());
  EXPECT_TRUE(Add(&pool, 1, 5).ok());
}

TEST_F(PoolTest, ARequestLargerThanTheBurstStillPassesOnce) {
  PoolOptions options;
  options.quota_per_s = 1;
  options.quota_burst_s = 10;
  Pool pool(options, &clock_);
  EXPECT_TRUE(Add(&pool, 1, 100).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Add(&pool, 1, 1)));
}

TEST_F(PoolTest, RefusesWhileToldToAndTakesAgain) {
  Pool pool({}, &clock_);
  pool.Refuse(absl::FailedPreconditionError("frozen"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Add(&pool, 1, 1)));
  pool.Refuse(absl::OkStatus());
  EXPECT_TRUE(Add(&pool, 1, 1).ok());
}

TEST_F(PoolTest, AClosedPoolCanBeEmptiedButNotFilled) {
  Pool pool({}, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 1).ok());
  pool.Close();
  EXPECT_TRUE(absl::IsUnavailable(Add(&pool, 1, 1)));
  EXPECT_TRUE(pool.Wait(0));
  EXPECT_EQ(TakenFrom(&pool, 10).size(), 1u);
  EXPECT_FALSE(pool.Wait(1000000)) << "must not wait for what can't come";
}

TEST_F(PoolTest, GathersUntilThereIsEnoughForABatch) {
  Pool pool({}, &clock_);
  ASSERT_TRUE(Add(&pool, 1, 3).ok());
  pool.WaitFull(4, SIZE_MAX, std::chrono::microseconds(0));
  EXPECT_EQ(pool.entries(), 3u) << "the time is up all the same";
  std::thread adder([&] { EXPECT_TRUE(Add(&pool, 1, 1).ok()); });
  pool.WaitFull(4, SIZE_MAX, std::chrono::minutes(1));
  EXPECT_EQ(pool.entries(), 4u);
  adder.join();
  pool.WaitFull(SIZE_MAX, pool.bytes(), std::chrono::minutes(1));
  pool.Close();
  pool.WaitFull(SIZE_MAX, SIZE_MAX, std::chrono::minutes(1));
}

TEST_F(PoolTest, WakesTheOneWhoWaits) {
  Pool pool({}, &clock_);
  std::thread adder([&] { EXPECT_TRUE(Add(&pool, 1, 1).ok()); });
  EXPECT_TRUE(pool.Wait(60000));
  adder.join();
}

}  // namespace
}  // namespace vidimus
