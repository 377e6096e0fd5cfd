// Any bytes in any function of the C interface: an answer comes, the same
// twice, and it is one JSON object in UTF-8. First byte: the function; then
// u16len of its first input, the rest is the second. What decodes encodes to
// the same bytes again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/c_api.h"
#include "verifier/check.h"
#include "verifier/encoding.h"

namespace {

// The key of small_log.h, which made the corpora.
constexpr std::string_view kKey =
    "log.example/small/2026h1+09e63155+Aa1MYldEzFK/lzC/"
    "PqSQFVLSkXRHKaU1QAWz5nDdKPQU";

std::string Take(char* answer) {
  CHECK(answer != nullptr);
  std::string text = answer;
  vidimus_free(answer);
  return text;
}

#define BYTES(text) (text).data(), (text).size()

std::string Call(uint8_t function, std::string_view a, std::string_view b) {
  switch (function % 16) {
    case 0:
      return Take(vidimus_open_head(BYTES(kKey), BYTES(a), BYTES(b)));
    case 1:
      return Take(vidimus_consistency_tiles(BYTES(kKey), BYTES(a), BYTES(b)));
    case 2:
      return Take(
          vidimus_judge_consistency(BYTES(kKey), BYTES(a), BYTES(a), BYTES(b)));
    case 3:
      return Take(
          vidimus_judge_chains(BYTES(kKey), BYTES(a), BYTES(b), nullptr, 0));
    case 4:
      return Take(
          vidimus_judge_chains(BYTES(kKey), nullptr, 0, BYTES(b), BYTES(a)));
    case 5:
      return Take(vidimus_es256_checks(BYTES(b)));
    case 6:
      return Take(vidimus_read_proofs(BYTES(kKey), BYTES(b)));
    case 7:
      return Take(vidimus_chain_labels(BYTES(a), BYTES(b)));
    case 8:
      return Take(vidimus_register_keys(BYTES(b)));
    case 9:
      return Take(vidimus_judge_entry(BYTES(kKey), BYTES(b)));
    case 10:
      return Take(vidimus_judge_register_proof(BYTES(kKey), BYTES(b)));
    case 11:
      return Take(vidimus_judge_conviction(BYTES(kKey), BYTES(b)));
    case 12:
      return Take(vidimus_judge_inclusion(BYTES(kKey), BYTES(a), BYTES(b)));
    case 13:
      return Take(vidimus_statement_to_sign(BYTES(a), BYTES(a), 0, BYTES(b)));
    case 14:
      return Take(
          vidimus_judge_statement(BYTES(kKey), BYTES(b), BYTES(a), nullptr, 0));
    default:
      return Take(vidimus_encode(BYTES(a), BYTES(b)));
  }
}

void CheckDecoding(std::string_view name, std::string_view message) {
  constexpr std::string_view kStart = "{\"finding\":\"Ok\",\"message\":";
  const std::string decoded = Take(vidimus_decode(BYTES(name), BYTES(message)));
  CHECK(vidimus::IsUtf8(decoded));
  if (decoded.substr(0, kStart.size()) != kStart) return;
  const std::string json =
      decoded.substr(kStart.size(), decoded.size() - kStart.size() - 1);
  const std::string encoded = Take(vidimus_encode(BYTES(name), BYTES(json)));
  // Too many members, or too much of it, is refused.
  if (encoded.substr(0, 15) != "{\"finding\":\"Ok\"") return;
  CHECK_EQ(encoded, "{\"finding\":\"Ok\",\"bytes\":\"" +
                        vidimus::HexEncode(message) + "\"}");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() < 3) return 0;
  const auto function = static_cast<uint8_t>(bytes[0]);
  const size_t first = vidimus::Be16(bytes.substr(1));
  bytes.remove_prefix(3);
  const std::string_view a = bytes.substr(0, first);
  bytes.remove_prefix(a.size());

  const std::string answer = Call(function, a, bytes);
  CHECK_EQ(answer, Call(function, a, bytes));
  CHECK(vidimus::IsUtf8(answer));
  CHECK_EQ(answer.substr(0, 12), "{\"finding\":\"");
  CHECK_EQ(answer.back(), '}');
  CheckDecoding(a, bytes);
  return 0;
}
