// Bytes as text and numbers as bytes, each in exactly one spelling: what
// decodes here encodes back to the same characters. Pure functions.
#ifndef VERIFIER_ENCODING_H_
#define VERIFIER_ENCODING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vidimus {

// Base64 of RFC 4648 section 4: the alphabet with + and /, padded, no line
// breaks.
std::string Base64Encode(std::string_view bytes);

// Decodes `text` into `*bytes`, replacing what was there. False, and `*bytes`
// is undefined, if a character is outside the alphabet, padding is missing or
// misplaced, or the spare bits of the last character are not zero.
bool Base64Decode(std::string_view text, std::string* bytes);

// The same as RFC 4648 section 5 with - and _, without padding, as JSON Web
// Tokens want it.
std::string Base64UrlEncode(std::string_view bytes);
bool Base64UrlDecode(std::string_view text, std::string* bytes);

// Lower-case hexadecimal.
std::string HexEncode(std::string_view bytes);

// Decodes lower-case hexadecimal; false for upper case, odd length, others.
bool HexDecode(std::string_view text, std::string* bytes);

// Big-endian integers, appended to `*out`.
void AppendBe16(uint16_t value, std::string* out);
void AppendBe32(uint32_t value, std::string* out);
void AppendBe64(uint64_t value, std::string* out);

// Big-endian integers from the first 2, 4 or 8 bytes of `bytes`, which must
// have them (CHECK): callers look at the size first.
uint16_t Be16(std::string_view bytes);
uint32_t Be32(std::string_view bytes);
uint64_t Be64(std::string_view bytes);

// ASCII decimal without sign or leading zero; "0" is zero.
std::string DecimalEncode(uint64_t value);

// False if `text` is empty, holds anything but digits, begins with a zero that
// is not alone, or exceeds 64 bits.
bool DecimalDecode(std::string_view text, uint64_t* value);

// Takes the first line of `*rest`, without its line feed. False, and nothing is
// taken, if there is no line feed.
bool TakeLine(std::string_view* rest, std::string_view* line);

// Whether `bytes` is UTF-8 as RFC 3629 has it: no overlong form, no surrogate,
// nothing beyond U+10FFFF.
bool IsUtf8(std::string_view bytes);

}  // namespace vidimus

#endif  // VERIFIER_ENCODING_H_
