// Invariants: segments are in the order of their leaves and do not overlap;
// what a file holds is in the rows too; times never fall from segment to
// segment.
#include "log/idempotency.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <limits>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

// --- Rows: version(1) time_s(8) { place(4) id(16) digest(16) }* sum(16) ---

constexpr uint8_t kRowVersion = 1;
constexpr size_t kRowHeadBytes = 9;
constexpr size_t kRowEntryBytes = 36;
constexpr size_t kRowSumBytes = 16;

std::string_view Std(absl::string_view view) {
  return {view.data(), view.size()};
}

// Domains of the id key's HMAC.
constexpr char kIdDomain = 0;
constexpr char kContentDomain = 1;
constexpr char kRowDomain = 2;

std::string RowSum(std::string_view key, uint64_t first, std::string_view row) {
  std::string prefix(1, kRowDomain);
  AppendBe64(first, &prefix);
  const Hash sum = HmacSha256(key, {prefix, row});
  return std::string(Bytes(sum).substr(0, kRowSumBytes));
}

// A row that was checked, and the parts of its entries.
class IdsRow {
 public:
  static absl::StatusOr<IdsRow> Parse(std::string_view key, uint64_t first,
                                      std::string row) {
    const auto damaged = [&](absl::string_view why) {
      return absl::DataLossError(
          absl::StrCat("the ids row of the batch at leaf ", first, " ", why));
    };
    if (row.size() < kRowHeadBytes + kRowEntryBytes + kRowSumBytes ||
        (row.size() - kRowHeadBytes - kRowSumBytes) % kRowEntryBytes != 0) {
      return damaged("has a wrong length");
    }
    const std::string_view summed =
        std::string_view(row).substr(0, row.size() - kRowSumBytes);
    if (!ConstantTimeEqual(
            RowSum(key, first, summed),
            std::string_view(row).substr(row.size() - kRowSumBytes))) {
      return damaged("does not match its checksum; was the id key replaced?");
    }
    if (row[0] != kRowVersion) return damaged("has an unknown version");
    IdsRow parsed(first, std::move(row));
    for (size_t i = 1; i < parsed.size(); ++i) {
      if (parsed.leaf(i) <= parsed.leaf(i - 1)) {
        return damaged("is not in order");
      }
    }
    return parsed;
  }

  uint64_t first() const { return first_; }
  int64_t time_s() const {
    return static_cast<int64_t>(Be64(std::string_view(row_).substr(1, 8)));
  }
  size_t size() const {
    return (row_.size() - kRowHeadBytes - kRowSumBytes) / kRowEntryBytes;
  }
  uint64_t leaf(size_t i) const { return first_ + Be32(Entry(i)); }
  std::string_view id(size_t i) const { return Entry(i).substr(4, 16); }
  std::string_view digest(size_t i) const { return Entry(i).substr(20, 16); }

  // The number of the entry at `leaf`, or size() if there is none.
  size_t Find(uint64_t leaf_index) const {
    size_t low = 0, high = size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (leaf(middle) < leaf_index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < size() && leaf(low) == leaf_index ? low : size();
  }

 private:
  IdsRow(uint64_t first, std::string row)
      : first_(first), row_(std::move(row)) {}
  std::string_view Entry(size_t i) const {
    return std::string_view(row_).substr(kRowHeadBytes + i * kRowEntryBytes,
                                         kRowEntryBytes);
  }

  uint64_t first_;
  std::string row_;
};

// --- The table of a segment ---

// Fingerprints of ids and the leaves they lead to, with linear probing. A slot
// is fingerprint(36 bits) | leaf - base + 1 (28 bits), or 0 if free; the
// fingerprint alone chooses the line of eight slots where the search begins, so
// that a table can grow without its ids.
class Table {
 public:
  static constexpr uint64_t kOffsetMax = (uint64_t{1} << 28) - 2;

  // For up to `capacity` entries: three quarters of the slots are used then.
  explicit Table(uint64_t capacity)
      : capacity_(capacity), slots_(LinesFor(capacity) * kLineSlots) {}

  static uint64_t BytesFor(uint64_t capacity) {
    return LinesFor(capacity) * kLineSlots * sizeof(uint64_t);
  }

