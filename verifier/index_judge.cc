#include "verifier/index_judge.h"

#include <algorithm>
#include <utility>

#include "verifier/check.h"
#include "verifier/index_trie.h"

namespace vidimus {
namespace {

class HeapMemory : public RunMemory {
 public:
  IndexEntry* Allocate(size_t count) override { return new IndexEntry[count]; }
  void Free(IndexEntry* entries, size_t) override { delete[] entries; }
};

RunMemory* Heap() {
  static HeapMemory heap;
  return &heap;
}

// A merge falls into parts by the first bits of keys, unless it is too short to
// be worth it; a long one into as many as make so few entries a part, for
// Passed.
constexpr size_t kPartBits = 6;
constexpr size_t kPartBitsMax = 16;
constexpr size_t kPartedMin = size_t{1} << 13;
constexpr size_t kPartEntriesMax = size_t{1} << 17;

// So few that what hashing them needs fits a processor's own cache.
constexpr size_t kHashedAtOnceMax = size_t{1} << 12;

// How many keys are searched in a piece before what was looked at is passed: a
// system maps several pages around each one that is.
constexpr size_t kSearchedAtOnce = 32;

size_t PartBits(size_t entries) {
  if (entries < kPartedMin) return 0;
  size_t bits = kPartBits;
  while (bits < kPartBitsMax && entries >> bits > kPartEntriesMax) ++bits;
  return bits;
}

bool KeyBefore(const IndexEntry& a, const IndexEntry& b) {
  return KeyLess(a, b);
}

// The hash at `depth` of the sorted entries [begin, end), which share so many
// bits. Calls itself at most 256 deep.
Hash HashBelow(const IndexEntry* begin, const IndexEntry* end, size_t depth,
               SubtrieHasher* hasher) {
  if (static_cast<size_t>(end - begin) <= kHashedAtOnceMax) {
    hasher->Add(begin, end, depth);
    return hasher->Run()[0];
  }
  const IndexEntry* const middle = std::partition_point(
      begin, end,
      [depth](const IndexEntry& entry) { return !KeyBit(entry.key, depth); });
  return TrieNodeHash(HashBelow(begin, middle, depth + 1, hasher),
                      HashBelow(middle, end, depth + 1, hasher));
}

// The first of sorted entries whose key is not before `key`. Begins where that
// would be among keys spread evenly, as labels are, and goes on from there in
// steps that double: in a long run a few neighbouring pages are looked at. At
// most 2 log2(count) steps whatever the keys are.
size_t PlaceOf(const IndexEntry* entries, size_t count, const Hash& key) {
  using Wide = unsigned __int128;
  if (count == 0) return 0;
  const auto before = [&key](const IndexEntry& entry) {
    return KeyLess(entry.key, key);
  };
  const auto guess =
      static_cast<size_t>(Wide{KeyPrefix(key, 64)} * count >> 64);
  // Those below `low` are before the key, those from `high` on are not.
  size_t low = 0, high = count, step = 64;
  if (before(entries[guess])) {
    low = guess + 1;
    for (; low + step < count && before(entries[low + step]); step *= 2) {
      low += step + 1;
    }
    high = std::min(count, low + step);
  } else {
    high = guess;
    for (; high > step && !before(entries[high - step]); step *= 2) {
      high -= step;
    }
    low = high > step ? high - step + 1 : 0;
  }
  return std::partition_point(entries + low, entries + high, before) - entries;
}

// The key that begins with `part` of `bits` bits, at most 16, and zeros.
Hash FirstKeyOf(size_t part, size_t bits) {
  static_assert(kPartBitsMax == 16);
  const size_t first = part << (16 - bits);
  Hash key = {};
  key[0] = static_cast<uint8_t>(first >> 8);
  key[1] = static_cast<uint8_t>(first);
  return key;
}

const IndexEntry* FindIn(const IndexEntry* entries, size_t count,
                         const Hash& key) {
  const size_t place = PlaceOf(entries, count, key);
  return place < count && entries[place].key == key ? entries + place : nullptr;
}

// Steps through several sorted ranges as if they were one; they are so few that
// the least is looked for among all. Entries with one key come one after the
// other.
class Merger {
 public:
  void Add(const IndexEntry* entries, size_t count) {
    if (count == 0) return;
    ranges_.push_back({0, entries, entries + count});
    ranges_.back().ReadAhead();
  }

  bool empty() const { return ranges_.empty(); }

  const IndexEntry* Next() {
    Range* least = &ranges_[0];
    for (size_t i = 1; i < ranges_.size(); ++i) {
      if (ranges_[i].Before(*least)) least = &ranges_[i];
    }
    const IndexEntry* const entry = least->next++;
    if (least->next == least->end) {
      *least = ranges_.back();
      ranges_.pop_back();
    } else {
      least->ReadAhead();
    }
    return entry;
  }

