// The operator's page: how the logs of this process fare, from its metrics
// alone, as HTML that needs no script and as JSON. It stands on the plaintext
// door beside /metrics, for the same reason: it tells covers from entries.
// docs/operating.md.
#ifndef VIDIMUS_LOG_OPERATOR_PAGE_H_
#define VIDIMUS_LOG_OPERATOR_PAGE_H_

#include <prometheus/registry.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "log/clock.h"
#include "log/cosigning.h"
#include "log/operator_status.pb.h"
#include "proto/http_server.h"
#include "proto/mutex.h"

namespace vidimus {

// Rates are taken over the last minutes, from samples this far apart.
inline constexpr int64_t kOperatorSampleMs = 5000;
inline constexpr size_t kOperatorSamples = 60;

// Any thread.
class OperatorPage {
 public:
  struct OperatedOrigin {
    std::string origin;
    // Null if nobody is asked to cosign. Not owned.
    const Cosigning* cosigning = nullptr;
  };

  // Neither is owned. `registry` has the metrics of log/metrics.h and
  // proto/metrics.h, of which nothing else is shown.
  OperatorPage(std::vector<OperatedOrigin> logs, prometheus::Registry* registry,
               Clock* clock);

  // Keeps a sample if the last one is old enough. To be called every second or
  // so; some 50 us every five seconds.
  void Tick() ABSL_LOCKS_EXCLUDED(mu_);

  // Whether a path is one of /operator, /operator.json, /operator.css.
  static bool Takes(absl::string_view path);
  HttpResponse Answer(absl::string_view path) ABSL_LOCKS_EXCLUDED(mu_);

  vault::OperatorStatus Status() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What rates are made of: values by metric and labels.
  struct Sample {
    int64_t at_ms = 0;  // SteadyMs
    std::map<std::string, double> values;
    // Cumulative counts by upper bound, of each log's batches.
    std::map<std::string, std::vector<std::pair<double, uint64_t>>> batches;
  };
  Sample Take() const;

  const std::vector<OperatedOrigin> logs_;
  prometheus::Registry* const registry_;
  Clock* const clock_;

  Mutex mu_;
  std::deque<Sample> samples_ ABSL_GUARDED_BY(mu_);
};

// The page and its twin. Everything is escaped.
HttpResponse HtmlOperatorStatus(const vault::OperatorStatus& status);
HttpResponse JsonOperatorStatus(const vault::OperatorStatus& status);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPERATOR_PAGE_H_
