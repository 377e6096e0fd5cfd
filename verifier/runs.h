// Which sorted runs make up the index of a log (index.h) at a given size. The
// size alone says it: whoever checks a proof computes the list and never reads
// it. Pure functions. Format and vectors: docs/index_format.md.
//
// A run is a range of leaves [b, b + n) with n = f * 4096 * 4^i and f = 1, 2 or
// 3, where b is a multiple of 4096 * 4^i, and of 4096 * 4^(i+1) if f > 1. It
// can be in force at size M once M >= b + n, or once M >= b + n + n/16 if n is
// above 2^14, so that there is time to merge it. In force are, from leaf 0
// upwards, always the largest run that starts there and can be; what is left,
// fewer than 4,096 leaves, is the last run, the partial one.
#ifndef VERIFIER_RUNS_H_
#define VERIFIER_RUNS_H_

#include <cstdint>
#include <vector>

namespace vidimus {

// The smallest run that is not partial, in leaves.
inline constexpr uint64_t kRunLeavesMin = 4096;

// A run longer than this comes into force 1/16 of its length late.
inline constexpr uint64_t kRunLeavesPrompt = uint64_t{1} << 14;

// Leaves [start, end), end > start.
struct RunRange {
  uint64_t start = 0;
  uint64_t end = 0;

  uint64_t leaves() const { return end - start; }
  bool Holds(uint64_t index) const { return start <= index && index < end; }

  friend bool operator==(const RunRange& a, const RunRange& b) {
    return a.start == b.start && a.end == b.end;
  }
};

// The runs in force at `size`, by ascending start, without gaps, from 0 to
// `size`; none at size 0. For any 64-bit size; a few runs per base-4 digit, 10
// at 10^9.
std::vector<RunRange> RunsInForce(uint64_t size);

}  // namespace vidimus

#endif  // VERIFIER_RUNS_H_
