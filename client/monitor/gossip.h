// Gossip: how monitors who were shown different histories of a log find out.
// A state machine without clock, network or disk: it is told what came and what
// the time is, and says what to send. Who drives it: gossip_service.h, and the
// simulation in tests/gossip. What is exchanged: proto/gossip.proto; why it
// finds every fork: docs/gossip.md, and here:
//
//   A monitor's tree is its branch. Two monitors on different branches are told
//   apart by whoever holds the larger tree and sees the other's newest head:
//   the tree has another root at that size, and the roots of common subtrees
//   make the file (conviction.h). So what must travel is each monitor's newest
//   head, in both directions. If A's note reaches C and C's reaches A, each as
//   it was at some time or newer, then one of the two can tell, for neither
//   tree ever shrinks: were A's note larger than C's tree *and* C's note larger
//   than A's tree, A's tree would be larger than itself.
//
//   What need not travel: a note that our own tree begins with. Our own newest
//   head says all that it says, to anybody. It is *settled*, and forgotten.
//
//   What must be kept and handed on: a note that is larger than our tree (or of
//   a log whose tree we do not hold). Of those, for each known cosigner the
//   newest: an honest cosigner signs one history only, so its newest head says
//   all that its older ones said, and a lying one wastes only its own place.
//   Nobody else's notes can push out an honest monitor's. Two notes of one size
//   with different roots are a conviction at once, whatever is held.
//
//   What has no known cosigner (a head that our own witness refused; a peer
//   whose key we do not know) lies in a pool for each source, so that a source
//   pushes out only what it brought: the smallest, which our tree reaches
//   first, and the largest, which is the source's newest. That is sure for one
//   hop, and as good as the room in the pools beyond.
//
// A conviction ends it: one file of each kind is kept for each log, the first,
// and handed on; each was judged here, whoever brought it. Those that name a
// person are neither taken nor sent. No answer of a peer is evidence of
// anything.
//
// Bounds: the constants below; for each log at most kGossipCosignersMax +
// (peers + 2) * kGossipPoolNotes notes of a few KiB, and six convictions.
#ifndef VIDIMUS_CLIENT_MONITOR_GOSSIP_H_
#define VIDIMUS_CLIENT_MONITOR_GOSSIP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/gossip.pb.h"
#include "verifier/conviction.h"
#include "verifier/hash.h"
#include "verifier/note.h"

namespace vidimus {

inline constexpr size_t kGossipMessageBytesMax = 4 << 20;
inline constexpr size_t kGossipLogsPerMessage = 16;
inline constexpr size_t kGossipNotesPerLog = 100;
inline constexpr size_t kGossipNoteBytesMax = 32 << 10;
inline constexpr size_t kGossipConvictionBytesMax = 1 << 20;
inline constexpr size_t kGossipCosignersMax = 60;  // of one log
inline constexpr size_t kGossipPeersMax = 32;
// Of one source about one log.
inline constexpr size_t kGossipPoolNotes = 32;
// What one source may make us look at in a period, about one log; beyond it
// nothing is read until the next.
inline constexpr int kGossipNotesPerPeriod = 400;
inline constexpr int kGossipConvictionsPerPeriod = 16;
// Heads that are known to be settled, so that they cost nothing again.
inline constexpr size_t kGossipSettledMax = 1024;

// A log that is followed, or only passed on.
struct GossipLog {
  VerifierKey key;  // its name is the origin
  // Whose notes have a place of their own. Our own keys belong here too: lines
  // by others are not kept.
  std::vector<VerifierKey> cosigners;
};

// Who brought a note. Peers are counted from 0 in the order they were given.
class GossipSource {
 public:
  static GossipSource Own() { return GossipSource(-2); }
  static GossipSource Stranger() { return GossipSource(-1); }
  static GossipSource Peer(size_t peer) {
    return GossipSource(static_cast<int>(peer));
  }
  bool operator<(GossipSource other) const { return id_ < other.id_; }
  bool operator==(GossipSource other) const { return id_ == other.id_; }
  int id() const { return id_; }

 private:
  explicit GossipSource(int id) : id_(id) {}
  int id_;
};

// What our own tree is to a note.
struct TreeComparison {
  enum class Relation {
    kPrefix,    // our tree begins with the note's head
    kAhead,     // the note is larger than our tree
    kConvicts,  // `conviction`, not judged yet
    kUnknown,   // could not be found out now
  };
  Relation relation = Relation::kUnknown;
  std::string conviction;
};

// To be asked of our own tree.
struct GossipQuestion {
  std::string origin;
  TreeHead head;
  std::string note;
};

// A conviction that this monitor holds.
struct GossipConviction {
  std::string origin;
  std::string file;
  ConvictionReport report;
};

// A head that others know and our tree has not reached.
struct UnsettledNote {
  TreeHead head;
  uint64_t since_s = 0;
  std::string note;
};

// Not synchronised.
class Gossip {
 public:
  // `peers`: names, unique, not empty. At most kGossipPeersMax, and each log
  // once with at most kGossipCosignersMax cosigners (CHECK: who reads a
  // configuration looks first).
  Gossip(std::vector<GossipLog> logs, std::vector<std::string> peers);

  // --- What we know ourselves ---

