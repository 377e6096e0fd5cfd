// The front door of log/: one append-only log, put together from its parts.
// A process may hold several.
//
// The way of a write: submit_service.cc checks who and what -> sequencer.cc
// gives it a place -> storage.h makes it durable -> publisher.cc signs and
// shows it -> the receipt (receipt.cc). The way of a read: read_service.cc ->
// tile_reader.cc -> storage.h. docs/architecture.md walks both.
//
// What it promises:
// - An entry that was answered is durable, integrated and public.
// - Two heads that it signed are consistent, whatever crashed in between.
// - It stops rather than sign what it has not verified.
#ifndef VIDIMUS_LOG_LOG_H_
#define VIDIMUS_LOG_LOG_H_

#include <prometheus/registry.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/batch_maker.h"
#include "log/chain_counters.h"
#include "log/chain_gate.h"
#include "log/chain_keys.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/documents.h"
#include "log/erasure_ledger.h"
#include "log/idempotency.h"
#include "log/index.h"
#include "log/metrics.h"
#include "log/pool.h"
#include "log/publisher.h"
#include "log/sequencer.h"
#include "log/signing_lock.h"
#include "log/storage.h"
#include "log/tile_reader.h"
#include "log/vault.h"
#include "verifier/signing.h"

namespace vidimus {

struct LogOptions {
  SequencerOptions sequencer;
  PoolOptions pool;
  IdempotencyOptions idempotency;
  IndexOptions index;
  ChainKeysOptions chain_keys;
  uint64_t tile_cache_bytes = 128 << 20;

  // The register an access log opens with; none makes an opaque log. Once
  // leaves are stored the stored register counts.
  std::optional<OpeningRegister> opening_register;
};

// What a log stands on. Not owned but for the strings; all outlive the log.
struct LogParts {
  Storage* storage;
  SigningLock* lock;
  Disk* disk;
  Clock* clock;
  Random* random;
  // Its name is the log's origin.
  const NoteSigner* signer;
  prometheus::Registry* registry;
  // On `disk`: where segments of remembered ids and wrapped vault keys lie.
  std::string ids_folder;
  std::string vault_folder;
  // 32 bytes each. An opaque log has neither vault nor label key.
  std::string id_key;
  std::string vault_key;
  std::string label_key;
  // On `disk`: where the runs of an access log's index lie.
  std::string index_folder;
  // On `disk`, of an access log: the ledger of erasures, which should lie
  // beside the lock; empty: beside the vault's folder. And the file that holds
  // the vault key, which a rotation rewrites; empty: it can't be rotated.
  std::string erasure_ledger = "";
  std::string vault_key_file = "";
};

class Log {
 public:
  // Looks at what is stored before anything is signed or any file is touched:
  // the right edge and the last batch are verified, and the lock must stand at
  // the stored head or one batch behind it. Then opens what goes with it, and
  // signs and publishes the head (again). A new access log sequences its
  // opening register first.
  //   kFailedPrecondition: data and lock do not fit (a restored backup, two
  //     servers); the message says what was found and the ways out.
  //   kDataLoss: what is stored is damaged; the message names it.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const LogOptions& options,
                                                   const LogParts& parts);
  ~Log();

  const std::string& origin() const { return parts_.signer->key().name; }
  bool opaque() const { return documents_ == nullptr; }

  // Takes a submission, or answers it at once: ChainGate::Add. Any thread.
  void Submit(Submission submission) { gate_.Add(std::move(submission)); }

  // Whether Submit would find room for new chains now: ChainGate::Room. Of an
  // access log. Any thread.
  absl::Status Room(uint32_t administration, size_t entries,
                    size_t new_chains) const {
    return gate_.Room(administration, entries, new_chains);
  }

  // The newest published head. Any thread.
  std::shared_ptr<const Published> Latest() const {
    return publisher_.Latest();
  }

  // For reads. Any thread.
  TileReader& tiles() { return tiles_; }
  Storage* storage() { return parts_.storage; }
  // The register; null for an opaque log.
  const Documents* documents() const { return documents_.get(); }
  // The index; null for an opaque log.
  Index* index() { return index_.get(); }
  // The vault; null for an opaque log.
  Vault* vault() { return vault_.get(); }
  // What of it is to stay destroyed; the vault keeper's (vault_keeper.h).
  ErasureLedger* erasures() { return erasures_.get(); }
  // The keys of chains; null for an opaque log.
  const ChainKeys* chain_keys() const { return chain_keys_.get(); }
  // Looks keys up in the index, those of leaves not yet published too; null for
  // an opaque log. Any thread.
  const IndexFinder& index_finder() const { return index_finder_; }
  const IdTagger& id_tagger() const { return id_tagger_; }
  LogMetrics& metrics() { return metrics_; }
  Pool& pool() { return pool_; }

  // Sequences until Close was called and all that was taken is answered, or
  // until the log can't go on (the error says why). One thread.
  absl::Status Run() { return sequencer_->Run(); }
  // Steps of Run, for those who drive it themselves (sequencer.h).
  absl::Status RunOnce() { return sequencer_->RunOnce(); }
  absl::Status SealRest() { return sequencer_->SealRest(); }
  // Takes no more submissions. Any thread.
  void Close() { pool_.Close(); }

  // Stops signing until a person has looked: submissions are refused with
  // `why`, reads go on. Any thread.
  void Freeze(const absl::Status& why);
  bool frozen() const;

 private:
  Log(const LogOptions& options, const LogParts& parts);
  absl::Status Start(const LogOptions& options);
  // `before`: the stored head before the last batch.
  absl::Status JudgeLock(const TreeHead& stored, const TreeHead& before);
  absl::Status PrepareAccess(const LogOptions& options, const TreeHead& stored);
  absl::Status SequenceOpening(const OpeningRegister& opening);

  const LogParts parts_;
  const IdTagger id_tagger_;
  LogMetrics metrics_;
  Pool pool_;
  ChainGate gate_;
  TileReader tiles_;
  CheckpointPublisher publisher_;
  std::unique_ptr<Documents> documents_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<ErasureLedger> erasures_;
  std::unique_ptr<Index> index_;
  IndexFinder index_finder_;
  // After all that its threads work with.
  std::unique_ptr<ChainKeys> chain_keys_;
  std::unique_ptr<BatchMaker> maker_;
  std::unique_ptr<Idempotency> idempotency_;
  std::unique_ptr<Sequencer> sequencer_;

  mutable Mutex mu_;
  bool frozen_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_LOG_H_
