// The index of an access log: key -> leaf index, provable both ways. Keys are
// the `a` of every subject and register leaf (leaf.h), each of which may stand
// once. A seal's index root speaks for all leaves before it. Pure functions.
// Format and vectors: docs/index_format.md; building is index_builder.h.
//
// The index is the list of runs in force (runs.h), each a trie of the keys in
// its leaves, by unique prefix, bits from the most significant, 0 to the left:
//
//   trie leaf  H(06 key(32) index(8))       empty child, empty run: 32 zeros
//   trie node  H(07 left right), with two keys below it or more
//   index root H(08 size(8) then for each run: start(8) end(8) root(32))
//
// Presence and absence follow from the index root by collision resistance. That
// nothing was left out of the index does not: only who has read every leaf
// knows that, so absence counts under a head for which a monitor vouches. And
// presence counts only with inclusion of the leaf, of the kind expected.
#ifndef VERIFIER_INDEX_H_
#define VERIFIER_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

// Keys have as many bits, so no path is longer.
inline constexpr size_t kTrieDepthMax = 8 * kHashBytes;

// One key of the index and the index of the leaf that carries it.
struct IndexEntry {
  Hash key = {};
  uint64_t index = 0;

  friend bool operator==(const IndexEntry& a, const IndexEntry& b) {
    return a.key == b.key && a.index == b.index;
  }
};

Hash TrieLeafHash(const IndexEntry& entry);
Hash TrieNodeHash(const Hash& left, const Hash& right);

// Bit `place` of `key`, 0 the most significant; place < 256 (CHECK).
bool KeyBit(const Hash& key, size_t place);

// The index root at `size`, from the root of every run in force there, in
// order. As many roots as runs (CHECK).
Hash IndexRoot(uint64_t size, Path run_roots);

// The way of a key down the trie of one run, as far as it goes.
struct TriePath {
  // From the root's child down; 32 zeros for an empty one.
  std::vector<Hash> siblings;
  // What stands at the end: one key, or nothing.
  std::optional<IndexEntry> end;
};

// That one key is in the index.
struct PresenceProof {
  std::vector<Hash> run_roots;  // of every run in force
  TriePath path;                // in the run that holds path.end's index
};

// That one key is not.
struct AbsenceProof {
  std::vector<Hash> run_roots;
  std::vector<TriePath> paths;  // one in each run in force
};

// Reads a proof made at `size`: kOk or kIndexProofMalformed (cut short, spare
// bytes or bits, an unknown end, a zero sibling spelled out, the last sibling
// zero, an empty end at full depth). Bounded by `bytes` and the number of runs.
Finding ParsePresence(std::string_view bytes, uint64_t size,
                      PresenceProof* proof);
Finding ParseAbsence(std::string_view bytes, uint64_t size,
                     AbsenceProof* proof);

// The bytes of a proof; what parses formats back to the same. Paths of at most
// 256 siblings (CHECK).
std::string FormatPresence(const PresenceProof& proof);
std::string FormatAbsence(const AbsenceProof& proof);

// Sets `*root` to the root of the trie in which `path` is the way of `key`. kOk
// or kIndexProofMalformed, of the shape. Whether the end is on the way, or is
// the key, is not judged. One hash per sibling and one more.
Finding RootFromTriePath(const Hash& key, const TriePath& path, Hash* root);

// Judges whether the index with root `index_root` at `size`, the covered size
// of the seal that carries it, holds `key` and, if so, sets `*index` to the
// leaf that carries it. kOk; kIndexRunCount, kIndexRootMismatch: the list of
// runs; kIndexProofMalformed, kIndexKeyAbsent: the path ends elsewhere;
// kIndexOutsideRun: the leaf index is in no run; kRunRootMismatch.
Finding VerifyPresence(const Hash& key, const Hash& index_root, uint64_t size,
                       const PresenceProof& proof, uint64_t* index);

// Judges whether the index does not hold `key`. As VerifyPresence, and
// kIndexKeyPresent (a path ends at the key) or kIndexEndOffPath (at a key that
// is not on the way). At most 257 hashes a run.
Finding VerifyAbsence(const Hash& key, const Hash& index_root, uint64_t size,
                      const AbsenceProof& proof);

// Where one of several keys is, or nothing if it is absent.
using IndexAnswer = std::optional<uint64_t>;

// Judges one proof for several keys, which ascend strictly, and sets
// (*answers)[k] for keys[k]. `bytes` holds the trie of each run in force, as
// far as the ways of the keys go: from its root, left before right, 00 for
// nothing, 01 key index(8) for one key, 02 and both children for a node, 03
// hash(32) for a child on no key's way. It holds no run roots, since it gives
// them. kOk, kIndexKeysNotAscending (also for no key at all),
// kIndexProofMalformed, kIndexEndOffPath, kIndexOutsideRun, kIndexKeyTwice (two
// runs hold one key) or kIndexRootMismatch. `*answers` is unspecified unless
// kOk. At most 256 hashes for each key and run.
Finding VerifySeveral(const std::vector<Hash>& keys, const Hash& index_root,
                      uint64_t size, std::string_view bytes,
                      std::vector<IndexAnswer>* answers);

// Takes a proof for `key` alone, which VerifySeveral has found good, apart into
// the way of the key in each run, for whom it must be shown to with its run
// roots. kOk or kIndexProofMalformed.
Finding PathsFromSeveral(const Hash& key, uint64_t size, std::string_view bytes,
                         AbsenceProof* proof);

}  // namespace vidimus

#endif  // VERIFIER_INDEX_H_
