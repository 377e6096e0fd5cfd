#include "client/monitor/state_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "proto/status.h"

namespace vidimus {

absl::StatusOr<std::unique_ptr<StateFolder>> StateFolder::Open(
    const std::string& path, DurableStepWatcher watcher) {
  RETURN_IF_ERROR(MakeFolder(path));
  const std::string lock_path = absl::StrCat(path, "/in_use");
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return FileError("open", lock_path, errno);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": another process follows a log here; stop it first"));
  }
  return std::unique_ptr<StateFolder>(
      new StateFolder(path, std::move(watcher), lock));
}

StateFolder::~StateFolder() { close(lock_); }

std::string StateFolder::PathOf(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

absl::Status StateFolder::Replace(const std::string& name,
                                  absl::string_view content) {
  RETURN_IF_ERROR(WriteFile(PathOf(name), content, 0600, /*sync=*/true));
  Watch(DurableStep::kReplaced, name);
  return absl::OkStatus();
}

absl::Status StateFolder::Sync(int descriptor, const std::string& name) {
  if (fdatasync(descriptor) != 0) return FileError("sync", PathOf(name), errno);
  Watch(DurableStep::kSynced, name);
  return absl::OkStatus();
}

absl::Status StateFolder::SyncNames() {
  RETURN_IF_ERROR(SyncFolder(path_));
  Watch(DurableStep::kNames, "");
  return absl::OkStatus();
}

absl::Status StateFolder::Remove(const std::string& name) {
  if (unlink(PathOf(name).c_str()) != 0 && errno != ENOENT) {
    return FileError("remove", PathOf(name), errno);
  }
  Watch(DurableStep::kRemoved, name);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> StateFolder::List(
    absl::string_view prefix) const {
  DIR* const folder = opendir(path_.c_str());
  if (folder == nullptr) return FileError("open folder", path_, errno);
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(folder)) {
    if (absl::StartsWith(entry->d_name, prefix)) {
      names.emplace_back(entry->d_name);
    }
  }
  closedir(folder);
  return names;
}

absl::StatusOr<uint64_t> StateFolder::FreeBytes() const {
  struct statvfs info;
  if (statvfs(path_.c_str(), &info) != 0) {
    return FileError("stat", path_, errno);
  }
  return uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace vidimus
