#include "client/timeline.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/chain_report.h"
#include "proto/json_value.h"
#include "verifier/history_testing.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

using B = HistoryBuilder;
constexpr uint64_t kDay = 86400;

// A history with the report that a bundle of it would give.
struct Shown {
  explicit Shown(const B& builder) {
    const History& history = builder.history();
    const HistoryLog& log = history.logs[0];
    report.checkpoint.origin = std::string(log.origin);
    report.checkpoint.head.size = builder.size();
    report.seal_time_s = log.head_time_s;
    report.subject = history.subject;
    report.monitors = 1;
    ProvenRegister& proven = report.proven_register;
    proven.administrations.resize(B::kBoard + 1);
    for (uint32_t number = 0; number <= B::kBoard; ++number) {
      proven.administrations[number].resize(1);
    }
    for (const HistoryDocument& document : log.documents) {
      proven.documents.push_back({document.id, 0, *document.message});
      if (document.id.type != RegisterType::kAdministration) continue;
      EXPECT_EQ(
          ParseAdministration(
              *document.message,
              &proven.administrations[document.id.number][0].administration,
              nullptr),
          Finding::kOk);
    }
    for (uint32_t number = 0; number <= B::kBoard; ++number) {
      ChainReport& chain = report.chains.emplace_back();
      chain.administration = number;
      chain.finding = Finding::kOk;
    }
    for (const HistoryEntry& entry : log.entries) {
      EntryReport& told = report.chains.back().entries.emplace_back();
      told.leaf_index = entry.position;
      told.record = entry.record;
      told.opened.content = entry.content;
      if (entry.content != Content::kOpen) {
        told.record = {};
        continue;
      }
      told.opened.kind = ContentOf(entry.record);
      if (told.opened.kind == RecordContent::kAccess) {
        EXPECT_EQ(ParseAccess(entry.record, &told.opened.access, nullptr),
                  Finding::kOk);
        told.opened.actor.id = "clerk-7";
      }
    }
    JudgedChain& judged_board = judged.emplace_back();
    judged_board.administration = B::kBoard;
    judged_board.history = history;
    judged_board.verdicts = JudgeHistory(history, TestVerify);
  }

  Timeline Make(Language language = Language::kEnglish,
                const std::optional<std::vector<std::string>>& known =
                    std::nullopt) const {
    return MakeTimeline(report, judged, language, known);
  }
  std::string Text(Language language, const TimelineFilter& filter = {},
                   const std::optional<std::vector<std::string>>& known =
                       std::nullopt) const {
    return TimelineText(Make(language, known), language, filter, false);
  }

  ChainsReport report;
  std::vector<JudgedChain> judged;
};

v1::LocalizedText In(const char* language, const char* text) {
  v1::LocalizedText localized;
  localized.set_language(language);
  localized.set_text(text);
  return localized;
}

// Consent, an access under it, withdrawal, an access all the same, a no, a duty
// that goes above it, and an emergency.
class Story {
 public:
  Story() {
    v1::Purpose purpose = B::PurposeOf(B::kPurpose);
    *purpose.add_name() = In("sv", "Tjänst");
    *purpose.add_name() = In("fi", "Palvelu");
    builder.Put(RegisterType::kPurpose, 0, purpose);
    builder.Seal(8 * kDay);
    hash = builder.Add(B::FirstKey(1, 'k'), 'k');
    builder.Seal(1);
    v1::Statement said = B::Bare(2, 1, 1, hash);
    B::SetGrant(said.mutable_grant());
    hash = builder.Add(said, 'k');
    builder.Seal(1);
    v1::AccessRecord access = builder.Access();
    access.set_unit_name("Counter 2");
    access.set_actor_kind(v1::HUMAN);
    *access.add_reason_text() = In("en", "Your application");
    builder.Add(access);
    builder.Seal(60);
    said = B::Bare(3, 1, 2, hash);
    said.mutable_withdrawal()->add_statement_id(TestId(2));
    hash = builder.Add(said, 'k');
    builder.Seal(60);
    builder.Add(builder.Access());
    builder.Seal(60);
    said = B::Bare(4, 1, 3, hash);
    said.mutable_prohibition()->mutable_scope()->add_purpose(B::kPurpose);
    hash = builder.Add(said, 'k');
    builder.Seal(kDay);
    builder.Add(builder.LawfulAccess(1));
    builder.Seal(60);
    access = builder.LawfulAccess(1);
    access.set_emergency(true);
    builder.Add(access);
    builder.Seal(60);
  }
  B builder;
  std::string hash;
};

