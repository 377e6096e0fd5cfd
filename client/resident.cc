#include "client/resident.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/file.h"
#include "client/random.h"
#include "client/resident_state.pb.h"
#include "client/tree_reader.h"
#include "proto/bundle.pb.h"
#include "proto/status.h"
#include "verifier/chain.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/extract.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/proven_register.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr size_t kCheckpointBytesMax = size_t{64} << 10;
constexpr size_t kStateBytesMax = size_t{16} << 20;
// As the log's limits.
constexpr size_t kKeysEach = 1024;
constexpr size_t kLeavesEach = 4096;
// Numbers of the register that are looked up ahead: as many as are known
// already, and no fewer or more than these. Each costs 64 bytes of question.
constexpr uint32_t kNumbersAheadMin = 4;
constexpr uint32_t kNumbersAheadMax = 64;
// What a check asks for besides config: not analyses and counts, which grow
// with the use of the log and which no verdict rests on.
constexpr RegisterType kTypesAsked[] = {
    RegisterType::kAdministration, RegisterType::kProvision,
    RegisterType::kPurpose,        RegisterType::kCategory,
    RegisterType::kAiSystem,       RegisterType::kIdentityService};
// Leaves after a document among which its seal is looked for at once, and in
// all: more than any batch has.
constexpr uint64_t kSealStep = 256;
constexpr uint64_t kSealDistanceMax = uint64_t{1} << 20;
// The log may forget the runs of an old head while we ask.
constexpr int kHeadsTriedMax = 3;

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

// What the log said is wrong; anything else means that it could not be had.
absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

absl::Status WrongIfFound(Finding finding, absl::string_view what) {
  if (finding == Finding::kOk) return absl::OkStatus();
  return Wrong(absl::StrCat(what, ": ", FindingSentence(finding)));
}

// --- The head ----------------------------------------------------------------

// Judges whether the log still holds what it held at `older`.
absl::Status JudgeExtends(ResidentDoor* door, const TreeHead& older,
                          const TreeHead& newer) {
  if (newer.size < older.size) {
    return Wrong(absl::StrCat("the log has gone back: its newest head has ",
                              newer.size, " leaves, and the last one kept had ",
                              older.size));
  }
  if (newer.size == older.size) {
    return WrongIfFound(VerifyConsistency(older, newer, {}),
                        "the head kept from the last check");
  }
  absl::Status failed;
  std::map<std::string, std::string> tiles;
  const auto path = ConsistencyPath(
      older.size, newer.size, [&](int level, uint64_t index, Hash* hash) {
        const TileAddress address = TileOfNode(level, index, newer.size);
        const std::string name = TilePath(address);
        auto tile = tiles.find(name);
        if (tile == tiles.end()) {
          absl::StatusOr<std::string> bytes =
              door->Get(name, kTileWidth * kHashBytes);
          if (!bytes.ok()) {
            failed = bytes.status();
            return false;
          }
          tile = tiles.emplace(name, *std::move(bytes)).first;
        }
        const std::optional<Hash> node = NodeInTile(level, index, tile->second);
        if (!node.has_value()) {
          failed = absl::DataLossError(absl::StrCat(name, ": too short"));
          return false;
        }
        *hash = *node;
        return true;
      });
  if (!path.has_value()) {
    // Not to show a proof is no proof of anything: an alarm.
    return absl::UnavailableError(absl::StrCat(
        "the log does not show that it extends the head kept from the last "
        "check: ",
        failed.message()));
  }
  return WrongIfFound(
      VerifyConsistency(older, newer, *path),
      "the log does not extend the head kept from the last check");
}

// --- What is remembered ------------------------------------------------------

