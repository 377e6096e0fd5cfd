#include "client/monitor/uptime.h"

#include <gtest/gtest.h>

namespace vidimus {
namespace {

constexpr uint64_t kDayS = 86400;

TEST(UptimeTest, CountsWhatWasWatchedByDay) {
  Uptime uptime;
  uptime.Note(20000 * kDayS + 10, 10, true);
  uptime.Note(20000 * kDayS + 20, 10, false);
  uptime.Note(20001 * kDayS + 5, 10, true);
  ASSERT_EQ(uptime.days().size(), 2u);
  EXPECT_EQ(uptime.days()[0].watched_s, 20u);
  EXPECT_EQ(uptime.days()[0].answered_s, 10u);
  EXPECT_DOUBLE_EQ(uptime.Share(), 20.0 / 30);
}

TEST(UptimeTest, WithoutAnythingWatchedIsZero) {
  EXPECT_DOUBLE_EQ(Uptime().Share(), 0);
}

TEST(UptimeTest, ADayHasNoMoreSecondsThanADay) {
  Uptime uptime;
  uptime.Note(5 * kDayS, 80000, true);
  uptime.Note(5 * kDayS + 1, 80000, true);
  EXPECT_EQ(uptime.days()[0].watched_s, kDayS);
  EXPECT_EQ(uptime.days()[0].answered_s, kDayS);
}

TEST(UptimeTest, KeepsNinetyDays) {
  Uptime uptime;
  for (uint64_t day = 1; day <= 100; ++day) uptime.Note(day * kDayS, 1, true);
  ASSERT_EQ(uptime.days().size(), 90u);
  EXPECT_EQ(uptime.days().front().day, 11u);
  // After a long silence only what is not older than ninety days.
  uptime.Note(150 * kDayS, 1, true);
  EXPECT_EQ(uptime.days().front().day, 61u);
}

TEST(UptimeTest, AClockThatWentBackChangesNothing) {
  Uptime uptime;
  uptime.Note(7 * kDayS, 10, true);
  uptime.Note(6 * kDayS, 10, false);
  EXPECT_EQ(uptime.Format(), "7 10 10\n");
}

TEST(UptimeTest, ReadsWhatItWrote) {
  Uptime uptime;
  uptime.Note(7 * kDayS, 10, true);
  uptime.Note(9 * kDayS, 10, false);
  const auto read = Uptime::Parse(uptime.Format());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Format(), "7 10 10\n9 10 0\n");
  EXPECT_EQ(Uptime::Parse("")->Format(), "");
}

TEST(UptimeTest, RefusesWhatIsNoUptime) {
  for (const char* text :
       {"7 10 10", "7 10\n", "7 10 11\n", "7 86401 1\n", "7 10 10\n7 10 10\n",
        "8 1 1\n7 1 1\n", "x 1 1\n", "7  10 10\n", "7 10 10 \n", "\n",
        "-1 1 1\n", "07 1 1\n"}) {
    EXPECT_EQ(Uptime::Parse(text).status().code(), absl::StatusCode::kDataLoss)
        << text;
  }
}

TEST(UptimeTest, NamesDays) {
  EXPECT_EQ(DayName(0), "1970-01-01");
  EXPECT_EQ(DayName(20780), "2026-11-23");
  EXPECT_EQ(DayName(~uint64_t{0}), "9999-12-31");
}

}  // namespace
}  // namespace vidimus
