#include "client/timeline.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/chain_report.h"
#include "client/terminal.h"
#include "proto/json_value.h"
#include "proto/record.pb.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/proven_register.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// Values of proto/record.proto.
constexpr uint32_t kHumanKind = 1;
constexpr uint32_t kRobotKind = 2;
constexpr uint32_t kAiAssistedKind = 3;
constexpr uint32_t kAiAutonomousKind = 4;
constexpr size_t kFingerprintDigits = 16;
constexpr uint64_t kTimeMax = uint64_t{1} << 40;

std::string Utc(uint64_t time_s, const char* format) {
  const auto seconds =
      static_cast<std::time_t>(time_s < kTimeMax ? time_s : uint64_t{0});
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), format, &utc);
  return text;
}

std::vector<std::string> Strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

std::string InLanguage(const std::vector<LocalizedText>& texts,
                       Language language) {
  const std::string_view wanted = LanguageCode(language);
  const LocalizedText* best = texts.empty() ? nullptr : &texts[0];
  for (const LocalizedText& text : texts) {
    if (text.language == wanted) return std::string(text.text);
    if (text.language == "en") best = &text;
  }
  return best == nullptr ? "" : std::string(best->text);
}

// What the register calls things: of each document the newest version.
class Names {
 public:
  Names(const ChainsReport& report, Language language)
      : report_(report), language_(language) {
    for (const ProvenDocument& document : report.proven_register.documents) {
      Take(document);
    }
  }

  std::string AdministrationName(uint32_t number) const {
    if (number == kSelf) return Say(language_, Phrase::kOwnChain);
    const Administration* registered = report_.Registered(number);
    return registered == nullptr ? absl::StrCat(number)
                                 : InLanguage(registered->names, language_);
  }
  std::string PurposeName(const std::string& term) const {
    return Find(purposes_, term);
  }
  std::string CategoryName(const std::string& term) const {
    return Find(categories_, term);
  }
  std::string ServiceName(uint32_t number) const {
    const auto found = services_.find(number);
    return found == services_.end() ? "" : found->second;
  }

  struct Law {
    std::string name, citation;
  };
  const Law* FindLaw(uint32_t number) const {
    const auto found = laws_.find(number);
    return found == laws_.end() ? nullptr : &found->second;
  }
  struct Model {
    uint32_t number = 0;
    std::string name, address;
  };
  const Model* FindModel(const std::string& id) const {
    const auto found = models_.find(id);
    return found == models_.end() ? nullptr : &found->second;
  }

 private:
  static std::string Find(const std::map<std::string, std::string>& names,
                          const std::string& term) {
    const auto found = names.find(term);
    return found == names.end() || found->second.empty() ? term : found->second;
  }

  // Documents come as they stand in the log, so the newest is taken last.
  void Take(const ProvenDocument& document) {
    switch (document.id.type) {
      case RegisterType::kPurpose: {
        Purpose purpose;
        if (ParsePurpose(document.message, &purpose, nullptr) != Finding::kOk) {
          return;
        }
        purposes_[std::string(purpose.term)] =
            InLanguage(purpose.names, language_);
        return;
      }
      case RegisterType::kCategory: {
        Category category;
        if (ParseCategory(document.message, &category, nullptr) !=
            Finding::kOk) {
          return;
        }
        categories_[std::string(category.term)] =
            InLanguage(category.names, language_);
        return;
      }
      case RegisterType::kProvision: {
        Provision provision;
        if (ParseProvision(document.message, &provision, nullptr) !=
            Finding::kOk) {
          return;
        }
        laws_[document.id.number] = {InLanguage(provision.names, language_),
                                     std::string(provision.citation)};
        return;
      }
      case RegisterType::kAiSystem: {
        AiSystem system;
        if (ParseAiSystem(document.message, &system, nullptr) != Finding::kOk) {
          return;
        }
        models_[std::string(system.id)] = {document.id.number,
                                           InLanguage(system.names, language_),
                                           std::string(system.address)};
        return;
      }
      case RegisterType::kIdentityService: {
        IdentityService service;
        if (ParseIdentityService(document.message, &service, nullptr) !=
            Finding::kOk) {
          return;
        }
        services_[document.id.number] = InLanguage(service.names, language_);
        return;
      }
      default:
        return;
    }
  }

  const ChainsReport& report_;
  const Language language_;
  std::map<std::string, std::string> purposes_, categories_;
  std::map<uint32_t, Law> laws_;
  std::map<std::string, Model> models_;
  std::map<uint32_t, std::string> services_;
};

// --- From what was judged ----------------------------------------------------

class Maker {
 public:
  Maker(const ChainsReport& report, Language language,
        const std::optional<std::vector<std::string>>& known)
      : report_(report),
        names_(report, language),
        language_(language),
        known_(known) {}

