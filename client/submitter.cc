#include "client/submitter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/random.h"
#include "proto/grpc_status.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;

// Errors inside the log are tried again so often before a person must look.
constexpr int kInternalErrorsMax = 8;
constexpr milliseconds kWatchPeriod{500};
constexpr milliseconds kCallTimeout{5000};
constexpr milliseconds kConnectTimeout{10000};

size_t BytesOf(const Draft& draft) {
  return draft.record.size() + draft.actor.size() + draft.data.size() + 64;
}

size_t CountOf(const v1::SubmitRequest& request) {
  return static_cast<size_t>(request.entries_size() + request.opaque_size());
}

// Whether the same question may be answered later.
bool MayPass(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kOutOfRange:
      return true;
    default:
      return false;
  }
}

// The whole of `request` but its entries.
v1::SubmitRequest Envelope(const v1::SubmitRequest& request) {
  v1::SubmitRequest envelope;
  envelope.set_origin(request.origin());
  envelope.set_administration(request.administration());
  return envelope;
}

void CopyEntry(const v1::SubmitRequest& from, size_t entry,
               v1::SubmitRequest* to) {
  if (from.opaque_size() > 0) {
    *to->add_opaque() = from.opaque(static_cast<int>(entry));
  } else {
    *to->add_entries() = from.entries(static_cast<int>(entry));
  }
}

}  // namespace

void SignRequest(const Ed25519Signer& signer, const Expectation& expectation,
                 v1::SubmitRequest* request) {
  std::vector<Hash> leaf_hashes;
  leaf_hashes.reserve(expectation.hashes.size());
  for (int k = 0; k < request->entries_size(); ++k) {
    leaf_hashes.push_back(
        SubmissionLeafHash(request->entries(k).entry_id(),
                           expectation.hashes[static_cast<size_t>(k)]));
  }
  request->set_signature(signer.Sign(SubmissionSignedBytes(
      request->origin(), request->administration(),
      static_cast<uint32_t>(leaf_hashes.size()), SubmissionRoot(leaf_hashes))));
}

v1::SubmitRequest MakeRequest(const SubmitterOptions& options,
                              const Ed25519Signer* signer,
                              std::vector<Draft> drafts,
                              Expectation* expectation) {
  v1::SubmitRequest request;
  request.set_origin(options.origin);
  if (!options.access_log) {
    for (Draft& draft : drafts) {
      v1::OpaqueEntry* entry = request.add_opaque();
      entry->set_id(draft.id.data(), draft.id.size());
      entry->set_data(std::move(draft.data));
    }
    *expectation = ExpectationOf(request);
    return request;
  }
  request.set_administration(options.administration);
  for (Draft& draft : drafts) {
    v1::Entry* entry = request.add_entries();
    entry->set_entry_id(draft.id.data(), draft.id.size());
    entry->set_record_salt(RandomBytes(kSaltBytes));
    entry->set_record(std::move(draft.record));
    entry->set_actor_salt(RandomBytes(kSaltBytes));
    entry->set_actor(std::move(draft.actor));
  }
  *expectation = ExpectationOf(request);
  SignRequest(*signer, *expectation, &request);
  return request;
}

absl::Status FetchHead(const std::shared_ptr<grpc::Channel>& channel,
                       const std::string& origin, milliseconds patience,
                       HeadKeeper* heads) {
  const std::unique_ptr<v1::Log::Stub> stub = v1::Log::NewStub(channel);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const uint64_t size_min = heads->size();
  while (true) {
    // A channel makes progress only while somebody waits for it.
    channel->WaitForConnected(std::chrono::system_clock::now() +
                              std::min(kCallTimeout, patience));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::min(kCallTimeout, patience));
    v1::GetCheckpointRequest request;
    request.set_origin(origin);
    v1::GetCheckpointResponse response;
    const grpc::Status called =
        stub->GetCheckpoint(&context, request, &response);
    if (called.ok()) {
      return heads->Admit(response.checkpoint(), size_min).status();
    }
    const absl::Status status = FromGrpcStatus(called, &context);
    // gRPC calls a server that is not the one we believe "unavailable" too, and
    // tells only in words.
    if (absl::StrContains(status.message(), "certificate verify failed")) {
      return absl::UnauthenticatedError(
          "asking the log for its checkpoint: the server's certificate is not "
          "vouched for by --ca, or not for this host name");
    }
    const bool may_pass = absl::IsUnavailable(status) ||
                          absl::IsDeadlineExceeded(status) ||
                          absl::IsResourceExhausted(status);
    if (!may_pass || std::chrono::steady_clock::now() >= deadline) {
      return Annotate(status, "asking the log for its checkpoint");
    }
    std::this_thread::sleep_for(milliseconds(50 + RandomBelow(150)));
  }
}

