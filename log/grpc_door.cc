#include "log/grpc_door.h"

#include <grpcpp/support/byte_buffer.h>

#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/proofs.h"
#include "log/receipt.h"
#include "proto/grpc_status.h"
#include "proto/grpc_tls.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/vidimus.grpc.pb.h"
#include "verifier/check.h"

namespace vidimus {
namespace {

// Of one connection.
constexpr int kIdleMsMax = 5 * 60 * 1000;
constexpr int kCallsMax = 1024;

// The refusal of one request of a stream, as a message.
v1::SubmitResponse Refusal(const absl::Status& status, uint64_t request_id) {
  v1::SubmitResponse response;
  response.set_request_id(request_id);
  response.set_code(static_cast<int32_t>(status.code()));
  response.set_message(std::string(status.message()));
  if (const auto delay = RetryAfterOf(status)) {
    response.set_retry_after_ms(static_cast<uint32_t>(delay->count()));
  }
  return response;
}

// A request as it came. gRPC itself would answer one that can't be parsed with
// UNIMPLEMENTED and no words, and take it for the end of a stream.
template <typename Message>
absl::Status Parse(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::ByteBuffer consumed = bytes;  // shares the bytes
  if (grpc::SerializationTraits<Message>::Deserialize(&consumed, message)
          .ok()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the request is no ", Message::descriptor()->name(),
      " in protobuf, or it was cut short; nothing of it was recorded"));
}

template <typename Message>
grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own;
  const grpc::Status status =
      grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  CHECK(status.ok());
  return bytes;
}

using RawService = v1::Log::WithRawCallbackMethod_Submit<
    v1::Log::WithRawCallbackMethod_SubmitStream<
        v1::Log::WithRawCallbackMethod_GetProof<
            v1::Log::WithRawCallbackMethod_GetCheckpoint<
                v1::Log::WithRawCallbackMethod_GetChain<
                    v1::Log::WithRawCallbackMethod_ProveKeys<
                        v1::Log::WithRawCallbackMethod_ProveLeaves<
                            v1::Log::WithRawCallbackMethod_Check<
                                v1::Log::WithRawCallbackMethod_FileStatements<
                                    v1::Log::Service>>>>>>>>>;

class Service : public RawService {
 public:
  Service(const GrpcDoorOptions& options, std::vector<HostedLog*> logs)
      : options_(options), logs_(std::move(logs)) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    v1::SubmitRequest submit;
    const absl::Status parsed = Parse(*request, &submit);
    if (!parsed.ok()) {
      reactor->Finish(ToGrpcStatus(parsed, context));
      return reactor;
    }
    SubmitOne(*context, submit,
              [context, reactor,
               response](absl::StatusOr<v1::SubmitResponse> receipt) {
                if (receipt.ok()) *response = Serialize(*receipt);
                reactor->Finish(ToGrpcStatus(receipt.status(), context));
              });
    return reactor;
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* SubmitStream(
      grpc::CallbackServerContext* context) override {
    return new Stream(this, context);
  }

