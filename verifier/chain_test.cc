#include "verifier/chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "proto/bundle.pb.h"
#include "proto/register.pb.h"
#include "verifier/check.h"
#include "verifier/descriptors.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";
const std::string kOther = "\x01resident-b";

// Three administrations, the last never touched the resident; a few accesses,
// one key fetch, several batches.
SmallLog HonestLog() {
  SmallLog log;
  for (uint32_t a = 0; a < 3; ++a) log.PutAdministration(a);
  log.Seal(1800000010);
  for (int k = 0; k < 3; ++k) log.AddAccess(kResident, 0);
  log.AddAccess(kOther, 0);
  v1::Notice fetch;
  fetch.set_at_s(1800000020);
  fetch.mutable_key_fetch()->set_chain_administration(1);
  fetch.mutable_key_fetch()->set_fetched_by(1);
  log.AddNotice(kResident, kSelf, fetch);
  log.Seal(1800000020);
  log.PutAdministration(1);
  log.AddAccess(kOther, 2);
  log.Seal(1800000030);
  for (int k = 0; k < 2; ++k) log.AddAccess(kResident, 1);
  log.AddAccess(kResident, 0);
  log.Seal(1800000040);
  return log;
}

Finding Judge(const std::string& bundle, const VerifierKey& key,
              ChainsReport* report) {
  return JudgeChainBundle(bundle, key, {}, report);
}

struct Judged {
  std::string bytes;  // what the report points into
  Finding finding = Finding::kOk;
  ChainsReport report;

  const ChainReport& chain(uint32_t administration) const {
    for (const ChainReport& chain : report.chains) {
      if (chain.administration == administration) return chain;
    }
    static const ChainReport kNone;
    return kNone;
  }
};

void JudgeInto(const SmallLog& log, const v1::ChainBundle& bundle,
               Judged* judged) {
  judged->bytes = bundle.SerializeAsString();
  judged->finding = Judge(judged->bytes, log.key(), &judged->report);
}

// The size that the last batch but one ended at.
uint64_t SizeBefore(const SmallLog& log) {
  uint64_t size = log.size() - 1;
  while (static_cast<LeafKind>(log.Leaf(size - 1)[0]) != LeafKind::kSeal) {
    --size;
  }
  return size;
}

// The finding of the bundle or else of a chain.
Finding FindingOf(const Judged& judged, uint32_t administration) {
  return judged.finding != Finding::kOk ? judged.finding
                                        : judged.chain(administration).finding;
}

const Ed25519NoteSigner& Monitor() {
  static const Ed25519NoteSigner* const kMonitor = new Ed25519NoteSigner(
      "monitor.example/m", kKeyTypeCosignatureEd25519, std::string(32, 'm'));
  return *kMonitor;
}

void Cosign(v1::ChainBundle* bundle) {
  Note note;
  const std::string plain = bundle->checkpoint();
  CHECK(SplitNote(plain, &note) == Finding::kOk);
  std::string line;
  CHECK(Monitor().Sign(note.text, 1800000050, &line));
  bundle->set_checkpoint(plain + line);
}

TEST(ChainTest, TablesAreThoseOfTheProtoFiles) {
  ExpectSameFields(kChainBundleRule, *v1::ChainBundle::descriptor(),
                   /*presence=*/false);
}

TEST(ChainTest, CountsEveryAccessOfEveryAdministration) {
  const SmallLog log = HonestLog();
  Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.report.ContentFindings(), 0u);
  EXPECT_EQ(judged.report.monitors, 0u);
  EXPECT_EQ(judged.report.seal_time_s, 1800000040u);
  EXPECT_EQ(judged.report.checkpoint.head.size, log.size());
  EXPECT_EQ(judged.report.subject, kResident);
  ASSERT_EQ(judged.report.chains.size(), 4u);
  EXPECT_EQ(judged.chain(0).entries.size(), 4u);
  EXPECT_EQ(judged.chain(1).entries.size(), 2u);
  EXPECT_EQ(judged.chain(2).entries.size(), 0u);
  EXPECT_EQ(judged.chain(kSelf).entries.size(), 1u);
  EXPECT_EQ(judged.chain(0).entries[0].opened.access.purpose,
            "ServiceProvision");
  EXPECT_EQ(judged.chain(0).entries[0].opened.actor.id, "account 7");
  EXPECT_EQ(judged.chain(kSelf).entries[0].opened.notice.event,
            NoticeEvent::kKeyFetch);
  EXPECT_EQ(judged.report.Registered(1)->names[0].text, "Administration 1");
  EXPECT_EQ(judged.report.Registered(kSelf), nullptr);
}

TEST(ChainTest, AnOlderHeadHasFewer) {
  const SmallLog log = HonestLog();
  const v1::ChainBundle bundle = log.Bundle(kResident, SizeBefore(log));
  Judged judged;
  JudgeInto(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.chain(0).entries.size(), 3u);
  EXPECT_EQ(judged.chain(1).entries.size(), 0u);
}

TEST(ChainTest, CountsTheMonitorsThatVouch) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  const Ed25519NoteSigner other("monitor.example/o", kKeyTypeCosignatureEd25519,
                                std::string(32, 'o'));
  Cosign(&bundle);
  const std::string bytes = bundle.SerializeAsString();
  ChainsReport report;
  ASSERT_EQ(JudgeChainBundle(bytes, log.key(), {Monitor().key(), other.key()},
                             &report),
            Finding::kOk);
  EXPECT_EQ(report.monitors, 1u);
  EXPECT_EQ(JudgeChainBundle(bytes, log.key(), {other.key()}, &report),
            Finding::kOk);
  EXPECT_EQ(report.monitors, 0u);
}

