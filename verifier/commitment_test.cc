#include "verifier/commitment.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/crypto.h"

namespace vidimus {
namespace {

const char kSaltR[] = "rrrrrrrrrrrrrrrr";
const char kSaltA[] = "aaaaaaaaaaaaaaaa";

TEST(CommitmentTest, IsWhatItsFormulaSays) {
  const std::string two("\x02", 1), three("\x03", 1);
  const Hash envelope_r = Sha256({two, kSaltR, "record"});
  const Hash envelope_a = Sha256({two, kSaltA, "actor"});
  const Hash commitment = Sha256({three, Bytes(envelope_r), Bytes(envelope_a)});
  EXPECT_EQ(Envelope(kSaltR, "record"), envelope_r);
  EXPECT_EQ(CommitmentOfEnvelopes(envelope_r, envelope_a), commitment);
  EXPECT_EQ(Commitment({kSaltR, "record", kSaltA, "actor"}), commitment);
  EXPECT_EQ(VerifyOpening(commitment, {kSaltR, "record", kSaltA, "actor"}),
            Finding::kOk);
}

TEST(CommitmentTest, EveryPartIsBound) {
  const Hash commitment = Commitment({kSaltR, "record", kSaltA, "actor"});
  const Opening others[] = {{kSaltA, "record", kSaltA, "actor"},
                            {kSaltR, "Record", kSaltA, "actor"},
                            {kSaltR, "record", kSaltR, "actor"},
                            {kSaltR, "record", kSaltA, ""},
                            {kSaltA, "actor", kSaltR, "record"}};
  for (const Opening& other : others) {
    EXPECT_EQ(VerifyOpening(commitment, other), Finding::kCommitmentMismatch);
  }
}

TEST(CommitmentTest, ASaltMovedIntoTheRecordIsNoOpening) {
  const Hash commitment = Commitment({kSaltR, "record", kSaltA, "actor"});
  EXPECT_EQ(VerifyOpening(commitment,
                          {"", "rrrrrrrrrrrrrrrrrecord", kSaltA, "actor"}),
            Finding::kSaltSize);
  EXPECT_EQ(VerifyOpening(commitment,
                          {kSaltR, "record", "aaaaaaaaaaaaaaaaa", "ctor"}),
            Finding::kSaltSize);
}

}  // namespace
}  // namespace vidimus
