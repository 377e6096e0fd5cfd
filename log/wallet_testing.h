// For tests: a log on memory that answers within the call, whose register has
// an identity service, and wallets that sign.
#ifndef VIDIMUS_LOG_WALLET_TESTING_H_
#define VIDIMUS_LOG_WALLET_TESTING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "log/check_service.h"
#include "log/clock.h"
#include "log/first_looks.h"
#include "log/log.h"
#include "log/log_testing.h"
#include "log/memory_log.h"
#include "log/side_work.h"
#include "log/statement_service.h"
#include "log/submit_service.h"
#include "log/worker_pool.h"
#include "proto/record.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/signing.h"
#include "verifier/statement.h"
#include "verifier/submission.h"

namespace vidimus {

// What a resident's devices know of one chain, and how they sign.
class TestWallet {
 public:
  // `service_seed` is the key of identity service 0.
  TestWallet(std::string subject, uint32_t administration,
             const std::string& service_seed, Random* random)
      : subject_(std::move(subject)),
        administration_(administration),
        random_(random),
        service_(std::make_unique<Ed25519Signer>(service_seed)),
        key_(std::make_unique<Ed25519Signer>(random->Draw(kEd25519SeedBytes))) {
  }

  // A statement with the next sequence, to be given one event.
  v1::Statement Next() {
    v1::Statement statement;
    statement.set_statement_id(random_->Draw(kStatementIdBytes));
    statement.set_sequence(sequence_);
    if (sequence_ > 0) statement.set_previous(previous_);
    if (key_id_.empty()) {
      statement.set_identity_service(0);
    } else {
      statement.set_key_id(key_id_);
    }
    statement.set_language("sv");
    statement.set_words_sha256(std::string(32, 'w'));
    return statement;
  }

  // The first key, by the identity service.
  v1::Statement FirstKey() {
    v1::Statement statement = Next();
    statement.mutable_key_add()->set_kind(v1::ED25519);
    statement.mutable_key_add()->set_public_key(
        std::string(key_->public_key()));
    return statement;
  }

  v1::Statement Grant() {
    v1::Statement statement = Next();
    v1::Grant* const grant = statement.mutable_grant();
    grant->add_administration(administration_);
    grant->mutable_scope()->add_purpose("SocialWelfareEligibilityAssessment");
    grant->mutable_scope()->add_data_category("pd:Income");
    grant->set_assurance(v1::WALLET_KEY);
    grant->set_lawful_basis("A6-1-a");
    return statement;
  }

  v1::Statement WithdrawEverything() {
    v1::Statement statement = Next();
    statement.mutable_withdrawal()->set_everything(true);
    return statement;
  }

  v1::Statement Dispute(uint64_t entry) {
    v1::Statement statement = Next();
    statement.mutable_dispute()->set_entry(entry);
    return statement;
  }

  // Signs for this chain of the family of kTestOrigin.
  v1::Entry Sign(const v1::Statement& statement) {
    v1::Record record;
    v1::SignedStatement* const filed = record.mutable_statement();
    filed->set_entry_id(random_->Draw(kEntryIdBytes));
    filed->set_subject(subject_);
    filed->set_administration(administration_);
    filed->set_statement(statement.SerializeAsString());
    filed->set_signature_kind(v1::ED25519);
    const Ed25519Signer& signer =
        statement.has_identity_service() ? *service_ : *key_;
    filed->set_signature(signer.Sign(StatementSignedBytes(HashOf(statement))));
    v1::Entry entry;
    entry.set_entry_id(filed->entry_id());
    entry.set_record_salt(random_->Draw(kSaltBytes));
    entry.set_actor_salt(random_->Draw(kSaltBytes));
    entry.set_record(record.SerializeAsString());
    return entry;
  }

  // It was filed: the next one follows it.
  void Filed(const v1::Statement& statement) {
    previous_ = std::string(Bytes(HashOf(statement)));
    sequence_ = statement.sequence() + 1;
    if (key_id_.empty() && statement.has_key_add()) {
      key_id_ = statement.statement_id();
    }
  }

  uint64_t sequence() const { return sequence_; }

 private:
  Hash HashOf(const v1::Statement& statement) const {
    return StatementHash(FamilyOf(kTestOrigin), subject_, administration_,
                         statement.SerializeAsString());
  }

  std::string subject_;
  uint32_t administration_;
  Random* random_;
  std::unique_ptr<Ed25519Signer> service_, key_;
  std::string key_id_, previous_;
  uint64_t sequence_ = 0;
};

// An access log whose register has an identity service, and the services that
// residents and those who ask first need.
class AskingLog : private MemoryLog {
 public:
  explicit AskingLog(const std::string& folder, uint64_t seed = 42)
      : MemoryLog(folder, seed),
        service_seed_(random_.Draw(kEd25519SeedBytes)),
        side_work_(0, 1000),
        workers_(0) {
    AddTestIdentityService(service_seed_, &register_);
    Open();
  }

