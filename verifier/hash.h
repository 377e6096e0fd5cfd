// A SHA-256 hash, and the head of a tree of them. Plain values.
#ifndef VERIFIER_HASH_H_
#define VERIFIER_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vidimus {

inline constexpr size_t kHashBytes = 32;
using Hash = std::array<uint8_t, kHashBytes>;

// Number of leaves and root together, so that no root travels without its size
// and no call can swap two numbers. An empty tree's root is EmptyRoot() of
// merkle.h, not the zeros of a default TreeHead.
struct TreeHead {
  uint64_t size = 0;
  Hash root = {};

  friend bool operator==(const TreeHead& a, const TreeHead& b) {
    return a.size == b.size && a.root == b.root;
  }
  friend bool operator!=(const TreeHead& a, const TreeHead& b) {
    return !(a == b);
  }
};

// Hashes that someone else owns, side by side: a proof, the hashes of a tile.
// Two words; valid as long as what it was made from. Made from a temporary, it
// is good for the call it is passed to.
class Path {
 public:
  constexpr Path() = default;
  constexpr Path(const Hash* data, size_t size) : data_(data), size_(size) {}
  Path(const std::vector<Hash>& hashes)  // NOLINT: meant to convert
      : data_(hashes.data()), size_(hashes.size()) {}

  const Hash* begin() const { return data_; }
  const Hash* end() const { return data_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Hash& operator[](size_t i) const { return data_[i]; }

 private:
  const Hash* data_ = nullptr;
  size_t size_ = 0;
};

// The 32 bytes of `hash`; valid as long as `hash`.
inline std::string_view Bytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// The hash that `bytes` are, or nothing unless there are exactly 32.
inline std::optional<Hash> HashFromBytes(std::string_view bytes) {
  if (bytes.size() != kHashBytes) return std::nullopt;
  Hash hash;
  std::memcpy(hash.data(), bytes.data(), kHashBytes);
  return hash;
}

// All hashes of `path` one after another, as a tile and a proof on the wire
// hold them.
std::string BytesOfHashes(Path path);

// The reverse, or nothing unless `bytes` is a whole number of hashes.
std::optional<std::vector<Hash>> HashesFromBytes(std::string_view bytes);

}  // namespace vidimus

#endif  // VERIFIER_HASH_H_
