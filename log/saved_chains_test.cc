#include "log/saved_chains.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "log/disk.h"
#include "verifier/crypto.h"

namespace vidimus {
namespace {

const std::string kCacheKey(32, 'k');
constexpr uint64_t kBytes = 1 << 20;

std::string Name(uint64_t number) { return "chain " + std::to_string(number); }
Hash KeyOf(uint64_t number) { return Sha256(Name(number)); }

void Fill(uint64_t chains, ChainCache* cache) {
  for (uint64_t n = 0; n < chains; ++n) {
    const ChainTag tag = cache->TagOf(Name(n));
    cache->Put(tag, Name(n), KeyOf(n));
    cache->SetCount(tag, {n + 1, 0});
  }
}

// How many of the first `chains` it knows, each by its right key.
uint64_t Known(uint64_t chains, ChainCache* cache) {
  uint64_t known = 0;
  for (uint64_t n = 0; n < chains; ++n) {
    const auto found = cache->Find(cache->TagOf(Name(n)), Name(n));
    if (!found.has_value()) continue;
    EXPECT_EQ(found->key, KeyOf(n)) << n;
    EXPECT_FALSE(found->entries.has_value()) << "may have grown since";
    ++known;
  }
  return known;
}

TEST(SavedChainsTest, TheNextProcessKnowsTheKeysAndNoNumbers) {
  ChainCache cache(kBytes, kCacheKey);
  Fill(1000, &cache);
  const std::string saved = cache.Save(kSavedChainsMax);
  ChainCache next(kBytes, kCacheKey);
  ASSERT_TRUE(next.Load(saved));
  EXPECT_EQ(Known(1000, &next), 1000u);
  // Of another size, and one that knows something already.
  ChainCache larger(3 * kBytes, kCacheKey);
  larger.Put(larger.TagOf(Name(5)), Name(5), KeyOf(5));
  ASSERT_TRUE(larger.Load(saved));
  EXPECT_EQ(Known(1000, &larger), 1000u);
  ChainCache smaller(kBytes / 50, kCacheKey);
  ASSERT_TRUE(smaller.Load(saved));
  EXPECT_GT(Known(1000, &smaller), 100u);
  ChainCache none(0, kCacheKey);
  EXPECT_TRUE(none.Load(saved));
  EXPECT_EQ(Known(1000, &none), 0u);
  // And of nothing.
  EXPECT_TRUE(next.Load(none.Save(kSavedChainsMax)));
  // What was taken along once is taken along again.
  ChainCache third(kBytes, kCacheKey);
  ASSERT_TRUE(third.Load(next.Save(kSavedChainsMax)));
  EXPECT_EQ(Known(1000, &third), 1000u);
}

TEST(SavedChainsTest, AQuestionAboutNobodyLeavesNoTrace) {
  ChainCache cache(kBytes, kCacheKey), next(kBytes, kCacheKey);
  Fill(10, &cache);
  cache.Put(cache.TagOf(Name(10)), Name(10), KeyOf(10));
  const ChainTag empty = cache.TagOf(Name(11));
  cache.Put(empty, Name(11), KeyOf(11));
  cache.SetCount(empty, {0, 0});
  ASSERT_TRUE(next.Load(cache.Save(kSavedChainsMax)));
  EXPECT_EQ(Known(12, &next), 10u);
  EXPECT_EQ(cache.Save(kSavedChainsMax).size(),
            next.Save(kSavedChainsMax).size());
}

TEST(SavedChainsTest, TakesNoMoreThanItMay) {
  ChainCache cache(kBytes / 20, kCacheKey);
  Fill(20000, &cache);  // many times what it holds
  for (const size_t most : {0, 1, 400}) {
    ChainCache next(kBytes, kCacheKey);
    ASSERT_TRUE(next.Load(cache.Save(most)));
    EXPECT_EQ(Known(20000, &next), most);
  }
}

TEST(SavedChainsTest, WhatIsNotWholeOrOfAnotherKeyIsNotBelieved) {
  ChainCache cache(kBytes, kCacheKey);
  Fill(3, &cache);
  const std::string saved = cache.Save(kSavedChainsMax);
  ChainCache next(kBytes, kCacheKey);
  for (size_t size = 0; size < saved.size(); ++size) {
    ASSERT_FALSE(next.Load(saved.substr(0, size))) << size;
  }
  for (size_t i = 0; i < saved.size(); ++i) {
    std::string other = saved;
    other[i] = static_cast<char>(other[i] ^ 1);
    ASSERT_FALSE(next.Load(other)) << i;
  }
  EXPECT_FALSE(next.Load(saved + '\0'));
  EXPECT_EQ(Known(3, &next), 0u);
  ChainCache other(kBytes, std::string(32, 'o'));
  EXPECT_FALSE(other.Load(saved));
}

TEST(SavedChainsTest, HoldsNothingReadable) {
  ChainCache cache(kBytes, kCacheKey);
  Fill(3, &cache);
  const std::string saved = cache.Save(kSavedChainsMax);
  EXPECT_EQ(saved.find("chain 1"), std::string::npos);
  for (uint64_t n = 0; n < 3; ++n) {
    EXPECT_EQ(saved.find(Bytes(KeyOf(n)).substr(0, 8)), std::string::npos);
  }
}

TEST(SavedChainsTest, OneFileIsWrittenAnewEachTime) {
  const std::string path = testing::TempDir() + "/chains";
  ASSERT_TRUE(PosixDisk()->Remove(path).ok());
  ChainCache cache(kBytes, kCacheKey), next(kBytes, kCacheKey);
  ASSERT_TRUE(LoadChains(PosixDisk(), path, &next).ok());
  EXPECT_EQ(Known(100, &next), 0u);
  Fill(100, &cache);
  ASSERT_TRUE(SaveChains(PosixDisk(), path, cache).ok());
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  // Fewer than before.
  ChainCache few(kBytes, kCacheKey);
  Fill(7, &few);
  ASSERT_TRUE(SaveChains(PosixDisk(), path, few).ok());
  ASSERT_TRUE(LoadChains(PosixDisk(), path, &next).ok());
  EXPECT_EQ(Known(100, &next), 7u);
  // What a crash left.
  const auto file = PosixDisk()->Open(path, false);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(100, "x").ok());
  ChainCache last(kBytes, kCacheKey);
  ASSERT_TRUE(LoadChains(PosixDisk(), path, &last).ok());
  EXPECT_EQ(Known(100, &last), 0u);
}

}  // namespace
}  // namespace vidimus