  grpc::ServerUnaryReactor* GetProof(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    const absl::Status status = [&]() -> absl::Status {
      v1::GetProofRequest proof;
      RETURN_IF_ERROR(Parse(*request, &proof));
      ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, proof.origin()));
      ASSIGN_OR_RETURN(
          const v1::GetProofResponse made,
          MakeProof(hosted->log, proof.leaf_index(), proof.size()));
      *response = Serialize(made);
      return absl::OkStatus();
    }();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    const absl::Status status = [&]() -> absl::Status {
      v1::GetCheckpointRequest checkpoint;
      RETURN_IF_ERROR(Parse(*request, &checkpoint));
      ASSIGN_OR_RETURN(HostedLog* const hosted,
                       FindLog(logs_, checkpoint.origin()));
      v1::GetCheckpointResponse made;
      made.set_checkpoint(hosted->log->Latest()->checkpoint);
      *response = Serialize(made);
      return absl::OkStatus();
    }();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

  grpc::ServerUnaryReactor* GetChain(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status status = [&]() -> absl::Status {
      v1::GetChainRequest chain;
      RETURN_IF_ERROR(Parse(*request, &chain));
      ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, chain.origin()));
      ASSIGN_OR_RETURN(ChainCaller caller, ChainCallerOf(*context));
      hosted->chains.Get(
          chain, std::move(caller),
          [context, reactor,
           response](absl::StatusOr<v1::GetChainResponse> answer) {
            if (answer.ok()) *response = Serialize(*answer);
            reactor->Finish(ToGrpcStatus(answer.status(), context));
          });
      return absl::OkStatus();
    }();
    if (!status.ok()) reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

  grpc::ServerUnaryReactor* ProveKeys(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override {
    return Prove<v1::ProveKeysRequest>(context, *request, response,
                                       vidimus::ProveKeys);
  }

  grpc::ServerUnaryReactor* ProveLeaves(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return Prove<v1::ProveLeavesRequest>(context, *request, response,
                                         vidimus::ProveLeaves);
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status status = [&]() -> absl::Status {
      v1::CheckRequest check;
      RETURN_IF_ERROR(Parse(*request, &check));
      ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, check.origin()));
      std::optional<uint32_t> administration;
      if (options_.identities && context->auth_context() != nullptr &&
          context->auth_context()->IsPeerAuthenticated()) {
        ASSIGN_OR_RETURN(administration,
                         AdministrationOf(context->auth_context().get()));
      }
      hosted->checks.Check(
          std::move(check), administration,
          [context, reactor,
           response](absl::StatusOr<v1::CheckResponse> answer) {
            if (answer.ok()) *response = Serialize(*answer);
            reactor->Finish(ToGrpcStatus(answer.status(), context));
          });
      return absl::OkStatus();
    }();
    if (!status.ok()) reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

  grpc::ServerUnaryReactor* FileStatements(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
      grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status status = [&]() -> absl::Status {
      v1::FileStatementsRequest filed;
      RETURN_IF_ERROR(Parse(*request, &filed));
      ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, filed.origin()));
      if (!options_.identities) {
        return absl::UnauthenticatedError(
            "statements are taken over TLS only: they name a person");
      }
      hosted->statements.File(
          std::move(filed),
          [context, reactor,
           response](absl::StatusOr<v1::FileStatementsResponse> answer) {
            if (answer.ok()) *response = Serialize(*answer);
            reactor->Finish(ToGrpcStatus(answer.status(), context));
          });
      return absl::OkStatus();
    }();
    if (!status.ok()) reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

 private:
  // A stream of requests: reads while fewer than the window wait, writes
  // answers one at a time, ends when the client has and all are answered. What
  // is no request ends it too, with that status.
  class Stream
      : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
   public:
    Stream(Service* service, grpc::CallbackServerContext* context)
        : service_(service), context_(context) {
      StartRead(&read_);
    }

    void OnReadDone(bool ok) override {
      if (!ok) {
        Update([this] {
          mu_.AssertHeld();
          reading_ = false;
          read_all_ = true;
        });
        return;
      }
      const absl::Status parsed = Parse(read_, &request_);
      if (!parsed.ok()) {
        Update([this, &parsed] {
          mu_.AssertHeld();
          reading_ = false;
          read_all_ = true;
          ended_ = parsed;
        });
        return;
      }
      {
        MutexLock lock(&mu_);
        reading_ = false;
        ++waiting_;
      }
      const uint64_t request_id = request_.request_id();
      service_->SubmitOne(
          *context_, request_,
          [this, request_id](absl::StatusOr<v1::SubmitResponse> receipt) {
            Answer(receipt.ok() ? *std::move(receipt)
                                : Refusal(receipt.status(), request_id));
          });
      // Only now may the request's memory be read into again.
      Update([this] {
        mu_.AssertHeld();
        submitted_ = true;
      });
    }

    void OnWriteDone(bool ok) override {
      Update([this, ok] {
        mu_.AssertHeld();
        writing_ = false;
        if (!ok) GiveUp();
      });
    }

    void OnCancel() override {
      Update([this] {
        mu_.AssertHeld();
        GiveUp();
      });
    }

    void OnDone() override { delete this; }

   private:
    void Answer(v1::SubmitResponse response) {
      Update([this, &response] {
        mu_.AssertHeld();
        --waiting_;
        if (!gone_) answers_.push_back(std::move(response));
      });
    }

    // The client is gone; what is under way is sequenced all the same.
    void GiveUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      gone_ = true;
      read_all_ = true;
      answers_.clear();
    }

    // Makes `change` and starts whatever may be started after it.
    template <typename Change>
    void Update(Change change) ABSL_LOCKS_EXCLUDED(mu_) {
      bool finish = false;
      absl::Status ended;
      {
        MutexLock lock(&mu_);
        change();
        if (!reading_ && !read_all_ && submitted_ &&
            waiting_ < service_->options_.stream_window) {
          reading_ = true;
          submitted_ = false;
          StartRead(&read_);
        }
        if (!writing_ && !answers_.empty()) {
          writing_ = true;
          written_ = Serialize(answers_.front());
          answers_.pop_front();
          StartWrite(&written_);
        }
        finish = !finished_ && read_all_ && !reading_ && !writing_ &&
                 waiting_ == 0 && answers_.empty();
        finished_ = finished_ || finish;
        ended = ended_;
      }
      // Outside of the lock: this may be gone as soon as it is called.
      if (finish) Finish(ToGrpcStatus(ended, context_));
    }

    Service* const service_;
    grpc::CallbackServerContext* const context_;
    grpc::ByteBuffer read_;      // between StartRead and OnReadDone
    v1::SubmitRequest request_;  // between OnReadDone and the end of SubmitOne
    grpc::ByteBuffer written_;   // between StartWrite and OnWriteDone

    Mutex mu_;
    std::deque<v1::SubmitResponse> answers_ ABSL_GUARDED_BY(mu_);
    absl::Status ended_ ABSL_GUARDED_BY(mu_);
    int waiting_ ABSL_GUARDED_BY(mu_) = 0;
    bool reading_ ABSL_GUARDED_BY(mu_) = true;
    bool submitted_ ABSL_GUARDED_BY(mu_) = false;
    bool read_all_ ABSL_GUARDED_BY(mu_) = false;
    bool writing_ ABSL_GUARDED_BY(mu_) = false;
    bool gone_ ABSL_GUARDED_BY(mu_) = false;
    bool finished_ ABSL_GUARDED_BY(mu_) = false;
  };

  // Answers a request with what `prove` makes of it, on another thread.
  template <typename Request, typename Maker>
  grpc::ServerUnaryReactor* Prove(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer& request,
                                  grpc::ByteBuffer* response, Maker prove) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status status = [&]() -> absl::Status {
      auto parsed = std::make_shared<Request>();
      RETURN_IF_ERROR(Parse(request, parsed.get()));
      ASSIGN_OR_RETURN(HostedLog* const hosted,
                       FindLog(logs_, parsed->origin()));
      return hosted->proof_work->Run(
          [context, reactor, response, prove, hosted, parsed] {
            const auto made = prove(hosted->log, *parsed);
            if (made.ok()) *response = Serialize(*made);
            reactor->Finish(ToGrpcStatus(made.status(), context));
          });
    }();
    if (!status.ok()) reactor->Finish(ToGrpcStatus(status, context));
    return reactor;
  }

  absl::StatusOr<ChainCaller> ChainCallerOf(
      const grpc::CallbackServerContext& context) const {
    ChainCaller caller;
    if (!options_.identities) {
      return absl::UnauthenticatedError(
          "chains are shown over TLS only: nobody is known on this door");
    }
    if (context.auth_context() != nullptr &&
        context.auth_context()->IsPeerAuthenticated()) {
      ASSIGN_OR_RETURN(caller.administration,
                       AdministrationOf(context.auth_context().get()));
    }
    const auto [begin, end] =
        context.client_metadata().equal_range("authorization");
    for (auto value = begin; value != end; ++value) {
      caller.authorizations.emplace_back(value->second.data(),
                                         value->second.size());
    }
    return caller;
  }

  void SubmitOne(const grpc::CallbackServerContext& context,
                 const v1::SubmitRequest& request, SubmitService::Done done) {
    const absl::StatusOr<HostedLog*> hosted = FindLog(logs_, request.origin());
    if (!hosted.ok()) return done(hosted.status());
    std::optional<uint32_t> administration;
    if (options_.identities && !(*hosted)->log->opaque()) {
      const absl::StatusOr<uint32_t> number =
          AdministrationOf(context.auth_context().get());
      if (!number.ok()) return done(number.status());
      administration = *number;
    }
    (*hosted)->submit.Submit(request, administration, std::move(done));
  }

  const GrpcDoorOptions options_;
  const std::vector<HostedLog*> logs_;
};