  Timeline Make(const std::vector<JudgedChain>& judged) {
    timeline_.origin = report_.checkpoint.origin;
    timeline_.size = report_.checkpoint.head.size;
    timeline_.seal_time_s = report_.seal_time_s;
    timeline_.complete = report_.Complete();
    timeline_.vouched = report_.monitors > 0;
    timeline_.content_findings = report_.ContentFindings();
    for (const ChainReport& chain : report_.chains) {
      const JudgedChain* verdicts = nullptr;
      for (const JudgedChain& one : judged) {
        if (one.administration == chain.administration) verdicts = &one;
      }
      AddChain(chain, verdicts);
    }
    for (auto& [public_key, key] : keys_) {
      timeline_.keys.push_back(std::move(key));
    }
    std::stable_sort(timeline_.accesses.begin(), timeline_.accesses.end(),
                     [](const TimelineAccess& a, const TimelineAccess& b) {
                       return a.time_s < b.time_s;
                     });
    std::stable_sort(
        timeline_.statements.begin(), timeline_.statements.end(),
        [](const TimelineStatement& a, const TimelineStatement& b) {
          return a.time_s < b.time_s;
        });
    return std::move(timeline_);
  }

 private:
  void AddChain(const ChainReport& chain, const JudgedChain* judged) {
    const bool has_verdicts =
        judged != nullptr && judged->gap.finding == Finding::kOk;
    for (uint64_t i = 0; i < chain.entries.size(); ++i) {
      const EntryReport& entry = chain.entries[i];
      const bool open = entry.opened.content == Content::kOpen;
      const RecordContent kind =
          ContentOf({entry.record.data(), entry.record.size()});
      if (open && (kind == RecordContent::kStatement ||
                   kind == RecordContent::kNotice)) {
        continue;
      }
      TimelineAccess access = Describe(chain.administration, i, entry);
      if (has_verdicts) {
        access.seal_time_s = judged->history.logs[0].entries[i].seal_time_s;
        for (const Verdict& verdict : judged->verdicts.verdicts) {
          if (verdict.entry == i) access.verdict = verdict;
        }
      }
      if (!access.verdict.has_value()) {
        access.no_verdict = FindingSentence(has_verdicts || judged == nullptr
                                                ? entry.opened.finding
                                                : judged->gap.finding);
      }
      if (access.time_s == 0) access.time_s = access.seal_time_s;
      Count(access);
      timeline_.accesses.push_back(std::move(access));
    }
    if (has_verdicts) AddStatements(chain.administration, *judged);
    const Administration* registered = report_.Registered(chain.administration);
    if (registered == nullptr) return;
    for (const SourceSystem& system : registered->source_systems) {
      if (system.connected) continue;
      const std::string name = InLanguage(system.names, language_);
      timeline_.not_connected.emplace_back(
          names_.AdministrationName(chain.administration),
          name.empty() ? std::string(system.id) : name);
    }
  }

  TimelineAccess Describe(uint32_t administration, uint64_t i,
                          const EntryReport& entry) const {
    TimelineAccess access;
    access.administration = administration;
    access.administration_name = names_.AdministrationName(administration);
    access.entry = i;
    access.leaf_index = entry.leaf_index;
    access.content = entry.opened.content;
    if (entry.opened.content != Content::kOpen ||
        entry.opened.kind != RecordContent::kAccess) {
      return access;
    }
    const AccessRecord& said = entry.opened.access;
    access.readable = true;
    access.occurred_at_ms = said.occurred_at_ms;
    access.time_s = said.occurred_at_ms / 1000;
    access.as_of_size = said.as_of_size;
    access.operation = said.operation;
    access.actor_kind = said.actor_kind;
    access.actor = std::string(entry.opened.actor.id);
    access.purpose = std::string(said.purpose);
    access.purpose_name = names_.PurposeName(access.purpose);
    access.recipient = std::string(said.recipient_id);
    access.source_system = std::string(said.source_origin);
    access.ai_system_id = std::string(said.ai_system_id);
    if (const Names::Model* model = names_.FindModel(access.ai_system_id)) {
      access.ai_system_number = model->number;
      access.ai_system_name = model->name;
      access.ai_system_address = model->address;
    }
    access.categories = Strings(said.data_categories);
    for (const std::string& category : access.categories) {
      access.category_names.push_back(names_.CategoryName(category));
    }
    for (const LegalBasis& cited : said.legal_bases) {
      TimelineAccess::Basis basis;
      basis.basis = std::string(cited.basis);
      basis.citation = std::string(cited.citation);
      basis.provision = cited.provision;
      basis.consent = KindOfBasis(cited.basis) == BasisKind::kConsent;
      access.cites_law |= KindOfBasis(cited.basis) == BasisKind::kLaw;
      if (cited.provision.has_value()) {
        if (const Names::Law* law = names_.FindLaw(*cited.provision)) {
          basis.name = law->name;
          if (basis.citation.empty()) basis.citation = law->citation;
        }
      }
      access.bases.push_back(std::move(basis));
    }
    // Rows that no verdict asks for; the bytes were judged already.
    v1::Record record;
    if (record.ParseFromArray(entry.record.data(),
                              static_cast<int>(entry.record.size()))) {
      const v1::AccessRecord& rest = record.access();
      access.unit =
          rest.unit_name().empty() ? rest.unit_code() : rest.unit_name();
      access.emergency = rest.emergency();
      for (const v1::LocalizedText& text : rest.reason_text()) {
        if (access.reason.empty() ||
            text.language() == LanguageCode(language_)) {
          access.reason = text.text();
        }
      }
    }
    return access;
  }

