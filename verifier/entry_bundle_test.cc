#include "verifier/entry_bundle.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "proto/bundle.pb.h"
#include "proto/record.pb.h"
#include "verifier/descriptors.h"
#include "verifier/leaf.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";

// The file about entry `i` of the resident's chain with administration `a`.
v1::EntryBundle MakeBundle(const SmallLog& log, uint32_t a, int i) {
  const uint64_t size = log.size();
  const v1::ChainEntry shown = log.Chain(kResident, a, size).entries(i);
  v1::EntryBundle bundle;
  bundle.set_format(std::string(kEntryBundleFormat));
  bundle.set_checkpoint(log.Checkpoint(size));
  std::set<uint64_t> leaves = {0, size - 1, shown.leaf_index()};
  std::set<Hash> keys;
  for (uint64_t version = 0; version < 2; ++version) {
    keys.insert(RegisterKey({RegisterType::kConfig, 0, version}));
  }
  // Only what is needed: another absent key would be as absent as this one.
  const auto want = [&](RegisterId id) {
    while (keys.insert(RegisterKey(id)).second &&
           log.IndexAt(size - 1).ProvePresence(RegisterKey(id))) {
      ++id.version;
    }
  };
  for (uint32_t number = 0; number <= log.administrations(); ++number) {
    want({RegisterType::kAdministration, number, 0});
  }
  for (const auto& [index, document] : log.documents()) {
    leaves.insert(index);
    uint64_t seal = index;
    while (static_cast<LeafKind>(log.Leaf(seal)[0]) != LeafKind::kSeal) ++seal;
    leaves.insert(seal);
    bundle.add_document(document);
  }
  v1::LeavesProof* proof = bundle.add_leaves();
  for (const uint64_t index : leaves) {
    proof->add_leaf_index(index);
    proof->add_leaf(log.Leaf(index));
  }
  proof->set_proof(log.ProveLeaves({leaves.begin(), leaves.end()}, size));
  v1::KeysProof* keys_proof = bundle.add_keys();
  for (const Hash& key : keys) keys_proof->add_key(std::string(Bytes(key)));
  keys_proof->set_proof(log.ProveKeys({keys.begin(), keys.end()}, size));
  bundle.set_leaf_index(shown.leaf_index());
  *bundle.mutable_opening() = shown.opening();
  return bundle;
}

SmallLog MakeLog(SmallLie lie = SmallLie::kNone) {
  SmallLog log;
  log.PutAdministration(0);
  log.PutAdministration(1);
  log.Seal(1800000010);
  log.AddAccess(kResident, 0);
  log.AddAccess(kResident, 1);
  log.Seal(1800000020);
  log.AddAccess(kResident, 0, lie);
  v1::Notice fetch;
  fetch.set_at_s(1800000020);
  fetch.mutable_key_fetch()->set_chain_administration(1);
  fetch.mutable_key_fetch()->set_fetched_by(1);
  log.AddNotice(kResident, kSelf, fetch);
  log.Seal(1800000030);
  return log;
}

Finding Judge(const v1::EntryBundle& bundle, const VerifierKey& key) {
  const std::string bytes = bundle.SerializeAsString();
  EntryBundleReport report;
  return JudgeEntryBundle(bytes, key, &report);
}

TEST(EntryBundleTest, TheTableIsThatOfTheProtoFile) {
  ExpectSameFields(kEntryBundleRule, *v1::EntryBundle::descriptor(), false);
}

TEST(EntryBundleTest, ShowsWhatAnAccessSaysAndWhoSignedIt) {
  const SmallLog log = MakeLog();
  const v1::EntryBundle bundle = MakeBundle(log, 0, 1);
  const std::string bytes = bundle.SerializeAsString();
  EXPECT_TRUE(LooksLikeEntryBundle(bytes));
  EntryBundleReport report;
  ASSERT_EQ(JudgeEntryBundle(bytes, log.key(), &report), Finding::kOk);
  EXPECT_EQ(report.opened.content, Content::kOpen);
  EXPECT_EQ(report.opened.kind, RecordContent::kAccess);
  EXPECT_EQ(report.opened.access.purpose, "ServiceProvision");
  EXPECT_EQ(report.opened.actor.id, "account 7");
  EXPECT_EQ(report.administration, 0u);
  EXPECT_EQ(report.leaf_index, bundle.leaf_index());
  EXPECT_EQ(report.checkpoint.head.size, log.size());
}

