// The submitter against a log with real chains, whose answers come late, twice,
// or with a hole.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/dense_chains.h"
#include "client/fake_log.h"
#include "client/outbox.h"
#include "client/submitter.h"
#include "proto/mutex.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "verifier/leaf.h"
#include "verifier/small_log.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;

constexpr char kOrigin[] = "log.example/small/2026h1";
const std::string kResident = "\x01resident-a";

// A small log that takes requests and answers questions; one thread at a time.
class Backend : public Questions {
 public:
  Backend() {
    log_.PutAdministration(0);
    log_.Seal(time_);
  }

  VerifierKey key() {
    MutexLock lock(&mu_);
    return log_.key();
  }

  v1::SubmitResponse Submit(const v1::SubmitRequest& request) {
    MutexLock lock(&mu_);
    std::vector<std::pair<std::string, uint64_t>> places;
    bool grew = false;
    for (const v1::Entry& entry : request.entries()) {
      v1::Record record;
      EXPECT_TRUE(record.ParseFromString(entry.record()));
      const std::string& subject = record.access().subject();
      if (numbers_.count(entry.entry_id()) == 0) {
        v1::Opening opening;
        opening.set_entry_id(entry.entry_id());
        opening.set_record_salt(entry.record_salt());
        opening.set_record(entry.record());
        opening.set_actor_salt(entry.actor_salt());
        opening.set_actor(entry.actor());
        if (skip_at == next_[subject])
          log_.SetNext(subject, 0, ++next_[subject]);
        numbers_[entry.entry_id()] = log_.AddOpening(subject, 0, opening);
        ++next_[subject];
        grew = true;
      }
      places.emplace_back(subject, numbers_[entry.entry_id()]);
    }
    if (grew) log_.Seal(++time_);
    v1::SubmitResponse response;
    std::set<uint64_t> indices;
    for (const auto& [subject, i] : places) {
      const v1::Chain chain = log_.Chain(subject, 0, log_.size());
      for (const v1::ChainEntry& entry : chain.entries()) {
        Leaf leaf;
        EXPECT_EQ(ParseLeaf(entry.leaf(), &leaf), Finding::kOk);
        if (leaf.a != log_.Label(subject, 0, i)) continue;
        response.add_leaf_index(entry.leaf_index());
        indices.insert(entry.leaf_index());
        v1::Placed* placed = response.add_placed();
        placed->set_leaf(entry.leaf());
        placed->set_chain_index(i);
        if (i > 0) continue;
        placed->set_chain_key(chain.chain_key());
        placed->set_vrf_proof(chain.vrf_proof());
      }
    }
    response.set_checkpoint(log_.Checkpoint(log_.size()));
    response.set_proof(
        log_.ProveLeaves({indices.begin(), indices.end()}, log_.size()));
    return response;
  }

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    MutexLock lock(&mu_);
    ++asked;
    v1::GetChainResponse response;
    *response.mutable_chain() =
        log_.Chain(request.subject(), 0, log_.size(), request.first_entry());
    return response;
  }

  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    MutexLock lock(&mu_);
    ++asked;
    std::vector<Hash> keys;
    for (const std::string& key : request.keys()) {
      keys.push_back(*HashFromBytes(key));
    }
    v1::ProveKeysResponse response;
    response.set_proof(log_.ProveKeys(keys, log_.size()));
    response.set_checkpoint(log_.Checkpoint(log_.size()));
    return response;
  }

  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    MutexLock lock(&mu_);
    const uint64_t size = request.size() == 0 ? log_.size() : request.size();
    v1::ProveLeavesResponse response;
    for (const uint64_t index : request.leaf_index()) {
      response.add_leaf(log_.Leaf(index));
      const auto document = log_.documents().find(index);
      if (document != log_.documents().end()) {
        response.add_document(document->second);
      }
    }
    response.set_proof(log_.ProveLeaves(
        {request.leaf_index().begin(), request.leaf_index().end()}, size));
    response.set_checkpoint(log_.Checkpoint(size));
    return response;
  }

  // An entry of somebody else's in the chain.
  void AddForeign(const std::string& subject) {
    MutexLock lock(&mu_);
    log_.AddAccess(subject, 0);
    ++next_[subject];
    log_.Seal(++time_);
  }

  // The number that is left out of each chain.
  uint64_t skip_at = UINT64_MAX;
  std::atomic<int> asked{0};

 private:
  Mutex mu_;
  SmallLog log_ ABSL_GUARDED_BY(mu_);
  uint64_t time_ ABSL_GUARDED_BY(mu_) = 1800000010;
  std::map<std::string, uint64_t> numbers_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, uint64_t> next_ ABSL_GUARDED_BY(mu_);
};

