#include "log/documents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/tile_reader.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/subject.h"

namespace vidimus {
namespace {

constexpr const char* kTypeNames[kRegisterTypeCount] = {
    "config",    "administration", "provision", "purpose",         "category",
    "ai_system", "analysis",       "count",     "identity_service"};

absl::Status Refused(const RegisterId& id, Finding finding, const char* field) {
  return absl::InvalidArgumentError(absl::StrCat(
      "register document ", RegisterIdText(id), ": ", FindingSentence(finding),
      field != nullptr ? absl::StrCat(" (", field, ")") : ""));
}

absl::Status Damaged(const absl::Status& status) {
  return absl::DataLossError(
      absl::StrCat("a stored documents row is wrong: ", status.message()));
}

size_t Place(RegisterType type) { return static_cast<size_t>(type); }

std::tuple<RegisterType, uint32_t, uint64_t> Order(const RegisterId& id) {
  return {id.type, id.number, id.version};
}

// The leaf that config version 0 is.
constexpr uint64_t kConfigLeaf = 0;

}  // namespace

absl::Status Documents::TakeConfig(const std::string& bytes,
                                   const std::string& origin) {
  const RegisterId id{RegisterType::kConfig, 0, 0};
  origin_ = origin;
  config_ = std::make_shared<const std::string>(bytes);
  Document parts;
  Finding finding = SplitDocument(*config_, &parts);
  if (finding != Finding::kOk) return Refused(id, finding, nullptr);
  Config config;
  const char* field = nullptr;
  finding = ParseConfig(parts.message, 0, &config, &field);
  if (finding != Finding::kOk) return Refused(id, finding, field);
  if (config.origin != origin) {
    return absl::InvalidArgumentError(
        absl::StrCat("register document config is of the log ",
                     std::string(config.origin), ", not of ", origin));
  }
  finding = VerifyDocument(*config_, origin, id,
                           config.PublisherKey(RegisterType::kConfig));
  if (finding != Finding::kOk) return Refused(id, finding, nullptr);
  for (const IdScheme& scheme : config.id_schemes) {
    if (IdFormIsKnown(scheme.form)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "register document config: id scheme ", scheme.scheme,
        " has the form \"", std::string(scheme.form),
        "\", which this program does not know: it could not tell one spelling "
        "from another"));
  }
  min_batch_ = config.min_batch;
  keep_min_s_ = config.keep_min_s;
  notice_s_ = config.notice_s;
  label_key_ = std::string(config.label_key);
  id_schemes_ = config.id_schemes;
  MutexLock lock(&mu_);
  Take(id, bytes, kConfigLeaf);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Documents>> Documents::FromOpening(
    const OpeningRegister& opening, const std::string& origin) {
  std::unique_ptr<Documents> documents(new Documents());
  RETURN_IF_ERROR(documents->TakeConfig(opening.config, origin));
  std::vector<RegisterDocument> all = opening.others;
  for (uint32_t number = 0; number < opening.administrations.size(); ++number) {
    all.push_back({{RegisterType::kAdministration, number, 0},
                   opening.administrations[number]});
  }
  std::vector<RegisterDocument> fresh;
  RETURN_IF_ERROR(documents->JudgeNext(std::move(all), &fresh));
  MutexLock lock(&documents->mu_);
  for (const RegisterDocument& document : fresh) {
    documents->Take(document.id, document.bytes, std::nullopt);
  }
  return documents;
}

absl::StatusOr<std::unique_ptr<Documents>> Documents::FromStorage(
    Storage* storage, const std::string& origin) {
  ASSIGN_OR_RETURN(const StoredRow first,
                   storage->Get(RowKind::kDocuments, 0, kConfigLeaf));
  ASSIGN_OR_RETURN(const std::vector<std::string> configs,
                   ParseDocumentsRow(first.value));
  if (configs.size() != 1) {
    return absl::DataLossError(
        "the stored documents row of the first batch holds not one document");
  }
  std::unique_ptr<Documents> documents(new Documents());
  const absl::Status taken = documents->TakeConfig(configs[0], origin);
  if (!taken.ok()) return Damaged(taken);
  return documents;
}

absl::Status Documents::Load(Storage* storage, const IndexFinder& find) {
  TileReader tiles(storage, 0);
  std::map<uint64_t, std::vector<std::string>> rows;  // by first leaf
  // Of one id: whether there was a document.
  const auto load = [&](const RegisterId& id) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> index,
                     find(RegisterKey(id)));
    if (!index.has_value()) return false;
    ASSIGN_OR_RETURN(const std::string entry, tiles.Entry(*index));
    ASSIGN_OR_RETURN(StoredRow row,
                     storage->Get(RowKind::kDocuments, 0, *index));
    auto documents = rows.find(row.first);
    if (documents == rows.end()) {
      ASSIGN_OR_RETURN(std::vector<std::string> parsed,
                       ParseDocumentsRow(row.value));
      documents = rows.emplace(row.first, std::move(parsed)).first;
    }
    for (const std::string& bytes : documents->second) {
      if (FormatRegisterLeaf(RegisterKey(id), Sha256(bytes)) != entry) continue;
      MutexLock lock(&mu_);
      if (by_id_.count(Order(id)) == 0) {
        Counts counts = counts_;
        const absl::Status judged = JudgeOne({id, bytes}, &counts);
        if (!judged.ok()) return Damaged(judged);
        Take(id, bytes, *index);
      }
      return true;
    }
    return absl::DataLossError(
        absl::StrCat("the stored documents row of leaf ", *index,
                     " does not hold the document that the leaf names"));
  };
  for (int type = 0; type < kRegisterTypeCount; ++type) {
    RegisterId id{static_cast<RegisterType>(type), 0, 0};
    for (bool number = true; number; ++id.number) {
      bool present = true;
      for (id.version = 0; present; ++id.version) {
        ASSIGN_OR_RETURN(present, load(id));
        if (id.version == 0) number = present;
      }
      if (id.type == RegisterType::kConfig) break;
    }
  }
  return absl::OkStatus();
}

