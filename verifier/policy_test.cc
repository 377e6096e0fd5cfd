#include "verifier/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "verifier/signing.h"

namespace vidimus {
namespace {

class PolicyTest : public testing::Test {
 protected:
  PolicyTest() {
    for (int i = 0; i < 6; ++i) {
      signers_.push_back(std::make_unique<Ed25519NoteSigner>(
          "witness.example/" + std::to_string(i), kKeyTypeCosignatureEd25519,
          std::string(32, static_cast<char>('a' + i))));
    }
  }

  std::string Vkey(size_t i) const { return FormatVkey(signers_[i]->key()); }
  std::string Witness(const std::string& name, size_t i) const {
    return "witness " + name + " " + Vkey(i) + "\n";
  }
  std::string Log() const { return "log " + FormatVkey(log_.key()); }

  Finding Parse(const std::string& text) {
    line_ = 0;
    return ParsePolicy(text, &policy_, &line_);
  }

  // Two of X1 to X3, and any of Y1 and Y2.
  std::string TwoGroups() const {
    return Log() + " https://log.example/a\n" + Witness("X1", 0) +
           Witness("X2", 1) + Witness("X3", 2) + Witness("Y1", 3) +
           Witness("Y2", 4) +
           "group X 2 X1 X2 X3\n"
           "group Y any Y1 Y2\n"
           "group both all X Y\n"
           "quorum both\n";
  }

  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  std::vector<std::unique_ptr<Ed25519NoteSigner>> signers_;
  Policy policy_;
  size_t line_ = 0;
};

TEST_F(PolicyTest, HoldsLogsWitnessesAndGroups) {
  ASSERT_EQ(Parse(TwoGroups()), Finding::kOk);
  ASSERT_EQ(policy_.logs.size(), 1u);
  EXPECT_EQ(policy_.logs[0].key.name, "log.example/a");
  EXPECT_EQ(policy_.logs[0].url, "https://log.example/a");
  ASSERT_EQ(policy_.witnesses.size(), 5u);
  EXPECT_EQ(policy_.witnesses[3].name, "Y1");
  EXPECT_EQ(policy_.witnesses[3].url, "");
  ASSERT_EQ(policy_.groups.size(), 3u);
  EXPECT_EQ(policy_.groups[0].threshold, 2u);
  EXPECT_EQ(policy_.groups[1].threshold, 1u);
  EXPECT_EQ(policy_.groups[2].threshold, 2u);
  ASSERT_TRUE(policy_.quorum.has_value());
  EXPECT_TRUE(policy_.quorum->group);
  EXPECT_EQ(policy_.quorum->place, 2u);
  EXPECT_NE(FindLog(policy_, "log.example/a"), nullptr);
  EXPECT_EQ(FindLog(policy_, "log.example/b"), nullptr);
  EXPECT_TRUE(FindGroup(policy_, "Y").has_value());
  EXPECT_FALSE(FindGroup(policy_, "Y1").has_value());
}

TEST_F(PolicyTest, SpaceCommentsAndAMissingLastLineFeedAreFine) {
  EXPECT_EQ(Parse("\n \t \n# all of it\n\t # more\n \tquorum \t none \t"),
            Finding::kOk);
  EXPECT_FALSE(policy_.quorum.has_value());
  EXPECT_EQ(Parse("quorum none\n"), Finding::kOk);
  // A comment begins a line, never in the middle of one.
  EXPECT_EQ(Parse("quorum none # nobody\n"), Finding::kPolicyMalformed);
}

TEST_F(PolicyTest, NamesAreOctets) {
  const std::string kelvin = "\xe2\x84\xaa";
  EXPECT_EQ(Parse(Witness("K", 0) + Witness(kelvin, 1) + "quorum " + kelvin),
            Finding::kOk);
  EXPECT_EQ(policy_.quorum->place, 1u);
  EXPECT_EQ(Parse(Witness("a#b", 0) + "quorum a#b"), Finding::kOk);
}

TEST_F(PolicyTest, RefusesWhatIsNoPolicyAndSaysWhere) {
  const std::string start = Witness("w", 0);
  const struct {
    std::string text;
    Finding finding;
    size_t line;
  } cases[] = {
      {"", Finding::kPolicyQuorum, 1},
      {start, Finding::kPolicyQuorum, 2},
      {start + "quorum w\nquorum w\n", Finding::kPolicyQuorum, 3},
      {start + "quorum w w\n", Finding::kPolicyMalformed, 2},
      {start + "quorum\n", Finding::kPolicyMalformed, 2},
      {start + "quorum v\n", Finding::kPolicyName, 2},
      {start + "Quorum w\n", Finding::kPolicyMalformed, 2},
      {start + "quorum w\r\n", Finding::kPolicyMalformed, 2},
      {start + std::string("quorum\0w\n", 9), Finding::kPolicyMalformed, 2},
      {start + "quorum w\x7f\n", Finding::kPolicyMalformed, 2},
      {"log\n", Finding::kPolicyMalformed, 1},
      {Log() + " a b\n", Finding::kPolicyMalformed, 1},
      {"log nothing\n", Finding::kVkeyMalformed, 1},
      {Log() + "\n" + Log() + "\n", Finding::kPolicyKey, 2},
      {"witness w\n", Finding::kPolicyMalformed, 1},
      {"witness w " + Vkey(0) + " a b\n", Finding::kPolicyMalformed, 1},
      {"witness none " + Vkey(0) + "\n", Finding::kPolicyName, 1},
      // A plain key says nothing of when.
      {"witness w " + FormatVkey(log_.key()) + "\n", Finding::kVkeyTypeUnknown,
       1},
      {start + Witness("v", 0), Finding::kPolicyKey, 2},
      {start + Witness("w", 1), Finding::kPolicyName, 2},
      {start + "group g any\n", Finding::kPolicyMalformed, 2},
      {start + "group w any w\n", Finding::kPolicyName, 2},
      {start + "group none any w\n", Finding::kPolicyName, 2},
      {start + "group g any none\n", Finding::kPolicyName, 2},
      {start + "group g any g\n", Finding::kPolicyName, 2},
      {start + "group g any later\nwitness later " + Vkey(1) + "\n",
       Finding::kPolicyName, 2},
      {start + "group g 2 w\n", Finding::kPolicyMalformed, 2},
      {start + "group g 0 w\n", Finding::kPolicyMalformed, 2},
      {start + "group g 01 w\n", Finding::kPolicyMalformed, 2},
      {start + "group g -1 w\n", Finding::kPolicyMalformed, 2},
      {start + "group g any w w\n", Finding::kPolicyName, 2},
      {start + "group g any w\ngroup h any w\n", Finding::kPolicyName, 3},
      {start + "group g any w\ngroup h any g\ngroup i any g\n",
       Finding::kPolicyName, 4},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Parse(one.text), one.finding) << one.text;
    EXPECT_EQ(line_, one.line) << one.text;
  }
}

// The same public key under another name is the same cosigner.
TEST_F(PolicyTest, RefusesOneKeyUnderTwoNames) {
  const Ed25519NoteSigner again("other.example/0", kKeyTypeCosignatureEd25519,
                                std::string(32, 'a'));
  EXPECT_EQ(Parse(Witness("w", 0) + "witness v " + FormatVkey(again.key()) +
                  "\nquorum w\n"),
            Finding::kPolicyKey);
}

TEST_F(PolicyTest, TakesWhatTheSpecificationAsksForAndNotTooMuch) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    const std::string n = std::to_string(i);
    const Ed25519NoteSigner log("log.example/" + n, kKeyTypeEd25519,
                                std::string(31, 'l') + static_cast<char>(i));
    const Ed25519NoteSigner witness(
        "w.example/" + n, kKeyTypeCosignatureEd25519,
        std::string(31, 'w') + static_cast<char>(i));
    text += "log " + FormatVkey(log.key()) + "\n";
    text += "witness w" + n + " " + FormatVkey(witness.key()) + "\n";
    text += "group g" + n + " any w" + n + "\n";
  }
  EXPECT_EQ(Parse(text + "quorum g31\n"), Finding::kOk);
  EXPECT_EQ(Parse(std::string(kPolicyBytesMax, '\n') + "quorum none"),
            Finding::kPolicyMalformed);
}

