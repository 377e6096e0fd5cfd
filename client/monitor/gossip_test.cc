#include "client/monitor/gossip.h"

#include <map>
#include <string>
#include <vector>

#include "client/monitor/branching_log.h"
#include "gtest/gtest.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction_builder.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/gossip/2026h1";

// A monitor without wires: its gossip, its key, and a tree that is the
// beginning of a branch.
class Node {
 public:
  Node(BranchingLog* log, const std::vector<VerifierKey>& cosigners,
       const std::string& name, std::vector<std::string> peers)
      : log_(log),
        cosigners_(cosigners),
        peers_(std::move(peers)),
        signer_(TestSigner(name, kKeyTypeCosignatureEd25519)),
        gossip_({{log->key(), cosigners_}}, peers_) {}

  void Follow(size_t branch, uint64_t size) {
    branch_ = branch;
    size_ = size;
    EXPECT_TRUE(gossip_.SetTree(
        kOrigin, Cosigned(log_->Note(branch, size), signer_, ++time_s_)));
    Settle();
  }

  // Asks its tree all that gossip wants to know.
  void Settle() {
    for (const GossipQuestion& question : gossip_.Questions()) {
      gossip_.Answered(
          question, size_ == 0 ? TreeComparison()
                               : log_->Compare(branch_, size_, question.note));
    }
  }

  // As after a loss of power: only what is kept comes back.
  void Restart() {
    const std::string kept = gossip_.Kept(kOrigin);
    const std::vector<GossipConviction> convictions =
        gossip_.Convictions(kOrigin);
    gossip_ = Gossip({{log_->key(), cosigners_}}, peers_);
    EXPECT_TRUE(gossip_.Restore(kOrigin, kept));
    for (const GossipConviction& conviction : convictions) {
      EXPECT_TRUE(gossip_.AddConviction(kOrigin, conviction.file));
    }
    if (size_ > 0) Follow(branch_, size_);
  }

  Gossip& gossip() { return gossip_; }
  bool convicted() { return !gossip_.Convictions(kOrigin).empty(); }
  size_t held() { return gossip_.Unsettled(kOrigin).size(); }

 private:
  BranchingLog* const log_;
  const std::vector<VerifierKey> cosigners_;
  const std::vector<std::string> peers_;
  const Ed25519NoteSigner signer_;
  Gossip gossip_;
  size_t branch_ = 0;
  uint64_t size_ = 0;
  uint64_t time_s_ = 1800000000;
};

class GossipTest : public ::testing::Test {
 protected:
  GossipTest() : log_(kOrigin) {
    log_.Grow(0, 20);
    for (const char* name : {"a", "b", "c", "liar"}) {
      cosigners_.push_back(TestSigner(name, kKeyTypeCosignatureEd25519).key());
    }
  }

  Node Make(const std::string& name, std::vector<std::string> peers) {
    return Node(&log_, cosigners_, name, std::move(peers));
  }

  // `caller` calls `called`, which is its peer number `peer`, and which knows
  // it as `source`.
  static void Call(Node* caller, size_t peer, Node* called,
                   GossipSource source) {
    for (const v1::GossipMessage& request : caller->gossip().Requests(peer)) {
      EXPECT_LE(request.ByteSizeLong(), kGossipMessageBytesMax);
      called->gossip().Hear(source, request, 1);
      called->Settle();
      const v1::GossipMessage answer = called->gossip().Answer(request);
      EXPECT_LE(answer.ByteSizeLong(), kGossipMessageBytesMax);
      caller->gossip().Hear(GossipSource::Peer(peer), answer, 1);
      caller->Settle();
    }
  }

  v1::GossipMessage Say(const std::vector<std::string>& notes,
                        const std::vector<std::string>& convictions = {}) {
    v1::GossipMessage message;
    v1::LogGossip* const told = message.add_logs();
    told->set_origin(kOrigin);
    for (const std::string& note : notes) told->add_notes(note);
    for (const std::string& file : convictions) told->add_convictions(file);
    return message;
  }

