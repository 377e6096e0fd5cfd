// Monitors that gossip over real connections with TLS, and peers with bad
// manners among them.
#include "client/monitor/gossip_service.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <stdlib.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/branching_log.h"
#include "client/monitor/gossip_wire.h"
#include "gtest/gtest.h"
#include "proto/certificates.h"
#include "proto/gossip.grpc.pb.h"
#include "proto/grpc_tls.h"
#include "proto/mutex.h"
#include "proto/raw_socket.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr char kOrigin[] = "log.example/gossip/2026h1";
constexpr int64_t kLongAgo = 1577836800;   // 2020-01-01
constexpr int64_t kFarAhead = 4102444800;  // 2100-01-01

// Waits up to 20 seconds for something to become true.
bool Becomes(const std::function<bool()>& condition) {
  const auto end = Clock::now() + seconds(20);
  while (Clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return condition();
}

class GossipServiceTest : public ::testing::Test {
 protected:
  GossipServiceTest()
      : authority_(*MakeAuthority("Test CA", kLongAgo, kFarAhead)),
        log_(kOrigin) {
    CertificateOptions options;
    options.common_name = "monitor";
    options.not_before_s = kLongAgo;
    options.not_after_s = kFarAhead;
    options.is_server = true;
    options.ip_addresses = {"127.0.0.1"};
    const Certificate certificate = *MakeCertificate(authority_, options);
    server_tls_.certificate_chain_pem = certificate.certificate_pem;
    server_tls_.private_key_pem = certificate.private_key_pem;
    client_tls_.ca_pem = authority_.certificate_pem;
    log_.Grow(0, 30);
    branch_ = log_.Fork(0, 11);
    log_.Grow(branch_, 20);
    folder_ = ::testing::TempDir() + "/gossip.XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }

  GossipPeer PeerAt(const std::string& name, int port) {
    return {name, absl::StrCat("127.0.0.1:", port), client_tls_};
  }

  // The options of a monitor whose tree is the first `size` leaves of a
  // branch; 0: it holds none.
  GossipOptions Options(const std::string& name, std::vector<GossipPeer> peers,
                        size_t branch, uint64_t size) {
    GossipOptions options;
    GossipLog log;
    log.key = log_.key();
    for (const char* cosigner : {"a", "b", "c"}) {
      log.cosigners.push_back(
          TestSigner(cosigner, kKeyTypeCosignatureEd25519).key());
    }
    options.logs = {log};
    options.peers = std::move(peers);
    options.folder = folder_ + "/" + name;
    EXPECT_TRUE(MakeFolder(options.folder).ok());
    options.address = "127.0.0.1:0";
    options.tls = server_tls_;
    options.period = milliseconds(200);
    options.timeout = milliseconds(1000);
    options.now_s = [] { return uint64_t{1800000000}; };
    options.compare = [this, branch, size](const std::string&,
                                           const std::string& note) {
      MutexLock lock(&mu_);
      return size == 0 ? TreeComparison() : log_.Compare(branch, size, note);
    };
    return options;
  }

  std::unique_ptr<GossipService> Open(GossipOptions options) {
    auto service = GossipService::Open(std::move(options));
    EXPECT_TRUE(service.ok()) << service.status();
    return *std::move(service);
  }

  std::string Note(const std::string& name, size_t branch, uint64_t size) {
    MutexLock lock(&mu_);
    return Cosigned(log_.Note(branch, size),
                    TestSigner(name, kKeyTypeCosignatureEd25519), 1800000000);
  }

  static bool Convicted(const GossipService& service) {
    return !service.Convictions(kOrigin).empty();
  }

  // A channel of somebody who has read the specification.
  std::shared_ptr<grpc::Channel> Channel(int port) {
    return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                               *MakeChannelCredentials(client_tls_));
  }

  // Sends bytes as a request; the answer's bytes, or the error.
  static grpc::Status Send(const std::shared_ptr<grpc::Channel>& channel,
                           const std::string& bytes, std::string* answer) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(5));
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    Mutex mu;
    CondVar finished;
    bool done = false;
    grpc::Status status;
    stub.UnaryCall(&context, "/vidimus.v1.Gossip/Exchange", {}, &request,
                   &response, [&](grpc::Status result) {
                     MutexLock lock(&mu);
                     status = std::move(result);
                     done = true;
                     finished.Signal();
                   });
    MutexLock lock(&mu);
    while (!done) finished.Wait(&mu);
    std::vector<grpc::Slice> slices;
    answer->clear();
    if (status.ok() && response.Dump(&slices).ok()) {
      for (const grpc::Slice& part : slices) {
        answer->append(reinterpret_cast<const char*>(part.begin()),
                       part.size());
      }
    }
    return status;
  }

  Certificate authority_;
  TlsOptions server_tls_;
  TlsOptions client_tls_;
  std::string folder_;
  size_t branch_ = 0;
  Mutex mu_;
  BranchingLog log_;
};

