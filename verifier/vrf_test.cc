#include "verifier/vrf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "verifier/crypto.h"
#include "verifier/crypto_curve.h"
#include "verifier/encoding.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

using vrf_internal::View;

std::string Unhex(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(HexDecode(text, &bytes));
  return bytes;
}

std::string BytesOf(const VrfOutput& beta) {
  return std::string(View(beta.data(), beta.size()));
}

// RFC 9381, appendix B.3, examples 16 to 18.
struct Example {
  const char* seed;
  const char* public_key;
  const char* alpha;
  const char* proof;
  const char* beta;
};
constexpr Example kExamples[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f"
     "26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab12"
     "68a1b0db10836d9826a528ca76567805",
     "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff"
     "66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed593"
     "3bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926d"
     "a3ef39226bbc355bdc9850112c8f4b02",
     "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb"
     "5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf80"
     "96bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a"
     "2d41b00b05081ed0f58ee5e31b3a970e",
     "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45"
     "2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f"},
};

TEST(VrfTest, ProvesAndVerifiesTheExamplesOfRfc9381) {
  for (const Example& example : kExamples) {
    const std::string alpha = Unhex(example.alpha);
    const VrfProver prover(Unhex(example.seed));
    EXPECT_EQ(HexEncode(prover.public_key()), example.public_key);
    VrfOutput beta;
    const std::string proof = prover.Prove(alpha, &beta);
    EXPECT_EQ(HexEncode(proof), example.proof);
    EXPECT_EQ(HexEncode(BytesOf(beta)), example.beta);

    VrfOutput verified;
    EXPECT_EQ(VerifyVrf(prover.public_key(), alpha, proof, &verified),
              Finding::kOk);
    EXPECT_EQ(verified, beta);
  }
}

TEST(VrfTest, WhatIsProvenVerifiesWhateverTheInput) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    const VrfProver prover(Bytes(Sha256(std::to_string(round))));
    std::string alpha(random() % 300, '\0');
    for (char& c : alpha) c = static_cast<char>(random());
    VrfOutput beta, verified;
    const std::string proof = prover.Prove(alpha, &beta);
    ASSERT_EQ(proof.size(), kVrfProofBytes);
    ASSERT_EQ(VerifyVrf(prover.public_key(), alpha, proof, &verified),
              Finding::kOk);
    ASSERT_EQ(verified, beta);
    ASSERT_EQ(VerifyVrf(prover.public_key(), alpha + "x", proof, &verified),
              Finding::kVrfMismatch);
  }
}

class VrfRefusalTest : public testing::Test {
 protected:
  VrfRefusalTest() : prover_(Unhex(kExamples[1].seed)) {
    proof_ = prover_.Prove("alpha", &beta_);
  }

  Finding Verify(std::string_view proof) {
    return VerifyVrf(prover_.public_key(), "alpha", proof, &beta_);
  }

  VrfProver prover_;
  VrfOutput beta_;
  std::string proof_;
};

TEST_F(VrfRefusalTest, RejectsAnyOtherLength) {
  for (size_t size = 0; size < proof_.size(); ++size) {
    EXPECT_EQ(Verify(proof_.substr(0, size)), Finding::kVrfProofSize);
  }
  EXPECT_EQ(Verify(proof_ + '\0'), Finding::kVrfProofSize);
}

TEST_F(VrfRefusalTest, RejectsEveryFlippedBit) {
  for (size_t bit = 0; bit < 8 * proof_.size(); ++bit) {
    std::string flipped = proof_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const Finding finding = Verify(flipped);
    EXPECT_TRUE(finding == Finding::kVrfMismatch ||
                finding == Finding::kVrfProofMalformed)
        << bit;
  }
}

TEST_F(VrfRefusalTest, RejectsAnSOfTheGroupOrderOrMore) {
  // s + q is the same scalar in another spelling.
  const std::string order =
      Unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::string other = proof_;
  int carry = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t place = kVrfProofBytes - kScalarBytes + i;
    carry +=
        static_cast<uint8_t>(proof_[place]) + static_cast<uint8_t>(order[i]);
    other[place] = static_cast<char>(carry);
    carry >>= 8;
  }
  EXPECT_EQ(Verify(other), Finding::kVrfProofMalformed);
  std::copy(order.begin(), order.end(), other.end() - kScalarBytes);
  EXPECT_EQ(Verify(other), Finding::kVrfProofMalformed);
}

// All encodings that stand for a point of small order, canonical or not, and
// some that stand for none.
constexpr const char* kUnsound[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    // Not canonical: the sign of x = 0, and y of the prime or more.
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    // Not on the curve.
    "0200000000000000000000000000000000000000000000000000000000000000",
};