TEST(EntryBundleTest, ShowsANoticeOfTheLog) {
  const SmallLog log = MakeLog();
  const std::string bytes = MakeBundle(log, kSelf, 0).SerializeAsString();
  EntryBundleReport report;
  ASSERT_EQ(JudgeEntryBundle(bytes, log.key(), &report), Finding::kOk);
  EXPECT_EQ(report.opened.kind, RecordContent::kNotice);
}

// An opening with a statement of the resident in the chain with `a`.
v1::Opening StatementFor(uint32_t a) {
  v1::Statement statement;
  statement.set_statement_id(std::string(16, 's'));
  statement.set_identity_service(0);
  statement.set_sequence(0);
  statement.set_language("en");
  statement.set_words_sha256(std::string(32, 'w'));
  statement.mutable_objection()->set_reason("ask me first");
  v1::Opening opening;
  opening.set_entry_id(std::string(16, 'e'));
  opening.set_record_salt(std::string(16, 'r'));
  opening.set_actor_salt(std::string(16, 'a'));
  v1::Record record;
  v1::SignedStatement* const signed_one = record.mutable_statement();
  signed_one->set_entry_id(opening.entry_id());
  signed_one->set_subject(kResident);
  signed_one->set_administration(a);
  signed_one->set_statement(statement.SerializeAsString());
  signed_one->set_signature_kind(v1::ED25519);
  signed_one->set_signature(std::string(64, 'x'));
  opening.set_record(record.SerializeAsString());
  return opening;
}

TEST(EntryBundleTest, ShowsThatAStatementIsOne) {
  for (const uint32_t a : {uint32_t{1}, kSelf}) {
    SmallLog log = MakeLog();
    const auto i =
        static_cast<int>(log.AddOpening(kResident, a, StatementFor(a)));
    log.Seal(1800000040);
    const std::string bytes = MakeBundle(log, a, i).SerializeAsString();
    EntryBundleReport report;
    ASSERT_EQ(JudgeEntryBundle(bytes, log.key(), &report), Finding::kOk);
    EXPECT_EQ(report.opened.kind, RecordContent::kStatement);
    EXPECT_EQ(report.opened.statement.event, StatementEvent::kObjection);
    EXPECT_EQ(report.administration, a);
  }
}

TEST(EntryBundleTest, RefusesAStatementThatClaimsToBeAnAccess) {
  SmallLog log = MakeLog();
  v1::Opening both = StatementFor(1);
  // A request of an administration's is none of a statement's.
  both.mutable_request()->set_signature(std::string(64, 'x'));
  const auto with_request =
      static_cast<int>(log.AddOpening(kResident, 1, both));
  v1::Opening other_id = StatementFor(1);
  other_id.set_entry_id(std::string(16, 'o'));
  const auto elsewhere =
      static_cast<int>(log.AddOpening(kResident, 1, other_id));
  log.Seal(1800000040);
  EXPECT_EQ(Judge(MakeBundle(log, 1, with_request), log.key()),
            Finding::kRequestSpare);
  EXPECT_EQ(Judge(MakeBundle(log, 1, elsewhere), log.key()),
            Finding::kRecordElsewhere);
}

TEST(EntryBundleTest, HoldsNothingOfTheChainButTheEntry) {
  const SmallLog log = MakeLog();
  const std::string bytes = MakeBundle(log, 0, 1).SerializeAsString();
  const auto [key, proof] = log.ChainKey(kResident, 0);
  const auto holds = [&bytes](std::string_view part) {
    return bytes.find(part) != std::string::npos;
  };
  EXPECT_FALSE(holds(Bytes(key)));
  EXPECT_FALSE(holds(proof));
  EXPECT_TRUE(holds(Bytes(log.Label(kResident, 0, 1))));
}

