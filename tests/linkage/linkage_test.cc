// The linkage game: the real log, from the door to the leaf, and an attacker
// (attacker.h) who knows all public bytes, all times and all of the past. Which
// of two accesses in one batch was to the data of which resident, or by which
// administration? The times say nothing there: without the bytes one is right
// half of the time. With them, it must not be more than 0.02 better; and two
// planted leaks must be found by the same attacker.
//
//   bazel run //tests/linkage:linkage_test -- --trials=10000 --seed=7

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "log/log.h"
#include "log/log_testing.h"
#include "log/memory_storage.h"
#include "log/submit_service.h"
#include "log/worker_pool.h"
#include "proto/mutex.h"
#include "tests/linkage/attacker.h"
#include "verifier/crypto.h"
#include "verifier/hash.h"

namespace vidimus {
namespace {

// How many questions count, and how many come before that teach.
uint64_t trials = 2000;
uint64_t seed = 1;
constexpr uint64_t kLessons = 1000;
// Pairs of accesses in a batch.
constexpr uint64_t kPairs = 20;

enum class Leak {
  kNone,
  kArrivalOrder,  // leaves stand in a batch as they came
  kLabelPrefix,   // a label begins with a byte that tells the resident
};

enum class Game { kResidents, kAdministrations };

// One access on its way through the log.
struct Access {
  uint32_t who = 0;  // resident, or administration
  uint64_t arrival_ms = 0;
  uint64_t leaf_index = 0;
};

class LinkageTest : public testing::Test {
 protected:
  LinkageTest()
      : random_(seed),
        storage_(&rows_),
        signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(32)),
        folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())),
        register_(MakeTestRegister(2, &random_)) {
    EXPECT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
    auto lock = OpenSigningLock(PosixDisk(), folder_ + "/signing.lock");
    EXPECT_TRUE(lock.ok()) << lock.status();
    lock_ = *std::move(lock);
    LogOptions options;
    options.opening_register = register_.opening;
    auto log = Log::Open(
        options,
        {&storage_, lock_.get(), PosixDisk(), &clock_, &random_, &signer_,
         &registry_, folder_ + "/ids", folder_ + "/vault", random_.Draw(32),
         random_.Draw(32), register_.label_seed, folder_ + "/index"});
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    workers_ = std::make_unique<WorkerPool>(1);
    service_ = std::make_unique<SubmitService>(SubmitLimits(), log_.get(),
                                               workers_.get());
  }

  // Submits the accesses in their order of arrival, and lets the log seal them
  // in one batch.
  void Record(Game game, std::vector<Access>* accesses) {
    Mutex mu;
    CondVar changed;
    size_t answered = 0;
    for (Access& access : *accesses) {
      clock_.Advance(1);
      access.arrival_ms = static_cast<uint64_t>(clock_.NowMs());
      const uint32_t a = game == Game::kResidents ? 0 : access.who;
      const uint64_t subject = game == Game::kResidents ? access.who : 77;
      service_->Submit(SignTestRequest(a, {MakeTestEntry(a, subject, &random_)},
                                       register_.entry_seeds[a]),
                       a, [&](absl::StatusOr<v1::SubmitResponse> response) {
                         ASSERT_TRUE(response.ok()) << response.status();
                         MutexLock lock(&mu);
                         access.leaf_index = response->leaf_index(0);
                         ++answered;
                         changed.SignalAll();
                       });
    }
    const absl::Status ran = log_->RunOnce();
    ASSERT_TRUE(ran.ok()) << ran;
    MutexLock lock(&mu);
    while (answered < accesses->size()) changed.Wait(&mu);
  }

  PublicBatch Batch(uint64_t first, uint64_t end) {
    PublicBatch batch;
    batch.first_index = first;
    for (uint64_t index = first; index < end; ++index) {
      auto leaf = log_->tiles().Entry(index);
      EXPECT_TRUE(leaf.ok()) << leaf.status();
      batch.leaves.push_back(*std::move(leaf));
    }
    return batch;
  }

  // Spoils a batch as a careless log would.
  static void Spoil(Leak leak, PublicBatch* batch,
                    std::vector<Access>* accesses) {
    if (leak == Leak::kNone) return;
    std::vector<std::pair<std::string, Access*>> leaves;
    for (Access& access : *accesses) {
      std::string leaf = batch->leaves[access.leaf_index - batch->first_index];
      if (leak == Leak::kLabelPrefix) {
        leaf[1] =
            static_cast<char>(Sha256(absl::StrCat("resident ", access.who))[0]);
      }
      leaves.emplace_back(std::move(leaf), &access);
    }
    const std::string seal = batch->leaves.back();
    if (leak == Leak::kLabelPrefix) {
      std::sort(leaves.begin(), leaves.end());
    }
    batch->leaves.clear();
    for (auto& [leaf, access] : leaves) {
      access->leaf_index = batch->first_index + batch->leaves.size();
      batch->leaves.push_back(std::move(leaf));
    }
    batch->leaves.push_back(seal);
  }

  // How often the attacker is right.
  double Play(Game game, Leak leak) {
    Attacker attacker;
    uint64_t right = 0;
    uint64_t asked = 0;
    while (asked < kLessons + trials) {
      std::vector<Access> accesses(2 * kPairs);
      for (uint64_t k = 0; k < accesses.size(); ++k) {
        accesses[k].who =
            static_cast<uint32_t>(game == Game::kResidents ? k : k % 2);
      }
      // They come in any order.
      for (size_t k = accesses.size(); k > 1; --k) {
        std::swap(accesses[k - 1], accesses[random_.Below(k)]);
      }
      const uint64_t first = log_->Latest()->head.size;
      Record(game, &accesses);
      PublicBatch batch = Batch(first, log_->Latest()->head.size);
      Spoil(leak, &batch, &accesses);

      std::array<std::vector<const Access*>, 2> sides;
      std::sort(accesses.begin(), accesses.end(),
                [](const Access& a, const Access& b) { return a.who < b.who; });
      for (size_t k = 0; k < accesses.size(); ++k) {
        const size_t side = game == Game::kResidents ? k % 2 : accesses[k].who;
        sides[side].push_back(&accesses[k]);
      }
      for (size_t pair = 0; pair < kPairs; ++pair) {
        const Access* two[] = {sides[0][pair], sides[1][pair]};
        if (random_.Below(2) == 1) std::swap(two[0], two[1]);
        LinkQuestion question;
        for (size_t k = 0; k < 2; ++k) {
          question.who[k] = two[k]->who;
          question.arrival_ms[k] = two[k]->arrival_ms;
          question.place[k] = two[k]->leaf_index - first;
        }
        const bool truth = question.place[0] < question.place[1];
        if (!truth) std::swap(question.place[0], question.place[1]);
        const bool guess = attacker.Guess(batch, question);
        attacker.Learn(truth);
        if (asked++ >= kLessons && guess == truth) ++right;
      }
    }
    const double rate =
        static_cast<double>(right) / static_cast<double>(asked - kLessons);
    std::printf("right %.4f of %llu; best by %s\n", rate,
                static_cast<unsigned long long>(asked - kLessons),
                attacker.best());
    return rate;
  }

  // What chance may add to 0.02 in fewer than 10,000 trials: four deviations,
  // less the four that are in the 0.02 already.
  static double Bound() {
    const double chance = 4 * 0.5 / std::sqrt(static_cast<double>(trials));
    return 0.5 + std::max(0.02, chance);
  }

  SeededRandom random_;
  FakeClock clock_;
  MemoryRows rows_;
  MemoryStorage storage_;
  Ed25519NoteSigner signer_;
  prometheus::Registry registry_;
  std::string folder_;
  TestRegister register_;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<SubmitService> service_;
};

