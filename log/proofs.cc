#include "log/proofs.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/stored_batch.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

absl::Status BeyondTree(const char* what, uint64_t size, uint64_t newest) {
  return absl::OutOfRangeError(absl::StrCat(
      what, " at size ", size, ": the newest checkpoint has size ", newest));
}

// Whether these keys can be asked for at this size.
absl::Status JudgeQuestion(Log* log, const std::vector<Hash>& keys,
                           uint64_t size, uint64_t newest) {
  if (log->opaque()) {
    return absl::FailedPreconditionError("an opaque log has no index");
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError("the request names no key");
  }
  for (size_t i = 1; i < keys.size(); ++i) {
    if (!(keys[i - 1] < keys[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "key ", i, " of the request does not come after the one before"));
    }
  }
  if (size >= newest) return BeyondTree("proof of keys", size, newest);
  // A root that was signed stands at leaf `size`; of others nobody could judge
  // a proof.
  ASSIGN_OR_RETURN(const std::string entry, log->tiles().Entry(size));
  Leaf leaf;
  if (ParseLeaf(entry, &leaf) != Finding::kOk || leaf.kind != LeafKind::kSeal) {
    return absl::OutOfRangeError(absl::StrCat(
        "proof of keys at size ", size, ": the leaf there is not a seal"));
  }
  return absl::OkStatus();
}

// Where the keys stand that stand below `size`.
absl::Status FindPlaces(Log* log, const std::vector<Hash>& keys, uint64_t size,
                        v1::ProveKeysResponse* response) {
  for (size_t k = 0; k < keys.size(); ++k) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> found,
                     log->index()->Find(keys[k]));
    if (!found.has_value() || *found >= size) continue;
    v1::KeyPlace* const place = response->add_place();
    place->set_key(static_cast<uint32_t>(k));
    place->set_leaf_index(*found);
  }
  return absl::OkStatus();
}

absl::Status TooManyKeys(size_t keys) {
  return absl::InvalidArgumentError(
      absl::StrCat("request for ", keys, " keys (limit ", kProvenKeysMax, ")"));
}

// Adds `leaf`, which is number `index`, to the answer, with its document if it
// names one, and what they weigh to `*bytes`.
absl::Status AddLeaf(Log* log, uint64_t index, std::string leaf,
                     v1::ProveLeavesResponse* response, size_t* bytes) {
  *bytes += leaf.size();
  Leaf parsed;
  if (!log->opaque() && ParseLeaf(leaf, &parsed) == Finding::kOk &&
      parsed.kind == LeafKind::kRegister) {
    const std::shared_ptr<const std::string> document =
        log->documents()->Find(parsed.b);
    if (document == nullptr) {
      return absl::InternalError(
          absl::StrCat("the document of leaf ", index, " is missing"));
    }
    *bytes += document->size();
    response->add_document(*document);
  }
  response->add_leaf(std::move(leaf));
  return absl::OkStatus();
}

// Adds the batches of as many of the leaves `*indices` as fit, each with the
// seal before it, and sets `*indices` to what was added.
absl::Status GatherBatches(Log* log, uint64_t size,
                           std::vector<uint64_t>* indices,
                           v1::ProveLeavesResponse* response) {
  if (log->opaque()) {
    return absl::InvalidArgumentError("an opaque log has no batches to show");
  }
  std::vector<uint64_t> gathered;
  size_t bytes = 0;
  for (const uint64_t asked : *indices) {
    // It stands in the last batch.
    if (!gathered.empty() && asked <= gathered.back()) continue;
    ASSIGN_OR_RETURN(const StoredRow row,
                     log->storage()->Get(RowKind::kHead, 0, asked));
    ASSIGN_OR_RETURN(const TreeHead head, StoredHead(log->storage(), asked));
    if (head.size > size) return BeyondTree("whole batch", size, head.size);
    uint64_t first = row.first > 0 ? row.first - 1 : 0;
    if (!gathered.empty() && first <= gathered.back()) {
      first = gathered.back() + 1;
    }
    const bool is_first = gathered.empty();
    bool fits = gathered.size() + (head.size - first) <= kWholeBatchesLeavesMax;
    const int leaves_before = response->leaf_size();
    const int documents_before = response->document_size();
    if (fits) {
      ASSIGN_OR_RETURN(std::vector<std::string> leaves,
                       log->tiles().Entries(first, head.size));
      for (size_t i = 0; fits && i < leaves.size(); ++i) {
        RETURN_IF_ERROR(
            AddLeaf(log, first + i, std::move(leaves[i]), response, &bytes));
        fits = bytes <= kProvenLeavesBytesMax;
      }
    }
    if (fits) {
      for (uint64_t index = first; index < head.size; ++index) {
        gathered.push_back(index);
      }
      continue;
    }
    if (is_first) {
      return TooLargeError(absl::StrCat("the batch of leaf ", asked,
                                        " is too large for one answer: ask for "
                                        "its leaves"));
    }
    response->mutable_leaf()->DeleteSubrange(
        leaves_before, response->leaf_size() - leaves_before);
    response->mutable_document()->DeleteSubrange(
        documents_before, response->document_size() - documents_before);
    break;
  }
  *indices = std::move(gathered);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
    Log* log, const v1::ProveKeysRequest& request) {
  if (request.keys_size() > kProvenKeysMax) {
    return TooManyKeys(request.keys_size());
  }
  std::vector<Hash> keys;
  for (int i = 0; i < request.keys_size(); ++i) {
    const std::optional<Hash> key = HashFromBytes(request.keys(i));
    if (!key.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "key ", i, " of the request has not ", kHashBytes, " bytes"));
    }
    keys.push_back(*key);
  }
  const std::shared_ptr<const Published> published = log->Latest();
  const uint64_t newest = published->head.size;
  v1::ProveKeysResponse response;
  response.set_size(request.size() != 0 || newest == 0 ? request.size()
                                                       : newest - 1);
  RETURN_IF_ERROR(JudgeQuestion(log, keys, response.size(), newest));
  if (request.without_proof()) {
    RETURN_IF_ERROR(FindPlaces(log, keys, response.size(), &response));
  } else {
    ASSIGN_OR_RETURN(*response.mutable_proof(),
                     log->index()->ProveSeveral(keys, response.size()));
  }
  response.set_checkpoint(published->checkpoint);
  return response;
}

