#include "tests/simulation/simulation.h"

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/mutants.h"

namespace vidimus {
namespace {

using ::testing::ContainsRegex;

constexpr uint64_t kSeeds = 200;

std::string Again(uint64_t seed) {
  return "again: bazel run //tests/simulation -- --seed=" +
         std::to_string(seed);
}

// Two hundred histories, in eight parts so that they can run side by side.
class SimulationSeeds : public ::testing::TestWithParam<uint64_t> {};

TEST_P(SimulationSeeds, Hold) {
  for (uint64_t seed = GetParam() + 1; seed <= kSeeds; seed += 8) {
    SimulationOptions options;
    options.seed = seed;
    const SimulationResult result = RunSimulation(options);
    EXPECT_FALSE(result.violation.has_value())
        << "seed " << seed << ": " << *result.violation << "\n"
        << Again(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(EightParts, SimulationSeeds,
                         ::testing::Range<uint64_t>(0, 8));

TEST(SimulationTest, ReplaysASeedExactly) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    const SimulationResult first = RunSimulation(options);
    EXPECT_EQ(RunSimulation(options).fingerprint, first.fingerprint) << seed;
    options.seed = seed + 1;
    EXPECT_NE(RunSimulation(options).fingerprint, first.fingerprint) << seed;
  }
}

// That nothing fails means little unless much happens.
TEST(SimulationTest, ReachesEverythingItWatches) {
  SimulationResult sum;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    const SimulationResult result = RunSimulation(options);
    sum.starts += result.starts;
    sum.refused_starts += result.refused_starts;
    sum.same_again += result.same_again;
    sum.other_content += result.other_content;
    sum.overlaps += result.overlaps;
    sum.pushed_back += result.pushed_back;
    sum.receipts += result.receipts;
  }
  EXPECT_GT(sum.starts, 60);
  EXPECT_GT(sum.refused_starts, 10);
  EXPECT_GT(sum.same_again, 100);
  EXPECT_GT(sum.other_content, 20);
  EXPECT_GT(sum.overlaps, 5);
  EXPECT_GT(sum.pushed_back, 50);
  EXPECT_GT(sum.receipts, 200);
}

// Runs seeds until one catches the mutant; its words, or "" after `seeds`.
std::string Caught(const Mutation& mutation, uint64_t seeds = 20) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.mutation = mutation;
    const SimulationResult result = RunSimulation(options);
    if (result.violation.has_value()) {
      const std::string how =
          "seed " + std::to_string(seed) + ": " + *result.violation;
      std::printf("caught by %s\n", how.c_str());
      return how;
    }
  }
  return "";
}

TEST(SimulationTest, TheSimulationCatchesALockThatForgets) {
  EXPECT_THAT(Caught(LockThatForgets()),
              ContainsRegex("was signed after|went back in time"));
}

TEST(SimulationTest, TheSimulationCatchesALockThatNeverMoves) {
  EXPECT_THAT(Caught(LockThatNeverMoves()), ContainsRegex("refused to start"));
}

TEST(SimulationTest, TheSimulationCatchesAStorageThatKeepsNothing) {
  EXPECT_THAT(Caught(StorageThatKeepsNothing()),
              ContainsRegex("signed, but it is not durable"));
}

TEST(SimulationTest, TheSimulationCatchesAStorageThatHidesTheOtherServer) {
  EXPECT_THAT(Caught(StorageThatHidesTheOtherServer()),
              ContainsRegex("two histories|not durable|another history"));
}

TEST(SimulationTest, TheSimulationCatchesAStorageThatForgetsIds) {
  EXPECT_THAT(Caught(StorageThatForgetsIds()),
              ContainsRegex("an id that stands at leaf"));
}

TEST(SimulationTest, TheSimulationCatchesAStorageThatMixesUpEntries) {
  EXPECT_THAT(Caught(StorageThatMixesUpEntries()),
              ContainsRegex("a head that its entries do not lead to"));
}

TEST(SimulationTest, TheSimulationCatchesADiskThatDoesNotSync) {
  EXPECT_NE(Caught(DiskThatDoesNotSync()), "");
}

}  // namespace
}  // namespace vidimus
