// One file: a receipt, a bundle of one entry or of a resident's chains, or a
// conviction. Is it true of the log with this key? No network.
#ifndef VIDIMUS_CLIENT_VERIFY_H_
#define VIDIMUS_CLIENT_VERIFY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/client.h"
#include "verifier/note.h"

namespace vidimus {

struct Judgement {
  int exit_code = kExitUnusable;  // kExitTrue, kExitFalse or kExitUnusable
  std::string sentence;           // what was shown, or what is wrong; of a
                                  // bundle several lines
};

enum class FileKind { kReceipt, kEntryBundle, kChainBundle, kConviction };

// What a file is, by its first bytes; nothing if it is none of these.
std::optional<FileKind> KindOfFile(absl::string_view bytes);

// Judges a bundle or a conviction by the log's verifier key (CHECK: no receipt,
// whose leaf is elsewhere). A conviction is true if it convicts the log.
// `monitors` are keys whose cosignature vouches for the index under a chain
// bundle. A file that is cut, damaged, of another log or of no known kind shows
// nothing: kExitFalse or kExitUnusable.
Judgement VerifyEvidence(absl::string_view vkey,
                         const std::vector<VerifierKey>& monitors,
                         absl::string_view bytes);

// Judges a tlog-proof by the log's verifier key. The leaf is the one in
// `secret`, a file of secret.proto.
Judgement VerifyWithSecret(absl::string_view vkey, absl::string_view proof,
                           absl::string_view secret);

// The same for an opaque log: the leaf is `entry`.
Judgement VerifyWithEntry(absl::string_view vkey, absl::string_view proof,
                          absl::string_view entry);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_VERIFY_H_
