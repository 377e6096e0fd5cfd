// Which statements of a chain count. A statement counts if it is signed for
// this family and chain by somebody who may say such a thing, was not used
// before, and follows one that stands in the chain. Pure functions; the rules
// with their reasons: docs/verdicts.md.
//
// What only restrains (a withdrawal, a prohibition, an objection, a dispute)
// needs less: a good signature by a key of the chain. Somebody who lost a phone
// must not lose the word no.
#ifndef VERIFIER_STANDING_H_
#define VERIFIER_STANDING_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/history.h"
#include "verifier/statement.h"

namespace vidimus {

// One statement of a chain, judged.
struct StandingStatement {
  Moment moment;             // of its batch
  uint64_t entry = 0;        // its number in the chain of its log
  uint64_t seal_time_s = 0;  // of its batch
  Statement statement;
  Hash hash = {};  // StatementHash

  // kOk: it counts. Else why it does not: a finding of VerifyStatement,
  // kStatementKeyUnknown, kStatementKeyRevoked, kStatementKeyUnconfirmed,
  // kStatementSigner, kStatementReplay, kStatementOrder, kStatementOwnInterest.
  Finding finding = Finding::kOk;
  // Of a withdrawal, prohibition, objection or dispute: whether it holds
  // somebody back, which it may even where `finding` is not kOk.
  bool restrains = false;
  // Whether somebody whom the resident let speak for them signed it.
  bool delegated = false;
  // Of a key: who vouched for it in the end, a number of the register.
  std::optional<uint32_t> identity_service;

  // Of a grant: when it was withdrawn, and when its key was revoked. A
  // withdrawal that names it may even stand before it.
  Moment withdrawn_from = kNever;
  Moment revoked_from = kNever;
  // Of a grant by a delegate: when their delegation ends, POSIX seconds.
  std::optional<uint64_t> until_s;
  // Of a prohibition, objection or dispute: when the resident took it back.
  Moment lifted_from = kNever;
};

// Judges all statements of the history, in its order. `registers` holds an
// index for each of its logs. What cannot be parsed is left out. One signature
// check for each statement and key that may have made it; else linear, times
// the logarithm of their number.
std::vector<StandingStatement> JudgeStatements(
    const History& history, const std::vector<RegisterIndex>& registers,
    Es256Verify es256);

}  // namespace vidimus

#endif  // VERIFIER_STANDING_H_
