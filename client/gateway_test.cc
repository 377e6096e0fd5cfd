// The gateway against a small log with real proofs, honest or not, that can
// fail before or after it has recorded.

#include "client/gateway.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/record.h"
#include "verifier/small_log.h"
#include "verifier/statement.h"

namespace vidimus {
namespace {

constexpr uint32_t kAdministration = 0;
constexpr uint64_t kStart = 1800000000;
constexpr char kPurpose[] = "PublicServiceProvision";
const std::string kResident = "\x01resident-a";

v1::LocalizedText Text(const char* text) {
  v1::LocalizedText localized;
  localized.set_language("en");
  localized.set_text(text);
  return localized;
}

std::string StatementId(uint64_t number) {
  return "statement-" + std::to_string(100000 + number);
}

const Ed25519Signer& Signer(char name) {
  static auto* const kSigners = new std::map<char, const Ed25519Signer*>;
  const Ed25519Signer*& signer = (*kSigners)[name];
  if (signer == nullptr) signer = new Ed25519Signer(std::string(32, name));
  return *signer;
}

// How the log behaves.
enum class Fault {
  kNone,
  kDown,                // it does not answer at all
  kCheckDown,           // Check fails
  kSubmitDown,          // Submit fails, nothing is recorded
  kSubmitDownRecorded,  // Submit fails, and yet it was recorded
  kAborted,             // Submit is always aborted
  kAnswerLostOnce,      // the first Submit is recorded, its answer lost
  kHidesLast,           // Check leaves the last entry out
  kHidesAsOwn,          // Check shows a statement as our own access
  kBadProof,            // a bit of Check's index proof is flipped
  kBadInclusion,        // of its inclusion proof
  kStaleHead,           // Check answers from an old head
  kShrunk,              // the head is smaller than one seen
  kFork,                // the log forgot what it held and grew again
  kReceiptOtherPlace,   // the receipt gives another chain index
  kReceiptBadProof,     // and one whose proof does not hold
  kReceiptBadProofNotRecorded,
};

class Backend : public Questions, public GatewayDoor {
 public:
  Backend() : Backend(kStart) {}
  explicit Backend(uint64_t time_s)
      : log_("log.example/small/2026h1", time_s), time_(time_s) {
    log_.PutAdministration(kAdministration);
    log_.PutPublishers();
    v1::Purpose purpose;
    purpose.set_term(kPurpose);
    *purpose.add_name() = Text("Service");
    log_.Put({RegisterType::kPurpose, 0, 0}, purpose.SerializeAsString());
    v1::IdentityService service;
    *service.add_name() = Text("Identification");
    service.add_key(std::string(Signer('s').public_key()));
    service.set_organisation_id("0245437-2");
    service.set_assurance("high");
    log_.Put({RegisterType::kIdentityService, 0, 0},
             service.SerializeAsString());
    Seal();
  }

  Questions* questions() override { return this; }
  SmallLog& log() { return log_; }
  uint64_t time_s() const { return time_; }
  void Seal() { log_.Seal(++time_); }

  // --- The resident ----------------------------------------------------------

  void Say(v1::Statement statement, char signer) {
    statement.set_statement_id(StatementId(++said_));
    statement.set_sequence(sequence_);
    if (sequence_ > 0) statement.set_previous(previous_);
    if (!statement.has_identity_service()) {
      statement.set_key_id(StatementId(1));
    }
    statement.set_language("en");
    statement.set_words_sha256(std::string(32, 'w'));
    v1::Record record;
    v1::SignedStatement* envelope = record.mutable_statement();
    v1::Opening opening;
    opening.set_entry_id(std::string(12, 'e') + std::to_string(1000 + said_));
    envelope->set_entry_id(opening.entry_id());
    envelope->set_subject(kResident);
    envelope->set_administration(kAdministration);
    envelope->set_statement(statement.SerializeAsString());
    const Hash hash = StatementHash(FamilyOf(log_.origin()), kResident,
                                    kAdministration, envelope->statement());
    envelope->set_signature_kind(v1::ED25519);
    envelope->set_signature(Signer(signer).Sign(StatementSignedBytes(hash)));
    opening.set_record_salt(std::string(16, 'r'));
    opening.set_actor_salt(std::string(16, 'a'));
    opening.set_record(record.SerializeAsString());
    log_.AddOpening(kResident, kAdministration, opening);
    Seal();
    previous_ = std::string(Bytes(hash));
    ++sequence_;
  }

