#include "log/log.h"

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "log/entry_rows.h"
#include "log/log_testing.h"
#include "log/memory_storage.h"
#include "log/receipt.h"
#include "log/scrub.h"
#include "log/submit_service.h"
#include "proto/mutex.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

// A log on memory, and what it takes to open it again as after a restart.
class LogTest : public ::testing::Test {
 protected:
  LogTest()
      : random_(42),
        rows_(std::make_unique<MemoryRows>()),
        storage_(std::make_unique<MemoryStorage>(rows_.get())),
        signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(32)),
        id_key_(random_.Draw(32)),
        vault_key_(random_.Draw(32)),
        folder_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    EXPECT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
    OpenLock();
  }

  void OpenLock() {
    lock_.reset();
    auto lock = OpenSigningLock(PosixDisk(), folder_ + "/signing.lock");
    ASSERT_TRUE(lock.ok()) << lock.status();
    lock_ = *std::move(lock);
  }

  absl::Status Open() {
    log_.reset();
    OpenLock();
    registry_ = std::make_unique<prometheus::Registry>();
    auto log = Log::Open(
        options_,
        {storage_.get(), lock_.get(), PosixDisk(), &clock_, &random_, &signer_,
         registry_.get(), folder_ + "/ids", folder_ + "/vault", id_key_,
         vault_key_, register_.label_seed, folder_ + "/index"});
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    return absl::OkStatus();
  }

  absl::Status OpenAccess(int administrations = 2) {
    register_ = MakeTestRegister(administrations, &random_);
    options_.opening_register = register_.opening;
    return Open();
  }

  absl::StatusOr<Placement> Submit(const std::vector<std::string>& entries,
                                   const std::vector<std::string>& ids = {}) {
    absl::StatusOr<Placement> answer;
    log_->Submit(MakeTestSubmission(entries, ids, log_->id_tagger(), &answer));
    const absl::Status ran = log_->RunOnce();
    return ran.ok() ? std::move(answer) : ran;
  }

  // Through the service, as a door would.
  absl::StatusOr<v1::SubmitResponse> SubmitRequest(
      const v1::SubmitRequest& request,
      std::optional<uint32_t> administration) {
    absl::StatusOr<v1::SubmitResponse> answer =
        absl::InternalError("not answered");
    {
      WorkerPool workers(1);
      SubmitService service({}, log_.get(), &workers);
      service.Submit(request, administration,
                     [&](absl::StatusOr<v1::SubmitResponse> response) {
                       answer = std::move(response);
                     });
      const absl::Status ran = log_->RunOnce();
      if (!ran.ok()) return ran;
    }
    return answer;
  }

  SeededRandom random_;
  FakeClock clock_;
  std::unique_ptr<MemoryRows> rows_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<SigningLock> lock_;
  Ed25519NoteSigner signer_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::string id_key_, vault_key_, folder_;
  LogOptions options_;
  TestRegister register_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogTest, ANewOpaqueLogSignsSizeZero) {
  ASSERT_TRUE(Open().ok());
  Checkpoint checkpoint;
  EXPECT_EQ(
      OpenCheckpoint(log_->Latest()->checkpoint, signer_.key(), &checkpoint),
      Finding::kOk);
  EXPECT_EQ(checkpoint.head.size, 0u);
  EXPECT_EQ(checkpoint.head.root, EmptyRoot());
}

