// A log small enough to see through, for the tests of those who check logs:
// honest, or lying in one named way. In memory, one batch a request.
#ifndef VIDIMUS_CLIENT_FAKE_LOG_H_
#define VIDIMUS_CLIENT_FAKE_LOG_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "proto/mutex.h"
#include "proto/vidimus.grpc.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/hash.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {

// How a log may lie; each must be refused.
enum class Lie {
  kNone,
  kOtherCommitment,   // a leaf for something else than what we submitted
  kSealLeaf,          // our leaf is no subject leaf
  kShortLeaf,         // a leaf of 64 bytes
  kOtherIndex,        // the leaf is said to stand one further
  kBeyondTree,        // or beyond the tree
  kOneIndexForTwo,    // two entries, one index
  kMissingIndex,      // an index less than entries
  kMissingPlaced,     // a leaf less than entries
  kDamagedProof,      // a flipped bit in the proof
  kShortProof,        // a hash less in the proof
  kCutProof,          // half a hash
  kOtherKey,          // signed by another log's key
  kOtherOrigin,       // signed by our key, for another origin
  kDamagedSignature,  // a flipped bit in the checkpoint's signature
  kNoCheckpoint,      // none at all
  kOtherRoot,         // a signed root that the leaves do not have
  kShrunk,            // an old checkpoint, signed and true, but smaller
};

class FakeLog {
 public:
  // An access log begins with a register leaf and a seal.
  FakeLog(const std::string& origin, bool access_log);

  const VerifierKey& key() const { return key_; }

  // Takes a request and answers it, lying as `lie` says.
  v1::SubmitResponse Submit(const v1::SubmitRequest& request,
                            Lie lie = Lie::kNone);

  // The signed checkpoint of the newest head, or of an older size that ended a
  // batch.
  std::string Checkpoint() const;
  std::string CheckpointAt(uint64_t size) const;

  // What stands where.
  std::vector<std::string> entries() const;
  // How many leaves an entry id has: more than one would be a duplicate.
  std::map<std::string, int> ids() const;

  // Appends an entry as it is, without seal. Of an opaque log.
  void Append(const std::string& entry);

  // Every public path of an opaque log, with all partial tiles of the newest
  // size.
  std::map<std::string, std::string> Paths() const;

 private:
  std::string Sign(const TreeHead& head) const;
  TreeHead HeadAt(uint64_t size) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Node(int level, uint64_t index, Hash* hash) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SealBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string origin_;
  const bool access_log_;
  const Ed25519Signer signer_;
  const VerifierKey key_;

  mutable Mutex mu_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mu_);
  // Entry id -> leaf index and leaf.
  std::map<std::string, uint64_t> by_id_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int> ids_ ABSL_GUARDED_BY(mu_);
};

// A FakeLog behind a real gRPC server on a loopback port.
class FakeServer {
 public:
  // Asked for each request before the log is; a response with a code other
  // than 0, or nothing to let the log answer. May sleep. Null: the log answers
  // all.
  using Script =
      std::function<bool(const v1::SubmitRequest& request, uint64_t number,
                         v1::SubmitResponse* response)>;

  explicit FakeServer(FakeLog* log);
  ~FakeServer();

  void set_script(Script script);
  void set_lie(Lie lie);
  // Ends each stream after so many answers; 0: never.
  void set_answers_per_stream(int answers);

  std::shared_ptr<grpc::Channel> Channel() const;
  int port() const { return port_; }

  // Stops listening and cuts every stream; Start goes on at the same port.
  void Stop();
  void Start();

 private:
  class Service;
  const std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_FAKE_LOG_H_
