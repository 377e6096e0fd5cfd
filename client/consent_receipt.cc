#include "client/consent_receipt.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "proto/json_value.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kReceiptSchema[] =
    "https://w3id.org/dpv/schema/dpv-27560#receipt";
constexpr char kRecordSchema[] = "https://w3id.org/dpv/schema/dpv-27560#record";
constexpr absl::string_view kPartyUrn = "urn:vidimus:administration:";
constexpr absl::string_view kSubjectUrn = "urn:vidimus:subject:";
constexpr uint64_t kDayS = 86400;

// --- Out ---------------------------------------------------------------------

Json Text(absl::string_view text) {
  Json value;
  value.kind = Json::Kind::kString;
  value.text = std::string(text);
  return value;
}

Json Object(std::vector<std::pair<std::string, Json>> members) {
  Json value;
  value.kind = Json::Kind::kObject;
  value.members = std::move(members);
  return value;
}

template <typename Items, typename Function>
Json List(const Items& items, Function function) {
  Json value;
  value.kind = Json::Kind::kArray;
  for (const auto& item : items) value.items.push_back(function(item));
  return value;
}

// Two spaces for each step in; our values have strings only.
void Print(const Json& value, const std::string& indent, std::string* out) {
  const std::string inner = indent + "  ";
  if (value.kind == Json::Kind::kObject) {
    absl::StrAppend(out, "{");
    const char* between = "\n";
    for (const auto& [name, member] : value.members) {
      absl::StrAppend(out, between, inner, JsonQuote(name), ": ");
      Print(member, inner, out);
      between = ",\n";
    }
    absl::StrAppend(out, "\n", indent, "}");
  } else if (value.kind == Json::Kind::kArray) {
    absl::StrAppend(out, "[");
    const char* between = "\n";
    for (const Json& item : value.items) {
      absl::StrAppend(out, between, inner);
      Print(item, inner, out);
      between = ",\n";
    }
    absl::StrAppend(out, value.items.empty() ? "" : "\n" + indent, "]");
  } else {
    absl::StrAppend(out, JsonQuote(value.text));
  }
}

std::string Time(uint64_t time_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixSeconds(static_cast<int64_t>(
                              std::min<uint64_t>(time_s, 253402300799))),
                          absl::UTCTimeZone());
}

// A UUID of version 4 of 16 random bytes.
std::string Uuid(absl::string_view random) {
  CHECK_EQ(random.size(), size_t{16});
  std::string id(random);
  id[6] = static_cast<char>((id[6] & 0x0f) | 0x40);
  id[8] = static_cast<char>((id[8] & 0x3f) | 0x80);
  const std::string hex = HexEncode(id);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

std::string Prefixed(absl::string_view prefix, const std::string& term) {
  return absl::StrContains(term, ':') ? term : absl::StrCat(prefix, term);
}

std::string SubjectUrn(const std::string& subject) {
  return absl::StrCat(
      kSubjectUrn,
      static_cast<uint32_t>(static_cast<unsigned char>(subject[0])), ":",
      subject.substr(1));
}

// --- In ----------------------------------------------------------------------

absl::Status Refuse(absl::string_view where, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("receipt: ", where, ": ", why));
}

absl::Status CannotCarry(absl::string_view where) {
  return Refuse(where, "a grant can't carry this");
}

using Members = std::set<std::string>;

absl::Status JudgeMembers(const Json& object, absl::string_view where,
                          const Members& known) {
  if (object.kind != Json::Kind::kObject) {
    return Refuse(where, "not an object");
  }
  for (const auto& [name, member] : object.members) {
    if (known.count(name) == 0) {
      // The name may be anything; it is not repeated beyond what is plain.
      const bool plain =
          name.size() <= 64 &&
          std::all_of(name.begin(), name.end(), [](unsigned char c) {
            return absl::ascii_isalnum(c) || c == ':' || c == '-' || c == '_' ||
                   c == '@';
          });
      return CannotCarry(
          absl::StrCat(where, plain ? "." + name : ", a member"));
    }
  }
  return absl::OkStatus();
}

