// Runs a fuzz target once on each file of its corpus and on each beginning of
// it, so that every test run goes over what fuzzing found. A finding aborts.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// Beginnings beyond this many are left out; they cost the square of a length.
constexpr size_t kBeginningsMax = 4096;

void Run(const std::string& bytes) {
  // A copy of exact size, so that a sanitizer sees a read beyond it.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!file.is_regular_file()) continue;
      std::ifstream stream(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
      Run(bytes);
      for (size_t size = 0; size < bytes.size() && size < kBeginningsMax;
           ++size) {
        Run(bytes.substr(0, size));
      }
      ++files;
    }
  }
  std::printf("%d corpus files\n", files);
  return files > 0 ? 0 : 1;
}
