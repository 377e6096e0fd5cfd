// Keys of chains, taken along from one process of a log to the next, so that a
// log that was stopped and started does not make them all again while
// administrations wait. One file, which holds nothing readable (chain_cache.h)
// and nothing that is needed: whoever removes it loses time. What a crash
// leaves of it is not believed.
#ifndef VIDIMUS_LOG_SAVED_CHAINS_H_
#define VIDIMUS_LOG_SAVED_CHAINS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "log/chain_cache.h"
#include "log/disk.h"

namespace vidimus {

// What is taken along: 96 MiB, half a second of a start.
inline constexpr size_t kSavedChainsMax = size_t{1} << 21;

// Writes the file anew. What the disk says; the file may then be any part.
absl::Status SaveChains(Disk* disk, const std::string& path,
                        const ChainCache& cache);

// Takes what the file holds; nothing if there is none, or it is damaged, or of
// another label key. What the disk says.
absl::Status LoadChains(Disk* disk, const std::string& path, ChainCache* cache);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SAVED_CHAINS_H_
