#include "verifier/index_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/index_builder.h"

namespace vidimus {
namespace {

Hash KeyOf(uint64_t number) {
  std::string bytes;
  AppendBe64(number, &bytes);
  return Sha256(bytes);
}

// Counts what is given out and taken back.
class CountedMemory : public RunMemory {
 public:
  IndexEntry* Allocate(size_t count) override {
    EXPECT_GT(count, 0u);
    held_ += count;
    return new IndexEntry[count];
  }
  void Free(IndexEntry* entries, size_t count) override {
    held_ -= count;
    delete[] entries;
  }
  size_t held() const { return held_; }

 private:
  size_t held_ = 0;
};

// Feeds a log of subject leaves; the seals' roots are those of a slow twin
// unless a test says otherwise.
class SealJudgeTest : public testing::Test {
 protected:
  Finding Leaf(const Hash& key) {
    const Finding found = judge_.Add(size_, {LeafKind::kSubject, key, {}});
    entries_.push_back({key, size_++});
    return found;
  }
  Finding NextLeaf() { return Leaf(KeyOf(size_)); }

  Finding SealWith(const Hash& root) {
    const uint64_t covered = size_++;
    return judge_.AddSeal(covered, {root, covered, 0});
  }
  Hash TwinRoot() const { return MemoryIndex(size_, entries_).Root(); }

  CountedMemory memory_;
  SealJudge judge_{&memory_};
  uint64_t size_ = 0;
  std::vector<IndexEntry> entries_;
};

TEST_F(SealJudgeTest, AgreesWithTheSlowTwinAtEverySmallSeal) {
  for (int batch = 0; batch < 300; ++batch) {
    for (int i = 0; i <= batch % 11; ++i) {
      ASSERT_EQ(NextLeaf(), Finding::kOk);
    }
    ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk) << size_;
  }
  EXPECT_EQ(judge_.Finish(), Finding::kOk);
}

TEST_F(SealJudgeTest, AgreesWhereRunsComeIntoForce) {
  // Seals right before, at and after each size where the list of runs changes.
  std::mt19937_64 random(7);
  uint64_t last_runs = 0;
  while (size_ < 90000) {
    const bool step = RunsInForce(size_ + 1).size() != last_runs ||
                      size_ % kRunLeavesMin < 2 ||
                      size_ % kRunLeavesMin > kRunLeavesMin - 3;
    last_runs = RunsInForce(size_ + 1).size();
    if (step || random() % 5000 == 0) {
      const std::vector<RunRange> runs = RunsInForce(size_);
      ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk) << size_;
      ASSERT_EQ(judge_.run_roots().size(), runs.size());
    } else {
      ASSERT_EQ(NextLeaf(), Finding::kOk);
    }
  }
  EXPECT_EQ(judge_.Finish(), Finding::kOk);
  // Every key but those of the partial run, once.
  EXPECT_LE(memory_.held(), entries_.size());
  EXPECT_GE(memory_.held() + kRunLeavesMin, entries_.size());
}

TEST_F(SealJudgeTest, AgreesWhenSealsAreFarApart) {
  for (const uint64_t size : {1ull, 5000ull, 40000ull, 69632ull, 150000ull}) {
    while (size_ < size) ASSERT_EQ(NextLeaf(), Finding::kOk);
    ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk) << size_;
  }
}

TEST_F(SealJudgeTest, AgreesOnKeysWithLongCommonPrefixes) {
  Hash key = {};
  for (int bit = 0; bit < 256; bit += 3) {
    Hash other = key;
    other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (0x80 >> bit % 8));
    ASSERT_EQ(Leaf(other), Finding::kOk);
    ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk);
  }
  ASSERT_EQ(Leaf(key), Finding::kOk);
  ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk);
}

TEST_F(SealJudgeTest, AgreesOnRunsWithoutAnyKey) {
  // Nothing but seals.
  while (size_ < 3 * kRunLeavesMin) {
    const Hash root =
        IndexRoot(size_, std::vector<Hash>(RunsInForce(size_).size()));
    ASSERT_EQ(SealWith(root), Finding::kOk) << size_;
  }
  EXPECT_EQ(judge_.Finish(), Finding::kOk);
  EXPECT_EQ(memory_.held(), 0u);
}

