#include <cstring>
#include <new>

#include "openssl/curve25519.h"
#include "openssl/mem.h"
#include "openssl/sha.h"
#include "verifier/crypto.h"

// The curve's group operations, which judging a key needs. Written for C and
// for fewer warnings than ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-qualifiers"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "src/crypto/curve25519/internal.h"
#pragma GCC diagnostic pop

namespace vidimus {
namespace {

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

constexpr size_t kBlockBytes = SHA256_CBLOCK;

// The state of SHA-256 before the first block (FIPS 180-4, 5.3.3).
constexpr uint32_t kInitialState[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                       0xa54ff53a, 0x510e527f, 0x9b05688c,
                                       0x1f83d9ab, 0x5be0cd19};

}  // namespace

Hash Sha256(std::initializer_list<std::string_view> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (std::string_view part : parts) {
    SHA256_Update(&context, part.data(), part.size());
  }
  Hash hash;
  SHA256_Final(hash.data(), &context);
  return hash;
}

Hash Sha256Node(uint8_t prefix, const Hash& left, const Hash& right) {
  // 65 bytes, the bit 1, zeros, and the length of 520 bits: the two blocks that
  // SHA-256 would make of them, laid out at once.
  uint8_t blocks[2 * kBlockBytes] = {};
  blocks[0] = prefix;
  std::memcpy(blocks + 1, left.data(), kHashBytes);
  std::memcpy(blocks + 1 + kHashBytes, right.data(), kHashBytes);
  blocks[1 + 2 * kHashBytes] = 0x80;
  constexpr unsigned kBits = 8 * (1 + 2 * kHashBytes);
  blocks[2 * kBlockBytes - 2] = kBits >> 8;
  blocks[2 * kBlockBytes - 1] = kBits & 0xff;

  uint32_t state[8];
  std::memcpy(state, kInitialState, sizeof(state));
  SHA256_TransformBlocks(state, blocks, 2);

  Hash hash;
  for (int i = 0; i < 8; ++i) {
    const uint32_t word = __builtin_bswap32(state[i]);
    std::memcpy(hash.data() + 4 * i, &word, 4);
  }
  return hash;
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

Sha256Stream::Sha256Stream() {
  static_assert(sizeof(state_) >= sizeof(SHA256_CTX));
  SHA256_Init(new (state_) SHA256_CTX);
}

void Sha256Stream::Update(std::string_view bytes) {
  SHA256_Update(std::launder(reinterpret_cast<SHA256_CTX*>(state_)),
                bytes.data(), bytes.size());
}

Hash Sha256Stream::Finish() {
  auto* context = std::launder(reinterpret_cast<SHA256_CTX*>(state_));
  Hash hash;
  SHA256_Final(hash.data(), context);
  SHA256_Init(context);
  return hash;
}

Hash HmacSha256(std::string_view key,
                std::initializer_list<std::string_view> parts) {
  return HmacSha256Key(key).Of(parts);
}

HmacSha256Key::HmacSha256Key(std::string_view key) {
  // RFC 2104: H(key ^ opad, H(key ^ ipad, parts)), the key padded with zeros to
  // a block, and hashed first if it is longer than one.
  uint8_t block[kBlockBytes] = {};
  if (key.size() > kBlockBytes) {
    const Hash hashed = Sha256(key);
    std::memcpy(block, hashed.data(), hashed.size());
  } else if (!key.empty()) {
    std::memcpy(block, key.data(), key.size());
  }
  for (uint8_t& byte : block) byte ^= 0x36;
  std::memcpy(inner_, kInitialState, sizeof(inner_));
  SHA256_TransformBlocks(inner_, block, 1);
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  std::memcpy(outer_, kInitialState, sizeof(outer_));
  SHA256_TransformBlocks(outer_, block, 1);
  OPENSSL_cleanse(block, sizeof(block));
}

HmacSha256Key::~HmacSha256Key() {
  OPENSSL_cleanse(inner_, sizeof(inner_));
  OPENSSL_cleanse(outer_, sizeof(outer_));
}

Hash HmacSha256Key::Of(std::initializer_list<std::string_view> parts) const {
  SHA256_CTX context;
  const auto begin = [&context](const uint32_t* state) {
    SHA256_Init(&context);
    std::memcpy(context.h, state, sizeof(context.h));
    context.Nl = 8 * kBlockBytes;
  };
  begin(inner_);
  for (std::string_view part : parts) {
    SHA256_Update(&context, part.data(), part.size());
  }
  Hash hash;
  SHA256_Final(hash.data(), &context);
  begin(outer_);
  SHA256_Update(&context, hash.data(), hash.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature) {
  return public_key.size() == kEd25519KeyBytes &&
         signature.size() == kEd25519SignatureBytes &&
         ED25519_verify(Data(message), message.size(), Data(signature),
                        Data(public_key)) == 1;
}

bool Ed25519KeyIsSound(std::string_view public_key) {
  if (public_key.size() != kEd25519KeyBytes) return false;
  ge_p3 point;
  if (!x25519_ge_frombytes_vartime(&point, Data(public_key))) return false;

  // BoringSSL reads y modulo p and ignores the sign of x = 0; only the one
  // canonical spelling comes back.
  uint8_t encoded[kEd25519KeyBytes];
  ge_p2 projective = {point.X, point.Y, point.Z};
  x25519_ge_tobytes(encoded, &projective);
  if (std::memcmp(encoded, public_key.data(), sizeof(encoded)) != 0) {
    return false;
  }

  // Small order: eight times the point is the identity (0, 1).
  for (int doublings = 0; doublings < 3; ++doublings) {
    ge_cached cached;
    ge_p1p1 sum;
    x25519_ge_p3_to_cached(&cached, &point);
    x25519_ge_add(&sum, &point, &cached);
    x25519_ge_p1p1_to_p3(&point, &sum);
  }
  projective = {point.X, point.Y, point.Z};
  x25519_ge_tobytes(encoded, &projective);
  static constexpr uint8_t kIdentity[kEd25519KeyBytes] = {1};
  return std::memcmp(encoded, kIdentity, sizeof(encoded)) != 0;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace vidimus
