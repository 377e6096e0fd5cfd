#include "tests/vectors/json.h"

#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {

class Json::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Json Whole() {
    Json value = Value();
    SkipSpace();
    CHECK(rest_.empty());
    return value;
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) !=
                                 std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }

  bool Take(std::string_view word) {
    SkipSpace();
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  char Next() {
    CHECK(!rest_.empty());
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  Json Value() {
    Json value;
    if (Take("null")) {
      value.kind_ = Kind::kNull;
    } else if (Take("true")) {
      value.kind_ = Kind::kBool;
      value.bool_ = true;
    } else if (Take("false")) {
      value.kind_ = Kind::kBool;
    } else if (Take("\"")) {
      value.kind_ = Kind::kText;
      value.text_ = String();
    } else if (Take("[")) {
      value.kind_ = Kind::kList;
      if (Take("]")) return value;
      do {
        value.list_.push_back(Value());
      } while (Take(","));
      CHECK(Take("]"));
    } else if (Take("{")) {
      value.kind_ = Kind::kObject;
      if (Take("}")) return value;
      do {
        CHECK(Take("\""));
        std::string name = String();
        CHECK(Take(":"));
        value.members_.emplace_back(std::move(name), Value());
      } while (Take(","));
      CHECK(Take("}"));
    } else {
      value.kind_ = Kind::kNumber;
      while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
        value.text_.push_back(Next());
      }
      CHECK(!value.text_.empty());
    }
    return value;
  }

  // What follows the opening quote.
  std::string String() {
    std::string text;
    for (char c = Next(); c != '"'; c = Next()) {
      text += c == '\\' ? Escaped() : std::string(1, c);
    }
    return text;
  }

  std::string Escaped() {
    const char c = Next();
    switch (c) {
      case 'n':
        return "\n";
      case 'r':
        return "\r";
      case 't':
        return "\t";
      case 'u':
        return CodePoint();
      default:
        CHECK(c == '"' || c == '\\' || c == '/');
        return std::string(1, c);
    }
  }

  // The UTF-8 of a code point outside the surrogates.
  std::string CodePoint() {
    uint32_t point = 0;
    for (int i = 0; i < 4; ++i) {
      const size_t digit = std::string_view("0123456789abcdef").find(Next());
      CHECK_NE(digit, std::string_view::npos);
      point = point << 4 | static_cast<uint32_t>(digit);
    }
    std::string text;
    if (point < 0x80) {
      text.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
      text.push_back(static_cast<char>(0xc0 | point >> 6));
      text.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    } else {
      CHECK(point < 0xd800 || point > 0xdfff);
      text.push_back(static_cast<char>(0xe0 | point >> 12));
      text.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
      text.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    }
    return text;
  }

  std::string_view rest_;
};

Json Json::Parse(std::string_view text) { return Parser(text).Whole(); }

const Json& Json::operator[](std::string_view name) const {
  CHECK(Has(name));
  const Json* found = nullptr;
  for (const auto& [member, value] : members_) {
    if (member == name) found = &value;
  }
  return *found;
}

bool Json::Has(std::string_view name) const {
  CHECK(kind_ == Kind::kObject);
  for (const auto& [member, value] : members_) {
    if (member == name) return true;
  }
  return false;
}

bool Json::Bool() const {
  CHECK(kind_ == Kind::kBool);
  return bool_;
}

const std::string& Json::Text() const {
  CHECK(kind_ == Kind::kText);
  return text_;
}

uint64_t Json::Number() const {
  CHECK(kind_ == Kind::kNumber || kind_ == Kind::kText);
  uint64_t value = 0;
  CHECK(DecimalDecode(text_, &value));
  return value;
}

std::string Json::Hex() const {
  std::string bytes;
  CHECK(HexDecode(Text(), &bytes));
  return bytes;
}

const std::vector<Json>& Json::List() const {
  CHECK(kind_ == Kind::kList);
  return list_;
}

}  // namespace vidimus
