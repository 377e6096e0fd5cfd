// The bridge between the sample world and the engine: what the one wrote, as
// what the other reads. Here both are known, and nowhere else.
#ifndef TESTS_VERDICTS_JUDGE_H_
#define TESTS_VERDICTS_JUDGE_H_

#include <map>
#include <string>
#include <vector>

#include "tests/world/chain.h"
#include "tests/world/city.h"
#include "verifier/verdict.h"

namespace vidimus {

// Judges chains of one city. Keeps register and seals of its logs, so that many
// chains cost little. The city must outlive it. Not thread-safe.
class CityJudge {
 public:
  explicit CityJudge(const City& city);

  // What the engine reads of a chain; valid until the next call, and as long as
  // `chain`.
  const History& HistoryOf(const WorldChain& chain);

  // ES256 is the hash that stands in for it.
  Verdicts Judge(const WorldChain& chain) {
    return JudgeHistory(HistoryOf(chain), registers_, HashedVerify);
  }

 private:
  const City& city_;
  History history_;
  std::vector<RegisterIndex> registers_;
};

// Compares verdicts with what the chain was built for. The words for the first
// difference, or nothing.
std::string Difference(const WorldChain& chain, const Verdicts& verdicts);

// How often each headline, and each dimension that failed, was chosen.
using Tally = std::map<std::string, uint64_t>;
void Count(const WorldChain& chain, Tally* headlines, Tally* failed);

// One verdict in the words of docs/verdicts.md, such as "violation: withdrawn".
std::string Sentence(const Verdict& verdict);

}  // namespace vidimus

#endif  // TESTS_VERDICTS_JUDGE_H_
