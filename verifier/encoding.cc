#include "verifier/encoding.h"

#include <cstring>
#include <limits>

#include "verifier/check.h"

namespace vidimus {
namespace {

constexpr char kBase64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kHex[] = "0123456789abcdef";

// The six bits of a character, or -1.
int SixBits(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

int FourBits(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

template <typename T>
void AppendBe(T value, std::string* out) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

template <typename T>
T Be(std::string_view bytes) {
  CHECK_GE(bytes.size(), sizeof(T));
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value << 8) | static_cast<uint8_t>(bytes[i]);
  }
  return value;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      text.push_back(j <= count ? kBase64[group >> (18 - 6 * j) & 63] : '=');
    }
  }
  return text;
}

bool Base64Decode(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() % 4 != 0) return false;
  bytes->reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    size_t padding = 0;
    if (i + 4 == text.size() && text[i + 3] == '=') {
      padding = text[i + 2] == '=' ? 2 : 1;
    }
    uint32_t group = 0;
    for (size_t j = 0; j < 4; ++j) {
      const int bits = j < 4 - padding ? SixBits(text[i + j]) : 0;
      if (bits < 0) return false;
      group = group << 6 | static_cast<uint32_t>(bits);
    }
    // The bits that padding leaves over must be zero, or the same bytes would
    // have several spellings.
    if ((group & ((1u << 8 * padding) - 1)) != 0) return false;
    for (size_t j = 0; j < 3 - padding; ++j) {
      bytes->push_back(static_cast<char>(group >> (16 - 8 * j)));
    }
  }
  return true;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

bool Base64UrlDecode(std::string_view text, std::string* bytes) {
  std::string padded(text);
  for (char& c : padded) {
    // What the other alphabet has of its own stands for nothing here.
    c = c == '-' ? '+' : c == '_' ? '/' : c == '+' || c == '/' ? '=' : c;
  }
  if (!padded.empty() && padded.back() == '=') return false;
  padded.append((4 - padded.size() % 4) % 4, '=');
  return Base64Decode(padded, bytes);
}

std::string HexEncode(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (char c : bytes) {
    text.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return text;
}

bool HexDecode(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() % 2 != 0) return false;
  bytes->reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = FourBits(text[i]);
    const int low = FourBits(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes->push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

void AppendBe16(uint16_t value, std::string* out) { AppendBe(value, out); }
void AppendBe32(uint32_t value, std::string* out) { AppendBe(value, out); }
void AppendBe64(uint64_t value, std::string* out) { AppendBe(value, out); }

uint16_t Be16(std::string_view bytes) { return Be<uint16_t>(bytes); }
uint32_t Be32(std::string_view bytes) { return Be<uint32_t>(bytes); }
uint64_t Be64(std::string_view bytes) { return Be<uint64_t>(bytes); }

std::string DecimalEncode(uint64_t value) {
  char digits[20];
  size_t begin = sizeof(digits);
  do {
    digits[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return std::string(digits + begin, sizeof(digits) - begin);
}

bool DecimalDecode(std::string_view text, uint64_t* value) {
  if (text.empty()) return false;
  if (text[0] == '0' && text.size() > 1) return false;
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  uint64_t sum = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (sum > (kMax - digit) / 10) return false;
    sum = 10 * sum + digit;
  }
  *value = sum;
  return true;
}

bool TakeLine(std::string_view* rest, std::string_view* line) {
  const size_t end = rest->find('\n');
  if (end == std::string_view::npos) return false;
  *line = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return true;
}

bool IsUtf8(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = static_cast<uint8_t>(bytes[i]);
    if (lead < 0x80) {
      // Mostly there is nothing but ASCII: eight at a time.
      uint64_t eight;
      while (bytes.size() - i >= sizeof(eight)) {
        std::memcpy(&eight, bytes.data() + i, sizeof(eight));
        if ((eight & 0x8080808080808080u) != 0) break;
        i += sizeof(eight);
      }
      while (i < bytes.size() && static_cast<uint8_t>(bytes[i]) < 0x80) ++i;
      continue;
    }
    size_t count;
    uint32_t point, least;
    if ((lead & 0xe0) == 0xc0) {
      count = 1, point = lead & 0x1f, least = 0x80;
    } else if ((lead & 0xf0) == 0xe0) {
      count = 2, point = lead & 0x0f, least = 0x800;
    } else if ((lead & 0xf8) == 0xf0) {
      count = 3, point = lead & 0x07, least = 0x10000;
    } else {
      return false;
    }
    if (bytes.size() - i <= count) return false;
    for (size_t j = 1; j <= count; ++j) {
      const auto byte = static_cast<uint8_t>(bytes[i + j]);
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    if (point < least || point > 0x10ffff) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
    i += 1 + count;
  }
  return true;
}

}  // namespace vidimus
