#include "verifier/tlog_proof.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/compact_range.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

class TlogProofTest : public testing::Test {
 protected:
  TlogProofTest() {
    CompactRange tree;
    for (const char* entry : {"a", "b", "c"}) tree.Append(LeafHash(entry));
    const std::string text =
        FormatCheckpoint({signer_.key().name, tree.Head()});
    std::string line;
    EXPECT_TRUE(signer_.Sign(text, 0, &line));
    proof_.index = 2;
    proof_.path = {NodeHash(LeafHash("a"), LeafHash("b"))};
    proof_.checkpoint = JoinNote(text, {line});
  }

  Finding Judge(const std::string& bytes) {
    return VerifyTlogProof(bytes, LeafHash("c"), signer_.key(), &checkpoint_,
                           &index_);
  }

  const Ed25519NoteSigner signer_{"log.example/a", kKeyTypeEd25519,
                                  std::string(32, 'l')};
  TlogProof proof_;
  Checkpoint checkpoint_;
  uint64_t index_ = 0;
};

TEST_F(TlogProofTest, SaysWhereTheLeafStands) {
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kOk);
  EXPECT_EQ(index_, 2u);
  EXPECT_EQ(checkpoint_.head.size, 3u);
}

TEST_F(TlogProofTest, WhatParsesFormatsToTheSameBytes) {
  for (const char* extra : {"", "AAAA", "x"}) {
    if (*extra != 'x') proof_.extra = extra;
    const std::string bytes = FormatTlogProof(proof_);
    TlogProof parsed;
    ASSERT_EQ(ParseTlogProof(bytes, &parsed), Finding::kOk);
    EXPECT_EQ(FormatTlogProof(parsed), bytes);
    EXPECT_EQ(Judge(bytes), Finding::kOk);
    proof_.extra.reset();
  }
}

TEST_F(TlogProofTest, RejectsOtherSpellings) {
  const std::string good = FormatTlogProof(proof_);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"@v1", "@v2"},
        {"@v1\n", "@v1\n\n"},
        {"index 2", "index 02"},
        {"index 2", "index"},
        {"index 2", "index -1"},
        {"index 2", "extra"},
        {"index 2", "extra ?\nindex 2"},
        {"index 2", "extra AAAA\nextra AAAA\nindex 2"},
        {"index 2\n", "index 2\nAAAA\n"},
        {"index 2\n", "index 2\n \n"}}) {
    std::string bytes = good;
    bytes.replace(bytes.find(from), from.size(), to);
    TlogProof parsed;
    EXPECT_EQ(ParseTlogProof(bytes, &parsed), Finding::kProofMalformed) << to;
  }
}

TEST_F(TlogProofTest, RejectsAFileThatBreaksOff) {
  const std::string good = FormatTlogProof(proof_);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(Judge(good.substr(0, size)), Finding::kOk) << size;
  }
}

TEST_F(TlogProofTest, ReadsAtMost64Hashes) {
  TlogProof parsed;
  proof_.path.assign(64, LeafHash("x"));
  EXPECT_EQ(ParseTlogProof(FormatTlogProof(proof_), &parsed), Finding::kOk);
  proof_.path.assign(65, LeafHash("x"));
  EXPECT_EQ(ParseTlogProof(FormatTlogProof(proof_), &parsed),
            Finding::kProofMalformed);
}

TEST_F(TlogProofTest, SaysWhatIsWrong) {
  proof_.index = 1;
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kPathTooShort);
  proof_.index = 3;
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kIndexBeyondTree);
  proof_.index = 2;
  proof_.path[0][0] ^= 1;
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kRootMismatch);
  proof_.checkpoint.replace(proof_.checkpoint.find("\n3\n"), 3, "\n4\n");
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kBadSignature);
  proof_.checkpoint = "no note";
  EXPECT_EQ(Judge(FormatTlogProof(proof_)), Finding::kNoteMalformed);
}

}  // namespace
}  // namespace vidimus
