#include "log/index_plan.h"

#include <algorithm>

#include "verifier/check.h"

namespace vidimus {
namespace {

// A run is 1, 2 or 3 units of 4096 * 4^i leaves.
struct Shape {
  uint64_t unit;
  uint64_t factor;
};

Shape ShapeOf(uint64_t leaves) {
  uint64_t unit = kRunLeavesMin;
  while (unit <= leaves / 4) unit *= 4;
  CHECK_EQ(leaves % unit, 0u);
  return {unit, leaves / unit};
}

}  // namespace

uint64_t DueOf(const RunRange& run) {
  const uint64_t leaves = run.leaves();
  return run.end + (leaves > kRunLeavesPrompt ? leaves / 16 : 0);
}

std::vector<RunRange> MergesEndingIn(uint64_t from, uint64_t to) {
  std::vector<RunRange> merges;
  for (uint64_t unit = kRunLeavesPrompt; unit <= to; unit *= 4) {
    for (uint64_t factor = 1; factor <= 3; ++factor) {
      const uint64_t leaves = factor * unit;
      if (leaves <= kRunLeavesPrompt) continue;
      const uint64_t stride = factor == 1 ? unit : 4 * unit;
      uint64_t start =
          from < leaves ? 0 : ((from - leaves) / stride + 1) * stride;
      for (; start + leaves <= to; start += stride) {
        merges.push_back({start, start + leaves});
      }
    }
    if (unit > to / 4) break;
  }
  std::sort(merges.begin(), merges.end(),
            [](const RunRange& a, const RunRange& b) {
              const uint64_t due_a = DueOf(a), due_b = DueOf(b);
              return due_a != due_b ? due_a < due_b : a.start < b.start;
            });
  return merges;
}

std::vector<RunRange> MergesUnderWay(uint64_t size) {
  // No run is longer than the log, so none waits longer than this.
  std::vector<RunRange> merges = MergesEndingIn(size - size / 16, size);
  merges.erase(
      std::remove_if(merges.begin(), merges.end(),
                     [size](const RunRange& r) { return DueOf(r) <= size; }),
      merges.end());
  return merges;
}

std::vector<RunRange> InputsOf(const RunRange& run) {
  const Shape shape = ShapeOf(run.leaves());
  const uint64_t last = shape.factor == 1 ? shape.unit / 4 : shape.unit;
  return {{run.start, run.end - last}, {run.end - last, run.end}};
}

std::vector<RunRange> PartsOf(const RunRange& run) {
  const Shape shape = ShapeOf(run.leaves());
  const uint64_t part = shape.factor == 1 ? shape.unit / 4 : shape.unit;
  std::vector<RunRange> parts;
  for (uint64_t start = run.start; start < run.end; start += part) {
    parts.push_back({start, start + part});
  }
  return parts;
}

}  // namespace vidimus
