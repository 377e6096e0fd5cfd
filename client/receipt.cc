#include "client/receipt.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/secret.pb.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

absl::Status Lie(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the log's answer is wrong: ", what));
}

// The leaf of entry `k`, as the answer has it, judged against what we
// submitted.
absl::StatusOr<Hash> OwnLeafHash(const v1::SubmitResponse& response,
                                 const Expectation& expectation, size_t k) {
  if (!expectation.access_log) return expectation.hashes[k];
  const std::string& bytes = response.placed(static_cast<int>(k)).leaf();
  Leaf leaf;
  const Finding finding = ParseLeaf(bytes, &leaf);
  if (finding != Finding::kOk) {
    return Lie(
        absl::StrCat("leaf of entry ", k, ": ", FindingSentence(finding)));
  }
  if (leaf.kind != LeafKind::kSubject) {
    return Lie(absl::StrCat("leaf of entry ", k, " is not a subject leaf"));
  }
  if (leaf.b != expectation.hashes[k]) {
    return Lie(absl::StrCat("leaf of entry ", k,
                            " holds another commitment than the one we made"));
  }
  return LeafHash(bytes);
}

}  // namespace

HeadKeeper::HeadKeeper(const VerifierKey& log_key) : log_key_(log_key) {}

absl::StatusOr<TreeHead> HeadKeeper::Admit(absl::string_view checkpoint,
                                           uint64_t size_min) {
  MutexLock lock(&mu_);
  TreeHead head;
  if (!last_.empty() && checkpoint == last_) {
    head = last_head_;
  } else {
    Checkpoint parsed;
    const Finding finding = OpenCheckpoint(
        {checkpoint.data(), checkpoint.size()}, log_key_, &parsed);
    if (finding != Finding::kOk) {
      return Lie(absl::StrCat("checkpoint: ", FindingSentence(finding)));
    }
    head = parsed.head;
    const auto [place, is_new] = heads_.emplace(head.size, head.root);
    if (!is_new && place->second != head.root) {
      return Lie(absl::StrCat("checkpoint of size ", head.size,
                              " has another root than we saw for that size"));
    }
    if (head.size == heads_.rbegin()->first) newest_ = std::string(checkpoint);
    if (heads_.size() > kHeadsMax) heads_.erase(heads_.begin());
    last_ = std::string(checkpoint);
    last_head_ = head;
  }
  if (head.size < size_min) {
    return Lie(absl::StrCat("checkpoint of size ", head.size,
                            " after one of size ", size_min,
                            ": the log has shrunk"));
  }
  return head;
}

uint64_t HeadKeeper::size() const {
  MutexLock lock(&mu_);
  return heads_.empty() ? 0 : heads_.rbegin()->first;
}

std::string HeadKeeper::newest() const {
  MutexLock lock(&mu_);
  return newest_;
}

Expectation ExpectationOf(const v1::SubmitRequest& request) {
  Expectation expectation;
  expectation.access_log = request.opaque_size() == 0;
  for (const v1::Entry& entry : request.entries()) {
    expectation.hashes.push_back(
        Commitment({entry.record_salt(), entry.record(), entry.actor_salt(),
                    entry.actor()}));
  }
  for (const v1::OpaqueEntry& entry : request.opaque()) {
    expectation.hashes.push_back(LeafHash(entry.data()));
  }
  return expectation;
}

