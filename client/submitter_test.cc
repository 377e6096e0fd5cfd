#include "client/submitter.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <set>

#include "client/fake_log.h"
#include "client/random.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;

constexpr char kOrigin[] = "log.example/test/2026h2";
constexpr char kEntrySeed[] = "an entry key for tests, 32 bytes";

EntryId Id(int number) {
  char text[17];
  snprintf(text, sizeof(text), "id%014d", number);
  EntryId id;
  EXPECT_TRUE(EntryIdFromBytes(text, &id));
  return id;
}

std::string IdBytes(int number) {
  const EntryId id = Id(number);
  return {id.data(), id.size()};
}

Draft AccessDraft(int number) {
  Draft draft;
  draft.id = Id(number);
  draft.record = "record " + std::to_string(number);
  draft.actor = "actor";
  return draft;
}

size_t FilesIn(const std::string& folder) {
  size_t count = 0;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return 0;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(dir);
  return count;
}

class SubmitterTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/submitter_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    options_.origin = kOrigin;
    options_.administration = 2;
    options_.request_entries_max = 10;
    options_.requests_in_flight_max = 4;
    options_.gather = milliseconds(5);
    options_.backoff_min = milliseconds(1);
    options_.backoff_max = milliseconds(20);
    OpenOutbox();
  }

  void OpenOutbox() {
    outbox_.reset();
    auto outbox = Outbox::Open(folder_);
    ASSERT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = *std::move(outbox);
  }

  void Start() {
    auto submitter = Submitter::Start(
        options_, server_.Channel(), options_.access_log ? &signer_ : nullptr,
        outbox_.get(), &heads_, [this](const RequestResult& result) {
          const int count =
              result.request.entries_size() + result.request.opaque_size();
          if (result.receipt == nullptr) {
            for (const v1::Entry& entry : result.request.entries()) {
              refused_.insert(entry.entry_id());
            }
            refusal_ = result.refusal;
          } else {
            EXPECT_EQ(static_cast<size_t>(count),
                      result.receipt->entries.size());
            receipts_ += count;
          }
          return callback_status_;
        });
    ASSERT_TRUE(submitter.ok()) << submitter.status();
    submitter_ = *std::move(submitter);
  }

  void AddAll(int first, int count) {
    for (int i = first; i < first + count; ++i) {
      const absl::Status added = submitter_->Add(AccessDraft(i));
      ASSERT_TRUE(added.ok()) << added;
    }
  }

  // Each of these entries stands in the log exactly once.
  void ExpectLogged(int first, int count) {
    const std::map<std::string, int> ids = log_.ids();
    for (int i = first; i < first + count; ++i) {
      const auto found = ids.find(IdBytes(i));
      ASSERT_NE(found, ids.end()) << i;
      EXPECT_EQ(found->second, 1) << i;
    }
  }

  FakeLog log_{kOrigin, /*access_log=*/true};
  FakeServer server_{&log_};
  const Ed25519Signer signer_{std::string_view(kEntrySeed, 32)};
  SubmitterOptions options_;
  std::string folder_;
  std::unique_ptr<Outbox> outbox_;
  HeadKeeper heads_{log_.key()};
  std::atomic<int> receipts_{0};
  std::set<std::string> refused_;
  absl::Status refusal_;
  absl::Status callback_status_;
  std::unique_ptr<Submitter> submitter_;
};

TEST_F(SubmitterTest, GivesEveryEntryAReceiptAndEmptiesTheOutbox) {
  Start();
  AddAll(0, 237);
  const absl::Status drained = submitter_->Drain();
  ASSERT_TRUE(drained.ok()) << drained;
  EXPECT_EQ(receipts_, 237);
  EXPECT_EQ(submitter_->counts().receipts, 237u);
  EXPECT_EQ(submitter_->waiting(), 0u);
  EXPECT_TRUE(outbox_->Pending().empty());
  ExpectLogged(0, 237);
}

