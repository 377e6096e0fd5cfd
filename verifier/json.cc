#include "verifier/json.h"

#include <utility>

#include "verifier/encoding.h"

namespace vidimus {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(uint32_t point, std::string* text) {
  const auto put = [text](uint32_t byte) {
    text->push_back(static_cast<char>(byte));
  };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

// Takes values from the front of a text that is UTF-8.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool AtEnd() {
    SkipSpace();
    return rest_.empty();
  }

  bool Object(int depth, std::vector<JsonMember>* members) {
    if (depth > kJsonDepthMax || !Take('{')) return false;
    if (Take('}')) return true;
    do {
      JsonMember member;
      SkipSpace();
      if (members->size() == kJsonMembersMax || !Text(&member.name)) {
        return false;
      }
      for (const JsonMember& before : *members) {
        if (before.name == member.name) return false;
      }
      if (!Take(':') || !Value(depth + 1, &member.value)) return false;
      members->push_back(std::move(member));
    } while (Take(','));
    return Take('}');
  }

  bool List(int depth, std::vector<JsonValue>* elements) {
    if (depth > kJsonDepthMax || !Take('[')) return false;
    if (Take(']')) return true;
    do {
      if (elements->size() == kJsonElementsMax) return false;
      if (!Value(depth + 1, &elements->emplace_back())) return false;
    } while (Take(','));
    return Take(']');
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' ||
                              rest_[0] == '\n' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
  }

  bool Take(char c) {
    SkipSpace();
    return TakeHere(c);
  }

  bool TakeHere(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool Value(int depth, JsonValue* value) {
    SkipSpace();
    if (rest_.empty()) return false;
    const std::string_view from = rest_;
    bool good = false;
    switch (from[0]) {
      case '{': {
        value->kind = JsonKind::kObject;
        std::vector<JsonMember> members;
        good = Object(depth, &members);
        break;
      }
      case '[': {
        value->kind = JsonKind::kList;
        std::vector<JsonValue> elements;
        good = List(depth, &elements);
        break;
      }
      case '"':
        value->kind = JsonKind::kText;
        good = Text(&value->text);
        break;
      case 'n':
        value->kind = JsonKind::kNull;
        good = TakeWord("null");
        break;
      case 't':
      case 'f':
        value->kind = JsonKind::kBool;
        good = TakeWord("true") || TakeWord("false");
        break;
      default:
        value->kind = JsonKind::kNumber;
        good = Number();
    }
    value->raw = from.substr(0, from.size() - rest_.size());
    return good;
  }

  bool Digits() {
    if (rest_.empty() || !IsDigit(rest_[0])) return false;
    while (!rest_.empty() && IsDigit(rest_[0])) rest_.remove_prefix(1);
    return true;
  }

  bool Number() {
    TakeHere('-');
    if (!TakeHere('0') && !Digits()) return false;
    if (TakeHere('.') && !Digits()) return false;
    if (TakeHere('e') || TakeHere('E')) {
      if (!TakeHere('+')) TakeHere('-');
      return Digits();
    }
    return true;
  }

  bool Text(std::string* text) {
    if (!TakeHere('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        text->push_back(c);
      } else if (!Escape(text)) {
        return false;
      }
    }
    return false;
  }

  bool Escape(std::string* text) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    const size_t known = kNames.find(rest_[0]);
    if (known != std::string_view::npos) {
      text->push_back(kMeanings[known]);
      rest_.remove_prefix(1);
      return true;
    }
    uint32_t point = 0;
    if (!CodeUnit(&point)) return false;
    if (point >= 0xd800 && point < 0xdc00) {
      uint32_t low = 0;
      if (!TakeHere('\\') || !CodeUnit(&low) || low < 0xdc00 || low > 0xdfff) {
        return false;
      }
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point <= 0xdfff) {
      return false;
    }
    AppendUtf8(point, text);
    return true;
  }

  // The u and four digits that follow a backslash.
  bool CodeUnit(uint32_t* unit) {
    if (!TakeHere('u') || rest_.size() < 4) return false;
    *unit = 0;
    for (const char c : rest_.substr(0, 4)) {
      const int digit = IsDigit(c)             ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      *unit = *unit << 4 | static_cast<uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool JsonObject::Read(std::string_view text) {
  members_.clear();
  if (text.size() > kJsonBytesMax || !IsUtf8(text)) return false;
  Reader reader(text);
  if (reader.Object(1, &members_) && reader.AtEnd()) return true;
  members_.clear();
  return false;
}

const JsonValue* JsonObject::Find(std::string_view name) const {
  for (const JsonMember& member : members_) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

const std::string* JsonObject::Text(std::string_view name) const {
  const JsonValue* const value = Find(name);
  return value != nullptr && value->kind == JsonKind::kText ? &value->text
                                                            : nullptr;
}

std::optional<uint64_t> JsonInteger(const JsonValue& value) {
  uint64_t number = 0;
  if (value.kind != JsonKind::kNumber || !DecimalDecode(value.raw, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::vector<JsonValue>> JsonElements(const JsonValue& value) {
  std::vector<JsonValue> elements;
  if (value.kind != JsonKind::kList || !Reader(value.raw).List(1, &elements)) {
    return std::nullopt;
  }
  return elements;
}

std::optional<std::vector<std::string>> JsonTexts(const JsonValue& value) {
  std::optional<std::vector<JsonValue>> elements = JsonElements(value);
  if (!elements.has_value()) return std::nullopt;
  std::vector<std::string> texts;
  for (JsonValue& element : *elements) {
    if (element.kind != JsonKind::kText) return std::nullopt;
    texts.push_back(std::move(element.text));
  }
  return texts;
}

}  // namespace vidimus
