#include "client/tree_reader.h"

#include <optional>
#include <string_view>
#include <utility>

#include "proto/status.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr size_t kTileBytes = kTileWidth * kHashBytes;

}  // namespace

absl::StatusOr<std::string> GetTile(Fetcher* fetcher, TileAddress address) {
  const bool is_bundle = address.level == TileAddress::kEntries;
  const size_t bytes_max = is_bundle ? kBundleBytesMax : kTileBytes;
  auto bytes = fetcher->Get(TilePath(address), bytes_max);
  if (bytes.ok() || !absl::IsNotFound(bytes.status()) ||
      address.width == kTileWidth) {
    return bytes;
  }
  const int width = address.width;
  address.width = kTileWidth;
  auto full = fetcher->Get(TilePath(address), bytes_max);
  if (!full.ok()) return bytes;
  if (!is_bundle) {
    return full->substr(0, static_cast<size_t>(width) * kHashBytes);
  }
  BundleReader reader({full->data(), full->size()});
  std::string_view entry;
  size_t size = 0;
  for (int i = 0; i < width && reader.Next(&entry); ++i) {
    size += 2 + entry.size();
  }
  return full->substr(0, size);
}

const std::string* TreeReader::Tile(const TileAddress& address) {
  const std::string path = TilePath(address);
  const auto found = tiles_.find(path);
  if (found != tiles_.end()) return &found->second;
  auto bytes = GetTile(fetcher_, address);
  if (!bytes.ok()) {
    status_ = Annotate(bytes.status(), path);
    return nullptr;
  }
  if (tiles_.size() >= kTilesMax) tiles_.erase(tiles_.begin());
  return &tiles_.emplace(path, *std::move(bytes)).first->second;
}

absl::StatusOr<std::string> GetDocument(Fetcher* fetcher,
                                        const Hash& document_hash) {
  return fetcher->Get(RegisterPath(document_hash), kDocumentBytesMax);
}

bool TreeReader::Node(int level, uint64_t index, Hash* hash) {
  const std::string* tile = Tile(TileOfNode(level, index, size_));
  if (tile == nullptr) return false;
  const std::optional<Hash> node = NodeInTile(level, index, *tile);
  if (!node.has_value()) {
    status_ = absl::DataLossError("a tile is too short");
    return false;
  }
  *hash = *node;
  return true;
}

bool TreeReader::Entry(uint64_t index, std::string* entry) {
  const uint64_t n = index / kTileWidth;
  const std::string* bundle =
      Tile({TileAddress::kEntries, n, TileWidthAt(size_, 0, n)});
  if (bundle == nullptr) return false;
  BundleReader reader(*bundle);
  std::string_view bytes;
  for (uint64_t i = 0; reader.Next(&bytes); ++i) {
    if (i < index % kTileWidth) continue;
    *entry = std::string(bytes);
    return true;
  }
  status_ = absl::DataLossError("an entry bundle is too short");
  return false;
}

}  // namespace vidimus
