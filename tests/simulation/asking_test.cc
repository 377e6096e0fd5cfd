// Asking first, against everything that may come between: a resident files, an
// administration checks and records, batches run, the server dies and forgets,
// in an order that a seed draws. Afterwards the whole log is read, and no
// access stands with or after a statement that it says it was not decided by.
//
//   bazel run //tests/simulation:asking_test -- --seeds=200 --first=21
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "log/openings.h"
#include "log/wallet_testing.h"
#include "verifier/label.h"
#include "verifier/record.h"

namespace vidimus {

uint64_t seeds = 20;
uint64_t first = 1;

namespace {

constexpr uint64_t kResidents = 2;
constexpr int kSteps = 120;

struct Happened {
  int recorded = 0, aborted = 0, filed = 0, repeated = 0, starts = 0;
  // Aborted by what came in the same batch.
  int at_this_moment = 0;
};

class Interleaving {
 public:
  Interleaving(uint64_t seed, const std::string& folder)
      : log_(folder, seed), choose_(seed * 7919 + 1) {
    for (uint64_t r = 0; r < kResidents; ++r) {
      wallets_.push_back(log_.Wallet(r, 0));
      EXPECT_TRUE(log_.File(wallets_[r].FirstKey(), &wallets_[r]).ok());
    }
    checked_.assign(kResidents, 1);
  }

  Happened Run() {
    for (int step = 0; step < kSteps; ++step) {
      const uint64_t r = choose_.Below(kResidents);
      switch (choose_.Below(12)) {
        case 0:
        case 1:
          Check(r);
          break;
        case 2:
        case 3:
        case 4:
        case 5:
          Record(r);
          break;
        case 6:
        case 7:
          File(r);
          break;
        case 8:
          if (choose_.Below(4) == 0) Die();
          break;
        default:
          log_.Run();
          Collect();
      }
    }
    // Who was not answered asks again, until all are.
    for (int i = 0; i < 30; ++i) {
      log_.Run();
      Collect();
    }
    EXPECT_TRUE(records_.empty());
    EXPECT_TRUE(filings_.empty());
    JudgeAll();
    EXPECT_LOG_IS_SOUND(log_.log(), log_.storage(), log_.key());
    return happened_;
  }

 private:
  struct Recording {
    v1::Entry entry;
    uint64_t based_on;
    std::shared_ptr<std::optional<AskingLog::Recorded>> answer;
  };
  struct Filing {
    uint64_t resident;
    v1::Statement statement;
    v1::Entry entry;
    std::shared_ptr<std::optional<AskingLog::Filed>> answer;
  };

  void Check(uint64_t r) {
    const auto answer = log_.Check(0, r, checked_[r]);
    ASSERT_TRUE(answer.ok()) << answer.status();
    checked_[r] += answer->chain().entries_size();
  }

  void Record(uint64_t r) {
    Recording one;
    one.entry = MakeTestEntry(0, r, log_.random());
    one.based_on = checked_[r];
    one.answer = log_.StartRecording(0, {one.entry}, {one.based_on});
    based_on_[one.entry.entry_id()] = one.based_on;
    records_.push_back(std::move(one));
  }

  void File(uint64_t r) {
    for (const Filing& one : filings_) {
      if (one.resident == r) return;  // a wallet waits for its answer
    }
    Filing one;
    one.resident = r;
    one.statement = choose_.Below(3) == 0 ? wallets_[r].Grant()
                                          : wallets_[r].WithdrawEverything();
    one.entry = wallets_[r].Sign(one.statement);
    one.answer = log_.StartFiling({one.entry});
    filings_.push_back(std::move(one));
  }

  // What waits is lost; it is sent again, the same bytes.
  void Die() {
    Collect();
    ++happened_.starts;
    log_.cache_bytes_ = choose_.Below(2) == 0 ? 0 : 1 << 20;
    log_.Open();
    for (Recording& one : records_) {
      one.answer = log_.StartRecording(0, {one.entry}, {one.based_on});
    }
    for (Filing& one : filings_) one.answer = log_.StartFiling({one.entry});
  }

