#include "verifier/index_trie.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr Hash kEmpty = {};

uint64_t WordOf(const Hash& hash, size_t word) {
  uint64_t value;
  std::memcpy(&value, hash.data() + 8 * word, 8);
  return __builtin_bswap64(value);
}

// How many bits two different keys begin with in common.
size_t CommonBits(const Hash& a, const Hash& b) {
  for (size_t word = 0; word < 4; ++word) {
    const uint64_t differ = WordOf(a, word) ^ WordOf(b, word);
    if (differ != 0) {
      return 64 * word + static_cast<size_t>(__builtin_clzll(differ));
    }
  }
  return kTrieDepthMax;
}

inline bool BitOf(const Hash& key, size_t place) {
  return (key[place / 8] >> (7 - place % 8)) & 1;
}

using Entry = const IndexEntry*;

// The first of [begin, end), which share `depth` bits, that goes right.
Entry Split(Entry begin, Entry end, size_t depth) {
  return std::partition_point(begin, end, [depth](const IndexEntry& entry) {
    return !BitOf(entry.key, depth);
  });
}

// Sorted entries with the hash of each as a trie leaf, made in one go.
class Below {
 public:
  Below(Entry begin, Entry end) : begin_(begin), leaves_(end - begin) {
    std::vector<TrieLeafJob> jobs(leaves_.size());
    for (size_t i = 0; i < jobs.size(); ++i) jobs[i] = {begin + i, &leaves_[i]};
    HashTrieLeaves(jobs.data(), jobs.size());
  }

  Hash HashOf(Entry begin, Entry end, size_t depth) const {
    if (begin == end) return kEmpty;
    if (end - begin == 1) return leaves_[begin - begin_];
    const Entry middle = Split(begin, end, depth);
    return TrieNodeHash(HashOf(begin, middle, depth + 1),
                        HashOf(middle, end, depth + 1));
  }

  void AppendPlaces(Entry begin, Entry end, size_t depth, const Hash* from,
                    const Hash* to, std::string* out) const {
    if (begin == end) return AppendEmptyPlace(out);
    if (from == to) {
      return AppendElsewherePlace(HashOf(begin, end, depth), out);
    }
    if (end - begin == 1) return AppendEntryPlace(*begin, out);
    AppendNodePlace(out);
    const Entry middle = Split(begin, end, depth);
    const Hash* const split = SplitKeys(from, to, depth);
    AppendPlaces(begin, middle, depth + 1, from, split, out);
    AppendPlaces(middle, end, depth + 1, split, to, out);
  }

 private:
  const Entry begin_;
  std::vector<Hash> leaves_;
};

}  // namespace

uint64_t KeyPrefix(const Hash& key, int bits) {
  return bits == 0 ? 0 : WordOf(key, 0) >> (64 - bits);
}

// --- KeyTrie ---

const Hash& KeyTrie::HashOf(Ref ref) const {
  if (ref == kNothing) return kEmpty;
  return IsEntry(ref) ? entry_hashes_[ref / 2] : node_hashes_[ref / 2 - 1];
}

KeyTrie::Ref KeyTrie::NewNode(size_t depth) {
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  node_hashes_.emplace_back();
  if (dirty_.size() <= depth) dirty_.resize(depth + 1);
  dirty_[depth].push_back(node);
  return 2 * node + 2;
}

bool KeyTrie::Insert(const IndexEntry& entry) {
  way_.clear();
  Ref ref = root_;
  while (ref != kNothing && !IsEntry(ref)) {
    const uint32_t node = ref / 2 - 1;
    ref = nodes_[node].child[BitOf(entry.key, way_.size())];
    way_.push_back(node);
  }
  // Only now: nothing may be marked for a key that is there.
  if (ref != kNothing && entries_[ref / 2].key == entry.key) return false;
  const auto added = static_cast<Ref>(2 * entries_.size() + 1);
  entries_.push_back(entry);

  size_t depth = 0;
  for (const uint32_t node : way_) {
    if (!nodes_[node].dirty) {
      nodes_[node].dirty = true;
      dirty_[depth].push_back(node);
    }
    ++depth;
  }
  // The node whose child `ref` is, unless it is the root.
  bool at_root = way_.empty();
  uint32_t parent = at_root ? 0 : way_.back();
  const auto put = [&](size_t at, Ref value) {
    if (at_root) {
      root_ = value;
    } else {
      nodes_[parent].child[BitOf(entry.key, at - 1)] = value;
    }
  };
  if (ref == kNothing) {
    put(depth, added);
    return true;
  }
  // Two keys at one place: nodes down to where they part.
  const Hash& other = entries_[ref / 2].key;
  const size_t common = CommonBits(entry.key, other);
  for (; depth <= common; ++depth) {
    const Ref made = NewNode(depth);
    put(depth, made);
    parent = made / 2 - 1;
    at_root = false;
  }
  Node& node = nodes_[parent];
  node.child[BitOf(entry.key, common)] = added;
  node.child[BitOf(other, common)] = ref;
  return true;
}