class Memory {
 public:
  // Nothing is kept in no folder.
  static absl::StatusOr<Memory> Open(const std::string& folder,
                                     const std::string& origin) {
    Memory memory;
    memory.state_.set_origin(origin);
    if (folder.empty()) return memory;
    RETURN_IF_ERROR(MakeFolder(folder));
    memory.path_ = absl::StrCat(
        folder, "/", HexEncode(Bytes(Sha256(origin))).substr(0, 32), ".state");
    absl::StatusOr<std::string> bytes =
        ReadPrivateFile(memory.path_, kStateBytesMax);
    if (absl::IsNotFound(bytes.status())) {
      memory.state_.set_key(RandomBytes(kHashBytes));
      return memory;
    }
    RETURN_IF_ERROR(bytes.status());
    if (!memory.state_.ParseFromString(*bytes) ||
        memory.state_.origin() != origin ||
        memory.state_.key().size() != kHashBytes) {
      return absl::FailedPreconditionError(
          absl::StrCat(memory.path_,
                       ": not what a check leaves; without it, nobody knows "
                       "what the log showed before"));
    }
    return memory;
  }

  const std::string& checkpoint() const { return state_.checkpoint(); }

  // Takes how long a chain is: false if it was longer before.
  bool TakeCount(absl::string_view chain_key, uint64_t entries) {
    const Hash name = HmacSha256(state_.key(), {Std(chain_key)});
    for (v1::ChainCount& count : *state_.mutable_count()) {
      if (count.chain() != Bytes(name)) continue;
      if (entries < count.entries()) return false;
      count.set_entries(entries);
      return true;
    }
    v1::ChainCount* count = state_.add_count();
    count->set_chain(std::string(Bytes(name)));
    count->set_entries(entries);
    return true;
  }

  absl::Status Keep(const std::string& checkpoint) {
    if (path_.empty()) return absl::OkStatus();
    state_.set_checkpoint(checkpoint);
    return WriteFile(path_, state_.SerializeAsString(), 0600, /*sync=*/true);
  }

 private:
  std::string path_;
  v1::ResidentState state_;
};

// --- Asking ------------------------------------------------------------------

// Four numbers from n+1 to n+64, and four far ones, as many from each power of
// two, up to n+2^20: all different.
std::vector<uint64_t> DrawProbes(uint64_t end) {
  std::set<uint64_t> offsets;
  while (offsets.size() < kProbesNear) {
    offsets.insert(1 + RandomBelow(kProbeNearMax));
  }
  constexpr uint64_t kPowers = 20;
  static_assert(uint64_t{1} << kPowers == kProbeFarMax);
  while (offsets.size() < kProbes) {
    const uint64_t least = uint64_t{1} << RandomBelow(kPowers);
    offsets.insert(least + 1 + RandomBelow(least));
  }
  std::vector<uint64_t> probes;
  for (const uint64_t offset : offsets) probes.push_back(end + offset);
  return probes;
}

class Asker {
 public:
  Asker(ResidentDoor* door, const ResidentOptions& options)
      : door_(door), options_(options) {}

  // Gathers a bundle at a head that extends `older`, if that is not empty: with
  // `cosigned` at the newest that a monitor of the options cosigned, if the log
  // shows one, else at the newest. kDataLoss: what the log says is wrong.
  absl::Status Gather(const std::string& older, bool cosigned) {
    RETURN_IF_ERROR(AskHead(older, cosigned));
    RETURN_IF_ERROR(AskRegister());
    RETURN_IF_ERROR(AskChains());
    RETURN_IF_ERROR(AskKeys());
    RETURN_IF_ERROR(AskBatches());
    if (!whole_batches_) RETURN_IF_ERROR(AskSeals());
    RETURN_IF_ERROR(AskLeaves());
    return AskDocuments();
  }

  const v1::ChainBundle& bundle() const { return bundle_; }
  const TreeHead& head() const { return extract_.head(); }
  uint64_t seal_time_s() const { return extract_.seal().time_s; }
  // Whether a monitor vouches for the index at the head.
  bool vouched() const { return vouched_; }
  const Unanswered& unanswered() const { return unanswered_; }

