// Any bytes as a request to a witness. What parses formats back to the same
// bytes; without a key that is trusted, nothing is cosigned.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/merkle.h"
#include "verifier/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  WitnessRequest request;
  if (ParseWitnessRequest(bytes, &request) != Finding::kOk) return 0;
  CHECK(FormatWitnessRequest(request) == bytes);
  Checkpoint claimed;
  std::vector<VerifierKey> trusted;
  if (ParseClaimedCheckpoint(request, &claimed) == Finding::kOk &&
      ValidKeyName(claimed.origin)) {
    // The base point of the curve: a sound key that nobody signed with.
    std::string key(32, '\x66');
    key[0] = '\x58';
    trusted.push_back(MakeVerifierKey(claimed.origin, kKeyTypeEd25519, key));
  }
  const WitnessJudgement judgement =
      JudgeWitnessRequest(request, trusted, {0, EmptyRoot()});
  CHECK(judgement.status != WitnessStatus::kCosign);
  CHECK(judgement.finding != Finding::kOk);
  return 0;
}
