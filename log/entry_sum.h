// A sum over the keys of a run of the index, kept beside its file.
#ifndef VIDIMUS_LOG_ENTRY_SUM_H_
#define VIDIMUS_LOG_ENTRY_SUM_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/index.h"

namespace vidimus {

// What the keys of a run add up to, whatever their order: four sums of words,
// each entry's well mixed, so that a lost, doubled or changed entry changes
// them. Against faults, not against an enemy, who does not choose entries.
class EntrySum {
 public:
  void Add(const IndexEntry& entry);
  void Add(const EntrySum& other);

  std::string ToBytes() const;  // 32
  static EntrySum FromBytes(std::string_view bytes);

  friend bool operator==(const EntrySum& a, const EntrySum& b) {
    return a.words_ == b.words_;
  }
  friend bool operator!=(const EntrySum& a, const EntrySum& b) {
    return !(a == b);
  }

 private:
  std::array<uint64_t, 4> words_ = {};
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_ENTRY_SUM_H_
