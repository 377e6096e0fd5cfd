#include "client/verify.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/chain_report.h"
#include "client/secret.pb.h"
#include "verifier/check.h"
#include "verifier/conviction.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/entry_bundle.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/register_proof.h"
#include "verifier/statement.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

std::string_view Std(absl::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// Whether the evidence itself cannot be read, as against being read and false.
bool IsUnreadable(Finding finding) {
  switch (finding) {
    case Finding::kProofMalformed:
    case Finding::kNoteMalformed:
    case Finding::kNoteTooLarge:
    case Finding::kCheckpointMalformed:
    case Finding::kEvidenceMalformed:
    case Finding::kWireTruncated:
    case Finding::kWireVarint:
    case Finding::kWireTag:
    case Finding::kWireUnknownField:
    case Finding::kWireRepeatedField:
    case Finding::kWireOrder:
    case Finding::kWireType:
    case Finding::kWireRange:
    case Finding::kWireUtf8:
    case Finding::kWireTooMany:
      return true;
    default:
      return false;
  }
}

Judgement Judge(absl::string_view vkey, absl::string_view proof,
                const Hash& leaf_hash, absl::string_view what) {
  VerifierKey log_key;
  Finding finding = ParseVkey(Std(vkey), &log_key);
  if (finding != Finding::kOk) {
    return {kExitUnusable, absl::StrCat("unusable: the verifier key: ",
                                        FindingSentence(finding))};
  }
  Checkpoint checkpoint;
  uint64_t index = 0;
  finding =
      VerifyTlogProof(Std(proof), leaf_hash, log_key, &checkpoint, &index);
  if (finding == Finding::kOk) {
    return {kExitTrue,
            absl::StrCat("true: ", what, " is leaf ", index, " of the log ",
                         log_key.name, ", under its signed checkpoint of ",
                         checkpoint.head.size, " leaves")};
  }
  if (IsUnreadable(finding)) {
    return {kExitUnusable,
            absl::StrCat("unusable: the proof: ", FindingSentence(finding))};
  }
  return {kExitFalse, absl::StrCat("false: this does not show that ", what,
                                   " is in the log ", log_key.name, ": ",
                                   FindingSentence(finding))};
}

Judgement JudgeConvictionFile(const VerifierKey& log_key,
                              std::string_view bytes) {
  ConvictionReport report;
  const Finding finding = JudgeConviction(bytes, log_key, &report);
  if (finding == Finding::kOk) {
    std::string sentence = absl::StrCat(
        "true, and it convicts: ", ConvictionSentence(log_key.name, report));
    if (report.names_person) {
      absl::StrAppend(&sentence,
                      "\n  This file names a person and lets whoever has it "
                      "follow one of their chains:\n  they alone may publish "
                      "it.");
    }
    return {kExitTrue, sentence};
  }
  if (IsUnreadable(finding)) {
    return {kExitUnusable, absl::StrCat("unusable: the conviction: ",
                                        FindingSentence(finding))};
  }
  return {kExitFalse, absl::StrCat("false: this convicts nobody: ",
                                   FindingSentence(finding))};
}

std::string SignerName(const EntryBundleReport& report) {
  std::string name = absl::StrCat("administration ", report.administration);
  const auto& administrations = report.proven_register.administrations;
  if (report.administration < administrations.size()) {
    absl::StrAppend(
        &name, " (",
        TextOf(
            administrations[report.administration].back().administration.names),
        ")");
  }
  return name;
}

Judgement JudgeEntryFile(const VerifierKey& log_key, std::string_view bytes) {
  EntryBundleReport report;
  const Finding finding = JudgeEntryBundle(bytes, log_key, &report);
  if (finding == Finding::kOk) {
    std::string sentence = absl::StrCat(
        "true: this entry is leaf ", report.leaf_index, " of the log ",
        log_key.name, ", under its signed checkpoint of ",
        report.checkpoint.head.size, " leaves\n  ");
    switch (report.opened.kind) {
      case RecordContent::kAccess:
        absl::StrAppend(&sentence,
                        AccessLine(report.opened, Language::kEnglish),
                        "\n  signed by ", SignerName(report));
        break;
      case RecordContent::kStatement:
        absl::StrAppend(
            &sentence, "it is a statement of a resident (",
            StatementEventName(report.opened.statement.event), "), ",
            report.administration == kSelf
                ? std::string("to nobody but themselves")
                : absl::StrCat("to ", SignerName(report)),
            "\n  whose key signed it, and whether it counts, shows the whole "
            "chain alone");
        break;
      case RecordContent::kNotice:
      case RecordContent::kUnknown:
        absl::StrAppend(
            &sentence,
            "it was not written by an administration about an "
            "access",
            report.administration == kSelf
                ? ""
                : absl::StrCat("\n  in the name of ", SignerName(report)));
    }
    return {kExitTrue, sentence};
  }
  if (IsUnreadable(finding)) {
    return {kExitUnusable,
            absl::StrCat("unusable: the bundle: ", FindingSentence(finding))};
  }
  return {kExitFalse, absl::StrCat("false: this does not show what the log ",
                                   log_key.name, " holds (", report.part,
                                   "): ", FindingSentence(finding))};
}

Judgement JudgeRegisterFile(const VerifierKey& log_key,
                            std::string_view bytes) {
  RegisterProofReport report;
  const Finding finding = JudgeRegisterProof(bytes, log_key, &report);
  if (finding == Finding::kOk) {
    static constexpr const char* kNames[kRegisterTypeCount] = {
        "config",   "administration", "provision",
        "purpose",  "category",       "AI system",
        "analysis", "count",          "identity service"};
    const std::string what = absl::StrCat(
        kNames[static_cast<size_t>(report.type)], " ", report.number);
    const std::string where =
        absl::StrCat(" in the register of the log ", log_key.name,
                     ", under its signed checkpoint of ",
                     report.checkpoint.head.size, " leaves");
    if (report.versions.empty()) {
      return {kExitTrue, absl::StrCat("true: there is no ", what, where)};
    }
    const ProvenDocument& newest = report.versions.back();
    return {kExitTrue,
            absl::StrCat("true: version ", newest.id.version,
                         " is the newest of ", what, where, "\n  it is leaf ",
                         newest.leaf_index, ", a message of SHA-256 ",
                         HexEncode(Bytes(Sha256(newest.message))))};
  }
  if (IsUnreadable(finding)) {
    return {kExitUnusable, absl::StrCat("unusable: the register proof: ",
                                        FindingSentence(finding))};
  }
  return {kExitFalse,
          absl::StrCat("false: this does not show what stands in the register "
                       "of the log ",
                       log_key.name, " (", report.part,
                       "): ", FindingSentence(finding))};
}

}  // namespace

