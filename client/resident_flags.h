// What every verb of a resident's takes to reach a log and to judge it: the
// flags that check, timeline, export and consent share, and what they open.
#ifndef VIDIMUS_CLIENT_RESIDENT_FLAGS_H_
#define VIDIMUS_CLIENT_RESIDENT_FLAGS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/command_line.h"
#include "client/resident.h"
#include "client/resident_door.h"

namespace vidimus {

struct ResidentFlags {
  std::string server;                 // URL
  std::string ca;                     // file
  std::string token_file;             // its owner's alone
  std::string vkey;                   // file
  std::vector<std::string> monitors;  // files
  std::string policy;                 // file
  std::string state;                  // folder
  uint64_t head_age_h = 24;

  // Adds the flags to a verb's.
  void AddTo(CommandLine* line);

  // Reads the keys; the time is now. The language is the caller's to set. Of a
  // policy only the group `monitors` counts, whoever else cosigns: a witness
  // has not read what it cosigned. kInvalidArgument if there is no such group,
  // or the policy is of other logs.
  absl::StatusOr<ResidentOptions> ReadOptions() const;

  // Reads authorities and token and makes a door, without connecting yet.
  absl::StatusOr<std::unique_ptr<ResidentDoor>> OpenDoor() const;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RESIDENT_FLAGS_H_
