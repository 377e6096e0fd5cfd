#include "client/fsck.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/tree_reader.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/audit.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/index_judge.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/runs.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr size_t kTileBytes = kTileWidth * kHashBytes;
constexpr uint64_t kProgressLeaves = 1 << 16;

// Keys in files that the system writes out when it needs the memory.
class ScratchFiles : public RunMemory {
 public:
  // Empty: in memory.
  explicit ScratchFiles(const std::string& folder) : folder_(folder) {}

  IndexEntry* Allocate(size_t count) override {
    void* const entries = Map(count * sizeof(IndexEntry));
    CHECK(entries != MAP_FAILED);
    return static_cast<IndexEntry*>(entries);
  }
  void Free(IndexEntry* entries, size_t count) override {
    munmap(entries, count * sizeof(IndexEntry));
  }

 private:
  // A piece that is worth a file, and else, or if there can be no file, memory.
  void* Map(size_t size) const {
    constexpr size_t kFileBytesMin = size_t{1} << 20;
    if (!folder_.empty() && size >= kFileBytesMin) {
      const int fd =
          open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
      if (fd >= 0) {
        void* const file =
            posix_fallocate(fd, 0, static_cast<off_t>(size)) == 0
                ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                : MAP_FAILED;
        close(fd);
        if (file != MAP_FAILED) return file;
      }
    }
    return mmap(nullptr, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  const std::string folder_;
};

// Calls task(0) to task(count - 1) on `threads` threads, one of them the
// caller's.
void RunTasks(int threads, size_t count,
              const std::function<void(size_t)>& task) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) task(i);
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

// A bundle with the tile of its leaf hashes, and what can be made of it without
// the leaves before it.
struct Piece {
  std::string bundle;
  std::string tile;
  absl::Status status;                    // why one of them could not be had
  Finding finding = Finding::kOk;         // of the bundle's form
  std::vector<std::string_view> entries;  // in `bundle`
  std::vector<Hash> leaf_hashes;
  // Of an access log, with the first piece of each short run: the run, as far
  // as the leaves before the first that can't be one go.
  std::optional<ShortRun> run;

  size_t bytes() const { return bundle.size() + tile.size(); }
};

// How many pieces make a short run.
constexpr uint64_t kRunPieces = kRunLeavesMin / kTileWidth;

// The leaves of an access log's bundle; a larger one holds what is none.
constexpr size_t kLeavesBytesMax = kTileWidth * (kLeafBytes + 2);

// Makes pieces ahead of the one who takes them, in order.
class Ahead {
 public:
  // `first_bundle`: the first one, if it was fetched already.
  Ahead(Fetcher* fetcher, uint64_t size, bool access_log,
        std::optional<std::string> first_bundle, int threads)
      : fetcher_(fetcher),
        size_(size),
        access_log_(access_log),
        first_bundle_(std::move(first_bundle)),
        count_((size + kTileWidth - 1) / kTileWidth),
        together_(access_log ? kRunPieces : 1),
        pieces_max_(2 * kRunPieces * static_cast<uint64_t>(threads)) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  }

