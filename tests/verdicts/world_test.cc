// Every verdict of a whole sample world is the one that its access was built
// for. The world shares no code with the engine (independence_test), so this is
// a comparison of two readings of docs/verdicts.md.
//
// --accesses and --residents say how large, --seed which one.

#include "tests/world/world.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/verdicts/judge.h"

namespace vidimus {
namespace {

uint64_t flag_accesses = 100000;
uint64_t flag_residents = 1000;
uint64_t flag_seed = 1;

std::vector<std::unique_ptr<CityJudge>> JudgesOf(const World& world) {
  std::vector<std::unique_ptr<CityJudge>> judges;
  for (size_t c = 0; c < world.cities(); ++c) {
    judges.push_back(std::make_unique<CityJudge>(world.city(c)));
  }
  return judges;
}

TEST(WorldTest, EveryVerdictIsTheOneThatItsAccessWasBuiltFor) {
  WorldOptions options;
  options.seed = flag_seed;
  options.residents = static_cast<uint32_t>(flag_residents);
  options.accesses = flag_accesses;
  const World world(options);
  const auto judges = JudgesOf(world);
  Tally headlines;
  Tally failed;
  std::map<std::string, uint64_t> wrong;  // by recipe
  uint64_t judged = 0;
  uint64_t entries = 0;
  std::clock_t judging = 0;  // CPU
  for (size_t c = 0; c < world.plans().size(); ++c) {
    const WorldChain chain = world.Make(c);
    CityJudge& judge = *judges[world.plans()[c].city];
    const std::clock_t start = std::clock();
    const Verdicts verdicts = judge.Judge(chain);
    judging += std::clock() - start;
    const std::string difference = Difference(chain, verdicts);
    if (!difference.empty()) {
      const size_t at = difference.find("built by");
      ++wrong[at == std::string::npos ? difference : difference.substr(at)];
      if (wrong.size() < 30) {
        ADD_FAILURE() << "chain " << c << ": " << difference;
      }
    }
    Count(chain, &headlines, &failed);
    judged += verdicts.verdicts.size();
    entries += chain.entries.size();
  }
  EXPECT_EQ(judged, flag_accesses);
  for (const auto& [what, times] : wrong) {
    std::printf("%6llu chains: %s\n", static_cast<unsigned long long>(times),
                what.c_str());
  }

  std::printf("%llu accesses of %llu residents in %zu cities, %llu entries\n",
              static_cast<unsigned long long>(judged),
              static_cast<unsigned long long>(flag_residents), world.cities(),
              static_cast<unsigned long long>(entries));
  for (const auto& [headline, times] : headlines) {
    std::printf("  %-20s %8llu\n", headline.c_str(),
                static_cast<unsigned long long>(times));
  }
  std::printf("failed:\n");
  for (const auto& [dimension, times] : failed) {
    std::printf("  %-20s %8llu\n", dimension.c_str(),
                static_cast<unsigned long long>(times));
  }
  std::printf(
      "%.2f us of CPU for each access, with what identity services signed\n",
      1e6 * static_cast<double>(judging) / CLOCKS_PER_SEC /
          static_cast<double>(judged));

  // All of them occur.
  EXPECT_EQ(headlines.size(), static_cast<size_t>(kHeadlineCount));
  EXPECT_EQ(failed.size(), static_cast<size_t>(kDimensionCount));
}

TEST(WorldTest, ResidentsSignAsWalletsDoAndNothingChanges) {
  WorldOptions options;
  options.seed = flag_seed;
  options.residents = 6;
  options.accesses = 600;
  options.signing = WorldSigning::kEd25519;
  const World world(options);
  const auto judges = JudgesOf(world);
  for (size_t c = 0; c < world.plans().size(); ++c) {
    const WorldChain chain = world.Make(c);
    // Nothing here is ES256.
    const Verdicts verdicts =
        JudgeHistory(judges[world.plans()[c].city]->HistoryOf(chain), nullptr);
    EXPECT_EQ(Difference(chain, verdicts), "") << "chain " << c;
  }
}

TEST(WorldTest, ComesOutTheSameEachTime) {
  WorldOptions options;
  options.residents = 3;
  options.accesses = 200;
  const World one(options);
  const World other(options);
  options.seed = 2;
  const World another(options);
  bool differs = false;
  for (size_t c = one.plans().size(); c-- > 0;) {
    const WorldChain chain = one.Make(c);
    const WorldChain again = other.Make(c);
    ASSERT_EQ(chain.entries.size(), again.entries.size());
    for (size_t i = 0; i < chain.entries.size(); ++i) {
      EXPECT_EQ(chain.entries[i].record, again.entries[i].record);
      EXPECT_EQ(chain.entries[i].batch, again.entries[i].batch);
    }
    if (c < another.plans().size()) {
      differs = differs ||
                another.Make(c).entries[0].record != chain.entries[0].record;
    }
  }
  EXPECT_TRUE(differs);
}

// What a log must be: no batch has more than its leaves.
TEST(WorldTest, FitsItsBatches) {
  WorldOptions options;
  options.residents = 200;
  options.accesses = 20000;
  const World world(options);
  for (size_t city = 0; city < world.cities(); ++city) {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> leaves;
    const std::vector<WorldLog>& logs = world.city(city).logs();
    for (uint32_t log = 0; log < logs.size(); ++log) {
      for (const WorldDocument& document : logs[log].documents) {
        ++leaves[{log, document.batch}];
      }
    }
    for (size_t c = 0; c < world.plans().size(); ++c) {
      if (world.plans()[c].city != city) continue;
      for (const WorldEntry& entry : world.Make(c).entries) {
        ++leaves[{entry.log, entry.batch}];
      }
    }
    for (const auto& [place, count] : leaves) {
      const WorldLog& log = logs[place.first];
      EXPECT_LT(count, log.sizes[place.second] - log.PositionOf(place.second));
    }
  }
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const auto take = [&](const char* name, uint64_t* value) {
      const size_t length = std::strlen(name);
      if (std::strncmp(argv[i], name, length) != 0) return false;
      *value = std::strtoull(argv[i] + length, nullptr, 10);
      return true;
    };
    if (!take("--accesses=", &vidimus::flag_accesses) &&
        !take("--residents=", &vidimus::flag_residents) &&
        !take("--seed=", &vidimus::flag_seed)) {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
