#include "verifier/index.h"

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/runs.h"

namespace vidimus {
namespace {

// Domain bytes.
constexpr char kLeafDomain = 6;
constexpr uint8_t kNodeDomain = 7;
constexpr char kRootDomain = 8;

// What stands at a place of a trie. A path ends in one of the first two.
constexpr char kNothing = 0;
constexpr char kOneKey = 1;
constexpr char kNode = 2;
constexpr char kElsewhere = 3;

constexpr size_t kEntryBytes = kHashBytes + 8;
constexpr Hash kEmpty = {};

// Takes bytes off the front of a proof.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool Take(size_t count, std::string_view* bytes) {
    if (rest_.size() < count) return false;
    *bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  bool TakeByte(char* byte) {
    std::string_view bytes;
    if (!Take(1, &bytes)) return false;
    *byte = bytes[0];
    return true;
  }
  bool TakeHash(Hash* hash) {
    std::string_view bytes;
    if (!Take(kHashBytes, &bytes)) return false;
    *hash = *HashFromBytes(bytes);
    return true;
  }
  bool TakeEntry(IndexEntry* entry) {
    std::string_view bytes;
    if (!Take(kEntryBytes, &bytes)) return false;
    entry->key = *HashFromBytes(bytes.substr(0, kHashBytes));
    entry->index = Be64(bytes.substr(kHashBytes));
    return true;
  }
  size_t size() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

// Whether a path may look like this, whatever it leads to.
bool ShapeIsSound(const TriePath& path) {
  if (path.siblings.size() > kTrieDepthMax) return false;
  // A node without a key beside this one would not be there.
  if (!path.siblings.empty() && path.siblings.back() == kEmpty) return false;
  // All 256 bits given, and a sibling: there is a key at the end.
  return path.end.has_value() || path.siblings.size() < kTrieDepthMax;
}

bool TakePath(Reader* reader, TriePath* path) {
  std::string_view bytes;
  if (!reader->Take(2, &bytes)) return false;
  const size_t depth = Be16(bytes);
  std::string_view bitmap;
  if (depth > kTrieDepthMax || !reader->Take((depth + 7) / 8, &bitmap)) {
    return false;
  }
  path->siblings.assign(depth, kEmpty);
  for (size_t i = 0; i < 8 * bitmap.size(); ++i) {
    const bool empty = (static_cast<uint8_t>(bitmap[i / 8]) >> (7 - i % 8)) & 1;
    if (i >= depth) {
      if (empty) return false;  // a spare bit
    } else if (!empty) {
      if (!reader->TakeHash(&path->siblings[i]) ||
          path->siblings[i] == kEmpty) {
        return false;
      }
    }
  }
  char end = 0;
  if (!reader->TakeByte(&end)) return false;
  path->end.reset();
  if (end == kOneKey) {
    IndexEntry entry;
    if (!reader->TakeEntry(&entry)) return false;
    path->end = entry;
  } else if (end != kNothing) {
    return false;
  }
  return ShapeIsSound(*path);
}

void AppendPath(const TriePath& path, std::string* out) {
  const size_t depth = path.siblings.size();
  CHECK_LE(depth, kTrieDepthMax);
  AppendBe16(static_cast<uint16_t>(depth), out);
  std::string bitmap((depth + 7) / 8, '\0');
  for (size_t i = 0; i < depth; ++i) {
    if (path.siblings[i] != kEmpty) continue;
    bitmap[i / 8] = static_cast<char>(bitmap[i / 8] | 0x80 >> i % 8);
  }
  *out += bitmap;
  for (const Hash& sibling : path.siblings) {
    if (sibling != kEmpty) *out += Bytes(sibling);
  }
  out->push_back(path.end ? kOneKey : kNothing);
  if (path.end) {
    *out += Bytes(path.end->key);
    AppendBe64(path.end->index, out);
  }
}

bool TakeRoots(Reader* reader, size_t count, std::vector<Hash>* roots) {
  if (reader->size() / kHashBytes < count) return false;
  roots->resize(count);
  for (Hash& root : *roots) {
    if (!reader->TakeHash(&root)) return false;
  }
  return true;
}

// Whether the first `depth` bits of `a` and `b` are the same.
bool SharePrefix(const Hash& a, const Hash& b, size_t depth) {
  for (size_t place = 0; place < depth; ++place) {
    if (KeyBit(a, place) != KeyBit(b, place)) return false;
  }
  return true;
}

// As IndexRoot, over runs that the caller has computed.
Hash RootOver(uint64_t size, const std::vector<RunRange>& runs,
              Path run_roots) {
  CHECK_EQ(runs.size(), run_roots.size());
  std::string bytes(1, kRootDomain);
  AppendBe64(size, &bytes);
  for (size_t i = 0; i < runs.size(); ++i) {
    AppendBe64(runs[i].start, &bytes);
    AppendBe64(runs[i].end, &bytes);
    bytes += Bytes(run_roots[i]);
  }
  return Sha256(bytes);
}

Finding JudgeRoots(uint64_t size, const std::vector<RunRange>& runs,
                   const std::vector<Hash>& run_roots, const Hash& index_root) {
  if (run_roots.size() != runs.size()) return Finding::kIndexRunCount;
  if (RootOver(size, runs, run_roots) != index_root) {
    return Finding::kIndexRootMismatch;
  }
  return Finding::kOk;
}

Finding JudgePath(const Hash& key, const TriePath& path, const Hash& run_root) {
  Hash root;
  RETURN_IF_FOUND(RootFromTriePath(key, path, &root));
  return root == run_root ? Finding::kOk : Finding::kRunRootMismatch;
}

// Walks the trie of one run as a proof for several keys gives it.
class Walk {
 public:
  Walk(const std::vector<Hash>& keys, const RunRange& run, Reader* reader,
       std::vector<IndexAnswer>* answers)
      : keys_(keys), run_(run), reader_(reader), answers_(answers) {}

