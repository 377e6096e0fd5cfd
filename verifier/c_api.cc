#include "verifier/c_api.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/answers.h"
#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction.h"
#include "verifier/encoding.h"
#include "verifier/entry_bundle.h"
#include "verifier/es256_answers.h"
#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/json_writer.h"
#include "verifier/key_binding.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/message_json.h"
#include "verifier/note.h"
#include "verifier/opening.h"
#include "verifier/policy.h"
#include "verifier/proof_parts.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/register_proof.h"
#include "verifier/statement.h"
#include "verifier/tile.h"
#include "verifier/tlog_proof.h"
#include "verifier/webauthn.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

// Null with 0 bytes is nothing.
std::string_view View(const char* at, size_t bytes) {
  return bytes == 0 ? std::string_view() : std::string_view(at, bytes);
}

// An answer in the making. Its first member is what was found.
class Answer {
 public:
  explicit Answer(Finding finding) {
    json_.BeginObject();
    WriteFinding(finding, &json_);
  }

  JsonWriter* json() { return &json_; }

  // What the caller owns.
  char* Give() {
    json_.EndObject();
    const std::string& text = json_.text();
    auto* const given = static_cast<char*>(std::malloc(text.size() + 1));
    if (given != nullptr) std::memcpy(given, text.c_str(), text.size() + 1);
    return given;
  }

 private:
  JsonWriter json_;
};

char* Refuse(Finding finding, const char* part) {
  Answer answer(finding);
  answer.json()->Text("part", part);
  return answer.Give();
}

// Returns from the enclosing function with the first finding that is not kOk
// and with what it is about.
#define ANSWER_IF_FOUND(expression, part)                                  \
  do {                                                                     \
    const Finding finding_found = (expression);                            \
    if (finding_found != Finding::kOk) return Refuse(finding_found, part); \
  } while (false)

char* RefusePolicy(Finding finding, size_t line) {
  Answer answer(finding);
  answer.json()->Text("part", "policy");
  answer.json()->Number("line", line);
  return answer.Give();
}

// No policy is one by which nobody need cosign.
Finding ReadPolicy(std::string_view text, Policy* policy, size_t* line) {
  *line = 0;
  return text.empty() ? Finding::kOk : ParsePolicy(text, policy, line);
}

// --- Consistency -------------------------------------------------------------

// Both heads, of which the newer is no smaller.
Finding OpenBoth(const VerifierKey& log_key, std::string_view older,
                 std::string_view newer, Checkpoint* old_head,
                 Checkpoint* new_head, const char** part) {
  *part = "older";
  RETURN_IF_FOUND(OpenCheckpoint(older, log_key, old_head));
  *part = "newer";
  RETURN_IF_FOUND(OpenCheckpoint(newer, log_key, new_head));
  *part = "consistency";
  if (new_head->head.size < old_head->head.size) return Finding::kTreeShrank;
  return Finding::kOk;
}

// The tiles that the proof is read from, in the order they are met first.
std::vector<TileAddress> TilesBetween(const TreeHead& older,
                                      const TreeHead& newer) {
  std::vector<TileAddress> tiles;
  ConsistencyPath(
      older.size, newer.size, [&](int level, uint64_t index, Hash* hash) {
        const TileAddress tile = TileOfNode(level, index, newer.size);
        bool known = false;
        for (const TileAddress& one : tiles) {
          known = known || one == tile;
        }
        if (!known) tiles.push_back(tile);
        *hash = Hash();
        return true;
      });
  return tiles;
}

