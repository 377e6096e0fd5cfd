#include "verifier/conviction.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/encoding.h"
#include "verifier/evidence.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/label.h"
#include "verifier/merkle.h"
#include "verifier/opening.h"
#include "verifier/runs.h"

namespace vidimus {
namespace {

// --- The tables --------------------------------------------------------------

constexpr FieldRule kForkFields[] = {
    {1, FieldKind::kBytes, false, "smaller_checkpoint", nullptr},
    {2, FieldKind::kBytes, false, "subtrees", nullptr},
};
constexpr MessageRule kFork = {"Fork", kForkFields, std::size(kForkFields)};

constexpr FieldRule kImpossibleLeafFields[] = {
    {1, FieldKind::kMessage, true, "leaf", &kProvenLeafRule},
};
constexpr MessageRule kImpossibleLeaf = {
    "ImpossibleLeaf", kImpossibleLeafFields, std::size(kImpossibleLeafFields)};

constexpr FieldRule kOmissionFields[] = {
    {1, FieldKind::kMessage, false, "leaf", &kProvenLeafRule},
    {2, FieldKind::kMessage, false, "seal", &kProvenLeafRule},
    {3, FieldKind::kBytes, false, "absence", nullptr},
};
constexpr MessageRule kOmission = {"Omission", kOmissionFields,
                                   std::size(kOmissionFields)};

constexpr FieldRule kDuplicateFields[] = {
    {1, FieldKind::kMessage, false, "first", &kProvenLeafRule},
    {2, FieldKind::kMessage, false, "second", &kProvenLeafRule},
};
constexpr MessageRule kDuplicate = {"Duplicate", kDuplicateFields,
                                    std::size(kDuplicateFields)};

constexpr FieldRule kWrongIndexEntryFields[] = {
    {1, FieldKind::kMessage, false, "seal", &kProvenLeafRule},
    {2, FieldKind::kBytes, false, "key", nullptr},
    {3, FieldKind::kBytes, false, "presence", nullptr},
    {4, FieldKind::kMessage, false, "leaf", &kProvenLeafRule},
};
constexpr MessageRule kWrongIndexEntry = {"WrongIndexEntry",
                                          kWrongIndexEntryFields,
                                          std::size(kWrongIndexEntryFields)};

constexpr FieldRule kWrongSealFields[] = {
    {1, FieldKind::kMessage, false, "seal", &kProvenLeafRule},
    {2, FieldKind::kBytes, false, "run_roots", nullptr},
    {3, FieldKind::kUint32, false, "run", nullptr},
    {4, FieldKind::kBytes, false, "leaves", nullptr},
    {5, FieldKind::kBytes, false, "proof", nullptr},
};
constexpr MessageRule kWrongSeal = {"WrongSeal", kWrongSealFields,
                                    std::size(kWrongSealFields)};

constexpr FieldRule kChainProofFields[] = {
    {1, FieldKind::kUint32, false, "administration", nullptr},
    {2, FieldKind::kBytes, false, "subject", nullptr},
    {3, FieldKind::kBytes, false, "vrf_proof", nullptr},
};
constexpr MessageRule kChainProof = {"ChainProof", kChainProofFields,
                                     std::size(kChainProofFields)};

constexpr FieldRule kHoleFields[] = {
    {1, FieldKind::kMessage, false, "chain", &kChainProof},
    {2, FieldKind::kMessage, false, "leaf", &kProvenLeafRule},
    {3, FieldKind::kUint64, false, "entry", nullptr},
    {4, FieldKind::kUint64, false, "missing_entry", nullptr},
    {5, FieldKind::kMessage, false, "seal", &kProvenLeafRule},
    {6, FieldKind::kBytes, false, "absence", nullptr},
};
constexpr MessageRule kHole = {"Hole", kHoleFields, std::size(kHoleFields)};

constexpr FieldRule kWrongLabelFields[] = {
    {1, FieldKind::kMessage, false, "chain", &kChainProof},
    {2, FieldKind::kMessage, false, "leaf", &kProvenLeafRule},
    {3, FieldKind::kMessage, false, "opening", &kOpeningRule},
    {4, FieldKind::kUint64, false, "entry", nullptr},
    {5, FieldKind::kUint64, false, "count", nullptr},
    {6, FieldKind::kMessage, false, "seal", &kProvenLeafRule},
    {7, FieldKind::kBytes, false, "absence", nullptr},
};
constexpr MessageRule kWrongLabel = {"WrongLabel", kWrongLabelFields,
                                     std::size(kWrongLabelFields)};

// Numbers of the kinds' fields.
enum KindField : uint32_t {
  kForkField = 10,
  kImpossibleLeafField,
  kOmissionField,
  kDuplicateField,
  kWrongIndexEntryField,
  kWrongSealField,
  kHoleField,
  kWrongLabelField,
};

constexpr FieldRule kConvictionFields[] = {
    {1, FieldKind::kText, false, "format", nullptr},
    {2, FieldKind::kBytes, false, "checkpoint", nullptr},
    {3, FieldKind::kMessage, false, "first_leaf", &kProvenLeafRule},
    {4, FieldKind::kBytes, false, "config", nullptr},
    {kForkField, FieldKind::kMessage, false, "fork", &kFork},
    {kImpossibleLeafField, FieldKind::kMessage, false, "impossible_leaf",
     &kImpossibleLeaf},
    {kOmissionField, FieldKind::kMessage, false, "omission", &kOmission},
    {kDuplicateField, FieldKind::kMessage, false, "duplicate", &kDuplicate},
    {kWrongIndexEntryField, FieldKind::kMessage, false, "wrong_index_entry",
     &kWrongIndexEntry},
    {kWrongSealField, FieldKind::kMessage, false, "wrong_seal", &kWrongSeal},
    {kHoleField, FieldKind::kMessage, false, "hole", &kHole},
    {kWrongLabelField, FieldKind::kMessage, false, "wrong_label", &kWrongLabel},
};

// --- Reading -----------------------------------------------------------------

constexpr uint32_t kFieldsMax = 8;

// The fields of one message, by number; repeated ones are read elsewhere.
struct Fields {
  std::optional<WireField> field[kFieldsMax];

