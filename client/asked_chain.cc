#include "client/asked_chain.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/gateway_state.pb.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/index.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/opening.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

// Entries of a chain that a gateway will hold in memory.
constexpr size_t kEntriesMax = size_t{1} << 20;
constexpr size_t kChainFileBytesMax = size_t{64} << 20;
// As the log's limit on leaves asked for at once.
constexpr size_t kLeavesEach = 4096;

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

absl::Status Lie(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the log's answer to Check is wrong: ", what));
}

absl::Status LieIfFound(Finding finding, absl::string_view what) {
  if (finding == Finding::kOk) return absl::OkStatus();
  return Lie(absl::StrCat(what, ": ", FindingSentence(finding)));
}

ShownOpening ShownAs(const v1::Opening& opening) {
  ShownOpening shown;
  shown.entry_id = opening.entry_id();
  shown.opening.salt_r = opening.record_salt();
  shown.opening.record = opening.record();
  shown.opening.salt_a = opening.actor_salt();
  shown.opening.actor = opening.actor();
  shown.has_request = opening.has_request();
  return shown;
}

// Takes what is said to open the leaf of entry `i`.
absl::Status TakeOpening(const ChainName& name, const Leaf& leaf,
                         const v1::Opening& opening, uint64_t i,
                         AskedEntry* entry) {
  const ShownOpening shown = ShownAs(opening);
  const std::string place = absl::StrCat("entry ", i);
  RETURN_IF_ERROR(LieIfFound(VerifyOpening(leaf.b, shown.opening), place));
  entry->known = true;
  const RecordContent kind = ContentOf(opening.record());
  if (kind != RecordContent::kStatement && kind != RecordContent::kNotice) {
    return absl::OkStatus();  // an access: nothing rests on it
  }
  // What cannot be read counts for nothing, as for the resident.
  const OpenedEntry opened = JudgeOpening(name, leaf.b, {}, shown);
  if (opened.content != Content::kOpen) {
    return LieIfFound(opened.finding, place);
  }
  entry->record = opening.record();
  return absl::OkStatus();
}

}  // namespace

