#include "log/access_batch.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "log/chain_counters.h"
#include "log/entry_rows.h"
#include "log/openings.h"
#include "log/vault_page.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/index_trie.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

constexpr size_t kCover = SIZE_MAX;

struct MadeLeaf {
  LeafKind kind;
  Hash a;
  Hash b;
  size_t fresh;  // its place among the fresh entries, or kCover

  std::string Format() const {
    return kind == LeafKind::kRegister ? FormatRegisterLeaf(a, b)
                                       : FormatSubjectLeaf(a, b);
  }
};

// But for where it stands.
PageOpening OpeningOf(const PendingOpening& pending) {
  PageOpening opening;
  opening.entry_id = pending.entry_id;
  opening.record_salt = pending.record_salt;
  opening.record = pending.record;
  opening.actor_salt = pending.actor_salt;
  opening.actor = pending.actor;
  return opening;
}

}  // namespace

absl::StatusOr<MadeBatch> AccessBatchMaker::Make(
    uint64_t first, const std::vector<FreshEntry>& fresh) {
  MadeBatch made;
  std::vector<MadeLeaf> leaves;
  // Of each chain in this batch, the number of its next entry: the index has
  // none of the batch's yet, and the cache may have let go of it.
  absl::flat_hash_map<ChainTag, ChainCount> next_in_chain;
  std::vector<uint32_t> accesses_before(fresh.size());
  size_t page_bytes = 0;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const PendingEntry& entry = *fresh[i].entry;
    made.chain_indices.push_back(kNoChainIndex);
    if (entry.opening == nullptr) {
      leaves.push_back(
          {LeafKind::kRegister, entry.hash, Sha256(entry.data), i});
      continue;
    }
    const PendingOpening& opening = *entry.opening;
    // It came through ChainGate: without, it would be taken for another's.
    CHECK(!(opening.chain_tag == ChainTag{}));
    const auto [next, is_new] = next_in_chain.try_emplace(opening.chain_tag);
    if (is_new) {
      ASSIGN_OR_RETURN(next->second, CountOf(opening));
    }
    ChainCount& count = next->second;
    accesses_before[i] = static_cast<uint32_t>(count.accesses);
    made.chain_indices.back() = count.entries++;
    count.accesses =
        opening.content == RecordContent::kAccess
            ? std::min(count.accesses + 1, ChainCache::kAccessesMax)
            : 0;
    const Hash label = ChainLabel(opening.chain_key, made.chain_indices.back());
    leaves.push_back({LeafKind::kSubject, label, entry.hash, i});
    page_bytes += OpeningOf(opening).BytesMax();
  }
  // The first batch is config alone; none is empty.
  while (first > 0 && leaves.size() < std::max<uint64_t>(min_batch_, 1)) {
    const Hash label = *HashFromBytes(parts_.random->Draw(sizeof(Hash)));
    const Hash commitment = *HashFromBytes(parts_.random->Draw(sizeof(Hash)));
    leaves.push_back({LeafKind::kSubject, label, commitment, kCover});
  }
  std::sort(
      leaves.begin(), leaves.end(),
      [](const MadeLeaf& x, const MadeLeaf& y) { return KeyLess(x.a, y.a); });

  const uint64_t covered = first + leaves.size();
  std::vector<Hash> keys;
  for (const MadeLeaf& leaf : leaves) keys.push_back(leaf.a);
  ASSIGN_OR_RETURN(const Hash index_root,
                   parts_.index->Root(first, keys, covered));
  // From here on the index has them; if this batch is not committed, no other
  // will be.
  for (const auto& [chain, count] : next_in_chain) {
    parts_.chains->SetCount(chain, count);
  }
  last_seal_time_s_ = std::max<uint64_t>(
      last_seal_time_s_, std::max<int64_t>(parts_.clock->NowMs(), 0) / 1000);

  made.places.resize(fresh.size());
  EntryRows entries(first);
  std::string documents;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const Submission& submission = *fresh[i].submission;
    if (i > 0 && fresh[i - 1].submission == &submission) continue;
    page_bytes += PageWriter::RequestBytesMax(
        submission.request == nullptr ? 0
                                      : submission.request->leaf_hashes.size());
  }
  PageWriter page(page_bytes);
  std::unordered_map<const Submission*, uint32_t> requests;
  for (uint32_t place = 0; place < leaves.size(); ++place) {
    const MadeLeaf& leaf = leaves[place];
    const std::string bytes = leaf.Format();
    entries.Append(bytes);
    made.leaf_hashes.push_back(LeafHash(bytes));
    if (leaf.fresh == kCover) continue;
    made.places[leaf.fresh] = place;
    const Submission& submission = *fresh[leaf.fresh].submission;
    const PendingEntry& entry = *fresh[leaf.fresh].entry;
    if (entry.opening == nullptr) {
      AppendBe32(static_cast<uint32_t>(entry.data.size()), &documents);
      documents += entry.data;
      continue;
    }
    const auto [request, is_new] = requests.try_emplace(&submission, 0);
    if (is_new) {
      request->second = submission.request == nullptr
                            ? page.AddRequest(submission.administration, "", {})
                            : page.AddRequest(submission.administration,
                                              submission.request->signature,
                                              submission.request->leaf_hashes);
    }
    PageOpening opening = OpeningOf(*entry.opening);
    opening.place = place;
    opening.request = request->second;
    opening.request_index =
        static_cast<uint32_t>(&entry - submission.entries.data());
    opening.accesses_before = accesses_before[leaf.fresh];
    page.AddOpening(opening);
  }
  const std::string seal =
      FormatSealLeaf({index_root, covered, last_seal_time_s_});
  entries.Append(seal);
  made.entries = entries.Take();
  made.leaf_hashes.push_back(LeafHash(seal));

  if (!documents.empty()) {
    made.rows.push_back({RowKind::kDocuments, 0, std::move(documents)});
  }
  // Before the batch's own page, so that no committed page has a later key slot
  // than the last batch's.
  for (size_t i = 0; i < fresh.size(); ++i) {
    const Submission& submission = *fresh[i].submission;
    if (i > 0 && fresh[i - 1].submission == &submission) continue;
    for (const PageChange& change : submission.page_changes) {
      vault::Page changed = change.page;
      for (const PageChange::Notified& one : change.notified) {
        // Notices are never known already: all of them are here, in order.
        SetNotice(one.befalls, made.chain_indices[i + one.entry],
                  changed.mutable_openings(one.opening));
      }
      ASSIGN_OR_RETURN(std::string row,
                       parts_.vault->Seal(change.first, changed));
      made.replaced_pages.push_back({change.first, std::move(row)});
    }
  }
  if (page.openings() > 0) {
    ASSIGN_OR_RETURN(std::string row,
                     parts_.vault->SealBytes(first, page.bytes()));
    made.rows.push_back({RowKind::kVaultPage, 0, std::move(row)});
  }
  return made;
}

