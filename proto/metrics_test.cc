#include "proto/metrics.h"

#include <chrono>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/raw_socket.h"

namespace vidimus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MetricsTest, ShowsAServersCountsAsPrometheusReadsThem) {
  prometheus::Registry registry;
  HttpServerMetrics metrics(&registry, "http");
  HttpServerCounts counts;
  counts.requests = 3;
  counts.connections = 2;
  metrics.Update(counts);
  counts.requests = 5;
  counts.connections = 1;
  metrics.Update(counts);
  metrics.Update(counts);
  const HttpResponse response = MetricsResponse(&registry);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  const std::string text(response.body());
  EXPECT_THAT(text, HasSubstr("# TYPE vidimus_http_requests_total counter\n"));
  EXPECT_THAT(
      text, HasSubstr("\nvidimus_http_requests_total{listener=\"http\"} 5\n"));
  EXPECT_THAT(text,
              HasSubstr("\nvidimus_http_connections{listener=\"http\"} 1\n"));
}

TEST(MetricsTest, TwoListenersShareTheirMetrics) {
  prometheus::Registry registry;
  HttpServerMetrics http(&registry, "http");
  HttpServerMetrics https(&registry, "https");
  HttpServerCounts counts;
  counts.requests = 1;
  https.Update(counts);
  const std::string text(MetricsResponse(&registry).body());
  EXPECT_THAT(text, HasSubstr("requests_total{listener=\"http\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("requests_total{listener=\"https\"} 1\n"));
}

TEST(MetricsTest, AServerKeepsItsMetricsUpToDate) {
  prometheus::Registry registry;
  HttpServerMetrics metrics(&registry, "http");
  HttpServerOptions options;
  options.request_timeout = std::chrono::milliseconds(100);  // Ticks often.
  options.observe = [&metrics](const HttpServerCounts& counts) {
    metrics.Update(counts);
  };
  const auto server = *HttpServer::Start(
      options, [&registry](HttpRequest, HttpResponder respond) {
        respond(MetricsResponse(&registry));
      });
  std::string answer;
  for (int i = 0;
       i < 100 && answer.find("requests_total{listener=\"http\"} 1\n") ==
                      std::string::npos;
       ++i) {
    RawSocket socket = RawSocket::Connect(server->port());
    if (i == 0) socket.Send("GET /metrics HTTP/1.0\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    answer = std::string(MetricsResponse(&registry).body());
  }
  EXPECT_THAT(answer,
              HasSubstr("vidimus_http_requests_total{listener=\"http\"} 1\n"));
}

TEST(MetricsTest, BucketsGrowByTheirFactor) {
  EXPECT_THAT(ExponentialBuckets(1, 2, 4), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(ExponentialBuckets(1, 2, 0), ElementsAre());
}

}  // namespace
}  // namespace vidimus
