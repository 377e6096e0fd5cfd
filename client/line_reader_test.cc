#include "client/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vidimus {
namespace {

std::FILE* FileOf(const std::string& content) {
  std::FILE* file = std::tmpfile();
  std::fwrite(content.data(), 1, content.size(), file);
  std::rewind(file);
  return file;
}

// Lines, with "!" for one that was too long.
std::vector<std::string> Lines(const std::string& content) {
  std::FILE* file = FileOf(content);
  LineReader reader(file);
  std::vector<std::string> lines;
  absl::string_view line;
  bool too_long = false;
  while (reader.Next(&line, &too_long)) {
    lines.push_back(too_long ? "!" : std::string(line));
  }
  EXPECT_EQ(reader.number(), lines.size());
  EXPECT_FALSE(reader.failed());
  std::fclose(file);
  return lines;
}

using Strings = std::vector<std::string>;

TEST(LineReaderTest, SplitsAtLineFeeds) {
  EXPECT_EQ(Lines(""), Strings());
  EXPECT_EQ(Lines("\n"), Strings{""});
  EXPECT_EQ(Lines("a\nb\n"), (Strings{"a", "b"}));
  EXPECT_EQ(Lines("a\n\nb"), (Strings{"a", "", "b"}));
  EXPECT_EQ(Lines("a\r\nb\r"), (Strings{"a", "b"}));
}

TEST(LineReaderTest, ReadsLinesAcrossItsBuffer) {
  for (const size_t size : {65535u, 65536u, 65537u, 200000u}) {
    const std::string line(size, 'x');
    EXPECT_EQ(Lines(line + "\n" + line), (Strings{line, line}));
  }
}

TEST(LineReaderTest, PassesOverALineThatIsTooLong) {
  const std::string most(LineReader::kLineBytesMax, 'x');
  EXPECT_EQ(Lines(most + "\nb\n"), (Strings{most, "b"}));
  EXPECT_EQ(Lines(most + "x\nb\n"), (Strings{"!", "b"}));
}

}  // namespace
}  // namespace vidimus
