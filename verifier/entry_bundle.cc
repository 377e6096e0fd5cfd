#include "verifier/entry_bundle.h"

#include <iterator>
#include <vector>

#include "verifier/evidence.h"
#include "verifier/leaf.h"
#include "verifier/proof_parts.h"

namespace vidimus {
namespace {

constexpr FieldRule kEntryBundleFields[] = {
    {1, FieldKind::kText, false, "format", nullptr},
    kCheckpointField,
    kLeavesField,
    kKeysField,
    kDocumentField,
    {6, FieldKind::kUint64, false, "leaf_index", nullptr},
    {7, FieldKind::kMessage, false, "opening", &kOpeningRule},
};

struct Parts {
  std::string_view format;
  ProofParts proofs;
  uint64_t leaf_index = 0;
  std::string_view opening;  // a message
};

Finding ReadParts(std::string_view bytes, Parts* parts) {
  if (bytes.size() > kEntryBundleBytesMax) return Finding::kWireTooMany;
  RETURN_IF_FOUND(JudgeWire(kEntryBundleRule, bytes));
  WireReader reader(kEntryBundleRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (TakeProofPart(field, &parts->proofs)) continue;
    switch (field.rule->number) {
      case 1:
        parts->format = field.bytes;
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
  return BeginsWithFormat(file, kEntryBundleFormat);
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
  RETURN_IF_FOUND(extract.Open(parts.proofs.checkpoint, log_key));
  report->checkpoint = extract.checkpoint();
  RETURN_IF_FOUND(TakeProofs(parts.proofs, &extract, &report->part));
  report->part = "register";
  RETURN_IF_FOUND(ProveRegister(extract, parts.proofs.documents,
                                &report->proven_register, &report->document));
  report->part = "entry";
  RETURN_IF_FOUND(JudgeEntry(extract, parts, report));
  report->part = "";
  return Finding::kOk;
}

}  // namespace vidimus
