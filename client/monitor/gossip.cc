#include "client/monitor/gossip.h"

#include <algorithm>

#include "client/monitor/gossip_state.pb.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction_builder.h"
#include "verifier/crypto.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

// The fields of proto/conviction.proto that hold a kind, and those of them that
// may travel.
constexpr uint32_t kFirstKind = 10;
constexpr uint32_t kLastPublicKind = 15;
constexpr uint32_t kLastKind = 17;
static_assert(kLastKind - kFirstKind + 1 == kConvictionKindCount);

uint32_t KindField(ConvictionKind kind) {
  return kFirstKind + static_cast<uint32_t>(kind);
}

// What a message takes beside notes and convictions: tags, lengths, an origin,
// the kinds.
constexpr size_t kLogOverheadBytes = 1024;
constexpr size_t kFieldOverheadBytes = 8;

constexpr char kStrangers[] = "*";

std::string_view View(absl::string_view text) {
  return {text.data(), text.size()};
}

// The number of the one kind that a file says it is of; nothing if it is of
// none or of several. Costs nothing, unlike judging it.
std::optional<uint32_t> ClaimedKind(std::string_view file) {
  if (!LooksLikeConviction(file)) return std::nullopt;
  std::optional<uint32_t> kind;
  WireReader reader(kConvictionRule, file);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number < kFirstKind) continue;
    if (kind) return std::nullopt;
    kind = field.rule->number;
  }
  if (reader.finding() != Finding::kOk) return std::nullopt;
  return kind;
}

// The line by `key` that verifies over the text; empty if there is none.
std::string LineBy(const VerifierKey& key, const Note& note) {
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != key.name || signature.key_id != key.key_id) continue;
    uint64_t time_s;
    if (VerifyNoteSignature(key, note.text, signature.signature, &time_s) !=
        Finding::kOk) {
      return "";
    }
    return NoteSignatureLine(key.name, key.key_id, signature.signature);
  }
  return "";
}

bool HasLineOf(const VerifierKey& key, const Note& note) {
  return std::any_of(note.signatures.begin(), note.signatures.end(),
                     [&](const NoteSignature& signature) {
                       return signature.name == key.name &&
                              signature.key_id == key.key_id;
                     });
}

std::string Join(const std::string& text, const std::string& log_line,
                 const std::map<size_t, std::string>& cosigner_lines) {
  std::vector<std::string> lines = {log_line};
  for (const auto& [place, line] : cosigner_lines) lines.push_back(line);
  return JoinNote(text, lines);
}

}  // namespace

Gossip::Gossip(std::vector<GossipLog> logs, std::vector<std::string> peers)
    : peers_(std::move(peers)) {
  CHECK_LE(peers_.size(), kGossipPeersMax);
  CHECK(std::set<std::string>(peers_.begin(), peers_.end()).size() ==
        peers_.size());
  for (const std::string& peer : peers_) {
    CHECK(!peer.empty() && peer != kStrangers);
  }
  for (GossipLog& config : logs) {
    CHECK_LE(config.cosigners.size(), kGossipCosignersMax);
    CHECK(by_origin_.emplace(config.key.name, logs_.size()).second);
    Log log;
    log.config = std::move(config);
    logs_.push_back(std::move(log));
  }
}

Gossip::Log* Gossip::Find(absl::string_view origin) {
  const auto found = by_origin_.find(View(origin));
  return found == by_origin_.end() ? nullptr : &logs_[found->second];
}

const Gossip::Log* Gossip::Find(absl::string_view origin) const {
  const auto found = by_origin_.find(View(origin));
  return found == by_origin_.end() ? nullptr : &logs_[found->second];
}

// --- What we know ourselves --------------------------------------------------

