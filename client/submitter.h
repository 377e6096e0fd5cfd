// Entries in, verified receipts out. This is the library that a city's service
// links; `vidimus submit` is a thin skin over it.
//
// What Add took goes this way, and never back:
//
//   gathered in memory -> made into a signed request and kept in the outbox,
//   durably -> sent -> answered, the answer checked (receipt.h) -> the caller's
//   callback -> the ids noted as done, durably -> the personal part erased.
//
// A crash before the outbox loses what was only gathered (at most `gather` old,
// or what the bounds below held up; until Drain, the source must keep it). A
// crash after it loses nothing: the next start sends the same entries with the
// same ids and salts again, and the log answers with the same leaves. Whoever
// stops the submitter, or whatever stops it, what was gathered goes to the
// outbox first.
//
// Invariants:
// - No answer counts unless it verifies. One that does not is kept as evidence
//   and stops the submitter for good.
// - No entry of a chain counts before the one before it is known to be in the
//   log (dense_chains.h). A receipt waits for others that are under way; if
//   none is, the log is asked.
// - A request is sent again until it is answered for good, whatever connections
//   and servers do, with a pause that grows, is random by half, and is never
//   shorter than the log asked for.
// - Everything is bounded: entries gathered, requests ready, requests in
//   flight. Add blocks when the bounds are reached.
#ifndef VIDIMUS_CLIENT_SUBMITTER_H_
#define VIDIMUS_CLIENT_SUBMITTER_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/dense_chains.h"
#include "client/line_format.h"
#include "client/outbox.h"
#include "client/receipt.h"
#include "proto/mutex.h"
#include "proto/vidimus.grpc.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/signing.h"

namespace vidimus {

struct SubmitterOptions {
  std::string origin;
  bool access_log = true;
  uint32_t administration = 0;  // of an access log

  // A request is closed at any of these.
  size_t request_entries_max = 256;
  size_t request_bytes_max = size_t{1} << 20;
  std::chrono::milliseconds gather{20};

  size_t requests_in_flight_max = 16;

  // First pause after a failure; doubled with each further one.
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{10000};

  // A request unanswered for this long: the connection is taken down and
  // everything in flight sent again.
  std::chrono::milliseconds answer_timeout{30000};

  // Without a receipt for this long the submitter stops with kUnavailable,
  // leaving what waits in the outbox. 0: never.
  std::chrono::milliseconds give_up{0};

  // Receipts with inclusion paths, for writing them to files.
  bool paths = false;

  // Judges where entries stand in their chains before a receipt counts. Not
  // owned, outlives the submitter, used by one thread of its. Null for an
  // opaque log; of an access log, labels then go unjudged.
  DenseChains* chains = nullptr;
};

// What became of a request, in the order of its entries.
struct RequestResult {
  const v1::SubmitRequest& request;
  // Null if the entries were refused for good; `refusal` then says why.
  const Receipt* receipt;
  absl::Status refusal;
};

// Called for each request with a verified receipt, and for entries refused for
// good; by one thread at a time, not the caller's; must not call the submitter.
// A failure stops the submitter with the request still in the outbox. May see a
// request again after a crash.
using ResultCallback = std::function<absl::Status(const RequestResult&)>;

struct SubmitterCounts {
  uint64_t receipts = 0;  // entries with a verified receipt
  uint64_t refused = 0;   // entries that the log will never take
  uint64_t known = 0;     // entries that were pending or done when added
  uint64_t retries = 0;   // requests sent again
  uint64_t connects = 0;  // streams opened
};

// Makes and signs a request out of drafts, with fresh salts. `signer` is null
// for an opaque log. The expectation is what its answer must show.
v1::SubmitRequest MakeRequest(const SubmitterOptions& options,
                              const Ed25519Signer* signer,
                              std::vector<Draft> drafts,
                              Expectation* expectation);

// Signs the request, as MakeRequest does; for one whose entries changed.
void SignRequest(const Ed25519Signer& signer, const Expectation& expectation,
                 v1::SubmitRequest* request);

// Asks the log for its newest checkpoint and gives it to `heads`. Retries for
// `patience` while the log cannot be reached. kDataLoss if the checkpoint is
// not one of this log's, or older than what `heads` has seen.
absl::Status FetchHead(const std::shared_ptr<grpc::Channel>& channel,
                       const std::string& origin,
                       std::chrono::milliseconds patience, HeadKeeper* heads);

// Thread-safe. Three threads of its own: one gathers and keeps, one connects
// and sends, one reads and checks.
class Submitter {
 public:
  // Takes up what the outbox holds from earlier runs, then whatever is added.
  // `signer` (null for an opaque log), `outbox` and `heads` are not owned and
  // outlive the submitter. kFailedPrecondition if the outbox holds requests for
  // another log or administration.
  static absl::StatusOr<std::unique_ptr<Submitter>> Start(
      const SubmitterOptions& options, std::shared_ptr<grpc::Channel> channel,
      const Ed25519Signer* signer, Outbox* outbox, HeadKeeper* heads,
      ResultCallback callback);

