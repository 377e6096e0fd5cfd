#include "verifier/witness.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/compact_range.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    for (int i = 0; i < 20; ++i) {
      leaves_.push_back(LeafHash("entry " + std::to_string(i)));
    }
  }

  TreeHead Head(uint64_t size) const {
    CompactRange tree;
    for (uint64_t i = 0; i < size; ++i) tree.Append(leaves_[i]);
    return tree.Head();
  }

  std::vector<Hash> Proof(uint64_t older, uint64_t newer) const {
    const auto path = ConsistencyPath(
        older, newer, [&](int level, uint64_t index, Hash* hash) {
          CompactRange tree;
          for (uint64_t i = index << level; i < (index + 1) << level; ++i) {
            tree.Append(leaves_[i]);
          }
          *hash = tree.Head().root;
          return true;
        });
    return *path;
  }

  std::string Note(const TreeHead& head, const std::string& origin,
                   const NoteSigner& signer) const {
    const std::string text = FormatCheckpoint({origin, head});
    std::string line;
    EXPECT_TRUE(signer.Sign(text, 0, &line));
    return JoinNote(text, {line});
  }
  std::string Note(const TreeHead& head) const {
    return Note(head, "log.example/a", log_);
  }

  WitnessJudgement Judge(uint64_t old_size, std::vector<Hash> proof,
                         const std::string& note, const TreeHead& last) {
    const std::string bytes =
        FormatWitnessRequest({old_size, std::move(proof), note});
    WitnessRequest request;
    EXPECT_EQ(ParseWitnessRequest(bytes, &request), Finding::kOk);
    EXPECT_EQ(FormatWitnessRequest(request), bytes);
    return JudgeWitnessRequest(request, {stranger_.key(), log_.key()}, last);
  }

  void Expect(const WitnessJudgement& judgement, WitnessStatus status,
              Finding finding) {
    EXPECT_EQ(judgement.status, status);
    EXPECT_EQ(judgement.finding, finding) << FindingName(judgement.finding);
  }

  const TreeHead none_{0, EmptyRoot()};
  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  const Ed25519NoteSigner stranger_{"log.example/b", kKeyTypeEd25519,
                                    std::string(32, 's')};
  std::vector<Hash> leaves_;
};

TEST_F(WitnessTest, CosignsWhatExtendsTheLastHead) {
  for (uint64_t older = 1; older < 20; ++older) {
    for (uint64_t newer = older; newer <= 20; ++newer) {
      const WitnessJudgement judgement =
          Judge(older, Proof(older, newer), Note(Head(newer)), Head(older));
      Expect(judgement, WitnessStatus::kCosign, Finding::kOk);
      EXPECT_EQ(judgement.checkpoint.head, Head(newer));
      EXPECT_EQ(judgement.key, 1u);
    }
  }
}

TEST_F(WitnessTest, CosignsAFirstHead) {
  Expect(Judge(0, {}, Note(Head(9)), none_), WitnessStatus::kCosign,
         Finding::kOk);
  Expect(Judge(0, {}, Note(none_), none_), WitnessStatus::kCosign,
         Finding::kOk);
}

// The order is the specification's: who is asked about an unknown log says so
// whatever else is wrong.
TEST_F(WitnessTest, RefusesInTheOrderOfTheSpecification) {
  const Ed25519NoteSigner elsewhere("log.example/c", kKeyTypeEd25519,
                                    std::string(32, 'c'));
  // 404: nobody follows this log; its old size is wrong, too.
  Expect(Judge(12, {}, Note(Head(9), "log.example/c", elsewhere), Head(5)),
         WitnessStatus::kUnknownLog, Finding::kOriginMismatch);
  // 403: a known log, signed by nobody that is trusted for it.
  Expect(Judge(12, {}, Note(Head(9), "log.example/a", elsewhere), Head(5)),
         WitnessStatus::kNotTrusted, Finding::kUnknownSigner);
  Expect(
      Judge(5, Proof(5, 9), Note(Head(9), "log.example/a", stranger_), Head(5)),
      WitnessStatus::kNotTrusted, Finding::kUnknownSigner);
  // 400: an old size beyond the checkpoint's.
  Expect(Judge(12, {}, Note(Head(9)), Head(5)), WitnessStatus::kMalformed,
         Finding::kTreeShrank);
  // 409: not what was cosigned last, even with a proof from it.
  Expect(Judge(4, Proof(4, 9), Note(Head(9)), Head(5)),
         WitnessStatus::kConflict, Finding::kOldSizeMismatch);
  Expect(Judge(0, {}, Note(Head(9)), Head(5)), WitnessStatus::kConflict,
         Finding::kOldSizeMismatch);
  Expect(Judge(9, {}, Note(Head(9)), Head(12)), WitnessStatus::kConflict,
         Finding::kOldSizeMismatch);
}