 private:
  struct Range {
    uint64_t first_bits;  // of the next key, as a number
    const IndexEntry* next;
    const IndexEntry* end;

    void ReadAhead() { first_bits = KeyPrefix(next->key, 64); }
    bool Before(const Range& other) const {
      return first_bits != other.first_bits ? first_bits < other.first_bits
                                            : next->key < other.next->key;
    }
  };
  std::vector<Range> ranges_;
};

}  // namespace

Finding ShortRunMaker::Add(const IndexEntry& entry) {
  if (twice_.has_value()) return Finding::kIndexKeyTwice;
  CHECK_LT(trie_.size(), kRunLeavesMin);
  if (trie_.Insert(entry)) return Finding::kOk;
  twice_ = TwiceCarried{*trie_.Find(entry.key), entry.index};
  return Finding::kIndexKeyTwice;
}

void ShortRunMaker::AddSeal() {
  if (!twice_.has_value()) seal_roots_.push_back(Root());
}

ShortRun ShortRunMaker::Finish() {
  ShortRun run;
  run.start = start_;
  run.root = Root();
  run.entries = trie_.Sorted();
  run.seal_roots = std::move(seal_roots_);
  run.twice = twice_;
  return run;
}

SealJudge::SealJudge(RunMemory* memory, TaskRunner run_tasks)
    : memory_(memory != nullptr ? memory : Heap()),
      run_tasks_(std::move(run_tasks)) {}

SealJudge::~SealJudge() {
  for (Piece& piece : pieces_) Release(&piece);
}

void SealJudge::Release(Piece* piece) {
  if (piece->entries != nullptr) memory_->Free(piece->entries, piece->count);
}

Finding SealJudge::FoundTwice(const TwiceCarried& twice) {
  twice_ = twice;
  return Finding::kIndexKeyTwice;
}

void SealJudge::Expect(ShortRun run) {
  CHECK_EQ(run.start, shown_);
  while (run.start - partial_.start() >= kRunLeavesMin) ClosePartial();
  CHECK_EQ(run.start, partial_.start());
  made_ = std::move(run);
  made_seals_ = 0;
}

void SealJudge::ExpectNoMore() {
  if (!made_.has_value()) return;
  std::vector<IndexEntry> entries = PartialEntries();
  made_.reset();
  std::sort(entries.begin(), entries.end(),
            [](const IndexEntry& a, const IndexEntry& b) {
              return a.index < b.index;
            });
  // A key that stood twice among them was found when its leaf was shown.
  for (const IndexEntry& entry : entries) partial_.Add(entry);
}

Finding SealJudge::Add(uint64_t index, const Leaf& leaf) {
  while (index - partial_.start() >= kRunLeavesMin) ClosePartial();
  shown_ = index + 1;
  if (fresh_is_whole_) {
    if (fresh_.size() < kSearchedMax) {
      fresh_.push_back({leaf.a, index});
    } else {
      fresh_is_whole_ = false;
      fresh_ = {};
    }
  }
  if (!made_.has_value()) {
    const Finding found = partial_.Add({leaf.a, index});
    return found == Finding::kOk ? found : FoundTwice(*partial_.twice());
  }
  return made_->twice.has_value() && made_->twice->second == index
             ? FoundTwice(*made_->twice)
             : Finding::kOk;
}

void SealJudge::ClosePartial() {
  const uint64_t start = partial_.start();
  const ShortRun run =
      made_.has_value() ? *std::move(made_) : partial_.Finish();
  made_.reset();
  Piece piece;
  piece.range = {start, start + kRunLeavesMin};
  piece.count = run.entries.size();
  piece.root = run.root;
  if (piece.count > 0) {
    piece.entries = memory_->Allocate(piece.count);
    std::copy(run.entries.begin(), run.entries.end(), piece.entries);
  }
  pieces_.push_back(piece);
  partial_ = ShortRunMaker(piece.range.end);
}

std::vector<IndexEntry> SealJudge::PartialEntries() const {
  if (!made_.has_value()) return partial_.entries();
  std::vector<IndexEntry> entries;
  for (const IndexEntry& entry : made_->entries) {
    if (entry.index < shown_) entries.push_back(entry);
  }
  return entries;
}

void SealJudge::Pass(const IndexEntry* entries, size_t begin,
                     size_t end) const {
  if (end > begin) memory_->Passed(entries + begin, end - begin);
}

std::vector<SealJudge::MergedPart> SealJudge::MergeParts(
    const std::vector<Span>& runs, IndexEntry* out) const {
  size_t all = 0;
  for (const Span& run : runs) all += run.count;
  const size_t bits = PartBits(all);
  std::vector<MergedPart> parts(size_t{1} << bits);
  // Where each part begins in each run, and where the last one ends.
  std::vector<std::vector<size_t>> begins;
  for (const Span& run : runs) {
    std::vector<size_t>& begin = begins.emplace_back();
    begin.push_back(0);
    for (size_t part = 1; part < parts.size(); ++part) {
      begin.push_back(PlaceOf(run.entries, run.count, FirstKeyOf(part, bits)));
      if (run.of_piece) Pass(run.entries, begin[part - 1], begin[part]);
    }
    begin.push_back(run.count);
  }
  const auto merge = [&](size_t number) {
    MergedPart& part = parts[number];
    Merger merger;
    size_t before = 0;  // entries of earlier parts
    for (size_t i = 0; i < runs.size(); ++i) {
      const size_t begin = begins[i][number];
      merger.Add(runs[i].entries + begin, begins[i][number + 1] - begin);
      before += begin;
    }
    const IndexEntry* last = nullptr;
    for (; !merger.empty(); ++part.count) {
      const IndexEntry* const entry = merger.Next();
      if (last != nullptr && last->key == entry->key) {
        part.twice = TwiceCarried{std::min(last->index, entry->index),
                                  std::max(last->index, entry->index)};
        return;
      }
      last = entry;
      if (out != nullptr) out[before + part.count] = *entry;
    }
    if (out != nullptr) {
      SubtrieHasher hasher;
      part.root =
          HashBelow(out + before, out + before + part.count, bits, &hasher);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i].of_piece) continue;
      Pass(runs[i].entries, begins[i][number], begins[i][number + 1]);
    }
    if (out != nullptr) Pass(out, before, before + part.count);
  };
  if (run_tasks_ != nullptr && parts.size() > 1) {
    run_tasks_(parts.size(), merge);
  } else {
    for (size_t number = 0; number < parts.size(); ++number) merge(number);
  }
  return parts;
}

