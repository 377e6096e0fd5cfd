#include "client/resident.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/bundle.pb.h"
#include "verifier/chain_history.h"
#include "verifier/checkpoint.h"
#include "verifier/compact_range.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/small_log.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

const std::string kResident = "\x01resident-a";
constexpr uint64_t kNow = 1800000100;

const Ed25519NoteSigner& Monitor() {
  static const Ed25519NoteSigner* const kMonitor = new Ed25519NoteSigner(
      "monitor.example/m", kKeyTypeCosignatureEd25519, std::string(32, 'm'));
  return *kMonitor;
}

// A small log behind a door in this process, as honest as its hooks.
class FakeDoor : public ResidentDoor {
 public:
  explicit FakeDoor(const SmallLog* log) : log_(log) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    if (path == "checkpoint") return log_->Checkpoint(size());
    if (path == "cosigned/checkpoint") {
      if (cosigned_size == 0) return absl::NotFoundError("none");
      std::string note = log_->Checkpoint(cosigned_size);
      Note parts;
      EXPECT_EQ(SplitNote(note, &parts), Finding::kOk);
      std::string line;
      EXPECT_TRUE(Monitor().Sign(parts.text, kNow, &line));
      return note + line;
    }
    if (const auto hash = ParseRegisterPath(path)) {
      for (const auto& [index, document] : log_->documents()) {
        if (Sha256(document) == *hash) return document;
      }
      return absl::NotFoundError("no such document");
    }
    const auto address = ParseTilePath(path);
    if (!address.has_value()) return absl::NotFoundError(path);
    if (no_tiles) return absl::UnavailableError("not now");
    std::string tile;
    for (int i = 0; i < address->width; ++i) {
      CompactRange range;
      const uint64_t width = uint64_t{1} << (8 * address->level);
      const uint64_t first = (address->n * kTileWidth + i) * width;
      for (uint64_t k = 0; k < width; ++k) {
        range.Append(LeafHash(log_->Leaf(first + k)));
      }
      tile += Bytes(range.Root());
    }
    EXPECT_LE(tile.size(), bytes_max);
    return tile;
  }

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    const auto refused = refused_chains.find(request.administration());
    if (refused != refused_chains.end()) return refused->second;
    if (out_of_range > 0) {
      --out_of_range;
      return absl::OutOfRangeError("gone");
    }
    EXPECT_TRUE(request.size() == size() || request.size() == cosigned_size);
    v1::GetChainResponse response;
    response.set_size(request.size());
    *response.mutable_chain() =
        log_->Chain(kResident, request.administration(), request.size(),
                    request.first_entry());
    auto* entries = response.mutable_chain()->mutable_entries();
    while (entries->size() > entries_each) {
      entries->RemoveLast();
      response.set_more(true);
    }
    if (doctor) doctor(response.mutable_chain());
    return response;
  }

  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    EXPECT_LE(request.keys_size(), 1024);
    std::vector<Hash> keys;
    for (const std::string& key : request.keys()) {
      keys.push_back(*HashFromBytes(key));
    }
    v1::ProveKeysResponse response;
    response.set_size(request.size());
    if (request.size() + 1 == gone_size) {
      return absl::NotFoundError("HTTP 404: its runs are gone");
    }
    if (request.without_proof()) {
      const std::vector<IndexAnswer> found =
          log_->FindKeys(keys, request.size() + 1);
      for (size_t k = 0; k < keys.size(); ++k) {
        if (!found[k].has_value() || keys[k] == hidden_place) continue;
        v1::KeyPlace* const place = response.add_place();
        place->set_key(static_cast<uint32_t>(k));
        place->set_leaf_index(*found[k]);
      }
      if (spare_place) response.add_place()->set_key(1 << 20);
      return response;
    }
    keys_proven += keys.size();
    response.set_proof(log_->ProveKeys(keys, request.size() + 1));
    if (flip_keys) response.mutable_proof()->back() ^= 1;
    return response;
  }

  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    EXPECT_LE(request.leaf_index_size(), 4096);
    v1::ProveLeavesResponse response;
    response.set_size(request.size());
    std::vector<uint64_t> indices(request.leaf_index().begin(),
                                  request.leaf_index().end());
    if (request.whole_batches()) {
      if (no_whole_batches) return absl::InvalidArgumentError("too large");
      indices = WholeBatches(indices);
      *response.mutable_leaf_index() = {indices.begin(), indices.end()};
    }
    for (const uint64_t index : indices) {
      response.add_leaf(log_->Leaf(index));
    }
    response.set_proof(log_->ProveLeaves(indices, request.size()));
    if (flip_leaves) response.mutable_leaf(0)->back() ^= 1;
    return response;
  }

  uint64_t bytes_read() const override { return 0; }

  // The batches of leaves and the seals before them.
  std::vector<uint64_t> WholeBatches(
      const std::vector<uint64_t>& indices) const {
    const auto is_seal = [this](uint64_t index) {
      return static_cast<LeafKind>(log_->Leaf(index)[0]) == LeafKind::kSeal;
    };
    std::set<uint64_t> leaves;
    for (const uint64_t index : indices) {
      uint64_t first = index;
      while (first > 0 && !is_seal(--first)) {
      }
      do {
        leaves.insert(first++);
      } while (first <= index || !is_seal(first - 1));
    }
    return {leaves.begin(), leaves.end()};
  }

  uint64_t size() const { return size_shown == 0 ? log_->size() : size_shown; }

  std::map<uint32_t, absl::Status> refused_chains;
  std::function<void(v1::Chain*)> doctor;
  uint64_t size_shown = 0;     // an older head
  uint64_t cosigned_size = 0;  // of the head that the monitor cosigned
  uint64_t gone_size = 0;      // of a head without runs
  Hash hidden_place = {};      // of which the log keeps silent
  bool spare_place = false;
  size_t keys_proven = 0;
  int out_of_range = 0;
  bool no_whole_batches = false;
  int entries_each = 3;
  bool no_tiles = false;
  bool flip_keys = false;
  bool flip_leaves = false;

 private:
  const SmallLog* const log_;
};

