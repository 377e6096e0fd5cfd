#include "verifier/statement.h"

#include <iterator>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/field_judge.h"
#include "verifier/key_binding.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/submission.h"
#include "verifier/webauthn.h"

namespace vidimus {
namespace {

constexpr uint8_t kStatementPrefix = 0x0a;
constexpr std::string_view kContext = "vidimus/v1 statement\n";
constexpr size_t kFamilyBytesMax = 0xff;
constexpr size_t kChainSubjectBytesMax = 0xffff;

constexpr FieldRule kScopeFields[] = {
    {1, FieldKind::kText, true, "recipient", nullptr},
    {2, FieldKind::kText, true, "purpose", nullptr},
    {3, FieldKind::kText, true, "data_category", nullptr},
    {4, FieldKind::kUint64, false, "valid_from_s", nullptr},
    {5, FieldKind::kUint64, false, "valid_until_s", nullptr},
};
constexpr MessageRule kScope = {"Scope", kScopeFields, std::size(kScopeFields)};

constexpr FieldRule kGrantFields[] = {
    {1, FieldKind::kUint32, true, "administration", nullptr},
    {2, FieldKind::kMessage, false, "scope", &kScope},
    {3, FieldKind::kEnum, false, "assurance", nullptr},
    {4, FieldKind::kText, false, "lawful_basis", nullptr},
    {5, FieldKind::kText, false, "privacy_notice", nullptr},
    {6, FieldKind::kText, false, "storage_location", nullptr},
    {7, FieldKind::kUint64, false, "retention_s", nullptr},
    {8, FieldKind::kText, false, "jurisdiction", nullptr},
    {9, FieldKind::kText, false, "withdrawal_method", nullptr},
};
constexpr MessageRule kGrant = {"Grant", kGrantFields, std::size(kGrantFields)};

constexpr FieldRule kWithdrawalFields[] = {
    {1, FieldKind::kBytes, true, "statement_id", nullptr},
    {2, FieldKind::kBool, false, "everything", nullptr},
    {3, FieldKind::kUint64, true, "erase", nullptr},
};
constexpr MessageRule kWithdrawal = {"Withdrawal", kWithdrawalFields,
                                     std::size(kWithdrawalFields)};

constexpr FieldRule kProhibitionFields[] = {
    {1, FieldKind::kMessage, false, "scope", &kScope},
    {2, FieldKind::kText, false, "reason", nullptr},
};
constexpr MessageRule kProhibition = {"Prohibition", kProhibitionFields,
                                      std::size(kProhibitionFields)};
constexpr MessageRule kObjection = {"Objection", kProhibitionFields,
                                    std::size(kProhibitionFields)};

constexpr FieldRule kPreferenceFields[] = {
    {1, FieldKind::kMessage, false, "scope", &kScope},
    {2, FieldKind::kBool, false, "wanted", nullptr},
    {3, FieldKind::kText, false, "reason", nullptr},
};
constexpr MessageRule kPreference = {"Preference", kPreferenceFields,
                                     std::size(kPreferenceFields)};

constexpr FieldRule kDisputeFields[] = {
    {1, FieldKind::kUint64, false, "entry", nullptr},
    {2, FieldKind::kText, false, "reason", nullptr},
};
constexpr MessageRule kDispute = {"Dispute", kDisputeFields,
                                  std::size(kDisputeFields)};

constexpr FieldRule kKeyFields[] = {
    {1, FieldKind::kEnum, false, "kind", nullptr},
    {2, FieldKind::kBytes, false, "public_key", nullptr},
    {3, FieldKind::kText, false, "name", nullptr},
};
constexpr MessageRule kKey = {"Key", kKeyFields, std::size(kKeyFields)};

constexpr FieldRule kKeyRevocationFields[] = {
    {1, FieldKind::kBytes, false, "key_id", nullptr},
    {2, FieldKind::kUint64, false, "lost_at_ms", nullptr},
};
constexpr MessageRule kKeyRevocation = {"KeyRevocation", kKeyRevocationFields,
                                        std::size(kKeyRevocationFields)};

constexpr FieldRule kDelegationFields[] = {
    {1, FieldKind::kMessage, false, "key", &kKey},
    {2, FieldKind::kMessage, false, "scope", &kScope},
    {3, FieldKind::kUint64, false, "until_s", nullptr},
    {4, FieldKind::kText, false, "relation", nullptr},
};
constexpr MessageRule kDelegation = {"Delegation", kDelegationFields,
                                     std::size(kDelegationFields)};

constexpr FieldRule kAliasFields[] = {
    {1, FieldKind::kBytes, false, "subject", nullptr},
};
constexpr MessageRule kAlias = {"Alias", kAliasFields, std::size(kAliasFields)};

constexpr uint32_t kFirstEvent = 10;

constexpr FieldRule kStatementFields[] = {
    {1, FieldKind::kBytes, false, "statement_id", nullptr},
    {2, FieldKind::kUint64, false, "sequence", nullptr},
    {3, FieldKind::kBytes, false, "previous", nullptr},
    {4, FieldKind::kBytes, false, "key_id", nullptr},
    {5, FieldKind::kUint32, false, "identity_service", nullptr},
    {6, FieldKind::kUint64, false, "made_at_ms", nullptr},
    {7, FieldKind::kText, false, "language", nullptr},
    {8, FieldKind::kBytes, false, "words_sha256", nullptr},
    {9, FieldKind::kText, false, "schema_version", nullptr},
    {10, FieldKind::kMessage, false, "grant", &kGrant},
    {11, FieldKind::kMessage, false, "withdrawal", &kWithdrawal},
    {12, FieldKind::kMessage, false, "prohibition", &kProhibition},
    {13, FieldKind::kMessage, false, "objection", &kObjection},
    {14, FieldKind::kMessage, false, "preference", &kPreference},
    {15, FieldKind::kMessage, false, "dispute", &kDispute},
    {16, FieldKind::kMessage, false, "key_add", &kKey},
    {17, FieldKind::kMessage, false, "key_revoke", &kKeyRevocation},
    {18, FieldKind::kMessage, false, "recover", &kKey},
    {19, FieldKind::kMessage, false, "delegate", &kDelegation},
    {20, FieldKind::kMessage, false, "alias", &kAlias},
};
static_assert(std::size(kStatementFields) ==
              kFirstEvent - 1 + kStatementEventCount);

// The readers below are given messages that JudgeWire has passed.

Finding ReadScope(std::string_view message, Scope* scope, FieldJudge* judge) {
  WireReader reader(kScope, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        scope->recipients.push_back(field.bytes);
        break;
      case 2:
        scope->purposes.push_back(field.bytes);
        break;
      case 3:
        scope->data_categories.push_back(field.bytes);
        break;
      case 4:
        scope->valid_from_s = field.number;
        break;
      default:
        scope->valid_until_s = field.number;
        if (field.number <= scope->valid_from_s) {
          return judge->Invalid("valid_until_s");
        }
    }
    if (field.rule->repeated && field.bytes.empty()) {
      return judge->Invalid(field.rule->name);
    }
  }
  return Finding::kOk;
}

Finding ReadGrant(std::string_view message, Statement* statement,
                  FieldJudge* judge) {
  WireReader reader(kGrant, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        if (field.number > kRegisterNumberMax) {
          return judge->Invalid("administration");
        }
        statement->administrations.push_back(
            static_cast<uint32_t>(field.number));
        break;
      case 2:
        RETURN_IF_FOUND(ReadScope(field.bytes, &statement->scope, judge));
        break;
      case 3:
        if (field.number > static_cast<uint64_t>(Assurance::kClerk)) {
          return judge->Invalid("assurance");
        }
        statement->assurance = static_cast<Assurance>(field.number);
        break;
      case 4:
        statement->lawful_basis = field.bytes;
        if (KindOfBasis(field.bytes) != BasisKind::kConsent) {
          return judge->Invalid("lawful_basis");
        }
        break;
      default:
        break;
    }
  }
  if (statement->administrations.empty()) {
    return judge->Missing("administration");
  }
  if (statement->scope.purposes.empty()) return judge->Missing("purpose");
  if (statement->scope.data_categories.empty()) {
    return judge->Missing("data_category");
  }
  if (statement->assurance == Assurance::kNone) {
    return judge->Missing("assurance");
  }
  if (statement->lawful_basis.empty()) return judge->Missing("lawful_basis");
  return Finding::kOk;
}

