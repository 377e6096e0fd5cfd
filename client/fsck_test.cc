#include "client/fsck.h"

#include <gtest/gtest.h>

#include <map>

#include "client/client.h"
#include "client/fake_log.h"
#include "client/file.h"
#include "verifier/checkpoint.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/test/2026h2";

// Paths out of a map, with names of its own in a folder.
class MapFetcher : public Fetcher {
 public:
  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    const auto found = paths.find(path);
    if (found == paths.end()) return absl::NotFoundError(path);
    if (found->second.size() > bytes_max) return absl::OutOfRangeError(path);
    return found->second;
  }
  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    std::vector<std::string> names;
    for (const auto& [path, bytes] : paths) {
      if (path.compare(0, 5, "tile/") == 0) names.push_back(path);
    }
    return names;
  }
  const std::string& name() const override { return name_; }

  std::map<std::string, std::string> paths;

 private:
  const std::string name_ = "the copy";
};

class FsckTest : public testing::Test {
 protected:
  void Grow(int count) {
    for (int i = 0; i < count; ++i) {
      log_.Append("entry " + std::to_string(size_++));
    }
    fetcher_.paths = log_.Paths();
  }

  FsckReport Check() {
    FsckOptions options;
    options.log_key = log_.key();
    options.older = older_;
    return Fsck(&fetcher_, options);
  }

  FakeLog log_{kOrigin, /*access_log=*/false};
  MapFetcher fetcher_;
  std::vector<OlderCheckpoint> older_;
  int size_ = 0;
};

TEST_F(FsckTest, AcceptsAnHonestLogOfEverySize) {
  Grow(0);
  for (const int size : {0, 1, 2, 255, 256, 257, 511, 512, 513, 1300}) {
    Grow(size - size_);
    const FsckReport report = Check();
    EXPECT_EQ(report.exit_code, kExitTrue) << size << ": " << report.message;
    EXPECT_EQ(report.head.size, static_cast<uint64_t>(size));
    EXPECT_FALSE(report.access_log);
    EXPECT_EQ(report.bundles, static_cast<uint64_t>((size + 255) / 256));
  }
}

TEST_F(FsckTest, FindsAFlippedBitAnywhereAndNamesThePlace) {
  Grow(600);
  for (auto& [path, bytes] : fetcher_.paths) {
    for (const size_t at :
         {size_t{0}, bytes.size() / 3, bytes.size() / 2, bytes.size() - 2}) {
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      const FsckReport report = Check();
      EXPECT_EQ(report.exit_code, kExitFalse) << path << " byte " << at;
      EXPECT_NE(report.message.find(path), std::string::npos)
          << path << ": " << report.message;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
    }
  }
  EXPECT_EQ(Check().exit_code, kExitTrue);
}

TEST_F(FsckTest, CannotJudgeWhatIsNotThere) {
  Grow(600);
  const auto whole = fetcher_.paths;
  for (const auto& [path, bytes] : whole) {
    fetcher_.paths.erase(path);
    const FsckReport report = Check();
    EXPECT_EQ(report.exit_code, kExitUnusable) << path;
    EXPECT_NE(report.message.find(path), std::string::npos) << report.message;
    fetcher_.paths[path] = bytes;
  }
}

TEST_F(FsckTest, FindsATileThatIsCutOrTooLong) {
  Grow(300);
  for (const std::string path : {"tile/0/000", "tile/0/001.p/44",
                                 "tile/entries/001.p/44", "tile/1/000.p/1"}) {
    const std::string whole = fetcher_.paths.at(path);
    for (const std::string& bad :
         {whole.substr(0, whole.size() - 1), whole + "x", std::string()}) {
      fetcher_.paths[path] = bad;
      EXPECT_NE(Check().exit_code, kExitTrue) << path;
    }
    fetcher_.paths[path] = whole;
  }
}

TEST_F(FsckTest, TakesTheFullTileWhereThePartialOneIsGone) {
  Grow(300);
  const auto at_300 = fetcher_.paths;
  Grow(300);
  // The checkpoint of 300 leaves, and only what a log of 600 must keep.
  fetcher_.paths["checkpoint"] = at_300.at("checkpoint");
  fetcher_.paths["tile/1/000.p/1"] = at_300.at("tile/1/000.p/1");
  const FsckReport report = Check();
  EXPECT_EQ(report.exit_code, kExitTrue) << report.message;
  EXPECT_EQ(report.head.size, 300u);
}

TEST_F(FsckTest, ChecksPartialTilesOfEarlierSizesToo) {
  Grow(300);
  const auto at_300 = fetcher_.paths;
  Grow(300);
  for (const auto& [path, bytes] : at_300) {
    if (path != "checkpoint") fetcher_.paths.emplace(path, bytes);
  }
  const FsckReport report = Check();
  EXPECT_EQ(report.exit_code, kExitTrue) << report.message;
  EXPECT_EQ(report.spare_partials, 3u);
  for (const std::string path :
       {"tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"}) {
    fetcher_.paths[path][9] ^= 1;
    const FsckReport bad = Check();
    EXPECT_EQ(bad.exit_code, kExitFalse) << path;
    EXPECT_NE(bad.message.find(path), std::string::npos) << bad.message;
    fetcher_.paths[path][9] ^= 1;
  }
}

TEST_F(FsckTest, RefusesNamesThatAreNoTiles) {
  Grow(10);
  for (const std::string path : {"tile/0/000.p/0", "tile/0/x000/001",
                                 "tile/00/000", "tile/0/000.p/256"}) {
    fetcher_.paths[path] = "x";
    EXPECT_EQ(Check().exit_code, kExitFalse) << path;
    fetcher_.paths.erase(path);
  }
}

