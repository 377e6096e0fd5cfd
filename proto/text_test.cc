#include "proto/text.h"

#include <gtest/gtest.h>

#include "proto/settings.pb.h"

namespace vidimus {
namespace {

TEST(ParseTextTest, ReadsWhatPeopleWrite) {
  v1::Settings settings;
  ASSERT_TRUE(
      ParseText("# a comment\nbatches { batch_period_ms: 20 }\n", &settings)
          .ok());
  EXPECT_EQ(settings.batches().batch_period_ms(), 20u);
  EXPECT_TRUE(ParseText("", &settings).ok());
  EXPECT_FALSE(settings.has_batches());
}

TEST(ParseTextTest, SaysWhatIsWrongFirstAndWhere) {
  v1::Settings settings;
  const absl::Status status =
      ParseText("batches {\n  period: 20\n  batch_period_ms: -1\n}", &settings);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message().substr(0, 18), "line 2, column 9: ") << status;
  EXPECT_FALSE(ParseText("batches {", &settings).ok());
  EXPECT_FALSE(ParseText(std::string("\0", 1), &settings).ok());
}

}  // namespace
}  // namespace vidimus
