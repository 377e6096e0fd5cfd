#include "verifier/hash_lanes.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#define VIDIMUS_HASH_LANES 1
#endif

namespace vidimus {
namespace {

// What hashes jobs of one sort: as many as there are lanes, or one by one.
template <typename Job>
using SideBySide = void (*)(const Job* jobs);
template <typename Job>
using OneByOne = void (*)(const Job* jobs, size_t count);

void TrieLeavesOneByOne(const TrieLeafJob* jobs, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    *jobs[i].out = TrieLeafHash(*jobs[i].entry);
  }
}

void TreeLeavesOneByOne(const TreeLeafJob* jobs, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    *jobs[i].out = LeafHash({jobs[i].leaf, kLeafBytes});
  }
}

template <Hash (*kNodeHash)(const Hash& left, const Hash& right)>
void NodesOneByOne(const NodeJob* jobs, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    *jobs[i].out = kNodeHash(*jobs[i].left, *jobs[i].right);
  }
}

#ifdef VIDIMUS_HASH_LANES

// FIPS 180-4.
constexpr uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                  0xa54ff53a, 0x510e527f, 0x9b05688c,
                                  0x1f83d9ab, 0x5be0cd19};
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define VIDIMUS_LANES_INLINE inline __attribute__((always_inline))

// One word of each lane.
template <int kLanes>
struct Lane {
  typedef uint32_t V __attribute__((vector_size(4 * kLanes)));
};

template <typename V>
VIDIMUS_LANES_INLINE void Rotate(const V& x, int n, V* out) {
  *out = (x >> n) | (x << (32 - n));
}

