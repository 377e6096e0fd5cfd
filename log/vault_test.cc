#include "log/vault.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/aead.h"
#include "log/log_testing.h"

namespace vidimus {
namespace {

TEST(AeadTest, OpensOnlyWhatItSealed) {
  const std::string key(32, 'k'), nonce(12, 'n');
  const std::string sealed = AeadSeal(key, nonce, "context", "plain");
  EXPECT_EQ(sealed.size(), 5 + kAeadTagBytes);
  EXPECT_EQ(AeadOpen(key, nonce, "context", sealed), "plain");
  EXPECT_EQ(AeadOpen(std::string(32, 'j'), nonce, "context", sealed),
            std::nullopt);
  EXPECT_EQ(AeadOpen(key, std::string(12, 'm'), "context", sealed),
            std::nullopt);
  EXPECT_EQ(AeadOpen(key, nonce, "other", sealed), std::nullopt);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] ^= 1;
    EXPECT_EQ(AeadOpen(key, nonce, "context", flipped), std::nullopt) << i;
    EXPECT_EQ(AeadOpen(key, nonce, "context", sealed.substr(0, i)),
              std::nullopt);
  }
  EXPECT_EQ(AeadOpen(key, "short", "context", sealed), std::nullopt);
}

// NIST's test case 16 of the GCM specification, without its extra data.
TEST(AeadTest, AgreesWithNist) {
  const std::string key(32, '\0'), nonce(12, '\0');
  const std::string sealed = AeadSeal(key, nonce, "", std::string(16, '\0'));
  EXPECT_EQ(sealed,
            std::string("\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba"
                        "\xf3\x9d\x18\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b"
                        "\x98\xb5\xd4\x8a\xb9\x19",
                        32));
}

class VaultTest : public ::testing::Test {
 protected:
  VaultTest()
      : random_(3),
        key_(random_.Draw(32)),
        folder_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {}

  std::unique_ptr<Vault> Open() {
    auto vault = Vault::Open(PosixDisk(), folder_, key_, &random_);
    EXPECT_TRUE(vault.ok()) << vault.status();
    return *std::move(vault);
  }

  vault::Page MakePage(const std::string& record) {
    vault::Page page;
    page.add_openings()->set_record(record);
    return page;
  }

  SeededRandom random_;
  std::string key_, folder_;
};

TEST_F(VaultTest, OpensWhatItSealedAlsoAfterRestarts) {
  std::vector<std::string> rows;
  for (int restart = 0; restart < 3; ++restart) {
    const auto vault = Open();
    for (uint64_t i = 0; i < 3; ++i) {
      const auto row =
          vault->Seal(rows.size(), MakePage(absl::StrCat("r", rows.size())));
      ASSERT_TRUE(row.ok()) << row.status();
      rows.push_back(*row);
    }
    for (uint64_t first = 0; first < rows.size(); ++first) {
      const auto page = vault->Open(first, rows[first]);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->openings(0).record(), absl::StrCat("r", first));
    }
  }
}

TEST_F(VaultTest, UsesAKeyOnceOnly) {
  const auto vault = Open();
  const auto one = vault->Seal(0, MakePage("same"));
  const auto two = vault->Seal(0, MakePage("same"));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->substr(0, 9), two->substr(0, 9)) << "key slot";
}

TEST_F(VaultTest, GoesOnBeyondABlockOfKeys) {
  const auto vault = Open();
  std::string last;
  for (uint64_t i = 0; i <= 4096; ++i) {
    const auto row = vault->Seal(i, MakePage("x"));
    ASSERT_TRUE(row.ok()) << row.status();
    last = *row;
  }
  EXPECT_TRUE(vault->Open(4096, last).ok());
}

TEST_F(VaultTest, RefusesARowOfAnotherBatchOrAnyChange) {
  const auto vault = Open();
  const auto row = vault->Seal(7, MakePage("secret"));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->find("secret"), std::string::npos);
  EXPECT_TRUE(absl::IsDataLoss(vault->Open(8, *row).status()));
  for (size_t i = 0; i < row->size(); ++i) {
    std::string flipped = *row;
    flipped[i] ^= 1;
    EXPECT_FALSE(vault->Open(7, flipped).ok()) << i;
    EXPECT_FALSE(vault->Open(7, row->substr(0, i)).ok()) << i;
  }
}

TEST_F(VaultTest, RefusesAnotherVaultKey) {
  const auto row = Open()->Seal(7, MakePage("secret"));
  ASSERT_TRUE(row.ok());
  key_[0] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(Open()->Open(7, *row).status()));
}

}  // namespace
}  // namespace vidimus
