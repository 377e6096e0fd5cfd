// What a monitor tells Prometheus. Labels are origins of logs, which are
// public, and addresses of peers, which the operator wrote.
#ifndef VIDIMUS_CLIENT_MONITOR_MONITOR_METRICS_H_
#define VIDIMUS_CLIENT_MONITOR_MONITOR_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <string>

#include "absl/strings/string_view.h"
#include "client/monitor/status.pb.h"

namespace vidimus {

class MonitorMetrics {
 public:
  // `registry` is not owned and outlives this.
  explicit MonitorMetrics(prometheus::Registry* registry);

  // Sets all gauges from what the monitor says of itself. One thread at a time.
  void Update(const v1::MonitorStatus& status);

  // One call of add-checkpoint about a log, by HTTP status. Any thread.
  void CountCall(const std::string& origin, absl::string_view voice,
                 int http_status);

 private:
  using Gauges = prometheus::Family<prometheus::Gauge>;
  static Gauges* MakeGauges(prometheus::Registry* registry, const char* name,
                            const char* help);

  Gauges* const standing_;
  Gauges* const up_;
  Gauges* const verified_size_;
  Gauges* const seen_size_;
  Gauges* const read_size_;
  Gauges* const cosigned_size_;
  Gauges* const seal_age_;
  Gauges* const answer_age_;
  Gauges* const check_age_;
  Gauges* const quorum_age_;
  Gauges* const convictions_;
  Gauges* const unanswered_;
  Gauges* const alarms_;
  Gauges* const held_bytes_;
  Gauges* const fetched_bytes_;
  Gauges* const peer_age_;
  Gauges* const started_;
  prometheus::Family<prometheus::Counter>* const calls_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_MONITOR_METRICS_H_
