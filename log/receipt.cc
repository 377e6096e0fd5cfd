#include "log/receipt.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// Reads nodes from the batch that was just made, the others from the tiles.
// `failed` as TileReader::Nodes has it.
NodeReader PublishedNodes(Log* log, const Published& published,
                          absl::Status* failed) {
  return [grown = published.tree.get(), stored = log->tiles().Nodes(failed)](
             int level, uint64_t index, Hash* hash) {
    return (grown != nullptr && grown->Node(level, index, hash)) ||
           stored(level, index, hash);
  };
}

// A leaf's place in a row of entries; in an access log all are leaves.
constexpr size_t kLeafStride = 2 + kLeafBytes;

// Says which entry of its chain entry `i` of `placement` is, and to whom is
// told of the chain for the first time, its key.
absl::Status PlaceInChain(Log* log, const Placement& placement, size_t i,
                          v1::Placed* placed) {
  const PendingOpening* const opening = placement.entries[i].opening.get();
  if (opening == nullptr) return absl::OkStatus();
  uint64_t chain_index = placement.chain_indices[i];
  if (chain_index == kNoChainIndex) {
    const uint64_t leaf_index = placement.leaf_indices[i];
    ASSIGN_OR_RETURN(const StoredRow batch,
                     log->storage()->Get(RowKind::kHead, 0, leaf_index));
    ASSIGN_OR_RETURN(chain_index,
                     FindChainIndex(log->index_finder(), opening->chain_key,
                                    batch.first, leaf_index));
  }
  placed->set_chain_index(chain_index);
  // Anybody may bring a statement: the resident has other ways to the key.
  if (chain_index > 0 || opening->content == RecordContent::kStatement) {
    return absl::OkStatus();
  }
  placed->set_chain_key(std::string(Bytes(opening->chain_key)));
  placed->set_vrf_proof(opening->vrf_proof);
  if (!opening->vrf_proof.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      ProvenChainKey proven,
      log->chain_keys()->Prove(opening->subject, placement.administration));
  placed->set_vrf_proof(std::move(proven.proof));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ProvePublished(Log* log, const Published& published,
                                           std::vector<uint64_t> indices) {
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  absl::Status failed;
  const std::optional<std::vector<Hash>> proof = MultiInclusionProof(
      indices, published.head.size, PublishedNodes(log, published, &failed));
  if (!proof.has_value()) return failed;
  return BytesOfHashes(*proof);
}

absl::StatusOr<std::string> ReadPublishedLeaf(Log* log,
                                              const Published& published,
                                              uint64_t index) {
  if (published.tree != nullptr && index >= published.tree->size_before()) {
    const uint64_t first = published.tree->size_before();
    const uint64_t row = index / kTileWidth - first / kTileWidth;
    const uint64_t row_first = std::max(first, index / kTileWidth * kTileWidth);
    return published.entries[row].substr((index - row_first) * kLeafStride + 2,
                                         kLeafBytes);
  }
  return log->tiles().Entry(index);
}

absl::StatusOr<v1::SubmitResponse> MakeReceipt(Log* log,
                                               const Placement& placement) {
  const Published& published = *placement.published;
  v1::SubmitResponse receipt;
  receipt.set_checkpoint(published.checkpoint);
  for (const uint64_t index : placement.leaf_indices) {
    receipt.add_leaf_index(index);
  }
  ASSIGN_OR_RETURN(*receipt.mutable_proof(),
                   ProvePublished(log, published, placement.leaf_indices));
  if (log->opaque()) return receipt;
  for (size_t i = 0; i < placement.leaf_indices.size(); ++i) {
    v1::Placed* const placed = receipt.add_placed();
    ASSIGN_OR_RETURN(
        *placed->mutable_leaf(),
        ReadPublishedLeaf(log, published, placement.leaf_indices[i]));
    RETURN_IF_ERROR(PlaceInChain(log, placement, i, placed));
  }
  return receipt;
}

absl::StatusOr<v1::GetProofResponse> MakeProof(Log* log, uint64_t index,
                                               uint64_t size) {
  const std::shared_ptr<const Published> published = log->Latest();
  if (size == 0) size = published->head.size;
  if (size > published->head.size || index >= size) {
    return absl::OutOfRangeError(absl::StrCat(
        "proof of leaf ", index, " in the tree of size ", size,
        ": the newest checkpoint has size ", published->head.size));
  }
  v1::GetProofResponse response;
  response.set_leaf_index(index);
  response.set_size(size);
  response.set_checkpoint(published->checkpoint);
  absl::Status failed;
  const std::optional<std::vector<Hash>> path =
      InclusionPath(index, size, PublishedNodes(log, *published, &failed));
  if (!path.has_value()) return failed;
  for (const Hash& hash : *path) response.add_path(std::string(Bytes(hash)));
  return response;
}

}  // namespace vidimus
