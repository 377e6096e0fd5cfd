#include "client/monitor/log_reading.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/follower_state.h"
#include "client/prosecutor.h"
#include "client/tree_reader.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/runs.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

using Outcome = ReadingResult::Outcome;

constexpr char kStateName[] = "state";
constexpr char kDocumentsName[] = "documents";

// Of leaves and the tree over them, and of keys; and what else there is.
constexpr uint64_t kHeldBytesPerLeaf = 66;
constexpr uint64_t kRoomBytesMin = uint64_t{16} << 20;
// A head that says more is not read up to.
constexpr uint64_t kLeavesMax = uint64_t{1} << 48;

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(
      path, ": ", why,
      ". Remove the folder that it is in, and the log is read again from its "
      "first leaf; what was cosigned is kept elsewhere"));
}

absl::StatusOr<SignedHead> ReadHead(const std::string& path,
                                    const VerifierKey& log_key,
                                    const std::string& note) {
  SignedHead head{log_key, note, {0, EmptyRoot()}};
  if (note.empty()) return head;
  Checkpoint checkpoint;
  const Finding finding = OpenCheckpoint(note, log_key, &checkpoint);
  if (finding != Finding::kOk) return Unusable(path, FindingSentence(finding));
  head.head = checkpoint.head;
  return head;
}

}  // namespace

std::string DocumentsPath(const StateFolder& folder) {
  return folder.PathOf(kDocumentsName);
}

class LogReading::Judge : public IndexJudge {
 public:
  Judge(SealJudge* index, uint64_t last_seal)
      : index_(index), last_seal_(last_seal) {}

  Finding Add(uint64_t index, const Leaf& leaf) override {
    return index_->Add(index, leaf);
  }
  Finding AddSeal(uint64_t index, const Seal& seal) override {
    RETURN_IF_FOUND(index_->AddSeal(index, seal));
    last_seal_ = index;
    return Finding::kOk;
  }
  Finding Finish() override { return index_->Finish(); }

  uint64_t last_seal() const { return last_seal_; }

 private:
  SealJudge* const index_;
  uint64_t last_seal_;
};

LogReading::LogReading(StateFolder* folder, Fetcher* log,
                       ReadingOptions options)
    : folder_(folder), log_(log), options_(std::move(options)) {}

LogReading::~LogReading() = default;

absl::StatusOr<std::unique_ptr<LogReading>> LogReading::Open(
    StateFolder* folder, Fetcher* log, ReadingOptions options) {
  std::unique_ptr<LogReading> reading(
      new LogReading(folder, log, std::move(options)));
  RETURN_IF_ERROR(MakeFolder(DocumentsPath(*folder)));
  RETURN_IF_ERROR(reading->Load());
  return reading;
}

std::string LogReading::DocumentPath(const Hash& document_hash) const {
  return absl::StrCat(DocumentsPath(*folder_), "/",
                      HexEncode(Bytes(document_hash)));
}

AuditOptions LogReading::Auditing() {
  AuditOptions options;
  options.access_log = true;
  options.origin = options_.log_key.name;
  options.index_judge = judge_.get();
  options.documents = [this](const Hash& hash, std::string* document) {
    auto bytes = ReadFile(DocumentPath(hash), kDocumentBytesMax);
    if (bytes.ok() && Sha256(*bytes) != hash) {
      bytes = Unusable(DocumentPath(hash), "not what was kept");
    }
    if (!bytes.ok()) {
      ours_ = bytes.status();
      return false;
    }
    *document = *std::move(bytes);
    return true;
  };
  return options;
}

