// The storage seam: where a log keeps what it has sequenced.
//
// A batch is committed whole or not at all, and only on top of the head its
// writer believes in. What was committed is never changed, but for the vault's
// pages, and they in a commit only. The seam speaks of batches, leaves and
// rows, not of keys and values, so that each engine can use what it does best:
// LevelDB in this process (leveldb_storage.h), memory for tests
// (memory_storage.h), a distributed store for a log that outgrows one machine.
// One contract test runs on every engine: storage_contract_test.cc.
//
// Threads: every method may be called from any thread; Commit by one at a time.
#ifndef VIDIMUS_LOG_STORAGE_H_
#define VIDIMUS_LOG_STORAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "verifier/hash.h"

namespace vidimus {

// What a row holds. The numbers are stored: never reuse one. A new kind of row
// is a line here, its writer, and its check in the scrub.
enum class RowKind : uint8_t {
  // The tree head after the batch: size(8) root(32). Written by the engine
  // itself, in each batch; sub is 0.
  kHead = 0,
  // The batch's entries of one entry bundle in leaf order, encoded as there: a
  // big-endian uint16 length, then the entry. One row for each bundle that the
  // batch touches; sub is the low byte of its number: log/entry_rows.h.
  kEntries = 1,
  // The batch's leaf hashes, 32 bytes each, in leaf order. sub is 0.
  kHashes = 2,
  // sub is a level L >= 1. The hashes of level L from the start of the tile to
  // which this batch added its first one, up to the last one it added: the end
  // of one tile and the beginning of the next stand in one row. Present only in
  // batches that added a hash of that level.
  kTile = 3,
  // The ids of the batch's submissions, for idempotency: log/idempotency.h.
  kIds = 4,
  // The batch's openings, encrypted: log/vault.h.
  kVaultPage = 5,
  // The register documents of the batch's register leaves: log/register.h.
  kDocuments = 6,
};

// A name for messages: "entries", "tile" and so on.
const char* RowKindName(RowKind kind);

struct Row {
  RowKind kind;
  uint8_t sub = 0;
  std::string value;
};

// A vault page that stands in for the one that its batch had: the only row that
// is ever replaced, because what was erased must not be in it any more.
struct ReplacedPage {
  uint64_t first = 0;  // of its batch
  std::string value;
};

// Leaves [first, head.size) and everything that stands or falls with them.
// At least one leaf; at most one row of each (kind, sub); no kHead row.
struct StorageBatch {
  uint64_t first = 0;
  TreeHead head;
  std::vector<Row> rows;
  // Of earlier batches that have a kVaultPage row; at most one for each.
  std::vector<ReplacedPage> replaced_pages = {};
};

// CHECKs what is said above, and that `batch` stands on `expected`. For
// engines: every Commit begins with it.
void CheckBatch(const StorageBatch& batch, const TreeHead& expected);

// A row as read back, and the first leaf of the batch it belongs to.
struct StoredRow {
  uint64_t first = 0;
  std::string value;
};

class Storage {
 public:
  virtual ~Storage() = default;

  // The head of the last committed batch; size 0 and the empty root if there is
  // none. kDataLoss if what is stored can't be read as one.
  virtual absl::StatusOr<TreeHead> LastHead() = 0;

  // Makes `batch` durable, atomically: after a return of OK it is there after
  // any crash; after any other return it is there whole or not at all, and
  // LastHead tells which only after the engine was opened again.
  //   kAborted: the stored head is not `expected`; nothing was written.
  //   kUnavailable, kDataLoss, ...: the engine failed. Every later Commit fails
  //   too: after a failed sync nobody knows what the disk holds, so the process
  //   must stop and look again.
  // batch.first must equal expected.size.
  virtual absl::Status Commit(const StorageBatch& batch,
                              const TreeHead& expected) = 0;

  // The row of the batch that holds leaf `index`. kOutOfRange if no batch
  // holds it yet, kNotFound if its batch has no such row, kDataLoss if the
  // bytes can't be trusted.
  virtual absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                        uint64_t index) = 0;

  // Calls `visit` with the row of each batch that holds a leaf of [begin, end),
  // in ascending order, batches without such a row left out, until `visit`
  // returns false. The view passed lives for the call only. kOutOfRange if
  // `end` is beyond the committed tree (nothing is visited then).
  virtual absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t first, absl::string_view value)>
          visit) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_STORAGE_H_
