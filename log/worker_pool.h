// Threads for work that must not hold up the sequencer or a door: receipts,
// and whatever else takes microseconds and not milliseconds.
#ifndef VIDIMUS_LOG_WORKER_POOL_H_
#define VIDIMUS_LOG_WORKER_POOL_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "proto/mutex.h"

namespace vidimus {

// Any thread. The destructor finishes what was given. Unbounded: what is given
// is bounded by the pool of submissions that it answers.
class WorkerPool {
 public:
  // Without threads, work is done by whoever gives it, within the call: so that
  // a simulation replays exactly.
  explicit WorkerPool(int threads);
  ~WorkerPool();

  void Run(absl::AnyInvocable<void()> work) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  Mutex mu_;
  CondVar given_;
  std::deque<absl::AnyInvocable<void()>> work_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_WORKER_POOL_H_
