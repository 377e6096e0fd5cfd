#include "verifier/submission.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/city/2026h2";
constexpr uint32_t kAdministration = 7;

std::vector<Hash> MakeLeafHashes(int count) {
  std::vector<Hash> hashes;
  for (int i = 0; i < count; ++i) {
    hashes.push_back(SubmissionLeafHash(
        std::string(kEntryIdBytes, static_cast<char>(i)), Sha256("c")));
  }
  return hashes;
}

class SubmissionTest : public testing::Test {
 protected:
  std::string Sign(const std::vector<Hash>& hashes) {
    return signer_.Sign(SubmissionSignedBytes(
        kOrigin, kAdministration, static_cast<uint32_t>(hashes.size()),
        SubmissionRoot(hashes)));
  }

  const Ed25519Signer signer_{std::string(kEd25519SeedBytes, 's')};
};

TEST_F(SubmissionTest, ALeafIsTheHashOfIdAndCommitment) {
  const std::string id(kEntryIdBytes, 'i');
  const Hash commitment = Sha256("c");
  EXPECT_EQ(SubmissionLeafHash(id, commitment),
            LeafHash(id + std::string(Bytes(commitment))));
}

TEST_F(SubmissionTest, OneSignatureStandsForEachEntry) {
  for (const int count : {1, 2, 3, 255, 256, 257}) {
    const std::vector<Hash> hashes = MakeLeafHashes(count);
    const std::string signature = Sign(hashes);
    EXPECT_EQ(VerifySubmission(signer_.public_key(), kOrigin, kAdministration,
                               hashes, signature),
              Finding::kOk);
    for (const int index : {0, count / 2, count - 1}) {
      const SubmissionEvidence evidence = {
          static_cast<uint32_t>(index), static_cast<uint32_t>(count),
          SubmissionPath(hashes, index), signature};
      EXPECT_EQ(VerifySubmittedEntry(signer_.public_key(), kOrigin,
                                     kAdministration, hashes[index], evidence),
                Finding::kOk);
    }
  }
}

TEST_F(SubmissionTest, RejectsWhatWasNotSigned) {
  const std::vector<Hash> hashes = MakeLeafHashes(3);
  const std::string signature = Sign(hashes);
  const auto judge = [&](std::string_view key, std::string_view origin,
                         uint32_t administration,
                         const std::vector<Hash>& leaf_hashes) {
    return VerifySubmission(key, origin, administration, leaf_hashes,
                            signature);
  };
  const std::string_view key = signer_.public_key();
  std::vector<Hash> swapped = hashes;
  std::swap(swapped[0], swapped[1]);
  EXPECT_EQ(judge(key, kOrigin, 8, hashes), Finding::kSubmissionSignature);
  EXPECT_EQ(judge(key, "log.example/city/2027h1", 7, hashes),
            Finding::kSubmissionSignature);
  EXPECT_EQ(judge(key, kOrigin, 7, swapped), Finding::kSubmissionSignature);
  EXPECT_EQ(judge(key, kOrigin, 7, MakeLeafHashes(2)),
            Finding::kSubmissionSignature);
  EXPECT_EQ(judge("", kOrigin, 7, hashes), Finding::kSubmissionSignature);
  EXPECT_EQ(judge(key, std::string(256, 'o'), 7, hashes),
            Finding::kSubmissionSignature);
  EXPECT_EQ(judge(key, kOrigin, 7, {}), Finding::kSubmissionEmpty);
}

TEST_F(SubmissionTest, RejectsAnEntryElsewhereInTheRequest) {
  const std::vector<Hash> hashes = MakeLeafHashes(3);
  const SubmissionEvidence good = {1, 3, SubmissionPath(hashes, 1),
                                   Sign(hashes)};
  const auto judge = [&](const Hash& leaf_hash,
                         const SubmissionEvidence& evidence) {
    return VerifySubmittedEntry(signer_.public_key(), kOrigin, kAdministration,
                                leaf_hash, evidence);
  };
  EXPECT_EQ(judge(hashes[1], good), Finding::kOk);
  EXPECT_EQ(judge(hashes[0], good), Finding::kSubmissionSignature);
  SubmissionEvidence evidence = good;
  evidence.index = 0;
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kSubmissionSignature);
  evidence.index = 3;
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kIndexBeyondTree);
  evidence = good;
  evidence.count = 0;
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kSubmissionEmpty);
  evidence.count = 2;
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kPathTooLong);
  evidence.count = 4;
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kSubmissionSignature);
  evidence = good;
  evidence.path.pop_back();
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kPathTooShort);
  evidence = good;
  evidence.signature[0] = static_cast<char>(evidence.signature[0] ^ 1);
  EXPECT_EQ(judge(hashes[1], evidence), Finding::kSubmissionSignature);
}

}  // namespace
}  // namespace vidimus
