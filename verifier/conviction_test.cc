#include "verifier/conviction.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "proto/conviction.pb.h"
#include "verifier/conviction_builder.h"
#include "verifier/descriptors.h"
#include "verifier/leaf.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";
const std::string kOther = "\x01resident-b";

LeafKind KindAt(const SmallLog& log, uint64_t index) {
  return static_cast<LeafKind>(log.Leaf(index)[0]);
}

uint64_t SealAfter(const SmallLog& log, uint64_t index) {
  while (KindAt(log, index) != LeafKind::kSeal) ++index;
  return index;
}

Hash KeyAt(const SmallLog& log, uint64_t index) {
  return *HashFromBytes(std::string_view(log.Leaf(index)).substr(1, 32));
}

ConvictionBuilder BuilderOf(const SmallLog& log, uint64_t size = 0) {
  if (size == 0) size = log.size();
  return ConvictionBuilder(log.Checkpoint(size), size, log.Nodes(),
                           [&log](uint64_t index, std::string* entry) {
                             *entry = log.Leaf(index);
                             return true;
                           });
}

uint64_t LeafOf(const SmallLog& log, const std::string& subject, uint32_t a,
                uint64_t i) {
  return log.Chain(subject, a, log.size())
      .entries(static_cast<int>(i))
      .leaf_index();
}

// A log with two administrations and some accesses, all as it should be.
// `more` further batches make it another one with the same beginning.
SmallLog HonestLog(int more = 0) {
  SmallLog log;
  log.PutAdministration(0);
  log.PutAdministration(1);
  log.Seal(1800000010);
  for (int k = 0; k < 3; ++k) log.AddAccess(kResident, 0);
  log.AddAccess(kOther, 1);
  log.Seal(1800000020);
  log.AddAccess(kOther, 0);
  log.Seal(1800000020);
  for (int k = 0; k < more; ++k) {
    log.AddAccess(kResident, 1);
    log.Seal(1800000030 + k);
  }
  return log;
}

struct Verdict {
  Finding finding = Finding::kOk;
  ConvictionReport report;
  std::string sentence;
};

Verdict Judge(const std::string& file, const VerifierKey& key) {
  Verdict verdict;
  verdict.finding = JudgeConviction(file, key, &verdict.report);
  verdict.sentence = ConvictionSentence(key.name, verdict.report);
  return verdict;
}

// Whether the file convicts as `kind`, and nothing that is cut or changed in
// one bit of any byte does, nor the file under another log's key.
void ExpectConvicts(const std::optional<std::string>& file,
                    const VerifierKey& key, ConvictionKind kind,
                    const std::string& words) {
  ASSERT_TRUE(file.has_value());
  const Verdict verdict = Judge(*file, key);
  EXPECT_EQ(verdict.finding, Finding::kOk) << FindingName(verdict.finding);
  EXPECT_EQ(verdict.report.kind, kind);
  EXPECT_NE(verdict.sentence.find(words), std::string::npos)
      << verdict.sentence;
  EXPECT_TRUE(LooksLikeConviction(*file));
  v1::Conviction message;
  EXPECT_TRUE(message.ParseFromString(*file));
  EXPECT_EQ(message.SerializeAsString(), *file);

  EXPECT_NE(Judge(*file, SmallLog("log.example/other").key()).finding,
            Finding::kOk);
  EXPECT_NE(Judge(*file + '\0', key).finding, Finding::kOk);
  for (size_t size = 0; size < file->size(); ++size) {
    ASSERT_NE(Judge(file->substr(0, size), key).finding, Finding::kOk) << size;
  }
  // A large file has large parts: not every byte of them.
  const size_t step = file->size() < 4000 ? 1 : 37;
  for (size_t at = 0; at < file->size(); at += step) {
    std::string changed = *file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    ASSERT_NE(Judge(changed, key).finding, Finding::kOk)
        << at << ": " << Judge(changed, key).sentence;
  }
}

TEST(ConvictionTest, TheTableIsThatOfTheProtoFile) {
  ExpectSameFields(kConvictionRule, *v1::Conviction::descriptor(), false);
}