  Ed25519NoteSigner Signer(const std::string& name) {
    return TestSigner(name, kKeyTypeCosignatureEd25519);
  }

  BranchingLog log_;
  std::vector<VerifierKey> cosigners_;
};

TEST_F(GossipTest, TwoMonitorsOfOneHistoryHaveNothingToKeep) {
  Node a = Make("a", {"b"});
  Node b = Make("b", {"a"});
  a.Follow(0, 20);
  b.Follow(0, 13);
  Call(&a, 0, &b, GossipSource::Stranger());
  EXPECT_FALSE(a.convicted());
  EXPECT_FALSE(b.convicted());
  EXPECT_EQ(a.held(), 0u);
  EXPECT_EQ(b.held(), 1u);  // a is ahead
  b.Follow(0, 20);
  EXPECT_EQ(b.held(), 0u);
}

TEST_F(GossipTest, TwoHistoriesComeOutWhoeverCallsAndWhoeverIsAhead) {
  for (const uint64_t fork : {1, 7, 8, 12}) {
    for (const uint64_t size :
         {fork + 1, uint64_t{13}, uint64_t{19}, uint64_t{20}, uint64_t{24}}) {
      for (const bool a_calls : {true, false}) {
        const size_t branch = log_.Fork(0, fork);
        log_.Grow(branch, 30);
        Node a = Make("a", {"b"});
        Node b = Make("b", {"a"});
        a.Follow(0, 20);
        b.Follow(branch, size);
        if (a_calls) {
          Call(&a, 0, &b, GossipSource::Peer(0));
          Call(&a, 0, &b, GossipSource::Peer(0));
        } else {
          Call(&b, 0, &a, GossipSource::Peer(0));
          Call(&b, 0, &a, GossipSource::Peer(0));
        }
        EXPECT_TRUE(a.convicted()) << fork << " " << size;
        EXPECT_TRUE(b.convicted()) << fork << " " << size;
        ConvictionReport report;
        EXPECT_EQ(JudgeConviction(a.gossip().Convictions(kOrigin)[0].file,
                                  log_.key(), &report),
                  Finding::kOk);
        EXPECT_EQ(report.kind, ConvictionKind::kFork);
      }
    }
  }
}

TEST_F(GossipTest, AThirdWhoHoldsNoTreeCarriesNotesBothWays) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 3);
  Node a = Make("a", {"c"});
  Node b = Make("b", {"c"});
  Node c = Make("c", {"a", "b"});
  a.Follow(0, 20);
  b.Follow(branch, 9);
  Call(&b, 0, &c, GossipSource::Peer(1));
  EXPECT_EQ(c.held(), 1u);
  c.Restart();
  EXPECT_EQ(c.held(), 1u);
  // b is gone. The larger tree is a's.
  Call(&c, 0, &a, GossipSource::Peer(0));
  EXPECT_TRUE(a.convicted());
  Call(&c, 0, &a, GossipSource::Peer(0));
  EXPECT_TRUE(c.convicted());
  EXPECT_EQ(c.held(), 0u);
  c.Restart();
  EXPECT_TRUE(c.convicted());
  Call(&b, 0, &c, GossipSource::Peer(1));
  EXPECT_TRUE(b.convicted());
}

TEST_F(GossipTest, ANoteWaitsUntilTheTreeReachesIt) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 8);
  Node a = Make("a", {"b"});
  a.Follow(0, 9);
  a.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(branch, 14)}), 77);
  a.Settle();
  ASSERT_EQ(a.held(), 1u);
  EXPECT_EQ(a.gossip().Unsettled(kOrigin)[0].since_s, 77u);
  EXPECT_TRUE(a.gossip().TakeNews());
  EXPECT_FALSE(a.gossip().TakeNews());
  a.Follow(0, 13);
  EXPECT_FALSE(a.convicted());
  a.Follow(0, 14);  // the same size: two roots
  EXPECT_TRUE(a.convicted());
}

