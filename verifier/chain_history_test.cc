#include "verifier/chain_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "proto/bundle.pb.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "verifier/leaf.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";
constexpr uint64_t kStart = 1800000000;  // of the small log's first seal
constexpr uint64_t kDay = 86400;
constexpr RegisterId kLaw = {RegisterType::kProvision, 0, 0};

void AddName(const char* name,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* texts) {
  v1::LocalizedText* const text = texts->Add();
  text->set_language("en");
  text->set_text(name);
}

std::string PurposeDocument() {
  v1::Purpose purpose;
  purpose.set_term("ServiceProvision");
  AddName("Services", purpose.mutable_name());
  return purpose.SerializeAsString();
}

std::string LawDocument(bool unverified = false) {
  v1::Provision law;
  law.add_basis("A6-1-e");
  law.set_citation("Act 1/2000");
  AddName("Act", law.mutable_name());
  law.add_administration(0);
  law.add_purpose("ServiceProvision");
  law.add_data_category("pd:Address");
  if (unverified) law.set_unverified(true);
  return law.SerializeAsString();
}

// An access under provision 0 that happened five seconds before `seal_s`.
void AddLawful(SmallLog* log, uint64_t seal_s) {
  log->AddAccess(kResident, 0, SmallLie::kNone, [&](v1::AccessRecord* access) {
    access->mutable_legal_basis(0)->set_provision(0);
    access->set_occurred_at_ms(1000 * (seal_s - 5));
  });
  log->Seal(seal_s);
}

// A purpose and a law, entered while the log runs, and one access under them
// before their notice is over and one after.
SmallLog MakeLog() {
  SmallLog log;
  log.PutAdministration(0);
  log.PutPublishers();
  log.Seal(kStart + 10);
  log.Put({RegisterType::kPurpose, 0, 0}, PurposeDocument());
  log.Put(kLaw, LawDocument());
  log.Seal(kStart + 20);
  AddLawful(&log, kStart + 30);
  log.Seal(kStart + 8 * kDay);
  AddLawful(&log, kStart + 8 * kDay + 10);
  return log;
}

struct Judged {
  Judged(const SmallLog& log, const v1::ChainBundle& bundle)
      : bytes(bundle.SerializeAsString()),
        finding(JudgeChainBundle(bytes, log.key(), {}, &report)) {
    if (finding == Finding::kOk) chains = JudgeAccesses(report, nullptr);
  }

  std::string bytes;  // what all else points into
  ChainsReport report;
  Finding finding;
  std::vector<JudgedChain> chains;
};

// The same leaves but some.
void DropLeaves(const SmallLog& log, const std::set<uint64_t>& dropped,
                v1::ChainBundle* bundle) {
  std::set<uint64_t> indices;
  for (const v1::LeavesProof& leaves : bundle->leaves()) {
    indices.insert(leaves.leaf_index().begin(), leaves.leaf_index().end());
  }
  for (const uint64_t index : dropped) indices.erase(index);
  bundle->clear_leaves();
  log.AddLeavesProof({indices.begin(), indices.end()}, log.size(), bundle);
}

// The same keys but one.
void DropKey(const SmallLog& log, const RegisterId& id,
             v1::ChainBundle* bundle) {
  std::set<Hash> keys;
  for (const v1::KeysProof& proof : bundle->keys()) {
    for (const std::string& key : proof.key()) keys.insert(*HashFromBytes(key));
  }
  keys.erase(RegisterKey(id));
  bundle->clear_keys();
  log.AddKeysProof({keys.begin(), keys.end()}, log.size(), bundle);
}

uint64_t LeafOf(const SmallLog& log, const RegisterId& id) {
  for (uint64_t index = 0; index < log.size(); ++index) {
    Leaf leaf;
    EXPECT_EQ(ParseLeaf(log.Leaf(index), &leaf), Finding::kOk);
    if (leaf.kind == LeafKind::kRegister && leaf.a == RegisterKey(id)) {
      return index;
    }
  }
  return 0;
}