Hash KeyTrie::Root() {
  const size_t hashed = entry_hashes_.size();
  entry_hashes_.resize(entries_.size());
  std::vector<TrieLeafJob> leaves;
  for (size_t i = hashed; i < entries_.size(); ++i) {
    leaves.push_back({&entries_[i], &entry_hashes_[i]});
  }
  HashTrieLeaves(leaves.data(), leaves.size());
  std::vector<NodeJob> jobs;
  for (size_t depth = dirty_.size(); depth-- > 0;) {
    jobs.clear();
    for (const uint32_t i : dirty_[depth]) {
      Node& node = nodes_[i];
      node.dirty = false;
      jobs.push_back(
          {&HashOf(node.child[0]), &HashOf(node.child[1]), &node_hashes_[i]});
    }
    dirty_[depth].clear();
    HashTrieNodes(jobs.data(), jobs.size());
  }
  return HashOf(root_);
}

std::optional<uint64_t> KeyTrie::Find(const Hash& key) const {
  Ref ref = root_;
  for (size_t depth = 0; ref != kNothing && !IsEntry(ref); ++depth) {
    ref = nodes_[ref / 2 - 1].child[BitOf(key, depth)];
  }
  if (ref == kNothing || entries_[ref / 2].key != key) return std::nullopt;
  return entries_[ref / 2].index;
}

void KeyTrie::AppendSorted(Ref ref, std::vector<IndexEntry>* sorted) const {
  if (ref == kNothing) return;
  if (IsEntry(ref)) {
    sorted->push_back(entries_[ref / 2]);
    return;
  }
  for (const Ref child : nodes_[ref / 2 - 1].child) {
    AppendSorted(child, sorted);
  }
}

std::vector<IndexEntry> KeyTrie::Sorted() const {
  std::vector<IndexEntry> sorted;
  sorted.reserve(entries_.size());
  AppendSorted(root_, &sorted);
  return sorted;
}

TriePath KeyTrie::PathOf(const Hash& key) const {
  CHECK_EQ(entry_hashes_.size(), entries_.size());
  TriePath path;
  Ref ref = root_;
  for (size_t depth = 0; ref != kNothing && !IsEntry(ref); ++depth) {
    const Node& node = nodes_[ref / 2 - 1];
    const bool right = BitOf(key, depth);
    path.siblings.push_back(HashOf(node.child[!right]));
    ref = node.child[right];
  }
  if (ref != kNothing) path.end = entries_[ref / 2];
  return path;
}

void KeyTrie::AppendPlaces(const Hash* from, const Hash* to,
                           std::string* out) const {
  CHECK_EQ(entry_hashes_.size(), entries_.size());
  AppendPlaces(root_, 0, from, to, out);
}

void KeyTrie::AppendPlaces(Ref ref, size_t depth, const Hash* from,
                           const Hash* to, std::string* out) const {
  if (ref == kNothing) return AppendEmptyPlace(out);
  if (from == to) return AppendElsewherePlace(HashOf(ref), out);
  if (IsEntry(ref)) return AppendEntryPlace(entries_[ref / 2], out);
  AppendNodePlace(out);
  const Node& node = nodes_[ref / 2 - 1];
  const Hash* const split = SplitKeys(from, to, depth);
  AppendPlaces(node.child[0], depth + 1, from, split, out);
  AppendPlaces(node.child[1], depth + 1, split, to, out);
}

// --- SubtrieHasher ---

SubtrieHasher::Subtrie SubtrieHasher::Leaf(const IndexEntry* entry) {
  leaves_.push_back(entry);
  leaf_places_.push_back(places_);
  return {places_++, kLeaf, entry};
}

// The same subtrie with its top at `depth`: a lone key stays as it is, a node
// gets nodes with one empty child above it.
SubtrieHasher::Subtrie SubtrieHasher::Lift(const Subtrie& subtrie,
                                           size_t depth) {
  if (subtrie.depth == kLeaf) return subtrie;
  Subtrie lifted = subtrie;
  while (lifted.depth > depth) {
    --lifted.depth;
    const bool right = BitOf(lifted.any->key, lifted.depth);
    nodes_[lifted.depth].push_back(
        {right ? 0 : lifted.hash, right ? lifted.hash : 0, places_});
    lifted.hash = places_++;
  }
  return lifted;
}

