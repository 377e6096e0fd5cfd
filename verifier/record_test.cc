#include "verifier/record.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proto/record.pb.h"
#include "verifier/descriptors.h"
#include "verifier/register.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

v1::AccessRecord GoodAccess() {
  v1::AccessRecord access;
  access.set_entry_id(std::string(16, 'e'));
  access.set_occurred_at_ms(1767225600123);
  access.set_controller_id("0201256-6");
  access.set_subject(std::string("\x01") + "id");
  access.set_administration(0);
  access.set_operation(v1::READ);
  access.add_data_category("Income");
  access.add_data_category("Family");
  access.set_purpose("SocialWelfareEligibilityAssessment");
  auto* basis = access.add_legal_basis();
  basis->set_basis("A6-1-e");
  basis->set_provision(0);
  access.mutable_as_of()->set_origin("log.example/city/2026h2");
  access.mutable_as_of()->set_size(2);
  return access;
}

std::string Bytes(const v1::AccessRecord& access) {
  v1::Record record;
  *record.mutable_access() = access;
  return record.SerializeAsString();
}

Finding Parse(const v1::AccessRecord& access, const char** field) {
  AccessRecord parsed;
  return ParseAccess(Bytes(access), &parsed, field);
}

TEST(RecordTest, TheTablesAreThoseOfTheProtoFile) {
  ExpectSameFields(kRecordRule, *v1::Record::descriptor());
  ExpectSameFields(kAccessRecordRule, *v1::AccessRecord::descriptor());
  ExpectSameFields(kNoticeRule, *v1::Notice::descriptor());
  ExpectSameFields(kActorRule, *v1::Actor::descriptor());
}

TEST(RecordTest, AcceptsAnAccessWithWhatTheDoorDemands) {
  const std::string record = Bytes(GoodAccess());
  AccessRecord access;
  ASSERT_EQ(ParseAccess(record, &access, nullptr), Finding::kOk);
  EXPECT_EQ(access.entry_id, std::string(16, 'e'));
  EXPECT_EQ(access.occurred_at_ms, 1767225600123u);
  EXPECT_EQ(access.administration, 0u);
  EXPECT_EQ(access.data_categories.size(), 2u);
  ASSERT_EQ(access.legal_bases.size(), 1u);
  EXPECT_EQ(access.legal_bases[0].basis, "A6-1-e");
  EXPECT_EQ(access.legal_bases[0].provision, 0u);
  EXPECT_EQ(access.as_of_size, 2u);
}

TEST(RecordTest, AcceptsEveryFieldThatTheProtoFileHas) {
  v1::AccessRecord access = GoodAccess();
  const auto* reflection = access.GetReflection();
  const auto* descriptor = access.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->is_repeated() || reflection->HasField(access, field)) continue;
    switch (KindOf(*field)) {
      case FieldKind::kUint32:
        reflection->SetUInt32(&access, field, 1);
        break;
      case FieldKind::kUint64:
        reflection->SetUInt64(&access, field, 1);
        break;
      case FieldKind::kBool:
        reflection->SetBool(&access, field, true);
        break;
      case FieldKind::kEnum:
        reflection->SetEnumValue(&access, field, 77);
        break;
      case FieldKind::kMessage:
        reflection->MutableMessage(&access, field);
        break;
      default:
        reflection->SetString(&access, field, "x");
    }
  }
  access.add_processing("Consult");
  access.add_field("street");
  auto* reason = access.add_reason_text();
  reason->set_language("sv");
  reason->set_text("Vi handl\xc3\xa4gger din ans\xc3\xb6kan");
  EXPECT_EQ(Parse(access, nullptr), Finding::kOk);
}