bool Gossip::SetTree(absl::string_view origin, absl::string_view bytes) {
  Log* const log = Find(origin);
  if (log == nullptr || bytes.size() > kGossipNoteBytesMax) return false;
  Note note;
  Checkpoint checkpoint;
  if (SplitNote(View(bytes), &note) != Finding::kOk ||
      ParseCheckpoint(note.text, &checkpoint) != Finding::kOk ||
      checkpoint.origin != log->config.key.name) {
    return false;
  }
  ReadNote tree;
  tree.head = checkpoint.head;
  tree.text = std::string(note.text);
  tree.log_line = LineBy(log->config.key, note);
  if (tree.log_line.empty()) return false;
  const std::vector<VerifierKey>& cosigners = log->config.cosigners;
  const bool cosigned = std::any_of(
      cosigners.begin(), cosigners.end(),
      [&](const VerifierKey& key) { return !LineBy(key, note).empty(); });
  const bool is_newest_cosigned =
      cosigned && tree.head.size >= log->cosigned.size;
  if (log->tree) {
    if (tree.head.size < log->tree->head.size) {
      if (!is_newest_cosigned) return false;
      log->cosigned = tree.head;
      log->cosigned_note = std::string(bytes);
      return true;
    }
    if (tree.head.size == log->tree->head.size &&
        tree.head != log->tree->head) {
      ConvictOfFork(log, tree, *log->tree);
      return false;
    }
  }
  log->tree = tree;
  log->tree_note = std::string(bytes);
  if (is_newest_cosigned) {
    log->cosigned = tree.head;
    log->cosigned_note = std::string(bytes);
  }
  // What has the same size needs no question.
  std::optional<ReadNote> other;
  for (auto& [head, held] : log->held) {
    held.asked = false;
    if (head.size == tree.head.size && head != tree.head) other = held.note;
  }
  Settle(log, tree.head);
  if (other) ConvictOfFork(log, tree, *other);
  return true;
}

void Gossip::AddNote(absl::string_view origin, absl::string_view note,
                     uint64_t now_s) {
  Log* const log = Find(origin);
  if (log != nullptr) {
    TakeNote(log, {GossipSource::Own()}, note, now_s, nullptr);
  }
}

bool Gossip::AddConviction(absl::string_view origin, absl::string_view file) {
  Log* const log = Find(origin);
  return log != nullptr && KeepConviction(log, file);
}

// --- What others say ---------------------------------------------------------

void Gossip::Hear(GossipSource source, const v1::GossipMessage& message,
                  uint64_t now_s) {
  const size_t count = std::min<size_t>(
      static_cast<size_t>(message.logs_size()), kGossipLogsPerMessage);
  for (size_t i = 0; i < count; ++i) {
    const v1::LogGossip& told = message.logs(static_cast<int>(i));
    Log* const log = Find(told.origin());
    if (log == nullptr) continue;
    Budget* const budget = &log->budgets[source];
    if (source.id() >= 0) {
      std::set<uint32_t>* const holds =
          &log->peers_hold[static_cast<size_t>(source.id())];
      holds->clear();
      for (const uint32_t kind : told.convicted()) {
        if (kind >= kFirstKind && kind <= kLastKind) holds->insert(kind);
      }
    }
    for (const std::string& file : told.convictions()) {
      if (budget->convictions <= 0) break;
      --budget->convictions;
      KeepConviction(log, file);
    }
    const size_t notes = std::min<size_t>(
        static_cast<size_t>(told.notes_size()), kGossipNotesPerLog);
    for (size_t k = 0; k < notes && budget->notes > 0; ++k) {
      TakeNote(log, {source}, told.notes(static_cast<int>(k)), now_s, budget);
    }
  }
}

void Gossip::TakeNote(Log* log, const std::set<GossipSource>& sources,
                      absl::string_view bytes, uint64_t now_s, Budget* budget) {
  if (log->forked() || bytes.size() > kGossipNoteBytesMax) return;
  Note split;
  Checkpoint checkpoint;
  if (SplitNote(View(bytes), &split) != Finding::kOk ||
      ParseCheckpoint(split.text, &checkpoint) != Finding::kOk ||
      checkpoint.origin != log->config.key.name || checkpoint.head.size == 0) {
    if (budget != nullptr) --budget->notes;
    return;
  }
  const TreeHead& head = checkpoint.head;
  // What is settled was judged before, and says nothing new.
  if (log->tree && head == log->tree->head) return;
  if (log->settled.count(Sha256(split.text)) != 0) return;

  const auto found = log->held.find(head);
  const std::vector<VerifierKey>& cosigners = log->config.cosigners;
  std::vector<size_t> missing;
  for (size_t i = 0; i < cosigners.size(); ++i) {
    const bool known =
        found != log->held.end() && found->second.note.cosigner_lines.count(i);
    if (!known && HasLineOf(cosigners[i], split)) missing.push_back(i);
  }
  // The signatures: only those that we have not judged yet.
  if (budget != nullptr && (found == log->held.end() || !missing.empty())) {
    --budget->notes;
  }
  ReadNote note;
  note.head = head;
  note.text = std::string(split.text);
  if (found == log->held.end()) {
    note.log_line = LineBy(log->config.key, split);
    if (note.log_line.empty()) return;
  }
  for (const size_t i : missing) {
    std::string line = LineBy(cosigners[i], split);
    if (!line.empty()) note.cosigner_lines.emplace(i, std::move(line));
  }

  if (found == log->held.end()) {
    // One size, two roots: no tree is needed to see it.
    if (log->tree && log->tree->head.size == head.size) {
      return ConvictOfFork(log, note, *log->tree);
    }
    const auto near = log->held.lower_bound({head.size, Hash{}});
    if (near != log->held.end() && near->first.size == head.size) {
      return ConvictOfFork(log, note, near->second.note);
    }
    HeldNote held;
    held.note = std::move(note);
    held.since_s = now_s;
    log->held.emplace(head, std::move(held));
  } else {
    if (!note.cosigner_lines.empty()) log->changed = true;
    found->second.note.cosigner_lines.merge(note.cosigner_lines);
  }
  const bool is_new = found == log->held.end();
  Place(log, sources, head);
  if (is_new && log->held.count(head) != 0) {
    log->changed = true;
    news_ = true;
  }
}

