#include "verifier/verdict.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proto/record.pb.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/history_testing.h"
#include "verifier/key_binding.h"
#include "verifier/signing.h"
#include "verifier/standing.h"

namespace vidimus {
namespace {

using B = HistoryBuilder;
constexpr uint64_t kDay = 86400;

// A key (id 1, by the service), a grant (id 2) and one access under it, each in
// a batch of its own; every hook may change what it is given.
struct Story {
  std::function<void(v1::Statement*)> key = [](auto*) {};
  std::function<void(v1::Statement*)> grant = [](auto*) {};
  std::function<void(v1::AccessRecord*)> access = [](auto*) {};
  // Between the grant's batch and the state that the access was decided on.
  std::function<void(B*)> before = [](auto*) {};
  // After that state; in the access's own batch if it does not seal.
  std::function<void(B*)> between = [](auto*) {};
  std::function<void(B*)> after = [](auto*) {};
  uint64_t wait_s = 8 * kDay;  // before the grant; longer than any notice
  uint64_t seal_s = 1;         // of the access's batch
  uint32_t provision = kRegisterNumberMax;  // cited, unless it is this
  char signer = 'k';
  std::string family;
  bool granted = true;

  std::string key_hash, grant_hash;

  Verdicts Judge() {
    builder = std::make_unique<B>();
    builder->Seal(wait_s);
    v1::Statement statement = B::FirstKey(1, 'k');
    key(&statement);
    key_hash = builder->Add(statement, 'k');
    builder->Seal(1);
    statement = B::Bare(2, 1, 1, key_hash);
    B::SetGrant(statement.mutable_grant());
    grant(&statement);
    if (granted) grant_hash = builder->Add(statement, signer, family);
    builder->Seal(1);
    before(builder.get());
    v1::AccessRecord record = provision == kRegisterNumberMax
                                  ? builder->Access()
                                  : builder->LawfulAccess(provision);
    access(&record);
    between(builder.get());
    builder->Add(record);
    builder->Seal(seal_s);
    after(builder.get());
    return JudgeHistory(builder->history(), TestVerify);
  }

  Verdict Only() {
    const Verdicts verdicts = Judge();
    CHECK_EQ(verdicts.verdicts.size(), 1u);
    return verdicts.verdicts[0];
  }

  // Statements to add.
  v1::Statement Say(uint64_t id) const {
    return B::Bare(id, 1, 2, grant_hash.empty() ? key_hash : grant_hash);
  }
  void Withdraw(B* to, uint64_t id = 3) const {
    v1::Statement statement = Say(id);
    statement.mutable_withdrawal()->add_statement_id(TestId(2));
    to->Add(statement, 'k');
  }
  void Prohibit(B* to, uint64_t id = 4) const {
    v1::Statement statement = Say(id);
    statement.mutable_prohibition();
    to->Add(statement, 'k');
  }
  void Revoke(B* to, uint64_t id = 5) const {
    v1::Statement statement = Say(id);
    statement.mutable_key_revoke()->set_key_id(TestId(1));
    to->Add(statement, 'k');
  }