 private:
  uint64_t covered() const { return head().size - 1; }

  absl::Status AskHead(const std::string& older, bool cosigned) {
    Checkpoint kept;
    if (!older.empty()) {
      RETURN_IF_ERROR(
          WrongIfFound(OpenCheckpoint(older, options_.log_key, &kept),
                       "the head kept from the last check"));
    }
    std::string note;
    if (cosigned) note = AskCosigned(kept.head.size);
    if (note.empty()) {
      ASSIGN_OR_RETURN(note, door_->Get("checkpoint", kCheckpointBytesMax));
    }
    RETURN_IF_ERROR(
        WrongIfFound(extract_.Open(note, options_.log_key), "checkpoint"));
    vouched_ = CountMonitors(note, options_.monitors) > 0;
    if (!older.empty()) {
      RETURN_IF_ERROR(JudgeExtends(door_, kept.head, head()));
    }
    bundle_.set_origin(options_.log_key.name);
    bundle_.set_checkpoint(note);
    wanted_leaves_ = {0, covered()};
    return AddLeaves({wanted_leaves_.begin(), wanted_leaves_.end()}, nullptr);
  }

  // The newest head that a monitor cosigned, or nothing if there is none or it
  // is of fewer leaves than `size_min`: then nobody vouches for what is newer.
  std::string AskCosigned(uint64_t size_min) {
    absl::StatusOr<std::string> note =
        door_->Get("cosigned/checkpoint", kCheckpointBytesMax);
    Checkpoint checkpoint;
    if (!note.ok() || CountMonitors(*note, options_.monitors) == 0 ||
        OpenCheckpoint(*note, options_.log_key, &checkpoint) != Finding::kOk ||
        checkpoint.head.size < size_min) {
      return "";
    }
    return *std::move(note);
  }

  // Asks for leaves and adds them to the extract, and to `proof` if it is
  // there.
  absl::Status AddLeaves(const std::vector<uint64_t>& indices,
                         v1::LeavesProof* proof) {
    v1::ProveLeavesRequest request;
    request.set_origin(options_.log_key.name);
    request.set_size(head().size);
    for (const uint64_t index : indices) request.add_leaf_index(index);
    ASSIGN_OR_RETURN(const v1::ProveLeavesResponse response,
                     door_->ProveLeaves(request));
    const std::vector<std::string_view> leaves(response.leaf().begin(),
                                               response.leaf().end());
    RETURN_IF_ERROR(WrongIfFound(
        extract_.AddLeaves(indices, leaves, response.proof()), "leaves"));
    if (proof != nullptr) {
      *proof->mutable_leaf_index() = request.leaf_index();
      *proof->mutable_leaf() = response.leaf();
      proof->set_proof(response.proof());
    }
    return absl::OkStatus();
  }

  absl::Status AddKeys(const std::vector<Hash>& keys, v1::KeysProof* proof) {
    v1::ProveKeysRequest request;
    request.set_origin(options_.log_key.name);
    request.set_size(covered());
    for (const Hash& key : keys) request.add_keys(std::string(Bytes(key)));
    ASSIGN_OR_RETURN(const v1::ProveKeysResponse response,
                     door_->ProveKeys(request));
    RETURN_IF_ERROR(
        WrongIfFound(extract_.AddKeys(keys, response.proof()), "index"));
    if (proof != nullptr) {
      *proof->mutable_key() = request.keys();
      proof->set_proof(response.proof());
    }
    return absl::OkStatus();
  }

  // Asks where register keys stand until of each document the newest version is
  // known, and the first number that there is not: the log's word, which
  // AskKeys has proven.
  absl::Status AskRegister() {
    uint64_t count = 0;
    RETURN_IF_ERROR(AskDocument({RegisterType::kConfig, 0, 0}, &count));
    for (const RegisterType type : kTypesAsked) {
      count = 1;
      for (uint32_t number = 0; count > 0; ++number) {
        if (number >= kNumbersMax) {
          return Wrong("the register has more numbers of a type than are read");
        }
        RETURN_IF_ERROR(AskDocument({type, number, 0}, &count));
        if (type == RegisterType::kAdministration) administrations_ = number;
      }
    }
    return absl::OkStatus();
  }

