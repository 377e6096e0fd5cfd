#include "verifier/index_builder.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/runs.h"

namespace vidimus {
namespace {

constexpr Hash kEmpty = {};

// How many bits `a` and `b`, which differ, begin with in common.
size_t CommonBits(const Hash& a, const Hash& b) {
  size_t place = 0;
  while (a[place / 8] == b[place / 8]) place += 8;
  while (KeyBit(a, place) == KeyBit(b, place)) ++place;
  return place;
}

using Entry = const IndexEntry*;

// The end of those in [begin, end), which share their first `depth` bits, that
// go left at `depth`.
Entry LeftEnd(Entry begin, Entry end, size_t depth) {
  return std::partition_point(begin, end, [depth](const IndexEntry& entry) {
    return !KeyBit(entry.key, depth);
  });
}

// The root of the trie below `depth`.
Hash SubtrieHash(Entry begin, Entry end, size_t depth) {
  if (begin == end) return kEmpty;
  if (end - begin == 1) return TrieLeafHash(*begin);
  const Entry middle = LeftEnd(begin, end, depth);
  return TrieNodeHash(SubtrieHash(begin, middle, depth + 1),
                      SubtrieHash(middle, end, depth + 1));
}

void CheckSorted(SortedEntries run) {
  for (size_t i = 1; i < run.size(); ++i) CHECK(run[i - 1].key < run[i].key);
}

// Appends what VerifySeveral reads of one place: [from, to) are the asked keys
// that lead to it.
void AppendPlace(Entry begin, Entry end, size_t depth, const Hash* from,
                 const Hash* to, std::string* out) {
  if (begin == end) {
    out->push_back(0);
  } else if (from == to) {
    out->push_back(3);
    *out += Bytes(SubtrieHash(begin, end, depth));
  } else if (end - begin == 1) {
    out->push_back(1);
    *out += Bytes(begin->key);
    AppendBe64(begin->index, out);
  } else {
    out->push_back(2);
    const Entry middle = LeftEnd(begin, end, depth);
    const Hash* const split = std::partition_point(
        from, to, [depth](const Hash& key) { return !KeyBit(key, depth); });
    AppendPlace(begin, middle, depth + 1, from, split, out);
    AppendPlace(middle, end, depth + 1, split, to, out);
  }
}

}  // namespace

Finding RunRootBuilder::Add(const IndexEntry& entry) {
  if (last_) {
    if (entry.key == last_->key) return Finding::kIndexKeyTwice;
    if (entry.key < last_->key) return Finding::kIndexKeysNotAscending;
    // The two part at this bit: last_ goes left, and nothing more will join it
    // there.
    const size_t depth = CommonBits(last_->key, entry.key) + 1;
    left_[depth] = FoldedTo(depth);
    has_left_[depth] = true;
    for (size_t d = depth + 1; d <= unique_depth_; ++d) has_left_[d] = false;
    unique_depth_ = depth;
  }
  last_ = entry;
  return Finding::kOk;
}

Hash RunRootBuilder::RootAt(size_t depth) const {
  return last_ ? FoldedTo(depth) : kEmpty;
}

Hash RunRootBuilder::FoldedTo(size_t depth) const {
  Hash hash = TrieLeafHash(*last_);
  for (size_t d = std::max(unique_depth_, depth); d > depth; --d) {
    if (KeyBit(last_->key, d - 1)) {
      hash = TrieNodeHash(has_left_[d] ? left_[d] : kEmpty, hash);
    } else {
      hash = TrieNodeHash(hash, kEmpty);
    }
  }
  return hash;
}

Hash RunRoot(SortedEntries run) {
  CheckSorted(run);
  return SubtrieHash(run.data(), run.data() + run.size(), 0);
}

TriePath MakeTriePath(SortedEntries run, const Hash& key) {
  CheckSorted(run);
  TriePath path;
  Entry begin = run.data();
  Entry end = begin + run.size();
  for (size_t depth = 0; end - begin > 1; ++depth) {
    const Entry middle = LeftEnd(begin, end, depth);
    const bool right = KeyBit(key, depth);
    path.siblings.push_back(right ? SubtrieHash(begin, middle, depth + 1)
                                  : SubtrieHash(middle, end, depth + 1));
    (right ? begin : end) = middle;
  }
  if (begin != end) path.end = *begin;
  return path;
}

MemoryIndex::MemoryIndex(uint64_t size, std::vector<IndexEntry> entries)
    : size_(size) {
  std::sort(
      entries.begin(), entries.end(),
      [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
  for (size_t i = 1; i < entries.size(); ++i) {
    CHECK(entries[i - 1].key != entries[i].key);
  }
  const std::vector<RunRange> ranges = RunsInForce(size);
  runs_.resize(ranges.size());
  for (const IndexEntry& entry : entries) {
    const auto range = std::find_if(
        ranges.begin(), ranges.end(),
        [&entry](const RunRange& run) { return run.Holds(entry.index); });
    if (range != ranges.end()) runs_[range - ranges.begin()].push_back(entry);
  }
  for (const std::vector<IndexEntry>& run : runs_) {
    run_roots_.push_back(RunRoot(run));
  }
}

Hash MemoryIndex::Root() const { return IndexRoot(size_, run_roots_); }

std::optional<PresenceProof> MemoryIndex::ProvePresence(const Hash& key) const {
  for (const std::vector<IndexEntry>& run : runs_) {
    TriePath path = MakeTriePath(run, key);
    if (path.end && path.end->key == key) {
      return PresenceProof{run_roots_, std::move(path)};
    }
  }
  return std::nullopt;
}

std::optional<AbsenceProof> MemoryIndex::ProveAbsence(const Hash& key) const {
  AbsenceProof proof;
  proof.run_roots = run_roots_;
  for (const std::vector<IndexEntry>& run : runs_) {
    proof.paths.push_back(MakeTriePath(run, key));
    const TriePath& path = proof.paths.back();
    if (path.end && path.end->key == key) return std::nullopt;
  }
  return proof;
}

std::string MemoryIndex::ProveSeveral(const std::vector<Hash>& keys) const {
  for (size_t k = 1; k < keys.size(); ++k) CHECK(keys[k - 1] < keys[k]);
  std::string bytes;
  for (const std::vector<IndexEntry>& run : runs_) {
    AppendPlace(run.data(), run.data() + run.size(), 0, keys.data(),
                keys.data() + keys.size(), &bytes);
  }
  return bytes;
}

}  // namespace vidimus
