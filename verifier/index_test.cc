#include "verifier/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/index_builder.h"
#include "verifier/runs.h"

namespace vidimus {
namespace {

// Each leaf but every 16th has a key. Some keys differ in their last bits only.
Hash KeyOf(uint64_t index) {
  if (index / 8 % 32 != 0) return Sha256("key " + std::to_string(index));
  Hash key = Sha256("keys from " + std::to_string(index / 8 * 8));
  key.back() = static_cast<uint8_t>(key.back() ^ index % 8);
  return key;
}

std::vector<IndexEntry> EntriesUpTo(uint64_t size) {
  std::vector<IndexEntry> entries;
  for (uint64_t index = 0; index < size; ++index) {
    if (index % 16 != 15) entries.push_back({KeyOf(index), index});
  }
  return entries;
}

Hash AbsentKey(uint64_t n) { return Sha256("absent " + std::to_string(n)); }

const MemoryIndex& IndexAt(uint64_t size) {
  static std::map<uint64_t, MemoryIndex>* const made =
      new std::map<uint64_t, MemoryIndex>;
  const auto found = made->find(size);
  if (found != made->end()) return found->second;
  return made->emplace(size, MemoryIndex(size, EntriesUpTo(size)))
      .first->second;
}

constexpr uint64_t kSizes[] = {1, 2, 3, 16, 255, 256, 257, 4097, 12300};

// Bytes first, as a proof comes from outside.
Finding JudgePresence(const MemoryIndex& index, const Hash& key,
                      std::string_view bytes, uint64_t* leaf) {
  PresenceProof proof;
  RETURN_IF_FOUND(ParsePresence(bytes, index.size(), &proof));
  EXPECT_EQ(FormatPresence(proof), bytes);
  return VerifyPresence(key, index.Root(), index.size(), proof, leaf);
}

Finding JudgeAbsence(const MemoryIndex& index, const Hash& key,
                     std::string_view bytes) {
  AbsenceProof proof;
  RETURN_IF_FOUND(ParseAbsence(bytes, index.size(), &proof));
  EXPECT_EQ(FormatAbsence(proof), bytes);
  return VerifyAbsence(key, index.Root(), index.size(), proof);
}

TEST(IndexTest, WhatIsThereIsPresentAndWhatIsNotIsAbsent) {
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    for (uint64_t i : {uint64_t{0}, size / 2, size - 1}) {
      const bool there = i % 16 != 15;
      const auto presence = index.ProvePresence(KeyOf(i));
      const auto absence = index.ProveAbsence(KeyOf(i));
      ASSERT_EQ(presence.has_value(), there) << size;
      ASSERT_EQ(absence.has_value(), !there) << size;
      if (there) {
        uint64_t leaf = size;
        EXPECT_EQ(
            JudgePresence(index, KeyOf(i), FormatPresence(*presence), &leaf),
            Finding::kOk);
        EXPECT_EQ(leaf, i);
      }
    }
    const auto absence = index.ProveAbsence(AbsentKey(size));
    ASSERT_TRUE(absence.has_value());
    EXPECT_EQ(JudgeAbsence(index, AbsentKey(size), FormatAbsence(*absence)),
              Finding::kOk);
  }
}

TEST(IndexTest, NothingIsInTheIndexOfAnEmptyLog) {
  const MemoryIndex index(0, {});
  EXPECT_EQ(JudgeAbsence(index, AbsentKey(0), ""), Finding::kOk);
}

// docs/index_format.md.
TEST(IndexTest, TheProofsAreThoseOfTheFormatsPage) {
  const auto key_of = [](uint8_t first) { return Hash{first}; };
  const auto hex = [](uint8_t first, const char* index) {
    return HexEncode(Bytes(Hash{first})) + index;
  };
  const MemoryIndex index(
      4, {{key_of(0), 1}, {key_of(0x80), 2}, {key_of(0xc0), 3}});
  const std::string low =
      "fd1c865e8f0ee86a043a8f0aa7d6d8f0208cd5fafbb82a54abe773353b83aae4";
  const std::string high =
      "757fbf46fb7e415c04246eb90085c4db445c02e38171db1cf78eb69e6694da51";
  const std::string node =
      "6dce16af15944ef39d11d38ad3de52a18758c50fb4366362aea338ce1be33f08";
  const std::string root =
      "9f0b50071c79c4526725edec4ad1415919e9da0359de3b08f5c27cbf5789243a";
  EXPECT_EQ(HexEncode(Bytes(index.Root())),
            "0d972418bb337740c05e2a05fb3f34e8462bdddb11b2359074419a7c366799e3");
  EXPECT_EQ(
      HexEncode(FormatPresence(*index.ProvePresence(key_of(0x80)))),
      root + "000200" + low + high + "01" + hex(0x80, "0000000000000002"));
  EXPECT_EQ(HexEncode(FormatAbsence(*index.ProveAbsence(key_of(0x40)))),
            root + "000100" + node + "01" + hex(0, "0000000000000001"));
  EXPECT_EQ(HexEncode(index.ProveSeveral({key_of(0x40), key_of(0x80)})),
            "0201" + hex(0, "0000000000000001") + "0201" +
                hex(0x80, "0000000000000002") + "03" + high);
}

std::vector<Hash> SomeKeys(uint64_t size, size_t count,
                           std::mt19937_64* random) {
  std::vector<Hash> keys;
  for (size_t k = 0; k < count; ++k) {
    keys.push_back((*random)() % 2 == 0 ? AbsentKey((*random)() % 1000)
                                        : KeyOf((*random)() % size));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

TEST(IndexTest, OneProofAnswersForSeveralKeys) {
  std::mt19937_64 random(3);
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    for (size_t count : {1, 2, 5, 30}) {
      const std::vector<Hash> keys = SomeKeys(size, count, &random);
      const std::string proof = index.ProveSeveral(keys);
      std::vector<IndexAnswer> answers;
      ASSERT_EQ(VerifySeveral(keys, index.Root(), size, proof, &answers),
                Finding::kOk)
          << size;
      for (size_t k = 0; k < keys.size(); ++k) {
        EXPECT_EQ(answers[k].has_value(),
                  index.ProvePresence(keys[k]).has_value());
        if (answers[k]) {
          EXPECT_EQ(KeyOf(*answers[k]), keys[k]);
        }
      }
    }
  }
}

TEST(IndexTest, AProofForOneOfSeveralGivesItsWayInEachRun) {
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    for (const Hash& key : {KeyOf(0), KeyOf(size / 2), KeyOf(size - 1),
                            AbsentKey(size), Hash{0}, Hash{0xff}}) {
      const std::string several = index.ProveSeveral({key});
      AbsenceProof proof;
      ASSERT_EQ(PathsFromSeveral(key, size, several, &proof), Finding::kOk);
      EXPECT_EQ(proof.run_roots, index.run_roots());
      if (const auto absence = index.ProveAbsence(key)) {
        EXPECT_EQ(FormatAbsence(proof), FormatAbsence(*absence)) << size;
        EXPECT_EQ(VerifyAbsence(key, index.Root(), size, proof), Finding::kOk);
      } else {
        EXPECT_EQ(VerifyAbsence(key, index.Root(), size, proof),
                  Finding::kIndexKeyPresent);
      }
      for (size_t cut = 0; cut < several.size(); ++cut) {
        EXPECT_EQ(PathsFromSeveral(key, size, several.substr(0, cut), &proof),
                  Finding::kIndexProofMalformed);
      }
      EXPECT_EQ(PathsFromSeveral(key, size, several + '\0', &proof),
                Finding::kIndexProofMalformed);
    }
  }
}

TEST(IndexTest, OneProofForSeveralKeysIsSmallerThanOneForEach) {
  std::mt19937_64 random(4);
  const MemoryIndex& index = IndexAt(12300);
  std::vector<Hash> keys;
  size_t apart = 0;
  for (int n = 0; n < 30; ++n) {
    keys.push_back(AbsentKey(n));
    apart += FormatAbsence(*index.ProveAbsence(keys.back())).size();
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_LT(index.ProveSeveral(keys).size(), apart * 3 / 4);
}

// --- any change is refused ---

// Calls `judge` with `bytes` changed in each way a stranger might think of.
void ExpectEachChangeRefused(
    const std::string& bytes, std::mt19937_64* random,
    const std::function<Finding(const std::string&)>& judge) {
  for (size_t place = 0; place < bytes.size(); ++place) {
    std::string flipped = bytes;
    flipped[place] = static_cast<char>(flipped[place] ^ 1 << (*random)() % 8);
    ASSERT_NE(judge(flipped), Finding::kOk) << "byte " << place;
  }
  for (int round = 0; round < 40; ++round) {
    const size_t place = (*random)() % (bytes.size() + 1);
    const size_t length = 1 + (*random)() % 40;
    std::string cut = bytes;
    cut.erase(std::min(place, bytes.size() - 1), length);
    ASSERT_NE(judge(cut), Finding::kOk) << place << " " << length;
    std::string longer = bytes;
    longer.insert(place,
                  std::string(length, static_cast<char>((*random)() % 4)));
    ASSERT_NE(judge(longer), Finding::kOk) << place << " " << length;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(judge(bytes.substr(0, size)), Finding::kOk) << size;
  }
}

TEST(IndexPropertyTest, AnyChangeOfAPresenceProofIsRefused) {
  std::mt19937_64 random(21);
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    const uint64_t asked = random() % size / 16 * 16;
    const Hash key = KeyOf(asked);
    const PresenceProof proof = *index.ProvePresence(key);
    const std::string bytes = FormatPresence(proof);
    uint64_t leaf = 0;
    ExpectEachChangeRefused(bytes, &random, [&](const std::string& changed) {
      return JudgePresence(index, key, changed, &leaf);
    });
    // The question changed instead of the proof.
    Hash other = key;
    other[random() % kHashBytes] ^= 1;
    EXPECT_EQ(JudgePresence(index, other, bytes, &leaf),
              Finding::kIndexKeyAbsent);
    Hash root = index.Root();
    root[random() % kHashBytes] ^= 1;
    EXPECT_EQ(VerifyPresence(key, root, size, proof, &leaf),
              Finding::kIndexRootMismatch);
    EXPECT_NE(VerifyPresence(key, index.Root(), size + 1, proof, &leaf),
              Finding::kOk);
    EXPECT_NE(VerifyPresence(key, index.Root(), size - 1, proof, &leaf),
              Finding::kOk);
  }
}

TEST(IndexPropertyTest, AnyChangeOfAnAbsenceProofIsRefused) {
  std::mt19937_64 random(22);
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    const Hash key = AbsentKey(random());
    const AbsenceProof proof = *index.ProveAbsence(key);
    const std::string bytes = FormatAbsence(proof);
    ExpectEachChangeRefused(bytes, &random, [&](const std::string& changed) {
      return JudgeAbsence(index, key, changed);
    });
    Hash root = index.Root();
    root[random() % kHashBytes] ^= 1;
    EXPECT_EQ(VerifyAbsence(key, root, size, proof),
              Finding::kIndexRootMismatch);
    EXPECT_NE(VerifyAbsence(key, index.Root(), size + 1, proof), Finding::kOk);
    EXPECT_NE(VerifyAbsence(key, index.Root(), size - 1, proof), Finding::kOk);
    // No key that is there is absent by a proof made for another.
    for (int round = 0; round < 50; ++round) {
      EXPECT_NE(VerifyAbsence(KeyOf(random() % size / 16 * 16), index.Root(),
                              size, proof),
                Finding::kOk);
    }
  }
}

