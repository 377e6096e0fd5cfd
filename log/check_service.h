// Asking first: what stands in a chain of the caller's from an entry on, and
// the proof that there is no more (docs/asking.md). Both doors come through
// here.
//
// What it promises:
// - An administration gets its own chains alone: by the number in its
//   certificate.
// - All of an answer is proven at one published head, the newest when it was
//   made: a statement that is public is shown.
// - A key is given away only after the look stands in the resident's chain
//   `self` (first_looks.h); likewise what a resident said, to an administration
//   that has not the key by the receipt of the chain's first entry.
//
// Where nothing is new and the chain is remembered, an answer costs one look-up
// in the index and one proof; no page of the vault is read. A key that is not
// remembered costs 65 us more, each entry that is no access of the caller's
// own, or may be none, a page.
//
// Messages and metrics hold no subject, label or key.
#ifndef VIDIMUS_LOG_CHECK_SERVICE_H_
#define VIDIMUS_LOG_CHECK_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_quota.h"
#include "log/clock.h"
#include "log/first_looks.h"
#include "log/log.h"
#include "log/side_work.h"
#include "proto/mutex.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

struct CheckLimits {
  // Of one answer. Who has more to see gets them by GetChain first.
  size_t entries_max = 1024;
  size_t answer_bytes_max = 2 << 20;
  // Requests of one administration that wait or are under way.
  int waiting_of_one_max = 512;
  // Of those that want a key, for each administration.
  ChainQuotaOptions key_quota{20, 400};
};

class CheckService {
 public:
  // None is owned; all outlive this and every answer. `first_looks` is null for
  // an opaque log.
  struct Parts {
    Log* log;
    FirstLooks* first_looks;
    SideWork* side_work;
    Clock* clock;
  };

  CheckService(const CheckLimits& limits, const Parts& parts);

  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::CheckResponse>)>;

  // Answers `request` of `administration`, the number in the caller's
  // certificate, by calling `done` once, from another thread or within the
  // call. Any thread; returns at once.
  //   kUnauthenticated: no certificate; kPermissionDenied: a number that is not
  //     in the register.
  //   kInvalidArgument: a subject that is not spelled as config wants it,
  //     `since` beyond the chain, or too much to answer at once.
  //   kResourceExhausted, kUnavailable: come back when the status says.
  //   kFailedPrecondition: an opaque log; or the log is frozen and what must be
  //     entered first can't be.
  void Check(v1::CheckRequest request, std::optional<uint32_t> administration,
             Done done);

 private:
  struct Job {
    v1::CheckRequest request;
    uint32_t administration = 0;
    Done done;
    Hash key = {};
    std::string vrf_proof;  // if the key is wanted
    // How many entries the chain is remembered to have, and how many of the
    // last of them are accesses.
    uint64_t entries = 0;
    uint64_t accesses = 0;
  };
  using JobPtr = std::shared_ptr<Job>;

  absl::Status Identify(Job* job, std::optional<uint32_t> administration);
  absl::Status Admit(uint32_t administration) ABSL_LOCKS_EXCLUDED(mu_);
  void Finish(const JobPtr& job, absl::StatusOr<v1::CheckResponse> answer)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Serve(const JobPtr& job);
  absl::Status FindKey(Job* job);
  absl::StatusOr<v1::CheckResponse> Answer(const Job& job);
  // Whether something is opened to who may not have the key: it comes with the
  // receipt of a chain's first entry, if that is an access.
  absl::StatusOr<bool> ShowsToAStranger(const Job& job,
                                        const v1::CheckResponse& answer);

  const CheckLimits limits_;
  const Parts parts_;
  ChainQuota key_quota_;

  // The seal that ends the tree of a head, and the proof of that leaf alone.
  struct HeadSeal {
    uint64_t size = 0;
    std::string seal, proof;
  };
  // Made once for each head: most answers hold it and nothing else.
  absl::StatusOr<std::shared_ptr<const HeadSeal>> SealOf(
      const Published& published) ABSL_LOCKS_EXCLUDED(mu_);

  Mutex mu_;
  absl::flat_hash_map<uint32_t, int> waiting_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const HeadSeal> seal_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHECK_SERVICE_H_