TEST_F(SubmitterTest, SignsRequestsWithinItsBounds) {
  std::atomic<int> requests{0};
  const VerifierKey entry_key =
      MakeVerifierKey("x", kKeyTypeEd25519, signer_.public_key());
  server_.set_script(
      [&](const v1::SubmitRequest& request, uint64_t, v1::SubmitResponse*) {
        ++requests;
        EXPECT_LE(request.entries_size(), 10);
        EXPECT_EQ(request.administration(), 2u);
        EXPECT_EQ(request.origin(), kOrigin);
        const Expectation expectation = ExpectationOf(request);
        std::vector<Hash> hashes;
        for (int k = 0; k < request.entries_size(); ++k) {
          hashes.push_back(
              SubmissionLeafHash(request.entries(k).entry_id(),
                                 expectation.hashes[static_cast<size_t>(k)]));
          EXPECT_EQ(request.entries(k).record_salt().size(), 16u);
          EXPECT_NE(request.entries(k).record_salt(),
                    request.entries(k).actor_salt());
        }
        EXPECT_EQ(VerifySubmission(signer_.public_key(), kOrigin, 2, hashes,
                                   request.signature()),
                  Finding::kOk);
        return false;
      });
  Start();
  AddAll(0, 95);
  ASSERT_TRUE(submitter_->Drain().ok());
  EXPECT_GE(requests, 10);
}

TEST_F(SubmitterTest, SendsAnEntryOnceHoweverOftenItIsAdded) {
  Start();
  AddAll(0, 3);
  EXPECT_TRUE(absl::IsAlreadyExists(submitter_->Add(AccessDraft(1))));
  ASSERT_TRUE(submitter_->Drain().ok());
  EXPECT_TRUE(absl::IsAlreadyExists(submitter_->Add(AccessDraft(2))));
  ASSERT_TRUE(submitter_->Drain().ok());
  EXPECT_EQ(receipts_, 3);
  EXPECT_EQ(submitter_->counts().known, 2u);
}

TEST_F(SubmitterTest, WaitsAsLongAsTheLogAsks) {
  server_.set_script([](const v1::SubmitRequest&, uint64_t number,
                        v1::SubmitResponse* response) {
    if (number != 1) return false;
    response->set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
    response->set_retry_after_ms(300);
    return true;
  });
  Start();
  const auto begin = std::chrono::steady_clock::now();
  AddAll(0, 1);
  ASSERT_TRUE(submitter_->Drain().ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(300));
  EXPECT_EQ(submitter_->counts().retries, 1u);
  EXPECT_EQ(receipts_, 1);
}

TEST_F(SubmitterTest, RetriesWhatMayPass) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
        absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded,
        absl::StatusCode::kInternal, absl::StatusCode::kUnknown}) {
    std::atomic<int> refusals{3};
    server_.set_script(
        [&](const v1::SubmitRequest&, uint64_t, v1::SubmitResponse* response) {
          if (refusals-- <= 0) return false;
          response->set_code(static_cast<int>(code));
          return true;
        });
    Start();
    const int first = 1000 * static_cast<int>(code);
    AddAll(first, 12);
    const absl::Status drained = submitter_->Drain();
    EXPECT_TRUE(drained.ok()) << drained;
    ExpectLogged(first, 12);
  }
}

TEST_F(SubmitterTest, StopsAtWhatNeedsAPersonAndKeepsEverything) {
  int first = 0;
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnauthenticated, absl::StatusCode::kPermissionDenied,
        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kDataLoss,
        absl::StatusCode::kUnimplemented}) {
    server_.set_script([code](const v1::SubmitRequest&, uint64_t,
                              v1::SubmitResponse* response) {
      response->set_code(static_cast<int>(code));
      response->set_message("no");
      return true;
    });
    Start();
    AddAll(first, 5);
    const absl::Status drained = submitter_->Drain();
    EXPECT_FALSE(drained.ok());
    // kDataLoss is kept for a log that lied.
    EXPECT_FALSE(absl::IsDataLoss(drained));
    EXPECT_FALSE(submitter_->Add(AccessDraft(99999)).ok());
    submitter_.reset();
    EXPECT_FALSE(outbox_->Pending().empty());
    first += 5;
  }
  server_.set_script(nullptr);
  OpenOutbox();
  Start();
  ASSERT_TRUE(submitter_->Drain().ok());
  ExpectLogged(0, first);
}

