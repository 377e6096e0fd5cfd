// What does judging a proof cost beside the hashing that it cannot do without?
//
//   bazel run -c opt //benches:merkle
//
// The bar: an inclusion proof is judged within 1.2 times its bare hashing.

#include "verifier/merkle.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

// A tree of 2^depth equal leaves: every sibling of a level is the same.
struct Tree {
  explicit Tree(int depth) : size(uint64_t{1} << depth) {
    leaf_hash = LeafHash("entry");
    Hash hash = leaf_hash;
    for (int level = 0; level < depth; ++level) {
      path.push_back(hash);
      hash = NodeHash(hash, hash);
    }
    head = {size, hash};
  }

  uint64_t size;
  Hash leaf_hash;
  std::vector<Hash> path;
  TreeHead head;
};

void BM_Node(benchmark::State& state) {
  Hash left = LeafHash("l"), right = LeafHash("r");
  for (auto _ : state) {
    left = NodeHash(left, right);
    benchmark::DoNotOptimize(left);
  }
}
BENCHMARK(BM_Node);

// The hashing alone of what BM_VerifyInclusion judges.
void BM_BareHashing(benchmark::State& state) {
  const Tree tree(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    Hash hash = tree.leaf_hash;
    for (const Hash& sibling : tree.path) {
      hash = Sha256Node(0x01, hash, sibling);
    }
    benchmark::DoNotOptimize(hash);
  }
}
BENCHMARK(BM_BareHashing)->Arg(10)->Arg(20)->Arg(30);

void BM_VerifyInclusion(benchmark::State& state) {
  const Tree tree(static_cast<int>(state.range(0)));
  uint64_t index = 0;
  for (auto _ : state) {
    index = (index * 25214903917 + 11) % tree.size;
    benchmark::DoNotOptimize(
        VerifyInclusion(tree.leaf_hash, index, tree.path, tree.head));
  }
}
BENCHMARK(BM_VerifyInclusion)->Arg(10)->Arg(20)->Arg(30);

void BM_LeafHash(benchmark::State& state) {
  const std::string entry(state.range(0), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(LeafHash(entry));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LeafHash)->Arg(65)->Arg(1024)->Arg(65535);

void BM_Append(benchmark::State& state) {
  CompactRange range;
  const Hash leaf_hash = LeafHash("entry");
  for (auto _ : state) range.Append(leaf_hash);
  benchmark::DoNotOptimize(range.Root());
}
BENCHMARK(BM_Append);

void BM_Ed25519Verify(benchmark::State& state) {
  const Ed25519Signer signer(std::string(32, 's'));
  const std::string message(100, 'm');
  const std::string signature = signer.Sign(message);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Ed25519Verify(signer.public_key(), message, signature));
  }
}
BENCHMARK(BM_Ed25519Verify);

void BM_Ed25519Sign(benchmark::State& state) {
  const Ed25519Signer signer(std::string(32, 's'));
  const std::string message(100, 'm');
  for (auto _ : state) benchmark::DoNotOptimize(signer.Sign(message));
}
BENCHMARK(BM_Ed25519Sign);

}  // namespace
}  // namespace vidimus
