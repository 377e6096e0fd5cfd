// For tests: an access log in memory, small enough to see through, with real
// documents, chains, seals and proofs, and with the ways in which a log could
// lie to a resident. Honest unless told otherwise. Copyable, not
// synchronised.
#ifndef VERIFIER_SMALL_LOG_H_
#define VERIFIER_SMALL_LOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/bundle.pb.h"
#include "proto/chain.pb.h"
#include "proto/record.pb.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/merkle.h"
#include "verifier/note.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/vrf_proving.h"

namespace vidimus {

// How an access may be recorded wrongly.
enum class SmallLie {
  kNone,
  kUnsigned,         // by no administration
  kOtherKey,         // signed by a key that is in no document
  kOtherSubject,     // the record names another resident
  kOtherEntryId,     // the record names another entry
  kOtherCommitment,  // the leaf commits to something else
  kNoRecord,         // the administration signed something that is no record
  kNoActor,          // likewise an actor that can't be read to its end
};

// How a batch may be sealed wrongly.
enum class SealLie {
  kNone,
  kTooFew,     // without the cover that a batch is filled up with
  kUnordered,  // its first two leaves in the wrong order
  kCoverage,   // a covered size that is not the seal's leaf index
  kMissing,    // no seal at all
};

class SmallLog {
 public:
  // The first batch: config and its seal of that time.
  explicit SmallLog(const std::string& origin = "log.example/small/2026h1",
                    uint64_t seal_time_s = 1800000000);

  const std::string& origin() const { return origin_; }
  const VerifierKey& key() const { return key_; }
  uint64_t size() const { return leaves_.size(); }

  // The next version of an administration's document, each with an entry key
  // of its own, which signs what AddAccess adds from now on. Stands in the
  // batch that the next Seal ends.
  void PutAdministration(uint32_t number);

  // The next version of config: it names the publisher of types 2 to 8.
  void PutPublishers();
  // A document of another type, signed by that publisher; whatever its number
  // and version.
  void Put(const RegisterId& id, const std::string& message);

  // The next access of a chain: returns its number in it. `change`, if not
  // null, has the last word on the record.
  uint64_t AddAccess(
      const std::string& subject, uint32_t administration,
      SmallLie lie = SmallLie::kNone,
      const std::function<void(v1::AccessRecord*)>& change = nullptr);
  // A notice; the chain and id are filled in.
  uint64_t AddNotice(const std::string& subject, uint32_t administration,
                     v1::Notice notice);
  // The next entry of a chain with this opening, for what the above can't say.
  uint64_t AddOpening(const std::string& subject, uint32_t administration,
                      const v1::Opening& opening);
  // A leaf of its own, such as one label's second.
  void AddLeaf(const std::string& leaf);
  // The number that the next entry of a chain gets: larger than it should be
  // for a hole, smaller for a duplicate.
  void SetNext(const std::string& subject, uint32_t administration,
               uint64_t next);

  // Fills up to 8 leaves with cover, orders, and seals the batch.
  void Seal(uint64_t time_s, SealLie lie = SealLie::kNone);

  // The index forgets this key, from the next seal on.
  void HideFromIndex(const Hash& key) { hidden_.insert(key); }

  // The index leads from this key to this leaf, whatever stands there, from the
  // next seal on.
  void LieAboutKey(const Hash& key, uint64_t leaf_index) {
    moved_[key] = leaf_index;
  }

  // From now on this resident's chains are under a second label key, which
  // config does not name.
  void UseSecondLabelKey(const std::string& subject) {
    under_second_key_.insert(subject);
  }
  // Shows the content of two entries of a chain each in the other's place.
  void SwapOpenings(const std::string& subject, uint32_t administration,
                    uint64_t i, uint64_t j);

