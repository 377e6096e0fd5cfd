// What differs between the two faces of a log: how the entries that were
// gathered become a batch of leaves. The sequencer does all the rest.
#ifndef VIDIMUS_LOG_BATCH_MAKER_H_
#define VIDIMUS_LOG_BATCH_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/pool.h"
#include "log/storage.h"
#include "verifier/hash.h"

namespace vidimus {

// An entry that is to become a leaf, and the submission it came in. Both live
// until the batch is answered.
struct FreshEntry {
  const Submission* submission;
  const PendingEntry* entry;
};

struct MadeBatch {
  std::vector<Row> entries;       // the kEntries rows
  std::vector<Hash> leaf_hashes;  // in leaf order
  // For each fresh entry, its place among the leaves.
  std::vector<uint32_t> places;
  // For each, its number in its chain or kNoChainIndex; empty: none is in one.
  std::vector<uint64_t> chain_indices;
  // What else is to be committed with them.
  std::vector<Row> rows;
  std::vector<ReplacedPage> replaced_pages;
};

// Threads: the sequencer's.
class BatchMaker {
 public:
  virtual ~BatchMaker() = default;

  // Makes the batch that begins at leaf `first` of `fresh`, which is empty only
  // where an access log at rest is sealed. An error means that the log can't go
  // on (a key file that can't be written, say).
  virtual absl::StatusOr<MadeBatch> Make(
      uint64_t first, const std::vector<FreshEntry>& fresh) = 0;

  // Whether `opening`, decided by the first `based_on` entries of its chain,
  // may stand in the next batch as far as earlier batches tell. kAborted: a
  // statement stands among the entries beyond, or too much would have to be
  // read to know. kInvalidArgument: the chain does not have so many entries.
  // An error of another kind: it can't be read.
  virtual absl::Status JudgeBasedOn(const PendingOpening& /*opening*/,
                                    uint64_t /*based_on*/) {
    return absl::OkStatus();
  }
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_BATCH_MAKER_H_
