// The tree of a log out of its public paths, for those who make proofs from
// them. Nothing here is verified: judge what comes of it against a head.
#ifndef VIDIMUS_CLIENT_TREE_READER_H_
#define VIDIMUS_CLIENT_TREE_READER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/fetcher.h"
#include "verifier/hash.h"
#include "verifier/tile.h"

namespace vidimus {

// A tile or entry bundle. The full one's prefix stands in for a partial one
// that is gone: a log may drop it once the full one is there.
absl::StatusOr<std::string> GetTile(Fetcher* fetcher, TileAddress address);

// Of a register document.
inline constexpr size_t kDocumentBytesMax = size_t{1} << 20;

// The register document with this hash; that it is the one is for the caller
// to judge, as all else.
absl::StatusOr<std::string> GetDocument(Fetcher* fetcher,
                                        const Hash& document_hash);

// Not synchronised. Keeps the tiles it read last, at most kTilesMax.
class TreeReader {
 public:
  // `fetcher` must outlive the reader.
  TreeReader(Fetcher* fetcher, uint64_t size)
      : fetcher_(fetcher), size_(size) {}

  // As NodeReader of merkle.h and EntryReader of conviction_builder.h want it:
  // false if it could not be had, and status() says why.
  bool Node(int level, uint64_t index, Hash* hash);
  bool Entry(uint64_t index, std::string* entry);

  const absl::Status& status() const { return status_; }

  static constexpr size_t kTilesMax = 256;

 private:
  const std::string* Tile(const TileAddress& address);

  Fetcher* const fetcher_;
  const uint64_t size_;
  std::map<std::string, std::string> tiles_;  // by path
  absl::Status status_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_TREE_READER_H_
