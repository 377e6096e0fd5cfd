#include "client/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status WriteAll(int fd, absl::string_view content,
                      const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return FileError("write", path, n < 0 ? errno : EIO);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<std::string> Read(const std::string& path, size_t bytes_max,
                                 bool is_private) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError("open", path, errno);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FileError("stat", path, errno);
  if (is_private && (info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path,
                     ": others may read or write this secret; expected "
                     "mode 0600 (chmod 600 it)"));
  }
  std::string content;
  content.reserve(static_cast<size_t>(
      std::min<uint64_t>(static_cast<uint64_t>(info.st_size), bytes_max)));
  char buffer[65536];
  while (true) {
    const ssize_t n = read(file.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("read", path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > bytes_max) {
      return absl::OutOfRangeError(
          absl::StrCat(path, ": larger than ", bytes_max, " bytes"));
    }
  }
}

}  // namespace

absl::Status FileError(absl::string_view what, absl::string_view path,
                       int error_number) {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      code = absl::StatusCode::kNotFound;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = absl::StatusCode::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
      code = absl::StatusCode::kResourceExhausted;
      break;
    default:
      break;
  }
  return absl::Status(
      code, absl::StrCat(what, " ", path, ": ", std::strerror(error_number)));
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t bytes_max) {
  return Read(path, bytes_max, /*is_private=*/false);
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path,
                                            size_t bytes_max) {
  return Read(path, bytes_max, /*is_private=*/true);
}

absl::Status WriteFile(const std::string& path, absl::string_view content,
                       int mode, bool sync) {
  const std::string temporary = absl::StrCat(path, ".new");
  {
    const Descriptor file(open(temporary.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return FileError("create", temporary, errno);
    RETURN_IF_ERROR(WriteAll(file.get(), content, temporary));
    if (sync && fdatasync(file.get()) != 0) {
      return FileError("sync", temporary, errno);
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return FileError("rename", temporary, errno);
  }
  return sync ? SyncFolder(FolderOf(path)) : absl::OkStatus();
}

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return SyncFolder(FolderOf(path));
  if (errno != EEXIST) return FileError("make folder", path, errno);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError("stat", path, errno);
  if (!S_ISDIR(info.st_mode)) return FileError("open", path, ENOTDIR);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  const Descriptor folder(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return FileError("open folder", path, errno);
  if (fsync(folder.get()) != 0) return FileError("sync", path, errno);
  return absl::OkStatus();
}

absl::Status EraseFile(const std::string& path) {
  {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) return FileError("open", path, errno);
    struct stat info;
    if (fstat(file.get(), &info) != 0) return FileError("stat", path, errno);
    const std::string zeros(static_cast<size_t>(info.st_size), '\0');
    RETURN_IF_ERROR(WriteAll(file.get(), zeros, path));
    if (fdatasync(file.get()) != 0) return FileError("sync", path, errno);
  }
  if (unlink(path.c_str()) != 0) return FileError("remove", path, errno);
  return absl::OkStatus();
}

}  // namespace vidimus