  // Counts the versions of a document, from `id` on, and fetches each.
  absl::Status AskDocument(RegisterId id, uint64_t* count) {
    for (*count = 0; *count < kVersionsMax; ++*count, ++id.version) {
      const Hash key = RegisterKey(id);
      auto place = places_.find(key);
      if (place == places_.end()) {
        RETURN_IF_ERROR(AskAhead(id));
        place = places_.find(key);
      }
      Want(key, place->second, &register_leaves_);
      if (!place->second.has_value()) return absl::OkStatus();
      if (id.type == RegisterType::kAdministration) {
        document_leaves_.insert(*place->second);
      }
    }
    return Wrong("a register document has more versions than are read");
  }

  // Notes that a key is needed which the log says to stand at `place`, or
  // nowhere. Where a monitor vouches for the index, the leaf is enough.
  void Want(const Hash& key, const IndexAnswer& place,
            std::set<uint64_t>* leaves) {
    if (place.has_value() && *place < covered()) {
      wanted_leaves_.insert(*place);
      leaves->insert(*place);
      if (vouched_) return;
    }
    wanted_keys_[key] = leaves;
  }

  // Asks for the places of a key of the register and of those that will be
  // asked for next.
  absl::Status AskAhead(const RegisterId& id) {
    std::set<Hash> keys;
    for (uint64_t version = 0; version < 2; ++version) {
      keys.insert(RegisterKey({id.type, id.number, id.version + version}));
      if (id.version > 0) continue;
      const uint32_t ahead =
          std::clamp(id.number, kNumbersAheadMin, kNumbersAheadMax);
      for (const RegisterType type : kTypesAsked) {
        if (id.type != type && id.type != RegisterType::kConfig) continue;
        for (uint32_t i = 0; i < ahead; ++i) {
          const uint32_t number = id.type == type ? id.number + i : i;
          keys.insert(RegisterKey({type, number, version}));
        }
      }
    }
    v1::ProveKeysRequest request;
    request.set_origin(options_.log_key.name);
    request.set_size(covered());
    request.set_without_proof(true);
    for (const Hash& key : keys) {
      request.add_keys(std::string(Bytes(key)));
      places_[key].reset();
    }
    ASSIGN_OR_RETURN(const v1::ProveKeysResponse response,
                     door_->ProveKeys(request));
    const std::vector<Hash> asked(keys.begin(), keys.end());
    for (const v1::KeyPlace& place : response.place()) {
      if (place.key() >= asked.size()) {
        return Wrong("the log says where a key stands that nobody asked for");
      }
      places_[asked[place.key()]] = place.leaf_index();
    }
    return absl::OkStatus();
  }

  absl::Status AskChains() {
    for (uint32_t number = 0; number <= administrations_; ++number) {
      const uint32_t administration =
          number < administrations_ ? number : kSelf;
      v1::ProbedChain probed;
      const absl::Status status =
          AskChain(administration, probed.mutable_chain());
      if (absl::IsUnauthenticated(status) || absl::IsOutOfRange(status)) {
        return status;  // it would say the same of every chain
      }
      if (!status.ok()) {
        unanswered_.emplace_back(administration, status.message());
        continue;
      }
      const v1::Chain& chain = probed.chain();
      const auto end = static_cast<uint64_t>(chain.entries_size());
      for (const uint64_t probe : DrawProbes(end)) probed.add_probe(probe);
      if (const std::optional<Hash> key = HashFromBytes(chain.chain_key())) {
        for (uint64_t i = 0; i < end; ++i) {
          Want(ChainLabel(*key, i),
               chain.entries(static_cast<int>(i)).leaf_index(), &entry_leaves_);
        }
        Want(ChainLabel(*key, end), std::nullopt, &entry_leaves_);
        for (const uint64_t probe : probed.probe()) {
          Want(ChainLabel(*key, probe), std::nullopt, &entry_leaves_);
        }
      }
      *bundle_.add_chain() = std::move(probed);
    }
    return absl::OkStatus();
  }

