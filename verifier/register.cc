#include "verifier/register.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
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

// Remembers the name of the field that a refusal is about.
class Judge {
 public:
  explicit Judge(const char** field) : field_(field) {}

  Finding Missing(const char* name) {
    return Name(Finding::kDocumentFieldMissing, name);
  }
  Finding Invalid(const char* name) {
    return Name(Finding::kDocumentFieldInvalid, name);
  }
  Finding Unsound(const char* name) { return Name(Finding::kKeyUnsound, name); }

 private:
  Finding Name(Finding finding, const char* name) {
    if (field_ != nullptr) *field_ = name;
    return finding;
  }

  const char** const field_;
};

// The numbers of a message whose fields are 1 to N, all of them numbers and all
// of them required. The wire has been judged.
template <size_t N>
Finding ReadNumbers(const MessageRule& rule, std::string_view message,
                    uint64_t (&values)[N], Judge* judge) {
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

Finding ReadText(std::string_view message, LocalizedText* text, Judge* judge) {
  WireReader reader(kLocalizedText, message);
  WireField field;
  while (reader.Next(&field)) {
    (field.rule->number == 1 ? text->language : text->text) = field.bytes;
  }
  if (text->language.empty()) return judge->Missing("language");
  if (text->text.empty()) return judge->Missing("text");
  return Finding::kOk;
}

Finding ReadPublisher(std::string_view message, Config* config, Judge* judge) {
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

Finding ReadIdScheme(std::string_view message, Config* config, Judge* judge) {
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

Finding ReadConfigField(const WireField& field, Config* config, Judge* judge) {
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
                         Administration* administration, Judge* judge) {
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
  Judge judge(field);
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
  Judge judge(field);
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

}  // namespace vidimus
