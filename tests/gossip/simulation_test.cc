#include "tests/gossip/simulation.h"

#include <string>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

constexpr uint64_t kSeeds = 100;

GossipSimulationResult RunSeed(uint64_t seed,
                               GossipFault fault = GossipFault::kNone) {
  GossipSimulationOptions options;
  options.seed = seed;
  options.fault = fault;
  return SimulateGossip(options);
}

void RunSeeds(uint64_t first, uint64_t count) {
  int demanded = 0, liars = 0, restarts = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const GossipSimulationResult result = RunSeed(seed);
    ASSERT_EQ(result.failure, "")
        << "again: bazel run //tests/gossip:simulation -- --seed=" << seed;
    demanded += result.demanded;
    liars += result.liars;
    restarts += result.restarts;
  }
  // That it was worth the while.
  EXPECT_GT(demanded, static_cast<int>(count));
  EXPECT_GT(liars, static_cast<int>(count / 4));
  EXPECT_GT(restarts, static_cast<int>(count));
}

class GossipSeedsTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(GossipSeedsTest, MissNoForkAndAccuseNobody) {
  RunSeeds(GetParam(), kSeeds / 4);
}

// In quarters, so that they run side by side.
INSTANTIATE_TEST_SUITE_P(FromSeed, GossipSeedsTest,
                         ::testing::Values(1, 1 + kSeeds / 4, 1 + kSeeds / 2,
                                           1 + 3 * kSeeds / 4));

TEST(GossipSimulationTest, ASeedDoesTheSameAgain) {
  for (const uint64_t seed : {3, 4, 5}) {
    EXPECT_EQ(RunSeed(seed).transcript, RunSeed(seed).transcript);
  }
  EXPECT_NE(RunSeed(3).transcript, RunSeed(4).transcript);
}

// What the first seed that sees a fault says about it.
void ExpectSeen(GossipFault fault, const std::string& says = "") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::string failure = RunSeed(seed, fault).failure;
    if (failure.empty()) continue;
    EXPECT_NE(failure.find(says), std::string::npos) << failure;
    return;
  }
  ADD_FAILURE() << "no seed sees it";
}

TEST(GossipSimulationTest, SeesAMonitorThatHandsNothingOn) {
  ExpectSeen(GossipFault::kHandsNothingOn, "come out");
}

TEST(GossipSimulationTest, SeesAMonitorThatTellsOnlyTheNewestNote) {
  ExpectSeen(GossipFault::kNewestNoteOnly);
}

TEST(GossipSimulationTest, SeesAMonitorThatForgetsAtARestart) {
  ExpectSeen(GossipFault::kForgetsAtRestart);
}

TEST(GossipSimulationTest, SeesAMonitorThatBelievesWhatIsCalledAConviction) {
  ExpectSeen(GossipFault::kBelievesConvictions, "convicts nobody");
}

TEST(GossipSimulationTest, SeesAMonitorThatBelievesNotes) {
  ExpectSeen(GossipFault::kBelievesNotes);
}

}  // namespace
}  // namespace vidimus
