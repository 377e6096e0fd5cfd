// Storage in memory: for tests and simulations, where the disk is not the
// question. Passes the same contract test as the engines that last.
//
// The rows outlive the handle: a "restart" opens a new MemoryStorage on the
// same MemoryRows. Several handles may be open on one, as two servers would be
// on a store that they share: the head decides whose commit counts.
#ifndef VIDIMUS_LOG_MEMORY_STORAGE_H_
#define VIDIMUS_LOG_MEMORY_STORAGE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "log/storage.h"
#include "proto/mutex.h"

namespace vidimus {

// What would be on the disk. Any thread.
class MemoryRows {
 public:
  // Inverts bit `bit` (0: the lowest) of the byte at `offset` of a stored row.
  // False if there is no such row or byte. `first` is its batch's.
  bool FlipBit(uint64_t first, RowKind kind, uint8_t sub, size_t offset,
               int bit = 0) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  friend class MemoryStorage;
  using Rows = std::map<std::pair<RowKind, uint8_t>, std::string>;

  // What the last batch's head row says.
  TreeHead Head() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable Mutex mu_;
  std::map<uint64_t, Rows> batches_ ABSL_GUARDED_BY(mu_);  // by first leaf
};

class MemoryStorage : public Storage {
 public:
  // What befalls a commit, for tests.
  enum class Fate { kCommit, kFail, kFailButKeep };

  // `rows` is shared and not owned. `fate`, if given, is asked at each commit
  // that stands on the right head.
  explicit MemoryStorage(
      MemoryRows* rows,
      std::function<Fate(const StorageBatch& batch)> fate = nullptr);

  absl::StatusOr<TreeHead> LastHead() override;
  absl::Status Commit(const StorageBatch& batch,
                      const TreeHead& expected) override;
  absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                uint64_t index) override;
  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit)
      override;

 private:
  MemoryRows* const rows_;
  const std::function<Fate(const StorageBatch&)> fate_;
  absl::Status failed_;  // Commit's own
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_MEMORY_STORAGE_H_