TEST(ChainHistoryTest, AWholeBundleHasVerdictsOnEveryAccess) {
  const SmallLog log = MakeLog();
  const Judged judged(log, log.WholeBundle(kResident));
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
  ASSERT_EQ(judged.chains.size(), 2u);
  const JudgedChain& chain = judged.chains[0];
  ASSERT_EQ(chain.gap.finding, Finding::kOk);
  EXPECT_EQ(judged.chains[1].administration, kSelf);
  EXPECT_EQ(judged.chains[1].gap.finding, Finding::kOk);

  // A law counts when its notice is over, and not before.
  const std::vector<Verdict>& verdicts = chain.verdicts.verdicts;
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_STREQ(HeadlineName(verdicts[0].headline),
               HeadlineName(Headline::kViolation));
  EXPECT_STREQ(DimensionName(verdicts[0].failed),
               DimensionName(Dimension::kNotice));
  EXPECT_STREQ(HeadlineName(verdicts[1].headline),
               HeadlineName(Headline::kUnderLaw));
  EXPECT_EQ(verdicts[1].provision, 0u);

  // Position is the size before the batch, time that of the seal that ends it.
  const HistoryLog& history = chain.history.logs[0];
  EXPECT_EQ(history.origin, log.origin());
  EXPECT_EQ(history.head_time_s, kStart + 8 * kDay + 10);
  ASSERT_EQ(history.entries.size(), 2u);
  EXPECT_EQ(history.entries[0].position, 20u);
  EXPECT_EQ(history.entries[0].seal_time_s, kStart + 30);
  EXPECT_EQ(history.entries[1].position, 38u);
  for (const HistoryDocument& document : history.documents) {
    const bool law = document.id.type == RegisterType::kProvision;
    if (law) {
      EXPECT_EQ(document.position, 11u);
      EXPECT_EQ(document.seal_time_s, kStart + 20);
    }
  }
  EXPECT_EQ(history.seals.front().size, 2u);
  EXPECT_EQ(history.seals.back().size, log.size());
}

TEST(ChainHistoryTest, WhatNobodyComparedWithTheLawIsUnproven) {
  SmallLog log;
  log.PutAdministration(0);
  log.PutPublishers();
  log.Seal(kStart + 10);
  log.Put({RegisterType::kPurpose, 0, 0}, PurposeDocument());
  log.Put(kLaw, LawDocument(/*unverified=*/true));
  log.Seal(kStart + 20);
  log.Seal(kStart + 8 * kDay);
  AddLawful(&log, kStart + 8 * kDay + 10);
  const Judged judged(log, log.WholeBundle(kResident));
  ASSERT_EQ(judged.finding, Finding::kOk);
  ASSERT_EQ(judged.chains[0].verdicts.verdicts.size(), 1u);
  EXPECT_EQ(judged.chains[0].verdicts.verdicts[0].headline,
            Headline::kUnproven);
  EXPECT_EQ(judged.chains[0].verdicts.verdicts[0].failed,
            Dimension::kUnverified);
}

TEST(ChainHistoryTest, ABundleWithoutTheRegisterStaysCompleteWithoutVerdicts) {
  const SmallLog log = MakeLog();
  const Judged judged(log, log.Bundle(kResident));
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.report.ContentFindings(), 0u);
  const HistoryGap& gap = judged.chains[0].gap;
  EXPECT_EQ(gap.finding, Finding::kKeyUnproven);
  EXPECT_TRUE(gap.document == kLaw);
  EXPECT_TRUE(judged.chains[0].verdicts.verdicts.empty());
}

