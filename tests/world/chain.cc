#include "tests/world/chain.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/statement.h"

namespace vidimus {
namespace {

constexpr char kScheme = 1;

std::string HashedSign(std::string_view public_key, std::string_view message) {
  const Hash hash = Sha256({"world", public_key, message});
  return std::string(Bytes(hash)) + std::string(Bytes(hash));
}

}  // namespace

bool HashedVerify(std::string_view public_key, std::string_view message,
                  std::string_view signature) {
  return signature == HashedSign(public_key, message);
}

WorldKey::WorldKey(WorldSigning signing, const std::string& seed) {
  if (signing == WorldSigning::kEd25519) {
    kind_ = kSignatureEd25519;
    signer_ = std::make_shared<const Ed25519Signer>(seed);
    public_key_ = std::string(signer_->public_key());
  } else {
    kind_ = kSignatureEs256;
    public_key_ = "\x04" + seed + seed;
  }
}

std::string WorldKey::Sign(std::string_view message) const {
  return signer_ == nullptr ? HashedSign(public_key_, message)
                            : signer_->Sign(message);
}

std::string WorldSubject(uint64_t resident) {
  char text[40];
  std::snprintf(text, sizeof text, "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(resident));
  return kScheme + std::string(text);
}

ChainWriter::ChainWriter(const City& city, uint64_t resident,
                         uint32_t administration, WorldSigning signing,
                         uint64_t seed)
    : city_(city),
      signing_(signing),
      seed_(seed),
      batch_(city.FirstBatchOf(0)) {
  chain_.administration = administration;
  chain_.subject = WorldSubject(resident);
}

void ChainWriter::MoveTo(uint32_t batch) {
  CHECK_LE(batch_, batch);
  CHECK_LT(batch, log().batches());
  FlushUpTo(batch);
  batch_ = batch;
}

void ChainWriter::OpenNextLog() {
  FlushUpTo(log().batches());
  CHECK_LT(log_ + 1, kWorldLogs);
  ++log_;
  batch_ = city_.FirstBatchOf(0);
  number_ = 0;
  first_of_log_ = chain_.entries.size();
}

// What stands before `batch`.
void ChainWriter::FlushUpTo(uint32_t batch) {
  std::stable_sort(
      pending_.begin(), pending_.end(),
      [](const Pending& a, const Pending& b) { return a.batch < b.batch; });
  size_t done = 0;
  while (done < pending_.size() && pending_[done].batch < batch) {
    const Pending pending = pending_[done++];
    batch_ = pending.batch;
    const uint64_t notice = number_;
    v1::Record record;
    *record.mutable_notice() = pending.notice;
    Append(record.SerializeAsString());
    At(pending.number).notice = notice;
  }
  pending_.erase(pending_.begin(), pending_.begin() + done);
}

WorldEntry& ChainWriter::At(uint64_t number) {
  return chain_.entries[first_of_log_ + number];
}

WorldEntry& ChainWriter::Append(std::string record) {
  WorldEntry& entry = chain_.entries.emplace_back();
  entry.log = log_;
  entry.batch = batch_;
  entry.number = number_++;
  entry.record = std::move(record);
  return entry;
}

std::string ChainWriter::Id() {
  std::string input;
  AppendBe64(seed_, &input);
  AppendBe64(ids_++, &input);
  return std::string(Bytes(Sha256({"world id", input})).substr(0, 16));
}

WorldKey ChainWriter::NewKey() {
  const std::string a = Id();
  return WorldKey(signing_, a + Id());
}

void ChainWriter::Frame(v1::Statement* statement) {
  if (!statement->has_statement_id()) statement->set_statement_id(Id());
  if (!statement->has_sequence()) {
    statement->set_sequence(sequence_);
    if (sequence_ > 0) statement->set_previous(previous_);
  }
  statement->set_made_at_ms(TimeOf(batch_) * 1000);
  statement->set_language("sv");
  statement->set_words_sha256(
      std::string(Bytes(Sha256({"words", std::string(1, 's')}))));
}

std::string ChainWriter::AddStatement(const v1::Statement& statement,
                                      const std::string& family,
                                      const WorldKey& key, bool counts) {
  v1::Record record;
  v1::SignedStatement* envelope = record.mutable_statement();
  envelope->set_entry_id(Id());
  envelope->set_subject(chain_.subject);
  envelope->set_administration(chain_.administration);
  envelope->set_statement(statement.SerializeAsString());
  const Hash hash = StatementHash(family, chain_.subject, chain_.administration,
                                  envelope->statement());
  envelope->set_signature_kind(static_cast<v1::SignatureKind>(key.kind()));
  envelope->set_signature(key.Sign(StatementSignedBytes(hash)));
  Append(record.SerializeAsString());
  ++statements_;
  if (counts) {
    previous_ = std::string(Bytes(hash));
    sequence_ = statement.sequence() + 1;
  }
  return statement.statement_id();
}

std::string ChainWriter::Say(v1::Statement statement, const WorldKey& key) {
  Frame(&statement);
  statement.set_key_id(key.id);
  return AddStatement(statement, city_.family(), key, true);
}

std::string ChainWriter::SayAsService(v1::Statement statement,
                                      uint32_t service) {
  Frame(&statement);
  statement.set_identity_service(service);
  return AddStatement(
      statement, city_.family(),
      WorldKey(WorldSigning::kEd25519, city_.ServiceSeed(service)), true);
}

namespace {

void SetKey(const WorldKey& key, v1::Key* message) {
  message->set_kind(static_cast<v1::SignatureKind>(key.kind()));
  message->set_public_key(key.public_key());
}

}  // namespace

WorldKey ChainWriter::Enrol(uint32_t service) {
  WorldKey key = NewKey();
  v1::Statement statement;
  SetKey(key, statement.mutable_key_add());
  key.id = SayAsService(std::move(statement), service);
  return key;
}

WorldKey ChainWriter::AddKey(const WorldKey& by) {
  WorldKey key = NewKey();
  v1::Statement statement;
  SetKey(key, statement.mutable_key_add());
  key.id = Say(std::move(statement), by);
  return key;
}

WorldKey ChainWriter::Recover(uint32_t service) {
  WorldKey key = NewKey();
  v1::Statement statement;
  SetKey(key, statement.mutable_recover());
  key.id = SayAsService(std::move(statement), service);
  return key;
}

WorldKey ChainWriter::Delegate(const v1::Scope& scope, uint64_t until_s,
                               const WorldKey& by) {
  WorldKey key = NewKey();
  v1::Statement statement;
  v1::Delegation* delegation = statement.mutable_delegate();
  SetKey(key, delegation->mutable_key());
  *delegation->mutable_scope() = scope;
  delegation->set_until_s(until_s);
  delegation->set_relation("guardian");
  key.id = Say(std::move(statement), by);
  return key;
}

void ChainWriter::Revoke(const WorldKey& key, const WorldKey& by) {
  v1::Statement statement;
  statement.mutable_key_revoke()->set_key_id(key.id);
  Say(std::move(statement), by);
}

std::string ChainWriter::Grant(const v1::Grant& grant, const WorldKey& key) {
  v1::Statement statement;
  *statement.mutable_grant() = grant;
  return Say(std::move(statement), key);
}

std::string ChainWriter::Withdraw(const std::string& statement_id,
                                  const WorldKey& key) {
  v1::Statement statement;
  statement.mutable_withdrawal()->add_statement_id(statement_id);
  return Say(std::move(statement), key);
}

std::string ChainWriter::WithdrawAll(const WorldKey& key) {
  v1::Statement statement;
  statement.mutable_withdrawal()->set_everything(true);
  return Say(std::move(statement), key);
}

std::string ChainWriter::Prohibit(const v1::Scope& scope, const WorldKey& key) {
  v1::Statement statement;
  *statement.mutable_prohibition()->mutable_scope() = scope;
  return Say(std::move(statement), key);
}

std::string ChainWriter::Object(const v1::Scope& scope, const WorldKey& key) {
  v1::Statement statement;
  *statement.mutable_objection()->mutable_scope() = scope;
  return Say(std::move(statement), key);
}

std::string ChainWriter::Dispute(uint64_t entry, const WorldKey& key) {
  v1::Statement statement;
  statement.mutable_dispute()->set_entry(entry);
  return Say(std::move(statement), key);
}

void ChainWriter::Forge(v1::Statement statement, const std::string& family,
                        const WorldKey& key) {
  Frame(&statement);
  if (!statement.has_key_id()) statement.set_key_id(key.id);
  AddStatement(statement, family, key, false);
}

void ChainWriter::ForgeAsService(const v1::Statement& statement,
                                 const WorldKey& service) {
  v1::Statement framed = statement;
  Frame(&framed);
  AddStatement(framed, city_.family(), service, false);
}

void ChainWriter::Replay(uint64_t number) {
  Append(At(number).record);
  ++statements_;
}

v1::AccessRecord ChainWriter::Access() { return AccessAsOf(batch_ - 1); }

v1::AccessRecord ChainWriter::AccessAsOf(uint32_t as_of) {
  v1::AccessRecord access;
  access.set_entry_id(Id());
  access.set_occurred_at_ms(TimeOf(batch_) * 1000);
  access.set_source_origin(City::SystemId(chain_.administration, "cases"));
  access.set_controller_id(city_.organisation_id());
  access.set_actor_kind(v1::HUMAN);
  access.set_subject(chain_.subject);
  access.set_administration(chain_.administration);
  access.set_operation(v1::READ);
  access.mutable_as_of()->set_origin(log().origin);
  access.mutable_as_of()->set_size(log().sizes[as_of]);
  access.set_outcome(v1::SUCCESS);
  return access;
}

uint64_t ChainWriter::Add(const v1::AccessRecord& access,
                          const Chosen& chosen) {
  v1::Record record;
  *record.mutable_access() = access;
  const uint64_t number = AddBytes(record.SerializeAsString(), chosen);
  v1::Actor actor;
  actor.set_id("account-" + std::to_string(number % 97));
  At(number).actor = actor.SerializeAsString();
  return number;
}

uint64_t ChainWriter::AddBytes(const std::string& record,
                               const Chosen& chosen) {
  WorldEntry& entry = Append(record);
  entry.judged = true;
  entry.chosen = chosen;
  return entry.number;
}

void ChainWriter::Close(uint64_t number, WorldContent content) {
  At(number).content = content;
}

v1::Notice ChainWriter::NoticeAbout(uint64_t number, uint32_t batch) const {
  v1::Notice notice;
  std::string input = chain_.subject;
  AppendBe64(seed_, &input);
  AppendBe64(number, &input);
  AppendBe32(batch, &input);
  notice.set_entry_id(
      std::string(Bytes(Sha256({"notice", input})).substr(0, 16)));
  notice.set_subject(chain_.subject);
  notice.set_administration(chain_.administration);
  notice.set_at_s(TimeOf(batch));
  return notice;
}

void ChainWriter::AddLater(uint64_t number, const v1::Notice& notice,
                           uint32_t batch) {
  CHECK_LE(batch_, batch);
  pending_.push_back({number, notice, batch});
}

WorldChain ChainWriter::Finish() {
  FlushUpTo(log().batches());
  return std::move(chain_);
}

}  // namespace vidimus
