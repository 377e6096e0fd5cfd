// Any bytes as a register proof: judged without harm, the same twice.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/check.h"
#include "verifier/note.h"
#include "verifier/register_proof.h"

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
  RegisterProofReport report, again;
  const Finding finding = JudgeRegisterProof(bytes, *kKey, &report);
  CHECK(finding == JudgeRegisterProof(bytes, *kKey, &again));
  CHECK_EQ(report.versions.size(), again.versions.size());
  CHECK(finding != Finding::kOk || LooksLikeRegisterProof(bytes));
  return 0;
}