absl::Status Documents::JudgeOne(const RegisterDocument& document,
                                 Counts* counts) const {
  const RegisterId& id = document.id;
  if (id.number > kRegisterNumberMax ||
      (id.type == RegisterType::kConfig && id.number != 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "register document ", RegisterIdText(id), ": there is no such number"));
  }
  std::vector<uint64_t>& of_type = (*counts)[Place(id.type)];
  const bool new_number = id.number == of_type.size() && id.version == 0;
  if (!new_number &&
      (id.number >= of_type.size() || id.version != of_type[id.number])) {
    return absl::FailedPreconditionError(absl::StrCat(
        "register document ", RegisterIdText(id), ": the next would be ",
        id.number < of_type.size()
            ? RegisterIdText({id.type, id.number, of_type[id.number]})
            : RegisterIdText(
                  {id.type, static_cast<uint32_t>(of_type.size()), 0})));
  }
  if (document.bytes.size() > kDocumentBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "register document ", RegisterIdText(id), " has ",
        document.bytes.size(), " bytes (limit ", kDocumentBytesMax, ")"));
  }
  const std::string& publisher = publishers_[Place(id.type)];
  if (publisher.empty()) {
    return Refused(id, Finding::kPublisherUnknown, nullptr);
  }
  Finding finding = VerifyDocument(document.bytes, origin_, id, publisher);
  if (finding != Finding::kOk) return Refused(id, finding, nullptr);
  Document parts;
  CHECK(SplitDocument(document.bytes, &parts) == Finding::kOk);
  const char* field = nullptr;
  finding = JudgeDocumentMessage(id, parts.message, &field);
  if (finding != Finding::kOk) return Refused(id, finding, field);
  if (id.type == RegisterType::kConfig) {
    Config config;
    CHECK(ParseConfig(parts.message, id.version, &config, nullptr) ==
          Finding::kOk);
    for (const Publisher& named : config.publishers) {
      if (named.type >= kRegisterTypeCount || publishers_[named.type].empty()) {
        continue;
      }
      return absl::InvalidArgumentError(absl::StrCat(
          "register document ", RegisterIdText(id), ": type ", named.type,
          " has a publisher already, who stays for the log's life"));
    }
  }
  if (new_number) {
    of_type.push_back(1);
  } else {
    ++of_type[id.number];
  }
  return absl::OkStatus();
}

