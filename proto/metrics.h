// proto/metrics.h
//
// Prometheus metrics in its text format, served by our own HTTP server. Metrics
// themselves are prometheus-cpp's (Registry, Counter, Gauge, Histogram). Labels
// are for what has few values and says nothing about a person: never a subject,
// label of a chain, record, token or key.

#ifndef VIDIMUS_PROTO_METRICS_H_
#define VIDIMUS_PROTO_METRICS_H_

#include <prometheus/registry.h>

#include <string>
#include <vector>

#include "proto/http_server.h"

namespace vidimus {

// Everything in `registry`, as a response to GET /metrics. Any thread; as slow
// as the registry is large, 10 us for a few dozen metrics.
HttpResponse MetricsResponse(prometheus::Registry* registry);

// `count` upper bounds for a histogram, each `factor` times the one before:
// (0.001, 2, 4) gives 1, 2, 4 and 8 thousandths.
std::vector<double> ExponentialBuckets(double first, double factor, int count);

// A server's HttpServerCounts as metrics: give Update to
// HttpServerOptions::observe. `listener` is the label's value: "http" or
// "https". The registry must outlive this, and this the server. One thread at a
// time.
class HttpServerMetrics {
 public:
  HttpServerMetrics(prometheus::Registry* registry,
                    const std::string& listener);

  void Update(const HttpServerCounts& counts);

 private:
  prometheus::Gauge* connections_;
  prometheus::Counter* accepted_;
  prometheus::Counter* refused_connections_;
  prometheus::Counter* requests_;
  prometheus::Counter* bad_requests_;
  prometheus::Counter* timeouts_;
  prometheus::Counter* tls_failures_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_METRICS_H_