TEST_F(VrfRefusalTest, RejectsKeysOfSmallOrderAndOtherSpellings) {
  for (const char* key : kUnsound) {
    EXPECT_EQ(VerifyVrf(Unhex(key), "alpha", proof_, &beta_),
              Finding::kKeyUnsound)
        << key;
  }
  EXPECT_EQ(VerifyVrf("", "alpha", proof_, &beta_), Finding::kKeyUnsound);
}

TEST_F(VrfRefusalTest, RejectsAGammaThatIsNoCanonicalPoint) {
  for (const char* gamma : kUnsound) {
    std::string other = proof_;
    other.replace(0, kPointBytes, Unhex(gamma));
    EXPECT_NE(Verify(other), Finding::kOk) << gamma;
  }
  std::string other = proof_;
  other.replace(0, kPointBytes, Unhex(kUnsound[13]));
  EXPECT_EQ(Verify(other), Finding::kVrfProofMalformed);
  other.replace(0, kPointBytes, Unhex(kUnsound[8]));
  EXPECT_EQ(Verify(other), Finding::kVrfProofMalformed);
}

TEST_F(VrfRefusalTest, RejectsAnotherKey) {
  const VrfProver other(Unhex(kExamples[0].seed));
  EXPECT_EQ(VerifyVrf(other.public_key(), "alpha", proof_, &beta_),
            Finding::kVrfMismatch);
}

TEST(CurveTest, APointLessItselfIsTheIdentity) {
  const Scalar two = {2};
  const Scalar three = {3};
  const CurvePoint b = CurvePoint::TimesBase(Scalar{1});
  const CurvePoint b2 = CurvePoint::TimesBase(two);
  EXPECT_TRUE(CurvePoint().IsIdentity());
  EXPECT_EQ(CurvePoint().Encode(), EncodedPoint{1});
  EXPECT_TRUE(b.Minus(b).IsIdentity());
  EXPECT_FALSE(b.IsIdentity());
  EXPECT_EQ(b.Times(two).Encode(), b2.Encode());
  EXPECT_EQ(b.Times(three).Minus(b).Encode(), b2.Encode());
  EXPECT_EQ(b2.Times(two).Times(two).Encode(), b.TimesCofactor().Encode());
}

// --- Variable time, against the twin in constant time ------------------------

Scalar ScalarOf(const std::string& hex) {
  const std::string bytes = Unhex(hex);
  Scalar scalar = {};
  std::copy(bytes.begin(), bytes.end(), scalar.begin());
  return scalar;
}

Scalar RandomScalar(std::mt19937_64* random, int bits) {
  Scalar scalar = {};
  for (int i = 0; i < bits; ++i) {
    scalar[static_cast<size_t>(i) / 8] = static_cast<uint8_t>(
        scalar[static_cast<size_t>(i) / 8] | ((*random)() & 1) << i % 8);
  }
  return scalar;
}

