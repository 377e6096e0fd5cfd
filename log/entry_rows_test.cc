#include "log/entry_rows.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "log/memory_storage.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

TreeHead HeadOf(uint64_t size) {
  TreeHead head = {size, EmptyRoot()};
  if (size > 0) head.root[0] ^= 1;
  return head;
}

// Stored entries "0", "1", ...
class EntryRowsTest : public ::testing::Test {
 protected:
  // Nothing stored.
  void SetUp() override {
    rows_ = std::make_unique<MemoryRows>();
    storage_ = std::make_unique<MemoryStorage>(rows_.get());
    size_ = 0;
  }
  StorageBatch Next(uint64_t count) {
    StorageBatch batch;
    batch.first = size_;
    batch.head = HeadOf(size_ + count);
    EntryRows rows(size_);
    for (uint64_t i = 0; i < count; ++i) rows.Append(std::to_string(size_ + i));
    batch.rows = rows.Take();
    return batch;
  }
  void Commit(const StorageBatch& batch) {
    ASSERT_TRUE(storage_->Commit(batch, HeadOf(size_)).ok());
    size_ = batch.head.size;
  }
  void ExpectEntries(uint64_t begin, uint64_t end) {
    uint64_t next = begin;
    const absl::Status read =
        ReadEntries(storage_.get(), begin, end,
                    [&](uint64_t index, std::string_view entry) {
                      EXPECT_EQ(index, next);
                      EXPECT_EQ(entry, std::to_string(next));
                      ++next;
                      return true;
                    });
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(next, end);
  }

  std::unique_ptr<MemoryRows> rows_;
  std::unique_ptr<MemoryStorage> storage_;
  uint64_t size_ = 0;
};

TEST_F(EntryRowsTest, MakesOneRowForEachBundleTouched) {
  const struct {
    uint64_t first, count;
    size_t rows;
  } kCases[] = {{0, 1, 1},     {0, 256, 1},   {0, 257, 2},
                {255, 1, 1},   {255, 2, 2},   {256, 256, 1},
                {65535, 2, 2}, {65279, 1, 1}, {255, kBatchLeavesMax, 256}};
  for (const auto& one : kCases) {
    EntryRows rows(one.first);
    for (uint64_t i = 0; i < one.count; ++i) rows.Append("entry");
    const std::vector<Row> made = rows.Take();
    ASSERT_EQ(made.size(), one.rows) << one.first << " " << one.count;
    for (size_t i = 0; i < made.size(); ++i) {
      EXPECT_EQ(made[i].kind, RowKind::kEntries);
      EXPECT_EQ(made[i].sub, static_cast<uint8_t>(one.first / 256 + i));
    }
  }
}

TEST_F(EntryRowsTest, ReadsBackAnyRangeOfAnyBatches) {
  std::mt19937_64 random(5);
  for (const uint64_t count : {1, 1, 253, 1, 256, 1000, 3, 255, 257, 4096, 1}) {
    Commit(Next(count));
    ExpectEntries(0, size_);
    for (int i = 0; i < 20; ++i) {
      const uint64_t begin = random() % (size_ + 1);
      ExpectEntries(begin, begin + random() % (size_ - begin + 1));
    }
  }
}

TEST_F(EntryRowsTest, StopsWhenTheVisitorHasEnough) {
  Commit(Next(600));
  int visits = 0;
  ASSERT_TRUE(
      ReadEntries(storage_.get(), 100, 600, [&](uint64_t, std::string_view) {
        return ++visits < 300;
      }).ok());
  EXPECT_EQ(visits, 300);
}

TEST_F(EntryRowsTest, RefusesEntriesBeyondTheTree) {
  Commit(Next(10));
  EXPECT_TRUE(absl::IsOutOfRange(ReadBundle(storage_.get(), 0, 11).status()));
}

TEST_F(EntryRowsTest, NamesARowThatIsMissingOrMisshapen) {
  for (const int damage : {0, 1, 2, 3}) {
    SetUp();
    Commit(Next(300));
    StorageBatch batch = Next(768);  // rows 300..511, 512..767, ..1023, ..1067
    std::string& second = batch.rows[1].value;
    if (damage == 0) batch.rows.erase(batch.rows.begin() + 1);
    if (damage == 1) second.pop_back();
    if (damage == 2) second.erase(0, second.size() / 256 * 2);
    if (damage == 3) second += std::string("\0\1x", 3);
    Commit(batch);
    const absl::Status read = ReadBundle(storage_.get(), 512, 768).status();
    EXPECT_TRUE(absl::IsDataLoss(read)) << damage << ": " << read;
    EXPECT_TRUE(absl::IsDataLoss(
        ReadEntries(storage_.get(), 400, 1000,
                    [](uint64_t, std::string_view) { return true; })));
    ExpectEntries(400, 512);
    ExpectEntries(768, 1068);
  }
}

}  // namespace
}  // namespace vidimus
