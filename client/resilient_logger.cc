#include "client/resilient_logger.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "proto/json_value.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "proto/text.h"

namespace vidimus {
namespace {

constexpr uint64_t kMsPerDay = 86400000;

absl::Status JudgeRule(const v1::Rule& rule, int number) {
  if (rule.skip()) return absl::OkStatus();
  const char* missing = nullptr;
  if (rule.purpose().empty()) missing = "purpose";
  if (rule.legal_basis_size() == 0) missing = "legal_basis";
  if (rule.data_category_size() == 0) missing = "data_category";
  for (const v1::LegalBasis& basis : rule.legal_basis()) {
    if (basis.basis().empty()) missing = "legal_basis.basis";
  }
  if (missing == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("rule ", number, " lacks ", missing));
}

// Two digits at `at`.
bool TwoDigits(absl::string_view text, size_t at, int* number) {
  if (at + 2 > text.size() || !absl::ascii_isdigit(text[at]) ||
      !absl::ascii_isdigit(text[at + 1])) {
    return false;
  }
  *number = (text[at] - '0') * 10 + (text[at + 1] - '0');
  return true;
}

template <typename Paths>
absl::string_view FirstText(const Json& document, const Paths& paths) {
  for (const auto& path : paths) {
    const absl::string_view text = Json::TextOf(document.At(path));
    if (!text.empty()) return text;
  }
  return {};
}

bool Contains(const google::protobuf::RepeatedPtrField<std::string>& list,
              absl::string_view text) {
  for (const std::string& one : list) {
    if (absl::EqualsIgnoreCase(one, text)) return true;
  }
  return false;
}

// A UUID in its one spelling.
absl::StatusOr<std::string> CanonicalUuid(absl::string_view text) {
  if (text.size() != 36) {
    return absl::InvalidArgumentError("the subject is not a UUID");
  }
  std::string uuid = absl::AsciiStrToLower(text);
  for (size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uuid[i] != '-' : !absl::ascii_isxdigit(uuid[i])) {
      return absl::InvalidArgumentError("the subject is not a UUID");
    }
  }
  return uuid;
}

class ResilientLoggerFormat : public LineFormat {
 public:
  ResilientLoggerFormat(const v1::Mapping& mapping,
                        const AccessContext& context)
      : mapping_(mapping), context_(context) {
    v1::ActorPaths& actor = *mapping_.mutable_actor();
    const auto fallback =
        [](google::protobuf::RepeatedPtrField<std::string>* paths,
           std::initializer_list<const char*> names) {
          if (!paths->empty()) return;
          for (const char* name : names) {
            *paths->Add() = absl::StrCat("audit_event.actor.", name);
          }
        };
    fallback(actor.mutable_id(), {"uuid", "user_id", "id", "value"});
    fallback(actor.mutable_role(), {"role"});
    fallback(actor.mutable_client_id(), {"client_id"});
    fallback(actor.mutable_service(), {"service"});
    fallback(actor.mutable_ip(), {"ip_address"});
  }

  absl::StatusOr<Draft> Read(absl::string_view line) const override {
    ASSIGN_OR_RETURN(const Json document, ParseJson(line));
    const Json* event = document.Find("audit_event");
    if (event == nullptr || event->kind != Json::Kind::kObject) {
      return absl::InvalidArgumentError("no object \"audit_event\"");
    }
    const v1::Rule* rule = RuleFor(*event);
    if (rule == nullptr) {
      return absl::InvalidArgumentError(
          "no rule of the mapping matches origin, operation and target");
    }
    if (rule->skip()) return absl::CancelledError("left out by the mapping");

    Draft draft;
    draft.id = EntryIdOf(context_.id_key, CanonicalJson(document));
    v1::Record record;
    v1::AccessRecord& access = *record.mutable_access();
    access.set_entry_id(draft.id.data(), draft.id.size());
    RETURN_IF_ERROR(FillFromDocument(document, *event, &access));
    RETURN_IF_ERROR(FillFromRule(*event, *rule, &access));
    v1::Actor actor;
    FillActor(document, &actor);
    draft.record = record.SerializeAsString();
    draft.actor = actor.SerializeAsString();
    return draft;
  }

 private:
  const v1::Rule* RuleFor(const Json& event) const {
    const absl::string_view origin = Json::TextOf(event.Find("origin"));
    const absl::string_view operation = Json::TextOf(event.Find("operation"));
    const absl::string_view type = Json::TextOf(event.At("target.type"));
    const absl::string_view model = Json::TextOf(event.At("target.model"));
    for (const v1::Rule& rule : mapping_.rule()) {
      if (rule.has_origin() && rule.origin() != origin) continue;
      if (rule.operation_size() > 0 && !Contains(rule.operation(), operation)) {
        continue;
      }
      if (rule.target_type_size() > 0 && !Contains(rule.target_type(), type) &&
          !Contains(rule.target_type(), model)) {
        continue;
      }
      return &rule;
    }
    return nullptr;
  }

