#include "verifier/audit.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/hash_lanes.h"
#include "verifier/merkle.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// Tile levels that a tree of 64-bit size can have.
constexpr int kTileLevels = 64 / kTileHeight;

constexpr std::string_view kSavedAs = "vidimus/v1 audit\n";

// Takes the first `size` bytes of `*rest`. False, and nothing is taken, if
// there are fewer.
bool Take(std::string_view* rest, size_t size, std::string_view* taken) {
  if (rest->size() < size) return false;
  *taken = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

// The hashes of a tile that is still growing.
struct Row {
  uint64_t n = 0;
  int first = 0;
  std::vector<Hash> hashes;
};

// A register leaf of the batch being read.
struct PendingDocument {
  uint64_t leaf_index;
  Hash key;
  Hash document_hash;
};

// Which documents the log has, and who may publish more.
//
// Numbers and versions are dense, so at any time only a few keys may come next:
// a new version of each document there is, and a new number of each type. A
// register leaf with any other key is refused.
class Register {
 public:
  Register() {
    for (int type = 0; type < kRegisterTypeCount; ++type) {
      Expect({static_cast<RegisterType>(type), 0, 0});
    }
  }

  // Judges the register leaves of one batch, which are simultaneous: they are
  // signed by publishers that config named before the batch. On a finding
  // `*leaf_index` says of which leaf.
  Finding AddBatch(const std::vector<PendingDocument>& pending,
                   const AuditOptions& options, uint64_t* leaf_index,
                   uint64_t* min_batch) {
    std::map<Hash, const PendingDocument*> by_key;
    std::vector<RegisterId> next;
    for (const PendingDocument& document : pending) {
      by_key.emplace(document.key, &document);
      const auto expected = expected_.find(document.key);
      if (expected != expected_.end()) next.push_back(expected->second);
    }
    const auto expect = [this, &by_key, &next](const RegisterId& id) {
      if (by_key.count(Expect(id)) > 0) next.push_back(id);
    };

    std::vector<std::pair<RegisterId, const PendingDocument*>> found;
    while (!next.empty()) {
      const RegisterId id = next.back();
      next.pop_back();
      const auto document = by_key.find(RegisterKey(id));
      expected_.erase(document->first);
      found.emplace_back(id, document->second);
      by_key.erase(document);
      expect({id.type, id.number, id.version + 1});
      if (id.version == 0 && id.type != RegisterType::kConfig &&
          id.number < kRegisterNumberMax) {
        expect({id.type, id.number + 1, 0});
      }
    }
    if (!by_key.empty()) {
      *leaf_index = by_key.begin()->second->leaf_index;
      return Finding::kRegisterNotDense;
    }

    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first.type, a.first.number, a.first.version) <
             std::tie(b.first.type, b.first.number, b.first.version);
    });
    const std::map<RegisterType, std::string> publishers = publishers_;
    for (const auto& [id, document] : found) {
      *leaf_index = document->leaf_index;
      RETURN_IF_FOUND(
          Judge(id, document->document_hash, publishers, options, min_batch));
    }
    return Finding::kOk;
  }

  // How many versions there are of all documents.
  uint64_t document_count() const {
    uint64_t count = 0;
    for (const auto& [key, id] : expected_) count += id.version;
    return count;
  }

  // count(4), then for each document by type and number: type(1) number(4)
  // versions(8); count(1), then for each publisher by type: type(1) key(32).
  void Save(std::string* out) const {
    std::map<std::pair<RegisterType, uint32_t>, uint64_t> versions;
    for (const auto& [key, id] : expected_) {
      if (id.version > 0) versions[{id.type, id.number}] = id.version;
    }
    AppendBe32(static_cast<uint32_t>(versions.size()), out);
    for (const auto& [document, count] : versions) {
      out->push_back(static_cast<char>(document.first));
      AppendBe32(document.second, out);
      AppendBe64(count, out);
    }
    out->push_back(static_cast<char>(publishers_.size()));
    for (const auto& [type, key] : publishers_) {
      out->push_back(static_cast<char>(type));
      *out += key;
    }
  }

  // The reverse, for a register as it is at first. False unless `*rest` begins
  // with what Save gives.
  bool Restore(std::string_view* rest) {
    std::string_view taken;
    if (!Take(rest, 4, &taken)) return false;
    RegisterId last;
    for (uint32_t count = Be32(taken), i = 0; i < count; ++i) {
      if (!Take(rest, 13, &taken)) return false;
      const auto type = static_cast<uint8_t>(taken[0]);
      const RegisterId id = {static_cast<RegisterType>(type),
                             Be32(taken.substr(1)), Be64(taken.substr(5))};
      const bool first = i == 0 || id.type > last.type;
      // By type, numbers dense, one config.
      if (type >= kRegisterTypeCount || id.version == 0 ||
          id.number > kRegisterNumberMax ||
          (first ? id.number != 0
                 : id.type != last.type || id.number != last.number + 1 ||
                       id.type == RegisterType::kConfig)) {
        return false;
      }
      expected_.erase(RegisterKey({id.type, id.number, 0}));
      Expect(id);
      if (id.type != RegisterType::kConfig && id.number < kRegisterNumberMax) {
        Expect({id.type, id.number + 1, 0});
      }
      last = id;
    }
    if (!Take(rest, 1, &taken)) return false;
    int before = -1;
    for (int count = static_cast<uint8_t>(taken[0]), i = 0; i < count; ++i) {
      if (!Take(rest, 1 + kHashBytes, &taken)) return false;
      const int type = static_cast<uint8_t>(taken[0]);
      if (type <= before || type >= kRegisterTypeCount) return false;
      publishers_.emplace(static_cast<RegisterType>(type), taken.substr(1));
      before = type;
    }
    return true;
  }

 private:
  // Returns the key of what may come next.
  Hash Expect(const RegisterId& id) {
    const Hash key = RegisterKey(id);
    expected_.emplace(key, id);
    return key;
  }

  Finding Judge(const RegisterId& id, const Hash& document_hash,
                const std::map<RegisterType, std::string>& publishers,
                const AuditOptions& options, uint64_t* min_batch) {
    std::string bytes;
    if (!options.documents(document_hash, &bytes)) {
      return Finding::kDocumentMissing;
    }
    if (Sha256(bytes) != document_hash) return Finding::kDocumentHash;
    if (!options.document_signatures) return Finding::kOk;

    Document document;
    RETURN_IF_FOUND(SplitDocument(bytes, &document));
    std::string publisher_key;
    Config config;
    if (id.type == RegisterType::kConfig) {
      RETURN_IF_FOUND(
          ParseConfig(document.message, id.version, &config, nullptr));
    }
    if (id == RegisterId{RegisterType::kConfig, 0, 0}) {
      if (config.origin != options.origin) return Finding::kOriginMismatch;
      publisher_key = config.PublisherKey(RegisterType::kConfig);
      *min_batch = config.min_batch;
    } else {
      const auto publisher = publishers.find(id.type);
      if (publisher == publishers.end()) return Finding::kPublisherUnknown;
      publisher_key = publisher->second;
    }
    RETURN_IF_FOUND(VerifyDocument(bytes, options.origin, id, publisher_key));

    if (id.type == RegisterType::kAdministration) {
      Administration administration;
      return ParseAdministration(document.message, &administration, nullptr);
    }
    for (const Publisher& publisher : config.publishers) {
      const auto type = static_cast<RegisterType>(publisher.type);
      if (!publishers_.emplace(type, publisher.public_key).second) {
        return Finding::kDocumentFieldInvalid;
      }
    }
    return Finding::kOk;
  }

  std::map<Hash, RegisterId> expected_;
  std::map<RegisterType, std::string> publishers_;
};

}  // namespace

