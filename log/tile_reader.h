// Tiles and entry bundles as C2SP tlog-tiles wants them, joined from the rows
// of the storage. Nothing is hashed on read: a partial tile is a prefix of what
// is stored. Full ones are kept in a bounded cache.
//
// Threads: any. Docs: docs/tiles.md, docs/storage.md.
#ifndef VIDIMUS_LOG_TILE_READER_H_
#define VIDIMUS_LOG_TILE_READER_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/integrate.h"
#include "log/storage.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {

// The right edge of the stored tree of size `head.size`, checked against
// `head.root`. kDataLoss, naming the kind of row, if they do not fit. Reads at
// most one tile of each level.
absl::StatusOr<TreeEdge> ReadTreeEdge(Storage* storage, const TreeHead& head);

class TileReader {
 public:
  // `storage` is not owned. Full tiles and bundles are cached up to
  // `cache_bytes` in all.
  TileReader(Storage* storage, uint64_t cache_bytes)
      : storage_(storage), cache_bytes_max_(cache_bytes) {}

  // The tile or bundle at `address`, of the width that it names: 8,192 bytes
  // or fewer for a tile. The caller has checked that the published tree has it
  // (TileWidthAt in verifier/tile.h); otherwise kOutOfRange, or kDataLoss if
  // what is stored does not have the right form.
  absl::StatusOr<std::shared_ptr<const std::string>> Read(
      const TileAddress& address);

  // The hash of the perfect subtree (level, index) of verifier/merkle.h, all of
  // its leaves committed. At most 255 hashes are computed.
  absl::StatusOr<Hash> Node(int level, uint64_t index);

  // The same for those who make proofs. A node that could not be had leaves
  // why in `*failed`, which must outlive the reader, as must this.
  NodeReader Nodes(absl::Status* failed);

  // Entry `index`.
  absl::StatusOr<std::string> Entry(uint64_t index);
  // Entries `begin` to `end` - 1, which are at least one. Reads each bundle
  // once.
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t begin,
                                                   uint64_t end);

 private:
  using Bytes = std::shared_ptr<const std::string>;
  // An address as one number: no two full tiles share one.
  using Key = std::pair<uint64_t, uint64_t>;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return (key.first << 56 ^ key.second) * 0x9e3779b97f4a7c15u;
    }
  };
  struct Cached {
    Bytes bytes;
    std::list<Key>::iterator age;
  };

  absl::StatusOr<std::string> JoinBundle(const TileAddress& address);
  absl::StatusOr<std::string> JoinHashes(const TileAddress& address);
  absl::StatusOr<std::string> UpperTile(const TileAddress& address);
  Bytes Find(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  void Keep(const Key& key, Bytes bytes) ABSL_LOCKS_EXCLUDED(mu_);

  Storage* const storage_;
  const uint64_t cache_bytes_max_;

  Mutex mu_;
  std::unordered_map<Key, Cached, KeyHash> cache_ ABSL_GUARDED_BY(mu_);
  std::list<Key> ages_ ABSL_GUARDED_BY(mu_);  // newest first
  uint64_t cache_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_TILE_READER_H_
