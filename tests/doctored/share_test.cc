// One access, shared: true, and nothing else of the chain.

#include "client/share.h"

#include <gtest/gtest.h>

#include <string>

#include "client/client.h"
#include "client/verify.h"
#include "tests/doctored/doctored_fetcher.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/entry_bundle.h"

namespace vidimus {
namespace {

constexpr uint64_t kNowS = 1800000000;
const std::string kResident = "\x01resident-17";

class ShareTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Share(uint32_t administration, int i) {
    const v1::ChainEntry entry =
        log_.log()
            .Chain(kResident, administration, log_.log().size())
            .entries(i);
    return MakeEntryBundle(&fetcher_, log_.log().key(), entry.leaf_index(),
                           entry.opening());
  }

  const DoctoredLog log_{"honest", kNowS};
  DoctoredFetcher fetcher_{&log_};
};

TEST_F(ShareTest, TheFileIsTrueForWhoeverHasTheLogsKey) {
  const std::string vkey = FormatVkey(log_.log().key());
  for (int i = 0; i < 3; ++i) {
    const auto bundle = Share(0, i);
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    EXPECT_EQ(KindOfFile(*bundle), FileKind::kEntryBundle);
    const Judgement judgement = VerifyEvidence(vkey, {}, *bundle);
    EXPECT_EQ(judgement.exit_code, kExitTrue) << judgement.sentence;
    EXPECT_NE(judgement.sentence.find("for ServiceProvision"),
              std::string::npos)
        << judgement.sentence;
    EXPECT_NE(judgement.sentence.find("signed by administration 0"),
              std::string::npos)
        << judgement.sentence;
  }
  ASSERT_TRUE(Share(1, 0).ok());
}

TEST_F(ShareTest, TheFileHoldsNothingElseOfTheChain) {
  const auto bundle = Share(0, 1);
  ASSERT_TRUE(bundle.ok());
  const SmallLog& log = log_.log();
  const auto holds = [&bundle](std::string_view part) {
    return bundle->find(part) != std::string::npos;
  };
  const auto [key, proof] = log.ChainKey(kResident, 0);
  EXPECT_FALSE(holds(Bytes(key)));
  EXPECT_FALSE(holds(proof));
  EXPECT_TRUE(holds(Bytes(log.Label(kResident, 0, 1))));
  for (const uint64_t other : {0, 2, 3}) {
    EXPECT_FALSE(holds(Bytes(log.Label(kResident, 0, other)))) << other;
  }
  EXPECT_FALSE(holds(
      log.Chain(kResident, 0, log.size()).entries(0).opening().record_salt()));
}

TEST_F(ShareTest, WhatIsNotTrueIsNotShared) {
  const v1::Chain chain = log_.log().Chain(kResident, 0, log_.log().size());
  EXPECT_TRUE(absl::IsDataLoss(MakeEntryBundle(&fetcher_, log_.log().key(),
                                               chain.entries(0).leaf_index(),
                                               chain.entries(1).opening())
                                   .status()));
  v1::Opening unsigned_one = chain.entries(0).opening();
  unsigned_one.clear_request();
  EXPECT_TRUE(absl::IsDataLoss(MakeEntryBundle(&fetcher_, log_.log().key(),
                                               chain.entries(0).leaf_index(),
                                               unsigned_one)
                                   .status()));
  EXPECT_TRUE(
      absl::IsOutOfRange(MakeEntryBundle(&fetcher_, log_.log().key(), 1000,
                                         chain.entries(0).opening())
                             .status()));
  EXPECT_FALSE(MakeEntryBundle(&fetcher_, SmallLog("log.example/other").key(),
                               chain.entries(0).leaf_index(),
                               chain.entries(0).opening())
                   .ok());
}

TEST_F(ShareTest, ALogThatProvesNothingGetsNothingShared) {
  fetcher_.silent = true;
  EXPECT_FALSE(Share(0, 0).ok());
}

}  // namespace
}  // namespace vidimus
