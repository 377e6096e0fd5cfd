// Goal: a new vault key costs no page, wherever the power goes, and the old key
// opens nothing when it is done. Method: the power is cut at every call of a
// rotation and of the start after it; what was not synced is kept, dropped or
// torn, in many ways.
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/log_testing.h"
#include "log/vault.h"
#include "proto/status.h"
#include "tests/power_loss/sim_disk.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kFolder[] = "/disk/vault";
constexpr char kKeyFile[] = "/disk/keys/vault.key";
constexpr int kTears = 2;
// Where a key file is written over: a quarter of them cut a slot in two.
constexpr int kTearsOfKeys = 24;

class Rotation {
 public:
  Rotation() : random_(5) {
    EXPECT_TRUE(disk_.MakeFolder("/disk/keys").ok());
    {
      auto file = *disk_.Open(kKeyFile, false);
      EXPECT_TRUE(
          file->WriteAt(0, absl::StrCat(HexEncode(random_.Draw(32)), "\n"))
              .ok());
      EXPECT_TRUE(file->Sync().ok());
    }
    old_key_ = *Key();
    for (int start = 0; start < 2; ++start) {
      auto vault = *Open();
      for (int i = 0; i < 3; ++i) {
        vault::Page page;
        page.add_openings()->set_record(absl::StrCat("r", rows_.size()));
        rows_.push_back(*vault->Seal(rows_.size(), page));
      }
      // A whole block is in use, so that a torn write meets a live slot.
      std::string last = rows_.back();
      for (int i = 3; start == 0 && i < 4096; ++i) {
        last = *vault->Seal(0, vault::Page());
      }
      last_slot_ = *Vault::SlotOf(last);
      // One of them is gone, and must not come back by what is wrapped again.
      const uint64_t slot = *Vault::SlotOf(rows_.back());
      EXPECT_TRUE(vault->Destroy({{slot, slot + 1}}, true).ok());
    }
  }

  SimDisk& disk() { return disk_; }

  absl::StatusOr<std::string> Key() {
    ASSIGN_OR_RETURN(auto file, disk_.Open(kKeyFile, false));
    ASSIGN_OR_RETURN(const std::string digits, file->ReadAt(0, 64));
    std::string key;
    if (!HexDecode(digits, &key)) return absl::DataLossError("no key");
    return key;
  }

  absl::StatusOr<std::unique_ptr<Vault>> Open() {
    ASSIGN_OR_RETURN(const std::string key, Key());
    ASSIGN_OR_RETURN(std::unique_ptr<Vault> vault,
                     Vault::Open(&disk_, kFolder, key, &random_, kKeyFile));
    // As every start of a log does: a block may have been drawn half.
    RETURN_IF_ERROR(vault->DestroyUnused(last_slot_));
    return vault;
  }

  absl::Status Rotate() {
    ASSIGN_OR_RETURN(const std::unique_ptr<Vault> vault, Open());
    return vault->Rotate([](uint64_t, uint64_t) { return true; });
  }

  void ExpectRows(Vault* vault, bool readable, const std::string& story) {
    for (size_t first = 0; first < rows_.size(); ++first) {
      const bool destroyed = first % 3 == 2;
      const auto page = vault->Open(first, rows_[first]);
      ASSERT_EQ(page.ok(), readable && !destroyed)
          << story << ", page " << first << ": " << page.status();
      if (page.ok()) {
        EXPECT_EQ(page->openings(0).record(), absl::StrCat("r", first));
      }
    }
  }

  void ExpectDone(const std::string& story) {
    {
      auto vault = Open();
      ASSERT_TRUE(vault.ok()) << story << ": " << vault.status();
      EXPECT_FALSE((*vault)->rotating()) << story;
      ExpectRows(vault->get(), true, story);
    }
    EXPECT_NE(*Key(), old_key_) << story;
    auto by_old = Vault::Open(&disk_, kFolder, old_key_, &random_);
    ASSERT_TRUE(by_old.ok());
    ExpectRows(by_old->get(), false, story + ", by the old key");
    const auto names = *disk_.List("/disk/keys");
    EXPECT_EQ(names, std::vector<std::string>{"vault.key"}) << story;
  }

 private:
  SimDisk disk_;
  SeededRandom random_;
  std::string old_key_;
  std::vector<std::string> rows_;
  std::optional<uint64_t> last_slot_;
};

TEST(RotationPowerLossTest, LosesNoPageWhereverThePowerGoes) {
  uint64_t begin, end;
  std::vector<int> tears;
  {
    Rotation rotation;
    begin = rotation.disk().calls();
    const absl::Status done = rotation.Rotate();
    ASSERT_TRUE(done.ok()) << done;
    end = rotation.disk().calls();
    for (uint64_t call = begin + 1; call <= end; ++call) {
      tears.push_back(rotation.disk().CallName(call) ==
                              "sync /disk/vault/00000000"
                          ? kTearsOfKeys
                          : kTears);
    }
    rotation.ExpectDone("without a crash");
  }
  for (uint64_t call = begin + 1; call <= end; ++call) {
    for (int way = 0; way < 2 + tears[call - begin - 1]; ++way) {
      Rotation rotation;
      SimDisk& disk = rotation.disk();
      disk.CutPowerAt(call);
      EXPECT_FALSE(rotation.Rotate().ok());
      const std::string story =
          absl::StrCat("cut at ", disk.CallName(call), ", way ", way);
      std::mt19937_64 random(call * 100 + static_cast<uint64_t>(way));
      disk.PowerOn(way == 0   ? Aftermath::kKeep
                   : way == 1 ? Aftermath::kDrop
                              : Aftermath::kTear,
                   random());
      if (way >= 2) {
        // And once more while it starts and goes on.
        disk.CutPowerAt(disk.calls() + 1 + random() % (end - begin + 4));
        rotation.Rotate().IgnoreError();
        disk.PowerOn(Aftermath::kTear, random());
      }
      {
        const auto vault = rotation.Open();
        ASSERT_TRUE(vault.ok()) << story << ": " << vault.status();
        rotation.ExpectRows(vault->get(), true, story);
      }
      const absl::Status done = rotation.Rotate();
      ASSERT_TRUE(done.ok()) << story << ": " << done;
      rotation.ExpectDone(story);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace vidimus
