// Goal: the index gives the roots and proofs of the slow twin, which hashes
// everything anew, at every size, and whatever happened to it in between.
// Method: leaves made up by number; both grow; then files are lost, torn,
// flipped, and the power is cut at every call that changes the disk.
#include "log/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "log/disk_testing.h"
#include "log/index_plan.h"
#include "log/index_testing.h"
#include "log/root_judge.h"
#include "proto/mutex.h"
#include "tests/power_loss/sim_disk.h"
#include "verifier/encoding.h"
#include "verifier/index_builder.h"

namespace vidimus {
namespace {

constexpr char kFolder[] = "/disk/index";

// Stands still until it is set.
class StillClock : public Clock {
 public:
  int64_t NowMs() override { return now_ms_; }
  int64_t SteadyMs() override { return now_ms_; }
  void Advance(int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<int64_t> now_ms_{1000000};
};

// Runs hashed anew by the verifier, each once.
class Twin {
 public:
  explicit Twin(const MadeUpLeaves* leaves) : leaves_(leaves) {}

  Hash Root(uint64_t size) {
    std::vector<Hash> roots;
    for (const RunRange& run : RunsInForce(size)) {
      const std::pair<uint64_t, uint64_t> name{run.start, run.end};
      auto found = roots_.find(name);
      if (found == roots_.end()) {
        found =
            roots_.emplace(name, RunRoot(leaves_->Sorted(run.start, run.end)))
                .first;
      }
      roots.push_back(found->second);
    }
    return IndexRoot(size, roots);
  }

 private:
  const MadeUpLeaves* const leaves_;
  std::map<std::pair<uint64_t, uint64_t>, Hash> roots_;
};

class IndexTest : public ::testing::Test {
 protected:
  explicit IndexTest(KeyMaker keys = UniformKeys(97))
      : leaves_(std::move(keys)), twin_(&leaves_) {
    options_.memory_leaves_max = 1 << 14;
    options_.merge_threads = 0;
  }

  absl::Status Open() {
    index_.reset();
    auto opened =
        Index::Open(options_, {&leaves_, disk(), &clock_, std::string(kFolder)},
                    leaves_.size());
    if (!opened.ok()) return opened.status();
    index_ = *std::move(opened);
    return absl::OkStatus();
  }

  virtual Disk* disk() { return &disk_; }

  // Adds the leaves from the committed size up to `covered`, where the seal
  // stands.
  absl::StatusOr<Hash> Add(uint64_t covered) {
    std::vector<Hash> keys;
    // The index takes one key a leaf; leaves without one cut what is given.
    absl::StatusOr<Hash> root = absl::InternalError("nothing was added");
    for (uint64_t index = leaves_.size(); index <= covered; ++index) {
      const auto key = index < covered ? leaves_.KeyOf(index) : std::nullopt;
      if (key.has_value()) {
        keys.push_back(*key);
        continue;
      }
      root = index_->Root(index - keys.size(), keys, index);
      if (!root.ok()) return root;
      keys.clear();
    }
    return root;
  }

  // The same, committed.
  absl::Status Grow(uint64_t covered) {
    const auto root = Add(covered);
    if (!root.ok()) return root.status();
    if (*root != twin_.Root(covered)) {
      return absl::InternalError(absl::StrCat("another root at ", covered));
    }
    leaves_.AddSeal(covered);
    leaves_.SetSize(covered + 1);
    return absl::OkStatus();
  }

