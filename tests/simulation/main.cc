// bazel run //tests/simulation -- --seed=7           one seed, each step shown
// bazel run //tests/simulation -- --seeds=500 --first=1 [--quiet]
//
// Exit code 1 if something did not hold: what, at which step, and the command
// that does it again.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/simulation/simulation.h"

namespace vidimus {
namespace {

int Usage() {
  std::fprintf(
      stderr, "usage: simulation --seed=N | --seeds=N [--first=K] [--quiet]\n");
  return 2;
}

int Main(int argc, char** argv) {
  uint64_t first = 1, seeds = 0, seed = 0;
  bool one = false;
  bool progress = isatty(STDERR_FILENO) == 1;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    uint64_t* number = nullptr;
    if (word == "--quiet") {
      progress = false;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--seed=")) {
      number = &seed;
      one = true;
    } else if (absl::ConsumePrefix(&word, "--seeds=")) {
      number = &seeds;
    } else if (absl::ConsumePrefix(&word, "--first=")) {
      number = &first;
    }
    if (number == nullptr || !absl::SimpleAtoi(word, number)) return Usage();
  }
  if (one == (seeds > 0)) return Usage();
  if (one) {
    first = seed;
    seeds = 1;
  }
  const auto start = std::chrono::steady_clock::now();
  SimulationResult sum;
  for (seed = first; seed < first + seeds; ++seed) {
    if (progress && !one) {
      std::fprintf(stderr, "\rseed %llu",
                   static_cast<unsigned long long>(seed));
    }
    SimulationOptions options;
    options.seed = seed;
    options.verbose = one;
    const SimulationResult result = RunSimulation(options);
    if (result.violation.has_value()) {
      std::printf(
          "seed %llu: %s\nagain: bazel run //tests/simulation -- --seed=%llu\n",
          static_cast<unsigned long long>(seed), result.violation->c_str(),
          static_cast<unsigned long long>(seed));
      return 1;
    }
    sum.fingerprint = sum.fingerprint * 31 + result.fingerprint;
    sum.steps += result.steps;
    sum.batches += result.batches;
    sum.starts += result.starts;
    sum.refused_starts += result.refused_starts;
    sum.faults += result.faults;
    sum.receipts += result.receipts;
    sum.same_again += result.same_again;
    sum.other_content += result.other_content;
    sum.overlaps += result.overlaps;
    sum.pushed_back += result.pushed_back;
    sum.leaves += result.leaves;
  }
  if (progress && !one) std::fprintf(stderr, "\r\033[K");
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  std::printf(
      "%llu seeds hold: %d steps, %d batches, %llu leaves, %d starts and %d "
      "refused, %d faults, %d receipts, %d for known ids, %d refused for other "
      "content, %d pushed back, %d commits overlapped; fingerprint %016llx; "
      "%.1f s\n",
      static_cast<unsigned long long>(seeds), sum.steps, sum.batches,
      static_cast<unsigned long long>(sum.leaves), sum.starts,
      sum.refused_starts, sum.faults, sum.receipts, sum.same_again,
      sum.other_content, sum.pushed_back, sum.overlaps,
      static_cast<unsigned long long>(sum.fingerprint), seconds);
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
