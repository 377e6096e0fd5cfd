#include "verifier/register.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/field_judge.h"
#include "verifier/note.h"

namespace vidimus {
namespace {

constexpr uint8_t kKeyPrefix = 0x05;
constexpr std::string_view kContext = "vidimus/v1 register\n";
constexpr std::string_view kPathStart = "register/";
// min_batch above this would make a log wait for ever.
constexpr uint64_t kMinBatchMax = 1 << 20;

constexpr FieldRule kLocalizedTextFields[] = {
    {1, FieldKind::kText, false, "language", nullptr},
    {2, FieldKind::kText, false, "text", nullptr},
};
constexpr MessageRule kLocalizedText = {"LocalizedText", kLocalizedTextFields,
                                        std::size(kLocalizedTextFields)};

constexpr FieldRule kPublisherFields[] = {
    {1, FieldKind::kUint32, false, "type", nullptr},
    {2, FieldKind::kBytes, false, "public_key", nullptr},
    {3, FieldKind::kText, false, "name", nullptr},
};
constexpr MessageRule kPublisher = {"Publisher", kPublisherFields,
                                    std::size(kPublisherFields)};

constexpr FieldRule kIndexParametersFields[] = {
    {1, FieldKind::kUint32, false, "unit_leaves", nullptr},
    {2, FieldKind::kUint32, false, "growth", nullptr},
    {3, FieldKind::kUint32, false, "multiple_max", nullptr},
    {4, FieldKind::kUint32, false, "prompt_leaves_max", nullptr},
    {5, FieldKind::kUint32, false, "lag_divisor", nullptr},
};
constexpr MessageRule kIndexParameters = {"IndexParameters",
                                          kIndexParametersFields,
                                          std::size(kIndexParametersFields)};
// The only values known, in the order of the fields.
constexpr uint64_t kIndexParameterValues[] = {4096, 4, 3, 16384, 16};

constexpr FieldRule kBatchParametersFields[] = {
    {1, FieldKind::kUint32, false, "min_batch", nullptr},
    {2, FieldKind::kUint32, false, "period_ms", nullptr},
};
constexpr MessageRule kBatchParameters = {"BatchParameters",
                                          kBatchParametersFields,
                                          std::size(kBatchParametersFields)};

constexpr FieldRule kTimeLimitsFields[] = {
    {1, FieldKind::kUint64, false, "notice_s", nullptr},
    {2, FieldKind::kUint64, false, "fresh_s", nullptr},
    {3, FieldKind::kUint64, false, "late_s", nullptr},
    {4, FieldKind::kUint64, false, "skew_s", nullptr},
    {5, FieldKind::kUint64, false, "recovery_s", nullptr},
    {6, FieldKind::kUint64, false, "keep_min_s", nullptr},
    {7, FieldKind::kUint64, false, "label_key_until_s", nullptr},
};
constexpr MessageRule kTimeLimits = {"TimeLimits", kTimeLimitsFields,
                                     std::size(kTimeLimitsFields)};

constexpr FieldRule kIdSchemeFields[] = {
    {1, FieldKind::kUint32, false, "scheme", nullptr},
    {2, FieldKind::kText, false, "form", nullptr},
    {3, FieldKind::kMessage, true, "name", &kLocalizedText},
};
constexpr MessageRule kIdScheme = {"IdScheme", kIdSchemeFields,
                                   std::size(kIdSchemeFields)};

constexpr FieldRule kConfigFields[] = {
    {1, FieldKind::kText, false, "origin", nullptr},
    {2, FieldKind::kBytes, false, "label_key", nullptr},
    {3, FieldKind::kMessage, true, "publisher", &kPublisher},
    {4, FieldKind::kMessage, false, "index", &kIndexParameters},
    {5, FieldKind::kMessage, false, "batch", &kBatchParameters},
    {6, FieldKind::kMessage, false, "limits", &kTimeLimits},
    {7, FieldKind::kMessage, true, "id_scheme", &kIdScheme},
    {8, FieldKind::kBytes, false, "previous_checkpoint", nullptr},
    {9, FieldKind::kBytes, true, "wasm_sha256", nullptr},
};

constexpr FieldRule kSourceSystemFields[] = {
    {1, FieldKind::kText, false, "id", nullptr},
    {2, FieldKind::kMessage, true, "name", &kLocalizedText},
    {3, FieldKind::kBool, false, "connected", nullptr},
};
constexpr MessageRule kSourceSystem = {"SourceSystem", kSourceSystemFields,
                                       std::size(kSourceSystemFields)};

constexpr FieldRule kAdministrationFields[] = {
    {1, FieldKind::kMessage, true, "name", &kLocalizedText},
    {2, FieldKind::kText, true, "certificate_identity", nullptr},
    {3, FieldKind::kBytes, true, "entry_key", nullptr},
    {4, FieldKind::kMessage, true, "source_system", &kSourceSystem},
    {5, FieldKind::kText, false, "organisation_id", nullptr},
};

constexpr FieldRule kProvisionFields[] = {
    {1, FieldKind::kText, true, "basis", nullptr},
    {2, FieldKind::kText, false, "citation", nullptr},
    {3, FieldKind::kMessage, true, "name", &kLocalizedText},
    {4, FieldKind::kUint32, true, "administration", nullptr},
    {5, FieldKind::kText, true, "purpose", nullptr},
    {6, FieldKind::kText, true, "data_category", nullptr},
    {7, FieldKind::kBool, false, "overrides_prohibition", nullptr},
    {8, FieldKind::kUint64, false, "withholding_max_s", nullptr},
    {9, FieldKind::kUint64, false, "valid_from_s", nullptr},
    {10, FieldKind::kUint64, false, "valid_until_s", nullptr},
    {11, FieldKind::kText, false, "jurisdiction", nullptr},
    {12, FieldKind::kText, false, "address", nullptr},
    {13, FieldKind::kUint64, false, "read_on_s", nullptr},
    {14, FieldKind::kBool, false, "unverified", nullptr},
    {15, FieldKind::kMessage, true, "words", &kLocalizedText},
};

constexpr FieldRule kPurposeFields[] = {
    {1, FieldKind::kText, false, "term", nullptr},
    {2, FieldKind::kMessage, true, "name", &kLocalizedText},
    {3, FieldKind::kMessage, true, "words", &kLocalizedText},
    {4, FieldKind::kMessage, true, "benefit", &kLocalizedText},
    {5, FieldKind::kBool, false, "proactive", nullptr},
    {6, FieldKind::kMessage, true, "retention", &kLocalizedText},
};

constexpr FieldRule kCategoryFields[] = {
    {1, FieldKind::kText, false, "term", nullptr},
    {2, FieldKind::kMessage, true, "name", &kLocalizedText},
    {3, FieldKind::kMessage, true, "words", &kLocalizedText},
    {4, FieldKind::kBool, false, "special", nullptr},
};

constexpr FieldRule kAiSystemFields[] = {
    {1, FieldKind::kText, false, "id", nullptr},
    {2, FieldKind::kMessage, true, "name", &kLocalizedText},
    {3, FieldKind::kUint32, true, "administration", nullptr},
    {4, FieldKind::kText, false, "address", nullptr},
    {5, FieldKind::kText, false, "provider", nullptr},
    {6, FieldKind::kMessage, true, "words", &kLocalizedText},
    {7, FieldKind::kMessage, true, "dataset", &kLocalizedText},
    {8, FieldKind::kMessage, true, "risk", &kLocalizedText},
    {9, FieldKind::kText, false, "oversight", nullptr},
};

constexpr FieldRule kAnalysisFields[] = {
    {1, FieldKind::kText, false, "run_id", nullptr},
    {2, FieldKind::kUint32, false, "administration", nullptr},
    {3, FieldKind::kText, false, "purpose", nullptr},
    {4, FieldKind::kText, true, "data_category", nullptr},
    {5, FieldKind::kUint64, false, "cohort", nullptr},
    {6, FieldKind::kText, false, "deidentification", nullptr},
    {7, FieldKind::kUint64, false, "k", nullptr},
    {8, FieldKind::kUint64, false, "epsilon_millionths", nullptr},
    {9, FieldKind::kText, false, "ai_system_id", nullptr},
    {10, FieldKind::kText, false, "model_version", nullptr},
    {11, FieldKind::kMessage, true, "name", &kLocalizedText},
    {12, FieldKind::kMessage, true, "words", &kLocalizedText},
    {13, FieldKind::kUint64, false, "started_at_s", nullptr},
};

constexpr FieldRule kCountFields[] = {
    {1, FieldKind::kUint32, false, "administration", nullptr},
    {2, FieldKind::kText, false, "source_system", nullptr},
    {3, FieldKind::kUint64, false, "from_s", nullptr},
    {4, FieldKind::kUint64, false, "until_s", nullptr},
    {5, FieldKind::kUint64, false, "accesses", nullptr},
    {6, FieldKind::kBytes, false, "set_hash", nullptr},
};

constexpr FieldRule kIdentityServiceFields[] = {
    {1, FieldKind::kMessage, true, "name", &kLocalizedText},
    {2, FieldKind::kBytes, true, "key", nullptr},
    {3, FieldKind::kText, false, "organisation_id", nullptr},
    {4, FieldKind::kText, false, "assurance", nullptr},
    {5, FieldKind::kText, false, "address", nullptr},
};

struct KnownBasis {
  std::string_view name;
  BasisKind kind;
};
// Those of DPV 2 for Articles 6(1) and 9(2).
constexpr KnownBasis kKnownBases[] = {
    {"A6-1-a", BasisKind::kConsent},
    {"A6-1-a-explicit-consent", BasisKind::kConsent},
    {"A6-1-a-non-explicit-consent", BasisKind::kConsent},
    {"A6-1-b", BasisKind::kLaw},
    {"A6-1-b-contract-performance", BasisKind::kLaw},
    {"A6-1-b-enter-into-contract", BasisKind::kLaw},
    {"A6-1-c", BasisKind::kLaw},
    {"A6-1-d", BasisKind::kLaw},
    {"A6-1-d-data-subject", BasisKind::kLaw},
    {"A6-1-d-natural-person", BasisKind::kLaw},
    {"A6-1-e", BasisKind::kLaw},
    {"A6-1-e-official-authority", BasisKind::kLaw},
    {"A6-1-e-public-interest", BasisKind::kLaw},
    {"A6-1-f", BasisKind::kLaw},
    {"A6-1-f-controller", BasisKind::kLaw},
    {"A6-1-f-third-party", BasisKind::kLaw},
    {"A9-2-a", BasisKind::kConsent},
    {"A9-2-b", BasisKind::kLaw},
    {"A9-2-c", BasisKind::kLaw},
    {"A9-2-d", BasisKind::kLaw},
    {"A9-2-e", BasisKind::kLaw},
    {"A9-2-f", BasisKind::kLaw},
    {"A9-2-g", BasisKind::kLaw},
    {"A9-2-h", BasisKind::kLaw},
    {"A9-2-i", BasisKind::kLaw},
    {"A9-2-j", BasisKind::kLaw},
};

// The numbers of a message whose fields are 1 to N, all of them numbers and all
// of them required. The wire has been judged.
template <size_t N>
Finding ReadNumbers(const MessageRule& rule, std::string_view message,
                    uint64_t (&values)[N], FieldJudge* judge) {
  bool present[N] = {};
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    values[field.rule->number - 1] = field.number;
    present[field.rule->number - 1] = true;
  }
  for (size_t i = 0; i < N; ++i) {
    if (!present[i]) return judge->Missing(rule.fields[i].name);
  }
  return Finding::kOk;
}

Finding ReadText(std::string_view message, LocalizedText* text,
                 FieldJudge* judge) {
  WireReader reader(kLocalizedText, message);
  WireField field;
  while (reader.Next(&field)) {
    (field.rule->number == 1 ? text->language : text->text) = field.bytes;
  }
  if (text->language.empty()) return judge->Missing("language");
  if (text->text.empty()) return judge->Missing("text");
  return Finding::kOk;
}

// One more of the texts in the field `name`, each in a language of its own.
Finding ReadTextOf(const char* name, std::string_view message,
                   std::vector<LocalizedText>* texts, FieldJudge* judge) {
  LocalizedText text;
  RETURN_IF_FOUND(ReadText(message, &text, judge));
  for (const LocalizedText& other : *texts) {
    if (other.language == text.language) return judge->Invalid(name);
  }
  texts->push_back(text);
  return Finding::kOk;
}

// One more of the terms in the field `name`.
Finding ReadTermOf(const char* name, std::string_view term,
                   std::vector<std::string_view>* terms, FieldJudge* judge) {
  terms->push_back(term);
  return term.empty() ? judge->Invalid(name) : Finding::kOk;
}

Finding ReadAdministrationNumber(uint64_t number,
                                 std::vector<uint32_t>* numbers,
                                 FieldJudge* judge) {
  numbers->push_back(static_cast<uint32_t>(number));
  return number <= kRegisterNumberMax ? Finding::kOk
                                      : judge->Invalid("administration");
}

Finding ReadProvisionField(const WireField& field, Provision* provision,
                           FieldJudge* judge) {
  switch (field.rule->number) {
    case 1:
      provision->bases.push_back(field.bytes);
      return KindOfBasis(field.bytes) == BasisKind::kLaw
                 ? Finding::kOk
                 : judge->Invalid("basis");
    case 2:
      provision->citation = field.bytes;
      return Finding::kOk;
    case 3:
      return ReadTextOf("name", field.bytes, &provision->names, judge);
    case 4:
      return ReadAdministrationNumber(field.number, &provision->administrations,
                                      judge);
    case 5:
      return ReadTermOf("purpose", field.bytes, &provision->purposes, judge);
    case 6:
      return ReadTermOf("data_category", field.bytes,
                        &provision->data_categories, judge);
    case 7:
      provision->overrides_prohibition = field.number != 0;
      return Finding::kOk;
    case 8:
      provision->withholding_max_s = field.number;
      return Finding::kOk;
    case 9:
      provision->valid_from_s = field.number;
      return Finding::kOk;
    case 10:
      provision->valid_until_s = field.number;
      return field.number > provision->valid_from_s
                 ? Finding::kOk
                 : judge->Invalid("valid_until_s");
    case 14:
      provision->unverified = field.number != 0;
      return Finding::kOk;
    case 15: {
      LocalizedText text;
      return ReadText(field.bytes, &text, judge);
    }
    default:
      return Finding::kOk;
  }
}

Finding ReadAnalysisField(const WireField& field, Analysis* analysis,
                          FieldJudge* judge) {
  switch (field.rule->number) {
    case 1:
      analysis->run_id = field.bytes;
      return Finding::kOk;
    case 2:
      analysis->administration = static_cast<uint32_t>(field.number);
      return field.number <= kRegisterNumberMax
                 ? Finding::kOk
                 : judge->Invalid("administration");
    case 3:
      analysis->purpose = field.bytes;
      return Finding::kOk;
    case 4:
      return ReadTermOf("data_category", field.bytes,
                        &analysis->data_categories, judge);
    case 5:
      analysis->cohort = field.number;
      return Finding::kOk;
    case 6:
      analysis->deidentification = field.bytes;
      return Finding::kOk;
    case 7:
      analysis->k = field.number;
      return Finding::kOk;
    case 8:
      analysis->epsilon_millionths = field.number;
      return Finding::kOk;
    case 9:
      analysis->ai_system_id = field.bytes;
      return Finding::kOk;
    case 11:
    case 12: {
      LocalizedText text;
      return ReadText(field.bytes, &text, judge);
    }
    default:
      return Finding::kOk;
  }
}

Finding JudgeDeidentification(const Analysis& analysis, FieldJudge* judge) {
  const std::string_view name = analysis.deidentification;
  if (name == "none" || name == "pseudonymised") return Finding::kOk;
  if (name == "k-anonymous") {
    if (analysis.k == 0) return judge->Missing("k");
    return analysis.k >= 2 && analysis.k <= analysis.cohort
               ? Finding::kOk
               : judge->Invalid("k");
  }
  if (name == "differentially-private") {
    return analysis.epsilon_millionths > 0
               ? Finding::kOk
               : judge->Missing("epsilon_millionths");
  }
  return judge->Invalid("deidentification");
}

Finding ReadPublisher(std::string_view message, Config* config,
                      FieldJudge* judge) {
  Publisher publisher;
  bool has_type = false;
  WireReader reader(kPublisher, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        publisher.type = static_cast<uint32_t>(field.number);
        has_type = true;
        break;
      case 2:
        publisher.public_key = field.bytes;
        break;
      default:
        publisher.name = field.bytes;
    }
  }
  if (!has_type) return judge->Missing("type");
  if (publisher.type >= kRegisterTypeCount ||
      (!config->publishers.empty() &&
       config->publishers.back().type >= publisher.type)) {
    return judge->Invalid("type");
  }
  if (!Ed25519KeyIsSound(publisher.public_key)) {
    return judge->Unsound("public_key");
  }
  config->publishers.push_back(publisher);
  return Finding::kOk;
}

