#include "log/signing_lock.h"

#include <stdlib.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/disk.h"
#include "log/disk_testing.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

using ::testing::HasSubstr;

TreeHead HeadOf(uint64_t size) {
  TreeHead head = {size, {}};
  head.root[0] = static_cast<uint8_t>(size);
  return head;
}

class SigningLockTest : public ::testing::Test {
 protected:
  SigningLockTest() {
    std::string folder = ::testing::TempDir() + "/lockXXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    path_ = folder + "/lock";
  }

  std::unique_ptr<SigningLock> Open() {
    auto lock = OpenSigningLock(PosixDisk(), path_);
    EXPECT_TRUE(lock.ok()) << lock.status();
    return lock.ok() ? *std::move(lock) : nullptr;
  }
  absl::Status OpenError() {
    return OpenSigningLock(PosixDisk(), path_).status();
  }
  std::string ReadAll() {
    return *(*PosixDisk()->Open(path_, false))->ReadAt(0, 1 << 20);
  }
  void Overwrite(uint64_t offset, const std::string& bytes) {
    ASSERT_TRUE(
        (*PosixDisk()->Open(path_, false))->WriteAt(offset, bytes).ok());
  }

  std::string path_;
};

TEST_F(SigningLockTest, StandsAtTheEmptyTreeWhenNew) {
  EXPECT_EQ(Open()->Head(), (TreeHead{0, EmptyRoot()}));
  EXPECT_EQ(Open()->Head(), (TreeHead{0, EmptyRoot()}));
  EXPECT_EQ(ReadAll().size(), 8192);
}

TEST_F(SigningLockTest, KeepsEachMoveAcrossRestarts) {
  TreeHead at = {0, EmptyRoot()};
  for (uint64_t size : {2, 3, 255, 256, 257, 65536}) {
    std::unique_ptr<SigningLock> lock = Open();
    EXPECT_EQ(lock->Head(), at);
    ASSERT_TRUE(lock->Advance(at, HeadOf(size)).ok());
    at = HeadOf(size);
    EXPECT_EQ(lock->Head(), at);
    EXPECT_EQ(ReadAll().size(), 8192) << "a move changes no metadata";
  }
  EXPECT_EQ(Open()->Head(), at);
}

TEST_F(SigningLockTest, WritesNothingWhenItStandsThereAlready) {
  std::unique_ptr<SigningLock> lock = Open();
  ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
  const std::string before = ReadAll();
  EXPECT_TRUE(lock->Advance(HeadOf(7), HeadOf(7)).ok());
  EXPECT_EQ(ReadAll(), before);
}

TEST_F(SigningLockTest, RejectsAMoveFromWhereItDoesNotStand) {
  std::unique_ptr<SigningLock> lock = Open();
  ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
  const absl::Status status = lock->Advance(HeadOf(6), HeadOf(8));
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("stands at size 7, not at 6"));
  TreeHead other_root = HeadOf(7);
  other_root.root[5] = 1;
  EXPECT_TRUE(absl::IsAborted(lock->Advance(other_root, HeadOf(8))));
  EXPECT_EQ(lock->Head(), HeadOf(7));
  EXPECT_TRUE(lock->Advance(HeadOf(7), HeadOf(8)).ok());
}

TEST_F(SigningLockTest, RejectsASecondHistory) {
  std::unique_ptr<SigningLock> lock = Open();
  ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
  TreeHead other_root = HeadOf(7);
  other_root.root[5] = 1;
  for (const TreeHead& next : {HeadOf(6), other_root}) {
    const absl::Status status = lock->Advance(HeadOf(7), next);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("second history"));
  }
  lock.reset();
  EXPECT_EQ(Open()->Head(), HeadOf(7));
}

TEST_F(SigningLockTest, RejectsASecondOwner) {
  std::unique_ptr<SigningLock> lock = Open();
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("second server"));
  lock.reset();
  EXPECT_TRUE(OpenError().ok());
}

// Goal: whatever part of a move reached the disk, the lock stands at the old
// head or at the new one. Method: every prefix of what the move wrote.
TEST_F(SigningLockTest, StandsAtOldOrNewAfterATornMove) {
  std::unique_ptr<SigningLock> lock = Open();
  ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
  TreeHead at = HeadOf(7);
  for (uint64_t size : {9, 10}) {  // once for each slot
    const std::string before = ReadAll();
    ASSERT_TRUE(lock->Advance(at, HeadOf(size)).ok());
    lock.reset();
    const std::string after = ReadAll();
    const size_t slot =
        before.substr(0, 512) == after.substr(0, 512) ? 4096 : 0;
    int old_heads = 0;
    for (size_t cut = 0; cut <= 512; ++cut) {
      std::string torn = before;
      torn.replace(slot, cut, after, slot, cut);
      Overwrite(0, torn);
      const TreeHead head = Open()->Head();
      ASSERT_TRUE(head == at || head == HeadOf(size)) << slot << " " << cut;
      if (head == at) ++old_heads;
    }
    // The sum ends at byte 88; the rest is zeros, before and after.
    EXPECT_EQ(old_heads, 88);
    at = HeadOf(size);
    lock = Open();
  }
}