  // Stops; what has no receipt stays in the outbox.
  ~Submitter();

  // Takes an entry. Blocks while bounds are reached. kAlreadyExists if an entry
  // with this id is pending or done; otherwise the reason why the submitter
  // stopped.
  absl::Status Add(Draft draft);

  // Waits until everything added has its receipt or its refusal and the outbox
  // has erased it; or returns why the submitter stopped.
  absl::Status Drain();

  // Entries added or found in the outbox that have no answer yet.
  uint64_t waiting() const;
  SubmitterCounts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Stream =
      grpc::ClientReaderWriter<v1::SubmitRequest, v1::SubmitResponse>;

  // A request on its way.
  struct Flight {
    uint64_t number = 0;  // in the outbox; also its request_id
    std::shared_ptr<v1::SubmitRequest> request;
    std::shared_ptr<Expectation> expectation;
    int failures = 0;
    Clock::time_point sent;
  };

  // An answer that is right but for what is not known yet of its chains.
  struct Held {
    Flight flight;
    Receipt receipt;
    std::string answer;
  };

  Submitter(const SubmitterOptions& options,
            std::shared_ptr<grpc::Channel> channel, const Ed25519Signer* signer,
            Outbox* outbox, HeadKeeper* heads, ResultCallback callback);

  absl::Status LoadOutbox();
  void Gather();
  std::vector<Draft> TakeGathered() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void KeepRequest(std::vector<Draft> drafts);
  void Watch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Connect();
  void WaitForConnection();
  absl::Status RunStream();
  void WriteRequests(Stream* stream);
  bool NextFlight(Flight* flight);
  void ReadAnswers(Stream* stream);
  void Answer(const v1::SubmitResponse& response);
  void Accept(const Flight& flight, const v1::SubmitResponse& response);
  absl::Status JudgeChains(const Flight& flight, bool ask, Receipt* receipt);
  void JudgeHeld();
  void Finish(const Flight& flight, const Receipt& receipt);
  void Refute(const absl::Status& lie, absl::string_view answer);
  void RefuseEntry(const Flight& flight, size_t entry,
                   const absl::Status& status);
  void Retry(Flight flight, const absl::Status& status);
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  std::chrono::milliseconds Pause(int failures,
                                  const absl::Status& status) const;

  const SubmitterOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Log::Stub> stub_;
  const Ed25519Signer* const signer_;
  Outbox* const outbox_;
  HeadKeeper* const heads_;
  const ResultCallback callback_;

  // Of the thread that reads answers alone.
  std::deque<Held> held_;

  mutable Mutex mu_;
  CondVar changed_;
  std::vector<Draft> gathered_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<EntryId> gathered_ids_ ABSL_GUARDED_BY(mu_);
  size_t gathered_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  Clock::time_point gathered_since_ ABSL_GUARDED_BY(mu_);
  bool gatherer_ended_ ABSL_GUARDED_BY(mu_) = false;
  int draining_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Flight> ready_ ABSL_GUARDED_BY(mu_);
  std::multimap<Clock::time_point, Flight> delayed_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, Flight> flying_ ABSL_GUARDED_BY(mu_);
  uint64_t waiting_ ABSL_GUARDED_BY(mu_) = 0;
  Clock::time_point progress_ ABSL_GUARDED_BY(mu_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool broken_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status last_failure_ ABSL_GUARDED_BY(mu_);  // of a connection
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  SubmitterCounts counts_ ABSL_GUARDED_BY(mu_);

  std::thread gatherer_;
  std::thread connector_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_SUBMITTER_H_