  // The value of a field that must be there, else kEvidenceMalformed.
  Finding Take(uint32_t number, std::string_view* bytes) const {
    if (!field[number]) return Finding::kEvidenceMalformed;
    *bytes = field[number]->bytes;
    return Finding::kOk;
  }
  Finding Take(uint32_t number, uint64_t* value) const {
    if (!field[number]) return Finding::kEvidenceMalformed;
    *value = field[number]->number;
    return Finding::kOk;
  }
  Finding Take(uint32_t number, ProvenLeaf* leaf) const {
    std::string_view bytes;
    RETURN_IF_FOUND(Take(number, &bytes));
    return ParseProvenLeaf(bytes, leaf);
  }
};

Finding ReadFields(const MessageRule& rule, std::string_view message,
                   Fields* fields) {
  WireReader reader(rule, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number >= kFieldsMax) return Finding::kEvidenceMalformed;
    fields->field[field.rule->number] = field;
  }
  return reader.finding();
}

// The parts of the file.
struct File {
  std::string_view format;
  std::string_view checkpoint;
  std::optional<std::string_view> first_leaf;
  std::optional<std::string_view> config;
  uint32_t kind = 0;  // the number of the kind's field
  std::string_view evidence;
};

Finding ReadFile(std::string_view bytes, File* file) {
  RETURN_IF_FOUND(JudgeWire(kConvictionRule, bytes));
  WireReader reader(kConvictionRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        file->format = field.bytes;
        break;
      case 2:
        file->checkpoint = field.bytes;
        break;
      case 3:
        file->first_leaf = field.bytes;
        break;
      case 4:
        file->config = field.bytes;
        break;
      default:
        if (file->kind != 0) return Finding::kEvidenceMalformed;
        file->kind = field.rule->number;
        file->evidence = field.bytes;
    }
  }
  RETURN_IF_FOUND(reader.finding());
  return file->kind != 0 && file->format == kConvictionFormat
             ? Finding::kOk
             : Finding::kEvidenceMalformed;
}

