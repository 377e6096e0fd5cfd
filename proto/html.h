// proto/html.h
//
// HTML and XML that programs here write of themselves: pages that need no
// script, take everything from outside as text, and let a browser do nothing
// but show them. Pure functions, any thread.

#ifndef VIDIMUS_PROTO_HTML_H_
#define VIDIMUS_PROTO_HTML_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proto/http_server.h"

namespace vidimus {

// For HTML and XML, in text and in quoted attributes. Control characters that
// XML does not know, and bytes that are no UTF-8, become U+FFFD.
std::string Escaped(absl::string_view text);

// Content with the headers that keep a browser from doing anything but showing
// it: no script, no frame, no form, styles from this server alone.
HttpResponse QuietPage(const char* type, std::string body);

// A style for such pages, as text/css: one column, light and dark by the
// reader's wish; sections "fine", "reading", "alarm" and "wrong" with a line of
// that colour, lists of terms (dl) as a table.
HttpResponse QuietStyle();

// The begin of a page in English up to and without its <h1>, and its end.
// `title` is escaped here; `style` is the style sheet's address; `more` is HTML
// for the head.
std::string QuietPageBegin(absl::string_view title, const char* style,
                           absl::string_view more = "");
std::string QuietPageEnd();

// A row of a dl: `value` is HTML.
void AddRow(const char* name, absl::string_view value, std::string* html);

// "3 minutes": in the unit in which it is at least two, never less than 0.
std::string DurationText(int64_t seconds);

// POSIX seconds as people and as machines read them: 2026-11-23 04:00:00 UTC,
// 2026-11-23T04:00:00Z.
std::string TimeText(int64_t time_s);
std::string RfcTime(int64_t time_s);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_HTML_H_