std::optional<FileKind> KindOfFile(absl::string_view bytes) {
  if (LooksLikeConviction(Std(bytes))) return FileKind::kConviction;
  if (LooksLikeEntryBundle(Std(bytes))) return FileKind::kEntryBundle;
  if (LooksLikeRegisterProof(Std(bytes))) return FileKind::kRegisterProof;
  if (absl::StartsWith(bytes, "c2sp.org/tlog-proof@")) {
    return FileKind::kReceipt;
  }
  // It begins with its field 1, the log's origin.
  constexpr char kFirstField = 0x0a;
  if (!bytes.empty() && bytes[0] == kFirstField) return FileKind::kChainBundle;
  return std::nullopt;
}

Judgement VerifyEvidence(absl::string_view vkey,
                         const std::vector<VerifierKey>& monitors,
                         absl::string_view bytes) {
  VerifierKey log_key;
  const Finding finding = ParseVkey(Std(vkey), &log_key);
  if (finding != Finding::kOk) {
    return {kExitUnusable, absl::StrCat("unusable: the verifier key: ",
                                        FindingSentence(finding))};
  }
  const std::optional<FileKind> kind = KindOfFile(bytes);
  if (!kind.has_value()) {
    return {kExitUnusable,
            "unusable: the file is no receipt, bundle, conviction or register "
            "proof"};
  }
  switch (*kind) {
    case FileKind::kConviction:
      return JudgeConvictionFile(log_key, Std(bytes));
    case FileKind::kEntryBundle:
      return JudgeEntryFile(log_key, Std(bytes));
    case FileKind::kRegisterProof:
      return JudgeRegisterFile(log_key, Std(bytes));
    case FileKind::kChainBundle: {
      ChainJudgement judged = JudgeChainFile(log_key, monitors, bytes);
      absl::StripTrailingAsciiWhitespace(&judged.text);
      return {judged.exit_code, std::move(judged.text)};
    }
    case FileKind::kReceipt:
      break;
  }
  CHECK(*kind != FileKind::kReceipt);
  return {};
}

