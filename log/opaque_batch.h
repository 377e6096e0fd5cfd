// The opaque log's batches: the entries as they came.
#ifndef VIDIMUS_LOG_OPAQUE_BATCH_H_
#define VIDIMUS_LOG_OPAQUE_BATCH_H_

#include <vector>

#include "log/batch_maker.h"

namespace vidimus {

class OpaqueBatchMaker : public BatchMaker {
 public:
  absl::StatusOr<MadeBatch> Make(uint64_t first,
                                 const std::vector<FreshEntry>& fresh) override;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPAQUE_BATCH_H_
