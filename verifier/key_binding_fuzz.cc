// Any bytes as a key-binding JWT, and as the JSON that is inside of one.

#include <cstddef>
#include <cstdint>
#include <string>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/json.h"
#include "verifier/key_binding.h"

namespace vidimus {
namespace {

// That of tests/vectors/statement_signatures.json, for which the corpus is.
constexpr char kChallenge[] =
    "c7c950b78e2d18c3d223910e9de8952e352cb240eda37a2757abbb41f3a7170c";

// Spells an object anew, with every letter of a text escaped.
std::string Spell(const JsonObject& object) {
  const auto quote = [](const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x80) {
        quoted += "\\u00" + HexEncode(std::string_view(&c, 1));
      } else {
        quoted.push_back(c);
      }
    }
    return quoted + "\"";
  };
  std::string text = "{";
  for (const JsonMember& member : object.members()) {
    if (text.size() > 1) text.push_back(',');
    text += quote(member.name) + ":";
    text += member.value.kind == JsonKind::kText
                ? quote(member.value.text)
                : std::string(member.value.raw);
  }
  return text + "}";
}

void TryJson(std::string_view bytes) {
  JsonObject object;
  if (!object.Read(bytes)) {
    CHECK(object.members().empty());
    return;
  }
  const std::string spelled = Spell(object);
  if (spelled.size() > kJsonBytesMax) return;
  JsonObject again;
  CHECK(again.Read(spelled));
  CHECK_EQ(again.members().size(), object.members().size());
  for (const JsonMember& member : object.members()) {
    const JsonValue* const value = again.Find(member.name);
    CHECK(value != nullptr);
    CHECK(value->kind == member.value.kind);
    CHECK(value->text == member.value.text);
    JsonInteger(*value);
    JsonTexts(*value);
  }
}

void TryToken(std::string_view jwt) {
  const Es256Verify yes = [](std::string_view, std::string_view message,
                             std::string_view signature) {
    CHECK_EQ(signature.size(), kEs256SignatureBytes);
    return message.find('.') != std::string_view::npos;
  };
  std::string challenge;
  CHECK(HexDecode(kChallenge, &challenge));
  const std::string key(kEs256KeyBytes, '\x04');
  KeyBinding binding;
  const char* part = nullptr;
  const Finding finding = VerifyKeyBinding(key, *HashFromBytes(challenge), jwt,
                                           yes, &binding, &part);
  CHECK_EQ(part != nullptr, finding == Finding::kStatementSignatureForm);
  CHECK_EQ(!binding.audience.empty(), finding == Finding::kOk);
  if (finding != Finding::kOk) return;
  // Signed is what stands before the last dot, so each dot has its place.
  CHECK(VerifyKeyBinding(key, Hash{}, jwt, yes, nullptr, nullptr) ==
        Finding::kStatementSignature);
}

}  // namespace
}  // namespace vidimus

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TryJson(bytes);
  TryToken(bytes);
  // As claims under a good header; the fuzzer need not find base64 itself.
  TryToken(Base64UrlEncode("{\"alg\":\"ES256\",\"typ\":\"kb+jwt\"}") + "." +
           Base64UrlEncode(bytes) + "." +
           Base64UrlEncode(std::string(kEs256SignatureBytes, 's')));
  return 0;
}
