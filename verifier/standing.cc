#include "verifier/standing.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "verifier/encoding.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

bool OnlyRestrains(StatementEvent event) {
  return event == StatementEvent::kWithdrawal ||
         event == StatementEvent::kProhibition ||
         event == StatementEvent::kObjection ||
         event == StatementEvent::kDispute;
}

// What an identity service may sign for somebody who has no key, or has lost
// it. Never a grant, and never the end of a key: it could otherwise shut the
// resident out and then let somebody else in.
bool ServiceMaySay(StatementEvent event) {
  return OnlyRestrains(event) || event == StatementEvent::kKeyAdd ||
         event == StatementEvent::kRecovery ||
         event == StatementEvent::kDelegation ||
         event == StatementEvent::kAlias;
}

bool DelegateMaySay(StatementEvent event) {
  return OnlyRestrains(event) || event == StatementEvent::kGrant ||
         event == StatementEvent::kPreference;
}

// A list that says nothing holds everything.
bool Within(const std::vector<std::string_view>& asked,
            const std::vector<std::string_view>& allowed) {
  if (allowed.empty()) return true;
  return std::all_of(asked.begin(), asked.end(), [&](std::string_view name) {
    return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  });
}

// A key that some statement of the chain brought.
struct ChainKey {
  uint32_t kind = 0;
  std::string_view public_key;
  uint64_t seal_time_s = 0;  // of the statement that brought it
  bool recovered = false;
  std::optional<uint32_t> identity_service;
  std::string_view organisation_id;  // of that service
  // Of a delegate.
  bool delegate = false;
  Scope scope;
  uint64_t until_s = 0;
};

class StatementJudge {
 public:
  StatementJudge(const History& history,
                 const std::vector<RegisterIndex>& registers, Es256Verify es256)
      : history_(history), registers_(registers), es256_(es256) {}

  std::vector<StandingStatement> Judge() {
    Collect();
    size_t begin = 0;
    while (begin < all_.size()) {
      size_t end = begin + 1;
      while (end < all_.size() && all_[end].moment == all_[begin].moment) {
        ++end;
      }
      JudgeBatch(begin, end);
      begin = end;
    }
    Settle();
    return std::move(all_);
  }

 private:
  // Who signed a statement, found in batches before its own.
  struct Signer {
    const ChainKey* key = nullptr;  // null if a service signed
    std::string_view organisation_id;
    bool verified = false;  // the signature is good
  };

  void Collect() {
    for (uint32_t log = 0; log < history_.logs.size(); ++log) {
      const HistoryLog& of_log = history_.logs[log];
      for (uint64_t i = 0; i < of_log.entries.size(); ++i) {
        const HistoryEntry& entry = of_log.entries[i];
        if (entry.content != Content::kOpen ||
            ContentOf(entry.record) != RecordContent::kStatement) {
          continue;
        }
        StandingStatement standing;
        if (ParseStatement(entry.record, &standing.statement, nullptr) !=
                Finding::kOk ||
            standing.statement.subject != history_.subject ||
            standing.statement.administration != history_.administration) {
          continue;
        }
        standing.moment = {log, entry.position};
        standing.entry = i;
        standing.seal_time_s = entry.seal_time_s;
        standing.hash = StatementHash(
            FamilyOf(of_log.origin).substr(0, kOriginMax), history_.subject,
            history_.administration, standing.statement.bytes);
        all_.push_back(std::move(standing));
      }
    }
  }

