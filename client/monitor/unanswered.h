// "Asked, not answered": what a monitor says when a log withholds something, as
// a note signed by the monitor. It is one monitor's word, an alarm to look
// into, and never evidence against a log: who was not answered may have asked
// through a broken wire. Several monitors who say the same, each with its own
// key, are worth a telephone call. Pure functions. Format: docs/gossip.md.
//
//   vidimus/v1 asked, not answered
//   log <origin>
//   asked <what>          a public path such as "checkpoint",
//   "tile/entries/003" of <whom>             where it was asked: a URL since
//   <seconds>       first asked and not answered since; POSIX until <seconds>
//   last asked
#ifndef VIDIMUS_CLIENT_MONITOR_UNANSWERED_H_
#define VIDIMUS_CLIENT_MONITOR_UNANSWERED_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {

// Bytes of `asked` and `of`, each.
inline constexpr size_t kUnansweredWordBytesMax = 1024;

struct Unanswered {
  std::string origin;
  std::string asked;
  std::string of;
  uint64_t since_s = 0;
  uint64_t until_s = 0;
};

// Whether it can be said: an origin; `asked` and `of` of printable ASCII
// without spaces, not empty, not too long; until no earlier than since.
// kInvalidArgument if not.
absl::Status ValidateUnanswered(const Unanswered& statement);

// The signed note. kInvalidArgument as above; kUnavailable if the key can't
// sign now. Its text can't be taken for a checkpoint, whose key `signer` may
// hold as well: a checkpoint's second line is a number.
absl::StatusOr<std::string> SignUnanswered(const Unanswered& statement,
                                           const NoteSigner& signer);

// Reads a note by `monitor`. kInvalidArgument: it is none, or not by this key;
// in no other spelling than SignUnanswered's.
absl::StatusOr<Unanswered> OpenUnanswered(absl::string_view note,
                                          const VerifierKey& monitor);

// The text alone, as it is signed and as it is read back.
std::string FormatUnanswered(const Unanswered& statement);
absl::StatusOr<Unanswered> ParseUnanswered(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_UNANSWERED_H_
