// What every storage engine promises in log/storage.h, run on each of them.
#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/leveldb_storage.h"
#include "log/memory_storage.h"
#include "log/storage.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// An engine whose content outlives its handles.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Storage> Open() = 0;
};

class MemoryEngine : public Engine {
 public:
  std::unique_ptr<Storage> Open() override {
    return std::make_unique<MemoryStorage>(&rows_);
  }

 private:
  MemoryRows rows_;
};

class LevelDbEngine : public Engine {
 public:
  LevelDbEngine() {
    std::string name = ::testing::TempDir() + "/storageXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name + "/data";
    // Small enough that a test fills several tables.
    options_.write_buffer_bytes = 64 << 10;
  }
  std::unique_ptr<Storage> Open() override {
    auto storage = OpenLevelDbStorage(options_, folder_);
    EXPECT_TRUE(storage.ok()) << storage.status();
    return storage.ok() ? *std::move(storage) : nullptr;
  }

 private:
  std::string folder_;
  LevelDbOptions options_;
};

struct EngineParam {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
};

// The engine does not look into roots and rows: any bytes will do.
Hash SomeRoot(uint64_t size) {
  Hash root = {};
  for (int i = 0; i < 8; ++i) root[i] = static_cast<uint8_t>(size >> (8 * i));
  root[31] = 1;
  return root;
}

TreeHead HeadOf(uint64_t size) {
  return size == 0 ? TreeHead{0, EmptyRoot()} : TreeHead{size, SomeRoot(size)};
}

StorageBatch Batch(uint64_t first, uint64_t end) {
  StorageBatch batch;
  batch.first = first;
  batch.head = HeadOf(end);
  batch.rows.push_back(
      {RowKind::kEntries, 0, "entries of " + std::to_string(first)});
  return batch;
}

class StorageContractTest : public ::testing::TestWithParam<EngineParam> {
 protected:
  StorageContractTest()
      : engine_(GetParam().make()), storage_(engine_->Open()) {}

  void Reopen() {
    storage_.reset();
    storage_ = engine_->Open();
  }
  absl::Status Commit(uint64_t first, uint64_t end) {
    return storage_->Commit(Batch(first, end), HeadOf(first));
  }
  absl::Status Commit(const StorageBatch& batch) {
    return storage_->Commit(batch, HeadOf(batch.first));
  }
  // The firsts of the batches that a scan visits.
  std::vector<uint64_t> Firsts(RowKind kind, uint8_t sub, uint64_t begin,
                               uint64_t end) {
    std::vector<uint64_t> firsts;
    const absl::Status status = storage_->Scan(
        kind, sub, begin, end, [&](uint64_t first, absl::string_view) {
          firsts.push_back(first);
          return true;
        });
    EXPECT_TRUE(status.ok()) << status;
    return firsts;
  }
  uint64_t FirstOf(uint64_t index) {
    const auto row = storage_->Get(RowKind::kEntries, 0, index);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() ? row->first : ~uint64_t{0};
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Storage> storage_;
};

TEST_P(StorageContractTest, StandsAtTheEmptyTreeWhenNew) {
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(0));
  EXPECT_TRUE(
      absl::IsOutOfRange(storage_->Get(RowKind::kEntries, 0, 0).status()));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 0, 0), IsEmpty());
  Reopen();
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(0));
}

TEST_P(StorageContractTest, AcceptsABatchOnTheExpectedHead) {
  ASSERT_TRUE(Commit(0, 3).ok());
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(3));
  const auto row = storage_->Get(RowKind::kEntries, 0, 2);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->first, 0);
  EXPECT_EQ(row->value, "entries of 0");
}

TEST_P(StorageContractTest, RejectsABatchOnAnOlderHead) {
  ASSERT_TRUE(Commit(0, 3).ok());
  ASSERT_TRUE(Commit(3, 5).ok());
  const absl::Status status = Commit(3, 7);
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("commit of entries 3..6: tree head moved to 5 under us "
                        "(expected 3)"));
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(5));
  EXPECT_TRUE(Commit(5, 6).ok()) << "a refused commit breaks nothing";
}