absl::StatusOr<std::unique_ptr<Submitter>> Submitter::Start(
    const SubmitterOptions& options, std::shared_ptr<grpc::Channel> channel,
    const Ed25519Signer* signer, Outbox* outbox, HeadKeeper* heads,
    ResultCallback callback) {
  CHECK_EQ(signer != nullptr, options.access_log);
  std::unique_ptr<Submitter> submitter(new Submitter(
      options, std::move(channel), signer, outbox, heads, std::move(callback)));
  RETURN_IF_ERROR(submitter->LoadOutbox());
  submitter->gatherer_ = std::thread([s = submitter.get()] { s->Gather(); });
  submitter->connector_ = std::thread([s = submitter.get()] { s->Connect(); });
  return submitter;
}

Submitter::Submitter(const SubmitterOptions& options,
                     std::shared_ptr<grpc::Channel> channel,
                     const Ed25519Signer* signer, Outbox* outbox,
                     HeadKeeper* heads, ResultCallback callback)
    : options_(options),
      channel_(std::move(channel)),
      stub_(v1::Log::NewStub(channel_)),
      signer_(signer),
      outbox_(outbox),
      heads_(heads),
      callback_(std::move(callback)) {}

Submitter::~Submitter() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
    changed_.SignalAll();
  }
  if (gatherer_.joinable()) gatherer_.join();
  if (connector_.joinable()) connector_.join();
}

absl::Status Submitter::LoadOutbox() {
  MutexLock lock(&mu_);
  progress_ = Clock::now();
  for (const uint64_t number : outbox_->Pending()) {
    ASSIGN_OR_RETURN(v1::SubmitRequest request, outbox_->Read(number));
    if (request.origin() != options_.origin ||
        request.administration() != options_.administration ||
        (request.opaque_size() == 0) != options_.access_log) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the outbox holds requests of administration ",
          request.administration(), " for the log ", request.origin(),
          "; send them there first, or take another outbox"));
    }
    Flight flight;
    flight.number = number;
    flight.expectation = std::make_shared<Expectation>(ExpectationOf(request));
    // The entry key may have changed since; the same key signs the same bytes.
    if (signer_ != nullptr) {
      SignRequest(*signer_, *flight.expectation, &request);
    }
    request.set_request_id(number);
    waiting_ += CountOf(request);
    flight.request = std::make_shared<v1::SubmitRequest>(std::move(request));
    ready_.push_back(std::move(flight));
  }
  return absl::OkStatus();
}

absl::Status Submitter::Add(Draft draft) {
  MutexLock lock(&mu_);
  while (failure_.ok() && !stopping_ &&
         gathered_.size() >= 2 * options_.request_entries_max) {
    changed_.Wait(&mu_);
  }
  RETURN_IF_ERROR(failure_);
  if (gathered_ids_.contains(draft.id) ||
      outbox_->Find(draft.id) != Outbox::Known::kNo) {
    ++counts_.known;
    return absl::AlreadyExistsError("this entry was submitted before");
  }
  if (gathered_.empty()) gathered_since_ = Clock::now();
  gathered_ids_.insert(draft.id);
  gathered_bytes_ += BytesOf(draft);
  gathered_.push_back(std::move(draft));
  ++waiting_;
  if (gathered_.size() == 1 ||
      gathered_.size() >= options_.request_entries_max ||
      gathered_bytes_ >= options_.request_bytes_max) {
    changed_.SignalAll();
  }
  return absl::OkStatus();
}

