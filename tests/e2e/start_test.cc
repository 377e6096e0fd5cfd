// What `serve` refuses to start with: each with a message that names the thing
// and the way out, and exit code 1 (the log) or 2 (flags or settings).
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "proto/settings.pb.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/start";

class StartTest : public testing::Test {
 protected:
  void SetUp() override { InitFolder(dir_, kOrigin, true); }

  absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const ProcessOptions& options = {}) {
    return ServerProcess::Start({"--dir", dir_, "--http", "127.0.0.1:0",
                                 "--grpc_plaintext", "127.0.0.1:0"},
                                options);
  }

  // That the start fails with `code` and a message that says all of `says`.
  void ExpectRefused(absl::StatusCode code,
                     const std::vector<std::string>& says,
                     const ProcessOptions& options = {}) {
    const absl::Status status = Start(options).status();
    EXPECT_EQ(status.code(), code) << status;
    for (const std::string& word : says) {
      EXPECT_TRUE(absl::StrContains(status.message(), word)) << status;
    }
    EXPECT_TRUE(absl::StartsWith(status.message(), "vidimus-log: ")) << status;
  }

  // Starts, logs an entry and stops in order; the leaf's index.
  uint64_t AddOne(const std::string& data) {
    auto server = Start();
    EXPECT_TRUE(server.ok()) << server.status();
    if (!server.ok()) return 0;
    const auto receipt =
        SubmitOver(GrpcTo((*server)->port("grpc")), MakeOpaqueRequest({data}));
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ((*server)->Terminate().exit_code, 0);
    return receipt.ok() ? receipt->leaf_index(0) : 0;
  }

  void WriteSettings(const std::string& more) {
    WriteTextFile(
        dir_ + "/settings.textproto",
        absl::StrCat("origin: \"", kOrigin, "\"\nface: OPAQUE\n", more));
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
};

TEST_F(StartTest, RefusesKeyFilesThatOthersCanRead) {
  for (const char* key : {"/keys/signing.key", "/keys/id.key"}) {
    for (const mode_t mode : {0640, 0604, 0660}) {
      chmod((dir_ + key).c_str(), mode);
      ExpectRefused(absl::StatusCode::kFailedPrecondition, {key, "chmod 600"});
    }
    chmod((dir_ + key).c_str(), 0600);
  }
  EXPECT_EQ(AddOne("after"), 0u);
}

TEST_F(StartTest, RefusesATlsKeyThatOthersCanRead) {
  const std::string dir = temp_ / "access";
  InitFolder(dir, kTestOrigin, false);
  chmod((dir + "/tls/server.key").c_str(), 0644);
  const auto server =
      ServerProcess::Start({"--dir", dir, "--https", "127.0.0.1:0"});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(server.status().message(), "server.key"))
      << server.status();
  for (const char* key : {"vault.key", "label.key"}) {
    chmod((dir + "/keys/" + key).c_str(), 0644);
    EXPECT_TRUE(absl::StrContains(
        ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0"})
            .status()
            .message(),
        key));
    chmod((dir + "/keys/" + key).c_str(), 0600);
  }
}

TEST_F(StartTest, RefusesKeysThatAreNoKeys) {
  const std::string path = dir_ + "/keys/signing.key";
  const std::string good = ReadTextFile(path);
  for (const std::string& bad :
       {std::string(), std::string("zz"), good.substr(1), good + good,
        absl::StrReplaceAll(good, {{"\n", "\r\n"}})}) {
    WriteTextFile(path, bad);
    ExpectRefused(absl::StatusCode::kInvalidArgument, {"signing.key", "64"});
  }
  unlink(path.c_str());
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"signing.key"});
}

// Another key than the one that log.vkey gives to everybody would sign heads
// that nobody can verify.
TEST_F(StartTest, RefusesAnotherSigningKeyThanTheVkeySays) {
  WriteTextFile(dir_ + "/keys/signing.key", std::string(64, 'a') + "\n");
  ExpectRefused(absl::StatusCode::kFailedPrecondition,
                {"signing.key", "log.vkey"});
}