// Gives a held note its places, and takes from them what it pushes out.
void Gossip::Place(Log* log, const std::set<GossipSource>& sources,
                   const TreeHead& head) {
  HeldNote* const held = &log->held.at(head);
  bool placed = false;
  Heads pushed_out;
  for (const auto& [cosigner, line] : held->note.cosigner_lines) {
    const auto [newest, is_first] = log->newest.emplace(cosigner, head);
    if (!is_first && newest->second.size < head.size) {
      pushed_out.insert(newest->second);
      newest->second = head;
    }
    placed = placed || newest->second == head;
  }
  for (const GossipSource source : sources) {
    // A place by its cosigners may be lost to a lying one's next note; what
    // came in by our own doors is kept besides.
    if (placed && !(source == GossipSource::Own())) continue;
    Heads* const pool = &log->pools[source];
    pool->insert(head);
    held->pools.insert(source);
    if (pool->size() <= kGossipPoolNotes) continue;
    // The smallest and the largest stay.
    const auto middle = std::next(pool->begin(), kGossipPoolNotes / 2);
    log->held.at(*middle).pools.erase(source);
    pushed_out.insert(*middle);
    pool->erase(middle);
  }
  pushed_out.insert(head);  // if nothing took it
  for (const TreeHead& released : pushed_out) Release(log, released);
}

// Forgets a note that has no place any more.
void Gossip::Release(Log* log, const TreeHead& head) {
  const auto held = log->held.find(head);
  if (held == log->held.end() || !held->second.pools.empty()) return;
  for (const auto& [cosigner, newest] : log->newest) {
    if (newest == head) return;
  }
  log->held.erase(held);
}

void Gossip::Settle(Log* log, const TreeHead& head) {
  const auto held = log->held.find(head);
  if (held == log->held.end()) return;
  const Hash text = Sha256(held->second.note.text);
  if (log->settled.insert(text).second) log->settled_order.push_back(text);
  if (log->settled_order.size() > kGossipSettledMax) {
    log->settled.erase(log->settled_order.front());
    log->settled_order.pop_front();
  }
  for (const GossipSource source : held->second.pools) {
    log->pools[source].erase(head);
  }
  for (auto newest = log->newest.begin(); newest != log->newest.end();) {
    newest =
        newest->second == head ? log->newest.erase(newest) : std::next(newest);
  }
  log->held.erase(held);
}

void Gossip::ConvictOfFork(Log* log, const ReadNote& a, const ReadNote& b) {
  CHECK_EQ(a.head.size, b.head.size);
  KeepConviction(log, ForkConviction(JoinNote(a.text, {a.log_line}),
                                     JoinNote(b.text, {b.log_line}), Path()));
}

bool Gossip::KeepConviction(Log* log, absl::string_view file) {
  if (file.size() > kGossipConvictionBytesMax) return false;
  const std::optional<uint32_t> kind = ClaimedKind(View(file));
  if (!kind || *kind > kLastPublicKind ||
      log->convictions.count(static_cast<ConvictionKind>(*kind - kFirstKind)) !=
          0) {
    return false;
  }
  GossipConviction conviction;
  if (JudgeConviction(View(file), log->config.key, &conviction.report) !=
          Finding::kOk ||
      conviction.report.names_person) {
    return false;
  }
  conviction.origin = log->config.key.name;
  conviction.file = std::string(file);
  found_.push_back(conviction);
  news_ = true;
  const ConvictionKind shown = conviction.report.kind;
  log->convictions.emplace(shown, std::move(conviction));
  if (shown == ConvictionKind::kFork) {
    // There is no history left to compare anything with.
    log->held.clear();
    log->newest.clear();
    log->pools.clear();
    log->changed = true;
  }
  return true;
}