Finding ReadIdScheme(std::string_view message, Config* config,
                     FieldJudge* judge) {
  IdScheme scheme;
  bool has_scheme = false;
  WireReader reader(kIdScheme, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        scheme.scheme = static_cast<uint32_t>(field.number);
        has_scheme = true;
        break;
      case 2:
        scheme.form = field.bytes;
        break;
      default: {
        LocalizedText text;
        RETURN_IF_FOUND(ReadText(field.bytes, &text, judge));
      }
    }
  }
  if (!has_scheme) return judge->Missing("scheme");
  if (scheme.scheme > 0xff ||
      (!config->id_schemes.empty() &&
       config->id_schemes.back().scheme >= scheme.scheme)) {
    return judge->Invalid("scheme");
  }
  if (scheme.form.empty()) return judge->Missing("form");
  config->id_schemes.push_back(scheme);
  return Finding::kOk;
}

Finding ReadConfigField(const WireField& field, Config* config,
                        FieldJudge* judge) {
  switch (field.rule->number) {
    case 1:
      config->origin = field.bytes;
      return ValidOrigin(field.bytes) ? Finding::kOk : judge->Invalid("origin");
    case 2:
      config->label_key = field.bytes;
      return Ed25519KeyIsSound(field.bytes) ? Finding::kOk
                                            : judge->Unsound("label_key");
    case 3:
      return ReadPublisher(field.bytes, config, judge);
    case 4: {
      uint64_t values[std::size(kIndexParameterValues)];
      RETURN_IF_FOUND(
          ReadNumbers(kIndexParameters, field.bytes, values, judge));
      return std::equal(std::begin(values), std::end(values),
                        std::begin(kIndexParameterValues))
                 ? Finding::kOk
                 : judge->Invalid("index");
    }
    case 5: {
      uint64_t values[2];
      RETURN_IF_FOUND(
          ReadNumbers(kBatchParameters, field.bytes, values, judge));
      if (values[0] == 0 || values[0] > kMinBatchMax) {
        return judge->Invalid("min_batch");
      }
      if (values[1] == 0) return judge->Invalid("period_ms");
      config->min_batch = static_cast<uint32_t>(values[0]);
      config->batch_period_ms = static_cast<uint32_t>(values[1]);
      return Finding::kOk;
    }
    case 6: {
      uint64_t values[7];
      RETURN_IF_FOUND(ReadNumbers(kTimeLimits, field.bytes, values, judge));
      config->notice_s = values[0];
      config->fresh_s = values[1];
      config->late_s = values[2];
      config->skew_s = values[3];
      config->recovery_s = values[4];
      config->keep_min_s = values[5];
      config->label_key_until_s = values[6];
      return Finding::kOk;
    }
    case 7:
      return ReadIdScheme(field.bytes, config, judge);
    case 8: {
      config->previous_checkpoint = field.bytes;
      Note note;
      return SplitNote(field.bytes, &note) == Finding::kOk
                 ? Finding::kOk
                 : judge->Invalid("previous_checkpoint");
    }
    default:
      config->wasm_sha256.push_back(field.bytes);
      return field.bytes.size() == kHashBytes ? Finding::kOk
                                              : judge->Invalid("wasm_sha256");
  }
}