TEST_F(LinkageTest, ALeafDoesNotTellTheResident) {
  EXPECT_LE(Play(Game::kResidents, Leak::kNone), Bound());
}

TEST_F(LinkageTest, ALeafDoesNotTellTheAdministration) {
  EXPECT_LE(Play(Game::kAdministrations, Leak::kNone), Bound());
}

TEST_F(LinkageTest, TheOrderOfArrivalWouldTell) {
  EXPECT_GE(Play(Game::kResidents, Leak::kArrivalOrder), 0.95);
}

TEST_F(LinkageTest, APrefixOfTheLabelWouldTell) {
  EXPECT_GE(Play(Game::kResidents, Leak::kLabelPrefix), 0.95);
}

TEST_F(LinkageTest, APrefixOfTheLabelWouldTellTheAdministration) {
  EXPECT_GE(Play(Game::kAdministrations, Leak::kLabelPrefix), 0.95);
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int k = 1; k < argc; ++k) {
    absl::string_view argument = argv[k];
    uint64_t* const target =
        absl::ConsumePrefix(&argument, "--trials=") ? &vidimus::trials
        : absl::ConsumePrefix(&argument, "--seed=") ? &vidimus::seed
                                                    : nullptr;
    if (target == nullptr || !absl::SimpleAtoi(argument, target)) {
      std::fprintf(stderr, "usage: %s [--trials=N] [--seed=N]\n", argv[0]);
      return 64;
    }
  }
  return RUN_ALL_TESTS();
}