TEST(EntryBundleTest, RefusesForgedContent) {
  for (const auto& [lie, finding] : std::vector<std::pair<SmallLie, Finding>>{
           {SmallLie::kUnsigned, Finding::kRequestMissing},
           {SmallLie::kOtherKey, Finding::kSubmissionSignature},
           {SmallLie::kOtherEntryId, Finding::kRecordElsewhere},
           {SmallLie::kOtherCommitment, Finding::kCommitmentMismatch}}) {
    const SmallLog log = MakeLog(lie);
    EXPECT_EQ(Judge(MakeBundle(log, 0, 1), log.key()), finding)
        << FindingName(finding);
  }
  const SmallLog log = MakeLog(SmallLie::kNoRecord);
  EXPECT_NE(Judge(MakeBundle(log, 0, 1), log.key()), Finding::kOk);
}

TEST(EntryBundleTest, RefusesTheSignatureOfAKeyThatWasReplacedBefore) {
  SmallLog log = MakeLog();
  const v1::Opening signed_before =
      log.Chain(kResident, 0, log.size()).entries(1).opening();
  log.PutAdministration(0);
  log.Seal(1800000040);
  // A key of the newest version signs; one of the version before does not.
  log.AddAccess(kResident, 0);
  log.AddOpening(kResident, 0, signed_before);
  log.Seal(1800000050);
  EXPECT_EQ(Judge(MakeBundle(log, 0, 1), log.key()), Finding::kOk);
  EXPECT_EQ(Judge(MakeBundle(log, 0, 2), log.key()), Finding::kOk);
  EXPECT_EQ(Judge(MakeBundle(log, 0, 3), log.key()),
            Finding::kSubmissionSignature);
}

TEST(EntryBundleTest, RefusesSwappedParts) {
  const SmallLog log = MakeLog();
  const v1::EntryBundle bundle = MakeBundle(log, 0, 1);
  v1::EntryBundle changed = bundle;
  *changed.mutable_opening() = MakeBundle(log, 0, 0).opening();
  EXPECT_EQ(Judge(changed, log.key()), Finding::kCommitmentMismatch);
  changed = bundle;
  changed.set_leaf_index(0);
  EXPECT_EQ(Judge(changed, log.key()), Finding::kEvidenceMalformed);
  changed = bundle;
  changed.set_leaf_index(bundle.leaf_index() + 1);
  EXPECT_NE(Judge(changed, log.key()), Finding::kOk);
  changed = bundle;
  changed.mutable_document()->RemoveLast();
  EXPECT_EQ(Judge(changed, log.key()), Finding::kDocumentMissing);
  changed = bundle;
  changed.clear_keys();
  EXPECT_EQ(Judge(changed, log.key()), Finding::kPresenceUnproven);
  changed = bundle;
  changed.clear_leaves();
  EXPECT_EQ(Judge(changed, log.key()), Finding::kLeafUnproven);
  changed = bundle;
  changed.clear_opening();
  EXPECT_NE(Judge(changed, log.key()), Finding::kOk);
  changed = bundle;
  changed.clear_format();
  EXPECT_EQ(Judge(changed, log.key()), Finding::kEvidenceMalformed);
  EXPECT_EQ(Judge(bundle, SmallLog("log.example/other").key()),
            Finding::kUnknownSigner);
}

TEST(EntryBundleTest, RefusesAFileCutOrChangedAnywhere) {
  const SmallLog log = MakeLog();
  const std::string bytes = MakeBundle(log, 0, 1).SerializeAsString();
  EntryBundleReport report;
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(JudgeEntryBundle(std::string_view(bytes).substr(0, size),
                               log.key(), &report),
              Finding::kOk)
        << size;
  }
  for (size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    ASSERT_NE(JudgeEntryBundle(changed, log.key(), &report), Finding::kOk)
        << at;
  }
}

}  // namespace
}  // namespace vidimus
