#include "verifier/label.h"

#include <gtest/gtest.h>

#include <string>

#include "verifier/encoding.h"
#include "verifier/vrf.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

constexpr std::string_view kOrigin = "vidimus.example/test/2026h1";
constexpr std::string_view kSubject("\x01\x61", 2);

std::string Unhex(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(HexDecode(text, &bytes));
  return bytes;
}

std::string ProofOf(const VrfProver& prover, const ChainName& chain) {
  std::string alpha;
  EXPECT_EQ(ChainAlpha(chain, &alpha), Finding::kOk);
  VrfOutput beta;
  return prover.Prove(alpha, &beta);
}

TEST(LabelTest, AlphaIsOriginAdministrationAndSubject) {
  std::string alpha;
  ASSERT_EQ(ChainAlpha({kOrigin, 1, kSubject}, &alpha), Finding::kOk);
  EXPECT_EQ(HexEncode(alpha),
            "1b766964696d75732e6578616d706c652f746573742f32303236683100000001"
            "00020161");
}

TEST(LabelTest, KeyAndLabelsAreThoseOfTheFormatsPage) {
  const VrfProver prover(Unhex(
      "9f3d6759d9aad584926f27e3d99ad8f411778aba0b575fdd261916c750730266"));
  const ChainName chain = {kOrigin, 1, kSubject};
  Hash key;
  ASSERT_EQ(
      VerifyChainKey(prover.public_key(), chain, ProofOf(prover, chain), &key),
      Finding::kOk);
  EXPECT_EQ(HexEncode(Bytes(key)),
            "d0b643cfb574e6b59679d0c940e93c8b212f75c7800dd6255774e4a16acc2d82");
  EXPECT_EQ(HexEncode(Bytes(ChainLabel(key, 0))),
            "325c64393bde39fc3e6e2e462ba007b2fb6e8cddb9ecf70d9a2485355e0c1fd3");
  EXPECT_EQ(HexEncode(Bytes(ChainLabel(key, ~uint64_t{0}))),
            "61c93b5ababc776eb6db32612a3e54e4a78ae603116838a617212e0c109f6c9c");
}

TEST(LabelTest, EachChainHasAKeyOfItsOwn) {
  const VrfProver prover(std::string(kVrfSeedBytes, '\7'));
  const ChainName chain = {kOrigin, 1, kSubject};
  const std::string proof = ProofOf(prover, chain);
  const ChainName others[] = {{kOrigin, 2, kSubject},
                              {kOrigin, 1,
                               "\x01"
                               "b"},
                              {kOrigin, 1,
                               "\x02"
                               "a"},
                              {"vidimus.example/test/2026h2", 1, kSubject}};
  for (const ChainName& other : others) {
    Hash key;
    EXPECT_EQ(VerifyChainKey(prover.public_key(), other, proof, &key),
              Finding::kVrfMismatch);
  }
  Hash key;
  EXPECT_EQ(VerifyChainKey(prover.public_key(), chain, "", &key),
            Finding::kVrfProofSize);
}

TEST(LabelTest, RejectsLengthsThatNoChainHas) {
  std::string alpha;
  const std::string long_origin(256, 'o');
  const std::string long_subject(65536, 's');
  EXPECT_EQ(ChainAlpha({kOrigin, 1, ""}, &alpha), Finding::kChainNameSize);
  EXPECT_EQ(ChainAlpha({"", 1, kSubject}, &alpha), Finding::kChainNameSize);
  EXPECT_EQ(ChainAlpha({long_origin, 1, kSubject}, &alpha),
            Finding::kChainNameSize);
  EXPECT_EQ(ChainAlpha({kOrigin, 1, long_subject}, &alpha),
            Finding::kChainNameSize);
  EXPECT_EQ(ChainAlpha({std::string_view(long_origin).substr(1), 0xffffffff,
                        std::string_view(long_subject).substr(1)},
                       &alpha),
            Finding::kOk);
  EXPECT_EQ(alpha.size(), 1u + 255 + 4 + 2 + 65535);
}

}  // namespace
}  // namespace vidimus
