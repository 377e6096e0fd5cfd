// The access log's batches: entries get the next labels of their chains, in the
// order in which they came, cover leaves fill up, all are ordered by key so
// that nothing shows when they came or from whom, and a seal ends them.
// Openings go into the vault's page. docs/leaf.md, docs/label.md,
// docs/vault.md.
#ifndef VIDIMUS_LOG_ACCESS_BATCH_H_
#define VIDIMUS_LOG_ACCESS_BATCH_H_

#include <cstdint>
#include <vector>

#include "log/batch_maker.h"
#include "log/chain_cache.h"
#include "log/clock.h"
#include "log/index.h"
#include "log/storage.h"
#include "log/vault.h"

namespace vidimus {

class AccessBatchMaker : public BatchMaker {
 public:
  // None is owned.
  struct Parts {
    Index* index;
    ChainCache* chains;
    Vault* vault;
    Clock* clock;
    Random* random;
    Storage* storage;
  };

  // `min_batch` is config's; `last_seal_time_s` that of the newest seal, 0 if
  // there is none. No seal's time will be before it: a clock that steps back
  // stands still here until it has caught up.
  AccessBatchMaker(const Parts& parts, uint64_t min_batch,
                   uint64_t last_seal_time_s)
      : parts_(parts),
        min_batch_(min_batch),
        last_seal_time_s_(last_seal_time_s) {}

  absl::StatusOr<MadeBatch> Make(uint64_t first,
                                 const std::vector<FreshEntry>& fresh) override;

  // Costs nothing where all beyond `based_on` are remembered to be accesses;
  // else it opens some of those that are not, kLookedAtMax at most.
  absl::Status JudgeBasedOn(const PendingOpening& opening,
                            uint64_t based_on) override;

  static constexpr int kLookedAtMax = 8;

 private:
  // What the chain has in earlier batches.
  absl::StatusOr<ChainCount> CountOf(const PendingOpening& opening);

  const Parts parts_;
  const uint64_t min_batch_;
  uint64_t last_seal_time_s_;
};

// The documents of a kDocuments row: each after its length in four bytes, in
// the order of their leaves. kDataLoss if the row has not that form.
absl::StatusOr<std::vector<std::string>> ParseDocumentsRow(
    std::string_view row);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_ACCESS_BATCH_H_
