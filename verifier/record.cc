#include "verifier/record.h"

#include <iterator>

#include "verifier/field_judge.h"
#include "verifier/register.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

constexpr FieldRule kLegalBasisFields[] = {
    {1, FieldKind::kText, false, "basis", nullptr},
    {2, FieldKind::kUint32, false, "provision", nullptr},
    {3, FieldKind::kText, false, "citation", nullptr},
};
constexpr MessageRule kLegalBasis = {"LegalBasis", kLegalBasisFields,
                                     std::size(kLegalBasisFields)};

constexpr FieldRule kAsOfFields[] = {
    {1, FieldKind::kText, false, "origin", nullptr},
    {2, FieldKind::kUint64, false, "size", nullptr},
};
constexpr MessageRule kAsOf = {"AsOf", kAsOfFields, std::size(kAsOfFields)};

constexpr FieldRule kWithheldFields[] = {
    {1, FieldKind::kUint64, false, "until_s", nullptr},
    {2, FieldKind::kText, false, "ground", nullptr},
    {3, FieldKind::kText, false, "authority", nullptr},
};
constexpr MessageRule kWithheld = {"Withheld", kWithheldFields,
                                   std::size(kWithheldFields)};

// Numbers are ten times the row of the field table, plus the place in the row.
constexpr FieldRule kAccessRecordFields[] = {
    {10, FieldKind::kBytes, false, "entry_id", nullptr},
    {20, FieldKind::kUint64, false, "occurred_at_ms", nullptr},
    {30, FieldKind::kUint64, false, "observed_at_ms", nullptr},
    {40, FieldKind::kText, false, "source_origin", nullptr},
    {41, FieldKind::kText, false, "environment", nullptr},
    {50, FieldKind::kText, false, "controller_id", nullptr},
    {60, FieldKind::kText, false, "unit_code", nullptr},
    {61, FieldKind::kText, false, "unit_name", nullptr},
    {70, FieldKind::kEnum, false, "actor_kind", nullptr},
    {90, FieldKind::kText, false, "actor_role", nullptr},
    {110, FieldKind::kText, false, "on_behalf_of", nullptr},
    {120, FieldKind::kText, false, "ai_system_id", nullptr},
    {121, FieldKind::kText, false, "model_version", nullptr},
    {122, FieldKind::kText, false, "oversight", nullptr},
    {130, FieldKind::kBytes, false, "subject", nullptr},
    {131, FieldKind::kUint32, false, "administration", nullptr},
    {140, FieldKind::kEnum, false, "operation", nullptr},
    {150, FieldKind::kText, true, "processing", nullptr},
    {160, FieldKind::kText, true, "data_category", nullptr},
    {161, FieldKind::kBool, false, "special_category", nullptr},
    {170, FieldKind::kText, true, "field", nullptr},
    {171, FieldKind::kUint64, false, "record_count", nullptr},
    {180, FieldKind::kText, false, "purpose", nullptr},
    {181, FieldKind::kUint32, false, "purpose_number", nullptr},
    {182, FieldKind::kText, false, "purpose_code", nullptr},
    {190, FieldKind::kMessage, true, "reason_text", &kLocalizedTextRule},
    {200, FieldKind::kMessage, true, "legal_basis", &kLegalBasis},
    {210, FieldKind::kMessage, false, "as_of", &kAsOf},
    {211, FieldKind::kBytes, false, "statement_id", nullptr},
    {220, FieldKind::kUint64, false, "catalogue_version", nullptr},
    {230, FieldKind::kText, false, "recipient_id", nullptr},
    {231, FieldKind::kText, false, "recipient_system", nullptr},
    {232, FieldKind::kText, false, "transfer_id", nullptr},
    {233, FieldKind::kBool, false, "copy_created", nullptr},
    {240, FieldKind::kText, false, "case_ref", nullptr},
    {250, FieldKind::kEnum, false, "outcome", nullptr},
    {251, FieldKind::kBool, false, "emergency", nullptr},
    {260, FieldKind::kText, false, "run_id", nullptr},
    {261, FieldKind::kText, false, "deidentification", nullptr},
    {262, FieldKind::kUint64, false, "k", nullptr},
    {263, FieldKind::kUint64, false, "epsilon_millionths", nullptr},
    {270, FieldKind::kMessage, false, "withheld", &kWithheld},
    {280, FieldKind::kUint64, false, "retention_until_s", nullptr},
    {290, FieldKind::kText, false, "trace", nullptr},
    {291, FieldKind::kText, false, "request_id", nullptr},
};

constexpr FieldRule kKeyFetchFields[] = {
    {1, FieldKind::kUint32, false, "chain_administration", nullptr},
    {2, FieldKind::kUint32, false, "fetched_by", nullptr},
};
constexpr MessageRule kKeyFetch = {"KeyFetch", kKeyFetchFields,
                                   std::size(kKeyFetchFields)};