constexpr char kEnglishGolden[] =
    R"(3 of 4 accesses to your data were not as they should be: violation 1, against your wish 2. None is missing.
  log log.example/city/2026h1, size 102, sealed 2023-11-23 22:18 UTC
Emergencies: 1
Lawful but unwanted: 2

2023-11-22
  22:13  you -> 3: new key
  22:13  you -> 3: consent (PublicServiceProvision, Income)
  22:13  Board, unit Counter 2  [under your consent]  3/2
         read: Income
         for: PublicServiceProvision
         why: Your application
         basis: your consent (A6-1-a)
         who: a person (clerk-7)
         law: not appealed to | wish: you consented | timing: in time
  22:15  you -> 3: withdrawal
  22:15  Board  [violation: you had withdrawn your consent]  3/4
         read: Income
         for: PublicServiceProvision
         basis: your consent (A6-1-a)
         who: not said (clerk-7)
         law: no law covers it | wish: you have said nothing | timing: in time

2023-11-23
  22:16  you -> 3: prohibition (PublicServiceProvision)
  22:16  Board  [against your wish]  3/6
         read: Income
         for: PublicServiceProvision
         basis: law: Act (Act 1/2000; A6-1-e)
         who: not said (clerk-7)
         law: allows it | wish: you said no | timing: in time
  22:17  Board  [against your wish]  3/7
         EMERGENCY: the data went out before the access was recorded
         read: Income
         for: PublicServiceProvision
         basis: law: Act (Act 1/2000; A6-1-e)
         who: not said (clerk-7)
         law: allows it | wish: you said no | timing: in time

Keys that speak in your name:
  FINGERPRINT: enrolled by identity service 0 (Identification of the state)
  Compare with the keys of your wallet: vidimus wallet show.

Not connected to the log, so what happens there is not seen:
  Board: paper
)";

std::string WithFingerprint(std::string text) {
  const size_t at = text.find("FINGERPRINT");
  return text.replace(at, 11, FingerprintOf(TestKey('k')));
}

TEST(TimelineTest, TellsTheStoryInEnglish) {
  const Story story;
  EXPECT_EQ(Shown(story.builder).Text(Language::kEnglish),
            WithFingerprint(kEnglishGolden));
}

TEST(TimelineTest, TellsTheStoryInSwedishAndFinnish) {
  const Story story;
  const std::string swedish = Shown(story.builder).Text(Language::kSwedish);
  for (const char* line :
       {"3 av 4 åtkomster till dina uppgifter var inte som de ska: "
        "överträdelse 1, mot din vilja 2. Ingen saknas.\n",
        "Nödåtkomster: 1\n", "Lagligt men oönskat: 2\n",
        "[överträdelse: du hade återkallat ditt samtycke]  3/4\n",
        "[med ditt samtycke]  3/2\n", "  för: Tjänst\n",
        "lag: tillåter det | vilja: du har sagt nej | tid: i tid\n"}) {
    EXPECT_TRUE(absl::StrContains(swedish, line)) << line << "\n" << swedish;
  }
  const std::string finnish = Shown(story.builder).Text(Language::kFinnish);
  for (const char* line :
       {"3/4 tietojesi käyttökerrasta ei ollut niin kuin pitää: rikkomus 1, "
        "vastoin tahtoasi 2. Yksikään ei puutu.\n",
        "Hätäkäyttöjä: 1\n", "Laillista mutta ei-toivottua: 2\n",
        "[rikkomus: olit peruuttanut suostumuksesi]  3/4\n",
        "[suostumuksellasi]  3/2\n", "  tarkoitus: Palvelu\n",
        "laki: sallii sen | tahto: olet kieltänyt | aika: ajallaan\n"}) {
    EXPECT_TRUE(absl::StrContains(finnish, line)) << line << "\n" << finnish;
  }
}

