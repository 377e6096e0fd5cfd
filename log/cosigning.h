// The log's rounds with those who watch it: every period it sends its newest
// head, the same to all cosigners of a policy, and shows the newest head that
// a quorum of them has cosigned. Nothing here is in the way of a submission:
// an acknowledgement never waits for a cosigner. docs/cosigning.md.
//
// What is shown only grows, restarts included: it is kept durably before it is
// shown.
#ifndef VIDIMUS_LOG_COSIGNING_H_
#define VIDIMUS_LOG_COSIGNING_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/publisher.h"
#include "log/witness_client.h"
#include "proto/http_client.h"
#include "proto/mutex.h"
#include "verifier/policy.h"

namespace vidimus {

struct CosigningOptions {
  // From the begin of a round to that of the next, if the last one has its
  // quorum or its time is over.
  std::chrono::milliseconds period{1000};
  // Of one call to one address, and of a round.
  std::chrono::milliseconds timeout{5000};
  // A head that did not grow is cosigned again when its quorum is this old: who
  // reads it refuses one that is too old.
  std::chrono::seconds fresh{60};
  // An address that fails is left alone for a period, then twice as long, up
  // to this.
  std::chrono::milliseconds back_off_max{60000};
  // Connections. `http.timeout` is not used.
  HttpClientOptions http;
};

// What was cosigned by a quorum. Immutable.
struct Cosigned {
  uint64_t size = 0;
  // How old the quorum is: SatisfiedAt.
  uint64_t time_s = 0;
  // The log's line, then those of cosigners in the order of the policy.
  std::string note;
};

class Cosigning {
 public:
  // None is owned; all outlive this. `latest` is the newest published head,
  // `prove` may be called from several threads at once.
  struct Parts {
    std::function<std::shared_ptr<const Published>()> latest;
    ConsistencyProver prove;
    Clock* clock;
    Disk* disk;
    // On `disk`: the cosigned head is kept in two files that begin so.
    std::string file;
    // Told of what goes wrong at an address, once until it goes well again.
    std::function<void(const std::string& what)> say;
  };

  // `policy` must have a quorum (CHECK). Shows what is kept. kDataLoss if that
  // is no checkpoint of `log_key`; kInvalidArgument for an address that is
  // none.
  static absl::StatusOr<std::unique_ptr<Cosigning>> Open(
      const CosigningOptions& options, const VerifierKey& log_key,
      Policy policy, const Parts& parts);
  ~Cosigning();

  // Before the log signs anything new: shows the head that stands to every
  // address, and asks so what was cosigned last there. kFailedPrecondition if
  // one has cosigned a larger head than ours: the log has forgotten what it
  // signed and must not go on. Who does not answer within the timeout is said,
  // and not waited for.
  absl::Status AskLastSizes();

  // Begins the rounds, on threads of their own: one, and one for each address.
  void Start();
  // Ends them; calls under way are given up after their timeout at most.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  // The newest head with a quorum; null before there is one. Any thread.
  std::shared_ptr<const Cosigned> Latest() const ABSL_LOCKS_EXCLUDED(mu_);

  // How many cosigners the policy has, and how many of them cosigned the newest
  // head that they all were asked for. Any thread.
  struct Counts {
    size_t cosigners = 0;
    size_t answered = 0;
  };
  Counts counts() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // One head on its way to all addresses.
  struct Round {
    uint64_t number = 0;
    uint64_t size = 0;
    std::string text;      // what is signed
    std::string note;      // with the log's line
    std::string log_line;  // that line
    // By the cosigner's place in the policy.
    std::vector<std::string> lines;
    CosignatureTimes times;
  };
  // One address, with the places of those who sign there.
  struct Address {
    std::string url;
    std::vector<size_t> cosigners;
    std::unique_ptr<WitnessClient> client;
    std::thread thread;
    // Its thread's alone.
    uint64_t last_round = 0;
    std::chrono::milliseconds back_off{0};
    bool failing = false;
  };

  Cosigning(const CosigningOptions& options, VerifierKey log_key, Policy policy,
            const Parts& parts);

  absl::Status ReadKept();
  std::shared_ptr<Round> NewRound(const Published& published)
      ABSL_LOCKS_EXCLUDED(mu_);
  void CallRounds() ABSL_LOCKS_EXCLUDED(mu_);
  void Serve(Address* address) ABSL_LOCKS_EXCLUDED(mu_);
  // One exchange; what came back is counted in the round, and shown.
  absl::Status Ask(Address* address, const std::shared_ptr<Round>& round)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Keeps and shows the round's head as far as it was cosigned, if there is a
  // quorum and nothing newer is shown.
  absl::Status Show(const std::shared_ptr<Round>& round)
      ABSL_LOCKS_EXCLUDED(mu_, show_mu_);
  absl::Status Keep(const std::string& note)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(show_mu_);
  std::optional<uint64_t> SatisfiedTime(const CosignatureTimes& times) const {
    return SatisfiedAt(policy_, *policy_.quorum, times);
  }
  void Report(Address* address, const absl::Status& status);

  const CosigningOptions options_;
  const VerifierKey log_key_;
  const Policy policy_;
  const Parts parts_;
  std::vector<std::unique_ptr<Address>> addresses_;
  std::thread caller_;

  // Held while a head is made durable, so that heads are kept in their order.
  Mutex show_mu_;
  uint64_t kept_ ABSL_GUARDED_BY(show_mu_) = 0;  // how often

  mutable Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t rounds_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<Round> round_ ABSL_GUARDED_BY(mu_);  // the newest
  std::shared_ptr<const Cosigned> latest_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_COSIGNING_H_
