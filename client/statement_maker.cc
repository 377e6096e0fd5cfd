#include "client/statement_maker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/random.h"
#include "client/statement_words.h"
#include "proto/status.h"
#include "verifier/commitment.h"
#include "verifier/encoding.h"
#include "verifier/es256.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/statement.h"
#include "verifier/webauthn.h"

namespace vidimus {
namespace {

constexpr char kRequestFormat[] = "vidimus/v1 key request";
constexpr char kStatementsFormat[] = "vidimus/v1 key statements";
constexpr size_t kRequestChainsMax = 64;

std::string Str(std::string_view bytes) { return std::string(bytes); }

// Whether somebody who may speak in the chain signed it, whether it counts or
// not.
bool IsSigned(const StandingStatement& standing) {
  switch (standing.finding) {
    case Finding::kSignatureKindUnknown:
    case Finding::kStatementSignature:
    case Finding::kStatementSignatureForm:
    case Finding::kStatementKeyUnknown:
    case Finding::kStatementSigner:
      return false;
    default:
      return true;
  }
}

class Sequences {
 public:
  explicit Sequences(const std::vector<StandingStatement>& statements) {
    for (const StandingStatement& standing : statements) {
      const Statement& said = standing.statement;
      if (!IsSigned(standing)) continue;
      hashes_.emplace(said.sequence, Str(Bytes(standing.hash)));
      used_[Str(said.key_id)].insert(said.sequence);
      // What does not count may have any number: who stole a key can't drive
      // the count up.
      if (standing.finding == Finding::kOk &&
          (!last_.has_value() || said.sequence > *last_)) {
        last_ = said.sequence;
      }
    }
  }

  // Where this key goes on (empty: any identity service). No number is used
  // twice by one signer.
  NextInChain Next(const std::string& key_id) const {
    static const std::set<uint64_t> kNone;
    const auto found = used_.find(key_id);
    const std::set<uint64_t>& used =
        found == used_.end() ? kNone : found->second;
    NextInChain next;
    if (last_.has_value()) next.sequence = *last_ + 1;
    while (used.count(next.sequence) > 0) ++next.sequence;
    if (next.sequence > 0) next.previous = hashes_.at(next.sequence - 1);
    return next;
  }

 private:
  std::map<uint64_t, std::string> hashes_;
  std::map<std::string, std::set<uint64_t>> used_;
  std::optional<uint64_t> last_;
};

v1::Statement Filled(v1::Statement draft, const NextInChain& next) {
  draft.set_sequence(next.sequence);
  if (next.sequence > 0) {
    draft.set_previous(next.previous);
  } else {
    draft.clear_previous();
  }
  return draft;
}

absl::StatusOr<std::string> SignedRecord(const v1::Statement& statement,
                                         const std::string& family,
                                         const std::string& subject,
                                         uint32_t administration,
                                         const Ed25519Signer& signer) {
  if (family.size() > 255 || subject.size() > kSubjectBytesMax) {
    return absl::InvalidArgumentError("a family or an id of over 255 bytes");
  }
  v1::Record record;
  v1::SignedStatement* envelope = record.mutable_statement();
  envelope->set_entry_id(RandomBytes(kStatementIdBytes));
  envelope->set_subject(subject);
  envelope->set_administration(administration);
  envelope->set_statement(statement.SerializeAsString());
  envelope->set_signature_kind(v1::ED25519);
  envelope->set_signature(signer.Sign(StatementSignedBytes(
      StatementHash(family, subject, administration, envelope->statement()))));
  std::string bytes = record.SerializeAsString();
  Statement parsed;
  const char* field = nullptr;
  const Finding finding = ParseStatement(bytes, &parsed, &field);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("this can't be said: ", FindingSentence(finding),
                     field != nullptr ? absl::StrCat(" (", field, ")") : ""));
  }
  if (bytes.size() > kRecordBytesMax) {
    return absl::InvalidArgumentError("this can't be said: it is too long");
  }
  return bytes;
}

std::string RequestSignedBytes(v1::KeyRequest request) {
  request.clear_possession();
  return absl::StrCat(kRequestFormat, "\n",
                      std::string(Bytes(Sha256(request.SerializeAsString()))));
}

