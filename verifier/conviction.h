// A file that convicts a log: signed by the log itself, and true of no honest
// one. Judged with nothing but the log's verifier key. Pure functions. Kinds,
// fields and worked examples: docs/convictions.md; messages:
// proto/conviction.proto, read by the rules of wire.h.
//
// A file that is cut, damaged, of an unknown kind or about another log convicts
// nobody. What a log withholds is never in such a file: that is an alarm.
#ifndef VERIFIER_CONVICTION_H_
#define VERIFIER_CONVICTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/note.h"
#include "verifier/wire.h"

namespace vidimus {

// The text that a conviction begins with, as its field 1.
inline constexpr std::string_view kConvictionFormat = "vidimus/v1 conviction";

// The number of entries below which a chain's labels are compared one by one.
inline constexpr uint64_t kConvictionLabelsMax = uint64_t{1} << 20;

// The table of proto/conviction.proto.
extern const MessageRule kConvictionRule;

enum class ConvictionKind : uint8_t {
  kFork,
  kImpossibleLeaf,
  kOmission,
  kDuplicate,
  kWrongIndexEntry,
  kWrongSeal,
  kHole,
  kWrongLabel,
};
inline constexpr int kConvictionKindCount = 8;

// "fork", "impossible leaf", ... Static storage.
const char* ConvictionKindName(ConvictionKind kind);

// What was shown.
struct ConvictionReport {
  ConvictionKind kind = ConvictionKind::kFork;
  // The signed head that all leaves are under; of a fork the larger one.
  TreeHead head;
  // Of a fork: the other size.
  uint64_t smaller_size = 0;
  // What is wrong with the leaf or leaves of kImpossibleLeaf: a finding of
  // batch.h or leaf.h.
  Finding reason = Finding::kOk;
  // The leaf it is about, a second one where there are two, and the seal that
  // speaks for them; 0 where there is none.
  uint64_t leaf = 0;
  uint64_t other_leaf = 0;
  uint64_t seal = 0;
  // Whether the file holds the key of a person's chain: the resident alone may
  // publish it.
  bool names_person = false;
};

// Whether the file says of itself that it is a conviction.
bool LooksLikeConviction(std::string_view file);

// Judges whether `file` convicts the log of `log_key`: kOk if it does. Else
// why it does not: kEvidenceMalformed (no conviction, or one part too many or
// too few), a finding of wire.h, a finding on a checkpoint, a leaf's inclusion,
// the config or an index proof, kNotAnAccessLog, kNotASeal, kSealMisplaced, or
// kNotConvicting (an honest log could have signed all of it). Costs a hash or
// two for each hash in the file; of kWrongSeal the memory of its leaves'
// hashes; of kWrongLabel up to kConvictionLabelsMax labels.
Finding JudgeConviction(std::string_view file, const VerifierKey& log_key,
                        ConvictionReport* report);

// Who did what, in one sentence without a full stop.
std::string ConvictionSentence(std::string_view origin,
                               const ConvictionReport& report);

}  // namespace vidimus

#endif  // VERIFIER_CONVICTION_H_