  // Whether the signature is good, and of somebody who may say this at all.
  Finding JudgeService(StandingStatement* standing, Signer* signer) {
    const Statement& statement = standing->statement;
    const auto* service =
        NewestBefore(registers_[standing->moment.log].identity_services,
                     *statement.identity_service, standing->moment.position);
    if (service == nullptr || !service->readable) {
      return Finding::kStatementKeyUnknown;
    }
    Finding finding = Finding::kStatementSignature;
    for (const std::string_view key : service->document.keys) {
      if (statement.signature_kind != kSignatureEd25519) {
        return Finding::kSignatureKindUnknown;
      }
      finding = VerifyStatement(kSignatureEd25519, key, standing->hash,
                                statement.signature, nullptr);
      if (finding == Finding::kOk) break;
    }
    if (finding != Finding::kOk) return finding;
    signer->verified = true;
    signer->organisation_id = service->document.organisation_id;
    standing->identity_service = statement.identity_service;
    if (!ServiceMaySay(statement.event)) return Finding::kStatementSigner;
    // Later keys come from the first one, or by a recovery that all can see.
    if (statement.event == StatementEvent::kKeyAdd && has_key_) {
      return Finding::kStatementSigner;
    }
    return Finding::kOk;
  }

  Finding JudgeKey(StandingStatement* standing, Signer* signer) {
    const Statement& statement = standing->statement;
    const auto found = keys_.find(statement.key_id);
    if (found == keys_.end()) return Finding::kStatementKeyUnknown;
    const ChainKey& key = found->second;
    if (statement.signature_kind != key.kind) {
      return Finding::kStatementSignature;
    }
    RETURN_IF_FOUND(VerifyStatement(key.kind, key.public_key, standing->hash,
                                    statement.signature, es256_));
    signer->verified = true;
    signer->key = &key;
    signer->organisation_id = key.organisation_id;
    standing->identity_service = key.identity_service;
    standing->delegated = key.delegate;
    if (key.delegate ? !DelegateMaySay(statement.event)
                     : statement.event == StatementEvent::kRecovery) {
      return Finding::kStatementSigner;
    }
    return Finding::kOk;
  }

  // Whether the key is one by which anything but restraint counts.
  Finding JudgeForce(const StandingStatement& standing, const Signer& signer,
                     bool in_batch) {
    if (signer.key == nullptr) return Finding::kOk;
    const Moment revoked = RevokedFrom(standing.statement.key_id);
    if (in_batch ? revoked <= standing.moment : revoked < standing.moment) {
      return Finding::kStatementKeyRevoked;
    }
    const ChainKey& key = *signer.key;
    if (key.delegate && standing.seal_time_s >= key.until_s) {
      return Finding::kStatementKeyRevoked;
    }
    return Finding::kOk;
  }

  Finding JudgeConfirmed(const StandingStatement& standing,
                         const Signer& signer) {
    if (signer.key == nullptr || !signer.key->recovered) return Finding::kOk;
    const uint64_t since = signer.key->seal_time_s;
    const uint64_t recovery_s =
        history_.logs[standing.moment.log].limits.recovery_s;
    return standing.seal_time_s >= since &&
                   standing.seal_time_s - since >= recovery_s
               ? Finding::kOk
               : Finding::kStatementKeyUnconfirmed;
  }

  Finding JudgeOrder(const StandingStatement& standing) {
    const Statement& statement = standing.statement;
    if (statement.sequence == 0) {
      // Before anything of a key's stands at least what brought the key.
      return statement.key_id.empty() ? Finding::kOk : Finding::kStatementOrder;
    }
    const std::optional<Hash> previous = HashFromBytes(statement.previous);
    const auto found =
        previous.has_value() ? sequences_.find(*previous) : sequences_.end();
    return found != sequences_.end() && found->second == statement.sequence - 1
               ? Finding::kOk
               : Finding::kStatementOrder;
  }

  Finding JudgeGrant(StandingStatement* standing, const Signer& signer) {
    const Statement& statement = standing->statement;
    if (statement.event != StatementEvent::kGrant) return Finding::kOk;
    if (signer.key != nullptr && signer.key->delegate) {
      const Scope& allowed = signer.key->scope;
      if (!Within(statement.scope.recipients, allowed.recipients) ||
          !Within(statement.scope.purposes, allowed.purposes) ||
          !Within(statement.scope.data_categories, allowed.data_categories)) {
        return Finding::kStatementSigner;
      }
      standing->until_s = signer.key->until_s;
    }
    const auto* administration =
        NewestBefore(registers_[standing->moment.log].administrations,
                     history_.administration, standing->moment.position);
    if (administration != nullptr && administration->readable &&
        !signer.organisation_id.empty() &&
        administration->document.organisation_id == signer.organisation_id) {
      return Finding::kStatementOwnInterest;
    }
    return Finding::kOk;
  }