TEST(ConvictionTest, TwoRootsForOneSizeAreAFork) {
  const SmallLog log = HonestLog();
  SmallLog twin = HonestLog();
  twin.AddAccess(kResident, 0);
  twin.Seal(1800000050);
  SmallLog other = HonestLog();
  other.AddAccess(kOther, 0);
  other.Seal(1800000050);
  ASSERT_EQ(twin.size(), other.size());
  ExpectConvicts(ForkConviction(twin.Checkpoint(twin.size()),
                                other.Checkpoint(other.size()), {}),
                 log.key(), ConvictionKind::kFork, "two different trees of");
}

TEST(ConvictionTest, ASmallerTreeThatTheLargerDoesNotBeginWithIsAFork) {
  SmallLog twin = HonestLog();
  twin.AddLeaf(FormatSubjectLeaf({1}, {2}));
  twin.Seal(1800000050);
  SmallLog longer = HonestLog();
  for (int k = 0; k < 4; ++k) longer.Seal(1800000050 + k);
  // Every size of the smaller, powers of two included: a signed head is enough,
  // wherever it ends.
  int convicted = 0;
  for (uint64_t size = 1; size <= twin.size(); ++size) {
    const auto subtrees = CommonSubtrees(size, longer.size(), longer.Nodes());
    const std::string file = ForkConviction(longer.Checkpoint(longer.size()),
                                            twin.Checkpoint(size), *subtrees);
    const bool differs = twin.Head(size).root != longer.Head(size).root;
    EXPECT_EQ(Judge(file, longer.key()).finding,
              differs ? Finding::kOk : Finding::kNotConvicting)
        << size;
    if (!differs) continue;
    ++convicted;
    EXPECT_EQ(Judge(file, longer.key()).report.smaller_size, size);
    if (size == 32 || size == 33) {
      ExpectConvicts(file, longer.key(), ConvictionKind::kFork,
                     "does not begin with it");
    }
  }
  EXPECT_GT(convicted, 3);
}

TEST(ConvictionTest, AForkNeedsTheSubtreesOfItsLargerTree) {
  const SmallLog log = HonestLog();
  const SmallLog longer = HonestLog(3);
  const uint64_t size = log.size() - 3;
  auto subtrees = *CommonSubtrees(size, longer.size(), longer.Nodes());
  const std::string larger = longer.Checkpoint(longer.size());
  const std::string smaller = log.Checkpoint(size);
  for (Hash& hash : subtrees) {
    hash[0] ^= 1;
    EXPECT_EQ(
        Judge(ForkConviction(larger, smaller, subtrees), log.key()).finding,
        Finding::kRootMismatch);
    hash[0] ^= 1;
  }
  subtrees.pop_back();
  EXPECT_EQ(Judge(ForkConviction(larger, smaller, subtrees), log.key()).finding,
            Finding::kPathTooShort);
  EXPECT_EQ(Judge(ForkConviction(smaller, larger, subtrees), log.key()).finding,
            Finding::kTreeShrank);
  EXPECT_EQ(Judge(ForkConviction(larger, larger, {}), log.key()).finding,
            Finding::kNotConvicting);
}

TEST(ConvictionTest, ALeafOfAWrongFormIsImpossible) {
  const std::string good = FormatSubjectLeaf({9}, {9});
  std::string spare = FormatSealLeaf({{1}, 7, 1800000050});
  spare.back() = 1;
  const std::map<std::string, std::string> leaves = {
      {"does not have 65 bytes", good.substr(0, 64)},
      {"kind", '\x04' + good.substr(1)},
      {"16", spare}};
  for (const auto& [words, leaf] : leaves) {
    SmallLog log = HonestLog();
    log.AddLeaf(leaf);
    log.Seal(1800000050);
    uint64_t index = log.size() - 1;
    while (log.Leaf(index) != leaf) --index;
    ExpectConvicts(BuilderOf(log).ImpossibleLeaf(index), log.key(),
                   ConvictionKind::kImpossibleLeaf,
                   "leaf " + std::to_string(index));
  }
}

TEST(ConvictionTest, ASealThatCoversAnotherSizeIsImpossible) {
  SmallLog log = HonestLog();
  log.Seal(1800000050, SealLie::kCoverage);
  ExpectConvicts(BuilderOf(log).ImpossibleLeaf(log.size() - 1), log.key(),
                 ConvictionKind::kImpossibleLeaf, "cover");
}

