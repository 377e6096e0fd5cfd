#include "verifier/tlog_proof.h"

#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr size_t kPathMax = 64;

// Removes `start` from the front of `*line` if it is there.
bool TakeStart(std::string_view* line, std::string_view start) {
  if (line->substr(0, start.size()) != start) return false;
  line->remove_prefix(start.size());
  return true;
}

}  // namespace

Finding ParseTlogProof(std::string_view bytes, TlogProof* proof) {
  *proof = TlogProof();
  std::string_view line;
  if (!TakeLine(&bytes, &line) || line != kFirstLine) {
    return Finding::kProofMalformed;
  }
  if (!TakeLine(&bytes, &line)) return Finding::kProofMalformed;
  if (TakeStart(&line, kExtra)) {
    proof->extra.emplace();
    if (!Base64Decode(line, &*proof->extra) || !TakeLine(&bytes, &line)) {
      return Finding::kProofMalformed;
    }
  }
  if (!TakeStart(&line, kIndex) || !DecimalDecode(line, &proof->index)) {
    return Finding::kProofMalformed;
  }
  for (;;) {
    if (!TakeLine(&bytes, &line)) return Finding::kProofMalformed;
    if (line.empty()) break;
    std::string hash;
    if (proof->path.size() == kPathMax || !Base64Decode(line, &hash) ||
        hash.size() != kHashBytes) {
      return Finding::kProofMalformed;
    }
    proof->path.push_back(*HashFromBytes(hash));
  }
  Note note;
  RETURN_IF_FOUND(SplitNote(bytes, &note));
  proof->checkpoint = bytes;
  return Finding::kOk;
}

std::string FormatTlogProof(const TlogProof& proof) {
  std::string bytes(kFirstLine);
  bytes += "\n";
  if (proof.extra.has_value()) {
    bytes += kExtra;
    bytes += Base64Encode(*proof.extra);
    bytes += "\n";
  }
  bytes += kIndex;
  bytes += DecimalEncode(proof.index);
  bytes += "\n";
  for (const Hash& hash : proof.path) {
    bytes += Base64Encode(Bytes(hash));
    bytes += "\n";
  }
  bytes += "\n";
  bytes += proof.checkpoint;
  return bytes;
}

Finding VerifyTlogProof(std::string_view bytes, const Hash& leaf_hash,
                        const VerifierKey& log_key, Checkpoint* checkpoint,
                        uint64_t* index) {
  TlogProof proof;
  RETURN_IF_FOUND(ParseTlogProof(bytes, &proof));
  RETURN_IF_FOUND(OpenCheckpoint(proof.checkpoint, log_key, checkpoint));
  *index = proof.index;
  return VerifyInclusion(leaf_hash, proof.index, proof.path, checkpoint->head);
}

}  // namespace vidimus
