// What `vidimus verify` says of the chain in a receipt's secret.

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "client/receipt.h"
#include "client/secret.pb.h"
#include "client/verify.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";

class VerifySecretTest : public testing::Test {
 protected:
  VerifySecretTest() : vkey_(FormatVkey(log_.key())) {
    log_.PutAdministration(0);
    log_.Seal(1800000010);
    for (int k = 0; k < 2; ++k) log_.AddAccess(kResident, 0);
    log_.Seal(1800000020);
    trust_.label_key = *LabelKeyOfConfig(vkey_, log_.documents().at(0));
    trust_.subject = kResident;
  }

  // The receipt of entry `i`.
  void Take(int i) {
    const v1::Chain chain = log_.Chain(kResident, 0, log_.size());
    Receipt receipt;
    receipt.checkpoint = log_.Checkpoint(log_.size());
    entry_ = EntryReceipt();
    entry_.leaf_index = chain.entries(i).leaf_index();
    entry_.leaf = chain.entries(i).leaf();
    entry_.chain_index = static_cast<uint64_t>(i);
    entry_.chain_key = chain.chain_key();
    if (i == 0) entry_.vrf_proof = chain.vrf_proof();
    const auto path = InclusionPath(
        entry_.leaf_index, log_.size(),
        [this](int level, uint64_t index, Hash* hash) {
          // The subtree's root, as that of a tree of its own.
          std::vector<Hash> hashes;
          for (uint64_t k = index << level; k < (index + 1) << level; ++k) {
            hashes.push_back(LeafHash(log_.Leaf(k)));
          }
          while (hashes.size() > 1) {
            for (size_t k = 0; k < hashes.size() / 2; ++k) {
              hashes[k] = NodeHash(hashes[2 * k], hashes[2 * k + 1]);
            }
            hashes.resize(hashes.size() / 2);
          }
          *hash = hashes[0];
          return true;
        });
    entry_.path = *path;
    proof_ = ProofFile(receipt, entry_);
  }

  Judgement Verify(const ChainTrust& trust) {
    return VerifyWithSecret(vkey_, proof_, SecretFile(entry_, "id"), trust);
  }

  SmallLog log_;
  std::string vkey_;
  ChainTrust trust_;
  EntryReceipt entry_;
  std::string proof_;
};

TEST_F(VerifySecretTest, SaysThePlaceAndThatTheKeyIsTheOnlyOne) {
  Take(0);
  Judgement judgement = Verify(trust_);
  EXPECT_EQ(judgement.exit_code, kExitTrue) << judgement.sentence;
  EXPECT_TRUE(absl::EndsWith(
      judgement.sentence,
      "; it is entry 0 of its chain, whose key is the only possible one"))
      << judgement.sentence;
  judgement = Verify({});
  EXPECT_EQ(judgement.exit_code, kExitTrue);
  EXPECT_TRUE(absl::StrContains(judgement.sentence, "not judged without"));
  Take(1);
  judgement = Verify(trust_);
  EXPECT_EQ(judgement.exit_code, kExitTrue);
  EXPECT_TRUE(
      absl::StrContains(judgement.sentence, "it is entry 1 of its chain"));
}

TEST_F(VerifySecretTest, RefusesAnotherPlaceInTheChain) {
  Take(1);
  entry_.chain_index = 2;
  EXPECT_EQ(Verify({}).exit_code, kExitFalse);
  entry_.chain_index = 1;
  entry_.chain_key.back() ^= 1;
  EXPECT_EQ(Verify({}).exit_code, kExitFalse);
  entry_.chain_key.pop_back();
  EXPECT_EQ(Verify({}).exit_code, kExitFalse);
}

TEST_F(VerifySecretTest, RefusesAnotherKeySubjectOrAdministration) {
  Take(0);
  ChainTrust other = trust_;
  other.subject += "x";
  EXPECT_EQ(Verify(other).exit_code, kExitFalse);
  const SmallLog elsewhere("log.example/other/2026h1");
  other = trust_;
  other.label_key = *LabelKeyOfConfig(FormatVkey(elsewhere.key()),
                                      elsewhere.documents().at(0));
  EXPECT_EQ(Verify(other).exit_code, kExitFalse);
  entry_.administration = 1;
  EXPECT_EQ(Verify(trust_).exit_code, kExitFalse);
}

TEST_F(VerifySecretTest, SaysThatASecretWithoutChainTellsNothingOfIt) {
  Take(1);
  entry_.chain_key.clear();
  const Judgement judgement = Verify(trust_);
  EXPECT_EQ(judgement.exit_code, kExitTrue);
  EXPECT_TRUE(absl::StrContains(judgement.sentence, "not in this receipt"));
}

TEST_F(VerifySecretTest, TakesTheLabelKeyFromTheLogsOwnConfigAlone) {
  const std::string config = log_.documents().at(0);
  const SmallLog elsewhere("log.example/other/2026h1");
  EXPECT_FALSE(LabelKeyOfConfig(FormatVkey(elsewhere.key()), config).ok());
  std::string damaged = config;
  damaged[3] ^= 1;  // of the signature
  EXPECT_FALSE(LabelKeyOfConfig(vkey_, damaged).ok());
  EXPECT_FALSE(LabelKeyOfConfig(vkey_, config.substr(0, 63)).ok());
  EXPECT_FALSE(LabelKeyOfConfig("nonsense", config).ok());
}

}  // namespace
}  // namespace vidimus