Finding JudgeByTiles(const TreeHead& older, const TreeHead& newer,
                     std::string_view bytes) {
  std::map<std::string, std::string_view> tiles;
  for (const TileAddress& address : TilesBetween(older, newer)) {
    const size_t size = static_cast<size_t>(address.width) * kHashBytes;
    if (bytes.size() < size) return Finding::kTileSize;
    tiles.emplace(TilePath(address), bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) return Finding::kTileSize;
  const auto path = ConsistencyPath(
      older.size, newer.size, [&](int level, uint64_t index, Hash* hash) {
        const auto tile =
            tiles.find(TilePath(TileOfNode(level, index, newer.size)));
        const std::optional<Hash> node =
            tile == tiles.end() ? std::nullopt
                                : NodeInTile(level, index, tile->second);
        if (node.has_value()) *hash = *node;
        return node.has_value();
      });
  if (!path.has_value()) return Finding::kTileSize;
  return VerifyConsistency(older, newer, *path);
}

// --- Chains ------------------------------------------------------------------

// Numbers of fields in proto/bundle.proto and proto/chain.proto.
constexpr uint32_t kBundleCheckpoint = 2;
constexpr uint32_t kBundleChain = 6;
constexpr uint32_t kProbedChainChain = 1;
constexpr uint32_t kProbedChainProbe = 2;
constexpr uint32_t kChainAdministration = 1;

// The probes of a bundle that was judged, by place in report.chains: who drew
// them must see that these are the same.
std::vector<std::vector<uint64_t>> ProbesOf(std::string_view bundle,
                                            const ChainsReport& report) {
  std::map<uint32_t, std::vector<uint64_t>> by_administration;
  WireReader reader(kChainBundleRule, bundle);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number != kBundleChain) continue;
    uint32_t administration = 0;
    std::vector<uint64_t> probes;
    WireReader probed(*field.rule->message, field.bytes);
    WireField part;
    while (probed.Next(&part)) {
      if (part.rule->number == kProbedChainProbe) probes.push_back(part.number);
      if (part.rule->number != kProbedChainChain) continue;
      WireReader chain(*part.rule->message, part.bytes);
      WireField of_chain;
      if (chain.Next(&of_chain) &&
          of_chain.rule->number == kChainAdministration) {
        administration = static_cast<uint32_t>(of_chain.number);
      }
    }
    by_administration.emplace(administration, std::move(probes));
  }
  std::vector<std::vector<uint64_t>> all;
  for (const ChainReport& chain : report.chains) {
    const auto found = by_administration.find(chain.administration);
    all.push_back(found == by_administration.end() ? std::vector<uint64_t>()
                                                   : found->second);
  }
  return all;
}

std::string_view CheckpointOf(std::string_view bundle) {
  WireReader reader(kChainBundleRule, bundle);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == kBundleCheckpoint) return field.bytes;
  }
  return {};
}

// --- Messages ----------------------------------------------------------------

constexpr const MessageRule* kMessages[] = {
    &kRecordRule,
    &kAccessRecordRule,
    &kSignedStatementRule,
    &kNoticeRule,
    &kActorRule,
    &kStatementRule,
    &kWebAuthnAssertionRule,
    &kConfigRule,
    &kAdministrationRule,
    &kProvisionRule,
    &kPurposeRule,
    &kCategoryRule,
    &kAiSystemRule,
    &kAnalysisRule,
    &kCountRule,
    &kIdentityServiceRule,
    &kOpeningRule,
    &kChainRule,
    &kChainBundleRule,
    &kLeavesProofRule,
    &kKeysProofRule,
    &kEntryBundleRule,
    &kRegisterProofRule,
    &kConvictionRule,
};

const MessageRule* FindMessage(std::string_view name) {
  for (const MessageRule* rule : kMessages) {
    if (rule->name == name) return rule;
  }
  return nullptr;
}

// --- Statements --------------------------------------------------------------

// A record around statement bytes that nobody signed yet, for its parser.
std::string UnsignedRecord(std::string_view subject, uint32_t administration,
                           std::string_view statement) {
  std::string filed;
  AppendWireBytes(1, std::string(kStatementIdBytes, '\0'), &filed);
  AppendWireBytes(2, subject, &filed);
  AppendWireNumber(3, administration, &filed);
  AppendWireBytes(4, statement, &filed);
  AppendWireNumber(5, kSignatureEd25519, &filed);
  AppendWireBytes(6, "unsigned", &filed);
  std::string record;
  AppendWireBytes(2, filed, &record);
  return record;
}