SubtrieHasher::Subtrie SubtrieHasher::Join(const Subtrie& left,
                                           const Subtrie& right, size_t depth) {
  const Subtrie below_left = Lift(left, depth + 1);
  const Subtrie below_right = Lift(right, depth + 1);
  nodes_[depth].push_back({below_left.hash, below_right.hash, places_});
  return {places_++, depth, left.any};
}

size_t SubtrieHasher::Add(const IndexEntry* begin, const IndexEntry* end,
                          size_t depth) {
  if (begin == end) {
    groups_.push_back(0);
    return groups_.size() - 1;
  }
  // What stands to the left of the entry at hand and waits for its right half,
  // with the depth at which they part; depths grow upwards.
  std::vector<std::pair<size_t, Subtrie>> waiting;
  Subtrie current = Leaf(begin);
  const auto join_deeper_than = [&](size_t limit, bool all) {
    while (!waiting.empty() && (all || waiting.back().first > limit)) {
      current = Join(waiting.back().second, current, waiting.back().first);
      waiting.pop_back();
    }
  };
  for (const IndexEntry* entry = begin + 1; entry != end; ++entry) {
    const size_t parts_at = CommonBits(entry[-1].key, entry->key);
    CHECK_LT(parts_at, kTrieDepthMax);
    CHECK_GE(parts_at, depth);
    join_deeper_than(parts_at, false);
    waiting.push_back({parts_at, current});
    current = Leaf(entry);
  }
  join_deeper_than(0, true);
  groups_.push_back(Lift(current, depth).hash);
  return groups_.size() - 1;
}

std::vector<Hash> SubtrieHasher::Run() {
  hashes_.resize(places_);
  hashes_[0] = kEmpty;
  leaf_jobs_.clear();
  for (size_t i = 0; i < leaves_.size(); ++i) {
    leaf_jobs_.push_back({leaves_[i], &hashes_[leaf_places_[i]]});
  }
  HashTrieLeaves(leaf_jobs_.data(), leaf_jobs_.size());
  for (size_t depth = kTrieDepthMax; depth-- > 0;) {
    if (nodes_[depth].empty()) continue;
    node_jobs_.clear();
    for (const Node& node : nodes_[depth]) {
      node_jobs_.push_back(
          {&hashes_[node.left], &hashes_[node.right], &hashes_[node.self]});
    }
    nodes_[depth].clear();
    HashTrieNodes(node_jobs_.data(), node_jobs_.size());
  }
  std::vector<Hash> results;
  for (const uint32_t place : groups_) results.push_back(hashes_[place]);
  leaves_.clear();
  leaf_places_.clear();
  groups_.clear();
  places_ = 1;
  return results;
}

// --- Ways down what lies sorted ---

void AppendPathBelow(const IndexEntry* begin, const IndexEntry* end,
                     size_t depth, const Hash& key, TriePath* path) {
  const Below below(begin, end);
  for (; end - begin > 1; ++depth) {
    const Entry middle = Split(begin, end, depth);
    const bool right = BitOf(key, depth);
    path->siblings.push_back(right ? below.HashOf(begin, middle, depth + 1)
                                   : below.HashOf(middle, end, depth + 1));
    (right ? begin : end) = middle;
  }
  if (begin != end) path->end = *begin;
}

void AppendPlacesBelow(const IndexEntry* begin, const IndexEntry* end,
                       size_t depth, const Hash* from, const Hash* to,
                       std::string* out) {
  Below(begin, end).AppendPlaces(begin, end, depth, from, to, out);
}

void AppendEmptyPlace(std::string* out) { out->push_back(0); }

void AppendEntryPlace(const IndexEntry& entry, std::string* out) {
  out->push_back(1);
  *out += Bytes(entry.key);
  AppendBe64(entry.index, out);
}

void AppendNodePlace(std::string* out) { out->push_back(2); }

void AppendElsewherePlace(const Hash& hash, std::string* out) {
  out->push_back(3);
  *out += Bytes(hash);
}

const Hash* SplitKeys(const Hash* from, const Hash* to, size_t depth) {
  return std::partition_point(
      from, to, [depth](const Hash& key) { return !BitOf(key, depth); });
}

}  // namespace vidimus
