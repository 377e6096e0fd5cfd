// What the evidence shows. The verifier does no I/O, so nothing in it can
// fail: it looks at bytes and says kOk, or the first thing that is wrong. The
// list is closed because an app must be able to say each of them in the
// resident's language; each has a test that produces it.
#ifndef VERIFIER_FINDING_H_
#define VERIFIER_FINDING_H_

#include <cstdint>

namespace vidimus {

enum class Finding : uint8_t {
  kOk = 0,

  // Merkle proofs (merkle.h).
  kIndexBeyondTree,      // a leaf index that the tree does not have
  kPathTooShort,         // fewer hashes than index and size demand
  kPathTooLong,          // more hashes than index and size demand
  kRootMismatch,         // the hashes lead to another root
  kOldRootMismatch,      // the hashes lead to another root of the older tree
  kTreeShrank,           // the newer head is smaller than the older
  kTwoHistories,         // one size, two roots
  kEmptyRootMismatch,    // size 0 with a root other than SHA-256("")
  kIndicesNotAscending,  // indices of a multi-inclusion proof out of order
  kLeafCountMismatch,    // not one leaf hash for each index, or none at all

  // Tiles and entry bundles (tile.h).
  kTileSize,         // not 32 bytes for each hash the width promises
  kTileMismatch,     // a tile's hash is not what the leaves below it give
  kBundleTruncated,  // a bundle ends inside an entry
  kBundleCount,      // a bundle holds more or fewer entries than its width

  // Signed notes (note.h).
  kNoteTooLarge,     // more bytes or signatures than we read
  kNoteMalformed,    // not text, empty line, signature lines
  kVkeyMalformed,    // not name+hex+base64, or its key ID is another key's
  kVkeyTypeUnknown,  // a kind of key we do not know
  kKeyUnsound,       // a public key of small order, or not canonical
  kUnknownSigner,    // no signature by a key that we know
  kBadSignature,     // a signature by a known key that does not verify

  // Checkpoints and tlog-proofs (checkpoint.h, tlog_proof.h).
  kCheckpointMalformed,  // not origin, size, root
  kExtensionLine,        // a line after the root
  kOriginMismatch,       // the checkpoint of another log
  kProofMalformed,       // not a c2sp tlog-proof

  // Leaves and batches of an access log (leaf.h, batch.h).
  kLeafSize,           // not 65 bytes
  kLeafKindUnknown,    // a kind other than subject, seal and register
  kSealSpareBytes,     // a seal's last 16 bytes are not zero
  kFirstBatch,         // not config version 0 alone and its seal
  kBatchOrder,         // keys not ascending
  kBatchDuplicateKey,  // one key twice in a batch
  kBatchTooSmall,      // fewer leaves than min_batch
  kBatchWithoutSeal,   // the leaves do not end in a seal
  kLeafAfterSeal,      // leaves after the seal that should end the batch
  kSealCoverage,       // covered size is not the seal's own leaf index
  kSealTimeDecreases,  // a seal earlier than the seal before

  // Openings and submissions (commitment.h, submission.h).
  kSaltSize,             // a salt is not 16 bytes
  kCommitmentMismatch,   // record, actor and salts give another commitment
  kSubmissionEmpty,      // a request without entries
  kSubmissionSignature,  // not signed by this key, or over something else

  // Protobuf bytes (wire.h).
  kWireTruncated,      // a message ends inside a field
  kWireVarint,         // a varint with spare bytes or more than 64 bits
  kWireTag,            // field number 0, or a wire type we do not use
  kWireUnknownField,   // a field that the message does not have
  kWireRepeatedField,  // a field that may stand once stands twice
  kWireOrder,          // fields not in ascending order
  kWireType,           // a field with another wire type than its own
  kWireRange,          // a number beyond its field's type
  kWireUtf8,           // text that is not UTF-8
  kWireTooMany,        // more elements than the field may hold

  // Register documents (register.h).
  kDocumentTooShort,      // shorter than its signature
  kDocumentMissing,       // a leaf names a document that nobody has
  kDocumentHash,          // the document is not the one the leaf names
  kDocumentSignature,     // not signed by the publisher of its type
  kDocumentFieldMissing,  // a field that the document must have
  kDocumentFieldInvalid,  // a field with a value it may not have
  kRegisterNotDense,      // a key that is not the next number or version
  kPublisherUnknown,      // config names no publisher for the type

  // Records (record.h).
  kRecordFieldMissing,  // a field that an access must have
  kRecordFieldInvalid,  // a field with a value it may not have

  // Whole logs (audit.h).
  kIndexOutOfTurn,   // entries that do not follow the last ones fed
  kBatchUnfinished,  // the head does not end in a seal
  kIndexRoot,        // a seal's index root is not what the leaves give

  // Labels (vrf.h, label.h).
  kChainNameSize,      // an origin or subject of a length that none has
  kVrfProofSize,       // a VRF proof is not 80 bytes
  kVrfProofMalformed,  // its Gamma is no canonical point, or its s too large
  kVrfMismatch,        // a VRF proof of another input or under another key

