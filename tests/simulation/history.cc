#include "tests/simulation/history.h"

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

AuditOptions Options(const std::string& origin, bool access_log,
                     uint64_t min_batch) {
  AuditOptions options;
  options.access_log = access_log;
  options.origin = origin;
  options.min_batch = min_batch;
  return options;
}

}  // namespace

SignedHistory::SignedHistory(const std::string& origin, bool access_log,
                             uint64_t min_batch)
    : origin_(origin),
      auditor_(Options(origin, access_log, min_batch)),
      roots_({EmptyRoot()}) {}

absl::Status SignedHistory::AddSignature(std::string_view text,
                                         Storage* storage) {
  Checkpoint checkpoint;
  if (ParseCheckpoint(text, &checkpoint) != Finding::kOk ||
      checkpoint.origin != origin_) {
    return absl::DataLossError("what was signed is no checkpoint of this log");
  }
  const TreeHead head = checkpoint.head;
  if (head.size < size()) {
    return absl::DataLossError(absl::StrCat(
        "size ", head.size, " was signed after size ", size(),
        head == HeadAt(head.size) ? "" : ", and it is another history"));
  }
  const absl::StatusOr<TreeHead> stored = storage->LastHead();
  if (!stored.ok() || stored->size < head.size) {
    return absl::DataLossError(
        absl::StrCat("size ", head.size, " was signed, but it is not durable"));
  }
  Finding finding = Finding::kOk;
  const absl::Status read = ReadEntries(
      storage, size(), head.size, [&](uint64_t, std::string_view entry) {
        finding = auditor_.AddEntry(entry);
        if (finding != Finding::kOk) return false;
        entries_.emplace_back(entry);
        roots_.push_back(auditor_.tree().Root());
        return true;
      });
  if (finding == Finding::kOk) {
    RETURN_IF_ERROR(read);
    finding = auditor_.Finish(head);
  }
  if (finding != Finding::kOk) {
    return absl::DataLossError(absl::StrCat(
        "two histories, or a head that its entries do not lead to: the "
        "signature at size ",
        head.size, " judged with all entries signed before it: ",
        FindingSentence(finding)));
  }
  signed_sizes_.push_back(head.size);
  return absl::OkStatus();
}

absl::Status SignedHistory::JudgeStored(Storage* storage) const {
  ASSIGN_OR_RETURN(const TreeHead stored, storage->LastHead());
  if (stored.size < size()) {
    return absl::DataLossError(absl::StrCat(
        "size ", size(), " was signed, but ", stored.size, " is stored"));
  }
  uint64_t wrong = size();
  const absl::Status read = ReadEntries(
      storage, 0, size(), [&](uint64_t index, std::string_view entry) {
        if (entry == entries_[index]) return true;
        wrong = index;
        return false;
      });
  if (wrong < size()) {
    return absl::DataLossError(
        absl::StrCat("leaf ", wrong, " was signed for and is another now"));
  }
  return read;
}

}  // namespace vidimus
