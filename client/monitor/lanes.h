// A thread and a short queue for each log, so that one whose calls take long
// holds up nobody but itself.
#ifndef VIDIMUS_CLIENT_MONITOR_LANES_H_
#define VIDIMUS_CLIENT_MONITOR_LANES_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "proto/mutex.h"

namespace vidimus {

class Lanes {
 public:
  // A lane for each name; `waiting_max` may wait in each.
  Lanes(const std::vector<std::string>& names, size_t waiting_max);
  // Stop().
  ~Lanes();

  // Runs `work` on the lane's thread, after what was given before. False, and
  // `work` is gone, if there is no such lane, it is full, or all have stopped.
  // Any thread; does not wait.
  bool Run(const std::string& name, std::function<void()> work);

  // Waits for the work that is under way; what waits is dropped.
  void Stop();

 private:
  struct Lane {
    Mutex mu;
    CondVar changed;
    std::deque<std::function<void()>> waiting ABSL_GUARDED_BY(mu);
    bool stopping ABSL_GUARDED_BY(mu) = false;
    std::thread thread;
  };
  static void Serve(Lane* lane);

  const size_t waiting_max_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_LANES_H_