// --- Where a monitor vouches for the index
// ------------------------------------

// Judges a bundle that the monitor cosigned, by somebody who believes it.
void JudgeVouched(const SmallLog& log, v1::ChainBundle bundle, Judged* judged) {
  Cosign(&bundle);
  judged->bytes = bundle.SerializeAsString();
  judged->finding = JudgeChainBundle(judged->bytes, log.key(),
                                     {Monitor().key()}, &judged->report);
}

// Proves all keys of the bundle anew, but this one.
void LeaveOutKey(const SmallLog& log, const Hash& key,
                 v1::ChainBundle* bundle) {
  std::vector<Hash> keys;
  for (const std::string& bytes : bundle->keys(0).key()) {
    if (bytes != Bytes(key)) keys.push_back(*HashFromBytes(bytes));
  }
  CHECK_EQ(static_cast<int>(keys.size()) + 1, bundle->keys(0).key_size());
  bundle->clear_keys();
  log.AddKeysProof(keys, log.size(), bundle);
}

// Proves all leaves of the bundle anew, but this one.
void LeaveOutLeaf(const SmallLog& log, uint64_t index,
                  v1::ChainBundle* bundle) {
  std::vector<uint64_t> indices;
  for (const uint64_t other : bundle->leaves(0).leaf_index()) {
    if (other != index) indices.push_back(other);
  }
  CHECK_EQ(static_cast<int>(indices.size()) + 1,
           bundle->leaves(0).leaf_index_size());
  bundle->clear_leaves();
  log.AddLeavesProof(indices, log.size(), bundle);
}

TEST(ChainTest, UnderAMonitorsHeadTheLeavesThemselvesAreEnough) {
  const SmallLog log = HonestLog();
  const v1::ChainBundle bundle = log.LeanBundle(kResident);
  EXPECT_LT(bundle.keys(0).key_size(),
            log.Bundle(kResident).keys(0).key_size());
  Judged judged;
  JudgeVouched(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.report.ContentFindings(), 0u);
  EXPECT_EQ(judged.report.monitors, 1u);
  EXPECT_EQ(judged.chain(0).entries.size(), 4u);
  EXPECT_EQ(judged.chain(1).entries.size(), 2u);
  EXPECT_EQ(judged.chain(kSelf).entries.size(), 1u);
  EXPECT_EQ(judged.report.proven_register.administrations[1].size(), 2u);

  // What is proven besides does no harm.
  JudgeVouched(log, log.Bundle(kResident), &judged);
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_TRUE(judged.report.Complete());
}

TEST(ChainTest, UnderAnyOtherHeadTheIndexMustHoldThem) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.LeanBundle(kResident);
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(judged.finding, Finding::kPresenceUnproven);
  EXPECT_STREQ(judged.report.part, "register");
  // A cosignature of somebody whom nobody named is none.
  Cosign(&bundle);
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(judged.finding, Finding::kPresenceUnproven);

  // Of one entry alone.
  bundle = log.Bundle(kResident);
  LeaveOutKey(log, log.Label(kResident, 0, 2), &bundle);
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kPresenceUnproven);
  EXPECT_EQ(judged.chain(0).entry, 2u);
  EXPECT_EQ(FindingOf(judged, 1), Finding::kOk);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kOk);
}

// That the index forgot an entry is for the monitor to see. Without one the
// person does.
TEST(ChainTest, WhereNobodyVouchesAForgottenEntryIsSeen) {
  SmallLog log = HonestLog();
  log.HideFromIndex(log.Label(kResident, 0, 4));
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  Judged judged;
  JudgeInto(log, log.LeanBundle(kResident), &judged);
  EXPECT_NE(FindingOf(judged, 0), Finding::kOk);
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainHole);
  // What is proven is judged, whoever vouches.
  JudgeVouched(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainHole);
}

TEST(ChainTest, AMonitorsHeadExcusesNoProofThatIsWrong) {
  SmallLog log = HonestLog();
  log.LieAboutKey(log.Label(kResident, 0, 1), 0);
  log.AddAccess(kOther, 0);
  log.Seal(1800000050);
  Judged judged;
  JudgeVouched(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kLeafNotOfKey);
  EXPECT_EQ(judged.chain(0).entry, 1u);
  EXPECT_EQ(FindingOf(judged, 1), Finding::kOk);
}

TEST(ChainTest, AVouchedIndexMustStillShowWhereAChainEnds) {
  const SmallLog log = HonestLog();
  // Of nothing beyond the last entry that is shown may it be silent.
  for (const uint64_t i : {4, 5, 11, 34, 68, 104, 5004}) {
    v1::ChainBundle bundle = log.LeanBundle(kResident);
    LeaveOutKey(log, log.Label(kResident, 0, i), &bundle);
    Judged judged;
    JudgeVouched(log, bundle, &judged);
    EXPECT_EQ(FindingOf(judged, 0), Finding::kKeyUnproven) << i;
    EXPECT_EQ(FindingOf(judged, 1), Finding::kOk) << i;
  }
  // The last entry is left out: its leaf may stand there, the index must say.
  v1::ChainBundle bundle = log.LeanBundle(kResident);
  bundle.mutable_chain(0)->mutable_chain()->mutable_entries()->RemoveLast();
  Judged judged;
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kKeyUnproven);
  log.AddKeysProof({log.Label(kResident, 0, 3)}, log.size(), &bundle);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainGoesOn);
  // An entry without a leaf.
  bundle = log.LeanBundle(kResident);
  LeaveOutLeaf(log, bundle.chain(0).chain().entries(2).leaf_index(), &bundle);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kKeyUnproven);
  EXPECT_EQ(judged.chain(0).entry, 2u);
}

