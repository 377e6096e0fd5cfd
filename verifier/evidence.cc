#include "verifier/evidence.h"

#include <iterator>
#include <optional>
#include <utility>

#include "verifier/crypto.h"
#include "verifier/merkle.h"
#include "verifier/record.h"
#include "verifier/statement.h"

namespace vidimus {
namespace {

constexpr FieldRule kProvenLeafFields[] = {
    {1, FieldKind::kUint64, false, "leaf_index", nullptr},
    {2, FieldKind::kBytes, false, "leaf", nullptr},
    {3, FieldKind::kBytes, false, "path", nullptr},
};

}  // namespace

constexpr MessageRule kProvenLeafRule = {"ProvenLeaf", kProvenLeafFields,
                                         std::size(kProvenLeafFields)};
Finding ParseProvenLeaf(std::string_view message, ProvenLeaf* leaf) {
  WireReader reader(kProvenLeafRule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        leaf->index = field.number;
        break;
      case 2:
        leaf->entry = field.bytes;
        break;
      default: {
        std::optional<std::vector<Hash>> path = HashesFromBytes(field.bytes);
        if (!path) return Finding::kEvidenceMalformed;
        leaf->path = *std::move(path);
      }
    }
  }
  return reader.finding();
}

Finding VerifyProvenLeaf(const ProvenLeaf& leaf, const TreeHead& head) {
  return VerifyInclusion(LeafHash(leaf.entry), leaf.index, leaf.path, head);
}

Finding OpenProvenLeaf(const ProvenLeaf& leaf, const TreeHead& head,
                       Leaf* parsed) {
  RETURN_IF_FOUND(VerifyProvenLeaf(leaf, head));
  return ParseLeaf(leaf.entry, parsed);
}

Finding OpenProvenSeal(const ProvenLeaf& leaf, const TreeHead& head,
                       Seal* seal) {
  Leaf parsed;
  RETURN_IF_FOUND(OpenProvenLeaf(leaf, head, &parsed));
  if (parsed.kind != LeafKind::kSeal) return Finding::kNotASeal;
  *seal = SealOf(parsed);
  return seal->covered == leaf.index ? Finding::kOk : Finding::kSealCoverage;
}

Finding OpenFirstLeaf(const ProvenLeaf& leaf, const TreeHead& head,
                      Hash* document_hash) {
  Leaf parsed;
  if (leaf.index != 0) return Finding::kNotAnAccessLog;
  RETURN_IF_FOUND(VerifyProvenLeaf(leaf, head));
  if (ParseLeaf(leaf.entry, &parsed) != Finding::kOk ||
      parsed.kind != LeafKind::kRegister ||
      parsed.a != RegisterKey({RegisterType::kConfig, 0, 0})) {
    return Finding::kNotAnAccessLog;
  }
  if (document_hash != nullptr) *document_hash = parsed.b;
  return Finding::kOk;
}

Finding OpenConfig(std::string_view document, const Hash& document_hash,
                   std::string_view origin, Config* config) {
  if (Sha256(document) != document_hash) return Finding::kDocumentHash;
  Document parts;
  RETURN_IF_FOUND(SplitDocument(document, &parts));
  RETURN_IF_FOUND(ParseConfig(parts.message, 0, config, nullptr));
  return config->origin == origin ? Finding::kOk : Finding::kOriginMismatch;
}

Finding NameOfRecord(std::string_view record, RecordName* name) {
  switch (ContentOf(record)) {
    case RecordContent::kNotice: {
      Notice notice;
      RETURN_IF_FOUND(ParseNotice(record, &notice, nullptr));
      *name = {notice.subject, notice.administration};
      return Finding::kOk;
    }
    case RecordContent::kStatement: {
      Statement statement;
      RETURN_IF_FOUND(ParseStatement(record, &statement, nullptr));
      *name = {statement.subject, statement.administration};
      return Finding::kOk;
    }
    case RecordContent::kAccess:
    case RecordContent::kUnknown:
      break;
  }
  AccessRecord access;
  RETURN_IF_FOUND(ParseAccess(record, &access, nullptr));
  *name = {access.subject, access.administration};
  return Finding::kOk;
}

}  // namespace vidimus
