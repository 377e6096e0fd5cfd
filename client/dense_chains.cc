#include "client/dense_chains.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/extract.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// name(16) K(32) last(8) leaf index(8) check(8)
constexpr size_t kNameBytes = 16;
constexpr size_t kCheckBytes = 8;
constexpr size_t kRowBytes = kNameBytes + kHashBytes + 8 + 8 + kCheckBytes;
constexpr size_t kFileBytesMax = size_t{4} << 30;
// As the log's limit.
constexpr size_t kKeysEach = 1024;

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

absl::Status Lie(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the log's answer is wrong: ", what));
}

absl::Status LieIfFound(Finding finding, absl::string_view what) {
  if (finding == Finding::kOk) return absl::OkStatus();
  return Lie(absl::StrCat(what, ": ", FindingSentence(finding)));
}

}  // namespace

// --- ChainMemory -------------------------------------------------------------

size_t ChainMemory::NameHash::operator()(const Name& name) const {
  size_t hash;
  std::memcpy(&hash, name.data(), sizeof(hash));  // names are hashes
  return hash;
}

ChainMemory::ChainMemory(const std::string& path, absl::string_view name_key,
                         size_t chains_max)
    : path_(path), name_key_(name_key), chains_max_(chains_max) {
  CHECK_EQ(name_key_.size(), kHashBytes);
  CHECK_GT(chains_max_, size_t{0});
}

absl::StatusOr<std::unique_ptr<ChainMemory>> ChainMemory::Open(
    const std::string& path, absl::string_view name_key, size_t chains_max) {
  std::unique_ptr<ChainMemory> memory(
      new ChainMemory(path, name_key, chains_max));
  if (!path.empty()) RETURN_IF_ERROR(memory->Load());
  return memory;
}

ChainMemory::~ChainMemory() {
  if (path_.empty()) return;
  // A memory that cannot be written is asked for again.
  Rewrite().IgnoreError();
  MutexLock lock(&mu_);
  if (file_ != nullptr) std::fclose(file_);
}

ChainMemory::Name ChainMemory::NameOf(absl::string_view subject) const {
  const Hash hash = HmacSha256(name_key_, {"chain", Std(subject)});
  Name name;
  std::memcpy(name.data(), hash.data(), name.size());
  return name;
}

std::string ChainMemory::RowOf(const Name& name,
                               const RememberedChain& chain) const {
  std::string row(name.data(), name.size());
  row += Bytes(chain.key);
  AppendBe64(chain.last, &row);
  AppendBe64(chain.last_leaf_index, &row);
  const Hash check = HmacSha256(name_key_, {"row", row});
  row += Bytes(check).substr(0, kCheckBytes);
  return row;
}

absl::Status ChainMemory::Load() {
  const absl::StatusOr<std::string> bytes =
      ReadPrivateFile(path_, kFileBytesMax);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  {
    MutexLock lock(&mu_);
    const absl::string_view rows = bytes.ok() ? *bytes : absl::string_view();
    for (size_t at = 0;
         at + kRowBytes <= rows.size() && chains_.size() < chains_max_;
         at += kRowBytes) {
      const std::string_view row = Std(rows.substr(at, kRowBytes));
      Name name;
      std::memcpy(name.data(), row.data(), kNameBytes);
      RememberedChain chain;
      chain.key = *HashFromBytes(row.substr(kNameBytes, kHashBytes));
      chain.last = Be64(row.substr(kNameBytes + kHashBytes));
      chain.last_leaf_index = Be64(row.substr(kNameBytes + kHashBytes + 8));
      if (RowOf(name, chain) == row) chains_[name] = chain;
    }
  }
  return Rewrite();
}

absl::Status ChainMemory::Rewrite() {
  MutexLock lock(&mu_);
  std::string rows;
  rows.reserve(chains_.size() * kRowBytes);
  for (const auto& [name, chain] : chains_) rows += RowOf(name, chain);
  RETURN_IF_ERROR(WriteFile(path_, rows, 0600, /*sync=*/false));
  if (file_ != nullptr) std::fclose(file_);
  file_ = std::fopen(path_.c_str(), "ab");
  return file_ != nullptr ? absl::OkStatus() : FileError("open", path_, errno);
}

