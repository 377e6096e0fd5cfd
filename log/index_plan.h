// When which run of the index (verifier/runs.h) can be made, of what, and by
// when it must be there. Pure functions.
#ifndef VIDIMUS_LOG_INDEX_PLAN_H_
#define VIDIMUS_LOG_INDEX_PLAN_H_

#include <cstdint>
#include <vector>

#include "verifier/runs.h"

namespace vidimus {

// The size from which on `run` is in force, until a larger run begins where it
// does or before. For every run that RunsInForce can list, but partial ones.
uint64_t DueOf(const RunRange& run);

// The runs longer than kRunLeavesPrompt that end in (from, to], by the size at
// which they are due, then by start. No others are ever merged: shorter ones
// are due at their end.
std::vector<RunRange> MergesEndingIn(uint64_t from, uint64_t to);

// Those that end by `size` and are due after it.
std::vector<RunRange> MergesUnderWay(uint64_t size);

// The two runs that such a run is merged from; both are due before it.
std::vector<RunRange> InputsOf(const RunRange& run);

// The two, three or four runs that such a run is rebuilt from if it is lost: as
// few levels as can be.
std::vector<RunRange> PartsOf(const RunRange& run);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_PLAN_H_