absl::StatusOr<ChainCount> AccessBatchMaker::CountOf(
    const PendingOpening& opening) {
  const std::optional<ChainCount> remembered =
      parts_.chains->FindCount(opening.chain_tag);
  if (remembered.has_value()) return *remembered;
  ChainCount count;
  ASSIGN_OR_RETURN(
      count.entries,
      FirstAbsentEntry(
          [this](const Hash& key) { return parts_.index->Find(key); },
          opening.chain_key, opening.chain_entries_min));
  return count;
}

absl::Status AccessBatchMaker::JudgeBasedOn(const PendingOpening& opening,
                                            uint64_t based_on) {
  ASSIGN_OR_RETURN(ChainCount count, CountOf(opening));
  if (based_on > count.entries) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is based on ", based_on,
                     " entries of a chain that does not have so many"));
  }
  // Entries from here on are known to be accesses or notices.
  uint64_t known_from = count.entries - count.accesses;
  for (int looks = 0; known_from > based_on; ++looks) {
    if (looks == kLookedAtMax) {
      return absl::AbortedError(
          "more entries came into its chain than can be looked at here; ask "
          "again by Check and base it on that");
    }
    const uint64_t number = known_from - 1;
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     parts_.index->Find(ChainLabel(opening.chain_key, number)));
    if (!leaf_index.has_value()) {
      return absl::DataLossError("the index lacks an entry of a chain");
    }
    ASSIGN_OR_RETURN(const VaultPage page,
                     ReadPage(parts_.storage, parts_.vault, *leaf_index));
    const vault::Opening* const found = page.Find(*leaf_index);
    if (found == nullptr) {
      return absl::DataLossError("the vault lacks an entry of a chain");
    }
    // Only accesses are ever erased.
    if (!found->has_erased_by() &&
        ContentOf(found->record()) == RecordContent::kStatement) {
      return absl::AbortedError(
          "a newer statement stands in its chain; ask again by Check before "
          "you use the data");
    }
    known_from = number - std::min<uint64_t>(found->accesses_before(), number);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ParseDocumentsRow(
    std::string_view row) {
  std::vector<std::string> documents;
  while (!row.empty()) {
    if (row.size() < 4 || row.size() - 4 < Be32(row)) {
      return absl::DataLossError(
          "a stored documents row ends inside a document");
    }
    const uint32_t size = Be32(row);
    documents.emplace_back(row.substr(4, size));
    row.remove_prefix(4 + size);
  }
  return documents;
}

}  // namespace vidimus
