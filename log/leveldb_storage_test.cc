// What the LevelDB engine adds to the contract of storage.h: its format, its
// refusals, its messages. Power loss is tested in tests/power_loss.
#include "log/leveldb_storage.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "leveldb/db.h"
#include "leveldb/env.h"
#include "log/leveldb_env.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

TreeHead HeadOf(uint64_t size) {
  TreeHead head = {size, EmptyRoot()};
  if (size > 0) head.root[0] ^= static_cast<uint8_t>(size | 1);
  return head;
}

std::string EntriesOf(uint64_t first) {
  return "entries of " + std::to_string(first) + std::string(100, 'e');
}

// Fails what it is told to, with LevelDB's own words for it.
class FaultyEnv : public leveldb::EnvWrapper {
 public:
  FaultyEnv() : EnvWrapper(PreadEnv()) {}

  std::atomic<const char*> sync_error{nullptr};
  std::atomic<const char*> append_error{nullptr};
  std::atomic<const char*> create_error{nullptr};

  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** file) override {
    *file = nullptr;
    if (const char* error = create_error) {
      return leveldb::Status::IOError(path, error);
    }
    leveldb::WritableFile* bare;
    const leveldb::Status status = target()->NewWritableFile(path, &bare);
    if (status.ok()) *file = new File(this, path, bare);
    return status;
  }

 private:
  class File : public leveldb::WritableFile {
   public:
    File(FaultyEnv* env, std::string path, leveldb::WritableFile* file)
        : env_(env), path_(std::move(path)), file_(file) {}
    leveldb::Status Append(const leveldb::Slice& bytes) override {
      if (const char* error = env_->append_error) {
        // As a full disk does it: some of it fits.
        file_->Append(leveldb::Slice(bytes.data(), bytes.size() / 2));
        return leveldb::Status::IOError(path_, error);
      }
      return file_->Append(bytes);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
      if (const char* error = env_->sync_error) {
        return leveldb::Status::IOError(path_, error);
      }
      return file_->Sync();
    }

   private:
    FaultyEnv* const env_;
    const std::string path_;
    const std::unique_ptr<leveldb::WritableFile> file_;
  };
};

class LevelDbStorageTest : public ::testing::Test {
 protected:
  LevelDbStorageTest() {
    std::string name = ::testing::TempDir() + "/leveldbXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name + "/data";
    options_.env = &env_;
  }

  std::unique_ptr<Storage> Open() {
    auto storage = OpenLevelDbStorage(options_, folder_);
    EXPECT_TRUE(storage.ok()) << storage.status();
    return storage.ok() ? *std::move(storage) : nullptr;
  }
  absl::Status OpenError() {
    return OpenLevelDbStorage(options_, folder_).status();
  }
  static absl::Status Commit(Storage* storage, uint64_t first, uint64_t end) {
    StorageBatch batch;
    batch.first = first;
    batch.head = HeadOf(end);
    batch.rows.push_back({RowKind::kEntries, 0, EntriesOf(first)});
    batch.rows.push_back({RowKind::kHashes, 0, std::string(32, 'h')});
    return storage->Commit(batch, HeadOf(first));
  }
  // Files whose name ends so, in order.
  std::vector<fs::path> Files(const std::string& ending) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ending) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  // Opens what lies there as a plain database, past our own checks.
  std::unique_ptr<leveldb::DB> OpenBare() {
    leveldb::Options options;
    options.create_if_missing = true;
    leveldb::DB* db = nullptr;
    EXPECT_TRUE(leveldb::DB::Open(options, folder_, &db).ok());
    return std::unique_ptr<leveldb::DB>(db);
  }

  std::string folder_;
  FaultyEnv env_;
  LevelDbOptions options_;
};

TEST_F(LevelDbStorageTest, RefusesAnotherFormatAndNamesBoth) {
  Open();
  ASSERT_TRUE(
      OpenBare()
          ->Put({}, leveldb::Slice("\0", 1), leveldb::Slice("\0\0\0\x03", 4))
          .ok());
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("has format version 3"), HasSubstr("reads version 2")));
}

TEST_F(LevelDbStorageTest, RefusesAFormatOfAnotherLength) {
  Open();
  ASSERT_TRUE(OpenBare()->Put({}, leveldb::Slice("\0", 1), "1").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenError()));
}

