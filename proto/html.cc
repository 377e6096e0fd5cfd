#include "proto/html.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace vidimus {
namespace {

// Nothing may run and nothing may come from elsewhere.
constexpr char kPolicy[] =
    "default-src 'none'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

constexpr char kStyle[] = R"(:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; margin-bottom: 0.2rem; }
section { border-top: 0.25rem solid; margin: 2rem 0; padding-top: 0.5rem; }
.fine, .reading { border-color: #1b7a3d; }
.alarm { border-color: #a35b00; }
.wrong { border-color: #b3141d; }
.headline { font-weight: bold; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; }
dt { opacity: 0.8; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { display: block; } dd { margin: 0 0 0.5rem; } }
svg { width: 100%; height: 2rem; }
.full { fill: #1b7a3d; }
.some { fill: #d58a1a; }
.none { fill: #b3141d; }
.unwatched { fill: #8884; }
code { overflow-wrap: anywhere; }
input { box-sizing: border-box; max-width: 100%; }
)";

// Length of the UTF-8 character at the start of `text`; 0: there is none.
size_t Utf8Length(absl::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && at(1) < 0xa0) return 0;  // could be shorter
  if (first == 0xed && at(1) > 0x9f) return 0;  // surrogates
  if (first == 0xef && at(1) == 0xbf && at(2) >= 0xbe)
    return 0;  // U+FFFE, FFFF
  if (first == 0xf0 && at(1) < 0x90) return 0;
  if (first == 0xf4 && at(1) > 0x8f) return 0;
  return length;
}

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const uint8_t first = static_cast<uint8_t>(text[0]);
    if (length == 0 || first == 0x7f ||
        (first < 0x20 && first != '\t' && first != '\n')) {
      escaped += "\xef\xbf\xbd";
    } else if (text[0] == '&') {
      escaped += "&amp;";
    } else if (text[0] == '<') {
      escaped += "&lt;";
    } else if (text[0] == '>') {
      escaped += "&gt;";
    } else if (text[0] == '"') {
      escaped += "&quot;";
    } else if (text[0] == '\'') {
      escaped += "&#39;";
    } else {
      absl::StrAppend(&escaped, text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return escaped;
}

HttpResponse QuietPage(const char* type, std::string body) {
  HttpResponse response(200, type, std::move(body));
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

HttpResponse QuietStyle() {
  return QuietPage("text/css; charset=utf-8", kStyle);
}

std::string QuietPageBegin(absl::string_view title, const char* style,
                           absl::string_view more) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
      Escaped(title), "</title>\n<link rel=\"stylesheet\" href=\"", style,
      "\">\n", more, "</head>\n<body>\n<main>\n");
}

std::string QuietPageEnd() { return "</main>\n</body>\n</html>\n"; }

void AddRow(const char* name, absl::string_view value, std::string* html) {
  absl::StrAppend(html, "<dt>", name, "</dt><dd>", value, "</dd>\n");
}

std::string DurationText(int64_t seconds) {
  const auto count = [](int64_t number, const char* unit) {
    return absl::StrCat(number, " ", unit, number == 1 ? "" : "s");
  };
  seconds = std::max<int64_t>(seconds, 0);
  if (seconds < 120) return count(seconds, "second");
  if (seconds < 120 * 60) return count(seconds / 60, "minute");
  if (seconds < 48 * 3600) return count(seconds / 3600, "hour");
  return count(seconds / (24 * 3600), "day");
}

std::string TimeText(int64_t time_s) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC",
                          absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
}

std::string RfcTime(int64_t time_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time_s),
                          absl::UTCTimeZone());
}

}  // namespace vidimus
