// What the server remembers of chains so as not to compute it again: the key of
// each, how many entries it has, and how many of the last of them are accesses.
// Bounded, in memory, gone with the process.
//
// Nothing readable lies here. A chain is known by a tag, a keyed hash of its
// name, and key and number are masked with other keyed hashes of the same name,
// under a key that the process drew at its start. So who reads the cache needs
// that key, and even with it has to guess a name to find or read anything: more
// than encryption under the key alone would give, at the same cost. Masking is
// safe because a chain has one key for ever. Two pictures of the cache, taken
// at different times, tell by how much a chain's number grew, and not whose.
//
// Sets of 16 chains, of which the one goes that was not asked for lately. 57
// bytes a chain.
#ifndef VIDIMUS_LOG_CHAIN_CACHE_H_
#define VIDIMUS_LOG_CHAIN_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "proto/mutex.h"
#include "verifier/crypto.h"
#include "verifier/hash.h"

namespace vidimus {

// A chain as this process knows it. Means nothing to another.
struct ChainTag {
  std::array<uint64_t, 2> id = {};
  uint64_t entries_mask = 0;

  friend bool operator==(const ChainTag& a, const ChainTag& b) {
    return a.id == b.id;
  }
  template <typename H>
  friend H AbslHashValue(H h, const ChainTag& tag) {
    return H::combine(std::move(h), tag.id[0]);
  }
};

// How many entries a chain has, and how many of the last of them are known to
// be accesses: no statement of the resident's and no notice stands among them.
struct ChainCount {
  uint64_t entries = 0;
  uint64_t accesses = 0;  // at most kAccessesMax
};

// Any thread.
class ChainCache {
 public:
  // As far as is counted.
  static constexpr uint64_t kAccessesMax = 0xffff;

  struct Known {
    Hash key;
    // How many entries the chain has, if that is known.
    std::optional<uint64_t> entries;
    // How many of the last of those are known to be accesses.
    uint64_t accesses = 0;
  };

  // Takes at most `bytes_max` of memory, touched as it fills; too little for a
  // set, and nothing is remembered. `process_key` has 32 bytes, drawn for this.
  ChainCache(uint64_t bytes_max, std::string_view process_key);
  // Wipes the process key, without which nothing in here can be read.
  ~ChainCache();
  ChainCache(const ChainCache&) = delete;
  ChainCache& operator=(const ChainCache&) = delete;

  // The tag of the chain whose name is `alpha` (verifier/label.h). Two or three
  // blocks hashed, as for each mask of a key.
  ChainTag TagOf(std::string_view alpha) const;

  std::optional<Known> Find(const ChainTag& tag, std::string_view alpha);
  std::optional<ChainCount> FindCount(const ChainTag& tag);

  // Remembers a chain's key; how many entries it has is not known then, if the
  // chain is new here.
  void Put(const ChainTag& tag, std::string_view alpha, const Hash& key);

  // Notes what the chain has; no effect if the chain is not here. Only by the
  // one who places entries: nobody else knows.
  void SetCount(const ChainTag& tag, const ChainCount& count);

 private:
  struct Set;

  Set* SetOf(const ChainTag& tag) const;
  Mutex* MutexOf(const ChainTag& tag) const;
  Hash KeyMask(std::string_view alpha) const;

  const HmacSha256Key process_key_;
  uint64_t set_count_;
  struct Free {
    void operator()(Set* sets) const;
  };
  // Each guarded by the mutex that MutexOf names.
  std::unique_ptr<Set[], Free> sets_;
  std::unique_ptr<Mutex[]> mutexes_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_CACHE_H_