Finding ReadWithdrawal(std::string_view message, Statement* statement,
                       FieldJudge* judge) {
  WireReader reader(kWithdrawal, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        if (field.bytes.size() != kStatementIdBytes) {
          return judge->Invalid("statement_id");
        }
        statement->withdrawn.push_back(field.bytes);
        break;
      case 2:
        statement->everything = field.number != 0;
        break;
      default:
        statement->erase.push_back(field.number);
    }
  }
  return statement->withdrawn.empty() && !statement->everything &&
                 statement->erase.empty()
             ? judge->Missing("statement_id")
             : Finding::kOk;
}

// A prohibition, an objection or a preference: what is kept is field 1.
Finding ReadScoped(const MessageRule& rule, std::string_view message,
                   Statement* statement, FieldJudge* judge) {
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      RETURN_IF_FOUND(ReadScope(field.bytes, &statement->scope, judge));
    }
  }
  return Finding::kOk;
}

Finding ReadDispute(std::string_view message, Statement* statement,
                    FieldJudge* judge) {
  bool entry = false;
  WireReader reader(kDispute, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      statement->entry = field.number;
      entry = true;
    }
  }
  return entry ? Finding::kOk : judge->Missing("entry");
}

Finding ReadKey(std::string_view message, Statement* statement,
                FieldJudge* judge) {
  WireReader reader(kKey, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      statement->key_kind = static_cast<uint32_t>(field.number);
    } else if (field.rule->number == 2) {
      statement->public_key = field.bytes;
    }
  }
  const std::string_view key = statement->public_key;
  if (statement->key_kind == 0) return judge->Missing("kind");
  if (key.empty()) return judge->Missing("public_key");
  // Of other kinds nothing is known, and nothing they sign counts.
  bool sound = true;
  switch (statement->key_kind) {
    case kSignatureEd25519:
      sound = Ed25519KeyIsSound(key);
      break;
    case kSignatureEs256:
    case kSignatureKeyBinding:
    case kSignatureWebAuthn:
      sound = key.size() == kEs256KeyBytes && key[0] == '\x04';
      break;
    default:
      break;
  }
  return sound ? Finding::kOk : judge->Unsound("public_key");
}

