#include "client/statement_maker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/statement_words.h"
#include "proto/test_key.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/history_testing.h"
#include "verifier/standing.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

constexpr char kFamily[] = "log.example/city";
constexpr uint32_t kBoard = HistoryBuilder::kBoard;

// A resident with a wallet of Ed25519 keys, whose chain with the board is the
// builder's.
class StatementMakerTest : public testing::Test {
 protected:
  std::string subject() const { return std::string(log_.history().subject); }

  std::vector<StandingStatement> Judge() {
    registers_.clear();
    for (const HistoryLog& log : log_.history().logs) {
      registers_.emplace_back(log);
    }
    return JudgeStatements(log_.history(), registers_, TestVerify);
  }

  ChainStanding Standing() { return StandingOf(log_.history(), Judge()); }

  void Stand(const std::string& record, uint64_t seconds = 1) {
    log_.Add(Content::kOpen, record);
    log_.Seal(seconds);
  }

  // The finding of the newest statement.
  Finding Last() { return Judge().back().finding; }

  static Ed25519Signer Signer(char name) {
    return Ed25519Signer(std::string(32, name));
  }

  v1::KeyRequest Request(char name, bool recovery) {
    const Ed25519Signer signer(std::string(32, name));
    v1::KeyRequest request;
    request.set_family(kFamily);
    request.set_subject(subject());
    request.set_recovery(recovery);
    request.set_name("phone");
    request.set_language("fi");
    request.set_statement_id(std::string(16, name));
    v1::KeyRequestChain* chain = request.add_chain();
    const ChainStanding standing = Standing();
    chain->set_administration(kBoard);
    chain->set_sequence(standing.next.sequence);
    chain->set_previous(standing.next.previous);
    v1::Statement draft;
    v1::Key* key = recovery ? draft.mutable_recover() : draft.mutable_key_add();
    key->set_public_key(std::string(signer.public_key()));
    request.set_words(StatementWords("fi", draft, {kBoard}, {}));
    SignRequest(signer, &request);
    return request;
  }

  std::string ServiceSigned(const v1::KeyRequest& request) {
    const auto statements = SignRequested(request, kFamily, subject(), 0,
                                          HistoryBuilder::ServiceSigner());
    EXPECT_TRUE(statements.ok()) << statements.status();
    return statements.ok() ? statements->record(0) : "";
  }

  void FirstKey(char name) { Stand(ServiceSigned(Request(name, false))); }

  static std::vector<std::string> Own(const std::string& names) {
    std::vector<std::string> own;
    for (const char name : names) {
      own.emplace_back(Ed25519Signer(std::string(32, name)).public_key());
    }
    return own;
  }

  static v1::Statement Draft() {
    return DraftStatement("en", "words", 1700000000000);
  }
  static v1::Statement GrantDraft() {
    v1::Statement draft = Draft();
    HistoryBuilder::SetGrant(draft.mutable_grant());
    return draft;
  }
  static v1::Statement WithdrawDraft() {
    v1::Statement draft = Draft();
    draft.mutable_withdrawal()->set_everything(true);
    return draft;
  }

  // Says it with one of these keys.
  absl::Status Say(const v1::Statement& draft, const std::string& names,
                   uint64_t seconds = 1) {
    const ChainStanding standing = Standing();
    const auto key = ChooseKey(standing, Own(names), draft);
    if (!key.ok()) return key.status();
    for (const char name : names) {
      const Ed25519Signer signer(std::string(32, name));
      if ((*key)->public_key != signer.public_key()) continue;
      const auto entry =
          SignStatement(draft, kFamily, subject(), kBoard, **key, signer);
      if (!entry.ok()) return entry.status();
      Stand(entry->record(), seconds);
    }
    return absl::OkStatus();
  }

  // The verdict on an access of now.
  Headline Access() {
    log_.Add(log_.Access());
    log_.Seal(1);
    return JudgeHistory(log_.history(), TestVerify).verdicts.back().headline;
  }

  HistoryBuilder log_;
  std::vector<RegisterIndex> registers_;
};

