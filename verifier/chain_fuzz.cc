// Any bytes as a chain bundle: judged without harm, the same twice, and its
// accesses too.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/check.h"
#include "verifier/note.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The key of small_log.h, which made the corpus.
  static const VerifierKey* const kKey = [] {
    auto* key = new VerifierKey;
    CHECK(ParseVkey("log.example/small/2026h1+09e63155+Aa1MYldEzFK/lzC/"
                    "PqSQFVLSkXRHKaU1QAWz5nDdKPQU",
                    key) == Finding::kOk);
    return key;
  }();
  ChainsReport report, again;
  const Finding finding = JudgeChainBundle(bytes, *kKey, {}, &report);
  CHECK(finding == JudgeChainBundle(bytes, *kKey, {}, &again));
  CHECK_EQ(report.Complete(), again.Complete());
  CHECK_EQ(report.ContentFindings(), again.ContentFindings());
  if (finding == Finding::kOk) {
    const auto judged = JudgeAccesses(report, nullptr);
    CHECK_EQ(judged.size(), report.chains.size());
    for (size_t i = 0; i < judged.size(); ++i) {
      CHECK_LE(judged[i].verdicts.verdicts.size(),
               report.chains[i].entries.size());
    }
  }
  return 0;
}
