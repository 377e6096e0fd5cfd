// Invariants: a row, once written, is never written again, but for vault pages;
// one batch is one synced LevelDB write; head_ is durable; after a failed write
// no other write is tried.
#include "log/leveldb_storage.h"

#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "leveldb/cache.h"
#include "leveldb/db.h"
#include "leveldb/write_batch.h"
#include "log/leveldb_env.h"
#include "log/storage_errors.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr absl::string_view kFormatKey("\0", 1);
constexpr size_t kKeyBytes = 10;
constexpr size_t kHeadRowBytes = 8 + kHashBytes;
// Batches whose place is remembered: about 5 MiB.
constexpr size_t kKnownBatchesMax = 1 << 16;

std::string RowKey(uint64_t first, RowKind kind, uint8_t sub) {
  std::string key;
  key.reserve(kKeyBytes);
  AppendBe64(first, &key);
  key += static_cast<char>(kind);
  key += static_cast<char>(sub);
  return key;
}

leveldb::Slice ToSlice(absl::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

absl::string_view ToView(leveldb::Slice slice) {
  return {slice.data(), slice.size()};
}

// LevelDB tells a bad disk from a human's mistake in words only.
absl::Status FromLevelDb(const leveldb::Status& status,
                         absl::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(doing, ": ", status.ToString());
  // A file that should be there is not.
  if (status.IsCorruption() || status.IsNotFound()) {
    return absl::DataLossError(message);
  }
  if (absl::StrContains(message, "No space left on device") ||
      absl::StrContains(message, "Disk quota exceeded")) {
    return absl::UnavailableError(
        absl::StrCat(message, "; free some space, then start again"));
  }
  if (absl::StrContains(message, "Permission denied") ||
      absl::StrContains(message, "Read-only file system")) {
    return absl::FailedPreconditionError(
        absl::StrCat(message, "; the log must be able to write there"));
  }
  return absl::UnavailableError(message);
}

// The first leaf of the batch whose row stands at `it`.
absl::StatusOr<uint64_t> FirstAt(const leveldb::Iterator& it) {
  RETURN_IF_ERROR(FromLevelDb(it.status(), "reading the database"));
  if (!it.Valid() || it.key().size() != kKeyBytes) {
    return absl::DataLossError(
        "reading the database: rows of the committed tree are missing");
  }
  return Be64({it.key().data(), 8});
}

// LevelDB's own diary says nothing that an operator could use.
class Silence : public leveldb::Logger {
 public:
  void Logv(const char*, va_list) override {}
};

class LevelDbStorageImpl : public LevelDbStorage {
 public:
  explicit LevelDbStorageImpl(const LevelDbOptions& options, std::string folder)
      : folder_(std::move(folder)),
        disk_(options.disk != nullptr ? options.disk : PosixDisk()),
        env_(options.env != nullptr ? options.env : PreadEnv(), disk_, folder_),
        cache_(leveldb::NewLRUCache(options.block_cache_bytes)) {
    db_options_.env = &env_;
    db_options_.info_log = &silence_;
    db_options_.block_cache = cache_.get();
    db_options_.create_if_missing = true;
    db_options_.paranoid_checks = true;
    // Entries are mostly random or encrypted: compression is for nothing.
    db_options_.compression = leveldb::kNoCompression;
    db_options_.write_buffer_size = options.write_buffer_bytes;
    db_options_.max_file_size = options.write_buffer_bytes;
    // LevelDB takes ten of them for itself.
    db_options_.max_open_files = options.open_tables_max + 10;

    read_.verify_checksums = true;
    scan_ = read_;
    scan_.fill_cache = false;
  }

  absl::Status Open() {
    RETURN_IF_ERROR(disk_->MakeFolder(folder_));
    RETURN_IF_ERROR(RefuseHeadlessFolder());
    leveldb::DB* db = nullptr;
    const leveldb::Status opened = leveldb::DB::Open(db_options_, folder_, &db);
    db_.reset(db);
    if (!opened.ok()) {
      absl::Status status = FromLevelDb(
          opened, absl::StrCat("opening the database in ", folder_));
      if (env_.lock_failed() && absl::IsUnavailable(status)) {
        return absl::FailedPreconditionError(absl::StrCat(
            status.message(), "; is a second server running on it?"));
      }
      return status;
    }
    RETURN_IF_ERROR(CheckFormat());
    return FindHead();
  }

  absl::StatusOr<TreeHead> LastHead() override {
    MutexLock lock(&mu_);
    return head_;
  }

  absl::Status Commit(const StorageBatch& batch,
                      const TreeHead& expected) override {
    CheckBatch(batch, expected);
    if (!failed_.ok()) return Annotate(failed_, "an earlier commit failed");
    {
      MutexLock lock(&mu_);
      if (head_ != expected) return HeadMovedError(batch, expected, head_);
    }
    rows_.Clear();
    std::string head;
    AppendBe64(batch.head.size, &head);
    head += Bytes(batch.head.root);
    rows_.Put(RowKey(batch.first, RowKind::kHead, 0), head);
    for (const Row& row : batch.rows) {
      rows_.Put(RowKey(batch.first, row.kind, row.sub), row.value);
    }
    for (const ReplacedPage& page : batch.replaced_pages) {
      rows_.Put(RowKey(page.first, RowKind::kVaultPage, 0), page.value);
    }
    leveldb::WriteOptions synced;
    synced.sync = true;
    failed_ = FromLevelDb(db_->Write(synced, &rows_), CommitName(batch));
    if (!failed_.ok()) return failed_;

    MutexLock lock(&mu_);
    last_first_ = batch.first;
    head_ = batch.head;
    Learn(batch.first, batch.head.size);
    return absl::OkStatus();
  }

  absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                uint64_t index) override {
    const std::string doing =
        absl::StrCat("reading the ", RowKindName(kind), " row of leaf ", index);
    {
      MutexLock lock(&mu_);
      if (index >= head_.size) return BeyondTreeError(kind, index, head_.size);
    }
    StoredRow row;
    const std::optional<uint64_t> known = KnownBatch(index);
    if (known.has_value()) {
      row.first = *known;
      // Entries are kept by those who read them (tile_reader.h), if at all.
      const leveldb::Status got =
          db_->Get(kind == RowKind::kEntries ? scan_ : read_,
                   RowKey(row.first, kind, sub), &row.value);
      if (got.ok()) return row;
      // LevelDB says so too when the table itself is not found: ask again in a
      // way that tells them apart.
      if (!got.IsNotFound()) return FromLevelDb(got, doing);
    }

    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
    if (!known.has_value()) {
      ASSIGN_OR_RETURN(row.first, SeekBatch(it.get(), index));
      RETURN_IF_ERROR(LearnAt(it.get(), row.first).status());
    }
    const std::string key = RowKey(row.first, kind, sub);
    it->Seek(key);
    RETURN_IF_ERROR(FromLevelDb(it->status(), doing));
    if (!it->Valid() || it->key() != leveldb::Slice(key)) {
      return NoSuchRowError(kind, sub, row.first);
    }
    row.value = it->value().ToString();
    return row;
  }

  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit)
      override {
    uint64_t size;
    {
      MutexLock lock(&mu_);
      size = head_.size;
    }
    if (end > size) return BeyondTreeError(kind, end - 1, size);
    if (begin >= end) return absl::OkStatus();

    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(scan_));
    std::optional<uint64_t> known = KnownBatch(begin);
    if (!known.has_value()) {
      ASSIGN_OR_RETURN(known, SeekBatch(it.get(), begin));
    }
    uint64_t first = *known;
    while (first < end) {
      // From head row to head row, so that a batch that is missing is noticed
      // and rows that were not asked for are not read.
      ASSIGN_OR_RETURN(const uint64_t next, LearnAt(it.get(), first));
      const std::string key = RowKey(first, kind, sub);
      if (it->key() != leveldb::Slice(key)) it->Seek(key);
      if (it->Valid() && it->key() == leveldb::Slice(key) &&
          !visit(first, ToView(it->value()))) {
        break;
      }
      first = next;
    }
    return FromLevelDb(it->status(), absl::StrCat("scanning the ",
                                                  RowKindName(kind), " rows"));
  }

  void Compact() override { db_->CompactRange(nullptr, nullptr); }

 private:
  // LevelDB takes a folder without CURRENT for a new database and deletes the
  // tables that it finds there.
  absl::Status RefuseHeadlessFolder() {
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     disk_->List(folder_));
    std::string data;
    for (const std::string& name : names) {
      if (name == "CURRENT") return absl::OkStatus();
      if (absl::EndsWith(name, ".ldb") || absl::EndsWith(name, ".log")) {
        data = name;
      }
    }
    if (data.empty()) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        "opening the database in ", folder_, ": there is data (", data,
        ") but no file CURRENT; restore the whole folder from a copy"));
  }

  absl::Status CheckFormat() {
    std::string format;
    const leveldb::Status got = db_->Get(read_, ToSlice(kFormatKey), &format);
    if (!got.ok() && !got.IsNotFound()) {
      return FromLevelDb(got, "reading the format version");
    }
    if (got.IsNotFound()) {
      const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
      it->SeekToFirst();
      RETURN_IF_ERROR(FromLevelDb(it->status(), "reading the format version"));
      if (it->Valid()) {
        return absl::DataLossError(absl::StrCat(
            "the database in ", folder_, " has rows but no format version"));
      }
      AppendBe32(kLevelDbFormat, &format);
      leveldb::WriteOptions synced;
      synced.sync = true;
      return FromLevelDb(db_->Put(synced, ToSlice(kFormatKey), format),
                         "writing the format version");
    }
    const uint32_t version = format.size() == 4 ? Be32(format) : 0;
    if (version != kLevelDbFormat) {
      return absl::FailedPreconditionError(
          absl::StrCat("the database in ", folder_, " has format version ",
                       version, "; this program reads version ", kLevelDbFormat,
                       ": run the release that wrote it"));
    }
    return absl::OkStatus();
  }

  absl::Status FindHead() {
    TreeHead head = {0, EmptyRoot()};
    uint64_t last_first = 0;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
    it->SeekToLast();
    RETURN_IF_ERROR(FromLevelDb(it->status(), "reading the last tree head"));
    if (it->Valid() && ToView(it->key()) != kFormatKey) {
      ASSIGN_OR_RETURN(last_first, FirstAt(*it));
      it->Seek(RowKey(last_first, RowKind::kHead, 0));
      ASSIGN_OR_RETURN(head, HeadAt(*it, last_first));
    }
    MutexLock lock(&mu_);
    head_ = head;
    last_first_ = last_first;
    return absl::OkStatus();
  }

  // The first leaf of the batch that holds leaf `index` of the committed tree,
  // if that is remembered. Seeking it instead costs up to three reads of
  // blocks, which are as large as the rows in them.
  std::optional<uint64_t> KnownBatch(uint64_t index) {
    MutexLock lock(&mu_);
    if (index >= last_first_) return last_first_;
    const auto next = ends_.upper_bound(index);
    if (next == ends_.begin() || std::prev(next)->second <= index) return {};
    return std::prev(next)->first;
  }

  void Learn(uint64_t first, uint64_t end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (ends_.size() == kKnownBatchesMax) ends_.clear();
    ends_.emplace(first, end);
  }

  // The same by looking; leaves `it` anywhere.
  static absl::StatusOr<uint64_t> SeekBatch(leveldb::Iterator* it,
                                            uint64_t index) {
    // The first row of the next batch, and one back: the last of ours.
    it->Seek(RowKey(index + 1, RowKind::kHead, 0));
    if (it->Valid()) {
      it->Prev();
    } else {
      it->SeekToLast();
    }
    return FirstAt(*it);
  }

  // Where the batch at `first` ends, as its head row says; `it` stands there.
  absl::StatusOr<uint64_t> LearnAt(leveldb::Iterator* it, uint64_t first)
      ABSL_LOCKS_EXCLUDED(mu_) {
    it->Seek(RowKey(first, RowKind::kHead, 0));
    ASSIGN_OR_RETURN(const TreeHead head, HeadAt(*it, first));
    MutexLock lock(&mu_);
    Learn(first, head.size);
    return head.size;
  }

  // The head row of the batch at `first`, where `it` must stand.
  static absl::StatusOr<TreeHead> HeadAt(const leveldb::Iterator& it,
                                         uint64_t first) {
    RETURN_IF_ERROR(FromLevelDb(
        it.status(), absl::StrCat("reading the head row at leaf ", first)));
    if (!it.Valid() ||
        it.key() != leveldb::Slice(RowKey(first, RowKind::kHead, 0)) ||
        it.value().size() != kHeadRowBytes) {
      return absl::DataLossError(absl::StrCat(
          "the head row at leaf ", first,
          " is missing or has another length than ", kHeadRowBytes));
    }
    TreeHead head;
    head.size = Be64({it.value().data(), 8});
    head.root = *HashFromBytes({it.value().data() + 8, kHashBytes});
    if (head.size <= first) {
      return absl::DataLossError(absl::StrCat("the head row at leaf ", first,
                                              " says the tree ends at ",
                                              head.size));
    }
    return head;
  }

  const std::string folder_;
  Disk* const disk_;
  // What the database uses must outlive it: it is declared before.
  DurableEnv env_;
  Silence silence_;
  const std::unique_ptr<leveldb::Cache> cache_;
  leveldb::Options db_options_;
  leveldb::ReadOptions read_, scan_;
  std::unique_ptr<leveldb::DB> db_;

  // Commit's own. The rows of one batch; their memory serves the next.
  leveldb::WriteBatch rows_;
  absl::Status failed_;

  Mutex mu_;
  TreeHead head_ ABSL_GUARDED_BY(mu_);
  uint64_t last_first_ ABSL_GUARDED_BY(mu_) = 0;
  // Of some batches: the first leaf, and where they end.
  std::map<uint64_t, uint64_t> ends_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<LevelDbStorage>> OpenLevelDbStorage(
    const LevelDbOptions& options, const std::string& folder) {
  auto storage = std::make_unique<LevelDbStorageImpl>(options, folder);
  RETURN_IF_ERROR(storage->Open());
  return std::unique_ptr<LevelDbStorage>(std::move(storage));
}

}  // namespace vidimus
