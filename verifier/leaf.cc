#include "verifier/leaf.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

// Where a and b begin, and where a seal's fields begin within b.
constexpr size_t kA = 1;
constexpr size_t kB = kA + kHashBytes;
constexpr size_t kSealTime = 8;
constexpr size_t kSealSpare = 16;
static_assert(kLeafBytes == kB + kHashBytes);

}  // namespace

Finding ParseLeaf(std::string_view entry, Leaf* leaf) {
  if (entry.size() != kLeafBytes) return Finding::kLeafSize;
  const auto kind = static_cast<uint8_t>(entry[0]);
  if (kind < static_cast<uint8_t>(LeafKind::kSubject) ||
      kind > static_cast<uint8_t>(LeafKind::kRegister)) {
    return Finding::kLeafKindUnknown;
  }
  leaf->kind = static_cast<LeafKind>(kind);
  leaf->a = *HashFromBytes(entry.substr(kA, kHashBytes));
  leaf->b = *HashFromBytes(entry.substr(kB, kHashBytes));
  if (leaf->kind == LeafKind::kSeal &&
      std::any_of(leaf->b.begin() + kSealSpare, leaf->b.end(),
                  [](uint8_t byte) { return byte != 0; })) {
    return Finding::kSealSpareBytes;
  }
  return Finding::kOk;
}

std::string FormatLeaf(const Leaf& leaf) {
  std::string entry;
  entry.reserve(kLeafBytes);
  entry.push_back(static_cast<char>(leaf.kind));
  entry += Bytes(leaf.a);
  entry += Bytes(leaf.b);
  return entry;
}

Seal SealOf(const Leaf& leaf) {
  CHECK(leaf.kind == LeafKind::kSeal);
  const std::string_view b = Bytes(leaf.b);
  return {leaf.a, Be64(b), Be64(b.substr(kSealTime))};
}

std::string FormatSubjectLeaf(const Hash& label, const Hash& commitment) {
  return FormatLeaf({LeafKind::kSubject, label, commitment});
}

std::string FormatRegisterLeaf(const Hash& key, const Hash& document_hash) {
  return FormatLeaf({LeafKind::kRegister, key, document_hash});
}

std::string FormatSealLeaf(const Seal& seal) {
  std::string b;
  AppendBe64(seal.covered, &b);
  AppendBe64(seal.time_s, &b);
  b.resize(kHashBytes, '\0');
  return FormatLeaf({LeafKind::kSeal, seal.index_root, *HashFromBytes(b)});
}

}  // namespace vidimus
