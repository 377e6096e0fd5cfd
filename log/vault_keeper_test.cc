#include "log/vault_keeper.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/log_testing.h"
#include "log/memory_log.h"
#include "log/scrub.h"
#include "proto/record.pb.h"
#include "verifier/commitment.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

using ::testing::HasSubstr;
using vault::OperatorAnswer;
using vault::OperatorRequest;

constexpr int64_t kTwoYearsMs = int64_t{63072000} * 1000;

class VaultKeeperTest : public ::testing::Test, protected MemoryLog {
 protected:
  VaultKeeperTest() { Open(); }

  void Open() {
    keeper_.reset();
    OpenLog();
    keeper_ = std::make_unique<VaultKeeper>(
        VaultKeeperOptions(), log_.get(), &clock_, &random_,
        [this] { ASSERT_TRUE(log_->RunOnce().ok()); });
  }

  // Submits entries of administration `a` about residents `numbers`; `change`
  // sees each record before. Their leaves.
  std::vector<uint64_t> Submit(
      uint32_t a, const std::vector<uint64_t>& numbers,
      const std::function<void(v1::AccessRecord*)>& change = nullptr) {
    std::vector<v1::Entry> entries;
    for (const uint64_t number : numbers) {
      v1::Entry entry = MakeTestEntry(a, number, &random_);
      if (change != nullptr) {
        v1::Record record;
        EXPECT_TRUE(record.ParseFromString(entry.record()));
        change(record.mutable_access());
        entry.set_record(record.SerializeAsString());
      }
      entries.push_back(std::move(entry));
    }
    const absl::StatusOr<v1::SubmitResponse> answer =
        MemoryLog::Submit(a, entries, register_.entry_seeds[a]);
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::vector<uint64_t> leaves(answer->leaf_index().begin(),
                                 answer->leaf_index().end());
    for (size_t i = 0; i < leaves.size(); ++i) {
      submitted_[leaves[i]] = entries[i];
    }
    return leaves;
  }

  static OperatorRequest Request(OperatorRequest::Verb verb,
                                 const std::vector<uint64_t>& leaves) {
    OperatorRequest request;
    request.set_verb(verb);
    for (const uint64_t leaf : leaves) request.add_leaf_index(leaf);
    request.set_ground("statute 36 section");
    request.set_authority("City Archive");
    return request;
  }

  absl::StatusOr<OperatorAnswer> Do(OperatorRequest::Verb verb,
                                    const std::vector<uint64_t>& leaves) {
    return keeper_->Do(Request(verb, leaves));
  }

  FoundOpening Find(uint64_t leaf) {
    auto found =
        FindOpening(storage_.get(), log_->vault(), leaf, clock_.NowMs() / 1000);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : FoundOpening();
  }

  // What is read back is what was submitted.
  void ExpectOpen(uint64_t leaf) {
    const FoundOpening found = Find(leaf);
    const v1::Entry& entry = submitted_.at(leaf);
    EXPECT_EQ(found.state, OpeningState::kOpen) << leaf;
    EXPECT_EQ(found.opening.entry_id(), entry.entry_id()) << leaf;
    EXPECT_EQ(found.opening.record(), entry.record()) << leaf;
    EXPECT_EQ(found.opening.actor(), entry.actor()) << leaf;
    EXPECT_EQ(found.opening.record_salt(), entry.record_salt()) << leaf;
    EXPECT_EQ(found.opening.actor_salt(), entry.actor_salt()) << leaf;
    EXPECT_EQ(found.request.signature().size(), 64u) << leaf;
  }

  void ExpectErased(uint64_t leaf, uint64_t notice) {
    const FoundOpening found = Find(leaf);
    EXPECT_EQ(found.state, OpeningState::kErased) << leaf;
    EXPECT_EQ(found.notice, notice) << leaf;
    vault::Opening rest = found.opening;
    rest.clear_place();
    rest.clear_erased_by();
    EXPECT_EQ(rest.ByteSizeLong(), 0u) << "more than the tombstone's number";
  }