TEST_F(SealJudgeTest, RefusesARootWithOneKeyLeftOutAddedOrMoved) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(NextLeaf(), Finding::kOk);
  const std::vector<IndexEntry> honest = entries_;
  for (int lie = 0; lie < 4; ++lie) {
    std::vector<IndexEntry> entries = honest;
    if (lie == 0) entries.pop_back();
    if (lie == 1) entries.push_back({KeyOf(1000), 3});
    if (lie == 2) std::swap(entries[4].index, entries[5].index);
    if (lie == 3) entries[4].key[31] ^= 1;
    SealJudge judge;
    for (const IndexEntry& entry : honest) {
      ASSERT_EQ(judge.Add(entry.index, {LeafKind::kSubject, entry.key, {}}),
                Finding::kOk);
    }
    EXPECT_EQ(judge.AddSeal(20, {MemoryIndex(20, entries).Root(), 20, 0}),
              Finding::kIndexRoot);
    EXPECT_EQ(IndexRoot(20, judge.run_roots()), MemoryIndex(20, honest).Root());
  }
}

TEST_F(SealJudgeTest, FindsAKeyTwiceInThePartialRunAtOnce) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(NextLeaf(), Finding::kOk);
  EXPECT_EQ(Leaf(KeyOf(7)), Finding::kIndexKeyTwice);
  ASSERT_TRUE(judge_.twice().has_value());
  EXPECT_EQ(judge_.twice()->first, 7u);
  EXPECT_EQ(judge_.twice()->second, 20u);
}

TEST_F(SealJudgeTest, FindsAKeyTwiceInTwoRunsWhenTheyMeet) {
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(NextLeaf(), Finding::kOk);
  ASSERT_EQ(Leaf(KeyOf(7)), Finding::kOk);
  EXPECT_EQ(judge_.Finish(), Finding::kIndexKeyTwice);
  while (size_ < 2 * kRunLeavesMin) ASSERT_EQ(NextLeaf(), Finding::kOk);
  EXPECT_EQ(SealWith({}), Finding::kIndexKeyTwice);
  EXPECT_EQ(judge_.twice()->first, 7u);
  EXPECT_EQ(judge_.twice()->second, 5000u);
}

// One way of judging: short runs made ahead or not, merges in parts by another
// hand or not.
struct Way {
  bool ahead;
  bool tasks;
};

// What a judge finds, leaf by leaf, in keys of which some may stand twice.
std::string Judged(const std::vector<Hash>& keys, const Way& way) {
  size_t tasks = 0;
  TaskRunner run_tasks;
  if (way.tasks) {
    run_tasks = [&](size_t count, const std::function<void(size_t)>& task) {
      tasks += count;
      while (count > 0) task(--count);
    };
  }
  SealJudge judge(nullptr, run_tasks);
  // The seal after every 1,000 leaves, and its root from a twin.
  const auto is_seal = [](uint64_t index) { return index % 1001 == 1000; };
  SealJudge twin;
  for (uint64_t index = 0; index < keys.size(); ++index) {
    if (way.ahead && index % kRunLeavesMin == 0) {
      ShortRunMaker maker(index);
      for (uint64_t i = index;
           i < std::min<uint64_t>(keys.size(), index + kRunLeavesMin); ++i) {
        if (is_seal(i)) {
          maker.AddSeal();
        } else if (maker.Add({keys[i], i}) != Finding::kOk) {
          break;
        }
      }
      judge.Expect(maker.Finish());
    }
    Finding found = Finding::kOk;
    if (is_seal(index)) {
      const bool twice = twin.AddSeal(index, {}) == Finding::kIndexKeyTwice;
      const Hash root = twice ? Hash{} : IndexRoot(index, twin.run_roots());
      found = judge.AddSeal(index, {root, index, 0});
    } else {
      twin.Add(index, {LeafKind::kSubject, keys[index], {}});
      found = judge.Add(index, {LeafKind::kSubject, keys[index], {}});
    }
    if (found != Finding::kOk) {
      return std::to_string(index) + ": " + FindingSentence(found) +
             (judge.twice() ? " " + std::to_string(judge.twice()->first) + " " +
                                  std::to_string(judge.twice()->second)
                            : "");
    }
    if (is_seal(index)) {
      EXPECT_EQ(judge.Find(keys[index - 1]), IndexAnswer(index - 1));
      if (index + 1 < keys.size()) {
        EXPECT_EQ(judge.Find(keys[index + 1]), std::nullopt);
      }
      size_t number = 0;
      for (const RunRange& run : RunsInForce(index)) {
        if (run.leaves() >= kRunLeavesMin) {
          ++number;
          continue;
        }
        EXPECT_EQ(RunRoot(judge.Entries(run)), judge.run_roots()[number]);
      }
    }
  }
  EXPECT_EQ(tasks > 0, way.tasks && keys.size() > 40000);
  const Finding found = judge.Finish();
  return std::string("the end: ") + FindingSentence(found) +
         (judge.twice() ? " " + std::to_string(judge.twice()->first) + " " +
                              std::to_string(judge.twice()->second)
                        : "");
}

