#include "client/monitor/monitor_metrics.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/monitor/follower.h"
#include "client/monitor/status_page.h"

namespace vidimus {
namespace {

// Of what never happened: larger than any age that an alarm waits for.
constexpr double kNever = 1e9;
// A log counts as up if it has answered within this time.
constexpr int64_t kUpS = 15;

constexpr v1::LogStanding kStandings[] = {v1::STANDING_UNKNOWN, v1::FINE,
                                          v1::READING, v1::ALARM, v1::WRONG};
// Alarms that are not a follower's: monitor.cc raises them.
constexpr const char* kOwnAlarms[] = {"unseen_head", "rolled_back"};

// Alarms that may come and go; those that do not stand are 0, so that a rule
// can tell "no alarm" from "no monitor".
std::vector<const char*> Alarms() {
  std::vector<const char*> alarms(std::begin(kOwnAlarms), std::end(kOwnAlarms));
  for (int i = 0; i < kAlarmKindCount; ++i) {
    alarms.push_back(AlarmKindName(static_cast<AlarmKind>(i)));
  }
  return alarms;
}

double Age(const v1::MonitorStatus& status, int64_t time_s) {
  if (time_s == 0) return kNever;
  return static_cast<double>(std::max<int64_t>(status.time_s() - time_s, 0));
}

}  // namespace

MonitorMetrics::Gauges* MonitorMetrics::MakeGauges(
    prometheus::Registry* registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry);
}

MonitorMetrics::MonitorMetrics(prometheus::Registry* registry)
    : standing_(MakeGauges(registry, "vidimus_monitor_standing",
                           "1 for what the monitor thinks of the log: unknown, "
                           "fine, reading, alarm, wrong.")),
      up_(MakeGauges(registry, "vidimus_monitor_log_up",
                     "1 if the log has answered within 15 seconds.")),
      verified_size_(
          MakeGauges(registry, "vidimus_monitor_verified_size",
                     "Leaves of the newest head that was verified in full.")),
      seen_size_(MakeGauges(registry, "vidimus_monitor_seen_size",
                            "Leaves of the largest head that the log showed.")),
      read_size_(MakeGauges(registry, "vidimus_monitor_read_size",
                            "Leaves that were read.")),
      cosigned_size_(MakeGauges(
          registry, "vidimus_monitor_cosigned_size",
          "Leaves of the newest head that our key of this voice cosigned.")),
      seal_age_(MakeGauges(registry, "vidimus_monitor_seal_age_seconds",
                           "How old the newest verified seal is; 1e9: none.")),
      answer_age_(MakeGauges(registry, "vidimus_monitor_answer_age_seconds",
                             "Since the log's last answer; 1e9: never.")),
      check_age_(MakeGauges(registry, "vidimus_monitor_check_age_seconds",
                            "Since the last full check; 1e9: never.")),
      quorum_age_(MakeGauges(
          registry, "vidimus_monitor_quorum_age_seconds",
          "How old the quorum of the newest cosigned head is; 1e9: none.")),
      convictions_(MakeGauges(registry, "vidimus_monitor_convictions",
                              "Files that convict the log.")),
      unanswered_(MakeGauges(registry, "vidimus_monitor_unanswered",
                             "Statements about what was not answered.")),
      alarms_(MakeGauges(registry, "vidimus_monitor_alarm",
                         "1 if this alarm stands.")),
      held_bytes_(MakeGauges(registry, "vidimus_monitor_held_bytes",
                             "What is kept about the log.")),
      fetched_bytes_(MakeGauges(registry, "vidimus_monitor_fetched_bytes",
                                "Read from the log since the start.")),
      peer_age_(MakeGauges(registry, "vidimus_monitor_peer_age_seconds",
                           "Since the peer's last answer; 1e9: never.")),
      started_(MakeGauges(registry, "vidimus_monitor_start_time_seconds",
                          "When the program was started.")),
      calls_(&prometheus::BuildCounter()
                  .Name("vidimus_monitor_calls_total")
                  .Help("Calls of add-checkpoint, by voice and HTTP status.")
                  .Register(*registry)) {}

void MonitorMetrics::Update(const v1::MonitorStatus& status) {
  started_->Add({}).Set(static_cast<double>(status.started_s()));
  for (const v1::LogStatus& log : status.log()) {
    const std::map<std::string, std::string> one{{"log", log.origin()}};
    const auto with = [&](const char* name, const std::string& value) {
      std::map<std::string, std::string> labels = one;
      labels[name] = value;
      return labels;
    };
    for (const v1::LogStanding standing : kStandings) {
      standing_->Add(with("standing", StandingName(standing)))
          .Set(log.standing() == standing ? 1 : 0);
    }
    up_->Add(one).Set(Age(status, log.answered_s()) <= kUpS ? 1 : 0);
    verified_size_->Add(one).Set(static_cast<double>(log.verified_size()));
    seen_size_->Add(one).Set(static_cast<double>(log.seen_size()));
    read_size_->Add(one).Set(static_cast<double>(log.read_size()));
    cosigned_size_->Add(with("voice", "witness"))
        .Set(static_cast<double>(log.witness_size()));
    cosigned_size_->Add(with("voice", "monitor"))
        .Set(static_cast<double>(log.monitor_size()));
    seal_age_->Add(one).Set(Age(status, log.seal_s()));
    answer_age_->Add(one).Set(Age(status, log.answered_s()));
    check_age_->Add(one).Set(Age(status, log.verified_s()));
    if (log.cosigner_size() > 0) {
      quorum_age_->Add(one).Set(Age(status, log.cosigned_s()));
    }
    convictions_->Add(one).Set(log.conviction_size());
    unanswered_->Add(one).Set(log.unanswered_size());
    for (const char* kind : Alarms()) {
      const bool stands =
          std::any_of(log.alarm().begin(), log.alarm().end(),
                      [&](const auto& alarm) { return alarm.kind() == kind; });
      alarms_->Add(with("alarm", kind)).Set(stands ? 1 : 0);
    }
    held_bytes_->Add(one).Set(static_cast<double>(log.held_bytes()));
    fetched_bytes_->Add(one).Set(static_cast<double>(log.fetched_bytes()));
  }
  for (const v1::PeerStatus& peer : status.peer()) {
    peer_age_->Add({{"peer", peer.grpc()}}).Set(Age(status, peer.answered_s()));
  }
}

void MonitorMetrics::CountCall(const std::string& origin,
                               absl::string_view voice, int http_status) {
  calls_
      ->Add({{"log", origin},
             {"voice", std::string(voice)},
             {"status", absl::StrCat(http_status)}})
      .Increment();
}

}  // namespace vidimus