v1::SignatureKind KindOf(const v1::KeyRequest& request) {
  return request.kind() == v1::SIGNATURE_KIND_UNSPECIFIED ? v1::ED25519
                                                          : request.kind();
}

bool HasPossession(const v1::KeyRequest& request, v1::SignatureKind kind) {
  const std::string signed_bytes = RequestSignedBytes(request);
  if (kind == v1::ED25519) {
    return Ed25519Verify(request.public_key(), signed_bytes,
                         request.possession());
  }
  WebAuthnAssertion said;
  const char* part = nullptr;
  return VerifyWebAuthn(request.public_key(), Sha256(signed_bytes),
                        request.possession(), Es256VerifyNative, &said,
                        &part) == Finding::kOk;
}

absl::Status RequestRefused(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the request: ", why));
}

absl::Status JudgeRequest(const v1::KeyRequest& request) {
  if (request.format() != kRequestFormat) {
    return RequestRefused("not a key request of a wallet");
  }
  const v1::SignatureKind kind = KindOf(request);
  if (kind != v1::ED25519 && kind != v1::WEBAUTHN) {
    return RequestRefused("keys of this kind are not signed for");
  }
  if (request.public_key().size() !=
          (kind == v1::ED25519 ? kEd25519KeyBytes : kEs256KeyBytes) ||
      request.statement_id().size() != kStatementIdBytes) {
    return RequestRefused("key or id have another length");
  }
  if (!HasPossession(request, kind)) {
    return RequestRefused(
        "whoever made it does not have the key, or it was changed since");
  }
  if (request.family().empty() || request.subject().size() < 2 ||
      !IsWordsLanguage(request.language())) {
    return RequestRefused("family, person or language are missing");
  }
  if (request.chain_size() < 1 ||
      request.chain_size() > static_cast<int>(kRequestChainsMax)) {
    return RequestRefused(
        absl::StrCat("for 1 to ", kRequestChainsMax, " chains"));
  }
  std::set<uint32_t> chains;
  for (const v1::KeyRequestChain& chain : request.chain()) {
    if (!chains.insert(chain.administration()).second) {
      return RequestRefused("one chain twice");
    }
    if (chain.previous().size() != (chain.sequence() == 0 ? 0 : kHashBytes)) {
      return RequestRefused("a chain does not say what stands in it");
    }
  }
  return absl::OkStatus();
}

}  // namespace

const StandingKey* ChainStanding::Find(absl::string_view key_id) const {
  for (const StandingKey& key : keys) {
    if (key.key_id == key_id) return &key;
  }
  return nullptr;
}

ChainStanding StandingOf(const History& history,
                         const std::vector<StandingStatement>& statements) {
  ChainStanding chain;
  chain.administration = history.administration;
  uint64_t recovery_s = 0;
  if (!history.logs.empty()) {
    chain.head_time_s = history.logs.back().head_time_s;
    recovery_s = history.logs.back().limits.recovery_s;
  }
  std::set<std::string> revoked;
  for (const StandingStatement& standing : statements) {
    const Statement& statement = standing.statement;
    if (statement.event == StatementEvent::kKeyRevocation &&
        standing.finding == Finding::kOk) {
      revoked.insert(Str(statement.revoked));
    }
  }
  const Sequences sequences(statements);
  chain.next = sequences.Next("");
  for (const StandingStatement& standing : statements) {
    const Statement& statement = standing.statement;
    const bool delegate = statement.event == StatementEvent::kDelegation;
    const bool recovery = statement.event == StatementEvent::kRecovery;
    if (standing.finding != Finding::kOk ||
        (statement.event != StatementEvent::kKeyAdd && !recovery &&
         !delegate)) {
      continue;
    }
    StandingKey key;
    key.key_id = Str(statement.statement_id);
    key.public_key = Str(statement.public_key);
    key.identity_service = standing.identity_service;
    key.delegate = delegate;
    key.revoked = revoked.count(key.key_id) > 0;
    if (recovery || (delegate && statement.identity_service.has_value())) {
      key.full_from_s = standing.seal_time_s + recovery_s;
    }
    key.next = sequences.Next(key.key_id);
    chain.keys.push_back(std::move(key));
  }
  return chain;
}