TEST(IndexPropertyTest, AnyChangeOfAProofForSeveralKeysIsRefused) {
  std::mt19937_64 random(23);
  for (uint64_t size : kSizes) {
    const MemoryIndex& index = IndexAt(size);
    const std::vector<Hash> keys = SomeKeys(size, 4, &random);
    const std::string bytes = index.ProveSeveral(keys);
    std::vector<IndexAnswer> answers;
    ExpectEachChangeRefused(bytes, &random, [&](const std::string& changed) {
      return VerifySeveral(keys, index.Root(), size, changed, &answers);
    });
    // Answers cannot be had for other keys than were asked.
    for (size_t k = 0; k < keys.size(); ++k) {
      std::vector<Hash> fewer = keys;
      fewer.erase(fewer.begin() + k);
      ASSERT_EQ(VerifySeveral(keys, index.Root(), size, bytes, &answers),
                Finding::kOk);
      const std::vector<IndexAnswer> before = answers;
      if (!fewer.empty() && VerifySeveral(fewer, index.Root(), size, bytes,
                                          &answers) == Finding::kOk) {
        // The way of one key may be that of another; then nothing changes.
        for (size_t j = 0; j < fewer.size(); ++j) {
          EXPECT_EQ(answers[j], before[j < k ? j : j + 1]);
        }
      }
    }
    EXPECT_NE(VerifySeveral(keys, index.Root(), size + 1, bytes, &answers),
              Finding::kOk);
  }
}

