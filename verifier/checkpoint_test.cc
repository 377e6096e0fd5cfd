#include "verifier/checkpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/merkle.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kRoot[] = "ogv5p8wtyKCPX0FacbGfasQnurVNJO7IaLXTEDRJlTo=";

TEST(CheckpointTest, WhatParsesFormatsToTheSameText) {
  for (const std::string& text :
       {"log.example/a\n2\n" + std::string(kRoot) + "\n",
        "go.sum database tree\n18446744073709551615\n" + std::string(kRoot) +
            "\n",
        std::string("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")}) {
    Checkpoint checkpoint;
    ASSERT_EQ(ParseCheckpoint(text, &checkpoint), Finding::kOk) << text;
    EXPECT_EQ(FormatCheckpoint(checkpoint), text);
  }
}

TEST(CheckpointTest, RejectsOtherSpellings) {
  Checkpoint checkpoint;
  const std::string root = kRoot;
  for (const std::string& text : std::initializer_list<std::string>{
           std::string(), std::string("o\n"), std::string("o\n2\n"),
           "o\n2\n" + root, "\n2\n" + root + "\n", "o\n02\n" + root + "\n",
           "o\n+2\n" + root + "\n", "o\n\n" + root + "\n",
           "o\n-1\n" + root + "\n", "o\n18446744073709551616\n" + root + "\n",
           "o\n2 \n" + root + "\n", "o\n2\n" + root + " \n",
           "o\n2\n" + root.substr(0, 43) + "\n", "o\n2\nAAAA\n",
           std::string(256, 'o') + "\n2\n" + root + "\n"}) {
    EXPECT_EQ(ParseCheckpoint(text, &checkpoint), Finding::kCheckpointMalformed)
        << text;
  }
}

TEST(CheckpointTest, RejectsSizeWithLeadingZero) {
  Checkpoint checkpoint;
  EXPECT_EQ(ParseCheckpoint("o\n00\n" + std::string(kRoot) + "\n", &checkpoint),
            Finding::kCheckpointMalformed);
}

TEST(CheckpointTest, RejectsExtensionLines) {
  Checkpoint checkpoint;
  const std::string text = "o\n2\n" + std::string(kRoot) + "\n";
  EXPECT_EQ(ParseCheckpoint(text + "more\n", &checkpoint),
            Finding::kExtensionLine);
  EXPECT_EQ(ParseCheckpoint(text + "\n", &checkpoint), Finding::kExtensionLine);
}

TEST(CheckpointTest, AnEmptyTreeHasTheEmptyRoot) {
  Checkpoint checkpoint;
  EXPECT_EQ(ParseCheckpoint("o\n0\n" + std::string(kRoot) + "\n", &checkpoint),
            Finding::kEmptyRootMismatch);
}

TEST(CheckpointTest, AnOriginOfOursIsAKeyName) {
  EXPECT_TRUE(ValidOrigin("log.example/city/2026h2"));
  EXPECT_FALSE(ValidOrigin("go.sum database tree"));
  EXPECT_TRUE(ValidOriginLine("go.sum database tree"));
  EXPECT_FALSE(ValidOrigin("a+b"));
  EXPECT_FALSE(ValidOrigin(""));
  EXPECT_FALSE(ValidOriginLine(""));
  EXPECT_FALSE(ValidOriginLine(std::string(256, 'o')));
  EXPECT_FALSE(ValidOriginLine("a\nb"));
  EXPECT_FALSE(ValidOriginLine("\xff"));
}

TEST(CheckpointTest, OpensTheLogsOwnNoteAndNoOther) {
  const Ed25519NoteSigner signer("log.example/a", kKeyTypeEd25519,
                                 std::string(32, 'l'));
  const auto note = [&signer](const std::string& text) {
    std::string line;
    EXPECT_TRUE(signer.Sign(text, 0, &line));
    return JoinNote(text, {line});
  };
  const TreeHead head = {3, LeafHash("x")};
  Checkpoint checkpoint;
  EXPECT_EQ(OpenCheckpoint(note(FormatCheckpoint({"log.example/a", head})),
                           signer.key(), &checkpoint),
            Finding::kOk);
  EXPECT_EQ(checkpoint.head, head);
  EXPECT_EQ(OpenCheckpoint(note(FormatCheckpoint({"log.example/b", head})),
                           signer.key(), &checkpoint),
            Finding::kOriginMismatch);
  EXPECT_EQ(OpenCheckpoint(note("no checkpoint\n"), signer.key(), &checkpoint),
            Finding::kCheckpointMalformed);
  const VerifierKey other = MakeVerifierKey("log.example/b", kKeyTypeEd25519,
                                            signer.key().public_key);
  EXPECT_EQ(OpenCheckpoint(note(FormatCheckpoint({"log.example/a", head})),
                           other, &checkpoint),
            Finding::kUnknownSigner);
}

}  // namespace
}  // namespace vidimus