  void Count(const TimelineAccess& access) {
    if (access.emergency) ++timeline_.emergencies;
    if (!access.verdict.has_value()) {
      ++timeline_.without_verdict;
      ++timeline_.not_fine;
      return;
    }
    const Verdict& verdict = *access.verdict;
    ++timeline_.headlines[verdict.headline];
    if (!verdict.Fine()) ++timeline_.not_fine;
    if (verdict.content != Content::kOpen) return;
    if (verdict.law == Law::kCovered && verdict.wish == Wish::kAgainst) {
      ++timeline_.lawful_unwanted;
    }
    if (verdict.law == Law::kNotCovered && verdict.wish == Wish::kGranted &&
        access.cites_law) {
      ++timeline_.wanted_unlawful;
    }
  }

  void AddStatements(uint32_t administration, const JudgedChain& judged) {
    std::map<std::string_view, std::string_view> key_of;  // id -> public key
    for (const StandingStatement& standing : judged.verdicts.statements) {
      const Statement& statement = standing.statement;
      TimelineStatement& told = timeline_.statements.emplace_back();
      told.administration = administration;
      told.entry = standing.entry;
      told.time_s = standing.seal_time_s;
      told.event = statement.event;
      told.finding = standing.finding;
      told.restrains = standing.restrains;
      told.delegated = standing.delegated;
      told.purposes = Strings(statement.scope.purposes);
      told.categories = Strings(statement.scope.data_categories);

      if (statement.event == StatementEvent::kKeyRevocation) {
        const auto found = key_of.find(statement.revoked);
        if (found != key_of.end() && standing.finding == Finding::kOk) {
          keys_[std::string(found->second)].revoked = true;
        }
        continue;
      }
      if (statement.event != StatementEvent::kKeyAdd &&
          statement.event != StatementEvent::kRecovery &&
          statement.event != StatementEvent::kDelegation) {
        continue;
      }
      key_of[statement.statement_id] = statement.public_key;
      TimelineKey& key = keys_[std::string(statement.public_key)];
      key.fingerprint = FingerprintOf(
          {statement.public_key.data(), statement.public_key.size()});
      key.administrations.push_back(administration);
      key.counts |= standing.finding == Finding::kOk;
      if (statement.identity_service.has_value()) {
        key.identity_service = statement.identity_service;
        key.identity_service_name =
            names_.ServiceName(*statement.identity_service);
      } else {
        const auto by = key_of.find(statement.key_id);
        key.by_key =
            by == key_of.end()
                ? "?"
                : FingerprintOf({by->second.data(), by->second.size()});
      }
      if (known_.has_value()) {
        key.known = std::find(known_->begin(), known_->end(),
                              key.fingerprint) != known_->end();
      }
    }
  }

  const ChainsReport& report_;
  const Names names_;
  const Language language_;
  const std::optional<std::vector<std::string>>& known_;
  Timeline timeline_;
  std::map<std::string, TimelineKey> keys_;  // by public key
};

// --- For people --------------------------------------------------------------

enum class Colour { kRed, kYellow, kGreen };

class Printer {
 public:
  Printer(const Timeline& timeline, Language language,
          const TimelineFilter& filter, bool colour)
      : timeline_(timeline),
        language_(language),
        filter_(filter),
        colour_(colour) {}

  std::string Print() {
    // Before all else: who else can speak in this name.
    for (const TimelineKey& key : timeline_.keys) {
      if (key.known.has_value() && !*key.known && !key.revoked) {
        Line(Paint(Colour::kRed, Tell(Phrase::kUnknownKey,
                                      {key.fingerprint, WhoseKey(key)})));
      }
    }
    AddHeadline();
    AddCounts();
    AddDays();
    AddKeys();
    AddNotConnected();
    return std::move(text_);
  }

 private:
  std::string Tell(Phrase phrase,
                   const std::vector<std::string>& values = {}) const {
    return Say(language_, phrase, values);
  }

  std::string Paint(Colour colour, const std::string& text) const {
    if (!colour_) return text;
    const char* code = colour == Colour::kRed      ? "31;1"
                       : colour == Colour::kYellow ? "33"
                                                   : "32";
    return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
  }

  void Line(absl::string_view text) { absl::StrAppend(&text_, text, "\n"); }