TEST(ChainHistoryTest, AnyLeafOfABatchThatIsNotShownLeavesItsTimeUnknown) {
  const SmallLog log = MakeLog();
  const v1::ChainBundle whole = log.WholeBundle(kResident);
  const uint64_t law = LeafOf(log, kLaw);
  for (uint64_t index = 0; index + 1 < log.size(); ++index) {
    v1::ChainBundle bundle = whole;
    DropLeaves(log, {index}, &bundle);
    const Judged judged(log, bundle);
    // Leaves that carry the register or entries can't be left out at all.
    if (judged.finding != Finding::kOk || !judged.report.Complete()) continue;
    const HistoryGap& gap = judged.chains[0].gap;
    // Batches of covers alone are nobody's: [29, 38).
    const bool needed = index < 29 || index >= 37;
    EXPECT_EQ(gap.finding, needed ? Finding::kPositionUnproven : Finding::kOk)
        << index;
    if (index > 10 && index < 20 && index != law) {
      EXPECT_TRUE(gap.document.has_value()) << index;
    }
    if (index > 38) {
      EXPECT_EQ(gap.entry, 1u) << index;
    }
  }
}

TEST(ChainHistoryTest, TheStateThatAnAccessNamesMustBeShown) {
  SmallLog log = MakeLog();
  // Decided on what stood two batches before: that seal is in no batch that
  // has to be shown otherwise.
  log.Seal(kStart + 8 * kDay + 20);
  log.AddAccess(kResident, 0, SmallLie::kNone, [&](v1::AccessRecord* access) {
    access->mutable_legal_basis(0)->set_provision(0);
    access->mutable_as_of()->set_size(38);
    access->set_occurred_at_ms(1000 * (kStart + 8 * kDay + 25));
  });
  log.Seal(kStart + 8 * kDay + 30);
  const v1::ChainBundle whole = log.WholeBundle(kResident);
  const Judged shown(log, whole);
  ASSERT_EQ(shown.finding, Finding::kOk);
  ASSERT_EQ(shown.chains[0].verdicts.verdicts.size(), 3u);
  EXPECT_EQ(shown.chains[0].verdicts.verdicts[2].headline, Headline::kUnderLaw);

  // An administration that names a size at which no batch ended is told apart
  // from a bundle that does not show what stands there.
  SmallLog other = MakeLog();
  other.AddAccess(kResident, 0, SmallLie::kNone, [&](v1::AccessRecord* access) {
    access->mutable_as_of()->set_size(35);
    access->set_occurred_at_ms(1000 * (kStart + 8 * kDay + 25));
  });
  other.Seal(kStart + 8 * kDay + 30);
  const Judged blamed(other, other.WholeBundle(kResident));
  ASSERT_EQ(blamed.chains[0].verdicts.verdicts.size(), 3u);
  EXPECT_EQ(blamed.chains[0].verdicts.verdicts[2].failed, Dimension::kAsOf);
  v1::ChainBundle bundle = other.WholeBundle(kResident);
  DropLeaves(other, {34}, &bundle);
  const Judged unknown(other, bundle);
  EXPECT_EQ(unknown.chains[0].gap.finding, Finding::kPositionUnproven);
  EXPECT_EQ(unknown.chains[0].gap.entry, 2u);
}

TEST(ChainHistoryTest, AnIncompleteChainHasNoVerdicts) {
  const SmallLog log = MakeLog();
  v1::ChainBundle bundle = log.WholeBundle(kResident);
  bundle.mutable_chain(0)->mutable_chain()->mutable_entries()->RemoveLast();
  const Judged judged(log, bundle);
  ASSERT_EQ(judged.finding, Finding::kOk);
  EXPECT_EQ(judged.chains[0].gap.finding, Finding::kChainGoesOn);
  EXPECT_EQ(judged.chains[1].gap.finding, Finding::kOk);
}