TEST_F(PolicyTest, AQuorumIsAsOldAsTheOldestCosignatureThatItNeeds) {
  ASSERT_EQ(Parse(TwoGroups()), Finding::kOk);
  const PolicyMember quorum = *policy_.quorum;
  CosignatureTimes times(5);
  EXPECT_EQ(SatisfiedAt(policy_, quorum, times), std::nullopt);
  times = {10, 30, {}, {}, {}};
  EXPECT_EQ(SatisfiedAt(policy_, quorum, times), std::nullopt);
  EXPECT_EQ(SatisfiedAt(policy_, {true, 0}, times), 10u);
  times = {10, 30, 20, {}, 40};
  EXPECT_EQ(SatisfiedAt(policy_, {true, 0}, times), 20u);
  EXPECT_EQ(SatisfiedAt(policy_, {true, 1}, times), 40u);
  EXPECT_EQ(SatisfiedAt(policy_, quorum, times), 20u);
  // A later cosignature never makes a quorum older.
  times = {10, 30, 20, 50, 40};
  EXPECT_EQ(SatisfiedAt(policy_, {true, 1}, times), 50u);
  EXPECT_EQ(SatisfiedAt(policy_, quorum, times), 20u);
  EXPECT_EQ(SatisfiedAt(policy_, {false, 2}, times), 20u);
}