  // The notice that is entry `number` of the chain of `leaf`'s subject.
  v1::Notice NoticeIn(uint64_t leaf, uint64_t number) {
    v1::Record record;
    EXPECT_TRUE(record.ParseFromString(submitted_.at(leaf).record()));
    const auto key = log_->chain_keys()->Prove(
        record.access().subject(), record.access().administration());
    EXPECT_TRUE(key.ok());
    const auto at = log_->index_finder()(ChainLabel(key->key, number));
    EXPECT_TRUE(at.ok() && at->has_value());
    const FoundOpening found = Find(**at);
    Notice judged;
    EXPECT_EQ(ParseNotice(found.opening.record(), &judged, nullptr),
              Finding::kOk);
    EXPECT_TRUE(record.ParseFromString(found.opening.record()));
    // It opens the leaf.
    const auto entry = log_->tiles().Entry(**at);
    Leaf parsed;
    EXPECT_EQ(ParseLeaf(*entry, &parsed), Finding::kOk);
    EXPECT_EQ(
        VerifyOpening(parsed.b,
                      {found.opening.record_salt(), found.opening.record(),
                       found.opening.actor_salt(), found.opening.actor()}),
        Finding::kOk);
    EXPECT_TRUE(found.request.signature().empty());
    return record.notice();
  }

  void ExpectSound() {
    EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
    const absl::Status scrubbed =
        Scrub(log_.get(), id_key_, [](uint64_t) { return true; });
    EXPECT_TRUE(scrubbed.ok()) << scrubbed;
  }

  std::unique_ptr<VaultKeeper> keeper_;
  std::map<uint64_t, v1::Entry> submitted_;
};

TEST_F(VaultKeeperTest, ReadsBackWhatWasSubmitted) {
  const auto leaves = Submit(0, {1, 2, 3, 1});
  for (const uint64_t leaf : leaves) ExpectOpen(leaf);
  Open();
  for (const uint64_t leaf : leaves) ExpectOpen(leaf);
  ExpectSound();
}

TEST_F(VaultKeeperTest, ErasesOneOpeningAndLeavesItsNeighbours) {
  const auto leaves = Submit(0, {1, 2, 3, 1});
  const std::string row_before =
      storage_->Get(RowKind::kVaultPage, 0, leaves[0])->value;
  clock_.Advance(kTwoYearsMs + 1000);
  const auto answer = Do(OperatorRequest::ERASE, {leaves[0]});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->entries_size(), 1);
  EXPECT_EQ(answer->entries(0).state(), "erased");
  // Entries 0 and 1 of the chain stood before.
  EXPECT_EQ(answer->entries(0).notice(), 2u);
  EXPECT_EQ(answer->keys_destroyed(), 1u);
  EXPECT_EQ(answer->keys_pending(), 0u);
  ExpectErased(leaves[0], 2);
  for (const int i : {1, 2, 3}) ExpectOpen(leaves[i]);

  const v1::Notice notice = NoticeIn(leaves[0], 2);
  EXPECT_EQ(notice.erasure().entry(), 0u);
  EXPECT_EQ(notice.erasure().ground().ground(), "statute 36 section");
  EXPECT_EQ(notice.erasure().ground().authority(), "City Archive");
  EXPECT_EQ(notice.at_s(), static_cast<uint64_t>(clock_.NowMs() / 1000));

  // The page as it was can't be read by anybody any more.
  const uint64_t first =
      storage_->Get(RowKind::kVaultPage, 0, leaves[0])->first;
  const auto old = log_->vault()->Open(first, row_before);
  EXPECT_TRUE(absl::IsDataLoss(old.status()));
  EXPECT_THAT(std::string(old.status().message()), HasSubstr("destroyed"));
  Open();
  ExpectErased(leaves[0], 2);
  for (const int i : {1, 2, 3}) ExpectOpen(leaves[i]);
  EXPECT_FALSE(log_->vault()->Open(first, row_before).ok());
  ExpectSound();
}

