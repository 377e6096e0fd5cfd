// None is missing: a resident's check of everything that a log holds about
// them. `vidimus resident check` (resident_verbs.h) is a thin skin over it.
// What is demanded and why: docs/completeness.md.
//
// Fetching and judging never mix: this asks the log for everything a chain
// bundle must hold (proto/bundle.proto), draws the probes before it asks for
// their proof, and hands the bundle to JudgeChainBundle.
#ifndef VIDIMUS_CLIENT_RESIDENT_H_
#define VIDIMUS_CLIENT_RESIDENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/chain_report.h"
#include "client/resident_door.h"
#include "client/words.h"
#include "verifier/note.h"

namespace vidimus {

struct ResidentOptions {
  VerifierKey log_key;
  // Whose cosignature on the head vouches for the index.
  std::vector<VerifierKey> monitors;
  // Where heads and counts are kept between checks; empty: nowhere. Made if it
  // is not there, its files 0600.
  std::string state_folder;
  // A head whose seal is older than this says nothing about today.
  uint64_t head_age_s_max = 24 * 3600;
  // POSIX seconds, for the above.
  uint64_t now_s = 0;
  // Of the report.
  Language language = Language::kEnglish;
};

struct ResidentCheck {
  // As ChainJudgement.
  int exit_code = kExitUnusable;
  std::string text;
  // The bundle that was judged; empty if it did not come so far.
  std::string bundle;
};

// Asks for everything and judges it. Always returns what to say; what could not
// be had is in the text. Nothing is kept in the state folder unless the log's
// head extends the one kept there.
ResidentCheck CheckResident(ResidentDoor* door, const ResidentOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RESIDENT_H_