TEST(ConvictionTest, AHeadThatDoesNotEndInASealIsImpossible) {
  SmallLog log = HonestLog();
  log.Seal(1800000050, SealLie::kMissing);
  ExpectConvicts(BuilderOf(log).ImpossibleLeaf(log.size() - 1), log.key(),
                 ConvictionKind::kImpossibleLeaf, "does not end in a seal");
  // The same leaf in the middle of a batch is as it should be.
  const SmallLog honest = HonestLog(1);
  EXPECT_EQ(Judge(*BuilderOf(honest).ImpossibleLeaf(3), honest.key()).finding,
            Finding::kNotConvicting);
}

TEST(ConvictionTest, NeighboursOutOfOrderAreImpossible) {
  SmallLog log = HonestLog();
  const uint64_t first = log.size();
  log.Seal(1800000050, SealLie::kUnordered);
  ExpectConvicts(BuilderOf(log).ImpossibleLeaves(first, first + 1, ""),
                 log.key(), ConvictionKind::kImpossibleLeaf, "order");
  EXPECT_NE(
      Judge(*BuilderOf(log).ImpossibleLeaves(first, first + 2, ""), log.key())
          .finding,
      Finding::kOk);
  EXPECT_NE(
      Judge(*BuilderOf(log).ImpossibleLeaves(first + 1, first, ""), log.key())
          .finding,
      Finding::kOk);
}

TEST(ConvictionTest, ABackdatedSealIsImpossible) {
  SmallLog log = HonestLog();
  const uint64_t before = log.size() - 1;
  log.Seal(1800000019);
  ExpectConvicts(BuilderOf(log).ImpossibleLeaves(before, log.size() - 1, ""),
                 log.key(), ConvictionKind::kImpossibleLeaf, "earlier");
  // Any earlier seal will do, but not one of the same time.
  EXPECT_EQ(Judge(*BuilderOf(log).ImpossibleLeaves(1, log.size() - 1,
                                                   log.documents().at(0)),
                  log.key())
                .finding,
            Finding::kNotConvicting);
}

TEST(ConvictionTest, SealsTooCloseAreImpossible) {
  SmallLog log = HonestLog();
  const uint64_t before = log.size() - 1;
  log.AddAccess(kResident, 0);
  log.Seal(1800000050, SealLie::kTooFew);
  const std::string& config = log.documents().at(0);
  ExpectConvicts(
      BuilderOf(log).ImpossibleLeaves(before, log.size() - 1, config),
      log.key(), ConvictionKind::kImpossibleLeaf, "fewer leaves");
  EXPECT_EQ(Judge(*BuilderOf(log).ImpossibleLeaves(before, log.size() - 1, ""),
                  log.key())
                .finding,
            Finding::kEvidenceMalformed);
  // Another log's config may want more.
  EXPECT_EQ(Judge(*BuilderOf(log).ImpossibleLeaves(
                      before, log.size() - 1,
                      SmallLog("log.example/other").documents().at(0)),
                  log.key())
                .finding,
            Finding::kDocumentHash);
}

TEST(ConvictionTest, ALeafThatTheIndexLacksIsAnOmission) {
  SmallLog log = HonestLog();
  const uint64_t leaf = LeafOf(log, kResident, 0, 1);
  log.HideFromIndex(KeyAt(log, leaf));
  log.Seal(1800000050);
  const uint64_t seal = log.size() - 1;
  const auto absence = log.IndexAt(seal).ProveAbsence(KeyAt(log, leaf));
  ASSERT_TRUE(absence.has_value());
  log.Seal(1800000060);
  ExpectConvicts(BuilderOf(log).Omission(leaf, seal, *absence), log.key(),
                 ConvictionKind::kOmission, "left leaf");
  // Of another leaf, under another seal, or before the leaf, it says nothing.
  EXPECT_NE(Judge(*BuilderOf(log).Omission(leaf + 1, seal, *absence), log.key())
                .finding,
            Finding::kOk);
  EXPECT_NE(
      Judge(*BuilderOf(log).Omission(leaf, log.size() - 1, *absence), log.key())
          .finding,
      Finding::kOk);
  const auto early = log.IndexAt(1).ProveAbsence(KeyAt(log, leaf));
  EXPECT_EQ(Judge(*BuilderOf(log).Omission(leaf, 1, *early), log.key()).finding,
            Finding::kSealMisplaced);
}