TEST(ChainTest, AVouchedIndexExcusesNoHole) {
  SmallLog log = HonestLog();
  log.SetNext(kResident, 0, 5);  // 4 is skipped
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  // It shows five, the fifth under the sixth label.
  v1::ChainBundle bundle = log.LeanBundle(kResident);
  Judged judged;
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainHole);
  EXPECT_EQ(judged.chain(0).entry, 4u);
  LeaveOutKey(log, log.Label(kResident, 0, 4), &bundle);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kEntryMismatch);
  // It shows four, and a probe is asked for that lies behind the hole.
  bundle = log.LeanBundle(kResident);
  v1::ProbedChain* chain = bundle.mutable_chain(0);
  chain->mutable_chain()->mutable_entries()->RemoveLast();
  chain->clear_probe();
  std::vector<Hash> keys;
  for (uint64_t offset : {1, 2, 8, 31, 65, 101, 5001, 70001}) {
    chain->add_probe(4 + offset);
    keys.push_back(log.Label(kResident, 0, 4 + offset));
  }
  std::sort(keys.begin(), keys.end());
  log.AddKeysProof(keys, log.size(), &bundle);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kProbePresent);
}

TEST(ChainTest, AVouchedIndexExcusesNoEntryElsewhere) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.LeanBundle(kResident);
  bundle.mutable_chain(0)->mutable_chain()->mutable_entries()->SwapElements(1,
                                                                            2);
  Judged judged;
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kEntryMismatch);
  // Another chain's leaf under this chain's number.
  bundle = log.LeanBundle(kResident);
  *bundle.mutable_chain(0)->mutable_chain()->mutable_entries(1) =
      bundle.chain(1).chain().entries(1);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kEntryMismatch);
  EXPECT_EQ(judged.chain(0).entry, 1u);
  // The right leaf, and another index for it.
  bundle = log.LeanBundle(kResident);
  bundle.mutable_chain(0)->mutable_chain()->mutable_entries(1)->set_leaf_index(
      0);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kEntryMismatch);
  // Two leaves for one number.
  SmallLog twice = HonestLog();
  twice.SetNext(kResident, 0, 3);
  twice.AddAccess(kResident, 0);
  twice.Seal(1800000050);
  bundle = twice.LeanBundle(kResident);
  std::vector<uint64_t> all;
  for (uint64_t index = 0; index < twice.size(); ++index) all.push_back(index);
  bundle.clear_leaves();
  twice.AddLeavesProof(all, twice.size(), &bundle);
  JudgeVouched(twice, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kIndexKeyTwice);
}

TEST(ChainTest, AVouchedIndexMustStillShowWhereTheRegisterEnds) {
  const SmallLog log = HonestLog();
  Judged judged;
  // The next version of each document, and the next number.
  for (const RegisterId& id :
       {RegisterId{RegisterType::kConfig, 0, 1},
        RegisterId{RegisterType::kAdministration, 0, 1},
        RegisterId{RegisterType::kAdministration, 1, 2},
        RegisterId{RegisterType::kAdministration, 2, 1},
        RegisterId{RegisterType::kAdministration, 3, 0}}) {
    v1::ChainBundle bundle = log.LeanBundle(kResident);
    LeaveOutKey(log, RegisterKey(id), &bundle);
    JudgeVouched(log, bundle, &judged);
    EXPECT_EQ(judged.finding, Finding::kKeyUnproven);
    EXPECT_EQ(judged.report.document.id.number, id.number);
    EXPECT_EQ(judged.report.document.id.version, id.version);
  }
  // A document that is not shown: nothing says that there is none.
  for (const auto& [index, document] : log.documents()) {
    v1::ChainBundle bundle = log.LeanBundle(kResident);
    LeaveOutLeaf(log, index, &bundle);
    JudgeVouched(log, bundle, &judged);
    EXPECT_EQ(judged.finding, Finding::kKeyUnproven) << index;
    EXPECT_STREQ(judged.report.part, "register") << index;
    // The index says that there is one.
    const Hash key = *HashFromBytes(log.Leaf(index).substr(1, kHashBytes));
    log.AddKeysProof({key}, log.size(), &bundle);
    JudgeVouched(log, bundle, &judged);
    EXPECT_EQ(judged.finding, Finding::kLeafUnproven) << index;
  }
}

// Whoever asks for whole batches is shown documents by chance.
TEST(ChainTest, AVouchedIndexShowsATypeOnlyToItsEnd) {
  SmallLog log = HonestLog();
  log.PutPublishers();
  log.Seal(1800000050);
  v1::Purpose purpose;
  purpose.set_term("Education");
  v1::LocalizedText* name = purpose.add_name();
  name->set_language("en");
  name->set_text("Education");
  const RegisterId id = {RegisterType::kPurpose, 0, 0};
  log.Put(id, purpose.SerializeAsString());
  log.Seal(1800000060);
  v1::ChainBundle bundle = log.LeanBundle(kResident);
  Judged judged;
  JudgeVouched(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk) << judged.report.part;
  EXPECT_FALSE(judged.report.proven_register.Shows(RegisterType::kPurpose));
  // Where number 0 ends is said, where the type ends is not.
  log.AddKeysProof({RegisterKey({id.type, 0, 1})}, log.size(), &bundle);
  JudgeVouched(log, bundle, &judged);
  EXPECT_EQ(judged.finding, Finding::kKeyUnproven);
  EXPECT_EQ(judged.report.document.id.type, RegisterType::kPurpose);
  log.AddKeysProof({RegisterKey({id.type, 1, 0})}, log.size(), &bundle);
  JudgeVouched(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk);
  EXPECT_TRUE(judged.report.proven_register.Shows(RegisterType::kPurpose));
}