absl::StatusOr<Receipt> CheckReceipt(const v1::SubmitResponse& response,
                                     const Expectation& expectation, bool paths,
                                     HeadKeeper* heads) {
  const size_t count = expectation.hashes.size();
  if (static_cast<size_t>(response.leaf_index_size()) != count) {
    return Lie(absl::StrCat(response.leaf_index_size(), " leaf indices for ",
                            count, " entries"));
  }
  const size_t placed = static_cast<size_t>(response.placed_size());
  if (placed != (expectation.access_log ? count : 0)) {
    return Lie(absl::StrCat(placed, " leaves for ", count, " entries"));
  }
  Receipt receipt;
  receipt.checkpoint = response.checkpoint();
  ASSIGN_OR_RETURN(receipt.head,
                   heads->Admit(receipt.checkpoint, expectation.size_min));

  // (leaf index, place in the request), ascending, as the proof wants them.
  std::vector<std::pair<uint64_t, size_t>> order(count);
  for (size_t k = 0; k < count; ++k) {
    order[k] = {response.leaf_index(static_cast<int>(k)), k};
  }
  std::sort(order.begin(), order.end());
  std::vector<uint64_t> indices;
  std::vector<Hash> leaf_hashes;
  std::vector<size_t> proof_place(count);
  for (const auto& [index, k] : order) {
    ASSIGN_OR_RETURN(const Hash leaf_hash,
                     OwnLeafHash(response, expectation, k));
    // An access log's head ends in a seal, which is nobody's entry.
    if (expectation.access_log && index + 1 >= receipt.head.size) {
      return Lie(absl::StrCat("leaf index ", index, " of entry ", k,
                              " is not before the seal of a tree of size ",
                              receipt.head.size));
    }
    if (!indices.empty() && indices.back() == index) {
      // Only the same bytes, submitted twice to an opaque log, may share.
      if (expectation.access_log || leaf_hashes.back() != leaf_hash) {
        return Lie(absl::StrCat("leaf index ", index, " for two entries"));
      }
    } else {
      indices.push_back(index);
      leaf_hashes.push_back(leaf_hash);
    }
    proof_place[k] = indices.size() - 1;
  }

  const std::optional<std::vector<Hash>> proof =
      HashesFromBytes(response.proof());
  if (!proof.has_value()) {
    return Lie(absl::StrCat("proof of ", response.proof().size(),
                            " bytes is not a whole number of hashes"));
  }
  std::vector<std::vector<Hash>> all_paths;
  const Finding finding =
      paths ? PathsFromMulti(indices, leaf_hashes, receipt.head, *proof,
                             &all_paths)
            : VerifyMultiInclusion(indices, leaf_hashes, receipt.head, *proof);
  if (finding != Finding::kOk) {
    return Lie(absl::StrCat("inclusion of ", indices.size(), " leaves in ",
                            receipt.head.size, ": ", FindingSentence(finding)));
  }

  receipt.entries.resize(count);
  for (size_t k = 0; k < count; ++k) {
    EntryReceipt& entry = receipt.entries[k];
    entry.leaf_index = response.leaf_index(static_cast<int>(k));
    if (paths) entry.path = all_paths[proof_place[k]];
    if (!expectation.access_log) continue;
    const v1::Placed& place = response.placed(static_cast<int>(k));
    entry.leaf = place.leaf();
    entry.chain_index = place.chain_index();
    entry.chain_key = place.chain_key();
    entry.vrf_proof = place.vrf_proof();
  }
  return receipt;
}

std::string ProofFile(const Receipt& receipt, const EntryReceipt& entry) {
  TlogProof proof;
  proof.index = entry.leaf_index;
  proof.path = entry.path;
  proof.checkpoint = receipt.checkpoint;
  return FormatTlogProof(proof);
}

std::string SecretFile(const EntryReceipt& entry, absl::string_view entry_id) {
  v1::Secret secret;
  secret.set_leaf(entry.leaf);
  secret.set_entry_id(std::string(entry_id));
  secret.set_chain_index(entry.chain_index);
  if (!entry.chain_key.empty()) secret.set_chain_key(entry.chain_key);
  if (!entry.vrf_proof.empty()) secret.set_vrf_proof(entry.vrf_proof);
  if (entry.previous_leaf_index.has_value()) {
    secret.set_previous_leaf_index(*entry.previous_leaf_index);
  }
  secret.set_administration(entry.administration);
  return secret.SerializeAsString();
}

absl::Status WriteReceiptFiles(const std::string& folder,
                               const Receipt& receipt,
                               const EntryReceipt& entry,
                               absl::string_view entry_id) {
  const std::string stem = absl::StrCat(folder, "/", entry.leaf_index);
  if (!entry.leaf.empty()) {
    RETURN_IF_ERROR(WriteFile(absl::StrCat(stem, ".secret"),
                              SecretFile(entry, entry_id), 0600,
                              /*sync=*/false));
  }
  return WriteFile(absl::StrCat(stem, ".tlog-proof"), ProofFile(receipt, entry),
                   0644, /*sync=*/false);
}

absl::Status SyncFiles(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError("open folder", folder, errno);
  const int result = syncfs(fd);
  const int error_number = errno;
  close(fd);
  return result == 0 ? absl::OkStatus()
                     : FileError("sync", folder, error_number);
}

}  // namespace vidimus