TEST_F(LogTest, PlacesEntriesInTheOrderTheyCame) {
  ASSERT_TRUE(Open().ok());
  const auto first = Submit({"a", "b", "c"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->leaf_indices, (std::vector<uint64_t>{0, 1, 2}));
  const auto second = Submit({"d"});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->leaf_indices, (std::vector<uint64_t>{3}));
  EXPECT_EQ(second->published->head.size, 4u);
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

TEST_F(LogTest, AnAccessLogAtRestIsSealedAnew) {
  options_.sequencer.rest_ms = 30000;
  ASSERT_TRUE(OpenAccess().ok());
  const auto size = [this] { return log_->Latest()->head.size; };
  const auto rest = [&](int64_t ms) {
    clock_.Advance(ms);
    EXPECT_TRUE(log_->SealRest().ok());
    return size();
  };
  const uint64_t opened = size();
  EXPECT_EQ(rest(29999), opened);
  EXPECT_EQ(rest(1), opened + 9) << "eight covers and a seal";
  EXPECT_EQ(rest(29999), opened + 9);
  EXPECT_EQ(rest(1), opened + 18);
  Leaf seal;
  ASSERT_EQ(ParseLeaf(*log_->tiles().Entry(size() - 1), &seal), Finding::kOk);
  EXPECT_EQ(SealOf(seal).time_s, static_cast<uint64_t>(clock_.NowMs() / 1000));

  clock_.Advance(29999);
  ASSERT_TRUE(SubmitRequest(SignTestRequest(0, {MakeTestEntry(0, 1, &random_)},
                                            register_.entry_seeds[0]),
                            0)
                  .ok());
  EXPECT_EQ(rest(29999), opened + 27) << "an entry is as good as covers";
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(rest(29999), opened + 27) << "rest begins anew with a start";
  EXPECT_EQ(rest(1), opened + 36);
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

TEST_F(LogTest, NothingIsSealedWhereNothingMayBeWritten) {
  options_.sequencer.rest_ms = 1000;
  ASSERT_TRUE(OpenAccess().ok());
  const uint64_t size = log_->Latest()->head.size;
  clock_.Advance(5000);
  log_->pool().Refuse(absl::UnavailableError("the disk is nearly full"));
  EXPECT_TRUE(log_->SealRest().ok());
  EXPECT_EQ(log_->Latest()->head.size, size);
  log_->pool().Refuse(absl::OkStatus());
  EXPECT_TRUE(log_->SealRest().ok());
  EXPECT_EQ(log_->Latest()->head.size, size + 9);
  clock_.Advance(5000);
  log_->Freeze(absl::FailedPreconditionError("looked at"));
  EXPECT_TRUE(log_->SealRest().ok());
  EXPECT_EQ(log_->Latest()->head.size, size + 9);
}

TEST_F(LogTest, ALogThatIsNotToldToRestsForEver) {
  ASSERT_TRUE(OpenAccess().ok());
  const uint64_t size = log_->Latest()->head.size;
  clock_.Advance(int64_t{1} << 40);
  EXPECT_TRUE(log_->SealRest().ok());
  EXPECT_EQ(log_->Latest()->head.size, size);
}

TEST_F(LogTest, ARestartSignsTheSameBytesAgainAndGoesOn) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Submit({"a", "b"}).ok());
  const std::string before = log_->Latest()->checkpoint;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(log_->Latest()->checkpoint, before);
  const auto next = Submit({"c"});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->leaf_indices, (std::vector<uint64_t>{2}));
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

// Goal: batches of every awkward size on top of each other, restarts between.
TEST_F(LogTest, StaysSoundOverTileEdges) {
  ASSERT_TRUE(Open().ok());
  uint64_t size = 0;
  for (const uint64_t count : {1, 254, 1, 1, 255, 256, 257, 511, 3}) {
    std::vector<std::string> entries;
    for (uint64_t i = 0; i < count; ++i) {
      entries.push_back(absl::StrCat("entry ", size + i));
    }
    ASSERT_TRUE(Submit(entries).ok());
    size += count;
    EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
    ASSERT_TRUE(Open().ok());
    EXPECT_EQ(log_->Latest()->head.size, size);
  }
}

TEST_F(LogTest, TheSameIdWithTheSameContentIsTheSameLeaf) {
  ASSERT_TRUE(Open().ok());
  const std::string id = random_.Draw(16);
  ASSERT_TRUE(Submit({"a"}, {id}).ok());
  ASSERT_TRUE(Submit({"other"}).ok());
  for (int restart = 0; restart < 2; ++restart) {
    const auto again = Submit({"a"}, {id});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->leaf_indices, (std::vector<uint64_t>{0}));
    EXPECT_EQ(again->published->head.size, 2u);
    ASSERT_TRUE(Open().ok());
  }
}

TEST_F(LogTest, TheSameIdWithOtherContentIsRefusedWithAllOfItsRequest) {
  ASSERT_TRUE(Open().ok());
  const std::string id = random_.Draw(16);
  ASSERT_TRUE(Submit({"a"}, {id}).ok());
  const auto refused = Submit({"fresh", "not a"}, {random_.Draw(16), id});
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  EXPECT_EQ(log_->Latest()->head.size, 1u);
}

TEST_F(LogTest, TheSameIdTwiceInOneBatchIsOneLeaf) {
  ASSERT_TRUE(Open().ok());
  const std::string id = random_.Draw(16);
  absl::StatusOr<Placement> one, two, other;
  log_->Submit(MakeTestSubmission({"x", "a"}, {random_.Draw(16), id},
                                  log_->id_tagger(), &one));
  log_->Submit(MakeTestSubmission({"a"}, {id}, log_->id_tagger(), &two));
  log_->Submit(MakeTestSubmission({"b"}, {id}, log_->id_tagger(), &other));
  ASSERT_TRUE(log_->RunOnce().ok());
  ASSERT_TRUE(one.ok());
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(one->leaf_indices, (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(two->leaf_indices, (std::vector<uint64_t>{1}));
  EXPECT_TRUE(absl::IsAlreadyExists(other.status()));
  EXPECT_EQ(log_->Latest()->head.size, 2u);
}

TEST_F(LogTest, RefusesDataThatWentBackInTime) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Submit({"a"}).ok());
  ASSERT_TRUE(Submit({"b"}).ok());
  log_.reset();
  rows_ = std::make_unique<MemoryRows>();
  storage_ = std::make_unique<MemoryStorage>(rows_.get());
  const absl::Status refused = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_NE(refused.message().find("went back in time"), std::string::npos);
}