  // The table of `capacity` whose slots() are these bytes; nothing if they are
  // not as many as it has, or not `count` of them in use.
  static std::optional<Table> FromSlots(uint64_t capacity, uint64_t count,
                                        std::string_view slots) {
    if (capacity > kOffsetMax || slots.size() != BytesFor(capacity)) {
      return std::nullopt;
    }
    Table table(capacity);
    std::memcpy(table.slots_.data(), slots.data(), slots.size());
    for (const uint64_t slot : table.slots_) table.count_ += slot != 0;
    if (table.count_ != count || count > capacity) return std::nullopt;
    return table;
  }

  uint64_t capacity() const { return capacity_; }
  uint64_t count() const { return count_; }
  uint64_t bytes() const { return slots_.size() * sizeof(uint64_t); }
  std::string_view slots() const {
    return {reinterpret_cast<const char*>(slots_.data()), bytes()};
  }

  // The same entries with room for `capacity`.
  Table Resized(uint64_t capacity) const {
    CHECK_LE(count_, capacity);
    Table resized(capacity);
    for (const uint64_t slot : slots_) {
      if (slot != 0) resized.Put(slot);
    }
    return resized;
  }

  // A hint that `id` will be looked up.
  void Prefetch(std::string_view id) const {
    __builtin_prefetch(&slots_[LineOf(Fingerprint(id)) * kLineSlots]);
  }

  void Insert(std::string_view id, uint64_t offset) {
    CHECK_LT(count_, capacity_);
    CHECK_LE(offset, kOffsetMax);
    Put(Fingerprint(id) << 28 | (offset + 1));
  }

  // Calls `visit` with each offset that may be the id's, until it returns
  // false.
  template <typename Visit>
  void Find(std::string_view id, Visit&& visit) const {
    const uint64_t fingerprint = Fingerprint(id);
    size_t i = LineOf(fingerprint) * kLineSlots;
    for (size_t seen = 0; seen < slots_.size(); ++seen) {
      if (slots_[i] == 0) return;
      if (slots_[i] >> 28 == fingerprint &&
          !visit((slots_[i] & ((uint64_t{1} << 28) - 1)) - 1)) {
        return;
      }
      if (++i == slots_.size()) i = 0;
    }
  }

 private:
  static constexpr size_t kLineSlots = 8;

  static uint64_t LinesFor(uint64_t capacity) { return capacity / 6 + 1; }
  static uint64_t Fingerprint(std::string_view id) { return Be64(id) >> 28; }

  size_t LineOf(uint64_t fingerprint) const {
    const uint64_t lines = slots_.size() / kLineSlots;
    return static_cast<size_t>(
        static_cast<unsigned __int128>(fingerprint) * lines >> 36);
  }
  void Put(uint64_t slot) {
    size_t i = LineOf(slot >> 28) * kLineSlots;
    while (slots_[i] != 0) {
      if (++i == slots_.size()) i = 0;
    }
    slots_[i] = slot;
    ++count_;
  }

  uint64_t capacity_;
  uint64_t count_ = 0;
  std::vector<uint64_t> slots_;
};

// --- Segments and their files ---

constexpr uint64_t kCapacityMin = 1 << 10;

// Room comes when ids expire, which takes its time.
constexpr std::chrono::minutes kFullRetry{1};

// The ids of leaves [base, end). All times are those of the rows.
struct Segment {
  explicit Segment(uint64_t base_leaf) : base(base_leaf), end(base_leaf) {}

