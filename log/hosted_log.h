// A log as a process serves it: the log and its services, found by origin.
#ifndef VIDIMUS_LOG_HOSTED_LOG_H_
#define VIDIMUS_LOG_HOSTED_LOG_H_

#include <string_view>
#include <vector>

#include "log/chain_service.h"
#include "log/check_service.h"
#include "log/cosigning.h"
#include "log/log.h"
#include "log/side_work.h"
#include "log/statement_service.h"
#include "log/submit_service.h"

namespace vidimus {

// What the services of all logs of a process share. Not owned; outlives them.
struct HostingParts {
  // For answers to submissions.
  WorkerPool* workers;
  // For proofs that anyone may ask for, and for chains: apart, so that no
  // stranger holds up a resident.
  SideWork* proof_work;
  SideWork* chain_work;
  // For administrations that ask first, and wait with what they do; and for
  // statements, which strangers may bring.
  SideWork* check_work;
  SideWork* statement_work;
};

struct HostingLimits {
  SubmitLimits submits;
  ChainLimits chains;
  CheckLimits checks;
  StatementLimits statements;
};

struct HostedLog {
  // Neither is owned; `tokens` are those that this log believes.
  HostedLog(Log* served, const TokenJudge* tokens, const HostingLimits& limits,
            const HostingParts& parts)
      : log(served),
        submit(limits.submits, served, parts.workers),
        chains(limits.chains, {served, tokens, parts.chain_work, SystemClock(),
                               SystemRandom()}),
        checks(limits.checks,
               {served, chains.first_looks(), parts.check_work, SystemClock()}),
        statements(limits.statements, {served, parts.statement_work,
                                       parts.workers, SystemClock()}),
        proof_work(parts.proof_work) {}

  Log* const log;
  SubmitService submit;
  ChainService chains;
  CheckService checks;
  StatementService statements;
  SideWork* const proof_work;
  // Not owned; null if nobody is asked to cosign the log's heads.
  const Cosigning* cosigning = nullptr;
};

// The log that `origin` names; an empty one names the only log. kNotFound if
// there is none, kInvalidArgument if there are several to choose from.
absl::StatusOr<HostedLog*> FindLog(const std::vector<HostedLog*>& logs,
                                   std::string_view origin);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_HOSTED_LOG_H_
