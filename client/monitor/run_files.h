// Where a follower's index runs lie: 40 bytes a leaf, by ascending key. A run
// is written once; long ones as a file from the start, which the system writes
// out when it needs the memory, short ones in memory until they are to be kept.
// Format of a file: docs/following.md.
#ifndef VIDIMUS_CLIENT_MONITOR_RUN_FILES_H_
#define VIDIMUS_CLIENT_MONITOR_RUN_FILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/monitor/state_folder.h"
#include "proto/mutex.h"
#include "verifier/index.h"
#include "verifier/index_judge.h"

namespace vidimus {

// Passed from any thread, all else from one.
class RunFiles : public RunMemory {
 public:
  // `folder` must outlive it.
  explicit RunFiles(StateFolder* folder) : folder_(folder) {}
  ~RunFiles() override;
  RunFiles(const RunFiles&) = delete;
  RunFiles& operator=(const RunFiles&) = delete;

  // If there can be no file, memory is given instead, and status() says why.
  IndexEntry* Allocate(size_t count) override;
  void Free(IndexEntry* entries, size_t count) override;
  void Passed(const IndexEntry* entries, size_t count) override;

  // Makes the content of a filled piece durable under a number of its own, but
  // not its name: that is for who writes the number down.
  absl::StatusOr<uint64_t> Keep(const IndexEntry* entries);

  // The piece of that number. kDataLoss unless its file has exactly `count`
  // entries.
  absl::StatusOr<IndexEntry*> Reopen(uint64_t number, size_t count);

  // Removes every file of runs but these.
  absl::Status RemoveAllBut(const std::set<uint64_t>& numbers);

  // Of the files, and of what is in memory.
  uint64_t bytes() const;
  absl::Status status() const { return status_; }

 private:
  struct Piece {
    size_t bytes = 0;
    int file = -1;        // -1: in memory alone
    uint64_t number = 0;  // 0: none yet
    bool kept = false;
  };

  static std::string NameOf(uint64_t number);
  absl::StatusOr<int> NewFile(uint64_t number, int flags) const;
  IndexEntry* MapFile(size_t bytes, Piece* piece);

  StateFolder* const folder_;
  mutable Mutex mu_;
  std::map<const IndexEntry*, Piece> pieces_ ABSL_GUARDED_BY(mu_);
  uint64_t last_number_ = 0;
  absl::Status status_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_RUN_FILES_H_