// --- What is refused, by name ------------------------------------------------

using Doctor = std::function<void(v1::ChainBundle*)>;

// The finding for administration 0 after the honest bundle was doctored.
Finding Doctored(const Doctor& doctor, uint32_t administration = 0) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  doctor(&bundle);
  Judged judged;
  JudgeInto(log, bundle, &judged);
  if (judged.finding == Finding::kOk &&
      judged.chain(administration).finding != Finding::kOk) {
    EXPECT_FALSE(judged.report.Complete());
  }
  return FindingOf(judged, administration);
}

TEST(ChainTest, RefusesAHole) {
  SmallLog log = HonestLog();
  log.SetNext(kResident, 0, 5);  // 4 is skipped
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  v1::ChainBundle bundle = log.Bundle(kResident);
  Judged judged;
  JudgeInto(log, bundle, &judged);
  // The log shows five entries, and the fifth is not where it should be.
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainHole);
  EXPECT_EQ(judged.chain(0).entry, 4u);
  EXPECT_EQ(judged.chain(1).finding, Finding::kOk);

  // It shows four, and a probe finds the one behind the hole.
  bundle = log.Bundle(kResident, 0);
  v1::ProbedChain* chain = bundle.mutable_chain(0);
  chain->mutable_chain()->mutable_entries()->RemoveLast();
  chain->clear_probe();
  for (uint64_t offset : {1, 2, 8, 31, 65, 101, 5001, 70001}) {
    chain->add_probe(4 + offset);
  }
  // It was asked for, and so it must be proven: present.
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kProbePresent);
  EXPECT_EQ(judged.chain(0).entry, 5u);
}

TEST(ChainTest, RefusesAChainThatGoesOn) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)
                  ->mutable_chain()
                  ->mutable_entries()
                  ->RemoveLast();
            }),
            Finding::kChainGoesOn);
}

TEST(ChainTest, RefusesAnEntryThatTheIndexForgot) {
  SmallLog log = HonestLog();
  log.HideFromIndex(log.Label(kResident, 0, 4));
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kChainHole);
}

TEST(ChainTest, RefusesAnotherKeyOfTheChain) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              v1::Chain* chain = bundle->mutable_chain(0)->mutable_chain();
              chain->set_chain_key(bundle->chain(1).chain().chain_key());
            }),
            Finding::kChainKeyMismatch);
  // K and proof of the neighbour's chain.
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              v1::Chain* chain = bundle->mutable_chain(0)->mutable_chain();
              chain->set_chain_key(bundle->chain(1).chain().chain_key());
              chain->set_vrf_proof(bundle->chain(1).chain().vrf_proof());
            }),
            Finding::kVrfMismatch);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)->mutable_chain()->clear_vrf_proof();
            }),
            Finding::kVrfProofSize);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)->mutable_chain()->clear_chain_key();
            }),
            Finding::kChainKeyMismatch);
}

TEST(ChainTest, RefusesTheLabelKeyOfAnotherLog) {
  SmallLog log = HonestLog();
  const SmallLog other("log.example/other/2026h1");
  v1::ChainBundle bundle = log.Bundle(kResident);
  const auto [key, proof] = other.ChainKey(kResident, 0);
  bundle.mutable_chain(0)->mutable_chain()->set_vrf_proof(proof);
  bundle.mutable_chain(0)->mutable_chain()->set_chain_key(
      std::string(Bytes(key)));
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(FindingOf(judged, 0), Finding::kVrfMismatch);
}

TEST(ChainTest, RefusesSwappedEntries) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)
                  ->mutable_chain()
                  ->mutable_entries()
                  ->SwapElements(0, 1);
            }),
            Finding::kEntryMismatch);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              v1::ChainEntry* entry =
                  bundle->mutable_chain(0)->mutable_chain()->mutable_entries(0);
              entry->mutable_leaf()->back() ^= 1;
            }),
            Finding::kEntryMismatch);
}

TEST(ChainTest, RefusesAMissingChain) {
  // Of an administration that touched nothing, too, and of `self`.
  for (int place = 0; place < 4; ++place) {
    const uint32_t administration = place < 3 ? place : kSelf;
    EXPECT_EQ(Doctored(
                  [place](v1::ChainBundle* bundle) {
                    bundle->mutable_chain()->DeleteSubrange(place, 1);
                  },
                  administration),
              Finding::kChainMissing)
        << place;
  }
}

TEST(ChainTest, RefusesAChainThatNobodyAskedFor) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              *bundle->add_chain() = bundle->chain(0);
            }),
            Finding::kChainNotAsked);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)->mutable_chain()->set_administration(7);
            }),
            Finding::kChainNotAsked);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(1)->mutable_chain()->set_subject(kOther);
            }),
            Finding::kChainNotAsked);
}