// --- one test for each finding ---

class IndexFindingTest : public testing::Test {
 protected:
  // Two runs: [0, 4096) and [4096, 4110).
  IndexFindingTest()
      : index_(IndexAt(4110)),
        present_(KeyOf(4097)),
        absent_(AbsentKey(1)),
        presence_(*index_.ProvePresence(present_)),
        absence_(*index_.ProveAbsence(absent_)) {}

  Finding Present() {
    uint64_t leaf = 0;
    return VerifyPresence(present_, index_.Root(), index_.size(), presence_,
                          &leaf);
  }
  Finding Absent() {
    return VerifyAbsence(absent_, index_.Root(), index_.size(), absence_);
  }
  // An index of this size in which the path is that of the partial run.
  Hash RootWith(const Hash& key, const TriePath& path) {
    std::vector<Hash> roots = index_.run_roots();
    EXPECT_EQ(RootFromTriePath(key, path, &roots[1]), Finding::kOk);
    return IndexRoot(index_.size(), roots);
  }

  const MemoryIndex& index_;
  const Hash present_;
  const Hash absent_;
  PresenceProof presence_;
  AbsenceProof absence_;
};

TEST_F(IndexFindingTest, RejectsOtherRunsThanTheSizeHas) {
  absence_.paths.pop_back();
  EXPECT_EQ(Absent(), Finding::kIndexRunCount);
  absence_.run_roots.pop_back();
  EXPECT_EQ(Absent(), Finding::kIndexRunCount);
  presence_.run_roots.push_back({});
  EXPECT_EQ(Present(), Finding::kIndexRunCount);
}

