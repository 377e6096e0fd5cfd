#include "log/chain_counters.h"

#include "proto/status.h"
#include "verifier/label.h"

namespace vidimus {
namespace {

// The first number from `from` on that is not `below`, which holds for all
// numbers up to some point and for none after it, and for all before `from`.
template <typename Below>
absl::StatusOr<uint64_t> FirstNot(uint64_t from, const Below& below) {
  uint64_t step = 1;
  uint64_t low = from;  // all before it are
  while (true) {
    ASSIGN_OR_RETURN(const bool is, below(low + step - 1));
    if (!is) break;
    low += step;
    step *= 2;
  }
  uint64_t high = low + step - 1;  // is not
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const bool is, below(middle));
    if (is) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

absl::StatusOr<uint64_t> FirstAbsentEntry(const IndexFinder& find,
                                          const Hash& chain_key,
                                          uint64_t from) {
  return FirstNot(from, [&](uint64_t i) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf,
                     find(ChainLabel(chain_key, i)));
    return leaf.has_value();
  });
}

absl::StatusOr<uint64_t> FindChainIndex(const IndexFinder& find,
                                        const Hash& chain_key,
                                        uint64_t batch_first,
                                        uint64_t leaf_index) {
  // Entries ascend with their batches; within one they stand in any order.
  ASSIGN_OR_RETURN(uint64_t i,
                   FirstNot(0, [&](uint64_t number) -> absl::StatusOr<bool> {
                     ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf,
                                      find(ChainLabel(chain_key, number)));
                     return leaf.has_value() && *leaf < batch_first;
                   }));
  for (;; ++i) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf,
                     find(ChainLabel(chain_key, i)));
    if (leaf == leaf_index) return i;
    if (!leaf.has_value()) {
      return absl::NotFoundError("the chain has no entry at this leaf");
    }
  }
}

}  // namespace vidimus
