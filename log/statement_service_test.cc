#include "log/statement_service.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/vault_keeper.h"
#include "log/wallet_testing.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

class StatementServiceTest : public ::testing::Test {
 protected:
  StatementServiceTest()
      : log_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        anna_(log_.Wallet(1, 0)) {}

  void TearDown() override {
    EXPECT_LOG_IS_SOUND(log_.log(), log_.storage(), log_.key());
  }

  void GiveKey() { ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok()); }

  // Numbers of the entries that a resident's chain shows to administration 0.
  int Entries(uint64_t resident) {
    const auto checked = log_.Check(0, resident, 0);
    EXPECT_TRUE(checked.ok()) << checked.status();
    return checked.ok() ? checked->chain().entries_size() : -1;
  }

  AskingLog log_;
  TestWallet anna_;
};

TEST_F(StatementServiceTest, EntersAFirstKeyThenAGrantThenItsEnd) {
  const v1::Statement key = anna_.FirstKey();
  const auto filed = log_.File({anna_.Sign(key)});
  ASSERT_TRUE(filed.ok()) << filed.status();
  ASSERT_EQ(filed->placed_size(), 1);
  EXPECT_EQ(filed->placed(0).chain_index(), 0u);
  EXPECT_EQ(filed->placed(0).leaf().size(), 65u);
  // Whoever brings a statement, a stranger perhaps, gets no key of the chain.
  EXPECT_TRUE(filed->placed(0).chain_key().empty());
  EXPECT_TRUE(filed->placed(0).vrf_proof().empty());
  EXPECT_FALSE(filed->checkpoint().empty());
  anna_.Filed(key);
  EXPECT_TRUE(log_.File(anna_.Grant(), &anna_).ok());
  EXPECT_TRUE(log_.File(anna_.WithdrawEverything(), &anna_).ok());
  EXPECT_EQ(Entries(1), 3);
}

TEST_F(StatementServiceTest, EntersCopiesForSeveralChainsAsOne) {
  GiveKey();
  TestWallet other = log_.Wallet(1, 1);
  TestWallet self = log_.Wallet(1, kSelf);
  const v1::Statement key = other.FirstKey();
  const v1::Statement own = self.FirstKey();
  const auto filed = log_.File({other.Sign(key), self.Sign(own)});
  ASSERT_TRUE(filed.ok()) << filed.status();
  ASSERT_EQ(filed->leaf_index_size(), 2);
  EXPECT_NE(filed->leaf_index(0), filed->leaf_index(1));
  EXPECT_EQ(filed->placed(0).chain_index(), 0u);
  EXPECT_EQ(filed->placed(1).chain_index(), 0u);
}

TEST_F(StatementServiceTest, TakesARequestWholeOrNotAtAll) {
  GiveKey();
  const v1::Statement grant = anna_.Grant();
  v1::Entry bad = anna_.Sign(anna_.Grant());
  bad.set_actor("somebody");
  EXPECT_TRUE(
      absl::IsInvalidArgument(log_.File({anna_.Sign(grant), bad}).status()));
  EXPECT_EQ(Entries(1), 1);
}

TEST_F(StatementServiceTest, AnswersTheSameEntryWithTheSameLeafForEver) {
  GiveKey();
  const v1::Statement grant = anna_.Grant();
  const v1::Entry entry = anna_.Sign(grant);
  const auto first = log_.File({entry});
  ASSERT_TRUE(first.ok()) << first.status();
  anna_.Filed(grant);
  // Ids are remembered for seven days, statements for ever; and through a kill.
  for (int round = 0; round < 3; ++round) {
    const auto again = log_.File({entry});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->leaf_index(0), first->leaf_index(0));
    EXPECT_EQ(again->placed(0).leaf(), first->placed(0).leaf());
    EXPECT_EQ(again->placed(0).chain_index(), 1u);
    if (round == 0) log_.Open();
    if (round == 1) log_.clock()->Advance(int64_t{30} * 86400 * 1000);
  }
  // Beside one that is new, too.
  const v1::Statement next = anna_.WithdrawEverything();
  const auto both = log_.File({entry, anna_.Sign(next)});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->leaf_index(0), first->leaf_index(0));
  EXPECT_EQ(both->placed(1).chain_index(), 2u);
  EXPECT_EQ(Entries(1), 3);
}

