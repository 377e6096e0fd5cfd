// The tlog-witness protocol of C2SP, both sides of `add-checkpoint`: what a log
// asks of a witness, and what a witness must find before it cosigns. Pure
// functions: who calls keeps the state, and makes it durable before it answers.
// Format and vectors: docs/witness.md.
#ifndef VERIFIER_WITNESS_H_
#define VERIFIER_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

// Hashes in a consistency proof, and bytes of a whole request.
inline constexpr size_t kWitnessProofMax = 63;
inline constexpr size_t kWitnessRequestBytesMax =
    kNoteBytesMax + kWitnessProofMax * 45 + 64;

// "old <size>", the consistency proof in base64, an empty line, a checkpoint.
struct WitnessRequest {
  uint64_t old_size = 0;    // that the witness cosigned last, as we think
  std::vector<Hash> proof;  // from that size to the checkpoint's
  std::string_view note;    // the checkpoint, a view into the request
};

// kOk, kWitnessRequestMalformed, or what SplitNote says of the checkpoint.
Finding ParseWitnessRequest(std::string_view bytes, WitnessRequest* request);
std::string FormatWitnessRequest(const WitnessRequest& request);

// What a witness answers, by HTTP's numbers.
enum class WitnessStatus : uint16_t {
  kCosign = 200,  // keep it, then sign it
  kMalformed = 400,
  kNotTrusted = 403,  // not signed by a key that is trusted for this origin
  kUnknownLog = 404,
  kConflict = 409,  // the old size is not what was cosigned last: say it
  kUnproven = 422,  // does not follow from what was cosigned last
};

struct WitnessJudgement {
  WitnessStatus status = WitnessStatus::kMalformed;
  // Why, unless kCosign: of kConflict kOldSizeMismatch.
  Finding finding = Finding::kOk;
  // With kCosign, kConflict, kUnproven: what the log signed, and by which key,
  // a place in `trusted`. Signed and unproven may be evidence: worth keeping.
  Checkpoint checkpoint;
  size_t key = 0;
};

// What the request's checkpoint says, nobody having judged a signature: kOk,
// kEmptyRootMismatch, or another finding of ParseCheckpoint. By its origin the
// caller finds the state that JudgeWitnessRequest wants.
Finding ParseClaimedCheckpoint(const WitnessRequest& request,
                               Checkpoint* claimed);

// Judges a request in the order that the specification wants. `trusted` are the
// keys of all logs that are followed; a key's name is its log's origin. `last`
// is the head that was cosigned last for that origin, {0, EmptyRoot()} if none
// was; it must not move until the new one is kept, or two calls at once could
// take it back.
WitnessJudgement JudgeWitnessRequest(const WitnessRequest& request,
                                     const std::vector<VerifierKey>& trusted,
                                     const TreeHead& last);

}  // namespace vidimus

#endif  // VERIFIER_WITNESS_H_
