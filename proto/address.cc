#include "proto/address.h"

#include <arpa/inet.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace vidimus {
namespace {

constexpr size_t kHostBytesMax = 253;  // RFC 1035, as text.
constexpr size_t kLabelBytesMax = 63;

// `text` is what inet_ntop would write for it.
bool IsCanonicalAddress(int family, const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  char written[INET6_ADDRSTRLEN];
  return inet_pton(family, text.c_str(), bytes) == 1 &&
         inet_ntop(family, bytes, written, sizeof(written)) != nullptr &&
         text == written;
}

bool IsDnsName(absl::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return false;
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (label.empty() || label.size() > kLabelBytesMax ||
        label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (char c : label) {
      if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') {
        return false;
      }
    }
  }
  // A last label of digits is an address or a mistake (RFC 3696, 2).
  const absl::string_view last = text.substr(text.rfind('.') + 1);
  for (char c : last) {
    if (!absl::ascii_isdigit(c)) return true;
  }
  return false;
}

}  // namespace

std::string HostPort::ToString() const {
  if (absl::StrContains(host, ':')) {
    return absl::StrCat("[", host, "]:", port);
  }
  return absl::StrCat(host, ":", port);
}

bool HostPort::IsLoopback() const {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") && IsCanonicalAddress(AF_INET, host));
}

absl::StatusOr<std::string> ParseHost(absl::string_view text) {
  if (text.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("host: holds a NUL");
  }
  absl::string_view inner = text;
  if (absl::ConsumePrefix(&inner, "[")) {
    if (!absl::ConsumeSuffix(&inner, "]") ||
        !IsCanonicalAddress(AF_INET6, std::string(inner))) {
      return absl::InvalidArgumentError(
          "host: not an IPv6 address in brackets, in its shortest form");
    }
    return std::string(inner);
  }
  if (!IsCanonicalAddress(AF_INET, std::string(text)) && !IsDnsName(text)) {
    return absl::InvalidArgumentError(
        "host: neither a numeric address nor a name of lower-case letters, "
        "digits and hyphens");
  }
  return std::string(text);
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError("address: want host:port, found no port");
  }
  HostPort address;
  absl::StatusOr<std::string> host = ParseHost(text.substr(0, colon));
  if (!host.ok()) return host.status();
  address.host = *std::move(host);
  const absl::string_view digits = text.substr(colon + 1);
  uint32_t port = 0;
  if (digits.empty() || digits.size() > 5 || !absl::SimpleAtoi(digits, &port) ||
      port > 65535 || digits != absl::StrCat(port)) {
    return absl::InvalidArgumentError(
        "address: the port must be a decimal number from 0 to 65535");
  }
  address.port = static_cast<uint16_t>(port);
  return address;
}

}  // namespace vidimus