void WriteToSign(const Hash& hash, JsonWriter* json) {
  const Hash challenge = StatementChallenge(hash);
  json->Hex("hash", Bytes(hash));
  json->Hex("signed_bytes", StatementSignedBytes(hash));
  json->Hex("challenge", Bytes(challenge));
  json->Text("transaction_data", StatementTransactionData(challenge));
}

}  // namespace
}  // namespace vidimus

using namespace vidimus;  // NOLINT: C functions stand in no namespace

uint32_t vidimus_abi_version(void) { return VIDIMUS_ABI_VERSION; }

void* vidimus_alloc(size_t bytes) { return std::malloc(bytes); }

void vidimus_free(void* memory) { std::free(memory); }

char* vidimus_open_head(const char* log_key, size_t log_key_bytes,
                        const char* policy, size_t policy_bytes,
                        const char* note, size_t note_bytes) {
  VerifierKey key;
  Policy parsed;
  size_t line = 0;
  Checkpoint checkpoint;
  Cosigned cosigned;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  const Finding finding =
      ReadPolicy(View(policy, policy_bytes), &parsed, &line);
  if (finding != Finding::kOk) return RefusePolicy(finding, line);
  ANSWER_IF_FOUND(OpenCheckpoint(View(note, note_bytes), key, &checkpoint),
                  "checkpoint");
  ANSWER_IF_FOUND(ReadCosigned(View(note, note_bytes), parsed, &cosigned),
                  "cosignatures");
  Answer answer(Finding::kOk);
  WriteHead(checkpoint, answer.json());
  WriteCosigned(parsed, cosigned, answer.json());
  return answer.Give();
}

char* vidimus_consistency_tiles(const char* log_key, size_t log_key_bytes,
                                const char* older, size_t older_bytes,
                                const char* newer, size_t newer_bytes) {
  VerifierKey key;
  Checkpoint old_head, new_head;
  const char* part = "";
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  ANSWER_IF_FOUND(
      OpenBoth(key, View(older, older_bytes), View(newer, newer_bytes),
               &old_head, &new_head, &part),
      part);
  Answer answer(Finding::kOk);
  answer.json()->Name("tiles");
  answer.json()->BeginList();
  for (const TileAddress& tile : TilesBetween(old_head.head, new_head.head)) {
    answer.json()->BeginObject();
    answer.json()->Text("path", TilePath(tile));
    answer.json()->Number("bytes",
                          static_cast<uint64_t>(tile.width) * kHashBytes);
    answer.json()->EndObject();
  }
  answer.json()->EndList();
  return answer.Give();
}

char* vidimus_judge_consistency(const char* log_key, size_t log_key_bytes,
                                const char* older, size_t older_bytes,
                                const char* newer, size_t newer_bytes,
                                const char* tiles, size_t tiles_bytes) {
  VerifierKey key;
  Checkpoint old_head, new_head;
  const char* part = "";
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  ANSWER_IF_FOUND(
      OpenBoth(key, View(older, older_bytes), View(newer, newer_bytes),
               &old_head, &new_head, &part),
      part);
  ANSWER_IF_FOUND(
      JudgeByTiles(old_head.head, new_head.head, View(tiles, tiles_bytes)),
      "consistency");
  Answer answer(Finding::kOk);
  WriteHead(new_head, answer.json());
  return answer.Give();
}

char* vidimus_judge_chains(const char* log_key, size_t log_key_bytes,
                           const char* policy, size_t policy_bytes,
                           const char* bundle, size_t bundle_bytes,
                           const char* settled, size_t settled_bytes) {
  VerifierKey key;
  Policy parsed;
  size_t line = 0;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  Finding finding = ReadPolicy(View(policy, policy_bytes), &parsed, &line);
  if (finding != Finding::kOk) return RefusePolicy(finding, line);

  const std::string_view file = View(bundle, bundle_bytes);
  // Fewer monitors than the policy asks for vouch for nothing.
  Cosigned cosigned;
  std::vector<VerifierKey> monitors;
  if (file.size() <= kChainBundleBytesMax &&
      ReadCosigned(CheckpointOf(file), parsed, &cosigned) == Finding::kOk &&
      cosigned.monitors_at_s.has_value()) {
    monitors = MonitorKeys(parsed);
  }
  ChainsReport report;
  finding = JudgeChainBundle(file, key, monitors, &report);
  Answer answer(finding);
  JsonWriter* const json = answer.json();
  WritePlace(report.part, report.document, json);
  if (finding != Finding::kOk) return answer.Give();

  Es256Answers answers(View(settled, settled_bytes));
  std::vector<JudgedChain> judged = JudgeAccesses(report, answers.verify());
  WriteHead(report.checkpoint, json);
  WriteCosigned(parsed, cosigned, json);
  WriteChecks("owed", answers.owed(), json);
  if (!answers.owed().empty()) judged.clear();
  WriteChains(report, ProbesOf(file, report), judged, json);
  return answer.Give();
}

