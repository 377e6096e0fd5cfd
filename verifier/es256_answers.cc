#include "verifier/es256_answers.h"

#include <cstdint>
#include <utility>

#include "verifier/chain.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/opening.h"
#include "verifier/record.h"
#include "verifier/statement.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

// Numbers of fields in proto/bundle.proto and proto/chain.proto.
constexpr uint32_t kBundleOrigin = 1;
constexpr uint32_t kBundleChain = 6;
constexpr uint32_t kProbedChainChain = 1;
constexpr uint32_t kChainEntries = 5;
constexpr uint32_t kEntryOpening = 4;

// Appends the statement that `message`, a chain entry, opens, if it does.
void AddStatement(const MessageRule& rule, std::string_view message,
                  std::vector<Statement>* statements) {
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number != kEntryOpening) continue;
    ShownOpening shown;
    Statement statement;
    if (ParseOpening(field.bytes, &shown) == Finding::kOk &&
        ContentOf(shown.opening.record) == RecordContent::kStatement &&
        ParseStatement(shown.opening.record, &statement, nullptr) ==
            Finding::kOk) {
      statements->push_back(std::move(statement));
    }
  }
}

void AskAllOfChain(std::string_view origin, std::string_view chain,
                   Es256Answers* answers) {
  std::vector<Statement> statements;
  WireReader reader(kChainRule, chain);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == kChainEntries) {
      AddStatement(*field.rule->message, field.bytes, &statements);
    }
  }
  // A key goes by the id of the statement that brought it.
  std::multimap<std::string_view, const Statement*> keys;
  for (const Statement& statement : statements) {
    if (statement.public_key.size() == kEs256KeyBytes) {
      keys.emplace(statement.statement_id, &statement);
    }
  }
  for (const Statement& statement : statements) {
    const auto [begin, end] = keys.equal_range(statement.key_id);
    for (auto key = begin; key != end; ++key) {
      if (answers->owed().size() >= kEs256ChecksMax) return;
      if (key->second->key_kind != statement.signature_kind) continue;
      VerifyStatement(statement.signature_kind, key->second->public_key,
                      StatementHash(FamilyOf(origin), statement.subject,
                                    statement.administration, statement.bytes),
                      statement.signature, answers->verify());
    }
  }
}

}  // namespace

Es256Answers::Es256Answers(std::string_view settled) {
  for (; settled.size() >= kEs256SettledBytes;
       settled.remove_prefix(kEs256SettledBytes)) {
    const char answer = settled[kHashBytes];
    if (answer != 0 && answer != 1) continue;
    answers_[*HashFromBytes(settled.substr(0, kHashBytes))] = answer == 1;
  }
}

bool Es256Answers::Answer(void* self, std::string_view public_key,
                          std::string_view message,
                          std::string_view signature) {
  auto* const answers = static_cast<Es256Answers*>(self);
  Es256Check check;
  check.id = Sha256({public_key, signature, message});
  const auto [answer, fresh] = answers->answers_.emplace(check.id, false);
  if (fresh) {
    check.public_key = public_key;
    check.message = message;
    check.signature = signature;
    answers->owed_.push_back(std::move(check));
  }
  return answer->second;
}

Finding AskAllOfBundle(std::string_view bundle, Es256Answers* answers) {
  if (bundle.size() > kChainBundleBytesMax) return Finding::kWireTooMany;
  RETURN_IF_FOUND(JudgeWire(kChainBundleRule, bundle));
  std::string_view origin;
  WireReader reader(kChainBundleRule, bundle);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == kBundleOrigin) origin = field.bytes;
    if (field.rule->number != kBundleChain) continue;
    // Such an origin is no log's, and nothing is judged of it.
    if (origin.size() > kOriginBytesMax) return Finding::kOk;
    WireReader probed(*field.rule->message, field.bytes);
    WireField part;
    while (probed.Next(&part)) {
      if (part.rule->number == kProbedChainChain) {
        AskAllOfChain(origin, part.bytes, answers);
      }
    }
  }
  return Finding::kOk;
}

}  // namespace vidimus
