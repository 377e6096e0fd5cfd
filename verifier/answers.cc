#include "verifier/answers.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <set>

#include "verifier/hash.h"
#include "verifier/message_json.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/standing.h"
#include "verifier/statement.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

struct TypeWords {
  const char* name;
  const MessageRule* rule;
};

constexpr TypeWords kTypes[kRegisterTypeCount] = {
    {"config", &kConfigRule},
    {"administration", &kAdministrationRule},
    {"provision", &kProvisionRule},
    {"purpose", &kPurposeRule},
    {"category", &kCategoryRule},
    {"ai_system", &kAiSystemRule},
    {"analysis", &kAnalysisRule},
    {"count", &kCountRule},
    {"identity_service", &kIdentityServiceRule},
};

constexpr const char* kKinds[] = {"unknown", "access", "statement", "notice"};

const TypeWords& WordsOf(RegisterType type) {
  return kTypes[static_cast<size_t>(type)];
}

void AddMembers(const Policy& policy, const PolicyMember& member,
                std::set<size_t>* witnesses) {
  if (!member.group) {
    witnesses->insert(member.place);
    return;
  }
  for (const PolicyMember& inner : policy.groups[member.place].members) {
    AddMembers(policy, inner, witnesses);
  }
}

// The monitors' places in policy.witnesses, in whatever groups they stand.
std::set<size_t> MonitorPlaces(const Policy& policy) {
  std::set<size_t> places;
  if (const auto group = FindGroup(policy, kMonitorsGroup)) {
    AddMembers(policy, *group, &places);
  }
  return places;
}

void WriteTime(std::string_view name, const std::optional<uint64_t>& time_s,
               JsonWriter* json) {
  if (time_s.has_value()) {
    json->Number(name, *time_s);
  } else {
    json->Name(name);
    json->Null();
  }
}

void WriteId(const RegisterId& id, JsonWriter* json) {
  json->Text("type", WordsOf(id.type).name);
  json->Number("number", id.number);
  json->Number("version", id.version);
}

void WriteText(std::string_view name, std::string_view text, JsonWriter* json) {
  if (!text.empty()) json->Text(name, text);
}

void WriteGap(const HistoryGap& gap, JsonWriter* json) {
  json->Name("gap");
  json->BeginObject();
  WriteFinding(gap.finding, json);
  if (gap.entry.has_value()) json->Number("entry", *gap.entry);
  if (gap.document.has_value()) {
    json->Name("document");
    json->BeginObject();
    WriteId(*gap.document, json);
    json->EndObject();
  }
  json->EndObject();
}

void WriteVerdict(const Verdict& verdict,
                  const std::vector<StandingStatement>& statements,
                  JsonWriter* json) {
  json->Name("verdict");
  json->BeginObject();
  json->Text("headline", HeadlineName(verdict.headline));
  json->Bool("fine", verdict.Fine());
  json->Text("law", LawName(verdict.law));
  json->Text("wish", WishName(verdict.wish));
  json->Bool("race", verdict.race);
  json->Bool("stale", verdict.stale);
  json->Bool("late", verdict.late);
  if (verdict.failed != Dimension::kNone) {
    json->Text("failed", DimensionName(verdict.failed));
  }
  if (verdict.grant.has_value()) {
    json->Number("grant", statements[*verdict.grant].entry);
  }
  if (verdict.provision.has_value()) {
    json->Number("provision", *verdict.provision);
  }
  json->EndObject();
}

void WriteMoment(std::string_view name, const Moment& moment,
                 JsonWriter* json) {
  if (!(moment == kNever)) json->Number(name, moment.position);
}

void WriteStanding(const StandingStatement& standing, JsonWriter* json) {
  json->Name("standing");
  json->BeginObject();
  WriteFinding(standing.finding, json);
  json->Hex("hash", Bytes(standing.hash));
  json->Bool("restrains", standing.restrains);
  json->Bool("delegated", standing.delegated);
  if (standing.identity_service.has_value()) {
    json->Number("identity_service", *standing.identity_service);
  }
  if (standing.until_s.has_value()) json->Number("until_s", *standing.until_s);
  WriteMoment("withdrawn_from", standing.withdrawn_from, json);
  WriteMoment("revoked_from", standing.revoked_from, json);
  WriteMoment("lifted_from", standing.lifted_from, json);
  json->EndObject();
}

