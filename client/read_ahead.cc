#include "client/read_ahead.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/status/statusor.h"
#include "client/tree_reader.h"
#include "verifier/check.h"
#include "verifier/hash_lanes.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/runs.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

// How many pieces make a short run.
constexpr uint64_t kRunPieces = kRunLeavesMin / kTileWidth;

// The leaves of an access log's bundle; a larger one holds what is none.
constexpr size_t kLeavesBytesMax = kTileWidth * (kLeafBytes + 2);

constexpr uint64_t kDone = kRunPieces + 1;

// Those of an access log's leaves many at once.
std::vector<Hash> LeafHashes(const std::vector<std::string_view>& entries) {
  std::vector<Hash> hashes(entries.size());
  std::vector<TreeLeafJob> jobs;
  jobs.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].size() == kLeafBytes) {
      jobs.push_back({entries[i].data(), &hashes[i]});
    } else {
      hashes[i] = LeafHash(entries[i]);
    }
  }
  HashTreeLeaves(jobs.data(), jobs.size());
  return hashes;
}

// Behind the first entry that is no leaf nothing will be judged: it need not be
// held until its turn comes.
void CutOff(ReadPiece* piece) {
  size_t bytes = 0, leaves = 0;
  Leaf leaf;
  for (const std::string_view entry : piece->entries) {
    bytes += 2 + entry.size();
    ++leaves;
    if (ParseLeaf(entry, &leaf) != Finding::kOk) break;
  }
  piece->bundle = piece->bundle.substr(0, bytes);
  CHECK(ParseBundle(piece->bundle, static_cast<int>(leaves), &piece->entries) ==
        Finding::kOk);
}

}  // namespace

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

ReadAhead::ReadAhead(Fetcher* fetcher, ReadAheadOptions options)
    : fetcher_(fetcher),
      options_(std::move(options)),
      begin_(options_.first / kTileWidth),
      end_((options_.size + kTileWidth - 1) / kTileWidth),
      together_(options_.access_log ? kRunPieces : 1),
      pieces_max_(2 * kRunPieces * static_cast<uint64_t>(options_.threads)),
      next_(begin_),
      ready_(begin_),
      taken_(begin_) {
  const uint64_t threads = std::min<uint64_t>(
      static_cast<uint64_t>(options_.threads), end_ - std::min(begin_, end_));
  for (uint64_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

ReadAhead::~ReadAhead() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

std::unique_ptr<ReadPiece> ReadAhead::Take(uint64_t n) {
  CHECK_LT(n, end_);
  MutexLock lock(&mu_);
  CHECK_EQ(n, taken_);
  while (ready_ <= n) changed_.Wait(&mu_);
  const auto found = pieces_.find(n);
  std::unique_ptr<ReadPiece> piece = std::move(found->second);
  pieces_.erase(found);
  bytes_ -= piece->bytes();
  ++taken_;
  changed_.SignalAll();
  return piece;
}

void ReadAhead::Work() {
  while (true) {
    uint64_t n = 0;
    {
      MutexLock lock(&mu_);
      // Whoever fetches a piece that is waited for never waits itself.
      while (!stopping_ && next_ < end_ &&
             next_ >= (taken_ / together_ + 1) * together_ &&
             (bytes_ >= kBytesAheadMax || next_ - taken_ >= pieces_max_)) {
        changed_.Wait(&mu_);
      }
      if (stopping_ || next_ >= end_) return;
      n = next_++;
    }
    std::unique_ptr<ReadPiece> piece = Make(n);
    const uint64_t group = n / together_;
    const uint64_t group_begin = std::max(begin_, group * together_);
    const uint64_t group_end = std::min(end_, (group + 1) * together_);
    std::vector<ReadPiece*> pieces;
    {
      MutexLock lock(&mu_);
      bytes_ += piece->bytes();
      pieces_[n] = std::move(piece);
      if (++made_[group] < group_end - group_begin) continue;
      for (uint64_t i = group_begin; i < group_end; ++i) {
        pieces.push_back(pieces_.at(i).get());
      }
    }
    // The last of its group: nobody takes any before it is done.
    if (MakesRun(group)) {
      pieces[0]->run = MakeRun(group * kRunLeavesMin, pieces);
    }
    MutexLock lock(&mu_);
    made_[group] = kDone;
    for (auto it = made_.find(ready_ / together_);
         it != made_.end() && it->second == kDone;
         it = made_.find(ready_ / together_)) {
      made_.erase(it);
      ready_ = std::min(end_, (ready_ / together_ + 1) * together_);
    }
    changed_.SignalAll();
  }
}

bool ReadAhead::MakesRun(uint64_t group) const {
  const uint64_t start = group * kRunLeavesMin;
  return options_.access_log && start >= options_.first &&
         (!options_.whole_runs || options_.size - start >= kRunLeavesMin);
}

std::unique_ptr<ReadPiece> ReadAhead::Make(uint64_t n) {
  auto piece = std::make_unique<ReadPiece>();
  const int width = TileWidthAt(options_.size, 0, n);
  absl::StatusOr<std::string> bundle =
      n == 0 && options_.first_bundle.has_value()
          ? std::move(*options_.first_bundle)
          : GetTile(fetcher_, {TileAddress::kEntries, n, width});
  piece->status = bundle.status();
  if (options_.tiles) {
    absl::StatusOr<std::string> tile = GetTile(fetcher_, {0, n, width});
    if (piece->status.ok()) piece->status = tile.status();
    if (tile.ok()) piece->tile = *std::move(tile);
  }
  if (!piece->status.ok()) return piece;
  piece->bundle = *std::move(bundle);
  piece->finding = ParseBundle(piece->bundle, width, &piece->entries);
  if (piece->finding != Finding::kOk) return piece;
  piece->leaf_hashes = LeafHashes(piece->entries);
  if (options_.access_log && piece->bundle.size() > kLeavesBytesMax) {
    CutOff(piece.get());
  }
  return piece;
}

ShortRun ReadAhead::MakeRun(uint64_t start,
                            const std::vector<ReadPiece*>& pieces) const {
  ShortRunMaker maker(start);
  uint64_t index = start;
  for (const ReadPiece* const piece : pieces) {
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

}  // namespace vidimus
