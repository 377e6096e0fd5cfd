#include "verifier/hash.h"

namespace vidimus {

std::string BytesOfHashes(Path path) {
  std::string bytes;
  bytes.reserve(path.size() * kHashBytes);
  for (const Hash& hash : path) bytes += Bytes(hash);
  return bytes;
}

std::optional<std::vector<Hash>> HashesFromBytes(std::string_view bytes) {
  if (bytes.size() % kHashBytes != 0) return std::nullopt;
  std::vector<Hash> hashes(bytes.size() / kHashBytes);
  if (!bytes.empty()) {
    std::memcpy(hashes.data(), bytes.data(), bytes.size());
  }
  return hashes;
}

}  // namespace vidimus
