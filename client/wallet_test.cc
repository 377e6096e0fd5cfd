#include "client/wallet.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kFamily[] = "log.example/city";
const std::string kSubject = "\x01resident";

class WalletTest : public testing::Test {
 protected:
  WalletTest() {
    std::string folder = testing::TempDir() + "/wallet.XXXXXX";
    folder_ = absl::StrCat(mkdtemp(folder.data()), "/a/b");
  }

  // The family's folder.
  std::string Inner() const {
    return absl::StrCat(folder_, "/",
                        HexEncode(Bytes(Sha256(kFamily))).substr(0, 32));
  }

  absl::StatusOr<std::unique_ptr<Wallet>> Open() {
    return Wallet::Open(folder_, kFamily);
  }

  std::string MakeOne() {
    auto wallet = Wallet::Make(folder_, kFamily, kSubject);
    EXPECT_TRUE(wallet.ok()) << wallet.status();
    return *(*wallet)->AddKey("phone", false, 1800000000);
  }

  std::string folder_;
};

TEST_F(WalletTest, KeepsKeysThatSign) {
  const std::string key = MakeOne();
  const auto wallet = Open();
  ASSERT_TRUE(wallet.ok()) << wallet.status();
  EXPECT_EQ((*wallet)->subject(), kSubject);
  ASSERT_EQ((*wallet)->state().key_size(), 1);
  EXPECT_EQ((*wallet)->state().key(0).public_key(), key);
  const auto signer = (*wallet)->Signer(key);
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_TRUE(Ed25519Verify(key, "yes", (*signer)->Sign("yes")));
  EXPECT_EQ((*Wallet::Families(folder_)), std::vector<std::string>{kFamily});
}

TEST_F(WalletTest, IsNobodyElses) {
  const std::string key = MakeOne();
  struct stat info;
  for (const std::string& path : {folder_, Inner(), Inner() + "/keys"}) {
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << path;
  }
  const std::string file =
      absl::StrCat(Inner(), "/keys/", KeyFingerprint(key), ".key");
  for (const std::string& path : {Inner() + "/wallet", file}) {
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << path;
  }
}

TEST_F(WalletTest, RefusesWrongModes) {
  const std::string key = MakeOne();
  const std::string file =
      absl::StrCat(Inner(), "/keys/", KeyFingerprint(key), ".key");
  for (const std::string& path :
       {folder_, Inner(), Inner() + "/keys", Inner() + "/wallet", file}) {
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    ASSERT_EQ(chmod(path.c_str(), (info.st_mode & 0777) | 0040), 0);
    EXPECT_EQ(Open().status().code(), absl::StatusCode::kPermissionDenied)
        << path;
    ASSERT_EQ(chmod(path.c_str(), info.st_mode & 0777), 0);
    EXPECT_TRUE(Open().ok()) << path;
  }
}

TEST_F(WalletTest, NamesTheFileThatIsDamaged) {
  const std::string key = MakeOne();
  const std::string state = Inner() + "/wallet";
  const std::string good = *ReadFile(state, 1 << 20);
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] ^= 1;
    ASSERT_TRUE(WriteFile(state, bad, 0600, false).ok());
    const absl::Status status = Open().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << i;
    EXPECT_TRUE(absl::StrContains(status.message(), state)) << status;
  }
  ASSERT_TRUE(
      WriteFile(state, good.substr(0, good.size() - 1), 0600, false).ok());
  EXPECT_FALSE(Open().ok());
  ASSERT_TRUE(WriteFile(state, good, 0600, false).ok());

  const std::string file =
      absl::StrCat(Inner(), "/keys/", KeyFingerprint(key), ".key");
  ASSERT_TRUE(WriteFile(file, std::string(64, '0') + "\n", 0600, false).ok());
  absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "another key")) << status;
  ASSERT_EQ(unlink(file.c_str()), 0);
  status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "it is gone")) << status;
}

TEST_F(WalletTest, SaysWhatToDoWithoutAWallet) {
  const absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), "vidimus wallet init"));
  MakeOne();
  EXPECT_EQ(Wallet::Open(folder_, "log.example/other").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Wallet::Make(folder_, kFamily, kSubject).status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(WalletTest, IsForOneProgramAtATime) {
  MakeOne();
  auto first = Open();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kUnavailable);
  first->reset();
  EXPECT_TRUE(Open().ok());
}

TEST_F(WalletTest, KeepsWhatIsOnItsWay) {
  MakeOne();
  const std::string id(16, 'i');
  v1::PendingStatement pending;
  pending.add_administration(3);
  pending.add_entry()->set_record("secret words");
  {
    const auto wallet = Open();
    ASSERT_TRUE((*wallet)->Keep(id, pending).ok());
  }
  {
    const auto wallet = Open();
    const auto all = (*wallet)->Pending();
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(all->size(), 1u);
    EXPECT_EQ((*all)[0].first, id);
    EXPECT_EQ((*all)[0].second.SerializeAsString(),
              pending.SerializeAsString());
    ASSERT_TRUE((*wallet)->Drop(id).ok());
    EXPECT_TRUE((*wallet)->Pending()->empty());
  }
}

// A program that is killed leaves a file half written or half erased.
TEST_F(WalletTest, SurvivesAKillAtAnyMoment) {
  const std::string key = MakeOne();
  const std::string outbox = Inner() + "/outbox/";
  ASSERT_TRUE(WriteFile(Inner() + "/keys/0011223344556677.key.new",
                        std::string(64, 'a'), 0600, false)
                  .ok());
  ASSERT_TRUE(WriteFile(outbox + "0a.statement.new", "half", 0600, false).ok());
  ASSERT_TRUE(
      WriteFile(outbox + "0a.statement", std::string(100, '\0'), 0600, false)
          .ok());
  ASSERT_TRUE(WriteFile(Inner() + "/wallet.new", "half", 0600, false).ok());
  const auto wallet = Open();
  ASSERT_TRUE(wallet.ok()) << wallet.status();
  EXPECT_TRUE((*wallet)->Pending()->empty());
  EXPECT_EQ((*wallet)->state().key_size(), 1);
  EXPECT_NE(access((Inner() + "/keys/0011223344556677.key.new").c_str(), F_OK),
            0);
  EXPECT_NE(access((outbox + "0a.statement").c_str(), F_OK), 0);
  // A key that nothing speaks of yet is no harm.
  EXPECT_TRUE((*wallet)->AddKey("tablet", true, 1800000001).ok());
}

TEST_F(WalletTest, LiesWhereTheSpecificationSays) {
  setenv("XDG_DATA_HOME", "/x/data", 1);
  EXPECT_EQ(*DefaultWalletFolder(), "/x/data/vidimus/wallet");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/h", 1);
  EXPECT_EQ(*DefaultWalletFolder(), "/h/.local/share/vidimus/wallet");
  unsetenv("XDG_DATA_HOME");
  unsetenv("HOME");
  EXPECT_FALSE(DefaultWalletFolder().ok());
}

}  // namespace
}  // namespace vidimus