char* vidimus_es256_checks(const char* bundle, size_t bundle_bytes) {
  Es256Answers answers{std::string_view()};
  ANSWER_IF_FOUND(AskAllOfBundle(View(bundle, bundle_bytes), &answers), "file");
  Answer answer(Finding::kOk);
  WriteChecks("checks", answers.owed(), answer.json());
  return answer.Give();
}

char* vidimus_read_proofs(const char* log_key, size_t log_key_bytes,
                          const char* parts, size_t parts_bytes) {
  const std::string_view file = View(parts, parts_bytes);
  VerifierKey key;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  if (file.size() > kChainBundleBytesMax) {
    return Refuse(Finding::kWireTooMany, "file");
  }
  ANSWER_IF_FOUND(JudgeWire(kChainBundleRule, file), "file");
  ProofParts proofs;
  WireReader reader(kChainBundleRule, file);
  WireField field;
  while (reader.Next(&field)) TakeProofPart(field, &proofs);
  Extract extract;
  ANSWER_IF_FOUND(extract.Open(proofs.checkpoint, key), "checkpoint");
  const char* part = "";
  ANSWER_IF_FOUND(TakeProofs(proofs, &extract, &part), part);

  Answer answer(Finding::kOk);
  JsonWriter* const json = answer.json();
  WriteHead(extract.checkpoint(), json);
  json->Number("time_s", extract.seal().time_s);
  json->Name("keys");
  json->BeginList();
  for (const std::string_view message : proofs.keys) {
    WireReader keys(kKeysProofRule, message);
    while (keys.Next(&field)) {
      const std::optional<Hash> asked = HashFromBytes(field.bytes);
      IndexAnswer found;
      if (field.rule->number != 1 || !asked.has_value() ||
          extract.FindKey(*asked, &found) != Finding::kOk) {
        continue;
      }
      json->BeginObject();
      json->Hex("key", field.bytes);
      json->Name("leaf_index");
      if (found.has_value()) {
        json->Number(*found);
      } else {
        json->Null();
      }
      json->EndObject();
    }
  }
  json->EndList();
  json->Name("leaves");
  json->BeginList();
  for (const std::string_view message : proofs.leaves) {
    WireReader leaves(kLeavesProofRule, message);
    while (leaves.Next(&field)) {
      Leaf leaf;
      if (field.rule->number != 1 ||
          extract.FindLeaf(field.number, &leaf) != Finding::kOk) {
        continue;
      }
      json->BeginObject();
      json->Number("leaf_index", field.number);
      json->Text("kind", leaf.kind == LeafKind::kSubject ? "subject"
                         : leaf.kind == LeafKind::kSeal  ? "seal"
                                                         : "register");
      if (leaf.kind == LeafKind::kSeal) {
        json->Number("time_s", SealOf(leaf).time_s);
      } else {
        json->Hex("key", Bytes(leaf.a));
        json->Hex("hash", Bytes(leaf.b));
      }
      json->EndObject();
    }
  }
  json->EndList();
  return answer.Give();
}