Finding ReadSourceSystem(std::string_view message,
                         Administration* administration, FieldJudge* judge) {
  SourceSystem system;
  bool has_connected = false;
  WireReader reader(kSourceSystem, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        system.id = field.bytes;
        break;
      case 2:
        RETURN_IF_FOUND(
            ReadText(field.bytes, &system.names.emplace_back(), judge));
        break;
      default:
        system.connected = field.number != 0;
        has_connected = true;
    }
  }
  if (system.id.empty()) return judge->Missing("id");
  if (!has_connected) return judge->Missing("connected");
  for (const SourceSystem& other : administration->source_systems) {
    if (other.id == system.id) return judge->Invalid("id");
  }
  administration->source_systems.push_back(std::move(system));
  return Finding::kOk;
}

}  // namespace

constexpr MessageRule kLocalizedTextRule = kLocalizedText;
constexpr MessageRule kConfigRule = {"Config", kConfigFields,
                                     std::size(kConfigFields)};
constexpr MessageRule kAdministrationRule = {
    "Administration", kAdministrationFields, std::size(kAdministrationFields)};
constexpr MessageRule kProvisionRule = {"Provision", kProvisionFields,
                                        std::size(kProvisionFields)};
constexpr MessageRule kPurposeRule = {"Purpose", kPurposeFields,
                                      std::size(kPurposeFields)};
