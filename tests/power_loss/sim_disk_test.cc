// The disk that loses power must itself be right: each promise and each
// broken one.
#include "tests/power_loss/sim_disk.h"

#include <memory>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

const std::string kFile = std::string(SimDisk::kRoot) + "/file";

std::unique_ptr<DiskFile> Open(SimDisk* disk, const std::string& path = kFile) {
  auto file = disk->Open(path, false);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : nullptr;
}

// What stands in the file; "none" if there is none.
std::string Content(SimDisk* disk, const std::string& path = kFile) {
  const auto files = disk->Copy(path.substr(0, path.rfind('/')));
  const auto it = files.find(path);
  return it == files.end() ? "none" : it->second;
}

TEST(SimDiskTest, KeepsWhatWasSynced) {
  for (Aftermath aftermath :
       {Aftermath::kKeep, Aftermath::kDrop, Aftermath::kTear}) {
    SimDisk disk;
    {
      const auto file = Open(&disk);
      ASSERT_TRUE(file->WriteAt(0, "synced").ok());
      ASSERT_TRUE(file->Sync().ok());
    }
    disk.PowerOn(aftermath, 1);
    EXPECT_EQ(Content(&disk), "synced") << AftermathName(aftermath);
  }
}

TEST(SimDiskTest, KeepsDropsOrTearsWhatWasNotSynced) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    for (Aftermath aftermath :
         {Aftermath::kKeep, Aftermath::kDrop, Aftermath::kTear}) {
      SimDisk disk;
      {
        const auto file = Open(&disk);
        ASSERT_TRUE(file->WriteAt(0, "abcd").ok());
        ASSERT_TRUE(file->Sync().ok());
        ASSERT_TRUE(file->WriteAt(2, "CDEF").ok());
        EXPECT_EQ(*file->ReadAt(0, 10), "abCDEF");
      }
      disk.PowerOn(aftermath, seed);
      const std::string content = Content(&disk);
      if (aftermath == Aftermath::kKeep) {
        EXPECT_EQ(content, "abCDEF");
      } else if (aftermath == Aftermath::kDrop) {
        EXPECT_EQ(content, "abcd");
      } else {
        outcomes.insert(content);
      }
    }
  }
  EXPECT_EQ(outcomes,
            (std::set<std::string>{"abcd", "abCd", "abCD", "abCDE", "abCDEF"}));
}

TEST(SimDiskTest, TearsAtSectorsToo) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SimDisk disk;
    ASSERT_TRUE(Open(&disk)->WriteAt(0, std::string(2000, 'x')).ok());
    disk.PowerOn(Aftermath::kTear, seed);
    sizes.insert(Content(&disk).size());
  }
  for (size_t size : {0, 512, 1024, 1536, 2000})
    EXPECT_EQ(sizes.count(size), 1);
  EXPECT_GT(sizes.size(), 50);
}

TEST(SimDiskTest, LosesAFileWhoseNameWasNotSynced) {
  SimDisk disk;
  leveldb::WritableFile* raw = nullptr;
  ASSERT_TRUE(disk.env()->NewWritableFile(kFile, &raw).ok());
  std::unique_ptr<leveldb::WritableFile> file(raw);
  ASSERT_TRUE(file->Append("synced").ok());
  ASSERT_TRUE(file->Sync().ok());
  file.reset();
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk), "none") << "LevelDB's own trap";
}

TEST(SimDiskTest, KeepsANameOnceItsFolderWasSynced) {
  SimDisk disk;
  leveldb::WritableFile* raw = nullptr;
  ASSERT_TRUE(disk.env()->NewWritableFile(kFile, &raw).ok());
  std::unique_ptr<leveldb::WritableFile> file(raw);
  ASSERT_TRUE(disk.SyncFolder(SimDisk::kRoot).ok());
  ASSERT_TRUE(file->Append("not synced").ok());
  ASSERT_TRUE(file->Flush().ok());
  file.reset();
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk), "");
}

TEST(SimDiskTest, DropsARenameAndARemovalThatWereNotSynced) {
  SimDisk disk;
  for (const char* name : {"/a", "/b"}) {
    const auto file = Open(&disk, SimDisk::kRoot + std::string(name));
    ASSERT_TRUE(file->WriteAt(0, name).ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  const std::string a = SimDisk::kRoot + std::string("/a");
  const std::string b = SimDisk::kRoot + std::string("/b");
  ASSERT_TRUE(disk.env()->RenameFile(a, b).ok());
  EXPECT_EQ(Content(&disk, b), "/a");
  EXPECT_EQ(Content(&disk, a), "none");
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk, a), "/a");
  EXPECT_EQ(Content(&disk, b), "/b");
  ASSERT_TRUE(disk.env()->RemoveFile(a).ok());
  EXPECT_EQ(Content(&disk, a), "none");
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk, a), "/a");
  ASSERT_TRUE(disk.env()->RenameFile(a, b).ok());
  disk.PowerOn(Aftermath::kKeep, 1);
  EXPECT_EQ(Content(&disk, a), "none");
  EXPECT_EQ(Content(&disk, b), "/a");
}