class SubmitterChainsTest : public testing::Test {
 protected:
  SubmitterChainsTest()
      : unused_(kOrigin, true),
        server_(&unused_),
        signer_(std::string_view("an entry key for tests, 32 bytes", 32)),
        heads_(backend_.key()),
        memory_(*ChainMemory::Open("", std::string(32, 'n'), 100)) {
    const std::string folder =
        testing::TempDir() + "/chains_" +
        testing::UnitTest::GetInstance()->current_test_info()->name();
    outbox_ = *Outbox::Open(folder);
    chains_ = *DenseChains::Open(0, &backend_, memory_.get(), &heads_);
  }

  // One entry a request; the receipts that came, by number.
  absl::Status Submit(int count, FakeServer::Script script) {
    server_.set_script(std::move(script));
    SubmitterOptions options;
    options.origin = kOrigin;
    options.request_entries_max = 1;
    options.requests_in_flight_max = 4;
    options.gather = milliseconds(1);
    options.backoff_min = milliseconds(50);
    options.backoff_max = milliseconds(100);
    options.chains = chains_.get();
    auto submitter = Submitter::Start(
        options, server_.Channel(), &signer_, outbox_.get(), &heads_,
        [this](const RequestResult& result) {
          EXPECT_NE(result.receipt, nullptr);
          order_.push_back(result.receipt->entries[0].chain_index);
          return absl::OkStatus();
        });
    EXPECT_TRUE(submitter.ok()) << submitter.status();
    for (int k = 0; k < count; ++k) {
      Draft draft;
      const std::string id = "id" + std::to_string(10000000000000 + k);
      EXPECT_TRUE(EntryIdFromBytes(id, &draft.id));
      v1::Record record;
      v1::AccessRecord* access = record.mutable_access();
      access->set_entry_id(id);
      access->set_occurred_at_ms(1800000000000);
      access->set_controller_id("0000000-0");
      access->set_subject(kResident);
      access->set_administration(0);
      access->set_operation(v1::READ);
      access->add_data_category("pd:Address");
      access->set_purpose("ServiceProvision");
      access->add_legal_basis()->set_basis("A6-1-e");
      access->mutable_as_of()->set_origin(kOrigin);
      access->mutable_as_of()->set_size(2);
      draft.record = record.SerializeAsString();
      RETURN_IF_ERROR((*submitter)->Add(std::move(draft)));
    }
    return (*submitter)->Drain();
  }

  Backend backend_;
  FakeLog unused_;
  FakeServer server_;
  Ed25519Signer signer_;
  HeadKeeper heads_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<ChainMemory> memory_;
  std::unique_ptr<DenseChains> chains_;
  std::vector<uint64_t> order_;
};

TEST_F(SubmitterChainsTest, AReceiptWaitsForTheOneBefore) {
  // The first two answers are lost, the entries are in the log all the same. No
  // more are held than may be under way, or the log would be asked.
  const absl::Status status =
      Submit(5, [this](const v1::SubmitRequest& request, uint64_t number,
                       v1::SubmitResponse* response) {
        *response = backend_.Submit(request);
        if (number <= 2) {
          response->Clear();
          response->set_code(14);  // UNAVAILABLE
        }
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(order_, (std::vector<uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(backend_.asked, 0);
}

TEST_F(SubmitterChainsTest, ACutStreamBringsAllAgain) {
  server_.set_answers_per_stream(2);
  const absl::Status status =
      Submit(8, [this](const v1::SubmitRequest& request, uint64_t number,
                       v1::SubmitResponse* response) {
        *response = backend_.Submit(request);
        if (number == 1) {
          response->Clear();
          response->set_code(14);
        }
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(order_.size(), 8u);
  EXPECT_EQ(order_, (std::vector<uint64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(SubmitterChainsTest, WhatOthersAddedIsAskedFor) {
  backend_.AddForeign(kResident);
  const absl::Status status =
      Submit(2, [this](const v1::SubmitRequest& request, uint64_t,
                       v1::SubmitResponse* response) {
        *response = backend_.Submit(request);
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(order_.size(), 2u);
  EXPECT_GT(backend_.asked, 0);
}

// As many are held as may be under way, and others wait behind them.
TEST_F(SubmitterChainsTest, WhatIsHeldMakesRoomForTheNext) {
  backend_.AddForeign(kResident);
  const absl::Status status =
      Submit(32, [this](const v1::SubmitRequest& request, uint64_t number,
                        v1::SubmitResponse* response) {
        // Until all are gathered: nothing else may wake the writer.
        if (number == 1) std::this_thread::sleep_for(milliseconds(500));
        *response = backend_.Submit(request);
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(order_.size(), 32u);
}

TEST_F(SubmitterChainsTest, AHoleStopsTheSubmitterAndIsKept) {
  backend_.skip_at = 2;
  const absl::Status status =
      Submit(4, [this](const v1::SubmitRequest& request, uint64_t,
                       v1::SubmitResponse* response) {
        *response = backend_.Submit(request);
        return true;
      });
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_NE(status.message().find("a hole"), std::string::npos) << status;
  EXPECT_NE(status.message().find("kept as"), std::string::npos) << status;
  EXPECT_LE(order_.size(), 2u);
}

}  // namespace
}  // namespace vidimus