// A string, or a list of strings.
absl::StatusOr<std::vector<std::string>> Texts(const Json* value,
                                               absl::string_view where) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (value->kind == Json::Kind::kString) {
    texts.push_back(value->text);
  } else if (value->kind == Json::Kind::kArray) {
    for (const Json& item : value->items) {
      if (item.kind != Json::Kind::kString) return CannotCarry(where);
      texts.push_back(item.text);
    }
  } else {
    return CannotCarry(where);
  }
  for (const std::string& text : texts) {
    if (text.empty()) return Refuse(where, "an empty name");
  }
  return texts;
}

// The one object that stands alone, or in a list of one.
absl::StatusOr<const Json*> Single(const Json* value, absl::string_view where) {
  if (value == nullptr) return Refuse(where, "missing");
  if (value->kind == Json::Kind::kArray) {
    if (value->items.size() != 1) {
      return Refuse(where, "a grant carries exactly one");
    }
    value = &value->items[0];
  }
  if (value->kind != Json::Kind::kObject) return CannotCarry(where);
  return value;
}

absl::StatusOr<uint64_t> ReadTime(const Json* value, absl::string_view where) {
  const std::string text(Json::TextOf(value));
  absl::Time time;
  std::string error;
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &error) &&
        absl::ToUnixSeconds(time) >= 0) {
      return static_cast<uint64_t>(absl::ToUnixSeconds(time));
    }
  }
  return Refuse(where, "not a time of ISO 8601");
}

// P1Y2M3W4D in its parts.
struct Period {
  int64_t years = 0, months = 0, days = 0;
};

absl::StatusOr<Period> ReadPeriod(absl::string_view text,
                                  absl::string_view where) {
  Period period;
  if (!absl::ConsumePrefix(&text, "P") || text.empty()) {
    return Refuse(where, "not a duration of ISO 8601 in years to days");
  }
  while (!text.empty()) {
    const size_t end = text.find_first_not_of("0123456789");
    int64_t number = 0;
    if (end == 0 || end == absl::string_view::npos || end > 5 ||
        !absl::SimpleAtoi(text.substr(0, end), &number)) {
      return Refuse(where, "not a duration of ISO 8601 in years to days");
    }
    switch (text[end]) {
      case 'Y':
        period.years += number;
        break;
      case 'M':
        period.months += number;
        break;
      case 'W':
        period.days += 7 * number;
        break;
      case 'D':
        period.days += number;
        break;
      default:
        return Refuse(where, "not a duration of ISO 8601 in years to days");
    }
    text.remove_prefix(end + 1);
  }
  return period;
}

uint64_t AddPeriod(uint64_t from_s, const Period& period) {
  const absl::CivilSecond from = absl::ToCivilSecond(
      absl::FromUnixSeconds(static_cast<int64_t>(from_s)), absl::UTCTimeZone());
  absl::CivilSecond until(from.year() + period.years,
                          from.month() + period.months, from.day(), from.hour(),
                          from.minute(), from.second());
  until += period.days * static_cast<int64_t>(kDayS);
  return static_cast<uint64_t>(std::max<int64_t>(
      0, absl::ToUnixSeconds(absl::FromCivil(until, absl::UTCTimeZone()))));
}

class ReceiptReader {
 public:
  explicit ReceiptReader(const ReceiptRegister& known) : known_(known) {}

  absl::StatusOr<v1::Grant> Read(const Json& root) {
    ASSIGN_OR_RETURN(const Json* record, FindRecord(root));
    RETURN_IF_ERROR(JudgeMembers(*record, "record",
                                 {"@context",
                                  "@id",
                                  "@type",
                                  "dct:identifier",
                                  "dpv:hasIdentifier",
                                  "dct:conformsTo",
                                  "dct:created",
                                  "dct:modified",
                                  "dct:publisher",
                                  "dpv:hasDataSubject",
                                  "dpv:hasDataController",
                                  "dpv:hasJurisdiction",
                                  "dpv:hasApplicableLaw",
                                  "dpv:hasLegalBasis",
                                  "dpv:hasProcess",
                                  "dpv:hasConsentControl",
                                  "dpv:hasRight",
                                  "dpv:hasNotice",
                                  "dpv:hasImpactAssessment",
                                  "dpv:hasConsentStatus",
                                  "vidimus:origin",
                                  "vidimus:record"}));
    if (Json::TextOf(record->Find("@type")) != "dpv:ConsentRecord") {
      return Refuse("record.@type", "not dpv:ConsentRecord");
    }
    RETURN_IF_ERROR(ReadSubject(record->Find("dpv:hasDataSubject")));
    RETURN_IF_ERROR(ReadControllers(record->Find("dpv:hasDataController")));
    RETURN_IF_ERROR(ReadLaw(*record));
    RETURN_IF_ERROR(ReadProcess(record->Find("dpv:hasProcess")));
    RETURN_IF_ERROR(ReadNotice(record->Find("dpv:hasNotice")));
    RETURN_IF_ERROR(ReadStatus(record->Find("dpv:hasConsentStatus")));
    if (grant_.lawful_basis().empty()) {
      return Refuse("record.dpv:hasLegalBasis", "missing");
    }
    grant_.set_assurance(v1::WALLET_KEY);
    return std::move(grant_);
  }