TEST(SimDiskTest, LosesWhatLiesInAFolderThatWasLost) {
  SimDisk disk;
  const std::string folder = SimDisk::kRoot + std::string("/folder");
  ASSERT_TRUE(disk.env()->CreateDir(folder).ok());
  {
    const auto file = Open(&disk, folder + "/file");
    ASSERT_TRUE(file->WriteAt(0, "x").ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk, folder + "/file"), "none");
  EXPECT_TRUE(disk.MakeFolder(folder).ok());
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_TRUE(disk.List(folder).ok());
}

TEST(SimDiskTest, DoesNothingMoreOnceThePowerIsGone) {
  SimDisk disk;
  {
    const auto file = Open(&disk);
    ASSERT_TRUE(file->WriteAt(0, "before").ok());
    ASSERT_TRUE(file->Sync().ok());
    disk.CutPowerAt(disk.calls() + 2);
    EXPECT_TRUE(file->WriteAt(0, "BEFORE").ok());
    EXPECT_FALSE(disk.dark());
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_TRUE(disk.dark());
    EXPECT_EQ(disk.CallName(disk.calls()), "sync " + kFile);
    EXPECT_FALSE(file->WriteAt(0, "after").ok());
    EXPECT_FALSE(file->ReadAt(0, 5).ok());
    EXPECT_FALSE(disk.SyncFolder(SimDisk::kRoot).ok());
  }
  disk.PowerOn(Aftermath::kKeep, 1);
  EXPECT_EQ(Content(&disk), "BEFORE");
  EXPECT_TRUE(Open(&disk)->WriteAt(0, "after").ok());
}

TEST(SimDiskTest, ForgetsWhatAFailedSyncShouldHaveWritten) {
  SimDisk disk;
  {
    const auto file = Open(&disk);
    ASSERT_TRUE(file->WriteAt(0, "lost").ok());
    disk.FailCall(disk.calls() + 1, /*effect=*/false);
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_EQ(*file->ReadAt(0, 9), "lost");
    EXPECT_TRUE(file->Sync().ok()) << "and lies";
  }
  disk.PowerOn(Aftermath::kKeep, 1);
  EXPECT_EQ(Content(&disk), "");
}

TEST(SimDiskTest, FailsACallThatTookEffect) {
  SimDisk disk;
  {
    const auto file = Open(&disk);
    disk.FailCall(disk.calls() + 1, /*effect=*/true);
    EXPECT_FALSE(file->WriteAt(0, "kept").ok());
  }
  disk.PowerOn(Aftermath::kDrop, 1);
  EXPECT_EQ(Content(&disk), "kept");
}

TEST(SimDiskTest, IsFullForWhatGrowsOnly) {
  SimDisk disk;
  const auto file = Open(&disk);
  ASSERT_TRUE(file->WriteAt(0, "1234").ok());
  disk.SetFull(true);
  EXPECT_TRUE(file->WriteAt(0, "abcd").ok());
  EXPECT_FALSE(file->WriteAt(2, "abcd").ok());
  EXPECT_FALSE(disk.Open(kFile + "2", false).ok());
  disk.SetFull(false);
  EXPECT_TRUE(file->WriteAt(2, "abcd").ok());
}

TEST(SimDiskTest, LocksLikeTheRealOne) {
  SimDisk disk;
  auto held = disk.Open(kFile, true);
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(disk.Open(kFile, true).status()));
  held->reset();
  EXPECT_TRUE(disk.Open(kFile, true).ok());
}

TEST(SimDiskTest, PutsABackupBack) {
  SimDisk disk;
  ASSERT_TRUE(Open(&disk)->WriteAt(0, "old").ok());
  const auto backup = disk.Copy(SimDisk::kRoot);
  ASSERT_TRUE(Open(&disk)->WriteAt(0, "new").ok());
  ASSERT_TRUE(Open(&disk, kFile + "2")->WriteAt(0, "more").ok());
  disk.PutBack(SimDisk::kRoot, backup);
  disk.PowerOn(Aftermath::kKeep, 1);
  EXPECT_EQ(Content(&disk), "old");
  EXPECT_EQ(Content(&disk, kFile + "2"), "none");
}

}  // namespace
}  // namespace vidimus
