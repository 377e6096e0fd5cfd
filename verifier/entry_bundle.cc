#include "verifier/entry_bundle.h"

#include <iterator>
#include <string>
#include <vector>

#include "verifier/chain.h"
#include "verifier/crypto.h"
#include "verifier/evidence.h"
#include "verifier/leaf.h"

namespace vidimus {
namespace {

constexpr FieldRule kEntryBundleFields[] = {
    {1, FieldKind::kText, false, "format", nullptr},
    {2, FieldKind::kBytes, false, "checkpoint", nullptr},
    {3, FieldKind::kMessage, true, "leaves", &kLeavesProofRule},
    {4, FieldKind::kMessage, true, "keys", &kKeysProofRule},
    {5, FieldKind::kBytes, true, "document", nullptr},
    {6, FieldKind::kUint64, false, "leaf_index", nullptr},
    {7, FieldKind::kMessage, false, "opening", &kOpeningRule},
};

struct Parts {
  std::string_view format;
  std::string_view checkpoint;
  std::vector<std::string_view> leaves;  // messages
  std::vector<std::string_view> keys;    // messages
  DocumentBytes documents;
  uint64_t leaf_index = 0;
  std::string_view opening;  // a message
};

Finding ReadParts(std::string_view bytes, Parts* parts) {
  if (bytes.size() > kEntryBundleBytesMax) return Finding::kWireTooMany;
  RETURN_IF_FOUND(JudgeWire(kEntryBundleRule, bytes));
  WireReader reader(kEntryBundleRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        parts->format = field.bytes;
        break;
      case 2:
        parts->checkpoint = field.bytes;
        break;
      case 3:
        parts->leaves.push_back(field.bytes);
        break;
      case 4:
        parts->keys.push_back(field.bytes);
        break;
      case 5:
        parts->documents.emplace(Sha256(field.bytes), field.bytes);
        break;
      case 6:
        parts->leaf_index = field.number;
        break;
      default:
        parts->opening = field.bytes;
    }
  }
  RETURN_IF_FOUND(reader.finding());
  return parts->format == kEntryBundleFormat ? Finding::kOk
                                             : Finding::kEvidenceMalformed;
}

Finding JudgeEntry(const Extract& extract, const Parts& parts,
                   EntryBundleReport* report) {
  Leaf leaf;
  RETURN_IF_FOUND(extract.FindLeaf(parts.leaf_index, &leaf));
  if (leaf.kind != LeafKind::kSubject) return Finding::kEvidenceMalformed;
  ShownOpening shown;
  RETURN_IF_FOUND(ParseOpening(parts.opening, &shown));
  RETURN_IF_FOUND(VerifyOpening(leaf.b, shown.opening));
  RecordName name;
  RETURN_IF_FOUND(NameOfRecord(shown.opening.record, &name));
  report->administration = name.administration;
  std::vector<std::string_view> entry_keys;
  RETURN_IF_FOUND(report->proven_register.EntryKeys(
      extract, name.administration, parts.leaf_index, &entry_keys));
  // Nobody says which chain it is from: the record does.
  report->opened = JudgeOpening(
      {extract.checkpoint().origin, name.administration, std::string_view()},
      leaf.b, entry_keys, shown);
  return report->opened.finding;
}

}  // namespace

constexpr MessageRule kEntryBundleRule = {"EntryBundle", kEntryBundleFields,
                                          std::size(kEntryBundleFields)};

bool LooksLikeEntryBundle(std::string_view file) {
  std::string start;
  AppendWireBytes(1, kEntryBundleFormat, &start);
  return file.substr(0, start.size()) == start;
}

Finding JudgeEntryBundle(std::string_view bundle, const VerifierKey& log_key,
                         EntryBundleReport* report) {
  *report = EntryBundleReport();
  report->part = "file";
  Parts parts;
  RETURN_IF_FOUND(ReadParts(bundle, &parts));
  report->leaf_index = parts.leaf_index;

  report->part = "checkpoint";
  Extract extract;
  RETURN_IF_FOUND(extract.Open(parts.checkpoint, log_key));
  report->checkpoint = extract.checkpoint();
  report->part = "leaves";
  for (const std::string_view message : parts.leaves) {
    RETURN_IF_FOUND(TakeLeavesProof(message, &extract));
  }
  report->part = "keys";
  for (const std::string_view message : parts.keys) {
    RETURN_IF_FOUND(TakeKeysProof(message, &extract));
  }
  report->part = "register";
  RETURN_IF_FOUND(ProveRegister(extract, parts.documents,
                                &report->proven_register, &report->document));
  report->part = "entry";
  RETURN_IF_FOUND(JudgeEntry(extract, parts, report));
  report->part = "";
  return Finding::kOk;
}

}  // namespace vidimus
