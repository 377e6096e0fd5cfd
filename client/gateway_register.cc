#include "client/gateway_register.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// As the log's limits.
constexpr size_t kKeysEach = 1024;
constexpr size_t kLeavesEach = 4096;
// Numbers and versions that are asked for ahead.
constexpr uint32_t kNumbersAhead = 32;
constexpr uint64_t kVersionsAhead = 2;
// Not analyses and counts, which grow with the use of the log and which no
// verdict rests on.
constexpr RegisterType kTypesAsked[] = {
    RegisterType::kConfig,         RegisterType::kAdministration,
    RegisterType::kProvision,      RegisterType::kPurpose,
    RegisterType::kCategory,       RegisterType::kAiSystem,
    RegisterType::kIdentityService};

absl::Status LieIfFound(Finding finding, absl::string_view what) {
  if (finding == Finding::kOk) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the log's register: ", what, ": ",
                                          FindingSentence(finding)));
}

class Reader {
 public:
  Reader(Questions* questions, const Extract& extract)
      : questions_(questions), extract_(extract) {}

  absl::StatusOr<std::shared_ptr<const GatewayRegister>> Read() {
    RETURN_IF_ERROR(FindAll());
    auto read = std::make_shared<GatewayRegister>();
    RETURN_IF_ERROR(AskLeaves(read.get()));
    DocumentBytes documents;
    for (const std::string& bytes : read->bytes) {
      documents[Sha256(bytes)] = bytes;
    }
    ProvenRegister proven;
    RegisterPlace place;
    RETURN_IF_ERROR(
        LieIfFound(ProveRegister(extract_, documents, &proven, &place),
                   absl::StrCat("document ", static_cast<int>(place.id.type),
                                "/", place.id.number, "/", place.id.version)));
    read->head = extract_.head();
    read->limits = LimitsOf(proven.config);
    const std::vector<ProvenBatch> batches = extract_.WholeBatches();
    for (const ProvenDocument& document : proven.documents) {
      const auto batch = std::find_if(
          batches.begin(), batches.end(), [&](const ProvenBatch& one) {
            return one.position <= document.leaf_index &&
                   document.leaf_index <= one.seal;
          });
      if (batch == batches.end()) {
        return LieIfFound(Finding::kPositionUnproven, "a batch");
      }
      read->documents.push_back(
          {document.id, batch->position, batch->time_s, document.message});
    }
    return std::shared_ptr<const GatewayRegister>(std::move(read));
  }

 private:
  absl::Status AddKeys(const std::set<Hash>& wanted) {
    std::vector<Hash> keys(wanted.begin(), wanted.end());
    for (size_t first = 0; first < keys.size(); first += kKeysEach) {
      const std::vector<Hash> part(
          keys.begin() + static_cast<ptrdiff_t>(first),
          keys.begin() +
              static_cast<ptrdiff_t>(std::min(keys.size(), first + kKeysEach)));
      v1::ProveKeysRequest request;
      request.set_origin(extract_.checkpoint().origin);
      request.set_size(extract_.head().size - 1);
      for (const Hash& key : part) request.add_keys(std::string(Bytes(key)));
      ASSIGN_OR_RETURN(const v1::ProveKeysResponse response,
                       questions_->ProveKeys(request));
      RETURN_IF_ERROR(
          LieIfFound(extract_.AddKeys(part, response.proof()), "index"));
    }
    return absl::OkStatus();
  }

  absl::Status Find(const RegisterId& id, bool* present) {
    IndexAnswer answer;
    if (extract_.FindKey(RegisterKey(id), &answer) != Finding::kOk) {
      std::set<Hash> ahead;
      for (uint32_t n = 0; n < kNumbersAhead; ++n) {
        if (id.type == RegisterType::kConfig && n > 0) break;
        for (uint64_t v = 0; v < kVersionsAhead; ++v) {
          ahead.insert(RegisterKey({id.type, id.number + n, id.version + v}));
        }
      }
      RETURN_IF_ERROR(AddKeys(ahead));
      RETURN_IF_ERROR(
          LieIfFound(extract_.FindKey(RegisterKey(id), &answer), "index"));
    }
    *present = answer.has_value();
    if (*present) leaves_.insert(*answer);
    return absl::OkStatus();
  }

  // Every version of every number of every type, and where they end.
  absl::Status FindAll() {
    for (const RegisterType type : kTypesAsked) {
      for (uint32_t number = 0;; ++number) {
        bool present = true, any = false;
        for (uint64_t version = 0; present; ++version) {
          if (number >= kNumbersMax || version >= kVersionsMax) {
            return LieIfFound(Finding::kWireTooMany, "documents");
          }
          RETURN_IF_ERROR(Find({type, number, version}, &present));
          any = any || present;
        }
        if (!any || type == RegisterType::kConfig) break;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AskLeaves(GatewayRegister* read) {
    const std::vector<uint64_t> all(leaves_.begin(), leaves_.end());
    std::set<std::string> documents;
    for (size_t first = 0; first < all.size(); first += kLeavesEach) {
      v1::ProveLeavesRequest request;
      request.set_origin(extract_.checkpoint().origin);
      request.set_size(extract_.head().size);
      request.set_whole_batches(true);
      for (size_t k = first; k < std::min(all.size(), first + kLeavesEach);
           ++k) {
        request.add_leaf_index(all[k]);
      }
      ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                       questions_->ProveLeaves(request));
      const std::vector<uint64_t> indices(response.leaf_index().begin(),
                                          response.leaf_index().end());
      const std::vector<std::string_view> leaves(response.leaf().begin(),
                                                 response.leaf().end());
      if (indices.size() != leaves.size()) {
        return LieIfFound(Finding::kProofMalformed, "leaves");
      }
      RETURN_IF_ERROR(LieIfFound(
          extract_.AddLeaves(indices, leaves, response.proof()), "leaves"));
      documents.insert(response.document().begin(), response.document().end());
    }
    read->bytes.assign(documents.begin(), documents.end());
    return absl::OkStatus();
  }

  Questions* const questions_;
  Extract extract_;
  std::set<uint64_t> leaves_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const GatewayRegister>> ReadGatewayRegister(
    Questions* questions, const Extract& extract) {
  return Reader(questions, extract).Read();
}

}  // namespace vidimus
