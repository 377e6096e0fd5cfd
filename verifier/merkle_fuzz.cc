// Any numbers and hashes as proofs: judged, never more. A path that holds for
// one head holds for no other root.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < 16) return 0;
  const uint64_t index = Be64(bytes);
  const uint64_t tree_size = Be64(bytes.substr(8));
  bytes.remove_prefix(16);
  const std::vector<Hash> path =
      *HashesFromBytes(bytes.substr(0, bytes.size() / kHashBytes * kHashBytes));

  Hash root = {};
  const Hash leaf_hash = LeafHash("");
  if (RootFromPath(leaf_hash, index, tree_size, path, &root) == Finding::kOk) {
    CHECK(VerifyInclusion(leaf_hash, index, path, {tree_size, root}) ==
          Finding::kOk);
    root[0] ^= 1;
    CHECK(VerifyInclusion(leaf_hash, index, path, {tree_size, root}) ==
          Finding::kRootMismatch);
  }
  VerifyConsistency({index, root}, {tree_size, leaf_hash}, path);

  // The same hashes as a proof for one leaf and for several.
  std::vector<std::vector<Hash>> paths;
  PathsFromMulti({index}, {&leaf_hash, 1}, {tree_size, root}, path, &paths);
  if (index > 0 && !path.empty()) {
    const std::vector<Hash> leaves = {leaf_hash, path[0]};
    VerifyMultiInclusion({index / 2, index}, leaves, {tree_size, root}, path);
  }
  return 0;
}
