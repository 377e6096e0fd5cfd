// Asking first: no data leaves a source system before the access to it is in
// the log. A city's gateway links this; `vidimus access` is a thin skin over
// it. What is asked and why: docs/gateway.md.
//
// RecordThenRelease goes this way, and anything that fails on it ends it with
// the data still where it was:
//
//   Check asked, all of its proof judged (asked_chain.h) -> the verdict that
//   the resident will come to, by the same engine -> may it be? -> recorded,
//   as_of the head that was shown and based_on all that was seen -> the receipt
//   verified, its place in the chain too -> release
//
// A statement that comes between is ABORTED by the log: asked again, a few
// times.
//
// Break-glass turns it round for a person in danger: the record is durable on
// this machine before the data goes, and goes to the log as soon as that can be
// reached, marked as an emergency, with the time of the release. It is shown to
// the resident in red and counted.
//
// Invariants:
// - release is called at most once for each call, and never before the access
//   is recorded with a verified receipt or, by break-glass, on disk, synced.
// - What break-glass queued is in the log, or in the queue, or named as
//   refused: a kill at any moment changes nothing of that.
// - A log that once answered wrongly is not asked again: evidence is kept, and
//   every later call fails but break-glass, which queues.
#ifndef VIDIMUS_CLIENT_GATEWAY_H_
#define VIDIMUS_CLIENT_GATEWAY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/asked_chain.h"
#include "client/dense_chains.h"
#include "client/gateway_register.h"
#include "client/outbox.h"
#include "client/questions.h"
#include "client/receipt.h"
#include "proto/mutex.h"
#include "proto/record.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/note.h"
#include "verifier/signing.h"
#include "verifier/verdict.h"

namespace vidimus {

// How the gateway reaches the log; over gRPC: NewGrpcGatewayDoor. Any thread.
class GatewayDoor {
 public:
  virtual ~GatewayDoor() = default;
  virtual Questions* questions() = 0;
  // One request, with a deadline. What comes back is not trusted.
  virtual absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) = 0;
};
std::unique_ptr<GatewayDoor> NewGrpcGatewayDoor(
    std::shared_ptr<grpc::Channel> channel);

// Whether data may go under this verdict.
using GatewayPolicy = std::function<bool(const Verdict& verdict)>;
// Those that the resident need not look at: under consent, under law.
bool AllowWhatIsFine(const Verdict& verdict);

struct GatewayOptions {
  uint32_t administration = 0;
  // State, made if it is not there (0700), used by one process at a time: the
  // queue of break-glass, chains as last checked, the newest head.
  std::string folder;
  GatewayPolicy policy = AllowWhatIsFine;
  // The clock: POSIX milliseconds.
  std::function<uint64_t()> now_ms;
  // How old the gateway's reading of the register may be. What is put into the
  // register within that time may be missed.
  uint64_t register_age_ms_max = 60000;
  // How often a check is made anew after ABORTED.
  int attempts_max = 3;
  // First pause between tries to bring the queue to the log; doubled up to 64
  // times this. 0: only when SubmitQueued is called.
  uint64_t retry_ms = 1000;
};

// An access that is about to happen. Filled in by the gateway, whatever stands
// there: entry id, administration, occurred_at, as_of, emergency.
struct GatewayAccess {
  v1::AccessRecord access;
  v1::Actor actor;
};

struct GatewayOutcome {
  bool released = false;
  // Why not, for the one who asked: kPermissionDenied if it may not be (the
  // verdict says why), kAborted if statements kept coming, kUnavailable and
  // others if it could not be asked or recorded, kDataLoss if the log lied.
  absl::Status status;
  // What the resident will be shown; set once it was judged.
  bool judged = false;
  Verdict verdict;
  // Whether the access stands in the log. With `released` false it may even
  // then: the answer was lost, and the resident sees an access that failed.
  bool recorded = false;
  bool queued = false;  // by break-glass
  uint64_t leaf_index = 0;
  uint64_t chain_index = 0;
};