TEST(ChainTest, RefusesAMissingNumberOfTheRegister) {
  // The log's proof speaks of numbers 0 and 1, and leaves 2 out.
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  std::vector<Hash> keys;
  for (const std::string& bytes : bundle.keys(0).key()) {
    const Hash key = *HashFromBytes(bytes);
    if (key != RegisterKey({RegisterType::kAdministration, 2, 0})) {
      keys.push_back(key);
    }
  }
  bundle.clear_keys();
  v1::KeysProof* proof = bundle.add_keys();
  for (const Hash& key : keys) proof->add_key(std::string(Bytes(key)));
  proof->set_proof(log.ProveKeys(keys, log.size()));
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(judged.finding, Finding::kPresenceUnproven);
  EXPECT_STREQ(judged.report.part, "register");
  EXPECT_EQ(judged.report.document.id.number, 2u);
}

TEST(ChainTest, RefusesARegisterWithoutItsDocuments) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_document()->RemoveLast();
            }),
            Finding::kDocumentMissing);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_document(0)->back() ^= 1;
            }),
            Finding::kDocumentMissing);
}

TEST(ChainTest, RefusesProbesThatAreFewOrElsewhere) {
  const auto with_probes = [](const std::vector<uint64_t>& probes) {
    const SmallLog log = HonestLog();
    v1::ChainBundle bundle = log.Bundle(kResident);
    v1::ProbedChain* chain = bundle.mutable_chain(0);
    chain->clear_probe();
    std::vector<Hash> keys;
    for (const std::string& key : bundle.keys(0).key()) {
      keys.push_back(*HashFromBytes(key));
    }
    for (const uint64_t probe : probes) {
      chain->add_probe(probe);
      keys.push_back(log.Label(kResident, 0, probe));
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    bundle.clear_keys();
    v1::KeysProof* proof = bundle.add_keys();
    for (const Hash& key : keys) proof->add_key(std::string(Bytes(key)));
    proof->set_proof(log.ProveKeys(keys, log.size()));
    Judged judged;
    JudgeInto(log, bundle, &judged);
    return FindingOf(judged, 0);
  };
  EXPECT_EQ(with_probes({5, 6, 7, 8, 100, 101, 102, 1048580}), Finding::kOk);
  EXPECT_EQ(with_probes({}), Finding::kProbesMissing);
  EXPECT_EQ(with_probes({5, 6, 7, 8, 100, 101, 102}), Finding::kProbesMissing);
  EXPECT_EQ(with_probes({5, 6, 7, 69, 100, 101, 102, 103}),
            Finding::kProbesMissing);
  EXPECT_EQ(with_probes({5, 6, 7, 8, 100, 101, 102, 1048581}),
            Finding::kProbesMissing);
  EXPECT_EQ(with_probes({4, 5, 6, 7, 8, 100, 101, 102}),
            Finding::kProbesMissing);
  EXPECT_EQ(with_probes({5, 5, 6, 7, 8, 100, 101, 102}),
            Finding::kProbesMissing);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_chain(0)->set_probe(0, 6);
            }),
            Finding::kKeyUnproven);
}

TEST(ChainTest, RefusesABundleOfAnotherLog) {
  const SmallLog log = HonestLog();
  const SmallLog other("log.example/other/2026h1");
  const std::string bytes = log.Bundle(kResident).SerializeAsString();
  ChainsReport report;
  EXPECT_EQ(Judge(bytes, other.key(), &report), Finding::kOriginMismatch);
  // A log of the same name with another key.
  VerifierKey key = other.key();
  key.name = log.origin();
  EXPECT_EQ(Judge(bytes, MakeVerifierKey(key.name, key.type, key.public_key),
                  &report),
            Finding::kUnknownSigner);
  EXPECT_STREQ(report.part, "checkpoint");
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->set_origin("log.example/other/2026h1");
            }),
            Finding::kOriginMismatch);
}

TEST(ChainTest, RefusesTheSealOfAnEarlierHead) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  // Proofs of the index under the seal before: absent may be what came since.
  const uint64_t last =
      bundle.leaves(0).leaf_index(bundle.leaves(0).leaf_index_size() - 1);
  EXPECT_EQ(last + 1, log.size());
  const v1::ChainBundle older = log.Bundle(kResident, SizeBefore(log));
  *bundle.mutable_keys(0) = older.keys(0);
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(judged.finding, Finding::kIndexRootMismatch);
}

TEST(ChainTest, RefusesALeafThatIsNotUnderTheHead) {
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_leaves(0)->mutable_leaf(0)->back() ^= 1;
            }),
            Finding::kRootMismatch);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) {
              bundle->mutable_leaves(0)->mutable_proof()->pop_back();
            }),
            Finding::kProofMalformed);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) { bundle->clear_leaves(); }),
            Finding::kLeafUnproven);
  EXPECT_EQ(Doctored([](v1::ChainBundle* bundle) { bundle->clear_keys(); }),
            Finding::kPresenceUnproven);
}

TEST(ChainTest, RefusesAChangeOfAnyByte) {
  // Of a smaller bundle, for time: every byte turned once.
  SmallLog log;
  log.PutAdministration(0);
  log.Seal(1800000010);
  log.AddAccess(kResident, 0);
  log.Seal(1800000020);
  const std::string honest = log.Bundle(kResident).SerializeAsString();
  ChainsReport report;
  ASSERT_EQ(Judge(honest, log.key(), &report), Finding::kOk);
  ASSERT_TRUE(report.Complete());
  ASSERT_EQ(report.ContentFindings(), 0u);
  for (size_t k = 0; k < honest.size(); ++k) {
    std::string changed = honest;
    changed[k] = static_cast<char>(changed[k] ^ 1);
    EXPECT_FALSE(Judge(changed, log.key(), &report) == Finding::kOk &&
                 report.Complete() && report.ContentFindings() == 0)
        << "byte " << k;
  }
}