absl::Status JudgeAnswer(const v1::CheckResponse& response,
                         const std::string& label_key,
                         absl::string_view subject, uint32_t administration,
                         Extract* extract, AskedChain* chain) {
  const TreeHead head = extract->head();
  const uint64_t since = chain->entries.size();
  const v1::Chain& shown = response.chain();
  const auto count = static_cast<uint64_t>(shown.entries_size());
  if (response.size() != head.size) {
    return Lie("it is not about the head that it shows");
  }
  if (since + count > kEntriesMax) {
    return absl::OutOfRangeError(
        absl::StrCat("a chain of more than ", kEntriesMax, " entries"));
  }
  Hash key = chain->key;
  const ChainName name = {extract->checkpoint().origin, administration,
                          Std(subject)};
  if (!chain->has_key) {
    RETURN_IF_ERROR(
        LieIfFound(VerifyChainKey(label_key, name, shown.vrf_proof(), &key),
                   "the chain's key"));
  }
  if (!shown.chain_key().empty() && shown.chain_key() != Bytes(key)) {
    return Lie("another key for a chain whose key is known");
  }

  // The leaves, under the head.
  std::map<uint64_t, std::string_view> leaves;
  leaves[head.size - 1] = response.seal();
  for (const v1::ChainEntry& entry : shown.entries()) {
    if (!leaves.emplace(entry.leaf_index(), entry.leaf()).second) {
      return Lie("two entries at one leaf");
    }
  }
  std::vector<uint64_t> indices;
  std::vector<std::string_view> entries;
  for (const auto& [index, leaf] : leaves) {
    indices.push_back(index);
    entries.push_back(leaf);
  }
  RETURN_IF_ERROR(LieIfFound(
      extract->AddLeaves(indices, entries, response.inclusion_proof()),
      "inclusion"));

  // Their labels in its index, and nothing after them.
  std::vector<Hash> labels, keys;
  for (uint64_t i = since; i <= since + count; ++i) {
    labels.push_back(ChainLabel(key, i));
  }
  keys = labels;
  std::sort(keys.begin(), keys.end());
  RETURN_IF_ERROR(
      LieIfFound(extract->AddKeys(keys, response.index_proof()), "index"));
  IndexAnswer answer;
  RETURN_IF_ERROR(LieIfFound(extract->FindKey(labels.back(), &answer), "end"));
  if (answer.has_value()) {
    return Lie("the chain has more entries than are shown");
  }
  std::vector<AskedEntry> added;
  for (uint64_t k = 0; k < count; ++k) {
    const v1::ChainEntry& entry = shown.entries(static_cast<int>(k));
    AskedEntry kept;
    Leaf leaf;
    RETURN_IF_ERROR(LieIfFound(extract->FindEntry(labels[k], LeafKind::kSubject,
                                                  &kept.leaf_index, &leaf),
                               absl::StrCat("entry ", since + k)));
    if (kept.leaf_index != entry.leaf_index()) {
      return Lie(absl::StrCat("entry ", since + k, " stands elsewhere"));
    }
    if (entry.has_opening()) {
      RETURN_IF_ERROR(
          TakeOpening(name, leaf, entry.opening(), since + k, &kept));
    }
    added.push_back(std::move(kept));
  }
  chain->key = key;
  chain->has_key = true;
  for (AskedEntry& entry : added) chain->entries.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::Status OpenTheRest(Questions* questions, absl::string_view subject,
                         uint32_t administration, const Extract& extract,
                         AskedChain* chain) {
  std::vector<AskedEntry>& entries = chain->entries;
  const ChainName name = {extract.checkpoint().origin, administration,
                          Std(subject)};
  std::map<uint64_t, uint64_t> closed;  // entry -> its notice
  for (uint64_t i = 0; i < entries.size();) {
    if (entries[i].known) {
      ++i;
      continue;
    }
    v1::GetChainRequest request;
    request.set_origin(extract.checkpoint().origin);
    request.set_administration(administration);
    request.set_subject(std::string(subject));
    request.set_first_entry(i);
    request.set_size(extract.head().size);
    ASSIGN_OR_RETURN(const v1::GetChainResponse response,
                     questions->GetChain(request));
    if (response.chain().entries_size() == 0) {
      return absl::UnavailableError(
          "the log does not show what it has not opened");
    }
    for (const v1::ChainEntry& shown : response.chain().entries()) {
      if (i >= entries.size()) break;
      AskedEntry& entry = entries[i];
      if (!entry.known) {
        uint64_t index = 0;
        Leaf leaf;
        if (extract.FindEntry(ChainLabel(chain->key, i), LeafKind::kSubject,
                              &index, &leaf) != Finding::kOk) {
          return absl::FailedPreconditionError(
              "an entry that was seen before is not known for what it is");
        }
        if (shown.has_opening()) {
          RETURN_IF_ERROR(TakeOpening(name, leaf, shown.opening(), i, &entry));
          if (!entry.record.empty()) {
            return Lie(absl::StrCat("entry ", i,
                                    " was shown as our own access, and is "
                                    "not: something was hidden"));
          }
        } else {
          closed[i] = shown.notice();
        }
      }
      ++i;
    }
  }
  // Of what is closed, a notice must say so.
  for (const auto& [i, at] : closed) {
    Notice notice;
    if (at >= entries.size() ||
        ParseNotice(entries[at].record, &notice, nullptr) != Finding::kOk ||
        notice.event == NoticeEvent::kKeyFetch || notice.entry != i) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the content of entry ", i,
          " is closed and nothing accounts for that: it could be a "
          "withdrawal"));
    }
    entries[i].known = true;
  }
  return absl::OkStatus();
}

absl::Status PlaceEntries(Questions* questions, const Extract& extract,
                          size_t first, AskedChain* chain) {
  std::set<uint64_t> wanted;
  for (size_t i = first; i < chain->entries.size(); ++i) {
    if (!chain->entries[i].record.empty()) {
      wanted.insert(chain->entries[i].leaf_index);
    }
  }
  if (wanted.empty()) return absl::OkStatus();
  if (wanted.size() > kLeavesEach) {
    return absl::OutOfRangeError("more statements than can be placed at once");
  }
  v1::ProveLeavesRequest request;
  request.set_origin(extract.checkpoint().origin);
  request.set_size(extract.head().size);
  request.set_whole_batches(true);
  for (const uint64_t index : wanted) request.add_leaf_index(index);
  ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                   questions->ProveLeaves(request));
  const std::vector<uint64_t> indices(response.leaf_index().begin(),
                                      response.leaf_index().end());
  const std::vector<std::string_view> leaves(response.leaf().begin(),
                                             response.leaf().end());
  if (indices.size() != leaves.size()) return Lie("leaves without a place");
  Extract batches = extract;
  RETURN_IF_ERROR(LieIfFound(
      batches.AddLeaves(indices, leaves, response.proof()), "batches"));
  const std::vector<ProvenBatch> whole = batches.WholeBatches();
  for (size_t i = first; i < chain->entries.size(); ++i) {
    AskedEntry& entry = chain->entries[i];
    if (entry.record.empty()) continue;
    const auto batch =
        std::find_if(whole.begin(), whole.end(), [&](const ProvenBatch& one) {
          return one.position <= entry.leaf_index &&
                 entry.leaf_index <= one.seal;
        });
    if (batch == whole.end()) return Lie("a batch that is not whole");
    entry.position = batch->position;
    entry.seal_time_s = batch->time_s;
  }
  return absl::OkStatus();
}