struct Auditor::State {
  AuditOptions options;
  Finding finding = Finding::kOk;
  AuditPlace place;

  // Of the leaves before `waiting`, whose hashes are the beginning of a tile:
  // all nodes of a full one are made at once.
  CompactRange tree;
  std::vector<Hash> waiting;
  std::array<Row, kTileLevels> rows;

  uint64_t last_seal_time_s = 0;
  uint64_t min_batch = 0;
  uint64_t batch_count = 0;
  BatchJudge batch{BatchPlace()};
  std::vector<PendingDocument> pending;
  Register documents;

  uint64_t size() const { return tree.size() + waiting.size(); }

  CompactRange Tree() const {
    CompactRange whole = tree;
    for (const Hash& leaf_hash : waiting) whole.Append(leaf_hash);
    return whole;
  }

  void OpenBatch() {
    batch = BatchJudge({size(), last_seal_time_s, min_batch});
  }

  Finding JudgeTile(int level) {
    const Row& row = rows[level];
    if (row.hashes.empty()) return Finding::kOk;
    const Finding found =
        options.tile_judge({level, row.n, row.first, row.hashes});
    if (found != Finding::kOk) {
      place.tile = {level, row.n,
                    row.first + static_cast<int>(row.hashes.size())};
    }
    return found;
  }

