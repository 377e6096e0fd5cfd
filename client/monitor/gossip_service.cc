#include "client/monitor/gossip_service.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/gossip_wire.h"
#include "proto/gossip.grpc.pb.h"
#include "proto/grpc_status.h"
#include "proto/grpc_tls.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kMethod[] = "/vidimus.v1.Gossip/Exchange";

// Calls that wait for a thread of ours, and those threads.
constexpr size_t kWaitingCallsMax = 64;
constexpr int kThreads = 2;

// Of one connection. There is no bound on how many there are in this release of
// gRPC; what each may hold is bounded, and all of them together by the quota.
constexpr int kHandshakeMs = 10000;
constexpr int kIdleMs = 5 * 60 * 1000;
constexpr int kAgeMs = 10 * 60 * 1000;
constexpr int kAgeGraceMs = 10 * 1000;
constexpr int kCallsOfConnectionMax = 8;
constexpr size_t kServerBytesMax = 128 << 20;

// What a kept file may have: as many notes as one log may, and some room.
constexpr size_t kKeptBytesMax =
    (kGossipCosignersMax + (kGossipPeersMax + 2) * kGossipPoolNotes) *
    (kGossipNoteBytesMax + 256);

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer ToBuffer(const v1::GossipMessage& message) {
  const grpc::Slice slice(FormatGossip(message));
  return grpc::ByteBuffer(&slice, 1);
}

class ServiceImpl;