TEST_P(StorageContractTest, RejectsABatchOnAHeadThatIsAhead) {
  ASSERT_TRUE(Commit(0, 3).ok());
  EXPECT_TRUE(absl::IsAborted(Commit(4, 7)));
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(3));
}

TEST_P(StorageContractTest, RejectsABatchOnAnotherRootOfTheSameSize) {
  ASSERT_TRUE(Commit(0, 3).ok());
  TreeHead other = HeadOf(3);
  other.root[0] ^= 1;
  const absl::Status status = storage_->Commit(Batch(3, 4), other);
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another root"));
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(3));
}

TEST_P(StorageContractTest, RejectsTheFirstBatchOnANonEmptyRoot) {
  EXPECT_TRUE(
      absl::IsAborted(storage_->Commit(Batch(0, 1), TreeHead{0, SomeRoot(7)})));
  EXPECT_EQ(storage_->LastHead().value(), HeadOf(0));
}

TEST_P(StorageContractTest, KeepsEveryRowOfABatchApart) {
  StorageBatch batch = Batch(0, 2);
  batch.rows.push_back({RowKind::kHashes, 0, std::string("\0\xff", 2)});
  batch.rows.push_back({RowKind::kTile, 1, "level 1"});
  batch.rows.push_back({RowKind::kTile, 255, ""});
  ASSERT_TRUE(Commit(batch).ok());
  Reopen();
  EXPECT_EQ(storage_->Get(RowKind::kHashes, 0, 1)->value,
            std::string("\0\xff", 2));
  EXPECT_EQ(storage_->Get(RowKind::kTile, 1, 1)->value, "level 1");
  EXPECT_EQ(storage_->Get(RowKind::kTile, 255, 0)->value, "");
  EXPECT_TRUE(absl::IsNotFound(storage_->Get(RowKind::kTile, 2, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(storage_->Get(RowKind::kIds, 0, 0).status()));
}

TEST_P(StorageContractTest, FindsTheBatchOfALeafAtItsEdges) {
  for (uint64_t size : {1, 2, 255, 256, 257, 65535, 65536, 65537}) {
    const uint64_t first = storage_->LastHead()->size;
    ASSERT_TRUE(Commit(first, size).ok());
  }
  const uint64_t far = uint64_t{1} << 40;
  ASSERT_TRUE(Commit(65537, far).ok());
  ASSERT_TRUE(Commit(far, far + 1).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(FirstOf(0), 0);
    EXPECT_EQ(FirstOf(1), 1);
    EXPECT_EQ(FirstOf(2), 2);
    EXPECT_EQ(FirstOf(254), 2);
    EXPECT_EQ(FirstOf(255), 255);
    EXPECT_EQ(FirstOf(256), 256);
    EXPECT_EQ(FirstOf(257), 257);
    EXPECT_EQ(FirstOf(65534), 257);
    EXPECT_EQ(FirstOf(65535), 65535);
    EXPECT_EQ(FirstOf(65536), 65536);
    EXPECT_EQ(FirstOf(65537), 65537);
    EXPECT_EQ(FirstOf(far - 1), 65537);
    EXPECT_EQ(FirstOf(far), far);
    EXPECT_TRUE(absl::IsOutOfRange(
        storage_->Get(RowKind::kEntries, 0, far + 1).status()));
    EXPECT_TRUE(absl::IsOutOfRange(
        storage_->Get(RowKind::kEntries, 0, ~uint64_t{0}).status()));
    Reopen();
  }
}

TEST_P(StorageContractTest, ScansTheBatchesThatTouchTheRange) {
  ASSERT_TRUE(Commit(0, 2).ok());
  ASSERT_TRUE(Commit(2, 5).ok());
  ASSERT_TRUE(Commit(5, 6).ok());
  ASSERT_TRUE(Commit(6, 256).ok());
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 0, 256), ElementsAre(0, 2, 5, 6));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 1, 2), ElementsAre(0));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 1, 3), ElementsAre(0, 2));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 2, 5), ElementsAre(2));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 4, 6), ElementsAre(2, 5));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 255, 256), ElementsAre(6));
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 3, 3), IsEmpty());
  EXPECT_THAT(Firsts(RowKind::kEntries, 0, 5, 2), IsEmpty());
  EXPECT_THAT(Firsts(RowKind::kHead, 0, 0, 256), ElementsAre(0, 2, 5, 6));
}