Finding ReadKeyRevocation(std::string_view message, Statement* statement,
                          FieldJudge* judge) {
  WireReader reader(kKeyRevocation, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) statement->revoked = field.bytes;
  }
  if (statement->revoked.empty()) return judge->Missing("key_id");
  return statement->revoked.size() == kStatementIdBytes
             ? Finding::kOk
             : judge->Invalid("key_id");
}

Finding ReadDelegation(std::string_view message, Statement* statement,
                       FieldJudge* judge) {
  bool key = false;
  WireReader reader(kDelegation, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        RETURN_IF_FOUND(ReadKey(field.bytes, statement, judge));
        key = true;
        break;
      case 2:
        RETURN_IF_FOUND(ReadScope(field.bytes, &statement->scope, judge));
        break;
      case 3:
        statement->until_s = field.number;
        break;
      default:
        break;
    }
  }
  if (!key) return judge->Missing("key");
  return statement->until_s != 0 ? Finding::kOk : judge->Missing("until_s");
}

Finding ReadAlias(std::string_view message, Statement* statement,
                  FieldJudge* judge) {
  WireReader reader(kAlias, message);
  WireField field;
  while (reader.Next(&field)) statement->alias = field.bytes;
  if (statement->alias.empty()) return judge->Missing("subject");
  return statement->alias.size() >= 2 &&
                 statement->alias.size() <= kSubjectBytesMax
             ? Finding::kOk
             : judge->Invalid("subject");
}