  // The index (index.h, index_builder.h).
  kIndexProofMalformed,    // not the bytes or the shape of an index proof
  kIndexRunCount,          // not one root or path for each run in force
  kIndexRootMismatch,      // the runs' roots give another index root
  kRunRootMismatch,        // a path leads to another root of its run
  kIndexKeyPresent,        // the path that should show absence ends at the key
  kIndexKeyAbsent,         // the path that should show presence does not
  kIndexEndOffPath,        // a path ends at a key that is not on its way
  kIndexOutsideRun,        // a key stands in a run without its leaf
  kIndexKeysNotAscending,  // keys out of order, or none
  kIndexKeyTwice,          // one key for two leaves

  // Chains, whole and opened (extract.h, opening.h, chain.h).
  kLeafUnproven,      // a leaf that is needed, and of which nothing is proven
  kKeyUnproven,       // a key that is needed, and of which nothing is proven
  kPresenceUnproven,  // no more of a key than that a leaf carries it
  kHeadWithoutSeal,   // the head's last leaf is no seal
  kLeafNotOfKey,      // the index leads from a key to a leaf without it
  kPositionUnproven,  // which of two batches a leaf is in does not follow
  kChainKeyMismatch,  // a chain's key is not what its proof gives
  kChainHole,         // a label below the end of a chain is absent
  kChainGoesOn,       // the label at the end of a chain is present
  kProbesMissing,     // not eight labels beyond the end were looked up
  kProbePresent,      // a label beyond the end is present
  kEntryMismatch,     // an entry is not the leaf that stands at its label
  kChainMissing,      // no chain for a number of the register
  kChainNotAsked,     // a chain twice, of no number, or of somebody else
  kOpeningMissing,    // content that nothing accounts for is not shown
  kOpeningSpare,      // content is shown that is said to be closed
  kRecordElsewhere,   // a record of another chain, or under another id
  kRequestMissing,    // an access that no administration signed
  kRequestSpare,      // a notice that an administration signed
  kEntryTwice,        // one signed access twice in a chain
  kNoticeMissing,     // no notice in the chain says why content is closed
  kWithholdingOver,   // the date until which content is closed has passed

  // Files of evidence (evidence.h, conviction.h, entry_bundle.h).
  kEvidenceMalformed,  // not the shape of the file it says it is
  kNotAnAccessLog,     // leaf 0 is not that of an access log
  kNotASeal,           // a leaf that should be a seal
  kSealMisplaced,      // a seal on the wrong side of a leaf
  kNotConvicting,      // an honest log could have signed all this

  // Subject ids (subject.h).
  kSubjectSize,      // no id, or longer than a record can hold
  kSubjectScheme,    // a scheme that config does not name
  kSubjectForm,      // a scheme whose form this program does not know
  kSubjectSpelling,  // not the canonical form of the scheme

  // Statements (statement.h, standing.h).
  kSignatureKindUnknown,     // a signature of a kind that is not known
  kStatementSignature,       // not signed by the key, for the family and chain
  kStatementSignatureForm,   // not a signature of the form that its kind has
  kStatementKeyUnknown,      // no entry of the chain brings the key
  kStatementKeyRevoked,      // the key was revoked, or its time is over
  kStatementKeyUnconfirmed,  // a recovered key before its time of waiting
  kStatementSigner,          // who signed may not say such a thing
  kStatementReplay,          // the id, or the key's number, was used before
  kStatementOrder,           // the statement before it is not in the chain
  kStatementOwnInterest,     // the key's voucher is who the grant is for

  // Witnesses and policies (witness.h, policy.h).
  kWitnessRequestMalformed,  // not old size, proof, checkpoint
  kOldSizeMismatch,          // not the size that was cosigned last
  kPolicyMalformed,          // a line that no policy has, or too much of it
  kPolicyName,               // a name that is taken, unknown, or counted twice
  kPolicyKey,                // one key twice among logs or among witnesses
  kPolicyQuorum,             // not exactly one quorum

  // What other languages ask (c_api.h, message_json.h).
  kMessageUnknown,  // no message has this name
  kJsonMalformed,   // not one JSON object, or too large
  kJsonField,       // a member that is no field, or a value it cannot hold
  kEs256Owed,       // an ES256 check is needed and was not settled before
};

// The number of findings; each value below it is one.
inline constexpr int kFindingCount = static_cast<int>(Finding::kEs256Owed) + 1;

// One English sentence without a full stop, such as "the path leads to another
// root". Static storage. Never holds anything from the evidence.
const char* FindingSentence(Finding finding);

// The name of the value without its k, such as "RootMismatch", for logs,
// vectors and JSON. Static storage.
const char* FindingName(Finding finding);

}  // namespace vidimus

// Returns from the enclosing function with the first finding that is not kOk.
#define RETURN_IF_FOUND(expression)                                     \
  do {                                                                  \
    const ::vidimus::Finding finding_found = (expression);              \
    if (finding_found != ::vidimus::Finding::kOk) return finding_found; \
  } while (false)

#endif  // VERIFIER_FINDING_H_
