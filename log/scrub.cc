#include "log/scrub.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/batch_verifier.h"
#include "log/idempotency.h"
#include "log/openings.h"
#include "log/stored_batch.h"
#include "proto/status.h"
#include "verifier/commitment.h"
#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

absl::Status JudgeDocuments(const StorageBatch& batch,
                            absl::string_view documents_row) {
  const absl::Status wrong = absl::DataLossError(absl::StrCat(
      "the ", RowKindName(RowKind::kDocuments), " row of leaves ", batch.first,
      " to ", batch.head.size - 1,
      " is wrong: it does not hold the documents that the leaves name"));
  const absl::StatusOr<std::vector<std::string>> documents =
      ParseDocumentsRow({documents_row.data(), documents_row.size()});
  if (!documents.ok()) return wrong;
  size_t next = 0;
  for (const Row& row : batch.rows) {
    if (row.kind != RowKind::kEntries) continue;
    BundleReader reader(row.value);
    std::string_view entry;
    while (reader.Next(&entry)) {
      Leaf leaf;
      if (ParseLeaf(entry, &leaf) != Finding::kOk) return wrong;
      if (leaf.kind != LeafKind::kRegister) continue;
      if (next == documents->size() || Sha256((*documents)[next]) != leaf.b) {
        return wrong;
      }
      ++next;
    }
  }
  return next == documents->size() ? absl::OkStatus() : wrong;
}

// That what is read back is what was submitted: each opening leads to the
// commitment in its leaf.
absl::Status JudgePage(Log* log, const StorageBatch& batch) {
  ASSIGN_OR_RETURN(const VaultPage page,
                   ReadPage(log->storage(), log->vault(), batch.first));
  uint64_t leaf_index = batch.first;
  int openings = 0;
  for (const Row& row : batch.rows) {
    if (row.kind != RowKind::kEntries) continue;
    BundleReader reader(row.value);
    std::string_view entry;
    for (; reader.Next(&entry); ++leaf_index) {
      const vault::Opening* const opening = page.Find(leaf_index);
      if (opening == nullptr) continue;
      ++openings;
      Leaf leaf;
      if (opening->has_erased_by()) continue;
      if (ParseLeaf(entry, &leaf) != Finding::kOk ||
          leaf.kind != LeafKind::kSubject ||
          VerifyOpening(leaf.b, {opening->record_salt(), opening->record(),
                                 opening->actor_salt(), opening->actor()}) !=
              Finding::kOk) {
        return absl::DataLossError(
            absl::StrCat("the vault's opening of leaf ", leaf_index,
                         " does not lead to the commitment in the leaf"));
      }
    }
  }
  if (openings != page.page.openings_size()) {
    return absl::DataLossError(
        absl::StrCat("the vault's page of leaves ", batch.first, " to ",
                     batch.head.size - 1, " opens leaves that are not there"));
  }
  return absl::OkStatus();
}

// What the tree does not cover.
absl::Status JudgeOtherRows(Log* log, const std::string& id_key,
                            const StorageBatch& batch) {
  absl::string_view documents;
  for (const Row& row : batch.rows) {
    switch (row.kind) {
      case RowKind::kDocuments:
        documents = row.value;
        break;
      case RowKind::kIds:
        RETURN_IF_ERROR(CheckIdsRow(id_key, batch.first, row.value));
        break;
      case RowKind::kVaultPage:
        // As it stands now: it may have been replaced since the batch was
        // read.
        RETURN_IF_ERROR(JudgePage(log, batch));
        break;
      case RowKind::kHead:
      case RowKind::kEntries:
      case RowKind::kHashes:
      case RowKind::kTile:
        break;
    }
  }
  return log->opaque() ? absl::OkStatus() : JudgeDocuments(batch, documents);
}

}  // namespace

absl::Status Scrub(Log* log, const std::string& id_key,
                   const std::function<bool(uint64_t leaves)>& pace) {
  const TreeHead head = log->Latest()->head;
  std::optional<BatchVerifier::AccessRules> rules;
  if (!log->opaque()) {
    rules =
        BatchVerifier::AccessRules{log->documents()->min_batch(), 0, nullptr};
  }
  // The index is read back after the leaves, and has its share of the time.
  const uint64_t keys = log->opaque() ? 0 : log->index()->gauges().keys_in_runs;
  const auto paced = [&](uint64_t done) {
    return pace(static_cast<uint64_t>(static_cast<double>(done) * head.size /
                                      (head.size + keys)));
  };
  BatchVerifier verifier(TreeEdge{}, rules);
  while (verifier.head().size < head.size) {
    const absl::Status judged = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const StorageBatch batch,
                       ReadStoredBatch(log->storage(), verifier.head().size));
      RETURN_IF_ERROR(verifier.Verify(batch));
      return JudgeOtherRows(log, id_key, batch);
    }();
    RETURN_IF_ERROR(Annotate(
        judged,
        "scrub: signing stops; restore the data from a backup that is no older "
        "than the signing lock, and find out what changed them"));
    if (!paced(verifier.head().size)) return absl::CancelledError("stopped");
  }
  if (verifier.head() != head) {
    return absl::DataLossError(
        absl::StrCat("scrub: what is stored does not lead to the head of size ",
                     head.size, " that is published"));
  }
  if (!log->opaque()) {
    const absl::Status judged = log->index()->Scrub(
        [&](uint64_t read) { return paced(head.size + read); });
    if (absl::IsCancelled(judged)) return judged;
    RETURN_IF_ERROR(Annotate(judged, "scrub: signing stops"));
  }
  return absl::OkStatus();
}

}  // namespace vidimus