TEST_P(StorageContractTest, ScansPastBatchesWithoutTheRow) {
  for (uint64_t first = 0; first < 10; ++first) {
    StorageBatch batch = Batch(first, first + 1);
    if (first % 4 == 3) batch.rows.push_back({RowKind::kTile, 1, "tile"});
    if (first == 5) batch.rows.push_back({RowKind::kTile, 2, "higher"});
    ASSERT_TRUE(Commit(batch).ok());
  }
  EXPECT_THAT(Firsts(RowKind::kTile, 1, 0, 10), ElementsAre(3, 7));
  EXPECT_THAT(Firsts(RowKind::kTile, 1, 4, 7), IsEmpty());
  EXPECT_THAT(Firsts(RowKind::kTile, 2, 0, 10), ElementsAre(5));
}

TEST_P(StorageContractTest, StopsAScanWhenTheVisitorHasEnough) {
  for (uint64_t first = 0; first < 5; ++first) {
    ASSERT_TRUE(Commit(first, first + 1).ok());
  }
  int visits = 0;
  ASSERT_TRUE(
      storage_
          ->Scan(RowKind::kEntries, 0, 0, 5,
                 [&](uint64_t, absl::string_view) { return ++visits < 2; })
          .ok());
  EXPECT_EQ(visits, 2);
}

TEST_P(StorageContractTest, RejectsAScanBeyondTheTree) {
  ASSERT_TRUE(Commit(0, 3).ok());
  const absl::Status status = storage_->Scan(RowKind::kEntries, 0, 0, 4,
                                             [](uint64_t, absl::string_view) {
                                               ADD_FAILURE() << "visited";
                                               return true;
                                             });
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
}

TEST_P(StorageContractTest, LetsAVisitorReadTheStorage) {
  ASSERT_TRUE(Commit(0, 3).ok());
  ASSERT_TRUE(Commit(3, 4).ok());
  std::vector<std::string> values;
  ASSERT_TRUE(
      storage_
          ->Scan(RowKind::kHead, 0, 0, 4,
                 [&](uint64_t first, absl::string_view) {
                   values.push_back(
                       storage_->Get(RowKind::kEntries, 0, first)->value);
                   return true;
                 })
          .ok());
  EXPECT_THAT(values, ElementsAre("entries of 0", "entries of 3"));
}

TEST_P(StorageContractTest, WritesTheHeadAsARowOfEachBatch) {
  ASSERT_TRUE(Commit(0, 3).ok());
  ASSERT_TRUE(Commit(3, 300).ok());
  const auto row = storage_->Get(RowKind::kHead, 0, 200);
  ASSERT_TRUE(row.ok());
  std::string expected("\0\0\0\0\0\0\x01\x2c", 8);
  expected += Bytes(SomeRoot(300));
  EXPECT_EQ(row->value, expected);
}

// Goal: nothing is lost or mixed up over many tables and restarts. Method:
// batches of random sizes and rows, compared with a plain map after each
// restart.
TEST_P(StorageContractTest, ReplacesTheVaultPageOfAnEarlierBatch) {
  for (uint64_t first = 0; first < 30; first += 10) {
    StorageBatch batch = Batch(first, first + 10);
    batch.rows.push_back(
        {RowKind::kVaultPage, 0, "page of " + std::to_string(first)});
    ASSERT_TRUE(Commit(batch).ok());
  }
  StorageBatch batch = Batch(30, 40);
  batch.rows.push_back({RowKind::kVaultPage, 0, "page of 30"});
  batch.replaced_pages = {{10, "new page of 10"}, {0, "new page of 0"}};
  ASSERT_TRUE(Commit(batch).ok());
  for (int restart = 0; restart < 2; ++restart) {
    std::vector<std::string> pages;
    ASSERT_TRUE(storage_
                    ->Scan(RowKind::kVaultPage, 0, 0, 40,
                           [&](uint64_t, absl::string_view value) {
                             pages.emplace_back(value);
                             return true;
                           })
                    .ok());
    EXPECT_THAT(pages, ElementsAre("new page of 0", "new page of 10",
                                   "page of 20", "page of 30"));
    const auto got = storage_->Get(RowKind::kVaultPage, 0, 15);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->first, 10u);
    EXPECT_EQ(got->value, "new page of 10");
    // Only that row.
    EXPECT_EQ(FirstOf(15), 10u);
    EXPECT_EQ(storage_->LastHead()->size, 40u);
    Reopen();
  }
}

