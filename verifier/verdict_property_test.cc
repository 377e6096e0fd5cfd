// Verdicts on random histories, against a slow twin: it keeps no state, looks
// through the whole history for every question, and was written from
// docs/verdicts.md without a look at verdict.cc or standing.cc. And what must
// hold whatever happens.
//
// --cases histories (2,000 by default) are drawn, the first from --seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "verifier/history_testing.h"
#include "verifier/signing.h"
#include "verifier/standing.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

using B = HistoryBuilder;

uint64_t flag_cases = 2000;
uint64_t flag_seed = 1;

// --- The twin ----------------------------------------------------------------
// Reads with protobuf's own parser; all its inputs are well formed.

struct Said {
  uint32_t log;
  uint64_t position;
  uint64_t seal_s;
  uint64_t entry;
  v1::SignedStatement envelope;
  v1::Statement what;
  std::string hash;
};

class Twin {
 public:
  explicit Twin(const History& history) : history_(history) {
    for (uint32_t log = 0; log < history.logs.size(); ++log) {
      const auto& entries = history.logs[log].entries;
      for (uint64_t i = 0; i < entries.size(); ++i) {
        v1::Record record;
        if (entries[i].content != Content::kOpen ||
            !record.ParseFromString(std::string(entries[i].record)) ||
            !record.has_statement()) {
          continue;
        }
        Said said = {log, entries[i].position, entries[i].seal_time_s,
                     i,   record.statement(),  {},
                     ""};
        said.what.ParseFromString(said.envelope.statement());
        said.hash = std::string(Bytes(
            StatementHash("log.example/city", history.subject,
                          history.administration, said.envelope.statement())));
        said_.push_back(said);
      }
    }
  }

  size_t size() const { return said_.size(); }
  const Said& said(size_t i) const { return said_[i]; }

  static bool Before(const Said& a, const Said& b) {
    return std::tie(a.log, a.position) < std::tie(b.log, b.position);
  }
  static bool Together(const Said& a, const Said& b) {
    return a.log == b.log && a.position == b.position;
  }

  // Whether statement i counts in full. Remembered, for it asks of itself.
  bool Counts(size_t i) {
    const auto known = counts_.find(i);
    if (known != counts_.end()) return known->second;
    return counts_[i] = Judge(i);
  }

  // Whether it holds somebody back.
  bool Restrains(size_t i) {
    const Said& s = said_[i];
    if (!IsRestraint(s) || !MaySay(i)) return false;
    for (size_t j = 0; j < said_.size(); ++j) {
      if (Before(said_[j], s) && SignatureGood(j) &&
          said_[j].what.statement_id() == s.what.statement_id()) {
        return false;
      }
    }
    return !RevokedBefore(s, false) && !DelegationOver(i);
  }

  static bool IsRestraint(const Said& s) {
    return s.what.has_withdrawal() || s.what.has_prohibition() ||
           s.what.has_objection() || s.what.has_dispute();
  }

  // The statement that brought the key of i, if one did that counts.
  std::optional<size_t> KeyOf(size_t i) {
    const Said& s = said_[i];
    for (size_t j = 0; j < said_.size(); ++j) {
      const v1::Statement& w = said_[j].what;
      if (Before(said_[j], s) && w.statement_id() == s.what.key_id() &&
          (w.has_key_add() || w.has_recover() || w.has_delegate()) &&
          Counts(j)) {
        return j;
      }
    }
    return std::nullopt;
  }

  bool IsDelegate(size_t i) {
    if (said_[i].what.has_identity_service()) return false;
    const auto key = KeyOf(i);
    return key.has_value() && said_[*key].what.has_delegate();
  }

  uint64_t DelegatedUntil(size_t i) {
    return said_[*KeyOf(i)].what.delegate().until_s();
  }

  // Whether grant i is void for who knows what stands before `at`, the moment
  // itself included or not.
  bool Withdrawn(size_t i, uint32_t log, uint64_t position, bool included) {
    const Said& grant = said_[i];
    for (size_t j = 0; j < said_.size(); ++j) {
      const Said& s = said_[j];
      if (!s.what.has_withdrawal() || !Up(s, log, position, included) ||
          !Restrains(j)) {
        continue;
      }
      for (const std::string& id : s.what.withdrawal().statement_id()) {
        if (id == grant.what.statement_id()) return true;
      }
      if (s.what.withdrawal().everything() && !Before(s, grant)) return true;
    }
    return false;
  }
  bool Revoked(size_t i, uint32_t log, uint64_t position, bool included) {
    for (size_t j = 0; j < said_.size(); ++j) {
      const Said& s = said_[j];
      if (s.what.has_key_revoke() && Up(s, log, position, included) &&
          s.what.key_revoke().key_id() == said_[i].what.key_id() && Counts(j)) {
        return true;
      }
    }
    return false;
  }
  // Whether restraint i was taken back by then.
  bool Lifted(size_t i, uint32_t log, uint64_t position) {
    for (size_t j = 0; j < said_.size(); ++j) {
      const Said& s = said_[j];
      if (!s.what.has_withdrawal() || !Up(s, log, position, false) ||
          !Before(said_[i], s) || !Counts(j) || IsDelegate(j) ||
          s.what.has_identity_service() || !Restrains(j)) {
        continue;
      }
      for (const std::string& id : s.what.withdrawal().statement_id()) {
        if (id == said_[i].what.statement_id()) return true;
      }
    }
    return false;
  }

  static bool Up(const Said& s, uint32_t log, uint64_t position,
                 bool included) {
    if (s.log != log) return s.log < log;
    return included ? s.position <= position : s.position < position;
  }

