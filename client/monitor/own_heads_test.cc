#include "client/monitor/own_heads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verifier/checkpoint.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

class OwnHeadsTest : public testing::Test {
 protected:
  static TreeHead Head(uint64_t size, char root) {
    TreeHead head;
    head.size = size;
    head.root.fill(static_cast<uint8_t>(root));
    return head;
  }

  std::string Note(const TreeHead& head, const NoteSigner& log,
                   const NoteSigner& cosigner) const {
    const std::string text = FormatCheckpoint({log.key().name, head});
    std::string log_line, line;
    EXPECT_TRUE(log.Sign(text, 0, &log_line));
    EXPECT_TRUE(cosigner.Sign(text, 1000, &line));
    return JoinNote(text, {log_line, line});
  }

  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  const Ed25519NoteSigner own_{"monitor.example/m", kKeyTypeCosignatureEd25519,
                               std::string(32, 'o')};
  const Ed25519NoteSigner other_{
      "monitor.example/m", kKeyTypeCosignatureEd25519, std::string(32, 'x')};
};

TEST_F(OwnHeadsTest, WhatWeKnowOrHaveGrownBeyondIsFine) {
  for (const TreeHead& shown : {Head(5, 'a'), Head(4, 'a'), Head(4, 'b')}) {
    EXPECT_TRUE(JudgeOwnHead(Note(shown, log_, own_), log_.key(), own_.key(),
                             Head(5, 'a'), "the log")
                    .ok());
  }
}

TEST_F(OwnHeadsTest, ALargerOneUnderOurKeyIsRefused) {
  const absl::Status refused =
      JudgeOwnHead(Note(Head(6, 'a'), log_, own_), log_.key(), own_.key(),
                   Head(5, 'a'), "the log");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              testing::HasSubstr("the log shows a head of 6 leaves"));
}

TEST_F(OwnHeadsTest, AnotherRootOfOurSizeIsRefused) {
  EXPECT_EQ(JudgeOwnHead(Note(Head(5, 'b'), log_, own_), log_.key(), own_.key(),
                         Head(5, 'a'), "a peer")
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(OwnHeadsTest, NothingButOurOwnSignatureCounts) {
  const TreeHead kept = Head(5, 'a');
  const std::string others = Note(Head(9, 'a'), log_, other_);
  const Ed25519NoteSigner liar("log.example/a", kKeyTypeEd25519,
                               std::string(32, 'y'));
  const std::string of_another_log = Note(Head(9, 'a'), liar, own_);
  std::string damaged = Note(Head(9, 'a'), log_, own_);
  damaged[damaged.size() - 10] ^= 1;
  for (const std::string& note :
       {others, of_another_log, damaged, std::string(), std::string("x\n")}) {
    EXPECT_TRUE(
        JudgeOwnHead(note, log_.key(), own_.key(), kept, "anybody").ok())
        << note;
  }
}

}  // namespace
}  // namespace vidimus
