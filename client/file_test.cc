#include "client/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace vidimus {
namespace {

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/file_test_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(MakeFolder(folder_).ok());
  }
  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }
  std::string folder_;
};

TEST_F(FileTest, ReadsWhatItWrote) {
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(WriteFile(Path("x"), content, 0600, true).ok());
  EXPECT_EQ(*ReadFile(Path("x"), 4), content);
  EXPECT_TRUE(absl::IsOutOfRange(ReadFile(Path("x"), 3).status()));
  ASSERT_TRUE(WriteFile(Path("x"), "other", 0600, false).ok());
  EXPECT_EQ(*ReadFile(Path("x"), 100), "other");
  EXPECT_NE(access(Path("x.new").c_str(), F_OK), 0);
}

TEST_F(FileTest, NamesWhatIsMissing) {
  const absl::Status status = ReadFile(Path("none"), 10).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(status.message().find(Path("none")), std::string::npos);
  EXPECT_TRUE(absl::IsNotFound(WriteFile(Path("none/x"), "", 0600, false)));
}

TEST_F(FileTest, RefusesASecretThatOthersMayRead) {
  ASSERT_TRUE(WriteFile(Path("secret"), "s", 0600, false).ok());
  EXPECT_TRUE(ReadPrivateFile(Path("secret"), 10).ok());
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u}) {
    ASSERT_EQ(chmod(Path("secret").c_str(), mode), 0);
    EXPECT_TRUE(
        absl::IsPermissionDenied(ReadPrivateFile(Path("secret"), 10).status()))
        << mode;
  }
}

TEST_F(FileTest, EraseOverwritesBeforeItRemoves) {
  ASSERT_TRUE(WriteFile(Path("x"), "personal", 0600, true).ok());
  // A second name lets us see the content after the first is gone.
  ASSERT_EQ(link(Path("x").c_str(), Path("same").c_str()), 0);
  ASSERT_TRUE(EraseFile(Path("x")).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadFile(Path("x"), 10).status()));
  EXPECT_EQ(*ReadFile(Path("same"), 10), std::string(8, '\0'));
  EXPECT_FALSE(EraseFile(Path("x")).ok());
}

TEST_F(FileTest, SaysWhatTheCallerCanDoAboutAnErrno) {
  EXPECT_TRUE(absl::IsNotFound(FileError("open", "x", ENOENT)));
  EXPECT_TRUE(absl::IsPermissionDenied(FileError("open", "x", EROFS)));
  EXPECT_TRUE(absl::IsResourceExhausted(FileError("write", "x", ENOSPC)));
  EXPECT_EQ(FileError("sync", "x", EIO).code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace vidimus
