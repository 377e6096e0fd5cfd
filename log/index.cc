// Invariants:
// - a run that a seal names was read back and judged before;
// - a file of a run is durable before a seal names the run;
// - no file holds a leaf that is not committed, once Open has looked;
// - inputs of a merge are kept until it is done.
#include "log/index.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "log/entry_rows.h"
#include "log/index_plan.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/leaf.h"

namespace vidimus {
namespace {

// A log ends before its leaves outgrow the four bytes that a run has for them.
constexpr uint64_t kIndexLeavesMax = uint64_t{1} << 32;

// Superseded runs in memory are kept so long, for readers at the last heads.
constexpr int64_t kKeepInMemoryMs = 3000;

// Tries that were made for a proof at a size that is not the newest.
constexpr uint64_t kSmallEntriesMax = 1 << 18;

// A seal is held up so long at most when merges threaten to be late.
constexpr int64_t kSlowDownNsMax = 20 * 1000 * 1000;

int64_t NowNs() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

absl::Status KeyTwice(uint64_t leaf, uint64_t other) {
  return absl::DataLossError(absl::StrCat(
      "leaf ", leaf, " carries the key that leaf ", other,
      " has: a key may stand once; the log can't go on until a person has "
      "found out how it came to be given twice"));
}

// The prefix that a public path has for segment `segment` of 2^bits.
std::string SegmentName(uint64_t segment, int bits) {
  return absl::StrFormat("%0*x", std::max(1, (bits + 3) / 4), segment);
}

// "<start>-<end>", if it can name a run that has segments.
std::optional<RunRange> ParseName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  RunRange run;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &run.start) ||
      !absl::SimpleAtoi(parts[1], &run.end) || run.end <= run.start ||
      run.leaves() < kSegmentedLeavesMin ||
      name != absl::StrCat(run.start, "-", run.end)) {
    return std::nullopt;
  }
  return run;
}

}  // namespace

// A run in the making: its segments are written one after another, then read
// back and judged, one piece of work each.
class Index::Merge {
 public:
  Merge(const RunRange& range, std::vector<RunRange> inputs)
      : range_(range), inputs_(std::move(inputs)) {}

  const RunRange& range() const { return range_; }
  const std::vector<RunRange>& inputs() const { return inputs_; }
  bool begun() const { return writer_ != nullptr; }
  bool done() const { return judge_ != nullptr && judge_->done(); }
  RunPtr made() const { return made_; }

  // Keys that are still to be written or read back, each counted twice.
  uint64_t keys_left() const { return keys_left_; }

  // `path`: where the file comes to be.
  absl::Status Begin(Disk* disk, const std::string& path,
                     SegmentHeadCache* heads, std::vector<RunPtr> runs) {
    disk_ = disk;
    path_ = path;
    heads_ = heads;
    runs_ = std::move(runs);
    ASSIGN_OR_RETURN(writer_, RunWriter::OnFile(disk_, path_, range_));
    return writer_->next() < writer_->segments() ? absl::OkStatus() : Close();
  }

  absl::Status Step() {
    absl::Status status = made_ == nullptr ? Write() : judge_->Step();
    const uint64_t steps =
        writer_->segments() + std::max<uint64_t>(writer_->segments(), 16);
    const uint64_t taken = ++steps_;
    keys_left_ =
        taken < steps ? range_.leaves() * 2 * (steps - taken) / steps : 0;
    return status;
  }

 private:
  absl::Status Write() {
    const uint64_t segment = writer_->next();
    std::vector<IndexEntry> merged;
    for (const RunPtr& run : runs_) {
      std::vector<IndexEntry> more;
      RETURN_IF_ERROR(run->Read(segment, writer_->segment_bits(), &more));
      const size_t middle = merged.size();
      merged.insert(merged.end(), more.begin(), more.end());
      std::inplace_merge(merged.begin(), merged.begin() + middle, merged.end(),
                         [](const IndexEntry& a, const IndexEntry& b) {
                           return KeyLess(a, b);
                         });
    }
    for (size_t i = 1; i < merged.size(); ++i) {
      if (merged[i - 1].key == merged[i].key) {
        return KeyTwice(std::max(merged[i - 1].index, merged[i].index),
                        std::min(merged[i - 1].index, merged[i].index));
      }
      if (KeyLess(merged[i], merged[i - 1])) {
        return absl::DataLossError(absl::StrCat(
            "an index run of leaves ", range_.start, " to ", range_.end - 1,
            " is made from runs that are not sorted"));
      }
    }
    RETURN_IF_ERROR(writer_->Add(merged));
    return writer_->next() < writer_->segments() ? absl::OkStatus() : Close();
  }

