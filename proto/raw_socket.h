// proto/raw_socket.h
//
// For tests: TCP on 127.0.0.1 without any manners, to send what no decent
// client or server would. Every wait ends: after ten seconds a read gives up.

#ifndef VIDIMUS_PROTO_RAW_SOCKET_H_
#define VIDIMUS_PROTO_RAW_SOCKET_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace vidimus {

// One end of a connection. Moves; closes when destroyed.
class RawSocket {
 public:
  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(RawSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket() { Close(); }

  static RawSocket Connect(uint16_t port);

  bool ok() const { return fd_ >= 0; }

  // Whether all of it went out (into the kernel's buffer at least).
  bool Send(absl::string_view bytes);

  // Reads until `end` was read, the peer closed, or `timeout` passed.
  std::string ReadUntil(
      absl::string_view end,
      std::chrono::milliseconds timeout = std::chrono::seconds(10));

  // Reads until the peer closed or `timeout` passed. Whether it was the first
  // is then in `closed`.
  std::string ReadAll(
      std::chrono::milliseconds timeout = std::chrono::seconds(10));
  bool closed() const { return closed_; }

  void CloseWrite();
  void Close();

 private:
  int fd_ = -1;
  bool closed_ = false;
};

// Listens on a free port.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  uint16_t port() const { return port_; }
  // Waits for the next connection; a socket that is not ok after ten seconds.
  RawSocket Accept();

 private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_RAW_SOCKET_H_
