// A log, its submitters and everything that can happen to them, out of one
// seed and without a thread: the same seed does the same, step for step.
//
// A seed draws a character (which face, how many submitters, bounds, quotas,
// how long ids are kept, whether there is a second server) and then a few
// hundred steps: requests and retries, some with other content under a known
// id; batches; clocks that run on or step both ways; kills, power cuts,
// restarts in the middle of anything; disk, storage and signer that fail, with
// effect or without; a second server on the same rows, with the same lock file
// or its own; older copies of the rows put in place of the newest; bits that
// flip. docs/testing.md lists what must hold at every step.
#ifndef VIDIMUS_TESTS_SIMULATION_SIMULATION_H_
#define VIDIMUS_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/server.h"

namespace vidimus {

struct SimulationOptions {
  uint64_t seed = 1;
  // Prints each step.
  bool verbose = false;
  // Breaks the log on purpose.
  Mutation mutation;
};

struct SimulationResult {
  // What did not hold, and at which step; nothing if all did.
  std::optional<std::string> violation;
  // Of everything that happened. Equal for two runs of one seed.
  uint64_t fingerprint = 0;

  // How much happened.
  int steps = 0;
  int batches = 0;
  int starts = 0;
  int refused_starts = 0;  // rightly
  int faults = 0;
  int receipts = 0;
  int same_again = 0;     // receipts for ids that were known
  int other_content = 0;  // requests refused for it
  int overlaps = 0;       // batches within another server's commit
  int pushed_back = 0;    // requests refused for bounds and quotas
  uint64_t leaves = 0;
};

SimulationResult RunSimulation(const SimulationOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_SIMULATION_SIMULATION_H_
