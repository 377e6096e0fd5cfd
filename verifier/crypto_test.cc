#include "verifier/crypto.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "verifier/encoding.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

std::string Unhex(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(HexDecode(text, &bytes));
  return bytes;
}

std::string Hexed(const Hash& hash) { return HexEncode(Bytes(hash)); }

TEST(CryptoTest, Sha256IsThatOfFips180) {
  EXPECT_EQ(Hexed(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hexed(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({"a", "", "bc"}), Sha256("abc"));
}

TEST(CryptoTest, FeedingInPiecesGivesTheSameHash) {
  std::mt19937 random(2);
  Sha256Stream stream;
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const size_t cut = bytes.empty() ? 0 : random() % bytes.size();
    stream.Update(bytes.substr(0, cut));
    stream.Update(bytes.substr(cut));
    EXPECT_EQ(stream.Finish(), Sha256(bytes));
  }
}

TEST(CryptoTest, ANodeIsTheHashOf65Bytes) {
  for (int round = 0; round < 100; ++round) {
    const Hash left = Sha256(std::string(1, static_cast<char>(round)));
    const Hash right = Sha256(Bytes(left));
    EXPECT_EQ(Sha256Node(1, left, right),
              Sha256({std::string_view("\x01", 1), Bytes(left), Bytes(right)}));
  }
}

TEST(CryptoTest, HmacIsThatOfRfc4231) {
  EXPECT_EQ(Hexed(HmacSha256(std::string(20, '\x0b'), {"Hi There"})),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hexed(HmacSha256("Jefe", {"what do ya want ", "for nothing?"})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hexed(HmacSha256(std::string(131, '\xaa'),
                             {"Test Using Larger Than Block-Size Key - Hash "
                              "Key First"})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(CryptoTest, AnHmacKeyServesManyMessages) {
  for (const size_t key_bytes : {0, 20, 32, 64, 65, 131}) {
    const std::string key(key_bytes, '\xaa');
    const HmacSha256Key reused(key);
    for (const size_t size : {0, 1, 55, 56, 64, 119, 120, 300}) {
      const std::string message(size, 'm');
      EXPECT_EQ(reused.Of({message}), HmacSha256(key, {message}));
      EXPECT_EQ(reused.Of({"m", message}), HmacSha256(key, {message + "m"}));
    }
    EXPECT_NE(reused.Of({"a"}), reused.Of({"b"}));
  }
}

struct Ed25519Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

constexpr Ed25519Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
     "90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e4"
     "3e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b53"
     "8d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(CryptoTest, Ed25519IsThatOfRfc8032) {
  for (const Ed25519Vector& vector : kRfc8032) {
    const Ed25519Signer signer(Unhex(vector.seed));
    const std::string message = Unhex(vector.message);
    EXPECT_EQ(HexEncode(signer.public_key()), vector.public_key);
    EXPECT_EQ(HexEncode(signer.Sign(message)), vector.signature);
    EXPECT_TRUE(Ed25519KeyIsSound(signer.public_key()));
    EXPECT_TRUE(Ed25519Verify(Unhex(vector.public_key), message,
                              Unhex(vector.signature)));
  }
}

TEST(CryptoTest, RejectsASignatureWithAnyBitFlipped) {
  const Ed25519Vector& vector = kRfc8032[1];
  const std::string key = Unhex(vector.public_key);
  const std::string signature = Unhex(vector.signature);
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(Ed25519Verify(key, "\x72", flipped)) << bit;
  }
  EXPECT_FALSE(Ed25519Verify(key, "\x73", signature));
  EXPECT_FALSE(Ed25519Verify(key, "\x72", signature.substr(1)));
  EXPECT_FALSE(Ed25519Verify(key.substr(1), "\x72", signature));
  EXPECT_FALSE(Ed25519Verify("", "", ""));
}

TEST(CryptoTest, RejectsKeysOfSmallOrder) {
  for (const char* key :
       {"0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"}) {
    EXPECT_FALSE(Ed25519KeyIsSound(Unhex(key))) << key;
  }
}

TEST(CryptoTest, RejectsKeysThatAreNotCanonical) {
  // Each y from the prime upwards is another spelling of a small one, and the
  // sign of x = 0 has one spelling only.
  for (int low = 0xed; low <= 0xff; ++low) {
    for (const char* high : {"\x7f", "\xff"}) {
      std::string key(32, '\xff');
      key[0] = static_cast<char>(low);
      key[31] = high[0];
      EXPECT_FALSE(Ed25519KeyIsSound(key)) << low;
    }
  }
  EXPECT_FALSE(Ed25519KeyIsSound(Unhex(
      "0100000000000000000000000000000000000000000000000000000000000080")));
}

TEST(CryptoTest, RejectsKeysThatAreNotOnTheCurveOrNot32Bytes) {
  // y = 2 has no x.
  EXPECT_FALSE(Ed25519KeyIsSound(Unhex(
      "0200000000000000000000000000000000000000000000000000000000000000")));
  EXPECT_FALSE(Ed25519KeyIsSound(""));
  EXPECT_FALSE(Ed25519KeyIsSound(std::string(31, '\x09')));
  EXPECT_FALSE(Ed25519KeyIsSound(std::string(33, '\x09')));
}

TEST(CryptoTest, ASignerForEachSeed) {
  const std::string seed = RandomEd25519Seed();
  EXPECT_EQ(seed.size(), kEd25519SeedBytes);
  EXPECT_NE(seed, RandomEd25519Seed());
  const Ed25519Signer signer(seed);
  EXPECT_TRUE(Ed25519Verify(signer.public_key(), "x", signer.Sign("x")));
}

TEST(CryptoTest, WipingLeavesNothing) {
  std::string secret = RandomEd25519Seed();
  const char* place = secret.data();
  WipeBytes(&secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string_view(place, 1), std::string_view("\0", 1));
}

TEST(CryptoTest, ConstantTimeEqualIsEquality) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
}

TEST(HashTest, BytesAndBack) {
  const Hash hash = Sha256("x");
  EXPECT_EQ(HashFromBytes(Bytes(hash)), hash);
  EXPECT_FALSE(HashFromBytes(Bytes(hash).substr(1)).has_value());
  const std::vector<Hash> hashes = {hash, Sha256("y")};
  EXPECT_EQ(HashesFromBytes(BytesOfHashes(hashes)), hashes);
  EXPECT_EQ(HashesFromBytes("")->size(), 0u);
  EXPECT_FALSE(HashesFromBytes(std::string(33, 'x')).has_value());
}

}  // namespace
}  // namespace vidimus