  absl::Status FillFromDocument(const Json& document, const Json& event,
                                v1::AccessRecord* access) const {
    const absl::string_view time = Json::TextOf(event.Find("date_time"));
    ASSIGN_OR_RETURN(
        const uint64_t occurred_at_ms,
        ParseIsoTimeMs(time.empty() ? Json::TextOf(document.Find("@timestamp"))
                                    : time));
    access->set_occurred_at_ms(occurred_at_ms);
    Set(Json::TextOf(event.Find("origin")),
        [&](std::string text) { access->set_source_origin(std::move(text)); });
    Set(Json::TextOf(event.Find("environment")),
        [&](std::string text) { access->set_environment(std::move(text)); });
    Set(FirstText(document, mapping_.actor().role()),
        [&](std::string text) { access->set_actor_role(std::move(text)); });

    const absl::string_view subject =
        FirstText(document, mapping_.subject().path());
    if (subject.empty()) {
      return absl::InvalidArgumentError(
          "none of the mapping's paths leads to a subject");
    }
    std::string id(subject);
    if (mapping_.subject().form() == v1::SubjectRule::UUID) {
      ASSIGN_OR_RETURN(id, CanonicalUuid(subject));
    }
    access->set_subject(
        std::string(1, static_cast<char>(mapping_.subject().scheme())) + id);
    access->set_administration(context_.administration);

    // What was read or changed, by name alone: the values stay where they are.
    for (const char* path :
         {"extra.changes", "extra.fields", "target.fields"}) {
      const Json* fields = event.At(path);
      if (fields == nullptr) continue;
      for (const auto& member : fields->members) {
        access->add_field(member.first);
      }
      for (const Json& item : fields->items) {
        if (item.kind == Json::Kind::kString) access->add_field(item.text);
      }
      break;
    }
    uint64_t count = 0;
    if (absl::SimpleAtoi(Json::TextOf(event.At("extra.record_count")),
                         &count)) {
      access->set_record_count(count);
    }
    Set(Json::TextOf(event.At("extra.case_ref")),
        [&](std::string text) { access->set_case_ref(std::move(text)); });
    Set(Json::TextOf(event.At("extra.request_id")),
        [&](std::string text) { access->set_request_id(std::move(text)); });
    absl::string_view status = Json::TextOf(event.At("extra.status"));
    if (status.empty()) status = Json::TextOf(event.Find("message"));
    if (absl::EqualsIgnoreCase(status, "SUCCESS")) {
      access->set_outcome(v1::SUCCESS);
    } else if (absl::EqualsIgnoreCase(status, "FORBIDDEN") ||
               absl::EqualsIgnoreCase(status, "DENIED")) {
      access->set_outcome(v1::DENIED);
    }
    access->mutable_as_of()->set_origin(context_.origin);
    access->mutable_as_of()->set_size(context_.head_size());
    return absl::OkStatus();
  }

  absl::Status FillFromRule(const Json& event, const v1::Rule& rule,
                            v1::AccessRecord* access) const {
    if (mapping_.has_controller_id()) {
      access->set_controller_id(mapping_.controller_id());
    }
    if (mapping_.has_unit_code()) access->set_unit_code(mapping_.unit_code());
    if (mapping_.has_unit_name()) access->set_unit_name(mapping_.unit_name());
    if (rule.has_record_operation()) {
      access->set_operation(rule.record_operation());
    } else {
      v1::Operation operation = v1::OPERATION_UNSPECIFIED;
      const std::string name =
          absl::AsciiStrToUpper(Json::TextOf(event.Find("operation")));
      if (!v1::Operation_Parse(name, &operation) ||
          operation == v1::OPERATION_UNSPECIFIED) {
        return absl::InvalidArgumentError(
            "the operation is none that a record knows; the rule must say "
            "record_operation");
      }
      access->set_operation(operation);
    }
    if (rule.has_actor_kind()) access->set_actor_kind(rule.actor_kind());
    access->set_purpose(rule.purpose());
    if (rule.has_purpose_number()) {
      access->set_purpose_number(rule.purpose_number());
    }
    *access->mutable_reason_text() = rule.reason_text();
    *access->mutable_legal_basis() = rule.legal_basis();
    *access->mutable_data_category() = rule.data_category();
    if (rule.has_special_category()) {
      access->set_special_category(rule.special_category());
    }
    *access->mutable_processing() = rule.processing();
    if (rule.has_catalogue_version()) {
      access->set_catalogue_version(rule.catalogue_version());
    }
    if (rule.has_retention_days()) {
      access->set_retention_until_s(
          (access->occurred_at_ms() + rule.retention_days() * kMsPerDay) /
          1000);
    }
    return absl::OkStatus();
  }