  absl::Status AskChain(uint32_t administration, v1::Chain* chain) {
    v1::GetChainRequest request;
    request.set_origin(options_.log_key.name);
    request.set_administration(administration);
    request.set_size(head().size);
    while (true) {
      ASSIGN_OR_RETURN(v1::GetChainResponse response, door_->GetChain(request));
      const bool first = request.first_entry() == 0;
      const int entries = response.chain().entries_size();
      if (first) {
        *chain = std::move(*response.mutable_chain());
      } else {
        for (v1::ChainEntry& entry :
             *response.mutable_chain()->mutable_entries()) {
          *chain->add_entries() = std::move(entry);
        }
      }
      if (!response.more() || entries == 0) return absl::OkStatus();
      if (chain->entries_size() > static_cast<int>(kWireRepeatedMax)) {
        return absl::OutOfRangeError(absl::StrCat(
            "a chain of more than ", kWireRepeatedMax, " entries"));
      }
      request.set_first_entry(static_cast<uint64_t>(chain->entries_size()));
    }
  }

  // One proof for everything that a bundle needs, or as few as the log's limit
  // allows.
  absl::Status AskKeys() {
    std::vector<Hash> keys;
    for (const auto& [key, leaves] : wanted_keys_) keys.push_back(key);
    for (size_t first = 0; first < keys.size(); first += kKeysEach) {
      const size_t end = std::min(keys.size(), first + kKeysEach);
      RETURN_IF_ERROR(AddKeys({keys.begin() + static_cast<ptrdiff_t>(first),
                               keys.begin() + static_cast<ptrdiff_t>(end)},
                              bundle_.add_keys()));
    }
    // What the index itself says, where the log said something else.
    for (const auto& [key, leaves] : wanted_keys_) {
      IndexAnswer answer;
      if (extract_.FindKey(key, &answer) == Finding::kOk &&
          answer.has_value() && *answer < covered()) {
        wanted_leaves_.insert(*answer);
        leaves->insert(*answer);
      }
    }
    return absl::OkStatus();
  }

  // Asks for the whole batches of entries and documents, so that it is known
  // when they stood in the log, and for the seal of each state that an access
  // names. A log that does not show batches leaves the bundle without verdicts,
  // not without completeness.
  absl::Status AskBatches() {
    for (const v1::ProbedChain& probed : bundle_.chain()) {
      for (const v1::ChainEntry& entry : probed.chain().entries()) {
        WantAsOf(entry.opening().record());
      }
    }
    std::set<uint64_t> missing = entry_leaves_;
    missing.insert(register_leaves_.begin(), register_leaves_.end());
    whole_batches_ = true;
    while (!missing.empty()) {
      v1::ProveLeavesRequest request;
      request.set_origin(options_.log_key.name);
      request.set_size(head().size);
      request.set_whole_batches(true);
      for (const uint64_t index : missing) {
        if (request.leaf_index_size() == static_cast<int>(kLeavesEach)) break;
        request.add_leaf_index(index);
      }
      const absl::StatusOr<v1::ProveLeavesResponse> response =
          door_->ProveLeaves(request);
      const size_t before = missing.size();
      if (response.ok()) {
        for (const uint64_t index : response->leaf_index()) {
          missing.erase(index);
        }
      }
      if (missing.size() == before) {
        whole_batches_ = false;
        return absl::OkStatus();
      }
      const std::vector<uint64_t> indices(response->leaf_index().begin(),
                                          response->leaf_index().end());
      const std::vector<std::string_view> leaves(response->leaf().begin(),
                                                 response->leaf().end());
      RETURN_IF_ERROR(WrongIfFound(
          extract_.AddLeaves(indices, leaves, response->proof()), "leaves"));
      v1::LeavesProof* const proof = bundle_.add_leaves();
      *proof->mutable_leaf_index() = response->leaf_index();
      *proof->mutable_leaf() = response->leaf();
      proof->set_proof(response->proof());
      for (const uint64_t index : indices) wanted_leaves_.erase(index);
      for (const std::string& document : response->document()) {
        documents_.emplace(Sha256(document), document);
      }
    }
    return absl::OkStatus();
  }

