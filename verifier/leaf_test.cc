#include "verifier/leaf.h"

#include <gtest/gtest.h>

#include <string>

namespace vidimus {
namespace {

Hash Filled(uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

TEST(LeafTest, EachKindIs65BytesAndParsesBack) {
  const std::string entries[] = {
      FormatSubjectLeaf(Filled(1), Filled(2)),
      FormatRegisterLeaf(Filled(3), Filled(4)),
      FormatSealLeaf({Filled(5), 0x0102030405060708, 1767225600})};
  const LeafKind kinds[] = {LeafKind::kSubject, LeafKind::kRegister,
                            LeafKind::kSeal};
  for (int i = 0; i < 3; ++i) {
    Leaf leaf;
    EXPECT_EQ(entries[i].size(), kLeafBytes);
    ASSERT_EQ(ParseLeaf(entries[i], &leaf), Finding::kOk);
    EXPECT_EQ(leaf.kind, kinds[i]);
    EXPECT_EQ(FormatLeaf(leaf), entries[i]);
  }
}

TEST(LeafTest, ASealHoldsItsNumbers) {
  Leaf leaf;
  ASSERT_EQ(ParseLeaf(FormatSealLeaf({Filled(5), ~uint64_t{0}, 7}), &leaf),
            Finding::kOk);
  const Seal seal = SealOf(leaf);
  EXPECT_EQ(seal.index_root, Filled(5));
  EXPECT_EQ(seal.covered, ~uint64_t{0});
  EXPECT_EQ(seal.time_s, 7u);
}

TEST(LeafTest, RejectsAnyOtherLength) {
  const std::string entry = FormatSubjectLeaf(Filled(1), Filled(2));
  Leaf leaf;
  for (size_t size = 0; size < kLeafBytes; ++size) {
    EXPECT_EQ(ParseLeaf(entry.substr(0, size), &leaf), Finding::kLeafSize);
  }
  EXPECT_EQ(ParseLeaf(entry + '\0', &leaf), Finding::kLeafSize);
}

TEST(LeafTest, RejectsReservedKinds) {
  std::string entry = FormatSubjectLeaf(Filled(1), Filled(2));
  Leaf leaf;
  for (int kind = 0; kind < 256; ++kind) {
    entry[0] = static_cast<char>(kind);
    const bool known = kind == 1 || kind == 3;
    if (kind == 2) continue;  // its spare bytes are not zero here
    EXPECT_EQ(ParseLeaf(entry, &leaf),
              known ? Finding::kOk : Finding::kLeafKindUnknown);
  }
}

TEST(LeafTest, RejectsASealWithASpareByteSet) {
  Leaf leaf;
  for (size_t place = 49; place < kLeafBytes; ++place) {
    std::string entry = FormatSealLeaf({Filled(5), 1, 2});
    entry[place] = 1;
    EXPECT_EQ(ParseLeaf(entry, &leaf), Finding::kSealSpareBytes) << place;
  }
}

}  // namespace
}  // namespace vidimus