Finding ReadEvent(const WireField& field, Statement* statement,
                  FieldJudge* judge) {
  statement->event =
      static_cast<StatementEvent>(field.rule->number - kFirstEvent);
  switch (statement->event) {
    case StatementEvent::kGrant:
      return ReadGrant(field.bytes, statement, judge);
    case StatementEvent::kWithdrawal:
      return ReadWithdrawal(field.bytes, statement, judge);
    case StatementEvent::kProhibition:
    case StatementEvent::kObjection:
    case StatementEvent::kPreference:
      return ReadScoped(*field.rule->message, field.bytes, statement, judge);
    case StatementEvent::kDispute:
      return ReadDispute(field.bytes, statement, judge);
    case StatementEvent::kKeyAdd:
    case StatementEvent::kRecovery:
      return ReadKey(field.bytes, statement, judge);
    case StatementEvent::kKeyRevocation:
      return ReadKeyRevocation(field.bytes, statement, judge);
    case StatementEvent::kDelegation:
      return ReadDelegation(field.bytes, statement, judge);
    case StatementEvent::kAlias:
      break;
  }
  return ReadAlias(field.bytes, statement, judge);
}

// The statement's own bytes.
Finding ReadStatement(Statement* statement, FieldJudge* judge) {
  RETURN_IF_FOUND(JudgeWire(kStatementRule, statement->bytes));
  bool sequence = false, event = false;
  WireReader reader(kStatementRule, statement->bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number >= kFirstEvent) {
      if (event) return judge->Invalid(field.rule->name);
      event = true;
      RETURN_IF_FOUND(ReadEvent(field, statement, judge));
      continue;
    }
    switch (field.rule->number) {
      case 1:
        statement->statement_id = field.bytes;
        if (field.bytes.size() != kStatementIdBytes) {
          return judge->Invalid("statement_id");
        }
        break;
      case 2:
        statement->sequence = field.number;
        sequence = true;
        break;
      case 3:
        statement->previous = field.bytes;
        if (field.bytes.size() != kHashBytes) return judge->Invalid("previous");
        break;
      case 4:
        statement->key_id = field.bytes;
        if (field.bytes.size() != kStatementIdBytes) {
          return judge->Invalid("key_id");
        }
        break;
      case 5:
        statement->identity_service = static_cast<uint32_t>(field.number);
        break;
      case 6:
        statement->made_at_ms = field.number;
        break;
      case 7:
        statement->language = field.bytes;
        break;
      case 8:
        statement->words_sha256 = field.bytes;
        if (field.bytes.size() != kHashBytes) {
          return judge->Invalid("words_sha256");
        }
        break;
      default:
        break;
    }
  }
  if (statement->statement_id.empty()) return judge->Missing("statement_id");
  if (!sequence) return judge->Missing("sequence");
  if (statement->sequence > 0 && statement->previous.empty()) {
    return judge->Missing("previous");
  }
  if (statement->sequence == 0 && !statement->previous.empty()) {
    return judge->Invalid("previous");
  }
  if (statement->key_id.empty() && !statement->identity_service.has_value()) {
    return judge->Missing("key_id");
  }
  if (!statement->key_id.empty() && statement->identity_service.has_value()) {
    return judge->Invalid("identity_service");
  }
  if (statement->language.empty()) return judge->Missing("language");
  if (statement->words_sha256.empty()) return judge->Missing("words_sha256");
  return event ? Finding::kOk : judge->Missing("event");
}

}  // namespace

constexpr MessageRule kStatementRule = {"Statement", kStatementFields,
                                        std::size(kStatementFields)};

std::string_view FamilyOf(std::string_view origin) {
  const size_t slash = origin.rfind('/');
  return slash == std::string_view::npos ? origin : origin.substr(0, slash);
}

