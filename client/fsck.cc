#include "client/fsck.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/read_ahead.h"
#include "client/tree_reader.h"
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
    ReadAheadOptions reading;
    reading.size = size;
    reading.access_log = report_.access_log;
    reading.tiles = true;
    reading.first_bundle = std::move(first_bundle);
    reading.threads = options_.threads;
    ReadAhead ahead(fetcher_, std::move(reading));
    const uint64_t pieces = (size + kTileWidth - 1) / kTileWidth;
    uint64_t shown = 0;
    for (uint64_t n = 0; n < pieces; ++n) {
      const std::unique_ptr<ReadPiece> piece = ahead.Take(n);
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

  bool Feed(const ReadPiece& piece, Auditor* auditor) {
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
