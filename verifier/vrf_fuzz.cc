// Any bytes as a public key, a proof and an input: judged, never more. A proof
// that holds for one input holds for no other.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/check.h"
#include "verifier/vrf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < kVrfKeyBytes + kVrfProofBytes) return 0;
  const std::string_view key = bytes.substr(0, kVrfKeyBytes);
  const std::string_view proof = bytes.substr(kVrfKeyBytes, kVrfProofBytes);
  const std::string_view alpha = bytes.substr(kVrfKeyBytes + kVrfProofBytes);
  VrfOutput beta;
  if (VerifyVrf(key, alpha, proof, &beta) == Finding::kOk) {
    CHECK(VerifyVrf(key, std::string(alpha) + '\0', proof, &beta) ==
          Finding::kVrfMismatch);
  }
  return 0;
}