TEST(SealJudgeWaysTest, FindTheSameInTheSamePlace) {
  std::vector<Hash> honest;
  for (uint64_t i = 0; i < 50000; ++i) honest.push_back(KeyOf(i));
  const struct {
    uint64_t first, second;
    const char* found;
  } lies[] = {
      {0, 0, "the end: "},          // none
      {7, 4000, "4000: "},          // in a short run
      {4094, 4099, ""},             // in two that meet early
      {20000, 49990, "the end: "},  // that never meet
      {16385, 33000, ""},
  };
  for (const auto& lie : lies) {
    std::vector<Hash> keys = honest;
    keys[lie.second] = keys[lie.first];
    const std::string expected = Judged(keys, {false, false});
    EXPECT_EQ(expected.find(lie.found), 0u) << expected;
    for (const Way way :
         {Way{true, false}, Way{false, true}, Way{true, true}}) {
      EXPECT_EQ(Judged(keys, way), expected)
          << lie.second << " " << way.ahead << way.tasks;
    }
  }
}

// Parts of which most are empty, or hold one key, or many more than are hashed
// at once.
TEST_F(SealJudgeTest, AgreesOnKeysThatCrowdInOnePlace) {
  std::mt19937_64 random(11);
  while (size_ < 80000) {
    Hash key = KeyOf(size_);
    const uint64_t sort = random() % 1000;
    if (sort > 0) key[0] = 0x55;
    if (sort > 1) key[1] = 0;
    ASSERT_EQ(Leaf(key), Finding::kOk);
    if (size_ % 4999 == 0) {
      ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk) << size_;
    }
  }
}

TEST_F(SealJudgeTest, KnowsWhereEachKeyStands) {
  for (int i = 0; i < 9000; ++i) ASSERT_EQ(NextLeaf(), Finding::kOk);
  ASSERT_EQ(SealWith(TwinRoot()), Finding::kOk);
  for (const uint64_t index : {0u, 4095u, 4096u, 8191u, 8192u, 8999u}) {
    EXPECT_EQ(judge_.Find(KeyOf(index)), IndexAnswer(index));
  }
  EXPECT_EQ(judge_.Find(KeyOf(9000)), std::nullopt);
  size_t count = 0;
  for (const RunRange& run : RunsInForce(9000)) {
    const std::vector<IndexEntry> entries = judge_.Entries(run);
    EXPECT_EQ(RunRoot(entries), judge_.run_roots()[count++]);
  }
}

// --- Going on later
// ---------------------------------------------------------------

// Feeds a log of subject leaves with a seal after every `batch` to a judge that
// is saved and restored at some seals, and to one that never is.
class RestoredJudgeTest : public testing::Test {
 protected:
  static constexpr uint64_t kBatch = 300;

