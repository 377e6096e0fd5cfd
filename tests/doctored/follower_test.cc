// Every doctored log that a reader of every leaf can see through is found by a
// monitor within one batch of being read, with the file that convicts it, and
// is never vouched for again: whether it is followed from the start or read at
// once, and also after a restart.

#include "client/monitor/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/follower_internal.h"
#include "client/monitor/live_log.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/conviction.h"
#include "verifier/leaf.h"

namespace vidimus {
namespace {

using testing::HasSubstr;

constexpr uint64_t kNowS = 1800000000;

class DoctoredFollowerTest : public testing::Test {
 protected:
  DoctoredFollowerTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/doctored-follower-",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {}

  void Open(LiveLog* live, bool anew) {
    follower_.reset();
    if (anew) std::filesystem::remove_all(folder_);
    FollowerOptions options;
    options.log_key = live->log().key();
    options.folder = folder_;
    options.now_s = [] { return kNowS + 5; };
    auto opened = Follower::Open(options, std::make_unique<LiveFetcher>(live));
    ASSERT_TRUE(opened.ok()) << opened.status();
    follower_ = *std::move(opened);
  }

  // The sizes that the log has signed.
  static std::vector<uint64_t> Heads(const SmallLog& log) {
    std::vector<uint64_t> heads;
    for (uint64_t i = 0; i < log.size(); ++i) {
      if (static_cast<LeafKind>(log.Leaf(i)[0]) == LeafKind::kSeal) {
        heads.push_back(i + 1);
      }
    }
    return heads;
  }

  FollowerStatus Look() {
    follower_->Look();
    return follower_->status();
  }

  absl::Status Approve(const SmallLog& log, uint64_t size) {
    return follower_->Approve({log.origin(), log.Head(size)}, 0);
  }

