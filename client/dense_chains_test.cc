#include "client/dense_chains.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "verifier/leaf.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

const std::string kAlice = "\x01resident-a";
const std::string kBob = "\x01resident-b";
const std::string kNameKey(32, 'n');

// The small log, asked in this process.
class SmallQuestions : public Questions {
 public:
  explicit SmallQuestions(const SmallLog* log) : log_(log) {}

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    ++chains_asked;
    v1::GetChainResponse response;
    *response.mutable_chain() =
        log_->Chain(request.subject(), request.administration(), log_->size(),
                    request.first_entry());
    if (other_key) {
      *response.mutable_chain() =
          log_->Chain(kBob, request.administration(), log_->size());
    }
    return response;
  }

  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    ++keys_asked;
    if (unavailable) return absl::UnavailableError("not now");
    std::vector<Hash> keys;
    for (const std::string& key : request.keys()) {
      keys.push_back(*HashFromBytes(key));
    }
    v1::ProveKeysResponse response;
    response.set_size(log_->size() - 1);
    response.set_proof(log_->ProveKeys(keys, log_->size()));
    response.set_checkpoint(log_->Checkpoint(log_->size()));
    return response;
  }

  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    const uint64_t size = request.size() == 0 ? log_->size() : request.size();
    v1::ProveLeavesResponse response;
    response.set_size(size);
    for (const uint64_t index : request.leaf_index()) {
      response.add_leaf(log_->Leaf(index));
      const auto document = log_->documents().find(index);
      if (document != log_->documents().end()) {
        response.add_document(document->second);
      }
    }
    response.set_proof(log_->ProveLeaves(
        {request.leaf_index().begin(), request.leaf_index().end()}, size));
    response.set_checkpoint(log_->Checkpoint(size));
    if (damaged_config) response.mutable_document(0)->back() ^= 1;
    return response;
  }

  int chains_asked = 0;
  int keys_asked = 0;
  bool unavailable = false;
  bool other_key = false;
  bool damaged_config = false;

 private:
  const SmallLog* const log_;
};

class DenseChainsTest : public testing::Test {
 protected:
  DenseChainsTest()
      : questions_(&log_),
        heads_(log_.key()),
        memory_(*ChainMemory::Open("", kNameKey, 100)) {
    for (uint32_t a = 0; a < 2; ++a) log_.PutAdministration(a);
    log_.Seal(time_);
    Open();
  }

  void Open() {
    auto chains = DenseChains::Open(1, &questions_, memory_.get(), &heads_);
    ASSERT_TRUE(chains.ok()) << chains.status();
    chains_ = *std::move(chains);
  }

  // Entries that were added to chains of administration 1 and sealed: the
  // request they came in, and what its answer became.
  std::pair<v1::SubmitRequest, Receipt> Answer(
      const std::vector<std::pair<std::string, uint64_t>>& entries) {
    v1::SubmitRequest request;
    Receipt receipt;
    receipt.head = log_.Head(log_.size());
    for (const auto& [subject, i] : entries) {
      const v1::Chain chain = log_.Chain(subject, 1, log_.size());
      for (const v1::ChainEntry& shown : chain.entries()) {
        if (log_.Label(subject, 1, i) !=
            HashFromBytes(shown.leaf().substr(1, kHashBytes))) {
          continue;
        }
        request.add_entries()->set_record(shown.opening().record());
        EntryReceipt& entry = receipt.entries.emplace_back();
        entry.leaf_index = shown.leaf_index();
        entry.leaf = shown.leaf();
        entry.chain_index = i;
        if (i > 0) continue;
        entry.chain_key = chain.chain_key();
        entry.vrf_proof = chain.vrf_proof();
      }
    }
    EXPECT_EQ(receipt.entries.size(), entries.size());
    return {request, receipt};
  }

  // Adds so many accesses and seals them.
  void Add(const std::string& subject, int count) {
    for (int k = 0; k < count; ++k) log_.AddAccess(subject, 1);
    log_.Seal(++time_);
  }

  absl::Status Judge(std::pair<v1::SubmitRequest, Receipt>* answer,
                     bool ask = false) {
    return chains_->Judge(answer->first, ask, &answer->second);
  }

  uint64_t time_ = 1800000010;
  SmallLog log_;
  SmallQuestions questions_;
  HeadKeeper heads_;
  std::unique_ptr<ChainMemory> memory_;
  std::unique_ptr<DenseChains> chains_;
};

