#include "verifier/index_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

Hash KeyBeginning(std::initializer_list<uint8_t> bytes) {
  Hash key = {};
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

std::string Hexed(const Hash& hash) { return HexEncode(Bytes(hash)); }

// The definition, word for word: the keys with each next bit, copied apart.
Hash SlowRoot(const std::vector<IndexEntry>& entries, size_t depth = 0) {
  if (entries.empty()) return {};
  if (entries.size() == 1) {
    std::string bytes = "\x06" + std::string(Bytes(entries[0].key));
    AppendBe64(entries[0].index, &bytes);
    return Sha256(bytes);
  }
  std::vector<IndexEntry> children[2];
  for (const IndexEntry& entry : entries) {
    children[entry.key[depth / 8] >> (7 - depth % 8) & 1].push_back(entry);
  }
  return Sha256({"\x07", Bytes(SlowRoot(children[0], depth + 1)),
                 Bytes(SlowRoot(children[1], depth + 1))});
}

// Keys of which many share long beginnings; sorted, each once.
std::vector<IndexEntry> SkewedEntries(size_t count, std::mt19937_64* random) {
  std::vector<IndexEntry> entries;
  for (size_t i = 0; i < count; ++i) {
    IndexEntry entry;
    entry.key = Sha256(std::to_string((*random)()));
    if (!entries.empty() && (*random)() % 3 == 0) {
      // As another key, but for one bit.
      entry.key = entries[(*random)() % entries.size()].key;
      const size_t bit = (*random)() % 256;
      entry.key[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
    }
    entry.index = (*random)();
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  entries.erase(
      std::unique(entries.begin(), entries.end(),
                  [](const auto& a, const auto& b) { return a.key == b.key; }),
      entries.end());
  return entries;
}

Hash Streamed(const std::vector<IndexEntry>& entries) {
  RunRootBuilder builder;
  for (const IndexEntry& entry : entries) {
    EXPECT_EQ(builder.Add(entry), Finding::kOk);
  }
  return builder.Root();
}

TEST(IndexBuilderTest, TheRootsAreThoseOfTheFormatsPage) {
  const std::vector<IndexEntry> entries = {{KeyBeginning({0}), 1},
                                           {KeyBeginning({0x80}), 2},
                                           {KeyBeginning({0xc0}), 3}};
  const char* const kRoots[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "fd1c865e8f0ee86a043a8f0aa7d6d8f0208cd5fafbb82a54abe773353b83aae4",
      "1586638b48b76bdc2f268d6fe4b711230782c2a16878e5c7d8aa6c6c3e8327ca",
      "9f0b50071c79c4526725edec4ad1415919e9da0359de3b08f5c27cbf5789243a"};
  RunRootBuilder builder;
  for (size_t count = 0; count <= entries.size(); ++count) {
    EXPECT_EQ(Hexed(builder.Root()), kRoots[count]);
    EXPECT_EQ(Hexed(RunRoot({entries.begin(), entries.begin() + count})),
              kRoots[count]);
    if (count < entries.size()) {
      EXPECT_EQ(builder.Add(entries[count]), Finding::kOk);
    }
  }
  EXPECT_EQ(Hexed(MemoryIndex(1, {{KeyBeginning({0}), 0}}).Root()),
            "bf2aa4210145ad2dc35f7edaa8896721af5709fcbdbc9f303e8bf9202df0430d");
}

TEST(IndexBuilderTest, EqualsTheRecursiveTrie) {
  std::mt19937_64 random(5);
  for (size_t count : {0, 1, 2, 3, 4, 5, 8, 17, 100, 255, 256, 257, 1000}) {
    for (int round = 0; round < 20; ++round) {
      const std::vector<IndexEntry> entries = SkewedEntries(count, &random);
      const Hash root = SlowRoot(entries);
      ASSERT_EQ(Streamed(entries), root) << count;
      ASSERT_EQ(RunRoot(entries), root) << count;
      if (count >= 255) break;
    }
  }
}

TEST(IndexBuilderTest, KeysThatShare255BitsAreToldApart) {
  std::vector<IndexEntry> entries(2);
  entries[0].key.fill(0xff);
  entries[0].key.back() = 0xfe;
  entries[1].key.fill(0xff);
  entries[1].index = 1;
  EXPECT_EQ(Streamed(entries), SlowRoot(entries));
  entries[0].key.fill(0);
  entries[1].key.fill(0);
  entries[1].key.back() = 1;
  EXPECT_EQ(Streamed(entries), SlowRoot(entries));
}

TEST(IndexBuilderTest, RejectsAKeyTwiceAndKeysOutOfOrder) {
  RunRootBuilder builder;
  EXPECT_FALSE(builder.last().has_value());
  EXPECT_EQ(builder.Add({KeyBeginning({2}), 7}), Finding::kOk);
  const Hash root = builder.Root();
  EXPECT_EQ(builder.Add({KeyBeginning({2}), 8}), Finding::kIndexKeyTwice);
  EXPECT_EQ(builder.Add({KeyBeginning({1}), 8}),
            Finding::kIndexKeysNotAscending);
  // The evidence is kept, and the builder is as before.
  EXPECT_EQ(builder.last()->index, 7u);
  EXPECT_EQ(builder.Root(), root);
}

TEST(IndexBuilderTest, ALogOfALoneSealHasAnEmptyRun) {
  const MemoryIndex index(1, {});
  EXPECT_EQ(index.run_roots(), std::vector<Hash>(1));
  EXPECT_EQ(index.Root(), IndexRoot(1, std::vector<Hash>(1)));
  const MemoryIndex nothing(0, {});
  EXPECT_TRUE(nothing.run_roots().empty());
}

TEST(IndexBuilderTest, AnIndexIsOfTheLeavesBeforeItsSize) {
  const std::vector<IndexEntry> entries = {{KeyBeginning({1}), 4095},
                                           {KeyBeginning({2}), 4096},
                                           {KeyBeginning({3}), 4097}};
  const MemoryIndex index(4097, entries);
  EXPECT_EQ(index.run_roots(), (std::vector<Hash>{TrieLeafHash(entries[0]),
                                                  TrieLeafHash(entries[1])}));
  EXPECT_TRUE(index.ProvePresence(entries[1].key).has_value());
  EXPECT_FALSE(index.ProveAbsence(entries[1].key).has_value());
  EXPECT_FALSE(index.ProvePresence(entries[2].key).has_value());
  EXPECT_TRUE(index.ProveAbsence(entries[2].key).has_value());
}

}  // namespace
}  // namespace vidimus