TEST_F(GossipServiceTest, TwoHistoriesComeOutOverAThird) {
  std::atomic<int> told{0};
  GossipOptions a_options = Options("a", {}, 0, 20);
  a_options.convicted = [&](const GossipConviction& conviction) {
    ConvictionReport report;
    EXPECT_EQ(JudgeConviction(conviction.file, log_.key(), &report),
              Finding::kOk);
    ++told;
  };
  auto a = Open(a_options);
  auto b = Open(Options("b", {PeerAt("a", a->port())}, 0, 0));
  auto c = Open(Options("c", {PeerAt("b", b->port())}, branch_, 15));
  a->SetTree(kOrigin, Note("a", 0, 20));
  EXPECT_TRUE(Becomes([&] { return b->Unsettled(kOrigin).size() == 1; }));
  EXPECT_FALSE(Convicted(*a));
  c->SetTree(kOrigin, Note("c", branch_, 15));
  EXPECT_TRUE(
      Becomes([&] { return Convicted(*a) && Convicted(*b) && Convicted(*c); }));
  EXPECT_EQ(told, 1);
  EXPECT_GT(b->status().peers[0].calls, 0u);
  EXPECT_EQ(b->status().peers[0].answered_s, 1800000000u);
  EXPECT_GT(a->status().served, 0u);
  // It is on the disk, and there after a start.
  const GossipOptions again = Options("b", {}, 0, 0);
  b.reset();
  b = Open(again);
  EXPECT_TRUE(Convicted(*b));
}

TEST_F(GossipServiceTest, WhatIsHeardSurvivesARestart) {
  auto b = Open(Options("b", {}, 0, 0));
  auto c = Open(Options("c", {PeerAt("b", b->port())}, branch_, 15));
  c->SetTree(kOrigin, Note("c", branch_, 15));
  ASSERT_TRUE(Becomes([&] { return !b->Unsettled(kOrigin).empty(); }));
  c.reset();
  b.reset();
  auto a = Open(Options("a", {}, 0, 20));
  a->SetTree(kOrigin, Note("a", 0, 20));
  b = Open(Options("b", {PeerAt("a", a->port())}, 0, 0));
  EXPECT_EQ(b->Unsettled(kOrigin).size(), 1u);
  EXPECT_TRUE(Becomes([&] { return Convicted(*a) && Convicted(*b); }));
}

TEST_F(GossipServiceTest, AFolderThatIsDamagedIsSaidAndDoesNotStopIt) {
  auto b = Open(Options("b", {}, 0, 0));
  b->AddNote(kOrigin, Note("c", branch_, 15));
  EXPECT_EQ(b->Unsettled(kOrigin).size(), 1u);
  b.reset();
  const std::string stem =
      folder_ + "/b/" + HexEncode(Bytes(Sha256(std::string_view(kOrigin))));
  ASSERT_TRUE(WriteFile(stem + ".gossip", "\xff\xff", 0600, false).ok());
  ASSERT_TRUE(WriteFile(stem + "-0.conviction", "guilty", 0600, false).ok());
  std::string said;
  GossipOptions options = Options("b", {}, 0, 0);
  options.say = [&](const std::string& sentence) { said += sentence; };
  b = Open(options);
  EXPECT_NE(said.find("can't be read"), std::string::npos) << said;
  EXPECT_FALSE(Convicted(*b));
  EXPECT_TRUE(b->Unsettled(kOrigin).empty());
}

TEST_F(GossipServiceTest, APeerWithoutACertificateThatWeBelieveIsNotHeard) {
  auto a = Open(Options("a", {}, 0, 20));
  a->SetTree(kOrigin, Note("a", 0, 20));
  GossipPeer peer = PeerAt("a", a->port());
  peer.tls.ca_pem =
      MakeAuthority("Another CA", kLongAgo, kFarAhead)->certificate_pem;
  auto b = Open(Options("b", {peer}, 0, 0));
  EXPECT_TRUE(Becomes([&] { return b->status().peers[0].failures > 0; }));
  EXPECT_FALSE(b->status().peers[0].error.empty());
  EXPECT_TRUE(b->Unsettled(kOrigin).empty());
}

