// Whoever may see a chain gets it here, opened: the resident every chain of
// theirs, by the token of an issuer (oidc.h); an administration its own chain
// with a resident, by the certificate of its connection. Both doors come
// through here. docs/residents.md.
//
// What it promises:
// - Nobody gets another's chain: the subject of a resident is the token's, the
//   number of an administration is the certificate's, whatever the request
//   says.
// - An administration's first look into a chain stands in the resident's chain
//   `self`, durable and public, before it is answered. It is remembered by that
//   entry alone.
// - A chain that nobody ever touched is answered as any other, after the same
//   steps: with its key and no entries. Who asks learns whether there are
//   entries by their being there, and has been written down for it.
// - An answer is of one size, bounded in entries, bytes and time; `more` says
//   that there is more.
//
// Messages and metrics hold no subject, label, key or token.
#ifndef VIDIMUS_LOG_CHAIN_SERVICE_H_
#define VIDIMUS_LOG_CHAIN_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_keys.h"
#include "log/chain_quota.h"
#include "log/clock.h"
#include "log/first_looks.h"
#include "log/log.h"
#include "log/oidc.h"
#include "log/side_work.h"
#include "proto/vidimus.pb.h"
#include "verifier/register.h"

namespace vidimus {

struct ChainLimits {
  // Of one answer. It holds one entry at least, if there is any.
  size_t entries_max = 1024;
  size_t answer_bytes_max = 2 << 20;
  int64_t answer_ms_max = 1000;
  // First looks of which we know without searching.
  size_t remembered_max = 65536;
  // Of each administration, of each resident.
  ChainQuotaOptions administration_quota{20, 400};
  ChainQuotaOptions resident_quota{5, 1000};
};

// Who asks, as the connection shows it: a number from a verified certificate,
// the values of `authorization`.
struct ChainCaller {
  std::optional<uint32_t> administration;
  std::vector<std::string> authorizations;
};

class ChainService {
 public:
  // None is owned; all outlive this and every answer. `tokens` may know no
  // issuer: then residents are refused.
  struct Parts {
    Log* log;
    const TokenJudge* tokens;
    SideWork* side_work;
    Clock* clock;
    Random* random;
  };

  ChainService(const ChainLimits& limits, const Parts& parts);

  // Whether config has this id scheme.
  bool KnowsScheme(uint32_t scheme) const;

  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::GetChainResponse>)>;

  // Answers `request` of `caller` by calling `done` once, from another thread
  // or within the call. Any thread; returns at once.
  //   kUnauthenticated: neither certificate nor token, or a token that is
  //     refused (oidc.h), or whose subject is not spelled as config wants it.
  //   kPermissionDenied: another's chain.
  //   kInvalidArgument: both a certificate and a token, several tokens, a
  //     subject that is not spelled as config wants it.
  //   kNotFound: an administration that is not in the register.
  //   kOutOfRange: a size beyond the newest checkpoint or inside of a batch.
  //   kResourceExhausted, kUnavailable: come back when the status says.
  //   kFailedPrecondition: an opaque log; or the log is frozen and what must be
  //     entered first can't be.
  void Get(const v1::GetChainRequest& request, ChainCaller caller, Done done);

  // Those that this service enters, for others that give keys away.
  FirstLooks* first_looks() { return &first_looks_; }

 private:
  // A request under way.
  struct Job {
    v1::GetChainRequest request;
    ChainCaller caller;
    Done done;
    // Once identified.
    std::string subject;
    uint32_t administration = 0;
    ProvenChainKey key;
  };
  using JobPtr = std::shared_ptr<Job>;

  void Serve(const JobPtr& job);
  void Finish(const JobPtr& job, absl::StatusOr<v1::GetChainResponse> answer);
  absl::Status Identify(Job* job);
  absl::Status IdentifyResident(Job* job);
  absl::Status IdentifyAdministration(Job* job);
  absl::Status JudgeRegistered(uint32_t administration) const;

  absl::StatusOr<v1::GetChainResponse> Answer(const Job& job);

  const ChainLimits limits_;
  const Parts parts_;
  FirstLooks first_looks_;
  ChainQuota administration_quota_;
  ChainQuota resident_quota_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_SERVICE_H_