TEST_F(GossipTest, TwoRootsOfOneSizeConvictWithoutATree) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 8);
  Node a = Make("a", {"b", "c"});
  a.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(branch, 12)}), 1);
  a.gossip().Hear(GossipSource::Peer(1), Say({log_.Note(0, 12)}), 1);
  EXPECT_TRUE(a.convicted());
  EXPECT_EQ(a.gossip().TakeFound().size(), 1u);
  EXPECT_EQ(a.gossip().TakeFound().size(), 0u);
}

TEST_F(GossipTest, ARefusedCheckpointIsKeptUntilItConvicts) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 8);
  Node a = Make("a", {"b"});
  a.Follow(0, 9);
  a.gossip().AddNote(kOrigin, log_.Note(branch, 12), 1);
  a.Settle();
  EXPECT_EQ(a.held(), 1u);
  a.Restart();
  EXPECT_EQ(a.held(), 1u);
  a.Follow(0, 15);
  EXPECT_TRUE(a.convicted());
}

TEST_F(GossipTest, AnHonestCosignersNoteIsPushedOutByNobodyElse) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 3);
  Node c = Make("c", {"liar", "b"});
  const std::string victims = Cosigned(log_.Note(branch, 9), Signer("b"), 5);
  c.gossip().Hear(GossipSource::Peer(1), Say({victims}), 1);
  for (uint64_t round = 0; round < 50; ++round) {
    std::vector<std::string> flood;
    for (uint64_t i = 0; i < 90; ++i) {
      const uint64_t size = 10 + round * 100 + i;
      std::string note = log_.Note(0, size);
      if (i % 2 == 0) note = Cosigned(note, Signer("liar"), 5);
      flood.push_back(std::move(note));
    }
    c.gossip().Hear(GossipSource::Peer(0), Say(flood), 1);
    c.gossip().NextPeriod();
  }
  EXPECT_LE(c.held(), 2 + kGossipPoolNotes);
  Node a = Make("a", {"c"});
  a.Follow(0, 9 + 2);
  Call(&a, 0, &c, GossipSource::Stranger());
  EXPECT_TRUE(a.convicted());
}

TEST_F(GossipTest, APoolKeepsTheSmallestAndTheLargest) {
  Node c = Make("c", {"b"});
  for (uint64_t size = 1000; size > 900; --size) {
    c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, size)}), 1);
  }
  const auto held = c.gossip().Unsettled(kOrigin);
  ASSERT_EQ(held.size(), kGossipPoolNotes);
  EXPECT_EQ(held.front().head.size, 1000u);
  EXPECT_EQ(held.back().head.size, 901u);
}

TEST_F(GossipTest, ASourceIsHeardOnlySoMuchInAPeriod) {
  Node c = Make("c", {"b"});
  for (int size = 1; size <= kGossipNotesPerPeriod + 5; ++size) {
    c.gossip().Hear(GossipSource::Peer(0), Say({"no note"}), 1);
  }
  c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, 9)}), 1);
  EXPECT_EQ(c.held(), 0u);
  c.gossip().Hear(GossipSource::Stranger(), Say({log_.Note(0, 8)}), 1);
  EXPECT_EQ(c.held(), 1u);
  c.gossip().NextPeriod();
  c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, 9)}), 1);
  EXPECT_EQ(c.held(), 2u);
  // What is known costs nothing: it can be said for ever.
  for (int i = 0; i <= kGossipNotesPerPeriod; ++i) {
    c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, 9)}), 1);
  }
  c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, 10)}), 1);
  EXPECT_EQ(c.held(), 3u);
}