// One block of each lane into its state. `w` is used up.
template <typename V>
VIDIMUS_LANES_INLINE void Compress(V* w, V* state) {
  V a = state[0], b = state[1], c = state[2], d = state[3];
  V e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
  for (int t = 0; t < 64; ++t) {
    V x, y;
    if (t >= 16) {
      V s0, s1;
      const V w1 = w[(t + 1) & 15], w14 = w[(t + 14) & 15];
      Rotate(w1, 7, &x);
      Rotate(w1, 18, &y);
      s0 = x ^ y ^ (w1 >> 3);
      Rotate(w14, 17, &x);
      Rotate(w14, 19, &y);
      s1 = x ^ y ^ (w14 >> 10);
      w[t & 15] += s0 + w[(t + 9) & 15] + s1;
    }
    V z;
    Rotate(e, 6, &x);
    Rotate(e, 11, &y);
    Rotate(e, 25, &z);
    const V t1 =
        h + (x ^ y ^ z) + (g ^ (e & (f ^ g))) + (w[t & 15] + kRound[t]);
    Rotate(a, 2, &x);
    Rotate(a, 13, &y);
    Rotate(a, 22, &z);
    const V t2 = (x ^ y ^ z) + ((a & b) | (c & (a | b)));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// The bytes of each word the other way round.
template <typename V>
VIDIMUS_LANES_INLINE void SwapBytes(V* words) {
  V left, right;
  Rotate(*words, 24, &left);
  Rotate(*words, 8, &right);
  *words = (left & 0x00ff00ffu) | (right & 0xff00ff00u);
}

// Exchanges the words of rows that stand across the diagonal of each square of
// `kSide` rows and words.
template <int kLanes, int kSide, typename V, size_t... kWord>
VIDIMUS_LANES_INLINE void Exchange(V* rows, std::index_sequence<kWord...>) {
#pragma GCC unroll 16
  for (int row = 0; row < kLanes; ++row) {
    if ((row & kSide) != 0) continue;
    const V a = rows[row], b = rows[row + kSide];
    rows[row] = __builtin_shufflevector(
        a, b, (kWord & kSide ? kLanes + kWord - kSide : kWord)...);
    rows[row + kSide] = __builtin_shufflevector(
        a, b, (kWord & kSide ? kLanes + kWord : kWord + kSide)...);
  }
}

// Word c of row r becomes word r of row c, of as many rows as lanes. Through
// memory, word by word, it took a fifth of the time that hashing takes.
template <int kLanes, typename V>
VIDIMUS_LANES_INLINE void Transpose(V* rows) {
  constexpr auto kWords = std::make_index_sequence<kLanes>();
  if constexpr (kLanes > 8) Exchange<kLanes, 8>(rows, kWords);
  Exchange<kLanes, 4>(rows, kWords);
  Exchange<kLanes, 2>(rows, kWords);
  Exchange<kLanes, 1>(rows, kWords);
}

// The words of one block of each lane.
template <int kLanes, typename V>
VIDIMUS_LANES_INLINE void LoadBlocks(const uint8_t (*blocks)[64], V* w) {
#pragma GCC unroll 2
  for (int part = 0; part < 16; part += kLanes) {
#pragma GCC unroll 16
    for (int lane = 0; lane < kLanes; ++lane) {
      std::memcpy(&w[part + lane], &blocks[lane][4 * part], sizeof(V));
    }
    Transpose<kLanes>(w + part);
  }
#pragma GCC unroll 16
  for (int t = 0; t < 16; ++t) SwapBytes(&w[t]);
}

template <typename V>
VIDIMUS_LANES_INLINE void Begin(V* state) {
  for (int i = 0; i < 8; ++i) state[i] = V{} + kInitial[i];
}

template <int kLanes, typename V>
VIDIMUS_LANES_INLINE void StoreHashes(const V* state, Hash* const* out) {
  V rows[kLanes] = {};
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    rows[i] = state[i];
    SwapBytes(&rows[i]);
  }
  Transpose<kLanes>(rows);
#pragma GCC unroll 16
  for (int lane = 0; lane < kLanes; ++lane) {
    std::memcpy(out[lane]->data(), &rows[lane], kHashBytes);
  }
}

// What every message begins with says what it is (merkle.h, index.h).
constexpr uint8_t kTreeLeafDomain = 0;
constexpr uint8_t kTreeNodeDomain = 1;
constexpr uint8_t kTrieLeafDomain = 6;
constexpr uint8_t kTrieNodeDomain = 7;

// 41 bytes: one block.
template <int kLanes>
VIDIMUS_LANES_INLINE void TrieLeaves(const TrieLeafJob* jobs) {
  using V = typename Lane<kLanes>::V;
  alignas(64) uint8_t blocks[kLanes][64];
  Hash* out[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    uint8_t* const block = blocks[lane];
    block[0] = kTrieLeafDomain;
    std::memcpy(block + 1, jobs[lane].entry->key.data(), 32);
    const uint64_t index = __builtin_bswap64(jobs[lane].entry->index);
    std::memcpy(block + 33, &index, 8);
    std::memset(block + 41, 0, 23);
    block[41] = 0x80;
    block[62] = 41 * 8 >> 8;
    block[63] = 41 * 8 & 0xff;
    out[lane] = jobs[lane].out;
  }
  V w[16], state[8];
  LoadBlocks<kLanes>(blocks, w);
  Begin(state);
  Compress(w, state);
  StoreHashes<kLanes>(state, out);
}

// Messages of `bytes` bytes, of which `blocks` hold 64 and `last` the word that
// begins the second block, with the bit 1 behind the message in it.
template <int kLanes>
VIDIMUS_LANES_INLINE void TwoBlocks(const uint8_t (*blocks)[64],
                                    const uint32_t* last, uint32_t bytes,
                                    Hash* const* out) {
  using V = typename Lane<kLanes>::V;
  V w[16], state[8];
  LoadBlocks<kLanes>(blocks, w);
  Begin(state);
  Compress(w, state);
  std::memcpy(&w[0], last, sizeof(V));
  for (int t = 1; t < 15; ++t) w[t] = V{};
  w[15] = V{} + 8 * bytes;
  Compress(w, state);
  StoreHashes<kLanes>(state, out);
}

// 65 bytes: the second block holds but one of them.
template <int kLanes, uint8_t kDomain>
VIDIMUS_LANES_INLINE void Nodes(const NodeJob* jobs) {
  alignas(64) uint8_t blocks[kLanes][64];
  alignas(64) uint32_t last[kLanes];
  Hash* out[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    uint8_t* const block = blocks[lane];
    block[0] = kDomain;
    std::memcpy(block + 1, jobs[lane].left->data(), 32);
    std::memcpy(block + 33, jobs[lane].right->data(), 31);
    last[lane] =
        static_cast<uint32_t>((*jobs[lane].right)[31]) << 24 | 0x800000;
    out[lane] = jobs[lane].out;
  }
  TwoBlocks<kLanes>(blocks, last, 65, out);
}

// 66 bytes: two of them in the second block.
template <int kLanes>
VIDIMUS_LANES_INLINE void TreeLeaves(const TreeLeafJob* jobs) {
  static_assert(kLeafBytes == 65);
  alignas(64) uint8_t blocks[kLanes][64];
  alignas(64) uint32_t last[kLanes];
  Hash* out[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto* const leaf = reinterpret_cast<const uint8_t*>(jobs[lane].leaf);
    blocks[lane][0] = kTreeLeafDomain;
    std::memcpy(blocks[lane] + 1, leaf, 63);
    last[lane] = static_cast<uint32_t>(leaf[63]) << 24 |
                 static_cast<uint32_t>(leaf[64]) << 16 | 0x8000;
    out[lane] = jobs[lane].out;
  }
  TwoBlocks<kLanes>(blocks, last, 66, out);
}

// The compiler ends each with vzeroupper, without which BoringSSL's SHA
// instructions would be a hundred times slower afterwards.
#define VIDIMUS_AVX2 __attribute__((target("avx2")))
#define VIDIMUS_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw")))

VIDIMUS_AVX2 void TrieLeaves8(const TrieLeafJob* jobs) { TrieLeaves<8>(jobs); }
VIDIMUS_AVX2 void TrieNodes8(const NodeJob* jobs) {
  Nodes<8, kTrieNodeDomain>(jobs);
}
VIDIMUS_AVX2 void TreeLeaves8(const TreeLeafJob* jobs) { TreeLeaves<8>(jobs); }
VIDIMUS_AVX2 void TreeNodes8(const NodeJob* jobs) {
  Nodes<8, kTreeNodeDomain>(jobs);
}
VIDIMUS_AVX512 void TrieLeaves16(const TrieLeafJob* jobs) {
  TrieLeaves<16>(jobs);
}
VIDIMUS_AVX512 void TrieNodes16(const NodeJob* jobs) {
  Nodes<16, kTrieNodeDomain>(jobs);
}
VIDIMUS_AVX512 void TreeLeaves16(const TreeLeafJob* jobs) {
  TreeLeaves<16>(jobs);
}
VIDIMUS_AVX512 void TreeNodes16(const NodeJob* jobs) {
  Nodes<16, kTreeNodeDomain>(jobs);
}

#undef VIDIMUS_AVX2
#undef VIDIMUS_AVX512

// Fewer jobs than half the lanes are not worth the lanes.
template <size_t kLanes, typename Job>
void InLanes(const Job* jobs, size_t count, SideBySide<Job> lanes,
             OneByOne<Job> one_by_one) {
  size_t done = 0;
  for (; count - done >= kLanes; done += kLanes) lanes(jobs + done);
  const size_t left = count - done;
  if (left <= kLanes / 4) return one_by_one(jobs + done, left);
  // The lanes that are left over do one job once more, into nowhere.
  Hash nowhere[kLanes];
  Job padded[kLanes];
  for (size_t i = 0; i < kLanes; ++i) {
    padded[i] = jobs[done + std::min(i, left - 1)];
    if (i >= left) padded[i].out = &nowhere[i];
  }
  lanes(padded);
}

template <typename Job>
void HashWith(HashLanes lanes, SideBySide<Job> eight, SideBySide<Job> sixteen,
              OneByOne<Job> one_by_one, const Job* jobs, size_t count) {
  if (lanes == HashLanes::k16) {
    InLanes<16>(jobs, count, sixteen, one_by_one);
  } else if (lanes == HashLanes::k8) {
    InLanes<8>(jobs, count, eight, one_by_one);
  } else {
    one_by_one(jobs, count);
  }
}

#endif  // VIDIMUS_HASH_LANES

// Whether BoringSSL hashes with the processor's own SHA instructions, against
// which eight lanes gain nothing.
bool HasShaInstructions() {
#ifdef VIDIMUS_HASH_LANES
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> 29 & 1) != 0;
#else
  return false;
#endif
}

