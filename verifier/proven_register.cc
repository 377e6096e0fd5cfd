#include "verifier/proven_register.h"

#include <algorithm>
#include <utility>

namespace vidimus {
namespace {

// The publishers that config named, and from which leaf on.
struct NamedPublisher {
  uint64_t leaf_index = 0;
  Publisher publisher;
};

class Prover {
 public:
  Prover(const Extract& extract, const DocumentBytes& documents,
         ProvenRegister* proven, RegisterPlace* place)
      : extract_(extract),
        documents_(documents),
        proven_(proven),
        place_(place) {}

  Finding ProveConfig() {
    bool present = true;
    for (uint64_t version = 0; present; ++version) {
      RETURN_IF_FOUND(AddConfig(version, &present));
    }
    return Finding::kOk;
  }

  Finding ProveNumber(RegisterType type, uint32_t number) {
    RETURN_IF_FOUND(ProveConfig());
    if (type == RegisterType::kConfig) return Finding::kOk;
    proven_->documents.clear();
    bool newer = true;
    for (uint64_t version = 0; newer; ++version) {
      RETURN_IF_FOUND(AddOther({type, number, version}, &newer));
    }
    return Finding::kOk;
  }

  Finding Prove() {
    RETURN_IF_FOUND(ProveConfig());
    bool present = true;
    for (uint32_t number = 0; present; ++number) {
      std::vector<ProvenVersion> versions;
      bool newer = true;
      for (uint64_t version = 0; newer; ++version) {
        RETURN_IF_FOUND(AddVersion(number, version, &newer, &versions));
      }
      present = !versions.empty();
      if (present) proven_->administrations.push_back(std::move(versions));
    }
    for (int type = static_cast<int>(RegisterType::kProvision);
         type < kRegisterTypeCount; ++type) {
      RETURN_IF_FOUND(AddType(static_cast<RegisterType>(type)));
    }
    proven_->shown[static_cast<size_t>(RegisterType::kConfig)] = true;
    proven_->shown[static_cast<size_t>(RegisterType::kAdministration)] = true;
    std::sort(proven_->documents.begin(), proven_->documents.end(),
              [](const ProvenDocument& a, const ProvenDocument& b) {
                return a.leaf_index < b.leaf_index;
              });
    return Finding::kOk;
  }

 private:
  // Finds the document `id`: `*present` says whether there is one.
  Finding FindDocument(const RegisterId& id, bool* present,
                       uint64_t* leaf_index, std::string_view* document) {
    place_->id = id;
    place_->field = nullptr;
    if (id.version >= kVersionsMax || id.number >= kNumbersMax) {
      return Finding::kWireTooMany;
    }
    Leaf leaf;
    const Finding finding = extract_.FindEntry(
        RegisterKey(id), LeafKind::kRegister, leaf_index, &leaf);
    *present = finding != Finding::kIndexKeyAbsent;
    if (finding != Finding::kOk) return *present ? finding : Finding::kOk;
    const auto found = documents_.find(leaf.b);
    if (found == documents_.end()) return Finding::kDocumentMissing;
    *document = found->second;
    return Finding::kOk;
  }

  Finding AddConfig(uint64_t version, bool* present) {
    const RegisterId id = {RegisterType::kConfig, 0, version};
    uint64_t leaf_index = 0;
    std::string_view bytes;
    RETURN_IF_FOUND(FindDocument(id, present, &leaf_index, &bytes));
    if (!*present) {
      return version == 0 ? Finding::kDocumentMissing : Finding::kOk;
    }
    // Version 0 is leaf 0, or the log has another constitution than its own.
    if (version == 0 && leaf_index != 0) return Finding::kFirstBatch;
    Document document;
    RETURN_IF_FOUND(SplitDocument(bytes, &document));
    Config config;
    RETURN_IF_FOUND(
        ParseConfig(document.message, version, &config, &place_->field));
    if (version == 0) {
      if (config.origin != extract_.checkpoint().origin) {
        return Finding::kOriginMismatch;
      }
      proven_->config = config;
      AddPublishers(leaf_index, config);
    }
    RETURN_IF_FOUND(VerifyPublished(id, leaf_index, bytes));
    if (version > 0) AddPublishers(leaf_index, config);
    proven_->documents.push_back({id, leaf_index, document.message});
    return Finding::kOk;
  }

  void AddPublishers(uint64_t leaf_index, const Config& config) {
    for (const Publisher& publisher : config.publishers) {
      publishers_.push_back({leaf_index, publisher});
    }
  }

