#include "client/fake_log.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/random.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/compact_range.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr char kSeed[] = "fake log fake log fake log fake!";
constexpr char kOtherSeed[] = "another log's key another log's!";

Hash Label(uint64_t number) {
  std::string bytes = "label";
  return Sha256(bytes + std::to_string(number));
}

// Not by Ed25519NoteSigner: it is made without run-time types, which one of the
// sanitizers wants of a class with virtual functions.
std::string SignedBy(const Ed25519Signer& signer, const std::string& name,
                     const std::string& text) {
  return JoinNote(
      text, {NoteSignatureLine(
                name, NoteKeyId(name, kKeyTypeEd25519, signer.public_key()),
                signer.Sign(text))});
}

}  // namespace

FakeLog::FakeLog(const std::string& origin, bool access_log)
    : origin_(origin),
      access_log_(access_log),
      signer_(std::string_view(kSeed, 32)),
      key_(MakeVerifierKey(origin, kKeyTypeEd25519, signer_.public_key())) {
  if (!access_log_) return;
  MutexLock lock(&mu_);
  entries_.push_back(FormatRegisterLeaf(Label(0), Label(1)));
  SealBatch();
}

void FakeLog::SealBatch() {
  Seal seal;
  seal.covered = entries_.size();
  seal.time_s = 1800000000;
  entries_.push_back(FormatSealLeaf(seal));
}

void FakeLog::Append(const std::string& entry) {
  MutexLock lock(&mu_);
  entries_.push_back(entry);
}

std::vector<std::string> FakeLog::entries() const {
  MutexLock lock(&mu_);
  return entries_;
}

std::map<std::string, int> FakeLog::ids() const {
  MutexLock lock(&mu_);
  return ids_;
}

bool FakeLog::Node(int level, uint64_t index, Hash* hash) const {
  const uint64_t width = uint64_t{1} << level;
  CompactRange range;
  for (uint64_t i = index * width; i < (index + 1) * width; ++i) {
    range.Append(LeafHash(entries_[i]));
  }
  *hash = range.Root();
  return true;
}

TreeHead FakeLog::HeadAt(uint64_t size) const {
  CompactRange range;
  for (uint64_t i = 0; i < size; ++i) range.Append(LeafHash(entries_[i]));
  return range.Head();
}

std::string FakeLog::Sign(const TreeHead& head) const {
  return SignedBy(signer_, origin_, FormatCheckpoint({origin_, head}));
}

std::string FakeLog::Checkpoint() const {
  MutexLock lock(&mu_);
  return Sign(HeadAt(entries_.size()));
}

std::string FakeLog::CheckpointAt(uint64_t size) const {
  MutexLock lock(&mu_);
  return Sign(HeadAt(size));
}

v1::SubmitResponse FakeLog::Submit(const v1::SubmitRequest& request, Lie lie) {
  MutexLock lock(&mu_);
  const uint64_t old_size = entries_.size();
  v1::SubmitResponse response;
  response.set_request_id(request.request_id());
  bool grew = false;
  const auto place = [&](const std::string& id, std::string leaf) {
    mu_.AssertHeld();
    const auto found = id.empty() ? by_id_.end() : by_id_.find(id);
    if (found != by_id_.end()) {
      response.add_leaf_index(found->second);
      return;
    }
    response.add_leaf_index(entries_.size());
    if (!id.empty()) {
      by_id_[id] = entries_.size();
      ++ids_[id];
    }
    entries_.push_back(std::move(leaf));
    grew = true;
  };
  for (const v1::Entry& entry : request.entries()) {
    Hash commitment = Commitment({entry.record_salt(), entry.record(),
                                  entry.actor_salt(), entry.actor()});
    if (lie == Lie::kOtherCommitment) commitment[0] ^= 1;
    place(entry.entry_id(),
          FormatSubjectLeaf(Label(entries_.size()), commitment));
  }
  for (const v1::OpaqueEntry& entry : request.opaque()) {
    place(entry.id(), entry.data());
  }
  if (grew && access_log_) SealBatch();
  for (int k = 0; k < request.entries_size(); ++k) {
    v1::Placed* placed = response.add_placed();
    placed->set_leaf(entries_[response.leaf_index(k)]);
    placed->set_chain_index(static_cast<uint64_t>(k));
  }

  const uint64_t size = entries_.size();
  TreeHead head = HeadAt(lie == Lie::kShrunk ? old_size : size);
  if (lie == Lie::kOtherIndex) {
    response.set_leaf_index(0, response.leaf_index(0) + 1);
  }
  if (lie == Lie::kBeyondTree) response.set_leaf_index(0, size + 5);
  if (lie == Lie::kOneIndexForTwo) {
    response.set_leaf_index(1, response.leaf_index(0));
  }
  std::set<uint64_t> sorted(response.leaf_index().begin(),
                            response.leaf_index().end());
  while (!sorted.empty() && *sorted.rbegin() >= head.size) {
    sorted.erase(std::prev(sorted.end()));
  }
  if (!sorted.empty()) {
    const auto proof =
        MultiInclusionProof({sorted.begin(), sorted.end()}, head.size,
                            [this](int level, uint64_t index, Hash* hash) {
                              mu_.AssertHeld();
                              return Node(level, index, hash);
                            });
    CHECK(proof.has_value());
    response.set_proof(BytesOfHashes(*proof));
  }
  if (lie == Lie::kOtherRoot) head.root[5] ^= 1;
  response.set_checkpoint(Sign(head));

  std::string* proof = response.mutable_proof();
  switch (lie) {
    case Lie::kSealLeaf: {
      std::string leaf = response.placed(0).leaf();
      leaf[0] = 3;
      response.mutable_placed(0)->set_leaf(leaf);
      break;
    }
    case Lie::kShortLeaf:
      response.mutable_placed(0)->mutable_leaf()->pop_back();
      break;
    case Lie::kMissingIndex:
      response.mutable_leaf_index()->RemoveLast();
      break;
    case Lie::kMissingPlaced:
      response.mutable_placed()->RemoveLast();
      break;
    case Lie::kDamagedProof:
      (*proof)[3] = static_cast<char>((*proof)[3] ^ 4);
      break;
    case Lie::kShortProof:
      proof->resize(proof->size() - kHashBytes);
      break;
    case Lie::kCutProof:
      proof->resize(proof->size() - kHashBytes / 2);
      break;
    case Lie::kOtherKey:
    case Lie::kOtherOrigin: {
      const std::string origin =
          lie == Lie::kOtherOrigin ? "other.example/log" : origin_;
      const Ed25519Signer other(
          std::string_view(lie == Lie::kOtherKey ? kOtherSeed : kSeed, 32));
      response.set_checkpoint(
          SignedBy(other, origin_, FormatCheckpoint({origin, head})));
      break;
    }
    case Lie::kDamagedSignature: {
      std::string note = response.checkpoint();
      // A character of the base64 in the middle of the signature.
      char& c = note[note.size() - 20];
      c = c == 'A' ? 'B' : 'A';
      response.set_checkpoint(note);
      break;
    }
    case Lie::kNoCheckpoint:
      response.clear_checkpoint();
      break;
    default:
      break;
  }
  return response;
}