TEST(ConvictionTest, OneKeyInTwoLeavesIsADuplicate) {
  SmallLog log = HonestLog();
  const uint64_t first = LeafOf(log, kResident, 0, 1);
  log.AddLeaf(FormatSubjectLeaf(KeyAt(log, first), {7}));
  log.Seal(1800000050);
  uint64_t second = log.size() - 2;
  while (KeyAt(log, second) != KeyAt(log, first)) --second;
  ExpectConvicts(BuilderOf(log).Duplicate(first, second), log.key(),
                 ConvictionKind::kDuplicate, "gave one key to leaf");
  EXPECT_EQ(Judge(*BuilderOf(log).Duplicate(first, first), log.key()).finding,
            Finding::kNotConvicting);
}

TEST(ConvictionTest, SealsAreNoDuplicates) {
  // Two seals may well have one index root: it is no key.
  SmallLog log = HonestLog();
  EXPECT_EQ(
      Judge(*BuilderOf(log).Duplicate(1, log.size() - 1), log.key()).finding,
      Finding::kNotConvicting);
}

TEST(ConvictionTest, AnIndexThatLeadsToAnotherLeafIsWrong) {
  for (const bool to_seal : {false, true}) {
    SmallLog log = HonestLog();
    const uint64_t leaf = LeafOf(log, kResident, 0, 1);
    const uint64_t target = to_seal ? SealAfter(log, leaf) : leaf + 1;
    log.LieAboutKey(KeyAt(log, leaf), target);
    log.Seal(1800000050);
    const uint64_t seal = log.size() - 1;
    const auto presence = log.IndexAt(seal).ProvePresence(KeyAt(log, leaf));
    ExpectConvicts(BuilderOf(log).WrongIndexEntry(KeyAt(log, leaf), target,
                                                  seal, *presence),
                   log.key(), ConvictionKind::kWrongIndexEntry,
                   "does not carry it");
    EXPECT_EQ(Judge(*BuilderOf(log).WrongIndexEntry(KeyAt(log, leaf), leaf,
                                                    seal, *presence),
                    log.key())
                  .finding,
              Finding::kNotConvicting);
  }
}

TEST(ConvictionTest, ARunWithAnotherRootThanItsLeavesIsAWrongSeal) {
  SmallLog log = HonestLog();
  log.LieAboutKey({0xee}, 3);  // a key that no leaf has
  log.Seal(1800000050);
  const uint64_t seal = log.size() - 1;
  ExpectConvicts(
      BuilderOf(log).WrongSeal(seal, log.IndexAt(seal).run_roots(), 0),
      log.key(), ConvictionKind::kWrongSeal, "another root");
  const SmallLog honest = HonestLog();
  const uint64_t last = honest.size() - 1;
  EXPECT_EQ(Judge(*BuilderOf(honest).WrongSeal(
                      last, honest.IndexAt(last).run_roots(), 0),
                  honest.key())
                .finding,
            Finding::kNotConvicting);
  std::vector<Hash> roots = honest.IndexAt(last).run_roots();
  roots[0][5] ^= 1;
  EXPECT_EQ(
      Judge(*BuilderOf(honest).WrongSeal(last, roots, 0), honest.key()).finding,
      Finding::kIndexRootMismatch);
}

TEST(ConvictionTest, OneWrongRunOfSeveralIsAWrongSeal) {
  SmallLog log = HonestLog();
  for (int i = 0; log.size() < 4100 && i < 600; ++i) {
    for (uint8_t k = 0; k < 200; ++k) {
      log.AddLeaf(
          FormatSubjectLeaf(LeafHash(std::to_string(1000 * i + k)), {}));
    }
    if (log.size() > 3800) log.LieAboutKey({0xee}, 4);
    log.Seal(1800000050);
  }
  const uint64_t seal = log.size() - 1;
  ASSERT_EQ(log.IndexAt(seal).run_roots().size(), 2u);
  const std::vector<Hash> roots = log.IndexAt(seal).run_roots();
  EXPECT_EQ(Judge(*BuilderOf(log).WrongSeal(seal, roots, 0), log.key()).finding,
            Finding::kOk);
  EXPECT_EQ(Judge(*BuilderOf(log).WrongSeal(seal, roots, 1), log.key()).finding,
            Finding::kNotConvicting);
}

class ChainConvictionTest : public testing::Test {
 protected:
  ChainEvidence Evidence(const SmallLog& log, const std::string& subject,
                         uint32_t a) {
    proof_ = log.ChainKey(subject, a).second;
    return {{log.origin(), a, subject}, proof_, log.documents().at(0)};
  }
  Opening OpeningAt(const SmallLog& log, const std::string& subject, uint32_t a,
                    int i) {
    chain_ = log.Chain(subject, a, log.size());
    const v1::Opening& opening = chain_.entries(i).opening();
    return {opening.record_salt(), opening.record(), opening.actor_salt(),
            opening.actor()};
  }