TEST_F(StatementMakerTest, EveryEventCountsInItsChain) {
  FirstKey('a');
  EXPECT_EQ(Last(), Finding::kOk);
  std::vector<v1::Statement> drafts(10, Draft());
  HistoryBuilder::SetGrant(drafts[0].mutable_grant());
  drafts[1].mutable_withdrawal()->set_everything(true);
  drafts[2].mutable_prohibition()->mutable_scope()->add_purpose("Education");
  drafts[3].mutable_objection()->set_reason("no");
  drafts[4].mutable_preference()->set_wanted(true);
  drafts[5].mutable_dispute()->set_entry(0);
  v1::Key* key = drafts[6].mutable_key_add();
  key->set_kind(v1::ED25519);
  key->set_public_key(Own("b")[0]);
  v1::Delegation* delegation = drafts[7].mutable_delegate();
  delegation->mutable_key()->set_kind(v1::ED25519);
  delegation->mutable_key()->set_public_key(Own("g")[0]);
  delegation->set_until_s(HistoryBuilder::kStart + 1000000);
  drafts[8].mutable_alias()->set_subject("\x01other");
  for (size_t i = 0; i < drafts.size(); ++i) {
    drafts[i].set_statement_id(TestId(i));
  }
  drafts[9].mutable_key_revoke()->set_key_id(drafts[6].statement_id());
  for (const v1::Statement& draft : drafts) {
    const absl::Status said = Say(draft, "a");
    ASSERT_TRUE(said.ok()) << said;
    EXPECT_EQ(Last(), Finding::kOk) << EventWord("en", draft);
  }
  const ChainStanding standing = Standing();
  ASSERT_EQ(standing.keys.size(), 3u);
  EXPECT_FALSE(standing.keys[0].revoked);
  EXPECT_TRUE(standing.keys[1].revoked);
  EXPECT_TRUE(standing.keys[2].delegate);
}

TEST_F(StatementMakerTest, GrantThenWithdrawal) {
  FirstKey('a');
  EXPECT_EQ(Access(), Headline::kViolation);
  ASSERT_TRUE(Say(GrantDraft(), "a").ok());
  EXPECT_EQ(Access(), Headline::kUnderConsent);
  ASSERT_TRUE(Say(WithdrawDraft(), "a").ok());
  EXPECT_EQ(Access(), Headline::kViolation);
}

TEST_F(StatementMakerTest, ALostKeyIsNotNeededToWithdraw) {
  FirstKey('a');
  v1::Statement second = Draft();
  second.mutable_key_add()->set_kind(v1::ED25519);
  second.mutable_key_add()->set_public_key(Own("b")[0]);
  ASSERT_TRUE(Say(second, "a").ok());
  ASSERT_TRUE(Say(GrantDraft(), "a").ok());
  EXPECT_EQ(Access(), Headline::kUnderConsent);
  ASSERT_TRUE(Say(WithdrawDraft(), "b").ok());
  EXPECT_EQ(Access(), Headline::kViolation);
}

TEST_F(StatementMakerTest, ARecoveredKeyWithdrawsAtOnceAndGrantsAfterTheWait) {
  FirstKey('a');
  ASSERT_TRUE(Say(GrantDraft(), "a").ok());
  Stand(ServiceSigned(Request('r', true)));
  EXPECT_EQ(Last(), Finding::kOk);
  const absl::Status refused = Say(GrantDraft(), "r");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(refused.message(), "counts for this from"))
      << refused;
  ASSERT_TRUE(Say(WithdrawDraft(), "r").ok());
  EXPECT_EQ(Access(), Headline::kViolation);
  log_.Seal(72 * 3600);
  ASSERT_TRUE(Say(GrantDraft(), "r").ok());
  EXPECT_EQ(Last(), Finding::kOk);
  EXPECT_EQ(Access(), Headline::kUnderConsent);
}

TEST_F(StatementMakerTest, ARecoveryByTheSameServiceIsNoReplay) {
  FirstKey('a');
  const v1::KeyRequest request = Request('r', true);
  EXPECT_EQ(request.chain(0).sequence(), 1u);
  Stand(ServiceSigned(request));
  EXPECT_EQ(Last(), Finding::kOk);
  Stand(ServiceSigned(Request('t', true)));
  EXPECT_EQ(Last(), Finding::kOk);
}

TEST_F(StatementMakerTest, TheKeyInFullForceSignsBeforeTheOneThatWaits) {
  FirstKey('a');
  Stand(ServiceSigned(Request('r', true)));
  const ChainStanding standing = Standing();
  const auto key = ChooseKey(standing, Own("ra"), WithdrawDraft());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->public_key, Own("a")[0]);
}

