// Goal: what was erased can't be read by anybody, whatever they have, while
// what was not erased can, and the log verifies as before. Method: a real
// server; copies of its whole folder, taken while it runs, go to an attacker
// with every key. Before the erasure he must find what he looks for, or the
// test proves nothing.
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "tests/erasure/attacker.h"
#include "verifier/encoding.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

// What an entry holds that must be gone with it.
std::vector<std::string> SecretsOf(const v1::Entry& entry) {
  v1::Record record;
  EXPECT_TRUE(record.ParseFromString(entry.record()));
  v1::Actor actor;
  EXPECT_TRUE(actor.ParseFromString(entry.actor()));
  return {record.access().case_ref(), actor.id(), entry.record_salt(),
          entry.actor_salt()};
}

class ErasureTest : public ::testing::Test {
 protected:
  // Nobody can wait two years for config's keep_min.
  explicit ErasureTest(uint32_t keep_min_s = 1) : keep_min_s_(keep_min_s) {}

  void SetUp() override {
    InitFolder(dir_, kTestOrigin, false,
               "batches { batch_period_ms: 20 }\n"
               "disk { scrub_period_s: 1 }\n");
    SetKeepMin();
    Start();
  }

  std::string ReadKey(const std::string& dir, const std::string& name) {
    std::string digits = ReadTextFile(dir + "/keys/" + name + ".key");
    digits.pop_back();
    std::string key;
    EXPECT_TRUE(HexDecode(digits, &key));
    return key;
  }

  void SetKeepMin() {
    const std::string path = dir_ + "/register/config";
    v1::Config config;
    ASSERT_TRUE(config.ParseFromString(ReadTextFile(path).substr(64)));
    config.mutable_limits()->set_keep_min_s(keep_min_s_);
    const std::string message = config.SerializeAsString();
    const Ed25519Signer publisher(ReadKey(dir_, "publisher"));
    WriteTextFile(path,
                  publisher.Sign(RegisterSignedBytes(
                      kTestOrigin, {RegisterType::kConfig, 0, 0}, message)) +
                      message);
  }

