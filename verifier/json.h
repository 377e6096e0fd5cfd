// JSON (RFC 8259) as signed tokens hold it, read so strictly that two readers
// cannot see two things: UTF-8 without a byte order mark, no name twice in an
// object at any depth (names are compared unescaped), no lone surrogate, no
// control character, nothing after the value, and bounds on all of it. Numbers
// are checked against the grammar, and read only if they are integers.
//
// For the header and claims of a JSON Web Token and for WebAuthn's client data.
// Our own formats are no JSON. Pure functions; no exceptions.
#ifndef VERIFIER_JSON_H_
#define VERIFIER_JSON_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vidimus {

inline constexpr size_t kJsonBytesMax = 8192;
inline constexpr int kJsonDepthMax = 8;
inline constexpr size_t kJsonMembersMax = 64;    // of one object
inline constexpr size_t kJsonElementsMax = 256;  // of one list

enum class JsonKind : uint8_t { kNull, kBool, kNumber, kText, kList, kObject };

// A value inside a text that was read. `raw` is its spelling and points into
// that text; `text` is what a kText says, unescaped.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::string_view raw;
  std::string text;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// An object's members in the order they stand. What is inside of them has been
// checked as well.
class JsonObject {
 public:
  // Reads a text that is one object and nothing else. False if it is not, and
  // then `*this` is empty. `text` must outlive the views. At most the square of
  // kJsonMembersMax comparisons for each object.
  bool Read(std::string_view text);

  // The member of that name, or null.
  const JsonValue* Find(std::string_view name) const;
  // What it says if it is a text, else nothing.
  const std::string* Text(std::string_view name) const;

  const std::vector<JsonMember>& members() const { return members_; }

 private:
  std::vector<JsonMember> members_;
};

// The number, if `value` is one that is spelled as an integer from 0 to 2^64-1
// (no sign, fraction or exponent).
std::optional<uint64_t> JsonInteger(const JsonValue& value);

// The elements of a list, if it is one; each `raw` points into that of `value`.
std::optional<std::vector<JsonValue>> JsonElements(const JsonValue& value);

// What the elements of a list say, if it is a list of texts.
std::optional<std::vector<std::string>> JsonTexts(const JsonValue& value);

}  // namespace vidimus

#endif  // VERIFIER_JSON_H_
