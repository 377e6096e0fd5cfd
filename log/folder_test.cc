#include "log/folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"

namespace vidimus {
namespace {

class SecretFileTest : public ::testing::Test {
 protected:
  SecretFileTest() {
    folder_ = ::testing::TempDir() + "/folderXXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/secret";
  }
  ~SecretFileTest() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  void Write(const std::string& bytes, mode_t mode) {
    std::ofstream(path_) << bytes;
    EXPECT_EQ(chmod(path_.c_str(), mode), 0);
  }

  std::string folder_, path_;
};

TEST_F(SecretFileTest, IsReadWholeWhenItIsItsOwnersAlone) {
  const std::string bytes = std::string(100000, 's') + "\n";
  for (const mode_t mode : {0600, 0400}) {
    Write(bytes, mode);
    const auto read = ReadSecretFile("secret", path_);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, bytes);
    chmod(path_.c_str(), 0600);
  }
}

TEST_F(SecretFileTest, IsRefusedWhenAnybodyElseMayTouchIt) {
  for (const mode_t mode : {0640, 0604, 0620, 0601, 0777}) {
    Write("tell nobody", mode);
    const absl::Status status = ReadSecretFile("my secret", path_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << mode << " " << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "my secret " + path_));
    EXPECT_FALSE(absl::StrContains(status.message(), "tell"));
    EXPECT_TRUE(absl::IsFailedPrecondition(ReadKeyFile(path_).status()));
    // What is no secret may be read all the same.
    EXPECT_EQ(*ReadFile(path_), "tell nobody");
  }
}

TEST_F(SecretFileTest, MustBeThereAndAFile) {
  EXPECT_TRUE(absl::IsNotFound(ReadSecretFile("secret", path_).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadKeyFile(path_).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(path_).status()));
  // mkdtemp made it for its owner alone.
  EXPECT_FALSE(ReadSecretFile("secret", folder_).ok());
}

TEST_F(SecretFileTest, AKeyIsSixtyFourDigits) {
  Write(std::string(64, 'a') + "\n", 0600);
  EXPECT_EQ(*ReadKeyFile(path_), std::string(32, '\xaa'));
  for (const std::string& wrong :
       {std::string(), std::string(63, 'a'), std::string(66, 'a'),
        std::string(63, 'a') + "g", std::string(64, 'a') + "\n\n"}) {
    Write(wrong, 0600);
    EXPECT_TRUE(absl::IsInvalidArgument(ReadKeyFile(path_).status()));
  }
}

}  // namespace
}  // namespace vidimus