 private:
  // A record, or a receipt with one in it.
  static absl::StatusOr<const Json*> FindRecord(const Json& root) {
    if (root.kind != Json::Kind::kObject) {
      return Refuse("file", "not an object");
    }
    if (Json::TextOf(root.Find("@type")) == "dpv:ConsentRecord") return &root;
    if (Json::TextOf(root.Find("@type")) != "dpv:ConsentReceipt") {
      return Refuse("@type",
                    "neither dpv:ConsentReceipt nor "
                    "dpv:ConsentRecord");
    }
    RETURN_IF_ERROR(JudgeMembers(
        root, "receipt",
        {"@context", "@id", "@type", "dct:identifier", "dpv:hasIdentifier",
         "dct:conformsTo", "dct:created", "dct:issued", "dct:publisher",
         "dct:creator", "dct:audience", "schema:recipient",
         "dpv:hasRecordOfActivity"}));
    return Single(root.Find("dpv:hasRecordOfActivity"),
                  "dpv:hasRecordOfActivity");
  }

  absl::Status ReadSubject(const Json* subject) {
    const absl::string_view id =
        Json::TextOf(subject == nullptr ? nullptr : subject->Find("@id"));
    if (id.empty()) return Refuse("dpv:hasDataSubject.@id", "missing");
    // Other systems have names of their own for people; ours must be right.
    if (absl::StartsWith(id, kSubjectUrn) && id != SubjectUrn(known_.subject)) {
      return Refuse("dpv:hasDataSubject", "somebody else's receipt");
    }
    return absl::OkStatus();
  }

  absl::Status ReadControllers(const Json* value) {
    constexpr absl::string_view kWhere = "dpv:hasDataController";
    if (value == nullptr) return Refuse(kWhere, "missing");
    std::vector<const Json*> parties;
    if (value->kind == Json::Kind::kArray) {
      for (const Json& item : value->items) parties.push_back(&item);
    } else {
      parties.push_back(value);
    }
    std::set<uint32_t> numbers;
    for (const Json* party : parties) {
      ASSIGN_OR_RETURN(const uint32_t number, ReadController(*party, kWhere));
      if (numbers.insert(number).second) grant_.add_administration(number);
    }
    if (numbers.empty()) return Refuse(kWhere, "missing");
    return absl::OkStatus();
  }

  absl::StatusOr<uint32_t> ReadController(const Json& party,
                                          absl::string_view where) {
    std::vector<absl::string_view> ids;
    if (party.kind == Json::Kind::kString) {
      ids.push_back(party.text);
    } else {
      RETURN_IF_ERROR(
          JudgeMembers(party, where,
                       {"@id", "@type", "dct:identifier", "dpv:hasIdentifier",
                        "dpv:hasName", "dpv:hasAddress", "dpv:hasContact"}));
      for (const char* name : {"@id", "dct:identifier", "dpv:hasIdentifier"}) {
        ids.push_back(Json::TextOf(party.Find(name)));
      }
    }
    for (absl::string_view id : ids) {
      if (absl::ConsumePrefix(&id, kPartyUrn)) {
        uint64_t number = 0;
        if (!DecimalDecode({id.data(), id.size()}, &number) ||
            number >= known_.administrations) {
          return Refuse(where, "the log's register has no such administration");
        }
        return static_cast<uint32_t>(number);
      }
    }
    for (const absl::string_view id : ids) {
      const auto [first, last] =
          known_.organisations.equal_range(std::string(id));
      if (id.empty() || first == last) continue;
      if (std::next(first) != last) {
        return Refuse(where,
                      "several administrations of the register are of this "
                      "organisation; which one is not said");
      }
      return first->second;
    }
    return Refuse(where, "the log's register has no such organisation");
  }

