// From a chain that was shown whole to verdicts: when each of its entries, each
// document of the register and each state that an access names (as_of) stood in
// the log, as the bundle's proofs show. Pure functions. What a bundle must hold
// for that: docs/bundles.md; what verdicts are: docs/verdicts.md.
//
// Nothing here is guessed. When something stood follows from its whole batch,
// leaf by leaf, from the seal before it to the one that ends it. A bundle that
// does not hold that is no less complete; it only carries no verdicts, and it
// is said why.
#ifndef VERIFIER_CHAIN_HISTORY_H_
#define VERIFIER_CHAIN_HISTORY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "verifier/chain.h"
#include "verifier/finding.h"
#include "verifier/history.h"
#include "verifier/register.h"
#include "verifier/verdict.h"

namespace vidimus {

// Why a history can't be made of what a bundle shows.
struct HistoryGap {
  // kOk: it can. The chain's own finding if it is not complete; kKeyUnproven: a
  // type of document that verdicts ask for is not shown, `document` is its
  // first; kPositionUnproven: it is not shown when `document`, or `entry` or
  // the state that it names, stood in the log.
  Finding finding = Finding::kOk;
  std::optional<uint64_t> entry;       // number in the chain
  std::optional<RegisterId> document;  // of the register
};

// A chain with the verdicts on its accesses. Views point into the bundle's
// bytes.
struct JudgedChain {
  uint32_t administration = 0;  // kSelf for `self`
  // Only if gap.finding is kOk are there a history and verdicts.
  HistoryGap gap;
  History history;
  Verdicts verdicts;  // by entry number, Verdict::entry
};

// Adds what the bundle shows of one of its chains, `chain` of report.chains, to
// `*history` as its newest log; subject and administration too if it has no log
// yet. For a family of logs, call it for the bundle of each, oldest first. On a
// gap nothing was added. `report` is one of which JudgeChainBundle said kOk.
HistoryGap AddToHistory(const ChainsReport& report, const ChainReport& chain,
                        History* history);

// Judges every chain of one bundle, in the order of report.chains. `es256` as
// for JudgeHistory. The bundle's bytes must outlive the result; the report need
// not.
std::vector<JudgedChain> JudgeAccesses(const ChainsReport& report,
                                       Es256Verify es256);

}  // namespace vidimus

#endif  // VERIFIER_CHAIN_HISTORY_H_