  void Enrol() {
    v1::Statement statement;
    statement.set_identity_service(0);
    v1::Key* key = statement.mutable_key_add();
    key->set_kind(v1::ED25519);
    key->set_public_key(std::string(Signer('k').public_key()));
    Say(statement, 's');
  }

  void Grant() {
    v1::Statement statement;
    v1::Grant* grant = statement.mutable_grant();
    grant->add_administration(kAdministration);
    grant->mutable_scope()->add_purpose(kPurpose);
    grant->mutable_scope()->add_data_category("Income");
    grant->set_assurance(v1::WALLET_KEY);
    grant->set_lawful_basis("A6-1-a");
    Say(statement, 'k');
  }

  void Withdraw() {
    v1::Statement statement;
    statement.mutable_withdrawal()->set_everything(true);
    Say(statement, 'k');
  }

  // --- The log ---------------------------------------------------------------

  absl::StatusOr<v1::CheckResponse> Check(
      const v1::CheckRequest& request) override {
    ++checks;
    if (fault == Fault::kDown || fault == Fault::kCheckDown) return Down();
    uint64_t size = log_.size();
    if (fault == Fault::kStaleHead) size = stale_size;
    const v1::Chain whole = log_.Chain(kResident, kAdministration, size);
    const auto count = static_cast<uint64_t>(whole.entries_size());
    if (request.since() > count) {
      return absl::InvalidArgumentError("the chain does not have so many");
    }
    v1::CheckResponse response;
    response.set_checkpoint(log_.Checkpoint(size));
    response.set_size(size);
    v1::Chain* chain = response.mutable_chain();
    uint64_t end = count;
    if (fault == Fault::kHidesLast && end > request.since()) --end;
    std::vector<Hash> labels;
    std::set<uint64_t> leaves = {size - 1};
    for (uint64_t i = request.since(); i <= end; ++i) {
      labels.push_back(log_.Label(kResident, kAdministration, i));
      if (i == end) break;
      v1::ChainEntry entry = whole.entries(static_cast<int>(i));
      if (ContentOf(entry.opening().record()) == RecordContent::kAccess ||
          (fault == Fault::kHidesAsOwn && i + 1 == count)) {
        entry.clear_opening();
      }
      leaves.insert(entry.leaf_index());
      *chain->add_entries() = entry;
    }
    if (request.wants_key()) {
      chain->set_chain_key(whole.chain_key());
      chain->set_vrf_proof(whole.vrf_proof());
    }
    std::sort(labels.begin(), labels.end());
    response.set_index_proof(log_.ProveKeys(labels, size));
    response.set_inclusion_proof(
        log_.ProveLeaves({leaves.begin(), leaves.end()}, size));
    response.set_seal(log_.Leaf(size - 1));
    if (fault == Fault::kBadProof) Flip(response.mutable_index_proof());
    if (fault == Fault::kBadInclusion) {
      Flip(response.mutable_inclusion_proof());
    }
    if (after_check) after_check();
    return response;
  }

  absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) override {
    ++submits;
    last_request = request;
    if (fault == Fault::kDown || fault == Fault::kSubmitDown ||
        fault == Fault::kReceiptBadProofNotRecorded) {
      if (fault == Fault::kReceiptBadProofNotRecorded) {
        v1::SubmitResponse response;
        response.set_checkpoint(log_.Checkpoint(log_.size()));
        response.add_leaf_index(3);
        response.add_placed()->set_leaf(log_.Leaf(3));
        return response;
      }
      return Down();
    }
    if (fault == Fault::kAborted) return Newer();
    v1::Record record;
    EXPECT_TRUE(record.ParseFromString(request.entries(0).record()));
    EXPECT_EQ(record.access().subject(), kResident);
    uint64_t i = 0;
    const std::string& id = request.entries(0).entry_id();
    if (numbers_.count(id) > 0) {
      i = numbers_[id];
    } else {
      if (request.based_on_size() > 0) {
        const v1::Chain chain =
            log_.Chain(kResident, kAdministration, log_.size());
        for (auto at = static_cast<int>(request.based_on(0));
             at < chain.entries_size(); ++at) {
          if (ContentOf(chain.entries(at).opening().record()) ==
              RecordContent::kStatement) {
            return Newer();
          }
        }
      }
      v1::Opening opening;
      opening.set_entry_id(id);
      opening.set_record_salt(request.entries(0).record_salt());
      opening.set_record(request.entries(0).record());
      opening.set_actor_salt(request.entries(0).actor_salt());
      opening.set_actor(request.entries(0).actor());
      i = log_.AddOpening(kResident, kAdministration, opening);
      numbers_[id] = i;
      Seal();
    }
    if (fault == Fault::kSubmitDownRecorded) return Down();
    if (fault == Fault::kAnswerLostOnce) {
      fault = Fault::kNone;
      return Down();
    }
    const v1::Chain chain = log_.Chain(kResident, kAdministration, log_.size());
    const v1::ChainEntry& entry = chain.entries(static_cast<int>(i));
    v1::SubmitResponse response;
    response.add_leaf_index(entry.leaf_index());
    v1::Placed* placed = response.add_placed();
    placed->set_leaf(entry.leaf());
    placed->set_chain_index(fault == Fault::kReceiptOtherPlace ? i + 1 : i);
    if (i == 0) {
      placed->set_chain_key(chain.chain_key());
      placed->set_vrf_proof(chain.vrf_proof());
    }
    response.set_checkpoint(log_.Checkpoint(log_.size()));
    response.set_proof(log_.ProveLeaves({entry.leaf_index()}, log_.size()));
    if (fault == Fault::kReceiptBadProof) Flip(response.mutable_proof());
    return response;
  }

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    if (fault == Fault::kDown) return Down();
    v1::GetChainResponse response;
    *response.mutable_chain() =
        log_.Chain(kResident, kAdministration,
                   request.size() == 0 ? log_.size() : request.size(),
                   request.first_entry());
    return response;
  }

  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    if (fault == Fault::kDown) return Down();
    const uint64_t size =
        request.size() == 0 ? log_.size() : request.size() + 1;
    std::vector<Hash> keys;
    for (const std::string& key : request.keys()) {
      keys.push_back(*HashFromBytes(key));
    }
    v1::ProveKeysResponse response;
    response.set_proof(log_.ProveKeys(keys, size));
    response.set_checkpoint(log_.Checkpoint(size));
    return response;
  }

  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    if (fault == Fault::kDown) return Down();
    const uint64_t size = request.size() == 0 ? log_.size() : request.size();
    std::set<uint64_t> wanted(request.leaf_index().begin(),
                              request.leaf_index().end());
    const auto is_seal = [&](uint64_t index) {
      return static_cast<LeafKind>(log_.Leaf(index)[0]) == LeafKind::kSeal;
    };
    if (request.whole_batches()) {
      for (const uint64_t index : request.leaf_index()) {
        for (uint64_t at = index; !is_seal(at); ++at) wanted.insert(at + 1);
        for (uint64_t at = index; at > 0; --at) {
          wanted.insert(at - 1);
          if (is_seal(at - 1)) break;
        }
      }
    }
    v1::ProveLeavesResponse response;
    response.set_size(size);
    for (const uint64_t index : wanted) {
      response.add_leaf(log_.Leaf(index));
      if (request.whole_batches()) response.add_leaf_index(index);
      const auto document = log_.documents().find(index);
      if (document != log_.documents().end()) {
        response.add_document(document->second);
      }
    }
    response.set_proof(log_.ProveLeaves({wanted.begin(), wanted.end()}, size));
    response.set_checkpoint(log_.Checkpoint(size));
    return response;
  }

  // A gateway may call from a thread of its own.
  std::atomic<Fault> fault{Fault::kNone};
  uint64_t stale_size = 0;
  std::function<void()> after_check;
  int checks = 0;
  int submits = 0;
  v1::SubmitRequest last_request;

 private:
  static absl::Status Down() { return absl::UnavailableError("down"); }
  static absl::Status Newer() {
    return absl::AbortedError("a newer statement stands");
  }
  static void Flip(std::string* bytes) { bytes->back() ^= 1; }

  SmallLog log_;
  uint64_t time_;
  uint64_t said_ = 0;
  uint64_t sequence_ = 0;
  std::string previous_;
  std::map<std::string, uint64_t> numbers_;
};

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    static int number = 0;
    folder_ =
        absl::StrCat(testing::TempDir(), "/gateway", ++number, "-", getpid());
    backend_.Enrol();
    backend_.Grant();
  }
  ~GatewayTest() override {
    gateway_.reset();
    const std::string command = "rm -rf '" + folder_ + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  GatewayOptions Options() {
    GatewayOptions options;
    options.administration = kAdministration;
    options.folder = folder_;
    options.retry_ms = 0;
    options.now_ms = [this] { return (backend_.time_s() + 1) * 1000; };
    return options;
  }

  Gateway& gateway() {
    if (gateway_ == nullptr) {
      auto opened = Gateway::Open(Options(), backend_.log().key(), &backend_,
                                  &Signer('e'));
      EXPECT_TRUE(opened.ok()) << opened.status();
      gateway_ = *std::move(opened);
    }
    return *gateway_;
  }

  static GatewayAccess Access() {
    GatewayAccess access;
    v1::AccessRecord& record = access.access;
    record.set_controller_id("0201256-6");
    record.set_subject(kResident);
    record.set_operation(v1::READ);
    record.add_data_category("Income");
    record.set_purpose(kPurpose);
    record.add_legal_basis()->set_basis("A6-1-a");
    access.actor.set_id("clerk");
    return access;
  }

  GatewayOutcome Ask() {
    return gateway().RecordThenRelease(Access(), [this] { ++released_; });
  }
  GatewayOutcome Break() {
    return gateway().BreakGlass(Access(), "life at risk", "en",
                                [this] { ++released_; });
  }

  uint64_t Entries() {
    return static_cast<uint64_t>(
        backend_.log()
            .Chain(kResident, kAdministration, backend_.log().size())
            .entries_size());
  }

  Backend backend_;
  std::string folder_;
  std::unique_ptr<Gateway> gateway_;
  int released_ = 0;
};

