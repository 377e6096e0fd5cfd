// An access log over gRPC and HTTPS with client certificates: requests and
// certificates that are wrong in every way a request can be, beside an
// administration that must not notice.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/administration.h"
#include "proto/json.h"
#include "proto/status.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"

namespace vidimus {
namespace {

constexpr int64_t kDay = 24 * 3600;

class SubmissionsTest : public testing::Test {
 protected:
  void SetUp() override {
    InitFolder(dir_, kTestOrigin, false, "batches { batch_period_ms: 20 }\n");
    Start();
    neighbour_ = std::make_unique<Neighbour>(
        GrpcTo(server_->port("grpcs"), ClientTls(dir_, 1)), key_,
        [this] { return MakeRequest(dir_, 1, 2, SystemRandom()); });
  }

  // Afterwards, always: nobody else was disturbed, what was acknowledged is
  // there, the log is sound.
  void TearDown() override {
    if (neighbour_ != nullptr) {
      const auto undisturbed = neighbour_->Finish();
      ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
      EXPECT_GT(*undisturbed, 0);
    }
    ASSERT_TRUE(server_->Alive()) << server_->Errors();
    const auto log = ReadWholeLog(
        HttpsTo(server_->port("https"), ClientTls(dir_, std::nullopt)).get(),
        key_, true);
    ASSERT_TRUE(log.ok()) << log.status();
    for (const auto& [index, leaf] : acknowledged_) {
      ASSERT_LT(index, log->entries.size());
      EXPECT_EQ(log->entries[index], leaf);
    }
    EXPECT_EQ(server_->Terminate().exit_code, 0);
  }

  void Start() {
    auto server =
        ServerProcess::Start({"--dir", dir_, "--https", "127.0.0.1:0", "--grpc",
                              "127.0.0.1:0", "--http", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    key_ = ReadVkey(dir_);
  }

  v1::SubmitRequest Request(int entries = 3) {
    return MakeRequest(dir_, 0, entries, SystemRandom());
  }

  std::shared_ptr<grpc::Channel> Channel(const TlsOptions& tls) {
    return GrpcTo(server_->port("grpcs"), tls);
  }
  std::shared_ptr<grpc::Channel> Channel() {
    return Channel(ClientTls(dir_, 0));
  }

  // Over /v1/submit.
  absl::StatusOr<HttpReply> PostJson(const TlsOptions& tls,
                                     const v1::SubmitRequest& request) {
    const auto json = ToJson(request);
    EXPECT_TRUE(json.ok());
    return HttpsTo(server_->port("https"), tls)
        ->Post("v1/submit", "application/json", *json);
  }

  void ExpectTaken(const v1::SubmitRequest& request,
                   const absl::StatusOr<v1::SubmitResponse>& receipt) {
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    const absl::Status judged = JudgeReceipt(key_, request, *receipt);
    ASSERT_TRUE(judged.ok()) << judged;
    for (int i = 0; i < receipt->leaf_index_size(); ++i) {
      acknowledged_.emplace_back(receipt->leaf_index(i),
                                 receipt->placed(i).leaf());
    }
  }

  // That both doors refuse `request` of administration 0, with these codes.
  void ExpectRefused(const v1::SubmitRequest& request, absl::StatusCode code,
                     int http_status, const std::string& says) {
    const absl::Status status = SubmitOver(Channel(), request).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), says)) << status;
    const auto reply = PostJson(ClientTls(dir_, 0), request);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, http_status) << reply->body;
    EXPECT_TRUE(absl::StrContains(reply->body, says)) << reply->body;
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  std::unique_ptr<ServerProcess> server_;
  VerifierKey key_;
  std::unique_ptr<Neighbour> neighbour_;
  std::vector<std::pair<uint64_t, std::string>> acknowledged_;
};

TEST_F(SubmissionsTest, TakesWhatIsRightThroughBothDoors) {
  const v1::SubmitRequest request = Request();
  ExpectTaken(request, SubmitOver(Channel(), request));
  const v1::SubmitRequest second = Request(1);
  const auto reply = PostJson(ClientTls(dir_, 0), second);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->status, 200) << reply->body;
  v1::SubmitResponse receipt;
  ASSERT_TRUE(FromJson(reply->body, &receipt).ok());
  ExpectTaken(second, receipt);
}