  void Fresh() { judge_ = std::make_unique<SealJudge>(&memory_); }

  // As if the process had ended after the last seal.
  bool SaveAndRestore() {
    std::vector<HeldRun> runs = judge_->Runs();
    for (HeldRun& run : runs) {
      if (run.count == 0) continue;
      IndexEntry* const copy = memory_.Allocate(run.count);
      std::copy(run.entries, run.entries + run.count, copy);
      run.entries = copy;
    }
    const uint64_t checked = judge_->checked();
    const uint64_t start = runs.empty() ? 0 : runs.back().range.end;
    std::vector<IndexEntry> partial;
    for (const IndexEntry& entry : entries_) {
      if (entry.index >= start) partial.push_back(entry);
    }
    Fresh();
    return judge_->Restore(size_, checked, std::move(runs), partial);
  }

  // To both judges; what they find must agree.
  Finding Leaf(const Hash& key) {
    const Finding found = twin_.Add(size_, {LeafKind::kSubject, key, {}});
    EXPECT_EQ(judge_->Add(size_, {LeafKind::kSubject, key, {}}), found);
    entries_.push_back({key, size_++});
    return found;
  }
  Finding Seal() {
    const uint64_t covered = size_++;
    Finding found = twin_.AddSeal(covered, {});
    const Hash root = found == Finding::kIndexKeyTwice
                          ? Hash{}
                          : IndexRoot(covered, twin_.run_roots());
    found = found == Finding::kIndexKeyTwice ? found : Finding::kOk;
    EXPECT_EQ(judge_->AddSeal(covered, {root, covered, 0}), found) << covered;
    return found;
  }
  Finding Batch() {
    for (uint64_t i = 0; i < kBatch; ++i) RETURN_IF_FOUND(Leaf(KeyOf(size_)));
    return Seal();
  }

  CountedMemory memory_;
  std::unique_ptr<SealJudge> judge_ = std::make_unique<SealJudge>(&memory_);
  SealJudge twin_;
  uint64_t size_ = 0;
  std::vector<IndexEntry> entries_;
};

TEST_F(RestoredJudgeTest, GoesOnAtEverySealAsIfItHadNeverStopped) {
  while (size_ < 40000) {
    ASSERT_EQ(Batch(), Finding::kOk);
    ASSERT_TRUE(SaveAndRestore());
    if (size_ % 7 == 0) {
      ASSERT_EQ(judge_->Finish(), Finding::kOk);
    }
  }
  EXPECT_EQ(judge_->Finish(), Finding::kOk);
  judge_.reset();
  EXPECT_EQ(memory_.held(), 0u);
}

TEST_F(RestoredJudgeTest, FindsAKeyTwiceThatStoodBefore) {
  for (const bool whole : {false, true}) {
    for (const uint64_t old : {5u, 4096u, 12000u, 20000u}) {
      SCOPED_TRACE(old);
      Fresh();
      SealJudge twin;
      entries_.clear();
      size_ = 0;
      while (size_ < 20000) {
        for (uint64_t i = 0; i < kBatch; ++i) {
          ASSERT_EQ(judge_->Add(size_, {LeafKind::kSubject, KeyOf(size_), {}}),
                    Finding::kOk);
          entries_.push_back({KeyOf(size_), size_});
          ++size_;
        }
        judge_->AddSeal(size_, {});
        ++size_;
      }
      if (!whole) {
        ASSERT_EQ(judge_->Finish(), Finding::kOk);
      }
      ASSERT_TRUE(SaveAndRestore());
      EXPECT_EQ(judge_->checked(), whole ? 0 : size_);
      const uint64_t first = std::find_if(entries_.begin(), entries_.end(),
                                          [old](const IndexEntry& entry) {
                                            return entry.index >= old;
                                          })
                                 ->index;
      Finding found =
          judge_->Add(size_ + 1, {LeafKind::kSubject, KeyOf(first), {}});
      if (found == Finding::kOk) found = judge_->Finish();
      ASSERT_EQ(found, Finding::kIndexKeyTwice);
      EXPECT_EQ(judge_->twice()->first, first);
      EXPECT_EQ(judge_->twice()->second, size_ + 1);
    }
  }
}

