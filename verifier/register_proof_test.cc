#include "verifier/register_proof.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "proto/bundle.pb.h"
#include "verifier/descriptors.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

// Administrations 0 and 1, the first in three versions.
SmallLog MakeLog() {
  SmallLog log;
  log.PutAdministration(0);
  log.PutAdministration(1);
  log.Seal(1800000010);
  log.PutAdministration(0);
  log.Seal(1800000020);
  log.PutAdministration(0);
  log.Seal(1800000030);
  return log;
}

// A file about a number of administrations of which `versions` versions are
// shown, and the next one's absence.
v1::RegisterProof Proof(const SmallLog& log, uint32_t number,
                        uint64_t versions) {
  v1::RegisterProof proof;
  proof.set_format(std::string(kRegisterProofFormat));
  proof.set_checkpoint(log.Checkpoint(log.size()));
  proof.set_type(1);
  proof.set_number(number);
  v1::ChainBundle parts;
  std::set<uint64_t> leaves = {0, log.size() - 1};
  for (const auto& [index, document] : log.documents()) {
    leaves.insert(index);
    proof.add_document(document);
  }
  log.AddLeavesProof({leaves.begin(), leaves.end()}, log.size(), &parts);
  std::set<Hash> keys;
  for (uint64_t version = 0; version < 2; ++version) {
    keys.insert(RegisterKey({RegisterType::kConfig, 0, version}));
  }
  for (uint64_t version = 0; version <= versions; ++version) {
    keys.insert(RegisterKey({RegisterType::kAdministration, number, version}));
  }
  log.AddKeysProof({keys.begin(), keys.end()}, log.size(), &parts);
  *proof.mutable_leaves() = parts.leaves();
  *proof.mutable_keys() = parts.keys();
  return proof;
}

Finding Judge(const SmallLog& log, const v1::RegisterProof& proof,
              RegisterProofReport* report) {
  static std::string bytes;  // what the report points into
  bytes = proof.SerializeAsString();
  EXPECT_TRUE(LooksLikeRegisterProof(bytes));
  return JudgeRegisterProof(bytes, log.key(), report);
}

TEST(RegisterProofTest, TableIsThatOfTheProtoFile) {
  ExpectSameFields(kRegisterProofRule, *v1::RegisterProof::descriptor(),
                   /*presence=*/false);
}

TEST(RegisterProofTest, ShowsTheNewestVersionAndThatThereIsNone) {
  const SmallLog log = MakeLog();
  RegisterProofReport report;
  ASSERT_EQ(Judge(log, Proof(log, 0, 3), &report), Finding::kOk) << report.part;
  ASSERT_EQ(report.versions.size(), 3u);
  EXPECT_EQ(report.versions.back().id.version, 2u);
  EXPECT_EQ(report.seal_time_s, 1800000030u);
  ASSERT_EQ(Judge(log, Proof(log, 1, 1), &report), Finding::kOk);
  EXPECT_EQ(report.versions.size(), 1u);
  ASSERT_EQ(Judge(log, Proof(log, 2, 0), &report), Finding::kOk);
  EXPECT_TRUE(report.versions.empty());
}

TEST(RegisterProofTest, RefusesToCallAnOlderVersionTheNewest) {
  const SmallLog log = MakeLog();
  RegisterProofReport report;
  EXPECT_EQ(Judge(log, Proof(log, 0, 2), &report), Finding::kKeyUnproven);
  EXPECT_EQ(report.document.id.version, 3u);
  v1::RegisterProof proof = Proof(log, 0, 3);
  proof.mutable_document()->RemoveLast();
  EXPECT_EQ(Judge(log, proof, &report), Finding::kDocumentMissing);
  proof = Proof(log, 0, 3);
  proof.set_number(1);
  EXPECT_EQ(Judge(log, proof, &report), Finding::kPresenceUnproven);
}

TEST(RegisterProofTest, RefusesWhatIsNoSuchFile) {
  const SmallLog log = MakeLog();
  const SmallLog other("log.example/other/2026h1");
  RegisterProofReport report;
  v1::RegisterProof proof = Proof(log, 0, 3);
  EXPECT_NE(JudgeRegisterProof(proof.SerializeAsString(), other.key(), &report),
            Finding::kOk);
  proof.set_type(9);
  EXPECT_EQ(Judge(log, proof, &report), Finding::kEvidenceMalformed);
  proof.set_type(0);
  proof.set_number(1);
  EXPECT_EQ(Judge(log, proof, &report), Finding::kEvidenceMalformed);
  proof = Proof(log, 0, 3);
  proof.clear_leaves();
  EXPECT_EQ(Judge(log, proof, &report), Finding::kLeafUnproven);
  proof.set_format("vidimus/v1 entry bundle");
  EXPECT_EQ(JudgeRegisterProof(proof.SerializeAsString(), log.key(), &report),
            Finding::kEvidenceMalformed);
  EXPECT_FALSE(LooksLikeRegisterProof(proof.SerializeAsString()));
  const std::string honest = Proof(log, 1, 1).SerializeAsString();
  for (size_t k = 0; k < honest.size(); ++k) {
    // Between two fields it may be cut to what config's proof is.
    if (JudgeRegisterProof(honest.substr(0, k), log.key(), &report) ==
        Finding::kOk) {
      EXPECT_EQ(report.type, RegisterType::kConfig) << "byte " << k;
    }
  }
}

}  // namespace
}  // namespace vidimus
