// The verdict on each access: what the city might do, what the resident wanted,
// and in which order things happened. A total function of a history; the same
// natively, as WASM and for a stranger who is given the file. Pure: no I/O, no
// clock. Every rule, with a worked example for each verdict: docs/verdicts.md.
//
// What counts for an access is what stood before `as_of`, the state of the log
// that its administration had looked at. What came between that and the
// access's own batch is a race. Clocks decide limits, never order.
#ifndef VERIFIER_VERDICT_H_
#define VERIFIER_VERDICT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "verifier/history.h"
#include "verifier/standing.h"
#include "verifier/statement.h"

namespace vidimus {

// What the city may.
enum class Law : uint8_t { kCovered, kNotCovered, kUnproven };
// What the resident wants.
enum class Wish : uint8_t { kGranted, kSilent, kAgainst };

// The first that matches, in this order. Only the last two are fine.
enum class Headline : uint8_t {
  kForged,
  kMissing,
  kWithheld,
  kRestricted,
  kErased,
  kViolation,
  kUnproven,
  kAgainstWish,
  kRace,
  kLate,
  kStale,
  kUnderConsent,
  kUnderLaw,
};
inline constexpr int kHeadlineCount = 13;

// Where an access failed. Each grant and each cited provision is held against
// the access in the order of kBasis to kRevoked; what is named is the last
// place that any of them came to.
enum class Dimension : uint8_t {
  kNone,
  // Of a violation.
  kGround,          // nothing was granted, and no law is cited
  kProvision,       // the register has no such provision
  kBasis,           // the provision gives another legal basis
  kAdministration,  // it is for others
  kRecipient,       // not to this recipient
  kPurpose,         // not for this purpose, or there is no such purpose
  kCategory,        // not with all of these data
  kTime,            // not at both times, of the access and of its seal
  kNotice,          // provision or purpose are too new
  kWithdrawn,       // the grant was withdrawn
  kRevoked,         // the grant's key was revoked
  kProhibited,      // the resident prohibited or objected to it
  kStale,           // a race, decided on what was too old
  kLate,            // a race, recorded too late
  // Of an access about which nothing can be said.
  kRecord,        // the record cannot be read
  kAsOf,          // as_of is no state that the administration could have seen
  kOperation,     // an operation, actor or outcome that nobody knows
  kAiSystem,      // a model that the register does not know
  kSourceSystem,  // a system that the register says is not connected
  kUnknownBasis,  // a legal basis that nobody knows, or that names no provision
  kUnreadable,    // a document of the register is not at hand or unreadable
  kUnverified,    // nobody compared the provision with the law
};
inline constexpr int kDimensionCount = 23;

// "violation", "under consent"; "purpose". Static storage.
const char* LawName(Law law);
const char* WishName(Wish wish);
const char* HeadlineName(Headline headline);
const char* DimensionName(Dimension dimension);

// On one entry that is an access, or of which nobody can see whether it is one.
struct Verdict {
  uint32_t log = 0;
  uint64_t entry = 0;  // its number in the chain

  // The four fields. Law, wish and timing come from open content only; of
  // closed content they are kUnproven, kSilent and nothing.
  Content content = Content::kOpen;
  Law law = Law::kUnproven;
  Wish wish = Wish::kSilent;
  bool race = false;
  bool stale = false;
  bool late = false;

  Headline headline = Headline::kUnproven;
  Dimension failed = Dimension::kNone;  // of a violation and of kUnproven

  // What it rests on: the newest grant that covers it, as a place in
  // Verdicts::statements, and the number of a provision that does.
  std::optional<size_t> grant;
  std::optional<uint32_t> provision;

  // Whether the resident need not look.
  bool Fine() const { return headline >= Headline::kUnderConsent; }
};

struct Verdicts {
  std::vector<StandingStatement> statements;
  std::vector<Verdict> verdicts;  // in the order of the history
};

// Judges a history. `es256` may be null: what is signed by ES256 is then
// unproven. Views in the result point into the history's bytes. Cost: that of
// JudgeStatements, and for each access the statements for its purpose and the
// provisions that it cites; for a violation all grants; and once the register,
// some 10 us for each document. benches/verdict.cc.
Verdicts JudgeHistory(const History& history, Es256Verify es256);

// The same for who judges several chains beside one register: `registers` holds
// an index of each of the history's logs, in order.
Verdicts JudgeHistory(const History& history,
                      const std::vector<RegisterIndex>& registers,
                      Es256Verify es256);

}  // namespace vidimus

#endif  // VERIFIER_VERDICT_H_
