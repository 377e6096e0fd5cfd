#include "log/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "verifier/check.h"

namespace vidimus {
namespace {

int64_t ReadMs(clockid_t clock) {
  timespec now;
  CHECK_EQ(clock_gettime(clock, &now), 0);
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1000000;
}

class MachineClock : public Clock {
 public:
  int64_t NowMs() override { return ReadMs(CLOCK_REALTIME); }
  int64_t SteadyMs() override { return ReadMs(CLOCK_MONOTONIC); }
};

class MachineRandom : public Random {
 public:
  std::string Draw(size_t size) override {
    std::string bytes(size, '\0');
    for (size_t done = 0; done < size;) {
      const ssize_t got = getrandom(&bytes[done], size - done, 0);
      if (got < 0) {
        CHECK_EQ(errno, EINTR);
        continue;
      }
      done += got;
    }
    return bytes;
  }
};

}  // namespace

Clock* SystemClock() {
  static Clock* const clock = new MachineClock;
  return clock;
}

Random* SystemRandom() {
  static Random* const random = new MachineRandom;
  return random;
}

}  // namespace vidimus
