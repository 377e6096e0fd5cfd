#include "proto/url.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/address.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr size_t kUrlBytesMax = 2048;

bool IsUpperHex(char c) {
  return absl::ascii_isdigit(c) || (c >= 'A' && c <= 'F');
}

bool IsSegment(absl::string_view segment) {
  if (segment == "." || segment == "..") return false;
  for (size_t i = 0; i < segment.size(); ++i) {
    const char c = segment[i];
    if (c == '%') {
      if (i + 2 >= segment.size() || !IsUpperHex(segment[i + 1]) ||
          !IsUpperHex(segment[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!absl::ascii_isalnum(c) &&
               !absl::StrContains("-._~!$&'()*+,;=:@", c)) {
      return false;
    }
  }
  return true;
}

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return absl::OkStatus();
  const std::vector<absl::string_view> segments =
      absl::StrSplit(path.substr(1), '/');
  for (size_t i = 0; i < segments.size(); ++i) {
    if ((segments[i].empty() && i + 1 < segments.size()) ||
        !IsSegment(segments[i])) {
      return absl::InvalidArgumentError(
          "URL: its path has an empty, '.' or '..' segment, or a character "
          "that does not belong in a path");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string Url::Authority() const {
  const std::string bracketed =
      absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
  return port.has_value() ? absl::StrCat(bracketed, ":", *port) : bracketed;
}

std::string Url::ToString() const {
  return absl::StrCat(is_https ? "https://" : "http://", Authority(), path);
}

std::string Url::PathOf(absl::string_view relative) const {
  absl::string_view begin = path;
  absl::ConsumeSuffix(&begin, "/");
  absl::ConsumePrefix(&relative, "/");
  return absl::StrCat(begin, "/", relative);
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  if (text.size() > kUrlBytesMax) {
    return absl::InvalidArgumentError("URL: longer than 2048 bytes");
  }
  Url url;
  if (absl::ConsumePrefix(&text, "https://")) {
    url.is_https = true;
  } else if (!absl::ConsumePrefix(&text, "http://")) {
    return absl::InvalidArgumentError(
        "URL: must begin with http:// or https://");
  }
  const absl::string_view authority = text.substr(0, text.find('/'));
  url.path = std::string(text.substr(authority.size()));
  RETURN_IF_ERROR(CheckPath(url.path));

  // A colon after the last bracket begins the port.
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  const bool has_port = colon != absl::string_view::npos &&
                        (bracket == absl::string_view::npos || colon > bracket);
  if (has_port) {
    ASSIGN_OR_RETURN(HostPort address, ParseHostPort(authority));
    if (address.port == 0) {
      return absl::InvalidArgumentError("URL: the port must not be 0");
    }
    url.host = std::move(address.host);
    url.port = address.port;
  } else {
    ASSIGN_OR_RETURN(url.host, ParseHost(authority));
  }
  return url;
}

}  // namespace vidimus
