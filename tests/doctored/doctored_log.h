// Logs that lie, each in one way, with everything that an honest log serves
// beside the lie: public paths, proofs of keys and leaves, chains. For tests
// and for the demo; small, in memory, and the same each time but for its seal
// times.
#ifndef TESTS_DOCTORED_DOCTORED_LOG_H_
#define TESTS_DOCTORED_DOCTORED_LOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/vidimus.pb.h"
#include "verifier/small_log.h"

namespace vidimus {

// One way to lie, or none.
struct Doctored {
  const char* name;   // "omission"
  const char* words;  // "one access is left out of the index"
  // Who can see it: a reader of every leaf (fsck), or the resident alone.
  bool seen_by_fsck;
  bool seen_by_resident;
};

// All of them; the first, "honest", does not lie.
const std::vector<Doctored>& DoctoredKinds();

class DoctoredLog {
 public:
  // `name` of DoctoredKinds (CHECK). The newest seal has the time `now_s`.
  DoctoredLog(const std::string& name, uint64_t now_s);

  // Serves this log instead.
  explicit DoctoredLog(const SmallLog& log)
      : resident_("\x01resident-17"), log_(log) {}

  const SmallLog& log() const { return log_; }
  // Whose chains GetChain shows, whoever asks.
  const std::string& resident() const { return resident_; }

  // A file for each public path, partial tiles of the newest size.
  std::map<std::string, std::string> Paths() const;

  // A checkpoint that was shown to somebody else; empty but for "fork".
  const std::string& other_checkpoint() const { return other_checkpoint_; }

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) const;
  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) const;
  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) const;
  // As the public path "index/proof".
  absl::StatusOr<std::string> ProveKeysPlain(absl::string_view request) const;

 private:
  const std::string resident_;
  SmallLog log_;
  std::string other_checkpoint_;
  // Entries of the resident's first chain that GetChain tells of.
  uint64_t entries_shown_ = ~uint64_t{0};
};

}  // namespace vidimus

#endif  // TESTS_DOCTORED_DOCTORED_LOG_H_