 private:
  bool SignatureGood(size_t i) {
    const Said& s = said_[i];
    const std::string message = "vidimus/v1 statement\n" + s.hash;
    if (s.what.has_identity_service()) {
      return s.what.identity_service() == 0 &&
             s.envelope.signature_kind() == v1::ED25519 &&
             ServiceSigned(message, s.envelope.signature());
    }
    const auto key = KeyOf(i);
    if (!key.has_value()) return false;
    const v1::Statement& w = said_[*key].what;
    const v1::Key& brought = w.has_key_add()   ? w.key_add()
                             : w.has_recover() ? w.recover()
                                               : w.delegate().key();
    return s.envelope.signature_kind() == brought.kind() &&
           TestVerify(brought.public_key(), message, s.envelope.signature());
  }

  static bool ServiceSigned(const std::string& message,
                            const std::string& signature) {
    static auto* const kKnown =
        new std::map<std::pair<std::string, std::string>, bool>;
    const auto [place, fresh] =
        kKnown->emplace(std::make_pair(message, signature), false);
    if (fresh) {
      place->second =
          Ed25519Verify(B::ServiceSigner().public_key(), message, signature);
    }
    return place->second;
  }

  bool MaySay(size_t i) {
    const Said& s = said_[i];
    if (!SignatureGood(i)) return false;
    if (s.what.has_identity_service()) {
      if (s.what.has_key_add()) {
        for (size_t j = 0; j < said_.size(); ++j) {
          if (Before(said_[j], s) &&
              (said_[j].what.has_key_add() || said_[j].what.has_recover()) &&
              Counts(j)) {
            return false;
          }
        }
        return true;
      }
      return IsRestraint(s) || s.what.has_recover() || s.what.has_delegate() ||
             s.what.has_alias();
    }
    if (IsDelegate(i)) {
      return IsRestraint(s) || s.what.has_grant() || s.what.has_preference();
    }
    return !s.what.has_recover();
  }

  bool RevokedBefore(const Said& s, bool included) {
    if (s.what.has_identity_service()) return false;
    for (size_t j = 0; j < said_.size(); ++j) {
      if (said_[j].what.has_key_revoke() &&
          Up(said_[j], s.log, s.position, included) && &said_[j] != &s &&
          said_[j].what.key_revoke().key_id() == s.what.key_id() && Counts(j)) {
        return true;
      }
    }
    return false;
  }

  bool DelegationOver(size_t i) {
    return IsDelegate(i) && said_[i].seal_s >= DelegatedUntil(i);
  }

  bool Waits(size_t i) {
    if (said_[i].what.has_identity_service()) return false;
    const Said& key = said_[*KeyOf(i)];
    const bool must =
        key.what.has_recover() ||
        (key.what.has_delegate() && key.what.has_identity_service());
    return must && said_[i].seal_s - key.seal_s <
                       history_.logs[said_[i].log].limits.recovery_s;
  }

  static auto Number(const Said& s) {
    return std::make_tuple(s.what.key_id(), s.what.has_identity_service(),
                           s.what.identity_service(), s.what.sequence());
  }

  bool Judge(size_t i) {
    const Said& s = said_[i];
    if (!MaySay(i) || DelegationOver(i) || Waits(i)) return false;
    if (s.what.has_key_revoke()) return !RevokedBefore(s, false);
    if (RevokedBefore(s, true)) return false;
    for (size_t j = 0; j < said_.size(); ++j) {
      const Said& other = said_[j];
      if (j == i || Before(s, other) || !SignatureGood(j)) continue;
      const bool same = other.what.statement_id() == s.what.statement_id() ||
                        Number(other) == Number(s);
      if (!same) continue;
      if (Before(other, s)) return false;
      if (Together(other, s) && (other.hash != s.hash || j < i)) return false;
    }
    if (s.what.sequence() == 0) {
      if (!s.what.has_identity_service()) return false;
    } else {
      bool follows = false;
      for (const Said& other : said_) {
        follows =
            follows || (!Before(s, other) && other.hash == s.what.previous() &&
                        other.what.sequence() + 1 == s.what.sequence());
      }
      if (!follows) return false;
    }
    if (s.what.has_grant() && IsDelegate(i)) {
      const v1::Scope& may = said_[*KeyOf(i)].what.delegate().scope();
      for (const std::string& purpose : s.what.grant().scope().purpose()) {
        if (may.purpose_size() > 0 &&
            std::count(may.purpose().begin(), may.purpose().end(), purpose) ==
                0) {
          return false;
        }
      }
    }
    return true;
  }

  const History& history_;
  std::vector<Said> said_;
  std::map<size_t, bool> counts_;
};

// What the twin says of one access: the headline and what failed.
struct Opinion {
  std::string law, wish, headline;
  bool race = false, stale = false, late = false;
};

template <typename List>
bool Contains(const List& list, const std::string& name) {
  return std::count(list.begin(), list.end(), name) > 0;
}

bool Valid(const v1::Scope& scope, uint64_t at_s) {
  return at_s >= scope.valid_from_s() &&
         (!scope.has_valid_until_s() || at_s < scope.valid_until_s());
}

