#include "verifier/runs.h"

namespace vidimus {
namespace {

constexpr uint64_t kMax = ~uint64_t{0};
constexpr int kFanOutBits = 2;
constexpr uint64_t kLagDivisor = 16;

// Whether leaves [start, start + leaves), which `size` has, can be in force at
// it. By subtraction, so that nothing overflows.
bool CanBeInForce(uint64_t start, uint64_t leaves, uint64_t size) {
  const uint64_t lag = leaves > kRunLeavesPrompt ? leaves / kLagDivisor : 0;
  return size - start - leaves >= lag;
}

// The end of the largest run that starts at `start` and can be in force at
// `size`, or `start` if there is none.
uint64_t LargestEnd(uint64_t start, uint64_t size) {
  uint64_t best = start;
  // Sizes ascend with the unit and, within it, with the factor, so the last
  // that fits is the largest.
  for (uint64_t unit = kRunLeavesMin;; unit <<= kFanOutBits) {
    if (start % unit != 0 || unit > size - start) break;
    const bool last_unit = unit > kMax >> kFanOutBits;
    const bool aligned_above =
        last_unit ? start == 0 : start % (unit << kFanOutBits) == 0;
    for (uint64_t factor = 1; factor <= (aligned_above ? 3 : 1); ++factor) {
      // At most 3 * 2^62: no overflow.
      const uint64_t leaves = factor * unit;
      if (leaves > size - start) break;
      if (CanBeInForce(start, leaves, size)) best = start + leaves;
    }
    if (last_unit) break;
  }
  return best;
}

}  // namespace

std::vector<RunRange> RunsInForce(uint64_t size) {
  std::vector<RunRange> runs;
  for (uint64_t start = 0; start < size;) {
    const uint64_t end = LargestEnd(start, size);
    runs.push_back({start, end == start ? size : end});
    start = runs.back().end;
  }
  return runs;
}

}  // namespace vidimus