  void AddHeadline() {
    const uint64_t all = timeline_.accesses.size();
    std::string headline;
    if (all == 0) {
      headline = Tell(Phrase::kNoAccess);
    } else if (timeline_.not_fine == 0) {
      headline = Paint(Colour::kGreen, Tell(Phrase::kAllFine, {Grouped(all)}));
    } else {
      std::vector<std::string> parts;
      for (const auto& [name, count] : timeline_.headlines) {
        if (name >= Headline::kUnderConsent) continue;
        parts.push_back(
            absl::StrCat(SayHeadline(language_, name), " ", Grouped(count)));
      }
      if (timeline_.without_verdict > 0) {
        parts.push_back(
            Tell(Phrase::kNoVerdict, {Grouped(timeline_.without_verdict)}));
      }
      headline = Paint(
          Colour::kRed,
          Tell(Phrase::kNotAllFine, {Grouped(timeline_.not_fine), Grouped(all),
                                     absl::StrJoin(parts, ", ")}));
    }
    const Phrase completeness = !timeline_.complete ? Phrase::kNotAllChecked
                                : timeline_.content_findings > 0
                                    ? Phrase::kSomethingWrong
                                : timeline_.vouched ? Phrase::kNoneMissing
                                                    : Phrase::kNobodyVouches;
    Line(absl::StrCat(headline, " ", Tell(completeness)));
    Line(absl::StrCat(
        "  ", Tell(Phrase::kHeadOf,
                   {Printable(timeline_.origin), Grouped(timeline_.size),
                    Utc(timeline_.seal_time_s, "%Y-%m-%d %H:%M")})));
  }

  void AddCounts() {
    if (timeline_.emergencies > 0) {
      Line(Paint(Colour::kRed,
                 Tell(Phrase::kEmergencies, {Grouped(timeline_.emergencies)})));
    }
    if (timeline_.lawful_unwanted > 0) {
      Line(Tell(Phrase::kLawfulUnwanted, {Grouped(timeline_.lawful_unwanted)}));
    }
    if (timeline_.wanted_unlawful > 0) {
      Line(Tell(Phrase::kWantedUnlawful, {Grouped(timeline_.wanted_unlawful)}));
    }
    uint64_t shown = 0;
    for (const TimelineAccess& access : timeline_.accesses) {
      if (Passes(access)) ++shown;
    }
    if (shown != timeline_.accesses.size()) {
      Line(Tell(Phrase::kShownOf,
                {Grouped(shown), Grouped(timeline_.accesses.size())}));
    }
  }

  bool Passes(const TimelineAccess& access) const {
    return filter_.Passes(access.administration, access.time_s, access.verdict);
  }

  // Accesses and what the resident said between them.
  void AddDays() {
    std::string day;
    size_t next = 0;
    const std::vector<TimelineStatement>& said = timeline_.statements;
    const auto turn = [&](uint64_t time_s) {
      const std::string date = Utc(time_s, "%Y-%m-%d");
      if (date == day) return;
      day = date;
      Line(absl::StrCat("\n", day));
    };
    const auto say = [&](const TimelineStatement& statement) {
      if (filter_.headline.has_value() ||
          !filter_.Passes(statement.administration, statement.time_s,
                          std::nullopt)) {
        return;
      }
      turn(statement.time_s);
      AddStatement(statement);
    };
    for (const TimelineAccess& access : timeline_.accesses) {
      while (next < said.size() && Before(said[next], access)) {
        say(said[next++]);
      }
      if (!Passes(access)) continue;
      turn(access.time_s);
      AddAccess(access);
    }
    while (next < said.size()) say(said[next++]);
  }

  // By time; within one second as they stand in the chain.
  static bool Before(const TimelineStatement& statement,
                     const TimelineAccess& access) {
    if (statement.time_s != access.time_s) {
      return statement.time_s < access.time_s;
    }
    return statement.administration != access.administration ||
           statement.entry < access.entry;
  }

  void AddStatement(const TimelineStatement& statement) {
    std::vector<std::string> scope;
    for (const std::string& term : statement.purposes) {
      scope.push_back(Printable(term));
    }
    for (const std::string& term : statement.categories) {
      scope.push_back(Printable(term));
    }
    std::string line = absl::StrCat(
        "  ", Utc(statement.time_s, "%H:%M"), "  ",
        Tell(statement.delegated ? Phrase::kDelegate : Phrase::kYou), " -> ",
        statement.administration == kSelf
            ? Tell(Phrase::kOwnChain)
            : absl::StrCat(statement.administration),
        ": ", SayEvent(language_, statement.event));
    if (!scope.empty()) {
      absl::StrAppend(&line, " (", absl::StrJoin(scope, ", "), ")");
    }
    if (statement.finding != Finding::kOk && !statement.restrains) {
      absl::StrAppend(
          &line, "  ",
          Paint(Colour::kYellow, Tell(Phrase::kStatementDoesNotCount,
                                      {FindingSentence(statement.finding)})));
    }
    Line(line);
  }