v1::WalletChain ToWallet(const ChainStanding& standing, uint64_t now_s) {
  v1::WalletChain chain;
  chain.set_administration(standing.administration);
  chain.set_seen_at_s(now_s);
  for (const StandingKey& key : standing.keys) {
    if (key.delegate) continue;
    v1::WalletChainKey* kept = chain.add_key();
    kept->set_key_id(key.key_id);
    kept->set_public_key(key.public_key);
    kept->set_revoked(key.revoked);
    kept->set_full_from_s(key.full_from_s);
    kept->set_sequence(key.next.sequence);
    kept->set_previous(key.next.previous);
  }
  return chain;
}

ChainStanding FromWallet(const v1::WalletChain& chain) {
  ChainStanding standing;
  standing.administration = chain.administration();
  standing.head_time_s = chain.seen_at_s();
  for (const v1::WalletChainKey& kept : chain.key()) {
    StandingKey key;
    key.key_id = kept.key_id();
    key.public_key = kept.public_key();
    key.revoked = kept.revoked();
    key.full_from_s = kept.full_from_s();
    key.next = {kept.sequence(), kept.previous()};
    standing.keys.push_back(std::move(key));
  }
  return standing;
}

bool OnlyRestrains(const v1::Statement& statement) {
  return statement.has_withdrawal() || statement.has_prohibition() ||
         statement.has_objection() || statement.has_dispute();
}

absl::StatusOr<const StandingKey*> ChooseKey(
    const ChainStanding& standing, const std::vector<std::string>& own,
    const v1::Statement& draft) {
  const std::string chain =
      standing.administration == kSelf
          ? "your own chain"
          : absl::StrCat("administration ", standing.administration);
  const StandingKey* waiting = nullptr;
  bool known = false;
  for (const StandingKey& key : standing.keys) {
    if (key.delegate ||
        std::find(own.begin(), own.end(), key.public_key) == own.end()) {
      continue;
    }
    known = true;
    if (key.revoked) continue;
    if (key.full_from_s <= standing.head_time_s) return &key;
    if (waiting == nullptr || key.full_from_s < waiting->full_from_s) {
      waiting = &key;
    }
  }
  if (waiting != nullptr) {
    if (OnlyRestrains(draft)) return waiting;
    return absl::FailedPreconditionError(absl::StrCat(
        chain, ": the recovered key counts for this from ",
        UtcText(waiting->full_from_s),
        " on; until then it can withdraw, forbid, object and dispute"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      chain,
      known ? ": every key of this wallet is revoked there; vidimus wallet "
              "recover makes a new one"
            : ": no key of this wallet is known there; make a request with "
              "vidimus wallet request, and have an identity service sign it"));
}

v1::Statement DraftStatement(const std::string& language,
                             const std::string& words, uint64_t now_ms) {
  v1::Statement draft;
  draft.set_statement_id(RandomBytes(kStatementIdBytes));
  draft.set_made_at_ms(now_ms);
  draft.set_language(language);
  draft.set_words_sha256(std::string(Bytes(Sha256(words))));
  draft.set_schema_version(kWordsVersion);
  return draft;
}

absl::StatusOr<v1::Entry> SignStatement(v1::Statement draft,
                                        const std::string& family,
                                        const std::string& subject,
                                        uint32_t administration,
                                        const StandingKey& key,
                                        const Ed25519Signer& signer) {
  draft.set_key_id(key.key_id);
  draft.clear_identity_service();
  ASSIGN_OR_RETURN(const std::string record,
                   SignedRecord(Filled(std::move(draft), key.next), family,
                                subject, administration, signer));
  return EntryOf(record);
}

absl::StatusOr<std::string> SignAsIdentityService(
    v1::Statement draft, const std::string& family, const std::string& subject,
    uint32_t administration, const NextInChain& next, uint32_t number,
    const Ed25519Signer& signer) {
  draft.clear_key_id();
  draft.set_identity_service(number);
  return SignedRecord(Filled(std::move(draft), next), family, subject,
                      administration, signer);
}

absl::StatusOr<v1::Entry> EntryOf(const std::string& record) {
  Statement parsed;
  const char* field = nullptr;
  const Finding finding = ParseStatement(record, &parsed, &field);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a statement: ", FindingSentence(finding)));
  }
  v1::Entry entry;
  entry.set_entry_id(Str(parsed.entry_id));
  entry.set_record(record);
  entry.set_record_salt(RandomBytes(kSaltBytes));
  entry.set_actor_salt(RandomBytes(kSaltBytes));
  return entry;
}

