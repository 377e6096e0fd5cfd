#include "log/chain_service.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "log/log_testing.h"
#include "log/memory_log.h"
#include "log/vault_keeper.h"
#include "proto/status.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

using vault::OperatorRequest;

class ChainServiceTest : public ::testing::Test, protected MemoryLog {
 protected:
  ChainServiceTest() : token_seed_(random_.Draw(32)), side_work_(0, 8) {
    OpenLog();
    auto tokens = TokenJudge::Make({issuer_});
    EXPECT_TRUE(tokens.ok());
    tokens_ = *std::move(tokens);
    tokens_->SetKeys(0, *ParseJwks(MakeTryOutJwks(token_seed_)));
    Serve({});
  }

  void Serve(const ChainLimits& limits) {
    service_ = std::make_unique<ChainService>(
        limits, ChainService::Parts{log_.get(), tokens_.get(), &side_work_,
                                    &clock_, &random_});
  }

  // Submits entries of administration `a`, one for each resident named.
  std::vector<uint64_t> Submit(uint32_t a,
                               const std::vector<uint64_t>& numbers) {
    std::vector<v1::Entry> entries;
    for (const uint64_t number : numbers) {
      entries.push_back(MakeTestEntry(a, number, &random_));
    }
    const absl::StatusOr<v1::SubmitResponse> answer =
        MemoryLog::Submit(a, entries, register_.entry_seeds[a]);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return {answer->leaf_index().begin(), answer->leaf_index().end()};
  }

  ChainCaller Resident(uint64_t number) {
    return {std::nullopt,
            {"Bearer " + MakeTryOutToken(token_seed_, issuer_,
                                         TestSubject(number).substr(1),
                                         clock_.NowMs() / 1000, 300)}};
  }

  static v1::GetChainRequest Request(uint32_t a,
                                     const std::string& subject = "",
                                     uint64_t first_entry = 0) {
    v1::GetChainRequest request;
    request.set_administration(a);
    request.set_subject(subject);
    request.set_first_entry(first_entry);
    return request;
  }

  absl::StatusOr<v1::GetChainResponse> Ask(const ChainCaller& caller,
                                           const v1::GetChainRequest& request) {
    bool answered = false;
    absl::StatusOr<v1::GetChainResponse> answer =
        absl::InternalError("not answered");
    service_->Get(request, caller,
                  [&](absl::StatusOr<v1::GetChainResponse> response) {
                    answer = std::move(response);
                    answered = true;
                  });
    // What is to be entered first waits for the sequencer.
    for (int i = 0; i < 100 && !answered; ++i) {
      EXPECT_TRUE(log_->RunOnce().ok() || log_->frozen());
    }
    EXPECT_TRUE(answered);
    return answer;
  }

  size_t Looks(uint64_t number) {
    const auto self = Ask(Resident(number), Request(kSelf));
    EXPECT_TRUE(self.ok()) << self.status();
    return self.ok() ? self->chain().entries_size() : 0;
  }

  const std::string token_seed_;
  const TokenIssuer issuer_{"https://id.example", kTestOrigin, "sub", 1, 60};
  std::unique_ptr<TokenJudge> tokens_;
  SideWork side_work_;
  std::unique_ptr<ChainService> service_;
};

TEST_F(ChainServiceTest, ShowsClosedEntriesWithTheirNoticesAndNothingElse) {
  const std::vector<uint64_t> leaves = Submit(0, {1});
  const uint64_t withheld = Submit(0, {1})[0];
  const uint64_t restricted = Submit(0, {1})[0];
  const uint64_t until_s = clock_.NowMs() / 1000 + 3600;
  VaultKeeper keeper(VaultKeeperOptions(), log_.get(), &clock_, &random_,
                     [this] { ASSERT_TRUE(log_->RunOnce().ok()); });
  const auto befall = [&](OperatorRequest::Verb verb, uint64_t leaf) {
    OperatorRequest request;
    request.set_verb(verb);
    request.add_leaf_index(leaf);
    request.set_ground("statute 36 section");
    request.set_authority("City Archive");
    if (verb == OperatorRequest::WITHHOLD) request.set_until_s(until_s);
    const auto done = keeper.Do(request);
    ASSERT_TRUE(done.ok()) << done.status();
    ASSERT_EQ(done->code(), 0) << done->message();
  };
  befall(OperatorRequest::WITHHOLD, withheld);
  befall(OperatorRequest::RESTRICT, restricted);
  const ChainCaller anna = Resident(1);
  auto chain = Ask(anna, Request(0));
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->chain().entries_size(), 5);
  const auto expect = [&chain](int i, v1::ContentState state, uint64_t notice) {
    const v1::ChainEntry& entry = chain->chain().entries(i);
    EXPECT_EQ(entry.state(), state) << i;
    EXPECT_EQ(entry.has_opening(), state == v1::OPEN) << i;
    EXPECT_EQ(entry.notice(), notice) << i;
    EXPECT_EQ(entry.leaf().size(), 65u) << i;
  };
  expect(0, v1::OPEN, 0);
  expect(1, v1::WITHHELD, 3);
  expect(2, v1::RESTRICTED, 4);
  expect(3, v1::OPEN, 0);
  expect(4, v1::OPEN, 0);
  Notice notice;
  EXPECT_EQ(ParseNotice(chain->chain().entries(3).opening().record(), &notice,
                        nullptr),
            Finding::kOk);
  EXPECT_EQ(notice.entry, 1u);

  // Two years later the first may be erased; the date of the other is past.
  clock_.Advance(int64_t{63072000} * 1000 + 3600 * 1000);
  befall(OperatorRequest::ERASE, leaves[0]);
  chain = Ask(Resident(1), Request(0));
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->chain().entries_size(), 6);
  expect(0, v1::ERASED, 5);
  expect(1, v1::OPEN, 0);
  expect(2, v1::RESTRICTED, 4);
}

