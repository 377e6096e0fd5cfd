// What becomes of a finding about a whole log: the file that convicts it
// (docs/convictions.md), made from what the log itself shows. Every file is
// judged by verifier/conviction.h before it is given out.
#ifndef VIDIMUS_CLIENT_PROSECUTOR_H_
#define VIDIMUS_CLIENT_PROSECUTOR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/conviction_maker.h"
#include "client/fetcher.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/index_judge.h"

namespace vidimus {

// Asks the log where keys stand in the index under the seal at leaf `size`:
// the proof that VerifySeveral takes. `keys` ascend strictly, at most
// kKeysAskedMax at once.
using KeyProver = std::function<absl::StatusOr<std::string>(
    uint64_t size, const std::vector<Hash>& keys)>;
inline constexpr size_t kKeysAskedMax = 1024;

// Asks at the log's public path "index/proof". `fetcher` must outlive it.
KeyProver ProverOf(Fetcher* fetcher);

// What the log itself says of one key under the seal at leaf `seal`, whose
// index root is `index_root`: its way in each run. kDataLoss for a proof that
// does not hold.
absl::StatusOr<AbsenceProof> AskForKey(const KeyProver& prove_keys,
                                       uint64_t seal, const Hash& index_root,
                                       const Hash& key);

// Where an audit stopped, and what it knew by then.
struct AuditStop {
  Finding finding = Finding::kOk;
  uint64_t leaf_index = 0;
  // The seal before it; 0 if there was none.
  uint64_t last_seal = 0;
  // Its index of the leaves before. Not owned.
  const SealJudge* index = nullptr;
};

// Makes the file for a finding of an audit. Nothing can be shown with it:
// kNotFound, for a finding that convicts nobody (what a log withholds or spoils
// is an alarm); another status if something that is needed could not be had.
// `prove_keys` may be null; then a lie in the index can be shown only where it
// is one key of the last batch that was left out.
absl::StatusOr<ConvictionFile> Convict(Fetcher* fetcher, const SignedHead& head,
                                       const AuditStop& stop,
                                       const KeyProver& prove_keys);

// The same for a smaller or equal head that this one should extend, and whose
// root is another than this tree's at its size.
absl::StatusOr<ConvictionFile> ConvictFork(Fetcher* fetcher,
                                           const SignedHead& head,
                                           absl::string_view older_note,
                                           uint64_t older_size);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_PROSECUTOR_H_