TEST_F(GatewayTest, ReleasesWhatIsUnderConsentOnceItIsRecorded) {
  const GatewayOutcome outcome = Ask();
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_TRUE(outcome.released);
  EXPECT_TRUE(outcome.recorded);
  EXPECT_EQ(outcome.verdict.headline, Headline::kUnderConsent);
  EXPECT_EQ(outcome.chain_index, 2u);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(Entries(), 3u);
  // What was signed says on what it rests.
  ASSERT_EQ(backend_.last_request.based_on_size(), 1);
  EXPECT_EQ(backend_.last_request.based_on(0), 2u);
  v1::Record record;
  ASSERT_TRUE(
      record.ParseFromString(backend_.last_request.entries(0).record()));
  EXPECT_EQ(record.access().as_of().origin(), backend_.log().origin());
  EXPECT_FALSE(record.access().emergency());
}

TEST_F(GatewayTest, RefusesWhatWouldBeAViolationAndRecordsNothing) {
  ASSERT_TRUE(Ask().released);
  backend_.Withdraw();
  const GatewayOutcome outcome = Ask();
  EXPECT_FALSE(outcome.released);
  EXPECT_TRUE(absl::IsPermissionDenied(outcome.status)) << outcome.status;
  EXPECT_EQ(outcome.verdict.headline, Headline::kViolation);
  EXPECT_EQ(outcome.verdict.failed, Dimension::kWithdrawn);
  EXPECT_FALSE(outcome.recorded);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(Entries(), 4u);
  EXPECT_EQ(gateway().counts().refused, 1u);
}

