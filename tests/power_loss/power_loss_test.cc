// Goal: whenever the power goes, what was acknowledged stands, and no two heads
// that were shown contradict each other. Method: a scripted run is repeated
// with the power cut at every single call that changes the disk, and what was
// not synced is kept, dropped or torn; then the server is started again, judged
// as a stranger would, goes on, and loses power once more. The same test must
// notice servers that are wrong in one way.
//
// A crash at a call that reads leaves what a crash at the next call that
// changes something leaves: reads need no runs of their own.
#include <stdio.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/power_loss/machine.h"

namespace vidimus {
namespace {

constexpr int kSteps = 24;      // one batch each
constexpr int kRestartAt = 13;  // a plain restart in the middle
constexpr int kStepsAfter = 3;  // after the power has come back
constexpr int kStripes = 8;     // the crash points are shared among tests

// Boots and runs steps from `*step` up to `end`. OK, or where it stopped.
absl::Status RunScript(Machine* machine, int* step, int end) {
  absl::Status status = machine->Boot();
  while (status.ok() && *step < end) {
    if (*step == kRestartAt) {
      machine->Halt();
      status = machine->Boot();
      if (!status.ok()) break;
    }
    status = machine->Step(*step);
    if (status.ok() && !machine->disk().dark()) ++*step;
    if (machine->disk().dark()) break;
  }
  return status;
}

// What is wrong after the power was cut at `call`, or nothing.
std::optional<std::string> Crash(const MachineOptions& options, uint64_t call,
                                 Aftermath aftermath) {
  std::mt19937_64 random(call * 3 + static_cast<uint64_t>(aftermath));
  Machine machine(options);
  SimDisk& disk = machine.disk();
  std::string story =
      absl::StrCat("power cut at call ", call, ", ", AftermathName(aftermath));
  const auto wrong = [&](absl::string_view when, const absl::Status& status) {
    return absl::StrCat(story, ": ", when, ": ", status.ToString());
  };

  int step = 0;
  disk.CutPowerAt(call);
  absl::Status status = RunScript(&machine, &step, kSteps);
  if (!status.ok() && !disk.dark()) return wrong("before", status);
  absl::StrAppend(&story, " (", disk.CallName(call), ", step ", step, ")");
  machine.Halt();
  disk.PowerOn(aftermath, random());

  if (aftermath == Aftermath::kTear) {
    // It never rains but it pours: the power goes again while it recovers.
    const uint64_t again = 1 + random() % 60;
    disk.CutPowerAt(disk.calls() + again);
    status = RunScript(&machine, &step, std::min(step + 2, kSteps));
    if (!status.ok() && !disk.dark()) return wrong("recovering", status);
    machine.Halt();
    const auto next = static_cast<Aftermath>(random() % 3);
    absl::StrAppend(&story, ", again after ", again, " calls, ",
                    AftermathName(next));
    disk.PowerOn(next, random());
  }

  status = machine.Boot();
  if (!status.ok()) return wrong("starting again", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging", status);
  for (int end = step + kStepsAfter; step < end; ++step) {
    status = machine.Step(step);
    if (!status.ok()) return wrong("going on", status);
  }
  machine.Halt();
  disk.PowerOn(Aftermath::kDrop, random());
  status = machine.Boot();
  if (!status.ok()) return wrong("starting a third time", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging at the end", status);
  return std::nullopt;
}

// How many calls the run makes that change the disk. LevelDB's own thread makes
// it vary by a few: beyond the end there is no crash, and that is judged too.
uint64_t CallsOf(const MachineOptions& options) {
  Machine machine(options);
  int step = 0;
  const absl::Status status = RunScript(&machine, &step, kSteps);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(step, kSteps);
  EXPECT_GE(machine.heads(), 20u);
  return machine.disk().calls() + 5;
}

struct PowerLossParam {
  bool access_log;
  Aftermath aftermath;
  int stripe;
};

class PowerLossTest : public ::testing::TestWithParam<PowerLossParam> {};

TEST_P(PowerLossTest, LosesNothingThatWasAcknowledged) {
  MachineOptions options;
  options.access_log = GetParam().access_log;
  const uint64_t calls = CallsOf(options);
  if (GetParam().stripe == 0) {
    printf("%d batches, power cut at each of %d calls\n", kSteps,
           static_cast<int>(calls));
  }
  for (uint64_t call = 1 + GetParam().stripe; call <= calls; call += kStripes) {
    const auto wrong = Crash(options, call, GetParam().aftermath);
    ASSERT_FALSE(wrong.has_value()) << *wrong;
  }
}

std::vector<PowerLossParam> AllPowerLosses() {
  std::vector<PowerLossParam> all;
  for (const bool access_log : {false, true}) {
    for (const Aftermath aftermath :
         {Aftermath::kKeep, Aftermath::kDrop, Aftermath::kTear}) {
      for (int stripe = 0; stripe < kStripes; ++stripe) {
        all.push_back({access_log, aftermath, stripe});
      }
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryCall, PowerLossTest,
                         ::testing::ValuesIn(AllPowerLosses()),
                         [](const auto& info) {
                           return absl::StrCat(
                               info.param.access_log ? "Access" : "Opaque", "_",
                               AftermathName(info.param.aftermath), "_",
                               info.param.stripe);
                         });

// The same sweep, stopped at the first thing it notices.
std::optional<std::string> FirstWrong(const MachineOptions& options) {
  const uint64_t calls = CallsOf(options);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const Aftermath aftermath :
         {Aftermath::kDrop, Aftermath::kTear, Aftermath::kKeep}) {
      const auto wrong = Crash(options, call, aftermath);
      if (wrong.has_value()) return wrong;
    }
  }
  return std::nullopt;
}

class MutantTest : public ::testing::TestWithParam<Mutant> {};

TEST_P(MutantTest, IsNoticed) {
  MachineOptions options;
  options.mutant = GetParam();
  const auto wrong = FirstWrong(options);
  ASSERT_TRUE(wrong.has_value());
  printf("noticed: %s\n", wrong->c_str());
}

INSTANTIATE_TEST_SUITE_P(Mutants, MutantTest,
                         ::testing::Values(Mutant::kNoSync, Mutant::kNoNameSync,
                                           Mutant::kNoFileSync,
                                           Mutant::kLockAfterSignature,
                                           Mutant::kPublishBeforeCommit),
                         [](const auto& info) {
                           return MutantName(info.param);
                         });

}  // namespace
}  // namespace vidimus