  static std::string SignerName(const Statement& statement) {
    std::string name(statement.key_id);
    if (statement.identity_service.has_value()) {
      AppendBe32(*statement.identity_service, &name);
    }
    return name;
  }

  // What was said under one name in a batch: the same again, or two things.
  struct Said {
    Hash hash = {};
    bool conflict = false;
  };

  void JudgeBatch(size_t begin, size_t end) {
    std::vector<Signer> signers(end - begin);
    for (size_t i = begin; i < end; ++i) {
      StandingStatement& standing = all_[i];
      Signer& signer = signers[i - begin];
      standing.finding = standing.statement.identity_service.has_value()
                             ? JudgeService(&standing, &signer)
                             : JudgeKey(&standing, &signer);
      sequences_.emplace(standing.hash, standing.statement.sequence);
    }
    // Two that revoke each other at once both succeed.
    std::vector<std::string_view> revoked;
    for (size_t i = begin; i < end; ++i) {
      StandingStatement& standing = all_[i];
      if (standing.statement.event != StatementEvent::kKeyRevocation ||
          standing.finding != Finding::kOk) {
        continue;
      }
      standing.finding = JudgeForce(standing, signers[i - begin], false);
      if (standing.finding == Finding::kOk) {
        standing.finding = JudgeConfirmed(standing, signers[i - begin]);
      }
      if (standing.finding == Finding::kOk) {
        revoked.push_back(standing.statement.revoked);
      }
    }
    for (const std::string_view key_id : revoked) {
      revoked_.emplace(key_id, all_[begin].moment);
    }

    std::map<std::string_view, Said> by_id;
    std::map<std::pair<std::string, uint64_t>, Said> by_number;
    const auto say = [](const Hash& hash, auto key, auto* said) {
      const auto [place, fresh] = said->emplace(std::move(key), Said{hash});
      if (!fresh && place->second.hash != hash) place->second.conflict = true;
    };
    for (size_t i = begin; i < end; ++i) {
      if (!signers[i - begin].verified) continue;
      const StandingStatement& standing = all_[i];
      say(standing.hash, standing.statement.statement_id, &by_id);
      say(standing.hash,
          std::make_pair(SignerName(standing.statement),
                         standing.statement.sequence),
          &by_number);
    }

    for (size_t i = begin; i < end; ++i) {
      StandingStatement& standing = all_[i];
      const Signer& signer = signers[i - begin];
      const Statement& statement = standing.statement;
      if (standing.finding != Finding::kOk ||
          statement.event == StatementEvent::kKeyRevocation) {
        continue;
      }
      const bool repeated = ids_.count(statement.statement_id) > 0;
      standing.restrains = OnlyRestrains(statement.event) && !repeated &&
                           JudgeForce(standing, signer, false) == Finding::kOk;
      standing.finding = JudgeForce(standing, signer, true);
      if (standing.finding != Finding::kOk) continue;
      standing.finding = JudgeConfirmed(standing, signer);
      if (standing.finding != Finding::kOk) continue;
      const auto number =
          std::make_pair(SignerName(statement), statement.sequence);
      if (repeated || numbers_.count(number) > 0 ||
          by_id.at(statement.statement_id).conflict ||
          by_number.at(number).conflict ||
          !hashes_.insert(standing.hash).second) {
        standing.finding = Finding::kStatementReplay;
        continue;
      }
      standing.finding = JudgeOrder(standing);
      if (standing.finding != Finding::kOk) continue;
      standing.finding = JudgeGrant(&standing, signer);
    }

    for (size_t i = begin; i < end; ++i) {
      if (signers[i - begin].verified) {
        ids_.insert(all_[i].statement.statement_id);
        numbers_.emplace(SignerName(all_[i].statement),
                         all_[i].statement.sequence);
      }
      if (all_[i].finding == Finding::kOk) {
        BringKey(all_[i], signers[i - begin]);
      }
    }
  }

