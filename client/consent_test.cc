#include "client/consent.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/statement_maker.h"
#include "client/statement_words.h"
#include "verifier/encoding.h"
#include "verifier/history_testing.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

constexpr char kFamily[] = "log.example/city";
constexpr uint32_t kBoard = HistoryBuilder::kBoard;
constexpr uint64_t kNowMs = 1700000000000;

// A log with one chain, that of the builder, as well-behaved as told.
class FakeConsentLog : public ConsentLog {
 public:
  absl::StatusOr<std::unique_ptr<ResidentView>> Look() override {
    if (!look.ok()) return look;
    auto view = std::make_unique<ResidentView>();
    view->origin = "log.example/city/2026h1";
    view->subject =
        subject.empty() ? std::string(log.history().subject) : subject;
    view->administrations = 6;
    view->organisations = {"", "", "", HistoryBuilder::kCityId, "x", "x"};
    view->recovery_s = 72 * 3600;
    for (const char* language : {"sv", "fi", "en"}) {
      view->names[language].administrations[kBoard] = "Board";
      view->names[language].purposes[HistoryBuilder::kPurpose] = "services";
      view->names[language].categories["Income"] = "income";
    }
    ChainView& chain = view->chains.emplace_back();
    chain.administration = kBoard;
    chain.gap = gap;
    if (gap.empty()) {
      chain.history = log.history();
      registers.clear();
      for (const HistoryLog& of : chain.history.logs)
        registers.emplace_back(of);
      chain.statements = JudgeStatements(chain.history, registers, TestVerify);
      chain.standing = StandingOf(chain.history, chain.statements);
    }
    ChainView& untouched = view->chains.emplace_back();
    untouched.administration = 5;
    untouched.standing.administration = 5;
    return view;
  }

  absl::Status File(const std::vector<v1::Entry>& entries) override {
    ++filings;
    if (between) {
      between = false;
      Interloper();
      return absl::AbortedError("the chain has other statements");
    }
    if (!file.ok()) return file;
    for (const v1::Entry& entry : entries) {
      log.Add(Content::kOpen, entry.record());
    }
    log.Seal(1);
    return answer;
  }

  // The resident's other device speaks.
  void Interloper() {
    const ChainStanding standing = StandingOf(
        log.history(), JudgeStatements(log.history(), registers, TestVerify));
    v1::Statement wish = DraftStatement("en", "w", 1);
    wish.mutable_preference()->set_wanted(true);
    wish.set_key_id(standing.keys[0].key_id);
    wish.set_sequence(standing.keys[0].next.sequence);
    wish.set_previous(standing.keys[0].next.previous);
    log.Add(wish, 'x');
    log.Seal(1);
  }

  HistoryBuilder log;
  std::vector<RegisterIndex> registers;
  std::string subject;
  std::string gap;
  absl::Status look;
  absl::Status file;
  absl::Status answer;  // after it was filed
  bool between = false;
  int filings = 0;
};

class ConsentTest : public testing::Test {
 protected:
  ConsentTest() {
    std::string folder = testing::TempDir() + "/consent.XXXXXX";
    folder_ = mkdtemp(folder.data());
    auto wallet =
        Wallet::Make(folder_, kFamily, std::string(log_.log.history().subject));
    EXPECT_TRUE(wallet.ok()) << wallet.status();
    wallet_ = *std::move(wallet);
    key_ = *wallet_->AddKey("phone", false, 1);
  }

