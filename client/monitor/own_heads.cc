#include "client/monitor/own_heads.h"

#include "absl/strings/str_cat.h"
#include "verifier/checkpoint.h"

namespace vidimus {

absl::Status JudgeOwnHead(absl::string_view note, const VerifierKey& log_key,
                          const VerifierKey& own_key, const TreeHead& kept,
                          absl::string_view who) {
  const std::string_view bytes(note.data(), note.size());
  Checkpoint checkpoint;
  OpenedNote opened;
  if (OpenCheckpoint(bytes, log_key, &checkpoint) != Finding::kOk ||
      OpenNote(bytes, {own_key}, &opened) != Finding::kOk) {
    return absl::OkStatus();
  }
  if (checkpoint.head.size < kept.size || checkpoint.head == kept) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(who, " shows a head of ", checkpoint.head.size,
                   " leaves of the log ", log_key.name, " that ", own_key.name,
                   " has cosigned, but what is kept "
                   "here ends at ",
                   kept.size,
                   ": an older state was brought back. Bring back the newest "
                   "one; without it "
                   "this key must not cosign that log again"));
}

}  // namespace vidimus