TEST_F(LogTest, RefusesALockThatIsFurtherBehindThanOneBatch) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Submit({"a"}).ok());
  ASSERT_TRUE(Submit({"b"}).ok());
  folder_ += "_other";
  ASSERT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Open()));
}

TEST_F(LogTest, AnAccessLogOpensWithItsRegister) {
  ASSERT_TRUE(OpenAccess().ok());
  // config, seal; two administrations, six cover leaves, seal.
  EXPECT_EQ(log_->Latest()->head.size, 11u);
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(log_->Latest()->head.size, 11u);
}

TEST_F(LogTest, AnAccessComesBackWithAProofThatAStrangerAccepts) {
  ASSERT_TRUE(OpenAccess().ok());
  const std::vector<v1::Entry> entries = {MakeTestEntry(1, 5, &random_),
                                          MakeTestEntry(1, 6, &random_)};
  const auto receipt =
      SubmitRequest(SignTestRequest(1, entries, register_.entry_seeds[1]), 1);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  ASSERT_EQ(receipt->leaf_index_size(), 2);
  Checkpoint checkpoint;
  ASSERT_EQ(OpenCheckpoint(receipt->checkpoint(), signer_.key(), &checkpoint),
            Finding::kOk);
  std::vector<std::pair<uint64_t, Hash>> leaves;
  for (int i = 0; i < 2; ++i) {
    Leaf leaf;
    ASSERT_EQ(ParseLeaf(receipt->placed(i).leaf(), &leaf), Finding::kOk);
    EXPECT_EQ(leaf.kind, LeafKind::kSubject);
    EXPECT_EQ(leaf.b,
              Commitment({entries[i].record_salt(), entries[i].record(),
                          entries[i].actor_salt(), entries[i].actor()}));
    leaves.emplace_back(receipt->leaf_index(i),
                        LeafHash(receipt->placed(i).leaf()));
  }
  std::sort(leaves.begin(), leaves.end());
  EXPECT_EQ(VerifyMultiInclusion(
                {leaves[0].first, leaves[1].first},
                std::vector<Hash>{leaves[0].second, leaves[1].second},
                checkpoint.head, *HashesFromBytes(receipt->proof())),
            Finding::kOk);
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

TEST_F(LogTest, ARetriedAccessGetsItsFirstLeafAlsoAfterARestart) {
  ASSERT_TRUE(OpenAccess().ok());
  const v1::SubmitRequest request = SignTestRequest(
      0, {MakeTestEntry(0, 1, &random_)}, register_.entry_seeds[0]);
  const auto first = SubmitRequest(request, 0);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(Open().ok());
  const auto again = SubmitRequest(request, 0);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->leaf_index(0), first->leaf_index(0));
  EXPECT_EQ(again->placed(0).leaf(), first->placed(0).leaf());
}

TEST_F(LogTest, TheVaultGivesBackWhatWasSubmitted) {
  ASSERT_TRUE(OpenAccess().ok());
  const v1::Entry entry = MakeTestEntry(0, 9, &random_);
  const auto receipt =
      SubmitRequest(SignTestRequest(0, {entry}, register_.entry_seeds[0]), 0);
  ASSERT_TRUE(receipt.ok());
  ASSERT_TRUE(Open().ok());
  const auto row =
      storage_->Get(RowKind::kVaultPage, 0, receipt->leaf_index(0));
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->value.find("case officer"), std::string::npos);
  const auto page = log_->vault()->Open(row->first, row->value);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->openings_size(), 1);
  EXPECT_EQ(page->openings(0).record(), entry.record());
  EXPECT_EQ(page->openings(0).actor(), entry.actor());
  EXPECT_EQ(row->first + page->openings(0).place(), receipt->leaf_index(0));
}

TEST_F(LogTest, RefusesWhatAnAdministrationDidNotSign) {
  ASSERT_TRUE(OpenAccess().ok());
  const auto submit = [&](v1::SubmitRequest request,
                          std::optional<uint32_t> administration) {
    const uint64_t size = log_->Latest()->head.size;
    const absl::Status status = SubmitRequest(request, administration).status();
    EXPECT_EQ(log_->Latest()->head.size, size);
    return status.code();
  };
  v1::SubmitRequest good = SignTestRequest(0, {MakeTestEntry(0, 1, &random_)},
                                           register_.entry_seeds[0]);
  EXPECT_EQ(submit(good, std::nullopt), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(submit(good, 1), absl::StatusCode::kPermissionDenied);

  v1::SubmitRequest bad = good;
  bad.clear_signature();
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kPermissionDenied);
  bad = good;
  bad.mutable_entries(0)->mutable_record_salt()->back() ^= 1;
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kPermissionDenied);
  bad = SignTestRequest(0, {MakeTestEntry(0, 1, &random_)},
                        register_.entry_seeds[1]);
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kPermissionDenied);
  bad = SignTestRequest(7, {MakeTestEntry(7, 1, &random_)},
                        register_.entry_seeds[0]);
  EXPECT_EQ(submit(bad, 7), absl::StatusCode::kPermissionDenied);

  bad = SignTestRequest(0, {MakeTestEntry(1, 1, &random_)},
                        register_.entry_seeds[0]);
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kInvalidArgument);
  bad = SignTestRequest(0, {}, register_.entry_seeds[0]);
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kInvalidArgument);
  v1::Entry garbage = MakeTestEntry(0, 1, &random_);
  garbage.set_record("\xff garbage");
  bad = SignTestRequest(0, {garbage}, register_.entry_seeds[0]);
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kInvalidArgument);
  v1::Entry other_id = MakeTestEntry(0, 1, &random_);
  other_id.set_entry_id(random_.Draw(16));
  bad = SignTestRequest(0, {other_id}, register_.entry_seeds[0]);
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.add_opaque()->set_data("x");
  EXPECT_EQ(submit(bad, 0), absl::StatusCode::kInvalidArgument);

  EXPECT_TRUE(SubmitRequest(good, 0).ok());
}

