#include "log/receipt.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// Reads nodes from the batch that was just made, the others from the tiles.
class Nodes {
 public:
  Nodes(const GrownTree* grown, TileReader* tiles)
      : grown_(grown), tiles_(tiles) {}

  NodeReader Reader() {
    return [this](int level, uint64_t index, Hash* hash) {
      if (grown_ != nullptr && grown_->Node(level, index, hash)) return true;
      const absl::StatusOr<Hash> node = tiles_->Node(level, index);
      if (!node.ok()) {
        status_ = node.status();
        return false;
      }
      *hash = *node;
      return true;
    };
  }

  const absl::Status& status() const { return status_; }

 private:
  const GrownTree* const grown_;
  TileReader* const tiles_;
  absl::Status status_;
};

// A leaf's place in a row of entries; in an access log all are leaves.
constexpr size_t kLeafStride = 2 + kLeafBytes;

absl::StatusOr<std::string> ReadLeaf(Log* log, const Published& published,
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

}  // namespace

absl::StatusOr<v1::SubmitResponse> MakeReceipt(Log* log,
                                               const Placement& placement) {
  const Published& published = *placement.published;
  v1::SubmitResponse receipt;
  receipt.set_checkpoint(published.checkpoint);
  for (const uint64_t index : placement.leaf_indices) {
    receipt.add_leaf_index(index);
  }
  std::vector<uint64_t> indices = placement.leaf_indices;
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  Nodes nodes(published.tree.get(), &log->tiles());
  const std::optional<std::vector<Hash>> proof =
      MultiInclusionProof(indices, published.head.size, nodes.Reader());
  if (!proof.has_value()) return nodes.status();
  receipt.set_proof(BytesOfHashes(*proof));
  if (!log->opaque()) {
    for (const uint64_t index : placement.leaf_indices) {
      ASSIGN_OR_RETURN(*receipt.add_placed()->mutable_leaf(),
                       ReadLeaf(log, published, index));
    }
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
  Nodes nodes(published->tree.get(), &log->tiles());
  const std::optional<std::vector<Hash>> path =
      InclusionPath(index, size, nodes.Reader());
  if (!path.has_value()) return nodes.status();
  for (const Hash& hash : *path) response.add_path(std::string(Bytes(hash)));
  return response;
}

}  // namespace vidimus