  // What the last Evidence and OpeningAt point into.
  std::string proof_;
  v1::Chain chain_;
};

TEST_F(ChainConvictionTest, AnEntryWithoutTheOneBeforeIsAHole) {
  SmallLog log = HonestLog();
  log.SetNext(kResident, 0, 5);  // entries 3 and 4 are not there
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  const uint64_t leaf = LeafOf(log, kResident, 0, 3);
  const uint64_t seal = log.size() - 1;
  const auto absence =
      log.IndexAt(seal).ProveAbsence(log.Label(kResident, 0, 4));
  const ChainEvidence chain = Evidence(log, kResident, 0);
  const auto file = BuilderOf(log).Hole(chain, leaf, 5, 4, seal, *absence);
  ExpectConvicts(file, log.key(), ConvictionKind::kHole,
                 "left an earlier entry");
  EXPECT_TRUE(Judge(*file, log.key()).report.names_person);
  EXPECT_EQ(
      Judge(*BuilderOf(log).Hole(chain, leaf, 4, 4, seal, *absence), log.key())
          .finding,
      Finding::kNotConvicting);
  // The next label of a whole chain is absent in every honest log.
  const SmallLog honest = HonestLog();
  const uint64_t last = honest.size() - 1;
  const auto next =
      honest.IndexAt(last).ProveAbsence(honest.Label(kResident, 0, 3));
  EXPECT_EQ(Judge(*BuilderOf(honest).Hole(Evidence(honest, kResident, 0),
                                          LeafOf(honest, kResident, 0, 2), 2, 3,
                                          last, *next),
                  honest.key())
                .finding,
            Finding::kNotConvicting);
}

TEST_F(ChainConvictionTest, AnEntryUnderNoLabelOfItsChainHasAWrongLabel) {
  SmallLog log = HonestLog();
  // An access of the resident, filed where nobody will look for it.
  SmallLog elsewhere = HonestLog();
  elsewhere.AddAccess(kResident, 0);
  elsewhere.Seal(1800000050);
  const Opening opening = OpeningAt(elsewhere, kResident, 0, 3);
  const std::string leaf =
      elsewhere.Chain(kResident, 0, elsewhere.size()).entries(3).leaf();
  log.AddLeaf(FormatSubjectLeaf(
      {0xaa}, *HashFromBytes(std::string_view(leaf).substr(33))));
  log.Seal(1800000050);
  uint64_t index = log.size() - 2;
  while (KeyAt(log, index) != Hash{0xaa}) --index;
  const uint64_t seal = log.size() - 1;
  const auto absence =
      log.IndexAt(seal).ProveAbsence(log.Label(kResident, 0, 3));
  const ChainEvidence chain = Evidence(log, kResident, 0);
  const auto file =
      BuilderOf(log).WrongLabel(chain, index, opening, 3, seal, *absence);
  ExpectConvicts(file, log.key(), ConvictionKind::kWrongLabel,
                 "belongs to another chain");
  EXPECT_TRUE(Judge(*file, log.key()).report.names_person);
}

TEST_F(ChainConvictionTest, AnHonestEntryHasNoWrongLabel) {
  const SmallLog log = HonestLog();
  const uint64_t seal = log.size() - 1;
  const ChainEvidence chain = Evidence(log, kResident, 0);
  for (int i = 0; i < 3; ++i) {
    const uint64_t leaf = LeafOf(log, kResident, 0, i);
    const Opening opening = OpeningAt(log, kResident, 0, i);
    const auto absence =
        log.IndexAt(seal).ProveAbsence(log.Label(kResident, 0, 3));
    EXPECT_EQ(Judge(*BuilderOf(log).WrongLabel(chain, leaf, opening, 3, seal,
                                               *absence),
                    log.key())
                  .finding,
              Finding::kNotConvicting);
    EXPECT_EQ(
        Judge(*BuilderOf(log).WrongContent(chain, leaf, opening, i), log.key())
            .finding,
        Finding::kNotConvicting);
    // With fewer labels than the chain has, the next one is not absent.
    EXPECT_NE(Judge(*BuilderOf(log).WrongLabel(chain, leaf, opening, 0, seal,
                                               *absence),
                    log.key())
                  .finding,
              Finding::kOk);
  }
}