SmallLog MakeLog() {
  SmallLog log;
  for (uint32_t a = 0; a < 3; ++a) log.PutAdministration(a);
  log.Seal(1800000010);
  for (int k = 0; k < 7; ++k) log.AddAccess(kResident, 0);
  log.Seal(1800000020);
  log.PutAdministration(1);
  log.Seal(1800000030);
  log.AddAccess(kResident, 1);
  log.Seal(1800000040);
  return log;
}

class ResidentTest : public testing::Test {
 protected:
  ResidentTest() : log_(MakeLog()), door_(&log_) {
    std::string folder = testing::TempDir() + "/state.XXXXXX";
    folder_ = mkdtemp(folder.data());
    options_.log_key = log_.key();
    options_.state_folder = folder_;
    options_.now_s = kNow;
  }

  ResidentCheck Check() { return CheckResident(&door_, options_); }

  SmallLog log_;
  FakeDoor door_;
  std::string folder_;
  ResidentOptions options_;
};

TEST_F(ResidentTest, CountsWhatIsThereAndSaysWhatIsNotVouchedFor) {
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitTrue) << check.text;
  EXPECT_TRUE(absl::StartsWith(check.text,
                               "8 accesses by 2 administrations of 3 found; "
                               "nobody has vouched for the index."))
      << check.text;
  EXPECT_TRUE(absl::StrContains(check.text, "0 Administration 0: 7 found"));
  EXPECT_TRUE(absl::StrContains(check.text, "2 Administration 2: 0 found"));
  EXPECT_TRUE(absl::StrContains(
      check.text,
      "2027-01-15 08:00  read pd:Address, for ServiceProvision, "
      "by A6-1-e; who: account 7"))
      << check.text;
  EXPECT_TRUE(absl::StrContains(check.text, "Paper archive is not connected"));
}