TEST(RecordTest, RejectsAnAccessThatLacksARequiredField) {
  using Change = std::function<void(v1::AccessRecord*)>;
  const std::vector<std::pair<const char*, Change>> kChanges = {
      {"entry_id", [](auto* access) { access->clear_entry_id(); }},
      {"occurred_at_ms", [](auto* access) { access->clear_occurred_at_ms(); }},
      {"controller_id", [](auto* access) { access->clear_controller_id(); }},
      {"controller_id", [](auto* access) { access->set_controller_id(""); }},
      {"subject", [](auto* access) { access->clear_subject(); }},
      {"administration", [](auto* access) { access->clear_administration(); }},
      {"operation", [](auto* access) { access->clear_operation(); }},
      {"operation",
       [](auto* access) { access->set_operation(v1::OPERATION_UNSPECIFIED); }},
      {"data_category", [](auto* access) { access->clear_data_category(); }},
      {"purpose", [](auto* access) { access->clear_purpose(); }},
      {"legal_basis", [](auto* access) { access->clear_legal_basis(); }},
      {"basis", [](auto* access) { access->add_legal_basis(); }},
      {"as_of", [](auto* access) { access->clear_as_of(); }},
      {"as_of", [](auto* access) { access->mutable_as_of()->clear_origin(); }},
      {"as_of", [](auto* access) { access->mutable_as_of()->set_size(0); }},
  };
  for (const auto& [name, change] : kChanges) {
    v1::AccessRecord access = GoodAccess();
    change(&access);
    const char* field = "";
    EXPECT_EQ(Parse(access, &field), Finding::kRecordFieldMissing) << name;
    EXPECT_STREQ(field, name);
  }
}

TEST(RecordTest, RejectsValuesThatAFieldMayNotHave) {
  using Change = std::function<void(v1::AccessRecord*)>;
  const std::vector<std::pair<const char*, Change>> kChanges = {
      {"entry_id",
       [](auto* access) { access->set_entry_id(std::string(15, 'e')); }},
      {"subject", [](auto* access) { access->set_subject("\x01"); }},
      {"subject",
       [](auto* access) { access->set_subject(std::string(256, 's')); }},
      {"administration",
       [](auto* access) { access->set_administration(0xffffffff); }},
      {"data_category", [](auto* access) { access->add_data_category(""); }},
  };
  for (const auto& [name, change] : kChanges) {
    v1::AccessRecord access = GoodAccess();
    change(&access);
    const char* field = "";
    EXPECT_EQ(Parse(access, &field), Finding::kRecordFieldInvalid) << name;
    EXPECT_STREQ(field, name);
  }
}

TEST(RecordTest, KeepsEnumValuesThatItDoesNotKnow) {
  v1::AccessRecord access = GoodAccess();
  access.set_operation(static_cast<v1::Operation>(4711));
  const std::string record = Bytes(access);
  AccessRecord parsed;
  ASSERT_EQ(ParseAccess(record, &parsed, nullptr), Finding::kOk);
  EXPECT_EQ(parsed.operation, 4711u);
}

TEST(RecordTest, RejectsWhatIsNoAccess) {
  AccessRecord access;
  const char* field = "";
  EXPECT_EQ(ParseAccess("", &access, &field), Finding::kRecordFieldMissing);
  EXPECT_STREQ(field, "access");
  std::string statement;
  AppendWireBytes(2, "", &statement);
  EXPECT_EQ(ParseAccess(statement, &access, nullptr),
            Finding::kRecordFieldMissing);
  EXPECT_EQ(ParseAccess(GoodAccess().SerializeAsString(), &access, nullptr),
            Finding::kWireUnknownField);
  const std::string good = Bytes(GoodAccess());
  EXPECT_EQ(ParseAccess(good + good, &access, nullptr),
            Finding::kWireRepeatedField);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(
        ParseAccess(std::string_view(good).substr(0, size), &access, nullptr),
        Finding::kOk);
  }
}

v1::Notice GoodNotice() {
  v1::Notice notice;
  notice.set_entry_id(std::string(16, 'n'));
  notice.set_subject(std::string("\x01") + "id");
  notice.set_administration(3);
  notice.set_at_s(1767225600);
  return notice;
}

v1::Notice GoodErasure() {
  v1::Notice notice = GoodNotice();
  v1::Erasure* const erasure = notice.mutable_erasure();
  erasure->set_entry(0);
  erasure->mutable_ground()->set_ground("retention");
  erasure->mutable_ground()->set_authority("City Archive");
  erasure->mutable_ground()->set_provision(7);
  erasure->set_statement_id("wish");
  return notice;
}

v1::Notice GoodWithholding() {
  v1::Notice notice = GoodNotice();
  v1::Withholding* const withholding = notice.mutable_withholding();
  withholding->set_entry(5);
  withholding->set_until_s(1800000000);
  withholding->mutable_ground()->set_ground("investigation");
  withholding->mutable_ground()->set_authority("Prosecutor");
  return notice;
}

