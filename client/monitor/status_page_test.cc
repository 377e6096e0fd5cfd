#include "client/monitor/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/client.h"
#include "client/file.h"
#include "client/monitor/event_log.h"
#include "proto/html.h"
#include "proto/json.h"

namespace vidimus {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::MonitorStatus Example() {
  v1::MonitorStatus status;
  status.set_name("monitor.example/uni");
  status.set_witness_vkey("monitor.example/uni/witness+0+A");
  status.set_monitor_vkey("monitor.example/uni/monitor+0+B");
  status.set_time_s(1795392000);
  status.set_started_s(1795390000);
  v1::LogStatus* const log = status.add_log();
  log->set_origin("log.example/helsinki/2026h2");
  log->set_id(std::string(64, 'a'));
  log->set_standing(v1::FINE);
  log->set_verified_size(1234567);
  log->set_verified_s(1795391990);
  v1::CosignerStatus* const cosigner = log->add_cosigner();
  cosigner->set_name("press");
  cosigner->set_time_s(1795391995);
  v1::UptimeDay* const day = log->add_day();
  day->set_day("2026-11-22");
  day->set_watched_s(86400);
  day->set_answered_s(86399);
  return status;
}

v1::MonitorStatus Convicted() {
  v1::MonitorStatus status = Example();
  v1::LogStatus* const log = status.mutable_log(0);
  log->set_standing(v1::WRONG);
  log->set_wrong("two histories");
  v1::ConvictionStatus* const conviction = log->add_conviction();
  conviction->set_name("fork-12.conviction");
  conviction->set_path("convictions/aa/fork-12.conviction");
  conviction->set_sentence("the log signed two trees");
  v1::MonitorEvent* const event = status.add_event();
  event->set_time_s(1795391000);
  event->set_origin(log->origin());
  event->set_sentence("the log signed two trees");
  event->set_path("convictions/aa/fork-12.conviction");
  return status;
}

std::string Header(const HttpResponse& response, const std::string& name) {
  for (const auto& header : response.headers) {
    if (header.first == name) return header.second;
  }
  return "";
}

TEST(StatusPageTest, SaysWhatAReaderAsksFirst) {
  const HttpResponse page = HtmlStatus(Example());
  const std::string html(page.body());
  EXPECT_THAT(html, HasSubstr("nothing wrong"));
  EXPECT_THAT(html, HasSubstr("1,234,567 leaves"));
  EXPECT_THAT(html,
              HasSubstr("2026-11-22 23:59:50 UTC</time>, 10 seconds ago"));
  EXPECT_THAT(html, HasSubstr("press"));
  EXPECT_THAT(html, HasSubstr("lang=\"en\""));
}

TEST(StatusPageTest, AlmostAllOfTheTimeIsNotAllOfIt) {
  v1::MonitorStatus status = Example();
  EXPECT_THAT(std::string(HtmlStatus(status).body()),
              HasSubstr("answered 99.999 % of the time"));
  status.mutable_log(0)->mutable_day(0)->set_answered_s(86400);
  EXPECT_THAT(std::string(HtmlStatus(status).body()),
              HasSubstr("answered 100.000 % of the time"));
  status.mutable_log(0)->mutable_day(0)->set_answered_s(0);
  EXPECT_THAT(std::string(HtmlStatus(status).body()),
              HasSubstr("answered 0.000 % of the time"));
}

TEST(StatusPageTest, LetsABrowserDoNothingButShow) {
  for (const HttpResponse& page :
       {HtmlStatus(Example()), JsonStatus(Example()), AtomStatus(Example(), ""),
        QuietStyle(), Download("x", "y")}) {
    EXPECT_THAT(Header(page, "Content-Security-Policy"),
                HasSubstr("default-src 'none'"));
    EXPECT_EQ(Header(page, "X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(std::string(page.body()), Not(HasSubstr("<script")));
    EXPECT_THAT(std::string(page.body()), Not(HasSubstr("style=\"")));
  }
}

TEST(StatusPageTest, WhatOthersWroteIsShownAndNotObeyed) {
  v1::MonitorStatus status = Convicted();
  const std::string evil = "\"><script>alert(1)</script>&'\x01\xff";
  v1::LogStatus* const log = status.mutable_log(0);
  log->set_origin(evil);
  log->set_id(evil);
  log->set_url(evil);
  log->set_vkey(evil);
  log->set_wrong(evil);
  log->mutable_conviction(0)->set_name(evil);
  log->mutable_conviction(0)->set_path(evil);
  log->mutable_conviction(0)->set_sentence(evil);
  log->mutable_cosigner(0)->set_name(evil);
  log->mutable_day(0)->set_day(evil);
  v1::AlarmStatus* const alarm = log->add_alarm();
  alarm->set_sentence(evil);
  v1::UnansweredStatus* const unanswered = log->add_unanswered();
  unanswered->set_sentence(evil);
  unanswered->set_path(evil);
  status.mutable_event(0)->set_origin(evil);
  status.mutable_event(0)->set_sentence(evil);
  status.mutable_event(0)->set_path(evil);
  v1::PeerStatus* const peer = status.add_peer();
  peer->set_grpc(evil);
  peer->set_trouble(evil);
  status.set_name(evil);
  for (const HttpResponse& page :
       {HtmlStatus(status), AtomStatus(status, evil)}) {
    const std::string body(page.body());
    EXPECT_THAT(body, Not(HasSubstr("<script")));
    EXPECT_THAT(body, Not(HasSubstr("\x01")));
    EXPECT_THAT(body, Not(HasSubstr("\xff")));
    EXPECT_THAT(body, HasSubstr("&quot;&gt;&lt;script&gt;alert(1)"));
  }
  EXPECT_THAT(TextStatus(status), Not(HasSubstr("\x01")));
}

TEST(StatusPageTest, AConvictionStandsFirstWithItsFile) {
  const std::string html(HtmlStatus(Convicted()).body());
  EXPECT_THAT(html, HasSubstr("1 log is wrong"));
  EXPECT_THAT(html, HasSubstr("the log signed two trees"));
  EXPECT_THAT(html, HasSubstr("href=\"convictions/aa/fork-12.conviction\""));
}

TEST(StatusPageTest, JsonReadsBackAsWhatWasSaid) {
  const v1::MonitorStatus status = Convicted();
  v1::MonitorStatus read;
  ASSERT_TRUE(FromJson(JsonStatus(status).body(), &read).ok());
  EXPECT_EQ(read.SerializeAsString(), status.SerializeAsString());
}

TEST(StatusPageTest, FeedNamesEventsForGood) {
  v1::MonitorStatus status = Convicted();
  *status.add_event() = status.event(0);  // of the same second
  const std::string xml(AtomStatus(status, "https://monitor.example/").body());
  EXPECT_THAT(xml, HasSubstr("<id>https://monitor.example/#1795391000.0</id>"));
  EXPECT_THAT(xml, HasSubstr("<id>https://monitor.example/#1795391000.1</id>"));
  EXPECT_THAT(xml, HasSubstr("<updated>2026-11-22T23:43:20Z</updated>"));
  EXPECT_THAT(xml, HasSubstr("href=\"https://monitor.example/convictions/aa/"
                             "fork-12.conviction\""));
  // With an event that came later, those before keep their names.
  v1::MonitorStatus later = status;
  later.mutable_event()->Clear();
  v1::MonitorEvent* const newest = later.add_event();
  newest->set_time_s(1795391500);
  for (const auto& event : status.event()) *later.add_event() = event;
  const std::string longer(AtomStatus(later, "https://monitor.example").body());
  EXPECT_THAT(longer, HasSubstr("/#1795391000.0</id>"));
  EXPECT_THAT(longer, HasSubstr("/#1795391000.1</id>"));
  EXPECT_THAT(longer, HasSubstr("/#1795391500.0</id>"));
}

TEST(StatusPageTest, ExitCodesTellScripts) {
  v1::MonitorStatus status = Example();
  EXPECT_EQ(StatusExitCode(status), kExitTrue);
  status.mutable_log(0)->set_standing(v1::READING);
  EXPECT_EQ(StatusExitCode(status), kExitTrue);
  status.mutable_log(0)->set_standing(v1::STANDING_UNKNOWN);
  EXPECT_EQ(StatusExitCode(status), kExitUnusable);
  status.mutable_log(0)->set_standing(v1::ALARM);
  EXPECT_EQ(StatusExitCode(status), kExitUnusable);
  status.add_log()->set_standing(v1::WRONG);
  EXPECT_EQ(StatusExitCode(status), kExitFalse);
}

TEST(EventLogTest, KeepsTheNewestAcrossRestarts) {
  const std::string file = testing::TempDir() + "/events";
  ASSERT_TRUE(WriteFile(file, "not an event\n{}\n", 0644, false).ok());
  {
    EventLog events(file);
    for (int i = 0; i < 250; ++i) {
      v1::MonitorEvent event;
      event.set_time_s(i);
      event.set_sentence(std::string(2000, 'x'));
      ASSERT_TRUE(events.Add(event).ok());
    }
  }
  const auto kept = EventLog(file).Newest();
  ASSERT_EQ(kept.size(), EventLog::kEventsMax);
  EXPECT_EQ(kept.front().time_s(), 249);
  EXPECT_EQ(kept.back().time_s(), 50);
  EXPECT_EQ(kept.front().sentence().size(), 1000u);
}

TEST(StatusPageTest, FileNamesAreHarmless) {
  EXPECT_EQ(Header(Download("../a\"b\n.x", ""), "Content-Disposition"),
            "attachment; filename=\".._a_b_.x\"");
}

}  // namespace
}  // namespace vidimus