TEST_F(ResidentTest, TheBundleHoldsWhatVerdictsNeed) {
  const ResidentCheck check = Check();
  ASSERT_EQ(check.exit_code, kExitTrue) << check.text;
  ChainsReport report;
  ASSERT_EQ(JudgeChainBundle(check.bundle, log_.key(), {}, &report),
            Finding::kOk);
  const std::vector<JudgedChain> chains = JudgeAccesses(report, nullptr);
  ASSERT_EQ(chains.size(), 4u);
  for (const JudgedChain& chain : chains) {
    EXPECT_EQ(chain.gap.finding, Finding::kOk);
  }
  EXPECT_EQ(chains[0].verdicts.verdicts.size(), 7u);
  EXPECT_EQ(chains[1].verdicts.verdicts.size(), 1u);

  // A log that shows no batches can't hide anything; nobody can say when its
  // entries stood.
  door_.no_whole_batches = true;
  const ResidentCheck without = Check();
  EXPECT_EQ(without.exit_code, kExitTrue) << without.text;
  EXPECT_NE(check.text.find("  [unproven: a legal basis that nobody knows, or "
                            "that names no provision]\n"),
            std::string::npos)
      << check.text;
  EXPECT_EQ(without.text.find("[unproven"), std::string::npos);
  EXPECT_NE(without.text.find("1 Administration 1: whether it was allowed: "),
            std::string::npos)
      << without.text;
  ASSERT_EQ(JudgeChainBundle(without.bundle, log_.key(), {}, &report),
            Finding::kOk);
  EXPECT_TRUE(report.Complete());
  EXPECT_EQ(JudgeAccesses(report, nullptr)[0].gap.finding,
            Finding::kPositionUnproven);
}

TEST_F(ResidentTest, SpeaksThreeLanguages) {
  options_.language = Language::kSwedish;
  std::string text = Check().text;
  EXPECT_EQ(text.rfind("8 åtkomster hos 2 förvaltningar av 3 hittades; ingen "
                       "har gått i god för indexet.\n",
                       0),
            0u)
      << text;
  EXPECT_NE(text.find("läste pd:Address, för ServiceProvision, grund A6-1-e; "
                      "vem: account 7"),
            std::string::npos)
      << text;
  options_.language = Language::kFinnish;
  text = Check().text;
  EXPECT_EQ(text.rfind("8 käyttöä, 2 hallintoa kaikkiaan 3:sta löytyi; ", 0),
            0u)
      << text;
  EXPECT_NE(text.find("luki: pd:Address, tarkoitus ServiceProvision"),
            std::string::npos)
      << text;
}

TEST_F(ResidentTest, TheBundleIsJudgedTheSameWithoutANetwork) {
  const ResidentCheck check = Check();
  const ChainJudgement again = JudgeChainFile(log_.key(), {}, check.bundle);
  EXPECT_EQ(again.exit_code, kExitTrue);
  EXPECT_EQ(again.text, check.text);
  const SmallLog other("log.example/other/2026h1");
  EXPECT_EQ(JudgeChainFile(other.key(), {}, check.bundle).exit_code,
            kExitFalse);
  EXPECT_EQ(JudgeChainFile(log_.key(), {}, "nonsense").exit_code,
            kExitUnusable);
}

TEST_F(ResidentTest, UnderAMonitorNoneIsMissing) {
  options_.monitors = {Monitor().key()};
  door_.cosigned_size = log_.size();
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitTrue);
  EXPECT_TRUE(absl::StartsWith(
      check.text, "None is missing: 8 accesses by 2 administrations of 3."))
      << check.text;
  EXPECT_TRUE(absl::StrContains(
      check.text,
      absl::StrCat("Administration 0: 7 and no more at size ", log_.size())));
  // The same without a network.
  const ChainJudgement again =
      JudgeChainFile(log_.key(), options_.monitors, check.bundle);
  EXPECT_EQ(again.exit_code, kExitTrue);
  EXPECT_EQ(again.text, check.text);
}

