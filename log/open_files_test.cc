#include "log/open_files.h"

#include <sys/resource.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vidimus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(OpenFilesTest, RaisesTheLimitAsFarAsItMay) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_TRUE(ReserveOpenFiles(65).ok());
  rlimit after;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
}

TEST(OpenFilesTest, NamesTheWayOutWhenThereIsNoRoom) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const absl::Status status = ReserveOpenFiles(limit.rlim_max + 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("LimitNOFILE"), HasSubstr("connections_max")));
}

}  // namespace
}  // namespace vidimus