TEST_F(ChainServiceTest, BoundsAnAnswerInEntriesBytesAndTime) {
  for (int i = 0; i < 3; ++i) Submit(0, {1, 1});
  const auto pages = [this](const ChainLimits& limits) {
    Serve(limits);
    std::vector<int> sizes;
    uint64_t next = 0;
    bool more = true;
    while (more && sizes.size() < 10) {
      const auto page = Ask(Resident(1), Request(0, "", next));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      sizes.push_back(page->chain().entries_size());
      next += page->chain().entries_size();
      more = page->more();
    }
    return sizes;
  };
  EXPECT_EQ(pages({}), std::vector<int>{6});
  ChainLimits limits;
  limits.entries_max = 4;
  EXPECT_EQ(pages(limits), (std::vector<int>{4, 2}));
  limits.entries_max = 6;
  EXPECT_EQ(pages(limits), std::vector<int>{6});
  limits = {};
  limits.answer_bytes_max = 1;
  EXPECT_EQ(pages(limits), std::vector<int>(6, 1));
  limits = {};
  limits.answer_ms_max = 0;
  EXPECT_EQ(pages(limits), std::vector<int>(6, 1));
}

TEST_F(ChainServiceTest, FindsAnEnteredLookAlsoWhenItIsForgotten) {
  ChainLimits limits;
  limits.remembered_max = 1;
  Serve(limits);
  for (int round = 0; round < 3; ++round) {
    for (const uint64_t number : {1, 2, 3}) {
      const auto seen = Ask({0, {}}, Request(0, TestSubject(number)));
      ASSERT_TRUE(seen.ok()) << seen.status();
      EXPECT_EQ(seen->chain().entries_size(), 0);
      EXPECT_EQ(Looks(number), 1u);
    }
  }
  // The look of another stands beside it.
  ASSERT_TRUE(Ask({1, {}}, Request(1, TestSubject(2))).ok());
  ASSERT_TRUE(Ask({0, {}}, Request(0, TestSubject(2))).ok());
  EXPECT_EQ(Looks(2), 2u);
}

TEST_F(ChainServiceTest, ShowsNothingThatCantBeEnteredFirst) {
  Submit(0, {1});
  ASSERT_TRUE(Ask({0, {}}, Request(0, TestSubject(1))).ok());
  log_->Freeze(absl::DataLossError("a test"));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Ask({0, {}}, Request(0, TestSubject(2))).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Ask({1, {}}, Request(1, TestSubject(1))).status()));
  // What was entered before can be seen, and residents see theirs.
  EXPECT_TRUE(Ask({0, {}}, Request(0, TestSubject(1))).ok());
  EXPECT_TRUE(Ask(Resident(1), Request(0)).ok());
  EXPECT_EQ(Looks(2), 0u);
}

TEST_F(ChainServiceTest, ShowsTheOtherEntriesIfThePageOfOneIsDamaged) {
  const uint64_t damaged = Submit(0, {1})[0];
  Submit(0, {1});
  const auto row = storage_->Get(RowKind::kVaultPage, 0, damaged);
  ASSERT_TRUE(row.ok());
  ASSERT_TRUE(
      rows_.FlipBit(row->first, RowKind::kVaultPage, 0, row->value.size() - 1));
  const auto chain = Ask(Resident(1), Request(0));
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->chain().entries_size(), 2);
  EXPECT_EQ(chain->chain().entries(0).state(), v1::CONTENT_STATE_UNSPECIFIED);
  EXPECT_FALSE(chain->chain().entries(0).has_opening());
  EXPECT_EQ(chain->chain().entries(0).leaf_index(), damaged);
  EXPECT_EQ(chain->chain().entries(1).state(), v1::OPEN);
}

TEST_F(ChainServiceTest, RefusesWhenTooMuchIsUnderWay) {
  SideWork closed(0, 0);
  ChainService service({},
                       {log_.get(), tokens_.get(), &closed, &clock_, &random_});
  absl::Status status;
  service.Get(Request(0), Resident(1),
              [&](absl::StatusOr<v1::GetChainResponse> response) {
                status = response.status();
              });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(RetryAfterOf(status).has_value());
}

TEST_F(ChainServiceTest, ServesNoResidentsWithoutAnIssuer) {
  const auto nobody = TokenJudge::Make({});
  ASSERT_TRUE(nobody.ok());
  service_ = std::make_unique<ChainService>(
      ChainLimits(), ChainService::Parts{log_.get(), nobody->get(), &side_work_,
                                         &clock_, &random_});
  const absl::Status status = Ask(Resident(1), Request(0)).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_TRUE(Ask({0, {}}, Request(0, TestSubject(1))).ok());
}

}  // namespace
}  // namespace vidimus