absl::StatusOr<std::string> LabelKeyOfConfig(absl::string_view vkey,
                                             absl::string_view document) {
  const auto judge = [&](std::string* label_key) {
    VerifierKey log_key;
    RETURN_IF_FOUND(ParseVkey(Std(vkey), &log_key));
    Document parts;
    RETURN_IF_FOUND(SplitDocument(Std(document), &parts));
    Config config;
    RETURN_IF_FOUND(ParseConfig(parts.message, 0, &config, nullptr));
    if (config.origin != log_key.name) return Finding::kOriginMismatch;
    *label_key = std::string(config.label_key);
    return VerifyDocument(Std(document), config.origin,
                          {RegisterType::kConfig, 0, 0},
                          config.PublisherKey(RegisterType::kConfig));
  };
  std::string label_key;
  const Finding finding = judge(&label_key);
  if (finding == Finding::kOk) return label_key;
  return absl::InvalidArgumentError(
      absl::StrCat("the config: ", FindingSentence(finding)));
}

namespace {

// What the secret says of its chain: sets `*said` to what was judged, or
// returns what is wrong.
Finding JudgeSecretChain(const v1::Secret& secret, const Leaf& leaf,
                         std::string_view origin, const ChainTrust& trust,
                         std::string* said) {
  if (!secret.has_chain_key()) {
    *said = "; its place in a chain is not in this receipt";
    return Finding::kOk;
  }
  const std::optional<Hash> chain_key = HashFromBytes(secret.chain_key());
  if (!chain_key.has_value()) return Finding::kChainKeyMismatch;
  if (ChainLabel(*chain_key, secret.chain_index()) != leaf.a) {
    return Finding::kEntryMismatch;
  }
  *said = absl::StrCat("; it is entry ", secret.chain_index(), " of its chain");
  if (!secret.has_vrf_proof()) {
    absl::StrAppend(said, ", whose key the chain's first receipt proves");
    return Finding::kOk;
  }
  if (trust.label_key.empty() || trust.subject.empty()) {
    absl::StrAppend(said,
                    ", whose key is not judged without --subject_file and the "
                    "label key");
    return Finding::kOk;
  }
  Hash proven = {};
  RETURN_IF_FOUND(VerifyChainKey(
      trust.label_key, {origin, secret.administration(), trust.subject},
      secret.vrf_proof(), &proven));
  if (proven != *chain_key) return Finding::kChainKeyMismatch;
  absl::StrAppend(said, ", whose key is the only possible one");
  return Finding::kOk;
}

}  // namespace

Judgement VerifyWithSecret(absl::string_view vkey, absl::string_view proof,
                           absl::string_view secret, const ChainTrust& trust) {
  v1::Secret parsed;
  Leaf leaf;
  if (!parsed.ParseFromArray(secret.data(), static_cast<int>(secret.size())) ||
      parsed.leaf().empty()) {
    return {kExitUnusable,
            "unusable: the secret is not a file of a receipt (NAME.secret)"};
  }
  Finding finding = ParseLeaf(parsed.leaf(), &leaf);
  if (finding != Finding::kOk) {
    return {kExitUnusable, absl::StrCat("unusable: the leaf in the secret: ",
                                        FindingSentence(finding))};
  }
  Judgement judgement =
      Judge(vkey, proof, LeafHash(parsed.leaf()), "the entry");
  VerifierKey log_key;
  if (judgement.exit_code != kExitTrue ||
      ParseVkey(Std(vkey), &log_key) != Finding::kOk) {
    return judgement;
  }
  std::string said;
  finding = JudgeSecretChain(parsed, leaf, log_key.name, trust, &said);
  if (finding != Finding::kOk) {
    return {kExitFalse,
            absl::StrCat("false: the entry is in the log, and not where the "
                         "secret says in its chain: ",
                         FindingSentence(finding))};
  }
  judgement.sentence += said;
  return judgement;
}

Judgement VerifyWithEntry(absl::string_view vkey, absl::string_view proof,
                          absl::string_view entry) {
  return Judge(vkey, proof, LeafHash(Std(entry)), "the entry");
}

}  // namespace vidimus