constexpr MessageRule kCategoryRule = {"Category", kCategoryFields,
                                       std::size(kCategoryFields)};
constexpr MessageRule kAiSystemRule = {"AiSystem", kAiSystemFields,
                                       std::size(kAiSystemFields)};
constexpr MessageRule kAnalysisRule = {"Analysis", kAnalysisFields,
                                       std::size(kAnalysisFields)};
constexpr MessageRule kCountRule = {"Count", kCountFields,
                                    std::size(kCountFields)};
constexpr MessageRule kIdentityServiceRule = {
    "IdentityService", kIdentityServiceFields,
    std::size(kIdentityServiceFields)};

std::optional<RegisterType> RegisterTypeFromByte(uint8_t byte) {
  if (byte >= kRegisterTypeCount) return std::nullopt;
  return static_cast<RegisterType>(byte);
}

Hash RegisterKey(const RegisterId& id) {
  std::string bytes;
  bytes.push_back(static_cast<char>(kKeyPrefix));
  bytes.push_back(static_cast<char>(id.type));
  AppendBe32(id.number, &bytes);
  AppendBe64(id.version, &bytes);
  return Sha256(bytes);
}

std::string RegisterPath(const Hash& document_hash) {
  return std::string(kPathStart) + HexEncode(Bytes(document_hash));
}

