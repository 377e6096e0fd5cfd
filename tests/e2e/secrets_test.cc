// Plants words that nobody else may read, in an access and in broken requests,
// and looks for them in all that others see: what the server says, what it
// serves, what it keeps. Vault pages are in the database, encrypted: the words
// must not be found there either.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/json.h"
#include "proto/record.pb.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

// As bytes, and in the spellings in which they might slip out.
std::vector<std::string> Spellings(const std::string& secret) {
  return {secret, HexEncode(secret), Base64Encode(secret),
          std::string(secret.rbegin(), secret.rend())};
}

class SecretsTest : public testing::Test {
 protected:
  void SetUp() override {
    InitFolder(dir_, kTestOrigin, false, "batches { batch_period_ms: 20 }\n");
    Start();
  }

  void Start() {
    auto server =
        ServerProcess::Start({"--dir", dir_, "--https", "127.0.0.1:0", "--http",
                              "127.0.0.1:0", "--grpc", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // An entry full of words; each of them goes to `secrets_`.
  v1::Entry Plant() {
    v1::Entry entry = MakeTestEntry(0, 7, SystemRandom());
    v1::Record record;
    EXPECT_TRUE(record.ParseFromString(entry.record()));
    v1::AccessRecord* const access = record.mutable_access();
    const std::string subject = TestSubject(Be64(SystemRandom()->Draw(8)));
    access->set_subject(subject);
    access->set_purpose("PlantedPurposeWord");
    access->set_case_ref("planted-case-20261122");
    access->set_unit_name("PlantedUnitName");
    access->add_field("planted_field_name");
    entry.set_record(record.SerializeAsString());
    v1::Actor actor;
    actor.set_id("planted.officer@city.example");
    actor.set_ip("198.51.100.77");
    entry.set_actor(actor.SerializeAsString());
    for (const std::string& secret :
         {subject.substr(1), access->purpose(), access->case_ref(),
          access->unit_name(), access->field(0), actor.id(), actor.ip(),
          entry.record_salt(), entry.actor_salt(), entry.entry_id()}) {
      secrets_.push_back(secret);
    }
    return entry;
  }

  // The first of the secrets that `text` shows, in hexadecimal; or nothing.
  std::string Shown(const std::string& text) {
    for (const std::string& secret : secrets_) {
      for (const std::string& spelling : Spellings(secret)) {
        if (absl::StrContains(text, spelling)) return HexEncode(secret);
      }
    }
    return "";
  }

  void ExpectHidden(const std::string& where, const std::string& text) {
    EXPECT_EQ(Shown(text), "") << where;
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::string> secrets_;
};

TEST_F(SecretsTest, AreNowhereToBeSeen) {
  const auto channel = GrpcTo(server_->port("grpcs"), ClientTls(dir_, 0));
  const VerifierKey key = ReadVkey(dir_);
  std::vector<v1::SubmitRequest> requests;
  std::vector<uint64_t> leaves;
  std::string answers;
  for (int i = 0; i < 3; ++i) {
    const v1::SubmitRequest request =
        SignTestRequest(0, {Plant(), Plant()}, ReadEntrySeed(dir_, 0));
    const auto receipt = SubmitOver(channel, request);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    ASSERT_TRUE(JudgeReceipt(key, request, *receipt).ok());
    requests.push_back(request);
    leaves.push_back(receipt->leaf_index(0));
    answers += receipt->SerializeAsString();
  }

  // The search itself finds what is there, in a request as it goes out.
  for (const v1::SubmitRequest& request : requests) {
    EXPECT_NE(Shown(request.SerializeAsString()), "");
    EXPECT_NE(Shown(*ToJson(request)), "");
  }

  // Refusals don't repeat what they refuse.
  std::vector<v1::SubmitRequest> broken(7, requests[0]);
  broken[0].clear_signature();
  broken[1].mutable_entries(0)->set_record("PlantedPurposeWord\xff");
  broken[2].mutable_entries(0)->set_actor("planted.officer@city.example\xff");
  broken[3].set_administration(1);
  broken[4].mutable_entries(0)->set_record_salt("PlantedUnitName");
  broken[5] = SignTestRequest(0, {Plant()}, ReadEntrySeed(dir_, 0));
  broken[5].mutable_entries(0)->set_entry_id(requests[0].entries(0).entry_id());
  // The same id with other content.
  v1::Entry changed = requests[0].entries(0);
  changed.set_record_salt(std::string(16, '\x5a'));
  broken[6] = SignTestRequest(0, {changed}, ReadEntrySeed(dir_, 0));
  const auto https = HttpsTo(server_->port("https"), ClientTls(dir_, 0));
  for (const v1::SubmitRequest& request : broken) {
    const absl::Status status = SubmitOver(channel, request).status();
    EXPECT_FALSE(status.ok());
    absl::StrAppend(&answers, status.message(), "\n");
    const auto json = ToJson(request);
    ASSERT_TRUE(json.ok());
    const auto reply = https->Post("v1/submit", "application/json", *json);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_GE(reply->status, 400);
    absl::StrAppend(&answers, reply->body, "\n");
  }
  for (const char* json :
       {R"({"entries": "PlantedPurposeWord"})",
        R"({"PlantedPurposeWord": "planted-case-20261122"})",
        R"({"administration": "planted.officer@city.example"})",
        R"({"entries": [{"record": "PlantedUnitName!"}])",
        R"(planted.officer@city.example)"}) {
    const auto reply = https->Post("v1/submit", "application/json", json);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, 400);
    absl::StrAppend(&answers, reply->body, "\n");
  }
  const auto echoed = https->Get("PlantedPurposeWord/planted.officer");
  ASSERT_TRUE(echoed.ok());
  absl::StrAppend(&answers, echoed->body, "\n");
  ExpectHidden("an answer", answers);

  // What the operator is told, of one entry and of a chain; a notice is in the
  // log now, and the vault's page was written anew.
  v1::Record planted;
  ASSERT_TRUE(planted.ParseFromString(requests[0].entries(0).record()));
  const std::string subject_file = temp_ / "subject";
  WriteTextFile(subject_file, HexEncode(planted.access().subject()) + "\n");
  const std::string leaf = absl::StrCat(leaves[0]);
  const std::vector<std::string> ground = {"--ground", "statute 36",
                                           "--authority", "City Archive"};
  int done = 0;
  for (std::vector<std::string> words : std::vector<std::vector<std::string>>{
           {"status"},
           {"status", "--entry", leaf},
           {"status", "--subject_file", subject_file, "--administration", "0"},
           {"restrict", "--entry", leaf},
           {"restrict", "--entry", leaf},
           {"erase", "--entry", leaf},
           {"erase", "--subject_file", subject_file, "--administration", "0"},
           {"withhold", "--entry", leaf, "--until", "2099-01-01"},
           {"hold", "--entry", leaf},
           {"rotate"}}) {
    words.insert(words.begin(), "vault");
    words.insert(words.end(), {"--dir", dir_});
    if (words[1] == "restrict" || words[1] == "erase" ||
        words[1] == "withhold") {
      words.insert(words.end(), ground.begin(), ground.end());
    }
    const Ended ended = RunLog(words);
    ExpectHidden(words[1], ended.output);
    ExpectHidden(words[1], ended.errors);
    done += ended.exit_code == 0 ? 1 : 0;
  }
  // A second restriction and an erasure before keep_min are refused.
  EXPECT_EQ(done, 8);

  // What anybody can read.
  const auto http = HttpTo(server_->port("http"));
  const auto log = ReadWholeLog(http.get(), key, true);
  ASSERT_TRUE(log.ok()) << log.status();
  for (const std::string& entry : log->entries) ExpectHidden("a leaf", entry);
  for (const char* path : {"metrics", "checkpoint", "healthz", "readyz"}) {
    ExpectHidden(path, http->Get(path)->body);
  }

  // After a kill and a start the words have been through the database's log,
  // tables and the table of ids.
  server_->Kill();
  Start();
  const auto again = SubmitOver(
      GrpcTo(server_->port("grpcs"), ClientTls(dir_, 0)), requests[0]);
  EXPECT_TRUE(again.ok()) << again.status();
  ExpectHidden("standard error", server_->Errors());
  const Ended ended = server_->Terminate();
  EXPECT_EQ(ended.exit_code, 0);
  ExpectHidden("standard error", ended.errors);

  int files = 0;
  for (const std::string& path : FilesUnder(dir_)) {
    ++files;
    ExpectHidden(path, ReadTextFile(path));
  }
  EXPECT_GT(files, 10);
}

TEST_F(SecretsTest, KeysStandInTheirOwnFilesAlone) {
  const auto receipt =
      SubmitOver(GrpcTo(server_->port("grpcs"), ClientTls(dir_, 0)),
                 MakeRequest(dir_, 0, 3, SystemRandom()));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  const std::string metrics =
      HttpTo(server_->port("http"))->Get("metrics")->body;
  const Ended ended = server_->Terminate();
  for (const char* name : {"signing", "label", "vault", "id", "publisher"}) {
    const std::string path = absl::StrCat(dir_, "/keys/", name, ".key");
    std::string digits = ReadTextFile(path);
    digits.pop_back();
    std::string key;
    ASSERT_TRUE(HexDecode(digits, &key));
    secrets_ = {key};
    ExpectHidden("standard error", ended.errors);
    ExpectHidden("metrics", metrics);
    for (const std::string& other : FilesUnder(dir_)) {
      if (other != path) ExpectHidden(other, ReadTextFile(other));
    }
  }
}

}  // namespace
}  // namespace vidimus
