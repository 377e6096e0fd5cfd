// Goal: a disk that fails makes the log stop or go on, never lie, and a start
// afterwards finds everything that was acknowledged. Method: a scripted run is
// repeated with each single call failing, without effect and with it, and each
// read; then the server is started again on what the operating system shows,
// goes on, loses power, and is judged as a stranger would.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/leveldb_storage.h"
#include "log/signing_lock.h"
#include "tests/power_loss/machine.h"

namespace vidimus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kSteps = 12;
constexpr int kRestartAt = 7;
constexpr int kStripes = 4;  // the calls are shared among tests

enum class Fault { kFailed, kFailedButKept, kReadFailed };

struct FaultParam {
  bool access_log;
  Fault fault;
  int stripe;
};

const char* FaultName(Fault fault) {
  switch (fault) {
    case Fault::kFailed:
      return "failed";
    case Fault::kFailedButKept:
      return "failed_but_kept";
    case Fault::kReadFailed:
      return "read_failed";
  }
  return "unknown";
}

// One batch for each step, and a plain start in the middle, which reads.
absl::Status RunScript(Machine* machine, int* step, int end) {
  absl::Status status = machine->Boot();
  while (status.ok() && *step < end) {
    if (*step == kRestartAt) {
      machine->Halt();
      status = machine->Boot();
      if (!status.ok()) break;
    }
    status = machine->Step(*step);
    if (status.ok()) ++*step;
  }
  return status;
}

