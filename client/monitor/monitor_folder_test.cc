#include "client/monitor/monitor_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/file.h"
#include "client/monitor/cosigned_head.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

using testing::HasSubstr;

class MonitorFolderTest : public testing::Test {
 protected:
  MonitorFolderTest()
      : top_(absl::StrCat(
            testing::TempDir(), "/folder_",
            testing::UnitTest::GetInstance()->current_test_info()->name())),
        folder_{top_ + "/monitor"},
        vkey_file_(top_ + "/log.vkey") {
    std::filesystem::remove_all(top_);
    std::filesystem::create_directory(top_);
    options_.dir = folder_.path;
    options_.name = "monitor.example/uni";
    options_.now_s = 1800000000;
    EXPECT_TRUE(
        WriteFile(vkey_file_, FormatVkey(log_.key()), 0644, false).ok());
    log_entry_.set_url("https://log.example/a");
  }

  void Append(const std::string& text) {
    const auto config = ReadFile(folder_.Config(), 1 << 20);
    ASSERT_TRUE(config.ok());
    ASSERT_TRUE(
        WriteFile(folder_.Config(), absl::StrCat(*config, text), 0644, false)
            .ok());
  }

  const std::string top_;
  const MonitorFolder folder_;
  const std::string vkey_file_;
  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  MonitorInitOptions options_;
  v1::FollowedLog log_entry_;
};

TEST_F(MonitorFolderTest, InitMakesTwoKeysThatServeCanRead) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  const auto content = ReadMonitorFolder(folder_);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->witness->key().name, "monitor.example/uni/witness");
  EXPECT_EQ(content->monitor->key().name, "monitor.example/uni/monitor");
  EXPECT_NE(content->witness->key().public_key,
            content->monitor->key().public_key);
  EXPECT_EQ(content->witness->key().type, kKeyTypeCosignatureEd25519);
  EXPECT_TRUE(content->logs.empty());
  for (const Voice voice : kVoices) {
    struct stat info;
    ASSERT_EQ(stat(folder_.Key(voice).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
}

TEST_F(MonitorFolderTest, EveryDefaultInTheConfigIsTheDefault) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  // The lines that are commented out, taken in, must change nothing.
  const auto text = ReadFile(folder_.Config(), 1 << 20);
  std::string taken;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(*text, '\n'))) {
    const size_t at = line.find("  # ");
    const bool shows = at == 0 && line.find(": ") != std::string::npos &&
                       line.find("gossip") == std::string::npos &&
                       line.find("public_url") == std::string::npos;
    absl::StrAppend(&taken, shows ? line.substr(4) : line, "\n");
  }
  ASSERT_TRUE(WriteFile(folder_.Config(), taken, 0644, false).ok());
  const auto content = ReadMonitorFolder(folder_);
  ASSERT_TRUE(content.ok()) << content.status() << taken;
  const v1::MonitorDoors& doors = content->config.doors();
  const v1::MonitorDoors default_doors;
  EXPECT_TRUE(doors.has_https());
  EXPECT_EQ(doors.https(), default_doors.https());
  EXPECT_EQ(doors.http(), default_doors.http());
  EXPECT_EQ(doors.tls_certificate(), default_doors.tls_certificate());
  EXPECT_EQ(doors.tls_key(), default_doors.tls_key());
  EXPECT_EQ(doors.connections_max(), default_doors.connections_max());
  EXPECT_EQ(doors.request_timeout_ms(), default_doors.request_timeout_ms());
  EXPECT_EQ(doors.drain_timeout_ms(), default_doors.drain_timeout_ms());
  const v1::MonitorLimits& limits = content->config.limits();
  const v1::MonitorLimits default_limits;
  EXPECT_TRUE(limits.has_period_ms());
  EXPECT_EQ(limits.period_ms(), default_limits.period_ms());
  EXPECT_EQ(limits.stale_s(), default_limits.stale_s());
  EXPECT_EQ(limits.silent_s(), default_limits.silent_s());
  EXPECT_EQ(limits.threads(), default_limits.threads());
  EXPECT_EQ(limits.verify_timeout_ms(), default_limits.verify_timeout_ms());
  EXPECT_EQ(limits.gossip_period_ms(), default_limits.gossip_period_ms());
  EXPECT_EQ(limits.unasked_s(), default_limits.unasked_s());
}

