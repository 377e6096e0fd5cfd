#include "client/monitor/unanswered.h"

#include <string>

#include "gtest/gtest.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

// The example of docs/gossip.md, whose key's seed is
// H("press.example/monitor").
constexpr char kText[] =
    "vidimus/v1 asked, not answered\n"
    "log vidimus.example/helsinki/2026h2\n"
    "asked tile/entries/003\n"
    "of https://log.example/helsinki\n"
    "since 1800000000\n"
    "until 1800003600\n";
constexpr char kNote[] =
    "vidimus/v1 asked, not answered\n"
    "log vidimus.example/helsinki/2026h2\n"
    "asked tile/entries/003\n"
    "of https://log.example/helsinki\n"
    "since 1800000000\n"
    "until 1800003600\n"
    "\n"
    "\xE2\x80\x94 press.example/monitor "
    "GCU9XAAAAABrSeAQ2T/qquCI93UvjGHell8l2HAzr5rI8LjsL+PAirtGKrtFDNDfuncbQ6wH6Z"
    "vsppfFJTPTpONz80FoifqTT4fCCg==\n";

Unanswered Example() {
  return {"vidimus.example/helsinki/2026h2", "tile/entries/003",
          "https://log.example/helsinki", 1800000000, 1800003600};
}

Ed25519NoteSigner Signer(const std::string& name) {
  const Hash seed = Sha256(name);
  return Ed25519NoteSigner(name, kKeyTypeCosignatureEd25519, Bytes(seed));
}

TEST(UnansweredTest, IsTheNoteInItsPage) {
  const auto note = SignUnanswered(Example(), Signer("press.example/monitor"));
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ(*note, kNote);
  const auto opened =
      OpenUnanswered(*note, Signer("press.example/monitor").key());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(FormatUnanswered(*opened), kText);
}

TEST(UnansweredTest, CountsOnlyByTheKeyOfWhoSaysIt) {
  EXPECT_FALSE(
      OpenUnanswered(kNote, Signer("other.example/monitor").key()).ok());
  for (size_t i = 0; i < sizeof(kNote) - 1; ++i) {
    std::string changed = kNote;
    changed[i] ^= 1;
    EXPECT_FALSE(
        OpenUnanswered(changed, Signer("press.example/monitor").key()).ok())
        << i;
    EXPECT_FALSE(OpenUnanswered(absl::string_view(kNote).substr(0, i),
                                Signer("press.example/monitor").key())
                     .ok());
  }
}

TEST(UnansweredTest, IsNoCheckpointAndNoCheckpointIsOne) {
  Checkpoint checkpoint;
  EXPECT_NE(ParseCheckpoint(kText, &checkpoint), Finding::kOk);
  const std::string text =
      FormatCheckpoint({"vidimus/v1 asked, not answered", {7, Sha256("root")}});
  EXPECT_FALSE(ParseUnanswered(text).ok());
}

TEST(UnansweredTest, RefusesEveryOtherSpelling) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = kText;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text :
       {std::string(), std::string("\n"), with("v1", "v2"),
        with("log ", "log  "), with("log ", "Log "),
        with("tile/entries/003", ""), with("tile/entries/003", "a b"),
        with("tile/entries/003", "\xc3\xa4"),
        with("tile/entries/003", std::string(kUnansweredWordBytesMax + 1, 'x')),
        with("of https://log.example/helsinki\n", ""),
        with("since 1800000000", "since 01800000000"),
        with("since 1800000000", "since -1"),
        with("since 1800000000", "since 1800003601"),
        with("until 1800003600", "until 99999999999999999999"),
        std::string(kText) + "\n", std::string(kText) + "more x\n",
        std::string(kText, sizeof(kText) - 2)}) {
    EXPECT_FALSE(ParseUnanswered(text).ok()) << text;
  }
  EXPECT_TRUE(
      ParseUnanswered(with("since 1800000000", "since 1800003600")).ok());
  EXPECT_TRUE(ParseUnanswered(with("since 1800000000", "since 0")).ok());
}

TEST(UnansweredTest, DoesNotSayWhatCannotBeSaid) {
  const Ed25519NoteSigner signer = Signer("press.example/monitor");
  Unanswered statement = Example();
  statement.asked = "two words";
  EXPECT_FALSE(SignUnanswered(statement, signer).ok());
  statement = Example();
  statement.of = "https://log.example/\nlog x";
  EXPECT_FALSE(SignUnanswered(statement, signer).ok());
  statement = Example();
  statement.origin.clear();
  EXPECT_FALSE(SignUnanswered(statement, signer).ok());
  statement = Example();
  statement.since_s = statement.until_s + 1;
  EXPECT_FALSE(SignUnanswered(statement, signer).ok());
}

}  // namespace
}  // namespace vidimus
