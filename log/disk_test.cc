#include "log/disk.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vidimus {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PosixDiskTest : public ::testing::Test {
 protected:
  PosixDiskTest() {
    folder_ = ::testing::TempDir() + "/diskXXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  std::unique_ptr<DiskFile> Open(const std::string& name) {
    auto file = PosixDisk()->Open(folder_ + "/" + name, false);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *std::move(file) : nullptr;
  }

  std::string folder_;
};

TEST_F(PosixDiskTest, ReadsWhatWasWritten) {
  const auto file = Open("a");
  EXPECT_EQ(*file->Size(), 0u);
  ASSERT_TRUE(file->WriteAt(0, "hello").ok());
  ASSERT_TRUE(file->WriteAt(1, "a").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(*Open("a")->ReadAt(0, 100), "hallo");
  EXPECT_EQ(*file->ReadAt(2, 2), "ll");
  EXPECT_EQ(*file->ReadAt(5, 1), "");
  EXPECT_EQ(*file->ReadAt(99, 1), "");
  EXPECT_EQ(*file->Size(), 5u);
}

TEST_F(PosixDiskTest, ReadsAGapAsZeros) {
  const auto file = Open("a");
  ASSERT_TRUE(file->WriteAt(3, "x").ok());
  EXPECT_EQ(*file->ReadAt(0, 10), std::string("\0\0\0x", 4));
}

TEST_F(PosixDiskTest, MakesFilesForItsOwnerOnly) {
  Open("a");
  struct stat stat;
  ASSERT_EQ(::stat((folder_ + "/a").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
  ASSERT_TRUE(PosixDisk()->MakeFolder(folder_ + "/f").ok());
  ASSERT_EQ(::stat((folder_ + "/f").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0700u);
}

TEST_F(PosixDiskTest, MakesAFolderOnce) {
  EXPECT_TRUE(PosixDisk()->MakeFolder(folder_ + "/f").ok());
  EXPECT_TRUE(PosixDisk()->MakeFolder(folder_ + "/f/").ok());
  Open("file");
  const absl::Status status = PosixDisk()->MakeFolder(folder_ + "/file");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/file"));
}

TEST_F(PosixDiskTest, ListsAndRemoves) {
  Open("a");
  Open("b");
  EXPECT_THAT(*PosixDisk()->List(folder_), UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(PosixDisk()->Remove(folder_ + "/a").ok());
  EXPECT_TRUE(PosixDisk()->Remove(folder_ + "/a").ok()) << "was not there";
  EXPECT_THAT(*PosixDisk()->List(folder_), UnorderedElementsAre("b"));
}

TEST_F(PosixDiskTest, SaysWhatIsMissing) {
  const std::string missing = folder_ + "/not/there";
  EXPECT_TRUE(absl::IsNotFound(PosixDisk()->List(missing).status()));
  EXPECT_TRUE(absl::IsNotFound(PosixDisk()->Open(missing, false).status()));
  EXPECT_TRUE(absl::IsNotFound(PosixDisk()->SyncFolder(missing)));
  EXPECT_TRUE(absl::IsNotFound(PosixDisk()->MakeFolder(missing)));
}

TEST_F(PosixDiskTest, RefusesASecondExclusiveOwner) {
  auto held = PosixDisk()->Open(folder_ + "/a", true);
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      PosixDisk()->Open(folder_ + "/a", true).status()));
  EXPECT_TRUE(PosixDisk()->Open(folder_ + "/a", false).ok());
  held->reset();
  EXPECT_TRUE(PosixDisk()->Open(folder_ + "/a", true).ok());
}

// A child that outlives a killed server must not keep its lock.
TEST_F(PosixDiskTest, DoesNotHandItsFilesToPrograms) {
  auto held = PosixDisk()->Open(folder_ + "/a", true);
  ASSERT_TRUE(held.ok());
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(ready[0]);
    execl("/bin/sh", "sh", "-c", "echo x >&\"$0\"; exec sleep 5",
          std::to_string(ready[1]).c_str(), nullptr);
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);  // the program runs
  held->reset();
  EXPECT_TRUE(PosixDisk()->Open(folder_ + "/a", true).ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace vidimus