TEST_F(WitnessTest, RefusesWhatDoesNotFollow) {
  // Another history.
  TreeHead forked = Head(9);
  forked.root[0] ^= 1;
  Expect(Judge(5, Proof(5, 9), Note(forked), Head(5)), WitnessStatus::kUnproven,
         Finding::kRootMismatch);
  // The same size with another root.
  Expect(Judge(9, {}, Note(forked), Head(9)), WitnessStatus::kUnproven,
         Finding::kTwoHistories);
  // A proof of something else, too short, too long.
  EXPECT_EQ(Judge(5, Proof(6, 9), Note(Head(9)), Head(5)).status,
            WitnessStatus::kUnproven);
  Expect(Judge(5, {}, Note(Head(9)), Head(5)), WitnessStatus::kUnproven,
         Finding::kPathTooShort);
  std::vector<Hash> longer = Proof(5, 9);
  longer.emplace_back();
  Expect(Judge(5, longer, Note(Head(9)), Head(5)), WitnessStatus::kUnproven,
         Finding::kPathTooLong);
  // A first head needs no proof, so it may have none.
  Expect(Judge(0, {Hash()}, Note(Head(9)), none_), WitnessStatus::kUnproven,
         Finding::kPathTooLong);
  // An empty tree has one root.
  Expect(Judge(0, {}, Note({0, Hash()}), none_), WitnessStatus::kUnproven,
         Finding::kEmptyRootMismatch);
}

TEST_F(WitnessTest, RefusesASignatureThatDoesNotVerify) {
  std::string note = Note(Head(9));
  note.replace(note.find("\n9\n"), 3, "\n8\n");
  Expect(Judge(5, {}, note, Head(5)), WitnessStatus::kNotTrusted,
         Finding::kBadSignature);
}

TEST_F(WitnessTest, RefusesAnExtensionLine) {
  const std::string text =
      FormatCheckpoint({"log.example/a", Head(9)}) + "more\n";
  std::string line;
  ASSERT_TRUE(log_.Sign(text, 0, &line));
  Expect(Judge(0, {}, JoinNote(text, {line}), none_), WitnessStatus::kMalformed,
         Finding::kExtensionLine);
}

TEST_F(WitnessTest, RefusesOtherSpellings) {
  const std::string good =
      FormatWitnessRequest({5, Proof(5, 9), Note(Head(9))});
  WitnessRequest request;
  ASSERT_EQ(ParseWitnessRequest(good, &request), Finding::kOk);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{
           {"old 5\n", ""},
           {"old 5\n", "old  5\n"},
           {"old 5\n", "old 05\n"},
           {"old 5\n", "old +5\n"},
           {"old 5\n", "old \n"},
           {"old 5\n", "Old 5\n"},
           {"old 5\n", "old 5\r\n"},
           {"old 5\n", "old 18446744073709551616\n"},
           {"=\n", "\n"},
           {"=\n", "=\n\n"},
           {"=\n", "= \n"},
       }) {
    std::string bad = good;
    const size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos);
    bad.replace(at, from.size(), to);
    // An empty line too many makes a note of the rest, but no checkpoint.
    Checkpoint claimed;
    EXPECT_FALSE(ParseWitnessRequest(bad, &request) == Finding::kOk &&
                 ParseClaimedCheckpoint(request, &claimed) == Finding::kOk)
        << bad;
  }
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_NE(ParseWitnessRequest(good.substr(0, cut), &request), Finding::kOk)
        << cut;
  }
}

TEST_F(WitnessTest, ReadsSixtyThreeHashesAndNoMore) {
  const std::string note = Note(Head(9));
  WitnessRequest request{7, std::vector<Hash>(63), note};
  WitnessRequest parsed;
  EXPECT_EQ(ParseWitnessRequest(FormatWitnessRequest(request), &parsed),
            Finding::kOk);
  EXPECT_EQ(parsed.proof.size(), 63u);
  request.proof.emplace_back();
  EXPECT_EQ(ParseWitnessRequest(FormatWitnessRequest(request), &parsed),
            Finding::kWitnessRequestMalformed);
}

}  // namespace
}  // namespace vidimus