TEST_F(StartTest, RefusesAnotherOriginThanTheLogHas) {
  EXPECT_EQ(AddOne("one"), 0u);
  for (const std::string& origin :
       {std::string("log.example/renamed"), std::string(),
        std::string("with space"), std::string("log+plus"),
        std::string(300, 'o')}) {
    WriteTextFile(dir_ + "/settings.textproto",
                  absl::StrCat("origin: \"", origin, "\"\nface: OPAQUE\n"));
    ExpectRefused(absl::StatusCode::kInvalidArgument, {"origin"});
  }
  WriteSettings("");
  EXPECT_EQ(AddOne("two"), 1u);
}

TEST_F(StartTest, RefusesAnotherFaceThanTheLogHas) {
  EXPECT_EQ(AddOne("one"), 0u);
  WriteTextFile(dir_ + "/settings.textproto",
                absl::StrCat("origin: \"", kOrigin, "\"\nface: ACCESS\n"));
  EXPECT_FALSE(Start().ok());
  const std::string access = temp_ / "access";
  InitFolder(access, kTestOrigin, false);
  {
    auto server =
        ServerProcess::Start({"--dir", access, "--http", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ((*server)->Terminate().exit_code, 0);
  }
  WriteTextFile(access + "/settings.textproto",
                absl::StrCat("origin: \"", kTestOrigin, "\"\nface: OPAQUE\n"));
  const auto server =
      ServerProcess::Start({"--dir", access, "--http", "127.0.0.1:0"});
  EXPECT_FALSE(server.ok());
}

TEST_F(StartTest, NamesTheLineOfASettingItDoesNotKnow) {
  WriteSettings("limits {\n  pool_entries_max: 5\n  pool_fish_max: 7\n}\n");
  ExpectRefused(absl::StatusCode::kInvalidArgument,
                {"settings.textproto", "line 5", "pool_fish_max"});
  WriteSettings("limits { pool_entries_max: \"many\" }\n");
  ExpectRefused(absl::StatusCode::kInvalidArgument, {"line 3"});
  WriteSettings("limits {\n");
  ExpectRefused(absl::StatusCode::kInvalidArgument, {"line"});
  WriteTextFile(dir_ + "/settings.textproto",
                absl::StrCat("origin: \"", kOrigin, "\"\n"));
  ExpectRefused(absl::StatusCode::kInvalidArgument, {"face"});
  unlink((dir_ + "/settings.textproto").c_str());
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"settings.textproto"});
}

TEST_F(StartTest, ShowsTheDefaultOfEachSettingInTheFileThatInitMakes) {
  const std::string dir = temp_ / "commented";
  ASSERT_EQ(
      RunLog({"init", "--dir", dir, "--origin", kOrigin, "--opaque"}).exit_code,
      0);
  std::string shown;
  for (absl::string_view line :
       absl::StrSplit(ReadTextFile(dir + "/settings.textproto"), '\n')) {
    const size_t text = line.find_first_not_of(" #");
    const bool setting =
        absl::StartsWith(line, "  # ") && absl::StrContains(line, ": ");
    if (setting) line = line.substr(text);
    // Listeners and the page have no default but "nowhere".
    if (setting &&
        (absl::StartsWith(line, "http: \"") ||
         absl::StartsWith(line, "https: ") ||
         absl::StartsWith(line, "grpc: ") || absl::StartsWith(line, "page: ") ||
         absl::StartsWith(line, "grpc_plaintext: "))) {
      continue;
    }
    absl::StrAppend(&shown, line, "\n");
  }
  v1::Settings settings;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(shown, &settings))
      << shown;
  const v1::Settings plain;
  const auto expect_defaults = [](const google::protobuf::Message& message) {
    const auto* reflection = message.GetReflection();
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const auto* field : fields) {
      using Field = google::protobuf::FieldDescriptor;
      switch (field->cpp_type()) {
        case Field::CPPTYPE_UINT32:
          EXPECT_EQ(reflection->GetUInt32(message, field),
                    field->default_value_uint32())
              << field->full_name();
          break;
        case Field::CPPTYPE_UINT64:
          EXPECT_EQ(reflection->GetUInt64(message, field),
                    field->default_value_uint64())
              << field->full_name();
          break;
        case Field::CPPTYPE_STRING:
          EXPECT_EQ(reflection->GetString(message, field),
                    field->default_value_string())
              << field->full_name();
          break;
        default:
          ADD_FAILURE() << field->full_name();
      }
    }
    return fields.size();
  };
  EXPECT_GT(expect_defaults(settings.listeners()), 0u);
  EXPECT_GT(expect_defaults(settings.batches()), 0u);
  EXPECT_GT(expect_defaults(settings.limits()), 0u);
  EXPECT_GT(expect_defaults(settings.quota()), 0u);
  EXPECT_GT(expect_defaults(settings.idempotency()), 0u);
  EXPECT_GT(expect_defaults(settings.disk()), 0u);
  EXPECT_GT(expect_defaults(settings.threads()), 0u);
}