absl::Status Submitter::Drain() {
  {
    MutexLock lock(&mu_);
    ++draining_;
    changed_.SignalAll();
    while (failure_.ok() && waiting_ > 0) changed_.Wait(&mu_);
    // Stopped: what was gathered goes to the outbox still.
    while (!failure_.ok() && !gatherer_ended_) changed_.Wait(&mu_);
    --draining_;
    RETURN_IF_ERROR(failure_);
  }
  return outbox_->Flush();
}

uint64_t Submitter::waiting() const {
  MutexLock lock(&mu_);
  return waiting_;
}

SubmitterCounts Submitter::counts() const {
  MutexLock lock(&mu_);
  return counts_;
}

void Submitter::Fail(const absl::Status& status) {
  MutexLock lock(&mu_);
  if (failure_.ok()) failure_ = status;
  if (context_ != nullptr) context_->TryCancel();
  changed_.SignalAll();
}

// --- Gathering ---------------------------------------------------------------

void Submitter::Gather() {
  bool last = false;
  while (!last) {
    std::vector<Draft> drafts;
    {
      MutexLock lock(&mu_);
      while (!last) {
        Watch();
        // What Add took is kept, also when nothing will be sent any more.
        last = stopping_ || !failure_.ok();
        const auto due = gathered_since_ + options_.gather;
        const bool full = gathered_.size() >= options_.request_entries_max ||
                          gathered_bytes_ >= options_.request_bytes_max ||
                          draining_ > 0;
        const bool room = ready_.size() < options_.requests_in_flight_max;
        if (room && !gathered_.empty() && (full || Clock::now() >= due)) break;
        if (last) break;
        auto until = Clock::now() + kWatchPeriod;
        if (room && !gathered_.empty()) until = std::min(until, due);
        changed_.WaitUntil(&mu_, until);
      }
      drafts = TakeGathered();
      last = last && gathered_.empty();
    }
    if (!drafts.empty()) KeepRequest(std::move(drafts));
  }
  MutexLock lock(&mu_);
  gatherer_ended_ = true;
  changed_.SignalAll();
}

std::vector<Draft> Submitter::TakeGathered() {
  size_t bytes = 0;
  size_t taken = 0;
  while (taken < gathered_.size() && taken < options_.request_entries_max &&
         (taken == 0 ||
          bytes + BytesOf(gathered_[taken]) <= options_.request_bytes_max)) {
    bytes += BytesOf(gathered_[taken++]);
  }
  const auto end = gathered_.begin() + static_cast<ptrdiff_t>(taken);
  std::vector<Draft> drafts(std::make_move_iterator(gathered_.begin()),
                            std::make_move_iterator(end));
  gathered_.erase(gathered_.begin(), end);
  gathered_bytes_ -= bytes;
  gathered_since_ = Clock::now();
  changed_.SignalAll();
  return drafts;
}

void Submitter::KeepRequest(std::vector<Draft> drafts) {
  std::vector<EntryId> ids;
  for (const Draft& draft : drafts) ids.push_back(draft.id);
  Flight flight;
  flight.expectation = std::make_shared<Expectation>();
  v1::SubmitRequest request = MakeRequest(options_, signer_, std::move(drafts),
                                          flight.expectation.get());
  const absl::StatusOr<uint64_t> number = outbox_->Put(request);
  if (!number.ok()) {
    Fail(number.status());
    return;
  }
  flight.number = *number;
  request.set_request_id(*number);
  flight.request = std::make_shared<v1::SubmitRequest>(std::move(request));
  MutexLock lock(&mu_);
  for (const EntryId& id : ids) gathered_ids_.erase(id);
  ready_.push_back(std::move(flight));
  changed_.SignalAll();
}

// Looks for what does not move any more.
void Submitter::Watch() {
  const auto now = Clock::now();
  if (waiting_ == 0) progress_ = now;
  if (options_.give_up.count() > 0 && now - progress_ > options_.give_up) {
    failure_ = absl::UnavailableError(absl::StrCat(
        "no receipt for ", options_.give_up.count() / 1000,
        " s; what was submitted waits in the outbox",
        last_failure_.ok() ? "" : " (last: ", last_failure_.message(),
        last_failure_.ok() ? "" : ")"));
    if (context_ != nullptr) context_->TryCancel();
    changed_.SignalAll();
    return;
  }
  for (const auto& [id, flight] : flying_) {
    if (now - flight.sent > options_.answer_timeout) {
      broken_ = true;
      if (context_ != nullptr) context_->TryCancel();
      changed_.SignalAll();
      return;
    }
  }
}

