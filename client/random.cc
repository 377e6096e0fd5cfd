#include "client/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "verifier/check.h"

namespace vidimus {
namespace {

// Bytes of one thread; what was handed out is wiped.
struct Pool {
  char bytes[4096];
  size_t used = sizeof(bytes);

  void Fill() {
    size_t filled = 0;
    while (filled < sizeof(bytes)) {
      const ssize_t n = getrandom(bytes + filled, sizeof(bytes) - filled, 0);
      CHECK(n > 0 || errno == EINTR);
      if (n > 0) filled += static_cast<size_t>(n);
    }
    used = 0;
  }
};

}  // namespace

std::string RandomBytes(size_t size) {
  thread_local Pool pool;
  std::string out(size, '\0');
  for (size_t done = 0; done < size;) {
    if (pool.used == sizeof(pool.bytes)) pool.Fill();
    const size_t n = std::min(size - done, sizeof(pool.bytes) - pool.used);
    std::memcpy(&out[done], pool.bytes + pool.used, n);
    std::memset(pool.bytes + pool.used, 0, n);
    pool.used += n;
    done += n;
  }
  return out;
}

uint64_t RandomBelow(uint64_t bound) {
  CHECK_GT(bound, uint64_t{0});
  uint64_t bits = 0;
  std::memcpy(&bits, RandomBytes(sizeof(bits)).data(), sizeof(bits));
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * bound) >>
                               64);
}

}  // namespace vidimus
