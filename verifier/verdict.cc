#include "verifier/verdict.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "verifier/record.h"

namespace vidimus {
namespace {

// Values of proto/record.proto up to which a number is known.
constexpr uint32_t kOperationMax = 5;
constexpr uint32_t kActorKindMax = 4;
constexpr uint32_t kOutcomeMax = 3;
constexpr uint32_t kActorAiAssisted = 3;

// Where the second batch of a log begins: after config and its seal. What
// stands in it is the register that the log opens with.
constexpr uint64_t kSecondBatch = 2;

bool Holds(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool HoldsAll(const std::vector<std::string_view>& names,
              const std::vector<std::string_view>& asked) {
  return std::all_of(asked.begin(), asked.end(),
                     [&](std::string_view name) { return Holds(names, name); });
}

bool HoldsAny(const std::vector<std::string_view>& names,
              const std::vector<std::string_view>& asked) {
  return std::any_of(asked.begin(), asked.end(),
                     [&](std::string_view name) { return Holds(names, name); });
}

// Whether `later` is more than `limit` after `earlier`.
bool MoreThan(uint64_t later, uint64_t earlier, uint64_t limit) {
  return later > earlier && later - earlier > limit;
}

bool During(uint64_t from_s, const std::optional<uint64_t>& until_s,
            uint64_t time_s) {
  return time_s >= from_s && (!until_s.has_value() || time_s < *until_s);
}

// An access with what the log knows about it.
struct Asked {
  const AccessRecord* record = nullptr;
  Moment moment;  // of its own batch
  Moment as_of;   // what counted stood before this
  uint64_t occurred_at_s = 0;
  uint64_t seal_time_s = 0;
};

class HistoryJudge {
 public:
  HistoryJudge(const History& history,
               const std::vector<RegisterIndex>& registers, Es256Verify es256)
      : history_(history), registers_(registers) {
    result_.statements = JudgeStatements(history, registers_, es256);
    for (size_t i = 0; i < result_.statements.size(); ++i) Sort(i);
  }

  Verdicts Judge() {
    for (uint32_t log = 0; log < history_.logs.size(); ++log) {
      const std::vector<HistoryEntry>& entries = history_.logs[log].entries;
      for (uint64_t i = 0; i < entries.size(); ++i) JudgeEntry(log, i);
    }
    return std::move(result_);
  }

 private:
  const StandingStatement& At(size_t i) const { return result_.statements[i]; }

  // Puts a statement where accesses will look for it.
  void Sort(size_t i) {
    const StandingStatement& standing = At(i);
    const Scope& scope = standing.statement.scope;
    switch (standing.statement.event) {
      case StatementEvent::kGrant:
        if (standing.finding != Finding::kOk) return;
        grants_.push_back(i);
        for (const std::string_view purpose : scope.purposes) {
          std::vector<size_t>& of_purpose = grants_by_purpose_[purpose];
          if (of_purpose.empty() || of_purpose.back() != i) {
            of_purpose.push_back(i);
          }
        }
        return;
      case StatementEvent::kProhibition:
      case StatementEvent::kObjection:
        if (!standing.restrains) return;
        if (scope.purposes.empty()) against_any_purpose_.push_back(i);
        for (const std::string_view purpose : scope.purposes) {
          against_by_purpose_[purpose].push_back(i);
        }
        return;
      case StatementEvent::kDispute:
        if (standing.restrains) disputes_.push_back(i);
        return;
      case StatementEvent::kWithdrawal:
        if (standing.finding == Finding::kOk &&
            !standing.statement.erase.empty()) {
          erasures_[standing.statement.statement_id] = i;
        }
        return;
      default:
        return;
    }
  }

  // --- One entry -------------------------------------------------------------

  void JudgeEntry(uint32_t log, uint64_t i) {
    const HistoryEntry& entry = history_.logs[log].entries[i];
    if (entry.content == Content::kOpen) {
      const RecordContent kind = ContentOf(entry.record);
      if (kind == RecordContent::kStatement || kind == RecordContent::kNotice) {
        return;
      }
    }
    Verdict verdict;
    verdict.log = log;
    verdict.entry = i;
    verdict.content = JudgeContent(log, i);
    if (verdict.content == Content::kOpen) JudgeAccess(entry, &verdict);
    Conclude(&verdict);
    result_.verdicts.push_back(verdict);
  }

  // The first that matches, as the enum has them.
  static void Conclude(Verdict* verdict) {
    switch (verdict->content) {
      case Content::kForged:
        verdict->headline = Headline::kForged;
        return;
      case Content::kMissing:
        verdict->headline = Headline::kMissing;
        return;
      case Content::kWithheld:
        verdict->headline = Headline::kWithheld;
        return;
      case Content::kRestricted:
        verdict->headline = Headline::kRestricted;
        return;
      case Content::kErased:
        verdict->headline = Headline::kErased;
        return;
      case Content::kOpen:
        break;
    }
    const bool granted = verdict->wish == Wish::kGranted;
    const Dimension failed = verdict->failed;
    verdict->failed = Dimension::kNone;
    if (verdict->law == Law::kNotCovered && !granted) {
      verdict->headline = Headline::kViolation;
      verdict->failed = failed;
    } else if (verdict->race && (verdict->stale || verdict->late)) {
      verdict->headline = Headline::kViolation;
      verdict->failed = verdict->stale ? Dimension::kStale : Dimension::kLate;
    } else if (verdict->law == Law::kUnproven && !granted) {
      verdict->headline = Headline::kUnproven;
      verdict->failed = failed;
    } else if (verdict->wish == Wish::kAgainst) {
      verdict->headline = Headline::kAgainstWish;
    } else if (verdict->race) {
      verdict->headline = Headline::kRace;
    } else if (verdict->late) {
      verdict->headline = Headline::kLate;
    } else if (verdict->stale) {
      verdict->headline = Headline::kStale;
    } else {
      verdict->headline =
          granted ? Headline::kUnderConsent : Headline::kUnderLaw;
    }
  }

  // --- Content ---------------------------------------------------------------

  Content JudgeContent(uint32_t log, uint64_t i) const {
    const std::vector<HistoryEntry>& entries = history_.logs[log].entries;
    const HistoryEntry& entry = entries[i];
    if (entry.content != Content::kWithheld &&
        entry.content != Content::kRestricted &&
        entry.content != Content::kErased) {
      return entry.content;
    }
    if (entry.notice >= entries.size()) return Content::kMissing;
    const HistoryEntry& at = entries[entry.notice];
    Notice notice;
    if (at.content != Content::kOpen ||
        ParseNotice(at.record, &notice, nullptr) != Finding::kOk ||
        notice.event == NoticeEvent::kKeyFetch || notice.entry != i) {
      return Content::kMissing;
    }
    bool holds = false;
    switch (entry.content) {
      case Content::kWithheld:
        holds = notice.event == NoticeEvent::kWithholding &&
                WithholdingHolds(log, entry, at, notice);
        break;
      case Content::kRestricted:
        holds = notice.event == NoticeEvent::kRestriction && !notice.lifted;
        break;
      default:
        holds = notice.event == NoticeEvent::kErasure &&
                ErasureHolds(log, i, at, notice);
    }
    return holds ? entry.content : Content::kMissing;
  }

  bool WithholdingHolds(uint32_t log, const HistoryEntry& entry,
                        const HistoryEntry& at, const Notice& notice) const {
    if (notice.until_s <= history_.logs[log].head_time_s ||
        !notice.provision.has_value()) {
      return false;
    }
    const DocumentVersion<Provision>* version = nullptr;
    if (NewestThatCounts(registers_[log].provisions, *notice.provision,
                         at.position, log, entry.seal_time_s,
                         &version) != Counts::kYes ||
        !version->readable) {
      return false;
    }
    const Provision& provision = version->document;
    return !provision.unverified && IsFor(provision.administrations) &&
           !MoreThan(notice.until_s, entry.seal_time_s,
                     provision.withholding_max_s);
  }

  bool ErasureHolds(uint32_t log, uint64_t i, const HistoryEntry& at,
                    const Notice& notice) const {
    const auto wish = erasures_.find(notice.statement_id);
    if (wish != erasures_.end()) {
      const StandingStatement& standing = At(wish->second);
      const std::vector<uint64_t>& erase = standing.statement.erase;
      if (standing.moment.log == log && !standing.delegated &&
          !standing.statement.identity_service.has_value() &&
          std::find(erase.begin(), erase.end(), i) != erase.end()) {
        return true;
      }
    }
    const HistoryLog& of_log = history_.logs[log];
    const uint64_t since = of_log.entries[i].seal_time_s;
    if (at.seal_time_s < since ||
        at.seal_time_s - since < of_log.limits.keep_min_s) {
      return false;
    }
    const Moment moment = {log, at.position};
    return std::none_of(disputes_.begin(), disputes_.end(), [&](size_t d) {
      const StandingStatement& dispute = At(d);
      return dispute.moment.log == log && dispute.statement.entry == i &&
             dispute.moment <= moment && !(dispute.lifted_from < moment);
    });
  }

  bool IsFor(const std::vector<uint32_t>& administrations) const {
    return std::find(administrations.begin(), administrations.end(),
                     history_.administration) != administrations.end();
  }

  // --- The register ----------------------------------------------------------

  enum class Counts { kYes, kTooNew, kAbsent };

  // The newest version before `position` that is older than the notice period
  // at `seal_time_s`, or that the log opened with; if there is none the newest.
  template <typename T>
  Counts NewestThatCounts(const DocumentsOf<T>& documents, uint32_t number,
                          uint64_t position, uint32_t log, uint64_t seal_time_s,
                          const DocumentVersion<T>** chosen) const {
    *chosen = nullptr;
    const auto found = documents.find(number);
    if (found == documents.end()) return Counts::kAbsent;
    const uint64_t notice_s = history_.logs[log].limits.notice_s;
    for (auto version = found->second.rbegin(); version != found->second.rend();
         ++version) {
      if (version->position >= position) continue;
      if (*chosen == nullptr) *chosen = &*version;
      if (version->position == kSecondBatch ||
          MoreThan(seal_time_s, version->seal_time_s, notice_s)) {
        *chosen = &*version;
        return Counts::kYes;
      }
    }
    return *chosen == nullptr ? Counts::kAbsent : Counts::kTooNew;
  }

  // kNone if the purpose counts; kPurpose, kNotice or kUnreadable.
  Dimension JudgePurpose(const Asked& asked) const {
    const RegisterIndex& index = registers_[asked.as_of.log];
    const AccessRecord& access = *asked.record;
    const auto found = index.purposes_by_term.find(access.purpose);
    bool too_new = false;
    if (found != index.purposes_by_term.end()) {
      for (const uint32_t number : found->second) {
        if (access.purpose_number.value_or(number) != number) continue;
        const DocumentVersion<Purpose>* version = nullptr;
        const Counts counts =
            NewestThatCounts(index.purposes, number, asked.as_of.position,
                             asked.as_of.log, asked.seal_time_s, &version);
        if (version == nullptr || version->document.term != access.purpose) {
          continue;
        }
        if (counts == Counts::kYes) return Dimension::kNone;
        too_new = true;
      }
    }
    if (too_new) return Dimension::kNotice;
    return index.unreadable_purpose.has_value() &&
                   *index.unreadable_purpose < asked.as_of.position
               ? Dimension::kUnreadable
               : Dimension::kPurpose;
  }

  // --- Access ----------------------------------------------------------------

  void JudgeAccess(const HistoryEntry& entry, Verdict* verdict) const {
    AccessRecord access;
    if (ParseAccess(entry.record, &access, nullptr) != Finding::kOk) {
      verdict->failed = Dimension::kRecord;
      return;
    }
    Asked asked;
    asked.record = &access;
    asked.moment = {verdict->log, entry.position};
    asked.as_of = asked.moment;
    asked.occurred_at_s = access.occurred_at_ms / 1000;
    asked.seal_time_s = entry.seal_time_s;

    uint64_t as_of_time_s = 0;
    const bool placed = FindAsOf(&asked, &as_of_time_s);
    const Limits& limits = history_.logs[verdict->log].limits;
    verdict->stale =
        placed && MoreThan(asked.occurred_at_s, as_of_time_s, limits.fresh_s);
    verdict->late =
        MoreThan(asked.seal_time_s, asked.occurred_at_s, limits.late_s) ||
        MoreThan(asked.occurred_at_s, asked.seal_time_s, limits.skew_s);

    const Dimension purpose = JudgePurpose(asked);
    Dimension doubt = placed ? FindDoubt(asked) : Dimension::kAsOf;
    if (doubt == Dimension::kNone && purpose == Dimension::kUnreadable) {
      doubt = purpose;
    }
    bool prohibited = false;
    JudgeWish(asked, doubt, purpose, verdict, &prohibited);
    JudgeLaw(asked, doubt, purpose, prohibited, verdict);
  }

  // Whether as_of is a size that ended a batch before the access's own.
  bool FindAsOf(Asked* asked, uint64_t* time_s) const {
    const AccessRecord& access = *asked->record;
    for (uint32_t log = 0; log <= asked->moment.log; ++log) {
      const HistoryLog& of_log = history_.logs[log];
      if (of_log.origin != access.as_of_origin) continue;
      const Moment as_of = {log, access.as_of_size};
      const auto seal = std::lower_bound(
          of_log.seals.begin(), of_log.seals.end(), as_of.position,
          [](const HistorySeal& at, uint64_t size) { return at.size < size; });
      if (seal == of_log.seals.end() || seal->size != as_of.position ||
          asked->moment < as_of) {
        return false;
      }
      asked->as_of = as_of;
      *time_s = seal->time_s;
      return true;
    }
    return false;
  }

  // Why nothing can be said of the access, or kNone.
  Dimension FindDoubt(const Asked& asked) const {
    const AccessRecord& access = *asked.record;
    if (access.operation > kOperationMax || access.actor_kind > kActorKindMax ||
        access.outcome > kOutcomeMax) {
      return Dimension::kOperation;
    }
    const RegisterIndex& index = registers_[asked.as_of.log];
    if (access.actor_kind >= kActorAiAssisted && !KnowsAiSystem(asked)) {
      return Dimension::kAiSystem;
    }
    if (!access.source_origin.empty()) {
      const auto* administration = NewestBefore(
          index.administrations, history_.administration, asked.as_of.position);
      if (administration != nullptr) {
        for (const SourceSystem& system :
             administration->document.source_systems) {
          if (system.id == access.source_origin && !system.connected) {
            return Dimension::kSourceSystem;
          }
        }
      }
    }
    return Dimension::kNone;
  }

  bool KnowsAiSystem(const Asked& asked) const {
    const RegisterIndex& index = registers_[asked.as_of.log];
    const auto found = index.ai_systems_by_id.find(asked.record->ai_system_id);
    if (found == index.ai_systems_by_id.end()) return false;
    return std::any_of(
        found->second.begin(), found->second.end(), [&](uint32_t number) {
          const auto* version =
              NewestBefore(index.ai_systems, number, asked.as_of.position);
          return version != nullptr &&
                 version->document.id == asked.record->ai_system_id &&
                 IsFor(version->document.administrations);
        });
  }

  // --- Wish ------------------------------------------------------------------

  // Where a grant that stood before as_of ceases to cover the access, if voids
  // are left aside: kNone, or kAdministration to kTime.
  Dimension Measure(const Asked& asked, const StandingStatement& grant) const {
    const AccessRecord& access = *asked.record;
    const Scope& scope = grant.statement.scope;
    if (!IsFor(grant.statement.administrations)) {
      return Dimension::kAdministration;
    }
    if (!access.recipient_id.empty() &&
        !Holds(scope.recipients, access.recipient_id)) {
      return Dimension::kRecipient;
    }
    if (!Holds(scope.purposes, access.purpose)) return Dimension::kPurpose;
    if (!HoldsAll(scope.data_categories, access.data_categories)) {
      return Dimension::kCategory;
    }
    for (const uint64_t time_s : {asked.occurred_at_s, asked.seal_time_s}) {
      if (!During(scope.valid_from_s, scope.valid_until_s, time_s) ||
          !During(0, grant.until_s, time_s)) {
        return Dimension::kTime;
      }
    }
    return Dimension::kNone;
  }

  bool Concerns(const Asked& asked, const StandingStatement& against) const {
    const AccessRecord& access = *asked.record;
    const Scope& scope = against.statement.scope;
    return (scope.purposes.empty() || Holds(scope.purposes, access.purpose)) &&
           (scope.data_categories.empty() ||
            HoldsAny(scope.data_categories, access.data_categories)) &&
           (scope.recipients.empty() ||
            Holds(scope.recipients, access.recipient_id)) &&
           (During(scope.valid_from_s, scope.valid_until_s,
                   asked.occurred_at_s) ||
            During(scope.valid_from_s, scope.valid_until_s, asked.seal_time_s));
  }

  template <typename Visit>
  static void VisitEach(
      const std::map<std::string_view, std::vector<size_t>>& by_purpose,
      std::string_view purpose, const Visit& visit) {
    const auto found = by_purpose.find(purpose);
    if (found == by_purpose.end()) return;
    for (const size_t i : found->second) visit(i);
  }

  void JudgeWish(const Asked& asked, Dimension doubt, Dimension purpose,
                 Verdict* verdict, bool* prohibited) const {
    // The newest grant of the resident's own, and of a delegate's, that covers
    // the access; whether all of them fall before the batch is over.
    const StandingStatement* own = nullptr;
    bool covered = false, all_fall = true;
    VisitEach(grants_by_purpose_, asked.record->purpose, [&](size_t i) {
      const StandingStatement& grant = At(i);
      if (!(grant.moment < asked.as_of) || grant.withdrawn_from < asked.as_of ||
          grant.revoked_from < asked.as_of ||
          Measure(asked, grant) != Dimension::kNone) {
        return;
      }
      covered = true;
      if (!grant.delegated) own = &grant;
      verdict->grant = i;
      all_fall = all_fall && (grant.withdrawn_from <= asked.moment ||
                              grant.revoked_from <= asked.moment);
    });

    bool against = false, race = false;
    const auto weigh = [&](size_t i) {
      const StandingStatement& said = At(i);
      if (asked.moment < said.moment || !Concerns(asked, said)) return;
      const bool prohibition =
          said.statement.event == StatementEvent::kProhibition;
      if (!(said.moment < asked.as_of)) {
        race = race || prohibition;
        return;
      }
      // The resident's newer word goes; a delegate's does not go above theirs.
      if (said.lifted_from < asked.as_of ||
          (own != nullptr && said.moment < own->moment)) {
        return;
      }
      against = true;
      *prohibited = *prohibited || prohibition;
    };
    for (const size_t i : against_any_purpose_) weigh(i);
    VisitEach(against_by_purpose_, asked.record->purpose, weigh);

    const bool granted = covered && !against && doubt == Dimension::kNone &&
                         purpose == Dimension::kNone;
    verdict->wish = against   ? Wish::kAgainst
                    : granted ? Wish::kGranted
                              : Wish::kSilent;
    verdict->race = !against && (race || (granted && all_fall));
    if (!granted) verdict->grant.reset();
  }

  // --- Law -------------------------------------------------------------------

  // kNone if the provision that `basis` cites covers the access. Else where it
  // ceases to, or (from kUnknownBasis on) why that cannot be said.
  Dimension JudgeBasis(const Asked& asked, const LegalBasis& basis,
                       Dimension purpose, bool prohibited) const {
    if (KindOfBasis(basis.basis) == BasisKind::kUnknown ||
        !basis.provision.has_value()) {
      return Dimension::kUnknownBasis;
    }
    const AccessRecord& access = *asked.record;
    const DocumentVersion<Provision>* version = nullptr;
    const Counts counts = NewestThatCounts(
        registers_[asked.as_of.log].provisions, *basis.provision,
        asked.as_of.position, asked.as_of.log, asked.seal_time_s, &version);
    if (counts == Counts::kAbsent) return Dimension::kProvision;
    if (!version->readable) return Dimension::kUnreadable;
    const Provision& provision = version->document;
    if (!Holds(provision.bases, basis.basis)) return Dimension::kBasis;
    if (!IsFor(provision.administrations)) return Dimension::kAdministration;
    if (!Holds(provision.purposes, access.purpose) ||
        purpose == Dimension::kPurpose) {
      return Dimension::kPurpose;
    }
    if (!HoldsAll(provision.data_categories, access.data_categories)) {
      return Dimension::kCategory;
    }
    for (const uint64_t time_s : {asked.occurred_at_s, asked.seal_time_s}) {
      if (!During(provision.valid_from_s, provision.valid_until_s, time_s)) {
        return Dimension::kTime;
      }
    }
    if (counts == Counts::kTooNew || purpose == Dimension::kNotice) {
      return Dimension::kNotice;
    }
    if (prohibited && !provision.overrides_prohibition) {
      return Dimension::kProhibited;
    }
    return provision.unverified ? Dimension::kUnverified : Dimension::kNone;
  }

  void JudgeLaw(const Asked& asked, Dimension doubt, Dimension purpose,
                bool prohibited, Verdict* verdict) const {
    if (doubt != Dimension::kNone) {
      verdict->law = Law::kUnproven;
      verdict->failed = doubt;
      return;
    }
    Dimension furthest = Dimension::kGround;
    Dimension unproven = Dimension::kNone;
    for (const LegalBasis& basis : asked.record->legal_bases) {
      if (KindOfBasis(basis.basis) == BasisKind::kConsent) continue;
      const Dimension failed = JudgeBasis(asked, basis, purpose, prohibited);
      if (failed == Dimension::kNone) {
        verdict->law = Law::kCovered;
        verdict->provision = basis.provision;
        return;
      }
      if (failed >= Dimension::kUnknownBasis) {
        if (unproven == Dimension::kNone) unproven = failed;
      } else {
        furthest = std::max(furthest, failed);
      }
    }
    if (unproven != Dimension::kNone) {
      verdict->law = Law::kUnproven;
      verdict->failed = unproven;
      return;
    }
    verdict->law = Law::kNotCovered;
    if (verdict->wish == Wish::kGranted) return;
    verdict->failed = verdict->wish == Wish::kAgainst
                          ? Dimension::kProhibited
                          : std::max(furthest, Furthest(asked, purpose));
  }

  // How far any grant came.
  Dimension Furthest(const Asked& asked, Dimension purpose) const {
    Dimension furthest = Dimension::kGround;
    for (const size_t i : grants_) {
      const StandingStatement& grant = At(i);
      if (!(grant.moment < asked.as_of)) continue;
      Dimension failed = Measure(asked, grant);
      if (failed == Dimension::kNone) {
        failed = purpose != Dimension::kNone          ? purpose
                 : grant.withdrawn_from < asked.as_of ? Dimension::kWithdrawn
                                                      : Dimension::kRevoked;
      }
      furthest = std::max(furthest, failed);
    }
    return furthest;
  }

  const History& history_;
  const std::vector<RegisterIndex>& registers_;
  Verdicts result_;

  // Places in result_.statements, ascending.
  std::vector<size_t> grants_;
  std::map<std::string_view, std::vector<size_t>> grants_by_purpose_;
  std::map<std::string_view, std::vector<size_t>> against_by_purpose_;
  std::vector<size_t> against_any_purpose_;
  std::vector<size_t> disputes_;
  std::map<std::string_view, size_t> erasures_;  // by statement id
};

template <size_t N>
const char* NameAt(const char* const (&names)[N], size_t value) {
  return value < N ? names[value] : "unknown";
}

}  // namespace

const char* LawName(Law law) {
  constexpr const char* kNames[] = {"covered", "not covered", "unproven"};
  return NameAt(kNames, static_cast<size_t>(law));
}

const char* WishName(Wish wish) {
  constexpr const char* kNames[] = {"granted", "silent", "against"};
  return NameAt(kNames, static_cast<size_t>(wish));
}

const char* HeadlineName(Headline headline) {
  constexpr const char* kNames[] = {
      "forged",    "missing",       "withheld",          "restricted", "erased",
      "violation", "unproven",      "against your wish", "race",       "late",
      "stale",     "under consent", "under law"};
  static_assert(std::size(kNames) == kHeadlineCount);
  return NameAt(kNames, static_cast<size_t>(headline));
}

const char* DimensionName(Dimension dimension) {
  constexpr const char* kNames[] = {
      "none",           "ground",     "provision", "basis",
      "administration", "recipient",  "purpose",   "category",
      "time",           "notice",     "withdrawn", "revoked",
      "prohibited",     "stale",      "late",      "record",
      "as of",          "operation",  "AI system", "source system",
      "unknown basis",  "unreadable", "unverified"};
  static_assert(std::size(kNames) == kDimensionCount);
  return NameAt(kNames, static_cast<size_t>(dimension));
}

Verdicts JudgeHistory(const History& history, Es256Verify es256) {
  std::vector<RegisterIndex> registers;
  registers.reserve(history.logs.size());
  for (const HistoryLog& log : history.logs) registers.emplace_back(log);
  return JudgeHistory(history, registers, es256);
}

Verdicts JudgeHistory(const History& history,
                      const std::vector<RegisterIndex>& registers,
                      Es256Verify es256) {
  return HistoryJudge(history, registers, es256).Judge();
}

}  // namespace vidimus
