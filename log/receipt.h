// The answer to a submission: the proof that it stands. Last step of a write,
// on a worker's thread, off the sequencer's.
#ifndef VIDIMUS_LOG_RECEIPT_H_
#define VIDIMUS_LOG_RECEIPT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/log.h"
#include "log/pool.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

// The receipt for `placement`: checkpoint, leaf indices, one inclusion proof
// for them all and, of an access log, the leaves with their numbers in their
// chains, and for the first entry of a chain, unless it is a statement, the
// chain's key and its proof. The
// same again for entries submitted before. About one hash copied for each level
// of the tree; for leaves of older batches as many reads, and look-ups in the
// index for their numbers.
absl::StatusOr<v1::SubmitResponse> MakeReceipt(Log* log,
                                               const Placement& placement);

// One inclusion proof for the leaves at `indices`, at least one, below the size
// of `published`, in any order and some perhaps twice, as SubmitResponse.proof.
absl::StatusOr<std::string> ProvePublished(Log* log, const Published& published,
                                           std::vector<uint64_t> indices);

// The leaf at `index` of an access log, below the size of `published`: without
// a read if it is of the newest batch.
absl::StatusOr<std::string> ReadPublishedLeaf(Log* log,
                                              const Published& published,
                                              uint64_t index);

// The proof that leaf `index` stands in the tree of `size` (0: the newest).
// kOutOfRange if there is no such tree or leaf yet.
absl::StatusOr<v1::GetProofResponse> MakeProof(Log* log, uint64_t index,
                                               uint64_t size);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_RECEIPT_H_