// One chain. `judged` is null if nothing was judged of it.
class ChainWriter {
 public:
  ChainWriter(const ChainReport& report, const JudgedChain* judged,
              JsonWriter* json)
      : report_(report), judged_(judged), json_(json) {
    if (judged_ == nullptr || judged_->gap.finding != Finding::kOk) return;
    verdicts_.resize(report_.entries.size());
    standings_.resize(report_.entries.size());
    for (const Verdict& verdict : judged_->verdicts.verdicts) {
      verdicts_[verdict.entry] = &verdict;
    }
    for (const StandingStatement& one : judged_->verdicts.statements) {
      standings_[one.entry] = &one;
    }
  }

  void Write(const std::vector<uint64_t>& probes) {
    json_->BeginObject();
    json_->Number("administration", report_.administration);
    WriteFinding(report_.finding, json_);
    if (report_.entry.has_value()) json_->Number("entry", *report_.entry);
    json_->Name("probes");
    json_->BeginList();
    for (const uint64_t probe : probes) json_->Number(probe);
    json_->EndList();
    if (judged_ != nullptr) WriteGap(judged_->gap, json_);
    json_->Name("entries");
    json_->BeginList();
    for (size_t i = 0; i < report_.entries.size(); ++i) WriteEntry(i);
    json_->EndList();
    json_->EndObject();
  }

 private:
  void WriteEntry(size_t i) {
    const EntryReport& entry = report_.entries[i];
    json_->BeginObject();
    json_->Number("leaf_index", entry.leaf_index);
    if (!verdicts_.empty()) {
      const HistoryEntry& placed = judged_->history.logs[0].entries[i];
      json_->Number("position", placed.position);
      json_->Number("sealed_at_s", placed.seal_time_s);
    }
    WriteOpened(entry.opened, entry.record, json_);
    switch (entry.opened.content) {
      case Content::kWithheld:
        json_->Number("until_s", entry.until_s);
        json_->Number("notice", entry.notice);
        break;
      case Content::kRestricted:
      case Content::kErased:
        json_->Number("notice", entry.notice);
        break;
      default:
        break;
    }
    if (!verdicts_.empty() && verdicts_[i] != nullptr) {
      WriteVerdict(*verdicts_[i], judged_->verdicts.statements, json_);
    }
    if (!standings_.empty() && standings_[i] != nullptr) {
      WriteStanding(*standings_[i], json_);
    }
    json_->EndObject();
  }

  const ChainReport& report_;
  const JudgedChain* const judged_;
  JsonWriter* const json_;
  std::vector<const Verdict*> verdicts_;
  std::vector<const StandingStatement*> standings_;
};

template <typename Enum>
void WriteNames(std::string_view name, int count, const char* (*name_of)(Enum),
                JsonWriter* json) {
  json->Name(name);
  json->BeginList();
  for (int i = 0; i < count; ++i) json->Text(name_of(static_cast<Enum>(i)));
  json->EndList();
}

}  // namespace

std::vector<VerifierKey> MonitorKeys(const Policy& policy) {
  std::vector<VerifierKey> keys;
  for (const size_t place : MonitorPlaces(policy)) {
    keys.push_back(policy.witnesses[place].key);
  }
  return keys;
}

Finding ReadCosigned(std::string_view note, const Policy& policy,
                     Cosigned* cosigned) {
  *cosigned = Cosigned();
  RETURN_IF_FOUND(ReadCosignatures(note, policy, &cosigned->times));
  if (policy.quorum.has_value()) {
    cosigned->quorum_at_s =
        SatisfiedAt(policy, *policy.quorum, cosigned->times);
  }
  if (const auto group = FindGroup(policy, kMonitorsGroup)) {
    cosigned->monitors_at_s = SatisfiedAt(policy, *group, cosigned->times);
  }
  return Finding::kOk;
}

void WriteFinding(Finding finding, JsonWriter* json) {
  json->Text("finding", FindingName(finding));
  if (finding != Finding::kOk) json->Text("sentence", FindingSentence(finding));
}

void WritePlace(const char* part, const RegisterPlace& document,
                JsonWriter* json) {
  if (part[0] == '\0') return;
  json->Text("part", part);
  if (std::string_view(part) != "register") return;
  json->Name("document");
  json->BeginObject();
  WriteId(document.id, json);
  if (document.field != nullptr) json->Text("field", document.field);
  json->EndObject();
}

void WriteHead(const Checkpoint& checkpoint, JsonWriter* json) {
  json->Name("head");
  json->BeginObject();
  json->Text("origin", checkpoint.origin);
  json->Number("size", checkpoint.head.size);
  json->Hex("root", Bytes(checkpoint.head.root));
  json->EndObject();
}

