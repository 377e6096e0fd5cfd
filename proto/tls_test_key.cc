#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include <vector>

#include "proto/test_key.h"

namespace vidimus {
namespace {

void Require(bool holds) {
  if (!holds) abort();
}

const unsigned char* Bytes(absl::string_view view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

unsigned char* Bytes(std::string* text) {
  return reinterpret_cast<unsigned char*>(text->data());
}

EVP_PKEY* Generate(TestKey::Kind kind) {
  switch (kind) {
    case TestKey::Kind::kP256:
      return EVP_EC_gen("P-256");
    case TestKey::Kind::kP384:
      return EVP_EC_gen("P-384");
    case TestKey::Kind::kRsa2048:
      return EVP_RSA_gen(2048);
    case TestKey::Kind::kRsa1024:
      return EVP_RSA_gen(1024);
    case TestKey::Kind::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

// A number of the key, filled up to `size` bytes from the left; 0: as short as
// it is.
std::string NumberOf(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  if (size == 0) size = BN_num_bytes(number);
  std::string bytes(static_cast<size_t>(size), '\0');
  Require(BN_bn2binpad(number, Bytes(&bytes), size) == size);
  BN_free(number);
  return bytes;
}

int CoordinateBytes(TestKey::Kind kind) {
  return kind == TestKey::Kind::kP384 ? 48 : 32;
}

}  // namespace

struct TestKey::Impl {
  EVP_PKEY* key;
};

TestKey::TestKey(Kind kind) : kind_(kind), impl_(new Impl{Generate(kind)}) {
  Require(impl_->key != nullptr);
}

TestKey::~TestKey() { EVP_PKEY_free(impl_->key); }

std::string TestKey::first() const {
  switch (kind_) {
    case Kind::kP256:
    case Kind::kP384:
      return NumberOf(impl_->key, OSSL_PKEY_PARAM_EC_PUB_X,
                      CoordinateBytes(kind_));
    case Kind::kRsa2048:
    case Kind::kRsa1024:
      return NumberOf(impl_->key, OSSL_PKEY_PARAM_RSA_N, 0);
    case Kind::kEd25519:
      break;
  }
  std::string bytes(32, '\0');
  size_t size = bytes.size();
  Require(EVP_PKEY_get_raw_public_key(impl_->key, Bytes(&bytes), &size) == 1);
  return bytes;
}

std::string TestKey::second() const {
  switch (kind_) {
    case Kind::kP256:
    case Kind::kP384:
      return NumberOf(impl_->key, OSSL_PKEY_PARAM_EC_PUB_Y,
                      CoordinateBytes(kind_));
    case Kind::kRsa2048:
    case Kind::kRsa1024:
      return NumberOf(impl_->key, OSSL_PKEY_PARAM_RSA_E, 0);
    case Kind::kEd25519:
      break;
  }
  return {};
}

std::string TestKey::Sign(absl::string_view message) const {
  const EVP_MD* const digest = kind_ == Kind::kEd25519 ? nullptr
                               : kind_ == Kind::kP384  ? EVP_sha384()
                                                       : EVP_sha256();
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  size_t size = 0;
  Require(
      EVP_DigestSignInit(context, nullptr, digest, nullptr, impl_->key) == 1 &&
      EVP_DigestSign(context, nullptr, &size, Bytes(message), message.size()) ==
          1);
  std::string signature(size, '\0');
  Require(EVP_DigestSign(context, Bytes(&signature), &size, Bytes(message),
                         message.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (kind_ != Kind::kP256 && kind_ != Kind::kP384) return signature;

  const unsigned char* der = Bytes(signature);
  ECDSA_SIG* const pair =
      d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
  Require(pair != nullptr);
  const int half = CoordinateBytes(kind_);
  std::string bytes(static_cast<size_t>(2 * half), '\0');
  Require(BN_bn2binpad(ECDSA_SIG_get0_r(pair), Bytes(&bytes), half) == half &&
          BN_bn2binpad(ECDSA_SIG_get0_s(pair), Bytes(&bytes) + half, half) ==
              half);
  ECDSA_SIG_free(pair);
  return bytes;
}

std::string TestHmac(absl::string_view key, absl::string_view message) {
  std::string mac(32, '\0');
  unsigned int size = 0;
  Require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
               Bytes(message), message.size(), Bytes(&mac), &size) != nullptr);
  return mac;
}

}  // namespace vidimus
