// What has been proven of one log at one head: some leaves, and where some keys
// stand in the index, or that they do not. Whoever judges a chain, an entry or
// the register asks here, so that every answer rests on the one signed
// checkpoint and what is not proven cannot be used by mistake.
//
// The head's last leaf is a seal, whose index root speaks for all leaves before
// it (leaf.h): one inclusion proof of that leaf carries every index proof. Not
// synchronised; no I/O. Memory is bounded by what is added.
#ifndef VERIFIER_EXTRACT_H_
#define VERIFIER_EXTRACT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/leaf.h"
#include "verifier/note.h"

namespace vidimus {

// A batch of which every leaf is proven: leaves [position, seal], of which only
// the last is a seal, right after another batch or at the log's beginning.
struct ProvenBatch {
  uint64_t position = 0;  // the size before it
  uint64_t seal = 0;      // the leaf that ends it
  uint64_t time_s = 0;    // of that seal, POSIX seconds
};

class Extract {
 public:
  // Takes a signed checkpoint of the log whose key is `log_key`: the findings
  // of OpenCheckpoint, or kHeadWithoutSeal (fewer than two leaves).
  Finding Open(std::string_view note, const VerifierKey& log_key);

  // From now on the index is known to hold every leaf under the head, and none
  // twice: somebody who is believed read them all and said so of this head.
  // Where a key stands then follows from the leaf that carries it; that a key
  // is absent must still be proven. Why that is enough: docs/completeness.md.
  void TrustIndex() { index_trusted_ = true; }

  // Takes leaves: `entries` stand at `indices`, which ascend strictly, as
  // `proof` shows (VerifyMultiInclusion; kProofMalformed if it is no whole
  // number of hashes). Findings of that, of ParseLeaf, and kHeadWithoutSeal. On
  // anything but kOk nothing was taken.
  Finding AddLeaves(const std::vector<uint64_t>& indices,
                    const std::vector<std::string_view>& entries,
                    std::string_view proof);

  // Takes what `proof` says of `keys`, which ascend strictly: findings of
  // VerifySeveral; kLeafUnproven before the head's last leaf was added. On
  // anything but kOk nothing was taken.
  Finding AddKeys(const std::vector<Hash>& keys, std::string_view proof);

  // Sets `*leaf` to what stands at `index`: kOk or kLeafUnproven.
  Finding FindLeaf(uint64_t index, Leaf* leaf) const;

  // Sets `*answer` to where the index says that `key` stands, or nothing if it
  // is absent: kOk or kKeyUnproven. Presence counts only with its leaf:
  // FindEntry.
  Finding FindKey(const Hash& key, IndexAnswer* answer) const;

  // Both: `*index` is where `key` stands and `*leaf` what stands there. kOk,
  // kKeyUnproven, kIndexKeyAbsent, kLeafUnproven, or kLeafNotOfKey (another
  // key, or another kind than `kind`). Of a key that no proof speaks of and
  // that a leaf carries: kPresenceUnproven unless the index is trusted, and
  // kIndexKeyTwice if it is and two leaves carry it.
  Finding FindEntry(const Hash& key, LeafKind kind, uint64_t* index,
                    Leaf* leaf) const;

  // Sets `*before` to whether leaf `earlier` stands in a batch before that of
  // leaf `later`, so that it counted for it. kOk; kPositionUnproven unless a
  // seal between the two is proven, or all leaves between them, none of which
  // is a seal.
  Finding StandsBefore(uint64_t earlier, uint64_t later, bool* before) const;

  // Every batch that is proven whole, with the seal before it, ascending. One
  // pass over the leaves.
  std::vector<ProvenBatch> WholeBatches() const;

  // Every seal that is proven, by its leaf index.
  std::map<uint64_t, Seal> Seals() const;

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const TreeHead& head() const { return checkpoint_.head; }
  // The seal that ends the head. Valid once its leaf was added.
  bool has_seal() const { return has_seal_; }
  const Seal& seal() const { return seal_; }

 private:
  Finding FindCarrier(const Hash& key, IndexAnswer* answer) const;

  Checkpoint checkpoint_;
  bool index_trusted_ = false;
  bool has_seal_ = false;
  Seal seal_;
  std::map<uint64_t, Leaf> leaves_;
  // The leaf that carries a key; nothing if several do. Seals carry none.
  std::map<Hash, IndexAnswer> carriers_;
  std::map<Hash, IndexAnswer> keys_;
};

}  // namespace vidimus

#endif  // VERIFIER_EXTRACT_H_