TEST(TimelineTest, AKeyThatNobodyKnowsComesBeforeAllElse) {
  const Story story;
  const Shown shown(story.builder);
  const std::string strange =
      shown.Text(Language::kEnglish, {}, std::vector<std::string>{"0123"});
  EXPECT_EQ(strange.rfind("UNKNOWN KEY " + FingerprintOf(TestKey('k')) +
                              " may speak in your name: enrolled by identity "
                              "service 0 (Identification of the state).",
                          0),
            0u)
      << strange;
  const std::string known =
      shown.Text(Language::kEnglish, {},
                 std::vector<std::string>{FingerprintOf(TestKey('k'))});
  EXPECT_FALSE(absl::StrContains(known, "UNKNOWN KEY"));
  EXPECT_TRUE(absl::StrContains(known, "your own, enrolled by"));
  EXPECT_FALSE(absl::StrContains(known, "Compare with"));
}

TEST(TimelineTest, OnlyATerminalGetsColours) {
  const Story story;
  const Timeline timeline = Shown(story.builder).Make();
  EXPECT_FALSE(absl::StrContains(
      TimelineText(timeline, Language::kEnglish, {}, false), "\x1b"));
  const std::string coloured =
      TimelineText(timeline, Language::kEnglish, {}, true);
  EXPECT_TRUE(absl::StrContains(
      coloured,
      "[\x1b[31;1mviolation: you had withdrawn your consent\x1b[0m]"));
  EXPECT_TRUE(
      absl::StrContains(coloured, "[\x1b[32munder your consent\x1b[0m]"));
  EXPECT_TRUE(absl::StrContains(coloured, "\x1b[31;1mEMERGENCY"));
  EXPECT_TRUE(absl::StrContains(coloured, "\x1b[31;1mEmergencies: 1"));
}

TEST(TimelineTest, FiltersShowLessAndCountTheSame) {
  const Story story;
  const Shown shown(story.builder);
  TimelineFilter filter;
  filter.headline = Headline::kViolation;
  std::string text = shown.Text(Language::kEnglish, filter);
  EXPECT_TRUE(absl::StrContains(text, "Shown: 1 of 4\n"));
  EXPECT_TRUE(absl::StrContains(text, "3 of 4 accesses"));
  EXPECT_TRUE(absl::StrContains(text, "3/4\n"));
  EXPECT_FALSE(absl::StrContains(text, "3/2\n"));
  filter = {};
  filter.administration = 2;
  text = shown.Text(Language::kEnglish, filter);
  EXPECT_TRUE(absl::StrContains(text, "Shown: 0 of 4\n"));
  EXPECT_FALSE(absl::StrContains(text, "3/4\n"));
  filter = {};
  filter.since_s = *ParseDay("2023-11-23");
  text = shown.Text(Language::kEnglish, filter);
  EXPECT_TRUE(absl::StrContains(text, "Shown: 2 of 4\n"));
  EXPECT_FALSE(absl::StrContains(text, "2023-11-22"));
}

TEST(TimelineTest, CountsLawfulButUnwantedApartFromWantedButUnlawful) {
  Story story;
  v1::Statement said = B::Bare(5, 1, 4, story.hash);
  B::SetGrant(said.mutable_grant());
  story.hash = story.builder.Add(said, 'k');
  story.builder.Seal(60);
  // Wanted, and rests on consent alone.
  story.builder.Add(story.builder.Access());
  story.builder.Seal(1);
  Timeline timeline = Shown(story.builder).Make();
  EXPECT_EQ(timeline.lawful_unwanted, 2u);
  EXPECT_EQ(timeline.wanted_unlawful, 0u);
  // Wanted, and cites a provision that there is not.
  story.builder.Add(story.builder.LawfulAccess(77));
  story.builder.Seal(1);
  timeline = Shown(story.builder).Make();
  EXPECT_EQ(timeline.lawful_unwanted, 2u);
  EXPECT_EQ(timeline.wanted_unlawful, 1u);
  EXPECT_EQ(timeline.headlines[Headline::kUnderConsent], 3u);
}