  absl::Status Close() {
    RETURN_IF_ERROR(writer_->Finish());
    ASSIGN_OR_RETURN(std::shared_ptr<EncodedRun> made,
                     EncodedRun::OpenFile(disk_, path_, range_, heads_));
    EntrySum sum;
    for (const RunPtr& run : runs_) sum.Add(run->sum());
    if (sum != made->sum()) {
      return absl::DataLossError(absl::StrCat(
          path_, ": its keys are not those of the runs it was merged from"));
    }
    runs_.clear();
    judge_ = std::make_unique<RunJudge>(made.get());
    made_ = std::move(made);
    return absl::OkStatus();
  }

  const RunRange range_;
  const std::vector<RunRange> inputs_;
  std::atomic<uint64_t> keys_left_{2 * range_.leaves()};
  uint64_t steps_ = 0;
  Disk* disk_ = nullptr;
  std::string path_;
  SegmentHeadCache* heads_ = nullptr;
  std::vector<RunPtr> runs_;
  std::unique_ptr<RunWriter> writer_;
  RunPtr made_;
  std::unique_ptr<RunJudge> judge_;
};

// --- Start ---

Index::Index(const IndexOptions& options, const IndexParts& parts)
    : options_(options), parts_(parts), heads_(options.cache_bytes) {
  CHECK(options_.memory_leaves_max == 1 << 14 ||
        options_.memory_leaves_max == 1 << 16);
}

Index::~Index() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    given_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<std::unique_ptr<Index>> Index::Open(const IndexOptions& options,
                                                   const IndexParts& parts,
                                                   uint64_t size) {
  std::unique_ptr<Index> index(new Index(options, parts));
  RETURN_IF_ERROR(Annotate(index->Start(size), "opening the index"));
  return index;
}

std::string Index::PathOf(const RunRange& run) const {
  return absl::StrCat(parts_.folder, "/", run.start, "-", run.end);
}

absl::Status Index::Start(uint64_t size) {
  std::vector<RunRange> found;
  RETURN_IF_ERROR(LookAtFiles(size, &found));
  // The last leaf is a seal, which has no key and speaks for those before it.
  const uint64_t covered = size == 0 ? 0 : size - 1;
  const std::vector<RunRange> in_force = RunsInForce(covered);
  const std::vector<RunRange> under_way = MergesUnderWay(covered);
  std::map<Name, Kept> runs;
  std::vector<RunPtr> large;
  for (const RunRange& run : in_force) {
    if (run.leaves() < kSegmentedLeavesMin) continue;
    ASSIGN_OR_RETURN(large.emplace_back(), Ensure(run));
    runs[{run.start, run.end}] = {large.back(), -1};
  }
  std::vector<RunRange> to_merge;
  for (const RunRange& run : under_way) {
    if (run.leaves() <= options_.memory_leaves_max) {
      ASSIGN_OR_RETURN(RunPtr made, Ensure(run));
      runs[{run.start, run.end}] = {std::move(made), -1};
    } else {
      to_merge.push_back(run);
    }
  }
  // Files that no seal needs any more keep their time.
  for (const RunRange& run : found) {
    if (runs.count({run.start, run.end}) > 0 ||
        std::find(to_merge.begin(), to_merge.end(), run) != to_merge.end()) {
      continue;
    }
    absl::StatusOr<std::unique_ptr<EncodedRun>> opened =
        EncodedRun::OpenFile(parts_.disk, PathOf(run), run, &heads_);
    if (opened.ok()) {
      runs[{run.start, run.end}] = {*std::move(opened),
                                    parts_.clock->SteadyMs()};
    } else {
      RETURN_IF_ERROR(parts_.disk->Remove(PathOf(run)));
    }
  }

  MutexLock lock(&mu_);
  runs_ = std::move(runs);
  in_force_ = std::move(large);
  covered_ = covered;
  kept_from_ = covered;
  block_start_ = covered / kSegmentedLeavesMin * kSegmentedLeavesMin;
  partial_start_ = covered / kRunLeavesMin * kRunLeavesMin;
  const uint64_t grown_from =
      covered / options_.memory_leaves_max * options_.memory_leaves_max;
  RETURN_IF_ERROR(
      ReadKeys(grown_from, covered, [this](const IndexEntry& entry) {
        mu_.AssertHeld();
        if (entry.index < partial_start_ && !growing_.Insert(entry)) {
          return KeyTwice(entry.index, *growing_.Find(entry.key));
        }
        if (entry.index < block_start_) return absl::OkStatus();
        KeyTrie& trie = entry.index < partial_start_ ? block_ : partial_;
        if (trie.Insert(entry)) return absl::OkStatus();
        return KeyTwice(entry.index, *trie.Find(entry.key));
      }));
  for (const RunRange& run : to_merge) Schedule(run);
  return absl::OkStatus();
}