// Notes what is written to the files of another disk.
class WriteRecorder : public OtherDisk {
 public:
  struct Write {
    uint64_t offset;
    std::string bytes;
  };
  WriteRecorder() : OtherDisk(PosixDisk()) {}
  const std::vector<Write>& writes() const { return writes_; }

 private:
  class RecordedFile : public File {
   public:
    RecordedFile(std::unique_ptr<DiskFile> file, std::vector<Write>* writes)
        : File(std::move(file)), writes_(writes) {}
    absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
      writes_->push_back({offset, std::string(bytes)});
      return File::WriteAt(offset, bytes);
    }

   private:
    std::vector<Write>* const writes_;
  };
  std::unique_ptr<DiskFile> Wrap(std::unique_ptr<DiskFile> file) override {
    return std::make_unique<RecordedFile>(std::move(file), &writes_);
  }

  std::vector<Write> writes_;
};

// A move whose sync failed can be read until the power goes, and no later sync
// writes it. Method: the file as it was before that move, and on top of it what
// the next start writes, which is all that lasts.
TEST_F(SigningLockTest, OutlivesAMoveThatWasNeverSynced) {
  TreeHead at = {0, EmptyRoot()};
  for (uint64_t size : {7, 9, 10, 12}) {  // each slot twice
    const std::string durable = [&] {
      std::unique_ptr<SigningLock> lock = Open();
      const std::string before = ReadAll();
      EXPECT_TRUE(lock->Advance(at, HeadOf(size)).ok());
      return before;
    }();
    WriteRecorder recorder;
    {
      const auto lock = OpenSigningLock(&recorder, path_);
      ASSERT_TRUE(lock.ok()) << lock.status();
      EXPECT_EQ((*lock)->Head(), HeadOf(size));
    }
    Overwrite(0, durable);
    for (const WriteRecorder::Write& write : recorder.writes()) {
      Overwrite(write.offset, write.bytes);
    }
    const auto lock = OpenSigningLock(PosixDisk(), path_);
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ((*lock)->Head(), HeadOf(size)) << "it was believed";
    at = HeadOf(size);
  }
}

TEST_F(SigningLockTest, BeginsAgainIfItsMakerDiedBeforeItWasWhole) {
  Open();
  const std::string whole = ReadAll();
  for (size_t size : {0, 1, 100, 511, 512, 4096, 8191}) {
    ASSERT_TRUE(PosixDisk()->Remove(path_).ok());
    Overwrite(0, std::string(size, '\0'));
    EXPECT_EQ(Open()->Head(), (TreeHead{0, EmptyRoot()})) << size;
  }
  // The first slot torn, the second one blank still.
  Overwrite(0, std::string(8192, '\0'));
  Overwrite(0, whole.substr(0, 60));
  EXPECT_EQ(Open()->Head(), (TreeHead{0, EmptyRoot()}));
}

TEST_F(SigningLockTest, RejectsAFileWithBothSlotsDamaged) {
  {
    std::unique_ptr<SigningLock> lock = Open();
    ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
  }
  Overwrite(20, "x");
  Overwrite(4096 + 20, "x");
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("witnesses"));
}

TEST_F(SigningLockTest, RejectsSlotsThatContradictEachOther) {
  std::string at_7, at_9;
  {
    std::unique_ptr<SigningLock> lock = Open();
    ASSERT_TRUE(lock->Advance(lock->Head(), HeadOf(7)).ok());
    at_7 = ReadAll();
    ASSERT_TRUE(lock->Advance(HeadOf(7), HeadOf(9)).ok());
    ASSERT_TRUE(lock->Advance(HeadOf(9), HeadOf(10)).ok());
    ASSERT_TRUE(lock->Advance(HeadOf(10), HeadOf(11)).ok());
    at_9 = ReadAll();
  }
  // One slot of each of two moments that never were together.
  Overwrite(0, at_7.substr(0, 512));
  EXPECT_TRUE(absl::IsDataLoss(OpenError()));
  Overwrite(0, at_9 + "more");
  EXPECT_TRUE(absl::IsDataLoss(OpenError()));
}

TEST_F(SigningLockTest, NamesAFolderThatIsMissing) {
  const absl::Status status =
      OpenSigningLock(PosixDisk(), path_ + "/not/there").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/not/there"));
}

}  // namespace
}  // namespace vidimus
