#include "client/resident_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

class ResidentFlagsTest : public testing::Test {
 protected:
  ResidentFlagsTest() {
    flags_.vkey = testing::TempDir() + "/log.vkey";
    flags_.policy = testing::TempDir() + "/policy";
    Write(flags_.vkey, FormatVkey(log_));
  }

  static void Write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(WriteFile(path, text, 0644, /*sync=*/false).ok());
  }

  static VerifierKey Cosigner(char seed) {
    return Ed25519NoteSigner(
               absl::StrCat("cosigner.example/", std::string(1, seed)),
               kKeyTypeCosignatureEd25519, std::string(32, seed))
        .key();
  }

  static std::string Witness(char seed) {
    return absl::StrCat("witness ", std::string(1, seed), " ",
                        FormatVkey(Cosigner(seed)), "\n");
  }

  const VerifierKey log_ =
      Ed25519NoteSigner("log.example/a", kKeyTypeEd25519, std::string(32, 'l'))
          .key();
  ResidentFlags flags_;
};

// Whoever is in another group may cosign as much as they like: nothing is said
// to be complete under their word.
TEST_F(ResidentFlagsTest, OfAPolicyOnlyItsMonitorsVouch) {
  Write(flags_.policy,
        absl::StrCat("log ", FormatVkey(log_), "\n", Witness('a'), Witness('b'),
                     Witness('c'), Witness('d'),
                     "group witnesses 2 a b\ngroup far any d\n"
                     "group monitors any c far\n"
                     "group both all witnesses monitors\nquorum both\n"));
  const auto options = flags_.ReadOptions();
  ASSERT_TRUE(options.ok()) << options.status();
  ASSERT_EQ(options->monitors.size(), 2u);
  EXPECT_EQ(options->monitors[0].public_key, Cosigner('c').public_key);
  EXPECT_EQ(options->monitors[1].public_key, Cosigner('d').public_key);
}

TEST_F(ResidentFlagsTest, RefusesAPolicyThatSaysNothingOfMonitors) {
  const VerifierKey other =
      Ed25519NoteSigner("log.example/b", kKeyTypeEd25519, std::string(32, 'o'))
          .key();
  const std::string monitors = Witness('c') + "group monitors any c\n";
  const struct {
    std::string policy;
    const char* says;
  } cases[] = {
      {Witness('a') + "group witnesses any a\nquorum witnesses\n",
       "has no group `monitors`"},
      {Witness('c') + "quorum c\n", "has no group `monitors`"},
      {absl::StrCat("log ", FormatVkey(other), "\n", monitors,
                    "quorum monitors\n"),
       "none of its logs is log.example/a"},
      {monitors, "policy:3: "},
      {Witness('c') + Witness('d') + "group monitors 2 c d\nquorum monitors\n",
       "wants several at once"},
      {Witness('c') + Witness('d') +
           "group far all c d\ngroup monitors any far\nquorum monitors\n",
       "wants several at once"},
  };
  for (const auto& one : cases) {
    Write(flags_.policy, one.policy);
    const absl::Status refused = flags_.ReadOptions().status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
    EXPECT_THAT(std::string(refused.message()), testing::HasSubstr(one.says));
  }
}

}  // namespace
}  // namespace vidimus