// The notes of a log and what it is convicted of.
v1::LogGossip Gossip::Notes(const Log& log) {
  v1::LogGossip told;
  told.set_origin(log.config.key.name);
  for (const auto& [kind, conviction] : log.convictions) {
    told.add_convicted(KindField(kind));
  }
  if (!log.cosigned_note.empty()) told.add_notes(log.cosigned_note);
  if (log.tree && log.tree->head != log.cosigned) {
    told.add_notes(log.tree_note);
  }
  const auto add = [&](const HeldNote& held) {
    told.add_notes(
        Join(held.note.text, held.note.log_line, held.note.cosigner_lines));
  };
  Heads newest;
  for (const auto& [cosigner, head] : log.newest) newest.insert(head);
  for (const TreeHead& head : newest) add(log.held.at(head));
  // The others by turns, one from each source: none crowds out the rest.
  // Our own doors come first, by their id.
  Heads others;
  std::vector<std::vector<TreeHead>> rests;
  for (const auto& [source, pool] : log.pools) {
    // Smallest, largest, second smallest, ...
    std::vector<TreeHead> rest;
    auto low = pool.begin();
    auto high = pool.end();
    while (low != high) {
      rest.push_back(*low++);
      if (low != high) rest.push_back(*--high);
    }
    rests.push_back(std::move(rest));
  }
  for (size_t turn = 0; turn < kGossipPoolNotes; ++turn) {
    for (const std::vector<TreeHead>& rest : rests) {
      if (turn < rest.size() && others.size() < kGossipPoolNotes &&
          newest.count(rest[turn]) == 0 && others.insert(rest[turn]).second) {
        add(log.held.at(rest[turn]));
      }
    }
  }
  static_assert(2 + kGossipCosignersMax + kGossipPoolNotes <=
                kGossipNotesPerLog);
  return told;
}

void Gossip::AddConvictions(const Log& log, const std::set<uint32_t>& holds,
                            v1::LogGossip* told, size_t* bytes_left) {
  for (const auto& [kind, conviction] : log.convictions) {
    if (holds.count(KindField(kind)) != 0) continue;
    const size_t bytes = conviction.file.size() + kFieldOverheadBytes;
    if (bytes > *bytes_left) continue;
    *bytes_left -= bytes;
    told->add_convictions(conviction.file);
  }
}

std::vector<v1::GossipMessage> Gossip::Requests(size_t peer) const {
  std::vector<v1::GossipMessage> messages;
  size_t bytes_left = 0;
  for (const Log& log : logs_) {
    v1::LogGossip told = Notes(log);
    const size_t bytes = told.ByteSizeLong() + kLogOverheadBytes;
    if (messages.empty() || bytes > bytes_left ||
        static_cast<size_t>(messages.back().logs_size()) ==
            kGossipLogsPerMessage) {
      messages.emplace_back();
      bytes_left = kGossipMessageBytesMax;
    }
    // One log's notes alone may be more than a message holds; those of our own
    // tree come first.
    while (told.ByteSizeLong() + kLogOverheadBytes > bytes_left) {
      told.mutable_notes()->RemoveLast();
    }
    bytes_left -= told.ByteSizeLong() + kLogOverheadBytes;
    const auto holds = log.peers_hold.find(peer);
    if (holds != log.peers_hold.end()) {
      AddConvictions(log, holds->second, &told, &bytes_left);
    }
    *messages.back().add_logs() = std::move(told);
  }
  return messages;
}

v1::GossipMessage Gossip::Answer(const v1::GossipMessage& request) const {
  v1::GossipMessage answer;
  size_t bytes_left = kGossipMessageBytesMax;
  std::set<const Log*> answered;
  const size_t count = std::min<size_t>(
      static_cast<size_t>(request.logs_size()), kGossipLogsPerMessage);
  for (size_t i = 0; i < count; ++i) {
    const v1::LogGossip& asked = request.logs(static_cast<int>(i));
    const Log* const log = Find(asked.origin());
    if (log == nullptr || !answered.insert(log).second) continue;
    v1::LogGossip told = Notes(*log);
    while (told.notes_size() > 0 &&
           told.ByteSizeLong() + kLogOverheadBytes > bytes_left) {
      told.mutable_notes()->RemoveLast();
    }
    const size_t bytes = told.ByteSizeLong() + kLogOverheadBytes;
    if (bytes > bytes_left) break;
    bytes_left -= bytes;
    AddConvictions(
        *log,
        std::set<uint32_t>(asked.convicted().begin(), asked.convicted().end()),
        &told, &bytes_left);
    *answer.add_logs() = std::move(told);
  }
  return answer;
}

