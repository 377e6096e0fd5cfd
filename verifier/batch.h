// What a batch of an access log must look like: one or more subject and
// register leaves, keys (bytes 1 to 32) strictly ascending, then the seal.
// Format and vectors: docs/leaf.md.
//
// The first batch is config version 0 alone and its seal. Every later one has
// at least min_batch leaves before the seal. A seal's covered size is its own
// leaf index and its time is no less than the last seal's. Whether a key is new
// to the log, and whether the index root is right, is not judged here.
#ifndef VERIFIER_BATCH_H_
#define VERIFIER_BATCH_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"

namespace vidimus {

// Where a batch stands.
struct BatchPlace {
  uint64_t first_index = 0;       // of its first leaf
  uint64_t last_seal_time_s = 0;  // 0 before the first batch
  uint64_t min_batch = 8;         // without the seal
};

// Judges one batch leaf by leaf, in constant memory. Not synchronised.
class BatchJudge {
 public:
  explicit BatchJudge(const BatchPlace& place) : place_(place) {}

  // Judges the next leaf: kOk, the findings of ParseLeaf, kFirstBatch,
  // kBatchOrder, kBatchDuplicateKey, kBatchTooSmall, kSealCoverage,
  // kSealTimeDecreases; kLeafAfterSeal once the batch is complete. After
  // anything but kOk the judge is of no further use.
  Finding Add(std::string_view entry, Leaf* leaf);

  // Whether the seal has been added.
  bool complete() const { return complete_; }
  // The seal of a complete batch.
  const Seal& seal() const { return seal_; }
  // Leaves so far, the seal counted.
  uint64_t count() const { return count_; }

 private:
  BatchPlace place_;
  uint64_t count_ = 0;
  bool complete_ = false;
  Hash last_key_ = {};
  Seal seal_;
};

// Judges a whole batch at once: what Add says of the first leaf that is wrong,
// or kBatchWithoutSeal. On kOk `*seal` is its seal; may be null.
Finding JudgeBatch(const BatchPlace& place,
                   const std::vector<std::string_view>& entries, Seal* seal);

}  // namespace vidimus

#endif  // VERIFIER_BATCH_H_
