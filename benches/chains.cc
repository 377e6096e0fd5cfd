// What an entry costs on its way into its chain: the key (made once), the
// cache, the label. And what the cache would cost if it encrypted.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "log/aead.h"
#include "log/chain_cache.h"
#include "verifier/label.h"
#include "verifier/vrf.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

std::string Name(uint32_t number) {
  std::string subject =
      "\1"
      "00000000-0000-4000-8000-0000";
  char digits[9];
  std::snprintf(digits, sizeof(digits), "%08x", number);
  std::string name;
  ChainAlpha({"vidimus.example/helsinki/2026h1", 3, subject + digits}, &name);
  return name;
}

void Evaluate(benchmark::State& state) {
  const VrfProver prover(std::string(kVrfSeedBytes, 's'));
  uint32_t number = 0;
  VrfOutput beta;
  for (auto _ : state) {
    benchmark::DoNotOptimize(prover.Evaluate(Name(number++), &beta));
  }
}
BENCHMARK(Evaluate);

void Prove(benchmark::State& state) {
  const VrfProver prover(std::string(kVrfSeedBytes, 's'));
  uint32_t number = 0;
  VrfOutput beta;
  for (auto _ : state) {
    benchmark::DoNotOptimize(prover.Prove(Name(number++), &beta));
  }
}
BENCHMARK(Prove);

void Verify(benchmark::State& state) {
  const VrfProver prover(std::string(kVrfSeedBytes, 's'));
  VrfOutput beta;
  const std::string proof = prover.Prove(Name(1), &beta);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        VerifyVrf(prover.public_key(), Name(1), proof, &beta));
  }
}
BENCHMARK(Verify);

void Label(benchmark::State& state) {
  Hash key = {};
  uint64_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(ChainLabel(key, i++));
}
BENCHMARK(Label);

// The argument: how many chains the cache holds.
void CacheFind(benchmark::State& state) {
  const uint32_t chains = static_cast<uint32_t>(state.range(0));
  ChainCache cache(uint64_t{chains} * 70, std::string(32, 'k'));
  for (uint32_t i = 0; i < chains; ++i) {
    const std::string name = Name(i);
    Hash key;
    std::memcpy(key.data(), name.data() + name.size() - 32, key.size());
    cache.Put(cache.TagOf(name), name, key);
  }
  uint32_t number = 0;
  uint64_t found = 0;
  for (auto _ : state) {
    const std::string name = Name((number += 2654435761u) % chains);
    found += cache.Find(cache.TagOf(name), name).has_value();
  }
  state.counters["found"] =
      static_cast<double>(found) / static_cast<double>(state.iterations());
}
BENCHMARK(CacheFind)->Arg(1000)->Arg(1000000)->Unit(benchmark::kNanosecond);

// Instead of a mask: K and the number of entries under AES-256-GCM.
void AeadOpening(benchmark::State& state) {
  const std::string key(kAeadKeyBytes, 'k');
  const std::string nonce(kAeadNonceBytes, 'n');
  const std::string sealed = AeadSeal(key, nonce, "", std::string(40, 'p'));
  for (auto _ : state) {
    benchmark::DoNotOptimize(AeadOpen(key, nonce, "", sealed));
  }
}
BENCHMARK(AeadOpening);

// The mask of one K is one such.
void Mask(benchmark::State& state) {
  ChainCache cache(0, std::string(32, 'k'));
  const std::string name = Name(1);
  for (auto _ : state) benchmark::DoNotOptimize(cache.TagOf(name));
}
BENCHMARK(Mask);

}  // namespace
}  // namespace vidimus
