#include "log/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace vidimus {
namespace {

absl::Status ErrnoStatus(absl::string_view doing, const std::string& path,
                         int error) {
  // strerror is not made for several threads, this is.
  char text[128];
  const std::string message = absl::StrCat(
      doing, " ", path, ": ", strerror_r(error, text, sizeof(text)));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case ENOTDIR:
      return absl::FailedPreconditionError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::UnavailableError(
          absl::StrCat(message, "; free some space, then start again"));
    default:
      return absl::UnavailableError(message);
  }
}

// Interrupted calls are repeated: a signal is no error of the disk.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile : public DiskFile {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t n = Retry([&] {
        return pread(descriptor_.get(), &bytes[done], size - done,
                     static_cast<off_t>(offset + done));
      });
      if (n < 0) return ErrnoStatus("reading", path_, errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }

  absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = Retry([&] {
        return pwrite(descriptor_.get(), bytes.data(), bytes.size(),
                      static_cast<off_t>(offset));
      });
      if (n < 0) return ErrnoStatus("writing", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return absl::OkStatus();
  }

  // fdatasync writes the size too if it grew, and nothing of the inode if it
  // did not: a file that is only overwritten costs one flush.
  absl::Status Sync() override {
    if (Retry([&] { return fdatasync(descriptor_.get()); }) < 0) {
      return ErrnoStatus("syncing", path_, errno);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat stat;
    if (fstat(descriptor_.get(), &stat) < 0) {
      return ErrnoStatus("asking for the size of", path_, errno);
    }
    return static_cast<uint64_t>(stat.st_size);
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

std::string ParentOf(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

class PosixDiskImpl : public Disk {
 public:
  absl::StatusOr<std::unique_ptr<DiskFile>> Open(const std::string& path,
                                                 bool exclusive) override {
    Descriptor descriptor(Retry([&] {
      return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }));
    if (descriptor.get() < 0) return ErrnoStatus("opening", path, errno);
    if (exclusive &&
        Retry([&] { return flock(descriptor.get(), LOCK_EX | LOCK_NB); }) < 0) {
      if (errno == EWOULDBLOCK) {
        return absl::FailedPreconditionError(
            absl::StrCat("opening ", path,
                         ": another process holds it; is a second server "
                         "running on it?"));
      }
      return ErrnoStatus("locking", path, errno);
    }
    // Even if the file was there: whoever made it may have died before this.
    absl::Status synced = SyncFolder(ParentOf(path));
    if (!synced.ok()) return synced;
    return std::unique_ptr<DiskFile>(
        new PosixFile(path, std::move(descriptor)));
  }

  absl::StatusOr<std::vector<std::string>> List(
      const std::string& folder) override {
    DIR* dir = opendir(folder.c_str());
    if (dir == nullptr) return ErrnoStatus("listing", folder, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(dir)) {
      const absl::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    closedir(dir);
    if (error != 0) return ErrnoStatus("listing", folder, error);
    return names;
  }

  absl::Status MakeFolder(const std::string& folder) override {
    if (mkdir(folder.c_str(), 0700) < 0) {
      const int error = errno;
      struct stat stat;
      if (error != EEXIST || ::stat(folder.c_str(), &stat) < 0 ||
          !S_ISDIR(stat.st_mode)) {
        return ErrnoStatus("making folder", folder, error);
      }
    }
    return SyncFolder(ParentOf(folder));
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) < 0 && errno != ENOENT) {
      return ErrnoStatus("removing", path, errno);
    }
    return SyncFolder(ParentOf(path));
  }

  absl::Status SyncFolder(const std::string& folder) override {
    Descriptor descriptor(Retry([&] {
      return open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }));
    if (descriptor.get() < 0) return ErrnoStatus("opening", folder, errno);
    if (Retry([&] { return fsync(descriptor.get()); }) < 0) {
      return ErrnoStatus("syncing folder", folder, errno);
    }
    return absl::OkStatus();
  }
};

}  // namespace

Disk* PosixDisk() {
  static Disk* const disk = new PosixDiskImpl;
  return disk;
}

}  // namespace vidimus