  // What a place of the trie holds.
  struct Place {
    Hash hash = kEmpty;
    char kind = kNothing;
  };

  // Reads the place at `depth` that the keys [from, to) lead to, or none of
  // them if from = to. Calls itself at most 256 deep, and only on a key's way.
  Finding Read(size_t depth, size_t from, size_t to, Place* place) {
    if (!reader_->TakeByte(&place->kind)) return Finding::kIndexProofMalformed;
    const bool asked = from < to;
    switch (place->kind) {
      case kNothing:
        place->hash = kEmpty;
        return Finding::kOk;
      case kOneKey:
        if (!asked) return Finding::kIndexProofMalformed;
        return ReadKey(depth, from, to, place);
      case kNode:
        if (!asked || depth == kTrieDepthMax) {
          return Finding::kIndexProofMalformed;
        }
        return ReadNode(depth, from, to, place);
      case kElsewhere:
        if (asked || !reader_->TakeHash(&place->hash) ||
            place->hash == kEmpty) {
          return Finding::kIndexProofMalformed;
        }
        return Finding::kOk;
      default:
        return Finding::kIndexProofMalformed;
    }
  }

 private:
  Finding ReadKey(size_t depth, size_t from, size_t to, Place* place) {
    IndexEntry entry;
    if (!reader_->TakeEntry(&entry)) return Finding::kIndexProofMalformed;
    if (!SharePrefix(entry.key, keys_[from], depth)) {
      return Finding::kIndexEndOffPath;
    }
    if (!run_.Holds(entry.index)) return Finding::kIndexOutsideRun;
    for (size_t k = from; k < to; ++k) {
      if (keys_[k] != entry.key) continue;
      if ((*answers_)[k].has_value()) return Finding::kIndexKeyTwice;
      (*answers_)[k] = entry.index;
    }
    place->hash = TrieLeafHash(entry);
    return Finding::kOk;
  }