constexpr FieldRule kGroundFields[] = {
    {1, FieldKind::kText, false, "ground", nullptr},
    {2, FieldKind::kText, false, "authority", nullptr},
    {3, FieldKind::kUint32, false, "provision", nullptr},
};
constexpr MessageRule kGround = {"Ground", kGroundFields,
                                 std::size(kGroundFields)};

constexpr FieldRule kErasureFields[] = {
    {1, FieldKind::kUint64, false, "entry", nullptr},
    {2, FieldKind::kMessage, false, "ground", &kGround},
    {3, FieldKind::kBytes, false, "statement_id", nullptr},
};
constexpr MessageRule kErasure = {"Erasure", kErasureFields,
                                  std::size(kErasureFields)};

constexpr FieldRule kWithholdingFields[] = {
    {1, FieldKind::kUint64, false, "entry", nullptr},
    {2, FieldKind::kUint64, false, "until_s", nullptr},
    {3, FieldKind::kMessage, false, "ground", &kGround},
};
constexpr MessageRule kWithholding = {"Withholding", kWithholdingFields,
                                      std::size(kWithholdingFields)};

constexpr FieldRule kRestrictionFields[] = {
    {1, FieldKind::kUint64, false, "entry", nullptr},
    {2, FieldKind::kBool, false, "lifted", nullptr},
    {3, FieldKind::kMessage, false, "ground", &kGround},
};
constexpr MessageRule kRestriction = {"Restriction", kRestrictionFields,
                                      std::size(kRestrictionFields)};

constexpr FieldRule kNoticeFields[] = {
    {1, FieldKind::kBytes, false, "entry_id", nullptr},
    {2, FieldKind::kBytes, false, "subject", nullptr},
    {3, FieldKind::kUint32, false, "administration", nullptr},
    {4, FieldKind::kUint64, false, "at_s", nullptr},
    {5, FieldKind::kMessage, false, "key_fetch", &kKeyFetch},
    {6, FieldKind::kMessage, false, "erasure", &kErasure},
    {7, FieldKind::kMessage, false, "withholding", &kWithholding},
    {8, FieldKind::kMessage, false, "restriction", &kRestriction},
};

constexpr FieldRule kSignedStatementFields[] = {
    {1, FieldKind::kBytes, false, "entry_id", nullptr},
    {2, FieldKind::kBytes, false, "subject", nullptr},
    {3, FieldKind::kUint32, false, "administration", nullptr},
    {4, FieldKind::kBytes, false, "statement", nullptr},
    {5, FieldKind::kEnum, false, "signature_kind", nullptr},
    {6, FieldKind::kBytes, false, "signature", nullptr},
};

constexpr FieldRule kRecordFields[] = {
    {1, FieldKind::kMessage, false, "access", &kAccessRecordRule},
    {2, FieldKind::kMessage, false, "statement", &kSignedStatementRule},
    {3, FieldKind::kMessage, false, "notice", &kNoticeRule},
};

constexpr FieldRule kActorFields[] = {
    {80, FieldKind::kText, false, "id", nullptr},
    {100, FieldKind::kText, false, "client_id", nullptr},
    {101, FieldKind::kText, false, "service", nullptr},
    {102, FieldKind::kText, false, "ip", nullptr},
};

Finding ReadLegalBasis(std::string_view message, AccessRecord* access,
                       FieldJudge* judge) {
  LegalBasis basis;
  WireReader reader(kLegalBasis, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        basis.basis = field.bytes;
        break;
      case 2:
        basis.provision = static_cast<uint32_t>(field.number);
        break;
      default:
        basis.citation = field.bytes;
    }
  }
  if (basis.basis.empty()) return judge->Missing("basis");
  access->legal_bases.push_back(basis);
  return Finding::kOk;
}

// Which of the required fields stood; the fields whose emptiness says it need
// no entry.
struct Seen {
  bool occurred_at_ms = false;
  bool administration = false;
};