class Door : public GrpcDoor {
 public:
  Door(const GrpcDoorOptions& options, std::vector<HostedLog*> logs)
      : service_(options, std::move(logs)) {}

  absl::Status Start(const GrpcDoorOptions& options) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.address, options.credentials, &port_);
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(options.request_bytes_max);
    // This release of gRPC can't bound how many connections there are: what
    // each of them may hold is bounded instead.
    builder.AddChannelArgument(
        GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
        static_cast<int>(options.handshake_timeout.count()));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMsMax);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsMax);
    // Another process must not be able to share the port unnoticed.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(
          absl::StrCat("listening for gRPC on ", options.address,
                       ": the address can't be bound; is it in use?"));
    }
    return absl::OkStatus();
  }

  ~Door() override { Shutdown(std::chrono::milliseconds(0)); }

  int port() const override { return port_; }

  void Shutdown(std::chrono::milliseconds timeout) override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + timeout);
    server_->Wait();
    server_.reset();
  }

 private:
  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcDoor>> GrpcDoor::Open(
    const GrpcDoorOptions& options, const std::vector<HostedLog*>& logs) {
  auto door = std::make_unique<Door>(options, logs);
  RETURN_IF_ERROR(door->Start(options));
  return std::unique_ptr<GrpcDoor>(std::move(door));
}

}  // namespace vidimus