TEST_F(LogTest, SealTimesStandStillWhileTheClockIsBehind) {
  ASSERT_TRUE(OpenAccess().ok());
  const auto submit = [&](uint64_t number) {
    return SubmitRequest(
               SignTestRequest(0, {MakeTestEntry(0, number, &random_)},
                               register_.entry_seeds[0]),
               0)
        .status();
  };
  ASSERT_TRUE(submit(1).ok());
  clock_.Step(-3600 * 1000);
  ASSERT_TRUE(submit(2).ok());
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(submit(3).ok());
  clock_.Step(7200 * 1000);
  ASSERT_TRUE(submit(4).ok());
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

TEST_F(LogTest, AFrozenLogSignsNothingMore) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Submit({"a"}).ok());
  absl::StatusOr<Placement> waiting;
  log_->Submit(MakeTestSubmission({"b"}, {}, log_->id_tagger(), &waiting));
  log_->Freeze(absl::DataLossError("a test"));
  EXPECT_FALSE(log_->RunOnce().ok());
  EXPECT_FALSE(waiting.ok());
  EXPECT_EQ(log_->Latest()->head.size, 1u);
  absl::StatusOr<Placement> later;
  log_->Submit(MakeTestSubmission({"c"}, {}, log_->id_tagger(), &later));
  EXPECT_TRUE(absl::IsFailedPrecondition(later.status())) << later.status();
}

TEST_F(LogTest, ProvesOldLeavesInOldTrees) {
  ASSERT_TRUE(Open().ok());
  std::vector<TreeHead> heads;
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<std::string> entries;
    for (int i = 0; i <= batch * 3; ++i) {
      entries.push_back(absl::StrCat(batch, " ", i));
    }
    ASSERT_TRUE(Submit(entries).ok());
    heads.push_back(log_->Latest()->head);
  }
  ASSERT_TRUE(Open().ok());
  for (const TreeHead& head : heads) {
    const uint64_t index = random_.Below(head.size);
    const auto proof = MakeProof(log_.get(), index, head.size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    std::vector<Hash> path;
    for (const std::string& hash : proof->path()) {
      path.push_back(*HashFromBytes(hash));
    }
    const auto entry = log_->tiles().Entry(index);
    ASSERT_TRUE(entry.ok());
    EXPECT_EQ(VerifyInclusion(LeafHash(*entry), index, path, head),
              Finding::kOk);
  }
  const uint64_t size = heads.back().size;
  EXPECT_TRUE(absl::IsOutOfRange(MakeProof(log_.get(), size, 0).status()));
  EXPECT_TRUE(absl::IsOutOfRange(MakeProof(log_.get(), 0, size + 1).status()));
}

// A commit that failed, kept or not: nobody was told that it stands, the
// process stops, and after a restart the log goes on from what is there.
TEST_F(LogTest, AFailedCommitStopsTheLogAndARestartGoesOn) {
  for (const bool kept : {false, true}) {
    rows_ = std::make_unique<MemoryRows>();
    bool fail = false;
    storage_ =
        std::make_unique<MemoryStorage>(rows_.get(), [&](const StorageBatch&) {
          if (!fail) return MemoryStorage::Fate::kCommit;
          return kept ? MemoryStorage::Fate::kFailButKeep
                      : MemoryStorage::Fate::kFail;
        });
    folder_ += kept ? "_kept" : "_lost";
    ASSERT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(Submit({"a"}).ok());
    const std::string id = random_.Draw(16);
    fail = true;
    EXPECT_FALSE(Submit({"b"}, {id}).ok());
    EXPECT_FALSE(Submit({"c"}).ok()) << "a stopped log must stay stopped";
    EXPECT_EQ(log_->Latest()->head.size, 1u);

    storage_ = std::make_unique<MemoryStorage>(rows_.get());
    ASSERT_TRUE(Open().ok());
    EXPECT_EQ(log_->Latest()->head.size, kept ? 2u : 1u);
    const auto retried = Submit({"b"}, {id});
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_EQ(retried->leaf_indices, (std::vector<uint64_t>{1}));
    EXPECT_EQ(log_->Latest()->head.size, 2u);
    EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
  }
}