  // A head of our own tree, as a note of the log. Told are the newest, and the
  // newest with a cosignature of ours, by which others keep it a place: it may
  // come later, and be smaller. False, and nothing changes, if it is not a note
  // of a log that we know, or smaller than what we told already.
  bool SetTree(absl::string_view origin, absl::string_view note);

  // A note that came to us by other ways: what our witness cosigned, or refused
  // though the log had signed it, what the log shows as cosigned.
  void AddNote(absl::string_view origin, absl::string_view note,
               uint64_t now_s);

  // A conviction that we made or found: whether it is one, about this log, that
  // may travel.
  bool AddConviction(absl::string_view origin, absl::string_view file);

  // --- What others say ---

  // Takes what a source said. Whatever it is, no more than its own places is
  // lost. `logs` beyond kGossipLogsPerMessage and notes beyond
  // kGossipNotesPerLog are not looked at.
  void Hear(GossipSource source, const v1::GossipMessage& message,
            uint64_t now_s);

  // What to call a peer with: all logs, each message within the limits.
  std::vector<v1::GossipMessage> Requests(size_t peer) const;
  // What to answer a request with.
  v1::GossipMessage Answer(const v1::GossipMessage& request) const;
  // Whether the peer lacks a conviction that we have, as far as it told us: it
  // is worth calling it again at once.
  bool Owes(size_t peer) const;

  // --- What comes of it ---

  // Notes that our tree has reached and was not asked about in this period.
  // Each is to be compared with the tree, without holding anybody up, and
  // answered.
  std::vector<GossipQuestion> Questions();
  void Answered(const GossipQuestion& question,
                const TreeComparison& comparison);

  // A new period: sources may speak again, what could not be found out is asked
  // again.
  void NextPeriod();

  // Whether there is something that peers should hear before the period ends: a
  // note that our tree does not settle, or a conviction. Cleared by the call.
  bool TakeNews();
  // Convictions since the last call.
  std::vector<GossipConviction> TakeFound();

  // Largest first. What stands here for long, the log has shown to others and
  // not to us.
  std::vector<UnsettledNote> Unsettled(absl::string_view origin) const;
  std::vector<GossipConviction> Convictions(absl::string_view origin) const;

  // --- Across restarts ---

  // Logs whose Kept changed since the last call.
  std::vector<std::string> TakeChanged();
  // What must survive (gossip_state.proto), convictions apart.
  std::string Kept(absl::string_view origin) const;
  // Takes back what was kept, and convictions by AddConviction. Bytes that are
  // damaged are as good as none: false.
  bool Restore(absl::string_view origin, absl::string_view kept);

 private:
  struct HeadOrder {
    bool operator()(const TreeHead& a, const TreeHead& b) const {
      return a.size != b.size ? a.size < b.size : a.root < b.root;
    }
  };
  using Heads = std::set<TreeHead, HeadOrder>;

  // A note in the parts that count: the log's line, and those of known
  // cosigners by their places.
  struct ReadNote {
    TreeHead head;
    std::string text;
    std::string log_line;
    std::map<size_t, std::string> cosigner_lines;
  };
  struct HeldNote {
    ReadNote note;
    std::set<GossipSource> pools;
    uint64_t since_s = 0;
    bool asked = false;
  };

  struct Budget {
    int notes = kGossipNotesPerPeriod;
    int convictions = kGossipConvictionsPerPeriod;
  };

  struct Log {
    GossipLog config;
    std::optional<ReadNote> tree;
    std::string tree_note;  // as it was given, with all its lines
    // The newest of our own tree with a line by a known cosigner.
    TreeHead cosigned;
    std::string cosigned_note;
    std::map<TreeHead, HeldNote, HeadOrder> held;
    // By cosigner, its newest note among those held.
    std::map<size_t, TreeHead> newest;
    std::map<GossipSource, Heads> pools;
    std::map<ConvictionKind, GossipConviction> convictions;
    // Hashes of texts, in order_ the oldest first.
    std::set<Hash> settled;
    std::deque<Hash> settled_order;
    std::map<GossipSource, Budget> budgets;
    // Kinds that a peer said it holds; nothing until it said so.
    std::map<size_t, std::set<uint32_t>> peers_hold;
    bool changed = false;

    bool forked() const {
      return convictions.count(ConvictionKind::kFork) != 0;
    }
  };

  Log* Find(absl::string_view origin);
  const Log* Find(absl::string_view origin) const;
  // Reads and takes a note; `budget` may be null: then it is not counted.
  void TakeNote(Log* log, const std::set<GossipSource>& sources,
                absl::string_view bytes, uint64_t now_s, Budget* budget);
  void Place(Log* log, const std::set<GossipSource>& sources,
             const TreeHead& head);
  void Settle(Log* log, const TreeHead& head);
  void Release(Log* log, const TreeHead& head);
  void ConvictOfFork(Log* log, const ReadNote& a, const ReadNote& b);
  bool KeepConviction(Log* log, absl::string_view file);
  static v1::LogGossip Notes(const Log& log);
  static void AddConvictions(const Log& log, const std::set<uint32_t>& holds,
                             v1::LogGossip* told, size_t* bytes_left);

  std::vector<std::string> peers_;
  std::vector<Log> logs_;  // in the order given
  std::map<std::string, size_t, std::less<>> by_origin_;
  std::vector<GossipConviction> found_;
  bool news_ = false;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_GOSSIP_H_
