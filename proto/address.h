// proto/address.h
//
// Addresses to listen on or to connect to, as operators write them: host:port.
// Pure, safe from any thread.

#ifndef VIDIMUS_PROTO_ADDRESS_H_
#define VIDIMUS_PROTO_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

struct HostPort {
  // A DNS name in lower case or a numeric address, without brackets.
  std::string host;
  uint16_t port = 0;

  // "host:port", an IPv6 host in brackets. Undoes ParseHostPort.
  std::string ToString() const;

  // Whether only this machine can reach it: 127.0.0.0/8, ::1, "localhost".
  bool IsLoopback() const;
};

// Reads "127.0.0.1:8080", "[::1]:8080", "log.example:8080". The host is a
// numeric address in its canonical form or a DNS name of lower-case letters,
// digits and hyphens; the port is decimal without leading zeros, 0 to 65535.
// kInvalidArgument otherwise. What parses formats back to the same bytes.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

// The host part alone, as above but still in its brackets if IPv6; returns it
// without them.
absl::StatusOr<std::string> ParseHost(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_ADDRESS_H_