// A batch that was committed but whose verification failed, or never came, is
// judged at the next start: nothing is signed that was not verified.
TEST_F(LogTest, AStartVerifiesABatchThatIsAheadOfTheLock) {
  for (const bool wrong : {true, false}) {
    log_.reset();
    rows_ = std::make_unique<MemoryRows>();
    storage_ = std::make_unique<MemoryStorage>(rows_.get());
    folder_ += wrong ? "_wrong" : "_right";
    ASSERT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(Submit({"a", "b"}).ok());
    const TreeHead before = log_->Latest()->head;
    const auto edge = ReadTreeEdge(storage_.get(), before);
    ASSERT_TRUE(edge.ok()) << edge.status();
    Integrated integrated = Integrate(*edge, std::vector<Hash>{LeafHash("c")});
    StorageBatch batch{2, integrated.edge.Head(), std::move(integrated.rows)};
    batch.rows.push_back(
        {RowKind::kEntries, 0, std::string(wrong ? "\0\1x" : "\0\1c", 3)});
    ASSERT_TRUE(storage_->Commit(batch, before).ok());
    const absl::Status opened = Open();
    EXPECT_EQ(opened.ok(), !wrong) << opened;
    if (wrong) {
      EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;
    }
    OpenLock();
    EXPECT_EQ(lock_->Head().size, wrong ? 2u : 3u);
  }
}

absl::Status ScrubAll(Log* log, const std::string& id_key) {
  return Scrub(log, id_key, [](uint64_t) { return true; });
}

TEST_F(LogTest, TheScrubFindsNothingInASoundLog) {
  ASSERT_TRUE(OpenAccess().ok());
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < 10; ++i) {
      entries.push_back(MakeTestEntry(0, i, &random_));
    }
    ASSERT_TRUE(
        SubmitRequest(SignTestRequest(0, entries, register_.entry_seeds[0]), 0)
            .ok());
  }
  EXPECT_TRUE(ScrubAll(log_.get(), id_key_).ok())
      << ScrubAll(log_.get(), id_key_);
}

// One flipped bit in each kind of row, in the last batch and in an old one:
// the start or the scrub names the kind, and nothing is signed.
TEST_F(LogTest, AFlippedBitInAnyKindOfRowIsNamed) {
  const struct {
    RowKind kind;
    uint8_t sub;  // of entries: which bundle of the batch
    std::string name;
    size_t offset = 20;
  } kinds[] = {
      {RowKind::kHead, 0, "head"},
      {RowKind::kHead, 0, "head", 7},  // the size
      {RowKind::kEntries, 0, "entries"},
      {RowKind::kEntries, 1, "entries"},
      {RowKind::kHashes, 0, "hashes"},
      {RowKind::kTile, 1, "tile"},
      {RowKind::kIds, 0, "ids"},
      {RowKind::kVaultPage, 0, "vault page"},
      {RowKind::kDocuments, 0, "documents"},
  };
  ASSERT_TRUE(OpenAccess().ok());
  std::vector<uint64_t> firsts = {0, 2};
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < 300; ++i) {
      entries.push_back(MakeTestEntry(0, i, &random_));
    }
    firsts.push_back(log_->Latest()->head.size);
    ASSERT_TRUE(
        SubmitRequest(SignTestRequest(0, entries, register_.entry_seeds[0]), 0)
            .ok());
  }
  const std::string checkpoint = log_->Latest()->checkpoint;
  for (const auto& kind : kinds) {
    int flipped = 0;
    for (const uint64_t first : firsts) {
      const uint8_t sub =
          kind.kind == RowKind::kEntries
              ? EntriesSub(first + kind.sub * uint64_t{kTileWidth})
              : kind.sub;
      if (!rows_->FlipBit(first, kind.kind, sub, kind.offset)) continue;
      ++flipped;
      const absl::Status opened = Open();
      const absl::Status found =
          opened.ok() ? ScrubAll(log_.get(), id_key_) : opened;
      EXPECT_TRUE(absl::IsDataLoss(found))
          << kind.name << " at " << first << ": " << found;
      EXPECT_NE(found.message().find(kind.name), std::string::npos)
          << kind.name << " at " << first << ": " << found;
      if (opened.ok()) {
        EXPECT_EQ(log_->Latest()->checkpoint, checkpoint);
      }
      ASSERT_TRUE(rows_->FlipBit(first, kind.kind, sub, kind.offset));
    }
    EXPECT_GT(flipped, 0) << kind.name;
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(ScrubAll(log_.get(), id_key_).ok());
}

// Names and contents of the files in `folder`.
std::map<std::string, std::string> FilesIn(const std::string& folder) {
  std::map<std::string, std::string> files;
  const auto names = PosixDisk()->List(folder);
  EXPECT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    auto file = PosixDisk()->Open(folder + "/" + name, false);
    EXPECT_TRUE(file.ok()) << file.status();
    const auto bytes = (*file)->ReadAt(0, *(*file)->Size());
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    files[name] = *bytes;
  }
  return files;
}

