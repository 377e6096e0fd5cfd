// What an answer to a submission must show before anyone believes it, and the
// two files that it becomes (docs/receipts.md). No network; any thread.
//
// Believed is what follows from the log's signature: an answer is checked
// against what was submitted, not against what it says was.
#ifndef VIDIMUS_CLIENT_RECEIPT_H_
#define VIDIMUS_CLIENT_RECEIPT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/mutex.h"
#include "proto/vidimus.pb.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

// Judges the checkpoints of one log and remembers the heads it saw, so that a
// log that shrinks or shows one size with two roots is found out. What it can't
// see without more proofs is whether two heads of different sizes are
// consistent: fsck and monitors do that. Thread-safe.
class HeadKeeper {
 public:
  explicit HeadKeeper(const VerifierKey& log_key);

  // The head in a checkpoint that is signed by the log, bears its origin, has
  // at least `size_min` leaves, and no other root than was seen for its size.
  // kDataLoss otherwise. A signature check, unless these bytes came before.
  absl::StatusOr<TreeHead> Admit(absl::string_view checkpoint,
                                 uint64_t size_min);

  // The size of the largest head admitted; an answer to what is sent from now
  // on must have it.
  uint64_t size() const;

  // The checkpoint of that size; empty if there was none.
  std::string newest() const;

  const VerifierKey& log_key() const { return log_key_; }

  // Heads remembered by size; the smallest are forgotten first.
  static constexpr size_t kHeadsMax = 4096;

 private:
  const VerifierKey log_key_;
  mutable Mutex mu_;
  std::map<uint64_t, Hash> heads_ ABSL_GUARDED_BY(mu_);
  std::string newest_ ABSL_GUARDED_BY(mu_);
  std::string last_ ABSL_GUARDED_BY(mu_);
  TreeHead last_head_ ABSL_GUARDED_BY(mu_);
};

// What we know about a request without the log's help.
struct Expectation {
  bool access_log = true;
  // For each entry in the order of the request: its commitment in an access
  // log, its leaf hash in an opaque one.
  std::vector<Hash> hashes;
  // HeadKeeper::size() when the request was sent.
  uint64_t size_min = 0;
};

// Makes the expectation for a request. Its salts have 16 bytes (CHECK).
Expectation ExpectationOf(const v1::SubmitRequest& request);

struct EntryReceipt {
  uint64_t leaf_index = 0;
  std::vector<Hash> path;  // from the leaf's sibling to the root's child
  // Of an access log only.
  std::string leaf;
  uint64_t chain_index = 0;
  std::string chain_key;
  std::string vrf_proof;
  // Filled in by DenseChains (dense_chains.h): which chain, and where the entry
  // before it stands.
  uint32_t administration = 0;
  std::optional<uint64_t> previous_leaf_index;
};

struct Receipt {
  std::string checkpoint;
  TreeHead head;
  std::vector<EntryReceipt> entries;  // in the order of the request
};

// Judges an answer whose code is OK: its shape, its checkpoint, that each leaf
// is a subject leaf with our own commitment (access log), and by one proof that
// each stands where the answer says. kDataLoss says what is wrong with it.
// `paths` asks for EntryReceipt::path, which costs copying.
absl::StatusOr<Receipt> CheckReceipt(const v1::SubmitResponse& response,
                                     const Expectation& expectation, bool paths,
                                     HeadKeeper* heads);

// The public half: a c2sp tlog-proof without `extra`.
std::string ProofFile(const Receipt& receipt, const EntryReceipt& entry);

// The secret half. Not for an opaque log: who has the entry needs none.
std::string SecretFile(const EntryReceipt& entry, absl::string_view entry_id);

// Writes FOLDER/<leaf index>.tlog-proof and, if the entry has a leaf, .secret
// (0600). Not synced: see SyncFiles. The names show only leaf indices.
absl::Status WriteReceiptFiles(const std::string& folder,
                               const Receipt& receipt,
                               const EntryReceipt& entry,
                               absl::string_view entry_id);

// Makes all files of the file system that holds `folder` durable: one call for
// many receipts.
absl::Status SyncFiles(const std::string& folder);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RECEIPT_H_
