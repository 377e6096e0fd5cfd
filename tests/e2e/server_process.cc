#include "tests/e2e/server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience(30);

// Where the environment says, or among our data: a test runs in its runfiles,
// other programs have them beside themselves.
std::string Program() {
  const char* given = getenv("VIDIMUS_LOG");
  if (given != nullptr) return given;
  const std::string here = "log/vidimus-log";
  if (access(here.c_str(), X_OK) == 0) return here;
  return fs::read_symlink("/proc/self/exe").string() + ".runfiles/vidimus/" +
         here;
}

std::string TempRoot() {
  const char* given = getenv("TEST_TMPDIR");
  return given != nullptr ? given : "/tmp";
}

std::string NewErrorsPath() {
  std::string path = TempRoot() + "/errors.XXXXXX";
  const int file = mkstemp(path.data());
  CHECK(file >= 0);
  close(file);
  return path;
}

// Starts the program with its output in a pipe, whose end is set, and its
// errors in a file.
pid_t Spawn(const std::vector<std::string>& arguments,
            const ProcessOptions& options, const std::string& errors_path,
            int* output) {
  std::vector<char*> words;
  std::string program = Program();
  words.push_back(program.data());
  std::vector<std::string> copies = arguments;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  const int errors = open(errors_path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  CHECK(errors >= 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    if (options.file_bytes_max > 0) {
      // Its writes shall fail, not itself.
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{options.file_bytes_max, options.file_bytes_max};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (options.no_override && getuid() == 0 &&
        (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) != 0 ||
         prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) != 0)) {
      _exit(126);
    }
    execv(words[0], words.data());
    _exit(127);
  }
  close(ends[1]);
  close(errors);
  *output = ends[0];
  return pid;
}

// Appends what can be read until `deadline`; false at the end of the file or of
// the time.
bool ReadSome(int file, std::chrono::steady_clock::time_point deadline,
              std::string* text) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  pollfd one{file, POLLIN, 0};
  const int wait = static_cast<int>(std::max<int64_t>(left.count(), 0));
  if (poll(&one, 1, wait) <= 0) return false;
  char buffer[4096];
  const ssize_t got = read(file, buffer, sizeof(buffer));
  if (got <= 0) return false;
  text->append(buffer, static_cast<size_t>(got));
  return true;
}

void SetEnd(int status, Ended* ended) {
  if (WIFEXITED(status)) {
    ended->exit_code = WEXITSTATUS(status);
  } else {
    ended->signal = WTERMSIG(status);
  }
}

}  // namespace

TempFolder::TempFolder() {
  std::string path = TempRoot() + "/vidimus.XXXXXX";
  CHECK(mkdtemp(path.data()) != nullptr);
  path_ = path;
}

TempFolder::~TempFolder() { RemoveFolder(path_); }

std::string ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteTextFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  CHECK(file.good());
}

void CopyFolder(const std::string& from, const std::string& to) {
  // A socket has nothing to copy; a file may go while a server runs.
  fs::create_directory(to, from);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path copy = to / entry.path().lexically_relative(from);
    std::error_code error;
    if (entry.is_directory()) {
      fs::create_directory(copy, entry.path(), error);
    } else if (entry.is_regular_file(error)) {
      fs::copy_file(entry.path(), copy, error);
    }
    CHECK(!error || !fs::exists(entry.path()));
  }
}

void RemoveFolder(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::vector<std::string> FilesUnder(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Ended RunLog(const std::vector<std::string>& arguments,
             const ProcessOptions& options) {
  const std::string errors_path = NewErrorsPath();
  int output;
  const pid_t pid = Spawn(arguments, options, errors_path, &output);
  Ended ended;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (ReadSome(output, deadline, &ended.output)) {
  }
  if (std::chrono::steady_clock::now() >= deadline) kill(pid, SIGKILL);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  close(output);
  SetEnd(status, &ended);
  ended.errors = ReadTextFile(errors_path);
  unlink(errors_path.c_str());
  return ended;
}

void InitFolder(const std::string& dir, const std::string& origin, bool opaque,
                const std::string& settings) {
  std::vector<std::string> arguments = {"init", "--dir", dir, "--origin",
                                        origin};
  if (opaque) arguments.push_back("--opaque");
  CHECK_EQ(RunLog(arguments).exit_code, 0);
  WriteTextFile(dir + "/settings.textproto",
                absl::StrCat("origin: \"", origin, "\"\nface: ",
                             opaque ? "OPAQUE" : "ACCESS", "\n", settings));
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(
    const std::vector<std::string>& arguments, const ProcessOptions& options) {
  std::unique_ptr<ServerProcess> server(new ServerProcess);
  server->errors_path_ = NewErrorsPath();
  std::vector<std::string> words = {"serve"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto begin = std::chrono::steady_clock::now();
  server->pid_ = Spawn(words, options, server->errors_path_, &server->output_);
  std::string output;
  const auto ready = [&output] {
    return absl::StartsWith(output, "ready\n") ||
           absl::StrContains(output, "\nready\n");
  };
  const bool to_be_killed = options.killed_after.count() > 0;
  const auto deadline =
      begin + (to_be_killed ? options.killed_after
                            : std::chrono::milliseconds(kPatience));
  while (!ready() && ReadSome(server->output_, deadline, &output)) {
  }
  server->start_time_ = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  if (!ready() && to_be_killed) {
    const bool alive = server->Alive();
    server->Kill();
    if (alive) return absl::CancelledError("killed before it was ready");
  }
  if (!ready()) {
    const Ended ended = server->Wait(std::chrono::seconds(5));
    const absl::StatusCode code =
        ended.exit_code == 1   ? absl::StatusCode::kFailedPrecondition
        : ended.exit_code == 2 ? absl::StatusCode::kInvalidArgument
                               : absl::StatusCode::kInternal;
    return absl::Status(code, ended.errors);
  }
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    if (parts.size() != 2 || parts[0] != "listening") continue;
    uint32_t port = 0;
    CHECK(absl::SimpleAtoi(parts[1].substr(parts[1].rfind(':') + 1), &port));
    server->ports_[parts[1].substr(0, parts[1].find(':'))] =
        static_cast<uint16_t>(port);
  }
  return server;
}

ServerProcess::~ServerProcess() {
  Kill();
  if (output_ >= 0) close(output_);
  unlink(errors_path_.c_str());
}

uint16_t ServerProcess::port(const std::string& scheme) const {
  const auto it = ports_.find(scheme);
  return it == ports_.end() ? uint16_t{0} : it->second;
}

bool ServerProcess::Alive() {
  if (ended_) return false;
  int status;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  ended_ = true;
  SetEnd(status, &how_);
  return false;
}

void ServerProcess::Signal(int signal) {
  if (!ended_) kill(pid_, signal);
}

void ServerProcess::Kill() {
  if (!Alive()) return;
  kill(pid_, SIGKILL);
  int status;
  CHECK(waitpid(pid_, &status, 0) == pid_);
  ended_ = true;
  SetEnd(status, &how_);
}

Ended ServerProcess::Wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (Alive() && std::chrono::steady_clock::now() < deadline) {
    usleep(2000);
  }
  Kill();
  Ended ended = how_;
  ended.errors = Errors();
  return ended;
}

Ended ServerProcess::Terminate(std::chrono::milliseconds timeout) {
  Signal(SIGTERM);
  return Wait(timeout);
}

std::string ServerProcess::Errors() const { return ReadTextFile(errors_path_); }

}  // namespace vidimus
