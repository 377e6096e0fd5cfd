// Any bytes as a record and as an actor. A message that the strict reader takes
// has no other spelling: written again field by field it is the same bytes.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/check.h"
#include "verifier/record.h"
#include "verifier/wire.h"

namespace {

using namespace vidimus;  // NOLINT: the only names here

std::string Rewrite(const MessageRule& rule, std::string_view message) {
  std::string out;
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->kind) {
      case FieldKind::kMessage:
        AppendWireBytes(field.rule->number,
                        Rewrite(*field.rule->message, field.bytes), &out);
        break;
      case FieldKind::kText:
      case FieldKind::kBytes:
        AppendWireBytes(field.rule->number, field.bytes, &out);
        break;
      default:
        AppendWireNumber(field.rule->number, field.number, &out);
    }
  }
  CHECK(reader.finding() == Finding::kOk);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const MessageRule* rule :
       {&kRecordRule, &kAccessRecordRule, &kNoticeRule, &kActorRule}) {
    if (JudgeWire(*rule, bytes) == Finding::kOk) {
      CHECK(Rewrite(*rule, bytes) == bytes);
    }
  }
  AccessRecord access;
  const char* field = nullptr;
  const Finding finding = ParseAccess(bytes, &access, &field);
  const bool names_field = finding == Finding::kRecordFieldMissing ||
                           finding == Finding::kRecordFieldInvalid;
  CHECK_EQ(field != nullptr, names_field);
  if (finding == Finding::kOk) {
    CHECK_EQ(access.entry_id.size(), 16u);
    CHECK(!access.legal_bases.empty());
  }
  Notice notice;
  field = nullptr;
  const Finding as_notice = ParseNotice(bytes, &notice, &field);
  CHECK_EQ(field != nullptr, as_notice == Finding::kRecordFieldMissing ||
                                 as_notice == Finding::kRecordFieldInvalid);
  CHECK(finding != Finding::kOk || as_notice != Finding::kOk);
  if (as_notice == Finding::kOk) {
    CHECK_EQ(notice.entry_id.size(), 16u);
    CHECK(ContentOf(bytes) == RecordContent::kNotice);
  }
  Actor actor;
  ParseActor(bytes, &actor);
  return 0;
}