  // The identity service has made `public_key` the resident's.
  void Enrol(const std::string& public_key, bool recovery) {
    ASSERT_TRUE(Open().ok());
    v1::KeyRequest request;
    request.set_family(kFamily);
    request.set_subject(wallet_->subject());
    request.set_recovery(recovery);
    request.set_language("en");
    request.set_statement_id(TestId(recovery ? 900 : 901));
    const ChainStanding standing = *desk_->Standing(kBoard, false);
    v1::KeyRequestChain* chain = request.add_chain();
    chain->set_administration(kBoard);
    chain->set_sequence(standing.next.sequence);
    chain->set_previous(standing.next.previous);
    v1::Statement said;
    (recovery ? said.mutable_recover() : said.mutable_key_add())
        ->set_public_key(public_key);
    request.set_words(StatementWords("en", said, {kBoard}, {}));
    SignRequest(**wallet_->Signer(public_key), &request);
    const auto statements = SignRequested(request, kFamily, wallet_->subject(),
                                          0, HistoryBuilder::ServiceSigner());
    ASSERT_TRUE(statements.ok()) << statements.status();
    const auto pending = TakeKeyStatements(
        *statements, kFamily, wallet_->subject(), desk_->OwnKeys());
    ASSERT_TRUE(pending.ok()) << pending.status();
    const auto filing = desk_->FileSigned(*pending);
    ASSERT_TRUE(filing.ok()) << filing.status();
    EXPECT_TRUE(filing->filed);
    ASSERT_TRUE(Open().ok());
  }

  absl::Status Open() {
    desk_ = std::make_unique<ConsentDesk>(wallet_.get(), &log_, kNowMs);
    return desk_->Open();
  }

  static v1::Statement Grant() {
    v1::Statement said;
    HistoryBuilder::SetGrant(said.mutable_grant());
    return said;
  }
  static v1::Statement Everything() {
    v1::Statement said;
    said.mutable_withdrawal()->set_everything(true);
    return said;
  }

  absl::StatusOr<Filing> Say(const v1::Statement& event,
                             const std::vector<uint32_t>& chains = {kBoard}) {
    const std::string words = StatementWords("en", event, chains, {});
    draft_ = DraftStatement("en", words, kNowMs);
    draft_.MergeFrom(event);
    return desk_->Say(draft_, words, chains);
  }

  Headline Access() {
    log_.log.Add(log_.log.Access());
    log_.log.Seal(1);
    return JudgeHistory(log_.log.history(), TestVerify)
        .verdicts.back()
        .headline;
  }

  std::string folder_;
  FakeConsentLog log_;
  std::unique_ptr<Wallet> wallet_;
  std::string key_;
  std::unique_ptr<ConsentDesk> desk_;
  v1::Statement draft_;
};

TEST_F(ConsentTest, GrantsListsAndWithdraws) {
  Enrol(key_, false);
  ASSERT_TRUE(Say(Grant())->filed);
  const auto outcome = desk_->WhatHolds("en", draft_, {kBoard});
  EXPECT_TRUE(outcome.counts);
  EXPECT_TRUE(
      absl::StartsWith(outcome.sentence, "Now Board (#3) may use these data"))
      << outcome.sentence;
  EXPECT_EQ(Access(), Headline::kUnderConsent);
  const std::string list = desk_->List("en", false);
  EXPECT_TRUE(absl::StrContains(list, "#3 Board\n")) << list;
  EXPECT_TRUE(absl::StrContains(list,
                                "consent; PublicServiceProvision: "
                                "Income; in force\n"))
      << list;
  EXPECT_FALSE(absl::StrContains(list, "UNKNOWN KEY"));

  const std::string number = HexEncode(draft_.statement_id()).substr(0, 12);
  const auto found = desk_->FindStatement(number);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->administrations, std::vector<uint32_t>{kBoard});
  v1::Statement withdrawal;
  withdrawal.mutable_withdrawal()->add_statement_id(found->statement_id);
  ASSERT_TRUE(Say(withdrawal)->filed);
  EXPECT_TRUE(desk_->WhatHolds("sv", draft_, {kBoard}).counts);
  EXPECT_EQ(Access(), Headline::kViolation);
  EXPECT_TRUE(absl::StrContains(desk_->List("en", false), "withdrawn\n"));
  EXPECT_TRUE(absl::IsNotFound(desk_->FindStatement(number).status()));
  EXPECT_EQ(*desk_->Waiting(), 0u);
}