std::optional<Hash> ParseRegisterPath(std::string_view path) {
  if (path.substr(0, kPathStart.size()) != kPathStart) return std::nullopt;
  std::string bytes;
  if (!HexDecode(path.substr(kPathStart.size()), &bytes)) return std::nullopt;
  return HashFromBytes(bytes);
}

Finding SplitDocument(std::string_view bytes, Document* document) {
  if (bytes.size() < kEd25519SignatureBytes) return Finding::kDocumentTooShort;
  document->signature = bytes.substr(0, kEd25519SignatureBytes);
  document->message = bytes.substr(kEd25519SignatureBytes);
  return Finding::kOk;
}

std::string RegisterSignedBytes(std::string_view origin, const RegisterId& id,
                                std::string_view message) {
  CHECK_LE(origin.size(), kOriginBytesMax);
  std::string bytes(kContext);
  bytes.push_back(static_cast<char>(origin.size()));
  bytes += origin;
  bytes.push_back(static_cast<char>(id.type));
  AppendBe32(id.number, &bytes);
  AppendBe64(id.version, &bytes);
  bytes += Bytes(Sha256(message));
  return bytes;
}

Finding VerifyDocument(std::string_view bytes, std::string_view origin,
                       const RegisterId& id, std::string_view publisher_key) {
  Document document;
  RETURN_IF_FOUND(SplitDocument(bytes, &document));
  return origin.size() <= kOriginBytesMax &&
                 Ed25519Verify(
                     publisher_key,
                     RegisterSignedBytes(origin, id, document.message),
                     document.signature)
             ? Finding::kOk
             : Finding::kDocumentSignature;
}

