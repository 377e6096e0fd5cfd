#include "verifier/note.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/encoding.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kText[] = "If you know it, say it.\n\nIf not, say so.\n";

// A key and a line that others made: the example of Go's sumdb/note.
constexpr char kPeterVkey[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPeterNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuG"
    "UgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

std::string Line(const NoteSigner& signer, std::string_view text = kText,
                 uint64_t time_s = 0) {
  std::string line;
  EXPECT_TRUE(signer.Sign(text, time_s, &line));
  return line;
}

class NoteTest : public testing::Test {
 protected:
  Finding Open(const std::vector<std::string>& lines,
               const std::vector<VerifierKey>& known) {
    note_ = JoinNote(kText, lines);
    return OpenNote(note_, known, &opened_);
  }

  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  const Ed25519NoteSigner witness_{
      "witness.example", kKeyTypeCosignatureEd25519, std::string(32, 'w')};
  const Ed25519NoteSigner stranger_{"stranger.example", kKeyTypeEd25519,
                                    std::string(32, 's')};
  std::string note_;
  OpenedNote opened_;
};

TEST_F(NoteTest, OpensANoteThatOthersSigned) {
  VerifierKey key;
  ASSERT_EQ(ParseVkey(kPeterVkey, &key), Finding::kOk);
  EXPECT_EQ(FormatVkey(key), kPeterVkey);
  ASSERT_EQ(OpenNote(kPeterNote, {key}, &opened_), Finding::kOk);
  EXPECT_EQ(opened_.signatures.size(), 1u);
}

TEST_F(NoteTest, TheTextEndsAtTheLastEmptyLine) {
  ASSERT_EQ(Open({Line(log_)}, {log_.key()}), Finding::kOk);
  EXPECT_EQ(opened_.text, kText);
}

TEST_F(NoteTest, ALineCountsIfNameAndIdAreKnown) {
  EXPECT_EQ(Open({Line(stranger_), Line(log_), Line(witness_, kText, 7)},
                 {witness_.key(), log_.key()}),
            Finding::kOk);
  ASSERT_EQ(opened_.signatures.size(), 2u);
  EXPECT_EQ(opened_.signatures[0].key, 1u);
  EXPECT_EQ(opened_.signatures[0].time_s, 0u);
  EXPECT_EQ(opened_.signatures[1].key, 0u);
  EXPECT_EQ(opened_.signatures[1].time_s, 7u);

  // The log's name with another ID, and its ID with another name, are nobody's.
  const std::string signature(64, 'x');
  EXPECT_EQ(Open({NoteSignatureLine(log_.key().name, 1, signature),
                  NoteSignatureLine("other", log_.key().key_id, signature)},
                 {log_.key()}),
            Finding::kUnknownSigner);
}

TEST_F(NoteTest, AKeyThatSignedTwiceStandsOnce) {
  ASSERT_EQ(Open({Line(witness_, kText, 7), Line(witness_, kText, 8)},
                 {witness_.key()}),
            Finding::kOk);
  ASSERT_EQ(opened_.signatures.size(), 1u);
  EXPECT_EQ(opened_.signatures[0].time_s, 7u);
}

TEST_F(NoteTest, RejectsAKnownKeysLineThatFails) {
  const std::string other_text = Line(log_, "Another text.\n");
  EXPECT_EQ(Open({other_text}, {log_.key()}), Finding::kBadSignature);
  EXPECT_EQ(Open({Line(log_), other_text}, {log_.key()}),
            Finding::kBadSignature);
  EXPECT_EQ(Open({Line(log_), other_text}, {stranger_.key()}),
            Finding::kUnknownSigner);
  const VerifierKey& key = log_.key();
  EXPECT_EQ(Open({NoteSignatureLine(key.name, key.key_id, "short")}, {key}),
            Finding::kBadSignature);
}

TEST_F(NoteTest, ACosignatureBindsItsTime) {
  const VerifierKey& key = witness_.key();
  Note note;
  const std::string bytes =
      JoinNote(kText, {Line(witness_, kText, 1767225600)});
  ASSERT_EQ(SplitNote(bytes, &note), Finding::kOk);
  std::string signature = note.signatures[0].signature;
  uint64_t time_s;
  EXPECT_EQ(VerifyNoteSignature(key, kText, signature, &time_s), Finding::kOk);
  EXPECT_EQ(time_s, 1767225600u);
  signature[7] = static_cast<char>(signature[7] ^ 1);
  EXPECT_EQ(VerifyNoteSignature(key, kText, signature, &time_s),
            Finding::kBadSignature);
  // Nor does a time beyond 2^63 - 1 count, though it was signed.
  EXPECT_EQ(Open({Line(witness_, kText, uint64_t{1} << 63)}, {key}),
            Finding::kBadSignature);
}

TEST_F(NoteTest, AcceptsSixtyFourSignaturesAndNoMore) {
  std::vector<std::string> lines = {Line(log_)};
  for (int i = 1; i < 64; ++i) {
    lines.push_back(NoteSignatureLine("pq.example", i, std::string(2420, 'x')));
  }
  EXPECT_EQ(Open(lines, {log_.key()}), Finding::kOk);
  lines.push_back(lines.back());
  EXPECT_EQ(Open(lines, {log_.key()}), Finding::kNoteTooLarge);
  EXPECT_EQ(
      OpenNote(std::string(kNoteBytesMax + 1, 'x'), {log_.key()}, &opened_),
      Finding::kNoteTooLarge);
}

TEST_F(NoteTest, RejectsWhatIsNoNote) {
  const std::string dash = "\xe2\x80\x94 ";
  Note note;
  for (const std::string& bytes : std::initializer_list<std::string>{
           std::string(),
           std::string("\n"),
           std::string("\n\n"),
           std::string("text\n"),
           std::string("text\n\n"),
           "text\n" + dash + "n AAAAAAA=\n",
           "text\n\n- n AAAAAAA=\n",
           "text\n\n" + dash + "n AAAAAAA=",
           "text\n\n" + dash + "n  AAAAAAA=\n",
           "text\n\n" + dash + " AAAAAAA=\n",
           "text\n\n" + dash + "n\n",
           "text\n\n" + dash + "n AAAA\n",
           "text\n\n" + dash + "n AAAAAAA\n",
           "text\n\n" + dash + "n AAAAAAB=\n",
           "text\n\n" + dash + "a+b AAAAAAA=\n",
           "text\n\n" + dash + "n AAAAAAA=\nmore\n",
           "te\rxt\n\n" + dash + "n AAAAAAA=\n",
           "te\txt\n\n" + dash + "n AAAAAAA=\n",
           "te\xffxt\n\n" + dash + "n AAAAAAA=\n",
           "text\n\n" + dash +
               "a\xc2\xa0"
               "b AAAAAAA=\n"}) {
    EXPECT_EQ(SplitNote(bytes, &note), Finding::kNoteMalformed) << bytes;
  }
  EXPECT_EQ(SplitNote("text\n\n" + dash + "n AAAAAAA=\n", &note), Finding::kOk);
}

TEST_F(NoteTest, AKeyNameHasNeitherSpaceNorPlus) {
  for (const char* name :
       {"", " ", "a b", "a+b", "a\tb", "a\nb", "a\xc2\x85", "\xe2\x80\x83",
        "a\xe3\x80\x80", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xff"}) {
    EXPECT_FALSE(ValidKeyName(name)) << name;
  }
  for (const char* name :
       {"a", "log.example/a?b=c", "\xc3\xa5", "\xe2\x80\x94", "\xe2\x80\x8b"}) {
    EXPECT_TRUE(ValidKeyName(name)) << name;
  }
}

TEST_F(NoteTest, AVkeyHasOneSpelling) {
  VerifierKey key;
  for (const NoteSigner* signer :
       std::initializer_list<const NoteSigner*>{&log_, &witness_}) {
    const std::string vkey = FormatVkey(signer->key());
    EXPECT_EQ(ParseVkey(vkey, &key), Finding::kOk);
    EXPECT_EQ(FormatVkey(key), vkey);
    EXPECT_EQ(ParseVkey(vkey + "\n", &key), Finding::kOk);
    EXPECT_EQ(ParseVkey(vkey + "\n\n", &key), Finding::kVkeyMalformed);
    EXPECT_EQ(ParseVkey(" " + vkey, &key), Finding::kVkeyMalformed);
    EXPECT_EQ(ParseVkey(vkey.substr(0, vkey.size() - 1), &key),
              Finding::kVkeyMalformed);
  }
}

TEST_F(NoteTest, RejectsAVkeyWithAnothersId) {
  VerifierKey key = log_.key(), parsed;
  key.key_id ^= 1;
  EXPECT_EQ(ParseVkey(FormatVkey(key), &parsed), Finding::kVkeyMalformed);
  for (const char* vkey : {"", "a", "a+b", "a+00000000+", "+00000000+AQ==",
                           "a+0000000+AQ==", "a+0000000G+AQ=="}) {
    EXPECT_EQ(ParseVkey(vkey, &parsed), Finding::kVkeyMalformed) << vkey;
  }
}

TEST_F(NoteTest, RejectsAVkeyOfAnotherType) {
  VerifierKey key = log_.key(), parsed;
  key.type = 0x06;
  key.key_id = NoteKeyId(key.name, key.type, key.public_key);
  EXPECT_EQ(ParseVkey(FormatVkey(key), &parsed), Finding::kVkeyTypeUnknown);
}

TEST_F(NoteTest, RejectsAVkeyOfSmallOrder) {
  VerifierKey parsed;
  const VerifierKey key =
      MakeVerifierKey("weak.example", kKeyTypeEd25519, std::string(32, '\0'));
  EXPECT_EQ(ParseVkey(FormatVkey(key), &parsed), Finding::kKeyUnsound);
}

TEST_F(NoteTest, WhatSplitsJoinsToTheSameBytes) {
  const std::string bytes = JoinNote(kText, {Line(stranger_), Line(log_)});
  Note note;
  ASSERT_EQ(SplitNote(bytes, &note), Finding::kOk);
  std::vector<std::string> lines;
  for (const NoteSignature& signature : note.signatures) {
    lines.push_back(NoteSignatureLine(signature.name, signature.key_id,
                                      signature.signature));
  }
  EXPECT_EQ(JoinNote(note.text, lines), bytes);
}

}  // namespace
}  // namespace vidimus