v1::Notice GoodRestriction() {
  v1::Notice notice = GoodNotice();
  v1::Restriction* const restriction = notice.mutable_restriction();
  restriction->set_entry(6);
  restriction->set_lifted(true);
  restriction->mutable_ground()->set_ground("dispute");
  restriction->mutable_ground()->set_authority("Ombudsman");
  return notice;
}

v1::Notice GoodKeyFetch() {
  v1::Notice notice = GoodNotice();
  notice.set_administration(kSelf);
  notice.mutable_key_fetch()->set_chain_administration(0);
  notice.mutable_key_fetch()->set_fetched_by(0);
  return notice;
}

std::string Bytes(const v1::Notice& notice) {
  v1::Record record;
  *record.mutable_notice() = notice;
  return record.SerializeAsString();
}

TEST(RecordTest, AcceptsEachEventOfANotice) {
  std::string record = Bytes(GoodErasure());
  Notice notice;
  ASSERT_EQ(ParseNotice(record, &notice, nullptr), Finding::kOk);
  EXPECT_EQ(ContentOf(record), RecordContent::kNotice);
  EXPECT_EQ(notice.entry_id, std::string(16, 'n'));
  EXPECT_EQ(notice.subject, "\x01id");
  EXPECT_EQ(notice.administration, 3u);
  EXPECT_EQ(notice.at_s, 1767225600u);
  EXPECT_EQ(notice.event, NoticeEvent::kErasure);
  EXPECT_EQ(notice.entry, 0u);
  EXPECT_EQ(notice.ground, "retention");
  EXPECT_EQ(notice.authority, "City Archive");
  EXPECT_EQ(notice.provision, 7u);
  EXPECT_EQ(notice.statement_id, "wish");

  record = Bytes(GoodWithholding());
  ASSERT_EQ(ParseNotice(record, &notice, nullptr), Finding::kOk);
  EXPECT_EQ(notice.event, NoticeEvent::kWithholding);
  EXPECT_EQ(notice.entry, 5u);
  EXPECT_EQ(notice.until_s, 1800000000u);
  EXPECT_EQ(notice.ground, "investigation");
  EXPECT_FALSE(notice.provision.has_value());

  record = Bytes(GoodRestriction());
  ASSERT_EQ(ParseNotice(record, &notice, nullptr), Finding::kOk);
  EXPECT_EQ(notice.event, NoticeEvent::kRestriction);
  EXPECT_TRUE(notice.lifted);

  record = Bytes(GoodKeyFetch());
  ASSERT_EQ(ParseNotice(record, &notice, nullptr), Finding::kOk);
  EXPECT_EQ(notice.event, NoticeEvent::kKeyFetch);
  EXPECT_EQ(notice.administration, kSelf);
}

TEST(RecordTest, RejectsANoticeThatLacksARequiredField) {
  using Change = std::function<void(v1::Notice*)>;
  struct Case {
    const char* field;
    v1::Notice notice;
    Change change;
  };
  const std::vector<Case> kCases = {
      {"entry_id", GoodErasure(), [](auto* n) { n->clear_entry_id(); }},
      {"subject", GoodErasure(), [](auto* n) { n->clear_subject(); }},
      {"administration", GoodErasure(),
       [](auto* n) { n->clear_administration(); }},
      {"at_s", GoodErasure(), [](auto* n) { n->clear_at_s(); }},
      {"event", GoodErasure(), [](auto* n) { n->clear_event(); }},
      {"entry", GoodErasure(),
       [](auto* n) { n->mutable_erasure()->clear_entry(); }},
      {"ground", GoodErasure(),
       [](auto* n) { n->mutable_erasure()->clear_ground(); }},
      {"ground", GoodErasure(),
       [](auto* n) { n->mutable_erasure()->mutable_ground()->clear_ground(); }},
      {"authority", GoodErasure(),
       [](auto* n) {
         n->mutable_erasure()->mutable_ground()->set_authority("");
       }},
      {"entry", GoodWithholding(),
       [](auto* n) { n->mutable_withholding()->clear_entry(); }},
      {"until_s", GoodWithholding(),
       [](auto* n) { n->mutable_withholding()->clear_until_s(); }},
      {"until_s", GoodWithholding(),
       [](auto* n) { n->mutable_withholding()->set_until_s(0); }},
      {"ground", GoodWithholding(),
       [](auto* n) { n->mutable_withholding()->clear_ground(); }},
      {"entry", GoodRestriction(),
       [](auto* n) { n->mutable_restriction()->clear_entry(); }},
      {"ground", GoodRestriction(),
       [](auto* n) { n->mutable_restriction()->clear_ground(); }},
      {"chain_administration", GoodKeyFetch(),
       [](auto* n) { n->mutable_key_fetch()->clear_chain_administration(); }},
      {"fetched_by", GoodKeyFetch(),
       [](auto* n) { n->mutable_key_fetch()->clear_fetched_by(); }},
  };
  for (const Case& one : kCases) {
    v1::Notice changed = one.notice;
    one.change(&changed);
    const std::string record = Bytes(changed);
    Notice notice;
    const char* field = "";
    EXPECT_EQ(ParseNotice(record, &notice, &field),
              Finding::kRecordFieldMissing)
        << one.field;
    EXPECT_STREQ(field, one.field);
  }
}