std::optional<RememberedChain> ChainMemory::Find(
    absl::string_view subject) const {
  const Name name = NameOf(subject);
  MutexLock lock(&mu_);
  const auto found = chains_.find(name);
  if (found == chains_.end()) return std::nullopt;
  return found->second;
}

void ChainMemory::Put(absl::string_view subject, const RememberedChain& chain) {
  const Name name = NameOf(subject);
  MutexLock lock(&mu_);
  const auto found = chains_.find(name);
  if (found != chains_.end()) {
    if (chain.last >= found->second.last) found->second = chain;
    return;
  }
  if (chains_.size() >= chains_max_) chains_.erase(chains_.begin());
  chains_[name] = chain;
  if (file_ == nullptr) return;
  const std::string row = RowOf(name, chain);
  if (std::fwrite(row.data(), 1, row.size(), file_) != row.size()) {
    std::fclose(file_);  // the rest is remembered in memory alone
    file_ = nullptr;
  }
}

void ChainMemory::Flush() {
  MutexLock lock(&mu_);
  if (file_ != nullptr) std::fflush(file_);
}

size_t ChainMemory::size() const {
  MutexLock lock(&mu_);
  return chains_.size();
}

// --- DenseChains -------------------------------------------------------------

// One entry of a receipt and where it says to stand.
struct DenseChains::Place {
  size_t entry = 0;  // of the request
  absl::string_view subject;
  uint64_t i = 0;
  Hash label = {};
  EntryReceipt* receipt = nullptr;
};

DenseChains::DenseChains(uint32_t administration, const std::string& label_key,
                         Questions* questions, ChainMemory* memory,
                         HeadKeeper* heads)
    : administration_(administration),
      label_key_(label_key),
      questions_(questions),
      memory_(memory),
      heads_(heads) {}

absl::StatusOr<std::unique_ptr<DenseChains>> DenseChains::Open(
    uint32_t administration, Questions* questions, ChainMemory* memory,
    HeadKeeper* heads) {
  v1::ProveLeavesRequest request;
  request.set_origin(heads->log_key().name);
  request.add_leaf_index(0);
  ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                   questions->ProveLeaves(request));
  // A log that shrank is found by the first receipt.
  RETURN_IF_ERROR(heads->Admit(response.checkpoint(), 0).status());
  Extract extract;
  RETURN_IF_ERROR(LieIfFound(
      extract.Open(response.checkpoint(), heads->log_key()), "checkpoint"));
  const std::vector<std::string_view> leaves(response.leaf().begin(),
                                             response.leaf().end());
  RETURN_IF_ERROR(
      LieIfFound(extract.AddLeaves({0}, leaves, response.proof()), "leaf 0"));
  Leaf leaf;
  RETURN_IF_ERROR(LieIfFound(extract.FindLeaf(0, &leaf), "leaf 0"));
  const RegisterId id = {RegisterType::kConfig, 0, 0};
  if (leaf.kind != LeafKind::kRegister || leaf.a != RegisterKey(id)) {
    return Lie("leaf 0 is not the log's config");
  }
  if (response.document_size() != 1 || Sha256(response.document(0)) != leaf.b) {
    return Lie("the config is not the document that leaf 0 names");
  }
  Document document;
  Config config;
  RETURN_IF_ERROR(
      LieIfFound(SplitDocument(response.document(0), &document), "config"));
  RETURN_IF_ERROR(
      LieIfFound(ParseConfig(document.message, 0, &config, nullptr), "config"));
  if (config.origin != heads->log_key().name) {
    return Lie("the config is that of another log");
  }
  RETURN_IF_ERROR(
      LieIfFound(VerifyDocument(response.document(0), config.origin, id,
                                config.PublisherKey(RegisterType::kConfig)),
                 "config"));
  return std::unique_ptr<DenseChains>(new DenseChains(
      administration, std::string(config.label_key), questions, memory, heads));
}

