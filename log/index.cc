#include "log/index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/tile_reader.h"
#include "proto/status.h"
#include "verifier/index_builder.h"
#include "verifier/leaf.h"
#include "verifier/tile.h"

namespace vidimus {

absl::StatusOr<std::unique_ptr<Index>> Index::Open(const IndexOptions&,
                                                   const IndexParts& parts,
                                                   uint64_t size) {
  std::unique_ptr<Index> index(new Index);
  TileReader tiles(parts.storage, 0);
  MutexLock lock(&index->mu_);
  for (uint64_t first = 0; first < size; first += kTileWidth) {
    const int width =
        static_cast<int>(std::min<uint64_t>(kTileWidth, size - first));
    ASSIGN_OR_RETURN(
        const auto bundle,
        tiles.Read({TileAddress::kEntries, first / kTileWidth, width}));
    BundleReader reader(*bundle);
    std::string_view entry;
    for (uint64_t i = first; reader.Next(&entry); ++i) {
      Leaf leaf;
      if (ParseLeaf(entry, &leaf) != Finding::kOk) {
        return absl::DataLossError(absl::StrCat(
            "the stored entries row of leaf ", i, " holds no leaf"));
      }
      if (leaf.kind == LeafKind::kSeal) continue;
      index->entries_.push_back({leaf.a, i});
      if (!index->leaves_.emplace(leaf.a, i).second) {
        return absl::DataLossError(absl::StrCat(
            "leaf ", i, " carries a key that an earlier leaf has"));
      }
    }
  }
  index->size_ = size;
  return index;
}

Index::~Index() = default;

absl::StatusOr<Hash> Index::Root(uint64_t first, const std::vector<Hash>& keys,
                                 uint64_t covered) {
  MutexLock lock(&mu_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!leaves_.emplace(keys[i], first + i).second) {
      return absl::DataLossError(absl::StrCat(
          "leaf ", first + i, " would carry a key that an earlier leaf has"));
    }
    entries_.push_back({keys[i], first + i});
  }
  size_ = covered;
  return MemoryIndex(covered, entries_).Root();
}

absl::StatusOr<std::optional<uint64_t>> Index::Find(const Hash& key) {
  MutexLock lock(&mu_);
  const auto found = leaves_.find(key);
  if (found == leaves_.end()) return std::optional<uint64_t>();
  return std::optional<uint64_t>(found->second);
}

absl::StatusOr<std::vector<IndexEntry>> Index::EntriesAt(uint64_t size) {
  MutexLock lock(&mu_);
  if (size > size_) {
    return absl::OutOfRangeError(absl::StrCat("an index proof at size ", size,
                                              ": the index has ", size_));
  }
  return entries_;
}

absl::StatusOr<PresenceProof> Index::ProvePresence(const Hash& key,
                                                   uint64_t size) {
  ASSIGN_OR_RETURN(std::vector<IndexEntry> entries, EntriesAt(size));
  auto proof = MemoryIndex(size, std::move(entries)).ProvePresence(key);
  if (!proof.has_value()) return absl::NotFoundError("the key is absent");
  return *std::move(proof);
}

absl::StatusOr<AbsenceProof> Index::ProveAbsence(const Hash& key,
                                                 uint64_t size) {
  ASSIGN_OR_RETURN(std::vector<IndexEntry> entries, EntriesAt(size));
  auto proof = MemoryIndex(size, std::move(entries)).ProveAbsence(key);
  if (!proof.has_value()) return absl::AlreadyExistsError("the key is present");
  return *std::move(proof);
}

absl::StatusOr<std::string> Index::ProveSeveral(const std::vector<Hash>& keys,
                                                uint64_t size) {
  for (size_t k = 1; k < keys.size(); ++k) {
    if (keys[k - 1] >= keys[k]) {
      return absl::InvalidArgumentError(
          "keys to prove must ascend, each of them once");
    }
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError("an index proof needs a key");
  }
  ASSIGN_OR_RETURN(std::vector<IndexEntry> entries, EntriesAt(size));
  return MemoryIndex(size, std::move(entries)).ProveSeveral(keys);
}

absl::StatusOr<std::string> Index::ReadFile(absl::string_view path) {
  return absl::NotFoundError(absl::StrCat("no index file ", path));
}

}  // namespace vidimus