  uint64_t base;
  uint64_t end;
  int64_t first_s = 0;
  int64_t newest_s = 0;
  Table table{kCapacityMin};
  std::string file;  // the name of its newest file, or empty
};

// magic(8) oldest(8) base(8) end(8) first_s(8) newest_s(8) capacity(8)
// count(8) history(40), the slots in this machine's byte order, HMAC of all
// that(32). `oldest` is the base of the oldest segment when the file was made:
// rows before it need not be looked at. `history` is the head row of leaf
// end - 1.
constexpr std::string_view kFileMagic = "vidids02";
constexpr size_t kHistoryBytes = 8 + kHashBytes;
constexpr size_t kFileHeadBytes = 64 + kHistoryBytes;
constexpr std::string_view kFilePrefix = "ids-";

std::string FileName(uint64_t base, uint64_t end) {
  return absl::StrFormat("ids-%016x-%016x", base, end);
}

// Base and end from a name that FileName made.
std::optional<std::pair<uint64_t, uint64_t>> ParseFileName(
    std::string_view name) {
  std::string base, end;
  if (name.size() != 4 + 16 + 1 + 16 || name.substr(0, 4) != kFilePrefix ||
      !HexDecode(name.substr(4, 16), &base) || name[20] != '-' ||
      !HexDecode(name.substr(21, 16), &end)) {
    return std::nullopt;
  }
  return std::make_pair(Be64(base), Be64(end));
}

// All but the HMAC.
std::string EncodeFile(const Segment& segment, uint64_t oldest,
                       std::string_view history) {
  std::string bytes(kFileMagic);
  bytes.reserve(kFileHeadBytes + segment.table.bytes() + kHashBytes);
  AppendBe64(oldest, &bytes);
  AppendBe64(segment.base, &bytes);
  AppendBe64(segment.end, &bytes);
  AppendBe64(static_cast<uint64_t>(segment.first_s), &bytes);
  AppendBe64(static_cast<uint64_t>(segment.newest_s), &bytes);
  AppendBe64(segment.table.capacity(), &bytes);
  AppendBe64(segment.table.count(), &bytes);
  bytes += history;
  CHECK_EQ(bytes.size(), kFileHeadBytes);
  bytes += segment.table.slots();
  return bytes;
}

struct DecodedFile {
  Segment segment;
  uint64_t oldest;
  std::string history;
};

std::optional<DecodedFile> DecodeFile(std::string_view key,
                                      std::string_view bytes) {
  if (bytes.size() < kFileHeadBytes + kHashBytes ||
      bytes.substr(0, 8) != kFileMagic) {
    return std::nullopt;
  }
  const std::string_view summed = bytes.substr(0, bytes.size() - kHashBytes);
  if (!ConstantTimeEqual(Bytes(HmacSha256(key, {summed})),
                         bytes.substr(summed.size()))) {
    return std::nullopt;
  }
  DecodedFile file{Segment(Be64(bytes.substr(16))), Be64(bytes.substr(8)),
                   std::string(bytes.substr(64, kHistoryBytes))};
  file.segment.end = Be64(bytes.substr(24));
  file.segment.first_s = static_cast<int64_t>(Be64(bytes.substr(32)));
  file.segment.newest_s = static_cast<int64_t>(Be64(bytes.substr(40)));
  std::optional<Table> table =
      Table::FromSlots(Be64(bytes.substr(48)), Be64(bytes.substr(56)),
                       summed.substr(kFileHeadBytes));
  if (!table.has_value()) return std::nullopt;
  file.segment.table = *std::move(table);
  return file;
}

// Writes and removes files, behind the caller's back if `background`. What
// fails is left: files are derived.
class Saver {
 public:
  Saver(std::string key, Disk* disk, std::string folder, bool background)
      : key_(std::move(key)), disk_(disk), folder_(std::move(folder)) {
    if (background) thread_ = std::thread([this] { Run(); });
  }
  // Finishes what was taken on.
  ~Saver() {
    if (!thread_.joinable()) return;
    {
      MutexLock lock(&mu_);
      closing_ = true;
      changed_.Signal();
    }
    thread_.join();
  }

  // Writes `bytes` and their HMAC as `name`, then removes `old` unless empty.
  // False, and nothing is done, if too much is under way.
  bool Save(std::string name, std::string bytes, std::string old) {
    return Take({std::move(name), std::move(bytes), std::move(old)});
  }
  bool Remove(std::string name) { return Take({"", "", std::move(name)}); }

 private:
  struct Job {
    std::string name, bytes, old;
  };
  static constexpr size_t kJobsMax = 4;

  bool Take(Job job) {
    if (!thread_.joinable()) {
      Do(job);
      return true;
    }
    MutexLock lock(&mu_);
    if (jobs_.size() >= kJobsMax) return false;
    jobs_.push_back(std::move(job));
    changed_.Signal();
    return true;
  }

  void Do(const Job& job) {
    if (!job.name.empty() && !Write(job).ok()) return;
    // A file that stays is found and removed at the next start.
    if (!job.old.empty()) disk_->Remove(folder_ + "/" + job.old).IgnoreError();
  }

  absl::Status Write(const Job& job) {
    ASSIGN_OR_RETURN(const std::unique_ptr<DiskFile> file,
                     disk_->Open(folder_ + "/" + job.name, false));
    RETURN_IF_ERROR(file->WriteAt(0, job.bytes));
    RETURN_IF_ERROR(file->WriteAt(
        job.bytes.size(), std::string(Bytes(HmacSha256(key_, {job.bytes})))));
    return file->Sync();
  }

