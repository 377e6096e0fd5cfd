#include "log/openings.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {

OpeningState StateOf(const vault::Opening& opening, int64_t now_s) {
  if (opening.has_erased_by()) return OpeningState::kErased;
  if (opening.has_withheld_by() &&
      opening.withheld_until_s() >
          static_cast<uint64_t>(std::max<int64_t>(now_s, 0))) {
    return OpeningState::kWithheld;
  }
  return opening.has_restricted_by() ? OpeningState::kRestricted
                                     : OpeningState::kOpen;
}

uint64_t NoticeOf(const vault::Opening& opening, int64_t now_s) {
  switch (StateOf(opening, now_s)) {
    case OpeningState::kErased:
      return opening.erased_by();
    case OpeningState::kWithheld:
      return opening.withheld_by();
    case OpeningState::kRestricted:
      return opening.restricted_by();
    case OpeningState::kOpen:
      break;
  }
  return 0;
}

const vault::Opening* VaultPage::Find(uint64_t leaf_index) const {
  if (leaf_index < first) return nullptr;
  const uint64_t place = leaf_index - first;
  // They ascend by place.
  const auto found = std::lower_bound(
      page.openings().begin(), page.openings().end(), place,
      [](const vault::Opening& one, uint64_t at) { return one.place() < at; });
  return found != page.openings().end() && found->place() == place ? &*found
                                                                   : nullptr;
}

absl::StatusOr<VaultPage> ReadPage(Storage* storage, Vault* vault,
                                   uint64_t leaf_index) {
  std::string last;
  while (true) {
    ASSIGN_OR_RETURN(StoredRow row,
                     storage->Get(RowKind::kVaultPage, 0, leaf_index));
    absl::StatusOr<vault::Page> page = vault->Open(row.first, row.value);
    if (page.ok()) {
      ASSIGN_OR_RETURN(const uint64_t slot, Vault::SlotOf(row.value));
      return VaultPage{row.first, slot, *std::move(page)};
    }
    // Between the two the page may have been replaced and its key destroyed:
    // then there is another row now.
    if (row.value == last) return page.status();
    last = std::move(row.value);
  }
}

absl::StatusOr<FoundOpening> FindOpening(Storage* storage, Vault* vault,
                                         uint64_t leaf_index, int64_t now_s) {
  ASSIGN_OR_RETURN(const VaultPage page, ReadPage(storage, vault, leaf_index));
  return FindOpening(page, leaf_index, now_s);
}

absl::StatusOr<FoundOpening> FindOpening(const VaultPage& page,
                                         uint64_t leaf_index, int64_t now_s) {
  const vault::Opening* const opening = page.Find(leaf_index);
  if (opening == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("leaf ", leaf_index,
                     " opens to nothing: it is a cover leaf, a seal or a "
                     "register leaf"));
  }
  FoundOpening found;
  found.state = StateOf(*opening, now_s);
  found.notice = NoticeOf(*opening, now_s);
  found.opening = *opening;
  if (found.state == OpeningState::kErased) return found;
  if (opening->request() >= static_cast<uint32_t>(page.page.requests_size())) {
    return absl::DataLossError(
        absl::StrCat("the vault's page of leaf ", leaf_index,
                     " names a request that it does not have"));
  }
  found.request = page.page.requests(opening->request());
  return found;
}

}  // namespace vidimus