TEST(ChainHistoryTest, HistoriesOfOneFamilyAreJoined) {
  const SmallLog log = MakeLog();
  const Judged judged(log, log.WholeBundle(kResident));
  History history;
  EXPECT_EQ(
      AddToHistory(judged.report, judged.report.chains[0], &history).finding,
      Finding::kOk);
  EXPECT_EQ(
      AddToHistory(judged.report, judged.report.chains[0], &history).finding,
      Finding::kOk);
  EXPECT_EQ(history.subject, kResident);
  EXPECT_EQ(history.administration, 0u);
  EXPECT_EQ(history.logs.size(), 2u);
}

// --- The register of a bundle ------------------------------------------------

TEST(ChainHistoryTest, NoVersionAndNoNumberOfTheRegisterCanBeLeftOut) {
  SmallLog log = MakeLog();
  log.Put({RegisterType::kProvision, 0, 1}, LawDocument(true));
  log.Put({RegisterType::kProvision, 1, 0}, LawDocument());
  log.Seal(kStart + 9 * kDay);
  const v1::ChainBundle whole = log.WholeBundle(kResident);
  ASSERT_EQ(Judged(log, whole).finding, Finding::kOk);
  // A version in the middle, the newest, the absence of a newer one; a number,
  // and the absence of the next.
  for (const RegisterId& id :
       std::vector<RegisterId>{{RegisterType::kProvision, 0, 1},
                               {RegisterType::kProvision, 0, 2},
                               {RegisterType::kProvision, 1, 0},
                               {RegisterType::kProvision, 1, 1},
                               {RegisterType::kProvision, 2, 0},
                               {RegisterType::kPurpose, 0, 1},
                               {RegisterType::kPurpose, 1, 0},
                               {RegisterType::kConfig, 0, 2}}) {
    v1::ChainBundle bundle = whole;
    DropKey(log, id, &bundle);
    const Judged judged(log, bundle);
    // Of a document that is there the leaf is shown all the same.
    const bool there = id == RegisterId{RegisterType::kProvision, 0, 1} ||
                       id == RegisterId{RegisterType::kProvision, 1, 0};
    EXPECT_EQ(judged.finding,
              there ? Finding::kPresenceUnproven : Finding::kKeyUnproven)
        << static_cast<int>(id.type) << " " << id.number << " " << id.version;
    EXPECT_TRUE(judged.report.document.id == id);
  }
}

TEST(ChainHistoryTest, ADocumentCannotStandForAnother) {
  SmallLog log = MakeLog();
  log.Put({RegisterType::kProvision, 0, 1}, LawDocument(true));
  log.Seal(kStart + 9 * kDay);
  const v1::ChainBundle whole = log.WholeBundle(kResident);
  const uint64_t older = LeafOf(log, kLaw);
  const uint64_t newer = LeafOf(log, {RegisterType::kProvision, 0, 1});
  // The bytes of either are left out, or stand twice.
  for (const uint64_t left_out : {older, newer}) {
    v1::ChainBundle bundle = whole;
    bundle.clear_document();
    for (const auto& [index, document] : log.documents()) {
      const uint64_t shown =
          index == left_out ? older + newer - left_out : index;
      bundle.add_document(log.documents().at(shown));
    }
    EXPECT_EQ(Judged(log, bundle).finding, Finding::kDocumentMissing);
  }
}

TEST(ChainHistoryTest, ADocumentOfNoPublisherOrFormIsRefused) {
  SmallLog early;
  early.PutAdministration(0);
  early.Put(kLaw, LawDocument());  // before config names its publisher
  early.Seal(kStart + 10);
  EXPECT_EQ(Judged(early, early.WholeBundle(kResident)).finding,
            Finding::kPublisherUnknown);

  SmallLog log;
  log.PutAdministration(0);
  log.PutPublishers();
  log.Seal(kStart + 10);
  log.Put(kLaw, "no provision");
  log.Seal(kStart + 20);
  const Judged judged(log, log.WholeBundle(kResident));
  EXPECT_NE(judged.finding, Finding::kOk);
  EXPECT_TRUE(judged.report.document.id == kLaw);
}

}  // namespace
}  // namespace vidimus