char* vidimus_chain_labels(const char* chain_key, size_t chain_key_bytes,
                           const char* numbers, size_t numbers_bytes) {
  const std::optional<Hash> key =
      HashFromBytes(View(chain_key, chain_key_bytes));
  std::string_view rest = View(numbers, numbers_bytes);
  if (!key.has_value()) return Refuse(Finding::kChainKeyMismatch, "chain_key");
  if (rest.size() % sizeof(uint64_t) != 0) {
    return Refuse(Finding::kProofMalformed, "numbers");
  }
  Answer answer(Finding::kOk);
  answer.json()->Name("labels");
  answer.json()->BeginList();
  for (; !rest.empty(); rest.remove_prefix(sizeof(uint64_t))) {
    answer.json()->Hex(Bytes(ChainLabel(*key, Be64(rest))));
  }
  answer.json()->EndList();
  return answer.Give();
}

char* vidimus_register_keys(const char* ids, size_t ids_bytes) {
  constexpr size_t kIdBytes = 13;
  std::string_view rest = View(ids, ids_bytes);
  if (rest.size() % kIdBytes != 0) {
    return Refuse(Finding::kProofMalformed, "ids");
  }
  std::vector<RegisterId> all;
  for (; !rest.empty(); rest.remove_prefix(kIdBytes)) {
    RegisterId id;
    const auto type = RegisterTypeFromByte(static_cast<uint8_t>(rest[0]));
    id.number = Be32(rest.substr(1));
    id.version = Be64(rest.substr(5));
    if (!type.has_value() || id.number > kRegisterNumberMax) {
      return Refuse(Finding::kDocumentFieldInvalid, "ids");
    }
    id.type = *type;
    all.push_back(id);
  }
  Answer answer(Finding::kOk);
  answer.json()->Name("keys");
  answer.json()->BeginList();
  for (const RegisterId& id : all) answer.json()->Hex(Bytes(RegisterKey(id)));
  answer.json()->EndList();
  return answer.Give();
}

char* vidimus_judge_entry(const char* log_key, size_t log_key_bytes,
                          const char* bundle, size_t bundle_bytes) {
  VerifierKey key;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  EntryBundleReport report;
  const std::string_view file = View(bundle, bundle_bytes);
  const Finding finding = JudgeEntryBundle(file, key, &report);
  Answer answer(finding);
  JsonWriter* const json = answer.json();
  WritePlace(report.part, report.document, json);
  if (finding != Finding::kOk) return answer.Give();
  WriteHead(report.checkpoint, json);
  json->Number("leaf_index", report.leaf_index);
  json->Number("administration", report.administration);
  // What was judged is read again, for the record's own bytes.
  ShownOpening shown;
  WireReader reader(kEntryBundleRule, file);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->message == &kOpeningRule) ParseOpening(field.bytes, &shown);
  }
  json->Name("entry");
  json->BeginObject();
  WriteOpened(report.opened, shown.opening.record, json);
  json->EndObject();
  WriteDocuments(report.proven_register.documents, json);
  return answer.Give();
}

char* vidimus_judge_register_proof(const char* log_key, size_t log_key_bytes,
                                   const char* file, size_t file_bytes) {
  VerifierKey key;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  RegisterProofReport report;
  const Finding finding =
      JudgeRegisterProof(View(file, file_bytes), key, &report);
  Answer answer(finding);
  WritePlace(report.part, report.document, answer.json());
  if (finding != Finding::kOk) return answer.Give();
  WriteHead(report.checkpoint, answer.json());
  answer.json()->Number("time_s", report.seal_time_s);
  answer.json()->Number("type", static_cast<uint64_t>(report.type));
  answer.json()->Number("number", report.number);
  WriteDocuments(report.versions, answer.json());
  return answer.Give();
}

char* vidimus_judge_conviction(const char* log_key, size_t log_key_bytes,
                               const char* file, size_t file_bytes) {
  VerifierKey key;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  ConvictionReport report;
  ANSWER_IF_FOUND(JudgeConviction(View(file, file_bytes), key, &report),
                  "file");
  Answer answer(Finding::kOk);
  WriteConviction(key.name, report, answer.json());
  return answer.Give();
}

