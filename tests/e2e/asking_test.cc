// Asking first and filing statements, over gRPC and HTTPS, against the real
// server: a resident grants, an administration asks and records, the resident
// withdraws, and what was decided before is refused.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "log/log_testing.h"
#include "log/wallet_testing.h"
#include "proto/grpc_status.h"
#include "proto/json.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/encoding.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr uint64_t kResident = 1;

class AskingE2eTest : public testing::Test {
 protected:
  void SetUp() override {
    InitFolder(dir_, kTestOrigin, false, "batches { batch_period_ms: 20 }\n");
    // Before the first start the register may be given more to open with.
    std::string publisher_seed;
    const std::string hex = ReadTextFile(dir_ + "/keys/publisher.key");
    ASSERT_TRUE(HexDecode({hex.data(), 64}, &publisher_seed));
    TestRegister opening;
    opening.publisher_seed = publisher_seed;
    AddTestIdentityService(service_seed_, &opening);
    WriteTextFile(dir_ + "/register/identity_service.0",
                  opening.opening.others[0].bytes);
    Start();
  }

  void TearDown() override {
    if (server_ == nullptr) return;
    EXPECT_TRUE(
        ReadWholeLog(HttpTo(server_->port("http")).get(), ReadVkey(dir_), true)
            .ok());
    EXPECT_EQ(server_->Terminate().exit_code, 0);
  }

