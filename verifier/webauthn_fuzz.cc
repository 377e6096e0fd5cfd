// Any bytes as a passkey's assertion, and as the client data inside of one.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/webauthn.h"

namespace vidimus {
namespace {

// That of tests/vectors/statement_signatures.json, for which the corpus is.
constexpr char kChallenge[] =
    "c7c950b78e2d18c3d223910e9de8952e352cb240eda37a2757abbb41f3a7170c";

void TryAssertion(std::string_view assertion) {
  const Es256Verify yes = [](std::string_view, std::string_view message,
                             std::string_view signature) {
    CHECK_EQ(signature.size(), kEs256SignatureBytes);
    return message.size() >= 37 + kHashBytes;
  };
  std::string challenge;
  CHECK(HexDecode(kChallenge, &challenge));
  const std::string key(kEs256KeyBytes, '\x04');
  WebAuthnAssertion said;
  const char* part = nullptr;
  const Finding finding = VerifyWebAuthn(key, *HashFromBytes(challenge),
                                         assertion, yes, &said, &part);
  CHECK_EQ(part != nullptr, finding == Finding::kStatementSignatureForm);
  CHECK_EQ(!said.origin.empty(), finding == Finding::kOk);
  if (finding != Finding::kOk) return;
  CHECK_EQ(said.rp_id_hash.size(), kHashBytes);
  CHECK(VerifyWebAuthn(key, Hash{}, assertion, yes, nullptr, nullptr) ==
        Finding::kStatementSignature);
}

}  // namespace
}  // namespace vidimus

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TryAssertion(bytes);
  std::string assertion;
  AppendWireBytes(1,
                  std::string(kHashBytes, 'r') +
                      "\x05"
                      "1234",
                  &assertion);
  AppendWireBytes(2, bytes, &assertion);
  AppendWireBytes(3, std::string(kEs256SignatureBytes, 's'), &assertion);
  TryAssertion(assertion);
  return 0;
}
