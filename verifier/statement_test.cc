#include "verifier/statement.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "proto/record.pb.h"
#include "verifier/crypto.h"
#include "verifier/descriptors.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/webauthn.h"

namespace vidimus {
namespace {

constexpr char kFamily[] = "log.example/city";
constexpr uint32_t kBoard = 3;

std::string Id(char c) { return std::string(kStatementIdBytes, c); }
const std::string kSubject = std::string("\x01") + "id";

v1::Statement Bare() {
  v1::Statement statement;
  statement.set_statement_id(Id('s'));
  statement.set_sequence(1);
  statement.set_previous(std::string(32, 'p'));
  statement.set_key_id(Id('k'));
  statement.set_made_at_ms(1767225600123);
  statement.set_language("sv");
  statement.set_words_sha256(std::string(32, 'w'));
  statement.set_schema_version("ISO/IEC TS 27560:2023");
  return statement;
}

v1::Statement GoodGrant() {
  v1::Statement statement = Bare();
  v1::Grant* grant = statement.mutable_grant();
  grant->add_administration(kBoard);
  grant->add_administration(7);
  v1::Scope* scope = grant->mutable_scope();
  scope->add_recipient("0101263-6");
  scope->add_purpose("PublicServiceProvision");
  scope->add_data_category("Income");
  scope->add_data_category("Family");
  scope->set_valid_from_s(1000);
  scope->set_valid_until_s(2000);
  grant->set_assurance(v1::WALLET_KEY);
  grant->set_lawful_basis("A6-1-a-explicit-consent");
  grant->set_privacy_notice("https://city.example/notice");
  grant->set_storage_location("EU");
  grant->set_retention_s(86400);
  grant->set_jurisdiction("FI");
  grant->set_withdrawal_method("In the app");
  return statement;
}

v1::Statement GoodKeyAdd() {
  v1::Statement statement = Bare();
  statement.clear_key_id();
  statement.set_identity_service(0);
  statement.set_sequence(0);
  statement.clear_previous();
  statement.mutable_key_add()->set_kind(v1::ED25519);
  statement.mutable_key_add()->set_public_key(
      std::string(Ed25519Signer(std::string(32, 'r')).public_key()));
  statement.mutable_key_add()->set_name("Phone");
  return statement;
}

v1::Statement GoodDelegation() {
  v1::Statement statement = Bare();
  *statement.mutable_delegate()->mutable_key() = GoodKeyAdd().key_add();
  statement.mutable_delegate()->mutable_scope()->add_purpose("Education");
  statement.mutable_delegate()->set_until_s(3000);
  statement.mutable_delegate()->set_relation("guardian");
  return statement;
}

v1::SignedStatement Signed(const v1::Statement& statement) {
  v1::SignedStatement envelope;
  envelope.set_entry_id(std::string(16, 'e'));
  envelope.set_subject(kSubject);
  envelope.set_administration(kBoard);
  envelope.set_statement(statement.SerializeAsString());
  envelope.set_signature_kind(v1::ED25519);
  envelope.set_signature(std::string(64, 'x'));
  return envelope;
}

std::string Record(const v1::SignedStatement& envelope) {
  v1::Record record;
  *record.mutable_statement() = envelope;
  return record.SerializeAsString();
}

std::string Record(const v1::Statement& statement) {
  return Record(Signed(statement));
}

Finding Parse(const std::string& record, const char** field) {
  Statement statement;
  return ParseStatement(record, &statement, field);
}

TEST(StatementTest, TheTablesAreThoseOfTheProtoFile) {
  ExpectSameFields(kStatementRule, *v1::Statement::descriptor());
  ExpectSameFields(kSignedStatementRule, *v1::SignedStatement::descriptor());
  ExpectSameFields(kWebAuthnAssertionRule,
                   *v1::WebAuthnAssertion::descriptor());
}

TEST(StatementTest, AFamilyIsAnOriginWithoutItsLastElement) {
  EXPECT_EQ(FamilyOf("vidimus.example/helsinki/2026h2"),
            "vidimus.example/helsinki");
  EXPECT_EQ(FamilyOf("vidimus.example"), "vidimus.example");
  EXPECT_EQ(FamilyOf(""), "");
}

TEST(StatementTest, SignedAreFamilyAndChainAndBytes) {
  const Hash hash = StatementHash(kFamily, kSubject, kBoard, "statement");
  const std::string signed_bytes = StatementSignedBytes(hash);
  EXPECT_EQ(signed_bytes.size(), 53u);
  const Ed25519Signer wallet(std::string(32, 'r'));
  const std::string signature = wallet.Sign(signed_bytes);
  const auto verify = [&](const Hash& of, std::string_view by) {
    return VerifyStatement(kSignatureEd25519, by, of, signature, nullptr);
  };
  EXPECT_EQ(verify(hash, wallet.public_key()), Finding::kOk);
  const Ed25519Signer stranger(std::string(32, 'q'));
  EXPECT_EQ(verify(hash, stranger.public_key()), Finding::kStatementSignature);
  EXPECT_EQ(verify(hash, ""), Finding::kStatementSignature);
}

TEST(StatementTest, RejectsAStatementForAnotherFamilyOrChain) {
  const Ed25519Signer wallet(std::string(32, 'r'));
  const std::string signature = wallet.Sign(
      StatementSignedBytes(StatementHash(kFamily, kSubject, kBoard, "bytes")));
  for (const Hash& other :
       {StatementHash("log.example/other", kSubject, kBoard, "bytes"),
        StatementHash(kFamily, kSubject + "e", kBoard, "bytes"),
        StatementHash(kFamily, kSubject, kBoard + 1, "bytes"),
        StatementHash(kFamily, kSubject, kSelf, "bytes"),
        StatementHash(kFamily, kSubject, kBoard, "byte"),
        // The same characters, cut elsewhere.
        StatementHash("log.example/cit", "y" + kSubject, kBoard, "bytes")}) {
    EXPECT_EQ(VerifyStatement(kSignatureEd25519, wallet.public_key(), other,
                              signature, nullptr),
              Finding::kStatementSignature);
  }
}

TEST(StatementTest, AnUnknownKindOfSignatureIsUnproven) {
  const Hash hash = StatementHash(kFamily, kSubject, kBoard, "bytes");
  const std::string point = "\x04" + std::string(64, 'x');
  const std::string signature(64, 's');
  const Es256Verify yes = [](std::string_view, std::string_view,
                             std::string_view) { return true; };
  const Es256Verify no = [](std::string_view, std::string_view,
                            std::string_view) { return false; };
  for (const uint32_t kind : {0u, 5u, 0x7fffffffu}) {
    EXPECT_EQ(VerifyStatement(kind, point, hash, signature, yes),
              Finding::kSignatureKindUnknown);
  }
  for (const uint32_t kind :
       {kSignatureEs256, kSignatureKeyBinding, kSignatureWebAuthn}) {
    EXPECT_EQ(VerifyStatement(kind, point, hash, signature, nullptr),
              Finding::kSignatureKindUnknown);
  }
  EXPECT_EQ(VerifyStatement(kSignatureEs256, point, hash, signature, yes),
            Finding::kOk);
  EXPECT_EQ(VerifyStatement(kSignatureEs256, point, hash, signature, no),
            Finding::kStatementSignature);
  EXPECT_EQ(
      VerifyStatement(kSignatureEs256, point.substr(1), hash, signature, yes),
      Finding::kStatementSignature);
  EXPECT_EQ(VerifyStatement(kSignatureEs256, point, hash, signature + "s", yes),
            Finding::kStatementSignature);
}

TEST(StatementTest, AcceptsAGrantAndSaysWhatItCovers) {
  const std::string record = Record(GoodGrant());
  EXPECT_EQ(ContentOf(record), RecordContent::kStatement);
  Statement statement;
  const char* field = "";
  ASSERT_EQ(ParseStatement(record, &statement, &field), Finding::kOk) << field;
  EXPECT_EQ(statement.entry_id, std::string(16, 'e'));
  EXPECT_EQ(statement.subject, kSubject);
  EXPECT_EQ(statement.administration, kBoard);
  EXPECT_EQ(statement.bytes, GoodGrant().SerializeAsString());
  EXPECT_EQ(statement.signature_kind, kSignatureEd25519);
  EXPECT_EQ(statement.statement_id, Id('s'));
  EXPECT_EQ(statement.sequence, 1u);
  EXPECT_EQ(statement.previous, std::string(32, 'p'));
  EXPECT_EQ(statement.key_id, Id('k'));
  EXPECT_EQ(statement.language, "sv");
  EXPECT_EQ(statement.event, StatementEvent::kGrant);
  EXPECT_EQ(statement.administrations, (std::vector<uint32_t>{kBoard, 7}));
  EXPECT_EQ(statement.scope.recipients[0], "0101263-6");
  EXPECT_EQ(statement.scope.purposes[0], "PublicServiceProvision");
  EXPECT_EQ(statement.scope.data_categories.size(), 2u);
  EXPECT_EQ(statement.scope.valid_from_s, 1000u);
  EXPECT_EQ(statement.scope.valid_until_s, 2000u);
  EXPECT_EQ(statement.assurance, Assurance::kWalletKey);
}

TEST(StatementTest, AcceptsEveryEvent) {
  std::vector<v1::Statement> statements(kStatementEventCount, Bare());
  statements[0] = GoodGrant();
  statements[1].mutable_withdrawal()->set_everything(true);
  statements[2].mutable_prohibition();
  statements[3].mutable_objection()->mutable_scope()->add_purpose("x");
  statements[4].mutable_preference()->set_wanted(false);
  statements[5].mutable_dispute()->set_entry(0);
  statements[6] = GoodKeyAdd();
  statements[7].mutable_key_revoke()->set_key_id(Id('r'));
  *statements[8].mutable_recover() = GoodKeyAdd().key_add();
  statements[9] = GoodDelegation();
  statements[10].mutable_alias()->set_subject(kSubject);
  for (int event = 0; event < kStatementEventCount; ++event) {
    const std::string record = Record(statements[event]);
    Statement statement;
    const char* field = "";
    EXPECT_EQ(ParseStatement(record, &statement, &field), Finding::kOk)
        << event << " " << field;
    EXPECT_EQ(static_cast<int>(statement.event), event);
    // No beginning of it is one, too.
    for (size_t size = 0; size < record.size(); ++size) {
      EXPECT_NE(Parse(record.substr(0, size), nullptr), Finding::kOk);
    }
  }
  EXPECT_STREQ(StatementEventName(StatementEvent::kGrant), "grant");
  EXPECT_STREQ(StatementEventName(StatementEvent::kAlias), "alias");
}

TEST(StatementTest, KeepsSignaturesAndKeysOfUnknownKinds) {
  v1::Statement key = GoodKeyAdd();
  key.mutable_key_add()->set_kind(static_cast<v1::SignatureKind>(77));
  key.mutable_key_add()->set_public_key("any");
  v1::SignedStatement envelope = Signed(key);
  envelope.set_signature_kind(static_cast<v1::SignatureKind>(78));
  const std::string record = Record(envelope);
  Statement statement;
  ASSERT_EQ(ParseStatement(record, &statement, nullptr), Finding::kOk);
  EXPECT_EQ(statement.signature_kind, 78u);
  EXPECT_EQ(statement.key_kind, 77u);
}

struct Case {
  Finding finding;
  const char* field;
  v1::Statement statement;
};

Case Changed(Finding finding, const char* field, v1::Statement statement,
             const std::function<void(v1::Statement*)>& change) {
  change(&statement);
  return {finding, field, std::move(statement)};
}

TEST(StatementTest, RejectsStatementsThatAreNotWellFormed) {
  constexpr Finding kMissing = Finding::kRecordFieldMissing;
  constexpr Finding kInvalid = Finding::kRecordFieldInvalid;
  const std::vector<Case> kCases = {
      Changed(kMissing, "statement_id", GoodGrant(),
              [](auto* s) { s->clear_statement_id(); }),
      Changed(kInvalid, "statement_id", GoodGrant(),
              [](auto* s) { s->set_statement_id("short"); }),
      Changed(kMissing, "sequence", GoodGrant(),
              [](auto* s) { s->clear_sequence(); }),
      Changed(kMissing, "previous", GoodGrant(),
              [](auto* s) { s->clear_previous(); }),
      Changed(kInvalid, "previous", GoodGrant(),
              [](auto* s) { s->set_sequence(0); }),
      Changed(kInvalid, "previous", GoodGrant(),
              [](auto* s) { s->set_previous("short"); }),
      Changed(kMissing, "key_id", GoodGrant(),
              [](auto* s) { s->clear_key_id(); }),
      Changed(kInvalid, "key_id", GoodGrant(),
              [](auto* s) { s->set_key_id("short"); }),
      Changed(kInvalid, "identity_service", GoodGrant(),
              [](auto* s) { s->set_identity_service(0); }),
      Changed(kMissing, "language", GoodGrant(),
              [](auto* s) { s->clear_language(); }),
      Changed(kMissing, "words_sha256", GoodGrant(),
              [](auto* s) { s->clear_words_sha256(); }),
      Changed(kInvalid, "words_sha256", GoodGrant(),
              [](auto* s) { s->set_words_sha256("short"); }),
      {kMissing, "event", Bare()},
      Changed(kMissing, "administration", GoodGrant(),
              [](auto* s) { s->mutable_grant()->clear_administration(); }),
      Changed(kInvalid, "administration", GoodGrant(),
              [](auto* s) { s->mutable_grant()->add_administration(kSelf); }),
      Changed(kMissing, "purpose", GoodGrant(),
              [](auto* s) { s->mutable_grant()->clear_scope(); }),
      Changed(kInvalid, "purpose", GoodGrant(),
              [](auto* s) {
                s->mutable_grant()->mutable_scope()->add_purpose("");
              }),
      Changed(kMissing, "data_category", GoodGrant(),
              [](auto* s) {
                s->mutable_grant()->mutable_scope()->clear_data_category();
              }),
      Changed(kInvalid, "recipient", GoodGrant(),
              [](auto* s) {
                s->mutable_grant()->mutable_scope()->add_recipient("");
              }),
      Changed(kInvalid, "valid_until_s", GoodGrant(),
              [](auto* s) {
                s->mutable_grant()->mutable_scope()->set_valid_until_s(1000);
              }),
      Changed(kMissing, "assurance", GoodGrant(),
              [](auto* s) { s->mutable_grant()->clear_assurance(); }),
      Changed(kInvalid, "assurance", GoodGrant(),
              [](auto* s) {
                s->mutable_grant()->set_assurance(
                    static_cast<v1::Assurance>(4));
              }),
      Changed(kMissing, "lawful_basis", GoodGrant(),
              [](auto* s) { s->mutable_grant()->clear_lawful_basis(); }),
      Changed(kInvalid, "lawful_basis", GoodGrant(),
              [](auto* s) { s->mutable_grant()->set_lawful_basis("A6-1-e"); }),
      Changed(kMissing, "statement_id", Bare(),
              [](auto* s) { s->mutable_withdrawal()->set_everything(false); }),
      Changed(kInvalid, "statement_id", Bare(),
              [](auto* s) { s->mutable_withdrawal()->add_statement_id("x"); }),
      Changed(kMissing, "entry", Bare(),
              [](auto* s) { s->mutable_dispute()->set_reason("why"); }),
      Changed(kMissing, "kind", GoodKeyAdd(),
              [](auto* s) { s->mutable_key_add()->clear_kind(); }),
      Changed(kMissing, "public_key", GoodKeyAdd(),
              [](auto* s) { s->mutable_key_add()->clear_public_key(); }),
      Changed(Finding::kKeyUnsound, "public_key", GoodKeyAdd(),
              [](auto* s) {
                s->mutable_key_add()->set_public_key(std::string(32, '\0'));
              }),
      Changed(Finding::kKeyUnsound, "public_key", GoodKeyAdd(),
              [](auto* s) { s->mutable_key_add()->set_kind(v1::ES256); }),
      Changed(
          Finding::kKeyUnsound, "public_key", GoodKeyAdd(),
          [](auto* s) { s->mutable_key_add()->set_kind(v1::KEY_BINDING_JWT); }),
      Changed(Finding::kKeyUnsound, "public_key", GoodKeyAdd(),
              [](auto* s) {
                s->mutable_key_add()->set_kind(v1::WEBAUTHN);
                s->mutable_key_add()->set_public_key("\x02" +
                                                     std::string(64, 'x'));
              }),
      Changed(kMissing, "key_id", Bare(),
              [](auto* s) { s->mutable_key_revoke(); }),
      Changed(kInvalid, "key_id", Bare(),
              [](auto* s) { s->mutable_key_revoke()->set_key_id("x"); }),
      Changed(kMissing, "key", GoodDelegation(),
              [](auto* s) { s->mutable_delegate()->clear_key(); }),
      Changed(kMissing, "until_s", GoodDelegation(),
              [](auto* s) { s->mutable_delegate()->clear_until_s(); }),
      Changed(kMissing, "subject", Bare(), [](auto* s) { s->mutable_alias(); }),
      Changed(kInvalid, "subject", Bare(),
              [](auto* s) { s->mutable_alias()->set_subject("x"); }),
  };
  for (const Case& refused : kCases) {
    const char* field = "";
    EXPECT_EQ(Parse(Record(refused.statement), &field), refused.finding)
        << refused.field;
    EXPECT_STREQ(field, refused.field);
  }
}

TEST(StatementTest, RejectsEnvelopesThatAreNotWellFormed) {
  constexpr Finding kMissing = Finding::kRecordFieldMissing;
  constexpr Finding kInvalid = Finding::kRecordFieldInvalid;
  struct Envelope {
    Finding finding;
    const char* field;
    std::function<void(v1::SignedStatement*)> change;
  };
  const std::vector<Envelope> kCases = {
      {kMissing, "entry_id", [](auto* s) { s->clear_entry_id(); }},
      {kInvalid, "entry_id", [](auto* s) { s->set_entry_id("x"); }},
      {kMissing, "subject", [](auto* s) { s->clear_subject(); }},
      {kInvalid, "subject", [](auto* s) { s->set_subject("x"); }},
      {kMissing, "administration", [](auto* s) { s->clear_administration(); }},
      {kMissing, "statement", [](auto* s) { s->clear_statement(); }},
      {kMissing, "signature_kind", [](auto* s) { s->clear_signature_kind(); }},
      {kMissing, "signature", [](auto* s) { s->clear_signature(); }},
  };
  for (const Envelope& refused : kCases) {
    v1::SignedStatement envelope = Signed(GoodGrant());
    refused.change(&envelope);
    const char* field = "";
    EXPECT_EQ(Parse(Record(envelope), &field), refused.finding)
        << refused.field;
    EXPECT_STREQ(field, refused.field);
  }
  const char* field = "";
  EXPECT_EQ(Parse("", &field), kMissing);
  EXPECT_STREQ(field, "statement");
  std::string two = Record(GoodGrant());
  AppendWireBytes(3, "", &two);
  EXPECT_EQ(Parse(two, &field), kInvalid);
  EXPECT_STREQ(field, "notice");
}

TEST(StatementTest, RejectsTwoEventsAndUnknownOnes) {
  // What no serialiser of a oneof writes.
  v1::Statement second;
  second.mutable_alias()->set_subject(kSubject);
  v1::SignedStatement envelope = Signed(GoodGrant());
  envelope.set_statement(envelope.statement() + second.SerializeAsString());
  const char* field = "";
  EXPECT_EQ(Parse(Record(envelope), &field), Finding::kRecordFieldInvalid);
  EXPECT_STREQ(field, "alias");
  std::string unknown = Bare().SerializeAsString();
  AppendWireBytes(21, "", &unknown);
  envelope.set_statement(unknown);
  EXPECT_EQ(Parse(Record(envelope), &field), Finding::kWireUnknownField);
}

}  // namespace
}  // namespace vidimus