  void Start() {
    server_.reset();  // by SIGKILL
    auto server =
        ServerProcess::Start({"--dir", dir_, "--https", "127.0.0.1:0", "--grpc",
                              "127.0.0.1:0", "--http", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  static std::string NameOf(uint64_t number) {
    return TestSubject(number).substr(1);
  }

  // A call over gRPC by administration `a`.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(
      uint32_t a,
      grpc::Status (v1::Log::Stub::*call)(grpc::ClientContext*, const Request&,
                                          Response*),
      const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    const auto stub =
        v1::Log::NewStub(GrpcTo(server_->port("grpcs"), ClientTls(dir_, a)));
    Response response;
    const grpc::Status status = (*stub.*call)(&context, request, &response);
    RETURN_IF_ERROR(FromGrpcStatus(status, &context));
    return response;
  }

  template <typename Request>
  absl::StatusOr<HttpReply> Post(HttpClient* client, const std::string& path,
                                 const Request& request,
                                 const std::string& type = "application/json") {
    return client->Post(path, type, *ToJson(request), {});
  }

  // As a resident does: over TLS, without certificate or token.
  absl::StatusOr<v1::FileStatementsResponse> FileOverHttps(
      const v1::Entry& entry) {
    v1::FileStatementsRequest request;
    *request.add_entries() = entry;
    const auto client =
        HttpsTo(server_->port("https"), ClientTls(dir_, std::nullopt));
    ASSIGN_OR_RETURN(const HttpReply reply,
                     Post(client.get(), "v1/statements", request));
    RETURN_IF_ERROR(StatusOfReply(reply));
    EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
    v1::FileStatementsResponse response;
    RETURN_IF_ERROR(FromJson(reply.body, &response));
    return response;
  }

  static v1::CheckRequest Question(uint64_t resident, uint64_t since,
                                   bool wants_key = false) {
    v1::CheckRequest request;
    request.set_subject(TestSubject(resident));
    request.set_since(since);
    request.set_wants_key(wants_key);
    return request;
  }
  absl::StatusOr<v1::CheckResponse> Check(uint32_t a,
                                          const v1::CheckRequest& request) {
    return Call(a, &v1::Log::Stub::Check, request);
  }

  v1::SubmitRequest Access(uint32_t a, uint64_t resident, uint64_t based_on) {
    v1::SubmitRequest request =
        SignTestRequest(a, {MakeTestEntry(a, resident, SystemRandom())},
                        ReadEntrySeed(dir_, a));
    request.add_based_on(based_on);
    return request;
  }
  absl::StatusOr<v1::SubmitResponse> Record(uint32_t a,
                                            const v1::SubmitRequest& request) {
    return SubmitOver(GrpcTo(server_->port("grpcs"), ClientTls(dir_, a)),
                      request);
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  const std::string service_seed_ = std::string(32, 's');
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(AskingE2eTest, AWithdrawalStopsWhatWasDecidedBeforeIt) {
  TestWallet resident(TestSubject(kResident), 0, service_seed_, SystemRandom());
  const v1::Statement key = resident.FirstKey();
  const auto first = FileOverHttps(resident.Sign(key));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->placed(0).chain_index(), 0u);
  EXPECT_TRUE(first->placed(0).chain_key().empty());
  resident.Filed(key);
  // Whoever carries it: here an administration, over gRPC.
  const v1::Statement grant = resident.Grant();
  v1::FileStatementsRequest carried;
  *carried.add_entries() = resident.Sign(grant);
  const auto second = Call(1, &v1::Log::Stub::FileStatements, carried);
  ASSERT_TRUE(second.ok()) << second.status() << server_->Errors();
  resident.Filed(grant);

  const auto asked = Check(0, Question(kResident, 0, /*wants_key=*/true));
  ASSERT_TRUE(asked.ok()) << asked.status();
  ASSERT_EQ(asked->chain().entries_size(), 2);
  EXPECT_EQ(asked->chain().entries(1).opening().record(),
            carried.entries(0).record());
  EXPECT_EQ(asked->chain().chain_key().size(), 32u);
  EXPECT_EQ(asked->seal().size(), 65u);
  const auto again = Check(0, Question(kResident, 2));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->chain().entries_size(), 0);
  EXPECT_TRUE(Record(0, Access(0, kResident, 2)).ok());

  const v1::Statement end = resident.WithdrawEverything();
  const v1::Entry ended = resident.Sign(end);
  const auto third = FileOverHttps(ended);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->placed(0).chain_index(), 3u);
  resident.Filed(end);
  for (const bool killed : {false, true}) {
    if (killed) Start();
    const absl::Status refused = Record(0, Access(0, kResident, 2)).status();
    EXPECT_TRUE(absl::IsAborted(refused)) << refused;
    EXPECT_FALSE(absl::StrContains(refused.message(), NameOf(kResident)));
    // The same statement again is the same entry.
    const auto same = FileOverHttps(ended);
    ASSERT_TRUE(same.ok()) << same.status();
    EXPECT_EQ(same->leaf_index(0), third->leaf_index(0));
  }
  EXPECT_TRUE(Record(0, Access(0, kResident, 4)).ok());
}

TEST_F(AskingE2eTest, RejectsWhoIsNotKnownOnBothDoors) {
  const auto https =
      HttpsTo(server_->port("https"), ClientTls(dir_, std::nullopt));
  const auto http = HttpTo(server_->port("http"));
  const auto mutual = HttpsTo(server_->port("https"), ClientTls(dir_, 0));
  TestWallet resident(TestSubject(kResident), 0, service_seed_, SystemRandom());
  v1::FileStatementsRequest filing;
  *filing.add_entries() = resident.Sign(resident.FirstKey());
  struct Case {
    HttpClient* client;
    const char* path;
    int status;
  };
  for (const Case& one :
       std::vector<Case>{{https.get(), "v1/check", 401},
                         {http.get(), "v1/check", 401},
                         {mutual.get(), "v1/check", 200},
                         {http.get(), "v1/statements", 401},
                         {https.get(), "v1/statements", 200}}) {
    const auto reply = one.path == std::string("v1/check")
                           ? Post(one.client, one.path, Question(kResident, 0))
                           : Post(one.client, one.path, filing);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, one.status) << one.path << reply->body;
    if (one.status != 200) {
      EXPECT_FALSE(absl::StrContains(reply->body, NameOf(kResident)));
    }
  }
  // Not what a page of another origin can make a browser send.
  EXPECT_EQ(Post(mutual.get(), "v1/check", Question(kResident, 0), "text/plain")
                ->status,
            400);
  EXPECT_EQ(Post(https.get(), "v1/statements", filing, "text/plain")->status,
            400);
}

TEST_F(AskingE2eTest, RejectsWhatNoKeyOfTheChainSigned) {
  for (const uint64_t resident : {1, 2}) {
    TestWallet thief(TestSubject(resident), 0, service_seed_, SystemRandom());
    thief.Filed(thief.FirstKey());
    const absl::Status refused =
        FileOverHttps(thief.Sign(thief.WithdrawEverything())).status();
    EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
    EXPECT_TRUE(absl::StrContains(refused.message(), "no key of this chain"));
    EXPECT_FALSE(absl::StrContains(refused.message(), NameOf(resident)));
    v1::Entry torn = thief.Sign(thief.WithdrawEverything());
    torn.mutable_record()->pop_back();
    EXPECT_TRUE(absl::IsInvalidArgument(FileOverHttps(torn).status()));
  }
  EXPECT_FALSE(absl::StrContains(server_->Errors(), NameOf(1)));
}

}  // namespace
}  // namespace vidimus