bool Gossip::Owes(size_t peer) const {
  for (const Log& log : logs_) {
    const auto holds = log.peers_hold.find(peer);
    if (holds == log.peers_hold.end()) continue;
    for (const auto& [kind, conviction] : log.convictions) {
      if (holds->second.count(KindField(kind)) == 0) return true;
    }
  }
  return false;
}

// --- What comes of it --------------------------------------------------------

std::vector<GossipQuestion> Gossip::Questions() {
  std::vector<GossipQuestion> questions;
  for (Log& log : logs_) {
    for (auto& [head, held] : log.held) {
      if (held.asked) continue;
      held.asked = true;
      questions.push_back({log.config.key.name, head,
                           JoinNote(held.note.text, {held.note.log_line})});
    }
  }
  return questions;
}

void Gossip::Answered(const GossipQuestion& question,
                      const TreeComparison& comparison) {
  Log* const log = Find(question.origin);
  if (log == nullptr) return;
  switch (comparison.relation) {
    case TreeComparison::Relation::kPrefix:
      return Settle(log, question.head);
    case TreeComparison::Relation::kConvicts:
      // Any other kind is about a head that our tree begins with. A fork that
      // is none after all leaves the note, to be asked about again.
      if (KeepConviction(log, comparison.conviction) ||
          ClaimedKind(comparison.conviction) !=
              KindField(ConvictionKind::kFork)) {
        Settle(log, question.head);
      }
      return;
    case TreeComparison::Relation::kAhead:
    case TreeComparison::Relation::kUnknown:
      return;
  }
}

void Gossip::NextPeriod() {
  for (Log& log : logs_) {
    log.budgets.clear();
    for (auto& [head, held] : log.held) held.asked = false;
  }
}

bool Gossip::TakeNews() { return std::exchange(news_, false); }

std::vector<GossipConviction> Gossip::TakeFound() {
  return std::exchange(found_, {});
}

std::vector<UnsettledNote> Gossip::Unsettled(absl::string_view origin) const {
  std::vector<UnsettledNote> notes;
  const Log* const log = Find(origin);
  if (log == nullptr) return notes;
  for (auto held = log->held.rbegin(); held != log->held.rend(); ++held) {
    const ReadNote& note = held->second.note;
    notes.push_back({held->first, held->second.since_s,
                     Join(note.text, note.log_line, note.cosigner_lines)});
  }
  return notes;
}

std::vector<GossipConviction> Gossip::Convictions(
    absl::string_view origin) const {
  std::vector<GossipConviction> convictions;
  const Log* const log = Find(origin);
  if (log == nullptr) return convictions;
  for (const auto& [kind, conviction] : log->convictions) {
    convictions.push_back(conviction);
  }
  return convictions;
}

// --- Across restarts ---------------------------------------------------------

std::vector<std::string> Gossip::TakeChanged() {
  std::vector<std::string> origins;
  for (Log& log : logs_) {
    if (std::exchange(log.changed, false)) {
      origins.push_back(log.config.key.name);
    }
  }
  return origins;
}

std::string Gossip::Kept(absl::string_view origin) const {
  const Log* const log = Find(origin);
  CHECK(log != nullptr);
  v1::KeptGossip kept;
  for (const auto& [head, held] : log->held) {
    v1::KeptNote* const note = kept.add_notes();
    note->set_note(
        Join(held.note.text, held.note.log_line, held.note.cosigner_lines));
    note->set_since_s(held.since_s);
    for (const GossipSource source : held.pools) {
      note->add_pools(source == GossipSource::Own() ? ""
                      : source == GossipSource::Stranger()
                          ? kStrangers
                          : peers_[static_cast<size_t>(source.id())]);
    }
  }
  return kept.SerializeAsString();
}

bool Gossip::Restore(absl::string_view origin, absl::string_view bytes) {
  Log* const log = Find(origin);
  v1::KeptGossip kept;
  if (log == nullptr || !kept.ParseFromString(std::string(bytes))) {
    return false;
  }
  for (const v1::KeptNote& note : kept.notes()) {
    std::set<GossipSource> sources;
    for (const std::string& pool : note.pools()) {
      const auto peer = std::find(peers_.begin(), peers_.end(), pool);
      sources.insert(
          pool.empty() ? GossipSource::Own()
          : peer == peers_.end()
              ? GossipSource::Stranger()
              : GossipSource::Peer(static_cast<size_t>(peer - peers_.begin())));
    }
    TakeNote(log, sources, note.note(), note.since_s(), nullptr);
  }
  return true;
}

}  // namespace vidimus
