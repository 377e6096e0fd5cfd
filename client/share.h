// One access, taken out for somebody else to judge: an entry bundle
// (docs/bundles.md), which holds nothing of the chain.
#ifndef VIDIMUS_CLIENT_SHARE_H_
#define VIDIMUS_CLIENT_SHARE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/fetcher.h"
#include "proto/chain.pb.h"
#include "verifier/note.h"

namespace vidimus {

// Makes the bundle about the entry at `leaf_index`, whose opening is known,
// under the log's newest head: asks the log for the register and its proofs,
// and for the leaves. The finished file is judged: kDataLoss says what is wrong
// with it, so that nobody shares what is not true.
absl::StatusOr<std::string> MakeEntryBundle(Fetcher* fetcher,
                                            const VerifierKey& log_key,
                                            uint64_t leaf_index,
                                            const v1::Opening& opening);

// Runs the verb `receipt` with the arguments after its name; returns what to
// exit with (client.h).
int ReceiptMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_SHARE_H_