TEST_F(SubmitterTest, GivesUpOnErrorsInsideTheLogAfterSome) {
  server_.set_script(
      [&](const v1::SubmitRequest&, uint64_t, v1::SubmitResponse* response) {
        response->set_code(static_cast<int>(absl::StatusCode::kInternal));
        return true;
      });
  Start();
  AddAll(0, 1);
  EXPECT_TRUE(absl::IsInternal(submitter_->Drain()));
}

TEST_F(SubmitterTest, GivesUpWhenToldTo) {
  server_.Stop();
  options_.give_up = milliseconds(700);
  Start();
  AddAll(0, 15);
  const absl::Status drained = submitter_->Drain();
  EXPECT_TRUE(absl::IsUnavailable(drained)) << drained;
  submitter_.reset();
  server_.Start();
  options_.give_up = milliseconds(0);
  Start();
  ASSERT_TRUE(submitter_->Drain().ok());
  ExpectLogged(0, 15);
}

TEST_F(SubmitterTest, PutsAsideOnlyTheEntryThatTheLogRefuses) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kAlreadyExists}) {
    refused_.clear();
    const int first = 100 * static_cast<int>(code);
    server_.set_script([&](const v1::SubmitRequest& request, uint64_t,
                           v1::SubmitResponse* response) {
      for (int k = 0; k < request.entries_size(); ++k) {
        const std::string& id = request.entries(k).entry_id();
        if (id != IdBytes(first + 4) && id != IdBytes(first + 17)) continue;
        response->set_code(static_cast<int>(code));
        response->set_message("not this one");
        response->set_entry(static_cast<uint32_t>(k));
        return true;
      }
      return false;
    });
    Start();
    AddAll(first, 25);
    const absl::Status drained = submitter_->Drain();
    ASSERT_TRUE(drained.ok()) << drained;
    EXPECT_EQ(refused_,
              (std::set<std::string>{IdBytes(first + 4), IdBytes(first + 17)}));
    EXPECT_EQ(refusal_.code(), code);
    EXPECT_EQ(submitter_->counts().refused, 2u);
    EXPECT_EQ(submitter_->counts().receipts, 23u);
    ExpectLogged(first, 4);
    ExpectLogged(first + 5, 12);
    ExpectLogged(first + 18, 7);
    EXPECT_EQ(log_.ids().count(IdBytes(first + 4)), 0u);
  }
  EXPECT_EQ(outbox_->refused_files(), 4u);
}

TEST_F(SubmitterTest, StopsWhenAWholeRequestIsRefused) {
  server_.set_script([&](const v1::SubmitRequest&, uint64_t,
                         v1::SubmitResponse* response) {
    response->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
    response->set_message("the signature is another's");
    return true;
  });
  Start();
  AddAll(0, 10);
  EXPECT_TRUE(absl::IsInvalidArgument(submitter_->Drain()));
  EXPECT_EQ(outbox_->refused_files(), 0u);
  EXPECT_FALSE(outbox_->Pending().empty());
}

TEST_F(SubmitterTest, GoesOnWhenTheLogIsGoneForAWhile) {
  // Room for everything, so that Add never waits for the log.
  options_.requests_in_flight_max = 16;
  Start();
  AddAll(0, 50);
  // Connected before it goes away, or there is nothing to come back from.
  while (submitter_->counts().receipts == 0) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  server_.Stop();
  AddAll(50, 30);
  std::this_thread::sleep_for(milliseconds(100));
  server_.Start();
  AddAll(80, 20);
  const absl::Status drained = submitter_->Drain();
  ASSERT_TRUE(drained.ok()) << drained;
  ExpectLogged(0, 100);
  EXPECT_GE(submitter_->counts().connects, 2u);
}

