// Judges batch after batch from their stored bytes, with the verifier's code
// and a right edge of its own, as a stranger would who follows the log. Before
// a head is signed its batch goes through here, so that what the sequencer
// computed need not be believed; the scrub sends every stored batch through.
//
// Threads: one at a time. Cost: each entry is hashed again.
#ifndef VIDIMUS_LOG_BATCH_VERIFIER_H_
#define VIDIMUS_LOG_BATCH_VERIFIER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "log/integrate.h"
#include "log/root_judge.h"
#include "log/storage.h"
#include "verifier/batch.h"
#include "verifier/compact_range.h"
#include "verifier/leaf.h"

namespace vidimus {

class BatchVerifier {
 public:
  // What an access log's batches must keep to, beyond the tree.
  struct AccessRules {
    uint64_t min_batch;
    uint64_t last_seal_time_s;  // 0 before the first batch
    // Judges the index root in each seal; null: nobody does. Shared by copies
    // of the verifier, of which only one may go on.
    std::shared_ptr<RootJudge> roots;
  };

  // `edge` is that of the tree before the first batch to come.
  BatchVerifier(const TreeEdge& edge, std::optional<AccessRules> rules);

  // Judges the batch that follows. OK: its leaf hashes, tiles and root are
  // those of its entries on top of the last tree; in an access log it is
  // ordered, large enough and sealed as it must be. Otherwise kDataLoss, which
  // names the kind of row that is wrong; the verifier is of no further use.
  absl::Status Verify(const StorageBatch& batch);

  // Of the last batch, or of the edge it began with.
  const TreeHead& head() const { return head_; }

 private:
  // Appends the batch's entries; what they hash to goes to the members.
  absl::Status Append(const StorageBatch& batch);
  // Appends those of one of its rows; an access log's go to `judge` too.
  absl::Status AppendRow(const StorageBatch& batch, const Row& row,
                         BatchJudge* judge);

  CompactRange range_;
  std::optional<AccessRules> rules_;
  TreeHead head_;
  // [L]: the hashes of level L from the start of the last batch's first tile.
  std::vector<std::string> tiles_;
  std::string leaf_hashes_;   // of the last batch
  std::optional<Seal> seal_;  // that ends it, in an access log
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_BATCH_VERIFIER_H_