TEST(TimelineTest, NamesTheModelAndItsRegisterEntry) {
  Story story;
  v1::AiSystem model;
  model.set_id("sorter");
  *model.add_name() = B::Text("Sorter of cases");
  model.add_administration(B::kBoard);
  model.set_address("https://ai.example/sorter");
  story.builder.Put(RegisterType::kAiSystem, 0, model);
  story.builder.Seal(1);
  v1::AccessRecord access = story.builder.LawfulAccess(1);
  access.set_actor_kind(v1::AI_AUTONOMOUS);
  access.set_ai_system_id("sorter");
  story.builder.Add(access);
  access.set_ai_system_id("nobody");
  story.builder.Add(access);
  story.builder.Seal(1);
  const std::string text = Shown(story.builder).Text(Language::kEnglish);
  EXPECT_TRUE(absl::StrContains(
      text,
      "who: AI by itself (clerk-7); AI register 0: Sorter of cases, "
      "https://ai.example/sorter\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(
      text,
      "who: AI by itself (clerk-7); AI system nobody, not in the "
      "register\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(
      text, "[unproven: an AI system that is not in the register]"));
}

TEST(TimelineTest, WithoutVerdictsItSaysWhy) {
  const Story story;
  Shown shown(story.builder);
  shown.judged[0].gap.finding = Finding::kPositionUnproven;
  const Timeline timeline = shown.Make();
  EXPECT_EQ(timeline.without_verdict, 4u);
  EXPECT_EQ(timeline.not_fine, 4u);
  const std::string text =
      TimelineText(timeline, Language::kEnglish, {}, false);
  EXPECT_TRUE(absl::StrContains(text, "[no verdict: ")) << text;
  EXPECT_TRUE(absl::StrContains(TimelineJson(timeline, Language::kEnglish, {}),
                                "\"verdict\": null, \"no_verdict\": "));
}

TEST(TimelineTest, WhatIsClosedIsCounted) {
  Story story;
  story.builder.Add(Content::kMissing, "");
  story.builder.Seal(60);
  const std::string text = Shown(story.builder).Text(Language::kEnglish);
  EXPECT_TRUE(absl::StrContains(text, "4 of 5 accesses")) << text;
  EXPECT_TRUE(absl::StrContains(text, "[missing]")) << text;
  EXPECT_TRUE(absl::StrContains(text, "the content is not shown\n"));
}

// What an administration writes cannot steer the terminal of who reads it.
TEST(TimelineTest, TextFromOutsideCannotSteerATerminal) {
  Story story;
  v1::AccessRecord access = story.builder.Access();
  const std::string evil =
      "x\x1b[2J\r\n\xe2\x80\xae\xe2\x81\xa6\xc2\x9b\xd8\x9c\x7fy";
  access.set_unit_name(evil);
  access.set_purpose(evil);
  access.set_data_category(0, evil);
  access.set_recipient_id(evil);
  access.set_source_origin(evil);
  access.set_ai_system_id(evil);
  access.mutable_legal_basis(0)->set_basis(evil);
  access.mutable_legal_basis(0)->set_citation(evil);
  v1::LocalizedText* why = access.add_reason_text();
  why->set_language("en");
  why->set_text(evil);
  story.builder.Add(access);
  v1::Statement said = B::Bare(9, 1, 4, story.hash);
  said.mutable_objection()->mutable_scope()->add_purpose(evil);
  story.builder.Add(said, 'k');
  story.builder.Seal(60);
  const std::string text = Shown(story.builder).Text(Language::kSwedish);
  for (const char* bad : {"\x1b", "\r", "\xe2\x80\xae", "\xe2\x81\xa6",
                          "\xc2\x9b", "\xd8\x9c", "\x7f"}) {
    EXPECT_FALSE(absl::StrContains(text, bad));
  }
  EXPECT_TRUE(absl::StrContains(text, "x?[2J"));
}

