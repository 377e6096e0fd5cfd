#include "log/check_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/wallet_testing.h"
#include "verifier/checkpoint.h"
#include "verifier/index.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

class CheckServiceTest : public ::testing::Test {
 protected:
  CheckServiceTest()
      : log_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        anna_(log_.Wallet(1, 0)) {}

  void TearDown() override {
    EXPECT_LOG_IS_SOUND(log_.log(), log_.storage(), log_.key());
  }

  Hash KeyOf(uint64_t resident, uint32_t a) {
    const auto key = log_.log()->chain_keys()->Prove(TestSubject(resident), a);
    EXPECT_TRUE(key.ok());
    return key->key;
  }

  // As an administration judges an answer, by verifier/ alone. The number of
  // entries, all of them proven.
  uint64_t ExpectProven(const v1::CheckResponse& answer, const Hash& key,
                        uint64_t since) {
    Checkpoint checkpoint;
    EXPECT_EQ(OpenCheckpoint(answer.checkpoint(), log_.key(), &checkpoint),
              Finding::kOk);
    EXPECT_EQ(checkpoint.head.size, answer.size());
    const uint64_t n = since + answer.chain().entries_size();
    std::vector<Hash> labels;
    std::vector<std::pair<uint64_t, Hash>> leaves;
    for (uint64_t i = since; i <= n; ++i) labels.push_back(ChainLabel(key, i));
    std::vector<Hash> sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    for (const v1::ChainEntry& entry : answer.chain().entries()) {
      leaves.push_back({entry.leaf_index(), LeafHash(entry.leaf())});
    }
    leaves.push_back({answer.size() - 1, LeafHash(answer.seal())});
    std::sort(leaves.begin(), leaves.end());
    std::vector<uint64_t> indices;
    std::vector<Hash> hashes;
    for (const auto& [index, hash] : leaves) {
      indices.push_back(index);
      hashes.push_back(hash);
    }
    const auto path = HashesFromBytes(answer.inclusion_proof());
    EXPECT_TRUE(path.has_value());
    EXPECT_EQ(VerifyMultiInclusion(indices, hashes, checkpoint.head, *path),
              Finding::kOk);
    Leaf seal;
    EXPECT_EQ(ParseLeaf(answer.seal(), &seal), Finding::kOk);
    std::vector<IndexAnswer> found;
    EXPECT_EQ(VerifySeveral(sorted, SealOf(seal).index_root, answer.size() - 1,
                            answer.index_proof(), &found),
              Finding::kOk);
    for (size_t i = 0; i < sorted.size() && i < found.size(); ++i) {
      const uint64_t number =
          since +
          (std::find(labels.begin(), labels.end(), sorted[i]) - labels.begin());
      EXPECT_EQ(found[i].has_value(), number < n) << number;
      if (number >= n || !found[i].has_value()) continue;
      const v1::ChainEntry& entry =
          answer.chain().entries(static_cast<int>(number - since));
      EXPECT_EQ(*found[i], entry.leaf_index());
      Leaf leaf;
      EXPECT_EQ(ParseLeaf(entry.leaf(), &leaf), Finding::kOk);
      EXPECT_EQ(leaf.a, sorted[i]);
    }
    return n;
  }

  AskingLog log_;
  TestWallet anna_;
};

TEST_F(CheckServiceTest, ProvesAllThatStandsAndThatThereIsNoMore) {
  const Hash key = KeyOf(1, 0);
  auto answer = log_.Check(0, 1, 0);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(ExpectProven(*answer, key, 0), 0u);

  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  ASSERT_TRUE(log_.Record(0, 1).ok());
  ASSERT_TRUE(log_.File(anna_.Grant(), &anna_).ok());
  for (const bool cold : {false, true}) {
    if (cold) log_.Open();
    for (uint64_t since = 0; since <= 3; ++since) {
      answer = log_.Check(0, 1, since);
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(ExpectProven(*answer, key, since), 3u);
      EXPECT_TRUE(answer->chain().chain_key().empty());
      for (uint64_t i = since; i < 3; ++i) {
        // Of its own access only the leaf; what the resident said is open.
        EXPECT_EQ(answer->chain().entries(i - since).has_opening(), i != 1);
      }
    }
  }
}

TEST_F(CheckServiceTest, RejectsWhatIsNotTheCallers) {
  EXPECT_TRUE(absl::IsUnauthenticated(log_.Check({}, 1, 0).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(log_.Check(9, 1, 0).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(log_.Check(kSelf, 1, 0).status()));
  ASSERT_TRUE(log_.Record(0, 1).ok());
  const auto other = log_.Check(1, 1, 0);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->chain().entries_size(), 0);
}

TEST_F(CheckServiceTest, RejectsMoreEntriesThanThereAre) {
  ASSERT_TRUE(log_.Record(0, 1).ok());
  EXPECT_TRUE(log_.Check(0, 1, 1).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(log_.Check(0, 1, 2).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(log_.Check(0, 1, UINT64_MAX).status()));
}

TEST_F(CheckServiceTest, RejectsWhatOneAnswerCantHold) {
  log_.check_limits_.entries_max = 2;
  log_.Open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log_.Record(0, 1).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(log_.Check(0, 1, 0).status()));
  EXPECT_TRUE(log_.Check(0, 1, 1).ok());
}

TEST_F(CheckServiceTest, EntersTheFirstLookThatWantsTheKey) {
  const auto first = log_.Check(0, 1, 0, /*wants_key=*/true);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->chain().chain_key(), std::string(Bytes(KeyOf(1, 0))));
  EXPECT_EQ(first->chain().vrf_proof().size(), 80u);
  const uint64_t size = log_.log()->Latest()->head.size;
  // Once, also for a server that has forgotten.
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(log_.Check(0, 1, 0, true).ok());
    EXPECT_EQ(log_.log()->Latest()->head.size, size);
    log_.Open();
  }
}

