// What a submitter checks of the chains it adds to (docs/completeness.md):
// that its entry stands under the one label its place in the chain gives, and
// that the entry before it is in the log. Absence of label n means something to
// a resident only because every submitter refuses a receipt that would leave a
// hole.
//
// For that it remembers of each chain the key K, judged once, and the last
// entry it knows of, under keyed hashes of the subjects: in memory, bounded,
// and in a file of its own. What it has forgotten, or another process of the
// administration has added, it asks the log to prove.
#ifndef VIDIMUS_CLIENT_DENSE_CHAINS_H_
#define VIDIMUS_CLIENT_DENSE_CHAINS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/questions.h"
#include "client/receipt.h"
#include "proto/mutex.h"
#include "proto/vidimus.pb.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

// What is known of one chain.
struct RememberedChain {
  Hash key = {};                 // K
  uint64_t last = 0;             // the last entry known of
  uint64_t last_leaf_index = 0;  // where it stands
};

// Chains by subject. Thread-safe. 72 bytes a chain in memory and on disk. A
// memory, not a record: what is lost is asked for again.
class ChainMemory {
 public:
  // With an empty `path` nothing outlives the process. Else a file of mode 0600
  // that holds chain keys, made if it is not there: keys are appended as they
  // come, the rest is written by the destructor. What is damaged at its end is
  // left out. `name_key`, 32 bytes (CHECK), hides whose chains they are; with
  // another one all is forgotten. kPermissionDenied if others may read it.
  static absl::StatusOr<std::unique_ptr<ChainMemory>> Open(
      const std::string& path, absl::string_view name_key, size_t chains_max);
  ~ChainMemory();
  ChainMemory(const ChainMemory&) = delete;
  ChainMemory& operator=(const ChainMemory&) = delete;

  std::optional<RememberedChain> Find(absl::string_view subject) const;

  // Replaces what is known of a chain, unless it is less than before. Beyond
  // chains_max another chain is forgotten for it.
  void Put(absl::string_view subject, const RememberedChain& chain);

  // Hands new keys to the system, so that they outlive the process; not synced.
  void Flush();

  size_t size() const;

  static constexpr size_t kChainsMaxDefault = size_t{1} << 20;

 private:
  using Name = std::array<char, 16>;
  struct NameHash {
    size_t operator()(const Name& name) const;
  };

  ChainMemory(const std::string& path, absl::string_view name_key,
              size_t chains_max);
  Name NameOf(absl::string_view subject) const;
  std::string RowOf(const Name& name, const RememberedChain& chain) const;
  absl::Status Load();
  absl::Status Rewrite();

  const std::string path_;
  const std::string name_key_;
  const size_t chains_max_;

  mutable Mutex mu_;
  absl::flat_hash_map<Name, RememberedChain, NameHash> chains_
      ABSL_GUARDED_BY(mu_);
  std::FILE* file_ ABSL_GUARDED_BY(mu_) = nullptr;
};

// One administration's chains in one log. One thread at a time.
class DenseChains {
 public:
  // Learns the log's label key from leaf 0 and the config that it names, under
  // the head `heads` knows. `questions`, `memory` and `heads` are not owned and
  // outlive this. kDataLoss if what the log shows is wrong.
  static absl::StatusOr<std::unique_ptr<DenseChains>> Open(
      uint32_t administration, Questions* questions, ChainMemory* memory,
      HeadKeeper* heads);

  // Judges where the entries of `request` stand in their chains, as `receipt`,
  // which CheckReceipt made, says, and fills in what secrets hold (chain_key,
  // administration, previous_leaf_index). OK: all is as it must be, and is
  // remembered. kDataLoss: the log lied. kUnavailable, only unless `ask`: what
  // is known does not suffice; a receipt that is under way may tell. With `ask`
  // the log is asked to prove what is missing; its failures come back.
  absl::Status Judge(const v1::SubmitRequest& request, bool ask,
                     Receipt* receipt);

  // The log's, 32 bytes, as config has it.
  const std::string& label_key() const { return label_key_; }

  struct Counts {
    uint64_t entries = 0;  // judged and found right
    uint64_t keys = 0;     // proofs of chain keys verified
    uint64_t asked = 0;    // entries whose predecessor was asked for
    uint64_t fetched = 0;  // chain keys asked for
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Place;

  DenseChains(uint32_t administration, const std::string& label_key,
              Questions* questions, ChainMemory* memory, HeadKeeper* heads);
  absl::StatusOr<RememberedChain> KeyOf(const Place& place, bool ask,
                                        bool* has_last);
  absl::StatusOr<Hash> JudgeKey(absl::string_view subject,
                                absl::string_view chain_key,
                                absl::string_view vrf_proof);
  absl::Status ProvePrevious(const Receipt& receipt,
                             const std::vector<Hash>& labels,
                             std::vector<uint64_t>* leaf_indices);

  const uint32_t administration_;
  const std::string label_key_;
  Questions* const questions_;
  ChainMemory* const memory_;
  HeadKeeper* const heads_;
  Counts counts_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_DENSE_CHAINS_H_