absl::Status JudgeStillHolds(Questions* questions, const TreeHead& older,
                             Extract* extract) {
  const TreeHead head = extract->head();
  if (older.size == 0) return absl::OkStatus();
  if (older.size > head.size) {
    return Lie(absl::StrCat("the log has gone back: its newest head has ",
                            head.size, " leaves, and one before had ",
                            older.size));
  }
  if (older.size == head.size) {
    return older.root == head.root ? absl::OkStatus()
                                   : Lie("one size with two roots");
  }
  const std::vector<uint64_t> last = {older.size - 1};
  v1::ProveLeavesRequest request;
  request.set_origin(extract->checkpoint().origin);
  request.set_size(head.size);
  request.add_leaf_index(last[0]);
  ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                   questions->ProveLeaves(request));
  if (response.leaf_size() != 1) return Lie("not the leaf that was asked for");
  RETURN_IF_ERROR(
      LieIfFound(extract->AddLeaves(last, {response.leaf(0)}, response.proof()),
                 "the last leaf of an older head"));
  // The proof of one leaf begins with the perfect subtrees left of it, which
  // are all that stood before it.
  const std::string& proof = response.proof();
  std::vector<Hash> nodes;
  for (uint64_t rest = last[0]; rest != 0; rest &= rest - 1) {
    const size_t at = nodes.size() * kHashBytes;
    if (at + kHashBytes > proof.size()) return Lie("a proof cut short");
    nodes.push_back(
        *HashFromBytes(std::string_view(proof).substr(at, kHashBytes)));
  }
  std::optional<CompactRange> range = CompactRange::FromNodes(last[0], nodes);
  if (!range.has_value()) return Lie("a proof cut short");
  range->Append(LeafHash(response.leaf(0)));
  return range->Root() == older.root
             ? absl::OkStatus()
             : Lie("the log does not hold what it held before: a fork");
}

// --- AskedChains -------------------------------------------------------------

absl::StatusOr<AskedChains> AskedChains::Open(const std::string& folder,
                                              const std::string& name_key) {
  CHECK_EQ(name_key.size(), kHashBytes);
  RETURN_IF_ERROR(MakeFolder(folder));
  return AskedChains(folder, name_key);
}

std::string AskedChains::PathOf(absl::string_view subject) const {
  const std::string name =
      HexEncode(Bytes(HmacSha256(name_key_, {"asked", Std(subject)})));
  return absl::StrCat(folder_, "/", name.substr(0, 32), ".chain");
}

AskedChain AskedChains::Find(absl::string_view subject) const {
  AskedChain chain;
  const absl::StatusOr<std::string> bytes =
      ReadPrivateFile(PathOf(subject), kChainFileBytesMax);
  v1::KeptChain kept;
  v1::KeptEntries entries;
  if (!bytes.ok() || !kept.ParseFromString(*bytes) ||
      kept.check() != Bytes(HmacSha256(
                          name_key_, {"kept", Std(subject), kept.content()})) ||
      !entries.ParseFromString(kept.content())) {
    return chain;
  }
  const std::optional<Hash> key = HashFromBytes(entries.chain_key());
  if (!key.has_value()) return chain;
  chain.key = *key;
  chain.has_key = true;
  for (const v1::KeptEntry& entry : entries.entry()) {
    chain.entries.push_back({entry.leaf_index(), entry.position(),
                             entry.seal_time_s(), entry.record(), true});
  }
  return chain;
}

void AskedChains::Put(absl::string_view subject,
                      const AskedChain& chain) const {
  if (!chain.has_key) return;
  v1::KeptEntries entries;
  entries.set_chain_key(std::string(Bytes(chain.key)));
  for (const AskedEntry& entry : chain.entries) {
    v1::KeptEntry* kept = entries.add_entry();
    kept->set_leaf_index(entry.leaf_index);
    kept->set_position(entry.position);
    kept->set_seal_time_s(entry.seal_time_s);
    kept->set_record(entry.record);
  }
  v1::KeptChain kept;
  kept.set_content(entries.SerializeAsString());
  kept.set_check(std::string(
      Bytes(HmacSha256(name_key_, {"kept", Std(subject), kept.content()}))));
  WriteFile(PathOf(subject), kept.SerializeAsString(), 0600, /*sync=*/false)
      .IgnoreError();
}

}  // namespace vidimus