// A head that claims another size would have runs planned for leaves that are
// not there, or files of runs removed that are in force.
TEST_F(LogTest, AFlippedBitInTheStoredSizeIsFoundBeforeTheIndexIsTouched) {
  options_.index.memory_leaves_max = 1 << 14;
  options_.index.merge_threads = 0;
  ASSERT_TRUE(OpenAccess().ok());
  std::vector<uint64_t> firsts = {2};
  const auto submit = [&](int count) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < count; ++i) {
      entries.push_back(MakeTestEntry(0, i % 300, &random_));
    }
    firsts.push_back(log_->Latest()->head.size);
    return SubmitRequest(SignTestRequest(0, entries, register_.entry_seeds[0]),
                         0)
        .status();
  };
  // Up to a run in a file.
  while (log_->Latest()->head.size < 36 << 10) {
    const absl::Status submitted = submit(4000);
    ASSERT_TRUE(submitted.ok()) << submitted;
  }
  ASSERT_TRUE(submit(20).ok());
  const TreeHead head = log_->Latest()->head;
  log_.reset();
  const std::map<std::string, std::string> files = FilesIn(folder_ + "/index");
  ASSERT_FALSE(files.empty());
  // Of the last batch, and of the one that it stands on.
  for (const uint64_t first : {firsts.back(), firsts[firsts.size() - 2]}) {
    for (size_t bit = 0; bit < 64; ++bit) {
      const size_t offset = 7 - bit / 8;
      const int of_byte = static_cast<int>(bit % 8);
      ASSERT_TRUE(rows_->FlipBit(first, RowKind::kHead, 0, offset, of_byte));
      const absl::Status opened = Open();
      EXPECT_TRUE(absl::IsDataLoss(opened)) << bit << ": " << opened;
      EXPECT_NE(opened.message().find("head row"), std::string::npos)
          << bit << ": " << opened;
      OpenLock();
      EXPECT_EQ(lock_->Head(), head);
      EXPECT_EQ(FilesIn(folder_ + "/index"), files) << bit;
      ASSERT_TRUE(rows_->FlipBit(first, RowKind::kHead, 0, offset, of_byte));
    }
  }
  const absl::Status opened = Open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(log_->Latest()->head, head);
  EXPECT_EQ(FilesIn(folder_ + "/index"), files);
}

// Of older data nothing may be removed that the newer ones still need.
TEST_F(LogTest, DataThatWentBackInTimeAreRefusedBeforeTheIndexIsTouched) {
  ASSERT_TRUE(OpenAccess().ok());
  log_.reset();
  // As a run would be that was merged meanwhile.
  const std::string run = folder_ + "/index/0-65536";
  ASSERT_TRUE(PosixDisk()->Open(run, false).ok());
  rows_ = std::make_unique<MemoryRows>();
  storage_ = std::make_unique<MemoryStorage>(rows_.get());
  const absl::Status refused = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(FilesIn(folder_ + "/index").count("0-65536"), 1u);
}

// What a receipt says of a chain, judged by one who can make its key.
void ExpectInChain(const v1::Placed& placed, const ProvenChainKey& chain,
                   uint64_t chain_index) {
  EXPECT_EQ(placed.chain_index(), chain_index);
  Leaf leaf;
  ASSERT_EQ(ParseLeaf(placed.leaf(), &leaf), Finding::kOk);
  EXPECT_EQ(leaf.a, ChainLabel(chain.key, chain_index));
  // The key is told once, with the first entry.
  const bool first = chain_index == 0;
  EXPECT_EQ(placed.chain_key(), first ? std::string(Bytes(chain.key)) : "");
  EXPECT_EQ(placed.vrf_proof(), first ? chain.proof : "");
}

// A slow twin that counts: whatever the cache forgets, and over restarts.
TEST_F(LogTest, LabelsOfAChainAreDense) {
  for (const uint64_t cache_bytes : {0, 1 << 10, 1 << 20}) {
    rows_ = std::make_unique<MemoryRows>();
    storage_ = std::make_unique<MemoryStorage>(rows_.get());
    folder_ += absl::StrCat("_", cache_bytes);
    ASSERT_TRUE(PosixDisk()->MakeFolder(folder_).ok());
    options_.chain_keys.cache_bytes = cache_bytes;
    ASSERT_TRUE(OpenAccess().ok());
    std::map<std::pair<uint32_t, uint64_t>, uint64_t> counts;
    for (int request = 0; request < 60; ++request) {
      if (request % 13 == 12) {
        ASSERT_TRUE(Open().ok());
      }
      const uint32_t a = static_cast<uint32_t>(random_.Below(2));
      std::vector<uint64_t> subjects;
      std::vector<v1::Entry> entries;
      for (uint64_t i = 0; i <= random_.Below(9); ++i) {
        // Often one twice in a request.
        subjects.push_back(random_.Below(random_.Below(2) == 0 ? 3 : 30));
        entries.push_back(MakeTestEntry(a, subjects.back(), &random_));
      }
      const auto receipt = SubmitRequest(
          SignTestRequest(a, entries, register_.entry_seeds[a]), a);
      ASSERT_TRUE(receipt.ok()) << receipt.status();
      for (size_t i = 0; i < subjects.size(); ++i) {
        const auto chain =
            log_->chain_keys()->Prove(TestSubject(subjects[i]), a);
        ASSERT_TRUE(chain.ok());
        ExpectInChain(receipt->placed(static_cast<int>(i)), *chain,
                      counts[{a, subjects[i]}]++);
      }
    }
    EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
  }
}