  // All sorts of proofs at `size` are those of the memory index.
  void ExpectProofsOfTwin(uint64_t size, uint64_t seed) {
    SCOPED_TRACE(absl::StrCat("size ", size));
    std::mt19937_64 random(seed);
    const std::vector<IndexEntry> entries = leaves_.Entries(0, size);
    const MemoryIndex twin(size, entries);
    std::vector<Hash> keys;
    for (int i = 0; i < 3 && !entries.empty(); ++i) {
      keys.push_back(entries[random() % entries.size()].key);
    }
    for (int i = 0; i < 3; ++i) {
      Hash key;
      for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
      keys.push_back(key);
      // Near one that is there.
      if (entries.empty()) continue;
      key = entries[random() % entries.size()].key;
      key[31] = static_cast<uint8_t>(key[31] ^ 0x80);
      keys.push_back(key);
    }
    for (const Hash& key : keys) {
      const auto presence = index_->ProvePresence(key, size);
      const auto twins = twin.ProvePresence(key);
      ASSERT_EQ(presence.ok(), twins.has_value()) << presence.status();
      const auto absence = index_->ProveAbsence(key, size);
      ASSERT_EQ(absence.ok(), !twins.has_value()) << absence.status();
      if (presence.ok()) {
        EXPECT_EQ(FormatPresence(*presence), FormatPresence(*twins));
        uint64_t leaf = 0;
        EXPECT_EQ(VerifyPresence(key, twin.Root(), size, *presence, &leaf),
                  Finding::kOk);
        EXPECT_TRUE(absl::IsAlreadyExists(absence.status()));
      } else {
        EXPECT_EQ(FormatAbsence(*absence),
                  FormatAbsence(*twin.ProveAbsence(key)));
        EXPECT_TRUE(absl::IsNotFound(presence.status()));
      }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const auto several = index_->ProveSeveral(keys, size);
    ASSERT_TRUE(several.ok()) << several.status();
    EXPECT_EQ(*several, twin.ProveSeveral(keys));
  }

  void ExpectFindsWhatIsThere(uint64_t size, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200; ++i) {
      const uint64_t leaf = random() % size;
      const auto key = leaves_.KeyOf(leaf);
      if (!key.has_value()) continue;
      const auto found = index_->Find(*key);
      ASSERT_TRUE(found.ok()) << found.status();
      ASSERT_EQ(*found, leaf);
      Hash other = *key;
      other[random() % 32] ^= 1;
      const auto none = index_->Find(other);
      ASSERT_TRUE(none.ok()) << none.status();
      if (none->has_value()) {
        EXPECT_EQ(leaves_.KeyOf(**none), other);
      }
    }
  }

  std::map<std::string, std::string> Files() { return disk_.Copy(kFolder); }

