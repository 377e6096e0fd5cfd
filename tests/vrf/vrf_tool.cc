// Proves and judges with verifier/, a line for each line of standard input, in
// hexadecimal, for differential.py:
//   prove SEED ALPHA           -> PUBLIC_KEY PROOF BETA
//   verify PUBLIC_KEY ALPHA PROOF -> BETA, or refused
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/vrf.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

// The next word of `*line`, decoded; it may be empty.
std::string Next(std::string* line) {
  const size_t end = std::min(line->find(' '), line->size());
  std::string bytes;
  CHECK(HexDecode(line->substr(0, end), &bytes));
  *line = line->substr(std::min(end + 1, line->size()));
  return bytes;
}

std::string Hex(const VrfOutput& beta) {
  return HexEncode(vrf_internal::View(beta.data(), beta.size()));
}

void Run() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t space = line.find(' ');
    const std::string verb = line.substr(0, space);
    line = line.substr(space + 1);
    const std::string key = Next(&line);
    const std::string alpha = Next(&line);
    VrfOutput beta;
    if (verb == "prove") {
      const VrfProver prover(key);
      const std::string proof = prover.Prove(alpha, &beta);
      std::printf("%s %s %s\n", HexEncode(prover.public_key()).c_str(),
                  HexEncode(proof).c_str(), Hex(beta).c_str());
    } else {
      CHECK(verb == "verify");
      const Finding finding = VerifyVrf(key, alpha, Next(&line), &beta);
      std::printf("%s\n",
                  finding == Finding::kOk ? Hex(beta).c_str() : "refused");
    }
  }
}

}  // namespace
}  // namespace vidimus

int main() {
  vidimus::Run();
  return 0;
}
