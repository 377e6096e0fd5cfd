#include "verifier/small_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proto/register.pb.h"
#include "verifier/chain.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

std::string Seed(const std::string& name) {
  return std::string(Bytes(Sha256("small log: " + name)));
}

std::string EntryKeySeed(uint32_t administration, uint64_t version) {
  return Seed("entry key " + std::to_string(administration) + " " +
              std::to_string(version));
}

void AddName(const std::string& text, v1::LocalizedText* name) {
  name->set_language("en");
  name->set_text(text);
}

// Log of one label without run-time types: see client/fake_log.cc.
std::string SignedNote(const Ed25519Signer& signer, const std::string& name,
                       const std::string& text) {
  return JoinNote(
      text, {NoteSignatureLine(
                name, NoteKeyId(name, kKeyTypeEd25519, signer.public_key()),
                signer.Sign(text))});
}

}  // namespace

SmallLog::SmallLog(const std::string& origin, uint64_t seal_time_s)
    : origin_(origin),
      signer_(std::make_shared<Ed25519Signer>(Seed("log " + origin))),
      publisher_(std::make_shared<Ed25519Signer>(Seed("publisher"))),
      prover_(std::make_shared<VrfProver>(Seed("label key " + origin))),
      key_(MakeVerifierKey(origin, kKeyTypeEd25519, signer_->public_key())) {
  v1::Config config;
  config.set_origin(origin);
  config.set_label_key(std::string(prover_->public_key()));
  for (uint32_t type = 0; type < 2; ++type) {
    v1::Publisher* publisher = config.add_publisher();
    publisher->set_type(type);
    publisher->set_public_key(std::string(publisher_->public_key()));
    publisher->set_name("Publisher");
  }
  v1::IndexParameters* index = config.mutable_index();
  index->set_unit_leaves(4096);
  index->set_growth(4);
  index->set_multiple_max(3);
  index->set_prompt_leaves_max(16384);
  index->set_lag_divisor(16);
  config.mutable_batch()->set_min_batch(8);
  config.mutable_batch()->set_period_ms(100);
  v1::TimeLimits* limits = config.mutable_limits();
  limits->set_notice_s(604800);
  limits->set_fresh_s(60);
  limits->set_late_s(3600);
  limits->set_skew_s(5);
  limits->set_recovery_s(259200);
  limits->set_keep_min_s(31536000);
  limits->set_label_key_until_s(2000000000);
  v1::IdScheme* scheme = config.add_id_scheme();
  scheme->set_scheme(1);
  scheme->set_form("opaque");
  PutDocument({RegisterType::kConfig, 0, 0}, config.SerializeAsString());
  Seal(seal_time_s);
}

std::string SmallLog::Filler(size_t bytes) {
  return std::string(
      Bytes(Sha256("small log: drawn " + std::to_string(drawn_++))), 0, bytes);
}

void SmallLog::PutDocument(const RegisterId& id, const std::string& message) {
  Pending pending;
  pending.document =
      publisher_->Sign(RegisterSignedBytes(origin_, id, message)) + message;
  pending.leaf = FormatRegisterLeaf(RegisterKey(id), Sha256(pending.document));
  pending_.push_back(std::move(pending));
}

void SmallLog::PutAdministration(uint32_t number) {
  const uint64_t version = versions_[number]++;
  v1::Administration administration;
  AddName("Administration " + std::to_string(number),
          administration.add_name());
  const Ed25519Signer signer(EntryKeySeed(number, version));
  administration.add_entry_key(std::string(signer.public_key()));
  v1::SourceSystem* system = administration.add_source_system();
  system->set_id("paper-archive");
  AddName("Paper archive", system->add_name());
  system->set_connected(false);
  PutDocument({RegisterType::kAdministration, number, version},
              administration.SerializeAsString());
}