  void FillActor(const Json& document, v1::Actor* actor) const {
    const v1::ActorPaths& paths = mapping_.actor();
    Set(FirstText(document, paths.id()),
        [&](std::string text) { actor->set_id(std::move(text)); });
    Set(FirstText(document, paths.client_id()),
        [&](std::string text) { actor->set_client_id(std::move(text)); });
    Set(FirstText(document, paths.service()),
        [&](std::string text) { actor->set_service(std::move(text)); });
    Set(FirstText(document, paths.ip()),
        [&](std::string text) { actor->set_ip(std::move(text)); });
  }

  template <typename Setter>
  static void Set(absl::string_view text, Setter setter) {
    if (!text.empty()) setter(std::string(text));
  }

  v1::Mapping mapping_;
  const AccessContext context_;
};

}  // namespace

absl::StatusOr<v1::Mapping> ParseMapping(absl::string_view textproto) {
  v1::Mapping mapping;
  RETURN_IF_ERROR(
      Annotate(ParseText(std::string(textproto), &mapping), "mapping"));
  if (mapping.controller_id().empty()) {
    return absl::InvalidArgumentError("mapping: controller_id is missing");
  }
  if (mapping.subject().path_size() == 0 || !mapping.subject().has_scheme() ||
      mapping.subject().scheme() > 255 ||
      mapping.subject().form() == v1::SubjectRule::FORM_UNKNOWN) {
    return absl::InvalidArgumentError(
        "mapping: subject needs a scheme (0 to 255), a form and a path");
  }
  for (int i = 0; i < mapping.rule_size(); ++i) {
    RETURN_IF_ERROR(Annotate(JudgeRule(mapping.rule(i), i + 1), "mapping"));
  }
  return mapping;
}

std::unique_ptr<LineFormat> NewResilientLoggerFormat(
    const v1::Mapping& mapping, const AccessContext& context) {
  return NewJudgedFormat(
      std::make_unique<ResilientLoggerFormat>(mapping, context));
}

absl::StatusOr<uint64_t> ParseIsoTimeMs(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError(
      "date_time is not a time such as 2026-11-22T12:34:56.000Z");
  int century = 0, year = 0, month = 0, day = 0, hour = 0, minute = 0,
      second = 0;
  if (text.size() < 20 || !TwoDigits(text, 0, &century) ||
      !TwoDigits(text, 2, &year) || text[4] != '-' ||
      !TwoDigits(text, 5, &month) || text[7] != '-' ||
      !TwoDigits(text, 8, &day) || (text[10] != 'T' && text[10] != ' ') ||
      !TwoDigits(text, 11, &hour) || text[13] != ':' ||
      !TwoDigits(text, 14, &minute) || text[16] != ':' ||
      !TwoDigits(text, 17, &second)) {
    return wrong;
  }
  const absl::CivilSecond civil(century * 100 + year, month, day, hour, minute,
                                second);
  // CivilSecond carries what is too large; a time that changed was none.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return wrong;
  }
  text.remove_prefix(19);
  int64_t fraction_ms = 0;
  if (text[0] == '.') {
    text.remove_prefix(1);
    int64_t weight = 100;
    size_t digits = 0;
    while (digits < text.size() && absl::ascii_isdigit(text[digits])) {
      fraction_ms += (text[digits] - '0') * weight;
      weight /= 10;
      ++digits;
    }
    if (digits == 0) return wrong;
    text.remove_prefix(digits);
  }
  int64_t offset_s = 0;
  if (text != "Z") {
    int hours = 0, minutes = 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') ||
        !TwoDigits(text, 1, &hours) || text[3] != ':' ||
        !TwoDigits(text, 4, &minutes) || hours > 23 || minutes > 59) {
      return wrong;
    }
    offset_s = (hours * 60 + minutes) * 60;
    if (text[0] == '-') offset_s = -offset_s;
  }
  const int64_t seconds =
      absl::ToUnixSeconds(absl::FromCivil(civil, absl::UTCTimeZone())) -
      offset_s;
  if (seconds < 0) return wrong;
  return static_cast<uint64_t>(seconds * 1000 + fraction_ms);
}

}  // namespace vidimus
