#include "verifier/note.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr std::string_view kLineStart = "\xe2\x80\x94 ";  // em dash, space
constexpr size_t kKeyIdBytes = 4;
constexpr size_t kTimeBytes = 8;
constexpr uint64_t kTimeMax = (uint64_t{1} << 63) - 1;

bool HasControlByte(std::string_view text, bool line_feed_is_one) {
  return std::any_of(text.begin(), text.end(), [line_feed_is_one](char c) {
    return static_cast<uint8_t>(c) < 0x20 && (c != '\n' || line_feed_is_one);
  });
}

// Whether valid UTF-8 holds a code point that Unicode calls White_Space.
bool HasSpace(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte == ' ' || (byte >= 0x09 && byte <= 0x0d)) return true;
    const std::string_view two = text.substr(i, 2);
    const std::string_view three = text.substr(i, 3);
    if (two == "\xc2\x85" || two == "\xc2\xa0") return true;
    if (three == "\xe1\x9a\x80" || three == "\xe2\x80\xa8" ||
        three == "\xe2\x80\xa9" || three == "\xe2\x80\xaf" ||
        three == "\xe2\x81\x9f" || three == "\xe3\x80\x80") {
      return true;
    }
    // U+2000 to U+200A.
    if (three.size() == 3 && three.substr(0, 2) == "\xe2\x80" &&
        static_cast<uint8_t>(three[2]) >= 0x80 &&
        static_cast<uint8_t>(three[2]) <= 0x8a) {
      return true;
    }
  }
  return false;
}

bool ParseSignatureLine(std::string_view line, NoteSignature* signature) {
  if (line.substr(0, kLineStart.size()) != kLineStart) return false;
  line.remove_prefix(kLineStart.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  signature->name = line.substr(0, space);
  if (!ValidKeyName(signature->name)) return false;
  std::string bytes;
  if (!Base64Decode(line.substr(space + 1), &bytes) ||
      bytes.size() <= kKeyIdBytes) {
    return false;
  }
  signature->key_id = Be32(bytes);
  signature->signature = bytes.substr(kKeyIdBytes);
  return true;
}

}  // namespace

uint32_t NoteKeyId(std::string_view name, uint8_t type,
                   std::string_view public_key) {
  const char line_feed_and_type[] = {'\n', static_cast<char>(type)};
  const Hash hash =
      Sha256({name, std::string_view(line_feed_and_type, 2), public_key});
  return Be32(Bytes(hash));
}

VerifierKey MakeVerifierKey(std::string_view name, uint8_t type,
                            std::string_view public_key) {
  CHECK(ValidKeyName(name));
  CHECK_EQ(public_key.size(), kEd25519KeyBytes);
  return {std::string(name), NoteKeyId(name, type, public_key), type,
          std::string(public_key)};
}

bool ValidKeyName(std::string_view name) {
  return !name.empty() && IsUtf8(name) && !HasControlByte(name, true) &&
         !HasSpace(name) && name.find('+') == std::string_view::npos;
}

Finding ParseVkey(std::string_view vkey, VerifierKey* key) {
  if (!vkey.empty() && vkey.back() == '\n') vkey.remove_suffix(1);
  // Base64 may hold plus signs of its own, so only the first two separate.
  const size_t first = vkey.find('+');
  if (first == std::string_view::npos) return Finding::kVkeyMalformed;
  const size_t second = vkey.find('+', first + 1);
  if (second == std::string_view::npos) return Finding::kVkeyMalformed;
  const std::string_view name = vkey.substr(0, first);
  std::string id, bytes;
  if (!ValidKeyName(name) ||
      !HexDecode(vkey.substr(first + 1, second - first - 1), &id) ||
      id.size() != kKeyIdBytes ||
      !Base64Decode(vkey.substr(second + 1), &bytes) || bytes.empty()) {
    return Finding::kVkeyMalformed;
  }
  key->name = name;
  key->key_id = Be32(id);
  key->type = static_cast<uint8_t>(bytes[0]);
  key->public_key = bytes.substr(1);
  if (key->type != kKeyTypeEd25519 && key->type != kKeyTypeCosignatureEd25519) {
    return Finding::kVkeyTypeUnknown;
  }
  if (key->public_key.size() != kEd25519KeyBytes ||
      key->key_id != NoteKeyId(key->name, key->type, key->public_key)) {
    return Finding::kVkeyMalformed;
  }
  return Ed25519KeyIsSound(key->public_key) ? Finding::kOk
                                            : Finding::kKeyUnsound;
}

