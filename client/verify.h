// One receipt: is this leaf in that log? No network.
#ifndef VIDIMUS_CLIENT_VERIFY_H_
#define VIDIMUS_CLIENT_VERIFY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/client.h"

namespace vidimus {

struct Judgement {
  int exit_code = kExitUnusable;  // kExitTrue, kExitFalse or kExitUnusable
  std::string sentence;           // what was shown, or what is wrong
};

// Judges a tlog-proof by the log's verifier key. The leaf is the one in
// `secret`, a file of secret.proto.
Judgement VerifyWithSecret(absl::string_view vkey, absl::string_view proof,
                           absl::string_view secret);

// The same for an opaque log: the leaf is `entry`.
Judgement VerifyWithEntry(absl::string_view vkey, absl::string_view proof,
                          absl::string_view entry);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_VERIFY_H_