TEST_F(ResidentTest, UnderAMonitorNoPresenceIsAskedFor) {
  ASSERT_EQ(Check().exit_code, kExitTrue);
  const size_t without = door_.keys_proven;
  options_.monitors = {Monitor().key()};
  door_.cosigned_size = log_.size();
  door_.keys_proven = 0;
  const ResidentCheck check = Check();
  ASSERT_EQ(check.exit_code, kExitTrue);
  // 8 entries, 4 documents of 3 administrations, config.
  EXPECT_EQ(door_.keys_proven, without - 8 - 4 - 1);
  v1::ChainBundle bundle;
  ASSERT_TRUE(bundle.ParseFromString(check.bundle));
  ASSERT_EQ(bundle.keys_size(), 1);

  // Who names no monitor, or another, is told so: nothing in it is false.
  const ChainJudgement judgement = JudgeChainFile(log_.key(), {}, check.bundle);
  EXPECT_EQ(judgement.exit_code, kExitUnusable);
  EXPECT_TRUE(absl::StartsWith(judgement.text,
                               "unusable: register: config, version 0: the "
                               "leaf stands in the log, and that the index "
                               "holds it is neither proven nor vouched for"))
      << judgement.text;
}

TEST_F(ResidentTest, AVouchedBundleHoldsWhatVerdictsNeed) {
  options_.monitors = {Monitor().key()};
  door_.cosigned_size = log_.size();
  for (const bool whole : {true, false}) {
    door_.no_whole_batches = !whole;
    const ResidentCheck check = Check();
    ASSERT_EQ(check.exit_code, kExitTrue) << check.text;
    ChainsReport report;
    ASSERT_EQ(
        JudgeChainBundle(check.bundle, log_.key(), options_.monitors, &report),
        Finding::kOk);
    EXPECT_TRUE(report.Complete());
    for (const JudgedChain& chain : JudgeAccesses(report, nullptr)) {
      if (!whole && chain.administration != 0) continue;
      EXPECT_EQ(chain.gap.finding,
                whole ? Finding::kOk : Finding::kPositionUnproven);
    }
  }
}

TEST_F(ResidentTest, ItIsTheMonitorsHeadThatIsJudged) {
  options_.monitors = {Monitor().key()};
  uint64_t older = log_.size() - 1;
  while (static_cast<LeafKind>(log_.Leaf(older - 1)[0]) != LeafKind::kSeal) {
    --older;
  }
  door_.cosigned_size = older;
  ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitTrue) << check.text;
  EXPECT_TRUE(absl::StartsWith(
      check.text, "None is missing: 7 accesses by 1 administration of 3."))
      << check.text;
  // And never one behind that of the last check.
  door_.cosigned_size = log_.size();
  EXPECT_EQ(Check().exit_code, kExitTrue);
  door_.cosigned_size = older;
  check = Check();
  EXPECT_EQ(check.exit_code, kExitTrue) << check.text;
  EXPECT_TRUE(absl::StrContains(check.text, "nobody has vouched"))
      << check.text;
}