// --- The kinds ---------------------------------------------------------------

class Judge {
 public:
  Judge(const VerifierKey& log_key, ConvictionReport* report)
      : log_key_(log_key), report_(report) {}

  Finding Run(std::string_view bytes) {
    RETURN_IF_FOUND(ReadFile(bytes, &file_));
    Checkpoint checkpoint;
    RETURN_IF_FOUND(OpenCheckpoint(file_.checkpoint, log_key_, &checkpoint));
    report_->head = checkpoint.head;
    if (file_.kind == kForkField) {
      if (file_.first_leaf || file_.config) return Finding::kEvidenceMalformed;
      return JudgeFork();
    }

    if (!file_.first_leaf) return Finding::kEvidenceMalformed;
    ProvenLeaf first;
    RETURN_IF_FOUND(ParseProvenLeaf(*file_.first_leaf, &first));
    RETURN_IF_FOUND(OpenFirstLeaf(first, head(), &config_hash_));
    RETURN_IF_FOUND(JudgeKind());
    // What was not needed proves nothing, and should not travel.
    return file_.config.has_value() == config_used_
               ? Finding::kOk
               : Finding::kEvidenceMalformed;
  }

 private:
  const TreeHead& head() const { return report_->head; }

  Finding JudgeKind() {
    switch (file_.kind) {
      case kImpossibleLeafField:
        return JudgeImpossibleLeaf();
      case kOmissionField:
        return JudgeOmission();
      case kDuplicateField:
        return JudgeDuplicate();
      case kWrongIndexEntryField:
        return JudgeWrongIndexEntry();
      case kWrongSealField:
        return JudgeWrongSeal();
      case kHoleField:
        return JudgeHole();
      default:
        return JudgeWrongLabel();
    }
  }

  // Reads config, for a kind that needs it.
  Finding UseConfig(Config* config) {
    if (!file_.config) return Finding::kEvidenceMalformed;
    config_used_ = true;
    return OpenConfig(*file_.config, config_hash_, log_key_.name, config);
  }