void SmallLog::PutPublishers() {
  v1::Config config;
  for (uint32_t type = 2; type < kRegisterTypeCount; ++type) {
    v1::Publisher* publisher = config.add_publisher();
    publisher->set_type(type);
    publisher->set_public_key(std::string(publisher_->public_key()));
    publisher->set_name("Publisher");
  }
  has_publishers_ = true;
  PutDocument({RegisterType::kConfig, 0, 1}, config.SerializeAsString());
}

void SmallLog::Put(const RegisterId& id, const std::string& message) {
  others_.push_back(id);
  PutDocument(id, message);
}

uint64_t SmallLog::AddAccess(
    const std::string& subject, uint32_t administration, SmallLie lie,
    const std::function<void(v1::AccessRecord*)>& change) {
  v1::Opening opening;
  opening.set_entry_id(Filler(kEntryIdBytes));
  opening.set_record_salt(Filler(kSaltBytes));
  opening.set_actor_salt(Filler(kSaltBytes));
  v1::Record record;
  v1::AccessRecord* access = record.mutable_access();
  access->set_entry_id(lie == SmallLie::kOtherEntryId ? Filler(kEntryIdBytes)
                                                      : opening.entry_id());
  access->set_occurred_at_ms(1000 * last_seal_time_s_);
  access->set_controller_id("0000000-0");
  access->set_subject(lie == SmallLie::kOtherSubject ? subject + "x" : subject);
  access->set_administration(administration);
  access->set_operation(v1::READ);
  access->add_data_category("pd:Address");
  access->set_purpose("ServiceProvision");
  access->add_legal_basis()->set_basis("A6-1-e");
  access->mutable_as_of()->set_origin(origin_);
  access->mutable_as_of()->set_size(size());
  if (change) change(access);
  opening.set_record(lie == SmallLie::kNoRecord ? "no record"
                                                : record.SerializeAsString());
  v1::Actor actor;
  actor.set_id("account 7");
  opening.set_actor(actor.SerializeAsString() +
                    (lie == SmallLie::kNoActor ? "no actor" : ""));

  // A request of two, of which this is the second.
  const Hash commitment = Commitment({opening.record_salt(), opening.record(),
                                      opening.actor_salt(), opening.actor()});
  const std::vector<Hash> leaf_hashes = {
      SubmissionLeafHash(Filler(kEntryIdBytes), Sha256("another entry")),
      SubmissionLeafHash(opening.entry_id(), commitment)};
  const Ed25519Signer signer(
      lie == SmallLie::kOtherKey
          ? Seed("nobody's key")
          : EntryKeySeed(administration, versions_[administration] - 1));
  if (lie != SmallLie::kUnsigned) {
    v1::RequestProof* request = opening.mutable_request();
    request->set_signature(signer.Sign(SubmissionSignedBytes(
        origin_, administration, 2, SubmissionRoot(leaf_hashes))));
    request->set_count(2);
    request->set_index(1);
    request->set_path(BytesOfHashes(SubmissionPath(leaf_hashes, 1)));
  }
  const uint64_t i = AddOpening(subject, administration, opening);
  if (lie == SmallLie::kOtherCommitment) {
    opening.set_record(opening.record() + " ");
    *chains_[{administration, subject}][i].shown.mutable_opening() = opening;
  }
  return i;
}

uint64_t SmallLog::AddNotice(const std::string& subject,
                             uint32_t administration, v1::Notice notice) {
  v1::Opening opening;
  opening.set_entry_id(Filler(kEntryIdBytes));
  opening.set_record_salt(Filler(kSaltBytes));
  opening.set_actor_salt(Filler(kSaltBytes));
  notice.set_entry_id(opening.entry_id());
  notice.set_subject(subject);
  notice.set_administration(administration);
  v1::Record record;
  *record.mutable_notice() = notice;
  opening.set_record(record.SerializeAsString());
  return AddOpening(subject, administration, opening);
}