  Finding ReadNode(size_t depth, size_t from, size_t to, Place* place) {
    size_t right_from = from;
    while (right_from < to && !KeyBit(keys_[right_from], depth)) ++right_from;
    Place left, right;
    RETURN_IF_FOUND(Read(depth + 1, from, right_from, &left));
    RETURN_IF_FOUND(Read(depth + 1, right_from, to, &right));
    // Fewer than two keys below: there would be no node.
    if ((left.kind == kNothing && right.kind <= kOneKey) ||
        (right.kind == kNothing && left.kind == kOneKey)) {
      return Finding::kIndexProofMalformed;
    }
    place->hash = TrieNodeHash(left.hash, right.hash);
    return Finding::kOk;
  }

  const std::vector<Hash>& keys_;
  const RunRange run_;
  Reader* const reader_;
  std::vector<IndexAnswer>* const answers_;
};

// Reads the place at path->siblings.size() on the way of `key`, and what is
// below. Calls itself at most 256 deep.
bool ReadWay(const Hash& key, Reader* reader, TriePath* path) {
  char kind;
  if (!reader->TakeByte(&kind)) return false;
  if (kind == kNothing) return true;
  if (kind == kOneKey) return reader->TakeEntry(&path->end.emplace());
  const size_t depth = path->siblings.size();
  if (kind != kNode || depth == kTrieDepthMax) return false;
  path->siblings.push_back(kEmpty);
  const bool right = KeyBit(key, depth);
  if (!right && !ReadWay(key, reader, path)) return false;
  if (!reader->TakeByte(&kind)) return false;
  if (kind != kNothing &&
      (kind != kElsewhere || !reader->TakeHash(&path->siblings[depth]))) {
    return false;
  }
  return !right || ReadWay(key, reader, path);
}

}  // namespace

Hash TrieLeafHash(const IndexEntry& entry) {
  char index[8];
  for (int i = 0; i < 8; ++i) {
    index[i] = static_cast<char>(entry.index >> (8 * (7 - i)));
  }
  return Sha256({{&kLeafDomain, 1}, Bytes(entry.key), {index, 8}});
}

Hash TrieNodeHash(const Hash& left, const Hash& right) {
  return Sha256Node(kNodeDomain, left, right);
}

bool KeyBit(const Hash& key, size_t place) {
  CHECK_LT(place, kTrieDepthMax);
  return (key[place / 8] >> (7 - place % 8)) & 1;
}

Hash IndexRoot(uint64_t size, Path run_roots) {
  return RootOver(size, RunsInForce(size), run_roots);
}

Finding ParsePresence(std::string_view bytes, uint64_t size,
                      PresenceProof* proof) {
  Reader reader(bytes);
  if (!TakeRoots(&reader, RunsInForce(size).size(), &proof->run_roots) ||
      !TakePath(&reader, &proof->path) || reader.size() > 0) {
    return Finding::kIndexProofMalformed;
  }
  return Finding::kOk;
}

Finding ParseAbsence(std::string_view bytes, uint64_t size,
                     AbsenceProof* proof) {
  Reader reader(bytes);
  if (!TakeRoots(&reader, RunsInForce(size).size(), &proof->run_roots)) {
    return Finding::kIndexProofMalformed;
  }
  proof->paths.resize(proof->run_roots.size());
  for (TriePath& path : proof->paths) {
    if (!TakePath(&reader, &path)) return Finding::kIndexProofMalformed;
  }
  return reader.size() > 0 ? Finding::kIndexProofMalformed : Finding::kOk;
}

std::string FormatPresence(const PresenceProof& proof) {
  std::string bytes = BytesOfHashes(proof.run_roots);
  AppendPath(proof.path, &bytes);
  return bytes;
}

std::string FormatAbsence(const AbsenceProof& proof) {
  std::string bytes = BytesOfHashes(proof.run_roots);
  for (const TriePath& path : proof.paths) AppendPath(path, &bytes);
  return bytes;
}

Finding RootFromTriePath(const Hash& key, const TriePath& path, Hash* root) {
  if (!ShapeIsSound(path)) return Finding::kIndexProofMalformed;
  *root = path.end ? TrieLeafHash(*path.end) : kEmpty;
  for (size_t place = path.siblings.size(); place-- > 0;) {
    const Hash& sibling = path.siblings[place];
    *root = KeyBit(key, place) ? TrieNodeHash(sibling, *root)
                               : TrieNodeHash(*root, sibling);
  }
  return Finding::kOk;
}

Finding VerifyPresence(const Hash& key, const Hash& index_root, uint64_t size,
                       const PresenceProof& proof, uint64_t* index) {
  const std::vector<RunRange> runs = RunsInForce(size);
  RETURN_IF_FOUND(JudgeRoots(size, runs, proof.run_roots, index_root));
  if (!proof.path.end || proof.path.end->key != key) {
    return Finding::kIndexKeyAbsent;
  }
  const uint64_t claimed = proof.path.end->index;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].Holds(claimed)) continue;
    RETURN_IF_FOUND(JudgePath(key, proof.path, proof.run_roots[i]));
    *index = claimed;
    return Finding::kOk;
  }
  return Finding::kIndexOutsideRun;
}