// Edges of windows and of the order, below 2^255.
std::vector<Scalar> EdgeScalars() {
  std::vector<Scalar> scalars;
  for (const char* hex :
       {"",
        "01",
        "02",
        "03",
        "0f",
        "10",
        "11",
        "1e",
        "1f",
        "20",
        "21",
        "ff",
        "ffff",
        "0080",
        "ffffffffffffffffffffffffffffffff",
        "00000000000000000000000000000080",
        "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
        "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
        "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000040",
        "00000000000000000000000000000000000000000000000000000000000000f8",
        "5555555555555555555555555555555555555555555555555555555555555555",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2a"}) {
    scalars.push_back(ScalarOf(hex));
    scalars.back()[31] &= 0x7f;
  }
  // A window at each place, with all above it set.
  for (int at = 0; at < 255; at += 7) {
    Scalar scalar = {};
    for (int i = at; i < 255; ++i) {
      scalar[static_cast<size_t>(i) / 8] =
          static_cast<uint8_t>(scalar[static_cast<size_t>(i) / 8] | 1 << i % 8);
    }
    scalars.push_back(scalar);
  }
  return scalars;
}

std::vector<CurvePoint> EdgePoints() {
  std::vector<CurvePoint> points = {CurvePoint(),
                                    CurvePoint::TimesBase(Scalar{1}),
                                    CurvePoint::TimesBase(Scalar{2})};
  for (size_t i = 0; i < 8; ++i) {  // of small order
    CurvePoint point;
    EXPECT_TRUE(CurvePoint::Decode(Unhex(kUnsound[i]), &point)) << i;
    points.push_back(point);
    // And with a part of large order.
    points.push_back(point.Minus(points[1]));
  }
  return points;
}

// a * p - b * q, as it was before.
EncodedPoint SlowDifference(const Scalar& a, const CurvePoint& p,
                            const Scalar& b, const CurvePoint& q) {
  return p.Times(a).Minus(q.Times(b)).Encode();
}

TEST(CurveTest, SumsInVariableTimeAreThoseInConstantTime) {
  const std::vector<Scalar> scalars = EdgeScalars();
  const std::vector<CurvePoint> points = EdgePoints();
  for (size_t i = 0; i < scalars.size(); ++i) {
    for (size_t k = 0; k < points.size(); ++k) {
      const CurvePoint& p = points[k];
      const CurvePoint& q = points[(i + 3 * k) % points.size()];
      const Scalar& b = scalars[(3 * i + k) % scalars.size()];
      ASSERT_EQ(CurvePoint::SumOfPublic({{&scalars[i], &p, false}}).Encode(),
                p.Times(scalars[i]).Encode())
          << i << " " << k;
      ASSERT_EQ(CurvePoint::SumOfPublic({{&scalars[i], &p, true}}).Encode(),
                CurvePoint().Minus(p.Times(scalars[i])).Encode());
      ASSERT_EQ(
          CurvePoint::SumOfPublic({{&scalars[i], &p, false}, {&b, &q, true}})
              .Encode(),
          SlowDifference(scalars[i], p, b, q))
          << i << " " << k;
    }
  }
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const CurvePoint p = CurvePoint::TimesBase(RandomScalar(&random, 253));
    const CurvePoint q = CurvePoint::TimesBase(RandomScalar(&random, 253));
    const Scalar a = RandomScalar(&random, 255 - round % 40);
    const Scalar b = RandomScalar(&random, 128);
    ASSERT_EQ(
        CurvePoint::SumOfPublic({{&a, &p, false}, {&b, &q, true}}).Encode(),
        SlowDifference(a, p, b, q))
        << round;
  }
  EXPECT_TRUE(CurvePoint::SumOfPublic({}).IsIdentity());
  // A sum with itself: the formulas know no exception.
  const Scalar seven = {7};
  EXPECT_EQ(CurvePoint::SumOfPublic(
                {{&seven, &points[1], false}, {&seven, &points[1], false}})
                .Encode(),
            CurvePoint::TimesBase(Scalar{14}).Encode());
  EXPECT_TRUE(CurvePoint::SumOfPublic(
                  {{&seven, &points[1], false}, {&seven, &points[1], true}})
                  .IsIdentity());
}

TEST(CurveTest, SeveralAreEncodedAsEach) {
  std::vector<CurvePoint> points = EdgePoints();
  std::mt19937_64 random(12);
  for (int i = 0; i < 40; ++i) {
    points.push_back(CurvePoint::TimesBase(RandomScalar(&random, 253)));
  }
  for (size_t i = 0; i + 3 < points.size(); ++i) {
    const CurvePoint* p = &points[i];
    EncodedPoint encoded[4];
    CurvePoint::EncodeAll({p, p + 1, p + 2, p + 3}, encoded);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(encoded[k], p[k].Encode()) << i;
    CurvePoint::EncodeAll({p}, encoded);
    EXPECT_EQ(encoded[0], p->Encode());
    CurvePoint::EncodeAll({p, p}, encoded);
    EXPECT_EQ(encoded[1], p->Encode());
    EXPECT_EQ(p->IsIdentity(), p->Encode() == EncodedPoint{1});
  }
}

TEST(CurveTest, APointHasOneSpelling) {
  // What is decoded is spelled the same; of random bytes half are points.
  std::mt19937_64 random(13);
  int points = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(kPointBytes, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    // Near the ends, where one y has two spellings.
    if (round % 2 == 1) {
      std::fill(bytes.begin() + 1, bytes.end() - 1, round % 4 == 1 ? -1 : 0);
      bytes.back() =
          static_cast<char>(bytes.back() | (round % 4 == 1 ? 0x7f : 0));
    }
    CurvePoint point;
    if (!CurvePoint::Decode(bytes, &point)) continue;
    ++points;
    const EncodedPoint again = point.Encode();
    EXPECT_EQ(View(again.data(), again.size()), bytes);
  }
  EXPECT_GT(points, 700);
  // y from p on, with either sign; y of 1 and -1 with x less than zero.
  for (int low = 0xec; low < 0x100; ++low) {
    for (const char high : {'\x7f', '\xff'}) {
      std::string bytes(kPointBytes, '\xff');
      bytes.front() = static_cast<char>(low);
      bytes.back() = high;
      CurvePoint point;
      EXPECT_EQ(CurvePoint::Decode(bytes, &point), low == 0xec && high > 0)
          << low;
    }
  }
}

