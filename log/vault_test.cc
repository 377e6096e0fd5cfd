#include "log/vault.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/aead.h"
#include "log/log_testing.h"
#include "verifier/encoding.h"

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

TEST_F(VaultTest, WhatIsDestroyedStaysDestroyed) {
  std::vector<std::string> rows;
  {
    const auto vault = Open();
    for (uint64_t first = 0; first < 6; ++first) {
      rows.push_back(*vault->Seal(first, MakePage("x")));
    }
    const uint64_t slot = *Vault::SlotOf(rows[1]);
    ASSERT_TRUE(
        vault->Destroy({{slot, slot + 2}, {slot + 3, slot + 4}}, true).ok());
    // Of blocks that are not there.
    ASSERT_TRUE(vault->Destroy({{1 << 20, 1 << 21}}, true).ok());
  }
  for (int restart = 0; restart < 2; ++restart) {
    const auto vault = Open();
    for (uint64_t first = 0; first < rows.size(); ++first) {
      EXPECT_EQ(vault->Open(first, rows[first]).ok(),
                first == 0 || first == 3 || first == 5)
          << first;
    }
  }
}

TEST_F(VaultTest, DestroysKeysWhoseUseWasNeverCommitted) {
  std::string committed, lost, other;
  {
    const auto vault = Open();
    committed = *vault->Seal(0, MakePage("x"));
    lost = *vault->Seal(1, MakePage("x"));
  }
  // A start that wrote nothing, and one while another server runs.
  { const auto vault = Open(); }
  const auto other_server = Open();
  other = *other_server->Seal(1, MakePage("x"));
  const auto vault = Open();
  ASSERT_TRUE(vault->DestroyUnused(*Vault::SlotOf(committed)).ok());
  EXPECT_TRUE(vault->Open(0, committed).ok());
  EXPECT_FALSE(vault->Open(1, lost).ok());
  EXPECT_TRUE(other_server->Open(1, other).ok());
  // The fresh block is whole.
  const auto row = vault->Seal(1, MakePage("y"));
  ASSERT_TRUE(row.ok());
  EXPECT_TRUE(vault->Open(1, *row).ok());
}

class VaultRotationTest : public VaultTest {
 protected:
  VaultRotationTest() : key_file_(folder_ + ".key") {
    WriteFile(key_file_, HexEncode(key_) + "\n");
  }

  void WriteFile(const std::string& path, const std::string& bytes) {
    auto file = *PosixDisk()->Open(path, false);
    ASSERT_TRUE(file->WriteAt(0, bytes).ok());
  }

  // As a start of the server does.
  std::unique_ptr<Vault> OpenByFile() {
    auto file = *PosixDisk()->Open(key_file_, false);
    std::string digits = *file->ReadAt(0, 64);
    EXPECT_TRUE(HexDecode(digits, &key_));
    auto vault = Vault::Open(PosixDisk(), folder_, key_, &random_, key_file_);
    EXPECT_TRUE(vault.ok()) << vault.status();
    return *std::move(vault);
  }

  const std::string key_file_;
};

TEST_F(VaultRotationTest, EveryPageOpensUnderTheNewKeyAndNoneUnderTheOld) {
  const std::string old_key = key_;
  std::vector<std::string> rows;
  for (int restart = 0; restart < 3; ++restart) {
    const auto vault = OpenByFile();
    rows.push_back(*vault->Seal(rows.size(), MakePage("x")));
  }
  auto vault = OpenByFile();
  uint64_t calls = 0;
  ASSERT_TRUE(vault
                  ->Rotate([&](uint64_t done, uint64_t blocks) {
                    EXPECT_EQ(done, calls++);
                    EXPECT_EQ(blocks, 4u);
                    return true;
                  })
                  .ok());
  EXPECT_FALSE(vault->rotating());
  rows.push_back(*vault->Seal(rows.size(), MakePage("x")));
  for (int restart = 0; restart < 2; ++restart) {
    for (uint64_t first = 0; first < rows.size(); ++first) {
      EXPECT_TRUE(vault->Open(first, rows[first]).ok()) << first;
    }
    vault = OpenByFile();
  }
  EXPECT_NE(key_, old_key);
  key_ = old_key;
  vault = Open();
  for (uint64_t first = 0; first < rows.size(); ++first) {
    EXPECT_FALSE(vault->Open(first, rows[first]).ok()) << first;
  }
}

TEST_F(VaultRotationTest, GoesOnWhereItWasInterrupted) {
  std::vector<std::string> rows;
  for (int restart = 0; restart < 3; ++restart) {
    const auto vault = OpenByFile();
    rows.push_back(*vault->Seal(rows.size(), MakePage("x")));
  }
  for (uint64_t stop = 0; stop < 4; ++stop) {
    const auto vault = OpenByFile();
    EXPECT_TRUE(absl::IsCancelled(vault->Rotate(
        [stop](uint64_t done, uint64_t) { return done < stop; })));
    EXPECT_TRUE(vault->rotating());
    // Between the two keys the log goes on.
    rows.push_back(*vault->Seal(rows.size(), MakePage("x")));
    const uint64_t slot = *Vault::SlotOf(rows[0]);
    if (stop == 2) {
      ASSERT_TRUE(vault->Destroy({{slot, slot + 1}}, true).ok());
    }
    for (uint64_t first = 0; first < rows.size(); ++first) {
      EXPECT_EQ(vault->Open(first, rows[first]).ok(), first > 0 || stop < 2);
    }
  }
  auto vault = OpenByFile();
  EXPECT_TRUE(vault->rotating());
  ASSERT_TRUE(vault->Rotate([](uint64_t, uint64_t) { return true; }).ok());
  vault = OpenByFile();
  EXPECT_FALSE(vault->rotating());
  for (uint64_t first = 1; first < rows.size(); ++first) {
    EXPECT_TRUE(vault->Open(first, rows[first]).ok()) << first;
  }
}

TEST_F(VaultRotationTest, KeepsTheOldKeyIfASlotOpensUnderNeither) {
  std::string row;
  {
    const auto vault = OpenByFile();
    row = *vault->Seal(0, MakePage("x"));
  }
  {
    auto file = *PosixDisk()->Open(folder_ + "/00000000", false);
    ASSERT_TRUE(file->WriteAt(70 * 64 + 20, "x").ok());
  }
  const std::string old_key = key_;
  const auto vault = OpenByFile();
  EXPECT_TRUE(
      absl::IsDataLoss(vault->Rotate([](uint64_t, uint64_t) { return true; })));
  EXPECT_TRUE(vault->Open(0, row).ok());
  OpenByFile();
  EXPECT_EQ(key_, old_key);
}

TEST_F(VaultTest, CannotBeRotatedWithoutAKeyFile) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Open()->Rotate([](uint64_t, uint64_t) { return true; })));
}

TEST_F(VaultTest, RefusesAnotherVaultKey) {
  const auto row = Open()->Seal(7, MakePage("secret"));
  ASSERT_TRUE(row.ok());
  key_[0] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(Open()->Open(7, *row).status()));
}

}  // namespace
}  // namespace vidimus