TEST(RecordTest, RejectsValuesThatANoticeMayNotHave) {
  Notice notice;
  const char* field = "";
  v1::Notice changed = GoodErasure();
  changed.set_entry_id(std::string(17, 'n'));
  EXPECT_EQ(ParseNotice(Bytes(changed), &notice, &field),
            Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "entry_id");
  changed = GoodErasure();
  changed.set_subject("\x01");
  EXPECT_EQ(ParseNotice(Bytes(changed), &notice, &field),
            Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "subject");
  // Who fetched a key stands in the chain `self` and nowhere else.
  changed = GoodKeyFetch();
  changed.set_administration(0);
  EXPECT_EQ(ParseNotice(Bytes(changed), &notice, &field),
            Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "administration");
}

TEST(RecordTest, RejectsTwoEventsAndTwoContents) {
  // What no serialiser of a oneof writes.
  std::string both = GoodErasure().SerializeAsString();
  v1::Notice second;
  *second.mutable_restriction() = GoodRestriction().restriction();
  both += second.SerializeAsString();
  std::string record;
  AppendWireBytes(3, both, &record);
  Notice notice;
  const char* field = "";
  EXPECT_EQ(ParseNotice(record, &notice, &field), Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "restriction");

  record = Bytes(GoodAccess()) + Bytes(GoodErasure());
  AccessRecord access;
  EXPECT_EQ(ParseAccess(record, &access, &field), Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "notice");
  EXPECT_EQ(ParseNotice(record, &notice, &field), Finding::kRecordFieldMissing);
  EXPECT_STREQ(field, "notice");
}

TEST(RecordTest, ANoticeIsNoAccessAndAnAccessNoNotice) {
  const std::string erasure = Bytes(GoodErasure());
  const std::string read = Bytes(GoodAccess());
  AccessRecord access;
  Notice notice;
  EXPECT_EQ(ParseAccess(erasure, &access, nullptr),
            Finding::kRecordFieldMissing);
  EXPECT_EQ(ParseNotice(read, &notice, nullptr), Finding::kRecordFieldMissing);
  EXPECT_EQ(ContentOf(read), RecordContent::kAccess);
  EXPECT_EQ(ContentOf(""), RecordContent::kUnknown);
  EXPECT_EQ(ParseNotice("", &notice, nullptr), Finding::kRecordFieldMissing);
  for (size_t size = 0; size < erasure.size(); ++size) {
    EXPECT_NE(ParseNotice(std::string_view(erasure).substr(0, size), &notice,
                          nullptr),
              Finding::kOk);
  }
}

TEST(RecordTest, AnActorMayBeEmpty) {
  Actor actor;
  EXPECT_EQ(ParseActor("", &actor), Finding::kOk);
  v1::Actor message;
  message.set_id("id");
  message.set_client_id("client");
  message.set_service("service");
  message.set_ip("192.0.2.1");
  const std::string bytes = message.SerializeAsString();
  ASSERT_EQ(ParseActor(bytes, &actor), Finding::kOk);
  EXPECT_EQ(actor.id, "id");
  EXPECT_EQ(actor.client_id, "client");
  EXPECT_EQ(actor.service, "service");
  EXPECT_EQ(actor.ip, "192.0.2.1");
  EXPECT_EQ(ParseActor(bytes.substr(0, bytes.size() - 1), &actor),
            Finding::kWireTruncated);
}

}  // namespace
}  // namespace vidimus
