#include "verifier/finding.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace vidimus {
namespace {

TEST(FindingTest, EachHasItsOwnNameAndSentence) {
  std::set<std::string> names, sentences;
  for (int value = 0; value < kFindingCount; ++value) {
    const auto finding = static_cast<Finding>(value);
    names.insert(FindingName(finding));
    sentences.insert(FindingSentence(finding));
    EXPECT_NE(std::string(FindingSentence(finding)).back(), '.');
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kFindingCount));
  EXPECT_EQ(sentences.size(), static_cast<size_t>(kFindingCount));
}

TEST(FindingTest, SaysSoForAValueThatIsNone) {
  EXPECT_STREQ(FindingName(static_cast<Finding>(255)), "Unknown");
}

Finding Twice(Finding finding) {
  RETURN_IF_FOUND(finding);
  return Finding::kTileSize;
}

TEST(FindingTest, TheFirstOneIsReturned) {
  EXPECT_EQ(Twice(Finding::kOk), Finding::kTileSize);
  EXPECT_EQ(Twice(Finding::kLeafSize), Finding::kLeafSize);
}

}  // namespace
}  // namespace vidimus