TEST_F(SubmissionsTest, RefusesASignatureThatIsMissingOrNotTheEntryKeys) {
  const auto refuse = [this](v1::SubmitRequest request) {
    ExpectRefused(request, absl::StatusCode::kPermissionDenied, 403,
                  "entry key");
  };
  v1::SubmitRequest missing = Request();
  missing.clear_signature();
  refuse(missing);
  v1::SubmitRequest short_one = Request();
  short_one.mutable_signature()->pop_back();
  refuse(short_one);
  v1::SubmitRequest flipped = Request();
  (*flipped.mutable_signature())[10] ^= 1;
  refuse(flipped);
  // Signed by another administration's key; over other entries; in another
  // order.
  refuse(SignTestRequest(0, {MakeTestEntry(0, 1, SystemRandom())},
                         ReadEntrySeed(dir_, 1)));
  v1::SubmitRequest added = Request();
  *added.add_entries() = MakeTestEntry(0, 2, SystemRandom());
  refuse(added);
  v1::SubmitRequest swapped = Request();
  swapped.mutable_entries()->SwapElements(0, 1);
  refuse(swapped);
  v1::SubmitRequest salted = Request();
  salted.mutable_entries(0)->set_record_salt(std::string(16, 's'));
  refuse(salted);
}

TEST_F(SubmissionsTest, RefusesEntriesThatAreEmptyTooLargeOrNotRight) {
  const auto refuse = [this](const v1::Entry& entry, int http_status,
                             const std::string& says) {
    ExpectRefused(
        SignTestRequest(0, {MakeTestEntry(0, 1, SystemRandom()), entry},
                        ReadEntrySeed(dir_, 0)),
        absl::StatusCode::kInvalidArgument, http_status, says);
  };
  const v1::Entry good = MakeTestEntry(0, 5, SystemRandom());
  v1::Entry entry = good;
  entry.clear_record();
  refuse(entry, 400, "entry 1");
  entry = good;
  entry.set_record(std::string(40000, 'r'));
  refuse(entry, 413, "32768");
  entry = good;
  entry.set_actor(std::string(40000, 'a'));
  refuse(entry, 413, "32768");
  entry = good;
  entry.mutable_record()->pop_back();
  refuse(entry, 400, "entry 1");
  entry = good;
  entry.mutable_record()->append(std::string("\xfa\x3f\x00", 3));
  refuse(entry, 400, "entry 1");
  entry = good;
  entry.set_actor("\xff");
  refuse(entry, 400, "actor");
  refuse(MakeTestEntry(1, 5, SystemRandom()), 400, "administration 1");
  v1::Entry repeated = good;
  repeated.set_entry_id(SystemRandom()->Draw(16));
  refuse(repeated, 400, "entry id");

  // What can't even be signed for.
  v1::SubmitRequest request = Request(1);
  request.mutable_entries(0)->set_entry_id("short");
  ExpectRefused(request, absl::StatusCode::kInvalidArgument, 400, "16");
  request = Request(1);
  request.mutable_entries(0)->clear_actor_salt();
  ExpectRefused(request, absl::StatusCode::kInvalidArgument, 400, "salt");
  request = Request(1);
  request.clear_entries();
  ExpectRefused(request, absl::StatusCode::kInvalidArgument, 400, "no entries");
  request = MakeOpaqueRequest({"opaque"});
  ExpectRefused(request, absl::StatusCode::kInvalidArgument, 400, "opaque");
  request = Request(4097);
  ExpectRefused(request, absl::StatusCode::kInvalidArgument, 413, "4096");
  request = Request(1);
  request.set_origin("vidimus.example/other");
  const absl::Status elsewhere = SubmitOver(Channel(), request).status();
  EXPECT_TRUE(absl::IsNotFound(elsewhere)) << elsewhere;
}

