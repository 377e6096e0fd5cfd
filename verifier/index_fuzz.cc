// Any bytes as proofs of the index: judged, never more. What parses formats
// back to the same bytes, and no path shows its own end to be absent.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The size of the log, then the key, then the proof.
  if (bytes.size() < 8 + kHashBytes) return 0;
  const uint64_t log_size = Be64(bytes);
  const Hash key = *HashFromBytes(bytes.substr(8, kHashBytes));
  bytes.remove_prefix(8 + kHashBytes);

  PresenceProof presence;
  if (ParsePresence(bytes, log_size, &presence) == Finding::kOk) {
    CHECK(FormatPresence(presence) == bytes);
    Hash root;
    CHECK(RootFromTriePath(key, presence.path, &root) == Finding::kOk);
    uint64_t index = 0;
    const Hash index_root = IndexRoot(log_size, presence.run_roots);
    if (VerifyPresence(key, index_root, log_size, presence, &index) ==
        Finding::kOk) {
      CHECK(index < log_size);
    }
  }
  AbsenceProof absence;
  if (ParseAbsence(bytes, log_size, &absence) == Finding::kOk) {
    CHECK(FormatAbsence(absence) == bytes);
    const Hash index_root = IndexRoot(log_size, absence.run_roots);
    if (VerifyAbsence(key, index_root, log_size, absence) == Finding::kOk) {
      for (const TriePath& path : absence.paths) {
        CHECK(!path.end || path.end->key != key);
      }
    }
  }
  std::vector<IndexAnswer> answers;
  std::vector<Hash> keys = {key};
  VerifySeveral(keys, key, log_size, bytes, &answers);
  keys.push_back(key);
  keys[0][0] = static_cast<uint8_t>(key[0] / 2);
  keys[0].back() = 0;
  VerifySeveral(keys, key, log_size, bytes, &answers);
  return 0;
}
