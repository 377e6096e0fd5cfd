// The sample world in the forms in which a city would hand it over: as a
// submission that a log takes, and as the lines of an audit logger. Each way
// round, the verdicts stay what the accesses were built for.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/line_format.h"
#include "client/resilient_logger.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "tests/verdicts/judge.h"
#include "tests/world/audit_log.h"
#include "tests/world/submission.h"
#include "tests/world/world.h"
#include "verifier/commitment.h"
#include "verifier/merkle.h"
#include "verifier/opening.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/statement.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

WorldOptions Small() {
  WorldOptions options;
  options.residents = 12;
  options.accesses = 1200;
  options.signing = WorldSigning::kEd25519;
  return options;
}

// Of a content that somebody read back: what the world says is there.
std::vector<std::string> EntryKeysOf(const City& city, uint32_t a) {
  for (const WorldDocument& document : city.logs()[0].documents) {
    if (document.type != WorldType::kAdministration || document.number != a) {
      continue;
    }
    v1::Administration body;
    EXPECT_TRUE(body.ParseFromString(document.message));
    return {body.entry_key().begin(), body.entry_key().end()};
  }
  return {};
}

TEST(FormsTest, EveryEntryOpensAsTheResidentsOwnAndTheAdministrationsWord) {
  const World world(Small());
  for (size_t c = 0; c < world.plans().size(); ++c) {
    const World::Plan& plan = world.plans()[c];
    const City& city = world.city(plan.city);
    const WorldChain chain = world.Make(c);
    const std::vector<std::string> keys =
        EntryKeysOf(city, plan.administration);
    const std::vector<std::string_view> entry_keys(keys.begin(), keys.end());
    for (const WorldEntry& entry : chain.entries) {
      const std::string& origin = city.logs()[entry.log].origin;
      const v1::Entry one = EntryOf(entry, "salts");
      ShownOpening shown;
      shown.entry_id = one.entry_id();
      shown.opening = {one.record_salt(), one.record(), one.actor_salt(),
                       one.actor()};
      const Hash commitment = Commitment(shown.opening);
      if (IsAccess(entry)) {
        const v1::SubmitRequest request =
            RequestOf(origin, plan.administration,
                      city.EntrySeed(plan.administration), {one});
        shown.has_request = true;
        shown.request.index = 0;
        shown.request.count = 1;
        shown.request.signature = request.signature();
      }
      const OpenedEntry opened =
          JudgeOpening({origin, plan.administration, chain.subject}, commitment,
                       entry_keys, shown);
      EXPECT_EQ(opened.content, Content::kOpen)
          << "chain " << c << ", entry " << entry.number << ": "
          << FindingName(opened.finding);
      if (IsStatement(entry)) {
        EXPECT_EQ(opened.kind, RecordContent::kStatement);
      }
    }
  }
}

TEST(FormsTest, RegisterIsSignedAndWellFormed) {
  const World world(Small());
  for (size_t c = 0; c < world.cities(); ++c) {
    for (const WorldLog& log : world.city(c).logs()) {
      Config config;
      const char* field = nullptr;
      ASSERT_EQ(ParseConfig(log.documents[0].message, 0, &config, &field),
                Finding::kOk)
          << field;
      size_t broken = 0;
      for (const WorldDocument& document : log.documents) {
        const RegisterId id = {static_cast<RegisterType>(document.type),
                               document.number, document.version};
        if (!document.at_hand) continue;
        EXPECT_EQ(VerifyDocument(world.city(c).SignedDocument(log, document),
                                 log.origin, id, config.PublisherKey(id.type)),
                  Finding::kOk);
        broken +=
            JudgeDocumentMessage(id, document.message, nullptr) != Finding::kOk;
      }
      // The one that is there to be broken.
      EXPECT_EQ(broken, 1u);
    }
  }
}

TEST(FormsTest, WhatAnAuditLoggerWroteGetsTheSameVerdicts) {
  const World world(Small());
  std::map<std::pair<uint32_t, uint32_t>, std::unique_ptr<AuditLog>> logs;
  uint64_t said = 0;
  uint64_t all = 0;
  for (size_t c = 0; c < world.plans().size(); ++c) {
    const World::Plan& plan = world.plans()[c];
    const City& city = world.city(plan.city);
    WorldChain chain = world.Make(c);
    AuditLog audit(city, plan.administration);
    std::vector<std::string> lines;
    for (const WorldEntry& entry : chain.entries) {
      lines.push_back(audit.Line(entry).value_or(""));
    }
    const auto mapping = ParseMapping(audit.Mapping());
    ASSERT_TRUE(mapping.ok()) << mapping.status();
    for (size_t i = 0; i < lines.size(); ++i) {
      WorldEntry& entry = chain.entries[i];
      all += entry.judged;
      if (lines[i].empty()) continue;
      v1::Record before;
      ASSERT_TRUE(before.ParseFromString(entry.record));
      AccessContext context;
      context.origin = before.access().as_of().origin();
      context.administration = plan.administration;
      context.id_key = std::string(32, 'k');
      context.head_size = [&] { return before.access().as_of().size(); };
      const auto draft =
          NewResilientLoggerFormat(*mapping, context)->Read(lines[i]);
      ASSERT_TRUE(draft.ok()) << draft.status() << "\n" << lines[i];
      v1::Record after;
      ASSERT_TRUE(after.ParseFromString(draft->record));
      EXPECT_EQ(after.access().subject(), before.access().subject());
      EXPECT_EQ(after.access().occurred_at_ms(),
                before.access().occurred_at_ms());
      entry.record = draft->record;
      ++said;
    }
    CityJudge judge(city);
    EXPECT_EQ(Difference(chain, judge.Judge(chain)), "") << "chain " << c;
  }
  // Most of what services do can be said.
  EXPECT_GT(said * 2, all);
}

}  // namespace
}  // namespace vidimus