// Takes calls off gRPC's threads, which may not wait for a disk.
class Door final
    : public v1::Gossip::WithRawCallbackMethod_Exchange<v1::Gossip::Service> {
 public:
  explicit Door(ServiceImpl* service) : service_(service) {}

  grpc::ServerUnaryReactor* Exchange(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  ServiceImpl* const service_;
};

class ServiceImpl final : public GossipService {
 public:
  explicit ServiceImpl(GossipOptions options)
      : options_(std::move(options)),
        door_(this),
        gossip_(options_.logs, Names(options_.peers)) {
    for (const GossipPeer& peer : options_.peers) {
      peers_.emplace_back();
      peers_.back().name = peer.name;
    }
  }

  ~ServiceImpl() override {
    std::deque<Call> calls;
    {
      MutexLock lock(&mu_);
      stopping_ = true;
      changed_.SignalAll();
      calls.swap(calls_);
      for (const auto& context : contexts_) context->TryCancel();
    }
    for (const Call& call : calls) {
      call.reactor->Finish(
          grpc::Status(grpc::StatusCode::UNAVAILABLE, "shutting down"));
    }
    if (server_ != nullptr) {
      // Calls that threads of ours are at end by themselves.
      server_->Shutdown(std::chrono::system_clock::now() +
                        std::chrono::seconds(1));
    }
    for (std::thread& thread : threads_) thread.join();
    if (server_ != nullptr) server_->Wait();
  }

  absl::Status Start() {
    for (const GossipLog& log : options_.logs) Load(log.key.name);
    {
      MutexLock lock(&mu_);
      gossip_.TakeFound();  // those that we had
      gossip_.TakeNews();
    }
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    for (const GossipPeer& peer : options_.peers) {
      const auto credentials = MakeChannelCredentials(peer.tls);
      if (!credentials.ok()) {
        return Annotate(credentials.status(), "gossip with " + peer.name);
      }
      grpc::ChannelArguments arguments;
      arguments.SetMaxReceiveMessageSize(
          static_cast<int>(kGossipMessageBytesMax));
      // A peer that was gone is found again within a period.
      const int again_ms = static_cast<int>(options_.period.count() / 2);
      arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, again_ms);
      arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, again_ms);
      arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, again_ms);
      arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, again_ms);
      channels.push_back(
          grpc::CreateCustomChannel(peer.address, *credentials, arguments));
    }
    if (!options_.address.empty()) RETURN_IF_ERROR(OpenDoor());
    for (size_t i = 0; i < channels.size(); ++i) {
      threads_.emplace_back(
          [this, i, channel = channels[i]] { CallPeer(i, channel); });
    }
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this] { AnswerCalls(); });
    }
    threads_.emplace_back([this] { CountPeriods(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void SetTree(const std::string& origin, const std::string& note) override {
    {
      MutexLock lock(&mu_);
      gossip_.SetTree(origin, note);
    }
    Digest();
  }

  void AddNote(const std::string& origin, const std::string& note) override {
    {
      MutexLock lock(&mu_);
      gossip_.AddNote(origin, note, options_.now_s());
    }
    Digest();
  }

  void AddConviction(const std::string& origin,
                     const std::string& file) override {
    {
      MutexLock lock(&mu_);
      gossip_.AddConviction(origin, file);
    }
    Digest();
  }

  std::vector<UnsettledNote> Unsettled(
      const std::string& origin) const override {
    MutexLock lock(&mu_);
    return gossip_.Unsettled(origin);
  }

  std::vector<GossipConviction> Convictions(
      const std::string& origin) const override {
    MutexLock lock(&mu_);
    return gossip_.Convictions(origin);
  }

  GossipStatus status() const override {
    MutexLock lock(&mu_);
    GossipStatus status;
    for (const Peer& peer : peers_) status.peers.push_back(peer);
    status.served = served_;
    status.refused = refused_;
    status.disk_error = disk_error_;
    return status;
  }

  // From gRPC's threads: quick.
  void Take(grpc::ServerUnaryReactor* reactor, const grpc::ByteBuffer* request,
            grpc::ByteBuffer* response) {
    {
      MutexLock lock(&mu_);
      if (!stopping_ && calls_.size() < kWaitingCallsMax) {
        calls_.push_back({reactor, request, response});
        changed_.SignalAll();
        return;
      }
      ++refused_;
    }
    reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE,
                                 "too many calls wait; come back later"));
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Call {
    grpc::ServerUnaryReactor* reactor;
    const grpc::ByteBuffer* request;
    grpc::ByteBuffer* response;
  };
  using Peer = GossipPeerStatus;

  static std::vector<std::string> Names(const std::vector<GossipPeer>& peers) {
    std::vector<std::string> names;
    for (const GossipPeer& peer : peers) names.push_back(peer.name);
    return names;
  }

  // --- The folder ---

  std::string Stem(const std::string& origin) const {
    return options_.folder + "/" + HexEncode(Bytes(Sha256(origin)));
  }
  std::string KeptPath(const std::string& origin) const {
    return Stem(origin) + ".gossip";
  }
  std::string ConvictionPath(const std::string& origin,
                             ConvictionKind kind) const {
    return absl::StrCat(Stem(origin), "-", static_cast<int>(kind),
                        ".conviction");
  }

  void Load(const std::string& origin) {
    for (int kind = 0; kind < kConvictionKindCount; ++kind) {
      const auto file =
          ReadFile(ConvictionPath(origin, static_cast<ConvictionKind>(kind)),
                   kGossipConvictionBytesMax);
      MutexLock lock(&mu_);
      if (file.ok()) gossip_.AddConviction(origin, *file);
    }
    const auto kept = ReadFile(KeptPath(origin), kKeptBytesMax);
    if (absl::IsNotFound(kept.status())) return;
    bool restored = false;
    if (kept.ok()) {
      MutexLock lock(&mu_);
      restored = gossip_.Restore(origin, *kept);
    }
    if (!restored) {
      Say(absl::StrCat("gossip about ", origin, ": what was kept in ",
                       KeptPath(origin),
                       " can't be read; peers will tell it again"));
    }
  }

  void Say(const std::string& sentence) {
    if (options_.say != nullptr) options_.say(sentence);
  }

  // Does what the newest words ask for: compares with our trees, makes durable,
  // tells. False if the disk would not take it.
  bool Digest() {
    for (;;) {
      std::vector<GossipQuestion> questions;
      {
        MutexLock lock(&mu_);
        questions = gossip_.Questions();
      }
      if (questions.empty()) break;
      for (const GossipQuestion& question : questions) {
        TreeComparison comparison;
        if (options_.compare != nullptr) {
          comparison = options_.compare(question.origin, question.note);
        }
        MutexLock lock(&mu_);
        gossip_.Answered(question, comparison);
      }
    }
    std::vector<GossipConviction> told;
    const bool kept = Keep(&told);
    for (const GossipConviction& conviction : told) {
      if (options_.convicted != nullptr) options_.convicted(conviction);
    }
    return kept;
  }

  // Makes durable what is not yet; `told` are the convictions among it.
  bool Keep(std::vector<GossipConviction>* told) {
    // One at a time, or an older state could overtake a newer one.
    MutexLock disk(&disk_mu_);
    std::map<std::string, std::string> kept;
    {
      MutexLock lock(&mu_);
      for (GossipConviction& found : gossip_.TakeFound()) {
        found_.push_back(std::move(found));
      }
      for (std::string& origin : gossip_.TakeChanged()) {
        unkept_.insert(std::move(origin));
      }
      for (const std::string& origin : unkept_) {
        kept.emplace(origin, gossip_.Kept(origin));
      }
      if (gossip_.TakeNews()) {
        ++news_;
        changed_.SignalAll();
      }
    }
    absl::Status status;
    while (status.ok() && !found_.empty()) {
      const GossipConviction& found = found_.front();
      status = WriteFile(ConvictionPath(found.origin, found.report.kind),
                         found.file, 0644, /*sync=*/true);
      if (!status.ok()) break;
      told->push_back(std::move(found_.front()));
      found_.pop_front();
    }
    for (const auto& [origin, bytes] : kept) {
      if (!status.ok()) break;
      status = WriteFile(KeptPath(origin), bytes, 0600, /*sync=*/true);
      if (status.ok()) unkept_.erase(origin);
    }
    const std::string error(status.message());
    bool is_new;
    {
      MutexLock lock(&mu_);
      is_new = error != disk_error_;
      disk_error_ = error;
    }
    if (is_new) {
      Say(status.ok() ? "gossip: what is heard can be kept again"
                      : "gossip: what is heard can't be kept: " + error);
    }
    return status.ok();
  }

  // --- Being called ---

  absl::Status OpenDoor() {
    ASSIGN_OR_RETURN(const auto credentials,
                     MakeServerCredentials(options_.tls,
                                           options_.tls.ca_pem.empty()
                                               ? ClientCertificate::kNotAsked
                                               : ClientCertificate::kRequired));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options_.address, credentials, &port_);
    builder.RegisterService(&door_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(kGossipMessageBytesMax));
    builder.SetResourceQuota(
        grpc::ResourceQuota("gossip").Resize(kServerBytesMax));
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                               kHandshakeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kAgeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               kAgeGraceMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               kCallsOfConnectionMax);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(
          absl::StrCat("listening for gossip on ", options_.address,
                       ": the address can't be bound; is it in use?"));
    }
    return absl::OkStatus();
  }

  void AnswerCalls() {
    for (;;) {
      Call call;
      {
        MutexLock lock(&mu_);
        while (!stopping_ && calls_.empty()) changed_.Wait(&mu_);
        if (calls_.empty()) return;
        call = calls_.front();
        calls_.pop_front();
      }
      const absl::Status status = AnswerCall(*call.request, call.response);
      {
        MutexLock lock(&mu_);
        ++(status.ok() ? served_ : refused_);
      }
      call.reactor->Finish(ToGrpcStatus(status, nullptr));
    }
  }

  absl::Status AnswerCall(const grpc::ByteBuffer& bytes,
                          grpc::ByteBuffer* response) {
    ASSIGN_OR_RETURN(const v1::GossipMessage request,
                     ParseGossip(ToString(bytes)));
    {
      MutexLock lock(&mu_);
      gossip_.Hear(GossipSource::Stranger(), request, options_.now_s());
    }
    // What we heard is durable before the caller may rely on us.
    if (!Digest()) {
      return absl::UnavailableError("nothing can be kept here now");
    }
    MutexLock lock(&mu_);
    *response = ToBuffer(gossip_.Answer(request));
    return absl::OkStatus();
  }

  // --- Calling ---

  void CallPeer(size_t peer, const std::shared_ptr<grpc::Channel>& channel) {
    grpc::GenericStub stub(channel);
    auto next = Clock::now();
    auto called = next - options_.period;
    uint64_t news = 0;
    for (;;) {
      {
        MutexLock lock(&mu_);
        for (;;) {
          if (stopping_) return;
          const auto at = news_ == news
                              ? next
                              : std::min(next, called + options_.period / 4);
          if (Clock::now() >= at) break;
          changed_.WaitUntil(&mu_, at);
        }
        news = news_;
      }
      called = Clock::now();
      if (called >= next) next = called + options_.period;
      absl::Status status = CallOnce(peer, &stub);
      bool owes;
      {
        MutexLock lock(&mu_);
        owes = gossip_.Owes(peer);
      }
      // It may have told us only now what it lacks.
      if (status.ok() && owes) status = CallOnce(peer, &stub);
      MutexLock lock(&mu_);
      Peer* const state = &peers_[peer];
      state->error = std::string(status.message());
      if (!status.ok() && state->error.empty()) {
        state->error = absl::StatusCodeToString(status.code());
      }
      if (status.ok()) state->answered_s = options_.now_s();
    }
  }

  // Says all that we have and hears the answer.
  absl::Status CallOnce(size_t peer, grpc::GenericStub* stub) {
    std::vector<v1::GossipMessage> requests;
    {
      MutexLock lock(&mu_);
      requests = gossip_.Requests(peer);
    }
    for (const v1::GossipMessage& request : requests) {
      {
        MutexLock lock(&mu_);
        ++peers_[peer].calls;
      }
      const absl::Status status = Exchange(peer, stub, request);
      if (status.ok()) continue;
      MutexLock lock(&mu_);
      ++peers_[peer].failures;
      return status;
    }
    return absl::OkStatus();
  }

  absl::Status Exchange(size_t peer, grpc::GenericStub* stub,
                        const v1::GossipMessage& request) {
    const grpc::ByteBuffer asked = ToBuffer(request);
    grpc::ByteBuffer answered;
    const auto context = std::make_shared<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + options_.timeout);
    context->set_wait_for_ready(true);
    {
      MutexLock lock(&mu_);
      if (stopping_) return absl::CancelledError("shutting down");
      contexts_.insert(context);
    }
    Mutex mu;
    CondVar finished;
    std::optional<grpc::Status> status;
    stub->UnaryCall(context.get(), kMethod, grpc::StubOptions(), &asked,
                    &answered, [&](grpc::Status result) {
                      MutexLock lock(&mu);
                      status = std::move(result);
                      finished.Signal();
                    });
    {
      MutexLock lock(&mu);
      while (!status) finished.Wait(&mu);
    }
    {
      MutexLock lock(&mu_);
      contexts_.erase(context);
    }
    if (!status->ok()) return FromGrpcStatus(*status, context.get());
    ASSIGN_OR_RETURN(const v1::GossipMessage answer,
                     ParseGossip(ToString(answered)));
    {
      MutexLock lock(&mu_);
      gossip_.Hear(GossipSource::Peer(peer), answer, options_.now_s());
    }
    Digest();
    return absl::OkStatus();
  }

  void CountPeriods() {
    for (;;) {
      {
        MutexLock lock(&mu_);
        const auto end = Clock::now() + options_.period;
        while (!stopping_ && Clock::now() < end) changed_.WaitUntil(&mu_, end);
        if (stopping_) return;
        gossip_.NextPeriod();
      }
      Digest();
    }
  }

  const GossipOptions options_;
  Door door_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::vector<std::thread> threads_;

  // Before mu_.
  Mutex disk_mu_;
  // Not durable yet.
  std::deque<GossipConviction> found_ ABSL_GUARDED_BY(disk_mu_);
  std::set<std::string> unkept_ ABSL_GUARDED_BY(disk_mu_);

  mutable Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  Gossip gossip_ ABSL_GUARDED_BY(mu_);
  uint64_t news_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Call> calls_ ABSL_GUARDED_BY(mu_);
  std::set<std::shared_ptr<grpc::ClientContext>> contexts_ ABSL_GUARDED_BY(mu_);
  std::vector<Peer> peers_ ABSL_GUARDED_BY(mu_);
  uint64_t served_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t refused_ ABSL_GUARDED_BY(mu_) = 0;
  std::string disk_error_ ABSL_GUARDED_BY(mu_);
};

grpc::ServerUnaryReactor* Door::Exchange(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  service_->Take(reactor, request, response);
  return reactor;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GossipService>> GossipService::Open(
    GossipOptions options) {
  std::set<std::string> names, origins;
  for (const GossipPeer& peer : options.peers) {
    if (peer.name.empty() || peer.name == "*" ||
        !names.insert(peer.name).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "gossip: a peer's name is empty, *, or another's: ", peer.name));
    }
  }
  if (names.size() > kGossipPeersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("gossip: more than ", kGossipPeersMax, " peers"));
  }
  for (const GossipLog& log : options.logs) {
    if (!origins.insert(log.key.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("gossip: two logs called ", log.key.name));
    }
    if (log.cosigners.size() > kGossipCosignersMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("gossip about ", log.key.name, ": more than ",
                       kGossipCosignersMax, " cosigners"));
    }
  }
  auto service = std::make_unique<ServiceImpl>(std::move(options));
  RETURN_IF_ERROR(service->Start());
  return std::unique_ptr<GossipService>(std::move(service));
}

}  // namespace vidimus
