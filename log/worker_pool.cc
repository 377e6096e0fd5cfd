#include "log/worker_pool.h"

#include <utility>

namespace vidimus {

WorkerPool::WorkerPool(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(&mu_);
    closed_ = true;
    given_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Run(absl::AnyInvocable<void()> work) {
  if (threads_.empty()) {
    work();
    return;
  }
  MutexLock lock(&mu_);
  work_.push_back(std::move(work));
  given_.Signal();
}

void WorkerPool::Loop() {
  while (true) {
    absl::AnyInvocable<void()> work;
    {
      MutexLock lock(&mu_);
      while (work_.empty() && !closed_) given_.Wait(&mu_);
      if (work_.empty()) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

}  // namespace vidimus
