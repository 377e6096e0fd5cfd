#include "verifier/submission.h"

#include <limits>

#include "verifier/check.h"
#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr std::string_view kLeafPrefix("\x00", 1);
constexpr std::string_view kContext = "vidimus/v1 submission\n";
constexpr size_t kOriginBytesMax = std::numeric_limits<uint8_t>::max();

}  // namespace

Hash SubmissionLeafHash(std::string_view entry_id, const Hash& commitment) {
  CHECK_EQ(entry_id.size(), kEntryIdBytes);
  return Sha256({kLeafPrefix, entry_id, Bytes(commitment)});
}

Hash SubmissionRoot(Path leaf_hashes) {
  CHECK(!leaf_hashes.empty());
  CompactRange tree;
  for (const Hash& leaf_hash : leaf_hashes) tree.Append(leaf_hash);
  return tree.Root();
}

std::vector<Hash> SubmissionPath(Path leaf_hashes, uint64_t index) {
  // A request is small, so each node is simply made of the leaves below it.
  return *InclusionPath(
      index, leaf_hashes.size(),
      [leaf_hashes](int level, uint64_t node, Hash* hash) {
        *hash = SubmissionRoot(
            Path(leaf_hashes.begin() + (node << level), size_t{1} << level));
        return true;
      });
}

std::string SubmissionSignedBytes(std::string_view origin,
                                  uint32_t administration, uint32_t count,
                                  const Hash& root) {
  CHECK_LE(origin.size(), kOriginBytesMax);
  CHECK_GE(count, 1u);
  std::string bytes(kContext);
  bytes.push_back(static_cast<char>(origin.size()));
  bytes += origin;
  AppendBe32(administration, &bytes);
  AppendBe32(count, &bytes);
  bytes += Bytes(root);
  return bytes;
}

Finding VerifySubmission(std::string_view entry_key, std::string_view origin,
                         uint32_t administration, Path leaf_hashes,
                         std::string_view signature) {
  if (leaf_hashes.empty()) return Finding::kSubmissionEmpty;
  if (origin.size() > kOriginBytesMax ||
      leaf_hashes.size() > std::numeric_limits<uint32_t>::max()) {
    return Finding::kSubmissionSignature;
  }
  const std::string bytes = SubmissionSignedBytes(
      origin, administration, static_cast<uint32_t>(leaf_hashes.size()),
      SubmissionRoot(leaf_hashes));
  return Ed25519Verify(entry_key, bytes, signature)
             ? Finding::kOk
             : Finding::kSubmissionSignature;
}

Finding VerifySubmittedEntry(std::string_view entry_key,
                             std::string_view origin, uint32_t administration,
                             const Hash& leaf_hash,
                             const SubmissionEvidence& evidence) {
  if (evidence.count == 0) return Finding::kSubmissionEmpty;
  if (origin.size() > kOriginBytesMax) return Finding::kSubmissionSignature;
  Hash root;
  RETURN_IF_FOUND(RootFromPath(leaf_hash, evidence.index, evidence.count,
                               evidence.path, &root));
  const std::string bytes =
      SubmissionSignedBytes(origin, administration, evidence.count, root);
  return Ed25519Verify(entry_key, bytes, evidence.signature)
             ? Finding::kOk
             : Finding::kSubmissionSignature;
}

}  // namespace vidimus
