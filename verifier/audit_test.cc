#include "verifier/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/city/2026h2";

// --- Opaque logs
// ---------------------------------------------------------------

struct OpaqueLog {
  explicit OpaqueLog(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) {
      const std::string entry = DecimalEncode(i);
      if (i % kTileWidth == 0) bundles.emplace_back();
      AppendBundleEntry(entry, &bundles.back());
      tree.Append(
          LeafHash(entry), [this](int level, uint64_t index, const Hash& hash) {
            if (level % kTileHeight != 0) return;
            tiles[{level / kTileHeight, index / kTileWidth}] += Bytes(hash);
          });
    }
  }

  // Compares a span with the tiles here.
  TileJudge Judge() const {
    return [this](const TileSpan& span) {
      const auto tile = tiles.find({span.level, span.n});
      if (tile == tiles.end()) return Finding::kTileMismatch;
      const std::string ours = BytesOfHashes(span.hashes);
      return tile->second.compare(span.first * kHashBytes, ours.size(), ours) ==
                     0
                 ? Finding::kOk
                 : Finding::kTileMismatch;
    };
  }

  std::vector<std::string> bundles;
  std::map<std::pair<int, uint64_t>, std::string> tiles;
  CompactRange tree;
};

Finding Audit(const OpaqueLog& log, Auditor* auditor) {
  for (size_t n = 0; n < log.bundles.size(); ++n) {
    RETURN_IF_FOUND(auditor->AddBundle(n * kTileWidth, log.bundles[n]));
  }
  return auditor->Finish(log.tree.Head());
}

AuditOptions OpaqueOptions(const OpaqueLog& log) {
  AuditOptions options;
  options.tile_judge = log.Judge();
  return options;
}

TEST(AuditTest, FindsNothingInASoundLog) {
  for (const uint64_t size : {0, 1, 2, 255, 256, 257, 65535, 65536, 65537}) {
    const OpaqueLog log(size);
    Auditor auditor(OpaqueOptions(log));
    EXPECT_EQ(Audit(log, &auditor), Finding::kOk) << size;
    EXPECT_EQ(auditor.size(), size);
  }
}

TEST(AuditTest, NamesTheTileThatIsWrong) {
  for (const auto& [level, n] :
       std::vector<std::pair<int, uint64_t>>{{0, 0}, {0, 3}, {0, 4}, {1, 0}}) {
    OpaqueLog log(1030);
    std::string& tile = log.tiles[{level, n}];
    tile.back() = static_cast<char>(tile.back() ^ 1);
    Auditor auditor(OpaqueOptions(log));
    EXPECT_EQ(Audit(log, &auditor), Finding::kTileMismatch);
    ASSERT_TRUE(auditor.place().tile.has_value());
    EXPECT_EQ(auditor.place().tile->level, level);
    EXPECT_EQ(auditor.place().tile->n, n);
  }
}

TEST(AuditTest, RejectsAnotherHead) {
  const OpaqueLog log(300);
  const auto judge = [&log](const TreeHead& head) {
    Auditor auditor(OpaqueOptions(log));
    EXPECT_EQ(auditor.AddBundle(0, log.bundles[0]), Finding::kOk);
    EXPECT_EQ(auditor.AddBundle(256, log.bundles[1]), Finding::kOk);
    return auditor.Finish(head);
  };
  EXPECT_EQ(judge(log.tree.Head()), Finding::kOk);
  EXPECT_EQ(judge({301, log.tree.Root()}), Finding::kIndexOutOfTurn);
  EXPECT_EQ(judge({300, LeafHash("x")}), Finding::kRootMismatch);
}

TEST(AuditTest, RejectsBundlesOutOfTurnOrBroken) {
  const OpaqueLog log(600);
  Auditor auditor(OpaqueOptions(log));
  EXPECT_EQ(auditor.AddBundle(0, log.bundles[0]), Finding::kOk);
  EXPECT_EQ(auditor.AddBundle(512, log.bundles[2]), Finding::kIndexOutOfTurn);
  EXPECT_EQ(auditor.place().leaf_index, 256u);
  // What was found stays found.
  EXPECT_EQ(auditor.AddBundle(256, log.bundles[1]), Finding::kIndexOutOfTurn);

  Auditor other(OpaqueOptions(log));
  EXPECT_EQ(other.AddBundle(0, log.bundles[0].substr(0, 701)),
            Finding::kBundleTruncated);
}

