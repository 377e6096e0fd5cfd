#include "proto/administration.h"

#include "gtest/gtest.h"

namespace vidimus {
namespace {

TEST(AdministrationTest, ReadsTheNumberItWrites) {
  for (const uint32_t number : {0u, 1u, 7u, 4294967294u}) {
    const absl::StatusOr<uint32_t> read = AdministrationOfUris(
        {"https://malmo.example", AdministrationUri(number)});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, number);
  }
}

TEST(AdministrationTest, RejectsACertificateWithoutANumber) {
  EXPECT_EQ(AdministrationOfUris({}).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(AdministrationOfUris({"spiffe://x/y", ""}).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(AdministrationTest, RejectsEverySecondSpellingAndTwoNumbers) {
  for (const char* number :
       {"", "01", "+1", "-1", " 1", "1 ", "1x", "0x1", "4294967295",
        "4294967296", "99999999999999999999", "1:2"}) {
    EXPECT_EQ(AdministrationOfUris(
                  {std::string("urn:vidimus:administration:") + number})
                  .status()
                  .code(),
              absl::StatusCode::kPermissionDenied)
        << number;
  }
  EXPECT_FALSE(AdministrationOfUris({"URN:vidimus:administration:1"}).ok());
  EXPECT_FALSE(
      AdministrationOfUris({AdministrationUri(1), AdministrationUri(2)}).ok());
  EXPECT_FALSE(
      AdministrationOfUris({AdministrationUri(1), AdministrationUri(1)}).ok());
  EXPECT_FALSE(
      AdministrationOfUris({std::string("urn:vidimus:administration:1\0", 29)})
          .ok());
}

}  // namespace
}  // namespace vidimus