  std::string VerdictText(const TimelineAccess& access) const {
    if (!access.verdict.has_value()) {
      return Paint(Colour::kYellow,
                   Tell(Phrase::kNoVerdict, {access.no_verdict}));
    }
    const Verdict& verdict = *access.verdict;
    std::string text = SayHeadline(language_, verdict.headline);
    if (verdict.failed != Dimension::kNone) {
      absl::StrAppend(&text, ": ", SayDimension(language_, verdict.failed));
    }
    const bool grave = verdict.headline == Headline::kForged ||
                       verdict.headline == Headline::kMissing ||
                       verdict.headline == Headline::kViolation;
    return Paint(verdict.Fine() ? Colour::kGreen
                 : grave        ? Colour::kRed
                                : Colour::kYellow,
                 text);
  }

  const char* Operation(uint32_t operation) const {
    constexpr Phrase kOperations[] = {Phrase::kUsed,    Phrase::kRead,
                                      Phrase::kCreated, Phrase::kUpdated,
                                      Phrase::kDeleted, Phrase::kExecuted};
    return PhraseText(language_, kOperations[operation < 6 ? operation : 0]);
  }

  std::string Who(const TimelineAccess& access) const {
    std::string who;
    switch (access.actor_kind) {
      case kHumanKind:
        who = Tell(Phrase::kHuman);
        break;
      case kRobotKind:
        who = Tell(Phrase::kRobot);
        break;
      case kAiAssistedKind:
        who = Tell(Phrase::kAiAssisted);
        break;
      case kAiAutonomousKind:
        who = Tell(Phrase::kAiAutonomous);
        break;
      default:
        who = Tell(Phrase::kUnknownActor);
    }
    if (!access.actor.empty()) {
      absl::StrAppend(&who, " (", Printable(access.actor), ")");
    }
    if (access.ai_system_number.has_value()) {
      absl::StrAppend(
          &who, "; ",
          Tell(Phrase::kAiRegistered, {absl::StrCat(*access.ai_system_number),
                                       Printable(access.ai_system_name)}));
      if (!access.ai_system_address.empty()) {
        absl::StrAppend(&who, ", ", Printable(access.ai_system_address));
      }
    } else if (!access.ai_system_id.empty()) {
      absl::StrAppend(
          &who, "; ",
          Tell(Phrase::kAiNotRegistered, {Printable(access.ai_system_id)}));
    }
    return who;
  }

  std::string BasisText(const TimelineAccess& access) const {
    std::vector<std::string> bases;
    for (const TimelineAccess::Basis& basis : access.bases) {
      if (basis.consent) {
        bases.push_back(Tell(Phrase::kBasisConsent, {Printable(basis.basis)}));
        continue;
      }
      const std::string name = basis.name.empty() ? basis.citation : basis.name;
      std::string where = basis.basis;
      if (!basis.citation.empty() && basis.citation != name) {
        where = absl::StrCat(basis.citation, "; ", where);
      }
      bases.push_back(name.empty() ? Printable(basis.basis)
                                   : Tell(Phrase::kBasisLaw,
                                          {Printable(name), Printable(where)}));
    }
    return absl::StrJoin(bases, "; ");
  }

  void AddAccess(const TimelineAccess& access) {
    std::string head = absl::StrCat("  ", Utc(access.time_s, "%H:%M"), "  ",
                                    Printable(access.administration_name));
    if (!access.unit.empty()) {
      absl::StrAppend(&head, ", ",
                      Tell(Phrase::kUnit, {Printable(access.unit)}));
    }
    Line(absl::StrCat(head, "  [", VerdictText(access), "]  ",
                      access.administration, "/", access.entry));
    const auto under = [&](const std::string& text) {
      Line(absl::StrCat("         ", text));
    };
    if (access.emergency) {
      under(Paint(Colour::kRed, Tell(Phrase::kEmergency)));
    }
    if (!access.readable) {
      under(Tell(access.content == Content::kOpen ? Phrase::kUnreadable
                                                  : Phrase::kNotShown));
      return;
    }
    std::vector<std::string> categories;
    for (const std::string& name : access.category_names) {
      categories.push_back(Printable(name));
    }
    under(absl::StrCat(Operation(access.operation), ": ",
                       absl::StrJoin(categories, ", ")));
    under(Tell(Phrase::kFor, {Printable(access.purpose_name)}));
    if (!access.reason.empty()) {
      under(Tell(Phrase::kWhy, {Printable(access.reason)}));
    }
    if (!access.recipient.empty()) {
      under(Tell(Phrase::kRecipient, {Printable(access.recipient)}));
    }
    under(Tell(Phrase::kBasis, {BasisText(access)}));
    under(Tell(Phrase::kWho, {Who(access)}));
    if (!access.verdict.has_value() ||
        access.verdict->content != Content::kOpen) {
      return;
    }
    const Verdict& verdict = *access.verdict;
    std::vector<std::string> timing;
    if (verdict.race) timing.push_back(Tell(Phrase::kRace));
    if (verdict.stale) timing.push_back(Tell(Phrase::kStale));
    if (verdict.late) timing.push_back(Tell(Phrase::kLate));
    if (timing.empty()) timing.push_back(Tell(Phrase::kTimingOk));
    under(absl::StrCat(Tell(Phrase::kLaw, {LawText(access, verdict)}), " | ",
                       Tell(Phrase::kWish, {SayWish(language_, verdict.wish)}),
                       " | ",
                       Tell(Phrase::kTiming, {absl::StrJoin(timing, ", ")})));
  }