  // K and its proof.
  std::pair<Hash, std::string> ChainKey(const std::string& subject,
                                        uint32_t administration) const;
  Hash Label(const std::string& subject, uint32_t administration,
             uint64_t i) const;
  // As shown at `size`, from entry `first` on. The states may be changed in
  // `states`: (subject, administration, i) -> state and notice.
  v1::Chain Chain(const std::string& subject, uint32_t administration,
                  uint64_t size, uint64_t first = 0) const;
  void Close(const std::string& subject, uint32_t administration, uint64_t i,
             v1::ContentState state, uint64_t notice);

  std::string Checkpoint(uint64_t size) const;
  TreeHead Head(uint64_t size) const;
  std::vector<Hash> Consistency(uint64_t older, uint64_t newer) const;
  const std::string& Leaf(uint64_t index) const { return leaves_[index]; }
  const std::vector<std::string>& leaves() const { return leaves_; }
  std::string ProveLeaves(const std::vector<uint64_t>& indices,
                          uint64_t size) const;
  // Under the seal that ends `size`.
  std::string ProveKeys(const std::vector<Hash>& keys, uint64_t size) const;
  // Where that index says that they stand.
  std::vector<IndexAnswer> FindKeys(const std::vector<Hash>& keys,
                                    uint64_t size) const;
  // The index that the seal at this leaf speaks for.
  const MemoryIndex& IndexAt(uint64_t seal) const { return indices_.at(seal); }
  // The tree. The log must outlive it.
  NodeReader Nodes() const;
  // Documents by leaf index.
  const std::map<uint64_t, std::string>& documents() const {
    return documents_;
  }
  uint32_t administrations() const {
    return static_cast<uint32_t>(versions_.size());
  }

  // All there is to show of a resident at `size`, 0 the newest. The probes are
  // always the same.
  v1::ChainBundle Bundle(const std::string& subject, uint64_t size = 0) const;
  // The same without proof that the index holds the leaves that are shown:
  // enough under a head that a monitor vouches for.
  v1::ChainBundle LeanBundle(const std::string& subject,
                             uint64_t size = 0) const;
  // The same with what verdicts need: every batch whole, and every document
  // that was put.
  v1::ChainBundle WholeBundle(const std::string& subject,
                              uint64_t size = 0) const;
  // Proofs at `size` for a bundle.
  void AddLeavesProof(const std::vector<uint64_t>& indices, uint64_t size,
                      v1::ChainBundle* bundle) const;
  void AddKeysProof(const std::vector<Hash>& keys, uint64_t size,
                    v1::ChainBundle* bundle) const;

 private:
  using ChainId = std::pair<uint32_t, std::string>;

  struct Entry {
    std::string leaf;
    v1::ChainEntry shown;
  };

  struct Pending {
    std::string leaf;
    std::string document;  // of a register leaf
    bool is_entry = false;
    ChainId chain;
    uint64_t i = 0;
  };

  void PutDocument(const RegisterId& id, const std::string& message);
  std::string Filler(size_t bytes);
  void Index(const Hash& key, uint64_t leaf_index);

  const std::string origin_;
  // Shared by copies of the log.
  const std::shared_ptr<const Ed25519Signer> signer_;
  const std::shared_ptr<const Ed25519Signer> publisher_;
  const std::shared_ptr<const VrfProver> prover_;
  const VerifierKey key_;

  uint64_t drawn_ = 0;
  uint64_t last_seal_time_s_ = 0;
  std::vector<std::string> leaves_;
  std::vector<Hash> leaf_hashes_;
  std::map<uint64_t, std::string> documents_;
  // By covered size.
  std::map<uint64_t, MemoryIndex> indices_;
  std::vector<IndexEntry> index_entries_;
  std::set<Hash> hidden_;
  std::map<Hash, uint64_t> moved_;
  std::set<std::string> under_second_key_;
  std::map<uint32_t, uint64_t> versions_;  // of administrations
  bool has_publishers_ = false;
  std::vector<RegisterId> others_;  // what Put put
  std::vector<Pending> pending_;
  std::map<ChainId, std::map<uint64_t, Entry>> chains_;
  std::map<ChainId, uint64_t> next_;
};

}  // namespace vidimus

#endif  // VERIFIER_SMALL_LOG_H_
