// What a follower writes down to go on from: bytes of the file `state`. Whole
// or nothing, and its last 32 bytes say whether it is. Format:
// docs/following.md.
#ifndef VIDIMUS_CLIENT_MONITOR_FOLLOWER_STATE_H_
#define VIDIMUS_CLIENT_MONITOR_FOLLOWER_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/hash.h"

namespace vidimus {

struct FollowerState {
  // A run of the index: its file, number of entries, and root. `number` 0: a
  // run without a key has no file.
  struct Run {
    uint64_t number = 0;
    uint64_t count = 0;
    Hash root = {};
  };

  // The checkpoint up to which everything was verified, and when (POSIX
  // seconds); empty: none yet.
  std::string verified_note;
  uint64_t verified_s = 0;
  // The checkpoint that is read up to.
  std::string target_note;
  // Of audit.h, after the last batch that was read.
  std::string audit;
  // Of index_judge.h, at the same place.
  uint64_t checked = 0;
  std::vector<Run> runs;
};

// Larger is no state of ours: some million register documents.
inline constexpr size_t kFollowerStateBytesMax = size_t{64} << 20;

std::string FormatFollowerState(const FollowerState& state);

// Nothing unless `bytes` is exactly what FormatFollowerState gives for some
// state. Says nothing about what stands in its parts.
std::optional<FollowerState> ParseFollowerState(std::string_view bytes);

// Why a log is no longer followed: bytes of the file `stopped`.
struct StoppedRecord {
  std::string sentence;    // one line
  std::string conviction;  // name of the file; empty if there is none
  std::string note;        // the checkpoint under which it stands
};
std::string FormatStoppedRecord(const StoppedRecord& record);
std::optional<StoppedRecord> ParseStoppedRecord(std::string_view bytes);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_FOLLOWER_STATE_H_