  void Run() {
    for (;;) {
      Job job;
      {
        MutexLock lock(&mu_);
        while (jobs_.empty() && !closing_) changed_.Wait(&mu_);
        if (jobs_.empty()) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      Do(job);
    }
  }

  const std::string key_;
  Disk* const disk_;
  const std::string folder_;

  Mutex mu_;
  CondVar changed_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mu_);
  bool closing_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

class IdempotencyImpl : public Idempotency {
 public:
  IdempotencyImpl(const IdempotencyOptions& options, absl::string_view key,
                  Storage* storage, Disk* disk, const std::string& folder)
      : options_(options),
        key_(key),
        storage_(storage),
        disk_(disk),
        folder_(folder),
        saver_(key_, disk, folder, options.background) {}

  absl::Status Rebuild(uint64_t size, int64_t now_s) {
    ASSIGN_OR_RETURN(SavedSegments saved, ReadFiles(size, now_s));
    uint64_t next = saved.begin;
    if (saved.segments.empty()) {
      ASSIGN_OR_RETURN(next,
                       FirstWithin(now_s - options_.keep_s, saved.begin, size));
    }
    for (Segment& segment : saved.segments) {
      if (next < segment.base) {
        // A file is missing: its rows are still there.
        RETURN_IF_ERROR(ReadRows(next, segment.base, now_s));
        if (!segments_.empty()) SealNewest();
      }
      if (!segments_.empty() && segments_.back().table.count() == 0) {
        segments_.pop_back();
      }
      next = segment.end;
      newest_s_ = std::max(newest_s_, segment.newest_s);
      segments_.push_back(std::move(segment));
      saved_end_ = next;
    }
    RETURN_IF_ERROR(ReadRows(next, size, now_s));
    if (segments_.empty()) segments_.emplace_back(size);
    segments_.back().end = std::max(segments_.back().end, size);
    SaveNewestIfDue();
    Count();
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<Known>> Find(const IdTag& tag) override {
    const std::string_view id(reinterpret_cast<const char*>(tag.id.data()),
                              tag.id.size());
    for (const Segment& segment : segments_) segment.table.Prefetch(id);
    std::optional<Known> known;
    absl::Status status;
    for (auto segment = segments_.rbegin(); segment != segments_.rend();
         ++segment) {
      segment->table.Find(id, [&](uint64_t offset) {
        const uint64_t leaf = segment->base + offset;
        // An id that outlived its promise may stand here twice.
        if (known.has_value() && known->leaf_index > leaf) return true;
        absl::StatusOr<std::optional<Known>> judged = Judge(tag, leaf);
        if (!judged.ok()) {
          status = judged.status();
        } else if (judged->has_value()) {
          known = *judged;
        }
        return status.ok();
      });
      if (!status.ok()) return status;
      if (known.has_value()) break;
    }
    return known;
  }

  absl::Status Reserve(size_t count) override {
    const Table& table = segments_.back().table;
    uint64_t bytes = bytes_ - table.bytes();
    uint64_t entries = table.count() + count;
    while (entries >= options_.segment_entries) {
      bytes += Table::BytesFor(options_.segment_entries);
      entries -= options_.segment_entries;
    }
    bytes += std::max(Table::BytesFor(CapacityFor(entries)), table.bytes());
    if (bytes <= options_.bytes_max) return absl::OkStatus();
    return WithRetryAfter(
        absl::UnavailableError(absl::StrCat(
            "remembering ", count, " more ids: the ids of the last ",
            options_.keep_s / 3600, " hours would take ", bytes,
            " bytes of memory, the limit is ", options_.bytes_max,
            " (idempotency.bytes_max in the settings)")),
        kFullRetry);
  }

  std::string EncodeRow(const std::vector<Placed>& placed, uint64_t first,
                        int64_t now_s) override {
    CHECK(!placed.empty());
    std::string row(1, kRowVersion);
    row.reserve(kRowHeadBytes + placed.size() * kRowEntryBytes + kRowSumBytes);
    AppendBe64(static_cast<uint64_t>(std::max(now_s, newest_s_)), &row);
    uint64_t least = first;
    for (const Placed& one : placed) {
      CHECK_LE(least, one.leaf_index);
      least = one.leaf_index + 1;
      const uint64_t place = one.leaf_index - first;
      CHECK_LE(place, std::numeric_limits<uint32_t>::max());
      AppendBe32(static_cast<uint32_t>(place), &row);
      row.append(one.tag.id.begin(), one.tag.id.end());
      row.append(one.tag.digest.begin(), one.tag.digest.end());
    }
    row += RowSum(key_, first, row);
    return row;
  }

  void Remember(const std::vector<Placed>& placed, int64_t now_s) override {
    now_s = std::max(now_s, newest_s_);
    for (const Placed& one : placed) {
      Insert(
          one.leaf_index,
          {reinterpret_cast<const char*>(one.tag.id.data()), one.tag.id.size()},
          now_s);
    }
    const absl::StatusOr<TreeHead> head = storage_->LastHead();
    if (head.ok()) {
      segments_.back().end = std::max(segments_.back().end, head->size);
    }
    CloseNewestIfDue();
    SaveNewestIfDue();
    Count();
  }

  void Expire(int64_t now_s) override {
    const auto expired = [&](const Segment& segment) {
      return segment.newest_s < now_s - options_.keep_s;
    };
    if (!expired(segments_.front()) ||
        (segments_.size() == 1 && segments_.front().table.count() == 0)) {
      return;
    }
    if (segments_.back().table.count() > 0 && expired(segments_.back())) {
      segments_.emplace_back(segments_.back().end);
    }
    std::vector<std::string> dropped;
    while (segments_.size() > 1 && expired(segments_.front())) {
      dropped.push_back(segments_.front().file);
      segments_.pop_front();
    }
    // First it is written down that these are not missed, then they go.
    SaveNewest();
    for (std::string& file : dropped) {
      if (!file.empty()) saver_.Remove(std::move(file));
    }
    Count();
  }

  uint64_t bytes() const override { return bytes_; }
  uint64_t entries() const override { return entries_; }

 private:
  struct SavedSegments {
    std::deque<Segment> segments;
    uint64_t begin = 0;  // rows before this leaf need not be looked at
  };

  // The segments whose files can be used, in order. All other files of ours
  // are removed.
  absl::StatusOr<SavedSegments> ReadFiles(uint64_t size, int64_t now_s) {
    RETURN_IF_ERROR(disk_->MakeFolder(folder_));
    ASSIGN_OR_RETURN(std::vector<std::string> names, disk_->List(folder_));
    struct Candidate {
      uint64_t base, end;
      std::string name;
    };
    std::vector<Candidate> candidates;
    for (std::string& name : names) {
      if (const auto range = ParseFileName(name)) {
        candidates.push_back({range->first, range->second, std::move(name)});
      }
    }
    // Of one base the longest first: it was made last.
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) {
                return a.base != b.base ? a.base < b.base : a.end > b.end;
              });
    SavedSegments saved;
    uint64_t next = 0, oldest = 0, expired_end = 0;
    for (Candidate& candidate : candidates) {
      const std::string path = folder_ + "/" + candidate.name;
      std::optional<DecodedFile> file;
      // One that knows more than the rows, or ends in another tree, is of
      // another history: the data were restored from a copy, or another server
      // went on with them.
      if (candidate.base >= next && candidate.end > 0 &&
          candidate.end <= size) {
        file = ReadFile(path);
      }
      const auto is_ours = [&]() -> absl::StatusOr<bool> {
        if (!file.has_value() || file->segment.base != candidate.base ||
            file->segment.end != candidate.end) {
          return false;
        }
        ASSIGN_OR_RETURN(const StoredRow head, History(candidate.end));
        return file->history == head.value;
      };
      ASSIGN_OR_RETURN(const bool ours, is_ours());
      if (!ours) {
        RETURN_IF_ERROR(disk_->Remove(path));
        continue;
      }
      next = candidate.end;
      oldest = file->oldest;
      if (file->segment.table.count() > 0 &&
          file->segment.newest_s < now_s - options_.keep_s) {
        expired_end = next;
        RETURN_IF_ERROR(disk_->Remove(path));
        continue;
      }
      file->segment.file = std::move(candidate.name);
      saved.segments.push_back(std::move(file->segment));
    }
    saved.begin = std::max(oldest, expired_end);
    return saved;
  }

