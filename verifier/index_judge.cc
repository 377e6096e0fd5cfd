#include "verifier/index_judge.h"

#include <algorithm>
#include <utility>

#include "verifier/check.h"
#include "verifier/index_builder.h"

namespace vidimus {
namespace {

constexpr Hash kEmpty = {};

class HeapMemory : public RunMemory {
 public:
  IndexEntry* Allocate(size_t count) override { return new IndexEntry[count]; }
  void Free(IndexEntry* entries, size_t) override { delete[] entries; }
};

RunMemory* Heap() {
  static HeapMemory heap;
  return &heap;
}

bool KeyBefore(const IndexEntry& a, const IndexEntry& b) {
  return a.key < b.key;
}

const IndexEntry* FindIn(const IndexEntry* begin, size_t count,
                         const Hash& key) {
  const IndexEntry* const end = begin + count;
  const IndexEntry* const found =
      std::lower_bound(begin, end, IndexEntry{key, 0}, KeyBefore);
  return found != end && found->key == key ? found : nullptr;
}

// Steps through several sorted ranges as if they were one. Between steps,
// entries with one key come one after the other.
class Merger {
 public:
  void Add(const IndexEntry* entries, size_t count) {
    if (count > 0) heads_.push_back({entries, entries + count});
  }

  void Start() { std::make_heap(heads_.begin(), heads_.end(), Later); }
  bool empty() const { return heads_.empty(); }

  IndexEntry Next() {
    std::pop_heap(heads_.begin(), heads_.end(), Later);
    Range& range = heads_.back();
    const IndexEntry entry = *range.next++;
    if (range.next == range.end) {
      heads_.pop_back();
    } else {
      std::push_heap(heads_.begin(), heads_.end(), Later);
    }
    return entry;
  }

 private:
  struct Range {
    const IndexEntry* next;
    const IndexEntry* end;
  };
  static bool Later(const Range& a, const Range& b) {
    return b.next->key < a.next->key;
  }
  std::vector<Range> heads_;
};

}  // namespace

// The partial run: a trie that remembers its hashes, so that a batch costs only
// the ways of its own keys.
class SealJudge::Partial {
 public:
  // Where the run starts.
  uint64_t start = 0;

  // The entry that has the key already, or null and the entry is taken.
  const IndexEntry* Insert(const IndexEntry& entry) {
    CHECK_LT(entries_.size(), kRunLeavesMin);
    Place place{kNoNode, false};
    for (size_t depth = 0;; ++depth) {
      const Child child = At(place);
      if (child.kind == Child::kNode) {
        nodes_[child.number].fresh = false;
        place = {child.number, KeyBit(entry.key, depth)};
        continue;
      }
      if (child.kind == Child::kNone) break;
      // One key stands here: both go down until they part.
      const Hash& other = entries_[child.number].key;
      if (other == entry.key) return &entries_[child.number];
      const auto node = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back();
      nodes_[node].children[KeyBit(other, depth)] = child;
      At(place) = {Child::kNode, node};
      place = {node, KeyBit(entry.key, depth)};
    }
    At(place) = {Child::kKey, static_cast<uint32_t>(entries_.size())};
    entries_.push_back(entry);
    hashes_.push_back(TrieLeafHash(entry));
    return nullptr;
  }

  Hash Root() { return HashOf(root_); }

  const std::vector<IndexEntry>& entries() const { return entries_; }

  void Clear() {
    entries_.clear();
    hashes_.clear();
    nodes_.clear();
    root_ = {};
  }

 private:
  static constexpr uint32_t kNoNode = ~uint32_t{0};

  struct Child {
    enum Kind : uint8_t { kNone, kKey, kNode } kind = kNone;
    uint32_t number = 0;  // in entries_ or nodes_
  };
  struct Node {
    Child children[2];
    Hash hash = {};
    bool fresh = false;
  };
  // A child of a node, or the root.
  struct Place {
    uint32_t node;
    bool right;
  };

  Child& At(const Place& place) {
    return place.node == kNoNode ? root_
                                 : nodes_[place.node].children[place.right];
  }

  // At most 256 deep.
  Hash HashOf(const Child& child) {
    if (child.kind == Child::kNone) return kEmpty;
    if (child.kind == Child::kKey) return hashes_[child.number];
    Node& node = nodes_[child.number];
    if (!node.fresh) {
      node.hash =
          TrieNodeHash(HashOf(node.children[0]), HashOf(node.children[1]));
      node.fresh = true;
    }
    return node.hash;
  }

