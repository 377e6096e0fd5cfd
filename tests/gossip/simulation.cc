#include "tests/gossip/simulation.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/monitor/branching_log.h"
#include "client/monitor/gossip.h"
#include "client/monitor/gossip_wire.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction_builder.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

constexpr int64_t kPeriod = 100;
constexpr int64_t kNewsGap = kPeriod / 4;
constexpr int64_t kTimeout = kPeriod / 4;
constexpr int64_t kDelayMax = 12;  // one way
// A link that stood for so long has carried what its ends held before.
constexpr int64_t kHop = 2 * kPeriod;
constexpr int64_t kNever = int64_t{1} << 60;

// splitmix64: the same everywhere, unlike the standard's distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to n - 1.
  uint64_t Below(uint64_t n) { return Next() % n; }
  int64_t Between(int64_t low, int64_t high) {
    return low +
           static_cast<int64_t>(Below(static_cast<uint64_t>(high - low + 1)));
  }
  bool Chance(uint64_t percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

struct LogState {
  std::unique_ptr<BranchingLog> log;
  std::string origin;
  std::vector<uint64_t> fork_at;      // by branch; of branch 0 unused
  std::vector<int64_t> abandoned_at;  // by branch: grows no more
  int64_t out_at = kNever;            // an honest monitor first had the file

  bool forks() const { return log->branches() > 1; }
  // The largest size at which the two branches are the same.
  uint64_t CommonSize(size_t a, size_t b) const {
    if (a == b) return ~uint64_t{0};
    if (a == 0) return fork_at[b];
    if (b == 0) return fork_at[a];
    return std::min(fork_at[a], fork_at[b]);
  }
};

// What a monitor holds of a log on its disk, apart from gossip.
struct Followed {
  bool tree = false;
  size_t branch = 0;
  uint64_t size = 0;
  // When a cosigned head first was larger than a size, by that size.
  std::map<uint64_t, int64_t> passed;
  std::vector<std::pair<size_t, uint64_t>> refused;  // branch, size
};

struct PeerState {
  size_t node = 0;
  bool in_flight = false;
  bool wanted = false;
  bool owed_once = false;
  uint64_t call = 0;
  int64_t called_at = -kPeriod;
};

struct NodeState {
  bool liar = false;
  bool alive = true;
  int64_t alive_since = 0;
  uint64_t incarnation = 0;
  std::unique_ptr<Ed25519NoteSigner> signer;
  std::vector<PeerState> peers;
  std::unique_ptr<Gossip> gossip;
  std::vector<Followed> followed;  // by log
  // On disk.
  std::map<std::string, std::string> kept;
  std::map<std::string, std::vector<GossipConviction>> convictions;
};

struct Link {
  size_t a = 0, b = 0;
  bool up = true;
  int64_t up_since = 0;
};

// The way of one monitor's note to another whose tree differs.
struct Journey {
  size_t log = 0, from = 0, to = 0;
  std::vector<int64_t> arrived;  // by node: surely, at the latest
};

class Simulation {
 public:
  explicit Simulation(const GossipSimulationOptions& options)
      : options_(options), random_(options.seed * 7919 + 17) {}

  GossipSimulationResult Run() {
    MakeLogs();
    MakeNodes();
    MakeLinks();
    for (size_t node = 0; node < nodes_.size(); ++node) {
      if (!nodes_[node].liar) StartGossip(node);
    }
    ScheduleAll();
    while (!events_.empty() && result_.failure.empty()) {
      Event event = std::move(const_cast<Event&>(events_.top()));
      events_.pop();
      if (event.at > end_) break;
      now_ = event.at;
      event.what();
    }
    if (result_.failure.empty()) JudgeEnd();
    for (const LogState& log : logs_) {
      ++(log.forks() ? result_.forking_logs : result_.honest_logs);
      if (log.out_at != kNever) ++result_.found;
    }
    result_.monitors = static_cast<int>(nodes_.size());
    return result_;
  }

 private:
  struct Event {
    int64_t at = 0;
    uint64_t order = 0;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void At(int64_t at, std::function<void()> what) {
    events_.push({at, order_++, std::move(what)});
  }
  void After(int64_t ticks, std::function<void()> what) {
    At(now_ + ticks, std::move(what));
  }

  void Note(const std::string& what) {
    for (const char c : absl::StrCat(now_, " ", what)) {
      result_.transcript =
          (result_.transcript ^ static_cast<uint8_t>(c)) * 1099511628211u;
    }
    if (options_.trace) {
      std::fprintf(stderr, "%6lld %s\n", static_cast<long long>(now_),
                   what.c_str());
    }
  }

  void Fail(const std::string& what) {
    if (result_.failure.empty()) {
      result_.failure = absl::StrCat("tick ", now_, ": ", what);
    }
  }

  // --- The world ---

  void MakeLogs() {
    const int count = static_cast<int>(random_.Between(1, 3));
    for (int i = 0; i < count; ++i) {
      LogState log;
      log.origin = absl::StrCat("log.example/", i);
      log.log = std::make_unique<BranchingLog>(log.origin);
      log.log->Grow(0, static_cast<uint64_t>(random_.Between(1, 40)));
      log.fork_at.push_back(0);
      const int branches = i == 0 || random_.Chance(50)
                               ? static_cast<int>(random_.Between(1, 2))
                               : 0;
      for (int k = 0; k < branches; ++k) {
        const uint64_t at = 1 + random_.Below(log.log->size(0));
        log.log->Fork(0, at);
        log.fork_at.push_back(at);
      }
      // Of one size or another at first, so that sizes meet now and then.
      if (branches > 0) log.log->Grow(0, 1);
      for (size_t k = 0; k < log.log->branches(); ++k) {
        log.abandoned_at.push_back(
            random_.Chance(40) ? random_.Between(0, 8 * kPeriod) : kNever);
      }
      logs_.push_back(std::move(log));
    }
  }

  void MakeNodes() {
    const int count = static_cast<int>(random_.Between(2, 9));
    const int liars = count > 2 && random_.Chance(60)
                          ? static_cast<int>(random_.Between(1, count / 2))
                          : 0;
    for (int i = 0; i < count; ++i) {
      NodeState node;
      node.liar = i >= count - liars;
      if (node.liar) ++result_.liars;
      node.signer = std::make_unique<Ed25519NoteSigner>(
          absl::StrCat("monitor", i), kKeyTypeCosignatureEd25519,
          Bytes(Sha256(absl::StrCat("monitor", i))));
      for (const LogState& log : logs_) {
        Followed followed;
        followed.tree = !random_.Chance(35);
        followed.branch = random_.Below(log.log->branches());
        node.followed.push_back(std::move(followed));
      }
      nodes_.push_back(std::move(node));
    }
    // Whoever comes first is not always honest.
    for (size_t i = nodes_.size(); i > 1; --i) {
      std::swap(nodes_[i - 1], nodes_[random_.Below(i)]);
    }
  }

  void MakeLinks() {
    const uint64_t shape = random_.Below(4);
    const size_t count = nodes_.size();
    for (size_t i = 1; i < count; ++i) {
      const size_t to = shape == 0   ? i - 1  // a chain
                        : shape == 1 ? 0      // a star
                                     : random_.Below(i);
      AddLink(to, i);
    }
    if (shape == 2 && count > 2) AddLink(0, count - 1);
    if (shape == 3) {
      for (size_t i = 0; i < count; ++i) {
        const size_t a = random_.Below(count), b = random_.Below(count);
        if (a != b) AddLink(std::min(a, b), std::max(a, b));
      }
    }
  }

  void AddLink(size_t a, size_t b) {
    for (const Link& link : links_) {
      if (link.a == a && link.b == b) return;
    }
    links_.push_back({a, b, true, 0});
    // Where nobody lies, it is enough if one of the two calls. Who is flooded
    // by strangers wants to call for itself.
    const bool one_way = result_.liars == 0 && random_.Chance(30);
    const bool turn = random_.Chance(50);
    if (!one_way || turn) AddPeer(a, b);
    if (!one_way || !turn) AddPeer(b, a);
  }

  void AddPeer(size_t node, size_t peer) {
    PeerState state;
    state.node = peer;
    nodes_[node].peers.push_back(state);
  }

  Link* FindLink(size_t a, size_t b) {
    for (Link& link : links_) {
      if (link.a == std::min(a, b) && link.b == std::max(a, b)) return &link;
    }
    return nullptr;
  }

  void ScheduleAll() {
    heal_at_ = random_.Between(6, 12) * kPeriod + random_.Between(0, kPeriod);
    end_ = heal_at_ + (2 * static_cast<int64_t>(nodes_.size()) + 4) * kPeriod;
    for (size_t log = 0; log < logs_.size(); ++log) {
      for (size_t branch = 0; branch < logs_[log].log->branches(); ++branch) {
        After(random_.Between(1, 100), [=] { GrowBranch(log, branch); });
      }
    }
    for (size_t node = 0; node < nodes_.size(); ++node) {
      After(random_.Between(0, kPeriod - 1), [=] { Follow(node); });
      const size_t peers = nodes_[node].peers.size();
      for (size_t peer = 0; peer < peers; ++peer) {
        After(random_.Between(0, kPeriod - 1), [=] { Timer(node, peer); });
      }
      if (nodes_[node].liar) {
        After(random_.Between(0, kPeriod - 1), [=] { Lie(node); });
      } else {
        After(random_.Between(0, kPeriod - 1), [=] { Period(node); });
        if (random_.Chance(60)) {
          After(random_.Between(0, heal_at_), [=] { Crash(node); });
        }
      }
    }
    for (size_t link = 0; link < links_.size(); ++link) {
      if (random_.Chance(60)) {
        if (random_.Chance(50)) SetLink(link, false);
        After(random_.Between(0, 5 * kPeriod), [=] { Flip(link); });
      }
    }
    for (size_t log = 0; log < logs_.size(); ++log) {
      if (logs_[log].forks()) {
        After(random_.Between(0, heal_at_), [=] { ShowAtADoor(log); });
      }
    }
    At(heal_at_, [this] { Heal(); });
    After(0, [this] { Watch(); });
    for (size_t log = 0; log < logs_.size(); ++log) {
      for (size_t a = 0; a < nodes_.size(); ++a) {
        for (size_t c = 0; c < nodes_.size(); ++c) {
          if (a == c || nodes_[a].liar || nodes_[c].liar ||
              !nodes_[a].followed[log].tree || !nodes_[c].followed[log].tree ||
              nodes_[a].followed[log].branch ==
                  nodes_[c].followed[log].branch) {
            continue;
          }
          journeys_[{log, a, c}] = {
              log, a, c, std::vector<int64_t>(nodes_.size(), kNever)};
        }
      }
    }
  }

  void GrowBranch(size_t place, size_t branch) {
    LogState& log = logs_[place];
    if (now_ < log.abandoned_at[branch]) {
      log.log->Grow(branch, static_cast<uint64_t>(random_.Between(1, 6)));
      After(random_.Between(40, 160), [=] { GrowBranch(place, branch); });
    }
  }

  // A monitor reads what its logs show it.
  void Follow(size_t place) {
    NodeState& node = nodes_[place];
    After(random_.Between(60, 200), [=] { Follow(place); });
    if (!node.alive) return;
    for (size_t log = 0; log < logs_.size(); ++log) {
      Followed& followed = node.followed[log];
      if (!followed.tree || random_.Chance(20)) continue;
      const uint64_t shown = logs_[log].log->size(followed.branch);
      if (shown == followed.size) continue;
      uint64_t size = shown;
      if (random_.Chance(20)) {
        size = followed.size + 1 + random_.Below(shown - followed.size);
      }
      followed.size = size;
      Note(absl::StrCat("monitor ", place, " reads log ", log, " branch ",
                        followed.branch, " to ", size));
      if (node.liar) continue;
      if (random_.Chance(70)) {
        TellTree(place, log, size);
      } else {
        // Its own cosignature comes later, when the log asks for it.
        CHECK(node.gossip->SetTree(
            logs_[log].origin, logs_[log].log->Note(followed.branch, size)));
        const uint64_t incarnation = node.incarnation;
        After(random_.Between(1, 2 * kPeriod), [=] {
          if (nodes_[place].incarnation != incarnation) return;
          TellTree(place, log, size);
          Digest(place);
        });
      }
      Digest(place);
      CheckRefused(place, log);
    }
  }

  // The first `size` leaves of its tree, cosigned: from then on others keep a
  // place for it. A newer one may have been told before.
  void TellTree(size_t place, size_t log, uint64_t size) {
    NodeState& node = nodes_[place];
    Followed& followed = node.followed[log];
    if (size == 0) return;
    for (size_t branch = 0; branch < logs_[log].log->branches(); ++branch) {
      const uint64_t common = logs_[log].CommonSize(followed.branch, branch);
      if (size > common) followed.passed.emplace(common, now_);
    }
    node.gossip->SetTree(logs_[log].origin,
                         Cosigned(logs_[log].log->Note(followed.branch, size),
                                  *node.signer, static_cast<uint64_t>(now_)));
  }

  // A log shows another history at the witness's door, which refuses it.
  void ShowAtADoor(size_t log) {
    After(random_.Between(1, 4 * kPeriod), [=] { ShowAtADoor(log); });
    const size_t place = random_.Below(nodes_.size());
    NodeState& node = nodes_[place];
    if (node.liar || !node.alive || !node.followed[log].tree) return;
    Followed& followed = node.followed[log];
    const size_t branch = random_.Below(logs_[log].log->branches());
    const uint64_t size = logs_[log].log->size(branch);
    if (size <= logs_[log].CommonSize(branch, followed.branch)) return;
    followed.refused.push_back({branch, size});
    Note(absl::StrCat("monitor ", place, " refuses log ", log, " branch ",
                      branch, " at ", size));
    node.gossip->AddNote(logs_[log].origin, logs_[log].log->Note(branch, size),
                         static_cast<uint64_t>(now_));
    Digest(place);
    CheckRefused(place, log);
  }

  void CheckRefused(size_t place, size_t log) {
    const NodeState& node = nodes_[place];
    if (!node.alive || node.liar) return;
    for (const auto& [branch, size] : node.followed[log].refused) {
      if (size <= node.followed[log].size &&
          node.gossip->Convictions(logs_[log].origin).empty()) {
        Fail(absl::StrCat("monitor ", place, " was shown branch ", branch,
                          " of log ", log, " at ", size,
                          " and has a tree, but no file"));
      }
    }
  }

  // --- Links and lives ---

  void SetLink(size_t place, bool up) {
    links_[place].up = up;
    links_[place].up_since = now_;
  }

  void Flip(size_t place) {
    if (healed_) return;
    SetLink(place, !links_[place].up);
    Note(absl::StrCat("link ", links_[place].a, "-", links_[place].b,
                      links_[place].up ? " stands" : " is cut"));
    After(random_.Between(kPeriod / 2, 5 * kPeriod), [=] { Flip(place); });
  }

  void Crash(size_t place) {
    if (healed_ || !nodes_[place].alive) return;
    Note(absl::StrCat("monitor ", place, " stops"));
    NodeState& node = nodes_[place];
    node.alive = false;
    ++node.incarnation;
    node.gossip.reset();
    ++result_.restarts;
    After(random_.Between(1, 5 * kPeriod), [=] { Restart(place); });
  }

  void Restart(size_t place) {
    NodeState& node = nodes_[place];
    if (node.alive) return;
    Note(absl::StrCat("monitor ", place, " starts"));
    node.alive = true;
    node.alive_since = now_;
    StartGossip(place);
    for (size_t peer = 0; peer < node.peers.size(); ++peer) {
      PeerState& state = node.peers[peer];
      state.in_flight = state.wanted = false;
      state.called_at = now_ - kPeriod;
      ++state.call;
      Timer(place, peer);
    }
    if (!healed_ && random_.Chance(50)) {
      After(random_.Between(kPeriod, 8 * kPeriod), [=] { Crash(place); });
    }
  }

  void Heal() {
    healed_ = true;
    Note("all links stand from now on");
    for (size_t place = 0; place < nodes_.size(); ++place) Restart(place);
    for (size_t place = 0; place < links_.size(); ++place) {
      if (!links_[place].up) SetLink(place, true);
    }
  }

  void StartGossip(size_t place) {
    NodeState& node = nodes_[place];
    std::vector<GossipLog> logs;
    for (const LogState& log : logs_) {
      GossipLog config;
      config.key = log.log->key();
      for (const NodeState& other : nodes_) {
        config.cosigners.push_back(other.signer->key());
      }
      logs.push_back(std::move(config));
    }
    std::vector<std::string> peers;
    for (const PeerState& peer : node.peers) {
      peers.push_back(absl::StrCat("peer", peer.node));
    }
    node.gossip = std::make_unique<Gossip>(std::move(logs), std::move(peers));
    if (options_.fault == GossipFault::kForgetsAtRestart) {
      node.kept.clear();
      node.convictions.clear();
    }
    for (const auto& [origin, convictions] : node.convictions) {
      for (const GossipConviction& conviction : convictions) {
        node.gossip->AddConviction(origin, conviction.file);
      }
    }
    for (const auto& [origin, kept] : node.kept) {
      CHECK(node.gossip->Restore(origin, kept));
    }
    for (size_t log = 0; log < logs_.size(); ++log) {
      TellTree(place, log, node.followed[log].size);
    }
    node.gossip->TakeFound();
    Digest(place);
  }

  // What gossip_service.cc does after it heard something: asks the trees, makes
  // durable, calls if there is news.
  void Digest(size_t place) {
    NodeState& node = nodes_[place];
    for (;;) {
      const std::vector<GossipQuestion> questions = node.gossip->Questions();
      if (questions.empty()) break;
      for (const GossipQuestion& question : questions) {
        TreeComparison comparison;
        for (size_t log = 0; log < logs_.size(); ++log) {
          const Followed& followed = node.followed[log];
          if (logs_[log].origin != question.origin || followed.size == 0) {
            continue;
          }
          comparison = logs_[log].log->Compare(followed.branch, followed.size,
                                               question.note);
          if (options_.fault == GossipFault::kBelievesNotes) {
            comparison.relation = TreeComparison::Relation::kPrefix;
          }
        }
        node.gossip->Answered(question, comparison);
      }
    }
    for (const GossipConviction& found : node.gossip->TakeFound()) {
      Hold(place, found);
    }
    for (const std::string& origin : node.gossip->TakeChanged()) {
      node.kept[origin] = node.gossip->Kept(origin);
    }
    if (node.gossip->TakeNews()) {
      for (size_t peer = 0; peer < node.peers.size(); ++peer) {
        const int64_t at =
            std::max(now_, node.peers[peer].called_at + kNewsGap);
        const uint64_t incarnation = node.incarnation;
        At(at, [=] {
          if (nodes_[place].incarnation == incarnation) Want(place, peer);
        });
      }
    }
  }

  // An honest monitor holds a file: is it one?
  void Hold(size_t place, const GossipConviction& found) {
    Note(absl::StrCat("monitor ", place, " convicts ", found.origin));
    nodes_[place].convictions[found.origin].push_back(found);
    for (size_t log = 0; log < logs_.size(); ++log) {
      if (logs_[log].origin != found.origin) continue;
      ConvictionReport report;
      if (JudgeConviction(found.file, logs_[log].log->key(), &report) !=
          Finding::kOk) {
        Fail(absl::StrCat("monitor ", place, " holds a file about log ", log,
                          " that convicts nobody"));
      } else if (!logs_[log].forks()) {
        Fail(absl::StrCat("monitor ", place, " accuses log ", log,
                          ", which is honest"));
      }
      logs_[log].out_at = std::min(logs_[log].out_at, now_);
    }
  }

  void Period(size_t place) {
    After(kPeriod, [=] { Period(place); });
    if (!nodes_[place].alive) return;
    nodes_[place].gossip->NextPeriod();
    Digest(place);
  }

  // --- Calls ---

  void Timer(size_t place, size_t peer) {
    // One timer for each start: those of before a stop have ended with it.
    const uint64_t incarnation = nodes_[place].incarnation;
    After(kPeriod, [=] {
      if (nodes_[place].incarnation == incarnation) Timer(place, peer);
    });
    Want(place, peer);
  }

  void Want(size_t place, size_t peer) {
    PeerState& state = nodes_[place].peers[peer];
    if (!nodes_[place].alive || nodes_[place].liar) return;
    if (state.in_flight) {
      state.wanted = true;
    } else {
      state.owed_once = false;
      Call(place, peer);
    }
  }

  void Call(size_t place, size_t peer) {
    NodeState& node = nodes_[place];
    PeerState& state = node.peers[peer];
    state.in_flight = true;
    state.wanted = false;
    state.called_at = now_;
    const uint64_t call = ++state.call;
    ++result_.exchanges;
    const std::vector<v1::GossipMessage> requests = node.gossip->Requests(peer);
    CHECK_EQ(requests.size(), 1u);
    const size_t to = state.node;
    const uint64_t incarnation = node.incarnation;
    if (Stands(place, to)) {
      After(random_.Between(1, kDelayMax),
            [=, request = Told(place, requests[0])] {
              Serve(place, peer, call, incarnation, to, request);
            });
    }
    After(kTimeout, [=] { CallEnds(place, peer, call); });
  }

  bool Stands(size_t a, size_t b) { return FindLink(a, b)->up; }

  void CallEnds(size_t place, size_t peer, uint64_t call) {
    PeerState& state = nodes_[place].peers[peer];
    if (state.call != call || !state.in_flight) return;
    state.in_flight = false;
    if (state.wanted) Want(place, peer);
  }

  // What goes out, through the bytes.
  v1::GossipMessage Told(size_t place, v1::GossipMessage message) {
    for (v1::LogGossip& log : *message.mutable_logs()) {
      if (options_.fault == GossipFault::kHandsNothingOn) {
        bool tree = false;
        for (size_t i = 0; i < logs_.size(); ++i) {
          if (logs_[i].origin == log.origin()) {
            tree = nodes_[place].followed[i].size > 0;
          }
        }
        while (log.notes_size() > (tree ? 1 : 0)) {
          log.mutable_notes()->RemoveLast();
        }
      }
      if (options_.fault == GossipFault::kNewestNoteOnly &&
          log.notes_size() > 0) {
        uint64_t largest = 0;
        std::string newest;
        for (const std::string& note : log.notes()) {
          vidimus::Note split;
          Checkpoint checkpoint;
          CHECK(SplitNote(note, &split) == Finding::kOk);
          CHECK(ParseCheckpoint(split.text, &checkpoint) == Finding::kOk);
          if (checkpoint.head.size < largest) continue;
          largest = checkpoint.head.size;
          newest = note;
        }
        log.clear_notes();
        log.add_notes(newest);
      }
    }
    const absl::StatusOr<v1::GossipMessage> again =
        ParseGossip(FormatGossip(message));
    CHECK(again.ok());
    return *again;
  }

  void Hear(size_t place, GossipSource source,
            const v1::GossipMessage& message) {
    NodeState& node = nodes_[place];
    if (options_.fault == GossipFault::kBelievesConvictions) {
      for (const v1::LogGossip& log : message.logs()) {
        for (const std::string& file : log.convictions()) {
          GossipConviction conviction;
          conviction.origin = log.origin();
          conviction.file = file;
          Hold(place, conviction);
        }
      }
    }
    node.gossip->Hear(source, message, static_cast<uint64_t>(now_));
  }

  void Serve(size_t caller, size_t peer, uint64_t call, uint64_t incarnation,
             size_t place, const v1::GossipMessage& request) {
    NodeState& node = nodes_[place];
    if (!Stands(caller, place) || !node.alive) return;
    v1::GossipMessage answer;
    if (node.liar) {
      Remember(request);
      if (random_.Chance(30)) return;
      answer = Lies();
    } else {
      Hear(place, GossipSource::Stranger(), request);
      if (!healed_ && random_.Chance(1)) {
        // After it was heard, before it was kept.
        return Crash(place);
      }
      Digest(place);
      answer = Told(place, node.gossip->Answer(request));
    }
    After(random_.Between(1, kDelayMax), [=] {
      NodeState& back = nodes_[caller];
      PeerState& state = back.peers[peer];
      if (!Stands(caller, place) || !back.alive ||
          back.incarnation != incarnation || state.call != call ||
          !state.in_flight) {
        return;
      }
      if (back.liar) return;
      Hear(caller, GossipSource::Peer(peer), answer);
      Digest(caller);
      state.in_flight = false;
      if (back.gossip->Owes(peer) && !state.owed_once) {
        state.owed_once = true;
        Call(caller, peer);
      } else if (state.wanted) {
        Want(caller, peer);
      }
    });
  }

  // --- Liars ---

  void Remember(const v1::GossipMessage& message) {
    for (const v1::LogGossip& log : message.logs()) {
      for (const std::string& note : log.notes()) {
        if (heard_[log.origin()].size() < 200) {
          heard_[log.origin()].push_back(note);
        } else {
          heard_[log.origin()][random_.Below(200)] = note;
        }
      }
      for (const std::string& file : log.convictions()) {
        files_.push_back(file);
      }
    }
  }

  void Lie(size_t place) {
    NodeState& node = nodes_[place];
    After(random_.Between(10, kPeriod), [=] { Lie(place); });
    for (const PeerState& peer : node.peers) {
      if (!Stands(place, peer.node) || random_.Chance(30)) continue;
      NodeState& other = nodes_[peer.node];
      if (other.liar || !other.alive) continue;
      Hear(peer.node, GossipSource::Stranger(), Lies());
      Digest(peer.node);
      Remember(other.gossip->Answer(v1::GossipMessage()));
    }
  }

  // Whatever can be put together from what the logs signed and others said. An
  // honest log signs only what stands; a forking one signs anything.
  v1::GossipMessage Lies() {
    v1::GossipMessage message;
    for (size_t place = 0; place < logs_.size(); ++place) {
      LogState& log = logs_[place];
      v1::LogGossip* const told = message.add_logs();
      told->set_origin(log.origin);
      const std::vector<std::string>& heard = heard_[log.origin];
      const uint64_t count = random_.Chance(10) ? 100 : random_.Below(6);
      for (uint64_t i = 0; i < count; ++i) {
        const size_t branch = random_.Below(log.log->branches());
        const uint64_t shown = log.log->size(branch);
        std::string note = log.log->Note(branch, 1 + random_.Below(shown));
        switch (random_.Below(6)) {
          case 0:  // what somebody said before
            if (!heard.empty()) note = heard[random_.Below(heard.size())];
            break;
          case 1:  // a head that no tree will reach for long
            if (log.forks()) {
              note = log.log->Note(branch, shown + 100 + random_.Below(1000));
            }
            break;
          case 2:  // damaged
            note[random_.Below(note.size())] ^= 4;
            break;
          case 3: {  // an honest monitor's line over another head
            if (heard.empty()) break;
            const std::string& other = heard[random_.Below(heard.size())];
            const size_t line = other.rfind("\n", other.size() - 2);
            note += other.substr(line + 1);
            break;
          }
          default:
            break;
        }
        const size_t liar = random_.Below(nodes_.size());
        if (nodes_[liar].liar && random_.Chance(60)) {
          vidimus::Note split;
          if (SplitNote(note, &split) == Finding::kOk) {
            note = Cosigned(note, *nodes_[liar].signer,
                            static_cast<uint64_t>(now_));
          }
        }
        told->add_notes(note);
      }
      if (random_.Chance(50)) told->add_convicted(10);
      if (random_.Chance(40)) told->add_convictions(FalseFile(&log));
    }
    return message;
  }

  std::string FalseFile(LogState* log) {
    const std::string larger = log->log->Note(0, log->log->size(0));
    const std::string smaller =
        log->log->Note(0, 1 + random_.Below(log->log->size(0)));
    switch (random_.Below(4)) {
      case 0:
        return ForkConviction(larger, smaller, Path());
      case 1: {
        const std::vector<Hash> hashes(1 + random_.Below(6), Sha256(larger));
        return ForkConviction(larger, smaller, hashes);
      }
      case 2:
        if (!files_.empty()) {
          std::string file = files_[random_.Below(files_.size())];
          file[random_.Below(file.size())] ^= 1;
          return file;
        }
        return "vidimus/v1 conviction";
      default: {  // of one log, about another
        LogState& other = logs_[random_.Below(logs_.size())];
        if (!other.forks()) return smaller;
        const uint64_t size = other.log->size(1);
        return other.log
            ->Compare(0, other.log->size(0),
                      other.log->Note(1, std::min(size, other.log->size(0))))
            .conviction;
      }
    }
  }

  // --- What must hold ---

  // Carries on what surely has arrived where, and judges what follows of it.
  void Watch() {
    After(kPeriod / 4, [this] { Watch(); });
    for (auto& [name, journey] : journeys_) {
      const Followed& from = nodes_[journey.from].followed[journey.log];
      const uint64_t common = logs_[journey.log].CommonSize(
          from.branch, nodes_[journey.to].followed[journey.log].branch);
      const auto passed = from.passed.find(common);
      if (passed != from.passed.end()) {
        journey.arrived[journey.from] = passed->second;
      }
      for (const Link& link : links_) {
        if (!link.up || nodes_[link.a].liar || nodes_[link.b].liar) continue;
        const NodeState& a = nodes_[link.a];
        const NodeState& b = nodes_[link.b];
        if (!a.alive || !b.alive) continue;
        const int64_t since =
            std::max({link.up_since, a.alive_since, b.alive_since});
        if (since > now_ - kHop) continue;
        const auto carry = [this, &arrived = journey.arrived](size_t x,
                                                              size_t y) {
          if (arrived[x] <= now_ - kHop) {
            arrived[y] = std::min(arrived[y], now_);
          }
        };
        carry(link.a, link.b);
        carry(link.b, link.a);
      }
    }
    for (const auto& [name, journey] : journeys_) {
      const Journey& back =
          journeys_.at({journey.log, journey.to, journey.from});
      const int64_t met =
          std::max(journey.arrived[journey.to], back.arrived[journey.from]);
      if (met + kPeriod <= now_ && logs_[journey.log].out_at == kNever) {
        Fail(absl::StrCat("monitors ", journey.from, " and ", journey.to,
                          " heard of each other's log ", journey.log, " by ",
                          met, ", and it has not come out"));
      }
    }
  }

  // Links between two honest monitors over honest ones; -1: there is no way.
  std::vector<int> Hops(size_t from) const {
    std::vector<int> hops(nodes_.size(), -1);
    if (nodes_[from].liar) return hops;
    std::deque<size_t> queue = {from};
    hops[from] = 0;
    while (!queue.empty()) {
      const size_t at = queue.front();
      queue.pop_front();
      for (const Link& link : links_) {
        if (link.a != at && link.b != at) continue;
        const size_t next = link.a == at ? link.b : link.a;
        if (nodes_[next].liar || hops[next] >= 0) continue;
        hops[next] = hops[at] + 1;
        queue.push_back(next);
      }
    }
    return hops;
  }

  void JudgeEnd() {
    for (const auto& [name, journey] : journeys_) {
      if (journey.from > journey.to) continue;
      const LogState& log = logs_[journey.log];
      const Followed& from = nodes_[journey.from].followed[journey.log];
      const Followed& to = nodes_[journey.to].followed[journey.log];
      const uint64_t common = log.CommonSize(from.branch, to.branch);
      const std::vector<int> hops = Hops(journey.from);
      const int distance = hops[journey.to];
      if (distance < 0 || from.passed.count(common) == 0 ||
          to.passed.count(common) == 0) {
        continue;
      }
      const int64_t since =
          std::max({heal_at_, from.passed.at(common), to.passed.at(common)});
      const int64_t until = since + (distance + 1) * kPeriod;
      if (until > end_) continue;
      ++result_.demanded;
      if (log.out_at > until) {
        Fail(absl::StrCat(
            "monitors ", journey.from, " and ", journey.to, ", ", distance,
            " hops apart, differ about log ", journey.log, " since ", since,
            "; it came out at ",
            log.out_at == kNever ? "no time" : absl::StrCat(log.out_at)));
      }
      // News of it goes to everybody on the same way.
      const int64_t known = std::max(heal_at_, log.out_at) +
                            (static_cast<int64_t>(nodes_.size()) + 1) * kPeriod;
      if (known > end_) continue;
      for (size_t place = 0; place < nodes_.size(); ++place) {
        if (hops[place] >= 0 &&
            nodes_[place].gossip->Convictions(log.origin).empty()) {
          Fail(absl::StrCat("monitor ", place, " never heard that log ",
                            journey.log, " forks"));
        }
      }
    }
  }

  const GossipSimulationOptions options_;
  Random random_;
  GossipSimulationResult result_;
  int64_t now_ = 0;
  uint64_t order_ = 0;
  std::priority_queue<Event> events_;
  int64_t heal_at_ = 0;
  int64_t end_ = 0;
  bool healed_ = false;
  std::vector<LogState> logs_;
  std::vector<NodeState> nodes_;
  std::vector<Link> links_;
  std::map<std::tuple<size_t, size_t, size_t>, Journey> journeys_;
  // What liars have heard.
  std::map<std::string, std::vector<std::string>> heard_;
  std::vector<std::string> files_;
};

}  // namespace

GossipSimulationResult SimulateGossip(const GossipSimulationOptions& options) {
  return Simulation(options).Run();
}

}  // namespace vidimus