// --- Connecting and sending --------------------------------------------------

void Submitter::Connect() {
  int failures = 0;
  while (true) {
    {
      MutexLock lock(&mu_);
      while (failure_.ok() && !stopping_ && ready_.empty() &&
             delayed_.empty()) {
        changed_.Wait(&mu_);
      }
      if (!failure_.ok() || stopping_) return;
      broken_ = false;
      ++counts_.connects;
    }
    const uint64_t receipts_before = counts().receipts;
    WaitForConnection();
    const absl::Status status = RunStream();
    MutexLock lock(&mu_);
    if (!failure_.ok() || stopping_) return;
    if (!status.ok()) last_failure_ = status;
    switch (status.code()) {
      case absl::StatusCode::kUnauthenticated:
      case absl::StatusCode::kPermissionDenied:
      case absl::StatusCode::kFailedPrecondition:
      case absl::StatusCode::kUnimplemented:
      case absl::StatusCode::kInvalidArgument:
        failure_ = Annotate(status, "the log refuses the connection");
        changed_.SignalAll();
        return;
      default:
        break;
    }
    // What was sent without an answer is sent again, oldest first.
    for (auto flight = flying_.rbegin(); flight != flying_.rend(); ++flight) {
      ready_.push_front(std::move(flight->second));
      ++counts_.retries;
    }
    flying_.clear();
    if (counts_.receipts > receipts_before) failures = 0;
    const auto until = Clock::now() + Pause(failures++, status);
    while (failure_.ok() && !stopping_ && Clock::now() < until) {
      changed_.WaitUntil(&mu_, until);
    }
  }
}

// A channel makes progress, TLS and all, only while somebody waits for it; a
// call on one that is not connected fails at once. If this times out, that
// call tells why.
void Submitter::WaitForConnection() {
  const auto until = Clock::now() + kConnectTimeout;
  while (Clock::now() < until) {
    if (channel_->WaitForConnected(std::chrono::system_clock::now() +
                                   kWatchPeriod)) {
      return;
    }
    MutexLock lock(&mu_);
    if (!failure_.ok() || stopping_) return;
  }
}

absl::Status Submitter::RunStream() {
  grpc::ClientContext context;
  {
    MutexLock lock(&mu_);
    if (!failure_.ok() || stopping_) return absl::CancelledError("stopping");
    context_ = &context;
  }
  const std::unique_ptr<Stream> stream = stub_->SubmitStream(&context);
  std::thread reader([&] { ReadAnswers(stream.get()); });
  WriteRequests(stream.get());
  stream->WritesDone();
  reader.join();
  const grpc::Status status = stream->Finish();
  MutexLock lock(&mu_);
  context_ = nullptr;
  return FromGrpcStatus(status, &context);
}

void Submitter::WriteRequests(Stream* stream) {
  Flight flight;
  while (NextFlight(&flight)) {
    if (!stream->Write(*flight.request)) {
      MutexLock lock(&mu_);
      broken_ = true;
      return;
    }
  }
}