Hash StatementHash(std::string_view family, std::string_view subject,
                   uint32_t administration, std::string_view bytes) {
  CHECK_LE(family.size(), kFamilyBytesMax);
  CHECK_LE(subject.size(), kChainSubjectBytesMax);
  CHECK_LE(bytes.size(), 0xffffffffu);
  std::string head;
  head.push_back(static_cast<char>(kStatementPrefix));
  head.push_back(static_cast<char>(family.size()));
  head += family;
  AppendBe16(static_cast<uint16_t>(subject.size()), &head);
  head += subject;
  AppendBe32(administration, &head);
  AppendBe32(static_cast<uint32_t>(bytes.size()), &head);
  return Sha256({head, bytes});
}

std::string StatementSignedBytes(const Hash& statement_hash) {
  std::string bytes(kContext);
  bytes += Bytes(statement_hash);
  return bytes;
}

Hash StatementChallenge(const Hash& statement_hash) {
  return Sha256({StatementSignedBytes(statement_hash)});
}

Finding VerifyStatement(uint32_t kind, std::string_view public_key,
                        const Hash& statement_hash, std::string_view signature,
                        Es256Verify es256) {
  if (kind == kSignatureEd25519) {
    return Ed25519Verify(public_key, StatementSignedBytes(statement_hash),
                         signature)
               ? Finding::kOk
               : Finding::kStatementSignature;
  }
  if (es256 == nullptr) return Finding::kSignatureKindUnknown;
  switch (kind) {
    case kSignatureEs256:
      return public_key.size() == kEs256KeyBytes &&
                     signature.size() == kEs256SignatureBytes &&
                     es256(public_key, StatementSignedBytes(statement_hash),
                           signature)
                 ? Finding::kOk
                 : Finding::kStatementSignature;
    case kSignatureKeyBinding:
      return VerifyKeyBinding(public_key, StatementChallenge(statement_hash),
                              signature, es256, nullptr, nullptr);
    case kSignatureWebAuthn:
      return VerifyWebAuthn(public_key, StatementChallenge(statement_hash),
                            signature, es256, nullptr, nullptr);
    default:
      return Finding::kSignatureKindUnknown;
  }
}

const char* StatementEventName(StatementEvent event) {
  const auto value = static_cast<unsigned>(event);
  return value < kStatementEventCount
             ? kStatementFields[value + kFirstEvent - 1].name
             : "unknown";
}

Finding ParseStatement(std::string_view record, Statement* statement,
                       const char** field) {
  *statement = Statement();
  FieldJudge judge = FieldJudge::OfRecord(field);
  RETURN_IF_FOUND(JudgeWire(kRecordRule, record));

  WireReader outer(kRecordRule, record);
  WireField content;
  if (!outer.Next(&content) || content.rule->message != &kSignedStatementRule) {
    return judge.Missing("statement");
  }
  const std::string_view message = content.bytes;
  if (outer.Next(&content)) return judge.Invalid(content.rule->name);

  bool administration = false, bytes = false;
  WireReader reader(kSignedStatementRule, message);
  WireField part;
  while (reader.Next(&part)) {
    switch (part.rule->number) {
      case 1:
        statement->entry_id = part.bytes;
        if (part.bytes.size() != kEntryIdBytes) {
          return judge.Invalid("entry_id");
        }
        break;
      case 2:
        statement->subject = part.bytes;
        if (part.bytes.size() < 2 || part.bytes.size() > kSubjectBytesMax) {
          return judge.Invalid("subject");
        }
        break;
      case 3:
        statement->administration = static_cast<uint32_t>(part.number);
        administration = true;
        break;
      case 4:
        statement->bytes = part.bytes;
        bytes = true;
        break;
      case 5:
        statement->signature_kind = static_cast<uint32_t>(part.number);
        break;
      default:
        statement->signature = part.bytes;
    }
  }
  if (statement->entry_id.empty()) return judge.Missing("entry_id");
  if (statement->subject.empty()) return judge.Missing("subject");
  if (!administration) return judge.Missing("administration");
  if (!bytes) return judge.Missing("statement");
  if (statement->signature_kind == 0) return judge.Missing("signature_kind");
  if (statement->signature.empty()) return judge.Missing("signature");
  return ReadStatement(statement, &judge);
}

}  // namespace vidimus