  std::vector<IndexEntry> entries_;  // in leaf order
  std::vector<Hash> hashes_;         // of trie leaves, beside entries_
  std::vector<Node> nodes_;
  Child root_;
};

SealJudge::SealJudge(RunMemory* memory)
    : memory_(memory != nullptr ? memory : Heap()),
      partial_(std::make_unique<Partial>()) {}

SealJudge::~SealJudge() {
  for (Piece& piece : pieces_) Release(&piece);
}

void SealJudge::Release(Piece* piece) {
  if (piece->entries != nullptr) memory_->Free(piece->entries, piece->count);
}

Finding SealJudge::FoundTwice(const IndexEntry& a, const IndexEntry& b) {
  twice_ = Twice{std::min(a.index, b.index), std::max(a.index, b.index)};
  return Finding::kIndexKeyTwice;
}

Finding SealJudge::Add(uint64_t index, const Leaf& leaf) {
  while (index - partial_->start >= kRunLeavesMin) ClosePartial();
  const IndexEntry entry{leaf.a, index};
  const IndexEntry* const other = partial_->Insert(entry);
  return other == nullptr ? Finding::kOk : FoundTwice(*other, entry);
}

void SealJudge::ClosePartial() {
  Piece piece;
  piece.range = {partial_->start, partial_->start + kRunLeavesMin};
  piece.count = partial_->entries().size();
  piece.root = partial_->Root();
  if (piece.count > 0) {
    piece.entries = memory_->Allocate(piece.count);
    std::copy(partial_->entries().begin(), partial_->entries().end(),
              piece.entries);
    std::sort(piece.entries, piece.entries + piece.count, KeyBefore);
  }
  pieces_.push_back(piece);
  partial_->Clear();
  partial_->start = piece.range.end;
}

// Puts the pieces [first, last), which are exactly `range`, in one.
Finding SealJudge::Merge(const RunRange& range, size_t first, size_t last) {
  Piece merged;
  merged.range = range;
  Merger merger;
  for (size_t i = first; i < last; ++i) {
    merger.Add(pieces_[i].entries, pieces_[i].count);
    merged.count += pieces_[i].count;
  }
  merger.Start();
  RunRootBuilder builder;
  if (merged.count > 0) {
    merged.entries = memory_->Allocate(merged.count);
    for (size_t i = 0; !merger.empty(); ++i) {
      merged.entries[i] = merger.Next();
      if (builder.Add(merged.entries[i]) == Finding::kOk) continue;
      const Finding found =
          FoundTwice(merged.entries[i - 1], merged.entries[i]);
      Release(&merged);
      return found;
    }
  }
  merged.root = builder.Root();
  for (size_t i = first; i < last; ++i) Release(&pieces_[i]);
  pieces_.erase(pieces_.begin() + first, pieces_.begin() + last);
  pieces_.insert(pieces_.begin() + first, merged);
  return Finding::kOk;
}

Finding SealJudge::AddSeal(uint64_t index, const Seal& seal) {
  while (index - partial_->start >= kRunLeavesMin) ClosePartial();
  run_roots_.clear();
  size_t place = 0;
  for (const RunRange& run : RunsInForce(index)) {
    if (run.start == partial_->start) {
      run_roots_.push_back(partial_->Root());
      continue;
    }
    size_t last = place;
    while (pieces_[last].range.end < run.end) ++last;
    CHECK(pieces_[place].range.start == run.start);
    CHECK(pieces_[last].range.end == run.end);
    if (last > place) RETURN_IF_FOUND(Merge(run, place, last + 1));
    run_roots_.push_back(*pieces_[place].root);
    ++place;
  }
  return IndexRoot(index, run_roots_) == seal.index_root ? Finding::kOk
                                                         : Finding::kIndexRoot;
}

Finding SealJudge::Finish() {
  std::vector<IndexEntry> partial = partial_->entries();
  std::sort(partial.begin(), partial.end(), KeyBefore);
  Merger merger;
  for (const Piece& piece : pieces_) merger.Add(piece.entries, piece.count);
  merger.Add(partial.data(), partial.size());
  merger.Start();
  std::optional<IndexEntry> last;
  while (!merger.empty()) {
    const IndexEntry entry = merger.Next();
    if (last && last->key == entry.key) return FoundTwice(*last, entry);
    last = entry;
  }
  return Finding::kOk;
}

IndexAnswer SealJudge::Find(const Hash& key) const {
  for (const Piece& piece : pieces_) {
    const IndexEntry* const found = FindIn(piece.entries, piece.count, key);
    if (found != nullptr) return found->index;
  }
  for (const IndexEntry& entry : partial_->entries()) {
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
  std::for_each(partial_->entries().begin(), partial_->entries().end(), add);
  std::sort(entries.begin(), entries.end(), KeyBefore);
  return entries;
}

}  // namespace vidimus
