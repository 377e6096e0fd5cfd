#include "client/monitor/held_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/file.h"
#include "client/tree_reader.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/hash_lanes.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"

namespace vidimus {

std::string HeldTree::NameOf(int level) {
  return level == 0 ? "leaves" : absl::StrCat("tree-", level);
}

absl::StatusOr<std::unique_ptr<HeldTree>> HeldTree::Open(
    StateFolder* folder, const CompactRange& tree) {
  std::unique_ptr<HeldTree> held(new HeldTree(folder));
  for (int level = 0; level < kLevels; ++level) {
    const std::string path = folder->PathOf(NameOf(level));
    held->files_[level] =
        open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (held->files_[level] < 0) return FileError("open", path, errno);
  }
  held->Cut(tree);
  const auto root =
      RootFrom(tree.size(), [&held](int level, uint64_t index, Hash* hash) {
        return held->Node(level, index, hash);
      });
  if (root != tree.Root()) {
    return absl::DataLossError(absl::StrCat(folder->PathOf(NameOf(0)),
                                            ": not the ", tree.size(),
                                            " leaves that were kept"));
  }
  return held;
}

HeldTree::~HeldTree() {
  for (const int file : files_) {
    if (file >= 0) close(file);
  }
}

absl::Status HeldTree::Write(int level, uint64_t offset,
                             absl::string_view bytes) {
  written_[level] = true;
  while (!bytes.empty()) {
    const ssize_t n = pwrite(files_[level], bytes.data(), bytes.size(),
                             static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return FileError("write", folder_->PathOf(NameOf(level)),
                       n < 0 ? errno : EIO);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> HeldTree::Read(int level, uint64_t offset,
                                           size_t size) const {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size;) {
    const ssize_t n = pread(files_[level], &bytes[at], size - at,
                            static_cast<off_t>(offset + at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("read", folder_->PathOf(NameOf(level)), errno);
    if (n == 0) {
      return absl::DataLossError(
          absl::StrCat(folder_->PathOf(NameOf(level)), ": ends too early"));
    }
    at += static_cast<size_t>(n);
  }
  return bytes;
}

absl::Status HeldTree::Append(const std::vector<std::string_view>& entries,
                              const std::vector<Hash>& leaf_hashes,
                              size_t first) {
  const CompactRange before = tree_;
  const uint64_t odd_before = odd_;
  std::string leaves;
  std::array<std::string, kLevels> hashes;
  std::array<uint64_t, kLevels> begin = {};
  uint64_t odd = odd_before;
  const auto on_node = [&](int level, uint64_t index, const Hash& hash) {
    if (level == 0 || level % kTileHeight != 0) return;
    std::string& row = hashes[level / kTileHeight];
    if (row.empty()) begin[level / kTileHeight] = index;
    row += Bytes(hash);
  };
  const size_t count = leaf_hashes.size() - first;
  leaves.reserve(count * kLeafBytes);
  for (size_t i = first; i < leaf_hashes.size(); ++i) {
    std::string_view leaf = i < entries.size() ? entries[i] : "";
    if (leaf.size() != kLeafBytes)
      odd = std::min(odd, before.size() + i - first);
    leaves += leaf.substr(0, kLeafBytes);
    leaves.resize((i - first + 1) * kLeafBytes);
  }
  if (count == kTileWidth && before.size() % kTileWidth == 0) {
    tree_.AppendSubtree(kTileHeight, FullTileRoot(&leaf_hashes[first]),
                        on_node);
  } else {
    for (size_t i = first; i < leaf_hashes.size(); ++i) {
      tree_.Append(leaf_hashes[i], on_node);
    }
  }
  absl::Status written = Write(0, before.size() * kLeafBytes, leaves);
  for (int level = 1; level < kLevels && written.ok(); ++level) {
    if (hashes[level].empty()) continue;
    written = Write(level, begin[level] * kHashBytes, hashes[level]);
  }
  if (!written.ok()) {
    tree_ = before;
    return written;
  }
  odd_ = odd;
  size_ = tree_.size();
  return absl::OkStatus();
}

void HeldTree::Cut(const CompactRange& tree) {
  tree_ = tree;
  size_ = tree.size();
  if (odd_ >= tree.size()) odd_ = ~uint64_t{0};
}

absl::Status HeldTree::Sync() {
  for (int level = 0; level < kLevels; ++level) {
    if (!written_[level]) continue;
    RETURN_IF_ERROR(folder_->Sync(files_[level], NameOf(level)));
    written_[level] = false;
  }
  return absl::OkStatus();
}

uint64_t HeldTree::whole_size() const {
  return std::min<uint64_t>(size_, odd_);
}

absl::StatusOr<std::string> HeldTree::Leaves(uint64_t first,
                                             size_t count) const {
  return Read(0, first * kLeafBytes, count * kLeafBytes);
}

bool HeldTree::Node(int level, uint64_t index, Hash* hash) const {
  const int tile_level = level / kTileHeight;
  const size_t count = size_t{1} << (level % kTileHeight);
  const uint64_t first = index * count;
  std::vector<Hash> hashes;
  if (tile_level == 0) {
    const auto leaves = Leaves(first, count);
    if (!leaves.ok()) return false;
    for (size_t i = 0; i < count; ++i) {
      hashes.push_back(LeafHash(
          std::string_view(*leaves).substr(i * kLeafBytes, kLeafBytes)));
    }
  } else if (tile_level < kLevels) {
    const auto bytes = Read(tile_level, first * kHashBytes, count * kHashBytes);
    if (!bytes.ok()) return false;
    hashes = *HashesFromBytes(*bytes);
  } else {
    return false;
  }
  *hash = TileRoot(hashes);
  return true;
}

absl::StatusOr<std::string> HeldTree::Tile(const TileAddress& address) const {
  const bool is_bundle = address.level == TileAddress::kEntries;
  const int level = is_bundle ? 0 : address.level;
  const auto width = static_cast<size_t>(address.width);
  const uint64_t first = address.n * kTileWidth;
  // Leaves are what must be whole; the hashes over them always are.
  if (level >= kLevels ||
      (level == 0 ? first + width > whole_size()
                  : first + width > TileHashCount(size_, level))) {
    return absl::NotFoundError(absl::StrCat(TilePath(address), ": not held"));
  }
  if (level > 0) return Read(level, first * kHashBytes, width * kHashBytes);
  ASSIGN_OR_RETURN(const std::string leaves, Leaves(first, width));
  std::string tile;
  for (size_t i = 0; i < width; ++i) {
    const auto leaf =
        std::string_view(leaves).substr(i * kLeafBytes, kLeafBytes);
    if (is_bundle) {
      AppendBundleEntry(leaf, &tile);
    } else {
      tile += Bytes(LeafHash(leaf));
    }
  }
  return tile;
}

uint64_t HeldTree::bytes() const {
  const uint64_t size = size_;
  uint64_t bytes = size * kLeafBytes;
  for (int level = 1; level < kLevels; ++level) {
    bytes += TileHashCount(size, level) * kHashBytes;
  }
  return bytes;
}

absl::StatusOr<std::string> HeldFetcher::Get(const std::string& path,
                                             size_t bytes_max) {
  if (const auto address = ParseTilePath(path); address.has_value()) {
    auto held = tree_->Tile(*address);
    if (held.ok()) return held;
  }
  if (const auto hash = ParseRegisterPath(path); hash.has_value()) {
    auto held = ReadFile(absl::StrCat(documents_, "/", HexEncode(Bytes(*hash))),
                         bytes_max);
    if (held.ok()) return held;
  }
  return log_->Get(path, bytes_max);
}

absl::StatusOr<std::string> HeldFetcher::Post(const std::string& path,
                                              const std::string& body,
                                              size_t bytes_max) {
  return log_->Post(path, body, bytes_max);
}

absl::StatusOr<std::vector<std::string>> HeldFetcher::ListTiles() {
  return absl::UnimplementedError("what is held of a log is not listed");
}

}  // namespace vidimus
