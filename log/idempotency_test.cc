#include "log/idempotency.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/memory_storage.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

const std::string kKey(32, 'k');
constexpr int64_t kDay = 24 * 3600;
constexpr int64_t kStart = 1767225600;

TreeHead HeadOf(uint64_t size, uint8_t history) {
  TreeHead head = {size, EmptyRoot()};
  if (size > 0) head.root[0] ^= static_cast<uint8_t>(size | 1);
  if (size > 0) head.root[1] ^= history;
  return head;
}

class IdempotencyTest : public ::testing::Test {
 protected:
  IdempotencyTest() : tagger_(kKey), storage_(&rows_) {
    std::string name = ::testing::TempDir() + "/idsXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name + "/ids";
    // Small enough for a test to see segments close, and no thread, so that
    // what was saved is there.
    options_.segment_entries = 64;
    options_.save_entries = 16;
    options_.background = false;
    Restart();
  }

  absl::Status TryRestart() {
    ids_.reset();
    auto ids = Idempotency::Open(options_, kKey, &storage_, size_, PosixDisk(),
                                 folder_, now_s_);
    if (ids.ok()) ids_ = *std::move(ids);
    return ids.status();
  }
  void Restart() {
    const absl::Status status = TryRestart();
    ASSERT_TRUE(status.ok()) << status;
  }

  IdTag Tag(int id, int content = 0) {
    std::string bytes(16, '\0');
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(id >> (8 * i));
    return tagger_.Tag(7, bytes, "content " + std::to_string(content));
  }

  // Commits a batch of these, each followed by a leaf without an id.
  void Submit(const std::vector<IdTag>& tags) {
    StorageBatch batch;
    batch.first = size_;
    std::vector<Idempotency::Placed> placed;
    for (const IdTag& tag : tags) {
      placed.push_back({size_, tag});
      size_ += 2;
    }
    if (tags.empty()) ++size_;
    batch.head = HeadOf(size_, history_);
    if (!tags.empty()) {
      batch.rows.push_back(
          {RowKind::kIds, 0, ids_->EncodeRow(placed, batch.first, now_s_)});
    }
    ASSERT_TRUE(storage_.Commit(batch, HeadOf(batch.first, history_)).ok());
    ids_->Remember(placed, now_s_);
  }
  // The ids [begin, end), in batches of five.
  void SubmitRange(int begin, int end) {
    while (begin < end) {
      std::vector<IdTag> tags;
      for (int i = 0; i < 5 && begin < end; ++i) tags.push_back(Tag(begin++));
      Submit(tags);
    }
  }

  std::optional<Idempotency::Known> Find(const IdTag& tag) {
    const auto known = ids_->Find(tag);
    EXPECT_TRUE(known.ok()) << known.status();
    return known.ok() ? *known : std::nullopt;
  }
  // How many of the ids [begin, end) are known, with their content.
  int KnownOf(int begin, int end) {
    int known = 0;
    for (int id = begin; id < end; ++id) {
      const auto found = Find(Tag(id));
      if (!found.has_value()) continue;
      EXPECT_TRUE(found->same_content);
      ++known;
    }
    return known;
  }

  std::vector<fs::path> Files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const IdTagger tagger_;
  MemoryRows rows_;
  MemoryStorage storage_;
  std::string folder_;
  IdempotencyOptions options_;
  uint64_t size_ = 0;
  uint8_t history_ = 0;
  int64_t now_s_ = kStart;
  std::unique_ptr<Idempotency> ids_;
};

TEST_F(IdempotencyTest, TagsDependOnAdministrationIdContentAndKey) {
  const std::string id(16, 'i');
  const IdTag tag = tagger_.Tag(1, id, "content");
  EXPECT_EQ(tag.id, tagger_.Tag(1, id, "other").id);
  EXPECT_NE(tag.digest, tagger_.Tag(1, id, "other").digest);
  EXPECT_EQ(tag.digest, tagger_.Tag(2, id, "content").digest);
  EXPECT_NE(tag.id, tagger_.Tag(2, id, "content").id);
  EXPECT_NE(tag.id, tagger_.Tag(1, std::string(16, 'j'), "content").id);
  EXPECT_NE(tag.id, IdTagger(std::string(32, 'x')).Tag(1, id, "content").id);
}