Opinion TwinOpinion(Twin* twin, const History& history, uint32_t log,
                    const HistoryEntry& entry) {
  v1::Record record;
  record.ParseFromString(std::string(entry.record));
  const v1::AccessRecord& a = record.access();
  const uint64_t occurred = a.occurred_at_ms() / 1000;
  const uint64_t sealed = entry.seal_time_s;
  const Limits& limits = history.logs[log].limits;

  // The state it was decided on.
  uint32_t as_log = log;
  uint64_t as_of = entry.position;
  int64_t state_s = -1;
  for (uint32_t l = 0; l <= log; ++l) {
    for (const HistorySeal& seal : history.logs[l].seals) {
      if (history.logs[l].origin == a.as_of().origin() &&
          seal.size == a.as_of().size() &&
          (l < log || seal.size <= entry.position)) {
        as_log = l;
        as_of = seal.size;
        state_s = static_cast<int64_t>(seal.time_s);
      }
    }
  }
  bool known = state_s >= 0 && a.operation() <= 5 && a.actor_kind() < 3;

  Opinion opinion;
  const auto signed_gap = [](uint64_t later, uint64_t earlier) {
    return static_cast<int64_t>(later) - static_cast<int64_t>(earlier);
  };
  opinion.stale =
      state_s >= 0 && signed_gap(occurred, static_cast<uint64_t>(state_s)) >
                          static_cast<int64_t>(limits.fresh_s);
  opinion.late =
      signed_gap(sealed, occurred) > static_cast<int64_t>(limits.late_s) ||
      signed_gap(occurred, sealed) > static_cast<int64_t>(limits.skew_s);

  const auto old_enough = [&](const HistoryDocument& document) {
    return document.position < as_of &&
           (document.position == 2 ||
            signed_gap(sealed, document.seal_time_s) >
                static_cast<int64_t>(limits.notice_s));
  };
  // The newest that counts, of each number.
  std::map<uint32_t, v1::Purpose> purposes;
  std::map<uint32_t, v1::Provision> provisions;
  for (const HistoryDocument& document : history.logs[as_log].documents) {
    if (!old_enough(document)) continue;
    if (document.id.type == RegisterType::kPurpose) {
      purposes[document.id.number].ParseFromString(
          std::string(*document.message));
    } else if (document.id.type == RegisterType::kProvision) {
      provisions[document.id.number].ParseFromString(
          std::string(*document.message));
    }
  }
  bool purpose_counts = false;
  for (const auto& [number, purpose] : purposes) {
    purpose_counts = purpose_counts || purpose.term() == a.purpose();
  }

  const auto concerns = [&](const v1::Scope& scope) {
    bool any = false;
    for (const std::string& category : a.data_category()) {
      any = any || Contains(scope.data_category(), category);
    }
    return (scope.purpose_size() == 0 ||
            Contains(scope.purpose(), a.purpose())) &&
           (scope.data_category_size() == 0 || any) &&
           (scope.recipient_size() == 0 ||
            Contains(scope.recipient(), a.recipient_id())) &&
           (Valid(scope, occurred) || Valid(scope, sealed));
  };
  const auto covers = [&](size_t i) {
    const v1::Grant& grant = twin->said(i).what.grant();
    bool all = Contains(grant.scope().purpose(), a.purpose());
    bool board = false;
    for (const uint32_t number : grant.administration()) {
      board = board || number == history.administration;
    }
    for (const std::string& category : a.data_category()) {
      all = all && Contains(grant.scope().data_category(), category);
    }
    for (const uint64_t at_s : {occurred, sealed}) {
      all = all && Valid(grant.scope(), at_s) &&
            (!twin->IsDelegate(i) || at_s < twin->DelegatedUntil(i));
    }
    return all && board &&
           (a.recipient_id().empty() ||
            Contains(grant.scope().recipient(), a.recipient_id()));
  };

  // Wish.
  std::vector<size_t> grants;
  for (size_t i = 0; i < twin->size(); ++i) {
    if (twin->said(i).what.has_grant() && twin->Counts(i) &&
        Twin::Up(twin->said(i), as_log, as_of, false) && covers(i) &&
        !twin->Withdrawn(i, as_log, as_of, false) &&
        !twin->Revoked(i, as_log, as_of, false)) {
      grants.push_back(i);
    }
  }
  bool against = false, prohibited = false, prohibited_between = false;
  for (size_t i = 0; i < twin->size(); ++i) {
    const Said& s = twin->said(i);
    const bool prohibition = s.what.has_prohibition();
    if ((!prohibition && !s.what.has_objection()) || !twin->Restrains(i) ||
        !concerns(prohibition ? s.what.prohibition().scope()
                              : s.what.objection().scope()) ||
        !Twin::Up(s, log, entry.position, true)) {
      continue;
    }
    if (!Twin::Up(s, as_log, as_of, false)) {
      prohibited_between = prohibited_between || prohibition;
      continue;
    }
    bool outlived = twin->Lifted(i, as_log, as_of);
    for (const size_t g : grants) {
      outlived =
          outlived || (!twin->IsDelegate(g) && Twin::Before(s, twin->said(g)));
    }
    if (outlived) continue;
    against = true;
    prohibited = prohibited || prohibition;
  }
  const bool granted = !against && known && purpose_counts && !grants.empty();
  opinion.wish = against ? "against" : granted ? "granted" : "silent";
  bool none_left = granted;
  for (const size_t g : grants) {
    none_left = none_left && (twin->Withdrawn(g, log, entry.position, true) ||
                              twin->Revoked(g, log, entry.position, true));
  }
  opinion.race = !against && (prohibited_between || none_left);

  // Law.
  bool covered = false, unproven = !known;
  for (const v1::LegalBasis& basis : a.legal_basis()) {
    if (basis.basis() == "A6-1-a") continue;
    if (basis.basis() != "A6-1-e" && basis.basis() != "A6-1-c") {
      unproven = true;
      continue;
    }
    const auto found = provisions.find(basis.provision());
    if (found == provisions.end()) continue;
    const v1::Provision& law = found->second;
    bool all = Contains(law.basis(), basis.basis()) && purpose_counts &&
               Contains(law.purpose(), a.purpose()) &&
               (!prohibited || law.overrides_prohibition());
    for (const std::string& category : a.data_category()) {
      all = all && Contains(law.data_category(), category);
    }
    if (all && law.unverified()) unproven = true;
    if (all && !law.unverified()) covered = true;
  }
  if (!known) covered = false;
  opinion.law = covered ? "covered" : unproven ? "unproven" : "not covered";

  opinion.headline = (opinion.law == "not covered" && !granted) ||
                             (opinion.race && (opinion.stale || opinion.late))
                         ? "violation"
                     : opinion.law == "unproven" && !granted ? "unproven"
                     : against       ? "against your wish"
                     : opinion.race  ? "race"
                     : opinion.late  ? "late"
                     : opinion.stale ? "stale"
                     : granted       ? "under consent"
                                     : "under law";
  return opinion;
}

// --- Random histories --------------------------------------------------------

