// What the verifier's steps cost, one by one: the same source natively and as
// WebAssembly. The inputs are RFC 8032's second test and RFC 9381's first
// example of the suite.
//
//   bazel run -c opt //benches:wasm_ops      prints "NAME NANOSECONDS" lines
//
// `./vidimus bench wasm` sets both beside each other.

#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/vrf.h"

#ifdef __wasm__
#define EXPORT(name) extern "C" __attribute__((export_name(#name)))
#else
#define EXPORT(name) extern "C"
#endif

namespace {

std::string Hex(std::string_view hex) {
  std::string bytes;
  CHECK(vidimus::HexDecode(hex, &bytes));
  return bytes;
}

}  // namespace

// Each does its step `times` times over and says in how many it came out right.

EXPORT(ops_ed25519_verify) uint32_t ops_ed25519_verify(uint32_t times) {
  const std::string key =
      Hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::string signature =
      Hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  uint32_t right = 0;
  for (uint32_t i = 0; i < times; ++i) {
    right += vidimus::Ed25519Verify(key, "\x72", signature) ? 1 : 0;
  }
  return right;
}

EXPORT(ops_vrf_verify) uint32_t ops_vrf_verify(uint32_t times) {
  const std::string key =
      Hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string proof =
      Hex("8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f"
          "26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab12"
          "68a1b0db10836d9826a528ca76567805");
  uint32_t right = 0;
  vidimus::VrfOutput beta;
  for (uint32_t i = 0; i < times; ++i) {
    right += vidimus::VerifyVrf(key, "", proof, &beta) == vidimus::Finding::kOk
                 ? 1
                 : 0;
  }
  return right;
}

EXPORT(ops_node_hash) uint32_t ops_node_hash(uint32_t times) {
  vidimus::Hash left = {}, right = {};
  for (uint32_t i = 0; i < times; ++i) {
    left = vidimus::NodeHash(left, right);
  }
  return left != right ? times : 0;
}

#ifndef __wasm__

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "verifier/c_api.h"

namespace {

template <typename Step>
double NanosecondsEach(uint32_t times, Step step) {
  CHECK_EQ(step(times / 10 + 1), times / 10 + 1);
  const auto began = std::chrono::steady_clock::now();
  CHECK_EQ(step(times), times);
  return std::chrono::duration<double, std::nano>(
             std::chrono::steady_clock::now() - began)
             .count() /
         times;
}

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace

// Of each folder that make_city wrote: its bundle, judged whole.
int main(int argc, char** argv) {
  std::printf("ed25519_verify %.0f\n",
              NanosecondsEach(4000, ops_ed25519_verify));
  std::printf("vrf_verify %.0f\n", NanosecondsEach(2000, ops_vrf_verify));
  std::printf("node_hash %.0f\n", NanosecondsEach(1000000, ops_node_hash));
  for (int i = 1; i < argc; ++i) {
    const std::string folder = argv[i];
    const std::string key = ReadFile(folder + "/log.vkey");
    const std::string policy = ReadFile(folder + "/policy");
    const std::string bundle = ReadFile(folder + "/bundle");
    std::printf("judge:%s %.0f\n", folder.c_str(),
                NanosecondsEach(3, [&](uint32_t times) {
                  for (uint32_t k = 0; k < times; ++k) {
                    vidimus_free(vidimus_judge_chains(
                        key.data(), key.size(), policy.data(), policy.size(),
                        bundle.data(), bundle.size(), nullptr, 0));
                  }
                  return times;
                }));
  }
  return 0;
}

#endif  // __wasm__
