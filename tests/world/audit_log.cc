#include "tests/world/audit_log.h"

#include <cstdio>
#include <ctime>
#include <sstream>

namespace vidimus {
namespace {

// "2026-01-02T08:00:05.123Z".
std::string IsoTime(uint64_t time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm civil = {};
  gmtime_r(&seconds, &civil);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday,
                civil.tm_hour, civil.tm_min, civil.tm_sec,
                static_cast<int>(time_ms % 1000));
  return text;
}

// All that the world writes is printable ASCII without quotes.
std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

std::string AuditLog::TargetType(const v1::AccessRecord& access) {
  std::ostringstream rule;
  rule << "  origin: " << Quoted(access.source_origin()) << "\n";
  rule << "  purpose: " << Quoted(access.purpose()) << "\n";
  if (access.has_purpose_number()) {
    rule << "  purpose_number: " << access.purpose_number() << "\n";
  }
  for (const v1::LegalBasis& basis : access.legal_basis()) {
    rule << "  legal_basis { basis: " << Quoted(basis.basis());
    if (basis.has_provision()) rule << " provision: " << basis.provision();
    rule << " }\n";
  }
  for (const std::string& sort : access.data_category()) {
    rule << "  data_category: " << Quoted(sort) << "\n";
  }
  if (access.has_actor_kind()) {
    rule << "  actor_kind: " << v1::ActorKind_Name(access.actor_kind()) << "\n";
  }
  const auto [place, fresh] = types_.emplace(rule.str(), "");
  if (fresh) place->second = "Form" + std::to_string(types_.size());
  return place->second;
}

std::optional<std::string> AuditLog::Line(const WorldEntry& entry) {
  v1::Record record;
  if (!entry.judged || !record.ParseFromString(entry.record) ||
      !record.has_access()) {
    return std::nullopt;
  }
  const v1::AccessRecord& access = record.access();
  if (access.has_recipient_id() || access.has_ai_system_id() ||
      !access.has_source_origin() || !access.has_purpose() ||
      access.operation() > v1::Operation_MAX ||
      access.actor_kind() > v1::ActorKind_MAX ||
      access.outcome() > v1::DENIED ||
      access.GetReflection()->GetUnknownFields(access).field_count() > 0) {
    return std::nullopt;
  }
  const char* status = access.outcome() == v1::DENIED ? "FORBIDDEN" : "SUCCESS";
  const std::string time = IsoTime(access.occurred_at_ms());
  const std::string service = City::SystemId(administration_, "service");
  char actor[40];
  std::snprintf(actor, sizeof actor, "00000000-0000-4000-8a00-%012llx",
                static_cast<unsigned long long>(entry.number % 97));
  std::ostringstream line;
  line << "{\"@timestamp\": " << Quoted(time)
       << ", \"audit_event\": {\"actor\": {\"uuid\": " << Quoted(actor)
       << ", \"role\": \"CASE_OFFICER\", \"client_id\": "
       << Quoted(service + "-ui") << ", \"service\": " << Quoted(service)
       << ", \"ip_address\": \"192.0.2." << 1 + entry.number % 254
       << "\"}, \"date_time\": " << Quoted(time)
       << ", \"operation\": " << Quoted(v1::Operation_Name(access.operation()))
       << ", \"origin\": " << Quoted(access.source_origin())
       << ", \"target\": {\"type\": " << Quoted(TargetType(access))
       << ", \"user_id\": " << Quoted(access.subject().substr(1))
       << "}, \"environment\": \"world\", \"message\": " << Quoted(status)
       << ", \"level\": 20, \"extra\": {\"status\": " << Quoted(status)
       << ", \"source_pk\": " << ++lines_ << "}}}";
  return line.str();
}

std::string AuditLog::Mapping() const {
  std::ostringstream text;
  text << "# What the lines of " << city_.family() << ", administration "
       << administration_ << ", do not say.\n"
       << "controller_id: " << Quoted(city_.organisation_id())
       << "\nsubject { scheme: 1 form: UUID path: "
          "\"audit_event.target.user_id\" }\n";
  for (const auto& [rule, type] : types_) {
    text << "rule {\n  target_type: " << Quoted(type) << "\n" << rule << "}\n";
  }
  return text.str();
}

}  // namespace vidimus