// Puts the pieces [first, last), which are exactly `range`, in one.
Finding SealJudge::Merge(const RunRange& range, size_t first, size_t last) {
  Piece merged;
  merged.range = range;
  std::vector<Span> runs;
  for (size_t i = first; i < last; ++i) {
    runs.push_back({pieces_[i].entries, pieces_[i].count, true});
    merged.count += pieces_[i].count;
  }
  if (merged.count > 0) merged.entries = memory_->Allocate(merged.count);
  std::vector<MergedPart> parts = MergeParts(runs, merged.entries);
  for (const MergedPart& part : parts) {
    if (!part.twice.has_value()) continue;
    Release(&merged);
    return FoundTwice(*part.twice);
  }
  // Pairs become their parents, up to the root.
  for (; parts.size() > 1; parts.resize(parts.size() / 2)) {
    for (size_t i = 0; i < parts.size() / 2; ++i) {
      const MergedPart left = parts[2 * i], right = parts[2 * i + 1];
      MergedPart& parent = parts[i];
      parent.count = left.count + right.count;
      parent.root = parent.count > 1  ? TrieNodeHash(left.root, right.root)
                    : left.count == 1 ? left.root
                                      : right.root;
    }
  }
  merged.root = parts[0].root;
  for (size_t i = first; i < last; ++i) Release(&pieces_[i]);
  pieces_.erase(pieces_.begin() + first, pieces_.begin() + last);
  pieces_.insert(pieces_.begin() + first, merged);
  return Finding::kOk;
}

Finding SealJudge::AddSeal(uint64_t index, const Seal& seal) {
  while (index - partial_.start() >= kRunLeavesMin) ClosePartial();
  shown_ = index + 1;
  Hash partial_root = {};
  if (made_.has_value()) {
    CHECK_LT(made_seals_, made_->seal_roots.size());
    partial_root = made_->seal_roots[made_seals_++];
  } else {
    partial_root = partial_.Root();
  }
  run_roots_.clear();
  size_t place = 0;
  for (const RunRange& run : RunsInForce(index)) {
    if (run.start == partial_.start()) {
      run_roots_.push_back(partial_root);
      continue;
    }
    size_t last = place;
    while (pieces_[last].range.end < run.end) ++last;
    CHECK(pieces_[place].range.start == run.start);
    CHECK(pieces_[last].range.end == run.end);
    if (last > place) RETURN_IF_FOUND(Merge(run, place, last + 1));
    run_roots_.push_back(pieces_[place].root);
    ++place;
  }
  return IndexRoot(index, run_roots_) == seal.index_root ? Finding::kOk
                                                         : Finding::kIndexRoot;
}

