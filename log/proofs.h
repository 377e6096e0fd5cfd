// Proofs that anyone may ask for: where keys stand in the index, or that they
// do not, and that leaves stand in the tree. Nobody's identity is asked for:
// who can name a label holds the key of its chain. What is asked for comes in
// bodies, never in URLs. docs/api.md.
//
// Milliseconds of disk and of processor for large requests: call from a thread
// of side_work.h.
#ifndef VIDIMUS_LOG_PROOFS_H_
#define VIDIMUS_LOG_PROOFS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "log/log.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

inline constexpr int kProvenKeysMax = 1024;
inline constexpr int kProvenLeavesMax = 4096;
// Leaves of an answer of whole batches.
inline constexpr uint64_t kWholeBatchesLeavesMax = 16384;
// Of the leaves of one answer: an opaque log's may be large.
inline constexpr size_t kProvenLeavesBytesMax = 2 << 20;

// kInvalidArgument: no key, too many, one that has not 32 bytes, or they do not
// ascend; kOutOfRange: a size beyond the newest checkpoint, one that no seal
// covers, or one so old that its runs are gone; kFailedPrecondition: an opaque
// log, which has no index.
absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
    Log* log, const v1::ProveKeysRequest& request);

// The same as plain bytes, for small clients: size(8), then the keys, 32 bytes
// each; answered with size(8), then the proof.
absl::StatusOr<std::string> ProveKeysPlain(Log* log, std::string_view request);

// With the documents of register leaves among them. kInvalidArgument: no leaf,
// too many, they do not ascend, or their bytes are too many; kOutOfRange: a
// size beyond the newest checkpoint, or a leaf beyond the size.
//
// Of whole batches the answer holds those of the first leaves asked for, as
// many as fit into kWholeBatchesLeavesMax and kProvenLeavesBytesMax: its
// leaf_index says which, ask for the others again. kInvalidArgument also if not
// even the first fits, which can then be had leaf by leaf, and of an opaque
// log.
absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
    Log* log, const v1::ProveLeavesRequest& request);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_PROOFS_H_