std::map<std::string, std::string> FakeLog::Paths() const {
  MutexLock lock(&mu_);
  std::map<std::string, std::string> paths;
  const uint64_t size = entries_.size();
  paths["checkpoint"] = Sign(HeadAt(size));
  for (int level = 0; level < 3; ++level) {
    const uint64_t count = TileHashCount(size, level);
    for (uint64_t n = 0; n * kTileWidth < count; ++n) {
      const int width = TileWidthAt(size, level, n);
      std::string tile;
      std::string bundle;
      for (int i = 0; i < width; ++i) {
        Hash hash;
        Node(level * kTileHeight, n * kTileWidth + static_cast<uint64_t>(i),
             &hash);
        tile.append(Bytes(hash));
        if (level == 0) {
          AppendBundleEntry(entries_[n * kTileWidth + static_cast<uint64_t>(i)],
                            &bundle);
        }
      }
      paths[TilePath({level, n, width})] = tile;
      if (level == 0) {
        paths[TilePath({TileAddress::kEntries, n, width})] = bundle;
      }
    }
  }
  return paths;
}

// --- The server --------------------------------------------------------------

class FakeServer::Service : public v1::Log::Service {
 public:
  explicit Service(FakeLog* log) : log_(log) {}

  grpc::Status SubmitStream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::SubmitResponse, v1::SubmitRequest>* stream)
      override {
    v1::SubmitRequest request;
    int answers = 0;
    while (stream->Read(&request)) {
      v1::SubmitResponse response;
      Script script;
      Lie lie;
      int answers_max;
      {
        MutexLock lock(&mu_);
        script = script_;
        lie = lie_;
        answers_max = answers_per_stream_;
      }
      const uint64_t number = ++requests_;
      if (script == nullptr || !script(request, number, &response)) {
        response = log_->Submit(request, lie);
      }
      response.set_request_id(request.request_id());
      if (!stream->Write(response)) break;
      if (answers_max > 0 && ++answers >= answers_max) {
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
      }
    }
    return grpc::Status::OK;
  }

  grpc::Status GetCheckpoint(grpc::ServerContext*,
                             const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    response->set_checkpoint(log_->Checkpoint());
    return grpc::Status::OK;
  }

  FakeLog* const log_;
  std::atomic<uint64_t> requests_{0};
  Mutex mu_;
  Script script_ ABSL_GUARDED_BY(mu_);
  Lie lie_ ABSL_GUARDED_BY(mu_) = Lie::kNone;
  int answers_per_stream_ ABSL_GUARDED_BY(mu_) = 0;
};

FakeServer::FakeServer(FakeLog* log)
    : service_(std::make_unique<Service>(log)) {
  Start();
}

FakeServer::~FakeServer() { Stop(); }

void FakeServer::Start() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  CHECK(server_ != nullptr);
  port_ = port;
}

void FakeServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

void FakeServer::set_script(Script script) {
  MutexLock lock(&service_->mu_);
  service_->script_ = std::move(script);
}

void FakeServer::set_lie(Lie lie) {
  MutexLock lock(&service_->mu_);
  service_->lie_ = lie;
}

void FakeServer::set_answers_per_stream(int answers) {
  MutexLock lock(&service_->mu_);
  service_->answers_per_stream_ = answers;
}

std::shared_ptr<grpc::Channel> FakeServer::Channel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  // Channels of one process share connections and their pauses otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace vidimus
