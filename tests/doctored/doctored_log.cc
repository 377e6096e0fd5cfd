#include "tests/doctored/doctored_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "verifier/check.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

const char kOrigin[] = "log.example/doctored/2026h2";
constexpr int kAccesses = 3;

Hash KeyAt(const SmallLog& log, uint64_t index) {
  return *HashFromBytes(std::string_view(log.Leaf(index)).substr(1, 32));
}

}  // namespace

const std::vector<Doctored>& DoctoredKinds() {
  static const auto* const kinds = new std::vector<Doctored>{
      {"honest", "nothing is wrong", false, false},
      {"omission", "one access is left out of the index", true, true},
      {"duplicate", "one label stands at two leaves", true, false},
      {"wrong_index_entry", "the index leads from a label to another leaf",
       true, true},
      {"wrong_run", "a run of the index has a key that no leaf has", true,
       false},
      {"backdated_seal", "a seal is earlier than the seal before", true, false},
      {"order", "two leaves of a batch are in the wrong order", true, false},
      {"min_batch", "a batch has fewer leaves than config promises", true,
       false},
      {"fork", "somebody else was shown another history", true, false},
      {"hole", "an entry is missing in the middle of a chain", false, true},
      {"two_label_keys", "one resident's labels are under a second label key",
       false, true},
      {"swapped_opening", "the contents of two accesses are swapped", false,
       true},
      {"never_signed", "an access that the administration never signed", false,
       true},
  };
  return *kinds;
}

DoctoredLog::DoctoredLog(const std::string& name, uint64_t now_s)
    : resident_("\x01resident-17"), log_(kOrigin, now_s - 60) {
  CHECK(
      std::any_of(DoctoredKinds().begin(), DoctoredKinds().end(),
                  [&name](const Doctored& kind) { return name == kind.name; }));
  const std::string neighbour = "\x01resident-18";
  if (name == "two_label_keys") log_.UseSecondLabelKey(resident_);
  log_.PutAdministration(0);
  log_.PutAdministration(1);
  log_.Seal(now_s - 50);
  for (int k = 0; k < kAccesses; ++k) log_.AddAccess(resident_, 0);
  log_.AddAccess(neighbour, 0);
  log_.AddAccess(neighbour, 1);
  log_.Seal(now_s - 40);
  SmallLog before = log_;

  const uint64_t access = log_.Chain(resident_, 0, log_.size())
                              .entries(name == "two_label_keys" ? 0 : 1)
                              .leaf_index();
  log_.AddAccess(neighbour, 1);
  if (name == "omission") log_.HideFromIndex(KeyAt(log_, access));
  if (name == "wrong_index_entry") {
    log_.LieAboutKey(KeyAt(log_, access), access + 1);
  }
  if (name == "wrong_run") log_.LieAboutKey(LeafHash("nobody's"), access);
  if (name == "duplicate") {
    log_.AddLeaf(FormatSubjectLeaf(KeyAt(log_, access), LeafHash("again")));
  }
  if (name == "never_signed") {
    log_.AddAccess(resident_, 0, SmallLie::kUnsigned);
  }
  if (name == "hole") {
    // Entry 3 is gone; wherever one looks beyond it, there are more.
    log_.SetNext(resident_, 0, kAccesses + 1);
    for (int k = 0; k < 70; ++k) log_.AddAccess(resident_, 0);
    entries_shown_ = kAccesses;
  }
  if (name == "order") {
    log_.Seal(now_s - 30, SealLie::kUnordered);
  } else if (name == "min_batch") {
    log_.Seal(now_s - 30, SealLie::kTooFew);
  } else {
    log_.Seal(name == "backdated_seal" ? now_s - 4000 : now_s - 30);
  }
  if (name == "swapped_opening") log_.SwapOpenings(resident_, 0, 0, 1);
  if (name == "fork") {
    before.AddAccess(neighbour, 0);
    before.Seal(now_s - 30);
    other_checkpoint_ = before.Checkpoint(before.size());
  }
  log_.AddAccess(resident_, 1);
  log_.Seal(now_s);
}

