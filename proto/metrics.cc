#include "proto/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

namespace vidimus {
namespace {

prometheus::Counter* NewCounter(prometheus::Registry* registry,
                                const std::string& name,
                                const std::string& help,
                                const std::string& listener) {
  return &prometheus::BuildCounter()
              .Name("vidimus_http_" + name)
              .Help(help)
              .Register(*registry)
              .Add({{"listener", listener}});
}

void RaiseTo(uint64_t count, prometheus::Counter* counter) {
  const double more = static_cast<double>(count) - counter->Value();
  if (more > 0) counter->Increment(more);
}

}  // namespace

HttpResponse MetricsResponse(prometheus::Registry* registry) {
  return HttpResponse(
      200, "text/plain; version=0.0.4; charset=utf-8",
      prometheus::TextSerializer().Serialize(registry->Collect()));
}

std::vector<double> ExponentialBuckets(double first, double factor, int count) {
  std::vector<double> bounds;
  double bound = first;
  for (int i = 0; i < count; ++i, bound *= factor) bounds.push_back(bound);
  return bounds;
}

HttpServerMetrics::HttpServerMetrics(prometheus::Registry* registry,
                                     const std::string& listener)
    : connections_(&prometheus::BuildGauge()
                        .Name("vidimus_http_connections")
                        .Help("Open connections")
                        .Register(*registry)
                        .Add({{"listener", listener}})),
      accepted_(NewCounter(registry, "accepted_total", "Connections accepted",
                           listener)),
      refused_connections_(NewCounter(registry, "refused_connections_total",
                                      "Connections beyond the limit",
                                      listener)),
      requests_(
          NewCounter(registry, "requests_total", "Whole requests", listener)),
      bad_requests_(NewCounter(registry, "bad_requests_total",
                               "Requests refused as malformed or too large",
                               listener)),
      timeouts_(NewCounter(registry, "timeouts_total",
                           "Requests or answers given up as too slow",
                           listener)),
      tls_failures_(NewCounter(registry, "tls_failures_total",
                               "TLS handshakes and records that failed",
                               listener)) {}

void HttpServerMetrics::Update(const HttpServerCounts& counts) {
  connections_->Set(static_cast<double>(counts.connections));
  RaiseTo(counts.accepted, accepted_);
  RaiseTo(counts.refused_connections, refused_connections_);
  RaiseTo(counts.requests, requests_);
  RaiseTo(counts.bad_requests, bad_requests_);
  RaiseTo(counts.timeouts, timeouts_);
  RaiseTo(counts.tls_failures, tls_failures_);
}

}  // namespace vidimus