TEST(ChainTest, RefusesABundleCutAtAnyByte) {
  SmallLog log;
  log.PutAdministration(0);
  log.Seal(1800000010);
  log.AddAccess(kResident, 0);
  log.Seal(1800000020);
  const std::string honest = log.Bundle(kResident).SerializeAsString();
  ChainsReport report;
  for (size_t k = 0; k < honest.size(); ++k) {
    EXPECT_FALSE(Judge(honest.substr(0, k), log.key(), &report) ==
                     Finding::kOk &&
                 report.Complete())
        << "byte " << k;
  }
}

TEST(ChainTest, RefusesWhatTheWireDoesNotKnow) {
  const SmallLog log = HonestLog();
  std::string bytes = log.Bundle(kResident).SerializeAsString();
  ChainsReport report;
  AppendWireBytes(7, "more", &bytes);
  EXPECT_EQ(Judge(bytes, log.key(), &report), Finding::kWireUnknownField);
  EXPECT_STREQ(report.part, "file");
  EXPECT_EQ(Judge("", log.key(), &report), Finding::kOriginMismatch);
}

// --- The register ------------------------------------------------------------

TEST(ChainTest, JudgesAnAccessByTheKeysOfItsTime) {
  SmallLog log;
  log.PutAdministration(0);
  log.Seal(1800000010);
  log.AddAccess(kResident, 0);
  log.Seal(1800000020);
  log.PutAdministration(0);  // version 1, another key
  log.Seal(1800000030);
  log.AddAccess(kResident, 0);
  log.Seal(1800000040);
  Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  ASSERT_EQ(judged.finding, Finding::kOk);
  EXPECT_EQ(judged.report.ContentFindings(), 0u);

  // Without the seals between, nobody knows which version counted.
  v1::ChainBundle bundle = log.Bundle(kResident);
  std::vector<uint64_t> indices;
  for (const uint64_t index : bundle.leaves(0).leaf_index()) {
    const bool seal =
        static_cast<LeafKind>(log.Leaf(index)[0]) == LeafKind::kSeal;
    if (!seal || index + 1 == log.size()) indices.push_back(index);
  }
  bundle.clear_leaves();
  v1::LeavesProof* leaves = bundle.add_leaves();
  for (const uint64_t index : indices) {
    leaves->add_leaf_index(index);
    leaves->add_leaf(log.Leaf(index));
  }
  leaves->set_proof(log.ProveLeaves(indices, log.size()));
  JudgeInto(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk);
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.report.ContentFindings(), 2u);
  EXPECT_EQ(judged.chain(0).entries[0].opened.finding,
            Finding::kPositionUnproven);
}

TEST(ChainTest, AKeyCountsOnlyAfterItsOwnBatch) {
  SmallLog log;
  log.PutAdministration(0);
  log.AddAccess(kResident, 0);  // in the same batch as its document
  log.Seal(1800000010);
  v1::ChainBundle bundle = log.Bundle(kResident);
  // Show the whole batch, so that its place is known.
  std::vector<uint64_t> indices;
  for (uint64_t k = 0; k < log.size(); ++k) indices.push_back(k);
  bundle.clear_leaves();
  v1::LeavesProof* leaves = bundle.add_leaves();
  for (const uint64_t index : indices) {
    leaves->add_leaf_index(index);
    leaves->add_leaf(log.Leaf(index));
  }
  leaves->set_proof(log.ProveLeaves(indices, log.size()));
  Judged judged;
  JudgeInto(log, bundle, &judged);
  ASSERT_EQ(judged.finding, Finding::kOk);
  const EntryReport& entry = judged.chain(0).entries[0];
  EXPECT_EQ(entry.opened.content, Content::kForged);
  EXPECT_EQ(entry.opened.finding, Finding::kSubmissionSignature);
}

// --- Content -----------------------------------------------------------------

EntryReport ContentAfter(SmallLie lie) {
  SmallLog log = HonestLog();
  const uint64_t i = log.AddAccess(kResident, 1, lie);
  log.Seal(1800000050);
  static Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(judged.finding, Finding::kOk);
  // Content never changes the count.
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.report.ContentFindings(), lie == SmallLie::kNone ? 0u : 1u);
  return judged.chain(1).entries[i];
}

TEST(ChainTest, ForgedContentBlamesTheLog) {
  const std::map<SmallLie, Finding> lies = {
      {SmallLie::kUnsigned, Finding::kRequestMissing},
      {SmallLie::kOtherKey, Finding::kSubmissionSignature},
      {SmallLie::kOtherSubject, Finding::kRecordElsewhere},
      {SmallLie::kOtherEntryId, Finding::kRecordElsewhere},
      {SmallLie::kOtherCommitment, Finding::kCommitmentMismatch},
  };
  EXPECT_EQ(ContentAfter(SmallLie::kNone).opened.content, Content::kOpen);
  for (const auto& [lie, finding] : lies) {
    const EntryReport entry = ContentAfter(lie);
    EXPECT_EQ(entry.opened.content, Content::kForged);
    EXPECT_EQ(entry.opened.finding, finding) << FindingName(finding);
    EXPECT_EQ(entry.opened.kind, RecordContent::kUnknown);
  }
}

TEST(ChainTest, WhatAnAdministrationSignedIsItsOwnEvenIfUnreadable) {
  const EntryReport entry = ContentAfter(SmallLie::kNoRecord);
  EXPECT_EQ(entry.opened.content, Content::kOpen);
  EXPECT_EQ(entry.opened.kind, RecordContent::kUnknown);
  EXPECT_NE(entry.opened.finding, Finding::kOk);
}

