// A resident's whole way with the real programs: a wallet, an identity service
// that vouches for its key, consent given, listed and withdrawn, keys lost and
// recovered, a log that is away; and what each verb says to what is wrong.
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "log/log_testing.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/encoding.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

constexpr int kTrue = 0, kFalse = 1, kUnusable = 2, kUsage = 64;

struct Said {
  int exit_code = -1;
  std::string text;
};

class WalletE2eTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunLog({"init", "--dir", dir_, "--origin", kTestOrigin,
                      "--try_out_issuer"})
                  .exit_code,
              0);
    std::string publisher_seed;
    const std::string hex = ReadTextFile(dir_ + "/keys/publisher.key");
    ASSERT_TRUE(HexDecode({hex.data(), 64}, &publisher_seed));
    TestRegister opening;
    opening.publisher_seed = publisher_seed;
    AddTestIdentityService(std::string(32, 's'), &opening);
    WriteTextFile(dir_ + "/register/identity_service.0",
                  opening.opening.others[0].bytes);
    Private("service.key", HexEncode(std::string(32, 's')) + "\n");
    const std::string id = TestSubject(1).substr(1);
    Private("me", "1 " + id + "\n");
    Private("somebody", "1 " + TestSubject(2).substr(1) + "\n");
    const Ended token = RunLog({"token", "--dir", dir_, "--subject", id});
    ASSERT_EQ(token.exit_code, 0) << token.errors;
    Private("token", token.output);
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
    auto server = ServerProcess::Start(
        {"--dir", dir_, "--https", "127.0.0.1:0", "--http", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    url_ = absl::StrCat("https://127.0.0.1:", server_->port("https"));
  }

  std::string Private(const std::string& name, const std::string& text) {
    const std::string path = temp_ / name;
    WriteTextFile(path, text);
    chmod(path.c_str(), 0600);
    return path;
  }

  // Runs `vidimus WORDS`, in a shell, from the test's folder.
  Said Run(const std::string& words) {
    const std::string command =
        absl::StrCat("cd ", temp_.path(), " && ( ", program_, " ", words,
                     " </dev/null ) 2>&1");
    Said said;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    size_t n;
    while ((n = fread(buffer, 1, sizeof(buffer), pipe)) > 0) {
      said.text.append(buffer, n);
    }
    const int status = pclose(pipe);
    said.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    // Whatever is said, it holds no secret of the wallet's or the log's.
    EXPECT_FALSE(absl::StrContains(said.text, "eyJ")) << words;
    EXPECT_FALSE(absl::StrContains(said.text, HexEncode(std::string(32, 's'))));
    return said;
  }

  // The same as a resident of the log with this wallet.
  Said With(const std::string& wallet, const std::string& words) {
    return Run(absl::StrCat(words, " --server ", url_, " --ca log/tls/ca.crt",
                            " --token-file token --vkey log/log.vkey",
                            " --wallet ", wallet));
  }

  void Expect(const Said& said, int exit_code, const std::string& text) {
    EXPECT_EQ(said.exit_code, exit_code) << said.text;
    EXPECT_TRUE(absl::StrContains(said.text, text)) << said.text;
  }

  void InitAndEnrol(const std::string& wallet) {
    Expect(Run(absl::StrCat("wallet init --vkey log/log.vkey --subject_file me "
                            "--administration 0 --administration 1 --name "
                            "phone --request request --wallet ",
                            wallet)),
           kTrue, "Bring request to an identity service");
    Expect(Run("identity sign --key service.key --number 0 --subject_file me "
               "request > statements"),
           kTrue, "");
    Expect(With(wallet, "wallet file statements"), kTrue,
           "Now the key may sign for you");
  }

  // The number of the newest line of `consent list` that has this in it.
  std::string NumberOf(const std::string& wallet, const std::string& what) {
    const std::string list = With(wallet, "consent list").text;
    const size_t at = list.rfind(what);
    if (at == std::string::npos) {
      ADD_FAILURE() << list;
      return "";
    }
    return list.substr(list.rfind("\n  ", at) + 3, 12);
  }

  // The fingerprint in the last line of `wallet show` that begins with "key".
  std::string Fingerprint(const std::string& wallet) {
    const std::string shown = Run("wallet show --wallet " + wallet).text;
    return shown.substr(shown.rfind("  key ") + 6, 16);
  }

  static constexpr char kGrant[] =
      "consent grant --purpose PublicServiceProvision --category Income --yes ";

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  // Tests run in the folder of their data.
  const std::string program_ = absl::StrCat(getenv("PWD"), "/client/vidimus");
  std::unique_ptr<ServerProcess> server_;
  std::string url_;
};