// A slow twin: the newest time at which counting only the cosignatures that
// new still gives a quorum.
bool Counts(const Policy& policy, const PolicyMember& member,
            const CosignatureTimes& times, uint64_t since) {
  if (!member.group) {
    return times[member.place].has_value() && *times[member.place] >= since;
  }
  size_t count = 0;
  for (const PolicyMember& one : policy.groups[member.place].members) {
    count += Counts(policy, one, times, since);
  }
  return count >= policy.groups[member.place].threshold;
}

TEST_F(PolicyTest, AgreesWithASlowTwin) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    std::vector<std::string> open;
    for (size_t i = 0; i < 6; ++i) {
      text += Witness("w" + std::to_string(i), i);
      open.push_back("w" + std::to_string(i));
    }
    for (int g = 0; open.size() > 1; ++g) {
      const std::string name = "g" + std::to_string(g);
      std::shuffle(open.begin(), open.end(), random);
      const size_t members = 2 + random() % (open.size() - 1);
      text += "group " + name + " " + std::to_string(1 + random() % members);
      for (size_t i = 0; i < members; ++i) {
        text += " " + open.back();
        open.pop_back();
      }
      text += "\n";
      open.push_back(name);
    }
    ASSERT_EQ(Parse(text + "quorum " + open[0] + "\n"), Finding::kOk) << text;
    CosignatureTimes times(6);
    for (auto& time : times) {
      if (random() % 4 != 0) time = 1 + random() % 8;
    }
    std::optional<uint64_t> expected;
    for (uint64_t since = 1; since <= 8; ++since) {
      if (Counts(policy_, *policy_.quorum, times, since)) expected = since;
    }
    EXPECT_EQ(SatisfiedAt(policy_, *policy_.quorum, times), expected) << text;
  }
}

TEST_F(PolicyTest, ReadsTheCosignaturesOfItsWitnessesOnly) {
  ASSERT_EQ(Parse(Witness("a", 0) + Witness("b", 1) + "quorum a\n"),
            Finding::kOk);
  const std::string text = "log.example/a\n0\nroot\n";
  std::vector<std::string> lines(4);
  ASSERT_TRUE(log_.Sign(text, 0, &lines[0]));
  ASSERT_TRUE(signers_[1]->Sign(text, 1234, &lines[1]));
  ASSERT_TRUE(signers_[5]->Sign(text, 99, &lines[2]));
  lines.pop_back();
  CosignatureTimes times;
  ASSERT_EQ(ReadCosignatures(JoinNote(text, lines), policy_, &times),
            Finding::kOk);
  EXPECT_EQ(times, (CosignatureTimes{std::nullopt, 1234}));

  // Nobody's of the policy.
  ASSERT_EQ(ReadCosignatures(JoinNote(text, {lines[0]}), policy_, &times),
            Finding::kOk);
  EXPECT_EQ(times, (CosignatureTimes{std::nullopt, std::nullopt}));

  // One that is wrong makes the note wrong.
  std::string wrong;
  ASSERT_TRUE(signers_[1]->Sign("another text\n", 1234, &wrong));
  EXPECT_EQ(
      ReadCosignatures(JoinNote(text, {lines[0], wrong}), policy_, &times),
      Finding::kBadSignature);
  EXPECT_EQ(ReadCosignatures("nothing", policy_, &times),
            Finding::kNoteMalformed);
}

}  // namespace
}  // namespace vidimus
