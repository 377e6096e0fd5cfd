#include "log/scrub.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/batch_verifier.h"
#include "log/idempotency.h"
#include "log/stored_batch.h"
#include "proto/status.h"
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
        RETURN_IF_ERROR(log->vault()->Open(batch.first, row.value).status());
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
    rules = BatchVerifier::AccessRules{log->documents()->min_batch(), 0};
  }
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
    if (!pace(verifier.head().size)) return absl::CancelledError("stopped");
  }
  if (verifier.head() != head) {
    return absl::DataLossError(
        absl::StrCat("scrub: what is stored does not lead to the head of size ",
                     head.size, " that is published"));
  }
  return absl::OkStatus();
}

}  // namespace vidimus