std::map<std::string, std::string> DoctoredLog::Paths() const {
  std::map<std::string, std::string> paths;
  const uint64_t size = log_.size();
  const NodeReader nodes = log_.Nodes();
  paths["checkpoint"] = log_.Checkpoint(size);
  for (int level = 0; TileHashCount(size, level) > 0; ++level) {
    for (uint64_t n = 0; n * kTileWidth < TileHashCount(size, level); ++n) {
      const int width = TileWidthAt(size, level, n);
      std::string tile, bundle;
      for (uint64_t i = n * kTileWidth, end = i + width; i < end; ++i) {
        Hash hash;
        CHECK(nodes(level * kTileHeight, i, &hash));
        tile += Bytes(hash);
        if (level == 0) AppendBundleEntry(log_.Leaf(i), &bundle);
      }
      paths[TilePath({level, n, width})] = tile;
      if (level == 0) {
        paths[TilePath({TileAddress::kEntries, n, width})] = bundle;
      }
    }
  }
  for (const auto& [index, document] : log_.documents()) {
    const Hash hash =
        *HashFromBytes(std::string_view(log_.Leaf(index)).substr(33));
    paths[RegisterPath(hash)] = document;
  }
  return paths;
}

absl::StatusOr<v1::GetChainResponse> DoctoredLog::GetChain(
    const v1::GetChainRequest& request) const {
  v1::GetChainResponse response;
  response.set_size(request.size() > 0 ? request.size() : log_.size());
  response.set_checkpoint(log_.Checkpoint(log_.size()));
  v1::Chain* chain = response.mutable_chain();
  *chain = log_.Chain(resident_, request.administration(), response.size(),
                      request.first_entry());
  if (request.administration() == 0) {
    while (static_cast<uint64_t>(chain->entries_size()) +
               request.first_entry() >
           entries_shown_) {
      chain->mutable_entries()->RemoveLast();
    }
  }
  return response;
}

absl::StatusOr<v1::ProveKeysResponse> DoctoredLog::ProveKeys(
    const v1::ProveKeysRequest& request) const {
  std::vector<Hash> keys;
  for (const std::string& bytes : request.keys()) {
    const auto key = HashFromBytes(bytes);
    if (!key.has_value() || (!keys.empty() && keys.back() >= *key)) {
      return absl::InvalidArgumentError("keys of 32 bytes, ascending");
    }
    keys.push_back(*key);
  }
  const uint64_t seal = request.size() > 0 ? request.size() : log_.size() - 1;
  if (keys.empty() || seal >= log_.size() ||
      static_cast<LeafKind>(log_.Leaf(seal)[0]) != LeafKind::kSeal) {
    return absl::OutOfRangeError(absl::StrCat("no seal at leaf ", seal));
  }
  v1::ProveKeysResponse response;
  response.set_size(seal);
  if (request.without_proof()) {
    const std::vector<IndexAnswer> found = log_.FindKeys(keys, seal + 1);
    for (size_t k = 0; k < found.size(); ++k) {
      if (!found[k].has_value()) continue;
      v1::KeyPlace* const place = response.add_place();
      place->set_key(static_cast<uint32_t>(k));
      place->set_leaf_index(*found[k]);
    }
    return response;
  }
  response.set_proof(log_.ProveKeys(keys, seal + 1));
  return response;
}

absl::StatusOr<v1::ProveLeavesResponse> DoctoredLog::ProveLeaves(
    const v1::ProveLeavesRequest& request) const {
  v1::ProveLeavesResponse response;
  response.set_size(request.size() > 0 ? request.size() : log_.size());
  response.set_checkpoint(log_.Checkpoint(log_.size()));
  std::vector<uint64_t> indices;
  for (const uint64_t index : request.leaf_index()) {
    if (index >= response.size() ||
        (!indices.empty() && indices.back() >= index)) {
      return absl::OutOfRangeError("leaves of the tree, ascending");
    }
    indices.push_back(index);
    response.add_leaf(log_.Leaf(index));
  }
  if (indices.empty() || response.size() > log_.size()) {
    return absl::OutOfRangeError("no such leaves");
  }
  response.set_proof(log_.ProveLeaves(indices, response.size()));
  return response;
}

absl::StatusOr<std::string> DoctoredLog::ProveKeysPlain(
    absl::string_view request) const {
  if (request.size() < 8 || request.size() % kHashBytes != 8) {
    return absl::InvalidArgumentError("size(8), then keys");
  }
  const std::string_view bytes(request.data(), request.size());
  v1::ProveKeysRequest parsed;
  parsed.set_size(Be64(bytes));
  for (size_t at = 8; at < bytes.size(); at += kHashBytes) {
    parsed.add_keys(std::string(bytes.substr(at, kHashBytes)));
  }
  auto response = ProveKeys(parsed);
  if (!response.ok()) return response.status();
  std::string answer;
  AppendBe64(response->size(), &answer);
  return answer + response->proof();
}

}  // namespace vidimus