TEST(AuditTest, GoesOnFromATreeThatWasVerified) {
  const OpaqueLog log(1030);
  for (const uint64_t start : {1, 255, 256, 700}) {
    CompactRange tree;
    for (uint64_t i = 0; i < start; ++i)
      tree.Append(LeafHash(DecimalEncode(i)));
    Auditor auditor(OpaqueOptions(log), tree, 0);
    for (uint64_t i = start; i < 1030; ++i) {
      ASSERT_EQ(auditor.AddEntry(DecimalEncode(i)), Finding::kOk);
    }
    EXPECT_EQ(auditor.Finish(log.tree.Head()), Finding::kOk) << start;
  }
}

TEST(AuditTest, ItsTreeIsThatOfTheEntriesAtEverySize) {
  for (const uint64_t start : {0, 1, 255, 256, 700}) {
    CompactRange tree;
    for (uint64_t i = 0; i < start; ++i) {
      tree.Append(LeafHash(DecimalEncode(i)));
    }
    Auditor auditor({}, tree, 0);
    for (uint64_t i = start; i < 1030; ++i) {
      tree.Append(LeafHash(DecimalEncode(i)));
      ASSERT_EQ(auditor.AddEntry(DecimalEncode(i)), Finding::kOk);
      ASSERT_EQ(auditor.size(), tree.size());
      ASSERT_EQ(auditor.tree().Head(), tree.Head()) << start << " " << i;
    }
  }
}

TEST(AuditTest, GoesOnAfterFinishAndFromACopy) {
  const OpaqueLog log(300);
  Auditor auditor(OpaqueOptions(log));
  CompactRange tree;
  for (uint64_t i = 0; i < 100; ++i) {
    tree.Append(LeafHash(DecimalEncode(i)));
    ASSERT_EQ(auditor.AddEntry(DecimalEncode(i)), Finding::kOk);
    ASSERT_EQ(auditor.Finish(tree.Head()), Finding::kOk);
  }
  Auditor copy = auditor;
  EXPECT_NE(copy.AddBundle(0, log.bundles[0]), Finding::kOk);
  for (uint64_t i = 100; i < 300; ++i) {
    ASSERT_EQ(auditor.AddEntry(DecimalEncode(i)), Finding::kOk);
  }
  EXPECT_EQ(auditor.Finish(log.tree.Head()), Finding::kOk);
}

// --- Access logs
// ---------------------------------------------------------------

std::string Number(uint32_t field, uint64_t value) {
  std::string bytes;
  AppendWireNumber(field, value, &bytes);
  return bytes;
}

std::string Field(uint32_t field, std::string_view value) {
  std::string bytes;
  AppendWireBytes(field, value, &bytes);
  return bytes;
}

// A small access log whose parts a test may change before it is audited.
class AccessAuditTest : public testing::Test {
 protected:
  AccessAuditTest() {
    Put({RegisterType::kConfig, 0, 0}, ConfigMessage(), config_publisher_);
    Close(100);
    Put({RegisterType::kAdministration, 0, 0}, AdministrationMessage(),
        publisher_);
    Put({RegisterType::kAdministration, 1, 0}, AdministrationMessage(),
        publisher_);
    Put({RegisterType::kAdministration, 0, 1}, AdministrationMessage(),
        publisher_);
    Fill(3);
    Close(100);
  }

  std::string ConfigMessage() {
    std::string limits;
    for (int field = 1; field <= 7; ++field) limits += Number(field, 60);
    return Field(1, kOrigin) + Field(2, publisher_.public_key()) +
           Publisher(0, config_publisher_) + Publisher(1, publisher_) +
           Field(4, Number(1, 4096) + Number(2, 4) + Number(3, 3) +
                        Number(4, 16384) + Number(5, 16)) +
           Field(5, Number(1, 3) + Number(2, 100)) + Field(6, limits) +
           Field(7, Number(1, 1) + Field(2, "opaque"));
  }