TEST_F(ConsentTest, KeepsTheWordsThatWereSigned) {
  Enrol(key_, false);
  ASSERT_TRUE(Say(Grant())->filed);
  ASSERT_EQ(wallet_->state().said_size(), 1);
  EXPECT_EQ(Bytes(Sha256(wallet_->state().said(0).words())),
            draft_.words_sha256());
  // Other words than those of the draft are not signed.
  EXPECT_FALSE(desk_->Say(draft_, "other words", {kBoard}).ok());
}

TEST_F(ConsentTest, WhatCouldNotBeFiledGoesOutWithTheNextCall) {
  Enrol(key_, false);
  log_.file = absl::UnavailableError("not now");
  const auto filing = Say(Grant());
  ASSERT_TRUE(filing.ok()) << filing.status();
  EXPECT_FALSE(filing->filed);
  EXPECT_EQ(*desk_->Waiting(), 1u);
  // The program ends, and another begins.
  wallet_.reset();
  wallet_ = *Wallet::Open(folder_, kFamily);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(desk_->flushed(), 0);
  log_.file = absl::OkStatus();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(desk_->flushed(), 1);
  EXPECT_EQ(*desk_->Waiting(), 0u);
  EXPECT_EQ(Access(), Headline::kUnderConsent);
}

TEST_F(ConsentTest, ALogThatIsAwayDoesNotStopAWithdrawal) {
  Enrol(key_, false);
  ASSERT_TRUE(Say(Grant())->filed);
  log_.look = absl::UnavailableError("away");
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(desk_->view(), nullptr);
  EXPECT_TRUE(absl::IsUnavailable(Say(Grant()).status()));
  const auto filing = Say(Everything());
  ASSERT_TRUE(filing.ok()) << filing.status();
  EXPECT_FALSE(filing->filed);
  log_.look = absl::OkStatus();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(desk_->flushed(), 1);
  EXPECT_EQ(Access(), Headline::kViolation);
}

TEST_F(ConsentTest, AChainThatCannotBeJudgedStopsGrantsAlone) {
  Enrol(key_, false);
  ASSERT_TRUE(Say(Grant())->filed);
  log_.gap = "something is not shown";
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Say(Grant()).status()));
  EXPECT_TRUE(Say(Everything())->filed);
  EXPECT_EQ(Access(), Headline::kViolation);
}

TEST_F(ConsentTest, SignsAgainAfterWhatCameBetween) {
  Enrol(key_, false);
  log_.between = true;
  const auto filing = Say(Grant());
  ASSERT_TRUE(filing.ok()) << filing.status();
  EXPECT_TRUE(filing->filed);
  EXPECT_TRUE(desk_->WhatHolds("en", draft_, {kBoard}).counts);
  EXPECT_EQ(Access(), Headline::kUnderConsent);
}

// The log held it, and the answer was lost; others spoke meanwhile.
TEST_F(ConsentTest, IsNotSaidTwice) {
  Enrol(key_, false);
  log_.answer = absl::UnavailableError("the line broke");
  EXPECT_FALSE(Say(Grant())->filed);
  log_.answer = absl::OkStatus();
  log_.file = absl::AlreadyExistsError("stands there");
  const size_t entries = log_.log.entries();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(log_.log.entries(), entries);
  EXPECT_EQ(*desk_->Waiting(), 0u);
}

TEST_F(ConsentTest, ARefusedStatementDoesNotWait) {
  Enrol(key_, false);
  log_.file = absl::PermissionDeniedError("no key of this chain");
  const auto filing = Say(Grant());
  EXPECT_TRUE(absl::IsFailedPrecondition(filing.status())) << filing.status();
  EXPECT_EQ(*desk_->Waiting(), 0u);
}