// What is wrong when call or read `number` fails, or nothing.
std::optional<std::string> FailOne(const MachineOptions& options, Fault fault,
                                   uint64_t number) {
  Machine machine(options);
  SimDisk& disk = machine.disk();
  if (fault == Fault::kReadFailed) {
    disk.FailRead(number);
  } else {
    disk.FailCall(number, fault == Fault::kFailedButKept);
  }
  int step = 0;
  const absl::Status stopped = RunScript(&machine, &step, kSteps);
  const std::string story =
      absl::StrCat(FaultName(fault), " ", number,
                   fault == Fault::kReadFailed
                       ? ""
                       : absl::StrCat(" (", disk.CallName(number), ")"),
                   ", went on to step ", step, ": ", stopped.ToString(), "; ");
  const auto wrong = [&](absl::string_view when, const absl::Status& status) {
    return absl::StrCat(story, when, ": ", status.ToString());
  };
  if (!stopped.ok() && step < kSteps && machine.running()) {
    // What has stopped stays so: nothing more may be acknowledged.
    if (machine.Step(step).ok()) return story + "went on after it had stopped";
  }

  machine.Halt();
  // LevelDB's own thread makes the count vary: the fault may be still to come.
  disk.FailCall(0, false);
  disk.FailRead(0);
  absl::Status status = machine.Boot();
  if (!status.ok()) return wrong("starting again", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging", status);
  // What the start itself wrote must hold, and what came on top of it.
  for (int end = step + static_cast<int>(number % 3); step < end; ++step) {
    status = machine.Step(step);
    if (!status.ok()) return wrong("going on", status);
  }
  // What the operating system shows after a failed sync may not be on the disk:
  // nothing may have been built on it.
  machine.Halt();
  disk.PowerOn(Aftermath::kDrop, number);
  status = machine.Boot();
  if (!status.ok()) return wrong("starting without power", status);
  status = machine.Judge();
  if (!status.ok()) return wrong("judging at the end", status);
  return std::nullopt;
}

class FaultsTest : public ::testing::TestWithParam<FaultParam> {};

TEST_P(FaultsTest, StopsOrGoesOnAndNeverLies) {
  MachineOptions options;
  options.access_log = GetParam().access_log;
  uint64_t count = 0;
  {
    Machine machine(options);
    int step = 0;
    const absl::Status status = RunScript(&machine, &step, kSteps);
    ASSERT_TRUE(status.ok()) << status;
    count = GetParam().fault == Fault::kReadFailed ? machine.disk().reads()
                                                   : machine.disk().calls();
  }
  ASSERT_GT(count, 20u);
  for (uint64_t number = 1 + GetParam().stripe; number <= count;
       number += kStripes) {
    const auto wrong = FailOne(options, GetParam().fault, number);
    ASSERT_FALSE(wrong.has_value()) << *wrong;
  }
}

std::vector<FaultParam> AllFaults() {
  std::vector<FaultParam> all;
  for (const bool access_log : {false, true}) {
    for (const Fault fault :
         {Fault::kFailed, Fault::kFailedButKept, Fault::kReadFailed}) {
      for (int stripe = 0; stripe < kStripes; ++stripe) {
        all.push_back({access_log, fault, stripe});
      }
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryCall, FaultsTest,
                         ::testing::ValuesIn(AllFaults()),
                         [](const auto& info) {
                           return absl::StrCat(
                               info.param.access_log ? "Access_" : "Opaque_",
                               FaultName(info.param.fault), "_",
                               info.param.stripe);
                         });

class DiskTest : public ::testing::TestWithParam<bool> {
 protected:
  DiskTest() : machine_({GetParam(), Mutant::kNone}) {}

  void Steps(int begin, int end) {
    for (int step = begin; step < end; ++step) {
      const absl::Status status = machine_.Step(step);
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  void Boot() {
    machine_.Halt();
    const absl::Status status = machine_.Boot();
    ASSERT_TRUE(status.ok()) << status;
  }
  void ExpectSound() {
    const absl::Status status = machine_.Judge();
    EXPECT_TRUE(status.ok()) << status;
  }
  // Starts, which must be refused with these words.
  void ExpectRefused(const std::vector<std::string>& words) {
    machine_.Halt();
    const absl::Status status = machine_.Boot();
    machine_.Halt();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    for (const std::string& word : words) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(word));
    }
  }

  Machine machine_;
};

TEST_P(DiskTest, AFullDiskStopsTheLogAndRoomLetsItGoOn) {
  Boot();
  Steps(0, 4);
  machine_.disk().SetFull(true);
  const absl::Status status = machine_.Step(4);
  EXPECT_FALSE(status.ok());
  const absl::Status reading = machine_.JudgeReading();
  EXPECT_TRUE(reading.ok()) << reading;
  machine_.Halt();
  const absl::Status start = machine_.Boot();
  machine_.Halt();
  EXPECT_TRUE(absl::IsUnavailable(start)) << start;
  EXPECT_THAT(std::string(start.message()),
              AllOf(HasSubstr("No space left on device"),
                    HasSubstr("free some space")));
  machine_.disk().SetFull(false);
  Boot();
  ExpectSound();
  Steps(4, 6);
  ExpectSound();
}

TEST_P(DiskTest, AReadOnlyFolderIsNamed) {
  Boot();
  Steps(0, 2);
  machine_.Halt();
  machine_.disk().SetReadOnly(true);
  ExpectRefused({"/disk/", "Read-only file system"});
  machine_.disk().SetReadOnly(false);
  Boot();
  ExpectSound();
}

TEST_P(DiskTest, ASecondServerIsRefusedAndDoesNotDisturbTheFirst) {
  Boot();
  Steps(0, 2);
  LevelDbOptions options;
  options.env = machine_.disk().env();
  options.disk = &machine_.disk();
  const absl::Status storage =
      OpenLevelDbStorage(options, Machine::kDataFolder).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(storage)) << storage;
  EXPECT_THAT(std::string(storage.message()), HasSubstr("second server"));
  const absl::Status lock =
      OpenSigningLock(&machine_.disk(), Machine::kLockFile).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(lock)) << lock;
  EXPECT_THAT(std::string(lock.message()), HasSubstr("second server"));
  Steps(2, 4);
  ExpectSound();
}

// Goal: data that went back in time are not signed over. Method: a backup of
// each earlier step is put back under the lock of today.
TEST_P(DiskTest, YesterdaysBackupIsRefusedWithTheWayOut) {
  std::vector<std::map<std::string, std::string>> backups;
  for (int step = 0; step < 6; ++step) {
    Boot();
    Steps(step, step + 1);
    machine_.Halt();
    backups.push_back(machine_.disk().Copy(Machine::kDataFolder));
  }
  for (size_t i = 0; i + 1 < backups.size(); ++i) {
    machine_.disk().PutBack(Machine::kDataFolder, backups[i]);
    ExpectRefused({"the signing lock stands at size", "went back in time",
                   "restore the newest", "Do not delete the lock"});
  }
  machine_.disk().PutBack(Machine::kDataFolder, {});
  ExpectRefused({"went back in time"});
  machine_.disk().PutBack(Machine::kDataFolder, backups.back());
  Boot();
  ExpectSound();
  Steps(6, 8);
  ExpectSound();
}

TEST_P(DiskTest, AnotherLogsLockIsRefused) {
  Boot();
  Steps(0, 3);
  machine_.Halt();
  const std::string folder = "/disk/lock";
  const auto lock = machine_.disk().Copy(folder);
  Boot();
  Steps(3, 6);
  machine_.Halt();
  // The lock of three batches ago.
  const auto newest = machine_.disk().Copy(folder);
  machine_.disk().PutBack(folder, lock);
  machine_.ForgetHeads();  // or the ledger would notice before the log does
  ExpectRefused({"more than one batch ahead", "not the lock of these data"});
  machine_.disk().PutBack(folder, newest);
  Boot();
  ExpectSound();
}

INSTANTIATE_TEST_SUITE_P(Logs, DiskTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Access" : "Opaque";
                         });

}  // namespace
}  // namespace vidimus
