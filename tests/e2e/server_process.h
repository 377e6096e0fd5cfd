// For tests: vidimus-log as a process of its own, started, watched and killed
// like an operator's. The program comes as data of the test target
// (//log:vidimus-log), or is the one that the environment's VIDIMUS_LOG names.
// Nothing here is safe from several threads unless it says so; every wait ends.
#ifndef VIDIMUS_TESTS_E2E_SERVER_PROCESS_H_
#define VIDIMUS_TESTS_E2E_SERVER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vidimus {

// A new folder that goes with everything in it when this does.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

// Files, for tests: a failure ends the test program.
std::string ReadTextFile(const std::string& path);
void WriteTextFile(const std::string& path, const std::string& text);
// A copy with modes and times, `to` not existing yet.
void CopyFolder(const std::string& from, const std::string& to);
void RemoveFolder(const std::string& path);
// Paths of all plain files under `folder`, sorted.
std::vector<std::string> FilesUnder(const std::string& folder);

// How a program ended.
struct Ended {
  int exit_code = -1;  // -1: it was killed by `signal`
  int signal = 0;
  std::string output;
  std::string errors;
};

// What a process is started with besides its arguments.
struct ProcessOptions {
  // A write that would make a file larger fails, as on a full disk. 0: none.
  uint64_t file_bytes_max = 0;
  // File permissions hold even if the test is root.
  bool no_override = false;
  // A server that is not ready by then is killed. 0: it has 30 seconds.
  std::chrono::milliseconds killed_after{0};
};

// Runs `vidimus-log ARGUMENT...` to its end, at most 30 seconds; then it is
// killed.
Ended RunLog(const std::vector<std::string>& arguments,
             const ProcessOptions& options = {});

// Makes a log and replaces its settings by origin, face and `settings`. A
// failure ends the test program.
void InitFolder(const std::string& dir, const std::string& origin, bool opaque,
                const std::string& settings = "");

// A running `vidimus-log serve`. Killed with SIGKILL when destroyed.
class ServerProcess {
 public:
  // Starts it and waits until it says that it is ready. If it ends before, the
  // status has its errors as message: kFailedPrecondition for exit code 1,
  // kInvalidArgument for 2, kInternal else. kCancelled if it was killed as
  // options.killed_after wants.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const std::vector<std::string>& arguments,
      const ProcessOptions& options = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // The port of the door with this scheme: "http", "https", "grpc", "grpcs". 0
  // if it has none. Any thread.
  uint16_t port(const std::string& scheme) const;

  pid_t pid() const { return pid_; }
  // From the start of the process to its "ready".
  std::chrono::milliseconds start_time() const { return start_time_; }

  bool Alive();
  // Any thread, while it is known to be alive.
  void Signal(int signal);
  // SIGKILL, and waits for its end.
  void Kill();
  // Waits for its end, kills it if that does not come.
  Ended Wait(std::chrono::milliseconds timeout = std::chrono::seconds(30));
  // SIGTERM, then Wait.
  Ended Terminate(std::chrono::milliseconds timeout = std::chrono::seconds(30));

  // What it wrote to standard error so far. Any thread.
  std::string Errors() const;

 private:
  ServerProcess() = default;

  pid_t pid_ = -1;
  int output_ = -1;  // its standard output
  std::string errors_path_;
  std::map<std::string, uint16_t> ports_;
  std::chrono::milliseconds start_time_{0};
  bool ended_ = false;
  Ended how_;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_E2E_SERVER_PROCESS_H_
