#include "log/batch_verifier.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "proto/status.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

absl::Status Wrong(const StorageBatch& batch, RowKind kind, const char* how) {
  return absl::DataLossError(
      absl::StrCat("the ", RowKindName(kind), " row of leaves ", batch.first,
                   " to ", batch.head.size - 1, " is wrong: ", how));
}

const Row* Find(const StorageBatch& batch, RowKind kind) {
  for (const Row& row : batch.rows) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace

BatchVerifier::BatchVerifier(const TreeEdge& edge,
                             std::optional<AccessRules> rules)
    : range_(edge.Range()), rules_(rules), head_(range_.Head()) {
  for (const std::vector<Hash>& tile : edge.tiles) {
    tiles_.push_back(BytesOfHashes(tile));
  }
}

absl::Status BatchVerifier::Verify(const StorageBatch& batch) {
  if (batch.first != range_.size()) {
    return Wrong(batch, RowKind::kHead,
                 "its batch does not follow the one before");
  }
  RETURN_IF_ERROR(Append(batch));

  // Entries, leaf hashes and root say the same thing thrice: the one that is
  // alone is wrong.
  const Row* const hashes = Find(batch, RowKind::kHashes);
  const bool hashes_fit = hashes != nullptr && hashes->value == leaf_hashes_;
  head_ = range_.Head();
  if (head_ != batch.head) {
    return hashes_fit
               ? Wrong(batch, RowKind::kHead,
                       "entries and hashes give another root")
               : Wrong(batch, RowKind::kEntries, "it hashes to another root");
  }
  if (!hashes_fit) {
    return Wrong(batch, RowKind::kHashes, "the entries give other hashes");
  }
  std::set<size_t> levels;
  for (size_t level = 1; level < tiles_.size(); ++level) {
    if (range_.size() >> (kTileHeight * level) !=
        batch.first >> (kTileHeight * level)) {
      levels.insert(level);
    }
  }
  for (const Row& row : batch.rows) {
    if (row.kind != RowKind::kTile) continue;
    if (levels.erase(row.sub) == 0 || row.value != tiles_[row.sub]) {
      return Wrong(batch, RowKind::kTile, "the entries give another tile");
    }
  }
  if (!levels.empty()) return Wrong(batch, RowKind::kTile, "it is missing");
  if (!seal_.has_value() || rules_->roots == nullptr) return absl::OkStatus();
  return rules_->roots->Judge(seal_->covered, seal_->index_root);
}

absl::Status BatchVerifier::Append(const StorageBatch& batch) {
  leaf_hashes_.clear();
  for (std::string& tile : tiles_) {
    // What the last batch finished is no part of this one's rows.
    constexpr size_t kFull = kTileWidth * sizeof(Hash);
    tile.erase(0, tile.size() / kFull * kFull);
  }
  std::optional<BatchJudge> judge;
  if (rules_.has_value()) {
    judge.emplace(
        BatchPlace{batch.first, rules_->last_seal_time_s, rules_->min_batch});
  }
  for (const Row& row : batch.rows) {
    if (row.kind != RowKind::kEntries) continue;
    RETURN_IF_ERROR(
        AppendRow(batch, row, judge.has_value() ? &*judge : nullptr));
  }
  if (leaf_hashes_.empty()) {
    return Wrong(batch, RowKind::kEntries, "it is missing");
  }
  if (judge.has_value()) {
    if (!judge->complete()) {
      return Wrong(batch, RowKind::kEntries,
                   FindingSentence(Finding::kBatchWithoutSeal));
    }
    seal_ = judge->seal();
    rules_->last_seal_time_s = seal_->time_s;
  }
  return absl::OkStatus();
}

absl::Status BatchVerifier::AppendRow(const StorageBatch& batch, const Row& row,
                                      BatchJudge* judge) {
  // Each row but the first begins its bundle, and none goes beyond it.
  const uint64_t row_first = range_.size();
  if (row.sub != EntriesSub(row_first) ||
      (row_first > batch.first && row_first % kTileWidth != 0)) {
    return Wrong(batch, RowKind::kEntries, "one before it is missing or short");
  }
  BundleReader reader(row.value);
  std::string_view entry;
  while (reader.Next(&entry)) {
    if (range_.size() / kTileWidth != row_first / kTileWidth) {
      return Wrong(batch, RowKind::kEntries, "it goes beyond its bundle");
    }
    const Hash leaf_hash = LeafHash(entry);
    leaf_hashes_ += Bytes(leaf_hash);
    range_.Append(leaf_hash, [&](int level, uint64_t, const Hash& hash) {
      if (level % kTileHeight != 0) return;
      const size_t tile_level = level / kTileHeight;
      if (tile_level >= tiles_.size()) tiles_.resize(tile_level + 1);
      tiles_[tile_level] += Bytes(hash);
    });
    if (judge == nullptr) continue;
    Leaf leaf;
    const Finding finding = judge->Add(entry, &leaf);
    if (finding != Finding::kOk) {
      return Wrong(batch, RowKind::kEntries, FindingSentence(finding));
    }
    if (rules_->roots != nullptr && leaf.kind != LeafKind::kSeal) {
      rules_->roots->Add(range_.size() - 1, leaf.a);
    }
  }
  if (reader.finding() != Finding::kOk) {
    return Wrong(batch, RowKind::kEntries, FindingSentence(reader.finding()));
  }
  if (range_.size() == row_first) {
    return Wrong(batch, RowKind::kEntries, "it is empty");
  }
  return absl::OkStatus();
}

}  // namespace vidimus
