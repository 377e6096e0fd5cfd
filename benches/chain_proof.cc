// What a proof that a chain has exactly 10 entries weighs and costs, in a log
// of 100,000 labels: what benches/completeness.sh puts beside a key directory.
//
//   bazel run -c opt //benches:chain_proof
//
// Prints two lines of TAB-separated figures, without and with the eight probes:
// labels added per second to an index in memory, bytes, and milliseconds to
// judge (median). Counted is all that the resident needs besides the head: K
// and its proof, the leaves, the seal, one inclusion proof and one index proof.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

constexpr uint64_t kLabels = 100000;
constexpr uint64_t kBatch = 10000;  // labels to a seal
constexpr uint64_t kEntries = 10;
constexpr int kRounds = 101;

using Clock = std::chrono::steady_clock;

double MsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

// The hash of the number, for keys and commitments that mean nothing.
Hash Arbitrary(uint64_t number) {
  std::string bytes;
  AppendBe64(number, &bytes);
  return Sha256(bytes);
}

// A log in memory: all its node hashes, and its index.
struct SmallLog {
  std::vector<std::string> leaves;
  std::vector<std::vector<Hash>> levels;
  std::vector<IndexEntry> entries;

  void Add(std::string leaf) {
    Hash hash = LeafHash(leaf);
    leaves.push_back(std::move(leaf));
    for (size_t level = 0;; ++level) {
      if (level == levels.size()) levels.emplace_back();
      levels[level].push_back(hash);
      if (levels[level].size() % 2 != 0) return;
      hash = NodeHash(levels[level].end()[-2], levels[level].back());
    }
  }

  NodeReader Reader() const {
    return [this](int level, uint64_t index, Hash* hash) {
      *hash = levels[level][index];
      return true;
    };
  }
};

// What the resident has to check: the leaves with the labels of the chain's
// entries are in the log, the next label and the probed ones are absent.
struct ChainProof {
  std::string alpha, vrf_proof;
  std::vector<Hash> absent;  // ascending
  std::string index_proof;
  std::vector<uint64_t> indices;  // of the entries and the last seal
  std::vector<std::string> leaves;
  std::vector<Hash> inclusion;

  size_t Bytes() const {
    size_t bytes = sizeof(Hash) + vrf_proof.size() + index_proof.size() +
                   inclusion.size() * sizeof(Hash);
    for (const std::string& leaf : leaves) bytes += leaf.size();
    return bytes;
  }
};

void Judge(const ChainProof& proof, std::string_view label_key,
           const TreeHead& head) {
  VrfOutput beta;
  CHECK(VerifyVrf(label_key, proof.alpha, proof.vrf_proof, &beta) ==
        Finding::kOk);
  std::vector<Hash> hashes;
  for (const std::string& leaf : proof.leaves) hashes.push_back(LeafHash(leaf));
  CHECK(VerifyMultiInclusion(proof.indices, hashes, head, proof.inclusion) ==
        Finding::kOk);
  Leaf seal;
  CHECK(ParseLeaf(proof.leaves.back(), &seal) == Finding::kOk);
  std::vector<IndexAnswer> answers;
  CHECK(VerifySeveral(proof.absent, SealOf(seal).index_root, head.size - 1,
                      proof.index_proof, &answers) == Finding::kOk);
  for (const IndexAnswer& answer : answers) CHECK(!answer.has_value());
}

}  // namespace

int Main() {
  const VrfProver prover(std::string(kVrfSeedBytes, 'k'));
  ChainProof proof;
  CHECK(ChainAlpha({"vidimus.example/bench", 1, "\x01resident"},
                   &proof.alpha) == Finding::kOk);
  VrfOutput beta;
  proof.vrf_proof = prover.Prove(proof.alpha, &beta);
  Hash chain_key;
  std::copy_n(beta.begin(), chain_key.size(), chain_key.begin());

  SmallLog log;
  double build_ms = 0;
  for (uint64_t number = 0; number < kLabels;) {
    std::vector<Hash> labels;
    if (number / kBatch < kEntries) {
      labels.push_back(ChainLabel(chain_key, number / kBatch));
    }
    while (labels.size() < kBatch) {
      labels.push_back(Arbitrary(number + labels.size()));
    }
    number += labels.size();
    std::sort(labels.begin(), labels.end());
    for (const Hash& label : labels) {
      log.entries.push_back({label, log.leaves.size()});
      log.Add(FormatSubjectLeaf(label, Arbitrary(~log.leaves.size())));
    }
    const Clock::time_point start = Clock::now();
    const Hash root = MemoryIndex(log.leaves.size(), log.entries).Root();
    build_ms = MsSince(start);  // of the last, largest one
    log.Add(FormatSealLeaf({root, log.leaves.size(), number}));
  }
  const uint64_t size = log.leaves.size();
  const std::optional<Hash> root = RootFrom(size, log.Reader());
  const TreeHead head{size, *root};
  const MemoryIndex index(size - 1, log.entries);

  std::vector<Hash> labels;
  for (uint64_t i = 0; i < kEntries; ++i) {
    labels.push_back(ChainLabel(chain_key, i));
  }
  std::sort(labels.begin(), labels.end());
  for (const IndexEntry& entry : log.entries) {
    if (std::binary_search(labels.begin(), labels.end(), entry.key)) {
      proof.indices.push_back(entry.index);
    }
  }
  CHECK_EQ(proof.indices.size(), kEntries);
  proof.indices.push_back(size - 1);
  for (const uint64_t i : proof.indices) proof.leaves.push_back(log.leaves[i]);
  proof.inclusion = *MultiInclusionProof(proof.indices, size, log.Reader());

  for (const bool probes : {false, true}) {
    proof.absent = {ChainLabel(chain_key, kEntries)};
    // As a resident draws them: four near, four anywhere up to 2^20.
    for (const uint64_t ahead : {3, 17, 40, 64, 90, 2000, 60000, 1000000}) {
      if (probes) {
        proof.absent.push_back(ChainLabel(chain_key, kEntries + ahead));
      }
    }
    std::sort(proof.absent.begin(), proof.absent.end());
    proof.index_proof = index.ProveSeveral(proof.absent);
    std::vector<double> judge_ms;
    for (int round = 0; round < kRounds; ++round) {
      const Clock::time_point start = Clock::now();
      Judge(proof, prover.public_key(), head);
      judge_ms.push_back(MsSince(start));
    }
    std::sort(judge_ms.begin(), judge_ms.end());
    printf("%.0f\t%zu\t%.3f\n", kLabels / build_ms * 1e3, proof.Bytes(),
           judge_ms[kRounds / 2]);
  }
  return 0;
}

}  // namespace vidimus

int main() { return vidimus::Main(); }