TEST_F(MonitorFolderTest, InitLeavesAFolderThatIsInUseAlone) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  EXPECT_EQ(InitMonitor(options_).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(MonitorFolderTest, InitRefusesNamesThatNoKeyHas) {
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\"b", "/a", "a\\b"}) {
    options_.name = name;
    EXPECT_EQ(InitMonitor(options_).code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST_F(MonitorFolderTest, FollowAddsALogAndItsLocks) {
  options_.locks = top_ + "/elsewhere";
  ASSERT_TRUE(InitMonitor(options_).ok());
  const absl::Status followed = FollowLog(folder_, vkey_file_, log_entry_);
  ASSERT_TRUE(followed.ok()) << followed;
  const auto content = ReadMonitorFolder(folder_);
  ASSERT_TRUE(content.ok()) << content.status();
  ASSERT_EQ(content->logs.size(), 1u);
  EXPECT_EQ(content->logs[0].key.name, "log.example/a");
  EXPECT_EQ(content->logs[0].url, "https://log.example/a");
  for (const Voice voice : kVoices) {
    const std::string lock =
        folder_.LockFile(content->config, "log.example/a", voice);
    EXPECT_THAT(lock, HasSubstr("/elsewhere/"));
    EXPECT_TRUE(ReadFile(lock, 100).ok());
  }
  EXPECT_EQ(FollowLog(folder_, vkey_file_, log_entry_).code(),
            absl::StatusCode::kAlreadyExists);
}

// A log that was followed before under these keys: what was cosigned counts.
TEST_F(MonitorFolderTest, FollowRefusesALogWhoseLockIsThere) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  const auto content = ReadMonitorFolder(folder_);
  ASSERT_TRUE(
      CosignedHead::Init(
          folder_.LockFile(content->config, "log.example/a", Voice::kWitness))
          .ok());
  EXPECT_EQ(FollowLog(folder_, vkey_file_, log_entry_).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(ReadMonitorFolder(folder_)->logs.empty());
}

TEST_F(MonitorFolderTest, FollowRefusesWhatServeWouldRefuse) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  log_entry_.set_url("log.example/a");
  EXPECT_EQ(FollowLog(folder_, vkey_file_, log_entry_).code(),
            absl::StatusCode::kInvalidArgument);
  log_entry_.set_url("https://log.example/a");
  log_entry_.set_policy(top_ + "/policy");
  EXPECT_EQ(FollowLog(folder_, vkey_file_, log_entry_).code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(WriteFile(top_ + "/policy", "quorum two\n", 0644, false).ok());
  const absl::Status refused = FollowLog(folder_, vkey_file_, log_entry_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("policy:1: "));
  EXPECT_TRUE(ReadMonitorFolder(folder_)->logs.empty());
}

TEST_F(MonitorFolderTest, SaysWhatIsWrongAndWhere) {
  const absl::Status none = ReadMonitorFolder(folder_).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.message()), HasSubstr("vidimus monitor init"));
  ASSERT_TRUE(InitMonitor(options_).ok());
  const auto good = ReadFile(folder_.Config(), 1 << 20);
  const std::string log = absl::StrCat("log { vkey: \"", FormatVkey(log_.key()),
                                       "\" url: \"https://log.example/a\" }\n");
  const std::string cosigner =
      FormatVkey(Ed25519NoteSigner("w.example", kKeyTypeCosignatureEd25519,
                                   std::string(32, 'w'))
                     .key());
  const struct {
    std::string text;
    std::string says;
  } cases[] = {
      {"nonsense: 1\n", "nonsense"},
      {"doors { https: 3 }\n", "line "},
      {"log { vkey: \"x\" url: \"https://a.example\" }\n", "vkey of a log"},
      {absl::StrCat("log { vkey: \"", cosigner,
                    "\" url: \"https://a.example\" }\n"),
       "not the key of a log"},
      {absl::StrCat("log { vkey: \"", FormatVkey(log_.key()), "\" }\n"),
       "the url of the log"},
      {log + log, "stands twice"},
      {"peer { grpc: \"nowhere\" }\n", "the address of a peer"},
      {absl::StrCat("peer { grpc: \"127.0.0.1:1\" vkey: \"",
                    FormatVkey(log_.key()), "\" }\n"),
       "not the key of a cosigner"},
      {"peer { grpc: \"127.0.0.1:1\" ca: \"none\" }\n", "none"},
  };
  for (const auto& one : cases) {
    ASSERT_TRUE(
        WriteFile(folder_.Config(), absl::StrCat(*good, one.text), 0644, false)
            .ok());
    const absl::Status refused = ReadMonitorFolder(folder_).status();
    EXPECT_FALSE(refused.ok()) << one.text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(one.says));
  }
}

TEST_F(MonitorFolderTest, AKeyOfAnotherMonitorOrForOthersIsRefused) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  ASSERT_EQ(chmod(folder_.Key(Voice::kMonitor).c_str(), 0644), 0);
  EXPECT_EQ(ReadMonitorFolder(folder_).status().code(),
            absl::StatusCode::kPermissionDenied);
  ASSERT_EQ(chmod(folder_.Key(Voice::kMonitor).c_str(), 0600), 0);
  ASSERT_TRUE(WriteFile(folder_.Key(Voice::kMonitor),
                        std::string(64, '1') + "\n", 0600, false)
                  .ok());
  EXPECT_EQ(ReadMonitorFolder(folder_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(MonitorFolderTest, AFormatFromTheFutureIsRefused) {
  ASSERT_TRUE(InitMonitor(options_).ok());
  ASSERT_TRUE(
      WriteFile(folder_.Format(), "vidimus-monitor 2\n", 0644, false).ok());
  EXPECT_EQ(ReadMonitorFolder(folder_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vidimus