TEST(ChainTest, ARecordCanBeReadThoughItsActorCannot) {
  const EntryReport entry = ContentAfter(SmallLie::kNoActor);
  EXPECT_EQ(entry.opened.content, Content::kOpen);
  EXPECT_EQ(entry.opened.kind, RecordContent::kAccess);
  EXPECT_EQ(entry.opened.finding, Finding::kWireTag);
  EXPECT_EQ(entry.opened.access.purpose, "ServiceProvision");
  EXPECT_EQ(entry.opened.actor.id, "account 7");
}

TEST(ChainTest, ASwappedOpeningIsForged) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  v1::Chain* chain = bundle.mutable_chain(0)->mutable_chain();
  chain->mutable_entries(0)->mutable_opening()->Swap(
      chain->mutable_entries(1)->mutable_opening());
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_TRUE(judged.report.Complete());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(judged.chain(0).entries[i].opened.content, Content::kForged);
    EXPECT_EQ(judged.chain(0).entries[i].opened.finding,
              Finding::kCommitmentMismatch);
  }
}

TEST(ChainTest, OneSignedAccessCountsOnce) {
  SmallLog log = HonestLog();
  const v1::Opening opening =
      log.Chain(kResident, 0, log.size()).entries(0).opening();
  const uint64_t i = log.AddOpening(kResident, 0, opening);
  log.Seal(1800000050);
  Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_TRUE(judged.report.Complete());
  EXPECT_EQ(judged.chain(0).entries[0].opened.content, Content::kOpen);
  EXPECT_EQ(judged.chain(0).entries[i].opened.content, Content::kForged);
  EXPECT_EQ(judged.chain(0).entries[i].opened.finding, Finding::kEntryTwice);
}

TEST(ChainTest, ContentThatIsNotShownIsMissing) {
  const SmallLog log = HonestLog();
  v1::ChainBundle bundle = log.Bundle(kResident);
  v1::Chain* chain = bundle.mutable_chain(0)->mutable_chain();
  chain->mutable_entries(0)->clear_opening();
  chain->mutable_entries(1)->set_state(v1::ERASED);  // with its opening
  chain->mutable_entries(2)->set_state(v1::CONTENT_STATE_UNSPECIFIED);
  chain->mutable_entries(2)->clear_opening();
  chain->mutable_entries(3)->set_state(v1::WITHHELD);
  chain->mutable_entries(3)->clear_opening();
  chain->mutable_entries(3)->set_notice(1);  // no notice, an access
  Judged judged;
  JudgeInto(log, bundle, &judged);
  ASSERT_TRUE(judged.report.Complete());
  const Finding findings[] = {Finding::kOpeningMissing, Finding::kOpeningSpare,
                              Finding::kOpeningMissing,
                              Finding::kNoticeMissing};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(judged.chain(0).entries[i].opened.content, Content::kMissing);
    EXPECT_EQ(judged.chain(0).entries[i].opened.finding, findings[i]) << i;
  }
}

v1::Notice NoticeAbout(uint64_t entry, v1::ContentState state,
                       bool lifted = false) {
  v1::Notice notice;
  notice.set_at_s(1800000050);
  v1::Ground* ground = nullptr;
  if (state == v1::ERASED) {
    notice.mutable_erasure()->set_entry(entry);
    ground = notice.mutable_erasure()->mutable_ground();
  } else if (state == v1::WITHHELD) {
    notice.mutable_withholding()->set_entry(entry);
    notice.mutable_withholding()->set_until_s(1800000100);
    ground = notice.mutable_withholding()->mutable_ground();
  } else {
    notice.mutable_restriction()->set_entry(entry);
    if (lifted) notice.mutable_restriction()->set_lifted(true);
    ground = notice.mutable_restriction()->mutable_ground();
  }
  ground->set_ground("retention");
  ground->set_authority("Data protection officer");
  return notice;
}

TEST(ChainTest, ClosedContentCountsAndSaysWhy) {
  const std::map<v1::ContentState, Content> states = {
      {v1::ERASED, Content::kErased},
      {v1::WITHHELD, Content::kWithheld},
      {v1::RESTRICTED, Content::kRestricted},
  };
  for (const auto& [state, content] : states) {
    SmallLog log = HonestLog();
    const uint64_t i = log.AddNotice(kResident, 0, NoticeAbout(1, state));
    log.Seal(1800000050);
    log.Close(kResident, 0, 1, state, i);
    Judged judged;
    JudgeInto(log, log.Bundle(kResident), &judged);
    ASSERT_EQ(judged.finding, Finding::kOk);
    EXPECT_TRUE(judged.report.Complete());
    EXPECT_EQ(judged.chain(0).entries.size(), 5u);
    const EntryReport& entry = judged.chain(0).entries[1];
    EXPECT_EQ(entry.opened.content, content);
    EXPECT_EQ(entry.opened.finding, Finding::kOk);
    EXPECT_EQ(entry.notice, i);
    EXPECT_EQ(entry.until_s, state == v1::WITHHELD ? 1800000100u : 0u);

    // Another state than the notice says, and another entry.
    log.Close(kResident, 0, 1,
              state == v1::ERASED ? v1::RESTRICTED : v1::ERASED, i);
    JudgeInto(log, log.Bundle(kResident), &judged);
    EXPECT_EQ(judged.chain(0).entries[1].opened.finding,
              Finding::kNoticeMissing);
    log.Close(kResident, 0, 1, state, i);
    log.Close(kResident, 0, 2, state, i);
    JudgeInto(log, log.Bundle(kResident), &judged);
    EXPECT_EQ(judged.chain(0).entries[1].opened.content, content);
    EXPECT_EQ(judged.chain(0).entries[2].opened.content, Content::kMissing);
  }
}