absl::Status Index::LookAtFiles(uint64_t size, std::vector<RunRange>* found) {
  RETURN_IF_ERROR(parts_.disk->MakeFolder(parts_.folder));
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   parts_.disk->List(parts_.folder));
  for (const std::string& name : names) {
    const std::optional<RunRange> run = ParseName(name);
    if (!run.has_value()) continue;
    if (run->end > size) {
      // Begun for a batch that was never committed.
      RETURN_IF_ERROR(parts_.disk->Remove(PathOf(*run)));
    } else {
      found->push_back(*run);
    }
  }
  return absl::OkStatus();
}

absl::Status Index::ReadKeys(
    uint64_t begin, uint64_t end,
    absl::FunctionRef<absl::Status(const IndexEntry&)> add) {
  if (begin >= end) return absl::OkStatus();
  absl::Status status;
  RETURN_IF_ERROR(ReadEntries(
      parts_.storage, begin, end, [&](uint64_t index, std::string_view entry) {
        Leaf leaf;
        if (ParseLeaf(entry, &leaf) != Finding::kOk) {
          status = absl::DataLossError(absl::StrCat(
              "the stored entries row of leaf ", index, " holds no leaf"));
        } else if (leaf.kind != LeafKind::kSeal) {
          status = add({leaf.a, index});
        }
        return status.ok();
      }));
  return status;
}

absl::StatusOr<KeyTrie> Index::ReadTrie(const RunRange& run) {
  KeyTrie trie;
  RETURN_IF_ERROR(
      ReadKeys(run.start, run.end, [&trie](const IndexEntry& entry) {
        if (trie.Insert(entry)) return absl::OkStatus();
        return KeyTwice(entry.index, *trie.Find(entry.key));
      }));
  return trie;
}

absl::StatusOr<Index::RunPtr> Index::Ensure(const RunRange& run) {
  if (run.leaves() <= options_.memory_leaves_max) {
    ASSIGN_OR_RETURN(KeyTrie trie, ReadTrie(run));
    return RunPtr(std::make_shared<TrieRun>(run, std::move(trie)));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   parts_.disk->List(parts_.folder));
  const std::string name = absl::StrCat(run.start, "-", run.end);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    absl::StatusOr<std::unique_ptr<EncodedRun>> opened =
        EncodedRun::OpenFile(parts_.disk, PathOf(run), run, &heads_);
    if (opened.ok()) return RunPtr(*std::move(opened));
    if (absl::IsDataLoss(opened.status())) {
      RETURN_IF_ERROR(parts_.disk->Remove(PathOf(run)));
    } else if (!absl::IsNotFound(opened.status())) {
      return opened.status();
    }
  }
  return Rebuild(run);
}

absl::StatusOr<Index::RunPtr> Index::Rebuild(const RunRange& run) {
  ASSIGN_OR_RETURN(const std::vector<std::string> before,
                   parts_.disk->List(parts_.folder));
  std::vector<RunPtr> parts;
  for (const RunRange& part : PartsOf(run)) {
    ASSIGN_OR_RETURN(parts.emplace_back(), Ensure(part));
  }
  Merge merge(run, {});
  RETURN_IF_ERROR(merge.Begin(parts_.disk, PathOf(run), &heads_, parts));
  while (!merge.done()) RETURN_IF_ERROR(merge.Step());
  // Parts that were made for this alone.
  for (const RunPtr& part : parts) {
    const std::string name =
        absl::StrCat(part->range().start, "-", part->range().end);
    if (part->on_disk() &&
        std::find(before.begin(), before.end(), name) == before.end()) {
      RETURN_IF_ERROR(parts_.disk->Remove(PathOf(part->range())));
    }
  }
  return merge.made();
}