TEST_F(LogTest, ARetriedAccessIsTheSameEntryOfItsChain) {
  ASSERT_TRUE(OpenAccess().ok());
  const auto request_of = [&](std::vector<uint64_t> subjects) {
    std::vector<v1::Entry> entries;
    for (const uint64_t subject : subjects) {
      entries.push_back(MakeTestEntry(0, subject, &random_));
    }
    return SignTestRequest(0, entries, register_.entry_seeds[0]);
  };
  // Entries 0, 1 and 2 of one chain stand in one batch, in the order of keys.
  const v1::SubmitRequest first = request_of({1, 1, 2, 1});
  const v1::SubmitRequest second = request_of({1, 3, 1});
  const auto first_receipt = SubmitRequest(first, 0);
  const auto second_receipt = SubmitRequest(second, 0);
  ASSERT_TRUE(first_receipt.ok() && second_receipt.ok());
  EXPECT_EQ(first_receipt->placed(3).chain_index(), 2u);
  EXPECT_EQ(second_receipt->placed(2).chain_index(), 4u);
  for (const bool restart : {false, true}) {
    if (restart) {
      ASSERT_TRUE(Open().ok());
    }
    for (const auto& [request, receipt] :
         {std::pair(first, *first_receipt), {second, *second_receipt}}) {
      const auto again = SubmitRequest(request, 0);
      ASSERT_TRUE(again.ok()) << again.status();
      ASSERT_EQ(again->placed_size(), receipt.placed_size());
      for (int i = 0; i < again->placed_size(); ++i) {
        EXPECT_EQ(again->placed(i).SerializeAsString(),
                  receipt.placed(i).SerializeAsString());
      }
    }
  }
  // Repeating has moved no number.
  const auto next = SubmitRequest(request_of({1}), 0);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->placed(0).chain_index(), 5u);
}