TEST_F(IndexFindingTest, RejectsRunRootsThatGiveAnotherIndexRoot) {
  absence_.run_roots[0][0] ^= 1;
  EXPECT_EQ(Absent(), Finding::kIndexRootMismatch);
  std::swap(presence_.run_roots[0], presence_.run_roots[1]);
  EXPECT_EQ(Present(), Finding::kIndexRootMismatch);
}

TEST_F(IndexFindingTest, RejectsAPathToAnotherRoot) {
  std::swap(absence_.paths[0], absence_.paths[1]);
  EXPECT_EQ(Absent(), Finding::kRunRootMismatch);
  presence_.path.siblings[0][0] ^= 1;
  EXPECT_EQ(Present(), Finding::kRunRootMismatch);
}

TEST_F(IndexFindingTest, RejectsAbsenceOfAKeyThatIsThere) {
  absence_.paths.clear();
  absence_.paths.push_back(index_.ProveAbsence(absent_)->paths[0]);
  absence_.paths.push_back(presence_.path);
  EXPECT_NE(VerifyAbsence(present_, index_.Root(), index_.size(), absence_),
            Finding::kOk);
  // With the key's own path in each run.
  absence_.paths[0] = MakeTriePath(
      [] {
        std::vector<IndexEntry> run = EntriesUpTo(4096);
        std::sort(run.begin(), run.end(),
                  [](const auto& a, const auto& b) { return a.key < b.key; });
        return run;
      }(),
      present_);
  EXPECT_EQ(VerifyAbsence(present_, index_.Root(), index_.size(), absence_),
            Finding::kIndexKeyPresent);
}

TEST_F(IndexFindingTest, RejectsPresenceOfAKeyThatIsNot) {
  presence_.path.end->key[31] ^= 1;
  EXPECT_EQ(Present(), Finding::kIndexKeyAbsent);
  presence_.path.end.reset();
  EXPECT_EQ(Present(), Finding::kIndexKeyAbsent);
}

TEST_F(IndexFindingTest, RejectsAnEndThatIsNotOnTheWay) {
  // The log made its trie so that another key stands on this one's way.
  TriePath& path = absence_.paths[1];
  path.siblings.assign(1, TrieLeafHash({present_, 4097}));
  path.end = IndexEntry{absent_, 4100};
  path.end->key[0] ^= 0x80;
  EXPECT_EQ(Absent(), Finding::kRunRootMismatch);
  const Hash root = RootWith(absent_, path);
  ASSERT_EQ(RootFromTriePath(absent_, path, &absence_.run_roots[1]),
            Finding::kOk);
  EXPECT_EQ(VerifyAbsence(absent_, root, index_.size(), absence_),
            Finding::kIndexEndOffPath);
}

