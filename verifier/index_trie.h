// Tries of keys (index.h) in memory: one that grows, and the ways down one that
// lies sorted. What they hash to is what index_builder.h says; here it is done
// so that little is hashed twice, and many hashes at once.
#ifndef VERIFIER_INDEX_TRIE_H_
#define VERIFIER_INDEX_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "verifier/hash.h"
#include "verifier/hash_lanes.h"
#include "verifier/index.h"

namespace vidimus {

// The first `bits` bits of `key`, at most 64, as a number.
uint64_t KeyPrefix(const Hash& key, int bits);

// Whether `a` stands before `b`. As operator<, but quicker for keys, which
// almost always differ in their first eight bytes.
inline bool KeyLess(const Hash& a, const Hash& b) {
  uint64_t first_a, first_b;
  std::memcpy(&first_a, a.data(), sizeof(first_a));
  std::memcpy(&first_b, b.data(), sizeof(first_b));
  if (first_a == first_b) return a < b;
  return __builtin_bswap64(first_a) < __builtin_bswap64(first_b);
}
inline bool KeyLess(const IndexEntry& a, const IndexEntry& b) {
  return KeyLess(a.key, b.key);
}

// Not synchronised. About 130 bytes an entry.
class KeyTrie {
 public:
  // Adds an entry; false, and nothing is changed, if its key is there.
  bool Insert(const IndexEntry& entry);

  // The root of what is there; 32 zeros for nothing. Hashes what was not hashed
  // since the last call: the new leaves and the nodes above them.
  Hash Root();

  std::optional<uint64_t> Find(const Hash& key) const;

  // In the order of their addition, and by ascending key.
  const std::vector<IndexEntry>& entries() const { return entries_; }
  std::vector<IndexEntry> Sorted() const;
  size_t size() const { return entries_.size(); }

  // The way of `key`, and what VerifySeveral reads of this trie for the
  // ascending keys [from, to). After Root, with nothing added since (CHECK).
  TriePath PathOf(const Hash& key) const;
  void AppendPlaces(const Hash* from, const Hash* to, std::string* out) const;

 private:
  // Nothing, entry i (2i + 1) or node i (2i + 2).
  using Ref = uint32_t;
  static constexpr Ref kNothing = 0;
  struct Node {
    std::array<Ref, 2> child = {};
    bool dirty = true;
  };

  static bool IsEntry(Ref ref) { return ref % 2 == 1; }
  const Hash& HashOf(Ref ref) const;
  Ref NewNode(size_t depth);
  void AppendSorted(Ref ref, std::vector<IndexEntry>* sorted) const;
  void AppendPlaces(Ref ref, size_t depth, const Hash* from, const Hash* to,
                    std::string* out) const;

  Ref root_ = kNothing;
  std::vector<IndexEntry> entries_;
  std::vector<Hash> entry_hashes_;  // of those already hashed
  std::vector<Node> nodes_;
  std::vector<Hash> node_hashes_;
  std::vector<std::vector<uint32_t>> dirty_;  // nodes, by depth
  std::vector<uint32_t> way_;                 // Insert's, down to its place
};

// Hashes the subtries that many groups of sorted entries make below some depth,
// all at once. Not synchronised; what it allocates is used again.
class SubtrieHasher {
 public:
  // The hash at `depth` of the entries [begin, end), which share their first
  // `depth` bits and ascend strictly. They must live until Run. Returns the
  // group's number, from 0.
  size_t Add(const IndexEntry* begin, const IndexEntry* end, size_t depth);

  // The hash of each group; 32 zeros for an empty one. Forgets the groups.
  std::vector<Hash> Run();

 private:
  struct Node {
    uint32_t left, right, self;
  };
  struct Subtrie {
    uint32_t hash;  // where it will stand
    size_t depth;   // of its top node, or kLeaf
    const IndexEntry* any;
  };
  static constexpr size_t kLeaf = SIZE_MAX;

  Subtrie Leaf(const IndexEntry* entry);
  Subtrie Lift(const Subtrie& subtrie, size_t depth);
  Subtrie Join(const Subtrie& left, const Subtrie& right, size_t depth);

  std::vector<const IndexEntry*> leaves_;
  std::vector<uint32_t> leaf_places_;
  std::array<std::vector<Node>, kTrieDepthMax> nodes_;  // by depth
  std::vector<uint32_t> groups_;
  uint32_t places_ = 1;  // place 0 is empty
  std::vector<Hash> hashes_;
  std::vector<TrieLeafJob> leaf_jobs_;
  std::vector<NodeJob> node_jobs_;
};

// The way of `key` below `depth` among the sorted entries [begin, end), which
// share that many bits: appends to `path`.
void AppendPathBelow(const IndexEntry* begin, const IndexEntry* end,
                     size_t depth, const Hash& key, TriePath* path);

// What VerifySeveral reads below `depth` of them for the keys [from, to).
void AppendPlacesBelow(const IndexEntry* begin, const IndexEntry* end,
                       size_t depth, const Hash* from, const Hash* to,
                       std::string* out);

// The three sorts of place that a proof for several keys spells out.
void AppendEmptyPlace(std::string* out);
void AppendEntryPlace(const IndexEntry& entry, std::string* out);
void AppendNodePlace(std::string* out);
void AppendElsewherePlace(const Hash& hash, std::string* out);

// The first of the ascending keys [from, to), which share `depth` bits, whose
// bit at `depth` is 1.
const Hash* SplitKeys(const Hash* from, const Hash* to, size_t depth);

}  // namespace vidimus

#endif  // VERIFIER_INDEX_TRIE_H_