absl::Status LogReading::Load() {
  runs_ = std::make_unique<RunFiles>(folder_);
  index_ = std::make_unique<SealJudge>(
      runs_.get(),
      [this](size_t count, const std::function<void(size_t)>& task) {
        RunTasks(options_.threads, count, task);
      });
  verified_ = target_ = {options_.log_key, "", {0, EmptyRoot()}};
  const std::string path = folder_->PathOf(kStateName);
  const auto bytes = ReadFile(path, kFollowerStateBytesMax);
  if (absl::IsNotFound(bytes.status())) {
    judge_ = std::make_unique<Judge>(index_.get(), 0);
    auditor_.emplace(Auditing());
    ASSIGN_OR_RETURN(held_, HeldTree::Open(folder_, CompactRange()));
    return runs_->RemoveAllBut({});
  }
  RETURN_IF_ERROR(bytes.status());
  const std::optional<FollowerState> state = ParseFollowerState(*bytes);
  if (!state.has_value()) return Unusable(path, "not what was written there");
  ASSIGN_OR_RETURN(verified_,
                   ReadHead(path, options_.log_key, state->verified_note));
  ASSIGN_OR_RETURN(target_,
                   ReadHead(path, options_.log_key, state->target_note));
  verified_s_ = state->verified_s;

  judge_ = std::make_unique<Judge>(index_.get(), 0);
  std::optional<Auditor> auditor = Auditor::Restore(Auditing(), state->audit);
  if (!auditor.has_value() || auditor->size() < verified_.head.size ||
      auditor->size() > target_.head.size ||
      (auditor->size() == verified_.head.size &&
       auditor->tree().Head() != verified_.head)) {
    return Unusable(path, "its parts do not fit each other");
  }
  const uint64_t size = auditor->size();
  judge_ = std::make_unique<Judge>(index_.get(), size - 1);
  auditor_ = Auditor::Restore(Auditing(), state->audit);
  saved_size_ = size;
  auto held = HeldTree::Open(folder_, auditor->tree());
  if (absl::IsDataLoss(held.status())) {
    return Unusable(folder_->PathOf(kStateName), held.status().message());
  }
  RETURN_IF_ERROR(held.status());
  held_ = *std::move(held);

  // Only a size says what the runs are; Restore compares.
  std::vector<HeldRun> runs;
  std::set<uint64_t> numbers;
  uint64_t start = 0;
  for (const RunRange& range : RunsInForce(size - 1)) {
    if (runs.size() == state->runs.size()) break;
    const FollowerState::Run& kept = state->runs[runs.size()];
    HeldRun run{range, nullptr, static_cast<size_t>(kept.count), kept.root};
    if (kept.count > range.leaves()) {
      return Unusable(path, "a run has more keys than leaves");
    }
    if (kept.count > 0) {
      const auto entries = runs_->Reopen(kept.number, run.count);
      if (absl::IsNotFound(entries.status()) ||
          absl::IsDataLoss(entries.status())) {
        return Unusable(path, entries.status().message());
      }
      RETURN_IF_ERROR(entries.status());
      run.entries = *entries;
      numbers.insert(kept.number);
    }
    runs.push_back(run);
    start = range.end;
  }
  if (runs.size() != state->runs.size() || start > size ||
      size - start > kRunLeavesMin) {
    return Unusable(path, "its runs are not those of its size");
  }
  ASSIGN_OR_RETURN(const std::string leaves,
                   held_->Leaves(start, static_cast<size_t>(size - start)));
  std::vector<IndexEntry> partial;
  for (uint64_t i = start; i < size; ++i) {
    Leaf leaf;
    if (ParseLeaf(std::string_view(leaves).substr((i - start) * kLeafBytes,
                                                  kLeafBytes),
                  &leaf) != Finding::kOk) {
      return Unusable(folder_->PathOf("leaves"), "not what was kept");
    }
    if (leaf.kind != LeafKind::kSeal) partial.push_back({leaf.a, i});
  }
  if (!index_->Restore(size, state->checked, std::move(runs), partial)) {
    return Unusable(path, "its runs are not those of its size");
  }
  return runs_->RemoveAllBut(numbers);
}

// First what is named, then who names it; what is named no more goes last.
absl::Status LogReading::Save() {
  FollowerState state;
  state.verified_note = verified_.note;
  state.verified_s = verified_s_;
  state.target_note = target_.note;
  state.audit = auditor_->Save();
  state.checked = index_->checked();
  RETURN_IF_ERROR(held_->Sync());
  std::set<uint64_t> numbers;
  for (const HeldRun& run : index_->Runs()) {
    FollowerState::Run kept;
    kept.count = run.count;
    kept.root = run.root;
    if (run.count > 0) {
      ASSIGN_OR_RETURN(kept.number, runs_->Keep(run.entries));
      numbers.insert(kept.number);
    }
    state.runs.push_back(kept);
  }
  RETURN_IF_ERROR(folder_->SyncNames());
  RETURN_IF_ERROR(folder_->Replace(kStateName, FormatFollowerState(state)));
  saved_size_ = auditor_->size();
  return runs_->RemoveAllBut(numbers);
}

ReadingResult LogReading::Withheld(const std::string& path,
                                   const absl::Status& why) {
  return {Outcome::kWithheld,
          absl::StrCat(path, " of ", options_.log_key.name, ": ",
                       std::string(why.message())),
          path};
}