void SignRequest(const Ed25519Signer& signer, v1::KeyRequest* request) {
  request->set_format(kRequestFormat);
  request->set_public_key(Str(signer.public_key()));
  request->set_possession(signer.Sign(RequestSignedBytes(*request)));
}

absl::StatusOr<v1::KeyStatements> SignRequested(const v1::KeyRequest& request,
                                                const std::string& family,
                                                const std::string& subject,
                                                uint32_t number,
                                                const Ed25519Signer& signer) {
  RETURN_IF_ERROR(JudgeRequest(request));
  if (!family.empty() && request.family() != family) {
    return absl::FailedPreconditionError(
        "the request is for another family of logs than this service signs "
        "for");
  }
  if (!subject.empty() && request.subject() != subject) {
    return absl::FailedPreconditionError(
        "the request is for another person than the one who was identified");
  }
  v1::Statement draft;
  draft.set_statement_id(request.statement_id());
  draft.set_made_at_ms(request.made_at_ms());
  draft.set_language(request.language());
  draft.set_schema_version(kWordsVersion);
  v1::Key* key =
      request.recovery() ? draft.mutable_recover() : draft.mutable_key_add();
  key->set_kind(KindOf(request));
  key->set_public_key(request.public_key());
  if (!request.name().empty()) key->set_name(request.name());
  std::vector<uint32_t> chains;
  for (const v1::KeyRequestChain& chain : request.chain()) {
    chains.push_back(chain.administration());
  }
  // The service signs what it knows was shown, not what somebody says was.
  const std::string words =
      StatementWords(request.language(), draft, chains, {});
  if (request.words() != words) {
    return RequestRefused("its words are not those for this request");
  }
  draft.set_words_sha256(std::string(Bytes(Sha256(words))));
  v1::KeyStatements statements;
  statements.set_format(kStatementsFormat);
  statements.set_family(request.family());
  for (const v1::KeyRequestChain& chain : request.chain()) {
    ASSIGN_OR_RETURN(
        *statements.add_record(),
        SignAsIdentityService(
            draft, request.family(), request.subject(), chain.administration(),
            {chain.sequence(), chain.previous()}, number, signer));
  }
  return statements;
}

absl::StatusOr<v1::PendingStatement> TakeKeyStatements(
    const v1::KeyStatements& statements, const std::string& family,
    const std::string& subject, const std::vector<std::string>& own) {
  if (statements.format() != kStatementsFormat) {
    return absl::InvalidArgumentError(
        "not what an identity service answers to a key request");
  }
  if (statements.family() != family) {
    return absl::FailedPreconditionError(
        "the statements are for another family of logs");
  }
  if (statements.record_size() < 1 ||
      statements.record_size() > static_cast<int>(kRequestChainsMax)) {
    return absl::InvalidArgumentError("no statements, or too many");
  }
  v1::PendingStatement pending;
  for (const std::string& record : statements.record()) {
    ASSIGN_OR_RETURN(v1::Entry entry, EntryOf(record));
    Statement parsed;
    ParseStatement(record, &parsed, nullptr);
    if (parsed.subject != subject) {
      return absl::FailedPreconditionError(
          "the statements are about somebody else");
    }
    if ((parsed.event != StatementEvent::kKeyAdd &&
         parsed.event != StatementEvent::kRecovery) ||
        std::find(own.begin(), own.end(), parsed.public_key) == own.end()) {
      return absl::FailedPreconditionError(
          "the statements do not bring a key of this wallet");
    }
    pending.add_administration(parsed.administration);
    *pending.add_entry() = std::move(entry);
  }
  return pending;
}

}  // namespace vidimus
