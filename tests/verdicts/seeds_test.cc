// What the cities' own papers ask of such a log, each as a test that can be
// read as an example: real records and statements, signed as wallets sign, in
// the registers of three cities, judged by the engine. The words of verdicts
// are those of docs/verdicts.md.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/verdicts/judge.h"
#include "tests/verdicts/story.h"
#include "verifier/finding.h"

namespace vidimus {
namespace {

using Sentences = std::vector<std::string>;

constexpr char kAid[] = "SocialAssistance";
constexpr char kProactive[] = "ProactiveService";

// --- Consent
// -------------------------------------------------------------------

// Sharing to and between several providers, by one word of the resident.
TEST(SeedsTest, ConsentBetweenSeveralProviders) {
  Story story;
  StoryChain* school = story.With(Story::kHelsingborg, kSchool);
  StoryChain* health = story.With(Story::kHelsingborg, kHealth);
  StoryChain* social = story.With(Story::kHelsingborg, kSocial);
  StoryChain* labour = story.With(Story::kHelsingborg, kLabour);
  story.Step();

  v1::Grant grant =
      Story::GrantTo({kSchool, kHealth, kSocial}, kAid, {"School", "Family"});
  grant.mutable_scope()->add_recipient("test:helsingborg");
  // Filed with labour as well, whom it does not name.
  const std::string id = story.Grant({school, health, social, labour}, grant);
  story.Step();

  for (StoryChain* chain : {school, health, social, labour}) {
    Story::Do(chain, Story::OnConsent(
                         Story::Access(chain, kAid, {"School", "Family"})));
  }
  // From school to health: to a recipient whom the grant names, and to one whom
  // it does not.
  v1::AccessRecord shared =
      Story::OnConsent(Story::Access(school, kAid, {"School"}));
  shared.set_recipient_id("test:helsingborg");
  Story::Do(school, shared);
  shared.set_recipient_id("test:company");
  Story::Do(school, shared);
  story.Step();

  story.Withdraw({school, health, social}, id);
  story.Step();
  for (StoryChain* chain : {school, health, social}) {
    Story::Do(chain, Story::OnConsent(Story::Access(chain, kAid, {"School"})));
  }

  EXPECT_EQ(story.Sentences(school),
            Sentences({"under consent", "under consent", "violation: recipient",
                       "violation: withdrawn"}));
  EXPECT_EQ(story.Sentences(health),
            Sentences({"under consent", "violation: withdrawn"}));
  EXPECT_EQ(story.Sentences(social),
            Sentences({"under consent", "violation: withdrawn"}));
  EXPECT_EQ(story.Sentences(labour), Sentences({"violation: administration"}));
}

// What was said in one city counts in that city.
TEST(SeedsTest, OtherCity) {
  Story story;
  StoryChain* helsinki = story.With(Story::kHelsinki, kSocial);
  StoryChain* malmo = story.With(Story::kMalmo, kSocial);
  story.Step();

  v1::Grant grant = Story::GrantTo({kSocial}, kAid, {"Income"});
  grant.mutable_scope()->add_recipient("test:malmo");
  story.Grant({helsinki}, grant);
  // Somebody carries it to the other city's log, under the same key's name.
  v1::Statement carried;
  *carried.mutable_grant() = grant;
  malmo->writer.Forge(carried, story.city(Story::kHelsinki).family(),
                      malmo->key);
  story.Step();

  // Helsinki may send what Malmö was named for; Malmö may not look by itself.
  v1::AccessRecord sent =
      Story::OnConsent(Story::Access(helsinki, kAid, {"Income"}));
  sent.set_recipient_id("test:malmo");
  Story::Do(helsinki, sent);
  Story::Do(malmo, Story::OnConsent(Story::Access(malmo, kAid, {"Income"})));

  EXPECT_EQ(story.Sentences(helsinki), Sentences({"under consent"}));
  const Verdicts verdicts = story.Judge(malmo);
  ASSERT_EQ(verdicts.verdicts.size(), 1u);
  EXPECT_EQ(Sentence(verdicts.verdicts[0]), "violation: ground");
  ASSERT_EQ(verdicts.statements.size(), 2u);
  EXPECT_EQ(verdicts.statements[1].finding, Finding::kStatementSignature);
}

// A grant outlives the half-year's log that it was given in.
TEST(SeedsTest, ConsentStaysInForceInTheNextLog) {
  Story story;
  StoryChain* school = story.With(Story::kMalmo, kSchool);
  story.Step();
  const std::string id =
      story.Grant({school}, Story::GrantTo({kSchool}, kAid, {"School"}));
  story.NextHalfYear();
  Story::Do(school, Story::OnConsent(Story::Access(school, kAid, {"School"})));
  story.Step();
  story.Withdraw({school}, id);
  story.Step();
  Story::Do(school, Story::OnConsent(Story::Access(school, kAid, {"School"})));
  EXPECT_EQ(story.Sentences(school),
            Sentences({"under consent", "violation: withdrawn"}));
}

// Willingness depends on whom and for what: each dimension by itself.
TEST(SeedsTest, ConsentIsForWhomForWhatAndWithWhat) {
  Story story;
  StoryChain* care = story.With(Story::kHelsinki, kCare);
  story.Step();
  story.Grant({care}, Story::GrantTo({kCare}, "HomeCare", {"Health"}));
  story.Step();
  const auto access = [&](const char* purpose, const char* data) {
    return Story::OnConsent(Story::Access(care, purpose, {data}));
  };
  Story::Do(care, access("HomeCare", "Health"));
  Story::Do(care, access("LibraryService", "Health"));
  Story::Do(care, access("HomeCare", "Income"));
  v1::AccessRecord sent = access("HomeCare", "Health");
  sent.set_recipient_id("test:company");
  Story::Do(care, sent);
  EXPECT_EQ(story.Sentences(care),
            Sentences({"under consent", "violation: purpose",
                       "violation: category", "violation: recipient"}));
}

// --- No
// ------------------------------------------------------------------------

// Residents can prohibit use; a service that comes to them by itself is one.
TEST(SeedsTest, ProhibitUse) {
  Story story;
  StoryChain* health = story.With(Story::kHelsinki, kHealth);
  story.Step();
  story.Grant({health}, Story::GrantTo({kHealth}, kProactive, {"Health"}));
  story.Step();
  const auto on_consent = [&](const char* purpose) {
    return Story::OnConsent(Story::Access(health, purpose, {"Health"}));
  };
  Story::Do(health, on_consent(kProactive));
  story.Step();
  const std::string no = story.Prohibit({health}, Story::For(kProactive));
  story.Step();
  Story::Do(health, on_consent(kProactive));
  Story::Do(health, Story::OnLaw(Story::Access(health, kProactive, {"Health"}),
                                 City::Law(kHealth)));
  // Other purposes are not meant.
  Story::Do(health,
            Story::OnLaw(Story::Access(health, "Vaccination", {"Health"}),
                         City::Law(kHealth)));
  story.Step();
  // And only the resident takes it back.
  story.Withdraw({health}, no);
  story.Step();
  Story::Do(health, on_consent(kProactive));
  EXPECT_EQ(story.Sentences(health),
            Sentences({"under consent", "violation: prohibited",
                       "violation: prohibited", "under law", "under consent"}));
}

// Statutory duty: shown apart, never as fine.
TEST(SeedsTest, DutyLaidDownByLawAgainstAProhibition) {
  Story story;
  StoryChain* social = story.With(Story::kMalmo, kSocial);
  story.Step();
  story.Prohibit({social}, v1::Scope());
  story.Step();
  const v1::AccessRecord access =
      Story::Access(social, "ChildProtection", {"Family"});
  Story::Do(social, Story::OnLaw(access, City::Law(kSocial)));
  Story::Do(social, Story::OnLaw(access, City::Duty(kSocial)));
  const Verdicts verdicts = story.Judge(social);
  ASSERT_EQ(verdicts.verdicts.size(), 2u);
  EXPECT_EQ(Sentence(verdicts.verdicts[0]), "violation: prohibited");
  EXPECT_EQ(Sentence(verdicts.verdicts[1]), "against your wish");
  EXPECT_FALSE(verdicts.verdicts[1].Fine());
  EXPECT_EQ(verdicts.verdicts[1].provision, City::Duty(kSocial));
}

// A wish that was asked for in a survey binds nobody.
TEST(SeedsTest, PreferenceIsHeardAndBindsNobody) {
  Story story;
  StoryChain* analytics = story.With(Story::kHelsingborg, kAnalytics);
  story.Step();
  v1::Statement wish;
  *wish.mutable_preference()->mutable_scope() = Story::For(kProactive);
  wish.mutable_preference()->set_wanted(false);
  story.Say({analytics}, wish);
  story.Step();
  Story::Do(analytics,
            Story::OnLaw(Story::Access(analytics, kProactive, {"Income"}),
                         City::Law(kAnalytics)));
  EXPECT_EQ(story.Sentences(analytics), Sentences({"under law"}));
}

// --- What the city may, and what residents want
// ----------------------------------

// The two axes: a policy maker counts the cells beside the diagonal.
TEST(SeedsTest, LawfulButUnwantedAndWantedButUnlawfulAreCountedApart) {
  Story story;
  StoryChain* social = story.With(Story::kHelsingborg, kSocial);
  story.Step();
  story.Grant({social}, Story::GrantTo({kSocial}, kAid, {"Income"}));
  v1::Statement objection;
  *objection.mutable_objection()->mutable_scope() = Story::For("HomeCare");
  story.Say({social}, objection);
  story.Step();
  const auto access = [&](const char* purpose) {
    return Story::Access(social, purpose, {"Income"});
  };
  // Both, twice.
  for (int i = 0; i < 2; ++i) {
    Story::Do(social, Story::OnLaw(access(kAid), City::Law(kSocial)));
  }
  // Lawful but unwanted, three times.
  for (int i = 0; i < 3; ++i) {
    Story::Do(social, Story::OnLaw(access("HomeCare"), City::Law(kSocial)));
  }
  // Wanted but unlawful, four times.
  for (int i = 0; i < 4; ++i) {
    Story::Do(social, Story::OnLaw(access(kAid), City::kExpired));
  }
  // Neither.
  Story::Do(social, Story::OnLaw(access("HomeCare"), City::kExpired));

  int both = 0, unwanted = 0, unlawful = 0, neither = 0;
  for (const Verdict& verdict : story.Judge(social).verdicts) {
    const bool may = verdict.law == Law::kCovered;
    const bool wanted = verdict.wish == Wish::kGranted;
    ++(may ? (wanted ? both : unwanted) : (wanted ? unlawful : neither));
  }
  EXPECT_EQ(both, 2);
  EXPECT_EQ(unwanted, 3);
  EXPECT_EQ(unlawful, 4);
  EXPECT_EQ(neither, 1);
}

// Each provider has its own legal structure: the same access by two of them.
TEST(SeedsTest, SameAccessByTwoAdministrationsHasTwoVerdicts) {
  Story story;
  StoryChain* social = story.With(Story::kMalmo, kSocial);
  StoryChain* culture = story.With(Story::kMalmo, kCulture);
  story.Step();
  for (StoryChain* chain : {social, culture}) {
    Story::Do(chain, Story::OnLaw(Story::Access(chain, kAid, {"Income"}),
                                  City::Law(kSocial)));
  }
  EXPECT_EQ(story.Sentences(social), Sentences({"under law"}));
  EXPECT_EQ(story.Sentences(culture), Sentences({"violation: administration"}));
}

// Between administrations nothing flows without a basis: all pairs.
TEST(SeedsTest, AcrossAdministrationsNothingIsAllowedByItself) {
  Story story;
  std::vector<StoryChain*> chains;
  for (uint32_t a = 0; a < City::kAdministrations; ++a) {
    chains.push_back(story.With(Story::kHelsinki, static_cast<Body>(a)));
  }
  story.Step();
  for (uint32_t a = 0; a < City::kAdministrations; ++a) {
    for (uint32_t of = 0; of < City::kAdministrations; ++of) {
      Story::Do(chains[a],
                Story::OnLaw(Story::Access(chains[a], kAid, {"Income"}),
                             City::Law(of)));
    }
  }
  for (uint32_t a = 0; a < City::kAdministrations; ++a) {
    Sentences expected(City::kAdministrations, "violation: administration");
    expected[a] = "under law";
    EXPECT_EQ(story.Sentences(chains[a]), expected);
  }
}

// --- Machines
// ------------------------------------------------------------------

// Who is shown a model's access can look it up in the AI register.
TEST(SeedsTest, AiRegisterLink) {
  Story story;
  StoryChain* ai = story.With(Story::kHelsinki, kAiServices);
  story.Step();
  v1::AccessRecord access =
      Story::OnLaw(Story::Access(ai, kAid, {"Income"}), City::Law(kAiServices));
  access.set_actor_kind(v1::AI_AUTONOMOUS);
  Story::Do(ai, access);  // which system it was, is not said
  access.set_ai_system_id("ai-register:99");
  Story::Do(ai, access);  // one that no register knows
  access.set_ai_system_id(City::AiSystemId(0));
  Story::Do(ai, access);  // one of other administrations
  access.set_ai_system_id(City::AiSystemId(1));
  Story::Do(ai, access);  // its own
  access.clear_ai_system_id();
  access.set_actor_kind(v1::RPA);
  Story::Do(ai, access);  // fixed rules are no model
  EXPECT_EQ(story.Sentences(ai),
            Sentences({"unproven: AI system", "unproven: AI system",
                       "unproven: AI system", "under law", "under law"}));
}

// The register names the systems that are not connected too, so that nobody can
// say an access came from there and is all the same on record.
TEST(SeedsTest, AccessByASystemThatTheRegisterSaysIsNotConnected) {
  Story story;
  StoryChain* school = story.With(Story::kMalmo, kSchool);
  story.Step();
  const auto by = [&](const char* kind) {
    v1::AccessRecord access =
        Story::OnLaw(Story::Access(school, "SchoolPlacement", {"School"}),
                     City::Law(kSchool));
    access.set_source_origin(City::SystemId(kSchool, kind));
    return access;
  };
  Story::Do(school, by("cases"));
  Story::Do(school, by("paper"));
  Story::Do(school, by("archive"));
  // Two months later one of them has been connected.
  story.Days(City::kPaperDay + 1);
  Story::Do(school, by("paper"));
  Story::Do(school, by("archive"));
  EXPECT_EQ(story.Sentences(school),
            Sentences({"under law", "unproven: source system",
                       "unproven: source system", "under law",
                       "unproven: source system"}));
}

// --- Who speaks
// ----------------------------------------------------------------

// The city's own service vouches for a key, and the key grants to the city.
TEST(SeedsTest, CityThatEnrolsAKeyAndGrantsToItselfGetsNoConsent) {
  Story story;
  StoryChain* social = story.With(Story::kMalmo, kSocial, City::kOwn);
  story.Step();
  story.Grant({social}, Story::GrantTo({kSocial}, kAid, {"Income"}));
  story.Step();
  Story::Do(social, Story::OnConsent(Story::Access(social, kAid, {"Income"})));
  // More keys, brought by the first, are no better.
  story.Step();
  const WorldKey second = social->writer.AddKey(social->key);
  story.Step();
  social->writer.Grant(Story::GrantTo({kSocial}, kAid, {"Income"}), second);
  story.Step();
  Story::Do(social, Story::OnConsent(Story::Access(social, kAid, {"Income"})));

  const Verdicts verdicts = story.Judge(social);
  for (const Verdict& verdict : verdicts.verdicts) {
    EXPECT_EQ(Sentence(verdict), "violation: ground");
    EXPECT_EQ(verdict.wish, Wish::kSilent);
  }
  ASSERT_EQ(verdicts.statements.size(), 4u);
  for (const StandingStatement& statement : verdicts.statements) {
    // Whoever holds the file sees who stands behind each key.
    EXPECT_EQ(statement.identity_service, City::kOwn);
    EXPECT_EQ(statement.finding,
              statement.statement.event == StatementEvent::kGrant
                  ? Finding::kStatementOwnInterest
                  : Finding::kOk);
  }
}

// Neither does one that signs for the resident with its own keys.
TEST(SeedsTest, AdministrationCannotSignForAResident) {
  Story story;
  StoryChain* social = story.With(Story::kMalmo, kSocial);
  const City& malmo = story.city(Story::kMalmo);
  story.Step();
  v1::Statement grant;
  *grant.mutable_grant() = Story::GrantTo({kSocial}, kAid, {"Income"});
  WorldKey entry(WorldSigning::kEd25519, malmo.EntrySeed(kSocial));
  entry.id = social->key.id;
  social->writer.Forge(grant, malmo.family(), entry);
  story.Step();
  Story::Do(social, Story::OnConsent(Story::Access(social, kAid, {"Income"})));
  EXPECT_EQ(story.Sentences(social), Sentences({"violation: ground"}));
}

// A parent speaks for a child, within what was said, until the child is of age.
TEST(SeedsTest, ParentSpeaksForAChildUntilItIsOfAge) {
  Story story;
  StoryChain* school = story.With(Story::kHelsingborg, kSchool);
  story.Step();
  const uint64_t birthday =
      school->writer.TimeOf(school->writer.batch()) + 30 * 86400;
  const WorldKey parent = school->writer.Delegate(Story::For("SchoolPlacement"),
                                                  birthday, school->key);
  story.Step();
  school->writer.Grant(Story::GrantTo({kSchool}, "SchoolPlacement", {"School"}),
                       parent);
  // Not what the parent may speak of.
  school->writer.Grant(Story::GrantTo({kSchool}, kAid, {"Income"}), parent);
  story.Step();
  const auto placement = [&] {
    return Story::OnConsent(
        Story::Access(school, "SchoolPlacement", {"School"}));
  };
  Story::Do(school, placement());
  Story::Do(school, Story::OnConsent(Story::Access(school, kAid, {"Income"})));
  story.Days(29);
  Story::Do(school, placement());
  story.Days(1);
  Story::Do(school, placement());
  // From then on the parent's word is nobody's.
  school->writer.Grant(Story::GrantTo({kSchool}, "SchoolPlacement", {"School"}),
                       parent);
  story.Step();
  Story::Do(school, placement());
  EXPECT_EQ(story.Sentences(school),
            Sentences({"under consent", "violation: purpose", "under consent",
                       "violation: time", "violation: time"}));
}

// Two phones, one of them in other hands: what is stricter holds.
TEST(SeedsTest, SeveralDevicesTheStricterWins) {
  Story story;
  StoryChain* care = story.With(Story::kMalmo, kCare);
  story.Step();
  const WorldKey phone = care->writer.AddKey(care->key);
  story.Step();
  // In one batch one says yes and the other takes it back.
  const std::string id = care->writer.Grant(
      Story::GrantTo({kCare}, "HomeCare", {"Health"}), phone);
  care->writer.Withdraw(id, care->key);
  story.Step();
  const auto access = [&] {
    return Story::OnConsent(Story::Access(care, "HomeCare", {"Health"}));
  };
  Story::Do(care, access());
  story.Step();
  // In one batch one says yes and the other never.
  care->writer.Grant(Story::GrantTo({kCare}, "HomeCare", {"Health"}),
                     care->key);
  care->writer.Prohibit(v1::Scope(), phone);
  story.Step();
  Story::Do(care, access());
  story.Step();
  // Each revokes the other: both are gone.
  care->writer.Revoke(phone, care->key);
  care->writer.Revoke(care->key, phone);
  story.Step();
  care->writer.Grant(Story::GrantTo({kCare}, "HomeCare", {"Health"}),
                     care->key);
  story.Step();
  Story::Do(care, access());
  EXPECT_EQ(story.Sentences(care),
            Sentences({"violation: withdrawn", "violation: prohibited",
                       "violation: prohibited"}));
}

// Whatever others manage to file in a chain, the verdicts stay as they were.
TEST(SeedsTest, OtherPeoplesEntriesChangeNothing) {
  const auto tell = [](bool others) {
    Story story;
    StoryChain* health = story.With(Story::kHelsinki, kHealth);
    const City& helsinki = story.city(Story::kHelsinki);
    const auto meddle = [&] {
      if (!others) return;
      WorldKey stranger = health->writer.NewKey();
      stranger.id = health->key.id;
      v1::Statement statement;
      statement.mutable_withdrawal()->set_everything(true);
      health->writer.Forge(statement, helsinki.family(), stranger);
      statement.mutable_prohibition()->mutable_scope();
      health->writer.Forge(statement, helsinki.family(), stranger);
      statement.mutable_key_revoke()->set_key_id(health->key.id);
      health->writer.Forge(statement, helsinki.family(), stranger);
      *statement.mutable_grant() = Story::GrantTo({kHealth}, kAid, {"Income"});
      health->writer.Forge(statement, helsinki.family(), stranger);
    };
    meddle();
    story.Step();
    meddle();
    const std::string id = story.Grant(
        {health}, Story::GrantTo({kHealth}, "Vaccination", {"Health"}));
    story.Step();
    meddle();
    Story::Do(health, Story::OnConsent(
                          Story::Access(health, "Vaccination", {"Health"})));
    Story::Do(health,
              Story::OnConsent(Story::Access(health, kAid, {"Income"})));
    story.Step();
    meddle();
    story.Withdraw({health}, id);
    story.Step();
    Story::Do(health, Story::OnConsent(
                          Story::Access(health, "Vaccination", {"Health"})));
    return story.Sentences(health);
  };
  EXPECT_EQ(tell(false), Sentences({"under consent", "violation: purpose",
                                    "violation: withdrawn"}));
  EXPECT_EQ(tell(true), tell(false));
}

// The word of somebody who lost their phone: no at once, yes after three days.
TEST(SeedsTest, WithdrawingNeverNeedsALostKey) {
  Story story;
  StoryChain* labour = story.With(Story::kHelsinki, kLabour);
  story.Step();
  const v1::Grant grant =
      Story::GrantTo({kLabour}, "EmploymentService", {"Work"});
  const std::string id = story.Grant({labour}, grant);
  story.Step();
  const auto access = [&] {
    return Story::OnConsent(
        Story::Access(labour, "EmploymentService", {"Work"}));
  };
  Story::Do(labour, access());
  story.Step();
  v1::Statement no;
  no.mutable_withdrawal()->add_statement_id(id);
  labour->writer.SayAsService(no, City::kState);
  const WorldKey recovered = labour->writer.Recover(City::kState);
  story.Step();
  Story::Do(labour, access());
  story.Days(2);
  v1::Statement early;
  *early.mutable_grant() = grant;
  labour->writer.Say(early, recovered);
  story.Step();
  Story::Do(labour, access());
  story.Days(1);
  labour->writer.Say(early, recovered);
  story.Step();
  Story::Do(labour, access());
  EXPECT_EQ(story.Sentences(labour),
            Sentences({"under consent", "violation: withdrawn",
                       "violation: withdrawn", "under consent"}));
}

}  // namespace
}  // namespace vidimus
