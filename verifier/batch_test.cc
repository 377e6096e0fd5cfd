#include "verifier/batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/leaf.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

Hash Key(int number) {
  Hash hash = {};
  hash[0] = static_cast<uint8_t>(number);
  return hash;
}

std::string Subject(int number) { return FormatSubjectLeaf(Key(number), {}); }
std::string SealLeaf(uint64_t covered, uint64_t time_s) {
  return FormatSealLeaf({{}, covered, time_s});
}

// Eight leaves from index 10 and their seal.
std::vector<std::string> GoodBatch() {
  std::vector<std::string> entries;
  for (int i = 0; i < 8; ++i) entries.push_back(Subject(i));
  entries[3] = FormatRegisterLeaf(Key(3), {});
  entries.push_back(SealLeaf(18, 100));
  return entries;
}

Finding Judge(const std::vector<std::string>& entries,
              const BatchPlace& place = {10, 100, 8}) {
  return JudgeBatch(
      place, std::vector<std::string_view>(entries.begin(), entries.end()),
      nullptr);
}

TEST(BatchTest, AcceptsAscendingLeavesAndTheirSeal) {
  const std::vector<std::string> entries = GoodBatch();
  EXPECT_EQ(Judge(entries), Finding::kOk);
  Seal seal;
  EXPECT_EQ(
      JudgeBatch({10, 99, 8},
                 std::vector<std::string_view>(entries.begin(), entries.end()),
                 &seal),
      Finding::kOk);
  EXPECT_EQ(seal.time_s, 100u);
}

TEST(BatchTest, AcceptsTheConfigAloneAtFirst) {
  const std::string config =
      FormatRegisterLeaf(RegisterKey({RegisterType::kConfig, 0, 0}), Key(9));
  EXPECT_EQ(Judge({config, SealLeaf(1, 5)}, {0, 0, 8}), Finding::kOk);
}

TEST(BatchTest, RejectsAnythingElseAtFirst) {
  const std::string config =
      FormatRegisterLeaf(RegisterKey({RegisterType::kConfig, 0, 0}), Key(9));
  const std::string later =
      FormatRegisterLeaf(RegisterKey({RegisterType::kConfig, 0, 1}), Key(9));
  const BatchPlace first = {0, 0, 1};
  EXPECT_EQ(Judge({SealLeaf(0, 5)}, first), Finding::kFirstBatch);
  EXPECT_EQ(Judge({later, SealLeaf(1, 5)}, first), Finding::kFirstBatch);
  EXPECT_EQ(Judge({Subject(1), SealLeaf(1, 5)}, first), Finding::kFirstBatch);
  EXPECT_EQ(Judge({config, later, SealLeaf(2, 5)}, first),
            Finding::kFirstBatch);
  EXPECT_EQ(
      Judge({FormatSubjectLeaf(RegisterKey({}), {}), SealLeaf(1, 5)}, first),
      Finding::kFirstBatch);
}

TEST(BatchTest, RejectsWrongOrder) {
  std::vector<std::string> entries = GoodBatch();
  std::swap(entries[4], entries[5]);
  EXPECT_EQ(Judge(entries), Finding::kBatchOrder);
  entries = GoodBatch();
  entries[5] = FormatSubjectLeaf(Key(4), Key(77));
  EXPECT_EQ(Judge(entries), Finding::kBatchDuplicateKey);
}

TEST(BatchTest, RejectsTooFewLeaves) {
  std::vector<std::string> entries = GoodBatch();
  entries.erase(entries.begin());
  entries.back() = SealLeaf(17, 100);
  EXPECT_EQ(Judge(entries), Finding::kBatchTooSmall);
  EXPECT_EQ(Judge(entries, {10, 100, 7}), Finding::kOk);
  EXPECT_EQ(Judge({SealLeaf(10, 100)}, {10, 100, 0}), Finding::kBatchTooSmall);
}

TEST(BatchTest, RejectsASealThatCoversOtherLeaves) {
  std::vector<std::string> entries = GoodBatch();
  for (const uint64_t covered : {17, 19, 0}) {
    entries.back() = SealLeaf(covered, 100);
    EXPECT_EQ(Judge(entries), Finding::kSealCoverage) << covered;
  }
}

TEST(BatchTest, RejectsASealEarlierThanTheLast) {
  EXPECT_EQ(Judge(GoodBatch(), {10, 101, 8}), Finding::kSealTimeDecreases);
}

TEST(BatchTest, RejectsABatchThatDoesNotEndInItsSeal) {
  std::vector<std::string> entries = GoodBatch();
  entries.push_back(Subject(200));
  EXPECT_EQ(Judge(entries), Finding::kLeafAfterSeal);
  entries.resize(8);
  EXPECT_EQ(Judge(entries), Finding::kBatchWithoutSeal);
  EXPECT_EQ(Judge({}), Finding::kBatchWithoutSeal);
}

TEST(BatchTest, RejectsWhatIsNoLeaf) {
  std::vector<std::string> entries = GoodBatch();
  entries[2].pop_back();
  EXPECT_EQ(Judge(entries), Finding::kLeafSize);
}

}  // namespace
}  // namespace vidimus
