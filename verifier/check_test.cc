#include "verifier/check.h"

#include <gtest/gtest.h>

#include <string>

namespace vidimus {
namespace {

TEST(CheckTest, GoesOnWhereTheConditionHolds) {
  CHECK(true);
  CHECK_EQ(1, 1);
  CHECK_NE(1, 2);
  CHECK_LT(1, 2);
  CHECK_LE(2, 2);
  CHECK_GT(2, 1);
  CHECK_GE(2, 2);
}

TEST(CheckTest, EvaluatesEachOperandOnce) {
  int calls = 0;
  CHECK_GE(++calls, 1);
  CHECK(++calls == 2);
  EXPECT_EQ(calls, 2);
}

TEST(CheckDeathTest, SaysFileConditionAndNumbers) {
  const int64_t index = -3;
  EXPECT_DEATH(CHECK(index > 0),
               "check_test.cc:[0-9]+: CHECK failed: index > 0");
  EXPECT_DEATH(CHECK_GT(index, 0), "CHECK failed: index > 0 .-3 vs 0.");
}

TEST(CheckDeathTest, PrintsNoText) {
  const std::string secret = "s3cret";
  EXPECT_DEATH(CHECK_EQ(secret, "other"),
               "CHECK failed: secret == \"other\"\n");
}

}  // namespace
}  // namespace vidimus
