// For tests and benches: histories put together batch by batch, with wallets
// whose signatures cost nothing. Owns the bytes that the history views.
#ifndef VERIFIER_HISTORY_TESTING_H_
#define VERIFIER_HISTORY_TESTING_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/history.h"
#include "verifier/signing.h"
#include "verifier/statement.h"

namespace vidimus {

// Stands in for ES256: a keyed hash, so that each key, statement and family
// gives another signature.
inline std::string TestSign(std::string_view public_key,
                            std::string_view message) {
  const Hash hash = Sha256({"test", public_key, message});
  return std::string(Bytes(hash)) + std::string(Bytes(hash));
}
inline bool TestVerify(std::string_view public_key, std::string_view message,
                       std::string_view signature) {
  return signature == TestSign(public_key, message);
}

inline std::string TestKey(char name) {
  return "\x04" + std::string(kEs256KeyBytes - 1, name);
}

inline std::string TestId(uint64_t number) {
  std::string id = "statement-" + std::to_string(100000 + number);
  CHECK_EQ(id.size(), kStatementIdBytes);
  return id;
}

class HistoryBuilder {
 public:
  static constexpr uint64_t kStart = 1700000000;
  static constexpr uint32_t kBoard = 3;
  static constexpr char kPurpose[] = "PublicServiceProvision";
  static constexpr char kOtherPurpose[] = "Education";
  static constexpr char kCityId[] = "0201256-6";

  // The log opens with administration 3, two purposes, provision 0 (yields to
  // a prohibition), provision 1 (a duty that does not) and identity service 0.
  explicit HistoryBuilder(std::string family = "log.example/city")
      : family_(std::move(family)) {
    history_.subject = Keep(std::string("\x01") + "id");
    history_.administration = kBoard;
    OpenLog("2026h1");
  }
  HistoryBuilder(const HistoryBuilder&) = delete;

  const History& history() const { return history_; }
  HistoryLog& log() { return history_.logs.back(); }
  uint32_t log_number() const {
    return static_cast<uint32_t>(history_.logs.size() - 1);
  }
  uint64_t size() const { return size_; }
  uint64_t time_s() const { return time_s_; }
  size_t entries() { return log().entries.size(); }

  void OpenLog(const std::string& name) {
    HistoryLog& log = history_.logs.emplace_back();
    log.origin = Keep(family_ + "/" + name);
    log.limits = {7 * 86400, 60, 1800, 5, 72 * 3600, 30 * 86400};
    size_ = 2;
    if (time_s_ == 0) time_s_ = kStart;
    log.seals.push_back({size_, time_s_});
    log.head_time_s = time_s_;
    Put(RegisterType::kAdministration, kBoard, Board());
    Put(RegisterType::kPurpose, 0, PurposeOf(kPurpose));
    Put(RegisterType::kPurpose, 1, PurposeOf(kOtherPurpose));
    Put(RegisterType::kProvision, 0, Law(false));
    Put(RegisterType::kProvision, 1, Law(true));
    Put(RegisterType::kIdentityService, 0, Service());
    Seal(0, 3);
  }

  // --- What stands in the batch that is gathering ----------------------------

  template <typename Message>
  void Put(RegisterType type, uint32_t number, const Message& message) {
    HistoryDocument document;
    document.id = {type, number, versions_[{log_number(), type, number}]++};
    document.position = size_;
    document.message = Keep(message.SerializeAsString());
    documents_.push_back(document);
  }

  void Add(Content content, std::string record, uint64_t notice = 0) {
    HistoryEntry entry;
    entry.position = size_;
    entry.content = content;
    entry.notice = notice;
    entry.record = Keep(std::move(record));
    entries_.push_back(entry);
  }

  void Add(const v1::AccessRecord& access) {
    v1::Record record;
    *record.mutable_access() = access;
    Add(Content::kOpen, record.SerializeAsString());
  }

  void Add(const v1::Notice& notice) {
    v1::Record record;
    *record.mutable_notice() = notice;
    Add(Content::kOpen, record.SerializeAsString());
  }

  // Signs and adds. The service signs what names one, else the key `signer`.
  // Returns the hash that the next one names.
  std::string Add(const v1::Statement& statement, char signer,
                  const std::string& family = "") {
    v1::Record record;
    v1::SignedStatement* envelope = record.mutable_statement();
    envelope->set_entry_id(std::string(16, 'e'));
    envelope->set_subject(std::string(history_.subject));
    envelope->set_administration(kBoard);
    envelope->set_statement(statement.SerializeAsString());
    const Hash hash =
        StatementHash(family.empty() ? family_ : family, history_.subject,
                      kBoard, envelope->statement());
    const std::string message = StatementSignedBytes(hash);
    if (statement.has_identity_service()) {
      envelope->set_signature_kind(v1::ED25519);
      envelope->set_signature(SignAsService(message));
    } else {
      envelope->set_signature_kind(v1::ES256);
      envelope->set_signature(TestSign(TestKey(signer), message));
    }
    Add(Content::kOpen, record.SerializeAsString());
    return std::string(Bytes(hash));
  }

