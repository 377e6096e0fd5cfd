#include "verifier/json_writer.h"

#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

void JsonWriter::Part() {
  if (!first_) text_.push_back(',');
  first_ = false;
}

void JsonWriter::Begin(char bracket) {
  Part();
  text_.push_back(bracket);
  first_ = true;
}

void JsonWriter::End(char bracket) {
  text_.push_back(bracket);
  first_ = false;
}

void JsonWriter::Word(std::string_view word) {
  Part();
  text_.append(word);
}

void JsonWriter::Name(std::string_view name) {
  Part();
  text_.push_back('"');
  text_.append(name);
  text_.append("\":");
  first_ = true;
}

void JsonWriter::Text(std::string_view text) {
  Part();
  text_.push_back('"');
  const bool utf8 = IsUtf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_.push_back('\\');
      text_.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      text_.append("\\u00");
      text_.push_back(kHexDigits[byte >> 4]);
      text_.push_back(kHexDigits[byte & 15]);
    } else if (byte >= 0x80 && !utf8) {
      text_.append(kReplacement);
    } else {
      text_.push_back(c);
    }
  }
  text_.push_back('"');
}

void JsonWriter::Hex(std::string_view bytes) {
  Part();
  text_.push_back('"');
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text_.push_back(kHexDigits[byte >> 4]);
    text_.push_back(kHexDigits[byte & 15]);
  }
  text_.push_back('"');
}

void JsonWriter::Number(uint64_t number) {
  Part();
  const bool exact = number <= kJsonExactMax;
  if (!exact) text_.push_back('"');
  text_.append(DecimalEncode(number));
  if (!exact) text_.push_back('"');
}

}  // namespace vidimus
