// Any bytes as the entry bundle of an access log, whose documents are the same
// bytes: the auditor says what is wrong, and nothing else happens.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/audit.h"
#include "verifier/check.h"
#include "verifier/crypto.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool with_documents : {false, true}) {
    AuditOptions options;
    options.access_log = true;
    options.origin = "log.example";
    options.min_batch = 2;
    if (with_documents) {
      options.documents = [bytes](const Hash&, std::string* document) {
        *document = bytes;
        return true;
      };
    }
    int spans = 0;
    options.tile_judge = [&spans](const TileSpan& span) {
      ++spans;
      return span.hashes.empty() ? Finding::kTileMismatch : Finding::kOk;
    };
    Auditor auditor(options);
    if (auditor.AddBundle(0, bytes) == Finding::kOk) {
      const Finding finding = auditor.Finish(auditor.tree().Head());
      CHECK(finding == Finding::kOk || finding == Finding::kBatchUnfinished);
      CHECK(auditor.size() == 0 || spans > 0);
    }
  }
  return 0;
}