  // What rests on consent alone asks no law, so that none covers it is no news.
  std::string LawText(const TimelineAccess& access,
                      const Verdict& verdict) const {
    return verdict.law == Law::kNotCovered && !access.cites_law &&
                   verdict.wish == Wish::kGranted
               ? Tell(Phrase::kLawNotCited)
               : SayLaw(language_, verdict.law);
  }

  std::string WhoseKey(const TimelineKey& key) const {
    std::string whose = key.identity_service.has_value()
                            ? Tell(Phrase::kEnrolledByService,
                                   {absl::StrCat(*key.identity_service),
                                    Printable(key.identity_service_name)})
                            : Tell(Phrase::kEnrolledByKey, {key.by_key});
    if (key.known.value_or(false)) {
      whose = absl::StrCat(Tell(Phrase::kKeyOnDevice), ", ", whose);
    }
    if (key.revoked) {
      absl::StrAppend(&whose, ", ", Tell(Phrase::kKeyRevoked));
    } else if (!key.counts) {
      absl::StrAppend(&whose, ", ", Tell(Phrase::kKeyDoesNotCount));
    }
    return whose;
  }

  void AddKeys() {
    if (timeline_.keys.empty()) return;
    Line(absl::StrCat("\n", Tell(Phrase::kKeysHeading)));
    bool compared = false;
    for (const TimelineKey& key : timeline_.keys) {
      compared |= key.known.has_value();
      Line(absl::StrCat(
          "  ", Tell(Phrase::kKnownKey, {key.fingerprint, WhoseKey(key)})));
    }
    if (!compared) {
      Line(absl::StrCat("  ", Tell(Phrase::kComparedWithNone)));
    }
  }

  void AddNotConnected() {
    if (timeline_.not_connected.empty()) return;
    Line(absl::StrCat("\n", Tell(Phrase::kNotConnected)));
    for (const auto& [administration, system] : timeline_.not_connected) {
      Line(absl::StrCat("  ", Printable(administration), ": ",
                        Printable(system)));
    }
  }

  const Timeline& timeline_;
  const Language language_;
  const TimelineFilter& filter_;
  const bool colour_;
  std::string text_;
};

// --- For programs ------------------------------------------------------------

const char* Bool(bool value) { return value ? "true" : "false"; }

std::string JsonList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back(JsonQuote(text));
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

const char* OperationTerm(uint32_t operation) {
  constexpr const char* kTerms[] = {"UNSPECIFIED", "READ",   "CREATE",
                                    "UPDATE",      "DELETE", "EXECUTE"};
  return operation < 6 ? kTerms[operation] : "UNKNOWN";
}

const char* ActorTerm(uint32_t kind) {
  constexpr const char* kTerms[] = {"UNSPECIFIED", "HUMAN", "RPA",
                                    "AI_ASSISTED", "AI_AUTONOMOUS"};
  return kind < 5 ? kTerms[kind] : "UNKNOWN";
}

std::string VerdictJson(const TimelineAccess& access) {
  if (!access.verdict.has_value()) {
    return absl::StrCat("\"verdict\": null, \"no_verdict\": ",
                        JsonQuote(access.no_verdict));
  }
  const Verdict& verdict = *access.verdict;
  const bool open = verdict.content == Content::kOpen;
  const auto name = [&](const char* text) {
    return open ? JsonQuote(text) : std::string("null");
  };
  return absl::StrCat(
      "\"verdict\": {\"content\": ", JsonQuote(ContentName(verdict.content)),
      ", \"law\": ", name(LawName(verdict.law)),
      ", \"wish\": ", name(WishName(verdict.wish)), ", \"timing\": [",
      absl::StrJoin(
          [&] {
            std::vector<std::string> timing;
            if (verdict.race) timing.push_back("\"race\"");
            if (verdict.stale) timing.push_back("\"stale\"");
            if (verdict.late) timing.push_back("\"late\"");
            return timing;
          }(),
          ", "),
      "], \"headline\": ", JsonQuote(HeadlineName(verdict.headline)),
      ", \"failed\": ",
      verdict.failed == Dimension::kNone
          ? "null"
          : JsonQuote(DimensionName(verdict.failed)),
      ", \"fine\": ", Bool(verdict.Fine()), "}");
}

