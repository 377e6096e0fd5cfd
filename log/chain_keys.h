// The keys of chains: K of (subject, administration), which only the log can
// make, by the verifiable random function under its label key
// (verifier/label.h, docs/label.md).
//
// A key costs about 65 us, its proof 75 more. So it is made by threads of its
// own, which yield to the sequencer and the doors, never by those; and
// remembered in a cache that is bounded and holds nothing readable
// (chain_cache.h), under a key that follows from the label key: who could read
// it could make the keys as well, and it means nothing once that is destroyed.
// Who asks for more new keys than can be made is pushed back, administration by
// administration.
//
// A chain goes by its name here: alpha of verifier/label.h, which holds the
// subject. Neither names nor keys are ever logged.
#ifndef VIDIMUS_LOG_CHAIN_KEYS_H_
#define VIDIMUS_LOG_CHAIN_KEYS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_cache.h"
#include "log/chain_counters.h"
#include "log/clock.h"
#include "verifier/hash.h"

namespace vidimus {

struct ChainKeysOptions {
  // That make keys. 0: whoever asks makes them, within the call, so that a
  // simulation replays exactly.
  int threads = 0;
  // For keys and numbers of entries.
  uint64_t cache_bytes = 16 << 20;
  // Keys that wait to be made, in all and of one administration.
  size_t queue_max = 16384;
  size_t queue_of_one_max = 8192;
  // New keys each second that an administration may ask for on average, 0: no
  // limit; up to `burst_s` seconds' worth at once.
  double per_s = 0;
  double burst_s = 10;
};

// K, and the 80-byte proof that there is no other. Who has K can follow the
// chain until the log ends.
struct ProvenChainKey {
  Hash key;
  std::string proof;
};

// What the sequencer needs to know of an entry's chain.
struct KnownChain {
  ChainTag tag;
  Hash key;
  // Empty if the key was not made for this answer.
  std::string vrf_proof;
  // How many entries the chain has at least.
  uint64_t entries_min = 0;
};

// Since the start of the process, but for `waiting`.
struct ChainKeysCounts {
  uint64_t hits = 0;    // chains found in the cache
  uint64_t misses = 0;  // and not
  uint64_t made = 0;    // keys
  uint64_t waiting = 0;
};

// Any thread.
class ChainKeys {
 public:
  // Neither is owned.
  struct Parts {
    Clock* clock;
    // How many entries a chain has is found with this. Empty: all are said to
    // have 0 at least.
    IndexFinder find;
  };

  // `label_seed` is the 32-byte secret half of `label_key`, which stands in
  // config. kFailedPrecondition if it is not.
  static absl::StatusOr<std::unique_ptr<ChainKeys>> Open(
      const ChainKeysOptions& options, const Parts& parts,
      std::string_view label_seed, std::string_view label_key,
      std::string_view origin);
  // Keys that still wait are answered with kUnavailable.
  virtual ~ChainKeys() = default;

  // K of the chain between `subject` and `administration`, 0xffffffff for the
  // chain `self`. Calls `done` once: within the call if the key is remembered
  // or can't be had, else from a thread that makes keys. kInvalidArgument for a
  // subject that no chain can have; what Reserve and Make say.
  virtual void Get(
      std::string_view subject, uint32_t administration,
      absl::AnyInvocable<void(absl::StatusOr<Hash>)> done) const = 0;

  // K with its proof, made on the calling thread.
  virtual absl::StatusOr<ProvenChainKey> Prove(
      std::string_view subject, uint32_t administration) const = 0;

  // What is remembered of a chain, or at least its key: made on the calling
  // thread and remembered from then on, without asking for a place.
  virtual ChainCache::Known KeyOf(std::string_view name) const = 0;

  // The name of a chain. kInvalidArgument for a subject that none can have.
  virtual absl::StatusOr<std::string> NameOf(std::string_view subject,
                                             uint32_t administration) const = 0;

  // What is remembered, if both key and number of entries are.
  virtual std::optional<KnownChain> Find(std::string_view name) const = 0;

  // Whether Find would find it: one keyed hash, and it is not counted.
  virtual bool Knows(std::string_view name) const = 0;

  // Takes `count` places in the queue for new chains of `administration`.
  // kUnavailable: the queue is full. It says to come back when about half of
  // what waits will be made, by how fast keys were made in the last second.
  // kResourceExhausted, likewise: over the administration's quota.
  virtual absl::Status Reserve(uint32_t administration, size_t count) const = 0;

  // kUnavailable as Reserve would say it now; takes nothing. Says nothing of
  // the quota.
  virtual absl::Status Room(uint32_t administration, size_t count) const = 0;

  // How long it takes about half of the keys that wait to be made, as Reserve
  // says it.
  virtual std::chrono::milliseconds HalfMade() const = 0;

  // Makes the keys of chains for which places were reserved, and looks how many
  // entries they have. Calls `made` once for each, from several threads at
  // once, with its place among `names`. What the index says if it can't be
  // read.
  using Made = std::function<void(size_t place, absl::StatusOr<KnownChain>)>;
  virtual void Make(uint32_t administration, std::vector<std::string> names,
                    Made made) const = 0;

  virtual ChainCache* cache() const = 0;
  virtual ChainKeysCounts counts() const = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_KEYS_H_
