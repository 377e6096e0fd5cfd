// Checkpoints of C2SP tlog-checkpoint: a tree head in a signed note. Pure
// functions. Format and vectors: docs/checkpoint.md.
//
// Three lines: origin, size in decimal, root in base64. Extension lines are
// refused, in any log: an ML-DSA cosignature would not cover them.
#ifndef VERIFIER_CHECKPOINT_H_
#define VERIFIER_CHECKPOINT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

inline constexpr size_t kOriginBytesMax = 255;

struct Checkpoint {
  std::string origin;
  TreeHead head;
};

// Whether `origin` can stand in a checkpoint: 1 to 255 bytes of UTF-8 without
// control bytes below 0x20. Other people's logs have spaces in theirs.
bool ValidOriginLine(std::string_view origin);

// Whether `origin` can name a log of ours: besides, a valid key name (note.h),
// since the log's key carries it.
bool ValidOrigin(std::string_view origin);

// The text of a checkpoint: kOk, kCheckpointMalformed, kExtensionLine, or
// kEmptyRootMismatch (size 0 with another root than the empty tree's). Says
// nothing about signatures.
Finding ParseCheckpoint(std::string_view text, Checkpoint* checkpoint);

// The text that is signed. The origin must be valid as a line (CHECK).
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// Judges a log's checkpoint: a note by `log_key`, with the key's name as
// origin. All findings of OpenNote and ParseCheckpoint, and kOriginMismatch.
Finding OpenCheckpoint(std::string_view note, const VerifierKey& log_key,
                       Checkpoint* checkpoint);

}  // namespace vidimus

#endif  // VERIFIER_CHECKPOINT_H_
