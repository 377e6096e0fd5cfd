#include "client/monitor/cosigned_head.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "proto/status.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

// In a lock: nothing was cosigned yet.
constexpr char kNothing[] = "nothing\n";

// The head in a note by a key of the log and by ours.
absl::StatusOr<TreeHead> ReadNote(const std::string& path,
                                  const std::string& note,
                                  const std::vector<VerifierKey>& log_keys,
                                  const VerifierKey& own_key) {
  Checkpoint checkpoint;
  OpenedNote opened;
  Finding finding = Finding::kUnknownSigner;
  for (const VerifierKey& log_key : log_keys) {
    finding = OpenCheckpoint(note, log_key, &checkpoint);
    if (finding == Finding::kOk) break;
  }
  if (finding == Finding::kOk) finding = OpenNote(note, {own_key}, &opened);
  if (finding != Finding::kOk) {
    return absl::DataLossError(absl::StrCat(
        path,
        ", which keeps what was cosigned last: ", FindingSentence(finding),
        ". Bring back its newest copy; without one this key must not cosign "
        "again"));
  }
  return checkpoint.head;
}

}  // namespace

absl::Status CosignedHead::Init(const std::string& lock) {
  if (ReadFile(lock, kNoteBytesMax).status().code() !=
      absl::StatusCode::kNotFound) {
    return absl::AlreadyExistsError(
        absl::StrCat(lock, " is there already and was left alone"));
  }
  return WriteFile(lock, kNothing, 0600, /*sync=*/true);
}

absl::StatusOr<std::unique_ptr<CosignedHead>> CosignedHead::Open(
    const std::string& file, const std::string& lock,
    const std::vector<VerifierKey>& log_keys, const VerifierKey& own_key) {
  std::unique_ptr<CosignedHead> kept(new CosignedHead(file, lock));
  kept->head_ = {0, EmptyRoot()};
  absl::StatusOr<std::string> note = ReadFile(file, kNoteBytesMax);
  if (note.ok()) {
    ASSIGN_OR_RETURN(kept->head_, ReadNote(file, *note, log_keys, own_key));
    kept->note_ = *std::move(note);
  } else if (!absl::IsNotFound(note.status())) {
    return note.status();
  }
  absl::StatusOr<std::string> locked = ReadFile(lock, kNoteBytesMax);
  if (absl::IsNotFound(locked.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        lock,
        " is missing, so it is not known what this key has cosigned. "
        "Bring it back; or, if this key never cosigned, start once with "
        "--accept_fresh_state"));
  }
  RETURN_IF_ERROR(locked.status());
  TreeHead before = {0, EmptyRoot()};
  if (*locked != kNothing) {
    ASSIGN_OR_RETURN(before, ReadNote(lock, *locked, log_keys, own_key));
  }
  if (before.size > kept->head_.size ||
      (before.size == kept->head_.size && before != kept->head_)) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " ends at ", kept->head_.size, " leaves, but ", lock,
        " knows that this key has cosigned ", before.size,
        ": an older state was brought back. Bring back the newest one"));
  }
  return kept;
}

absl::Status CosignedHead::Keep(const TreeHead& head, const std::string& note) {
  RETURN_IF_ERROR(failed_);
  // The file first: one that is ahead of its lock is what a crash leaves, one
  // that is behind is a state from before.
  failed_ = WriteFile(file_, note, 0600, /*sync=*/true);
  if (failed_.ok()) failed_ = WriteFile(lock_, note, 0600, /*sync=*/true);
  RETURN_IF_ERROR(failed_);
  head_ = head;
  note_ = note;
  return absl::OkStatus();
}

}  // namespace vidimus
