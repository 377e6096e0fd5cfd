// Whatever a browser or a provider sends: what is read of a query is written as
// one that reads the same, one cookie is found or none, and no complaint
// repeats what was sent.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "log/fuzz_checks.h"
#include "log/sign_in_text.h"
#include "verifier/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = vidimus::ParseQuery(text);
  if (query.ok()) {
    CHECK_LE(query->size(), vidimus::kQueryPairsMax);
    const std::string again =
        vidimus::FormatQuery({query->begin(), query->end()});
    // Percent codes make it longer, at most to three times its size.
    if (again.size() <= vidimus::kQueryBytesMax) {
      const auto reread = vidimus::ParseQuery(again);
      CHECK(reread.ok() && *reread == *query);
    }
  } else {
    vidimus::CheckIsPlain(query.status());
  }
  const auto cookie = vidimus::FindCookie({text}, "__Host-vidimus");
  if (!cookie.ok()) {
    vidimus::CheckIsPlain(cookie.status());
  } else if (cookie->has_value()) {
    CHECK((*cookie)->find(';') == std::string::npos);
  }
  const auto token = vidimus::IdTokenOf(size % 2 == 0 ? 200 : 400, text);
  if (token.ok()) {
    CHECK(!token->empty());
  } else {
    vidimus::CheckIsPlain(token.status());
  }
  return 0;
}
