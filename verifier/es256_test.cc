#include "verifier/es256.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/encoding.h"

namespace vidimus {
namespace {

std::string Hex(std::string_view hex) {
  std::string bytes;
  EXPECT_TRUE(HexDecode(hex, &bytes));
  return bytes;
}

// RFC 6979, A.2.5: P-256 with SHA-256, message "sample".
const char kX[] =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
const char kY[] =
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const char kR[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
const char kS[] =
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

const std::string kKey = "\x04" + Hex(kX) + Hex(kY);
const std::string kSignature = Hex(kR) + Hex(kS);

TEST(Es256Test, AcceptsTheExampleOfTheRfc) {
  EXPECT_TRUE(Es256VerifyNative(kKey, "sample", kSignature));
}

TEST(Es256Test, RejectsEveryFlippedByte) {
  EXPECT_FALSE(Es256VerifyNative(kKey, "samplf", kSignature));
  for (size_t i = 0; i < kSignature.size(); ++i) {
    std::string signature = kSignature;
    signature[i] ^= 1;
    EXPECT_FALSE(Es256VerifyNative(kKey, "sample", signature)) << i;
  }
  for (size_t i = 0; i < kKey.size(); ++i) {
    std::string key = kKey;
    key[i] ^= 1;
    EXPECT_FALSE(Es256VerifyNative(key, "sample", kSignature)) << i;
  }
}

TEST(Es256Test, RejectsOtherLengthsAndEmptyNumbers) {
  EXPECT_FALSE(Es256VerifyNative("", "sample", kSignature));
  EXPECT_FALSE(Es256VerifyNative(kKey.substr(1), "sample", kSignature));
  EXPECT_FALSE(Es256VerifyNative(kKey, "sample", kSignature + '\0'));
  EXPECT_FALSE(Es256VerifyNative(kKey, "sample", ""));
  const std::string zero(32, '\0');
  EXPECT_FALSE(Es256VerifyNative(kKey, "sample", zero + Hex(kS)));
  EXPECT_FALSE(Es256VerifyNative(kKey, "sample", Hex(kR) + zero));
  EXPECT_FALSE(Es256VerifyNative(kKey, "sample", std::string(64, '\xff')));
}

}  // namespace
}  // namespace vidimus
