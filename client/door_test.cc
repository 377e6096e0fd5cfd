#include "client/door.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "client/file.h"

namespace vidimus {
namespace {

class DoorTest : public testing::Test {
 protected:
  // A file of this test's alone.
  static std::string Write(const std::string& content) {
    const std::string path =
        testing::TempDir() + "/door_test_" +
        testing::UnitTest::GetInstance()->current_test_info()->name();
    EXPECT_TRUE(WriteFile(path, content, 0600, false).ok());
    return path;
  }
};

TEST_F(DoorTest, ReadsWhoAResidentIs) {
  EXPECT_EQ(*ReadSubjectFile(Write("1 5a04a8e0-0d8b\n")),
            "\x01"
            "5a04a8e0-0d8b");
  EXPECT_EQ(*ReadSubjectFile(Write("255 x y")), "\xffx y");
}

TEST_F(DoorTest, RefusesASubjectWithoutSchemeOrIdAndDoesNotRepeatIt) {
  for (const char* content :
       {"", "1", "1 ", "5a04a8e0", "256 secret", "01 secret", "-1 secret"}) {
    const absl::Status status = ReadSubjectFile(Write(content)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << content;
    EXPECT_EQ(status.message().find("secret"), std::string::npos);
  }
}

TEST_F(DoorTest, RefusesASubjectThatOthersMayRead) {
  const std::string path = Write("1 5a04a8e0");
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadSubjectFile(path).status()));
}

TEST_F(DoorTest, WithoutAFileOfAuthoritiesTheSystemsAreBelieved) {
  EXPECT_EQ(*ReadAuthorities(""), "");
  EXPECT_EQ(*ReadAuthorities(Write("pem")), "pem");
  EXPECT_TRUE(absl::IsNotFound(ReadAuthorities("/nowhere/ca.pem").status()));
}

}  // namespace
}  // namespace vidimus
