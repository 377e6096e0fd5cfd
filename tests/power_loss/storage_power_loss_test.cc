// Goal: the storage and the signing lock alone keep what they promise through
// any loss of power: a batch is there whole once Commit said OK, or not at all,
// and the lock stands where Advance put it. Method: batches of very different
// sizes, the power cut at every call, what was not synced kept, dropped or
// torn; then all rows are compared with what was written.
#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/leveldb_storage.h"
#include "log/signing_lock.h"
#include "tests/power_loss/sim_disk.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr int kBatches = 40;

TreeHead HeadOf(uint64_t size) {
  TreeHead head = {size, EmptyRoot()};
  if (size > 0) head.root[0] ^= static_cast<uint8_t>(size | 1);
  return head;
}

uint64_t FirstOf(int batch) { return static_cast<uint64_t>(batch) * 7; }

// From nothing to more than a write buffer.
std::string EntriesOf(int batch) {
  static constexpr size_t kSizes[] = {10, 5000, 0, 20000, 300, 70000, 40000, 1};
  std::string bytes(kSizes[batch % 8], '\0');
  std::mt19937_64 random(batch);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

StorageBatch BatchOf(int batch) {
  StorageBatch made;
  made.first = FirstOf(batch);
  made.head = HeadOf(FirstOf(batch + 1));
  made.rows.push_back({RowKind::kEntries, 0, EntriesOf(batch)});
  made.rows.push_back({RowKind::kHashes, 0, absl::StrCat("h", batch)});
  return made;
}

struct Server {
  std::unique_ptr<Storage> storage;
  std::unique_ptr<SigningLock> lock;

  absl::Status Open(SimDisk* disk) {
    LevelDbOptions options;
    options.env = disk->env();
    options.disk = disk;
    options.write_buffer_bytes = 64 << 10;
    auto opened = OpenLevelDbStorage(options, "/disk/data");
    if (!opened.ok()) return opened.status();
    storage = *std::move(opened);
    auto locked = OpenSigningLock(disk, "/disk/lock");
    if (!locked.ok()) return locked.status();
    lock = *std::move(locked);
    return absl::OkStatus();
  }
};

// What was promised while there was power.
struct Promised {
  int committed = 0;  // batches
  int locked = 0;     // the lock stands behind so many
};

absl::Status RunServer(SimDisk* disk, Promised* promised, int batches) {
  Server server;
  absl::Status status = server.Open(disk);
  if (!status.ok()) return status;
  const auto head = server.storage->LastHead();
  if (!head.ok()) return head.status();
  for (int batch = static_cast<int>(head->size / 7); batch < batches; ++batch) {
    const TreeHead before = HeadOf(FirstOf(batch));
    status = server.storage->Commit(BatchOf(batch), before);
    if (!status.ok()) return status;
    if (!disk->dark()) promised->committed = batch + 1;
    status = server.lock->Advance(server.lock->Head(), BatchOf(batch).head);
    if (!status.ok()) return status;
    if (!disk->dark()) promised->locked = batch + 1;
  }
  return absl::OkStatus();
}

std::optional<std::string> Judge(SimDisk* disk, const Promised& promised) {
  Server server;
  const absl::Status status = server.Open(disk);
  if (!status.ok()) return absl::StrCat("starting: ", status.ToString());
  const uint64_t size = server.storage->LastHead()->size;
  if (size < FirstOf(promised.committed)) {
    return absl::StrCat("committed up to ", FirstOf(promised.committed),
                        ", found ", size);
  }
  if (size % 7 != 0 || *server.storage->LastHead() != HeadOf(size)) {
    return absl::StrCat("no batch ends at ", size);
  }
  const TreeHead locked = server.lock->Head();
  if (locked.size < FirstOf(promised.locked) || locked.size > size ||
      locked != HeadOf(locked.size)) {
    return absl::StrCat("the lock was moved to ", FirstOf(promised.locked),
                        " and stands at ", locked.size);
  }
  for (int batch = 0; FirstOf(batch) < size; ++batch) {
    for (const Row& row : BatchOf(batch).rows) {
      const auto stored =
          server.storage->Get(row.kind, row.sub, FirstOf(batch) + 3);
      if (!stored.ok() || stored->value != row.value ||
          stored->first != FirstOf(batch)) {
        return absl::StrCat("batch ", batch, ": ", RowKindName(row.kind), ": ",
                            stored.status().ToString());
      }
    }
  }
  return std::nullopt;
}

class StoragePowerLossTest : public ::testing::TestWithParam<Aftermath> {};

TEST_P(StoragePowerLossTest, KeepsEveryBatchWholeOrNotAtAll) {
  uint64_t calls = 0;
  {
    SimDisk disk;
    Promised promised;
    ASSERT_TRUE(RunServer(&disk, &promised, kBatches).ok());
    calls = disk.calls();
  }
  ASSERT_GT(calls, 200u);
  for (uint64_t call = 1; call <= calls; ++call) {
    SimDisk disk;
    Promised promised;
    disk.CutPowerAt(call);
    const absl::Status status = RunServer(&disk, &promised, kBatches);
    ASSERT_TRUE(status.ok() || disk.dark()) << call << ": " << status;
    const std::string name = disk.CallName(call);
    disk.PowerOn(GetParam(), call);
    auto wrong = Judge(&disk, promised);
    ASSERT_FALSE(wrong.has_value()) << call << " (" << name << "): " << *wrong;
    const absl::Status on = RunServer(&disk, &promised, kBatches + 2);
    ASSERT_TRUE(on.ok()) << call << " (" << name << "): " << on;
    disk.PowerOn(Aftermath::kDrop, call);
    wrong = Judge(&disk, promised);
    ASSERT_FALSE(wrong.has_value()) << call << " (" << name << "): " << *wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryCall, StoragePowerLossTest,
                         ::testing::Values(Aftermath::kKeep, Aftermath::kDrop,
                                           Aftermath::kTear),
                         [](const auto& info) {
                           return AftermathName(info.param);
                         });

}  // namespace
}  // namespace vidimus
