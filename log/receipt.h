// The answer to a submission: the proof that it stands. Last step of a write,
// on a worker's thread, off the sequencer's.
#ifndef VIDIMUS_LOG_RECEIPT_H_
#define VIDIMUS_LOG_RECEIPT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "log/log.h"
#include "log/pool.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

// The receipt for `placement`: checkpoint, leaf indices, one inclusion proof
// for them all and, of an access log, the leaves. About one hash copied for
// each level of the tree, and for leaves of older batches (entries submitted
// before) as many reads.
absl::StatusOr<v1::SubmitResponse> MakeReceipt(Log* log,
                                               const Placement& placement);

// The proof that leaf `index` stands in the tree of `size` (0: the newest).
// kOutOfRange if there is no such tree or leaf yet.
absl::StatusOr<v1::GetProofResponse> MakeProof(Log* log, uint64_t index,
                                               uint64_t size);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_RECEIPT_H_