TEST_F(FsckTest, RefusesACheckpointOfAnotherKeyOrOrigin) {
  Grow(10);
  FsckOptions options;
  options.log_key = FakeLog("other.example", false).key();
  EXPECT_EQ(Fsck(&fetcher_, options).exit_code, kExitFalse);
}

TEST_F(FsckTest, ShowsThatTheLogExtendsOlderCheckpoints) {
  Grow(600);
  for (const uint64_t size : {0u, 1u, 2u, 255u, 256u, 257u, 599u, 600u}) {
    older_.push_back({"old", log_.CheckpointAt(size)});
  }
  const FsckReport report = Check();
  EXPECT_EQ(report.exit_code, kExitTrue) << report.message;
}

TEST_F(FsckTest, FindsAForkAndALogThatShrank) {
  Grow(600);
  FakeLog twin(kOrigin, false);
  for (int i = 0; i < 700; ++i) twin.Append("other " + std::to_string(i));
  for (const uint64_t size : {1u, 256u, 300u, 600u}) {
    older_ = {{"old", twin.CheckpointAt(size)}};
    const FsckReport report = Check();
    EXPECT_EQ(report.exit_code, kExitFalse) << size;
    EXPECT_NE(report.message.find("two histories"), std::string::npos);
  }
  older_ = {{"old", twin.CheckpointAt(601)}};
  const FsckReport report = Check();
  EXPECT_EQ(report.exit_code, kExitFalse);
  EXPECT_NE(report.message.find("shrank"), std::string::npos);
}

// Goal: whoever runs it names the same difference. Method: several at once, and
// threads that reach the later ones first.
TEST_F(FsckTest, NamesTheFirstDifferenceHoweverManyThreadsThereAre) {
  Grow(256 * 40 + 17);
  const auto whole = fetcher_.paths;
  const auto check = [&](int threads) {
    FsckOptions options;
    options.log_key = log_.key();
    options.older = older_;
    options.threads = threads;
    return Fsck(&fetcher_, options);
  };
  const std::vector<std::string> bundles = {
      "tile/entries/003", "tile/entries/017", "tile/entries/020",
      "tile/entries/039", "tile/entries/040.p/17"};
  for (size_t first = 0; first < bundles.size(); ++first) {
    // 1: an entry is another; 2: its form is broken; 3: it is not there.
    for (int fault = 1; fault <= 3; ++fault) {
      fetcher_.paths = whole;
      for (size_t i = first; i < bundles.size(); ++i) {
        std::string& bytes = fetcher_.paths.at(bundles[i]);
        if (i > first || fault == 1) {
          bytes[2] ^= 1;
        } else if (fault == 2) {
          bytes.pop_back();
        } else {
          fetcher_.paths.erase(bundles[i]);
        }
      }
      const FsckReport one = check(1);
      EXPECT_EQ(one.exit_code, fault == 3 ? kExitUnusable : kExitFalse);
      EXPECT_NE(one.message.find(bundles[first]), std::string::npos)
          << one.message;
      for (const int threads : {2, 4, 9}) {
        for (int round = 0; round < 3; ++round) {
          const FsckReport more = check(threads);
          EXPECT_EQ(more.message, one.message) << threads;
          EXPECT_EQ(more.exit_code, one.exit_code) << threads;
          EXPECT_EQ(more.bundles, one.bundles) << threads;
        }
      }
    }
  }
  fetcher_.paths = whole;
  EXPECT_EQ(check(1).exit_code, kExitTrue);
  EXPECT_EQ(check(9).exit_code, kExitTrue);
}

// A folder with a file for each path is a log too.
TEST_F(FsckTest, ReadsAFolder) {
  Grow(700);
  const std::string folder = testing::TempDir() + "/copy";
  ASSERT_TRUE(MakeFolder(folder).ok());
  for (const auto& [path, bytes] : fetcher_.paths) {
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      ASSERT_TRUE(MakeFolder(folder + "/" + path.substr(0, slash)).ok());
    }
    ASSERT_TRUE(WriteFile(folder + "/" + path, bytes, 0644, false).ok());
  }
  auto fetcher = NewFetcher(folder, "");
  ASSERT_TRUE(fetcher.ok());
  FsckOptions options;
  options.log_key = log_.key();
  uint64_t shown = 0;
  options.progress = [&](uint64_t leaves, uint64_t) { shown = leaves; };
  const FsckReport report = Fsck(fetcher->get(), options);
  EXPECT_EQ(report.exit_code, kExitTrue) << report.message;
  EXPECT_EQ(shown, 700u);
  ASSERT_TRUE(MakeFolder(folder + "/tile/0/000.p").ok());
  ASSERT_TRUE(WriteFile(folder + "/tile/0/000.p/7", std::string(7 * 32, 'x'),
                        0644, false)
                  .ok());
  EXPECT_EQ(Fsck(fetcher->get(), options).exit_code, kExitFalse);
}

TEST(FetcherTest, RefusesWhatIsNeitherUrlNorFolder) {
  EXPECT_FALSE(NewFetcher("/nowhere/at/all", "").ok());
  EXPECT_FALSE(NewFetcher("ftp://log.example", "").ok());
  EXPECT_FALSE(NewFetcher("http://", "").ok());
}

}  // namespace
}  // namespace vidimus