TEST_F(RestoredJudgeTest, FindsAKeyTwiceAmongTheNewOnesAlone) {
  while (size_ < 5000) ASSERT_EQ(Batch(), Finding::kOk);
  ASSERT_EQ(judge_->Finish(), Finding::kOk);
  const uint64_t first = size_;
  while (size_ < 4096 * 3 - 100) ASSERT_EQ(Batch(), Finding::kOk);
  while (size_ < 4096 * 3 + 7) Leaf(KeyOf(size_));
  ASSERT_EQ(Leaf(KeyOf(first)), Finding::kOk);
  ASSERT_EQ(judge_->Finish(), Finding::kIndexKeyTwice);
  EXPECT_EQ(judge_->twice()->first, first);
  EXPECT_EQ(judge_->twice()->second, size_ - 1);
}

TEST_F(RestoredJudgeTest, RefusesWhatCannotHaveBeenSaved) {
  while (size_ < 9000) ASSERT_EQ(Batch(), Finding::kOk);
  const std::vector<HeldRun> runs = judge_->Runs();
  ASSERT_EQ(runs.size(), 1u);
  const uint64_t start = runs.back().range.end;
  std::vector<IndexEntry> partial;
  for (const IndexEntry& entry : entries_) {
    if (entry.index >= start) partial.push_back(entry);
  }
  SealJudge other(&memory_);
  EXPECT_FALSE(other.Restore(0, 0, {}, {}));
  EXPECT_FALSE(other.Restore(size_, size_ + 1, runs, partial));
  EXPECT_FALSE(other.Restore(size_, 0, {}, partial));
  EXPECT_FALSE(other.Restore(size_ + 8192, 0, runs, partial));
  std::vector<HeldRun> bad = runs;
  bad[0].range.end += 4096;
  EXPECT_FALSE(other.Restore(size_, 0, bad, partial));
  bad = runs;
  bad[0].count = 8193;
  EXPECT_FALSE(other.Restore(size_, 0, bad, partial));
  bad = runs;
  bad[0].entries = nullptr;
  EXPECT_FALSE(other.Restore(size_, 0, bad, partial));
  std::vector<IndexEntry> twice = partial;
  twice.back().key = twice.front().key;
  EXPECT_FALSE(other.Restore(size_, 0, runs, twice));
  twice = partial;
  std::swap(twice[0], twice[1]);
  EXPECT_FALSE(other.Restore(size_, 0, runs, twice));
  twice = partial;
  twice.back().index = size_;
  EXPECT_FALSE(other.Restore(size_, 0, runs, twice));
}

// Leaves made ahead of which only some were shown.
TEST_F(RestoredJudgeTest, ForgetsWhatWasExpectedAndDidNotCome) {
  for (const uint64_t shown : {0u, 1u, 200u, 4095u}) {
    Fresh();
    ShortRunMaker maker(0);
    for (uint64_t i = 0; i < kRunLeavesMin; ++i) {
      ASSERT_EQ(maker.Add({KeyOf(i), i}), Finding::kOk);
    }
    judge_->Expect(maker.Finish());
    std::vector<IndexEntry> entries;
    uint64_t size = 0;
    const auto leaf = [&](uint64_t number) {
      entries.push_back({KeyOf(number), size});
      ASSERT_EQ(judge_->Add(size++, {LeafKind::kSubject, KeyOf(number), {}}),
                Finding::kOk);
    };
    while (size < shown) leaf(size);
    judge_->ExpectNoMore();
    while (size < 5000) leaf(size + 100000);
    const Hash root = MemoryIndex(size, entries).Root();
    EXPECT_EQ(judge_->AddSeal(size, {root, size, 0}), Finding::kOk) << shown;
  }
}

}  // namespace
}  // namespace vidimus