  // The first publisher that config named for a type stays.
  Finding VerifyPublished(const RegisterId& id, uint64_t leaf_index,
                          std::string_view bytes) const {
    for (const NamedPublisher& named : publishers_) {
      if (named.publisher.type != static_cast<uint32_t>(id.type) ||
          named.leaf_index > leaf_index) {
        continue;
      }
      return VerifyDocument(bytes, proven_->config.origin, id,
                            named.publisher.public_key);
    }
    return Finding::kPublisherUnknown;
  }

  Finding AddVersion(uint32_t number, uint64_t version, bool* present,
                     std::vector<ProvenVersion>* versions) {
    const RegisterId id = {RegisterType::kAdministration, number, version};
    ProvenVersion proven;
    std::string_view bytes;
    RETURN_IF_FOUND(FindDocument(id, present, &proven.leaf_index, &bytes));
    if (!*present) return Finding::kOk;
    Document document;
    RETURN_IF_FOUND(SplitDocument(bytes, &document));
    RETURN_IF_FOUND(VerifyPublished(id, proven.leaf_index, bytes));
    RETURN_IF_FOUND(ParseAdministration(
        document.message, &proven.administration, &place_->field));
    proven_->documents.push_back({id, proven.leaf_index, document.message});
    versions->push_back(std::move(proven));
    return Finding::kOk;
  }

  // Whether the extract says where number 0 of a type ends: a document that
  // merely stands in a batch which somebody asked for says nothing of its type.
  bool IsShown(RegisterType type) const {
    RegisterId id = {type, 0, 0};
    IndexAnswer answer;
    if (extract_.FindKey(RegisterKey(id), &answer) == Finding::kOk) return true;
    uint64_t leaf_index = 0;
    Leaf leaf;
    while (id.version < kVersionsMax &&
           extract_.FindEntry(RegisterKey(id), LeafKind::kRegister, &leaf_index,
                              &leaf) == Finding::kOk) {
      ++id.version;
    }
    return extract_.FindKey(RegisterKey(id), &answer) == Finding::kOk;
  }

  // All documents of a type, or nothing if it is not shown.
  Finding AddType(RegisterType type) {
    if (!IsShown(type)) return Finding::kOk;
    bool present = true;
    for (uint32_t number = 0; present; ++number) {
      bool newer = true;
      for (uint64_t version = 0; newer; ++version) {
        RETURN_IF_FOUND(AddOther({type, number, version}, &newer));
        present = newer || version > 0;
      }
    }
    proven_->shown[static_cast<size_t>(type)] = true;
    return Finding::kOk;
  }

  Finding AddOther(const RegisterId& id, bool* present) {
    ProvenDocument proven;
    proven.id = id;
    std::string_view bytes;
    RETURN_IF_FOUND(FindDocument(id, present, &proven.leaf_index, &bytes));
    if (!*present) return Finding::kOk;
    Document document;
    RETURN_IF_FOUND(SplitDocument(bytes, &document));
    RETURN_IF_FOUND(VerifyPublished(id, proven.leaf_index, bytes));
    RETURN_IF_FOUND(JudgeDocumentMessage(id, document.message, &place_->field));
    proven.message = document.message;
    proven_->documents.push_back(std::move(proven));
    return Finding::kOk;
  }

  const Extract& extract_;
  const DocumentBytes& documents_;
  ProvenRegister* const proven_;
  RegisterPlace* const place_;
  std::vector<NamedPublisher> publishers_;
};

}  // namespace

Finding ProvenRegister::EntryKeys(const Extract& extract,
                                  uint32_t administration, uint64_t leaf_index,
                                  std::vector<std::string_view>* keys) const {
  keys->clear();
  if (administration >= administrations.size()) return Finding::kOk;
  const std::vector<ProvenVersion>& versions = administrations[administration];
  for (auto version = versions.rbegin(); version != versions.rend();
       ++version) {
    bool before = false;
    RETURN_IF_FOUND(
        extract.StandsBefore(version->leaf_index, leaf_index, &before));
    if (!before) continue;
    *keys = version->administration.entry_keys;
    return Finding::kOk;
  }
  return Finding::kOk;
}

Finding ProveRegister(const Extract& extract, const DocumentBytes& documents,
                      ProvenRegister* proven, RegisterPlace* place) {
  *proven = ProvenRegister();
  RegisterPlace unused;
  return Prover(extract, documents, proven, place == nullptr ? &unused : place)
      .Prove();
}

Finding ProveNumber(const Extract& extract, const DocumentBytes& documents,
                    RegisterType type, uint32_t number,
                    std::vector<ProvenDocument>* versions,
                    RegisterPlace* place) {
  ProvenRegister proven;
  RegisterPlace unused;
  RETURN_IF_FOUND(
      Prover(extract, documents, &proven, place == nullptr ? &unused : place)
          .ProveNumber(type, number));
  *versions = std::move(proven.documents);
  return Finding::kOk;
}

}  // namespace vidimus