  void WantAsOf(absl::string_view record) {
    AccessRecord access;
    if (ContentOf(Std(record)) == RecordContent::kAccess &&
        ParseAccess(Std(record), &access, nullptr) == Finding::kOk &&
        access.as_of_origin == options_.log_key.name &&
        access.as_of_size <= head().size) {
      wanted_leaves_.insert(access.as_of_size - 1);
    }
  }

  // Finds the seal that ends the batch of each administration's document, so
  // that it is known for which entries it counted.
  absl::Status AskSeals() {
    std::optional<uint64_t> last_seal;
    for (const uint64_t document : document_leaves_) {
      if (last_seal.has_value() && *last_seal > document) continue;
      std::optional<uint64_t> seal;
      for (uint64_t from = document + 1; !seal.has_value(); from += kSealStep) {
        if (from >= head().size || from > document + kSealDistanceMax) {
          return Wrong("a batch of the register has no seal");
        }
        std::vector<uint64_t> indices;
        for (uint64_t i = from; i < std::min(from + kSealStep, head().size);
             ++i) {
          indices.push_back(i);
        }
        RETURN_IF_ERROR(AddLeaves(indices, nullptr));
        for (const uint64_t i : indices) {
          Leaf leaf;
          if (extract_.FindLeaf(i, &leaf) == Finding::kOk &&
              leaf.kind == LeafKind::kSeal) {
            seal = i;
            break;
          }
        }
      }
      wanted_leaves_.insert(*seal);
      // What stands between the two is in the document's own batch; that is
      // shown by all leaves between.
      for (auto entry = entry_leaves_.upper_bound(document);
           entry != entry_leaves_.end() && *entry < *seal; ++entry) {
        for (uint64_t i = document + 1; i < *entry; ++i) {
          wanted_leaves_.insert(i);
        }
      }
      last_seal = seal;
    }
    return absl::OkStatus();
  }

  absl::Status AskLeaves() {
    const std::vector<uint64_t> indices(wanted_leaves_.begin(),
                                        wanted_leaves_.end());
    for (size_t first = 0; first < indices.size(); first += kLeavesEach) {
      const size_t end = std::min(indices.size(), first + kLeavesEach);
      RETURN_IF_ERROR(
          AddLeaves({indices.begin() + static_cast<ptrdiff_t>(first),
                     indices.begin() + static_cast<ptrdiff_t>(end)},
                    bundle_.add_leaves()));
    }
    return absl::OkStatus();
  }

  absl::Status AskDocuments() {
    std::set<Hash> added;
    for (const uint64_t index : register_leaves_) {
      Leaf leaf;
      if (extract_.FindLeaf(index, &leaf) != Finding::kOk ||
          leaf.kind != LeafKind::kRegister || !added.insert(leaf.b).second) {
        continue;
      }
      const auto found = documents_.find(leaf.b);
      if (found != documents_.end()) {
        bundle_.add_document(found->second);
        continue;
      }
      ASSIGN_OR_RETURN(*bundle_.add_document(),
                       door_->Get(RegisterPath(leaf.b), kDocumentBytesMax));
    }
    return absl::OkStatus();
  }