TEST_F(SubmitterTest, GoesOnWhenStreamsAreCut) {
  server_.set_answers_per_stream(2);
  Start();
  AddAll(0, 150);
  const absl::Status drained = submitter_->Drain();
  ASSERT_TRUE(drained.ok()) << drained;
  ExpectLogged(0, 150);
  EXPECT_EQ(receipts_, 150);
}

// The answer was lost, the entries were not: the same leaves come again.
TEST_F(SubmitterTest, ResendsWhatWasRecordedButNotAnswered) {
  server_.set_script([this](const v1::SubmitRequest& request, uint64_t number,
                            v1::SubmitResponse* response) {
    if (number != 2) return false;
    log_.Submit(request);
    response->set_code(static_cast<int>(absl::StatusCode::kUnavailable));
    return true;
  });
  Start();
  AddAll(0, 30);
  ASSERT_TRUE(submitter_->Drain().ok());
  ExpectLogged(0, 30);
  EXPECT_EQ(receipts_, 30);
}

TEST_F(SubmitterTest, ReconnectsWhenAnAnswerIsLate) {
  options_.answer_timeout = milliseconds(300);
  std::atomic<bool> slow{true};
  server_.set_script(
      [&](const v1::SubmitRequest&, uint64_t, v1::SubmitResponse*) {
        if (slow.exchange(false)) {
          std::this_thread::sleep_for(milliseconds(1500));
        }
        return false;
      });
  Start();
  AddAll(0, 10);
  ASSERT_TRUE(submitter_->Drain().ok());
  ExpectLogged(0, 10);
  EXPECT_GE(submitter_->counts().connects, 2u);
}

TEST_F(SubmitterTest, SendsAfterARestartWhatHadNoReceipt) {
  server_.set_script([](const v1::SubmitRequest&, uint64_t number,
                        v1::SubmitResponse* response) {
    if (number <= 2) return false;
    response->set_code(static_cast<int>(absl::StatusCode::kUnavailable));
    response->set_retry_after_ms(60000);
    return true;
  });
  Start();
  AddAll(0, 50);
  while (receipts_ < 20) std::this_thread::sleep_for(milliseconds(5));
  // Everything gathered must have reached the outbox: the promise of a crash.
  while (outbox_->Find(Id(49)) == Outbox::Known::kNo) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  submitter_.reset();
  OpenOutbox();
  server_.set_script(nullptr);
  Start();
  EXPECT_TRUE(absl::IsAlreadyExists(submitter_->Add(AccessDraft(3))));
  EXPECT_TRUE(absl::IsAlreadyExists(submitter_->Add(AccessDraft(43))));
  ASSERT_TRUE(submitter_->Drain().ok());
  ExpectLogged(0, 50);
  EXPECT_EQ(receipts_, 50);
}

TEST_F(SubmitterTest, KeepsTheRequestWhenTheCallbackFails) {
  callback_status_ = absl::ResourceExhaustedError("no room for the receipt");
  Start();
  AddAll(0, 5);
  EXPECT_TRUE(absl::IsResourceExhausted(submitter_->Drain()));
  submitter_.reset();
  EXPECT_EQ(outbox_->Pending().size(), 1u);
  callback_status_ = absl::OkStatus();
  Start();
  ASSERT_TRUE(submitter_->Drain().ok());
  EXPECT_TRUE(outbox_->Pending().empty());
}

TEST_F(SubmitterTest, RefusesAnOutboxThatIsForAnotherLog) {
  server_.Stop();
  Start();
  AddAll(0, 1);
  while (outbox_->Find(Id(0)) == Outbox::Known::kNo) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  submitter_.reset();
  options_.administration = 3;
  const auto other = Submitter::Start(
      options_, server_.Channel(), &signer_, outbox_.get(), &heads_,
      [](const RequestResult&) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsFailedPrecondition(other.status())) << other.status();
}