TEST_F(DenseChainsTest, TakesChainsThatGrowByOne) {
  Add(kAlice, 2);
  auto first = Answer({{kAlice, 0}, {kAlice, 1}});
  ASSERT_EQ(Judge(&first), absl::OkStatus());
  EXPECT_EQ(first.second.entries[0].administration, 1u);
  EXPECT_FALSE(first.second.entries[0].previous_leaf_index.has_value());
  EXPECT_EQ(first.second.entries[1].previous_leaf_index,
            first.second.entries[0].leaf_index);
  Add(kAlice, 1);
  auto next = Answer({{kAlice, 2}});
  ASSERT_EQ(Judge(&next), absl::OkStatus());
  // The secret gets the key that the answer left out.
  EXPECT_EQ(next.second.entries[0].chain_key,
            Bytes(log_.ChainKey(kAlice, 1).first));
  EXPECT_EQ(next.second.entries[0].previous_leaf_index,
            first.second.entries[1].leaf_index);
  EXPECT_EQ(questions_.keys_asked + questions_.chains_asked, 0);
  EXPECT_EQ(chains_->counts().keys, 1u);
  // The same answer once more, as after a lost connection.
  EXPECT_EQ(Judge(&first), absl::OkStatus());
}

TEST_F(DenseChainsTest, WaitsForTheEntryBefore) {
  Add(kAlice, 1);
  auto first = Answer({{kAlice, 0}});
  Add(kAlice, 1);
  auto second = Answer({{kAlice, 1}});
  Add(kAlice, 1);
  auto third = Answer({{kAlice, 2}});
  EXPECT_TRUE(absl::IsUnavailable(Judge(&third)));
  EXPECT_TRUE(absl::IsUnavailable(Judge(&second)));
  EXPECT_EQ(Judge(&first), absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(Judge(&third)));
  EXPECT_EQ(Judge(&second), absl::OkStatus());
  EXPECT_EQ(Judge(&third), absl::OkStatus());
  EXPECT_EQ(questions_.keys_asked + questions_.chains_asked, 0);
}

TEST_F(DenseChainsTest, AsksForWhatOthersAdded) {
  Add(kAlice, 3);  // another process of this administration
  Add(kAlice, 1);
  auto ours = Answer({{kAlice, 3}});
  EXPECT_TRUE(absl::IsUnavailable(Judge(&ours)));
  questions_.unavailable = true;
  EXPECT_TRUE(absl::IsUnavailable(Judge(&ours, /*ask=*/true)));
  questions_.unavailable = false;
  ASSERT_EQ(Judge(&ours, /*ask=*/true), absl::OkStatus());
  EXPECT_EQ(chains_->counts().asked, 1u);
  EXPECT_EQ(ours.second.entries[0].previous_leaf_index,
            log_.Chain(kAlice, 1, log_.size()).entries(2).leaf_index());
  // From now on it is known.
  Add(kAlice, 1);
  auto next = Answer({{kAlice, 4}});
  EXPECT_EQ(Judge(&next), absl::OkStatus());
}

TEST_F(DenseChainsTest, RefusesAHole) {
  Add(kAlice, 1);
  auto first = Answer({{kAlice, 0}});
  ASSERT_EQ(Judge(&first), absl::OkStatus());
  log_.SetNext(kAlice, 1, 2);  // 1 is left out
  Add(kAlice, 1);
  auto second = Answer({{kAlice, 2}});
  EXPECT_TRUE(absl::IsUnavailable(Judge(&second)));
  const absl::Status status = Judge(&second, /*ask=*/true);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "a hole")) << status;
}

TEST_F(DenseChainsTest, RefusesAHoleThatIsFilledLater) {
  Add(kAlice, 1);
  auto first = Answer({{kAlice, 0}});
  ASSERT_EQ(Judge(&first), absl::OkStatus());
  log_.SetNext(kAlice, 1, 2);
  Add(kAlice, 1);
  auto second = Answer({{kAlice, 2}});  // under the head of now
  log_.SetNext(kAlice, 1, 1);
  Add(kAlice, 1);
  const absl::Status status = Judge(&second, /*ask=*/true);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "came after it")) << status;
}

