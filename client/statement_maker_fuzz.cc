// What goes between a wallet and an identity service, out of any bytes: a
// request that is signed makes statements that the wallet which asked takes,
// and anything else is refused.

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/statement_maker.h"
#include "proto/json.h"
#include "verifier/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a test
  static const auto& service = *new Ed25519Signer(std::string(32, 's'));
  static const auto& own = *new Ed25519Signer(std::string(32, 'o'));
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  v1::KeyRequest request;
  if (FromJson(json, &request).ok()) {
    // Nobody but the fuzzer's own key can have asked; the second time it has.
    for (int asked = 0; asked < 2; ++asked) {
      const auto statements = SignRequested(request, "", "", 0, service);
      if (statements.ok()) {
        CHECK(TakeKeyStatements(*statements, request.family(),
                                request.subject(), {request.public_key()})
                  .ok());
      }
      SignRequest(own, &request);
    }
  }
  v1::KeyStatements statements;
  if (FromJson(json, &statements).ok()) {
    const auto pending =
        TakeKeyStatements(statements, "log.example/city", "\x01me",
                          {std::string(own.public_key())});
    if (pending.ok()) CHECK(pending->entry_size() > 0);
  }
  return 0;
}
