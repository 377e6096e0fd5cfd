#include "verifier/finding.h"

namespace vidimus {
namespace {

struct Words {
  Finding finding;
  const char* name;
  const char* sentence;
};

// In the order of the enum, so that the value is the place.
constexpr Words kWords[] = {
    {Finding::kOk, "Ok", "nothing is wrong"},
    {Finding::kIndexBeyondTree, "IndexBeyondTree",
     "the tree has no leaf with this index"},
    {Finding::kPathTooShort, "PathTooShort", "the proof has too few hashes"},
    {Finding::kPathTooLong, "PathTooLong", "the proof has too many hashes"},
    {Finding::kRootMismatch, "RootMismatch", "the proof leads to another root"},
    {Finding::kOldRootMismatch, "OldRootMismatch",
     "the proof leads to another root of the older tree"},
    {Finding::kTreeShrank, "TreeShrank",
     "the newer tree is smaller than the older one"},
    {Finding::kTwoHistories, "TwoHistories",
     "two trees of one size have different roots"},
    {Finding::kEmptyRootMismatch, "EmptyRootMismatch",
     "an empty tree has another root than the hash of nothing"},
    {Finding::kIndicesNotAscending, "IndicesNotAscending",
     "the leaf indices are not in ascending order"},
    {Finding::kLeafCountMismatch, "LeafCountMismatch",
     "there is not one leaf hash for each leaf index"},
    {Finding::kTileSize, "TileSize",
     "the tile does not have the size that its width promises"},
    {Finding::kTileMismatch, "TileMismatch",
     "the tile holds other hashes than the leaves below it give"},
    {Finding::kBundleTruncated, "BundleTruncated",
     "the entry bundle ends inside an entry"},
    {Finding::kBundleCount, "BundleCount",
     "the entry bundle does not hold as many entries as its width promises"},
    {Finding::kNoteTooLarge, "NoteTooLarge",
     "the note has more bytes or signatures than are read"},
    {Finding::kNoteMalformed, "NoteMalformed", "this is not a signed note"},
    {Finding::kVkeyMalformed, "VkeyMalformed", "this is not a verifier key"},
    {Finding::kVkeyTypeUnknown, "VkeyTypeUnknown",
     "the verifier key is of an unknown type"},
    {Finding::kKeyUnsound, "KeyUnsound",
     "the public key is of small order, or not canonical"},
    {Finding::kUnknownSigner, "UnknownSigner",
     "the note carries no signature by a known key"},
    {Finding::kBadSignature, "BadSignature",
     "a signature by a known key does not verify"},
    {Finding::kCheckpointMalformed, "CheckpointMalformed",
     "this is not a checkpoint"},
    {Finding::kExtensionLine, "ExtensionLine",
     "the checkpoint has a line after its root"},
    {Finding::kOriginMismatch, "OriginMismatch",
     "the checkpoint is that of another log"},
    {Finding::kProofMalformed, "ProofMalformed", "this is not a tlog-proof"},
    {Finding::kLeafSize, "LeafSize", "the leaf does not have 65 bytes"},
    {Finding::kLeafKindUnknown, "LeafKindUnknown",
     "the leaf is of an unknown kind"},
    {Finding::kSealSpareBytes, "SealSpareBytes",
     "the spare bytes of the seal are not zero"},
    {Finding::kFirstBatch, "FirstBatch",
     "the first batch is not version 0 of the config alone"},
    {Finding::kBatchOrder, "BatchOrder",
     "the leaves of the batch are not in ascending order"},
    {Finding::kBatchDuplicateKey, "BatchDuplicateKey",
     "two leaves of the batch have the same key"},
    {Finding::kBatchTooSmall, "BatchTooSmall",
     "the batch has fewer leaves than the config demands"},
    {Finding::kBatchWithoutSeal, "BatchWithoutSeal",
     "the batch does not end in a seal"},
    {Finding::kLeafAfterSeal, "LeafAfterSeal",
     "leaves follow the seal that ends the batch"},
    {Finding::kSealCoverage, "SealCoverage",
     "the seal covers another size than its own leaf index"},
    {Finding::kSealTimeDecreases, "SealTimeDecreases",
     "the seal is earlier than the seal before it"},
    {Finding::kSaltSize, "SaltSize", "a salt does not have 16 bytes"},
    {Finding::kCommitmentMismatch, "CommitmentMismatch",
     "record, actor and salts do not open the commitment"},
    {Finding::kSubmissionEmpty, "SubmissionEmpty",
     "the request has no entries"},
    {Finding::kSubmissionSignature, "SubmissionSignature",
     "the request is not signed by this key"},
    {Finding::kWireTruncated, "WireTruncated",
     "the message ends inside a field"},
    {Finding::kWireVarint, "WireVarint",
     "a number in the message is not in its shortest form"},
    {Finding::kWireTag, "WireTag",
     "the message holds a field of a sort that is not used"},
    {Finding::kWireUnknownField, "WireUnknownField",
     "the message holds an unknown field"},
    {Finding::kWireRepeatedField, "WireRepeatedField",
     "a field stands twice that may stand once"},
    {Finding::kWireOrder, "WireOrder",
     "the fields of the message are not in ascending order"},
    {Finding::kWireType, "WireType",
     "a field of the message has the wrong type"},
    {Finding::kWireRange, "WireRange",
     "a number in the message is beyond its type"},
    {Finding::kWireUtf8, "WireUtf8", "a text in the message is not UTF-8"},
    {Finding::kWireTooMany, "WireTooMany",
     "a field has more elements, or nests deeper, than is read"},
    {Finding::kDocumentTooShort, "DocumentTooShort",
     "the register document is shorter than its signature"},
    {Finding::kDocumentMissing, "DocumentMissing",
     "a register document is missing"},
    {Finding::kDocumentHash, "DocumentHash",
     "the register document is not the one that the leaf names"},
    {Finding::kDocumentSignature, "DocumentSignature",
     "the register document is not signed by its publisher"},
    {Finding::kDocumentFieldMissing, "DocumentFieldMissing",
     "the register document lacks a field"},
    {Finding::kDocumentFieldInvalid, "DocumentFieldInvalid",
     "a field of the register document has a value it may not have"},
    {Finding::kRegisterNotDense, "RegisterNotDense",
     "a register leaf is not the next number or version"},
    {Finding::kPublisherUnknown, "PublisherUnknown",
     "the config names no publisher for the document"},
    {Finding::kRecordFieldMissing, "RecordFieldMissing",
     "the record lacks a field"},
    {Finding::kRecordFieldInvalid, "RecordFieldInvalid",
     "a field of the record has a value it may not have"},
    {Finding::kIndexOutOfTurn, "IndexOutOfTurn",
     "the entries do not follow those before"},
    {Finding::kBatchUnfinished, "BatchUnfinished",
     "the log does not end in a seal"},
    {Finding::kIndexRoot, "IndexRoot",
     "the index root of a seal is not what the leaves give"},
    {Finding::kChainNameSize, "ChainNameSize",
     "the origin or the subject has a length that none has"},
    {Finding::kVrfProofSize, "VrfProofSize",
     "the proof of the chain's key does not have 80 bytes"},
    {Finding::kVrfProofMalformed, "VrfProofMalformed",
     "the proof of the chain's key is not in its one form"},
    {Finding::kVrfMismatch, "VrfMismatch",
     "the proof is not that of this chain under this label key"},
    {Finding::kIndexProofMalformed, "IndexProofMalformed",
     "this is not a proof of the index"},
    {Finding::kIndexRunCount, "IndexRunCount",
     "the proof does not speak of each run of the index"},
    {Finding::kIndexRootMismatch, "IndexRootMismatch",
     "the runs of the proof give another index root"},
    {Finding::kRunRootMismatch, "RunRootMismatch",
     "the path leads to another root of its run"},
    {Finding::kIndexKeyPresent, "IndexKeyPresent",
     "the key that should be absent is in the index"},
    {Finding::kIndexKeyAbsent, "IndexKeyAbsent",
     "the proof does not show the key to be in the index"},
    {Finding::kIndexEndOffPath, "IndexEndOffPath",
     "the path ends at a key that is not on its way"},
    {Finding::kIndexOutsideRun, "IndexOutsideRun",
     "a key stands in a run that does not hold its leaf"},
    {Finding::kIndexKeysNotAscending, "IndexKeysNotAscending",
     "the keys are not in ascending order"},
    {Finding::kIndexKeyTwice, "IndexKeyTwice",
     "the index has one key for two leaves"},
};

constexpr bool EachStandsAtItsValue() {
  int place = 0;
  for (const Words& words : kWords) {
    if (static_cast<int>(words.finding) != place++) return false;
  }
  return place == kFindingCount;
}
static_assert(EachStandsAtItsValue());

}  // namespace

const char* FindingSentence(Finding finding) {
  const auto value = static_cast<unsigned>(finding);
  return value < kFindingCount ? kWords[value].sentence : "unknown finding";
}

const char* FindingName(Finding finding) {
  const auto value = static_cast<unsigned>(finding);
  return value < kFindingCount ? kWords[value].name : "Unknown";
}

}  // namespace vidimus
