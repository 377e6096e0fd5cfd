// The content of one entry of an access log, judged: does it open what the leaf
// commits to, does it belong where it stands, and who said so? Pure functions;
// messages: proto/chain.proto. Formats: docs/commitment.md, docs/submission.md,
// docs/record.md; what the states mean: docs/completeness.md.
//
// An access counts only with the administration's signature. Content that lacks
// it, or that names another chain or entry, is *forged*: the log made it up or
// moved it, and the administration is not to blame.
#ifndef VERIFIER_OPENING_H_
#define VERIFIER_OPENING_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/commitment.h"
#include "verifier/finding.h"
#include "verifier/label.h"
#include "verifier/record.h"
#include "verifier/statement.h"
#include "verifier/submission.h"
#include "verifier/wire.h"

namespace vidimus {

// The tables of proto/chain.proto.
extern const MessageRule kRequestProofRule;
extern const MessageRule kOpeningRule;

// An opening as a bundle holds it; views into its bytes.
struct ShownOpening {
  std::string_view entry_id;
  Opening opening;
  bool has_request = false;
  SubmissionEvidence request;
};

// kOk, a finding of wire.h, or kProofMalformed (a path that is no whole number
// of hashes).
Finding ParseOpening(std::string_view message, ShownOpening* shown);

// What can be said of an entry's content. kOpen and kForged follow from the
// opening; the others from what the chain says of it (chain.h).
enum class Content : uint8_t {
  kOpen,
  kWithheld,    // not shown until a date, as a notice says
  kRestricted,  // kept but not used, as a notice says
  kErased,      // gone, as a notice says
  kMissing,     // not shown, and nothing accounts for that
  kForged,      // not what an administration, or the log by a notice, said here
};
inline constexpr int kContentCount = 6;

// "open", "withheld", ... Static storage.
const char* ContentName(Content content);

// What an opened entry says. Views into the opening.
struct OpenedEntry {
  // If `finding` is kOk, `content` is kOpen. Of kOpen content a finding other
  // than kOk says that the administration did sign these bytes and that they
  // are no record by the rules, of which nothing can be said, or, of a `kind`
  // that is known, no actor: then `actor` is what was read until there.
  Content content = Content::kForged;
  Finding finding = Finding::kOk;
  // kUnknown for what cannot be read.
  RecordContent kind = RecordContent::kUnknown;
  AccessRecord access;
  Statement statement;  // its signature is judged by standing.h
  Notice notice;
  Actor actor;
};

// Judges the content of the entry that stands in `chain` under `commitment`.
// `entry_keys` are those of the chain's administration in the newest version of
// its document before the entry's batch; none for `self`. An empty
// `chain.subject` stands for any, for who was given one entry and no chain;
// the record's own is then what counts. Forged with the findings of
// VerifyOpening and VerifySubmittedEntry, kRecordElsewhere, kRequestMissing,
// kRequestSpare, or why a notice cannot be read. One signature check for each
// key, three hashes over the content.
OpenedEntry JudgeOpening(const ChainName& chain, const Hash& commitment,
                         const std::vector<std::string_view>& entry_keys,
                         const ShownOpening& shown);

}  // namespace vidimus

#endif  // VERIFIER_OPENING_H_