// --- Growing ---

absl::StatusOr<Hash> Index::Root(uint64_t first, const std::vector<Hash>& keys,
                                 uint64_t covered) {
  if (covered >= kIndexLeavesMax) {
    return absl::FailedPreconditionError(
        absl::StrCat("the log is full: its index has room for ",
                     kIndexLeavesMax, " leaves; open the family's next log"));
  }
  std::vector<RunPtr> in_force;
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(status_);
    CHECK_GE(first, covered_);
    CHECK_LE(first + keys.size(), covered);
    in_force = in_force_;
  }
  // A key that is there already would make two leaves that convict the log.
  // The tries are asked below, as the keys are added.
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const RunPtr& run : in_force) {
      ASSIGN_OR_RETURN(const std::optional<uint64_t> other, run->Find(keys[i]));
      if (!other.has_value()) continue;
      MutexLock lock(&mu_);
      return status_ = KeyTwice(first + i, *other);
    }
  }

  MutexLock lock(&mu_);
  for (size_t i = 0; i < keys.size(); ++i) {
    status_ = Add({keys[i], first + i});
    RETURN_IF_ERROR(status_);
  }
  while (partial_start_ + kRunLeavesMin <= covered) ClosePartial();
  for (const RunRange& run : MergesEndingIn(covered_, covered)) Schedule(run);
  const uint64_t added = covered - covered_;
  covered_ = covered;

  const std::vector<RunRange> runs = RunsInForce(covered);
  const int64_t begin_ns = NowNs();
  if (options_.merge_threads == 0) {
    while (WorkOnce()) {
    }
  } else {
    if (!merges_.empty() || !garbage_.empty() || !chunks_.empty()) {
      if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
      given_.SignalAll();
    }
    SlowDown(added);
    while (status_.ok() && !HasAll(runs)) {
      CHECK(thread_.joinable());
      done_.Wait(&mu_);
    }
    waited_ns_ += NowNs() - begin_ns;
    gauges_.waited_ms = (waited_ns_ - slowed_ns_) / 1000000;
    gauges_.slowed_ms = slowed_ns_ / 1000000;
  }
  RETURN_IF_ERROR(status_);

  in_force_.clear();
  std::vector<Hash> roots;
  for (const RunRange& run : runs) {
    if (run.leaves() >= kSegmentedLeavesMin) {
      in_force_.push_back(Lookup(run));
      CHECK(in_force_.back() != nullptr);
      roots.push_back(in_force_.back()->root());
    } else if (run.start == block_start_ && run.end == partial_start_) {
      roots.push_back(block_.Root());
    } else {
      CHECK_EQ(run.start, partial_start_);
      roots.push_back(partial_.Root());
    }
  }
  Retire(runs);
  return IndexRoot(covered, roots);
}

absl::Status Index::Add(const IndexEntry& entry) {
  while (entry.index >= partial_start_ + kRunLeavesMin) ClosePartial();
  if (const auto other = block_.Find(entry.key)) {
    return KeyTwice(entry.index, *other);
  }
  // Blocks that were closed since the keys were looked for.
  for (const RunPtr& run : in_force_) {
    if (run->range().end <= covered_) continue;
    ASSIGN_OR_RETURN(const auto other, run->Find(entry.key));
    if (other.has_value()) return KeyTwice(entry.index, *other);
  }
  if (partial_.Insert(entry)) return absl::OkStatus();
  return KeyTwice(entry.index, *partial_.Find(entry.key));
}