TEST_F(GossipServiceTest, ADoorWithACaWantsCertificates) {
  GossipOptions options = Options("a", {}, 0, 20);
  options.tls.ca_pem = authority_.certificate_pem;
  auto a = Open(options);
  std::string answer;
  EXPECT_FALSE(Send(Channel(a->port()), "", &answer).ok());
  EXPECT_EQ(a->status().served, 0u);
}

TEST_F(GossipServiceTest, RefusesConfigurationsBeyondItsLimits) {
  const auto code = [&](const std::function<void(GossipOptions*)>& change) {
    GossipOptions options = Options("a", {}, 0, 0);
    change(&options);
    return GossipService::Open(options).status().code();
  };
  const auto bad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code([&](GossipOptions* o) {
              o->peers = {PeerAt("x", 1), PeerAt("x", 2)};
            }),
            bad);
  EXPECT_EQ(code([&](GossipOptions* o) { o->peers = {PeerAt("*", 1)}; }), bad);
  EXPECT_EQ(code([&](GossipOptions* o) { o->peers = {PeerAt("", 1)}; }), bad);
  EXPECT_EQ(code([&](GossipOptions* o) {
              for (size_t i = 0; i <= kGossipPeersMax; ++i) {
                o->peers.push_back(PeerAt(absl::StrCat(i), 1));
              }
            }),
            bad);
  EXPECT_EQ(code([&](GossipOptions* o) { o->logs.push_back(o->logs[0]); }),
            bad);
  EXPECT_EQ(code([&](GossipOptions* o) {
              o->logs[0].cosigners.resize(kGossipCosignersMax + 1);
            }),
            bad);
  EXPECT_EQ(code([&](GossipOptions* o) { o->tls.private_key_pem = "no key"; }),
            bad);
}

// A server that answers each call in one wrong way.
class RudeService : public grpc::CallbackGenericService {
 public:
  enum class Manner { kGarbage, kHuge, kEndless, kSilent, kManyEmptyLogs };
  explicit RudeService(Manner manner) : manner_(manner) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext*) override {
    return new Reactor(manner_);
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(Manner manner) : manner_(manner) {
      MutexLock lock(&mu_);
      std::string bytes;
      switch (manner) {
        case Manner::kSilent:
          return;
        case Manner::kHuge:
          bytes.assign(kGossipMessageBytesMax + 1, 'x');
          break;
        case Manner::kManyEmptyLogs:
          for (int i = 0; i < 1000000; ++i) bytes.append("\x0a\x00", 2);
          break;
        case Manner::kGarbage:
        case Manner::kEndless:
          bytes = "this is no message";
      }
      const grpc::Slice slice(bytes);
      buffer_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&buffer_);
    }
    void OnWriteDone(bool ok) override {
      if (ok && Is(Manner::kEndless)) {
        StartWrite(&buffer_);
      } else {
        Finish(grpc::Status::OK);
      }
    }
    void OnCancel() override {
      if (Is(Manner::kSilent)) Finish(grpc::Status::OK);
    }
    void OnDone() override {
      Is(Manner::kSilent);
      delete this;
    }

   private:
    // ThreadSanitizer does not see how gRPC hands this from thread to thread.
    bool Is(Manner manner) {
      MutexLock lock(&mu_);
      return manner_ == manner;
    }

    Mutex mu_;
    const Manner manner_;
    grpc::ByteBuffer buffer_;
  };

  const Manner manner_;
};

