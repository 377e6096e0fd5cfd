#include "client/consent.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/chain_report.h"
#include "client/random.h"
#include "client/statement_maker.h"
#include "client/statement_words.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// How often a statement is signed anew because others came between.
constexpr int kTriesMax = 3;

std::string Str(std::string_view bytes) { return std::string(bytes); }

// Whether the log will never take it, as it is.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status) ||
         absl::IsNotFound(status) || absl::IsAlreadyExists(status) ||
         absl::IsOutOfRange(status) || absl::IsUnimplemented(status);
}

const StandingStatement* FindById(const ChainView& chain,
                                  absl::string_view id) {
  // The first that counts, or restrains, else the first.
  const StandingStatement* found = nullptr;
  for (const StandingStatement& standing : chain.statements) {
    if (standing.statement.statement_id !=
        std::string_view(id.data(), id.size())) {
      continue;
    }
    if (standing.finding == Finding::kOk || standing.restrains) {
      return &standing;
    }
    if (found == nullptr) found = &standing;
  }
  return found;
}

bool IsLive(const StandingStatement& standing) {
  return (standing.finding == Finding::kOk || standing.restrains) &&
         standing.withdrawn_from == kNever && standing.revoked_from == kNever &&
         standing.lifted_from == kNever;
}

std::string ChainText(uint32_t administration, const Names& names) {
  if (administration == kSelf) return "self";
  const auto name = names.administrations.find(administration);
  return name == names.administrations.end()
             ? absl::StrCat("#", administration)
             : absl::StrCat("#", administration, " ", Printable(name->second));
}

absl::StatusOr<v1::Statement> ParsedStatement(const Statement& said) {
  v1::Statement message;
  if (!message.ParseFromString(Str(said.bytes))) {
    return absl::InternalError("a statement that was judged can't be read");
  }
  return message;
}

}  // namespace

ConsentDesk::ConsentDesk(Wallet* wallet, ConsentLog* log, uint64_t now_ms)
    : wallet_(wallet), log_(log), now_ms_(now_ms) {}

std::vector<std::string> ConsentDesk::OwnKeys() const {
  std::vector<std::string> own;
  for (const v1::WalletKey& key : wallet_->state().key()) {
    own.push_back(key.public_key());
  }
  return own;
}

absl::Status ConsentDesk::Look() {
  absl::StatusOr<std::unique_ptr<ResidentView>> view = log_->Look();
  if (!view.ok()) return view.status();
  if ((*view)->subject != wallet_->subject()) {
    return absl::FailedPreconditionError(
        "the log knows you by another id than this wallet: is the token "
        "yours?");
  }
  view_ = *std::move(view);
  std::vector<v1::WalletChain> chains;
  for (const ChainView& chain : view_->chains) {
    if (chain.gap.empty()) {
      if (!chain.standing.keys.empty()) {
        chains.push_back(ToWallet(chain.standing, now_ms_ / 1000));
      }
      continue;
    }
    for (const v1::WalletChain& known : wallet_->state().chain()) {
      if (known.administration() == chain.administration) {
        chains.push_back(known);
      }
    }
  }
  return wallet_->Remember(std::move(chains));
}