// VerifyVrf as it was before, step by step.
Finding SlowVerify(std::string_view public_key, std::string_view alpha,
                   std::string_view proof, VrfOutput* beta) {
  CurvePoint key, gamma, h;
  if (!Ed25519KeyIsSound(public_key) || !CurvePoint::Decode(public_key, &key)) {
    return Finding::kKeyUnsound;
  }
  if (proof.size() != kVrfProofBytes) return Finding::kVrfProofSize;
  vrf_internal::Challenge c;
  Scalar s, wide_c = {};
  std::copy_n(proof.begin() + 32, 16, c.begin());
  std::copy_n(proof.begin() + 32, 16, wide_c.begin());
  std::copy_n(proof.begin() + 48, 32, s.begin());
  if (!CurvePoint::Decode(proof.substr(0, kPointBytes), &gamma) ||
      !ScalarIsReduced(proof.substr(48))) {
    return Finding::kVrfProofMalformed;
  }
  EXPECT_TRUE(vrf_internal::EncodeToCurve(public_key, alpha, &h));
  const EncodedPoint u =
      CurvePoint::TimesBase(s).Minus(key.Times(wide_c)).Encode();
  const EncodedPoint v = SlowDifference(s, h, wide_c, gamma);
  if (vrf_internal::ChallengeOf(public_key, h.Encode(), gamma.Encode(), u, v) !=
      c) {
    return Finding::kVrfMismatch;
  }
  *beta = vrf_internal::OutputOf(gamma.TimesCofactor().Encode());
  return Finding::kOk;
}

TEST(VrfTest, FindsWhatTheSlowTwinFinds) {
  std::mt19937_64 random(14);
  int accepted = 0;
  for (int round = 0; round < 400; ++round) {
    const VrfProver prover(Bytes(Sha256(std::to_string(round % 7))));
    const std::string alpha = std::to_string(round);
    VrfOutput beta, slow_beta, proven;
    std::string proof = prover.Prove(alpha, &proven);
    std::string key(prover.public_key());
    switch (round % 5) {
      case 1:
        proof[random() % proof.size()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:  // Gamma of small order
        proof.replace(0, kPointBytes, Unhex(kUnsound[random() % 14]));
        break;
      case 3:
        key[random() % key.size()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 4:  // c or s of nothing, or as large as can be
        std::fill(proof.begin() + 32, proof.begin() + 48,
                  static_cast<char>(random() % 2 == 0 ? 0 : -1));
        if (random() % 2 == 0) {
          std::fill(proof.begin() + 48, proof.end(), '\0');
        }
        break;
      default:
        break;
    }
    const Finding finding = VerifyVrf(key, alpha, proof, &beta);
    ASSERT_EQ(finding, SlowVerify(key, alpha, proof, &slow_beta)) << round;
    if (finding == Finding::kOk) {
      ++accepted;
      EXPECT_EQ(beta, slow_beta);
      EXPECT_EQ(beta, proven);
    }
  }
  EXPECT_GE(accepted, 80);
}

TEST(CurveTest, ScalarsAreComputedModuloTheGroupOrder) {
  // (q - 1) + 1 = 0, and c * b + k against the group itself.
  std::string bytes =
      Unhex("ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  EXPECT_TRUE(ScalarIsReduced(bytes));
  Scalar q_less_1;
  std::copy(bytes.begin(), bytes.end(), q_less_1.begin());
  EXPECT_EQ(MulAdd({1}, q_less_1, Scalar{1}), Scalar{});
  EXPECT_TRUE(ScalarIsReduced(std::string(kScalarBytes, '\0')));
  bytes[0] = '\xed';
  EXPECT_FALSE(ScalarIsReduced(bytes));
  EXPECT_FALSE(ScalarIsReduced(std::string(kScalarBytes, '\xff')));
  EXPECT_FALSE(ScalarIsReduced(std::string(kScalarBytes - 1, '\0')));

  std::array<uint8_t, 16> c;
  c.fill(0xff);
  Scalar x, wide_c = {};
  x.fill(0xff);
  x[31] = 0x7f;
  std::copy(c.begin(), c.end(), wide_c.begin());
  const CurvePoint sum = CurvePoint::TimesBase(MulAdd(c, x, Scalar{5}));
  EXPECT_EQ(sum.Minus(CurvePoint::TimesBase(Scalar{5})).Encode(),
            CurvePoint::TimesBase(x).Times(wide_c).Encode());
}

}  // namespace
}  // namespace vidimus