  SimDisk disk_;
  StillClock clock_;
  IndexOptions options_;
  MadeUpLeaves leaves_;
  Twin twin_;
  std::unique_ptr<Index> index_;
};

// --- The slow twin ---

struct TwinParam {
  const char* name;
  KeyMaker keys;
  uint64_t memory_leaves_max;
  int merge_threads;
};

class IndexTwinTest : public IndexTest,
                      public ::testing::WithParamInterface<TwinParam> {
 protected:
  IndexTwinTest() : IndexTest(GetParam().keys) {
    options_.memory_leaves_max = GetParam().memory_leaves_max;
    options_.merge_threads = GetParam().merge_threads;
  }
};

// Around every edge: powers of four, and where lags end.
std::vector<uint64_t> EdgeSizes(uint64_t limit) {
  std::vector<uint64_t> edges = {1, 2, 3, 100};
  for (uint64_t unit = 4096; unit <= limit; unit *= 4) {
    for (uint64_t factor = 1; factor <= 4; ++factor) {
      const uint64_t leaves = factor * unit;
      const uint64_t due = DueOf({0, leaves});
      for (const uint64_t edge : {leaves, due, leaves + unit / 4}) {
        for (const uint64_t near : {edge - 1, edge, edge + 1}) {
          if (near <= limit) edges.push_back(near);
        }
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

TEST_P(IndexTwinTest, HasTheRootsAndProofsOfTheTwinAtEveryEdge) {
  ASSERT_TRUE(Open().ok());
  const std::vector<uint64_t> edges = EdgeSizes(90000);
  uint64_t step = 0;
  for (const uint64_t edge : edges) {
    const absl::Status grown = Grow(edge);
    ASSERT_TRUE(grown.ok()) << grown;
    if (++step % 8 == 0) ExpectProofsOfTwin(edge, step);
    ExpectFindsWhatIsThere(edge, step);
  }
  // At sizes gone by: from runs that were kept, or made again.
  for (const uint64_t size : {uint64_t{1}, edges[edges.size() / 3],
                              edges[edges.size() / 2], edges.back()}) {
    ExpectProofsOfTwin(size, size);
  }
}

TEST_P(IndexTwinTest, IsTheSameHoweverItIsCutAndReopened) {
  std::mt19937_64 random(11);
  ASSERT_TRUE(Open().ok());
  while (leaves_.size() < 120000) {
    const absl::Status grown = Grow(leaves_.size() + random() % 9000);
    ASSERT_TRUE(grown.ok()) << grown;
    if (random() % 4 == 0) {
      const absl::Status opened = Open();
      ASSERT_TRUE(opened.ok()) << opened;
      ExpectFindsWhatIsThere(leaves_.size() - 1, random());
    }
  }
  ExpectProofsOfTwin(leaves_.size() - 1, 12);
}

INSTANTIATE_TEST_SUITE_P(
    All, IndexTwinTest,
    ::testing::Values(TwinParam{"Uniform", UniformKeys(97), 1 << 14, 0},
                      TwinParam{"UniformThread", UniformKeys(97), 1 << 14, 1},
                      TwinParam{"UniformMemory", UniformKeys(9), 1 << 16, 1},
                      TwinParam{"Skewed", SkewedKeys(97), 1 << 14, 0},
                      TwinParam{"SkewedMemory", SkewedKeys(97), 1 << 16, 0},
                      TwinParam{"Sparse", SparseKeys(), 1 << 14, 0}),
    [](const auto& info) { return info.param.name; });

TEST_F(IndexTest, AnEmptyLogHasAnIndexAndProofs) {
  ASSERT_TRUE(Open().ok());
  ExpectProofsOfTwin(0, 1);
  EXPECT_TRUE(absl::IsOutOfRange(index_->ProveAbsence(Hash{1}, 1).status()));
}

TEST_F(IndexTest, RejectsKeysThatDoNotAscendOrNone) {
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(absl::IsInvalidArgument(index_->ProveSeveral({}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      index_->ProveSeveral({Hash{2}, Hash{1}}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      index_->ProveSeveral({Hash{2}, Hash{2}}, 0).status()));
}

// --- A key twice ---

TEST_F(IndexTest, RefusesAKeyThatStandsAlreadyWhereverItStands) {
  // In the partial run, the block, a run in memory, a run in a file; each
  // refusal ends that index.
  for (const uint64_t leaf : {69990, 66000, 50000, 100}) {
    leaves_.SetSize(0);
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(Grow(70000).ok());
    const Hash key = leaves_.KeyOf(leaf).value();
    const auto root = index_->Root(70001, {key}, 70002);
    EXPECT_TRUE(absl::IsDataLoss(root.status())) << leaf;
    EXPECT_TRUE(absl::StrContains(root.status().message(), absl::StrCat(leaf)))
        << root.status();
    EXPECT_FALSE(index_->Root(70002, {Hash{9}}, 70003).ok());
  }
  leaves_.SetSize(0);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(
      absl::IsDataLoss(index_->Root(0, {Hash{5}, Hash{5}}, 2).status()));
}

// --- Files ---

struct AnyMachine : IndexTest {
  AnyMachine() : IndexTest(UniformKeys(1000)) {}
  void TestBody() override {}

  // Grows by so many batches at once and is opened again after every
  // `reopen`th time.
  std::map<std::string, std::string> Make(int threads, uint64_t step,
                                          uint64_t reopen) {
    options_.merge_threads = threads;
    EXPECT_TRUE(Open().ok());
    for (uint64_t round = 1; leaves_.size() < 150000; ++round) {
      const uint64_t size =
          std::min<uint64_t>(leaves_.size() + 1000 * step, 150000);
      EXPECT_TRUE(Grow(size - 1).ok());
      if (round % reopen != 0) continue;
      EXPECT_TRUE(Open().ok());
    }
    index_.reset();
    return Files();
  }
};

TEST(IndexFilesTest, AreTheSameOnEveryMachine) {
  const auto files = AnyMachine().Make(0, 5, 100);
  EXPECT_GE(files.size(), 4u);
  const auto others = AnyMachine().Make(1, 3, 4);
  for (const RunRange& run : RunsInForce(150000)) {
    if (run.leaves() <= 1 << 14) continue;
    const std::string name =
        absl::StrCat(kFolder, "/", run.start, "-", run.end);
    ASSERT_TRUE(files.count(name) > 0 && others.count(name) > 0) << name;
    EXPECT_TRUE(files.at(name) == others.at(name)) << name;
  }
}

class IndexFileTest : public IndexTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(Grow(59999).ok());
    ASSERT_TRUE(Grow(kSize).ok());
    index_.reset();
    files_ = Files();
    ASSERT_TRUE(files_.count(kFile) > 0);
  }

  // The index works as if nothing had been.
  void ExpectSound() {
    const absl::Status opened = Open();
    ASSERT_TRUE(opened.ok()) << opened;
    ExpectFindsWhatIsThere(kSize, 3);
    ExpectProofsOfTwin(kSize, 4);
    EXPECT_TRUE(index_->Scrub([](uint64_t) { return true; }).ok());
    const absl::Status grown = Grow(kSize + 5000);
    EXPECT_TRUE(grown.ok()) << grown;
    EXPECT_EQ(Files()[kFile], files_[kFile]);
  }

  static constexpr uint64_t kSize = 80000;
  static constexpr char kFile[] = "/disk/index/0-65536";
  std::map<std::string, std::string> files_;
};

TEST_F(IndexFileTest, AMissingFileIsRebuilt) {
  disk_.PutBack(kFolder, {});
  ExpectSound();
}

TEST_F(IndexFileTest, AFileThatWasCutShortIsRebuilt) {
  for (const size_t kept :
       {size_t{0}, size_t{1}, size_t{9000}, files_[kFile].size() / 2,
        files_[kFile].size() - 1}) {
    auto files = files_;
    files[kFile].resize(kept);
    disk_.PutBack(kFolder, files);
    leaves_.SetSize(kSize + 1);
    ExpectSound();
    index_.reset();
  }
}

TEST_F(IndexFileTest, AFlippedEndIsRebuilt) {
  for (const size_t back : {1, 40, 100, 130, 200}) {
    auto files = files_;
    std::string& file = files[kFile];
    file[file.size() - back] = static_cast<char>(file[file.size() - back] ^ 4);
    disk_.PutBack(kFolder, files);
    leaves_.SetSize(kSize + 1);
    ExpectSound();
    index_.reset();
  }
}

TEST_F(IndexFileTest, AFlippedByteElsewhereIsNamedAndNeverBelieved) {
  std::mt19937_64 random(5);
  const size_t end_bytes = 4 * 36 + 136;
  for (int round = 0; round < 60; ++round) {
    auto files = files_;
    std::string& file = files[kFile];
    const size_t place = random() % (file.size() - end_bytes);
    file[place] = static_cast<char>(file[place] ^ 1 << random() % 8);
    disk_.PutBack(kFolder, files);
    ASSERT_TRUE(Open().ok());
    const absl::Status scrubbed = index_->Scrub([](uint64_t) { return true; });
    EXPECT_TRUE(absl::IsDataLoss(scrubbed)) << place << " " << scrubbed;
    EXPECT_TRUE(absl::StrContains(scrubbed.message(), kFile)) << scrubbed;
    for (int i = 0; i < 50; ++i) {
      const uint64_t leaf = random() % kSize;
      const auto key = leaves_.KeyOf(leaf);
      if (!key.has_value()) continue;
      const auto found = index_->Find(*key);
      if (found.ok()) {
        EXPECT_EQ(*found, leaf);
      }
      const auto proof = index_->ProvePresence(*key, kSize);
      if (proof.ok()) {
        uint64_t proven = 0;
        EXPECT_EQ(
            VerifyPresence(*key, twin_.Root(kSize), kSize, *proof, &proven),
            Finding::kOk);
      }
    }
    index_.reset();
  }
  // The way out that the message names.
  auto files = files_;
  files.erase(kFile);
  disk_.PutBack(kFolder, files);
  ExpectSound();
}

TEST_F(IndexFileTest, FilesOfLeavesThatWereNeverCommittedGo) {
  leaves_.SetSize(60000);
  ASSERT_TRUE(Open().ok());
  for (const auto& [name, content] : Files()) {
    EXPECT_FALSE(absl::StrContains(name, "-65536")) << name;
  }
  EXPECT_TRUE(Grow(kSize).ok());
  EXPECT_EQ(Files()[kFile], files_[kFile]);
}

TEST_F(IndexFileTest, SupersededFilesAreKeptForTheirTimeAndThenGo) {
  ASSERT_TRUE(Open().ok());
  // At this size [0, 32768) is in force, in a file that is needed no more.
  constexpr uint64_t kOld = 40000;
  ASSERT_TRUE(Files().count("/disk/index/0-32768") > 0);
  ExpectProofsOfTwin(kOld, 1);
  clock_.Advance(options_.keep_superseded_s * 1000 - 1);
  ASSERT_TRUE(Grow(kSize + 100).ok());
  ExpectProofsOfTwin(kOld, 2);
  clock_.Advance(1000);
  ASSERT_TRUE(Grow(kSize + 200).ok());
  ASSERT_TRUE(Grow(kSize + 300).ok());
  EXPECT_EQ(Files().count("/disk/index/0-32768"), 0u);
  const auto gone = index_->ProveAbsence(Hash{1}, kOld);
  EXPECT_TRUE(absl::IsOutOfRange(gone.status())) << gone.status();
  EXPECT_EQ(index_->gauges().superseded_files, 0u);
  ExpectProofsOfTwin(kSize + 300, 3);
}

// --- What everybody may read ---

// A stranger's reader of one run, after docs/index_format.md.
std::vector<IndexEntry> ReadPublicRun(Index* index, const RunRange& run) {
  std::vector<IndexEntry> entries;
  const std::string folder =
      absl::StrCat("index/", run.start, "-", run.end, "/");
  const auto top = index->ReadFile(folder + "top");
  EXPECT_TRUE(top.ok()) << top.status();
  int depth = -14;
  for (uint64_t n = run.leaves(); n > 1; n /= 2) ++depth;
  EXPECT_EQ(top->size(), 32u << depth);
  for (uint64_t segment = 0; segment < uint64_t{1} << depth; ++segment) {
    const auto bytes = index->ReadFile(absl::StrCat(folder, segment));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    const std::string_view view(*bytes);
    const uint32_t count = Be32(view.substr(4 * 256));
    EXPECT_EQ(view.size(), 4 * 257 + 32 * 256 + 36 * count);
    for (uint32_t bucket = 0; bucket < 256; ++bucket) {
      const uint32_t begin = Be32(view.substr(4 * bucket));
      const uint32_t end = Be32(view.substr(4 * bucket + 4));
      for (uint32_t i = begin; i < end; ++i) {
        const std::string_view record =
            view.substr(4 * 257 + 32 * 256 + 36 * i, 36);
        entries.push_back({*HashFromBytes(record.substr(0, 32)),
                           run.start + Be32(record.substr(32))});
        const Hash& key = entries.back().key;
        EXPECT_EQ((key[0] << 8 | key[1]) >> (8 - depth),
                  static_cast<int>(segment << 8 | bucket));
      }
    }
  }
  return entries;
}

TEST_F(IndexFileTest, RunsInForceCanBeReadByEverybody) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Grow(kSize + 3000).ok());
  for (const RunRange& run : RunsInForce(kSize)) {
    if (run.leaves() < kSegmentedLeavesMin) continue;
    EXPECT_EQ(ReadPublicRun(index_.get(), run),
              leaves_.Sorted(run.start, run.end));
  }
  for (const char* path :
       {"index", "index/", "index/0-65536", "index/0-65536/", "index/0-65536/4",
        "index/0-65536/00", "index/0-65536/0x1", "index/0-65536/-1",
        "index/00-65536/0", "index/0-65535/0", "index/0-65536/top/",
        "index/0-4096/top", "index/65536-0/top", "/index/0-65536/top",
        "index/0-65536/TOP", "index/ 0-65536/top"}) {
    EXPECT_TRUE(absl::IsNotFound(index_->ReadFile(path).status())) << path;
  }
}

// --- Merges that are slow ---

class SlowDisk : public OtherDisk {
 public:
  using OtherDisk::OtherDisk;

 private:
  class SlowFile : public File {
   public:
    using File::File;
    absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return File::WriteAt(offset, bytes);
    }
  };
  std::unique_ptr<DiskFile> Wrap(std::unique_ptr<DiskFile> file) override {
    return std::make_unique<SlowFile>(std::move(file));
  }
};

class IndexSlowTest : public IndexTest {
 protected:
  IndexSlowTest() { options_.merge_threads = 1; }
  Disk* disk() override { return &slow_; }
  SlowDisk slow_{&disk_};
};

TEST_F(IndexSlowTest, ASealWaitsForAMergeThatIsDue) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Grow(32768).ok());
  EXPECT_EQ(index_->gauges().leaves_until_due, 2048u);
  // Before it is due, nobody waits for it.
  ASSERT_TRUE(Grow(34000).ok());
  EXPECT_EQ(index_->gauges().leaves_until_due, 34816u - 34000);
  ASSERT_TRUE(Grow(34816).ok());
  EXPECT_EQ(index_->gauges().merges, 0u);
  EXPECT_GT(index_->gauges().waited_ms, 0);
}

TEST_F(IndexSlowTest, StopsInTheMiddleOfAMergeAndGoesOnWithIt) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Grow(32768).ok());
  ASSERT_TRUE(Grow(32770).ok());
  index_.reset();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(index_->gauges().merges, 1u);
  ASSERT_TRUE(Grow(40000).ok());
}