TEST_F(LevelDbStorageTest, RefusesRowsWithoutAFormat) {
  fs::create_directory(folder_);
  ASSERT_TRUE(OpenBare()->Put({}, "0123456789", "row").ok());
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(LevelDbStorageTest, RefusesAKeyThatIsNoRow) {
  Open();
  ASSERT_TRUE(OpenBare()->Put({}, "\xff", "row").ok());
  EXPECT_TRUE(absl::IsDataLoss(OpenError()));
}

TEST_F(LevelDbStorageTest, RefusesAHeadThatEndsBeforeItsBatch) {
  Open();
  std::string key("\0\0\0\0\0\0\0\x05\0\0", 10);
  std::string value("\0\0\0\0\0\0\0\x05", 8);
  value += std::string(32, 'r');
  ASSERT_TRUE(OpenBare()->Put({}, key, value).ok());
  EXPECT_TRUE(absl::IsDataLoss(OpenError()));
  value[7] = 6;
  ASSERT_TRUE(OpenBare()->Put({}, key, value).ok());
  EXPECT_TRUE(OpenError().ok());
  ASSERT_TRUE(OpenBare()->Put({}, key, value + "more").ok());
  EXPECT_TRUE(absl::IsDataLoss(OpenError()));
}

TEST_F(LevelDbStorageTest, NamesABatchThatIsMissing) {
  std::unique_ptr<Storage> storage = Open();
  for (uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(Commit(storage.get(), i, i + 1).ok());
  }
  storage.reset();
  {
    std::unique_ptr<leveldb::DB> db = OpenBare();
    for (char kind : {0, 1, 2}) {
      std::string key("\0\0\0\0\0\0\0\x03", 8);
      key += kind;
      key += '\0';
      ASSERT_TRUE(db->Delete({}, key).ok());
    }
  }
  storage = Open();
  const absl::Status status =
      storage->Scan(RowKind::kEntries, 0, 0, 5,
                    [](uint64_t, absl::string_view) { return true; });
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("leaf 3"));
}

// LevelDB would begin anew and delete what is there.
TEST_F(LevelDbStorageTest, RefusesDataWithoutCurrentAndLeavesItAlone) {
  std::unique_ptr<Storage> storage = Open();
  ASSERT_TRUE(Commit(storage.get(), 0, 1).ok());
  storage.reset();
  storage = Open();
  storage.reset();
  ASSERT_TRUE(fs::remove(folder_ + "/CURRENT"));
  const size_t tables = Files(".ldb").size();
  ASSERT_GT(tables, 0);
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("CURRENT"));
  EXPECT_EQ(Files(".ldb").size(), tables);
}

