// A batch as the storage gives it back, for those who judge it again: the start
// of a log and the scrub.
#ifndef VIDIMUS_LOG_STORED_BATCH_H_
#define VIDIMUS_LOG_STORED_BATCH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "log/storage.h"

namespace vidimus {

// The head after the batch that holds leaf `index`, as its head row says.
// kDataLoss if the row has not that form; else as Storage::Get.
absl::StatusOr<TreeHead> StoredHead(Storage* storage, uint64_t index);

// The whole batch that begins at leaf `first`, every row that it has.
// kDataLoss if no batch begins there.
absl::StatusOr<StorageBatch> ReadStoredBatch(Storage* storage, uint64_t first);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_STORED_BATCH_H_