TEST_F(GossipServiceTest, PeersThatAnswerWronglyHoldUpNobodyElse) {
  using Manner = RudeService::Manner;
  std::vector<std::unique_ptr<RudeService>> services;
  std::vector<std::unique_ptr<grpc::Server>> servers;
  std::vector<GossipPeer> peers;
  for (const Manner manner : {Manner::kGarbage, Manner::kHuge, Manner::kEndless,
                              Manner::kSilent, Manner::kManyEmptyLogs}) {
    services.push_back(std::make_unique<RudeService>(manner));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(
        "127.0.0.1:0",
        *MakeServerCredentials(server_tls_, ClientCertificate::kNotAsked),
        &port);
    builder.RegisterCallbackGenericService(services.back().get());
    servers.push_back(builder.BuildAndStart());
    ASSERT_NE(servers.back(), nullptr);
    peers.push_back(PeerAt(absl::StrCat("rude", peers.size()), port));
  }
  // One that speaks no TLS and never ends, and one that nobody is behind.
  RawListener listener;
  std::atomic<bool> stop{false};
  std::thread endless([&] {
    while (!stop) {
      RawSocket socket = listener.Accept();
      while (!stop && socket.ok() && socket.Send(std::string(65536, 'x'))) {
      }
    }
  });
  peers.push_back(PeerAt("raw", listener.port()));
  peers.push_back(PeerAt("nobody", 1));
  auto a = Open(Options("a", {}, 0, 20));
  peers.push_back(PeerAt("a", a->port()));
  auto b = Open(Options("b", peers, branch_, 15));
  a->SetTree(kOrigin, Note("a", 0, 20));
  b->SetTree(kOrigin, Note("b", branch_, 15));
  EXPECT_TRUE(Becomes([&] { return Convicted(*a) && Convicted(*b); }));
  // What became of a call is known a little later than what was said in it.
  EXPECT_TRUE(Becomes([&] {
    for (const GossipPeerStatus& peer : b->status().peers) {
      const bool answers = peer.answered_s != 0 && peer.error.empty();
      if (peer.name == "a" ? !answers : peer.failures == 0) return false;
    }
    return true;
  }));
  for (const GossipPeerStatus& peer : b->status().peers) {
    if (peer.name == "a") continue;
    EXPECT_EQ(peer.answered_s, 0u) << peer.name;
    EXPECT_FALSE(peer.error.empty()) << peer.name;
  }
  b.reset();
  stop = true;
  RawSocket::Connect(listener.port());
  endless.join();
  for (const auto& server : servers) {
    server->Shutdown(std::chrono::system_clock::now());
  }
}

// A caller that never stops talking.
class EndlessCaller
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  EndlessCaller(const std::shared_ptr<grpc::Channel>& channel,
                const std::string& bytes)
      : stub_(channel), slice_(bytes), request_(&slice_, 1) {
    context_.set_deadline(std::chrono::system_clock::now() + seconds(3));
    stub_.PrepareBidiStreamingCall(&context_, "/vidimus.v1.Gossip/Exchange", {},
                                   this);
    StartWrite(&request_);
    {
      MutexLock lock(&mu_);  // as above
    }
    StartCall();
  }
  void OnWriteDone(bool ok) override {
    { MutexLock lock(&mu_); }
    if (ok) StartWrite(&request_);
  }
  void OnDone(const grpc::Status&) override {
    MutexLock lock(&mu_);
    done_ = true;
    changed_.Signal();
  }
  void Await() {
    MutexLock lock(&mu_);
    while (!done_) changed_.Wait(&mu_);
  }

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::Slice slice_;
  grpc::ByteBuffer request_;
  Mutex mu_;
  CondVar changed_;
  bool done_ = false;
};

TEST_F(GossipServiceTest, CallersWithBadMannersAreTurnedAwayOthersServed) {
  auto a = Open(Options("a", {}, 0, 20));
  a->SetTree(kOrigin, Note("a", 0, 20));
  const auto channel = Channel(a->port());
  std::string answer;
  // No message; too large; few bytes that stand for much memory.
  EXPECT_EQ(Send(channel, "this is no message", &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Send(channel, std::string(kGossipMessageBytesMax + 1, 'x'), &answer)
                .error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  std::string many;
  for (int i = 0; i < 1000000; ++i) many.append("\x0a\x00", 2);
  EXPECT_EQ(Send(channel, many, &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  // Connections that say nothing, or nothing sensible.
  std::vector<RawSocket> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(RawSocket::Connect(static_cast<uint16_t>(a->port())));
    if (i % 2 == 0) idle.back().Send("GET / HTTP/1.1\r\n\r\n");
  }
  // Streams that don't end, of what is a message and of what is none.
  v1::GossipMessage flood;
  v1::LogGossip* const told = flood.add_logs();
  told->set_origin(kOrigin);
  for (uint64_t i = 0; i < 50; ++i) {
    MutexLock lock(&mu_);
    told->add_notes(log_.Note(0, 1000 + i));
  }
  std::vector<std::unique_ptr<EndlessCaller>> callers;
  for (int i = 0; i < 6; ++i) {
    callers.push_back(std::make_unique<EndlessCaller>(
        channel, i % 2 == 0 ? FormatGossip(flood) : std::string(100000, 'y')));
  }
  auto b = Open(Options("b", {PeerAt("a", a->port())}, branch_, 15));
  b->SetTree(kOrigin, Note("b", branch_, 15));
  EXPECT_TRUE(Becomes([&] { return Convicted(*a) && Convicted(*b); }));
  for (const auto& caller : callers) caller->Await();
}

}  // namespace
}  // namespace vidimus