TEST_F(StartTest, RefusesAFormatItDoesNotKnow) {
  WriteTextFile(dir_ + "/format", "vidimus-log 2\n");
  ExpectRefused(absl::StatusCode::kFailedPrecondition,
                {"/format", "vidimus-log 1", "version"});
  WriteTextFile(dir_ + "/format", "");
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"/format"});
}

TEST_F(StartTest, RefusesAFolderThatIsNoLogs) {
  for (const std::string& dir : {temp_ / "nothing", temp_.path()}) {
    const auto server =
        ServerProcess::Start({"--dir", dir, "--http", "127.0.0.1:0"});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(server.status().message(), "log init"))
        << server.status();
  }
}

TEST_F(StartTest, RefusesToServePlaintextBeyondThisMachine) {
  for (const char* flag : {"--http", "--grpc_plaintext"}) {
    for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:80"}) {
      const auto server = ServerProcess::Start({"--dir", dir_, flag, address});
      EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_TRUE(
          absl::StrContains(server.status().message(), "insecure_listen"))
          << server.status();
    }
  }
  // Only the very address that is named.
  EXPECT_FALSE(ServerProcess::Start({"--dir", dir_, "--http", "0.0.0.0:0",
                                     "--insecure_listen", "0.0.0.0:80"})
                   .ok());
  const auto server = ServerProcess::Start(
      {"--dir", dir_, "--http", "0.0.0.0:0", "--insecure_listen", "0.0.0.0:0"});
  EXPECT_TRUE(server.ok()) << server.status();
}

TEST_F(StartTest, RefusesWrongFlags) {
  const struct {
    std::vector<std::string> arguments;
    const char* says;
  } cases[] = {
      {{"serve"}, "--dir"},
      {{"serve", "--dir"}, "wants a value"},
      {{"serve", "--dir", dir_}, "nowhere to listen"},
      {{"serve", "--dir", dir_, "--fish", "1"}, "--fish"},
      {{"serve", "--dir", dir_, "extra"}, "extra"},
      {{"serve", "--dir", dir_, "--http", "nonsense"}, "nonsense"},
      {{"serve", "--dir", dir_, "--http", "127.0.0.1:99999"}, "99999"},
      {{"serve", "--dir", dir_, "--http", "127.0.0.1:0", "--scrub_period",
        "soon"},
       "soon"},
      {{"serve", "--dir", dir_, "--dir", dir_, "--lock", "l", "--http",
        "127.0.0.1:0"},
       "--lock"},
      {{"init", "--dir", temp_ / "x"}, "--origin"},
      {{"init", "--dir", temp_ / "x", "--origin", "a b"}, "a b"},
      {{"init", "--dir", temp_ / "x", "--origin", "a+b"}, "a+b"},
      {{"init", "--dir", temp_ / "x", "--origin", "a", "--administrations",
        "9"},
       "1 to 8"},
      {{"init", "--dir", temp_ / "x", "--origin", "a", "--min_batch", "many"},
       "many"},
      {{"dance"}, "dance"},
      {{}, "vidimus log"},
  };
  for (const auto& one : cases) {
    const Ended ended = RunLog(one.arguments);
    EXPECT_EQ(ended.exit_code, 2) << one.says << ended.errors;
    EXPECT_TRUE(absl::StrContains(ended.errors + ended.output, one.says))
        << one.says << ": " << ended.errors;
  }
  EXPECT_EQ(RunLog({"--help"}).exit_code, 0);
  EXPECT_EQ(RunLog({"serve", "--help"}).exit_code, 0);
  EXPECT_EQ(RunLog({"init", "--help"}).exit_code, 0);
  const Ended twice =
      RunLog({"init", "--dir", dir_, "--origin", kOrigin, "--opaque"});
  EXPECT_EQ(twice.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(twice.errors, "not empty")) << twice.errors;
}

