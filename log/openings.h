// Reading the vault: what a leaf's commitment stands for, and what befell it.
//
// Threads: any. Cost: one stored row, decrypted whole: a page holds the
// openings of one batch.
#ifndef VIDIMUS_LOG_OPENINGS_H_
#define VIDIMUS_LOG_OPENINGS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/storage.h"
#include "log/vault.h"
#include "log/vault.pb.h"

namespace vidimus {

// The first that applies.
enum class OpeningState {
  kErased,      // gone
  kWithheld,    // not shown to anybody before a date
  kRestricted,  // kept but not used
  kOpen,
};

// What befell `opening`, at `now_s` in POSIX seconds.
OpeningState StateOf(const vault::Opening& opening, int64_t now_s);
// The number in its chain of the notice that says so; not for kOpen.
uint64_t NoticeOf(const vault::Opening& opening, int64_t now_s);

struct VaultPage {
  uint64_t first = 0;  // of its batch
  uint64_t slot = 0;   // of its key
  vault::Page page;

  // The opening of leaf `leaf_index` of this batch, or null: a cover leaf, a
  // seal or a register leaf.
  const vault::Opening* Find(uint64_t leaf_index) const;
};

// The page of the batch that holds leaf `leaf_index`, as it stands now.
// kOutOfRange if no batch holds it, kNotFound if its batch has no openings,
// kDataLoss if the page does not decrypt under its key.
absl::StatusOr<VaultPage> ReadPage(Storage* storage, Vault* vault,
                                   uint64_t leaf_index);

// An opening with what was signed over the request that it came in. Of an
// erased one only the state is left.
struct FoundOpening {
  OpeningState state = OpeningState::kOpen;
  uint64_t notice = 0;  // unless kOpen
  vault::Opening opening;
  // Without signature if the opening is a notice of the log's own.
  vault::Request request;
};

// The opening of leaf `leaf_index`. Errors as ReadPage; kNotFound also if the
// leaf opens to nothing.
absl::StatusOr<FoundOpening> FindOpening(Storage* storage, Vault* vault,
                                         uint64_t leaf_index, int64_t now_s);
// The same in a page that was read already: for several of one batch.
absl::StatusOr<FoundOpening> FindOpening(const VaultPage& page,
                                         uint64_t leaf_index, int64_t now_s);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OPENINGS_H_
