// How many entries each chain has. There is no table of it: the number is that
// of the first label of the chain that the index does not have, found by
// searching. What is kept here is a cache.
#ifndef VIDIMUS_LOG_CHAIN_COUNTERS_H_
#define VIDIMUS_LOG_CHAIN_COUNTERS_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "verifier/hash.h"

namespace vidimus {

// The leaf that carries `key`, among all that were added to the index, or
// nothing. Any thread.
using IndexFinder =
    std::function<absl::StatusOr<std::optional<uint64_t>>(const Hash& key)>;

// The number of the first entry that the chain of `chain_key` does not have.
// `from`: a number up to which it is known to have all. Relies on chains being
// dense. About 2 log2(n - from) + 1 look-ups.
absl::StatusOr<uint64_t> FirstAbsentEntry(const IndexFinder& find,
                                          const Hash& chain_key, uint64_t from);

// The number of the entry of the chain of `chain_key` that stands at leaf
// `leaf_index` with `label`; the batch of that leaf begins at `batch_first`.
// kNotFound if there is none. About 2 log2(n) look-ups, and one for each entry
// of the chain in that batch.
absl::StatusOr<uint64_t> FindChainIndex(const IndexFinder& find,
                                        const Hash& chain_key,
                                        uint64_t batch_first,
                                        uint64_t leaf_index);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_COUNTERS_H_