class Drawer {
 public:
  explicit Drawer(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  // Every key of the history, by the number of its id.
  const std::vector<std::pair<uint64_t, char>>& keys() const { return keys_; }
  bool OneIn(uint64_t bound) { return Below(bound) == 0; }
  template <typename T>
  T Any(const std::vector<T>& list) {
    return list[Below(list.size())];
  }

  void DrawScope(const B& builder, bool grant, v1::Scope* scope) {
    if (grant || OneIn(2)) {
      scope->add_purpose(B::kPurpose);
      if (OneIn(4)) scope->add_purpose(B::kOtherPurpose);
    }
    if (grant || OneIn(3)) {
      scope->add_data_category(OneIn(6) ? "Health" : "Income");
      if (OneIn(2)) scope->add_data_category("Family");
    }
    if (OneIn(3)) scope->add_recipient(OneIn(2) ? "espoo" : "turku");
    if (OneIn(6)) scope->set_valid_from_s(builder.time_s() + Below(60));
    if (OneIn(6)) {
      scope->set_valid_until_s(scope->valid_from_s() + 1 +
                               (scope->has_valid_from_s()
                                    ? Below(60)
                                    : builder.time_s() + Below(120)));
    }
  }

  v1::AccessRecord DrawAccess(B* builder) {
    v1::AccessRecord access = builder->Access();
    const auto& logs = builder->history().logs;
    const HistoryLog& of = OneIn(5) ? logs.front() : logs.back();
    access.mutable_as_of()->set_origin(std::string(of.origin));
    const size_t back =
        OneIn(2) ? 0 : Below(std::min<size_t>(of.seals.size(), 5));
    access.mutable_as_of()->set_size(of.seals[of.seals.size() - 1 - back].size);
    if (OneIn(30)) access.mutable_as_of()->set_size(5);
    if (OneIn(4)) {
      access.set_occurred_at_ms((builder->time_s() - 40 + Below(120)) * 1000);
    }
    if (OneIn(4)) access.add_data_category("Family");
    if (OneIn(5)) access.set_purpose(OneIn(3) ? "New" : B::kOtherPurpose);
    if (OneIn(5)) access.set_recipient_id("espoo");
    if (OneIn(30)) access.set_operation(static_cast<v1::Operation>(9));
    if (OneIn(30)) access.set_actor_kind(v1::AI_ASSISTED);
    if (OneIn(2)) {
      access.mutable_legal_basis(0)->set_basis(
          Any<std::string>({"A6-1-e", "A6-1-e", "A6-1-c", "A6-1-x"}));
      access.mutable_legal_basis(0)->set_provision(
          static_cast<uint32_t>(Below(4)));
    }
    return access;
  }

  // Some statements of three keys, two of them known to the resident's first.
  void DrawStatement(B* builder) {
    const uint64_t id =
        OneIn(12) && next_id_ > 2 ? 2 + Below(next_id_ - 2) : next_id_++;
    const bool by_service = OneIn(8);
    const size_t key = Below(keys_.size());
    const bool good_order = !OneIn(10);
    v1::Statement statement =
        by_service ? B::ServiceBare(id) : B::Bare(id, keys_[key].first, 1, "");
    statement.set_sequence(last_sequence_ + 1);
    statement.set_previous(good_order ? last_hash_ : std::string(32, 'x'));
    switch (Below(13)) {
      case 0:
      case 1:
      case 2:
      case 3:
        B::SetGrant(statement.mutable_grant());
        statement.mutable_grant()->clear_scope();
        DrawScope(*builder, true, statement.mutable_grant()->mutable_scope());
        if (OneIn(10)) statement.mutable_grant()->set_administration(0, 9);
        grants_.push_back(id);
        break;
      case 4:
      case 5:
        if (OneIn(4)) {
          statement.mutable_withdrawal()->set_everything(true);
        } else {
          statement.mutable_withdrawal()->add_statement_id(
              TestId(2 + Below(next_id_)));
        }
        break;
      case 6:
      case 7:
        DrawScope(*builder, false,
                  statement.mutable_prohibition()->mutable_scope());
        break;
      case 8:
        DrawScope(*builder, false,
                  statement.mutable_objection()->mutable_scope());
        break;
      case 9:
        statement.mutable_key_revoke()->set_key_id(TestId(Any(keys_).first));
        break;
      case 10:
        B::SetKey(static_cast<char>('a' + id % 20),
                  OneIn(2) ? statement.mutable_key_add()
                           : statement.mutable_recover());
        keys_.push_back({id, static_cast<char>('a' + id % 20)});
        break;
      case 11:
        B::SetKey(static_cast<char>('a' + id % 20),
                  statement.mutable_delegate()->mutable_key());
        statement.mutable_delegate()->set_until_s(builder->time_s() + 5 +
                                                  Below(100));
        if (OneIn(2)) {
          statement.mutable_delegate()->mutable_scope()->add_purpose(
              B::kPurpose);
        }
        keys_.push_back({id, static_cast<char>('a' + id % 20)});
        break;
      default:
        statement.mutable_preference();
    }
    const size_t signer = by_service ? 0 : key;
    const std::string hash =
        builder->Add(statement, OneIn(15) ? '!' : keys_[signer].second,
                     OneIn(25) ? "log.example/other" : "");
    if (good_order && !OneIn(8)) {
      last_hash_ = hash;
      ++last_sequence_;
    }
  }

  // Draws everything. `padding` leaves of other people stand in each batch.
  std::unique_ptr<B> Draw(uint64_t padding) {
    auto builder = std::make_unique<B>();
    for (uint32_t log = 0; log < builder->history().logs.size(); ++log) {
      // As if recovered keys waited seconds; so that both sides come up.
      builder->log().limits.recovery_s = 20;
    }
    if (OneIn(3)) {
      builder->Put(RegisterType::kPurpose, 2, B::PurposeOf("New"));
      v1::Provision law = B::Law(OneIn(2));
      law.add_purpose("New");
      if (OneIn(3)) law.set_unverified(true);
      builder->Put(RegisterType::kProvision, 2, law);
    }
    builder->Seal(8 * 86400, padding);
    if (OneIn(4)) {
      v1::Provision law = B::Law(OneIn(2));
      law.clear_data_category();
      law.add_data_category("Income");
      builder->Put(RegisterType::kProvision, static_cast<uint32_t>(Below(2)),
                   law);
    }
    last_hash_ = builder->Add(B::FirstKey(1, 'k'), 'k');
    keys_ = {{1, 'k'}};
    builder->Seal(1, padding);
    const uint64_t batches = 3 + Below(8);
    for (uint64_t batch = 0; batch < batches; ++batch) {
      const uint64_t entries = 1 + Below(3);
      for (uint64_t i = 0; i < entries; ++i) {
        if (OneIn(3)) {
          builder->Add(DrawAccess(builder.get()));
        } else {
          DrawStatement(builder.get());
        }
      }
      if (OneIn(12)) {
        // The log files something again.
        const auto& entries_so_far = builder->log().entries;
        if (!entries_so_far.empty()) {
          const auto& again = entries_so_far[Below(entries_so_far.size())];
          builder->Add(again.content, std::string(again.record));
        }
      }
      builder->Seal(OneIn(5) ? 30 + Below(60) : Below(8), padding);
      if (OneIn(15)) {
        builder->OpenLog("2026h2" + std::to_string(batch));
        builder->log().limits.recovery_s = 20;
      }
    }
    return builder;
  }

 private:
  std::mt19937_64 random_;
  uint64_t next_id_ = 2;
  std::vector<std::pair<uint64_t, char>> keys_;
  std::vector<uint64_t> grants_;
  std::string last_hash_;
  uint64_t last_sequence_ = 0;
};

class VerdictPropertyTest : public testing::Test {
 protected:
  const uint64_t cases_ = flag_cases;
  const uint64_t seed_ = flag_seed;
};

std::string Summary(const Verdict& verdict) {
  return std::string(LawName(verdict.law)) + ", " + WishName(verdict.wish) +
         (verdict.race ? ", race" : "") + (verdict.stale ? ", stale" : "") +
         (verdict.late ? ", late" : "") + ": " + HeadlineName(verdict.headline);
}

TEST_F(VerdictPropertyTest, TheTwinAgrees) {
  std::map<std::string, uint64_t> seen;
  std::map<Finding, uint64_t> findings;
  for (uint64_t c = 0; c < cases_; ++c) {
    Drawer drawer(seed_ + c);
    const auto builder = drawer.Draw(8);
    const History& history = builder->history();
    const Verdicts verdicts = JudgeHistory(history, TestVerify);
    Twin twin(history);
    ASSERT_EQ(twin.size(), verdicts.statements.size());
    for (size_t i = 0; i < twin.size(); ++i) {
      const StandingStatement& standing = verdicts.statements[i];
      ++findings[standing.finding];
      ASSERT_EQ(standing.finding == Finding::kOk, twin.Counts(i))
          << "seed " << seed_ + c << ", statement " << i << ": "
          << FindingName(standing.finding);
      if (Twin::IsRestraint(twin.said(i))) {
        ASSERT_EQ(standing.restrains, twin.Restrains(i))
            << "seed " << seed_ + c << ", statement " << i;
      }
    }
    for (const Verdict& verdict : verdicts.verdicts) {
      const HistoryEntry& entry =
          history.logs[verdict.log].entries[verdict.entry];
      const Opinion opinion = TwinOpinion(&twin, history, verdict.log, entry);
      const std::string theirs =
          opinion.law + ", " + opinion.wish + (opinion.race ? ", race" : "") +
          (opinion.stale ? ", stale" : "") + (opinion.late ? ", late" : "") +
          ": " + opinion.headline;
      ASSERT_EQ(Summary(verdict), theirs)
          << "seed " << seed_ + c << ", log " << verdict.log << ", entry "
          << verdict.entry;
      ++seen[HeadlineName(verdict.headline)];
      if (verdict.headline == Headline::kViolation) {
        ++seen[DimensionName(verdict.failed)];
      }
    }
  }
  // Else the cases show less than they seem to.
  for (const char* name :
       {"violation", "unproven", "against your wish", "race", "late", "stale",
        "under consent", "under law", "ground", "provision", "basis",
        "administration", "recipient", "purpose", "category", "withdrawn",
        "revoked", "prohibited"}) {
    EXPECT_GT(seen[name], 0u) << name;
  }
  for (const Finding finding :
       {Finding::kOk, Finding::kStatementSignature,
        Finding::kStatementKeyUnknown, Finding::kStatementKeyRevoked,
        Finding::kStatementKeyUnconfirmed, Finding::kStatementSigner,
        Finding::kStatementReplay, Finding::kStatementOrder}) {
    EXPECT_GT(findings[finding], 0u) << FindingName(finding);
  }
}

TEST_F(VerdictPropertyTest, OtherPeoplesEntriesChangeNothing) {
  for (uint64_t c = 0; c < cases_; ++c) {
    Drawer here(seed_ + c), there(seed_ + c);
    const auto alone = here.Draw(8);
    const auto crowded = there.Draw(8 + c % 5000);
    const Verdicts a = JudgeHistory(alone->history(), TestVerify);
    const Verdicts b = JudgeHistory(crowded->history(), TestVerify);
    ASSERT_EQ(a.verdicts.size(), b.verdicts.size());
    for (size_t i = 0; i < a.verdicts.size(); ++i) {
      ASSERT_EQ(Summary(a.verdicts[i]), Summary(b.verdicts[i]))
          << "seed " << seed_ + c;
      ASSERT_EQ(a.verdicts[i].failed, b.verdicts[i].failed);
    }
  }
}

TEST_F(VerdictPropertyTest, WideningNeverTurnsAViolationIntoConsent) {
  uint64_t violations = 0;
  for (uint64_t c = 0; c < cases_; ++c) {
    Drawer drawer(seed_ + c);
    const auto builder = drawer.Draw(8);
    History history = builder->history();
    const Verdicts verdicts = JudgeHistory(history, TestVerify);
    for (const Verdict& verdict : verdicts.verdicts) {
      if (verdict.headline != Headline::kViolation) continue;
      ++violations;
      HistoryEntry& entry = history.logs[verdict.log].entries[verdict.entry];
      v1::Record record;
      record.ParseFromString(std::string(entry.record));
      v1::AccessRecord* access = record.mutable_access();
      const uint64_t widen = drawer.Below(3);
      if (widen != 1) {
        access->add_data_category(
            drawer.Any<std::string>({"Family", "Income", "Health", "Other"}));
      }
      if (widen != 0 && access->recipient_id().empty()) {
        access->set_recipient_id(drawer.OneIn(2) ? "espoo" : "turku");
      }
      const std::string widened = record.SerializeAsString();
      const std::string_view was = entry.record;
      entry.record = widened;
      for (const Verdict& after : JudgeHistory(history, TestVerify).verdicts) {
        if (after.log != verdict.log || after.entry != verdict.entry) continue;
        EXPECT_FALSE(after.Fine()) << "seed " << seed_ + c;
        EXPECT_NE(after.headline, Headline::kUnderConsent);
        if (verdict.wish != Wish::kGranted) {
          EXPECT_NE(after.wish, Wish::kGranted) << "seed " << seed_ + c;
        }
      }
      entry.record = was;
    }
  }
  EXPECT_GT(violations, cases_ / 4);
}

// What makes a grant one of somebody who may not give it.
enum class Forgery {
  kAdministration,  // signed by its entry key, under the resident's name
  kStranger,
  kRevokedKey,
  kUnconfirmedKey,
  kOtherFamily,
  kReplay,
};
constexpr int kForgeryCount = 6;

// A record like HistoryBuilder's, signed by whoever is asked to.
std::string SignedRecord(const v1::Statement& statement, v1::SignatureKind kind,
                         const std::function<std::string(std::string)>& sign,
                         const std::string& family) {
  v1::Record record;
  v1::SignedStatement* envelope = record.mutable_statement();
  envelope->set_entry_id(std::string(16, 'e'));
  envelope->set_subject(std::string("\x01") + "id");
  envelope->set_administration(B::kBoard);
  envelope->set_statement(statement.SerializeAsString());
  envelope->set_signature_kind(kind);
  envelope->set_signature(sign(StatementSignedBytes(StatementHash(
      family, envelope->subject(), B::kBoard, envelope->statement()))));
  return record.SerializeAsString();
}

// Puts a forged grant somewhere into random histories: it does not count, and
// no verdict changes by it.
TEST_F(VerdictPropertyTest, AGrantOfWhoMayNotGiveItNeverCounts) {
  const Ed25519Signer administration(std::string(32, 'a'));
  std::map<Forgery, uint64_t> forged;
  std::set<Finding> findings;
  for (uint64_t c = 0; c < cases_; ++c) {
    Drawer drawer(seed_ + c);
    const auto builder = drawer.Draw(8);
    History history = builder->history();
    const Verdicts before = JudgeHistory(history, TestVerify);
    const auto forgery = static_cast<Forgery>(c % kForgeryCount);

    // A batch to put it into.
    const auto log = static_cast<uint32_t>(drawer.Below(history.logs.size()));
    HistoryLog& of_log = history.logs[log];
    const size_t batch = drawer.Below(of_log.seals.size() - 1);
    const Moment moment = {log, of_log.seals[batch].size};
    HistoryEntry entry;
    entry.position = moment.position;
    entry.seal_time_s = of_log.seals[batch + 1].time_s;
    entry.content = Content::kOpen;

    // The next number after all that stand, by the resident's first key.
    const StandingStatement* last = &before.statements[0];
    for (const StandingStatement& standing : before.statements) {
      if (standing.statement.sequence > last->statement.sequence) {
        last = &standing;
      }
    }
    v1::Statement grant = B::Bare(800000, 1, last->statement.sequence + 1,
                                  std::string(Bytes(last->hash)));
    B::SetGrant(grant.mutable_grant());
    char signer = 'k';
    std::string family = "log.example/city", record;
    bool possible = true;
    switch (forgery) {
      case Forgery::kAdministration:
        if (drawer.OneIn(2)) {
          grant.clear_key_id();
          grant.set_identity_service(0);
        }
        record = SignedRecord(
            grant, v1::ED25519,
            [&](const std::string& message) {
              return administration.Sign(message);
            },
            family);
        break;
      case Forgery::kStranger:
        signer = '!';
        break;
      case Forgery::kOtherFamily:
        family = "log.example/other";
        break;
      case Forgery::kRevokedKey:
      case Forgery::kUnconfirmedKey: {
        const bool revoked = forgery == Forgery::kRevokedKey;
        std::vector<std::string> ids;
        for (const StandingStatement& standing : before.statements) {
          const Statement& said = standing.statement;
          if (standing.finding != Finding::kOk) continue;
          if (revoked && said.event == StatementEvent::kKeyRevocation &&
              standing.moment <= moment) {
            ids.emplace_back(said.revoked);
          }
          if (!revoked && said.event == StatementEvent::kRecovery &&
              standing.moment < moment &&
              entry.seal_time_s <
                  standing.seal_time_s + of_log.limits.recovery_s) {
            ids.emplace_back(said.statement_id);
          }
        }
        possible = false;
        for (const auto& [id, name] : drawer.keys()) {
          if (std::count(ids.begin(), ids.end(), TestId(id)) > 0) {
            grant.set_key_id(TestId(id));
            signer = name;
            possible = true;
          }
        }
        break;
      }
      case Forgery::kReplay: {
        possible = false;
        for (const StandingStatement& standing : before.statements) {
          if (standing.finding == Finding::kOk && standing.moment < moment &&
              standing.statement.event == StatementEvent::kGrant) {
            record = std::string(history.logs[standing.moment.log]
                                     .entries[standing.entry]
                                     .record);
            possible = true;
          }
        }
        break;
      }
    }
    if (!possible) continue;
    if (record.empty()) {
      record = SignedRecord(
          grant, v1::ES256,
          [&](const std::string& message) {
            return TestSign(TestKey(signer), message);
          },
          family);
    }
    entry.record = record;
    const auto place = std::upper_bound(
        of_log.entries.begin(), of_log.entries.end(), moment.position,
        [](uint64_t position, const HistoryEntry& at) {
          return position < at.position;
        });
    const auto number = static_cast<uint64_t>(place - of_log.entries.begin());
    of_log.entries.insert(place, entry);

    const Verdicts after = JudgeHistory(history, TestVerify);
    ASSERT_EQ(after.statements.size(), before.statements.size() + 1);
    for (const StandingStatement& standing : after.statements) {
      if (standing.moment.log != log || standing.entry != number) continue;
      ASSERT_NE(standing.finding, Finding::kOk) << "seed " << seed_ + c;
      findings.insert(standing.finding);
      ++forged[forgery];
    }
    ASSERT_EQ(after.verdicts.size(), before.verdicts.size());
    for (size_t i = 0; i < after.verdicts.size(); ++i) {
      ASSERT_EQ(Summary(after.verdicts[i]), Summary(before.verdicts[i]))
          << "seed " << seed_ + c;
      ASSERT_EQ(after.verdicts[i].failed, before.verdicts[i].failed);
      ASSERT_EQ(after.verdicts[i].provision, before.verdicts[i].provision);
      ASSERT_EQ(after.verdicts[i].grant.has_value(),
                before.verdicts[i].grant.has_value());
    }
  }
  // Else the cases show less than they seem to.
  for (int i = 0; i < kForgeryCount; ++i) {
    EXPECT_GT(forged[static_cast<Forgery>(i)], 0u) << i;
  }
  for (const Finding finding :
       {Finding::kStatementSignature, Finding::kStatementKeyRevoked,
        Finding::kStatementKeyUnconfirmed, Finding::kStatementReplay}) {
    EXPECT_EQ(findings.count(finding), 1u) << FindingName(finding);
  }
}

// Key 'k', given by the service, and key 'n', added by it, each in a batch of
// its own: the hash of the second statement.
std::string AddTwoKeys(B* builder) {
  std::string hash = builder->Add(B::FirstKey(1, 'k'), 'k');
  builder->Seal(1);
  v1::Statement second = B::Bare(2, 1, 1, hash);
  B::SetKey('n', second.mutable_key_add());
  hash = builder->Add(second, 'k');
  builder->Seal(1);
  return hash;
}

// The same five, with other words: everything withdrawn or this grant alone, an
// objection for the prohibition, the key revoked by itself or by another, a law
// that yields or does not, batches so far apart that a state goes stale.
TEST_F(VerdictPropertyTest, OtherWordsInAnyOrderGiveWhatPositionsSay) {
  enum Event { kGrant, kWithdraw, kProhibit, kRevoke, kAccess };
  enum class LawSaid { kNone, kYields, kOverrides };
  std::set<std::string> seen;
  for (uint64_t c = 0; c < cases_; ++c) {
    Drawer drawer(seed_ + c);
    std::vector<int> order = {kGrant, kWithdraw, kProhibit, kRevoke, kAccess};
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[drawer.Below(i)]);
    }
    int batch_of[5] = {}, batches = 1;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && drawer.OneIn(2)) ++batches;
      batch_of[order[i]] = batches - 1;
    }
    const auto as_of = static_cast<int>(
        drawer.Below(static_cast<uint64_t>(batch_of[kAccess]) + 1));
    const auto law = static_cast<LawSaid>(drawer.Below(3));
    const bool everything = drawer.OneIn(2), objects = drawer.OneIn(2),
               by_itself = drawer.OneIn(2);
    const uint64_t gap_s = drawer.OneIn(3) ? 61 : 1;

    B builder;
    builder.Seal(8 * 86400);
    std::string hash = AddTwoKeys(&builder);
    std::vector<uint64_t> starts;
    for (int b = 0; b < batches; ++b) {
      starts.push_back(builder.size());
      for (const int event : order) {
        if (batch_of[event] != b) continue;
        const bool first = event == kGrant || (event == kRevoke && by_itself);
        v1::Statement statement = B::Bare(
            10 + static_cast<uint64_t>(event), first ? 1 : 2,
            event == kGrant ? 2 : 3 + static_cast<uint64_t>(event), hash);
        switch (event) {
          case kGrant:
            B::SetGrant(statement.mutable_grant());
            break;
          case kWithdraw:
            if (everything) {
              statement.mutable_withdrawal()->set_everything(true);
            } else {
              statement.mutable_withdrawal()->add_statement_id(
                  TestId(10 + kGrant));
            }
            break;
          case kProhibit:
            if (objects) {
              statement.mutable_objection();
            } else {
              statement.mutable_prohibition();
            }
            break;
          case kRevoke:
            statement.mutable_key_revoke()->set_key_id(TestId(1));
            break;
          default: {
            v1::AccessRecord access =
                law == LawSaid::kNone
                    ? builder.Access()
                    : builder.LawfulAccess(law == LawSaid::kOverrides ? 1 : 0);
            access.mutable_as_of()->set_size(
                starts[static_cast<size_t>(as_of)]);
            builder.Add(access);
            continue;
          }
        }
        builder.Add(statement, first ? 'k' : 'n');
      }
      builder.Seal(gap_s);
    }
    const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
    ASSERT_EQ(verdicts.verdicts.size(), 1u);

    const auto before = [&](Event event) { return batch_of[event] < as_of; };
    const auto by_then = [&](Event event) {
      return batch_of[event] <= batch_of[kAccess];
    };
    const bool ends = !everything || batch_of[kWithdraw] >= batch_of[kGrant];
    const bool in_force = batch_of[kRevoke] > batch_of[kGrant] &&
                          before(kGrant) && !(ends && before(kWithdraw)) &&
                          !before(kRevoke);
    const bool against = before(kProhibit) &&
                         !(in_force && batch_of[kProhibit] < batch_of[kGrant]);
    const bool granted = in_force && !against;
    const bool race =
        !against &&
        ((!objects && by_then(kProhibit) && !before(kProhibit)) ||
         (granted && ((ends && by_then(kWithdraw)) || by_then(kRevoke))));
    const bool stale =
        static_cast<uint64_t>(batch_of[kAccess] - as_of) * gap_s > 60;
    const bool covered = law == LawSaid::kOverrides ||
                         (law == LawSaid::kYields && !(against && !objects));
    const Headline expected = (!covered && !granted) || (race && stale)
                                  ? Headline::kViolation
                              : against ? Headline::kAgainstWish
                              : race    ? Headline::kRace
                              : stale   ? Headline::kStale
                              : granted ? Headline::kUnderConsent
                                        : Headline::kUnderLaw;
    ASSERT_STREQ(HeadlineName(verdicts.verdicts[0].headline),
                 HeadlineName(expected))
        << "seed " << seed_ + c;
    ASSERT_EQ(verdicts.verdicts[0].race, race) << "seed " << seed_ + c;
    ASSERT_EQ(verdicts.verdicts[0].stale, stale) << "seed " << seed_ + c;
    seen.insert(HeadlineName(expected));
  }
  EXPECT_EQ(seen.size(), 6u);
}

