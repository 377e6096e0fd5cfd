#include "log/operator_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "log/log_testing.h"
#include "log/metrics.h"
#include "proto/metrics.h"

namespace vidimus {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kOrigin[] = "log.example/<b>&2026h2";

class OperatorPageTest : public testing::Test {
 protected:
  std::string Html() { return std::string(page_.Answer("/operator").body()); }

  FakeClock clock_;
  prometheus::Registry registry_;
  LogMetrics metrics_{&registry_, kOrigin};
  HttpServerMetrics http_{&registry_, "http"};
  OperatorPage page_{{{kOrigin, nullptr}}, &registry_, &clock_};
};

TEST_F(OperatorPageTest, ShowsWhatTheMetricsSay) {
  metrics_.SetDiskFree(50'000'000'000);
  metrics_.SetPool(12, 3456);
  metrics_.SetIndex(2, 81920, 40960, 1.5, 7, 1000000);
  metrics_.CountVaultChanges("erased", 3);
  metrics_.CountRefusal("RESOURCE_EXHAUSTED");
  metrics_.SetScrubbed(1234567);
  page_.Tick();
  metrics_.ObserveBatch(100, 1234567, 3);
  metrics_.ObserveBatch(100, 1234568, 4);
  metrics_.ObserveBatch(100, 1234569, 45);
  clock_.Advance(10000);
  const vault::OperatorStatus status = page_.Status();
  ASSERT_EQ(status.log_size(), 1);
  const vault::OperatedLog& log = status.log(0);
  EXPECT_EQ(status.window_s(), 10u);
  EXPECT_EQ(log.size(), 1234569u);
  EXPECT_DOUBLE_EQ(log.entries_per_second(), 30);
  EXPECT_DOUBLE_EQ(log.batches_per_second(), 0.3);
  EXPECT_DOUBLE_EQ(log.batch_p50_ms(), 5);
  EXPECT_DOUBLE_EQ(log.batch_p99_ms(), 50);
  EXPECT_EQ(log.pool_entries(), 12u);
  EXPECT_EQ(log.index_merges(), 2u);
  EXPECT_EQ(log.index_leaves_until_due(), 40960u);
  EXPECT_EQ(log.alarm_size(), 0);
  EXPECT_FALSE(log.cosigning());

  const std::string html = Html();
  EXPECT_THAT(html, HasSubstr("1,234,569 leaves"));
  EXPECT_THAT(html, HasSubstr("30.0 entries a second"));
  EXPECT_THAT(html, HasSubstr("half within 5 ms, 99 of 100 within 50 ms"));
  EXPECT_THAT(html, HasSubstr("50.0 GB free"));
  EXPECT_THAT(html, HasSubstr("erased 3"));
  EXPECT_THAT(html, HasSubstr("RESOURCE_EXHAUSTED 1"));
  EXPECT_THAT(html, HasSubstr("Vidimus: nothing wrong"));
  EXPECT_THAT(std::string(page_.Answer("/operator.json").body()),
              HasSubstr("\"size\":\"1234569\""));
}

TEST_F(OperatorPageTest, RatesAreOfTheLastMinutes) {
  metrics_.ObserveBatch(1000000, 10, 4000);
  page_.Tick();
  for (int i = 0; i < 100; ++i) {
    clock_.Advance(kOperatorSampleMs);
    metrics_.ObserveBatch(50, 10, 1);
    page_.Tick();
    page_.Tick();  // too early: nothing
  }
  clock_.Advance(1);
  const vault::OperatorStatus status = page_.Status();
  EXPECT_EQ(status.window_s(),
            kOperatorSampleMs / 1000 * (kOperatorSamples - 1));
  EXPECT_NEAR(status.log(0).entries_per_second(), 10, 0.01);
  EXPECT_DOUBLE_EQ(status.log(0).batch_p99_ms(), 1);
}

TEST_F(OperatorPageTest, SaysWhatIsWrong) {
  metrics_.SetDiskFree(1'000'000'000);
  metrics_.SetPool(60000, 1);
  metrics_.SetIndex(1, 100, 1000, 0, 1, 1);
  const vault::OperatorStatus status = page_.Status();
  EXPECT_EQ(status.log(0).alarm_size(), 3);
  EXPECT_THAT(Html(), HasSubstr("Vidimus: 1 log wants a look"));
  EXPECT_THAT(Html(), HasSubstr("Only 1.0 GB free"));
  metrics_.SetFrozen(true);
  EXPECT_THAT(Html(), HasSubstr("Vidimus: 1 log is frozen"));
  EXPECT_THAT(Html(), HasSubstr("class=\"wrong\""));
}

TEST_F(OperatorPageTest, NeedsNoScriptAndTakesNamesAsText) {
  const HttpResponse page = page_.Answer("/operator");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  const std::string html(page.body());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b>&")));
  EXPECT_THAT(html, HasSubstr("log.example/&lt;b&gt;&amp;2026h2"));
  EXPECT_THAT(html, HasSubstr("<html lang=\"en\">"));
  EXPECT_THAT(html, HasSubstr("<main>"));
  EXPECT_EQ(page_.Answer("/operator.css").content_type,
            "text/css; charset=utf-8");
  std::string policy;
  for (const auto& [name, value] : page.headers) {
    if (name == "Content-Security-Policy") policy = value;
  }
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
}

TEST_F(OperatorPageTest, WithoutABatchThereIsNoLatency) {
  EXPECT_THAT(Html(), HasSubstr("no batch lately"));
  EXPECT_EQ(page_.Status().log(0).batch_p99_ms(), 0);
}

TEST_F(OperatorPageTest, TakesItsPathsAlone) {
  EXPECT_TRUE(OperatorPage::Takes("/operator"));
  EXPECT_TRUE(OperatorPage::Takes("/operator.json"));
  EXPECT_FALSE(OperatorPage::Takes("/operator/"));
  EXPECT_FALSE(OperatorPage::Takes("/"));
}

}  // namespace
}  // namespace vidimus