TEST_F(IndexFindingTest, RejectsAKeyWhoseLeafIsNotInItsRun) {
  for (uint64_t leaf : {uint64_t{4095}, uint64_t{4110}}) {
    absence_.paths[1] = {{}, IndexEntry{present_, leaf}};
    const Hash root = RootWith(absent_, absence_.paths[1]);
    absence_.run_roots[1] = TrieLeafHash({present_, leaf});
    EXPECT_EQ(VerifyAbsence(absent_, root, index_.size(), absence_),
              Finding::kIndexOutsideRun);
  }
  presence_.path.end->index = index_.size();
  EXPECT_EQ(Present(), Finding::kIndexOutsideRun);
}

TEST_F(IndexFindingTest, RejectsWhatHasNotTheShapeOfAPath) {
  Hash root;
  TriePath path = presence_.path;
  path.siblings.push_back({});
  EXPECT_EQ(RootFromTriePath(present_, path, &root),
            Finding::kIndexProofMalformed);
  path.siblings.assign(kTrieDepthMax + 1, present_);
  EXPECT_EQ(RootFromTriePath(present_, path, &root),
            Finding::kIndexProofMalformed);
  path.siblings.pop_back();
  EXPECT_EQ(RootFromTriePath(present_, path, &root), Finding::kOk);
  path.end.reset();
  EXPECT_EQ(RootFromTriePath(present_, path, &root),
            Finding::kIndexProofMalformed);
}

TEST_F(IndexFindingTest, RejectsBytesThatAreNoProof) {
  // A log of one leaf: one root, then one path.
  const std::string root(kHashBytes, 'r');
  const std::string hash(kHashBytes, 's');
  const auto parse = [&root](const std::string& path) {
    PresenceProof presence;
    AbsenceProof absence;
    const Finding finding = ParsePresence(root + path, 1, &presence);
    EXPECT_EQ(ParseAbsence(root + path, 1, &absence), finding);
    if (finding == Finding::kOk) {
      EXPECT_EQ(FormatPresence(presence), root + path);
      EXPECT_EQ(FormatAbsence(absence), root + path);
    }
    return finding;
  };
  const auto bytes = [](std::initializer_list<int> list) {
    return std::string(list.begin(), list.end());
  };
  const std::string key = bytes({1}) + hash + std::string(8, '\0');
  EXPECT_EQ(parse(bytes({0, 0, 0})), Finding::kOk);
  EXPECT_EQ(parse(bytes({0, 0}) + key), Finding::kOk);
  EXPECT_EQ(parse(bytes({0, 1, 0}) + hash + key), Finding::kOk);
  EXPECT_EQ(parse(bytes({0, 2, 0x80}) + hash + bytes({0})), Finding::kOk);
  const std::string refused[] = {
      "",                                              // no path
      bytes({0, 0}),                                   // no end
      bytes({0, 0, 2}),                                // an unknown end
      bytes({0, 0, 0, 0}),                             // a byte too many
      bytes({0, 0}) + key.substr(0, 40),               // a short end
      bytes({0, 1, 0x80, 0}),                          // last sibling zero
      bytes({0, 1, 0x40}) + hash + key,                // a spare bit
      bytes({0, 1, 0}) + hash.substr(1),               // a short sibling
      bytes({0, 1, 0}) + std::string(32, '\0') + key,  // zeros spelled out
      bytes({1, 1}) + std::string(33, '\xff') + key,   // 257 siblings
      bytes({1, 0}) + std::string(31, '\xff') + bytes({'\xfe'}) + hash +
          bytes({0}),  // empty at full depth
  };
  for (const std::string& path : refused) {
    EXPECT_EQ(parse(path), Finding::kIndexProofMalformed) << HexEncode(path);
  }
  PresenceProof presence;
  EXPECT_EQ(ParsePresence(root.substr(1), 1, &presence),
            Finding::kIndexProofMalformed);
}

class IndexSeveralTest : public testing::Test {
 protected:
  static std::string Place(const IndexEntry& entry) {
    std::string bytes = "\1" + std::string(Bytes(entry.key));
    AppendBe64(entry.index, &bytes);
    return bytes;
  }
  // Judges `bytes` as the proof for `keys` in a log of two leaves whose only
  // run has the root `root`.
  Finding Judge(const std::vector<Hash>& keys, const Hash& root,
                const std::string& bytes) {
    return VerifySeveral(keys, IndexRoot(2, {&root, 1}), 2, bytes, &answers_);
  }

  const IndexEntry low_ = {Hash{0x00}, 0};
  const IndexEntry high_ = {Hash{0x80}, 1};
  const Hash node_ = TrieNodeHash(TrieLeafHash(low_), TrieLeafHash(high_));
  const std::string nothing_ = std::string(1, '\0');
  std::vector<IndexAnswer> answers_;
};

