#include "verifier/extract.h"

#include <optional>

#include "verifier/merkle.h"

namespace vidimus {

Finding Extract::Open(std::string_view note, const VerifierKey& log_key) {
  *this = Extract();
  RETURN_IF_FOUND(OpenCheckpoint(note, log_key, &checkpoint_));
  // The first batch is one leaf and its seal.
  return head().size >= 2 ? Finding::kOk : Finding::kHeadWithoutSeal;
}

Finding Extract::AddLeaves(const std::vector<uint64_t>& indices,
                           const std::vector<std::string_view>& entries,
                           std::string_view proof) {
  const std::optional<std::vector<Hash>> hashes = HashesFromBytes(proof);
  if (!hashes.has_value()) return Finding::kProofMalformed;
  std::vector<Hash> leaf_hashes;
  std::vector<Leaf> leaves(entries.size());
  for (size_t k = 0; k < entries.size(); ++k) {
    RETURN_IF_FOUND(ParseLeaf(entries[k], &leaves[k]));
    leaf_hashes.push_back(LeafHash(entries[k]));
  }
  RETURN_IF_FOUND(VerifyMultiInclusion(indices, leaf_hashes, head(), *hashes));

  if (indices.back() + 1 == head().size) {
    if (leaves.back().kind != LeafKind::kSeal) return Finding::kHeadWithoutSeal;
    const Seal seal = SealOf(leaves.back());
    if (seal.covered != indices.back()) return Finding::kSealCoverage;
    seal_ = seal;
    has_seal_ = true;
  }
  for (size_t k = 0; k < indices.size(); ++k) {
    const bool fresh = leaves_.emplace(indices[k], leaves[k]).second;
    if (!fresh || leaves[k].kind == LeafKind::kSeal) continue;
    const auto [carrier, first] = carriers_.emplace(leaves[k].a, indices[k]);
    if (!first) carrier->second.reset();
  }
  return Finding::kOk;
}

Finding Extract::AddKeys(const std::vector<Hash>& keys,
                         std::string_view proof) {
  if (!has_seal_) return Finding::kLeafUnproven;
  std::vector<IndexAnswer> answers;
  RETURN_IF_FOUND(
      VerifySeveral(keys, seal_.index_root, seal_.covered, proof, &answers));
  for (size_t k = 0; k < keys.size(); ++k) keys_[keys[k]] = answers[k];
  return Finding::kOk;
}

Finding Extract::FindLeaf(uint64_t index, Leaf* leaf) const {
  const auto found = leaves_.find(index);
  if (found == leaves_.end()) return Finding::kLeafUnproven;
  *leaf = found->second;
  return Finding::kOk;
}

Finding Extract::FindKey(const Hash& key, IndexAnswer* answer) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return Finding::kKeyUnproven;
  *answer = found->second;
  return Finding::kOk;
}

// Where a key stands of which no proof of the index speaks.
Finding Extract::FindCarrier(const Hash& key, IndexAnswer* answer) const {
  const auto found = carriers_.find(key);
  if (found == carriers_.end()) return Finding::kKeyUnproven;
  if (!index_trusted_) return Finding::kPresenceUnproven;
  if (!found->second.has_value()) return Finding::kIndexKeyTwice;
  *answer = found->second;
  return Finding::kOk;
}

Finding Extract::FindEntry(const Hash& key, LeafKind kind, uint64_t* index,
                           Leaf* leaf) const {
  IndexAnswer answer;
  if (FindKey(key, &answer) != Finding::kOk) {
    RETURN_IF_FOUND(FindCarrier(key, &answer));
  }
  if (!answer.has_value()) return Finding::kIndexKeyAbsent;
  RETURN_IF_FOUND(FindLeaf(*answer, leaf));
  if (leaf->kind != kind || leaf->a != key) return Finding::kLeafNotOfKey;
  *index = *answer;
  return Finding::kOk;
}

Finding Extract::StandsBefore(uint64_t earlier, uint64_t later,
                              bool* before) const {
  *before = false;
  if (earlier >= later) return Finding::kOk;
  uint64_t known = 0;  // leaves between the two
  for (auto leaf = leaves_.upper_bound(earlier);
       leaf != leaves_.end() && leaf->first < later; ++leaf) {
    if (leaf->second.kind == LeafKind::kSeal) {
      *before = true;
      return Finding::kOk;
    }
    ++known;
  }
  return known == later - earlier - 1 ? Finding::kOk
                                      : Finding::kPositionUnproven;
}

std::vector<ProvenBatch> Extract::WholeBatches() const {
  std::vector<ProvenBatch> batches;
  bool unbroken = true;  // every leaf from `position` on
  uint64_t position = 0;
  uint64_t next = 0;
  for (const auto& [index, leaf] : leaves_) {
    if (index != next) unbroken = false;
    next = index + 1;
    if (leaf.kind != LeafKind::kSeal) continue;
    const Seal seal = SealOf(leaf);
    if (unbroken && seal.covered == index) {
      batches.push_back({position, index, seal.time_s});
    }
    unbroken = true;
    position = next;
  }
  return batches;
}

std::map<uint64_t, Seal> Extract::Seals() const {
  std::map<uint64_t, Seal> seals;
  for (const auto& [index, leaf] : leaves_) {
    if (leaf.kind == LeafKind::kSeal) seals[index] = SealOf(leaf);
  }
  return seals;
}

}  // namespace vidimus
