#include "client/monitor/lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>

namespace vidimus {
namespace {

TEST(LanesTest, ALaneThatHangsHoldsUpNoOther) {
  Lanes lanes({"slow", "quick"}, 4);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  ASSERT_TRUE(lanes.Run("slow", [released] { released.wait(); }));
  std::promise<void> done;
  ASSERT_TRUE(lanes.Run("quick", [&done] { done.set_value(); }));
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(10)),
            std::future_status::ready);
  release.set_value();
}

TEST(LanesTest, KeepsTheOrderInALane) {
  std::vector<int> order;
  std::promise<void> done;
  Lanes lanes({"a"}, 100);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(lanes.Run("a", [&order, i] { order.push_back(i); }));
  }
  ASSERT_TRUE(lanes.Run("a", [&done] { done.set_value(); }));
  done.get_future().wait();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(order[i], i);
}

TEST(LanesTest, RefusesWhatIsTooMuch) {
  Lanes lanes({"a"}, 2);
  std::promise<void> begun, release;
  std::shared_future<void> released = release.get_future().share();
  ASSERT_TRUE(lanes.Run("a", [&begun, released] {
    begun.set_value();
    released.wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(lanes.Run("a", [] {}));
  EXPECT_TRUE(lanes.Run("a", [] {}));
  EXPECT_FALSE(lanes.Run("a", [] {}));
  EXPECT_FALSE(lanes.Run("no such lane", [] {}));
  release.set_value();
}

TEST(LanesTest, StopDropsWhatWaits) {
  std::atomic<int> ran{0};
  Lanes lanes({"a"}, 10);
  std::promise<void> begun, release;
  std::shared_future<void> released = release.get_future().share();
  ASSERT_TRUE(lanes.Run("a", [&begun, released] {
    begun.set_value();
    released.wait();
  }));
  begun.get_future().wait();
  auto kept = std::make_shared<int>(1);
  ASSERT_TRUE(lanes.Run("a", [&ran, kept] { ++ran; }));
  std::thread stopper([&lanes] { lanes.Stop(); });
  while (kept.use_count() > 1) std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(lanes.Run("a", [] {}));
}

}  // namespace
}  // namespace vidimus
