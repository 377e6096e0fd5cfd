// Just enough JSON (RFC 8259) to read our vectors, in code that builds for
// wasm32 too: strings, numbers below 2^64, true, false, null, lists, objects.
// For tests: input that is not such JSON aborts the program.
#ifndef TESTS_VECTORS_JSON_H_
#define TESTS_VECTORS_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vidimus {

class Json {
 public:
  // Parses a whole text.
  static Json Parse(std::string_view text);

  // A member of an object, which must have it; or whether it has.
  const Json& operator[](std::string_view name) const;
  bool Has(std::string_view name) const;

  bool IsNull() const { return kind_ == Kind::kNull; }
  bool IsText() const { return kind_ == Kind::kText; }
  bool Bool() const;
  const std::string& Text() const;
  // A number, also one spelled as a decimal string.
  uint64_t Number() const;
  // The bytes of a string in lower-case hex.
  std::string Hex() const;
  const std::vector<Json>& List() const;

 private:
  enum class Kind { kNull, kBool, kNumber, kText, kList, kObject };
  class Parser;

  Kind kind_ = Kind::kNull;
  bool bool_ = false;
  std::string text_;  // of a text; the digits of a number
  std::vector<Json> list_;
  std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace vidimus

#endif  // TESTS_VECTORS_JSON_H_