TEST_F(ResidentTest, WithoutAMonitorsHeadTheIndexMustShowAll) {
  const auto expect_not_vouched = [&] {
    door_.keys_proven = 0;
    const ResidentCheck check = Check();
    EXPECT_EQ(check.exit_code, kExitTrue) << check.text;
    EXPECT_TRUE(absl::StrContains(check.text, "nobody has vouched"))
        << check.text;
    EXPECT_EQ(JudgeChainFile(log_.key(), {}, check.bundle).exit_code,
              kExitTrue);
    return door_.keys_proven;
  };
  const size_t all = expect_not_vouched();
  options_.monitors = {Monitor().key()};
  EXPECT_EQ(expect_not_vouched(), all);  // none shown
  door_.cosigned_size = log_.size();
  door_.gone_size = 0;
  const Ed25519NoteSigner other("monitor.example/o", kKeyTypeCosignatureEd25519,
                                std::string(32, 'o'));
  options_.monitors = {other.key()};
  EXPECT_EQ(expect_not_vouched(), all);  // somebody else's
  // Its runs are gone.
  options_.monitors = {Monitor().key()};
  log_.AddAccess(kResident, 2);
  log_.Seal(1800000050);
  options_.state_folder.clear();
  door_.gone_size = door_.cosigned_size;
  EXPECT_EQ(expect_not_vouched(), all + 1);
  // It is a day old, and another is not.
  door_.gone_size = 0;
  options_.now_s = 1800000040 + 24 * 3600 + 1;
  EXPECT_GT(expect_not_vouched(), all);
  options_.now_s += 10;
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitUnusable);
  EXPECT_TRUE(absl::StrContains(check.text, "24 hours old")) << check.text;
}

TEST_F(ResidentTest, TheLogsWordForAPlaceIsProvenOrRefused) {
  for (const bool vouched : {false, true}) {
    options_.monitors.clear();
    if (vouched) options_.monitors = {Monitor().key()};
    door_.cosigned_size = log_.size();
    // A version, a number, and config itself that the log does not tell of.
    for (const RegisterId& id :
         {RegisterId{RegisterType::kAdministration, 1, 1},
          RegisterId{RegisterType::kAdministration, 2, 0},
          RegisterId{RegisterType::kConfig, 0, 0}}) {
      door_.hidden_place = RegisterKey(id);
      const ResidentCheck check = Check();
      EXPECT_EQ(check.exit_code, kExitFalse) << check.text;
      EXPECT_TRUE(absl::StartsWith(check.text, "NOT SO: register: "))
          << check.text;
    }
    door_.hidden_place = {};
    door_.spare_place = true;
    EXPECT_EQ(Check().exit_code, kExitFalse);
    door_.spare_place = false;
    // An entry that is said to stand elsewhere.
    door_.doctor = [](v1::Chain* chain) {
      if (chain->administration() == 1) {
        chain->mutable_entries(0)->set_leaf_index(3);
      }
    };
    ResidentCheck check = Check();
    EXPECT_EQ(check.exit_code, kExitFalse);
    EXPECT_TRUE(absl::StrContains(
        check.text, "the entry is not the leaf that its label leads to"))
        << check.text;
    door_.doctor = [](v1::Chain* chain) {
      if (chain->administration() == 1) {
        chain->mutable_entries(0)->set_leaf_index(uint64_t{1} << 60);
      }
    };
    EXPECT_EQ(Check().exit_code, kExitFalse);
    door_.doctor = nullptr;
    EXPECT_EQ(Check().exit_code, kExitTrue);
  }
}

TEST_F(ResidentTest, AMonitorsHeadExcusesNothingThatIsMissing) {
  options_.monitors = {Monitor().key()};
  door_.cosigned_size = log_.size();
  door_.doctor = [](v1::Chain* chain) {
    if (chain->administration() == 1) chain->mutable_entries()->RemoveLast();
  };
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StrContains(check.text,
                                "the chain has more entries than are shown"))
      << check.text;
}

TEST_F(ResidentTest, DrawsOtherProbesEachTime) {
  v1::ChainBundle one, other;
  ASSERT_TRUE(one.ParseFromString(Check().bundle));
  ASSERT_TRUE(other.ParseFromString(Check().bundle));
  ASSERT_EQ(one.chain(0).probe_size(), 8);
  EXPECT_FALSE(std::equal(one.chain(0).probe().begin(),
                          one.chain(0).probe().end(),
                          other.chain(0).probe().begin()));
}