TEST_F(VaultKeeperTest, ErasesManyOfSeveralPagesAndChains) {
  std::vector<uint64_t> leaves;
  for (int batch = 0; batch < 5; ++batch) {
    for (const uint32_t a : {0u, 1u}) {
      for (const uint64_t leaf : Submit(a, {1, 2, 3})) leaves.push_back(leaf);
    }
  }
  clock_.Advance(kTwoYearsMs + 1000);
  std::vector<uint64_t> some;
  for (size_t i = 0; i < leaves.size(); i += 2) some.push_back(leaves[i]);
  const auto answer = Do(OperatorRequest::ERASE, some);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->entries_size(), 15);
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (i % 2 == 0) {
      EXPECT_EQ(Find(leaves[i]).state, OpeningState::kErased);
    } else {
      ExpectOpen(leaves[i]);
    }
  }
  // Each tombstone names the entry that names it.
  for (const uint64_t leaf : some) {
    v1::Record record;
    ASSERT_TRUE(record.ParseFromString(submitted_.at(leaf).record()));
    const uint64_t number = NoticeIn(leaf, Find(leaf).notice).erasure().entry();
    const auto key = log_->chain_keys()->Prove(
        record.access().subject(), record.access().administration());
    EXPECT_EQ(*log_->index_finder()(ChainLabel(key->key, number)), leaf);
  }
  ExpectSound();
}

TEST_F(VaultKeeperTest, RejectsAnErasureBeforeKeepMin) {
  const auto leaves = Submit(0, {1});
  clock_.Advance(kTwoYearsMs - 2000);
  const auto refused = Do(OperatorRequest::ERASE, leaves);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("keep_min"));
  ExpectOpen(leaves[0]);
  clock_.Advance(4000);
  EXPECT_TRUE(Do(OperatorRequest::ERASE, leaves).ok());
}

TEST_F(VaultKeeperTest, RejectsAnErasureOfWhatIsHeld) {
  const auto leaves = Submit(0, {1, 2});
  clock_.Advance(kTwoYearsMs + 1000);
  ASSERT_TRUE(Do(OperatorRequest::HOLD, {leaves[1]}).ok());
  Open();
  const auto refused = Do(OperatorRequest::ERASE, leaves);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("held"));
  // All or none.
  ExpectOpen(leaves[0]);
  ExpectOpen(leaves[1]);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Do(OperatorRequest::HOLD, {leaves[1]}).status()));
  ASSERT_TRUE(Do(OperatorRequest::RELEASE, {leaves[1]}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Do(OperatorRequest::RELEASE, {leaves[1]}).status()));
  EXPECT_TRUE(Do(OperatorRequest::ERASE, leaves).ok());
}

TEST_F(VaultKeeperTest, RejectsASecondErasure) {
  const auto leaves = Submit(0, {1});
  clock_.Advance(kTwoYearsMs + 1000);
  ASSERT_TRUE(Do(OperatorRequest::ERASE, leaves).ok());
  for (const auto verb : {OperatorRequest::ERASE, OperatorRequest::WITHHOLD,
                          OperatorRequest::RESTRICT, OperatorRequest::HOLD}) {
    OperatorRequest request = Request(verb, leaves);
    request.set_until_s(clock_.NowMs() / 1000 + 100);
    const auto refused = keeper_->Do(request);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << verb;
    EXPECT_THAT(std::string(refused.status().message()),
                HasSubstr("erased already"));
  }
  ExpectSound();
}

TEST_F(VaultKeeperTest, RejectsWhatIsNoEntry) {
  const auto leaves = Submit(0, {1});
  clock_.Advance(kTwoYearsMs + 1000);
  const uint64_t size = log_->Latest()->head.size;
  // Config, a cover leaf or a seal, beyond the tree.
  for (const uint64_t leaf : {uint64_t{0}, size - 1, size, UINT64_MAX}) {
    EXPECT_TRUE(absl::IsNotFound(Do(OperatorRequest::ERASE, {leaf}).status()))
        << leaf;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Do(OperatorRequest::ERASE, {}).status()));
  OperatorRequest both = Request(OperatorRequest::ERASE, leaves);
  both.set_subject("\1x");
  EXPECT_TRUE(absl::IsInvalidArgument(keeper_->Do(both).status()));
  // The tombstone itself stays.
  ASSERT_TRUE(Do(OperatorRequest::ERASE, leaves).ok());
  v1::Record record;
  ASSERT_TRUE(record.ParseFromString(submitted_.at(leaves[0]).record()));
  const auto key = log_->chain_keys()->Prove(record.access().subject(), 0);
  const uint64_t tombstone = **log_->index_finder()(ChainLabel(key->key, 1));
  clock_.Advance(kTwoYearsMs + 1000);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Do(OperatorRequest::ERASE, {tombstone}).status()));
}