uint64_t SmallLog::AddOpening(const std::string& subject,
                              uint32_t administration,
                              const v1::Opening& opening) {
  const ChainId chain = {administration, subject};
  const uint64_t i = next_[chain]++;
  Entry entry;
  entry.leaf =
      FormatSubjectLeaf(Label(subject, administration, i),
                        Commitment({opening.record_salt(), opening.record(),
                                    opening.actor_salt(), opening.actor()}));
  entry.shown.set_leaf(entry.leaf);
  entry.shown.set_state(v1::OPEN);
  *entry.shown.mutable_opening() = opening;
  Pending pending;
  pending.leaf = entry.leaf;
  pending.is_entry = true;
  pending.chain = chain;
  pending.i = i;
  pending_.push_back(std::move(pending));
  chains_[chain][i] = std::move(entry);
  return i;
}

void SmallLog::AddLeaf(const std::string& leaf) {
  Pending pending;
  pending.leaf = leaf;
  pending_.push_back(std::move(pending));
}

void SmallLog::SetNext(const std::string& subject, uint32_t administration,
                       uint64_t next) {
  next_[{administration, subject}] = next;
}

void SmallLog::Index(const Hash& key, uint64_t leaf_index) {
  for (const IndexEntry& entry : index_entries_) {
    if (entry.key == key) return;  // the log's lie: the first one counts
  }
  index_entries_.push_back({key, leaf_index});
}

void SmallLog::Seal(uint64_t time_s, SealLie lie) {
  last_seal_time_s_ = time_s;
  while (!leaves_.empty() && pending_.size() < 8 && lie != SealLie::kTooFew) {
    AddLeaf(FormatSubjectLeaf(Sha256(Filler(32)), Sha256(Filler(32))));
  }
  std::sort(pending_.begin(), pending_.end(),
            [](const Pending& a, const Pending& b) {
              return a.leaf.compare(1, kHashBytes, b.leaf, 1, kHashBytes) < 0;
            });
  if (lie == SealLie::kUnordered) std::swap(pending_[0], pending_[1]);
  for (const Pending& pending : pending_) {
    const uint64_t index = leaves_.size();
    if (!pending.document.empty()) documents_[index] = pending.document;
    if (pending.is_entry) {
      chains_[pending.chain][pending.i].shown.set_leaf_index(index);
    }
    vidimus::Leaf leaf;
    if (ParseLeaf(pending.leaf, &leaf) == Finding::kOk) Index(leaf.a, index);
    leaves_.push_back(pending.leaf);
  }
  pending_.clear();
  std::vector<IndexEntry> entries;
  for (const IndexEntry& entry : index_entries_) {
    if (hidden_.count(entry.key) + moved_.count(entry.key) == 0) {
      entries.push_back(entry);
    }
  }
  for (const auto& [key, index] : moved_) entries.push_back({key, index});
  const uint64_t covered = leaves_.size();
  const MemoryIndex index(covered, std::move(entries));
  if (lie != SealLie::kMissing) {
    const uint64_t said = covered + (lie == SealLie::kCoverage ? 1 : 0);
    leaves_.push_back(FormatSealLeaf({index.Root(), said, time_s}));
  }
  indices_.emplace(covered, index);
  for (size_t k = leaf_hashes_.size(); k < leaves_.size(); ++k) {
    leaf_hashes_.push_back(LeafHash(leaves_[k]));
  }
}

std::pair<Hash, std::string> SmallLog::ChainKey(const std::string& subject,
                                                uint32_t administration) const {
  std::string alpha;
  CHECK(ChainAlpha({origin_, administration, subject}, &alpha) == Finding::kOk);
  VrfOutput beta;
  const bool second = under_second_key_.count(subject) > 0;
  std::string proof =
      second ? VrfProver(Seed("second label key")).Prove(alpha, &beta)
             : prover_->Prove(alpha, &beta);
  Hash key;
  std::memcpy(key.data(), beta.data(), key.size());
  return {key, std::move(proof)};
}

Hash SmallLog::Label(const std::string& subject, uint32_t administration,
                     uint64_t i) const {
  return ChainLabel(ChainKey(subject, administration).first, i);
}