TEST_F(LogTest, SeveralSubmittersAtOnceLeaveNoHole) {
  options_.chain_keys.threads = 2;
  options_.chain_keys.cache_bytes = 1 << 10;
  ASSERT_TRUE(OpenAccess(1).ok());
  std::thread sequencer([&] { EXPECT_TRUE(log_->Run().ok()); });
  constexpr int kSubmitters = 4;
  constexpr int kRequests = 40;
  // Of each subject, the numbers that its entries were given.
  Mutex mu;
  std::map<uint64_t, std::set<uint64_t>> given;
  {
    WorkerPool workers(2);
    SubmitService service({}, log_.get(), &workers);
    std::atomic<int> waiting{kSubmitters * kRequests};
    std::vector<std::thread> submitters;
    for (int s = 0; s < kSubmitters; ++s) {
      submitters.emplace_back([&, s] {
        SeededRandom random(100 + s);
        for (int r = 0; r < kRequests; ++r) {
          std::vector<uint64_t> subjects;
          std::vector<v1::Entry> entries;
          for (int i = 0; i < 4; ++i) {
            subjects.push_back(random.Below(40));
            entries.push_back(MakeTestEntry(0, subjects.back(), &random));
          }
          service.Submit(
              SignTestRequest(0, entries, register_.entry_seeds[0]), 0,
              [&, subjects](absl::StatusOr<v1::SubmitResponse> receipt) {
                EXPECT_TRUE(receipt.ok()) << receipt.status();
                MutexLock lock(&mu);
                for (int i = 0; receipt.ok() && i < 4; ++i) {
                  EXPECT_TRUE(given[subjects[i]]
                                  .insert(receipt->placed(i).chain_index())
                                  .second);
                }
                --waiting;
              });
        }
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
    while (waiting > 0) std::this_thread::yield();
  }
  log_->Close();
  sequencer.join();
  for (const auto& [subject, numbers] : given) {
    EXPECT_EQ(*numbers.rbegin(), numbers.size() - 1) << subject;
  }
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

TEST_F(LogTest, RefusesASubjectInAnotherSpellingAndDoesNotRepeatIt) {
  ASSERT_TRUE(OpenAccess().ok());
  for (const std::string& id :
       {std::string("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"),
        std::string("f81d4fae7dec11d0a76500a0c91e6bf6"),
        std::string("311280-999J")}) {
    for (const char scheme : {'\1', '\2', '\xff'}) {
      v1::Entry entry = MakeTestEntry(0, 1, &random_);
      v1::Record record;
      ASSERT_TRUE(record.ParseFromString(entry.record()));
      record.mutable_access()->set_subject(std::string(1, scheme) + id);
      entry.set_record(record.SerializeAsString());
      const absl::Status refused =
          SubmitRequest(SignTestRequest(0, {entry}, register_.entry_seeds[0]),
                        0)
              .status();
      EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
      EXPECT_EQ(refused.message().find(id), std::string::npos) << refused;
      EXPECT_NE(refused.message().find("subject id"), std::string::npos);
    }
  }
}

// Whether new chains have room is found out first: what is pushed back again
// and again must not cost a signature each time.
TEST_F(LogTest, PushesNewChainsBackBeforeTheSignatureIsLookedAt) {
  options_.chain_keys.queue_max = 10;
  options_.chain_keys.queue_of_one_max = 8;
  ASSERT_TRUE(OpenAccess().ok());
  uint64_t unseen = 100;
  // Five entries in chains that are known, and so many in new ones.
  const auto request_with = [&](int new_chains, bool is_signed) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < 5; ++i) {
      entries.push_back(MakeTestEntry(0, 1, &random_));
    }
    for (int i = 0; i < new_chains; ++i) {
      entries.push_back(MakeTestEntry(0, unseen++, &random_));
    }
    v1::SubmitRequest request =
        SignTestRequest(0, std::move(entries), register_.entry_seeds[0]);
    if (!is_signed) request.clear_signature();
    return request;
  };
  const auto code_of = [&](int new_chains, bool is_signed) {
    return SubmitRequest(request_with(new_chains, is_signed), 0)
        .status()
        .code();
  };
  EXPECT_EQ(code_of(20, false), absl::StatusCode::kPermissionDenied)
      << "nothing waits";
  EXPECT_EQ(code_of(20, true), absl::StatusCode::kOk);
  const auto expect_places = [&](int places, const char* why) {
    SCOPED_TRACE(why);
    const uint64_t misses = log_->chain_keys()->counts().misses;
    EXPECT_EQ(code_of(places + 1, false), absl::StatusCode::kUnavailable);
    const absl::Status refused =
        SubmitRequest(request_with(places + 1, true), 0).status();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
    EXPECT_TRUE(RetryAfterOf(refused).has_value());
    EXPECT_EQ(log_->chain_keys()->counts().misses, misses)
        << "what is pushed back is not counted each time";
    EXPECT_EQ(code_of(places, false), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(code_of(places, true), absl::StatusCode::kOk);
  };
  // Places are taken here, and nobody makes the keys.
  ASSERT_TRUE(log_->chain_keys()->Reserve(1, 7).ok());
  expect_places(3, "of all");
  ASSERT_TRUE(log_->chain_keys()->Reserve(1, 1).ok());
  ASSERT_TRUE(log_->chain_keys()->Reserve(0, 2).ok());
  expect_places(0, "of all");
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(code_of(0, true), absl::StatusCode::kOk) << "so that it is known";
  ASSERT_TRUE(log_->chain_keys()->Reserve(0, 6).ok());
  expect_places(2, "of the administration");
  EXPECT_LOG_IS_SOUND(log_, storage_.get(), signer_.key());
}

// As it would be otherwise: a full queue hides at most what comes after the
// chain that is too many.
TEST_F(LogTest, SaysWhatIsWrongWithAnEntryAlsoWhereThereIsNoRoom) {
  options_.chain_keys.queue_max = 1;
  ASSERT_TRUE(OpenAccess().ok());
  ASSERT_TRUE(log_->chain_keys()->Reserve(1, 1).ok());
  const auto code_of = [&](std::vector<v1::Entry> entries) {
    return SubmitRequest(SignTestRequest(0, entries, register_.entry_seeds[0]),
                         0)
        .status()
        .code();
  };
  const v1::Entry good = MakeTestEntry(0, 1, &random_);
  v1::Entry garbage = MakeTestEntry(0, 2, &random_);
  garbage.set_record("no record");
  v1::Entry large = MakeTestEntry(0, 3, &random_);
  large.set_record(std::string(40000, 'x'));
  v1::Record record;
  v1::Entry nobody = MakeTestEntry(0, 4, &random_);
  ASSERT_TRUE(record.ParseFromString(nobody.record()));
  record.mutable_access()->set_subject("");
  nobody.set_record(record.SerializeAsString());
  for (const v1::Entry& bad : {garbage, large, nobody}) {
    EXPECT_EQ(code_of({bad}), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(code_of({bad, good}), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(code_of({good, bad}), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(code_of({good}), absl::StatusCode::kUnavailable);
}

TEST_F(LogTest, OpensOnlyWithTheLabelKeyOfItsConfig) {
  ASSERT_TRUE(OpenAccess().ok());
  const std::string right = register_.label_seed;
  for (const std::string& wrong : {std::string(32, 'x'), std::string()}) {
    register_.label_seed = wrong;
    const absl::Status refused = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  }
  register_.label_seed = right;
  EXPECT_TRUE(Open().ok());
}

}  // namespace
}  // namespace vidimus