// Waits for a request that may be sent and notes it as flying; false when the
// stream is over.
bool Submitter::NextFlight(Flight* flight) {
  MutexLock lock(&mu_);
  while (failure_.ok() && !stopping_ && !broken_) {
    const auto now = Clock::now();
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      ready_.push_front(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
    if (!ready_.empty() && flying_.size() < options_.requests_in_flight_max) {
      *flight = std::move(ready_.front());
      ready_.pop_front();
      flight->sent = now;
      flight->expectation->size_min = heads_->size();
      flying_[flight->number] = *flight;
      changed_.SignalAll();
      return true;
    }
    if (delayed_.empty()) {
      changed_.Wait(&mu_);
    } else {
      changed_.WaitUntil(&mu_, delayed_.begin()->first);
    }
  }
  return false;
}

milliseconds Submitter::Pause(int failures, const absl::Status& status) const {
  const int64_t doubled = options_.backoff_min.count()
                          << std::min(failures, 20);
  const int64_t base = std::min<int64_t>(doubled, options_.backoff_max.count());
  const milliseconds jittered(
      base / 2 +
      static_cast<int64_t>(RandomBelow(static_cast<uint64_t>(base / 2 + 1))));
  const std::optional<milliseconds> asked = RetryAfterOf(status);
  if (!asked.has_value()) return jittered;
  // Never sooner than asked, and not everybody at once.
  return *asked + milliseconds(static_cast<int64_t>(
                      RandomBelow(static_cast<uint64_t>(base / 2 + 1))));
}

// --- Answers -----------------------------------------------------------------

void Submitter::ReadAnswers(Stream* stream) {
  v1::SubmitResponse response;
  while (stream->Read(&response)) {
    Answer(response);
    JudgeHeld();
  }
  // What the held ones wait for is sent again, and so are they.
  for (Held& held : held_) {
    Retry(std::move(held.flight), absl::UnavailableError("cut off"));
  }
  held_.clear();
  MutexLock lock(&mu_);
  broken_ = true;
  changed_.SignalAll();
}

void Submitter::Answer(const v1::SubmitResponse& response) {
  Flight flight;
  {
    MutexLock lock(&mu_);
    if (!failure_.ok() || stopping_) return;
    const auto found = flying_.find(response.request_id());
    // An answer to nothing tells nothing; the request it was meant for will be
    // sent again.
    if (found == flying_.end()) return;
    flight = std::move(found->second);
    flying_.erase(found);
    // There is room for another request now, also if this one will be held.
    changed_.SignalAll();
  }
  if (response.code() == 0) {
    Accept(flight, response);
    return;
  }
  absl::Status status(static_cast<absl::StatusCode>(response.code()),
                      response.message());
  if (response.retry_after_ms() > 0) {
    status = WithRetryAfter(status, milliseconds(response.retry_after_ms()));
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      Retry(std::move(flight), status);
      return;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      if (flight.failures < kInternalErrorsMax) {
        Retry(std::move(flight), status);
      } else {
        Fail(Annotate(status, "the log fails again and again"));
      }
      return;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
      if (response.has_entry() && response.entry() < CountOf(*flight.request)) {
        RefuseEntry(flight, response.entry(), status);
      } else if (CountOf(*flight.request) == 1) {
        RefuseEntry(flight, 0, status);
      } else {
        // It would say the same of every request.
        Fail(Annotate(status, "the log refuses a whole request"));
      }
      return;
    case absl::StatusCode::kDataLoss:
      // Our own kDataLoss means that the log lied; this one says so itself.
      Fail(absl::FailedPreconditionError(
          absl::StrCat("the log says that it is damaged: ", status.message())));
      return;
    default:
      Fail(Annotate(status, "the log refuses"));
      return;
  }
}

void Submitter::Accept(const Flight& flight,
                       const v1::SubmitResponse& response) {
  absl::StatusOr<Receipt> receipt =
      CheckReceipt(response, *flight.expectation, options_.paths, heads_);
  if (!receipt.ok()) {
    Refute(receipt.status(), response.SerializeAsString());
    return;
  }
  if (options_.chains == nullptr) {
    Finish(flight, *receipt);
    return;
  }
  const absl::Status status = JudgeChains(flight, /*ask=*/false, &*receipt);
  if (status.ok()) {
    Finish(flight, *receipt);
  } else if (absl::IsUnavailable(status)) {
    held_.push_back(
        {flight, *std::move(receipt), response.SerializeAsString()});
  } else {
    Refute(status, response.SerializeAsString());
  }
}

absl::Status Submitter::JudgeChains(const Flight& flight, bool ask,
                                    Receipt* receipt) {
  return options_.chains->Judge(*flight.request, ask, receipt);
}

// What came since may tell what the held ones lack. If nothing is left that
// could, or more are held than can be under way, the log is asked.
void Submitter::JudgeHeld() {
  bool ask = false;
  while (!held_.empty()) {
    bool progress = false;
    for (size_t count = held_.size(); count > 0; --count) {
      Held held = std::move(held_.front());
      held_.pop_front();
      const absl::Status status =
          JudgeChains(held.flight, ask && !progress, &held.receipt);
      if (status.ok()) {
        Finish(held.flight, held.receipt);
        progress = true;
      } else if (absl::IsDataLoss(status)) {
        Refute(status, held.answer);
        return;
      } else if (!MayPass(status)) {
        Fail(Annotate(status, "the chain of an entry cannot be judged"));
        return;
      } else if (ask && !progress) {
        // The log can't be asked now: the answer will be the same later.
        Retry(std::move(held.flight), status);
      } else {
        held_.push_back(std::move(held));
      }
    }
    MutexLock lock(&mu_);
    if (!failure_.ok() || stopping_) return;
    const bool may_ask =
        (flying_.empty() && ready_.empty() && delayed_.empty()) ||
        held_.size() > options_.requests_in_flight_max;
    if (!progress && (ask || !may_ask)) return;
    ask = !progress;
  }
}

void Submitter::Refute(const absl::Status& lie, absl::string_view answer) {
  if (!absl::IsDataLoss(lie)) {
    Fail(lie);
    return;
  }
  const absl::StatusOr<std::string> file = outbox_->KeepEvidence(answer);
  Fail(file.ok() ? absl::DataLossError(
                       absl::StrCat(lie.message(), " (kept as ", *file,
                                    "; the request stays in the outbox)"))
                 : lie);
}

void Submitter::Finish(const Flight& flight, const Receipt& receipt) {
  absl::Status status =
      callback_({*flight.request, &receipt, absl::OkStatus()});
  if (status.ok()) {
    outbox_->SetCheckpoint(heads_->newest());
    std::vector<uint64_t> leaf_indices;
    for (const EntryReceipt& entry : receipt.entries) {
      leaf_indices.push_back(entry.leaf_index);
    }
    status = outbox_->Done(flight.number, *flight.request, leaf_indices);
  }
  if (!status.ok()) {
    Fail(status);
    return;
  }
  MutexLock lock(&mu_);
  counts_.receipts += receipt.entries.size();
  waiting_ -= receipt.entries.size();
  progress_ = Clock::now();
  changed_.SignalAll();
}

void Submitter::RefuseEntry(const Flight& flight, size_t entry,
                            const absl::Status& status) {
  v1::SubmitRequest refused = Envelope(*flight.request);
  CopyEntry(*flight.request, entry, &refused);
  v1::SubmitRequest rest = Envelope(*flight.request);
  for (size_t k = 0; k < CountOf(*flight.request); ++k) {
    if (k != entry) CopyEntry(*flight.request, k, &rest);
  }
  Flight next;
  next.failures = flight.failures;
  next.expectation = std::make_shared<Expectation>(ExpectationOf(rest));
  next.expectation->access_log = options_.access_log;
  if (signer_ != nullptr && rest.entries_size() > 0) {
    SignRequest(*signer_, *next.expectation, &rest);
  }
  absl::Status called = callback_({refused, nullptr, status});
  if (!called.ok()) {
    Fail(called);
    return;
  }
  const absl::StatusOr<uint64_t> number =
      outbox_->Refuse(flight.number, refused, rest);
  if (!number.ok()) {
    Fail(number.status());
    return;
  }
  MutexLock lock(&mu_);
  ++counts_.refused;
  --waiting_;
  progress_ = Clock::now();
  if (*number != 0) {
    next.number = *number;
    rest.set_request_id(*number);
    next.request = std::make_shared<v1::SubmitRequest>(std::move(rest));
    ready_.push_front(std::move(next));
  }
  changed_.SignalAll();
}

void Submitter::Retry(Flight flight, const absl::Status& status) {
  MutexLock lock(&mu_);
  const auto due = Clock::now() + Pause(flight.failures++, status);
  ++counts_.retries;
  delayed_.emplace(due, std::move(flight));
  changed_.SignalAll();
}

}  // namespace vidimus