TEST_F(StatementServiceTest, AnswersTheSameEntryTwiceAtOnceWithOneLeaf) {
  GiveKey();
  const v1::Entry entry = anna_.Sign(anna_.Grant());
  const auto one = log_.StartFiling({entry});
  const auto two = log_.StartFiling({entry});
  log_.Run();
  ASSERT_TRUE(one->has_value() && two->has_value());
  ASSERT_TRUE((*one)->ok() && (*two)->ok());
  EXPECT_EQ((**one)->leaf_index(0), (**two)->leaf_index(0));
  EXPECT_EQ(Entries(1), 2);
}

TEST_F(StatementServiceTest, RejectsAnotherEntryOfAStatementThatStands) {
  GiveKey();
  const v1::Statement grant = anna_.Grant();
  ASSERT_TRUE(log_.File(grant, &anna_).ok());
  // A replay under an entry id of its own.
  EXPECT_TRUE(absl::IsAlreadyExists(log_.File({anna_.Sign(grant)}).status()));
  const v1::Statement end = anna_.WithdrawEverything();
  ASSERT_TRUE(log_.File(end, &anna_).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(log_.File({anna_.Sign(end)}).status()));
}

TEST_F(StatementServiceTest, RejectsAStaleSequenceWithTheWayOut) {
  GiveKey();
  const v1::Statement first = anna_.Grant();
  const v1::Statement second = anna_.Grant();
  ASSERT_TRUE(log_.File(first, &anna_).ok());
  const absl::Status stale = log_.File({anna_.Sign(second)}).status();
  EXPECT_TRUE(absl::IsAborted(stale)) << stale;
  EXPECT_TRUE(absl::StrContains(stale.message(), "fetch the chain again"));
  EXPECT_TRUE(log_.File(anna_.Grant(), &anna_).ok());
}

TEST_F(StatementServiceTest, OfTwoFilingsAtOnceOneFollowsTheOther) {
  GiveKey();
  // Both say sequence 1: the second is judged anew, and is stale by then.
  const auto one = log_.StartFiling({anna_.Sign(anna_.Grant())});
  const auto two = log_.StartFiling({anna_.Sign(anna_.Grant())});
  for (int i = 0; i < 10; ++i) log_.Run();
  ASSERT_TRUE(one->has_value() && two->has_value());
  EXPECT_TRUE((*one)->ok()) << (*one)->status();
  EXPECT_TRUE(absl::IsAborted((*two)->status())) << (*two)->status();
  EXPECT_EQ(Entries(1), 2);
}

TEST_F(StatementServiceTest, EntersAStaleWithdrawalForItRestrains) {
  GiveKey();
  const v1::Statement end = anna_.WithdrawEverything();
  ASSERT_TRUE(log_.File(anna_.Grant(), &anna_).ok());
  EXPECT_TRUE(log_.File({anna_.Sign(end)}).ok());
  EXPECT_EQ(Entries(1), 3);
}

TEST_F(StatementServiceTest, NeverRefusesAWithdrawalForQuota) {
  log_.statement_limits_.quota = {0.001, 3, 1};
  log_.statement_limits_.chain_quota = {0.001, 2};
  log_.Open();
  GiveKey();
  ASSERT_TRUE(log_.File(anna_.Grant(), &anna_).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(log_.File(anna_.Grant(), &anna_)));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(log_.File(anna_.WithdrawEverything(), &anna_).ok()) << i;
  }
}

TEST_F(StatementServiceTest, SaysTheSameToWhoeverHoldsNoKey) {
  GiveKey();
  // Of a chain that there is, by another key; and of one that there is not.
  TestWallet thief = log_.Wallet(1, 0);
  thief.Filed(thief.FirstKey());
  TestWallet nobody = log_.Wallet(77, 0);
  nobody.Filed(nobody.FirstKey());
  const absl::Status here =
      log_.File({thief.Sign(thief.WithdrawEverything())}).status();
  const absl::Status there =
      log_.File({nobody.Sign(nobody.WithdrawEverything())}).status();
  EXPECT_TRUE(absl::IsPermissionDenied(here)) << here;
  EXPECT_EQ(here, there);
  EXPECT_TRUE(
      absl::StrContains(here.message(), "no key of this chain made the"));
  EXPECT_EQ(Entries(1), 1);
  EXPECT_EQ(Entries(77), 0);
}

