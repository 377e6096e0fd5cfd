// For tests: a disk that does what another does, until a subclass says
// otherwise.
#ifndef VIDIMUS_LOG_DISK_TESTING_H_
#define VIDIMUS_LOG_DISK_TESTING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/disk.h"

namespace vidimus {

class OtherDisk : public Disk {
 public:
  // `disk` must outlive it.
  explicit OtherDisk(Disk* disk) : disk_(disk) {}

  absl::StatusOr<std::unique_ptr<DiskFile>> Open(const std::string& path,
                                                 bool exclusive) override {
    auto file = disk_->Open(path, exclusive);
    if (!file.ok()) return file;
    return {Wrap(*std::move(file))};
  }
  absl::StatusOr<std::vector<std::string>> List(
      const std::string& folder) override {
    return disk_->List(folder);
  }
  absl::Status MakeFolder(const std::string& folder) override {
    return disk_->MakeFolder(folder);
  }
  absl::Status Remove(const std::string& path) override {
    return disk_->Remove(path);
  }
  absl::Status SyncFolder(const std::string& folder) override {
    return disk_->SyncFolder(folder);
  }

 protected:
  class File : public DiskFile {
   public:
    explicit File(std::unique_ptr<DiskFile> file) : file_(std::move(file)) {}
    absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
      return file_->ReadAt(offset, size);
    }
    absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
      return file_->WriteAt(offset, bytes);
    }
    absl::Status Sync() override { return file_->Sync(); }
    absl::StatusOr<uint64_t> Size() override { return file_->Size(); }

   private:
    const std::unique_ptr<DiskFile> file_;
  };

 private:
  // What Open returns instead of `file`.
  virtual std::unique_ptr<DiskFile> Wrap(std::unique_ptr<DiskFile> file) = 0;

  Disk* const disk_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_DISK_TESTING_H_
