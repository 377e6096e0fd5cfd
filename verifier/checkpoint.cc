#include "verifier/checkpoint.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {

bool ValidOriginLine(std::string_view origin) {
  return !origin.empty() && origin.size() <= kOriginBytesMax &&
         IsUtf8(origin) &&
         std::none_of(origin.begin(), origin.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20; });
}

bool ValidOrigin(std::string_view origin) {
  return ValidOriginLine(origin) && ValidKeyName(origin);
}

Finding ParseCheckpoint(std::string_view text, Checkpoint* checkpoint) {
  std::string_view origin, size, root;
  if (!TakeLine(&text, &origin) || !TakeLine(&text, &size) ||
      !TakeLine(&text, &root)) {
    return Finding::kCheckpointMalformed;
  }
  std::string root_bytes;
  if (!ValidOriginLine(origin) ||
      !DecimalDecode(size, &checkpoint->head.size) ||
      !Base64Decode(root, &root_bytes) || root_bytes.size() != kHashBytes) {
    return Finding::kCheckpointMalformed;
  }
  if (!text.empty()) return Finding::kExtensionLine;
  checkpoint->origin = origin;
  checkpoint->head.root = *HashFromBytes(root_bytes);
  if (checkpoint->head.size == 0 && checkpoint->head.root != EmptyRoot()) {
    return Finding::kEmptyRootMismatch;
  }
  return Finding::kOk;
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  CHECK(ValidOriginLine(checkpoint.origin));
  return checkpoint.origin + "\n" + DecimalEncode(checkpoint.head.size) + "\n" +
         Base64Encode(Bytes(checkpoint.head.root)) + "\n";
}

Finding OpenCheckpoint(std::string_view note, const VerifierKey& log_key,
                       Checkpoint* checkpoint) {
  OpenedNote opened;
  RETURN_IF_FOUND(OpenNote(note, {log_key}, &opened));
  RETURN_IF_FOUND(ParseCheckpoint(opened.text, checkpoint));
  return checkpoint->origin == log_key.name ? Finding::kOk
                                            : Finding::kOriginMismatch;
}

}  // namespace vidimus