  static std::string Publisher(uint32_t type, const Ed25519Signer& signer) {
    return Field(3, Number(1, type) + Field(2, signer.public_key()));
  }

  static std::string AdministrationMessage() {
    return Field(1, Field(1, "en") + Field(2, "Social services"));
  }

  // Adds a register leaf and its document to the batch.
  void Put(const RegisterId& id, const std::string& message,
           const Ed25519Signer& signer) {
    const std::string document =
        signer.Sign(RegisterSignedBytes(kOrigin, id, message)) + message;
    documents_[Sha256(document)] = document;
    batch_.push_back(FormatRegisterLeaf(RegisterKey(id), Sha256(document)));
  }

  // Adds subject leaves.
  void Fill(int count) {
    for (int i = 0; i < count; ++i) {
      batch_.push_back(
          FormatSubjectLeaf(Sha256(DecimalEncode(++labels_)), Sha256("c")));
    }
  }

  // Ends the batch.
  void Close(uint64_t time_s) {
    std::sort(batch_.begin(), batch_.end(),
              [](const std::string& a, const std::string& b) {
                return a.substr(1) < b.substr(1);
              });
    entries_.insert(entries_.end(), batch_.begin(), batch_.end());
    batch_.clear();
    entries_.push_back(FormatSealLeaf({{}, entries_.size(), time_s}));
  }

  AuditOptions Options() {
    AuditOptions options;
    options.access_log = true;
    options.origin = kOrigin;
    options.documents = [this](const Hash& hash, std::string* document) {
      const auto found = documents_.find(hash);
      if (found == documents_.end()) return false;
      *document = found->second;
      return true;
    };
    return options;
  }

  Finding Judge(AuditOptions options) {
    Auditor auditor(std::move(options));
    CompactRange tree;
    Finding finding = Finding::kOk;
    for (const std::string& entry : entries_) {
      tree.Append(LeafHash(entry));
      finding = auditor.AddEntry(entry);
    }
    if (finding == Finding::kOk) finding = auditor.Finish(tree.Head());
    leaf_index_ = auditor.place().leaf_index;
    return finding;
  }
  Finding Judge() { return Judge(Options()); }

  const Ed25519Signer config_publisher_{std::string(32, 'c')};
  const Ed25519Signer publisher_{std::string(32, 'p')};
  std::map<Hash, std::string> documents_;
  std::vector<std::string> batch_;
  std::vector<std::string> entries_;
  uint64_t labels_ = 0;
  uint64_t leaf_index_ = 0;
};

TEST_F(AccessAuditTest, FindsNothingInASoundLog) {
  Fill(5);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kOk);
  AuditOptions options = Options();
  options.documents = nullptr;
  options.min_batch = 3;
  EXPECT_EQ(Judge(options), Finding::kOk);
}

TEST_F(AccessAuditTest, MinBatchIsThatOfTheConfig) {
  Fill(2);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kBatchTooSmall);
  EXPECT_EQ(leaf_index_, 11u);
}

TEST_F(AccessAuditTest, RejectsALogThatDoesNotEndInASeal) {
  entries_.push_back(FormatSubjectLeaf({}, {}));
  EXPECT_EQ(Judge(), Finding::kBatchUnfinished);
  entries_.clear();
  EXPECT_EQ(Judge(), Finding::kBatchUnfinished);
}

TEST_F(AccessAuditTest, SaysWhatIsWrongWithABatchAndWhere) {
  Fill(3);
  Close(99);
  EXPECT_EQ(Judge(), Finding::kSealTimeDecreases);
  EXPECT_EQ(leaf_index_, entries_.size() - 1);
  entries_[2] = "x";
  EXPECT_EQ(Judge(), Finding::kLeafSize);
  EXPECT_EQ(leaf_index_, 2u);
}