  void BringKey(const StandingStatement& standing, const Signer& signer) {
    const Statement& statement = standing.statement;
    const StatementEvent event = statement.event;
    if (event != StatementEvent::kKeyAdd &&
        event != StatementEvent::kRecovery &&
        event != StatementEvent::kDelegation) {
      return;
    }
    ChainKey key;
    key.kind = statement.key_kind;
    key.public_key = statement.public_key;
    key.seal_time_s = standing.seal_time_s;
    // What a service brings after the first key waits, so that the resident
    // sees it in time.
    key.recovered =
        event == StatementEvent::kRecovery ||
        (event == StatementEvent::kDelegation && signer.key == nullptr);
    key.identity_service = standing.identity_service;
    key.organisation_id = signer.organisation_id;
    key.delegate = event == StatementEvent::kDelegation;
    key.scope = statement.scope;
    key.until_s = statement.until_s;
    if (!key.delegate) has_key_ = true;
    keys_.emplace(statement.statement_id, std::move(key));
  }

  Moment RevokedFrom(std::string_view key_id) const {
    const auto found = revoked_.find(key_id);
    return found == revoked_.end() ? kNever : found->second;
  }

  // What later statements did to earlier ones.
  void Settle() {
    // Earliest withdrawal that names a statement, by an id; and all that may
    // lift what restrains, in order.
    std::map<std::string_view, Moment> withdrawn;
    std::map<std::string_view, std::vector<Moment>> lifted;
    std::vector<Moment> everything;
    for (const StandingStatement& standing : all_) {
      if (standing.statement.event != StatementEvent::kWithdrawal ||
          !standing.restrains) {
        continue;
      }
      // Only the resident's own hand, with a key in full force, opens again.
      const bool lifts = standing.finding == Finding::kOk &&
                         !standing.delegated &&
                         !standing.statement.identity_service.has_value();
      for (const std::string_view id : standing.statement.withdrawn) {
        withdrawn.emplace(id, standing.moment);
        if (lifts) lifted[id].push_back(standing.moment);
      }
      if (standing.statement.everything) everything.push_back(standing.moment);
    }
    for (StandingStatement& standing : all_) {
      const Statement& statement = standing.statement;
      if (statement.event == StatementEvent::kGrant) {
        const auto by_id = withdrawn.find(statement.statement_id);
        if (by_id != withdrawn.end()) standing.withdrawn_from = by_id->second;
        const auto by_all = std::lower_bound(everything.begin(),
                                             everything.end(), standing.moment);
        if (by_all != everything.end() && *by_all < standing.withdrawn_from) {
          standing.withdrawn_from = *by_all;
        }
        standing.revoked_from = RevokedFrom(statement.key_id);
      } else if (standing.restrains) {
        const auto by_id = lifted.find(statement.statement_id);
        if (by_id == lifted.end()) continue;
        const auto after = std::upper_bound(
            by_id->second.begin(), by_id->second.end(), standing.moment);
        if (after != by_id->second.end()) standing.lifted_from = *after;
      }
    }
  }

  // Longer families are in no log: an origin has at most 255 bytes.
  static constexpr size_t kOriginMax = 255;

  const History& history_;
  const std::vector<RegisterIndex>& registers_;
  const Es256Verify es256_;

  std::vector<StandingStatement> all_;
  // Of batches that are done.
  std::map<std::string_view, ChainKey> keys_;
  std::map<std::string_view, Moment> revoked_;
  bool has_key_ = false;
  // Said before by somebody who could sign it.
  std::set<std::string_view> ids_;
  std::set<std::pair<std::string, uint64_t>> numbers_;
  std::set<Hash> hashes_;  // that count
  // Every statement that can be parsed, by its hash.
  std::map<Hash, uint64_t> sequences_;
};

}  // namespace

std::vector<StandingStatement> JudgeStatements(
    const History& history, const std::vector<RegisterIndex>& registers,
    Es256Verify es256) {
  return StatementJudge(history, registers, es256).Judge();
}

}  // namespace vidimus
