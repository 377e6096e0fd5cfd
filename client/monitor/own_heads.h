// Was an older state brought back? Whoever else holds a head under our own key
// that is larger than what we know to have cosigned, knows it better.
#ifndef VIDIMUS_CLIENT_MONITOR_OWN_HEADS_H_
#define VIDIMUS_CLIENT_MONITOR_OWN_HEADS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

// Judges a note from outside against `kept`, the head that `own_key` cosigned
// last as far as we know. kFailedPrecondition if the note holds a cosignature
// of ours on a head that is larger, or of the same size with another root;
// `who` showed it to us. OK else: a note without our line, of another log or
// damaged says nothing. Pure; any thread.
absl::Status JudgeOwnHead(absl::string_view note, const VerifierKey& log_key,
                          const VerifierKey& own_key, const TreeHead& kept,
                          absl::string_view who);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_OWN_HEADS_H_
