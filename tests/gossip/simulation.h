// Gossip simulated: monitors that are honest or lie, links that fail, monitors
// that are gone for a while and lose what was not durable, logs that are honest
// or show several histories. Trees and signatures are real; time is counted in
// ticks, and one seed drives all of it: the same seed does the same again.
//
// What must hold, whatever happens:
//   - no honest monitor ever holds a conviction of an honest log;
//   - each file that an honest monitor holds is judged to convict by verifier/
//     alone, which knows only the log's key;
//   - two honest monitors whose trees differ come out: once each one's note has
//     had a way to the other, over links that stood with both their ends alive
//     for two periods each, one after another;
//   - and once all links stand: within (hops + 1) periods, where hops counts
//   the
//     links between the two over honest monitors;
//   - at the end, everybody whom honest monitors connect with them knows;
//   - what a monitor's own door refused convicts when its tree has reached it.
#ifndef VIDIMUS_TESTS_GOSSIP_SIMULATION_H_
#define VIDIMUS_TESTS_GOSSIP_SIMULATION_H_

#include <cstdint>
#include <string>

namespace vidimus {

// A fault planted in every honest monitor.
enum class GossipFault {
  kNone,
  kHandsNothingOn,       // tells of its own tree only
  kNewestNoteOnly,       // tells of the largest note only
  kForgetsAtRestart,     // keeps nothing but its tree
  kBelievesConvictions,  // takes for a conviction what a peer calls one
  kBelievesNotes,        // takes every note for a beginning of its tree
};

struct GossipSimulationOptions {
  uint64_t seed = 1;
  GossipFault fault = GossipFault::kNone;
  // Each step to standard error.
  bool trace = false;
};

struct GossipSimulationResult {
  std::string failure;      // what did not hold, and when; empty if all did
  uint64_t transcript = 0;  // of all that happened, folded together
  int monitors = 0;
  int liars = 0;
  int forking_logs = 0;
  int honest_logs = 0;
  int found = 0;     // forks that came out
  int demanded = 0;  // pairs of monitors for which a fork had to come out
  int restarts = 0;
  int64_t exchanges = 0;
};

GossipSimulationResult SimulateGossip(const GossipSimulationOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_GOSSIP_SIMULATION_H_