  ResidentDoor* const door_;
  const ResidentOptions& options_;
  Extract extract_;
  v1::ChainBundle bundle_;
  Unanswered unanswered_;
  bool vouched_ = false;
  uint32_t administrations_ = 0;
  std::map<Hash, IndexAnswer> places_;  // of register keys, by the log's word
  // What is to be proven, each with whose leaf it is if there is one.
  std::map<Hash, std::set<uint64_t>*> wanted_keys_;
  std::set<uint64_t> wanted_leaves_;
  std::set<uint64_t> register_leaves_;  // all documents that were asked for
  std::set<uint64_t> document_leaves_;  // administrations'
  std::map<Hash, std::string> documents_;
  bool whole_batches_ = false;
  std::set<uint64_t> entry_leaves_;
};

// --- The check ---------------------------------------------------------------

ResidentCheck Refuse(const absl::Status& status) {
  ResidentCheck check;
  const bool wrong = absl::IsDataLoss(status);
  check.exit_code = wrong ? kExitFalse : kExitUnusable;
  check.text = absl::StrCat(
      wrong ? "NOT SO: " : "not checked: ", Printable(status.message()), "\n");
  return check;
}

// Whether the counts are those of before or larger.
absl::Status TakeCounts(const v1::ChainBundle& bundle,
                        const ChainsReport& report, Memory* memory) {
  std::map<uint32_t, absl::string_view> chain_keys;
  for (const v1::ProbedChain& chain : bundle.chain()) {
    chain_keys[chain.chain().administration()] = chain.chain().chain_key();
  }
  for (const ChainReport& chain : report.chains) {
    if (chain.finding != Finding::kOk) continue;
    if (!memory->TakeCount(chain_keys[chain.administration],
                           chain.entries.size())) {
      return Wrong(absl::StrCat(
          "the chain with administration ", chain.administration,
          " had more entries at the last check: the index has lost some"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

ResidentCheck CheckResident(ResidentDoor* door,
                            const ResidentOptions& options) {
  absl::StatusOr<Memory> memory =
      Memory::Open(options.state_folder, options.log_key.name);
  if (!memory.ok()) return Refuse(memory.status());
  std::optional<Asker> asker;
  const auto is_old = [&] {
    return asker->seal_time_s() + options.head_age_s_max < options.now_s;
  };
  absl::Status status;
  bool cosigned = !options.monitors.empty();
  for (int tries = 1; tries <= kHeadsTriedMax; ++tries) {
    asker.emplace(door, options);
    status = asker->Gather(memory->checkpoint(), cosigned);
    // Where nobody vouches for the last day, there is its own newest head.
    if (cosigned && status.ok() && asker->vouched() && is_old()) {
      cosigned = false;
      continue;
    }
    // Over HTTP, what is out of range is not found.
    if (!absl::IsOutOfRange(status) && !absl::IsNotFound(status)) break;
    if (tries + 1 == kHeadsTriedMax) cosigned = false;
  }
  if (!status.ok()) return Refuse(status);
  if (is_old()) {
    return Refuse(absl::FailedPreconditionError(absl::StrCat(
        "the newest head is ", (options.now_s - asker->seal_time_s()) / 3600,
        " hours old: it says nothing about what happened since")));
  }

  ResidentCheck check;
  check.bundle = asker->bundle().SerializeAsString();
  ChainsReport report;
  const Finding finding = JudgeChainBundle(check.bundle, options.log_key,
                                           options.monitors, &report);
  ChainJudgement judgement =
      ReportChains(finding, report, asker->unanswered(), options.language);
  check.exit_code = judgement.exit_code;
  check.text = std::move(judgement.text);
  if (finding != Finding::kOk) return check;
  status = TakeCounts(asker->bundle(), report, &*memory);
  if (status.ok()) status = memory->Keep(asker->bundle().checkpoint());
  if (!status.ok()) {
    ResidentCheck refused = Refuse(status);
    refused.text += check.text;
    refused.bundle = std::move(check.bundle);
    return refused;
  }
  return check;
}

}  // namespace vidimus
