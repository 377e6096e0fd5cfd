// bazel run //tests/gossip:simulation -- --seed=7     one seed, each step shown
// bazel run //tests/gossip:simulation -- --seeds=1000 --first=1
//
// Exit code 1 if something did not hold: what, at which tick, and the command
// that does it again.
#include <chrono>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/gossip/simulation.h"

namespace vidimus {
namespace {

int Usage() {
  std::fprintf(stderr, "usage: simulation --seed=N | --seeds=N [--first=K]\n");
  return 2;
}

int Main(int argc, char** argv) {
  uint64_t first = 1, seeds = 0, seed = 0;
  bool one = false;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    uint64_t* number = nullptr;
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
  GossipSimulationResult sum;
  for (seed = first; seed < first + seeds; ++seed) {
    GossipSimulationOptions options;
    options.seed = seed;
    options.trace = one;
    const GossipSimulationResult result = SimulateGossip(options);
    if (!result.failure.empty()) {
      std::fprintf(
          stderr,
          "seed %llu: %s\n"
          "again: bazel run //tests/gossip:simulation -- --seed=%llu\n",
          static_cast<unsigned long long>(seed), result.failure.c_str(),
          static_cast<unsigned long long>(seed));
      return 1;
    }
    sum.monitors += result.monitors;
    sum.liars += result.liars;
    sum.forking_logs += result.forking_logs;
    sum.honest_logs += result.honest_logs;
    sum.found += result.found;
    sum.demanded += result.demanded;
    sum.restarts += result.restarts;
    sum.exchanges += result.exchanges;
  }
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  std::printf(
      "%llu topologies from seed %llu: %d monitors, %d of them lie; %d logs "
      "fork, %d came out (%d pairs had to find out); %d honest logs, 0 "
      "accused; "
      "%d restarts, %lld exchanges; %.1f s\n",
      static_cast<unsigned long long>(seeds),
      static_cast<unsigned long long>(first), sum.monitors, sum.liars,
      sum.forking_logs, sum.found, sum.demanded, sum.honest_logs, sum.restarts,
      static_cast<long long>(sum.exchanges), took.count());
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