  absl::Status ReadBasis(const Json* value, absl::string_view where) {
    ASSIGN_OR_RETURN(const std::vector<std::string> bases, Texts(value, where));
    for (const std::string& basis : bases) {
      std::string name;
      if (basis == "dpv:ExpressedConsent" || basis == "dpv:Consent" ||
          basis == "dpv:InformedConsent" || basis == "eu-gdpr:A6-1-a") {
        name = "A6-1-a";
      } else if (basis == "dpv:ExplicitlyExpressedConsent" ||
                 basis == "eu-gdpr:A6-1-a-explicit-consent") {
        name = "A6-1-a-explicit-consent";
      } else if (basis == "eu-gdpr:A9-2-a") {
        name = "A9-2-a";
      } else {
        return Refuse(where, "a basis that is no consent is nobody's to grant");
      }
      if (!grant_.lawful_basis().empty() && grant_.lawful_basis() != name) {
        return Refuse(where, "a grant carries exactly one");
      }
      grant_.set_lawful_basis(name);
    }
    return absl::OkStatus();
  }

  absl::Status ReadLaw(const Json& record) {
    ASSIGN_OR_RETURN(
        const std::vector<std::string> laws,
        Texts(record.Find("dpv:hasApplicableLaw"), "dpv:hasApplicableLaw"));
    for (const std::string& law : laws) {
      if (law != "eu-gdpr:GDPR") return CannotCarry("dpv:hasApplicableLaw");
    }
    ASSIGN_OR_RETURN(
        const std::vector<std::string> places,
        Texts(record.Find("dpv:hasJurisdiction"), "dpv:hasJurisdiction"));
    if (places.size() > 1) {
      return Refuse("dpv:hasJurisdiction", "a grant carries exactly one");
    }
    for (absl::string_view place : places) {
      absl::ConsumePrefix(&place, "loc:");
      grant_.set_jurisdiction(std::string(place));
    }
    const Json* control = record.Find("dpv:hasConsentControl");
    if (control != nullptr) {
      const absl::string_view method =
          Json::TextOf(control->Find("dpv:isExercisedAt"));
      if (!method.empty()) grant_.set_withdrawal_method(std::string(method));
    }
    return ReadBasis(record.Find("dpv:hasLegalBasis"), "dpv:hasLegalBasis");
  }

  // The register's spelling of a term: as it is, or without the prefix.
  static absl::StatusOr<std::string> Term(const std::string& term,
                                          absl::string_view prefix,
                                          const std::vector<std::string>& known,
                                          absl::string_view where) {
    absl::string_view bare = term;
    absl::ConsumePrefix(&bare, prefix);
    if (known.empty()) return std::string(bare);
    for (const std::string& candidate : {term, std::string(bare)}) {
      if (std::find(known.begin(), known.end(), candidate) != known.end()) {
        return candidate;
      }
    }
    return Refuse(where, "the log's register has no such term");
  }

