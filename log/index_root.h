// Where the index root in each seal comes from: the seam.
//
// Threads: the sequencer's.
#ifndef VIDIMUS_LOG_INDEX_ROOT_H_
#define VIDIMUS_LOG_INDEX_ROOT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "verifier/hash.h"

namespace vidimus {

class IndexRoots {
 public:
  virtual ~IndexRoots() = default;
  // The root of the index of leaves 0..covered-1, of which those from `first`
  // on have just been added, with these keys.
  virtual absl::StatusOr<Hash> Root(uint64_t first,
                                    const std::vector<Hash>& keys,
                                    uint64_t covered) = 0;
};

// A placeholder: 32 zero bytes, which no index has. So nothing is absent yet,
// and no verifier will believe that anything is.
class NoIndex : public IndexRoots {
 public:
  absl::StatusOr<Hash> Root(uint64_t, const std::vector<Hash>&,
                            uint64_t) override {
    return Hash{};
  }
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_ROOT_H_