  // The head row of leaf `end` - 1: which tree ends there, or soon after.
  absl::StatusOr<StoredRow> History(uint64_t end) {
    return storage_->Get(RowKind::kHead, 0, end - 1);
  }

  std::optional<DecodedFile> ReadFile(const std::string& path) {
    // What can't be read is as good as missing.
    const auto file = disk_->Open(path, false);
    if (!file.ok()) return std::nullopt;
    const auto size = (*file)->Size();
    if (!size.ok()) return std::nullopt;
    const auto bytes = (*file)->ReadAt(0, *size);
    if (!bytes.ok()) return std::nullopt;
    return DecodeFile(key_, *bytes);
  }

  absl::StatusOr<IdsRow> ParseRow(uint64_t first, absl::string_view value) {
    return IdsRow::Parse(key_, first, std::string(value));
  }

  // The first leaf of [low, high) from which on all rows are of `time_s` or
  // later, by halving: times do not fall from row to row. `high` if none.
  absl::StatusOr<uint64_t> FirstWithin(int64_t time_s, uint64_t low,
                                       uint64_t high) {
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      bool found = false, within = false;
      uint64_t row_first = 0;
      absl::Status status;
      const absl::Status scanned =
          storage_->Scan(RowKind::kIds, 0, middle, high,
                         [&](uint64_t first, absl::string_view value) {
                           const auto row = ParseRow(first, value);
                           status = row.status();
                           if (row.ok()) {
                             found = true;
                             within = row->time_s() >= time_s;
                             row_first = first;
                           }
                           return false;
                         });
      RETURN_IF_ERROR(scanned);
      RETURN_IF_ERROR(status);
      if (!found || within) {
        high = middle;
      } else {
        low = std::max(row_first, middle) + 1;
      }
    }
    return low;
  }