TEST_F(ChainConvictionTest, ContentOfAnotherChainUnderALabelIsWrong) {
  SmallLog log = HonestLog();
  log.AddAccess(kResident, 0, SmallLie::kOtherSubject);
  log.Seal(1800000050);
  const uint64_t leaf = LeafOf(log, kResident, 0, 3);
  const ChainEvidence chain = Evidence(log, kResident, 0);
  ExpectConvicts(BuilderOf(log).WrongContent(
                     chain, leaf, OpeningAt(log, kResident, 0, 3), 3),
                 log.key(), ConvictionKind::kWrongLabel,
                 "belongs to another chain");
  // It is not that of entry 2, nor does another opening open it.
  EXPECT_NE(Judge(*BuilderOf(log).WrongContent(
                      chain, leaf, OpeningAt(log, kResident, 0, 3), 2),
                  log.key())
                .finding,
            Finding::kOk);
  EXPECT_EQ(Judge(*BuilderOf(log).WrongContent(
                      chain, leaf, OpeningAt(log, kResident, 0, 2), 3),
                  log.key())
                .finding,
            Finding::kCommitmentMismatch);
}

TEST_F(ChainConvictionTest, AProofUnderAnotherLabelKeyShowsNothing) {
  SmallLog log = HonestLog();
  log.SetNext(kResident, 0, 5);
  log.AddAccess(kResident, 0);
  log.Seal(1800000050);
  const uint64_t seal = log.size() - 1;
  const auto absence =
      log.IndexAt(seal).ProveAbsence(log.Label(kResident, 0, 4));
  ChainEvidence chain = Evidence(log, kResident, 0);
  const std::string other =
      SmallLog("log.example/other").ChainKey(kResident, 0).second;
  chain.vrf_proof = other;
  EXPECT_EQ(Judge(*BuilderOf(log).Hole(chain, LeafOf(log, kResident, 0, 3), 5,
                                       4, seal, *absence),
                  log.key())
                .finding,
            Finding::kVrfMismatch);
}

TEST(ConvictionTest, AnOpaqueLogCannotBeConvictedForItsEntries) {
  // An opaque log's entries may be anything; only leaf 0 says what a log is.
  const SmallLog log = HonestLog();
  const auto builder =
      ConvictionBuilder(log.Checkpoint(log.size()), log.size(), log.Nodes(),
                        [&log](uint64_t index, std::string* entry) {
                          *entry = log.Leaf(index == 0 ? 2 : index);
                          return true;
                        });
  EXPECT_NE(Judge(*builder.ImpossibleLeaf(3), log.key()).finding, Finding::kOk);
}

TEST(ConvictionTest, AKindIsNeededAndOnlyOne) {
  SmallLog log = HonestLog();
  log.Seal(1800000050, SealLie::kCoverage);
  const std::string file = *BuilderOf(log).ImpossibleLeaf(log.size() - 1);
  v1::Conviction conviction;
  ASSERT_TRUE(conviction.ParseFromString(file));
  std::string two = file;
  AppendWireBytes(12, conviction.impossible_leaf().SerializeAsString(), &two);
  EXPECT_NE(Judge(two, log.key()).finding, Finding::kOk);
  v1::Conviction changed = conviction;
  changed.clear_kind();
  EXPECT_EQ(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kEvidenceMalformed);
  changed = conviction;
  changed.set_format("vidimus/v2 conviction");
  EXPECT_EQ(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kEvidenceMalformed);
  changed = conviction;
  changed.clear_first_leaf();
  EXPECT_EQ(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kEvidenceMalformed);
  changed = conviction;
  changed.set_config(log.documents().at(0));
  EXPECT_EQ(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kEvidenceMalformed);
  changed = conviction;
  changed.mutable_impossible_leaf()->mutable_leaf()->Add()->CopyFrom(
      conviction.first_leaf());
  EXPECT_NE(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kOk);
  changed = conviction;
  changed.mutable_impossible_leaf()->clear_leaf();
  EXPECT_EQ(Judge(changed.SerializeAsString(), log.key()).finding,
            Finding::kEvidenceMalformed);
}

