// The folder that a follower keeps its state in: one process at a time, and
// every step that must survive a loss of power taken here, in sight of tests.
#ifndef VIDIMUS_CLIENT_MONITOR_STATE_FOLDER_H_
#define VIDIMUS_CLIENT_MONITOR_STATE_FOLDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// Something durable has happened to a name; for tests of what a loss of power
// leaves behind.
enum class DurableStep {
  kSynced,    // the content of this file, if its name is durable
  kReplaced,  // this file, name and content, and every other name
  kNames,     // every name in the folder
  kRemoved,   // this file was removed; not durable before names are
};
using DurableStepWatcher =
    std::function<void(DurableStep step, const std::string& name)>;

// Any thread.
class StateFolder {
 public:
  // Makes the folder if absent; its parent must exist. kFailedPrecondition if
  // another process holds it. `watcher` may be null.
  static absl::StatusOr<std::unique_ptr<StateFolder>> Open(
      const std::string& path, DurableStepWatcher watcher);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  std::string PathOf(absl::string_view name) const;

  // Writes a file whole: on return it is durable. Before, a crash leaves the
  // old content.
  absl::Status Replace(const std::string& name, absl::string_view content);

  // Makes what was written to an open file durable.
  absl::Status Sync(int descriptor, const std::string& name);
  absl::Status SyncNames();

  absl::Status Remove(const std::string& name);
  // Names of files whose name begins so, in no order.
  absl::StatusOr<std::vector<std::string>> List(absl::string_view prefix) const;

  // Of the file system.
  absl::StatusOr<uint64_t> FreeBytes() const;

 private:
  StateFolder(std::string path, DurableStepWatcher watcher, int lock)
      : path_(std::move(path)), watcher_(std::move(watcher)), lock_(lock) {}
  void Watch(DurableStep step, const std::string& name) const {
    if (watcher_ != nullptr) watcher_(step, name);
  }

  const std::string path_;
  const DurableStepWatcher watcher_;
  const int lock_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_STATE_FOLDER_H_
