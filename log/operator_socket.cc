#include "log/operator_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr int kThreads = 4;
constexpr uint32_t kRequestBytesMax = 2 << 20;
constexpr uint32_t kAnswerBytesMax = 64 << 20;
constexpr int kTimeoutS = 10;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status ErrnoError(absl::string_view doing) {
  char text[128];
  const int error = errno;
  return absl::UnavailableError(
      absl::StrCat(doing, ": ", strerror_r(error, text, sizeof(text))));
}

// A socket's address has room for 107 bytes; by way of the folder's descriptor
// any folder fits.
absl::StatusOr<sockaddr_un> AddressOf(const Descriptor& folder,
                                      const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path =
      absl::StrCat("/proc/self/fd/", folder.get(), "/", name);
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("the name of a socket is too long");
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::StatusOr<Descriptor> OpenFolder(const std::string& folder) {
  Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0) return ErrnoError(absl::StrCat("opening ", folder));
  return opened;
}

absl::Status Send(int fd, const google::protobuf::Message& message) {
  std::string bytes;
  const std::string content = message.SerializeAsString();
  AppendBe32(static_cast<uint32_t>(content.size()), &bytes);
  bytes += content;
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return ErrnoError("sending");
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReceiveBytes(int fd, size_t size) {
  std::string bytes;
  char buffer[65536];
  while (bytes.size() < size) {
    const ssize_t n =
        recv(fd, buffer, std::min(sizeof(buffer), size - bytes.size()), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("receiving");
    if (n == 0) return absl::UnavailableError("the other side hung up");
    bytes.append(buffer, static_cast<size_t>(n));
  }
  return bytes;
}

absl::Status Receive(int fd, uint32_t bytes_max,
                     google::protobuf::Message* message) {
  ASSIGN_OR_RETURN(const std::string head, ReceiveBytes(fd, 4));
  const uint32_t size = Be32(head);
  if (size > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message of ", size, " bytes (limit ", bytes_max, ")"));
  }
  ASSIGN_OR_RETURN(const std::string content, ReceiveBytes(fd, size));
  if (!message->ParseFromString(content)) {
    return absl::InvalidArgumentError("a message that can't be understood");
  }
  return absl::OkStatus();
}

class UnixOperatorSocket : public OperatorSocket {
 public:
  UnixOperatorSocket(Descriptor folder, std::string name, Handler handler)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        handler_(std::move(handler)) {}

  ~UnixOperatorSocket() override {
    if (stop_write_.get() >= 0) {
      stopping_ = true;
      // All threads wait for this end to hang up.
      stop_write_ = Descriptor();
    }
    for (std::thread& thread : threads_) thread.join();
    if (listening_.get() >= 0) unlinkat(folder_.get(), name_.c_str(), 0);
  }

  absl::Status Start() {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) return ErrnoError("making a pipe");
    stop_read_ = Descriptor(pipe_ends[0]);
    stop_write_ = Descriptor(pipe_ends[1]);
    ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(folder_, name_));
    Descriptor listening(
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (listening.get() < 0) return ErrnoError("making a socket");
    if (unlinkat(folder_.get(), name_.c_str(), 0) < 0 && errno != ENOENT) {
      return ErrnoError(absl::StrCat("taking away an old ", name_));
    }
    // Nobody can connect before it listens.
    if (bind(listening.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) < 0 ||
        fchmodat(folder_.get(), name_.c_str(), 0600, 0) < 0 ||
        listen(listening.get(), 16) < 0) {
      return ErrnoError(absl::StrCat("making the socket ", name_));
    }
    listening_ = std::move(listening);
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this] { Serve(); });
    }
    return absl::OkStatus();
  }

 private:
  void Serve() {
    while (!stopping_) {
      pollfd waits[] = {{listening_.get(), POLLIN, 0},
                        {stop_read_.get(), POLLIN, 0}};
      if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
      if (stopping_ || waits[1].revents != 0) return;
      const Descriptor connection(
          accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.get() >= 0) Answer(connection.get());
    }
  }

  void Answer(int fd) {
    ucred peer = {};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        (peer.uid != geteuid() && peer.uid != 0)) {
      return;
    }
    const timeval timeout = {kTimeoutS, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    vault::OperatorRequest request;
    vault::OperatorAnswer answer;
    absl::Status status = Receive(fd, kRequestBytesMax, &request);
    if (status.ok()) {
      absl::StatusOr<vault::OperatorAnswer> given = handler_(request);
      status = given.status();
      if (given.ok()) answer = *std::move(given);
    }
    answer.set_code(static_cast<int>(status.code()));
    answer.set_message(std::string(status.message()));
    // One who has hung up learns the outcome by asking for the status.
    Send(fd, answer).IgnoreError();
  }

  const Descriptor folder_;
  const std::string name_;
  const Handler handler_;
  std::atomic<bool> stopping_{false};
  Descriptor stop_read_, stop_write_;
  Descriptor listening_;
  std::vector<std::thread> threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OperatorSocket>> OperatorSocket::Open(
    const std::string& folder, const std::string& name, Handler handler) {
  ASSIGN_OR_RETURN(Descriptor opened, OpenFolder(folder));
  auto socket = std::make_unique<UnixOperatorSocket>(std::move(opened), name,
                                                     std::move(handler));
  RETURN_IF_ERROR(Annotate(socket->Start(), "the operator's socket"));
  return std::unique_ptr<OperatorSocket>(std::move(socket));
}

absl::StatusOr<vault::OperatorAnswer> AskOperatorSocket(
    const std::string& folder, const std::string& name,
    const vault::OperatorRequest& request) {
  ASSIGN_OR_RETURN(const Descriptor opened, OpenFolder(folder));
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(opened, name));
  const Descriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.get() < 0) return ErrnoError("making a socket");
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) < 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) {
      return absl::UnavailableError(
          absl::StrCat("no server runs on ", folder,
                       "; start it with `vidimus log serve "
                       "--dir ",
                       folder, "`"));
    }
    return ErrnoError(absl::StrCat("asking the server on ", folder));
  }
  RETURN_IF_ERROR(Send(connection.get(), request));
  vault::OperatorAnswer answer;
  RETURN_IF_ERROR(Annotate(
      Receive(connection.get(), kAnswerBytesMax, &answer),
      "waiting for the answer (what was asked may have been done; ask again)"));
  const absl::Status status(static_cast<absl::StatusCode>(answer.code()),
                            answer.message());
  if (!status.ok()) return status;
  return answer;
}

}  // namespace vidimus