Finding VerifyAbsence(const Hash& key, const Hash& index_root, uint64_t size,
                      const AbsenceProof& proof) {
  const std::vector<RunRange> runs = RunsInForce(size);
  RETURN_IF_FOUND(JudgeRoots(size, runs, proof.run_roots, index_root));
  if (proof.paths.size() != runs.size()) return Finding::kIndexRunCount;
  for (size_t i = 0; i < runs.size(); ++i) {
    const TriePath& path = proof.paths[i];
    RETURN_IF_FOUND(JudgePath(key, path, proof.run_roots[i]));
    if (!path.end) continue;
    if (path.end->key == key) return Finding::kIndexKeyPresent;
    if (!SharePrefix(path.end->key, key, path.siblings.size())) {
      return Finding::kIndexEndOffPath;
    }
    if (!runs[i].Holds(path.end->index)) return Finding::kIndexOutsideRun;
  }
  return Finding::kOk;
}

Finding VerifySeveral(const std::vector<Hash>& keys, const Hash& index_root,
                      uint64_t size, std::string_view bytes,
                      std::vector<IndexAnswer>* answers) {
  if (keys.empty()) return Finding::kIndexKeysNotAscending;
  for (size_t k = 1; k < keys.size(); ++k) {
    if (keys[k - 1] >= keys[k]) return Finding::kIndexKeysNotAscending;
  }
  answers->assign(keys.size(), std::nullopt);
  const std::vector<RunRange> runs = RunsInForce(size);
  std::vector<Hash> run_roots;
  Reader reader(bytes);
  for (const RunRange& run : runs) {
    Walk::Place root;
    RETURN_IF_FOUND(
        Walk(keys, run, &reader, answers).Read(0, 0, keys.size(), &root));
    run_roots.push_back(root.hash);
  }
  if (reader.size() > 0) return Finding::kIndexProofMalformed;
  return RootOver(size, runs, run_roots) == index_root
             ? Finding::kOk
             : Finding::kIndexRootMismatch;
}

Finding PathsFromSeveral(const Hash& key, uint64_t size, std::string_view bytes,
                         AbsenceProof* proof) {
  *proof = AbsenceProof();
  Reader reader(bytes);
  for (size_t runs = RunsInForce(size).size(); runs > 0; --runs) {
    TriePath& path = proof->paths.emplace_back();
    if (!ReadWay(key, &reader, &path)) return Finding::kIndexProofMalformed;
    RETURN_IF_FOUND(
        RootFromTriePath(key, path, &proof->run_roots.emplace_back()));
  }
  return reader.size() > 0 ? Finding::kIndexProofMalformed : Finding::kOk;
}

}  // namespace vidimus
