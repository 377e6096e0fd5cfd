// What convictions (conviction.h) are made of: a leaf with its inclusion, a
// seal, leaf 0 of an access log, its config. Read by the rules of wire.h;
// messages: proto/conviction.proto. Pure functions.
#ifndef VERIFIER_EVIDENCE_H_
#define VERIFIER_EVIDENCE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"
#include "verifier/register.h"
#include "verifier/wire.h"

namespace vidimus {

// The table of a leaf in proto/conviction.proto.
extern const MessageRule kProvenLeafRule;

// A leaf and its way to the root. Views into the message.
struct ProvenLeaf {
  uint64_t index = 0;
  std::string_view entry;
  std::vector<Hash> path;
};

// Reads one: kOk, a finding of wire.h, or kEvidenceMalformed (the path is not a
// whole number of hashes).
Finding ParseProvenLeaf(std::string_view message, ProvenLeaf* leaf);

// Judges whether it stands in the tree `head`, whatever it is: VerifyInclusion.
Finding VerifyProvenLeaf(const ProvenLeaf& leaf, const TreeHead& head);

// The same, and that it is a leaf of an access log: a finding of ParseLeaf too.
Finding OpenProvenLeaf(const ProvenLeaf& leaf, const TreeHead& head,
                       Leaf* parsed);

// The same, and that it is a seal over all leaves before it; kNotASeal or
// kSealCoverage otherwise.
Finding OpenProvenSeal(const ProvenLeaf& leaf, const TreeHead& head,
                       Seal* seal);

// Judges whether it is leaf 0 of an access log, the register leaf of config
// version 0: OpenProvenLeaf, or kNotAnAccessLog. `*document_hash` may be null.
Finding OpenFirstLeaf(const ProvenLeaf& leaf, const TreeHead& head,
                      Hash* document_hash);

// Judges whether `document` is config version 0 of the log `origin`, by its
// hash in leaf 0, and reads it: kDocumentHash, kDocumentTooShort, a finding of
// ParseConfig, or kOriginMismatch. Views into `document`.
Finding OpenConfig(std::string_view document, const Hash& document_hash,
                   std::string_view origin, Config* config);

// Whose an opened record says to be. Views into it.
struct RecordName {
  std::string_view subject;
  uint32_t administration = 0;
};

// Reads it from a record, an access, a statement or a notice: kOk, or what is
// wrong with it.
Finding NameOfRecord(std::string_view record, RecordName* name);

}  // namespace vidimus

#endif  // VERIFIER_EVIDENCE_H_
