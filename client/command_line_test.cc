#include "client/command_line.h"

#include <gtest/gtest.h>

#include "client/client.h"

namespace vidimus {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    line_.Text("name", "FILE", "a name", &name_);
    line_.Texts("also", "FILE", "more names", &also_);
    line_.Number("count", "N", "how many", 1, 10, &count_);
    line_.Choice("kind", {"red", "blue"}, "which", &kind_);
    line_.Switch("loud", "shout", &loud_);
    line_.Operands(0, 2, &operands_);
  }

  CommandLine line_{"verb [flags] FILE", "Does something."};
  std::string name_ = "default", kind_ = "red";
  std::vector<std::string> also_, operands_;
  uint64_t count_ = 5;
  bool loud_ = false;
};

TEST_F(CommandLineTest, ReadsFlagsInBothSpellingsAndOperandsAnywhere) {
  ASSERT_TRUE(line_
                  .Read({"a", "--name=x", "--also", "p", "--count", "7",
                         "--kind", "blue", "--loud", "--also=q", "b"})
                  .ok());
  EXPECT_EQ(name_, "x");
  EXPECT_EQ(also_, (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(count_, 7u);
  EXPECT_EQ(kind_, "blue");
  EXPECT_TRUE(loud_);
  EXPECT_EQ(operands_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(CommandLineTest, KeepsDefaultsAndTakesADashAsAnOperand) {
  ASSERT_TRUE(line_.Read({"-"}).ok());
  EXPECT_EQ(name_, "default");
  EXPECT_EQ(count_, 5u);
  EXPECT_EQ(operands_, std::vector<std::string>{"-"});
}

TEST_F(CommandLineTest, EndsFlagsAtTwoDashes) {
  ASSERT_TRUE(line_.Read({"--", "--loud"}).ok());
  EXPECT_FALSE(loud_);
  EXPECT_EQ(operands_, std::vector<std::string>{"--loud"});
}

TEST_F(CommandLineTest, RefusesWhatMakesNoSense) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--nam", "x"},
                                             {"-x"},
                                             {"--name"},
                                             {"--count", "0"},
                                             {"--count", "11"},
                                             {"--count", "7x"},
                                             {"--count="},
                                             {"--kind", "green"},
                                             {"--loud=yes"},
                                             {"a", "b", "c"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(line_.Read(arguments))) << arguments[0];
    EXPECT_EQ(line_.Parse(arguments), kExitUsage);
  }
}

TEST_F(CommandLineTest, RefusesAMissingRequiredFlag) {
  line_.Require({"name"});
  EXPECT_TRUE(absl::IsInvalidArgument(line_.Read({"a"})));
  EXPECT_TRUE(line_.Read({"--name", "x"}).ok());
}

TEST_F(CommandLineTest, HelpTellsEveryFlag) {
  EXPECT_TRUE(absl::IsCancelled(line_.Read({"--help"})));
  for (const char* word : {"--name FILE", "--count N", "--kind red|blue",
                           "--loud", "Does something."}) {
    EXPECT_NE(line_.Help().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace vidimus
