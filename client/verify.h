// One file: a receipt, a bundle of one entry or of a resident's chains, or a
// conviction. Is it true of the log with this key? No network.
#ifndef VIDIMUS_CLIENT_VERIFY_H_
#define VIDIMUS_CLIENT_VERIFY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/client.h"
#include "verifier/note.h"

namespace vidimus {

struct Judgement {
  int exit_code = kExitUnusable;  // kExitTrue, kExitFalse or kExitUnusable
  std::string sentence;           // what was shown, or what is wrong; of a
                                  // bundle several lines
};

enum class FileKind {
  kReceipt,
  kEntryBundle,
  kChainBundle,
  kConviction,
  kRegisterProof,
};

// What a file is, by its first bytes; nothing if it is none of these.
std::optional<FileKind> KindOfFile(absl::string_view bytes);

// Judges a bundle, a conviction or a register proof by the log's verifier key
// (CHECK: no receipt, whose leaf is elsewhere). A conviction is true if it
// convicts the log. `monitors` are keys whose cosignature vouches for the index
// under a chain bundle. A file that is cut, damaged, of another log or of no
// known kind shows nothing: kExitFalse or kExitUnusable.
Judgement VerifyEvidence(absl::string_view vkey,
                         const std::vector<VerifierKey>& monitors,
                         absl::string_view bytes);

// By what else the secret of a receipt is judged; what is empty is not there.
struct ChainTrust {
  std::string label_key;  // 32 bytes, of the log's config
  std::string subject;    // s, whose chain it is
};

// The label key in a config document (its 64-byte signature, then the message),
// which must be that of the log with this verifier key and signed by the
// publisher it names itself. kInvalidArgument says what is wrong.
absl::StatusOr<std::string> LabelKeyOfConfig(absl::string_view vkey,
                                             absl::string_view document);

// Judges a tlog-proof by the log's verifier key. The leaf is the one in
// `secret`, a file of secret.proto. If the secret holds the chain's key K, the
// leaf's label must be the one that K and the place in the chain give; if it
// holds the proof of K too, and `trust` is whole, K must be the only possible
// one. The sentence says what of this was judged.
Judgement VerifyWithSecret(absl::string_view vkey, absl::string_view proof,
                           absl::string_view secret,
                           const ChainTrust& trust = {});

// The same for an opaque log: the leaf is `entry`.
Judgement VerifyWithEntry(absl::string_view vkey, absl::string_view proof,
                          absl::string_view entry);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_VERIFY_H_