void Index::ClosePartial() {
  for (const IndexEntry& entry : partial_.entries()) {
    const bool is_new = block_.Insert(entry);
    CHECK(is_new);
  }
  if (options_.memory_leaves_max > kSegmentedLeavesMin) {
    chunks_.push_back(
        {partial_start_, partial_start_ + kRunLeavesMin, partial_.entries()});
  }
  partial_ = KeyTrie();
  partial_start_ += kRunLeavesMin;
  if (partial_start_ < block_start_ + kSegmentedLeavesMin) return;
  const RunRange range = {block_start_, partial_start_};
  RunPtr run = std::make_shared<TrieRun>(range, std::move(block_));
  block_ = KeyTrie();
  block_start_ = partial_start_;
  in_force_.push_back(run);
  runs_[{range.start, range.end}] = {std::move(run), -1};
}

void Index::Schedule(const RunRange& run) {
  if (run.leaves() <= options_.memory_leaves_max) return;
  merges_[{DueOf(run), run.start}] =
      std::make_unique<Merge>(run, InputsOf(run));
}

Index::RunPtr Index::Lookup(const RunRange& run) {
  const auto found = runs_.find({run.start, run.end});
  return found == runs_.end() ? nullptr : found->second.run;
}

bool Index::HasAll(const std::vector<RunRange>& runs) {
  return std::all_of(runs.begin(), runs.end(), [this](const RunRange& run) {
    mu_.AssertHeld();
    return run.leaves() < kSegmentedLeavesMin || Lookup(run) != nullptr;
  });
}

// Intake slows down before a merge is late: a seal waits when the work that
// must be done before some run is due takes longer than the leaves until then
// do as they come now.
void Index::SlowDown(uint64_t leaves) {
  const int64_t now_ns = NowNs();
  if (last_root_ns_ != 0 && leaves > 0) {
    const double leaf_ns = static_cast<double>(now_ns - last_root_ns_) /
                           static_cast<double>(leaves);
    leaf_ns_ = leaf_ns_ == 0 ? leaf_ns : 0.9 * leaf_ns_ + 0.1 * leaf_ns;
  }
  last_root_ns_ = now_ns;
  if (merge_ns_per_key_ == 0) return;
  double work_ns = 0, late_ns = 0;
  for (const auto& [due, merge] : merges_) {
    work_ns += static_cast<double>(merge->keys_left()) * merge_ns_per_key_;
    const uint64_t left = due.first > covered_ ? due.first - covered_ : 0;
    late_ns = std::max(late_ns, work_ns - static_cast<double>(left) * leaf_ns_);
  }
  const auto wait_ns = std::min(kSlowDownNsMax, static_cast<int64_t>(late_ns));
  if (wait_ns <= 0) return;
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::nanoseconds(wait_ns);
  while (status_.ok() && done_.WaitUntil(&mu_, until)) {
  }
  slowed_ns_ += NowNs() - now_ns;
}

// Lets go of what no seal and no merge needs any more, when its time is over.
void Index::Retire(const std::vector<RunRange>& in_force) {
  std::set<Name> needed;
  for (const RunRange& run : in_force) needed.insert({run.start, run.end});
  for (const auto& [due, merge] : merges_) {
    for (const RunRange& run : merge->inputs()) {
      needed.insert({run.start, run.end});
    }
  }
  const int64_t now_ms = parts_.clock->SteadyMs();
  for (auto it = runs_.begin(); it != runs_.end();) {
    Kept& kept = it->second;
    // Some are ready before they are due.
    if (needed.count(it->first) > 0 || DueOf(kept.run->range()) > covered_) {
      kept.superseded_ms = -1;
      ++it;
      continue;
    }
    if (kept.superseded_ms < 0) kept.superseded_ms = now_ms;
    const bool on_disk = kept.run->on_disk();
    const int64_t keep_ms =
        on_disk ? options_.keep_superseded_s * 1000 : kKeepInMemoryMs;
    if (now_ms - kept.superseded_ms < keep_ms) {
      ++it;
      continue;
    }
    if (on_disk) {
      garbage_.push_back(PathOf(kept.run->range()));
      // The run that replaced it ended at the same leaf or later.
      kept_from_ = std::max(kept_from_, DueOf(kept.run->range()) + 1);
    }
    it = runs_.erase(it);
  }
}

// --- Merging ---

Index::Merge* Index::NextMerge() {
  for (const auto& [due, merge] : merges_) {
    if (merge->begun() || HasAll(merge->inputs())) return merge.get();
  }
  return nullptr;
}

