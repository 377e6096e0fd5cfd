// What `vidimus verify` says of each kind of file, and that it says nothing of
// files that are cut, of another log, or of no known kind.

#include "client/verify.h"

#include <gtest/gtest.h>

#include <string>

#include "client/client.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/conviction_builder.h"
#include "verifier/leaf.h"

namespace vidimus {
namespace {

constexpr uint64_t kNowS = 1800000000;

class VerifyTest : public testing::Test {
 protected:
  Judgement Judge(const std::string& bytes) const {
    return VerifyEvidence(FormatVkey(log_.log().key()), {}, bytes);
  }
  // The conviction of the backdated seal.
  std::string Conviction() const {
    const SmallLog& log = log_.log();
    uint64_t backdated = 2, before = 1;
    const auto seal_at = [&log](uint64_t index) {
      return static_cast<LeafKind>(log.Leaf(index)[0]) == LeafKind::kSeal;
    };
    for (uint64_t last = 1; backdated < log.size(); ++backdated) {
      if (!seal_at(backdated)) continue;
      Leaf leaf, earlier;
      EXPECT_EQ(ParseLeaf(log.Leaf(backdated), &leaf), Finding::kOk);
      EXPECT_EQ(ParseLeaf(log.Leaf(last), &earlier), Finding::kOk);
      before = last;
      if (SealOf(leaf).time_s < SealOf(earlier).time_s) break;
      last = backdated;
    }
    const ConvictionBuilder builder(log.Checkpoint(log.size()), log.size(),
                                    log.Nodes(),
                                    [&log](uint64_t index, std::string* entry) {
                                      *entry = log.Leaf(index);
                                      return true;
                                    });
    return *builder.ImpossibleLeaves(before, backdated, "");
  }

  const DoctoredLog log_{"backdated_seal", kNowS};
};

TEST_F(VerifyTest, KnowsFilesByTheirFirstBytes) {
  EXPECT_EQ(KindOfFile(Conviction()), FileKind::kConviction);
  EXPECT_EQ(KindOfFile("c2sp.org/tlog-proof@v1\n"), FileKind::kReceipt);
  EXPECT_EQ(KindOfFile(log_.log().Bundle(log_.resident()).SerializeAsString()),
            FileKind::kChainBundle);
  EXPECT_EQ(KindOfFile(""), std::nullopt);
  EXPECT_EQ(KindOfFile("hello"), std::nullopt);
}

TEST_F(VerifyTest, SaysInOneSentenceWhoDidWhat) {
  const Judgement judgement = Judge(Conviction());
  EXPECT_EQ(judgement.exit_code, kExitTrue);
  EXPECT_EQ(judgement.sentence.find("true, and it convicts: the log "
                                    "log.example/doctored/2026h2 signed"),
            0u)
      << judgement.sentence;
  EXPECT_EQ(judgement.sentence.find('\n'), std::string::npos);
}

TEST_F(VerifyTest, BelievesNoFileThatIsCutAnywhere) {
  const std::string conviction = Conviction();
  for (size_t size = 0; size < conviction.size(); ++size) {
    const Judgement judgement = Judge(conviction.substr(0, size));
    EXPECT_NE(judgement.exit_code, kExitTrue) << size;
  }
  EXPECT_EQ(Judge(conviction.substr(0, conviction.size() - 1)).exit_code,
            kExitUnusable);
}

TEST_F(VerifyTest, BelievesNoFileOfAnotherLog) {
  const std::string other = FormatVkey(SmallLog("log.example/other").key());
  EXPECT_EQ(VerifyEvidence(other, {}, Conviction()).exit_code, kExitFalse);
  EXPECT_EQ(
      VerifyEvidence(other, {},
                     log_.log().Bundle(log_.resident()).SerializeAsString())
          .exit_code,
      kExitFalse);
  EXPECT_EQ(VerifyEvidence("no key", {}, Conviction()).exit_code,
            kExitUnusable);
}

TEST_F(VerifyTest, ReadsAChainBundle) {
  const DoctoredLog honest("honest", kNowS);
  const std::string bundle =
      honest.log().Bundle(honest.resident()).SerializeAsString();
  const std::string vkey = FormatVkey(honest.log().key());
  const Judgement judgement = VerifyEvidence(vkey, {}, bundle);
  EXPECT_EQ(judgement.exit_code, kExitTrue) << judgement.sentence;
  EXPECT_NE(judgement.sentence.find("4 accesses"), std::string::npos)
      << judgement.sentence;
  for (size_t size = 0; size < bundle.size(); size += 13) {
    EXPECT_NE(VerifyEvidence(vkey, {}, bundle.substr(0, size)).exit_code,
              kExitTrue)
        << size;
  }
}

TEST_F(VerifyTest, SaysOfWhatItDoesNotKnowThatItIsUnusable) {
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(100, '\0')}) {
    EXPECT_EQ(Judge(bytes).exit_code, kExitUnusable);
  }
}

}  // namespace
}  // namespace vidimus