TEST_F(GossipTest, ACosignatureMayComeAfterTheTreeHasGrown) {
  Node a = Make("a", {"b"});
  const auto told = [&] {
    const auto requests = a.gossip().Requests(0);
    return std::vector<std::string>(requests[0].logs(0).notes().begin(),
                                    requests[0].logs(0).notes().end());
  };
  const std::string five = Cosigned(log_.Note(0, 5), Signer("a"), 1);
  const std::string nine = Cosigned(log_.Note(0, 9), Signer("a"), 1);
  using Notes = std::vector<std::string>;
  EXPECT_TRUE(a.gossip().SetTree(kOrigin, log_.Note(0, 7)));
  EXPECT_EQ(told(), Notes{log_.Note(0, 7)});
  EXPECT_TRUE(a.gossip().SetTree(kOrigin, five));
  EXPECT_EQ(told(), (Notes{five, log_.Note(0, 7)}));
  EXPECT_TRUE(a.gossip().SetTree(kOrigin, log_.Note(0, 9)));
  EXPECT_EQ(told(), (Notes{five, log_.Note(0, 9)}));
  EXPECT_TRUE(a.gossip().SetTree(kOrigin, nine));
  EXPECT_EQ(told(), Notes{nine});
  EXPECT_TRUE(a.gossip().SetTree(kOrigin, log_.Note(0, 9)));
  EXPECT_EQ(told(), Notes{nine});
  EXPECT_FALSE(a.gossip().SetTree(kOrigin, five));
  EXPECT_FALSE(a.gossip().SetTree(kOrigin, log_.Note(0, 8)));
  EXPECT_EQ(told(), Notes{nine});
}

TEST_F(GossipTest, WhatIsNotTheLogsIsNotTaken) {
  BranchingLog other("log.example/other/2026h1");
  other.Grow(0, 5);
  Node a = Make("a", {"b"});
  std::string forged = log_.Note(0, 12);
  forged[forged.size() - 10] ^= 1;
  v1::GossipMessage message = Say({
      "",
      "x",
      std::string(100, '\0'),
      other.Note(0, 3),
      forged,
      std::string(kGossipNoteBytesMax + 1, 'x'),
      log_.Note(0, 3).substr(0, 60),
  });
  message.add_logs()->set_origin("log.example/unknown/2026h1");
  message.add_logs();
  a.gossip().Hear(GossipSource::Peer(0), message, 1);
  a.gossip().AddNote("log.example/unknown/2026h1", other.Note(0, 3), 1);
  EXPECT_EQ(a.held(), 0u);
  EXPECT_FALSE(a.gossip().SetTree(kOrigin, forged));
  EXPECT_FALSE(a.gossip().SetTree(kOrigin, other.Note(0, 3)));
  EXPECT_FALSE(a.gossip().TakeNews());
}

TEST_F(GossipTest, ACosignersLineThatDoesNotVerifyGivesNoPlace) {
  Node c = Make("c", {"liar", "b"});
  // A line by "a" over another head.
  const std::string note = Cosigned(log_.Note(0, 9), Signer("a"), 5);
  const std::string line = note.substr(log_.Note(0, 9).size());
  c.gossip().Hear(GossipSource::Peer(0), Say({log_.Note(0, 19) + line}), 1);
  c.gossip().Hear(GossipSource::Peer(1), Say({note}), 1);
  const auto held = c.gossip().Unsettled(kOrigin);
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].note, log_.Note(0, 19));  // without the line
  EXPECT_EQ(held[1].note, note);
}

TEST_F(GossipTest, WhatOthersCallAConvictionIsJudged) {
  const size_t branch = log_.Fork(0, 5);
  log_.Grow(branch, 8);
  Node a = Make("a", {"b"});
  const std::string good =
      log_.Compare(0, 20, log_.Note(branch, 12)).conviction;
  const std::string not_a_fork =
      ForkConviction(log_.Note(0, 20), log_.Note(0, 12), Path());
  std::string damaged = good;
  damaged[damaged.size() / 2] ^= 1;
  for (const std::string& file :
       {not_a_fork, damaged, good.substr(0, good.size() - 1), good + "x",
        std::string(), std::string("vidimus/v1 conviction"),
        std::string(kGossipConvictionBytesMax + 1, 'x')}) {
    a.gossip().Hear(GossipSource::Peer(0), Say({}, {file}), 1);
    EXPECT_FALSE(a.gossip().AddConviction(kOrigin, file));
    EXPECT_FALSE(a.convicted());
  }
  a.gossip().NextPeriod();
  a.gossip().Hear(GossipSource::Peer(0), Say({}, {good}), 1);
  EXPECT_TRUE(a.convicted());
  // The first of a kind is enough.
  EXPECT_FALSE(a.gossip().AddConviction(kOrigin, good));
}