char* vidimus_judge_inclusion(const char* log_key, size_t log_key_bytes,
                              const char* entry, size_t entry_bytes,
                              const char* proof, size_t proof_bytes) {
  VerifierKey key;
  Checkpoint checkpoint;
  uint64_t index = 0;
  ANSWER_IF_FOUND(ParseVkey(View(log_key, log_key_bytes), &key), "log_key");
  ANSWER_IF_FOUND(VerifyTlogProof(View(proof, proof_bytes),
                                  LeafHash(View(entry, entry_bytes)), key,
                                  &checkpoint, &index),
                  "proof");
  Answer answer(Finding::kOk);
  WriteHead(checkpoint, answer.json());
  answer.json()->Number("leaf_index", index);
  return answer.Give();
}

char* vidimus_statement_to_sign(const char* origin, size_t origin_bytes,
                                const char* subject, size_t subject_bytes,
                                uint32_t administration, const char* statement,
                                size_t statement_bytes) {
  const std::string_view log = View(origin, origin_bytes);
  const std::string_view bytes = View(statement, statement_bytes);
  if (!ValidOrigin(log)) return Refuse(Finding::kChainNameSize, "origin");
  const std::string record =
      UnsignedRecord(View(subject, subject_bytes), administration, bytes);
  Statement parsed;
  const char* field = "statement";
  ANSWER_IF_FOUND(ParseStatement(record, &parsed, &field), field);
  Answer answer(Finding::kOk);
  WriteToSign(
      StatementHash(FamilyOf(log), parsed.subject, administration, bytes),
      answer.json());
  answer.json()->Text("event", StatementEventName(parsed.event));
  return answer.Give();
}

char* vidimus_judge_statement(const char* origin, size_t origin_bytes,
                              const char* record, size_t record_bytes,
                              const char* public_key, size_t public_key_bytes,
                              const char* settled, size_t settled_bytes) {
  const std::string_view log = View(origin, origin_bytes);
  if (!ValidOrigin(log)) return Refuse(Finding::kChainNameSize, "origin");
  Statement parsed;
  const char* field = "record";
  ANSWER_IF_FOUND(ParseStatement(View(record, record_bytes), &parsed, &field),
                  field);
  const Hash hash = StatementHash(FamilyOf(log), parsed.subject,
                                  parsed.administration, parsed.bytes);
  Es256Answers answers(View(settled, settled_bytes));
  const Finding finding =
      VerifyStatement(parsed.signature_kind, View(public_key, public_key_bytes),
                      hash, parsed.signature, answers.verify());
  Answer answer(answers.owed().empty() ? finding : Finding::kEs256Owed);
  WriteChecks("owed", answers.owed(), answer.json());
  WriteToSign(hash, answer.json());
  answer.json()->Text("event", StatementEventName(parsed.event));
  answer.json()->Name("statement");
  WriteMessage(kStatementRule, parsed.bytes, answer.json());
  return answer.Give();
}

char* vidimus_decode(const char* name, size_t name_bytes, const char* message,
                     size_t message_bytes) {
  const MessageRule* const rule = FindMessage(View(name, name_bytes));
  if (rule == nullptr) return Refuse(Finding::kMessageUnknown, "name");
  const std::string_view bytes = View(message, message_bytes);
  if (bytes.size() > kChainBundleBytesMax) {
    return Refuse(Finding::kWireTooMany, "message");
  }
  ANSWER_IF_FOUND(JudgeWire(*rule, bytes), "message");
  Answer answer(Finding::kOk);
  answer.json()->Name("message");
  WriteMessage(*rule, bytes, answer.json());
  return answer.Give();
}

char* vidimus_encode(const char* name, size_t name_bytes, const char* json,
                     size_t json_bytes) {
  const MessageRule* const rule = FindMessage(View(name, name_bytes));
  if (rule == nullptr) return Refuse(Finding::kMessageUnknown, "name");
  std::string message;
  ANSWER_IF_FOUND(EncodeMessage(*rule, View(json, json_bytes), &message),
                  "json");
  Answer answer(Finding::kOk);
  answer.json()->Hex("bytes", message);
  return answer.Give();
}

char* vidimus_words(void) {
  Answer answer(Finding::kOk);
  WriteWords(answer.json());
  return answer.Give();
}
