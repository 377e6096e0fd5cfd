#include "proto/public_key.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/test_key.h"

namespace vidimus {
namespace {

absl::StatusOr<PublicKey> PublicHalf(TestKey::Kind kind, const TestKey& key) {
  switch (kind) {
    case TestKey::Kind::kP256:
    case TestKey::Kind::kP384:
      return PublicKey::FromP256(key.first(), key.second());
    case TestKey::Kind::kRsa2048:
    case TestKey::Kind::kRsa1024:
      return PublicKey::FromRsa(key.first(), key.second());
    case TestKey::Kind::kEd25519:
      break;
  }
  return PublicKey::FromEd25519(key.first());
}

constexpr TestKey::Kind kGood[] = {
    TestKey::Kind::kP256, TestKey::Kind::kRsa2048, TestKey::Kind::kEd25519};

TEST(PublicKeyTest, TakesTheKeysOwnSignatureAndNoOther) {
  for (const TestKey::Kind kind : kGood) {
    const TestKey key(kind);
    const TestKey other(kind);
    const auto half = PublicHalf(kind, key);
    ASSERT_TRUE(half.ok()) << half.status();
    std::string signature = key.Sign("message");
    EXPECT_TRUE(half->Verify("message", signature));
    EXPECT_FALSE(half->Verify("Message", signature));
    EXPECT_FALSE(half->Verify("", signature));
    EXPECT_FALSE(half->Verify("message", other.Sign("message")));
    EXPECT_FALSE(half->Verify("message", ""));
    EXPECT_FALSE(half->Verify("message", signature + '\0'));
    EXPECT_FALSE(half->Verify("message", '\0' + signature));
    EXPECT_FALSE(
        half->Verify("message", absl::string_view(signature).substr(1)));
    EXPECT_FALSE(half->Verify("message", std::string(signature.size(), '\0')));
    for (size_t i = 0; i < signature.size(); i += 7) {
      signature[i] ^= 1;
      EXPECT_FALSE(half->Verify("message", signature));
      signature[i] ^= 1;
    }
    EXPECT_TRUE(half->Verify("message", signature));
  }
}

TEST(PublicKeyTest, TakesAKnownSignature) {
  // RFC 8037, A.4.
  const auto bytes = [](absl::string_view hex) {
    std::string out;
    for (size_t i = 0; i < hex.size(); i += 2) {
      out += static_cast<char>(
          std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return out;
  };
  const auto key = PublicKey::FromEd25519(bytes(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->Verify(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      bytes(
          "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e"
          "9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02")));
}

TEST(PublicKeyTest, KnowsTheAlgorithmByTheKey) {
  const PublicKey::Algorithm wanted[] = {PublicKey::Algorithm::kEs256,
                                         PublicKey::Algorithm::kRs256,
                                         PublicKey::Algorithm::kEdDsa};
  for (int i = 0; i < 3; ++i) {
    const TestKey key(kGood[i]);
    EXPECT_EQ(PublicHalf(kGood[i], key)->algorithm(), wanted[i]);
  }
}

TEST(PublicKeyTest, RefusesKeysThatAreNone) {
  const TestKey p256(TestKey::Kind::kP256);
  const TestKey p384(TestKey::Kind::kP384);
  EXPECT_FALSE(PublicHalf(TestKey::Kind::kP384, p384).ok());
  std::string y = p256.second();
  y[31] ^= 1;
  EXPECT_FALSE(PublicKey::FromP256(p256.first(), y).ok());
  EXPECT_FALSE(PublicKey::FromP256(p256.first(), "").ok());
  EXPECT_FALSE(
      PublicKey::FromP256(std::string(32, '\0'), std::string(32, '\0')).ok());
  EXPECT_FALSE(
      PublicKey::FromP256(std::string(32, '\xff'), std::string(32, '\xff'))
          .ok());

  const TestKey rsa(TestKey::Kind::kRsa2048);
  const TestKey weak(TestKey::Kind::kRsa1024);
  EXPECT_FALSE(PublicHalf(TestKey::Kind::kRsa1024, weak).ok());
  EXPECT_FALSE(PublicKey::FromRsa('\0' + rsa.first(), rsa.second()).ok());
  EXPECT_FALSE(PublicKey::FromRsa("", rsa.second()).ok());
  EXPECT_FALSE(PublicKey::FromRsa(rsa.first(), "").ok());
  EXPECT_FALSE(PublicKey::FromRsa(rsa.first(), "\x01").ok());
  EXPECT_FALSE(PublicKey::FromRsa(rsa.first(), "\x02").ok());
  EXPECT_FALSE(PublicKey::FromRsa(rsa.first(), "\x01\x01\x01\x01\x01").ok());
  EXPECT_FALSE(
      PublicKey::FromRsa(std::string(1025, '\xff'), rsa.second()).ok());
  EXPECT_TRUE(PublicKey::FromRsa(std::string(1024, '\xff'), rsa.second()).ok());

  EXPECT_FALSE(PublicKey::FromEd25519(std::string(31, '\1')).ok());
  EXPECT_FALSE(PublicKey::FromEd25519(std::string(33, '\1')).ok());
}

}  // namespace
}  // namespace vidimus