TEST(ChainTest, WithheldHoldsUntilItsDate) {
  SmallLog log = HonestLog();
  const uint64_t i = log.AddNotice(kResident, 0, NoticeAbout(1, v1::WITHHELD));
  log.Seal(1800000050);
  log.Close(kResident, 0, 1, v1::WITHHELD, i);
  Judged judged;
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(judged.chain(0).entries[1].opened.content, Content::kWithheld);
  log.AddAccess(kOther, 0);
  log.Seal(1800000100);
  JudgeInto(log, log.Bundle(kResident), &judged);
  EXPECT_EQ(judged.chain(0).entries[1].opened.content, Content::kMissing);
  EXPECT_EQ(judged.chain(0).entries[1].opened.finding,
            Finding::kWithholdingOver);
}

TEST(ChainTest, ALiftedRestrictionRestrictsNoMore) {
  SmallLog log = HonestLog();
  const uint64_t i =
      log.AddNotice(kResident, 0, NoticeAbout(1, v1::RESTRICTED));
  log.Seal(1800000050);
  const uint64_t lifted =
      log.AddNotice(kResident, 0, NoticeAbout(1, v1::RESTRICTED, true));
  log.Seal(1800000060);
  for (const uint64_t notice : {i, lifted}) {
    log.Close(kResident, 0, 1, v1::RESTRICTED, notice);
    Judged judged;
    JudgeInto(log, log.Bundle(kResident), &judged);
    EXPECT_EQ(judged.chain(0).entries[1].opened.finding,
              Finding::kNoticeMissing);
  }
}

TEST(ChainTest, ANoticeIsTheLogsAlone) {
  SmallLog log = HonestLog();
  const uint64_t i = log.AddNotice(kResident, 0, NoticeAbout(1, v1::ERASED));
  log.Seal(1800000050);
  v1::ChainBundle bundle = log.Bundle(kResident);
  v1::Chain* chain = bundle.mutable_chain(0)->mutable_chain();
  *chain->mutable_entries(static_cast<int>(i))
       ->mutable_opening()
       ->mutable_request() = chain->entries(0).opening().request();
  Judged judged;
  JudgeInto(log, bundle, &judged);
  EXPECT_EQ(judged.chain(0).entries[i].opened.content, Content::kForged);
  EXPECT_EQ(judged.chain(0).entries[i].opened.finding, Finding::kRequestSpare);
}

// --- Extracts ----------------------------------------------------------------

TEST(ExtractTest, AnswersOnlyWhatWasProven) {
  const SmallLog log = HonestLog();
  Extract extract;
  ASSERT_EQ(extract.Open(log.Checkpoint(log.size()), log.key()), Finding::kOk);
  const Hash key = log.Label(kResident, 0, 0);
  EXPECT_EQ(extract.AddKeys({key}, log.ProveKeys({key}, log.size())),
            Finding::kLeafUnproven);
  const std::vector<uint64_t> indices = {0, log.size() - 1};
  ASSERT_EQ(extract.AddLeaves(indices, {log.Leaf(0), log.Leaf(log.size() - 1)},
                              log.ProveLeaves(indices, log.size())),
            Finding::kOk);
  EXPECT_EQ(extract.AddLeaves({0}, {}, ""), Finding::kLeafCountMismatch);
  ASSERT_EQ(extract.AddKeys({key}, log.ProveKeys({key}, log.size())),
            Finding::kOk);
  uint64_t index = 0;
  Leaf leaf;
  EXPECT_EQ(extract.FindEntry(key, LeafKind::kSubject, &index, &leaf),
            Finding::kLeafUnproven);
  IndexAnswer answer;
  ASSERT_EQ(extract.FindKey(key, &answer), Finding::kOk);
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(extract.AddLeaves({*answer}, {log.Leaf(*answer)},
                              log.ProveLeaves({*answer}, log.size())),
            Finding::kOk);
  EXPECT_EQ(extract.FindEntry(key, LeafKind::kSubject, &index, &leaf),
            Finding::kOk);
  EXPECT_EQ(index, *answer);
  EXPECT_EQ(extract.FindEntry(key, LeafKind::kRegister, &index, &leaf),
            Finding::kLeafNotOfKey);
  EXPECT_EQ(extract.FindKey(log.Label(kResident, 0, 1), &answer),
            Finding::kKeyUnproven);
  EXPECT_EQ(extract.FindLeaf(3, &leaf), Finding::kLeafUnproven);
}

TEST(ExtractTest, AHeadMustEndInASeal) {
  const SmallLog log = HonestLog();
  Extract extract;
  // One leaf less: signed all the same, by a log that lies.
  ASSERT_EQ(extract.Open(log.Checkpoint(log.size() - 1), log.key()),
            Finding::kOk);
  const uint64_t last = log.size() - 2;
  EXPECT_EQ(extract.AddLeaves({last}, {log.Leaf(last)},
                              log.ProveLeaves({last}, log.size() - 1)),
            Finding::kHeadWithoutSeal);
  EXPECT_FALSE(extract.has_seal());
  EXPECT_EQ(extract.Open(log.Checkpoint(1), log.key()),
            Finding::kHeadWithoutSeal);
}

}  // namespace
}  // namespace vidimus