TEST_F(SubmissionsTest, RefusesTheSameIdWithAnotherBody) {
  const v1::SubmitRequest request = Request(2);
  const auto first = SubmitOver(Channel(), request);
  ExpectTaken(request, first);
  v1::Entry other = MakeTestEntry(0, 9, SystemRandom());
  // Another salt makes another commitment: other content.
  v1::Entry salted = request.entries(0);
  salted.set_record_salt(SystemRandom()->Draw(16));
  const v1::SubmitRequest changed =
      SignTestRequest(0, {other, salted}, ReadEntrySeed(dir_, 0));
  for (const bool restart : {false, true}) {
    if (restart) {
      // The neighbour would be disturbed by this, and rightly so.
      const auto undisturbed = neighbour_->Finish();
      ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
      neighbour_ = nullptr;
      server_->Kill();
      Start();
    }
    const absl::Status status = SubmitOver(Channel(), changed).status();
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "entry 1")) << status;
    const auto reply = PostJson(ClientTls(dir_, 0), changed);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, 409);
    const auto again = SubmitOver(Channel(), request);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(JudgeReceipt(key_, request, *again).ok());
    for (int i : {0, 1}) {
      EXPECT_EQ(again->leaf_index(i), first->leaf_index(i));
    }
  }
  // The id is the administration's own: another may have the same.
  v1::Entry same_id = MakeTestEntry(1, 1, SystemRandom());
  const v1::SubmitRequest theirs =
      SignTestRequest(1, {same_id}, ReadEntrySeed(dir_, 1));
  ExpectTaken(theirs, SubmitOver(Channel(ClientTls(dir_, 1)), theirs));
}

TEST_F(SubmissionsTest, RefusesAnAdministrationThatIsNotInTheRegister) {
  const TlsOptions tls = ClientTls(dir_, ReadAuthority(dir_),
                                   {AdministrationUri(77)}, -kDay, kDay);
  v1::SubmitRequest request = Request();
  request.set_administration(77);
  const absl::Status status = SubmitOver(Channel(tls), request).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "register")) << status;
  const auto reply = PostJson(tls, request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 403) << reply->body;
}

TEST_F(SubmissionsTest, KnowsTheCallerByTheCertificateAlone) {
  // Rightly signed by administration 0, brought by administration 1.
  const v1::SubmitRequest request = Request();
  const TlsOptions other = ClientTls(dir_, 1);
  absl::Status status = SubmitOver(Channel(other), request).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  auto reply = PostJson(other, request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 403);
  v1::SubmitRequest renamed = request;
  renamed.set_administration(1);
  EXPECT_FALSE(SubmitOver(Channel(other), renamed).ok());

  const std::vector<std::string> cases[] = {
      {},
      {"urn:vidimus:administration:"},
      {"urn:vidimus:administration:00"},
      {"urn:vidimus:administration:-1"},
      {"urn:vidimus:administration:4294967296"},
      {"urn:example:administration:0"},
      {AdministrationUri(0), AdministrationUri(1)},
  };
  for (const std::vector<std::string>& uris : cases) {
    const TlsOptions tls =
        ClientTls(dir_, ReadAuthority(dir_), uris, -kDay, kDay);
    status = SubmitOver(Channel(tls), request).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status) ||
                absl::IsUnauthenticated(status))
        << absl::StrCat(uris.size()) << " " << status;
    EXPECT_NE(status.message(), "");
    reply = PostJson(tls, request);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_TRUE(reply->status == 401 || reply->status == 403) << reply->status;
  }
}

TEST_F(SubmissionsTest, RefusesCertificatesThatAreExpiredOrForeign) {
  const int64_t now_s = SystemClock()->NowMs() / 1000;
  const auto foreign =
      MakeAuthority("Vidimus try-out authority", now_s - kDay, now_s + kDay);
  ASSERT_TRUE(foreign.ok());
  const std::vector<std::string> uris = {AdministrationUri(0)};
  const Certificate ours = ReadAuthority(dir_);
  for (const TlsOptions& tls :
       {ClientTls(dir_, ours, uris, -2 * kDay, -kDay),    // expired
        ClientTls(dir_, ours, uris, kDay, 2 * kDay),      // not valid yet
        ClientTls(dir_, *foreign, uris, -kDay, kDay)}) {  // another's
    const v1::SubmitRequest request = Request();
    const absl::Status status = SubmitOver(Channel(tls), request).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    const auto client = HttpsTo(server_->port("https"), tls);
    const auto reply = client->Get("checkpoint");
    EXPECT_FALSE(reply.ok());
    EXPECT_TRUE(absl::IsUnauthenticated(reply.status()) ||
                absl::IsUnavailable(reply.status()))
        << reply.status();
    EXPECT_FALSE(PostJson(tls, request).ok());
  }
}

