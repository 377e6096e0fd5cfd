// Any bytes as a conviction or an entry bundle: judged without harm, the same
// twice.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/check.h"
#include "verifier/conviction.h"
#include "verifier/entry_bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The key of the log in the corpus.
  static const VerifierKey* const kKey = [] {
    auto* key = new VerifierKey;
    CHECK(ParseVkey("log.example/small/2026h1+09e63155+"
                    "Aa1MYldEzFK/lzC/PqSQFVLSkXRHKaU1QAWz5nDdKPQU",
                    key) == Finding::kOk);
    return key;
  }();
  ConvictionReport report, again;
  const Finding finding = JudgeConviction(bytes, *kKey, &report);
  CHECK(finding == JudgeConviction(bytes, *kKey, &again));
  CHECK(ConvictionSentence(kKey->name, report) ==
        ConvictionSentence(kKey->name, again));
  // What convicts says so in its first bytes.
  CHECK(finding != Finding::kOk || LooksLikeConviction(bytes));
  EntryBundleReport entry;
  if (JudgeEntryBundle(bytes, *kKey, &entry) == Finding::kOk) {
    CHECK(LooksLikeEntryBundle(bytes));
    CHECK(entry.opened.content == Content::kOpen);
  }
  return 0;
}