TEST_F(IndexSeveralTest, ReadsEachSortOfPlace) {
  EXPECT_EQ(Judge({Hash{0x40}}, {}, nothing_), Finding::kOk);
  EXPECT_EQ(answers_, (std::vector<IndexAnswer>{std::nullopt}));
  EXPECT_EQ(
      Judge({low_.key, high_.key}, node_, "\2" + Place(low_) + Place(high_)),
      Finding::kOk);
  EXPECT_EQ(answers_, (std::vector<IndexAnswer>{0, 1}));
  const std::string elsewhere = "\3" + std::string(Bytes(TrieLeafHash(high_)));
  EXPECT_EQ(Judge({low_.key}, node_, "\2" + Place(low_) + elsewhere),
            Finding::kOk);
  EXPECT_EQ(answers_, (std::vector<IndexAnswer>{0}));
}

TEST_F(IndexSeveralTest, RejectsKeysOutOfOrderOrNone) {
  EXPECT_EQ(Judge({}, {}, nothing_), Finding::kIndexKeysNotAscending);
  EXPECT_EQ(Judge({high_.key, low_.key}, {}, nothing_),
            Finding::kIndexKeysNotAscending);
  EXPECT_EQ(Judge({low_.key, low_.key}, {}, nothing_),
            Finding::kIndexKeysNotAscending);
}

TEST_F(IndexSeveralTest, RejectsPlacesThatShouldBeSpelledOtherwise) {
  const std::string low = Place(low_);
  const std::string high = Place(high_);
  const std::string elsewhere = "\3" + std::string(Bytes(TrieLeafHash(high_)));
  const std::string zeros = "\3" + std::string(kHashBytes, '\0');
  const struct {
    std::vector<Hash> keys;
    std::string bytes;
  } kRefused[] = {
      {{low_.key}, ""},                                 // nothing at all
      {{low_.key}, "\4"},                               // an unknown sort
      {{low_.key}, "\2" + low},                         // half a node
      {{low_.key}, "\2" + low + elsewhere + "\1"},      // a byte too many
      {{low_.key}, "\2" + low + high},                  // not asked for
      {{low_.key}, "\2" + low + "\2"},                  // not asked for
      {{low_.key}, elsewhere},                          // asked for
      {{low_.key, high_.key}, "\2" + low + elsewhere},  // asked for
      {{low_.key}, "\2" + low + zeros},                 // zeros spelled out
      {{low_.key}, "\2" + low + nothing_},              // a node of one key
      {{high_.key}, "\2" + nothing_ + high},            // a node of one key
      {{low_.key}, "\2" + nothing_ + nothing_},         // a node of none
      {{low_.key}, low.substr(0, 40)},                  // a short key
      {{low_.key}, "\2" + low + elsewhere.substr(0, 32)},
  };
  for (const auto& test : kRefused) {
    EXPECT_EQ(Judge(test.keys, node_, test.bytes),
              Finding::kIndexProofMalformed)
        << HexEncode(test.bytes);
  }
  // 257 nodes deep.
  std::string deep;
  for (size_t depth = 0; depth < kTrieDepthMax; ++depth) deep += "\2";
  EXPECT_EQ(Judge({low_.key}, node_, deep + "\2"),
            Finding::kIndexProofMalformed);
}

TEST_F(IndexSeveralTest, RejectsKeysWhereTheyDoNotBelong) {
  EXPECT_EQ(
      Judge({low_.key, high_.key}, node_, "\2" + Place(high_) + Place(low_)),
      Finding::kIndexEndOffPath);
  EXPECT_EQ(
      Judge({low_.key}, TrieLeafHash({low_.key, 2}), Place({low_.key, 2})),
      Finding::kIndexOutsideRun);
  EXPECT_EQ(Judge({low_.key}, node_, Place(low_)), Finding::kIndexRootMismatch);
}

TEST_F(IndexSeveralTest, RejectsAKeyInTwoRuns) {
  const IndexEntry first = {low_.key, 1};
  const IndexEntry second = {low_.key, 4096};
  const std::vector<Hash> roots = {TrieLeafHash(first), TrieLeafHash(second)};
  EXPECT_EQ(VerifySeveral({low_.key}, IndexRoot(4097, roots), 4097,
                          Place(first) + Place(second), &answers_),
            Finding::kIndexKeyTwice);
}

}  // namespace
}  // namespace vidimus