// {grant, withdraw, prohibit, revoke, access}, in every order, cut into batches
// in every way, with every state that the access may name: what must come out
// follows from the positions alone.
TEST_F(VerdictPropertyTest, EveryOrderAndBatchingGivesWhatPositionsSay) {
  enum Event { kGrant, kWithdraw, kProhibit, kRevoke, kAccess };
  std::vector<int> order = {kGrant, kWithdraw, kProhibit, kRevoke, kAccess};
  uint64_t judged = 0;
  std::set<std::string> seen;
  do {
    for (int cuts = 0; cuts < 16; ++cuts) {
      // Batch number of each event.
      int batch_of[5] = {}, batch = 0;
      for (int i = 0; i < 5; ++i) {
        batch_of[order[i]] = batch;
        if (i < 4 && (cuts >> i & 1) != 0) ++batch;
      }
      const int batches = batch + 1;
      for (int as_of = 0; as_of <= batch_of[kAccess]; ++as_of) {
        for (const bool lawful : {true, false}) {
          B builder;
          builder.Seal(8 * 86400);
          std::string hash = AddTwoKeys(&builder);
          std::vector<uint64_t> starts;
          for (int b = 0; b < batches; ++b) {
            starts.push_back(builder.size());
            for (const int event : order) {
              if (batch_of[event] != b) continue;
              // The grant is the first key's; all else the second's.
              v1::Statement statement = B::Bare(
                  10 + static_cast<uint64_t>(event), event == kGrant ? 1 : 2,
                  event == kGrant ? 2 : 3 + static_cast<uint64_t>(event), hash);
              switch (event) {
                case kGrant:
                  B::SetGrant(statement.mutable_grant());
                  break;
                case kWithdraw:
                  statement.mutable_withdrawal()->add_statement_id(
                      TestId(10 + kGrant));
                  break;
                case kProhibit:
                  statement.mutable_prohibition();
                  break;
                case kRevoke:
                  statement.mutable_key_revoke()->set_key_id(TestId(1));
                  break;
                default: {
                  v1::AccessRecord access =
                      lawful ? builder.LawfulAccess(0) : builder.Access();
                  access.mutable_as_of()->set_size(
                      starts[static_cast<size_t>(as_of)]);
                  builder.Add(access);
                  continue;
                }
              }
              builder.Add(statement, event == kGrant ? 'k' : 'n');
            }
            builder.Seal(1);
          }
          const Verdicts verdicts = JudgeHistory(builder.history(), TestVerify);
          ASSERT_EQ(verdicts.verdicts.size(), 1u);

          const auto before = [&](Event event) {
            return batch_of[event] < as_of;
          };
          const auto by_then = [&](Event event) {
            return batch_of[event] <= batch_of[kAccess];
          };
          const bool stands = batch_of[kRevoke] > batch_of[kGrant];
          const bool in_force = stands && before(kGrant) &&
                                !before(kWithdraw) && !before(kRevoke);
          const bool against =
              before(kProhibit) &&
              !(in_force && batch_of[kProhibit] < batch_of[kGrant]);
          const bool granted = in_force && !against;
          const bool race =
              !against &&
              ((by_then(kProhibit) && !before(kProhibit)) ||
               (granted && (by_then(kWithdraw) || by_then(kRevoke))));
          const bool covered = lawful && !(against && before(kProhibit));
          const Headline expected = !covered && !granted ? Headline::kViolation
                                    : against ? Headline::kAgainstWish
                                    : race    ? Headline::kRace
                                    : granted ? Headline::kUnderConsent
                                              : Headline::kUnderLaw;
          ASSERT_STREQ(HeadlineName(verdicts.verdicts[0].headline),
                       HeadlineName(expected));
          ASSERT_EQ(verdicts.verdicts[0].race, race);
          seen.insert(HeadlineName(expected));
          ++judged;
        }
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_GT(judged, 120u * 16 * 2);
  EXPECT_EQ(seen.size(), 4u);
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] {
      return std::strtoull(word.c_str() + word.find('=') + 1, nullptr, 10);
    };
    if (word.rfind("--cases=", 0) == 0) {
      vidimus::flag_cases = number();
    } else if (word.rfind("--seed=", 0) == 0) {
      vidimus::flag_seed = number();
    } else {
      std::fprintf(stderr, "usage: %s [--cases=N] [--seed=N]\n", argv[0]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
