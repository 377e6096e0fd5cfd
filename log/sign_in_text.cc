#include "log/sign_in_text.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/json_value.h"
#include "proto/status.h"

namespace vidimus {
namespace {

// The words that an operator may be told; others are the provider's own.
constexpr const char* kTokenErrors[] = {
    "invalid_request",        "invalid_client",         "invalid_grant",
    "unauthorized_client",    "unsupported_grant_type", "invalid_scope",
    "temporarily_unavailable"};

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::StatusOr<std::string> FormDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return absl::InvalidArgumentError("a query with a broken percent code");
      }
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindCookie(
    const std::vector<absl::string_view>& headers, absl::string_view name) {
  size_t bytes = 0;
  std::optional<std::string> found;
  for (const absl::string_view header : headers) {
    bytes += header.size();
    if (bytes > kCookieHeaderBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "more than ", kCookieHeaderBytesMax, " bytes of cookies"));
    }
    for (absl::string_view pair : absl::StrSplit(header, ';')) {
      pair = absl::StripAsciiWhitespace(pair);
      const size_t equals = pair.find('=');
      if (equals == absl::string_view::npos || pair.substr(0, equals) != name) {
        continue;
      }
      if (found.has_value()) {
        return absl::InvalidArgumentError("one cookie stands there twice");
      }
      found = std::string(pair.substr(equals + 1));
    }
  }
  return found;
}

absl::StatusOr<std::map<std::string, std::string>> ParseQuery(
    absl::string_view query) {
  if (query.size() > kQueryBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a query of more than ", kQueryBytesMax, " bytes"));
  }
  std::map<std::string, std::string> pairs;
  size_t count = 0;
  for (const absl::string_view pair : absl::StrSplit(query, '&')) {
    if (pair.empty()) continue;
    if (++count > kQueryPairsMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("a query of more than ", kQueryPairsMax, " pairs"));
    }
    const size_t equals = pair.find('=');
    ASSIGN_OR_RETURN(std::string name, FormDecode(pair.substr(0, equals)));
    std::string value;
    if (equals != absl::string_view::npos) {
      ASSIGN_OR_RETURN(value, FormDecode(pair.substr(equals + 1)));
    }
    if (!pairs.emplace(std::move(name), std::move(value)).second) {
      return absl::InvalidArgumentError("a query with one name twice");
    }
  }
  return pairs;
}

std::string PercentEncode(absl::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      const uint8_t byte = static_cast<uint8_t>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

std::string FormatQuery(
    const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string query;
  for (const auto& [name, value] : pairs) {
    absl::StrAppend(&query, query.empty() ? "" : "&", PercentEncode(name), "=",
                    PercentEncode(value));
  }
  return query;
}

absl::StatusOr<std::string> IdTokenOf(int http_status, absl::string_view body) {
  const absl::StatusOr<Json> answer =
      body.size() > kProviderAnswerBytesMax
          ? absl::InvalidArgumentError("too large")
          : ParseJson(body);
  if (!answer.ok() || answer->kind != Json::Kind::kObject) {
    return absl::UnavailableError(
        absl::StrCat("token endpoint: status ", http_status,
                     ", and its answer is no JSON object whose names differ"));
  }
  if (http_status != 200) {
    const absl::string_view error = Json::TextOf(answer->Find("error"));
    for (const char* const word : kTokenErrors) {
      if (error == word) {
        return absl::UnavailableError(
            absl::StrCat("token endpoint: status ", http_status, ", ", word));
      }
    }
    return absl::UnavailableError(
        absl::StrCat("token endpoint: status ", http_status));
  }
  const Json* const type = answer->Find("token_type");
  const Json* const token = answer->Find("id_token");
  if (type == nullptr || type->kind != Json::Kind::kString ||
      !absl::EqualsIgnoreCase(type->text, "Bearer") || token == nullptr ||
      token->kind != Json::Kind::kString || token->text.empty()) {
    return absl::UnavailableError(
        "token endpoint: its answer has no id_token, or is not of token_type "
        "Bearer: is `openid` in the scope?");
  }
  return token->text;
}

}  // namespace vidimus
