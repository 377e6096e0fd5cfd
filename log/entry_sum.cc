#include "log/entry_sum.h"

#include <cstring>

#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

uint64_t WordOf(const Hash& key, size_t word) {
  uint64_t value;
  std::memcpy(&value, key.data() + 8 * word, 8);
  return __builtin_bswap64(value);
}

}  // namespace

void EntrySum::Add(const IndexEntry& entry) {
  // The finalizer of SplitMix64, over each word of the key with the index.
  uint64_t salt = entry.index;
  for (size_t word = 0; word < 4; ++word) {
    salt += 0x9e3779b97f4a7c15u;
    uint64_t mixed = WordOf(entry.key, word) ^ salt * 0xd1342543de82ef95u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    words_[word] += mixed ^ mixed >> 31;
  }
}

void EntrySum::Add(const EntrySum& other) {
  for (size_t word = 0; word < 4; ++word) words_[word] += other.words_[word];
}

std::string EntrySum::ToBytes() const {
  std::string bytes;
  for (const uint64_t word : words_) AppendBe64(word, &bytes);
  return bytes;
}

EntrySum EntrySum::FromBytes(std::string_view bytes) {
  CHECK_EQ(bytes.size(), 32u);
  EntrySum sum;
  for (size_t word = 0; word < 4; ++word) {
    sum.words_[word] = Be64(bytes.substr(8 * word, 8));
  }
  return sum;
}

}  // namespace vidimus
