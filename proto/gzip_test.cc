#include "proto/gzip.h"

#include <string>

#include "gtest/gtest.h"
#include "proto/status.h"

namespace vidimus {
namespace {

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) {
    text += "entry " + std::to_string(text.size()) + "\n";
  }
  text.resize(size);
  return text;
}

TEST(GzipTest, WhatIsZippedUnzipsToTheSame) {
  for (const size_t size : {0, 1, 2, 65535, 65536, 65537, 1000000}) {
    const std::string text = Text(size);
    for (const int level : {1, 6, 9}) {
      const std::string zipped = Gzip(text, level);
      EXPECT_EQ(zipped, Gzip(text, level));
      const absl::StatusOr<std::string> read = Gunzip(zipped, size);
      ASSERT_TRUE(read.ok()) << size << ": " << read.status();
      EXPECT_TRUE(*read == text) << size;
    }
  }
  EXPECT_LT(Gzip(Text(100000)).size(), 50000u);
}

TEST(GzipTest, ReadsSeveralMembersAsOne) {
  EXPECT_EQ(*Gunzip(Gzip("ab") + Gzip("") + Gzip("cd"), 4), "abcd");
}

TEST(GzipTest, NeverMakesMoreThanAllowed) {
  const std::string bomb = Gzip(std::string(100 << 20, '0'), 9);
  EXPECT_LT(bomb.size(), 200000u);
  const absl::Status status = Gunzip(bomb, 1 << 20).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(HttpStatusOf(status), 413);
  EXPECT_FALSE(Gunzip(Gzip("abc"), 2).ok());
  EXPECT_TRUE(Gunzip(Gzip("abc"), 3).ok());
  EXPECT_FALSE(Gunzip(Gzip("ab") + Gzip("cd"), 3).ok());
}

TEST(GzipTest, RejectsEachBeginningAndWhateverFollows) {
  const std::string zipped = Gzip(Text(5000));
  for (size_t size = 0; size < zipped.size(); ++size) {
    EXPECT_FALSE(Gunzip(zipped.substr(0, size), 5000).ok()) << size;
  }
  EXPECT_FALSE(Gunzip(zipped + "x", 5000).ok());
  EXPECT_FALSE(Gunzip(zipped + std::string(1, '\0'), 5000).ok());
  EXPECT_FALSE(Gunzip(zipped + zipped.substr(0, 30), 10000).ok());
}

TEST(GzipTest, RejectsAFlippedBit) {
  const std::string text = Text(300);
  const std::string zipped = Gzip(text);
  // The header's time, extra flags and system say nothing about the content.
  for (size_t i = 10; i < zipped.size(); ++i) {
    std::string damaged = zipped;
    damaged[i] ^= 1;
    const absl::StatusOr<std::string> read = Gunzip(damaged, 300);
    EXPECT_FALSE(read.ok() && *read != text) << i;
  }
  EXPECT_FALSE(Gunzip("plain text", 100).ok());
}

}  // namespace
}  // namespace vidimus
