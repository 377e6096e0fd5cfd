// Time and randomness come in through these two seams, so that a simulation
// can drive them from a seed.
#ifndef VIDIMUS_LOG_CLOCK_H_
#define VIDIMUS_LOG_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace vidimus {

// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // POSIX time. May step in both directions: decides limits, never order.
  virtual int64_t NowMs() = 0;
  // Never falls; only differences mean anything.
  virtual int64_t SteadyMs() = 0;
};

// Any thread.
class Random {
 public:
  virtual ~Random() = default;
  // `size` bytes, for keys, salts and labels.
  virtual std::string Draw(size_t size) = 0;
};

// The machine's own; live for ever.
Clock* SystemClock();
Random* SystemRandom();

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CLOCK_H_