std::string FormatVkey(const VerifierKey& key) {
  std::string id;
  AppendBe32(key.key_id, &id);
  std::string bytes(1, static_cast<char>(key.type));
  bytes += key.public_key;
  return key.name + "+" + HexEncode(id) + "+" + Base64Encode(bytes);
}

Finding SplitNote(std::string_view bytes, Note* note) {
  if (bytes.size() > kNoteBytesMax) return Finding::kNoteTooLarge;
  if (!IsUtf8(bytes) || HasControlByte(bytes, false)) {
    return Finding::kNoteMalformed;
  }
  // The text may hold empty lines of its own; the last one ends it.
  const size_t end = bytes.rfind("\n\n");
  if (end == std::string_view::npos) return Finding::kNoteMalformed;
  note->text = bytes.substr(0, end + 1);
  note->signatures.clear();

  std::string_view rest = bytes.substr(end + 2);
  if (rest.empty() || rest.back() != '\n') return Finding::kNoteMalformed;
  while (!rest.empty()) {
    const size_t length = rest.find('\n');
    if (note->signatures.size() == kNoteSignaturesMax) {
      return Finding::kNoteTooLarge;
    }
    NoteSignature signature;
    if (!ParseSignatureLine(rest.substr(0, length), &signature)) {
      return Finding::kNoteMalformed;
    }
    note->signatures.push_back(std::move(signature));
    rest.remove_prefix(length + 1);
  }
  return Finding::kOk;
}

std::string JoinNote(std::string_view text,
                     const std::vector<std::string>& lines) {
  std::string note(text);
  note += "\n";
  for (const std::string& line : lines) note += line;
  return note;
}

std::string NoteSignatureLine(std::string_view name, uint32_t key_id,
                              std::string_view signature) {
  std::string bytes;
  AppendBe32(key_id, &bytes);
  bytes += signature;
  std::string line(kLineStart);
  line += name;
  line += " ";
  line += Base64Encode(bytes);
  line += "\n";
  return line;
}

Finding OpenNote(std::string_view bytes, const std::vector<VerifierKey>& known,
                 OpenedNote* opened) {
  Note note;
  RETURN_IF_FOUND(SplitNote(bytes, &note));
  opened->text = note.text;
  opened->signatures.clear();
  for (const NoteSignature& signature : note.signatures) {
    const auto key = std::find_if(
        known.begin(), known.end(), [&signature](const VerifierKey& candidate) {
          return candidate.key_id == signature.key_id &&
                 candidate.name == signature.name;
        });
    if (key == known.end()) continue;
    VerifiedSignature verified;
    verified.key = key - known.begin();
    RETURN_IF_FOUND(VerifyNoteSignature(*key, note.text, signature.signature,
                                        &verified.time_s));
    const bool again =
        std::any_of(opened->signatures.begin(), opened->signatures.end(),
                    [&verified](const VerifiedSignature& other) {
                      return other.key == verified.key;
                    });
    if (!again) opened->signatures.push_back(verified);
  }
  return opened->signatures.empty() ? Finding::kUnknownSigner : Finding::kOk;
}

Finding VerifyNoteSignature(const VerifierKey& key, std::string_view text,
                            std::string_view signature, uint64_t* time_s) {
  *time_s = 0;
  bool good = false;
  if (key.type == kKeyTypeEd25519) {
    good = Ed25519Verify(key.public_key, text, signature);
  } else if (key.type == kKeyTypeCosignatureEd25519 &&
             signature.size() == kTimeBytes + kEd25519SignatureBytes) {
    *time_s = Be64(signature);
    good = *time_s <= kTimeMax &&
           Ed25519Verify(key.public_key, CosignedBytes(*time_s, text),
                         signature.substr(kTimeBytes));
  }
  return good ? Finding::kOk : Finding::kBadSignature;
}

std::string CosignedBytes(uint64_t time_s, std::string_view text) {
  std::string bytes = "cosignature/v1\ntime ";
  bytes += DecimalEncode(time_s);
  bytes += "\n";
  bytes += text;
  return bytes;
}

}  // namespace vidimus