TEST_F(VaultKeeperTest, RejectsAGroundThatSaysNothing) {
  const auto leaves = Submit(0, {1});
  clock_.Advance(kTwoYearsMs + 1000);
  using Spoil = std::function<void(OperatorRequest*)>;
  for (const auto& spoil : std::vector<Spoil>{
           [](auto* r) { r->clear_ground(); },
           [](auto* r) { r->clear_authority(); },
           [](auto* r) { r->set_ground("two\nlines"); },
           [](auto* r) { r->set_authority(std::string(201, 'x')); },
           // No provision allows it, nor can a wish be verified.
           [](auto* r) { r->set_provision(3); },
           [](auto* r) { r->set_statement_id("0123456789abcdef"); },
       }) {
    OperatorRequest request = Request(OperatorRequest::ERASE, leaves);
    spoil(&request);
    EXPECT_FALSE(keeper_->Do(request).ok()) << request.DebugString();
  }
  OperatorRequest request = Request(OperatorRequest::WITHHOLD, leaves);
  request.set_until_s(clock_.NowMs() / 1000);
  EXPECT_TRUE(absl::IsInvalidArgument(keeper_->Do(request).status()));
  ExpectOpen(leaves[0]);
}

TEST_F(VaultKeeperTest, ADryRunChangesNothing) {
  const auto leaves = Submit(0, {1, 2});
  clock_.Advance(kTwoYearsMs + 1000);
  const uint64_t size = log_->Latest()->head.size;
  OperatorRequest request = Request(OperatorRequest::ERASE, leaves);
  request.set_dry_run(true);
  const auto answer = keeper_->Do(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->entries(0).changed());
  EXPECT_EQ(answer->entries(0).state(), "open");
  EXPECT_EQ(log_->Latest()->head.size, size);
  for (const uint64_t leaf : leaves) ExpectOpen(leaf);
}

TEST_F(VaultKeeperTest, WithholdsUntilADate) {
  const auto leaves = Submit(0, {1});
  OperatorRequest request = Request(OperatorRequest::WITHHOLD, leaves);
  request.set_until_s(clock_.NowMs() / 1000 + 3600);
  const auto answer = keeper_->Do(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->entries(0).state(), "withheld");
  FoundOpening found = Find(leaves[0]);
  EXPECT_EQ(found.state, OpeningState::kWithheld);
  EXPECT_EQ(found.notice, 1u);
  EXPECT_EQ(NoticeIn(leaves[0], 1).withholding().until_s(), request.until_s());
  clock_.Advance(3599 * 1000);
  EXPECT_EQ(Find(leaves[0]).state, OpeningState::kWithheld);
  clock_.Advance(1000);
  ExpectOpen(leaves[0]);
  ExpectSound();
}

TEST_F(VaultKeeperTest, RestrictsAndLifts) {
  const auto leaves = Submit(0, {1});
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Do(OperatorRequest::LIFT, leaves).status()));
  ASSERT_TRUE(Do(OperatorRequest::RESTRICT, leaves).ok());
  EXPECT_EQ(Find(leaves[0]).state, OpeningState::kRestricted);
  EXPECT_EQ(Find(leaves[0]).notice, 1u);
  EXPECT_FALSE(NoticeIn(leaves[0], 1).restriction().lifted());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Do(OperatorRequest::RESTRICT, leaves).status()));
  // A restriction does not hinder an erasure later, nor does a lift forget it.
  ASSERT_TRUE(Do(OperatorRequest::LIFT, leaves).ok());
  ExpectOpen(leaves[0]);
  EXPECT_TRUE(NoticeIn(leaves[0], 2).restriction().lifted());
  ASSERT_TRUE(Do(OperatorRequest::RESTRICT, leaves).ok());
  clock_.Advance(kTwoYearsMs + 1000);
  ASSERT_TRUE(Do(OperatorRequest::ERASE, leaves).ok());
  ExpectErased(leaves[0], 4);
  ExpectSound();
}