  ~Ahead() {
    {
      MutexLock lock(&mu_);
      stopping_ = true;
      changed_.SignalAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  // Piece `n`; ask for 0, 1, 2, ...
  std::unique_ptr<Piece> Take(uint64_t n) {
    MutexLock lock(&mu_);
    CHECK_EQ(n, taken_);
    while (ready_ <= n) changed_.Wait(&mu_);
    const auto found = pieces_.find(n);
    std::unique_ptr<Piece> piece = std::move(found->second);
    pieces_.erase(found);
    bytes_ -= piece->bytes();
    ++taken_;
    changed_.SignalAll();
    return piece;
  }

 private:
  void Work() {
    while (true) {
      uint64_t n = 0;
      {
        MutexLock lock(&mu_);
        // Whoever fetches a piece that is waited for never waits itself.
        while (!stopping_ && next_ < count_ &&
               next_ >= (taken_ / together_ + 1) * together_ &&
               (bytes_ >= kBytesAheadMax || next_ - taken_ >= pieces_max_)) {
          changed_.Wait(&mu_);
        }
        if (stopping_ || next_ >= count_) return;
        n = next_++;
      }
      std::unique_ptr<Piece> piece = Make(n);
      const uint64_t group = n / together_;
      const uint64_t group_end = std::min(count_, (group + 1) * together_);
      std::vector<Piece*> pieces;
      {
        MutexLock lock(&mu_);
        bytes_ += piece->bytes();
        pieces_[n] = std::move(piece);
        if (++made_[group] < group_end - group * together_) continue;
        for (uint64_t i = group * together_; i < group_end; ++i) {
          pieces.push_back(pieces_.at(i).get());
        }
      }
      // The last of its group: nobody takes any before it is done.
      if (access_log_) pieces[0]->run = MakeRun(group * kRunLeavesMin, pieces);
      MutexLock lock(&mu_);
      made_[group] = kDone;
      for (auto it = made_.find(ready_ / together_);
           it != made_.end() && it->second == kDone;
           it = made_.find(ready_ / together_)) {
        made_.erase(it);
        ready_ = std::min(count_, (ready_ / together_ + 1) * together_);
      }
      changed_.SignalAll();
    }
  }

  std::unique_ptr<Piece> Make(uint64_t n) {
    auto piece = std::make_unique<Piece>();
    const int width = TileWidthAt(size_, 0, n);
    absl::StatusOr<std::string> bundle =
        n == 0 && first_bundle_.has_value()
            ? std::move(*first_bundle_)
            : GetTile(fetcher_, {TileAddress::kEntries, n, width});
    absl::StatusOr<std::string> tile = GetTile(fetcher_, {0, n, width});
    piece->status = bundle.ok() ? tile.status() : bundle.status();
    if (!piece->status.ok()) return piece;
    piece->bundle = *std::move(bundle);
    piece->tile = *std::move(tile);
    piece->finding = ParseBundle(piece->bundle, width, &piece->entries);
    if (piece->finding != Finding::kOk) return piece;
    if (access_log_ && piece->bundle.size() > kLeavesBytesMax)
      CutOff(piece.get());
    piece->leaf_hashes.reserve(piece->entries.size());
    for (const std::string_view entry : piece->entries) {
      piece->leaf_hashes.push_back(LeafHash(entry));
    }
    return piece;
  }

  // Behind the first entry that is no leaf nothing will be judged: it need not
  // be held until its turn comes.
  static void CutOff(Piece* piece) {
    size_t bytes = 0, leaves = 0;
    Leaf leaf;
    for (const std::string_view entry : piece->entries) {
      bytes += 2 + entry.size();
      ++leaves;
      if (ParseLeaf(entry, &leaf) != Finding::kOk) break;
    }
    piece->bundle = piece->bundle.substr(0, bytes);
    CHECK(ParseBundle(piece->bundle, static_cast<int>(leaves),
                      &piece->entries) == Finding::kOk);
  }

  static ShortRun MakeRun(uint64_t start, const std::vector<Piece*>& pieces) {
    ShortRunMaker maker(start);
    uint64_t index = start;
    for (const Piece* const piece : pieces) {
      if (!piece->status.ok() || piece->finding != Finding::kOk) break;
      for (const std::string_view entry : piece->entries) {
        Leaf leaf;
        if (ParseLeaf(entry, &leaf) != Finding::kOk) return maker.Finish();
        if (leaf.kind == LeafKind::kSeal) {
          maker.AddSeal();
        } else if (maker.Add({leaf.a, index}) != Finding::kOk) {
          return maker.Finish();
        }
        ++index;
      }
    }
    return maker.Finish();
  }

  static constexpr uint64_t kDone = kRunPieces + 1;

  Fetcher* const fetcher_;
  const uint64_t size_;
  const bool access_log_;
  std::optional<std::string> first_bundle_;  // of who makes piece 0
  const uint64_t count_;
  // Pieces are given out by groups of so many, the last one may be smaller.
  const uint64_t together_;
  const uint64_t pieces_max_;

  Mutex mu_;
  CondVar changed_;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t ready_ ABSL_GUARDED_BY(mu_) = 0;  // all before may be taken
  uint64_t taken_ ABSL_GUARDED_BY(mu_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::map<uint64_t, std::unique_ptr<Piece>> pieces_ ABSL_GUARDED_BY(mu_);
  // Of each group from ready_ on: how many of its pieces there are, or kDone.
  std::map<uint64_t, uint64_t> made_ ABSL_GUARDED_BY(mu_);

  std::vector<std::thread> threads_;
};

class Checker : private IndexJudge {
 public:
  Checker(Fetcher* fetcher, const FsckOptions& options)
      : fetcher_(fetcher),
        options_(options),
        scratch_(options.scratch_folder) {}

  FsckReport Run() {
    if (Start() && ReadAll()) {
      report_.exit_code = kExitTrue;
      report_.message =
          absl::StrCat(fetcher_->name(), " is what the checkpoint of size ",
                       report_.head.size, " says");
    }
    return std::move(report_);
  }

 private:
  bool Differs(const std::string& where, const std::string& what) {
    report_.exit_code = kExitFalse;
    report_.message = absl::StrCat(where, ": ", what);
    return false;
  }
  bool Differs(const std::string& where, Finding finding) {
    return Differs(where, FindingSentence(finding));
  }
  bool Unusable(const std::string& what, const absl::Status& status) {
    report_.exit_code = kExitUnusable;
    report_.message = absl::StrCat(what, ": ", std::string(status.message()));
    return false;
  }

  // Whether what was just said to differ convicts the log.
  void Convicts(absl::StatusOr<ConvictionFile> file) {
    if (file.ok()) {
      report_.conviction = *std::move(file);
    } else {
      report_.no_conviction = std::string(file.status().message());
    }
  }
  SignedHead signed_head() const {
    return {options_.log_key, note_, report_.head};
  }

  // What the audit shows of each leaf and seal.
  Finding Add(uint64_t index, const Leaf& leaf) override {
    return index_.Add(index, leaf);
  }
  Finding AddSeal(uint64_t index, const Seal& seal) override {
    RETURN_IF_FOUND(index_.AddSeal(index, seal));
    last_seal_ = index;
    return Finding::kOk;
  }
  Finding Finish() override { return index_.Finish(); }

  // The signed head, and the heads from before it.
  bool Start() {
    auto note = fetcher_->Get("checkpoint", kNoteBytesMax);
    if (!note.ok()) return Unusable("checkpoint", note.status());
    note_ = *std::move(note);
    Checkpoint checkpoint;
    Finding finding = OpenCheckpoint(note_, options_.log_key, &checkpoint);
    if (finding != Finding::kOk) return Differs("checkpoint", finding);
    report_.head = checkpoint.head;
    for (const OlderCheckpoint& older : options_.older) {
      finding = OpenCheckpoint(older.note, options_.log_key, &checkpoint);
      if (finding != Finding::kOk) return Differs(older.name, finding);
      if (checkpoint.head.size > report_.head.size) {
        return Differs(older.name,
                       absl::StrCat("the log showed ", checkpoint.head.size,
                                    " leaves before and has only ",
                                    report_.head.size, " now: it shrank"));
      }
      older_.emplace(checkpoint.head.size,
                     std::make_pair(&older, checkpoint.head.root));
    }
    return true;
  }

  bool ReadAll() {
    const uint64_t size = report_.head.size;
    std::optional<std::string> first_bundle;
    if (!DecideFace(&first_bundle)) return false;
    Auditor auditor(Options());
    Ahead ahead(fetcher_, size, report_.access_log, std::move(first_bundle),
                options_.threads);
    const uint64_t pieces = (size + kTileWidth - 1) / kTileWidth;
    uint64_t shown = 0;
    for (uint64_t n = 0; n < pieces; ++n) {
      const std::unique_ptr<Piece> piece = ahead.Take(n);
      const int width = TileWidthAt(size, 0, n);
      const std::string bundle_path =
          TilePath({TileAddress::kEntries, n, width});
      if (!piece->status.ok()) {
        return Unusable(absl::StrCat(bundle_path, " or its tile"),
                        piece->status);
      }
      if (piece->finding != Finding::kOk) {
        return Differs(bundle_path, piece->finding);
      }
      ++report_.bundles;
      report_.bytes += piece->bundle.size();
      tile_n_ = n;
      tile_ = std::move(piece->tile);
      if (piece->run.has_value()) index_.Expect(*std::move(piece->run));
      if (!Feed(*piece, &auditor)) return false;
      CHECK_EQ(auditor.size(), n * kTileWidth + width);
      if (options_.progress != nullptr &&
          (auditor.size() - shown >= kProgressLeaves || n + 1 == pieces)) {
        shown = auditor.size();
        options_.progress(shown, size);
      }
    }
    if (!CompareOlder(auditor)) return false;
    const Finding finding = auditor.Finish(report_.head);
    report_.batches = auditor.batch_count();
    if (finding != Finding::kOk) return Explain(finding, auditor);
    return CheckSparePartials();
  }

  // What the entries are, before any thread makes something of them.
  bool DecideFace(std::optional<std::string>* first_bundle) {
    report_.access_log = options_.face == FsckOptions::Face::kAccess;
    const uint64_t size = report_.head.size;
    if (options_.face != FsckOptions::Face::kAuto || size == 0) return true;
    const TileAddress address{TileAddress::kEntries, 0,
                              TileWidthAt(size, 0, 0)};
    auto bundle = GetTile(fetcher_, address);
    if (!bundle.ok()) return Unusable(TilePath(address), bundle.status());
    *first_bundle = *std::move(bundle);
    BundleReader reader(**first_bundle);
    std::string_view entry;
    Leaf leaf;
    report_.access_log = reader.Next(&entry) &&
                         ParseLeaf(entry, &leaf) == Finding::kOk &&
                         leaf.kind == LeafKind::kRegister &&
                         leaf.a == RegisterKey({RegisterType::kConfig, 0, 0});
    return true;
  }

  AuditOptions Options() {
    AuditOptions options;
    options.access_log = report_.access_log;
    options.origin = options_.log_key.name;
    options.tile_judge = [this](const TileSpan& span) { return Judge(span); };
    if (report_.access_log) {
      options.index_judge = this;
      options.documents = [this](const Hash& hash, std::string* document) {
        auto bytes = GetDocument(fetcher_, hash);
        if (!bytes.ok()) {
          if (!absl::IsNotFound(bytes.status())) unusable_ = bytes.status();
          return false;
        }
        ++report_.documents;
        *document = *std::move(bytes);
        return true;
      };
    }
    return options;
  }

  bool Feed(const Piece& piece, Auditor* auditor) {
    for (size_t i = 0; i < piece.entries.size(); ++i) {
      if (!CompareOlder(*auditor)) return false;
      const Finding finding =
          auditor->AddEntry(piece.entries[i], piece.leaf_hashes[i]);
      if (finding != Finding::kOk) return Explain(finding, *auditor);
    }
    return true;
  }

  bool CompareOlder(const Auditor& auditor) {
    const auto [begin, end] = older_.equal_range(auditor.size());
    for (auto it = begin; it != end; ++it) {
      const auto& [older, root] = it->second;
      if (auditor.tree().Root() != root) {
        Differs(older->name,
                absl::StrCat("two histories: the first ", it->first,
                             " leaves of the log now have another root "
                             "than this signed checkpoint says"));
        Convicts(ConvictFork(fetcher_, signed_head(), older->note, it->first));
        return false;
      }
    }
    return true;
  }

  Finding Judge(const TileSpan& span) {
    const TileAddress address{span.level, span.n,
                              static_cast<int>(span.hashes.size())};
    std::string bytes;
    if (span.level == 0 && span.n == tile_n_) {
      bytes = tile_;
    } else {
      auto fetched = GetTile(fetcher_, address);
      if (!fetched.ok()) {
        unusable_ = Annotate(fetched.status(), TilePath(address));
        return Finding::kTileMismatch;
      }
      bytes = *std::move(fetched);
    }
    ++report_.tiles;
    const std::string derived = BytesOfHashes(span.hashes);
    return bytes == derived ? Finding::kOk : Finding::kTileMismatch;
  }

  bool Explain(Finding finding, const Auditor& auditor) {
    const AuditPlace& place = auditor.place();
    if (!unusable_.ok()) return Unusable("stopped", unusable_);
    if (finding == Finding::kTileMismatch && place.tile.has_value()) {
      std::string where = TilePath(*place.tile);
      if (place.tile->level == 0) {
        TileAddress bundle = *place.tile;
        bundle.level = TileAddress::kEntries;
        absl::StrAppend(&where, " and ", TilePath(bundle));
        return Differs(where,
                       "the hashes of the entries are not the hashes of the "
                       "tile: one of the two was changed");
      }
      return Differs(where, finding);
    }
    if (finding == Finding::kRootMismatch) {
      return Differs("checkpoint",
                     absl::StrCat("the ", report_.head.size,
                                  " leaves have another root than the "
                                  "checkpoint says"));
    }
    uint64_t leaf_index = place.leaf_index;
    if (finding == Finding::kIndexKeyTwice) {
      leaf_index = index_.twice()->second;
    }
    Differs(absl::StrCat("leaf ", leaf_index), finding);
    Convicts(Convict(fetcher_, signed_head(),
                     {finding, leaf_index, last_seal_, &index_},
                     ProverOf(fetcher_)));
    return false;
  }

  // A folder may hold partial tiles of earlier sizes. The full ones, and those
  // of the head, are verified by now; the others must be their prefixes.
  bool CheckSparePartials() {
    const auto paths = fetcher_->ListTiles();
    if (absl::IsUnimplemented(paths.status())) return true;
    if (!paths.ok()) return Unusable("tile/", paths.status());
    for (const std::string& path : *paths) {
      const std::optional<TileAddress> address = ParseTilePath(path);
      if (!address.has_value()) {
        return Differs(path, "no tile and no bundle is named like this");
      }
      const int level = std::max(address->level, 0);
      const int width = TileWidthAt(report_.head.size, level, address->n);
      // Written for a later checkpoint than ours: not judged.
      if (address->width > width) continue;
      if (address->width == width) continue;
      const bool is_bundle = address->level == TileAddress::kEntries;
      const size_t bytes_max = is_bundle ? kBundleBytesMax : kTileBytes;
      const auto partial = fetcher_->Get(path, bytes_max);
      if (!partial.ok()) return Unusable(path, partial.status());
      const auto whole = GetTile(fetcher_, {address->level, address->n, width});
      if (!whole.ok()) return Unusable(path, whole.status());
      if (whole->compare(0, partial->size(), *partial) != 0) {
        return Differs(path, "not the beginning of the tile it was a part of");
      }
      Finding finding = Finding::kOk;
      if (is_bundle) {
        std::vector<std::string_view> entries;
        finding = ParseBundle(*partial, address->width, &entries);
      } else {
        std::vector<Hash> hashes;
        finding = ParseTile(*partial, address->width, &hashes);
      }
      if (finding != Finding::kOk) return Differs(path, finding);
      ++report_.spare_partials;
    }
    return true;
  }

  Fetcher* const fetcher_;
  const FsckOptions& options_;
  FsckReport report_;
  // The signed checkpoint.
  std::string note_;
  // Size -> which of options_.older, and its root.
  std::multimap<uint64_t, std::pair<const OlderCheckpoint*, Hash>> older_;
  ScratchFiles scratch_;
  SealJudge index_{
      &scratch_, [this](size_t count, const std::function<void(size_t)>& task) {
        RunTasks(options_.threads, count, task);
      }};
  uint64_t last_seal_ = 0;
  absl::Status unusable_;
  // The tile of the piece being read.
  uint64_t tile_n_ = 0;
  std::string tile_;
};

}  // namespace

int FsckThreads() {
  return static_cast<int>(
      std::clamp(std::thread::hardware_concurrency(), 4u, 64u));
}

FsckReport Fsck(Fetcher* fetcher, const FsckOptions& options) {
  return Checker(fetcher, options).Run();
}

}  // namespace vidimus
