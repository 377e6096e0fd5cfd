// The sequencer: gives each entry its place, once and for ever. Second stop of
// a write. One thread, one loop: take what has gathered, decide which entries
// are new, make the batch, grow the tree, commit, verify, publish, answer.
// While one batch becomes durable the next gathers.
#ifndef VIDIMUS_LOG_SEQUENCER_H_
#define VIDIMUS_LOG_SEQUENCER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/batch_maker.h"
#include "log/batch_verifier.h"
#include "log/chain_cache.h"
#include "log/clock.h"
#include "log/documents.h"
#include "log/idempotency.h"
#include "log/integrate.h"
#include "log/metrics.h"
#include "log/pool.h"
#include "log/publisher.h"
#include "log/storage.h"

namespace vidimus {

struct SequencerOptions {
  size_t batch_entries_max = 4096;
  size_t batch_bytes_max = 4 << 20;
  // Batches begin at multiples of this on the steady clock, whenever their
  // entries arrived; one that is full, at once. 0: as soon as there is
  // something (group commit), but where batches are small, not before those
  // whom the last one answered are back, or a quarter of the time that it took
  // has passed since.
  int64_t batch_period_ms = 0;
  // Access log: after so long without a batch one of covers alone is sealed, so
  // that the newest head says that nothing has happened since. 0: never.
  int64_t rest_ms = 0;
};

class Sequencer {
 public:
  // What it works with; none is owned, all outlive it.
  struct Parts {
    Pool* pool;
    Storage* storage;
    BatchMaker* maker;
    Idempotency* idempotency;
    CheckpointPublisher* publisher;
    Clock* clock;
    LogMetrics* metrics;
    Documents* documents = nullptr;  // access log
  };

  // `edge` is that of the last published tree, `verifier` stands at the same.
  Sequencer(const SequencerOptions& options, const Parts& parts, TreeEdge edge,
            BatchVerifier verifier);

  // Sequences one batch of what is in the pool, if anything, and answers every
  // submission taken. An error means that the log can't go on: it was handed to
  // those whose submission was under way (who may find it recorded or not), and
  // every later call returns it. One thread at a time.
  absl::Status RunOnce();

  // Seals a batch of covers alone if the last batch is options.rest_ms old and
  // the pool takes submissions. Errors as those of RunOnce.
  absl::Status SealRest();

  // RunOnce whenever there is something and SealRest while there is not, until
  // the pool is closed and empty, or an error.
  absl::Status Run();

 private:
  // What became of one entry: the leaf it has already, or its place among the
  // fresh.
  struct Decision {
    bool fresh;
    uint64_t value;
  };

  struct IdHash {
    size_t operator()(const std::array<uint8_t, 16>& id) const;
  };
  struct FreshId {
    std::array<uint8_t, 16> digest;
    uint64_t place;
  };
  // The ids that are new in the batch under way.
  using FreshIds = std::unordered_map<std::array<uint8_t, 16>, FreshId, IdHash>;

  // The chains that a statement of the batch under way stands in.
  using ChainTags = absl::flat_hash_set<ChainTag>;

  // Decides a whole submission; the first new entry among its will be number
  // `fresh`. Adds to `ids` only if it is not refused.
  absl::StatusOr<std::vector<Decision>> Decide(const Submission& submission,
                                               uint64_t fresh,
                                               const ChainTags& stated,
                                               FreshIds* ids);
  // Whether new entry `i` of `submission` rests on all that its chain holds.
  absl::Status JudgeBasedOn(const Submission& submission, size_t i,
                            const ChainTags& stated);
  // Where fresh entries came to stand.
  struct Sequenced {
    std::vector<uint64_t> leaf_indices;
    std::vector<uint64_t> chain_indices;
  };
  // Commits, verifies and publishes.
  absl::StatusOr<Sequenced> Sequence(const std::vector<FreshEntry>& fresh);

  const SequencerOptions options_;
  const Parts parts_;
  TreeEdge edge_;
  BatchVerifier verifier_;
  absl::Status stopped_;
  size_t taken_ = 0;       // entries of the last batch, new or not
  int64_t last_batch_ms_;  // on the steady clock; at first, when we began
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SEQUENCER_H_
