// What a monitor says about the logs that it follows, as people and programs
// read it: HTML that needs no script, JSON, Atom, and lines for a terminal.
// Pure. Everything that came from outside (origins, names, sentences) is
// escaped (proto/html.h), whatever it holds.
#ifndef VIDIMUS_CLIENT_MONITOR_STATUS_PAGE_H_
#define VIDIMUS_CLIENT_MONITOR_STATUS_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/monitor/status.pb.h"
#include "proto/http_server.h"

namespace vidimus {

// Pages with the headers that keep a browser from doing anything but showing
// them: no script, no frame, no form, styles from this server alone.
HttpResponse HtmlStatus(const v1::MonitorStatus& status);
HttpResponse JsonStatus(const v1::MonitorStatus& status);
// `public_url` is what entries and links begin with; empty: names that stay
// without it, and links that are relative.
HttpResponse AtomStatus(const v1::MonitorStatus& status,
                        const std::string& public_url);
// A file for download: evidence, or a statement. `name` of letters, digits,
// dots and hyphens (others are replaced).
HttpResponse Download(const std::string& name, std::string bytes);

// For a terminal: a line for each log, one under it for each thing that is
// wrong. Control characters are replaced.
std::string TextStatus(const v1::MonitorStatus& status);

// What `vidimus monitor status` exits with (client.h): kExitTrue if nothing is
// wrong, kExitFalse if a log is, kExitUnusable if there is an alarm or nothing
// is known of a log yet.
int StatusExitCode(const v1::MonitorStatus& status);

// "fine", "reading", "alarm", "wrong", as metrics and pages have it.
const char* StandingName(v1::LogStanding standing);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_STATUS_PAGE_H_