TEST_F(GatewayTest, ThePolicyDecides) {
  GatewayOptions options = Options();
  options.policy = [](const Verdict&) { return false; };
  auto strict =
      Gateway::Open(options, backend_.log().key(), &backend_, &Signer('e'));
  ASSERT_TRUE(strict.ok()) << strict.status();
  const GatewayOutcome outcome =
      (*strict)->RecordThenRelease(Access(), [this] { ++released_; });
  EXPECT_TRUE(absl::IsPermissionDenied(outcome.status));
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(backend_.submits, 0);
}

TEST_F(GatewayTest, AWithdrawalBetweenCheckAndRecordIsSeen) {
  backend_.after_check = [this] {
    backend_.after_check = nullptr;
    backend_.Withdraw();
  };
  const GatewayOutcome outcome = Ask();
  EXPECT_TRUE(absl::IsPermissionDenied(outcome.status)) << outcome.status;
  EXPECT_EQ(outcome.verdict.failed, Dimension::kWithdrawn);
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(gateway().counts().aborted, 1u);
  EXPECT_EQ(backend_.checks, 2);
}

TEST_F(GatewayTest, AsksAgainAfterAbortedAndNotForEver) {
  backend_.fault = Fault::kAborted;
  const GatewayOutcome outcome = Ask();
  EXPECT_TRUE(absl::IsAborted(outcome.status)) << outcome.status;
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(backend_.checks, 3);
  EXPECT_EQ(backend_.submits, 3);
}

// --- Faults ------------------------------------------------------------------

// The log cannot be reached: nothing goes, and afterwards all is well.
TEST_F(GatewayTest, ReleasesNothingWhileTheLogIsDown) {
  for (const Fault fault :
       {Fault::kDown, Fault::kCheckDown, Fault::kSubmitDown}) {
    backend_.fault = fault;
    const GatewayOutcome outcome = Ask();
    EXPECT_TRUE(absl::IsUnavailable(outcome.status)) << outcome.status;
    EXPECT_FALSE(outcome.released);
    EXPECT_FALSE(outcome.recorded);
  }
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(Entries(), 2u);
  backend_.fault = Fault::kNone;
  EXPECT_TRUE(Ask().released);
  EXPECT_EQ(Entries(), 3u);
}

// It failed, and yet it was recorded: nothing goes either.
TEST_F(GatewayTest, ReleasesNothingWithoutAReceiptThoughItWasRecorded) {
  backend_.fault = Fault::kSubmitDownRecorded;
  const GatewayOutcome outcome = Ask();
  EXPECT_TRUE(absl::IsUnavailable(outcome.status)) << outcome.status;
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(Entries(), 3u);  // once, however often it was sent
  EXPECT_EQ(backend_.submits, 3);
  backend_.fault = Fault::kNone;
  EXPECT_TRUE(Ask().released);
  EXPECT_EQ(Entries(), 4u);
}

TEST_F(GatewayTest, AnAnswerThatWasLostIsAskedForAgain) {
  backend_.fault = Fault::kAnswerLostOnce;
  EXPECT_TRUE(Ask().released);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(Entries(), 3u);
}

