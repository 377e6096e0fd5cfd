// Entries of a chain as an answer shows them: leaf and, of those that are open,
// the opening with what was signed over its request.
//
// Threads: one reader is used by one at a time; from a thread of side_work.h.
#ifndef VIDIMUS_LOG_CHAIN_ENTRIES_H_
#define VIDIMUS_LOG_CHAIN_ENTRIES_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "log/log.h"
#include "log/openings.h"
#include "proto/chain.pb.h"

namespace vidimus {

class ChainEntryReader {
 public:
  // `log` is an access log and not owned; `now_s` in POSIX seconds.
  ChainEntryReader(Log* log, int64_t now_s) : log_(log), now_s_(now_s) {}

  // Fills in `entry`, which stands at `leaf_index`, published. Of an access
  // only the leaf unless `accesses_too`. What the vault lacks is left out: the
  // resident can prove that it should not be. Reads a page of the vault, but
  // once for those of one batch that follow each other.
  absl::Status Read(uint64_t leaf_index, bool accesses_too,
                    v1::ChainEntry* entry);

 private:
  Log* const log_;
  const int64_t now_s_;
  std::optional<VaultPage> page_;  // read last
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_ENTRIES_H_
