// The index of an access log: key -> leaf index, with proofs. Sorted runs of
// leaves, the newest in memory, the large ones in files that never change.
// What is proven, and which runs are in force at a size: verifier/index.h,
// verifier/runs.h.
#ifndef VIDIMUS_LOG_INDEX_H_
#define VIDIMUS_LOG_INDEX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/disk.h"
#include "log/storage.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/index.h"

namespace vidimus {

struct IndexOptions {};

// What an index stands on. Not owned; all outlive it.
struct IndexParts {
  Storage* storage;
  Disk* disk;
  std::string folder;  // on `disk`, of its own
};

class Index {
 public:
  // Opens the index of the stored tree of `size` leaves, which is 0 or ends in
  // a seal. What is missing is rebuilt from the stored entries. kDataLoss, or
  // what storage and disk say.
  static absl::StatusOr<std::unique_ptr<Index>> Open(
      const IndexOptions& options, const IndexParts& parts, uint64_t size);
  ~Index();

  // The index root over leaves 0..covered-1, of which those from `first` on are
  // now added, with these keys, one a leaf. The sequencer's thread. kDataLoss:
  // a key is there already; the index is of no further use then.
  absl::StatusOr<Hash> Root(uint64_t first, const std::vector<Hash>& keys,
                            uint64_t covered);

  // The leaf that carries `key` among all that were added, published or not, or
  // nothing. Any thread.
  absl::StatusOr<std::optional<uint64_t>> Find(const Hash& key);

  // Proofs at `size`, the covered size of a seal. Any thread. kOutOfRange: a
  // size that is not reached yet, or so old that its runs are gone (the message
  // says from where on they are kept). kNotFound: presence of a key that is
  // absent; kAlreadyExists: absence of one that is present.
  absl::StatusOr<PresenceProof> ProvePresence(const Hash& key, uint64_t size);
  absl::StatusOr<AbsenceProof> ProveAbsence(const Hash& key, uint64_t size);
  // For VerifySeveral, which also refuses keys that do not ascend:
  // kInvalidArgument.
  absl::StatusOr<std::string> ProveSeveral(const std::vector<Hash>& keys,
                                           uint64_t size);

  // A public immutable object, by its path: index/<start>-<end>/<part>, as
  // docs/index_format.md names them. kNotFound. Any thread.
  absl::StatusOr<std::string> ReadFile(absl::string_view path);

 private:
  Index() = default;
  absl::StatusOr<std::vector<IndexEntry>> EntriesAt(uint64_t size);

  Mutex mu_;
  uint64_t size_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<IndexEntry> entries_ ABSL_GUARDED_BY(mu_);  // in leaf order
  absl::flat_hash_map<Hash, uint64_t> leaves_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_H_
