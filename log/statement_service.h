// Filing what residents sign (docs/statements.md). Both doors come through
// here.
//
// What it promises:
// - Who may is decided by the signature and by nothing else: a statement is
//   entered if it counts, or at least restrains, in its chain as it stands
//   (verifier/standing.h). So nobody fills another's chain.
// - Whoever holds no key of a chain learns nothing about it: the same answer,
//   whether it exists or not. (How long the answer takes may tell more.)
// - What only restrains (a withdrawal, a prohibition, an objection, a dispute)
//   is refused for no quota. Other statements have one for each chain and one
//   for all.
// - Two filings of one chain follow each other: each is judged over what stands
//   before it, and the sequencer refuses what was judged too early, which is
//   then judged anew.
// - The same entry again is answered with the leaf that it has, for as long as
//   the log lives.
//
// Messages and metrics hold no subject, label, key or statement.
#ifndef VIDIMUS_LOG_STATEMENT_SERVICE_H_
#define VIDIMUS_LOG_STATEMENT_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_quota.h"
#include "log/clock.h"
#include "log/log.h"
#include "log/side_work.h"
#include "log/worker_pool.h"
#include "proto/vidimus.pb.h"
#include "verifier/statement.h"

namespace vidimus {

struct StatementLimits {
  size_t record_bytes_max = 32768;
  size_t request_entries_max = 64;
  // Of all that does more than restrain: of everybody, and of each chain.
  ChainQuotaOptions quota{500, 5000, 1};
  ChainQuotaOptions chain_quota{1, 100};
  // How often what came too late is judged anew.
  int tries_max = 8;
};

class StatementService {
 public:
  // None is owned; all outlive this and every answer.
  struct Parts {
    Log* log;
    SideWork* side_work;
    WorkerPool* workers;
    Clock* clock;
  };

  StatementService(const StatementLimits& limits, const Parts& parts);

  using Done =
      absl::AnyInvocable<void(absl::StatusOr<v1::FileStatementsResponse>)>;

  // Answers by calling `done` once, from another thread or within the call,
  // when all entries are durable and public or the request is refused as a
  // whole. Any thread; returns at once.
  //   kInvalidArgument: form; names the entry and what is wrong with it.
  //   kPermissionDenied: no key of the chain made the signature, or one that
  //     may not say this.
  //   kAborted: the chain has statements that this one does not follow; fetch
  //     the chain again.
  //   kAlreadyExists: the statement stands there, as another entry; or the
  //     entry's id does, with other content.
  //   kNotFound: an administration that is not in the register.
  //   kResourceExhausted, kUnavailable: come back when the status says.
  //   kFailedPrecondition: an opaque log, or one that waits for a person.
  void File(v1::FileStatementsRequest request, Done done);

 private:
  // One entry of a request, views into it.
  struct Filing {
    Statement statement;
    // Once judged: where it stands already, if it does.
    bool stands = false;
    uint64_t leaf_index = 0;
    uint64_t number = 0;
  };
  struct Job {
    v1::FileStatementsRequest request;
    Done done;
    std::vector<Filing> filings;
    int tries = 0;
  };
  using JobPtr = std::shared_ptr<Job>;

  void Finish(const JobPtr& job,
              absl::StatusOr<v1::FileStatementsResponse> answer);
  void Serve(const JobPtr& job);
  absl::Status JudgeForm(Job* job) const;
  absl::Status JudgeEntry(int number, const v1::Entry& entry,
                          Filing* filing) const;
  // Judges all filings of the chain that filing `first` is of, and adds those
  // that are new to `submission`.
  absl::Status JudgeChain(Job* job, size_t first, Submission* submission);
  void Submit(const JobPtr& job, Submission submission);
  absl::StatusOr<v1::FileStatementsResponse> Answer(const Job& job,
                                                    Placement placement);

  const StatementLimits limits_;
  const Parts parts_;
  ChainQuota quota_;
  ChainQuota chain_quota_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_STATEMENT_SERVICE_H_