TEST_F(SubmissionsTest, BelievesEveryAuthorityInItsFileAndNoOther) {
  const int64_t now_s = SystemClock()->NowMs() / 1000;
  const auto second =
      MakeAuthority("Second authority", now_s - kDay, now_s + kDay);
  ASSERT_TRUE(second.ok());
  TlsOptions tls =
      ClientTls(dir_, *second, {AdministrationUri(0)}, -kDay, kDay);
  EXPECT_FALSE(SubmitOver(Channel(tls), Request()).ok());
  const auto undisturbed = neighbour_->Finish();
  ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
  neighbour_ = nullptr;
  EXPECT_EQ(server_->Terminate().exit_code, 0);
  const std::string path = dir_ + "/tls/ca.crt";
  const std::string first = ReadTextFile(path);
  WriteTextFile(path, first + second->certificate_pem);
  Start();
  WriteTextFile(path, first);  // what our clients believe of the server
  for (const TlsOptions& one : {tls, ClientTls(dir_, 0)}) {
    const v1::SubmitRequest request = Request();
    ExpectTaken(request, SubmitOver(Channel(one), request));
    const auto reply = PostJson(one, request);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, 200) << reply->body;
  }
}

TEST_F(SubmissionsTest, LetsAnyoneReadAndNobodySubmitWithoutACertificate) {
  const v1::SubmitRequest request = Request();
  const TlsOptions nothing = ClientTls(dir_, std::nullopt);
  EXPECT_TRUE(
      absl::IsUnavailable(SubmitOver(Channel(nothing), request).status()));
  const auto client = HttpsTo(server_->port("https"), nothing);
  const auto checkpoint = client->Get("checkpoint");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->status, 200);
  auto reply = PostJson(nothing, request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 401);
  EXPECT_TRUE(absl::StrContains(reply->body, "certificate")) << reply->body;
  // Nor see how many of the leaves are covers.
  reply = client->Get("metrics");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 404);
  // Nor in plaintext, whatever the request says.
  const auto json = ToJson(request);
  reply = HttpTo(server_->port("http"))
              ->Post("v1/submit", "application/json", *json);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 401);
  // Nor bytes of one's own.
  reply = client->Post("add", "application/octet-stream", "x");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 405);
}

TEST_F(SubmissionsTest, RefusesJsonOfTheWrongTypes) {
  const auto client = HttpsTo(server_->port("https"), ClientTls(dir_, 0));
  for (const char* json :
       {R"({"entries": {}})", R"({"entries": [{"record": 5.5}]})",
        R"({"entries": [{"entryId": "%%%"}]})", R"({"administration": "zero"})",
        R"({"administration": -1})", R"({"signature": ["a"]})",
        R"({"based_on": "AA=="})", R"({"entries": [[]]})", "{", "null x"}) {
    const auto reply = client->Post("v1/submit", "application/json", json);
    ASSERT_TRUE(reply.ok()) << json << reply.status();
    EXPECT_EQ(reply->status, 400) << json << " " << reply->body;
    EXPECT_NE(reply->body, "");
  }
}

TEST_F(SubmissionsTest, ServesRegisterDocumentsByTheirHashAlone) {
  const auto client = HttpTo(server_->port("http"));
  for (const std::string& path :
       {std::string("register/"), std::string("register"),
        "register/" + std::string(64, '0'), "register/" + std::string(64, 'F'),
        "register/" + std::string(63, '0'), std::string("register/config"),
        std::string("register/../keys/vault.key"),
        std::string("keys/label.key"), std::string("vault/"),
        std::string("administrations/0/entry.key")}) {
    const auto reply = client->Get(path);
    if (!reply.ok()) continue;  // the client itself will not send it
    EXPECT_EQ(reply->status, 404) << path;
  }
}

}  // namespace
}  // namespace vidimus
