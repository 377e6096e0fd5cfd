#include "log/chain_cache.h"

#include <cstdlib>
#include <cstring>

#include "verifier/check.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

constexpr size_t kWays = 16;
constexpr size_t kMutexes = 256;

Hash Xor(const Hash& a, const Hash& b) {
  Hash result;
  for (size_t i = 0; i < result.size(); ++i) result[i] = a[i] ^ b[i];
  return result;
}

// One number: entries below, accesses above.
constexpr int kEntriesBits = 48;
constexpr uint64_t kEntriesMask = (uint64_t{1} << kEntriesBits) - 1;
static_assert(ChainCache::kAccessesMax == UINT64_MAX >> kEntriesBits);

ChainCount CountOf(uint64_t packed) {
  return {packed & kEntriesMask, packed >> kEntriesBits};
}

uint64_t PackedOf(const ChainCount& count) {
  CHECK_LE(count.entries, kEntriesMask);
  CHECK_LE(count.accesses, ChainCache::kAccessesMax);
  return count.accesses << kEntriesBits | count.entries;
}

}  // namespace

// All zero is an empty set.
struct ChainCache::Set {
  struct Way {
    Hash masked_key;
    uint64_t id1;
    uint64_t masked_count;
  };
  uint64_t id0[kWays];
  Way ways[kWays];
  uint16_t asked;  // a bit for each way: asked for since the hand came by
  uint16_t known;  // a bit for each way: masked_count is set
  uint16_t used;   // a bit for each way
  uint8_t hand;

  // The way of `tag`, or kWays.
  size_t Find(const ChainTag& tag) const {
    for (size_t i = 0; i < kWays; ++i) {
      if (id0[i] == tag.id[0] && (used >> i & 1) != 0 &&
          ways[i].id1 == tag.id[1]) {
        return i;
      }
    }
    return kWays;
  }

  // A way that is free now.
  size_t MakeRoom() {
    for (size_t i = 0; i < kWays; ++i) {
      if ((used >> i & 1) == 0) return i;
    }
    while ((asked >> hand & 1) != 0) {
      asked &= static_cast<uint16_t>(~(1u << hand));
      hand = (hand + 1) % kWays;
    }
    const size_t way = hand;
    hand = (hand + 1) % kWays;
    return way;
  }
};

void ChainCache::Free::operator()(Set* sets) const { std::free(sets); }

ChainCache::ChainCache(uint64_t bytes_max, std::string_view process_key)
    : process_key_(process_key),
      set_count_(bytes_max / sizeof(Set)),
      mutexes_(std::make_unique<Mutex[]>(kMutexes)) {
  CHECK_EQ(process_key.size(), 32u);
  if (set_count_ == 0) return;
  // Zero pages of the system, which cost nothing until they are written to.
  sets_.reset(static_cast<Set*>(std::calloc(set_count_, sizeof(Set))));
  CHECK(sets_ != nullptr);
}

ChainCache::~ChainCache() = default;

ChainTag ChainCache::TagOf(std::string_view alpha) const {
  const Hash hash = process_key_.Of({std::string_view("\1", 1), alpha});
  ChainTag tag;
  std::memcpy(tag.id.data(), hash.data(), sizeof(tag.id));
  std::memcpy(&tag.entries_mask, hash.data() + sizeof(tag.id),
              sizeof(tag.entries_mask));
  return tag;
}

Hash ChainCache::KeyMask(std::string_view alpha) const {
  return process_key_.Of({std::string_view("\2", 1), alpha});
}

ChainCache::Set* ChainCache::SetOf(const ChainTag& tag) const {
  if (set_count_ == 0) return nullptr;
  return &sets_[tag.id[1] % set_count_];
}

Mutex* ChainCache::MutexOf(const ChainTag& tag) const {
  return &mutexes_[tag.id[1] % set_count_ % kMutexes];
}

std::optional<ChainCache::Known> ChainCache::Find(const ChainTag& tag,
                                                  std::string_view alpha) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return std::nullopt;
  Known known;
  {
    MutexLock lock(MutexOf(tag));
    const size_t way = set->Find(tag);
    if (way == kWays) return std::nullopt;
    set->asked |= static_cast<uint16_t>(1u << way);
    known.key = set->ways[way].masked_key;
    if ((set->known >> way & 1) != 0) {
      const ChainCount count =
          CountOf(set->ways[way].masked_count ^ tag.entries_mask);
      known.entries = count.entries;
      known.accesses = count.accesses;
    }
  }
  known.key = Xor(known.key, KeyMask(alpha));
  return known;
}

std::optional<ChainCount> ChainCache::FindCount(const ChainTag& tag) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return std::nullopt;
  MutexLock lock(MutexOf(tag));
  const size_t way = set->Find(tag);
  if (way == kWays || (set->known >> way & 1) == 0) return std::nullopt;
  return CountOf(set->ways[way].masked_count ^ tag.entries_mask);
}

void ChainCache::Put(const ChainTag& tag, std::string_view alpha,
                     const Hash& key) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return;
  const Hash masked = Xor(key, KeyMask(alpha));
  MutexLock lock(MutexOf(tag));
  if (set->Find(tag) != kWays) return;
  const size_t way = set->MakeRoom();
  const uint16_t bit = static_cast<uint16_t>(1u << way);
  set->id0[way] = tag.id[0];
  set->ways[way].id1 = tag.id[1];
  set->ways[way].masked_key = masked;
  set->used |= bit;
  set->asked |= bit;
  set->known &= static_cast<uint16_t>(~bit);
}

void ChainCache::SetCount(const ChainTag& tag, const ChainCount& count) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return;
  MutexLock lock(MutexOf(tag));
  const size_t way = set->Find(tag);
  if (way == kWays) return;
  set->ways[way].masked_count = PackedOf(count) ^ tag.entries_mask;
  set->known |= static_cast<uint16_t>(1u << way);
}

}  // namespace vidimus