  // Remembers what the rows of leaves [begin, end) say.
  absl::Status ReadRows(uint64_t begin, uint64_t end, int64_t now_s) {
    absl::Status status;
    RETURN_IF_ERROR(
        storage_->Scan(RowKind::kIds, 0, begin, end,
                       [&](uint64_t first, absl::string_view value) {
                         const auto row = ParseRow(first, value);
                         status = row.status();
                         if (!row.ok()) return false;
                         if (row->time_s() < now_s - options_.keep_s)
                           return true;
                         if (segments_.empty()) segments_.emplace_back(begin);
                         for (size_t i = 0; i < row->size(); ++i) {
                           const uint64_t leaf = row->leaf(i);
                           if (leaf < begin || leaf >= end) continue;
                           Insert(leaf, row->id(i), row->time_s());
                         }
                         CloseNewestIfDue();
                         return true;
                       }));
    RETURN_IF_ERROR(status);
    if (!segments_.empty()) {
      segments_.back().end = std::max(segments_.back().end, end);
    }
    return absl::OkStatus();
  }

  // Whether the row at `leaf` is of this id.
  absl::StatusOr<std::optional<Known>> Judge(const IdTag& tag, uint64_t leaf) {
    size_t entry = 0;
    if (last_row_.has_value()) entry = last_row_->Find(leaf);
    if (!last_row_.has_value() || entry == last_row_->size()) {
      absl::StatusOr<StoredRow> got = storage_->Get(RowKind::kIds, 0, leaf);
      if (absl::IsNotFound(got.status()) || absl::IsOutOfRange(got.status())) {
        return absl::DataLossError(
            absl::StrCat("an id was remembered for leaf ", leaf,
                         ", whose batch has no ids row"));
      }
      ASSIGN_OR_RETURN(const StoredRow stored, std::move(got));
      ASSIGN_OR_RETURN(IdsRow row, ParseRow(stored.first, stored.value));
      last_row_.emplace(std::move(row));
      entry = last_row_->Find(leaf);
      if (entry == last_row_->size()) {
        return absl::DataLossError(absl::StrCat(
            "the ids row of the batch at leaf ", stored.first,
            " does not know leaf ", leaf, ", which was remembered"));
      }
    }
    const auto equal = [](std::string_view a, const auto& b) {
      return std::equal(
          a.begin(), a.end(), b.begin(), b.end(),
          [](char x, uint8_t y) { return static_cast<uint8_t>(x) == y; });
    };
    // Two ids with one fingerprint: rare, and no matter.
    if (!equal(last_row_->id(entry), tag.id)) return {std::nullopt};
    return {Known{leaf, equal(last_row_->digest(entry), tag.digest)}};
  }

  // Tables grow by doubling and end at segment_entries.
  uint64_t CapacityFor(uint64_t entries) const {
    uint64_t capacity = kCapacityMin;
    while (capacity < entries) capacity *= 2;
    return std::min<uint64_t>(capacity, options_.segment_entries);
  }

