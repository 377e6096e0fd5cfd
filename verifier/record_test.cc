#include "verifier/record.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proto/record.pb.h"
#include "verifier/descriptors.h"
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
  ExpectSameFields(kActorRule, *v1::Actor::descriptor());
}

TEST(RecordTest, StatementsAndNoticesHaveTheirNumbersReserved) {
  EXPECT_TRUE(v1::Record::descriptor()->IsReservedNumber(2));
  EXPECT_TRUE(v1::Record::descriptor()->IsReservedNumber(3));
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
  AppendWireBytes(2, "statement", &statement);
  EXPECT_EQ(ParseAccess(statement, &access, nullptr),
            Finding::kWireUnknownField);
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
