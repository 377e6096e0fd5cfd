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

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_keys.h"
#include "log/chain_quota.h"
#include "log/clock.h"
#include "log/log.h"
#include "log/notices.h"
#include "log/oidc.h"
#include "log/openings.h"
#include "log/side_work.h"
#include "proto/mutex.h"
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

  // Whether the first look of this administration is entered and public; false
  // also if it is only under way.
  absl::StatusOr<bool> LookIsEntered(const Job& job, const Hash& name);
  void EnterLook(const JobPtr& job, const Hash& name);

  absl::StatusOr<v1::GetChainResponse> Answer(const Job& job);
  // `page` is the one read last.
  absl::Status AddEntry(uint64_t leaf_index, int64_t now_s,
                        std::optional<VaultPage>* page, v1::ChainEntry* entry);

  const ChainLimits limits_;
  const Parts parts_;
  Notices notices_;
  ChainQuota administration_quota_;
  ChainQuota resident_quota_;

  Mutex mu_;
  // First looks that are entered, and those that are being entered; each by a
  // label that its chain will never have.
  absl::flat_hash_set<Hash> entered_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<Hash> entering_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_SERVICE_H_