  void Insert(uint64_t leaf, std::string_view id, int64_t time_s) {
    if (segments_.back().table.count() >= options_.segment_entries ||
        leaf - segments_.back().base > Table::kOffsetMax) {
      segments_.back().end = leaf;
      CloseNewest();
    }
    Segment& segment = segments_.back();
    Table& table = segment.table;
    if (table.count() == table.capacity()) {
      table = table.Resized(CapacityFor(table.count() + 1));
    }
    if (table.count() == 0) segment.first_s = time_s;
    segment.newest_s = std::max(segment.newest_s, time_s);
    newest_s_ = std::max(newest_s_, time_s);
    table.Insert(id, leaf - segment.base);
    segment.end = std::max(segment.end, leaf + 1);
  }

  void CloseNewestIfDue() {
    const Segment& segment = segments_.back();
    const uint64_t count = segment.table.count();
    if (count >= options_.segment_entries ||
        (count >= options_.segment_entries / 16 && count > 0 &&
         segment.newest_s - segment.first_s >= options_.segment_age_s)) {
      CloseNewest();
    }
  }

  // Nothing more will be added to the newest segment.
  void SealNewest() {
    Table& table = segments_.back().table;
    if (table.count() < table.capacity()) table = table.Resized(table.count());
    SaveNewest();
  }

  // The newest segment becomes an older one; the next begins where it ends.
  void CloseNewest() {
    SealNewest();
    segments_.emplace_back(segments_.back().end);
  }

  void SaveNewestIfDue() {
    if (segments_.back().end - saved_end_ >= options_.save_entries) {
      SaveNewest();
    }
  }

  void SaveNewest() {
    Segment& segment = segments_.back();
    const std::string name = FileName(segment.base, segment.end);
    if (name == segment.file || segment.end == 0) return;
    const absl::StatusOr<StoredRow> head = History(segment.end);
    if (!head.ok() || head->value.size() != kHistoryBytes) return;
    if (saver_.Save(name,
                    EncodeFile(segment, segments_.front().base, head->value),
                    segment.file)) {
      segment.file = name;
      saved_end_ = segment.end;
    }
  }

  void Count() {
    uint64_t bytes = 0, entries = 0;
    for (const Segment& segment : segments_) {
      bytes += segment.table.bytes();
      entries += segment.table.count();
    }
    bytes_ = bytes;
    entries_ = entries;
  }

  const IdempotencyOptions options_;
  const std::string key_;
  Storage* const storage_;
  Disk* const disk_;
  const std::string folder_;

  std::deque<Segment> segments_;    // at least one after Rebuild; oldest first
  uint64_t saved_end_ = 0;          // of the newest segment that was saved
  int64_t newest_s_ = 0;            // of all rows
  std::optional<IdsRow> last_row_;  // retries ask for neighbours

  // Gauges, for any thread.
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> entries_{0};

  Saver saver_;
};

}  // namespace

IdTagger::IdTagger(absl::string_view key) : key_(Std(key)) {
  CHECK_EQ(key.size(), 32u);
}

IdTag IdTagger::Tag(uint32_t administration, absl::string_view id,
                    absl::string_view content) const {
  std::string head(1, kIdDomain);
  AppendBe32(administration, &head);
  const Hash id_hash = key_.Of({head, Std(id)});
  const Hash content_hash =
      key_.Of({std::string_view(&kContentDomain, 1), Std(content)});
  IdTag tag;
  std::copy_n(id_hash.begin(), tag.id.size(), tag.id.begin());
  std::copy_n(content_hash.begin(), tag.digest.size(), tag.digest.begin());
  return tag;
}

absl::StatusOr<std::unique_ptr<Idempotency>> Idempotency::Open(
    const IdempotencyOptions& options, absl::string_view key, Storage* storage,
    uint64_t size, Disk* disk, const std::string& folder, int64_t now_s) {
  CHECK_GT(options.segment_entries, 0u);
  CHECK_LE(options.segment_entries, Table::kOffsetMax);
  auto table =
      std::make_unique<IdempotencyImpl>(options, key, storage, disk, folder);
  RETURN_IF_ERROR(table->Rebuild(size, now_s));
  return std::unique_ptr<Idempotency>(std::move(table));
}

absl::Status CheckIdsRow(absl::string_view key, uint64_t first,
                         absl::string_view row) {
  return IdsRow::Parse(Std(key), first, std::string(row)).status();
}

}  // namespace vidimus