  void Collect() {
    std::vector<Recording> waiting;
    for (Recording& one : records_) {
      if (!one.answer->has_value()) {
        waiting.push_back(std::move(one));
        continue;
      }
      const AskingLog::Recorded& answer = **one.answer;
      if (answer.ok()) {
        ++happened_.recorded;
        recorded_.insert(one.entry.entry_id());
        // Sometimes the answer is lost.
        if (choose_.Below(10) == 0) {
          ++happened_.repeated;
          one.answer = log_.StartRecording(0, {one.entry}, {one.based_on});
          waiting.push_back(std::move(one));
        }
        continue;
      }
      EXPECT_TRUE(absl::IsAborted(answer.status())) << answer.status();
      EXPECT_EQ(recorded_.count(one.entry.entry_id()), 0u)
          << "what stands is answered as it was";
      ++happened_.aborted;
      happened_.at_this_moment +=
          answer.status().message().find("at this moment") !=
          absl::string_view::npos;
      aborted_.insert(one.entry.entry_id());
    }
    records_ = std::move(waiting);
    std::vector<Filing> unfiled;
    for (Filing& one : filings_) {
      if (!one.answer->has_value()) {
        unfiled.push_back(std::move(one));
        continue;
      }
      EXPECT_TRUE((*one.answer)->ok()) << (*one.answer)->status();
      ++happened_.filed;
      wallets_[one.resident].Filed(one.statement);
      ++statements_[one.resident];
    }
    filings_ = std::move(unfiled);
  }

  // Reads every chain and holds it against what was said and answered.
  void JudgeAll() {
    Log* const log = log_.log();
    std::set<std::string> found;
    for (uint64_t r = 0; r < kResidents; ++r) {
      const auto key = log->chain_keys()->Prove(TestSubject(r), 0);
      ASSERT_TRUE(key.ok());
      struct Entry {
        uint64_t number, batch;
        bool statement;
        std::string id;
      };
      std::vector<Entry> entries;
      for (uint64_t i = 0;; ++i) {
        const auto leaf = log->index()->Find(ChainLabel(key->key, i));
        ASSERT_TRUE(leaf.ok());
        if (!leaf->has_value()) break;
        const auto page = ReadPage(log->storage(), log->vault(), **leaf);
        ASSERT_TRUE(page.ok());
        const vault::Opening* const opening = page->Find(**leaf);
        ASSERT_NE(opening, nullptr);
        entries.push_back(
            {i, page->first,
             ContentOf(opening->record()) == RecordContent::kStatement,
             opening->entry_id()});
        EXPECT_TRUE(found.insert(opening->entry_id()).second);
      }
      uint64_t statements = 0;
      for (const Entry& statement : entries) {
        if (!statement.statement) continue;
        ++statements;
        for (const Entry& access : entries) {
          const auto n = based_on_.find(access.id);
          if (n == based_on_.end() || statement.number < n->second) continue;
          EXPECT_LT(access.batch, statement.batch)
              << "entry " << access.number << ", based on " << n->second
              << ", stands with or after statement " << statement.number;
        }
      }
      EXPECT_EQ(statements, statements_[r] + 1) << "each once, and the key";
    }
    for (const std::string& id : aborted_) EXPECT_EQ(found.count(id), 0u);
    for (const std::string& id : recorded_) EXPECT_EQ(found.count(id), 1u);
  }

  AskingLog log_;
  SeededRandom choose_;
  std::vector<TestWallet> wallets_;
  std::vector<uint64_t> checked_;
  std::vector<Recording> records_;
  std::vector<Filing> filings_;
  std::map<std::string, uint64_t> based_on_;
  std::set<std::string> recorded_, aborted_;
  std::map<uint64_t, uint64_t> statements_;
  Happened happened_;
};

TEST(AskingTest, AWithdrawalBetweenCheckAndRecordAbortsTheRecord) {
  Happened sum;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    const Happened one =
        Interleaving(seed, absl::StrCat(::testing::TempDir(), "/asking", seed))
            .Run();
    sum.recorded += one.recorded;
    sum.aborted += one.aborted;
    sum.at_this_moment += one.at_this_moment;
    sum.filed += one.filed;
    sum.repeated += one.repeated;
    sum.starts += one.starts;
    if (::testing::Test::HasFailure()) break;
  }
  printf(
      "%d recorded (%d sent again), %d aborted (%d within one batch), %d "
      "statements, %d starts\n",
      sum.recorded, sum.repeated, sum.aborted, sum.at_this_moment, sum.filed,
      sum.starts);
  // That nothing fails means little unless much happens.
  EXPECT_GT(sum.recorded, 150);
  EXPECT_GT(sum.aborted, 100);
  EXPECT_GT(sum.at_this_moment, 20);
  EXPECT_GT(sum.filed, 100);
  EXPECT_GT(sum.repeated, 10);
  EXPECT_GT(sum.starts, 20);
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int k = 1; k < argc; ++k) {
    absl::string_view argument = argv[k];
    uint64_t* const target =
        absl::ConsumePrefix(&argument, "--seeds=")   ? &vidimus::seeds
        : absl::ConsumePrefix(&argument, "--first=") ? &vidimus::first
                                                     : nullptr;
    if (target == nullptr || !absl::SimpleAtoi(argument, target)) {
      std::fprintf(stderr, "usage: %s [--seeds=N] [--first=SEED]\n", argv[0]);
      return 64;
    }
  }
  return RUN_ALL_TESTS();
}
