// Threads for reads that take milliseconds: proofs over many keys, pages of the
// vault, keys of chains. Apart from WorkerPool, so that no receipt waits behind
// a read; bounded, because anyone may ask.
#ifndef VIDIMUS_LOG_SIDE_WORK_H_
#define VIDIMUS_LOG_SIDE_WORK_H_

#include <atomic>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "log/worker_pool.h"

namespace vidimus {

// Any thread. The destructor finishes what was taken.
class SideWork {
 public:
  // Without threads, work is done by whoever gives it, as in WorkerPool.
  SideWork(int threads, int waiting_max)
      : waiting_max_(waiting_max), pool_(threads) {}

  // Does `work` on a thread. kUnavailable, with a time to come back, if as much
  // as can be is waiting or under way; `work` is destroyed unused then.
  absl::Status Run(absl::AnyInvocable<void()> work);

 private:
  const int waiting_max_;
  std::atomic<int> waiting_{0};
  WorkerPool pool_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SIDE_WORK_H_