  absl::Status ReadProcess(const Json* value) {
    constexpr absl::string_view kWhere = "dpv:hasProcess";
    ASSIGN_OR_RETURN(const Json* process, Single(value, kWhere));
    RETURN_IF_ERROR(JudgeMembers(
        *process, kWhere,
        {"@type", "@id", "dpv:hasPurpose", "dpv:hasPersonalData",
         "dpv:hasRecipient", "dpv:hasStorageCondition", "dpv:hasLegalBasis"}));
    RETURN_IF_ERROR(
        ReadBasis(process->Find("dpv:hasLegalBasis"), "dpv:hasLegalBasis"));
    v1::Scope* scope = grant_.mutable_scope();
    ASSIGN_OR_RETURN(const std::vector<std::string> purposes,
                     Texts(process->Find("dpv:hasPurpose"), "dpv:hasPurpose"));
    for (const std::string& purpose : purposes) {
      ASSIGN_OR_RETURN(
          *scope->add_purpose(),
          Term(purpose, "dpv:", known_.purposes, "dpv:hasPurpose"));
    }
    ASSIGN_OR_RETURN(
        const std::vector<std::string> categories,
        Texts(process->Find("dpv:hasPersonalData"), "dpv:hasPersonalData"));
    for (const std::string& category : categories) {
      ASSIGN_OR_RETURN(
          *scope->add_data_category(),
          Term(category, "pd:", known_.categories, "dpv:hasPersonalData"));
    }
    if (purposes.empty()) return Refuse("dpv:hasPurpose", "missing");
    if (categories.empty()) return Refuse("dpv:hasPersonalData", "missing");
    ASSIGN_OR_RETURN(
        const std::vector<std::string> recipients,
        Texts(process->Find("dpv:hasRecipient"), "dpv:hasRecipient"));
    for (const std::string& recipient : recipients) {
      scope->add_recipient(recipient);
    }
    return ReadStorage(process->Find("dpv:hasStorageCondition"));
  }

