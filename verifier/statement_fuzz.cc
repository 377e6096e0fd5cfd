// Any bytes as a record that holds a statement, and as the statement in it.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/check.h"
#include "verifier/record.h"
#include "verifier/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string record, envelope;
  AppendWireBytes(1, "0123456789abcdef", &envelope);
  AppendWireBytes(2, "\x01id", &envelope);
  AppendWireNumber(3, 0, &envelope);
  AppendWireBytes(4, bytes, &envelope);
  AppendWireNumber(5, 1, &envelope);
  AppendWireBytes(6, "s", &envelope);
  AppendWireBytes(2, envelope, &record);
  for (const std::string_view tried : {bytes, std::string_view(record)}) {
    Statement statement;
    const char* field = nullptr;
    const Finding finding = ParseStatement(tried, &statement, &field);
    CHECK_EQ(field != nullptr, finding == Finding::kRecordFieldMissing ||
                                   finding == Finding::kRecordFieldInvalid ||
                                   finding == Finding::kKeyUnsound);
    if (finding != Finding::kOk) continue;
    CHECK(ContentOf(tried) == RecordContent::kStatement);
    CHECK_EQ(statement.statement_id.size(), kStatementIdBytes);
    CHECK_EQ(statement.key_id.empty(), statement.identity_service.has_value());
    CHECK_EQ(statement.sequence == 0, statement.previous.empty());
    CHECK(JudgeWire(kStatementRule, statement.bytes) == Finding::kOk);
  }
  return 0;
}
