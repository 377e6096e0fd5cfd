// Storage on LevelDB, in this process: the engine for a log on one machine.
// Rows and keys, what is synced when, and the figures behind the defaults:
// docs/storage.md.
//
// One row is one key: the batch's first leaf(8), kind(1), sub(1). Rows are only
// appended and their keys ascend, so tables never overlap and LevelDB moves
// them down its levels without rewriting them. The one-byte key 00 holds the
// format's version.
#ifndef VIDIMUS_LOG_LEVELDB_STORAGE_H_
#define VIDIMUS_LOG_LEVELDB_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "leveldb/env.h"
#include "log/disk.h"
#include "log/storage.h"

namespace vidimus {

// The format that this program reads and writes; any other is refused.
inline constexpr uint32_t kLevelDbFormat = 2;

struct LevelDbOptions {
  // Of memory before it becomes a table; LevelDB holds up to two of them, and
  // as much is read again at start. A table is as large.
  size_t write_buffer_bytes = 16 << 20;
  // Of blocks that were read.
  size_t block_cache_bytes = 32 << 20;
  // Tables held open, each with its index in memory (about 1 KiB for each
  // 100 KiB of table) and a file descriptor.
  int open_tables_max = 400;

  // The file system, seen twice; not owned. Null: the real one.
  leveldb::Env* env = nullptr;
  Disk* disk = nullptr;
};

class LevelDbStorage : public Storage {
 public:
  // Rewrites all tables that could be smaller or fewer. Takes minutes on a
  // large log; never needed for correctness.
  virtual void Compact() = 0;
};

// Opens the database in `folder`, made if absent. Returns when all that it
// holds is durable. Takes as long as reading two write buffers.
//   kFailedPrecondition: another process holds it; no permission to write; the
//     format has another version (the message names both).
//   kUnavailable: the disk failed, or is full.
//   kDataLoss: what is stored can't be read, or part of it is missing.
absl::StatusOr<std::unique_ptr<LevelDbStorage>> OpenLevelDbStorage(
    const LevelDbOptions& options, const std::string& folder);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_LEVELDB_STORAGE_H_
