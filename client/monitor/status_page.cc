#include "client/monitor/status_page.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/client.h"
#include "client/terminal.h"
#include "proto/html.h"
#include "proto/json.h"

namespace vidimus {
namespace {

std::string Ago(const v1::MonitorStatus& status, int64_t time_s) {
  if (time_s == 0) return "never";
  return absl::StrCat(DurationText(status.time_s() - time_s), " ago");
}

// An element of HTML with when it was, in words and for machines.
std::string TimeElement(const v1::MonitorStatus& status, int64_t time_s) {
  if (time_s == 0) return "never";
  return absl::StrCat("<time datetime=\"", RfcTime(time_s), "\">",
                      TimeText(time_s), "</time>, ", Ago(status, time_s));
}

double Share(const v1::LogStatus& log, uint64_t* watched_s) {
  uint64_t answered_s = 0;
  *watched_s = 0;
  for (const v1::UptimeDay& day : log.day()) {
    *watched_s += day.watched_s();
    answered_s += day.answered_s();
  }
  return *watched_s == 0 ? 0
                         : static_cast<double>(answered_s) /
                               static_cast<double>(*watched_s);
}

// Never rounds up to all of it.
std::string Percent(double share) {
  return absl::StrFormat("%.3f %%",
                         share < 1 ? std::min(share * 100, 99.999) : 100.0);
}

std::string Uptime(const v1::LogStatus& log) {
  uint64_t watched_s = 0;
  const double share = Share(log, &watched_s);
  if (watched_s == 0) return "not watched yet";
  return absl::StrCat("answered ", Percent(share), " of the time, of ",
                      log.day_size(), log.day_size() == 1 ? " day" : " days",
                      " watched");
}

std::string UptimePicture(const v1::LogStatus& log) {
  if (log.day_size() == 0) return "";
  std::string svg = absl::StrCat(
      "<svg viewBox=\"0 0 900 20\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"Day by day: ",
      Escaped(Uptime(log)), "\">");
  int place = 90 - log.day_size();
  for (const v1::UptimeDay& day : log.day()) {
    const char* look = day.watched_s() == 0                     ? "unwatched"
                       : day.answered_s() == day.watched_s()    ? "full"
                       : day.answered_s() * 2 > day.watched_s() ? "some"
                                                                : "none";
    absl::StrAppend(
        &svg, "<rect class=\"", look, "\" x=\"", place++ * 10,
        "\" width=\"8\" height=\"20\"><title>", Escaped(day.day()), ": ",
        day.watched_s() == 0
            ? "not watched"
            : Percent(static_cast<double>(day.answered_s()) / day.watched_s()),
        "</title></rect>");
  }
  return absl::StrCat(svg, "</svg>\n");
}

// What stands first about a log.
std::string Headline(const v1::LogStatus& log) {
  switch (log.standing()) {
    case v1::FINE:
      return absl::StrCat("Nothing wrong: all ", Grouped(log.verified_size()),
                          " leaves were read and verified.");
    case v1::READING:
      return absl::StrCat("Being read: ", Grouped(log.read_size()), " of ",
                          Grouped(log.seen_size()),
                          " leaves so far, and nothing wrong.");
    case v1::ALARM:
      return "Alarm. Nothing is proven against the log.";
    case v1::WRONG:
      return log.conviction_size() > 0
                 ? "Convicted: the log signed what no honest log signs."
                 : "Wrong under the log's own signature.";
    default:
      return "Nothing is known yet.";
  }
}

std::string LogSection(const v1::MonitorStatus& status,
                       const v1::LogStatus& log) {
  std::string html =
      absl::StrCat("<section class=\"", StandingName(log.standing()),
                   "\" aria-labelledby=\"", Escaped(log.id()), "\">\n<h2 id=\"",
                   Escaped(log.id()), "\">", Escaped(log.origin()),
                   "</h2>\n<p class=\"headline\">", Headline(log), "</p>\n");
  if (!log.wrong().empty()) {
    absl::StrAppend(&html, "<p>", Escaped(log.wrong()), "</p>\n");
  }
  for (const v1::ConvictionStatus& conviction : log.conviction()) {
    absl::StrAppend(
        &html, "<p>", Escaped(conviction.sentence()), "<br><a href=\"",
        Escaped(conviction.path()), "\" download>", Escaped(conviction.name()),
        "</a>: anybody can check this file with <code>vidimus verify --vkey "
        "log.vkey FILE</code> and nothing else.</p>\n");
  }
  if (log.alarm_size() > 0) {
    absl::StrAppend(&html, "<ul>\n");
    for (const v1::AlarmStatus& alarm : log.alarm()) {
      absl::StrAppend(&html, "<li>", Escaped(alarm.sentence()), " (since ",
                      TimeElement(status, alarm.since_s()), ")</li>\n");
    }
    absl::StrAppend(&html, "</ul>\n");
  }
  absl::StrAppend(&html, "<dl>\n");
  AddRow("Size verified",
         absl::StrCat(Grouped(log.verified_size()), " leaves in ",
                      Grouped(log.batches()), " batches, ",
                      Grouped(log.documents()), " register documents"),
         &html);
  AddRow("Last full check", TimeElement(status, log.verified_s()), &html);
  AddRow("Newest seal", TimeElement(status, log.seal_s()), &html);
  AddRow("Last answer", TimeElement(status, log.answered_s()), &html);
  if (log.cosigned_size() > 0) {
    AddRow("Head with a quorum",
           absl::StrCat(Grouped(log.cosigned_size()), " leaves, ",
                        TimeElement(status, log.cosigned_s())),
           &html);
  }
  if (log.cosigner_size() > 0) {
    std::string cosigners = "<ul>";
    for (const v1::CosignerStatus& cosigner : log.cosigner()) {
      absl::StrAppend(&cosigners, "<li>", Escaped(cosigner.name()), ": ",
                      cosigner.time_s() == 0
                          ? "not under this head"
                          : TimeElement(status, cosigner.time_s()),
                      "</li>");
    }
    AddRow("Cosigners", absl::StrCat(cosigners, "</ul>"), &html);
  }
  AddRow("We cosigned",
         absl::StrCat(Grouped(log.monitor_size()),
                      " leaves as monitor (each was read), ",
                      Grouped(log.witness_size()),
                      " as witness (extends what was seen before)"),
         &html);
  AddRow("Uptime", Escaped(Uptime(log)), &html);
  AddRow("Address", Escaped(log.url()), &html);
  AddRow("Key", absl::StrCat("<code>", Escaped(log.vkey()), "</code>"), &html);
  absl::StrAppend(&html, "</dl>\n", UptimePicture(log));
  if (log.unanswered_size() > 0) {
    absl::StrAppend(&html,
                    "<p>Asked, and not answered; signed by this monitor. It "
                    "proves nothing against the log:</p>\n<ul>\n");
    for (const v1::UnansweredStatus& one : log.unanswered()) {
      absl::StrAppend(&html, "<li><a href=\"", Escaped(one.path()),
                      "\" download>", Escaped(one.sentence()), "</a></li>\n");
    }
    absl::StrAppend(&html, "</ul>\n");
  }
  return absl::StrCat(html, "</section>\n");
}

std::string Summary(const v1::MonitorStatus& status) {
  int wrong = 0, alarms = 0;
  for (const v1::LogStatus& log : status.log()) {
    wrong += log.standing() == v1::WRONG;
    alarms += log.standing() == v1::ALARM;
  }
  if (wrong > 0) {
    return absl::StrCat(wrong, wrong == 1 ? " log is" : " logs are", " wrong");
  }
  if (alarms > 0) {
    return absl::StrCat(alarms, alarms == 1 ? " log raises" : " logs raise",
                        " an alarm");
  }
  return "nothing wrong";
}

// Control characters as spaces, for terminals.
std::string Printable(absl::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace

const char* StandingName(v1::LogStanding standing) {
  switch (standing) {
    case v1::FINE:
      return "fine";
    case v1::READING:
      return "reading";
    case v1::ALARM:
      return "alarm";
    case v1::WRONG:
      return "wrong";
    default:
      return "unknown";
  }
}

HttpResponse HtmlStatus(const v1::MonitorStatus& status) {
  const std::string name = Escaped(status.name());
  std::string html = absl::StrCat(
      QuietPageBegin(absl::StrCat(status.name(), ": ", Summary(status)),
                     "style.css",
                     "<link rel=\"alternate\" type=\"application/atom+xml\" "
                     "title=\"Events\" href=\"feed.atom\">\n"),
      "<h1>", name,
      "</h1>\n<p>A monitor of audit logs: it reads every leaf of ",
      status.log_size(), status.log_size() == 1 ? " log" : " logs",
      " and keeps what proves that one lied. At ",
      TimeElement(status, status.time_s()), ": <strong>", Summary(status),
      "</strong>.</p>\n");
  for (const v1::LogStatus& log : status.log()) {
    absl::StrAppend(&html, LogSection(status, log));
  }
  absl::StrAppend(&html,
                  "<section aria-labelledby=\"about\">\n<h2 id=\"about\">"
                  "This monitor</h2>\n<dl>\n");
  AddRow("Runs since", TimeElement(status, status.started_s()), &html);
  AddRow("Key as monitor",
         absl::StrCat("<code>", Escaped(status.monitor_vkey()), "</code>"),
         &html);
  AddRow("Key as witness",
         absl::StrCat("<code>", Escaped(status.witness_vkey()), "</code>"),
         &html);
  for (const v1::PeerStatus& peer : status.peer()) {
    AddRow("Talks to",
           absl::StrCat(Escaped(peer.grpc()), ", answered ",
                        TimeElement(status, peer.answered_s()),
                        peer.trouble().empty()
                            ? ""
                            : absl::StrCat("; ", Escaped(peer.trouble()))),
           &html);
  }
  absl::StrAppend(&html,
                  "</dl>\n<p><a href=\"status.json\">As JSON</a>, <a "
                  "href=\"feed.atom\">events as a feed</a>.</p>\n</section>\n",
                  QuietPageEnd());
  return QuietPage("text/html; charset=utf-8", std::move(html));
}

HttpResponse JsonStatus(const v1::MonitorStatus& status) {
  const auto json = ToJson(status);
  if (!json.ok()) return ErrorResponse(json.status());
  HttpResponse response =
      QuietPage("application/json", absl::StrCat(*json, "\n"));
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

HttpResponse AtomStatus(const v1::MonitorStatus& status,
                        const std::string& public_url) {
  std::string base(public_url);
  while (!base.empty() && base.back() == '/') base.pop_back();
  const std::string id =
      Escaped(base.empty() ? absl::StrCat("urn:vidimus:monitor:", status.name())
                           : base);
  const int64_t updated_s =
      status.event_size() > 0 ? status.event(0).time_s() : status.started_s();
  std::string xml = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>",
      id, "</id>\n<title>", Escaped(status.name()), "</title>\n<updated>",
      RfcTime(updated_s), "</updated>\n<author><name>", Escaped(status.name()),
      "</name></author>\n");
  if (!base.empty()) {
    absl::StrAppend(&xml, "<link href=\"", Escaped(base), "/\"/>\n",
                    "<link rel=\"self\" href=\"", Escaped(base),
                    "/feed.atom\"/>\n");
  }
  // Events of one second are told apart by how many stand before them in it.
  int64_t last_s = -1;
  int count = 0;
  for (int i = status.event_size() - 1; i >= 0; --i) {
    const v1::MonitorEvent& event = status.event(i);
    count = event.time_s() == last_s ? count + 1 : 0;
    last_s = event.time_s();
    absl::StrAppend(
        &xml, "<entry>\n<id>", id, base.empty() ? ":" : "/#", event.time_s(),
        ".", count, "</id>\n<title>",
        Escaped(event.origin().empty() ? status.name() : event.origin()),
        "</title>\n<updated>", RfcTime(event.time_s()),
        "</updated>\n<content type=\"text\">", Escaped(event.sentence()),
        "</content>\n");
    if (!event.path().empty()) {
      absl::StrAppend(&xml, "<link rel=\"enclosure\" href=\"", Escaped(base),
                      base.empty() ? "" : "/", Escaped(event.path()), "\"/>\n");
    }
    absl::StrAppend(&xml, "</entry>\n");
  }
  return QuietPage("application/atom+xml; charset=utf-8",
                   absl::StrCat(xml, "</feed>\n"));
}

HttpResponse Download(const std::string& name, std::string bytes) {
  std::string plain = name;
  for (char& c : plain) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!kept) c = '_';
  }
  HttpResponse response =
      QuietPage("application/octet-stream", std::move(bytes));
  response.headers.emplace_back(
      "Content-Disposition",
      absl::StrCat("attachment; filename=\"", plain, "\""));
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

std::string TextStatus(const v1::MonitorStatus& status) {
  std::string text =
      absl::StrCat(Printable(status.name()), ": ", Summary(status), "\n");
  for (const v1::LogStatus& log : status.log()) {
    absl::StrAppend(&text, "  ", Printable(log.origin()), ": ", Headline(log),
                    "\n");
    absl::StrAppend(
        &text, "    last full check ", Ago(status, log.verified_s()),
        ", newest seal ", Ago(status, log.seal_s()), ", last answer ",
        Ago(status, log.answered_s()), "; cosigned ",
        Grouped(log.monitor_size()), " as monitor, ",
        Grouped(log.witness_size()), " as witness; ", Uptime(log), "\n");
    if (!log.wrong().empty()) {
      absl::StrAppend(&text, "    wrong: ", Printable(log.wrong()), "\n");
    }
    for (const v1::ConvictionStatus& conviction : log.conviction()) {
      absl::StrAppend(&text,
                      "    convicted: ", Printable(conviction.sentence()), " (",
                      Printable(conviction.path()), ")\n");
    }
    for (const v1::AlarmStatus& alarm : log.alarm()) {
      absl::StrAppend(&text, "    alarm: ", Printable(alarm.sentence()),
                      ", since ",
                      DurationText(status.time_s() - alarm.since_s()), "\n");
    }
  }
  for (const v1::PeerStatus& peer : status.peer()) {
    absl::StrAppend(&text, "  peer ", Printable(peer.grpc()), ": answered ",
                    Ago(status, peer.answered_s()));
    if (!peer.trouble().empty()) {
      absl::StrAppend(&text, "; ", Printable(peer.trouble()));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

int StatusExitCode(const v1::MonitorStatus& status) {
  int exit_code = kExitTrue;
  for (const v1::LogStatus& log : status.log()) {
    if (log.standing() == v1::WRONG) return kExitFalse;
    if (log.standing() == v1::ALARM || log.standing() == v1::STANDING_UNKNOWN) {
      exit_code = kExitUnusable;
    }
  }
  return exit_code;
}

}  // namespace vidimus
