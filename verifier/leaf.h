// The entries of an access log: 65 bytes each, kind(1) a(32) b(32). Pure
// functions. Format and vectors: docs/leaf.md.
//
//   subject  = 01  label         commitment
//   seal     = 02  index root    covered size(8) time_s(8) zero(16)
//   register = 03  register key  H(document)
#ifndef VERIFIER_LEAF_H_
#define VERIFIER_LEAF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

inline constexpr size_t kLeafBytes = 65;

enum class LeafKind : uint8_t { kSubject = 1, kSeal = 2, kRegister = 3 };

struct Leaf {
  LeafKind kind = LeafKind::kSubject;
  Hash a = {};  // the key by which the index finds it; a seal's index root
  Hash b = {};
};

struct Seal {
  Hash index_root = {};
  uint64_t covered = 0;  // leaves 0 to covered - 1; the seal's own leaf index
  uint64_t time_s = 0;   // POSIX seconds
};

// kOk, kLeafSize, kLeafKindUnknown or kSealSpareBytes.
Finding ParseLeaf(std::string_view entry, Leaf* leaf);
std::string FormatLeaf(const Leaf& leaf);

// The seal in a leaf of that kind (CHECK).
Seal SealOf(const Leaf& leaf);

std::string FormatSubjectLeaf(const Hash& label, const Hash& commitment);
std::string FormatRegisterLeaf(const Hash& key, const Hash& document_hash);
std::string FormatSealLeaf(const Seal& seal);

}  // namespace vidimus

#endif  // VERIFIER_LEAF_H_
