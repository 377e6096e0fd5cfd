#include "verifier/index_trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "verifier/crypto.h"
#include "verifier/index_builder.h"

namespace vidimus {
namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 15, 16, 17, 100, 1000, 5000};

// Some keys differ in their last bits only, some share half of their bits.
Hash KeyOf(uint64_t n) {
  if (n % 10 < 8) return Sha256("key " + std::to_string(n));
  Hash key = Sha256("key " + std::to_string(n / 100));
  if (n % 10 == 8) {
    key[31] = static_cast<uint8_t>(n);
    key[30] = static_cast<uint8_t>(n >> 8);
  } else {
    const Hash low = Sha256("low " + std::to_string(n));
    std::copy(low.begin() + 16, low.end(), key.begin() + 16);
  }
  return key;
}

std::vector<IndexEntry> Entries(size_t count) {
  std::vector<IndexEntry> entries;
  for (uint64_t n = 0; n < count; ++n) entries.push_back({KeyOf(n), 7 * n});
  return entries;
}

std::vector<IndexEntry> Sorted(std::vector<IndexEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return entries;
}

TEST(KeyTrieTest, HasTheRootOfItsKeysHoweverManyWereAddedAtOnce) {
  std::mt19937_64 random(1);
  const std::vector<IndexEntry> entries = Entries(3000);
  KeyTrie trie;
  size_t added = 0;
  while (added < entries.size()) {
    const size_t more =
        std::min<size_t>(1 + random() % 200, entries.size() - added);
    for (size_t i = 0; i < more; ++i) {
      ASSERT_TRUE(trie.Insert(entries[added++]));
    }
    const auto sorted = Sorted({entries.begin(), entries.begin() + added});
    ASSERT_EQ(trie.Root(), RunRoot(sorted)) << added;
    ASSERT_EQ(trie.Sorted(), sorted);
  }
}

TEST(KeyTrieTest, RefusesAKeyThatIsThereAndKeepsItsRoot) {
  KeyTrie trie;
  for (const IndexEntry& entry : Entries(50)) trie.Insert(entry);
  const Hash root = trie.Root();
  EXPECT_FALSE(trie.Insert({KeyOf(13), 999}));
  EXPECT_EQ(trie.Root(), root);
  EXPECT_EQ(trie.Find(KeyOf(13)), 7u * 13);
  EXPECT_EQ(trie.Find(KeyOf(50)), std::nullopt);
}

TEST(KeyTrieTest, GivesTheWaysThatTheVerifierExpects) {
  for (const size_t size : kSizes) {
    KeyTrie trie;
    for (const IndexEntry& entry : Entries(size)) trie.Insert(entry);
    trie.Root();
    const auto sorted = Sorted(Entries(size));
    for (uint64_t n = 0; n < size + 20; n += 1 + size / 50) {
      const TriePath mine = trie.PathOf(KeyOf(n));
      const TriePath path = MakeTriePath(sorted, KeyOf(n));
      ASSERT_EQ(mine.siblings, path.siblings) << size << " " << n;
      ASSERT_EQ(mine.end, path.end);
      TriePath below;
      AppendPathBelow(sorted.data(), sorted.data() + sorted.size(), 0, KeyOf(n),
                      &below);
      ASSERT_EQ(below.siblings, path.siblings);
      ASSERT_EQ(below.end, path.end);
    }
  }
}

TEST(KeyTrieTest, AnEmptyAndALoneKey) {
  KeyTrie trie;
  EXPECT_EQ(trie.Root(), Hash{});
  EXPECT_FALSE(trie.PathOf(KeyOf(1)).end.has_value());
  trie.Insert({KeyOf(1), 5});
  EXPECT_EQ(trie.Root(), TrieLeafHash({KeyOf(1), 5}));
}

TEST(SubtrieHasherTest, HashesManyGroupsAsTheVerifierDoesEach) {
  std::mt19937_64 random(2);
  SubtrieHasher hasher;
  for (const size_t size : kSizes) {
    const auto sorted = Sorted(Entries(size));
    for (const int bits : {0, 1, 4, 9}) {
      std::vector<Hash> expected;
      const IndexEntry* begin = sorted.data();
      const IndexEntry* const last = begin + sorted.size();
      for (uint64_t prefix = 0; prefix < uint64_t{1} << bits; ++prefix) {
        const IndexEntry* end = begin;
        while (end != last && KeyPrefix(end->key, bits) == prefix) ++end;
        hasher.Add(begin, end, static_cast<size_t>(bits));
        // The trie of these keys alone, from the root down to the prefix.
        Hash hash = RunRoot({begin, end});
        if (end - begin >= 2) {
          TriePath path = MakeTriePath({begin, end}, begin->key);
          path.siblings.erase(path.siblings.begin(),
                              path.siblings.begin() + bits);
          hash = TrieLeafHash(*path.end);
          for (size_t place = path.siblings.size(); place-- > 0;) {
            const Hash& sibling = path.siblings[place];
            hash = KeyBit(begin->key, bits + place)
                       ? TrieNodeHash(sibling, hash)
                       : TrieNodeHash(hash, sibling);
          }
        }
        expected.push_back(hash);
        begin = end;
      }
      ASSERT_EQ(hasher.Run(), expected) << size << " " << bits;
    }
  }
}

}  // namespace
}  // namespace vidimus
