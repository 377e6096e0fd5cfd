// The Merkle tree of RFC 6962 (and 9162): its hashes, its two proofs, a proof
// for several leaves at once, and how proofs are made. Pure functions: no I/O,
// no clock, safe from any thread. Format and vectors: docs/merkle.md.
//
// The tree of n leaves is split at the largest power of two below n. A subtree
// whose leaves are [index * 2^level, (index + 1) * 2^level) is *perfect*: once
// it has all its leaves its hash never changes. Proofs are made of those.
#ifndef VERIFIER_MERKLE_H_
#define VERIFIER_MERKLE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

// H(00 entry).
Hash LeafHash(std::string_view entry);

// H(01 left right).
Hash NodeHash(const Hash& left, const Hash& right);

// The root of a tree without leaves: H("").
const Hash& EmptyRoot();

// Judges whether `leaf_hash` stands at `index` in the tree `head`. `path` runs
// from the leaf's sibling to the root's child. Returns kOk, or the first thing
// that is wrong: kIndexBeyondTree, kPathTooShort, kPathTooLong, kRootMismatch.
// One hash per element of `path`, at most 64.
Finding VerifyInclusion(const Hash& leaf_hash, uint64_t index, Path path,
                        const TreeHead& head);

// Sets `*root` to where `path` leads from `leaf_hash` at `index` in a tree of
// `size` leaves, for who learns the root elsewhere. kOk, kIndexBeyondTree,
// kPathTooShort or kPathTooLong.
Finding RootFromPath(const Hash& leaf_hash, uint64_t index, uint64_t size,
                     Path path, Hash* root);

// Judges whether `newer` extends `older` without changing it. An empty `older`
// must carry the empty root; it is then extended by every tree, with an empty
// path. Returns kOk, kTreeShrank, kEmptyRootMismatch (either head),
// kTwoHistories (equal sizes), kPathTooShort, kPathTooLong, kOldRootMismatch or
// kRootMismatch. Two hashes per element of `path`, at most 65.
Finding VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                          Path path);

// Sets the roots that trees of `older` and `newer` leaves have, 0 < older <
// newer, from the subtrees that both are split into: those of the consistency
// proof between them, with the one that it omits when `older` is a power of two
// put first. Who has signed two heads with other roots than some such list
// gives has signed two histories. kOk; kTreeShrank for other sizes;
// kPathTooShort or kPathTooLong. Two hashes per element, at most 65.
Finding RootsFromSubtrees(uint64_t older, uint64_t newer, Path hashes,
                          Hash* older_root, Hash* newer_root);

// Judges whether leaf_hashes[k] stands at indices[k], for every k, in the tree
// `head`. `indices` ascend strictly. `hashes`: recursing from the root by the
// tree's own split, left before right, a maximal subtree without any asked
// leaf gives its hash; an asked leaf gives nothing, since its hash is known.
// Returns kOk, kLeafCountMismatch (also for no index at all),
// kIndicesNotAscending, kIndexBeyondTree, kPathTooShort, kPathTooLong or
// kRootMismatch. Hashes at most 64 times the number of indices; recursion is
// at most 65 deep.
Finding VerifyMultiInclusion(const std::vector<uint64_t>& indices,
                             Path leaf_hashes, const TreeHead& head,
                             Path hashes);

// Judges like VerifyMultiInclusion and, if it holds, sets (*paths)[k] to the
// inclusion path of indices[k] alone, so that who was given one proof for many
// can hand on each by itself. `*paths` is unspecified otherwise. Each path is
// at most 64 hashes; the hashing is that of VerifyMultiInclusion.
Finding PathsFromMulti(const std::vector<uint64_t>& indices, Path leaf_hashes,
                       const TreeHead& head, Path hashes,
                       std::vector<std::vector<Hash>>* paths);

// Gives the hash of the perfect subtree (level, index); level 0 is a leaf hash.
// Asked only for subtrees within the size the builder was given. Returns false
// if it cannot be had (the reason is the reader's to keep); the builder then
// stops and returns nothing. A builder believes what it reads: who reads from
// untrusted bytes verifies the finished proof against a head.
using NodeReader = std::function<bool(int level, uint64_t index, Hash* hash)>;

// The root of the first `size` leaves; EmptyRoot() for none. Reads one node
// per one-bit of `size`.
std::optional<Hash> RootFrom(uint64_t size, const NodeReader& reader);

// The proof that VerifyInclusion takes. `index` < `size` (CHECK). Reads at most
// 2 * log2(size) nodes.
std::optional<std::vector<Hash>> InclusionPath(uint64_t index, uint64_t size,
                                               const NodeReader& reader);

// The proof that VerifyConsistency takes. `older` <= `newer` (CHECK); empty if
// they are equal or `older` is 0. Reads at most 2 * log2(newer) nodes.
std::optional<std::vector<Hash>> ConsistencyPath(uint64_t older, uint64_t newer,
                                                 const NodeReader& reader);

// What RootsFromSubtrees takes; 0 < `older` < `newer` (CHECK). Reads at most 2
// * log2(newer) nodes.
std::optional<std::vector<Hash>> CommonSubtrees(uint64_t older, uint64_t newer,
                                                const NodeReader& reader);

// The proof that VerifyMultiInclusion takes. `indices` is not empty, ascends
// strictly and stays below `size` (CHECK).
std::optional<std::vector<Hash>> MultiInclusionProof(
    const std::vector<uint64_t>& indices, uint64_t size,
    const NodeReader& reader);

}  // namespace vidimus

#endif  // VERIFIER_MERKLE_H_
