// Two threads count together: with our mutex ("guarded"), or without, which is
// a race. ThreadSanitizer must be silent about the first and stop the second;
// otherwise its silence about our tests would mean nothing. gRPC is linked so
// that its suppressions are in force.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>

#include "proto/mutex.h"

namespace vidimus {
namespace {

constexpr int kRounds = 10000;

uint64_t CountGuarded() {
  Mutex mu;
  uint64_t count = 0;
  auto work = [&] {
    for (int i = 0; i < kRounds; ++i) {
      MutexLock lock(&mu);
      ++count;
    }
  };
  std::thread other(work);
  work();
  other.join();
  return count;
}

uint64_t CountRacing() {
  uint64_t count = 0;
  auto work = [&] {
    for (int i = 0; i < kRounds; ++i) {
      ++count;
      std::this_thread::yield();
    }
  };
  std::thread other(work);
  work();
  other.join();
  return count;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  const bool guarded = argc == 2 && std::strcmp(argv[1], "guarded") == 0;
  std::printf("%llu\n",
              static_cast<unsigned long long>(
                  guarded ? vidimus::CountGuarded() : vidimus::CountRacing()));
}