absl::StatusOr<std::string> ProveKeysPlain(Log* log, std::string_view request) {
  constexpr size_t kSizeBytes = 8;
  if (request.size() < kSizeBytes ||
      (request.size() - kSizeBytes) % kHashBytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("request of ", request.size(),
                     " bytes: it must be a size of 8 bytes, then keys of ",
                     kHashBytes, " bytes"));
  }
  uint64_t size = Be64(request);
  request.remove_prefix(kSizeBytes);
  if (request.size() / kHashBytes > kProvenKeysMax) {
    return TooManyKeys(request.size() / kHashBytes);
  }
  std::vector<Hash> keys;
  for (; !request.empty(); request.remove_prefix(kHashBytes)) {
    keys.push_back(*HashFromBytes(request.substr(0, kHashBytes)));
  }
  const uint64_t newest = log->Latest()->head.size;
  if (size == 0 && newest > 0) size = newest - 1;
  RETURN_IF_ERROR(JudgeQuestion(log, keys, size, newest));
  ASSIGN_OR_RETURN(const std::string proof,
                   log->index()->ProveSeveral(keys, size));
  std::string answer;
  AppendBe64(size, &answer);
  return answer + proof;
}

absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
    Log* log, const v1::ProveLeavesRequest& request) {
  if (request.leaf_index_size() == 0) {
    return absl::InvalidArgumentError("the request names no leaf");
  }
  if (request.leaf_index_size() > kProvenLeavesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("request for ", request.leaf_index_size(),
                     " leaves (limit ", kProvenLeavesMax, ")"));
  }
  std::vector<uint64_t> indices(request.leaf_index().begin(),
                                request.leaf_index().end());
  for (size_t i = 1; i < indices.size(); ++i) {
    if (indices[i - 1] >= indices[i]) {
      return absl::InvalidArgumentError(absl::StrCat(
          "leaf ", i, " of the request does not come after the one before"));
    }
  }
  const std::shared_ptr<const Published> published = log->Latest();
  const uint64_t newest = published->head.size;
  const uint64_t size = request.size() == 0 ? newest : request.size();
  if (size > newest || indices.back() >= size) {
    return BeyondTree("proof of leaves", size, newest);
  }
  v1::ProveLeavesResponse response;
  response.set_size(size);
  response.set_checkpoint(published->checkpoint);
  if (request.whole_batches()) {
    RETURN_IF_ERROR(GatherBatches(log, size, &indices, &response));
    *response.mutable_leaf_index() = {indices.begin(), indices.end()};
  } else {
    size_t bytes = 0;
    for (const uint64_t index : indices) {
      ASSIGN_OR_RETURN(std::string leaf, log->tiles().Entry(index));
      RETURN_IF_ERROR(AddLeaf(log, index, std::move(leaf), &response, &bytes));
      if (bytes > kProvenLeavesBytesMax) {
        return TooLargeError(absl::StrCat(
            "the leaves asked for have more than ", kProvenLeavesBytesMax,
            " bytes together: ask for fewer at once"));
      }
    }
  }
  absl::Status failed;
  const std::optional<std::vector<Hash>> proof =
      MultiInclusionProof(indices, size, log->tiles().Nodes(&failed));
  if (!proof.has_value()) return failed;
  response.set_proof(BytesOfHashes(*proof));
  return response;
}

}  // namespace vidimus