  // Takes the next hash of a tile level; judges and drops the tile once full.
  Finding AddTileHash(int level, uint64_t index, const Hash& hash) {
    if (!options.tile_judge) return Finding::kOk;
    Row& row = rows[level];
    if (row.hashes.empty()) {
      row.n = index / kTileWidth;
      row.first = static_cast<int>(index % kTileWidth);
    }
    row.hashes.push_back(hash);
    if (index % kTileWidth != kTileWidth - 1) return Finding::kOk;
    RETURN_IF_FOUND(JudgeTile(level));
    row.hashes.clear();
    return Finding::kOk;
  }

  Finding JudgeLeaf(std::string_view entry) {
    Leaf leaf;
    RETURN_IF_FOUND(batch.Add(entry, &leaf));
    if (options.index_judge != nullptr) {
      RETURN_IF_FOUND(leaf.kind == LeafKind::kSeal
                          ? options.index_judge->AddSeal(size(), batch.seal())
                          : options.index_judge->Add(size(), leaf));
    }
    if (leaf.kind == LeafKind::kRegister && options.documents) {
      pending.push_back({size(), leaf.a, leaf.b});
    }
    if (leaf.kind != LeafKind::kSeal) return Finding::kOk;

    uint64_t leaf_index = 0;
    const Finding found =
        documents.AddBatch(pending, options, &leaf_index, &min_batch);
    pending.clear();
    if (found != Finding::kOk) {
      place.leaf_index = leaf_index;
      return found;
    }
    last_seal_time_s = batch.seal().time_s;
    ++batch_count;
    return Finding::kOk;
  }

  Finding Add(std::string_view entry, const Hash& leaf_hash) {
    place.leaf_index = size();
    if (options.access_log) RETURN_IF_FOUND(JudgeLeaf(entry));
    RETURN_IF_FOUND(AddLeafHash(leaf_hash));
    if (options.access_log && batch.complete()) OpenBatch();
    return Finding::kOk;
  }

  Finding AddLeafHash(const Hash& leaf_hash) {
    Finding found = Finding::kOk;
    const auto on_node = [this, &found](int level, uint64_t index,
                                        const Hash& hash) {
      if (level % kTileHeight != 0 || found != Finding::kOk) return;
      found = AddTileHash(level / kTileHeight, index, hash);
    };
    if (tree.size() % kTileWidth != 0) {
      tree.Append(leaf_hash, on_node);
      return found;
    }
    on_node(0, size(), leaf_hash);
    waiting.push_back(leaf_hash);
    if (waiting.size() < kTileWidth) return found;
    const Hash root = FullTileRoot(waiting.data());
    waiting.clear();
    tree.AppendSubtree(kTileHeight, root, on_node);
    return found;
  }

  Finding Finish(const TreeHead& head) {
    place.leaf_index = size();
    if (head.size != size()) return Finding::kIndexOutOfTurn;
    for (int level = 0; level < kTileLevels; ++level) {
      RETURN_IF_FOUND(JudgeTile(level));
    }
    // An access log never signs an empty tree either.
    if (options.access_log && (batch.count() > 0 || size() == 0)) {
      return Finding::kBatchUnfinished;
    }
    if (Tree().Root() != head.root) return Finding::kRootMismatch;
    return options.index_judge != nullptr && options.access_log
               ? options.index_judge->Finish()
               : Finding::kOk;
  }
};