std::string AccessJson(const TimelineAccess& access) {
  std::string json = absl::StrCat(
      "    {\"administration\": ", access.administration,
      ", \"administration_name\": ", JsonQuote(access.administration_name),
      ", \"entry\": ", access.entry, ", \"leaf_index\": ", access.leaf_index,
      ", \"sealed_s\": ",
      access.seal_time_s == 0 ? "null" : absl::StrCat(access.seal_time_s), ", ",
      VerdictJson(access));
  if (access.readable) {
    std::vector<std::string> bases;
    for (const TimelineAccess::Basis& basis : access.bases) {
      bases.push_back(absl::StrCat(
          "{\"basis\": ", JsonQuote(basis.basis), ", \"provision\": ",
          basis.provision.has_value() ? absl::StrCat(*basis.provision) : "null",
          ", \"name\": ", JsonQuote(basis.name),
          ", \"citation\": ", JsonQuote(basis.citation), "}"));
    }
    absl::StrAppend(
        &json, ", \"record\": {\"occurred_at_ms\": ", access.occurred_at_ms,
        ", \"as_of_size\": ", access.as_of_size,
        ", \"operation\": ", JsonQuote(OperationTerm(access.operation)),
        ", \"categories\": ", JsonList(access.categories),
        ", \"category_names\": ", JsonList(access.category_names),
        ", \"purpose\": ", JsonQuote(access.purpose),
        ", \"purpose_name\": ", JsonQuote(access.purpose_name),
        ", \"reason\": ", JsonQuote(access.reason), ", \"legal_bases\": [",
        absl::StrJoin(bases, ", "), "]");
    absl::StrAppend(
        &json, ", \"actor_kind\": ", JsonQuote(ActorTerm(access.actor_kind)),
        ", \"actor\": ", JsonQuote(access.actor),
        ", \"unit\": ", JsonQuote(access.unit),
        ", \"source_system\": ", JsonQuote(access.source_system),
        ", \"ai_system\": ", JsonQuote(access.ai_system_id),
        ", \"ai_register\": ",
        access.ai_system_number.has_value()
            ? absl::StrCat(*access.ai_system_number)
            : "null",
        ", \"recipient\": ", JsonQuote(access.recipient),
        ", \"emergency\": ", Bool(access.emergency), "}");
  } else {
    absl::StrAppend(&json, ", \"record\": null");
  }
  return json + "}";
}

std::string KeyJson(const TimelineKey& key) {
  return absl::StrCat(
      "    {\"fingerprint\": ", JsonQuote(key.fingerprint),
      ", \"identity_service\": ",
      key.identity_service.has_value() ? absl::StrCat(*key.identity_service)
                                       : "null",
      ", \"enrolled_by_key\": ",
      key.by_key.empty() ? "null" : JsonQuote(key.by_key),
      ", \"administrations\": [", absl::StrJoin(key.administrations, ", "),
      "], \"counts\": ", Bool(key.counts), ", \"revoked\": ", Bool(key.revoked),
      ", \"known\": ", key.known.has_value() ? Bool(*key.known) : "null", "}");
}

template <typename Items, typename Format>
std::string Lines(const Items& items, const Format& format) {
  std::vector<std::string> lines;
  for (const auto& item : items) lines.push_back(format(item));
  if (lines.empty()) return "[]";
  return absl::StrCat("[\n", absl::StrJoin(lines, ",\n"), "\n  ]");
}

}  // namespace

bool TimelineFilter::Passes(uint32_t of_administration, uint64_t time_s,
                            const std::optional<Verdict>& verdict) const {
  if (administration.value_or(of_administration) != of_administration) {
    return false;
  }
  if (time_s < since_s) return false;
  return !headline.has_value() ||
         (verdict.has_value() && verdict->headline == *headline);
}

std::string FingerprintOf(absl::string_view public_key) {
  return HexEncode(Bytes(Sha256({public_key.data(), public_key.size()})))
      .substr(0, kFingerprintDigits);
}

Timeline MakeTimeline(const ChainsReport& report,
                      const std::vector<JudgedChain>& judged, Language language,
                      const std::optional<std::vector<std::string>>& known) {
  return Maker(report, language, known).Make(judged);
}

std::string TimelineText(const Timeline& timeline, Language language,
                         const TimelineFilter& filter, bool colour) {
  return Printer(timeline, language, filter, colour).Print();
}