TEST_F(ResidentTest, RefusesAChainThatIsCutShort) {
  door_.doctor = [](v1::Chain* chain) {
    if (chain->administration() == 1) chain->mutable_entries()->RemoveLast();
  };
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StrContains(
      check.text,
      "1 Administration 1: NOT SHOWN TO BE COMPLETE: the chain has "
      "more entries than are shown"))
      << check.text;
}

TEST_F(ResidentTest, RefusesAForgedAccessAndKeepsTheCount) {
  log_.AddAccess(kResident, 2, SmallLie::kUnsigned);
  log_.Seal(1800000050);
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StrContains(
      check.text, "FORGED, by the log: no administration signed the access"))
      << check.text;
  EXPECT_TRUE(absl::StrContains(check.text, "2 Administration 2: 1 found"));
}

TEST_F(ResidentTest, NamesTheChainThatTheLogWillNotShow) {
  door_.refused_chains[2] = absl::PermissionDeniedError("closed\x1b[31m");
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitUnusable);
  EXPECT_TRUE(absl::StartsWith(check.text, "NOT ALL CHECKED: 1 chain could"))
      << check.text;
  EXPECT_TRUE(absl::StrContains(
      check.text, "2 Administration 2: the log did not answer: closed?[31m"))
      << check.text;
  EXPECT_FALSE(absl::StrContains(check.text, "\x1b"));
}

TEST_F(ResidentTest, SaysThatATokenIsRefused) {
  for (uint32_t a : {0u, 1u, 2u, kSelf}) {
    door_.refused_chains[a] = absl::UnauthenticatedError("token: expired");
  }
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitUnusable);
  EXPECT_EQ(check.text, "not checked: token: expired\n");
}

TEST_F(ResidentTest, StartsOverUnderANewHeadAFewTimes) {
  door_.out_of_range = 2;
  EXPECT_EQ(Check().exit_code, kExitTrue);
  door_.out_of_range = 3;
  EXPECT_EQ(Check().exit_code, kExitUnusable);
}

TEST_F(ResidentTest, RefusesProofsThatProveNothing) {
  door_.flip_leaves = true;
  EXPECT_EQ(Check().exit_code, kExitFalse);
  door_.flip_leaves = false;
  door_.flip_keys = true;
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StartsWith(check.text, "NOT SO: index: ")) << check.text;
}

TEST_F(ResidentTest, RefusesAnotherLog) {
  const SmallLog other("log.example/other/2026h1");
  options_.log_key = other.key();
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StartsWith(check.text, "NOT SO: checkpoint: "))
      << check.text;
}

TEST_F(ResidentTest, RefusesAHeadOfTheDayBefore) {
  options_.now_s = 1800000040 + 24 * 3600 + 1;
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitUnusable);
  EXPECT_TRUE(absl::StrContains(check.text, "24 hours old")) << check.text;
  options_.now_s -= 1;
  EXPECT_EQ(Check().exit_code, kExitTrue);
}

TEST_F(ResidentTest, GoesOnFromTheHeadOfTheLastCheck) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  EXPECT_EQ(Check().exit_code, kExitTrue);  // the same head
  for (int k = 0; k < 300; ++k) {
    log_.AddLeaf(FormatSubjectLeaf(Sha256(absl::StrCat("a", k)), {}));
  }
  log_.AddAccess(kResident, 1);
  log_.Seal(1800000060);
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitTrue) << check.text;
  EXPECT_TRUE(absl::StrContains(check.text, "1 Administration 1: 2 found"));
}

TEST_F(ResidentTest, RefusesALogThatWentBack) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  uint64_t size = log_.size() - 1;
  while (static_cast<LeafKind>(log_.Leaf(size - 1)[0]) != LeafKind::kSeal) {
    --size;
  }
  door_.size_shown = size;
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StartsWith(check.text, "NOT SO: the log has gone back"))
      << check.text;
  // And nothing of it was kept.
  door_.size_shown = 0;
  EXPECT_EQ(Check().exit_code, kExitTrue);
}

