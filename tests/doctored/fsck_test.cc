// Every doctored log that a reader of every leaf can see through is refused by
// fsck, with a file that convicts it; those that only a resident can see are
// not, since what is public is as it should be.

#include "client/fsck.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "client/client.h"
#include "tests/doctored/doctored_fetcher.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/conviction.h"

namespace vidimus {
namespace {

constexpr uint64_t kNowS = 1800000000;

FsckReport Check(const DoctoredLog& log, bool silent = false, int threads = 4) {
  DoctoredFetcher fetcher(&log);
  fetcher.silent = silent;
  FsckOptions options;
  options.threads = threads;
  options.log_key = log.log().key();
  if (!log.other_checkpoint().empty()) {
    options.older.push_back({"the neighbour's", log.other_checkpoint()});
  }
  return Fsck(&fetcher, options);
}

struct Expected {
  const char* message;
  ConvictionKind kind;
  const char* sentence;
};

TEST(DoctoredFsckTest, FindsAndConvictsWhatAReaderOfEveryLeafCanSee) {
  const std::map<std::string, Expected> expected = {
      {"omission",
       {"index root of a seal", ConvictionKind::kOmission, "out of the index"}},
      {"duplicate",
       {"one key for two leaves", ConvictionKind::kDuplicate,
        "gave one key to leaf"}},
      {"wrong_index_entry",
       {"index root of a seal", ConvictionKind::kWrongIndexEntry,
        "does not carry it"}},
      {"wrong_run",
       {"index root of a seal", ConvictionKind::kWrongSeal, "another root"}},
      {"backdated_seal",
       {"earlier than the seal before", ConvictionKind::kImpossibleLeaf,
        "earlier than the seal before"}},
      {"order", {"ascending order", ConvictionKind::kImpossibleLeaf, "order"}},
      {"min_batch",
       {"fewer leaves", ConvictionKind::kImpossibleLeaf, "fewer leaves"}},
      {"fork",
       {"two histories", ConvictionKind::kFork, "does not begin with it"}},
  };
  for (const Doctored& kind : DoctoredKinds()) {
    SCOPED_TRACE(kind.name);
    const DoctoredLog log(kind.name, kNowS);
    const FsckReport report = Check(log);
    ASSERT_EQ(expected.count(kind.name) > 0, kind.seen_by_fsck);
    if (!kind.seen_by_fsck) {
      EXPECT_EQ(report.exit_code, kExitTrue) << report.message;
      EXPECT_FALSE(report.conviction.has_value());
      continue;
    }
    const Expected& want = expected.at(kind.name);
    EXPECT_EQ(report.exit_code, kExitFalse);
    EXPECT_NE(report.message.find(want.message), std::string::npos)
        << report.message;
    ASSERT_TRUE(report.conviction.has_value()) << report.no_conviction;
    EXPECT_NE(report.conviction->sentence.find(want.sentence),
              std::string::npos)
        << report.conviction->sentence;
    // As somebody else would judge it, with the log's key alone.
    ConvictionReport judged;
    EXPECT_EQ(
        JudgeConviction(report.conviction->bytes, log.log().key(), &judged),
        Finding::kOk);
    EXPECT_EQ(judged.kind, want.kind);
    EXPECT_FALSE(judged.names_person);
    EXPECT_NE(JudgeConviction(report.conviction->bytes,
                              SmallLog("log.example/other").key(), &judged),
              Finding::kOk);
  }
}

TEST(DoctoredFsckTest, SaysWhyThereIsNoFileIfTheLogDoesNotAnswer) {
  for (const std::string name : {"wrong_run", "wrong_index_entry"}) {
    const FsckReport report = Check(DoctoredLog(name, kNowS), /*silent=*/true);
    EXPECT_EQ(report.exit_code, kExitFalse);
    EXPECT_FALSE(report.conviction.has_value());
    EXPECT_NE(report.no_conviction, "");
  }
}

TEST(DoctoredFsckTest, SeesAKeyOfTheLastBatchLeftOutWithoutTheLogsHelp) {
  SmallLog log("log.example/doctored/2026h2", kNowS - 60);
  log.Seal(kNowS - 10);
  const Hash key = LeafHash("a label");
  log.AddLeaf(std::string("\x01") + std::string(Bytes(key)) +
              std::string(32, 'c'));
  log.HideFromIndex(key);
  log.Seal(kNowS);
  const FsckReport report = Check(DoctoredLog(log), /*silent=*/true);
  EXPECT_EQ(report.exit_code, kExitFalse);
  ASSERT_TRUE(report.conviction.has_value()) << report.no_conviction;
  EXPECT_NE(report.conviction->sentence.find("out of the index"),
            std::string::npos);
}

TEST(DoctoredFsckTest, SaysTheSameHoweverManyThreadsThereAre) {
  for (const Doctored& kind : DoctoredKinds()) {
    const DoctoredLog log(kind.name, kNowS);
    const FsckReport one = Check(log, false, 1);
    const FsckReport four = Check(log, false, 4);
    EXPECT_EQ(one.message, four.message);
    EXPECT_EQ(one.conviction.has_value(), four.conviction.has_value());
    if (one.conviction.has_value()) {
      EXPECT_EQ(one.conviction->bytes, four.conviction->bytes);
    }
  }
}

// Long enough for runs to be merged, and the same with a key left out.
TEST(DoctoredFsckTest, SaysTheSameOfALogWithManyRuns) {
  for (const bool lies : {false, true}) {
    SmallLog log("log.example/doctored/2026h2", kNowS - 60);
    const auto key = [](int number) {
      return LeafHash("label " + std::to_string(number));
    };
    const auto add = [&](int number) {
      log.AddLeaf(std::string("\x01") + std::string(Bytes(key(number))) +
                  std::string(32, 'c'));
    };
    for (int batch = 0; batch < 6; ++batch) {
      for (int i = 0; i < 3000; ++i) add(batch * 3000 + i);
      if (lies && batch == 4) log.HideFromIndex(key(13000));
      log.Seal(kNowS - 10 + batch);
    }
    const FsckReport one = Check(DoctoredLog(log), false, 1);
    EXPECT_EQ(one.exit_code, lies ? kExitFalse : kExitTrue) << one.message;
    for (const int threads : {2, 4}) {
      const FsckReport more = Check(DoctoredLog(log), false, threads);
      EXPECT_EQ(more.message, one.message);
      EXPECT_EQ(more.batches, one.batches);
      EXPECT_EQ(more.tiles, one.tiles);
    }
  }
}

}  // namespace
}  // namespace vidimus