TEST_F(LevelDbStorageTest, RefusesAFolderWithoutOneOfItsTables) {
  std::unique_ptr<Storage> storage = Open();
  ASSERT_TRUE(Commit(storage.get(), 0, 1).ok());
  storage.reset();
  storage = Open();
  storage.reset();
  fs::remove(Files(".ldb").front());
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(LevelDbStorageTest, TellsAMissingTableFromAMissingRow) {
  options_.write_buffer_bytes = 64 << 10;
  std::unique_ptr<Storage> storage = Open();
  uint64_t size = 0;
  for (; size < 2000; ++size) {
    ASSERT_TRUE(Commit(storage.get(), size, size + 1).ok());
  }
  storage.reset();
  storage = Open();
  // Opening reads the first and the last table, and those not yet moved down.
  const std::vector<fs::path> tables = Files(".ldb");
  ASSERT_GT(tables.size(), 4);
  fs::remove(tables[1]);
  int lost = 0;
  for (uint64_t index = 0; index < size; ++index) {
    const auto ids = storage->Get(RowKind::kIds, 0, index);
    const auto entries = storage->Get(RowKind::kEntries, 0, index);
    ASSERT_TRUE(entries.ok() || absl::IsDataLoss(entries.status()));
    if (entries.ok()) continue;
    ++lost;
    ASSERT_TRUE(absl::IsDataLoss(ids.status())) << ids.status();
  }
  EXPECT_GT(lost, 0);
}

TEST_F(LevelDbStorageTest, NamesATableThatWasCutShort) {
  std::unique_ptr<Storage> storage = Open();
  ASSERT_TRUE(Commit(storage.get(), 0, 1).ok());
  storage.reset();
  Open();
  fs::resize_file(Files(".ldb").front(), 20);
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

// Goal: no flipped bit becomes other content. Method: each byte of the table
// in turn, then all rows read.
TEST_F(LevelDbStorageTest, NeverGivesOtherContentForAFlippedBit) {
  std::unique_ptr<Storage> storage = Open();
  for (uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(Commit(storage.get(), i, i + 1).ok());
  }
  storage.reset();
  Open();  // what was in the log file becomes a table
  int refused = 0, read = 0;
  size_t tables_bytes = 0;
  for (const fs::path& table : Files(".ldb")) {
    std::ifstream in(table, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), {});
    tables_bytes += good.size();
    for (size_t i = 0; i < good.size(); i += 3) {
      std::string bad = good;
      bad[i] ^= static_cast<char>(1 << (i % 8));
      std::ofstream(table, std::ios::binary) << bad;
      auto opened = OpenLevelDbStorage(options_, folder_);
      bool all_good = opened.ok();
      for (uint64_t index = 0; index < 4 && opened.ok(); ++index) {
        const auto row = (*opened)->Get(RowKind::kEntries, 0, index);
        all_good = all_good && row.ok();
        if (row.ok()) {
          ASSERT_EQ(row->value, EntriesOf(index)) << i;
        } else {
          ASSERT_TRUE(absl::IsDataLoss(row.status())) << row.status();
        }
      }
      if (!opened.ok()) {
        ASSERT_TRUE(absl::IsDataLoss(opened.status())) << opened.status();
      }
      ++(all_good ? read : refused);
    }
    std::ofstream(table, std::ios::binary) << good;
  }
  EXPECT_GT(refused * 3, static_cast<int>(tables_bytes / 2));
  Open();
}

TEST_F(LevelDbStorageTest, RefusesToCommitAfterAFailedSync) {
  std::unique_ptr<Storage> storage = Open();
  ASSERT_TRUE(Commit(storage.get(), 0, 1).ok());
  env_.sync_error = "Input/output error";
  absl::Status status = Commit(storage.get(), 1, 2);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("commit of entries 1..1"),
                    HasSubstr("Input/output error")));
  env_.sync_error = nullptr;
  status = Commit(storage.get(), 1, 2);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("earlier commit failed"));
  storage.reset();
  storage = Open();
  const uint64_t size = storage->LastHead()->size;
  EXPECT_TRUE(size == 1 || size == 2) << size;
  EXPECT_TRUE(Commit(storage.get(), size, size + 1).ok());
}

TEST_F(LevelDbStorageTest, RefusesToCommitAfterADiskWasFull) {
  std::unique_ptr<Storage> storage = Open();
  ASSERT_TRUE(Commit(storage.get(), 0, 1).ok());
  env_.append_error = "No space left on device";
  absl::Status status = Commit(storage.get(), 1, 2);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("free some space"));
  env_.append_error = nullptr;
  EXPECT_FALSE(Commit(storage.get(), 1, 2).ok());
  EXPECT_EQ(storage->Get(RowKind::kEntries, 0, 0)->value, EntriesOf(0))
      << "reading goes on";
  storage.reset();
  storage = Open();
  EXPECT_EQ(storage->LastHead().value(), HeadOf(1));
  EXPECT_TRUE(Commit(storage.get(), 1, 2).ok());
}

TEST_F(LevelDbStorageTest, SaysThatTheFolderIsReadOnly) {
  Open();
  env_.create_error = "Read-only file system";
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(folder_), HasSubstr("must be able to write")));
}

TEST_F(LevelDbStorageTest, RefusesASecondOwnerInThisProcess) {
  std::unique_ptr<Storage> storage = Open();
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("second server"));
  EXPECT_TRUE(Commit(storage.get(), 0, 1).ok());
}

TEST_F(LevelDbStorageTest, RefusesASecondProcess) {
  int ready[2], done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    auto storage = OpenLevelDbStorage(LevelDbOptions(), folder_);
    byte = storage.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    if (read(done[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("second server"));
  ASSERT_EQ(write(done[1], &byte, 1), 1);
  int exit_status = 0;
  ASSERT_EQ(waitpid(child, &exit_status, 0), child);
  EXPECT_EQ(exit_status, 0);
  EXPECT_TRUE(OpenError().ok());
}

}  // namespace
}  // namespace vidimus