std::string TimelineJson(const Timeline& timeline, Language language,
                         const TimelineFilter& filter) {
  std::vector<std::string> headlines;
  for (int i = 0; i < kHeadlineCount; ++i) {
    const auto headline = static_cast<Headline>(i);
    const auto found = timeline.headlines.find(headline);
    headlines.push_back(
        absl::StrCat(JsonQuote(HeadlineName(headline)), ": ",
                     found == timeline.headlines.end() ? 0 : found->second));
  }
  std::vector<TimelineAccess> shown;
  for (const TimelineAccess& access : timeline.accesses) {
    if (filter.Passes(access.administration, access.time_s, access.verdict)) {
      shown.push_back(access);
    }
  }
  return absl::StrCat(
      "{\n  \"schema\": \"vidimus-timeline/1\",\n  \"language\": ",
      JsonQuote(LanguageCode(language)),
      ",\n  \"log\": {\"origin\": ", JsonQuote(timeline.origin),
      ", \"size\": ", timeline.size, ", \"sealed_s\": ", timeline.seal_time_s,
      ", \"complete\": ", Bool(timeline.complete),
      ", \"vouched\": ", Bool(timeline.vouched),
      "},\n  \"counts\": {\"accesses\": ", timeline.accesses.size(),
      ", \"shown\": ", shown.size(), ", \"not_fine\": ", timeline.not_fine,
      ", \"without_verdict\": ", timeline.without_verdict,
      ", \"lawful_but_unwanted\": ", timeline.lawful_unwanted,
      ", \"wanted_but_unlawful\": ", timeline.wanted_unlawful,
      ", \"emergency\": ", timeline.emergencies, ", \"headlines\": {",
      absl::StrJoin(headlines, ", "),
      "}},\n  \"keys\": ", Lines(timeline.keys, KeyJson),
      ",\n  \"not_connected\": ",
      Lines(timeline.not_connected,
            [](const std::pair<std::string, std::string>& system) {
              return absl::StrCat(
                  "    {\"administration_name\": ", JsonQuote(system.first),
                  ", \"system\": ", JsonQuote(system.second), "}");
            }),
      ",\n  \"accesses\": ", Lines(shown, AccessJson), "\n}\n");
}

std::string CsvField(absl::string_view text) {
  std::string field = "\"";
  if (!text.empty() &&
      std::string("=+-@\t\r\n").find(text[0]) != std::string::npos) {
    field.push_back('\'');
  }
  for (const char c : text) {
    if (c == '"') field.push_back('"');
    field.push_back(c);
  }
  return field + "\"";
}

std::string TimelineCsv(const Timeline& timeline,
                        const TimelineFilter& filter) {
  std::string csv =
      "administration,administration_name,entry,leaf_index,occurred_at_utc,"
      "sealed_utc,headline,failed,content,law,wish,race,stale,late,operation,"
      "categories,purpose,reason,bases,citations,actor_kind,actor,unit,"
      "source_system,ai_system,recipient,emergency\r\n";
  constexpr char kTime[] = "%Y-%m-%dT%H:%M:%SZ";
  for (const TimelineAccess& access : timeline.accesses) {
    if (!filter.Passes(access.administration, access.time_s, access.verdict)) {
      continue;
    }
    std::vector<std::string> bases, citations;
    for (const TimelineAccess::Basis& basis : access.bases) {
      bases.push_back(basis.basis);
      citations.push_back(basis.citation);
    }
    const std::optional<Verdict>& verdict = access.verdict;
    const bool open = verdict.has_value() && verdict->content == Content::kOpen;
    const auto flag = [&](bool value) -> std::string {
      return open ? (value ? "1" : "0") : "";
    };
    const std::vector<std::string> fields = {
        absl::StrCat(access.administration),
        access.administration_name,
        absl::StrCat(access.entry),
        absl::StrCat(access.leaf_index),
        access.readable ? Utc(access.occurred_at_ms / 1000, kTime) : "",
        access.seal_time_s == 0 ? "" : Utc(access.seal_time_s, kTime),
        verdict.has_value() ? HeadlineName(verdict->headline) : "",
        verdict.has_value() && verdict->failed != Dimension::kNone
            ? DimensionName(verdict->failed)
            : "",
        ContentName(verdict.has_value() ? verdict->content : access.content),
        open ? LawName(verdict->law) : "",
        open ? WishName(verdict->wish) : "",
        flag(open && verdict->race),
        flag(open && verdict->stale),
        flag(open && verdict->late),
        access.readable ? OperationTerm(access.operation) : "",
        absl::StrJoin(access.categories, "; "),
        access.purpose,
        access.reason,
        absl::StrJoin(bases, "; "),
        absl::StrJoin(citations, "; "),
        access.readable ? ActorTerm(access.actor_kind) : "",
        access.actor,
        access.unit,
        access.source_system,
        access.ai_system_id,
        access.recipient,
        access.readable ? (access.emergency ? "1" : "0") : ""};
    absl::StrAppend(
        &csv,
        absl::StrJoin(fields, ",",
                      [](std::string* out, const std::string& field) {
                        out->append(CsvField(field));
                      }),
        "\r\n");
  }
  return csv;
}

std::optional<uint64_t> ParseDay(absl::string_view text) {
  const std::string day(text);
  std::tm utc = {};
  const char* end = strptime(day.c_str(), "%Y-%m-%d", &utc);
  if (end == nullptr || *end != '\0' || day.size() != 10) return std::nullopt;
  const std::time_t time_s = timegm(&utc);
  // A day that there is not, such as 2027-02-30, comes back as another.
  if (time_s < 0 || Utc(static_cast<uint64_t>(time_s), "%Y-%m-%d") != day) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(time_s);
}

}  // namespace vidimus
