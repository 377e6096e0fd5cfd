// Small files that are written in place, apart from the database: the signing
// lock, the vault's wrapped page keys, the idempotency segments. A seam, so
// that the power-loss tests can stand under it; the real one is PosixDisk().
//
// Threads: a Disk may be used from any thread, a DiskFile by one at a time; but
// while nobody writes to it, ReadAt may be called from any thread.
// Errors: kNotFound, kFailedPrecondition where a human must act first (no
// permission, read-only file system, held by another process), else
// kUnavailable; each message names the file and says why.
#ifndef VIDIMUS_LOG_DISK_H_
#define VIDIMUS_LOG_DISK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

class DiskFile {
 public:
  virtual ~DiskFile() = default;

  // Bytes [offset, offset + size), fewer if the file ends before.
  virtual absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) = 0;
  // Writes over or past what stands there; a gap reads as zeros. Not durable
  // before Sync returns OK: until then a crash may keep all of it, none, or
  // any part.
  virtual absl::Status WriteAt(uint64_t offset, absl::string_view bytes) = 0;
  // Makes all earlier WriteAt calls of this file durable. After a failure
  // nobody knows what the disk holds, and a later Sync may say OK without
  // having written it: what must be durable is written again, after a restart.
  virtual absl::Status Sync() = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Opens for reading and writing with mode 0600, made if absent (its name is
  // durable on return). With `exclusive`, the file is locked for this process:
  // kFailedPrecondition if another process holds it.
  virtual absl::StatusOr<std::unique_ptr<DiskFile>> Open(
      const std::string& path, bool exclusive) = 0;
  // Names in `folder`, without "." and "..", in no order. kNotFound if absent.
  virtual absl::StatusOr<std::vector<std::string>> List(
      const std::string& folder) = 0;
  // Makes `folder` with mode 0700 if absent; durable on return.
  virtual absl::Status MakeFolder(const std::string& folder) = 0;
  // Removes a file; OK if it was not there. Durable on return.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Makes every name that was made, moved or removed in `folder` durable. The
  // calls above do so themselves; this is for what others did there.
  virtual absl::Status SyncFolder(const std::string& folder) = 0;
};

// The machine's file system. Lives for ever.
Disk* PosixDisk();

}  // namespace vidimus

#endif  // VIDIMUS_LOG_DISK_H_
