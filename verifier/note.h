// Signed notes of C2SP signed-note, and the timestamped cosignatures of C2SP
// tlog-cosignature. Pure functions. Format and vectors: docs/note.md. Making
// signatures is signing.h.
//
// A note is a text ending in a line feed, an empty line, and signature lines:
// em dash, space, key name, space, base64 of key ID and signature.
#ifndef VERIFIER_NOTE_H_
#define VERIFIER_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

// Kinds of key. Others are refused in a vkey and ignored in a note.
inline constexpr uint8_t kKeyTypeEd25519 = 0x01;
inline constexpr uint8_t kKeyTypeCosignatureEd25519 = 0x04;

// What we read of a note: room for 64 lines of post-quantum size.
inline constexpr size_t kNoteBytesMax = 512 * 1024;
inline constexpr size_t kNoteSignaturesMax = 64;

// A key that a note can be judged by.
struct VerifierKey {
  std::string name;
  uint32_t key_id = 0;
  uint8_t type = kKeyTypeEd25519;
  std::string public_key;  // 32 bytes for both types above
};

// H(name LF type public_key), first 4 bytes.
uint32_t NoteKeyId(std::string_view name, uint8_t type,
                   std::string_view public_key);

// A key with its ID. `name` must be a valid key name (CHECK ValidKeyName) and
// `public_key` has 32 bytes (CHECK).
VerifierKey MakeVerifierKey(std::string_view name, uint8_t type,
                            std::string_view public_key);

// Not empty, UTF-8, no Unicode space, no control byte below 0x20, no plus sign.
bool ValidKeyName(std::string_view name);

// name+hex(key ID)+base64(type, public key). kOk, kVkeyMalformed,
// kVkeyTypeUnknown or kKeyUnsound. Takes one trailing line feed, since key
// files have one.
Finding ParseVkey(std::string_view vkey, VerifierKey* key);
std::string FormatVkey(const VerifierKey& key);

// One signature line. `signature` is what follows the key ID.
struct NoteSignature {
  std::string_view name;
  uint32_t key_id = 0;
  std::string signature;
};

// A note in its parts; views into the note's bytes.
struct Note {
  std::string_view text;  // with its final line feed: the signed bytes
  std::vector<NoteSignature> signatures;
};

// Takes a note apart without judging any signature: kOk, kNoteTooLarge or
// kNoteMalformed. At least one signature line.
Finding SplitNote(std::string_view bytes, Note* note);

// text, empty line, lines. The lines come from NoteSignatureLine.
std::string JoinNote(std::string_view text,
                     const std::vector<std::string>& lines);

// One line with its line feed.
std::string NoteSignatureLine(std::string_view name, uint32_t key_id,
                              std::string_view signature);

// A signature that verified.
struct VerifiedSignature {
  size_t key = 0;       // its place in `known`
  uint64_t time_s = 0;  // POSIX seconds of a cosignature, 0 for a plain one
};

struct OpenedNote {
  std::string_view text;
  // In the order of the note's lines; a key that signed twice stands once.
  std::vector<VerifiedSignature> signatures;
};

// Judges a note by the keys in `known`. A line counts only if both its name and
// its key ID are those of a known key, and then it must verify; lines by others
// are ignored, but at least one must count. Returns kOk, kNoteTooLarge,
// kNoteMalformed, kUnknownSigner (no line counts) or kBadSignature.
Finding OpenNote(std::string_view bytes, const std::vector<VerifierKey>& known,
                 OpenedNote* opened);

// Judges what follows the key ID in one line, over the note's text: kOk or
// kBadSignature. `*time_s` as in VerifiedSignature.
Finding VerifyNoteSignature(const VerifierKey& key, std::string_view text,
                            std::string_view signature, uint64_t* time_s);

// The bytes a timestamped Ed25519 cosignature signs: "cosignature/v1", the time
// and the whole text.
std::string CosignedBytes(uint64_t time_s, std::string_view text);

}  // namespace vidimus

#endif  // VERIFIER_NOTE_H_
