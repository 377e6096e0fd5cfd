#include "log/chain_quota.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "log/log_testing.h"
#include "proto/status.h"

namespace vidimus {
namespace {

TEST(ChainQuotaTest, TakesABurstThenAsMuchAsTimeGives) {
  FakeClock clock;
  ChainQuota quota({2, 5}, &clock);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(quota.Take("a").ok());
  const absl::Status refused = quota.Take("a");
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(RetryAfterOf(refused), std::chrono::milliseconds(500));
  // Others are not held up, and asking in vain costs nothing.
  EXPECT_TRUE(quota.Take("b").ok());
  clock.Advance(499);
  EXPECT_FALSE(quota.Take("a").ok());
  clock.Advance(1);
  EXPECT_TRUE(quota.Take("a").ok());
  EXPECT_FALSE(quota.Take("a").ok());
  // Never more than the burst, however long nobody asked.
  clock.Advance(1000 * 3600);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(quota.Take("a").ok());
  EXPECT_FALSE(quota.Take("a").ok());
}

TEST(ChainQuotaTest, RemembersABoundedNumberOfCallers) {
  FakeClock clock;
  ChainQuota quota({1, 10, 100}, &clock);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(quota.Take(absl::StrCat(i)).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(quota.Take("one more")));
  EXPECT_TRUE(quota.Take("7").ok());
  // All buckets but that of 7 are full again.
  clock.Advance(1000);
  for (int i = 100; i < 199; ++i) EXPECT_TRUE(quota.Take(absl::StrCat(i)).ok());
  EXPECT_FALSE(quota.Take("one more").ok());
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(quota.Take("7").ok());
  EXPECT_FALSE(quota.Take("7").ok());
}

TEST(ChainQuotaTest, WithoutARateTakesEverything) {
  FakeClock clock;
  ChainQuota quota({0, 0}, &clock);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(quota.Take("a").ok());
}

}  // namespace
}  // namespace vidimus