// No honest log is ever convicted: files of every kind out of its own leaves,
// seals, heads, keys and proofs, put together by chance.
TEST_F(ChainConvictionTest, NoHonestLogIsEverConvicted) {
  const SmallLog log = HonestLog(3);
  std::mt19937_64 random(11);
  std::vector<uint64_t> seals, sizes;
  for (uint64_t index = 0; index < log.size(); ++index) {
    if (KindAt(log, index) != LeafKind::kSeal) continue;
    seals.push_back(index);
    sizes.push_back(index + 1);
  }
  const std::string config = log.documents().at(0);
  std::map<Finding, int> findings;
  for (int round = 0; round < 4000; ++round) {
    const auto any = [&random](const std::vector<uint64_t>& list) {
      return list[random() % list.size()];
    };
    const uint64_t size = any(sizes);
    const ConvictionBuilder builder = BuilderOf(log, size);
    const uint64_t a = random() % size, b = random() % size;
    uint64_t seal = any(seals);
    const std::string subject = random() % 2 ? kResident : kOther;
    const auto administration = static_cast<uint32_t>(random() % 2);
    const v1::Chain shown = log.Chain(subject, administration, log.size());
    const auto entries = static_cast<uint64_t>(shown.entries_size());
    const uint64_t i = random() % (entries + 2);
    const Hash key =
        random() % 2 ? KeyAt(log, a) : log.Label(subject, administration, i);
    const MemoryIndex& index = log.IndexAt(seal);
    AbsenceProof absence;
    if (auto proof = index.ProveAbsence(key)) absence = *std::move(proof);
    PresenceProof presence;
    if (auto proof = index.ProvePresence(key)) presence = *std::move(proof);
    const ChainEvidence chain = Evidence(log, subject, administration);
    const Opening opening =
        entries > 0 ? OpeningAt(log, subject, administration,
                                static_cast<int>(random() % entries))
                    : Opening();
    std::optional<std::string> file;
    switch (round % 10) {
      case 0:
        file = builder.ImpossibleLeaf(random() % 2 ? a : size - 1);
        break;
      case 1:
        file = builder.ImpossibleLeaves(a, random() % 2 ? a + 1 : b,
                                        random() % 2 ? config : std::string());
        break;
      case 2:
        file = builder.ImpossibleLeaves(any(seals), any(seals),
                                        random() % 2 ? config : std::string());
        break;
      case 3:
        file = builder.Omission(a, seal, absence);
        break;
      case 4:
        file = builder.Duplicate(a, random() % 3 ? b : a);
        break;
      case 5:
        file = builder.WrongIndexEntry(
            key, presence.path.end ? presence.path.end->index : b, seal,
            presence);
        break;
      case 6:
        file = builder.WrongSeal(seal, index.run_roots(), 0);
        break;
      case 7:
        file = builder.Hole(
            chain, i < entries ? LeafOf(log, subject, administration, i) : a, i,
            random() % (i + 1), seal, absence);
        break;
      case 8:
        file = builder.WrongContent(
            chain, i < entries ? LeafOf(log, subject, administration, i) : a,
            opening, i);
        break;
      default:
        file = builder.WrongLabel(
            chain, i < entries ? LeafOf(log, subject, administration, i) : a,
            opening, i, seal, absence);
    }
    if (round % 41 == 0) {
      const uint64_t smaller = any(sizes);
      file = ForkConviction(log.Checkpoint(size), log.Checkpoint(smaller),
                            smaller < size
                                ? *CommonSubtrees(smaller, size, log.Nodes())
                                : std::vector<Hash>());
    }
    if (!file) continue;
    const Verdict verdict = Judge(*file, log.key());
    ASSERT_NE(verdict.finding, Finding::kOk)
        << "round " << round << ": " << verdict.sentence;
    ++findings[verdict.finding];
  }
  // The files came close enough to be judged.
  EXPECT_GT(findings[Finding::kNotConvicting], 500);
  EXPECT_GT(findings.size(), 5u);
}

TEST(ConvictionTest, TheSentencesOfAllKindsDiffer) {
  std::map<std::string, int> names;
  for (int kind = 0; kind < kConvictionKindCount; ++kind) {
    ConvictionReport report;
    report.kind = static_cast<ConvictionKind>(kind);
    report.head.size = 9;
    ++names[ConvictionSentence("log.example", report)];
    ++names[ConvictionKindName(report.kind)];
  }
  EXPECT_EQ(names.size(), 2u * kConvictionKindCount);
}

}  // namespace
}  // namespace vidimus