std::string_view Config::PublisherKey(RegisterType type) const {
  for (const Publisher& publisher : publishers) {
    if (publisher.type == static_cast<uint32_t>(type)) {
      return publisher.public_key;
    }
  }
  return {};
}

Finding ParseConfig(std::string_view message, uint64_t version, Config* config,
                    const char** field) {
  *config = Config();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kConfigRule, message));

  bool present[std::size(kConfigFields) + 1] = {};
  WireReader reader(kConfigRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    present[wire_field.rule->number] = true;
    RETURN_IF_FOUND(ReadConfigField(wire_field, config, &judge));
  }
  for (const FieldRule& rule : kConfigFields) {
    // Publishers and WASM hashes may come later, all else only at first.
    const bool later = rule.number == 3 || rule.number == 9;
    const bool optional = rule.number == 8 || rule.number == 9;
    if (version == 0 && !optional && !present[rule.number]) {
      return judge.Missing(rule.name);
    }
    if (version > 0 && !later && present[rule.number]) {
      return judge.Invalid(rule.name);
    }
  }
  if (version == 0 && config->PublisherKey(RegisterType::kConfig).empty()) {
    return judge.Missing("publisher");
  }
  return Finding::kOk;
}

Finding ParseAdministration(std::string_view message,
                            Administration* administration,
                            const char** field) {
  *administration = Administration();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kAdministrationRule, message));

  WireReader reader(kAdministrationRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    const std::string_view bytes = wire_field.bytes;
    switch (wire_field.rule->number) {
      case 1:
        RETURN_IF_FOUND(
            ReadText(bytes, &administration->names.emplace_back(), &judge));
        break;
      case 2:
        if (bytes.empty()) return judge.Invalid("certificate_identity");
        administration->certificate_identities.push_back(bytes);
        break;
      case 3:
        if (!Ed25519KeyIsSound(bytes)) return judge.Unsound("entry_key");
        administration->entry_keys.push_back(bytes);
        break;
      case 4:
        RETURN_IF_FOUND(ReadSourceSystem(bytes, administration, &judge));
        break;
      default:
        administration->organisation_id = bytes;
    }
  }
  if (administration->names.empty()) return judge.Missing("name");
  return Finding::kOk;
}

