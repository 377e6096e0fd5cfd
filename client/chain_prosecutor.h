// What becomes of a resident's finding: the file that convicts the log, where
// there is one (docs/convictions.md). Most lies to a resident alone are answers
// that nobody signed: those are alarms.
#ifndef VIDIMUS_CLIENT_CHAIN_PROSECUTOR_H_
#define VIDIMUS_CLIENT_CHAIN_PROSECUTOR_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/fetcher.h"
#include "client/prosecutor.h"
#include "verifier/note.h"

namespace vidimus {

// Looks for what convicts the log in a chain bundle that was found wrong, and
// asks the log for the proofs that are missing in it. An entry that the index
// lacks, though its leaf is there, or that it leads elsewhere from, is shown
// without naming anybody; a hole, and content of another chain under a label,
// only with the chain's key. `monitors` as the bundle was judged with.
// kNotFound if nothing there convicts the log.
absl::StatusOr<ConvictionFile> ConvictChains(
    Fetcher* fetcher, const VerifierKey& log_key,
    const std::vector<VerifierKey>& monitors, absl::string_view bundle);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CHAIN_PROSECUTOR_H_