TEST_F(IndexTest, AnswersRightWhileItGrowsAndMerges) {
  options_.memory_leaves_max = 1 << 16;
  options_.merge_threads = 1;
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Grow(60000).ok());
  Mutex mu;
  uint64_t size = 60000;
  Hash root = twin_.Root(size);
  std::atomic<bool> stop{false};
  std::atomic<int> answers{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937_64 random(reader);
      while (!stop) {
        uint64_t at;
        Hash root_at;
        {
          MutexLock lock(&mu);
          at = size;
          root_at = root;
        }
        const uint64_t leaf = random() % at;
        const auto key = leaves_.KeyOf(leaf);
        if (!key.has_value()) continue;
        const auto found = index_->Find(*key);
        ASSERT_TRUE(found.ok()) << found.status();
        ASSERT_EQ(*found, leaf);
        const auto presence = index_->ProvePresence(*key, at);
        ASSERT_TRUE(presence.ok()) << presence.status();
        uint64_t proven = 0;
        ASSERT_EQ(VerifyPresence(*key, root_at, at, *presence, &proven),
                  Finding::kOk);
        Hash other = *key;
        other[20] ^= 1;
        const auto absence = index_->ProveAbsence(other, at);
        ASSERT_TRUE(absence.ok()) << absence.status();
        ASSERT_EQ(VerifyAbsence(other, root_at, at, *absence), Finding::kOk);
        index_->gauges();
        ++answers;
      }
    });
  }
  while (leaves_.size() < 150000) {
    const uint64_t covered = leaves_.size() + 2000;
    const auto grown = Add(covered);
    EXPECT_TRUE(grown.ok()) << grown.status();
    if (!grown.ok()) break;
    leaves_.AddSeal(covered);
    leaves_.SetSize(covered + 1);
    MutexLock lock(&mu);
    size = covered;
    root = *grown;
  }
  while (answers < 20) std::this_thread::yield();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(root, twin_.Root(size));
  EXPECT_TRUE(Files().count("/disk/index/0-131072") > 0);
}