ReadingResult LogReading::Ours(const absl::Status& why) {
  return {Outcome::kOurs, std::string(why.message()), ""};
}

ReadingResult LogReading::Convicted(Finding finding, uint64_t leaf_index,
                                    const SignedHead& older) {
  // A key that our own run has wrong would accuse an honest log.
  if (finding == Finding::kIndexRoot || finding == Finding::kIndexKeyTwice) {
    const absl::Status ours = LookIntoOurs();
    if (!ours.ok()) return Ours(ours);
  }
  wrong_ = Wrong{finding, leaf_index, older};
  if (finding == Finding::kTwoHistories) {
    return {Outcome::kWrong,
            absl::StrCat(options_.log_key.name, ": two histories: its head of ",
                         target_.head.size, " leaves does not begin with the ",
                         older.head.size, " leaves that it signed before"),
            ""};
  }
  if (finding == Finding::kIndexKeyTwice) {
    leaf_index = index_->twice()->second;
  }
  return {Outcome::kWrong,
          absl::StrCat(options_.log_key.name, ": leaf ", leaf_index, ": ",
                       FindingSentence(finding)),
          ""};
}

absl::Status LogReading::LookIntoOurs() const {
  const std::string path = folder_->PathOf(kStateName);
  CompactRange tree;
  // Keys before the end of each run.
  std::vector<HeldRun> runs = index_->Runs();
  std::vector<uint64_t> keys(runs.size());
  size_t run = 0;
  while (tree.size() < auditor_->size()) {
    const auto count = static_cast<size_t>(
        std::min<uint64_t>(kRunLeavesMin, auditor_->size() - tree.size()));
    ASSIGN_OR_RETURN(const std::string leaves,
                     held_->Leaves(tree.size(), count));
    for (size_t i = 0; i < count; ++i) {
      const auto leaf =
          std::string_view(leaves).substr(i * kLeafBytes, kLeafBytes);
      while (run < runs.size() && tree.size() >= runs[run].range.end) ++run;
      if (run < runs.size() &&
          static_cast<LeafKind>(leaf[0]) != LeafKind::kSeal) {
        ++keys[run];
      }
      tree.Append(LeafHash(leaf));
    }
  }
  if (tree.Root() != auditor_->tree().Root()) {
    return Unusable(path, "the leaves are not those that were kept");
  }
  for (run = 0; run < runs.size(); ++run) {
    bool same = runs[run].count == keys[run];
    for (size_t i = 0; i < runs[run].count && same; ++i) {
      const IndexEntry& entry = runs[run].entries[i];
      same = runs[run].range.Holds(entry.index);
      if (!same) break;
      ASSIGN_OR_RETURN(const std::string leaf, held_->Leaves(entry.index, 1));
      same = std::string_view(leaf).substr(1, kHashBytes) == Bytes(entry.key) &&
             (i == 0 || runs[run].entries[i - 1].key < entry.key);
    }
    if (!same) {
      return Unusable(path, "a run of the index is not what was kept");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ConvictionFile> LogReading::MakeConviction() {
  CHECK(wrong_.has_value());
  if (wrong_->finding == Finding::kTwoHistories) {
    return ConvictFork(log_, target_, wrong_->older.note,
                       wrong_->older.head.size);
  }
  HeldFetcher held(held_.get(), DocumentsPath(*folder_), log_);
  return Convict(
      &held, target_,
      {wrong_->finding, wrong_->leaf_index, judge_->last_seal(), index_.get()},
      ProverOf(log_));
}

ReadingResult LogReading::Extends(AuthenticTiles* tiles,
                                  const SignedHead& newer,
                                  const TreeHead& older, bool* extends) {
  *extends = true;
  if (older.size == 0 || older.size == newer.head.size) return {};
  const auto subtrees =
      CommonSubtrees(older.size, newer.head.size,
                     [tiles](int level, uint64_t index, Hash* hash) {
                       return tiles->Node(level, index, hash);
                     });
  if (!subtrees.has_value()) return Withheld(tiles->path(), tiles->status());
  Hash older_root, newer_root;
  const Finding finding = RootsFromSubtrees(
      older.size, newer.head.size, *subtrees, &older_root, &newer_root);
  CHECK(finding == Finding::kOk);
  *extends = older_root == older.root;
  return {};
}

ReadingResult LogReading::Aim(const SignedHead& head) {
  CHECK_GT(head.head.size, target_.head.size);
  if (target_.head != verified_.head) {
    AuthenticTiles tiles(log_, head.head);
    const absl::Status started = tiles.Start();
    if (!started.ok()) return Withheld(tiles.path(), started);
    bool extends = false;
    ReadingResult result = Extends(&tiles, head, target_.head, &extends);
    if (result.outcome != Outcome::kVerified) return result;
    if (!extends) {
      const SignedHead older = std::exchange(target_, head);
      return Convicted(Finding::kTwoHistories, older.head.size, older);
    }
  }
  target_ = head;
  return {};
}

absl::Status LogReading::MakeRoom() const {
  const uint64_t new_leaves = target_.head.size - auditor_->size();
  if (target_.head.size > kLeavesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat(options_.log_key.name, " has signed a head of ",
                     target_.head.size, " leaves, which nobody can hold"));
  }
  // All keys may be merged into one run.
  const uint64_t needed = new_leaves * kHeldBytesPerLeaf +
                          target_.head.size * sizeof(IndexEntry) +
                          kRoomBytesMin;
  ASSIGN_OR_RETURN(const uint64_t free, folder_->FreeBytes());
  if (free >= needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(folder_->PathOf(""), ": ", free, " bytes are free, and ",
                   needed, " may be needed to read on; make room there"));
}

ReadingResult LogReading::Read() {
  CHECK(!wrong_.has_value());
  if (auditor_->size() < target_.head.size) {
    const absl::Status room = MakeRoom();
    if (!room.ok()) return Ours(room);
    // What an earlier reading had taken in and not judged.
    held_->Cut(auditor_->tree());
    const uint64_t pieces = (target_.head.size + kTileWidth - 1) / kTileWidth -
                            auditor_->size() / kTileWidth;
    ReadingResult result;
    bool matches = false;
    if (pieces <= kPiecesAtOnce) result = ReadAtOnce(&matches);
    if (result.outcome == Outcome::kVerified && !matches) {
      result = ReadAsItComes();
    }
    index_->ExpectNoMore();
    if (result.outcome != Outcome::kVerified) return result;
  }
  return End();
}

// A few bundles give the target's root or do not: no tile is needed, and what
// is kept has all that a conviction may need before anything is judged.
ReadingResult LogReading::ReadAtOnce(bool* matches) {
  ReadAheadOptions reading;
  reading.first = auditor_->size();
  reading.size = target_.head.size;
  reading.access_log = true;
  reading.whole_runs = true;
  reading.threads = options_.threads;
  ReadAhead ahead(log_, std::move(reading));
  std::vector<std::unique_ptr<ReadPiece>> pieces;
  for (uint64_t n = ahead.begin(); n < ahead.end(); ++n) {
    if (options_.leave_off()) return {Outcome::kLeftOff, "", ""};
    pieces.push_back(ahead.Take(n));
    ReadPiece& piece = *pieces.back();
    const std::string path = TilePath(
        {TileAddress::kEntries, n, TileWidthAt(target_.head.size, 0, n)});
    if (!piece.status.ok()) return Withheld(path, piece.status);
    if (piece.finding != Finding::kOk) {
      return Withheld(path,
                      absl::DataLossError(FindingSentence(piece.finding)));
    }
    const absl::Status held =
        held_->Append(piece.entries, piece.leaf_hashes,
                      n == ahead.begin() ? held_->size() % kTileWidth : 0);
    if (!held.ok()) return Ours(held);
  }
  *matches = held_->tree().Head() == target_.head;
  if (!*matches) {
    held_->Cut(auditor_->tree());
    return {};
  }
  for (uint64_t n = ahead.begin(); n < ahead.end(); ++n) {
    ReadingResult result = Feed(n, pieces[n - ahead.begin()].get());
    if (result.outcome != Outcome::kVerified) return result;
  }
  return {};
}

ReadingResult LogReading::ReadAsItComes() {
  AuthenticTiles tiles(log_, target_.head);
  const absl::Status started = tiles.Start();
  if (!started.ok()) return Withheld(tiles.path(), started);
  bool extends = false;
  ReadingResult result =
      Extends(&tiles, target_, auditor_->tree().Head(), &extends);
  if (result.outcome != Outcome::kVerified) return result;
  if (!extends) {
    if (auditor_->size() == verified_.head.size) {
      return Convicted(Finding::kTwoHistories, verified_.head.size, verified_);
    }
    return Ours(Unusable(folder_->PathOf(kStateName),
                         "no part of the head that was read"));
  }
  ReadAheadOptions reading;
  reading.first = auditor_->size();
  reading.size = target_.head.size;
  reading.access_log = true;
  reading.whole_runs = true;
  reading.threads = options_.threads;
  ReadAhead ahead(log_, std::move(reading));
  for (uint64_t n = ahead.begin(); n < ahead.end(); ++n) {
    if (options_.leave_off()) return {Outcome::kLeftOff, "", ""};
    const std::unique_ptr<ReadPiece> piece = ahead.Take(n);
    const int width = TileWidthAt(target_.head.size, 0, n);
    const std::string path = TilePath({TileAddress::kEntries, n, width});
    if (!piece->status.ok()) return Withheld(path, piece->status);
    if (piece->finding != Finding::kOk) {
      return Withheld(path,
                      absl::DataLossError(FindingSentence(piece->finding)));
    }
    const size_t first = n == ahead.begin() ? auditor_->size() % kTileWidth : 0;
    const CompactRange before = held_->tree();
    const absl::Status held =
        held_->Append(piece->entries, piece->leaf_hashes, first);
    if (!held.ok()) return Ours(held);
    bool same = true;
    if (width == kTileWidth) {
      Hash expected, made;
      if (!tiles.Node(kTileHeight, n, &expected)) {
        held_->Cut(before);
        return Withheld(tiles.path(), tiles.status());
      }
      // Made on the way by what keeps it.
      same = held_->Node(kTileHeight, n, &made) && made == expected;
    } else {
      for (int i = 0; i < width && same; ++i) {
        Hash expected;
        same = tiles.Node(0, n * kTileWidth + static_cast<uint64_t>(i),
                          &expected) &&
               expected == piece->leaf_hashes[static_cast<size_t>(i)];
      }
    }
    if (!same) {
      held_->Cut(before);
      return Withheld(path, absl::DataLossError(
                                "not the entries that the signed head says"));
    }
    result = Feed(n, piece.get());
    if (result.outcome != Outcome::kVerified) return result;
  }
  return {};
}

ReadingResult LogReading::HoldDocument(const Hash& document_hash) {
  const std::string kept = DocumentPath(document_hash);
  const auto held = ReadFile(kept, kDocumentBytesMax);
  if (held.ok() && Sha256(*held) == document_hash) return {};
  const auto document = GetDocument(log_, document_hash);
  if (!document.ok()) {
    return Withheld(RegisterPath(document_hash), document.status());
  }
  if (Sha256(*document) != document_hash) {
    return Withheld(RegisterPath(document_hash),
                    absl::DataLossError("another document than asked for"));
  }
  const absl::Status written = folder_->Replace(
      absl::StrCat(kDocumentsName, "/", HexEncode(Bytes(document_hash))),
      *document);
  return written.ok() ? ReadingResult{} : Ours(written);
}

ReadingResult LogReading::Feed(uint64_t n, ReadPiece* piece) {
  const uint64_t size = auditor_->size();
  if (piece->run.has_value()) index_->Expect(*std::move(piece->run));
  for (size_t i = size > n * kTileWidth ? size % kTileWidth : 0;
       i < piece->entries.size(); ++i) {
    Leaf leaf;
    if (ParseLeaf(piece->entries[i], &leaf) == Finding::kOk &&
        leaf.kind == LeafKind::kRegister) {
      ReadingResult result = HoldDocument(leaf.b);
      if (result.outcome != Outcome::kVerified) return result;
    }
    const Finding finding =
        auditor_->AddEntry(piece->entries[i], piece->leaf_hashes[i]);
    if (!ours_.ok()) return Ours(std::exchange(ours_, absl::OkStatus()));
    if (finding != Finding::kOk) {
      return Convicted(finding, auditor_->place().leaf_index, {});
    }
    if (auditor_->size() - saved_size_ >= options_.leaves_between_saves &&
        auditor_->between_batches()) {
      const absl::Status saved = Save();
      if (!saved.ok()) return Ours(saved);
    }
  }
  if (options_.progress != nullptr) options_.progress(auditor_->size());
  return {};
}

ReadingResult LogReading::End() {
  if (target_.head == verified_.head) return {};
  const Finding finding = auditor_->Finish(target_.head);
  if (finding != Finding::kOk) {
    return Convicted(finding, auditor_->place().leaf_index, {});
  }
  const SignedHead before = std::exchange(verified_, target_);
  const uint64_t before_s = std::exchange(verified_s_, options_.now_s());
  const absl::Status saved = Save();
  if (saved.ok()) return {};
  // What is not written down is not vouched for.
  verified_ = before;
  verified_s_ = before_s;
  return Ours(saved);
}

}  // namespace vidimus
