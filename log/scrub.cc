#include "log/scrub.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/batch_verifier.h"
#include "log/idempotency.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// The batch that begins at leaf `first`, as it was committed.
absl::StatusOr<StorageBatch> ReadBatch(Storage* storage, uint64_t first) {
  StorageBatch batch;
  batch.first = first;
  ASSIGN_OR_RETURN(const StoredRow head,
                   storage->Get(RowKind::kHead, 0, first));
  const std::string_view bytes = head.value;
  if (head.first != first || bytes.size() != 8 + sizeof(Hash)) {
    return absl::DataLossError(absl::StrCat("the ", RowKindName(RowKind::kHead),
                                            " row of leaf ", first,
                                            " has not the form it should"));
  }
  batch.head = {Be64(bytes), *HashFromBytes(bytes.substr(8))};
  for (const RowKind kind : {RowKind::kEntries, RowKind::kHashes, RowKind::kIds,
                             RowKind::kVaultPage, RowKind::kDocuments}) {
    absl::StatusOr<StoredRow> row = storage->Get(kind, 0, first);
    if (absl::IsNotFound(row.status())) continue;
    RETURN_IF_ERROR(row);
    batch.rows.push_back({kind, 0, std::move(row->value)});
  }
  for (int level = 1; TileHashCount(batch.head.size, level) > 0; ++level) {
    const uint8_t sub = static_cast<uint8_t>(level);
    absl::StatusOr<StoredRow> row = storage->Get(RowKind::kTile, sub, first);
    if (absl::IsNotFound(row.status())) continue;
    RETURN_IF_ERROR(row);
    batch.rows.push_back({RowKind::kTile, sub, std::move(row->value)});
  }
  return batch;
}

absl::Status JudgeDocuments(const StorageBatch& batch,
                            absl::string_view entries,
                            absl::string_view documents_row) {
  const absl::Status wrong = absl::DataLossError(absl::StrCat(
      "the ", RowKindName(RowKind::kDocuments), " row of leaves ", batch.first,
      " to ", batch.head.size - 1,
      " is wrong: it does not hold the documents that the leaves name"));
  const absl::StatusOr<std::vector<std::string>> documents =
      ParseDocumentsRow({documents_row.data(), documents_row.size()});
  if (!documents.ok()) return wrong;
  size_t next = 0;
  BundleReader reader({entries.data(), entries.size()});
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
  return next == documents->size() ? absl::OkStatus() : wrong;
}

// What the tree does not cover.
absl::Status JudgeOtherRows(Log* log, const std::string& id_key,
                            const StorageBatch& batch) {
  absl::string_view entries, documents;
  for (const Row& row : batch.rows) {
    switch (row.kind) {
      case RowKind::kEntries:
        entries = row.value;
        break;
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
      case RowKind::kHashes:
      case RowKind::kTile:
        break;
    }
  }
  return log->opaque() ? absl::OkStatus()
                       : JudgeDocuments(batch, entries, documents);
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
                       ReadBatch(log->storage(), verifier.head().size));
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
