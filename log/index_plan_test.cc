#include "log/index_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace vidimus {
namespace {

using Key = std::pair<uint64_t, uint64_t>;
Key KeyOf(const RunRange& run) { return {run.start, run.end}; }

// The slow twin: at every multiple of 256, where lags end, what is in force for
// the first time.
TEST(IndexPlanTest, NamesEveryMergedRunWhenItComesIntoForce) {
  constexpr uint64_t kSize = uint64_t{1} << 21;
  std::map<Key, uint64_t> first_seen;
  for (uint64_t size = 256; size <= kSize; size += 256) {
    for (const RunRange& run : RunsInForce(size)) {
      if (run.leaves() > kRunLeavesPrompt) {
        first_seen.emplace(KeyOf(run), size);
      }
    }
  }
  std::map<Key, uint64_t> planned;
  for (const RunRange& run : MergesEndingIn(0, kSize)) {
    if (DueOf(run) <= kSize) planned.emplace(KeyOf(run), DueOf(run));
  }
  EXPECT_EQ(planned, first_seen);
}

TEST(IndexPlanTest, EndsAreCountedOnceHoweverTheRangeIsCut) {
  constexpr uint64_t kSize = 3000000;
  const size_t all = MergesEndingIn(0, kSize).size();
  size_t cut = 0;
  for (uint64_t from = 0; from < kSize; from += 7919) {
    cut += MergesEndingIn(from, std::min(from + 7919, kSize)).size();
  }
  EXPECT_EQ(cut, all);
}

TEST(IndexPlanTest, InputsAndPartsMakeUpTheRunAndAreDueBefore) {
  for (const RunRange& run : MergesEndingIn(0, uint64_t{1} << 22)) {
    for (const auto& pieces : {InputsOf(run), PartsOf(run)}) {
      uint64_t next = run.start;
      for (const RunRange& piece : pieces) {
        EXPECT_EQ(piece.start, next);
        EXPECT_LT(DueOf(piece), DueOf(run));
        next = piece.end;
      }
      EXPECT_EQ(next, run.end);
    }
    EXPECT_EQ(InputsOf(run).size(), 2u);
  }
}

TEST(IndexPlanTest, UnderWayIsWhatHasEndedAndIsNotDue) {
  for (uint64_t size = 0; size < (uint64_t{1} << 20); size += 1024) {
    std::set<Key> expected;
    for (const RunRange& run : MergesEndingIn(0, size)) {
      if (DueOf(run) > size) expected.insert(KeyOf(run));
    }
    std::set<Key> found;
    for (const RunRange& run : MergesUnderWay(size)) found.insert(KeyOf(run));
    EXPECT_EQ(found, expected) << size;
  }
}

}  // namespace
}  // namespace vidimus
