#include "log/chain_cache.h"

#include <cstdlib>
#include <cstring>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr size_t kWays = 16;
// What is saved: this line, the chains, the keyed hash.
constexpr std::string_view kSavedFormat = "vidimus chain keys 1\n";
constexpr size_t kSavedIdBytes = 16;
constexpr size_t kSavedBytes = kSavedIdBytes + kHashBytes;
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
  uint16_t kept;   // a bit for each way: has entries, so Save takes it
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

ChainCache::ChainCache(uint64_t bytes_max, std::string_view cache_key)
    : cache_key_(cache_key),
      set_count_(bytes_max / sizeof(Set)),
      mutexes_(std::make_unique<Mutex[]>(kMutexes)) {
  CHECK_EQ(cache_key.size(), 32u);
  if (set_count_ == 0) return;
  // Zero pages of the system, which cost nothing until they are written to.
  sets_.reset(static_cast<Set*>(std::calloc(set_count_, sizeof(Set))));
  CHECK(sets_ != nullptr);
}

ChainCache::~ChainCache() = default;

ChainTag ChainCache::TagOf(std::string_view alpha) const {
  const Hash hash = cache_key_.Of({std::string_view("\1", 1), alpha});
  ChainTag tag;
  std::memcpy(tag.id.data(), hash.data(), sizeof(tag.id));
  std::memcpy(&tag.entries_mask, hash.data() + sizeof(tag.id),
              sizeof(tag.entries_mask));
  return tag;
}

Hash ChainCache::KeyMask(std::string_view alpha) const {
  return cache_key_.Of({std::string_view("\2", 1), alpha});
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
  if (set_count_ > 0) {
    PutMasked(tag, Xor(key, KeyMask(alpha)), /*kept=*/false);
  }
}

void ChainCache::PutMasked(const ChainTag& tag, const Hash& masked, bool kept) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return;
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
  set->kept = static_cast<uint16_t>((set->kept & ~bit) | (kept ? bit : 0));
}

void ChainCache::SetCount(const ChainTag& tag, const ChainCount& count) {
  Set* const set = SetOf(tag);
  if (set == nullptr) return;
  MutexLock lock(MutexOf(tag));
  const size_t way = set->Find(tag);
  if (way == kWays) return;
  set->ways[way].masked_count = PackedOf(count) ^ tag.entries_mask;
  set->known |= static_cast<uint16_t>(1u << way);
  if (count.entries > 0) set->kept |= static_cast<uint16_t>(1u << way);
}

Hash ChainCache::MacOf(std::string_view saved) const {
  return cache_key_.Of({std::string_view("\3", 1), saved});
}

std::string ChainCache::Save(size_t chains_max) const {
  std::string saved(kSavedFormat);
  size_t chains = 0;
  for (const bool lately : {true, false}) {
    for (uint64_t i = 0; i < set_count_ && chains < chains_max; ++i) {
      const Set& set = sets_[i];
      MutexLock lock(&mutexes_[i % kMutexes]);
      if ((set.used & set.kept) == 0) continue;
      for (size_t way = 0; way < kWays && chains < chains_max; ++way) {
        if ((set.used & set.kept & 1u << way) == 0 ||
            ((set.asked >> way & 1) != 0) != lately) {
          continue;
        }
        AppendBe64(set.id0[way], &saved);
        AppendBe64(set.ways[way].id1, &saved);
        saved += Bytes(set.ways[way].masked_key);
        ++chains;
      }
    }
  }
  return saved.append(Bytes(MacOf(saved)));
}

bool ChainCache::Load(std::string_view saved) {
  if (saved.size() < kSavedFormat.size() + kHashBytes ||
      saved.substr(0, kSavedFormat.size()) != kSavedFormat) {
    return false;
  }
  const std::string_view mac = saved.substr(saved.size() - kHashBytes);
  saved.remove_suffix(kHashBytes);
  if (!ConstantTimeEqual(mac, Bytes(MacOf(saved)))) return false;
  saved.remove_prefix(kSavedFormat.size());
  if (saved.size() % kSavedBytes != 0) return false;
  for (; !saved.empty(); saved.remove_prefix(kSavedBytes)) {
    ChainTag tag;
    tag.id = {Be64(saved), Be64(saved.substr(8))};
    PutMasked(tag, *HashFromBytes(saved.substr(kSavedIdBytes, kHashBytes)),
              /*kept=*/true);
  }
  return true;
}

}  // namespace vidimus