absl::Status Documents::JudgeNext(std::vector<RegisterDocument> documents,
                                  std::vector<RegisterDocument>* fresh) const {
  fresh->clear();
  if (documents.size() > kDocumentsAtOnceMax) {
    return absl::InvalidArgumentError(absl::StrCat(documents.size(),
                                                   " documents at once (limit ",
                                                   kDocumentsAtOnceMax, ")"));
  }
  std::stable_sort(documents.begin(), documents.end(),
                   [](const RegisterDocument& a, const RegisterDocument& b) {
                     return Order(a.id) < Order(b.id);
                   });
  MutexLock lock(&mu_);
  Counts counts = counts_;
  for (RegisterDocument& document : documents) {
    if (!fresh->empty() && fresh->back().id == document.id) {
      if (fresh->back().bytes == document.bytes) continue;
      return absl::AlreadyExistsError(
          absl::StrCat("register document ", RegisterIdText(document.id),
                       " is given twice, not the same"));
    }
    const auto known = by_id_.find(Order(document.id));
    if (known != by_id_.end()) {
      if (known->second.hash == Sha256(document.bytes)) continue;
      return absl::AlreadyExistsError(absl::StrCat(
          "register document ", RegisterIdText(document.id),
          " stands in the log already and is another: what changes is the "
          "next version"));
    }
    RETURN_IF_ERROR(JudgeOne(document, &counts));
    fresh->push_back(std::move(document));
  }
  return absl::OkStatus();
}

void Documents::Add(const RegisterId& id, const std::string& bytes,
                    uint64_t leaf_index) {
  MutexLock lock(&mu_);
  Take(id, bytes, leaf_index);
}

void Documents::Take(const RegisterId& id, const std::string& bytes,
                     std::optional<uint64_t> leaf_index) {
  const Hash hash = Sha256(bytes);
  const auto [known, is_new] =
      by_id_.try_emplace(Order(id), KnownDocument{id, hash, leaf_index});
  CHECK(known->second.hash == hash);
  if (!is_new) {
    known->second.leaf_index = leaf_index;
    return;
  }
  by_hash_[hash] = std::make_shared<const std::string>(bytes);
  std::vector<uint64_t>& of_type = counts_[Place(id.type)];
  if (id.version == 0) {
    CHECK_EQ(of_type.size(), id.number);
    of_type.push_back(0);
  }
  CHECK_EQ(of_type[id.number], id.version);
  ++of_type[id.number];

  Document parts;
  CHECK(SplitDocument(bytes, &parts) == Finding::kOk);
  if (id.type == RegisterType::kConfig) {
    Config config;
    CHECK(ParseConfig(parts.message, id.version, &config, nullptr) ==
          Finding::kOk);
    for (const Publisher& named : config.publishers) {
      if (named.type >= kRegisterTypeCount) continue;
      std::string& publisher = publishers_[named.type];
      if (publisher.empty()) publisher = std::string(named.public_key);
    }
  } else if (id.type == RegisterType::kAdministration) {
    Administration administration;
    CHECK(ParseAdministration(parts.message, &administration, nullptr) ==
          Finding::kOk);
    auto keys = std::make_shared<EntryKeySet>();
    keys->version = id.version;
    keys->keys.assign(administration.entry_keys.begin(),
                      administration.entry_keys.end());
    if (id.version == 0) entry_keys_.emplace_back();
    entry_keys_[id.number] = std::move(keys);
  }
}

std::shared_ptr<const std::string> Documents::Find(
    const Hash& document_hash) const {
  MutexLock lock(&mu_);
  const auto it = by_hash_.find(document_hash);
  return it == by_hash_.end() ? nullptr : it->second;
}

std::optional<KnownDocument> Documents::Lookup(const RegisterId& id) const {
  MutexLock lock(&mu_);
  const auto found = by_id_.find(Order(id));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<KnownDocument> Documents::List() const {
  MutexLock lock(&mu_);
  std::vector<KnownDocument> all;
  for (const auto& [order, known] : by_id_) all.push_back(known);
  return all;
}

uint64_t Documents::Versions(RegisterType type, uint32_t number) const {
  MutexLock lock(&mu_);
  const std::vector<uint64_t>& of_type = counts_[Place(type)];
  return number < of_type.size() ? of_type[number] : 0;
}

std::shared_ptr<const EntryKeySet> Documents::EntryKeys(
    uint32_t administration) const {
  MutexLock lock(&mu_);
  return administration < entry_keys_.size() ? entry_keys_[administration]
                                             : nullptr;
}

std::string RegisterIdText(const RegisterId& id) {
  return absl::StrCat(RegisterTypeName(id.type), " ", id.number, " version ",
                      id.version);
}

const char* RegisterTypeName(RegisterType type) {
  return kTypeNames[Place(type)];
}

std::optional<RegisterType> RegisterTypeFromName(absl::string_view name) {
  for (int type = 0; type < kRegisterTypeCount; ++type) {
    if (name == kTypeNames[type]) return static_cast<RegisterType>(type);
  }
  return std::nullopt;
}

}  // namespace vidimus