TEST_F(AccessAuditTest, RejectsAGapInNumbersOrVersions) {
  for (const RegisterId& id : {RegisterId{RegisterType::kAdministration, 3, 0},
                               RegisterId{RegisterType::kAdministration, 1, 2},
                               RegisterId{RegisterType::kAdministration, 0, 1},
                               RegisterId{RegisterType::kConfig, 1, 0},
                               RegisterId{RegisterType::kConfig, 0, 2}}) {
    const auto before = entries_;
    Put(id, AdministrationMessage(), publisher_);
    Fill(3);
    Close(101);
    EXPECT_EQ(Judge(), Finding::kRegisterNotDense);
    EXPECT_GE(leaf_index_, before.size());
    entries_ = before;
  }
}

TEST_F(AccessAuditTest, RejectsADocumentThatIsMissingOrAnother) {
  const Leaf leaf = [this] {
    Leaf parsed;
    EXPECT_EQ(ParseLeaf(entries_[0], &parsed), Finding::kOk);
    return parsed;
  }();
  const std::string document = documents_[leaf.b];
  documents_.erase(leaf.b);
  EXPECT_EQ(Judge(), Finding::kDocumentMissing);
  EXPECT_EQ(leaf_index_, 0u);
  documents_[leaf.b] = document + "x";
  EXPECT_EQ(Judge(), Finding::kDocumentHash);
}

TEST_F(AccessAuditTest, RejectsADocumentByAnotherPublisher) {
  Put({RegisterType::kAdministration, 2, 0}, AdministrationMessage(),
      config_publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kDocumentSignature);
}

TEST_F(AccessAuditTest, APublisherCountsFromTheBatchAfterItsConfig) {
  const auto before = entries_;
  const RegisterId purpose = {RegisterType::kPurpose, 0, 0};
  const std::string adds = Publisher(3, publisher_);
  Put(purpose, "any", publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kPublisherUnknown);

  entries_ = before;
  Put({RegisterType::kConfig, 0, 1}, adds, config_publisher_);
  Put(purpose, "any", publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kPublisherUnknown);

  entries_ = before;
  Put({RegisterType::kConfig, 0, 1}, adds, config_publisher_);
  Fill(3);
  Close(101);
  Put(purpose, "any", publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kOk);
}

TEST_F(AccessAuditTest, ALaterConfigReplacesNoPublisher) {
  Put({RegisterType::kConfig, 0, 1}, Publisher(1, config_publisher_),
      config_publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kDocumentFieldInvalid);
}

TEST_F(AccessAuditTest, RejectsTheConfigOfAnotherLog) {
  AuditOptions options = Options();
  options.origin = "log.example/other";
  EXPECT_EQ(Judge(options), Finding::kOriginMismatch);
}

TEST_F(AccessAuditTest, RejectsAnAdministrationThatIsNotWellFormed) {
  Put({RegisterType::kAdministration, 2, 0}, "", publisher_);
  Fill(3);
  Close(101);
  EXPECT_EQ(Judge(), Finding::kDocumentFieldMissing);
}

// Finds every index root wrong.
class Doubter : public IndexJudge {
 public:
  Finding Add(uint64_t index, const Leaf&) override {
    EXPECT_EQ(index, next_++);
    return Finding::kOk;
  }
  Finding AddSeal(uint64_t index, const Seal& seal) override {
    EXPECT_EQ(index, seal.covered);
    ++next_;
    return index > 1 ? Finding::kIndexRoot : Finding::kOk;
  }

 private:
  uint64_t next_ = 0;
};

TEST_F(AccessAuditTest, TheIndexJudgeSeesEachLeafAndSeal) {
  Doubter doubter;
  AuditOptions options = Options();
  options.index_judge = &doubter;
  EXPECT_EQ(Judge(options), Finding::kIndexRoot);
  EXPECT_EQ(leaf_index_, entries_.size() - 1);
}

