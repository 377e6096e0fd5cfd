#include "log/chain_entries.h"

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/status.h"
#include "verifier/hash.h"
#include "verifier/record.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

v1::ContentState StateIn(OpeningState state) {
  switch (state) {
    case OpeningState::kOpen:
      return v1::OPEN;
    case OpeningState::kWithheld:
      return v1::WITHHELD;
    case OpeningState::kRestricted:
      return v1::RESTRICTED;
    case OpeningState::kErased:
      break;
  }
  return v1::ERASED;
}

absl::Status SetOpening(const FoundOpening& found, v1::Opening* opening) {
  opening->set_entry_id(found.opening.entry_id());
  opening->set_record_salt(found.opening.record_salt());
  opening->set_record(found.opening.record());
  opening->set_actor_salt(found.opening.actor_salt());
  opening->set_actor(found.opening.actor());
  if (found.request.signature().empty()) return absl::OkStatus();
  std::vector<Hash> leaf_hashes;
  const std::string_view bytes = found.request.leaf_hashes();
  for (size_t at = 0; at + kHashBytes <= bytes.size(); at += kHashBytes) {
    leaf_hashes.push_back(*HashFromBytes(bytes.substr(at, kHashBytes)));
  }
  if (found.opening.request_index() >= leaf_hashes.size()) {
    return absl::DataLossError(
        "the vault names an entry that its request does not have");
  }
  v1::RequestProof* const proof = opening->mutable_request();
  proof->set_signature(found.request.signature());
  proof->set_count(static_cast<uint32_t>(leaf_hashes.size()));
  proof->set_index(found.opening.request_index());
  proof->set_path(BytesOfHashes(
      SubmissionPath(leaf_hashes, found.opening.request_index())));
  return absl::OkStatus();
}

}  // namespace

absl::Status ChainEntryReader::Read(uint64_t leaf_index, bool accesses_too,
                                    v1::ChainEntry* entry) {
  entry->set_leaf_index(leaf_index);
  ASSIGN_OR_RETURN(*entry->mutable_leaf(), log_->tiles().Entry(leaf_index));
  const absl::StatusOr<FoundOpening> found =
      [&]() -> absl::StatusOr<FoundOpening> {
    if (!page_.has_value() || page_->Find(leaf_index) == nullptr) {
      ASSIGN_OR_RETURN(page_,
                       ReadPage(log_->storage(), log_->vault(), leaf_index));
    }
    return FindOpening(*page_, leaf_index, now_s_);
  }();
  if (!found.ok()) {
    // The others are shown all the same.
    log_->metrics().CountRefusal(
        absl::StatusCodeToString(found.status().code()));
    return absl::OkStatus();
  }
  entry->set_state(StateIn(found->state));
  if (found->state != OpeningState::kOpen) {
    entry->set_notice(found->notice);
    return absl::OkStatus();
  }
  if (!accesses_too &&
      ContentOf(found->opening.record()) == RecordContent::kAccess) {
    entry->clear_state();
    return absl::OkStatus();
  }
  return SetOpening(*found, entry->mutable_opening());
}

}  // namespace vidimus