TEST_F(VaultKeeperTest, ErasesAWholeChainButForWhatRulesKeep) {
  const auto first = Submit(0, {1, 1, 2});
  clock_.Advance(kTwoYearsMs + 1000);
  const auto second = Submit(0, {1});
  Submit(1, {1});
  v1::Record record;
  ASSERT_TRUE(record.ParseFromString(submitted_.at(first[0]).record()));
  OperatorRequest request = Request(OperatorRequest::ERASE, {});
  request.set_subject(record.access().subject());
  request.set_administration(0);
  const auto answer = keeper_->Do(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->entries_size(), 3);
  EXPECT_TRUE(answer->entries(0).changed());
  EXPECT_TRUE(answer->entries(1).changed());
  EXPECT_FALSE(answer->entries(2).changed());
  EXPECT_THAT(answer->entries(2).why_not(), HasSubstr("keep_min"));
  EXPECT_EQ(Find(first[0]).state, OpeningState::kErased);
  EXPECT_EQ(Find(first[1]).state, OpeningState::kErased);
  ExpectOpen(first[2]);
  ExpectOpen(second[0]);
  request.set_administration(7);
  EXPECT_TRUE(absl::IsNotFound(keeper_->Do(request).status()));
  ExpectSound();
}

TEST_F(VaultKeeperTest, ErasesWhatIsPastTheDateInItsRecord) {
  const uint64_t now_s = clock_.NowMs() / 1000;
  const auto soon = Submit(0, {1, 2}, [&](v1::AccessRecord* access) {
    access->set_retention_until_s(now_s + 5);
  });
  const auto later = Submit(0, {3}, [&](v1::AccessRecord* access) {
    access->set_retention_until_s(now_s + 2 * kTwoYearsMs / 1000);
  });
  const auto never = Submit(0, {4});
  // Past its date, and younger than keep_min.
  clock_.Advance(10000);
  EXPECT_EQ(*keeper_->Sweep(), 0u);
  clock_.Advance(kTwoYearsMs);
  ASSERT_TRUE(Do(OperatorRequest::HOLD, {soon[1]}).ok());
  EXPECT_EQ(*keeper_->Sweep(), 1u);
  ExpectErased(soon[0], 1);
  EXPECT_EQ(NoticeIn(soon[0], 1).erasure().ground().ground(), "retention date");
  ExpectOpen(soon[1]);
  ExpectOpen(later[0]);
  ExpectOpen(never[0]);
  EXPECT_EQ(*keeper_->Sweep(), 0u);
  ASSERT_TRUE(Do(OperatorRequest::RELEASE, {soon[1]}).ok());
  clock_.Advance(kTwoYearsMs);
  EXPECT_EQ(*keeper_->Sweep(), 2u);
  ExpectOpen(never[0]);
  ExpectSound();
}

TEST_F(VaultKeeperTest, AKeyFilePutBackFromABackupBringsNothingBack) {
  const auto leaves = Submit(0, {1, 2});
  const auto old = *storage_->Get(RowKind::kVaultPage, 0, leaves[0]);
  std::map<std::string, std::string> backup;
  const auto names = PosixDisk()->List(folder_ + "/vault");
  for (const std::string& name : *names) {
    auto file = *PosixDisk()->Open(folder_ + "/vault/" + name, false);
    backup[name] = *file->ReadAt(0, 1 << 20);
  }
  clock_.Advance(kTwoYearsMs + 1000);
  ASSERT_TRUE(Do(OperatorRequest::ERASE, {leaves[0]}).ok());
  EXPECT_FALSE(log_->vault()->Open(old.first, old.value).ok());
  keeper_.reset();
  log_.reset();
  for (const auto& [name, bytes] : backup) {
    auto file = *PosixDisk()->Open(folder_ + "/vault/" + name, false);
    ASSERT_TRUE(file->WriteAt(0, bytes).ok());
  }
  Open();
  EXPECT_FALSE(log_->vault()->Open(old.first, old.value).ok());
  ExpectErased(leaves[0], 1);
}

}  // namespace
}  // namespace vidimus