TEST_F(DenseChainsTest, RefusesAnotherLabel) {
  Add(kAlice, 2);
  auto answer = Answer({{kAlice, 0}, {kAlice, 1}});
  std::swap(answer.second.entries[0].leaf, answer.second.entries[1].leaf);
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  answer = Answer({{kAlice, 0}, {kAlice, 1}});
  answer.second.entries[1].chain_index = 5;
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  answer = Answer({{kAlice, 0}, {kAlice, 1}});
  answer.second.entries[1].chain_index = 0;
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
}

TEST_F(DenseChainsTest, RefusesAnotherKey) {
  Add(kAlice, 1);
  Add(kBob, 1);
  const auto alice = Answer({{kAlice, 0}});
  const auto bob = Answer({{kBob, 0}});
  auto answer = alice;
  answer.second.entries[0].chain_key = bob.second.entries[0].chain_key;
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  answer.second.entries[0].vrf_proof = bob.second.entries[0].vrf_proof;
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  answer = alice;
  answer.second.entries[0].chain_key.clear();
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  // Another key for a known chain.
  answer = alice;
  ASSERT_EQ(Judge(&answer), absl::OkStatus());
  answer.second.entries[0].chain_key = bob.second.entries[0].chain_key;
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer)));
  // A key that was asked for.
  Add(kAlice, 1);
  memory_ = *ChainMemory::Open("", kNameKey, 100);
  Open();
  questions_.other_key = true;
  answer = Answer({{kAlice, 1}});
  EXPECT_TRUE(absl::IsDataLoss(Judge(&answer, /*ask=*/true)));
  EXPECT_EQ(memory_->size(), 0u);
}

TEST_F(DenseChainsTest, RefusesAConfigThatLeaf0DoesNotName) {
  questions_.damaged_config = true;
  const auto chains = DenseChains::Open(1, &questions_, memory_.get(), &heads_);
  EXPECT_TRUE(absl::IsDataLoss(chains.status())) << chains.status();
}

TEST_F(DenseChainsTest, RemembersAcrossRuns) {
  const std::string path = testing::TempDir() + "/chains";
  memory_ = *ChainMemory::Open(path, kNameKey, 100);
  Open();
  Add(kAlice, 1);
  auto first = Answer({{kAlice, 0}});
  ASSERT_EQ(Judge(&first), absl::OkStatus());
  Add(kAlice, 1);
  auto second = Answer({{kAlice, 1}});
  ASSERT_EQ(Judge(&second), absl::OkStatus());
  memory_.reset();
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  memory_ = *ChainMemory::Open(path, kNameKey, 100);
  Open();
  EXPECT_EQ(memory_->Find(kAlice)->last, 1u);
  EXPECT_FALSE(memory_->Find(kBob).has_value());
  Add(kAlice, 1);
  auto third = Answer({{kAlice, 2}});
  EXPECT_EQ(Judge(&third), absl::OkStatus());
  EXPECT_EQ(questions_.keys_asked + questions_.chains_asked, 0);
  memory_.reset();

  // A torn end is left out, another name key forgets, others may not read.
  ASSERT_EQ(truncate(path.c_str(), info.st_size - 1), 0);
  EXPECT_EQ((*ChainMemory::Open(path, kNameKey, 100))->size(), 0u);
  memory_ = *ChainMemory::Open(path, kNameKey, 100);
  memory_->Put(kAlice, {});
  memory_.reset();
  EXPECT_EQ((*ChainMemory::Open(path, std::string(32, 'x'), 100))->size(), 0u);
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(
      ChainMemory::Open(path, kNameKey, 100).status()));
}

TEST(ChainMemoryTest, IsBounded) {
  auto memory = *ChainMemory::Open("", kNameKey, 3);
  for (int k = 0; k < 10; ++k) memory->Put(absl::StrCat("\x01", k), {});
  EXPECT_EQ(memory->size(), 3u);
  EXPECT_TRUE(memory
                  ->Find("\x01"
                         "9")
                  .has_value());
}

TEST(ChainMemoryTest, NeverGoesBack) {
  auto memory = *ChainMemory::Open("", kNameKey, 3);
  memory->Put(kAlice, {{}, 5, 50});
  memory->Put(kAlice, {{}, 4, 40});
  EXPECT_EQ(memory->Find(kAlice)->last, 5u);
}

}  // namespace
}  // namespace vidimus