void WriteCosigned(const Policy& policy, const Cosigned& cosigned,
                   JsonWriter* json) {
  const std::set<size_t> monitors = MonitorPlaces(policy);
  json->Name("cosigned");
  json->BeginList();
  for (size_t i = 0; i < cosigned.times.size(); ++i) {
    if (!cosigned.times[i].has_value()) continue;
    json->BeginObject();
    json->Text("name", policy.witnesses[i].name);
    json->Number("time_s", *cosigned.times[i]);
    json->Bool("monitor", monitors.count(i) > 0);
    json->EndObject();
  }
  json->EndList();
  json->Bool("quorum_needed", policy.quorum.has_value());
  WriteTime("quorum_at_s", cosigned.quorum_at_s, json);
  WriteTime("monitors_at_s", cosigned.monitors_at_s, json);
}

void WriteDocuments(const std::vector<ProvenDocument>& documents,
                    JsonWriter* json) {
  json->Name("documents");
  json->BeginList();
  for (const ProvenDocument& document : documents) {
    json->BeginObject();
    WriteId(document.id, json);
    json->Number("leaf_index", document.leaf_index);
    json->Name("message");
    WriteMessage(*WordsOf(document.id.type).rule, document.message, json);
    json->EndObject();
  }
  json->EndList();
}

void WriteOpened(const OpenedEntry& opened, std::string_view record,
                 JsonWriter* json) {
  json->Text("content", ContentName(opened.content));
  WriteFinding(opened.finding, json);
  if (opened.content != Content::kOpen) return;
  json->Text("kind", kKinds[static_cast<size_t>(opened.kind)]);
  if (opened.kind == RecordContent::kUnknown) return;
  json->Name("record");
  WriteMessage(kRecordRule, record, json);
  if (opened.kind == RecordContent::kStatement) {
    json->Text("event", StatementEventName(opened.statement.event));
    json->Name("statement");
    WriteMessage(kStatementRule, opened.statement.bytes, json);
  }
  if (opened.kind != RecordContent::kAccess) return;
  json->Name("actor");
  json->BeginObject();
  WriteText("id", opened.actor.id, json);
  WriteText("client_id", opened.actor.client_id, json);
  WriteText("service", opened.actor.service, json);
  WriteText("ip", opened.actor.ip, json);
  json->EndObject();
}

void WriteChecks(std::string_view name, const std::vector<Es256Check>& checks,
                 JsonWriter* json) {
  json->Name(name);
  json->BeginList();
  for (size_t i = 0; i < checks.size() && i < kEs256ChecksMax; ++i) {
    json->BeginObject();
    json->Hex("id", Bytes(checks[i].id));
    json->Hex("public_key", checks[i].public_key);
    json->Hex("message", checks[i].message);
    json->Hex("signature", checks[i].signature);
    json->EndObject();
  }
  json->EndList();
}

void WriteConviction(std::string_view origin, const ConvictionReport& report,
                     JsonWriter* json) {
  json->Text("kind", ConvictionKindName(report.kind));
  json->Text("says", ConvictionSentence(origin, report));
  json->Bool("names_person", report.names_person);
  WriteHead({std::string(origin), report.head}, json);
}

void WriteChains(const ChainsReport& report,
                 const std::vector<std::vector<uint64_t>>& probes,
                 const std::vector<JudgedChain>& judged, JsonWriter* json) {
  json->Number("time_s", report.seal_time_s);
  json->Hex("subject", report.subject);
  json->Bool("complete", report.Complete());
  json->Number("content_findings", report.ContentFindings());
  WriteDocuments(report.proven_register.documents, json);
  json->Name("chains");
  json->BeginList();
  for (size_t i = 0; i < report.chains.size(); ++i) {
    ChainWriter(report.chains[i], i < judged.size() ? &judged[i] : nullptr,
                json)
        .Write(probes[i]);
  }
  json->EndList();
}

void WriteWords(JsonWriter* json) {
  json->Name("findings");
  json->BeginList();
  for (int i = 0; i < kFindingCount; ++i) {
    json->BeginObject();
    json->Text("name", FindingName(static_cast<Finding>(i)));
    json->Text("sentence", FindingSentence(static_cast<Finding>(i)));
    json->EndObject();
  }
  json->EndList();
  WriteNames("contents", kContentCount, ContentName, json);
  WriteNames("laws", 3, LawName, json);
  WriteNames("wishes", 3, WishName, json);
  WriteNames("headlines", kHeadlineCount, HeadlineName, json);
  WriteNames("dimensions", kDimensionCount, DimensionName, json);
  WriteNames("events", kStatementEventCount, StatementEventName, json);
  WriteNames("convictions", kConvictionKindCount, ConvictionKindName, json);
}

}  // namespace vidimus
