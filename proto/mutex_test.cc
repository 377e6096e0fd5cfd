#include "proto/mutex.h"

#include <deque>
#include <thread>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

class Queue {
 public:
  void Push(int value) {
    MutexLock lock(&mu_);
    values_.push_back(value);
    filled_.Signal();
  }
  int Pop() {
    MutexLock lock(&mu_);
    while (values_.empty()) filled_.Wait(&mu_);
    const int value = values_.front();
    values_.pop_front();
    return value;
  }

 private:
  Mutex mu_;
  CondVar filled_;
  std::deque<int> values_ ABSL_GUARDED_BY(mu_);
};

TEST(MutexTest, HandsEachValueOverOnce) {
  Queue queue;
  constexpr int kValues = 10000;
  std::thread producer([&queue] {
    for (int i = 1; i <= kValues; ++i) queue.Push(i);
  });
  int64_t sum = 0;
  for (int i = 0; i < kValues; ++i) sum += queue.Pop();
  producer.join();
  EXPECT_EQ(sum, int64_t{kValues} * (kValues + 1) / 2);
}

TEST(MutexTest, TryLockFailsWhileAnotherHoldsIt) {
  Mutex mu;
  mu.Lock();
  std::thread other([&mu] {
    const bool locked = mu.TryLock();
    if (locked) mu.Unlock();
    EXPECT_FALSE(locked);
  });
  other.join();
  mu.Unlock();
  const bool locked = mu.TryLock();
  EXPECT_TRUE(locked);
  if (locked) mu.Unlock();
}

TEST(CondVarTest, WaitForEndsWithoutASignalAndHoldsTheMutex) {
  Mutex mu;
  CondVar never;
  MutexLock lock(&mu);
  const auto begin = std::chrono::steady_clock::now();
  while (never.WaitFor(&mu, std::chrono::milliseconds(20))) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(20));
  std::thread other([&mu] {
    const bool locked = mu.TryLock();
    if (locked) mu.Unlock();
    EXPECT_FALSE(locked);
  });
  other.join();
}

TEST(CondVarTest, WaitForReturnsTrueWhenSignalled) {
  Mutex mu;
  CondVar rung;
  bool ready = false;
  std::thread other([&] {
    MutexLock lock(&mu);
    ready = true;
    rung.SignalAll();
  });
  {
    MutexLock lock(&mu);
    while (!ready && rung.WaitFor(&mu, std::chrono::seconds(10))) {
    }
    EXPECT_TRUE(ready);
  }
  other.join();
}

}  // namespace
}  // namespace vidimus
