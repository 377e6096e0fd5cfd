#include "proto/metrics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

TEST(MetricsTest, BucketsGrowByTheirFactor) {
  EXPECT_THAT(ExponentialBuckets(1, 2, 4), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(ExponentialBuckets(1, 2, 0), ElementsAre());
}

}  // namespace
}  // namespace vidimus
