// The sample world: cities with their registers, residents who are numbers, and
// what passes between them and their administrations, at any size, from a seed.
//
// Each access is *built for a verdict that was chosen first*: a recipe decides
// "violation: withdrawn", says what the resident must have said before, and
// writes down an access to which just that applies. Nothing here judges, and no
// code is shared with the engine or its slow twin (a rule of visibility and a
// test see to that), so that where both agree, two independent readings of
// docs/verdicts.md agree. What it makes and how: docs/world.md.
#ifndef TESTS_WORLD_WORLD_H_
#define TESTS_WORLD_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/world/chain.h"
#include "tests/world/city.h"

namespace vidimus {

struct WorldOptions {
  uint64_t seed = 1;
  uint32_t cities = 3;
  uint32_t residents = 100;
  uint64_t accesses = 5000;
  WorldSigning signing = WorldSigning::kHashed;
  // Of one chain; further accesses rest on what was said before.
  size_t statements_max = 300;
  // 0: every resident has two to five chains, some in another city. Else so
  // many in the city they live in.
  uint32_t chains_each = 0;
  // Only what a log that runs now can be made to show within seconds, in one
  // log: nothing for which days must pass, content is closed, or the log's door
  // would refuse it.
  bool live = false;
};

class World {
 public:
  explicit World(const WorldOptions& options);

  size_t cities() const { return cities_.size(); }
  const City& city(size_t number) const { return *cities_[number]; }

  // Chains are numbered from 0; those of one resident follow each other.
  struct Plan {
    uint32_t city = 0;
    uint64_t resident = 0;
    uint32_t administration = 0;
    uint64_t accesses = 0;
  };
  const std::vector<Plan>& plans() const { return plans_; }

  // Makes one chain; the same each time, whichever others are made. Const, and
  // safe from several threads. About 5 us for each entry.
  WorldChain Make(size_t chain) const;

 private:
  const WorldOptions options_;
  std::vector<std::unique_ptr<City>> cities_;
  std::vector<Plan> plans_;
};

}  // namespace vidimus

#endif  // TESTS_WORLD_WORLD_H_