// --- For programs ------------------------------------------------------------

TEST(TimelineTest, TheJsonIsJsonAndHasTheFourFields) {
  const Story story;
  const Timeline timeline = Shown(story.builder).Make();
  const auto json =
      ParseJson(TimelineJson(timeline, Language::kEnglish, TimelineFilter()));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(Json::TextOf(json->Find("schema")), "vidimus-timeline/1");
  EXPECT_EQ(Json::TextOf(json->At("counts.accesses")), "4");
  EXPECT_EQ(Json::TextOf(json->At("counts.emergency")), "1");
  EXPECT_EQ(Json::TextOf(json->At("counts.lawful_but_unwanted")), "2");
  EXPECT_EQ(Json::TextOf(json->At("counts.headlines.violation")), "1");
  const Json* accesses = json->Find("accesses");
  ASSERT_NE(accesses, nullptr);
  ASSERT_EQ(accesses->items.size(), 4u);
  const Json& violation = accesses->items[1];
  EXPECT_EQ(Json::TextOf(violation.At("verdict.headline")), "violation");
  EXPECT_EQ(Json::TextOf(violation.At("verdict.failed")), "withdrawn");
  EXPECT_EQ(Json::TextOf(violation.At("verdict.content")), "open");
  EXPECT_EQ(Json::TextOf(violation.At("verdict.law")), "not covered");
  EXPECT_EQ(Json::TextOf(violation.At("verdict.wish")), "silent");
  EXPECT_EQ(Json::TextOf(violation.At("record.purpose")), B::kPurpose);
  EXPECT_EQ(accesses->items[3].At("record.emergency")->kind, Json::Kind::kTrue);
}

TEST(TimelineTest, MachineNamesAreTheSameInEveryLanguage) {
  const Story story;
  const Timeline timeline = Shown(story.builder).Make(Language::kFinnish);
  const std::string json = TimelineJson(timeline, Language::kFinnish, {});
  EXPECT_TRUE(absl::StrContains(json, "\"headline\": \"violation\""));
  EXPECT_TRUE(absl::StrContains(json, "\"purpose_name\": \"Palvelu\""));
}

TEST(TimelineTest, TheCsvHasOneLineForEachAccess) {
  const Story story;
  const std::string csv = TimelineCsv(Shown(story.builder).Make(), {});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  EXPECT_TRUE(absl::StrContains(
      csv,
      "\"violation\",\"withdrawn\",\"open\",\"not covered\",\"silent\","
      "\"0\",\"0\",\"0\",\"READ\",\"Income\""))
      << csv;
}

TEST(TimelineTest, ACellIsNeverAFormula) {
  EXPECT_EQ(CsvField("plain"), "\"plain\"");
  EXPECT_EQ(CsvField(""), "\"\"");
  EXPECT_EQ(CsvField("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(CsvField("+1"), "\"'+1\"");
  EXPECT_EQ(CsvField("-1"), "\"'-1\"");
  EXPECT_EQ(CsvField("@SUM(A1)"), "\"'@SUM(A1)\"");
  EXPECT_EQ(CsvField("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(CsvField("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(CsvField("a\"b,c\nd"), "\"a\"\"b,c\nd\"");
}

TEST(TimelineTest, DaysAreReadStrictly) {
  EXPECT_EQ(ParseDay("1970-01-02"), 86400u);
  EXPECT_EQ(ParseDay("2023-11-23"), 1700697600u);
  for (const char* bad : {"", "2023-11-31", "2023-02-29", "2023-1-1",
                          "2023-11-23x", "yesterday", "1969-12-31"}) {
    EXPECT_FALSE(ParseDay(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace vidimus
