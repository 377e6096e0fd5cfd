// Statements among opened entries; accesses and notices are in chain_test.cc.

#include "verifier/opening.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/record.pb.h"
#include "verifier/commitment.h"
#include "verifier/label.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/city/2026h2";
const std::string kSubject = std::string("\x01") + "id";
const std::string kId(16, 'e');

v1::SignedStatement Good() {
  v1::Statement statement;
  statement.set_statement_id(std::string(16, 's'));
  statement.set_sequence(0);
  statement.set_key_id(std::string(16, 'k'));
  statement.set_language("sv");
  statement.set_words_sha256(std::string(32, 'w'));
  statement.mutable_prohibition();
  v1::SignedStatement envelope;
  envelope.set_entry_id(kId);
  envelope.set_subject(kSubject);
  envelope.set_administration(3);
  envelope.set_statement(statement.SerializeAsString());
  envelope.set_signature_kind(v1::ED25519);
  envelope.set_signature(std::string(64, 'x'));
  return envelope;
}

struct Shown {
  explicit Shown(const v1::SignedStatement& envelope) {
    v1::Record message;
    *message.mutable_statement() = envelope;
    record = message.SerializeAsString();
  }

  OpenedEntry Judge(const ChainName& chain) {
    ShownOpening shown;
    shown.entry_id = kId;
    shown.opening = {salt, record, salt, actor};
    shown.has_request = has_request;
    return JudgeOpening(chain, Commitment(shown.opening), {}, shown);
  }

  std::string record, actor, salt = std::string(16, '0');
  bool has_request = false;
};

const ChainName kChain = {kOrigin, 3, kSubject};

TEST(OpeningTest, AStatementIsOpenInItsChain) {
  Shown shown(Good());
  const OpenedEntry opened = shown.Judge(kChain);
  EXPECT_EQ(opened.content, Content::kOpen);
  EXPECT_EQ(opened.finding, Finding::kOk);
  EXPECT_EQ(opened.kind, RecordContent::kStatement);
  EXPECT_EQ(opened.statement.event, StatementEvent::kProhibition);
}

TEST(OpeningTest, AStatementOfAnotherChainOrIdIsForged) {
  for (const ChainName& chain :
       {ChainName{kOrigin, 4, kSubject}, ChainName{kOrigin, kSelf, kSubject},
        ChainName{kOrigin, 3, "\x01other"}}) {
    Shown shown(Good());
    const OpenedEntry opened = shown.Judge(chain);
    EXPECT_EQ(opened.content, Content::kForged);
    EXPECT_EQ(opened.finding, Finding::kRecordElsewhere);
    EXPECT_EQ(opened.kind, RecordContent::kUnknown);
  }
  v1::SignedStatement other = Good();
  other.set_entry_id(std::string(16, 'f'));
  Shown shown(other);
  EXPECT_EQ(shown.Judge(kChain).finding, Finding::kRecordElsewhere);
}

TEST(OpeningTest, NobodyElseSignsAStatementOrActsInIt) {
  Shown signed_by_city(Good());
  signed_by_city.has_request = true;
  EXPECT_EQ(signed_by_city.Judge(kChain).content, Content::kForged);
  EXPECT_EQ(signed_by_city.Judge(kChain).finding, Finding::kRequestSpare);
  Shown with_actor(Good());
  with_actor.actor = "someone";
  EXPECT_EQ(with_actor.Judge(kChain).content, Content::kForged);
}

TEST(OpeningTest, AStatementThatCannotBeReadIsOpenAndUnproven) {
  v1::SignedStatement newer = Good();
  newer.set_statement(newer.statement() + "\xaa\x01");
  Shown shown(newer);
  const OpenedEntry opened = shown.Judge(kChain);
  EXPECT_EQ(opened.content, Content::kOpen);
  EXPECT_NE(opened.finding, Finding::kOk);
  EXPECT_EQ(opened.kind, RecordContent::kUnknown);
  // Without its envelope nothing says that it belongs here.
  v1::SignedStatement bare;
  bare.set_statement(Good().statement());
  EXPECT_EQ(Shown(bare).Judge(kChain).content, Content::kForged);
}

}  // namespace
}  // namespace vidimus
