#include "proto/url.h"

#include <string>

#include "gtest/gtest.h"

namespace vidimus {
namespace {

TEST(UrlTest, AcceptsWhatFormatsBackToTheSame) {
  for (const std::string text :
       {"http://localhost", "http://localhost/", "http://127.0.0.1:8080",
        "https://log.example/helsinki/2026h2",
        "https://log.example/helsinki/2026h2/", "https://[::1]:443/a",
        "https://[::1]/a", "http://a:1/b%20c;d=e,f(g)~!$&'*+:@"}) {
    const absl::StatusOr<Url> url = ParseUrl(text);
    ASSERT_TRUE(url.ok()) << text << ": " << url.status();
    EXPECT_EQ(url->ToString(), text);
  }
}

TEST(UrlTest, TakesItApart) {
  const Url url = *ParseUrl("https://[::1]:8443/a/b");
  EXPECT_TRUE(url.is_https);
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.Authority(), "[::1]:8443");
  EXPECT_EQ(ParseUrl("http://a")->EffectivePort(), 80);
  EXPECT_EQ(ParseUrl("https://a")->EffectivePort(), 443);
  EXPECT_EQ(ParseUrl("https://a:1")->EffectivePort(), 1);
}

TEST(UrlTest, RejectsEverySecondSpelling) {
  for (const std::string text : {"",
                                 "localhost",
                                 "HTTP://a",
                                 "ftp://a",
                                 "http:/a",
                                 "http://",
                                 "http:///a",
                                 "http://a:0",
                                 "http://a:080",
                                 "http://a:65536",
                                 "http://a:",
                                 "http://A/",
                                 "http://user@a/",
                                 "http://a?q",
                                 "http://a/?q",
                                 "http://a/#f",
                                 "http://a//b",
                                 "http://a/./b",
                                 "http://a/../b",
                                 "http://a/..",
                                 "http://a/b c",
                                 "http://a/b\\c",
                                 "http://a/%2",
                                 "http://a/%",
                                 "http://a/%2f",
                                 "http://a/%GG",
                                 "http://a/h\xc3\xa4r",
                                 "http://::1/",
                                 "http://[::1",
                                 "http://[::1]x",
                                 "http://[0:0::1]/",
                                 "http:// a",
                                 " http://a",
                                 "http://a ",
                                 "http://a/\r\nX: y",
                                 "http://256.0.0.1/"}) {
    EXPECT_FALSE(ParseUrl(text).ok()) << text;
  }
  EXPECT_FALSE(ParseUrl(absl::string_view("http://a/\0", 10)).ok());
  EXPECT_TRUE(ParseUrl("http://a/" + std::string(2039, 'b')).ok());
  EXPECT_FALSE(ParseUrl("http://a/" + std::string(2040, 'b')).ok());
}

TEST(UrlTest, JoinsWithOneSlash) {
  for (const char* base : {"http://a/b", "http://a/b/"}) {
    EXPECT_EQ(ParseUrl(base)->PathOf("tile/0/000"), "/b/tile/0/000");
    EXPECT_EQ(ParseUrl(base)->PathOf("/checkpoint"), "/b/checkpoint");
  }
  EXPECT_EQ(ParseUrl("http://a")->PathOf("checkpoint"), "/checkpoint");
  EXPECT_EQ(ParseUrl("http://a")->PathOf(""), "/");
}

}  // namespace
}  // namespace vidimus