  std::unique_ptr<B> builder;
};

void ExpectHeadline(const Verdict& verdict, Headline headline,
                    Dimension failed = Dimension::kNone) {
  EXPECT_STREQ(HeadlineName(verdict.headline), HeadlineName(headline));
  EXPECT_STREQ(DimensionName(verdict.failed), DimensionName(failed));
}

void ExpectViolation(Story& story, Dimension failed) {
  ExpectHeadline(story.Only(), Headline::kViolation, failed);
}

// --- Each headline -----------------------------------------------------------

TEST(VerdictTest, AnAccessWithinAGrantIsUnderConsent) {
  Story story;
  const Verdict verdict = story.Only();
  ExpectHeadline(verdict, Headline::kUnderConsent);
  EXPECT_EQ(verdict.wish, Wish::kGranted);
  EXPECT_EQ(verdict.law, Law::kNotCovered);
  EXPECT_TRUE(verdict.Fine());
  ASSERT_TRUE(verdict.grant.has_value());
  const Verdicts verdicts = story.Judge();
  const StandingStatement& grant = verdicts.statements[*verdict.grant];
  EXPECT_EQ(grant.statement.statement_id, TestId(2));
  EXPECT_EQ(grant.identity_service, 0u);
  EXPECT_EQ(grant.statement.assurance, Assurance::kWalletKey);
}

TEST(VerdictTest, AnAccessUnderAProvisionIsUnderLaw) {
  Story story;
  story.granted = false;
  story.provision = 0;
  const Verdict verdict = story.Only();
  ExpectHeadline(verdict, Headline::kUnderLaw);
  EXPECT_EQ(verdict.wish, Wish::kSilent);
  EXPECT_EQ(verdict.provision, 0u);
  EXPECT_TRUE(verdict.Fine());
}

TEST(VerdictTest, NeitherGrantNorLawIsAViolation) {
  Story story;
  story.granted = false;
  ExpectViolation(story, Dimension::kGround);
}

TEST(VerdictTest, ADutyAgainstAProhibitionIsAgainstTheWish) {
  Story story;
  story.granted = false;
  story.provision = 1;
  story.before = [&](B* to) {
    story.Prohibit(to);
    to->Seal(1);
  };
  const Verdict verdict = story.Only();
  ExpectHeadline(verdict, Headline::kAgainstWish);
  EXPECT_EQ(verdict.law, Law::kCovered);
  EXPECT_EQ(verdict.wish, Wish::kAgainst);
  EXPECT_FALSE(verdict.Fine());
}

TEST(VerdictTest, WantedButUnlawfulIsToldFromLawfulButUnwanted) {
  Story wanted;
  EXPECT_EQ(wanted.Only().law, Law::kNotCovered);
  EXPECT_EQ(wanted.Only().wish, Wish::kGranted);
  Story unwanted;
  unwanted.provision = 0;
  unwanted.before = [&](B* to) {
    v1::Statement statement = unwanted.Say(4);
    statement.mutable_objection();
    to->Add(statement, 'k');
    to->Seal(1);
  };
  const Verdict verdict = unwanted.Only();
  ExpectHeadline(verdict, Headline::kAgainstWish);
  EXPECT_EQ(verdict.law, Law::kCovered);
}

TEST(VerdictTest, AProvisionThatYieldsDoesNotStandAgainstAProhibition) {
  Story story;
  story.granted = false;
  story.provision = 0;
  story.before = [&](B* to) {
    story.Prohibit(to);
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kProhibited);
}

TEST(VerdictTest, AWithdrawalBeforeTheAccessIsAViolation) {
  Story story;
  story.before = [&](B* to) {
    story.Withdraw(to);
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kWithdrawn);
}

TEST(VerdictTest, AWithdrawalAfterAsOfIsARace) {
  for (const bool own_batch : {true, false}) {
    Story story;
    story.between = [&](B* to) {
      story.Withdraw(to);
      if (!own_batch) to->Seal(1);
    };
    const Verdict verdict = story.Only();
    ExpectHeadline(verdict, Headline::kRace);
    EXPECT_EQ(verdict.wish, Wish::kGranted);
  }
}

TEST(VerdictTest, AWithdrawalAfterTheAccessChangesNothing) {
  Story story;
  story.after = [&](B* to) {
    story.Withdraw(to);
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AProhibitionOrARevocationIsARaceToo) {
  Story prohibited;
  prohibited.between = [&](B* to) { prohibited.Prohibit(to); };
  ExpectHeadline(prohibited.Only(), Headline::kRace);
  Story revoked;
  revoked.between = [&](B* to) { revoked.Revoke(to); };
  ExpectHeadline(revoked.Only(), Headline::kRace);
  Story elsewhere;
  elsewhere.between = [&](B* to) {
    v1::Statement statement = elsewhere.Say(4);
    statement.mutable_prohibition()->mutable_scope()->add_purpose(
        B::kOtherPurpose);
    to->Add(statement, 'k');
  };
  ExpectHeadline(elsewhere.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AnObjectionIsNoRace) {
  Story story;
  story.between = [&](B* to) {
    v1::Statement statement = story.Say(4);
    statement.mutable_objection();
    to->Add(statement, 'k');
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, WhoIsAgainstItAlreadyCannotRace) {
  Story story;
  story.granted = false;
  story.provision = 1;
  story.before = [&](B* to) {
    story.Prohibit(to, 4);
    to->Seal(1);
  };
  story.between = [&](B* to) { story.Prohibit(to, 6); };
  const Verdict verdict = story.Only();
  ExpectHeadline(verdict, Headline::kAgainstWish);
  EXPECT_FALSE(verdict.race);
}

TEST(VerdictTest, OneGrantThatIsLeftIsNoRace) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(6);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  story.between = [&](B* to) { story.Withdraw(to); };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AGrantIsEnoughWhereLawIsUnproven) {
  Story story;
  story.access = [](auto* access) {
    access->add_legal_basis()->set_basis("A6-1-x");
  };
  const Verdict verdict = story.Only();
  EXPECT_EQ(verdict.law, Law::kUnproven);
  ExpectHeadline(verdict, Headline::kUnderConsent);
}

TEST(VerdictTest, ARaceThatIsStaleOrLateIsAViolation) {
  Story stale;
  stale.access = [](auto* access) {
    access->set_occurred_at_ms(access->occurred_at_ms() + 61000);
  };
  stale.between = [&](B* to) { stale.Withdraw(to); };
  stale.seal_s = 62;
  ExpectViolation(stale, Dimension::kStale);
  Story late;
  late.between = [&](B* to) { late.Withdraw(to); };
  late.seal_s = 1801;
  ExpectViolation(late, Dimension::kLate);
}

TEST(VerdictTest, StaleIsMoreThanTheLimitAndNotTheLimit) {
  for (const uint64_t age_s : {60, 61}) {
    Story story;
    story.access = [&](auto* access) {
      access->set_occurred_at_ms(access->occurred_at_ms() + age_s * 1000);
    };
    story.seal_s = age_s;
    ExpectHeadline(story.Only(),
                   age_s == 60 ? Headline::kUnderConsent : Headline::kStale);
  }
}

TEST(VerdictTest, LateIsMoreThanTheLimitOrInTheFuture) {
  for (const uint64_t delay_s : {1800, 1801}) {
    Story story;
    story.seal_s = delay_s;
    ExpectHeadline(story.Only(),
                   delay_s == 1800 ? Headline::kUnderConsent : Headline::kLate);
  }
  for (const uint64_t ahead_s : {5, 6}) {
    Story story;
    story.seal_s = 0;
    story.access = [&](auto* access) {
      access->set_occurred_at_ms(access->occurred_at_ms() + ahead_s * 1000);
    };
    ExpectHeadline(story.Only(),
                   ahead_s == 5 ? Headline::kUnderConsent : Headline::kLate);
  }
}

TEST(VerdictTest, TotalAlsoForTimesAtTheEdgeOfTheirType) {
  for (const uint64_t at_ms : {uint64_t{0}, ~uint64_t{0}}) {
    Story story;
    story.access = [&](auto* access) { access->set_occurred_at_ms(at_ms); };
    EXPECT_TRUE(story.Only().late);
  }
}

// --- What a grant must cover -------------------------------------------------

TEST(VerdictTest, AGrantForOthersDoesNotCover) {
  Story story;
  story.grant = [](auto* s) { s->mutable_grant()->set_administration(0, 4); };
  ExpectViolation(story, Dimension::kAdministration);
}

TEST(VerdictTest, AGrantWithoutTheRecipientDoesNotCover) {
  for (const char* recipient : {"", "espoo"}) {
    Story story;
    story.grant = [&](auto* s) {
      if (*recipient != '\0') {
        s->mutable_grant()->mutable_scope()->add_recipient(recipient);
      }
    };
    story.access = [](auto* access) { access->set_recipient_id("turku"); };
    ExpectViolation(story, Dimension::kRecipient);
  }
  Story named;
  named.grant = [](auto* s) {
    s->mutable_grant()->mutable_scope()->add_recipient("espoo");
    s->mutable_grant()->mutable_scope()->add_recipient("turku");
  };
  named.access = [](auto* access) { access->set_recipient_id("turku"); };
  ExpectHeadline(named.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AGrantForAnotherPurposeDoesNotCover) {
  Story story;
  story.access = [](auto* access) { access->set_purpose(B::kOtherPurpose); };
  ExpectViolation(story, Dimension::kPurpose);
}

TEST(VerdictTest, AGrantMustNameEveryCategory) {
  Story story;
  story.access = [](auto* access) { access->add_data_category("Family"); };
  ExpectViolation(story, Dimension::kCategory);
}

TEST(VerdictTest, AGrantMustHoldAtBothTimes) {
  const uint64_t now = B::kStart + 8 * kDay + 2;  // of the access
  for (const bool begins : {true, false}) {
    // Just in force at the access and at its seal, a second later.
    for (const uint64_t shift : {0, 1}) {
      Story story;
      story.grant = [&](auto* s) {
        auto* scope = s->mutable_grant()->mutable_scope();
        if (begins) scope->set_valid_from_s(now + shift);
        if (!begins) scope->set_valid_until_s(now + 2 - shift);
      };
      ExpectHeadline(
          story.Only(),
          shift == 0 ? Headline::kUnderConsent : Headline::kViolation,
          shift == 0 ? Dimension::kNone : Dimension::kTime);
    }
  }
}

TEST(VerdictTest, AGrantAfterAsOfDoesNotCount) {
  for (const bool own_batch : {true, false}) {
    Story story;
    story.granted = false;
    story.between = [&](B* to) {
      v1::Statement statement = story.Say(2);
      statement.set_sequence(1);
      B::SetGrant(statement.mutable_grant());
      to->Add(statement, 'k');
      if (!own_batch) to->Seal(1);
    };
    ExpectViolation(story, Dimension::kGround);
  }
}

TEST(VerdictTest, AWithdrawalBesideTheGrantWins) {
  Story story;
  story.granted = false;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(2);
    statement.set_sequence(1);
    B::SetGrant(statement.mutable_grant());
    story.grant_hash = to->Add(statement, 'k');
    story.Withdraw(to);
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kWithdrawn);
}

TEST(VerdictTest, AWithdrawalOfEverythingEndsWhatStandsBeforeIt) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(3);
    statement.mutable_withdrawal()->set_everything(true);
    const std::string hash = to->Add(statement, 'k');
    to->Seal(1);
    statement = B::Bare(6, 1, 3, hash);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
  Story ended;
  ended.before = [&](B* to) {
    v1::Statement statement = ended.Say(3);
    statement.mutable_withdrawal()->set_everything(true);
    to->Add(statement, 'k');
    to->Seal(1);
  };
  ExpectViolation(ended, Dimension::kWithdrawn);
}

TEST(VerdictTest, TheNewerOfAGrantAndAProhibitionIsTheWish) {
  Story newer;
  newer.before = [&](B* to) {
    newer.Prohibit(to);
    to->Seal(1);
  };
  ExpectViolation(newer, Dimension::kProhibited);
  Story older;
  older.granted = false;
  older.before = [&](B* to) {
    v1::Statement statement = older.Say(4);
    statement.set_sequence(1);
    statement.mutable_prohibition();
    const std::string hash = to->Add(statement, 'k');
    to->Seal(1);
    statement = B::Bare(2, 1, 2, hash);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  ExpectHeadline(older.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AProhibitionBesideTheGrantWins) {
  Story story;
  story.granted = false;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(2);
    statement.set_sequence(1);
    B::SetGrant(statement.mutable_grant());
    story.grant_hash = to->Add(statement, 'k');
    story.Prohibit(to);
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kProhibited);
}

TEST(VerdictTest, AProhibitionThatHoldsAtEitherTimeConcerns) {
  const uint64_t now = B::kStart + 8 * kDay + 3;  // of the access
  for (const bool at_access : {true, false}) {
    Story story;
    story.before = [&](B* to) {
      v1::Statement statement = story.Say(4);
      v1::Scope* scope = statement.mutable_prohibition()->mutable_scope();
      if (at_access) scope->set_valid_until_s(now + 1);
      if (!at_access) scope->set_valid_from_s(now + 1);
      to->Add(statement, 'k');
      to->Seal(1);
    };
    ExpectViolation(story, Dimension::kProhibited);
  }
}

// What takes a prohibition back must be the resident's own, in full force.
TEST(VerdictTest, AProhibitionIsNotTakenBackByAnybodyElse) {
  enum Who { kResident, kDelegate, kService, kOutOfOrder };
  for (const Who who : {kResident, kDelegate, kService, kOutOfOrder}) {
    Story story;
    story.granted = false;
    story.provision = 0;
    story.before = [&](B* to) {
      v1::Statement statement = B::Bare(6, 1, 1, story.key_hash);
      B::SetKey('d', statement.mutable_delegate()->mutable_key());
      statement.mutable_delegate()->set_until_s(B::kStart + 100 * kDay);
      std::string hash = to->Add(statement, 'k');
      statement = B::Bare(4, 1, 2, hash);
      statement.mutable_prohibition();
      hash = to->Add(statement, 'k');
      to->Seal(1);
      statement = who == kService
                      ? B::ServiceBare(7)
                      : B::Bare(7, who == kDelegate ? 6 : 1, 3, hash);
      statement.set_sequence(3);
      statement.set_previous(who == kOutOfOrder ? std::string(32, 'x') : hash);
      statement.mutable_withdrawal()->add_statement_id(TestId(4));
      to->Add(statement, who == kDelegate ? 'd' : 'k');
      to->Seal(1);
    };
    if (who == kResident) {
      ExpectHeadline(story.Only(), Headline::kUnderLaw);
    } else {
      ExpectViolation(story, Dimension::kProhibited);
    }
  }
}

TEST(VerdictTest, AProhibitionHoldsUntilTheResidentTakesItBack) {
  Story story;
  story.before = [&](B* to) {
    story.Prohibit(to, 4);
    to->Seal(1);
    v1::Statement statement = story.Say(6);
    statement.set_sequence(3);
    v1::Statement prohibition = story.Say(4);
    prohibition.mutable_prohibition();
    statement.set_previous(std::string(
        Bytes(StatementHash("log.example/city", to->history().subject,
                            B::kBoard, prohibition.SerializeAsString()))));
    statement.mutable_withdrawal()->add_statement_id(TestId(4));
    to->Add(statement, 'k');
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AProhibitionOfOneCategoryCatchesAnAccessWithMore) {
  for (const char* category : {"Income", "Health"}) {
    Story story;
    story.before = [&](B* to) {
      v1::Statement statement = story.Say(4);
      statement.mutable_prohibition()->mutable_scope()->add_data_category(
          category);
      to->Add(statement, 'k');
      to->Seal(1);
    };
    EXPECT_EQ(story.Only().wish, category == std::string("Income")
                                     ? Wish::kAgainst
                                     : Wish::kGranted);
  }
}

TEST(VerdictTest, AProhibitionConcernsThePurposesAndRecipientsThatItNames) {
  const auto judge = [](const char* purpose, const char* recipient) {
    Story story;
    story.grant = [](auto* s) {
      s->mutable_grant()->mutable_scope()->add_recipient("espoo");
    };
    story.before = [&](B* to) {
      v1::Statement statement = story.Say(4);
      v1::Scope* scope = statement.mutable_prohibition()->mutable_scope();
      if (*purpose != '\0') scope->add_purpose(purpose);
      if (*recipient != '\0') scope->add_recipient(recipient);
      to->Add(statement, 'k');
      to->Seal(1);
    };
    story.access = [](auto* a) { a->set_recipient_id("espoo"); };
    return story.Only().wish;
  };
  EXPECT_EQ(judge(B::kPurpose, ""), Wish::kAgainst);
  EXPECT_EQ(judge(B::kOtherPurpose, ""), Wish::kGranted);
  EXPECT_EQ(judge("", "espoo"), Wish::kAgainst);
  EXPECT_EQ(judge("", "turku"), Wish::kGranted);
  EXPECT_EQ(judge(B::kPurpose, "turku"), Wish::kGranted);
}

TEST(VerdictTest, APreferenceBindsNobody) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(4);
    statement.mutable_preference()->set_wanted(false);
    to->Add(statement, 'k');
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

// --- What law must cover -----------------------------------------------------

struct LawCase {
  Dimension failed;
  std::function<void(v1::Provision*)> law;
  std::function<void(v1::AccessRecord*)> access;
};

TEST(VerdictTest, AProvisionCoversWhatItNamesAndNothingElse) {
  const auto none = [](auto*) {};
  const std::vector<LawCase> kCases = {
      {Dimension::kNone, none, none},
      {Dimension::kProvision, none,
       [](auto* a) { a->mutable_legal_basis(0)->set_provision(77); }},
      {Dimension::kBasis, none,
       [](auto* a) { a->mutable_legal_basis(0)->set_basis("A6-1-c"); }},
      {Dimension::kAdministration,
       [](auto* law) { law->set_administration(0, 4); }, none},
      {Dimension::kPurpose, none,
       [](auto* a) { a->set_purpose(B::kOtherPurpose); }},
      {Dimension::kPurpose, [](auto* law) { law->add_purpose("Unknown"); },
       [](auto* a) { a->set_purpose("Unknown"); }},
      {Dimension::kPurpose, none, [](auto* a) { a->set_purpose_number(1); }},
      {Dimension::kCategory, none,
       [](auto* a) { a->add_data_category("Health"); }},
      {Dimension::kTime, [](auto* law) { law->set_valid_until_s(5); }, none},
      {Dimension::kTime,
       [](auto* law) { law->set_valid_from_s(uint64_t{1} << 40); }, none},
  };
  for (const LawCase& c : kCases) {
    Story story;
    story.granted = false;
    story.provision = 2;
    story.before = [&](B* to) {
      v1::Provision law = B::Law(false);
      c.law(&law);
      to->Put(RegisterType::kProvision, 2, law);
      to->Seal(0);
      to->Seal(8 * kDay);
    };
    story.access = c.access;
    const Verdict verdict = story.Only();
    if (c.failed == Dimension::kNone) {
      ExpectHeadline(verdict, Headline::kUnderLaw);
    } else {
      ExpectHeadline(verdict, Headline::kViolation, c.failed);
    }
  }
}

TEST(VerdictTest, ANewProvisionWaitsForTheNoticePeriod) {
  for (const uint64_t age_s : {7 * kDay, 7 * kDay + 1}) {
    Story story;
    story.granted = false;
    story.provision = 2;
    story.seal_s = 0;
    story.before = [&](B* to) {
      to->Put(RegisterType::kProvision, 2, B::Law(false));
      to->Seal(0);
      to->Seal(age_s);
    };
    if (age_s == 7 * kDay) {
      ExpectViolation(story, Dimension::kNotice);
    } else {
      ExpectHeadline(story.Only(), Headline::kUnderLaw);
    }
  }
}

TEST(VerdictTest, ANewPurposeWaitsForGrantsToo) {
  Story story;
  story.grant = [](auto* s) {
    s->mutable_grant()->mutable_scope()->add_purpose("New");
  };
  story.before = [](B* to) {
    to->Put(RegisterType::kPurpose, 2, B::PurposeOf("New"));
    to->Seal(1);
  };
  story.access = [](auto* access) { access->set_purpose("New"); };
  ExpectViolation(story, Dimension::kNotice);
}

TEST(VerdictTest, ANewPurposeWaitsForLawsToo) {
  for (const uint64_t age_s : {kDay, 8 * kDay}) {
    Story story;
    story.granted = false;
    story.provision = 2;
    story.before = [&](B* to) {
      v1::Provision law = B::Law(false);
      law.add_purpose("New");
      to->Put(RegisterType::kProvision, 2, law);
      to->Seal(0);
      to->Seal(8 * kDay);
      to->Put(RegisterType::kPurpose, 2, B::PurposeOf("New"));
      to->Seal(0);
      to->Seal(age_s);
    };
    story.access = [](auto* access) { access->set_purpose("New"); };
    if (age_s == kDay) {
      ExpectViolation(story, Dimension::kNotice);
    } else {
      ExpectHeadline(story.Only(), Headline::kUnderLaw);
    }
  }
}

TEST(VerdictTest, AnAmendmentWaitsWhileTheOldWordsHold) {
  Story story;
  story.granted = false;
  story.provision = 0;
  story.before = [](B* to) {
    v1::Provision narrower = B::Law(false);
    narrower.clear_data_category();
    narrower.add_data_category("Health");
    to->Put(RegisterType::kProvision, 0, narrower);
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderLaw);
  story.before = [old = story.before](B* to) {
    old(to);
    to->Seal(8 * kDay);
  };
  ExpectViolation(story, Dimension::kCategory);
}

TEST(VerdictTest, AProvisionAfterAsOfDoesNotCount) {
  Story story;
  story.granted = false;
  story.provision = 2;
  story.between = [](B* to) {
    to->Put(RegisterType::kProvision, 2, B::Law(false));
    to->Seal(8 * kDay);
  };
  ExpectViolation(story, Dimension::kProvision);
}

// --- What cannot be said -----------------------------------------------------

TEST(VerdictTest, WhatNobodyKnowsIsUnproven) {
  struct Unknown {
    Dimension dimension;
    std::function<void(v1::AccessRecord*)> access;
  };
  const std::vector<Unknown> kCases = {
      {Dimension::kUnknownBasis,
       [](auto* a) { a->mutable_legal_basis(0)->set_basis("A6-1-x"); }},
      {Dimension::kUnknownBasis,
       [](auto* a) { a->mutable_legal_basis(0)->clear_provision(); }},
      {Dimension::kOperation,
       [](auto* a) { a->set_operation(static_cast<v1::Operation>(6)); }},
      {Dimension::kOperation,
       [](auto* a) { a->set_actor_kind(static_cast<v1::ActorKind>(5)); }},
      {Dimension::kOperation,
       [](auto* a) { a->set_outcome(static_cast<v1::Outcome>(4)); }},
      {Dimension::kAiSystem,
       [](auto* a) { a->set_actor_kind(v1::AI_ASSISTED); }},
      {Dimension::kSourceSystem,
       [](auto* a) { a->set_source_origin("paper"); }},
      {Dimension::kAsOf, [](auto* a) { a->mutable_as_of()->set_size(3); }},
      {Dimension::kAsOf,
       [](auto* a) { a->mutable_as_of()->set_size(1 << 30); }},
      {Dimension::kAsOf,
       [](auto* a) { a->mutable_as_of()->set_origin("other"); }},
  };
  for (const Unknown& c : kCases) {
    Story story;
    story.granted = false;
    story.provision = 0;
    story.access = c.access;
    ExpectHeadline(story.Only(), Headline::kUnproven, c.dimension);
  }
}

TEST(VerdictTest, DoubtIsNotHealedByAGrant) {
  for (const auto& change : std::vector<std::function<void(v1::AccessRecord*)>>{
           [](auto* a) { a->set_operation(static_cast<v1::Operation>(6)); },
           [](auto* a) { a->set_actor_kind(v1::AI_AUTONOMOUS); },
           [](auto* a) { a->set_source_origin("paper"); },
           [](auto* a) { a->mutable_as_of()->set_size(3); }}) {
    Story story;
    story.access = change;
    EXPECT_STREQ(HeadlineName(story.Only().headline), "unproven");
  }
}

TEST(VerdictTest, AsOfMayNotBeAfterTheAccessesOwnBatchBegan) {
  Story story;
  story.after = [&](B* to) {
    v1::AccessRecord access = to->Access();
    access.mutable_as_of()->set_size(to->log().seals.back().size + 10);
    to->Add(access);
    to->Seal(1, 8);  // ends at just that size
    ASSERT_EQ(to->size(), access.as_of().size());
  };
  const Verdicts verdicts = story.Judge();
  ExpectHeadline(verdicts.verdicts[1], Headline::kUnproven, Dimension::kAsOf);
}

TEST(VerdictTest, AModelMustStandInTheRegisterForItsUser) {
  for (const uint32_t user : {B::kBoard, B::kBoard + 1}) {
    Story story;
    story.before = [&](B* to) {
      v1::AiSystem system;
      system.set_id("ai-17");
      *system.add_name() = B::Text("Finder");
      system.add_administration(user);
      to->Put(RegisterType::kAiSystem, 0, system);
      to->Seal(1);
    };
    story.access = [](auto* access) {
      access->set_actor_kind(v1::AI_AUTONOMOUS);
      access->set_ai_system_id("ai-17");
    };
    ExpectHeadline(
        story.Only(),
        user == B::kBoard ? Headline::kUnderConsent : Headline::kUnproven,
        user == B::kBoard ? Dimension::kNone : Dimension::kAiSystem);
  }
}

TEST(VerdictTest, AConnectedSystemIsNoContradiction) {
  Story story;
  story.access = [](auto* access) { access->set_source_origin("cases"); };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

TEST(VerdictTest, AnUnverifiedProvisionNeverGivesUnderLaw) {
  Story story;
  story.granted = false;
  story.provision = 2;
  story.before = [](B* to) {
    v1::Provision law = B::Law(false);
    law.set_unverified(true);
    to->Put(RegisterType::kProvision, 2, law);
    to->Seal(0);
    to->Seal(8 * kDay);
  };
  ExpectHeadline(story.Only(), Headline::kUnproven, Dimension::kUnverified);
}

TEST(VerdictTest, ADocumentThatIsNotAtHandIsUnproven) {
  for (const RegisterType type :
       {RegisterType::kProvision, RegisterType::kPurpose}) {
    Story story;
    story.granted = false;
    story.provision = 0;
    story.after = [&](B* to) {
      for (HistoryDocument& document : to->log().documents) {
        if (document.id.type == type) document.message.reset();
      }
    };
    ExpectHeadline(story.Only(), Headline::kUnproven, Dimension::kUnreadable);
  }
}

TEST(VerdictTest, ARecordThatCannotBeReadIsUnproven) {
  Story story;
  story.after = [](B* to) {
    to->Add(Content::kOpen, "\xff");
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  ASSERT_EQ(verdicts.verdicts.size(), 2u);
  ExpectHeadline(verdicts.verdicts[1], Headline::kUnproven, Dimension::kRecord);
}

TEST(VerdictTest, ASecondBasisMayCarryWhatTheFirstDoesNot) {
  Story story;
  story.granted = false;
  story.access = [](auto* access) {
    auto* basis = access->add_legal_basis();
    basis->set_basis("A6-1-e");
    basis->set_provision(0);
  };
  ExpectHeadline(story.Only(), Headline::kUnderLaw);
}

TEST(VerdictTest, OneCatalogueTwoAdministrations) {
  // The same access by another administration, which no provision names.
  Story story;
  story.granted = false;
  story.provision = 2;
  story.before = [](B* to) {
    v1::Provision law = B::Law(false);
    law.set_administration(0, B::kBoard + 1);
    to->Put(RegisterType::kProvision, 2, law);
    to->Seal(0);
    to->Seal(8 * kDay);
  };
  ExpectViolation(story, Dimension::kAdministration);
}

// --- Closed content ----------------------------------------------------------

v1::Notice NoticeAbout(uint64_t entry) {
  v1::Notice notice;
  notice.set_entry_id(std::string(16, 'n'));
  notice.set_subject(std::string("\x01") + "id");
  notice.set_administration(B::kBoard);
  notice.set_at_s(1);
  v1::Ground* ground = notice.mutable_erasure()->mutable_ground();
  ground->set_ground("retention");
  ground->set_authority("Archive");
  notice.mutable_erasure()->set_entry(entry);
  return notice;
}

v1::Notice WithholdingOf(uint64_t entry, uint64_t until_s, uint32_t provision) {
  v1::Notice notice = NoticeAbout(entry);
  v1::Withholding withholding;
  *withholding.mutable_ground() = notice.erasure().ground();
  withholding.mutable_ground()->set_provision(provision);
  withholding.set_entry(entry);
  withholding.set_until_s(until_s);
  *notice.mutable_withholding() = withholding;
  return notice;
}

// A history whose entry 0 is closed and entry 1 the notice.
Headline Closed(Content content, const v1::Notice& notice,
                const std::function<void(B*)>& more = {},
                uint64_t wait_s = 40 * kDay) {
  B builder;
  builder.Seal(8 * kDay);
  builder.Add(content, "", 1);
  builder.Seal(1);
  builder.Seal(wait_s);
  builder.Add(notice);
  builder.Seal(1);
  if (more) more(&builder);
  const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
  EXPECT_EQ(verdicts.verdicts.size(), 1u);
  EXPECT_EQ(verdicts.verdicts[0].law, Law::kUnproven);
  EXPECT_EQ(verdicts.verdicts[0].wish, Wish::kSilent);
  return verdicts.verdicts[0].headline;
}

TEST(VerdictTest, ForgedAndMissingContentComeFirst) {
  for (const Content content : {Content::kForged, Content::kMissing}) {
    EXPECT_EQ(Closed(content, NoticeAbout(0)), content == Content::kForged
                                                   ? Headline::kForged
                                                   : Headline::kMissing);
  }
}

TEST(VerdictTest, WithheldHoldsUntilItsDateUnderAProvisionThatAllowsIt) {
  const uint64_t sealed = B::kStart + 8 * kDay + 1;
  const uint64_t now = sealed + 40 * kDay + 1;
  const uint64_t longest = sealed + 90 * kDay;
  const auto judge = [](const v1::Notice& notice,
                        const std::function<void(B*)>& more = {}) {
    return Closed(Content::kWithheld, notice, more);
  };
  EXPECT_EQ(judge(WithholdingOf(0, now + 1, 0)), Headline::kWithheld);
  EXPECT_EQ(judge(WithholdingOf(0, longest, 0)), Headline::kWithheld);
  EXPECT_EQ(judge(WithholdingOf(0, longest + 1, 0)), Headline::kMissing);
  EXPECT_EQ(judge(WithholdingOf(0, now, 0)), Headline::kMissing);
  EXPECT_EQ(judge(WithholdingOf(0, now + 1, 0), [](B* to) { to->Seal(1); }),
            Headline::kMissing);
  EXPECT_EQ(judge(WithholdingOf(0, now + 1, 77)), Headline::kMissing);
  EXPECT_EQ(judge(WithholdingOf(1, now + 1, 0)), Headline::kMissing);
  EXPECT_EQ(judge(NoticeAbout(0)), Headline::kMissing);
  v1::Notice without = WithholdingOf(0, now + 1, 0);
  without.mutable_withholding()->mutable_ground()->clear_provision();
  EXPECT_EQ(judge(without), Headline::kMissing);
  for (const int change : {0, 1, 2}) {
    EXPECT_EQ(judge(WithholdingOf(0, now + 1, 0),
                    [&](B* to) {
                      v1::Provision law = B::Law(false);
                      if (change == 0) law.clear_withholding_max_s();
                      if (change == 1) law.set_unverified(true);
                      if (change == 2) law.set_administration(0, 4);
                      const std::string bytes = law.SerializeAsString();
                      static std::deque<std::string> kept;
                      kept.push_back(bytes);
                      for (HistoryDocument& document : to->log().documents) {
                        if (document.id.type == RegisterType::kProvision) {
                          document.message = kept.back();
                        }
                      }
                    }),
              Headline::kMissing);
  }
}

TEST(VerdictTest, ErasedNotBeforeItsTime) {
  const auto judge = [](uint64_t wait_s) {
    return Closed(Content::kErased, NoticeAbout(0), {}, wait_s);
  };
  EXPECT_EQ(judge(30 * kDay), Headline::kErased);
  EXPECT_EQ(judge(30 * kDay - 2), Headline::kMissing);
  EXPECT_EQ(Closed(Content::kErased, NoticeAbout(1)), Headline::kMissing);
  EXPECT_EQ(Closed(Content::kErased, WithholdingOf(0, ~uint64_t{0}, 0)),
            Headline::kMissing);
}

TEST(VerdictTest, ErasedNotDuringADisputeUnlessTheResidentSignedIt) {
  for (const bool disputed : {true, false}) {
    for (const bool lifted : {true, false}) {
      for (const bool wished : {true, false}) {
        B builder;
        builder.Seal(8 * kDay);
        std::string hash = builder.Add(B::FirstKey(1, 'k'), 'k');
        builder.Seal(1);
        builder.Add(Content::kErased, "", 5);  // entry 1
        builder.Seal(1);
        v1::Statement statement = B::Bare(2, 1, 1, hash);
        if (disputed) {
          statement.mutable_dispute()->set_entry(1);
        } else {
          statement.mutable_preference();
        }
        hash = builder.Add(statement, 'k');
        builder.Seal(1);
        statement = B::Bare(3, 1, 2, hash);
        statement.mutable_withdrawal()->add_statement_id(
            TestId(lifted ? 2 : 9));
        hash = builder.Add(statement, 'k');
        builder.Seal(1);
        statement = B::Bare(4, 1, 3, hash);
        statement.mutable_withdrawal()->add_erase(wished ? 1 : 2);
        builder.Add(statement, 'k');
        builder.Seal(60 * kDay);
        v1::Notice notice = NoticeAbout(1);
        notice.mutable_erasure()->set_statement_id(TestId(4));
        builder.Add(notice);  // entry 5
        builder.Seal(1);
        const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
        ASSERT_EQ(verdicts.verdicts.size(), 1u);
        EXPECT_EQ(verdicts.verdicts[0].headline, disputed && !lifted && !wished
                                                     ? Headline::kMissing
                                                     : Headline::kErased);
      }
    }
  }
}

TEST(VerdictTest, ADisputeAfterTheErasureComesTooLate) {
  for (const bool before : {true, false}) {
    B builder;
    builder.Seal(8 * kDay);
    const std::string hash = builder.Add(B::FirstKey(1, 'k'), 'k');
    builder.Seal(1);
    builder.Add(Content::kErased, "", before ? 3 : 2);  // entry 1
    builder.Seal(31 * kDay);
    v1::Statement statement = B::Bare(2, 1, 1, hash);
    statement.mutable_dispute()->set_entry(1);
    if (before) builder.Add(statement, 'k');
    builder.Seal(1);
    builder.Add(NoticeAbout(1));
    builder.Seal(31 * kDay);
    if (!before) builder.Add(statement, 'k');
    builder.Seal(1);
    const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
    ASSERT_EQ(verdicts.verdicts.size(), 1u);
    EXPECT_EQ(verdicts.verdicts[0].headline,
              before ? Headline::kMissing : Headline::kErased);
  }
}

TEST(VerdictTest, NobodyElseWishesAnErasure) {
  enum Who { kResident, kDelegate, kService };
  for (const Who who : {kResident, kDelegate, kService}) {
    B builder;
    builder.Seal(8 * kDay);
    std::string hash = builder.Add(B::FirstKey(1, 'k'), 'k');
    builder.Seal(1);
    v1::Statement statement = B::Bare(2, 1, 1, hash);
    B::SetKey('d', statement.mutable_delegate()->mutable_key());
    statement.mutable_delegate()->set_until_s(B::kStart + 100 * kDay);
    hash = builder.Add(statement, 'k');
    builder.Add(Content::kErased, "", 4);  // entry 2
    builder.Seal(1);
    statement = who == kService ? B::ServiceBare(3)
                                : B::Bare(3, who == kDelegate ? 2 : 1, 2, hash);
    statement.set_sequence(2);
    statement.set_previous(hash);
    statement.mutable_withdrawal()->add_erase(2);
    builder.Add(statement, who == kDelegate ? 'd' : 'k');
    builder.Seal(1);
    v1::Notice notice = NoticeAbout(2);
    notice.mutable_erasure()->set_statement_id(TestId(3));
    builder.Add(notice);  // entry 4
    builder.Seal(1);
    const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
    ASSERT_EQ(verdicts.verdicts.size(), 1u);
    EXPECT_EQ(verdicts.verdicts[0].headline,
              who == kResident ? Headline::kErased : Headline::kMissing);
  }
}

TEST(VerdictTest, RestrictedWithItsEntry) {
  v1::Notice notice = NoticeAbout(0);
  v1::Restriction restriction;
  *restriction.mutable_ground() = notice.erasure().ground();
  restriction.set_entry(0);
  *notice.mutable_restriction() = restriction;
  EXPECT_EQ(Closed(Content::kRestricted, notice), Headline::kRestricted);
  notice.mutable_restriction()->set_lifted(true);
  EXPECT_EQ(Closed(Content::kRestricted, notice), Headline::kMissing);
}

// --- The example of docs/verdicts.md
// --------------------------------------------

TEST(VerdictTest, TheExampleOfThePage) {
  B builder;
  EXPECT_EQ(builder.size(), 12u);
  std::string hash = builder.Add(B::FirstKey(1, 'k'), 'k');
  builder.Seal(700000);
  v1::Statement statement = B::Bare(2, 1, 1, hash);
  B::SetGrant(statement.mutable_grant());
  hash = builder.Add(statement, 'k');
  builder.Seal(1);
  builder.Add(builder.Access());
  builder.Seal(1);
  v1::AccessRecord access = builder.Access();
  access.add_data_category("Family");
  builder.Add(access);
  builder.Seal(1);
  EXPECT_EQ(builder.size(), 52u);
  statement = B::Bare(3, 1, 2, hash);
  statement.mutable_withdrawal()->add_statement_id(TestId(2));
  hash = builder.Add(statement, 'k');
  builder.Add(builder.Access());
  builder.Seal(1, 7);
  builder.Add(builder.Access());
  builder.Seal(1);
  builder.Add(builder.LawfulAccess(0));
  builder.Seal(1);
  statement = B::Bare(4, 1, 3, hash);
  statement.mutable_prohibition();
  builder.Add(statement, 'k');
  builder.Seal(1);
  for (const uint32_t provision : {0, 1}) {
    builder.Add(builder.LawfulAccess(provision));
    builder.Seal(1);
  }
  EXPECT_EQ(builder.size(), 112u);

  const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
  for (const StandingStatement& standing : verdicts.statements) {
    EXPECT_EQ(standing.finding, Finding::kOk);
  }
  ASSERT_EQ(verdicts.verdicts.size(), 7u);
  const auto& of = verdicts.verdicts;
  ExpectHeadline(of[0], Headline::kUnderConsent);
  ExpectHeadline(of[1], Headline::kViolation, Dimension::kCategory);
  ExpectHeadline(of[2], Headline::kRace);
  ExpectHeadline(of[3], Headline::kViolation, Dimension::kWithdrawn);
  ExpectHeadline(of[4], Headline::kUnderLaw);
  ExpectHeadline(of[5], Headline::kViolation, Dimension::kProhibited);
  ExpectHeadline(of[6], Headline::kAgainstWish);
}

// --- Families ----------------------------------------------------------------

TEST(VerdictTest, AGrantStaysInForceInTheNextLog) {
  Story story;
  story.after = [](B* to) {
    v1::AccessRecord old_state = to->Access();
    to->OpenLog("2026h2");
    to->Add(old_state);
    to->Add(to->Access());
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  ASSERT_EQ(verdicts.verdicts.size(), 3u);
  ExpectHeadline(verdicts.verdicts[1], Headline::kUnderConsent);
  ExpectHeadline(verdicts.verdicts[2], Headline::kUnderConsent);
  EXPECT_EQ(verdicts.verdicts[1].log, 1u);
}

TEST(VerdictTest, AWithdrawalInTheNextLogIsARaceForAStateOfTheLast) {
  Story story;
  story.after = [&](B* to) {
    v1::AccessRecord old_state = to->Access();
    to->OpenLog("2026h2");
    story.Withdraw(to);
    to->Seal(1);
    to->Add(old_state);
    to->Add(to->Access());
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  ASSERT_EQ(verdicts.verdicts.size(), 3u);
  ExpectHeadline(verdicts.verdicts[1], Headline::kRace);
  ExpectHeadline(verdicts.verdicts[2], Headline::kViolation,
                 Dimension::kWithdrawn);
}

// --- Who may grant -----------------------------------------------------------

Finding FindingOf(const Verdicts& verdicts, uint64_t id) {
  for (const StandingStatement& standing : verdicts.statements) {
    if (standing.statement.statement_id == TestId(id)) return standing.finding;
  }
  return Finding::kRecordFieldMissing;
}

void ExpectNotCounted(Story& story, Finding finding) {
  const Verdicts verdicts = story.Judge();
  EXPECT_STREQ(FindingName(FindingOf(verdicts, 2)), FindingName(finding));
  ExpectHeadline(verdicts.verdicts[0], Headline::kViolation,
                 Dimension::kGround);
}

TEST(VerdictTest, AGrantSignedByAStrangerNeverCounts) {
  Story story;
  story.signer = 'x';
  ExpectNotCounted(story, Finding::kStatementSignature);
}

TEST(VerdictTest, AGrantForAnotherFamilyNeverCounts) {
  Story story;
  story.family = "log.example/other";
  ExpectNotCounted(story, Finding::kStatementSignature);
}

TEST(VerdictTest, AGrantByAKeyOfAnotherChainNeverCounts) {
  Story story;
  story.grant = [](auto* s) { s->set_key_id(TestId(99)); };
  ExpectNotCounted(story, Finding::kStatementKeyUnknown);
}

TEST(VerdictTest, AGrantInAWayThatNobodyKnowsIsNeverConsent) {
  Story story;
  const Verdicts counted = story.Judge();
  EXPECT_EQ(FindingOf(counted, 2), Finding::kOk);
  const Verdicts unknown = JudgeHistory(story.builder->history(), nullptr);
  EXPECT_EQ(FindingOf(unknown, 2), Finding::kSignatureKindUnknown);
  ExpectHeadline(unknown.verdicts[0], Headline::kViolation, Dimension::kGround);
}

TEST(VerdictTest, AGrantMustBeSignedInTheWayOfItsKey) {
  Story story;
  story.after = [](B* to) {
    static std::string changed;
    v1::Record record;
    HistoryEntry& grant = to->log().entries[1];
    record.ParseFromString(std::string(grant.record));
    record.mutable_statement()->set_signature_kind(v1::ED25519);
    changed = record.SerializeAsString();
    grant.record = changed;
  };
  ExpectNotCounted(story, Finding::kStatementSignature);
}

// Signs as a wallet of that kind does, with what stands in for ECDSA.
std::string SignAs(v1::SignatureKind kind, const std::string& key,
                   const Hash& statement_hash) {
  const Hash challenge = StatementChallenge(statement_hash);
  const std::string encoded = Base64UrlEncode(Bytes(challenge));
  if (kind == v1::ES256) {
    return TestSign(key, StatementSignedBytes(statement_hash));
  }
  if (kind == v1::KEY_BINDING_JWT) {
    const std::string transaction =
        Base64UrlEncode(Bytes(Sha256({StatementTransactionData(challenge)})));
    const std::string body =
        Base64UrlEncode("{\"alg\":\"ES256\",\"typ\":\"kb+jwt\"}") + "." +
        Base64UrlEncode("{\"iat\":1,\"aud\":\"city\",\"nonce\":\"" + encoded +
                        "\",\"sd_hash\":\"" + encoded +
                        "\",\"transaction_data_hashes\":[\"" + transaction +
                        "\"]}");
    return body + "." + Base64UrlEncode(TestSign(key, body));
  }
  v1::WebAuthnAssertion assertion;
  assertion.set_authenticator_data(std::string(kHashBytes, 'r') + "\x01" +
                                   std::string(4, '\0'));
  assertion.set_client_data_json("{\"type\":\"webauthn.get\",\"challenge\":\"" +
                                 encoded +
                                 "\",\"origin\":\"https://city.example\"}");
  assertion.set_signature(TestSign(
      key, assertion.authenticator_data() +
               std::string(Bytes(Sha256({assertion.client_data_json()})))));
  return assertion.SerializeAsString();
}

TEST(VerdictTest, AKeySignsInItsOwnWayAndInNoOther) {
  const std::vector<v1::SignatureKind> kKinds = {v1::ES256, v1::KEY_BINDING_JWT,
                                                 v1::WEBAUTHN};
  for (const v1::SignatureKind of_key : kKinds) {
    for (const v1::SignatureKind made_as : kKinds) {
      for (const v1::SignatureKind said : {of_key, made_as}) {
        Story story;
        story.key = [&](auto* s) { s->mutable_key_add()->set_kind(of_key); };
        std::string changed;
        story.after = [&](B* to) {
          HistoryEntry& grant = to->log().entries[1];
          v1::Record record;
          record.ParseFromString(std::string(grant.record));
          v1::SignedStatement* filed = record.mutable_statement();
          filed->set_signature_kind(said);
          filed->set_signature(
              SignAs(made_as, TestKey('k'),
                     StatementHash("log.example/city", filed->subject(),
                                   B::kBoard, filed->statement())));
          changed = record.SerializeAsString();
          grant.record = changed;
        };
        const Finding finding = FindingOf(story.Judge(), 2);
        EXPECT_EQ(finding == Finding::kOk, of_key == made_as)
            << of_key << " " << made_as << " " << FindingName(finding);
      }
    }
  }
}

TEST(VerdictTest, AGrantByAnIdentityServiceNeverCounts) {
  Story story;
  story.grant = [](auto* s) {
    s->clear_key_id();
    s->set_identity_service(0);
  };
  ExpectNotCounted(story, Finding::kStatementSigner);
}

TEST(VerdictTest, AGrantByARevokedKeyNeverCounts) {
  for (const bool own_batch : {true, false}) {
    Story story;
    story.granted = false;
    story.before = [&](B* to) {
      story.Revoke(to);
      if (!own_batch) to->Seal(1);
      v1::Statement statement = story.Say(2);
      statement.set_sequence(1);
      B::SetGrant(statement.mutable_grant());
      to->Add(statement, 'k');
      to->Seal(1);
    };
    ExpectNotCounted(story, Finding::kStatementKeyRevoked);
  }
}

TEST(VerdictTest, ARevocationEndsWhatTheKeyHadGranted) {
  Story story;
  story.before = [&](B* to) {
    story.Revoke(to);
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kRevoked);
}

TEST(VerdictTest, AGrantInItsKeysOwnBatchDoesNotCountYet) {
  B builder;
  builder.Seal(8 * kDay);
  const std::string hash = builder.Add(B::FirstKey(1, 'k'), 'k');
  v1::Statement statement = B::Bare(2, 1, 1, hash);
  B::SetGrant(statement.mutable_grant());
  builder.Add(statement, 'k');
  builder.Seal(1);
  EXPECT_EQ(FindingOf(JudgeHistory(builder.history(), TestVerify), 2),
            Finding::kStatementKeyUnknown);
}

TEST(VerdictTest, AReplayedGrantNeverCounts) {
  Story story;
  story.before = [&](B* to) {
    story.Withdraw(to);
    to->Seal(1);
    // The log files the very same statement again.
    const std::string_view record = to->log().entries[1].record;
    to->Add(Content::kOpen, std::string(record));
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(verdicts.statements.back().finding, Finding::kStatementReplay);
  ExpectHeadline(verdicts.verdicts[0], Headline::kViolation,
                 Dimension::kWithdrawn);
}

TEST(VerdictTest, AReplayedProhibitionDoesNotComeBack) {
  Story story;
  story.granted = false;
  story.provision = 0;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(4);
    statement.set_sequence(1);
    statement.mutable_prohibition();
    const std::string hash = to->Add(statement, 'k');
    to->Seal(1);
    const std::string record(to->log().entries.back().record);
    statement = B::Bare(5, 1, 2, hash);
    statement.mutable_withdrawal()->add_statement_id(TestId(4));
    to->Add(statement, 'k');
    to->Seal(1);
    to->Add(Content::kOpen, record);
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderLaw);
}

TEST(VerdictTest, AGrantAfterAHoleNeverCounts) {
  Story hole;
  hole.grant = [](auto* s) { s->set_previous(std::string(32, 'x')); };
  ExpectNotCounted(hole, Finding::kStatementOrder);
  Story number;
  number.grant = [](auto* s) { s->set_sequence(2); };
  ExpectNotCounted(number, Finding::kStatementOrder);
  Story first;
  first.grant = [](auto* s) {
    s->set_sequence(0);
    s->clear_previous();
  };
  ExpectNotCounted(first, Finding::kStatementOrder);
}

TEST(VerdictTest, AnIdIsUsedOnce) {
  Story later;
  later.before = [&](B* to) {
    v1::Statement statement = later.Say(2);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  EXPECT_EQ(later.Judge().statements[2].finding, Finding::kStatementReplay);
  Story together;
  together.granted = false;
  together.before = [&](B* to) {
    std::string hash = together.key_hash;
    for (const uint64_t sequence : {1, 2}) {
      v1::Statement statement = B::Bare(2, 1, sequence, hash);
      B::SetGrant(statement.mutable_grant());
      hash = to->Add(statement, 'k');
    }
    to->Seal(1);
  };
  ExpectNotCounted(together, Finding::kStatementReplay);
}

TEST(VerdictTest, TheSameThingTwiceInABatchCountsOnce) {
  Story story;
  story.granted = false;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(2);
    statement.set_sequence(1);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Add(statement, 'k');
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(verdicts.statements[1].finding, Finding::kOk);
  EXPECT_EQ(verdicts.statements[2].finding, Finding::kStatementReplay);
  ExpectHeadline(verdicts.verdicts[0], Headline::kUnderConsent);
}

TEST(VerdictTest, OneNumberIsUsedOnceByEachKey) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = B::Bare(6, 1, 1, story.key_hash);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  EXPECT_EQ(FindingOf(story.Judge(), 6), Finding::kStatementReplay);
}

TEST(VerdictTest, TwoThingsUnderOneNumberInABatchAreNeither) {
  Story story;
  story.granted = false;
  story.before = [&](B* to) {
    for (const uint64_t id : {2, 6}) {
      v1::Statement statement = B::Bare(id, 1, 1, story.key_hash);
      B::SetGrant(statement.mutable_grant());
      to->Add(statement, 'k');
    }
    to->Seal(1);
  };
  ExpectNotCounted(story, Finding::kStatementReplay);
}

TEST(VerdictTest, WhatRestrainsCountsWithoutItsPlaceInTheOrder) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = B::Bare(3, 1, 77, std::string(32, 'x'));
    statement.mutable_withdrawal()->add_statement_id(TestId(2));
    to->Add(statement, 'k');
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(FindingOf(verdicts, 3), Finding::kStatementOrder);
  ExpectHeadline(verdicts.verdicts[0], Headline::kViolation,
                 Dimension::kWithdrawn);
}

TEST(VerdictTest, AWithdrawalNeedsNoKeyThatWasLost) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = B::ServiceBare(3);
    statement.mutable_withdrawal()->set_everything(true);
    to->Add(statement, ' ');
    to->Seal(1);
  };
  ExpectViolation(story, Dimension::kWithdrawn);
}

TEST(VerdictTest, AStrangersWithdrawalAndProhibitionDoNothing) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(3);
    statement.mutable_withdrawal()->set_everything(true);
    to->Add(statement, 'x');
    statement = story.Say(4);
    statement.mutable_prohibition();
    to->Add(statement, 'x');
    statement = story.Say(5);
    statement.mutable_key_revoke()->set_key_id(TestId(1));
    to->Add(statement, 'x');
    to->Seal(1);
  };
  ExpectHeadline(story.Only(), Headline::kUnderConsent);
}

// --- Keys --------------------------------------------------------------------

TEST(VerdictTest, TheCityThatEnrolsAKeyGrantsItselfNothing) {
  Story story;
  story.after = [](B* to) {
    for (HistoryDocument& document : to->log().documents) {
      if (document.id.type != RegisterType::kIdentityService) continue;
      static std::string own;
      v1::IdentityService service = B::Service();
      service.set_organisation_id(B::kCityId);
      own = service.SerializeAsString();
      document.message = own;
    }
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(FindingOf(verdicts, 2), Finding::kStatementOwnInterest);
  EXPECT_NE(verdicts.verdicts[0].headline, Headline::kUnderConsent);
  // The file shows who enrolled it.
  EXPECT_EQ(verdicts.statements[0].identity_service, 0u);
}

TEST(VerdictTest, AnUnregisteredServiceEnrolsNobody) {
  Story story;
  story.key = [](auto* s) { s->set_identity_service(7); };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(FindingOf(verdicts, 1), Finding::kStatementKeyUnknown);
  EXPECT_EQ(verdicts.verdicts[0].headline, Headline::kViolation);
}

TEST(VerdictTest, AnyOfAServicesKeysIsGood) {
  for (const int place : {0, 1, 2}) {
    Story story;
    story.after = [&](B* to) {
      for (HistoryDocument& document : to->log().documents) {
        if (document.id.type != RegisterType::kIdentityService) continue;
        static std::string several;
        v1::IdentityService service = B::Service();
        service.clear_key();
        for (int i = 0; i < 3; ++i) {
          service.add_key(std::string(
              i == place
                  ? B::ServiceSigner().public_key()
                  : Ed25519Signer(std::string(32, static_cast<char>('0' + i)))
                        .public_key()));
        }
        several = service.SerializeAsString();
        document.message = several;
      }
    };
    ExpectHeadline(story.Only(), Headline::kUnderConsent);
  }
}

TEST(VerdictTest, EachServiceCountsForItself) {
  Story story;
  story.before = [](B* to) {
    to->Put(RegisterType::kIdentityService, 1, B::Service());
    to->Seal(1);
    // The first service has used its number 0 for the key.
    for (const uint32_t service : {0u, 1u}) {
      v1::Statement statement = B::ServiceBare(6 + service);
      statement.set_identity_service(service);
      statement.mutable_alias()->set_subject("\x01me");
      to->Add(statement, ' ');
    }
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(FindingOf(verdicts, 6), Finding::kStatementReplay);
  EXPECT_EQ(FindingOf(verdicts, 7), Finding::kOk);
}

TEST(VerdictTest, AServiceGivesOnlyTheFirstKey) {
  Story story;
  story.before = [](B* to) {
    to->Add(B::FirstKey(6, 'c'), ' ');
    to->Seal(1);
  };
  EXPECT_EQ(FindingOf(story.Judge(), 6), Finding::kStatementSigner);
}

TEST(VerdictTest, AKeyRecoversNobody) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = story.Say(6);
    B::SetKey('n', statement.mutable_recover());
    to->Add(statement, 'k');
    to->Seal(1);
  };
  EXPECT_EQ(FindingOf(story.Judge(), 6), Finding::kStatementSigner);
}

// A second device, added by the first, or recovered.
// `*story` owns what the result views.
Verdicts WithSecondKey(Story* story, bool recovered, uint64_t wait_s,
                       bool revoked) {
  story->granted = false;
  story->before = [&, story](B* to) {
    v1::Statement statement =
        recovered ? B::ServiceBare(6) : B::Bare(6, 1, 1, story->key_hash);
    if (recovered) {
      statement.set_sequence(1);
      statement.set_previous(story->key_hash);
    }
    B::SetKey('n', recovered ? statement.mutable_recover()
                             : statement.mutable_key_add());
    const std::string hash = to->Add(statement, 'k');
    to->Seal(1);
    if (revoked) {
      v1::Statement revocation = B::Bare(7, 1, 2, hash);
      revocation.mutable_key_revoke()->set_key_id(TestId(6));
      to->Add(revocation, 'k');
      to->Seal(0);
    }
    to->Seal(wait_s);
    statement = B::Bare(2, 6, 2, hash);
    B::SetGrant(statement.mutable_grant());
    to->Add(statement, 'n');
    to->Seal(0);
  };
  return story->Judge();
}

TEST(VerdictTest, ASecondDeviceSpeaksAtOnce) {
  Story story;
  const Verdicts verdicts = WithSecondKey(&story, false, 0, false);
  ExpectHeadline(verdicts.verdicts[0], Headline::kUnderConsent);
  EXPECT_EQ(verdicts.statements.back().identity_service, 0u);
}

TEST(VerdictTest, ARecoveredKeyWaits) {
  Story story;
  EXPECT_EQ(FindingOf(WithSecondKey(&story, true, 3 * kDay - 1, false), 2),
            Finding::kStatementKeyUnconfirmed);
  ExpectHeadline(WithSecondKey(&story, true, 3 * kDay, false).verdicts[0],
                 Headline::kUnderConsent);
}

TEST(VerdictTest, ARecoveryThatTheOwnerRevokesNeverGrants) {
  Story story;
  EXPECT_EQ(FindingOf(WithSecondKey(&story, true, 3 * kDay, true), 2),
            Finding::kStatementKeyRevoked);
}

TEST(VerdictTest, ARecoveredKeyMayWithdrawButNotRevokeWhileItWaits) {
  Story story;
  story.before = [&](B* to) {
    v1::Statement statement = B::ServiceBare(6);
    statement.set_sequence(2);
    statement.set_previous(story.grant_hash);
    B::SetKey('n', statement.mutable_recover());
    const std::string hash = to->Add(statement, ' ');
    to->Seal(1);
    statement = B::Bare(7, 6, 3, hash);
    statement.mutable_key_revoke()->set_key_id(TestId(1));
    to->Add(statement, 'n');
    to->Seal(1);
    statement = B::Bare(8, 6, 3, hash);
    statement.mutable_withdrawal()->add_statement_id(TestId(2));
    to->Add(statement, 'n');
    to->Seal(1);
  };
  const Verdicts verdicts = story.Judge();
  EXPECT_EQ(FindingOf(verdicts, 7), Finding::kStatementKeyUnconfirmed);
  ExpectHeadline(verdicts.verdicts[0], Headline::kViolation,
                 Dimension::kWithdrawn);
}

TEST(VerdictTest, ADelegateSpeaksWithinScopeAndTime) {
  Story story;
  const auto judge = [&story](
                         const std::function<void(v1::Delegation*)>& change,
                         bool prohibited) {
    story = Story();
    story.granted = false;
    story.before = [&](B* to) {
      v1::Statement statement = B::Bare(6, 1, 1, story.key_hash);
      v1::Delegation* delegation = statement.mutable_delegate();
      B::SetKey('d', delegation->mutable_key());
      delegation->set_until_s(B::kStart + 100 * kDay);
      change(delegation);
      std::string hash = to->Add(statement, 'k');
      if (prohibited) {
        v1::Statement prohibition = B::Bare(7, 1, 2, hash);
        prohibition.mutable_prohibition();
        hash = to->Add(prohibition, 'k');
      }
      to->Seal(1);
      statement = B::Bare(2, 6, prohibited ? 3 : 2, hash);
      B::SetGrant(statement.mutable_grant());
      to->Add(statement, 'd');
      to->Seal(1);
    };
    return story.Judge();
  };
  const auto none = [](auto*) {};
  ExpectHeadline(judge(none, false).verdicts[0], Headline::kUnderConsent);
  // Not above the resident's own word.
  ExpectHeadline(judge(none, true).verdicts[0], Headline::kViolation,
                 Dimension::kProhibited);
  EXPECT_EQ(FindingOf(judge(
                          [](auto* d) {
                            d->mutable_scope()->add_purpose(B::kOtherPurpose);
                          },
                          false),
                      2),
            Finding::kStatementSigner);
  EXPECT_EQ(
      FindingOf(judge([](auto* d) { d->set_until_s(B::kStart); }, false), 2),
      Finding::kStatementKeyRevoked);
  // It ends between the grant and the access.
  ExpectHeadline(
      judge([](auto* d) { d->set_until_s(B::kStart + 8 * kDay + 5); }, false)
          .verdicts[0],
      Headline::kViolation, Dimension::kTime);
}

TEST(VerdictTest, ADelegateMayRestrainAndPreferButBringsNoKey) {
  const auto judge = [](const std::function<void(v1::Statement*)>& say) {
    Story story;
    story.before = [&](B* to) {
      v1::Statement statement = B::Bare(6, 1, 2, story.grant_hash);
      B::SetKey('d', statement.mutable_delegate()->mutable_key());
      statement.mutable_delegate()->set_until_s(B::kStart + 100 * kDay);
      const std::string hash = to->Add(statement, 'k');
      to->Seal(1);
      statement = B::Bare(7, 6, 3, hash);
      say(&statement);
      to->Add(statement, 'd');
      to->Seal(1);
    };
    const Verdicts verdicts = story.Judge();
    return std::make_pair(FindingOf(verdicts, 7), verdicts.verdicts[0].wish);
  };
  EXPECT_EQ(judge([](auto* s) { s->mutable_prohibition(); }),
            std::make_pair(Finding::kOk, Wish::kAgainst));
  EXPECT_EQ(judge([](auto* s) {
              s->mutable_withdrawal()->add_statement_id(TestId(2));
            }),
            std::make_pair(Finding::kOk, Wish::kSilent));
  EXPECT_EQ(judge([](auto* s) { s->mutable_preference(); }),
            std::make_pair(Finding::kOk, Wish::kGranted));
  EXPECT_EQ(judge([](auto* s) { B::SetKey('e', s->mutable_key_add()); }),
            std::make_pair(Finding::kStatementSigner, Wish::kGranted));
}

TEST(VerdictTest, ADelegateDisclosesToWhomTheyMay) {
  for (const char* recipient : {"espoo", "turku"}) {
    Story story;
    story.granted = false;
    story.before = [&](B* to) {
      v1::Statement statement = B::Bare(6, 1, 1, story.key_hash);
      v1::Delegation* delegation = statement.mutable_delegate();
      B::SetKey('d', delegation->mutable_key());
      delegation->set_until_s(B::kStart + 100 * kDay);
      delegation->mutable_scope()->add_recipient("espoo");
      const std::string hash = to->Add(statement, 'k');
      to->Seal(1);
      statement = B::Bare(2, 6, 2, hash);
      B::SetGrant(statement.mutable_grant());
      statement.mutable_grant()->mutable_scope()->add_recipient(recipient);
      to->Add(statement, 'd');
      to->Seal(1);
    };
    EXPECT_EQ(FindingOf(story.Judge(), 2), recipient == std::string("espoo")
                                               ? Finding::kOk
                                               : Finding::kStatementSigner);
  }
}

TEST(VerdictTest, AGuardianThatAServiceNamesWaits) {
  for (const uint64_t wait_s : {3 * kDay - 1, 3 * kDay}) {
    Story story;
    story.granted = false;
    story.before = [&](B* to) {
      v1::Statement statement = B::ServiceBare(6);
      statement.set_sequence(1);
      statement.set_previous(story.key_hash);
      B::SetKey('d', statement.mutable_delegate()->mutable_key());
      statement.mutable_delegate()->set_until_s(B::kStart + 100 * kDay);
      const std::string hash = to->Add(statement, ' ');
      to->Seal(1);
      to->Seal(wait_s);
      statement = B::Bare(2, 6, 2, hash);
      B::SetGrant(statement.mutable_grant());
      to->Add(statement, 'd');
      to->Seal(0);
    };
    EXPECT_EQ(
        FindingOf(story.Judge(), 2),
        wait_s == 3 * kDay ? Finding::kOk : Finding::kStatementKeyUnconfirmed);
  }
}

TEST(VerdictTest, NamesAreOneForEachValue) {
  for (int i = 0; i < kHeadlineCount; ++i) {
    EXPECT_STRNE(HeadlineName(static_cast<Headline>(i)), "unknown");
  }
  EXPECT_STREQ(HeadlineName(static_cast<Headline>(kHeadlineCount)), "unknown");
  EXPECT_STREQ(HeadlineName(Headline::kUnderLaw), "under law");
  EXPECT_STREQ(DimensionName(Dimension::kUnverified), "unverified");
  EXPECT_STREQ(DimensionName(static_cast<Dimension>(kDimensionCount)),
               "unknown");
  EXPECT_STREQ(LawName(Law::kUnproven), "unproven");
  EXPECT_STREQ(WishName(Wish::kAgainst), "against");
}

TEST(VerdictTest, AnEmptyHistoryHasNoVerdicts) {
  EXPECT_TRUE(JudgeHistory(History(), nullptr).verdicts.empty());
}

}  // namespace
}  // namespace vidimus
