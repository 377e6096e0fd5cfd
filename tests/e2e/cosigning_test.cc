// A log that is watched: the real server and real witnesses, each with a state
// on disk, over real sockets.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/monitor/cosigned_head.h"
#include "client/monitor/witness_server.h"
#include "proto/http_server.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/policy.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/watched";

// A program that somebody else runs.
class Witness {
 public:
  Witness(const std::string& folder, char seed, const VerifierKey& log_key)
      : signer_(absl::StrCat("witness.example/", std::string(1, seed)),
                kKeyTypeCosignatureEd25519, std::string(32, seed)) {
    const std::string path = absl::StrCat(folder, "/", std::string(1, seed));
    EXPECT_TRUE(CosignedHead::Init(path + ".lock").ok());
    auto head =
        CosignedHead::Open(path, path + ".lock", {log_key}, signer_.key());
    EXPECT_TRUE(head.ok()) << head.status();
    std::vector<WitnessServer::Followed> logs;
    logs.push_back({{log_key}, *std::move(head)});
    WitnessServer::Options options;
    options.now_s = [] { return static_cast<uint64_t>(time(nullptr)); };
    witness_ =
        std::make_unique<WitnessServer>(options, &signer_, std::move(logs));
    HttpServerOptions http;
    server_ = *HttpServer::Start(
        http, [this](HttpRequest request, HttpResponder respond) {
          respond(witness_->Handle(request));
        });
  }

  std::string PolicyLine() const {
    return absl::StrCat("witness ", signer_.key().name, " ",
                        FormatVkey(signer_.key()),
                        " http://127.0.0.1:", server_->port(), "\n");
  }

 private:
  const Ed25519NoteSigner signer_;
  std::unique_ptr<WitnessServer> witness_;
  std::unique_ptr<HttpServer> server_;
};

class CosigningE2eTest : public testing::Test {
 protected:
  CosigningE2eTest() {
    InitFolder(dir_, kOrigin, true,
               "cosigning { policy: \"policy\" period_ms: 50 }\n");
    log_key_ = ReadVkey(dir_);
    for (const char seed : {'a', 'b', 'c'}) {
      witnesses_.push_back(
          std::make_unique<Witness>(temp_.path(), seed, log_key_));
      policy_text_ += witnesses_.back()->PolicyLine();
    }
    policy_text_ +=
        "group two 2 witness.example/a witness.example/b witness.example/c\n"
        "quorum two\n";
    WriteTextFile(dir_ + "/policy", policy_text_);
    EXPECT_EQ(ParsePolicy(policy_text_, &policy_, nullptr), Finding::kOk);
  }

  absl::StatusOr<std::unique_ptr<ServerProcess>> Start() {
    return ServerProcess::Start({"--dir", dir_, "--http", "127.0.0.1:0",
                                 "--grpc_plaintext", "127.0.0.1:0"});
  }

  static void Submit(ServerProcess* server, const std::string& data) {
    EXPECT_TRUE(
        SubmitOver(GrpcTo(server->port("grpc")), MakeOpaqueRequest({data}))
            .ok());
  }

  // Waits for a cosigned head of `size`, which must have the policy's quorum.
  void ExpectCosigned(ServerProcess* server, uint64_t size) {
    const auto http = HttpTo(server->port("http"));
    uint64_t last = 0;
    for (int i = 0; i < 400; ++i) {
      const auto reply = http->Get("cosigned/checkpoint");
      ASSERT_TRUE(reply.ok()) << reply.status();
      if (reply->status == 200) {
        Checkpoint checkpoint;
        ASSERT_EQ(OpenCheckpoint(reply->body, log_key_, &checkpoint),
                  Finding::kOk);
        EXPECT_GE(checkpoint.head.size, last);  // it only grows
        last = checkpoint.head.size;
        CosignatureTimes times;
        ASSERT_EQ(ReadCosignatures(reply->body, policy_, &times), Finding::kOk);
        EXPECT_TRUE(SatisfiedAt(policy_, *policy_.quorum, times).has_value());
        if (last == size) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    FAIL() << "cosigned at " << last << " only";
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  VerifierKey log_key_;
  std::vector<std::unique_ptr<Witness>> witnesses_;
  std::string policy_text_;
  Policy policy_;
};

TEST_F(CosigningE2eTest, HeadsAreCosignedAcrossAKill) {
  uint64_t size = 0;
  for (int round = 0; round < 3; ++round) {
    auto server = Start();
    ASSERT_TRUE(server.ok()) << server.status();
    for (int i = 0; i < 5; ++i) {
      Submit(server->get(), absl::StrCat("entry ", round, " ", i));
      ++size;
    }
    ExpectCosigned(server->get(), size);
    const auto metrics = HttpTo((*server)->port("http"))->Get("metrics");
    ASSERT_TRUE(metrics.ok());
    EXPECT_TRUE(absl::StrContains(metrics->body, "vidimus_cosigned_size"));
    // Killed, as it goes out of scope.
  }
}

TEST_F(CosigningE2eTest, OneOfThreeMayBeGone) {
  witnesses_.pop_back();
  auto server = Start();
  ASSERT_TRUE(server.ok()) << server.status();
  Submit(server->get(), "entry");
  ExpectCosigned(server->get(), 1);
}

TEST_F(CosigningE2eTest, WithoutAQuorumTheLogGoesOnAcknowledging) {
  witnesses_.clear();
  auto server = Start();
  ASSERT_TRUE(server.ok()) << server.status();
  Submit(server->get(), "entry");
  const auto http = HttpTo((*server)->port("http"));
  EXPECT_EQ(http->Get("cosigned/checkpoint")->status, 404);
  EXPECT_EQ(http->Get("checkpoint")->status, 200);
}

// Data and lock both from yesterday: only those who watch can tell.
TEST_F(CosigningE2eTest, ABackupOfEverythingIsRefusedByThoseWhoWatched) {
  {
    auto server = Start();
    ASSERT_TRUE(server.ok()) << server.status();
    Submit(server->get(), "yesterday");
    ExpectCosigned(server->get(), 1);
    EXPECT_EQ((*server)->Terminate().exit_code, 0);
  }
  CopyFolder(dir_, temp_ / "backup");
  {
    auto server = Start();
    ASSERT_TRUE(server.ok()) << server.status();
    Submit(server->get(), "today");
    ExpectCosigned(server->get(), 2);
    EXPECT_EQ((*server)->Terminate().exit_code, 0);
  }
  RemoveFolder(dir_);
  CopyFolder(temp_ / "backup", dir_);
  const absl::Status refused = Start().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "a tree of 2 leaves"))
      << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "old backup")) << refused;
}

TEST_F(CosigningE2eTest, SaysWhatIsWrongWithAPolicy) {
  const struct {
    std::string policy;
    std::string says;
  } cases[] = {
      {"quorum none\n", "quorum is `none`"},
      {policy_text_ + "quorum two\n", "policy:6: a policy has exactly one"},
      {"log " +
           FormatVkey(Ed25519NoteSigner("log.example/other", kKeyTypeEd25519,
                                        std::string(32, 'o'))
                          .key()) +
           "\n" + policy_text_,
       "none of its logs has the key of this one"},
  };
  for (const auto& one : cases) {
    WriteTextFile(dir_ + "/policy", one.policy);
    const absl::Status refused = Start().status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
    EXPECT_TRUE(absl::StrContains(refused.message(), one.says)) << refused;
  }
}

}  // namespace
}  // namespace vidimus