TEST_F(StatementServiceTest, SaysTheSameOfASignatureThatIsNone) {
  // Whose form is looked at only if the chain has such a key.
  v1::Statement key = anna_.FirstKey();
  key.mutable_key_add()->set_kind(v1::KEY_BINDING_JWT);
  key.mutable_key_add()->set_public_key("\x04" + std::string(64, 'x'));
  ASSERT_TRUE(log_.File(key, &anna_).ok());
  v1::Entry entry = anna_.Sign(anna_.Grant());
  v1::Record record;
  ASSERT_TRUE(record.ParseFromString(entry.record()));
  record.mutable_statement()->set_signature_kind(v1::KEY_BINDING_JWT);
  entry.set_record(record.SerializeAsString());
  const absl::Status refused = log_.File({entry}).status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_TRUE(
      absl::StrContains(refused.message(), "no key of this chain made the"))
      << refused;
  EXPECT_EQ(Entries(1), 1);
}

TEST_F(StatementServiceTest, RejectsEveryMalformedStatementByName) {
  GiveKey();
  struct Case {
    const char* name;
    std::function<void(v1::Entry*)> spoil;
    const char* says;
  };
  const auto change = [](const std::function<void(v1::SignedStatement*)>& how) {
    return [how](v1::Entry* entry) {
      v1::Record record;
      record.ParseFromString(entry->record());
      how(record.mutable_statement());
      entry->set_record(record.SerializeAsString());
    };
  };
  const std::vector<Case> cases = {
      {"short id", [](v1::Entry* e) { e->set_entry_id("x"); }, "its id has 1"},
      {"no salt", [](v1::Entry* e) { e->clear_record_salt(); }, "a salt"},
      {"no actor salt", [](v1::Entry* e) { e->clear_actor_salt(); }, "a salt"},
      {"actor", [](v1::Entry* e) { e->set_actor("\x82\x05\x01x"); },
       "actor is empty"},
      {"no record", [](v1::Entry* e) { e->clear_record(); }, "record"},
      {"large", [](v1::Entry* e) { e->set_record(std::string(40000, 'x')); },
       "limit 32768"},
      {"access",
       [this](v1::Entry* e) {
         *e = MakeTestEntry(0, 1, log_.random());
         e->clear_actor();
       },
       "record"},
      {"unknown field",
       [](v1::Entry* e) { e->mutable_record()->append("\xf8\x07\x01"); },
       "record"},
      {"other id",
       change([](auto* s) { s->set_entry_id(std::string(16, 'o')); }),
       "another entry id"},
      {"no signature", change([](auto* s) { s->clear_signature(); }),
       "signature"},
      {"no statement", change([](auto* s) { s->clear_statement(); }),
       "statement"},
      {"no kind", change([](auto* s) { s->clear_signature_kind(); }),
       "signature_kind"},
      {"other spelling", change([](auto* s) { s->set_subject("\1ANNA"); }),
       "record"},
      {"other scheme", change([](auto* s) { s->set_subject("\7anna"); }),
       "record"},
  };
  for (const Case& one : cases) {
    v1::Entry entry = anna_.Sign(anna_.Grant());
    one.spoil(&entry);
    const absl::Status refused = log_.File({entry}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << one.name << refused;
    EXPECT_TRUE(absl::StrContains(refused.message(), "entry 0"))
        << one.name << refused;
    EXPECT_TRUE(absl::StrContains(refused.message(), one.says))
        << one.name << refused;
    EXPECT_FALSE(absl::StrContains(refused.message(), "ANNA"));
  }
  v1::Entry entry = anna_.Sign(anna_.Grant());
  change([](auto* s) { s->set_administration(9); })(&entry);
  EXPECT_TRUE(absl::IsNotFound(log_.File({entry}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(log_.File(std::vector<v1::Entry>{}).status()));
  entry = anna_.Sign(anna_.Grant());
  EXPECT_TRUE(absl::IsInvalidArgument(log_.File({entry, entry}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      log_.File(std::vector<v1::Entry>(65, entry)).status()));
  EXPECT_EQ(Entries(1), 1);
}

TEST_F(StatementServiceTest, RejectsEveryEventThatItsSignerMayNotSay) {
  GiveKey();
  // The identity service alone: no grant, no end of a key, no second key.
  TestWallet service = log_.Wallet(1, 0);
  for (v1::Statement statement : {service.Grant(), service.FirstKey()}) {
    EXPECT_TRUE(absl::IsPermissionDenied(
        log_.File({service.Sign(statement)}).status()));
  }
  v1::Statement revoke = service.Next();
  revoke.mutable_key_revoke()->set_key_id(std::string(16, 'k'));
  EXPECT_TRUE(
      absl::IsPermissionDenied(log_.File({service.Sign(revoke)}).status()));
  // What only restrains it may say for one who has lost their key.
  EXPECT_TRUE(log_.File({service.Sign(service.WithdrawEverything())}).ok());
  // A service that the register does not have.
  v1::Statement other = service.WithdrawEverything();
  other.set_identity_service(5);
  EXPECT_TRUE(
      absl::IsPermissionDenied(log_.File({service.Sign(other)}).status()));
}

TEST_F(StatementServiceTest, FindsStatementsAmongManyAccesses) {
  GiveKey();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(log_.Record(0, 1).ok());
      // The server forgets the chain now and then.
      if (i % 13 == 5) log_.Open();
    }
    ASSERT_TRUE(log_.File(anna_.Grant(), &anna_).ok()) << round;
  }
  EXPECT_EQ(Entries(1), 124);
}

class ErasureByStatementTest : public StatementServiceTest {
 protected:
  ErasureByStatementTest()
      : keeper_(VaultKeeperOptions(), log_.log(), log_.clock(), log_.random(),
                [this] { log_.Run(); }) {}

  absl::Status Erase(uint64_t leaf, const std::string& statement_id = "") {
    vault::OperatorRequest request;
    request.set_verb(vault::OperatorRequest::ERASE);
    request.add_leaf_index(leaf);
    request.set_ground("wish");
    request.set_authority("City Archive");
    request.set_statement_id(statement_id);
    return keeper_.Do(request).status();
  }

  v1::Statement Wish(const std::vector<uint64_t>& numbers) {
    v1::Statement wish = anna_.Next();
    for (const uint64_t number : numbers) {
      wish.mutable_withdrawal()->add_erase(number);
    }
    return wish;
  }

  VaultKeeper keeper_;
};

TEST_F(ErasureByStatementTest, ErasesBeforeItsTimeByTheResidentsWishAlone) {
  GiveKey();
  const auto receipt = log_.Record(0, 1);  // entry 1
  const auto other = log_.Record(0, 1);    // entry 2
  ASSERT_TRUE(receipt.ok() && other.ok());
  const uint64_t leaf = receipt->leaf_index(0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Erase(leaf))) << "keep_min";
  const v1::Statement wish = Wish({1});
  EXPECT_TRUE(absl::IsFailedPrecondition(Erase(leaf, wish.statement_id())))
      << "it does not stand there";
  ASSERT_TRUE(log_.File(wish, &anna_).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Erase(other->leaf_index(0), wish.statement_id())))
      << "it names another";
  EXPECT_TRUE(absl::IsFailedPrecondition(Erase(leaf, std::string(16, 'x'))));
  EXPECT_TRUE(absl::IsInvalidArgument(Erase(leaf, "short")));
  EXPECT_EQ(Erase(leaf, wish.statement_id()), absl::OkStatus());
  // The tombstone names the wish.
  const auto checked = log_.Check(0, 1, 4);
  ASSERT_TRUE(checked.ok()) << checked.status();
  ASSERT_EQ(checked->chain().entries_size(), 1);
  Notice notice;
  ASSERT_EQ(ParseNotice(checked->chain().entries(0).opening().record(), &notice,
                        nullptr),
            Finding::kOk);
  EXPECT_EQ(notice.event, NoticeEvent::kErasure);
  EXPECT_EQ(notice.statement_id, wish.statement_id());
}

