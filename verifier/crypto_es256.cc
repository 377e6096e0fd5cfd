#include <memory>

#include "openssl/bn.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/ecdsa.h"
#include "openssl/nid.h"
#include "openssl/sha.h"
#include "verifier/es256.h"

namespace vidimus {
namespace {

constexpr size_t kPointBytes = 65;
constexpr size_t kNumberBytes = 32;

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

struct Free {
  void operator()(EC_KEY* key) const { EC_KEY_free(key); }
  void operator()(EC_POINT* point) const { EC_POINT_free(point); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

}  // namespace

bool Es256VerifyNative(std::string_view public_key, std::string_view message,
                       std::string_view signature) {
  if (public_key.size() != kPointBytes || public_key[0] != '\x04' ||
      signature.size() != 2 * kNumberBytes) {
    return false;
  }
  const std::unique_ptr<EC_KEY, Free> key(
      EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const std::unique_ptr<ECDSA_SIG, Free> parts(ECDSA_SIG_new());
  if (key == nullptr || parts == nullptr) return false;
  const EC_GROUP* const group = EC_KEY_get0_group(key.get());
  const std::unique_ptr<EC_POINT, Free> point(EC_POINT_new(group));
  // Refuses what is not on the curve.
  if (point == nullptr ||
      !EC_POINT_oct2point(group, point.get(), Data(public_key),
                          public_key.size(), nullptr) ||
      !EC_KEY_set_public_key(key.get(), point.get())) {
    return false;
  }
  BIGNUM* const r = BN_bin2bn(Data(signature), kNumberBytes, nullptr);
  BIGNUM* const s =
      BN_bin2bn(Data(signature) + kNumberBytes, kNumberBytes, nullptr);
  if (r == nullptr || s == nullptr || !ECDSA_SIG_set0(parts.get(), r, s)) {
    BN_free(r);
    BN_free(s);
    return false;
  }
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(Data(message), message.size(), digest);
  return ECDSA_do_verify(digest, sizeof(digest), parts.get(), key.get()) == 1;
}

}  // namespace vidimus
