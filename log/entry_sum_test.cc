#include "log/entry_sum.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "verifier/crypto.h"

namespace vidimus {
namespace {

std::vector<IndexEntry> Entries(size_t count) {
  std::vector<IndexEntry> entries;
  for (uint64_t n = 0; n < count; ++n) {
    entries.push_back({Sha256("key " + std::to_string(n)), 7 * n});
  }
  return entries;
}

TEST(EntrySumTest, KnowsALostADoubledAndAChangedEntryAndNoOrder) {
  const std::vector<IndexEntry> entries = Entries(20);
  const auto sum_of = [](const std::vector<IndexEntry>& some) {
    EntrySum sum;
    for (const IndexEntry& entry : some) sum.Add(entry);
    return sum;
  };
  const EntrySum sum = sum_of(entries);
  EXPECT_TRUE(sum == sum_of({entries.rbegin(), entries.rend()}));
  EXPECT_TRUE(sum == EntrySum::FromBytes(sum.ToBytes()));
  auto changed = entries;
  changed.pop_back();
  EXPECT_TRUE(sum != sum_of(changed));
  changed.push_back(entries[0]);
  EXPECT_TRUE(sum != sum_of(changed));
  changed = entries;
  std::swap(changed[0].index, changed[1].index);
  EXPECT_TRUE(sum != sum_of(changed));
  for (int bit = 0; bit < 256; ++bit) {
    changed = entries;
    changed[3].key[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_TRUE(sum != sum_of(changed));
  }
}

}  // namespace
}  // namespace vidimus