BasisKind KindOfBasis(std::string_view basis) {
  for (const KnownBasis& known : kKnownBases) {
    if (known.name == basis) return known.kind;
  }
  return BasisKind::kUnknown;
}

Finding ParseProvision(std::string_view message, Provision* provision,
                       const char** field) {
  *provision = Provision();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kProvisionRule, message));

  WireReader reader(kProvisionRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    RETURN_IF_FOUND(ReadProvisionField(wire_field, provision, &judge));
  }
  if (provision->bases.empty()) return judge.Missing("basis");
  if (provision->citation.empty()) return judge.Missing("citation");
  if (provision->names.empty()) return judge.Missing("name");
  if (provision->administrations.empty()) {
    return judge.Missing("administration");
  }
  if (provision->purposes.empty()) return judge.Missing("purpose");
  if (provision->data_categories.empty()) return judge.Missing("data_category");
  return Finding::kOk;
}

Finding ParsePurpose(std::string_view message, Purpose* purpose,
                     const char** field) {
  *purpose = Purpose();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kPurposeRule, message));

  std::vector<LocalizedText> retention;
  WireReader reader(kPurposeRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    const std::string_view bytes = wire_field.bytes;
    switch (wire_field.rule->number) {
      case 1:
        purpose->term = bytes;
        break;
      case 2:
        RETURN_IF_FOUND(ReadTextOf("name", bytes, &purpose->names, &judge));
        break;
      case 3:
        RETURN_IF_FOUND(ReadTextOf("words", bytes, &purpose->words, &judge));
        break;
      case 4:
        RETURN_IF_FOUND(
            ReadTextOf("benefit", bytes, &purpose->benefits, &judge));
        break;
      case 5:
        purpose->proactive = wire_field.number != 0;
        break;
      default:
        RETURN_IF_FOUND(ReadTextOf("retention", bytes, &retention, &judge));
    }
  }
  if (purpose->term.empty()) return judge.Missing("term");
  if (purpose->names.empty()) return judge.Missing("name");
  return Finding::kOk;
}

Finding ParseCategory(std::string_view message, Category* category,
                      const char** field) {
  *category = Category();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kCategoryRule, message));

  std::vector<LocalizedText> words;
  WireReader reader(kCategoryRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    const std::string_view bytes = wire_field.bytes;
    switch (wire_field.rule->number) {
      case 1:
        category->term = bytes;
        break;
      case 2:
        RETURN_IF_FOUND(ReadTextOf("name", bytes, &category->names, &judge));
        break;
      case 3:
        RETURN_IF_FOUND(ReadTextOf("words", bytes, &words, &judge));
        break;
      default:
        category->special = wire_field.number != 0;
    }
  }
  if (category->term.empty()) return judge.Missing("term");
  if (category->names.empty()) return judge.Missing("name");
  return Finding::kOk;
}

Finding ParseAiSystem(std::string_view message, AiSystem* system,
                      const char** field) {
  *system = AiSystem();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kAiSystemRule, message));

  std::vector<LocalizedText> words, datasets, risks;
  WireReader reader(kAiSystemRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    const std::string_view bytes = wire_field.bytes;
    switch (wire_field.rule->number) {
      case 1:
        system->id = bytes;
        break;
      case 2:
        RETURN_IF_FOUND(ReadTextOf("name", bytes, &system->names, &judge));
        break;
      case 3:
        RETURN_IF_FOUND(ReadAdministrationNumber(
            wire_field.number, &system->administrations, &judge));
        break;
      case 4:
        system->address = bytes;
        break;
      case 6:
        RETURN_IF_FOUND(ReadTextOf("words", bytes, &words, &judge));
        break;
      case 7:
        RETURN_IF_FOUND(ReadTextOf("dataset", bytes, &datasets, &judge));
        break;
      case 8:
        RETURN_IF_FOUND(ReadTextOf("risk", bytes, &risks, &judge));
        break;
      case 9:
        system->oversight = bytes;
        break;
      default:
        break;
    }
  }
  if (system->id.empty()) return judge.Missing("id");
  if (system->names.empty()) return judge.Missing("name");
  if (system->administrations.empty()) return judge.Missing("administration");
  return Finding::kOk;
}