TEST_P(StorageContractTest, ReplacesNothingIfTheHeadMoved) {
  StorageBatch batch = Batch(0, 10);
  batch.rows.push_back({RowKind::kVaultPage, 0, "old"});
  ASSERT_TRUE(Commit(batch).ok());
  ASSERT_TRUE(Commit(10, 20).ok());
  batch = Batch(10, 20);
  batch.replaced_pages = {{0, "new"}};
  EXPECT_TRUE(absl::IsAborted(Commit(batch)));
  EXPECT_EQ(storage_->Get(RowKind::kVaultPage, 0, 5)->value, "old");
}

TEST_P(StorageContractTest, AgreesWithASlowTwin) {
  constexpr uint32_t kSeed = 20260101;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  struct Twin {
    uint64_t end;
    std::map<std::pair<RowKind, uint8_t>, std::string> rows;
  };
  std::map<uint64_t, Twin> twin;
  uint64_t size = 0;
  for (int step = 0; step < 400; ++step) {
    StorageBatch batch;
    batch.first = size;
    size += 1 + random() % 300;
    batch.head = HeadOf(size);
    for (RowKind kind : {RowKind::kEntries, RowKind::kHashes, RowKind::kTile}) {
      const uint8_t subs = kind == RowKind::kTile ? 3 : 1;
      for (uint8_t sub = 0; sub < subs; ++sub) {
        if (random() % 4 == 0) continue;
        std::string value(random() % 3000, '\0');
        for (char& c : value) c = static_cast<char>(random());
        batch.rows.push_back({kind, sub, std::move(value)});
      }
    }
    ASSERT_TRUE(Commit(batch).ok());
    Twin& entry = twin[batch.first];
    entry.end = size;
    for (const Row& row : batch.rows) {
      entry.rows[{row.kind, row.sub}] = row.value;
    }
    if (step % 97 == 0) Reopen();

    // A leaf anywhere, and a range anywhere.
    const uint64_t index = random() % size;
    const auto holder = std::prev(twin.upper_bound(index));
    const uint8_t sub = random() % 3;
    const auto got = storage_->Get(RowKind::kTile, sub, index);
    const auto want = holder->second.rows.find({RowKind::kTile, sub});
    if (want == holder->second.rows.end()) {
      ASSERT_TRUE(absl::IsNotFound(got.status())) << got.status();
    } else {
      ASSERT_TRUE(got.ok()) << got.status();
      ASSERT_EQ(got->first, holder->first);
      ASSERT_EQ(got->value, want->second);
    }
    if (step % 10 != 0) continue;
    uint64_t begin = random() % (size + 1);
    uint64_t end = random() % (size + 1);
    if (begin > end) std::swap(begin, end);
    std::vector<std::pair<uint64_t, std::string>> seen, wanted;
    ASSERT_TRUE(storage_
                    ->Scan(RowKind::kHashes, 0, begin, end,
                           [&](uint64_t first, absl::string_view value) {
                             seen.emplace_back(first, std::string(value));
                             return true;
                           })
                    .ok());
    for (const auto& [first, batch_twin] : twin) {
      if (first >= end || batch_twin.end <= begin || begin == end) continue;
      const auto row = batch_twin.rows.find({RowKind::kHashes, 0});
      if (row != batch_twin.rows.end()) wanted.emplace_back(first, row->second);
    }
    ASSERT_EQ(seen, wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Engines, StorageContractTest,
    ::testing::Values(
        EngineParam{"Memory", [] { return std::make_unique<MemoryEngine>(); }},
        EngineParam{"LevelDb",
                    [] { return std::make_unique<LevelDbEngine>(); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace vidimus
