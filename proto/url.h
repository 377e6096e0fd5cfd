// proto/url.h
//
// URLs of logs, witnesses and monitors, as operators write them. Stricter than
// RFC 3986 so that one place has one name. Pure, any thread.

#ifndef VIDIMUS_PROTO_URL_H_
#define VIDIMUS_PROTO_URL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

struct Url {
  bool is_https = false;
  // As HostPort's: without brackets.
  std::string host;
  // As written; without one, 80 or 443.
  std::optional<uint16_t> port;
  // Empty, or begins with '/'.
  std::string path;

  uint16_t EffectivePort() const { return port.value_or(is_https ? 443 : 80); }

  // "host" or "host:port" as the Host header wants it, brackets and all.
  std::string Authority() const;

  // Undoes ParseUrl.
  std::string ToString() const;

  // The path of `relative` ("checkpoint", "tile/0/000") below this URL:
  // one slash between the two.
  std::string PathOf(absl::string_view relative) const;
};

// Reads "http://host[:port][/path]" or https. The scheme is in lower case; host
// and port are as ParseHostPort wants them, the port not 0; the path holds the
// characters of RFC 3986's `pchar` and percent codes in upper case, and no
// empty (but for the last), "." or ".." segment. No user, query or fragment. At
// most 2,048 bytes. kInvalidArgument otherwise. What parses formats back to the
// same bytes.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_URL_H_
