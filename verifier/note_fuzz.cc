// Any bytes as a note and as a verifier key. What parses formats back to the
// same bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "verifier/check.h"
#include "verifier/note.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  Note note;
  if (SplitNote(bytes, &note) == Finding::kOk) {
    std::vector<std::string> lines;
    for (const NoteSignature& signature : note.signatures) {
      lines.push_back(NoteSignatureLine(signature.name, signature.key_id,
                                        signature.signature));
    }
    CHECK(JoinNote(note.text, lines) == bytes);

    // Keys that the note names: they must be judged, and will not verify.
    std::vector<VerifierKey> known;
    for (const NoteSignature& signature : note.signatures) {
      known.push_back({std::string(signature.name), signature.key_id,
                       signature.signature.size() > 70
                           ? kKeyTypeCosignatureEd25519
                           : kKeyTypeEd25519,
                       std::string(32, '\x09')});
    }
    OpenedNote opened;
    CHECK(OpenNote(bytes, known, &opened) == Finding::kBadSignature);
  }

  VerifierKey key;
  const Finding finding = ParseVkey(bytes, &key);
  if (finding == Finding::kOk) {
    const std::string vkey = FormatVkey(key);
    CHECK(vkey == bytes || vkey + "\n" == bytes);
  }
  return 0;
}
