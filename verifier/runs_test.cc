#include "verifier/runs.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace vidimus {
namespace {

constexpr uint64_t kMax = ~uint64_t{0};

// The definition, word for word, in 128 bits: every run there may be, tried.
bool MayStand(uint64_t start, unsigned factor, int i) {
  const unsigned __int128 unit = static_cast<unsigned __int128>(4096)
                                 << (2 * i);
  return start % unit == 0 && (factor == 1 || start % (4 * unit) == 0);
}

std::vector<RunRange> SlowRuns(uint64_t size) {
  std::vector<RunRange> runs;
  uint64_t start = 0;
  while (start < size) {
    unsigned __int128 best = 0;
    for (int i = 0; i < 27; ++i) {
      for (unsigned factor = 1; factor <= 3; ++factor) {
        const unsigned __int128 n =
            (static_cast<unsigned __int128>(4096) << (2 * i)) * factor;
        unsigned __int128 from = start + n;
        if (n > 1 << 14) from += n / 16;
        if (MayStand(start, factor, i) && size >= from && n > best) best = n;
      }
    }
    const uint64_t end = best == 0 ? size : start + static_cast<uint64_t>(best);
    runs.push_back({start, end});
    start = end;
  }
  return runs;
}

TEST(RunsTest, AnEmptyLogHasNoRun) { EXPECT_TRUE(RunsInForce(0).empty()); }

TEST(RunsTest, ASmallLogHasThePartialRunAlone) {
  for (uint64_t size : {1, 2, 255, 256, 257, 4095}) {
    EXPECT_EQ(RunsInForce(size), (std::vector<RunRange>{{0, size}})) << size;
  }
}

TEST(RunsTest, TheNumberOfRunsIsThatOfTheFormatsPage) {
  const struct {
    uint64_t size;
    size_t count;
  } kCounts[] = {{4096, 1},      {12288, 1},
                 {65535, 3},     {65536, 2},
                 {69632, 2},     {(1 << 20) - 1, 5},
                 {1 << 20, 4},   {(1 << 20) + (1 << 16), 3},
                 {100000000, 9}, {1000000000, 10}};
  for (const auto& row : kCounts) {
    EXPECT_EQ(RunsInForce(row.size).size(), row.count) << row.size;
  }
  EXPECT_EQ(RunsInForce((1 << 22) + (1 << 18)),
            (std::vector<RunRange>{{0, 4194304},
                                   {4194304, 4390912},
                                   {4390912, 4440064},
                                   {4440064, 4456448}}));
}

TEST(RunsTest, ALongRunComesIntoForceASixteenthLate) {
  EXPECT_EQ(RunsInForce(16384), (std::vector<RunRange>{{0, 16384}}));
  EXPECT_EQ(RunsInForce(32768),
            (std::vector<RunRange>{{0, 16384}, {16384, 32768}}));
  EXPECT_EQ(
      RunsInForce(32768 + 2047),
      (std::vector<RunRange>{{0, 16384}, {16384, 32768}, {32768, 34815}}));
  EXPECT_EQ(RunsInForce(32768 + 2048),
            (std::vector<RunRange>{{0, 32768}, {32768, 34816}}));
}

TEST(RunsTest, EqualsTheDefinitionEverywhereNearAnEdge) {
  std::set<uint64_t> sizes = {kMax, kMax - 1, kMax / 17 * 16};
  for (int bits = 0; bits < 64; ++bits) {
    for (uint64_t factor : {1, 2, 3}) {
      const uint64_t edge = factor << bits;
      for (uint64_t base : {edge, edge + edge / 16, edge / 16 * 15}) {
        for (uint64_t near : {base - 1, base, base + 1}) sizes.insert(near);
      }
    }
  }
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    sizes.insert(random() >> random() % 64);
  }
  for (uint64_t size : sizes) {
    ASSERT_EQ(RunsInForce(size), SlowRuns(size)) << size;
  }
}

TEST(RunsTest, AreWithoutGapsAndLeaveFewerThan4096Leaves) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 3000; ++round) {
    const uint64_t size = random() >> random() % 64;
    const std::vector<RunRange> runs = RunsInForce(size);
    uint64_t end = 0;
    for (const RunRange& run : runs) {
      ASSERT_EQ(run.start, end);
      ASSERT_GT(run.end, run.start);
      end = run.end;
    }
    ASSERT_EQ(end, size);
    if (!runs.empty() && runs.back().leaves() % kRunLeavesMin != 0) {
      ASSERT_LT(runs.back().leaves(), kRunLeavesMin);
    }
  }
}

TEST(RunsTest, ARunHoldsItsLeavesAndNoOther) {
  const RunRange run = {5, 7};
  EXPECT_FALSE(run.Holds(4));
  EXPECT_TRUE(run.Holds(5));
  EXPECT_TRUE(run.Holds(6));
  EXPECT_FALSE(run.Holds(7));
}

}  // namespace
}  // namespace vidimus
