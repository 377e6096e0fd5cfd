// Any bytes as a register document, as its messages, and as its path.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/register.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  for (const uint64_t version : {0, 1}) {
    Config config;
    if (ParseConfig(bytes, version, &config, nullptr) == Finding::kOk) {
      CHECK(JudgeWire(kConfigRule, bytes) == Finding::kOk);
      CHECK_EQ(version == 0, !config.origin.empty());
    }
  }
  Administration administration;
  if (ParseAdministration(bytes, &administration, nullptr) == Finding::kOk) {
    CHECK(!administration.names.empty());
  }

  for (int type = 0; type < kRegisterTypeCount; ++type) {
    const RegisterId id = {static_cast<RegisterType>(type), 0, 0};
    const char* field = nullptr;
    const Finding finding = JudgeDocumentMessage(id, bytes, &field);
    CHECK_EQ(field != nullptr, finding == Finding::kDocumentFieldMissing ||
                                   finding == Finding::kDocumentFieldInvalid ||
                                   finding == Finding::kKeyUnsound);
  }

  Document document;
  if (SplitDocument(bytes, &document) == Finding::kOk) {
    CHECK_EQ(document.signature.size() + document.message.size(), size);
    CHECK(VerifyDocument(bytes, "log.example", {}, document.signature) ==
          Finding::kDocumentSignature);
  }

  const auto hash = ParseRegisterPath(bytes);
  if (hash.has_value()) CHECK(RegisterPath(*hash) == bytes);
  return 0;
}
