// JSON (RFC 8259) for programs to read: compact, members in the order they are
// written, always valid UTF-8 whatever it is given. Reading is json.h. Not
// synchronised; grows with what is written.
#ifndef VERIFIER_JSON_WRITER_H_
#define VERIFIER_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace vidimus {

// The greatest integer that every reader of JSON keeps exactly; above it
// numbers are written as decimal strings.
inline constexpr uint64_t kJsonExactMax = (uint64_t{1} << 53) - 1;

// The caller keeps the order: in an object, a name before each value.
//
//   JsonWriter json;
//   json.BeginObject();
//   json.Name("size");
//   json.Number(7);
//   json.EndObject();  // {"size":7}
class JsonWriter {
 public:
  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginList() { Begin('['); }
  void EndList() { End(']'); }

  // ASCII without anything that would have to be escaped.
  void Name(std::string_view name);

  // Bytes that are no UTF-8 become U+FFFD, each byte beyond ASCII one.
  void Text(std::string_view text);
  void Hex(std::string_view bytes);
  void Number(uint64_t number);
  void Bool(bool value) { Word(value ? "true" : "false"); }
  void Null() { Word("null"); }

  // A name and its value.
  void Text(std::string_view name, std::string_view text) {
    Name(name);
    Text(text);
  }
  void Hex(std::string_view name, std::string_view bytes) {
    Name(name);
    Hex(bytes);
  }
  void Number(std::string_view name, uint64_t number) {
    Name(name);
    Number(number);
  }
  void Bool(std::string_view name, bool value) {
    Name(name);
    Bool(value);
  }

  const std::string& text() const { return text_; }

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Word(std::string_view word);
  void Part();

  std::string text_;
  bool first_ = true;  // nothing to be parted from stands before
};

}  // namespace vidimus

#endif  // VERIFIER_JSON_WRITER_H_
