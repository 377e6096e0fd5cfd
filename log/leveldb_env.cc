#include "log/leveldb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace vidimus {
namespace {

// As LevelDB's own files report it.
leveldb::Status ErrnoStatus(const std::string& path, int error) {
  char text[128];
  const char* message = strerror_r(error, text, sizeof(text));
  return error == ENOENT ? leveldb::Status::NotFound(path, message)
                         : leveldb::Status::IOError(path, message);
}

class PreadFile : public leveldb::RandomAccessFile {
 public:
  PreadFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PreadFile() override { close(fd_); }

  leveldb::Status Read(uint64_t offset, size_t size, leveldb::Slice* result,
                       char* scratch) const override {
    size_t done = 0;
    while (done < size) {
      const ssize_t n = pread(fd_, scratch + done, size - done,
                              static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        *result = leveldb::Slice();
        return ErrnoStatus(path_, errno);
      }
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    *result = leveldb::Slice(scratch, done);
    return leveldb::Status::OK();
  }

 private:
  const std::string path_;
  const int fd_;
};

class PreadEnvImpl : public leveldb::EnvWrapper {
 public:
  PreadEnvImpl() : EnvWrapper(leveldb::Env::Default()) {}

  leveldb::Status NewRandomAccessFile(
      const std::string& path, leveldb::RandomAccessFile** file) override {
    *file = nullptr;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(path, errno);
    *file = new PreadFile(path, fd);
    return leveldb::Status::OK();
  }
};

leveldb::Status SyncFolder(Disk* disk, const std::string& folder) {
  const absl::Status synced = disk->SyncFolder(folder);
  return synced.ok() ? leveldb::Status::OK()
                     : leveldb::Status::IOError(std::string(synced.message()));
}

class DurableFile : public leveldb::WritableFile {
 public:
  DurableFile(std::unique_ptr<leveldb::WritableFile> file, Disk* disk,
              const std::string& folder)
      : file_(std::move(file)), disk_(disk), folder_(folder) {}

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    return file_->Append(bytes);
  }
  leveldb::Status Close() override { return file_->Close(); }
  leveldb::Status Flush() override { return file_->Flush(); }
  leveldb::Status Sync() override {
    leveldb::Status status = file_->Sync();
    if (!status.ok() || named_) return status;
    status = SyncFolder(disk_, folder_);
    named_ = status.ok();
    return status;
  }

 private:
  const std::unique_ptr<leveldb::WritableFile> file_;
  Disk* const disk_;
  const std::string folder_;
  bool named_ = false;  // the file's name is durable
};

}  // namespace

leveldb::Env* PreadEnv() {
  static leveldb::Env* const env = new PreadEnvImpl;
  return env;
}

DurableEnv::DurableEnv(leveldb::Env* env, Disk* disk, std::string folder)
    : EnvWrapper(env), disk_(disk), folder_(std::move(folder)) {}

leveldb::Status DurableEnv::NewWritableFile(const std::string& path,
                                            leveldb::WritableFile** file) {
  leveldb::WritableFile* bare;
  const leveldb::Status status = target()->NewWritableFile(path, &bare);
  *file = status.ok()
              ? new DurableFile(std::unique_ptr<leveldb::WritableFile>(bare),
                                disk_, folder_)
              : nullptr;
  return status;
}

leveldb::Status DurableEnv::RenameFile(const std::string& from,
                                       const std::string& to) {
  leveldb::Status status = target()->RenameFile(from, to);
  if (status.ok()) status = SyncFolder(disk_, folder_);
  if (!status.ok()) rename_failed_ = true;
  return status;
}

// What stays is removed when the database is opened the next time.
leveldb::Status DurableEnv::RemoveFile(const std::string& path) {
  if (rename_failed_) {
    return leveldb::Status::IOError(path, "kept, since a rename failed");
  }
  return target()->RemoveFile(path);
}

leveldb::Status DurableEnv::LockFile(const std::string& path,
                                     leveldb::FileLock** lock) {
  const leveldb::Status status = target()->LockFile(path, lock);
  lock_failed_ = !status.ok();
  return status;
}

}  // namespace vidimus
