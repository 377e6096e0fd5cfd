// Whatever a caller shows: a token that can be taken apart is put together
// again as the same bytes, nothing that an issuer has not signed is believed,
// and no complaint repeats what was shown. The same bytes are read as a key
// set, too.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "log/fuzz_checks.h"
#include "log/oidc.h"
#include "verifier/check.h"
#include "verifier/encoding.h"

namespace {

vidimus::TokenJudge* Judge() {
  static vidimus::TokenJudge* const judge = [] {
    auto made = vidimus::TokenJudge::Make(
        {{"https://id.example", "vidimus.example", "sub", 1, 60}});
    CHECK(made.ok());
    auto keys = vidimus::ParseJwks(
        vidimus::MakeTryOutJwks("a seed that the corpus has not 1"));
    CHECK(keys.ok());
    (*made)->SetKeys(0, *std::move(keys));
    return made->release();
  }();
  return judge;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = vidimus::ParseToken(text);
  if (token.ok()) {
    CHECK(std::string(token->signed_part) + "." +
              vidimus::Base64UrlEncode(token->signature) ==
          text);
  } else {
    vidimus::CheckIsPlain(token.status());
  }
  const auto subject =
      Judge()->Judge("Bearer " + std::string(text), 1767225600);
  CHECK(!subject.ok());
  vidimus::CheckIsPlain(subject.status());
  const auto keys = vidimus::ParseJwks(text);
  if (keys.ok()) {
    CHECK(!keys->empty());
    CHECK_LE(keys->size(), vidimus::kJwksKeysMax);
  } else {
    vidimus::CheckIsPlain(keys.status());
  }
  return 0;
}