Finding ReadAccessField(const WireField& field, AccessRecord* access,
                        Seen* seen, FieldJudge* judge) {
  switch (field.rule->number) {
    case 10:
      access->entry_id = field.bytes;
      return field.bytes.size() == kEntryIdBytes ? Finding::kOk
                                                 : judge->Invalid("entry_id");
    case 20:
      access->occurred_at_ms = field.number;
      seen->occurred_at_ms = true;
      return Finding::kOk;
    case 40:
      access->source_origin = field.bytes;
      return Finding::kOk;
    case 50:
      access->controller_id = field.bytes;
      return Finding::kOk;
    case 70:
      access->actor_kind = static_cast<uint32_t>(field.number);
      return Finding::kOk;
    case 120:
      access->ai_system_id = field.bytes;
      return Finding::kOk;
    case 130:
      access->subject = field.bytes;
      return field.bytes.size() >= 2 && field.bytes.size() <= kSubjectBytesMax
                 ? Finding::kOk
                 : judge->Invalid("subject");
    case 131:
      access->administration = static_cast<uint32_t>(field.number);
      seen->administration = true;
      return access->administration != kSelf ? Finding::kOk
                                             : judge->Invalid("administration");
    case 140:
      access->operation = static_cast<uint32_t>(field.number);
      return Finding::kOk;
    case 160:
      access->data_categories.push_back(field.bytes);
      return field.bytes.empty() ? judge->Invalid("data_category")
                                 : Finding::kOk;
    case 180:
      access->purpose = field.bytes;
      return Finding::kOk;
    case 181:
      access->purpose_number = static_cast<uint32_t>(field.number);
      return Finding::kOk;
    case 200:
      return ReadLegalBasis(field.bytes, access, judge);
    case 210: {
      WireReader reader(kAsOf, field.bytes);
      WireField part;
      while (reader.Next(&part)) {
        if (part.rule->number == 1) {
          access->as_of_origin = part.bytes;
        } else {
          access->as_of_size = part.number;
        }
      }
      return Finding::kOk;
    }
    case 211:
      access->statement_id = field.bytes;
      return Finding::kOk;
    case 230:
      access->recipient_id = field.bytes;
      return Finding::kOk;
    case 250:
      access->outcome = static_cast<uint32_t>(field.number);
      return Finding::kOk;
    default:
      return Finding::kOk;
  }
}

// The one content of a record that JudgeWire has passed, if it is the field
// `number`.
Finding ReadContent(std::string_view record, uint32_t number, const char* name,
                    std::string_view* bytes, FieldJudge* judge) {
  WireReader reader(kRecordRule, record);
  WireField content;
  if (!reader.Next(&content) || content.rule->number != number) {
    return judge->Missing(name);
  }
  *bytes = content.bytes;
  return reader.Next(&content) ? judge->Invalid(content.rule->name)
                               : Finding::kOk;
}

Finding ReadKeyFetch(std::string_view message, Notice* notice,
                     FieldJudge* judge) {
  notice->event = NoticeEvent::kKeyFetch;
  bool of_chain = false, by = false;
  WireReader reader(kKeyFetch, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      notice->chain_administration = static_cast<uint32_t>(field.number);
      of_chain = true;
    } else {
      notice->fetched_by = static_cast<uint32_t>(field.number);
      by = true;
    }
  }
  if (!of_chain) return judge->Missing("chain_administration");
  if (!by) return judge->Missing("fetched_by");
  return Finding::kOk;
}

Finding ReadGround(std::string_view message, Notice* notice,
                   FieldJudge* judge) {
  WireReader reader(kGround, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        notice->ground = field.bytes;
        break;
      case 2:
        notice->authority = field.bytes;
        break;
      default:
        notice->provision = static_cast<uint32_t>(field.number);
    }
  }
  if (notice->ground.empty()) return judge->Missing("ground");
  if (notice->authority.empty()) return judge->Missing("authority");
  return Finding::kOk;
}

// An erasure, a withholding or a restriction: field 1 is the entry, `ground`
// the number of the ground's field.
Finding ReadBefallen(const MessageRule& rule, uint32_t ground,
                     std::string_view message, Notice* notice,
                     FieldJudge* judge) {
  bool entry = false, grounded = false;
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      notice->entry = field.number;
      entry = true;
    } else if (field.rule->number == ground) {
      RETURN_IF_FOUND(ReadGround(field.bytes, notice, judge));
      grounded = true;
    } else if (&rule == &kErasure) {
      notice->statement_id = field.bytes;
    } else if (&rule == &kWithholding) {
      notice->until_s = field.number;
    } else {
      notice->lifted = field.number != 0;
    }
  }
  if (!entry) return judge->Missing("entry");
  if (!grounded) return judge->Missing("ground");
  if (&rule == &kWithholding && notice->until_s == 0) {
    return judge->Missing("until_s");
  }
  return Finding::kOk;
}

}  // namespace

constexpr MessageRule kSignedStatementRule = {
    "SignedStatement", kSignedStatementFields,
    std::size(kSignedStatementFields)};
constexpr MessageRule kNoticeRule = {"Notice", kNoticeFields,
                                     std::size(kNoticeFields)};
constexpr MessageRule kAccessRecordRule = {"AccessRecord", kAccessRecordFields,
                                           std::size(kAccessRecordFields)};
