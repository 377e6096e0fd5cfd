// Where the labels of an access log's leaves come from: the seam.
//
// Threads: the sequencer's.
#ifndef VIDIMUS_LOG_LABELS_H_
#define VIDIMUS_LOG_LABELS_H_

#include <cstdint>
#include <string_view>

#include "log/clock.h"
#include "verifier/hash.h"

namespace vidimus {

struct ChainLabel {
  Hash label;
  uint64_t chain_index;  // i: the entry's number in its chain
};

class Labels {
 public:
  virtual ~Labels() = default;
  // The next label of the chain between `subject` and `administration`.
  virtual ChainLabel Next(std::string_view subject,
                          uint32_t administration) = 0;
};

// A placeholder: each label is random, chain_index always 0. Nobody can tell
// two entries of one person by it, which is promised; nor can the person find
// theirs or count them, which is promised too and not yet kept.
class RandomLabels : public Labels {
 public:
  // Not owned.
  explicit RandomLabels(Random* random) : random_(random) {}
  ChainLabel Next(std::string_view subject, uint32_t administration) override;

 private:
  Random* const random_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_LABELS_H_
