// proto/mutex.h
//
// A mutex, its scoped lock and a condition variable that both of our checkers
// understand: clang's thread-safety analysis reads the annotations (gcc ignores
// them), and ThreadSanitizer sees through std::mutex, which it does not through
// the Abseil that Debian ships. A drop-in for absl::Mutex where that is all we
// need. Guard members with ABSL_GUARDED_BY(mu_).
//
//   Mutex mu_;
//   CondVar ready_;
//   std::deque<Job> jobs_ ABSL_GUARDED_BY(mu_);
//   ...
//   MutexLock lock(&mu_);
//   while (jobs_.empty()) ready_.Wait(&mu_);

#ifndef VIDIMUS_PROTO_MUTEX_H_
#define VIDIMUS_PROTO_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace vidimus {

// Exclusive and not recursive: locking it twice from one thread is undefined.
class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }

  // Returns true and holds the mutex, or returns false at once.
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return mu_.try_lock();
  }

  // Tells the analysis, not the machine, that the caller holds the mutex: for
  // lambdas, which clang analyses on their own.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  friend class CondVar;
  std::mutex mu_;
};

// Holds a mutex from construction to destruction. The mutex must outlive it.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) {
    mu_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

// Waits may wake for no reason: always wait in a loop over the condition. All
// waits give the mutex back while they sleep and hold it again on return.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex* mu) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::unique_lock<std::mutex> lock(mu->mu_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // Returns false if `timeout` passed without a signal. Measured on the
  // monotonic clock: a step of the wall clock neither shortens nor stretches
  // it.
  bool WaitFor(Mutex* mu, std::chrono::nanoseconds timeout)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return WaitUntil(mu, std::chrono::steady_clock::now() + timeout);
  }

  // Returns false if `deadline` passed without a signal.
  bool WaitUntil(Mutex* mu, std::chrono::steady_clock::time_point deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::unique_lock<std::mutex> lock(mu->mu_, std::adopt_lock);
    const std::cv_status status = cv_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

  void Signal() { cv_.notify_one(); }
  void SignalAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_MUTEX_H_