TEST_F(IndexTest, AMergeThatFailsStopsTheSeals) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Grow(30000).ok());
  disk_.SetFull(true);
  EXPECT_TRUE(absl::IsUnavailable(Add(40000).status()));
  EXPECT_TRUE(
      absl::IsUnavailable(index_->Root(40001, {Hash{3}}, 40002).status()));
  disk_.SetFull(false);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(Grow(40000).ok());
}

// --- Crashes ---

class IndexPowerLossTest : public ::testing::TestWithParam<Aftermath> {};

struct CrashTest : IndexTest {
  explicit CrashTest(const std::map<uint64_t, Hash>& roots)
      : IndexTest(Keys()), roots_(roots) {}

  void TestBody() override {}

  static constexpr uint64_t kBegin = 30000;
  static constexpr uint64_t kEnd = 105000;
  static constexpr uint64_t kStep = 2500;

  // Each batch ends at a multiple of kStep.
  static KeyMaker Keys() {
    return [uniform = UniformKeys(97)](uint64_t index) {
      return index % kStep == 0 ? std::nullopt : uniform(index);
    };
  }

  // Opens and grows, a batch at a time, until the end or the power is gone.
  absl::Status Run(uint64_t end) {
    absl::Status status = Open();
    while (status.ok() && !disk_.dark() && leaves_.size() <= end) {
      const uint64_t covered = leaves_.size() - 1 + kStep;
      const auto root = Add(covered);
      if (!root.ok()) return root.status();
      if (disk_.dark()) break;
      if (*root != roots_.at(covered)) {
        return absl::InternalError(absl::StrCat("another root at ", covered));
      }
      leaves_.SetSize(covered + 1);
    }
    return status;
  }