struct GatewayCounts {
  uint64_t released = 0;
  uint64_t refused = 0;      // by the policy
  uint64_t failed = 0;       // for any other reason
  uint64_t aborted = 0;      // checks made anew
  uint64_t break_glass = 0;  // released by it since the gateway opened
  uint64_t queued = 0;       // of those before, not in the log yet
  uint64_t given_up = 0;     // never will be: a person must look
};

// Thread-safe; calls run side by side but for the judging of a receipt's place.
class Gateway {
 public:
  // `door` and `signer` are not owned and outlive the gateway. The log need not
  // be there yet. kFailedPrecondition if another process has the
  // folder; kDataLoss if the queue in it is damaged.
  static absl::StatusOr<std::unique_ptr<Gateway>> Open(
      const GatewayOptions& options, const VerifierKey& log_key,
      GatewayDoor* door, const Ed25519Signer* signer);

  // What is queued stays on disk.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // As above. `release` is called by the calling thread, after the receipt.
  GatewayOutcome RecordThenRelease(const GatewayAccess& access,
                                   const std::function<void()>& release);

  // Releases at once, if the record can be made durable here: kUnavailable or
  // kResourceExhausted if not (a full disk), and then nothing is released.
  // `reason` is not empty and stands in the record, in `language`, for the
  // resident.
  GatewayOutcome BreakGlass(const GatewayAccess& access,
                            absl::string_view reason,
                            absl::string_view language,
                            const std::function<void()>& release);

  // Brings what is queued to the log, oldest first; OK if nothing is left.
  absl::Status SubmitQueued();

  GatewayCounts counts() const;

 private:
  Gateway(const GatewayOptions& options, const VerifierKey& log_key,
          GatewayDoor* door, const Ed25519Signer* signer);

  absl::Status OpenFolder();
  // One way from Check to receipt; kAborted: another may do better.
  absl::Status Attempt(const GatewayAccess& access, GatewayOutcome* outcome);
  // The chain as it is at the newest head, which `*extract` holds.
  absl::Status Ask(absl::string_view subject, AskedChain* chain,
                   Extract* extract);
  absl::StatusOr<DenseChains*> Dense() ABSL_EXCLUSIVE_LOCKS_REQUIRED(dense_mu_);
  absl::StatusOr<std::shared_ptr<const GatewayRegister>> Register(
      const Extract& extract);
  Verdict Judge(const GatewayRegister& registered, const AskedChain& chain,
                const Extract& extract, absl::string_view subject,
                absl::string_view record) const;
  absl::Status Record(const v1::SubmitRequest& request, Receipt* receipt);
  absl::Status SubmitOne(uint64_t number);
  // Passes a status on. One that convicts the log, for what it answered, is
  // kept and ends the asking.
  absl::Status Heard(const absl::Status& status, absl::string_view answer);
  absl::Status MayAsk() const;
  v1::SubmitRequest RequestOf(const v1::AccessRecord& access,
                              const v1::Actor& actor) const;
  v1::AccessRecord Filled(const v1::AccessRecord& access,
                          uint64_t as_of_size) const;
  uint64_t Now() const;
  void Retry();

  const GatewayOptions options_;
  const VerifierKey log_key_;
  GatewayDoor* const door_;
  const Ed25519Signer* const signer_;

  // Set by OpenFolder, then constant; each with its own synchronisation.
  std::string head_path_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<AskedChains> chains_;
  std::unique_ptr<HeadKeeper> heads_;
  std::unique_ptr<ChainMemory> memory_;

  Mutex dense_mu_;
  // Null until the log was first reached.
  std::unique_ptr<DenseChains> dense_ ABSL_GUARDED_BY(dense_mu_);

  // Held while the queue is brought to the log.
  Mutex queue_mu_;

  mutable Mutex mu_;
  CondVar changed_;
  // The newest head whose consistency with those before was shown.
  TreeHead held_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const GatewayRegister> register_ ABSL_GUARDED_BY(mu_);
  uint64_t register_read_ms_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status lied_ ABSL_GUARDED_BY(mu_);
  GatewayCounts counts_ ABSL_GUARDED_BY(mu_);
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  std::thread retrier_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_GATEWAY_H_