std::optional<RunRange> Index::CompletedBy(const Chunk& chunk) const {
  const uint64_t start =
      chunk.start / options_.memory_leaves_max * options_.memory_leaves_max;
  const RunRange run = {start, chunk.end};
  if (run.leaves() <= kSegmentedLeavesMin ||
      run.leaves() % kSegmentedLeavesMin != 0) {
    return std::nullopt;
  }
  return run;
}

absl::StatusOr<Index::RunPtr> Index::GrowBy(const Chunk& chunk) {
  if (chunk.start % options_.memory_leaves_max == 0) growing_ = KeyTrie();
  for (const IndexEntry& entry : chunk.entries) {
    if (!growing_.Insert(entry)) {
      return KeyTwice(entry.index, *growing_.Find(entry.key));
    }
  }
  const std::optional<RunRange> range = CompletedBy(chunk);
  if (!range.has_value()) return nullptr;
  // Once for all the chunks of a run: hashed after each, the upper nodes would
  // be hashed four times.
  growing_.Root();
  RunPtr run = std::make_shared<TrieRun>(*range, growing_);
  RunJudge judge(run.get());
  while (!judge.done()) RETURN_IF_ERROR(judge.Step());
  return run;
}

bool Index::WorkOnce() {
  if (!status_.ok()) return false;
  if (!chunks_.empty()) {
    // Always first: the runs that grow so are due soonest, and it is quick.
    const Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    mu_.Unlock();
    absl::StatusOr<RunPtr> run = GrowBy(chunk);
    mu_.Lock();
    status_.Update(run.status());
    if (run.ok() && *run != nullptr) {
      gauges_.merged_keys += (*run)->entries();
      const RunRange& range = (*run)->range();
      runs_[{range.start, range.end}] = {*std::move(run), -1};
    }
    done_.SignalAll();
    return true;
  }
  if (!garbage_.empty()) {
    const std::string path = garbage_.back();
    garbage_.pop_back();
    mu_.Unlock();
    absl::Status removed = parts_.disk->Remove(path);
    mu_.Lock();
    status_.Update(removed);
    return true;
  }
  Merge* const merge = NextMerge();
  if (merge == nullptr) return false;
  const RunRange range = merge->range();
  std::vector<RunPtr> inputs;
  if (!merge->begun()) {
    for (const RunRange& input : merge->inputs()) {
      inputs.push_back(Lookup(input));
    }
  }
  const uint64_t left = merge->keys_left();
  const int64_t begin_ns = NowNs();
  mu_.Unlock();
  absl::Status status;
  if (!merge->begun()) {
    status =
        merge->Begin(parts_.disk, PathOf(range), &heads_, std::move(inputs));
  } else {
    status = merge->Step();
  }
  mu_.Lock();
  const uint64_t keys = left - merge->keys_left();
  if (keys > 0) {
    const double ns =
        static_cast<double>(NowNs() - begin_ns) / static_cast<double>(keys);
    merge_ns_per_key_ =
        merge_ns_per_key_ == 0 ? ns : 0.95 * merge_ns_per_key_ + 0.05 * ns;
  }
  if (!status.ok()) {
    status_.Update(
        Annotate(status, absl::StrCat("merging the index run of leaves ",
                                      range.start, " to ", range.end - 1)));
    done_.SignalAll();
    return false;
  }
  if (merge->done()) {
    gauges_.merged_keys += merge->made()->entries();
    runs_[{range.start, range.end}] = {merge->made(), -1};
    merges_.erase({DueOf(range), range.start});
    done_.SignalAll();
  }
  return true;
}

void Index::Work() {
  MutexLock lock(&mu_);
  while (!stopping_) {
    if (!WorkOnce()) given_.Wait(&mu_);
  }
}

// --- Reading ---

absl::StatusOr<std::optional<uint64_t>> Index::Find(const Hash& key) {
  std::vector<RunPtr> in_force;
  {
    MutexLock lock(&mu_);
    if (const auto found = partial_.Find(key)) return found;
    if (const auto found = block_.Find(key)) return found;
    in_force = in_force_;
  }
  for (auto run = in_force.rbegin(); run != in_force.rend(); ++run) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> found, (*run)->Find(key));
    if (found.has_value()) return found;
  }
  return std::nullopt;
}

