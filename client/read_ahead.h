// Entry bundles of a log, read ahead by several threads and handed out in
// order: for those who judge a whole log on one thread. What can be made of a
// bundle without those before it (leaf hashes, the index's short runs) is made
// on the way. Nothing here is verified.
#ifndef VIDIMUS_CLIENT_READ_AHEAD_H_
#define VIDIMUS_CLIENT_READ_AHEAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "client/fetcher.h"
#include "proto/mutex.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index_judge.h"

namespace vidimus {

// What may be held ahead; a bundle for each thread besides.
inline constexpr size_t kBytesAheadMax = size_t{64} << 20;

// Calls task(0) to task(count - 1) on `threads` threads, one of them the
// caller's.
void RunTasks(int threads, size_t count,
              const std::function<void(size_t)>& task);

// A bundle, perhaps with the tile of its leaf hashes.
struct ReadPiece {
  std::string bundle;
  std::string tile;
  absl::Status status;             // why one of them could not be had
  Finding finding = Finding::kOk;  // of the bundle's form
  // In `bundle`. Of a bundle that is too large for an access log's, those up to
  // the first that is no leaf alone: behind it nothing will be judged.
  std::vector<std::string_view> entries;
  std::vector<Hash> leaf_hashes;  // of all that there were
  // Of an access log, with the first piece of each short run: the run, as far
  // as the leaves before the first that can't be one go.
  std::optional<ShortRun> run;

  size_t bytes() const { return bundle.size() + tile.size(); }
};

struct ReadAheadOptions {
  // The leaves [first, size); the first piece is the bundle that holds `first`.
  uint64_t first = 0;
  uint64_t size = 0;

  // Make short runs. Those that begin before `first` are not made; nor, with
  // `whole_runs`, one that is not full.
  bool access_log = false;
  bool whole_runs = false;

  // Fetch level-0 tiles too.
  bool tiles = false;

  // Bundle 0, if it was fetched already.
  std::optional<std::string> first_bundle;

  int threads = 1;
};

class ReadAhead {
 public:
  // Begins at once. `fetcher` must outlive it.
  ReadAhead(Fetcher* fetcher, ReadAheadOptions options);
  // Waits for the calls that are under way.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Numbers of pieces: [begin(), end()).
  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }

  // Piece `n`; ask for begin(), begin() + 1, ... One thread.
  std::unique_ptr<ReadPiece> Take(uint64_t n);

 private:
  void Work();
  std::unique_ptr<ReadPiece> Make(uint64_t n);
  bool MakesRun(uint64_t group) const;
  ShortRun MakeRun(uint64_t start, const std::vector<ReadPiece*>& pieces) const;

  Fetcher* const fetcher_;
  ReadAheadOptions options_;
  const uint64_t begin_;
  const uint64_t end_;
  // Pieces are given out by groups of so many, the first and last one may be
  // smaller.
  const uint64_t together_;
  const uint64_t pieces_max_;

  Mutex mu_;
  CondVar changed_;
  uint64_t next_ ABSL_GUARDED_BY(mu_);
  uint64_t ready_ ABSL_GUARDED_BY(mu_);  // all before may be taken
  uint64_t taken_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::map<uint64_t, std::unique_ptr<ReadPiece>> pieces_ ABSL_GUARDED_BY(mu_);
  // Of each group from ready_ on: how many of its pieces there are, or kDone.
  std::map<uint64_t, uint64_t> made_ ABSL_GUARDED_BY(mu_);

  std::vector<std::thread> threads_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_READ_AHEAD_H_
