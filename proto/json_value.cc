#include "proto/json_value.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// How many bytes the code point at the beginning of `text` has, if they are as
// RFC 3629 wants them: not overlong, no surrogate, at most U+10FFFF. Else 0.
size_t Utf8Size(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto goes_on = [&byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return goes_on(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool in_range =
        (first != 0xe0 || byte(1) >= 0xa0) && (first != 0xed || byte(1) < 0xa0);
    return in_range && goes_on(1) && goes_on(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const bool in_range =
        (first != 0xf0 || byte(1) >= 0x90) && (first != 0xf4 || byte(1) < 0x90);
    return in_range && goes_on(1) && goes_on(2) && goes_on(3) ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8Size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void AppendUtf8(uint32_t point, std::string* out) {
  if (point < 0x80) {
    *out += static_cast<char>(point);
  } else if (point < 0x800) {
    *out += static_cast<char>(0xc0 | point >> 6);
    *out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    *out += static_cast<char>(0xe0 | point >> 12);
    *out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | point >> 18);
    *out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    *out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

class Parser {
 public:
  explicit Parser(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Json> Whole() {
    Json value;
    RETURN_IF_ERROR(Value(0, &value));
    SkipSpace();
    if (at_ != bytes_.size()) return Expected("the end of the line");
    return value;
  }

 private:
  absl::Status Expected(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("not JSON: expected ", what, " at byte ", at_ + 1));
  }

  void SkipSpace() {
    while (at_ < bytes_.size() &&
           (bytes_[at_] == ' ' || bytes_[at_] == '\t' || bytes_[at_] == '\n' ||
            bytes_[at_] == '\r')) {
      ++at_;
    }
  }

  bool Take(char c) {
    if (at_ >= bytes_.size() || bytes_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(absl::string_view word) {
    if (bytes_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  absl::Status Value(int depth, Json* value) {
    if (depth > kJsonDepthMax) return Expected("less nesting");
    SkipSpace();
    if (at_ >= bytes_.size()) return Expected("a value");
    switch (bytes_[at_]) {
      case '{':
        return Object(depth, value);
      case '[':
        return Array(depth, value);
      case '"':
        value->kind = Json::Kind::kString;
        return String(&value->text);
      case 't':
        value->kind = Json::Kind::kTrue;
        return TakeWord("true") ? absl::OkStatus() : Expected("a value");
      case 'f':
        value->kind = Json::Kind::kFalse;
        return TakeWord("false") ? absl::OkStatus() : Expected("a value");
      case 'n':
        value->kind = Json::Kind::kNull;
        return TakeWord("null") ? absl::OkStatus() : Expected("a value");
      default:
        return Number(value);
    }
  }

  absl::Status Object(int depth, Json* value) {
    value->kind = Json::Kind::kObject;
    Take('{');
    SkipSpace();
    if (Take('}')) return absl::OkStatus();
    absl::flat_hash_set<std::string> names;
    while (true) {
      SkipSpace();
      if (at_ >= bytes_.size() || bytes_[at_] != '"') return Expected("a name");
      std::string name;
      RETURN_IF_ERROR(String(&name));
      if (!names.insert(name).second) {
        return Expected("a name that does not stand twice, before");
      }
      SkipSpace();
      if (!Take(':')) return Expected("a colon");
      value->members.emplace_back(std::move(name), Json());
      RETURN_IF_ERROR(Value(depth + 1, &value->members.back().second));
      SkipSpace();
      if (Take('}')) return absl::OkStatus();
      if (!Take(',')) return Expected("a comma or a closing brace");
    }
  }

  absl::Status Array(int depth, Json* value) {
    value->kind = Json::Kind::kArray;
    Take('[');
    SkipSpace();
    if (Take(']')) return absl::OkStatus();
    while (true) {
      value->items.emplace_back();
      RETURN_IF_ERROR(Value(depth + 1, &value->items.back()));
      SkipSpace();
      if (Take(']')) return absl::OkStatus();
      if (!Take(',')) return Expected("a comma or a closing bracket");
    }
  }

  absl::Status Number(Json* value) {
    value->kind = Json::Kind::kNumber;
    const size_t begin = at_;
    Take('-');
    if (!Take('0') && !Digits()) return Expected("a value");
    if (Take('.') && !Digits()) return Expected("a digit");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return Expected("a digit");
    }
    value->text = std::string(bytes_.substr(begin, at_ - begin));
    return absl::OkStatus();
  }

  bool Digits() {
    const size_t begin = at_;
    while (at_ < bytes_.size() && IsDigit(bytes_[at_])) ++at_;
    return at_ > begin;
  }

  bool Hex4(uint32_t* unit) {
    *unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= bytes_.size()) return false;
      const char c = bytes_[at_];
      if (IsDigit(c)) {
        *unit = *unit * 16 + static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        *unit = *unit * 16 + static_cast<uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        *unit = *unit * 16 + static_cast<uint32_t>(c - 'A' + 10);
      } else {
        return false;
      }
    }
    return true;
  }

  absl::Status String(std::string* out) {
    Take('"');
    while (true) {
      const size_t begin = at_;
      while (at_ < bytes_.size() && bytes_[at_] != '"' && bytes_[at_] != '\\' &&
             static_cast<unsigned char>(bytes_[at_]) >= 0x20) {
        ++at_;
      }
      out->append(bytes_.data() + begin, at_ - begin);
      if (at_ >= bytes_.size()) return Expected("a closing quote");
      if (Take('"')) return absl::OkStatus();
      if (!Take('\\')) return Expected("no control character");
      RETURN_IF_ERROR(Escape(out));
    }
  }

  absl::Status Escape(std::string* out) {
    if (at_ >= bytes_.size()) return Expected("an escape");
    switch (bytes_[at_++]) {
      case '"':
        *out += '"';
        return absl::OkStatus();
      case '\\':
        *out += '\\';
        return absl::OkStatus();
      case '/':
        *out += '/';
        return absl::OkStatus();
      case 'b':
        *out += '\b';
        return absl::OkStatus();
      case 'f':
        *out += '\f';
        return absl::OkStatus();
      case 'n':
        *out += '\n';
        return absl::OkStatus();
      case 'r':
        *out += '\r';
        return absl::OkStatus();
      case 't':
        *out += '\t';
        return absl::OkStatus();
      case 'u':
        break;
      default:
        --at_;
        return Expected("an escape");
    }
    uint32_t point = 0;
    if (!Hex4(&point)) return Expected("four hexadecimal digits");
    if (point >= 0xd800 && point < 0xdc00) {
      uint32_t low = 0;
      if (!TakeWord("\\u") || !Hex4(&low) || low < 0xdc00 || low >= 0xe000) {
        return Expected("the second half of a surrogate pair");
      }
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point < 0xe000) {
      return Expected("the first half of a surrogate pair, before");
    }
    AppendUtf8(point, out);
    return absl::OkStatus();
  }

  const absl::string_view bytes_;
  size_t at_ = 0;
};

// The next code point of valid UTF-8.
uint32_t NextPoint(absl::string_view text, size_t* at) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[*at + i]);
  };
  const unsigned char first = byte(0);
  uint32_t point = first;
  size_t size = 1;
  if (first >= 0xf0) {
    point = (first & 0x07u) << 18 | (byte(1) & 0x3fu) << 12 |
            (byte(2) & 0x3fu) << 6 | (byte(3) & 0x3fu);
    size = 4;
  } else if (first >= 0xe0) {
    point = (first & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    size = 3;
  } else if (first >= 0xc0) {
    point = (first & 0x1fu) << 6 | (byte(1) & 0x3fu);
    size = 2;
  }
  *at += size;
  return point;
}

void AppendEscaped(uint32_t unit, std::string* out) {
  char buffer[12];
  std::snprintf(buffer, sizeof(buffer), "\\u%04x", unit);
  *out += buffer;
}

void AppendQuoted(absl::string_view text, std::string* out) {
  *out += '"';
  for (size_t at = 0; at < text.size();) {
    const uint32_t point = NextPoint(text, &at);
    switch (point) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (point >= 0x20 && point < 0x7f) {
          *out += static_cast<char>(point);
        } else if (point < 0x10000) {
          AppendEscaped(point, out);
        } else {
          AppendEscaped(0xd800 + ((point - 0x10000) >> 10), out);
          AppendEscaped(0xdc00 + ((point - 0x10000) & 0x3ff), out);
        }
    }
  }
  *out += '"';
}

void AppendCanonical(const Json& value, std::string* out) {
  switch (value.kind) {
    case Json::Kind::kNull:
      *out += "null";
      return;
    case Json::Kind::kFalse:
      *out += "false";
      return;
    case Json::Kind::kTrue:
      *out += "true";
      return;
    case Json::Kind::kNumber:
      *out += value.text;
      return;
    case Json::Kind::kString:
      AppendQuoted(value.text, out);
      return;
    case Json::Kind::kArray: {
      *out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) *out += ", ";
        AppendCanonical(value.items[i], out);
      }
      *out += ']';
      return;
    }
    case Json::Kind::kObject: {
      std::vector<const std::pair<std::string, Json>*> sorted;
      for (const auto& member : value.members) sorted.push_back(&member);
      // Bytes of UTF-8 sort as code points do.
      std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return a->first < b->first;
      });
      *out += '{';
      for (size_t i = 0; i < sorted.size(); ++i) {
        if (i > 0) *out += ", ";
        AppendQuoted(sorted[i]->first, out);
        *out += ": ";
        AppendCanonical(sorted[i]->second, out);
      }
      *out += '}';
      return;
    }
  }
}

}  // namespace

const Json* Json::Find(absl::string_view name) const {
  for (const auto& member : members) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

const Json* Json::At(absl::string_view path) const {
  const Json* value = this;
  while (value != nullptr) {
    const size_t dot = path.find('.');
    value = value->Find(path.substr(0, dot));
    if (dot == absl::string_view::npos) return value;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

absl::string_view Json::TextOf(const Json* value) {
  if (value == nullptr ||
      (value->kind != Kind::kString && value->kind != Kind::kNumber)) {
    return {};
  }
  return value->text;
}

absl::StatusOr<Json> ParseJson(absl::string_view bytes) {
  if (!IsUtf8(bytes)) {
    return absl::InvalidArgumentError("not JSON: not UTF-8");
  }
  return Parser(bytes).Whole();
}

std::string CanonicalJson(const Json& value) {
  std::string out;
  AppendCanonical(value, &out);
  return out;
}

std::string JsonQuote(absl::string_view text) {
  std::string out;
  AppendQuoted(text, &out);
  return out;
}

}  // namespace vidimus