TEST_F(IdempotencyTest, KnowsAnIdAndItsContent) {
  EXPECT_FALSE(Find(Tag(1)).has_value());
  Submit({Tag(0), Tag(1), Tag(2)});
  const auto known = Find(Tag(1));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->leaf_index, 2);
  EXPECT_TRUE(known->same_content);
  const auto other = Find(Tag(1, /*content=*/5));
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->leaf_index, 2);
  EXPECT_FALSE(other->same_content);
  EXPECT_FALSE(Find(Tag(3)).has_value());
  EXPECT_EQ(ids_->entries(), 3);
}

TEST_F(IdempotencyTest, TellsIdsWithOneFingerprintApart) {
  IdTag a = Tag(1), b = a;
  b.id[15] ^= 1;
  Submit({a});
  EXPECT_FALSE(Find(b).has_value());
  Submit({b});
  EXPECT_EQ(Find(a)->leaf_index, 0);
  EXPECT_EQ(Find(b)->leaf_index, 2);
}

TEST_F(IdempotencyTest, RemembersAcrossRestarts) {
  for (int id = 0; id < 300; id += 30) {
    SubmitRange(id, id + 30);
    Restart();
    EXPECT_EQ(KnownOf(0, 300), id + 30);
    EXPECT_EQ(ids_->entries(), id + 30);
  }
  EXPECT_GT(Files().size(), 3);
}

TEST_F(IdempotencyTest, RemembersWithoutItsFiles) {
  SubmitRange(0, 300);
  ids_.reset();
  fs::remove_all(folder_);
  Restart();
  EXPECT_EQ(KnownOf(0, 300), 300);
  EXPECT_EQ(ids_->entries(), 300);
  EXPECT_GT(Files().size(), 3) << "saved again";
}

TEST_F(IdempotencyTest, RebuildsAnyFileThatIsMissing) {
  SubmitRange(0, 300);
  const size_t count = Files().size();
  for (size_t i = 0; i < count; ++i) {
    Restart();
    ids_.reset();
    const std::vector<fs::path> files = Files();
    if (i < files.size()) fs::remove(files[i]);
    Restart();
    EXPECT_EQ(KnownOf(0, 300), 300) << i;
    EXPECT_EQ(ids_->entries(), 300) << i;
  }
}