Index::RunPtr Index::FindSmall(const RunRange& run) {
  for (auto it = small_.begin(); it != small_.end(); ++it) {
    if (it->name != Name{run.start, run.end}) continue;
    small_.splice(small_.begin(), small_, it);
    return it->run;
  }
  return nullptr;
}

void Index::KeepSmall(RunPtr run) {
  if (FindSmall(run->range()) != nullptr) return;
  small_.push_front({{run->range().start, run->range().end}, std::move(run)});
  uint64_t entries = 0;
  for (auto it = small_.begin(); it != small_.end(); ++it) {
    entries += it->run->entries();
    if (entries <= kSmallEntriesMax || it == small_.begin()) continue;
    small_.erase(it, small_.end());
    return;
  }
}

absl::StatusOr<std::vector<Index::RunPtr>> Index::RunsAt(uint64_t size) {
  const std::vector<RunRange> ranges = RunsInForce(size);
  std::vector<RunPtr> runs(ranges.size());
  // Of runs that are to be made: what the tries in memory hold of them.
  std::vector<std::pair<size_t, std::vector<IndexEntry>>> from_tries;
  std::vector<size_t> from_storage;
  {
    MutexLock lock(&mu_);
    if (size > covered_) {
      return absl::OutOfRangeError(absl::StrCat("no index proof at size ", size,
                                                ": the newest is ", covered_));
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      const RunRange& range = ranges[i];
      runs[i] = Lookup(range);
      if (runs[i] == nullptr) runs[i] = FindSmall(range);
      if (runs[i] != nullptr) continue;
      if (range.start >= block_start_) {
        from_tries.push_back({i, {}});
        for (const KeyTrie* trie : {&block_, &partial_}) {
          for (const IndexEntry& entry : trie->entries()) {
            if (range.Holds(entry.index)) {
              from_tries.back().second.push_back(entry);
            }
          }
        }
      } else if (range.leaves() <= options_.memory_leaves_max) {
        from_storage.push_back(i);
      } else {
        return absl::OutOfRangeError(absl::StrCat(
            "no index proof at size ", size, ": the run of leaves ",
            range.start, " to ", range.end - 1,
            " is not kept any more; proofs can be had from size ", kept_from_,
            " on"));
      }
    }
  }
  for (const auto& [i, entries] : from_tries) {
    KeyTrie trie;
    for (const IndexEntry& entry : entries) trie.Insert(entry);
    runs[i] = std::make_shared<TrieRun>(ranges[i], std::move(trie));
  }
  for (const size_t i : from_storage) {
    ASSIGN_OR_RETURN(KeyTrie trie, ReadTrie(ranges[i]));
    runs[i] = std::make_shared<TrieRun>(ranges[i], std::move(trie));
  }
  MutexLock lock(&mu_);
  for (const auto& made : from_tries) KeepSmall(runs[made.first]);
  for (const size_t i : from_storage) KeepSmall(runs[i]);
  return runs;
}

absl::StatusOr<PresenceProof> Index::ProvePresence(const Hash& key,
                                                   uint64_t size) {
  ASSIGN_OR_RETURN(const std::vector<RunPtr> runs, RunsAt(size));
  PresenceProof proof;
  bool found = false;
  for (const RunPtr& run : runs) {
    proof.run_roots.push_back(run->root());
    if (found) continue;
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf, run->Find(key));
    if (!leaf.has_value()) continue;
    ASSIGN_OR_RETURN(proof.path, run->PathOf(key));
    found = true;
  }
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat("the key is absent from the index at size ", size));
  }
  return proof;
}

absl::StatusOr<AbsenceProof> Index::ProveAbsence(const Hash& key,
                                                 uint64_t size) {
  ASSIGN_OR_RETURN(const std::vector<RunPtr> runs, RunsAt(size));
  AbsenceProof proof;
  for (const RunPtr& run : runs) {
    proof.run_roots.push_back(run->root());
    ASSIGN_OR_RETURN(proof.paths.emplace_back(), run->PathOf(key));
    const TriePath& path = proof.paths.back();
    if (path.end.has_value() && path.end->key == key) {
      return absl::AlreadyExistsError(
          absl::StrCat("the key is present in the index at size ", size));
    }
  }
  return proof;
}