TEST_F(AccessAuditTest, GoesOnFromASeal) {
  CompactRange tree;
  for (const std::string& entry : entries_) tree.Append(LeafHash(entry));
  AuditOptions options = Options();
  options.documents = nullptr;
  options.min_batch = 3;
  Auditor auditor(options, tree, 100);
  const size_t start = entries_.size();
  Fill(3);
  Close(99);
  Finding finding = Finding::kOk;
  for (size_t i = start; i < entries_.size(); ++i) {
    finding = auditor.AddEntry(entries_[i]);
  }
  EXPECT_EQ(finding, Finding::kSealTimeDecreases);
}

// Goal: stopping after any batch changes nothing of what is found later.
TEST_F(AccessAuditTest, GoesOnFromWhatWasSavedAfterEachBatch) {
  Put({RegisterType::kConfig, 0, 1}, Publisher(2, publisher_),
      config_publisher_);
  Fill(3);
  Close(120);
  Put({RegisterType::kProvision, 0, 0}, "any", publisher_);
  Put({RegisterType::kAdministration, 2, 0}, AdministrationMessage(),
      publisher_);
  Fill(3);
  Close(130);
  Put({RegisterType::kAdministration, 0, 2}, AdministrationMessage(),
      publisher_);
  Fill(3);
  Close(140);
  const std::vector<std::string> honest = entries_;
  // Each tail that is wrong in some way that only who knows the past can see.
  const std::function<void()> tails[] = {
      [] {},
      [this] { Close(139); },
      [this] { Fill(2), Close(150); },
      [this] {
        Put({RegisterType::kAdministration, 0, 2}, AdministrationMessage(),
            publisher_);
        Fill(3), Close(150);
      },
      [this] {
        Put({RegisterType::kAdministration, 4, 0}, AdministrationMessage(),
            publisher_);
        Fill(3), Close(150);
      },
      [this] {
        Put({RegisterType::kPurpose, 0, 0}, "any", publisher_);
        Fill(3), Close(150);
      },
      [this] {
        Put({RegisterType::kProvision, 1, 0}, "any", config_publisher_);
        Fill(3), Close(150);
      },
  };
  for (const auto& tail : tails) {
    entries_ = honest;
    tail();
    const Finding expected = Judge();
    const uint64_t place = leaf_index_;
    CompactRange tree;
    for (const std::string& entry : entries_) tree.Append(LeafHash(entry));
    Auditor auditor(Options());
    Finding finding = Finding::kOk;
    for (const std::string& entry : entries_) {
      finding = auditor.AddEntry(entry);
      if (!auditor.between_batches()) continue;
      const std::string saved = auditor.Save();
      std::optional<Auditor> restored = Auditor::Restore(Options(), saved);
      ASSERT_TRUE(restored.has_value());
      EXPECT_EQ(restored->Save(), saved);
      EXPECT_EQ(restored->tree().Head(), auditor.tree().Head());
      EXPECT_EQ(restored->last_seal_time_s(), auditor.last_seal_time_s());
      EXPECT_EQ(restored->batch_count(), auditor.batch_count());
      EXPECT_EQ(restored->document_count(), auditor.document_count());
      auditor = *restored;
    }
    if (finding == Finding::kOk) finding = auditor.Finish(tree.Head());
    EXPECT_EQ(finding, expected);
    EXPECT_EQ(auditor.place().leaf_index, place);
  }
}

TEST_F(AccessAuditTest, RefusesSavedBytesThatAreCutOrNotCanonical) {
  Auditor auditor(Options());
  for (const std::string& entry : entries_) {
    ASSERT_EQ(auditor.AddEntry(entry), Finding::kOk);
  }
  const std::string saved = auditor.Save();
  EXPECT_EQ(auditor.document_count(), 4u);
  for (size_t size = 0; size < saved.size(); ++size) {
    EXPECT_FALSE(Auditor::Restore(Options(), saved.substr(0, size)));
  }
  EXPECT_FALSE(Auditor::Restore(Options(), saved + "x"));
  for (size_t at = 0; at < saved.size(); ++at) {
    std::string other = saved;
    other[at] = static_cast<char>(other[at] ^ 1);
    const auto restored = Auditor::Restore(Options(), other);
    if (restored.has_value()) {
      EXPECT_EQ(restored->Save(), other) << at;
    }
  }
}

}  // namespace
}  // namespace vidimus