  const std::string folder_;
  std::unique_ptr<Follower> follower_;
};

TEST_F(DoctoredFollowerTest, FindsEachWithinOneBatchAndNeverVouchesForIt) {
  // What is wrong, in the third or fourth batch: the head that shows it.
  const std::map<std::string, std::pair<size_t, const char*>> expected = {
      {"omission", {3, "out of the index"}},
      {"duplicate", {3, "gave one key to leaf"}},
      {"wrong_index_entry", {3, "does not carry it"}},
      {"wrong_run", {3, "another root"}},
      {"backdated_seal", {3, "earlier than the seal before"}},
      {"order", {3, "order"}},
      {"min_batch", {3, "fewer leaves"}},
  };
  for (const Doctored& kind : DoctoredKinds()) {
    SCOPED_TRACE(kind.name);
    const DoctoredLog doctored(kind.name, kNowS);
    const SmallLog& log = doctored.log();
    LiveLog live(&log);
    const std::vector<uint64_t> heads = Heads(log);
    const auto wrong = expected.find(kind.name);
    for (const bool at_once : {false, true}) {
      SCOPED_TRACE(at_once);
      Open(&live, /*anew=*/true);
      size_t found = heads.size();
      for (size_t i = at_once ? heads.size() - 1 : 0; i < heads.size(); ++i) {
        live.Show(heads[i]);
        const FollowerStatus status = Look();
        if (!status.stopped.empty()) {
          found = std::min(found, i);
          EXPECT_FALSE(Approve(log, heads[i]).ok());
        } else {
          EXPECT_TRUE(Approve(log, heads[i]).ok());
        }
      }
      if (wrong == expected.end()) {
        EXPECT_EQ(found, heads.size());
        continue;
      }
      EXPECT_EQ(found, at_once ? heads.size() - 1 : wrong->second.first);
      const FollowerStatus status = follower_->status();
      EXPECT_THAT(status.stopped, HasSubstr(wrong->second.second));
      EXPECT_EQ(status.verified.size,
                at_once ? 0 : heads[wrong->second.first - 1]);
      const auto file = ReadFile(status.conviction_path, size_t{1} << 24);
      ASSERT_TRUE(file.ok()) << file.status();
      ConvictionReport report;
      EXPECT_EQ(JudgeConviction(*file, log.key(), &report), Finding::kOk);
      EXPECT_FALSE(report.names_person);
      // For good.
      Open(&live, /*anew=*/false);
      const FollowerStatus after = Look();
      EXPECT_EQ(after.stopped, status.stopped);
      EXPECT_EQ(after.conviction_path, status.conviction_path);
      EXPECT_EQ(after.verified, status.verified);
      for (const uint64_t head : heads) {
        EXPECT_FALSE(Approve(log, head).ok());
      }
    }
  }
}

TEST_F(DoctoredFollowerTest, AForkComesOutByTheOtherHistorysHead) {
  const DoctoredLog doctored("fork", kNowS);
  LiveLog live(&doctored.log());
  Open(&live, /*anew=*/true);
  Look();
  const auto compared = follower_->Compare(doctored.other_checkpoint());
  ASSERT_TRUE(compared.ok()) << compared.status();
  EXPECT_EQ(compared->relation, Follower::Relation::kFork);
  const auto file =
      ReadFile(follower_->status().conviction_path, size_t{1} << 24);
  ASSERT_TRUE(file.ok());
  ConvictionReport report;
  EXPECT_EQ(JudgeConviction(*file, doctored.log().key(), &report),
            Finding::kOk);
  EXPECT_EQ(report.kind, ConvictionKind::kFork);
}

TEST_F(DoctoredFollowerTest, AHiddenRegisterDocumentIsAnAlarmAndNoMore) {
  const DoctoredLog doctored("honest", kNowS);
  const SmallLog& log = doctored.log();
  const std::vector<uint64_t> heads = Heads(log);
  for (const auto& [index, document] : log.documents()) {
    LiveLog live(&log);
    Open(&live, /*anew=*/true);
    const std::string path =
        RegisterPath(*HashFromBytes(log.Leaf(index).substr(33)));
    live.Answer(path, absl::NotFoundError("hidden"));
    for (const uint64_t head : heads) {
      live.Show(head);
      const FollowerStatus status = Look();
      EXPECT_EQ(status.stopped, "");
      if (head <= index) {
        EXPECT_TRUE(Approve(log, head).ok());
        continue;
      }
      ASSERT_EQ(status.alarms.size(), 1u);
      EXPECT_EQ(status.alarms[0].kind, AlarmKind::kWithheld);
      EXPECT_EQ(status.alarms[0].path, path);
      EXPECT_LE(status.verified.size, index);
      EXPECT_FALSE(Approve(log, head).ok());
    }
    live.AnswerAsItIs(path);
    EXPECT_TRUE(Look().alarms.empty());
    EXPECT_TRUE(Approve(log, log.size()).ok());
  }
}

// A log that goes silent once it has lied is convicted when it speaks again,
// also after a restart, and is not vouched for meanwhile.
TEST_F(DoctoredFollowerTest, TheFileIsMadeLaterIfTheLogDoesNotAnswer) {
  for (const std::string kind : {"wrong_run", "wrong_index_entry"}) {
    for (const bool restart : {false, true}) {
      const DoctoredLog doctored(kind, kNowS);
      const SmallLog& log = doctored.log();
      LiveLog live(&log);
      live.set_answers_questions(false);
      Open(&live, /*anew=*/true);
      for (const uint64_t head : Heads(log)) {
        live.Show(head);
        Look();
      }
      FollowerStatus status = follower_->status();
      EXPECT_THAT(status.stopped, HasSubstr("index root of a seal"));
      EXPECT_EQ(status.conviction_path, "");
      EXPECT_FALSE(Approve(log, log.size()).ok());
      if (restart) Open(&live, /*anew=*/false);
      status = Look();
      EXPECT_NE(status.stopped, "");
      EXPECT_EQ(status.conviction_path, "");
      live.set_answers_questions(true);
      status = Look();
      EXPECT_NE(status.conviction_path, "");
      EXPECT_THAT(status.stopped, HasSubstr("log.example/doctored"));
      EXPECT_LT(status.verified.size, log.size());
      EXPECT_FALSE(Approve(log, log.size()).ok());
      EXPECT_FALSE(Approve(log, 2).ok());
    }
  }
}

// A second leaf with a key of long ago, in a log of many runs.
TEST_F(DoctoredFollowerTest, AKeyOfLongAgoIsFoundAtTheNextHead) {
  const auto add = [](SmallLog* log, const std::string& label) {
    log->AddLeaf(FormatSubjectLeaf(LeafHash(label), LeafHash("c" + label)));
  };
  for (const int old : {3, 6000, 12000, 13999}) {
    SmallLog log("log.example/doctored/2026h2", kNowS - 60);
    for (int batch = 0; batch < 7; ++batch) {
      for (int i = 0; i < 2000; ++i) {
        add(&log, absl::StrCat(batch * 2000 + i));
      }
      log.Seal(kNowS - 10 + static_cast<uint64_t>(batch));
    }
    const uint64_t honest = log.size();
    add(&log, absl::StrCat(old));
    log.Seal(kNowS);
    LiveLog live(&log);
    live.Show(honest);
    Open(&live, /*anew=*/true);
    EXPECT_EQ(Look().stopped, "");
    live.ShowAll();
    const FollowerStatus status = Look();
    EXPECT_THAT(status.stopped, HasSubstr("gave one key to leaf")) << old;
    EXPECT_NE(status.conviction_path, "");
    EXPECT_EQ(status.verified.size, honest);
    EXPECT_FALSE(Approve(log, log.size()).ok());
  }
}

// In the middle of what is read as it comes: what lies behind the place is not
// held yet, and is the log's to give.
TEST_F(DoctoredFollowerTest, ALongLogIsConvictedFromItsMiddle) {
  const auto label = [](int number) {
    return LeafHash(absl::StrCat("label ", number));
  };
  for (const bool omits : {true, false}) {
    SmallLog log("log.example/doctored/2026h2", kNowS - 60);
    for (int batch = 0; batch < 6; ++batch) {
      for (int i = 0; i < 3000; ++i) {
        log.AddLeaf(FormatSubjectLeaf(label(batch * 3000 + i), label(i)));
      }
      if (batch == 2 && omits) log.HideFromIndex(label(7000));
      log.Seal(kNowS - 20 +
               static_cast<uint64_t>(batch == 2 && !omits ? -30 : batch));
    }
    LiveLog live(&log);
    Open(&live, /*anew=*/true);
    const FollowerStatus status = Look();
    EXPECT_THAT(status.stopped,
                HasSubstr(omits ? "out of the index" : "earlier"));
    EXPECT_EQ(status.verified.size, 0u);
    const auto file = ReadFile(status.conviction_path, size_t{1} << 24);
    ASSERT_TRUE(file.ok()) << file.status();
    ConvictionReport report;
    EXPECT_EQ(JudgeConviction(*file, log.key(), &report), Finding::kOk);
    EXPECT_EQ(report.kind, omits ? ConvictionKind::kOmission
                                 : ConvictionKind::kImpossibleLeaf);
  }
}

// Killed at any step of ending, it ends again, for the same reason.
TEST_F(DoctoredFollowerTest, EndsAgainIfItIsKilledWhileItEnds) {
  const DoctoredLog doctored("order", kNowS);
  const SmallLog& log = doctored.log();
  LiveLog live(&log);
  const auto open = [&](const std::string& folder, DurableStepWatcher watcher) {
    FollowerOptions options;
    options.log_key = log.key();
    options.folder = folder;
    options.now_s = [] { return kNowS + 5; };
    auto opened = OpenFollower(options, std::make_unique<LiveFetcher>(&live),
                               std::move(watcher));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  };
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  std::vector<std::string> left;
  follower_ = open(folder_ + "/log", [&](DurableStep, const std::string&) {
    left.push_back(absl::StrCat(folder_, "/", left.size()));
    std::filesystem::copy(folder_ + "/log", left.back(),
                          std::filesystem::copy_options::recursive);
  });
  for (const uint64_t head : Heads(log)) {
    live.Show(head);
    Look();
  }
  const FollowerStatus whole = follower_->status();
  ASSERT_NE(whole.conviction_path, "");
  ASSERT_GT(left.size(), 10u);
  for (const std::string& folder : left) {
    follower_ = open(folder, nullptr);
    const FollowerStatus status = Look();
    EXPECT_EQ(status.stopped, whole.stopped) << folder;
    EXPECT_LE(status.verified.size, whole.verified.size);
    const auto file = ReadFile(status.conviction_path, size_t{1} << 20);
    ASSERT_TRUE(file.ok()) << file.status();
    ConvictionReport report;
    EXPECT_EQ(JudgeConviction(*file, log.key(), &report), Finding::kOk);
    EXPECT_FALSE(Approve(log, log.size()).ok());
  }
}

}  // namespace
}  // namespace vidimus