constexpr MessageRule kRecordRule = {"Record", kRecordFields,
                                     std::size(kRecordFields)};
constexpr MessageRule kActorRule = {"Actor", kActorFields,
                                    std::size(kActorFields)};

Finding ParseAccess(std::string_view record, AccessRecord* access,
                    const char** field) {
  *access = AccessRecord();
  FieldJudge judge = FieldJudge::OfRecord(field);
  RETURN_IF_FOUND(JudgeWire(kRecordRule, record));

  std::string_view content;
  RETURN_IF_FOUND(ReadContent(record, 1, "access", &content, &judge));
  Seen seen;
  WireReader reader(kAccessRecordRule, content);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    RETURN_IF_FOUND(ReadAccessField(wire_field, access, &seen, &judge));
  }

  if (access->entry_id.empty()) return judge.Missing("entry_id");
  if (!seen.occurred_at_ms) return judge.Missing("occurred_at_ms");
  if (access->controller_id.empty()) return judge.Missing("controller_id");
  if (access->subject.empty()) return judge.Missing("subject");
  if (!seen.administration) return judge.Missing("administration");
  if (access->operation == 0) return judge.Missing("operation");
  if (access->data_categories.empty()) return judge.Missing("data_category");
  if (access->purpose.empty()) return judge.Missing("purpose");
  if (access->legal_bases.empty()) return judge.Missing("legal_basis");
  if (access->as_of_origin.empty() || access->as_of_size == 0) {
    return judge.Missing("as_of");
  }
  return Finding::kOk;
}

RecordContent ContentOf(std::string_view record) {
  WireReader reader(kRecordRule, record);
  WireField content;
  if (!reader.Next(&content)) return RecordContent::kUnknown;
  switch (content.rule->number) {
    case 1:
      return RecordContent::kAccess;
    case 2:
      return RecordContent::kStatement;
    default:
      return RecordContent::kNotice;
  }
}

Finding ParseNotice(std::string_view record, Notice* notice,
                    const char** field) {
  *notice = Notice();
  FieldJudge judge = FieldJudge::OfRecord(field);
  RETURN_IF_FOUND(JudgeWire(kRecordRule, record));

  std::string_view content;
  RETURN_IF_FOUND(ReadContent(record, 3, "notice", &content, &judge));
  bool administration = false, at_s = false, event = false;
  WireReader reader(kNoticeRule, content);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    if (wire_field.rule->number > 4) {
      if (event) return judge.Invalid(wire_field.rule->name);
      event = true;
    }
    switch (wire_field.rule->number) {
      case 1:
        notice->entry_id = wire_field.bytes;
        if (notice->entry_id.size() != kEntryIdBytes) {
          return judge.Invalid("entry_id");
        }
        break;
      case 2:
        notice->subject = wire_field.bytes;
        if (notice->subject.size() < 2 ||
            notice->subject.size() > kSubjectBytesMax) {
          return judge.Invalid("subject");
        }
        break;
      case 3:
        notice->administration = static_cast<uint32_t>(wire_field.number);
        administration = true;
        break;
      case 4:
        notice->at_s = wire_field.number;
        at_s = true;
        break;
      case 5:
        RETURN_IF_FOUND(ReadKeyFetch(wire_field.bytes, notice, &judge));
        break;
      case 6:
        notice->event = NoticeEvent::kErasure;
        RETURN_IF_FOUND(
            ReadBefallen(kErasure, 2, wire_field.bytes, notice, &judge));
        break;
      case 7:
        notice->event = NoticeEvent::kWithholding;
        RETURN_IF_FOUND(
            ReadBefallen(kWithholding, 3, wire_field.bytes, notice, &judge));
        break;
      default:
        notice->event = NoticeEvent::kRestriction;
        RETURN_IF_FOUND(
            ReadBefallen(kRestriction, 3, wire_field.bytes, notice, &judge));
    }
  }

  if (notice->entry_id.empty()) return judge.Missing("entry_id");
  if (notice->subject.empty()) return judge.Missing("subject");
  if (!administration) return judge.Missing("administration");
  if (!at_s) return judge.Missing("at_s");
  if (!event) return judge.Missing("event");
  if (notice->event == NoticeEvent::kKeyFetch &&
      notice->administration != kSelf) {
    return judge.Invalid("administration");
  }
  return Finding::kOk;
}

Finding ParseActor(std::string_view bytes, Actor* actor) {
  *actor = Actor();
  WireReader reader(kActorRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 80:
        actor->id = field.bytes;
        break;
      case 100:
        actor->client_id = field.bytes;
        break;
      case 101:
        actor->service = field.bytes;
        break;
      default:
        actor->ip = field.bytes;
    }
  }
  return reader.finding();
}

}  // namespace vidimus