v1::Chain SmallLog::Chain(const std::string& subject, uint32_t administration,
                          uint64_t size, uint64_t first) const {
  v1::Chain chain;
  chain.set_administration(administration);
  chain.set_subject(subject);
  const auto [key, proof] = ChainKey(subject, administration);
  chain.set_chain_key(std::string(Bytes(key)));
  chain.set_vrf_proof(proof);
  const auto found = chains_.find({administration, subject});
  if (found == chains_.end()) return chain;
  for (const auto& [i, entry] : found->second) {
    if (i >= first && entry.shown.leaf_index() < size) {
      *chain.add_entries() = entry.shown;
    }
  }
  return chain;
}

void SmallLog::Close(const std::string& subject, uint32_t administration,
                     uint64_t i, v1::ContentState state, uint64_t notice) {
  v1::ChainEntry& shown = chains_[{administration, subject}][i].shown;
  shown.set_state(state);
  shown.clear_opening();
  shown.set_notice(notice);
}

void SmallLog::SwapOpenings(const std::string& subject, uint32_t administration,
                            uint64_t i, uint64_t j) {
  std::map<uint64_t, Entry>& chain = chains_.at({administration, subject});
  chain.at(i).shown.mutable_opening()->Swap(
      chain.at(j).shown.mutable_opening());
}

TreeHead SmallLog::Head(uint64_t size) const {
  CompactRange range;
  for (uint64_t k = 0; k < size; ++k) range.Append(leaf_hashes_[k]);
  return range.Head();
}

std::string SmallLog::Checkpoint(uint64_t size) const {
  return SignedNote(*signer_, origin_, FormatCheckpoint({origin_, Head(size)}));
}

NodeReader SmallLog::Nodes() const {
  return [this](int level, uint64_t index, Hash* hash) {
    CompactRange range;
    const uint64_t width = uint64_t{1} << level;
    for (uint64_t k = 0; k < width; ++k) {
      range.Append(leaf_hashes_[index * width + k]);
    }
    *hash = range.Root();
    return true;
  };
}

std::vector<Hash> SmallLog::Consistency(uint64_t older, uint64_t newer) const {
  const auto path = ConsistencyPath(older, newer, Nodes());
  CHECK(path.has_value());
  return *path;
}

std::string SmallLog::ProveLeaves(const std::vector<uint64_t>& indices,
                                  uint64_t size) const {
  const auto proof = MultiInclusionProof(indices, size, Nodes());
  CHECK(proof.has_value());
  return BytesOfHashes(*proof);
}

std::string SmallLog::ProveKeys(const std::vector<Hash>& keys,
                                uint64_t size) const {
  return indices_.at(size - 1).ProveSeveral(keys);
}

std::vector<IndexAnswer> SmallLog::FindKeys(const std::vector<Hash>& keys,
                                            uint64_t size) const {
  std::vector<IndexAnswer> answers;
  CHECK(VerifySeveral(keys, IndexAt(size - 1).Root(), size - 1,
                      ProveKeys(keys, size), &answers) == Finding::kOk);
  return answers;
}