// What is wrong with an answer ends the asking; evidence is kept.
TEST_F(GatewayTest, ReleasesNothingOnALieAndAsksNoMore) {
  struct Case {
    Fault fault;
    bool first;  // shows in the first question already
    uint64_t recorded;
  };
  for (const Case& one :
       std::vector<Case>{{Fault::kHidesLast, true, 0},
                         {Fault::kHidesAsOwn, true, 0},
                         {Fault::kBadProof, true, 0},
                         {Fault::kBadInclusion, true, 0},
                         {Fault::kReceiptOtherPlace, true, 1},
                         {Fault::kReceiptBadProof, true, 1},
                         {Fault::kReceiptBadProofNotRecorded, true, 0}}) {
    SCOPED_TRACE(static_cast<int>(one.fault));
    gateway_.reset();
    Backend backend;
    backend.Enrol();
    backend.Grant();
    GatewayOptions options = Options();
    options.folder = absl::StrCat(folder_, "-lie", static_cast<int>(one.fault));
    auto gateway =
        Gateway::Open(options, backend.log().key(), &backend, &Signer('e'));
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    backend.fault = one.fault;
    GatewayOutcome outcome =
        (*gateway)->RecordThenRelease(Access(), [this] { ++released_; });
    EXPECT_TRUE(absl::IsDataLoss(outcome.status)) << outcome.status;
    EXPECT_EQ(released_, 0);
    // An honest answer does not make it forget.
    backend.fault = Fault::kNone;
    const int checks = backend.checks;
    outcome = (*gateway)->RecordThenRelease(Access(), [this] { ++released_; });
    EXPECT_TRUE(absl::IsDataLoss(outcome.status)) << outcome.status;
    EXPECT_EQ(backend.checks, checks);
    EXPECT_EQ(released_, 0);
    gateway->reset();
    const std::string command = "rm -rf '" + options.folder + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
}

// A head from before a withdrawal, though a newer one was seen.
TEST_F(GatewayTest, AnOldHeadIsNotTaken) {
  backend_.stale_size = backend_.log().size();
  ASSERT_TRUE(Ask().released);
  backend_.Withdraw();
  backend_.fault = Fault::kStaleHead;
  const GatewayOutcome outcome = Ask();
  EXPECT_FALSE(outcome.released) << outcome.status;
  EXPECT_EQ(released_, 1);
}

// The same for a gateway that was started anew.
TEST_F(GatewayTest, TheHeadOutlivesTheProcess) {
  const uint64_t before = backend_.log().size();
  ASSERT_TRUE(Ask().released);
  ASSERT_TRUE(Ask().released);
  gateway_.reset();
  backend_.stale_size = before;
  backend_.fault = Fault::kStaleHead;
  EXPECT_FALSE(Ask().released);
}

TEST_F(GatewayTest, AForkIsFoundOut) {
  ASSERT_TRUE(Ask().released);
  gateway_.reset();
  // The same log from other leaves, larger than what was seen.
  Backend other(kStart + 5);
  other.Enrol();
  other.Grant();
  other.log().AddAccess(kResident, kAdministration);
  for (int i = 0; i < 4; ++i) other.Seal();
  auto gateway =
      Gateway::Open(Options(), other.log().key(), &other, &Signer('e'));
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  const GatewayOutcome outcome =
      (*gateway)->RecordThenRelease(Access(), [this] { ++released_; });
  EXPECT_TRUE(absl::IsDataLoss(outcome.status)) << outcome.status;
  EXPECT_EQ(released_, 1);
}

// The log is quiet for longer than fresh_s: the resident would see "stale".
TEST_F(GatewayTest, AQuietLogIsStale) {
  GatewayOptions options = Options();
  options.now_ms = [this] { return (backend_.time_s() + 3600) * 1000; };
  auto opened =
      Gateway::Open(options, backend_.log().key(), &backend_, &Signer('e'));
  ASSERT_TRUE(opened.ok()) << opened.status();
  gateway_ = *std::move(opened);
  const GatewayOutcome outcome = Ask();
  EXPECT_TRUE(absl::IsPermissionDenied(outcome.status)) << outcome.status;
  EXPECT_EQ(outcome.verdict.headline, Headline::kStale);
  EXPECT_EQ(released_, 0);
}

TEST_F(GatewayTest, OnlyWhatCameSinceIsAskedFor) {
  ASSERT_TRUE(Ask().released);
  ASSERT_TRUE(Ask().released);
  // A damaged memory is asked for again.
  gateway_.reset();
  const std::string command =
      "for f in '" + folder_ + "'/asked/*.chain; do echo x > $f; done";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(Ask().released);
  EXPECT_EQ(Entries(), 5u);
}

TEST_F(GatewayTest, AnAccessThatIsNoneIsRefusedBeforeItIsSent) {
  GatewayAccess access = Access();
  access.access.clear_purpose();
  const GatewayOutcome outcome =
      gateway().RecordThenRelease(access, [this] { ++released_; });
  EXPECT_TRUE(absl::IsInvalidArgument(outcome.status)) << outcome.status;
  EXPECT_EQ(backend_.submits, 0);
  EXPECT_EQ(released_, 0);
}

// --- Break-glass -------------------------------------------------------------

TEST_F(GatewayTest, BreakGlassReleasesWithoutTheLogAndRecordsLater) {
  backend_.fault = Fault::kDown;
  const GatewayOutcome outcome = Break();
  EXPECT_TRUE(outcome.released) << outcome.status;
  EXPECT_TRUE(outcome.queued);
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(gateway().counts().queued, 1u);
  EXPECT_TRUE(absl::IsUnavailable(gateway().SubmitQueued()));
  backend_.fault = Fault::kNone;
  EXPECT_TRUE(gateway().SubmitQueued().ok());
  EXPECT_EQ(gateway().counts().queued, 0u);
  EXPECT_EQ(Entries(), 3u);
  v1::Record record;
  ASSERT_TRUE(
      record.ParseFromString(backend_.last_request.entries(0).record()));
  EXPECT_TRUE(record.access().emergency());
  EXPECT_EQ(record.access().reason_text(0).text(), "life at risk");
  EXPECT_EQ(backend_.last_request.based_on_size(), 0);
  EXPECT_TRUE(gateway().SubmitQueued().ok());
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(GatewayTest, BreakGlassIsRecordedOnceThoughAnswersAreLost) {
  ASSERT_TRUE(Break().released);
  backend_.fault = Fault::kSubmitDownRecorded;
  EXPECT_FALSE(gateway().SubmitQueued().ok());
  gateway_.reset();
  backend_.fault = Fault::kNone;
  EXPECT_EQ(gateway().counts().queued, 1u);
  EXPECT_TRUE(gateway().SubmitQueued().ok());
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(GatewayTest, BreakGlassNeedsAReason) {
  const GatewayOutcome outcome =
      gateway().BreakGlass(Access(), "", "en", [this] { ++released_; });
  EXPECT_TRUE(absl::IsInvalidArgument(outcome.status));
  EXPECT_EQ(released_, 0);
}

// No room for the record: nothing goes even then.
TEST_F(GatewayTest, BreakGlassReleasesNothingThatCouldNotBeQueued) {
  gateway();
  const std::string command = "rm -rf '" + folder_ + "/queue'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const GatewayOutcome outcome = Break();
  EXPECT_FALSE(outcome.released);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(released_, 0);
}

// After a lie of the log too: it queues, and goes nowhere until a person looks.
TEST_F(GatewayTest, BreakGlassQueuesThoughTheLogLied) {
  backend_.fault = Fault::kBadProof;
  ASSERT_FALSE(Ask().released);
  EXPECT_TRUE(Break().released);
  EXPECT_TRUE(absl::IsDataLoss(gateway().SubmitQueued()));
}

// A kill -9 at the very moment of the release.
TEST_F(GatewayTest, BreakGlassSurvivesAKillBetweenReleaseAndRecord) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    gateway().BreakGlass(Access(), "life at risk", "en",
                         [] { raise(SIGKILL); });
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Entries(), 2u);
  EXPECT_EQ(gateway().counts().queued, 1u);
  EXPECT_TRUE(gateway().SubmitQueued().ok());
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(GatewayTest, TheQueueGoesByItself) {
  GatewayOptions options = Options();
  options.retry_ms = 5;
  backend_.fault = Fault::kSubmitDown;
  auto opened =
      Gateway::Open(options, backend_.log().key(), &backend_, &Signer('e'));
  ASSERT_TRUE(opened.ok()) << opened.status();
  gateway_ = *std::move(opened);
  ASSERT_TRUE(Break().released);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(gateway().counts().queued, 1u);
  backend_.fault = Fault::kNone;
  for (int tries = 0; tries < 2000 && gateway().counts().queued > 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(gateway().counts().queued, 0u);
}

}  // namespace
}  // namespace vidimus