TEST_F(StartTest, RefusesASecondServerOnTheSameFolder) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"second server"});
  // Not even with a lock of its own.
  const auto other = ServerProcess::Start(
      {"--dir", dir_, "--http", "127.0.0.1:0", "--lock", temp_ / "own.lock"});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(other.status().message(), "second server"))
      << other.status();
  const auto receipt = SubmitOver(GrpcTo((*first)->port("grpc")),
                                  MakeOpaqueRequest({"undisturbed"}));
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ((*first)->Terminate().exit_code, 0);
}

TEST_F(StartTest, RefusesAPortThatIsTaken) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string dir = temp_ / "second";
  InitFolder(dir, "log.example/second", true);
  for (const auto& [flag, scheme] :
       {std::pair<std::string, std::string>("--http", "http"),
        {"--grpc_plaintext", "grpc"}}) {
    const auto second = ServerProcess::Start(
        {"--dir", dir, flag,
         absl::StrCat("127.0.0.1:", (*first)->port(scheme))});
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(second.status().message(), "in use"))
        << second.status();
  }
}

TEST_F(StartTest, RefusesYesterdaysBackupAndSaysTheWayOut) {
  EXPECT_EQ(AddOne("one"), 0u);
  CopyFolder(dir_ + "/data", temp_ / "yesterday");
  EXPECT_EQ(AddOne("two"), 1u);
  EXPECT_EQ(AddOne("three"), 2u);
  CopyFolder(dir_ + "/data", temp_ / "today");
  RemoveFolder(dir_ + "/data");
  CopyFolder(temp_ / "yesterday", dir_ + "/data");
  for (int i = 0; i < 2; ++i) {
    ExpectRefused(absl::StatusCode::kFailedPrecondition,
                  {"size 3", "back in time", "Do not delete the lock",
                   "restore the newest"});
  }
  // The way out that the message names.
  RemoveFolder(dir_ + "/data");
  CopyFolder(temp_ / "today", dir_ + "/data");
  EXPECT_EQ(AddOne("four"), 3u);
  // Data lost altogether is data gone back in time.
  RemoveFolder(dir_ + "/data");
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"back in time"});
}

TEST_F(StartTest, RefusesTwoHistoriesAndALockOfAnotherLog) {
  CopyFolder(dir_, temp_ / "twin");
  EXPECT_EQ(AddOne("one"), 0u);
  const std::string twin = temp_ / "twin";
  {
    auto server = ServerProcess::Start(
        {"--dir", twin, "--grpc_plaintext", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE(SubmitOver(GrpcTo((*server)->port("grpc")),
                           MakeOpaqueRequest({"another"}))
                    .ok());
    (*server)->Terminate();
  }
  RemoveFolder(dir_ + "/data");
  CopyFolder(twin + "/data", dir_ + "/data");
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"two histories"});
}

TEST_F(StartTest, RefusesALockThatIsDamaged) {
  EXPECT_EQ(AddOne("one"), 0u);
  const std::string lock = dir_ + "/signing.lock";
  WriteTextFile(lock, std::string(8192, 'x'));
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"signing.lock"});
  EXPECT_EQ(ReadTextFile(lock), std::string(8192, 'x'));
}

TEST_F(StartTest, RefusesAFolderThatItCannotWriteTo) {
  EXPECT_EQ(AddOne("one"), 0u);
  const std::string folders[] = {dir_, dir_ + "/data", dir_ + "/ids"};
  ProcessOptions bound;
  bound.no_override = true;
  for (const std::string& file : FilesUnder(dir_)) chmod(file.c_str(), 0400);
  for (const std::string& folder : folders) chmod(folder.c_str(), 0555);
  ExpectRefused(absl::StatusCode::kFailedPrecondition, {"ermission denied"},
                bound);
  for (const std::string& folder : folders) chmod(folder.c_str(), 0755);
  for (const std::string& file : FilesUnder(dir_)) chmod(file.c_str(), 0600);
  EXPECT_EQ(AddOne("two"), 1u);
}

}  // namespace
}  // namespace vidimus
