// What a sign-in reads of browsers and of the city's identity provider:
// cookies, the query that a browser brings back, the provider's answer. Pure
// functions, any thread. docs/sign_in.md.
//
// Messages say which rule was broken; never anything of what was read.
#ifndef VIDIMUS_LOG_SIGN_IN_TEXT_H_
#define VIDIMUS_LOG_SIGN_IN_TEXT_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

inline constexpr size_t kCookieHeaderBytesMax = 16 * 1024;
inline constexpr size_t kQueryBytesMax = 4096;
inline constexpr size_t kQueryPairsMax = 32;
inline constexpr size_t kProviderAnswerBytesMax = 64 * 1024;

// The value of the cookie `name` in the values of `cookie` headers; nothing if
// none has it. kInvalidArgument if it stands there twice, for then somebody
// else may have set one of the two, or if the headers are beyond
// kCookieHeaderBytesMax. Other cookies may be anything.
absl::StatusOr<std::optional<std::string>> FindCookie(
    const std::vector<absl::string_view>& headers, absl::string_view name);

// Names and values of a query (application/x-www-form-urlencoded).
// kInvalidArgument for a name that stands twice, a broken percent code, and
// what is beyond the limits above.
absl::StatusOr<std::map<std::string, std::string>> ParseQuery(
    absl::string_view query);

// The reverse, in the order given: everything but letters, digits and "-._~" is
// a percent code.
std::string FormatQuery(
    const std::vector<std::pair<std::string, std::string>>& pairs);
std::string PercentEncode(absl::string_view text);

// The id token in what a token endpoint answered (OpenID Connect Core 3.1.3.3).
// kUnavailable for what is no such answer; if it is an error of RFC 6749, 5.2,
// its word stands in the message.
absl::StatusOr<std::string> IdTokenOf(int http_status, absl::string_view body);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SIGN_IN_TEXT_H_
