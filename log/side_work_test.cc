#include "log/side_work.h"

#include <gtest/gtest.h>

#include <atomic>

#include "proto/mutex.h"
#include "proto/status.h"

namespace vidimus {
namespace {

TEST(SideWorkTest, DoesWhatItTookAndRefusesWhatIsTooMuch) {
  std::atomic<int> done{0};
  Mutex mu;
  {
    SideWork side(2, 3);
    {
      MutexLock hold(&mu);  // nothing ends before this is let go
      for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(side.Run([&] {
                          MutexLock lock(&mu);
                          ++done;
                        })
                        .ok());
      }
      const absl::Status refused = side.Run([&] { done = 100; });
      EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
      EXPECT_TRUE(RetryAfterOf(refused).has_value());
    }
  }
  EXPECT_EQ(done, 3);
}

TEST(SideWorkTest, TakesMoreAsSoonAsThereIsRoom) {
  SideWork side(0, 1);
  int done = 0;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(side.Run([&] { ++done; }).ok());
  EXPECT_EQ(done, 5);
}

}  // namespace
}  // namespace vidimus