  void Start() {
    auto server = ServerProcess::Start(
        {"--dir", dir_, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Records `count` accesses in one batch; their leaves.
  std::vector<uint64_t> Record(int count, std::vector<v1::Entry>* entries) {
    for (int i = 0; i < count; ++i) {
      v1::Entry entry = MakeTestEntry(0, 7, SystemRandom());
      v1::Record record;
      EXPECT_TRUE(record.ParseFromString(entry.record()));
      record.mutable_access()->set_case_ref("case-" +
                                            HexEncode(SystemRandom()->Draw(8)));
      entry.set_record(record.SerializeAsString());
      v1::Actor actor;
      actor.set_id("officer-" + HexEncode(SystemRandom()->Draw(8)));
      entry.set_actor(actor.SerializeAsString());
      entries->push_back(std::move(entry));
    }
    const v1::SubmitRequest request = SignTestRequest(
        0, {entries->end() - count, entries->end()}, ReadEntrySeed(dir_, 0));
    const auto receipt =
        SubmitOver(GrpcTo(server_->port("grpcs"), ClientTls(dir_, 0)), request);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_TRUE(JudgeReceipt(ReadVkey(dir_), request, *receipt).ok());
    return {receipt->leaf_index().begin(), receipt->leaf_index().end()};
  }

  Ended Vault(std::vector<std::string> words) {
    words.insert(words.begin(), "vault");
    words.push_back("--dir");
    words.push_back(dir_);
    return RunLog(words);
  }

  Ended Erase(uint64_t leaf, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "erase",      "--entry",     absl::StrCat(leaf), "--ground",
        "statute 36", "--authority", "City Archive"};
    words.insert(words.end(), more.begin(), more.end());
    return Vault(std::move(words));
  }

  // Everything that lies in the log's folder now.
  Loot Copy() {
    Loot loot;
    const std::string copy = absl::StrCat(temp_ / "copy", copies_++);
    CopyFolder(dir_, copy);
    for (const std::string& path : FilesUnder(copy)) {
      loot[path.substr(copy.size())] = ReadTextFile(path);
    }
    EXPECT_GT(loot.size(), 15u);
    RemoveFolder(copy);
    return loot;
  }

  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    for (const char* name : {"vault", "id", "label", "signing", "publisher"}) {
      keys.push_back(ReadKey(dir_, name));
    }
    return keys;
  }

  const uint32_t keep_min_s_;
  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  int copies_ = 0;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(ErasureTest, LeavesNothingToSomebodyWhoHasEverything) {
  std::vector<v1::Entry> entries;
  const auto leaves = Record(3, &entries);
  Record(2, &entries);
  const auto gone = SecretsOf(entries[0]);
  const auto stays = SecretsOf(entries[1]);
  std::vector<std::string> all = gone;
  all.insert(all.end(), stays.begin(), stays.end());
  const auto http = HttpTo(server_->port("http"));
  const auto before = ReadWholeLog(http.get(), ReadVkey(dir_), true);
  ASSERT_TRUE(before.ok()) << before.status();

  const Loot before_files = Copy();
  {
    const Attacker attacker(before_files, Keys());
    EXPECT_GT(attacker.rows(), 0u);
    EXPECT_THAT(attacker.Find(all), UnorderedElementsAreArray(all))
        << "an attacker who finds nothing before proves nothing after";
  }

  std::this_thread::sleep_for(std::chrono::seconds(3));
  const Ended dry = Erase(leaves[0], {"--dry_run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.errors;
  EXPECT_THAT(dry.output, HasSubstr("1 of 1 entries would be changed"));
  const Ended erased = Erase(leaves[0]);
  ASSERT_EQ(erased.exit_code, 0) << erased.errors;
  EXPECT_THAT(erased.output,
              HasSubstr(absl::StrCat("leaf ", leaves[0], ": erased, notice")));
  EXPECT_THAT(Attacker(Copy(), Keys()).Find(all),
              UnorderedElementsAreArray(stays))
      << "while the server runs";

  // A second time there is nothing to erase; the entry still counts, every
  // proof holds.
  const Ended again = Erase(leaves[0]);
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.errors, HasSubstr("erased already"));
  const auto after = ReadWholeLog(http.get(), ReadVkey(dir_), true);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(after->head.size, before->head.size);
  for (size_t i = 0; i < before->entries.size(); ++i) {
    EXPECT_EQ(after->entries[i], before->entries[i]) << i;
  }

  server_->Kill();
  Start();
  EXPECT_THAT(Attacker(Copy(), Keys()).Find(all),
              UnorderedElementsAreArray(stays))
      << "after kill -9 and a start";

  // Somebody puts the key files back from a backup.
  EXPECT_EQ(server_->Terminate().exit_code, 0);
  int put_back = 0;
  for (const auto& [path, bytes] : before_files) {
    if (!absl::StartsWith(path, "/vault/")) continue;
    WriteTextFile(dir_ + path, bytes);
    ++put_back;
  }
  EXPECT_GT(put_back, 0);
  Start();
  EXPECT_THAT(Attacker(Copy(), Keys()).Find(gone), IsEmpty())
      << "after a backup of the keys was put back";
  const Ended status = Vault({"status", "--entry", absl::StrCat(leaves[0])});
  EXPECT_THAT(status.output, HasSubstr("erased"));

  // The scrub has read every page by now, and found nothing to complain of.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(HttpTo(server_->port("http"))->Get("readyz")->status, 200);
  EXPECT_EQ(server_->Terminate().exit_code, 0);
}

TEST_F(ErasureTest, ANewVaultKeyMakesTheOldOneWorthless) {
  std::vector<v1::Entry> entries;
  const auto leaves = Record(3, &entries);
  const auto stays = SecretsOf(entries[1]);
  const std::vector<std::string> old_keys = Keys();
  const Loot old_files = Copy();
  ASSERT_EQ(Vault({"rotate"}).exit_code, 0);
  const Loot new_files = Copy();
  EXPECT_NE(Keys()[0], old_keys[0]);
  EXPECT_THAT(Attacker(new_files, Keys()).Find(stays),
              UnorderedElementsAreArray(stays));
  EXPECT_THAT(Attacker(new_files, old_keys).Find(stays), IsEmpty())
      << "by the old key";
  EXPECT_THAT(Attacker(old_files, old_keys).Find(stays),
              UnorderedElementsAreArray(stays))
      << "a backup with its own key, of course";
  Loot old_without_keys = old_files;
  for (auto it = old_without_keys.begin(); it != old_without_keys.end();) {
    it = absl::StartsWith(it->first, "/keys/") ? old_without_keys.erase(it)
                                               : std::next(it);
  }
  EXPECT_THAT(Attacker(old_without_keys, Keys()).Find(stays), IsEmpty())
      << "a backup that kept its keys apart, after the rotation";
  // The server goes on, and starts again with the new key.
  Record(1, &entries);
  server_->Kill();
  Start();
  Record(1, &entries);
  EXPECT_THAT(Vault({"status"}).output, HasSubstr("rotation none"));
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(HttpTo(server_->port("http"))->Get("readyz")->status, 200);
}

class EarlyErasureTest : public ErasureTest {
 protected:
  EarlyErasureTest() : ErasureTest(3600) {}
};

TEST_F(EarlyErasureTest, NothingIsErasedBeforeItsTime) {
  std::vector<v1::Entry> entries;
  const Ended early = Erase(Record(1, &entries)[0]);
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.errors, HasSubstr("keep_min"));
}

TEST_F(ErasureTest, TheOperatorIsToldWhatWasDoneAndWhyNot) {
  std::vector<v1::Entry> entries;
  const auto leaves = Record(3, &entries);
  const std::string one = absl::StrCat(leaves[0]);
  std::this_thread::sleep_for(std::chrono::seconds(3));

  EXPECT_EQ(Vault({"hold", "--entry", one}).exit_code, 0);
  EXPECT_THAT(Erase(leaves[0]).errors, HasSubstr("held"));
  EXPECT_EQ(Vault({"release", "--entry", one}).exit_code, 0);

  const Ended withheld =
      Vault({"withhold", "--entry", one, "--until", "2099-12-31", "--ground",
             "investigation", "--authority", "Prosecutor"});
  EXPECT_EQ(withheld.exit_code, 0) << withheld.errors;
  EXPECT_THAT(withheld.output,
              HasSubstr("withheld until 2099-12-31T00:00:00Z, notice 3"));
  EXPECT_EQ(Vault({"restrict", "--entry", absl::StrCat(leaves[1]), "--ground",
                   "objection", "--authority", "Data protection officer"})
                .exit_code,
            0);
  EXPECT_EQ(Vault({"lift", "--entry", absl::StrCat(leaves[1]), "--ground",
                   "objection", "--authority", "Data protection officer"})
                .exit_code,
            0);

  // The whole chain; who it is about stands in a file.
  v1::Record record;
  ASSERT_TRUE(record.ParseFromString(entries[0].record()));
  const std::string subject_file = temp_ / "subject";
  WriteTextFile(subject_file, HexEncode(record.access().subject()) + "\n");
  const Ended chain =
      Vault({"erase", "--subject_file", subject_file, "--administration", "0",
             "--ground", "statute 36", "--authority", "City Archive"});
  EXPECT_EQ(chain.exit_code, 0) << chain.errors;
  EXPECT_THAT(chain.output, HasSubstr("3 of 6 entries changed"));
  EXPECT_THAT(chain.output, HasSubstr("notice of the log's own"));

  EXPECT_EQ(Erase(1 << 30).exit_code, 1);
  EXPECT_EQ(Erase(0).exit_code, 1) << "config";
  EXPECT_EQ(Vault({"erase", "--entry", one}).exit_code, 2) << "no ground";
  EXPECT_EQ(Vault({"erase", "--entry", "x"}).exit_code, 2);
  EXPECT_EQ(Vault({"shred"}).exit_code, 2);
  EXPECT_EQ(Vault({"status"}).exit_code, 0);
  EXPECT_EQ(server_->Terminate().exit_code, 0);
  const Ended alone = Vault({"status"});
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_THAT(alone.errors, HasSubstr("no server runs"));
}

}  // namespace
}  // namespace vidimus