Finding SealJudge::SearchFresh() {
  std::sort(fresh_.begin(), fresh_.end(), KeyBefore);
  std::vector<IndexEntry> partial = PartialEntries();
  std::sort(partial.begin(), partial.end(), KeyBefore);
  // In each piece, what is passed already.
  std::vector<size_t> passed(pieces_.size());
  size_t searched = 0;
  const IndexEntry* before = nullptr;
  for (const IndexEntry& entry : fresh_) {
    const auto judge = [this, &entry](const IndexEntry* other) {
      if (other == nullptr || other->key != entry.key ||
          other->index == entry.index) {
        return Finding::kOk;
      }
      return FoundTwice({std::min(other->index, entry.index),
                         std::max(other->index, entry.index)});
    };
    RETURN_IF_FOUND(judge(before));
    const bool pass = ++searched % kSearchedAtOnce == 0;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const Piece& piece = pieces_[i];
      const size_t place = PlaceOf(piece.entries, piece.count, entry.key);
      if (place < piece.count) RETURN_IF_FOUND(judge(piece.entries + place));
      if (!pass) continue;
      Pass(piece.entries, passed[i], place);
      passed[i] = place;
    }
    RETURN_IF_FOUND(judge(FindIn(partial.data(), partial.size(), entry.key)));
    before = &entry;
  }
  for (size_t i = 0; i < pieces_.size(); ++i) {
    Pass(pieces_[i].entries, passed[i], pieces_[i].count);
  }
  return Finding::kOk;
}

Finding SealJudge::Finish() {
  if (fresh_is_whole_) {
    RETURN_IF_FOUND(SearchFresh());
    checked_ = shown_;
    fresh_.clear();
    return Finding::kOk;
  }
  std::vector<IndexEntry> partial = PartialEntries();
  std::sort(partial.begin(), partial.end(), KeyBefore);
  std::vector<Span> runs;
  for (const Piece& piece : pieces_) {
    runs.push_back({piece.entries, piece.count, true});
  }
  runs.push_back({partial.data(), partial.size(), false});
  for (const MergedPart& part : MergeParts(runs, nullptr)) {
    if (part.twice.has_value()) return FoundTwice(*part.twice);
  }
  checked_ = shown_;
  fresh_is_whole_ = true;
  return Finding::kOk;
}

std::vector<HeldRun> SealJudge::Runs() const { return pieces_; }

bool SealJudge::Restore(uint64_t size, uint64_t checked,
                        std::vector<HeldRun> runs,
                        const std::vector<IndexEntry>& partial) {
  CHECK_EQ(shown_, uint64_t{0});
  if (size == 0 || checked > size) return false;
  std::vector<RunRange> ranges = RunsInForce(size - 1);
  if (!ranges.empty() && ranges.back().leaves() < kRunLeavesMin) {
    ranges.pop_back();
  }
  const uint64_t start = ranges.empty() ? 0 : ranges.back().end;
  if (runs.size() != ranges.size()) return false;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!(runs[i].range == ranges[i]) || runs[i].count > ranges[i].leaves() ||
        (runs[i].count > 0) != (runs[i].entries != nullptr)) {
      return false;
    }
  }
  ShortRunMaker maker(start);
  uint64_t next = start;
  for (const IndexEntry& entry : partial) {
    if (entry.index < next || entry.index + 1 >= size ||
        maker.Add(entry) != Finding::kOk) {
      return false;
    }
    next = entry.index + 1;
  }
  pieces_ = std::move(runs);
  partial_ = std::move(maker);
  shown_ = size;
  checked_ = checked;
  fresh_is_whole_ = checked == size;
  return true;
}

IndexAnswer SealJudge::Find(const Hash& key) const {
  for (const Piece& piece : pieces_) {
    const IndexEntry* const found = FindIn(piece.entries, piece.count, key);
    if (found != nullptr) return found->index;
  }
  for (const IndexEntry& entry : PartialEntries()) {
    if (entry.key == key) return entry.index;
  }
  return std::nullopt;
}

std::vector<IndexEntry> SealJudge::Entries(const RunRange& run) const {
  std::vector<IndexEntry> entries;
  const auto add = [&run, &entries](const IndexEntry& entry) {
    if (run.Holds(entry.index)) entries.push_back(entry);
  };
  for (const Piece& piece : pieces_) {
    if (piece.range.end <= run.start || piece.range.start >= run.end) continue;
    std::for_each(piece.entries, piece.entries + piece.count, add);
  }
  const std::vector<IndexEntry> partial = PartialEntries();
  std::for_each(partial.begin(), partial.end(), add);
  std::sort(entries.begin(), entries.end(), KeyBefore);
  return entries;
}

}  // namespace vidimus