HashLanes Fastest() {
  static const HashLanes lanes = [] {
    const HashLanes widest = AvailableHashLanes().back();
    return widest == HashLanes::k8 && HasShaInstructions() ? HashLanes::k1
                                                           : widest;
  }();
  return lanes;
}

}  // namespace

std::vector<HashLanes> AvailableHashLanes() {
  std::vector<HashLanes> lanes = {HashLanes::k1};
#ifdef VIDIMUS_HASH_LANES
  if (__builtin_cpu_supports("avx2")) lanes.push_back(HashLanes::k8);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    lanes.push_back(HashLanes::k16);
  }
#endif
  return lanes;
}

#ifdef VIDIMUS_HASH_LANES
#define VIDIMUS_HASH(sort, one_by_one) \
  HashWith(lanes, sort##8, sort##16, one_by_one, jobs, count)
#else
#define VIDIMUS_HASH(sort, one_by_one) one_by_one(jobs, count)
#endif

void HashTrieLeaves([[maybe_unused]] HashLanes lanes, const TrieLeafJob* jobs,
                    size_t count) {
  VIDIMUS_HASH(TrieLeaves, TrieLeavesOneByOne);
}

void HashTrieNodes([[maybe_unused]] HashLanes lanes, const NodeJob* jobs,
                   size_t count) {
  VIDIMUS_HASH(TrieNodes, NodesOneByOne<TrieNodeHash>);
}

void HashTreeLeaves([[maybe_unused]] HashLanes lanes, const TreeLeafJob* jobs,
                    size_t count) {
  VIDIMUS_HASH(TreeLeaves, TreeLeavesOneByOne);
}

void HashTreeNodes([[maybe_unused]] HashLanes lanes, const NodeJob* jobs,
                   size_t count) {
  VIDIMUS_HASH(TreeNodes, NodesOneByOne<NodeHash>);
}

#undef VIDIMUS_HASH

void HashTrieLeaves(const TrieLeafJob* jobs, size_t count) {
  HashTrieLeaves(Fastest(), jobs, count);
}

void HashTrieNodes(const NodeJob* jobs, size_t count) {
  HashTrieNodes(Fastest(), jobs, count);
}

void HashTreeLeaves(const TreeLeafJob* jobs, size_t count) {
  HashTreeLeaves(Fastest(), jobs, count);
}

void HashTreeNodes(const NodeJob* jobs, size_t count) {
  HashTreeNodes(Fastest(), jobs, count);
}

Hash FullTileRoot(const Hash* hashes) {
  // A level and the one above it, by turns.
  Hash levels[2][kTileWidth / 2];
  NodeJob jobs[kTileWidth / 2];
  int turn = 0;
  for (size_t width = kTileWidth / 2; width > 0; width /= 2) {
    Hash* const above = levels[turn];
    for (size_t i = 0; i < width; ++i) {
      jobs[i] = {&hashes[2 * i], &hashes[2 * i + 1], &above[i]};
    }
    HashTreeNodes(jobs, width);
    hashes = above;
    turn = 1 - turn;
  }
  return hashes[0];
}

}  // namespace vidimus