absl::StatusOr<std::string> Index::ProveSeveral(const std::vector<Hash>& keys,
                                                uint64_t size) {
  if (keys.empty()) {
    return absl::InvalidArgumentError("an index proof needs a key");
  }
  for (size_t k = 1; k < keys.size(); ++k) {
    if (keys[k - 1] >= keys[k]) {
      return absl::InvalidArgumentError(
          "the keys of an index proof must ascend, each of them once");
    }
  }
  ASSIGN_OR_RETURN(const std::vector<RunPtr> runs, RunsAt(size));
  std::string proof;
  for (const RunPtr& run : runs) {
    RETURN_IF_ERROR(
        run->AppendPlaces(keys.data(), keys.data() + keys.size(), &proof));
  }
  return proof;
}

absl::StatusOr<std::string> Index::ReadFile(absl::string_view path) {
  const absl::Status none =
      absl::NotFoundError(absl::StrCat("there is no index object ", path));
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || parts[0] != "index") return none;
  const std::optional<RunRange> range = ParseName(parts[1]);
  if (!range.has_value()) return none;
  RunPtr run;
  {
    MutexLock lock(&mu_);
    // What is not in force yet is not public yet either.
    if (DueOf(*range) <= covered_) run = Lookup(*range);
  }
  if (run == nullptr) return none;
  auto encoded = std::dynamic_pointer_cast<EncodedRun>(run);
  if (encoded == nullptr) {
    RunWriter writer(*range);
    while (writer.next() < writer.segments()) {
      std::vector<IndexEntry> entries;
      RETURN_IF_ERROR(
          run->Read(writer.next(), writer.segment_bits(), &entries));
      RETURN_IF_ERROR(writer.Add(entries));
    }
    RETURN_IF_ERROR(writer.Finish());
    ASSIGN_OR_RETURN(
        encoded, EncodedRun::OpenBytes(writer.TakeBytes(), *range, &heads_));
  }
  if (parts[2] == "top") return encoded->Top();
  for (const char c : parts[2]) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return none;
  }
  uint64_t segment = 0;
  if (parts[2].size() > 15 || !absl::SimpleHexAtoi(parts[2], &segment) ||
      segment >= encoded->segments() ||
      parts[2] != SegmentName(segment, encoded->segment_bits())) {
    return none;
  }
  return encoded->Segment(segment);
}

absl::StatusOr<Hash> Index::RunRootOf(const RunRange& run) {
  MutexLock lock(&mu_);
  const RunPtr found = Lookup(run);
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("the index has no run of leaves ",
                                            run.start, " to ", run.end - 1));
  }
  return found->root();
}

absl::Status Index::Scrub(const std::function<bool(uint64_t)>& pace) {
  std::vector<RunPtr> in_force;
  {
    MutexLock lock(&mu_);
    in_force = in_force_;
  }
  uint64_t keys = 0;
  for (const RunPtr& run : in_force) {
    RunJudge judge(run.get());
    for (uint64_t step = 1; !judge.done(); ++step) {
      RETURN_IF_ERROR(judge.Step());
      if (!pace(keys + run->entries() * step / judge.groups())) {
        return absl::CancelledError("stopped");
      }
    }
    keys += run->entries();
  }
  return absl::OkStatus();
}

IndexGauges Index::gauges() {
  MutexLock lock(&mu_);
  IndexGauges gauges = gauges_;
  gauges.merges = merges_.size();
  for (const auto& [due, merge] : merges_) {
    const uint64_t left = due.first > covered_ ? due.first - covered_ : 0;
    if (!gauges.leaves_until_due) gauges.leaves_until_due = left;
    gauges.merge_keys_left += merge->keys_left() / 2;
  }
  for (const RunPtr& run : in_force_) gauges.keys_in_runs += run->entries();
  for (const auto& [name, kept] : runs_) {
    gauges.memory_bytes += kept.run->memory_bytes();
    if (!kept.run->on_disk()) continue;
    ++gauges.files;
    if (kept.superseded_ms >= 0) ++gauges.superseded_files;
  }
  gauges.memory_bytes +=
      heads_.bytes() + 130 * (block_.size() + partial_.size());
  for (const Small& small : small_)
    gauges.memory_bytes += small.run->memory_bytes();
  return gauges;
}

}  // namespace vidimus