TEST_F(IdempotencyTest, RebuildsAnyFileThatIsDamaged) {
  SubmitRange(0, 130);
  ids_.reset();
  const std::vector<fs::path> files = Files();
  ASSERT_GE(files.size(), 2);
  const fs::path file = files.front();
  std::ifstream in(file, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  for (size_t i = 0; i < good.size(); i += 41) {
    std::string bad = good;
    bad[i] ^= static_cast<char>(1 << (i % 8));
    std::ofstream(file, std::ios::binary) << bad;
    Restart();
    ASSERT_EQ(KnownOf(0, 130), 130) << i;
    ASSERT_EQ(ids_->entries(), 130) << i;
  }
  for (size_t size : {size_t{0}, size_t{20}, good.size() - 1}) {
    std::ofstream(file, std::ios::binary) << good.substr(0, size);
    Restart();
    EXPECT_EQ(KnownOf(0, 130), 130) << size;
  }
  std::ofstream(file, std::ios::binary) << good << "more";
  Restart();
  EXPECT_EQ(KnownOf(0, 130), 130);
}

TEST_F(IdempotencyTest, DropsFilesOfALongerHistory) {
  SubmitRange(0, 100);
  // The data go back; the files do not.
  rows_.~MemoryRows();
  new (&rows_) MemoryRows();
  size_ = 0;
  Restart();
  EXPECT_EQ(KnownOf(0, 100), 0);
  EXPECT_TRUE(Files().empty());
}

// Two servers that take turns on one log, each with a folder of its own.
TEST_F(IdempotencyTest, DropsFilesOfAnotherHistoryOfTheSameLength) {
  SubmitRange(0, 100);
  const std::string mine = folder_;
  folder_ += "_other";
  rows_.~MemoryRows();
  new (&rows_) MemoryRows();
  size_ = 0;
  history_ = 1;
  Restart();
  SubmitRange(200, 300);
  folder_ = mine;
  Restart();
  EXPECT_EQ(KnownOf(0, 100), 0);
  EXPECT_EQ(KnownOf(200, 300), 100);
  Restart();
  EXPECT_EQ(KnownOf(200, 300), 100);
}

TEST_F(IdempotencyTest, LeavesForeignFilesAlone) {
  SubmitRange(0, 100);
  std::ofstream(folder_ + "/notes") << "mine";
  Restart();
  EXPECT_TRUE(fs::exists(folder_ + "/notes"));
}

TEST_F(IdempotencyTest, KeepsThePromiseAndNotMuchMore) {
  SubmitRange(0, 70);
  now_s_ += 2 * kDay;
  SubmitRange(70, 140);
  now_s_ = kStart + 7 * kDay;
  ids_->Expire(now_s_);
  EXPECT_EQ(KnownOf(0, 140), 140) << "7 days are not over";
  Restart();
  EXPECT_EQ(KnownOf(0, 140), 140);
  now_s_ = kStart + 7 * kDay + 1;
  ids_->Expire(now_s_);
  EXPECT_EQ(KnownOf(0, 64), 0);
  EXPECT_EQ(KnownOf(70, 140), 70);
  Restart();
  EXPECT_EQ(KnownOf(0, 64), 0);
  EXPECT_EQ(KnownOf(70, 140), 70);
  now_s_ += 20 * kDay;
  ids_->Expire(now_s_);
  EXPECT_EQ(ids_->entries(), 0);
  Restart();
  EXPECT_EQ(ids_->entries(), 0);
  EXPECT_EQ(KnownOf(0, 140), 0);
  EXPECT_LE(Files().size(), 1);
  SubmitRange(0, 10);
  EXPECT_EQ(KnownOf(0, 140), 10);
}

TEST_F(IdempotencyTest, ExpiresAlsoWhileItWasNotRunning) {
  SubmitRange(0, 70);
  now_s_ += 5 * kDay;
  SubmitRange(70, 140);
  now_s_ = kStart + 8 * kDay;
  Restart();
  EXPECT_EQ(KnownOf(0, 64), 0);
  EXPECT_EQ(KnownOf(70, 140), 70);
  ids_.reset();
  fs::remove_all(folder_);
  Restart();
  EXPECT_EQ(KnownOf(0, 70), 0);
  EXPECT_EQ(KnownOf(70, 140), 70) << "rows say when they were written";
}

TEST_F(IdempotencyTest, ForgetsNothingWhenTheClockFalls) {
  SubmitRange(0, 70);
  now_s_ -= 30 * kDay;
  SubmitRange(70, 140);
  Restart();
  now_s_ += 30 * kDay;
  ids_->Expire(now_s_);
  Restart();
  EXPECT_EQ(KnownOf(0, 140), 140);
}

// An id whose promise was over and that was given a new leaf; then the clock
// falls, and at the next start both rows count.
TEST_F(IdempotencyTest, TheNewestLeafOfAnIdCounts) {
  Submit({Tag(1), Tag(2)});
  now_s_ += 8 * kDay;
  ids_->Expire(now_s_);
  ASSERT_FALSE(Find(Tag(1)).has_value());
  const uint64_t newest = size_;
  Submit({Tag(1, 5)});
  now_s_ -= 8 * kDay;
  fs::remove_all(folder_);
  Restart();
  const auto known = Find(Tag(1, 5));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->leaf_index, newest);
  EXPECT_TRUE(known->same_content);
  EXPECT_TRUE(Find(Tag(2)).has_value());
}

TEST_F(IdempotencyTest, ClosesASegmentThatIsOldAndNotQuiteEmpty) {
  SubmitRange(0, 5);
  EXPECT_TRUE(Files().empty());
  now_s_ += 3600;
  SubmitRange(5, 6);
  EXPECT_EQ(Files().size(), 1);
  Restart();
  EXPECT_EQ(KnownOf(0, 6), 6);
}

TEST_F(IdempotencyTest, HasLittleToReadAfterBatchesWithoutIds) {
  for (int i = 0; i < 100; ++i) Submit({});
  ASSERT_EQ(Files().size(), 1);
  EXPECT_THAT(Files().front().filename().string(),
              HasSubstr("ids-0000000000000000-"));
  uint64_t end;
  std::string bytes;
  ASSERT_TRUE(
      HexDecode(Files().front().filename().string().substr(21), &bytes));
  end = Be64(bytes);
  EXPECT_GE(end + options_.save_entries, size_);
  Restart();
  EXPECT_EQ(ids_->entries(), 0);
}