  // Ends the batch, `seconds` after the last. `others` are leaves of other
  // people in it.
  void Seal(uint64_t seconds, uint64_t others = 8) {
    time_s_ += seconds;
    HistoryLog& of_log = log();
    for (HistoryDocument& document : documents_) {
      document.seal_time_s = time_s_;
      of_log.documents.push_back(document);
    }
    for (HistoryEntry& entry : entries_) {
      entry.seal_time_s = time_s_;
      of_log.entries.push_back(entry);
    }
    size_ += documents_.size() + entries_.size() + others + 1;
    of_log.seals.push_back({size_, time_s_});
    of_log.head_time_s = time_s_;
    documents_.clear();
    entries_.clear();
  }

  // --- What may be added -----------------------------------------------------

  // As of now, at the time of the last seal.
  v1::AccessRecord Access() const {
    v1::AccessRecord access;
    access.set_entry_id(std::string(16, 'a'));
    access.set_occurred_at_ms(time_s_ * 1000);
    access.set_controller_id(kCityId);
    access.set_subject(std::string(history_.subject));
    access.set_administration(kBoard);
    access.set_operation(v1::READ);
    access.add_data_category("Income");
    access.set_purpose(kPurpose);
    access.add_legal_basis()->set_basis("A6-1-a");
    access.mutable_as_of()->set_origin(
        std::string(history_.logs.back().origin));
    access.mutable_as_of()->set_size(size_);
    return access;
  }

  // The same under a law.
  v1::AccessRecord LawfulAccess(uint32_t provision) const {
    v1::AccessRecord access = Access();
    access.mutable_legal_basis(0)->set_basis("A6-1-e");
    access.mutable_legal_basis(0)->set_provision(provision);
    return access;
  }

  static v1::Statement Bare(uint64_t id, uint64_t key_id, uint64_t sequence,
                            const std::string& previous) {
    v1::Statement statement;
    statement.set_statement_id(TestId(id));
    statement.set_sequence(sequence);
    if (sequence > 0) statement.set_previous(previous);
    statement.set_key_id(TestId(key_id));
    statement.set_language("sv");
    statement.set_words_sha256(std::string(32, 'w'));
    return statement;
  }

  // By identity service 0.
  static v1::Statement ServiceBare(uint64_t id) {
    v1::Statement statement = Bare(id, 0, 0, "");
    statement.clear_key_id();
    statement.set_identity_service(0);
    return statement;
  }

  static v1::Statement FirstKey(uint64_t id, char name) {
    v1::Statement statement = ServiceBare(id);
    SetKey(name, statement.mutable_key_add());
    return statement;
  }

  static void SetKey(char name, v1::Key* key) {
    key->set_kind(v1::ES256);
    key->set_public_key(TestKey(name));
  }

  static void SetGrant(v1::Grant* grant) {
    grant->add_administration(kBoard);
    grant->mutable_scope()->add_purpose(kPurpose);
    grant->mutable_scope()->add_data_category("Income");
    grant->set_assurance(v1::WALLET_KEY);
    grant->set_lawful_basis("A6-1-a");
  }

  static v1::LocalizedText Text(const char* text) {
    v1::LocalizedText localized;
    localized.set_language("en");
    localized.set_text(text);
    return localized;
  }

  static v1::Administration Board() {
    v1::Administration board;
    *board.add_name() = Text("Board");
    board.set_organisation_id(kCityId);
    v1::SourceSystem* system = board.add_source_system();
    system->set_id("cases");
    system->set_connected(true);
    system = board.add_source_system();
    system->set_id("paper");
    system->set_connected(false);
    return board;
  }

  static v1::Purpose PurposeOf(const char* term) {
    v1::Purpose purpose;
    purpose.set_term(term);
    *purpose.add_name() = Text(term);
    return purpose;
  }

  static v1::Provision Law(bool overrides) {
    v1::Provision law;
    law.add_basis("A6-1-e");
    law.set_citation("Act 1/2000");
    *law.add_name() = Text("Act");
    law.add_administration(kBoard);
    law.add_purpose(kPurpose);
    law.add_data_category("Income");
    law.add_data_category("Family");
    law.set_overrides_prohibition(overrides);
    law.set_withholding_max_s(90 * 86400);
    return law;
  }

  static v1::IdentityService Service() {
    v1::IdentityService service;
    *service.add_name() = Text("Identification of the state");
    service.add_key(std::string(ServiceSigner().public_key()));
    service.set_organisation_id("0245437-2");
    service.set_assurance("high");
    return service;
  }

  static const Ed25519Signer& ServiceSigner() {
    static const auto* const kSigner = new Ed25519Signer(std::string(32, 's'));
    return *kSigner;
  }

 private:
  std::string_view Keep(std::string bytes) {
    kept_.push_back(std::move(bytes));
    return kept_.back();
  }

  // Remembered: the same statements come in many cases.
  static std::string SignAsService(const std::string& message) {
    static auto* const kSigned = new std::map<std::string, std::string>;
    std::string& signature = (*kSigned)[message];
    if (signature.empty()) signature = ServiceSigner().Sign(message);
    return signature;
  }

  using DocumentName = std::tuple<uint32_t, RegisterType, uint32_t>;

  const std::string family_;
  History history_;
  std::deque<std::string> kept_;
  std::map<DocumentName, uint64_t> versions_;
  std::vector<HistoryDocument> documents_;
  std::vector<HistoryEntry> entries_;
  uint64_t size_ = 0;
  uint64_t time_s_ = 0;
};

}  // namespace vidimus

#endif  // VERIFIER_HISTORY_TESTING_H_
