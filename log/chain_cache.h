// What the server remembers of chains so as not to compute it again: the key of
// each, how many entries it has, and how many of the last of them are accesses.
// Bounded, in memory; keys can be taken along to the next process.
//
// Nothing readable lies here. A chain is known by a tag, a keyed hash of its
// name, and key and number are masked with other keyed hashes of the same name,
// under a key of the cache's own. So who reads the cache needs that key, and
// even with it has to guess a name to find or read anything: more than
// encryption under the key alone would give, at the same cost. Masking is safe
// because a chain has one key for ever. Two pictures of the cache, taken at
// different times, tell by how much a chain's number grew, and not whose; what
// is taken along holds no numbers.
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
#include <string>
#include <string_view>

#include "proto/mutex.h"
#include "verifier/crypto.h"
#include "verifier/hash.h"

namespace vidimus {

// A chain as a cache knows it. Means nothing to one with another key.
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
  // set, and nothing is remembered. `cache_key` has 32 secret bytes.
  ChainCache(uint64_t bytes_max, std::string_view cache_key);
  // Wipes the key, without which nothing in here can be read.
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

  // The keys of at most `chains_max` chains, tagged and masked as they are
  // here, 48 bytes each, with a keyed hash over all: those that were asked for
  // lately first. Only of chains that something was placed in while they were
  // here, or that Load brought: that somebody asked about a person of whom
  // nothing is recorded leaves no trace.
  std::string Save(size_t chains_max) const;
  // Takes what Save gave, of a cache with the same key and of any size. False,
  // and nothing is taken, if it is anything else: a wrong key of a chain would
  // have the log say something false.
  bool Load(std::string_view saved);

 private:
  struct Set;

  Set* SetOf(const ChainTag& tag) const;
  Mutex* MutexOf(const ChainTag& tag) const;
  Hash KeyMask(std::string_view alpha) const;
  void PutMasked(const ChainTag& tag, const Hash& masked, bool kept);

  Hash MacOf(std::string_view saved) const;

  const HmacSha256Key cache_key_;
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