TEST_F(IdempotencyTest, PushesBackAtTheBoundInsteadOfForgetting) {
  options_.bytes_max = 64 << 10;
  options_.segment_entries = 1024;
  Restart();
  int id = 0;
  absl::Status status;
  while (status.ok() && id < 100000) {
    status = ids_->Reserve(5);
    if (!status.ok()) break;
    SubmitRange(id, id + 5);
    id += 5;
    ASSERT_LE(ids_->bytes(), options_.bytes_max);
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("65536"), HasSubstr("idempotency.bytes_max")));
  EXPECT_TRUE(RetryAfterOf(status).has_value());
  EXPECT_GT(id, 4000);
  EXPECT_EQ(KnownOf(0, id), id);
  EXPECT_FALSE(ids_->Reserve(1 << 20).ok());
  now_s_ += 8 * kDay;
  ids_->Expire(now_s_);
  EXPECT_TRUE(ids_->Reserve(5).ok());
}

TEST_F(IdempotencyTest, FindsEveryFlippedBitOfARow) {
  Submit({Tag(1), Tag(2)});
  const std::string row = storage_.Get(RowKind::kIds, 0, 0)->value;
  EXPECT_TRUE(CheckIdsRow(kKey, 0, row).ok());
  for (size_t bit = 0; bit < row.size() * 8; ++bit) {
    std::string bad = row;
    bad[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(CheckIdsRow(kKey, 0, bad))) << bit;
  }
  EXPECT_TRUE(absl::IsDataLoss(CheckIdsRow(kKey, 1, row)))
      << "a row counts in its own place only";
  EXPECT_TRUE(absl::IsDataLoss(CheckIdsRow(std::string(32, 'x'), 0, row)));
  for (size_t size : {0, 1, 24, 25, 60}) {
    EXPECT_TRUE(absl::IsDataLoss(CheckIdsRow(kKey, 0, row.substr(0, size))));
  }
}

TEST_F(IdempotencyTest, NamesADamagedRowWhenItIsNeeded) {
  Submit({Tag(1), Tag(2)});
  Submit({Tag(3)});
  ASSERT_TRUE(rows_.FlipBit(0, RowKind::kIds, 0, 30));
  EXPECT_TRUE(absl::IsDataLoss(ids_->Find(Tag(1)).status()));
  EXPECT_TRUE(Find(Tag(3)).has_value());
  EXPECT_FALSE(Find(Tag(4)).has_value());
  const absl::Status status = TryRestart();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("ids row of the batch at leaf 0"));
}

// Goal: no id is lost, mixed up or kept for ever, over segments, restarts,
// lost files and time. Method: compared with a plain map.
TEST_F(IdempotencyTest, AgreesWithASlowTwin) {
  constexpr uint32_t kSeed = 20260102;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  struct Seen {
    uint64_t leaf;
    int64_t at_s;
  };
  std::map<int, Seen> twin;
  options_.background = true;
  Restart();
  int next_id = 0;
  for (int step = 0; step < 600; ++step) {
    now_s_ += random() % 7200;
    ids_->Expire(now_s_);
    std::vector<IdTag> tags;
    const int count = static_cast<int>(random() % 12);
    const uint64_t first = size_;
    for (int i = 0; i < count; ++i) {
      twin[next_id] = {first + 2 * i, now_s_};
      tags.push_back(Tag(next_id++));
    }
    Submit(tags);
    if (random() % 40 == 0) {
      ids_.reset();
      if (random() % 3 == 0 && !Files().empty()) {
        const std::vector<fs::path> files = Files();
        fs::remove(files[random() % files.size()]);
      }
      Restart();
    }
    for (int i = 0; i < 20 && next_id > 0; ++i) {
      const int id = static_cast<int>(random() % (next_id + 5));
      const auto known = Find(Tag(id));
      const auto seen = twin.find(id);
      if (seen == twin.end()) {
        ASSERT_FALSE(known.has_value());
      } else if (now_s_ - seen->second.at_s <= options_.keep_s) {
        ASSERT_TRUE(known.has_value()) << id;
        ASSERT_EQ(known->leaf_index, seen->second.leaf);
      } else if (now_s_ - seen->second.at_s > 2 * options_.keep_s) {
        ASSERT_FALSE(known.has_value()) << id;
      }
    }
  }
  EXPECT_LT(ids_->entries(), 3000u) << "old ones go";
}

}  // namespace
}  // namespace vidimus
