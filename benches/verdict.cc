// What does a verdict cost?
//
//   bazel run -c opt //benches:verdict
//
// The bars: at most 10 us for each access without signatures, and 10,000
// accesses of one resident within a second with them.

#include "verifier/verdict.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "tests/verdicts/judge.h"
#include "tests/world/world.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/history_testing.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr int64_t kAccesses = 10000;

// One resident's chain: a key, then `statements` grants, every third withdrawn
// and every tenth a prohibition for another purpose, evenly among kAccesses
// accesses of which half cite a law.
std::unique_ptr<HistoryBuilder> Chain(int64_t statements) {
  auto builder = std::make_unique<HistoryBuilder>();
  builder->Seal(8 * 86400);
  std::string hash = builder->Add(HistoryBuilder::FirstKey(1, 'k'), 'k');
  builder->Seal(1);
  uint64_t said = 0;
  for (int64_t i = 0; i < kAccesses; ++i) {
    while (static_cast<int64_t>(said) * kAccesses < i * statements ||
           said == 0) {
      v1::Statement statement =
          HistoryBuilder::Bare(2 + said, 1, 1 + said, hash);
      if (said % 10 == 9) {
        statement.mutable_prohibition()->mutable_scope()->add_purpose(
            HistoryBuilder::kOtherPurpose);
      } else if (said % 3 == 2) {
        statement.mutable_withdrawal()->add_statement_id(TestId(1 + said));
      } else {
        HistoryBuilder::SetGrant(statement.mutable_grant());
      }
      hash = builder->Add(statement, 'k');
      builder->Seal(1);
      ++said;
    }
    builder->Add(i % 2 == 0 ? builder->Access() : builder->LawfulAccess(0));
    builder->Seal(1);
  }
  return builder;
}

void Judge(benchmark::State& state, Es256Verify verify) {
  const auto builder = Chain(state.range(0));
  for (auto _ : state) {
    const Verdicts verdicts = JudgeHistory(builder->history(), verify);
    CHECK_EQ(verdicts.verdicts.size(), static_cast<size_t>(kAccesses));
    benchmark::DoNotOptimize(verdicts.verdicts.data());
  }
  state.SetItemsProcessed(state.iterations() * kAccesses);
}

// Statements signed by a hash: all but the curve.
void BM_VerdictsWithoutSignatures(benchmark::State& state) {
  Judge(state, TestVerify);
}
BENCHMARK(BM_VerdictsWithoutSignatures)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

// As above, and for each statement an Ed25519 check of its true cost; those of
// the accesses are judged when the chain is opened (opening.h).
void BM_VerdictsWithSignatures(benchmark::State& state) {
  Judge(state, [](std::string_view key, std::string_view message,
                  std::string_view signature) {
    static const std::string* const kSigned =
        new std::string(HistoryBuilder::ServiceSigner().Sign("message"));
    CHECK(Ed25519Verify(HistoryBuilder::ServiceSigner().public_key(), "message",
                        *kSigned));
    return TestVerify(key, message, signature);
  });
}
BENCHMARK(BM_VerdictsWithSignatures)
    ->Arg(10)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

// A resident of the sample world: every verdict there is, and `statements`
// statements. With signatures each is one of Ed25519, as wallets make them.
void JudgeWorld(benchmark::State& state, WorldSigning signing) {
  WorldOptions options;
  options.cities = 1;
  options.residents = 1;
  options.accesses = kAccesses;
  options.chains_each = 1;
  options.signing = signing;
  options.statements_max = static_cast<size_t>(state.range(0));
  const World world(options);
  const WorldChain chain = world.Make(0);
  CityJudge judge(world.city(0));
  const History& history = judge.HistoryOf(chain);
  size_t statements = 0;
  for (auto _ : state) {
    const Verdicts verdicts = JudgeHistory(history, HashedVerify);
    CHECK_EQ(verdicts.verdicts.size(), static_cast<size_t>(kAccesses));
    statements = verdicts.statements.size();
    benchmark::DoNotOptimize(verdicts.verdicts.data());
  }
  state.SetItemsProcessed(state.iterations() * kAccesses);
  state.counters["statements"] = static_cast<double>(statements);
}

void BM_WorldWithoutSignatures(benchmark::State& state) {
  JudgeWorld(state, WorldSigning::kHashed);
}
BENCHMARK(BM_WorldWithoutSignatures)
    ->Arg(30)
    ->Arg(300)
    ->Unit(benchmark::kMillisecond);

void BM_WorldWithSignatures(benchmark::State& state) {
  JudgeWorld(state, WorldSigning::kEd25519);
}
BENCHMARK(BM_WorldWithSignatures)
    ->Arg(30)
    ->Arg(300)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vidimus
