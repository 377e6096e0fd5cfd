#include "verifier/batch.h"

#include <algorithm>

#include "verifier/register.h"

namespace vidimus {

Finding BatchJudge::Add(std::string_view entry, Leaf* leaf) {
  if (complete_) return Finding::kLeafAfterSeal;
  RETURN_IF_FOUND(ParseLeaf(entry, leaf));
  const bool first_batch = place_.first_index == 0;

  if (leaf->kind != LeafKind::kSeal) {
    if (first_batch) {
      // The first leaf of the log names its config; nothing else may stand
      // beside it.
      if (count_ > 0 || leaf->kind != LeafKind::kRegister ||
          leaf->a != RegisterKey({RegisterType::kConfig, 0, 0})) {
        return Finding::kFirstBatch;
      }
    } else if (count_ > 0 && leaf->a == last_key_) {
      return Finding::kBatchDuplicateKey;
    } else if (count_ > 0 && leaf->a < last_key_) {
      return Finding::kBatchOrder;
    }
    last_key_ = leaf->a;
    ++count_;
    return Finding::kOk;
  }

  if (first_batch) {
    if (count_ != 1) return Finding::kFirstBatch;
  } else if (count_ < std::max<uint64_t>(place_.min_batch, 1)) {
    return Finding::kBatchTooSmall;
  }
  seal_ = SealOf(*leaf);
  if (seal_.covered != place_.first_index + count_) {
    return Finding::kSealCoverage;
  }
  if (seal_.time_s < place_.last_seal_time_s) {
    return Finding::kSealTimeDecreases;
  }
  ++count_;
  complete_ = true;
  return Finding::kOk;
}

Finding JudgeBatch(const BatchPlace& place,
                   const std::vector<std::string_view>& entries, Seal* seal) {
  BatchJudge judge(place);
  Leaf leaf;
  for (std::string_view entry : entries) {
    RETURN_IF_FOUND(judge.Add(entry, &leaf));
  }
  if (!judge.complete()) return Finding::kBatchWithoutSeal;
  if (seal != nullptr) *seal = judge.seal();
  return Finding::kOk;
}

}  // namespace vidimus
