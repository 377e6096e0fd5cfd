#include "log/erasure_ledger.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vidimus {
namespace {

class ErasureLedgerTest : public ::testing::Test {
 protected:
  ErasureLedgerTest()
      : path_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    Open();
  }

  void Open() {
    ledger_.reset();
    auto ledger = ErasureLedger::Open(PosixDisk(), path_);
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    ledger_ = *std::move(ledger);
  }

  absl::Status Reopen() {
    ledger_.reset();
    return ErasureLedger::Open(PosixDisk(), path_).status();
  }

  void Overwrite(uint64_t offset, const std::string& bytes) {
    auto file = PosixDisk()->Open(path_, false);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->WriteAt(offset, bytes).ok());
  }

  // "[1,3) [7,8)"
  std::string Destroyed() {
    std::string text;
    for (const SlotRange& range : ledger_->Destroyed()) {
      absl::StrAppend(&text, text.empty() ? "" : " ", "[", range.begin, ",",
                      range.end, ")");
    }
    return text;
  }

  const std::string path_;
  std::unique_ptr<ErasureLedger> ledger_;
};

TEST_F(ErasureLedgerTest, RemembersIntentsUntilTheyAreSettled) {
  ASSERT_TRUE(ledger_->Intend({{10, 5}, {20, 6}, {30, 9}}).ok());
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(ledger_->Pending().size(), 3u);
    EXPECT_EQ(Destroyed(), "");
    Open();
  }
  ASSERT_TRUE(ledger_->Settle({{10, 5}, {20, 6}}, false).ok());
  ASSERT_TRUE(ledger_->Settle({{30, 9}}, true).ok());
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_TRUE(ledger_->Pending().empty());
    EXPECT_EQ(Destroyed(), "[5,7)");
    EXPECT_EQ(ledger_->destroyed(), 2u);
    Open();
  }
}

TEST_F(ErasureLedgerTest, JoinsWhatTouches) {
  for (const uint64_t slot : {4, 2, 9, 3, 8, 2, 0, 1}) {
    ASSERT_TRUE(ledger_->Settle({{0, slot}}, false).ok());
  }
  EXPECT_EQ(Destroyed(), "[0,5) [8,10)");
  EXPECT_EQ(ledger_->destroyed(), 7u);
  Open();
  EXPECT_EQ(Destroyed(), "[0,5) [8,10)");
}

TEST_F(ErasureLedgerTest, AnIntentThatComesAgainIsOne) {
  ASSERT_TRUE(ledger_->Intend({{10, 5}}).ok());
  ASSERT_TRUE(ledger_->Intend({{10, 5}}).ok());
  EXPECT_EQ(ledger_->Pending().size(), 1u);
  ASSERT_TRUE(ledger_->Settle({{10, 5}}, false).ok());
  EXPECT_TRUE(ledger_->Pending().empty());
}

TEST_F(ErasureLedgerTest, HoldsAndReleases) {
  ASSERT_TRUE(ledger_->SetHold(7, true).ok());
  ASSERT_TRUE(ledger_->SetHold(8, true).ok());
  ASSERT_TRUE(ledger_->SetHold(7, false).ok());
  Open();
  EXPECT_FALSE(ledger_->Held(7));
  EXPECT_TRUE(ledger_->Held(8));
  EXPECT_EQ(ledger_->held(), 1u);
}

TEST_F(ErasureLedgerTest, DropsATornEndAndGoesOn) {
  ASSERT_TRUE(ledger_->Settle({{0, 1}}, false).ok());
  ASSERT_TRUE(ledger_->Settle({{0, 5}, {0, 7}, {0, 9}}, false).ok());
  // The first of the three was not written whole.
  Overwrite(32 + 20, std::string(12, '\0'));
  Open();
  EXPECT_EQ(Destroyed(), "[1,2)");
  // What stood behind it does not come back.
  ASSERT_TRUE(ledger_->Settle({{0, 20}}, false).ok());
  Open();
  EXPECT_EQ(Destroyed(), "[1,2) [20,21)");
}

TEST_F(ErasureLedgerTest, DropsARecordCutShort) {
  ASSERT_TRUE(ledger_->Settle({{0, 1}}, false).ok());
  Overwrite(32, "\2garbage");
  Open();
  EXPECT_EQ(Destroyed(), "[1,2)");
  ASSERT_TRUE(ledger_->Settle({{0, 3}}, false).ok());
  Open();
  EXPECT_EQ(Destroyed(), "[1,2) [3,4)");
}

TEST_F(ErasureLedgerTest, RefusesDamageThatNoCrashLeaves) {
  for (int i = 0; i < 3; ++i) {
    std::vector<ErasureLedger::Intent> intents;
    for (uint64_t j = 0; j < ErasureLedger::kIntentsMax; ++j) {
      intents.push_back({0, 2 * (i * ErasureLedger::kIntentsMax + j)});
    }
    ASSERT_TRUE(ledger_->Intend(intents).ok());
  }
  Overwrite(32 * 5 + 9, "x");
  const absl::Status refused = Reopen();
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("record 5"));
}

}  // namespace
}  // namespace vidimus