TEST_F(ConsentTest, AWrongAnswerIsEvidenceAndKept) {
  Enrol(key_, false);
  log_.answer = absl::DataLossError("no such leaf");
  EXPECT_TRUE(absl::IsDataLoss(Say(Grant()).status()));
  EXPECT_EQ(*desk_->Waiting(), 1u);
}

TEST_F(ConsentTest, RecoversWithoutTheLostKey) {
  Enrol(key_, false);
  ASSERT_TRUE(Say(Grant())->filed);
  // A new phone, a new wallet.
  wallet_.reset();
  folder_ += "/new";
  wallet_ =
      *Wallet::Make(folder_, kFamily, std::string(log_.log.history().subject));
  const std::string recovered = *wallet_->AddKey("new", true, 2);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Say(Everything()).status()));
  EXPECT_TRUE(absl::StartsWith(desk_->List("en", false), "UNKNOWN KEY: "));
  Enrol(recovered, true);
  const auto refused = Say(Grant());
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "counts for this"));
  EXPECT_TRUE(Say(Everything())->filed);
  EXPECT_TRUE(desk_->WhatHolds("fi", draft_, {kBoard}).counts);
  EXPECT_EQ(Access(), Headline::kViolation);
  log_.log.Seal(72 * 3600);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(Say(Grant())->filed);
  EXPECT_TRUE(desk_->WhatHolds("en", draft_, {kBoard}).counts);
}

TEST_F(ConsentTest, RefusesAnUnknownAdministrationAndAnUnknownChain) {
  Enrol(key_, false);
  absl::Status status = Say(Grant(), {99}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no administration 99"));
  status = Say(Grant(), {5}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "wallet request")) << status;
  EXPECT_FALSE(Say(Grant(), {}).ok());
  // All or none.
  EXPECT_FALSE(Say(Grant(), {kBoard, 5}).ok());
  EXPECT_EQ(*desk_->Waiting(), 0u);
}

TEST_F(ConsentTest, RefusesSomebodyElsesToken) {
  log_.subject = "\x01other";
  EXPECT_TRUE(absl::IsFailedPrecondition(Open()));
}

TEST_F(ConsentTest, AReceiptBecomesTheSameGrantAgain) {
  Enrol(key_, false);
  v1::Statement grant = Grant();
  grant.mutable_grant()->mutable_scope()->add_recipient("7654321-0");
  grant.mutable_grant()->mutable_scope()->set_valid_until_s(1798761600);
  grant.mutable_grant()->set_retention_s(30 * 86400);
  grant.mutable_grant()->set_storage_location("FI");
  grant.mutable_grant()->set_jurisdiction("FI");
  grant.mutable_grant()->set_privacy_notice("https://city.example/notice");
  ASSERT_TRUE(Say(grant)->filed);
  ASSERT_TRUE(desk_->WhatHolds("en", draft_, {kBoard}).counts);
  const std::string number = HexEncode(draft_.statement_id());
  const auto receipt = desk_->Receipt("en", number);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  const auto again = GrantOfReceipt(*receipt, desk_->KnownRegister());
  ASSERT_TRUE(again.ok()) << again.status() << *receipt;
  v1::Grant expected = draft_.grant();
  expected.set_withdrawal_method("vidimus consent withdraw " + number);
  EXPECT_EQ(again->SerializeAsString(), expected.SerializeAsString());
  // After a withdrawal the receipt says so, and is no consent any more.
  ASSERT_TRUE(Say(Everything())->filed);
  ASSERT_TRUE(desk_->WhatHolds("en", draft_, {kBoard}).counts);
  const auto over = desk_->Receipt("en", number);
  ASSERT_TRUE(over.ok()) << over.status();
  EXPECT_TRUE(absl::StrContains(*over, "dpv:ConsentWithdrawn"));
  EXPECT_FALSE(GrantOfReceipt(*over, desk_->KnownRegister()).ok());
  EXPECT_TRUE(absl::IsNotFound(desk_->Receipt("en", "ffff").status()));
}

}  // namespace
}  // namespace vidimus