  SimDisk& sim() { return disk_; }
  MadeUpLeaves& leaves() { return leaves_; }
  void Halt() { index_.reset(); }
  absl::Status Scrub() {
    return index_->Scrub([](uint64_t) { return true; });
  }

  const std::map<uint64_t, Hash>& roots_;
};

TEST_P(IndexPowerLossTest, RootsAreThoseOfAnIndexThatWasNeverStopped) {
  std::map<uint64_t, Hash> roots;
  {
    MadeUpLeaves leaves(CrashTest::Keys());
    Twin twin(&leaves);
    for (uint64_t size = CrashTest::kBegin; size <= CrashTest::kEnd + 10000;
         size += CrashTest::kStep) {
      roots[size] = twin.Root(size);
    }
  }
  uint64_t calls = 0;
  {
    CrashTest test(roots);
    test.leaves().SetSize(CrashTest::kBegin + 1);
    const absl::Status status = test.Run(CrashTest::kEnd);
    ASSERT_TRUE(status.ok()) << status;
    calls = test.sim().calls();
  }
  ASSERT_GT(calls, 35u);
  printf("power cut at each of %d calls\n", static_cast<int>(calls));
  for (uint64_t call = 1; call <= calls; ++call) {
    CrashTest test(roots);
    SimDisk& disk = test.sim();
    test.leaves().SetSize(CrashTest::kBegin + 1);
    disk.CutPowerAt(call);
    absl::Status status = test.Run(CrashTest::kEnd);
    ASSERT_TRUE(status.ok() || disk.dark()) << call << ": " << status;
    const std::string name =
        absl::StrCat("call ", call, " (", disk.CallName(call), ")");
    test.Halt();
    disk.PowerOn(GetParam(), call);
    // Again while it recovers.
    disk.CutPowerAt(disk.calls() + 1 + call % 7);
    status = test.Run(CrashTest::kEnd);
    ASSERT_TRUE(status.ok() || disk.dark()) << name << ": " << status;
    test.Halt();
    disk.PowerOn(GetParam(), call + 1);
    status = test.Run(CrashTest::kEnd + 5000);
    ASSERT_TRUE(status.ok()) << name << ": " << status;
    status = test.Scrub();
    ASSERT_TRUE(status.ok()) << name << ": " << status;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryCall, IndexPowerLossTest,
                         ::testing::Values(Aftermath::kKeep, Aftermath::kDrop,
                                           Aftermath::kTear),
                         [](const auto& info) {
                           return AftermathName(info.param);
                         });

// --- The judge ---

TEST_F(IndexTest, TheJudgeAgreesWithTheIndexAndWithNothingElse) {
  std::mt19937_64 random(6);
  ASSERT_TRUE(Open().ok());
  auto judge = std::make_unique<RootJudge>(
      [this](const RunRange& run) { return index_->RunRootOf(run); });
  while (leaves_.size() < 75000) {
    const uint64_t first = leaves_.size();
    const uint64_t covered = first + random() % 3000;
    const auto root = Add(covered);
    ASSERT_TRUE(root.ok()) << root.status();
    for (const IndexEntry& entry : leaves_.Entries(first, covered)) {
      judge->Add(entry.index, entry.key);
    }
    const absl::Status judged = judge->Judge(covered, *root);
    ASSERT_TRUE(judged.ok()) << judged;
    Hash other = *root;
    other[random() % 32] ^= 1;
    EXPECT_TRUE(absl::IsDataLoss(judge->Judge(covered, other)));
    leaves_.AddSeal(covered);
    leaves_.SetSize(covered + 1);
    if (random() % 8 == 0) {
      // From what is stored, as after a start.
      judge = std::make_unique<RootJudge>(
          [this](const RunRange& run) { return index_->RunRootOf(run); });
      ASSERT_TRUE(judge->Start(&leaves_, covered + 1).ok());
    }
  }
}

TEST_F(IndexTest, TheJudgeNoticesALeafThatIsNotInTheIndex) {
  ASSERT_TRUE(Open().ok());
  RootJudge judge(
      [this](const RunRange& run) { return index_->RunRootOf(run); });
  judge.Add(0, Hash{1});
  judge.Add(1, Hash{2});
  const auto root = index_->Root(0, {Hash{1}}, 2);
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(absl::IsDataLoss(judge.Judge(2, *root)));
}

}  // namespace
}  // namespace vidimus