Auditor::Auditor(AuditOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->min_batch = state_->options.min_batch;
  state_->OpenBatch();
}

Auditor::Auditor(AuditOptions options, const CompactRange& tree,
                 uint64_t last_seal_time_s)
    : Auditor(std::move(options)) {
  CHECK(!state_->options.documents);
  state_->tree = tree;
  state_->last_seal_time_s = last_seal_time_s;
  state_->OpenBatch();
}

Auditor::Auditor(const Auditor& other)
    : state_(std::make_unique<State>(*other.state_)) {}

Auditor& Auditor::operator=(const Auditor& other) {
  *state_ = *other.state_;
  return *this;
}

Auditor::~Auditor() = default;

bool Auditor::between_batches() const {
  return state_->finding == Finding::kOk && state_->batch.count() == 0 &&
         state_->size() > 0;
}

// size(8) seal time(8) min_batch(8) batches(8), the tree's nodes(32 each), the
// register.
std::string Auditor::Save() const {
  CHECK(state_->options.access_log);
  CHECK(between_batches());
  std::string saved(kSavedAs);
  AppendBe64(size(), &saved);
  AppendBe64(state_->last_seal_time_s, &saved);
  AppendBe64(state_->min_batch, &saved);
  AppendBe64(state_->batch_count, &saved);
  saved += BytesOfHashes(state_->Tree().nodes());
  state_->documents.Save(&saved);
  return saved;
}

std::optional<Auditor> Auditor::Restore(AuditOptions options,
                                        std::string_view saved) {
  CHECK(options.access_log);
  CHECK(options.documents != nullptr);
  std::string_view taken;
  if (!Take(&saved, kSavedAs.size(), &taken) || taken != kSavedAs ||
      !Take(&saved, 4 * sizeof(uint64_t), &taken)) {
    return std::nullopt;
  }
  const uint64_t size = Be64(taken);
  std::optional<Auditor> auditor(std::in_place, std::move(options));
  State& state = *auditor->state_;
  state.last_seal_time_s = Be64(taken.substr(8));
  state.min_batch = Be64(taken.substr(16));
  state.batch_count = Be64(taken.substr(24));
  size_t nodes = 0;
  for (uint64_t rest = size; rest > 0; rest &= rest - 1) ++nodes;
  if (size == 0 || !Take(&saved, nodes * kHashBytes, &taken) ||
      !state.documents.Restore(&saved) || !saved.empty()) {
    return std::nullopt;
  }
  state.tree = *CompactRange::FromNodes(size, *HashesFromBytes(taken));
  state.OpenBatch();
  return auditor;
}

Finding Auditor::AddBundle(uint64_t first_index, std::string_view bundle) {
  if (state_->finding == Finding::kOk && first_index != size()) {
    state_->place.leaf_index = size();
    state_->finding = Finding::kIndexOutOfTurn;
  }
  BundleReader reader(bundle);
  std::string_view entry;
  while (state_->finding == Finding::kOk && reader.Next(&entry)) {
    state_->finding = state_->Add(entry, LeafHash(entry));
  }
  if (state_->finding == Finding::kOk) {
    state_->place.leaf_index = size();
    state_->finding = reader.finding();
  }
  return state_->finding;
}

Finding Auditor::AddEntry(std::string_view entry) {
  return AddEntry(entry, LeafHash(entry));
}

Finding Auditor::AddEntry(std::string_view entry, const Hash& leaf_hash) {
  if (state_->finding == Finding::kOk) {
    state_->finding = state_->Add(entry, leaf_hash);
  }
  return state_->finding;
}

Finding Auditor::Finish(const TreeHead& head) {
  if (state_->finding == Finding::kOk) state_->finding = state_->Finish(head);
  return state_->finding;
}

const AuditPlace& Auditor::place() const { return state_->place; }
uint64_t Auditor::size() const { return state_->size(); }
CompactRange Auditor::tree() const { return state_->Tree(); }
uint64_t Auditor::last_seal_time_s() const { return state_->last_seal_time_s; }
uint64_t Auditor::batch_count() const { return state_->batch_count; }
uint64_t Auditor::document_count() const {
  return state_->documents.document_count();
}

}  // namespace vidimus
