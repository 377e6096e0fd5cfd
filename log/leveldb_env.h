// The file system as LevelDB gets to see it here. Two layers over an Env:
//
// PreadEnv() is the real file system without memory maps. LevelDB's own maps
// up to a thousand tables; what was read through a map counts as our resident
// memory, which then grows with the log.
//
// DurableEnv makes names durable. LevelDB syncs what it writes into a new log
// file but not the folder that names the file, nor the rename of CURRENT: on a
// file system that keeps names apart from data, a synced commit is gone with
// its file's name. Here the first Sync of a new file syncs its folder too, and
// every rename does. And when a rename fails, nothing is removed any more: it
// may have taken effect, and LevelDB would remove the manifest that CURRENT
// then names.
#ifndef VIDIMUS_LOG_LEVELDB_ENV_H_
#define VIDIMUS_LOG_LEVELDB_ENV_H_

#include <atomic>
#include <string>

#include "leveldb/env.h"
#include "log/disk.h"

namespace vidimus {

// Lives for ever; any thread.
leveldb::Env* PreadEnv();

// Any thread, as every Env.
class DurableEnv : public leveldb::EnvWrapper {
 public:
  // All files lie in `folder`, and `disk` is the file system that `env` writes
  // to. Neither is owned.
  DurableEnv(leveldb::Env* env, Disk* disk, std::string folder);

  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** file) override;
  leveldb::Status RenameFile(const std::string& from,
                             const std::string& to) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  leveldb::Status LockFile(const std::string& path,
                           leveldb::FileLock** lock) override;

  // Whether the last LockFile failed: LevelDB's message does not tell.
  bool lock_failed() const { return lock_failed_; }

 private:
  Disk* const disk_;
  const std::string folder_;
  std::atomic<bool> rename_failed_{false};
  std::atomic<bool> lock_failed_{false};
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_LEVELDB_ENV_H_
