// What only the resident can see: where the log has signed what shows it, a
// file convicts it; else it is an alarm, and nothing is made up.

#include "client/chain_prosecutor.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "proto/bundle.pb.h"
#include "tests/doctored/doctored_fetcher.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/chain.h"
#include "verifier/conviction.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr uint64_t kNowS = 1800000000;
const std::string kResident = "\x01resident-17";

absl::StatusOr<ConvictionFile> Convict(
    const DoctoredLog& log, const v1::ChainBundle& bundle,
    const std::vector<VerifierKey>& monitors = {}) {
  DoctoredFetcher fetcher(&log);
  return ConvictChains(&fetcher, log.log().key(), monitors,
                       bundle.SerializeAsString());
}

ConvictionReport Judged(const DoctoredLog& log, const ConvictionFile& file) {
  ConvictionReport report;
  EXPECT_EQ(JudgeConviction(file.bytes, log.log().key(), &report),
            Finding::kOk);
  return report;
}

// What the resident was shown: not what stands beyond the hole.
v1::ChainBundle Shown(const DoctoredLog& log, const std::string& name) {
  v1::ChainBundle bundle = log.log().Bundle(kResident);
  if (name == "hole") {
    auto* entries = bundle.mutable_chain(0)->mutable_chain()->mutable_entries();
    while (entries->size() > 3) entries->RemoveLast();
  }
  return bundle;
}

TEST(ChainProsecutorTest, ConvictsWhereTheLogHasSignedIt) {
  const std::map<std::string, ConvictionKind> expected = {
      {"omission", ConvictionKind::kOmission},
      {"wrong_index_entry", ConvictionKind::kWrongIndexEntry},
      {"hole", ConvictionKind::kHole}};
  for (const Doctored& kind : DoctoredKinds()) {
    SCOPED_TRACE(kind.name);
    const DoctoredLog log(kind.name, kNowS);
    const auto file = Convict(log, Shown(log, kind.name));
    const auto want = expected.find(kind.name);
    if (want == expected.end()) {
      EXPECT_EQ(file.status().code(), absl::StatusCode::kNotFound)
          << file.status();
      continue;
    }
    ASSERT_TRUE(file.ok()) << file.status();
    const ConvictionReport report = Judged(log, *file);
    EXPECT_EQ(report.kind, want->second);
    // Nobody is named where nobody needs to be.
    EXPECT_EQ(report.names_person, want->second == ConvictionKind::kHole);
  }
}

TEST(ChainProsecutorTest, ConvictsForContentOfAnotherChain) {
  SmallLog small("log.example/doctored/2026h2", kNowS - 60);
  small.PutAdministration(0);
  small.Seal(kNowS - 50);
  small.AddAccess(kResident, 0);
  small.AddAccess(kResident, 0, SmallLie::kOtherSubject);
  small.Seal(kNowS);
  const DoctoredLog log(small);
  const auto file = Convict(log, log.log().Bundle(kResident));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Judged(log, *file).kind, ConvictionKind::kWrongLabel);

  // In a bundle that says nothing of the index, since a monitor does.
  const Ed25519NoteSigner monitor(
      "monitor.example/m", kKeyTypeCosignatureEd25519, std::string(32, 'm'));
  v1::ChainBundle lean = log.log().LeanBundle(kResident);
  const std::string plain = lean.checkpoint();
  Note note;
  ASSERT_EQ(SplitNote(plain, &note), Finding::kOk);
  std::string line;
  ASSERT_TRUE(monitor.Sign(note.text, kNowS, &line));
  lean.set_checkpoint(plain + line);
  const auto vouched = Convict(log, lean, {monitor.key()});
  ASSERT_TRUE(vouched.ok()) << vouched.status();
  EXPECT_EQ(Judged(log, *vouched).kind, ConvictionKind::kWrongLabel);
  EXPECT_FALSE(Convict(log, lean).ok());
}

TEST(ChainProsecutorTest, AnotherEntrysIdIsAnAlarm) {
  SmallLog small("log.example/doctored/2026h2", kNowS - 60);
  small.PutAdministration(0);
  small.Seal(kNowS - 50);
  small.AddAccess(kResident, 0, SmallLie::kOtherEntryId);
  small.Seal(kNowS);
  const DoctoredLog log(small);
  EXPECT_TRUE(
      absl::IsNotFound(Convict(log, log.log().Bundle(kResident)).status()));
}

TEST(ChainProsecutorTest, MakesNothingOfABundleOfAnotherLog) {
  const DoctoredLog log("hole", kNowS);
  DoctoredFetcher fetcher(&log);
  const std::string bundle = Shown(log, "hole").SerializeAsString();
  EXPECT_FALSE(
      ConvictChains(&fetcher, SmallLog("log.example/other").key(), {}, bundle)
          .ok());
  for (size_t size = 0; size < bundle.size(); size += 101) {
    EXPECT_FALSE(
        ConvictChains(&fetcher, log.log().key(), {}, bundle.substr(0, size))
            .ok())
        << size;
  }
}

}  // namespace
}  // namespace vidimus