v1::ChainBundle SmallLog::Bundle(const std::string& subject,
                                 uint64_t size) const {
  if (size == 0) size = leaves_.size();
  v1::ChainBundle bundle;
  bundle.set_origin(origin_);
  bundle.set_checkpoint(Checkpoint(size));
  std::set<uint64_t> wanted_leaves = {0, size - 1};
  std::set<Hash> wanted_keys;
  for (uint64_t version = 0; version < (has_publishers_ ? 3 : 2); ++version) {
    wanted_keys.insert(RegisterKey({RegisterType::kConfig, 0, version}));
  }
  for (const auto& [number, versions] : versions_) {
    for (uint64_t version = 0; version <= versions; ++version) {
      wanted_keys.insert(
          RegisterKey({RegisterType::kAdministration, number, version}));
    }
  }
  wanted_keys.insert(
      RegisterKey({RegisterType::kAdministration, administrations(), 0}));
  for (const auto& [index, document] : documents_) {
    if (index >= size) continue;
    wanted_leaves.insert(index);
    uint64_t seal = index;
    while (static_cast<LeafKind>(leaves_[seal][0]) != LeafKind::kSeal) ++seal;
    wanted_leaves.insert(seal);
    bundle.add_document(document);
  }
  for (uint32_t number = 0; number <= administrations(); ++number) {
    const uint32_t a = number < administrations() ? number : kSelf;
    v1::ProbedChain* chain = bundle.add_chain();
    *chain->mutable_chain() = Chain(subject, a, size);
    const auto end = static_cast<uint64_t>(chain->chain().entries_size());
    for (const uint64_t offset : {1, 7, 30, 64, 100, 5000, 70000, 1 << 20}) {
      chain->add_probe(end + offset);
      wanted_keys.insert(Label(subject, a, end + offset));
    }
    for (uint64_t i = 0; i <= end; ++i) {
      wanted_keys.insert(Label(subject, a, i));
    }
    for (const v1::ChainEntry& entry : chain->chain().entries()) {
      wanted_leaves.insert(entry.leaf_index());
    }
  }
  AddLeavesProof({wanted_leaves.begin(), wanted_leaves.end()}, size, &bundle);
  AddKeysProof({wanted_keys.begin(), wanted_keys.end()}, size, &bundle);
  return bundle;
}

v1::ChainBundle SmallLog::LeanBundle(const std::string& subject,
                                     uint64_t size) const {
  if (size == 0) size = leaves_.size();
  v1::ChainBundle bundle = Bundle(subject, size);
  std::set<std::string_view> carried;
  for (uint64_t index = 0; index < size; ++index) {
    carried.insert(std::string_view(leaves_[index]).substr(1, kHashBytes));
  }
  std::vector<Hash> keys;
  for (const std::string& key : bundle.keys(0).key()) {
    if (carried.count(key) == 0) keys.push_back(*HashFromBytes(key));
  }
  bundle.clear_keys();
  AddKeysProof(keys, size, &bundle);
  return bundle;
}

v1::ChainBundle SmallLog::WholeBundle(const std::string& subject,
                                      uint64_t size) const {
  if (size == 0) size = leaves_.size();
  v1::ChainBundle bundle = Bundle(subject, size);
  std::vector<uint64_t> indices;
  for (uint64_t index = 0; index < size; ++index) indices.push_back(index);
  AddLeavesProof(indices, size, &bundle);
  std::set<Hash> keys;
  for (int type = 2; type < kRegisterTypeCount; ++type) {
    keys.insert(RegisterKey({static_cast<RegisterType>(type), 0, 0}));
  }
  for (const RegisterId& id : others_) {
    keys.insert(RegisterKey(id));
    keys.insert(RegisterKey({id.type, id.number, id.version + 1}));
    keys.insert(RegisterKey({id.type, id.number + 1, 0}));
  }
  AddKeysProof({keys.begin(), keys.end()}, size, &bundle);
  return bundle;
}

void SmallLog::AddLeavesProof(const std::vector<uint64_t>& indices,
                              uint64_t size, v1::ChainBundle* bundle) const {
  v1::LeavesProof* leaves = bundle->add_leaves();
  for (const uint64_t index : indices) {
    leaves->add_leaf_index(index);
    leaves->add_leaf(leaves_[index]);
  }
  leaves->set_proof(ProveLeaves(indices, size));
}

void SmallLog::AddKeysProof(const std::vector<Hash>& keys, uint64_t size,
                            v1::ChainBundle* bundle) const {
  v1::KeysProof* proof = bundle->add_keys();
  for (const Hash& key : keys) proof->add_key(std::string(Bytes(key)));
  proof->set_proof(ProveKeys(keys, size));
}

}  // namespace vidimus