absl::StatusOr<Hash> DenseChains::JudgeKey(absl::string_view subject,
                                           absl::string_view chain_key,
                                           absl::string_view vrf_proof) {
  Hash key = {};
  RETURN_IF_ERROR(LieIfFound(
      VerifyChainKey(label_key_,
                     {heads_->log_key().name, administration_, Std(subject)},
                     Std(vrf_proof), &key),
      "the chain's key"));
  if (Bytes(key) != Std(chain_key)) {
    return Lie("the chain's key is not the one that its proof gives");
  }
  ++counts_.keys;
  return key;
}

// What is known of a chain; `*has_last` says whether an entry of it is.
absl::StatusOr<RememberedChain> DenseChains::KeyOf(const Place& place, bool ask,
                                                   bool* has_last) {
  const std::optional<RememberedChain> known = memory_->Find(place.subject);
  *has_last = known.has_value();
  if (known.has_value()) {
    if (!place.receipt->chain_key.empty() &&
        place.receipt->chain_key != Bytes(known->key)) {
      return Lie("another key for a chain whose key is known");
    }
    return *known;
  }
  RememberedChain chain;
  if (!place.receipt->chain_key.empty()) {
    ASSIGN_OR_RETURN(chain.key,
                     JudgeKey(place.subject, place.receipt->chain_key,
                              place.receipt->vrf_proof));
    return chain;
  }
  if (place.i == 0) return Lie("the first entry of a chain comes without key");
  if (!ask) return absl::UnavailableError("the chain's key is not known yet");
  v1::GetChainRequest request;
  request.set_origin(heads_->log_key().name);
  request.set_administration(administration_);
  request.set_subject(std::string(place.subject));
  request.set_first_entry(place.i);
  ASSIGN_OR_RETURN(const v1::GetChainResponse response,
                   questions_->GetChain(request));
  ++counts_.fetched;
  ASSIGN_OR_RETURN(chain.key,
                   JudgeKey(place.subject, response.chain().chain_key(),
                            response.chain().vrf_proof()));
  return chain;
}

// Where the leaves stand that carry `labels`, before the receipt's head.
absl::Status DenseChains::ProvePrevious(const Receipt& receipt,
                                        const std::vector<Hash>& labels,
                                        std::vector<uint64_t>* leaf_indices) {
  std::vector<Hash> keys = labels;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::map<Hash, uint64_t> found;
  for (size_t first = 0; first < keys.size(); first += kKeysEach) {
    const std::vector<Hash> part(
        keys.begin() + static_cast<ptrdiff_t>(first),
        keys.begin() +
            static_cast<ptrdiff_t>(std::min(keys.size(), first + kKeysEach)));
    // The newest head: the log may have forgotten the runs of older ones.
    v1::ProveKeysRequest key_request;
    key_request.set_origin(heads_->log_key().name);
    for (const Hash& key : part) {
      key_request.add_keys(std::string(Bytes(key)));
    }
    ASSIGN_OR_RETURN(const v1::ProveKeysResponse proven,
                     questions_->ProveKeys(key_request));
    RETURN_IF_ERROR(
        heads_->Admit(proven.checkpoint(), receipt.head.size).status());
    Extract extract;
    RETURN_IF_ERROR(LieIfFound(
        extract.Open(proven.checkpoint(), heads_->log_key()), "checkpoint"));
    const auto add_leaves =
        [&](const std::vector<uint64_t>& indices) -> absl::Status {
      v1::ProveLeavesRequest request;
      request.set_origin(heads_->log_key().name);
      request.set_size(extract.head().size);
      for (const uint64_t index : indices) request.add_leaf_index(index);
      ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                       questions_->ProveLeaves(request));
      const std::vector<std::string_view> leaves(response.leaf().begin(),
                                                 response.leaf().end());
      return LieIfFound(extract.AddLeaves(indices, leaves, response.proof()),
                        "leaves");
    };
    RETURN_IF_ERROR(add_leaves({extract.head().size - 1}));
    RETURN_IF_ERROR(LieIfFound(extract.AddKeys(part, proven.proof()), "index"));
    std::set<uint64_t> indices;
    for (const Hash& key : part) {
      IndexAnswer answer;
      RETURN_IF_ERROR(LieIfFound(extract.FindKey(key, &answer), "index"));
      if (!answer.has_value()) {
        return Lie("the entry before ours is not in the index: a hole");
      }
      if (*answer >= receipt.head.size) {
        return Lie("the entry before ours came after it: a hole");
      }
      indices.insert(*answer);
    }
    RETURN_IF_ERROR(add_leaves({indices.begin(), indices.end()}));
    for (const Hash& key : part) {
      Leaf leaf;
      RETURN_IF_ERROR(LieIfFound(
          extract.FindEntry(key, LeafKind::kSubject, &found[key], &leaf),
          "the entry before ours"));
    }
  }
  for (const Hash& label : labels) leaf_indices->push_back(found[label]);
  return absl::OkStatus();
}

