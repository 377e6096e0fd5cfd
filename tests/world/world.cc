#include "tests/world/world.h"

#include <algorithm>
#include <random>

#include "tests/world/life.h"
#include "verifier/check.h"

namespace vidimus {

World::World(const WorldOptions& options) : options_(options) {
  CHECK_LT(uint32_t{0}, options.residents);
  CHECK_LT(uint32_t{0}, options.cities);
  CHECK_LT(options.statements_max, kSlots);
  std::mt19937_64 rng(options.seed);
  uint64_t most = 0;
  for (uint32_t r = 0; r < options.residents; ++r) {
    uint64_t left = options.accesses / options.residents +
                    (r < options.accesses % options.residents ? 1 : 0);
    const uint64_t chains =
        options.chains_each > 0 ? options.chains_each : 2 + rng() % 4;
    const uint32_t home = r % options.cities;
    const uint64_t first = rng() % City::kAdministrations;
    for (uint64_t c = 0; c < chains; ++c) {
      Plan plan;
      const bool away = options.chains_each == 0 && c > 1 && rng() % 3 == 0;
      plan.city = away ? (home + 1) % options.cities : home;
      plan.resident = r;
      plan.administration =
          static_cast<uint32_t>((first + c) % City::kAdministrations);
      const uint64_t chains_left = chains - c;
      plan.accesses =
          chains_left == 1
              ? left
              : std::min(left, left / chains_left / 2 +
                                   rng() % (left / chains_left + 1));
      left -= plan.accesses;
      most = std::max(most, plan.accesses);
      plans_.push_back(plan);
    }
  }
  // Room for a recipe of some batches for every access of the longest chain.
  const uint64_t per_day =
      std::max<uint64_t>(64, most * 24 / (kWorldLogs * kWorldDays) + 2 * kSpan);
  const uint64_t mean = options.accesses * 3 /
                        (options.cities * kWorldLogs * kWorldDays * per_day);
  for (uint32_t c = 0; c < options.cities; ++c) {
    cities_.push_back(
        std::make_unique<City>(options.seed, c, static_cast<uint32_t>(per_day),
                               static_cast<uint32_t>(64 + 8 * mean)));
  }
}

WorldChain World::Make(size_t chain) const {
  const Plan& plan = plans_[chain];
  std::mt19937_64 rng(options_.seed * 1000003 + chain);
  return Life(*cities_[plan.city], plan, options_, rng()).Live();
}

}  // namespace vidimus
