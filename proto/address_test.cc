#include "proto/address.h"

#include <string>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

TEST(AddressTest, AcceptsWhatFormatsBackToTheSame) {
  for (const std::string text :
       {"127.0.0.1:0", "127.0.0.1:65535", "[::1]:8080", "[2001:db8::7]:443",
        "localhost:80", "log.example:8080", "xn--malm-8qa.example:1",
        "a-b.c1:2"}) {
    const absl::StatusOr<HostPort> address = ParseHostPort(text);
    ASSERT_TRUE(address.ok()) << text << ": " << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(AddressTest, RejectsEverySecondSpelling) {
  for (const std::string text : {"",
                                 ":",
                                 ":80",
                                 "localhost",
                                 "localhost:",
                                 "localhost:080",
                                 "localhost:65536",
                                 "localhost:-1",
                                 "localhost:+1",
                                 "localhost: 1",
                                 "localhost:99999999999999999999",
                                 "Localhost:80",
                                 "-a.b:80",
                                 "a-.b:80",
                                 "a..b:80",
                                 ".a:80",
                                 "a.:80",
                                 "a_b:80",
                                 "a b:80",
                                 "127.0.0.01:80",
                                 "127.0.0:80",
                                 "127.1:80",
                                 "256.1.1.1:80",
                                 "2130706433:80",
                                 "::1:80",
                                 "[::1:80",
                                 "::1]:80",
                                 "[0:0::1]:80",
                                 "[::0001]:80",
                                 "[127.0.0.1]:80",
                                 "[fe80::1%eth0]:80",
                                 "[]:80",
                                 "user@host:80",
                                 "h\xc3\xa4r:80"}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
  EXPECT_FALSE(ParseHostPort(absl::string_view("a\0b:80", 6)).ok());
  EXPECT_FALSE(ParseHostPort(std::string(64, 'a') + ":80").ok());
  EXPECT_TRUE(ParseHostPort(std::string(63, 'a') + ":80").ok());
}

TEST(AddressTest, KnowsLoopback) {
  EXPECT_TRUE(ParseHostPort("127.0.0.1:1")->IsLoopback());
  EXPECT_TRUE(ParseHostPort("127.9.8.7:1")->IsLoopback());
  EXPECT_TRUE(ParseHostPort("[::1]:1")->IsLoopback());
  EXPECT_TRUE(ParseHostPort("localhost:1")->IsLoopback());
  EXPECT_FALSE(ParseHostPort("0.0.0.0:1")->IsLoopback());
  EXPECT_FALSE(ParseHostPort("[::]:1")->IsLoopback());
  EXPECT_FALSE(ParseHostPort("127.example:1")->IsLoopback());
  EXPECT_FALSE(ParseHostPort("10.0.0.1:1")->IsLoopback());
}

}  // namespace
}  // namespace vidimus
