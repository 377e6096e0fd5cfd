#include "log/chain_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "verifier/crypto.h"

namespace vidimus {
namespace {

const std::string kProcessKey(32, 'k');

std::string Name(uint64_t number) { return "chain " + std::to_string(number); }
Hash KeyOf(uint64_t number) { return Sha256(Name(number)); }

TEST(ChainCacheTest, RemembersKeysAndNumbersOfEntries) {
  ChainCache cache(1 << 20, kProcessKey);
  const ChainTag tag = cache.TagOf(Name(1));
  EXPECT_FALSE(cache.Find(tag, Name(1)).has_value());
  EXPECT_FALSE(cache.FindCount(tag).has_value());
  cache.SetCount(tag, {5, 0});
  EXPECT_FALSE(cache.FindCount(tag).has_value()) << "of a chain not here";
  cache.Put(tag, Name(1), KeyOf(1));
  ASSERT_TRUE(cache.Find(tag, Name(1)).has_value());
  EXPECT_EQ(cache.Find(tag, Name(1))->key, KeyOf(1));
  EXPECT_FALSE(cache.Find(tag, Name(1))->entries.has_value());
  constexpr uint64_t kMost = (uint64_t{1} << 48) - 1;
  for (const uint64_t entries : {uint64_t{0}, uint64_t{1}, kMost}) {
    for (const uint64_t accesses :
         {uint64_t{0}, uint64_t{1}, ChainCache::kAccessesMax}) {
      cache.SetCount(tag, {entries, accesses});
      EXPECT_EQ(cache.FindCount(tag)->entries, entries);
      EXPECT_EQ(cache.FindCount(tag)->accesses, accesses);
      EXPECT_EQ(cache.Find(tag, Name(1))->entries, entries);
      EXPECT_EQ(cache.Find(tag, Name(1))->accesses, accesses);
    }
  }
  // Putting it again changes nothing.
  cache.Put(tag, Name(1), KeyOf(1));
  EXPECT_EQ(cache.FindCount(tag)->entries, kMost);
}

TEST(ChainCacheTest, TagsMeanNothingToAnotherProcess) {
  ChainCache cache(1 << 20, kProcessKey);
  ChainCache other(1 << 20, std::string(32, 'o'));
  EXPECT_FALSE(cache.TagOf(Name(1)) == other.TagOf(Name(1)));
  EXPECT_FALSE(cache.TagOf(Name(1)) == cache.TagOf(Name(2)));
  EXPECT_TRUE(cache.TagOf(Name(1)) == cache.TagOf(Name(1)));
}

TEST(ChainCacheTest, RemembersNothingWithoutMemory) {
  for (const uint64_t bytes : {0, 1, 100}) {
    ChainCache cache(bytes, kProcessKey);
    const ChainTag tag = cache.TagOf(Name(1));
    cache.Put(tag, Name(1), KeyOf(1));
    cache.SetCount(tag, {1, 1});
    EXPECT_FALSE(cache.Find(tag, Name(1)).has_value());
    EXPECT_FALSE(cache.FindCount(tag).has_value());
  }
}

// A slow twin that forgets nothing: the cache may know less, never otherwise.
TEST(ChainCacheTest, ForgetsButNeverErrs) {
  for (const uint64_t bytes : {1 << 10, 1 << 14, 1 << 18}) {
    ChainCache cache(bytes, kProcessKey);
    std::map<uint64_t, uint64_t> entries;
    std::mt19937_64 random(bytes);
    uint64_t found = 0;
    for (int step = 0; step < 20000; ++step) {
      // Half of the time one of a few.
      const uint64_t number = random() % (random() % 2 == 0 ? 10 : 1000);
      const ChainTag tag = cache.TagOf(Name(number));
      const auto known = cache.Find(tag, Name(number));
      if (known.has_value()) {
        ++found;
        EXPECT_EQ(known->key, KeyOf(number));
        if (known->entries.has_value()) {
          EXPECT_EQ(*known->entries, entries[number]);
        }
      } else {
        EXPECT_FALSE(cache.FindCount(tag).has_value());
        cache.Put(tag, Name(number), KeyOf(number));
      }
      cache.SetCount(tag, {++entries[number], 0});
    }
    // Those asked for often stay.
    EXPECT_GT(found, bytes == 1 << 18   ? 18900u
                     : bytes == 1 << 14 ? 9000u
                                        : 100u)
        << bytes;
  }
}

// Who reads the memory of the cache finds neither name nor key nor number.
TEST(ChainCacheTest, TwoChainsWithOneKeyLookDifferent) {
  // By construction: what lies there is key xor mask, and masks are of names.
  ChainCache cache(1 << 20, kProcessKey);
  const ChainTag one = cache.TagOf(Name(1));
  const ChainTag two = cache.TagOf(Name(2));
  cache.Put(one, Name(1), KeyOf(1));
  cache.Put(two, Name(2), KeyOf(1));
  // Read under the name of the other, each gives something else.
  EXPECT_NE(cache.Find(one, Name(2))->key, KeyOf(1));
  EXPECT_NE(cache.Find(two, Name(1))->key, KeyOf(1));
  EXPECT_NE(one.entries_mask, two.entries_mask);
}

}  // namespace
}  // namespace vidimus