Finding ParseAnalysis(std::string_view message, Analysis* analysis,
                      const char** field) {
  *analysis = Analysis();
  analysis->administration = kSelf;  // until it is said
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kAnalysisRule, message));

  WireReader reader(kAnalysisRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    RETURN_IF_FOUND(ReadAnalysisField(wire_field, analysis, &judge));
  }
  if (analysis->run_id.empty()) return judge.Missing("run_id");
  if (analysis->administration == kSelf) return judge.Missing("administration");
  if (analysis->purpose.empty()) return judge.Missing("purpose");
  if (analysis->data_categories.empty()) return judge.Missing("data_category");
  if (analysis->cohort == 0) return judge.Missing("cohort");
  if (analysis->deidentification.empty()) {
    return judge.Missing("deidentification");
  }
  return JudgeDeidentification(*analysis, &judge);
}

Finding ParseCount(std::string_view message, Count* count, const char** field) {
  *count = Count();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kCountRule, message));

  bool present[std::size(kCountFields) + 1] = {};
  WireReader reader(kCountRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    present[wire_field.rule->number] = true;
    switch (wire_field.rule->number) {
      case 1:
        count->administration = static_cast<uint32_t>(wire_field.number);
        break;
      case 2:
        count->source_system = wire_field.bytes;
        break;
      case 3:
        count->from_s = wire_field.number;
        break;
      case 4:
        count->until_s = wire_field.number;
        break;
      case 5:
        count->accesses = wire_field.number;
        break;
      default:
        count->set_hash = wire_field.bytes;
    }
  }
  for (const FieldRule& rule : kCountFields) {
    if (rule.number <= 5 && !present[rule.number]) {
      return judge.Missing(rule.name);
    }
  }
  if (count->administration == kSelf) return judge.Invalid("administration");
  if (count->source_system.empty()) return judge.Invalid("source_system");
  if (count->until_s <= count->from_s) return judge.Invalid("until_s");
  if (present[6] && count->set_hash.size() != kHashBytes) {
    return judge.Invalid("set_hash");
  }
  return Finding::kOk;
}

Finding ParseIdentityService(std::string_view message, IdentityService* service,
                             const char** field) {
  *service = IdentityService();
  FieldJudge judge = FieldJudge::OfDocument(field);
  RETURN_IF_FOUND(JudgeWire(kIdentityServiceRule, message));

  WireReader reader(kIdentityServiceRule, message);
  WireField wire_field;
  while (reader.Next(&wire_field)) {
    const std::string_view bytes = wire_field.bytes;
    switch (wire_field.rule->number) {
      case 1:
        RETURN_IF_FOUND(ReadTextOf("name", bytes, &service->names, &judge));
        break;
      case 2:
        if (!Ed25519KeyIsSound(bytes)) return judge.Unsound("key");
        service->keys.push_back(bytes);
        break;
      case 3:
        service->organisation_id = bytes;
        break;
      case 4:
        service->assurance = bytes;
        break;
      default:
        break;
    }
  }
  if (service->names.empty()) return judge.Missing("name");
  if (service->keys.empty()) return judge.Missing("key");
  if (service->organisation_id.empty()) return judge.Missing("organisation_id");
  const std::string_view assurance = service->assurance;
  if (assurance.empty()) return judge.Missing("assurance");
  return assurance == "low" || assurance == "substantial" || assurance == "high"
             ? Finding::kOk
             : judge.Invalid("assurance");
}

Finding JudgeDocumentMessage(const RegisterId& id, std::string_view message,
                             const char** field) {
  switch (id.type) {
    case RegisterType::kConfig: {
      Config config;
      return ParseConfig(message, id.version, &config, field);
    }
    case RegisterType::kAdministration: {
      Administration administration;
      return ParseAdministration(message, &administration, field);
    }
    case RegisterType::kProvision: {
      Provision provision;
      return ParseProvision(message, &provision, field);
    }
    case RegisterType::kPurpose: {
      Purpose purpose;
      return ParsePurpose(message, &purpose, field);
    }
    case RegisterType::kCategory: {
      Category category;
      return ParseCategory(message, &category, field);
    }
    case RegisterType::kAiSystem: {
      AiSystem system;
      return ParseAiSystem(message, &system, field);
    }
    case RegisterType::kAnalysis: {
      Analysis analysis;
      return ParseAnalysis(message, &analysis, field);
    }
    case RegisterType::kCount: {
      Count count;
      return ParseCount(message, &count, field);
    }
    case RegisterType::kIdentityService:
      break;
  }
  IdentityService service;
  return ParseIdentityService(message, &service, field);
}

}  // namespace vidimus
