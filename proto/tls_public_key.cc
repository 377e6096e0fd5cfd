#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string>
#include <utility>

#include "proto/public_key.h"

namespace vidimus {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using KeyContextPtr =
    std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContextPtr =
    std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX, EVP_MD_CTX_free>>;
using BuilderPtr =
    std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using ParamsPtr =
    std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM, OSSL_PARAM_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>>;
using EcSignaturePtr =
    std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG, ECDSA_SIG_free>>;

constexpr size_t kP256Bytes = 32;
constexpr size_t kEd25519KeyBytes = 32;
constexpr size_t kExponentBytesMax = 4;

const unsigned char* Bytes(absl::string_view view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

NumberPtr Number(absl::string_view bytes) {
  return NumberPtr(
      BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

absl::Status Unusable(const char* why) {
  ERR_clear_error();
  return absl::InvalidArgumentError(why);
}

// A key of this type made of what `builder` holds, or null.
KeyPtr Build(const char* type, OSSL_PARAM_BLD* builder) {
  ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr ||
      EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        params.get()) != 1) {
    return nullptr;
  }
  return KeyPtr(key);
}

// r and s as OpenSSL wants them, or empty.
std::string DerOf(absl::string_view signature) {
  NumberPtr r = Number(signature.substr(0, kP256Bytes));
  NumberPtr s = Number(signature.substr(kP256Bytes));
  EcSignaturePtr pair(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || pair == nullptr ||
      ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
    return {};
  }
  // The pair owns them now.
  (void)r.release();
  (void)s.release();
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace

struct PublicKey::Impl {
  KeyPtr key;
};

PublicKey::PublicKey(Algorithm algorithm, std::unique_ptr<Impl> impl)
    : algorithm_(algorithm), impl_(std::move(impl)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

absl::StatusOr<PublicKey> PublicKey::FromP256(absl::string_view x,
                                              absl::string_view y) {
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) {
    return Unusable("a coordinate of P-256 has not 32 bytes");
  }
  std::string point = "\x04";
  point.append(x.data(), x.size());
  point.append(y.data(), y.size());
  BuilderPtr builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                       point.data(), point.size()) != 1) {
    return Unusable("no memory for a key");
  }
  auto impl = std::make_unique<Impl>();
  impl->key = Build("EC", builder.get());
  if (impl->key == nullptr) return Unusable("not a point of P-256");
  KeyContextPtr context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, impl->key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1) {
    return Unusable("not a point of P-256");
  }
  return PublicKey(Algorithm::kEs256, std::move(impl));
}

absl::StatusOr<PublicKey> PublicKey::FromRsa(absl::string_view modulus,
                                             absl::string_view exponent) {
  if (modulus.empty() || modulus[0] == 0 || exponent.empty() ||
      exponent[0] == 0) {
    return Unusable("an RSA number is empty or begins with a zero");
  }
  if (exponent.size() > kExponentBytesMax || (exponent.back() & 1) == 0 ||
      exponent == "\x01") {
    return Unusable("the RSA exponent is even, 1 or too long");
  }
  if (modulus.size() > kRsaBitsMax / 8) {
    return Unusable("the RSA modulus is too long");
  }
  NumberPtr n = Number(modulus);
  NumberPtr e = Number(exponent);
  if (n == nullptr || e == nullptr ||
      BN_num_bits(n.get()) < static_cast<int>(kRsaBitsMin) ||
      !BN_is_odd(n.get())) {
    return Unusable("the RSA modulus is too short, or even");
  }
  BuilderPtr builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) !=
          1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) !=
          1) {
    return Unusable("no memory for a key");
  }
  auto impl = std::make_unique<Impl>();
  impl->key = Build("RSA", builder.get());
  if (impl->key == nullptr) return Unusable("not an RSA key");
  return PublicKey(Algorithm::kRs256, std::move(impl));
}

absl::StatusOr<PublicKey> PublicKey::FromEd25519(absl::string_view bytes) {
  if (bytes.size() != kEd25519KeyBytes) {
    return Unusable("an Ed25519 key has not 32 bytes");
  }
  auto impl = std::make_unique<Impl>();
  impl->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                              Bytes(bytes), bytes.size()));
  if (impl->key == nullptr) return Unusable("not an Ed25519 key");
  return PublicKey(Algorithm::kEdDsa, std::move(impl));
}

bool PublicKey::Verify(absl::string_view message,
                       absl::string_view signature) const {
  const EVP_MD* digest = EVP_sha256();
  std::string der;
  switch (algorithm_) {
    case Algorithm::kEs256:
      if (signature.size() != 2 * kP256Bytes) return false;
      der = DerOf(signature);
      if (der.empty()) return false;
      signature = der;
      break;
    case Algorithm::kRs256:
      // OpenSSL refuses other lengths than the modulus'.
      break;
    case Algorithm::kEdDsa:
      digest = nullptr;
      break;
  }
  DigestContextPtr context(EVP_MD_CTX_new());
  const bool holds =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr,
                           impl_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                       Bytes(message), message.size()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace vidimus
