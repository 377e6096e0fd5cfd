// The vectors of this folder, natively. tests/wasm runs the same cases.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/vectors/cases.h"
#include "verifier/es256.h"

namespace vidimus {
namespace {

class VectorsTest : public testing::TestWithParam<std::string_view> {};

TEST_P(VectorsTest, AllCasesAreJudgedAsTheySay) {
  const std::string path = "tests/vectors/" + std::string(GetParam()) + ".json";
  std::ifstream stream(path, std::ios::binary);
  ASSERT_TRUE(stream.good()) << path;
  const std::string json{std::istreambuf_iterator<char>(stream), {}};
  const VectorResult result = RunVectors(GetParam(), json, Es256VerifyNative);
  EXPECT_GT(result.passed, 5);
  for (const std::string& about : result.failed) ADD_FAILURE() << about;
}

INSTANTIATE_TEST_SUITE_P(Files, VectorsTest, testing::ValuesIn(kVectorFiles),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace vidimus