TEST_F(ErasureByStatementTest, ADisputeHoldsTheEntryUntilItIsTakenBack) {
  GiveKey();
  const auto receipt = log_.Record(0, 1);  // entry 1
  ASSERT_TRUE(receipt.ok());
  const v1::Statement dispute = anna_.Dispute(1);
  ASSERT_TRUE(log_.File(dispute, &anna_).ok());
  log_.clock()->Advance(int64_t{63072001} * 1000);
  EXPECT_TRUE(absl::IsFailedPrecondition(Erase(receipt->leaf_index(0))));
  v1::Statement end = anna_.Next();
  end.mutable_withdrawal()->add_statement_id(dispute.statement_id());
  ASSERT_TRUE(log_.File(end, &anna_).ok());
  EXPECT_EQ(Erase(receipt->leaf_index(0)), absl::OkStatus());
}

TEST_F(ErasureByStatementTest, AStatementItselfIsNeverErased) {
  const v1::Statement key = anna_.FirstKey();
  const auto filed = log_.File({anna_.Sign(key)});
  ASSERT_TRUE(filed.ok());
  log_.clock()->Advance(int64_t{63072001} * 1000);
  EXPECT_TRUE(absl::IsFailedPrecondition(Erase(filed->leaf_index(0))));
}

}  // namespace
}  // namespace vidimus