  absl::Status ReadStorage(const Json* value) {
    constexpr absl::string_view kWhere = "dpv:hasStorageCondition";
    if (value == nullptr) return absl::OkStatus();
    if (value->kind != Json::Kind::kArray) return CannotCarry(kWhere);
    for (const Json& condition : value->items) {
      const absl::string_view type = Json::TextOf(condition.Find("@type"));
      if (type == "dpv:StorageLocation") {
        RETURN_IF_ERROR(
            JudgeMembers(condition, kWhere, {"@type", "dpv:hasLocation"}));
        ASSIGN_OR_RETURN(const std::vector<std::string> places,
                         Texts(condition.Find("dpv:hasLocation"), kWhere));
        if (places.size() != 1 || grant_.has_storage_location()) {
          return Refuse(kWhere, "a grant carries exactly one location");
        }
        grant_.set_storage_location(places[0]);
      } else if (type == "dpv:StorageDuration") {
        RETURN_IF_ERROR(
            JudgeMembers(condition, kWhere, {"@type", "dpv:hasDuration"}));
        ASSIGN_OR_RETURN(
            const Period period,
            ReadPeriod(Json::TextOf(condition.Find("dpv:hasDuration")),
                       kWhere));
        if (period.years != 0 || period.months != 0) {
          return Refuse(kWhere,
                        "years and months are not of one length; say weeks or "
                        "days");
        }
        grant_.set_retention_s(static_cast<uint64_t>(period.days) * kDayS);
      } else {
        return CannotCarry(kWhere);
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadNotice(const Json* notice) {
    if (notice == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(JudgeMembers(*notice, "dpv:hasNotice",
                                 {"@id", "@type", "dct:date", "dct:language",
                                  "dct:coverage", "vidimus:wordsSha256"}));
    const absl::string_view id = Json::TextOf(notice->Find("@id"));
    if (!id.empty()) grant_.set_privacy_notice(std::string(id));
    return absl::OkStatus();
  }

  absl::Status ReadStatus(const Json* value) {
    constexpr absl::string_view kWhere = "dpv:hasConsentStatus";
    if (value == nullptr) return Refuse(kWhere, "missing");
    std::vector<const Json*> events;
    if (value->kind == Json::Kind::kArray) {
      for (const Json& item : value->items) events.push_back(&item);
    } else {
      events.push_back(value);
    }
    bool given = false;
    for (const Json* event : events) {
      RETURN_IF_ERROR(
          JudgeMembers(*event, kWhere,
                       {"@type", "dpv:isIndicatedBy", "dpv:isIndicatedAtTime",
                        "dpv:hasIndicationMethod", "dpv:hasDuration"}));
      ASSIGN_OR_RETURN(const std::vector<std::string> types,
                       Texts(event->Find("@type"), kWhere));
      for (const std::string& type : types) {
        if (type == "dpv:ConsentGiven" || type == "dpv:RenewedConsentGiven") {
          given = true;
        } else if (type == "dpv:ConsentRequested") {
          continue;
        } else if (absl::EndsWith(type, "Consent")) {
          const Json basis = Text(type);
          RETURN_IF_ERROR(ReadBasis(&basis, kWhere));
        } else {
          return Refuse(kWhere,
                        "the receipt says that the consent is not, or no "
                        "longer, given");
        }
      }
      if (!given) continue;
      RETURN_IF_ERROR(ReadDuration(*event));
    }
    if (!given) return Refuse(kWhere, "no consent was given");
    return absl::OkStatus();
  }

  absl::Status ReadDuration(const Json& event) {
    constexpr absl::string_view kWhere = "dpv:hasDuration";
    const Json* duration = event.Find("dpv:hasDuration");
    if (duration == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(JudgeMembers(*duration, kWhere, {"@type", "rdf:value"}));
    const absl::string_view type = Json::TextOf(duration->Find("@type"));
    const absl::string_view value = Json::TextOf(duration->Find("rdf:value"));
    if (type == "dpv:EndlessDuration" ||
        (type == "dpv:UntilEventDuration" && value == "dpv:WithdrawConsent")) {
      return absl::OkStatus();
    }
    if (type == "dpv:UntilTimeDuration") {
      ASSIGN_OR_RETURN(const uint64_t until_s,
                       ReadTime(duration->Find("rdf:value"), kWhere));
      grant_.mutable_scope()->set_valid_until_s(until_s);
      return absl::OkStatus();
    }
    if (type == "dpv:TemporalDuration") {
      ASSIGN_OR_RETURN(const uint64_t from_s,
                       ReadTime(event.Find("dpv:isIndicatedAtTime"),
                                "dpv:isIndicatedAtTime"));
      ASSIGN_OR_RETURN(const Period period, ReadPeriod(value, kWhere));
      grant_.mutable_scope()->set_valid_until_s(AddPeriod(from_s, period));
      return absl::OkStatus();
    }
    return CannotCarry(kWhere);
  }

  const ReceiptRegister& known_;
  v1::Grant grant_;
};

}  // namespace

std::string ConsentReceipt(const v1::Statement& statement,
                           const ReceiptFacts& facts,
                           absl::string_view receipt_id,
                           uint64_t created_at_s) {
  CHECK(statement.has_grant());
  CHECK(!facts.subject.empty());
  const v1::Grant& grant = statement.grant();
  const v1::Scope& scope = grant.scope();
  std::vector<std::pair<std::string, Json>> process = {
      {"@type", Text("dpv:Process")},
      {"dpv:hasPurpose", List(scope.purpose(),
                              [](const std::string& term) {
                                return Text(Prefixed("dpv:", term));
                              })},
      {"dpv:hasPersonalData", List(scope.data_category(),
                                   [](const std::string& term) {
                                     return Text(Prefixed("pd:", term));
                                   })},
      {"dpv:hasRecipient", List(scope.recipient(), Text)}};
  std::vector<Json> storage;
  if (!grant.storage_location().empty()) {
    storage.push_back(
        Object({{"@type", Text("dpv:StorageLocation")},
                {"dpv:hasLocation", Text(grant.storage_location())}}));
  }
  if (grant.has_retention_s()) {
    storage.push_back(
        Object({{"@type", Text("dpv:StorageDuration")},
                {"dpv:hasDuration",
                 Text(absl::StrCat("P", grant.retention_s() / kDayS, "D"))}}));
  }
  process.emplace_back("dpv:hasStorageCondition",
                       List(storage, [](const Json& item) { return item; }));

  std::vector<Json> events;
  events.push_back(
      Object({{"@type", Text("dpv:ConsentGiven")},
              {"dpv:isIndicatedBy", Text("dpv:DataSubject")},
              {"dpv:isIndicatedAtTime", Text(Time(facts.given_at_s))},
              {"dpv:hasDuration",
               scope.has_valid_until_s()
                   ? Object({{"@type", Text("dpv:UntilTimeDuration")},
                             {"rdf:value", Text(Time(scope.valid_until_s()))}})
                   : Object({{"@type", Text("dpv:UntilEventDuration")},
                             {"rdf:value", Text("dpv:WithdrawConsent")}})}}));
  if (facts.withdrawn_at_s.has_value()) {
    events.push_back(
        Object({{"@type", Text("dpv:ConsentWithdrawn")},
                {"dpv:isIndicatedBy", Text("dpv:DataSubject")},
                {"dpv:isIndicatedAtTime", Text(Time(*facts.withdrawn_at_s))}}));
  }

  std::vector<std::pair<std::string, Json>> notice = {
      {"@type", Text("dpv:ConsentNotice")}};
  if (!grant.privacy_notice().empty()) {
    notice.emplace_back("@id", Text(grant.privacy_notice()));
  }
  notice.emplace_back("dct:language", Text(statement.language()));
  notice.emplace_back("vidimus:wordsSha256",
                      Text(HexEncode(statement.words_sha256())));

  const std::string id = HexEncode(statement.statement_id());
  std::vector<std::pair<std::string, Json>> record = {
      {"@id", Text("urn:vidimus:statement:" + id)},
      {"@type", Text("dpv:ConsentRecord")},
      {"dct:identifier", Text(id)},
      {"dct:conformsTo", Text(kRecordSchema)},
      {"dpv:hasDataSubject",
       Object({{"@id", Text(SubjectUrn(facts.subject))}})},
      {"dpv:hasDataController",
       List(facts.parties, [&](const ReceiptParty& party) {
         return Object(
             {{"@id", Text(absl::StrCat(kPartyUrn, party.administration))},
              {"@type", Text("dpv:DataController")},
              {"dct:identifier", Text(party.organisation_id)},
              {"dpv:hasName", Text(party.name)},
              {"dpv:hasAddress",
               Text(absl::StrCat(facts.origin, " (register, administration ",
                                 party.administration, ")"))}});
       })}};
  if (!grant.jurisdiction().empty()) {
    record.emplace_back("dpv:hasJurisdiction",
                        Text("loc:" + grant.jurisdiction()));
  }
  record.emplace_back("dpv:hasApplicableLaw", Text("eu-gdpr:GDPR"));
  record.emplace_back("dpv:hasLegalBasis",
                      Text("eu-gdpr:" + grant.lawful_basis()));
  record.emplace_back("dpv:hasProcess", Object(std::move(process)));
  record.emplace_back("dpv:hasNotice", Object(std::move(notice)));
  record.emplace_back(
      "dpv:hasConsentControl",
      Object({{"@type", Text("dpv:WithdrawConsent")},
              {"dpv:isExercisedAt",
               Text(grant.withdrawal_method().empty()
                        ? absl::StrCat("vidimus consent withdraw ", id)
                        : grant.withdrawal_method())}}));
  record.emplace_back("dpv:hasConsentStatus",
                      List(events, [](const Json& item) { return item; }));
  record.emplace_back("vidimus:origin", Text(facts.origin));
  record.emplace_back("vidimus:record",
                      List(facts.records, [](const std::string& bytes) {
                        return Text(Base64Encode(bytes));
                      }));

  const std::string uuid = Uuid(receipt_id);
  const Json receipt = Object(
      {{"@context",
        Object({{"dct", Text("http://purl.org/dc/terms/")},
                {"dpv", Text("https://w3id.org/dpv#")},
                {"eu-gdpr", Text("https://w3id.org/dpv/legal/eu/gdpr#")},
                {"loc", Text("https://w3id.org/dpv/loc#")},
                {"pd", Text("https://w3id.org/dpv/pd#")},
                {"rdf", Text("http://www.w3.org/1999/02/22-rdf-syntax-ns#")},
                {"vidimus", Text("urn:vidimus:")}})},
       {"@id", Text("urn:uuid:" + uuid)},
       {"@type", Text("dpv:ConsentReceipt")},
       {"dct:conformsTo", Text(kReceiptSchema)},
       {"dpv:hasIdentifier", Text(uuid)},
       {"dct:created", Text(Time(created_at_s))},
       {"dpv:hasRecordOfActivity", Object(std::move(record))}});
  std::string out;
  Print(receipt, "", &out);
  return out + "\n";
}

absl::StatusOr<v1::Grant> GrantOfReceipt(absl::string_view json,
                                         const ReceiptRegister& known) {
  if (json.size() > kReceiptBytesMax) return Refuse("file", "too large");
  absl::StatusOr<Json> root = ParseJson(json);
  RETURN_IF_ERROR(Annotate(root.status(), "receipt"));
  return ReceiptReader(known).Read(*root);
}

}  // namespace vidimus
