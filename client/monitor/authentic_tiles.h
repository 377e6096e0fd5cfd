// The tree under a signed head, out of the log's tiles, each judged against the
// head before anything is made of it: from the right edge, whose hashes give
// the head's root, down to the tile that is asked for. So a bundle can be
// judged as it comes, long before the last one: what is wrong with it then is
// either signed or not.
#ifndef VIDIMUS_CLIENT_MONITOR_AUTHENTIC_TILES_H_
#define VIDIMUS_CLIENT_MONITOR_AUTHENTIC_TILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/fetcher.h"
#include "verifier/hash.h"
#include "verifier/tile.h"

namespace vidimus {

// Not synchronised. Keeps the tiles that it read last, at most kTilesMax.
class AuthenticTiles {
 public:
  // `fetcher` must outlive it. `head` is not empty.
  AuthenticTiles(Fetcher* fetcher, const TreeHead& head)
      : fetcher_(fetcher), head_(head) {}

  // Reads the right edge. First of all. kDataLoss: it is not the head's;
  // another status if it could not be had.
  absl::Status Start();

  // As NodeReader of merkle.h wants it. False if it could not be had or is not
  // the head's: status() and path() say which.
  bool Node(int level, uint64_t index, Hash* hash);

  // Why something could not be had, and what.
  const absl::Status& status() const { return status_; }
  const std::string& path() const { return path_; }

  static constexpr size_t kTilesMax = 64;

 private:
  using Place = std::pair<int, uint64_t>;  // level, n

  // Null after an error.
  const std::vector<Hash>* Tile(int level, uint64_t n);
  bool Fetch(const TileAddress& address, std::vector<Hash>* hashes);

  Fetcher* const fetcher_;
  const TreeHead head_;
  std::map<int, std::vector<Hash>> edge_;  // partial tiles by level
  std::map<Place, std::vector<Hash>> tiles_;
  absl::Status status_;
  std::string path_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_AUTHENTIC_TILES_H_