TEST_F(WalletE2eTest, FromAFirstKeyToAWithdrawal) {
  InitAndEnrol("w");
  Expect(Run("wallet show --wallet w"), kTrue, "#1: signs");
  // Without an answer nothing is signed.
  Expect(With("w", "consent grant --administration 0 --purpose P --category C"),
         kFalse, "Nothing was signed.");
  Expect(With("w", std::string(kGrant) +
                       "--administration 0 --administration 1 --language sv"),
         kTrue, "Jag samtycker till att ");
  Said list = With("w", "consent list");
  Expect(list, kTrue, "consent; PublicServiceProvision: Income; in force\n#1 ");
  EXPECT_FALSE(absl::StrContains(list.text, "UNKNOWN KEY"));

  const std::string number = NumberOf("w", "consent; ");
  Expect(With("w", absl::StrCat("consent receipt ", number, " --out r.json")),
         kTrue, "Kept in r.json");
  struct stat info;
  ASSERT_EQ(stat((temp_ / "r.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  // One step, in both chains.
  Expect(With("w", absl::StrCat("consent withdraw ", number, " --yes")), kTrue,
         "Now it is withdrawn");
  list = With("w", "consent list");
  EXPECT_FALSE(absl::StrContains(list.text, "Income; in force")) << list.text;
  Expect(With("w", absl::StrCat("consent withdraw ", number, " --yes")),
         kUnusable, "no statement in force");
  Expect(With("w", "consent import r.json --yes"), kTrue, "I consent to ");
}

TEST_F(WalletE2eTest, EveryVerbIsHeard) {
  InitAndEnrol("w");
  const std::string to = " --administration 0 --yes";
  Expect(With("w", "consent prohibit --purpose Education" + to), kTrue, "Now ");
  const std::string number = NumberOf("w", "prohibition");
  Expect(With("w", absl::StrCat("consent withdraw ", number, " --yes")), kTrue,
         "Now it is withdrawn");
  Expect(With("w", "consent object --reason no" + to), kTrue, "objection");
  Expect(With("w", "consent prefer --unwanted" + to), kTrue, "binds nobody");
  Expect(With("w", "consent dispute --entry 0 --administration 0 --yes"), kTrue,
         "contested");
  const std::string key(64, '0');
  Expect(With("w", "wallet delegate " + key + " --until 2030-01-01" + to),
         kUsage, "public key");
  Expect(With("w", "wallet alias --subject_file somebody" + to), kTrue,
         "your other id");
}

TEST_F(WalletE2eTest, ALostKeyIsNotNeeded) {
  InitAndEnrol("w");
  // A second device.
  Expect(Run("wallet init --vkey log/log.vkey --subject_file me --request r2 "
             "--wallet tablet"),
         kTrue, "");
  const std::string shown = Run("wallet show --wallet tablet").text;
  const std::string key = shown.substr(shown.rfind("public ") + 7, 64);
  Expect(With("w", absl::StrCat("wallet add ", key,
                                " --administration self --administration 0 "
                                "--yes")),
         kTrue, "Now the key may sign for you");
  Expect(With("w", std::string(kGrant) + "--administration 0"), kTrue, "Now ");
  const std::string lost = Fingerprint("w");
  // The phone is gone: the tablet withdraws and ends its key, but not in the
  // chain that does not know the tablet.
  Said said = With("tablet", "consent withdraw --everything --yes");
  Expect(said, kFalse, "Now it is withdrawn");
  Expect(said, kFalse, "Left out: administration 1: no key of this wallet");
  Expect(With("tablet", "consent list"), kTrue, "UNKNOWN KEY: " + lost);
  said = With("tablet", absl::StrCat("wallet revoke ", lost, " --yes"));
  Expect(said, kFalse, "Now nothing counts any more that the key signs");
  Expect(With("w", std::string(kGrant) + "--administration 0"), kUnusable,
         "every key of this wallet is revoked there");
}

TEST_F(WalletE2eTest, ARecoveredKeyWaitsButCanWithdraw) {
  InitAndEnrol("w");
  Expect(With("w", std::string(kGrant) + "--administration 0"), kTrue, "Now ");
  // Everything is lost; a new phone.
  Expect(Run("wallet init --vkey log/log.vkey --subject_file me --request r "
             "--wallet new"),
         kTrue, "");
  Expect(With("new", "consent withdraw --everything --administration 0 --yes"),
         kUnusable, "no key of this wallet is known there");
  Expect(With("new", "wallet recover --request recovery"), kTrue,
         "it waits 72 hours");
  Expect(Run("identity sign --key service.key --number 0 recovery > s"), kTrue,
         "recovery by key");
  Expect(With("new", "wallet file s"), kTrue, "in 72 hours");
  Expect(With("new", std::string(kGrant) + "--administration 0"), kUnusable,
         "counts for this from");
  Expect(With("new", "consent withdraw --everything --administration 0 --yes"),
         kTrue, "Now it is withdrawn");
  Expect(With("w", "consent list"), kTrue, "Income; withdrawn");
}

TEST_F(WalletE2eTest, WhatIsSaidWhileTheLogIsAwayIsFiledLater) {
  InitAndEnrol("w");
  Expect(With("w", std::string(kGrant) + "--administration 0"), kTrue, "Now ");
  server_->Kill();
  Expect(With("w", "consent withdraw --everything --administration 0 --yes"),
         kFalse, "Signed and kept, and not in the log yet");
  Expect(Run("wallet show --wallet w"), kTrue,
         "signed, and not in the log yet: 1");
  Start();
  Said list = With("w", "consent list");
  Expect(list, kTrue, "Filed now, from an earlier call: 1.");
  Expect(list, kTrue, "Income; withdrawn");
}

TEST_F(WalletE2eTest, RefusesWhatIsWrong) {
  InitAndEnrol("w");
  Expect(With("w", std::string(kGrant) + "--administration 99"), kUnusable,
         "no administration 99");
  Expect(With("w", std::string(kGrant) + "--administration 2"), kUnusable,
         "wallet request");
  Expect(With("w", "wallet request --administration 0 --request r"), kUnusable,
         "knows a key of yours already");
  // Two requests for one chain, in the wrong order.
  Expect(With("w", "wallet request --administration 2 --request r"), kTrue, "");
  Expect(Run("identity sign --key service.key --number 0 --subject_file "
             "somebody r"),
         kUnusable, "another person");
  Expect(Run("identity sign --key service.key --number 0 --family x r"),
         kUnusable, "another family");
  Expect(Run("identity sign --key service.key --number 0 me"), kUnusable, "");
  Expect(Run("identity sign --key service.key --number 7 r > s"), kTrue, "");
  Expect(With("w", "wallet file s"), kUnusable, "the log refused it");
  Expect(With("w", "wallet file r"), kUnusable, "");

  // Somebody else's token, another family, no wallet.
  const Ended token =
      RunLog({"token", "--dir", dir_, "--subject", TestSubject(2).substr(1)});
  Private("token", token.output);
  Expect(With("w", "consent list"), kUnusable, "by another id");
  Expect(With("nowhere", "consent list"), kUnusable, "vidimus wallet init");
  ASSERT_EQ(RunLog({"init", "--dir", temp_ / "other", "--origin",
                    "vidimus.example/other/2026h1"})
                .exit_code,
            0);
  Expect(Run(absl::StrCat("consent list --server ", url_,
                          " --token-file token --vkey other/log.vkey "
                          "--wallet w")),
         kUnusable, "no wallet for the logs of vidimus.example/other");

  // A wallet that others may read, and one that is damaged.
  ASSERT_EQ(chmod((temp_ / "w").c_str(), 0755), 0);
  Expect(With("w", "consent list"), kUnusable, "0700");
  ASSERT_EQ(chmod((temp_ / "w").c_str(), 0700), 0);
  for (const std::string& file : FilesUnder(temp_ / "w")) {
    if (!absl::EndsWith(file, "/wallet")) continue;
    Private(file.substr(temp_.path().size() + 1), "nonsense");
  }
  Expect(With("w", "consent list"), kUnusable, "damaged");
  Expect(Run("consent frobnicate"), kUsage, "vidimus consent grant");
  Expect(Run("wallet"), kUsage, "vidimus wallet init");
  Expect(Run("identity"), kUsage, "vidimus identity sign");
}

}  // namespace
}  // namespace vidimus
