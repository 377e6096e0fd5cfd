// What the world knows of one log: every head that was signed and the entries
// below it, judged by verifier/ alone as a stranger would who saw every
// signature at the moment it was made. It never forgets and never takes back,
// so a second history shows at its first signature, whoever makes it.
//
// One thread.
#ifndef VIDIMUS_TESTS_SIMULATION_HISTORY_H_
#define VIDIMUS_TESTS_SIMULATION_HISTORY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "log/storage.h"
#include "verifier/audit.h"
#include "verifier/hash.h"

namespace vidimus {

class SignedHistory {
 public:
  // `origin` is the log's; an access log's batches are judged too.
  SignedHistory(const std::string& origin, bool access_log, uint64_t min_batch);

  // The log puts its signature under the checkpoint `text`, standing on
  // `storage`. OK if its head is that of the entries signed before, followed by
  // those that `storage` holds durably; sizes never fall. Otherwise what the
  // signature contradicts.
  absl::Status AddSignature(std::string_view text, Storage* storage);

  // Whether all that was signed for still stands in `storage`, byte for byte.
  absl::Status JudgeStored(Storage* storage) const;

  // The largest size that was signed.
  uint64_t size() const { return entries_.size(); }
  // Entry `index` < size(), and the head of the first `size` <= size() entries.
  const std::string& entry(uint64_t index) const { return entries_[index]; }
  TreeHead HeadAt(uint64_t size) const { return {size, roots_[size]}; }

  // Every size that was signed, in the order of the signatures.
  const std::vector<uint64_t>& signed_sizes() const { return signed_sizes_; }

 private:
  const std::string origin_;
  Auditor auditor_;
  std::vector<std::string> entries_;
  std::vector<Hash> roots_;  // [n]: of the first n entries
  std::vector<uint64_t> signed_sizes_;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_SIMULATION_HISTORY_H_