TEST_F(ResidentTest, RefusesALogWithAnotherPast) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  // The same key and name, and another history: equal in size, then larger.
  SmallLog other;
  for (uint32_t a = 0; a < 3; ++a) other.PutAdministration(a);
  other.Seal(1800000010);
  for (uint64_t time = 1800000020; other.size() < log_.size(); ++time) {
    other.Seal(time);
  }
  FakeDoor door(&other);
  EXPECT_EQ(CheckResident(&door, options_).exit_code, kExitFalse);
  for (int k = 0; k < 20; ++k) other.AddAccess(kResident, 0);
  other.Seal(1800000090);
  const ResidentCheck check = CheckResident(&door, options_);
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(absl::StartsWith(
      check.text,
      "NOT SO: the log does not extend the head kept from the last check"))
      << check.text;
}

TEST_F(ResidentTest, NoConsistencyProofIsAnAlarm) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  log_.AddAccess(kResident, 1);
  log_.Seal(1800000060);
  door_.no_tiles = true;
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitUnusable);
  EXPECT_TRUE(absl::StrContains(check.text, "does not show that it extends"));
}

TEST_F(ResidentTest, RefusesAChainThatGotShorter) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  // The tree is the same and grows, but the index forgets the last entry.
  log_.HideFromIndex(log_.Label(kResident, 0, 6));
  log_.AddAccess(kResident, 1);
  log_.Seal(1800000060);
  door_.doctor = [](v1::Chain* chain) {
    if (chain->administration() == 0 && chain->entries_size() == 1) {
      chain->clear_entries();
    }
  };
  const ResidentCheck check = Check();
  EXPECT_EQ(check.exit_code, kExitFalse);
  EXPECT_TRUE(
      absl::StrContains(check.text, "had more entries at the last check"))
      << check.text;
}

TEST_F(ResidentTest, TheStateHoldsNoName) {
  EXPECT_EQ(Check().exit_code, kExitTrue);
  const std::string path = absl::StrCat(
      folder_, "/", HexEncode(Bytes(Sha256(log_.origin()))).substr(0, 32),
      ".state");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  std::FILE* file = std::fopen(path.c_str(), "rb");
  ASSERT_EQ(std::fread(bytes.data(), 1, bytes.size(), file), bytes.size());
  std::fclose(file);
  EXPECT_FALSE(absl::StrContains(bytes, "resident-a"));
  for (uint32_t a : {0u, 1u, 2u, kSelf}) {
    EXPECT_FALSE(absl::StrContains(
        bytes, absl::string_view(reinterpret_cast<const char*>(
                                     log_.ChainKey(kResident, a).first.data()),
                                 32)));
  }
  // A file that is not ours stops the check, as nobody knows what was.
  file = std::fopen(path.c_str(), "wb");
  std::fputs("garbage", file);
  std::fclose(file);
  EXPECT_EQ(Check().exit_code, kExitUnusable);
}

TEST_F(ResidentTest, ATokenNeedsTls) {
  EXPECT_EQ(NewResidentDoor("http://localhost:1", "", "t").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(NewResidentDoor("https://localhost:1", "", "t").ok());
}

TEST(PrintableTest, LeavesLettersAndNothingThatSteers) {
  EXPECT_EQ(Printable("Åbo, välfärd"), "Åbo, välfärd");
  EXPECT_EQ(Printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(Printable("x\xc2\x9by"), "x?y");
  EXPECT_EQ(Printable("x\xe2\x80\xaey\xe2\x81\xa6z"), "x?y?z");
  EXPECT_EQ(Printable("\xe2\x82\xac 5"), "\xe2\x82\xac 5");
}

}  // namespace
}  // namespace vidimus