absl::Status ConsentDesk::Open() {
  const absl::Status looked = Look();
  if (absl::IsUnavailable(looked) || absl::IsDeadlineExceeded(looked)) {
    away_ = looked;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(looked);
  return Flush();
}

absl::Status ConsentDesk::Flush() {
  ASSIGN_OR_RETURN(const auto pending, wallet_->Pending());
  for (const auto& [id, statement] : pending) {
    const absl::StatusOr<Filing> filing = Send(id, statement);
    if (filing.ok()) {
      if (filing->filed) ++flushed_;
      continue;
    }
    if (absl::IsDataLoss(filing.status())) return filing.status();
    refused_.push_back(std::string(filing.status().message()));
  }
  if (flushed_ > 0) {
    const absl::Status looked = Look();
    if (!looked.ok() && !absl::IsUnavailable(looked)) return looked;
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> ConsentDesk::Waiting() const {
  ASSIGN_OR_RETURN(const auto pending, wallet_->Pending());
  return pending.size();
}

absl::StatusOr<ChainStanding> ConsentDesk::Standing(uint32_t administration,
                                                    bool only_restrains) const {
  std::string why = std::string(away_.message());
  if (view_ != nullptr) {
    const ChainView* chain = view_->Find(administration);
    if (chain == nullptr) {
      return absl::NotFoundError(
          administration >= view_->administrations
              ? absl::StrCat("the log's register has no administration ",
                             administration)
              : absl::StrCat("the log did not show the chain with "
                             "administration ",
                             administration));
    }
    if (chain->gap.empty()) return chain->standing;
    why = absl::StrCat("the chain with administration ", administration,
                       " can't be judged: ", chain->gap);
  }
  if (only_restrains) {
    for (const v1::WalletChain& known : wallet_->state().chain()) {
      if (known.administration() == administration) return FromWallet(known);
    }
  }
  return view_ == nullptr ? absl::UnavailableError(why)
                          : absl::FailedPreconditionError(why);
}

absl::StatusOr<v1::PendingStatement> ConsentDesk::Sign(
    const v1::Statement& draft,
    const std::vector<uint32_t>& administrations) const {
  const std::vector<std::string> own = OwnKeys();
  v1::PendingStatement pending;
  *pending.mutable_draft() = draft;
  for (const uint32_t administration : administrations) {
    ASSIGN_OR_RETURN(const ChainStanding standing,
                     Standing(administration, OnlyRestrains(draft)));
    ASSIGN_OR_RETURN(const StandingKey* key, ChooseKey(standing, own, draft));
    ASSIGN_OR_RETURN(const std::unique_ptr<Ed25519Signer> signer,
                     wallet_->Signer(key->public_key));
    ASSIGN_OR_RETURN(*pending.add_entry(),
                     SignStatement(draft, wallet_->family(), wallet_->subject(),
                                   administration, *key, *signer));
    pending.add_administration(administration);
  }
  return pending;
}

absl::StatusOr<Filing> ConsentDesk::Send(const std::string& id,
                                         v1::PendingStatement pending) {
  for (int tries = 0;; ++tries) {
    const std::vector<v1::Entry> entries(pending.entry().begin(),
                                         pending.entry().end());
    const absl::Status status =
        entries.empty() ? absl::OkStatus() : log_->File(entries);
    if (status.ok()) {
      RETURN_IF_ERROR(wallet_->Drop(id));
      return Filing{true, ""};
    }
    const bool anew = absl::IsAborted(status) || absl::IsAlreadyExists(status);
    if (anew && pending.has_draft() && tries < kTriesMax) {
      const absl::Status looked = Look();
      if (absl::IsDataLoss(looked)) return looked;
      if (!looked.ok()) return Filing{false, std::string(looked.message())};
      // What stands already under its id is not said twice.
      std::vector<uint32_t> missing;
      for (const uint32_t administration : pending.administration()) {
        const ChainView* chain = view_->Find(administration);
        if (chain == nullptr ||
            FindById(*chain, pending.draft().statement_id()) == nullptr) {
          missing.push_back(administration);
        }
      }
      ASSIGN_OR_RETURN(pending, Sign(pending.draft(), missing));
      RETURN_IF_ERROR(wallet_->Keep(id, pending));
      continue;
    }
    if (absl::IsAborted(status) && !pending.has_draft()) {
      RETURN_IF_ERROR(wallet_->Drop(id));
      return absl::FailedPreconditionError(
          "the chains have changed since the request was made; make a new one "
          "(vidimus wallet request) and have it signed");
    }
    if (IsRefusal(status)) {
      RETURN_IF_ERROR(wallet_->Drop(id));
      return absl::FailedPreconditionError(
          absl::StrCat("the log refused it: ", status.message()));
    }
    if (absl::IsDataLoss(status)) return status;
    return Filing{false, std::string(status.message())};
  }
}

absl::StatusOr<Filing> ConsentDesk::Say(
    const v1::Statement& draft, const std::string& words,
    const std::vector<uint32_t>& administrations) {
  if (administrations.empty()) {
    return absl::InvalidArgumentError("to whom? --administration is missing");
  }
  if (draft.words_sha256() != Bytes(Sha256(words))) {
    return absl::InternalError("the words are not those of the statement");
  }
  ASSIGN_OR_RETURN(const v1::PendingStatement pending,
                   Sign(draft, administrations));
  v1::SaidWords said;
  said.set_statement_id(draft.statement_id());
  said.set_language(draft.language());
  said.set_words(words);
  RETURN_IF_ERROR(wallet_->RememberWords(said));
  RETURN_IF_ERROR(wallet_->Keep(draft.statement_id(), pending));
  if (view_ == nullptr) return Filing{false, std::string(away_.message())};
  return Send(draft.statement_id(), pending);
}

absl::StatusOr<Filing> ConsentDesk::FileSigned(
    const v1::PendingStatement& pending) {
  if (pending.entry().empty()) {
    return absl::InvalidArgumentError("there are no statements to file");
  }
  const std::string id = pending.entry(0).entry_id();
  RETURN_IF_ERROR(wallet_->Keep(id, pending));
  if (view_ == nullptr) return Filing{false, std::string(away_.message())};
  return Send(id, pending);
}

ConsentDesk::Outcome ConsentDesk::WhatHolds(
    absl::string_view language, const v1::Statement& draft,
    const std::vector<uint32_t>& administrations) {
  Outcome outcome;
  const absl::Status looked = Look();
  if (!looked.ok()) {
    outcome.sentence = absl::StrCat(
        "It is in the log; how it stands there can't be seen now: ",
        looked.message());
    return outcome;
  }
  std::vector<std::string> doubts;
  for (const uint32_t administration : administrations) {
    const ChainView* chain = view_->Find(administration);
    const std::string where = administration == kSelf
                                  ? "your own chain"
                                  : absl::StrCat("#", administration);
    if (chain == nullptr || !chain->gap.empty()) {
      doubts.push_back(absl::StrCat(
          where, " (", chain == nullptr ? "not shown" : chain->gap, ")"));
      continue;
    }
    const StandingStatement* standing = FindById(*chain, draft.statement_id());
    if (standing == nullptr) {
      doubts.push_back(where + " (not in the chain)");
    } else if (standing->finding != Finding::kOk && !standing->restrains) {
      doubts.push_back(
          absl::StrCat(where, " (", FindingSentence(standing->finding), ")"));
    }
  }
  outcome.counts = doubts.empty();
  outcome.sentence =
      doubts.empty() ? WhatHoldsNow(language, draft, administrations,
                                    view_->NamesIn(language), view_->recovery_s)
                     : absl::StrCat("It is in the log and does not count with ",
                                    absl::StrJoin(doubts, ", "), ".");
  return outcome;
}

absl::StatusOr<ConsentDesk::Found> ConsentDesk::FindStatement(
    absl::string_view hex) const {
  if (view_ == nullptr) return absl::UnavailableError(away_.message());
  const bool digits =
      hex.size() >= 4 && hex.size() <= 32 &&
      hex.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
  if (!digits) {
    return absl::InvalidArgumentError(
        "a statement's number is 4 to 32 hexadecimal digits, as vidimus "
        "consent list shows it");
  }
  Found found;
  for (const ChainView& chain : view_->chains) {
    for (const StandingStatement& standing : chain.statements) {
      const std::string id = Str(standing.statement.statement_id);
      if (!absl::StartsWith(HexEncode(id), hex) || !IsLive(standing)) continue;
      if (!found.statement_id.empty() && found.statement_id != id) {
        return absl::InvalidArgumentError(
            absl::StrCat("several statements begin with ", hex));
      }
      found.statement_id = id;
      if (found.administrations.empty() ||
          found.administrations.back() != chain.administration) {
        found.administrations.push_back(chain.administration);
      }
    }
  }
  if (found.statement_id.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no statement in force begins with ", hex,
                     "; vidimus consent list shows them"));
  }
  return found;
}

std::string ConsentDesk::List(absl::string_view language, bool color) const {
  if (view_ == nullptr) return "";
  const Names names = view_->NamesIn(language);
  const std::vector<std::string> own = OwnKeys();
  std::string text;
  for (const ChainView& chain : view_->chains) {
    for (const StandingKey& key : chain.standing.keys) {
      if (std::find(own.begin(), own.end(), key.public_key) != own.end() ||
          key.revoked) {
        continue;
      }
      absl::StrAppend(&text, color ? "\x1b[31m" : "",
                      key.delegate ? "SOMEBODY ELSE MAY SPEAK FOR YOU: key "
                                   : "UNKNOWN KEY: ",
                      KeyFingerprint(key.public_key), " in ",
                      ChainText(chain.administration, names),
                      key.identity_service.has_value()
                          ? absl::StrCat(", vouched for by identity service ",
                                         *key.identity_service)
                          : "",
                      key.delegate ? "" : ": not of this wallet",
                      color ? "\x1b[0m" : "", "\n");
    }
  }
  for (const ChainView& chain : view_->chains) {
    if (!chain.gap.empty()) {
      absl::StrAppend(&text, ChainText(chain.administration, names),
                      "\n  can't be judged: ", chain.gap, "\n");
      continue;
    }
    if (chain.statements.empty()) continue;
    absl::StrAppend(&text, ChainText(chain.administration, names), "\n");
    for (const StandingStatement& standing : chain.statements) {
      const absl::StatusOr<v1::Statement> said =
          ParsedStatement(standing.statement);
      if (!said.ok()) continue;
      std::string state;
      if (standing.finding != Finding::kOk && !standing.restrains) {
        state =
            absl::StrCat("does not count: ", FindingSentence(standing.finding));
      } else if (!(standing.withdrawn_from == kNever)) {
        state = "withdrawn";
      } else if (!(standing.revoked_from == kNever)) {
        state = "ended: its key was revoked";
      } else if (!(standing.lifted_from == kNever)) {
        state = "taken back";
      } else {
        state = "in force";
        const v1::Scope& scope = said->grant().scope();
        if (said->has_grant() && scope.has_valid_until_s() &&
            scope.valid_until_s() <= now_ms_ / 1000) {
          state = "over";
        }
      }
      std::string about;
      if (said->has_grant()) {
        about = absl::StrCat(
            "; ",
            Printable(absl::StrJoin(said->grant().scope().purpose(), ", ")),
            ": ",
            Printable(
                absl::StrJoin(said->grant().scope().data_category(), ", ")));
      } else if (said->has_key_add() || said->has_recover()) {
        const v1::Key& key =
            said->has_key_add() ? said->key_add() : said->recover();
        about = absl::StrCat("; ", KeyFingerprint(key.public_key()));
      }
      absl::StrAppend(&text, "  ",
                      HexEncode(standing.statement.statement_id).substr(0, 12),
                      "  ", UtcText(standing.seal_time_s), "  ",
                      EventWord(language, *said), about, "; ", state, "\n");
    }
  }
  return text;
}

absl::StatusOr<std::string> ConsentDesk::Receipt(absl::string_view language,
                                                 absl::string_view hex) const {
  if (view_ == nullptr) return absl::UnavailableError(away_.message());
  const Names names = view_->NamesIn(language);
  ReceiptFacts facts;
  facts.origin = view_->origin;
  facts.subject = view_->subject;
  std::optional<v1::Statement> grant;
  for (const ChainView& chain : view_->chains) {
    for (const StandingStatement& standing : chain.statements) {
      if (standing.finding != Finding::kOk ||
          standing.statement.event != StatementEvent::kGrant ||
          hex.size() < 4 ||
          !absl::StartsWith(HexEncode(standing.statement.statement_id), hex)) {
        continue;
      }
      ASSIGN_OR_RETURN(const v1::Statement said,
                       ParsedStatement(standing.statement));
      if (grant.has_value() && grant->statement_id() != said.statement_id()) {
        return absl::InvalidArgumentError(
            absl::StrCat("several grants begin with ", hex));
      }
      grant = said;
      ReceiptParty party;
      party.administration = chain.administration;
      const auto name = names.administrations.find(chain.administration);
      if (name != names.administrations.end()) party.name = name->second;
      if (chain.administration < view_->organisations.size()) {
        party.organisation_id = view_->organisations[chain.administration];
      }
      facts.parties.push_back(std::move(party));
      facts.given_at_s = standing.seal_time_s;
      facts.records.push_back(
          Str(chain.history.logs[standing.moment.log]
                  .entries[static_cast<size_t>(standing.entry)]
                  .record));
      const Moment ended =
          std::min(standing.withdrawn_from, standing.revoked_from);
      if (ended == kNever) continue;
      for (const HistoryEntry& entry : chain.history.logs[ended.log].entries) {
        if (entry.position == ended.position) {
          facts.withdrawn_at_s = entry.seal_time_s;
        }
      }
    }
  }
  if (!grant.has_value()) {
    return absl::NotFoundError(
        "no grant that counts has this number; vidimus consent list shows "
        "them");
  }
  return ConsentReceipt(*grant, facts, RandomBytes(16), now_ms_ / 1000);
}

ReceiptRegister ConsentDesk::KnownRegister() const {
  ReceiptRegister known;
  known.subject = wallet_->subject();
  if (view_ == nullptr) return known;
  known.administrations = view_->administrations;
  for (uint32_t number = 0; number < view_->organisations.size(); ++number) {
    if (!view_->organisations[number].empty()) {
      known.organisations.emplace(view_->organisations[number], number);
    }
  }
  const Names names = view_->NamesIn("en");
  for (const auto& [term, name] : names.purposes)
    known.purposes.push_back(term);
  for (const auto& [term, name] : names.categories) {
    known.categories.push_back(term);
  }
  return known;
}

}  // namespace vidimus