TEST_F(GossipTest, AForkThatOurTreeDoesNotShowIsNone) {
  Node a = Make("a", {"b"});
  a.gossip().AddNote(kOrigin, log_.Note(0, 12), 1);
  const auto questions = a.gossip().Questions();
  ASSERT_EQ(questions.size(), 1u);
  TreeComparison wrong;
  wrong.relation = TreeComparison::Relation::kConvicts;
  wrong.conviction = ForkConviction(log_.Note(0, 20), log_.Note(0, 12), Path());
  a.gossip().Answered(questions[0], wrong);
  EXPECT_FALSE(a.convicted());
  EXPECT_EQ(a.held(), 1u);
  EXPECT_TRUE(a.gossip().Questions().empty());
  a.gossip().NextPeriod();
  EXPECT_EQ(a.gossip().Questions().size(), 1u);
}

TEST_F(GossipTest, ManyLogsAreToldInSeveralMessages) {
  std::vector<GossipLog> logs;
  for (int i = 0; i < 40; ++i) {
    logs.push_back({TestSigner("log.example/" + DecimalEncode(uint64_t(i)),
                               kKeyTypeEd25519)
                        .key(),
                    cosigners_});
  }
  Gossip gossip(logs, {"b"});
  const auto requests = gossip.Requests(0);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].logs_size(), 16);
  EXPECT_EQ(requests[2].logs_size(), 8);
  // Nobody gets more for asking twice.
  v1::GossipMessage twice;
  for (int i = 0; i < 40; ++i) twice.add_logs()->set_origin("log.example/3");
  EXPECT_EQ(gossip.Answer(twice).logs_size(), 1);
}

TEST_F(GossipTest, DamagedStateIsAsGoodAsNone) {
  Node a = Make("a", {"b"});
  a.gossip().AddNote(kOrigin, log_.Note(0, 12), 1);
  EXPECT_EQ(a.gossip().TakeChanged(), std::vector<std::string>{kOrigin});
  EXPECT_TRUE(a.gossip().TakeChanged().empty());
  const std::string kept = a.gossip().Kept(kOrigin);
  Gossip fresh({{log_.key(), cosigners_}}, {"b"});
  for (size_t i = 0; i < kept.size(); ++i) {
    std::string damaged = kept;
    damaged[i] ^= 0x10;
    fresh.Restore(kOrigin, damaged);
    fresh.Restore(kOrigin, kept.substr(0, i));
  }
  for (const UnsettledNote& note : fresh.Unsettled(kOrigin)) {
    Checkpoint checkpoint;
    EXPECT_EQ(OpenCheckpoint(note.note, log_.key(), &checkpoint), Finding::kOk);
  }
  EXPECT_TRUE(fresh.Convictions(kOrigin).empty());
}

TEST_F(GossipTest, WhatNamesAPersonDoesNotTravel) {
  // Fields 16 and 17 are turned away before they are judged.
  Node a = Make("a", {"b"});
  for (const uint32_t kind : {16u, 17u, 18u}) {
    std::string file;
    AppendWireBytes(1, kConvictionFormat, &file);
    AppendWireBytes(2, log_.Note(0, 12), &file);
    AppendWireBytes(kind, "", &file);
    EXPECT_FALSE(a.gossip().AddConviction(kOrigin, file));
  }
}

}  // namespace
}  // namespace vidimus