// Goal: an answer that is not true is refused, kept, and erases nothing.
TEST_F(SubmitterTest, StopsAtEveryLieAndKeepsIt) {
  int first = 0;
  for (int lie = 1; lie <= static_cast<int>(Lie::kShrunk); ++lie) {
    server_.set_lie(Lie::kNone);
    Start();
    AddAll(first, 5);
    ASSERT_TRUE(submitter_->Drain().ok());
    const size_t evidence = FilesIn(folder_ + "/evidence");
    const uint64_t receipts = submitter_->counts().receipts;

    server_.set_lie(static_cast<Lie>(lie));
    AddAll(first + 5, 5);
    const absl::Status drained = submitter_->Drain();
    EXPECT_TRUE(absl::IsDataLoss(drained)) << "lie " << lie << drained;
    EXPECT_EQ(submitter_->counts().receipts, receipts);
    submitter_.reset();
    EXPECT_EQ(FilesIn(folder_ + "/evidence"), evidence + 1);
    ASSERT_EQ(outbox_->Pending().size(), 1u) << "lie " << lie;
    // For the next round: a log that was repaired takes them. Not after leaves
    // with other commitments, which are in it for good, and not after a second
    // root, which we remember.
    if (static_cast<Lie>(lie) == Lie::kOtherCommitment ||
        static_cast<Lie>(lie) == Lie::kOtherRoot) {
      const uint64_t number = outbox_->Pending()[0];
      ASSERT_TRUE(
          outbox_->Refuse(number, *outbox_->Read(number), v1::SubmitRequest())
              .ok());
    }
    first += 10;
  }
}

TEST_F(SubmitterTest, FindsALogThatShrankWhileItWasAway) {
  Start();
  AddAll(0, 20);
  ASSERT_TRUE(submitter_->Drain().ok());
  submitter_.reset();
  OpenOutbox();
  // As the next run of the program would: a new log in the old one's place.
  FakeLog young(kOrigin, /*access_log=*/true);
  FakeServer server(&young);
  HeadKeeper heads(log_.key());
  ASSERT_TRUE(heads.Admit(outbox_->checkpoint_at_open(), 0).ok());
  const absl::Status head =
      FetchHead(server.Channel(), kOrigin, milliseconds(1000), &heads);
  EXPECT_TRUE(absl::IsDataLoss(head)) << head;
}

TEST(OpaqueSubmitterTest, SubmitsToAnOpaqueLog) {
  const std::string folder = testing::TempDir() + "/opaque";
  FakeLog log(kOrigin, /*access_log=*/false);
  FakeServer server(&log);
  auto outbox = Outbox::Open(folder);
  ASSERT_TRUE(outbox.ok());
  HeadKeeper heads(log.key());
  SubmitterOptions options;
  options.origin = kOrigin;
  options.access_log = false;
  options.gather = milliseconds(5);
  std::atomic<uint64_t> receipts{0};
  auto submitter =
      Submitter::Start(options, server.Channel(), nullptr, outbox->get(),
                       &heads, [&](const RequestResult& result) {
                         receipts += result.receipt->entries.size();
                         return absl::OkStatus();
                       });
  ASSERT_TRUE(submitter.ok());
  for (int i = 0; i < 300; ++i) {
    Draft draft;
    draft.id = Id(i);
    draft.data = "entry " + std::to_string(i);
    ASSERT_TRUE((*submitter)->Add(std::move(draft)).ok());
  }
  ASSERT_TRUE((*submitter)->Drain().ok());
  EXPECT_EQ(receipts, 300u);
  EXPECT_EQ(log.entries().size(), 300u);
}

TEST(FetchHeadTest, GivesUpAfterItsPatience) {
  FakeLog log(kOrigin, true);
  FakeServer server(&log);
  server.Stop();
  HeadKeeper heads(log.key());
  const absl::Status head =
      FetchHead(server.Channel(), kOrigin, milliseconds(200), &heads);
  EXPECT_TRUE(absl::IsUnavailable(head) || absl::IsDeadlineExceeded(head))
      << head;
}

}  // namespace
}  // namespace vidimus