absl::Status DenseChains::Judge(const v1::SubmitRequest& request, bool ask,
                                Receipt* receipt) {
  std::vector<Place> places;
  for (size_t k = 0; k < receipt->entries.size(); ++k) {
    Place place;
    place.entry = k;
    place.receipt = &receipt->entries[k];
    place.i = place.receipt->chain_index;
    AccessRecord access;
    const std::string& record = request.entries(static_cast<int>(k)).record();
    const Finding finding = ParseAccess(record, &access, nullptr);
    if (finding != Finding::kOk) {
      return absl::FailedPreconditionError(
          absl::StrCat("entry ", k, " is no access, and yet the log took it: ",
                       FindingSentence(finding)));
    }
    place.subject = {access.subject.data(), access.subject.size()};
    Leaf leaf;
    RETURN_IF_ERROR(LieIfFound(ParseLeaf(place.receipt->leaf, &leaf), "leaf"));
    place.label = leaf.a;
    places.push_back(place);
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.subject != b.subject ? a.subject < b.subject : a.i < b.i;
  });

  // Chain by chain: the labels, and which predecessors nobody told us of.
  std::vector<std::pair<size_t, Hash>> missing;  // place, label before it
  std::vector<RememberedChain> chains(places.size());
  RememberedChain chain;
  bool has_last = false;
  for (size_t p = 0; p < places.size(); ++p) {
    const Place& place = places[p];
    if (p == 0 || places[p - 1].subject != place.subject) {
      ASSIGN_OR_RETURN(chain, KeyOf(place, ask, &has_last));
    } else if (places[p - 1].i == place.i) {
      return Lie(absl::StrCat("entry ", place.entry,
                              " stands at the place of another"));
    }
    if (ChainLabel(chain.key, place.i) != place.label) {
      return Lie(absl::StrCat("entry ", place.entry,
                              " stands under another label than its place in "
                              "the chain gives"));
    }
    if (has_last && place.i > 0 && chain.last == place.i - 1) {
      if (chain.last_leaf_index >= receipt->head.size) {
        return Lie(absl::StrCat("the entry before entry ", place.entry,
                                " came after it: a hole"));
      }
      place.receipt->previous_leaf_index = chain.last_leaf_index;
    } else if (place.i > 0 && (!has_last || chain.last < place.i)) {
      missing.emplace_back(p, ChainLabel(chain.key, place.i - 1));
    }
    if (!has_last || place.i >= chain.last) {
      chain.last = place.i;
      chain.last_leaf_index = place.receipt->leaf_index;
      has_last = true;
    }
    chains[p] = chain;
  }
  if (!missing.empty()) {
    if (!ask) {
      return absl::UnavailableError("the entry before ours is not known yet");
    }
    std::vector<Hash> labels;
    for (const auto& [place, label] : missing) labels.push_back(label);
    std::vector<uint64_t> leaf_indices;
    RETURN_IF_ERROR(ProvePrevious(*receipt, labels, &leaf_indices));
    for (size_t m = 0; m < missing.size(); ++m) {
      places[missing[m].first].receipt->previous_leaf_index = leaf_indices[m];
    }
    counts_.asked += missing.size();
  }
  for (size_t p = 0; p < places.size(); ++p) {
    EntryReceipt& entry = *places[p].receipt;
    entry.administration = administration_;
    entry.chain_key = std::string(Bytes(chains[p].key));
    if (p + 1 == places.size() || places[p + 1].subject != places[p].subject) {
      memory_->Put(places[p].subject, chains[p]);
    }
  }
  memory_->Flush();
  counts_.entries += places.size();
  return absl::OkStatus();
}

}  // namespace vidimus