TEST_F(StatementMakerTest, NoForeignOrRevokedKeySigns) {
  FirstKey('a');
  EXPECT_TRUE(absl::StrContains(Say(WithdrawDraft(), "x").message(),
                                "no key of this wallet is known there"));
  v1::Statement revoke = Draft();
  revoke.mutable_key_revoke()->set_key_id(Standing().keys[0].key_id);
  ASSERT_TRUE(Say(revoke, "a").ok());
  EXPECT_TRUE(absl::StrContains(Say(GrantDraft(), "a").message(), "revoked"));
}

// Who has stolen a key, or delays what was said, can't bring the count out of
// step.
TEST_F(StatementMakerTest, GoesOnAfterStatementsThatDoNotCount) {
  FirstKey('a');
  StandingKey key = Standing().keys[0];
  key.next.sequence = uint64_t{1} << 63;
  key.next.previous = std::string(32, 'p');
  Stand(SignStatement(WithdrawDraft(), kFamily, subject(), kBoard, key,
                      Signer('a'))
            ->record());
  EXPECT_EQ(Last(), Finding::kStatementOrder);
  EXPECT_EQ(Standing().keys[0].next.sequence, 1u);
  // The next number is used up by something out of order.
  key.next.sequence = 1;
  Stand(SignStatement(WithdrawDraft(), kFamily, subject(), kBoard, key,
                      Signer('a'))
            ->record());
  EXPECT_EQ(Last(), Finding::kStatementOrder);
  EXPECT_EQ(Standing().keys[0].next.sequence, 2u);
  ASSERT_TRUE(Say(GrantDraft(), "a").ok());
  EXPECT_EQ(Last(), Finding::kOk);
}

TEST_F(StatementMakerTest, ARememberedChainIsEnoughToWithdraw) {
  FirstKey('a');
  ASSERT_TRUE(Say(GrantDraft(), "a").ok());
  const ChainStanding remembered = FromWallet(ToWallet(Standing(), 1));
  // Meanwhile something else was said.
  v1::Statement wish = Draft();
  wish.mutable_preference()->set_wanted(true);
  ASSERT_TRUE(Say(wish, "a").ok());
  const auto key = ChooseKey(remembered, Own("a"), WithdrawDraft());
  ASSERT_TRUE(key.ok()) << key.status();
  Stand(SignStatement(WithdrawDraft(), kFamily, subject(), kBoard, **key,
                      Signer('a'))
            ->record());
  EXPECT_TRUE(Judge().back().restrains);
  EXPECT_EQ(Access(), Headline::kViolation);
}

TEST_F(StatementMakerTest, AStatementCountsInNoOtherChainOrFamily) {
  FirstKey('a');
  const StandingKey key = Standing().keys[0];
  Stand(SignStatement(GrantDraft(), "log.example/other", subject(), kBoard, key,
                      Signer('a'))
            ->record());
  EXPECT_EQ(Last(), Finding::kStatementSignature);
  const auto elsewhere =
      SignStatement(GrantDraft(), kFamily, subject(), 4, key, Signer('a'));
  log_.Add(Content::kOpen, elsewhere->record());
  log_.Seal(1);
  EXPECT_EQ(Judge().size(), 2u);  // not of this chain at all
}

TEST_F(StatementMakerTest, SignsNothingThatIsNoStatement) {
  FirstKey('a');
  v1::Statement empty = Draft();
  EXPECT_EQ(Say(empty, "a").code(), absl::StatusCode::kInvalidArgument);
  v1::Statement grant = GrantDraft();
  grant.mutable_grant()->mutable_scope()->clear_purpose();
  const absl::Status said = Say(grant, "a");
  EXPECT_EQ(said.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(said.message(), "this can't be said"));
}