  // Kills the process, if there is one, and starts another on what is durable.
  void Open() {
    checks_.reset();
    looks_.reset();
    statements_.reset();
    submits_.reset();
    options_.chain_keys.cache_bytes = cache_bytes_;
    OpenLog();
    submits_ =
        std::make_unique<SubmitService>(SubmitLimits(), log_.get(), &workers_);
    statements_ = std::make_unique<StatementService>(
        statement_limits_,
        StatementService::Parts{log_.get(), &side_work_, &workers_, &clock_});
    looks_ = std::make_unique<FirstLooks>(
        1024, FirstLooks::Parts{log_.get(), &side_work_, &clock_, &random_});
    checks_ = std::make_unique<CheckService>(
        check_limits_,
        CheckService::Parts{log_.get(), looks_.get(), &side_work_, &clock_});
  }

  // Hand in; the answer is there when the sequencer has run.
  using Filed = absl::StatusOr<v1::FileStatementsResponse>;
  using Recorded = absl::StatusOr<v1::SubmitResponse>;
  std::shared_ptr<std::optional<Filed>> StartFiling(
      const std::vector<v1::Entry>& entries) {
    v1::FileStatementsRequest request;
    for (const v1::Entry& entry : entries) *request.add_entries() = entry;
    auto answer = std::make_shared<std::optional<Filed>>();
    statements_->File(std::move(request),
                      [answer](Filed filed) { *answer = std::move(filed); });
    return answer;
  }
  std::shared_ptr<std::optional<Recorded>> StartRecording(
      uint32_t a, const std::vector<v1::Entry>& entries,
      const std::vector<uint64_t>& based_on) {
    v1::SubmitRequest request =
        SignTestRequest(a, entries, register_.entry_seeds[a]);
    for (const uint64_t n : based_on) request.add_based_on(n);
    auto answer = std::make_shared<std::optional<Recorded>>();
    submits_->Submit(request, a, [answer](Recorded recorded) {
      *answer = std::move(recorded);
    });
    return answer;
  }
  void Run() { CHECK(log_->RunOnce().ok()); }

  Filed File(const std::vector<v1::Entry>& entries) {
    const auto answer = StartFiling(entries);
    for (int i = 0; i < 100 && !answer->has_value(); ++i) Run();
    CHECK(answer->has_value());
    return **answer;
  }
  // Signs, files, and has the wallet go on if that went well.
  absl::Status File(const v1::Statement& statement, TestWallet* wallet) {
    const Filed filed = File({wallet->Sign(statement)});
    if (filed.ok()) wallet->Filed(statement);
    return filed.status();
  }
  Recorded Record(uint32_t a, uint64_t resident,
                  const std::vector<uint64_t>& based_on = {}) {
    const auto answer =
        StartRecording(a, {MakeTestEntry(a, resident, &random_)}, based_on);
    for (int i = 0; i < 100 && !answer->has_value(); ++i) Run();
    CHECK(answer->has_value());
    return **answer;
  }
  absl::StatusOr<v1::CheckResponse> Check(std::optional<uint32_t> a,
                                          uint64_t resident, uint64_t since,
                                          bool wants_key = false) {
    v1::CheckRequest request;
    request.set_subject(TestSubject(resident));
    request.set_since(since);
    request.set_wants_key(wants_key);
    std::optional<absl::StatusOr<v1::CheckResponse>> answer;
    checks_->Check(std::move(request), a,
                   [&](absl::StatusOr<v1::CheckResponse> response) {
                     answer = std::move(response);
                   });
    for (int i = 0; i < 100 && !answer.has_value(); ++i) Run();
    CHECK(answer.has_value());
    return *answer;
  }

  TestWallet Wallet(uint64_t resident, uint32_t a) {
    return TestWallet(TestSubject(resident), a, service_seed_, &random_);
  }

  Log* log() { return log_.get(); }
  Storage* storage() { return storage_.get(); }
  const VerifierKey& key() const { return signer_.key(); }
  FakeClock* clock() { return &clock_; }
  SeededRandom* random() { return &random_; }
  const TestRegister& of_register() const { return register_; }

  // In force from the next Open on.
  StatementLimits statement_limits_;
  CheckLimits check_limits_;
  uint64_t cache_bytes_ = 1 << 20;

 private:
  const std::string service_seed_;
  SideWork side_work_;
  WorkerPool workers_;
  std::unique_ptr<SubmitService> submits_;
  std::unique_ptr<StatementService> statements_;
  std::unique_ptr<FirstLooks> looks_;
  std::unique_ptr<CheckService> checks_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_WALLET_TESTING_H_