TEST_F(CheckServiceTest, EntersALookThatShowsWhatAResidentSaidToAStranger) {
  const uint64_t nothing = log_.log()->Latest()->head.size;
  ASSERT_TRUE(log_.Check(0, 1, 0).ok());
  EXPECT_EQ(log_.log()->Latest()->head.size, nothing) << "nothing was shown";
  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  const uint64_t filed = log_.log()->Latest()->head.size;
  ASSERT_TRUE(log_.Check(0, 1, 0).ok());
  const uint64_t looked = log_.log()->Latest()->head.size;
  EXPECT_GT(looked, filed);
  ASSERT_TRUE(log_.Check(0, 1, 0).ok());
  EXPECT_EQ(log_.log()->Latest()->head.size, looked) << "once";
  // Who recorded the first entry has the key by its receipt.
  ASSERT_TRUE(log_.Record(0, 2).ok());
  TestWallet berta = log_.Wallet(2, 0);
  ASSERT_TRUE(log_.File(berta.FirstKey(), &berta).ok());
  const uint64_t known = log_.log()->Latest()->head.size;
  ASSERT_EQ(log_.Check(0, 2, 0)->chain().entries_size(), 2);
  EXPECT_EQ(log_.log()->Latest()->head.size, known);
}

// --- Recording on what was checked -------------------------------------------

TEST_F(CheckServiceTest, RecordsOnAllThatStands) {
  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  EXPECT_TRUE(log_.Record(0, 1, {1}).ok());
  // Its own accesses are no statement.
  EXPECT_TRUE(log_.Record(0, 1, {1}).ok());
  log_.Open();
  EXPECT_TRUE(log_.Record(0, 1, {1}).ok());
  EXPECT_TRUE(log_.Record(0, 1, {4}).ok());
}

TEST_F(CheckServiceTest, AbortsWhatANewerStatementOvertook) {
  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  ASSERT_TRUE(log_.Record(0, 1, {1}).ok());
  ASSERT_TRUE(log_.File(anna_.WithdrawEverything(), &anna_).ok());
  for (const bool cold : {false, true}) {
    if (cold) log_.Open();
    for (const uint64_t n : {0, 1, 2}) {
      EXPECT_TRUE(absl::IsAborted(log_.Record(0, 1, {n}).status())) << n;
    }
  }
  EXPECT_EQ(log_.Check(0, 1, 0)->chain().entries_size(), 3);
  EXPECT_TRUE(log_.Record(0, 1, {3}).ok());
  EXPECT_TRUE(log_.Record(0, 1).ok()) << "who did not ask is not refused";
}

TEST_F(CheckServiceTest, AbortsWhatStandsInOneBatchWithAStatement) {
  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  const auto entry = [this](uint64_t resident) {
    return MakeTestEntry(0, resident, log_.random());
  };
  for (const bool statement_first : {true, false}) {
    const uint64_t n = log_.Check(0, 1, 0)->chain().entries_size();
    const v1::Statement end = anna_.WithdrawEverything();
    std::shared_ptr<std::optional<AskingLog::Filed>> filed;
    if (statement_first) filed = log_.StartFiling({anna_.Sign(end)});
    // A request is refused whole, and leaves nothing.
    const auto two = log_.StartRecording(0, {entry(2), entry(1)}, {0, n});
    const auto other = log_.StartRecording(0, {entry(3)}, {0});
    if (!statement_first) filed = log_.StartFiling({anna_.Sign(end)});
    log_.Run();
    anna_.Filed(end);
    ASSERT_TRUE(filed->has_value() && (*filed)->ok());
    ASSERT_TRUE(two->has_value());
    EXPECT_TRUE(absl::IsAborted((*two)->status())) << (*two)->status();
    EXPECT_TRUE(other->has_value() && (*other)->ok());
    EXPECT_EQ(log_.Check(0, 2, 0)->chain().entries_size(), 0);
  }
}

TEST_F(CheckServiceTest, AnswersARecordedEntryAgainWhateverCameSince) {
  const v1::Entry entry = MakeTestEntry(0, 1, log_.random());
  auto first = log_.StartRecording(0, {entry}, {0});
  log_.Run();
  ASSERT_TRUE((*first)->ok());
  ASSERT_TRUE(log_.File(anna_.FirstKey(), &anna_).ok());
  auto again = log_.StartRecording(0, {entry}, {0});
  log_.Run();
  ASSERT_TRUE((*again)->ok()) << (*again)->status();
  EXPECT_EQ((**again)->leaf_index(0), (**first)->leaf_index(0));
}

TEST_F(CheckServiceTest, RejectsMoreThanTheChainHasAndACountThatDoesNotFit) {
  ASSERT_TRUE(log_.Record(0, 1).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(log_.Record(0, 1, {2}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(log_.Record(0, 1, {1, 1}).status()));
}

TEST_F(CheckServiceTest, AbortsWhereTooMuchWouldHaveToBeRead) {
  // A server that remembers nothing writes down nothing of what was before.
  log_.cache_bytes_ = 0;
  log_.Open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log_.Record(0, 1).ok());
  EXPECT_TRUE(absl::IsAborted(log_.Record(0, 1, {3}).status()));
  EXPECT_TRUE(log_.Record(0, 1, {18}).ok());
}

}  // namespace
}  // namespace vidimus