  Finding JudgeFork() {
    report_->kind = ConvictionKind::kFork;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kFork, file_.evidence, &fields));
    std::string_view note, subtrees;
    RETURN_IF_FOUND(fields.Take(1, &note));
    if (fields.field[2]) subtrees = fields.field[2]->bytes;
    Checkpoint smaller;
    RETURN_IF_FOUND(OpenCheckpoint(note, log_key_, &smaller));
    report_->smaller_size = smaller.head.size;
    if (smaller.head.size == head().size) {
      if (!subtrees.empty()) return Finding::kEvidenceMalformed;
      return smaller.head.root != head().root ? Finding::kOk
                                              : Finding::kNotConvicting;
    }
    const std::optional<std::vector<Hash>> hashes = HashesFromBytes(subtrees);
    if (!hashes) return Finding::kEvidenceMalformed;
    Hash older_root, newer_root;
    RETURN_IF_FOUND(RootsFromSubtrees(smaller.head.size, head().size, *hashes,
                                      &older_root, &newer_root));
    if (newer_root != head().root) return Finding::kRootMismatch;
    return older_root != smaller.head.root ? Finding::kOk
                                           : Finding::kNotConvicting;
  }

  Finding JudgeImpossibleLeaf() {
    report_->kind = ConvictionKind::kImpossibleLeaf;
    std::vector<ProvenLeaf> leaves;
    WireReader reader(kImpossibleLeaf, file_.evidence);
    WireField field;
    while (reader.Next(&field)) {
      if (leaves.size() == 2) return Finding::kEvidenceMalformed;
      RETURN_IF_FOUND(ParseProvenLeaf(field.bytes, &leaves.emplace_back()));
      RETURN_IF_FOUND(VerifyProvenLeaf(leaves.back(), head()));
    }
    RETURN_IF_FOUND(reader.finding());
    if (leaves.empty()) return Finding::kEvidenceMalformed;
    report_->leaf = leaves[0].index;
    if (leaves.size() == 1) return JudgeOneLeaf(leaves[0]);
    report_->other_leaf = leaves[1].index;
    if (leaves[0].index >= leaves[1].index) return Finding::kEvidenceMalformed;
    return JudgeTwoLeaves(leaves[0], leaves[1]);
  }

  Finding Because(Finding reason) {
    report_->reason = reason;
    return reason != Finding::kOk ? Finding::kOk : Finding::kNotConvicting;
  }

  Finding JudgeOneLeaf(const ProvenLeaf& proven) {
    Leaf leaf;
    const Finding form = ParseLeaf(proven.entry, &leaf);
    if (form != Finding::kOk) return Because(form);
    if (leaf.kind == LeafKind::kSeal) {
      return Because(SealOf(leaf).covered != proven.index
                         ? Finding::kSealCoverage
                         : Finding::kOk);
    }
    if (proven.index == 1) return Because(Finding::kFirstBatch);
    return Because(proven.index + 1 == head().size ? Finding::kBatchWithoutSeal
                                                   : Finding::kOk);
  }

  Finding JudgeTwoLeaves(const ProvenLeaf& first, const ProvenLeaf& second) {
    Leaf a, b;
    RETURN_IF_FOUND(ParseLeaf(first.entry, &a));
    RETURN_IF_FOUND(ParseLeaf(second.entry, &b));
    if (a.kind == LeafKind::kSeal && b.kind == LeafKind::kSeal) {
      if (SealOf(b).time_s < SealOf(a).time_s) {
        return Because(Finding::kSealTimeDecreases);
      }
      Config config;
      RETURN_IF_FOUND(UseConfig(&config));
      return Because(second.index - first.index - 1 < config.min_batch
                         ? Finding::kBatchTooSmall
                         : Finding::kOk);
    }
    if (a.kind == LeafKind::kSeal || b.kind == LeafKind::kSeal ||
        second.index != first.index + 1) {
      return Finding::kNotConvicting;
    }
    return Because(b.a == a.a  ? Finding::kBatchDuplicateKey
                   : b.a < a.a ? Finding::kBatchOrder
                               : Finding::kOk);
  }

  // A leaf of `fields` that has a key in the index.
  Finding TakeKeyed(const Fields& fields, uint32_t number, uint64_t* index,
                    Leaf* leaf) {
    ProvenLeaf proven;
    RETURN_IF_FOUND(fields.Take(number, &proven));
    RETURN_IF_FOUND(OpenProvenLeaf(proven, head(), leaf));
    *index = proven.index;
    return leaf->kind != LeafKind::kSeal ? Finding::kOk
                                         : Finding::kNotConvicting;
  }

  // A seal of `fields`, behind leaf `after`.
  Finding TakeSeal(const Fields& fields, uint32_t number, uint64_t after,
                   Seal* seal) {
    ProvenLeaf proven;
    RETURN_IF_FOUND(fields.Take(number, &proven));
    RETURN_IF_FOUND(OpenProvenSeal(proven, head(), seal));
    report_->seal = proven.index;
    return seal->covered > after ? Finding::kOk : Finding::kSealMisplaced;
  }

  Finding VerifyAbsent(const Fields& fields, uint32_t number, const Seal& seal,
                       const Hash& key) {
    std::string_view bytes;
    RETURN_IF_FOUND(fields.Take(number, &bytes));
    AbsenceProof proof;
    RETURN_IF_FOUND(ParseAbsence(bytes, seal.covered, &proof));
    return VerifyAbsence(key, seal.index_root, seal.covered, proof);
  }

  Finding JudgeOmission() {
    report_->kind = ConvictionKind::kOmission;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kOmission, file_.evidence, &fields));
    Leaf leaf;
    RETURN_IF_FOUND(TakeKeyed(fields, 1, &report_->leaf, &leaf));
    Seal seal;
    RETURN_IF_FOUND(TakeSeal(fields, 2, report_->leaf, &seal));
    return VerifyAbsent(fields, 3, seal, leaf.a);
  }

  Finding JudgeDuplicate() {
    report_->kind = ConvictionKind::kDuplicate;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kDuplicate, file_.evidence, &fields));
    Leaf first, second;
    RETURN_IF_FOUND(TakeKeyed(fields, 1, &report_->leaf, &first));
    RETURN_IF_FOUND(TakeKeyed(fields, 2, &report_->other_leaf, &second));
    return first.a == second.a && report_->leaf != report_->other_leaf
               ? Finding::kOk
               : Finding::kNotConvicting;
  }

  Finding JudgeWrongIndexEntry() {
    report_->kind = ConvictionKind::kWrongIndexEntry;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kWrongIndexEntry, file_.evidence, &fields));
    Seal seal;
    RETURN_IF_FOUND(TakeSeal(fields, 1, 0, &seal));
    std::string_view key_bytes, presence;
    RETURN_IF_FOUND(fields.Take(2, &key_bytes));
    RETURN_IF_FOUND(fields.Take(3, &presence));
    const std::optional<Hash> key = HashFromBytes(key_bytes);
    if (!key) return Finding::kEvidenceMalformed;
    PresenceProof proof;
    RETURN_IF_FOUND(ParsePresence(presence, seal.covered, &proof));
    uint64_t index = 0;
    RETURN_IF_FOUND(
        VerifyPresence(*key, seal.index_root, seal.covered, proof, &index));
    ProvenLeaf proven;
    RETURN_IF_FOUND(fields.Take(4, &proven));
    Leaf leaf;
    RETURN_IF_FOUND(OpenProvenLeaf(proven, head(), &leaf));
    report_->leaf = proven.index;
    return proven.index == index &&
                   (leaf.kind == LeafKind::kSeal || leaf.a != *key)
               ? Finding::kOk
               : Finding::kNotConvicting;
  }

  Finding JudgeWrongSeal() {
    report_->kind = ConvictionKind::kWrongSeal;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kWrongSeal, file_.evidence, &fields));
    Seal seal;
    RETURN_IF_FOUND(TakeSeal(fields, 1, 0, &seal));
    std::string_view roots_bytes, leaves, proof;
    uint64_t number = 0;
    RETURN_IF_FOUND(fields.Take(2, &roots_bytes));
    RETURN_IF_FOUND(fields.Take(3, &number));
    RETURN_IF_FOUND(fields.Take(4, &leaves));
    RETURN_IF_FOUND(fields.Take(5, &proof));
    const std::vector<RunRange> runs = RunsInForce(seal.covered);
    const auto roots = HashesFromBytes(roots_bytes);
    const auto hashes = HashesFromBytes(proof);
    if (!roots || !hashes || roots->size() != runs.size() ||
        number >= runs.size()) {
      return Finding::kEvidenceMalformed;
    }
    if (IndexRoot(seal.covered, *roots) != seal.index_root) {
      return Finding::kIndexRootMismatch;
    }
    const RunRange& run = runs[number];
    report_->leaf = run.start;
    report_->other_leaf = run.end - 1;
    Hash root;
    RETURN_IF_FOUND(RootOfLeaves(run, leaves, *hashes, &root));
    return root != (*roots)[number] ? Finding::kOk : Finding::kNotConvicting;
  }

  // The root of a run whose leaves are these, as `proof` shows.
  Finding RootOfLeaves(const RunRange& run, std::string_view leaves, Path proof,
                       Hash* root) {
    if (leaves.size() / kLeafBytes != run.leaves() ||
        leaves.size() % kLeafBytes != 0) {
      return Finding::kEvidenceMalformed;
    }
    std::vector<uint64_t> indices;
    std::vector<Hash> leaf_hashes;
    std::vector<IndexEntry> entries;
    for (uint64_t index = run.start; index < run.end; ++index) {
      const std::string_view entry = leaves.substr(0, kLeafBytes);
      leaves.remove_prefix(kLeafBytes);
      indices.push_back(index);
      leaf_hashes.push_back(LeafHash(entry));
      Leaf leaf;
      RETURN_IF_FOUND(ParseLeaf(entry, &leaf));
      if (leaf.kind != LeafKind::kSeal) entries.push_back({leaf.a, index});
    }
    RETURN_IF_FOUND(VerifyMultiInclusion(indices, leaf_hashes, head(), proof));
    std::sort(
        entries.begin(), entries.end(),
        [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
    RunRootBuilder builder;
    for (const IndexEntry& entry : entries) {
      RETURN_IF_FOUND(builder.Add(entry));
    }
    *root = builder.Root();
    return Finding::kOk;
  }

  struct Chain {
    uint32_t administration = 0;
    std::string_view subject;
    Hash key = {};
  };

  Finding TakeChain(const Fields& fields, uint32_t number, Chain* chain) {
    report_->names_person = true;
    std::string_view message;
    RETURN_IF_FOUND(fields.Take(number, &message));
    Fields parts;
    RETURN_IF_FOUND(ReadFields(kChainProof, message, &parts));
    uint64_t administration = 0;
    std::string_view proof;
    RETURN_IF_FOUND(parts.Take(1, &administration));
    RETURN_IF_FOUND(parts.Take(2, &chain->subject));
    RETURN_IF_FOUND(parts.Take(3, &proof));
    chain->administration = static_cast<uint32_t>(administration);
    Config config;
    RETURN_IF_FOUND(UseConfig(&config));
    return VerifyChainKey(
        config.label_key,
        {log_key_.name, chain->administration, chain->subject}, proof,
        &chain->key);
  }

  Finding TakeSubjectLeaf(const Fields& fields, uint32_t number, Leaf* leaf) {
    RETURN_IF_FOUND(TakeKeyed(fields, number, &report_->leaf, leaf));
    return leaf->kind == LeafKind::kSubject ? Finding::kOk
                                            : Finding::kNotConvicting;
  }

  Finding JudgeHole() {
    report_->kind = ConvictionKind::kHole;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kHole, file_.evidence, &fields));
    Chain chain;
    RETURN_IF_FOUND(TakeChain(fields, 1, &chain));
    Leaf leaf;
    RETURN_IF_FOUND(TakeSubjectLeaf(fields, 2, &leaf));
    uint64_t entry = 0, missing = 0;
    RETURN_IF_FOUND(fields.Take(3, &entry));
    RETURN_IF_FOUND(fields.Take(4, &missing));
    if (missing >= entry || leaf.a != ChainLabel(chain.key, entry)) {
      return Finding::kNotConvicting;
    }
    Seal seal;
    RETURN_IF_FOUND(TakeSeal(fields, 5, report_->leaf, &seal));
    return VerifyAbsent(fields, 6, seal, ChainLabel(chain.key, missing));
  }

  Finding JudgeWrongLabel() {
    report_->kind = ConvictionKind::kWrongLabel;
    Fields fields;
    RETURN_IF_FOUND(ReadFields(kWrongLabel, file_.evidence, &fields));
    Chain chain;
    RETURN_IF_FOUND(TakeChain(fields, 1, &chain));
    Leaf leaf;
    RETURN_IF_FOUND(TakeSubjectLeaf(fields, 2, &leaf));
    std::string_view message;
    RETURN_IF_FOUND(fields.Take(3, &message));
    ShownOpening shown;
    RETURN_IF_FOUND(ParseOpening(message, &shown));
    // Neither counts here, and neither is committed to.
    if (!shown.entry_id.empty() || shown.has_request) {
      return Finding::kEvidenceMalformed;
    }
    RETURN_IF_FOUND(VerifyOpening(leaf.b, shown.opening));
    RecordName name;
    RETURN_IF_FOUND(NameOfRecord(shown.opening.record, &name));
    const bool of_chain = name.administration == chain.administration &&
                          name.subject == chain.subject;

    const bool by_entry = fields.field[4].has_value();
    const bool by_count = fields.field[5].has_value();
    if (by_entry == by_count) return Finding::kEvidenceMalformed;
    if (by_entry) {
      if (fields.field[6] || fields.field[7]) {
        return Finding::kEvidenceMalformed;
      }
      return !of_chain &&
                     leaf.a == ChainLabel(chain.key, fields.field[4]->number)
                 ? Finding::kOk
                 : Finding::kNotConvicting;
    }

    const uint64_t count = fields.field[5]->number;
    if (!of_chain || count > kConvictionLabelsMax) {
      return Finding::kNotConvicting;
    }
    for (uint64_t i = 0; i < count; ++i) {
      if (leaf.a == ChainLabel(chain.key, i)) return Finding::kNotConvicting;
    }
    Seal seal;
    RETURN_IF_FOUND(TakeSeal(fields, 6, report_->leaf, &seal));
    const Hash next = ChainLabel(chain.key, count);
    return VerifyAbsent(fields, 7, seal, next);
  }

  const VerifierKey& log_key_;
  ConvictionReport* const report_;
  File file_;
  Hash config_hash_ = {};
  bool config_used_ = false;
};

}  // namespace