TEST_F(StatementMakerTest, AnIdentityServiceRefusesForeignRequests) {
  const v1::KeyRequest good = Request('a', false);
  const Ed25519Signer& service = HistoryBuilder::ServiceSigner();
  EXPECT_TRUE(SignRequested(good, "", "", 0, service).ok());
  EXPECT_EQ(
      SignRequested(good, "log.example/x", "", 0, service).status().code(),
      absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(SignRequested(good, "", "\x01other", 0, service).status().code(),
            absl::StatusCode::kFailedPrecondition);
  for (int i = 0; i < 6; ++i) {
    v1::KeyRequest bad = good;
    if (i == 0) bad.set_format("something else");
    if (i == 1) bad.set_subject("\x01other");
    if (i == 2) bad.set_public_key(Own("b")[0]);
    if (i == 3) *bad.add_chain() = bad.chain(0);
    if (i == 4) bad.mutable_possession()->back() ^= 1;
    if (i == 5) bad.set_recovery(true);
    EXPECT_EQ(SignRequested(bad, "", "", 0, service).status().code(),
              absl::StatusCode::kInvalidArgument)
        << i;
  }
  // With the key in hand, and words that say something else.
  v1::KeyRequest words = good;
  words.set_words("Thank you for your visit.\n");
  SignRequest(Signer('a'), &words);
  EXPECT_EQ(SignRequested(words, "", "", 0, service).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// A function has the same name.
using PasskeyKey = class TestKey;

// What an authenticator gives for this challenge.
std::string Assertion(const PasskeyKey& key, const Hash& challenge) {
  const std::string data(32, 'r');
  v1::WebAuthnAssertion assertion;
  assertion.set_authenticator_data(data + std::string("\x05\0\0\0\1", 5));
  assertion.set_client_data_json(
      absl::StrCat(R"({"type":"webauthn.get","challenge":")",
                   Base64UrlEncode(Bytes(challenge)),
                   R"(","origin":"https://log.example"})"));
  const Hash hash = Sha256(assertion.client_data_json());
  assertion.set_signature(key.Sign(
      absl::StrCat(assertion.authenticator_data(), std::string(Bytes(hash)))));
  return assertion.SerializeAsString();
}

TEST_F(StatementMakerTest, APasskeyHasItsKeyRegistered) {
  const PasskeyKey key(PasskeyKey::Kind::kP256);
  v1::KeyRequest request = Request('a', false);
  v1::Statement draft;
  request.set_kind(v1::WEBAUTHN);
  request.set_public_key(absl::StrCat("\x04", key.first(), key.second()));
  draft.mutable_key_add()->set_public_key(request.public_key());
  request.set_words(StatementWords("fi", draft, {kBoard}, {}));
  request.clear_possession();
  const Hash challenge = Sha256(
      absl::StrCat("vidimus/v1 key request\n",
                   std::string(Bytes(Sha256(request.SerializeAsString())))));
  const auto sign = [&] {
    return SignRequested(request, kFamily, subject(), 0,
                         HistoryBuilder::ServiceSigner());
  };

  request.set_possession(Assertion(key, challenge));
  const auto statements = sign();
  ASSERT_TRUE(statements.ok()) << statements.status();
  Stand(statements->record(0));
  EXPECT_EQ(Last(), Finding::kOk);
  const ChainStanding standing = Standing();
  ASSERT_EQ(standing.keys.size(), 1u);
  EXPECT_EQ(standing.keys[0].public_key, request.public_key());

  request.set_possession(
      Assertion(PasskeyKey(PasskeyKey::Kind::kP256), challenge));
  EXPECT_EQ(sign().status().code(), absl::StatusCode::kInvalidArgument);
  request.set_possession(Assertion(key, Sha256("another request")));
  EXPECT_EQ(sign().status().code(), absl::StatusCode::kInvalidArgument);
  request.set_possession(Assertion(key, challenge));
  request.set_kind(v1::ED25519);
  EXPECT_EQ(sign().status().code(), absl::StatusCode::kInvalidArgument);
  request.set_kind(v1::ES256);
  EXPECT_EQ(sign().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(StatementMakerTest, AWalletTakesOnlyWhatBringsItsOwnKey) {
  const auto statements = SignRequested(Request('a', false), kFamily, subject(),
                                        0, HistoryBuilder::ServiceSigner());
  ASSERT_TRUE(statements.ok());
  const auto pending =
      TakeKeyStatements(*statements, kFamily, subject(), Own("a"));
  ASSERT_TRUE(pending.ok()) << pending.status();
  EXPECT_EQ(pending->administration(0), kBoard);
  EXPECT_EQ(pending->entry(0).record_salt().size(), 16u);
  EXPECT_FALSE(
      TakeKeyStatements(*statements, kFamily, subject(), Own("b")).ok());
  EXPECT_FALSE(
      TakeKeyStatements(*statements, "log.example/x", subject(), Own("a"))
          .ok());
  EXPECT_FALSE(
      TakeKeyStatements(*statements, kFamily, "\x01other", Own("a")).ok());
  v1::KeyStatements bad = *statements;
  bad.set_record(0, "nonsense");
  EXPECT_FALSE(TakeKeyStatements(bad, kFamily, subject(), Own("a")).ok());
  bad = *statements;
  bad.clear_format();
  EXPECT_FALSE(TakeKeyStatements(bad, kFamily, subject(), Own("a")).ok());
}

// The city runs an identity service, enrols a key of its own making under the
// resident's name, and grants to itself.
TEST_F(StatementMakerTest, ACityThatEnrolsAKeyGetsNoConsentAndIsNamed) {
  const Ed25519Signer city_service(std::string(32, 'C'));
  v1::IdentityService service;
  *service.add_name() = HistoryBuilder::Text("The city's own");
  service.add_key(std::string(city_service.public_key()));
  service.set_organisation_id(HistoryBuilder::kCityId);
  service.set_assurance("low");
  log_.Put(RegisterType::kIdentityService, 1, service);
  log_.Seal(1);
  const auto enrolled =
      SignRequested(Request('c', false), kFamily, subject(), 1, city_service);
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  Stand(enrolled->record(0));
  EXPECT_EQ(Last(), Finding::kOk);
  ASSERT_TRUE(Say(GrantDraft(), "c").ok());
  EXPECT_EQ(Last(), Finding::kStatementOwnInterest);
  EXPECT_EQ(Access(), Headline::kViolation);
  // Whoever is given the file sees by whom each statement's key came.
  for (const StandingStatement& standing : Judge()) {
    EXPECT_EQ(standing.identity_service, 1u);
  }
  EXPECT_EQ(Standing().keys[0].identity_service, 1u);
}

TEST(StatementWordsTest, SayTheSameInThreeLanguages) {
  v1::Statement draft;
  HistoryBuilder::SetGrant(draft.mutable_grant());
  draft.mutable_grant()->mutable_scope()->set_valid_until_s(1798761600);
  Names names;
  names.administrations[3] = "Board";
  names.purposes["PublicServiceProvision"] = "public services";
  EXPECT_EQ(StatementWords("en", draft, {3, 5}, names),
            "I consent to Board (#3), #5 using my data.\n"
            "Purpose: public services [PublicServiceProvision].\n"
            "Data: Income.\n"
            "May not be disclosed to anybody else.\n"
            "Until 2027-01-01 00:00 UTC.\n"
            "I can withdraw it at any time, as easily as I give it now.\n");
  EXPECT_TRUE(absl::StartsWith(
      StatementWords("sv", draft, {3}, names),
      "Jag samtycker till att Board (#3) använder mina uppgifter.\n"));
  EXPECT_TRUE(absl::StartsWith(StatementWords("fi", draft, {3}, names),
                               "Suostun siihen, että tietojani käytetään."));
  EXPECT_FALSE(IsWordsLanguage("de"));
}

TEST(StatementWordsTest, ADelegationEndsOnItsDay) {
  v1::Statement draft;
  draft.mutable_delegate()->set_until_s(1798761600);
  const std::string words = StatementWords("en", draft, {3}, {});
  EXPECT_TRUE(absl::StrContains(words, "\nUntil 2027-01-01 00:00 UTC.\n"));
  EXPECT_FALSE(absl::StrContains(words, "withdraw")) << words;
}

TEST(StatementWordsTest, NothingInThemSteersATerminal) {
  v1::Statement draft;
  HistoryBuilder::SetGrant(draft.mutable_grant());
  draft.mutable_grant()->mutable_scope()->add_purpose("x\x1b[2Jy\nz");
  draft.mutable_grant()->set_privacy_notice("\x1b]0;");
  Names names;
  names.administrations[3] = "\x1b[31m";
  const std::string words = StatementWords("en", draft, {3}, names);
  EXPECT_FALSE(absl::StrContains(words, "\x1b")) << words;
  EXPECT_TRUE(absl::StrContains(words, "x?[2Jy?z"));
}

}  // namespace
}  // namespace vidimus