constexpr MessageRule kConvictionRule = {"Conviction", kConvictionFields,
                                         std::size(kConvictionFields)};

const char* ConvictionKindName(ConvictionKind kind) {
  constexpr const char* kNames[] = {
      "fork",      "impossible leaf",   "omission",
      "duplicate", "wrong index entry", "wrong seal",
      "hole",      "wrong label"};
  static_assert(std::size(kNames) == kConvictionKindCount);
  const auto value = static_cast<unsigned>(kind);
  return value < kConvictionKindCount ? kNames[value] : "unknown";
}

bool LooksLikeConviction(std::string_view file) {
  return BeginsWithFormat(file, kConvictionFormat);
}

Finding JudgeConviction(std::string_view file, const VerifierKey& log_key,
                        ConvictionReport* report) {
  *report = ConvictionReport();
  return Judge(log_key, report).Run(file);
}

std::string ConvictionSentence(std::string_view origin,
                               const ConvictionReport& report) {
  const std::string who = "the log " + std::string(origin);
  const auto leaf = [](uint64_t index) {
    return "leaf " + DecimalEncode(index);
  };
  switch (report.kind) {
    case ConvictionKind::kFork:
      if (report.smaller_size == report.head.size) {
        return who + " signed two different trees of " +
               DecimalEncode(report.head.size) + " leaves";
      }
      return who + " signed a tree of " + DecimalEncode(report.smaller_size) +
             " leaves, and one of " + DecimalEncode(report.head.size) +
             " leaves that does not begin with it";
    case ConvictionKind::kImpossibleLeaf:
      return who + " signed what no access log has: " + leaf(report.leaf) +
             (report.other_leaf > 0 ? " with " + leaf(report.other_leaf)
                                    : std::string()) +
             ": " + FindingSentence(report.reason);
    case ConvictionKind::kOmission:
      return who + " left " + leaf(report.leaf) +
             " out of the index that it signed with the seal at " +
             leaf(report.seal);
    case ConvictionKind::kDuplicate:
      return who + " gave one key to " + leaf(report.leaf) + " and to " +
             leaf(report.other_leaf);
    case ConvictionKind::kWrongIndexEntry:
      return who + " signed, with the seal at " + leaf(report.seal) +
             ", an index that leads from a key to " + leaf(report.leaf) +
             ", which does not carry it";
    case ConvictionKind::kWrongSeal:
      return who + " signed, with the seal at " + leaf(report.seal) +
             ", an index whose run of leaves " + DecimalEncode(report.leaf) +
             " to " + DecimalEncode(report.other_leaf) +
             " has another root than those leaves give";
    case ConvictionKind::kHole:
      return who + " put a person's entry at " + leaf(report.leaf) +
             " and left an earlier entry of the same chain out of the index "
             "that it signed with the seal at " +
             leaf(report.seal);
    case ConvictionKind::kWrongLabel:
      return who + " put at " + leaf(report.leaf) +
             " what belongs to another chain than the leaf's label";
  }
  return who;
}

}  // namespace vidimus
